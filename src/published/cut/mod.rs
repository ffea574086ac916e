//! A published run cut into slices: the tables of each in a folder of its own, which readers of a run take for one.
//!
//! The run is read twice: once to learn how large each slice is, once to hand its rows on (`spread`). Rows are handed on to a bounded
//! number of groups at a time; what is still of several slices is handed on again. So memory does not grow with the run, and no file
//! stays open.
//!
//! Invariant: the slices and the rest add up to the run, to the microgram, before the first of them is given away.

mod spread;

use crate::error::{Error, Result};
use crate::model::element::GhgTotals;
use crate::model::time::Day;
use crate::output::columns::PublishedTable;
use crate::output::corridors::{CorridorSections, Corridors};
use crate::output::elements::Elements;
use crate::output::factors::Factors;
use crate::output::rejected::{RejectedTable, rejected};
use crate::output::shipments::{ShipmentsTable, shipment};
use crate::published::batches::{Batches, Rows};
use crate::published::row::{Row, row};
use crate::published::slice::{Picker, Slice};
use crate::published::sums::{FactorRow, manifest_totals};
use crate::run::tables::totals_text;
use crate::store::manifest::{FileEntry, Manifest};
use crate::store::scratch::ScratchTables;
use crate::store::signal::Interrupt;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Values that a run is cut by at most: each gets a folder.
const MOST_VALUES: usize = 100_000;
/// Groups of slices whose rows are gathered at a time at most.
const MOST_GROUPS: u64 = 32;
/// Bytes that a group takes: the rows that wait for its files.
const BYTES_OF_A_GROUP: u64 = 8 << 20;

/// What a slice comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Size {
    /// Shipments.
    pub shipments: u64,
    /// Their elements.
    pub elements: u64,
    /// Their activity and emissions.
    pub totals: GhgTotals,
}

impl Size {
    /// Adds another.
    pub(crate) fn add(&mut self, other: &Size) {
        self.shipments += other.shipments;
        self.elements += other.elements;
        self.totals.add(&other.totals);
    }
}

row! {
    /// What a shipment is counted by.
    struct Counted<'b> of shipment {
        shipment_id: &'b str,
        period: Day,
        elements: i64,
        activity from transport_activity_tkm: i128,
        operation from ghg_operation_kg: i128,
        provision from ghg_provision_kg: i128,
    }
}

row! {
    /// Which shipment a rejected row names.
    struct Named of rejected {
        shipment_id: String,
    }
}

/// Where rejected rows of a shipment belong.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Home {
    /// The run published no such shipment: by what each row carries.
    Unpublished,
    /// The shipment is in none of the slices.
    Rest,
    /// The shipment has this value.
    Value(String),
}

/// A run and what it is cut into.
pub(crate) struct Cut<'r> {
    picker: Picker,
    interrupt: &'r Interrupt,
    /// Shipments that rejected rows name.
    homes: FxHashMap<String, Home>,
    /// Values that it is cut by, ascending; one, the empty one, where it is cut by none.
    values: Vec<(String, Size)>,
    rest: Size,
    whole: Size,
    factors: Arc<[FactorRow]>,
    /// What is still to be given away, the next one last.
    jobs: Vec<Job>,
    memory: u64,
}

/// Tables of one or several slices.
struct Job {
    values: Range<usize>,
    tables: Tables,
}

/// Tables as a run has them.
struct Tables {
    dir: PathBuf,
    manifest: Manifest,
    /// None: those of the run itself.
    folder: Option<ScratchTables>,
}

/// A slice, as tables of its own that are gone when it is dropped.
pub(crate) struct Part {
    /// The value that it is cut by.
    pub value: String,
    /// What it comes to, by the shipments of the run.
    pub size: Size,
    /// What its tables hold; it says nothing of the files and warnings of the run.
    pub manifest: Manifest,
    /// Factors of the whole run.
    pub factors: Arc<[FactorRow]>,
    folder: ScratchTables,
}

impl Part {
    /// Where its tables are.
    pub(crate) fn dir(&self) -> &Path {
        self.folder.path()
    }
}

impl<'r> Cut<'r> {
    /// Looks through the run in `dir` and says into what it is cut.
    ///
    /// Errors: exit 2 when no shipment is in the slice or the run carries no such column, 7 when the shipments do not add up to the
    /// manifest, 8 when there are too many values.
    pub(crate) fn of(
        dir: &Path,
        manifest: &Manifest,
        (slice, by): (&Slice, Option<&str>),
        memory: u64,
        interrupt: &'r Interrupt,
    ) -> Result<Cut<'r>> {
        let picker = slice.picker(manifest, by)?;
        picker.check(&[(dir, manifest)])?;
        let mut homes = FxHashMap::default();
        for row in Rows::<RejectedTable, Named>::of_run(dir, manifest) {
            homes.entry(row?.shipment_id).or_insert(Home::Unpublished);
        }
        let mut values: BTreeMap<String, Size> = BTreeMap::new();
        let (mut rest, mut whole) = (Size::default(), Size::default());
        let mut shipments = Batches::<ShipmentsTable>::of_run(dir, manifest, Counted::columns())
            .carrying(picker.columns());
        while let Some(batch) = shipments.next_kept()? {
            interrupt.check()?;
            let carried = batch.carried(picker.columns())?;
            for (at, row) in batch.rows::<Counted>()?.enumerate() {
                let row = row?;
                let size = row.size();
                whole.add(&size);
                let texts = || carried.row(at).map(|(_, value)| value);
                let home = if picker.picks(row.period, texts()) {
                    let value = picker.value(texts());
                    match values.get_mut(value) {
                        Some(known) => known.add(&size),
                        None => drop(values.insert(value.to_owned(), size)),
                    }
                    Home::Value(value.to_owned())
                } else {
                    rest.add(&size);
                    Home::Rest
                };
                if let Some(known) = homes.get_mut(row.shipment_id) {
                    *known = home;
                }
            }
            if values.len() > MOST_VALUES {
                return Err(Error::Limit(format!(
                    "run {}: --by has more than {MOST_VALUES} values, each of which would get a folder; narrow it down with --where or --period",
                    manifest.run_id
                )));
            }
        }
        if values.is_empty() {
            return Err(picker.nothing(dir, manifest)?);
        }
        let mut cut = Cut {
            jobs: vec![Job {
                values: 0..values.len(),
                tables: Tables {
                    dir: dir.to_owned(),
                    manifest: manifest.clone(),
                    folder: None,
                },
            }],
            values: values.into_iter().collect(),
            picker,
            interrupt,
            homes,
            rest,
            whole,
            factors: Rows::<Factors, FactorRow>::of_run(dir, manifest).collect::<Result<_>>()?,
            memory,
        };
        cut.check(manifest)?;
        // At once: every thread is free to help yet.
        cut.spread_next()?;
        Ok(cut)
    }

    /// Hands on the tables that are next.
    fn spread_next(&mut self) -> Result<()> {
        if let Some(job) = self.jobs.pop() {
            let groups = self.groups(job.values);
            let mut jobs = self.spread(&job.tables, groups)?;
            jobs.reverse();
            self.jobs.extend(jobs);
        }
        Ok(())
    }

    /// The slices and the rest make the run.
    fn check(&self, manifest: &Manifest) -> Result<()> {
        let mut sum = self.rest;
        self.values.iter().for_each(|(_, size)| sum.add(size));
        let wanted = manifest_totals(manifest, ShipmentsTable::NAME)?;
        let is_whole = sum == self.whole
            && sum.totals == wanted
            && sum.shipments == manifest.counts.shipments
            && sum.elements == manifest.counts.elements;
        match is_whole {
            true => Ok(()),
            false => Err(Error::Verification(format!(
                "run {}: its shipments do not add up to the manifest; verify the run",
                manifest.run_id
            ))),
        }
    }

    /// The values that it is cut by, and what each comes to.
    pub(crate) fn values(&self) -> &[(String, Size)] {
        &self.values
    }

    /// Shipments of the run that are in none of the slices.
    pub(crate) fn rest(&self) -> &Size {
        &self.rest
    }

    /// The whole run.
    pub(crate) fn whole(&self) -> &Size {
        &self.whole
    }

    /// The next slice, in order of the values; `None` after the last.
    pub(crate) fn next_part(&mut self) -> Result<Option<Part>> {
        while self.jobs.last().is_some_and(|job| job.values.len() > 1) {
            self.spread_next()?;
        }
        let Some(Job { values, tables }) = self.jobs.pop() else {
            return Ok(None);
        };
        let lost = || Error::Internal("the tables of a slice were lost".to_owned());
        let (value, size) = self.values[values.start].clone();
        Ok(Some(Part {
            value,
            size,
            manifest: tables.manifest,
            factors: self.factors.clone(),
            folder: tables.folder.ok_or_else(lost)?,
        }))
    }

    /// Neighbouring values put together so that there are few groups and none is much larger than the others.
    fn groups(&self, values: Range<usize>) -> Vec<Range<usize>> {
        let most = (self.memory / 4 / BYTES_OF_A_GROUP).clamp(4, MOST_GROUPS);
        let weight = |at: usize| self.values[at].1.elements.max(1);
        let all: u64 = values.clone().map(weight).sum();
        let share = all.div_ceil(most).max(1);
        let (mut groups, mut from, mut held) = (Vec::new(), values.start, 0);
        for at in values.clone() {
            // A large one stands alone: of several values there are always several groups.
            if weight(at) >= share && from < at {
                groups.push(from..at);
                (from, held) = (at, 0);
            }
            held += weight(at);
            if held >= share {
                groups.push(from..at + 1);
                (from, held) = (at + 1, 0);
            }
        }
        if from < values.end {
            groups.push(from..values.end);
        }
        groups
    }

    /// The place of a value.
    fn place(&self, value: &str) -> Option<usize> {
        let found = self
            .values
            .binary_search_by(|(known, _)| known.as_str().cmp(value));
        found.ok()
    }

    /// The manifest of tables with these files, which hold the slices of these values.
    fn manifest(
        &self,
        of: &Manifest,
        values: Range<usize>,
        files: Vec<FileEntry>,
        (accepted, rejected): (u64, BTreeMap<String, u64>),
    ) -> Manifest {
        let mut size = Size::default();
        self.values[values]
            .iter()
            .for_each(|(_, part)| size.add(part));
        let mut manifest = of.clone();
        // What is said of the files of the run is not said of a slice, whose reader they are none of.
        manifest.inputs.clear();
        manifest.missing_files.clear();
        manifest.reference.clear();
        manifest.warnings.clear();
        manifest.totals_by_gwp_set.clear();
        let totals = totals_text(&size.totals);
        manifest.totals = [
            Elements::NAME,
            ShipmentsTable::NAME,
            Corridors::NAME,
            CorridorSections::NAME,
            Factors::NAME,
        ]
        .map(|table| (table.to_owned(), totals.clone()))
        .into();
        let counts = &mut manifest.counts;
        counts.shipments = size.shipments;
        counts.elements = size.elements;
        counts.accepted = accepted;
        counts.rejected = rejected.values().sum();
        counts.rows_in = counts.accepted + counts.rejected;
        counts.rejected_by_code = rejected;
        counts.in_input = None;
        manifest.files = files;
        manifest
    }
}

impl Counted<'_> {
    fn size(&self) -> Size {
        Size {
            shipments: 1,
            elements: self.elements.unsigned_abs(),
            totals: GhgTotals {
                activity: self.activity,
                operation: self.operation,
                provision: self.provision,
            },
        }
    }
}

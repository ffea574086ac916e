//! One published run as a period: activity and emissions by corridor, load status, basis and mode, and within these by lane and by factor.

use crate::calc::restate::series;
use crate::error::{Error, Result};
use crate::model::id::LocationCode;
use crate::model::index::index32;
use crate::model::mode::{Basis, LoadStatus, Mode};
use crate::model::time::{Day, day_of};
use crate::output::elements::{Elements, element};
use crate::output::factors::{Factors, factor};
use crate::output::shipments::{ShipmentsTable, shipment};
use crate::published::batches::Rows;
use crate::published::row::row;
use crate::published::totals::totals;
use crate::run::prepare::reference_of_run;
use crate::store::manifest::Manifest;
use crate::store::reading::Reading;
use crate::store::reference::read_reference_copy;
use crate::store::signal::Interrupt;
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// 10^-9 t in a gram.
const NANO_TONNES_PER_GRAM: i128 = 1_000;

/// What is never added to anything else before it is split: figures of one corridor, load status and basis.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// Corridor id.
    pub corridor: Arc<str>,
    /// `laden` or `empty`, of the shipment.
    pub load_status: &'static str,
    /// Basis of the activity; empty for hubs, whose activity is tonnes and not t.km.
    pub activity_basis: &'static str,
}

/// A mode of a group.
pub(super) type Key = (Group, &'static str);

/// Activity (10^-9 t.km, of hubs 10^-9 t) and emissions (micrograms).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Use {
    /// Activity.
    pub activity: i128,
    /// Emissions.
    pub ghg: i128,
}

impl Use {
    pub(super) fn add(&mut self, other: Use) {
        self.activity += other.activity;
        self.ghg += other.ghg;
    }
}

/// Origin and destination.
pub(super) type Lane = (LocationCode, LocationCode);

/// Figures of a mode of a group.
#[derive(Debug, Default)]
pub(super) struct Cell {
    pub own: Use,
    pub lanes: BTreeMap<Lane, Use>,
    pub factors: BTreeMap<u32, Use>,
}

row! {
    /// A shipment.
    pub(super) struct Head of shipment {
        shipment_id: String,
        corridor_id: String,
        load_status: LoadStatus,
        pub period: Day,
        pub teu: i128,
    }
}

row! {
    /// An element.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub(super) struct Line of element {
        pub shipment_id: String,
        pub element: u32,
        pub mode: Mode,
        pub origin: LocationCode,
        pub destination: LocationCode,
        pub departed_at: i64,
        pub mass from cargo_mass_kg: i64,
        pub activity_basis: Basis,
        pub activity from transport_activity_tkm: i64,
        pub factor_id: String,
        pub ghg from ghg_total_kg: i64,
    }
}

row! {
    struct FactorLine of factor {
        factor_id: String,
        operation from operation_g: i64,
        provision from provision_g: i64,
        per: String,
    }
}

/// A factor that a run used.
#[derive(Clone, Debug)]
pub(super) struct Factor {
    pub id: String,
    /// Source and row: what its editions have in common.
    pub series: String,
    /// Intensity before any uplift, 10^-9 g.
    pub intensity: i128,
    pub per: String,
}

/// Where each shipment counts; asked in the order of the published rows.
pub(super) struct Places<'r> {
    heads: Rows<'r, ShipmentsTable, Head>,
    last: Option<Head>,
    corridors: BTreeSet<Arc<str>>,
}

impl<'r> Places<'r> {
    pub(super) fn new(run: &'r Opened) -> Places<'r> {
        Places {
            heads: Rows::of_run(&run.reading.dir, &run.manifest),
            last: None,
            corridors: BTreeSet::new(),
        }
    }

    /// The shipment of this id.
    pub(super) fn head(&mut self, shipment: &str) -> Result<&Head> {
        while self
            .last
            .as_ref()
            .is_none_or(|head| head.shipment_id.as_str() < shipment)
        {
            let next = self.heads.next().transpose()?;
            self.last = Some(next.ok_or_else(|| stray(shipment))?);
        }
        let head = self.last.as_ref();
        head.filter(|head| head.shipment_id == shipment)
            .ok_or_else(|| stray(shipment))
    }

    /// The key of an element.
    pub(super) fn key(&mut self, line: &Line) -> Result<Key> {
        let head = self.head(&line.shipment_id)?;
        let (id, load_status) = (head.corridor_id.clone(), head.load_status.code());
        let corridor = match self.corridors.get(id.as_str()) {
            Some(known) => Arc::clone(known),
            None => {
                let new: Arc<str> = id.into();
                self.corridors.insert(Arc::clone(&new));
                new
            }
        };
        let group = Group {
            corridor,
            load_status,
            activity_basis: line.basis().code(),
        };
        Ok((group, line.mode.code()))
    }
}

fn stray(shipment: &str) -> Error {
    Error::Verification(format!(
        "element of shipment {shipment:?}, which the shipments of its run lack; verify it"
    ))
}

impl Line {
    fn basis(&self) -> Basis {
        match self.mode {
            Mode::Hub => Basis::Absent,
            Mode::Road | Mode::Rail | Mode::Sea | Mode::InlandWaterway | Mode::Air => {
                self.activity_basis
            }
        }
    }

    pub(super) fn figures(&self) -> Use {
        let activity = match self.mode {
            Mode::Hub => i128::from(self.mass) * NANO_TONNES_PER_GRAM,
            Mode::Road | Mode::Rail | Mode::Sea | Mode::InlandWaterway | Mode::Air => {
                self.activity.into()
            }
        };
        Use {
            activity,
            ghg: self.ghg.into(),
        }
    }
}

/// A published run that stays while it is read.
pub(super) struct Opened {
    pub reading: Reading,
    pub manifest: Manifest,
}

impl Opened {
    pub(super) fn new(reading: Reading) -> Result<Opened> {
        let manifest = Manifest::load(&reading.dir)?;
        Ok(Opened { reading, manifest })
    }

    /// The elements one after the other, once their sums are those of the manifest.
    pub(super) fn lines<R>(&self, interrupt: &Interrupt) -> Result<Rows<'_, Elements, R>>
    where
        R: for<'b> crate::published::row::Row<'b, element::Table>,
    {
        let (dir, manifest) = (&self.reading.dir, &self.manifest);
        let rows = Some(manifest.counts.elements);
        totals::<Elements>(dir, manifest, rows, &mut |_| interrupt.check())?;
        Ok(Rows::of_run(dir, manifest))
    }

    /// Editions whose title in `sources.csv` says `method break`, each with what the names of the rows begin with that it concerns:
    /// `(electricity: method break, ...)`; empty: all rows.
    pub(super) fn method_breaks(&self) -> Result<BTreeMap<String, String>> {
        let files = read_reference_copy(&self.reading.dir)?;
        let reference = reference_of_run(&files, &self.manifest.profile)?;
        let sources = reference.factors.sources.iter();
        Ok(sources
            .filter_map(|source| Some((source.folder.to_string(), broken(&source.title)?)))
            .collect())
    }
}

/// What the rows of a method break begin with, if a title tells of one.
fn broken(title: &str) -> Option<String> {
    let title = title.to_ascii_lowercase();
    let before = title.split_once("method break")?.0.trim_end();
    let rows = before.strip_suffix(':').unwrap_or_default();
    let from = rows.rfind(['(', ',', ';', ' ']).map_or(0, |at| at + 1);
    Some(rows[from..].to_owned())
}

/// Whether a factor is of an edition that breaks with the method of the one before.
pub(super) fn is_break(breaks: &BTreeMap<String, String>, factor_id: &str) -> bool {
    factor_id.split('@').any(|part| {
        let (folder, row) = part.split_once(':').unwrap_or((part, ""));
        breaks.get(folder).is_some_and(|rows| row.starts_with(rows))
    })
}

/// The figures of a run.
#[derive(Debug, Default)]
pub(super) struct Figures {
    pub cells: BTreeMap<Key, Cell>,
    pub factors: Vec<Factor>,
    pub first: Option<Day>,
    pub last: Option<Day>,
    /// First days of the months in which a shipment departs first.
    pub months: BTreeSet<Day>,
    pub total: i128,
}

impl Figures {
    pub(super) fn read(run: &Opened, interrupt: &Interrupt) -> Result<Figures> {
        let mut figures = Figures::default();
        let mut of_id = FxHashMap::default();
        for row in Rows::<Factors, FactorLine>::of_run(&run.reading.dir, &run.manifest) {
            let row = row?;
            of_id.insert(row.factor_id.clone(), index32(figures.factors.len()));
            let parts: Vec<String> = series(&row.factor_id)
                .map(|(source, row)| format!("{source}:{row}"))
                .collect();
            figures.factors.push(Factor {
                series: parts.join("@"),
                id: row.factor_id,
                intensity: i128::from(row.operation) + i128::from(row.provision),
                per: row.per,
            });
        }
        let mut places = Places::new(run);
        for line in run.lines::<Line>(interrupt)? {
            let line = line?;
            let factor = of_id.get(&line.factor_id).copied().ok_or_else(|| {
                let what = format!("{}: no row of factors", line.factor_id);
                Error::Verification(format!("{}: {what}", run.reading.dir.display()))
            })?;
            let day = day_of(line.departed_at);
            figures.first = Some(figures.first.map_or(day, |first| first.min(day)));
            figures.last = Some(figures.last.map_or(day, |last| last.max(day)));
            let used = line.figures();
            figures.total += used.ghg;
            figures
                .months
                .insert(places.head(&line.shipment_id)?.period);
            let cell = figures.cells.entry(places.key(&line)?).or_default();
            cell.own.add(used);
            let lane = (line.origin, line.destination);
            cell.lanes.entry(lane).or_default().add(used);
            cell.factors.entry(factor).or_default().add(used);
        }
        Ok(figures)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_tell_of_method_breaks() {
        let all = |title| broken(title);
        assert_eq!(all("Factors 2026"), None);
        assert_eq!(all("Factors 2026 (method break)"), Some(String::new()));
        let rows = "Factors 2026: per litre, and power (electricity: method break, other mix)";
        assert_eq!(all(rows), Some("electricity".to_owned()));
        let breaks = BTreeMap::from([("d/2026".to_owned(), "electricity".to_owned())]);
        assert!(is_break(&breaks, "a/1:rail@d/2026:electricity-gb"));
        for id in ["d/2026:diesel", "d/2025:electricity-gb", "a/1:rail"] {
            assert!(!is_break(&breaks, id), "{id}");
        }
    }
}

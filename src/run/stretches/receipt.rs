//! What a stretch leaves beside its parts: a receipt, and sums and rejected rows as lines of a file.
//!
//! A receipt goes through somebody else's engine, so it is short, text, and of nothing that grows with the rows. Sums are texts: no
//! reader of JSON can round them.

use crate::error::{Error, Result};
use crate::model::element::{
    BasisSet, Biogenic, CorridorKey, CorridorTotals, FactorUse, GhgTotals, Rollup, SectionTotals,
};
use crate::model::id::{CountryCode, LocationCode};
use crate::model::mode::{ByMode, LoadStatus, Mode};
use crate::model::reject::{Reject, RejectReason, Rejected};
use crate::model::symbol::Symbols;
use crate::run::compute::Written;
use crate::run::spill::column_of;
use crate::store::manifest::FileEntry;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Form of receipts.
pub(super) const FORM: u32 = 1;

/// A whole number as text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Exact(pub i128);

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Exact, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map(Exact).map_err(D::Error::custom)
    }
}

/// Activity, operation, provision.
type Totals = [Exact; 3];

fn totals(t: &GhgTotals) -> Totals {
    [t.activity, t.operation, t.provision].map(Exact)
}

fn totals_of([activity, operation, provision]: Totals) -> GhgTotals {
    GhgTotals {
        activity: activity.0,
        operation: operation.0,
        provision: provision.0,
    }
}

/// What became of the rows of an input.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfInput {
    /// Place of the input in the run's list.
    pub input: u32,
    /// Rows read.
    pub rows: u64,
    /// Sum of their numbers.
    pub sum: Exact,
    /// Sum of the squares of their numbers: a pair that is lost for a pair that is doubled seldom leaves both as they were.
    pub squares: Exact,
    /// Rows that became an element.
    pub accepted: u64,
    /// Rows that did not.
    pub rejected: u64,
}

/// Counts and sums of what was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sums {
    elements: u64,
    shipments: u64,
    shipments_in: u64,
    shipments_with_gaps: u64,
    transports: u64,
    estimated: u64,
    implausible: [u64; 6],
    element_totals: Totals,
    shipment_totals: Totals,
}

impl Sums {
    pub(super) fn of(written: &Written) -> Sums {
        Sums {
            elements: written.elements,
            shipments: written.shipments,
            shipments_in: written.shipments_in,
            shipments_with_gaps: written.shipments_with_gaps,
            transports: written.transports,
            estimated: written.estimated,
            implausible: written.implausible,
            element_totals: totals(&written.element_totals),
            shipment_totals: totals(&written.shipment_totals),
        }
    }

    /// Rows of a big table.
    pub(super) fn rows(&self, table: &str) -> u64 {
        match table {
            "elements" => self.elements,
            _ => self.shipments,
        }
    }

    pub(super) fn add_to(&self, written: &mut Written) {
        written.elements += self.elements;
        written.shipments += self.shipments;
        written.shipments_in += self.shipments_in;
        written.shipments_with_gaps += self.shipments_with_gaps;
        written.transports += self.transports;
        written.estimated += self.estimated;
        for (sum, count) in written.implausible.iter_mut().zip(self.implausible) {
            *sum += count;
        }
        written.element_totals.add(&totals_of(self.element_totals));
        (written.shipment_totals).add(&totals_of(self.shipment_totals));
    }
}

/// What a stretch came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Receipt {
    /// [`FORM`].
    pub form: u32,
    /// The run that it is for.
    pub run_id: String,
    /// Number of the stretch, from 0.
    pub stretch: usize,
    /// Folder of its parts below that of all stretches.
    pub folder: String,
    /// What lies in the folder.
    pub files: Vec<FileEntry>,
    /// Smallest and largest shipment id, of all rows that name one.
    pub ids: Option<(String, String)>,
    /// Inputs that rows came from.
    pub inputs: Vec<OfInput>,
    /// Counts and sums.
    pub sums: Sums,
    /// Codes of the program's list of places whose coordinates were asked for.
    pub places: Vec<String>,
    /// Columns that nothing was read from.
    pub unknown_columns: Vec<String>,
    /// Whether rows have no `sequence`.
    pub lacks_sequence: bool,
    /// What a reader of the figures should know of the columns.
    pub warnings: Vec<String>,
}

impl Receipt {
    pub(super) fn text(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|e| Error::Internal(format!("a receipt as JSON: {e}")))
    }

    pub(super) fn parse(text: &str) -> Result<Receipt> {
        let receipt: Receipt = serde_json::from_str(text)
            .map_err(|e| Error::Input(format!("a receipt that is none: {e}")))?;
        if receipt.form != FORM {
            return Err(Error::Input(format!(
                "a receipt of form {}, wanted {FORM}: the tasks have another version of this package",
                receipt.form
            )));
        }
        Ok(receipt)
    }
}

/// Corridor as a number in the list, or the countries of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Corridor {
    Listed(u16),
    Lane(u16, u16),
}

impl Corridor {
    fn of(key: CorridorKey) -> Corridor {
        match key {
            CorridorKey::Listed(at) => Corridor::Listed(at),
            CorridorKey::Lane(from, to) => Corridor::Lane(from.0, to.0),
        }
    }

    fn key(self) -> CorridorKey {
        match self {
            Corridor::Listed(at) => CorridorKey::Listed(at),
            Corridor::Lane(from, to) => CorridorKey::Lane(CountryCode(from), CountryCode(to)),
        }
    }
}

/// Biogenic CO2, and the elements that it is stated of.
type Stated = (Exact, u64);

fn stated(of: &Biogenic) -> Stated {
    (Exact(of.co2), of.elements)
}

fn biogenic((co2, elements): Stated) -> Biogenic {
    Biogenic {
        co2: co2.0,
        elements,
    }
}

/// A line of the file beside the parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Line {
    /// Corridor, period, load status; shipments, incomplete ones; containers, TEU, mass; totals, by mode, biogenic CO2, primary; basis.
    #[serde(rename = "c")]
    Corridor(
        (Corridor, i32, u8),
        (u64, u64),
        [Exact; 3],
        Totals,
        [Exact; 6],
        Stated,
        Exact,
        u8,
    ),
    /// Corridor, period, load status, mode, origin, destination; movements; TEU, mass; totals, biogenic CO2.
    #[serde(rename = "s")]
    Section(
        (Corridor, i32, u8, u8, u32, u32),
        u64,
        [Exact; 2],
        Totals,
        Stated,
    ),
    /// Factor; rows, rows before its first day; totals, biogenic CO2.
    #[serde(rename = "f")]
    Factor(u32, u64, u64, Totals, Stated),
    /// Input, row, reason; column, value, wanted; shipment, movement, carried.
    #[serde(rename = "r")]
    Rejected((u32, u64, u8), [String; 3], [String; 3]),
}

/// The lines of a roll-up, in any order.
pub(super) fn lines_of(rollup: &Rollup) -> impl Iterator<Item = Line> + '_ {
    let corridors = rollup.corridors.iter().map(|((key, day, status), c)| {
        Line::Corridor(
            (Corridor::of(*key), *day, *status as u8),
            (c.shipments, c.incomplete_shipments),
            [c.containers, c.teu, c.mass_g].map(Exact),
            totals(&c.totals),
            c.by_mode.0.map(Exact),
            stated(&c.biogenic),
            Exact(c.primary),
            c.activity_basis.0,
        )
    });
    let sections = (rollup.sections.iter()).map(|((key, day, status, mode, from, to), s)| {
        Line::Section(
            (
                Corridor::of(*key),
                *day,
                *status as u8,
                *mode as u8,
                from.0,
                to.0,
            ),
            s.movements,
            [s.teu, s.mass_g].map(Exact),
            totals(&s.totals),
            stated(&s.biogenic),
        )
    });
    let factors = rollup.factors.iter().map(|(factor, f)| {
        let sums = (totals(&f.totals), stated(&f.biogenic));
        Line::Factor(*factor, f.rows, f.before_first, sums.0, sums.1)
    });
    corridors.chain(sections).chain(factors)
}

/// The line of a rejected row.
pub(super) fn line_of(row: &Rejected, symbols: &Symbols) -> Line {
    Line::Rejected(
        (row.file, row.row, row.reject.reason as u8),
        [
            row.reject.column.to_owned(),
            row.reject.value.clone(),
            row.reject.wanted.clone(),
        ],
        [
            row.shipment_id.clone(),
            row.movement_id.clone(),
            symbols.text(row.carried).to_owned(),
        ],
    )
}

/// Puts a line where it belongs: into the roll-up, or among the rejected rows. `None`: it says what nothing here means.
pub(super) fn take(
    line: Line,
    rollup: &mut Rollup,
    rejected: &mut Vec<Rejected>,
    symbols: &mut Symbols,
) -> Option<()> {
    let status = |code: u8| LoadStatus::ALL.get(usize::from(code)).copied();
    match line {
        Line::Corridor(
            (key, day, load),
            shipments,
            [containers, teu, mass],
            of,
            by_mode,
            beside,
            primary,
            basis,
        ) => {
            let corridor = CorridorTotals {
                shipments: shipments.0,
                incomplete_shipments: shipments.1,
                containers: containers.0,
                teu: teu.0,
                mass_g: mass.0,
                totals: totals_of(of),
                by_mode: ByMode(by_mode.map(|sum| sum.0)),
                biogenic: biogenic(beside),
                primary: primary.0,
                activity_basis: BasisSet(basis),
            };
            let before = rollup
                .corridors
                .insert((key.key(), day, status(load)?), corridor);
            before.is_none().then_some(())
        }
        Line::Section((key, day, load, mode, from, to), movements, [teu, mass], of, beside) => {
            let mode = *Mode::ALL.get(usize::from(mode))?;
            let ends = (LocationCode(from), LocationCode(to));
            let key = (key.key(), day, status(load)?, mode, ends.0, ends.1);
            let section = SectionTotals {
                movements,
                teu: teu.0,
                mass_g: mass.0,
                totals: totals_of(of),
                biogenic: biogenic(beside),
            };
            rollup.sections.insert(key, section).is_none().then_some(())
        }
        Line::Factor(factor, rows, before_first, of, beside) => {
            let used = FactorUse {
                rows,
                before_first,
                totals: totals_of(of),
                biogenic: biogenic(beside),
            };
            rollup.factors.insert(factor, used).is_none().then_some(())
        }
        Line::Rejected(
            (file, row, reason),
            [column, value, wanted],
            [shipment, movement, carried],
        ) => {
            let at = usize::from(reason).checked_sub(1)?;
            let (reason, _) = *RejectReason::LIST.get(at)?;
            rejected.push(Rejected {
                file,
                row,
                reject: Reject {
                    reason,
                    column: column_of(&column),
                    value,
                    wanted,
                },
                shipment_id: shipment,
                movement_id: movement,
                carried: symbols.intern(&carried),
            });
            Some(())
        }
    }
}

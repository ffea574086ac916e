//! How a foreign export maps to our columns: the resolved `[columns]`, `[values]`, `[formats]` and `[constants]` of a run file.

pub(crate) use crate::model::time::UNREADABLE_INSTANT;
use std::collections::{BTreeMap, HashMap};

/// Columns of a movement record in the order of docs/formats.md, which also orders rejections.
pub(crate) const COLUMNS: [&str; 27] = [
    "movement_id",
    "shipment_id",
    "container_id",
    "container_type",
    "sequence",
    "mode",
    "operation",
    "carrier",
    "origin",
    "destination",
    "departed_at",
    "arrived_at",
    "distance_km",
    "distance_basis",
    "cargo_mass_kg",
    "teu",
    "container_cargo_mass_kg",
    "load_status",
    "temperature",
    "energy_carrier",
    "energy_quantity",
    "energy_unit",
    "evidence_ref",
    "recorded_at",
    "record_status",
    "box_share",
    "box_share_source",
];

/// What a run file or a value file has in the place of an answer that nobody has given yet; a run with one is refused.
pub(crate) const OPEN: &str = "?";

/// Unit of `cargo_mass_kg` and `container_cargo_mass_kg` in the input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MassUnit {
    /// Kilograms, 3 places.
    #[default]
    Kg,
    /// Tonnes, 6 places.
    Tonne,
    /// Pounds, 3 places, x 0.45359237.
    Pound,
}

/// Unit of `distance_km` in the input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DistanceUnit {
    /// Kilometres, 3 places.
    #[default]
    Kilometre,
    /// Metres, no places.
    Metre,
    /// Miles, 3 places, x 1.609344.
    Mile,
    /// Nautical miles, 3 places, x 1.852.
    NauticalMile,
}

impl DistanceUnit {
    /// Every unit with its word in a run file.
    pub const WORDS: [(DistanceUnit, &'static str); 4] = [
        (DistanceUnit::Kilometre, "km"),
        (DistanceUnit::Metre, "m"),
        (DistanceUnit::Mile, "mi"),
        (DistanceUnit::NauticalMile, "nmi"),
    ];

    /// Its word.
    pub fn code(self) -> &'static str {
        DistanceUnit::WORDS[self as usize].1
    }
}

/// Where the rows of a workbook are; `None`: not said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SheetForm {
    /// The sheet.
    pub sheet: Option<String>,
    /// The row with the column names, from 1.
    pub head_row: Option<u32>,
    /// The first data row, from 1.
    pub first_row: Option<u32>,
    /// Rows at the end that are no data.
    pub skip_footer: u32,
}

/// A fully resolved mapping: nothing left to guess.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// Ours to theirs, only where they differ or are named by the run file.
    pub columns: BTreeMap<String, String>,
    /// Per column of ours: their value to our code.
    pub values: BTreeMap<String, HashMap<String, String>>,
    /// Character encoding of text files (WHATWG label resolved).
    pub encoding: &'static encoding_rs::Encoding,
    /// CSV delimiter.
    pub delimiter: u8,
    /// Decimal mark in text.
    pub decimal: u8,
    /// Thousands mark in text, if any.
    pub thousands: Option<char>,
    /// strftime patterns tried in order after RFC 3339.
    pub timestamp: Vec<String>,
    /// Patterns of single columns, instead of `timestamp`.
    pub timestamp_by_column: BTreeMap<String, Vec<String>>,
    /// Zone of timestamps without one; `None`: UTC.
    pub zone: Option<jiff::tz::TimeZone>,
    /// Whether more decimals than allowed reject the row (R002) instead of being rounded (Q20).
    pub reject_excess_decimals: bool,
    /// Whether numbers may have an exponent (`1.9746E4`).
    pub reads_exponents: bool,
    /// Mass unit.
    pub mass_unit: MassUnit,
    /// Unit of distances.
    pub distance_unit: DistanceUnit,
    /// Line of a CSV file that holds its column names, if the run file says so.
    pub head_row: Option<u64>,
    /// Records at the end of a CSV file that are none.
    pub skip_footer: u64,
    /// Where the rows of a workbook are.
    pub xlsx: SheetForm,
    /// Fixed values of columns that the file lacks.
    pub constants: BTreeMap<String, String>,
    /// Columns that are carried to the tables, in their order there.
    pub carried: Vec<Carried>,
}

/// A column that is carried to the tables (`[carry]`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// Its name in the tables.
    pub name: &'static str,
    /// That of the file.
    pub theirs: String,
}

impl Default for Mapping {
    fn default() -> Mapping {
        Mapping {
            columns: BTreeMap::new(),
            values: BTreeMap::new(),
            encoding: encoding_rs::UTF_8,
            delimiter: b',',
            decimal: b'.',
            thousands: None,
            timestamp: Vec::new(),
            timestamp_by_column: BTreeMap::new(),
            zone: None,
            reject_excess_decimals: false,
            reads_exponents: false,
            mass_unit: MassUnit::Kg,
            distance_unit: DistanceUnit::Kilometre,
            head_row: None,
            skip_footer: 0,
            xlsx: SheetForm::default(),
            constants: BTreeMap::new(),
            carried: Vec::new(),
        }
    }
}

impl Mapping {
    /// Their name of one of our columns.
    pub fn theirs<'a>(&'a self, ours: &'a str) -> &'a str {
        self.said(ours).unwrap_or(ours)
    }

    /// Their name of a column, as far as the run file says it.
    pub(crate) fn said(&self, ours: &str) -> Option<&str> {
        let carried = || {
            let carried = self.carried.iter().find(|carried| carried.name == ours)?;
            Some(&carried.theirs)
        };
        let said = self.columns.get(ours).or_else(carried);
        said.map(String::as_str)
    }

    /// Our names of all columns that are read: those of a movement record, then those that are carried.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        let carried = self.carried.iter().map(|carried| carried.name);
        COLUMNS.into_iter().chain(carried)
    }

    /// Names of the columns that are carried.
    pub(crate) fn carried_names(&self) -> Vec<&'static str> {
        self.carried.iter().map(|carried| carried.name).collect()
    }

    /// Our name of the column at this place of [`Mapping::names`].
    pub(crate) fn name(&self, column: usize) -> &'static str {
        self.names().nth(column).unwrap_or_default()
    }
}

/// Whether a character may stand between fields.
pub(crate) fn is_delimiter(c: char) -> bool {
    (c.is_ascii_punctuation() && c != '"') || c == '\t'
}

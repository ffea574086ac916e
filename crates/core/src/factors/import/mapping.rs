//! The mapping file: what the edition is, and for each table where its columns stand and what it does not print.

use super::field::Field;
use crate::factors::document::{self, Keys, text};
use crate::factors::factor::{GwpSet, Section, Text};
use crate::factors::fault::{DataFile, Fault, Faults};
use crate::factors::library::GWP_SETS;
use crate::model::sheet::column_of;
use crate::model::time::{Day, parse_date};
use std::collections::BTreeMap;
use toml::de::DeValue;

/// A parsed mapping file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The edition that comes out.
    pub(super) edition: Edition,
    /// Separator of CSV files.
    pub delimiter: u8,
    /// Label of the character encoding of CSV files, and its line; `None`: UTF-8.
    pub encoding: Option<(String, u64)>,
    /// Decimal mark of figures in text cells.
    pub(super) decimal_mark: char,
    /// Tables, in file order.
    pub(super) tables: Vec<Table>,
}

/// `[edition]`: the row of `sources.csv`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edition {
    pub source: String,
    pub edition: String,
    pub title: String,
    pub publisher: String,
    pub published_on: Option<Day>,
    pub url: String,
    pub licence: String,
    pub redistributable: bool,
    pub gwp_set: GwpSet,
}

/// `[[table]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    /// Line in the mapping file.
    pub line: u64,
    pub sheet: String,
    pub section: Section,
    /// Row of the heads, from 0.
    pub header_row: u32,
    /// First row with figures, from 0.
    pub first_row: u32,
    /// Row after the last one with figures; `None`: to the end of the sheet.
    pub end_row: Option<u32>,
    /// Rows passed over, from 0.
    pub skip_rows: Vec<u32>,
    pub id_prefix: String,
    pub fields: BTreeMap<Field, Origin>,
    /// Foreign values and ours.
    pub values: BTreeMap<Field, BTreeMap<String, Text>>,
}

/// Where the value of a field comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The column with this head.
    Head(String, u64),
    /// The column with these letters, from 0.
    Column(u32),
    /// The same for every row.
    Constant(String),
}

const EDITION_KEYS: &[&str] = &[
    "source",
    "edition",
    "title",
    "publisher",
    "published_on",
    "url",
    "licence",
    "redistributable",
    "gwp_set",
];
const TABLE_KEYS: &[&str] = &[
    "sheet",
    "section",
    "header_row",
    "first_row",
    "last_row",
    "skip_rows",
    "id_prefix",
    "columns",
    "constants",
    "values",
];

impl Mapping {
    /// Reads a mapping file; `None` when it has a fault.
    pub fn parse(file: &DataFile) -> (Option<Mapping>, Vec<Fault>) {
        let mut faults = Faults::default();
        let mapping = document::read(file, &mut faults, read)
            .flatten()
            .filter(|_| !faults.has_error());
        (mapping, faults.list)
    }

    /// Folder of the edition, `source/edition`.
    pub fn folder(&self) -> String {
        format!("{}/{}", self.edition.source, self.edition.edition)
    }
}

fn read(root: &mut Keys, faults: &mut Faults) -> Option<Mapping> {
    let delimiter = root.get("delimiter", "one ASCII character", faults, |v| {
        match v.as_str()?.as_bytes() {
            [one] if one.is_ascii() => Some(*one),
            _ => None,
        }
    });
    let wanted = "the name of a character encoding";
    let encoding = root.get("encoding", wanted, faults, text);
    let decimal_mark = root.get("decimal", "\".\" or \",\"", faults, |v| {
        match v.as_str()? {
            "." => Some('.'),
            "," => Some(','),
            _ => None,
        }
    });
    let edition = read_edition(root, faults);
    let mut tables = Vec::new();
    for mut keys in root.tables("table", faults) {
        tables.extend(read_table(&mut keys, faults));
    }
    if tables.is_empty() && !faults.has_error() {
        root.missing("table", "at least one [[table]]", faults);
    }
    root.finish(
        &["delimiter", "encoding", "decimal", "edition", "table"],
        faults,
    );
    Some(Mapping {
        edition: edition?,
        delimiter: delimiter.map_or(b',', |at| at.value),
        encoding: encoding.map(|at| (at.value, at.line)),
        decimal_mark: decimal_mark.map_or('.', |at| at.value),
        tables,
    })
}

fn read_edition(root: &mut Keys, faults: &mut Faults) -> Option<Edition> {
    let Some(mut keys) = root.table("edition", faults) else {
        root.missing(
            "edition",
            "a table with source, edition, title, licence, gwp_set",
            faults,
        );
        return None;
    };
    let name = |v: &DeValue| text(v).filter(|t| folder_name(t));
    let wanted = "a folder name without spaces around it and without / \\ @ and :";
    let source = keys.need("source", wanted, faults, name);
    let edition = keys.need("edition", wanted, faults, name);
    let title = keys.need("title", "a text", faults, text);
    let publisher = keys.get("publisher", "a text", faults, text);
    let published_on = keys.get("published_on", "a date as YYYY-MM-DD", faults, |v| {
        parse_date(v.as_str()?)
    });
    let url = keys.get("url", "a text", faults, text);
    let licence = keys.need("licence", "the terms of the table", faults, text);
    let redistributable = keys.need("redistributable", "true or false", faults, |v| v.as_bool());
    let gwp_set = keys.need("gwp_set", GWP_SETS, faults, |v| {
        v.as_str().and_then(GwpSet::from_code)
    });
    keys.finish(EDITION_KEYS, faults);
    Some(Edition {
        source: source?.value,
        edition: edition?.value,
        title: title?.value,
        publisher: publisher.map_or(String::new(), |at| at.value),
        published_on: published_on.map(|at| at.value),
        url: url.map_or(String::new(), |at| at.value),
        licence: licence?.value,
        redistributable: redistributable?.value,
        gwp_set: gwp_set?.value,
    })
}

/// The names that `sources.csv` admits, and no others: a folder is made of it.
fn folder_name(name: &str) -> bool {
    let forbidden = |c: char| matches!(c, '/' | '\\' | '@' | ':') || c.is_control();
    !name.contains(forbidden) && name.trim() == name && !name.starts_with('.') && name != "profiles"
}

fn read_table(keys: &mut Keys, faults: &mut Faults) -> Option<Table> {
    let line = keys.line;
    let sheet = keys.need(
        "sheet",
        "the name of a sheet; of a CSV file, the file name without its ending",
        faults,
        text,
    );
    let section = keys.need("section", "transport, hub or energy", faults, |v| {
        match v.as_str()? {
            "transport" => Some(Section::Transport),
            "hub" => Some(Section::Hub),
            "energy" => Some(Section::Energy),
            _ => None,
        }
    });
    let header_row = keys.get("header_row", ROW, faults, row_number);
    let first_row = keys.get("first_row", ROW, faults, row_number);
    let last_row = keys.get("last_row", ROW, faults, row_number);
    let skip_rows = keys
        .list("skip_rows", ROW, faults, row_number)
        .unwrap_or_default();
    let id_prefix = keys.get("id_prefix", "a text without @ and :", faults, |v| {
        text(v).filter(|t| !t.contains(['@', ':']))
    });
    let mut fields = BTreeMap::new();
    if let Some(mut columns) = keys.table("columns", faults) {
        read_fields(
            &mut columns,
            &mut fields,
            faults,
            "the head of a column, or { column = \"C\" } for its letters",
            origin,
        );
    }
    if let Some(mut constants) = keys.table("constants", faults) {
        read_fields(&mut constants, &mut fields, faults, "a text", |v, _| {
            text(v).map(Origin::Constant)
        });
    }
    let values = read_values(keys, &fields, faults);
    keys.finish(TABLE_KEYS, faults);
    let header_row = header_row.map_or(0, |at| at.value);
    let table = Table {
        line,
        sheet: sheet?.value,
        section: section?.value,
        header_row,
        first_row: first_row.map_or(header_row + 1, |at| at.value),
        end_row: last_row.map(|at| at.value + 1),
        skip_rows: skip_rows.into_iter().map(|at| at.value).collect(),
        id_prefix: id_prefix.map_or(String::new(), |at| at.value),
        fields,
        values,
    };
    check_fields(&table, keys, faults);
    Some(table)
}

const ROW: &str = "the number of a row, from 1";

fn row_number(value: &DeValue) -> Option<u32> {
    document::decimal(value, 0)
        .filter(|n| (1..=1_048_576).contains(n))
        .and_then(|n| u32::try_from(n - 1).ok())
}

fn origin(value: &DeValue, line: u64) -> Option<Origin> {
    match value.as_table() {
        Some(table) if table.len() == 1 => {
            let letters = table.get("column")?.get_ref().as_str()?;
            column_of(letters).map(Origin::Column)
        }
        Some(_) => None,
        None => text(value).map(|head| Origin::Head(head, line)),
    }
}

fn read_fields(
    keys: &mut Keys,
    fields: &mut BTreeMap<Field, Origin>,
    faults: &mut Faults,
    wanted: &str,
    parse: impl Fn(&DeValue, u64) -> Option<Origin>,
) {
    for (key, line) in keys.names() {
        let Some(field) = Field::from_code(&key) else {
            continue;
        };
        let Some(found) = keys.get(&key, wanted, faults, |v| parse(v, line)) else {
            continue;
        };
        if fields.insert(field, found.value).is_some() {
            keys.error(
                line,
                &key,
                "",
                "expected each field once, under columns or under constants",
                faults,
            );
        }
    }
    let codes: Vec<&str> = Field::ALL.iter().map(|f| f.code()).collect();
    keys.finish(&codes, faults);
}

fn read_values(
    keys: &mut Keys,
    fields: &BTreeMap<Field, Origin>,
    faults: &mut Faults,
) -> BTreeMap<Field, BTreeMap<String, Text>> {
    let mut values = BTreeMap::new();
    let Some(mut tables) = keys.table("values", faults) else {
        return values;
    };
    for (key, line) in tables.names() {
        let Some(field) = Field::from_code(&key) else {
            continue;
        };
        let Some(mut pairs) = tables.table(&key, faults) else {
            continue;
        };
        let mut list = BTreeMap::new();
        for (theirs, _) in pairs.names() {
            if let Some(ours) = pairs.get(&theirs, "our value as a text", faults, text) {
                list.insert(theirs, Text::from(ours.value));
            }
        }
        if !matches!(
            fields.get(&field),
            Some(Origin::Head(..) | Origin::Column(_))
        ) {
            tables.error(
                line,
                &key,
                "",
                "expected a field that comes from a column",
                faults,
            );
        }
        values.insert(field, list);
    }
    let codes: Vec<&str> = Field::ALL.iter().map(|f| f.code()).collect();
    tables.finish(&codes, faults);
    values
}

/// What a table must say, said; most of it cannot be seen in the table itself.
fn check_fields(table: &Table, keys: &Keys, faults: &mut Faults) {
    let has = |field| table.fields.contains_key(&field);
    for &field in Field::ALL {
        if field.needed().contains(&table.section) && !has(field) {
            keys.missing(field.code(), wanted(field), faults);
        }
    }
    let ghg = [Field::GhgOperation, Field::GhgProvision, Field::GhgTotal]
        .into_iter()
        .filter(|f| has(*f))
        .count();
    let energy = has(Field::EnergyQuantity);
    if (ghg > 0) == energy || (energy && table.section == Section::Energy) {
        let wanted = "two of ghg_operation, ghg_provision and ghg_total, or (not in energy tables) energy_quantity";
        keys.missing("columns", wanted, faults);
    } else if ghg == 1 {
        let wanted = "a second one of ghg_operation, ghg_provision and ghg_total: one alone says not how much is operation and how much provision";
        keys.missing("columns", wanted, faults);
    }
    for (figure, unit) in [(ghg > 0, Field::GhgUnit), (energy, Field::EnergyUnit)] {
        if figure && !has(unit) {
            keys.missing(unit.code(), wanted(unit), faults);
        }
    }
    if !has(Field::FactorId) && table.id_prefix.is_empty() {
        keys.missing(
            "id_prefix",
            "a beginning for the ids of this table, or factor_id",
            faults,
        );
    }
    if table.first_row <= table.header_row
        && table.fields.values().any(|o| matches!(o, Origin::Head(..)))
    {
        keys.error(
            keys.line,
            "first_row",
            &(table.first_row + 1).to_string(),
            "expected a row below header_row",
            faults,
        );
    }
}

/// What a missing field must say.
fn wanted(field: Field) -> &'static str {
    match field {
        Field::DistanceAdjustmentInside => {
            "\"yes\" where the figures hold the distance adjustment already, \"no\" where they do not: the source says it, nothing else can"
        }
        Field::DistanceBasis => {
            "sfd, gcd or actual: the basis of the distance that the figures must be multiplied with"
        }
        Field::BasisNote => "where the source says whether the distance adjustment is inside",
        Field::SourceRef => "table and page",
        Field::GhgUnit => super::units::GHG_UNITS,
        Field::EnergyUnit => super::units::ENERGY_UNITS,
        _ => "a column or a constant",
    }
}

//! What the columns of the published tables hold: the type of each, and the words of those that have a closed list.
//!
//! A table that is read back is held against this first. A type or scale that differs, a missing value where there is always
//! one, and a word that no list has are faults; nothing stands in for them.

use crate::factors::GwpSet;
use crate::model::element::BasisSet;
use crate::model::flag::Flags;
use crate::model::mode::{
    Basis, DataCategory, DistanceSource, EnergyUnit, LoadStatus, Mode, Per, Temperature,
};
use crate::model::reject::RejectReason;
use crate::output::encode::Encodings;
use crate::output::schema::Field;
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Schema};
use parquet::errors::{ParquetError, Result};

/// The columns of a table that somebody wants, to hold what is read against.
#[derive(Clone, Debug)]
pub(crate) struct Expected(Vec<Field>);

impl Expected {
    /// The named columns among `fields`. A file without one of them, or with another type or scale, is a fault.
    pub(crate) fn new(fields: &[Field], names: &[&str], found: &Schema) -> Result<Expected> {
        let expected = names.iter().map(|name| {
            let field = fields.iter().find(|field| field.name == *name);
            let field = field.ok_or_else(|| {
                ParquetError::General(format!(
                    "the table has no column {name}, which was asked for"
                ))
            })?;
            let there = found
                .field_with_name(name)
                .map_err(|_| ParquetError::General(format!("column {name} is missing")))?;
            let found = there.data_type();
            // A run says itself how it was written, and its digest covers that: either form is right.
            let mut forms = Encodings::ALL.iter().map(|e| field.kind.arrow_type(*e));
            if forms.any(|wanted| *found == wanted) {
                Ok(*field)
            } else {
                let wanted = type_text(&field.kind.arrow_type(Encodings::Default));
                let found = type_text(found);
                Err(ParquetError::General(format!(
                    "column {name} is {found}, expected {wanted}"
                )))
            }
        });
        expected.collect::<Result<_>>().map(Expected)
    }

    /// Looks at every value; `place` says where the row of this index is.
    pub(crate) fn check(&self, batch: &RecordBatch, place: impl Fn(usize) -> String) -> Result<()> {
        for field in &self.0 {
            let name = field.name;
            let column = batch
                .column_by_name(name)
                .ok_or_else(|| ParquetError::General(format!("column {name} is missing")))?;
            let fault = |row: usize, what: String| {
                Err(ParquetError::General(format!(
                    "{}: column {name}: {what}",
                    place(row)
                )))
            };
            if !field.nullable && column.null_count() > 0 {
                let row = (0..column.len()).find(|&row| column.is_null(row));
                return fault(row.unwrap_or(0), "found no value, expected one".to_owned());
            }
            let (Some(texts), Some(words)) = (column.as_string_opt::<i32>(), Words::of(name))
            else {
                continue;
            };
            let mut known = None;
            for (row, text) in texts.iter().enumerate() {
                if text.is_none() || text == known {
                    continue;
                }
                let text = text.unwrap_or("");
                if !words.has(text) {
                    return fault(
                        row,
                        format!("found {text:?}, expected {}", words.description()),
                    );
                }
                known = Some(text);
            }
        }
        Ok(())
    }
}

fn type_text(found: &DataType) -> String {
    match found {
        DataType::Decimal128(precision, scale) => format!("decimal({precision},{scale})"),
        other => other.to_string(),
    }
}

/// What the texts of a column may be.
enum Words {
    /// One of these.
    List(Vec<&'static str>),
    /// Modes in order of the chain, joined by `>`.
    Modes,
    /// Quality flags, ascending, joined by `|`; none: the empty text.
    Flags,
    /// A code R001 and up.
    Rejects,
}

impl Words {
    /// The words of a column; `None`: its texts are free. An absent value is null, never a word.
    fn of(column: &str) -> Option<Words> {
        fn list<T: Copy>(all: &[T], code: fn(T) -> &'static str) -> Option<Words> {
            let words = all.iter().map(|word| code(*word));
            Some(Words::List(words.filter(|word| !word.is_empty()).collect()))
        }
        match column {
            "mode" => list(&Mode::ALL, Mode::code),
            "kind" => list(&["transport", "hub"], |word| word),
            "table" => list(&["transport", "hub", "energy"], |word| word),
            "load_status" => list(LoadStatus::ALL, LoadStatus::code),
            "temperature" => list(Temperature::ALL, Temperature::code),
            "energy_unit" => list(EnergyUnit::ALL, EnergyUnit::code),
            "distance_basis" => list(Basis::ALL, Basis::code),
            // `mixed` stands for several; the one of an element is one word of the same list.
            "activity_basis" => list(&[1, 2, 4, 7], |set| BasisSet(set).code()),
            "distance_source" => list(DistanceSource::ALL, DistanceSource::code),
            "per" | "intensity_per" => list(Per::ALL, Per::code),
            "data_category" => list(DataCategory::ALL, DataCategory::code),
            "gwp_set" | "energy_gwp_set" => list(&GwpSet::ALL, GwpSet::code),
            "modes" => Some(Words::Modes),
            "quality_flags" => Some(Words::Flags),
            "code" => Some(Words::Rejects),
            _ => None,
        }
    }

    fn has(&self, text: &str) -> bool {
        match self {
            Words::List(words) => words.contains(&text),
            Words::Modes => text
                .split('>')
                .all(|mode| Mode::ALL.iter().any(|known| known.code() == mode)),
            Words::Flags => Flags::from_text(text).is_some(),
            Words::Rejects => RejectReason::LIST
                .iter()
                .any(|(reason, _)| reason.code() == text),
        }
    }

    fn description(&self) -> String {
        match self {
            Words::List(words) => format!("one of: {}", words.join(", ")),
            Words::Modes => format!(
                "modes joined by >: {}",
                Mode::ALL.map(Mode::code).join(", ")
            ),
            Words::Flags => {
                let last = Flags::LIST.last().map_or(0, |(number, _)| *number);
                format!("flags Q01 to Q{last:02}, ascending, joined by |")
            }
            Words::Rejects => {
                let codes = RejectReason::LIST.iter().map(|(reason, _)| reason.code());
                format!("one of: {}", codes.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

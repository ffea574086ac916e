//! Carried columns of a published run: which there are, as its manifest says, and their values.

use crate::model::carried::{MOST_COLUMNS, column_name};
use crate::output::columns::PublishedTable;
use crate::output::elements::Elements;
use crate::output::rejected::RejectedTable;
use crate::output::schema::Field;
use crate::output::shipments::ShipmentsTable;
use crate::store::manifest::Manifest;
use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use parquet::errors::{ParquetError, Result};

/// The columns that a run carries, in the order of its tables.
pub(crate) fn carried(manifest: &Manifest) -> Vec<&'static str> {
    let plan = manifest
        .plan
        .get("carry")
        .and_then(|carry| carry.as_object());
    let mut names: Vec<&str> = plan
        .into_iter()
        .flat_map(|carry| carry.keys().map(String::as_str))
        .take(MOST_COLUMNS)
        .collect();
    names.sort_unstable();
    names.into_iter().map(column_name).collect()
}

/// Those of a table.
pub(crate) fn carried_by(table: &str, manifest: &Manifest) -> Vec<&'static str> {
    match [Elements::NAME, ShipmentsTable::NAME, RejectedTable::NAME].contains(&table) {
        true => carried(manifest),
        false => Vec::new(),
    }
}

/// The columns of a table, and those that a run carries behind them.
pub(crate) fn with_carried(fields: &[Field], carried: &[&'static str]) -> Vec<Field> {
    let carried = carried.iter().map(|name| Field::carried(name));
    fields.iter().copied().chain(carried).collect()
}

/// Carried columns of a batch that was read with them.
pub(crate) struct Values<'b>(Vec<(&'static str, &'b StringArray)>);

impl<'b> Values<'b> {
    /// The columns of these names.
    pub(crate) fn of(batch: &'b RecordBatch, carried: &[&'static str]) -> Result<Values<'b>> {
        let column = |name: &&'static str| {
            let array = batch.column_by_name(name);
            let texts = array.and_then(|array| array.as_string_opt::<i32>());
            let texts = texts
                .ok_or_else(|| ParquetError::General(format!("column {name} was not read")))?;
            Ok((*name, texts))
        };
        carried
            .iter()
            .map(column)
            .collect::<Result<_>>()
            .map(Values)
    }

    /// Name and value of each in a row; an absent one is empty.
    pub(crate) fn row(&self, row: usize) -> impl Iterator<Item = (&'static str, &'b str)> + Clone {
        let value = move |(name, texts): &(&'static str, &'b StringArray)| {
            let text = if texts.is_null(row) {
                ""
            } else {
                texts.value(row)
            };
            (*name, text)
        };
        self.0.iter().map(value).collect::<Vec<_>>().into_iter()
    }
}

//! Rows of a published table by an id, touching only the pages that can hold it.
//!
//! What helps is asked in order of cost: smallest and largest id of each row group, its bloom filter, smallest and largest
//! id of each page. Only pages left over are decoded, the id column first, the other columns at its matches.

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::error::ArrowError;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowPredicateFn, ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
    RowFilter, RowSelection,
};
use parquet::bloom_filter::Sbbf;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::statistics::Statistics;
use std::cmp::Ordering;
use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

/// A file of a table with its footer read, asked for rows by one text column.
pub struct Lookup {
    file: File,
    metadata: Arc<ParquetMetaData>,
    column: usize,
}

impl Lookup {
    /// Reads the footer of `file`; `column` is a text column.
    pub fn open(file: File, column: &str) -> Result<Lookup> {
        let metadata = ParquetMetaDataReader::new().parse_and_finish(&file)?;
        let columns = metadata.file_metadata().schema_descr().columns();
        let at = columns.iter().position(|c| c.name() == column);
        let at = at.ok_or_else(|| ParquetError::General(format!("column {column} is missing")))?;
        Ok(Lookup {
            file,
            metadata: Arc::new(metadata),
            column: at,
        })
    }

    /// Where the ids of this file lie against `id`: all below (`Less`), around it (`Equal`), all above (`Greater`);
    /// `None` when the file holds no id at all.
    pub fn against(&self, id: &str) -> Option<Ordering> {
        let groups: Vec<(&[u8], &[u8])> = (0..self.metadata.num_row_groups())
            .filter_map(|g| self.group_range(g))
            .collect();
        let min = groups.iter().map(|g| g.0).min()?;
        let max = groups.iter().map(|g| g.1).max()?;
        Some(match id.as_bytes() {
            id if max < id => Ordering::Less,
            id if min > id => Ordering::Greater,
            _ => Ordering::Equal,
        })
    }

    fn group_range(&self, group: usize) -> Option<(&[u8], &[u8])> {
        match self
            .metadata
            .row_group(group)
            .column(self.column)
            .statistics()?
        {
            Statistics::ByteArray(s) => Some((s.min_opt()?.data(), s.max_opt()?.data())),
            _ => None,
        }
    }

    /// The rows with this id, in order of the file, as batches of the named columns.
    pub fn rows(&self, id: &str, columns: &[&str]) -> Result<Vec<RecordBatch>> {
        let mut groups = Vec::new();
        for group in 0..self.metadata.num_row_groups() {
            let (min, max) = self.group_range(group).unwrap_or((b"", b""));
            if min <= id.as_bytes() && id.as_bytes() <= max && self.bloom_allows(group, id)? {
                groups.push(group);
            }
        }
        if groups.is_empty() {
            return Ok(Vec::new());
        }
        let mut reader = ParquetMetaDataReader::new_with_metadata((*self.metadata).clone())
            .with_page_index_policy(PageIndexPolicy::Required);
        reader.read_page_indexes(&self.file)?;
        let metadata = Arc::new(reader.finish()?);
        let selection = self.pages(&metadata, &groups, id)?;
        let schema = metadata.file_metadata().schema_descr_ptr();
        for name in columns {
            if !schema.columns().iter().any(|c| c.name() == *name) {
                return Err(ParquetError::General(format!("column {name} is missing")));
            }
        }
        let wanted = id.to_owned();
        let is_wanted = ArrowPredicateFn::new(
            ProjectionMask::leaves(&schema, [self.column]),
            move |batch: RecordBatch| {
                let texts = batch.column(0).as_string_opt::<i32>();
                let texts = texts.ok_or_else(|| {
                    ArrowError::SchemaError("an id column holds texts".to_owned())
                })?;
                Ok(BooleanArray::from_iter(
                    texts.iter().map(|text| Some(text == Some(wanted.as_str()))),
                ))
            },
        );
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Required);
        let arrow = ArrowReaderMetadata::try_new(metadata, options)?;
        let found =
            ParquetRecordBatchReaderBuilder::new_with_metadata(self.file.try_clone()?, arrow)
                .with_projection(ProjectionMask::columns(&schema, columns.iter().copied()))
                .with_row_groups(groups)
                .with_row_selection(selection)
                .with_row_filter(RowFilter::new(vec![Box::new(is_wanted)]))
                .build()?;
        found
            .map(|batch| batch.map_err(|e| ParquetError::ArrowError(e.to_string())))
            .collect()
    }

    fn bloom_allows(&self, group: usize, id: &str) -> Result<bool> {
        let chunk = self.metadata.row_group(group).column(self.column);
        Ok(Sbbf::read_from_column_chunk(chunk, &self.file)?.is_none_or(|filter| filter.check(id)))
    }

    // Rows of the pages that can hold the id, counted over the chosen row groups.
    fn pages(
        &self,
        metadata: &ParquetMetaData,
        groups: &[usize],
        id: &str,
    ) -> Result<RowSelection> {
        let lacks = || ParquetError::General("the file has no page index".to_owned());
        let (index, offsets) = (
            metadata.column_index().ok_or_else(lacks)?,
            metadata.offset_index().ok_or_else(lacks)?,
        );
        let mut ranges: Vec<Range<usize>> = Vec::new();
        let mut base = 0;
        for &group in groups {
            let rows = metadata.row_group(group).num_rows() as usize;
            let ColumnIndexMetaData::BYTE_ARRAY(bounds) = &index[group][self.column] else {
                return Err(lacks());
            };
            let starts = offsets[group][self.column]
                .page_locations
                .iter()
                .map(|l| l.first_row_index as usize);
            let starts: Vec<usize> = starts.chain([rows]).collect();
            for (page, rows) in starts.windows(2).enumerate() {
                let holds = |min: &[u8], max: &[u8]| min <= id.as_bytes() && id.as_bytes() <= max;
                if bounds
                    .min_value(page)
                    .zip(bounds.max_value(page))
                    .is_some_and(|(min, max)| holds(min, max))
                {
                    ranges.push(base + rows[0]..base + rows[1]);
                }
            }
            base += rows;
        }
        Ok(RowSelection::from_consecutive_ranges(
            ranges.into_iter(),
            base,
        ))
    }
}

/// The rows with this id of a table that is sorted by `column` over its `parts`, where no id is in two parts (a part ends
/// with a shipment). Opens as many files as a binary search needs.
pub fn rows_of<E: From<ParquetError>>(
    parts: usize,
    mut open: impl FnMut(usize) -> std::result::Result<File, E>,
    column: &str,
    id: &str,
    columns: &[&str],
) -> std::result::Result<Vec<RecordBatch>, E> {
    let (mut from, mut to) = (0, parts);
    while from < to {
        let middle = from + (to - from) / 2;
        let part = Lookup::open(open(middle)?, column)?;
        match part.against(id) {
            Some(Ordering::Less) => from = middle + 1,
            Some(Ordering::Greater) => to = middle,
            Some(Ordering::Equal) => return Ok(part.rows(id, columns)?),
            // Only a table without rows has a part without rows.
            None => break,
        }
    }
    Ok(Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::elements::ELEMENTS;
    use crate::output::sample::chunk;
    use crate::output::tests::file_of;
    use crate::published::columns::{Columns, rows};

    fn scan(file: &File, column: &str, id: &str) -> Vec<i128> {
        let mut out = Vec::new();
        for batch in rows(file.try_clone().unwrap(), &[column, "ghg_total_kg"]).unwrap() {
            let batch = batch.unwrap();
            let columns = Columns(&batch);
            let (ids, totals) = (
                columns.texts(column).unwrap(),
                columns.present("ghg_total_kg").unwrap(),
            );
            out.extend(
                ids.iter()
                    .zip(totals)
                    .filter(|(found, _)| *found == id)
                    .map(|(_, total)| total),
            );
        }
        out
    }

    fn totals(batches: &[RecordBatch]) -> Vec<i128> {
        batches
            .iter()
            .flat_map(|b| Columns(b).present("ghg_total_kg").unwrap())
            .collect()
    }

    #[test]
    fn a_lookup_finds_what_a_scan_finds() {
        let file = file_of(&ELEMENTS, vec![chunk(0..6000)]);
        for (column, ids) in [
            (
                "shipment_id",
                [
                    "BL0000000",
                    "BL0002999",
                    "BL0005999",
                    "BL0003000x",
                    "A",
                    "Z",
                ],
            ),
            (
                "container_id",
                [
                    "MSKU0000000",
                    "MSKU0000500",
                    "MSKU0000999",
                    "MSKU0000500x",
                    "",
                    "Z",
                ],
            ),
            (
                "movement_id",
                [
                    "MV-17-1-MSKU0000051",
                    "MV-17-1-",
                    "MV-5999-1-MSKU0000997",
                    "MV-9",
                    "",
                    "Z",
                ],
            ),
        ] {
            let lookup = Lookup::open(file.try_clone().unwrap(), column).unwrap();
            for id in ids {
                let found = totals(&lookup.rows(id, &["ghg_total_kg"]).unwrap());
                let wanted = if id.is_empty() {
                    Vec::new()
                } else {
                    scan(&file, column, id)
                };
                assert_eq!(found, wanted, "{column} {id:?}");
            }
        }
        assert!(
            !scan(&file, "shipment_id", "BL0002999").is_empty()
                && !scan(&file, "container_id", "MSKU0000500").is_empty()
        );
    }

    #[test]
    fn a_sorted_table_is_searched_over_its_parts() {
        let numbers = [0..500, 500..1000, 1000..1003, 1003..2500];
        let parts: Vec<File> = numbers
            .map(|range| file_of(&ELEMENTS, vec![chunk(range)]))
            .into();
        for number in [0, 499, 500, 1000, 1002, 1003, 2499, 2500] {
            let id = format!("BL{number:07}");
            let mut opened = 0;
            let open = |part: usize| {
                opened += 1;
                Ok::<_, ParquetError>(parts[part].try_clone()?)
            };
            let found = rows_of(parts.len(), open, "shipment_id", &id, &["ghg_total_kg"]).unwrap();
            let wanted: Vec<i128> = parts
                .iter()
                .flat_map(|file| scan(file, "shipment_id", &id))
                .collect();
            assert_eq!(
                (totals(&found), wanted.is_empty()),
                (wanted, number == 2500),
                "{id}"
            );
            assert!(opened <= 3);
        }
        let empty = file_of(&ELEMENTS, vec![]);
        let none = rows_of(
            1,
            |_| Ok::<_, ParquetError>(empty.try_clone()?),
            "shipment_id",
            "BL",
            &["ghg_total_kg"],
        );
        assert!(none.unwrap().is_empty());
        assert!(
            rows_of(
                1,
                |_| Ok::<_, ParquetError>(parts[0].try_clone()?),
                "shipment_id",
                "BL0000001",
                &["nope"]
            )
            .is_err()
        );
    }
}

//! Rows of a published table by an id, touching only the pages that can hold it.
//!
//! What helps is asked in order of cost: smallest and largest id of each row group, its bloom filter, smallest and largest
//! id of each page. Only pages left over are decoded, the id column first, the other columns at its matches.

use crate::claims::{self, Source};
use crate::output::schema::Field;
use crate::published::columns::{leaf, parted, with_absent};
use crate::published::expected::Expected;
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
pub(crate) struct Lookup {
    source: Source,
    metadata: Arc<ParquetMetaData>,
    column: usize,
}

impl Lookup {
    /// Reads the footer of `file`; `column` is a text column.
    pub(crate) fn open(file: File, column: &str) -> Result<Lookup> {
        let metadata = claims::metadata(&file)?;
        let at = leaf(metadata.file_metadata().schema_descr(), column)?;
        Ok(Lookup {
            source: Source::new(file)?,
            metadata: Arc::new(metadata),
            column: at,
        })
    }

    /// Where the ids of this file lie against `id`: all below (`Less`), around it (`Equal`), all above (`Greater`);
    /// `None` when the file holds no id at all.
    pub(crate) fn against(&self, id: &str) -> Option<Ordering> {
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

    /// The rows with this id, in order of the file, as batches of the named columns, checked against those of the table.
    pub(crate) fn rows(
        &self,
        id: &str,
        fields: &[Field],
        columns: &[&str],
    ) -> Result<Vec<RecordBatch>> {
        claims::guarded(|| self.find(id, fields, columns))
            .map_err(|e| self.source.failed().map_or(e, ParquetError::from))
    }

    fn find(&self, id: &str, fields: &[Field], columns: &[&str]) -> Result<Vec<RecordBatch>> {
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
        claims::check_page_index(self.source.file(), &self.metadata)?;
        let mut reader = ParquetMetaDataReader::new_with_metadata((*self.metadata).clone())
            .with_page_index_policy(PageIndexPolicy::Required);
        reader.read_page_indexes(&self.source)?;
        let metadata = Arc::new(reader.finish()?);
        let schema = metadata.file_metadata().schema_descr_ptr();
        let mut leaves = vec![self.column];
        let (there, absent) = parted(&schema, fields, columns);
        for name in &there {
            leaves.push(leaf(&schema, name)?);
        }
        self.check_pages(&metadata, &groups, &leaves)?;
        let selection = self.pages(&metadata, &groups, id)?;
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
        let expected = Expected::new(fields, &there, arrow.schema())?;
        let found = ParquetRecordBatchReaderBuilder::new_with_metadata(self.source.clone(), arrow)
            .with_projection(ProjectionMask::leaves(&schema, leaves.split_off(1)))
            .with_row_groups(groups)
            .with_row_selection(selection)
            .with_row_filter(RowFilter::new(vec![Box::new(is_wanted)]))
            .build()?;
        let mut before = 0;
        let checked = found.map(|batch| {
            let batch = batch.map_err(|e| ParquetError::ArrowError(e.to_string()))?;
            expected.check(&batch, |row| format!("row {} of {id:?}", before + row + 1))?;
            before += batch.num_rows();
            with_absent(batch, &absent)
        });
        checked.collect()
    }

    fn bloom_allows(&self, group: usize, id: &str) -> Result<bool> {
        let chunk = self.metadata.row_group(group).column(self.column);
        claims::check_bloom_filter(self.source.file(), chunk)?;
        Ok(
            Sbbf::read_from_column_chunk(chunk, &self.source)?
                .is_none_or(|filter| filter.check(id)),
        )
    }

    /// The pages are where the index says: the decoder goes by it.
    fn check_pages(
        &self,
        metadata: &ParquetMetaData,
        groups: &[usize],
        leaves: &[usize],
    ) -> Result<()> {
        let index = metadata.offset_index();
        for (group, leaf) in groups
            .iter()
            .flat_map(|g| leaves.iter().map(move |l| (*g, *l)))
        {
            let chunk = metadata.row_group(group).column(leaf);
            let start = chunk.byte_range().0;
            let pages = claims::check_pages_of(self.source.file(), chunk)?;
            let found = pages.iter().map(|page| (start + page.at, page.length));
            let told = index
                .map(|index| index[group][leaf].page_locations.as_slice())
                .unwrap_or_default()
                .iter()
                .map(|l| (l.offset as u64, l.compressed_page_size as u64));
            if !found.eq(told) {
                return Err(ParquetError::General(format!(
                    "the index of column {:?} does not fit its pages",
                    chunk.column_path().string()
                )));
            }
        }
        Ok(())
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
            let count = |n: i64| usize::try_from(n).map_err(|_| lacks());
            let rows = count(metadata.row_group(group).num_rows())?;
            let ColumnIndexMetaData::BYTE_ARRAY(bounds) = &index[group][self.column] else {
                return Err(lacks());
            };
            let starts = offsets[group][self.column]
                .page_locations
                .iter()
                .map(|l| count(l.first_row_index));
            let starts: Vec<usize> = starts.chain([Ok(rows)]).collect::<Result<_>>()?;
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
pub(crate) fn rows_of<E: From<ParquetError>>(
    parts: usize,
    mut open: impl FnMut(usize) -> std::result::Result<File, E>,
    column: &str,
    id: &str,
    fields: &[Field],
    columns: &[&str],
) -> std::result::Result<Vec<RecordBatch>, E> {
    let (mut from, mut to) = (0, parts);
    while from < to {
        let middle = from + (to - from) / 2;
        let part = Lookup::open(open(middle)?, column)?;
        match part.against(id) {
            Some(Ordering::Less) => from = middle + 1,
            Some(Ordering::Greater) => to = middle,
            Some(Ordering::Equal) => return Ok(part.rows(id, fields, columns)?),
            // Only a table without rows has a part without rows.
            None => break,
        }
    }
    Ok(Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::columns::PublishedTable;
    use crate::output::elements::{ELEMENTS, Elements, element};
    use crate::output::sample::chunk;
    use crate::output::tests::file_of;
    use crate::published::columns::checked;
    use crate::published::row::{Batch, Row, row};

    row! {
        struct Found<'b> of element {
            shipment_id: &'b str,
            container_id: &'b str,
            movement_id: &'b str,
            total from ghg_total_kg: i128,
        }
    }

    fn scan(file: &File, column: &str, id: &str) -> Vec<i128> {
        let file = file.try_clone().unwrap();
        let mut out = Vec::new();
        for batch in checked(file, Elements::FIELDS, &Found::columns()).unwrap() {
            let batch = batch.unwrap();
            for row in Batch::<Elements>::new(&batch).rows::<Found>().unwrap() {
                let row = row.unwrap();
                let found = match column {
                    "shipment_id" => row.shipment_id,
                    "container_id" => row.container_id,
                    _ => row.movement_id,
                };
                out.extend((found == id).then_some(row.total));
            }
        }
        out
    }

    fn totals(batches: &[RecordBatch]) -> Vec<i128> {
        let rows = |batch| Batch::<Elements>::new(batch).rows::<Found>().unwrap();
        batches
            .iter()
            .flat_map(rows)
            .map(|row| row.unwrap().total)
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
                let found = totals(
                    &lookup
                        .rows(id, Elements::FIELDS, &Found::columns())
                        .unwrap(),
                );
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
            let found = rows_of(
                parts.len(),
                open,
                "shipment_id",
                &id,
                Elements::FIELDS,
                &Found::columns(),
            )
            .unwrap();
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
            Elements::FIELDS,
            &Found::columns(),
        );
        assert!(none.unwrap().is_empty());
        assert!(
            rows_of(
                1,
                |_| Ok::<_, ParquetError>(parts[0].try_clone()?),
                "shipment_id",
                "BL0000001",
                Elements::FIELDS,
                &["nope"]
            )
            .is_err()
        );
    }
}

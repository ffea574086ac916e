//! Rows of a run handed on to the slices that they belong to: shipments, their elements, and rejected rows.
//!
//! Elements follow their shipment. A rejected row follows the shipment that it names; where none was published, what it carries
//! itself decides, and it is of no month.

use super::{Cut, Home, Job, Tables};
use crate::error::{Error, Result};
use crate::model::time::Day;
use crate::output::columns::PublishedTable;
use crate::output::elements::{Elements, element};
use crate::output::rejected::{RejectedTable, rejected};
use crate::output::shipments::{ShipmentsTable, shipment};
use crate::published::batches::{Batches, Kept};
use crate::published::carried::carried;
use crate::published::row::row;
use crate::published::run::{Chunk, Chunks, stray};
use crate::store::manifest::FileEntry;
use crate::store::scratch::ScratchTables;
use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::take_record_batch;
use arrow::datatypes::DataType;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::Range;
use std::sync::Arc;

/// Shipments that are looked at together.
const SHIPMENTS: usize = 8_192;
/// Rows that wait for a file before they are written.
const ROWS: usize = 4_096;
/// Columns in which a dictionary would not repeat a text.
const NAMES_OF_ONE: [&str; 4] = ["shipment_id", "movement_id", "container_id", "evidence_ref"];
/// Bytes from which on a dictionary is no use.
const DICTIONARY_BYTES: usize = 32 << 10;
/// Bytes of a file that wait before it is opened.
const BYTES: usize = 1 << 20;

row! {
    struct Head<'b> of shipment {
        shipment_id: &'b str,
        period: Day,
    }
}

row! {
    struct Member<'b> of element {
        shipment_id: &'b str,
        movement_id: &'b str,
    }
}

row! {
    struct Refused<'b> of rejected {
        shipment_id: &'b str,
        code: &'b str,
    }
}

/// A group of slices that rows are handed on to.
struct Group {
    folder: Arc<ScratchTables>,
    tables: [Option<Table>; 3],
    /// Elements that a record reported.
    accepted: u64,
    /// Rejected rows by code.
    rejected: BTreeMap<String, u64>,
}

const NAMES: [&str; 3] = [ShipmentsTable::NAME, Elements::NAME, RejectedTable::NAME];

impl Cut<'_> {
    /// Hands the rows of tables on to groups of values.
    pub(super) fn spread(&self, tables: &Tables, values: Vec<Range<usize>>) -> Result<Vec<Job>> {
        let mut groups = Vec::new();
        for _ in &values {
            groups.push(Group {
                folder: Arc::new(ScratchTables::begin()?),
                tables: [None, None, None],
                accepted: 0,
                rejected: BTreeMap::new(),
            });
        }
        let group_of = |value: &str| {
            let place = self.place(value)?;
            let at = values.partition_point(|group| group.end <= place);
            values
                .get(at)
                .is_some_and(|g| g.contains(&place))
                .then_some(at)
        };
        let columns = carried(&tables.manifest);
        let mut chunks = Chunks::new(
            &tables.dir,
            &tables.manifest,
            names::<ShipmentsTable>(),
            names::<Elements>(),
        )
        .carrying(&columns, SHIPMENTS);
        while let Some(chunk) = chunks.next_chunk()? {
            self.interrupt.check()?;
            self.hand_on(tables, &chunk, &group_of, &mut groups)?;
        }
        let rows = Batches::<RejectedTable>::of_run(
            &tables.dir,
            &tables.manifest,
            names::<RejectedTable>(),
        );
        let mut rows = rows.carrying(&columns);
        while let Some(batch) = rows.next_kept()? {
            self.interrupt.check()?;
            self.hand_on_rejected(&batch, &group_of, &mut groups)?;
        }
        let jobs = values.into_iter().zip(groups);
        jobs.map(|(values, group)| {
            let (folder, files, counts) = group.finish()?;
            let manifest = self.manifest(&tables.manifest, values.clone(), files, counts);
            Ok(Job {
                values,
                tables: Tables {
                    dir: folder.path().to_owned(),
                    manifest,
                    folder: Some(folder),
                },
            })
        })
        .collect()
    }

    fn hand_on(
        &self,
        tables: &Tables,
        chunk: &Chunk,
        group_of: &dyn Fn(&str) -> Option<usize>,
        groups: &mut [Group],
    ) -> Result<()> {
        let (heads, elements) = chunk.parts();
        let values = heads.carried(self.picker.columns())?;
        let (mut ids, mut homes) = (Vec::new(), Vec::new());
        for (at, head) in heads.rows::<Head>()?.enumerate() {
            let head = head?;
            let texts = || values.row(at).map(|(_, value)| value);
            let is_in = self.picker.picks(head.period, texts());
            homes.push(
                is_in
                    .then(|| group_of(self.picker.value(texts())))
                    .flatten(),
            );
            ids.push(head.shipment_id);
        }
        take(groups, 0, heads.batch(), &homes, tables.folder.is_none())?;
        let mut at = 0;
        for batch in elements {
            let mut of_elements = Vec::with_capacity(batch.count());
            for row in batch.rows::<Member>()? {
                let row = row?;
                while ids.get(at).is_some_and(|id| *id < row.shipment_id) {
                    at += 1;
                }
                if ids.get(at) != Some(&row.shipment_id) {
                    return Err(stray(&tables.dir, row.shipment_id));
                }
                if let Some(group) = homes[at] {
                    groups[group].accepted += u64::from(!row.movement_id.is_empty());
                }
                of_elements.push(homes[at]);
            }
            take(
                groups,
                1,
                batch.batch(),
                &of_elements,
                tables.folder.is_none(),
            )?;
        }
        Ok(())
    }

    fn hand_on_rejected(
        &self,
        batch: &Kept<RejectedTable>,
        group_of: &dyn Fn(&str) -> Option<usize>,
        groups: &mut [Group],
    ) -> Result<()> {
        let values = batch.carried(self.picker.columns())?;
        let mut homes = Vec::new();
        for (at, row) in batch.rows::<Refused>()?.enumerate() {
            let row = row?;
            let texts = || values.row(at).map(|(_, value)| value);
            let home = match self.homes.get(row.shipment_id) {
                Some(Home::Value(value)) => group_of(value),
                Some(Home::Rest) => None,
                Some(Home::Unpublished) | None => {
                    let is_in = self.picker.picks_row(texts());
                    is_in
                        .then(|| group_of(self.picker.value(texts())))
                        .flatten()
                }
            };
            if let Some(group) = home {
                *groups[group]
                    .rejected
                    .entry(row.code.to_owned())
                    .or_default() += 1;
            }
            homes.push(home);
        }
        take(groups, 2, batch.batch(), &homes, false)
    }
}

fn names<T: PublishedTable>() -> Vec<&'static str> {
    T::FIELDS.iter().map(|field| field.name).collect()
}

/// Adds the rows of a batch to the groups that they belong to; `is_first`: those of the run itself, with every thread to help.
fn take(
    groups: &mut [Group],
    table: usize,
    batch: &RecordBatch,
    homes: &[Option<usize>],
    is_first: bool,
) -> Result<()> {
    let mut rows: Vec<Vec<u32>> = vec![Vec::new(); groups.len()];
    for (row, home) in (0u32..).zip(homes) {
        if let Some(group) = home {
            rows[*group].push(row);
        }
    }
    let hand_on = |(group, rows): (&mut Group, Vec<u32>)| {
        if rows.is_empty() {
            return Ok(());
        }
        let taken = take_record_batch(batch, &UInt32Array::from(rows));
        let taken = taken.map_err(|e| Error::Internal(format!("cannot cut a table: {e}")))?;
        group.write(table, &taken)
    };
    // Later ones are handed on under the lock of whoever asks for the next slice, and a thread that waits for its helpers could be
    // given work that waits for that lock.
    match is_first {
        true => groups.par_iter_mut().zip(rows).try_for_each(hand_on),
        false => groups.iter_mut().zip(rows).try_for_each(hand_on),
    }
}

impl Group {
    fn write(&mut self, table: usize, rows: &RecordBatch) -> Result<()> {
        let place = &mut self.tables[table];
        let out = match place {
            Some(out) => out,
            None => place.insert(Table::begin(&self.folder, NAMES[table], rows)?),
        };
        out.rows += rows.num_rows() as u64;
        out.writer.write(rows).map_err(fault)
    }

    #[expect(clippy::type_complexity, reason = "what became of a group")]
    fn finish(self) -> Result<(ScratchTables, Vec<FileEntry>, (u64, BTreeMap<String, u64>))> {
        let mut files = Vec::new();
        for table in self.tables.into_iter().flatten() {
            let mut grown = table.writer.into_inner().map_err(fault)?;
            grown.flush().map_err(|e| Error::Storage(e.to_string()))?;
            files.push(FileEntry {
                path: grown.name,
                bytes: grown.bytes,
                sha256: String::new(),
                rows: Some(table.rows),
            });
        }
        let folder = Arc::into_inner(self.folder);
        let folder = folder.ok_or_else(|| Error::Internal("a scratch table is open".to_owned()))?;
        Ok((folder, files, (self.accepted, self.rejected)))
    }
}

/// A table that grows.
struct Table {
    writer: ArrowWriter<Grown>,
    rows: u64,
}

impl Table {
    fn begin(folder: &Arc<ScratchTables>, table: &str, like: &RecordBatch) -> Result<Table> {
        let mut properties = WriterProperties::builder()
            .set_compression(Compression::LZ4_RAW)
            .set_statistics_enabled(EnabledStatistics::None)
            .set_max_row_group_row_count(Some(ROWS))
            .set_dictionary_enabled(false)
            .set_dictionary_page_size_limit(DICTIONARY_BYTES);
        let schema = like.schema();
        let texts = schema
            .fields()
            .iter()
            .filter(|f| *f.data_type() == DataType::Utf8);
        for field in texts.filter(|f| !NAMES_OF_ONE.contains(&f.name().as_str())) {
            let column = ColumnPath::from(field.name().as_str());
            properties = properties.set_column_dictionary_enabled(column, true);
        }
        let grown = Grown {
            folder: folder.clone(),
            name: format!("{table}.parquet"),
            waiting: Vec::new(),
            bytes: 0,
        };
        let writer = ArrowWriter::try_new(grown, schema, Some(properties.build()));
        writer
            .map(|writer| Table { writer, rows: 0 })
            .map_err(fault)
    }
}

fn fault(error: parquet::errors::ParquetError) -> Error {
    Error::Storage(format!("cannot write a table of a slice: {error}"))
}

/// A file that is open only while it grows.
struct Grown {
    folder: Arc<ScratchTables>,
    name: String,
    waiting: Vec<u8>,
    bytes: u64,
}

impl Write for Grown {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.waiting.extend_from_slice(bytes);
        self.bytes += bytes.len() as u64;
        if self.waiting.len() >= BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let added = self.folder.append(&self.name, &self.waiting);
        self.waiting.clear();
        added.map_err(io::Error::other)
    }
}

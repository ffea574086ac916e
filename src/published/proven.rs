//! A published run for whoever asks it something in columns: its tables as record batches, with the same types however the run was encoded.
//!
//! Invariant: no row is handed out before the rows of every table are those that the manifest counts and add up to its sums.

use crate::error::{Error, Result};
use crate::output::columns::PublishedTable;
use crate::output::corridors::{CorridorSections, Corridors};
use crate::output::elements::Elements;
use crate::output::encode::Encodings;
use crate::output::factors::Factors;
use crate::output::rejected::RejectedTable;
use crate::output::schema::Field;
use crate::output::shipments::ShipmentsTable;
use crate::published::batches;
use crate::published::carried::{carried_by, with_carried};
use crate::published::columns::{Checked, checked, fault};
use crate::published::totals::{Sums, totals};
use crate::store::manifest::Manifest;
use crate::store::path::open_part;
use crate::store::reading::Reading;
use crate::store::signal::Interrupt;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Decimal128Type, FieldRef, Schema, SchemaRef};
use arrow::error::ArrowError;
use std::sync::{Arc, Mutex, PoisonError};

/// The tables of a run by name, with their columns.
const TABLES: [(&str, &[Field]); 6] = [
    (Elements::NAME, Elements::FIELDS),
    (ShipmentsTable::NAME, ShipmentsTable::FIELDS),
    (Corridors::NAME, Corridors::FIELDS),
    (CorridorSections::NAME, CorridorSections::FIELDS),
    (Factors::NAME, Factors::FIELDS),
    (RejectedTable::NAME, RejectedTable::FIELDS),
];

/// A published run, which stays while it is asked.
#[derive(Debug)]
pub struct PublishedRun {
    reading: Reading,
    manifest: Manifest,
    interrupt: Interrupt,
    is_proven: Mutex<bool>,
}

impl PublishedRun {
    pub(crate) fn open(reading: Reading, interrupt: &Interrupt) -> Result<PublishedRun> {
        let manifest = Manifest::load(&reading.dir)?;
        Ok(PublishedRun {
            reading,
            manifest,
            interrupt: interrupt.clone(),
            is_proven: Mutex::new(false),
        })
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.reading.id
    }

    /// Names of the tables, in the order of `docs/formats.md`.
    pub fn tables() -> impl Iterator<Item = &'static str> {
        TABLES.iter().map(|(name, _)| *name)
    }

    /// Columns of a table; the same for every run, however it was written.
    pub fn schema(table: &str) -> Result<SchemaRef> {
        Ok(arrow_schema(fields(table)?))
    }

    /// Columns of a table of this run: those of every run, and behind them the ones that it carries.
    pub fn columns(&self, table: &str) -> Result<SchemaRef> {
        Ok(arrow_schema(&self.fields(table)?))
    }

    fn fields(&self, table: &str) -> Result<Vec<Field>> {
        let carried = carried_by(table, &self.manifest);
        Ok(with_carried(fields(table)?, &carried))
    }

    /// The rows of a table in the order of its parts, only the named columns decoded, every value checked. Before the first rows of a run
    /// every table of it is added up.
    ///
    /// Errors: exit 7 when a table does not add up to the manifest, or a part cannot be read or is not what the writer writes.
    pub fn batches<'r>(&'r self, table: &str, columns: &[&'r str]) -> Result<Batches<'r>> {
        self.prove()?;
        let whole = self.columns(table)?;
        let wanted = columns.iter().map(|name| {
            let field = whole.field_with_name(name).cloned();
            field.map_err(|_| Error::Usage(format!("table {table} has no column {name:?}")))
        });
        Ok(Batches {
            run: self,
            schema: Arc::new(Schema::new(wanted.collect::<Result<Vec<_>>>()?)),
            fields: self.fields(table)?,
            parts: self.manifest.parts(table).into_iter(),
            columns: columns.to_vec(),
            open: None,
        })
    }

    /// Once, whoever comes first; the others wait.
    fn prove(&self) -> Result<()> {
        let is_proven = self.is_proven.lock();
        let mut is_proven = is_proven.unwrap_or_else(PoisonError::into_inner);
        if !*is_proven {
            let counts = &self.manifest.counts;
            self.add_up::<Elements>(Some(counts.elements))?;
            self.add_up::<ShipmentsTable>(Some(counts.shipments))?;
            self.add_up::<Corridors>(Some(counts.corridors))?;
            self.add_up::<CorridorSections>(Some(counts.sections))?;
            self.add_up::<Factors>(None)?;
            self.count_rejected()?;
            *is_proven = true;
        }
        Ok(())
    }

    fn add_up<T: PublishedTable>(&self, rows: Option<u64>) -> Result<()>
    where
        Sums: for<'b> crate::published::row::Row<'b, T>,
    {
        let mut read = |_| self.interrupt.check();
        totals::<T>(&self.reading.dir, &self.manifest, rows, &mut read).map(drop)
    }

    fn count_rejected(&self) -> Result<()> {
        let column = vec![RejectedTable::FIELDS[0].name];
        let dir = &self.reading.dir;
        let mut batches = batches::Batches::<RejectedTable>::of_run(dir, &self.manifest, column);
        let (mut found, wanted) = (0, self.manifest.counts.rejected);
        while let Some(rows) = batches.next_as(|batch| Ok(batch.count()))? {
            found += rows as u64;
            self.interrupt.check()?;
        }
        if found == wanted {
            return Ok(());
        }
        let dir = dir.display();
        Err(Error::Verification(format!(
            "{dir}: rejected: {found} rows, the manifest says {wanted}"
        )))
    }
}

fn arrow_schema(fields: &[Field]) -> SchemaRef {
    let field = |f: &Field| {
        let kind = f.kind.arrow_type(Encodings::Default);
        arrow::datatypes::Field::new(f.name, kind, f.nullable)
    };
    Arc::new(Schema::new(fields.iter().map(field).collect::<Vec<_>>()))
}

fn fields(table: &str) -> Result<&'static [Field]> {
    let found = TABLES.iter().find(|(name, _)| *name == table);
    let found = found.map(|(_, fields)| *fields);
    found.ok_or_else(|| {
        let known: Vec<&str> = PublishedRun::tables().collect();
        Error::Usage(format!(
            "table {table:?}, expected one of {}",
            known.join(", ")
        ))
    })
}

/// The rows of a table, see [`PublishedRun::batches`].
pub struct Batches<'r> {
    run: &'r PublishedRun,
    schema: SchemaRef,
    fields: Vec<Field>,
    parts: std::vec::IntoIter<&'r str>,
    columns: Vec<&'r str>,
    open: Option<(&'r str, Checked)>,
}

impl Iterator for Batches<'_> {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Result<RecordBatch>> {
        self.read().transpose()
    }
}

impl Batches<'_> {
    fn read(&mut self) -> Result<Option<RecordBatch>> {
        self.run.interrupt.check()?;
        let dir = &self.run.reading.dir;
        loop {
            if let Some((part, reader)) = &mut self.open
                && let Some(batch) = reader.next()
            {
                let batch = batch.and_then(|batch| Ok(in_order(&batch, &self.schema)?));
                return batch.map(Some).map_err(|e| fault(&dir.join(*part), &e));
            }
            let Some(part) = self.parts.next() else {
                return Ok(None);
            };
            let file = open_part(dir, part)?;
            let reader = checked(file, &self.fields, &self.columns);
            self.open = Some((part, reader.map_err(|e| fault(&dir.join(part), &e))?));
        }
    }
}

/// The columns in the order and with the widths of `schema`: sums of a plainly encoded run have fewer digits.
fn in_order(
    batch: &RecordBatch,
    schema: &SchemaRef,
) -> std::result::Result<RecordBatch, ArrowError> {
    let column = |field: &FieldRef| {
        let array = batch.column(batch.schema().index_of(field.name())?);
        Ok(match (array.data_type(), field.data_type()) {
            (DataType::Decimal128(_, scale), DataType::Decimal128(precision, wanted))
                if scale == wanted =>
            {
                let figures = array.as_primitive::<Decimal128Type>().clone();
                Arc::new(figures.with_precision_and_scale(*precision, *scale)?) as ArrayRef
            }
            _ => array.clone(),
        })
    };
    let columns = schema.fields().iter().map(column);
    let columns = columns.collect::<std::result::Result<Vec<_>, ArrowError>>()?;
    let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(schema.clone(), columns, &rows)
}

//! A table of a published run, batch by batch over its parts, so that no caller holds a table or repeats the loop.
//!
//! What the rows mean is the caller's; a fault of any kind names the part.

use crate::error::Result;
use crate::output::columns::PublishedTable;
use crate::output::schema::Field;
use crate::published::carried::{Values, with_carried};
use crate::published::columns::{Checked, checked, fault};
use crate::published::row::{Batch, Row};
use crate::store::manifest::Manifest;
use crate::store::path::open_part;
use arrow::array::RecordBatch;
use std::marker::PhantomData;
use std::path::Path;
use std::sync::Arc;

/// The batches of a table in order of its parts.
pub(crate) struct Batches<'d, T> {
    dir: &'d Path,
    parts: std::vec::IntoIter<String>,
    columns: Vec<&'static str>,
    fields: Vec<Field>,
    open: Option<(String, Checked)>,
    table: PhantomData<T>,
}

impl<'d, T: PublishedTable> Batches<'d, T> {
    /// Nothing read yet; `parts` are the table's files below `dir`, in order, of which only `columns` will be decoded.
    pub(crate) fn new(
        dir: &'d Path,
        parts: Vec<String>,
        columns: Vec<&'static str>,
    ) -> Batches<'d, T> {
        Batches {
            dir,
            parts: parts.into_iter(),
            columns,
            fields: T::FIELDS.to_vec(),
            open: None,
            table: PhantomData,
        }
    }

    /// The same with these carried columns.
    pub(crate) fn carrying(mut self, carried: &[&'static str]) -> Batches<'d, T> {
        self.columns.extend(carried);
        self.fields = with_carried(&self.fields, carried);
        self
    }

    /// Those of the table of a run.
    pub(crate) fn of_run(
        dir: &'d Path,
        manifest: &Manifest,
        columns: Vec<&'static str>,
    ) -> Batches<'d, T> {
        let parts = manifest.parts(T::NAME).into_iter().map(str::to_owned);
        Batches::new(dir, parts.collect(), columns)
    }

    /// What `read` makes of the next batch; `None` after the last.
    ///
    /// Errors: exit 7 when a part cannot be opened or decoded, or `read` finds a fault in it.
    pub(crate) fn next_as<V>(
        &mut self,
        read: impl FnOnce(Batch<'_, T>) -> parquet::errors::Result<V>,
    ) -> Result<Option<V>> {
        loop {
            if let Some((part, reader)) = &mut self.open
                && let Some(batch) = reader.next()
            {
                let value = batch.and_then(|batch| read(Batch::new(&batch)));
                return value.map(Some).map_err(|e| fault(&self.dir.join(part), &e));
            }
            let Some(part) = self.parts.next() else {
                return Ok(None);
            };
            let path = self.dir.join(&part);
            let file = open_part(self.dir, &part)?;
            let reader =
                checked(file, &self.fields, &self.columns).map_err(|e| fault(&path, &e))?;
            self.open = Some((part, reader));
        }
    }

    /// The next batch as it is, with the part that it is of; `None` after the last.
    pub(crate) fn next_kept(&mut self) -> Result<Option<Kept<T>>> {
        let batch = self.next_as(|batch| Ok(batch.kept()))?;
        let part = || self.open.as_ref().map(|(part, _)| self.dir.join(part));
        Ok(batch.map(|batch| Kept {
            part: part().unwrap_or_default().into(),
            batch,
            table: PhantomData,
        }))
    }

    /// Its rows one after the other; a batch of them is held.
    pub(crate) fn into_rows<R: for<'b> Row<'b, T>>(self) -> Rows<'d, T, R> {
        Rows {
            batches: self,
            waiting: Vec::new().into_iter(),
        }
    }
}

/// A batch of the table `T` that outlives its reading.
#[derive(Clone)]
pub(crate) struct Kept<T> {
    part: Arc<Path>,
    batch: RecordBatch,
    table: PhantomData<T>,
}

impl<T> Kept<T> {
    /// Number of rows.
    pub(crate) fn count(&self) -> usize {
        self.batch.num_rows()
    }

    /// The rows themselves.
    pub(crate) fn batch(&self) -> &RecordBatch {
        &self.batch
    }

    /// `count` rows from the row `from` on.
    pub(crate) fn slice(&self, from: usize, count: usize) -> Kept<T> {
        Kept {
            part: self.part.clone(),
            batch: self.batch.slice(from, count),
            table: PhantomData,
        }
    }

    /// Carried columns that it was read with; a fault names the part.
    pub(crate) fn carried(&self, columns: &[&'static str]) -> Result<Values<'_>> {
        Values::of(&self.batch, columns).map_err(|e| fault(&self.part, &e))
    }

    /// Its rows in order; a fault names the part.
    pub(crate) fn rows<'k, R: Row<'k, T>>(
        &'k self,
    ) -> Result<impl Iterator<Item = Result<R>> + use<'k, T, R>> {
        let named = |e: &parquet::errors::ParquetError| fault(&self.part, e);
        let row = R::reader(&self.batch).map_err(|e| named(&e))?;
        Ok((0..self.count()).map(move |at| row(at).map_err(|e| named(&e))))
    }
}

/// The rows of a table in order.
pub(crate) struct Rows<'d, T, R> {
    batches: Batches<'d, T>,
    waiting: std::vec::IntoIter<R>,
}

impl<'d, T: PublishedTable, R: for<'b> Row<'b, T>> Rows<'d, T, R> {
    /// Those of the table of a run.
    pub(crate) fn of_run(dir: &'d Path, manifest: &Manifest) -> Rows<'d, T, R> {
        Batches::of_run(dir, manifest, R::columns()).into_rows()
    }

    /// Rows that are there already.
    #[cfg(test)]
    pub(crate) fn of(rows: Vec<R>) -> Rows<'static, T, R> {
        Rows {
            waiting: rows.into_iter(),
            batches: Batches::new(Path::new(""), Vec::new(), R::columns()),
        }
    }
}

impl<T: PublishedTable, R: for<'b> Row<'b, T>> Iterator for Rows<'_, T, R> {
    type Item = Result<R>;

    fn next(&mut self) -> Option<Result<R>> {
        loop {
            if let Some(row) = self.waiting.next() {
                return Some(Ok(row));
            }
            let rows = self
                .batches
                .next_as(|batch| batch.rows()?.collect::<parquet::errors::Result<Vec<R>>>());
            match rows.transpose()? {
                Ok(rows) => self.waiting = rows.into_iter(),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

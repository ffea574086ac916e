//! A table of a published run, batch by batch over its parts, so that no caller holds a table or repeats the loop.
//!
//! What the rows mean is the caller's; a fault of any kind names the part.

use crate::error::{Error, Result};
use crate::published::columns::{Columns, rows};
use crate::store::path::open_below;
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use std::fmt::Display;
use std::path::Path;

/// The batches of a table in order of its parts.
pub struct Batches<'d> {
    dir: &'d Path,
    parts: std::vec::IntoIter<String>,
    columns: Vec<&'d str>,
    open: Option<(String, ParquetRecordBatchReader)>,
}

impl<'d> Batches<'d> {
    /// Nothing read yet; `parts` are the table's files below `dir`, in order, of which only `columns` will be decoded.
    pub fn new(dir: &'d Path, parts: Vec<String>, columns: &[&'d str]) -> Batches<'d> {
        Batches {
            dir,
            parts: parts.into_iter(),
            columns: columns.to_vec(),
            open: None,
        }
    }

    /// What `read` makes of the next batch; `None` after the last.
    ///
    /// Errors: exit 7 when a part cannot be opened or decoded, or `read` finds a fault in it.
    pub fn next_as<T>(
        &mut self,
        read: impl FnOnce(&Columns) -> parquet::errors::Result<T>,
    ) -> Result<Option<T>> {
        loop {
            if let Some((part, reader)) = &mut self.open
                && let Some(batch) = reader.next()
            {
                let value = batch
                    .map_err(Into::into)
                    .and_then(|batch| read(&Columns(&batch)));
                return value.map(Some).map_err(|e| fault(self.dir, part, &e));
            }
            let Some(part) = self.parts.next() else {
                return Ok(None);
            };
            let file = open_below(self.dir, &part).map_err(|e| fault(self.dir, &part, &e))?;
            let reader = rows(file, &self.columns).map_err(|e| fault(self.dir, &part, &e))?;
            self.open = Some((part, reader));
        }
    }
}

fn fault(dir: &Path, part: &str, what: &dyn Display) -> Error {
    Error::Verification(format!("{}: {what}", dir.join(part).display()))
}

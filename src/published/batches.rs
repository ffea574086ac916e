//! A table of a published run, batch by batch over its parts, so that no caller holds a table or repeats the loop.
//!
//! What the rows mean is the caller's; a fault of any kind names the part.

use crate::error::{Error, Result};
use crate::published::columns::{Columns, Rows, fault, rows};
use crate::published::expected::{fields, table_of};
use crate::store::path::open_part;
use std::path::Path;

/// The batches of a table in order of its parts.
pub struct Batches<'d> {
    dir: &'d Path,
    parts: std::vec::IntoIter<String>,
    columns: Vec<&'d str>,
    open: Option<(String, Rows)>,
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
                let value = batch.and_then(|batch| read(&Columns(&batch)));
                return value.map(Some).map_err(|e| fault(&self.dir.join(part), &e));
            }
            let Some(part) = self.parts.next() else {
                return Ok(None);
            };
            let file = open_part(self.dir, &part)?;
            let path = self.dir.join(&part);
            let fields = fields(table_of(&part)).ok_or_else(|| {
                Error::Verification(format!(
                    "{}: is no file of a published table",
                    path.display()
                ))
            })?;
            let reader = rows(file, &fields, &self.columns).map_err(|e| fault(&path, &e))?;
            self.open = Some((part, reader));
        }
    }
}

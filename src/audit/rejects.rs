//! The rejected rows of a run, published or failed.

use crate::error::{Error, Result};
use crate::published::columns::fault;
use crate::published::rejected::{RejectedRow, rejected_rows};
use crate::store::layout::Layout;
use crate::store::path::{list_below, open_below};
use crate::store::reading::Reading;
use std::io;
use std::ops::ControlFlow;

/// Folder of the table in a run.
const REJECTED: &str = "rejected";

/// The rejected rows of a run, which stays as long as this value.
pub struct Rejects {
    /// The run.
    pub run_id: String,
    reading: Reading,
}

impl Rejects {
    /// Those of the run named, else of the last one if it failed and left some, else of the current one.
    pub fn of(layout: &Layout, run: Option<&str>) -> Result<Rejects> {
        let reading = layout.read_rejects(run)?;
        Ok(Rejects {
            run_id: reading.id.clone(),
            reading,
        })
    }

    /// Hands over every row in order of the table until `take` breaks off; a run without the table has none.
    pub fn each(&self, take: &mut dyn FnMut(RejectedRow) -> ControlFlow<()>) -> Result<()> {
        let dir = self.reading.dir.join(REJECTED);
        let storage = |e: io::Error| Error::Storage(format!("{}: cannot read: {e}", dir.display()));
        let listing = match list_below(&dir) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
            listing => listing.map_err(storage)?,
        };
        let mut names: Vec<&String> = listing
            .files
            .iter()
            .map(|(name, _)| name)
            .filter(|n| n.ends_with(".parquet"))
            .collect();
        names.sort();
        for name in names {
            if rejected_rows(open_below(&dir, name).map_err(storage)?, take)
                .map_err(|e| fault(&dir.join(name), &e))?
                .is_break()
            {
                break;
            }
        }
        Ok(())
    }
}

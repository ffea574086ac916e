//! The rejected rows of a run, published or failed.

use crate::error::{Error, Result};
use crate::published::columns::fault;
use crate::published::rejected::{RejectedRow, carried_in, rejected_rows};
use crate::store::layout::Layout;
use crate::store::path::{list_below, open_below};
use crate::store::reading::Reading;
use std::io;
use std::ops::ControlFlow;
use std::path::Path;

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

    /// Names of the columns that its rows carry.
    pub fn carried(&self) -> Result<Vec<&'static str>> {
        let dir = self.reading.dir.join(REJECTED);
        match self.parts()?.first() {
            None => Ok(Vec::new()),
            Some(name) => {
                let file = open_below(&dir, name).map_err(|e| unread(&dir, &e))?;
                carried_in(&file).map_err(|e| fault(&dir.join(name), &e))
            }
        }
    }

    /// Names of the table's files, in their order.
    fn parts(&self) -> Result<Vec<String>> {
        let dir = self.reading.dir.join(REJECTED);
        let listing = match list_below(&dir) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            listing => listing.map_err(|e| unread(&dir, &e))?,
        };
        let names = listing.files.into_iter().map(|(name, _)| name);
        let mut names: Vec<String> = names.filter(|n| n.ends_with(".parquet")).collect();
        names.sort();
        Ok(names)
    }

    /// Hands over every row in order of the table until `take` breaks off; a run without the table has none.
    pub fn each(&self, take: &mut dyn FnMut(RejectedRow) -> ControlFlow<()>) -> Result<()> {
        let dir = self.reading.dir.join(REJECTED);
        for name in self.parts()? {
            let file = open_below(&dir, &name).map_err(|e| unread(&dir, &e))?;
            if rejected_rows(file, take)
                .map_err(|e| fault(&dir.join(&name), &e))?
                .is_break()
            {
                break;
            }
        }
        Ok(())
    }
}

fn unread(dir: &Path, error: &io::Error) -> Error {
    Error::Storage(format!("{}: cannot read: {error}", dir.display()))
}

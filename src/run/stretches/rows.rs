//! Rows that somebody pushes, as a file whose units are parsed on the threads of the pool.

use super::StretchTask;
use super::receipt::{Exact, OfInput};
use crate::error::{Error, Place, Result};
use crate::input::arrow_batch::{FILE, IN_MEMORY, ROW};
use crate::input::{FileFault, FileInfo, Parsed, Reader, Unit};
use crate::model::index::index32;
use crate::run::in_memory::places::{Files, Places};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use std::collections::BTreeSet;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is known of the rows so far.
#[derive(Default)]
pub(super) struct Seen {
    /// By place of the input.
    pub inputs: Vec<OfInput>,
    /// Smallest and largest id.
    pub ids: Option<(Vec<u8>, Vec<u8>)>,
    pub unknown_columns: BTreeSet<String>,
    pub lacks_sequence: bool,
    pub warnings: Vec<String>,
    /// What stopped the reading, with its place.
    pub error: Option<Error>,
}

/// Shared by the reader and its units.
pub(super) struct Common {
    pub task: Arc<StretchTask>,
    pub stretch: usize,
    pub seen: Mutex<Seen>,
}

impl Common {
    pub(super) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the error where its place is not lost on the way.
    fn fault(&self, error: Error) -> FileFault {
        let fault = FileFault::new(IN_MEMORY, error.to_string());
        self.seen().error.get_or_insert(error);
        fault
    }

    /// Ids that belong to the stretch: from the first bound to before the second.
    fn bounds(&self) -> (&str, Option<&str>) {
        let bounds = &self.task.bounds;
        let first = (self.stretch.checked_sub(1)).map_or("", |before| &bounds[before]);
        (first, bounds.get(self.stretch).map(String::as_str))
    }
}

/// Batches as they are pushed.
pub(super) struct Pushed {
    batches: Receiver<RecordBatch>,
    common: Arc<Common>,
    files: Files,
    schema: Option<SchemaRef>,
    come: u64,
}

impl Pushed {
    pub(super) fn new(batches: Receiver<RecordBatch>, common: Arc<Common>) -> Pushed {
        let files = Files::new(&common.task.inputs);
        Pushed {
            batches,
            common,
            files,
            schema: None,
            come: 0,
        }
    }

    fn look(&mut self, batch: &RecordBatch) -> Result<Places> {
        if self.schema.as_ref() != Some(batch.schema_ref()) {
            for name in [FILE, ROW] {
                if batch.column_by_name(name).is_none() {
                    let message = format!(
                        "column {name:?} is missing: rows of a run in stretches say which input they come from, and from which of its rows"
                    );
                    return Err(Error::Input(message).at(Place::file(IN_MEMORY).column(name)));
                }
            }
            let info = self.common.task.rows.info(batch)?;
            let mut seen = self.common.seen();
            seen.unknown_columns.extend(info.unknown_columns);
            seen.lacks_sequence |= info.lacks_sequence;
            for warning in info.warnings {
                if !seen.warnings.contains(&warning) {
                    seen.warnings.push(warning);
                }
            }
            drop(seen);
            self.schema = Some(batch.schema());
        }
        Places::of(batch, &mut self.files, self.come + 1)
    }
}

impl Reader for Pushed {
    fn info(&self) -> FileInfo {
        FileInfo::default()
    }

    fn next_unit(&mut self) -> std::result::Result<Option<Box<dyn Unit>>, FileFault> {
        let Ok(batch) = self.batches.recv() else {
            return Ok(None);
        };
        let places = self.look(&batch).map_err(|e| self.common.fault(e))?;
        self.come += batch.num_rows() as u64;
        Ok(Some(Box::new(Piece {
            batch,
            places,
            common: Arc::clone(&self.common),
        })))
    }
}

struct Piece {
    batch: RecordBatch,
    places: Places,
    common: Arc<Common>,
}

impl Piece {
    /// Smallest and largest id of the rows, all of which belong to the stretch.
    fn ids(&self, parsed: &Parsed) -> Result<Option<(Vec<u8>, Vec<u8>)>> {
        let ids = &parsed.batch.shipment_id;
        let (from, to) = self.common.bounds();
        let mut ends: Option<(&[u8], &[u8])> = None;
        for row in 0..ids.len() {
            let id = ids.get(row);
            if id < from.as_bytes() || to.is_some_and(|to| id >= to.as_bytes()) {
                let file = &self.common.task.inputs[parsed.batch.file[row] as usize];
                let found = ids.str(row);
                let wanted = match to {
                    Some(to) => format!("an id from {from:?} to before {to:?}"),
                    None => format!("an id from {from:?}"),
                };
                let message = format!(
                    "{file}:{}: shipment {found:?} is not of stretch {}, wanted {wanted}: rows have to be brought together by their ids as bytes, spaces around them removed",
                    parsed.batch.row[row], self.common.stretch
                );
                let place = Place::file(file).row(parsed.batch.row[row]);
                let place = place.column("shipment_id").found(found).wanted(wanted);
                return Err(Error::Input(message).at(place));
            }
            ends = Some(match ends {
                None => (id, id),
                Some((first, last)) => (first.min(id), last.max(id)),
            });
        }
        Ok(ends.map(|(first, last)| (first.to_vec(), last.to_vec())))
    }

    fn parsed(&self) -> Result<Parsed> {
        let parsed = (self.common.task.rows).parse(&self.batch, &|row| self.places.of_row(row))?;
        let ends = self.ids(&parsed)?;
        let mut seen = self.common.seen();
        for row in 0..self.batch.num_rows() {
            let (file, row) = self.places.of_row(row);
            let (input, number) = (&mut seen.inputs[file as usize], i128::from(row));
            input.rows += 1;
            // Of numbers up to 2^64 two thirds of a 128-bit sum are reached by more rows than there are.
            input.sum = Exact(input.sum.0 + number);
            input.squares = Exact(input.squares.0.wrapping_add(number.wrapping_mul(number)));
        }
        seen.ids = match (seen.ids.take(), ends) {
            (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
            (a, b) => a.or(b),
        };
        Ok(parsed)
    }
}

impl Unit for Piece {
    fn parse(self: Box<Self>) -> std::result::Result<Vec<Parsed>, FileFault> {
        let parsed = self.parsed().map_err(|e| self.common.fault(e))?;
        Ok(vec![parsed])
    }
}

/// A count of nothing for each input.
pub(super) fn nothing(inputs: usize) -> Vec<OfInput> {
    let one = |at| OfInput {
        input: index32(at),
        ..OfInput::default()
    };
    (0..inputs).map(one).collect()
}

//! A file of pairs, each a question.

use crate::factors::Fault;
use crate::factors::fault::{DataFile, Faults};
use crate::factors::table::{layout, read};

layout! {
    /// Columns of a file of pairs.
    Cell { From = "from" must, To = "to" must }
}

/// Origin and destination of every row, as written, or all that is wrong with the file.
pub fn pairs(file: &DataFile) -> Result<Vec<(String, String)>, Vec<Fault>> {
    let mut faults = Faults::default();
    let mut list = Vec::new();
    read(file, Cell::LAYOUT, &mut faults, |row| {
        list.push((
            row.text(Cell::From).to_owned(),
            row.text(Cell::To).to_owned(),
        ))
    });
    if faults.has_error() {
        return Err(faults.list);
    }
    Ok(list)
}

//! Validity intervals of one key: overlaps within an edition, gaps between editions of a source.

use super::factor::{EmissionFactor, Section};
use super::fault::Faults;
use super::library::{Library, LibraryRow};
use crate::model::index::index32;
use crate::model::mode::{Per, Temperature};
use crate::model::time::{Day, date_text};

/// What may have one value at a time. Transport and hub rows: whatever `per`; energy rows: by `per`.
type Key = (
    u32,
    bool,
    Option<u16>,
    u32,
    u32,
    u32,
    Temperature,
    Option<Per>,
);

fn key(row: &LibraryRow, source: u32) -> Key {
    let f = &row.factor;
    let energy = f.section == Section::Energy;
    (
        source,
        energy,
        f.operation,
        row.energy_carrier,
        row.region,
        row.carrier,
        f.temperature,
        energy.then_some(f.per),
    )
}

/// Rows by key, then start; file order where both are equal.
fn sorted<'r>(
    rows: impl Iterator<Item = &'r LibraryRow>,
    source: impl Fn(&EmissionFactor) -> u32,
) -> Vec<(Key, Day, &'r EmissionFactor)> {
    let mut list: Vec<_> = rows
        .map(|r| (key(r, source(&r.factor)), r.factor.valid_from, &r.factor))
        .collect();
    list.sort_by_key(|a| (a.0, a.1));
    list
}

/// Walks each key in order of time with the row so far that lasts longest.
fn neighbours<'r>(
    list: &[(Key, Day, &'r EmissionFactor)],
    mut each: impl FnMut(&'r EmissionFactor, &'r EmissionFactor),
) {
    let mut longest: Option<(Key, &EmissionFactor)> = None;
    for &(key, _, row) in list {
        if let Some((last_key, last)) = longest
            && last_key == key
        {
            each(last, row);
            if last.valid_to >= row.valid_to {
                continue;
            }
        }
        longest = Some((key, row));
    }
}

/// Two rows of one edition that are valid on the same day for one key: an error, since nothing could decide between them.
pub(super) fn overlaps(library: &Library, faults: &mut Faults) {
    let list = sorted(library.rows.iter(), |f| f.source);
    neighbours(&list, |earlier, row| {
        if row.valid_from < earlier.valid_to {
            let wanted = format!(
                "overlaps in time with {}:{} for the same key",
                earlier.file, earlier.line
            );
            faults.error(
                &row.file,
                row.line,
                "valid_from",
                &date_text(row.valid_from),
                wanted,
            );
        }
    });
}

/// Days without a value between two rows of one source, whatever the edition: a warning.
pub(super) fn gaps<'r>(
    library: &'r Library,
    rows: impl Iterator<Item = &'r LibraryRow>,
    faults: &mut Faults,
) {
    // Editions of one source share its name; the first of them stands for all.
    let name = |f: &EmissionFactor| {
        let own = &library.sources[f.source as usize].source;
        let first = library.sources.iter().position(|s| s.source == *own);
        first.map_or(0, index32)
    };
    let list = sorted(rows, name);
    neighbours(&list, |earlier, row| {
        if row.valid_from > earlier.valid_to {
            let wanted = format!(
                "leaves a gap from {} on, where {}:{} ends",
                date_text(earlier.valid_to),
                earlier.file,
                earlier.line
            );
            faults.warning(
                &row.file,
                row.line,
                "valid_from",
                &date_text(row.valid_from),
                wanted,
            );
        }
    });
}

//! The `rejected` table: every row that did not become part of a figure, and why (docs/formats.md, Rejections).
//!
//! The caller gives rejections in order of (file, row). May be null: column (the whole record is meant), value (nothing was
//! found), shipment_id and movement_id (could not be read).

use super::columns::{Long, Optional, Required, Text, published_table};
use super::encode::Bound;
use super::table::{ChunkWriter, Table, carried, codes, each_run, numbers, repeating, text};
use crate::model::reject::{RejectReason, Rejected};

/// Rows per row group.
const GROUP_ROWS: usize = 65_536;

/// Writes the table from chunks in order of (file, row).
pub(crate) type RejectedWriter<W, F> = ChunkWriter<Vec<Rejected>, W, F>;

/// The table.
pub(crate) static REJECTED: Table<Vec<Rejected>> = Table {
    columns: COLUMNS,
    carried: Some(|c, g, names, at| {
        carried(c, g, at, |rows, r, take| {
            let codes = rows[r].iter().map(|row| row.carried);
            each_run(codes, |code, count| take(names.symbols.text(code), count));
        })
    }),
    sorted_by: &["file", "row"],
    group_rows: GROUP_ROWS,
    rows_per_shipment: |chunk| vec![1; chunk.len()],
    row_name: |rows, row, names| {
        let rejected = &rows[row];
        format!("{}:{}", names.files[rejected.file as usize], rejected.row)
    },
};

published_table! {
    /// The table as a type.
    RejectedTable = "rejected", columns of rejected, written as COLUMNS: Vec<Rejected>;
    file: Required<Text>, 1, |c, g, names| {
        let value = |code: u32| text(&names.files[code as usize]);
        codes(c, g, value, |rows, r, out| {
            out.extend(rows[r].iter().map(|row| row.file))
        })
    };
    row: Required<Long>, 1, |c, g, _| {
        numbers(c, g, |rows, r, out: &mut Vec<i64>| {
            out.extend(rows[r].iter().map(|row| row.row as i64))
        })
    };
    code: Required<Text>, 1, |c, g, _| {
        let value = |code: u32| Bound::Text(RejectReason::LIST[code as usize - 1].0.code().into());
        codes(c, g, value, |rows, r, out| {
            out.extend(rows[r].iter().map(|row| row.reject.reason as u32))
        })
    };
    column: Optional<Text>, 1, |c, g, _| {
        repeating(c, g, |rows, row| rows[row].reject.column.as_bytes())
    };
    value: Optional<Text>, 1, |c, g, _| {
        repeating(c, g, |rows, row| rows[row].reject.value.as_bytes())
    };
    wanted: Required<Text>, 1, |c, g, _| {
        repeating(c, g, |rows, row| rows[row].reject.wanted.as_bytes())
    };
    shipment_id: Optional<Text>, 1, |c, g, _| {
        repeating(c, g, |rows, row| rows[row].shipment_id.as_bytes())
    };
    movement_id: Optional<Text>, 1, |c, g, _| {
        repeating(c, g, |rows, row| rows[row].movement_id.as_bytes())
    };
}

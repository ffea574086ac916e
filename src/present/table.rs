//! A plain table for a terminal: columns as wide as their widest cell, numbers to the right.

use std::fmt::Write;

/// A table under construction.
pub struct Table {
    heads: Vec<String>,
    right: Vec<bool>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns; a head that begins with `>` is set to the right.
    pub fn new(heads: &[impl AsRef<str>]) -> Table {
        let heads = heads.iter().map(AsRef::as_ref);
        Table {
            right: heads.clone().map(|h| h.starts_with('>')).collect(),
            heads: heads
                .map(|h| h.trim_start_matches('>').to_owned())
                .collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row, one cell per column.
    pub fn row(&mut self, cells: Vec<String>) {
        debug_assert_eq!(cells.len(), self.heads.len());
        self.rows.push(cells);
    }

    /// The table, indented by two spaces.
    pub fn text(&self) -> String {
        let width = |c: usize| {
            let cells = self.rows.iter().map(|r| r[c].chars().count());
            cells
                .chain([self.heads[c].chars().count()])
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.heads.len()).map(width).collect();
        let mut out = String::new();
        for cells in std::iter::once(&self.heads).chain(&self.rows) {
            let mut line = String::from(" ");
            for (c, cell) in cells.iter().enumerate() {
                let pad = " ".repeat(widths[c].saturating_sub(cell.chars().count()));
                let _ = if self.right[c] {
                    write!(line, " {pad}{cell} ")
                } else {
                    write!(line, " {cell}{pad} ")
                };
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::unit::grouped;

    #[test]
    fn numbers_stand_to_the_right() {
        let mut table = Table::new(&["corridor", ">kg"]);
        table.row(vec!["a".into(), grouped("-1234567.25")]);
        table.row(vec!["rail-sea".into(), grouped("12")]);
        assert_eq!(
            table.text(),
            "  corridor             kg\n  a         -1 234 567.25\n  rail-sea             12\n"
        );
    }
}

//! Rows of texts in the three forms that `factors` prints: a table for a terminal, CSV, JSON.

use super::text::plain;
use crate::cli::args::TableFormat;
use green_corridor::text::Table;
use green_corridor::text::{csv_cell, visible_json};

/// A list to be printed.
pub(super) struct Listing {
    /// Names of the columns; one that begins with `>` is set to the right in a table.
    pub columns: &'static [&'static str],
    /// How many of them, from the left, the table for a terminal has room for.
    pub in_table: usize,
    /// One cell for each column; empty: absent.
    pub rows: Vec<Vec<String>>,
}

impl Listing {
    /// The list in one of its forms.
    pub(super) fn text(&self, format: TableFormat) -> String {
        match format {
            TableFormat::Table => self.table(),
            TableFormat::Csv => self.csv(),
            TableFormat::Json => visible_json(&self.json()).into_owned(),
        }
    }

    fn table(&self) -> String {
        let mut table = Table::new(&self.columns[..self.in_table]);
        for row in &self.rows {
            table.row(
                row[..self.in_table]
                    .iter()
                    .map(|cell| plain(cell))
                    .collect(),
            );
        }
        table.text()
    }

    fn csv(&self) -> String {
        let line = |cells: &[String]| {
            cells
                .iter()
                .map(|c| csv_cell(c))
                .collect::<Vec<_>>()
                .join(",")
                + "\n"
        };
        let heads: Vec<String> = self.columns.iter().map(|c| head(c).to_owned()).collect();
        std::iter::once(&heads)
            .chain(&self.rows)
            .map(|row| line(row))
            .collect()
    }

    /// An array of objects, one a line; decimals are texts, so that no reader rounds them, and what is absent is null.
    fn json(&self) -> String {
        let value = |cell: &str| {
            if cell.is_empty() {
                serde_json::Value::Null
            } else {
                cell.into()
            }
        };
        let object = |row: &Vec<String>| {
            let pairs: Vec<String> = self
                .columns
                .iter()
                .zip(row)
                .map(|(c, cell)| format!("\"{}\":{}", head(c), value(cell)))
                .collect();
            format!("{{{}}}", pairs.join(","))
        };
        let objects: Vec<String> = self.rows.iter().map(object).collect();
        if objects.is_empty() {
            "[]\n".to_owned()
        } else {
            format!("[\n{}\n]\n", objects.join(",\n"))
        }
    }
}

fn head(column: &str) -> &str {
    column.trim_start_matches('>')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_is_null_in_json() {
        let row = ["one/1:a\"b", "1.500000000", ""]
            .map(str::to_owned)
            .to_vec();
        let listing = |rows| Listing {
            columns: &["id", ">operation_g", "carrier"],
            in_table: 2,
            rows,
        };
        let value: serde_json::Value = serde_json::from_str(&listing(vec![row]).json()).unwrap();
        let first = &value[0];
        assert_eq!(
            (first["id"].as_str(), first["operation_g"].as_str()),
            (Some("one/1:a\"b"), Some("1.500000000"))
        );
        assert!(first["carrier"].is_null() && first.as_object().unwrap().len() == 3);
        assert_eq!(listing(vec![]).json(), "[]\n");
    }
}

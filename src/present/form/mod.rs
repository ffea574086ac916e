//! A report on a run as data, and its two forms: one self-contained HTML page (`html`) and one XLSX workbook (`xlsx`).
//!
//! Invariant: nothing here makes a figure. Cells and labels are decimals as text, exactly as published or as exact sums and
//! once-rounded ratios of published figures; whole numbers are used for the lengths of bars only. Text is made inert where
//! it is written.

mod charts;
mod html;
mod pack;
mod xlsx;

pub use html::page;
pub(crate) use html::{still_page, still_page_with_contents};
pub use xlsx::workbook;

use serde::Serialize;

/// What stands on the page and in the workbook.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Title.
    pub title: String,
    /// Line below the title.
    pub subtitle: String,
    /// Run id.
    pub run_id: String,
    /// The figures that a reader looks for first.
    pub tiles: Vec<Tile>,
    /// Sections of the page, in order.
    pub sections: Vec<Section>,
    /// Sheets of the workbook, in order.
    pub workbook: Vec<Table>,
    /// Shipments that the page can search.
    pub shipments: ShipmentList,
    /// Calculation sheets on the page.
    pub sheets: Sheets,
    /// What page and workbook say of themselves.
    pub words: PageWords,
}

/// What a page and a workbook say of themselves, in the language of the report. `{name}`, `{columns}`, `{most}`, `{rows}` are filled in.
#[derive(Clone, Copy, Debug)]
pub struct PageWords {
    /// Code of the language.
    pub lang: &'static str,
    /// Name of the list of sections.
    pub contents: &'static str,
    /// Link over the head.
    pub skip: &'static str,
    /// Instead of a table that is too wide for paper.
    pub too_wide: &'static str,
    /// Heading of a column of texts that are exact.
    pub exact: &'static str,
    /// Heading of its twin.
    pub fifteen_digits: &'static str,
    /// Note on the two.
    pub exact_note: &'static str,
    /// Note on a sheet that is full.
    pub rows_cut: &'static str,
}

impl Default for PageWords {
    fn default() -> PageWords {
        PageWords {
            lang: "en",
            contents: "Sections",
            skip: "To the totals",
            too_wide: "{name}: {columns} columns do not fit on paper; see the page or the workbook.",
            exact: "{name}, exact",
            fifteen_digits: "{name}, 15 digits",
            exact_note: "Exact figures of more than 15 digits are texts, with a number rounded to 15 digits beside them.",
            rows_cut: "Only the first {most} of {rows} rows: a sheet holds no more; the Parquet table has them all.",
        }
    }
}

/// A key figure.
#[derive(Clone, Debug)]
pub struct Tile {
    /// What it is.
    pub name: &'static str,
    /// Decimal as text.
    pub value: String,
    /// Unit.
    pub unit: &'static str,
    /// What belongs to it: parts, basis.
    pub note: String,
}

/// A section of the page.
#[derive(Clone, Debug)]
pub struct Section {
    /// Anchor.
    pub id: &'static str,
    /// Heading.
    pub title: &'static str,
    /// What stands in it.
    pub parts: Vec<Part>,
}

/// A part of a section.
#[derive(Clone, Debug)]
pub enum Part {
    /// A paragraph.
    Text(String),
    /// A list of sentences.
    List(Vec<String>),
    /// A table.
    Table(Table),
    /// Bars.
    Bars(Bars),
    /// Lines over months.
    Lines(Lines),
    /// The search for a shipment.
    Search,
    /// Something to open, e.g. a corridor.
    Details {
        /// What it is.
        summary: String,
        /// Its figure, a decimal as text.
        value: String,
        /// Unit of the figure.
        unit: &'static str,
        /// Whether it stands open at first.
        is_open: bool,
        /// What it holds.
        parts: Vec<Part>,
    },
}

/// How the cells of a column are set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cells {
    /// Words, from anywhere.
    Text,
    /// Decimals or whole numbers, made by this program; empty: none.
    Number,
}

/// A column.
#[derive(Clone, Copy, Debug)]
pub struct Head {
    /// Heading with unit.
    pub name: &'static str,
    /// Its cells.
    pub cells: Cells,
}

/// A table.
#[derive(Clone, Debug)]
pub struct Table {
    /// Name of the sheet in the workbook, at most 31 characters; caption on the page.
    pub name: &'static str,
    /// What a reader should know about it.
    pub note: String,
    /// Columns.
    pub heads: Vec<Head>,
    /// Rows, one text per column.
    pub rows: Vec<Vec<String>>,
    /// Closing row with the sums.
    pub total: Option<Vec<String>>,
}

impl Table {
    /// An empty table; a heading that begins with `>` is a column of numbers.
    pub fn new(name: &'static str, heads: &[&'static str]) -> Table {
        let head = |name: &&'static str| match name.strip_prefix('>') {
            Some(name) => Head {
                name,
                cells: Cells::Number,
            },
            None => Head {
                name,
                cells: Cells::Text,
            },
        };
        Table {
            name,
            note: String::new(),
            heads: heads.iter().map(head).collect(),
            rows: Vec::new(),
            total: None,
        }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let cells: Vec<String> = cells.into_iter().collect();
        debug_assert_eq!(cells.len(), self.heads.len(), "{}", self.name);
        self.rows.push(cells);
    }

    /// Adds the closing row.
    pub fn sum(&mut self, cells: impl IntoIterator<Item = String>) {
        let cells: Vec<String> = cells.into_iter().collect();
        debug_assert_eq!(cells.len(), self.heads.len(), "{}", self.name);
        self.total = Some(cells);
    }
}

/// Form of a bar chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BarsForm {
    /// Bars side by side, each made of parts.
    Stacked,
    /// Each bar begins where the one before it ended.
    Waterfall,
    /// Sections of a way, one after the other.
    Strip,
}

/// A bar chart.
#[derive(Clone, Debug)]
pub struct Bars {
    /// Title.
    pub title: String,
    /// Unit of the values.
    pub unit: &'static str,
    /// Form.
    pub form: BarsForm,
    /// Bars in order.
    pub rows: Vec<Bar>,
    /// What each colour stands for: class and word.
    pub key: Vec<(&'static str, &'static str)>,
    /// What a reader should know about it.
    pub note: String,
}

/// One bar.
#[derive(Clone, Debug, Default)]
pub struct Bar {
    /// What it is.
    pub label: String,
    /// Second line below the label.
    pub detail: String,
    /// Decimal as text.
    pub value: String,
    /// Where the bar begins, in the unit of `parts`.
    pub from: i128,
    /// Lengths with the class of their colour.
    pub parts: Vec<(&'static str, i128)>,
    /// Shipment that the bar opens, by its place in the list of shipments.
    pub opens: Option<usize>,
}

/// Lines over months.
#[derive(Clone, Debug)]
pub struct Lines {
    /// Title.
    pub title: String,
    /// Unit of the values.
    pub unit: &'static str,
    /// Months, ascending.
    pub months: Vec<String>,
    /// Lines.
    pub series: Vec<Series>,
    /// What a reader should know about it.
    pub note: String,
}

/// One line.
#[derive(Clone, Debug)]
pub struct Series {
    /// Name.
    pub name: String,
    /// Value per month in the unit of the last decimal, for the place of the point.
    pub points: Vec<Option<i128>>,
    /// The same as text.
    pub values: Vec<String>,
}

/// Columns of shipments: texts, or numbers into a list of texts where they repeat.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ShipmentList {
    /// Shipments of the run; more than stand here in a very large run.
    pub all: u64,
    /// Through bill of lading numbers, in order of the total, largest first.
    pub id: Vec<String>,
    /// Columns of texts that repeat.
    pub words: Vec<Words>,
    /// Columns of decimals.
    pub figures: Vec<Figures>,
}

/// A column of texts that repeat.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Words {
    /// Heading.
    pub name: &'static str,
    /// Whether it is searched, and shown with a single shipment, but has no column.
    pub is_aside: bool,
    /// Distinct texts.
    pub list: Vec<String>,
    /// For each shipment, which of them.
    pub at: Vec<u32>,
}

/// A column of decimals.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Figures {
    /// Heading.
    pub name: &'static str,
    /// Unit.
    pub unit: &'static str,
    /// Decimals as text; empty: none.
    pub value: Vec<String>,
}

/// Calculation sheets; factors that many of them share stand once.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Sheets {
    /// Factor sheets.
    pub factors: Vec<serde_json::Value>,
    /// Sheets by shipment id; the `factor` of an element is a number into `factors`.
    pub sheets: std::collections::BTreeMap<String, serde_json::Value>,
}

//! The index beside the folders of slices: which value has which folder and what it comes to, and that they and the rest make the run.

use super::{ByOrder, Written};
use crate::error::{Error, Result};
use crate::escape::csv_cell;
use crate::model::element::GhgTotals;
use crate::model::unit::{NANO_SCALE, decimal_text};
use crate::published::cut::{Cut, Size};
use crate::published::slice::Slice;
use crate::store::manifest::Manifest;
use serde::Serialize;

/// What is written.
#[derive(Serialize)]
pub(super) struct Index {
    run_id: String,
    /// The column.
    by: String,
    /// What the run was narrowed down to before.
    #[serde(skip_serializing_if = "String::is_empty")]
    slice: String,
    values: Vec<Line>,
    /// All values together.
    sum: Amounts,
    /// Shipments of the run that are in none of the slices.
    rest: Amounts,
    /// The run: sum and rest.
    whole: Amounts,
}

#[derive(Serialize)]
struct Line {
    value: String,
    folder: String,
    #[serde(flatten)]
    amounts: Amounts,
}

#[derive(Serialize)]
struct Amounts {
    shipments: u64,
    elements: u64,
    transport_activity_tkm: String,
    ghg_operation_kg: String,
    ghg_provision_kg: String,
    ghg_total_kg: String,
}

impl Amounts {
    fn of(size: &Size) -> Amounts {
        let GhgTotals {
            activity,
            operation,
            provision,
        } = size.totals;
        let nano = |figure: i128| decimal_text(figure, NANO_SCALE);
        Amounts {
            shipments: size.shipments,
            elements: size.elements,
            transport_activity_tkm: nano(activity),
            ghg_operation_kg: nano(operation),
            ghg_provision_kg: nano(provision),
            ghg_total_kg: nano(size.totals.total()),
        }
    }

    fn cells(&self) -> [String; 6] {
        [
            self.shipments.to_string(),
            self.elements.to_string(),
            self.transport_activity_tkm.clone(),
            self.ghg_operation_kg.clone(),
            self.ghg_provision_kg.clone(),
            self.ghg_total_kg.clone(),
        ]
    }
}

impl Index {
    /// Without a value yet.
    pub(super) fn new(manifest: &Manifest, order: &ByOrder, slice: &Slice, cut: &Cut) -> Index {
        let mut sum = Size::default();
        cut.values().iter().for_each(|(_, size)| sum.add(size));
        Index {
            run_id: manifest.run_id.clone(),
            by: order.column.clone(),
            slice: slice.text(),
            values: Vec::new(),
            sum: Amounts::of(&sum),
            rest: Amounts::of(cut.rest()),
            whole: Amounts::of(cut.whole()),
        }
    }

    /// Adds a slice that is there.
    pub(super) fn add(&mut self, written: &Written) {
        self.values.push(Line {
            value: written.value.clone(),
            folder: written.folder.clone(),
            amounts: Amounts::of(&written.size),
        });
    }

    /// kg CO2e of all slices.
    pub(super) fn total(&self) -> String {
        self.sum.ghg_total_kg.clone()
    }

    /// kg CO2e of the run.
    pub(super) fn whole(&self) -> String {
        self.whole.ghg_total_kg.clone()
    }

    /// Name and content of its two forms: exact for machines, and for a spreadsheet.
    pub(super) fn files(&self) -> Result<[(&'static str, Vec<u8>); 2]> {
        let json = serde_json::to_vec_pretty(self);
        let mut json = json.map_err(|e| Error::Internal(format!("cannot write JSON: {e}")))?;
        json.push(b'\n');
        let mut csv = String::from(
            "value,folder,shipments,elements,transport_activity_tkm,ghg_operation_kg,ghg_provision_kg,ghg_total_kg\n",
        );
        let mut line = |value: &str, folder: &str, amounts: &Amounts| {
            let cells = [csv_cell(value), csv_cell(folder)];
            let cells: Vec<String> = cells.into_iter().chain(amounts.cells()).collect();
            csv += &(cells.join(",") + "\n");
        };
        for row in &self.values {
            line(&row.value, &row.folder, &row.amounts);
        }
        Ok([("index.csv", csv.into_bytes()), ("index.json", json)])
    }
}

//! Restatement: why the figures of this run differ from those of an earlier one, as `diff` has found.
//!
//! Reads the corridor tables that `diff` left beside the runs; nothing is compared here.

use crate::calc::restate::Effects;
use crate::error::{Error, Result};
use crate::model::element::GhgTotals;
use crate::present::form::{Bar, Bars, BarsForm, Part, Section, Table as Sheet};
use crate::present::report::Made;
use crate::present::report::figures::{month, nano, number};
use crate::published::sums::{Row, differences};
use crate::store::layout::Layout;
use std::path::Path;

/// Figures of the corridor table, in order; the effects follow.
const BEFORE_AFTER: [&str; 4] = ["ghg_before_kg", "ghg_after_kg", "difference_kg", "moved"];

/// One part per comparison whose later run is this one; `None`: there is none.
pub(crate) fn section(layout: &Layout, run_id: &str, whole: &GhgTotals) -> Result<Option<Made>> {
    let mut parts = Vec::new();
    let mut sheet: Option<Sheet> = None;
    for (earlier, folder) in layout.differences_to(run_id)? {
        let rows = rows(&folder)?;
        let sums: Vec<i128> = (0..BEFORE_AFTER.len() + Effects::COUNT)
            .map(|at| rows.iter().map(|row| number(row, at)).sum())
            .collect();
        if sums[1] != whole.total() || sums[0] + sums[4..].iter().sum::<i128>() != sums[1] {
            let what = format!(
                "{}: does not lead to {} kg CO2e of run {run_id}",
                folder.display(),
                nano(whole.total())
            );
            return Err(Error::Verification(format!(
                "{what}; make the comparison again with diff, or remove it"
            )));
        }
        let table = table(&earlier, &rows);
        parts.push(Part::Bars(chart(&earlier, &sums)));
        parts.push(Part::Details {
            summary: format!("Corridors since run {earlier}"),
            value: String::new(),
            unit: "",
            is_open: false,
            parts: vec![Part::Table(Sheet {
                name: "Restatement by corridor",
                ..table.clone()
            })],
        });
        match &mut sheet {
            Some(sheet) => sheet.rows.extend(table.rows),
            None => sheet = Some(table),
        }
    }
    let made = |sheet| Made {
        section: Section {
            id: "restatement",
            title: "Restatement",
            parts,
        },
        sheets: vec![sheet],
    };
    Ok(sheet.map(made))
}

fn rows(folder: &Path) -> Result<Vec<Row>> {
    let figures: Vec<&'static str> = BEFORE_AFTER.into_iter().chain(Effects::NAMES).collect();
    differences(
        folder,
        "corridors.parquet",
        &["corridor_id", "period", "load_status"],
        &figures,
    )
}

fn table(earlier: &str, rows: &[Row]) -> Sheet {
    let heads = [
        "since run",
        "corridor",
        "month",
        "load status",
        ">before kg CO2e",
        ">after kg CO2e",
        ">difference",
        ">moved between corridors",
        ">records new",
        ">records removed",
        ">records corrected",
        ">activity",
        ">factor choice",
        ">factor value",
        ">method",
        ">completeness",
    ];
    let mut table = Sheet::new("Restatement", &heads);
    for row in rows {
        let keys = [
            earlier.to_owned(),
            row.keys[0].clone(),
            month(&row.keys[1]),
            row.keys[2].clone(),
        ];
        table.row(
            keys.into_iter()
                .chain((0..row.figures.len()).map(|at| nano(number(row, at)))),
        );
    }
    table.note = "Before, moved and the effects add up to after, exactly.".to_owned();
    table
}

/// From the earlier total over the effects to the later one.
fn chart(earlier: &str, sums: &[i128]) -> Bars {
    let bar = |label: &str, class: &'static str, from: i128, amount: i128, value: i128| Bar {
        label: label.to_owned(),
        value: nano(value),
        // A decrease is drawn from where it ends.
        from: from.min(from + amount),
        parts: vec![(class, amount.abs())],
        ..Bar::default()
    };
    let mut rows = vec![bar("before", "default", 0, sums[0], sums[0])];
    let mut from = sums[0];
    for (name, effect) in Effects::NAMES
        .into_iter()
        .zip(&sums[BEFORE_AFTER.len()..])
        .filter(|(_, effect)| **effect != 0)
    {
        let class = if *effect < 0 { "decrease" } else { "increase" };
        rows.push(bar(&name.replace('_', " "), class, from, *effect, *effect));
        from += effect;
    }
    rows.push(bar("after: this run", "default", 0, sums[1], sums[1]));
    Bars {
        title: format!("Since run {earlier}"),
        unit: "kg CO2e",
        form: BarsForm::Waterfall,
        rows,
        key: vec![("increase", "more"), ("decrease", "less")],
        note:
            "Causes replaced one after the other in this order; the parts add up to the difference."
                .to_owned(),
    }
}

//! Restatement: why the figures of this run differ from those of an earlier one, as `diff` has found.
//!
//! Reads the corridor tables that `diff` left beside the runs; nothing is compared here.

use crate::calc::restate::Effects;
use crate::error::{Error, Result};
use crate::model::element::GhgTotals;
use crate::model::time::Day;
use crate::output::columns::PublishedTable;
use crate::output::differences::{ChangedCorridors, changed_corridor};
use crate::present::form::{Bar, Bars, BarsForm, Part, Section, Table as Sheet};
use crate::present::report::Made;
use crate::present::report::figures::{month, nano};
use crate::published::batches::Batches;
use crate::published::row::{Row, row};
use crate::store::layout::Layout;
use std::path::Path;

row! {
    /// A corridor of a comparison.
    struct Change of changed_corridor {
        corridor_id: String,
        period: Option<Day>,
        load_status: String,
        before from ghg_before_kg: i128,
        after from ghg_after_kg: i128,
        difference from difference_kg: i128,
        moved: i128,
        records_new: i128,
        records_removed: i128,
        records_corrected: i128,
        activity: i128,
        factor_choice: i128,
        factor_value: i128,
        method: i128,
        completeness: i128,
    }
}

impl Change {
    fn effects(&self) -> Effects {
        Effects([
            self.records_new,
            self.records_removed,
            self.records_corrected,
            self.activity,
            self.factor_choice,
            self.factor_value,
            self.method,
            self.completeness,
        ])
    }
}

/// What a comparison leads from and to.
#[derive(Default)]
struct Whole {
    before: i128,
    after: i128,
    effects: Effects,
}

/// One part per comparison whose later run is this one; `None`: there is none.
pub(crate) fn section(layout: &Layout, run_id: &str, whole: &GhgTotals) -> Result<Option<Made>> {
    let mut parts = Vec::new();
    let mut sheet: Option<Sheet> = None;
    for (earlier, folder) in layout.differences_to(run_id)? {
        let rows = rows(&folder)?;
        let mut sums = Whole::default();
        for row in &rows {
            sums.before += row.before;
            sums.after += row.after;
            sums.effects.add(&row.effects());
        }
        if sums.after != whole.total() || sums.before + sums.effects.total() != sums.after {
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

fn rows(folder: &Path) -> Result<Vec<Change>> {
    let parts = vec![format!("{}.parquet", ChangedCorridors::NAME)];
    Batches::<ChangedCorridors>::new(folder, parts, Change::columns())
        .into_rows()
        .collect()
}

fn table(earlier: &str, rows: &[Change]) -> Sheet {
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
            row.corridor_id.clone(),
            row.period.map_or(String::new(), month),
            row.load_status.clone(),
        ];
        let figures = [row.before, row.after, row.difference, row.moved].into_iter();
        table.row(
            keys.into_iter()
                .chain(figures.chain(row.effects().0).map(nano)),
        );
    }
    table.note = "Before, moved and the effects add up to after, exactly.".to_owned();
    table
}

/// From the earlier total over the effects to the later one.
fn chart(earlier: &str, sums: &Whole) -> Bars {
    let bar = |label: &str, class: &'static str, from: i128, amount: i128, value: i128| Bar {
        label: label.to_owned(),
        value: nano(value),
        // A decrease is drawn from where it ends.
        from: from.min(from + amount),
        parts: vec![(class, amount.abs())],
        ..Bar::default()
    };
    let mut rows = vec![bar("before", "default", 0, sums.before, sums.before)];
    let mut from = sums.before;
    for (name, effect) in Effects::NAMES
        .into_iter()
        .zip(sums.effects.0)
        .filter(|(_, effect)| *effect != 0)
    {
        let class = if effect < 0 { "decrease" } else { "increase" };
        rows.push(bar(&name.replace('_', " "), class, from, effect, effect));
        from += effect;
    }
    rows.push(bar("after: this run", "default", 0, sums.after, sums.after));
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

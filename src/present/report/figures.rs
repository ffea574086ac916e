//! Sums of groups as cells: exact decimals, and the ratios of a row, each rounded once.

use crate::error::{Error, Result};
use crate::model::element::GhgTotals;
use crate::model::unit::{NANO_SCALE, SHARE_SCALE, decimal_text};
use crate::output::ratio::{intensity_g_per_tkm, ratio};
use crate::present::form::Table as Sheet;
use crate::published::sums::{Row, Run, Table};

/// Columns that the cells of [`Group::cells`] stand in.
pub(crate) const HEADS: [&str; 6] = [
    ">t.km",
    ">operation kg CO2e",
    ">provision kg CO2e",
    ">total kg CO2e",
    ">% of total",
    ">g CO2e/t.km",
];

/// One group with its sums.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub keys: Vec<String>,
    pub count: i128,
    pub totals: GhgTotals,
}

impl Group {
    /// Activity, operation, provision, total, part of the whole, intensity.
    pub fn cells(&self, whole: &GhgTotals) -> [String; 6] {
        cells(&self.totals, whole)
    }
}

/// The sums of a table by `keys`; what is counted are elements, movements of sections, shipments of corridors.
pub(crate) fn groups(run: &Run, table: Table, keys: &[&str]) -> Result<Vec<Group>> {
    let count = match table {
        Table::Corridors => "shipments",
        Table::Sections => "movements",
        Table::Elements
        | Table::Factors
        | Table::Rejected
        | Table::Shipments
        | Table::Largest
        | Table::Drawn => "rows",
    };
    let rows = run.by(
        table,
        keys,
        &[
            count,
            "transport_activity_tkm",
            "ghg_operation_kg",
            "ghg_provision_kg",
        ],
    )?;
    Ok(rows
        .into_iter()
        .map(|row| Group {
            totals: totals(&row, 1),
            count: number(&row, 0),
            keys: row.keys,
        })
        .collect())
}

/// A figure of a row; an absent one is 0.
pub(crate) fn number(row: &Row, at: usize) -> i128 {
    row.figures[at].unwrap_or(0)
}

/// Activity, operation and provision that begin at a figure of a row.
pub(crate) fn totals(row: &Row, at: usize) -> GhgTotals {
    GhgTotals {
        activity: number(row, at),
        operation: number(row, at + 1),
        provision: number(row, at + 2),
    }
}

pub(crate) fn cells(totals: &GhgTotals, whole: &GhgTotals) -> [String; 6] {
    [
        nano(totals.activity),
        nano(totals.operation),
        nano(totals.provision),
        nano(totals.total()),
        percent(totals.total(), whole.total()),
        intensity(totals),
    ]
}

/// A table of groups with the closing row; that the groups make the whole is checked.
pub(crate) fn group_table(
    name: &'static str,
    keys: &[&'static str],
    count: &'static str,
    groups: &[Group],
    whole: &GhgTotals,
) -> Result<Sheet> {
    let heads: Vec<&'static str> = keys.iter().copied().chain([count]).chain(HEADS).collect();
    let mut sheet = Sheet::new(name, &heads);
    let (mut sum, mut counted) = (GhgTotals::default(), 0);
    for group in groups {
        sum.add(&group.totals);
        counted += group.count;
        sheet.row(
            group
                .keys
                .iter()
                .cloned()
                .chain([group.count.to_string()])
                .chain(group.cells(whole)),
        );
    }
    if sum != *whole {
        let (sum, whole) = (nano(sum.total()), nano(whole.total()));
        return Err(Error::Verification(format!(
            "{name}: the rows make {sum} kg CO2e, the run {whole}; verify the run"
        )));
    }
    let total = keys.iter().enumerate().map(|(at, _)| {
        if at == 0 {
            "total".to_owned()
        } else {
            String::new()
        }
    });
    sheet.sum(
        total
            .chain([counted.to_string()])
            .chain(cells(whole, whole)),
    );
    Ok(sheet)
}

/// kg CO2e or t.km, as published.
pub(crate) fn nano(value: i128) -> String {
    decimal_text(value, NANO_SCALE)
}

/// Percent with two decimals, half to even; empty: of nothing.
pub(crate) fn percent(part: i128, whole: i128) -> String {
    ratio(part, 4, whole).map_or(String::new(), |hundredths| decimal_text(hundredths, 2))
}

/// g CO2e per t.km; empty: nothing moved.
pub(crate) fn intensity(totals: &GhgTotals) -> String {
    intensity_g_per_tkm(totals).map_or(String::new(), |v| decimal_text(v, SHARE_SCALE))
}

/// A code word for people.
pub(crate) fn word(code: &str) -> String {
    code.replace('_', " ")
}

/// `2025-03` of `2025-03-01`.
pub(crate) fn month(period: &str) -> String {
    period.get(..7).unwrap_or(period).to_owned()
}

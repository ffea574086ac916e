//! Sums of groups as cells: exact decimals, and the ratios of a row, each rounded once.

use crate::error::{Error, Result};
use crate::model::element::GhgTotals;
use crate::model::time::{Day, date_text};
use crate::model::unit::{NANO_SCALE, SHARE_SCALE, decimal_text};
use crate::output::ratio::{intensity_g_per_tkm, ratio};
use crate::present::form::Table as Sheet;
use crate::published::sums::Group;

/// Columns that [`cells`] stand in.
pub(crate) const HEADS: [&str; 6] = [
    ">t.km",
    ">operation kg CO2e",
    ">provision kg CO2e",
    ">total kg CO2e",
    ">% of total",
    ">g CO2e/t.km",
];

/// Activity, operation, provision, total, part of the whole, intensity.
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

/// A table of groups with the closing row; that the groups make the whole is checked. `cells` are those of a key.
pub(crate) fn group_table<K, const N: usize>(
    name: &'static str,
    keys: [&'static str; N],
    count: &'static str,
    groups: &[Group<K>],
    whole: &GhgTotals,
    cells_of: impl Fn(&K) -> [String; N],
) -> Result<Sheet> {
    let heads: Vec<&'static str> = keys.into_iter().chain([count]).chain(HEADS).collect();
    let mut sheet = Sheet::new(name, &heads);
    let (mut sum, mut counted) = (GhgTotals::default(), 0);
    for Group { key, sums } in groups {
        sum.add(&sums.totals);
        counted += sums.count;
        let keys = cells_of(key).into_iter();
        sheet.row(
            keys.chain([sums.count.to_string()])
                .chain(cells(&sums.totals, whole)),
        );
    }
    if sum != *whole {
        let (sum, whole) = (nano(sum.total()), nano(whole.total()));
        return Err(Error::Verification(format!(
            "{name}: the rows make {sum} kg CO2e, the run {whole}; verify the run"
        )));
    }
    let total = ["total".to_owned()].into_iter();
    let total = total.chain(std::iter::repeat_n(String::new(), N - 1));
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

/// `2025-03` of the first day of March.
pub(crate) fn month(period: Day) -> String {
    let mut text = date_text(period);
    text.truncate(7);
    text
}

/// `yes` or `no`.
pub(crate) fn yes(is: bool) -> String {
    if is { "yes" } else { "no" }.to_owned()
}

/// Largest total first, of equal ones the lower key.
pub(crate) fn largest_first<K: Ord>(groups: &mut [Group<K>]) {
    groups.sort_by(|a, b| {
        let total = |g: &Group<K>| g.sums.totals.total();
        total(b).cmp(&total(a)).then_with(|| a.key.cmp(&b.key))
    });
}

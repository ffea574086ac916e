//! The factors that a run used, as rows of the `factors` table.

use crate::factors::EmissionFactor;
use crate::model::element::{FactorUse, GhgTotals, Rollup};
use crate::model::time::date_text;
use crate::output::factors::FactorRow;
use crate::reference::Reference;
use crate::run::tables::totals_text;
use crate::store::manifest::Totals;
use std::collections::BTreeMap;

/// One row per factor used, by full id.
pub(crate) fn rows(reference: &Reference, rollup: &Rollup) -> Vec<FactorRow> {
    let set = &reference.factors;
    let mut rows: Vec<FactorRow> = rollup
        .factors
        .iter()
        .map(|(&index, used)| row(reference, &set.factors[index as usize], *used))
        .collect();
    rows.sort_unstable_by(|a, b| a.factor_id.cmp(&b.factor_id));
    rows
}

/// Sums by the GWP set behind the emissions.
pub(crate) fn by_gwp_set(reference: &Reference, rollup: &Rollup) -> BTreeMap<String, Totals> {
    let mut sums: BTreeMap<&str, GhgTotals> = BTreeMap::new();
    for (&index, used) in &rollup.factors {
        let set = reference.factors.factors[index as usize].emissions_gwp_set();
        sums.entry(set.code()).or_default().add(&used.totals);
    }
    let text = |(set, totals): (&str, GhgTotals)| (set.to_owned(), totals_text(&totals));
    sums.into_iter().map(text).collect()
}

/// One line for each factor that stood in for days before it becomes valid (Q29), by full id.
pub(crate) fn before_first(reference: &Reference, rollup: &Rollup) -> Vec<String> {
    let used = rollup.factors.iter().filter(|(_, u)| u.before_first > 0);
    let mut lines: Vec<String> = used
        .map(|(&index, used)| {
            let f = &reference.factors.factors[index as usize];
            before_first_line(f, used.before_first, used.rows)
        })
        .collect();
    lines.sort_unstable();
    lines
}

/// Such a line.
pub(crate) fn before_first_line(f: &EmissionFactor, before: u64, rows: u64) -> String {
    format!("{}: {before} of {rows}{}", f.id, before_first_day(f))
}

/// How such a line ends.
pub(crate) fn before_first_day(f: &EmissionFactor) -> String {
    format!(
        " rows are of days before it becomes valid on {} (Q29)",
        date_text(f.valid_from)
    )
}

fn row(reference: &Reference, f: &EmissionFactor, used: FactorUse) -> FactorRow {
    let set = &reference.factors;
    let source = &set.sources[f.source as usize];
    let composed = f.composed.as_ref();
    FactorRow {
        factor_id: f.id.to_string(),
        table: f.section.file_name().trim_end_matches(".csv").to_owned(),
        operation: f.operation.map_or(String::new(), |o| {
            set.operations[o as usize].code.to_string()
        }),
        energy_carrier: f.energy_carrier.to_string(),
        region: f.region.to_string(),
        carrier: f.carrier.to_string(),
        temperature: f.temperature.code().to_owned(),
        per: f.per.code().to_owned(),
        energy_unit: composed.map_or(String::new(), |c| c.unit.code().to_owned()),
        energy_factor_id: composed.map_or(String::new(), |c| {
            set.factors[c.energy as usize].id.to_string()
        }),
        distance_basis: f.distance_basis.code().to_owned(),
        data_category: f.data_category.code().to_owned(),
        gwp_set: f.gwp_set.code().to_owned(),
        energy_gwp_set: composed.map_or(String::new(), |c| c.energy_gwp_set.code().to_owned()),
        licence: f.licence.to_string(),
        source_ref: f.source_ref.to_string(),
        basis_note: f.basis_note.to_string(),
        note: f.note.to_string(),
        source: source.source.to_string(),
        edition: source.edition.to_string(),
        source_title: source.title.to_string(),
        source_publisher: source.publisher.to_string(),
        source_url: source.url.to_string(),
        intensity_operation: f.intensity.operation,
        intensity_provision: f.intensity.provision,
        intensity_biogenic: f.intensity.biogenic,
        energy_quantity: composed.map(|c| c.quantity),
        load_factor: f.load_factor,
        empty_share: f.empty_share,
        valid_from: f.valid_from,
        valid_to: f.valid_to,
        used,
    }
}

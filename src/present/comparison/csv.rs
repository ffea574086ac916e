//! Options as CSV, one row each; under a scenario with what each chain was before it, and the chains that it drove out.

use crate::escape::csv_cell;
use crate::model::mode::Mode;
use crate::present::comparison::cost::RangeSheet;
use crate::present::comparison::sheet::{OptionSheet, ScenarioRow, Sheet};

/// Columns before those of the modes, and behind them.
const BEFORE: &str = "from,to,option,pareto,pareto_with_cost,modes,places,services,distance_km,days,has_estimated_time,\
    elements_without_timetable,cost,currency,cost_covers_elements,carbon_cost,carbon_currency,cost_with_carbon,ghg_is_complete,\
    ghg_operation_kg,ghg_provision_kg,ghg_total_kg,ghg_kg_per_teu";
const BEHIND: &str = "quality_flags,cost_low,cost_high,cost_range_currency,cost_basis,cost_range_covers_elements,cost_low_with_carbon,\
    cost_high_with_carbon,cost_from,cost_to,cost_sources,handling_low,handling_high,handling_currency,ready,departs,arrives,arrival_is_estimate,\
    arrival_is_earliest,error";
/// Further columns under a scenario. The columns before them are those after its changes.
const SCENARIO: &str = "open_before,open_after,days_before,ghg_is_complete_before,ghg_operation_kg_before,\
    ghg_provision_kg_before,ghg_total_kg_before,ghg_change_percent";

/// The header line; `has_scenario`: with the columns of a scenario.
pub(crate) fn header(has_scenario: bool) -> String {
    let modes: Vec<String> = Mode::ALL
        .iter()
        .map(|m| format!("ghg_{}_kg", m.code()))
        .collect();
    let more = if has_scenario {
        format!(",{SCENARIO}")
    } else {
        String::new()
    };
    format!("{BEFORE},{},{BEHIND}{more}\n", modes.join(","))
}

/// The rows of an answer.
pub(crate) fn rows(sheet: &Sheet) -> String {
    let Some(scenario) = &sheet.scenario else {
        return sheet
            .options
            .iter()
            .map(|option| line(&option_cells(sheet, option)))
            .collect();
    };
    let row = |row: &ScenarioRow| {
        let option = row
            .option
            .as_ref()
            .and_then(|id| sheet.options.iter().find(|o| o.id == *id));
        let mut cells = option.map_or_else(
            || chain_cells(sheet, row),
            |option| option_cells(sheet, option),
        );
        cells.extend(scenario_cells(row));
        line(&cells)
    };
    scenario.rows.iter().map(row).collect()
}

/// The row of a pair without an answer, under a scenario or not.
pub(crate) fn no_answer(from: &str, to: &str, why: &str, has_scenario: bool) -> String {
    let commas = |columns: &str| columns.matches(',').count();
    let behind = commas(&header(has_scenario)) - commas(&header(false));
    format!(
        "{},{}{},{}{}\n",
        csv_cell(from),
        csv_cell(to),
        ",".repeat(commas(&header(false)) - 2),
        csv_cell(why),
        ",".repeat(behind)
    )
}

fn option_cells(sheet: &Sheet, option: &OptionSheet) -> Vec<String> {
    let told = |value: Option<bool>| value.map_or("", yes_no).to_owned();
    let transport = option.elements.iter().filter(|e| e.kind == "transport");
    let services: Vec<&str> = transport
        .map(|e| {
            if e.service.is_empty() {
                "(none)"
            } else {
                e.service.as_str()
            }
        })
        .collect();
    let carbon_currency = option
        .carbon_cost
        .as_ref()
        .and(sheet.request.currency.clone());
    let mut cells = vec![
        sheet.request.from.clone(),
        sheet.request.to.clone(),
        option.id.clone(),
        told(option.pareto),
        told(option.pareto_with_cost),
        option.modes.clone(),
        option.places.join(">"),
        services.join(">"),
        option.distance_km.to_string(),
        known(&option.days),
        yes_no(option.has_estimated_time).to_owned(),
        option.elements_without_timetable.to_string(),
        known(&option.cost),
        known(&option.currency),
        option.cost_covers_elements.clone(),
        known(&option.carbon_cost),
        known(&carbon_currency),
        known(&option.cost_with_carbon),
        yes_no(option.ghg_is_complete).to_owned(),
        option.ghg_operation_kg.to_string(),
        option.ghg_provision_kg.to_string(),
        option.ghg_total_kg.to_string(),
        known(&option.ghg_kg_per_teu),
    ];
    cells.extend(Mode::ALL.iter().map(|m| {
        let kg = option.ghg_by_mode_kg.get(m.code());
        kg.map_or(String::new(), ToString::to_string)
    }));
    cells.push(option.quality_flags.clone());
    cells.extend(range_cells(option));
    cells.extend([
        option.ready.clone(),
        known(&option.departs.day),
        known(&option.arrives.day),
        yes_no(option.arrives.is_estimate).to_owned(),
        yes_no(option.arrives.is_earliest).to_owned(),
    ]);
    cells.push(String::new());
    cells
}

/// The cost as a range with its basis, dates and sources, and the handling apart.
fn range_cells(option: &OptionSheet) -> Vec<String> {
    let cost = &option.cost_range;
    let ends = |range: &Option<RangeSheet>| match range {
        Some(range) => [range.low.to_string(), range.high.to_string()],
        None => Default::default(),
    };
    let currency = |range: &Option<RangeSheet>| known(&range.as_ref().map(|r| &r.currency));
    let prices = || option.elements.iter().filter_map(|e| e.price.as_ref());
    let mut sources: Vec<&str> = Vec::new();
    for price in prices().filter(|p| !p.source_ref.is_empty()) {
        if !sources.contains(&price.source_ref.as_str()) {
            sources.push(&price.source_ref);
        }
    }
    let mut cells = ends(&cost.freight.complete).to_vec();
    cells.extend([
        currency(&cost.freight.complete),
        cost.basis.unwrap_or_default().to_owned(),
        cost.freight.covers.clone(),
    ]);
    cells.extend(ends(&cost.with_carbon));
    cells.extend([
        known(&prices().filter_map(|p| p.from_day.as_ref()).min()),
        known(&prices().filter_map(|p| p.to_day.as_ref()).max()),
        sources.join("; "),
    ]);
    cells.extend(ends(&cost.handling_sums.complete));
    cells.push(currency(&cost.handling_sums.complete));
    cells
}

/// A chain that is no option any more: what is known of it after the changes.
fn chain_cells(sheet: &Sheet, row: &ScenarioRow) -> Vec<String> {
    let names = header(false);
    let cell = |name: &str| match (name, &row.after) {
        ("from", _) => sheet.request.from.clone(),
        ("to", _) => sheet.request.to.clone(),
        ("modes", _) => row.modes.clone(),
        ("places", _) => row.places.join(">"),
        ("days", Some(after)) => known(&after.days),
        ("ghg_is_complete", Some(after)) => yes_no(after.ghg_is_complete).to_owned(),
        ("ghg_operation_kg", Some(after)) => after.ghg_operation_kg.to_string(),
        ("ghg_provision_kg", Some(after)) => after.ghg_provision_kg.to_string(),
        ("ghg_total_kg", Some(after)) => after.ghg_total_kg.to_string(),
        _ => String::new(),
    };
    names.trim_end().split(',').map(cell).collect()
}

fn scenario_cells(row: &ScenarioRow) -> Vec<String> {
    let mut cells = vec![
        yes_no(row.before.is_some()).to_owned(),
        yes_no(row.after.is_some()).to_owned(),
    ];
    cells.extend(row.before.as_ref().map_or_else(
        || vec![String::new(); 5],
        |before| {
            let ghg = [
                before.ghg_operation_kg,
                before.ghg_provision_kg,
                before.ghg_total_kg,
            ]
            .map(|kg| kg.to_string());
            let complete = yes_no(before.ghg_is_complete).to_owned();
            [known(&before.days), complete]
                .into_iter()
                .chain(ghg)
                .collect()
        },
    ));
    cells.push(known(&row.change_percent));
    cells
}

fn line(cells: &[String]) -> String {
    cells
        .iter()
        .map(|c| csv_cell(c))
        .collect::<Vec<_>>()
        .join(",")
        + "\n"
}

fn known(value: &Option<impl ToString>) -> String {
    value.as_ref().map_or(String::new(), ToString::to_string)
}

fn yes_no(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_without_an_answer_has_as_many_cells_as_the_header() {
        let commas = |line: &str| line.matches(',').count();
        for has_scenario in [false, true] {
            let line = no_answer("CNCKG", "XXXXX", "unknown", has_scenario);
            assert_eq!(commas(&line), commas(&header(has_scenario)));
            let head = header(false);
            let at = head
                .trim_end()
                .split(',')
                .position(|name| name == "error")
                .unwrap();
            assert!(line.starts_with("CNCKG,XXXXX,,"));
            assert_eq!(line.trim_end().split(',').nth(at), Some("unknown"));
        }
    }
}

//! Options as CSV, one row each.

use super::sheet::{OptionSheet, Sheet};
use crate::model::mode::Mode;
use crate::output::escape::csv_cell;

/// Columns before those of the modes, and behind them.
const BEFORE: &str = "from,to,option,pareto,pareto_with_cost,modes,places,services,distance_km,days,has_estimated_time,\
    elements_without_timetable,cost,currency,cost_covers_elements,carbon_cost,carbon_currency,cost_with_carbon,ghg_is_complete,\
    ghg_operation_kg,ghg_provision_kg,ghg_total_kg,ghg_kg_per_teu";
const BEHIND: &str = "quality_flags,error";

/// The header line.
pub fn header() -> String {
    let modes: Vec<String> = Mode::ALL.iter().map(|m| format!("ghg_{}_kg", m.code())).collect();
    format!("{BEFORE},{},{BEHIND}\n", modes.join(","))
}

/// The rows of an answer.
pub fn rows(sheet: &Sheet) -> String {
    sheet.options.iter().map(|option| row(sheet, option)).collect()
}

/// The row of a pair without an answer.
pub fn no_answer(from: &str, to: &str, why: &str) -> String {
    let empty = header().matches(',').count() - 2;
    format!("{},{}{}{}\n", csv_cell(from), csv_cell(to), ",".repeat(empty), format_args!(",{}", csv_cell(why)))
}

fn row(sheet: &Sheet, option: &OptionSheet) -> String {
    let known = |value: &Option<String>| value.clone().unwrap_or_default();
    let told = |value: Option<bool>| value.map_or("", yes_no).to_owned();
    let transport = option.elements.iter().filter(|e| e.kind == "transport");
    let services: Vec<&str> = transport.map(|e| if e.service.is_empty() { "(none)" } else { e.service.as_str() }).collect();
    let carbon_currency = option.carbon_cost.as_ref().and(sheet.request.currency.clone());
    let mut cells = vec![
        sheet.request.from.clone(),
        sheet.request.to.clone(),
        option.id.clone(),
        told(option.pareto),
        told(option.pareto_with_cost),
        option.modes.clone(),
        option.places.join(">"),
        services.join(">"),
        option.distance_km.clone(),
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
        option.ghg_operation_kg.clone(),
        option.ghg_provision_kg.clone(),
        option.ghg_total_kg.clone(),
        known(&option.ghg_kg_per_teu),
    ];
    cells.extend(Mode::ALL.iter().map(|m| option.ghg_by_mode_kg.get(m.code()).cloned().unwrap_or_default()));
    cells.extend([option.quality_flags.clone(), String::new()]);
    cells.iter().map(|c| csv_cell(c)).collect::<Vec<_>>().join(",") + "\n"
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
        let line = no_answer("CNCKG", "XXXXX", "unknown");
        assert_eq!(commas(&line), commas(&header()));
        assert!(line.starts_with("CNCKG,XXXXX,,") && line.ends_with(",unknown\n"));
    }
}

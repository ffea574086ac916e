//! The answer as text for people.

use crate::cli::table::Table;
use green_corridor::quantity::grouped;
use green_corridor::routing::{
    ElementSheet, OptionSheet, RequestSheet, ScenarioSheet, Sheet, Standing, rounded,
};
use std::fmt::Write;

/// Question, options, their chains, break-evens, assumptions.
pub(super) fn text(sheet: &Sheet) -> String {
    let mut out = head(&sheet.request);
    let _ = writeln!(out, "\nin order of {}", sheet.order);
    out.push_str(&options(sheet));
    out.push_str("* on the Pareto front over CO2e and days");
    if sheet.options.iter().any(|o| o.pareto_with_cost.is_some()) {
        out.push_str("; $ on the front over CO2e, days and cost");
    }
    out.push_str("; ~ holds estimated times; ? not known\n");
    for option in &sheet.options {
        out.push_str(&chain(option));
    }
    if let Some(scenario) = &sheet.scenario {
        out.push_str(&before_and_after(scenario));
    }
    out.push_str("\nwhere the order turns round\n");
    for pair in &sheet.break_even {
        let _ = writeln!(
            out,
            "  {} - {}  {}",
            pair.first, pair.second, pair.factor_reason
        );
        let _ = writeln!(out, "         {}", pair.carbon_price_reason);
    }
    out.push_str("\nassumptions\n");
    for line in &sheet.assumptions {
        let _ = writeln!(out, "  - {line}");
    }
    for rate in &sheet.rates {
        let _ = writeln!(
            out,
            "  - 1 {} = {} {} on {} ({})",
            rate.from, rate.rate, rate.to, rate.date, rate.source_ref
        );
    }
    let editions: Vec<&str> = sheet.sources.iter().map(|s| s.edition.as_str()).collect();
    let _ = writeln!(
        out,
        "factors of {}; profile {}: {}",
        editions.join(", "),
        sheet.request.profile,
        sheet.method.title
    );
    out
}

fn head(request: &RequestSheet) -> String {
    let named = |code: &str, name: &str| {
        if name.is_empty() {
            code.to_owned()
        } else {
            format!("{code} {name}")
        }
    };
    let mut out = format!(
        "{} - {}\n",
        named(&request.from, &request.from_name),
        named(&request.to, &request.to_name)
    );
    let _ = write!(
        out,
        "{} kg in one {}, ready {}",
        grouped(&request.cargo_kg),
        request.container,
        &request.depart[..10]
    );
    if !request.temperature.is_empty() {
        let _ = write!(out, ", {}", request.temperature);
    }
    let mut condition = |name: &str, values: Vec<&str>| {
        if !values.is_empty() {
            let _ = write!(out, ", {name} {}", values.join(" "));
        }
    };
    condition("via", request.via.iter().map(String::as_str).collect());
    condition(
        "without",
        request.avoid.iter().map(String::as_str).collect(),
    );
    condition("by", request.modes.clone());
    condition(
        "days at most",
        request.max_days.iter().map(String::as_str).collect(),
    );
    out.push('\n');
    out
}

fn options(sheet: &Sheet) -> String {
    let heads = [
        ">",
        "",
        "modes",
        ">km",
        ">days",
        ">kg CO2e",
        ">operation",
        ">provision",
        ">kg/TEU",
        ">cost",
        ">priced",
        ">carbon",
        ">both",
    ];
    let mut table = Table::new(&heads);
    let carbon = sheet
        .request
        .currency
        .as_deref()
        .filter(|_| sheet.request.carbon_price.is_some());
    for option in &sheet.options {
        let known = |value: &Option<String>| value.as_deref().map_or("?".to_owned(), grouped);
        let mut marks = String::new();
        marks.push_str(if option.pareto == Some(true) { "*" } else { "" });
        marks.push_str(if option.pareto_with_cost == Some(true) {
            "$"
        } else {
            ""
        });
        // Of what is missing a zero says nothing.
        let is_known = |value: &str| {
            option.ghg_is_complete || value.bytes().any(|c| (b'1'..=b'9').contains(&c))
        };
        let figure = |value: &str, places: u32, shown: u32| match is_known(value) {
            true => grouped(&rounded(value, places, shown)),
            false => "?".to_owned(),
        };
        let partial = if option.ghg_is_complete || !is_known(&option.ghg_total_kg) {
            ""
        } else {
            ">= "
        };
        let money = |value: &Option<String>, currency: Option<&str>| match (value, currency) {
            (Some(value), Some(currency)) => format!("{} {currency}", grouped(value)),
            _ => "?".to_owned(),
        };
        table.row(vec![
            option.id.clone(),
            marks,
            option.modes.clone(),
            figure(&option.distance_km, 3, 0),
            format!(
                "{}{}",
                if option.has_estimated_time { "~" } else { "" },
                known(&option.days)
            ),
            format!("{partial}{}", figure(&option.ghg_total_kg, 9, 1)),
            figure(&option.ghg_operation_kg, 9, 1),
            figure(&option.ghg_provision_kg, 9, 1),
            option
                .ghg_kg_per_teu
                .as_deref()
                .map_or("?".to_owned(), |v| grouped(&rounded(v, 6, 1))),
            money(&option.cost, option.currency.as_deref()),
            option.cost_covers_elements.clone(),
            if carbon.is_some() {
                money(&option.carbon_cost, carbon)
            } else {
                "-".to_owned()
            },
            money(&option.cost_with_carbon, carbon),
        ]);
    }
    table.text()
}

fn before_and_after(scenario: &ScenarioSheet) -> String {
    let mut out = format!(
        "\nwhat if: {} (the options above are those after it)\n",
        scenario.title
    );
    for change in &scenario.changes {
        let _ = writeln!(out, "  - {change}");
    }
    let heads = [
        ">",
        "modes",
        "places",
        ">days before",
        ">after",
        ">kg CO2e before",
        ">after",
        ">operation",
        ">provision",
        ">change %",
    ];
    let mut table = Table::new(&heads);
    for row in &scenario.rows {
        let days = |s: &Option<Standing>| match s {
            Some(s) => s.days.clone().unwrap_or_else(|| "?".to_owned()),
            None => "closed".to_owned(),
        };
        let kg = |s: &Option<Standing>, of: fn(&Standing) -> &String| match s {
            Some(s) if s.ghg_is_complete => grouped(&rounded(of(s), 9, 1)),
            Some(_) => "?".to_owned(),
            None => "closed".to_owned(),
        };
        table.row(vec![
            row.option.clone().unwrap_or_default(),
            row.modes.clone(),
            row.places.join(" - "),
            days(&row.before),
            days(&row.after),
            kg(&row.before, |s| &s.ghg_total_kg),
            kg(&row.after, |s| &s.ghg_total_kg),
            kg(&row.after, |s| &s.ghg_operation_kg),
            kg(&row.after, |s| &s.ghg_provision_kg),
            row.change_percent.clone().unwrap_or_else(|| "?".to_owned()),
        ]);
    }
    out + &table.text()
}

fn chain(option: &OptionSheet) -> String {
    let mut out = format!(
        "\n{}  {} ({})\n",
        option.id,
        option.places.join(" - "),
        option.standing
    );
    let mut table = Table::new(&[
        "",
        "mode",
        "from",
        "to",
        ">km",
        "basis",
        ">wait h",
        ">hours",
        ">kg CO2e",
        "service and source",
    ]);
    for element in &option.elements {
        table.row(element_cells(element));
    }
    out.push_str(&table.text());
    let times = [
        ("under way", &option.moving_hours),
        ("in hubs", &option.dwell_hours),
        ("waiting", &option.waiting_hours),
    ];
    let times: Vec<String> = times
        .iter()
        .map(|(name, hours)| format!("{} h {name}", trimmed(hours)))
        .collect();
    let _ = write!(out, "  {}", times.join(", "));
    if option.elements_without_timetable > 0 {
        let _ = write!(
            out,
            "; no timetable known for {} of the elements",
            option.elements_without_timetable
        );
    }
    for cost in &option.known_costs {
        let _ = write!(out, "; {} {} known", grouped(&cost.amount), cost.currency);
    }
    out.push('\n');
    out
}

fn element_cells(element: &ElementSheet) -> Vec<String> {
    let told = |value: &Option<String>, is_estimate: bool| match value {
        Some(value) => format!("{}{}", if is_estimate { "~" } else { "" }, trimmed(value)),
        None => "?".to_owned(),
    };
    let is_hub = element.kind == "hub";
    let before = match (&element.dwell_hours, &element.waiting_hours) {
        (Some(dwell), waiting) => {
            let dwell = format!(
                "{}{}",
                if element.dwell_is_estimate { "~" } else { "" },
                trimmed(dwell)
            );
            match waiting {
                Some(wait) => format!(
                    "{dwell}+{}{}",
                    if element.waiting_is_estimate { "~" } else { "" },
                    trimmed(wait)
                ),
                None => dwell,
            }
        }
        (None, _) => "?".to_owned(),
    };
    let service = if element.service.is_empty() {
        "no service known"
    } else {
        &element.service
    };
    vec![
        String::new(),
        element.mode.to_owned(),
        element.origin.clone(),
        if is_hub {
            String::new()
        } else {
            element.destination.clone()
        },
        element
            .distance_km
            .as_deref()
            .map_or(String::new(), |d| grouped(&rounded(d, 3, 0))),
        element.distance_basis.to_owned(),
        if is_hub { String::new() } else { before },
        if is_hub {
            String::new()
        } else {
            told(&element.transit_hours, element.transit_is_estimate)
        },
        element
            .ghg_total_kg
            .as_deref()
            .map_or("?".to_owned(), |g| grouped(&rounded(g, 9, 1))),
        match &element.refused {
            Some(why) => why.clone(),
            None if is_hub => element.operation.clone(),
            None => format!("{service}; {}", element.source_ref),
        },
    ]
}

/// A decimal without the zeros behind its point.
fn trimmed(text: &str) -> &str {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        text
    }
}

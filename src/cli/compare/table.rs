//! The answer as text for people.

use green_corridor::quantity::{Decimal, grouped};
use green_corridor::routing::{
    CostSheet, ElementSheet, OptionSheet, RequestSheet, ScenarioSheet, Sheet, Standing, SumsSheet,
    amounts, shown,
};
use green_corridor::text::Table;
use std::fmt::Write;

/// Question, options, their chains, break-evens, assumptions.
pub(super) fn text(sheet: &Sheet) -> String {
    let mut out = head(&sheet.request);
    let _ = writeln!(out, "\nin order of {}", sheet.order);
    out.push_str(&options(sheet));
    out.push_str("* on the Pareto front over CO2e and days");
    if sheet.options.iter().any(|o| o.pareto_with_cost.is_some()) {
        out.push_str("; $ nothing surely beats it over CO2e, days and cost");
    }
    out.push_str("; ~ holds estimated times; ? not known\n");
    out.push_str(
        "+ or later: nobody publishes when or how often it departs; then no wait is counted\n",
    );
    if sheet
        .options
        .iter()
        .any(|o| o.cost_range.basis == Some("level"))
    {
        out.push_str(
            "level: a range of what such freight cost, no offer; priced: elements whose service has a price\n",
        );
    }
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
    let _ = write!(out, "{}, {}", request.load(), request.when());
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
    let max_days = request.max_days.map(|days| days.to_string());
    condition(
        "days at most",
        max_days.iter().map(String::as_str).collect(),
    );
    out.push('\n');
    out
}

/// The column of the day of readiness.
const READY: usize = 5;

fn options(sheet: &Sheet) -> String {
    // Where it is open when the cargo is ready, that is what an option says.
    let is_open = sheet.request.depart.is_none();
    let mut heads = vec![
        ">",
        "",
        "modes",
        ">km",
        ">days",
        "ready",
        "arrives",
        ">kg CO2e",
        ">operation",
        ">provision",
        ">kg/TEU",
        ">cost",
        ">priced",
        ">carbon",
        ">both",
    ];
    if !is_open {
        heads.remove(READY);
    }
    let mut table = Table::new(&heads);
    let carbon = sheet
        .request
        .currency
        .as_deref()
        .filter(|_| sheet.request.carbon_price.is_some());
    for option in &sheet.options {
        let mut marks = String::new();
        marks.push_str(if option.pareto == Some(true) { "*" } else { "" });
        marks.push_str(if option.pareto_with_cost == Some(true) {
            "$"
        } else {
            ""
        });
        // Of what is missing a zero says nothing.
        let figure = |value: Decimal, places: u32| match option.ghg_is_complete || !value.is_zero()
        {
            true => shown(value, places),
            false => "?".to_owned(),
        };
        let partial = if option.ghg_is_complete || option.ghg_total_kg.is_zero() {
            ""
        } else {
            ">= "
        };
        let money = |value: Option<Decimal>, currency: Option<&str>| match (value, currency) {
            (Some(value), Some(currency)) => format!("{} {currency}", whole(value)),
            _ => "?".to_owned(),
        };
        let mut cells = vec![
            option.id.clone(),
            marks,
            option.modes.clone(),
            figure(option.distance_km, 0),
            format!(
                "{}{}",
                if option.has_estimated_time { "~" } else { "" },
                option.days.map_or("?".to_owned(), whole)
            ),
            option.ready.clone(),
            option.arrives.text(),
            format!("{partial}{}", figure(option.ghg_total_kg, 1)),
            figure(option.ghg_operation_kg, 1),
            figure(option.ghg_provision_kg, 1),
            option
                .ghg_kg_per_teu
                .map_or("?".to_owned(), |kg| shown(kg, 1)),
            match option.cost {
                None => range(&option.cost_range),
                cost => money(cost, option.currency.as_deref()),
            },
            option.cost_covers_elements.clone(),
            if carbon.is_some() {
                money(option.carbon_cost, carbon)
            } else {
                "-".to_owned()
            },
            match (option.cost_with_carbon, &option.cost_range.with_carbon) {
                (None, Some(range)) => amounts(range),
                (both, _) => money(both, carbon),
            },
        ];
        if !is_open {
            cells.remove(READY);
        }
        table.row(cells);
    }
    table.text()
}

/// A cost that is a range, with the weakest basis of its parts.
fn range(cost: &CostSheet) -> String {
    match &cost.freight.complete {
        Some(range) => format!("{} {}", amounts(range), basis(cost.basis)),
        None => "?".to_owned(),
    }
}

fn basis(code: Option<&str>) -> String {
    code.unwrap_or_default().replace('_', " ")
}

/// Each price with its dates and source, the terminals behind them.
fn prices(option: &OptionSheet) -> String {
    let cost = &option.cost_range;
    let mut out = String::new();
    let has_row = option.elements.iter().any(|e| {
        let price = e.price.as_ref();
        price.is_some_and(|p| p.basis != "service")
    });
    if has_row {
        let _ = writeln!(
            out,
            "  freight, {}: {}",
            basis(cost.basis),
            sums(&cost.freight)
        );
        for element in option.elements.iter().filter(|e| e.kind != "hub") {
            let lane = format!(
                "{} {} - {}",
                element.mode, element.origin, element.destination
            );
            match &element.price {
                Some(price) => {
                    let _ = writeln!(out, "    {lane}: {}; {}", price.amounts(), price.told());
                }
                None => {
                    let _ = writeln!(out, "    {lane}: ?");
                }
            }
        }
    }
    if cost.handling.iter().any(|h| h.price.is_some()) {
        let _ = writeln!(out, "  handling, apart: {}", sums(&cost.handling_sums));
        for handling in &cost.handling {
            let terminal = format!("{} {}", handling.mode, handling.place);
            match &handling.price {
                Some(price) => {
                    let _ = writeln!(out, "    {terminal}: {}; {}", price.amounts(), price.told());
                }
                None => {
                    let _ = writeln!(out, "    {terminal}: ?");
                }
            }
        }
    }
    out
}

fn sums(sums: &SumsSheet) -> String {
    let all: Vec<String> = sums.sums.iter().map(amounts).collect();
    match sums.covers_all {
        true => all.join(" and "),
        false => format!("{} for {}", all.join(" and "), sums.covers),
    }
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
            Some(s) => told(s.days),
            None => "closed".to_owned(),
        };
        let kg = |s: &Option<Standing>, of: fn(&Standing) -> Decimal| match s {
            Some(s) if s.ghg_is_complete => shown(of(s), 1),
            Some(_) => "?".to_owned(),
            None => "closed".to_owned(),
        };
        table.row(vec![
            row.option.clone().unwrap_or_default(),
            row.modes.clone(),
            row.places.join(" - "),
            days(&row.before),
            days(&row.after),
            kg(&row.before, |s| s.ghg_total_kg),
            kg(&row.after, |s| s.ghg_total_kg),
            kg(&row.after, |s| s.ghg_operation_kg),
            kg(&row.after, |s| s.ghg_provision_kg),
            told(row.change_percent),
        ]);
    }
    out + &table.text()
}

fn chain(option: &OptionSheet) -> String {
    let mut out = format!(
        "\n{}  {} ({})\n  ready {}, departs {}, arrives {}\n",
        option.id,
        option.places.join(" - "),
        option.standing,
        option.ready,
        option.departs.text(),
        option.arrives.text()
    );
    let mut table = Table::new(&[
        "",
        "mode",
        "from",
        "to",
        ">km",
        "basis",
        "departs",
        ">wait h",
        ">hours",
        "arrives",
        ">kg CO2e",
        "service and source",
    ]);
    for element in &option.elements {
        table.row(element_cells(element));
    }
    out.push_str(&table.text());
    let times = [
        ("under way", option.moving_hours),
        ("in hubs", option.dwell_hours),
        ("waiting", option.waiting_hours),
    ];
    let times: Vec<String> = times
        .iter()
        .map(|(name, hours)| format!("{} h {name}", hours.normalize()))
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
        let _ = write!(out, "; {} {} known", whole(cost.amount), cost.currency);
    }
    out.push('\n');
    out + &prices(option)
}

fn element_cells(element: &ElementSheet) -> Vec<String> {
    let hours = |value: Decimal, is_estimate: bool| {
        format!(
            "{}{}",
            if is_estimate { "~" } else { "" },
            value.normalize()
        )
    };
    let is_hub = element.kind == "hub";
    let before = match (element.dwell_hours, element.waiting_hours) {
        (Some(dwell), waiting) => {
            let dwell = hours(dwell, element.dwell_is_estimate);
            match waiting {
                Some(wait) => format!("{dwell}+{}", hours(wait, element.waiting_is_estimate)),
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
        element.distance_km.map_or(String::new(), |km| shown(km, 0)),
        element.distance_basis.to_owned(),
        if is_hub {
            String::new()
        } else {
            element.departs.text()
        },
        if is_hub { String::new() } else { before },
        if is_hub {
            String::new()
        } else {
            let transit = element.transit_hours;
            transit.map_or("?".to_owned(), |transit| {
                hours(transit, element.transit_is_estimate)
            })
        },
        if is_hub {
            String::new()
        } else {
            element.arrives.text()
        },
        element
            .ghg_total_kg
            .map_or("?".to_owned(), |kg| shown(kg, 1)),
        match &element.refused {
            Some(why) => why.clone(),
            None if is_hub => element.operation.clone(),
            None => format!("{service}{}; {}", timetable(element), element.source_ref),
        },
    ]
}

/// `, Mon Thu, there by 2025-10-05T12:00:00Z`: when it departs and its cut-off, as far as they are known.
fn timetable(element: &ElementSheet) -> String {
    let frequency = (!element.frequency.is_empty()).then(|| element.frequency.clone());
    let cut_off = element.cut_off_at.as_ref();
    let cut_off = cut_off.map(|at| format!("cut-off {at}"));
    let known = frequency.into_iter().chain(cut_off);
    known.map(|what| format!(", {what}")).collect()
}

/// With all its decimals.
fn whole(figure: Decimal) -> String {
    grouped(&figure.to_string())
}

fn told(figure: Option<Decimal>) -> String {
    figure.map_or("?".to_owned(), |figure| figure.to_string())
}

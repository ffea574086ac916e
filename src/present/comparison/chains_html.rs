//! The chains of the options on the page: each element with its places, days, times, cost and where its figures are from.

use crate::escape::html;
use crate::present::comparison::cost::word;
use crate::present::comparison::cost_html::handling;
use crate::present::comparison::days::DaySheet;
use crate::present::comparison::html::{days, ghg, places_of, told};
use crate::present::comparison::sheet::{ElementSheet, Sheet};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Each option element by element.
pub(crate) fn chains(sheet: &Sheet, names: &BTreeMap<&str, &str>) -> String {
    let mut out = String::from("<h2>Chains</h2>\n");
    for option in &sheet.options {
        let _ = write!(
            out,
            "<details data-option=\"{0}\"><summary><b>{0}</b>{1}, {2} days, {3} kg CO2e</summary>\n<div class=\"scroll\"><table><thead><tr><th class=\"left\">mode</th>\
             <th class=\"left\">from</th><th class=\"left\">to</th><th class=\"left\">departs</th><th class=\"left\">arrives</th><th>km</th><th class=\"left\">basis</th>\
             <th>in hub h</th><th>waiting h</th><th>under way h</th><th>kg CO2e</th><th>cost</th><th class=\"left\">service, source and factor</th></tr></thead><tbody>\n",
            html(&option.id),
            places_of(&option.places, names),
            days(option),
            ghg(option)
        );
        option
            .elements
            .iter()
            .for_each(|e| out.push_str(&element_row(e)));
        let _ = writeln!(
            out,
            "</tbody></table></div>\n<p class=\"quiet\">{} h under way, {} h in hubs, {} h waiting; no timetable known for {} of the elements. Quality flags: {}.{}</p>\
             </details>",
            option.moving_hours,
            option.dwell_hours,
            option.waiting_hours,
            option.elements_without_timetable,
            if option.quality_flags.is_empty() {
                "none"
            } else {
                &option.quality_flags
            },
            handling(&option.cost_range)
        );
    }
    out
}

fn element_row(element: &ElementSheet) -> String {
    let is_hub = element.kind == "hub";
    let hours = |value: Option<Decimal>, is_estimate: bool| match value {
        _ if is_hub => String::new(),
        Some(value) => format!("{}{value}", if is_estimate { "~" } else { "" }),
        None => "not known".to_owned(),
    };
    let place = |code: &str, name: &str| {
        format!(
            "{}<br><span class=\"quiet\">{}</span>",
            html(code),
            html(name)
        )
    };
    let day = |day: &DaySheet| match is_hub {
        true => String::new(),
        false => html(&day.text()),
    };
    let cost = match (&element.cost, &element.currency) {
        _ if is_hub => String::new(),
        (Some(cost), Some(currency)) => format!("{cost} {}", html(currency)),
        _ => match &element.price {
            Some(price) => format!(
                "{}<br><small>{}</small>",
                html(&price.amounts()),
                word(price.basis)
            ),
            None => "not known".to_owned(),
        },
    };
    let price = element.price.as_ref().filter(|p| p.basis != "offer");
    let price = price.map_or(String::new(), |p| p.told());
    let service = match element.service.as_str() {
        "" if is_hub => element.operation.clone(),
        "" => format!("no service known, {}", element.operation),
        service => format!("{service}, {}", element.operation),
    };
    let frequency = match element.frequency.as_str() {
        "" if is_hub => String::new(),
        "" => "how often it departs is not known".to_owned(),
        known => format!("departs {known}"),
    };
    let cut_off = element.cut_off_at.as_ref();
    let cut_off = cut_off.map_or(String::new(), |at| format!("cut-off {at}"));
    let refused = element.refused.as_deref().unwrap_or("");
    let sources = [
        &service,
        &frequency,
        &cut_off,
        &element.source_ref,
        &element.note,
        &element.factor_id,
        price.as_str(),
        refused,
    ];
    let sources: Vec<String> = sources
        .iter()
        .filter(|s| !s.is_empty())
        .map(|s| html(s))
        .collect();
    format!(
        "<tr><td class=\"left\">{}</td><td class=\"left\">{}</td><td class=\"left\">{}</td><td class=\"left\">{}</td><td class=\"left\">{}</td><td>{}</td>\
         <td class=\"left\">{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{cost}</td><td class=\"left wrap\">{}</td></tr>\n",
        element.mode,
        place(&element.origin, &element.origin_name),
        if is_hub {
            String::new()
        } else {
            place(&element.destination, &element.destination_name)
        },
        day(&element.departs),
        day(&element.arrives),
        element
            .distance_km
            .map_or(String::new(), |km| km.to_string()),
        element.distance_basis,
        hours(element.dwell_hours, element.dwell_is_estimate),
        hours(element.waiting_hours, element.waiting_is_estimate),
        hours(element.transit_hours, element.transit_is_estimate),
        told(element.ghg_total_kg),
        sources.join("; ")
    )
}

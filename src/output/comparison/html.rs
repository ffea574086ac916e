//! The answer as one self-contained page: map, bars, scatter with the front, table, chains, break-evens, assumptions, sources.
//! No address is fetched; every text from outside is escaped. What the script does is choosing and scaling, never a figure.

use super::map::{Map, svg};
use super::scale::Axis;
use super::sheet::{ElementSheet, OptionSheet, RateSheet, Sheet, Standing, rounded};
use crate::model::unit::{NANO_SCALE, decimal_text, div_half_even, parse_decimal, short_decimal_text};
use crate::output::escape::html;
use std::fmt::Write;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
/// No request to anywhere, whatever a text says.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

/// Modes with the words of the key.
const MODES: [(&str, &str); 6] =
    [("road", "road"), ("rail", "rail"), ("sea", "sea"), ("inland_waterway", "river"), ("air", "air"), ("hub", "hub")];

/// The page.
pub fn page(sheet: &Sheet, map: &Map) -> String {
    let request = &sheet.request;
    let title = format!("{} to {}: route options", request.from, request.to);
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n",
        html(&title)
    );
    out.push_str(&head(sheet));
    out.push_str(&table(sheet));
    out.push_str("<p id=\"status\" class=\"quiet screen\" role=\"status\">No option is chosen.</p>\n");
    let drawn = svg(map, sheet);
    if !drawn.is_empty() {
        let _ = write!(out, "<h2>Map</h2>\n{}{drawn}", key(false));
        let source = if map.land_source.is_empty() { String::new() } else { format!(" Land: {}.", map.land_source) };
        let _ = writeln!(
            out,
            "<p class=\"quiet\">Latitude against longitude. Ways by land and air are straight lines between places, ways by sea the shortest over the \
             sea graph.{}</p>",
            html(&source)
        );
    }
    out.push_str(&bars(sheet));
    out.push_str(&scatter(sheet));
    out.push_str(&before_and_after(sheet));
    out.push_str(&chains(sheet));
    out.push_str(&break_evens(sheet));
    out.push_str(&ground(sheet));
    let _ = write!(out, "<script>\n{SCRIPT}</script>\n</body>\n</html>\n");
    out
}

fn head(sheet: &Sheet) -> String {
    let request = &sheet.request;
    let place = |code: &str, name: &str| if name.is_empty() { html(code) } else { format!("{} {}", html(code), html(name)) };
    let mut asked = vec![
        format!("{} kg in one {}", html(&request.cargo_kg), html(&request.container)),
        format!("ready {}", html(&request.depart[..10])),
    ];
    let lists = [("via", request.via.join(", ")), ("without", request.avoid.join(", ")), ("by", request.modes.join(", "))];
    asked.extend(lists.into_iter().filter(|(_, l)| !l.is_empty()).map(|(word, list)| format!("{word} {}", html(&list))));
    asked.extend(request.max_days.iter().map(|d| format!("within {} days", html(d))));
    asked.extend((!request.temperature.is_empty()).then(|| html(request.temperature)));
    if let (Some(price), Some(currency)) = (&request.carbon_price, &request.currency) {
        asked.push(format!("{} {} per tonne of CO2e", html(price), html(currency)));
    }
    format!(
        "<h1>{} to {}</h1>\n<p>{}</p>\n<p class=\"quiet\">In order of {}.</p>\n",
        place(&request.from, &request.from_name),
        place(&request.to, &request.to_name),
        asked.join(", "),
        html(&sheet.order)
    )
}

fn table(sheet: &Sheet) -> String {
    let has_price = sheet.request.carbon_price.is_some();
    let mut out = String::from(
        "<h2>Options</h2>\n<div class=\"scroll\"><table id=\"options\"><thead><tr><th></th><th class=\"left\">modes and places</th><th>days</th>\
         <th>kg CO2e</th><th>operation</th><th>provision</th><th>per TEU</th><th>km</th><th>cost</th><th>priced</th>",
    );
    out.push_str(if has_price { "<th>carbon</th><th>both</th>" } else { "" });
    out.push_str("</tr></thead><tbody>\n");
    for option in &sheet.options {
        let id = html(&option.id);
        let front = if option.pareto == Some(true) { " class=\"front\"" } else { "" };
        let with_cost = if option.pareto_with_cost == Some(true) { "; also on the front with cost" } else { "" };
        let money = |value: &Option<String>, currency: &Option<String>| match (value, currency) {
            (Some(value), Some(currency)) => format!("{} {}", html(value), html(currency)),
            _ => "not known".to_owned(),
        };
        let _ = write!(
            out,
            "<tr data-option=\"{id}\" data-says=\"{}\"{front}><td><button type=\"button\" class=\"pick\" value=\"{id}\" aria-pressed=\"false\" \
             aria-label=\"Choose option {id}\">{id}</button></td><td class=\"left wrap\">{}<br><span class=\"quiet\">{}<br>{}{with_cost}</span></td><td>{}</td><td>{}</td><td>{}</td>\
             <td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>",
            html(&option.standing),
            html(&option.modes),
            html(&option.places.join(" - ")),
            html(&option.standing),
            days(option),
            ghg(option),
            kilograms(&option.ghg_operation_kg),
            kilograms(&option.ghg_provision_kg),
            option.ghg_kg_per_teu.as_ref().map_or("not known".to_owned(), |v| rounded(v, 6, 1)),
            rounded(&option.distance_km, 3, 0),
            money(&option.cost, &option.currency),
            html(&option.cost_covers_elements),
        );
        if has_price {
            let currency = &sheet.request.currency;
            let _ = write!(
                out,
                "<td>{}</td><td>{}</td>",
                money(&option.carbon_cost, currency),
                money(&option.cost_with_carbon, currency)
            );
        }
        out.push_str("</tr>\n");
    }
    out.push_str(
        "</tbody></table></div>\n<p class=\"quiet\">Bold: on the Pareto front over CO2e and days. ~ holds estimated times. Priced: elements with a \
         known price.</p>\n",
    );
    out
}

fn key(with_hub: bool) -> String {
    let mut out = String::from("<ul class=\"key\">");
    for (mode, word) in MODES.iter().filter(|(mode, _)| with_hub || *mode != "hub") {
        let _ = write!(out, "<li><i class=\"mode-{mode}\"></i>{word}</li>");
    }
    out.push_str("</ul>\n");
    out
}

/// CO2e of each option by element, to one scale.
fn bars(sheet: &Sheet) -> String {
    let total = |o: &OptionSheet| parse_decimal(&o.ghg_total_kg, NANO_SCALE).unwrap_or(0);
    let most = sheet.options.iter().map(total).max().unwrap_or(0);
    let mut totals: Vec<&OptionSheet> = sheet.options.iter().collect();
    totals.sort_by_key(|o| std::cmp::Reverse(total(o)));
    let mut out = String::from("<h2>CO2e by element</h2>\n");
    out.push_str("<p class=\"screen\"><label for=\"scale\">Full width is </label><select id=\"scale\">");
    for option in totals {
        let kg = rounded(&option.ghg_total_kg, NANO_SCALE, 1);
        let _ = write!(out, "<option value=\"{}\">option {}, {kg} kg</option>", html(&option.ghg_total_kg), html(&option.id));
    }
    let _ = write!(out, "</select></p>\n{}<ul class=\"bars\">\n", key(true));
    for option in &sheet.options {
        let id = html(&option.id);
        let _ = write!(
            out,
            "<li data-option=\"{id}\" data-total=\"{}\"><button type=\"button\" class=\"pick\" value=\"{id}\" aria-pressed=\"false\" aria-label=\"Choose \
             option {id}\">{id}</button><span><span class=\"bar\" style=\"width:{}%\">",
            html(&option.ghg_total_kg),
            share(total(option), most)
        );
        for element in &option.elements {
            let kg = element.ghg_total_kg.as_deref().and_then(|g| parse_decimal(g, NANO_SCALE)).unwrap_or(0);
            let _ = write!(
                out,
                "<i class=\"mode-{}\" style=\"width:{}%\" title=\"{}\"></i>",
                element.mode,
                share(kg, total(option)),
                html(&element_title(element))
            );
        }
        let _ = writeln!(out, "</span></span><span class=\"value\">{} kg</span></li>", ghg(option));
    }
    out.push_str("</ul>\n");
    out
}

fn element_title(element: &ElementSheet) -> String {
    let kg = element.ghg_total_kg.as_deref().map_or("not known".to_owned(), |g| rounded(g, NANO_SCALE, 1));
    match element.kind {
        "hub" => format!("{} {}: {kg} kg", element.operation, element.origin),
        _ => format!("{} {} - {}: {kg} kg", element.mode, element.origin, element.destination),
    }
}

/// Part of a whole in percent with three decimals, cut.
fn share(part: i128, whole: i128) -> String {
    if whole <= 0 { "0".to_owned() } else { decimal_text(part.max(0) * 100_000 / whole, 3) }
}

const WIDTH: i64 = 760;
const HEIGHT: i64 = 420;
const LEFT: i64 = 104;
const RIGHT: i64 = 24;
const TOP: i64 = 40;
const BOTTOM: i64 = 52;

/// Days against CO2e, both axes logarithmic, the front as a dashed staircase.
fn scatter(sheet: &Sheet) -> String {
    let point = |o: &OptionSheet| {
        let hours = parse_decimal(o.hours.as_deref()?, 3)?;
        let kg = parse_decimal(&o.ghg_total_kg, NANO_SCALE).filter(|_| o.ghg_is_complete)?;
        // Days with three decimals and whole grams.
        Some((div_half_even(hours, 24), div_half_even(kg, 1_000_000)))
    };
    let points: Vec<(&OptionSheet, (i128, i128))> = sheet.options.iter().filter_map(|o| Some((o, point(o)?))).collect();
    let axis = |of: fn(&(i128, i128)) -> i128| Axis::new(&points.iter().map(|(_, p)| of(p)).collect::<Vec<_>>());
    let (Some(across), Some(up)) = (axis(|p| p.0), axis(|p| p.1)) else { return String::new() };
    let x = |days: i128| LEFT + across.at(days, WIDTH - LEFT - RIGHT);
    let y = |grams: i128| HEIGHT - BOTTOM - up.at(grams, HEIGHT - TOP - BOTTOM);
    let mut out = format!(
        "<h2>Days and CO2e</h2>\n<svg class=\"scatter\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"group\" aria-label=\"Days across, kilograms of CO2e up, both \
         on logarithmic scales\">\n<path class=\"axis\" d=\"M{LEFT} {TOP}V{}H{}\"/>\n",
        HEIGHT - BOTTOM,
        WIDTH - RIGHT
    );
    for tick in &across.ticks {
        let text = short_decimal_text(*tick, 3);
        let _ = writeln!(
            out,
            "<path class=\"axis\" d=\"M{0} {1}v6\"/><text x=\"{0}\" y=\"{2}\" text-anchor=\"middle\">{text}</text>",
            x(*tick),
            HEIGHT - BOTTOM,
            HEIGHT - BOTTOM + 22
        );
    }
    for tick in &up.ticks {
        let text = short_decimal_text(*tick, 3);
        let _ = writeln!(
            out,
            "<path class=\"axis\" d=\"M{LEFT} {0}h-6\"/><text x=\"{1}\" y=\"{2}\" text-anchor=\"end\">{text}</text>",
            y(*tick),
            LEFT - 9,
            y(*tick) + 4
        );
    }
    let _ = writeln!(
        out,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">days</text><text x=\"6\" y=\"20\">kg CO2e</text>",
        WIDTH - RIGHT,
        HEIGHT - 8
    );
    let mut front: Vec<(i128, i128)> = points.iter().filter(|(o, _)| o.pareto == Some(true)).map(|(_, p)| *p).collect();
    front.sort_unstable();
    let stairs: Vec<String> = front
        .iter()
        .enumerate()
        .map(|(i, p)| if i == 0 { format!("M{} {}", x(p.0), y(p.1)) } else { format!("H{}V{}", x(p.0), y(p.1)) })
        .collect();
    let _ = writeln!(out, "<path class=\"frontline\" d=\"{}\"/>", stairs.join(""));
    for (option, p) in &points {
        let (id, on) = (html(&option.id), if option.pareto == Some(true) { " on" } else { "" });
        let (modes, days, kg) = (html(&option.modes), days(option), ghg(option));
        let (x, y) = (x(p.0), y(p.1));
        let _ = writeln!(
            out,
            "<g class=\"dot{on}\" data-option=\"{id}\" tabindex=\"0\" role=\"button\" aria-label=\"Option {id}, {modes}: {days} days, {kg} kg\"><circle \
             cx=\"{x}\" cy=\"{y}\" r=\"8\"/><text class=\"name\" x=\"{}\" y=\"{}\">{id}</text></g>",
            x + 11,
            y - 6
        );
    }
    out.push_str("</svg>\n<p class=\"quiet\">Filled: on the front, the dashed line. Left and below is better.</p>\n");
    out
}

fn before_and_after(sheet: &Sheet) -> String {
    let Some(scenario) = &sheet.scenario else { return String::new() };
    let mut out =
        format!("<h2>What if: {}</h2>\n<p>The options above are those after these changes.</p>\n<ul>\n", html(&scenario.title));
    for change in &scenario.changes {
        let _ = writeln!(out, "<li>{}</li>", html(change));
    }
    out.push_str(
        "</ul>\n<div class=\"scroll\"><table><thead><tr><th></th><th class=\"left\">modes and places</th><th>days before</th><th>after</th><th>kg CO2e before</th>\
         <th>after</th><th>change %</th></tr></thead><tbody>\n",
    );
    for row in &scenario.rows {
        let days = |s: &Option<Standing>| match s {
            Some(s) => s.days.as_deref().map_or("not known".to_owned(), html),
            None => "closed".to_owned(),
        };
        let kg = |s: &Option<Standing>| match s {
            Some(s) if s.ghg_is_complete => kilograms(&s.ghg_total_kg),
            Some(_) => "not known".to_owned(),
            None => "closed".to_owned(),
        };
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td class=\"left\">{}<br><span class=\"quiet\">{}</span></td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            row.option.as_deref().map_or(String::new(), html),
            html(&row.modes),
            html(&row.places.join(" - ")),
            days(&row.before),
            days(&row.after),
            kg(&row.before),
            kg(&row.after),
            row.change_percent.as_deref().map_or("not known".to_owned(), html)
        );
    }
    out.push_str("</tbody></table></div>\n");
    out
}

fn chains(sheet: &Sheet) -> String {
    let mut out = String::from("<h2>Chains</h2>\n");
    for option in &sheet.options {
        let _ = write!(
            out,
            "<details data-option=\"{0}\"><summary><b>{0}</b>{1}, {2} days, {3} kg</summary>\n<div class=\"scroll\"><table><thead><tr><th class=\"left\">mode</th>\
             <th class=\"left\">from</th><th class=\"left\">to</th><th>km</th><th class=\"left\">basis</th><th>in hub h</th><th>waiting h</th><th>under way h</th><th>kg \
             CO2e</th><th>cost</th><th class=\"left\">service, source and factor</th></tr></thead><tbody>\n",
            html(&option.id),
            html(&option.places.join(" - ")),
            days(option),
            ghg(option)
        );
        option.elements.iter().for_each(|e| out.push_str(&element_row(e)));
        let _ = writeln!(
            out,
            "</tbody></table></div>\n<p class=\"quiet\">{} h under way, {} h in hubs, {} h waiting; no timetable known for {} of the elements. Quality flags: {}.</p>\
             </details>",
            option.moving_hours,
            option.dwell_hours,
            option.waiting_hours,
            option.elements_without_timetable,
            if option.quality_flags.is_empty() { "none" } else { &option.quality_flags }
        );
    }
    out
}

fn element_row(element: &ElementSheet) -> String {
    let is_hub = element.kind == "hub";
    let told = |value: &Option<String>, is_estimate: bool| match value {
        _ if is_hub => String::new(),
        Some(value) => format!("{}{}", if is_estimate { "~" } else { "" }, html(value)),
        None => "not known".to_owned(),
    };
    let place = |code: &str, name: &str| format!("{}<br><span class=\"quiet\">{}</span>", html(code), html(name));
    let cost = match (&element.cost, &element.currency) {
        _ if is_hub => String::new(),
        (Some(cost), Some(currency)) => format!("{} {}", html(cost), html(currency)),
        _ => "not known".to_owned(),
    };
    let service = match element.service.as_str() {
        "" if is_hub => element.operation.clone(),
        "" => format!("no service known, {}", element.operation),
        service => format!("{service}, {}", element.operation),
    };
    let refused = element.refused.as_deref().unwrap_or("");
    let sources = [&service, &element.source_ref, &element.note, &element.factor_id, refused];
    let sources: Vec<String> = sources.iter().filter(|s| !s.is_empty()).map(|s| html(s)).collect();
    format!(
        "<tr><td class=\"left\">{}</td><td class=\"left\">{}</td><td class=\"left\">{}</td><td>{}</td><td class=\"left\">{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>\
         <td>{cost}</td><td class=\"left wrap\">{}</td></tr>\n",
        element.mode,
        place(&element.origin, &element.origin_name),
        if is_hub { String::new() } else { place(&element.destination, &element.destination_name) },
        element.distance_km.as_deref().map_or(String::new(), html),
        element.distance_basis,
        told(&element.dwell_hours, element.dwell_is_estimate),
        told(&element.waiting_hours, element.waiting_is_estimate),
        told(&element.transit_hours, element.transit_is_estimate),
        element.ghg_total_kg.as_deref().map_or("not known".to_owned(), html),
        sources.join("; ")
    )
}

fn break_evens(sheet: &Sheet) -> String {
    let mut out = String::from(
        "<h2>Where the order turns round</h2>\n<div class=\"scroll\"><table><thead><tr><th class=\"left\">pair</th><th class=\"left\">by a factor</th><th class=\"left\">by \
         the carbon price</th></tr></thead><tbody>\n",
    );
    for pair in &sheet.break_even {
        let _ = writeln!(
            out,
            "<tr><td class=\"left\">{} - {}</td><td class=\"left wrap\">{}</td><td class=\"left wrap\">{}</td></tr>",
            html(&pair.first),
            html(&pair.second),
            html(&pair.factor_reason),
            html(&pair.carbon_price_reason)
        );
    }
    out.push_str("</tbody></table></div>\n");
    out
}

fn ground(sheet: &Sheet) -> String {
    let mut out = String::from("<h2>Assumptions</h2>\n<ul>\n");
    let rate = |r: &RateSheet| format!("1 {} = {} {} on {} ({})", r.from, r.rate, r.to, r.date, r.source_ref);
    for line in sheet.assumptions.iter().cloned().chain(sheet.rates.iter().map(rate)) {
        let _ = writeln!(out, "<li>{}</li>", html(&line));
    }
    let method = &sheet.method;
    let _ = write!(
        out,
        "<li>{}</li>\n</ul>\n<h2>Method and sources</h2>\n<p>{}, {}.</p>\n<ul>\n",
        html(&method.boundary),
        html(&method.method),
        html(&method.title)
    );
    for source in &sheet.sources {
        let _ = writeln!(
            out,
            "<li>{}: {}, {}. {}. {}</li>",
            html(&source.edition),
            html(&source.title),
            html(&source.publisher),
            html(&source.licence),
            html(&source.url)
        );
    }
    out.push_str("</ul>\n<p>Left out:</p>\n<ul>\n");
    for exclusion in &method.exclusions {
        let _ = writeln!(out, "<li>{}</li>", html(exclusion));
    }
    out.push_str("</ul>\n");
    out
}

fn days(option: &OptionSheet) -> String {
    let mark = if option.has_estimated_time { "~" } else { "" };
    option.days.as_deref().map_or("not known".to_owned(), |d| format!("{mark}{}", html(d)))
}

/// Total with one decimal; what is known of it, where a part is missing.
fn ghg(option: &OptionSheet) -> String {
    let mark = if option.ghg_is_complete { "" } else { "more than " };
    format!("{mark}{}", kilograms(&option.ghg_total_kg))
}

fn kilograms(kg: &str) -> String {
    rounded(kg, NANO_SCALE, 1)
}

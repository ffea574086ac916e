//! The answer as one self-contained page: map, bars, scatter with the front, table, chains, break-evens, assumptions, sources.
//! No address is fetched; every text from outside is escaped. What the script does is choosing and scaling, never a figure.

use crate::escape::html;
use crate::model::unit::grouped;
use crate::present::comparison::asked::RequestSheet;
use crate::present::comparison::chains_html::chains;
use crate::present::comparison::charts::{bars, scatter};
use crate::present::comparison::cost::amounts;
use crate::present::comparison::cost_html::{cheapest, cost_of, ranges};
use crate::present::comparison::figure::shown;
use crate::present::comparison::map::{Map, is_broad, svg};
use crate::present::comparison::sheet::{
    OptionSheet, RateSheet, ScenarioRow, ScenarioSheet, Sheet, Standing,
};
use crate::present::content_policy;
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::fmt::Write;

pub(crate) const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Modes with the words of the key.
const MODES: [(&str, &str); 6] = [
    ("road", "road"),
    ("rail", "rail"),
    ("sea", "sea"),
    ("inland_waterway", "river"),
    ("air", "air"),
    ("hub", "hub"),
];

/// What moves the map; nothing without the script.
const ZOOM: &str = "<p class=\"zoom screen\" hidden><button type=\"button\" value=\"in\" aria-label=\"Zoom in\">+</button> <button type=\"button\" value=\"out\" aria-label=\"Zoom out\">−</button> \
    <button type=\"button\" value=\"whole\">Whole map</button> <span class=\"quiet\" role=\"status\"></span></p>\n";

/// The page.
pub(crate) fn page(sheet: &Sheet, map: &Map) -> String {
    let names = place_names(sheet);
    let title = format!(
        "{} to {}: route options",
        name_of(&names, &sheet.request.from),
        name_of(&names, &sheet.request.to)
    );
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"{1}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{0}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n",
        html(&title),
        content_policy(SCRIPT)
    );
    out.push_str(&head(sheet, &names));
    out.push_str(&tiles(sheet, &names));
    out.push_str(&table(sheet, &names));
    out.push_str("<p id=\"status\" class=\"quiet screen\" role=\"status\">No option is chosen: choose one by its number.</p>\n");
    let pair = if is_broad(map) { "pair broad" } else { "pair" };
    let (drawing, scatter, bars) = (drawn(map, sheet, &names), scatter(sheet), bars(sheet));
    let _ = write!(
        out,
        "<div class=\"{pair}\">\n{drawing}<div class=\"charts\">\n<div>\n{scatter}</div>\n<div>\n{bars}</div>\n</div>\n</div>\n"
    );
    let ranges = ranges(sheet);
    if !ranges.is_empty() {
        let _ = write!(out, "<h2>Cost</h2>\n{ranges}");
    }
    out.push_str(&before_and_after(sheet, &names));
    out.push_str(&chains(sheet, &names));
    out.push_str(&break_evens(sheet));
    out.push_str(&ground(sheet));
    let _ = write!(out, "<script>{SCRIPT}</script>\n</body>\n</html>\n");
    out
}

/// Short names of the places called at: what stands before the bracket that names the terminal.
pub(crate) fn place_names(sheet: &Sheet) -> BTreeMap<&str, &str> {
    let elements = sheet.options.iter().flat_map(|o| &o.elements);
    let ends = elements.flat_map(|e| {
        [
            (&e.origin, &e.origin_name),
            (&e.destination, &e.destination_name),
        ]
    });
    let request = &sheet.request;
    let all = ends.chain([
        (&request.from, &request.from_name),
        (&request.to, &request.to_name),
    ]);
    all.filter(|(code, name)| !code.is_empty() && !name.is_empty())
        .map(|(code, name)| (code.as_str(), name.split(" (").next().unwrap_or(name)))
        .collect()
}

pub(crate) fn name_of<'a>(names: &BTreeMap<&str, &'a str>, code: &'a str) -> &'a str {
    names.get(code).copied().unwrap_or(code)
}

/// The places of a chain by their short names.
pub(crate) fn places_of(places: &[String], names: &BTreeMap<&str, &str>) -> String {
    places
        .iter()
        .map(|code| html(name_of(names, code)))
        .collect::<Vec<_>>()
        .join(" – ")
}

fn head(sheet: &Sheet, names: &BTreeMap<&str, &str>) -> String {
    let request = &sheet.request;
    let place = |code: &str, name: &str| {
        if name.is_empty() {
            html(code)
        } else {
            format!("{} {}", html(code), html(name))
        }
    };
    format!(
        "<header>\n<h1>{} → {}</h1>\n<p class=\"quiet\">{} to {}</p>\n{}{}</header>\n",
        html(name_of(names, &request.from)),
        html(name_of(names, &request.to)),
        place(&request.from, &request.from_name),
        place(&request.to, &request.to_name),
        asked(request),
        scenario(sheet.scenario.as_ref())
    )
}

/// What is asked, the two places left aside.
pub(crate) fn asked(request: &RequestSheet) -> String {
    let mut asked = vec![html(&request.load()), html(&request.when())];
    let lists = [
        ("via", request.via.join(", ")),
        ("without", request.avoid.join(", ")),
        ("by", request.modes.join(", ")),
    ];
    asked.extend(
        lists
            .into_iter()
            .filter(|(_, l)| !l.is_empty())
            .map(|(word, list)| format!("{word} {}", html(&list))),
    );
    asked.extend(request.max_days.iter().map(|d| format!("within {d} days")));
    asked.extend((!request.temperature.is_empty()).then(|| html(request.temperature)));
    if let (Some(price), Some(currency)) = (&request.carbon_price, &request.currency) {
        asked.push(format!("{price} {} per tonne of CO2e", html(currency)));
    }
    asked.push(format!("profile {}", html(&request.profile)));
    let asked: Vec<String> = asked
        .into_iter()
        .map(|what| format!("<li>{what}</li>"))
        .collect();
    format!("<ul class=\"asked\">{}</ul>\n", asked.concat())
}

/// Under which changes everything on the page stands.
pub(crate) fn scenario(scenario: Option<&ScenarioSheet>) -> String {
    scenario.map_or(String::new(), |scenario| {
        format!(
            "<p class=\"scenario\"><b>What if: {}.</b> All figures are those after these changes: {}.</p>\n",
            html(&scenario.title),
            html(&scenario.changes.join("; "))
        )
    })
}

/// The options that are best in one thing, first of all.
fn tiles(sheet: &Sheet, names: &BTreeMap<&str, &str>) -> String {
    let options = || sheet.options.iter();
    let least = options()
        .filter(|o| o.ghg_is_complete)
        .min_by_key(|o| o.ghg_total_kg);
    let fastest = options()
        .filter(|o| o.hours.is_some() && o.ghg_is_complete)
        .min_by_key(|o| o.hours);
    let mut out = String::from("<ul class=\"tiles\">\n");
    let mut tile = |name: &str, option: &OptionSheet, value: String| {
        let _ = writeln!(
            out,
            "<li><span>{name}: option {}</span><strong>{value}</strong><small>{}</small><small>{}</small></li>",
            html(&option.id),
            mode_words(&option.modes),
            places_of(&option.places, names)
        );
    };
    if let Some(option) = least {
        tile(
            "Least CO2e",
            option,
            format!("{} kg CO2e <em>in {} days</em>", ghg(option), days(option)),
        );
    }
    if let Some(option) = fastest {
        tile(
            "Fastest",
            option,
            format!("{} days <em>for {} kg CO2e</em>", days(option), ghg(option)),
        );
    }
    match cheapest(sheet) {
        Ok((name, option)) => {
            let (days, kg) = (days(option), ghg(option));
            let cost = cost_of(option);
            tile(
                name,
                option,
                format!("{cost} <em>in {days} days, {kg} kg CO2e</em>"),
            );
        }
        Err(why) => {
            let _ = writeln!(
                out,
                "<li><span>Cost</span><strong>{}</strong><small>{}; own prices come in with --services and --rate-card</small></li>",
                why.0,
                html(&why.1)
            );
        }
    }
    out + "</ul>\n"
}

pub(crate) fn money(value: Option<Decimal>, currency: &Option<String>) -> String {
    match (value, currency) {
        (Some(value), Some(currency)) => {
            format!("{} {}", grouped(&value.to_string()), html(currency))
        }
        _ => "<span class=\"quiet\">not known</span>".to_owned(),
    }
}

/// The modes of a chain as words with their colours.
pub(crate) fn mode_words(modes: &str) -> String {
    let word = |mode: &str| {
        format!(
            "<span class=\"mode\"><i class=\"mode-{0}\"></i>{1}</span>",
            html(mode),
            html(&mode.replace('_', " "))
        )
    };
    modes.split('>').map(word).collect::<Vec<_>>().join(" › ")
}

fn table(sheet: &Sheet, names: &BTreeMap<&str, &str>) -> String {
    let has_price = sheet.request.carbon_price.is_some();
    let has_both = sheet
        .options
        .iter()
        .any(|o| o.cost_with_carbon.is_some() || o.cost_range.with_carbon.is_some());
    let mut out = String::from(
        "<h2>Options</h2>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Options\"><table id=\"options\"><thead><tr><th></th>\
         <th class=\"left\">modes and places</th><th>days</th><th>kg CO2e</th><th>operation</th><th>provision</th><th>kg per TEU</th><th>km</th>\
         <th>cost</th>",
    );
    out.push_str(if has_price {
        "<th>carbon cost</th>"
    } else {
        ""
    });
    out.push_str(if has_both {
        "<th>cost with carbon</th>"
    } else {
        ""
    });
    out.push_str("</tr></thead><tbody>\n");
    let total = |o: &OptionSheet| Some(o.ghg_total_kg).filter(|_| o.ghg_is_complete);
    let least = sheet.options.iter().filter_map(total).min();
    for option in &sheet.options {
        let times = total(option)
            .zip(least)
            .filter(|(_, least)| *least > Decimal::ZERO)
            .and_then(|(own, least)| own.checked_div(least));
        out.push_str(&table_row(option, names, times));
        if has_price {
            let _ = write!(
                out,
                "<td>{}</td>",
                money(option.carbon_cost, &sheet.request.currency)
            );
        }
        if has_both {
            let both = match (&option.cost_with_carbon, &option.cost_range.with_carbon) {
                (None, Some(range)) => html(&amounts(range)),
                _ => money(option.cost_with_carbon, &sheet.request.currency),
            };
            let _ = write!(out, "<td>{both}</td>");
        }
        out.push_str("</tr>\n");
    }
    let _ = write!(
        out,
        "</tbody></table></div>\n<p class=\"quiet\">In order of {}. ~ holds estimated times; + or later, as nobody publishes when or how often it departs; × is how many times the least CO2e of the options; \
         priced: elements with a known price; level: a range of what such freight cost, no offer.{}</p>\n",
        html(&sheet.order),
        if has_price && !has_both {
            " No cost is known in full in the currency of the carbon price, so the two are not added up."
        } else {
            ""
        }
    );
    out
}

/// A row without its end: what is asked of money follows.
fn table_row(
    option: &OptionSheet,
    names: &BTreeMap<&str, &str>,
    times_the_least: Option<Decimal>,
) -> String {
    let id = html(&option.id);
    let is_front = option.pareto == Some(true);
    let mut badges = String::from(if is_front {
        "<span class=\"badge\">front</span>"
    } else {
        ""
    });
    let cost = option.cost_range.freight.complete.as_ref();
    badges.push_str(match option.pareto_with_cost {
        Some(true) if cost.is_some_and(|c| c.low == c.high) => {
            "<span class=\"badge\">front with cost</span>"
        }
        // Of a range no more is known than that nothing surely beats it.
        Some(true) if !is_front => "<span class=\"badge open\">perhaps cheaper</span>",
        _ => "",
    });
    format!(
        "<tr data-option=\"{id}\" data-says=\"{0}\"{1}><td><button type=\"button\" class=\"pick\" value=\"{id}\" aria-pressed=\"false\" \
         aria-label=\"Choose option {id}\">{id}</button></td><td class=\"left wrap\"><b>{2}</b> {badges}<br>{3}<br><span class=\"quiet\">{0}</span></td>\
         <td class=\"key-figure\">{4}</td><td class=\"key-figure\">{5}<br><small>{6}</small></td><td>{7}</td><td>{8}</td><td>{9}</td><td>{10}</td>\
         <td>{11}<br><small>{12} priced</small></td>",
        html(&option.standing),
        if is_front { " class=\"front\"" } else { "" },
        mode_words(&option.modes),
        places_of(&option.places, names),
        format_args!(
            "{}<br><small>ready {}, there {}</small>",
            days(option),
            html(&option.ready),
            html(&option.arrives.text())
        ),
        ghg(option),
        times_the_least.map_or(String::new(), |times| format!("{} ×", shown(times, 1))),
        shown(option.ghg_operation_kg, 1),
        shown(option.ghg_provision_kg, 1),
        option
            .ghg_kg_per_teu
            .map_or("not known".to_owned(), |kg| shown(kg, 1)),
        shown(option.distance_km, 0),
        cost_of(option),
        html(&option.cost_covers_elements),
    )
}

/// The colours of the modes.
pub(crate) fn mode_key(with_hub: bool) -> String {
    let mut out = String::from("<ul class=\"key\">");
    for (mode, word) in MODES.iter().filter(|(mode, _)| with_hub || *mode != "hub") {
        let _ = write!(out, "<li><i class=\"mode-{mode}\"></i>{word}</li>");
    }
    out.push_str("</ul>\n");
    out
}

fn drawn(map: &Map, sheet: &Sheet, names: &BTreeMap<&str, &str>) -> String {
    let drawing = svg(map, sheet, &|code| name_of(names, code).to_owned());
    if drawing.is_empty() {
        return String::new();
    }
    let source = if map.land_source.is_empty() {
        String::new()
    } else {
        format!(" Land: {}.", map.land_source)
    };
    format!(
        "<div>\n<h2>Map</h2>\n{}{ZOOM}{drawing}<p class=\"quiet\">Latitude against longitude. Ways by land and air are straight lines between places, \
         ways by sea the shortest over the sea graph.{}</p>\n</div>\n",
        mode_key(false),
        html(&source)
    )
}

pub(crate) fn before_and_after(sheet: &Sheet, names: &BTreeMap<&str, &str>) -> String {
    let Some(scenario) = &sheet.scenario else {
        return String::new();
    };
    let mut out = format!(
        "<h2>What if: {}</h2>\n<p>The options above are those after these changes.</p>\n<ul>\n",
        html(&scenario.title)
    );
    for change in &scenario.changes {
        let _ = writeln!(out, "<li>{}</li>", html(change));
    }
    out.push_str(
        "</ul>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Before and after\"><table><thead><tr><th>option</th><th class=\"left\">modes \
         and places</th><th>days before</th><th>after</th><th>kg CO2e before</th><th>after</th><th>operation</th><th>provision</th><th>change \
         %</th></tr></thead><tbody>\n",
    );
    scenario
        .rows
        .iter()
        .for_each(|row| out.push_str(&scenario_row(row, names)));
    out.push_str("</tbody></table></div>\n<p class=\"quiet\">Without an option: a chain that was among the options before the changes.</p>\n");
    out
}

fn scenario_row(row: &ScenarioRow, names: &BTreeMap<&str, &str>) -> String {
    let days = |s: &Option<Standing>| match s {
        Some(s) => told(s.days),
        None => "closed".to_owned(),
    };
    let kg = |s: &Option<Standing>, of: fn(&Standing) -> Decimal| match s {
        Some(s) if s.ghg_is_complete => shown(of(s), 1),
        Some(_) => "not known".to_owned(),
        None => "closed".to_owned(),
    };
    let class = match row.change_percent {
        Some(change) if change < Decimal::ZERO => "less",
        Some(change) if change > Decimal::ZERO => "more",
        _ => "",
    };
    format!(
        "<tr><td>{}</td><td class=\"left wrap\"><b>{}</b><br>{}</td><td>{}</td><td>{}</td><td>{}</td><td class=\"key-figure\">{}</td><td>{}</td><td>{}</td>\
         <td class=\"key-figure {class}\">{}</td></tr>\n",
        row.option.as_deref().map_or(String::new(), html),
        mode_words(&row.modes),
        places_of(&row.places, names),
        days(&row.before),
        days(&row.after),
        kg(&row.before, |s| s.ghg_total_kg),
        kg(&row.after, |s| s.ghg_total_kg),
        kg(&row.after, |s| s.ghg_operation_kg),
        kg(&row.after, |s| s.ghg_provision_kg),
        told(row.change_percent)
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
    let rate = |r: &RateSheet| {
        format!(
            "1 {} = {} {} on {} ({})",
            r.from, r.rate, r.to, r.date, r.source_ref
        )
    };
    for line in sheet
        .assumptions
        .iter()
        .cloned()
        .chain(sheet.rates.iter().map(rate))
    {
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

pub(crate) fn days(option: &OptionSheet) -> String {
    let mark = if option.has_estimated_time { "~" } else { "" };
    option
        .days
        .map_or("not known".to_owned(), |days| format!("{mark}{days}"))
}

/// Total with one decimal; what is known of it, where a part is missing.
pub(crate) fn ghg(option: &OptionSheet) -> String {
    let kg = shown(option.ghg_total_kg, 1);
    match (option.ghg_is_complete, option.ghg_total_kg.is_zero()) {
        (true, _) => kg,
        (false, true) => "not known".to_owned(),
        (false, false) => format!("more than {kg}"),
    }
}

pub(crate) fn told(figure: Option<Decimal>) -> String {
    figure.map_or("not known".to_owned(), |figure| figure.to_string())
}

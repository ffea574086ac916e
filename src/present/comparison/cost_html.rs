//! Costs on the page: the cheapest option where it is sure which one that is, ranges as bars, handling apart.

use crate::escape::html;
use crate::model::money::PUBLISHED_SCALE;
use crate::model::unit::{decimal_text, grouped, short_decimal_text};
use crate::present::comparison::cost::{CostSheet, RangeSheet, amounts, word};
use crate::present::comparison::html::money;
use crate::present::comparison::sheet::{OptionSheet, Sheet};
use crate::present::scale::Axis;
use rust_decimal::Decimal;
use std::fmt::Write;

/// The options whose cost is known as a range, which an amount is too; nothing where they are in several currencies.
fn known(sheet: &Sheet) -> Vec<(&OptionSheet, &RangeSheet)> {
    let all = sheet.options.iter();
    let known = all.filter_map(|o| Some((o, o.cost_range.freight.complete.as_ref()?)));
    let known: Vec<_> = known.collect();
    let is_one = known
        .windows(2)
        .all(|two| two[0].1.currency == two[1].1.currency);
    if is_one { known } else { Vec::new() }
}

/// The option that costs no more than every other one of which the cost is known, wherever in its range each is, and what that is called;
/// else why there is none, as a headline and its reason.
pub(crate) fn cheapest(
    sheet: &Sheet,
) -> Result<(&'static str, &OptionSheet), (&'static str, String)> {
    let known = known(sheet);
    let of = sheet.options.len();
    let has_range = |o: &&OptionSheet| o.cost_range.freight.complete.is_some();
    match sheet.options.iter().filter(has_range).count() {
        0 => return Err(("not known", format!("known in full for 0 of {of} options"))),
        count if known.is_empty() => {
            let why = format!("known for {count} of {of} options, in several currencies");
            return Err(("not comparable", why));
        }
        _ => {}
    }
    let no_more = |(at, (_, own)): &(usize, &(&OptionSheet, &RangeSheet))| {
        let mut others = known.iter().enumerate().filter(|(other, _)| other != at);
        others.all(|(_, (_, other))| own.high <= other.low)
    };
    let surest = known.iter().enumerate().find(no_more);
    let is_exact = known.iter().all(|(_, range)| range.low == range.high);
    match surest {
        Some((_, (option, _))) if known.len() < of => Ok(("Least known cost", option)),
        Some((_, (option, _))) if is_exact => Ok(("Least cost", option)),
        Some((_, (option, _))) => Ok(("Surely least cost", option)),
        None => {
            let why = format!(
                "known for {} of {of} options, whose ranges overlap; levels are no offers",
                known.len()
            );
            Err(("no surely cheapest", why))
        }
    }
}

/// The cost that is known, else its range with what it is.
pub(crate) fn cost_of(option: &OptionSheet) -> String {
    match (&option.cost, &option.cost_range.freight.complete) {
        (None, Some(range)) => format!(
            "{} <small>{}</small>",
            html(&amounts(range)),
            word(option.cost_range.basis.unwrap_or_default())
        ),
        _ => money(option.cost, &option.currency),
    }
}

/// What the terminals of an option ask, apart from its freight.
pub(crate) fn handling(cost: &CostSheet) -> String {
    let told = cost.handling.iter().map(|h| match &h.price {
        Some(price) => format!("{} {} ({})", h.place, price.amounts(), price.told()),
        None => format!("{} not known", h.place),
    });
    let told: Vec<String> = told.collect();
    match cost.handling.iter().any(|h| h.price.is_some()) {
        true => format!(" Handling, apart: {}.", html(&told.join("; "))),
        false => String::new(),
    }
}

/// The cost of each option as a bar from its least to its most, on one logarithmic scale; nothing where none is a range, or they are in
/// several currencies.
pub(crate) fn ranges(sheet: &Sheet) -> String {
    let known = known(sheet);
    if known.iter().all(|(_, range)| range.low == range.high) {
        return String::new();
    }
    // Hundredths: money has two decimals.
    let ends = known
        .iter()
        .flat_map(|(_, r)| [r.low.mantissa(), r.high.mantissa()]);
    let Some(axis) = Axis::new(&ends.collect::<Vec<_>>()) else {
        return String::new();
    };
    let at = |end: Decimal| axis.at(end.mantissa().max(1), 100_000).clamp(0, 100_000);
    let percent = |thousandths: i64| decimal_text(thousandths.into(), 3);
    let mut out = String::from("<ul class=\"ranges\">\n");
    for option in &sheet.options {
        let _ = write!(
            out,
            "<li data-option=\"{0}\"><b>{0}</b><span class=\"by\">{1}</span>",
            html(&option.id),
            html(&option.modes.replace('_', " ").replace('>', " › "))
        );
        let cost = &option.cost_range;
        match &cost.freight.complete {
            Some(range) => {
                let (basis, from, to) = (
                    cost.basis.unwrap_or_default(),
                    at(range.low),
                    at(range.high),
                );
                let _ = write!(
                    out,
                    "<span class=\"track\"><i class=\"{basis}\" style=\"margin-left:{}%;width:{}%\"></i></span>\
                     <span class=\"value\">{} <small>{}</small></span>",
                    percent(from),
                    percent(to - from),
                    html(&amounts(range)),
                    word(basis)
                );
            }
            None => {
                let _ = write!(
                    out,
                    "<span class=\"value quiet\">known for {} of its elements</span>",
                    cost.freight.covers
                );
            }
        }
        out.push_str("</li>\n");
    }
    let currency = known.first().map_or("", |(_, range)| &range.currency);
    out.push_str(&scale(&axis, currency));
    out.push_str(
        "</ul>\n<p class=\"quiet\">From the least to the most that the freight may be, on a logarithmic scale. A level is no offer; where two bars overlap, \
         nobody knows which option is cheaper.</p>\n",
    );
    out
}

/// The scale below the bars: whole powers of ten, as the steps between would cover each other, or all steps where there are no two.
fn scale(axis: &Axis, currency: &str) -> String {
    let is_decade = |tick: &&i128| tick.ilog10() != (**tick - 1).max(1).ilog10();
    let mut ticks: Vec<i128> = axis.ticks.iter().filter(is_decade).copied().collect();
    if ticks.len() < 2 {
        ticks.clone_from(&axis.ticks);
    }
    let mut out = String::from("<li class=\"scale quiet\"><span class=\"ticks\">");
    for tick in ticks {
        let at = axis.at(tick, 100_000).clamp(0, 100_000);
        // Text at an end of the scale stays within it.
        let shift = match at {
            ..10_000 => 0,
            10_000..=90_000 => 50,
            _ => 100,
        };
        let _ = write!(
            out,
            "<span style=\"left:{}%;transform:translateX(-{shift}%)\">{}</span>",
            decimal_text(at.into(), 3),
            grouped(&short_decimal_text(tick, PUBLISHED_SCALE))
        );
    }
    let _ = writeln!(
        out,
        "</span><span class=\"value\">{}</span></li>",
        html(currency)
    );
    out
}

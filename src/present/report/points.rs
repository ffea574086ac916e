//! The key points of a run in sentences: what a reader should take along who reads no table.

use crate::error::Result;
use crate::model::unit::grouped;
use crate::present::form::{Part, Section};
use crate::present::report::figures::{Group, groups, intensity, number, percent, word};
use crate::present::report::{Asked, Made};
use crate::published::sums::Table;

/// One sentence per question: which mode, which corridor, how much comes from energy provision, on what data, what lacks.
pub(crate) fn section(asked: &Asked) -> Result<Made> {
    let whole = &asked.whole;
    let largest = |list: Vec<Group>| {
        list.into_iter().max_by(|a, b| {
            a.totals
                .total()
                .cmp(&b.totals.total())
                .then(b.keys.cmp(&a.keys))
        })
    };
    let mut points = Vec::new();
    if let Some(mode) = largest(groups(asked.run, Table::Elements, &["mode"])?) {
        let emissions = percent(mode.totals.total(), whole.total());
        let activity = match percent(mode.totals.activity, whole.activity).as_str() {
            "" => String::new(),
            share => format!(" and makes {share} % of the transport activity"),
        };
        points.push(format!(
            "Most emissions come from {}: it causes {emissions} % of them{activity}.",
            word(&mode.keys[0])
        ));
    }
    if let Some(corridor) = largest(groups(asked.run, Table::Corridors, &["corridor_id"])?) {
        let intensities = match (
            intensity(&corridor.totals).as_str(),
            intensity(whole).as_str(),
        ) {
            ("", _) | (_, "") => String::new(),
            (own, all) => format!(", at {own} g CO2e/t.km against {all} of the whole"),
        };
        let (emissions, activity) = (
            percent(corridor.totals.total(), whole.total()),
            percent(corridor.totals.activity, whole.activity),
        );
        let activity = if activity.is_empty() {
            String::new()
        } else {
            format!(" and makes {activity} % of the activity")
        };
        points.push(format!(
            "The corridor with the largest total is {}: it causes {emissions} %{activity}{intensities}.",
            corridor.keys[0]
        ));
    }
    if whole.total() > 0 {
        let provision = percent(whole.provision, whole.total());
        points.push(format!(
            "Energy provision (well to tank) is {provision} % of the total; vehicle and hub operation is the rest."
        ));
    }
    points.extend(data(asked)?);
    points.push(gaps(asked)?);
    Ok(Made {
        section: Section {
            id: "points",
            title: "Key points",
            parts: vec![Part::List(points)],
        },
        sheets: Vec::new(),
    })
}

/// How much rests on measured energy, and how much on published averages.
fn data(asked: &Asked) -> Result<Option<String>> {
    if asked.whole.total() == 0 {
        return Ok(None);
    }
    let categories = groups(asked.run, Table::Elements, &["data_category"])?;
    let share = |name: &str| {
        let sum = categories
            .iter()
            .filter(|g| g.keys[0] == name)
            .map(|g| g.totals.total())
            .sum();
        percent(sum, asked.whole.total())
    };
    let [primary, modelled, default] = ["primary", "modelled", "default"].map(share);
    Ok(Some(format!(
        "By emissions, {primary} % rest on primary data, {modelled} % on modelled data and {default} % on default factors."
    )))
}

/// What the total lacks.
fn gaps(asked: &Asked) -> Result<String> {
    let counts = &asked.manifest.counts;
    let incomplete = asked
        .run
        .by(Table::Corridors, &[], &["incomplete_shipments"])?;
    let incomplete: i128 = incomplete.iter().map(|row| number(row, 0)).sum();
    let told = |n: i128| grouped(&n.to_string());
    let rejected = match counts.rejected {
        0 => "no row was rejected".to_owned(),
        n => format!(
            "{} of {} rows were rejected ({} %)",
            told(n.into()),
            told(counts.rows_in.into()),
            percent(n.into(), counts.rows_in.into())
        ),
    };
    // Of a run older than these counts nothing is known but what was published.
    let came_in = counts.in_input.unwrap_or_default();
    let outside = match (came_in.without_accepted_row, came_in.with_listed_gap) {
        (0, 0) => String::new(),
        _ => format!(" Shipments: {}.", came_in.text()),
    };
    let all = told(counts.shipments.into());
    Ok(match (incomplete, came_in.without_accepted_row) {
        (0, 0) => format!("All {all} shipments are complete; {rejected}.{outside}"),
        (0, _) => format!(
            "All {all} shipments that kept a row are complete, the others are missing from the total; {rejected}.{outside}"
        ),
        (n, _) => format!(
            "{} of {all} shipments are incomplete, so the total lacks a part of them; {rejected}.{outside}",
            told(n)
        ),
    })
}

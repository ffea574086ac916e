//! The key points of a run in sentences: what a reader should take along who reads no table.

use crate::error::Result;
use crate::model::element::GhgTotals;
use crate::model::mode::DataCategory;
use crate::model::unit::{counted, grouped, plural};
use crate::present::form::{Part, Section};
use crate::present::report::figures::{intensity, percent, word};
use crate::present::report::{Asked, Made};
use crate::published::sums::{Group, Sums, by};

/// One sentence per question: which mode, which corridor, how much comes from energy provision, on what data, what lacks.
pub(crate) fn section(asked: &Asked) -> Result<Made> {
    let whole = &asked.whole;
    let mut points = Vec::new();
    if let Some(slice) = asked.slice {
        points.push(format!(
            "This is a slice of the run: {slice}. A shipment is in it with all its elements; its month is that of its first departure. The \
             slices and the rest of the run add up to the run to the last microgram, which was checked."
        ));
    }
    let modes = by(&asked.run.elements, |e| e.key.mode.code())?;
    if let Some((mode, totals)) = largest(modes, |sums| sums.totals) {
        let emissions = percent(totals.total(), whole.total());
        let activity = match percent(totals.activity, whole.activity).as_str() {
            "" => String::new(),
            share => format!(" and makes {share} % of the transport activity"),
        };
        points.push(format!(
            "Most emissions come from {}: it causes {emissions} % of them{activity}.",
            word(mode)
        ));
    }
    let corridors = by(&asked.run.corridors, |row| row.corridor_id.as_str())?;
    if let Some((corridor, totals)) = largest(corridors, |sums| sums.totals) {
        let intensities = match (intensity(&totals).as_str(), intensity(whole).as_str()) {
            ("", _) | (_, "") => String::new(),
            (own, all) => format!(", at {own} g CO2e/t.km against {all} of the whole"),
        };
        let (emissions, activity) = (
            percent(totals.total(), whole.total()),
            percent(totals.activity, whole.activity),
        );
        let activity = if activity.is_empty() {
            String::new()
        } else {
            format!(" and makes {activity} % of the activity")
        };
        points.push(format!(
            "The corridor with the largest total is {corridor}: it causes {emissions} %{activity}{intensities}."
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

/// The group with the largest total, of equal ones the one with the lower key.
fn largest<K: Ord, S: Sums>(
    groups: Vec<Group<K, S>>,
    totals: impl Fn(&S) -> GhgTotals,
) -> Option<(K, GhgTotals)> {
    let groups = groups.into_iter().map(|g| (g.key, totals(&g.sums)));
    groups.max_by(|(a, x), (b, y)| x.total().cmp(&y.total()).then_with(|| b.cmp(a)))
}

/// How much rests on measured energy, and how much on published averages.
fn data(asked: &Asked) -> Result<Option<String>> {
    if asked.whole.total() == 0 {
        return Ok(None);
    }
    let categories = by(&asked.run.elements, |e| e.key.data_category)?;
    let share = |category: DataCategory| {
        let own = categories.iter().filter(|g| g.key == category);
        percent(
            own.map(|g| g.sums.totals.total()).sum(),
            asked.whole.total(),
        )
    };
    let [primary, modelled, default] = [
        DataCategory::Primary,
        DataCategory::Modelled,
        DataCategory::Default,
    ]
    .map(share);
    Ok(Some(format!(
        "By emissions, {primary} % rest on primary data, {modelled} % on modelled data and {default} % on default factors."
    )))
}

/// What the total lacks.
fn gaps(asked: &Asked) -> Result<String> {
    let counts = &asked.manifest.counts;
    let all = by(&asked.run.corridors, |_| ())?;
    let incomplete: i128 = all.iter().map(|all| all.sums.incomplete).sum();
    let told = |n: i128| grouped(&n.to_string());
    let rejected = match counts.rejected {
        0 => "no row was rejected".to_owned(),
        n => format!(
            "{} of {} {} rejected ({} %)",
            told(n.into()),
            counted(counts.rows_in, "row"),
            if n == 1 { "was" } else { "were" },
            percent(n.into(), counts.rows_in.into())
        ),
    };
    // Of a run older than these counts nothing is known but what was published.
    let came_in = counts.in_input.unwrap_or_default();
    let outside = match (came_in.without_accepted_row, came_in.with_listed_gap) {
        (0, 0) => String::new(),
        _ => format!(" Shipments: {}.", came_in.text()),
    };
    let all = counted(counts.shipments, "shipment");
    let (every, are) = match counts.shipments {
        1 => ("The".to_owned(), "is"),
        n => (format!("All {}", told(n.into())), "are"),
    };
    let shipments = plural(counts.shipments, "shipment");
    Ok(match (incomplete, came_in.without_accepted_row) {
        (0, 0) => format!("{every} {shipments} {are} complete; {rejected}.{outside}"),
        (0, _) => format!(
            "{every} {shipments} that kept a row {are} complete, the others are missing from the total; {rejected}.{outside}"
        ),
        (1, _) => format!(
            "1 of {all} is incomplete, so the total lacks a part of it; {rejected}.{outside}"
        ),
        (n, _) => format!(
            "{} of {all} are incomplete, so the total lacks a part of them; {rejected}.{outside}",
            told(n)
        ),
    })
}

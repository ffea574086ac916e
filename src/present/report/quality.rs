//! Data quality and completeness: what the figures rest on, and what they lack.

use crate::error::Result;
use crate::model::flag::Flags;
use crate::model::reject::RejectReason;
use crate::model::unit::grouped;
use crate::present::form::{Bar, Bars, BarsForm, Part, Section, Table as Sheet};
use crate::present::report::figures::{Group, group_table, groups, nano, number, percent, word};
use crate::present::report::{Asked, Made};
use crate::published::sums::Table;

/// Flags that say that a value was not reported but taken from a default or an estimate.
const DEFAULTS: [Flags; 9] = [
    Flags::MASS_DEFAULTED,
    Flags::DISTANCE_NETWORK,
    Flags::DISTANCE_GREAT_CIRCLE,
    Flags::BASIS_ASSUMED,
    Flags::HUB_INFERRED,
    Flags::TEU_FROM_TYPE,
    Flags::OPERATION_DEFAULTED,
    Flags::EMPTY_DEFAULT_MASS,
    Flags::REFRIGERATED_UPLIFT,
];

/// Categories of data, distances, defaults, flags.
pub(crate) fn section(asked: &Asked) -> Result<Made> {
    let whole = &asked.whole;
    let categories = groups(asked.run, Table::Elements, &["data_category"])?;
    let mut table = group_table(
        "Data categories",
        &["data category"],
        ">elements",
        &categories,
        whole,
    )?;
    table.heads.push(crate::present::form::Head {
        name: "% of t.km",
        cells: crate::present::form::Cells::Number,
    });
    let shares = categories
        .iter()
        .map(|g| percent(g.totals.activity, whole.activity));
    table
        .rows
        .iter_mut()
        .zip(shares)
        .for_each(|(row, share)| row.push(share));
    table
        .total
        .iter_mut()
        .for_each(|row| row.push(percent(whole.activity, whole.activity)));
    table.note = "primary: energy that was measured; modelled: from a model of the operation; default: a published average. \
                  Of the factor or energy record that each element rests on."
        .to_owned();
    let distances = groups(
        asked.run,
        Table::Elements,
        &["distance_source", "distance_basis"],
    )?;
    let mut named = distances.clone();
    for group in &mut named {
        group.keys[0] = if group.keys[0].is_empty() {
            "none: hubs".to_owned()
        } else {
            word(&group.keys[0])
        };
    }
    let mut distances = group_table(
        "Distances by source",
        &["source", "basis as found"],
        ">elements",
        &named,
        whole,
    )?;
    distances.note =
        "reported: by the record; network: the distance table; great circle: between the coordinates of the places.".to_owned();
    let (flags, defaults) = flags(asked)?;
    let parts = vec![
        Part::Bars(chart(&categories, asked)),
        Part::Table(table.clone()),
        Part::Table(distances.clone()),
        Part::Table(defaults.clone()),
        Part::Table(flags.clone()),
    ];
    Ok(Made {
        section: Section {
            id: "quality",
            title: "Data quality",
            parts,
        },
        sheets: vec![table, distances, defaults, flags],
    })
}

fn chart(categories: &[Group], asked: &Asked) -> Bars {
    let class = |g: &Group| match g.keys[0].as_str() {
        "primary" => "primary",
        "modelled" => "modelled",
        _ => "default",
    };
    let bar = |label: &str, of: fn(&Group) -> i128, whole: i128| {
        let of_category = |name: &str| {
            categories
                .iter()
                .filter(|g| class(g) == name)
                .map(of)
                .sum::<i128>()
        };
        let parts: Vec<(&'static str, i128)> = ["primary", "modelled", "default"]
            .map(|name| (name, of_category(name)))
            .into();
        let said: Vec<String> = parts
            .iter()
            .map(|(name, amount)| format!("{name} {} %", percent(*amount, whole)))
            .collect();
        // Both bars are the whole of their kind, so both have the same length.
        let parts = parts
            .into_iter()
            .map(|(name, amount)| {
                (
                    name,
                    if whole > 0 {
                        amount * 1_000_000 / whole
                    } else {
                        0
                    },
                )
            })
            .collect();
        Bar {
            label: label.to_owned(),
            detail: said.join(", "),
            value: "100".to_owned(),
            parts,
            ..Bar::default()
        }
    };
    Bars {
        title: "What the figures rest on".to_owned(),
        unit: "%",
        form: BarsForm::Stacked,
        rows: vec![
            bar("by emissions", |g| g.totals.total(), asked.whole.total()),
            bar(
                "by transport activity",
                |g| g.totals.activity,
                asked.whole.activity,
            ),
        ],
        key: vec![
            ("primary", "primary"),
            ("modelled", "modelled"),
            ("default", "default"),
        ],
        note: String::new(),
    }
}

/// All flags with their counts, and those of them that are defaults.
fn flags(asked: &Asked) -> Result<(Sheet, Sheet)> {
    let elements = groups(asked.run, Table::Elements, &["quality_flags"])?;
    let shipments = groups(asked.run, Table::Shipments, &["quality_flags"])?;
    let heads = [
        "flag",
        "meaning",
        ">elements",
        ">% of elements",
        ">shipments",
        ">kg CO2e of these elements",
        ">% of emissions",
    ];
    let (mut all, mut defaults) = (
        Sheet::new("Quality flags", &heads),
        Sheet::new("Defaults used", &heads),
    );
    for (number, title) in Flags::LIST {
        let flag = Flags(1 << number);
        let has = |g: &&Group| Flags::from_text(&g.keys[0]).is_some_and(|set| set.has(flag));
        let (mut count, mut kg) = (0, 0);
        for group in elements.iter().filter(has) {
            count += group.count;
            kg += group.totals.total();
        }
        let in_shipments: i128 = shipments.iter().filter(has).map(|g| g.count).sum();
        if count == 0 && in_shipments == 0 {
            continue;
        }
        let row = [
            format!("Q{number:02}"),
            (*title).to_owned(),
            count.to_string(),
            percent(count, asked.manifest.counts.elements.into()),
            in_shipments.to_string(),
            nano(kg),
            percent(kg, asked.whole.total()),
        ];
        if DEFAULTS.contains(&flag) {
            defaults.row(row.clone());
        }
        all.row(row);
    }
    all.note = "Flags that no element carries are left out.".to_owned();
    defaults.note =
        "Values that no record stated and that a table, the profile or a rule supplied.".to_owned();
    Ok((all, defaults))
}

/// Rows in, accepted, rejected by reason; incomplete shipments.
pub(crate) fn completeness(asked: &Asked) -> Result<Made> {
    let m = asked.manifest;
    let mut files = Sheet::new(
        "Input files",
        &[
            "file",
            "format",
            ">rows in",
            ">accepted",
            ">rejected",
            "sha256",
        ],
    );
    for input in &m.inputs {
        let counts = [input.rows_in, input.accepted, input.rejected].map(|n| n.to_string());
        files.row(
            [input.file.clone(), input.format.clone()]
                .into_iter()
                .chain(counts)
                .chain([input.sha256.clone()]),
        );
    }
    let counts = [m.counts.rows_in, m.counts.accepted, m.counts.rejected].map(|n| n.to_string());
    files.sum(
        ["total".to_owned(), String::new()]
            .into_iter()
            .chain(counts)
            .chain([String::new()]),
    );
    let heads = [
        "code",
        "meaning",
        "column",
        ">rows",
        ">% of rows in",
        "leaves a gap",
    ];
    let mut rejected = Sheet::new("Rejected rows", &heads);
    for row in asked
        .run
        .by(Table::Rejected, &["code", "column"], &["rows"])?
    {
        let reason = RejectReason::LIST
            .iter()
            .find(|(r, _)| r.code() == row.keys[0]);
        let leaves_gap = reason.is_none_or(|(r, _)| r.leaves_gap());
        rejected.row([
            row.keys[0].clone(),
            reason.map_or(String::new(), |(_, title)| (*title).to_owned()),
            row.keys[1].clone(),
            number(&row, 0).to_string(),
            percent(number(&row, 0), m.counts.rows_in.into()),
            if leaves_gap { "yes" } else { "no" }.to_owned(),
        ]);
    }
    rejected.note =
        "A row without a gap was replaced by a later record or withdrawn: nothing lacks."
            .to_owned();
    let mut complete = groups(asked.run, Table::Shipments, &["is_complete"])?;
    for group in &mut complete {
        group.keys[0] = if group.keys[0] == "yes" {
            "complete"
        } else {
            "incomplete: the total lacks a part"
        }
        .to_owned();
    }
    let complete = group_table(
        "Complete shipments",
        &["shipments"],
        ">count",
        &complete,
        &asked.whole,
    )?;
    let c = &m.counts;
    let [rows_in, accepted, refused, shipments, elements] =
        [c.rows_in, c.accepted, c.rejected, c.shipments, c.elements]
            .map(|n| grouped(&n.to_string()));
    let came_in = c
        .in_input
        .as_ref()
        .map_or_else(String::new, |s| format!(" Shipments: {}.", s.text()));
    let mut parts = vec![Part::Text(format!(
        "{rows_in} rows in = {accepted} accepted + {refused} rejected. {shipments} shipments with {elements} elements.{came_in}"
    ))];
    parts.extend([complete.clone(), rejected.clone(), files.clone()].map(Part::Table));
    if !m.missing_files.is_empty() {
        parts.push(Part::Text(
            "Input files that could not be read and that the run went without:".to_owned(),
        ));
        parts.push(Part::List(
            m.missing_files
                .iter()
                .map(|f| format!("{}: {}", f.file, f.reason))
                .collect(),
        ));
    }
    Ok(Made {
        section: Section {
            id: "completeness",
            title: "Completeness",
            parts,
        },
        sheets: vec![complete, rejected, files],
    })
}

//! Data quality and completeness: what the figures rest on, and what they lack.

use crate::error::Result;
use crate::model::element::GhgTotals;
use crate::model::flag::Flags;
use crate::model::reject::RejectReason;
use crate::model::unit::{counted, grouped};
use crate::present::form::{Bar, Bars, BarsForm, Part, Section, Table as Sheet};
use crate::present::report::figures::{group_table, nano, percent, word, yes};
use crate::present::report::{Asked, Made};
use crate::published::sums::{Group, by};

/// Flags that say that a value was not reported but taken from a default or an estimate.
const DEFAULTS: [Flags; 12] = [
    Flags::MASS_DEFAULTED,
    Flags::DISTANCE_NETWORK,
    Flags::DISTANCE_GREAT_CIRCLE,
    Flags::DISTANCE_SEA_GRAPH,
    Flags::DISTANCE_ESTIMATED,
    Flags::DISTANCE_OWN_FILE,
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
    let categories = by(&asked.run.elements, |e| e.key.data_category.code())?;
    let mut table = group_table(
        "Data categories",
        ["data category"],
        ">elements",
        &categories,
        whole,
        |category| [(*category).to_owned()],
    )?;
    table.heads.push(crate::present::form::Head {
        name: "% of t.km",
        cells: crate::present::form::Cells::Number,
    });
    let shares = categories
        .iter()
        .map(|g| percent(g.sums.totals.activity, whole.activity));
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
    let distances = by(&asked.run.elements, |e| {
        (e.key.distance_source.code(), e.key.distance_basis.code())
    })?;
    let mut distances = group_table(
        "Distances by source",
        ["source", "basis as found"],
        ">elements",
        &distances,
        whole,
        |(source, basis)| {
            let source = if source.is_empty() {
                "none: hubs".to_owned()
            } else {
                word(source)
            };
            [source, (*basis).to_owned()]
        },
    )?;
    distances.note =
        "reported: by the record; own file, network: an own distance table or the shipped one; sea graph: the shortest way over it; great circle: \
         between the coordinates of the places; estimate: a detour ratio or river kilometres (Q33 to Q35), modelled at best."
            .to_owned();
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

fn chart(categories: &[Group<&str>], asked: &Asked) -> Bars {
    let bar = |label: &str, of: fn(&GhgTotals) -> i128, whole: i128| {
        let of_category = |name: &str| {
            let own = categories.iter().filter(|g| g.key == name);
            own.map(|g| of(&g.sums.totals)).sum::<i128>()
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
            bar("by emissions", GhgTotals::total, asked.whole.total()),
            bar(
                "by transport activity",
                |t| t.activity,
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
        let (mut count, mut kg) = (0, 0);
        for group in asked.run.elements.iter().filter(|e| e.key.flags.has(flag)) {
            count += group.sums.count;
            kg += group.sums.totals.total();
        }
        let shipments = asked.run.shipments.iter().filter(|s| s.key.flags.has(flag));
        let in_shipments: i128 = shipments.map(|s| s.sums.count).sum();
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
    for ((code, column), count) in &asked.run.rejected {
        let reason = RejectReason::LIST.iter().find(|(r, _)| r.code() == *code);
        rejected.row([
            code.clone(),
            reason.map_or(String::new(), |(_, title)| (*title).to_owned()),
            column.clone(),
            count.to_string(),
            percent(*count, m.counts.rows_in.into()),
            yes(reason.is_none_or(|(r, _)| r.leaves_gap())),
        ]);
    }
    rejected.note =
        "A row without a gap was replaced by a later record or withdrawn: nothing lacks."
            .to_owned();
    let complete = by(&asked.run.shipments, |s| s.key.is_complete)?;
    let complete = group_table(
        "Complete shipments",
        ["shipments"],
        ">count",
        &complete,
        &asked.whole,
        |is_complete| {
            let text = if *is_complete {
                "complete"
            } else {
                "incomplete: the total lacks a part"
            };
            [text.to_owned()]
        },
    )?;
    let c = &m.counts;
    let [accepted, refused] = [c.accepted, c.rejected].map(|n| grouped(&n.to_string()));
    let rows_in = counted(c.rows_in, "row");
    let (shipments, elements) = (
        counted(c.shipments, "shipment"),
        counted(c.elements, "element"),
    );
    let came_in = c
        .in_input
        .as_ref()
        .map_or_else(String::new, |s| format!(" Shipments: {}.", s.text()));
    let mut parts = vec![Part::Text(format!(
        "{rows_in} in = {accepted} accepted + {refused} rejected. {shipments} with {elements}.{came_in}"
    ))];
    parts.extend([complete.clone(), rejected.clone()].map(Part::Table));
    let mut sheets = vec![complete, rejected];
    match asked.slice {
        // Its files are those of others, too.
        Some(_) => parts.push(Part::Text(
            "A rejected row counts with the shipment that it names; where none of its rows was accepted, by what the row itself says, and \
             in no month."
                .to_owned(),
        )),
        None => {
            parts.push(Part::Table(files.clone()));
            sheets.push(files);
        }
    }
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
        sheets,
    })
}

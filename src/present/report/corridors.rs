//! Corridors: totals by mode, months, intensity over time, and the sections along each, with its main way as a strip.

use crate::error::{Error, Result};
use crate::model::element::GhgTotals;
use crate::model::unit::{MASS_SCALE, SHARE_SCALE, decimal_text, grouped};
use crate::output::ratio::{ghg_kg_per_teu, intensity_g_per_tkm};
use crate::present::form::{Bar, Bars, BarsForm, Lines, Part, Section, Series, Table as Sheet};
use crate::present::report::figures::{
    Group, intensity, month, nano, number, percent, totals, word,
};
use crate::present::report::totals::{class_of, mode_key, whole_cells};
use crate::present::report::way::main_way;
use crate::present::report::{Asked, Made};
use crate::published::sums::{GHG_BY_MODE, Row, Table};
use std::collections::BTreeMap;

/// Corridors with a chapter of their own on the page; the workbook has all of them.
const CHAPTERS: usize = 30;
/// Bars of the chart.
const BARS: usize = 15;
/// Lines beside the one of the whole run.
const LINES: usize = 4;
/// Sections of single months on the page, over all corridors; the workbook has all of them.
const MONTH_SECTIONS: usize = 3_000;

/// Figures of `corridors` that add up.
const SUMS: [&str; 14] = [
    "transport_activity_tkm",
    "ghg_operation_kg",
    "ghg_provision_kg",
    "shipments",
    "incomplete_shipments",
    "containers",
    "teu",
    "cargo_mass_kg",
    GHG_BY_MODE[0],
    GHG_BY_MODE[1],
    GHG_BY_MODE[2],
    GHG_BY_MODE[3],
    GHG_BY_MODE[4],
    GHG_BY_MODE[5],
];

const HEADS: [&str; 12] = [
    ">shipments",
    ">incomplete",
    ">TEU",
    ">cargo kg",
    ">t.km",
    "distance basis",
    ">operation kg CO2e",
    ">provision kg CO2e",
    ">total kg CO2e",
    ">% of total",
    ">g CO2e/t.km",
    ">kg CO2e/TEU",
];

/// The section of the page and its sheets.
pub(crate) fn section(asked: &Asked) -> Result<Made> {
    let mut corridors = asked.run.by(Table::Corridors, &["corridor_id"], &SUMS)?;
    corridors.sort_by(|a, b| {
        totals(b, 0)
            .total()
            .cmp(&totals(a, 0).total())
            .then_with(|| a.keys.cmp(&b.keys))
    });
    let bases = bases(asked)?;
    let mut table = Sheet::new(
        "Corridors",
        &["corridor"].into_iter().chain(HEADS).collect::<Vec<_>>(),
    );
    for row in &corridors {
        let basis = bases.get(row.keys[0].as_str()).cloned().unwrap_or_default();
        table.row(
            [row.keys[0].clone()]
                .into_iter()
                .chain(cells(row, basis, &asked.whole)),
        );
    }
    let every = asked.run.by(Table::Corridors, &[], &SUMS)?;
    if let Some(row) = every.first() {
        table.sum(
            ["total".to_owned()]
                .into_iter()
                .chain(cells(row, String::new(), &asked.whole)),
        );
        debug_assert_eq!(
            table.total.as_ref().map(|t| t[9].clone()),
            Some(whole_cells(asked)[3].clone())
        );
    }
    table.note =
        "A shipment counts for the first corridor whose origin, destination and places on the way it meets, else for its \
                  lane of two countries. TEU and cargo are those of each container's first transport element."
            .to_owned();
    let months = months(asked)?;
    let sections = sections_by_month(asked)?;
    let lines = lines(asked, &corridors)?;
    // A line needs two months; of one, bars tell more.
    let by_month = if lines.months.len() == 1 {
        Part::Bars(intensities(asked, &corridors, &lines))
    } else {
        Part::Lines(lines)
    };
    let mut parts = vec![
        Part::Bars(chart(&corridors)),
        by_month,
        Part::Table(table.clone()),
    ];
    parts.extend(chapters(asked, &corridors, &months, &sections)?);
    if corridors.len() > CHAPTERS {
        let text = format!(
            "The {CHAPTERS} corridors with the largest totals of {}; the workbook has the rest.",
            corridors.len()
        );
        parts.push(Part::Text(text));
    }
    Ok(Made {
        section: Section {
            id: "corridors",
            title: "Corridors",
            parts,
        },
        sheets: vec![table, months, sections],
    })
}

/// Cells in the order of [`HEADS`], from figures in the order of [`SUMS`].
fn cells(row: &Row, basis: String, whole: &GhgTotals) -> [String; 12] {
    let (t, teu) = (totals(row, 0), number(row, 6));
    [
        number(row, 3).to_string(),
        number(row, 4).to_string(),
        decimal_text(teu, SHARE_SCALE),
        decimal_text(number(row, 7), MASS_SCALE),
        nano(t.activity),
        basis,
        nano(t.operation),
        nano(t.provision),
        nano(t.total()),
        percent(t.total(), whole.total()),
        intensity(&t),
        ghg_kg_per_teu(&t, teu).map_or(String::new(), |v| decimal_text(v, SHARE_SCALE)),
    ]
}

/// Basis of each corridor over all its months: one, or `mixed`.
fn bases(asked: &Asked) -> Result<BTreeMap<String, String>> {
    let mut bases: BTreeMap<String, String> = BTreeMap::new();
    for row in asked
        .run
        .by(Table::Corridors, &["corridor_id", "activity_basis"], &[])?
    {
        let [corridor, basis] = [0, 1].map(|at| row.keys[at].clone());
        let known = bases.entry(corridor).or_default();
        if known.is_empty() {
            *known = basis;
        } else if !basis.is_empty() && *known != basis {
            *known = "mixed".to_owned();
        }
    }
    Ok(bases)
}

/// Corridors by month and load status, as published, with the GHG by mode.
fn months(asked: &Asked) -> Result<Sheet> {
    let heads = ["corridor", "month", "load status"]
        .into_iter()
        .chain(HEADS)
        .chain([
            ">primary share",
            ">road kg CO2e",
            ">rail kg CO2e",
            ">sea kg CO2e",
            ">inland waterway kg CO2e",
            ">air kg CO2e",
            ">hub kg CO2e",
        ]);
    let mut table = Sheet::new("Corridors by month", &heads.collect::<Vec<_>>());
    let figures: Vec<&str> = SUMS
        .into_iter()
        .chain(["intensity_g_per_tkm", "primary_share"])
        .collect();
    for row in asked.run.by(
        Table::Corridors,
        &["corridor_id", "period", "load_status", "activity_basis"],
        &figures,
    )? {
        let [corridor, period, load_status, basis] = [0, 1, 2, 3].map(|at| row.keys[at].clone());
        let computed = intensity_g_per_tkm(&totals(&row, 0)).unwrap_or(0);
        if computed != number(&row, 14) {
            let [computed, published] =
                [computed, number(&row, 14)].map(|v| decimal_text(v, SHARE_SCALE));
            let what = format!(
                "corridor {corridor} in {period}: {computed} g/t.km, published {published}; verify the run"
            );
            return Err(Error::Verification(what));
        }
        let primary = decimal_text(number(&row, 15), SHARE_SCALE);
        let modes = (8..14).map(|at| nano(number(&row, at)));
        let keys = [corridor, month(&period), load_status];
        table.row(
            keys.into_iter()
                .chain(cells(&row, basis, &asked.whole))
                .chain([primary])
                .chain(modes),
        );
    }
    Ok(table)
}

const SECTION_HEADS: [&str; 12] = [
    "corridor",
    "month",
    "load status",
    "mode",
    "from",
    "to",
    ">movements",
    ">t.km",
    ">operation kg CO2e",
    ">provision kg CO2e",
    ">total kg CO2e",
    ">g CO2e/t.km",
];

fn sections_by_month(asked: &Asked) -> Result<Sheet> {
    let mut table = Sheet::new("Sections by month", &SECTION_HEADS);
    let keys = [
        "corridor_id",
        "period",
        "load_status",
        "mode",
        "origin",
        "destination",
    ];
    for group in crate::present::report::figures::groups(asked.run, Table::Sections, &keys)? {
        let k = &group.keys;
        let keys = [
            k[0].clone(),
            month(&k[1]),
            k[2].clone(),
            word(&k[3]),
            k[4].clone(),
            k[5].clone(),
        ];
        table.row(keys.into_iter().chain(section_cells(&group)));
    }
    Ok(table)
}

fn section_cells(group: &Group) -> [String; 6] {
    let t = &group.totals;
    [
        group.count.to_string(),
        nano(t.activity),
        nano(t.operation),
        nano(t.provision),
        nano(t.total()),
        intensity(t),
    ]
}

fn mode_parts(row: &Row) -> Vec<(&'static str, i128)> {
    let codes = crate::model::mode::Mode::ALL.map(|mode| mode.code());
    codes
        .into_iter()
        .zip(8..14)
        .map(|(code, at)| (code, number(row, at)))
        .collect()
}

/// Totals by mode, the largest corridors first, the rest together.
fn chart(corridors: &[Row]) -> Bars {
    let bar = |label: String, detail: String, parts: Vec<(&'static str, i128)>| {
        let value = nano(parts.iter().map(|(_, amount)| amount).sum());
        Bar {
            label,
            detail,
            value,
            parts,
            ..Bar::default()
        }
    };
    let detail = |row: &Row| match intensity(&totals(row, 0)).as_str() {
        "" => String::new(),
        g => format!("{g} g CO2e/t.km"),
    };
    let mut rows: Vec<Bar> = corridors
        .iter()
        .take(BARS)
        .map(|row| bar(row.keys[0].clone(), detail(row), mode_parts(row)))
        .collect();
    if let Some(rest) = corridors.get(BARS..).filter(|rest| !rest.is_empty()) {
        let mut parts = mode_parts(&rest[0]);
        for row in &rest[1..] {
            parts
                .iter_mut()
                .zip(mode_parts(row))
                .for_each(|(sum, (_, amount))| sum.1 += amount);
        }
        rows.push(bar(format!("{} more", rest.len()), String::new(), parts));
    }
    Bars {
        title: "Corridor totals by mode".to_owned(),
        unit: "kg CO2e",
        form: BarsForm::Stacked,
        rows,
        key: mode_key(),
        note: String::new(),
    }
}

/// Intensity of the whole run and of its largest corridors, the highest first.
fn intensities(asked: &Asked, corridors: &[Row], lines: &Lines) -> Bars {
    let bar = |label: &str, class: &'static str, t: &GhgTotals| {
        let parts = vec![(class, intensity_g_per_tkm(t).unwrap_or(0))];
        Bar {
            label: label.to_owned(),
            value: intensity(t),
            parts,
            ..Bar::default()
        }
    };
    let moved = corridors
        .iter()
        .take(BARS)
        .map(|row| (row, totals(row, 0)))
        .filter(|(_, t)| t.activity > 0);
    let mut rows: Vec<Bar> = moved
        .map(|(row, t)| bar(&row.keys[0], "operation", &t))
        .collect();
    rows.push(bar("all corridors", "other", &asked.whole));
    rows.sort_by(|a, b| {
        b.parts[0]
            .1
            .cmp(&a.parts[0].1)
            .then_with(|| a.label.cmp(&b.label))
    });
    Bars {
        title: format!("{}: {}", lines.title, lines.months.concat()),
        unit: lines.unit,
        form: BarsForm::Stacked,
        rows,
        key: Vec::new(),
        note: lines.note.clone(),
    }
}

/// Intensity of the whole run and of its largest corridors over the months.
fn lines(asked: &Asked, corridors: &[Row]) -> Result<Lines> {
    let periods: Vec<String> = asked
        .run
        .by(Table::Corridors, &["period"], &[])?
        .into_iter()
        .map(|r| r.keys[0].clone())
        .collect();
    let at = |period: &str| periods.iter().position(|p| p == period).unwrap_or(0);
    let mut series: Vec<Series> = Vec::new();
    let empty = |name: String| Series {
        name,
        points: vec![None; periods.len()],
        values: vec![String::new(); periods.len()],
    };
    let mut all = empty("all corridors".to_owned());
    let set = |series: &mut Series, at: usize, row: &Row| {
        let t = totals(row, 0);
        series.points[at] = intensity_g_per_tkm(&t);
        series.values[at] = intensity(&t);
    };
    for row in asked.run.by(Table::Corridors, &["period"], &SUMS)? {
        set(&mut all, at(&row.keys[0]), &row);
    }
    series.push(all);
    let by_corridor = asked
        .run
        .by(Table::Corridors, &["corridor_id", "period"], &SUMS)?;
    for corridor in corridors.iter().take(LINES).map(|row| &row.keys[0]) {
        let mut line = empty(corridor.clone());
        for row in by_corridor.iter().filter(|row| row.keys[0] == *corridor) {
            set(&mut line, at(&row.keys[1]), row);
        }
        series.push(line);
    }
    Ok(Lines {
        title: "Emission intensity by month".to_owned(),
        unit: "g CO2e/t.km",
        months: periods.iter().map(|p| month(p)).collect(),
        series,
        note: "Hubs included; the month is that of a shipment's first departure, UTC. The corridors with the largest totals."
            .to_owned(),
    })
}

/// One chapter per corridor: strip, sections, months.
fn chapters(
    asked: &Asked,
    corridors: &[Row],
    months: &Sheet,
    by_month: &Sheet,
) -> Result<Vec<Part>> {
    let keys = ["corridor_id", "kind", "mode", "origin", "destination"];
    let sections = crate::present::report::figures::groups(asked.run, Table::Sections, &keys)?;
    let ends = crate::present::report::figures::groups(
        asked.run,
        Table::Shipments,
        &["corridor_id", "origin", "destination"],
    )?;
    let mut budget = MONTH_SECTIONS;
    let mut chapters = Vec::new();
    for corridor in corridors.iter().take(CHAPTERS) {
        let id = &corridor.keys[0];
        let own: Vec<&Group> = sections.iter().filter(|g| g.keys[0] == *id).collect();
        let usual = ends
            .iter()
            .filter(|g| g.keys[0] == *id)
            .max_by(|a, b| a.count.cmp(&b.count).then_with(|| b.keys.cmp(&a.keys)));
        let mut parts = Vec::new();
        if let Some(usual) = usual {
            parts.extend(strip(&own, &usual.keys[1], &usual.keys[2]).map(Part::Bars));
        }
        let mut table = Sheet::new("Sections", &SECTION_HEADS[3..]);
        let mut by_total = own.clone();
        by_total.sort_by(|a, b| {
            b.totals
                .total()
                .cmp(&a.totals.total())
                .then_with(|| a.keys.cmp(&b.keys))
        });
        for group in by_total {
            let keys = [
                word(&group.keys[2]),
                group.keys[3].clone(),
                group.keys[4].clone(),
            ];
            table.row(keys.into_iter().chain(section_cells(group)));
        }
        parts.push(Part::Table(table));
        let mut own_months = Sheet {
            rows: Vec::new(),
            note: String::new(),
            ..months.clone()
        };
        own_months
            .rows
            .extend(months.rows.iter().filter(|row| row[0] == *id).cloned());
        let rows: Vec<&Vec<String>> = by_month.rows.iter().filter(|row| row[0] == *id).collect();
        let names: std::collections::BTreeSet<&String> = rows.iter().map(|row| &row[1]).collect();
        parts.push(Part::Table(own_months));
        if names.len() > 1 && rows.len() <= budget {
            budget -= rows.len();
            for name in names {
                let mut table = Sheet::new("Sections of the month", &SECTION_HEADS[2..]);
                rows.iter()
                    .filter(|row| row[1] == *name)
                    .for_each(|row| table.row(row[2..].iter().cloned()));
                let summary = format!("Sections in {name}");
                parts.push(Part::Details {
                    summary,
                    value: String::new(),
                    unit: "",
                    is_open: false,
                    parts: vec![Part::Table(table)],
                });
            }
        }
        let value = nano(totals(corridor, 0).total());
        let is_open = chapters.is_empty();
        chapters.push(Part::Details {
            summary: id.clone(),
            value,
            unit: "kg CO2e",
            is_open,
            parts,
        });
    }
    Ok(chapters)
}

/// The main way with the emissions of each of its sections and of the hubs on it.
fn strip(sections: &[&Group], from: &str, to: &str) -> Option<Bars> {
    let moves: Vec<&&Group> = sections.iter().filter(|g| g.keys[1] != "hub").collect();
    let edges: Vec<(&str, &str, i128)> = moves
        .iter()
        .map(|g| (g.keys[3].as_str(), g.keys[4].as_str(), g.count))
        .collect();
    let way = main_way(&edges, from, to);
    if way.is_empty() {
        return None;
    }
    let hub = |place: &str| {
        sections
            .iter()
            .find(|g| g.keys[1] == "hub" && g.keys[3] == place)
    };
    let bar = |group: &Group, label: String| Bar {
        label,
        detail: match intensity(&group.totals).as_str() {
            "" => format!("{} operations", grouped(&group.count.to_string())),
            g => format!(
                "{} movements, {g} g CO2e/t.km",
                grouped(&group.count.to_string())
            ),
        },
        value: nano(group.totals.total()),
        parts: vec![(class_of(&group.keys[2]), group.totals.total())],
        ..Bar::default()
    };
    let mut rows: Vec<Bar> = hub(from)
        .map(|g| bar(g, format!("hub {from}")))
        .into_iter()
        .collect();
    for group in way.into_iter().map(|at| moves[at]) {
        let (a, b) = (&group.keys[3], &group.keys[4]);
        rows.push(bar(
            group,
            format!("{} {a} \u{2192} {b}", word(&group.keys[2])),
        ));
        rows.extend(hub(b).map(|g| bar(g, format!("hub {b}"))));
    }
    Some(Bars {
        title: format!("Main way from {from} to {to}"),
        unit: "kg CO2e",
        form: BarsForm::Strip,
        rows,
        key: mode_key(),
        note: "The sections that carry most between the usual origin and destination; each bar is all that the section carries. \
               Other sections of the corridor stand in the table."
            .to_owned(),
    })
}

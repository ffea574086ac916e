//! Corridors: totals by mode, months, intensity over time, and the sections along each, with its main way as a strip.

use crate::error::{Error, Result};
use crate::model::element::GhgTotals;
use crate::model::id::LocationCode;
use crate::model::mode::Mode;
use crate::model::time::{Day, date_text};
use crate::model::unit::{MASS_SCALE, SHARE_SCALE, counted, decimal_text};
use crate::output::ratio::{ghg_kg_per_teu, intensity_g_per_tkm};
use crate::present::form::{Bar, Bars, BarsForm, Lines, Part, Section, Series, Table as Sheet};
use crate::present::report::figures::{intensity, month, nano, percent, word};
use crate::present::report::totals::mode_key;
use crate::present::report::way::main_way;
use crate::present::report::{Asked, Made};
use crate::published::sums::{
    CorridorRow, CorridorSums, Counted, Group, SectionRow, ShipmentKey, Summed, by,
};
use std::collections::{BTreeMap, BTreeSet};

/// Corridors with a chapter of their own on the page; the workbook has all of them.
const CHAPTERS: usize = 30;
/// Bars of the chart.
const BARS: usize = 15;
/// Lines beside the one of the whole run.
const LINES: usize = 4;
/// Sections of single months on the page, over all corridors; the workbook has all of them.
const MONTH_SECTIONS: usize = 3_000;

/// Corridors with what they add up to over months and load statuses.
type Corridor<'r> = Group<&'r str, CorridorSums>;

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
    let mut corridors = by(&asked.run.corridors, |row| row.corridor_id.as_str())?;
    corridors.sort_by(|a, b| {
        let total = |c: &Corridor| c.sums.totals.total();
        total(b).cmp(&total(a)).then_with(|| a.key.cmp(b.key))
    });
    let bases = bases(asked);
    let mut table = Sheet::new(
        "Corridors",
        &["corridor"].into_iter().chain(HEADS).collect::<Vec<_>>(),
    );
    for Group { key, sums } in &corridors {
        let basis = bases.get(key).copied().unwrap_or_default();
        let id = [(*key).to_owned()].into_iter();
        table.row(id.chain(cells(sums, basis, &asked.whole)));
    }
    if let Some(all) = by(&asked.run.corridors, |_| ())?.first() {
        let total = ["total".to_owned()].into_iter();
        table.sum(total.chain(cells(&all.sums, "", &asked.whole)));
    }
    table.note =
        "A shipment counts for the first corridor whose origin, destination and places on the way it meets, else for its \
                  lane of two countries. TEU and cargo are those of each container's first transport element."
            .to_owned();
    let months = month_table(asked, &asked.run.corridors)?;
    let sections = sections_by_month(asked)?;
    let lines = lines(asked, &corridors)?;
    // A line needs two months; of one, bars tell more.
    let by_month = if lines.months.len() == 1 {
        Part::Bars(intensities(asked, &corridors, &lines))
    } else {
        Part::Lines(lines)
    };
    let mut parts = vec![
        Part::Bars(chart(&corridors)?),
        by_month,
        Part::Table(table.clone()),
    ];
    parts.extend(chapters(asked, &corridors)?);
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

/// Cells in the order of [`HEADS`].
fn cells(sums: &CorridorSums, basis: &str, whole: &GhgTotals) -> [String; 12] {
    let t = &sums.totals;
    [
        sums.shipments.to_string(),
        sums.incomplete.to_string(),
        decimal_text(sums.teu, SHARE_SCALE),
        decimal_text(sums.mass, MASS_SCALE),
        nano(t.activity),
        basis.to_owned(),
        nano(t.operation),
        nano(t.provision),
        nano(t.total()),
        percent(t.total(), whole.total()),
        intensity(t),
        ghg_kg_per_teu(t, sums.teu).map_or(String::new(), |v| decimal_text(v, SHARE_SCALE)),
    ]
}

/// Basis of each corridor over all its months: one, or `mixed`.
fn bases<'r>(asked: &Asked<'r>) -> BTreeMap<&'r str, &'static str> {
    let mut bases: BTreeMap<&str, &str> = BTreeMap::new();
    for row in &asked.run.corridors {
        let basis = row.activity_basis.code();
        let known = bases.entry(&row.corridor_id).or_default();
        if known.is_empty() {
            *known = basis;
        } else if !basis.is_empty() && *known != basis {
            *known = "mixed";
        }
    }
    bases
}

/// Corridors by month and load status, as published, with the GHG by mode.
fn month_table<'r>(
    asked: &Asked,
    rows: impl IntoIterator<Item = &'r CorridorRow>,
) -> Result<Sheet> {
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
    for row in rows {
        let (sums, month) = (row.sums(), month(row.period));
        let computed = intensity_g_per_tkm(&sums.totals).unwrap_or(0);
        let published = row.intensity.unwrap_or(0);
        if computed != published {
            let [computed, published] = [computed, published].map(|v| decimal_text(v, SHARE_SCALE));
            return Err(Error::Verification(format!(
                "corridor {} in {}: {computed} g/t.km, published {published}; verify the run",
                row.corridor_id,
                date_text(row.period)
            )));
        }
        let keys = [
            row.corridor_id.clone(),
            month,
            row.load_status.code().to_owned(),
        ];
        let primary = decimal_text(row.primary_share.unwrap_or(0), SHARE_SCALE);
        table.row(
            keys.into_iter()
                .chain(cells(&sums, row.activity_basis.code(), &asked.whole))
                .chain([primary])
                .chain(sums.by_mode.0.map(nano)),
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

/// Sections by corridor, month, load status, mode and ends.
type MonthSection<'r> = Group<(
    &'r str,
    Day,
    &'static str,
    &'static str,
    LocationCode,
    LocationCode,
)>;

fn month_sections<'r>(asked: &Asked<'r>) -> Result<Vec<MonthSection<'r>>> {
    by(&asked.run.sections, |s| {
        let (load_status, mode) = (s.load_status.code(), s.mode.code());
        (
            s.corridor_id.as_str(),
            s.period,
            load_status,
            mode,
            s.origin,
            s.destination,
        )
    })
}

fn sections_by_month(asked: &Asked) -> Result<Sheet> {
    let mut table = Sheet::new("Sections by month", &SECTION_HEADS);
    for section in month_sections(asked)? {
        let (corridor, period, ..) = section.key;
        let ends = [corridor.to_owned(), month(period)].into_iter();
        table.row(ends.chain(month_section_cells(&section)));
    }
    Ok(table)
}

/// Cells from the load status on.
fn month_section_cells(section: &MonthSection) -> impl Iterator<Item = String> {
    let (_, _, load_status, mode, origin, destination) = section.key;
    let keys = [
        load_status.to_owned(),
        word(mode),
        origin.to_string(),
        destination.to_string(),
    ];
    keys.into_iter().chain(section_cells(&section.sums))
}

fn section_cells(sums: &Counted) -> [String; 6] {
    let t = &sums.totals;
    [
        sums.count.to_string(),
        nano(t.activity),
        nano(t.operation),
        nano(t.provision),
        nano(t.total()),
        intensity(t),
    ]
}

fn mode_parts(sums: &CorridorSums) -> Vec<(&'static str, i128)> {
    Mode::ALL
        .map(Mode::code)
        .into_iter()
        .zip(sums.by_mode.0)
        .collect()
}

/// Totals by mode, the largest corridors first, the rest together.
fn chart(corridors: &[Corridor]) -> Result<Bars> {
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
    let detail = |sums: &CorridorSums| match intensity(&sums.totals).as_str() {
        "" => String::new(),
        g => format!("{g} g CO2e/t.km"),
    };
    let mut rows: Vec<Bar> = corridors
        .iter()
        .take(BARS)
        .map(|c| bar(c.key.to_owned(), detail(&c.sums), mode_parts(&c.sums)))
        .collect();
    if let Some(rest) = corridors.get(BARS..).filter(|rest| !rest.is_empty()) {
        let others = by(rest, |_| ())?;
        let parts = others
            .iter()
            .flat_map(|others| mode_parts(&others.sums))
            .collect();
        rows.push(bar(format!("{} more", rest.len()), String::new(), parts));
    }
    Ok(Bars {
        title: "Corridor totals by mode".to_owned(),
        unit: "kg CO2e",
        form: BarsForm::Stacked,
        rows,
        key: mode_key(),
        note: String::new(),
    })
}

/// Intensity of the whole run and of its largest corridors, the highest first.
fn intensities(asked: &Asked, corridors: &[Corridor], lines: &Lines) -> Bars {
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
        .filter(|c| c.sums.totals.activity > 0);
    let mut rows: Vec<Bar> = moved
        .map(|c| bar(c.key, "operation", &c.sums.totals))
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
fn lines(asked: &Asked, corridors: &[Corridor]) -> Result<Lines> {
    let periods = asked.months();
    let at = |period: Day| periods.binary_search(&period).unwrap_or(0);
    let mut series: Vec<Series> = Vec::new();
    let empty = |name: String| Series {
        name,
        points: vec![None; periods.len()],
        values: vec![String::new(); periods.len()],
    };
    let mut all = empty("all corridors".to_owned());
    let set = |series: &mut Series, at: usize, sums: &CorridorSums| {
        series.points[at] = intensity_g_per_tkm(&sums.totals);
        series.values[at] = intensity(&sums.totals);
    };
    for month in by(&asked.run.corridors, |row| row.period)? {
        set(&mut all, at(month.key), &month.sums);
    }
    series.push(all);
    let by_corridor = by(&asked.run.corridors, |row| {
        (row.corridor_id.as_str(), row.period)
    })?;
    for corridor in corridors.iter().take(LINES) {
        let mut line = empty(corridor.key.to_owned());
        for month in by_corridor
            .iter()
            .filter(|month| month.key.0 == corridor.key)
        {
            set(&mut line, at(month.key.1), &month.sums);
        }
        series.push(line);
    }
    Ok(Lines {
        title: "Emission intensity by month".to_owned(),
        unit: "g CO2e/t.km",
        months: periods.iter().copied().map(month).collect(),
        series,
        note: "Hubs included; the month is that of a shipment's first departure, UTC. The corridors with the largest totals."
            .to_owned(),
    })
}

/// A section of a corridor over all months.
type Edge = Group<(Mode, LocationCode, LocationCode)>;

/// One chapter per corridor: strip, sections, months.
fn chapters(asked: &Asked, corridors: &[Corridor]) -> Result<Vec<Part>> {
    let by_month = month_sections(asked)?;
    let mut budget = MONTH_SECTIONS;
    let mut chapters = Vec::new();
    for corridor in corridors.iter().take(CHAPTERS) {
        let id = corridor.key;
        let sections: Vec<&SectionRow> = asked
            .run
            .sections
            .iter()
            .filter(|s| s.corridor_id == id)
            .collect();
        let mut own = by(&sections, |s| (s.mode, s.origin, s.destination))?;
        // Transport and hubs in the order of their words, as the table has them.
        own.sort_by_key(|g| {
            let (mode, origin, destination) = g.key;
            (mode != Mode::Hub, mode.code(), origin, destination)
        });
        let shipments: Vec<&Group<ShipmentKey>> = asked
            .run
            .shipments
            .iter()
            .filter(|s| s.key.corridor_id == id)
            .collect();
        let ends = by(&shipments, |s| (s.key.origin, s.key.destination))?;
        let usual = ends.iter().max_by(|a, b| {
            a.sums
                .count
                .cmp(&b.sums.count)
                .then_with(|| b.key.cmp(&a.key))
        });
        let mut parts = Vec::new();
        if let Some(usual) = usual {
            parts.extend(strip(&own, usual.key.0, usual.key.1).map(Part::Bars));
        }
        let mut table = Sheet::new("Sections", &SECTION_HEADS[3..]);
        own.sort_by_key(|g| std::cmp::Reverse(g.sums.totals.total()));
        for Group {
            key: (mode, origin, destination),
            sums,
        } in &own
        {
            let keys = [
                word(mode.code()),
                origin.to_string(),
                destination.to_string(),
            ];
            table.row(keys.into_iter().chain(section_cells(sums)));
        }
        parts.push(Part::Table(table));
        let months = asked
            .run
            .corridors
            .iter()
            .filter(|row| row.corridor_id == id);
        parts.push(Part::Table(month_table(asked, months)?));
        let rows: Vec<&MonthSection> = by_month.iter().filter(|s| s.key.0 == id).collect();
        let periods: BTreeSet<Day> = rows.iter().map(|s| s.key.1).collect();
        if periods.len() > 1 && rows.len() <= budget {
            budget -= rows.len();
            for period in periods {
                let mut table = Sheet::new("Sections of the month", &SECTION_HEADS[2..]);
                let own = rows.iter().filter(|s| s.key.1 == period);
                own.for_each(|section| table.row(month_section_cells(section)));
                parts.push(Part::Details {
                    summary: format!("Sections in {}", month(period)),
                    value: String::new(),
                    unit: "",
                    is_open: false,
                    parts: vec![Part::Table(table)],
                });
            }
        }
        let value = nano(corridor.sums.totals.total());
        let is_open = chapters.is_empty();
        chapters.push(Part::Details {
            summary: asked.corridor_title(id),
            value,
            unit: "kg CO2e",
            is_open,
            parts,
        });
    }
    Ok(chapters)
}

/// The main way with the emissions of each of its sections and of the hubs on it.
fn strip(sections: &[Edge], from: LocationCode, to: LocationCode) -> Option<Bars> {
    let moves: Vec<&Edge> = sections.iter().filter(|g| g.key.0 != Mode::Hub).collect();
    let edges: Vec<_> = moves
        .iter()
        .map(|g| (g.key.1, g.key.2, g.sums.count))
        .collect();
    let way = main_way(&edges, from, to);
    if way.is_empty() {
        return None;
    }
    let hub = |place: LocationCode| {
        sections
            .iter()
            .find(|g| g.key.0 == Mode::Hub && g.key.1 == place)
    };
    let bar = |group: &Edge, label: String| {
        let (count, totals) = (group.sums.count, &group.sums.totals);
        Bar {
            label,
            detail: match intensity(totals).as_str() {
                "" => counted(count, "operation"),
                g => format!("{}, {g} g CO2e/t.km", counted(count, "movement")),
            },
            value: nano(totals.total()),
            parts: vec![(group.key.0.code(), totals.total())],
            ..Bar::default()
        }
    };
    let mut rows: Vec<Bar> = hub(from)
        .map(|g| bar(g, format!("hub {from}")))
        .into_iter()
        .collect();
    for group in way.into_iter().map(|at| moves[at]) {
        let (mode, a, b) = group.key;
        rows.push(bar(
            group,
            format!("{} {a} \u{2192} {b}", word(mode.code())),
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

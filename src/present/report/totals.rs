//! Totals with operation and provision: by mode and hub, by operation category, by basis of the distance, by country.

use crate::error::Result;
use crate::model::mode::Mode;
use crate::model::unit::grouped;
use crate::present::form::{Bar, Bars, BarsForm, Part, Report, Section, Table as Sheet, Tile};
use crate::present::report::figures::{
    Group, cells, group_table, groups, intensity, nano, percent, word,
};
use crate::present::report::{Asked, Made};
use crate::published::sums::Table;

/// Classes of the colours, with their words.
pub(crate) fn mode_key() -> Vec<(&'static str, &'static str)> {
    Mode::ALL
        .into_iter()
        .map(|mode| {
            (
                mode.code(),
                if mode == Mode::InlandWaterway {
                    "inland waterway"
                } else {
                    mode.code()
                },
            )
        })
        .collect()
}

/// Title, key figures, and the sheet of the workbook that holds them.
pub(crate) fn head(asked: &Asked, report: &mut Report) -> Result<()> {
    let (m, whole) = (asked.manifest, &asked.whole);
    let months = asked.months()?;
    let period = match (months.first(), months.last()) {
        (Some(first), Some(last)) if first == last => first.clone(),
        (Some(first), Some(last)) => format!("{first} to {last}"),
        _ => "no shipment".to_owned(),
    };
    report.title = format!("Greenhouse gas emissions of container transport, {period}");
    report.subtitle = format!(
        "{}, profile {}, run {}, {} {}",
        m.method, m.profile, m.run_id, m.package, m.version
    );
    let bases: Vec<String> = groups(asked.run, Table::Elements, &["activity_basis"])?
        .into_iter()
        .filter(|g| !g.keys[0].is_empty())
        .map(|g| {
            format!(
                "{} {} %",
                g.keys[0],
                percent(g.totals.activity, whole.activity)
            )
        })
        .collect();
    let complete = groups(asked.run, Table::Shipments, &["is_complete"])?;
    let complete = complete
        .iter()
        .find(|g| g.keys[0] == "yes")
        .map_or(0, |g| g.count);
    let shipments = i128::from(m.counts.shipments);
    let tile = |name, value, unit, note: String| Tile {
        name,
        value,
        unit,
        note,
    };
    report.tiles = vec![
        tile(
            "Total, well to wheel",
            nano(whole.total()),
            "kg CO2e",
            "operation + provision".to_owned(),
        ),
        tile(
            "Vehicle and hub operation",
            nano(whole.operation),
            "kg CO2e",
            "tank to wheel".to_owned(),
        ),
        tile(
            "Energy provision",
            nano(whole.provision),
            "kg CO2e",
            "well to tank".to_owned(),
        ),
        tile(
            "Transport activity",
            nano(whole.activity),
            "t.km",
            bases.join(", "),
        ),
        tile(
            "Emission intensity",
            intensity(whole),
            "g CO2e/t.km",
            format!("hubs included; distance basis: {}", bases.join(", ")),
        ),
        tile("Shipments", shipments.to_string(), "", {
            let complete = format!("{} of them complete", grouped(&complete.to_string()));
            let came_in = m.counts.in_input.as_ref();
            came_in.map_or(complete.clone(), |s| format!("{complete}; {}", s.text()))
        }),
    ];
    let mut sheet = Sheet::new("Summary", &["what", ">value", "unit", "note"]);
    sheet.note = format!("{}. {}", report.title, report.subtitle);
    for tile in &report.tiles {
        sheet.row([
            tile.name.to_owned(),
            tile.value.clone(),
            tile.unit.to_owned(),
            tile.note.clone(),
        ]);
    }
    report.workbook.push(sheet);
    Ok(())
}

/// Modes and hubs, operation categories, basis.
pub(crate) fn section(asked: &Asked) -> Result<Made> {
    let whole = &asked.whole;
    let mut modes = groups(asked.run, Table::Elements, &["mode"])?;
    modes.sort_by_key(|g| Mode::ALL.iter().position(|m| m.code() == g.keys[0]));
    let mut from = 0;
    let mut rows = Vec::new();
    for group in &modes {
        let detail = match intensity(&group.totals).as_str() {
            "" => format!("{} hub operations", grouped(&group.count.to_string())),
            g => format!(
                "{} t.km at {} g CO2e/t.km",
                grouped(&nano(group.totals.activity)),
                grouped(g)
            ),
        };
        let parts = vec![(class_of(&group.keys[0]), group.totals.total())];
        rows.push(Bar {
            label: word(&group.keys[0]),
            detail,
            value: nano(group.totals.total()),
            from,
            parts,
            ..Bar::default()
        });
        from += group.totals.total();
    }
    let parts = vec![
        ("operation", whole.operation),
        ("provision", whole.provision),
    ];
    let detail = "operation, then provision".to_owned();
    rows.push(Bar {
        label: "total".to_owned(),
        detail,
        value: nano(whole.total()),
        parts,
        ..Bar::default()
    });
    let chart = Bars {
        title: "From activity to the total".to_owned(),
        unit: "kg CO2e",
        form: BarsForm::Waterfall,
        rows,
        key: vec![
            ("operation", "operation (tank to wheel)"),
            ("provision", "provision (well to tank)"),
        ],
        note: "Each mode begins where the one above it ends; the last bar is the whole.".to_owned(),
    };
    for group in &mut modes {
        group.keys[0] = word(&group.keys[0]);
    }
    let modes = group_table("Modes and hubs", &["mode"], ">elements", &modes, whole)?;
    let worded = |mut list: Vec<Group>| {
        list.iter_mut().for_each(|g| g.keys[0] = word(&g.keys[0]));
        list
    };
    let operations = worded(groups(asked.run, Table::Elements, &["mode", "operation"])?);
    let mut operations = group_table(
        "Operation categories",
        &["mode", "operation category"],
        ">elements",
        &operations,
        whole,
    )?;
    operations.note =
        "Transport operation categories (TOC) and hub operation categories (HOC) of ISO 14083."
            .to_owned();
    let mut bases = groups(asked.run, Table::Elements, &["activity_basis"])?;
    for group in &mut bases {
        group.keys[0] = match group.keys[0].as_str() {
            "sfd" => "shortest feasible distance (sfd)".to_owned(),
            "gcd" => "great-circle distance (gcd)".to_owned(),
            "" => "none: hubs".to_owned(),
            other => other.to_owned(),
        };
    }
    let mut bases = group_table(
        "Distance basis",
        &["basis of the activity distance"],
        ">elements",
        &bases,
        whole,
    )?;
    bases.note = "An intensity per t.km says nothing without the basis of its distance.".to_owned();
    let parts = vec![
        Part::Bars(chart),
        Part::Table(modes.clone()),
        Part::Table(bases.clone()),
        Part::Table(operations.clone()),
    ];
    Ok(Made {
        section: Section {
            id: "totals",
            title: "Totals",
            parts,
        },
        sheets: vec![modes, operations, bases],
    })
}

/// The class of a mode's colour.
pub(crate) fn class_of(mode: &str) -> &'static str {
    Mode::ALL
        .into_iter()
        .map(Mode::code)
        .find(|code| *code == mode)
        .unwrap_or("other")
}

/// By country pair of the sections.
pub(crate) fn countries(asked: &Asked) -> Result<Made> {
    let mut pairs = groups(asked.run, Table::Sections, &["country_pair"])?;
    pairs.sort_by(|a, b| {
        b.totals
            .total()
            .cmp(&a.totals.total())
            .then_with(|| a.keys.cmp(&b.keys))
    });
    let mut table = group_table(
        "Countries",
        &["from-to"],
        ">movements",
        &pairs,
        &asked.whole,
    )?;
    table.note = "Countries of the two ends of each section; a hub and a section within a country have the same twice. \
                  A sea section counts for its pair, whatever waters it crosses."
        .to_owned();
    let rows = pairs.iter().take(12).map(|g| Bar {
        label: g.keys[0].clone(),
        value: nano(g.totals.total()),
        parts: vec![
            ("operation", g.totals.operation),
            ("provision", g.totals.provision),
        ],
        ..Bar::default()
    });
    let chart = Bars {
        title: "By country pair".to_owned(),
        unit: "kg CO2e",
        form: BarsForm::Stacked,
        rows: rows.collect(),
        key: vec![("operation", "operation"), ("provision", "provision")],
        note: if pairs.len() > 12 {
            format!("The first 12 of {}; all of them in the table.", pairs.len())
        } else {
            String::new()
        },
    };
    let sheets = vec![table.clone()];
    let parts = vec![Part::Bars(chart), Part::Table(table)];
    Ok(Made {
        section: Section {
            id: "countries",
            title: "Countries",
            parts,
        },
        sheets,
    })
}

/// Cells of the whole run, for a closing row.
pub(crate) fn whole_cells(asked: &Asked) -> [String; 6] {
    cells(&asked.whole, &asked.whole)
}

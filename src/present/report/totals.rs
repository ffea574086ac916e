//! Totals with operation and provision: by mode and hub, by operation category, by basis of the distance, by country.

use crate::error::Result;
use crate::model::element::Biogenic;
use crate::model::mode::Mode;
use crate::model::unit::grouped;
use crate::present::form::{Bar, Bars, BarsForm, Part, Report, Section, Table as Sheet, Tile};
use crate::present::report::figures::{
    group_table, intensity, largest_first, month, nano, percent, word,
};
use crate::present::report::{Asked, Made};
use crate::published::sums::by;

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
    let periods = asked.periods();
    let period = match (periods.first(), periods.last()) {
        (Some(first), Some(last)) if first == last => month(*first),
        (Some(first), Some(last)) => format!("{} to {}", month(*first), month(*last)),
        _ => "no shipment".to_owned(),
    };
    report.title = format!("Greenhouse gas emissions of container transport, {period}");
    report.subtitle = format!(
        "{}, profile {}, run {}, {} {}",
        m.method, m.profile, m.run_id, m.package, m.version
    );
    if let Some(slice) = asked.slice {
        report.subtitle = format!("Slice: {slice}. {}", report.subtitle);
    }
    let bases = by(&asked.run.elements, |e| e.key.activity_basis.code())?;
    let bases: Vec<String> = bases
        .iter()
        .filter(|g| !g.key.is_empty())
        .map(|g| {
            format!(
                "{} {} %",
                g.key,
                percent(g.sums.totals.activity, whole.activity)
            )
        })
        .collect();
    let complete = by(&asked.run.shipments, |s| s.key.is_complete)?;
    let complete = complete.iter().find(|g| g.key).map_or(0, |g| g.sums.count);
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
    let biogenic = biogenic(asked)?;
    if let Some(co2) = biogenic.stated() {
        let (stated, of) = (biogenic.elements.to_string(), m.counts.elements.to_string());
        report.tiles.push(tile(
            "Biogenic CO2, beside the total",
            nano(co2),
            "kg CO2",
            format!(
                "in no total; stated for {} of {} elements",
                grouped(&stated),
                grouped(&of)
            ),
        ));
    }
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

/// Biogenic CO2 of those elements whose factor states it.
fn biogenic(asked: &Asked) -> Result<Biogenic> {
    let whole = by(&asked.run.corridors, |_| ())?.into_iter().next();
    Ok(whole.map_or_else(Biogenic::default, |whole| whole.sums.biogenic))
}

/// Modes and hubs, operation categories, basis.
pub(crate) fn section(asked: &Asked) -> Result<Made> {
    let whole = &asked.whole;
    let modes = by(&asked.run.elements, |e| e.key.mode)?;
    let mut from = 0;
    let mut rows = Vec::new();
    for group in &modes {
        let (mode, totals) = (group.key.code(), &group.sums.totals);
        let detail = match intensity(totals).as_str() {
            "" => format!("{} hub operations", grouped(&group.sums.count.to_string())),
            g => format!(
                "{} t.km at {} g CO2e/t.km",
                grouped(&nano(totals.activity)),
                grouped(g)
            ),
        };
        rows.push(Bar {
            label: word(mode),
            detail,
            value: nano(totals.total()),
            from,
            parts: vec![(mode, totals.total())],
            ..Bar::default()
        });
        from += totals.total();
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
    let modes = group_table(
        "Modes and hubs",
        ["mode"],
        ">elements",
        &modes,
        whole,
        |mode| [word(mode.code())],
    )?;
    let operations = by(&asked.run.elements, |e| {
        (e.key.mode.code(), e.key.operation.as_str())
    })?;
    let mut operations = group_table(
        "Operation categories",
        ["mode", "operation category"],
        ">elements",
        &operations,
        whole,
        |(mode, operation)| [word(mode), (*operation).to_owned()],
    )?;
    operations.note =
        "Transport operation categories (TOC) and hub operation categories (HOC) of ISO 14083."
            .to_owned();
    let bases = by(&asked.run.elements, |e| e.key.activity_basis.code())?;
    let mut bases = group_table(
        "Distance basis",
        ["basis of the activity distance"],
        ">elements",
        &bases,
        whole,
        |basis| {
            let text = match *basis {
                "sfd" => "shortest feasible distance (sfd)",
                "gcd" => "great-circle distance (gcd)",
                "" => "none: hubs",
                other => other,
            };
            [text.to_owned()]
        },
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

/// By country pair of the sections.
pub(crate) fn countries(asked: &Asked) -> Result<Made> {
    let mut pairs = by(&asked.run.sections, |row| row.country_pair.as_str())?;
    largest_first(&mut pairs);
    let mut table = group_table(
        "Countries",
        ["from-to"],
        ">movements",
        &pairs,
        &asked.whole,
        |pair| [(*pair).to_owned()],
    )?;
    table.note = "Countries of the two ends of each section; a hub and a section within a country have the same twice. \
                  A sea section counts for its pair, whatever waters it crosses."
        .to_owned();
    let rows = pairs.iter().take(12).map(|g| Bar {
        label: g.key.to_owned(),
        value: nano(g.sums.totals.total()),
        parts: vec![
            ("operation", g.sums.totals.operation),
            ("provision", g.sums.totals.provision),
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

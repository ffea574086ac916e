//! Single shipments: the largest, the list that can be searched, and the calculation sheets that travel with the page.

use crate::audit::explain::Explainer;
use crate::error::{Error, Result};
use crate::model::mode::Mode;
use crate::model::unit::{SHARE_SCALE, decimal_text, grouped};
use crate::present::form::{
    Bar, Bars, BarsForm, Figures, Part, Section, Sheets, ShipmentList, Table as Sheet, Words,
};
use crate::present::report::figures::{nano, number};
use crate::present::report::totals::mode_key;
use crate::present::report::{Asked, DRAWN, LARGEST, Made, SEARCHABLE};
use crate::progress::Progress;
use crate::published::sums::{GHG_BY_MODE, Run, Table};
use crate::store::signal::Interrupt;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Bars of the chart.
const BARS: usize = 20;
/// Elements of a shipment whose sheet still goes on the page, and of all sheets together.
const ELEMENTS_OF_ONE: i128 = 200;
const ELEMENTS_OF_ALL: i128 = 12_000;

const WORDS: [(&str, &str); 9] = [
    ("corridor", "corridor_id"),
    ("month", "period"),
    ("from", "origin"),
    ("to", "destination"),
    ("modes", "modes"),
    ("load status", "load_status"),
    ("complete", "is_complete"),
    ("basis", "activity_basis"),
    ("flags", "quality_flags"),
];

/// Heading, unit, column, scale.
const FIGURES: [(&str, &str, &str, u32); 6] = [
    ("total", "kg CO2e", "ghg_total_kg", 9),
    ("operation", "kg CO2e", "ghg_operation_kg", 9),
    ("provision", "kg CO2e", "ghg_provision_kg", 9),
    ("activity", "t.km", "transport_activity_tkm", 9),
    (
        "intensity",
        "g CO2e/t.km",
        "intensity_g_per_tkm",
        SHARE_SCALE,
    ),
    ("elements", "", "elements", 0),
];

/// The largest shipments and the search.
pub(crate) fn section(asked: &Asked) -> Result<Made> {
    let all = asked.manifest.counts.shipments;
    let largest = asked.run.rows(
        Table::Largest,
        &["shipment_id", "corridor_id", "modes"],
        &GHG_BY_MODE,
    )?;
    let codes = Mode::ALL.map(Mode::code);
    let bar = |(at, row): (usize, &crate::published::sums::Row)| {
        let parts: Vec<(&'static str, i128)> = codes
            .into_iter()
            .zip(0..)
            .map(|(code, at)| (code, number(row, at)))
            .collect();
        Bar {
            label: row.keys[0].clone(),
            detail: format!("{}, {}", row.keys[1], row.keys[2].replace('_', " ")),
            value: nano(parts.iter().map(|(_, amount)| amount).sum()),
            parts,
            opens: Some(at),
            ..Bar::default()
        }
    };
    let chart = Bars {
        title: "Shipments with the largest totals".to_owned(),
        unit: "kg CO2e",
        form: BarsForm::Stacked,
        rows: largest.iter().take(BARS).enumerate().map(bar).collect(),
        key: mode_key(),
        note: String::new(),
    };
    let list = if all > SEARCHABLE as u64 {
        format!(
            "the {} shipments with the largest totals of {}",
            grouped(&SEARCHABLE.to_string()),
            grouped(&all.to_string())
        )
    } else {
        format!("all {} shipments", grouped(&all.to_string()))
    };
    let text = format!(
        "The search finds {list}. The page holds the calculation sheets of the {LARGEST} largest and of {DRAWN} drawn by a hash of \
         their ids, as far as they have at most {ELEMENTS_OF_ONE} elements; for the others it gives the command that prints the sheet."
    );
    let parts = vec![Part::Text(text), Part::Search, Part::Bars(chart)];
    Ok(Made {
        section: Section {
            id: "shipments",
            title: "Shipments",
            parts,
        },
        sheets: vec![sheet(asked)?],
    })
}

fn sheet(asked: &Asked) -> Result<Sheet> {
    let mut heads = vec!["shipment"];
    heads.extend(WORDS.map(|(name, _)| name));
    heads.extend([
        ">total kg CO2e",
        ">operation kg CO2e",
        ">provision kg CO2e",
        ">t.km",
        ">g CO2e/t.km",
        ">elements",
    ]);
    let mut sheet = Sheet::new("Shipments", &heads);
    let keys: Vec<&str> = ["shipment_id"]
        .into_iter()
        .chain(WORDS.map(|(_, column)| column))
        .collect();
    for row in asked.run.rows(
        Table::Largest,
        &keys,
        &FIGURES.map(|(_, _, column, _)| column),
    )? {
        let figures = FIGURES.iter().zip(&row.figures);
        let figures = figures.map(|((_, _, _, scale), value)| {
            value.map_or(String::new(), |v| decimal_text(v, *scale))
        });
        let cells: Vec<String> = row.keys.into_iter().chain(figures).collect();
        sheet.row(cells);
    }
    if asked.manifest.counts.shipments > SEARCHABLE as u64 {
        sheet.note = format!(
            "The {} shipments with the largest totals; the Parquet table has them all.",
            grouped(&SEARCHABLE.to_string())
        );
    }
    Ok(sheet)
}

/// Columns for the search of the page.
pub(crate) fn list(asked: &Asked) -> Result<ShipmentList> {
    let keys: Vec<&str> = ["shipment_id"]
        .into_iter()
        .chain(WORDS.map(|(_, column)| column))
        .collect();
    let rows = asked.run.rows(
        Table::Largest,
        &keys,
        &FIGURES.map(|(_, _, column, _)| column),
    )?;
    let mut words: Vec<Words> = Vec::new();
    for (at, (name, column)) in WORDS.into_iter().enumerate() {
        let text = |row: &crate::published::sums::Row| match column {
            "period" => crate::present::report::figures::month(&row.keys[at + 1]),
            _ => row.keys[at + 1].clone(),
        };
        let distinct: BTreeSet<String> = rows.iter().map(text).collect();
        let list: Vec<String> = distinct.into_iter().collect();
        let number: HashMap<&str, u32> = list
            .iter()
            .zip(0..)
            .map(|(text, n)| (text.as_str(), n))
            .collect();
        let at = rows.iter().map(|row| number[text(row).as_str()]).collect();
        words.push(Words {
            name,
            at,
            list: list.clone(),
        });
    }
    let figures = FIGURES
        .into_iter()
        .enumerate()
        .map(|(at, (name, unit, _, scale))| {
            let value = |row: &crate::published::sums::Row| {
                row.figures[at].map_or(String::new(), |v| decimal_text(v, scale))
            };
            Figures {
                name,
                unit,
                value: rows.iter().map(value).collect(),
            }
        });
    Ok(ShipmentList {
        all: asked.manifest.counts.shipments,
        figures: figures.collect(),
        words,
        id: rows.into_iter().map(|row| row.keys[0].clone()).collect(),
    })
}

/// Shipments whose sheets go on the page: the largest, then the drawn ones, as far as they are not too long.
pub(crate) fn with_sheets(run: &Run) -> Result<Vec<String>> {
    let largest = run.rows(Table::Largest, &["shipment_id"], &["elements"])?;
    let drawn = run.rows(Table::Drawn, &["shipment_id"], &["elements"])?;
    let mut seen = BTreeSet::new();
    let mut left = ELEMENTS_OF_ALL;
    let mut ids = Vec::new();
    for row in largest.iter().take(LARGEST).chain(&drawn) {
        let (id, elements) = (&row.keys[0], number(row, 0));
        if elements <= ELEMENTS_OF_ONE.min(left) && seen.insert(id.clone()) {
            left -= elements;
            ids.push(id.clone());
        }
    }
    Ok(ids)
}

/// The sheets, each factor once.
pub(crate) fn sheets(
    explainer: &Explainer,
    ids: &[String],
    progress: &dyn Progress,
    interrupt: &Interrupt,
) -> Result<Sheets> {
    let fault = |e: serde_json::Error| Error::Internal(format!("cannot write JSON: {e}"));
    let mut sheets = Sheets::default();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    explainer.sheets(&ids, &mut |sheet| {
        let mut value = serde_json::to_value(&sheet).map_err(fault)?;
        let elements = value
            .get_mut("elements")
            .and_then(serde_json::Value::as_array_mut);
        for element in elements.into_iter().flatten() {
            let factor = element["factor"].take();
            let at = *known.entry(factor.to_string()).or_insert_with(|| {
                sheets.factors.push(factor);
                sheets.factors.len() - 1
            });
            element["factor"] = at.into();
        }
        sheets.sheets.insert(sheet.shipment_id, value);
        progress.advance(1, 0);
        interrupt.check()
    })?;
    Ok(sheets)
}

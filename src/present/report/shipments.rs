//! Single shipments: the largest, the list that can be searched, and the calculation sheets that travel with the page.

use crate::audit::explain::sheet::Sheet as Calculation;
use crate::error::{Error, Result};
use crate::model::mode::Mode;
use crate::model::time::date_text;
use crate::model::unit::{SHARE_SCALE, decimal_text, grouped};
use crate::present::form::{
    Bar, Bars, BarsForm, Figures, Part, Section, Sheets, ShipmentList, Table as Sheet, Words,
};
use crate::present::report::figures::{month, nano, word, yes};
use crate::present::report::totals::mode_key;
use crate::present::report::{Asked, Made, SEARCHABLE};
use crate::progress::Progress;
use crate::published::sums::ShipmentRow;
use crate::store::signal::Interrupt;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Bars of the chart.
const BARS: usize = 20;
/// Elements of a shipment whose sheet still goes on the page, and of all sheets together.
const ELEMENTS_OF_ONE: i64 = 200;
const ELEMENTS_OF_ALL: i64 = 12_000;

/// Heading and text.
type Word = (&'static str, fn(&ShipmentRow) -> String);

const WORDS: [Word; 9] = [
    ("corridor", |s| s.corridor_id.clone()),
    ("month", |s| month(s.period)),
    ("from", |s| s.origin.to_string()),
    ("to", |s| s.destination.to_string()),
    ("modes", |s| s.modes.clone()),
    ("load status", |s| s.load_status.code().to_owned()),
    ("complete", |s| yes(s.is_complete)),
    ("basis", |s| s.activity_basis.code().to_owned()),
    ("flags", |s| s.flags.text()),
];

/// Heading, unit, figure.
type Figure = (&'static str, &'static str, fn(&ShipmentRow) -> String);

const FIGURES: [Figure; 6] = [
    ("total", "kg CO2e", |s| nano(s.total)),
    ("operation", "kg CO2e", |s| nano(s.operation)),
    ("provision", "kg CO2e", |s| nano(s.provision)),
    ("activity", "t.km", |s| nano(s.activity)),
    ("intensity", "g CO2e/t.km", |s| {
        s.intensity
            .map_or(String::new(), |v| decimal_text(v, SHARE_SCALE))
    }),
    ("elements", "", |s| s.elements.to_string()),
];

/// The largest shipments and the search.
pub(crate) fn section(asked: &Asked) -> Result<Made> {
    let all = asked.manifest.counts.shipments;
    let largest = &asked.run.largest;
    let codes = Mode::ALL.map(Mode::code);
    let bar = |(at, row): (usize, &ShipmentRow)| {
        let parts: Vec<(&'static str, i128)> = codes.into_iter().zip(row.by_mode().0).collect();
        Bar {
            label: row.shipment_id.clone(),
            detail: format!("{}, {}", row.corridor_id, word(&row.modes)),
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
        match all {
            1 => "the shipment".to_owned(),
            _ => format!("all {} shipments", grouped(&all.to_string())),
        }
    };
    let text = format!(
        "The search finds {list}. The page holds the calculation sheets of the {} largest and of {} drawn by a hash of \
         their ids, as far as they have at most {ELEMENTS_OF_ONE} elements; for the others it gives the command that prints the sheet.",
        asked.shown.largest, asked.shown.drawn
    );
    let parts = vec![Part::Text(text), Part::Search, Part::Bars(chart)];
    Ok(Made {
        section: Section {
            id: "shipments",
            title: "Shipments",
            parts,
        },
        sheets: vec![sheet(asked)],
    })
}

fn sheet(asked: &Asked) -> Sheet {
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
    for row in &asked.run.largest {
        let words = WORDS.map(|(name, text)| match name {
            // The workbook has the day, as published.
            "month" => date_text(row.period),
            _ => text(row),
        });
        let figures = FIGURES.map(|(_, _, text)| text(row));
        let id = [row.shipment_id.clone()].into_iter();
        sheet.row(id.chain(words).chain(figures));
    }
    if asked.manifest.counts.shipments > SEARCHABLE as u64 {
        sheet.note = format!(
            "The {} shipments with the largest totals; the Parquet table has them all.",
            grouped(&SEARCHABLE.to_string())
        );
    }
    sheet
}

/// Columns for the search of the page.
pub(crate) fn list(asked: &Asked) -> ShipmentList {
    let rows = &asked.run.largest;
    let column = |name: &'static str, is_aside: bool, texts: Vec<String>| {
        let distinct: BTreeSet<&String> = texts.iter().collect();
        let number: HashMap<&String, u32> = distinct.iter().copied().zip(0..).collect();
        Words {
            name,
            is_aside,
            at: texts.iter().map(|text| number[text]).collect(),
            list: distinct.into_iter().cloned().collect(),
        }
    };
    let of_rows = |(name, text): Word| column(name, false, rows.iter().map(text).collect());
    let mut words: Vec<Words> = WORDS.map(of_rows).into();
    if !asked.names.ways.is_empty() {
        words.push(column("places", true, asked.names.ways.clone()));
    }
    let figures = FIGURES.map(|(name, unit, text)| Figures {
        name,
        unit,
        value: rows.iter().map(text).collect(),
    });
    ShipmentList {
        all: asked.manifest.counts.shipments,
        figures: figures.into(),
        words,
        id: rows.iter().map(|row| row.shipment_id.clone()).collect(),
    }
}

/// Shipments whose sheets go on the page: the largest, then the drawn ones, as far as they are not too long.
pub(crate) fn with_sheets(asked: &Asked) -> Vec<String> {
    let (run, shown) = (asked.run, asked.shown);
    let mut seen = BTreeSet::new();
    let mut left = ELEMENTS_OF_ALL;
    let mut ids = Vec::new();
    for row in run.largest.iter().take(shown.largest).chain(&run.drawn) {
        if row.elements <= ELEMENTS_OF_ONE.min(left) && seen.insert(&row.shipment_id) {
            left -= row.elements;
            ids.push(row.shipment_id.clone());
        }
    }
    ids
}

/// Takes a calculation sheet.
type Take<'t> = dyn FnMut(Calculation) -> Result<()> + 't;

/// The sheets that `of` hands over, each factor once.
pub(crate) fn sheets(
    of: &mut dyn FnMut(&mut Take) -> Result<()>,
    progress: &dyn Progress,
    interrupt: &Interrupt,
) -> Result<Sheets> {
    let fault = |e: serde_json::Error| Error::Internal(format!("cannot write JSON: {e}"));
    let mut sheets = Sheets::default();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    of(&mut |sheet| {
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

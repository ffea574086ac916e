//! What the figures stand on: factors with source and licence, method, what is excluded, digests.

use crate::error::Result;
use crate::model::unit::short_decimal_text;
use crate::present::form::{Part, Section, Table as Sheet};
use crate::present::report::figures::{groups, nano, number, percent, totals, word};
use crate::present::report::{Asked, Made};
use crate::published::sums::Table;
use serde_json::Value;

const FACTOR_TEXTS: [&str; 15] = [
    "factor_id",
    "table",
    "operation",
    "energy_carrier",
    "region",
    "carrier",
    "temperature",
    "per",
    "distance_basis",
    "valid_from",
    "data_category",
    "gwp_set",
    "edition",
    "licence",
    "source_ref",
];

/// Factors and their sources.
pub(crate) fn factors(asked: &Asked) -> Result<Made> {
    let figures = [
        "operation_g",
        "provision_g",
        "rows",
        "transport_activity_tkm",
        "ghg_operation_kg",
        "ghg_provision_kg",
    ];
    let mut rows = asked.run.rows(Table::Factors, &FACTOR_TEXTS, &figures)?;
    rows.sort_by(|a, b| {
        totals(b, 3)
            .total()
            .cmp(&totals(a, 3).total())
            .then_with(|| a.keys.cmp(&b.keys))
    });
    let mut table = Sheet::new(
        "Factors used",
        &[
            "factor",
            "table",
            "operation",
            "energy carrier",
            "region",
            "carrier",
            "temperature",
            "per",
            "distance basis",
            "valid from",
            "data category",
            "GWP set",
            "edition",
            "licence",
            "place in the source",
            ">operation g CO2e",
            ">provision g CO2e",
            ">elements",
            ">kg CO2e",
            ">% of emissions",
        ],
    );
    for row in &rows {
        let grams = [0, 1].map(|at| short_decimal_text(number(row, at), 9));
        let total = totals(row, 3).total();
        let used = [
            number(row, 2).to_string(),
            nano(total),
            percent(total, asked.whole.total()),
        ];
        table.row(row.keys.iter().cloned().chain(grams).chain(used));
    }
    table.note =
        "Intensities of the library, before any uplift; per t.km, TEU.km, t, TEU, container, or unit of energy.".to_owned();
    // The page has room for what a reader asks first; the workbook has every column.
    let mut short = Sheet::new(
        "Factors used",
        &[
            "factor",
            "per",
            "GWP set",
            "licence",
            ">operation g CO2e",
            ">provision g CO2e",
            ">elements",
            ">kg CO2e",
            ">% of emissions",
        ],
    );
    let columns = [0, 7, 11, 13, 15, 16, 17, 18, 19];
    table
        .rows
        .iter()
        .for_each(|row| short.row(columns.map(|at| row[at].clone())));
    short.note = format!(
        "{} The workbook has every column, with the place in the source.",
        table.note
    );

    let keys = [
        "source",
        "edition",
        "source_title",
        "source_publisher",
        "licence",
        "source_url",
    ];
    let mut sources = Sheet::new(
        "Sources",
        &[
            "source",
            "edition",
            "title",
            "publisher",
            "licence",
            "address",
            ">elements",
            ">kg CO2e",
            ">% of emissions",
        ],
    );
    let mut by_source = asked.run.by(Table::Factors, &keys, &figures[2..])?;
    by_source.sort_by(|a, b| {
        totals(b, 1)
            .total()
            .cmp(&totals(a, 1).total())
            .then_with(|| a.keys.cmp(&b.keys))
    });
    for row in by_source {
        let total = totals(&row, 1).total();
        let used = [
            number(&row, 0).to_string(),
            nano(total),
            percent(total, asked.whole.total()),
        ];
        sources.row(row.keys.into_iter().chain(used));
    }
    let parts = vec![Part::Table(sources.clone()), Part::Table(short)];
    Ok(Made {
        section: Section {
            id: "factors",
            title: "Factors and sources",
            parts,
        },
        sheets: vec![sources, table],
    })
}

/// Method, exclusions, GWP sets, run id and digests.
pub(crate) fn method(asked: &Asked) -> Result<Made> {
    let m = asked.manifest;
    let said = |key: &str| {
        m.statement
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or("not stated")
            .to_owned()
    };
    let mut table = Sheet::new("Method", &["what", "statement"]);
    let lines = [
        ("method", m.method.clone()),
        ("profile", m.profile.clone()),
        ("boundary", said("boundary")),
        ("allocation", said("allocation")),
        ("cut-off", said("cut_off")),
        ("GWP sets admitted", m.gwp_sets.join(", ")),
        (
            "rounding",
            "once per element, half to even to the microgram, operation and provision apart; every sum is exact".to_owned(),
        ),
        ("program", format!("{} {}", m.package, m.version)),
        ("method revision", m.method_revision.to_string()),
        ("run id", m.run_id.clone()),
        ("library digest", m.library_digest.clone()),
    ];
    lines
        .into_iter()
        .for_each(|(what, text)| table.row([what.to_owned(), text]));
    let excluded: Vec<String> = match m.statement.get("exclusions").and_then(Value::as_array) {
        Some(list) => list
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        None => Vec::new(),
    };
    let mut exclusions = Sheet::new("Excluded", &["what is not in the figures"]);
    excluded
        .iter()
        .for_each(|line| exclusions.row([line.clone()]));
    let mut gwp = Sheet::new(
        "GWP sets",
        &[
            "GWP set of the factor",
            ">elements",
            ">kg CO2e",
            ">% of emissions",
        ],
    );
    for group in groups(asked.run, Table::Factors, &["gwp_set"])? {
        let total = group.totals.total();
        gwp.row([
            word(&group.keys[0]),
            group.count.to_string(),
            nano(total),
            percent(total, asked.whole.total()),
        ]);
    }
    let mut digests = Sheet::new("Digests", &["kind", "file", "sha256"]);
    for input in &m.inputs {
        digests.row(["input".to_owned(), input.file.clone(), input.sha256.clone()]);
    }
    for file in &m.files {
        digests.row([
            "published".to_owned(),
            file.path.clone(),
            file.sha256.clone(),
        ]);
    }
    for entry in &m.reference {
        digests.row([
            "reference".to_owned(),
            entry.path.clone(),
            entry.sha256.clone(),
        ]);
    }
    let mut parts = vec![Part::Table(table.clone()), Part::Table(gwp.clone())];
    if excluded.is_empty() {
        parts.push(Part::Text("The profile states no exclusion.".to_owned()));
    } else {
        parts.push(Part::Table(exclusions.clone()));
    }
    if !m.warnings.is_empty() {
        parts.push(Part::Text("What the run warned of:".to_owned()));
        parts.push(Part::List(m.warnings.clone()));
    }
    let listed = Part::Details {
        summary: "Digests of inputs, published tables and reference files".to_owned(),
        value: String::new(),
        unit: "",
        is_open: false,
        parts: vec![Part::Table(digests.clone())],
    };
    parts.push(listed);
    Ok(Made {
        section: Section {
            id: "method",
            title: "Method and exclusions",
            parts,
        },
        sheets: vec![table, gwp, exclusions, digests],
    })
}

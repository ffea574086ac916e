//! What the figures stand on: factors with source and licence, method, what is excluded, digests.

use crate::error::Result;
use crate::model::element::GhgTotals;
use crate::model::time::date_text;
use crate::model::unit::{NANO_SCALE, short_decimal_text};
use crate::present::form::{Part, Section, Table as Sheet};
use crate::present::report::figures::{group_table, largest_first, nano, percent, word};
use crate::present::report::{Asked, Made};
use crate::published::sums::{FactorRow, Group, Summed, by};
use serde_json::Value;

/// Heading, text, and whether the page has room for the column; the workbook has every one.
type Column = (&'static str, fn(&FactorRow) -> String, bool);

const COLUMNS: [Column; 18] = [
    ("factor", |f| f.factor_id.clone(), true),
    ("table", |f| f.table.clone(), false),
    ("operation", |f| f.operation.clone(), false),
    ("energy carrier", |f| f.energy_carrier.clone(), false),
    ("region", |f| f.region.clone(), false),
    ("carrier", |f| f.carrier.clone(), false),
    ("temperature", |f| f.temperature.clone(), false),
    ("per", |f| f.per.clone(), true),
    ("distance basis", |f| f.distance_basis.clone(), false),
    ("valid from", |f| date_text(f.valid_from), false),
    ("data category", |f| f.data_category.clone(), false),
    ("GWP set", |f| f.emissions_gwp_set().to_owned(), true),
    ("edition", |f| f.edition.clone(), false),
    ("licence", |f| f.licence.clone(), true),
    ("place in the source", |f| f.source_ref.clone(), false),
    (
        ">operation g CO2e",
        |f| short_decimal_text(f.operation_g, NANO_SCALE),
        true,
    ),
    (
        ">provision g CO2e",
        |f| short_decimal_text(f.provision_g, NANO_SCALE),
        true,
    ),
    (">elements", |f| f.sums().count.to_string(), true),
];

/// A table of factors with the columns that `has` says.
fn factor_table(rows: &[&FactorRow], whole: &GhgTotals, has: fn(&Column) -> bool) -> Sheet {
    let columns: Vec<&Column> = COLUMNS.iter().filter(|column| has(column)).collect();
    let heads = columns.iter().map(|(name, _, _)| *name);
    let mut table = Sheet::new(
        "Factors used",
        &heads
            .chain([">kg CO2e", ">% of emissions"])
            .collect::<Vec<_>>(),
    );
    for row in rows {
        let total = row.sums().totals.total();
        let used = [nano(total), percent(total, whole.total())];
        table.row(columns.iter().map(|(_, text, _)| text(row)).chain(used));
    }
    table
}

/// Factors and their sources.
pub(crate) fn factors(asked: &Asked) -> Result<Made> {
    let mut rows: Vec<&FactorRow> = asked.run.factors.iter().collect();
    rows.sort_by(|a, b| {
        let total = |f: &FactorRow| f.sums().totals.total();
        total(b)
            .cmp(&total(a))
            .then_with(|| a.factor_id.cmp(&b.factor_id))
    });
    let mut table = factor_table(&rows, &asked.whole, |_| true);
    table.note =
        "Intensities of the library, before any uplift; per t.km, TEU.km, t, TEU, container, or unit of energy.".to_owned();
    let mut short = factor_table(&rows, &asked.whole, |(_, _, is_short)| *is_short);
    short.note = format!(
        "{} The workbook has every column, with the place in the source.",
        table.note
    );

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
    let mut by_source = by(&asked.run.factors, |f| {
        [
            &f.source,
            &f.edition,
            &f.source_title,
            &f.source_publisher,
            &f.licence,
            &f.source_url,
        ]
    })?;
    largest_first(&mut by_source);
    for Group { key, sums } in by_source {
        let total = sums.totals.total();
        let used = [
            sums.count.to_string(),
            nano(total),
            percent(total, asked.whole.total()),
        ];
        sources.row(key.into_iter().cloned().chain(used));
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
    let mut by_set = by(&asked.run.factors, |f| f.emissions_gwp_set())?;
    largest_first(&mut by_set);
    let mut gwp = group_table(
        "GWP sets",
        ["GWP set behind the emissions"],
        ">elements",
        &by_set,
        &asked.whole,
        |set| [word(set)],
    )?;
    gwp.note = "Of a composed factor, the set of its energy factor. CO2: other gases are not in the figures; unstated: the source does not say.".to_owned();
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
    let mut sheets = vec![table, gwp, exclusions];
    // Those of the run stand in the report on the run.
    if asked.slice.is_none() {
        parts.push(listed);
        sheets.push(digests);
    }
    Ok(Made {
        section: Section {
            id: "method",
            title: "Method and exclusions",
            parts,
        },
        sheets,
    })
}

//! The reference document of a library as Markdown: every series of figures with its value, range over editions, source, licence, limits.
//!
//! Made from the rows of the library alone, so that it cannot say anything else than they do.

use super::factor::{EmissionFactor, Source};
use super::library::{Library, LibraryRow};
use super::rows::QUANTITY_SCALE;
use crate::model::index::index16;
use crate::model::mode::Basis;
use crate::model::time::{NO_END, date_text};
use crate::model::unit::{NANO_SCALE, short_decimal_text};
use std::collections::BTreeMap;
use std::fmt::Write;

/// The document.
pub fn handbook(library: &Library) -> String {
    let licences = licences(library);
    let mut out = String::from(HEAD);
    write_sources(&mut out, library);
    write_licences(&mut out, &licences);
    for (index, operation) in library.operations.iter().enumerate() {
        let _ = write!(out, "\n## `{}`\n\n{}.", operation.code, operation.title);
        if !operation.description.is_empty() {
            let _ = write!(out, " {}.", operation.description.trim_end_matches('.'));
        }
        if !operation.energy_carrier.is_empty() {
            let _ = write!(
                out,
                " Usual energy carrier: `{}`.",
                operation.energy_carrier
            );
        }
        out.push_str("\n\n");
        let rows = library
            .rows
            .iter()
            .filter(|r| r.factor.operation == Some(index16(index)));
        write_series(&mut out, library, rows, &licences);
    }
    out.push_str("\n## Energy carriers\n\nEmissions per unit of energy; they serve primary data, and the rows above that state an amount of energy.\n\n");
    write_series(
        &mut out,
        library,
        library.rows.iter().filter(|r| r.factor.operation.is_none()),
        &licences,
    );
    out
}

const HEAD: &str = "# Emission factors of the library\n\n\
    Made by `green-corridor factors document` from `emission_factors/`; a test fails when it is not current. What is missing stands in\n\
    `emission_factors/GAPS.md`, attributions and the inputs of derived rows in `emission_factors/LICENCES.md`.\n\n\
    One line is the series of figures that one source has for an operation (or energy carrier), region and temperature class.\n\n\
    - **value**: grams CO2e per unit of its latest edition, operation (tank-to-wheel) + provision (well-to-tank) = total; or an amount of energy,\n  \
    which is multiplied with every fitting row of its energy carrier.\n\
    - **editions**: first to last, with the least and the largest total (or amount) over them where they differ.\n\
    - **limits**: GWP set, distance basis, what is inside the figure, and what the source or the derivation leaves open. `derived`: the formula\n  \
    stands in the column `note` of the row.\n";

/// Licences of rows, in the order in which they first occur, numbered from 1.
fn licences(library: &Library) -> Vec<&str> {
    let mut list: Vec<&str> = Vec::new();
    for row in &library.rows {
        if !list.contains(&&*row.factor.licence) {
            list.push(&row.factor.licence);
        }
    }
    list
}

fn write_sources(out: &mut String, library: &Library) {
    out.push_str(
        "\n## Sources\n\n| edition | title | publisher | GWP set | licence | address |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for s in &library.sources {
        let address = if s.url.is_empty() {
            String::new()
        } else {
            format!("<{}>", s.url)
        };
        let (title, publisher, licence) = (cell(&s.title), cell(&s.publisher), cell(&s.licence));
        let _ = writeln!(
            out,
            "| `{}` | {title} | {publisher} | {} | {licence} | {address} |",
            s.folder,
            s.gwp_set.code()
        );
    }
}

fn write_licences(out: &mut String, licences: &[&str]) {
    out.push_str("\n## Licences of rows\n\n");
    for (number, licence) in licences.iter().enumerate() {
        let _ = writeln!(out, "- L{}: {licence}", number + 1);
    }
}

/// Rows of one source for one scope; the unit keeps rows per kilogram apart from rows per megajoule.
fn write_series<'l>(
    out: &mut String,
    library: &Library,
    rows: impl Iterator<Item = &'l LibraryRow>,
    licences: &[&str],
) {
    type Key<'k> = (&'k str, &'k str, &'k str, &'k str, &'k str, String);
    let mut series: BTreeMap<Key, Vec<&LibraryRow>> = BTreeMap::new();
    for row in rows {
        let f = &row.factor;
        let key = (
            &*f.energy_carrier,
            &*f.region,
            &*f.carrier,
            f.temperature.code(),
            &*source_of(library, f).source,
            unit(row),
        );
        series.entry(key).or_default().push(row);
    }
    if series.is_empty() {
        out.push_str("No factor: see GAPS.md.\n");
        return;
    }
    out.push_str("| energy carrier | region | class | value | unit | editions | latest row | licence | limits |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
    for ((energy_carrier, region, carrier, temperature, _, unit), mut rows) in series {
        rows.sort_by_key(|r| (r.factor.valid_from, r.factor.line));
        let Some(latest) = rows.last() else { continue };
        let f = &latest.factor;
        let code = |text: &str| {
            if text.is_empty() {
                String::new()
            } else {
                format!("`{text}`")
            }
        };
        let region = if carrier.is_empty() {
            code(region)
        } else {
            format!("{}, carrier {}", code(region), code(carrier))
        };
        let licence = licences
            .iter()
            .position(|l| *l == &*f.licence)
            .map_or(0, |i| i + 1);
        let _ = writeln!(
            out,
            "| {} | {region} | {temperature} | {} | {unit} | {} | `{}` | L{licence} | {} |",
            code(energy_carrier),
            value(latest),
            editions(library, &rows),
            f.id,
            cell(&limits(f))
        );
    }
}

fn source_of<'l>(library: &'l Library, factor: &EmissionFactor) -> &'l Source {
    &library.sources[factor.source as usize]
}

fn unit(row: &LibraryRow) -> String {
    let per = row.factor.per.code();
    row.energy.map_or(format!("g/{per}"), |(_, unit)| {
        format!("{}/{per}", unit.code())
    })
}

/// The figure of a row as one number, with its decimals.
fn amount(row: &LibraryRow) -> (i64, u32) {
    match row.energy {
        Some((quantity, _)) => (quantity, QUANTITY_SCALE),
        None => (row.factor.intensity.total(), NANO_SCALE),
    }
}

fn shown((mantissa, scale): (i64, u32)) -> String {
    short_decimal_text(mantissa.into(), scale)
}

fn value(row: &LibraryRow) -> String {
    if row.energy.is_some() {
        return shown(amount(row));
    }
    let f = &row.factor;
    let part = |m| shown((m, NANO_SCALE));
    format!(
        "{} + {} = {}",
        part(f.intensity.operation),
        part(f.intensity.provision),
        shown(amount(row))
    )
}

fn editions(library: &Library, rows: &[&LibraryRow]) -> String {
    let edition = |row: &LibraryRow| &*source_of(library, &row.factor).edition;
    let amounts = || rows.iter().map(|r| amount(r));
    let (Some(least), Some(most)) = (amounts().min(), amounts().max()) else {
        return String::new();
    };
    let (first, last) = (edition(rows[0]), edition(rows[rows.len() - 1]));
    let named = if first == last {
        first.to_owned()
    } else {
        format!("{first} to {last}")
    };
    let many = if first == last && rows.len() > 1 {
        format!(", {} periods", rows.len())
    } else {
        String::new()
    };
    if least == most {
        format!("{named}{many}")
    } else {
        format!("{named}{many}: {} to {}", shown(least), shown(most))
    }
}

fn limits(f: &EmissionFactor) -> String {
    let mut list = vec![f.gwp_set.code().to_owned()];
    if f.distance_basis != Basis::Absent {
        list.push(format!("distance {}", f.distance_basis.code()));
    }
    let share = |m: i64| shown((m, 6));
    list.extend(f.load_factor.map(|m| format!("load factor {}", share(m))));
    list.extend(f.empty_share.map(|m| format!("empty share {}", share(m))));
    list.push(match f.valid_to {
        NO_END => format!("from {}", date_text(f.valid_from)),
        end => format!(
            "from {} until before {}",
            date_text(f.valid_from),
            date_text(end)
        ),
    });
    let is_formula = |part: &str| {
        ["operation_g = ", "provision_g = ", "energy_quantity = "]
            .iter()
            .any(|c| part.starts_with(c))
    };
    let parts: Vec<&str> = f
        .note
        .split(';')
        .map(str::trim)
        .filter(|p| !p.is_empty())
        .collect();
    if parts.iter().any(|p| is_formula(p)) {
        list.push("derived".to_owned());
    }
    list.extend(
        parts
            .into_iter()
            .filter(|p| !is_formula(p))
            .map(str::to_owned),
    );
    list.join("; ")
}

/// Text in a cell of a Markdown table.
fn cell(text: &str) -> String {
    text.replace(char::is_control, " ").replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::factors::testkit::*;

    #[test]
    fn a_series_shows_its_latest_value_and_its_range() {
        let tables = vec![
            transport(
                "one/1",
                &["factor_id=a operation_g=10.50 provision_g=2 valid_to=2024-01-01"],
            ),
            transport(
                "one/2",
                &["factor_id=b operation_g=9 provision_g=2 valid_from=2024-01-01 gwp_set=AR6"],
            ),
            transport(
                "two/1",
                &[
                    "factor_id=c operation=rail.electric energy_carrier=electricity energy_quantity=0.02 energy_unit=kWh",
                ],
            ),
        ];
        let (library, faults) = Library::parse(&files(tables));
        assert!(faults.is_empty(), "{faults:?}");
        let text = handbook(&library);
        let line = "|  | `GLOBAL` | ambient | 9 + 2 = 11 | g/tkm | 1 to 2: 11 to 12.5 | `one/2:b` | L1 | AR6; distance actual; from 2024-01-01 |";
        assert!(text.contains(line), "{text}");
        assert!(
            text.contains(
                "| `electricity` | `GLOBAL` | ambient | 0.02 | kWh/tkm | 1 | `two/1:c` |"
            ),
            "{text}"
        );
        assert!(
            text.contains("## `road.truck`\n\nTruck. Usual energy carrier: `diesel`.\n\nNo factor: see GAPS.md.\n"),
            "{text}"
        );
    }

    #[test]
    fn formulas_stay_in_the_rows() {
        let tables = vec![transport("one/1", &["factor_id=a"])];
        let (mut library, _) = Library::parse(&files(tables));
        library.rows[0].factor.note =
            "operation_g = [x=1] * 10; provision_g = 2; range 8 to 12 | see p. 3".into();
        assert!(handbook(&library).contains("; derived; range 8 to 12 \\| see p. 3 |"));
    }
}

//! Small libraries for tests: rows as `key=value` words over defaults, one helper that knows the API.

use super::select::{Choice, EnergyQuery, FactorQuery};
use super::{DataFile, FactorSet, Fault, Library, Profile, Zones};
use crate::model::id::LocationCode;
use crate::model::mode::{EnergyUnit, Temperature};
use crate::model::time::parse_date;
use crate::model::unit::decimal_text;

pub(crate) const OPERATIONS: &str = "operation,mode,kind,energy_carrier,title,description\n\
    sea.feeder,sea,transport,,Feeder,\nrail.electric,rail,transport,electricity,Electric rail,\nroad.truck,road,transport,diesel,Truck,\n\
    hub.terminal,hub,hub,,Terminal,\n";
pub(crate) const ZONES: &str = "zone,member\nASEAN,SG\nASEAN,MY\nASEAN,TH\nASIA,SG\nASIA,MY\nASIA,TH\nASIA,CN\nCQ,CNCKG\nCQ,CNFLG\nHOME,CN\n";
pub(crate) const PROFILE: &str = r#"title = "test"
method = "ISO 14083:2023"
gwp_sets = ["AR5"]
after_last_edition = "use_latest"
sources = ["one/1", "two/1", "one/2"]
default_distance_basis = "actual"
default_mass_per_teu_kg = "10000"
empty_mass_per_teu_kg = "2000"

[statement]
boundary = "b"
allocation = "a"
cut_off = "c"

[refrigerated_uplift]
sea = "1.12"
"#;

const TRANSPORT: &str = "factor_id,operation,energy_carrier,region,carrier,temperature,per,operation_g,provision_g,energy_quantity,\
    energy_unit,distance_basis,load_factor,empty_share,valid_from,valid_to,data_category,gwp_set,licence,source_ref,basis_note,note";
const HUB: &str = "factor_id,operation,energy_carrier,region,carrier,temperature,per,operation_g,provision_g,energy_quantity,energy_unit,\
    valid_from,valid_to,data_category,gwp_set,licence,source_ref,note";
const ENERGY: &str = "energy_id,energy_carrier,region,per,operation_g,provision_g,valid_from,valid_to,gwp_set,licence,source_ref,note";

/// A table from rows of `column=value` words; columns that a row does not name have a default.
fn table(path: &str, header: &str, defaults: &str, rows: &[&str]) -> DataFile {
    let mut text = format!("{header}\n");
    for row in rows {
        let cell = |column: &str| {
            let find = |words: &str| {
                words
                    .split(' ')
                    .find_map(|w| w.strip_prefix(&format!("{column}=")).map(str::to_owned))
            };
            find(row).or_else(|| find(defaults)).unwrap_or_default()
        };
        let cells: Vec<_> = header.split(',').map(cell).collect();
        text += &cells.join(",");
        text.push('\n');
    }
    DataFile::new(path, text)
}

pub(crate) fn transport(edition: &str, rows: &[&str]) -> DataFile {
    let defaults = "operation=sea.feeder region=GLOBAL temperature=ambient per=tkm distance_basis=actual valid_from=2023-01-01 data_category=default source_ref=t";
    table(
        &format!("{edition}/transport.csv"),
        TRANSPORT,
        defaults,
        &with_figures(rows),
    )
}

pub(crate) fn hub(edition: &str, rows: &[&str]) -> DataFile {
    let defaults = "operation=hub.terminal region=GLOBAL temperature=ambient per=t valid_from=2023-01-01 data_category=default source_ref=t";
    table(
        &format!("{edition}/hub.csv"),
        HUB,
        defaults,
        &with_figures(rows),
    )
}

pub(crate) fn energy(edition: &str, rows: &[&str]) -> DataFile {
    let defaults = "energy_carrier=electricity region=GLOBAL per=kWh operation_g=0 provision_g=500 valid_from=2023-01-01 source_ref=t";
    table(&format!("{edition}/energy.csv"), ENERGY, defaults, rows)
}

/// Rows that say nothing of figures get 10 g and 2 g.
fn with_figures<'a>(rows: &[&'a str]) -> Vec<&'a str> {
    let fill = |row: &&'a str| -> &'a str {
        if row.contains("operation_g")
            || row.contains("energy_quantity")
            || row.contains("provision_g")
        {
            row
        } else {
            // Tests only: a handful of rows may outlive the test.
            Box::leak(format!("{row} operation_g=10 provision_g=2").into_boxed_str())
        }
    };
    rows.iter().map(fill).collect()
}

/// A library of these tables; the editions that the profile names and the tables lack are there, empty.
pub(crate) fn files(tables: Vec<DataFile>) -> Vec<DataFile> {
    let mut sources =
        "source,edition,title,publisher,published_on,url,licence,redistributable,gwp_set\n"
            .to_owned();
    let mut list = tables;
    for edition in ["one/1", "one/2", "two/1", "out/1"] {
        let (source, number) = edition.split_once('/').unwrap();
        sources += &format!("{source},{number},T,,,,CC0,yes,AR5\n");
        list.push(DataFile::new(format!("{edition}/README.md"), ""));
    }
    list.push(DataFile::new("sources.csv", sources));
    list.push(DataFile::new("operations.csv", OPERATIONS));
    list
}

/// Faults of a library of these tables, `file:line column` each.
pub(crate) fn faults(tables: Vec<DataFile>) -> Vec<String> {
    places(&Library::parse(&files(tables)).1)
}

pub(crate) fn places(faults: &[Fault]) -> Vec<String> {
    faults
        .iter()
        .map(|f| {
            format!("{}:{} {}", f.file, f.line, f.column)
                .trim_end()
                .to_owned()
        })
        .collect()
}

/// Profile text with each `key = value` replaced where it stands, or added at the root.
pub(crate) fn profile(changes: &[&str]) -> String {
    let mut text = PROFILE.to_owned();
    for change in changes {
        let key = format!("{} = ", change.split(" = ").next().unwrap());
        let old: Vec<_> = text.lines().map(str::to_owned).collect();
        let replaced = old.iter().map(|l| {
            if l.starts_with(&key) {
                change.to_string()
            } else {
                l.clone()
            }
        });
        let known = old.iter().any(|l| l.starts_with(&key));
        text = if known {
            replaced.collect::<Vec<_>>().join("\n") + "\n"
        } else {
            format!("{change}\n{text}")
        };
    }
    text
}

/// The set of a sound library, with its warnings.
pub(crate) fn build(tables: Vec<DataFile>, changes: &[&str]) -> (FactorSet, Vec<Fault>) {
    let (library, faults) = Library::parse(&files(tables));
    assert!(faults.is_empty(), "{faults:#?}");
    let (profile, faults) = Profile::parse(
        "test",
        &DataFile::new("profiles/test.toml", profile(changes)),
    );
    assert!(faults.is_empty(), "{faults:#?}");
    let (zones, faults) = Zones::parse(&DataFile::new("zones.csv", ZONES));
    assert!(faults.is_empty(), "{faults:#?}");
    FactorSet::build(&library, &profile.unwrap(), &zones)
}

/// A sound set without warnings.
pub(crate) fn set(tables: Vec<DataFile>, changes: &[&str]) -> FactorSet {
    let (set, faults) = build(tables, changes);
    assert!(faults.is_empty(), "{faults:#?}");
    set
}

fn word<'a>(question: &'a str, key: &str, default: &'a str) -> &'a str {
    question
        .split(' ')
        .find_map(|w| w.strip_prefix(key))
        .unwrap_or(default)
}

fn place(text: &str) -> LocationCode {
    LocationCode::parse(text.as_bytes()).unwrap()
}

/// A question such as `CNQZH SGSIN 2024-05-01 carrier:MAEU energy:diesel op:road.truck cold`.
pub(crate) fn query<'a>(set: &FactorSet, question: &'a str) -> FactorQuery<'a> {
    let mut words = question.split(' ');
    FactorQuery {
        origin: place(words.next().unwrap()),
        destination: place(words.next().unwrap()),
        day: parse_date(words.next().unwrap()).unwrap(),
        operation: set.operation(word(question, "op:", "sea.feeder")).unwrap(),
        carrier: word(question, "carrier:", ""),
        energy_carrier: word(question, "energy:", ""),
        temperature: if question.contains("cold") {
            Temperature::Refrigerated
        } else {
            Temperature::Ambient
        },
    }
}

/// The answer as `id operation/provision flags`, or the reason why there is none; explained the same way it is chosen.
pub(crate) fn ask(set: &FactorSet, question: &str) -> String {
    let query = query(set, question);
    let answer = set.select(&query);
    let candidates = set.candidates(&query);
    let explained = candidates
        .first()
        .filter(|c| c.verdict == super::Verdict::Chosen)
        .map(|c| c.factor);
    assert_eq!(
        answer.as_ref().ok().map(|c| c.factor),
        explained,
        "{question}: the explanation disagrees"
    );
    match answer {
        Ok(choice) => shown(set, choice),
        Err(none) => format!("{:?}", none.reason),
    }
}

fn shown(set: &FactorSet, choice: Choice) -> String {
    let plain = |v: i64| {
        decimal_text(v as i128, 9)
            .trim_end_matches('0')
            .trim_end_matches('.')
            .to_owned()
    };
    let factor = &set.factors[choice.factor as usize];
    format!(
        "{} {}/{} {}",
        factor.id,
        plain(choice.intensity.operation),
        plain(choice.intensity.provision),
        choice.flags.text()
    )
    .trim_end()
    .to_owned()
}

/// As [`ask`], only the id.
pub(crate) fn id(set: &FactorSet, question: &str) -> String {
    ask(set, question).split(' ').next().unwrap().to_owned()
}

/// The answer for primary energy as `id numerator/denominator flags`; explained the same way it is chosen.
pub(crate) fn ask_energy(
    set: &FactorSet,
    carrier: &str,
    unit: EnergyUnit,
    question: &str,
) -> Option<String> {
    let mut words = question.split(' ');
    let (origin, destination) = (place(words.next().unwrap()), place(words.next().unwrap()));
    let day = parse_date(words.next().unwrap()).unwrap();
    let query = EnergyQuery {
        energy_carrier: carrier,
        unit,
        origin,
        destination,
        day,
    };
    let (answer, candidates) = (set.select_energy(&query), set.energy_candidates(&query));
    let explained = candidates
        .first()
        .filter(|c| c.verdict == super::Verdict::Chosen)
        .map(|c| c.factor);
    assert_eq!(
        answer.as_ref().map(|c| c.factor),
        explained,
        "{question}: the explanation disagrees"
    );
    let choice = answer?;
    let id = &set.factors[choice.factor as usize].id;
    Some(
        format!(
            "{id} {}/{} {}",
            choice.numerator,
            choice.denominator,
            choice.flags.text()
        )
        .trim_end()
        .to_owned(),
    )
}

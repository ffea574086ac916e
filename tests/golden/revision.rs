//! The figures of a method revision: `revision.toml` holds a digest of what each case, and the shipped sample, comes to.
//!
//! The same inputs give the same figures for as long as `METHOD_REVISION` stays. `UPDATE_GOLDEN=1` records other figures only when
//! the revision has moved or the inputs are others; README.md beside this file says what to do.

use super::{GOLDEN, outcomes};
use crate::support::binary::green_corridor;
use crate::support::tables::{TABLES, Table, current_run};
use green_corridor::METHOD_REVISION;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const RECORD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/revision.toml");
/// The entry of `data/run.toml`; no case may have this name.
const SAMPLE: &str = "shipped_sample";

/// Columns of a table that are keys, figures, flags or decisions. Not here: texts of sources, messages, where a row came from.
fn columns(table: &str) -> &'static str {
    match table {
        "elements" => {
            "shipment_id element kind movement_id mode operation origin destination departed_at arrived_at load_status temperature \
             cargo_mass_kg teu containers energy_carrier energy_quantity energy_unit distance_km distance_basis distance_source \
             activity_distance_km activity_basis emission_distance_km transport_activity_tkm factor_id intensity_operation_g \
             intensity_provision_g intensity_per data_category ghg_operation_kg ghg_provision_kg ghg_total_kg quality_flags"
        }
        "shipments" => {
            "shipment_id corridor_id period origin destination first_departed_at last_arrived_at modes load_status containers teu \
             cargo_mass_kg elements rejected_rows is_complete transport_activity_tkm activity_basis ghg_operation_kg \
             ghg_provision_kg ghg_total_kg ghg_road_kg ghg_rail_kg ghg_sea_kg ghg_inland_waterway_kg ghg_air_kg ghg_hub_kg \
             intensity_g_per_tkm primary_share quality_flags"
        }
        "corridors" => {
            "corridor_id period load_status shipments incomplete_shipments containers teu cargo_mass_kg transport_activity_tkm \
             activity_basis ghg_operation_kg ghg_provision_kg ghg_total_kg ghg_road_kg ghg_rail_kg ghg_sea_kg \
             ghg_inland_waterway_kg ghg_air_kg ghg_hub_kg intensity_g_per_tkm ghg_kg_per_teu primary_share"
        }
        "corridor_sections" => {
            "corridor_id period load_status kind mode origin destination movements teu cargo_mass_kg transport_activity_tkm \
             ghg_operation_kg ghg_provision_kg ghg_total_kg"
        }
        "factors" => {
            "factor_id operation_g provision_g rows transport_activity_tkm ghg_operation_kg ghg_provision_kg ghg_total_kg"
        }
        "rejected" => "shipment_id movement_id row code column",
        other => panic!("which columns of {other} are figures?"),
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Digests {
    /// Of the files that go in.
    inputs: String,
    /// Of the figures that come out.
    figures: String,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Record {
    revision: u32,
    figures: BTreeMap<String, Digests>,
}

impl Record {
    fn read() -> Record {
        let text = fs::read_to_string(RECORD)
            .unwrap_or_else(|e| panic!("{RECORD}: {e}; it is part of the repository"));
        toml::from_str(&text).unwrap_or_else(|e| panic!("{RECORD}: {e}"))
    }

    /// What this program makes of the cases and of the sample.
    fn now() -> Record {
        let shared = ["run.toml", "library"].map(|name| Path::new(GOLDEN).join(name));
        let mut figures: BTreeMap<String, Digests> = outcomes()
            .iter()
            .map(|(name, outcome)| {
                let case = [Path::new(GOLDEN).join(name)];
                let digests = Digests {
                    inputs: digest_of_files(case.iter().chain(&shared)),
                    figures: digest_of_tables(&outcome.tables),
                };
                (name.clone(), digests)
            })
            .collect();
        let sample = sample();
        assert!(figures.insert(SAMPLE.to_owned(), sample).is_none());
        Record {
            revision: METHOD_REVISION,
            figures,
        }
    }

    fn write(&self) {
        let mut text = format!(
            "# Written by UPDATE_GOLDEN=1 cargo test --release --locked --test golden; README.md says when it may.\n\
             revision = {}\n\n[figures]\n",
            self.revision
        );
        for (name, Digests { inputs, figures }) in &self.figures {
            writeln!(
                text,
                "{name} = {{ inputs = \"{inputs}\", figures = \"{figures}\" }}"
            )
            .unwrap();
        }
        fs::write(RECORD, text).expect("the record can be written");
    }

    /// What is new `now` and may be recorded, or why nothing may be.
    fn follow(&self, now: &Record) -> Result<Vec<String>, String> {
        if now.revision < self.revision {
            return Err(format!(
                "METHOD_REVISION is {} and was {}: a revision never comes back",
                now.revision, self.revision
            ));
        }
        if now.revision > self.revision {
            return Ok(vec![format!("revision {}", now.revision)]);
        }
        let gone: Vec<&String> = self
            .figures
            .keys()
            .filter(|k| !now.figures.contains_key(*k))
            .collect();
        if !gone.is_empty() {
            return Err(format!(
                "{gone:?} is gone: take its line out of tests/golden/revision.toml by hand"
            ));
        }
        let (mut changed, mut fresh) = (Vec::new(), Vec::new());
        for (name, is) in &now.figures {
            match self.figures.get(name) {
                Some(was) if was == is => {}
                Some(was) if was.inputs == is.inputs => changed.push(name),
                _ => fresh.push(name.clone()),
            }
        }
        match changed.is_empty() {
            true => Ok(fresh),
            false => Err(format!(
                "the same inputs come to other figures than at method revision {}: {changed:?}\n\
                 Was that not the intention, it is a fault. Was it:\n\
                 1. raise METHOD_REVISION in src/run/identity.rs by one;\n\
                 2. say old and new figure in CHANGELOG.md, on a line that names the method revision;\n\
                 3. UPDATE_GOLDEN=1 cargo test --release --locked --test golden, and review the difference of expected/.",
                self.revision
            )),
        }
    }
}

/// Why `UPDATE_GOLDEN` may not write anything now.
pub(crate) fn refusal() -> Option<String> {
    Record::read().follow(&Record::now()).err()
}

/// The shipped sample through the shipped run file.
fn sample() -> Digests {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let out = dir.path().to_str().expect("a plain path");
    green_corridor(["run", &format!("{ROOT}/data/run.toml"), "--out", out]).expect(0);
    let run = current_run(dir.path());
    let tables = TABLES
        .into_iter()
        .map(|t| (t, Table::read(&run, t)))
        .collect();
    let inputs = ["data", "emission_factors"].map(|name| Path::new(ROOT).join(name));
    Digests {
        inputs: digest_of_files(&inputs),
        figures: digest_of_tables(&tables),
    }
}

fn digest_of_tables(tables: &BTreeMap<&'static str, Table>) -> String {
    let mut text = String::new();
    for (name, table) in tables.iter().filter(|(_, table)| !table.rows.is_empty()) {
        let columns: Vec<(&str, usize)> = columns(name)
            .split_whitespace()
            .map(|c| (c, table.columns.iter().position(|known| known == c)))
            .map(|(c, at)| (c, at.unwrap_or_else(|| panic!("{name} has no column {c}"))))
            .collect();
        // A column that came later counts where it holds something, so that what was recorded before stays as it is.
        let later = table.columns.iter().position(|c| c == "biogenic_co2_kg");
        let line = |row: &Vec<Option<String>>| -> String {
            let cell = |(c, at): &(&str, usize)| format!("{c}={:?} ", row[*at]);
            let stated = later.and_then(|at| row[at].as_ref());
            let stated = stated.map(|kg| format!("biogenic_co2_kg={kg:?} "));
            columns.iter().map(cell).chain(stated).collect()
        };
        let mut lines: Vec<String> = table.rows.iter().map(line).collect();
        lines.sort_unstable();
        writeln!(text, "{name}\n{}", lines.join("\n")).unwrap();
    }
    short(&text)
}

/// Names and contents of the files below these places, but for what no run reads.
fn digest_of_files<'p>(places: impl IntoIterator<Item = &'p PathBuf>) -> String {
    let mut text = String::new();
    for place in places {
        let mut files = Vec::new();
        list(place, &mut files);
        files.sort();
        for file in files {
            let name = file
                .strip_prefix(ROOT)
                .expect("a file of the project")
                .display();
            let bytes = fs::read(&file).expect("a file that can be read");
            writeln!(text, "{name} {}", sha256_hex(&bytes)).unwrap();
        }
    }
    short(&text)
}

fn list(place: &Path, files: &mut Vec<PathBuf>) {
    let name = place.file_name().unwrap_or_default();
    let is_read = !["expected", "out", "__pycache__"]
        .iter()
        .any(|n| name == *n);
    if is_read && place.is_dir() {
        for entry in fs::read_dir(place).expect("a folder") {
            list(&entry.expect("an entry").path(), files);
        }
    } else if is_read && !place.extension().is_some_and(|e| e == "md" || e == "py") {
        files.push(place.to_owned());
    }
}

fn sha256_hex(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

fn short(text: &str) -> String {
    sha256_hex(text.as_bytes())[..20].to_owned()
}

#[test]
fn figures_change_only_with_a_new_method_revision() {
    let now = Record::now();
    match Record::read().follow(&now) {
        Err(refusal) => panic!("{refusal}"),
        Ok(fresh) if fresh.is_empty() => {}
        Ok(_) if std::env::var_os("UPDATE_GOLDEN").is_some() => now.write(),
        Ok(fresh) => {
            panic!("UPDATE_GOLDEN=1 records what is new in tests/golden/revision.toml: {fresh:?}")
        }
    }
}

#[test]
fn the_changelog_names_the_method_revision() {
    let changelog = fs::read_to_string(format!("{ROOT}/CHANGELOG.md")).expect("a changelog");
    let wanted = format!("Method revision {METHOD_REVISION}");
    assert!(
        changelog.contains(&wanted),
        "CHANGELOG.md lacks: {wanted}, with old and new figures"
    );
}

#[test]
fn a_record_follows_the_revision_and_nothing_else() {
    let record = |revision, figures: &[(&str, &str, &str)]| Record {
        revision,
        figures: figures
            .iter()
            .map(|(name, inputs, figures)| {
                let (inputs, figures) = ((*inputs).to_owned(), (*figures).to_owned());
                ((*name).to_owned(), Digests { inputs, figures })
            })
            .collect(),
    };
    let was = record(2, &[("a", "i", "f"), ("b", "i", "f")]);
    assert_eq!(was.follow(&was), Ok(vec![]));
    let other = record(2, &[("a", "i", "f"), ("b", "i", "g")]);
    let refused = was.follow(&other).unwrap_err();
    assert!(
        refused.contains("[\"b\"]") && refused.contains("METHOD_REVISION"),
        "{refused}"
    );
    // A new case, or one whose inputs are others, does not hide that a third changed.
    let hidden = record(2, &[("a", "j", "g"), ("b", "i", "g"), ("c", "i", "f")]);
    assert!(was.follow(&hidden).is_err());
    let fresh = record(2, &[("a", "j", "g"), ("b", "i", "f"), ("c", "i", "f")]);
    assert_eq!(was.follow(&fresh), Ok(vec!["a".to_owned(), "c".to_owned()]));
    assert!(was.follow(&record(2, &[("a", "i", "f")])).is_err());
    assert!(
        was.follow(&record(3, &[("a", "i", "g"), ("b", "i", "g")]))
            .is_ok()
    );
    assert!(
        was.follow(&record(1, &[("a", "i", "f"), ("b", "i", "f")]))
            .is_err()
    );
}

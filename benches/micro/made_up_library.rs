//! A library of 20 000 made-up factors, for the benchmark of loading it and for the test that holds it to its limit.

use green_corridor_core::factors::{DataFile, FactorSet, Fault, Library, Profile, Severity, Zones};
use std::fmt::Write;

/// Operations, `sea.class0` and so on.
pub(crate) const OPERATIONS: usize = 40;
/// Carriers, see [`carrier`].
pub(crate) const CARRIERS: usize = 10;
const REGIONS: [&str; 5] = ["GLOBAL", "CN", "SG", "CN>SG", "CN<>VN"];
/// Years, each an edition of its own.
pub(crate) const YEARS: std::ops::Range<i32> = 2016..2026;
/// One for each operation, carrier, region and year.
pub(crate) const FACTORS: usize = OPERATIONS * CARRIERS * REGIONS.len() * 10;

const PROFILE: &str = r#"
title = "made up"
method = "ISO 14083:2023"
gwp_sets = ["AR6"]
after_last_edition = "use_latest"
sources = ["made-up/1"]
default_distance_basis = "actual"
default_mass_per_teu_kg = "10000"
empty_mass_per_teu_kg = "2000"

[statement]
boundary = "none"
allocation = "mass"
cut_off = "UTC month"
"#;

/// Code of a carrier.
pub(crate) fn carrier(number: usize) -> String {
    format!("CARRIER{number}")
}

/// Files to factors that can be asked, as a run does it.
pub(crate) fn load(files: &[DataFile]) -> FactorSet {
    let (library, faults) = Library::parse(files);
    expect_no_error(&faults);
    let file = files
        .iter()
        .find(|f| f.path == "profiles/made-up.toml")
        .expect("written below");
    let (profile, faults) = Profile::parse("made-up", file);
    expect_no_error(&faults);
    let (set, faults) = FactorSet::build(&library, &profile.expect("no error"), &Zones::default());
    expect_no_error(&faults);
    set
}

fn expect_no_error(faults: &[Fault]) {
    if let Some(fault) = faults.iter().find(|f| f.severity == Severity::Error) {
        panic!("{fault}");
    }
}

/// The files of the library.
pub(crate) fn library() -> Vec<DataFile> {
    let mut operations = "operation,mode,kind,energy_carrier,title,description\n".to_owned();
    let mut factors = "factor_id,operation,energy_carrier,region,carrier,temperature,per,operation_g,provision_g,energy_quantity,\
        energy_unit,distance_basis,load_factor,empty_share,valid_from,valid_to,data_category,gwp_set,licence,source_ref,basis_note,note\n"
        .to_owned();
    for operation in 0..OPERATIONS {
        writeln!(
            operations,
            "sea.class{operation},sea,transport,,Class {operation},"
        )
        .unwrap();
        for carrier in (0..CARRIERS).map(carrier) {
            for (i, region) in REGIONS.iter().enumerate() {
                for year in YEARS {
                    let grams = operation + i + 1;
                    writeln!(
                        factors,
                        "{operation}-{carrier}-{i}-{year},sea.class{operation},,{region},{carrier},ambient,tkm,{grams}.5,1.25,,,\
                         actual,,,{year}-01-01,{}-01-01,default,,,made up,,",
                        year + 1
                    )
                    .unwrap();
                }
            }
        }
    }
    let sources = "source,edition,title,publisher,published_on,url,licence,redistributable,gwp_set\n\
        made-up,1,Made up,none,2026-01-01,,none,yes,AR6\n";
    vec![
        DataFile::new("sources.csv", sources),
        DataFile::new("operations.csv", operations),
        DataFile::new("made-up/1/transport.csv", factors),
        DataFile::new("profiles/made-up.toml", PROFILE),
    ]
}

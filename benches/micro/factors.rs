//! A library of 20 000 made-up factors: loading it from bytes (it shall take less than 50 ms), and one question asked of it.

use divan::Bencher;
use divan::counter::ItemsCount;
use green_corridor::factors::{DataFile, FactorQuery, FactorSet, Fault, Library, Profile, Severity, Zones};
use green_corridor::model::id::LocationCode;
use green_corridor::model::mode::Temperature;
use green_corridor::model::time::{Day, parse_date};
use std::fmt::Write;

const OPERATIONS: usize = 40;
const CARRIERS: usize = 10;
const REGIONS: [&str; 5] = ["GLOBAL", "CN", "SG", "CN>SG", "CN<>VN"];
const YEARS: std::ops::Range<i32> = 2016..2026;
/// One for each operation, carrier, region and year.
const FACTORS: usize = OPERATIONS * CARRIERS * REGIONS.len() * 10;

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

#[divan::bench]
fn load_20_000(bencher: Bencher) {
    let files = library();
    assert_eq!(load(&files).factors.len(), FACTORS);
    bencher.counter(ItemsCount::new(FACTORS)).bench_local(|| load(&files));
}

/// Every operation, carrier, lane and year in turn; what a run asks once for each lane, since it remembers the answers.
#[divan::bench]
fn question(bencher: Bencher) {
    let set = load(&library());
    let carriers: Vec<String> = (0..CARRIERS).map(carrier).collect();
    let place = |code: &str| LocationCode::parse(code.as_bytes()).unwrap();
    let lanes = [("CNSHA", "SGSIN"), ("CNCKG", "CNSHA"), ("VNHPH", "CNPIN"), ("SGSIN", "SGJUR"), ("NLRTM", "DEDUI")]
        .map(|(origin, destination)| (place(origin), place(destination)));
    let days: Vec<Day> = YEARS.map(|year| parse_date(&format!("{year}-07-01")).unwrap()).collect();
    let mut asked = 0;
    bencher.bench_local(|| {
        asked += 1;
        let (origin, destination) = lanes[asked % lanes.len()];
        let query = FactorQuery {
            operation: (asked / 5 % OPERATIONS) as u16,
            carrier: &carriers[asked / 7 % CARRIERS],
            energy_carrier: "",
            origin,
            destination,
            temperature: Temperature::Ambient,
            day: days[asked / 3 % days.len()],
        };
        set.select(&query).expect("GLOBAL covers every lane")
    });
}

fn carrier(number: usize) -> String {
    format!("CARRIER{number}")
}

/// Files to factors that can be asked, as a run does it.
fn load(files: &[DataFile]) -> FactorSet {
    let (library, faults) = Library::parse(files);
    expect_no_error(&faults);
    let file = files.iter().find(|f| f.path == "profiles/made-up.toml").expect("written below");
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

fn library() -> Vec<DataFile> {
    let mut operations = "operation,mode,kind,energy_carrier,title,description\n".to_owned();
    let mut factors = "factor_id,operation,energy_carrier,region,carrier,temperature,per,operation_g,provision_g,energy_quantity,\
        energy_unit,distance_basis,load_factor,empty_share,valid_from,valid_to,data_category,gwp_set,licence,source_ref,basis_note,note\n"
        .to_owned();
    for operation in 0..OPERATIONS {
        writeln!(operations, "sea.class{operation},sea,transport,,Class {operation},").unwrap();
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

//! How long a library of 20,000 factors takes to load, and how long a question about it takes. `cargo bench --bench factors`
//!
//! Prints the median and the longest of many repetitions; compares with nothing, since a limit in milliseconds depends on the machine.

use green_corridor::factors::{DataFile, FactorQuery, FactorSet, Library, Profile, Zones};
use green_corridor::model::id::LocationCode;
use green_corridor::model::mode::Temperature;
use green_corridor::model::time::parse_date;
use std::fmt::Write;
use std::hint::black_box;
use std::time::{Duration, Instant};

const FACTORS: usize = 20_000;
const REPETITIONS: usize = 60;

const OPERATIONS: usize = 40;
const REGIONS: [&str; 25] = [
    "GLOBAL",
    "ASEAN",
    "CN",
    "SG",
    "MY",
    "TH",
    "VN",
    "LA",
    "KH",
    "MM",
    "ID",
    "PH",
    "IN",
    "JP",
    "KR",
    "CN<>SG",
    "CN>SG",
    "SG>CN",
    "CN<>VN",
    "CN<>TH",
    "ASEAN<>CN",
    "CN>ASEAN",
    "DE",
    "FR",
    "NL",
];

/// Rows as they stand in the shipped library: all columns, a source, a note of some length.
fn library() -> Vec<DataFile> {
    let mut operations = "operation,mode,kind,energy_carrier,title,description\n".to_owned();
    for o in 0..OPERATIONS {
        let _ = writeln!(operations, "road.class{o},road,transport,diesel,Class {o},");
    }
    let mut table = "factor_id,operation,energy_carrier,region,carrier,temperature,per,operation_g,provision_g,energy_quantity,energy_unit,distance_basis,\
        load_factor,empty_share,valid_from,valid_to,data_category,gwp_set,licence,source_ref,basis_note,note\n"
        .to_owned();
    for i in 0..FACTORS {
        let (operation, rest) = (i % OPERATIONS, i / OPERATIONS);
        let (region, rest) = (REGIONS[rest % REGIONS.len()], rest / REGIONS.len());
        let (temperature, year) = (["ambient", "refrigerated"][rest % 2], 2015 + rest / 2);
        let (whole, decimals) = (40 + i % 100, 1_000_000 + i % 999_983);
        let _ = writeln!(
            table,
            "f{i},road.class{operation},diesel,{region},,{temperature},tkm,{whole}.{decimals},17.{decimals},,,actual,0.6,0.25,{year}-01-01,{}-01-01,default,,,\
             \"Freighting goods, row {i}; WTT- delivery vehs & freight\",Fuel per kilometre driven,UK fleet; average biofuel blend; figure {i} of many",
            year + 1
        );
    }
    vec![
        DataFile::new(
            "sources.csv",
            "source,edition,title,publisher,published_on,url,licence,redistributable,gwp_set\nbench,1,Bench,,,,CC0,yes,AR5\n",
        ),
        DataFile::new("operations.csv", operations),
        DataFile::new("bench/1/transport.csv", table),
    ]
}

const PROFILE: &str = "title = \"b\"\nmethod = \"ISO 14083:2023\"\ngwp_sets = [\"AR5\"]\nafter_last_edition = \"reject\"\nsources = [\"bench/1\"]\n\
    default_distance_basis = \"actual\"\ndefault_mass_per_teu_kg = \"10000\"\nempty_mass_per_teu_kg = \"2000\"\n\
    [statement]\nboundary = \"b\"\nallocation = \"a\"\ncut_off = \"c\"\n";

fn load(files: &[DataFile], profile: &Profile, zones: &Zones) -> FactorSet {
    let (library, faults) = Library::parse(files);
    assert!(faults.is_empty(), "{:?}", &faults[..1]);
    let (set, faults) = FactorSet::build(&library, profile, zones);
    assert!(faults.is_empty(), "{:?}", &faults[..1]);
    set
}

fn told(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    println!("{what}: median {:?}, longest {:?}", times[times.len() / 2], times[times.len() - 1]);
}

fn main() {
    let files = library();
    let profile = Profile::parse("bench", &DataFile::new("profiles/bench.toml", PROFILE)).0.expect("a sound profile");
    let (zones, _) = Zones::parse(&DataFile::new("zones.csv", "zone,member\nASEAN,SG\nASEAN,MY\nASEAN,TH\nASEAN,VN\nASEAN,LA\n"));
    let timed = |body: &mut dyn FnMut()| {
        let begun = Instant::now();
        body();
        begun.elapsed()
    };
    let (mut parse, mut build) = (Vec::new(), Vec::new());
    for _ in 0..REPETITIONS {
        let mut library = None;
        parse.push(timed(&mut || library = Some(Library::parse(&files).0)));
        let library = library.expect("parsed");
        build.push(timed(&mut || drop(black_box(FactorSet::build(&library, &profile, &zones)))));
    }
    told(&format!("parse {FACTORS} factors"), parse);
    told("compile them", build);
    let set = load(&files, &profile, &zones);
    assert_eq!(set.factors.len(), FACTORS);
    let place = |code: &str| LocationCode::parse(code.as_bytes()).expect("a code");
    let query = FactorQuery {
        operation: 7,
        carrier: "",
        energy_carrier: "",
        origin: place("CNCKG"),
        destination: place("SGSIN"),
        temperature: Temperature::Refrigerated,
        day: parse_date("2020-05-01").expect("a day"),
    };
    assert!(set.select(&query).is_ok());
    told("select", (0..REPETITIONS).map(|_| timed(&mut || assert!(black_box(set.select(&query)).is_ok()))).collect());
    told(
        "candidates with reasons",
        (0..REPETITIONS).map(|_| timed(&mut || assert!(!black_box(set.candidates(&query)).is_empty()))).collect(),
    );
}

//! Cases of known outcome through the built program. A case is a folder of `tests/golden/` with movement records, the run
//! file of its own or the shared one, and `expected/`: the published tables and the summary as text.
//!
//! `UPDATE_GOLDEN=1 cargo test --test golden` rewrites `expected/`, other figures only with a new method revision
//! (`golden/revision.rs`); what then counts is the review of the difference.
//! `tests/golden/README.md` says what the cases are and shows the arithmetic of the figures that are literals here.

#[path = "golden/revision.rs"]
mod revision;
mod support;

use crate::support::tables::explain;
use green_corridor_core::model::flag::Flags;
use green_corridor_core::model::mode::{Basis, Mode, Per};
use green_corridor_core::model::reject::RejectReason;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};
use support::binary::{Ended, green_corridor};
use support::tables::{TABLES, Table, current_run};

/// The folder of the cases.
const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
/// File of the printed summary in `expected/`.
const SUMMARY: &str = "summary.txt";

/// What one case published.
struct Outcome {
    tables: BTreeMap<&'static str, Table>,
    summary: String,
}

impl Outcome {
    /// The files of `expected/` by name; a table without a row has none.
    fn files(&self) -> BTreeMap<String, String> {
        let tables = self
            .tables
            .iter()
            .filter(|(_, table)| !table.rows.is_empty());
        let mut files: BTreeMap<String, String> = tables
            .map(|(name, t)| (format!("{name}.txt"), t.records()))
            .collect();
        files.insert(SUMMARY.to_owned(), self.summary.clone());
        files
    }

    /// The different values of a column; of quality flags, the single codes.
    fn values(&self, table: &str, column: &str) -> BTreeSet<String> {
        self.tables[table]
            .column(column)
            .iter()
            .flat_map(|cell| cell.split('|'))
            .map(str::to_owned)
            .collect()
    }
}

/// Names of the cases: folders that hold movement records.
fn names() -> Vec<String> {
    let entries = fs::read_dir(GOLDEN)
        .expect("the folder of the cases")
        .map(|e| e.expect("an entry"));
    let cases = entries.filter(|e| e.path().join("movements.csv").is_file());
    let mut names: Vec<String> = cases
        .map(|e| e.file_name().into_string().expect("a plain name"))
        .collect();
    names.sort();
    names
}

/// Every case, run once for all tests.
fn outcomes() -> &'static BTreeMap<String, Outcome> {
    static OUTCOMES: OnceLock<BTreeMap<String, Outcome>> = OnceLock::new();
    OUTCOMES.get_or_init(|| {
        let names = Mutex::new(names().into_iter());
        let done = Mutex::new(BTreeMap::new());
        let workers = std::thread::available_parallelism().map_or(1, |n| n.get());
        std::thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| {
                    loop {
                        let Some(name) = names.lock().unwrap().next() else {
                            break;
                        };
                        let outcome = publish(&name);
                        done.lock().unwrap().insert(name, outcome);
                    }
                });
            }
        });
        done.into_inner().unwrap()
    })
}

/// Runs a case into an output root of its own, verifies what it published and reads it.
fn publish(name: &str) -> Outcome {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let out = dir.path().to_str().expect("a plain path");
    let ended = run(&Path::new(GOLDEN).join(name), out).expect(0);
    green_corridor(["verify", out, "--recalculate"]).expect(0);
    let run = current_run(dir.path());
    for shipment in Table::read(&run, "shipments").column("shipment_id") {
        // Puts every element through the kernel and checks each printed product against the published figure.
        explain(&run, shipment).unwrap_or_else(|e| panic!("{name}: {e}"));
    }
    let tables = TABLES
        .into_iter()
        .map(|table| (table, Table::read(&run, table)))
        .collect();
    // What follows depends on the version, the clock and the place.
    let (summary, _) = ended
        .stdout
        .split_once("\nrun ")
        .expect("a summary names its run");
    Outcome {
        tables,
        summary: summary.to_owned(),
    }
}

fn run(case: &Path, out: &str) -> Ended {
    let own = case.join("run.toml");
    let (run_file, movements): (PathBuf, Vec<PathBuf>) = if own.is_file() {
        (own, Vec::new())
    } else {
        (
            Path::new(GOLDEN).join("run.toml"),
            vec!["--movements".into(), case.join("movements.csv")],
        )
    };
    green_corridor(
        ["run".into(), run_file, "--out".into(), out.into()]
            .into_iter()
            .chain(movements),
    )
}

#[test]
fn every_case_gives_what_is_expected() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    if let Some(refusal) = update.then(revision::refusal).flatten() {
        panic!("UPDATE_GOLDEN=1 writes nothing: {refusal}");
    }
    let mut differences = String::new();
    for (name, outcome) in outcomes() {
        let folder = Path::new(GOLDEN).join(name).join("expected");
        if update {
            rewrite(&folder, &outcome.files());
        }
        for difference in compare(&read(&folder), &outcome.files()) {
            differences.push_str(&format!("{name}/expected/{difference}\n"));
        }
    }
    assert!(
        differences.is_empty(),
        "UPDATE_GOLDEN=1 accepts what was found:\n{differences}"
    );
}

fn rewrite(folder: &Path, files: &BTreeMap<String, String>) {
    if folder.exists() {
        fs::remove_dir_all(folder).expect("the old files can be removed");
    }
    fs::create_dir(folder).expect("the folder can be made");
    for (name, text) in files {
        fs::write(folder.join(name), text).expect("the file can be written");
    }
}

fn read(folder: &Path) -> BTreeMap<String, String> {
    let Ok(entries) = fs::read_dir(folder) else {
        return BTreeMap::new();
    };
    let file = |path: PathBuf| {
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        (name, fs::read_to_string(&path).expect("text"))
    };
    entries.map(|e| file(e.expect("an entry").path())).collect()
}

/// The first difference of each file: line, wanted, found.
fn compare(expected: &BTreeMap<String, String>, found: &BTreeMap<String, String>) -> Vec<String> {
    let names: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
    let difference = |name: &String| match (expected.get(name), found.get(name)) {
        (Some(wanted), Some(found)) if wanted == found => None,
        (Some(wanted), Some(found)) => {
            let line = wanted
                .lines()
                .zip(found.lines())
                .take_while(|(a, b)| a == b)
                .count();
            let text = |t: &str| t.lines().nth(line).unwrap_or("(the end)").to_owned();
            Some(format!(
                "{name}:{}: wanted {:?}, found {:?}",
                line + 1,
                text(wanted),
                text(found)
            ))
        }
        (Some(_), None) => Some(format!("{name}: the table is empty now")),
        (None, _) => Some(format!("{name}: not there")),
    };
    names.into_iter().filter_map(difference).collect()
}

/// Fails for every code without a case that is named after it and in which it occurs.
#[track_caller]
fn each_has_a_case(
    codes: impl Iterator<Item = (String, String)>,
    occurs: impl Fn(&Outcome, &str) -> bool,
) {
    let lacking = |(prefix, code): &(String, String)| {
        let named = |name: &str| {
            name.strip_prefix(prefix.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
        };
        !outcomes()
            .iter()
            .any(|(name, outcome)| named(name) && occurs(outcome, code))
    };
    let codes: Vec<_> = codes.collect();
    let lacking: Vec<_> = codes
        .iter()
        .filter(|code| lacking(code))
        .map(|(prefix, _)| prefix)
        .collect();
    assert!(
        !codes.is_empty() && lacking.is_empty(),
        "no case in tests/golden/ shows: {lacking:?}"
    );
}

#[test]
fn every_rejection_code_has_a_case() {
    let codes = RejectReason::LIST
        .iter()
        .map(|(reason, _)| (reason.code().to_lowercase(), reason.code()));
    each_has_a_case(codes, |outcome, code| {
        outcome.values("rejected", "code").contains(code)
    });
}

#[test]
fn every_quality_flag_has_a_case() {
    let codes = Flags::LIST
        .iter()
        .map(|(number, _)| (format!("q{number:02}"), format!("Q{number:02}")));
    each_has_a_case(codes, |outcome, code| {
        outcome.values("elements", "quality_flags").contains(code)
    });
}

#[test]
fn every_mode_has_a_case() {
    let codes = Mode::ALL
        .iter()
        .map(|mode| (format!("mode_{}", mode.code()), mode.code().to_owned()));
    each_has_a_case(codes, |outcome, code| {
        outcome.values("elements", "mode").contains(code)
    });
}

#[test]
fn every_distance_basis_has_a_case() {
    let codes = Basis::ALL
        .iter()
        .filter(|b| **b != Basis::Absent)
        .map(|b| (format!("basis_{}", b.code()), b.code().to_owned()));
    each_has_a_case(codes, |outcome, code| {
        outcome.values("elements", "activity_basis").contains(code)
    });
}

#[test]
fn every_activity_unit_has_a_case() {
    let shown_by = |per: &Per| match per {
        Per::Tkm | Per::TeuKm | Per::T | Per::Teu | Per::Container => format!("per_{}", per.code()),
        Per::Kg | Per::Litre | Per::KWh | Per::Mj => "primary_data".to_owned(),
    };
    let codes = Per::ALL
        .iter()
        .map(|per| (shown_by(per), per.code().to_owned()));
    each_has_a_case(codes, |outcome, code| {
        outcome.values("elements", "intensity_per").contains(code)
    });
}

/// Case, movement, operation and provision in kg CO2e; the arithmetic beside it was done by hand.
const BY_HAND: [(&str, &str, &str, &str); 29] = [
    // 12.345678 t x 987.654 km = 12,193.258259412 t.km; x 60 g = 731,595.49556472 g; x 15 g = 182,898.87389118 g
    ("per_tkm", "M1", "731.595495565", "182.898873891"),
    // 2.25 TEU x 1,000 km x 1.15 = 2,587.5 TEU.km; x 50 g; x 8 g
    ("per_teukm", "M1", "129.375000000", "20.700000000"),
    // 12.345678 t x 1,000 g; x 200 g
    ("per_t", "M1", "12.345678000", "2.469135600"),
    // 2 TEU x 4,000 g; x 500 g
    ("per_teu", "M1", "8.000000000", "1.000000000"),
    // One container of 2 TEU: 3,000 g; 700 g
    ("per_container", "M1", "3.000000000", "0.700000000"),
    // 250 l x 2,600 g; x 600 g
    ("primary_data", "M1", "650.000000000", "150.000000000"),
    // 180.5 kg x 2,800 g; x 500 g
    ("primary_data", "M2", "505.400000000", "90.250000000"),
    // 36 MJ = 10 kWh; x 600 g
    ("primary_data", "M3", "0.000000000", "6.000000000"),
    // 10 kWh = 36 MJ; x 30 g
    ("primary_data", "M4", "0.000000000", "1.080000000"),
    // 1.5 TEU x 10 t = 15 t; x 1,000 km x 60 g; x 15 g
    ("q01_mass_defaulted", "M1", "900.000000000", "225.000000000"),
    // 10 t x 1,500 km x 20 g, in both directions
    (
        "q02_distance_from_network",
        "M1",
        "0.000000000",
        "300.000000000",
    ),
    (
        "q02_distance_from_network",
        "M2",
        "0.000000000",
        "300.000000000",
    ),
    // 10 degrees of the equator: 6,371.0088 km x pi / 18 = 1,111.9508 km, to the metre 1,111.951; x 10 t x 500 g; x 100 g
    (
        "q03_distance_from_great_circle",
        "M1",
        "5559.755000000",
        "1111.951000000",
    ),
    // 2,000 km x 1.15 = 2,300 km x 1 TEU x 50 g; x 8 g
    (
        "q06_distance_adjusted",
        "M1",
        "115.000000000",
        "18.400000000",
    ),
    // 3,905 km + 95 km = 4,000 km x 10 t x 500 g; x 100 g
    (
        "q06_distance_adjusted",
        "M2",
        "20000.000000000",
        "4000.000000000",
    ),
    // 10 t x 1,000 km x 60 g x 1.12; x 15 g x 1.12
    (
        "q07_refrigerated_uplift",
        "M1",
        "672.000000000",
        "168.000000000",
    ),
    // Tare 2.3 t x 1,000 km x 60 g; x 15 g
    ("q14_empty_box", "M1", "138.000000000", "34.500000000"),
    // 2 TEU x 2 t = 4 t; x 1,000 km x 60 g; x 15 g
    ("q14_empty_box", "M2", "240.000000000", "60.000000000"),
    // 10,000.0005 kg: half, to the even 10,000.000; 1,000.0015 km: half, to the even 1,000.002; 10,000.02 t.km x 60 g; x 15 g
    (
        "q20_decimals_rounded",
        "M1",
        "600.001200000",
        "150.000300000",
    ),
    // Activity 1,000 km x 0.9 = 900 km, and the factor wants sfd too: 10 t x 900 km x 20 g; x 4 g
    ("basis_sfd", "M1", "180.000000000", "36.000000000"),
    // 3,895 km - 95 km = 3,800 km x 10 t x 500 g; x 100 g
    ("basis_gcd", "M1", "19000.000000000", "3800.000000000"),
    // 10 t of 30 t in 2 TEU: 0.666667 TEU x 1,000 km x 50 g; x 8 g
    ("shared_box", "BL-1 M1", "33.333350000", "5.333336000"),
    // 20 t of 30 t in 2 TEU: 1.333333 TEU x 1,000 km x 50 g; x 8 g
    ("shared_box", "BL-2 M1", "66.666650000", "10.666664000"),
    // 1,000 t x 1,000 km x 999,999 g: the largest that a decimal(18,9) of kg holds in whole kilometres
    (
        "r020_limit_exceeded",
        "M1",
        "999999000.000000000",
        "0.000000000",
    ),
    // Of the latest of four records: 20 t x 1,000 km x 60 g; x 15 g
    ("r008_duplicate", "M1", "1200.000000000", "300.000000000"),
    // 10 t x 1,000 km x 15 g; x 5 g, a second before the factor begins; the figure that is valid then is 30 g + 10 g
    (
        "q29_factor_before_its_first_edition",
        "M1",
        "150.000000000",
        "50.000000000",
    ),
    // The same once it is valid
    (
        "q29_factor_before_its_first_edition",
        "M2",
        "150.000000000",
        "50.000000000",
    ),
    // 10 t x 1,000 km x 0.02 l x 2,500 g; x 500 g, a second before the energy row begins
    (
        "q29_factor_before_its_first_edition",
        "BL-3 M1",
        "500.000000000",
        "100.000000000",
    ),
    // 2 TEU x 1,000 km x 1.15 x 50 g; x 8 g
    ("r014_no_teu", "M1", "115.000000000", "18.400000000"),
];

#[test]
fn figures_computed_by_hand() {
    for (case, movement, operation, provision) in BY_HAND {
        let elements = &outcomes()[case].tables["elements"];
        let (shipment, movement) = movement.split_once(' ').unwrap_or(("BL-1", movement));
        let ids = elements
            .column("shipment_id")
            .into_iter()
            .zip(elements.column("movement_id"));
        let figures = elements
            .column("ghg_operation_kg")
            .into_iter()
            .zip(elements.column("ghg_provision_kg"));
        let found: Vec<_> = ids
            .zip(figures)
            .filter(|(ids, _)| *ids == (shipment, movement))
            .map(|(_, f)| f)
            .collect();
        assert_eq!(
            found,
            [(operation, provision)],
            "{case} {shipment} {movement}"
        );
    }
}

/// Stated, composed, uplifted, stated as none, not stated; and sums over those that state it.
#[test]
fn biogenic_co2_stands_beside_the_total() {
    let tables = &outcomes()["biogenic_co2"].tables;
    let cells = |table: &str, keys: &str, columns: [&str; 2]| -> Vec<(String, String, String)> {
        let of = |column| tables[table].column(column).into_iter().map(str::to_owned);
        let rows = of(keys).zip(of(columns[0])).zip(of(columns[1]));
        rows.map(|((key, a), b)| (key, a, b)).collect()
    };
    let wanted = |rows: &[(&str, &str, &str)]| -> Vec<(String, String, String)> {
        let row =
            |(a, b, c): &(&str, &str, &str)| ((*a).to_owned(), (*b).to_owned(), (*c).to_owned());
        rows.iter().map(row).collect()
    };
    let mut elements = cells(
        "elements",
        "movement_id",
        ["biogenic_co2_kg", "ghg_total_kg"],
    );
    elements.retain(|(movement, ..)| !movement.is_empty());
    let by_hand = [
        // 10,000 t.km x 0.025 l x 135.839025 g; x 3,200 g
        ("M1", "33.959756250", "800.000000000"),
        // 10,000 t.km x 2 g x 1.12; x 75 g x 1.12
        ("M2", "22.400000000", "840.000000000"),
        // Not stated.
        ("M3", "", "250.000000000"),
        // 10 t x 0 g: stated, and none; x 600 g
        ("M4", "0.000000000", "6.000000000"),
        // 100 kg x 3,120 g; x 745 g
        ("M5", "312.000000000", "74.500000000"),
        ("M1", "", "250.000000000"),
    ];
    assert_eq!(elements, wanted(&by_hand));
    let sums = ["biogenic_co2_kg", "biogenic_co2_elements"];
    // M1, M2, M4 and M5 of the first; of the second nobody knows.
    let of_shipments = [("BL-1", "368.359756250", "4"), ("BL-2", "", "0")];
    assert_eq!(
        cells("shipments", "shipment_id", sums),
        wanted(&of_shipments)
    );
    let of_corridors = [("CN-CN", "368.359756250", "4")];
    assert_eq!(
        cells("corridors", "corridor_id", sums),
        wanted(&of_corridors)
    );
}

/// The arithmetic stands in `tests/golden/three_modes/README.md`.
#[test]
fn three_modes_equal_the_computation_by_hand() {
    let tables = &outcomes()["three_modes"].tables;
    let column = |name: &str| tables["elements"].column(name);
    assert_eq!(column("mode"), ["road", "hub", "rail", "hub", "sea", "hub"]);
    assert_eq!(column("movement_id"), ["M1", "", "M2", "", "M3", "M4"]);
    assert_eq!(
        column("activity_distance_km"),
        ["38.095", "0.000", "1450.000", "0.000", "2500.000", "0.000"]
    );
    assert_eq!(
        column("emission_distance_km"),
        ["40.000", "0.000", "1450.000", "0.000", "2875.000", "0.000"]
    );
    assert_eq!(
        column("transport_activity_tkm"),
        [
            "695.238511875",
            "0.000000000",
            "26462.681250000",
            "0.000000000",
            "45625.312500000",
            "0.000000000"
        ]
    );
    assert_eq!(
        column("ghg_operation_kg"),
        [
            "45.625312500",
            "23.734287562",
            "0.000000000",
            "14.000000000",
            "316.959876537",
            "9.000123456"
        ]
    );
    assert_eq!(
        column("ghg_provision_kg"),
        [
            "11.132576250",
            "3.655500038",
            "325.983655700",
            "13.000250000",
            "43.125000000",
            "4.000000000"
        ]
    );
    assert_eq!(
        column("ghg_total_kg"),
        [
            "56.757888750",
            "27.389787600",
            "325.983655700",
            "27.000250000",
            "360.084876537",
            "13.000123456"
        ]
    );
    assert_eq!(
        column("quality_flags"),
        ["Q11|Q12", "Q08", "Q02|Q11|Q12", "Q08", "Q06|Q11|Q12", "Q11"]
    );
    for table in ["shipments", "corridors"] {
        let sums = [
            ("corridor_id", "chongqing-singapore-rail-sea"),
            ("period", "2026-02-01"),
            ("transport_activity_tkm", "72783.232261875"),
            ("ghg_operation_kg", "409.319600055"),
            ("ghg_provision_kg", "400.896981988"),
            ("ghg_total_kg", "810.216582043"),
            ("ghg_road_kg", "56.757888750"),
            ("ghg_rail_kg", "325.983655700"),
            ("ghg_sea_kg", "360.084876537"),
            ("ghg_hub_kg", "67.390161056"),
            ("intensity_g_per_tkm", "11.131913"),
        ];
        for (name, value) in sums {
            assert_eq!(tables[table].column(name), [value], "{table} {name}");
        }
    }
    assert_eq!(tables["shipments"].column("modes"), ["road>rail>sea"]);
    assert_eq!(tables["corridors"].column("ghg_kg_per_teu"), ["405.108291"]);
}

#[test]
fn a_late_rejection_shows_what_the_record_said() {
    let shown = |case: &str| {
        let rejected = &outcomes()[case].tables["rejected"];
        let cells = rejected
            .column("movement_id")
            .into_iter()
            .zip(rejected.column("value"));
        cells
            .map(|(movement, value)| format!("{movement} {value}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(shown("r014_no_teu"), ["M2 ", "M3 ", "M4 4.000001"]);
    assert_eq!(
        shown("r020_limit_exceeded"),
        ["M2 1000000", "M3 999999999999.999999"]
    );
    assert_eq!(
        shown("r022_energy_incomplete"),
        ["M2 ", "M3 ", "M4 hydrogen", "M5 diesel"]
    );
    // The operation of M5 is the profile's.
    assert_eq!(
        shown("r011_no_factor"),
        ["M2 road.van", "M3 road.truck", "M4 rail.train", "M5 "]
    );
}

//! `diff` through the built program: one change at a time shows under its own cause, and the parts always add up.

use crate::support::binary::green_corridor;
use crate::support::tables::current_run;
use arrow::array::AsArray;
use arrow::datatypes::Decimal128Type;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const EFFECTS: [&str; 8] = [
    "records_new",
    "records_removed",
    "records_corrected",
    "activity",
    "factor_choice",
    "factor_value",
    "method",
    "completeness",
];

const MOVEMENTS: &str = "\
movement_id,shipment_id,container_id,container_type,sequence,mode,operation,origin,destination,departed_at,distance_km,distance_basis,cargo_mass_kg
1,A,,45G1,1,rail,rail.diesel,CNCKG,CNQZH,2025-03-01T00:00:00Z,1450,sfd,20000
2,A,,45G1,2,sea,sea.feeder,CNQZH,SGSIN,2025-03-05T00:00:00Z,2500,sfd,20000
3,B,,22G1,1,road,road.truck,CNCKG,CNPIN,2025-03-02T00:00:00Z,1300,sfd,12000
4,C,,22G1,1,sea,sea.feeder,CNQZH,SGSIN,2025-03-03T00:00:00Z,2500,sfd,9000
";

const OPERATIONS: &str = "\
operation,mode,kind,energy_carrier,title,description
rail.diesel,rail,transport,,Diesel train,
sea.feeder,sea,transport,,Feeder,
road.truck,road,transport,,Truck,
road.van,road,transport,,Van,
hub.terminal,hub,hub,,Terminal,
";

const SOURCES: &str = "\
source,edition,title,publisher,published_on,url,licence,redistributable,gwp_set
test,1,Figures made for a test,nobody,2025-01-01,,none,yes,AR6
test,2,Figures made for a test,nobody,2025-01-01,,none,yes,AR6
";

const TRANSPORT: &str = "\
factor_id,operation,energy_carrier,region,carrier,temperature,per,operation_g,provision_g,energy_quantity,energy_unit,distance_basis,load_factor,empty_share,valid_from,valid_to,data_category,gwp_set,licence,source_ref,basis_note,note
rail,rail.diesel,,GLOBAL,,ambient,tkm,22,5,,,actual,,,2024-01-01,,default,,,test,,
feeder,sea.feeder,,GLOBAL,,ambient,tkm,14,2,,,actual,,,2024-01-01,,default,,,test,,
truck,road.truck,,GLOBAL,,ambient,tkm,62,17,,,actual,,,2024-01-01,,default,,,test,,
van,road.van,,GLOBAL,,ambient,tkm,150,40,,,actual,,,2024-01-01,,default,,,test,,
";

const HUB: &str = "\
factor_id,operation,energy_carrier,region,carrier,temperature,per,operation_g,provision_g,energy_quantity,energy_unit,valid_from,valid_to,data_category,gwp_set,licence,source_ref,note
terminal,hub.terminal,,GLOBAL,,ambient,t,1200,100,,,2024-01-01,,default,,,test,
";

const PROFILE: &str = r#"title = "test"
method = "ISO 14083:2023"
gwp_sets = ["AR6"]
after_last_edition = "use_latest"
sources = ["test/1", "test/2"]
default_distance_basis = "sfd"
default_mass_per_teu_kg = "10000"
empty_mass_per_teu_kg = "2000"
infer_hubs = true

[statement]
boundary = "test"
exclusions = []
allocation = "mass"
cut_off = "UTC month"

[[distance_adjustment]]
mode = "sea"
activity_basis = "sfd"
intensity_basis = "actual"
ratio = "1.15"

[[distance_adjustment]]
mode = "rail"
activity_basis = "sfd"
intensity_basis = "actual"
ratio = "1"

[[distance_adjustment]]
mode = "road"
activity_basis = "sfd"
intensity_basis = "actual"
ratio = "1.05"

[[hub]]
before = "rail"
after = "sea"
operation = "hub.terminal"
"#;

const RUN: &str = r#"movements = ["movements.csv"]
factors = "emission_factors"
profile = "test"
reference = "data"
out = "out"

[limits]
max_reject_share = "100%"
"#;

/// A folder with a run of the figures above.
struct Case(TempDir);

/// Differences by name, in micrograms; the effects, and `difference`.
type Answer = BTreeMap<String, i128>;

impl Case {
    fn new() -> Case {
        let case = Case(tempfile::tempdir().expect("a temporary folder"));
        for (path, text) in [
            ("movements.csv", MOVEMENTS),
            ("run.toml", RUN),
            ("emission_factors/operations.csv", OPERATIONS),
            ("emission_factors/sources.csv", SOURCES),
            ("emission_factors/test/1/transport.csv", TRANSPORT),
            ("emission_factors/test/1/hub.csv", HUB),
            (
                "emission_factors/test/2/transport.csv",
                TRANSPORT.lines().next().expect("a head"),
            ),
            ("emission_factors/profiles/test.toml", PROFILE),
            (
                "data/containers.csv",
                "code,teu,tare_kg,refrigerated,title\n22G1,1,2200,no,\n45G1,2,3900,no,\n",
            ),
        ] {
            case.write(path, text);
        }
        case.run();
        case
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    /// Publishes the run and gives its id.
    fn run(&self) -> String {
        green_corridor(["run".as_ref(), self.path().join("run.toml").as_os_str()]).expect(0);
        let run = current_run(&self.path().join("out"));
        run.file_name()
            .expect("a run id")
            .to_str()
            .expect("plain")
            .to_owned()
    }

    /// Runs again with one file changed and compares.
    fn change(&self, file: &str, text: &str) -> Answer {
        let out = self.path().join("out");
        let before = current_run(&out)
            .file_name()
            .expect("a run id")
            .to_str()
            .expect("plain")
            .to_owned();
        self.write(file, text);
        let after = self.run();
        assert_ne!(before, after, "the change changes the run");
        self.compare(&before, &after)
    }

    fn compare(&self, before: &str, after: &str) -> Answer {
        let out = self.path().join("out");
        let out = out.to_str().expect("plain");
        let printed = green_corridor(["diff", out, before, after, "--format", "json"])
            .expect(0)
            .stdout;
        let json: serde_json::Value = serde_json::from_str(&printed).expect("JSON");
        let figure = |value: &serde_json::Value| -> i128 {
            value
                .as_str()
                .expect("a decimal")
                .replace('.', "")
                .parse()
                .expect("nine decimals")
        };
        let total = &json["total"];
        let mut answer: Answer = EFFECTS
            .iter()
            .map(|e| ((*e).to_owned(), figure(&total["effects"][e])))
            .collect();
        let difference = figure(&total["difference_kg"]);
        assert_eq!(answer.values().sum::<i128>(), difference);
        assert_eq!(
            figure(&total["ghg_before_kg"]) + difference,
            figure(&total["ghg_after_kg"])
        );
        self.tables_add_up(
            &self
                .path()
                .join("out/diff")
                .join(format!("{before}-{after}")),
            difference,
        );
        answer.insert("difference".to_owned(), difference);
        answer
    }

    /// Reads both Parquet tables: in every row the parts add up, and all rows to the difference.
    fn tables_add_up(&self, dir: &Path, difference: i128) {
        for (name, moved) in [("shipments.parquet", false), ("corridors.parquet", true)] {
            let file = fs::File::open(dir.join(name)).expect("the table");
            let reader = ParquetRecordBatchReaderBuilder::try_new(file)
                .expect("Parquet")
                .build()
                .expect("a reader");
            let mut sum = 0;
            for batch in reader {
                let batch = batch.expect("a batch");
                let column = |name: &str| {
                    batch
                        .column_by_name(name)
                        .expect("a column")
                        .as_primitive::<Decimal128Type>()
                        .clone()
                };
                let (own, before, after) = (
                    column("difference_kg"),
                    column("ghg_before_kg"),
                    column("ghg_after_kg"),
                );
                for row in 0..batch.num_rows() {
                    let parts: i128 = EFFECTS.iter().map(|e| column(e).value(row)).sum();
                    let moved = if moved { column("moved").value(row) } else { 0 };
                    assert_eq!(parts + moved, own.value(row), "{name} row {row}");
                    assert_eq!(
                        before.value(row) + own.value(row),
                        after.value(row),
                        "{name} row {row}"
                    );
                    sum += own.value(row);
                }
            }
            assert_eq!(sum, difference, "{name}");
        }
    }
}

/// The whole difference has one cause.
#[track_caller]
fn only(answer: &Answer, effect: &str, kilograms: &str) {
    let micrograms: i128 = kilograms.replace('.', "").parse().expect("nine decimals");
    assert_eq!(
        (answer[effect], answer["difference"]),
        (micrograms, micrograms),
        "{answer:?}"
    );
    let others: Vec<_> = EFFECTS
        .iter()
        .filter(|e| **e != effect && answer[**e] != 0)
        .collect();
    assert!(others.is_empty(), "{answer:?}");
}

#[test]
fn a_new_and_a_removed_shipment() {
    let case = Case::new();
    // 9 t x 2500 km x 1.15 x 16 g = 414 kg
    let more = format!(
        "{MOVEMENTS}5,D,,22G1,1,sea,sea.feeder,CNQZH,SGSIN,2025-03-03T00:00:00Z,2500,sfd,9000\n"
    );
    only(
        &case.change("movements.csv", &more),
        "records_new",
        "414.000000000",
    );
    only(
        &case.change("movements.csv", MOVEMENTS),
        "records_removed",
        "-414.000000000",
    );
}

#[test]
fn a_corrected_place_and_a_corrected_mass() {
    let case = Case::new();
    // Truck to van: 12 t x 1300 km x 1.05 x (190 - 79) g = 1818.18 kg
    let van = MOVEMENTS.replace("road.truck", "road.van");
    only(
        &case.change("movements.csv", &van),
        "records_corrected",
        "1818.180000000",
    );
    // 1 t more of it: 1300 km x 1.05 x 190 g = 259.35 kg
    only(
        &case.change("movements.csv", &van.replace("sfd,12000", "sfd,13000")),
        "activity",
        "259.350000000",
    );
}

#[test]
fn another_value_another_edition_another_choice() {
    let case = Case::new();
    // 3 g/t.km less over 12 t x 1300 km x 1.05: 49.14 kg
    let value = TRANSPORT.replace("tkm,62,17", "tkm,59,17");
    only(
        &case.change("emission_factors/test/1/transport.csv", &value),
        "factor_value",
        "-49.140000000",
    );
    // The next edition of the same row, 2 g/t.km less: 32.76 kg
    let head = TRANSPORT.lines().next().expect("a head");
    let second = TRANSPORT
        .lines()
        .find(|l| l.starts_with("truck"))
        .expect("the truck")
        .replace("tkm,62,17", "tkm,57,17");
    let ended = value.replace(
        "truck,road.truck,,GLOBAL,,ambient,tkm,59,17,,,actual,,,2024-01-01,,",
        "truck,road.truck,,GLOBAL,,ambient,tkm,59,17,,,actual,,,2024-01-01,2025-01-01,",
    );
    assert_ne!(ended, value);
    case.write(
        "emission_factors/test/2/transport.csv",
        &format!("{head}\n{second}\n"),
    );
    only(
        &case.change("emission_factors/test/1/transport.csv", &ended),
        "factor_value",
        "-32.760000000",
    );
    // A row for China alone, 10 g/t.km more than that: 163.8 kg
    let region = second.replace("truck,", "truck-cn,").replacen(
        "truck-cn,road.truck-cn,",
        "truck-cn,road.truck,",
        1,
    );
    let region = region
        .replace("GLOBAL", "CN")
        .replace("tkm,57,17", "tkm,67,17");
    let both = format!("{head}\n{second}\n{region}\n");
    only(
        &case.change("emission_factors/test/2/transport.csv", &both),
        "factor_choice",
        "163.800000000",
    );
}

#[test]
fn the_method_and_the_hub_rules() {
    let case = Case::new();
    // Sea 1.15 to 1.2: 0.05 x 2500 km x (20 t + 9 t) x 16 g = 58 kg
    let adjusted = PROFILE.replace("ratio = \"1.15\"", "ratio = \"1.2\"");
    only(
        &case.change("emission_factors/profiles/test.toml", &adjusted),
        "method",
        "58.000000000",
    );
    // The hub at Qinzhou, 20 t x 1300 g = 26 kg, is no longer inferred.
    let none = adjusted.replace("infer_hubs = true", "infer_hubs = false");
    only(
        &case.change("emission_factors/profiles/test.toml", &none),
        "method",
        "-26.000000000",
    );
}

#[test]
fn a_default_mass_is_the_methods() {
    let case = Case::new();
    let without = MOVEMENTS.replace("sfd,12000", "sfd,");
    case.change("movements.csv", &without);
    // 1 t more for the TEU: 1300 km x 1.05 x 79 g = 107.835 kg
    let heavier = PROFILE.replace("\"10000\"", "\"11000\"");
    only(
        &case.change("emission_factors/profiles/test.toml", &heavier),
        "method",
        "107.835000000",
    );
}

#[test]
fn a_row_that_one_run_rejected_is_completeness() {
    let case = Case::new();
    // The sea leg of A, 20 t x 2875 km x 16 g = 920 kg; the hub before it, 26 kg, goes with it.
    let broken = MOVEMENTS.replace(
        "CNQZH,SGSIN,2025-03-05T00:00:00Z",
        "CNQZH,Singapore,2025-03-05T00:00:00Z",
    );
    only(
        &case.change("movements.csv", &broken),
        "completeness",
        "-946.000000000",
    );
    only(
        &case.change("movements.csv", MOVEMENTS),
        "completeness",
        "946.000000000",
    );
}

/// A hub that no factor covers is left out: what then lacks is completeness, not method.
#[test]
fn a_hub_without_a_factor_is_completeness() {
    let case = Case::new();
    let later = HUB.replace("2024-01-01", "2026-01-01");
    only(
        &case.change("emission_factors/test/1/hub.csv", &later),
        "completeness",
        "-26.000000000",
    );
}

/// Everything at once, on traffic with every kind of element: the parts of each of 2,500 shipments still add up.
#[test]
fn two_profiles_on_the_shipped_sample() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let case = Case(dir);
    let run_file = concat!(env!("CARGO_MANIFEST_DIR"), "/data/run.toml");
    let out = case.path().join("out");
    let mut ids = Vec::new();
    for profile in ["open", "desnz"] {
        let out = out.to_str().expect("plain");
        green_corridor([
            "run",
            run_file,
            "--out",
            out,
            "--profile",
            profile,
            "--max-reject-share",
            "10%",
        ])
        .expect(0);
        ids.push(
            current_run(Path::new(out))
                .file_name()
                .expect("an id")
                .to_str()
                .expect("plain")
                .to_owned(),
        );
    }
    let there = case.compare(&ids[0], &ids[1]);
    let back = case.compare(&ids[1], &ids[0]);
    assert!(there["factor_choice"] != 0 && there["method"] != 0 && there["records_new"] == 0);
    assert_eq!(there["difference"], -back["difference"]);
}

//! `[output] encodings = "plain"`: the same figures for readers that know neither delta encodings nor decimals of 38 digits.
//! `tests/readback/read_plain.py` opens such a run with the readers.

use crate::support::binary::green_corridor;
use crate::support::tables::{TABLES, Table, current_run, parts};
use arrow::datatypes::DataType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Encoding;
use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A run file in `home` over the data of the project.
fn run_file(home: &Path, movements: &str, factors: &str, more: &str) -> PathBuf {
    let text = format!(
        "movements = ['{movements}']\nfactors = '{factors}'\nreference = '{ROOT}/data'\nout = 'out'\n{more}\n"
    );
    let path = home.join("run.toml");
    fs::write(&path, text).expect("a run file");
    path
}

fn sample(home: &Path, more: &str) -> PathBuf {
    let movements = format!("{ROOT}/data/movements/*.csv");
    run_file(home, &movements, &format!("{ROOT}/emission_factors"), more)
}

const PLAIN: &str = "[output]\nencodings = 'plain'";

#[test]
fn a_plain_run_holds_the_same_figures_in_plain_form() {
    let (usual, plain) = (
        tempfile::tempdir().expect("a folder"),
        tempfile::tempdir().expect("a folder"),
    );
    green_corridor(["run".into(), sample(usual.path(), "")]).expect(0);
    let file = sample(plain.path(), PLAIN);
    green_corridor(["run".into(), file.clone()]).expect(0);
    let (usual, out) = (
        current_run(&usual.path().join("out")),
        plain.path().join("out"),
    );
    let run = current_run(&out);
    assert_ne!(
        usual.file_name(),
        run.file_name(),
        "the form is part of the run id"
    );
    for table in TABLES {
        assert_eq!(
            Table::read(&usual, table).records(),
            Table::read(&run, table).records(),
            "{table}"
        );
        for part in parts(&run, table) {
            assert_is_plain(&part);
        }
    }

    green_corridor(["verify".as_ref(), out.as_os_str(), "--recalculate".as_ref()]).expect(0);
    let bytes = |run: &Path| fs::read(run.join("shipments/part-00000.parquet")).expect("a part");
    let before = bytes(&run);
    green_corridor(["run".into(), file, "--rebuild".into()]).expect(0);
    assert_eq!(run, current_run(&out), "computed anew, it is the same run");
    assert!(before == bytes(&run), "and has the same bytes");
    let shipment = Table::read(&run, "shipments").column("shipment_id")[0].to_owned();
    green_corridor(["explain".as_ref(), out.as_os_str(), shipment.as_ref()]).expect(0);
    green_corridor(["report".as_ref(), out.as_os_str()]).expect(0);
}

fn assert_is_plain(part: &Path) {
    let file = fs::File::open(part).expect("a part");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("a Parquet file");
    for field in reader.schema().fields() {
        if let DataType::Decimal128(digits, _) = field.data_type() {
            assert!(*digits <= 28, "{}: {field}", part.display());
        }
    }
    for column in reader
        .metadata()
        .row_groups()
        .iter()
        .flat_map(|g| g.columns())
    {
        for encoding in column.encodings() {
            assert!(
                matches!(
                    encoding,
                    Encoding::PLAIN | Encoding::RLE | Encoding::RLE_DICTIONARY
                ),
                "{}: {}: {encoding}",
                part.display(),
                column.column_path()
            );
        }
    }
}

#[test]
fn another_word_is_refused_and_the_plan_tells_the_form() {
    let home = tempfile::tempdir().expect("a folder");
    let file = sample(home.path(), "[output]\nencodings = 'delta'");
    let ended = green_corridor(["run".into(), file]).expect(2);
    assert!(
        ended
            .stderr
            .contains("run.toml:6: output.encodings: \"delta\": expected \"default\" or \"plain\""),
        "{}",
        ended.stderr
    );
    let file = sample(home.path(), PLAIN);
    let shown = green_corridor(["run".into(), file, "--print-plan".into()]).expect(0);
    assert!(
        shown.stdout.contains("encodings = \"plain\""),
        "{}",
        shown.stdout
    );
}

/// One gram over one metre, with eleven stops of a billion kilograms each in between: 1.1 x 10^22 g per t.km.
#[test]
fn a_sum_that_does_not_fit_is_refused_by_its_shipment() {
    let home = tempfile::tempdir().expect("a folder");
    let library = home.path().join("library");
    let write = |name: &str, text: &str| {
        let path = library.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    };
    write(
        "sources.csv",
        "source,edition,title,publisher,published_on,url,licence,redistributable,gwp_set\n\
         test,1,made up,test,,,Apache-2.0,yes,AR5\n",
    );
    write(
        "operations.csv",
        "operation,mode,kind,energy_carrier,title,description\n\
         road.truck,road,transport,diesel,Truck,\nhub.warehouse,hub,hub,,Warehouse,\n",
    );
    write(
        "test/1/transport.csv",
        "factor_id,operation,region,temperature,per,operation_g,provision_g,distance_basis,valid_from,data_category,source_ref\n\
         truck,road.truck,GLOBAL,ambient,tkm,60,15,actual,2023-01-01,default,test value\n",
    );
    write(
        "test/1/hub.csv",
        "factor_id,operation,region,temperature,per,operation_g,provision_g,valid_from,data_category,source_ref\n\
         warehouse,hub.warehouse,GLOBAL,ambient,t,999999999,0,2023-01-01,default,test value\n",
    );
    write(
        "profiles/open.toml",
        "title = 't'\nmethod = 'm'\ngwp_sets = ['AR5']\nafter_last_edition = 'reject'\nsources = ['test/1']\n\
         default_distance_basis = 'actual'\ndefault_mass_per_teu_kg = '10000'\nempty_mass_per_teu_kg = '2000'\ninfer_hubs = false\n\
         [statement]\nboundary = 'b'\nexclusions = []\nallocation = 'a'\ncut_off = 'c'\n",
    );
    let mut movements = "shipment_id,movement_id,sequence,mode,operation,origin,destination,departed_at,distance_km,cargo_mass_kg\n\
        BL-1,M1,1,road,road.truck,CNCKG,CNQZH,2025-01-01T00:00:00Z,0.001,0.001\n"
        .to_owned();
    for n in 2..13 {
        movements +=
            &format!("BL-1,M{n},{n},hub,hub.warehouse,CNQZH,CNQZH,2025-01-02T00:00:00Z,,1000000\n");
    }
    fs::write(home.path().join("movements.csv"), movements).expect("movements");
    let library = library.to_str().expect("a plain path");

    let file = run_file(home.path(), "movements.csv", library, "");
    green_corridor(["run".into(), file]).expect(0);
    let out = home.path().join("out");
    let published = current_run(&out);
    let file = run_file(home.path(), "movements.csv", library, PLAIN);
    let ended = green_corridor(["run".into(), file]).expect(8);
    for told in [
        "shipments: shipment_id \"BL-1\": intensity_g_per_tkm: found 10999999989",
        "expected at most 28 digits",
        "[output] encodings",
        "nothing was published",
    ] {
        assert!(ended.stderr.contains(told), "{told}: {}", ended.stderr);
    }
    assert_eq!(published, current_run(&out), "what was published stays");
}

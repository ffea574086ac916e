//! Runs whose manifest was changed by somebody who can write a digest: `verify` makes out again what it says, through the built program.

use crate::support::binary::green_corridor;
use crate::support::tables::{current_run, parts};
use arrow::array::{AsArray, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::properties::WriterProperties;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Made-up factors and places.
const LIBRARY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/library");

const ROWS: &str = "shipment_id,movement_id,container_id,container_type,sequence,mode,operation,origin,destination,departed_at,distance_km,\
    distance_basis,cargo_mass_kg,extra\nB1,M1,,42G1,1,road,road.truck_driven,CNCKG,CNQZH,2025-06-01T08:00:00Z,1000,actual,10000,x\n";

/// A folder with one published run of two files.
fn published() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::write(at("a.csv"), ROWS).unwrap();
    fs::write(
        at("b.csv"),
        ROWS.replace("B1", "B2")
            + "B2,M2,,42G1,2,none,x,CNCKG,CNQZH,2025-06-01T08:00:00Z,1,actual,1,x\n",
    )
    .unwrap();
    let plan = format!(
        "movements = [\"*.csv\"]\nfactors = \"{LIBRARY}/emission_factors\"\nprofile = \"golden\"\nreference = \"{LIBRARY}/data\"\n\
         out = \"out\"\n[limits]\nmax_reject_share = \"100%\"\n"
    );
    fs::write(at("run.toml"), plan).unwrap();
    green_corridor(["run".as_ref(), at("run.toml").as_os_str()]).expect(0);
    let out = at("out");
    (dir, out)
}

fn verify(out: &Path, more: &[&str]) -> crate::support::binary::Ended {
    let mut words = vec!["verify", out.to_str().unwrap()];
    words.extend(more);
    green_corridor(words)
}

/// Changes the manifest, and the digest beside it.
fn forge(out: &Path, change: impl Fn(&str) -> String) {
    let run = current_run(out);
    let path = run.join("manifest.json");
    let old = fs::read_to_string(&path).unwrap();
    let new = change(&old);
    assert!(old != new, "nothing was forged");
    let digest: String = Sha256::digest(&new)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    fs::write(
        run.join("manifest.json.sha256"),
        format!("{digest}  manifest.json\n"),
    )
    .unwrap();
    fs::write(path, new).unwrap();
}

/// The value of the first `key` in a manifest.
fn value<'m>(manifest: &'m str, key: &str) -> &'m str {
    let from = manifest.find(&format!("\"{key}\": \"")).unwrap() + key.len() + 5;
    &manifest[from..from + manifest[from..].find('"').unwrap()]
}

#[test]
fn a_manifest_is_not_taken_at_its_word() {
    let of_input = |text: &str| text[text.find("\"inputs\"").unwrap()..].to_owned();
    type Change<'c> = &'c dyn Fn(&str) -> String;
    let changes: [(Change, &str); 9] = [
        (&|m| m.replace("made up", "audited"), "statement"),
        (
            &|m| m.replacen(value(m, "library_digest"), &"0".repeat(64), 1),
            "library_digest",
        ),
        (
            &|m| m.replacen(value(&of_input(m), "sha256"), &"1".repeat(64), 1),
            "run_id",
        ),
        (
            &|m| {
                m.replace(
                    "\"max_reject_share_ppm\": 1000000",
                    "\"max_reject_share_ppm\": 1",
                )
            },
            "run_id",
        ),
        (
            &|m| {
                m.replace(
                    "\"method\": \"ISO 14083:2023\"",
                    "\"method\": \"ISO 14083:2024\"",
                )
            },
            "method",
        ),
        (
            &|m| m.replace("\"warnings\": []", "\"warnings\": [\"assured by nobody\"]"),
            "warning",
        ),
        (
            &|m| m.replacen("\"version\": \"0", "\"version\": \"9.0", 1),
            "run_id",
        ),
        (
            &|m| m.replace("\"implausible\": {}", "\"implausible\": {\"Q25\": 1}"),
            "implausible",
        ),
        // Rows moved from one file to the other: every sum is as before.
        (
            &|m| {
                let counts = |rows_in, accepted| {
                    format!(
                        "\"rejected\": {},\n      \"rows_in\": {rows_in}",
                        rows_in - accepted
                    )
                };
                m.replace(&counts(2, 1), "@")
                    .replace(&counts(1, 1), &counts(2, 1))
                    .replace('@', &counts(1, 1))
            },
            "rejected",
        ),
    ];
    for (change, told) in changes {
        let (_keep, out) = published();
        verify(&out, &["--recalculate"]).expect(0);
        forge(&out, change);
        let ended = verify(&out, &[]).expect(7);
        assert!(ended.stderr.contains(told), "{told}: {}", ended.stderr);
    }
}

#[test]
fn inputs_are_compared_where_they_are() {
    let (dir, out) = published();
    let folder = dir.path().to_str().unwrap();
    let as_read = "2 input files as they were read";
    assert!(verify(&out, &[]).expect(0).stdout.contains(as_read));
    assert!(
        verify(&out, &["--inputs", folder])
            .expect(0)
            .stdout
            .contains(as_read)
    );
    // The next night's file under the same name is told, and wrong where somebody says that these are the inputs.
    fs::write(dir.path().join("a.csv"), "another\n").unwrap();
    let told = verify(&out, &[]).expect(0).stdout;
    assert!(
        told.contains("1 input file as it was read") && told.contains("changed since"),
        "{told}"
    );
    verify(&out, &["--inputs", folder]).expect(7);
    fs::remove_file(dir.path().join("a.csv")).unwrap();
    assert!(verify(&out, &[]).expect(0).stdout.contains("1 not found"));
    verify(&out, &["--inputs", folder]).expect(7);
}

/// The digest of bytes as a manifest has it.
fn digest(bytes: &[u8]) -> String {
    let digits = Sha256::digest(bytes);
    digits.iter().map(|b| format!("{b:02x}")).collect()
}

/// Gives another customer to the shipments of a run, or to its elements, in a table that the manifest then tells of.
fn give_away(out: &Path, table: &str) {
    let path = parts(&current_run(out), table).remove(0);
    let old = fs::read(&path).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).unwrap()).unwrap();
    let footer = reader.metadata().file_metadata().key_value_metadata();
    let footer = footer.map(|pairs| {
        let own = pairs.iter().filter(|pair| pair.key != "ARROW:schema");
        own.cloned().collect()
    });
    let properties = WriterProperties::builder()
        .set_key_value_metadata(footer)
        .build();
    let schema = reader.schema().clone();
    let mut writer = ArrowWriter::try_new(Vec::new(), schema, Some(properties)).unwrap();
    for batch in reader.build().unwrap() {
        let batch = batch.unwrap();
        let at = batch.schema().index_of("customer").unwrap();
        let customers = batch.column(at).as_string::<i32>().iter();
        let other = customers.map(|c| c.map(|c| c.replace("Globex", "Initech")));
        let mut columns = batch.columns().to_vec();
        columns[at] = Arc::new(other.collect::<StringArray>());
        writer
            .write(&RecordBatch::try_new(batch.schema(), columns).unwrap())
            .unwrap();
    }
    let new = writer.into_inner().unwrap();
    assert!(new != old);
    fs::write(&path, &new).unwrap();
    let size = |bytes: &[u8]| format!("\"bytes\": {},\n      \"path\": \"{table}", bytes.len());
    forge(out, |manifest| {
        let manifest = manifest.replace(&digest(&old), &digest(&new));
        assert!(manifest.contains(&size(&old)), "{manifest}");
        manifest.replace(&size(&old), &size(&new))
    });
}

#[test]
fn a_shipment_is_not_given_to_another_customer() {
    for table in ["shipments", "elements"] {
        let (dir, out) = published();
        let customers = |name: &str, customer: &str| {
            let path = dir.path().join(name);
            let rows = fs::read_to_string(&path).unwrap();
            fs::write(path, rows.replace(",x\n", &format!(",{customer}\n"))).unwrap();
        };
        customers("a.csv", "ACME");
        customers("b.csv", "Globex");
        let run_file = dir.path().join("run.toml");
        let text = fs::read_to_string(&run_file).unwrap() + "[carry]\ncustomer = \"extra\"\n";
        fs::write(&run_file, text).unwrap();
        green_corridor(["run".as_ref(), run_file.as_os_str()]).expect(0);
        verify(&out, &[]).expect(0);
        give_away(&out, table);
        let refused = verify(&out, &[]).expect(7).stderr;
        assert!(
            refused.contains("shipment B2: its carried columns"),
            "{table}: {refused}"
        );
    }
}

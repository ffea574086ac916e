//! Row groups of any size, broken files, and the three formats against each other.

use super::mapping::Mapping;
use super::parquet_tests::*;
use super::tests::{read_with, vocabulary};
use super::*;
use ::parquet::file::properties::WriterProperties;
use arrow::array::*;
use arrow::datatypes::Int32Type;

#[test]
fn large_row_groups_are_cut_and_small_ones_are_not() {
    let rows = 600_000;
    let sequence: ArrayRef = Arc::new(Int32Array::from_iter_values(
        (0..rows).map(|i| i % 10_000 + 1),
    ));
    let shipments: ArrayRef = Arc::new(StringArray::from_iter_values(
        (0..rows).map(|i| format!("S{:06}", i / 5)),
    ));
    let columns = || {
        records(
            rows as usize,
            vec![
                ("sequence", sequence.clone()),
                ("shipment_id", shipments.clone()),
            ],
        )
    };
    for (group_rows, units) in [(1_000_000, 5), (100_000, 6)] {
        let properties = WriterProperties::builder()
            .set_max_row_group_row_count(Some(group_rows))
            .build();
        let content = write_with(columns(), properties);
        let mut reader = open(
            test_files::source("a.parquet", &content),
            Arc::new(Mapping::default()),
            Arc::new(vocabulary()),
        )
        .unwrap();
        let mut parsed = Vec::new();
        while let Some(unit) = reader.next_unit().unwrap() {
            parsed.push(unit);
        }
        assert_eq!(parsed.len(), units);
        let mut at = 0;
        for batch in parsed
            .into_iter()
            .flat_map(|unit| unit.parse().unwrap())
            .map(|parsed| parsed.batch)
        {
            assert!(batch.len() as u64 <= Grain::LARGEST.batch_rows);
            for i in (0..batch.len()).step_by(997) {
                let row = at + i;
                let want = (
                    row as u64 + 1,
                    (row % 10_000 + 1) as u16,
                    format!("M{}", row + 1),
                    format!("S{:06}", row / 5),
                );
                let found = (
                    batch.row[i],
                    batch.sequence[i],
                    batch.movement_id.str(i).to_owned(),
                    batch.shipment_id.str(i).to_owned(),
                );
                assert_eq!(found, want);
            }
            at += batch.len();
        }
        assert_eq!(at, rows as usize);
    }
}

#[test]
fn broken_files_are_faults_and_never_panics() {
    let carriers: DictionaryArray<Int32Type> =
        (0..50).map(|i| Some(["MAEU", "MSCU"][i % 2])).collect();
    let masses: ArrayRef = Arc::new(Float64Array::from_iter(
        (0..50).map(|i| (i % 3 > 0).then_some(i as f64)),
    ));
    let good = write(records(
        50,
        vec![("carrier", Arc::new(carriers)), ("cargo_mass_kg", masses)],
    ));
    for length in [
        0,
        4,
        8,
        good.len() / 3,
        good.len() / 2,
        good.len() - 9,
        good.len() - 1,
    ] {
        let fault = parse_with(&good[..length], Mapping::default()).unwrap_err();
        assert!(
            fault.message.starts_with("is no readable Parquet file"),
            "{fault}"
        );
    }
    // The footer is whole, pages are not.
    let mut holed = good.clone();
    holed[4..200].fill(0xa5);
    let fault = parse_with(&holed, Mapping::default()).unwrap_err();
    assert!(
        fault.message.contains("row group 1 is not readable")
            || fault.message.contains("the decoder gave up"),
        "{fault}"
    );
    let mut seed = 7u64;
    for _ in 0..1500 {
        let mut bad = good.clone();
        for _ in 0..3 {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let at = (seed >> 33) as usize % bad.len();
            bad[at] = (seed >> 20) as u8;
        }
        if let Ok((_, parsed)) = parse_with(&bad, Mapping::default()) {
            assert_eq!(
                parsed.rows,
                (parsed.batch.len() + parsed.unplaced.len()) as u64
            );
        }
    }
}

#[test]
fn the_three_formats_give_the_same_rows() {
    let csv = "movement_id,shipment_id,container_id,container_type,sequence,mode,operation,carrier,origin,destination,departed_at,arrived_at,\
        distance_km,distance_basis,cargo_mass_kg,teu,load_status,temperature,energy_carrier,energy_quantity,energy_unit,recorded_at,record_status\n\
        M1,S1,CSQU3054383,45R1,1,sea,sea.feeder,MAEU,CNQZH,SGSIN,2024-03-05T08:00:00Z,2024-03-06T08:00:00.5Z,2500.5,sfd,12000,2,laden,,,,,,\n\
        M2,S1,csqu 305438-4,22G1,2,hub,,,sgsin,SGSIN,2024-03-07T08:00:00Z,,0,,12000.1255,,,ambient,,,,2024-03-08T00:00:00Z,active\n\
        M3,S1,,,3,truck,road.articulated,,SGSIN,VNHPH,2024-03-08T08:00:00Z,,,gcd,0,1,empty,,diesel,12.3456785,l,,\n\
        M4,S2,,,4,rail,,,SGSIN,VNHPH,2024-03-08T08:00:00Z,,,,,,,,,,,,\n\
        M5,,,,x,sea,,,SGSIN,VNHPH,2024-03-08T08:00:00Z,,,,,,,,,,,,\n\
        M6,S3,,,6,ship,,,Asia,VNHPH,2024-03-08T08:00:00Z,,-1,,,,,,,,,2024-03-09T00:00:00Z,\n\
        M7,S3,,,7,?,,,,,,,,,,,,,,,,2024-03-10T00:00:00Z,cancelled\n";
    let mut lines = csv.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let names = lines.next().unwrap();
    let rows: Vec<Vec<&str>> = lines.collect();
    let column = |c: usize| {
        rows.iter()
            .map(move |row| Some(row[c]).filter(|cell| !cell.is_empty()))
    };
    let mut json = String::new();
    for row in &rows {
        let cell = |(name, value): (&&str, &&str)| {
            let number = value.parse::<f64>().is_ok();
            if number {
                format!("\"{name}\":{value}")
            } else {
                format!("\"{name}\":\"{value}\"")
            }
        };
        let cells: Vec<String> = names
            .iter()
            .zip(row)
            .filter(|(_, value)| !value.is_empty())
            .map(cell)
            .collect();
        json.push_str(&format!("{{{}}}\n", cells.join(",")));
    }
    let texts = |c: usize| Arc::new(StringArray::from_iter(column(c))) as ArrayRef;
    let typed = |c: usize| match names[c] {
        "distance_km" | "cargo_mass_kg" | "teu" | "energy_quantity" => Arc::new(
            Float64Array::from_iter(column(c).map(|cell| cell.map(|v| v.parse::<f64>().unwrap()))),
        ) as ArrayRef,
        "mode" | "operation" | "carrier" | "origin" => {
            Arc::new(column(c).collect::<DictionaryArray<Int32Type>>())
        }
        "departed_at" | "arrived_at" | "recorded_at" => {
            let micros = |v: &str| timestamp::parse_rfc3339(v.as_bytes()).unwrap();
            Arc::new(
                TimestampMicrosecondArray::from_iter(column(c).map(|cell| cell.map(micros)))
                    .with_timezone("UTC"),
            )
        }
        _ => texts(c),
    };
    let table = |array: &dyn Fn(usize) -> ArrayRef| {
        write(
            names
                .iter()
                .enumerate()
                .map(|(c, name)| (*name, array(c)))
                .collect(),
        )
    };
    let read = |name: &str, content: &[u8]| {
        read_with(name, content, Mapping::default(), vocabulary())
            .unwrap()
            .1
    };
    let want = read("a.csv", csv.as_bytes());
    let codes = ["ok", "ok", "ok", "R010 ", "R003 -1", "ok"];
    assert_eq!(fates(&want.batch), codes);
    assert_eq!(want.unplaced[0].reject.reason.code(), "R001");
    for (name, content) in [
        ("a.ndjson", json.into_bytes()),
        ("a.parquet", table(&texts)),
        ("b.parquet", table(&typed)),
    ] {
        let found = read(name, &content);
        assert_eq!(found.unplaced, want.unplaced, "{name}");
        let symbols = |p: &Parsed| {
            (0..p.batch.len())
                .map(|i| p.symbols.text(p.batch.carrier[i]).to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(symbols(&found), symbols(&want), "{name}");
        assert_eq!(found.batch, want.batch, "{name}");
    }
}

//! A sample is what its seed says, well formed, and the same however it is asked for.

use super::*;
use crate::model::id::{LocationCode, is_iso6346};
use crate::model::mode::Mode;
use std::collections::BTreeMap;
use std::sync::LazyLock;

const ROUTES: &str = r#"
month = "2025-03"
seed = 1
empty_share = "0.06"
reported_distance_share = "0.5"
reported_distance_spread = "0.03"
containers_per_shipment = [1, 2, 3]
[[container]]
type = "22G1"
weight = 3
refrigerated = false
cargo_min_kg = 9000
cargo_max_kg = 21500
[[container]]
type = "45R1"
weight = 1
refrigerated = true
cargo_min_kg = 15000
cargo_max_kg = 25000
[[route]]
name = "rail-sea"
weight = 2
[[route.element]]
mode = "rail"
operation = "rail.container_electric"
origin = "CNCKG"
destination = "CNQZH"
hours = 48
dwell_hours = 36
carrier = ["RWCN"]
[[route.element]]
mode = "sea"
operation = ""
origin = "CNQZH"
destination = "SGSIN"
hours = 144
dwell_hours = 24
carrier = []
[[route]]
name = "road, dry only"
weight = 1
reefers = false
[[route.element]]
mode = "road"
operation = "road.articulated"
origin = "CNCKG"
destination = "CNPIN"
hours = 35
dwell_hours = 0
carrier = ["TRCQ"]
"#;
const DISTANCES: &str = "mode,origin,destination,distance_km,basis,source_ref\nsea,SGSIN,CNQZH,2000,sfd,\nroad,CNCKG,CNPIN,1300.5,sfd,\n";
const PROFILE: &str = r#"
[[distance_adjustment]]
mode = "sea"
activity_basis = "sfd"
intensity_basis = "actual"
ratio = "1.15"
[[hub]]
before = "rail"
after = "sea"
operation = "hub.container_terminal"
"#;

static TEMPLATES: LazyLock<Templates> =
    LazyLock::new(|| Templates::parse(ROUTES, DISTANCES, PROFILE).unwrap());

fn order(shipments: u64, dirt: u32) -> Order {
    Order {
        shipments,
        seed: 20_250_301,
        month: Month::parse("2025-03").unwrap(),
        dirt: Share(dirt),
    }
}

fn all(order: &Order) -> Vec<Row<'static>> {
    (0..order.shipments)
        .flat_map(|i| shipment(order, &TEMPLATES, i))
        .collect()
}

fn bytes(order: &Order, format: Format) -> Vec<u8> {
    let mut out = Vec::new();
    write(order, &TEMPLATES, format, &mut out, &|_| {}).unwrap();
    out
}

#[test]
fn rows_are_well_formed_and_sorted() {
    let order = order(3000, 0);
    let rows = all(&order);
    assert!(rows.windows(2).all(|w| {
        (&w[0].shipment_id, &w[0].container_id, w[0].sequence)
            < (&w[1].shipment_id, &w[1].container_id, w[1].sequence)
    }));
    for row in &rows {
        assert!(is_iso6346(row.container_id.as_bytes()), "{row:?}");
        assert!(
            LocationCode::parse(row.origin.as_bytes()).is_some()
                && Mode::from_code(row.mode).is_some()
        );
        assert!(row.departed_at < row.arrived_at, "{row:?}");
        assert_eq!(row.mode == "hub", row.origin == row.destination);
        assert_eq!(row.cargo_mass_g.is_none(), row.load_status == "empty");
        assert!(
            row.container_cargo_mass_g
                .is_none_or(|whole| Some(whole) > row.cargo_mass_g)
        );
        assert_eq!(row.energy_quantity.is_some(), !row.evidence_ref.is_empty());
    }
    let with = |test: &dyn Fn(&Row) -> bool| rows.iter().filter(|r| test(r)).count();
    for (what, count) in [
        ("empty", with(&|r| r.load_status == "empty")),
        ("shared", with(&|r| r.container_cargo_mass_g.is_some())),
        ("hub", with(&|r| r.operation == "hub.container_terminal")),
        ("plug", with(&|r| r.operation == "hub.reefer_plug_day")),
        ("fuel", with(&|r| r.energy_unit == "l")),
        ("hvo", with(&|r| r.energy_carrier == "hvo")),
        ("reefer off", with(&|r| r.temperature == "ambient")),
        ("reported", with(&|r| r.distance_m.is_some())),
    ] {
        assert!(count > 0, "no row: {what}");
    }
    assert!(with(&|r| r.container_type == "45R1" && r.origin == "CNCKG" && r.mode == "road") == 0);
}

#[test]
fn the_parts_of_a_shared_box_add_up() {
    let mut boxes: BTreeMap<(String, u16), (i64, i64, u32)> = BTreeMap::new();
    for row in all(&order(2000, 0))
        .iter()
        .filter(|r| r.container_cargo_mass_g.is_some())
    {
        let entry = boxes
            .entry((row.container_id.clone(), row.sequence))
            .or_default();
        entry.0 += row.cargo_mass_g.unwrap();
        entry.1 = row.container_cargo_mass_g.unwrap();
        entry.2 += 1;
    }
    assert!(
        boxes.len() > 50
            && boxes
                .values()
                .all(|&(sum, whole, parts)| sum == whole && parts == 2)
    );
}

#[test]
fn reported_distances_lie_around_the_adjusted_network_distance() {
    let rows = all(&order(1000, 0));
    let sea: Vec<i64> = rows
        .iter()
        .filter(|r| r.mode == "sea")
        .filter_map(|r| r.distance_m)
        .collect();
    assert!(
        sea.iter().all(|d| (2_230_900..=2_369_000).contains(d)),
        "2,000 km x 1.15, give or take 3 %"
    );
}

#[test]
fn a_longer_sample_begins_with_the_shorter_one() {
    let (short, long) = (
        bytes(&order(40, 20_000), Format::Csv),
        bytes(&order(90, 20_000), Format::Csv),
    );
    assert!(long.starts_with(&short) && long.len() > short.len());
    assert_eq!(
        bytes(&order(40, 0), Format::Parquet),
        bytes(&order(40, 0), Format::Parquet)
    );
    assert_ne!(
        short,
        bytes(
            &Order {
                seed: 2,
                ..order(40, 20_000)
            },
            Format::Csv
        )
    );
}

#[test]
fn first_departures_fill_the_month_and_nothing_else() {
    let order = order(2000, 0);
    let first: Vec<i64> = (0..2000)
        .filter_map(|i| shipment(&order, &TEMPLATES, i)[0].departed_at)
        .collect();
    let days: std::collections::BTreeSet<i64> = first
        .iter()
        .map(|s| s.div_euclid(86_400) - order.month.first as i64)
        .collect();
    assert_eq!(
        days.into_iter().collect::<Vec<_>>(),
        (0..31).collect::<Vec<_>>()
    );
}

#[test]
fn dirt_damages_about_the_share_asked_for() {
    let (clean, dirty) = (all(&order(2000, 0)), all(&order(2000, 50_000)));
    let spoiled =
        dirty.iter().filter(|row| !clean.contains(row)).count() + (dirty.len() - clean.len());
    assert!(
        (clean.len() * 3 / 100..clean.len() * 7 / 100).contains(&spoiled),
        "{spoiled} of {}",
        clean.len()
    );
}

#[test]
fn faulty_templates_are_refused() {
    for (from, to) in [
        ("\"0.06\"", "\"6 %\""),
        ("[1, 2, 3]", "[0]"),
        ("mode = \"sea\"", "mode = \"pipe\""),
        ("seed = 1", "sed = 1"),
    ] {
        assert!(
            Templates::parse(&ROUTES.replacen(from, to, 1), DISTANCES, PROFILE).is_err(),
            "{to}"
        );
    }
}

#[test]
fn parquet_reads_back_with_types_and_rows() {
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    let order = order(300, 10_000);
    let file = parquet_bytes(&order);
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .unwrap()
        .build()
        .unwrap();
    let rows: usize = reader.map(|batch| batch.unwrap().num_rows()).sum();
    assert_eq!(rows, all(&order).len());
}

fn parquet_bytes(order: &Order) -> impl parquet::file::reader::ChunkReader + 'static {
    let mut file = tempfile::tempfile().unwrap();
    std::io::Write::write_all(&mut file, &bytes(order, Format::Parquet)).unwrap();
    file
}

//! What must hold for any rows: laws of the arithmetic, of order, of time and of publication. Rows go through the parser and the
//! kernel as in a run; the factors are made up.

#![allow(clippy::cast_possible_truncation)] // numbers made up here are small

mod kernel;
mod rows;

use crate::input::mapping::Mapping;
use crate::model::element::Element;
use crate::model::flag::Flags;
use crate::model::mode::Mode;
use crate::output::columns::PublishedTable;
use crate::output::elements::Elements;
use crate::published::columns::checked;
use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Decimal128Type, Int32Type, TimestampMicrosecondType};
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use kernel::{
    Computed, END, Found, SECOND_EDITION, TRUCK_OPERATION, compute, compute_apart, published,
    reference,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use rows::{Row, rejectable, shipments};
use std::collections::{BTreeMap, BTreeSet};

fn run(rows: &[String]) -> Computed {
    compute(reference(), &Mapping::default(), rows, &[])
}

fn lines(rows: &[Row]) -> Vec<String> {
    rows.iter().map(Row::csv).collect()
}

#[track_caller]
fn assert_same(one: &Computed, other: &Computed) {
    assert_eq!(one.elements, other.elements);
    assert_eq!(one.shipments, other.shipments);
    assert_eq!(one.rollup, other.rollup);
    assert_eq!(one.rejected, other.rejected);
}

/// A single movement of `mass_g` grams.
fn movement(
    shipment: usize,
    mode: Mode,
    mass_g: i64,
    of_box_g: Option<i64>,
    distance_m: i64,
) -> Row {
    let (origin, destination) = if mode == Mode::Sea {
        ("CNQZH", "SGSIN")
    } else {
        ("CNNNN", "CNCKG")
    };
    Row {
        shipment: format!("S{shipment:03}"),
        movement: "M1".into(),
        container: "CSQU3054383".into(),
        container_type: "42G1".into(),
        sequence: "1".into(),
        mode: mode.code().into(),
        origin: origin.into(),
        destination: destination.into(),
        departed_at: "2024-05-06T07:08:09Z".into(),
        distance_km: rows::thousandths(distance_m),
        distance_basis: "actual".into(),
        cargo_mass_kg: rows::thousandths(mass_g),
        container_cargo_mass_kg: of_box_g.map_or(String::new(), rows::thousandths),
        load_status: "laden".into(),
        extra: rows::NO_EXTRA,
    }
}

fn elements(rows: &[Row]) -> Vec<Element> {
    let computed = run(&lines(rows));
    assert_eq!(
        (computed.elements.len(), computed.rejected),
        (rows.len(), Vec::<String>::new())
    );
    computed
        .elements
        .into_iter()
        .map(|found| found.element)
        .collect()
}

/// A mass and parts that make it up.
fn parts() -> impl Strategy<Value = (i64, Vec<i64>)> {
    prop::collection::vec(1..200_000_000i64, 2..6).prop_map(|parts| (parts.iter().sum(), parts))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn the_order_of_rows_changes_nothing(rows in shipments().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle()))) {
        assert_same(&run(&lines(&rows.0)), &run(&lines(&rows.1)));
    }

    #[test]
    fn what_is_remembered_from_shipment_to_shipment_changes_nothing(rows in shipments().prop_shuffle()) {
        let rows = lines(&rows);
        assert_same(&run(&rows), &compute_apart(reference(), &Mapping::default(), &rows));
    }

    #[test]
    fn where_the_stream_of_rows_is_cut_changes_nothing(rows in shipments(), cuts in prop::collection::vec(any::<usize>(), 0..9)) {
        let rows = lines(&rows);
        assert_same(&run(&rows), &compute(reference(), &Mapping::default(), &rows, &cuts));
    }

    #[test]
    fn a_split_consignment_has_the_activity_of_the_whole((whole_g, parts_g) in parts(), distance_m in 1..50_000_000i64) {
        for mode in [Mode::Road, Mode::Sea] {
            let whole = elements(&[movement(0, mode, whole_g, None, distance_m)])[0];
            let row = |(i, &mass_g): (usize, &i64)| movement(i, mode, mass_g, Some(whole_g), distance_m);
            let parts = elements(&parts_g.iter().enumerate().map(row).collect::<Vec<_>>());
            let sum = |get: fn(&Element) -> i64| parts.iter().map(get).sum::<i64>();
            prop_assert_eq!(sum(|e| e.activity), whole.activity);
            prop_assert_eq!(sum(|e| e.mass_g), whole.mass_g);
            // Every part and the whole are rounded once, by half a unit at most.
            let bound = parts.len() as i64 + 1;
            prop_assert!(2 * (sum(|e| e.teu) - whole.teu).abs() <= bound);
            prop_assert!(2 * (sum(|e| e.containers) - whole.containers).abs() <= bound);
            if mode == Mode::Road {
                prop_assert!(2 * (sum(|e| e.ghg_operation) - whole.ghg_operation).abs() <= bound);
                prop_assert!(2 * (sum(|e| e.ghg_provision) - whole.ghg_provision).abs() <= bound);
            }
        }
    }

    #[test]
    fn emissions_per_tonne_scale_with_mass_to_the_rounding(mass_g in 1..1_000_000i64, times in 2..1000i64, distance_m in 1..50_000_000i64) {
        let once = elements(&[movement(0, Mode::Road, mass_g, None, distance_m)])[0];
        let scaled = elements(&[movement(0, Mode::Road, mass_g * times, None, distance_m)])[0];
        prop_assert_eq!(scaled.activity, once.activity * times);
        // |E(n m) - n E(m)| <= n/2 + 1/2 micrograms.
        prop_assert!(2 * (scaled.ghg_operation - once.ghg_operation * times).abs() <= times + 1);
        prop_assert!(2 * (scaled.ghg_provision - once.ghg_provision * times).abs() <= times + 1);
        // An intensity per TEU.km does not know the mass.
        let [light, heavy] = [mass_g, mass_g * times].map(|mass_g| elements(&[movement(0, Mode::Sea, mass_g, None, distance_m)])[0]);
        prop_assert_eq!((light.ghg_operation, light.ghg_provision), (heavy.ghg_operation, heavy.ghg_provision));
        prop_assert_eq!(heavy.activity, light.activity * times);
    }

    #[test]
    fn a_factor_is_valid_up_to_its_end_and_not_at_it(microseconds in -3_000_000..3_000_000i64, minutes in -(14 * 60)..14 * 60i32) {
        let offset = Offset::from_seconds(minutes * 60).expect("an offset of less than a day");
        let written = |boundary: &str, microseconds| moved(boundary, microseconds).to_zoned_datetime(TimeZone::fixed(offset)).strftime("%Y-%m-%dT%H:%M:%S%.6f%:z").to_string();
        for microseconds in [microseconds, -1, 0] {
            check_edition(&Mapping::default(), &written(SECOND_EDITION, microseconds), Some(usize::from(microseconds >= 0)));
            check_edition(&Mapping::default(), &written(END, microseconds), (microseconds < 0).then_some(1));
        }
    }

    #[test]
    fn a_local_time_meets_the_boundary_in_its_own_zone(seconds in -5..5i64, zone in prop::sample::select(&ZONES)) {
        let zone = TimeZone::get(zone).expect("a zone that is compiled in");
        let mapping = Mapping { zone: Some(zone.clone()), timestamp: vec!["%d.%m.%Y %H:%M:%S".into()], ..Mapping::default() };
        let written = |boundary: &str, seconds| moved(boundary, seconds * 1_000_000).to_zoned_datetime(zone.clone()).strftime("%d.%m.%Y %H:%M:%S").to_string();
        for seconds in [seconds, -1, 0] {
            check_edition(&mapping, &written(SECOND_EDITION, seconds), Some(usize::from(seconds >= 0)));
            check_edition(&mapping, &written(END, seconds), (seconds < 0).then_some(1));
        }
    }

    #[test]
    fn what_is_published_reads_back_as_it_was_computed(rows in shipments()) {
        let reference = reference();
        let computed = run(&lines(&rows));
        let wanted: Vec<Vec<String>> = computed.elements.iter().map(|found| cells(found, reference)).collect();
        let file = published(reference, computed);
        prop_assert_eq!(read_back(file), wanted);
    }

    #[test]
    fn a_row_that_fails_its_checks_changes_no_other_row(rows in shipments(), (bad, place) in (rejectable(), any::<prop::sample::Index>())) {
        let before = run(&lines(&rows));
        // Into a shipment that is there.
        let mut with = rows.clone();
        let at = place.index(rows.len());
        with.insert(at, Row { shipment: rows[at].shipment.clone(), ..bad.clone() });
        let after = run(&lines(&with));
        prop_assert_eq!(&before.elements, &after.elements);
        let others = |computed: &Computed| {
            let apart = computed.shipments.iter().filter(|(id, _)| *id != rows[at].shipment);
            apart.cloned().collect::<Vec<_>>()
        };
        prop_assert_eq!(others(&before), others(&after));
        prop_assert_eq!(before.rejected.len() + 1, after.rejected.len());
        prop_assert!(before.rejected.iter().all(|line| after.rejected.contains(line)));
        // Into one of its own.
        with[at] = bad;
        let apart = run(&lines(&with));
        prop_assert_eq!(&before.elements, &apart.elements);
        prop_assert_eq!(&before.shipments, &apart.shipments);
        prop_assert_eq!(&before.rollup, &apart.rollup);
    }

    #[test]
    fn a_row_that_cannot_be_computed_changes_no_figure_of_another(rows in shipments(), place in any::<prop::sample::Index>(), late in 0..2usize) {
        let before = figures(&run(&lines(&rows)));
        let mut with = rows.clone();
        let at = place.index(rows.len());
        // No factor is valid on its day, or no distance is known: the row is part of its chain, and is rejected late.
        let mut row = Row { movement: "LATE".into(), sequence: "9999".into(), ..movement(0, Mode::Road, 1_000, None, 1_000) };
        row.shipment.clone_from(&rows[at].shipment);
        match late {
            0 => row.departed_at = "2022-12-31T23:59:59Z".into(),
            _ => row.distance_km.clear(),
        }
        with.insert(at, row);
        let after = run(&lines(&with));
        prop_assert!(after.rejected.iter().any(|line| line.starts_with(["R011", "R012"][late]) && line.contains(" LATE ")), "{:?}", after.rejected);
        prop_assert_eq!(before, figures(&after));
    }
}

/// The laws are worth what the rows are worth that they are tried on.
#[test]
fn the_rows_meet_what_real_exports_hold() {
    let mut random = TestRunner::deterministic();
    let (mut met, mut flags, mut hubs, mut accepted) = (BTreeSet::new(), Flags::NONE, 0, 0);
    for _ in 0..100 {
        let rows = shipments().new_tree(&mut random).expect("rows").current();
        let computed = run(&lines(&rows));
        met.extend(computed.rejected.iter().map(|line| line[..4].to_owned()));
        hubs += computed
            .elements
            .iter()
            .filter(|found| found.movement.is_empty())
            .count();
        accepted += computed.accepted;
        computed
            .elements
            .iter()
            .for_each(|found| flags |= found.element.flags);
    }
    assert!(flags.has(Flags::DECIMALS_ROUNDED | Flags::REFRIGERATED_UPLIFT));
    let wanted = [
        "R002", "R006", "R008", "R009", "R011", "R012", "R013", "R014", "R015", "R017", "R021",
        "R022",
    ];
    assert_eq!(met.iter().map(String::as_str).collect::<Vec<_>>(), wanted);
    assert!(
        hubs > 100 && accepted > 500,
        "{hubs} inferred hubs, {accepted} accepted rows"
    );
}

const ZONES: [&str; 6] = [
    "UTC",
    "Asia/Shanghai",
    "Asia/Kathmandu",
    "America/St_Johns",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
];

fn moved(boundary: &str, microseconds: i64) -> Timestamp {
    let boundary: Timestamp = boundary.parse().expect("a time");
    Timestamp::from_microsecond(boundary.as_microsecond() + microseconds).expect("a time")
}

/// A truck that departs at this time has the factor of this edition (from 0), or is R011.
#[track_caller]
fn check_edition(mapping: &Mapping, departed_at: &str, edition: Option<usize>) {
    let row = Row {
        departed_at: departed_at.into(),
        ..movement(0, Mode::Road, 1_000_000, None, 1_000_000)
    };
    let computed = compute(reference(), mapping, &[row.csv()], &[]);
    let found: Vec<i64> = computed
        .elements
        .iter()
        .map(|found| found.element.intensity_operation)
        .collect();
    assert_eq!(
        found,
        edition
            .map(|n| TRUCK_OPERATION[n])
            .into_iter()
            .collect::<Vec<_>>(),
        "{departed_at}"
    );
    let rejected: Vec<&str> = computed.rejected.iter().map(|line| &line[..4]).collect();
    assert_eq!(
        rejected,
        if edition.is_none() {
            vec!["R011"]
        } else {
            vec![]
        },
        "{departed_at}"
    );
}

/// The figures of every movement that was computed, without what its neighbours decide: number, order and gap flags.
fn figures(computed: &Computed) -> BTreeMap<(String, String, String), String> {
    let key = |found: &Found| {
        (
            found.shipment.clone(),
            found.container.clone(),
            found.movement.clone(),
        )
    };
    let value = |e: &Element| {
        let factor = (
            e.factor,
            e.intensity_operation,
            e.intensity_provision,
            e.per,
        );
        let distances = (
            e.distance_m,
            e.distance_source,
            e.activity_distance_m,
            e.activity_basis,
            e.emission_distance_m,
        );
        format!(
            "{:?}",
            (
                e.mass_g,
                e.teu,
                e.containers,
                distances,
                e.activity,
                factor,
                e.ghg_operation,
                e.ghg_provision
            )
        )
    };
    let movements = computed
        .elements
        .iter()
        .filter(|found| !found.movement.is_empty());
    movements
        .map(|found| (key(found), value(&found.element)))
        .collect()
}

const NUMBERS: [&str; 14] = [
    "element",
    "departed_at",
    "cargo_mass_kg",
    "teu",
    "containers",
    "distance_km",
    "activity_distance_km",
    "emission_distance_km",
    "transport_activity_tkm",
    "intensity_operation_g",
    "intensity_provision_g",
    "ghg_operation_kg",
    "ghg_provision_kg",
    "ghg_total_kg",
];
const TEXTS: [&str; 14] = [
    "shipment_id",
    "container_id",
    "movement_id",
    "mode",
    "operation",
    "origin",
    "destination",
    "load_status",
    "temperature",
    "distance_basis",
    "distance_source",
    "activity_basis",
    "factor_id",
    "quality_flags",
];

/// An element in the order of `NUMBERS` and `TEXTS`; an absent number is empty.
fn cells(found: &Found, reference: &crate::reference::Reference) -> Vec<String> {
    let e = &found.element;
    let numbers = [
        e.element as i64,
        e.departed_at,
        e.mass_g,
        e.teu,
        e.containers,
        e.distance_m,
        e.activity_distance_m,
        e.emission_distance_m,
        e.activity,
        e.intensity_operation,
        e.intensity_provision,
        e.ghg_operation,
        e.ghg_provision,
        e.ghg_operation + e.ghg_provision,
    ];
    let numbers = numbers.iter().zip(NUMBERS).map(|(n, name)| {
        if name == "teu" && *n < 0 {
            String::new()
        } else {
            n.to_string()
        }
    });
    let factors = &reference.factors;
    let texts = [
        found.shipment.clone(),
        found.container.clone(),
        found.movement.clone(),
        e.mode.code().into(),
        factors.operations[e.operation as usize].code.to_string(),
        e.origin.to_string(),
        e.destination.to_string(),
        e.load_status.code().into(),
        e.temperature.code().into(),
        e.distance_basis.code().into(),
        e.distance_source.code().into(),
        e.activity_basis.code().into(),
        factors.factors[e.factor as usize].id.to_string(),
        e.flags.text().to_string(),
    ];
    numbers.chain(texts).collect()
}

fn read_back(file: std::fs::File) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let names = [&NUMBERS[..], &TEXTS[..]].concat();
    for batch in checked(file, Elements::FIELDS, &names).expect("a table") {
        let batch = batch.expect("a batch");
        let columns: Vec<Vec<String>> = names
            .iter()
            .map(|name| texts(batch.column_by_name(name).expect(name)))
            .collect();
        rows.extend(
            (0..batch.num_rows()).map(|i| columns.iter().map(|column| column[i].clone()).collect()),
        );
    }
    rows
}

/// The values of a column, numbers as their mantissas; an absent one is empty.
fn texts(column: &dyn Array) -> Vec<String> {
    fn all<T: ToString>(values: impl Iterator<Item = Option<T>>) -> Vec<String> {
        values
            .map(|v| v.map_or(String::new(), |v| v.to_string()))
            .collect()
    }
    match column.data_type() {
        DataType::Utf8 => all(column.as_string::<i32>().iter()),
        DataType::Int32 => all(column.as_primitive::<Int32Type>().iter()),
        DataType::Timestamp(..) => all(column.as_primitive::<TimestampMicrosecondType>().iter()),
        _ => all(column.as_primitive::<Decimal128Type>().iter()),
    }
}

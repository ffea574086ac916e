//! Faults of a library, all at once.

use crate::factors::testkit::*;
use crate::factors::*;

#[test]
fn all_faults_of_a_library_come_at_once() {
    let rows = [
        "factor_id=a@b",
        "factor_id=dup",
        "factor_id=dup region=CN",
        "factor_id=c operation=sea.unknown region=SG",
        "factor_id=d operation=hub.terminal",
        "factor_id=e region=CN<SG temperature=cold per=t distance_basis=sailed data_category=guess valid_from=2024-13-01 gwp_set=AR7",
        "factor_id=f operation_g=-1 provision_g=1e3 region=MY",
        "factor_id=g operation_g=1 region=TH",
        "factor_id=h region=CN valid_from=2024-01-01 valid_to=2024-01-01",
        "factor_id=i region=VN operation_g=1 provision_g=1 energy_quantity=1 energy_unit=kg energy_carrier=diesel",
        "factor_id=j region=LA energy_quantity=1",
        "factor_id=k region=KZ operation_g=1.0000000001 provision_g=1 load_factor=60% empty_share=1.1",
    ];
    let found = faults(vec![transport("one/1", &rows)]);
    let want = [
        "2 factor_id",
        "4 factor_id",
        "5 operation",
        "6 operation",
        "7 region",
        "7 per",
        "7 valid_from",
        "7 gwp_set",
        "7 temperature",
        "7 distance_basis",
        "7 data_category",
        "8 operation_g",
        "8 provision_g",
        "9 provision_g",
        "10 valid_to",
        "11 energy_quantity",
        "12 energy_unit",
        "12 energy_carrier",
        "13 operation_g",
        "13 load_factor",
        "13 empty_share",
    ];
    let want: Vec<_> = want
        .iter()
        .map(|w| format!("one/1/transport.csv:{w}"))
        .collect();
    assert_eq!(found, want);
}

#[test]
fn rows_of_an_edition_must_not_overlap_for_one_key() {
    let rows = [
        "factor_id=a region=CN<>SG valid_to=2024-01-02",
        "factor_id=b region=SG<>CN per=teukm valid_from=2024-01-01",
        "factor_id=c region=CN<>SG valid_from=2022-01-01 valid_to=2023-01-01",
        "factor_id=d region=CN<>SG temperature=refrigerated",
        "factor_id=e region=CN<>SG carrier=MAEU",
    ];
    assert_eq!(
        faults(vec![transport("one/1", &rows)]),
        ["one/1/transport.csv:3 valid_from"]
    );
    assert!(
        faults(vec![
            transport("one/1", &rows[..1]),
            transport("one/2", &rows[1..2])
        ])
        .is_empty(),
        "between editions order decides"
    );
    let grid = [
        "energy_id=a",
        "energy_id=b",
        "energy_id=c per=MJ",
        "energy_id=d region=CN",
    ];
    assert_eq!(
        faults(vec![energy("one/1", &grid)]),
        ["one/1/energy.csv:3 valid_from"]
    );
}

#[test]
fn ids_are_unique_over_the_tables_of_an_edition() {
    let found = faults(vec![
        transport("one/1", &["factor_id=x"]),
        hub("one/1", &["factor_id=x"]),
        hub("one/2", &["factor_id=x"]),
        energy("one/1", &["energy_id=x"]),
    ]);
    assert_eq!(
        found,
        [
            "one/1/hub.csv:2 factor_id",
            "one/1/transport.csv:2 factor_id"
        ]
    );
}

#[test]
fn folders_and_rows_of_sources_belong_together() {
    let mut files = files(vec![transport("lost/9", &["factor_id=x"])]);
    files.retain(|f| !f.path.starts_with("out/"));
    files.push(DataFile::new("one/1/transports.csv", ""));
    files.push(DataFile::new("stray.csv", ""));
    let (_, faults) = Library::parse(&files);
    assert_eq!(
        places(&faults),
        [
            "lost/9:0",
            "one/1/transports.csv:0",
            "stray.csv:0",
            "sources.csv:5 edition"
        ]
    );
}

#[test]
fn sources_and_operations_are_checked() {
    let mut files = files(vec![]);
    for file in &mut files {
        match file.path.as_str() {
            "sources.csv" => file.bytes.extend_from_slice(b"one,1,T,,2026-02-30,,CC0,maybe,AR9\na:b,1,,,,,CC0,yes,AR5\n"),
            "operations.csv" => file.bytes.extend_from_slice(
                b"sea.feeder,sea,transport,,x,\nsea.x,rail,hub,,x,\nship.y,ship,boat,,x,\nrail.,rail,transport,,x,\n",
            ),
            _ => {}
        }
    }
    let (_, faults) = Library::parse(&files);
    let want = [
        "sources.csv:6 edition",
        "sources.csv:6 published_on",
        "sources.csv:6 redistributable",
        "sources.csv:6 gwp_set",
        "sources.csv:7 title",
        "sources.csv:7 source",
        "operations.csv:6 operation",
        "operations.csv:7 kind",
        "operations.csv:7 operation",
        "operations.csv:8 mode",
        "operations.csv:8 kind",
        "operations.csv:9 operation",
    ];
    assert_eq!(places(&faults), want);
    assert_eq!(
        places(&Library::parse(&[]).1),
        ["sources.csv:0", "operations.csv:0"]
    );
}

#[test]
fn unknown_missing_and_repeated_columns_are_errors() {
    let text = "factor_id,operation,region,temperature,per,distance_basis,valid_from,colour,per\n";
    let (_, faults) = Library::parse(&files(vec![DataFile::new("one/1/transport.csv", text)]));
    let want = ["1 colour", "1 per", "1 data_category"].map(|w| format!("one/1/transport.csv:{w}"));
    assert_eq!(places(&faults), want);
}

#[test]
fn regions_are_checked_against_zones_for_every_source() {
    let (_, faults) = build(
        vec![transport(
            "out/1",
            &["factor_id=a region=MARS", "factor_id=b region=CN>EU"],
        )],
        &[],
    );
    assert_eq!(
        places(&faults),
        [
            "out/1/transport.csv:2 region",
            "out/1/transport.csv:3 region"
        ]
    );
}

#[test]
fn gwp_sets_never_mix_unless_listed() {
    let rows = || {
        vec![
            transport("one/1", &["factor_id=a gwp_set=AR6"]),
            energy("two/1", &["energy_id=b gwp_set=CO2"]),
        ]
    };
    let (_, faults) = build(rows(), &[]);
    assert_eq!(
        places(&faults),
        [
            "one/1/transport.csv:2 gwp_set",
            "two/1/energy.csv:2 gwp_set"
        ]
    );
    assert!(
        build(rows(), &["gwp_sets = [\"AR6\", \"CO2\"]"])
            .1
            .is_empty()
    );
}

#[test]
fn gaps_between_editions_of_a_source_are_warnings() {
    let (_, faults) = build(
        vec![
            transport(
                "one/1",
                &[
                    "factor_id=a valid_to=2024-01-01",
                    "factor_id=b region=CN valid_to=2024-01-01",
                ],
            ),
            transport(
                "one/2",
                &[
                    "factor_id=a valid_from=2024-02-01",
                    "factor_id=b region=CN valid_from=2024-01-01",
                ],
            ),
            transport("two/1", &["factor_id=a valid_from=2030-01-01"]),
        ],
        &[],
    );
    assert_eq!(places(&faults), ["one/2/transport.csv:2 valid_from"]);
    assert_eq!(faults[0].severity, Severity::Warning);
}

#[test]
fn empty_lines_do_not_shift_the_place_of_a_fault() {
    let mut table = transport(
        "one/1",
        &["factor_id=a region=CN", "factor_id=b region=C<N"],
    );
    table.bytes = String::from_utf8(table.bytes)
        .unwrap()
        .replace('\n', "\r\n\r\n")
        .into_bytes();
    assert_eq!(faults(vec![table]), ["one/1/transport.csv:5 region"]);
}

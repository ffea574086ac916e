//! What is warned of, and what is not.

use super::{review, review_rows};
use crate::factors::Library;
use crate::factors::testkit::*;
use crate::model::time::parse_date;

fn warnings(tables: Vec<crate::factors::DataFile>, today: &str) -> Vec<String> {
    let set = set(tables, &[]);
    let faults = review(&set, parse_date(today).unwrap());
    faults
        .iter()
        .map(|f| {
            format!(
                "{}:{} {} {}",
                f.file,
                f.line,
                f.column,
                f.wanted.split(':').next().unwrap()
            )
        })
        .collect()
}

#[test]
fn an_edition_that_ended_is_named_once_by_the_day_of_the_caller() {
    let tables = || {
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
                &["factor_id=a valid_from=2024-01-01 valid_to=2025-01-01"],
            ),
            transport("two/1", &["factor_id=a"]),
        ]
    };
    assert!(warnings(tables(), "2023-12-31").is_empty());
    let found = warnings(tables(), "2024-01-01");
    assert!(
        found.len() == 1
            && found[0].starts_with("one/1/transport.csv:3 valid_to 1 of the rows of one/1"),
        "{found:?}"
    );
    let found = warnings(tables(), "2026-11-28");
    assert!(
        found.len() == 2 && found[1].starts_with("one/2/transport.csv:2 valid_to"),
        "{found:?}"
    );
}

#[test]
fn a_figure_three_times_off_its_neighbours_is_named() {
    let row = |id: &str, region: &str, grams: &str| {
        format!("factor_id={id} region={region} operation_g={grams} provision_g=0")
    };
    let rows = [
        row("a", "CN", "10"),
        row("b", "SG", "12"),
        row("c", "MY", "30"),
        row("d", "TH", "30.1"),
        row("e", "ASEAN", "3.3"),
        row("f", "ASIA", "10"),
    ];
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let found = warnings(vec![transport("one/1", &rows)], "2024-01-01");
    // The median of the six is 12: 36 is the limit above, 4 the one below.
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("one/1/transport.csv:6 operation_g operation and provision"),
        "{found:?}"
    );
    let pair = [row("a", "CN", "10"), row("b", "SG", "100")];
    let pair: Vec<&str> = pair.iter().map(String::as_str).collect();
    assert!(
        warnings(vec![transport("one/1", &pair)], "2024-01-01").is_empty(),
        "two rows have no median"
    );
    let grid = [
        "energy_id=a region=CN provision_g=500",
        "energy_id=b region=SG provision_g=400",
        "energy_id=c region=TH provision_g=20",
    ];
    assert!(
        warnings(vec![energy("one/1", &grid)], "2024-01-01").is_empty(),
        "grids differ by place"
    );
}

#[test]
fn units_that_look_wrong_are_named_with_the_one_that_would_fit() {
    for (table, fits) in [
        (
            transport(
                "one/1",
                &["factor_id=a operation_g=0.016 provision_g=0.004"],
            ),
            "in kilograms",
        ),
        (
            transport(
                "one/1",
                &["factor_id=a operation_g=2000 provision_g=0 per=tkm"],
            ),
            "per teukm",
        ),
        (
            hub(
                "one/1",
                &["factor_id=a per=container operation_g=60 provision_g=0"],
            ),
            "in kilograms or per t",
        ),
        (
            energy("one/1", &["energy_id=a provision_g=0.5"]),
            "in kilograms",
        ),
        (
            energy(
                "one/1",
                &["energy_id=a per=MJ energy_carrier=diesel operation_g=900 provision_g=0"],
            ),
            "per kWh",
        ),
    ] {
        let found = review(&set(vec![table], &[]), 0);
        assert!(
            found.len() == 1
                && found[0]
                    .wanted
                    .ends_with(&format!("it would be plausible {fits}")),
            "{fits}: {found:?}"
        );
    }
    let fine = [
        transport("one/1", &["factor_id=a operation_g=0 provision_g=0"]),
        hub(
            "one/1",
            &["factor_id=b per=container operation_g=20000 provision_g=0"],
        ),
        energy("one/1", &["energy_id=c"]),
    ];
    assert!(review(&set(fine.to_vec(), &[]), 0).is_empty());
}

#[test]
fn rows_that_cannot_be_are_named_before_any_profile_names_their_edition() {
    let found = |tables| {
        let (library, faults) = Library::parse(&files(tables));
        assert!(faults.is_empty(), "{faults:?}");
        let list = review_rows(&library);
        list.iter()
            .map(|f| format!("{}:{} {}", f.file, f.line, f.column))
            .collect::<Vec<_>>()
    };
    let sea = |id: &str, grams: &str| {
        format!("factor_id={id} region={id} operation_g={grams} provision_g=1 per=teukm")
    };
    let rows = [
        sea("CN", "100"),
        sea("SG", "70"),
        sea("MY", "90"),
        sea("TH", "0.09"),
        sea("VN", "30000"),
    ];
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let of_kind = found(vec![
        transport("one/1", &rows[..3]),
        transport("two/1", &rows[3..]),
    ]);
    assert!(
        of_kind.contains(&"two/1/transport.csv:3 operation_g".to_owned()),
        "{of_kind:?}"
    );
    assert!(
        of_kind.iter().all(|f| f.starts_with("two/1")),
        "{of_kind:?}"
    );
    let swapped = [
        "factor_id=a energy_carrier=vlsfo operation_g=5 provision_g=20",
        "factor_id=b energy_carrier=biodiesel operation_g=1 provision_g=20",
    ];
    assert_eq!(
        found(vec![transport("one/1", &swapped)]),
        ["one/1/transport.csv:2 provision_g"]
    );
    let usual = [
        "factor_id=a operation=road.truck operation_g=0 provision_g=80",
        "factor_id=b operation=rail.electric operation_g=0 provision_g=8",
    ];
    assert_eq!(
        found(vec![transport("one/1", &usual)]),
        ["one/1/transport.csv:2 provision_g"]
    );
    let nothing = [
        "factor_id=a operation=road.truck operation_g=0 provision_g=0",
        "factor_id=b operation=rail.electric operation_g=0 provision_g=0",
    ];
    assert_eq!(
        found(vec![transport("one/1", &nothing)]),
        ["one/1/transport.csv:2 operation_g"]
    );
    let ends = [
        "factor_id=a valid_to=2025-12-31",
        "factor_id=b region=CN valid_to=2026-01-01",
        "factor_id=c region=SG valid_to=9999-12-31",
        "factor_id=d region=MY valid_to=2024-02-28",
        "factor_id=e region=TH valid_to=2023-02-28",
    ];
    assert_eq!(
        found(vec![transport("one/1", &ends)]),
        [
            "one/1/transport.csv:2 valid_to",
            "one/1/transport.csv:6 valid_to"
        ]
    );
    let fuel = ["energy_id=a energy_carrier=diesel per=kg operation_g=3.2 provision_g=0.7"];
    assert_eq!(
        found(vec![energy("one/1", &fuel)]),
        ["one/1/energy.csv:2 per"]
    );
}

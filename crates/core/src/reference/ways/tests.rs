//! Estimates over a made-up world: two lands with a degree of sea between them, a ferry, a wall, two rivers.

use super::*;

macro_rules! world {
    ($($name:literal),+) => {
        [$(DataFile::new(
            $name,
            include_bytes!(concat!("../../../../../tests/golden/library/world/data/", $name)).to_vec(),
        )),+]
    };
}

fn ways() -> Ways {
    let files = world![
        "estimates/barriers.csv",
        "estimates/crossings.csv",
        "estimates/detours.csv",
        "estimates/rail_countries.csv",
        "estimates/rail_links.csv",
        "estimates/waterway_links.csv",
        "estimates/waterway_ports.csv",
        "sea/land.bin"
    ];
    let (ways, faults) = Ways::parse(&files, &Zones::default());
    assert!(faults.is_empty(), "{faults:#?}");
    ways
}

fn place(text: &str) -> (LocationCode, Option<Point>) {
    let at = match text {
        "AQ22A" => ("0", "12"),
        "AQ22B" => ("0", "20"),
        "AQ22C" => ("0", "29"),
        "BV22A" => ("0", "35"),
        "BV22B" => ("0", "39"),
        _ => ("0", "60"),
    };
    let code = LocationCode::parse(text.as_bytes()).unwrap();
    (code, Point::parse(at.0, at.1))
}

fn estimate(mode: Mode, from: &str, to: &str) -> Option<(i64, Basis, String)> {
    let ways = ways();
    let found = ways.estimate(mode, place(from), place(to));
    assert_eq!(
        found,
        ways.estimate(mode, place(to), place(from)),
        "one answer both ways"
    );
    found.map(|f| {
        assert_eq!(f.source, DistanceSource::Estimate);
        (f.metres, f.basis, f.flags.text())
    })
}

/// A degree of the equator is 111,195.08 m.
#[test]
fn a_road_is_the_great_circle_times_the_ratio_of_its_region() {
    let found = estimate(Mode::Road, "AQ22A", "AQ22B");
    assert_eq!(
        found,
        Some((1_067_473, Basis::Sfd, "Q33".into())),
        "889,561 m x 1.2"
    );
    let found = estimate(Mode::Road, "BV22A", "BV22B");
    assert_eq!(
        found,
        Some((555_975, Basis::Sfd, "Q33|Q34".into())),
        "444,780 m x 1.25, GLOBAL"
    );
}

#[test]
fn over_sea_there_is_a_way_only_where_a_crossing_is_listed() {
    // One degree to the ferry, four behind it, 1.25 times, and 120 km on board.
    let found = estimate(Mode::Road, "AQ22C", "BV22A");
    assert_eq!(found, Some((814_969, Basis::Sfd, "Q33|Q34".into())));
    assert_eq!(
        estimate(Mode::Road, "BV22A", "HM22A"),
        None,
        "an island without a ferry"
    );
}

#[test]
fn a_wall_is_gone_round() {
    let (metres, _, _) = estimate(Mode::Road, "AQ22B", "AQ22C").unwrap();
    let straight = 9 * 111_195 * 12 / 10;
    assert!(
        metres > straight * 108 / 100 && metres < straight * 112 / 100,
        "{metres}"
    );
}

#[test]
fn wagons_run_where_the_networks_meet() {
    let found = estimate(Mode::Rail, "AQ22A", "AQ22B");
    assert_eq!(
        found,
        Some((1_067_473, Basis::Actual, "Q33".into())),
        "a ratio of driven ways"
    );
    let (metres, basis, flags) = estimate(Mode::Rail, "AQ22C", "BV22A").unwrap();
    assert_eq!(
        (metres, basis),
        (842_768, Basis::Sfd),
        "555,976 m x 1.3 and 120 km of ferry"
    );
    assert_eq!(flags, "Q33|Q34|Q38", "the gauge changes between AQ and BV");
    assert_eq!(
        estimate(Mode::Rail, "BV22A", "HM22A"),
        None,
        "no network there"
    );
}

#[test]
fn barges_go_by_river_kilometres_and_nothing_else() {
    let river = |a, b| estimate(Mode::InlandWaterway, a, b);
    assert_eq!(
        river("AQ22A", "AQ22B"),
        Some((250_500, Basis::Sfd, "Q33|Q35".into()))
    );
    // 300 km to where the rivers meet, 10 between, 40 on the other.
    assert_eq!(
        river("AQ22A", "AQ22C"),
        Some((350_000, Basis::Sfd, "Q33|Q34|Q35".into()))
    );
    assert_eq!(river("AQ22A", "BV22A"), None, "no container service");
    assert_eq!(estimate(Mode::Sea, "AQ22A", "BV22A"), None);
    assert_eq!(estimate(Mode::Air, "AQ22A", "AQ22B"), None);
}

#[test]
fn a_ratio_of_few_pairs_must_call_itself_an_own_estimate() {
    let table = "mode,region,from_km,to_km,ratio,basis,spread,n,source\nroad,AU,,,1.35,sfd,1.2-1.7,45,a chart\nroad,AU,,,0.9,gcd,,,own estimate\n";
    let mut faults = Faults::default();
    Detours::parse(
        &DataFile::new("detours.csv", table),
        &Zones::default(),
        &mut faults,
    );
    let found: Vec<_> = faults
        .list
        .iter()
        .map(|f| (f.line, f.column.as_str()))
        .collect();
    assert_eq!(
        found,
        [(2, "source"), (3, "spread"), (3, "ratio"), (3, "basis")]
    );
}

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
    cut_off_by("")
}

/// The world, with rows of `cut_off.csv`.
fn cut_off_by(rows: &str) -> Ways {
    let header = "area,modes,ways,south,west,north,east,source_ref\n";
    let cut_off = DataFile::new("estimates/cut_off.csv", format!("{header}{rows}"));
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
    let files: Vec<DataFile> = files.into_iter().chain([cut_off]).collect();
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
fn a_wall_is_gone_round_by_the_least_bend_that_does() {
    // A bend of 0.9 degrees meets the wall, one of 1.8 passes its end; over the gate it is farther.
    let found = estimate(Mode::Road, "AQ22B", "AQ22C");
    assert_eq!(found, Some((1_293_233, Basis::Sfd, "Q33".into())));
}

fn road_metres(ways: &Ways, from: &str, to: &str) -> Option<i64> {
    let found = ways.estimate(Mode::Road, place(from), place(to));
    found.map(|found| found.metres)
}

#[test]
fn no_way_leads_to_a_place_without_roads_nor_past_it() {
    let ways = cut_off_by("Ice,road,none,-0.5,11.5,0.5,12.5,a\n");
    assert_eq!(road_metres(&ways, "AQ22A", "AQ22B"), None);
    assert!(road_metres(&ways, "AQ22B", "AQ22C").is_some());
    let by_rail = ways.estimate(Mode::Rail, place("AQ22A"), place("AQ22B"));
    assert!(by_rail.is_some(), "an area of roads alone");
    // Between the two it is gone round: a bend of 0.8 degrees.
    let ways = cut_off_by("Ice,road rail,none,-0.5,15,0.5,17,a\n");
    assert_eq!(road_metres(&ways, "AQ22A", "AQ22B"), Some(1_088_580));
}

#[test]
fn roads_of_an_area_lead_to_each_other_and_the_first_area_counts() {
    let rows = "Valley,road,local,-1,11,1,21,a\n";
    let ways = cut_off_by(rows);
    assert_eq!(road_metres(&ways, "AQ22A", "AQ22B"), Some(1_067_473));
    assert_eq!(road_metres(&ways, "AQ22B", "AQ22C"), None);
    let ways = cut_off_by(&format!("Port,road,open,-1,19,1,22,a\n{rows}"));
    assert_eq!(road_metres(&ways, "AQ22A", "AQ22B"), None);
    assert!(road_metres(&ways, "AQ22B", "AQ22C").is_some());
    let halves = "Valley,road,local,-1,11,1,16,a\nValley,road,local,-1,16,1,21,a\n";
    let ways = cut_off_by(halves);
    assert_eq!(road_metres(&ways, "AQ22A", "AQ22B"), Some(1_067_473));
}

#[test]
fn an_area_has_edges_modes_and_one_of_three_words() {
    let text = "area,modes,ways,south,west,north,east,source_ref\n\
        A,road,none,1,1,-1,2,a\nB,sea,none,-1,1,1,2,a\nC,road,some,-1,1,1,2,a\nD,road rail,open,-1,1,1,181,a\n";
    let mut faults = Faults::default();
    CutOff::parse(&DataFile::new("cut_off.csv", text), &mut faults);
    let found = faults.list.iter().map(|f| (f.line, f.column.as_str()));
    assert_eq!(
        found.collect::<Vec<_>>(),
        [(2, "south"), (3, "modes"), (4, "ways"), (5, "south")]
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

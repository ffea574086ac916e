//! Questions about any two places of the world through the built program: from door to door, by name, and no option that fools.

use super::compare::{compare, options};
use serde_json::Value;

/// The answer to a question of the same day.
fn answer(from: &str, to: &str, more: &[&str]) -> Value {
    let fixed = [from, to, "--depart", "2025-06-01", "--format", "json"];
    let ended = compare(&[&fixed, more].concat()).expect(0);
    serde_json::from_str(&ended.stdout).unwrap()
}

fn legs(option: &Value) -> Vec<&Value> {
    let elements = option["elements"].as_array().unwrap().iter();
    elements.filter(|e| e["kind"] == "transport").collect()
}

fn has_modes(answer: &Value, modes: &str) -> bool {
    options(answer).iter().any(|o| o["modes"] == modes)
}

#[test]
fn two_codes_of_one_town_lead_to_the_same_ways() {
    let airport = answer("CNCTU", "IDJKT", &[]);
    let town = answer("CNCDU", "IDJKT", &[]);
    assert!(has_modes(&airport, "road>rail>sea") && has_modes(&town, "rail>sea"));
    let first = |answer: &Value| {
        options(answer)[0]["ghg_total_kg"]
            .as_str()
            .unwrap()
            .parse::<f64>()
            .unwrap()
    };
    let (airport, town) = (first(&airport), first(&town));
    assert!(airport > town && airport < 1.1 * town, "{airport} {town}");
}

#[test]
fn trucks_of_a_region_go_at_its_speed() {
    let answer = answer("DESTR", "USCHI", &[]);
    let figure = |leg: &Value, key: &str| leg[key].as_str().unwrap().parse::<f64>().unwrap();
    let mut regions = std::collections::BTreeSet::new();
    for leg in options(&answer).iter().flat_map(legs) {
        let is_american = leg["origin"].as_str().unwrap().starts_with("US");
        let (region, speed) = if is_american {
            ("US", 33.3)
        } else {
            ("EU", 28.0)
        };
        if leg["mode"] == "road" {
            let hours = figure(leg, "transit_hours");
            assert!(
                (hours - figure(leg, "distance_km") / speed).abs() < 0.001,
                "{leg}"
            );
            regions.insert(region);
        }
    }
    assert_eq!(regions.len(), 2);
}

#[test]
fn a_lane_without_any_service_has_a_way_by_sea_and_one_by_air_and_says_what_is_estimated() {
    let answer = answer("DESTR", "USCHI", &[]);
    let has_mode = |mode: &str| {
        let has = |o: &&Value| legs(o).iter().any(|e| e["mode"] == mode);
        options(&answer).iter().filter(has).count()
    };
    assert!(has_mode("sea") > 0 && has_mode("air") > 0);
    for leg in options(&answer).iter().flat_map(legs) {
        let source = leg["source_ref"].as_str().unwrap();
        assert!(
            leg["service"] == "" && leg["transit_is_estimate"] == true,
            "{leg}"
        );
        assert_eq!(
            source.starts_with("distance: estimate: "),
            leg["mode"] != "sea",
            "{source}"
        );
    }
    let assumptions = answer["assumptions"].to_string();
    assert!(
        assumptions.contains("Nothing is known to run on links whose distance is an estimate"),
        "{assumptions}"
    );
}

#[test]
fn the_corridor_has_no_estimated_way_beside_its_services() {
    let answer = answer("CNCKG", "SGSIN", &[]);
    for leg in options(&answer).iter().flat_map(legs) {
        let of_network = leg["distance_source"] != "estimate";
        assert!(of_network, "{leg}");
    }
}

#[test]
fn short_ways_are_by_road() {
    let answer = answer("DEFRA", "NLRTM", &[]);
    let modes: Vec<&str> = options(&answer)
        .iter()
        .map(|o| o["modes"].as_str().unwrap())
        .collect();
    assert_eq!(modes, ["road"], "no flight round the world");
}

/// Vladivostok lies outside the trade lane whose ships emit more, and a call there once made the cleanest option.
#[test]
fn no_port_is_called_at_for_its_factor() {
    for (from, to) in [
        ("SGSIN", "JPTYO"),
        ("THLCH", "JPOSA"),
        ("HKHKG", "JPYOK"),
        ("PHMNL", "KRPUS"),
    ] {
        let answer = answer(from, to, &[]);
        for option in options(&answer) {
            let legs = legs(option);
            let is_anybodys =
                |e: &Value| e["service"] == "" && (e["mode"] == "sea" || e["mode"] == "air");
            let made_up = legs
                .windows(2)
                .find(|w| is_anybodys(w[0]) && is_anybodys(w[1]) && w[0]["mode"] == w[1]["mode"]);
            assert_eq!(made_up, None, "{from} - {to}");
        }
        assert!(has_modes(&answer, "sea"));
    }
    // A call that was asked for stays one.
    let via = answer("SGSIN", "JPTYO", &["--via", "KRPUS", "--modes", "sea"]);
    let places = options(&via)[0]["places"].to_string();
    assert!(places.contains("KRPUS"), "{places}");
}

#[test]
fn an_unknown_figure_is_never_first_and_never_more_than_nothing() {
    for objective in ["co2e", "days", "cost"] {
        let answer = answer(
            "CNCKG",
            "SGSIN",
            &["--container", "45R1", "--objective", objective],
        );
        let complete: Vec<bool> = options(&answer)
            .iter()
            .map(|o| o["ghg_is_complete"] == true)
            .collect();
        assert!(
            complete[0] && complete.contains(&false),
            "{objective}: {complete:?}"
        );
    }
    let arguments = [
        "CNCKG",
        "SGSIN",
        "--container",
        "45R1",
        "--depart",
        "2025-06-01",
    ];
    let table = compare(&arguments).expect(0).stdout;
    let air = table.lines().find(|line| line.contains("  air  ")).unwrap();
    assert!(air.contains(" ? ") && !air.contains("0.0"), "{air}");
    let page = compare(&[&arguments[..], &["--format", "html"]].concat())
        .expect(0)
        .stdout;
    assert!(page.contains("not known") && !page.contains("more than 0.0"));
}

#[test]
fn places_are_known_by_name_where_only_one_has_it() {
    let answer = self::answer("Rotterdam", "SGSIN", &[]);
    assert_eq!(
        (
            answer["request"]["from"].as_str(),
            answer["request"]["to"].as_str()
        ),
        (Some("NLRTM"), Some("SGSIN"))
    );
    // Its other codes are the same place.
    assert_eq!(
        self::answer("Chongqing", "FRA", &[])["request"]["from"],
        "CNCKG"
    );
    let ended = compare(&["San Jose", "SGSIN"]).expect(2);
    for wanted in [
        "San Jose: ",
        "places have this name, write the code of a place: ",
        "CRSJO (San Jose, CR-SJ)",
        "USSJC (San Jose, US-CA)",
        " more",
    ] {
        assert!(ended.stderr.contains(wanted), "{wanted}: {}", ended.stderr);
    }
    let ended = compare(&["Rotterdamm", "SGSIN"]).expect(2);
    assert!(ended.stderr.contains("unknown place"), "{}", ended.stderr);
}

#[test]
fn more_than_a_box_carries_is_refused_with_the_number_of_boxes() {
    let ended = compare(&[
        "CNCKG",
        "SGSIN",
        "--cargo-kg",
        "100000",
        "--container",
        "22G1",
    ])
    .expect(2);
    assert!(
        ended
            .stderr
            .contains("100000.000 kg is more than one 22G1 carries"),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stderr.contains("ask for one of 4 boxes"),
        "{}",
        ended.stderr
    );
    compare(&[
        "CNCKG",
        "SGSIN",
        "--cargo-kg",
        "25000",
        "--container",
        "22G1",
    ])
    .expect(0);
}

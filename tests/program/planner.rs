//! Questions about any two places of the world through the built program: from door to door, by name, and no option that fools.

use super::compare::{compare, options};
use crate::support::binary::green_corridor;
use crate::support::tables::{Table, current_run};
use serde_json::Value;

/// The answer to a question of the same day.
pub(super) fn answer(from: &str, to: &str, more: &[&str]) -> Value {
    let fixed = [from, to, "--depart", "2025-06-01", "--format", "json"];
    let ended = compare(&[&fixed, more].concat()).expect(0);
    serde_json::from_str(&ended.stdout).unwrap()
}

pub(super) fn legs(option: &Value) -> Vec<&Value> {
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
fn the_best_is_shown_however_few_are_asked_for() {
    for objective in ["co2e", "days"] {
        let asked = |count| {
            let more = ["--objective", objective, "--options", count];
            answer("CNCKG", "SGSIN", &more)
        };
        let (one, many) = (asked("1"), asked("20"));
        let first = |answer: &Value| options(answer)[0]["ghg_total_kg"].clone();
        assert_eq!(first(&one), first(&many), "{objective}");
        assert_eq!(options(&one).len(), 1);
        let told = one["assumptions"].to_string();
        assert!(told.contains("Found and not shown: "), "{told}");
    }
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

/// What `compare` says that the boxes of each option emit, and what `run` says of a record for each box and leg.
fn check_boxes_against_run(answer: &Value, boxes: &[&str], share: &str) {
    let mut csv = "shipment_id,movement_id,container_type,sequence,mode,operation,carrier,origin,destination,departed_at,arrived_at,\
                   distance_km,distance_basis,cargo_mass_kg,box_share\n"
        .to_owned();
    let of = |element: &Value, key: &str| element[key].as_str().unwrap_or("").to_owned();
    for option in options(answer) {
        for (number, mass) in boxes.iter().enumerate() {
            let shipment = format!("S{:0>3}-{number:0>3}", of(option, "id"));
            for (place, leg) in legs(option).into_iter().enumerate() {
                let reported = of(leg, "reported_distance_km");
                let basis = match reported.is_empty() {
                    true => String::new(),
                    false => of(leg, "distance_basis"),
                };
                let keys = [
                    "mode",
                    "operation",
                    "carrier",
                    "origin",
                    "destination",
                    "departed_at",
                    "arrived_at",
                ];
                let cells = keys.map(|key| of(leg, key)).join(",");
                let container = of(&answer["request"], "container");
                csv += &format!(
                    "{shipment},{shipment}-{place},{container},{},{cells},{reported},{basis},{mass},{share}\n",
                    place + 1
                );
            }
        }
    }
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("movements.csv"), csv).unwrap();
    let home = env!("CARGO_MANIFEST_DIR");
    let plan = format!(
        "movements = [\"movements.csv\"]\nfactors = '{home}/emission_factors'\nprofile = \"open\"\nreference = '{home}/data'\nout = \"out\"\n"
    );
    std::fs::write(dir.path().join("run.toml"), plan).unwrap();
    green_corridor(["run".as_ref(), dir.path().join("run.toml").as_os_str()]).expect(0);
    let shipments = Table::read(&current_run(&dir.path().join("out")), "shipments");
    let micrograms = |kg: &str| kg.replace('.', "").parse::<i128>().unwrap();
    let found: Vec<i128> = shipments
        .column("ghg_total_kg")
        .iter()
        .map(|kg| micrograms(kg))
        .collect();
    let wanted: Vec<i128> = options(answer)
        .iter()
        .map(|o| micrograms(&of(o, "ghg_total_kg")))
        .collect();
    let sums: Vec<i128> = found
        .chunks(boxes.len())
        .map(|list| list.iter().sum())
        .collect();
    assert!(!wanted.is_empty() && wanted[0] > 0);
    assert_eq!(sums, wanted);
}

#[test]
fn run_finds_the_same_micrograms_for_several_boxes_and_for_a_part_of_one() {
    let two_kinds = answer(
        "CNCKG",
        "SGSIN",
        &["--boxes", "3", "--cargo-kg", "50000.001", "--options", "20"],
    );
    assert_eq!(two_kinds["request"]["teu"], "6");
    let boxes = ["16666.667"; 3];
    check_boxes_against_run(&two_kinds, &boxes, "");
    let uneven = answer(
        "CNCKG",
        "SGSIN",
        &["--boxes", "2", "--cargo-kg", "0.003", "--options", "20"],
    );
    check_boxes_against_run(&uneven, &["0.002", "0.001"], "");
    let part = answer(
        "CNCKG",
        "SGSIN",
        &[
            "--box-share",
            "0.25",
            "--cargo-kg",
            "5000",
            "--options",
            "20",
        ],
    );
    assert_eq!(part["request"]["teu"], "0.5");
    check_boxes_against_run(&part, &["5000"], "0.25");
    // Without a mass the part has its part of the profile's.
    let part = answer("CNCKG", "SGSIN", &["--box-share", "0.25"]);
    assert_eq!(part["request"]["cargo_kg"], "5000");
    // Each is ready on a day of its own, before and after the factors of a year.
    let late = [
        "--arrive-by",
        "2026-01-14",
        "--options",
        "20",
        "--format",
        "json",
    ];
    let late = compare(&[&["CNCKG", "SGSIN"], &late[..]].concat()).expect(0);
    let late: Value = serde_json::from_str(&late.stdout).unwrap();
    let ready: std::collections::BTreeSet<&str> = options(&late)
        .iter()
        .map(|o| o["ready"].as_str().unwrap())
        .collect();
    assert!(
        ready.first() < Some(&"2026-01-01") && ready.last() > Some(&"2026-01-01"),
        "{ready:?}"
    );
    check_boxes_against_run(&late, &[late["request"]["cargo_kg"].as_str().unwrap()], "");
}

#[test]
fn what_is_more_than_a_box_carries_is_spread_or_refused() {
    let heavy = [
        "CNCKG",
        "SGSIN",
        "--depart",
        "2025-06-01",
        "--cargo-kg",
        "100000",
        "--container",
        "22G1",
    ];
    let table = compare(&heavy).expect(0).stdout;
    assert!(
        table.contains("100 000 kg in 4 22G1, ready 2025-06-01"),
        "{table}"
    );
    assert!(
        table.contains("so it is spread evenly over as few as carry it: 4 with 25000.000 kg each."),
        "{table}"
    );
    let refused = |more: &[&str], wanted: &str| {
        let ended = compare(&[&heavy[..], more].concat()).expect(2);
        assert!(ended.stderr.contains(wanted), "{wanted}: {}", ended.stderr);
    };
    refused(
        &["--boxes", "3"],
        "100000.000 kg is more than 3 22G1 carry, ",
    );
    refused(&["--boxes", "3"], "--boxes 4 carry it");
    refused(
        &["--boxes", "0"],
        "--boxes 0: expected a whole number from 1 to 1000",
    );
    refused(&["--boxes", "2.5"], "expected a whole number");
    refused(
        &["--box-share", "0.5"],
        "found 4 boxes, expected a part of one",
    );
    let light = ["CNCKG", "SGSIN", "--boxes", "9", "--cargo-kg", "0.008"];
    assert!(
        compare(&light)
            .expect(2)
            .stderr
            .contains("expected a gram for each at least")
    );
    for share in ["0", "1.1", "x", "-1", "0.0000001"] {
        let ended = compare(&["CNCKG", "SGSIN", "--box-share", share]).expect(2);
        assert!(
            ended.stderr.contains("expected the part of one box"),
            "{share}: {}",
            ended.stderr
        );
    }
    // More than the part carries: what it carries, and the part that does.
    let heavy = ["CNCKG", "SGSIN", "--cargo-kg", "20000", "--box-share"];
    let small = compare(&[&heavy[..], &["0.001"]].concat()).expect(2).stderr;
    assert!(
        small.contains(
            "--box-share 0.001: 20000.000 kg are more than that part of a 45G1 carries, "
        ),
        "{small}"
    );
    let (_, least) = small.split_once(" kg; --box-share ").unwrap();
    let (least, _) = least.split_once(' ').unwrap();
    compare(&[&heavy[..], &[least]].concat()).expect(0);
    assert!(
        compare(&["CNCKG", "SGSIN", "--cargo-kg", "99999999"])
            .expect(2)
            .stderr
            .contains("at most 1000 boxes")
    );
}

#[test]
fn places_without_a_row_of_their_own_have_the_name_of_the_list_of_places() {
    let answer = answer("DESTR", "USCHI", &[]);
    assert_eq!(
        (
            &answer["request"]["from_name"],
            &answer["request"]["to_name"]
        ),
        (&"Stuttgart".into(), &"Chicago".into())
    );
    for leg in options(&answer).iter().flat_map(legs) {
        assert!(
            leg["origin_name"] != "" && leg["destination_name"] != "",
            "{leg}"
        );
    }
}

/// Ships went round the Cape from December 2023 on: a liner whose time nobody published takes that of the way of its day.
#[test]
fn a_voyage_at_the_mean_speed_takes_the_way_of_its_day() {
    let hours = |depart: &str| {
        let arguments = [
            "CNYSA", "NLRTM", "--depart", depart, "--modes", "sea", "--format", "json",
        ];
        let answer: Value = serde_json::from_str(&compare(&arguments).expect(0).stdout).unwrap();
        let legs: Vec<Value> = options(&answer).iter().flat_map(legs).cloned().collect();
        let liner = legs
            .iter()
            .find(|leg| leg["service"] == "sea-cnysa-nlrtm")
            .unwrap();
        let figure = |key: &str| liner[key].as_str().unwrap().parse::<f64>().unwrap();
        (figure("distance_km"), figure("transit_hours"))
    };
    let (through, before) = hours("2023-06-01");
    let (round, after) = hours("2025-06-01");
    assert!(round > 1.2 * through, "{round} {through}");
    assert!(
        (after / before - round / through).abs() < 1e-4,
        "{before} {after}"
    );
}

#[test]
fn many_pairs_are_one_page_and_go_with_a_scenario() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let pairs = path(
        "pairs.csv",
        "from,to\nCNCKG,SGSIN\nXXXXX,<b>\nSGSIN,NLRTM\n",
    );
    let scenario = "title = \"Slow <ships>\"\n[[speed]]\nmode = \"sea\"\nratio = \"0.5\"\n";
    let scenario = path("slow.toml", scenario);
    let asked = |format: &str, more: &[&str]| {
        let fixed = [
            "--pairs",
            &pairs,
            "--depart",
            "2025-06-01",
            "--format",
            format,
        ];
        compare(&[&fixed, more].concat()).expect(0).stdout
    };
    let page = asked("html", &["--scenario", &scenario]);
    let head = page.split("<table").next().unwrap();
    assert!(
        head.contains("What if: Slow &lt;ships&gt;.") && head.contains("3 pairs"),
        "{head}"
    );
    assert_eq!(page.matches("<section id=\"pair-").count(), 2);
    assert!(page.contains("no answer: XXXXX: unknown place") && page.contains("XXXXX → &lt;b&gt;"));
    assert!(
        !page.contains("<script")
            && !page.contains("<ships>")
            && page.contains("default-src 'none'")
    );
    let plain = asked("html", &[]);
    assert!(!plain.contains("What if") && plain.len() < page.len());
    // One page alone says it at the top, too.
    let lane = [
        "CNCKG",
        "SGSIN",
        "--depart",
        "2025-06-01",
        "--format",
        "html",
        "--scenario",
        &scenario,
    ];
    let lane = compare(&lane).expect(0).stdout;
    assert!(
        lane.split("</header>")
            .next()
            .unwrap()
            .contains("What if: Slow &lt;ships&gt;.")
    );
    let rows = asked("csv", &["--scenario", &scenario]);
    let rows: Vec<&str> = rows.lines().collect();
    assert!(rows[0].ends_with(",ghg_change_percent"));
    let refused = rows.iter().find(|row| row.starts_with("XXXXX,")).unwrap();
    let quoted = refused.split('"').step_by(2).collect::<String>();
    assert_eq!(quoted.matches(',').count(), rows[0].matches(',').count());
    let lines = asked("json", &["--scenario", &scenario]);
    let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(first["scenario"]["title"], "Slow <ships>");
    let late = [
        "CNCKG",
        "SGSIN",
        "--arrive-by",
        "2025-06-30",
        "--scenario",
        &scenario,
    ];
    assert!(
        compare(&late)
            .expect(2)
            .stderr
            .contains("expected --depart beside --arrive-by")
    );
}

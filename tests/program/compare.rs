//! `compare` through the built program, on the data that ship: what it offers, that `run` finds the same micrograms for a chain,
//! and how it says no.

use crate::support::binary::green_corridor;
use crate::support::tables::{Table, current_run};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

const HOME: &str = env!("CARGO_MANIFEST_DIR");

/// `compare` with the shipped library and data.
pub(super) fn compare(arguments: &[&str]) -> crate::support::binary::Ended {
    let (factors, data) = (format!("{HOME}/emission_factors"), format!("{HOME}/data"));
    green_corridor(
        [
            &["compare", "--factors", &factors, "--reference", &data],
            arguments,
        ]
        .concat(),
    )
}

pub(super) fn json(arguments: &[&str]) -> Value {
    let ended = compare(&[arguments, &["--format", "json"]].concat()).expect(0);
    serde_json::from_str(&ended.stdout).unwrap()
}

pub(super) fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or("")
}

pub(super) fn options(answer: &Value) -> &Vec<Value> {
    answer["options"].as_array().unwrap()
}

/// Days of the first option with these modes.
fn days(answer: &Value, modes: &str) -> f64 {
    let found = options(answer).iter().find(|o| text(o, "modes") == modes);
    text(
        found.unwrap_or_else(|| panic!("no {modes} among the options")),
        "days",
    )
    .parse()
    .unwrap()
}

#[test]
fn chongqing_singapore_offers_five_ways_in_their_published_times() {
    let answer = json(&[
        "CNCKG",
        "SGSIN",
        "--depart",
        "2025-10-01",
        "--cargo-kg",
        "20000",
    ]);
    let rail_sea = days(&answer, "rail>sea");
    assert!((7.0..=10.0).contains(&rail_sea), "{rail_sea}");
    let river_sea = days(&answer, "inland_waterway>sea");
    assert!((20.0..=26.0).contains(&river_sea), "{river_sea}");
    for modes in ["road>sea", "air"] {
        assert!(days(&answer, modes) > 0.0);
    }
    let by_rail = options(&answer)
        .iter()
        .find(|o| text(o, "modes") == "rail")
        .expect("rail");
    let trains = by_rail["elements"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|e| e["mode"] == "rail")
        .count();
    assert_eq!(trains, 2, "through Laos and Malaysia by two trains");
}

/// The movement records of every option, and what `compare` found for each element.
fn movements(answer: &Value) -> (String, BTreeMap<(String, String), [String; 2]>) {
    let request = &answer["request"];
    let mut csv =
        "shipment_id,movement_id,container_type,sequence,mode,operation,carrier,origin,destination,departed_at,arrived_at,\
                   distance_km,distance_basis,cargo_mass_kg,temperature,energy_carrier\n"
            .to_owned();
    let mut wanted = BTreeMap::new();
    for option in options(answer) {
        let shipment = format!("S{:0>3}", text(option, "id"));
        let mut sequence = 0;
        for (place, element) in option["elements"].as_array().unwrap().iter().enumerate() {
            let figures =
                ["ghg_operation_kg", "ghg_provision_kg"].map(|key| text(element, key).to_owned());
            wanted.insert((shipment.clone(), format!("{}", place + 1)), figures);
            if element["kind"] == "hub" {
                continue;
            }
            sequence += 1;
            let reported = text(element, "reported_distance_km");
            let basis = if reported.is_empty() {
                ""
            } else {
                text(element, "distance_basis")
            };
            let cells = [
                &shipment,
                &sequence.to_string(),
                text(request, "container"),
                &sequence.to_string(),
                text(element, "mode"),
                text(element, "operation"),
                text(element, "carrier"),
                text(element, "origin"),
                text(element, "destination"),
                text(element, "departed_at"),
                text(element, "arrived_at"),
                reported,
                basis,
                text(request, "cargo_kg"),
                text(request, "temperature"),
                text(element, "energy_carrier"),
            ];
            csv += &(cells.join(",") + "\n");
        }
    }
    (csv, wanted)
}

/// Runs the records through `run` and compares every element with what `compare` said.
fn check_against_run(answer: &Value, dir: &Path) {
    let (csv, wanted) = movements(answer);
    let file = dir.join("movements.csv");
    std::fs::write(&file, csv).unwrap();
    let run_file = dir.join("run.toml");
    let plan = format!(
        "movements = [\"movements.csv\"]\nfactors = '{HOME}/emission_factors'\nprofile = \"open\"\nreference = '{HOME}/data'\nout = \"out\"\n"
    );
    std::fs::write(&run_file, plan).unwrap();
    green_corridor(["run".as_ref(), run_file.as_os_str()]).expect(0);
    let elements = Table::read(&current_run(&dir.join("out")), "elements");
    let column = |name| elements.column(name);
    let keys = column("shipment_id").into_iter().zip(column("element"));
    let figures = column("ghg_operation_kg")
        .into_iter()
        .zip(column("ghg_provision_kg"));
    let found: BTreeMap<(String, String), [String; 2]> = keys
        .zip(figures)
        .map(|((shipment, element), (operation, provision))| {
            (
                (shipment.to_owned(), element.to_owned()),
                [operation.to_owned(), provision.to_owned()],
            )
        })
        .collect();
    assert_eq!(found, wanted);
    let shipments = Table::read(&current_run(&dir.join("out")), "shipments");
    let totals: Vec<&str> = options(answer)
        .iter()
        .map(|o| text(o, "ghg_total_kg"))
        .collect();
    assert_eq!(shipments.column("ghg_total_kg"), totals);
}

#[test]
fn run_finds_the_same_micrograms_for_every_chain() {
    for (arguments, count) in [
        (
            vec![
                "CNCKG",
                "SGSIN",
                "--depart",
                "2025-10-01",
                "--cargo-kg",
                "20000",
                "--options",
                "20",
            ],
            15,
        ),
        // Refrigerated, across the end of a year and its factor editions, mass from the profile.
        (
            vec![
                "SGSIN",
                "CNCKG",
                "--depart",
                "2024-12-27",
                "--container",
                "45R1",
                "--modes",
                "rail,sea,road,inland_waterway",
            ],
            5,
        ),
        // Computed over the sea graph.
        (
            vec!["CNCKG", "NLRTM", "--depart", "2025-03-01", "--options", "6"],
            2,
        ),
    ] {
        let answer = json(&arguments);
        assert!(
            options(&answer).len() >= count,
            "{arguments:?}: {}",
            options(&answer).len()
        );
        let dir = tempfile::tempdir().unwrap();
        check_against_run(&answer, dir.path());
    }
}

#[test]
fn the_front_is_a_front() {
    let answer = json(&[
        "CNCKG",
        "SGSIN",
        "--depart",
        "2025-10-01",
        "--options",
        "50",
    ]);
    let point = |o: &Value| {
        (
            text(o, "ghg_total_kg").parse::<f64>().unwrap(),
            text(o, "hours").parse::<f64>().unwrap(),
        )
    };
    let points: Vec<(f64, f64)> = options(&answer).iter().map(point).collect();
    let mut on_front = 0;
    for (option, p) in options(&answer).iter().zip(&points) {
        let is_beaten = points.iter().any(|q| q != p && q.0 <= p.0 && q.1 <= p.1);
        assert_eq!(
            option["pareto"],
            Value::Bool(!is_beaten),
            "{}",
            text(option, "id")
        );
        on_front += !is_beaten as usize;
    }
    assert!(on_front > 1 && on_front < points.len());
    assert!(
        points.windows(2).all(|w| w[0].0 <= w[1].0),
        "in order of CO2e"
    );
}

#[test]
fn conditions_are_kept() {
    let places = |o: &Value| {
        o["places"]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| p.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let via = json(&[
        "CNCKG",
        "SGSIN",
        "--depart",
        "2025-10-01",
        "--via",
        "CNCDU,CNQZH",
    ]);
    assert!(
        options(&via)
            .iter()
            .all(|o| places(o).join(" ").contains("CNCDU CNQZH"))
    );
    let avoid = json(&[
        "CNCKG",
        "SGSIN",
        "--depart",
        "2025-10-01",
        "--avoid",
        "CNQZH,air,TH",
        "--max-days",
        "12.5",
    ]);
    for option in options(&avoid) {
        assert!(
            !places(option)
                .iter()
                .any(|p| p == "CNQZH" || p.starts_with("TH"))
        );
        assert!(!text(option, "modes").contains("air"));
        assert!(text(option, "days").parse::<f64>().unwrap() <= 12.5);
    }
    let one = json(&[
        "CNCKG",
        "SGSIN",
        "--depart",
        "2025-10-01",
        "--options",
        "1",
        "--objective",
        "days",
    ]);
    assert_eq!(
        (options(&one).len(), text(&options(&one)[0], "modes")),
        (1, "air")
    );
    let suez = json(&[
        "SGSIN",
        "NLRTM",
        "--depart",
        "2023-12-14",
        "--modes",
        "sea",
        "--options",
        "1",
    ]);
    let cape = json(&[
        "SGSIN",
        "NLRTM",
        "--depart",
        "2023-12-14",
        "--modes",
        "sea",
        "--options",
        "1",
        "--avoid",
        "suez",
    ]);
    let km = |answer: &Value| {
        text(&options(answer)[0], "distance_km")
            .parse::<f64>()
            .unwrap()
    };
    assert!(km(&cape) > km(&suez) * 1.2, "{} {}", km(&cape), km(&suez));
    // From the next day on container ships go round the Cape, and a call between the passages is no way round that.
    let after = json(&[
        "SGSIN",
        "NLRTM",
        "--depart",
        "2023-12-15",
        "--modes",
        "sea",
        "--options",
        "1",
    ]);
    assert_eq!(km(&after), km(&cape));
    let through_suez = format!("{:.0} km with bab_el_mandeb, suez open", km(&suez));
    assert!(
        after.to_string().contains(&through_suez),
        "{through_suez}: {after}"
    );
}

#[test]
fn it_says_no_with_a_reason() {
    let misspelt = compare(&["CNCGK", "SGSIN"]).expect(2);
    assert!(
        misspelt.stderr.contains("CNCKG (Chongqing"),
        "{}",
        misspelt.stderr
    );
    let by_name = compare(&["Chongqng", "SGSIN"]).expect(2);
    assert!(by_name.stderr.contains("CNCKG"), "{}", by_name.stderr);
    let closed = compare(&["CNCKG", "SGSIN", "--modes", "inland_waterway"]).expect(2);
    assert!(
        closed.stderr.contains("there is one without --modes"),
        "{}",
        closed.stderr
    );
    // A place whose coordinates nobody may pass on, and that no file joins.
    let missing = compare(&["CNCKG", "AEHIL"]);
    assert!(
        missing.code == Some(2) && missing.stderr.contains("AEHIL"),
        "{missing:?}"
    );
    compare(&["CNCKG", "CNCKG"]).expect(2);
    compare(&["CNCKG", "SGSIN", "--container", "99X9"]).expect(2);
    compare(&["CNCKG", "SGSIN", "--avoid", "everything"]).expect(2);
    compare(&["CNCKG", "SGSIN", "--carbon-price", "50"]).expect(2);
}

#[test]
fn a_thousand_pairs_are_answered_in_their_order() {
    // Without optimisation a thousand would take minutes.
    let count = if cfg!(debug_assertions) { 100 } else { 1000 };
    let dir = tempfile::tempdir().unwrap();
    let places = [
        "CNCKG", "SGSIN", "CNCDU", "VNHAN", "THBKK", "MYKUL", "CNSHA", "LAVTE", "XXXXX", "CNQZH",
    ];
    let pairs: Vec<(&str, &str)> = (0..count)
        .map(|i| (places[i % 10], places[(i / 10 + i + 1) % 10]))
        .collect();
    let file = dir.path().join("pairs.csv");
    let lines: String = pairs.iter().map(|(a, b)| format!("{a},{b}\n")).collect();
    std::fs::write(&file, format!("from,to\n{lines}")).unwrap();
    let arguments = [
        "--pairs",
        file.to_str().unwrap(),
        "--format",
        "json",
        "--options",
        "2",
        "--depart",
        "2025-10-01",
        "--progress",
        "always",
    ];
    let ended = compare(&arguments).expect(0);
    let told = if count == 1000 {
        "compare: 1,000 rows"
    } else {
        "compare: 100 rows"
    };
    assert!(ended.stderr.contains(told), "{}", ended.stderr);
    let answers: Vec<Value> = ended
        .stdout
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    let asked: Vec<(&str, &str)> = answers
        .iter()
        .map(|a| (text(&a["request"], "from"), text(&a["request"], "to")))
        .collect();
    assert_eq!(asked, pairs);
    for answer in &answers {
        let is_possible = text(&answer["request"], "from") != text(&answer["request"], "to")
            && !answer["request"].to_string().contains("XXXXX");
        assert_eq!(is_possible, answer["error"].is_null(), "{answer}");
    }
    let again = compare(&arguments).expect(0);
    assert!(
        again.stdout == ended.stdout,
        "the same answer every time, however many threads"
    );
}

#[test]
fn the_data_inside_the_program_answer_like_those_beside_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = crate::support::binary::command();
    command
        .current_dir(dir.path())
        .args(["compare", "CNCKG", "SGSIN", "--depart", "2025-10-01"]);
    let inside =
        crate::support::binary::wait(command.spawn().unwrap(), crate::support::binary::TIMEOUT)
            .expect(0);
    let beside = compare(&["CNCKG", "SGSIN", "--depart", "2025-10-01"]).expect(0);
    assert_eq!(inside.stdout, beside.stdout);
}

#[test]
fn every_distance_names_its_source() {
    let answer = json(&[
        "CNCKG",
        "SGSIN",
        "--depart",
        "2025-10-01",
        "--options",
        "20",
    ]);
    let elements = options(&answer)
        .iter()
        .flat_map(|o| o["elements"].as_array().unwrap());
    let moved: Vec<&Value> = elements
        .filter(|e| text(e, "kind") == "transport")
        .collect();
    assert!(
        moved
            .iter()
            .all(|e| text(e, "source_ref").contains("distance: ")),
        "{moved:?}"
    );
    let of = |from: &str, to: &str, mode: &str| {
        let is_it = |e: &&&Value| {
            (text(e, "origin"), text(e, "destination"), text(e, "mode")) == (from, to, mode)
        };
        text(moved.iter().find(is_it).unwrap(), "source_ref").to_owned()
    };
    assert_eq!(
        of("CNCKG", "CNQZH", "rail"),
        "transit: S03; distance: published; S02"
    );
    assert_eq!(
        of("CNQZH", "SGSIN", "sea"),
        "transit: S03,S05; distance: computed marnet; S48"
    );
}

/// Tags and attributes that a page would act on, from files that somebody else wrote.
#[test]
fn a_page_takes_no_text_for_markup() {
    let dir = tempfile::tempdir().unwrap();
    let services = dir.path().join("own.csv");
    let evil = "<script>document.title='taken'</script>\"'&";
    let row = format!(
        "\"{}\",air,air.freight,,CNCKG,SGSIN,3167,gcd,4,,,,,,\"{}\"\n",
        evil.replace('"', "\"\""),
        "<img src=x onerror=alert(1)>"
    );
    let header = "service,mode,operation,carrier,origin,destination,distance_km,basis,transit_hours,departures_per_week,cost,currency,cost_per,source_ref,note\n";
    std::fs::write(&services, format!("{header}{row}")).unwrap();
    let own = [
        "--services",
        services.to_str().unwrap(),
        "--depart",
        "2025-10-01",
        "--format",
        "html",
    ];
    let page = compare(&[&["CNCKG", "SGSIN"], &own[..]].concat())
        .expect(0)
        .stdout;
    assert!(
        page.contains("&lt;script&gt;document.title=&#39;taken&#39;"),
        "the service is on the page"
    );
    assert_eq!(page.matches("<script").count(), 1, "the page's own script");
    assert!(!page.contains("<img"));
    let tags = || page.split('<').skip(1).filter_map(|t| t.split('>').next());
    for outside in ["refresh", " src=", " href=", " onerror", " onload"] {
        assert_eq!(tags().find(|t| t.contains(outside)), None, "{outside}");
    }
    assert!(!page.contains("@import") && !page.contains("url("));
}

#[test]
fn the_documented_answer_is_the_answer() {
    let docs = include_str!("../../docs/routes.md");
    let excerpt = docs
        .split("```text\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .expect("an excerpt");
    let (_, command) = docs
        .split_once("    green-corridor compare ")
        .expect("a command");
    let arguments: Vec<&str> = command.lines().next().unwrap().split(' ').collect();
    let answer = compare(&arguments).expect(0).stdout;
    let lines: Vec<&str> = answer.lines().collect();
    for line in excerpt.lines().filter(|l| l.trim() != "...") {
        assert!(lines.contains(&line), "not in the answer: {line}");
    }
    assert!(excerpt.lines().count() > 20);
}

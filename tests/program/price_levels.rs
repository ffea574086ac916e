//! Price levels of `compare` on the data that ship: every option of the flagship lane has a range, a range never passes for an offer or a
//! figure, and what is surer wins.

use super::compare::{compare, options};
use serde_json::Value;
use std::collections::BTreeSet;

const FLAGSHIP: [&str; 6] = [
    "CNCKG",
    "SGSIN",
    "--depart",
    "2025-10-01",
    "--cargo-kg",
    "20000",
];

fn asked(more: &[&str], format: &str) -> String {
    let arguments = [&FLAGSHIP[..], more, &["--format", format]].concat();
    compare(&arguments).expect(0).stdout
}

fn json(more: &[&str]) -> Value {
    serde_json::from_str(&asked(more, "json")).unwrap()
}

fn figure(value: &Value) -> f64 {
    value.as_str().unwrap().parse().unwrap()
}

/// The ends of an option's freight; all levels of freight are in USD.
fn ends(option: &Value) -> (f64, f64) {
    let range = &option["cost_range"]["freight"]["complete"];
    assert_eq!(range["currency"], "USD", "{}", option["cost_range"]);
    (figure(&range["low"]), figure(&range["high"]))
}

fn legs(option: &Value) -> impl Iterator<Item = &Value> {
    let elements = option["elements"].as_array().unwrap().iter();
    elements.filter(|e| e["kind"] == "transport")
}

/// An own file in a folder of its own.
fn own(content: &str) -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("own.csv");
    std::fs::write(&path, content).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (dir, path)
}

const CARD: &str =
    "kind,mode,from,to,refrigerated,per,low,high,currency,valid_from,valid_to,source_ref,note\n";

#[test]
fn the_flagship_lane_has_ranges_with_basis_days_and_source() {
    let answer = json(&["--options", "50"]);
    let mut modes_with_a_range = BTreeSet::new();
    for option in options(&answer) {
        assert_eq!(option["cost"], Value::Null, "a level is no cost");
        let mut sums = (0.0, 0.0);
        for leg in legs(option) {
            let price = &leg["price"];
            if price.is_null() {
                // Of short ways nothing is known.
                let km: f64 = figure(&leg["distance_km"]);
                assert!(km < 250.0 || leg["mode"] == "sea" && km < 800.0, "{leg}");
                continue;
            }
            let is_priced = price["basis"] == "service";
            assert!(is_priced || price["basis"] == "level", "{price}");
            assert_eq!(leg["cost"].is_null(), !is_priced, "{leg}");
            if !is_priced {
                assert!(figure(&price["low"]) < figure(&price["high"]), "{price}");
                assert!(price["from_day"].as_str() <= price["to_day"].as_str());
                assert!(!price["source_ref"].as_str().unwrap().is_empty(), "{price}");
                assert!(!price["licence"].as_str().unwrap().is_empty(), "{price}");
            }
            sums = (
                sums.0 + figure(&price["low"]),
                sums.1 + figure(&price["high"]),
            );
        }
        let covers = format!(
            "{}/{}",
            legs(option).filter(|leg| !leg["price"].is_null()).count(),
            legs(option).count()
        );
        let freight = &option["cost_range"]["freight"];
        assert_eq!(freight["covers"], covers.as_str());
        if legs(option).any(|leg| leg["price"].is_null()) {
            assert_eq!(freight["complete"], Value::Null, "{freight}");
            continue;
        }
        let (low, high) = ends(option);
        assert!(0.0 < low && low < high, "{low} {high}");
        // Rounded once each, and nothing but freight.
        assert!((sums.0 - low).abs() < 0.05 && (sums.1 - high).abs() < 0.05);
        assert_eq!(option["cost_range"]["basis"], "level");
        modes_with_a_range.insert(option["modes"].as_str().unwrap());
        let handling = option["cost_range"]["handling"].as_array().unwrap();
        assert!(handling.len() >= 2, "both ends of the way: {handling:?}");
    }
    for modes in ["rail>sea", "inland_waterway>sea", "road>sea", "rail", "air"] {
        assert!(
            modes_with_a_range.contains(modes),
            "{modes}: {modes_with_a_range:?}"
        );
    }
    let assumptions = answer["assumptions"].to_string();
    assert!(assumptions.contains("nobody offers it"), "{assumptions}");
    assert!(assumptions.contains("only where the ranges do not overlap"));
}

#[test]
fn table_csv_and_page_tell_a_level_from_a_price() {
    let table = asked(&[], "table");
    assert!(table.contains("level: a range of what such freight cost, no offer"));
    assert!(table.contains("own estimate") && table.contains("handling, apart: "));
    let csv = asked(&[], "csv");
    let mut rows = csv.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = rows.next().unwrap();
    let at = |name: &str| header.iter().position(|h| *h == name).unwrap();
    // No cell before these holds a comma on this lane, so that they may be counted from the left.
    let mut known = 0;
    for row in rows {
        assert_eq!(row[at("cost")], "");
        assert_eq!(row[at("cost_basis")], "level");
        if row[at("cost_low")].is_empty() {
            continue;
        }
        known += 1;
        let low: f64 = row[at("cost_low")].parse().unwrap();
        assert!(low < row[at("cost_high")].parse::<f64>().unwrap());
        assert_eq!(row[at("cost_range_currency")], "USD");
        assert!(row[at("cost_from")] <= row[at("cost_to")]);
    }
    assert!(known >= 5, "{known}");
    let page = asked(&[], "html");
    assert!(page.contains("<small>level</small>") && page.contains("Handling, apart: "));
    assert!(
        page.contains("level of 20"),
        "days and source stand in the chains"
    );
}

#[test]
fn without_levels_a_cost_is_known_or_it_is_not() {
    let answer = json(&["--no-levels"]);
    for option in options(&answer) {
        assert_eq!(option["cost_range"]["freight"]["complete"], Value::Null);
        assert!(option["cost_range"]["basis"] != "level");
        assert_eq!(option["pareto_with_cost"], Value::Null);
        assert!(legs(option).all(|leg| leg["price"]["basis"] != "level"));
    }
    let table = asked(&["--no-levels"], "table");
    assert!(!table.contains("level"), "{table}");
    // What they are and where they stand is the same; cost comes after both.
    let with = json(&[]);
    for (without, with) in options(&answer).iter().zip(options(&with)) {
        for key in [
            "places",
            "ghg_total_kg",
            "hours",
            "pareto",
            "cost",
            "standing",
        ] {
            assert_eq!(without[key], with[key], "{key}");
        }
    }
}

#[test]
fn a_rate_card_wins_over_levels_on_its_days_and_a_service_over_both() {
    let card = "freight,rail,CNCKG,CNQZH,,container,612.5,,USD,2025-09-01,2025-11-01,contract 7,\n";
    let (_dir, card) = own(&format!("{CARD}{card}"));
    let on_lane = |answer: &Value| {
        let legs = options(answer).iter().flat_map(legs);
        let mut found = legs.filter(|l| l["origin"] == "CNCKG" && l["destination"] == "CNQZH");
        found
            .find(|l| l["mode"] == "rail")
            .expect("the train to Qinzhou")["price"]
            .clone()
    };
    let with_card = ["--rate-card", &card];
    let answer = json(&with_card);
    let price = on_lane(&answer);
    assert_eq!(
        [
            &price["basis"],
            &price["low"],
            &price["high"],
            &price["source_ref"]
        ],
        ["rate_card", "612.50", "612.50", "contract 7"]
    );
    // The rest of the way has levels only, and one level makes the whole a level.
    assert_eq!(options(&answer)[0]["cost_range"]["basis"], "level");
    let later = [&with_card[..], &["--depart", "2025-11-01"]].concat();
    let arguments = [&["CNCKG", "SGSIN", "--format", "json"], &later[..]].concat();
    let later = serde_json::from_str(&compare(&arguments).expect(0).stdout).unwrap();
    assert_eq!(on_lane(&later)["basis"], "level", "the card has ended");
    let service = "service,mode,operation,carrier,origin,destination,distance_km,basis,transit_hours,departures_per_week,cost,currency,cost_per\n\
                 rail-cnckg-cnqzh,rail,rail.container_electric,,CNCKG,CNQZH,1450,sfd,48,,1000,USD,container\n";
    let (_dir, services) = own(service);
    let answer = json(&[&with_card[..], &["--services", &services]].concat());
    let price = on_lane(&answer);
    assert_eq!(
        [&price["basis"], &price["low"], &price["high"]],
        ["service", "1000.00", "1000.00"]
    );
}

#[test]
fn a_level_never_outranks_by_a_point() {
    let answer = json(&["--options", "50", "--objective", "cost"]);
    let has_range = |o: &&Value| !o["cost_range"]["freight"]["complete"].is_null();
    let known: Vec<&Value> = options(&answer).iter().take_while(has_range).collect();
    let others = &options(&answer)[known.len()..];
    assert!(known.len() >= 8, "{}", known.len());
    assert!(!others.iter().any(|o| has_range(&o)), "they come last");
    assert!(others.iter().all(|o| o["pareto_with_cost"].is_null()));
    let ranges: Vec<(f64, f64)> = known.iter().map(|o| ends(o)).collect();
    for (at, first) in ranges.iter().enumerate() {
        let wrong = ranges[at..].iter().find(|later| later.1 < first.0);
        assert_eq!(wrong, None, "surely cheaper than {first:?}, and behind it");
    }
    // By air it costs more whatever is true.
    let air = known.iter().position(|o| o["modes"] == "air").unwrap();
    let has_no_flight = |o: &&&Value| !o["modes"].as_str().unwrap().contains("air");
    let below = known[..air].iter().filter(has_no_flight);
    assert!(below.clone().count() >= 5, "they stand before it");
    assert!(below.clone().all(|o| ends(o).1 < ranges[air].0));
    assert_eq!(known[air]["pareto_with_cost"], true, "nothing is as fast");
    let beaten = known.iter().filter(|o| o["pareto_with_cost"] == false);
    for option in beaten {
        let (ghg, hours, own) = (
            figure(&option["ghg_total_kg"]),
            figure(&option["hours"]),
            ends(option),
        );
        let beats = |o: &&&Value| {
            figure(&o["ghg_total_kg"]) <= ghg && figure(&o["hours"]) <= hours && ends(o).1 <= own.0
        };
        assert!(known.iter().any(|o| beats(&o)), "{}", option["id"]);
    }
    for pair in answer["break_even"].as_array().unwrap() {
        assert_eq!(
            pair["carbon_price"],
            Value::Null,
            "no point from ranges: {pair}"
        );
        let ends = [&pair["carbon_price_low"], &pair["carbon_price_high"]];
        if !ends[0].is_null() {
            assert!(figure(ends[0]) < figure(ends[1]), "{pair}");
            let reason = pair["carbon_price_reason"].as_str().unwrap();
            assert!(reason.contains("both costs are levels"), "{reason}");
        }
    }
}

#[test]
fn ranges_convert_only_with_a_dated_rate() {
    let in_sgd = ["--currency", "SGD", "--carbon-price", "50"];
    let plain = json(&in_sgd);
    assert_eq!(options(&plain)[0]["cost_range"]["with_carbon"], Value::Null);
    let (low, high) = ends(&options(&plain)[0]);
    let dated = json(&[&in_sgd[..], &["--rate", "USD/SGD=1.3@2025-06-13"]].concat());
    let option = &options(&dated)[0];
    let range = &option["cost_range"]["freight"]["complete"];
    assert_eq!(range["currency"], "SGD");
    assert!((figure(&range["low"]) - 1.3 * low).abs() < 0.02);
    assert!((figure(&range["high"]) - 1.3 * high).abs() < 0.02);
    let both = &option["cost_range"]["with_carbon"];
    let carbon = figure(&option["carbon_cost"]);
    assert!((figure(&both["high"]) - figure(&range["high"]) - carbon).abs() < 0.02);
    assert_eq!(dated["rates"].as_array().unwrap().len(), 1);
}

#[test]
fn a_dry_level_says_nothing_of_a_refrigerated_box() {
    let answer = json(&["--refrigerated", "--modes", "rail,sea", "--options", "3"]);
    for option in options(&answer) {
        let covers = option["cost_range"]["freight"]["covers"].as_str().unwrap();
        assert!(covers.starts_with("0/"), "{covers}");
        assert_eq!(option["cost_range"]["freight"]["complete"], Value::Null);
    }
}

#[test]
fn a_malformed_card_is_refused_with_its_place() {
    let (_dir, card) = own(&format!(
        "{CARD}freight,ship,CNCKG,CNQZH,,container,x,,USD,,,,\n"
    ));
    let ended = compare(&[&FLAGSHIP[..], &["--rate-card", &card]].concat()).expect(9);
    for wanted in ["own.csv", "mode", "expected road, rail, sea", "low"] {
        assert!(ended.stderr.contains(wanted), "{wanted}: {}", ended.stderr);
    }
}

#[test]
fn the_documented_levels_are_those_that_ship() {
    let home = env!("CARGO_MANIFEST_DIR");
    let levels = std::fs::read_to_string(format!("{home}/data/price_levels.csv")).unwrap();
    let rows = levels.lines().count() - 1;
    let own = levels
        .lines()
        .filter(|line| line.contains(",yes,own estimate") || line.contains(",yes,\"own estimate"));
    let own = own.count();
    let readme = include_str!("../../data/README.md");
    let row = format!("| `price_levels.csv` | {rows} |");
    let said = readme
        .lines()
        .find(|line| line.starts_with(&row))
        .expect("its row");
    assert!(
        said.contains(&format!("{own} of them own estimates")),
        "{own}: {said}"
    );
    let docs = include_str!("../../docs/routes.md");
    assert!(
        docs.contains(&format!("{own} of the {rows} levels")),
        "{own} {rows}"
    );
    let section = docs.split_once("## Price levels").unwrap().1;
    let (_, command) = section.split_once("    green-corridor compare ").unwrap();
    let arguments: Vec<&str> = command.lines().next().unwrap().split(' ').collect();
    let answer = compare(&arguments).expect(0).stdout;
    let lines: Vec<&str> = answer.lines().collect();
    let excerpt = section.split("```text\n").nth(1).unwrap();
    let excerpt = excerpt.split("```").next().unwrap();
    for line in excerpt.lines().filter(|line| line.trim() != "...") {
        assert!(lines.contains(&line), "not in the answer: {line}");
    }
    assert!(excerpt.lines().count() > 8);
}

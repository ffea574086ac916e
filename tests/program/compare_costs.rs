//! Costs of options: rates of exchange, services and rate cards of one's own, through the built program.

use super::compare::{compare, json, options, text};
use serde_json::Value;

#[test]
fn costs_convert_only_with_a_dated_rate_and_unknown_costs_stay_unknown() {
    let dir = tempfile::tempdir().unwrap();
    let services = dir.path().join("own.csv");
    std::fs::write(
        &services,
        "service,mode,operation,origin,destination,transit_hours,cost,currency,cost_per\n\
         ship,sea,sea.container_mainline,CNYSA,SGSIN,230,455,USD,teu\n",
    )
    .unwrap();
    let lane = [
        "CNCKG",
        "SGSIN",
        "--services",
        services.to_str().unwrap(),
        "--depart",
        "2025-10-01",
        "--via",
        "CNYSA",
        "--modes",
        "inland_waterway,sea",
        "--options",
        "1",
    ];
    let plain = json(&lane);
    let option = &options(&plain)[0];
    assert_eq!(
        (&option["cost"], text(option, "cost_covers_elements")),
        (&Value::Null, "1/2")
    );
    assert_eq!(
        option["known_costs"].to_string(),
        r#"[{"amount":"910.00","currency":"USD"}]"#
    );
    let dated = json(
        &[
            &lane[..],
            &[
                "--currency",
                "SGD",
                "--rate",
                "USD/SGD=1.3@2025-06-13",
                "--carbon-price",
                "50",
            ],
        ]
        .concat(),
    );
    let option = &options(&dated)[0];
    assert_eq!(
        option["known_costs"].to_string(),
        r#"[{"amount":"1183.00","currency":"SGD"}]"#
    );
    assert_eq!(text(&dated["rates"][0], "date"), "2025-06-13");
    let tonnes = text(option, "ghg_total_kg").parse::<f64>().unwrap() / 1000.0;
    assert!((text(option, "carbon_cost").parse::<f64>().unwrap() - 50.0 * tonnes).abs() < 0.006);
    let later = json(
        &[
            &lane[..],
            &["--currency", "SGD", "--rate", "USD/SGD=1.3@2025-10-02"],
        ]
        .concat(),
    );
    assert_eq!(
        options(&later)[0]["known_costs"][0]["currency"],
        "USD",
        "a rate of a later day is not used"
    );
    compare(&[&lane[..], &["--rate", "USD/SGD=1.3"]].concat()).expect(2);
}

#[test]
fn own_services_go_on_top_and_full_costs_join_the_front() {
    let dir = tempfile::tempdir().unwrap();
    let services = dir.path().join("own.csv");
    let header = "service,mode,operation,carrier,origin,destination,distance_km,basis,transit_hours,departures_per_week,departure_days,cost,currency,cost_per\n";
    let rows = "train,rail,rail.container_electric,,CNCKG,CNQZH,1450,sfd,48,,3,1000,USD,container\n\
                ship,sea,sea.container_feeder,,CNQZH,SGSIN,2513,sfd,144,2,,300,USD,teu\n\
                truck,road,road.articulated,,CNCKG,SGSIN,4500,sfd,100,,,100,USD,t\n";
    std::fs::write(&services, format!("{header}{rows}")).unwrap();
    let own = [
        "--services",
        services.to_str().unwrap(),
        "--depart",
        "2025-10-01",
        "--cargo-kg",
        "10000",
        "--options",
        "500",
        "--objective",
        "cost",
        "--no-levels",
    ];
    let answer = json(&[&["CNCKG", "SGSIN", "--max-days", "20"], &own[..]].concat());
    let services = |o: &Value| {
        let transport = o["elements"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|e| e["kind"] == "transport");
        transport
            .map(|e| text(e, "service").to_owned())
            .collect::<Vec<_>>()
    };
    let with = |wanted: &[&str]| {
        options(&answer)
            .iter()
            .find(|o| services(o) == wanted)
            .unwrap_or_else(|| panic!("no {wanted:?}"))
    };
    let train = with(&["train", "ship"]);
    // Ready on a Wednesday, the day of departure; half of half a week for the ship.
    assert_eq!(
        (
            text(train, "cost"),
            text(train, "currency"),
            text(train, "waiting_hours")
        ),
        ("1600.00", "USD", "42.000")
    );
    assert_eq!(text(with(&["truck"]), "cost"), "1000.00");
    for option in options(&answer) {
        let is_known = !option["cost"].is_null();
        assert!(
            is_known || option["pareto_with_cost"].is_null(),
            "a cost that is not known has no standing: {}",
            option["id"]
        );
    }
    assert_eq!(with(&["truck"])["pareto_with_cost"], true);
    assert!(
        train["pareto_with_cost"].is_null(),
        "a train that does not wait has no known cost, and may beat it"
    );
    let pair = answer["break_even"]
        .as_array()
        .unwrap()
        .iter()
        .find(|p| !p["carbon_price"].is_null());
    let price: f64 = pair
        .map(|p| text(p, "carbon_price").parse().unwrap())
        .expect("a break-even carbon price");
    let kg = |o: &Value| text(o, "ghg_total_kg").parse::<f64>().unwrap();
    assert!(
        (price - 600.0 / ((kg(with(&["truck"])) - kg(train)) / 1000.0)).abs() < 0.01,
        "{price}"
    );
}

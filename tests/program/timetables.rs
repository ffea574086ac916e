//! Days of departure and of arrival, and timetables, through the built program.

use super::compare::{compare, options};
use super::planner::{answer, legs};
use serde_json::Value;

#[test]
fn a_day_of_arrival_puts_each_option_off_as_far_as_it_can_be() {
    let asked = |more: &[&str]| {
        let ended = compare(
            &[
                &["CNCKG", "SGSIN", "--format", "json", "--options", "50"],
                more,
            ]
            .concat(),
        )
        .expect(0);
        serde_json::from_str::<Value>(&ended.stdout).unwrap()
    };
    let passed = compare(&["CNCKG", "SGSIN", "--arrive-by", "2025-06-30"]).expect(0);
    assert!(
        passed
            .stderr
            .contains("--arrive-by 2025-06-30: the day has passed"),
        "{}",
        passed.stderr
    );
    // Nothing by land or sea is there tomorrow that is ready today.
    let tomorrow = (jiff::Timestamp::now() + std::time::Duration::from_secs(86_400)).to_string();
    let tomorrow = ["CNCKG", "SGSIN", "--arrive-by", &tomorrow[..10]];
    let soon = compare(&tomorrow).expect(0).stderr;
    assert!(
        soon.contains(" options the cargo would have had to be ready before today, "),
        "{soon}"
    );
    let named = compare(&[
        "CNCKG",
        "SGSIN",
        "--depart",
        "2025-06-01",
        "--arrive-by",
        "2025-06-30",
    ]);
    assert!(!named.expect(0).stderr.contains("--arrive-by"));
    let late = asked(&["--arrive-by", "2025-06-30"]);
    assert_eq!(
        (&late["request"]["depart"], &late["request"]["arrive_by"]),
        (&Value::Null, &"2025-06-30".into())
    );
    let day = |o: &Value, key: &str| o[key].as_str().unwrap().to_owned();
    let hours = |o: &Value| day(o, "hours").parse::<f64>().unwrap();
    for option in options(&late) {
        let arrives = option["arrives"]["day"].as_str().unwrap();
        assert!(("2025-06-29".."2025-07-01").contains(&arrives), "{arrives}");
        // A day later it would come too late: less than a day is left of the time.
        let ready = jiff::civil::Date::strptime("%Y-%m-%d", day(option, "ready")).unwrap();
        let end = jiff::civil::date(2025, 7, 1);
        let days = f64::from((end - ready).get_days());
        let left = 24.0 * days - hours(option);
        // What arrives at midnight arrives on the next day.
        assert!(left > 0.0 && left <= 24.0, "{days} {left}");
    }
    // The same chains as for a box that is ready on a day of the same month, with the same figures.
    let early = asked(&["--depart", "2025-06-01", "--arrive-by", "2025-06-30"]);
    let figures = |answer: &Value| {
        let of = |o: &Value| {
            (
                o["places"].to_string(),
                day(o, "ghg_total_kg"),
                day(o, "hours"),
            )
        };
        let in_june = options(answer).iter().filter(|o| hours(o) <= 720.0);
        in_june.map(of).collect::<Vec<_>>()
    };
    assert_eq!(figures(&late), figures(&early));
    // With a day of departure what comes too late is left out.
    let soon = asked(&["--depart", "2025-06-01", "--arrive-by", "2025-06-08"]);
    assert!(options(&soon).len() < options(&early).len());
    for option in options(&soon) {
        assert!(
            option["arrives"]["day"].as_str() <= Some("2025-06-08"),
            "{option}"
        );
    }
    let ended = compare(&[
        "CNCKG",
        "SGSIN",
        "--depart",
        "2025-06-02",
        "--arrive-by",
        "2025-06-01",
    ])
    .expect(2);
    assert!(
        ended
            .stderr
            .contains("expected a day not before that of --depart 2025-06-02")
    );
    let ended = compare(&[
        "CNCKG",
        "SGSIN",
        "--depart",
        "2025-06-01",
        "--arrive-by",
        "2025-06-01",
        "--modes",
        "sea,rail",
    ])
    .expect(2);
    assert!(
        ended.stderr.contains("without --arrive-by"),
        "{}",
        ended.stderr
    );
    compare(&["CNCKG", "SGSIN", "--arrive-by", "tomorrow"]).expect(2);
}

#[test]
fn a_timetable_has_its_days_and_its_cut_off_and_what_has_none_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let services = dir.path().join("own.csv");
    let rows = "service,mode,operation,origin,destination,distance_km,basis,transit_hours,departure_days,cut_off_hours\n\
                sea-cnqzh-sgsin,sea,sea.container_feeder,CNQZH,SGSIN,2513,sfd,144,14,36\n";
    std::fs::write(&services, rows).unwrap();
    let own = [
        "--services",
        services.to_str().unwrap(),
        "--modes",
        "sea",
        "--options",
        "9",
    ];
    let answer = answer("CNQZH", "SGSIN", &own);
    let ferry = options(&answer)
        .iter()
        .flat_map(legs)
        .find(|e| e["service"] == "sea-cnqzh-sgsin")
        .unwrap();
    // Sunday 2025-06-01: the Monday is too near, the Thursday is not.
    assert_eq!(ferry["departs"]["day"], "2025-06-05");
    assert_eq!(ferry["departs"]["weekday"], "Thu");
    assert_eq!(
        (
            &ferry["departs"]["is_estimate"],
            &ferry["departs"]["is_earliest"]
        ),
        (&false.into(), &false.into())
    );
    assert_eq!(
        (&ferry["frequency"], &ferry["cut_off_at"]),
        (&"Mon Thu".into(), &"2025-06-03T12:00:00Z".into())
    );
    assert_eq!(ferry["arrives"]["day"], "2025-06-11");
    let ready = [
        "CNQZH",
        "SGSIN",
        "--arrive-by",
        "2025-06-12",
        "--format",
        "json",
    ];
    let late: Value =
        serde_json::from_str(&compare(&[&ready, &own[..]].concat()).expect(0).stdout).unwrap();
    let ferry = options(&late)
        .iter()
        .find(|o| legs(o)[0]["service"] == "sea-cnqzh-sgsin")
        .unwrap();
    assert_eq!(
        (&ferry["ready"], &ferry["departs"]["day"]),
        (&"2025-06-03".into(), &"2025-06-05".into())
    );
    let plain = self::answer("CNCKG", "SGSIN", &["--options", "20"]);
    let all: Vec<&Value> = options(&plain).iter().flat_map(legs).collect();
    assert!(all.iter().any(|leg| leg["frequency"] == ""));
    for leg in &all {
        let is_unknown = leg["frequency"] == "";
        assert!(
            !is_unknown || leg["departs"]["is_earliest"] == true,
            "no guess passes for a day: {leg}"
        );
    }
    let table = compare(&["CNCKG", "SGSIN", "--depart", "2025-06-01"])
        .expect(0)
        .stdout;
    assert!(
        table.contains("+ or later: nobody publishes when or how often it departs"),
        "{table}"
    );
}

//! `compare` under a scenario, through the built program.

use super::compare::{compare, json, options, text};
use serde_json::Value;

/// A scenario file, and `compare` under it, as JSON.
fn what_if(text: &str, arguments: &[&str]) -> crate::support::binary::Ended {
    what_if_as("json", text, arguments)
}

fn what_if_as(format: &str, text: &str, arguments: &[&str]) -> crate::support::binary::Ended {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("what-if.toml");
    std::fs::write(&file, text).unwrap();
    let lane = [
        "CNCKG",
        "SGSIN",
        "--depart",
        "2025-10-01",
        "--cargo-kg",
        "20000",
        "--format",
        format,
    ];
    compare(
        &[
            &lane[..],
            arguments,
            &["--scenario", file.to_str().unwrap()],
        ]
        .concat(),
    )
}

/// Days, emissions before, and the same after, of the first chain with these modes and places.
fn before_and_after(answer: &Value, modes: &str, over: &str) -> [f64; 4] {
    let rows = answer["scenario"]["rows"].as_array().unwrap();
    let fits = |r: &&Value| text(r, "modes") == modes && r["places"].to_string().contains(over);
    let row = rows
        .iter()
        .find(fits)
        .unwrap_or_else(|| panic!("no {modes} over {over}"));
    let number = |side: &str, key: &str| text(&row[side], key).parse::<f64>().unwrap();
    [
        number("before", "days"),
        number("before", "ghg_total_kg"),
        number("after", "days"),
        number("after", "ghg_total_kg"),
    ]
}

#[test]
fn a_scenario_is_told_before_and_after() {
    let scenario = "title = \"2030\"\n[[energy_carrier]]\nmode = \"road\"\nenergy_carrier = \"hvo\"\n\
        [[energy]]\nenergy_carrier = \"electricity\"\nregion = \"CN\"\nper = \"kWh\"\noperation_g = 0\nprovision_g = \"100\"\nsource_ref = \"a plan\"\n\
        [[speed]]\nmode = \"sea\"\nratio = \"0.5\"\n[[dwell]]\nplace = \"CNQZH\"\nhours = 48\n\
        [[load_factor]]\nmode = \"sea\"\nratio = \"2\"\n";
    let answer: Value = serde_json::from_str(&what_if(scenario, &[]).expect(0).stdout).unwrap();
    let [days, kg, slower, greener] = before_and_after(&answer, "rail>sea", "CNQZH");
    // 144 h at sea become 288, 24 h in the hub 48.
    assert!((slower - days - 7.0).abs() < 0.011, "{days} {slower}");
    // Sea halves; 20 t over 1,450 km at 0.021672 kWh and 100 g: 62.85 kg; the hub stays.
    let plain = json(&[
        "CNCKG",
        "SGSIN",
        "--depart",
        "2025-10-01",
        "--cargo-kg",
        "20000",
    ]);
    let elements = |modes: &str| {
        let option = options(&plain)
            .iter()
            .find(|o| text(o, "modes") == modes)
            .unwrap();
        option["elements"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| text(e, "ghg_total_kg").parse::<f64>().unwrap())
            .collect::<Vec<_>>()
    };
    let [train, hub, ship] = elements("rail>sea")[..] else {
        panic!("three elements")
    };
    assert!((kg - (train + hub + ship)).abs() < 1e-6);
    let wanted = 20.0 * 1450.0 * 0.021672 * 0.1 + hub + ship / 2.0;
    assert!((greener - wanted).abs() < 0.001, "{greener} {wanted}");
    let [_, diesel, _, hvo] = before_and_after(&answer, "road>sea", "CNQZH");
    assert!(hvo < diesel / 2.0, "{hvo} {diesel}");
}

/// Every chain that JSON tells before and after stands in the CSV with the same figures, those that are closed too.
#[test]
fn csv_tells_a_scenario_before_and_after() {
    let scenario = "title = \"t\"\nclosed = [\"malacca\"]\n[[energy_carrier]]\nmode = \"road\"\nenergy_carrier = \"hvo\"\n\
        [[dwell]]\nplace = \"CNQZH\"\nhours = 900\n";
    let answer: Value =
        serde_json::from_str(&what_if(scenario, &["--options", "4"]).expect(0).stdout).unwrap();
    let told = answer["scenario"]["rows"].as_array().unwrap();
    let csv = what_if_as("csv", scenario, &["--options", "4"])
        .expect(0)
        .stdout;
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let heads = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(|r| r.unwrap()).collect();
    assert_eq!(rows.len(), told.len());
    assert!(
        told.iter().any(|t| t["option"].is_null()) && told.iter().any(|t| !t["option"].is_null()),
        "{told:?}"
    );
    let plain = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    for (row, told) in rows.iter().zip(told) {
        let cell = |name: &str| row[heads.iter().position(|h| h == name).unwrap()].to_owned();
        assert_eq!(
            (cell("option"), cell("modes")),
            (plain(&told["option"]), plain(&told["modes"]))
        );
        for (column, side, key) in [
            ("days_before", "before", "days"),
            ("ghg_total_kg_before", "before", "ghg_total_kg"),
            ("ghg_provision_kg_before", "before", "ghg_provision_kg"),
            ("days", "after", "days"),
            ("ghg_total_kg", "after", "ghg_total_kg"),
        ] {
            assert_eq!(cell(column), plain(&told[side][key]), "{column}");
        }
        let is_open = |side: &str| if told[side].is_null() { "no" } else { "yes" };
        assert_eq!(
            (cell("open_before"), cell("open_after")),
            (is_open("before").to_owned(), is_open("after").to_owned())
        );
        assert_eq!(cell("ghg_change_percent"), plain(&told["change_percent"]));
    }
}

#[test]
fn an_energy_carrier_without_a_known_provision_ends_the_what_if() {
    let unknown =
        "title = \"t\"\n[[energy_carrier]]\nmode = \"road\"\nenergy_carrier = \"moonshine\"\n";
    let ended = what_if(unknown, &["--modes", "road,sea"]).expect(2);
    assert!(ended.stderr.contains("moonshine"), "{}", ended.stderr);
    // Hydrogen has a factor for Chinese roads only; the truck to Bangkok has none.
    let hydrogen = "title = \"t\"\n[[energy_carrier]]\nservice = \"road-cnckg-thbkk\"\nenergy_carrier = \"hydrogen\"\n";
    let ended = what_if(hydrogen, &["--modes", "road,sea"]).expect(2);
    assert!(ended.stderr.contains("hydrogen"), "{}", ended.stderr);
    let idle = "title = \"t\"\n[[speed]]\nservice = \"no such service\"\nratio = 2\n";
    let ended = what_if(idle, &[]).expect(2);
    assert!(ended.stderr.contains("no such service"), "{}", ended.stderr);
}

//! What `compare` is asked with: names of places, and conditions.

use super::compare::{compare, json, text};

#[test]
fn places_are_asked_for_by_the_names_that_people_use() {
    for (from, code) in [
        ("上海", "CNSHA"),
        ("Muenchen", "DEMUC"),
        ("München", "DEMUC"),
        ("Bombay", "INBOM"),
        ("Calcutta", "INCCU"),
        ("Malta", "MTMAR"),
    ] {
        let answer = json(&[from, "SGSIN", "--depart", "2025-10-01"]);
        assert_eq!(text(&answer["request"], "from"), code, "{from}");
    }
    let country = compare(&["Georgia", "SGSIN"]).expect(2);
    let told = "Georgia: a country, write the code of a place: ";
    assert!(
        country.stderr.contains(told) && country.stderr.contains("GEPTI"),
        "{}",
        country.stderr
    );
    let words = ["CNCKG", "SGSIN", "--depart", "2025-10-01", "--avoid"];
    let [as_said, as_written] = ["Strait of Malacca", "cape of good hope"]
        .map(|word| compare(&[&words[..], &[word]].concat()));
    as_said.expect(2);
    as_written.expect(0);
}

/// A word that avoids nothing would look as if it had been heeded.
#[test]
fn a_misspelt_condition_is_an_error() {
    let refused = |arguments: &[&str], wanted: &str| {
        let ended =
            compare(&[&["CNCKG", "SGSIN", "--depart", "2025-10-01"], arguments].concat()).expect(2);
        assert!(
            ended.stderr.contains(wanted),
            "{arguments:?}: {}",
            ended.stderr
        );
    };
    refused(&["--avoid", "suezz"], "--avoid suezz: expected a place");
    refused(&["--avoid", "suezz"], "panama, suez, sunda");
    // An airport of the code FOO is none that this word was meant for.
    refused(&["--avoid", "foo"], "--avoid foo: expected a place");
    refused(&["--avoid", "malaca"], "malacca is close");
    refused(&["--avoid", "Georgetown"], "--avoid Georgetown: ");
    refused(
        &["--avoid", "CNCKG"],
        "--avoid CNCKG: expected a place that the way neither begins",
    );
    refused(
        &["--avoid", "Singapore"],
        "--avoid SGSIN: expected a place that the way neither begins",
    );
    let through = ["--via", "THLCH", "--avoid", "THLCH"];
    refused(
        &through,
        "--avoid THLCH: expected a place that the way neither begins",
    );
    refused(&["--avoid", "XX"], "--avoid XX: expected a place");
    refused(
        &["--cargo-kg", "-5"],
        "--cargo-kg -5: expected kilograms above 0",
    );
    refused(
        &["--max-days", "-1"],
        "--max-days -1: expected days above 0",
    );
}

//! A route: what ways there are from one place to another, and what each emits.
//!
//!     cargo run --release --example route -- CNCKG SGSIN

use green_corridor::Engine;
use green_corridor::routing::{Comparison, Question, Sources};

fn main() -> green_corridor::Result<()> {
    let places: Vec<String> = std::env::args().skip(1).collect();
    let (from, to) = match places.as_slice() {
        [from, to] => (from.as_str(), to.as_str()),
        _ => ("CNCKG", "SGSIN"),
    };
    for option in compared(from, to)?.sheet.options {
        println!(
            "{}  {:<24} {:>12} kg CO2e  {} days",
            option.id,
            option.modes,
            option.ghg_total_kg,
            option.days.map_or("?".to_owned(), |days| days.to_string())
        );
    }
    Ok(())
}

fn compared(from: &str, to: &str) -> green_corridor::Result<Comparison> {
    // Library and data as they ship, or those of the working directory where it has some.
    let sources = Sources {
        profile: "open".to_owned(),
        ..Sources::default()
    };
    let routes = Engine::compare(sources, &|warning| eprintln!("warning: {warning}"))?;
    let question = Question {
        container: "45G1".to_owned(),
        cargo_kg: Some("18000".to_owned()),
        depart: Some("2025-06-02".to_owned()),
        options: 5,
        ..Question::default()
    };
    routes.compare(&question, (from, to), false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_option_emits_least() {
        let options = compared("CNCKG", "SGSIN").unwrap().sheet.options;
        assert_eq!(options.len(), 5);
        assert!(options.is_sorted_by_key(|option| option.ghg_total_kg));
        let error = compared("CNCKG", "nowhere").err().unwrap();
        assert!(
            error.to_string().starts_with("nowhere: unknown place"),
            "{error}"
        );
    }
}

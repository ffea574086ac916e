//! The documentation names every code, flag, input column, exit code and run file key that the program knows.

use crate::factors::import::Field;
use crate::input::mapping::COLUMNS;
use crate::model::flag::Flags;
use crate::model::reject::RejectReason;
use crate::store::status::{Execution, Status};

const FORMATS: &str = include_str!("../../docs/formats.md");
const RELIABILITY: &str = include_str!("../../docs/reliability.md");

/// Whether a table of `text` has a row whose first cell is `key` and whose second begins with `title`.
fn has_row(text: &str, key: &str, title: &str) -> bool {
    text.lines()
        .any(|line| line.starts_with(&format!("| {key} | {title}")))
}

#[test]
fn every_rejection_code_is_explained() {
    for (reason, title) in RejectReason::LIST {
        assert!(
            has_row(FORMATS, &reason.code(), title),
            "docs/formats.md lacks: | {} | {title}",
            reason.code()
        );
    }
}

#[test]
fn every_quality_flag_is_explained() {
    for (number, title) in Flags::LIST {
        assert!(
            has_row(FORMATS, &format!("Q{number:02}"), title),
            "docs/formats.md lacks: | Q{number:02} | {title}"
        );
    }
}

#[test]
fn every_input_column_is_explained() {
    for column in COLUMNS {
        let stands = FORMATS.lines().filter(|l| l.starts_with("| `")).any(|l| {
            let first = l.split(" | ").next().unwrap_or_default();
            first.contains(&format!("`{column}`"))
        });
        assert!(stands, "docs/formats.md has no row for {column}");
    }
}

#[test]
fn every_column_of_the_reference_data_is_explained() {
    for (file, columns) in crate::reference::COLUMNS {
        let heading = format!("### `{file}`\n");
        let (_, section) = FORMATS
            .split_once(&heading)
            .unwrap_or_else(|| panic!("docs/formats.md lacks {heading}"));
        let section = section.split("\n#").next().unwrap_or_default();
        let explained: Vec<(&str, bool)> = section
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "))
            .map(|(column, rest)| (column, rest.starts_with("yes | ")))
            .collect();
        assert_eq!(explained, columns, "docs/formats.md on {file}");
    }
}

#[test]
fn every_exit_code_is_explained() {
    for code in [
        "0", "2", "3", "4", "5", "6", "7", "8", "9", "10", "70", "130, 143",
    ] {
        assert!(
            has_row(RELIABILITY, code, ""),
            "docs/reliability.md lacks exit code {code}"
        );
    }
}

#[test]
fn every_key_for_machines_is_explained() {
    let keys = |value: serde_json::Value| {
        value
            .as_object()
            .expect("an object")
            .keys()
            .cloned()
            .collect::<Vec<String>>()
    };
    for key in keys(serde_json::to_value(Status::default()).expect("JSON")) {
        let stands = RELIABILITY
            .lines()
            .filter(|line| line.starts_with("| `"))
            .any(|line| {
                let first = line.split(" | ").next().unwrap_or_default();
                first.contains(&format!("`{key}`"))
            });
        assert!(
            stands,
            "docs/reliability.md has no row for {key} of status.json"
        );
    }
    let (_, log) = RELIABILITY
        .split_once("`log/<run_id>-<n>.json` is never replaced")
        .expect("a paragraph on the log");
    for key in keys(serde_json::to_value(Execution::default()).expect("JSON")) {
        assert!(
            log.contains(&format!("`{key}`")),
            "docs/reliability.md does not name {key} of the log"
        );
    }
}

#[test]
fn every_field_of_a_table_mapping_is_explained() {
    let (_, section) = FORMATS
        .split_once("## Tables of your own: the mapping file")
        .expect("a section on mapping files");
    for field in Field::ALL {
        let stands = section.lines().filter(|l| l.starts_with("| `")).any(|l| {
            let first = l.split(" | ").next().unwrap_or_default();
            first.contains(&format!("`{}`", field.code()))
        });
        assert!(
            stands,
            "docs/formats.md has no row for the mapping field {}",
            field.code()
        );
    }
}

//! Files as spreadsheets, old programs and folders of other systems leave them: what is read of them, and what is told.

use super::mapping::Mapping;
use super::tests::{read_with, vocabulary};
use super::*;
use crate::model::mode::{Mode, RecordStatus};
use crate::model::time::instant_text;

const HEAD: &str = "movement_id,shipment_id,mode,origin,destination,departed_at,cargo_mass_kg";

fn row(id: u32) -> String {
    format!("M{id},S{id},sea,CNQZH,SGSIN,2024-03-05T08:00:00Z,12.5")
}

fn opened(name: &str, text: &str, mapping: Mapping) -> Result<(FileInfo, Parsed), FileFault> {
    read_with(name, text.as_bytes(), mapping, vocabulary())
}

/// Ids of the accepted rows with their numbers, and the rejections.
fn outcome(text: &str, mapping: Mapping) -> (Vec<(String, u64)>, Vec<String>) {
    let parsed = opened("a.csv", text, mapping).unwrap().1;
    let batch = &parsed.batch;
    assert!(batch.rejects.is_empty());
    let rows = (0..batch.len()).map(|i| (batch.movement_id.str(i).to_owned(), batch.row[i]));
    let rejects = parsed.unplaced.iter();
    (
        rows.collect(),
        rejects
            .map(|r| format!("{} {} {}", r.row, r.reject.reason.code(), r.reject.wanted))
            .collect(),
    )
}

fn rows(text: &str, mapping: Mapping) -> Vec<(String, u64)> {
    let (rows, rejects) = outcome(text, mapping);
    assert!(rejects.is_empty(), "{rejects:?}");
    rows
}

fn numbered(numbers: &[u64]) -> Vec<(String, u64)> {
    (1..)
        .zip(numbers)
        .map(|(id, &n)| (format!("M{id}"), n))
        .collect()
}

#[test]
fn heads_in_other_letters_are_read_in_every_format() {
    let text = format!(
        "{}\n{}\n",
        HEAD.to_uppercase().replace('_', "\u{a0}"),
        row(1)
    );
    let (info, parsed) = opened("a.csv", &text, Mapping::default()).unwrap();
    assert_eq!(
        (parsed.batch.mass_g[0], info.unknown_columns.len()),
        (12_500, 0)
    );
    let json = r#"{"Movement ID":"M1","shipmentId":"S1","MODE":"sea","origin":"CNQZH","destination":"SGSIN","departed-at":"2024-03-05T08:00:00Z","cargo_mass\u200b_kg":12.5,"distance":7}"#;
    let (info, parsed) = opened("a.ndjson", json, Mapping::default()).unwrap();
    assert!(parsed.unplaced.is_empty() && parsed.batch.rejects.is_empty());
    assert_eq!(parsed.batch.mass_g[0], 12_500);
    assert_eq!(info.warnings.len(), 1);
    assert!(
        info.warnings[0].contains("\"distance\" is not read"),
        "{:?}",
        info.warnings
    );
    let twice = format!("{json}\n{}\n", json.replace("MODE", "mode"));
    let fault = opened("a.ndjson", &twice, Mapping::default())
        .unwrap_err()
        .to_string();
    assert!(fault.contains("\"MODE\" and \"mode\""), "{fault}");
}

#[test]
fn blank_rows_are_counted_and_no_rows() {
    let text = format!(
        "{HEAD}\n,,,,,,\n{}\n , ,\"\",,,,\n,,\n   \n{}\n,,,,,,\n",
        row(1),
        row(2)
    );
    let (_, parsed) = opened("a.csv", &text, Mapping::default()).unwrap();
    assert_eq!((parsed.rows, parsed.blank), (2, 5));
    assert_eq!(
        parsed.batch.row,
        [2, 6],
        "a row keeps its place among all records"
    );
    assert_eq!(
        rows(&format!(",,,\n{HEAD}\n{}\n", row(1)), Mapping::default()),
        numbered(&[1])
    );
    // An inch mark in the file sends the cut through the same scan.
    let text = format!("{HEAD},remark\n,,,,,,,\n{},40\" HC\n", row(1));
    assert_eq!(rows(&text, Mapping::default()), numbered(&[2]));
}

#[test]
fn inch_marks_line_ends_and_the_delimiter_line() {
    let text = format!("{HEAD},remark\n{},box 40\" HC\n{},5'10\"\n", row(1), row(2));
    assert_eq!(rows(&text, Mapping::default()), numbered(&[1, 2]));
    let cr = format!("{HEAD}\r{}\r{}", row(1), row(2));
    assert_eq!(rows(&cr, Mapping::default()), numbered(&[1, 2]));
    let said = format!("sep=;\r\n{HEAD}\r\n{}\r\n", row(1)).replace(',', ";");
    assert_eq!(rows(&said, Mapping::default()), numbered(&[1]));
    assert_eq!(
        rows(
            &format!("{HEAD}\n{}\n", row(1)).replace(',', ";"),
            semicolons()
        ),
        numbered(&[1])
    );
}

fn semicolons() -> Mapping {
    Mapping {
        delimiter: b';',
        ..Mapping::default()
    }
}

#[test]
fn lines_above_the_head_and_footers() {
    let text = format!(
        "Report of 5 March\n\n{HEAD}\n{}\n{}\nTotal,2 rows\n\nend\n",
        row(1),
        row(2)
    );
    let fault = opened("a.csv", &text, Mapping::default())
        .unwrap_err()
        .to_string();
    assert!(
        fault.contains("line 3 has the columns with [csv] head_row = 3"),
        "{fault}"
    );
    let told = Mapping {
        head_row: Some(3),
        ..Mapping::default()
    };
    let (found, rejects) = outcome(&text, told.clone());
    assert_eq!(found, numbered(&[1, 2]));
    assert_eq!(rejects.len(), 2);
    assert!(
        rejects[1].ends_with("[csv] skip_footer leaves out lines at the end of the file"),
        "{rejects:?}"
    );
    let both = Mapping {
        skip_footer: 2,
        ..told.clone()
    };
    assert_eq!(rows(&text, both), numbered(&[1, 2]));
    let all = Mapping {
        skip_footer: 9,
        ..told
    };
    assert!(rows(&text, all).is_empty());
    let beyond = Mapping {
        head_row: Some(99),
        ..Mapping::default()
    };
    let fault = opened("a.csv", &text, beyond).unwrap_err().to_string();
    assert!(fault.contains("there is no line 99"), "{fault}");
    let other = format!("{HEAD}\n").replace(',', ";");
    let fault = opened("a.csv", &other, Mapping::default())
        .unwrap_err()
        .to_string();
    assert!(fault.contains("[formats] delimiter = \";\""), "{fault}");
}

#[test]
fn a_footer_may_begin_in_the_block_before() {
    let lines: Vec<String> = (1..=90_000).map(row).collect();
    let text = format!("{HEAD}\n{}\n", lines.join("\n"));
    assert!(text.len() > stream::BLOCK);
    for skip in [1, 5, 30_000] {
        let mapping = Mapping {
            skip_footer: skip,
            ..Mapping::default()
        };
        let found = opened("a.csv", &text, mapping).unwrap().1;
        assert_eq!(found.rows, 90_000 - skip);
        assert_eq!(found.batch.row.last().copied(), Some(90_000 - skip));
    }
}

#[test]
fn json_arrays_and_exponents() {
    let record = |id: u32, mass: &str| {
        format!(
            "{{\n \"movement_id\":\"M{id}\",\"shipment_id\":\"S{id}\",\"mode\":\"sea\",\"origin\":\"CNQZH\",\n \"destination\":\"SGSIN\",\"departed_at\":\"2024-03-05T08:00:00Z\",\"cargo_mass_kg\":{mass}}}"
        )
    };
    let text = format!("[{},\n{}]\n", record(1, "1.9746E4"), record(2, "7"));
    let parsed = opened("a.json", &text, Mapping::default()).unwrap().1;
    assert_eq!(parsed.rows, 2);
    assert!(
        parsed.batch.rejects[0]
            .wanted
            .contains("[formats] exponents = \"read\""),
        "{:?}",
        parsed.batch.rejects
    );
    let mapping = Mapping {
        reads_exponents: true,
        ..Mapping::default()
    };
    let parsed = opened("a.json", &text, mapping).unwrap().1;
    assert!(parsed.batch.rejects.is_empty());
    assert_eq!(parsed.batch.mass_g, [19_746_000, 7_000]);
    assert_eq!(parsed.batch.row, [1, 2]);
    let cut_off = &text[..text.len() - 2];
    let fault = opened("a.json", cut_off, Mapping::default()).unwrap_err();
    assert!(fault.message.contains("a closing bracket"), "{fault}");
    assert_eq!(
        opened("a.json", "[]", Mapping::default()).unwrap().1.rows,
        0
    );
    let mixed = format!("[{}, 7]", record(1, "7"));
    let parsed = opened("a.ndjson", &mixed, Mapping::default()).unwrap().1;
    assert_eq!((parsed.batch.len(), parsed.unplaced.len()), (1, 1));
}

#[test]
fn folders_give_columns() {
    let head = HEAD.replace("mode,", "");
    let text = format!("{head}\n{}\n", row(1).replace("sea,", ""));
    let parsed = opened("in/mode=truck/part-0.csv", &text, Mapping::default())
        .unwrap()
        .1;
    assert_eq!(
        parsed.batch.mode,
        [Mode::Road],
        "a word of theirs like any other"
    );
    let parsed = opened("in/mode=ship/part-0.csv", &text, Mapping::default())
        .unwrap()
        .1;
    assert!(
        parsed.batch.rejects[0]
            .wanted
            .ends_with("the value stands in the name of the folder")
    );
    let (info, parsed) = opened(
        "in/mode=rail/a.csv",
        &format!("{HEAD}\n{}\n", row(1)),
        Mapping::default(),
    )
    .unwrap();
    assert_eq!(
        parsed.batch.mode,
        [Mode::Sea],
        "the file's own column counts"
    );
    assert_eq!(info.warnings.len(), 1);
}

#[test]
fn cancellations_need_four_columns() {
    let text = "movement_id,shipment_id,recorded_at,record_status\nM1,S1,2026-01-06T00:00:00Z,cancelled\nM2,S2,,active\n";
    let mut mapping = Mapping::default();
    mapping.columns.insert("carrier".into(), "Line".into());
    let parsed = opened("a.csv", text, mapping).unwrap().1;
    assert_eq!(parsed.batch.record_status[0], RecordStatus::Cancelled);
    let rejects: Vec<String> = parsed
        .batch
        .rejects
        .iter()
        .map(|r| format!("{} {} {}", r.reason.code(), r.column, r.wanted))
        .collect();
    assert_eq!(
        rejects,
        ["R001 mode a value; mode is required; the file lacks the column"]
    );
}

#[test]
fn dates_of_a_spreadsheet() {
    let text = format!(
        "{HEAD}\n{}\n",
        row(1).replace("2024-03-05T08:00:00Z", "45726.4027777778")
    );
    let mapping = |word: &str| Mapping {
        timestamp: vec!["%d/%m/%Y".into(), word.into()],
        zone: Some(jiff::tz::TimeZone::get("Asia/Shanghai").unwrap()),
        ..Mapping::default()
    };
    let parsed = opened("a.csv", &text, mapping("excel")).unwrap().1;
    assert_eq!(
        instant_text(parsed.batch.departed_at[0]),
        "2025-03-10T01:40:00Z"
    );
    let parsed = opened("a.csv", &text, mapping("%Y")).unwrap().1;
    assert_eq!(parsed.batch.rejects[0].reason.code(), "R004");
}

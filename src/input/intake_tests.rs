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
    let text = "movement_id,shipment_id,recorded_at,record_status\nM1,S1,2026-01-06T00:00:00Z,cancelled\nM2,S2,,active\nM3,S3,,CANCELLED\n";
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
        [
            "R001 mode a value; mode is required; the file lacks the column",
            "R006 record_status active or cancelled; [values.record_status] translates other words"
        ]
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

/// What the one row of a file is told.
fn told(head: &str, cells: &str, mapping: Mapping) -> (String, String) {
    let text = format!("{head}\n{cells}\n");
    let parsed = opened("a.csv", &text, mapping).unwrap().1;
    let of_batch = parsed.batch.rejects.first();
    let reject = of_batch
        .or(parsed.unplaced.first().map(|r| &r.reject))
        .unwrap();
    (reject.reason.code(), reject.wanted.clone())
}

#[test]
fn rejections_name_the_key_that_would_help() {
    let mass = |cell: &str| row(1).replace("12.5", cell);
    let time = |cell: &str| row(1).replace("2024-03-05T08:00:00Z", cell);
    for (cells, code, key) in [
        (
            mass("\"12,5\""),
            "R002",
            "with [formats] decimal = \",\" it is one",
        ),
        (
            mass("\"12,500.5\""),
            "R002",
            "with [formats] thousands = \",\" it is one",
        ),
        (
            mass("12.500,5").replace("12.500,5", "\"12.500,5\""),
            "R002",
            "decimal = \",\", thousands = \".\"",
        ),
        (mass("12'500"), "R002", "thousands = \"'\""),
        (mass("12\u{a0}500.5"), "R002", r#"thousands = "\u{a0}""#),
        // A thousand times the one is the other.
        (
            mass("\"12,500\""),
            "R002",
            "[formats] decimal and thousands say what its marks are",
        ),
        (
            time("2024-03-05 08:00"),
            "R004",
            "[formats] timestamp takes patterns",
        ),
        (
            time("45356.333"),
            "R004",
            "[formats] timestamp = [\"excel\"]",
        ),
    ] {
        let (found, wanted) = told(HEAD, &cells, Mapping::default());
        assert_eq!(found, code, "{cells}");
        assert!(wanted.contains(key), "{cells}: {wanted}");
    }
    let (_, wanted) = told(HEAD, &mass("12 t"), Mapping::default());
    assert!(
        !wanted.contains("[formats]"),
        "nothing reads a unit: {wanted}"
    );
    for total in ["Total,,,,,,12.5", ",Total,,,,,12.5"] {
        let text = format!("{HEAD}\n{}\n{total}\n", row(1));
        let parsed = opened("a.csv", &text, Mapping::default()).unwrap().1;
        let of_batch = parsed.batch.rejects.first();
        let reject = of_batch
            .or(parsed.unplaced.first().map(|r| &r.reject))
            .unwrap();
        assert!(
            reject.wanted.contains("[csv] skip_footer"),
            "{total}: {}",
            reject.wanted
        );
    }
}

#[test]
fn encodings_that_nobody_named_are_told() {
    let text = format!("{HEAD}\n{}\n", row(1));
    let wide = |mark: &[u8], swap: bool| -> Vec<u8> {
        let units = text
            .encode_utf16()
            .map(|u| if swap { u.swap_bytes() } else { u });
        mark.iter()
            .copied()
            .chain(units.flat_map(u16::to_le_bytes))
            .collect()
    };
    for (bytes, name) in [
        (wide(&[0xff, 0xfe], false), "utf-16le"),
        (wide(&[], false), "utf-16le"),
        (wide(&[0xfe, 0xff], true), "utf-16be"),
    ] {
        for file in ["a.csv", "a.ndjson"] {
            let fault = read_with(file, &bytes, Mapping::default(), vocabulary()).unwrap_err();
            let wanted = format!("[formats] encoding = {name:?}");
            assert!(fault.message.contains(&wanted), "{file}: {fault}");
        }
        let mapping = Mapping {
            encoding: encoding_rs::Encoding::for_label(name.as_bytes()).unwrap(),
            ..Mapping::default()
        };
        let read = read_with("a.csv", &bytes, mapping, vocabulary()).unwrap();
        assert_eq!(read.1.batch.movement_id.str(0), "M1");
    }
    let latin = [
        text.replace("M1", "M\u{fc}1")
            .replace('\u{fc}', "?")
            .as_bytes(),
        b"",
    ]
    .concat();
    let latin: Vec<u8> = latin
        .iter()
        .map(|b| if *b == b'?' { 0xfc } else { *b })
        .collect();
    let (_, parsed) = read_with("a.csv", &latin, Mapping::default(), vocabulary()).unwrap();
    let reject = &parsed.batch.rejects[0];
    assert!(
        reject.wanted.contains("[formats] encoding"),
        "{}",
        reject.wanted
    );
}

#[test]
fn values_of_formulas_without_a_result_are_refused_in_every_format_and_column() {
    let cells = |column: usize, value: &str| {
        let row = row(1);
        let mut cells: Vec<&str> = row.split(',').collect();
        cells[column] = value;
        cells.join(",")
    };
    for column in [0, 2, 3, 5, 6] {
        let (code, wanted) = told(HEAD, &cells(column, "#N/A"), Mapping::default());
        assert_eq!(code, "R016", "{column}: {wanted}");
        assert!(wanted.contains("a formula without a result"), "{wanted}");
    }
    let record = r##"{"movement_id":"M1","shipment_id":"S1","mode":"sea","origin":"CNQZH","destination":"SGSIN","departed_at":"2024-03-05T08:00:00Z","carrier":"#REF!"}"##;
    let (_, parsed) = opened("a.ndjson", record, Mapping::default()).unwrap();
    assert_eq!(parsed.batch.rejects[0].reason.code(), "R016");
    let mut mapping = Mapping::default();
    let none = [("#N/A".to_owned(), String::new())].into();
    mapping.values.insert("cargo_mass_kg".to_owned(), none);
    assert_eq!(
        rows(&format!("{HEAD}\n{}\n", cells(6, "#N/A")), mapping),
        [("M1".into(), 1)]
    );
}

#[test]
fn heads_that_exports_use_are_told_where_nothing_fills_the_column() {
    let warnings = |head: &str, mapping: Mapping| {
        let text = format!("{}\n{}\n", HEAD.replace("cargo_mass_kg", head), row(1));
        opened("a.csv", &text, mapping)
            .unwrap()
            .0
            .warnings
            .join("; ")
    };
    for head in ["Gross Weight", "weight_kg", "Bruttogewicht", "毛重(吨)"] {
        let told = warnings(head, Mapping::default());
        assert!(
            told.contains("is what exports call cargo_mass_kg"),
            "{head}: {told}"
        );
    }
    // Which nobody has to map, or which is filled.
    assert_eq!(warnings("Status", Mapping::default()), "");
    let mut mapping = Mapping::default();
    mapping
        .constants
        .insert("cargo_mass_kg".into(), "12".into());
    assert_eq!(warnings("Gross Weight", mapping), "");
    assert_eq!(
        rows(
            &format!(
                "{}\n{}\n",
                HEAD.replace("cargo_mass_kg", "ｃａｒｇｏ＿ｍａｓｓ＿ｋｇ"),
                row(1)
            ),
            Mapping::default()
        )
        .len(),
        1
    );
    let blank = format!("{HEAD}\n{}\n\u{a0},\u{3000},,,,,\n{}\n", row(1), row(2));
    assert_eq!(rows(&blank, Mapping::default()), numbered(&[1, 3]));
}

#[test]
fn keys_inside_others_that_look_like_columns_are_told() {
    let text = r#"{"movement_id":"1","shipment":{"id":"S","note":"x"},"shipment_id":"S","mode":"sea","origin":"CNQZH","destination":"SGSIN","departed_at":"2026-01-06T00:00:00Z","cargo":{"mass_kg":17,"pieces":3},"legs":[{"teu":1}]}"#;
    let (info, parsed) = opened("a.ndjson", text, Mapping::default()).unwrap();
    assert_eq!(parsed.batch.mass_g, [0]);
    assert_eq!(
        info.warnings,
        [
            "key \"cargo.mass_kg\" lies in an object and is not read, though it comes close to cargo_mass_kg; only keys of the record itself are"
        ]
    );
}

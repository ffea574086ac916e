//! Movement records in a workbook made part by part, so that each cell can hold what a spreadsheet program would write.

use crate::input::mapping::Mapping;
use crate::input::tests::{read_with, vocabulary};
use std::io::{Cursor, Write};

const WORKBOOK: &str =
    r#"<workbook xmlns:r="r"><sheets><sheet name="moves" r:id="rId1"/></sheets></workbook>"#;
const RELATIONS: &str = r#"<Relationships><Relationship Id="rId1" Type="x/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;
const STYLES: &str = r#"<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="22"/><xf numFmtId="9"/></cellXfs></styleSheet>"#;
const HEAD: [&str; 7] = [
    "movement_id",
    "shipment_id",
    "mode",
    "origin",
    "destination",
    "departed_at",
    "cargo_mass_kg",
];

fn text(name: &str, text: &str) -> String {
    format!(r#"<c r="{name}" t="inlineStr"><is><t>{text}</t></is></c>"#)
}

fn row(number: u32, last: &str) -> String {
    let id = number.to_string();
    let cells: String = ["A", "B", "C", "D", "E"]
        .iter()
        .zip([id.as_str(), id.as_str(), "sea", "CNQZH", "SGSIN"])
        .map(|(column, value)| text(&format!("{column}{number}"), value))
        .collect();
    format!(
        r#"<row r="{number}">{cells}<c r="F{number}" s="1"><v>45726.4027777778</v></c>{last}</row>"#
    )
}

fn workbook(rows: &str) -> Vec<u8> {
    let head: String = HEAD
        .iter()
        .zip('A'..)
        .map(|(name, column)| text(&format!("{column}1"), name))
        .collect();
    let sheet =
        format!(r#"<worksheet><sheetData><row r="1">{head}</row>{rows}</sheetData></worksheet>"#);
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, part) in [
        ("xl/workbook.xml", WORKBOOK),
        ("xl/_rels/workbook.xml.rels", RELATIONS),
        ("xl/styles.xml", STYLES),
        ("xl/worksheets/sheet1.xml", &sheet),
    ] {
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file(name, options).unwrap();
        zip.write_all(part.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn rows_are_read_with_the_digits_that_were_typed() {
    let rows = [
        row(2, r#"<c r="G2"><v>19746.349999999999</v></c>"#),
        row(5, r#"<c r="G5"><v>1.25E1</v></c>"#),
    ];
    let bytes = workbook(&rows.concat());
    let (info, parsed) = read_with("a.xlsm", &bytes, Mapping::default(), vocabulary()).unwrap();
    assert_eq!(info.format, "xlsx");
    assert!(parsed.unplaced.is_empty() && parsed.batch.rejects.is_empty());
    assert_eq!(parsed.batch.mass_g, [19_746_350, 12_500]);
    assert_eq!((parsed.batch.row, parsed.blank), (vec![1, 4], 2));
    let at = crate::model::time::instant_text(parsed.batch.departed_at[0]);
    assert_eq!(at, "2025-03-10T09:40:00Z");
}

#[test]
fn cells_that_a_person_sees_otherwise_reject_their_row() {
    for (cell, wanted) in [
        (r#"<c r="G2" s="2"><v>0.85</v></c>"#, "percentage"),
        (r#"<c r="G2"><f>1+1</f></c>"#, "saved without"),
        (r#"<c r="G2" t="e"><v>#N/A</v></c>"#, "without a result"),
        (r#"<c r="G2" s="1"><v>45726</v></c>"#, "holds a date"),
    ] {
        let bytes = workbook(&row(2, cell));
        let (_, parsed) = read_with("a.xlsx", &bytes, Mapping::default(), vocabulary()).unwrap();
        let reject = &parsed.batch.rejects[0];
        assert!(reject.wanted.contains(wanted), "{}", reject.wanted);
        assert!(reject.wanted.contains("moves!G2"), "{}", reject.wanted);
    }
}

#[test]
fn numbers_of_rows_are_never_believed() {
    let bytes = workbook(r#"<row r="4294967295"><c r="A4294967295"><v>1</v></c></row>"#);
    let fault = read_with("a.xlsx", &bytes, Mapping::default(), vocabulary()).unwrap_err();
    assert!(fault.message.contains("up to 1048576"), "{fault}");
}

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

fn head(number: u32) -> String {
    let cells: String = (HEAD.iter().zip('A'..))
        .map(|(name, column)| text(&format!("{column}{number}"), name))
        .collect();
    format!(r#"<row r="{number}">{cells}</row>"#)
}

fn sheet(rows: &str, behind: &str) -> String {
    format!("<worksheet><sheetData>{rows}</sheetData>{behind}</worksheet>")
}

fn workbook(rows: &str) -> Vec<u8> {
    let sheet = sheet(&(head(1) + rows), "");
    parts(&[
        ("xl/workbook.xml", WORKBOOK),
        ("xl/_rels/workbook.xml.rels", RELATIONS),
        ("xl/styles.xml", STYLES),
        ("xl/worksheets/sheet1.xml", &sheet),
    ])
}

/// Sheets with their state and content.
fn sheets(list: &[(&str, &str, String)]) -> Vec<u8> {
    let (mut names, mut targets, mut files) = (String::new(), String::new(), Vec::new());
    for (at, (name, state, content)) in list.iter().enumerate() {
        names += &format!(r#"<sheet name="{name}" state="{state}" r:id="rId{at}"/>"#);
        targets += &format!(
            r#"<Relationship Id="rId{at}" Type="x/worksheet" Target="worksheets/s{at}.xml"/>"#
        );
        files.push((format!("xl/worksheets/s{at}.xml"), content.clone()));
    }
    let book = format!(r#"<workbook xmlns:r="r"><sheets>{names}</sheets></workbook>"#);
    let relations = format!("<Relationships>{targets}</Relationships>");
    let mut all = vec![
        ("xl/workbook.xml", book.as_str()),
        ("xl/_rels/workbook.xml.rels", relations.as_str()),
        ("xl/styles.xml", STYLES),
    ];
    all.extend(
        files
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str())),
    );
    parts(&all)
}

fn parts(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, part) in parts.iter().copied() {
        // Where other programs look for it without unpacking anything.
        let method = match name {
            "mimetype" => zip::CompressionMethod::Stored,
            _ => zip::CompressionMethod::Deflated,
        };
        let options = zip::write::SimpleFileOptions::default().compression_method(method);
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
fn days_are_counted_as_the_workbook_counts_them_or_not_at_all() {
    let old = WORKBOOK.replace("<sheets>", r#"<workbookPr date1904="1"/><sheets>"#);
    let rows = sheet(&(head(1) + &row(2, "")), "");
    for (book, word, want) in [
        (WORKBOOK, "excel", Ok("2025-03-10T09:40:00Z")),
        (&*old, "excel-1904", Ok("2029-03-11T09:40:00Z")),
        (WORKBOOK, "excel-1904", Err("counts days from 1900")),
        (&*old, "excel", Err("counts days from 1904")),
    ] {
        let bytes = parts(&[
            ("xl/workbook.xml", book),
            ("xl/_rels/workbook.xml.rels", RELATIONS),
            ("xl/styles.xml", STYLES),
            ("xl/worksheets/sheet1.xml", &rows),
        ]);
        let mapping = Mapping {
            timestamp: vec![word.to_owned()],
            ..Mapping::default()
        };
        let read = read_with("a.xlsx", &bytes, mapping, vocabulary());
        let at = |(_, parsed): (_, crate::input::Parsed)| {
            crate::model::time::instant_text(parsed.batch.departed_at[0])
        };
        match want {
            Ok(time) => assert_eq!(read.map(at).unwrap(), time, "{word}"),
            Err(why) => assert!(read.unwrap_err().message.contains(why), "{word}"),
        }
    }
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

#[test]
fn joined_cells_are_read_in_no_row_but_their_first() {
    let mass = |row: u32| format!(r#"<c r="G{row}"><v>12000</v></c>"#);
    let rows = head(1) + &row(2, &mass(2)) + &row(3, "") + &row(4, &mass(4));
    let joined = r#"<mergeCells count="1"><mergeCell ref="G2:G3"/></mergeCells>"#;
    let bytes = sheets(&[("moves", "visible", sheet(&rows, joined))]);
    let (_, parsed) = read_with("a.xlsx", &bytes, Mapping::default(), vocabulary()).unwrap();
    assert_eq!(parsed.batch.mass_g[0], 12_000_000);
    let [reject] = parsed.batch.rejects.as_slice() else {
        panic!("one of three rows: {:?}", parsed.batch.rejects);
    };
    assert_eq!(reject.value, "12000");
    assert!(
        reject.wanted.contains("joined with G2"),
        "{}",
        reject.wanted
    );
    assert!(reject.wanted.contains("moves!G3"), "{}", reject.wanted);
    // A title that is joined over the table is no cell of it.
    let title = text("A1", "Movements of March");
    let rows = format!(r#"<row r="1">{title}</row>"#) + &head(2) + &row(3, &mass(3));
    let joined = r#"<mergeCells count="1"><mergeCell ref="A1:G1"/></mergeCells>"#;
    let bytes = sheets(&[("moves", "visible", sheet(&rows, joined))]);
    let mut mapping = Mapping::default();
    let fault = read_with("a.xlsx", &bytes, mapping.clone(), vocabulary()).unwrap_err();
    assert!(fault.message.contains("[xlsx] head_row = 2"), "{fault}");
    mapping.xlsx.head_row = Some(2);
    let (_, parsed) = read_with("a.xlsx", &bytes, mapping, vocabulary()).unwrap();
    assert_eq!((parsed.batch.len(), parsed.batch.rejects.len()), (1, 0));
}

#[test]
fn the_sheet_that_is_read_is_said_or_the_only_one() {
    let moves = |ids: std::ops::Range<u32>| {
        let rows: String = ids.map(|id| row(id, "")).collect();
        sheet(&(head(1) + &rows), "")
    };
    let note = sheet(&format!(r#"<row r="1">{}</row>"#, text("A1", "a note")), "");
    let read = |list: &[(&str, &str, String)], wanted: Option<&str>| {
        let mut mapping = Mapping::default();
        mapping.xlsx.sheet = wanted.map(str::to_owned);
        let read = read_with("a.xlsx", &sheets(list), mapping, vocabulary());
        read.map(|(info, parsed)| (parsed.batch.len(), info.warnings.join("; ")))
            .map_err(|fault| fault.message)
    };
    let cover = ("cover", "visible", note);
    let (one, two) = (
        ("March", "visible", moves(2..4)),
        ("April", "visible", moves(2..5)),
    );
    let hidden = ("old", "hidden", moves(2..9));
    let (rows, warnings) = read(&[cover.clone(), one.clone(), hidden.clone()], None).unwrap();
    assert_eq!(rows, 2);
    assert!(
        warnings.contains(r#"sheet "March" is read, not "cover" and "old" (hidden)"#),
        "{warnings}"
    );
    let both = [one.clone(), two.clone()];
    let fault = read(&both, None).unwrap_err();
    assert!(
        fault.contains(r#"[xlsx] sheet = "March" says which one is read"#),
        "{fault}"
    );
    assert_eq!(read(&both, Some("April")).unwrap().0, 3);
    assert_eq!(
        read(&[one.clone(), hidden], Some("old")).unwrap().0,
        7,
        "named, though hidden"
    );
    let fault = read(&[one], Some("Mai")).unwrap_err();
    assert!(
        fault.contains(r#"there is no sheet "Mai""#) && fault.contains(r#""March""#),
        "{fault}"
    );
}

#[test]
fn workbooks_of_other_kinds_are_refused_as_what_they_are() {
    let old: Vec<u8> = [
        &[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1][..],
        &[0; 600],
    ]
    .concat();
    let wide: Vec<u8> = "EncryptedPackage".bytes().flat_map(|b| [b, 0]).collect();
    let locked = [old.clone(), wide].concat();
    let binary = parts(&[("xl/workbook.bin", "x")]);
    let open = parts(&[("mimetype", "application/vnd.oasis.opendocument.spreadsheet")]);
    let web = b"<html><table><tr><td>movement_id</td></tr></table></html>".to_vec();
    for (name, bytes, what) in [
        ("a.xls", &old, "Excel 97 to 2003 (XLS)"),
        ("a.xlsx", &old, "Excel 97 to 2003 (XLS)"),
        ("a.xlsx", &locked, "under a password"),
        ("a.xlsb", &binary, "(XLSB)"),
        ("a.ods", &open, "(ODS)"),
        ("a.xls", &web, "a web page"),
        (
            "a.xlsx",
            &b"movement_id,shipment_id".to_vec(),
            "no workbook",
        ),
        ("a.xlsx", &Vec::new(), "no workbook"),
    ] {
        let fault = read_with(name, bytes, Mapping::default(), vocabulary()).unwrap_err();
        assert!(fault.message.contains(what), "{name}: {fault}");
        assert!(!fault.is_shortage, "{fault}");
    }
}

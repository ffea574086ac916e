//! A workbook from its parts, so that each can say what a spreadsheet program would not write.

use super::*;
use crate::model::sheet::{Held, Seen};
use std::io::Write;

const PACKAGE: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const WORKBOOK: &str = r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="lanes" sheetId="1" state="hidden" r:id="rId1"/></sheets></workbook>"#;
const RELATIONS: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;
const STYLES: &str = r#"<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts count="2"><numFmt numFmtId="164" formatCode="000"/><numFmt numFmtId="165" formatCode="0,"/></numFmts><cellXfs count="6"><xf numFmtId="0"/><xf numFmtId="9"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="1"/><xf numFmtId="14"/></cellXfs></styleSheet>"#;
const STRINGS: &str = r#"<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><r><t>85.3</t></r><r><rPr><vertAlign val="superscript"/></rPr><t>1</t></r></si><si><t>plain</t></si></sst>"#;
const SHEET: &str = r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cols><col min="3" max="4" width="9" hidden="1"/></cols><sheetData>
<row r="1"><c r="A1"><f>UPPER("maeu")</f><v/></c><c r="B1" t="str"><f>""</f><v></v></c><c r="C1"><f>1+1</f><v>2</v></c></row>
<row r="2" hidden="1"><c r="A2" s="1"><v>0.85</v></c><c r="B2" s="2"><v>7</v></c><c r="C2" s="3"><v>70500</v></c><c r="D2" s="4"><v>85.25</v></c><c r="E2" s="5"><v>45658</v></c></row>
<row r="3"><c r="A3" t="s"><v>0</v></c><c r="B3" t="s"><v>1</v></c><c r="C3" t="e"><v>#N/A</v></c></row>
</sheetData><mergeCells count="1"><mergeCell ref="B3:B5"/></mergeCells></worksheet>"#;

fn workbook() -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in [
        ("_rels/.rels", PACKAGE),
        ("xl/workbook.xml", WORKBOOK),
        ("xl/_rels/workbook.xml.rels", RELATIONS),
        ("xl/styles.xml", STYLES),
        ("xl/sharedStrings.xml", STRINGS),
        ("xl/worksheets/sheet1.xml", SHEET),
    ] {
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file(name, options).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn what_a_person_sees_otherwise_is_known_of_each_cell() {
    let list = sheets("a.xlsm", &workbook(), UTF_8).unwrap();
    let sheet = &list[0];
    assert_eq!(sheet.text(0, 0), "=UPPER(\"maeu\")");
    assert!(matches!(sheet.seen(0, 0), Seen::Otherwise(why) if why.contains("saved without")));
    // A formula that gives an empty text has a value.
    assert_eq!((sheet.text(0, 1), sheet.seen(0, 1)), ("", &Seen::Text));
    assert_eq!((sheet.text(0, 2), sheet.held(0, 2)), ("2", Held::Number));
    assert_eq!(
        (sheet.text(1, 0), sheet.seen(1, 0)),
        ("0.85", &Seen::Percentage)
    );
    assert_eq!(
        (sheet.text(1, 1), sheet.seen(1, 1)),
        ("7", &Seen::Decorated)
    );
    assert!(matches!(sheet.seen(1, 2), Seen::Otherwise(_)));
    assert_eq!(sheet.seen(1, 3), &Seen::Rounded);
    assert_eq!(
        (sheet.text(1, 4), sheet.held(1, 4)),
        ("2025-01-01", Held::Date)
    );
    assert_eq!(
        (sheet.text(2, 0), sheet.seen(2, 0)),
        ("85.31", &Seen::Decorated)
    );
    assert_eq!((sheet.text(2, 1), sheet.seen(2, 1)), ("plain", &Seen::Text));
    assert_eq!(sheet.text(2, 2), "#N/A");
    assert_eq!(
        (sheet.merged_into(4, 1), sheet.merged_into(2, 1)),
        (Some((2, 1)), None)
    );
    let hidden = Hidden {
        sheet: true,
        rows: vec![1],
        columns: vec![(2, 3)],
    };
    assert_eq!(sheet.hidden, hidden);
}

const UTF_8: CsvForm = CsvForm {
    delimiter: b';',
    encoding: encoding_rs::UTF_8,
};

#[test]
fn rows_of_csv_are_lines() {
    let list = sheets(
        "a/lanes.csv",
        "\u{feff}Lane;WTW\n\n Asia ;\"1\n2\"\nx;3\n".as_bytes(),
        UTF_8,
    )
    .unwrap();
    let sheet = &list[0];
    assert_eq!(
        (sheet.file.as_str(), sheet.name.as_str()),
        ("lanes.csv", "lanes")
    );
    assert_eq!(
        [
            sheet.text(0, 1),
            sheet.text(1, 0),
            sheet.text(2, 0),
            sheet.text(2, 1),
            sheet.text(4, 1)
        ],
        ["WTW", "", "Asia", "1\n2", "3"]
    );
}

#[test]
fn files_that_are_no_tables_are_refused_as_what_they_are() {
    let compound = |inside: &str| {
        let wide = inside.bytes().flat_map(|b| [b, 0]);
        b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"
            .iter()
            .copied()
            .chain(wide)
            .collect::<Vec<u8>>()
    };
    for (name, bytes, wanted) in [
        ("a.xlsx", b"not a zip".to_vec(), "XLSX"),
        ("a.XLS", b"a;b".to_vec(), "XLS"),
        (
            "a.csv",
            b"a\xff".to_vec(),
            "UTF-8, found another byte at offset 1",
        ),
        ("a.csv", b"PK\x03\x04 xl/workbook.bin".to_vec(), "XLSB"),
        (
            "a.xlsx",
            b"PK\x03\x04mimetypeapplication/vnd.oasis.opendocument.spreadsheet".to_vec(),
            "ODS",
        ),
        ("a.xls", compound("Workbook"), "Excel 97"),
        ("a.xlsx", compound("EncryptedPackage"), "password"),
        ("a.xls", b"\n<HTML><table>".to_vec(), "web page"),
        ("a.csv", b"%PDF-1.7".to_vec(), "PDF"),
        ("a.zip", b"PK\x03\x04 x.csv".to_vec(), "ZIP"),
        ("a.xlsx", b"PK\x03\x04 xl/worksheets".to_vec(), "XLSX"),
    ] {
        let found = sheets(name, &bytes, UTF_8).unwrap_err();
        assert!(found.contains(wanted), "{name}: {found}");
    }
}

#[test]
fn csv_in_another_encoding() {
    let form = CsvForm {
        encoding: encoding_rs::WINDOWS_1252,
        ..UTF_8
    };
    let list = sheets("a.csv", b"K\xf6ln;1,5", form).unwrap();
    assert_eq!(list[0].text(0, 0), "Köln");
    let wide = CsvForm {
        encoding: encoding_rs::UTF_16LE,
        ..UTF_8
    };
    assert_eq!(
        sheets("a.csv", b"\xff\xfea\0;\0", wide).unwrap()[0].text(0, 0),
        "a"
    );
}

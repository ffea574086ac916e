//! Which kind of file a table is: by its bytes, since endings lie.

use memchr::memmem;

/// A kind of file that tables come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A workbook of Excel 2007 and later, with macros or without, a template or not.
    Workbook,
    /// Text.
    Text,
}

/// The kind; the error says what a file that is not read is, and what would help.
pub(super) fn kind(name: &str, bytes: &[u8]) -> Result<Kind, String> {
    let has = |needle: &[u8]| memmem::find(bytes, needle).is_some();
    kind_of(name, bytes, has)
}

/// Why a file that is named as a workbook is none that is read, by its beginning and by what is found in it.
pub(crate) fn refusal(name: &str, start: &[u8], has: impl Fn(&[u8]) -> bool) -> Option<String> {
    match kind_of(name, start, has) {
        Ok(Kind::Workbook) => None,
        Ok(Kind::Text) => Some("is no workbook, though it is named as one".to_owned()),
        Err(why) => Some(why),
    }
}

fn kind_of(name: &str, bytes: &[u8], has: impl Fn(&[u8]) -> bool) -> Result<Kind, String> {
    let what = if bytes.starts_with(b"PK\x03\x04") {
        if has(b"xl/workbook.bin") {
            "a binary workbook (XLSB)"
        } else if has(b"application/vnd.oasis.opendocument") {
            "an OpenDocument file (ODS)"
        } else if has(b"xl/") {
            return Ok(Kind::Workbook);
        } else {
            "a ZIP archive"
        }
    } else if bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]) {
        // Names inside are UTF-16.
        let wide: Vec<u8> = "EncryptedPackage".bytes().flat_map(|b| [b, 0]).collect();
        if has(&wide) {
            "a workbook under a password"
        } else {
            "a workbook of Excel 97 to 2003 (XLS)"
        }
    } else if is_markup(bytes) {
        "a web page or XML document, whatever its name says"
    } else if bytes.starts_with(b"%PDF") {
        "a PDF document"
    } else if let Some(ending) = workbook_ending(name) {
        return Err(format!(
            "cannot be read as {}: it is no workbook, though it is named as one",
            ending.to_ascii_uppercase()
        ));
    } else {
        return Ok(Kind::Text);
    };
    Err(format!(
        "is {what}, which is not read; save the table as XLSX or CSV"
    ))
}

fn is_markup(bytes: &[u8]) -> bool {
    let start = bytes.trim_ascii_start();
    let start = start.strip_prefix("\u{feff}".as_bytes()).unwrap_or(start);
    let begins =
        |with: &[u8]| start.len() >= with.len() && start[..with.len()].eq_ignore_ascii_case(with);
    [
        &b"<?xml"[..],
        b"<html",
        b"<!doctype",
        b"<table",
        b"<workbook",
    ]
    .into_iter()
    .any(begins)
}

fn workbook_ending(name: &str) -> Option<&str> {
    let (_, ending) = name.rsplit_once('.')?;
    ["xlsx", "xlsm", "xltx", "xltm", "xls", "xlsb", "ods"]
        .iter()
        .any(|known| ending.eq_ignore_ascii_case(known))
        .then_some(ending)
}

//! Text that another encoding was named for.

use encoding_rs::Encoding;

/// What is wrong with text that was read in the encoding a run file names: every byte of the file would have read without a fault, but beyond ASCII
/// all of it is UTF-8, which text in a code page of one byte a letter is by no accident. `None`: nothing is.
pub(super) fn mistaken(encoding: &'static Encoding, read: &[u8]) -> Option<String> {
    if !encoding.is_single_byte() || read.is_ascii() {
        return None;
    }
    let read = std::str::from_utf8(read).ok()?;
    let (bytes, _, is_lossy) = encoding.encode(read);
    let written = std::str::from_utf8(&bytes).ok().filter(|_| !is_lossy)?;
    let (is, meant) = (first_foreign(read), first_foreign(written));
    Some(format!(
        "its text beyond ASCII is UTF-8, and is read in the encoding {} that the run file names: {is:?} for {meant:?}; without [formats] encoding it is read as it is written",
        encoding.name()
    ))
}

/// The first letters beyond ASCII that stand together.
fn first_foreign(text: &str) -> &str {
    let from = text.find(|c: char| !c.is_ascii()).unwrap_or(text.len());
    let rest = &text[from..];
    &rest[..rest.find(|c: char| c.is_ascii()).unwrap_or(rest.len())]
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::{GB18030, UTF_8, WINDOWS_1252};

    #[test]
    fn text_in_utf_8_is_told_from_that_of_a_code_page() {
        let read = |encoding: &'static Encoding, bytes: &[u8]| {
            let (text, _) = encoding.decode_without_bom_handling(bytes);
            mistaken(encoding, text.as_bytes())
        };
        let told = read(WINDOWS_1252, "a,Krüger & Söhne,b\n".as_bytes()).unwrap();
        assert!(
            told.contains("windows-1252") && told.contains("\"Ã¼\" for \"ü\""),
            "{told}"
        );
        assert_eq!(read(WINDOWS_1252, b"a,Kr\xfcger,b\n"), None);
        assert_eq!(
            read(WINDOWS_1252, b"Kr\xfcger, K\xc3\xbc\n"),
            None,
            "not all of it"
        );
        assert_eq!(read(WINDOWS_1252, b"Krueger\n"), None);
        assert_eq!(read(GB18030, "重庆\n".as_bytes()), None);
        assert_eq!(read(UTF_8, "Krüger\n".as_bytes()), None);
    }
}

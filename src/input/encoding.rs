//! Text that another encoding was named for.

use encoding_rs::Encoding;

/// Letters that may be UTF-8 by chance where a letter has several bytes: two are known to be.
const CHANCE: usize = 5;

/// Whether a file begins with the mark of UTF-8, read in another encoding.
pub(super) fn has_foreign_mark(encoding: &'static Encoding, read: &[u8]) -> bool {
    let (mark, _) = encoding.decode_without_bom_handling(b"\xef\xbb\xbf");
    encoding != encoding_rs::UTF_8
        && encoding.is_ascii_compatible()
        && read.starts_with(mark.as_bytes())
}

/// What is wrong with text that was read in the encoding a run file names: every byte of the file would have read without a fault, but beyond ASCII
/// all of it is UTF-8, which text in a code page of one byte a letter is by no accident, nor more than a word or two of other ones.
/// `None`: nothing is.
pub(super) fn mistaken(encoding: &'static Encoding, read: &[u8]) -> Option<String> {
    if encoding == encoding_rs::UTF_8 || !encoding.is_ascii_compatible() || read.is_ascii() {
        return None;
    }
    let read = std::str::from_utf8(read).ok()?;
    let (bytes, _, is_lossy) = encoding.encode(read);
    let written = std::str::from_utf8(&bytes).ok().filter(|_| !is_lossy)?;
    let least = if encoding.is_single_byte() { 1 } else { CHANCE };
    let is_foreign = |c: &char| !c.is_ascii();
    if written.chars().filter(is_foreign).take(least).count() < least {
        return None;
    }
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
        assert_eq!(read(GB18030, "联通\n".as_bytes()), None, "valid in both");
        let told = read(GB18030, "重庆,上海,钦州\n".as_bytes()).unwrap();
        assert!(
            told.contains("gb18030") && told.contains("for \"重庆\""),
            "{told}"
        );
        let (text, _, _) = GB18030.encode("重庆,新加坡,钦州,上海\n");
        assert_eq!(read(GB18030, &text), None);
        assert!(has_foreign_mark(WINDOWS_1252, "ï»¿a".as_bytes()));
        assert!(
            !has_foreign_mark(WINDOWS_1252, b"a")
                && !has_foreign_mark(UTF_8, "\u{feff}a".as_bytes())
        );
        assert_eq!(read(UTF_8, "Krüger\n".as_bytes()), None);
    }
}

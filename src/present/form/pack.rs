//! Data that travels inside the page: JSON, compressed, in letters that mean nothing to HTML.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::{Compression, GzBuilder};
use serde::Serialize;
use std::io::{Error, Write};

/// `value` as gzip in base64. The same value gives the same text: the header holds no time.
pub(crate) fn packed(value: &impl Serialize) -> Result<String, Error> {
    let mut gzip = GzBuilder::new()
        .mtime(0)
        .write(Vec::new(), Compression::best());
    serde_json::to_writer(&mut gzip, value)?;
    gzip.flush()?;
    Ok(STANDARD.encode(gzip.finish()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn what_is_packed_comes_out_again() {
        let text = packed(&["</script><!--", "=1+1"]).unwrap();
        assert!(
            text.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b)),
            "{text}"
        );
        let mut json = String::new();
        flate2::read::GzDecoder::new(STANDARD.decode(&text).unwrap().as_slice())
            .read_to_string(&mut json)
            .unwrap();
        assert_eq!(json, r#"["</script><!--","=1+1"]"#);
        assert_eq!(text, packed(&["</script><!--", "=1+1"]).unwrap());
    }
}

//! Compressed files. What one becomes is bounded by what it is: a few bytes can be unpacked to more than anybody waits for.

use std::fs::File;
use std::io::{self, BufReader, Read};

/// What any file may become.
pub(crate) const SMALL: u64 = 256 << 20;
/// Bytes of a byte. Exports come to 10 or 20, rows that differ in a running number alone to 120.
const OF_A_BYTE: u64 = 300;
/// Larger windows (`zstd --ultra --long=31`) would be held whole.
const LARGEST_WINDOW_LOG: u32 = 27;

/// The content of a file, unpacked as its name says, and no more than `small` or what its bytes may become.
pub(crate) fn unpacked(file: File, name: &str, small: u64) -> io::Result<Box<dyn Read + Send>> {
    let name = name.to_ascii_lowercase();
    let length = file.metadata()?.len();
    let plain: Box<dyn Read + Send> = if name.ends_with(".gz") {
        let packed = BufReader::with_capacity(256 << 10, file);
        Box::new(flate2::read::MultiGzDecoder::new(packed))
    } else if name.ends_with(".zst") {
        let mut decoder = zstd::stream::read::Decoder::new(file)?;
        decoder.window_log_max(LARGEST_WINDOW_LOG)?;
        Box::new(decoder)
    } else {
        return Ok(Box::new(file));
    };
    Ok(Box::new(Bounded {
        plain,
        left: small.saturating_add(length.saturating_mul(OF_A_BYTE)),
        length,
    }))
}

/// Whether a file of this name is unpacked.
pub(crate) fn is_packed(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with(".gz") || name.ends_with(".zst")
}

struct Bounded {
    plain: Box<dyn Read + Send>,
    left: u64,
    length: u64,
}

impl Read for Bounded {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let read = self.plain.read(to).map_err(told)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                format!(
                    "its {} bytes become more than {OF_A_BYTE} times as many; unpack it first, if that is right",
                    self.length
                ),
            )
        })?;
        Ok(read)
    }
}

/// The decoder says in words that the system has no memory for it.
fn told(cause: io::Error) -> io::Error {
    match cause.to_string().contains("not enough memory") {
        true => io::Error::new(io::ErrorKind::OutOfMemory, cause),
        false => cause,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Seek, Write};

    fn read(name: &str, content: &[u8], small: u64) -> io::Result<usize> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        file.rewind().unwrap();
        let mut out = Vec::new();
        unpacked(file, name, small)?.read_to_end(&mut out)
    }

    #[test]
    fn a_file_becomes_what_its_bytes_allow() {
        let zeros = vec![0; 1 << 20];
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gz.write_all(&zeros).unwrap();
        for (name, packed) in [
            ("a.csv.gz", gz.finish().unwrap()),
            ("a.csv.ZST", zstd::encode_all(zeros.as_slice(), 1).unwrap()),
        ] {
            assert_eq!(read(name, &packed, 1 << 20).unwrap(), 1 << 20);
            let error = read(name, &packed, 1 << 10).unwrap_err();
            assert!(error.to_string().contains("300 times as many"), "{error}");
        }
        assert_eq!(read("a.csv", &zeros, 0).unwrap(), 1 << 20);
    }

    #[test]
    fn windows_are_bounded() {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        encoder.long_distance_matching(true).unwrap();
        encoder.window_log(28).unwrap();
        encoder.write_all(&vec![7; 1 << 20]).unwrap();
        let packed = encoder.finish().unwrap();
        assert!(read("a.csv.zst", &packed, SMALL).is_err());
    }
}

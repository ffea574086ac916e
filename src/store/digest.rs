//! SHA-256 of bytes, readers and whole files.
//!
//! The digest of content, as in `sha256sum`; nothing about names or times goes into it.

use super::find::{InputFile, open_input};
use crate::error::{ErrorKind, Result};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::{self, Read};

/// Bytes taken per read: large enough that a network file system is not asked too often.
const READ_BYTES: usize = 1 << 20;

/// Size and digest of some content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ContentDigest {
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256, lower-case hexadecimal.
    pub sha256: String,
}

/// Called with the number of bytes just read; an error (an interruption) ends the work.
pub(crate) type Progress<'a> = &'a (dyn Fn(u64) -> Result<()> + Sync);

/// A progress callback for callers that do not care.
pub(crate) fn no_progress(_: u64) -> Result<()> {
    Ok(())
}

/// The digest of bytes in memory.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex(Sha256::digest(bytes))
}

/// Lower-case hexadecimal of a finished hash.
pub(crate) fn hex(hash: impl AsRef<[u8]>) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| DIGITS[nibble as usize] as char;
    hash.as_ref()
        .iter()
        .flat_map(|b| [digit(b >> 4), digit(b & 15)])
        .collect()
}

/// The digest of everything a reader yields. The outer error is the callback's, the inner one the reader's.
pub(crate) fn digest_reader(
    mut reader: impl Read,
    progress: Progress,
) -> Result<io::Result<ContentDigest>> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; READ_BYTES];
    let mut bytes = 0;
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => {
                return Ok(Ok(ContentDigest {
                    bytes,
                    sha256: hex(hasher.finalize()),
                }));
            }
            Ok(n) => {
                hasher.update(&buffer[..n]);
                bytes += n as u64;
                progress(n as u64)?;
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Ok(Err(e)),
        }
    }
}

/// Digests input files in parallel, in the order given. A file that cannot be read is an error of its own, so that
/// the caller can name it and go on without it; the outer error is the callback's, or that the system is short of something.
pub(crate) fn digest_files(
    files: &[InputFile],
    progress: Progress,
) -> Result<Vec<Result<ContentDigest>>> {
    let one = |file: &InputFile| {
        let digest = match open_input(file) {
            Err(e) => Err(e),
            Ok(reader) => {
                digest_reader(reader, progress)?.map_err(|e| super::input(&file.path, "read", e))
            }
        };
        match digest {
            Err(shortage) if shortage.kind() == ErrorKind::Limit => Err(shortage),
            digest => Ok(digest),
        }
    };
    files.par_iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_nothing() {
        assert!(sha256_hex(b"").starts_with("e3b0c44298fc1c14"));
    }
}

//! Files of fixed-width little-endian records behind a magic word, a layout version, counts, a name and a digest, so that
//! a start costs no parsing and a damaged file is noticed. The layouts stand in `docs/formats.md`.

use sha2::{Digest, Sha256};
use std::fmt;

/// Why bytes are not the file that is wanted. The caller knows the name of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// What was found.
    pub found: String,
    /// What was wanted.
    pub wanted: &'static str,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "found {}, expected {}", self.found, self.wanted)
    }
}

impl std::error::Error for Malformed {}

pub(super) fn wrong(found: impl fmt::Display, wanted: &'static str) -> Malformed {
    Malformed {
        found: found.to_string(),
        wanted,
    }
}

/// Bytes not yet taken.
pub(super) struct Records<'b>(&'b [u8]);

/// The head of a file, and its records.
pub(super) struct Opened<'b, const N: usize> {
    pub counts: [u32; N],
    pub name: &'b str,
    pub records: Records<'b>,
}

/// Checks magic word, version and digest.
pub(super) fn open<'b, const N: usize>(
    bytes: &'b [u8],
    magic: &[u8; 6],
) -> Result<Opened<'b, N>, Malformed> {
    let mut rest = Records(bytes);
    if &rest.take::<6>()? != magic {
        return Err(wrong("another kind of file", "the magic word of this kind"));
    }
    let version = rest.u16()?;
    if version != 1 {
        return Err(wrong(format!("layout {version}"), "layout 1"));
    }
    let mut counts = [0; N];
    for count in &mut counts {
        *count = rest.u32()?;
    }
    let name = rest.bytes(40)?;
    let signed = bytes.len() - rest.0.len();
    let digest: [u8; 32] = rest.take()?;
    let hash = Sha256::new()
        .chain_update(&bytes[..signed])
        .chain_update(rest.0)
        .finalize();
    if hash.as_slice() != digest {
        return Err(wrong(
            "content of another digest",
            "the content that was written: the file is damaged",
        ));
    }
    let name = std::str::from_utf8(name).map_err(|_| wrong("other bytes", "a name in UTF-8"))?;
    Ok(Opened {
        counts,
        name: name.trim_end_matches('\0'),
        records: rest,
    })
}

impl<'b> Records<'b> {
    fn bytes(&mut self, count: usize) -> Result<&'b [u8], Malformed> {
        let (taken, rest) = self
            .0
            .split_at_checked(count)
            .ok_or_else(|| wrong("the end of the file", "more bytes: it is cut off"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let mut array = [0; N];
        array.copy_from_slice(self.bytes(N)?);
        Ok(array)
    }

    pub(super) fn u16(&mut self) -> Result<u16, Malformed> {
        Ok(u16::from_le_bytes(self.take()?))
    }

    pub(super) fn i16(&mut self) -> Result<i16, Malformed> {
        Ok(i16::from_le_bytes(self.take()?))
    }

    pub(super) fn u32(&mut self) -> Result<u32, Malformed> {
        Ok(u32::from_le_bytes(self.take()?))
    }

    pub(super) fn i32(&mut self) -> Result<i32, Malformed> {
        Ok(i32::from_le_bytes(self.take()?))
    }

    /// Nothing may be left over.
    pub(super) fn end(self) -> Result<(), Malformed> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(wrong(
                format!("{} bytes more", self.0.len()),
                "the end of the file",
            ))
        }
    }

    /// How many records of `size` bytes can still come, at most: what a damaged count may reserve.
    pub(super) fn at_most(&self, count: u32, size: usize) -> usize {
        (count as usize).min(self.0.len() / size)
    }
}

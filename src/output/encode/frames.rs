//! Bodies of pages as zstd frames. How hard to look for something to take out is the encoder's knowledge; a reader sees zstd
//! in each column.

use super::ZSTD_LEVEL;
use crate::model::index::index32;
use parquet::errors::Result;
use std::cell::RefCell;
use std::io;
use zstd::bulk::Compressor;
use zstd::zstd_safe::{CParameter, ParamSwitch};

/// Where the bytes of a page may repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeats {
    /// Anywhere.
    Anywhere,
    /// Hardly, and then whole numbers: most bytes are as good as random, and looking at each of them for something that came
    /// before is in vain. What there is to gain lies in bytes being unevenly frequent, which costs nothing to find.
    Numbers,
    /// Anywhere, but bytes are evenly frequent: numbers packed to as many bits as they need.
    Packed,
    /// Nowhere: the frame holds them as they are, which costs nothing to write and to read.
    Nowhere,
}

impl Repeats {
    fn compressor(self) -> io::Result<Compressor<'static>> {
        let mut compressor = Compressor::new(ZSTD_LEVEL)?;
        let parameters: &[CParameter] = match self {
            Repeats::Numbers => &[
                CParameter::MinMatch(7),
                // One place in eight bytes, so few that a small table holds them.
                CParameter::TargetLength(7),
                CParameter::HashLog(8),
                CParameter::LiteralCompressionMode(ParamSwitch::Enable),
            ],
            Repeats::Packed => &[
                CParameter::MinMatch(5),
                CParameter::HashLog(10),
                CParameter::LiteralCompressionMode(ParamSwitch::Disable),
            ],
            Repeats::Anywhere | Repeats::Nowhere => &[],
        };
        parameters
            .iter()
            .try_for_each(|&parameter| compressor.set_parameter(parameter))?;
        Ok(compressor)
    }
}

thread_local! {
    // One zstd context per thread and kind: setting one up costs more than compressing a small page. What a frame holds does
    // not depend on what the context compressed before.
    static ZSTD: RefCell<[Option<Compressor<'static>>; 3]> = const { RefCell::new([None, None, None]) };
}

/// `body` as one zstd frame.
pub(super) fn frame(body: &[u8], repeats: Repeats) -> Result<Vec<u8>> {
    if repeats == Repeats::Nowhere {
        return Ok(stored(body));
    }
    ZSTD.with_borrow_mut(|kinds| {
        let compressor = match &mut kinds[repeats as usize] {
            Some(compressor) => compressor,
            slot => slot.insert(repeats.compressor()?),
        };
        Ok(compressor.compress(body)?)
    })
}

/// zstd's magic number (RFC 8878, section 3.1.1).
const MAGIC: [u8; 4] = 0xFD2F_B528_u32.to_le_bytes();
/// Frame header descriptor: a content size of four bytes follows, there is one segment, no checksum (section 3.1.1.1.1).
const DESCRIPTOR: u8 = 0b1010_0000;
/// Bytes that a block holds at most (section 3.1.1.2.3).
const BLOCK: usize = 128 << 10;

// A frame of raw blocks (section 3.1.1.2): each behind its size and whether it is the last one.
fn stored(body: &[u8]) -> Vec<u8> {
    let blocks = body.len().div_ceil(BLOCK).max(1);
    let mut out = Vec::with_capacity(MAGIC.len() + 1 + 4 + 3 * blocks + body.len());
    out.extend_from_slice(&MAGIC);
    out.push(DESCRIPTOR);
    let size = u32::try_from(body.len()).expect("page headers count in 31 bits");
    out.extend_from_slice(&size.to_le_bytes());
    for block in 0..blocks {
        let bytes = &body[block * BLOCK..((block + 1) * BLOCK).min(body.len())];
        let header = index32(bytes.len()) << 3 | u32::from(block + 1 == blocks);
        out.extend_from_slice(&header.to_le_bytes()[..3]);
        out.extend_from_slice(bytes);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_gives_back_what_went_in() {
        for len in [
            0,
            1,
            100,
            BLOCK - 1,
            BLOCK,
            BLOCK + 1,
            3 * BLOCK,
            3 * BLOCK + 5,
        ] {
            let body: Vec<u8> = (0..len).map(|i| (i * i / 7 + i / 255) as u8).collect();
            for repeats in [
                Repeats::Anywhere,
                Repeats::Numbers,
                Repeats::Packed,
                Repeats::Nowhere,
            ] {
                let framed = frame(&body, repeats).unwrap();
                assert_eq!(
                    zstd::bulk::decompress(&framed, len).unwrap(),
                    body,
                    "{len} {repeats:?}"
                );
                assert_eq!(
                    zstd::stream::decode_all(framed.as_slice()).unwrap(),
                    body,
                    "{len} {repeats:?}"
                );
            }
        }
    }
}

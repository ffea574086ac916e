//! Pages unpacked beside the decoder, where only their bytes tell how much it would ask for.

use super::guarded;
use bytes::Bytes;
use parquet::basic::CompressionCodec;
use parquet::column::page::{Page, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::serialized_reader::SerializedPageReader;
use std::io::{self, Read};
use std::sync::Arc;

/// What a page may become without a second look, whatever its header claims.
const HARMLESS: u64 = 256 << 20;
/// 258 bytes take two bits.
const DEFLATE: u64 = 1_100;

/// Whether the decoder might unpack more of this many bytes than their header claims: of these two forms it takes all there is, and
/// compares afterwards.
pub(super) fn is_endless(codec: CompressionCodec, packed: u64) -> bool {
    match codec {
        CompressionCodec::GZIP => packed.saturating_mul(DEFLATE) > HARMLESS,
        CompressionCodec::BROTLI => true,
        _ => false,
    }
}

/// Refuses bytes that become more than `claimed`.
pub(super) fn check_end(
    codec: CompressionCodec,
    packed: &[u8],
    claimed: u64,
) -> std::result::Result<(), String> {
    let mut plain: Box<dyn Read + '_> = match codec {
        CompressionCodec::GZIP => Box::new(flate2::read::MultiGzDecoder::new(packed)),
        CompressionCodec::BROTLI => Box::new(brotli_decompressor::Decompressor::new(packed, 4096)),
        _ => return Ok(()),
    };
    // What else is wrong with them the decoder tells.
    let found = io::copy(
        &mut plain.by_ref().take(claimed.saturating_add(1)),
        &mut io::sink(),
    );
    match found {
        Ok(found) if found > claimed => Err(format!(
            "it claims {claimed} bytes once it is unpacked, and there are more"
        )),
        _ => Ok(()),
    }
}

/// What a page of a column holds, unpacked; `bytes` are its header and content.
pub(super) fn page(chunk: &ColumnChunkMetaData, bytes: Vec<u8>) -> Result<Page> {
    let bytes = Bytes::from(bytes);
    let own = ColumnChunkMetaData::builder(chunk.column_descr_ptr())
        .set_compression_codec(chunk.compression_codec())
        .set_num_values(chunk.num_values())
        .set_total_compressed_size(i64::try_from(bytes.len())?)
        .set_data_page_offset(0)
        .build()?;
    guarded(|| {
        let mut pages = SerializedPageReader::new(Arc::new(bytes), &own, 0, None)?;
        let page = pages.get_next_page()?;
        page.ok_or_else(|| ParquetError::General("a page is not there".to_owned()))
    })
}

/// Bytes of the longest text of a dictionary: each stands behind its length.
pub(super) fn longest_text(mut dictionary: &[u8]) -> u64 {
    let mut longest = 0;
    while let Some((length, rest)) = dictionary.split_first_chunk::<4>() {
        let length = u32::from_le_bytes(*length);
        longest = longest.max(u64::from(length));
        // What ends early the decoder refuses.
        dictionary = rest.get(length as usize..).unwrap_or_default();
    }
    longest
}

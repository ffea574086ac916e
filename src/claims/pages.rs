//! Pages: what their headers claim, before one of them is unpacked.

use super::delta;
use super::format::{DATA_PAGE, DATA_PAGE_V2, DICTIONARY_PAGE, PAGE_HEADER};
use super::thrift::{Met, Shape, Walk};
use super::unpack;
use bytes::Bytes;
use parquet::basic::{CompressionCodec, Encoding, Type};
use parquet::column::page::Page as Unpacked;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;

/// A page larger than this once it is unpacked is refused.
const LARGEST_PAGE: i64 = 256 << 20;
/// Headers are rarely longer than the first of these; one longer than the second is none.
const HEADER: usize = 512;
const LONGEST_HEADER: usize = 1 << 20;
/// Frames and the like, beside what compression is measured by.
const SLACK: i64 = 1 << 10;
/// All pages of a column together become at most this many bytes for each of theirs and each value, and some more.
const OF_A_BYTE: u64 = 1_000;
const OF_A_VALUE: u64 = 256;
const OF_A_COLUMN: u64 = 1 << 20;

/// A page of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    /// Where its header begins, in the column.
    pub at: u64,
    /// Bytes of header and content.
    pub length: u64,
}

/// What is known of the pages of a column once they are checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pages {
    /// Those of values.
    pub of_values: Vec<Page>,
    /// No text of the dictionary has more bytes; 0 where that was not asked for.
    pub longest_text: u64,
    /// Whether all values are codes of the dictionary.
    pub are_codes: bool,
}

/// Bytes from a place in the column on.
type Read<'r> = &'r mut dyn FnMut(u64, usize) -> Result<Vec<u8>>;

/// Checks the headers of all pages of a column that takes `length` bytes. How long the texts of its dictionary are is looked at where
/// they are `spread`, and where the decoder has to.
pub(crate) fn check_pages(
    chunk: &ColumnChunkMetaData,
    length: u64,
    spread: bool,
    read: Read,
) -> Result<Pages> {
    let mut pages = Pages {
        are_codes: true,
        ..Pages::default()
    };
    let mut sum = Sum::default();
    let mut dictionary = None;
    let mut at = 0;
    while at < length {
        let told = |what: String| {
            let column = chunk.column_path().string();
            ParquetError::General(format!("column {column:?}, page at byte {at}: {what}"))
        };
        let (header, size) = header(at, length - at, read, &told)?;
        let content = at + size;
        header.check(chunk, length - content).map_err(told)?;
        let end = content + header.packed().cast_unsigned();
        sum.add(&header, chunk, length).map_err(told)?;
        let packed = header.packed().cast_unsigned();
        if unpack::is_endless(chunk.compression_codec(), packed) {
            let levels = header.levels();
            let bytes = read(content, usize::try_from(packed)?)?;
            let bytes = &bytes[usize::try_from(levels)?..];
            let claimed = (header.unpacked() - levels).cast_unsigned();
            unpack::check_end(chunk.compression_codec(), bytes, claimed).map_err(told)?;
        }
        let whole = Page {
            at,
            length: end - at,
        };
        if let Some(encoding) = header.delta() {
            let bytes = header.content(chunk, read(at, usize::try_from(end - at)?)?, size)?;
            let values = header.values(&bytes, chunk).map_err(told)?;
            delta::check(encoding, values, header.count()).map_err(told)?;
        }
        if header.holds_values() {
            pages.are_codes &= header.holds_codes();
            pages.of_values.push(whole);
        } else if header.kind() == DICTIONARY && chunk.column_type() == Type::BYTE_ARRAY {
            dictionary = Some((whole, header));
        }
        at = end;
    }
    if let Some((page, header)) = dictionary
        && (spread || !pages.are_codes)
    {
        pages.longest_text = longest_text(chunk, page, &header, read)?;
    }
    Ok(pages)
}

/// Bytes of the longest text of a dictionary, or a bound that is low enough.
fn longest_text(
    chunk: &ColumnChunkMetaData,
    page: Page,
    header: &Header,
    read: Read,
) -> Result<u64> {
    // How many entries it claims says nothing: the decoder takes those that are there.
    let room = header.room(chunk).unsigned_abs();
    if room <= delta::SHORT_TEXT {
        return Ok(room);
    }
    let bytes = read(page.at, usize::try_from(page.length)?)?;
    match unpack::page(chunk, bytes)? {
        Unpacked::DictionaryPage { buf, .. } => Ok(unpack::longest_text(&buf)),
        _ => Ok(0),
    }
}

/// What the pages of a column have claimed so far.
#[derive(Default)]
struct Sum {
    values: i64,
    unpacked: u64,
}

impl Sum {
    fn add(
        &mut self,
        header: &Header,
        chunk: &ColumnChunkMetaData,
        length: u64,
    ) -> std::result::Result<(), String> {
        self.values = self.values.saturating_add(header.count());
        if self.values > chunk.num_values() {
            return Err(format!(
                "it claims values beyond the {} of its column",
                chunk.num_values()
            ));
        }
        self.unpacked += header.room(chunk).unsigned_abs();
        let values = chunk.num_values().unsigned_abs();
        let most = (length.saturating_mul(OF_A_BYTE))
            .saturating_add(values.saturating_mul(OF_A_VALUE))
            .saturating_add(OF_A_COLUMN);
        if self.unpacked > most {
            return Err(format!(
                "it and those before it claim {} bytes once they are unpacked, which {length} bytes and {values} values do not come to",
                self.unpacked
            ));
        }
        Ok(())
    }
}

/// The header at this place and its size.
fn header(
    at: u64,
    left: u64,
    read: Read,
    told: &dyn Fn(String) -> ParquetError,
) -> Result<(Header, u64)> {
    let mut most = HEADER;
    loop {
        let window = usize::try_from(left).unwrap_or(usize::MAX).min(most);
        let bytes = read(at, window)?;
        let mut walk = Walk::new(&bytes);
        let mut header = Header::default();
        match walk.structure(&PAGE_HEADER, &mut |shape, met| {
            header.take(shape, &met);
            Ok(())
        }) {
            Ok(()) => return Ok((header, walk.at() as u64)),
            // Perhaps only because the window is too small.
            Err(_) if (window as u64) < left && most < LONGEST_HEADER => most *= 8,
            Err(what) => return Err(told(what)),
        }
    }
}

/// The numbers of a header; 0 where there is none.
#[derive(Default)]
struct Header {
    page: [i64; 5],
    data: [i64; 5],
    dictionary: [i64; 3],
    data_v2: [i64; 7],
    /// Which of the three there are.
    has: [bool; 3],
}

const DATA: i64 = 0;
const INDEX: i64 = 1;
const DICTIONARY: i64 = 2;
const DATA_V2: i64 = 3;

impl Header {
    fn take(&mut self, shape: &Shape, met: &Met) {
        let (numbers, has): (&mut [i64], Option<usize>) = if shape.is(&PAGE_HEADER) {
            (&mut self.page, None)
        } else if shape.is(&DATA_PAGE) {
            (&mut self.data, Some(0))
        } else if shape.is(&DICTIONARY_PAGE) {
            (&mut self.dictionary, Some(1))
        } else if shape.is(&DATA_PAGE_V2) {
            (&mut self.data_v2, Some(2))
        } else {
            return;
        };
        if let Met::Number(id, number) = *met
            && let Some(slot) = usize::try_from(id).ok().and_then(|id| numbers.get_mut(id))
        {
            *slot = number;
        }
        if let (Met::End, Some(which)) = (met, has) {
            self.has[which] = true;
        }
    }

    fn kind(&self) -> i64 {
        self.page[1]
    }

    fn unpacked(&self) -> i64 {
        self.page[2]
    }

    fn packed(&self) -> i64 {
        self.page[3]
    }

    fn holds_values(&self) -> bool {
        matches!(self.kind(), DATA | DATA_V2)
    }

    /// Values of the page.
    fn count(&self) -> i64 {
        if self.kind() == DATA_V2 {
            self.data_v2[1]
        } else {
            self.data[1]
        }
    }

    /// Bytes of the levels of a page of the second version.
    fn levels(&self) -> i64 {
        self.data_v2[5] + self.data_v2[6]
    }

    fn check(&self, chunk: &ColumnChunkMetaData, left: u64) -> std::result::Result<(), String> {
        let which = match self.kind() {
            DATA => Some(0),
            INDEX => None,
            DICTIONARY => Some(1),
            DATA_V2 => Some(2),
            other => return Err(format!("its kind is {other}")),
        };
        if which.is_some_and(|which| !self.has[which]) {
            return Err("it has no header of its kind".to_owned());
        }
        let (packed, unpacked) = (self.packed(), self.unpacked());
        if u64::try_from(packed).map_or(true, |packed| packed > left) {
            return Err(format!("it claims {packed} bytes where {left} are left"));
        }
        if !(0..=LARGEST_PAGE).contains(&unpacked) {
            return Err(format!(
                "it claims {unpacked} bytes once it is unpacked; at most {LARGEST_PAGE} are read, write smaller pages"
            ));
        }
        if unpacked > most_unpacked(chunk.compression_codec(), packed) {
            return Err(format!(
                "it claims {unpacked} bytes once it is unpacked, which its {packed} bytes cannot hold"
            ));
        }
        let v2 = &self.data_v2;
        if self.count() < 0 || v2[1..=3].iter().chain(&v2[5..=6]).any(|n| *n < 0) {
            return Err("it claims a negative number of values".to_owned());
        }
        if self.levels() > packed.min(unpacked) {
            return Err(format!("its levels claim {} bytes", self.levels()));
        }
        let entries = self.dictionary[1];
        let room = self.room(chunk) / least_width(chunk);
        if entries < 0 || (self.kind() == DICTIONARY && entries > room) {
            return Err(format!(
                "its dictionary claims {entries} entries, there is room for {room}"
            ));
        }
        Ok(())
    }

    /// Bytes of the page once it is unpacked.
    fn room(&self, chunk: &ColumnChunkMetaData) -> i64 {
        match chunk.compression_codec() {
            // The other number is not used.
            CompressionCodec::UNCOMPRESSED => self.packed(),
            _ => self.unpacked(),
        }
    }

    fn encoding(&self) -> i64 {
        match self.kind() {
            DATA => self.data[2],
            _ => self.data_v2[4],
        }
    }

    /// Whether its values are codes of the dictionary.
    fn holds_codes(&self) -> bool {
        [Encoding::PLAIN_DICTIONARY, Encoding::RLE_DICTIONARY]
            .iter()
            .any(|known| *known as i64 == self.encoding())
    }

    /// The delta encoding of a page of values.
    fn delta(&self) -> Option<Encoding> {
        let known = [
            Encoding::DELTA_BINARY_PACKED,
            Encoding::DELTA_LENGTH_BYTE_ARRAY,
            Encoding::DELTA_BYTE_ARRAY,
        ];
        known
            .into_iter()
            .find(|known| self.holds_values() && *known as i64 == self.encoding())
    }

    /// Levels and values of a page, unpacked; `bytes` are its header, of this size, and what follows it.
    fn content(&self, chunk: &ColumnChunkMetaData, bytes: Vec<u8>, size: u64) -> Result<Bytes> {
        if chunk.compression_codec() == CompressionCodec::UNCOMPRESSED {
            return Ok(Bytes::from(bytes).slice(usize::try_from(size)?..));
        }
        match unpack::page(chunk, bytes)? {
            Unpacked::DataPage { buf, .. } | Unpacked::DataPageV2 { buf, .. } => Ok(buf),
            Unpacked::DictionaryPage { .. } => Err(ParquetError::General(
                "a page of values is a dictionary".to_owned(),
            )),
        }
    }

    /// The values behind the levels.
    fn values<'b>(
        &self,
        bytes: &'b [u8],
        chunk: &ColumnChunkMetaData,
    ) -> std::result::Result<&'b [u8], String> {
        let short = || "its levels end behind the page".to_owned();
        if self.kind() == DATA_V2 {
            let levels = usize::try_from(self.levels()).map_err(|_| short())?;
            return bytes.get(levels..).ok_or_else(short);
        }
        let descriptor = chunk.column_descr();
        let mut rest = bytes;
        for level in [descriptor.max_rep_level(), descriptor.max_def_level()] {
            if level > 0 {
                let (size, behind) = rest.split_first_chunk::<4>().ok_or_else(short)?;
                let size = u32::from_le_bytes(*size) as usize;
                rest = behind.get(size..).ok_or_else(short)?;
            }
        }
        Ok(rest)
    }
}

/// What so many bytes can become, at most.
fn most_unpacked(codec: CompressionCodec, packed: i64) -> i64 {
    let of_a_byte = match codec {
        // Nothing is unpacked; the number is not used.
        CompressionCodec::UNCOMPRESSED => return i64::MAX,
        // A copy of 64 bytes takes three.
        CompressionCodec::SNAPPY => 32,
        // A byte of a length is 255 bytes.
        CompressionCodec::LZ4 | CompressionCodec::LZ4_RAW => 256,
        // 258 bytes take two bits.
        CompressionCodec::GZIP => 1_100,
        // A block of 128 KiB takes four bytes.
        CompressionCodec::ZSTD => 40_000,
        _ => LARGEST_PAGE,
    };
    packed.saturating_mul(of_a_byte).saturating_add(SLACK)
}

/// Bytes that a value of a dictionary takes at least.
fn least_width(chunk: &ColumnChunkMetaData) -> i64 {
    match chunk.column_type() {
        Type::BOOLEAN => 1,
        Type::INT32 | Type::FLOAT | Type::BYTE_ARRAY => 4,
        Type::INT64 | Type::DOUBLE => 8,
        Type::INT96 => 12,
        Type::FIXED_LEN_BYTE_ARRAY => i64::from(chunk.column_descr().type_length()).max(1),
    }
}

//! Pages of one column in one row group, collected into a finished column chunk: page headers, statistics, page index. Does
//! not know how values are encoded.

use super::bound::{Bound, Range, statistics};
use super::frames::{Repeats, frame};
use super::{Column, ZSTD_LEVEL};
use arrow::array::ArrayRef;
use parquet::basic::{BoundaryOrder, Compression, Encoding, PageType, ZstdLevel};
use parquet::bloom_filter::Sbbf;
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{
    ColumnChunkMetaData, ColumnIndexBuilder, OffsetIndexBuilder, PageEncodingStats,
};
use parquet::file::writer::{SerializedPageWriter, SerializedRowGroupWriter, TrackedWrite};
use std::io::Write;

/// About what the header of a page takes.
const HEADER: usize = 64;

/// What one data page holds.
pub(super) struct DataPage<'a> {
    /// Rows, nulls included.
    pub rows: usize,
    /// Rows without a value.
    pub nulls: usize,
    /// Definition levels (of a nullable column) and encoded values.
    pub body: &'a [u8],
    /// Encoding of the values.
    pub encoding: Encoding,
    /// Where the body may repeat.
    pub repeats: Repeats,
    /// Smallest and largest value; `None` when all rows are null.
    pub range: Option<Range>,
}

/// A column chunk in the making.
pub(super) struct Chunk {
    sink: TrackedWrite<Vec<u8>>,
    pages: Vec<PageEntry>,
    uncompressed: usize,
    rows: usize,
    nulls: usize,
}

#[derive(Clone, Debug)]
struct PageEntry {
    offset: u64,
    size: usize,
    rows: usize,
    nulls: usize,
    encoding: Encoding,
    range: Option<Range>,
}

impl Chunk {
    /// An empty chunk for this many data pages.
    pub(super) fn new(pages: usize) -> Chunk {
        let sink = TrackedWrite::new(Vec::new());
        Chunk {
            sink,
            pages: Vec::with_capacity(pages),
            uncompressed: 0,
            rows: 0,
            nulls: 0,
        }
    }

    /// Adds a data page.
    pub(super) fn page(&mut self, page: DataPage<'_>) -> Result<()> {
        let frame = frame(page.body, page.repeats)?;
        if self.pages.is_empty() {
            // Pages of a column are about alike.
            self.sink
                .inner_mut()
                .reserve(self.pages.capacity() * (frame.len() + frame.len() / 16 + HEADER));
        }
        let header = Page::DataPage {
            buf: frame.into(),
            num_values: count(page.rows)?,
            encoding: page.encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        let spec = SerializedPageWriter::new(&mut self.sink)
            .write_page(CompressedPage::new(header, page.body.len()))?;
        self.uncompressed += spec.uncompressed_size;
        self.rows += page.rows;
        self.nulls += page.nulls;
        self.pages.push(PageEntry {
            offset: spec.offset,
            size: spec.compressed_size,
            rows: page.rows,
            nulls: page.nulls,
            encoding: page.encoding,
            range: page.range,
        });
        Ok(())
    }

    /// The finished chunk; `dictionary` is the PLAIN body of its dictionary page, the number of entries, and where the body may
    /// repeat.
    pub(super) fn finish(
        mut self,
        dictionary: Option<(&[u8], usize, Repeats)>,
        bloom_filter: Option<Sbbf>,
    ) -> Result<Encoded> {
        let mut bytes = Vec::new();
        if let Some((body, entries, repeats)) = dictionary {
            let header = Page::DictionaryPage {
                buf: frame(body, repeats)?.into(),
                num_values: count(entries)?,
                encoding: Encoding::PLAIN,
                is_sorted: false,
            };
            let mut front = TrackedWrite::new(Vec::new());
            let spec = SerializedPageWriter::new(&mut front)
                .write_page(CompressedPage::new(header, body.len()))?;
            self.uncompressed += spec.uncompressed_size;
            bytes = front.into_inner()?;
        }
        let first_page = bytes.len();
        let Chunk {
            sink,
            pages,
            uncompressed,
            rows,
            nulls,
        } = self;
        let data = sink.into_inner()?;
        if first_page == 0 {
            bytes = data;
        } else {
            bytes.extend_from_slice(&data);
        }
        Ok(Encoded::Pages(Box::new(Pages {
            bytes: carrier(bytes),
            first_page,
            pages,
            uncompressed,
            rows,
            nulls,
            bloom_filter,
        })))
    }
}

/// A finished column: of a row group, or of a table in memory. It does not say which column it is: columns that are equal are encoded
/// once.
#[derive(Clone, Debug)]
pub(crate) enum Encoded {
    /// Pages of a file.
    Pages(Box<Pages>),
    /// An array.
    Array(ArrayRef),
}

impl Encoded {
    /// The pages of a column of a file.
    pub(crate) fn pages(self) -> Pages {
        match self {
            Encoded::Pages(pages) => *pages,
            Encoded::Array(_) => unreachable!("the schema of a file makes pages"),
        }
    }

    /// The array of a column in memory.
    pub(crate) fn array(self) -> ArrayRef {
        match self {
            Encoded::Array(array) => array,
            Encoded::Pages(_) => unreachable!("the schema of a table in memory makes arrays"),
        }
    }
}

/// A finished column chunk.
#[derive(Clone, Debug)]
pub(crate) struct Pages {
    bytes: Page,
    first_page: usize,
    pages: Vec<PageEntry>,
    uncompressed: usize,
    rows: usize,
    nulls: usize,
    bloom_filter: Option<Sbbf>,
}

// The crate reads finished columns from its own byte buffer type, which a page carries around and shares.
fn carrier(bytes: Vec<u8>) -> Page {
    Page::DictionaryPage {
        buf: bytes.into(),
        num_values: 0,
        encoding: Encoding::PLAIN,
        is_sorted: false,
    }
}

impl Pages {
    /// Rows, nulls included.
    pub(crate) fn rows(&self) -> u64 {
        self.rows as u64
    }

    /// Dictionary page, if any, and data pages.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.buffer()
    }

    /// Appends the chunk to a row group as `column`.
    pub(crate) fn append<W: Write + Send>(
        self,
        column: &Column,
        group: &mut SerializedRowGroupWriter<'_, W>,
    ) -> Result<()> {
        let close = ColumnCloseResult {
            bytes_written: self.bytes().len() as u64,
            rows_written: self.rows(),
            metadata: self.metadata(column)?,
            column_index: Some(self.column_index(column)?.build()?),
            offset_index: Some(offset_index(&self.pages, self.first_page)?.build()),
            bloom_filter: self.bloom_filter,
        };
        group.append_column(self.bytes.buffer(), close)
    }

    fn metadata(&self, column: &Column) -> Result<ColumnChunkMetaData> {
        let ranges = self.pages.iter().filter_map(|p| p.range.as_ref());
        let range = ranges.fold(None, |all: Option<Range>, r| {
            Some(all.map_or_else(|| r.clone(), |a| a.join(r)))
        });
        let with_dictionary = self.first_page > 0;
        let mut encodings: Vec<Encoding> = self
            .pages
            .iter()
            .map(|p| p.encoding)
            .chain([Encoding::RLE])
            .collect();
        encodings.extend(with_dictionary.then_some(Encoding::PLAIN));
        encodings.sort();
        encodings.dedup();
        let mut kinds: Vec<PageEncodingStats> = Vec::new();
        if with_dictionary {
            kinds.push(PageEncodingStats {
                page_type: PageType::DICTIONARY_PAGE,
                encoding: Encoding::PLAIN,
                count: 1,
            });
        }
        for encoding in &encodings {
            let count = self
                .pages
                .iter()
                .filter(|p| p.encoding == *encoding)
                .count();
            let count = i32::try_from(count).unwrap_or(i32::MAX);
            if count > 0 {
                kinds.push(PageEncodingStats {
                    page_type: PageType::DATA_PAGE,
                    encoding: *encoding,
                    count,
                });
            }
        }
        ColumnChunkMetaData::builder(column.descr.clone())
            .set_encodings(encodings)
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
            .set_num_values(self.rows as i64)
            .set_total_compressed_size(self.bytes().len() as i64)
            .set_total_uncompressed_size(self.uncompressed as i64)
            .set_dictionary_page_offset(with_dictionary.then_some(0))
            .set_data_page_offset(self.first_page as i64)
            .set_page_encoding_stats(kinds)
            .set_statistics(statistics(
                column.descr.physical_type(),
                range.as_ref(),
                self.nulls as u64,
            ))
            .build()
    }

    fn column_index(&self, column: &Column) -> Result<ColumnIndexBuilder> {
        let mut index = ColumnIndexBuilder::new(column.descr.physical_type());
        for page in &self.pages {
            let (min, max) = page
                .range
                .as_ref()
                .map_or((Vec::new(), Vec::new()), |r| (r.min.bytes(), r.max.bytes()));
            index.append(page.range.is_none(), min, max, page.nulls as i64);
        }
        index.set_boundary_order(boundary_order(&self.pages));
        Ok(index)
    }
}

fn offset_index(pages: &[PageEntry], first_page: usize) -> Result<OffsetIndexBuilder> {
    let mut index = OffsetIndexBuilder::new();
    for page in pages {
        index.append_row_count(page.rows as i64);
        index.append_offset_and_size(
            (first_page as u64 + page.offset) as i64,
            count(page.size)? as i32,
        );
    }
    Ok(index)
}

fn boundary_order(pages: &[PageEntry]) -> BoundaryOrder {
    let ranges: Vec<&Range> = pages.iter().filter_map(|p| p.range.as_ref()).collect();
    let both = |in_order: fn(&Bound, &Bound) -> bool| {
        ranges
            .windows(2)
            .all(|w| in_order(&w[0].min, &w[1].min) && in_order(&w[0].max, &w[1].max))
    };
    if both(|a, b| a <= b) {
        BoundaryOrder::ASCENDING
    } else if both(|a, b| a >= b) {
        BoundaryOrder::DESCENDING
    } else {
        BoundaryOrder::UNORDERED
    }
}

// Page headers count in 31 bits.
fn count(n: usize) -> Result<u32> {
    i32::try_from(n).map(|n| n as u32).map_err(|_| {
        ParquetError::General(format!(
            "a page of {n} bytes or rows does not fit its header"
        ))
    })
}

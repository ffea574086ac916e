use super::*;
use crate::output::schema::{Field, Kind};
use crate::published::columns::checked;
use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding};
use parquet::file::properties::WriterProperties;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Longer than any of these files takes by far.
const A_HANG: Duration = Duration::from_secs(5);

fn file(content: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(content).unwrap();
    file
}

/// A small file: texts and numbers, two row groups.
fn written(properties: parquet::file::properties::WriterPropertiesBuilder) -> Vec<u8> {
    let ids: Vec<String> = (0..200).map(|i| format!("MV-{i:06}")).collect();
    let columns: [(&str, ArrayRef); 2] = [
        ("id", Arc::new(StringArray::from(ids))),
        (
            "mass",
            Arc::new(Int64Array::from_iter(
                (0..200).map(|i| (i % 7 != 0).then_some(i * 1_000)),
            )),
        ),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let properties = properties.set_max_row_group_row_count(Some(120)).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

fn forms() -> Vec<Vec<u8>> {
    let plain = || WriterProperties::builder().set_dictionary_enabled(false);
    let delta = |encoding| plain().set_column_encoding("id".into(), encoding);
    vec![
        written(WriterProperties::builder()),
        written(WriterProperties::builder().set_compression(Compression::SNAPPY)),
        written(delta(Encoding::DELTA_BYTE_ARRAY)),
        written(
            delta(Encoding::DELTA_LENGTH_BYTE_ARRAY)
                .set_column_encoding("mass".into(), Encoding::DELTA_BINARY_PACKED),
        ),
        written(
            delta(Encoding::DELTA_BYTE_ARRAY)
                .set_writer_version(parquet::file::properties::WriterVersion::PARQUET_2_0),
        ),
    ]
}

/// Rows of all batches, or the fault.
fn read(content: &[u8]) -> Result<usize> {
    let fields = [
        Field::required("id", Kind::Text),
        Field::optional("mass", Kind::Long),
    ];
    checked(file(content), &fields, &["id", "mass"])?
        .map(|batch| batch.map(|batch| batch.num_rows()))
        .sum()
}

fn refused(content: &[u8], because: &str) {
    let began = Instant::now();
    let error = metadata(&file(content)).map(drop).unwrap_err().to_string();
    assert!(error.contains(because), "{error}");
    assert!(began.elapsed() < A_HANG);
}

/// A file of nothing but this footer.
fn only_footer(footer: &[u8]) -> Vec<u8> {
    let length = (footer.len() as u32).to_le_bytes();
    [MAGIC, footer, &length, MAGIC].concat()
}

#[test]
fn whole_files_pass() {
    for content in forms() {
        assert_eq!(read(&content).unwrap(), 200);
    }
}

#[test]
fn counts_are_believed_when_the_bytes_are_there() {
    let head = b"\x15\x04\x19\x2c\x35\x00\x18\x06schema\x15\x02\x00\x15\x0c\x25\x00\x18\x01a\x00\x16\x00\x19";
    // 2,147,483,647 row groups.
    let groups = [head.as_slice(), b"\xfc\xff\xff\xff\xff\x07\x00\x00"].concat();
    refused(
        &only_footer(&groups),
        "claims 2147483647 values where 2 bytes are left",
    );
    assert!(
        metadata(&file(&only_footer(
            &[head.as_slice(), b"\x0c\x00"].concat()
        )))
        .is_ok()
    );
    // 2,147,483,647 children of the root.
    let children =
        b"\x15\x04\x19\x1c\x35\x00\x18\x06schema\x15\xfe\xff\xff\xff\x0f\x00\x16\x00\x19\x0c\x00";
    refused(&only_footer(children), "a group of 2147483647 columns");
    // A root with a child that is not there.
    let lacking = b"\x15\x04\x19\x1c\x35\x00\x18\x06schema\x15\x02\x00\x16\x00\x19\x0c\x00";
    refused(
        &only_footer(lacking),
        "fewer columns than its schema claims",
    );
}

#[test]
fn nesting_is_bounded() {
    let mut footer = b"\x15\x04\x19\xfc\xe8\x07".to_vec(); // 1,000 elements, each below the one before
    (0..999).for_each(|_| footer.extend(b"\x35\x00\x18\x01a\x15\x02\x00"));
    footer.extend(b"\x15\x0c\x25\x00\x18\x01a\x00\x16\x00\x19\x0c\x00");
    refused(&only_footer(&footer), "nested more than 32 deep");
    // Structures in a field that nobody knows.
    let unknown = [vec![0x1c; 100_000], vec![0; 100_001]].concat();
    let unknown = [b"\x15\x04\x0c\xc8\x01".to_vec(), unknown].concat();
    refused(&only_footer(&unknown), "nested more than 16 deep");
    // Lists of bits in such a field take no bytes where the decoder passes over them.
    refused(
        &only_footer(b"\x15\x04\x09\xc8\x01\xf1\x05\x01\x01\x01\x01\x01\x00"),
        "type 1",
    );
}

#[test]
fn columns_lie_inside_the_file_and_apart() {
    let content = written(WriterProperties::builder().set_compression(Compression::SNAPPY));
    let length = content.len() as u64;
    let metadata = metadata(&file(&content)).unwrap();
    let body = length - TAIL;
    assert!(check_chunks(&metadata, body, length).is_ok());
    let what = check_chunks(&metadata, 100, length).unwrap_err();
    assert!(what.contains("ends behind the end"), "{what}");
    let twice = metadata
        .into_builder()
        .set_row_groups(vec![metadata_group(&content); 3])
        .build();
    let what = check_chunks(&twice, body - 1, length).unwrap_err();
    assert!(what.contains("share bytes"), "{what}");
}

fn metadata_group(content: &[u8]) -> RowGroupMetaData {
    let metadata = metadata(&file(content)).unwrap();
    let largest = metadata
        .row_groups()
        .iter()
        .max_by_key(|g| g.compressed_size());
    largest.unwrap().clone()
}

#[test]
fn pages_claim_what_their_bytes_can_hold() {
    let header = |unpacked: u8| {
        // 10 bytes, unpacked to 2^31 - 1 or less; one value, plain.
        let mut page = vec![0x15, 0x00, 0x15];
        page.extend([0xfe, 0xff, 0xff, 0xff, unpacked]);
        page.extend([
            0x15, 0x14, 0x2c, 0x15, 0x02, 0x15, 0, 0x15, 6, 0x15, 6, 0, 0,
        ]);
        page.extend([0; 10]);
        page
    };
    let content = written(WriterProperties::builder().set_compression(Compression::SNAPPY));
    let metadata = metadata(&file(&content)).unwrap();
    let chunk = metadata.row_group(0).column(0);
    for (last, because) in [(0x0f, "at most"), (0x00, "cannot hold")] {
        let page = header(last);
        let mut read = |at: u64, most: usize| Ok(page[at as usize..][..most].to_vec());
        let error = check_pages(chunk, page.len() as u64, false, &mut read).unwrap_err();
        assert!(error.to_string().contains(because), "{error}");
    }
}

/// Thousands of broken footers and pages of files that were whole: an error or rows, never an abort and never a hang.
#[test]
fn what_is_changed_is_refused_or_read() {
    let mut seed = 20_260_101u64;
    let mut random = move |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) as usize % below
    };
    let (mut refused, mut read_all) = (0, 0);
    for content in forms() {
        let size = content.len() - TAIL as usize;
        let footer = size - u32::from_le_bytes(content[size..][..4].try_into().unwrap()) as usize;
        for round in 0..2_000 {
            let mut content = content.clone();
            // Mostly the footer, sometimes the pages.
            let from = if round % 4 == 0 { 4 } else { footer };
            for _ in 0..1 + random(3) {
                let at = from + random(size - from);
                match random(4) {
                    0 => content[at] ^= 1 << random(8),
                    1 => content[at] = random(256) as u8,
                    2 => content[at] = 0xff,
                    // A number as large as it can be.
                    _ => {
                        let end = size.min(at + 5);
                        content[at..end]
                            .copy_from_slice(&[0xff, 0xff, 0xff, 0xff, 0x0f][..end - at]);
                    }
                }
            }
            let began = Instant::now();
            match read(&content) {
                Ok(_) => read_all += 1,
                Err(_) => refused += 1,
            }
            assert!(began.elapsed() < A_HANG, "round {round}");
        }
    }
    assert!(
        refused > 1_000 && read_all > 100,
        "{refused} refused, {read_all} read"
    );
}

/// A file of one column of texts that are codes of a dictionary.
fn coded(text: &str, rows: usize, properties: WriterProperties) -> Vec<u8> {
    let texts: ArrayRef = Arc::new(StringArray::from_iter_values(std::iter::repeat_n(
        text, rows,
    )));
    let batch = RecordBatch::try_from_iter([("id", texts)]).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

#[test]
fn a_long_text_is_not_read_for_every_row_of_a_published_table() {
    let read = |text: &str| {
        let fields = [Field::required("id", Kind::Text)];
        let content = coded(text, 100, WriterProperties::builder().build());
        checked(file(&content), &fields, &["id"]).map(|rows| rows.map(Result::unwrap).count())
    };
    assert_eq!(read(&"x".repeat(16 << 10)).unwrap(), 1);
    let error = read(&"x".repeat((16 << 10) + 1)).map(drop).unwrap_err();
    assert!(error.to_string().contains("for several rows"), "{error}");
}

#[test]
fn packed_pages_are_held_against_their_claims_too() {
    let of = |compression| {
        let properties = WriterProperties::builder()
            .set_compression(compression)
            .set_dictionary_enabled(false)
            .set_column_encoding("id".into(), Encoding::DELTA_BYTE_ARRAY);
        written(properties)
    };
    for compression in [
        Compression::SNAPPY,
        Compression::ZSTD(Default::default()),
        Compression::GZIP(Default::default()),
        Compression::BROTLI(Default::default()),
        Compression::LZ4_RAW,
    ] {
        let content = of(compression);
        let metadata = metadata(&file(&content)).unwrap();
        let chunk = metadata.row_group(0).column(0);
        let pages = check_pages_of(&file(&content), chunk).unwrap();
        assert_eq!((pages.len(), read(&content).unwrap()), (1, 200));
    }
    // A block of 2^30 numbers, in a page that says that it has one value.
    let head = [0x80, 0x80, 0x80, 0x80, 4, 4, 1, 0];
    let packed = zstd::encode_all(&head[..], 1).unwrap();
    let (unpacked, size) = (head.len() as u8 * 2, packed.len() as u8 * 2);
    let page = [
        &[0x15, 0, 0x15, unpacked, 0x15, size, 0x2c][..],
        &[0x15, 2, 0x15, 14, 0x15, 6, 0x15, 6, 0, 0],
        &packed,
    ]
    .concat();
    let content = of(Compression::ZSTD(Default::default()));
    let metadata = metadata(&file(&content)).unwrap();
    let mut look = |at: u64, most: usize| Ok(page[at as usize..][..most].to_vec());
    let chunk = metadata.row_group(0).column(0);
    let error = check_pages(chunk, page.len() as u64, false, &mut look).unwrap_err();
    assert!(error.to_string().contains("blocks of"), "{error}");
}

#[test]
fn pages_that_never_end_are_told() {
    let zeros = vec![0; 1 << 20];
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&zeros).unwrap();
    let gzip = gzip.finish().unwrap();
    for (claimed, is_told) in [(1 << 20, false), (1 << 10, true)] {
        let found = unpack::check_end(parquet::basic::CompressionCodec::GZIP, &gzip, claimed);
        assert_eq!(found.is_err(), is_told, "{found:?}");
    }
    assert_eq!(unpack::longest_text(b"\x01\0\0\0a\x03\0\0\0abc\0\0\0\0"), 3);
    assert_eq!(
        unpack::longest_text(b"\xff\xff\xff\xff"),
        u64::from(u32::MAX)
    );
}

#[test]
fn rows_are_no_more_than_a_file_has_room_for() {
    let content = coded("a", 1_010_000, WriterProperties::builder().build());
    assert!(content.len() < 2_500, "{}", content.len());
    refused(&content, "which has room for");
}

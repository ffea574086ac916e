//! Every encoding written by us and read by the `parquet` crate: values, statistics, page index, bloom filters.

use super::*;
use crate::output::part::TableWriter;
use crate::output::sample::Random;
use crate::output::schema::{Field, Kind, Schema};
use arrow::array::{Array, AsArray};
use parquet::basic::Encoding;
use parquet::bloom_filter::Sbbf;
use parquet::errors::{ParquetError, Result};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::properties::ReaderProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::serialized_reader::ReadOptionsBuilder;
use parquet::record::Field as Cell;
use parquet::record::RowAccessor;
use std::io::Write;
use std::sync::Arc;

fn file_of(
    kind: Kind,
    nullable: bool,
    encodings: Encodings,
    encode: impl FnOnce(&Column) -> Result<Encoded>,
) -> tempfile::NamedTempFile {
    let field = if nullable {
        Field::optional("c", kind)
    } else {
        Field::required("c", kind)
    };
    let schema = Arc::new(Schema::new(&[field], &[], encodings));
    let encoded = encode(&schema.columns[0]).unwrap();
    let mut table = TableWriter::new(schema, |_| Ok(Vec::new()));
    table.append(vec![encoded.pages()]).unwrap();
    let parts = table.finish(&[]).unwrap();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&parts[0].writer).unwrap();
    file
}

/// Reads the column back and checks values, statistics and page index against them, however it is written.
fn check(
    kind: Kind,
    nullable: bool,
    want: &[Option<Bound>],
    encode: impl Fn(&Column) -> Result<Encoded>,
) {
    for encodings in Encodings::ALL {
        check_written(kind, nullable, want, encodings, &encode);
    }
    check_in_memory(kind, nullable, want, &encode);
}

/// The same column as an array.
fn check_in_memory(
    kind: Kind,
    nullable: bool,
    want: &[Option<Bound>],
    encode: impl Fn(&Column) -> Result<Encoded>,
) {
    let field = Field {
        name: "c",
        kind,
        nullable,
    };
    let schema = Schema::new(&[field], &[], Encodings::Default).in_memory(&[field]);
    let array = encode(&schema.columns[0]).unwrap().array();
    assert_eq!(*array.data_type(), kind.arrow_type(Encodings::Default));
    let data = array.to_data();
    data.validate_full().unwrap();
    // A decimal in memory has one width whatever its width in a file.
    let wide = |bound: Bound| match bound {
        Bound::Int(v) => Bound::Wide(v.into()),
        Bound::Long(v) => Bound::Wide(v.into()),
        other => other,
    };
    let text = |row| {
        Bound::Text(
            data.buffers()[1][data.buffers()[0].typed_data::<i32>()[row] as usize
                ..data.buffers()[0].typed_data::<i32>()[row + 1] as usize]
                .to_vec(),
        )
    };
    let value = |row: usize| match kind {
        Kind::Text => text(row),
        Kind::Flag => Bound::Flag(array.as_boolean().value(row)),
        Kind::Int | Kind::Date => Bound::Int(data.buffers()[0].typed_data::<i32>()[row]),
        Kind::Long | Kind::Instant => Bound::Long(data.buffers()[0].typed_data::<i64>()[row]),
        Kind::SmallDecimal(..) | Kind::Decimal(..) | Kind::Sum(_) => {
            Bound::Wide(data.buffers()[0].typed_data::<i128>()[row])
        }
    };
    let got: Vec<_> = (0..array.len())
        .map(|row| array.is_valid(row).then(|| wide(value(row))))
        .collect();
    let want: Vec<_> = want.iter().cloned().map(|v| v.map(wide)).collect();
    assert!(got == want, "{kind:?}");
}

fn check_written(
    kind: Kind,
    nullable: bool,
    want: &[Option<Bound>],
    encodings: Encodings,
    encode: impl Fn(&Column) -> Result<Encoded>,
) {
    let file = file_of(kind, nullable, encodings, encode);
    let options = ReadOptionsBuilder::new()
        .with_page_index()
        .with_reader_properties(
            ReaderProperties::builder()
                .set_read_bloom_filter(true)
                .build(),
        )
        .build();
    let reader = SerializedFileReader::new_with_options(file.reopen().unwrap(), options).unwrap();
    let got: Vec<Option<Bound>> = reader
        .get_row_iter(None)
        .unwrap()
        .map(|row| {
            let row = row.unwrap();
            let (_, cell) = row.get_column_iter().next().unwrap();
            match cell {
                Cell::Null => None,
                Cell::Bool(v) => Some(Bound::Flag(*v)),
                Cell::Int(v) => Some(Bound::Int(*v)),
                Cell::Long(v) | Cell::TimestampMicros(v) => Some(Bound::Long(*v)),
                Cell::Date(v) => Some(Bound::Int(*v)),
                Cell::Str(v) => Some(Bound::Text(v.clone().into_bytes())),
                Cell::Decimal(_) => Some(match kind {
                    Kind::Sum(_) => Bound::Wide(i128::from_be_bytes(
                        row.get_decimal(0).unwrap().data().try_into().unwrap(),
                    )),
                    Kind::SmallDecimal(..) => Bound::Int(i32::from_be_bytes(
                        row.get_decimal(0).unwrap().data().try_into().unwrap(),
                    )),
                    _ => Bound::Long(i64::from_be_bytes(
                        row.get_decimal(0).unwrap().data().try_into().unwrap(),
                    )),
                }),
                other => panic!("{other:?}"),
            }
        })
        .collect();
    assert!(got == want, "values differ, {} rows, {kind:?}", want.len());
    if want.is_empty() {
        return;
    }
    let metadata = reader.metadata();
    let chunk = metadata.row_group(0).column(0);
    assert_eq!(chunk.num_values(), want.len() as i64);
    let is_plain = |e| {
        matches!(
            e,
            Encoding::PLAIN | Encoding::RLE | Encoding::RLE_DICTIONARY
        )
    };
    assert!(
        encodings == Encodings::Default || chunk.encodings().all(is_plain),
        "{chunk:?}"
    );
    let present: Vec<&Bound> = want.iter().flatten().collect();
    let statistics = chunk.statistics().unwrap();
    assert_eq!(
        statistics.null_count_opt(),
        Some((want.len() - present.len()) as u64)
    );
    assert_eq!(
        statistics.min_bytes_opt(),
        present.iter().min().map(|b| b.bytes()).as_deref()
    );
    assert_eq!(
        statistics.max_bytes_opt(),
        present.iter().max().map(|b| b.bytes()).as_deref()
    );
    let offsets = &metadata.offset_index().unwrap()[0][0].page_locations;
    let index = &metadata.column_index().unwrap()[0][0];
    assert_eq!(
        (offsets.len(), index.num_pages() as usize),
        (page_count(want.len()), page_count(want.len()))
    );
    for (page, location) in offsets.iter().enumerate() {
        assert_eq!(location.first_row_index as usize, page * PAGE_ROWS);
        let rows = &want[page_rows(page, want.len())];
        let present: Vec<&Bound> = rows.iter().flatten().collect();
        assert_eq!(
            index.null_count(page),
            Some((rows.len() - present.len()) as i64)
        );
        assert_eq!(index.is_null_page(page), present.is_empty());
        if !present.is_empty() {
            let bounds = page_bounds(index, page);
            assert_eq!(
                bounds,
                (
                    present.iter().min().unwrap().bytes(),
                    present.iter().max().unwrap().bytes()
                )
            );
        }
    }
}

fn page_bounds(index: &ColumnIndexMetaData, page: usize) -> (Vec<u8>, Vec<u8>) {
    match index {
        ColumnIndexMetaData::BOOLEAN(i) => (
            vec![*i.min_value(page).unwrap() as u8],
            vec![*i.max_value(page).unwrap() as u8],
        ),
        ColumnIndexMetaData::INT32(i) => (
            i.min_value(page).unwrap().to_le_bytes().to_vec(),
            i.max_value(page).unwrap().to_le_bytes().to_vec(),
        ),
        ColumnIndexMetaData::INT64(i) => (
            i.min_value(page).unwrap().to_le_bytes().to_vec(),
            i.max_value(page).unwrap().to_le_bytes().to_vec(),
        ),
        ColumnIndexMetaData::BYTE_ARRAY(i) | ColumnIndexMetaData::FIXED_LEN_BYTE_ARRAY(i) => (
            i.min_value(page).unwrap().to_vec(),
            i.max_value(page).unwrap().to_vec(),
        ),
        other => panic!("{other:?}"),
    }
}

const LENGTHS: [usize; 9] = [
    1,
    2,
    7,
    8,
    33,
    PAGE_ROWS - 1,
    PAGE_ROWS,
    PAGE_ROWS + 1,
    3 * PAGE_ROWS + 77,
];

/// Patterns of values: constant, few, many, runs, sorted, wild. `None` where a row is null.
fn patterns(len: usize, nullable: bool, random: &mut Random) -> Vec<Vec<Option<i64>>> {
    let mut out = Vec::new();
    for pattern in 0..8 {
        let mut run = 0;
        let values: Vec<i64> = (0..len as i64)
            .map(|i| match pattern {
                0 => 5,
                1 => random.below(9) as i64,
                2 => random.below(5000) as i64 - 2500,
                3 => {
                    if random.below(7) == 0 {
                        run = random.next() as i64 >> 20;
                    }
                    run
                }
                4 => i * 3 + random.below(3) as i64,
                5 => random.next() as i64,
                6 => {
                    if random.below(2) == 0 {
                        0
                    } else {
                        random.next() as i64 >> 16
                    }
                }
                _ => [i64::MAX, i64::MIN + 1, 0, -1][random.below(4) as usize],
            })
            .collect();
        let choices = if nullable { 4 } else { 1 };
        for nulls in 0..choices {
            let keep = |i: usize, r: &mut Random| match nulls {
                0 => true,
                1 => r.below(3) > 0,
                2 => i >= PAGE_ROWS && !i.is_multiple_of(5),
                _ => false,
            };
            out.push(
                values
                    .iter()
                    .enumerate()
                    .map(|(i, &v)| keep(i, random).then_some(v))
                    .collect(),
            );
        }
    }
    out
}

#[test]
fn numbers_of_every_width_come_back() {
    let mut random = Random(1);
    for nullable in [false, true] {
        for len in LENGTHS {
            for rows in patterns(len, nullable, &mut random) {
                let want: Vec<_> = rows.iter().map(|v| v.map(Bound::Long)).collect();
                check(Kind::Decimal(18, 9), nullable, &want, |c| {
                    encode_numbers(c, len, |p, out| {
                        out.extend(
                            rows[page_rows(p, len)]
                                .iter()
                                .map(|v| v.unwrap_or(i64::NULL)),
                        )
                    })
                });
                let small = |v: i64| (v as i32).max(i32::MIN + 1);
                let want: Vec<_> = rows
                    .iter()
                    .map(|v| v.map(|v| Bound::Int(small(v))))
                    .collect();
                check(Kind::Date, nullable, &want, |c| {
                    encode_numbers(c, len, |p, out| {
                        out.extend(
                            rows[page_rows(p, len)]
                                .iter()
                                .map(|v| v.map_or(i32::NULL, small)),
                        )
                    })
                });
                let wide = |v: i64| v as i128 * 1_000_000_007;
                let want: Vec<_> = rows
                    .iter()
                    .map(|v| v.map(|v| Bound::Wide(wide(v))))
                    .collect();
                check(Kind::Sum(9), nullable, &want, |c| {
                    encode_numbers(c, len, |p, out| {
                        out.extend(
                            rows[page_rows(p, len)]
                                .iter()
                                .map(|v| v.map_or(i128::NULL, wide)),
                        )
                    })
                });
            }
        }
    }
}

#[test]
fn codes_and_keys_come_back() {
    let mut random = Random(2);
    let text = |v: i64| format!("text-{v}").into_bytes();
    for nullable in [false, true] {
        for len in LENGTHS {
            for rows in patterns(len, nullable, &mut random) {
                let code = |v: i64| v.rem_euclid(70_000) as u32;
                let want: Vec<_> = rows
                    .iter()
                    .map(|v| v.map(|v| Bound::Text(text(code(v) as i64))))
                    .collect();
                check(Kind::Text, nullable, &want, |c| {
                    let fill = |p, out: &mut Vec<u32>| {
                        out.extend(
                            rows[page_rows(p, len)]
                                .iter()
                                .map(|v| v.map_or(NO_CODE, code)),
                        );
                    };
                    encode_codes(c, len, fill, |code| Bound::Text(text(code as i64)))
                });
                let want: Vec<_> = rows
                    .iter()
                    .map(|v| v.map(|v| Bound::Text(text(v))))
                    .collect();
                check(Kind::Text, nullable, &want, |c| {
                    let fill = |p, out: &mut Vec<i64>| {
                        out.extend(rows[page_rows(p, len)].iter().map(|v| v.unwrap_or(NO_KEY)))
                    };
                    encode_keys(c, len, fill, |key| Bound::Text(text(key)))
                });
            }
        }
    }
}

#[test]
fn texts_and_runs_of_texts_come_back() {
    let mut random = Random(3);
    for nullable in [false, true] {
        for len in LENGTHS {
            for rows in patterns(len, nullable, &mut random) {
                let texts: Vec<Option<String>> = rows
                    .iter()
                    .map(|v| v.map(|v| format!("MV{v:010}")))
                    .collect();
                let want: Vec<_> = texts
                    .iter()
                    .map(|v| v.clone().map(|v| Bound::Text(v.into())))
                    .collect();
                check(Kind::Text, nullable, &want, |c| {
                    encode_texts(c, len, true, |p, out| {
                        texts[page_rows(p, len)]
                            .iter()
                            .for_each(|t| out.push(t.as_ref().map(|t| t.as_bytes())))
                    })
                });
                check(Kind::Text, nullable, &want, |c| {
                    encode_runs(c, len, true, |p, out| {
                        texts[page_rows(p, len)]
                            .iter()
                            .for_each(|t| out.push(t.as_ref().map(|t| t.as_bytes()), 1))
                    })
                });
            }
        }
    }
}

#[test]
fn flags_come_back() {
    let mut random = Random(4);
    for len in LENGTHS {
        for odds in [1, 2, 100] {
            let flags: Vec<bool> = (0..len).map(|_| random.below(odds) == 0).collect();
            let want: Vec<_> = flags.iter().map(|&f| Some(Bound::Flag(f))).collect();
            check(Kind::Flag, false, &want, |c| {
                encode_flags(c, len, |p, out| {
                    out.extend_from_slice(&flags[page_rows(p, len)])
                })
            });
        }
    }
}

#[test]
fn the_bloom_filter_of_a_chunk_holds_its_values() {
    let texts: Vec<String> = (0..20_000).map(|i| format!("C{:06}", i / 6 * 7)).collect();
    for runs in [false, true] {
        let file = file_of(Kind::Text, true, Encodings::Default, |c| {
            if runs {
                encode_runs(c, texts.len(), true, |p, out| {
                    texts[page_rows(p, texts.len())]
                        .iter()
                        .for_each(|t| out.push(Some(t.as_bytes()), 1))
                })
            } else {
                encode_texts(c, texts.len(), true, |p, out| {
                    texts[page_rows(p, texts.len())]
                        .iter()
                        .for_each(|t| out.push(Some(t.as_bytes())))
                })
            }
        });
        let reader = SerializedFileReader::new(file.reopen().unwrap()).unwrap();
        let chunk = reader.metadata().row_group(0).column(0);
        let filter = Sbbf::read_from_column_chunk(chunk, &file.reopen().unwrap())
            .unwrap()
            .unwrap();
        assert!(texts.iter().all(|t| filter.check(t.as_str())));
        assert!(!filter.check("C000001") || !filter.check("C000002") || !filter.check("C000003"));
    }
}

#[test]
fn bytes_depend_on_rows_alone() {
    let mut random = Random(5);
    let rows: Vec<i64> = (0..50_000).map(|_| random.next() as i64 >> 24).collect();
    let schema = Schema::new(
        &[Field::required("c", Kind::Decimal(18, 9))],
        &[],
        Encodings::Default,
    );
    let encode = || {
        encode_numbers(&schema.columns[0], rows.len(), |p, out| {
            out.extend_from_slice(&rows[page_rows(p, rows.len())])
        })
        .unwrap()
        .pages()
        .bytes()
        .to_vec()
    };
    let first = encode();
    // The compressor of this thread has a past now; that of a new thread has none.
    for size in [10, 1000, 300_000] {
        let noise: Vec<u8> = (0..size).map(|_| random.below(7) as u8).collect();
        frames::frame(&noise, frames::Repeats::Anywhere).unwrap();
        assert!(encode() == first);
    }
    std::thread::scope(|s| assert!(s.spawn(encode).join().unwrap() == first));
}

#[test]
fn plain_sums_of_more_than_28_digits_are_refused_with_their_row() {
    const MOST: i128 = 10i128.pow(28) - 1;
    let write = |encodings, values: &[i128]| {
        let field = Field::optional("ghg_total_kg", Kind::Sum(9));
        let schema = Schema::new(&[field], &[], encodings);
        encode_numbers(&schema.columns[0], values.len(), |p, out| {
            out.extend_from_slice(&values[page_rows(p, values.len())])
        })
    };
    let mut values = vec![0; PAGE_ROWS + 10];
    (values[3], values[4], values[5]) = (MOST, -MOST, i128::NULL);
    assert!(write(Encodings::Plain, &values).is_ok());
    values[PAGE_ROWS + 7] = MOST + 1;
    assert!(write(Encodings::Default, &values).is_ok());
    let fault = write(Encodings::Plain, &values).unwrap_err();
    let ParquetError::External(fault) = fault else {
        panic!("{fault}")
    };
    let fault = fault.downcast::<SumTooLong>().unwrap();
    assert_eq!((fault.row, fault.value), (PAGE_ROWS + 7, MOST + 1));
    assert_eq!(
        fault.to_string(),
        "ghg_total_kg: found 10000000000000000000.000000000, expected at most 28 digits as [output] encodings = \"plain\" writes them; \"default\" holds 38"
    );
}

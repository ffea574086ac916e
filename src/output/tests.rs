//! Whole tables: written from sample results, read back with the crate's reader, compared with the model cell by cell.

use super::corridors::{CORRIDOR_SECTIONS, CORRIDORS, CorridorRows, SectionRows};
use super::elements::ELEMENTS;
use super::encode::Encodings;
use super::part::Part;
use super::ratio;
use super::rejected::REJECTED;
use super::sample::{SampleNames, chunk, rejected, rollup_of};
use super::shipments::SHIPMENTS;
use super::table::{ChunkWriter, Table};
use crate::model::element::*;
use crate::model::mode::Mode;
use crate::model::time::{NO_INSTANT, date_text, instant_text};
use crate::model::unit::decimal_text;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use std::fs::File;
use std::io::Write;
use std::sync::Arc;

fn write<C: Send + Sync>(table: &'static Table<C>, chunks: Vec<C>) -> Vec<Part<Vec<u8>>> {
    let sample = SampleNames::new();
    let metadata = [("run_id".to_owned(), "test".to_owned())];
    let mut writer = ChunkWriter::new(
        table,
        &[],
        Encodings::Default,
        &metadata,
        |_| Ok(Vec::new()),
    );
    for chunk in chunks {
        writer.push(Arc::new(chunk), &sample.names()).unwrap();
    }
    writer.finish(&sample.names()).unwrap()
}

fn elements(chunks: impl IntoIterator<Item = std::ops::Range<u64>>) -> Vec<Part<Vec<u8>>> {
    write(&ELEMENTS, chunks.into_iter().map(chunk).collect())
}

/// The first part of a table as an open file.
pub(crate) fn file_of<C: Send + Sync>(table: &'static Table<C>, chunks: Vec<C>) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&write(table, chunks)[0].writer).unwrap();
    file
}

/// Each row as its cells in text form, null as `~`.
fn read(bytes: &[u8]) -> Vec<Vec<String>> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    let reader = SerializedFileReader::new(file).unwrap();
    let cell = |field: &Field| match field {
        Field::Null => "~".to_owned(),
        Field::Bool(v) => v.to_string(),
        Field::Int(v) => v.to_string(),
        Field::Long(v) => v.to_string(),
        Field::Str(v) => v.clone(),
        Field::Date(v) => date_text(*v),
        Field::TimestampMicros(v) => instant_text(*v),
        Field::Decimal(v) => {
            let negative = v.data()[0] & 0x80 != 0;
            let start = if negative { -1i128 } else { 0 };
            decimal_text(
                v.data().iter().fold(start, |m, &b| m << 8 | b as i128),
                v.scale() as u32,
            )
        }
        other => panic!("{other:?}"),
    };
    let rows = reader.get_row_iter(None).unwrap();
    rows.map(|row| {
        row.unwrap()
            .get_column_iter()
            .map(|(_, field)| cell(field))
            .collect()
    })
    .collect()
}

fn or_null(text: &str) -> String {
    if text.is_empty() {
        "~".to_owned()
    } else {
        text.to_owned()
    }
}

fn want_elements(f: &Footprints, names: &Names<'_>) -> Vec<Vec<String>> {
    let (b, e) = (&f.batch, &f.elements);
    (0..e.len())
        .map(|i| {
            let anchor = e.anchor[i] as usize;
            let record = (e.row[i] != NO_ROW).then_some(e.row[i] as usize);
            let of =
                |get: &dyn Fn(usize) -> String| record.map_or("~".to_owned(), |r| or_null(&get(r)));
            let d = |v: i64, scale| decimal_text(v as i128, scale);
            vec![
                b.shipment_id.str(anchor).to_owned(),
                or_null(b.container_id.str(anchor)),
                e.element[i].to_string(),
                if e.mode[i] == Mode::Hub {
                    "hub"
                } else {
                    "transport"
                }
                .to_owned(),
                of(&|r| b.movement_id.str(r).to_owned()),
                of(&|r| {
                    if b.sequence[r] == 0 {
                        String::new()
                    } else {
                        b.sequence[r].to_string()
                    }
                }),
                e.mode[i].code().to_owned(),
                names.operations[e.operation[i] as usize].clone(),
                of(&|r| names.symbols.text(b.carrier[r]).to_owned()),
                of(&|r| names.symbols.text(b.container_type[r]).to_owned()),
                e.origin[i].to_string(),
                e.destination[i].to_string(),
                instant_text(e.departed_at[i]),
                of(&|r| {
                    if b.arrived_at[r] == NO_INSTANT {
                        String::new()
                    } else {
                        instant_text(b.arrived_at[r])
                    }
                }),
                e.load_status[i].code().to_owned(),
                or_null(e.temperature[i].code()),
                d(e.mass_g[i], 3),
                if e.teu[i] < 0 {
                    "~".to_owned()
                } else {
                    d(e.teu[i], 6)
                },
                d(e.containers[i], 6),
                of(&|r| names.symbols.text(b.energy_carrier[r]).to_owned()),
                of(&|r| {
                    if b.energy_quantity[r] == 0 {
                        String::new()
                    } else {
                        d(b.energy_quantity[r], 6)
                    }
                }),
                of(&|r| b.energy_unit[r].code().to_owned()),
                of(&|r| b.evidence_ref.str(r).to_owned()),
                d(e.distance_m[i], 3),
                or_null(e.distance_basis[i].code()),
                or_null(e.distance_source[i].code()),
                d(e.activity_distance_m[i], 3),
                or_null(e.activity_basis[i].code()),
                d(e.emission_distance_m[i], 3),
                d(e.activity[i], 9),
                names.factors[e.factor[i] as usize].clone(),
                d(e.intensity_operation[i], 9),
                d(e.intensity_provision[i], 9),
                e.per[i].code().to_owned(),
                e.data_category[i].code().to_owned(),
                d(e.ghg_operation[i], 9),
                d(e.ghg_provision[i], 9),
                d(e.ghg_operation[i] + e.ghg_provision[i], 9),
                match e.biogenic_co2[i] {
                    NOT_STATED => "~".to_owned(),
                    co2 => d(co2, 9),
                },
                e.flags[i].text(),
                of(&|r| names.files[b.file[r] as usize].clone()),
                of(&|r| b.row[r].to_string()),
            ]
        })
        .collect()
}

#[test]
fn elements_come_back_cell_by_cell() {
    let sample = SampleNames::new();
    // More than a page, so that page boundaries are crossed.
    let parts = elements([0..1, 1..1, 1..900, 900..4000]);
    assert_eq!(parts.len(), 1);
    let (got, want) = (
        read(&parts[0].writer),
        want_elements(&chunk(0..4000), &sample.names()),
    );
    assert_eq!(
        (got.len(), parts[0].rows as usize),
        (want.len(), want.len())
    );
    for (i, (got, want)) in got.iter().zip(&want).enumerate() {
        assert_eq!(got, want, "row {i}");
    }
}

fn want_shipments(s: &Shipments, names: &Names<'_>) -> Vec<Vec<String>> {
    let d = |v: i128, scale| decimal_text(v, scale);
    let maybe = |v: Option<i128>, scale| v.map_or("~".to_owned(), |v| d(v, scale));
    (0..s.len())
        .map(|i| {
            let corridor = match s.corridor[i] {
                CorridorKey::Listed(n) => names.corridors[n as usize].clone(),
                CorridorKey::Lane(from, to) => format!("{from}-{to}"),
            };
            let mut row = vec![
                s.shipment_id.str(i).to_owned(),
                corridor,
                date_text(s.period[i]),
                s.origin[i].to_string(),
                s.destination[i].to_string(),
                instant_text(s.first_departed_at[i]),
                if s.last_arrived_at[i] == NO_INSTANT {
                    "~".to_owned()
                } else {
                    instant_text(s.last_arrived_at[i])
                },
                or_null(s.modes.str(i)),
                s.load_status[i].code().to_owned(),
                d(s.containers[i], 6),
                d(s.teu[i], 6),
                d(s.mass_g[i], 3),
                s.elements[i].to_string(),
                s.rejected_rows[i].to_string(),
                s.is_complete[i].to_string(),
                d(s.totals[i].activity, 9),
                d(s.totals[i].operation, 9),
                d(s.totals[i].provision, 9),
                d(s.totals[i].total(), 9),
            ];
            row.push(maybe(s.biogenic[i].stated(), 9));
            row.push(s.biogenic[i].elements.to_string());
            row.extend(s.by_mode[i].0.iter().map(|&v| d(v, 9)));
            row.push(or_null(s.activity_basis[i].code()));
            row.push(maybe(ratio::intensity_g_per_tkm(&s.totals[i]), 6));
            row.push(maybe(ratio::primary_share(s.primary[i], &s.totals[i]), 6));
            row.push(s.flags[i].text());
            row
        })
        .collect()
}

#[test]
fn shipments_come_back_cell_by_cell() {
    let sample = SampleNames::new();
    let parts = write(
        &SHIPMENTS,
        vec![chunk(0..7).shipments, chunk(7..20_000).shipments],
    );
    let (got, want) = (
        read(&parts[0].writer),
        want_shipments(&chunk(0..20_000).shipments, &sample.names()),
    );
    assert_eq!(got.len(), want.len());
    for (i, (got, want)) in got.iter().zip(&want).enumerate() {
        assert_eq!(got, want, "row {i}");
    }
}

#[test]
fn corridors_and_sections_are_sorted_sums() {
    let sample = SampleNames::new();
    let rollup = rollup_of(&chunk(0..3000));
    let parts = write(
        &CORRIDORS,
        vec![CorridorRows::new(&rollup, &sample.names())],
    );
    let got = read(&parts[0].writer);
    assert_eq!(got.len(), rollup.corridors.len());
    assert!(got.windows(2).all(|w| w[0][..3] < w[1][..3]));
    let shipments: i64 = got.iter().map(|row| row[3].parse::<i64>().unwrap()).sum();
    assert_eq!(shipments, 3000);
    let parts = write(
        &CORRIDOR_SECTIONS,
        vec![SectionRows::new(&rollup, &sample.names())],
    );
    let got = read(&parts[0].writer);
    assert_eq!(got.len(), rollup.sections.len());
    assert!(got.windows(2).all(|w| w[0][..7] < w[1][..7]));
    assert!(
        got.iter()
            .all(|row| row[7] == format!("{}-{}", &row[5][..2], &row[6][..2]))
    );
    assert!(got.iter().all(|row| (row[3] == "hub") == (row[4] == "hub")));
}

#[test]
fn rejected_rows_come_back() {
    let sample = SampleNames::new();
    let rows = rejected(40_000);
    let want: Vec<Vec<String>> = rows
        .iter()
        .map(|r| {
            vec![
                sample.names().files[r.file as usize].clone(),
                r.row.to_string(),
                r.reject.reason.code(),
                or_null(r.reject.column),
                or_null(&r.reject.value),
                r.reject.wanted.clone(),
                or_null(&r.shipment_id),
                or_null(&r.movement_id),
            ]
        })
        .collect();
    assert!(read(&write(&REJECTED, vec![rows])[0].writer) == want);
}

#[test]
fn an_empty_table_is_one_part_with_the_schema() {
    let parts = elements([]);
    assert_eq!((parts.len(), parts[0].rows), (1, 0));
    assert!(read(&parts[0].writer).is_empty());
    assert_eq!(write(&SHIPMENTS, vec![]).len(), 1);
    assert_eq!(
        write(
            &CORRIDORS,
            vec![CorridorRows::new(
                &Rollup::default(),
                &SampleNames::new().names()
            )]
        )
        .len(),
        1
    );
    assert_eq!(write(&REJECTED, vec![Vec::new()]).len(), 1);
}

#[test]
fn bytes_do_not_depend_on_chunks_or_threads() {
    let whole = elements(std::iter::once(0..3000));
    let pieces: Vec<_> = (0..1000).map(|i| i * 3..i * 3 + 3).collect();
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let split = pool.install(|| elements(pieces.clone()));
        assert!(split[0].writer == whole[0].writer, "{threads} threads");
    }
}

#[test]
fn a_footer_says_nothing_of_the_machine() {
    let parts = elements(std::iter::once(0..10));
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&parts[0].writer).unwrap();
    let reader = SerializedFileReader::new(file).unwrap();
    let metadata = reader.metadata().file_metadata();
    assert_eq!(metadata.created_by(), Some("green-corridor"));
    let pairs = metadata.key_value_metadata().unwrap();
    assert_eq!(
        pairs.iter().map(|kv| kv.key.as_str()).collect::<Vec<_>>(),
        ["run_id"]
    );
    let sorting = reader.metadata().row_group(0).sorting_columns().unwrap();
    assert_eq!(
        sorting.iter().map(|s| s.column_idx).collect::<Vec<_>>(),
        [0, 1, 2]
    );
}

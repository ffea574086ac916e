//! What a parser remembers from one row to the next (words, dictionaries, keys, offsets of a zone) against a parser that sees
//! the row alone: no row may read differently because of its neighbours or their order.

use super::column;
use super::csv::FOOTER_HINT;
use super::mapping::{COLUMNS, Mapping};
use super::tests::{read_with, vocabulary};
use super::*;
use ::parquet::arrow::ArrowWriter;
use arrow::array::*;
use arrow::datatypes::{DataType, Field, Int32Type, Schema, TimeUnit};
use std::collections::BTreeMap;

/// One cell per column; empty: absent.
type Row = [&'static str; column::COUNT];

/// Texts of each column. Words of one length with the same ends share a place in the parser's memory.
const POOLS: [&[&str]; column::COUNT] = [
    &["M1", "M2", "M-2", "", "é", "\u{7f}"],
    &["S1", "S2", "重庆", " S1", ""],
    &["CSQU3054383", "csqu 305438-3", "CSQU3054384", "", "-"],
    &["22G1", "42G1", "32G1", "", "99ZZ"],
    &["1", "2", "3.0", "", "0", "3.5"],
    &["sea", "SEA", "truck", "hub", "tea", "", "road"],
    &[
        "",
        "sea.feeder",
        "hub.terminal",
        "road.articulated",
        "see.feeder",
    ],
    &["AAXY", "BAXY", "CAXY", "", "AAXY ", "AA\u{1}Y"],
    &["CNQZH", "cnqzh", "CNCKG", "SGSIN", "VNQZH", "cnQZH", ""],
    &["SGSIN", "CNQZH", "CNCKG", "DEDUI", "SGSI"],
    TIMES,
    TIMES,
    &["", "10", "0", "10.0004", "-1", "50001", "x"],
    &["", "sfd", "gcd", "sfg"],
    &["", "1000", "1000.0004", "0", "1e3"],
    &["", "1", "2.0000004", "0", "1001"],
    &["", "1000", "5000", "0", "900"],
    &["", "laden", "empty", "lader"],
    &["", "ambient", "refrigerated", "ambiant"],
    &["", "diesel", "weasel", "hfo"],
    &["", "12.5", "999999999999.999999", "1000000000000", "0"],
    &["", "l", "kg", "MJ", "mj"],
    &["", "BDN 7", "BDN 8", "x"],
    TIMES,
    &["", "active", "cancelled", "actived"],
    &["", "0.5", "1", "0", "2"],
    &["", "equal", "stated", "half"],
];

/// Around changes of the clock in Berlin, and far from them, in several forms.
const TIMES: &[&str] = &[
    "2026-03-29T03:00:00",
    "2026-01-01T01:30:00",
    "2026-03-29T01:59:59",
    "2026-03-29T02:30:00",
    "2025-10-26T02:30:00",
    "2025-10-26T03:00:00",
    "2025-07-01T12:00:00",
    "",
];

/// Written as RFC 3339 now and then, as a date, with an offset; else as it stands, by a pattern.
fn varied(time: &'static str, random: &mut Random) -> String {
    match random.below(5) {
        0 if !time.is_empty() => format!("{time}Z"),
        1 if !time.is_empty() => format!("{time}{}", ["+0100", "+01:00", "Z"][random.below(3)]),
        2 if !time.is_empty() => time[..10].to_owned(),
        _ => time.to_owned(),
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }

    /// A row of which most cells are sound, or it would rarely come to its last column.
    fn row(&mut self) -> Row {
        POOLS.map(|pool| match self.below(4) {
            0 => pool[self.below(pool.len())],
            _ => pool[self.below(pool.len().min(2))],
        })
    }
}

fn mapping() -> Mapping {
    let code = [("BAXY".to_owned(), "ZZ".to_owned())];
    Mapping {
        timestamp: ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d"]
            .map(str::to_owned)
            .to_vec(),
        zone: jiff::tz::TimeZone::get("Europe/Berlin").ok(),
        values: BTreeMap::from([("carrier".to_owned(), code.into_iter().collect())]),
        ..Mapping::default()
    }
}

/// What became of each row, by its number: its values or its rejection, in words that mean the same in every batch.
/// Only the last row of a file is told of the key for footers.
fn without_hint(wanted: &mut String) {
    if let Some(plain) = wanted.strip_suffix(FOOTER_HINT) {
        wanted.truncate(plain.len());
    }
}

fn told(name: &str, content: &[u8]) -> Vec<String> {
    let (_, parsed) = read_with(name, content, mapping(), vocabulary()).unwrap();
    let mut told = BTreeMap::new();
    for i in 0..parsed.batch.len() {
        let mut one = MovementBatch::default();
        one.extend(&parsed.batch, i..i + 1);
        let words = [
            &mut one.container_type,
            &mut one.carrier,
            &mut one.energy_carrier,
        ]
        .map(|column| {
            parsed
                .symbols
                .text(std::mem::take(&mut column[0]))
                .to_owned()
        });
        for reject in &mut one.rejects {
            without_hint(&mut reject.wanted);
        }
        let row = std::mem::take(&mut one.row[0]);
        told.insert(row, format!("{one:?} {words:?}"));
    }
    for rejected in &parsed.unplaced {
        let mut one = rejected.clone();
        without_hint(&mut one.reject.wanted);
        told.insert(std::mem::take(&mut one.row), format!("{one:?}"));
    }
    told.into_values().collect()
}

/// Reads `rows` together, in two orders, and each alone behind the first one, which has every column.
#[track_caller]
fn check<R: Clone>(
    name: &str,
    first: R,
    rows: &[R],
    random: &mut Random,
    write: impl Fn(&[R]) -> Vec<u8>,
) {
    let all = |rows: &[R]| [std::slice::from_ref(&first), rows].concat();
    let together = told(name, &write(&all(rows)));
    assert_eq!(together.len(), rows.len() + 1);
    for (row, found) in rows.iter().zip(&together[1..]) {
        assert_eq!(
            told(name, &write(&all(std::slice::from_ref(row))))[1],
            *found
        );
    }
    let mut order: Vec<usize> = (0..rows.len()).collect();
    random.shuffle(&mut order);
    let shuffled: Vec<R> = order.iter().map(|&i| rows[i].clone()).collect();
    for (found, &i) in told(name, &write(&all(&shuffled)))[1..].iter().zip(&order) {
        assert_eq!(*found, together[i + 1]);
    }
}

/// A row with a value in every column.
fn first() -> Row {
    POOLS.map(|pool| pool[pool[0].is_empty() as usize])
}

#[test]
fn rows_of_csv_read_alike_alone_and_among_others() {
    let mut random = Random(1);
    for _ in 0..20 {
        let line = |row: &Row, random: &mut Random| {
            let cells: Vec<String> = (0..column::COUNT)
                .map(|c| match column::kind(c) {
                    column::Kind::Timestamp => varied(row[c], random),
                    _ => row[c].to_owned(),
                })
                .map(|cell| format!("\"{cell}\""))
                .collect();
            cells.join(",") + "\n"
        };
        let head = line(&first(), &mut random);
        let rows: Vec<String> = (0..60)
            .map(|_| {
                let row = random.row();
                line(&row, &mut random)
            })
            .collect();
        check("a.csv", head, &rows, &mut random, |lines| {
            (COLUMNS.join(",") + "\n" + &lines.concat()).into_bytes()
        });
    }
}

#[test]
fn records_of_ndjson_read_alike_alone_and_among_others() {
    let mut random = Random(2);
    for _ in 0..20 {
        let line = |row: &Row, random: &mut Random, is_whole: bool| {
            let mut members: Vec<String> = Vec::new();
            for (name, cell) in COLUMNS.iter().zip(row) {
                let name = match random.below(20) {
                    0 => name.replacen('e', "\\u0065", 1),
                    _ => (*name).to_owned(),
                };
                let text = serde_json::to_string(cell).unwrap();
                match random.below(6) {
                    0 if !is_whole && cell.is_empty() => {}
                    1 if cell.is_empty() => members.push(format!("\"{name}\":null")),
                    2 if cell.parse::<u32>().is_ok_and(|n| n.to_string() == *cell) => {
                        members.push(format!("\"{name}\":{cell}"))
                    }
                    _ => members.push(format!("\"{name}\":{text}")),
                }
            }
            match random.below(12) {
                0 if !is_whole => members.push("\"teu\":[1]".to_owned()),
                1 if !is_whole => members.push("\"mode\":\"sea\"".to_owned()),
                2 => members.push(format!("\"note {}\":{{}}", random.below(9))),
                _ => {}
            }
            if random.below(3) == 0 {
                random.shuffle(&mut members);
            }
            let end = ["}", "}", "}", "}", ""][if is_whole { 0 } else { random.below(5) }];
            format!("{{{}{end}\n", members.join(","))
        };
        let head = line(&first(), &mut random, true);
        let rows: Vec<String> = (0..60)
            .map(|_| {
                let row = random.row();
                line(&row, &mut random, false)
            })
            .collect();
        check("a.ndjson", head, &rows, &mut random, |lines| {
            lines.concat().into_bytes()
        });
    }
}

#[test]
fn rows_of_parquet_read_alike_alone_and_among_others() {
    let mut random = Random(3);
    for _ in 0..8 {
        // How each column is stored: as texts, as a dictionary, times also without a zone.
        let kinds: Vec<usize> = (0..column::COUNT).map(|_| random.below(3)).collect();
        let rows: Vec<Row> = (0..60).map(|_| random.row()).collect();
        check("a.parquet", first(), &rows, &mut random, |rows| {
            let arrays: Vec<ArrayRef> = (0..column::COUNT)
                .map(|c| array(c, kinds[c], rows))
                .collect();
            let field = |(name, array): (&&str, &ArrayRef)| {
                Field::new(*name, array.data_type().clone(), true)
            };
            let fields: Vec<Field> = COLUMNS.iter().zip(&arrays).map(field).collect();
            let schema = Arc::new(Schema::new(fields));
            let batch = RecordBatch::try_new(schema.clone(), arrays).unwrap();
            let mut out = Vec::new();
            let mut writer = ArrowWriter::try_new(&mut out, schema, None).unwrap();
            writer.write(&batch).unwrap();
            writer.close().unwrap();
            out
        });
    }
}

fn array(c: usize, kind: usize, rows: &[Row]) -> ArrayRef {
    let cells = rows
        .iter()
        .map(|row| Some(row[c]).filter(|cell| !cell.is_empty()));
    if column::kind(c) == column::Kind::Timestamp && kind < 2 {
        let at = |cell: &str| timestamp::parse_rfc3339(format!("{cell}Z").as_bytes()).unwrap();
        let times = TimestampMicrosecondArray::from_iter(cells.map(|cell| cell.map(at)));
        assert_eq!(
            *times.data_type(),
            DataType::Timestamp(TimeUnit::Microsecond, None)
        );
        return Arc::new(times);
    }
    match kind {
        0 => Arc::new(cells.collect::<DictionaryArray<Int32Type>>()),
        _ => Arc::new(cells.collect::<StringArray>()),
    }
}

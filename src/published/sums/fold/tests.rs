//! The fold beside a plain one over rows that are all held.

use super::*;
use crate::published::sums::batch::Wanted;
use arrow::array::{ArrayRef, BooleanArray, Decimal128Array, RecordBatch, StringArray};
use proptest::prelude::*;

/// Beyond 64 bits, and beyond the 38 digits of a decimal when three of them are added.
const HUGE: i128 = 40_000_000_000_000_000_000_000_000_000_000_000_000;

const WANTED: Wanted<'static> = Wanted {
    texts: &["key", "is_complete"],
    figures: &["kg", "tkm"],
};

#[derive(Clone, Debug)]
struct Line {
    key: Option<String>,
    is_complete: Option<bool>,
    kg: Option<i128>,
    tkm: Option<i128>,
}

impl Line {
    fn new(key: &str, kg: i128) -> Line {
        Line {
            key: Some(key.to_owned()),
            is_complete: Some(true),
            kg: Some(kg),
            tkm: None,
        }
    }

    fn key(&self) -> String {
        self.key.clone().unwrap_or_default()
    }

    fn word(&self) -> &'static str {
        self.is_complete
            .map_or("", |is| if is { "yes" } else { "no" })
    }
}

fn record(lines: &[Line]) -> RecordBatch {
    let decimals = |figure: fn(&Line) -> Option<i128>| -> ArrayRef {
        Arc::new(lines.iter().map(figure).collect::<Decimal128Array>())
    };
    let keys: StringArray = lines.iter().map(|line| line.key.clone()).collect();
    let flags: BooleanArray = lines.iter().map(|line| line.is_complete).collect();
    let columns: [(&str, ArrayRef); 4] = [
        ("key", Arc::new(keys)),
        ("is_complete", Arc::new(flags)),
        ("kg", decimals(|line| line.kg)),
        ("tkm", decimals(|line| line.tkm)),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true)))
        .unwrap()
}

/// Groups of lines that come in batches of at most `size`.
fn groups(lines: &[Line], size: usize) -> Result<Reduced> {
    let mut groups = Groups::new(WANTED.texts, WANTED.figures);
    for lines in lines.chunks(size.max(1)) {
        groups.add(&Batch::new(&record(lines), WANTED)?)?;
    }
    Ok(groups.finish())
}

fn first(most: usize, lines: &[Line], size: usize) -> Vec<Row> {
    let mut first = First::new(most, WANTED.texts, WANTED.figures);
    for lines in lines.chunks(size.max(1)) {
        let record = record(lines);
        let batch = Batch::new(&record, WANTED).unwrap();
        let kg = batch.figures("kg").unwrap();
        first.add(&batch, |row| -kg[row].unwrap_or(0)).unwrap();
    }
    first.finish().rows(WANTED.texts, WANTED.figures).unwrap()
}

#[test]
fn sums_of_groups_are_exact_and_ascending() {
    let lines: Vec<Line> = [
        ("b", 1),
        ("a", HUGE),
        ("b", 2),
        ("a", HUGE),
        ("a", HUGE),
        ("", -5),
        ("c", 0),
    ]
    .map(|(key, kg)| Line::new(key, kg))
    .to_vec();
    let found = groups(&lines, 3).unwrap();
    let rows = found.by(&["key"], &["kg", ROWS]).unwrap();
    let keys: Vec<&str> = rows.iter().map(|row| row.keys[0].as_str()).collect();
    assert_eq!(keys, ["", "a", "b", "c"]);
    let figures: Vec<_> = rows.iter().map(|row| row.figures.clone()).collect();
    let wanted = [(-5, 1), (3 * HUGE, 3), (3, 2), (0, 1)];
    assert_eq!(figures, wanted.map(|(kg, rows)| vec![Some(kg), Some(rows)]));
    let all = found.by(&[], &["kg"]).unwrap();
    assert_eq!(all[0].figures, [Some(3 * HUGE - 2)]);
    assert!(groups(&[], 1).unwrap().by(&[], &["kg"]).unwrap().is_empty());
    assert!(found.by(&["kg"], &[]).is_err());
}

#[test]
fn a_sum_that_does_not_fit_is_an_error() {
    let lines = vec![Line::new("a", HUGE); 5];
    let what = groups(&lines, 2).unwrap_err().to_string();
    assert!(what.contains("more than 128 bits"), "{what}");
    // Each group fits, both together do not.
    let apart = [vec![Line::new("a", HUGE); 3], vec![Line::new("b", HUGE); 3]].concat();
    let found = groups(&apart, 2).unwrap();
    assert!(found.by(&["key"], &["kg"]).is_ok() && found.by(&[], &["kg"]).is_err());
}

#[test]
fn the_first_rows_stay_whatever_comes_between() {
    let lines = [
        ("d", 7),
        ("b", HUGE),
        ("x", -1),
        ("a", 7),
        ("c", HUGE),
        ("y", 0),
    ];
    let rows = first(3, &lines.map(|(key, kg)| Line::new(key, kg)), 2);
    let keys: Vec<&str> = rows.iter().map(|row| row.keys[0].as_str()).collect();
    assert_eq!(keys, ["b", "c", "a"]);
    assert!(first(0, &lines.map(|(key, kg)| Line::new(key, kg)), 4).is_empty());
}

fn line() -> impl Strategy<Value = Line> {
    let key = prop::option::of("[ab重]{0,2}");
    let figure = || prop::option::of(-1_000_000_000_000_000_000_000i128..=HUGE / 100);
    (key, any::<Option<bool>>(), figure(), figure()).prop_map(|(key, is_complete, kg, tkm)| Line {
        key,
        is_complete,
        kg,
        tkm,
    })
}

proptest! {
    #[test]
    fn groups_are_those_of_a_plain_fold(lines in prop::collection::vec(line(), 0..60), size in 1usize..20) {
        let mut plain: BTreeMap<(String, &str), (i128, i128, i128)> = BTreeMap::new();
        for line in &lines {
            let sums = plain.entry((line.key(), line.word())).or_default();
            sums.0 += line.kg.unwrap_or(0);
            sums.1 += line.tkm.unwrap_or(0);
            sums.2 += 1;
        }
        let wanted: Vec<Row> = plain
            .into_iter()
            .map(|((key, word), (kg, tkm, rows))| Row {
                keys: vec![key, word.to_owned()],
                figures: vec![Some(kg), Some(tkm), Some(rows)],
            })
            .collect();
        let found = groups(&lines, size).unwrap();
        prop_assert_eq!(&found.rows(WANTED.texts, &["kg", "tkm", ROWS]).unwrap(), &wanted);
        prop_assert_eq!(&found.by(WANTED.texts, &["kg", "tkm", ROWS]).unwrap(), &wanted);
    }

    #[test]
    fn first_rows_are_those_of_a_plain_sort(
        kg in prop::collection::vec(-5i128..5, 0..60),
        most in 0usize..9,
        size in 1usize..20,
    ) {
        let lines: Vec<Line> = kg.iter().enumerate().map(|(n, kg)| Line::new(&format!("{:03}", n * 37 % 101), *kg)).collect();
        let mut sorted = lines.clone();
        sorted.sort_by_key(|line| (-line.kg.unwrap_or(0), line.key()));
        sorted.truncate(most);
        let keys: Vec<String> = first(most, &lines, size).into_iter().map(|row| row.keys[0].clone()).collect();
        let wanted: Vec<String> = sorted.iter().map(Line::key).collect();
        prop_assert_eq!(keys, wanted);
    }
}

//! The fold beside a plain one over rows that are all held.

use super::*;
use proptest::prelude::*;

/// Beyond 64 bits, and beyond the 38 digits of a decimal when three of them are added.
const HUGE: i128 = 40_000_000_000_000_000_000_000_000_000_000_000_000;

fn kg(operation: i128, activity: i128) -> Counted {
    Counted {
        count: 1,
        totals: GhgTotals {
            activity,
            operation,
            provision: 0,
        },
    }
}

fn groups<K: Hash + Ord + Clone>(lines: &[(K, Counted)]) -> Result<Vec<Group<K>>> {
    let mut fold = Fold::default();
    for (key, sums) in lines {
        fold.add(key.clone(), sums)?;
    }
    let mut groups: Vec<_> = fold
        .groups()
        .map(|(key, sums)| Group { key, sums })
        .collect();
    groups.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(groups)
}

fn shipment(id: &str) -> ShipmentRow {
    ShipmentRow {
        shipment_id: id.to_owned(),
        ..ShipmentRow::default()
    }
}

fn first(most: usize, lines: &[(&str, i128)]) -> Vec<String> {
    let mut first = First::new(most);
    for (id, kg) in lines {
        first.add(-kg, id, || Ok(shipment(id))).unwrap();
    }
    first
        .finish()
        .into_iter()
        .map(|row| row.shipment_id)
        .collect()
}

#[test]
fn sums_of_groups_are_exact_and_ascending() {
    let lines = [
        ("b", 1),
        ("a", HUGE),
        ("b", 2),
        ("a", HUGE),
        ("a", HUGE),
        ("", -5),
        ("c", 0),
    ];
    let found = groups(&lines.map(|(key, operation)| (key, kg(operation, 0)))).unwrap();
    let rows = by(&found, |group| group.key).unwrap();
    let rows: Vec<_> = rows
        .iter()
        .map(|row| (row.key, row.sums.totals.operation, row.sums.count))
        .collect();
    assert_eq!(
        rows,
        [("", -5, 1), ("a", 3 * HUGE, 3), ("b", 3, 2), ("c", 0, 1)]
    );
    let all = by(&found, |_| ()).unwrap();
    assert_eq!(all[0].sums.totals.operation, 3 * HUGE - 2);
    assert!(
        by(&groups::<&str>(&[]).unwrap(), |_| ())
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_sum_that_does_not_fit_is_an_error() {
    let what = groups(&vec![("a", kg(HUGE, 0)); 5])
        .unwrap_err()
        .to_string();
    assert!(what.contains("more than 128 bits"), "{what}");
    // Each group fits, both together do not.
    let apart = [vec![("a", kg(HUGE, 0)); 3], vec![("b", kg(HUGE, 0)); 3]].concat();
    let found = groups(&apart).unwrap();
    assert!(by(&found, |group| group.key).is_ok() && by(&found, |_| ()).is_err());
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
    assert_eq!(first(3, &lines), ["b", "c", "a"]);
    assert!(first(0, &lines).is_empty());
}

proptest! {
    #[test]
    fn groups_are_those_of_a_plain_fold(
        lines in prop::collection::vec(("[ab重]{0,2}", any::<bool>(), -HUGE / 100..=HUGE / 100, -HUGE / 100..=HUGE / 100), 0..60),
    ) {
        let mut plain: BTreeMap<(String, bool), (i128, i128, i128)> = BTreeMap::new();
        for (key, is, operation, activity) in &lines {
            let sums = plain.entry((key.clone(), *is)).or_default();
            sums.0 += operation;
            sums.1 += activity;
            sums.2 += 1;
        }
        let lines: Vec<_> = lines.into_iter().map(|(key, is, o, a)| ((key, is), kg(o, a))).collect();
        let found = groups(&lines).unwrap();
        let again = by(&found, |group| group.key.clone()).unwrap();
        prop_assert_eq!(&again, &found);
        let found: BTreeMap<_, _> = found
            .into_iter()
            .map(|g| (g.key, (g.sums.totals.operation, g.sums.totals.activity, g.sums.count)))
            .collect();
        prop_assert_eq!(found, plain);
    }

    #[test]
    fn first_rows_are_those_of_a_plain_sort(
        kg in prop::collection::vec(-5i128..5, 0..60),
        most in 0usize..9,
    ) {
        let ids: Vec<String> = (0..kg.len()).map(|n| format!("{:03}", n * 37 % 101)).collect();
        let lines: Vec<(&str, i128)> = ids.iter().map(String::as_str).zip(kg).collect();
        let mut sorted = lines.clone();
        sorted.sort_by_key(|(id, kg)| (-kg, *id));
        sorted.truncate(most);
        let wanted: Vec<&str> = sorted.iter().map(|(id, _)| *id).collect();
        prop_assert_eq!(first(most, &lines), wanted);
    }
}

//! A table of ratios as whole numbers: each row adds up to its own difference, each column to its sum as that is rounded by largest remainder.

use crate::exact::{Exact, parted};
use std::cmp::Ordering;

/// Activity, mix and intensity of a mode, and what they add up to, a whole number.
pub(super) type Row = ([Exact; 3], i128);

/// The rows as whole numbers; `None`: one cannot be held. Rows are rounded by largest remainder first; then single units go from a column that
/// has too many to one that lacks some, each in the row where the first lies most above and the second most below its ratio.
pub(super) fn rounded(rows: &[Row]) -> Option<Vec<[i128; 3]>> {
    let mut table = Vec::new();
    for (exact, total) in rows {
        table.push(<[i128; 3]>::try_from(parted(*total, exact)?).ok()?);
    }
    let sums: [Exact; 3] = std::array::from_fn(|column| {
        let of = rows.iter().map(|(exact, _)| &exact[column]);
        of.fold(Exact::ZERO, |sum, one| sum.plus(one))
    });
    let total = rows.iter().map(|(_, total)| total).sum();
    let wanted = parted(total, &sums)?;
    loop {
        let surplus = |column: &usize| {
            let sum: i128 = table.iter().map(|row: &[i128; 3]| row[*column]).sum();
            sum.cmp(&wanted[*column])
        };
        let from = (0..3).find(|column| surplus(column) == Ordering::Greater);
        let to = (0..3).find(|column| surplus(column) == Ordering::Less);
        let (Some(from), Some(to)) = (from, to) else {
            return Some(table);
        };
        let off = |at: usize| {
            let above = |column: usize| Exact::whole(table[at][column]).minus(&rows[at].0[column]);
            above(from).minus(&above(to))
        };
        // Of equal ones the first.
        let at = (0..rows.len()).reduce(|best, at| match off(at).compared(&off(best)) {
            Ordering::Greater => at,
            Ordering::Equal | Ordering::Less => best,
        })?;
        table[at][from] -= 1;
        table[at][to] += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_columns_add_up() {
        let third = |n| Exact::ratio(n, 3);
        // Rounded by themselves, both rows have a unit in the second column, whose sum is 4/3.
        let rows = [
            ([third(2), third(2), third(2)], 2),
            ([third(2), third(2), third(2)], 2),
        ];
        let table = rounded(&rows).unwrap();
        assert_eq!(table, [[1, 0, 1], [1, 1, 0]]);
    }
}

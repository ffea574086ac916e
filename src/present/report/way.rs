//! The main way of a corridor: from its usual origin to its usual destination over the sections that carry most.

use std::collections::BTreeMap;

/// A section: from, to (places of any kind), movements.
pub(crate) type Section<P> = (P, P, i128);

/// The way from `from` to `to` whose least used section is used most, of equal ones the one with fewer sections; positions in
/// `sections`, empty when there is no way.
pub(crate) fn main_way<P: Ord + Copy>(sections: &[Section<P>], from: P, to: P) -> Vec<usize> {
    // Per place: movements of the least used section on the way to it, sections on the way, the last of them.
    let mut reached: BTreeMap<P, (i128, usize, usize)> = BTreeMap::new();
    let mut has_changed = true;
    while has_changed {
        has_changed = false;
        for (at, (a, b, movements)) in sections
            .iter()
            .enumerate()
            .filter(|(_, (_, b, _))| *b != from)
        {
            let (least, count) = match reached.get(a) {
                _ if *a == from => (i128::MAX, 0),
                Some((least, count, _)) => (*least, *count),
                None => continue,
            };
            let (least, count) = (least.min(*movements), count + 1);
            let is_better = reached
                .get(b)
                .is_none_or(|(old, n, _)| least > *old || least == *old && count < *n);
            if is_better {
                reached.insert(*b, (least, count, at));
                has_changed = true;
            }
        }
    }
    let mut way = Vec::new();
    let mut place = to;
    while let Some((_, _, at)) = reached.get(&place).filter(|_| place != from) {
        way.push(*at);
        place = sections[*at].0;
    }
    way.reverse();
    way
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_main_way_goes_where_most_moves() {
        let sections = [
            ("A", "D", 1),
            ("A", "B", 9),
            ("B", "C", 8),
            ("C", "D", 9),
            ("B", "D", 8),
            ("D", "A", 9),
            ("C", "B", 5),
        ];
        assert_eq!(
            main_way(&sections, "A", "D"),
            [1, 4],
            "the shorter one of two that carry as much"
        );
        assert_eq!(main_way(&sections[..4], "A", "D"), [1, 2, 3]);
        assert_eq!(main_way(&sections[..1], "A", "D"), [0]);
        assert!(main_way(&sections[..1], "D", "A").is_empty());
        assert!(main_way(&[("A", "A", 3)], "A", "A").is_empty());
    }
}

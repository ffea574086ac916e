//! Where the byte order of names is not the order in which a person reads them: numbers without leading zeros, dates that begin with the
//! day, names of months.

use super::later_file::MONTHS;

/// Two names, the earlier first, that byte order puts the other way round.
pub(super) fn misleading<'n>(names: &[&'n str]) -> Option<(&'n str, &'n str)> {
    let by_number = against(
        names,
        |name| Some((letters(name), by_size(numbers(name)))),
        same_letters,
    );
    let by_date = |read: fn(u32, u32, u32) -> Option<Date>| {
        against(
            names,
            move |name| Some((letters(name), day_first(name, read)?)),
            same_letters,
        )
    };
    by_number
        .or_else(|| by_date(day_month_year))
        .or_else(|| by_date(month_day_year))
        .or_else(|| against(names, named_month, |_, _| true))
}

type Date = (u32, u32, u32);

fn same_letters<A: PartialEq, B>(a: &(A, B), b: &(A, B)) -> bool {
    a.0 == b.0
}

/// The first neighbours in the order of what is read of the names, of those that can be compared, that byte order exchanges.
fn against<'n, K: Ord>(
    names: &[&'n str],
    read: impl Fn(&'n str) -> Option<K>,
    are_comparable: impl Fn(&K, &K) -> bool,
) -> Option<(&'n str, &'n str)> {
    let mut sorted: Vec<(K, &str)> = names
        .iter()
        .filter_map(|name| Some((read(name)?, *name)))
        .collect();
    sorted.sort();
    sorted
        .windows(2)
        .find(|pair| {
            are_comparable(&pair[0].0, &pair[1].0)
                && pair[0].0 != pair[1].0
                && pair[0].1 > pair[1].1
        })
        .map(|pair| (pair[0].1, pair[1].1))
}

fn letters(name: &str) -> Vec<&str> {
    name.split(|c: char| c.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .collect()
}

fn numbers(name: &str) -> Vec<&str> {
    name.split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .collect()
}

/// Numbers of any length by their value.
fn by_size(numbers: Vec<&str>) -> Vec<(usize, &str)> {
    numbers
        .into_iter()
        .map(|digits| digits.trim_start_matches('0'))
        .map(|digits| (digits.len(), digits))
        .collect()
}

/// A year that a file may be of.
fn year(digits: &str) -> Option<u32> {
    let is_one = digits.len() == 4 && (digits.starts_with("19") || digits.starts_with("20"));
    digits.parse().ok().filter(|_| is_one)
}

/// The first date of a name that ends with its year: `31-01-2025`, `31012025`.
fn day_first(name: &str, read: fn(u32, u32, u32) -> Option<Date>) -> Option<Date> {
    let numbers = numbers(name);
    let small = |digits: &str| digits.parse().ok().filter(|_| digits.len() <= 2);
    let apart = numbers
        .windows(3)
        .find_map(|n| Some((small(n[0])?, small(n[1])?, year(n[2])?)));
    let joined = || {
        let digits = numbers
            .iter()
            .find(|n| n.len() == 8 && year(&n[..4]).is_none())?;
        Some((
            small(&digits[..2])?,
            small(&digits[2..4])?,
            year(&digits[4..])?,
        ))
    };
    let (a, b, year) = apart.or_else(joined)?;
    read(a, b, year)
}

fn day_month_year(day: u32, month: u32, year: u32) -> Option<Date> {
    ((1..=31).contains(&day) && (1..=12).contains(&month)).then_some((year, month, day))
}

fn month_day_year(month: u32, day: u32, year: u32) -> Option<Date> {
    day_month_year(day, month, year)
}

/// Year, month and day, as far as it is there, of a name with an English name of a month: `5-Mar-2025`, `December 2024`.
fn named_month(name: &str) -> Option<Date> {
    const WHOLE: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let month = name
        .split(|c: char| !c.is_ascii_alphabetic())
        .map(str::to_ascii_lowercase)
        .find_map(|word| {
            let is_it = |i: &usize| WHOLE[*i] == word || MONTHS[*i].eq_ignore_ascii_case(&word);
            (0..12).find(is_it)
        })?;
    let numbers = numbers(name);
    let year = numbers.iter().find_map(|digits| year(digits))?;
    let day = numbers.iter().filter(|digits| digits.len() <= 2);
    let day = day
        .filter_map(|digits| digits.parse().ok())
        .next()
        .unwrap_or(0);
    Some((year, u32::try_from(month).ok()?, day))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_that_a_person_reads_otherwise_is_noticed() {
        for (names, want) in [
            (
                &["night10.csv", "night8.csv", "night9.csv"][..],
                Some(("night9.csv", "night10.csv")),
            ),
            (
                &["n_31-01-2025.csv", "n_01-02-2025.csv"],
                Some(("n_31-01-2025.csv", "n_01-02-2025.csv")),
            ),
            (
                &["n_12-31-2024.csv", "n_01-01-2025.csv"],
                Some(("n_12-31-2024.csv", "n_01-01-2025.csv")),
            ),
            (
                &["n_31012025.csv", "n_01022025.csv"],
                Some(("n_31012025.csv", "n_01022025.csv")),
            ),
            (&["Dec2024.csv", "Apr2024.csv"], None),
            (
                &["Apr-2024.csv", "Feb-2024.csv"],
                Some(("Feb-2024.csv", "Apr-2024.csv")),
            ),
            (
                &["5 March 2025.csv", "6 April 2025.csv", "7 May 2025.csv"],
                None,
            ),
            (
                &["night09.csv", "night10.csv", "other9.csv", "2025-01-01.csv"],
                None,
            ),
            (
                &["2025-01-31.csv", "2025-02-01.csv", "2024-12-31.csv"],
                None,
            ),
            (&["20250131.csv", "20250201.csv", "20241231.csv"], None),
            (&["n_01-01-2025.csv", "n_02-01-2025.csv"], None),
            (&["a.csv", "a.csv"], None),
        ] {
            assert_eq!(misleading(names), want, "{names:?}");
        }
    }
}

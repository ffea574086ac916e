//! Decimal and thousands marks of the number columns of an export, as far as its cells decide them.

use super::table::quoted;
use std::collections::BTreeSet;

/// What the cells of number columns say together.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks {
    decimal: BTreeSet<char>,
    thousands: BTreeSet<char>,
    /// Marks that may be either, each with the column and a cell.
    either: Vec<(char, String, String)>,
    has_exponents: bool,
}

/// What one text of a number column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// Digits alone.
    Plain,
    Decimal(char),
    Thousands(char),
    Both {
        thousands: char,
        decimal: char,
    },
    /// `1.234`: a point or a comma before three digits.
    Either(char),
    /// No number.
    Word,
}

/// The answer to one of the two keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// Nothing but the default is needed.
    Default,
    /// This one.
    One(char),
    /// The cells leave it open.
    Open(String),
}

impl Marks {
    /// Takes the texts of a column; gives those that are no numbers.
    pub(super) fn take(&mut self, name: &str, texts: &[&str]) -> Vec<String> {
        let mut words = Vec::new();
        let mut own = Marks::default();
        for text in texts {
            let number = match without_exponent(text) {
                Some(number) => {
                    own.has_exponents = true;
                    number
                }
                None => text,
            };
            match shape(number) {
                Shape::Plain => {}
                Shape::Decimal(mark) => drop(own.decimal.insert(mark)),
                Shape::Thousands(mark) => drop(own.thousands.insert(mark)),
                Shape::Both { thousands, decimal } => {
                    own.thousands.insert(thousands);
                    own.decimal.insert(decimal);
                }
                Shape::Either(mark) => {
                    if own.either.iter().all(|(known, ..)| *known != mark) {
                        own.either.push((mark, name.to_owned(), (*text).to_owned()));
                    }
                }
                Shape::Word => words.push((*text).to_owned()),
            }
        }
        // What a column writes clearly elsewhere, it means here too.
        let clear = |mark: &char| own.decimal.contains(mark) != own.thousands.contains(mark);
        self.either
            .extend(own.either.iter().filter(|(mark, ..)| !clear(mark)).cloned());
        self.decimal.extend(&own.decimal);
        self.thousands.extend(&own.thousands);
        self.has_exponents |= own.has_exponents;
        words
    }

    /// Whether numbers have a power of ten.
    pub(super) fn has_exponents(&self) -> bool {
        self.has_exponents
    }

    /// The decimal mark and the thousands mark.
    pub(super) fn settle(&self) -> (Mark, Mark) {
        let both: Vec<&char> = self.decimal.intersection(&self.thousands).collect();
        if let [mark, ..] = both[..] {
            let why = format!(
                "{mark:?} stands before decimals in one cell and between thousands in another"
            );
            return (Mark::Open(why.clone()), Mark::Open(why));
        }
        if self.decimal.len() > 1 || self.thousands.len() > 1 {
            let list = |marks: &BTreeSet<char>| format!("{:?}", marks.iter().collect::<Vec<_>>());
            let why = format!(
                "the cells mix marks: {} before decimals, {} between thousands; a run reads one of each",
                list(&self.decimal),
                list(&self.thousands)
            );
            return (Mark::Open(why.clone()), Mark::Open(why));
        }
        let one = |marks: &BTreeSet<char>| marks.first().map_or(Mark::Default, |m| Mark::One(*m));
        let (decimal, thousands) = (one(&self.decimal), one(&self.thousands));
        let Some((mark, column, cell)) = self.either.first() else {
            return (decimal, thousands);
        };
        let (as_decimal, as_thousands) = (cell.replace(*mark, "."), cell.replace(*mark, ""));
        let why = format!(
            "{} in {} is {as_decimal} with decimal = {:?}, and {as_thousands} with thousands = {:?}; no cell of that column says which",
            quoted(cell),
            quoted(column),
            mark.to_string(),
            mark.to_string()
        );
        let is = |answer: &Mark| *answer == Mark::One(*mark);
        match is(&decimal) || is(&thousands) {
            // A run reads a mark in one way only, and another column says which.
            true => (decimal, thousands),
            false => (Mark::Open(why.clone()), Mark::Open(why)),
        }
    }
}

/// The number before the power of ten.
fn without_exponent(text: &str) -> Option<&str> {
    let (number, power) = text.split_once(['e', 'E'])?;
    let power = power.strip_prefix(['-', '+']).unwrap_or(power);
    let is_power = !power.is_empty() && power.bytes().all(|b| b.is_ascii_digit());
    (is_power && number.bytes().next_back()?.is_ascii_digit()).then_some(number)
}

fn shape(text: &str) -> Shape {
    let text = text.strip_prefix('-').unwrap_or(text);
    let parts: Vec<&str> = text.split(|c: char| !c.is_ascii_digit()).collect();
    let marks: Vec<char> = text.chars().filter(|c| !c.is_ascii_digit()).collect();
    let is_known = |c: &char| {
        matches!(
            c,
            '.' | ',' | '\'' | '’' | ' ' | '\u{a0}' | '\u{202f}' | '_'
        )
    };
    if parts.iter().any(|part| part.is_empty()) || !marks.iter().all(is_known) {
        return Shape::Word;
    }
    let Some((&last, before)) = marks.split_last() else {
        return Shape::Plain;
    };
    let groups_of_three = |parts: &[&str]| {
        (1..=3).contains(&parts[0].len()) && parts[1..].iter().all(|part| part.len() == 3)
    };
    let is_decimal_mark = matches!(last, '.' | ',');
    match before.first() {
        None if is_decimal_mark => {
            let may_be_group = groups_of_three(&parts) && !parts[0].starts_with('0');
            match may_be_group {
                true => Shape::Either(last),
                false => Shape::Decimal(last),
            }
        }
        None if groups_of_three(&parts) => Shape::Thousands(last),
        None => Shape::Word,
        Some(&mark) if before.iter().any(|c| *c != mark) => Shape::Word,
        Some(&mark) if mark == last && groups_of_three(&parts) => Shape::Thousands(mark),
        Some(&mark) if mark != last && is_decimal_mark => {
            match groups_of_three(&parts[..parts.len() - 1]) {
                true => Shape::Both {
                    thousands: mark,
                    decimal: last,
                },
                false => Shape::Word,
            }
        }
        Some(_) => Shape::Word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settle(columns: &[&[&str]]) -> (Mark, Mark) {
        let mut marks = Marks::default();
        for texts in columns {
            assert!(marks.take("w", texts).is_empty(), "{texts:?}");
        }
        marks.settle()
    }

    #[test]
    fn marks_that_the_cells_decide() {
        let one = Mark::One;
        assert_eq!(settle(&[&["12", "0"]]), (Mark::Default, Mark::Default));
        assert_eq!(settle(&[&["12.5", "1.250"]]), (one('.'), Mark::Default));
        assert_eq!(settle(&[&["0.500"]]), (one('.'), Mark::Default));
        assert_eq!(settle(&[&["1234,567"]]), (one(','), Mark::Default));
        assert_eq!(settle(&[&["1.234,5", "19.746"]]), (one(','), one('.')));
        assert_eq!(settle(&[&["1 234,50"]]), (one(','), one(' ')));
        assert_eq!(settle(&[&["1'234.5"]]), (one('.'), one('\'')));
        assert_eq!(settle(&[&["1.234.567"]]), (Mark::Default, one('.')));
        assert_eq!(settle(&[&["1.5"], &["1.000"]]), (one('.'), Mark::Default));
    }

    #[test]
    fn marks_that_no_cell_decides_stay_open() {
        for columns in [
            &[&["19.746", "20.100"][..]][..],
            // Another column's comma says nothing of this one's point.
            &[&["2821,6"], &["19.746"]],
            &[&["1.5"], &["1,5"]],
            &[&["1.5"], &["1.234.567"]],
        ] {
            let (decimal, thousands) = settle(columns);
            let is_open = |mark| matches!(mark, Mark::Open(_));
            assert!(is_open(decimal) || is_open(thousands), "{columns:?}");
        }
    }

    #[test]
    fn what_is_no_number() {
        let mut marks = Marks::default();
        let texts = [
            "n/a", "12 t", "1,23.4,5", "", "-", "12.", ".5", "1e", "1.5E3", "7",
        ];
        let words = marks.take("w", &texts);
        assert_eq!(
            words,
            ["n/a", "12 t", "1,23.4,5", "", "-", "12.", ".5", "1e"]
        );
        assert!(marks.has_exponents());
    }
}

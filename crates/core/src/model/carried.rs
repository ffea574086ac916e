//! Carried columns: texts of an export that no figure depends on, such as customer or order (`[carry]` of a run file).
//!
//! What a record has in all of them is one text, every value with a mark before it, and one code in the table of symbols. So rows
//! are sorted, spilled and computed with four bytes more, however many columns there are.

use super::symbol::{ABSENT, Symbol, Symbols};
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// Stands before every value; no text of a cell holds a control character.
const MARK: char = '\u{1f}';

/// Columns that a run carries at most.
pub const MOST_COLUMNS: usize = 32;

/// The values of a record as one text: empty where it has none.
///
/// ```
/// use green_corridor_core::model::carried::{joined, value};
/// let both = joined(["ACME", ""]);
/// assert_eq!((value(&both, 0), value(&both, 1)), ("ACME", ""));
/// assert_eq!(joined(["", ""]), "");
/// ```
pub fn joined<'v>(values: impl IntoIterator<Item = &'v str>) -> String {
    let (mut text, mut is_empty) = (String::new(), true);
    for value in values {
        push_value(value, &mut text);
        is_empty &= value.is_empty();
    }
    if is_empty {
        text.clear();
    }
    text
}

/// Adds the value of the next column to such a text.
pub fn push_value(value: &str, text: &mut String) {
    text.push(MARK);
    text.push_str(value);
}

/// The value of a column; empty: none.
pub fn value(joined: &str, column: usize) -> &str {
    // Values are short, and a mark is one byte that is no part of another character: a plain loop is the fastest way.
    let (mut marks, mut from) = (0, joined.len());
    for (at, byte) in joined.bytes().enumerate() {
        if byte == MARK as u8 {
            marks += 1;
            if marks == column + 1 {
                from = at + 1;
            } else if marks == column + 2 {
                return &joined[from..at];
            }
        }
    }
    &joined[from..]
}

/// Whether a text of the table of symbols is one of these, and no code word.
pub fn is_joined(text: &str) -> bool {
    text.starts_with(MARK)
}

/// What the elements of a shipment have in common: in each column the one value of those that have any, none where two differ.
/// And whether two differ.
pub fn common<'t>(texts: impl Iterator<Item = &'t str> + Clone) -> (String, bool) {
    let columns = texts.clone().map(|text| text.matches(MARK).count()).max();
    let mut differs = false;
    let common = (0..columns.unwrap_or(0)).map(|column| {
        let mut values = texts.clone().map(|text| value(text, column));
        let first = values.find(|value| !value.is_empty()).unwrap_or("");
        let agree = values.all(|value| value.is_empty() || value == first);
        differs |= !agree;
        if agree { first } else { "" }
    });
    let common = joined(common.collect::<Vec<_>>());
    (common, differs)
}

/// What shipments have in the carried columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfShipments {
    /// The code that all elements have, or the place of a text of its own.
    codes: Vec<Symbol>,
    /// Texts of shipments whose elements have several.
    own: Vec<String>,
}

/// Marks the place of a text in [`OfShipments::own`]; a table of symbols never grows so far.
const OWN: Symbol = 1 << 31;

impl OfShipments {
    /// Adds a shipment whose elements all have this code.
    pub fn push(&mut self, code: Symbol) {
        self.codes.push(code);
    }

    /// Adds a shipment whose elements have several.
    pub fn push_own(&mut self, text: String) {
        let place = Symbol::try_from(self.own.len()).unwrap_or(OWN - 1);
        self.codes.push(OWN | place);
        self.own.push(text);
    }

    /// Room for more.
    pub fn reserve(&mut self, more: usize) {
        self.codes.reserve(more);
    }

    /// The values of a shipment as one text.
    pub fn text<'t>(&'t self, shipment: usize, symbols: &'t Symbols) -> &'t str {
        match self.codes.get(shipment).copied().unwrap_or(ABSENT) {
            own if own & OWN != 0 => &self.own[(own & !OWN) as usize],
            code => symbols.text(code),
        }
    }
}

/// The name of a carried column for as long as the program runs, like those of all other columns. There are few, and each is kept
/// once.
pub fn column_name(name: &str) -> &'static str {
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return known;
    }
    let kept: &'static str = Box::leak(name.into());
    names.insert(kept);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_without_a_value_do_not_contradict_those_with_one() {
        let texts = |all: &[[&str; 2]]| all.iter().map(|v| joined(*v)).collect::<Vec<_>>();
        let of = |all: &[[&str; 2]]| {
            let texts = texts(all);
            let (text, differs) = common(texts.iter().map(String::as_str));
            (
                value(&text, 0).to_owned(),
                value(&text, 1).to_owned(),
                differs,
            )
        };
        let want = |a: &str, b: &str, differs| (a.to_owned(), b.to_owned(), differs);
        assert_eq!(of(&[["A", "1"], ["", "1"]]), want("A", "1", false));
        assert_eq!(of(&[["", ""], ["A", ""]]), want("A", "", false));
        assert_eq!(of(&[["A", "1"], ["B", "1"]]), want("", "1", true));
        assert_eq!(of(&[["A", "1"], ["", ""], ["A", "2"]]), want("A", "", true));
        assert_eq!(of(&[["", ""]]), want("", "", false));
        assert_eq!(of(&[]), want("", "", false));
    }

    #[test]
    fn shipments_have_the_code_of_their_elements_or_a_text_of_their_own() {
        let mut symbols = Symbols::default();
        let code = symbols.intern(&joined(["A"]));
        let mut of = OfShipments::default();
        of.push(ABSENT);
        of.push_own(joined(["B"]));
        of.push(code);
        let found: Vec<&str> = (0..3).map(|i| value(of.text(i, &symbols), 0)).collect();
        assert_eq!(found, ["", "B", "A"]);
    }

    #[test]
    fn a_name_is_kept_once() {
        let name = column_name("customer");
        assert!(std::ptr::eq(name, column_name(&String::from("customer"))));
    }
}

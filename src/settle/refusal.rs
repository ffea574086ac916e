//! What cannot be settled, with its place, what was found and what was wanted. The codes are a closed list (docs/settlement.md).

/// Declares the closed list of codes.
macro_rules! codes {
    ($($name:ident = $code:literal, $meaning:literal;)+) => {
        /// Why something is refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(super) enum Code { $(#[doc = $meaning] $name),+ }

        impl Code {
            /// The code and what it means.
            pub(super) const fn text(self) -> (&'static str, &'static str) {
                match self { $(Code::$name => ($code, $meaning)),+ }
            }

            /// Whether it is said of a unit that cannot be costed.
            pub(super) const fn is_of_cost(self) -> bool {
                matches!(self, Code::Teu | Code::Price | Code::Amount)
            }

            #[cfg(test)]
            pub(super) const ALL: &'static [Code] = &[$(Code::$name),+];
        }
    };
}

codes! {
    File = "S001", "the file is not UTF-8, or no CSV of RFC 4180";
    Columns = "S002", "a column is unknown, missing or twice there";
    Missing = "S003", "a cell that must not be empty is";
    Number = "S004", "no number, too many digits or decimals, or out of range";
    Date = "S005", "no date, or an interval that ends before it begins";
    Word = "S006", "a word or code that its list does not hold";
    Currency = "S007", "no currency of ISO 4217";
    Id = "S008", "an id with characters or a length that it must not have";
    Twice = "S009", "an id or key that is there twice";
    Party = "S010", "a party that parties.csv does not hold, or that must not stand here";
    Together = "S011", "cells that do not go together";
    Amount = "S012", "an amount with more decimals than its currency has, or too large to be paid";
    Replaces = "S013", "replaces an unknown charge, itself, one of another scope, or goes round in a circle";
    Shipment = "S014", "a shipment, container or element that the run does not hold";
    Flat = "S015", "a flat charge that would be charged again, or that meets nothing";
    Stages = "S016", "two stages settle for one obligation";
    Teu = "S017", "TEU are not known";
    Price = "S018", "no price applies, or one that must not be used";
    Rate = "S019", "no exchange rate, or one too old";
    Invoice = "S020", "one invoice with two payers, payees or dates";
    Agreement = "S021", "an agreement that does not hold, or two for one pair, currency and day";
}

/// Something refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// File, as far as it has one.
    pub file: String,
    /// Line where the record begins; 0: none.
    pub line: u64,
    /// Bill, as far as it has one.
    pub bill: String,
    /// Container.
    pub container: String,
    /// Element; 0: none.
    pub element: i64,
    /// Why.
    pub code: Code,
    /// What was found.
    pub found: String,
    /// What was wanted.
    pub wanted: String,
}

impl Refusal {
    pub(super) fn at(file: &str, line: u64, code: Code, found: &str, wanted: &str) -> Refusal {
        Refusal {
            file: file.to_owned(),
            line,
            bill: String::new(),
            container: String::new(),
            element: 0,
            code,
            found: found.chars().take(200).collect(),
            wanted: wanted.to_owned(),
        }
    }

    pub(super) fn of_unit(mut self, bill: &str, container: &str, element: i64) -> Refusal {
        self.bill = bill.to_owned();
        self.container = container.to_owned();
        self.element = element;
        self
    }

    /// Its place among others.
    pub(super) fn key(&self) -> (&str, u64, &str, &str, i64, Code, &str) {
        (
            &self.file,
            self.line,
            &self.bill,
            &self.container,
            self.element,
            self.code,
            &self.found,
        )
    }

    /// One line for people.
    pub(super) fn text(&self) -> String {
        let mut place = self.file.clone();
        if self.line > 0 {
            place += &format!(":{}", self.line);
        }
        if !self.bill.is_empty() {
            place += &format!(" bill {:?}", self.bill);
        }
        if self.element > 0 {
            place += &format!(" container {:?} element {}", self.container, self.element);
        }
        let (code, meaning) = self.code.text();
        format!(
            "{place}: {code} ({meaning}): found {:?}, expected {}",
            self.found, self.wanted
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_has_every_code() {
        let docs = include_str!("../../docs/settlement.md");
        for code in Code::ALL {
            let (code, meaning) = code.text();
            assert!(
                docs.contains(&format!("| `{code}` | {meaning} |")),
                "{code}"
            );
        }
    }
}

//! Passages of the sea graph: straits, canals and capes that can be closed.

use std::fmt;

/// A set of passages.
///
/// ```
/// use green_corridor_core::geo::sea::Passages;
/// let closed = Passages::parse("suez").unwrap().with(Passages::parse("bab_el_mandeb").unwrap());
/// assert_eq!(closed.to_string(), "bab_el_mandeb, suez");
/// assert!(Passages::parse("Suez Canal").is_none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Passages(u16);

impl Passages {
    /// None.
    pub const NONE: Passages = Passages(0);
    /// What is closed unless somebody opens it: ice.
    pub const USUALLY_CLOSED: Passages = Passages(1 << 9 | 1 << 13);
    /// Code words; the place in the list is the bit in the file.
    pub const CODES: [&'static str; 16] = [
        "bab_el_mandeb",
        "bering",
        "bosporus",
        "cape_horn",
        "cape_of_good_hope",
        "dardanelles",
        "gibraltar",
        "hormuz",
        "malacca",
        "northwest",
        "panama",
        "suez",
        "sunda",
        "northeast",
        "kiel",
        "corinth",
    ];

    /// The set of the one passage with exactly this code word.
    pub fn parse(code: &str) -> Option<Passages> {
        Self::CODES
            .iter()
            .position(|c| *c == code)
            .map(|bit| Passages(1 << bit))
    }

    /// The set whose bits a file holds: there is a passage for each.
    pub(super) const fn from_bits(bits: u16) -> Passages {
        Passages(bits)
    }

    /// Both sets together.
    pub const fn with(self, other: Passages) -> Passages {
        Passages(self.0 | other.0)
    }

    /// This set less those of the other.
    pub const fn without(self, other: Passages) -> Passages {
        Passages(self.0 & !other.0)
    }

    /// Whether a passage is in both.
    pub const fn meets(self, other: Passages) -> bool {
        self.0 & other.0 != 0
    }

    /// How many there are.
    pub(super) const fn count(self) -> u32 {
        self.0.count_ones()
    }

    /// Those that are in both.
    pub(super) const fn both(self, other: Passages) -> Passages {
        Passages(self.0 & other.0)
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Code words, in the order of [`Passages::CODES`].
    pub fn codes(self) -> impl Iterator<Item = &'static str> {
        Self::CODES
            .into_iter()
            .enumerate()
            .filter(move |(bit, _)| self.0 >> bit & 1 == 1)
            .map(|(_, code)| code)
    }
}

/// Which passages are no way, and which are one only where nothing else leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Closures {
    /// No way at all: ice, and what somebody closed.
    pub closed: Passages,
    /// Ships go round them however long that is, and through as few of them as can be where there is no other way: a port
    /// between two of them is reached through one.
    pub avoided: Passages,
}

impl From<Passages> for Closures {
    fn from(closed: Passages) -> Closures {
        Closures {
            closed,
            avoided: Passages::NONE,
        }
    }
}

impl fmt::Display for Passages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, code) in self.codes().enumerate() {
            f.write_str(if i == 0 { "" } else { ", " })?;
            f.write_str(code)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ice_closes_the_passages_of_the_arctic() {
        assert_eq!(Passages::USUALLY_CLOSED.to_string(), "northwest, northeast");
    }

    #[test]
    fn every_code_word_stands_for_itself() {
        for code in Passages::CODES {
            assert_eq!(Passages::parse(code).unwrap().to_string(), code);
        }
    }
}

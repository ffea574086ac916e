//! Smallest and largest values of pages and column chunks, in the byte forms that statistics and page index want.

use crate::model::index::index32;
use parquet::basic::Type;
use parquet::data_type::{ByteArray, FixedLenByteArray};
use parquet::file::statistics::Statistics;
use std::cmp::Ordering;

/// Longest text kept whole in statistics; ids are far shorter, only chains of modes and reject texts can be longer.
const TEXT_KEPT: usize = 256;

/// A value of a column: a dictionary entry or one end of a range. Only values of one kind are compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Bound {
    /// BOOLEAN.
    Flag(bool),
    /// INT32.
    Int(i32),
    /// INT64.
    Long(i64),
    /// FIXED_LEN_BYTE_ARRAY(16), a decimal: big-endian two's complement, ordered as a number.
    Wide(i128),
    /// BYTE_ARRAY, ordered as bytes.
    Text(Vec<u8>),
}

impl Bound {
    /// The form in statistics and page index.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        match self {
            Bound::Flag(v) => vec![*v as u8],
            Bound::Int(v) => v.to_le_bytes().to_vec(),
            Bound::Long(v) => v.to_le_bytes().to_vec(),
            Bound::Wide(v) => v.to_be_bytes().to_vec(),
            Bound::Text(v) => v.clone(),
        }
    }

    /// Appends the PLAIN encoding (of a dictionary entry; flags have no dictionary).
    pub(crate) fn plain(&self, out: &mut Vec<u8>) {
        if let Bound::Text(v) = self {
            out.extend_from_slice(&index32(v.len()).to_le_bytes());
        }
        out.extend_from_slice(&self.bytes());
    }
}

/// Smallest and largest present value of a page or chunk, and whether they are values of it or only bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Range {
    /// Nothing is smaller.
    pub min: Bound,
    /// Nothing is larger.
    pub max: Bound,
    /// Whether `min` and `max` occur.
    pub exact: (bool, bool),
}

impl Range {
    /// From two values that occur. Long texts are cut: the lower bound to a prefix, the upper to a prefix that is
    /// stepped up by one.
    pub(super) fn new(min: Bound, max: Bound) -> Range {
        let mut exact = (true, true);
        let min = match min {
            Bound::Text(text) if text.len() > TEXT_KEPT => {
                exact.0 = false;
                Bound::Text(text[..char_boundary(&text, TEXT_KEPT)].to_vec())
            }
            other => other,
        };
        let max = match max {
            Bound::Text(text) if text.len() > TEXT_KEPT => {
                match stepped_up(&text[..char_boundary(&text, TEXT_KEPT)]) {
                    Some(bound) => {
                        exact.1 = false;
                        Bound::Text(bound)
                    }
                    None => Bound::Text(text),
                }
            }
            other => other,
        };
        Range { min, max, exact }
    }

    /// The range over both; a cut bound stays a bound.
    pub(super) fn join(self, other: &Range) -> Range {
        let (min, min_exact) = match self.min.cmp(&other.min) {
            Ordering::Less => (self.min, self.exact.0),
            Ordering::Equal => (self.min, self.exact.0 && other.exact.0),
            Ordering::Greater => (other.min.clone(), other.exact.0),
        };
        let (max, max_exact) = match self.max.cmp(&other.max) {
            Ordering::Greater => (self.max, self.exact.1),
            Ordering::Equal => (self.max, self.exact.1 && other.exact.1),
            Ordering::Less => (other.max.clone(), other.exact.1),
        };
        Range {
            min,
            max,
            exact: (min_exact, max_exact),
        }
    }
}

// Largest cut at or below `at` that does not split a character.
fn char_boundary(text: &[u8], at: usize) -> usize {
    (0..=at)
        .rev()
        .find(|&i| text[i] & 0xC0 != 0x80)
        .unwrap_or(0)
}

// The shortest way to a larger UTF-8 text: raise the last ASCII character that can be raised, drop what follows.
fn stepped_up(text: &[u8]) -> Option<Vec<u8>> {
    let at = text.iter().rposition(|&b| b < 0x7F)?;
    let mut bound = text[..=at].to_vec();
    bound[at] += 1;
    Some(bound)
}

/// Statistics of a column chunk.
pub(super) fn statistics(physical: Type, range: Option<&Range>, nulls: u64) -> Statistics {
    let nulls = Some(nulls);
    macro_rules! of {
        ($make:ident, $kind:ident, $convert:expr) => {{
            let pick = |b: &Bound| match b {
                Bound::$kind(v) => Some($convert(v.clone())),
                _ => None,
            };
            Statistics::$make(
                range.and_then(|r| pick(&r.min)),
                range.and_then(|r| pick(&r.max)),
                None,
                nulls,
                false,
            )
        }};
    }
    let text = |v: Vec<u8>| ByteArray::from(v);
    let wide = |v: i128| FixedLenByteArray::from(v.to_be_bytes().to_vec());
    let made = match physical {
        Type::BOOLEAN => of!(boolean, Flag, |v| v),
        Type::INT32 => of!(int32, Int, |v| v),
        Type::INT64 => of!(int64, Long, |v| v),
        Type::FIXED_LEN_BYTE_ARRAY => of!(fixed_len_byte_array, Wide, wide),
        _ => of!(byte_array, Text, text),
    };
    match (made, range) {
        (Statistics::ByteArray(s), Some(r)) => {
            Statistics::ByteArray(s.with_min_is_exact(r.exact.0).with_max_is_exact(r.exact.1))
        }
        (other, _) => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_become_bounds_that_enclose_them() {
        for text in [
            "é".repeat(200),
            "road>rail>".repeat(40),
            format!("{}z", "€".repeat(100)),
            "~".repeat(400),
        ] {
            let range = Range::new(
                Bound::Text(text.clone().into()),
                Bound::Text(text.clone().into()),
            );
            let (Bound::Text(min), Bound::Text(max)) = (&range.min, &range.max) else {
                panic!()
            };
            assert!(min.as_slice() <= text.as_bytes() && max.as_slice() >= text.as_bytes());
            assert!(std::str::from_utf8(min).is_ok() && std::str::from_utf8(max).is_ok());
            assert!(
                range.exact.0 == (*min == text.as_bytes())
                    && range.exact.1 == (*max == text.as_bytes())
            );
        }
    }
}

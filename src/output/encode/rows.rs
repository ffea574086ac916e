//! Which rows of a page have a value: nulls are taken out of the values and become definition levels.

use super::rle;

/// Presence of the rows of one page.
pub struct Rows {
    /// Rows, nulls included.
    pub rows: usize,
    /// Rows without a value.
    pub nulls: usize,
    present: Vec<u8>,
    nullable: bool,
}

impl Rows {
    /// Takes the nulls out of `values` from position `from` on; the values behind keep their order.
    ///
    /// # Panics
    /// When a required column holds a null: the caller's mistake, and better a stop than a wrong table.
    pub fn compact<T: Copy + PartialEq>(values: &mut Vec<T>, from: usize, null: T, nullable: bool) -> Rows {
        let page = &mut values[from..];
        let rows = page.len();
        let nulls = page.iter().map(|&v| (v == null) as usize).sum();
        assert!(nullable || nulls == 0, "a required column holds a null");
        let mut present = Vec::new();
        if nulls > 0 && nulls < rows {
            present.reserve(rows.div_ceil(8));
            let mut kept = 0;
            let mut at = 0;
            while at < rows {
                let mut bits = 0u8;
                for bit in 0..(rows - at).min(8) {
                    let value = page[at + bit];
                    let is_present = value != null;
                    bits |= (is_present as u8) << bit;
                    // Written in any case and overwritten by the next one if null: no branch on random presence.
                    page[kept] = value;
                    kept += is_present as usize;
                }
                present.push(bits);
                at += 8;
            }
        }
        values.truncate(from + rows - nulls);
        Rows { rows, nulls, present, nullable }
    }

    /// Rows of which those with a set bit have a value, counted while they were visited.
    pub fn from_bits(rows: usize, nulls: usize, present: Vec<u8>, nullable: bool) -> Rows {
        assert!(nullable || nulls == 0, "a required column holds a null");
        Rows { rows, nulls, present, nullable }
    }

    /// Number of values.
    pub fn values(&self) -> usize {
        self.rows - self.nulls
    }

    /// Starts a page body: definition levels of a nullable column, nothing of a required one.
    pub fn start_body(&self, body: &mut Vec<u8>) {
        body.clear();
        if self.nullable {
            rle::levels(self.rows, self.nulls, &self.present, body);
        }
    }
}

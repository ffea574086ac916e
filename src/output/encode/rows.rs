//! Which rows of a page have a value: nulls are taken out of the values and become definition levels.

use super::rle;

/// Presence of the rows of one page.
pub(super) struct Rows {
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
    pub(super) fn compact<T: Copy + PartialEq>(
        values: &mut Vec<T>,
        from: usize,
        null: T,
        nullable: bool,
    ) -> Rows {
        let page = &mut values[from..];
        let rows = page.len();
        // Wrapping here and below: a check for overflow would keep the loop from being vectorised.
        let nulls = page
            .iter()
            .fold(0u32, |n, &v| n.wrapping_add((v == null) as u32)) as usize;
        assert!(nullable || nulls == 0, "a required column holds a null");
        let mut present = Vec::new();
        if nulls > 0 && nulls < rows {
            present.reserve(rows.div_ceil(8));
            let mut kept = 0;
            let whole = rows / 8 * 8;
            for at in (0..whole).step_by(8) {
                let eight: [T; 8] = page[at..at + 8].try_into().expect("eight values");
                present.push(keep(&eight, null, page, &mut kept));
            }
            if whole < rows {
                let rest: Vec<T> = page[whole..].to_vec();
                present.push(keep(&rest, null, page, &mut kept));
            }
        }
        values.truncate(from + rows - nulls);
        Rows {
            rows,
            nulls,
            present,
            nullable,
        }
    }

    /// A page of a required column.
    pub(super) fn all(rows: usize) -> Rows {
        Rows {
            rows,
            nulls: 0,
            present: Vec::new(),
            nullable: false,
        }
    }

    /// Rows of which those with a set bit have a value, counted while they were visited.
    pub(super) fn from_bits(rows: usize, nulls: usize, present: Vec<u8>, nullable: bool) -> Rows {
        assert!(nullable || nulls == 0, "a required column holds a null");
        Rows {
            rows,
            nulls,
            present,
            nullable,
        }
    }

    /// Number of values.
    pub(super) fn values(&self) -> usize {
        self.rows - self.nulls
    }

    /// Starts a page body: definition levels of a nullable column, nothing of a required one.
    pub(super) fn start_body(&self, body: &mut Vec<u8>) {
        body.clear();
        if self.nullable {
            rle::levels(self.rows, self.nulls, &self.present, body);
        }
    }
}

// Moves the values of up to eight rows down to `page[*kept..]`; gives their presence bits. Nulls are written too and
// overwritten by what follows: no branch on presence, which nobody can predict.
#[inline(always)]
fn keep<T: Copy + PartialEq>(values: &[T], null: T, page: &mut [T], kept: &mut usize) -> u8 {
    let mut bits = 0;
    for (bit, &value) in values.iter().enumerate() {
        let is_present = value != null;
        bits |= (is_present as u8) << bit;
        page[*kept] = value;
        *kept = kept.wrapping_add(is_present as usize);
    }
    bits
}

//! Text columns: ids, container numbers, evidence. The rules of any text cell stand in `text`.

use super::cells::{Cell, Cells};
use super::column;
use super::judge::{Judge, Judged};
use super::text;
use crate::model::flag::Flags;
use crate::model::id::is_iso6346;
use crate::model::reject::RejectReason;
use crate::model::text::TextColumn;
use arrow::buffer::NullBuffer;
use rustc_hash::FxHashMap;

/// The rule of a text column.
#[derive(Clone, Copy)]
struct TextRule<'a> {
    values: Option<&'a text::Values>,
    required: bool,
    container: bool,
    strict: bool,
}

/// Texts back to back, where one ends, and which are wrong container numbers (Q10) or faulty.
#[derive(Default)]
struct Texts {
    bytes: Vec<u8>,
    ends: Vec<u32>,
    odd: Vec<(u32, Judged<()>)>,
}

impl Texts {
    /// Appends a cell; a faulty one becomes empty.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "texts are cut to 256 bytes, rows of a unit to 131,072, and a dictionary page to 31 bits"
    )]
    fn push(&mut self, rule: TextRule, cell: Cell) {
        let start = self.bytes.len();
        let judged = match cell {
            Cell::Text(raw) | Cell::Literal(raw) => self.append(rule, raw),
            other => self.append(rule, &other.text().unwrap_or_default()),
        };
        match judged {
            Ok(false) => {}
            Ok(true) => self.odd.push((self.ends.len() as u32, Ok(()))),
            Err(reason) => {
                self.bytes.truncate(start);
                self.odd.push((self.ends.len() as u32, Err(reason)));
            }
        }
        self.ends.push(self.bytes.len() as u32);
    }

    /// Whether the text is a container number that is not one.
    #[inline]
    fn append(&mut self, rule: TextRule, raw: &[u8]) -> Judged<bool> {
        if raw.len() > text::LONGEST_CELL {
            return Err(RejectReason::BadText);
        }
        let trimmed = text::trim(raw);
        // What begins with a # may be what a spreadsheet shows for no value.
        let is_short = rule.values.is_none()
            && trimmed.len() <= text::LONGEST
            && text::is_plain(trimmed)
            && trimmed.first() != Some(&b'#');
        let kept = match is_short {
            true => trimmed,
            false => text::read(raw, rule.values)
                .map_err(|_| RejectReason::BadText)?
                .text
                .as_bytes(),
        };
        if !rule.container {
            self.bytes.extend_from_slice(kept);
            return if rule.required && kept.is_empty() {
                Err(RejectReason::RequiredEmpty)
            } else {
                Ok(false)
            };
        }
        if is_iso6346(kept) {
            self.bytes.extend_from_slice(kept);
            return Ok(false);
        }
        let start = self.bytes.len();
        self.bytes.extend(
            kept.iter()
                .filter(|b| !matches!(b, b' ' | b'-'))
                .map(u8::to_ascii_uppercase),
        );
        let normal = &self.bytes[start..];
        match normal.is_empty() || is_iso6346(normal) {
            true => Ok(false),
            false if rule.strict => Err(RejectReason::CheckDigit),
            false => Ok(true),
        }
    }
}

impl Judge<'_> {
    /// A text column; faulty cells become empty.
    pub(super) fn texts(&mut self, column: usize, cells: &Cells, required: bool) -> TextColumn {
        let rule = TextRule {
            values: self.rules.values(column),
            required,
            container: false,
            strict: false,
        };
        if rule.values.is_none()
            && let Some(whole) = whole_column(cells, required)
        {
            return whole;
        }
        self.each_text(column, cells, rule)
    }

    /// Container numbers: upper case, without spaces and hyphens; one that is not ISO 6346 is flagged Q10 or refused.
    pub(super) fn container_ids(&mut self, cells: &Cells) -> TextColumn {
        let (values, strict) = (
            self.rules.values(column::CONTAINER_ID),
            self.rules.vocabulary.strict_container_id,
        );
        self.each_text(
            column::CONTAINER_ID,
            cells,
            TextRule {
                values,
                required: false,
                container: true,
                strict,
            },
        )
    }

    fn each_text(&mut self, column: usize, cells: &Cells, rule: TextRule) -> TextColumn {
        let rows = self.rows;
        let mut texts = Texts::default();
        texts.ends.reserve(rows);
        match cells {
            Cells::Lacking | Cells::Empty | Cells::Constant(_) | Cells::Folder(_) => {
                texts.push(rule, cells.cell(0));
                texts = texts.spread(&vec![0; rows], None);
            }
            Cells::Coded(codes, nulls, values) => {
                let (used, codes) = used_values(codes, nulls.as_ref(), values.len().unwrap_or(0));
                used.iter().for_each(|&k| texts.push(rule, values.cell(k)));
                texts.push(rule, Cell::Absent);
                texts = texts.spread(&codes, nulls.as_ref());
            }
            Cells::Spans(bytes, spans) => {
                texts.bytes.reserve(rows * 12);
                spans
                    .iter()
                    .for_each(|span| texts.push(rule, span.cell(bytes)));
            }
            _ => (0..rows).for_each(|row| texts.push(rule, cells.cell(row))),
        }
        for (row, judged) in texts.odd {
            match judged {
                Ok(()) => self.flags[row as usize] |= Flags::CHECK_DIGIT,
                Err(reason) => self.fault(row as usize, column, reason),
            }
        }
        TextColumn::from_parts(texts.bytes, texts.ends)
            .expect("ends were pushed in order up to the last byte")
    }
}

/// Values of a dictionary for each row, from which on a list of them all is larger than what it is good for.
const MANY_VALUES: usize = 16;

/// The values that rows of this batch have, in order of first use, and the place of each row's value among them. The
/// dictionary of a whole row group holds far more values than one batch has use for.
#[expect(
    clippy::cast_possible_truncation,
    reason = "distinct values are counted by the 31 bits of a dictionary code"
)]
pub(super) fn used_values(
    codes: &[i32],
    nulls: Option<&NullBuffer>,
    distinct: usize,
) -> (Vec<usize>, Vec<i32>) {
    const UNUSED: i32 = -1;
    let mut used = Vec::new();
    if distinct / MANY_VALUES > codes.len() {
        let mut places = FxHashMap::default();
        let mut place = |code: i32| {
            *places.entry(code).or_insert_with(|| {
                used.push(code as usize);
                (used.len() - 1) as i32
            })
        };
        let is_there = |row| nulls.is_none_or(|nulls| nulls.is_valid(row));
        let places = (codes.iter().enumerate())
            .map(|(row, &code)| if is_there(row) { place(code) } else { 0 })
            .collect();
        return (used, places);
    }
    let mut places = vec![UNUSED; distinct];
    let mut place = |code: i32| {
        let place = &mut places[code as usize];
        if *place == UNUSED {
            *place = used.len() as i32;
            used.push(code as usize);
        }
        *place
    };
    let places = match nulls {
        // What stands in the place of an absent value means nothing.
        Some(nulls) => codes
            .iter()
            .zip(nulls)
            .map(|(&code, present)| if present { place(code) } else { 0 })
            .collect(),
        None => codes.iter().map(|&code| place(code)).collect(),
    };
    (used, places)
}

// Short texts are copied as whole words of this many bytes, the next text overwriting what is too much.
const WORD: usize = 16;

impl Texts {
    /// The text of each row, given by code; the last text stands for absent cells.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "texts are cut to 256 bytes, rows of a unit to 131,072, and a dictionary page to 31 bits"
    )]
    fn spread(&self, codes: &[i32], nulls: Option<&NullBuffer>) -> Texts {
        let start = |k: usize| if k == 0 { 0 } else { self.ends[k - 1] };
        let places: Vec<(u32, u32)> = (0..self.ends.len())
            .map(|k| (start(k), self.ends[k] - start(k)))
            .collect();
        let absent = places.len() - 1;
        let code = |row: usize| {
            if nulls.is_some_and(|n| n.is_null(row)) {
                absent
            } else {
                codes[row] as usize
            }
        };
        let longest = places.iter().map(|&(_, length)| length).max().unwrap_or(0) as usize;
        let mut out = Texts {
            bytes: Vec::new(),
            ends: Vec::with_capacity(codes.len()),
            odd: Vec::new(),
        };
        if longest <= WORD {
            let mut words = self.bytes.clone();
            words.resize(words.len() + WORD, 0);
            out.bytes.resize(codes.len() * longest + WORD, 0);
            let mut at = 0;
            out.ends.extend((0..codes.len()).map(|row| {
                let (from, length) = places[code(row)];
                out.bytes[at..at + WORD]
                    .copy_from_slice(&words[from as usize..from as usize + WORD]);
                at += length as usize;
                at as u32
            }));
            out.bytes.truncate(at);
        } else {
            for row in 0..codes.len() {
                let (from, length) = places[code(row)];
                out.bytes
                    .extend_from_slice(&self.bytes[from as usize..(from + length) as usize]);
                out.ends.push(out.bytes.len() as u32);
            }
        }
        if !self.odd.is_empty() {
            let mut of = vec![None; places.len()];
            self.odd
                .iter()
                .for_each(|&(k, judged)| of[k as usize] = Some(judged));
            out.odd = (0..codes.len())
                .filter_map(|row| of[code(row)].map(|judged| (row as u32, judged)))
                .collect();
        }
        out
    }
}

/// A column of texts that are all in order as they stand: printable ASCII without a space, 1 to 64 bytes (0 if not
/// required). `None` sends the column the careful way.
fn whole_column(cells: &Cells, required: bool) -> Option<TextColumn> {
    let Cells::Texts(bytes, offsets, None) = cells else {
        return None;
    };
    let (first, ends) = offsets.split_first()?;
    let bytes = bytes.get(..*ends.last().unwrap_or(&0) as usize)?;
    // What a spreadsheet shows for no value begins with a #, a text that it keeps as one with a =.
    let printable = bytes.iter().fold(true, |all, b| {
        all & (0x21..0x7f).contains(b) & (*b != b'#') & (*b != b'=')
    });
    let shortest = if required { 1 } else { 0 };
    #[expect(clippy::cast_possible_truncation, reason = "LONGEST is a few hundred")]
    let lengths = offsets.windows(2).fold(true, |all, w| {
        all & (shortest..=text::LONGEST as i32).contains(&(w[1] - w[0]))
    });
    if *first != 0 || !printable || !lengths {
        return None;
    }
    TextColumn::from_parts(bytes.to_vec(), ends.iter().map(|&e| e as u32).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_with_a_text_that_may_stand_for_no_value_is_looked_at_cell_by_cell() {
        let is_whole = |bytes: &[u8]| {
            whole_column(
                &Cells::Texts(bytes.into(), vec![0, 2, 6].into(), None),
                true,
            )
            .is_some()
        };
        assert!(is_whole(b"S1S2-3"));
        assert!(!is_whole(b"S1#N/A") && !is_whole(b"S1=\"0\"") && !is_whole(b"S1 a b"));
    }
}

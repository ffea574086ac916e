//! Carried columns: texts that no figure depends on, read under the rules of any text and put together as one code a row.

use super::cells::Cells;
use super::column;
use super::judge::Judge;
use crate::model::carried::push_value;
use crate::model::index::index32;
use crate::model::symbol::{ABSENT, Symbol, Symbols};
use rustc_hash::FxHashMap;

/// Texts back to back. A judge asks for each distinct cell once, so that nobody has to look whether one is there already.
struct Words {
    bytes: String,
    /// By code: where its text ends. The first is the empty one.
    ends: Vec<usize>,
}

impl Words {
    fn add(&mut self, word: &str) -> u32 {
        self.bytes.push_str(word);
        self.ends.push(self.bytes.len());
        index32(self.ends.len() - 1)
    }

    fn text(&self, code: u32) -> &str {
        let at = code as usize;
        let from = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.bytes[from..self.ends[at]]
    }
}

/// Distinct combinations of the words of a row, from 1: by the one without the last column, and the word there.
#[derive(Default)]
struct Combinations(FxHashMap<(u32, u32), u32>);

impl Combinations {
    fn with(&mut self, before: u32, word: u32) -> u32 {
        let next = index32(self.0.len() + 1);
        *self.0.entry((before, word)).or_insert(next)
    }
}

/// The code of what each row has in all carried columns, whose cells stand behind those of our own.
pub(super) fn carried(judge: &mut Judge, cells: &[Cells], symbols: &mut Symbols) -> Vec<Symbol> {
    if cells.len() == column::COUNT {
        return vec![ABSENT; judge.rows];
    }
    let mut words = Words {
        bytes: String::new(),
        ends: vec![0],
    };
    let columns: Vec<Vec<u32>> = (column::COUNT..cells.len())
        .map(|at| {
            judge.words(at, &cells[at], ABSENT, |word| {
                Ok(word.map_or(ABSENT, |word| words.add(word)))
            })
        })
        .collect();
    let mut combinations = Combinations::default();
    let mut known: Vec<Option<Symbol>> = Vec::new();
    let mut text = String::new();
    let mut out = Vec::with_capacity(judge.rows);
    while out.len() < judge.rows {
        let row = out.len();
        // Rows of a shipment mostly stand together and have the same.
        let is_same = |other: &usize| columns.iter().all(|column| column[*other] == column[row]);
        let mut others = row + 1..judge.rows;
        let end = others.find(|other| !is_same(other)).unwrap_or(judge.rows);
        let of_row = || columns.iter().map(|column| column[row]);
        let combination = of_row().fold(0, |before, word| combinations.with(before, word));
        known.resize(combinations.0.len() + 1, None);
        let code = *known[combination as usize].get_or_insert_with(|| {
            if of_row().all(|word| words.text(word).is_empty()) {
                return ABSENT;
            }
            text.clear();
            of_row().for_each(|word| push_value(words.text(word), &mut text));
            symbols.intern(&text)
        });
        out.resize(end, code);
    }
    out
}

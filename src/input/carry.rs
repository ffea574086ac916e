//! Carried columns: texts that no figure depends on, read under the rules of any text and put together as one code a row.

use super::cells::Cells;
use super::column;
use super::judge::Judge;
use crate::model::carried::joined;
use crate::model::symbol::{ABSENT, Symbol, Symbols};
use rustc_hash::FxHashMap;

/// The code of what each row has in all carried columns, whose cells stand behind those of our own.
pub(super) fn carried(judge: &mut Judge, cells: &[Cells], symbols: &mut Symbols) -> Vec<Symbol> {
    let mut words = Symbols::default();
    let columns: Vec<Vec<Symbol>> = (column::COUNT..cells.len())
        .map(|at| {
            judge.words(at, &cells[at], ABSENT, |word| {
                Ok(word.map_or(ABSENT, |word| words.intern(word)))
            })
        })
        .collect();
    if columns.is_empty() {
        return vec![ABSENT; judge.rows];
    }
    let mut known: FxHashMap<Box<[Symbol]>, Symbol> = FxHashMap::default();
    // Rows of a shipment mostly stand together and have the same.
    let (mut last, mut code) = (vec![ABSENT; columns.len()], ABSENT);
    let mut out = Vec::with_capacity(judge.rows);
    for row in 0..judge.rows {
        let is_as_before = columns.iter().zip(&last).all(|(c, last)| c[row] == *last);
        if !is_as_before {
            for (last, column) in last.iter_mut().zip(&columns) {
                *last = column[row];
            }
            code = known.get(&last[..]).copied().unwrap_or_else(|| {
                let text = joined(last.iter().map(|&word| words.text(word)));
                let code = symbols.intern(&text);
                known.insert(last[..].into(), code);
                code
            });
        }
        out.push(code);
    }
    out
}

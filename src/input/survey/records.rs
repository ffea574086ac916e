//! JSON: the members of each record, by their keys.

use super::{Cell, Held};
use crate::input::json::{Value, object, unescape};
use crate::input::json_array::Framing;
use crate::input::stream::Blocks;
use crate::input::{FileFault, SourceFile};
use encoding_rs::Encoding;

/// Calls `each` with the members of every record, or with what is none, until it says no.
pub(crate) fn records(
    source: &SourceFile,
    encoding: &'static Encoding,
    each: &mut dyn FnMut(Option<Vec<(String, Cell)>>) -> bool,
) -> Result<(), FileFault> {
    let mut blocks = Blocks::open(source, encoding)?;
    let framing = Framing::of(blocks.peek()?);
    let mut is_over = false;
    while let Some(block) = blocks.next(|bytes, last| framing.cut(bytes, last))? {
        framing.each(&block.bytes, |_, record| {
            if !is_over {
                is_over = !each(members(record));
            }
        });
        if is_over {
            break;
        }
    }
    Ok(())
}

fn members(record: &[u8]) -> Option<Vec<(String, Cell)>> {
    let mut members = Vec::new();
    let text = |start: usize, end: usize, escaped: bool| match escaped {
        true => Cell::text(&unescape(&record[start..end])),
        false => Cell::text(&record[start..end]),
    };
    let read = object(record, |key, value| {
        let Value::Text(start, end, escaped) = key else {
            return;
        };
        let held_as = |start, end, held| Cell {
            held,
            ..text(start, end, false)
        };
        let cell = match value {
            Value::Null => held_as(0, 0, Held::Text),
            Value::Text(start, end, escaped) => text(start, end, escaped),
            Value::Number(start, end) => held_as(start, end, Held::Number),
            Value::Other(start, end) => held_as(start, end, Held::Other),
        };
        members.push((text(start, end, escaped).text, cell));
    });
    read.ok().map(|()| members)
}

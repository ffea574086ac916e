//! What a shipment has in the carried columns, which no figure depends on (docs/methodology.md, section 11).

use crate::model::carried::{self, OfShipments};
use crate::model::element::Element;
use crate::model::flag::Flags;
use crate::model::movement::MovementBatch;
use crate::model::symbol::Symbols;
use std::ops::Range;

/// What the elements of a shipment have in common in the carried columns; where they differ, each is flagged.
pub(super) fn carry(
    batch: &MovementBatch,
    rows: Range<usize>,
    elements: &mut [Element],
    symbols: &Symbols,
    out: &mut OfShipments,
) {
    let codes = &batch.carried[rows];
    // All rows of nearly every shipment have the same, or nothing is carried.
    if codes
        .iter()
        .fold(true, |all, code| all & (*code == codes[0]))
    {
        return out.push(codes[0]);
    }
    let of = |e: &Element| batch.carried[e.anchor as usize];
    let texts = elements.iter().map(|e| symbols.text(of(e)));
    let (text, differs) = carried::common(texts);
    out.push_own(text);
    if differs {
        for e in elements {
            e.flags |= Flags::CARRIED_DIFFERS;
        }
    }
}

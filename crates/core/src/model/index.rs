//! Positions in lists as the narrow numbers that columns and lookups keep.
//!
//! A list that stands in memory as a whole has far fewer than 2^32 entries: each takes tens of bytes. Where a file could bring
//! more than a number holds, the reader of the file refuses it with its limit; what arrives here and does not fit is a fault of
//! this program, which ends it instead of naming another entry.

/// A position, or a count, as 32 bits.
///
/// ```
/// use green_corridor_core::model::index::index32;
/// assert_eq!(index32(70_000), 70_000);
/// ```
///
/// # Panics
/// From 2^32 on.
#[inline]
pub fn index32(position: usize) -> u32 {
    u32::try_from(position).expect("a list in memory has fewer than 2^32 entries")
}

/// A position as 16 bits, of a list whose reader allows 65,536 entries: operations and corridors.
///
/// # Panics
/// From 2^16 on.
#[inline]
pub fn index16(position: usize) -> u16 {
    u16::try_from(position).expect("the reader of the list allows 65,536 entries")
}

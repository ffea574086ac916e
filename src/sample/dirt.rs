//! Damage of the kinds that exports have, in a small share of rows: most of it must end as rejections, some as quality flags.

use super::Order;
use super::random::{Purpose, Random};
use super::row::Row;

/// Kinds of damage; each says where it ends up in a run.
const KINDS: [fn(&mut Row<'_>); 8] = [
    |row| row.cargo_mass_g = None, // Q01: the default mass steps in
    |row| row.container_id = wrong_digit(&row.container_id), // Q10: check digit
    |row| row.destination = "",    // R001: required field empty
    |row| row.origin = "CHONGQING", // R007: a name where a code belongs
    |row| row.departed_at = None,  // R001
    |row| row.mode = "PIPELINE",   // R006: no such mode
    |row| row.cargo_mass_g = Some(1_234_567_000), // R003: grams entered as kilograms
    |row| std::mem::swap(&mut row.departed_at, &mut row.arrived_at), // R005: times exchanged
];

/// Damages or repeats rows of a shipment in place.
pub(super) fn spoil(order: &Order, index: u64, rows: &mut Vec<Row<'_>>) {
    let random = &mut Random::new(order.seed, Purpose::Dirt, index);
    let mut i = 0;
    while i < rows.len() {
        if random.chance(order.dirt.0) {
            #[expect(clippy::cast_possible_truncation, reason = "below the number of kinds")]
            match random.below(KINDS.len() as u64 + 1) as usize {
                kind if kind < KINDS.len() => KINDS[kind](&mut rows[i]),
                // R008: sent twice.
                _ => {
                    rows.insert(i + 1, rows[i].clone());
                    i += 1;
                }
            }
        }
        i += 1;
    }
}

/// The container number with another last digit.
fn wrong_digit(id: &str) -> String {
    let mut bytes = id.as_bytes().to_vec();
    if let Some(last) = bytes.last_mut() {
        *last = b'0' + (*last - b'0' + 1) % 10;
    }
    String::from_utf8(bytes).unwrap_or_default()
}

//! Positions of our columns in [`COLUMNS`], and what docs/formats.md says of each as a whole.
//!
//! Nothing here reads a cell; the rules of single cells stand in `judge` and its parsers.

use super::mapping::COLUMNS;

/// Number of columns of a movement record.
pub(super) const COUNT: usize = COLUMNS.len();

macro_rules! positions {
    ($($name:ident = $n:literal,)+) => { $(#[doc = concat!("Position of column ", stringify!($n), ".")] pub(super) const $name: usize = $n;)+ };
}

positions! {
    MOVEMENT_ID = 0,
    SHIPMENT_ID = 1,
    CONTAINER_ID = 2,
    CONTAINER_TYPE = 3,
    SEQUENCE = 4,
    MODE = 5,
    OPERATION = 6,
    CARRIER = 7,
    ORIGIN = 8,
    DESTINATION = 9,
    DEPARTED_AT = 10,
    ARRIVED_AT = 11,
    DISTANCE_KM = 12,
    DISTANCE_BASIS = 13,
    CARGO_MASS_KG = 14,
    TEU = 15,
    CONTAINER_CARGO_MASS_KG = 16,
    LOAD_STATUS = 17,
    TEMPERATURE = 18,
    ENERGY_CARRIER = 19,
    ENERGY_QUANTITY = 20,
    ENERGY_UNIT = 21,
    EVIDENCE_REF = 22,
    RECORDED_AT = 23,
    RECORD_STATUS = 24,
    BOX_SHARE = 25,
    BOX_SHARE_SOURCE = 26,
}

/// Columns that a file must have unless a constant fills them.
pub(super) const REQUIRED: [usize; 6] = [
    MOVEMENT_ID,
    SHIPMENT_ID,
    MODE,
    ORIGIN,
    DESTINATION,
    DEPARTED_AT,
];

/// What a column holds: decides which Parquet types it may have and whether the rules of text apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text or a code word.
    Text,
    /// A place: text with a grammar of its own.
    Place,
    /// A whole or decimal number.
    Number,
    /// A point in time.
    Timestamp,
}

/// What a column holds.
pub(super) const fn kind(column: usize) -> Kind {
    match column {
        SEQUENCE
        | DISTANCE_KM
        | CARGO_MASS_KG
        | TEU
        | CONTAINER_CARGO_MASS_KG
        | ENERGY_QUANTITY
        | BOX_SHARE => Kind::Number,
        ORIGIN | DESTINATION => Kind::Place,
        DEPARTED_AT | ARRIVED_AT | RECORDED_AT => Kind::Timestamp,
        _ => Kind::Text,
    }
}

/// Whether `[values]` may say what an empty cell means: a closed list, or a name out of one. Elsewhere nothing means nothing.
pub(crate) const fn empty_has_meaning(column: usize) -> bool {
    matches!(
        column,
        CONTAINER_TYPE
            | MODE
            | OPERATION
            | CARRIER
            | DISTANCE_BASIS
            | LOAD_STATUS
            | TEMPERATURE
            | ENERGY_CARRIER
            | ENERGY_UNIT
            | RECORD_STATUS
    )
}

/// Whether a cancelled record is judged on this column (docs/formats.md: two ids, `recorded_at` and `record_status`).
pub(super) const fn judged_when_cancelled(column: usize) -> bool {
    matches!(
        column,
        MOVEMENT_ID | SHIPMENT_ID | RECORDED_AT | RECORD_STATUS
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_match_the_columns() {
        for (position, name) in [
            (MOVEMENT_ID, "movement_id"),
            (SEQUENCE, "sequence"),
            (DESTINATION, "destination"),
            (DISTANCE_BASIS, "distance_basis"),
            (CONTAINER_CARGO_MASS_KG, "container_cargo_mass_kg"),
            (ENERGY_QUANTITY, "energy_quantity"),
            (RECORD_STATUS, "record_status"),
            (BOX_SHARE_SOURCE, "box_share_source"),
        ] {
            assert_eq!(COLUMNS[position], name);
        }
        assert_eq!(COUNT, BOX_SHARE_SOURCE + 1);
    }
}

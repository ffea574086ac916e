//! The `factors` table: every factor that a run used, with all its columns and how much it was used (docs/formats.md, Published tables).
//!
//! Texts come in as the library has them. May be null: what a row of its kind does not have (a hub has no distance basis, an
//! energy row no operation, only a composed factor an energy quantity), and what the library leaves empty.

use super::encode::Number;
use super::schema::{Field, Kind};
use super::table::{EncodeColumn, Table, TableColumn, numbers, repeating};
use crate::model::element::FactorUse;
use crate::model::time::{Day, NO_END};

/// Texts of a factor, in the order of [`TEXTS`].
pub type Texts = [String; TEXTS.len()];

/// Text columns of a factor, `factor_id` first.
pub const TEXTS: [&str; 23] = [
    "factor_id",
    "table",
    "operation",
    "energy_carrier",
    "region",
    "carrier",
    "temperature",
    "per",
    "energy_unit",
    "energy_factor_id",
    "distance_basis",
    "data_category",
    "gwp_set",
    "energy_gwp_set",
    "licence",
    "source_ref",
    "basis_note",
    "note",
    "source",
    "edition",
    "source_title",
    "source_publisher",
    "source_url",
];

/// One factor and its use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactorRow {
    /// Texts, see [`TEXTS`]; empty: absent.
    pub texts: Texts,
    /// Operation intensity, 10^-9 g per unit, before any uplift.
    pub intensity_operation: i64,
    /// Provision intensity, 10^-9 g per unit, before any uplift.
    pub intensity_provision: i64,
    /// Energy per unit of activity of a composed factor, 10^-12 of its unit.
    pub energy_quantity: Option<i64>,
    /// Load factor, millionths.
    pub load_factor: Option<i64>,
    /// Empty share, millionths.
    pub empty_share: Option<i64>,
    /// First day of validity.
    pub valid_from: Day,
    /// First day after it; [`NO_END`]: none.
    pub valid_to: Day,
    /// Elements, activity, emissions.
    pub used: FactorUse,
}

/// The table; rows come in order of factor id.
pub static FACTORS: Table<Vec<FactorRow>> = Table {
    columns: &COLUMNS,
    sorted_by: &["factor_id"],
    group_rows: 65_536,
    rows_per_shipment: |rows| vec![1; rows.len()],
    row_name: |rows, row, _| format!("factor_id {:?}", rows[row].texts[0]),
};

const fn column(
    name: &'static str,
    kind: Kind,
    encode: EncodeColumn<Vec<FactorRow>>,
) -> TableColumn<Vec<FactorRow>> {
    TableColumn::new(Field::required(name, kind), 1, encode)
}

const fn maybe(
    name: &'static str,
    kind: Kind,
    encode: EncodeColumn<Vec<FactorRow>>,
) -> TableColumn<Vec<FactorRow>> {
    TableColumn::new(Field::optional(name, kind), 1, encode)
}

/// A text column; the name is that of [`TEXTS`].
macro_rules! text {
    ($at:literal) => {
        maybe(TEXTS[$at], Kind::Text, |c, g, _| {
            repeating(c, g, |rows, row| rows[row].texts[$at].as_bytes())
        })
    };
}

/// A number of each row.
macro_rules! number {
    ($ty:ty, $get:expr) => {
        |c, g, _| {
            numbers(c, g, |rows, r, out: &mut Vec<$ty>| {
                out.extend(rows[r].iter().map($get))
            })
        }
    };
}

static COLUMNS: [TableColumn<Vec<FactorRow>>; 35] = [
    column(TEXTS[0], Kind::Text, |c, g, _| {
        repeating(c, g, |rows, row| rows[row].texts[0].as_bytes())
    }),
    text!(1),
    text!(2),
    text!(3),
    text!(4),
    text!(5),
    text!(6),
    text!(7),
    column(
        "operation_g",
        Kind::Decimal(18, 9),
        number!(i64, |f: &FactorRow| f.intensity_operation),
    ),
    column(
        "provision_g",
        Kind::Decimal(18, 9),
        number!(i64, |f: &FactorRow| f.intensity_provision),
    ),
    maybe(
        "energy_quantity",
        Kind::Decimal(18, 12),
        number!(i64, |f: &FactorRow| f
            .energy_quantity
            .unwrap_or(Number::NULL)),
    ),
    text!(8),
    text!(9),
    text!(10),
    maybe(
        "load_factor",
        Kind::Decimal(18, 6),
        number!(i64, |f: &FactorRow| f.load_factor.unwrap_or(Number::NULL)),
    ),
    maybe(
        "empty_share",
        Kind::Decimal(18, 6),
        number!(i64, |f: &FactorRow| f.empty_share.unwrap_or(Number::NULL)),
    ),
    column(
        "valid_from",
        Kind::Date,
        number!(i32, |f: &FactorRow| f.valid_from),
    ),
    maybe(
        "valid_to",
        Kind::Date,
        number!(i32, |f: &FactorRow| if f.valid_to == NO_END {
            Number::NULL
        } else {
            f.valid_to
        }),
    ),
    text!(11),
    text!(12),
    text!(13),
    text!(14),
    text!(15),
    text!(16),
    text!(17),
    text!(18),
    text!(19),
    text!(20),
    text!(21),
    text!(22),
    column(
        "rows",
        Kind::Long,
        number!(i64, |f: &FactorRow| f.used.rows as i64),
    ),
    column(
        "transport_activity_tkm",
        Kind::Sum(9),
        number!(i128, |f: &FactorRow| f.used.totals.activity),
    ),
    column(
        "ghg_operation_kg",
        Kind::Sum(9),
        number!(i128, |f: &FactorRow| f.used.totals.operation),
    ),
    column(
        "ghg_provision_kg",
        Kind::Sum(9),
        number!(i128, |f: &FactorRow| f.used.totals.provision),
    ),
    column(
        "ghg_total_kg",
        Kind::Sum(9),
        number!(i128, |f: &FactorRow| f.used.totals.total()),
    ),
];

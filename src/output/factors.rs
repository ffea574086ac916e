//! The `factors` table: every factor that a run used, with all its columns and how much it was used (docs/formats.md, Published tables).
//!
//! Texts come in as the library has them. May be null: what a row of its kind does not have (a hub has no distance basis, an
//! energy row no operation, only a composed factor an energy quantity), and what the library leaves empty.

use super::columns::{Date, Decimal, Long, Optional, Required, Sum, Text, published_table};
use super::encode::Number;
use super::table::{Table, numbers, repeating};
use crate::model::element::FactorUse;
use crate::model::time::{Day, NO_END};

/// One factor and its use; an empty text is absent. The texts are those of the columns of their names.
#[allow(missing_docs)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FactorRow {
    pub factor_id: String,
    pub table: String,
    pub operation: String,
    pub energy_carrier: String,
    pub region: String,
    pub carrier: String,
    pub temperature: String,
    pub per: String,
    pub energy_unit: String,
    pub energy_factor_id: String,
    pub distance_basis: String,
    pub data_category: String,
    pub gwp_set: String,
    pub energy_gwp_set: String,
    pub licence: String,
    pub source_ref: String,
    pub basis_note: String,
    pub note: String,
    pub source: String,
    pub edition: String,
    pub source_title: String,
    pub source_publisher: String,
    pub source_url: String,
    /// Operation intensity, 10^-9 g per unit, before any uplift.
    pub intensity_operation: i64,
    /// Provision intensity, 10^-9 g per unit, before any uplift.
    pub intensity_provision: i64,
    /// Biogenic CO2, 10^-9 g per unit, before any uplift; [`crate::model::element::NOT_STATED`]: none stated.
    pub intensity_biogenic: i64,
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
pub(crate) static FACTORS: Table<Vec<FactorRow>> = Table {
    columns: COLUMNS,
    carried: None,
    sorted_by: &["factor_id"],
    group_rows: 65_536,
    rows_per_shipment: |rows| vec![1; rows.len()],
    row_name: |rows, row, _| format!("factor_id {:?}", rows[row].factor_id),
};

/// A text of each row.
macro_rules! text {
    ($field:ident) => {
        |c, g, _| repeating(c, g, |rows, row| rows[row].$field.as_bytes())
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

published_table! {
    /// The table as a type.
    Factors = "factors", columns of factor, written as COLUMNS: Vec<FactorRow>;
    factor_id: Required<Text>, 1, text!(factor_id);
    table: Optional<Text>, 1, text!(table);
    operation: Optional<Text>, 1, text!(operation);
    energy_carrier: Optional<Text>, 1, text!(energy_carrier);
    region: Optional<Text>, 1, text!(region);
    carrier: Optional<Text>, 1, text!(carrier);
    temperature: Optional<Text>, 1, text!(temperature);
    per: Optional<Text>, 1, text!(per);
    operation_g: Required<Decimal<18, 9>>, 1, number!(i64, |f: &FactorRow| f.intensity_operation);
    provision_g: Required<Decimal<18, 9>>, 1, number!(i64, |f: &FactorRow| f.intensity_provision);
    biogenic_co2_g: Optional<Decimal<18, 9>>, 1, number!(i64, |f: &FactorRow| f.intensity_biogenic);
    energy_quantity: Optional<Decimal<18, 12>>, 1, number!(i64, |f: &FactorRow| {
        f.energy_quantity.unwrap_or(Number::NULL)
    });
    energy_unit: Optional<Text>, 1, text!(energy_unit);
    energy_factor_id: Optional<Text>, 1, text!(energy_factor_id);
    distance_basis: Optional<Text>, 1, text!(distance_basis);
    load_factor: Optional<Decimal<18, 6>>, 1, number!(i64, |f: &FactorRow| {
        f.load_factor.unwrap_or(Number::NULL)
    });
    empty_share: Optional<Decimal<18, 6>>, 1, number!(i64, |f: &FactorRow| {
        f.empty_share.unwrap_or(Number::NULL)
    });
    valid_from: Required<Date>, 1, number!(i32, |f: &FactorRow| f.valid_from);
    valid_to: Optional<Date>, 1, number!(i32, |f: &FactorRow| {
        if f.valid_to == NO_END { Number::NULL } else { f.valid_to }
    });
    data_category: Optional<Text>, 1, text!(data_category);
    gwp_set: Optional<Text>, 1, text!(gwp_set);
    energy_gwp_set: Optional<Text>, 1, text!(energy_gwp_set);
    licence: Optional<Text>, 1, text!(licence);
    source_ref: Optional<Text>, 1, text!(source_ref);
    basis_note: Optional<Text>, 1, text!(basis_note);
    note: Optional<Text>, 1, text!(note);
    source: Optional<Text>, 1, text!(source);
    edition: Optional<Text>, 1, text!(edition);
    source_title: Optional<Text>, 1, text!(source_title);
    source_publisher: Optional<Text>, 1, text!(source_publisher);
    source_url: Optional<Text>, 1, text!(source_url);
    rows: Required<Long>, 1, number!(i64, |f: &FactorRow| f.used.rows as i64);
    transport_activity_tkm: Required<Sum<9>>, 1, number!(i128, |f: &FactorRow| f.used.totals.activity);
    ghg_operation_kg: Required<Sum<9>>, 1, number!(i128, |f: &FactorRow| f.used.totals.operation);
    ghg_provision_kg: Required<Sum<9>>, 1, number!(i128, |f: &FactorRow| f.used.totals.provision);
    ghg_total_kg: Required<Sum<9>>, 1, number!(i128, |f: &FactorRow| f.used.totals.total());
    biogenic_co2_kg: Optional<Sum<9>>, 1, number!(i128, |f: &FactorRow| {
        f.used.biogenic.stated().unwrap_or(Number::NULL)
    });
}

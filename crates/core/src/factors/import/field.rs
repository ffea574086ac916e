//! What a mapping can say about a row.

use crate::factors::factor::Section;

/// Declares the fields: variant, name in mapping files, sections in which every table must fill it, and whether it goes
/// into the column of the same name as it stands.
macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident = $code:literal, needed $needed:expr, copied $copied:literal;)+) => {
        /// A fact about a factor that a mapping takes from a column or states for a whole table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Field { $($(#[$doc])* $name),+ }

        impl Field {
            /// Every field, in the order of the layout.
            pub const ALL: &'static [Field] = &[$(Field::$name),+];

            /// The name in mapping files.
            pub const fn code(self) -> &'static str { match self { $(Field::$name => $code),+ } }

            /// Sections in which a table must say it.
            pub(super) const fn needed(self) -> &'static [Section] { match self { $(Field::$name => $needed),+ } }

            /// Whether the text goes into the column of the same name as it stands.
            pub(super) const fn is_copied(self) -> bool { match self { $(Field::$name => $copied),+ } }
        }
    };
}

use Section::{Energy, Hub, Transport};

const EVERY: &[Section] = &[Transport, Hub, Energy];
const ACTIVITY: &[Section] = &[Transport, Hub];

fields! {
    /// Id of the factor; without it the prefix of the table and the row number.
    FactorId = "factor_id", needed &[], copied true;
    /// Operation code.
    Operation = "operation", needed ACTIVITY, copied true;
    /// Energy carrier.
    EnergyCarrier = "energy_carrier", needed &[Energy], copied true;
    /// Country, zone or lane.
    Region = "region", needed EVERY, copied true;
    /// Carrier.
    Carrier = "carrier", needed &[], copied true;
    /// `ambient` or `refrigerated`.
    Temperature = "temperature", needed ACTIVITY, copied true;
    /// What the figures are per.
    Per = "per", needed EVERY, copied false;
    /// Unit of the emissions.
    GhgUnit = "ghg_unit", needed &[], copied false;
    /// Vehicle or hub operation (tank-to-wheel).
    GhgOperation = "ghg_operation", needed &[], copied false;
    /// Energy provision (well-to-tank).
    GhgProvision = "ghg_provision", needed &[], copied false;
    /// Both together (well-to-wheel).
    GhgTotal = "ghg_total", needed &[], copied false;
    /// Energy per unit of activity.
    EnergyQuantity = "energy_quantity", needed &[], copied false;
    /// Its unit.
    EnergyUnit = "energy_unit", needed &[], copied false;
    /// Whether the figure already holds the distance adjustment: `yes` or `no`.
    DistanceAdjustmentInside = "distance_adjustment_inside", needed &[Transport], copied false;
    /// Basis of the distance that the figure must be multiplied with.
    DistanceBasis = "distance_basis", needed &[Transport], copied true;
    /// Load factor inside the figure.
    LoadFactor = "load_factor", needed &[], copied true;
    /// Share of empty running inside the figure.
    EmptyShare = "empty_share", needed &[], copied true;
    /// First day.
    ValidFrom = "valid_from", needed EVERY, copied true;
    /// First day after.
    ValidTo = "valid_to", needed &[], copied true;
    /// `primary`, `modelled` or `default`.
    DataCategory = "data_category", needed ACTIVITY, copied true;
    /// GWP set, where it differs from the edition's.
    GwpSet = "gwp_set", needed &[], copied true;
    /// Licence, where it differs from the edition's.
    Licence = "licence", needed &[], copied true;
    /// Table and page; the cells are added.
    SourceRef = "source_ref", needed EVERY, copied false;
    /// Where the source says what the distance is.
    BasisNote = "basis_note", needed &[Transport], copied true;
    /// Note; conversions are added.
    Note = "note", needed &[], copied false;
}

impl Field {
    /// The field of this name.
    pub fn from_code(code: &str) -> Option<Field> {
        Field::ALL.iter().copied().find(|f| f.code() == code)
    }
}

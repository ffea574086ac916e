//! One generated movement record, with the columns that a sample file has.

/// A movement record; empty text and `None` stand for an empty cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Row<'a> {
    /// Unique within the shipment.
    pub movement_id: String,
    /// Through bill of lading number.
    pub shipment_id: String,
    /// Container number.
    pub container_id: String,
    /// Size-type.
    pub container_type: &'a str,
    /// Order in the chain.
    pub sequence: u16,
    /// Mode, or a damaged word.
    pub mode: &'a str,
    /// Operation.
    pub operation: &'a str,
    /// Carrier.
    pub carrier: &'a str,
    /// UN/LOCODE, or a damaged text.
    pub origin: &'a str,
    /// UN/LOCODE, or a damaged text.
    pub destination: &'a str,
    /// Seconds since 1970, UTC.
    pub departed_at: Option<i64>,
    /// Seconds since 1970, UTC.
    pub arrived_at: Option<i64>,
    /// Metres.
    pub distance_m: Option<i64>,
    /// Basis of the distance.
    pub distance_basis: &'static str,
    /// Grams.
    pub cargo_mass_g: Option<i64>,
    /// Grams of all consignments in the box.
    pub container_cargo_mass_g: Option<i64>,
    /// Laden or empty.
    pub load_status: &'static str,
    /// Temperature class.
    pub temperature: &'static str,
    /// Energy carrier.
    pub energy_carrier: &'static str,
    /// Thousandths of the unit.
    pub energy_quantity: Option<i64>,
    /// Unit of the quantity.
    pub energy_unit: &'static str,
    /// Receipt behind the energy quantity.
    pub evidence_ref: String,
}

/// Columns of a sample file, in order.
pub(super) const HEADER: [&str; 22] = [
    "movement_id",
    "shipment_id",
    "container_id",
    "container_type",
    "sequence",
    "mode",
    "operation",
    "carrier",
    "origin",
    "destination",
    "departed_at",
    "arrived_at",
    "distance_km",
    "distance_basis",
    "cargo_mass_kg",
    "container_cargo_mass_kg",
    "load_status",
    "temperature",
    "energy_carrier",
    "energy_quantity",
    "energy_unit",
    "evidence_ref",
];

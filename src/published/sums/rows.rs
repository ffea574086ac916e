//! Rows of the tables that are summed, and what they are grouped by.

mod derived;

pub(super) use derived::derived;

use crate::model::element::{BasisSet, Biogenic, GhgTotals};
use crate::model::flag::Flags;
use crate::model::id::LocationCode;
use crate::model::mode::{Basis, ByMode, DataCategory, DistanceSource, LoadStatus, Mode};
use crate::model::symbol::{Symbol, Symbols};
use crate::model::time::Day;
use crate::output::corridors::{corridor, section};
use crate::output::elements::element;
use crate::output::factors::factor;
use crate::output::rejected::rejected;
use crate::output::shipments::shipment;
use crate::published::row::row;
use crate::published::sums::fold::{Counted, Summed, Sums};

row! {
    /// What is summed of an element.
    pub(super) struct ElementLine<'b> of element {
        mode: Mode,
        operation: &'b str,
        distance_basis: Basis,
        distance_source: DistanceSource,
        activity_basis: Basis,
        data_category: DataCategory,
        flags from quality_flags: &'b str,
        activity from transport_activity_tkm: i128,
        ghg_operation from ghg_operation_kg: i128,
        ghg_provision from ghg_provision_kg: i128,
    }
}

/// What elements are grouped by; texts are a `T`, flags an `F`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ElementKey<T = String, F = Flags> {
    /// Mode.
    pub mode: Mode,
    /// Operation category.
    pub operation: T,
    /// Basis of the distance as found.
    pub distance_basis: Basis,
    /// Where the distance was found.
    pub distance_source: DistanceSource,
    /// Basis of the activity.
    pub activity_basis: Basis,
    /// Data category.
    pub data_category: DataCategory,
    /// Quality flags.
    pub flags: F,
}

impl ElementLine<'_> {
    /// A text is a number while rows are read: a group is found without making its texts again.
    pub(super) fn key(&self, symbols: &mut Symbols) -> ElementKey<Symbol, Symbol> {
        ElementKey {
            mode: self.mode,
            operation: symbols.intern(self.operation),
            distance_basis: self.distance_basis,
            distance_source: self.distance_source,
            activity_basis: self.activity_basis,
            data_category: self.data_category,
            flags: symbols.intern(self.flags),
        }
    }
}

impl ElementKey {
    pub(super) fn new(key: ElementKey<Symbol, Symbol>, symbols: &Symbols) -> ElementKey {
        ElementKey {
            mode: key.mode,
            operation: symbols.text(key.operation).to_owned(),
            distance_basis: key.distance_basis,
            distance_source: key.distance_source,
            activity_basis: key.activity_basis,
            data_category: key.data_category,
            // Whoever read the text has found that it is one of flags.
            flags: Flags::from_text(symbols.text(key.flags)).unwrap_or_default(),
        }
    }
}

row! {
    /// What is summed of a shipment, and what it is chosen by.
    pub(super) struct ShipmentLine<'b> of shipment {
        pub shipment_id: &'b str,
        corridor_id: &'b str,
        origin: LocationCode,
        destination: LocationCode,
        is_complete: bool,
        flags from quality_flags: &'b str,
        activity from transport_activity_tkm: i128,
        ghg_operation from ghg_operation_kg: i128,
        ghg_provision from ghg_provision_kg: i128,
        pub total from ghg_total_kg: i128,
    }
}

/// What shipments are grouped by; texts are a `T`, flags an `F`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ShipmentKey<T = String, F = Flags> {
    /// Corridor.
    pub corridor_id: T,
    /// Origin.
    pub origin: LocationCode,
    /// Destination.
    pub destination: LocationCode,
    /// Whether nothing lacks.
    pub is_complete: bool,
    /// Quality flags.
    pub flags: F,
}

impl ShipmentLine<'_> {
    pub(super) fn key(&self, symbols: &mut Symbols) -> ShipmentKey<Symbol, Symbol> {
        ShipmentKey {
            corridor_id: symbols.intern(self.corridor_id),
            origin: self.origin,
            destination: self.destination,
            is_complete: self.is_complete,
            flags: symbols.intern(self.flags),
        }
    }
}

impl ShipmentKey {
    pub(super) fn new(key: ShipmentKey<Symbol, Symbol>, symbols: &Symbols) -> ShipmentKey {
        ShipmentKey {
            corridor_id: symbols.text(key.corridor_id).to_owned(),
            origin: key.origin,
            destination: key.destination,
            is_complete: key.is_complete,
            flags: Flags::from_text(symbols.text(key.flags)).unwrap_or_default(),
        }
    }
}

row! {
    /// A shipment as published.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub(crate) struct ShipmentRow of shipment {
        /// Through bill of lading number.
        pub shipment_id: String,
        /// Corridor.
        pub corridor_id: String,
        /// First day of the month.
        pub period: Day,
        /// Origin.
        pub origin: LocationCode,
        /// Destination.
        pub destination: LocationCode,
        /// Modes of the chain.
        pub modes: String,
        /// Load status.
        pub load_status: LoadStatus,
        /// Whether nothing lacks.
        pub is_complete: bool,
        /// Basis of the activity.
        pub activity_basis: BasisSet,
        /// Quality flags.
        pub flags from quality_flags: Flags,
        /// Number of elements.
        pub elements: i64,
        /// t.km, 9 decimals.
        pub activity from transport_activity_tkm: i128,
        /// Micrograms.
        pub operation from ghg_operation_kg: i128,
        /// Micrograms.
        pub provision from ghg_provision_kg: i128,
        /// Micrograms.
        pub total from ghg_total_kg: i128,
        /// Micrograms.
        pub road from ghg_road_kg: i128,
        /// Micrograms.
        pub rail from ghg_rail_kg: i128,
        /// Micrograms.
        pub sea from ghg_sea_kg: i128,
        /// Micrograms.
        pub inland_waterway from ghg_inland_waterway_kg: i128,
        /// Micrograms.
        pub air from ghg_air_kg: i128,
        /// Micrograms.
        pub hub from ghg_hub_kg: i128,
        /// 10^-6 g per t.km.
        pub intensity from intensity_g_per_tkm: Option<i128>,
    }
}

row! {
    /// A corridor in a month, as published.
    #[derive(Clone, Debug)]
    pub(crate) struct CorridorRow of corridor {
        /// Corridor.
        pub corridor_id: String,
        /// First day of the month.
        pub period: Day,
        /// Load status.
        pub load_status: LoadStatus,
        /// Basis of the activity.
        pub activity_basis: BasisSet,
        shipments: i128,
        incomplete from incomplete_shipments: i128,
        teu: i128,
        mass from cargo_mass_kg: i128,
        activity from transport_activity_tkm: i128,
        operation from ghg_operation_kg: i128,
        provision from ghg_provision_kg: i128,
        road from ghg_road_kg: i128,
        rail from ghg_rail_kg: i128,
        sea from ghg_sea_kg: i128,
        inland_waterway from ghg_inland_waterway_kg: i128,
        air from ghg_air_kg: i128,
        hub from ghg_hub_kg: i128,
        biogenic_co2_kg: Option<i128>,
        biogenic_co2_elements: i64,
        /// 10^-6 g per t.km.
        pub intensity from intensity_g_per_tkm: Option<i128>,
        /// Millionths.
        pub primary_share: Option<i128>,
    }
}

macro_rules! by_mode {
    ($row:ty) => {
        impl $row {
            /// Emissions by mode, micrograms.
            pub(crate) fn by_mode(&self) -> ByMode<i128> {
                ByMode::of(|mode| match mode {
                    Mode::Road => self.road,
                    Mode::Rail => self.rail,
                    Mode::Sea => self.sea,
                    Mode::InlandWaterway => self.inland_waterway,
                    Mode::Air => self.air,
                    Mode::Hub => self.hub,
                })
            }
        }
    };
}
by_mode!(ShipmentRow);
by_mode!(CorridorRow);

/// Biogenic CO2 of a row that sums elements.
pub(super) fn biogenic(co2: Option<i128>, elements: i64) -> Biogenic {
    Biogenic {
        co2: co2.unwrap_or(0),
        elements: elements.unsigned_abs(),
    }
}

/// What adds up over corridors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CorridorSums {
    /// Shipments.
    pub shipments: i128,
    /// Of which incomplete.
    pub incomplete: i128,
    /// TEU, millionths.
    pub teu: i128,
    /// Grams.
    pub mass: i128,
    /// Activity and emissions.
    pub totals: GhgTotals,
    /// Emissions by mode, micrograms.
    pub by_mode: ByMode<i128>,
    /// Biogenic CO2, in no total.
    pub biogenic: Biogenic,
}

impl Sums for CorridorSums {
    fn add(&mut self, other: &CorridorSums) -> Option<()> {
        self.shipments = self.shipments.checked_add(other.shipments)?;
        self.incomplete = self.incomplete.checked_add(other.incomplete)?;
        self.teu = self.teu.checked_add(other.teu)?;
        self.mass = self.mass.checked_add(other.mass)?;
        self.totals.add_checked(&other.totals)?;
        for (sum, part) in self.by_mode.0.iter_mut().zip(other.by_mode.0) {
            *sum = sum.checked_add(part)?;
        }
        self.biogenic.add_checked(&other.biogenic)
    }
}

impl Summed for CorridorRow {
    type Sums = CorridorSums;

    fn sums(&self) -> CorridorSums {
        CorridorSums {
            shipments: self.shipments,
            incomplete: self.incomplete,
            teu: self.teu,
            mass: self.mass,
            totals: GhgTotals {
                activity: self.activity,
                operation: self.operation,
                provision: self.provision,
            },
            by_mode: self.by_mode(),
            biogenic: biogenic(self.biogenic_co2_kg, self.biogenic_co2_elements),
        }
    }
}

row! {
    /// A section of a corridor in a month, as published.
    #[derive(Clone, Debug)]
    pub(crate) struct SectionRow of section {
        /// Corridor.
        pub corridor_id: String,
        /// First day of the month.
        pub period: Day,
        /// Load status.
        pub load_status: LoadStatus,
        /// Mode; a hub is one too.
        pub mode: Mode,
        /// From.
        pub origin: LocationCode,
        /// To.
        pub destination: LocationCode,
        /// Countries of both.
        pub country_pair: String,
        movements: i128,
        activity from transport_activity_tkm: i128,
        ghg_operation from ghg_operation_kg: i128,
        ghg_provision from ghg_provision_kg: i128,
    }
}

row! {
    /// A factor and its use, as published.
    #[derive(Clone, Debug)]
    #[allow(missing_docs)]
    pub(crate) struct FactorRow of factor {
        pub factor_id: String,
        pub table: String,
        pub operation: String,
        pub energy_carrier: String,
        pub region: String,
        pub carrier: String,
        pub temperature: String,
        pub per: String,
        pub distance_basis: String,
        pub valid_from: Day,
        pub data_category: String,
        pub gwp_set: String,
        pub energy_gwp_set: String,
        pub licence: String,
        pub source: String,
        pub edition: String,
        pub source_title: String,
        pub source_publisher: String,
        pub source_url: String,
        pub source_ref: String,
        pub operation_g: i128,
        pub provision_g: i128,
        rows: i128,
        activity from transport_activity_tkm: i128,
        ghg_operation from ghg_operation_kg: i128,
        ghg_provision from ghg_provision_kg: i128,
    }
}

impl FactorRow {
    /// The GWP set behind the emissions: of a composed factor that of its energy.
    pub(crate) fn emissions_gwp_set(&self) -> &str {
        match self.energy_gwp_set.as_str() {
            "" => &self.gwp_set,
            energy => energy,
        }
    }
}

row! {
    pub(super) struct RejectedLine of rejected {
        pub code: String,
        pub column: String,
    }
}

/// Rows that add their number, activity and emissions.
macro_rules! counted {
    ($($row:ty, |$self:ident| $count:expr;)+) => {$(
        impl Summed for $row {
            type Sums = Counted;

            fn sums(&self) -> Counted {
                let $self = self;
                Counted {
                    count: $count,
                    totals: GhgTotals {
                        activity: self.activity,
                        operation: self.ghg_operation,
                        provision: self.ghg_provision,
                    },
                }
            }
        }
    )+};
}
counted! {
    ElementLine<'_>, |_row| 1;
    ShipmentLine<'_>, |_row| 1;
    SectionRow, |row| row.movements;
    FactorRow, |row| row.rows;
}

//! What the kernel gives back: elements, shipments and totals as typed columns.

use super::carried::OfShipments;
use super::flag::Flags;
use super::id::LocationCode;
use super::mode::{
    Basis, ByMode, DataCategory, DistanceSource, LoadStatus, Mode, Per, Temperature,
};
use super::movement::OperationIndex;
use super::text::TextColumn;
use super::time::{Day, Instant};

/// No source row: an inferred hub.
pub const NO_ROW: u32 = u32::MAX;

/// No figure: the factor states none. Not 0, which is the statement that there is none.
pub const NOT_STATED: i64 = i64::MIN;

/// Index of a factor in the run's factor list (transport, hub and energy rows, composed rows).
pub type FactorIndex = u32;

/// Declares the elements: each column once, so that appending cannot forget one.
macro_rules! elements {
    ($($(#[$doc:meta])* $name:ident: $ty:ty,)+) => {
        /// Transport chain elements of a batch, in the order (shipment, container, element), one entry per row in every column.
        ///
        /// What an element only passes through from its record (movement id, sequence, carrier, container type, arrival, energy,
        /// evidence, lineage) stays in the batch and is found through `row`.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct Elements { $($(#[$doc])* pub $name: Vec<$ty>,)+ }

        /// One row of [`Elements`]; the fields are described there.
        #[allow(missing_docs)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct Element { $(pub $name: $ty,)+ }

        impl Elements {
            /// Appends elements, column by column: each loop fills one column without a branch.
            pub fn extend(&mut self, block: &[Element]) {
                $(self.$name.extend(block.iter().map(|e| e.$name));)+
            }

            /// Row `i`.
            pub fn get(&self, i: usize) -> Element {
                Element { $($name: self.$name[i],)+ }
            }

            /// Room for more elements.
            pub fn reserve(&mut self, more: usize) {
                $(self.$name.reserve(more);)+
            }
        }
    };
}

elements! {
    /// Row of the batch this element is; [`NO_ROW`]: an inferred hub.
    row: u32,
    /// Row of the batch that gives shipment and container id (for an inferred hub its neighbour's).
    anchor: u32,
    /// Number within the container, from 1.
    element: u32,
    /// Mode; `Hub` is kind `hub`.
    mode: Mode,
    /// Operation.
    operation: OperationIndex,
    /// Origin.
    origin: LocationCode,
    /// Destination.
    destination: LocationCode,
    /// Departure.
    departed_at: Instant,
    /// Laden or empty.
    load_status: LoadStatus,
    /// Temperature class used.
    temperature: Temperature,
    /// Mass used, g.
    mass_g: i64,
    /// TEU used (this consignment's part), millionths; `-1`: unknown.
    teu: i64,
    /// Containers (this consignment's part), millionths.
    containers: i64,
    /// Distance as found, m; 0 for hubs.
    distance_m: i64,
    /// Basis of the distance as found.
    distance_basis: Basis,
    /// Where the distance was found.
    distance_source: DistanceSource,
    /// Activity distance, m.
    activity_distance_m: i64,
    /// Basis of the activity distance.
    activity_basis: Basis,
    /// Emission distance, m.
    emission_distance_m: i64,
    /// Transport activity, g.m = 10^-9 t.km.
    activity: i64,
    /// Factor applied.
    factor: FactorIndex,
    /// Operation intensity as applied, 10^-9 g per unit.
    intensity_operation: i64,
    /// Provision intensity as applied, 10^-9 g per unit.
    intensity_provision: i64,
    /// Unit of the intensity.
    per: Per,
    /// Data category.
    data_category: DataCategory,
    /// Vehicle or hub operation, micrograms CO2e.
    ghg_operation: i64,
    /// Energy provision, micrograms CO2e. Total = operation + provision.
    ghg_provision: i64,
    /// Biogenic CO2, micrograms, in no total; [`NOT_STATED`]: the factor does not say.
    biogenic_co2: i64,
    /// Quality flags.
    flags: Flags,
}

impl Elements {
    /// Number of elements.
    pub fn len(&self) -> usize {
        self.row.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.row.is_empty()
    }
}

/// Exact sums of elements; what every roll-up adds. Micrograms, g.m, grams, millionths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GhgTotals {
    /// Transport activity, g.m.
    pub activity: i128,
    /// Operation, micrograms.
    pub operation: i128,
    /// Provision, micrograms.
    pub provision: i128,
}

impl GhgTotals {
    /// Operation + provision, micrograms.
    pub fn total(&self) -> i128 {
        self.operation + self.provision
    }

    /// Adds another sum.
    pub fn add(&mut self, other: &GhgTotals) {
        self.activity += other.activity;
        self.operation += other.operation;
        self.provision += other.provision;
    }

    /// Adds another sum; `None`: one of the three does not fit.
    pub fn add_checked(&mut self, other: &GhgTotals) -> Option<()> {
        self.activity = self.activity.checked_add(other.activity)?;
        self.operation = self.operation.checked_add(other.operation)?;
        self.provision = self.provision.checked_add(other.provision)?;
        Some(())
    }
}

/// Biogenic CO2 of those elements whose factor states it, beside every total.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Biogenic {
    /// Micrograms.
    pub co2: i128,
    /// Elements that it is stated of.
    pub elements: u64,
}

impl Biogenic {
    /// Adds the figure of an element, or [`NOT_STATED`].
    #[inline]
    pub fn count(&mut self, co2: i64) {
        if co2 != NOT_STATED {
            self.co2 += co2 as i128;
            self.elements += 1;
        }
    }

    /// Adds another sum.
    pub fn add(&mut self, other: &Biogenic) {
        self.co2 += other.co2;
        self.elements += other.elements;
    }

    /// Adds another sum; `None`: it does not fit.
    pub fn add_checked(&mut self, other: &Biogenic) -> Option<()> {
        self.co2 = self.co2.checked_add(other.co2)?;
        self.elements = self.elements.checked_add(other.elements)?;
        Some(())
    }

    /// The sum; `None`: no element has a figure.
    pub fn stated(&self) -> Option<i128> {
        (self.elements > 0).then_some(self.co2)
    }
}

/// Basis of a sum of activities: one basis, or `mixed`. Bits 1, 2, 4 for sfd, gcd, actual.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BasisSet(pub u8);

impl BasisSet {
    /// Adds the basis of an element; a hub's adds nothing.
    pub fn add(&mut self, basis: Basis) {
        if basis != Basis::Absent {
            self.0 |= 1 << (basis as u8 - 1);
        }
    }

    /// `sfd`, `gcd`, `actual`, `mixed`, or empty when nothing moved.
    pub const fn code(self) -> &'static str {
        match self.0 {
            0 => "",
            1 => "sfd",
            2 => "gcd",
            4 => "actual",
            _ => "mixed",
        }
    }
}

/// Shipments of a batch, in order of id, one entry per row in every column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shipments {
    /// Through bill of lading number.
    pub shipment_id: TextColumn,
    /// Corridor: an index into the run's corridor list, or a lane (see [`CorridorKey`]).
    pub corridor: Vec<CorridorKey>,
    /// First day of the month of the first departure.
    pub period: Vec<Day>,
    /// Origin of the speaking chain.
    pub origin: Vec<LocationCode>,
    /// Destination of the speaking chain.
    pub destination: Vec<LocationCode>,
    /// Earliest departure.
    pub first_departed_at: Vec<Instant>,
    /// Latest arrival; [`super::time::NO_INSTANT`]: none.
    pub last_arrived_at: Vec<Instant>,
    /// Modes of the speaking chain, e.g. `road>rail>sea`.
    pub modes: TextColumn,
    /// Empty when all transport elements are.
    pub load_status: Vec<LoadStatus>,
    /// Containers, millionths.
    pub containers: Vec<i128>,
    /// TEU, millionths.
    pub teu: Vec<i128>,
    /// Cargo mass, g.
    pub mass_g: Vec<i128>,
    /// Published elements.
    pub elements: Vec<u32>,
    /// Rejected rows that name this shipment.
    pub rejected_rows: Vec<u32>,
    /// Whether no part is missing.
    pub is_complete: Vec<bool>,
    /// Activity and emissions.
    pub totals: Vec<GhgTotals>,
    /// Biogenic CO2, in no total.
    pub biogenic: Vec<Biogenic>,
    /// Emissions by mode and hub, micrograms, in the order of [`Mode::ALL`].
    pub by_mode: Vec<ByMode<i128>>,
    /// Emissions of elements with primary data, micrograms.
    pub primary: Vec<i128>,
    /// Basis of the activity.
    pub activity_basis: Vec<BasisSet>,
    /// Union of the elements' flags.
    pub flags: Vec<Flags>,
    /// What its elements have in common in the carried columns.
    pub carried: OfShipments,
}

impl Shipments {
    /// Room for more shipments.
    pub fn reserve(&mut self, more: usize) {
        let Shipments {
            shipment_id, modes, ..
        } = self;
        shipment_id.reserve(more, 0);
        modes.reserve(more, 0);
        macro_rules! reserve { ($($column:ident),+) => { $(self.$column.reserve(more);)+ } }
        reserve!(
            corridor,
            period,
            origin,
            destination,
            first_departed_at,
            last_arrived_at,
            load_status,
            containers,
            teu,
            mass_g,
            elements,
            rejected_rows,
            is_complete,
            totals,
            biogenic,
            by_mode,
            primary,
            activity_basis,
            flags,
            carried
        );
    }

    /// Number of shipments.
    pub fn len(&self) -> usize {
        self.corridor.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.corridor.is_empty()
    }
}

/// A corridor of `corridors.toml` by its place in the file, or the lane between two countries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CorridorKey {
    /// Index in file order.
    Listed(u16),
    /// `<origin country>-<destination country>`.
    Lane(super::id::CountryCode, super::id::CountryCode),
}

/// One kernel call's result: the batch it read (columns that elements only pass through) and what it computed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Footprints {
    /// The rows of whole shipments that the elements point into.
    pub batch: super::movement::MovementBatch,
    /// Elements in order of (shipment_id, container_id, element).
    pub elements: Elements,
    /// Shipments in order of id.
    pub shipments: Shipments,
    /// Number of elements of each shipment in `shipments`, in the same order: sums to `elements.len()`.
    pub elements_per_shipment: Vec<u32>,
    /// Rejected rows of these shipments (parse rejections and later ones), in no particular order.
    pub rejected: Vec<super::reject::Rejected>,
    /// Accepted rows.
    pub accepted: u64,
    /// Shipments that the rows name, whatever became of them.
    pub shipments_in: u64,
    /// Of which a gap is listed.
    pub shipments_with_gaps: u64,
}

/// Key of a row of `corridors`.
pub type CorridorRowKey = (CorridorKey, Day, LoadStatus);

/// Key of a row of `corridor_sections`: corridor, period, load status, mode (`Hub` is kind hub), origin, destination.
pub type SectionKey = (
    CorridorKey,
    Day,
    LoadStatus,
    Mode,
    LocationCode,
    LocationCode,
);

/// A row of `corridors`: sums over shipments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CorridorTotals {
    /// Shipments.
    pub shipments: u64,
    /// Of which incomplete.
    pub incomplete_shipments: u64,
    /// Containers, millionths.
    pub containers: i128,
    /// TEU, millionths.
    pub teu: i128,
    /// Cargo mass, g.
    pub mass_g: i128,
    /// Activity and emissions.
    pub totals: GhgTotals,
    /// Biogenic CO2, in no total.
    pub biogenic: Biogenic,
    /// Emissions by mode and hub, micrograms.
    pub by_mode: ByMode<i128>,
    /// Emissions with primary data, micrograms.
    pub primary: i128,
    /// Basis of the activity.
    pub activity_basis: BasisSet,
}

/// A row of `corridor_sections`: sums over elements.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SectionTotals {
    /// Elements, inferred hubs included.
    pub movements: u64,
    /// TEU, millionths (unknown: 0).
    pub teu: i128,
    /// Mass, g.
    pub mass_g: i128,
    /// Activity and emissions.
    pub totals: GhgTotals,
    /// Biogenic CO2, in no total.
    pub biogenic: Biogenic,
}

/// How much a factor was used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FactorUse {
    /// Elements.
    pub rows: u64,
    /// Elements of a day before the factor becomes valid (Q29).
    pub before_first: u64,
    /// Activity and emissions of those elements.
    pub totals: GhgTotals,
    /// Their biogenic CO2, in no total.
    pub biogenic: Biogenic,
}

/// Exact sums above the elements. Adding is associative and commutative, so the order of batches does not matter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rollup {
    /// Rows of `corridors`.
    pub corridors: std::collections::BTreeMap<CorridorRowKey, CorridorTotals>,
    /// Rows of `corridor_sections`.
    pub sections: rustc_hash::FxHashMap<SectionKey, SectionTotals>,
    /// Use of each factor.
    pub factors: rustc_hash::FxHashMap<FactorIndex, FactorUse>,
}

/// Texts behind the codes that elements and shipments hold; what an output needs to spell them.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// By [`OperationIndex`].
    pub operations: &'a [String],
    /// Full factor ids by [`FactorIndex`].
    pub factors: &'a [String],
    /// Container types, carriers, energy carriers, and what rows have in the carried columns.
    pub symbols: &'a super::symbol::Symbols,
    /// Names of the carried columns.
    pub carried: &'a [&'static str],
    /// Corridor ids in file order.
    pub corridors: &'a [String],
    /// Input files (`source_file`) by index.
    pub files: &'a [String],
}

//! Published elements read back as what the kernel takes, for `verify --recalculate` and `explain`.
//!
//! An id that the run's reference does not hold is an error, never a guess.

use crate::calc::Kernel;
use crate::calc::load::UNKNOWN_TEU;
use crate::calc::recalculate::Facts;
use crate::model::element::{Element, NO_ROW, NOT_STATED};
use crate::model::flag::Flags;
use crate::model::id::LocationCode;
use crate::model::index::{index16, index32};
use crate::model::mode::{
    Basis, DataCategory, DistanceSource, EnergyUnit, LoadStatus, Mode, Per, Temperature,
};
use crate::model::symbol::Symbols;
use crate::output::elements::element;
use crate::published::row::row;
use crate::reference::Reference;
use rustc_hash::FxHashMap;

row! {
    /// What an element is computed from, and its figures.
    pub(crate) struct Computed<'b> of element {
        /// Through bill of lading number.
        pub shipment_id: &'b str,
        element: u32,
        mode: Mode,
        operation: &'b str,
        carrier: &'b str,
        origin: LocationCode,
        destination: LocationCode,
        departed_at: i64,
        load_status: LoadStatus,
        temperature: Temperature,
        mass from cargo_mass_kg: i64,
        teu: Option<i64>,
        containers: i64,
        energy_carrier: &'b str,
        energy_quantity: Option<i64>,
        energy_unit: EnergyUnit,
        distance from distance_km: i64,
        distance_basis: Basis,
        distance_source: DistanceSource,
        activity_distance from activity_distance_km: i64,
        activity_basis: Basis,
        emission_distance from emission_distance_km: i64,
        activity from transport_activity_tkm: i64,
        factor_id: &'b str,
        intensity_operation from intensity_operation_g: i64,
        intensity_provision from intensity_provision_g: i64,
        per from intensity_per: Per,
        data_category: DataCategory,
        ghg_operation from ghg_operation_kg: i64,
        ghg_provision from ghg_provision_kg: i64,
        biogenic_co2 from biogenic_co2_kg: Option<i64>,
        flags from quality_flags: Flags,
    }
}

/// Published rows as the kernel's elements, and the kernel that computes them again.
pub(crate) struct Recalculation<'r> {
    /// What computes them.
    pub kernel: Kernel<'r>,
    /// Their carriers and energy carriers.
    pub symbols: Symbols,
    operations: FxHashMap<String, u16>,
    factors: FxHashMap<String, u32>,
}

impl<'r> Recalculation<'r> {
    /// Nothing computed yet.
    pub(crate) fn new(reference: &'r Reference) -> Recalculation<'r> {
        let operations = reference
            .factors
            .operations
            .iter()
            .enumerate()
            .map(|(i, o)| (o.code.to_string(), index16(i)))
            .collect();
        let factors = reference
            .factors
            .factors
            .iter()
            .enumerate()
            .map(|(i, f)| (f.id.to_string(), index32(i)))
            .collect();
        Recalculation {
            kernel: Kernel::new(reference),
            symbols: Symbols::default(),
            operations,
            factors,
        }
    }

    /// The element of a row, and what it took over from its record.
    pub(crate) fn element(&mut self, row: &Computed) -> parquet::errors::Result<(Element, Facts)> {
        let missing = |what: &str| {
            parquet::errors::ParquetError::General(format!("{what} is not in the run's reference"))
        };
        let (operation, factor) = (
            self.operations.get(row.operation),
            self.factors.get(row.factor_id),
        );
        let element = Element {
            row: NO_ROW,
            anchor: 0,
            element: row.element,
            mode: row.mode,
            operation: *operation.ok_or_else(|| missing(row.operation))?,
            origin: row.origin,
            destination: row.destination,
            departed_at: row.departed_at,
            load_status: row.load_status,
            temperature: row.temperature,
            mass_g: row.mass,
            teu: row.teu.unwrap_or(UNKNOWN_TEU),
            containers: row.containers,
            distance_m: row.distance,
            distance_basis: row.distance_basis,
            distance_source: row.distance_source,
            activity_distance_m: row.activity_distance,
            activity_basis: row.activity_basis,
            emission_distance_m: row.emission_distance,
            activity: row.activity,
            factor: *factor.ok_or_else(|| missing(row.factor_id))?,
            intensity_operation: row.intensity_operation,
            intensity_provision: row.intensity_provision,
            per: row.per,
            data_category: row.data_category,
            ghg_operation: row.ghg_operation,
            ghg_provision: row.ghg_provision,
            biogenic_co2: row.biogenic_co2.unwrap_or(NOT_STATED),
            flags: row.flags,
        };
        let facts = Facts {
            carrier: self.symbols.intern(row.carrier),
            energy_carrier: self.symbols.intern(row.energy_carrier),
            energy_quantity: row.energy_quantity.unwrap_or(0),
            energy_unit: row.energy_unit,
        };
        Ok((element, facts))
    }
}

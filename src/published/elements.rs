//! Published elements read back as what the kernel takes, for `verify --recalculate` and `explain`.
//!
//! Reads columns by name and turns code words into the domain's types; a word or id that the run's reference does not hold is
//! an error, never a guess.

use crate::calc::Kernel;
use crate::calc::load::UNKNOWN_TEU;
use crate::calc::recalculate::Facts;
use crate::model::element::{Element, NO_ROW};
use crate::model::flag::Flags;
use crate::model::id::LocationCode;
use crate::model::mode::{
    Basis, DataCategory, DistanceSource, EnergyUnit, LoadStatus, Mode, Per, Temperature,
};
use crate::model::symbol::Symbols;
use crate::published::columns::Columns;
use crate::reference::Reference;
use rustc_hash::FxHashMap;

/// Columns that an element is computed from, and its figures.
pub(crate) const ELEMENT_COLUMNS: [&str; 32] = [
    "shipment_id",
    "element",
    "mode",
    "operation",
    "carrier",
    "origin",
    "destination",
    "departed_at",
    "load_status",
    "temperature",
    "cargo_mass_kg",
    "teu",
    "containers",
    "energy_carrier",
    "energy_quantity",
    "energy_unit",
    "distance_km",
    "distance_basis",
    "distance_source",
    "activity_distance_km",
    "activity_basis",
    "emission_distance_km",
    "transport_activity_tkm",
    "factor_id",
    "intensity_operation_g",
    "intensity_provision_g",
    "intensity_per",
    "data_category",
    "ghg_operation_kg",
    "ghg_provision_kg",
    "ghg_total_kg",
    "quality_flags",
];

/// Published rows as the kernel's elements, and the kernel that computes them again.
pub struct Recalculation<'r> {
    pub kernel: Kernel<'r>,
    pub symbols: Symbols,
    operations: FxHashMap<String, u16>,
    factors: FxHashMap<String, u32>,
}

fn word<T: Copy + Default>(
    list: &[T],
    code: fn(T) -> &'static str,
    text: &str,
) -> parquet::errors::Result<T> {
    let found = list.iter().copied().find(|v| code(*v) == text);
    found.ok_or_else(|| parquet::errors::ParquetError::General(format!("{text:?} is no code word")))
}

impl<'r> Recalculation<'r> {
    /// Nothing computed yet.
    pub fn new(reference: &'r Reference) -> Recalculation<'r> {
        let operations = reference
            .factors
            .operations
            .iter()
            .enumerate()
            .map(|(i, o)| (o.code.to_string(), i as u16))
            .collect();
        let factors = reference
            .factors
            .factors
            .iter()
            .enumerate()
            .map(|(i, f)| (f.id.to_string(), i as u32))
            .collect();
        Recalculation {
            kernel: Kernel::new(reference),
            symbols: Symbols::default(),
            operations,
            factors,
        }
    }

    /// The elements of a batch with what they took over from their records, and their shipment ids.
    pub fn elements(
        &mut self,
        c: &Columns,
    ) -> parquet::errors::Result<Vec<(Element, Facts, String)>> {
        let missing = |what: &str| {
            parquet::errors::ParquetError::General(format!("{what} is not in the run's reference"))
        };
        let text = |name: &str| c.texts(name);
        let number = |name: &str| -> parquet::errors::Result<Vec<i64>> {
            Ok(c.numbers(name)?
                .into_iter()
                .map(|v| v.unwrap_or(0) as i64)
                .collect())
        };
        let (ids, modes, operations, carriers) = (
            text("shipment_id")?,
            text("mode")?,
            text("operation")?,
            text("carrier")?,
        );
        let (origins, destinations, statuses) =
            (text("origin")?, text("destination")?, text("load_status")?);
        let (temperatures, energies, units) = (
            text("temperature")?,
            text("energy_carrier")?,
            text("energy_unit")?,
        );
        let (bases, sources, activity_bases) = (
            text("distance_basis")?,
            text("distance_source")?,
            text("activity_basis")?,
        );
        let (factors, pers, categories, flags) = (
            text("factor_id")?,
            text("intensity_per")?,
            text("data_category")?,
            text("quality_flags")?,
        );
        let teu = c.numbers("teu")?;
        let columns = [
            "element",
            "departed_at",
            "cargo_mass_kg",
            "containers",
            "energy_quantity",
            "distance_km",
            "activity_distance_km",
            "emission_distance_km",
            "transport_activity_tkm",
            "intensity_operation_g",
            "intensity_provision_g",
            "ghg_operation_kg",
            "ghg_provision_kg",
        ];
        let numbers = columns
            .iter()
            .map(|name| number(name))
            .collect::<parquet::errors::Result<Vec<_>>>()?;
        let place = |t: &str| LocationCode::parse(t.as_bytes()).ok_or_else(|| missing(t));
        let mut out = Vec::with_capacity(ids.len());
        for (i, id) in ids.into_iter().enumerate() {
            let n = |at: usize| numbers[at][i];
            let element = Element {
                row: NO_ROW,
                anchor: 0,
                element: n(0) as u32,
                mode: word(&Mode::ALL, Mode::code, &modes[i]).unwrap_or_default(),
                operation: *self
                    .operations
                    .get(&operations[i])
                    .ok_or_else(|| missing(&operations[i]))?,
                origin: place(&origins[i])?,
                destination: place(&destinations[i])?,
                departed_at: n(1),
                load_status: word(LoadStatus::ALL, LoadStatus::code, &statuses[i])?,
                temperature: word(Temperature::ALL, Temperature::code, &temperatures[i])?,
                mass_g: n(2),
                teu: teu[i].map_or(UNKNOWN_TEU, |t| t as i64),
                containers: n(3),
                distance_m: n(5),
                distance_basis: word(Basis::ALL, Basis::code, &bases[i])?,
                distance_source: word(DistanceSource::ALL, DistanceSource::code, &sources[i])?,
                activity_distance_m: n(6),
                activity_basis: word(Basis::ALL, Basis::code, &activity_bases[i])?,
                emission_distance_m: n(7),
                activity: n(8),
                factor: *self
                    .factors
                    .get(&factors[i])
                    .ok_or_else(|| missing(&factors[i]))?,
                intensity_operation: n(9),
                intensity_provision: n(10),
                per: word(Per::ALL, Per::code, &pers[i])?,
                data_category: word(DataCategory::ALL, DataCategory::code, &categories[i])?,
                ghg_operation: n(11),
                ghg_provision: n(12),
                flags: Flags::from_text(&flags[i]).ok_or_else(|| missing(&flags[i]))?,
            };
            let facts = Facts {
                carrier: self.symbols.intern(&carriers[i]),
                energy_carrier: self.symbols.intern(&energies[i]),
                energy_quantity: n(4),
                energy_unit: word(EnergyUnit::ALL, EnergyUnit::code, &units[i])?,
            };
            out.push((element, facts, id));
        }
        Ok(out)
    }
}

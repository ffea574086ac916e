//! The operation categories of a run: every TOC and HOC that its elements refer to, each with its intensity.
//!
//! A category is a factor as it was applied. Where the exchange format lacks the unit of the intensity (per container, or per
//! litre of primary data), the category is what ISO 14083 makes a TOC of: the emissions of its elements over their activity.

use super::adjusted::Step;
use super::json;
use crate::error::Result;
use crate::factors::{EmissionFactor, FactorSet, GwpSet, Section};
use crate::model::id::LocationCode;
use crate::model::mode::{DataCategory, Mode, Per, Temperature};
use crate::model::time::{Instant, day_of};
use crate::model::unit::{decimal_text, div_half_even};
use crate::published::run::{Element, Published};
use rustc_hash::FxHashMap;
use serde::Serialize;
use std::collections::BTreeMap;

/// Decimals of an intensity in kg: nine of a gram, and the six of a distance adjustment.
const INTENSITY_SCALE: u32 = 18;
/// Decimals of an intensity that nothing was adjusted in.
const SOURCE_SCALE: u32 = 12;

/// Grams with 9 decimals as kilograms with 18.
pub(crate) fn kilograms(grams: i128) -> i128 {
    grams * 10i128.pow(INTENSITY_SCALE - SOURCE_SCALE)
}

/// An intensity with the decimals that it has: 12, or 18 with an adjustment inside.
pub(crate) fn intensity_text(intensity: i128) -> String {
    let finer = 10i128.pow(INTENSITY_SCALE - SOURCE_SCALE);
    if intensity % finer == 0 {
        decimal_text(intensity / finer, SOURCE_SCALE)
    } else {
        decimal_text(intensity, INTENSITY_SCALE)
    }
}

/// What the activity of a category is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Unit {
    /// Tonne-kilometre.
    Tkm,
    /// TEU-kilometre.
    TeuKm,
    /// Tonne through a hub.
    Tonne,
    /// TEU through a hub.
    Teu,
}

impl Unit {
    fn of(per: Per) -> Option<Unit> {
        match per {
            Per::Tkm => Some(Unit::Tkm),
            Per::TeuKm => Some(Unit::TeuKm),
            Per::T => Some(Unit::Tonne),
            Per::Teu => Some(Unit::Teu),
            Per::Container | Per::Kg | Per::Litre | Per::KWh | Per::Mj => None,
        }
    }
}

/// A TOC or HOC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Category {
    /// Id, the same in every run that applies the factor alike.
    pub id: String,
    /// Its first element in the run.
    number: u64,
    /// Mode; `Hub`: a HOC.
    pub mode: Mode,
    /// Operation code.
    pub operation: String,
    /// Temperature class of its first element.
    pub temperature: Temperature,
    /// Whether elements of both classes have it.
    pub is_mixed: bool,
    /// Factor.
    pub factor_id: String,
    /// Whether the figures are those of primary data.
    pub is_primary: bool,
    /// Unit of the activity.
    pub unit: Unit,
    /// kg CO2e of operation per unit, 18 decimals.
    pub intensity_operation: i128,
    /// kg CO2e in all per unit, 18 decimals.
    pub intensity_total: i128,
    /// Whether the intensity is the run's emissions over its activity.
    pub is_averaged: bool,
    /// Distance that the intensity is per, and the adjustment inside, in words; empty for a hub.
    pub distance: String,
    /// First departure.
    pub first: Instant,
    /// Last departure.
    pub last: Instant,
    sums: Sums,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sums {
    operation: i128,
    total: i128,
    /// t.km, TEU.km, t or TEU, 9 decimals.
    amount: i128,
}

/// The id of the category that an element belongs to.
///
/// A factor that was applied as the library has it gives its own name, an uplifted one says so, a TOC says the distance that
/// it is per, and where the format lacks the unit the id names all that the average is over.
pub(crate) fn id_of(run: &Published, element: &Element, factor: &EmissionFactor) -> String {
    let step = Step::of(run, element, factor);
    let distance = if element.mode == Mode::Hub {
        String::new()
    } else {
        step.id_part(element, factor)
    };
    let averaged = Unit::of(element.per).is_none();
    if element.data_category == DataCategory::Primary && averaged {
        let parts = [element.operation, element.carrier, element.factor_id];
        return format!(
            "{};{};{};{}{distance};primary",
            parts[0],
            parts[1],
            parts[2],
            element.temperature.code()
        );
    }
    let as_listed = element.intensity_operation == i128::from(factor.intensity.operation)
        && element.intensity_provision == i128::from(factor.intensity.provision);
    let unit = if averaged { ";per-tonne" } else { "" };
    let uplift = if as_listed {
        String::new()
    } else {
        format!(";{}-uplift", element.temperature.code())
    };
    format!("{}{uplift}{distance}{unit}", element.factor_id)
}

/// A category that elements have, and what the documents of their shipments repeat of it.
pub(crate) struct Known {
    /// The category, with the sums of the elements so far.
    pub category: Category,
    /// `"tocId":"...",` or `"hocId":"...",`.
    pub property: Vec<u8>,
    /// Its sources, as places in [`Sources`].
    pub sources: Vec<usize>,
    /// GWP set behind its emissions.
    pub gwp_set: GwpSet,
}

/// The categories of the elements that one thread has met.
pub(crate) struct Met<'r> {
    run: &'r Published,
    sources: &'r Sources<'r>,
    by_key: FxHashMap<Vec<u8>, usize>,
    list: Vec<Known>,
    key: Vec<u8>,
}

impl<'r> Met<'r> {
    /// None yet.
    pub(crate) fn new(run: &'r Published, sources: &'r Sources<'r>) -> Met<'r> {
        Met {
            run,
            sources,
            by_key: FxHashMap::default(),
            list: Vec::new(),
            key: Vec::new(),
        }
    }

    /// Counts an element, the `number`th of the run, in its category, and gives the place of that.
    pub(crate) fn meet(&mut self, element: &Element, number: u64) -> Result<usize> {
        self.spell(element);
        let place = match self.by_key.get(&self.key) {
            Some(place) => *place,
            None => self.add(element, number)?,
        };
        self.list[place].category.add(element);
        Ok(place)
    }

    /// What was met.
    pub(crate) fn known(&self, place: usize) -> &Known {
        &self.list[place]
    }

    /// All that an id and a category hang on: few elements differ in it, and ids are long to make.
    fn spell(&mut self, e: &Element) {
        let key = &mut self.key;
        key.clear();
        for text in [e.factor_id, e.operation] {
            key.extend_from_slice(text.as_bytes());
            key.push(0);
        }
        for intensity in [e.intensity_operation, e.intensity_provision] {
            key.extend_from_slice(&intensity.to_le_bytes());
        }
        for code in [
            e.mode.code(),
            e.per.code(),
            e.temperature.code(),
            e.data_category.code(),
            e.activity_basis.code(),
            e.distance_basis.code(),
        ] {
            key.extend_from_slice(code.as_bytes());
            key.push(0);
        }
        if e.data_category == DataCategory::Primary {
            key.extend_from_slice(e.carrier.as_bytes());
        }
    }

    fn add(&mut self, element: &Element, number: u64) -> Result<usize> {
        let factor = self.run.factor(element.factor_id)?;
        let id = id_of(self.run, element, factor);
        let mut property = Vec::new();
        let name: &[u8] = match element.mode {
            Mode::Hub => b"\"hocId\":",
            _ => b"\"tocId\":",
        };
        property.extend_from_slice(name);
        json::text(&mut property, &id);
        property.push(b',');
        let place = self.list.len();
        self.list.push(Known {
            category: Category::new(id, self.run, element, factor, number),
            property,
            sources: self.sources.of(factor),
            gwp_set: factor.emissions_gwp_set(),
        });
        self.by_key.insert(self.key.clone(), place);
        Ok(place)
    }
}

/// What all threads met, by id.
pub(crate) fn categories(met: Vec<Met>) -> BTreeMap<String, Category> {
    let mut categories: BTreeMap<String, Category> = BTreeMap::new();
    let mut parts: Vec<Category> = met
        .into_iter()
        .flat_map(|met| met.list)
        .map(|known| known.category)
        .collect();
    // As if one thread had met them in the order of the run.
    parts.sort_unstable_by_key(|part| part.number);
    for part in parts {
        match categories.get_mut(&part.id) {
            Some(whole) => whole.absorb(&part),
            None => {
                categories.insert(part.id.clone(), part);
            }
        }
    }
    categories
        .values_mut()
        .filter(|c| c.is_averaged)
        .for_each(Category::average);
    categories
}

/// Title and edition of a source of emission factors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Source<'r> {
    name: &'r str,
    version: &'r str,
}

/// The sources of a run's factors in order.
pub(crate) struct Sources<'r> {
    set: &'r FactorSet,
    list: Vec<Source<'r>>,
}

impl<'r> Sources<'r> {
    /// Those of the factors that the run could have used.
    pub(crate) fn new(run: &'r Published) -> Sources<'r> {
        let set = &run.reference.factors;
        let mut list: Vec<Source> = set.sources.iter().map(Sources::source).collect();
        list.sort_unstable();
        list.dedup();
        Sources { set, list }
    }

    fn source(source: &crate::factors::Source) -> Source<'_> {
        Source {
            name: &source.title,
            version: &source.edition,
        }
    }

    /// Places of the sources of a factor and of the energy factor inside it.
    fn of(&self, factor: &EmissionFactor) -> Vec<usize> {
        let energy = factor.composed.as_ref();
        let rows = [
            Some(factor),
            energy.map(|c| &self.set.factors[c.energy as usize]),
        ];
        let place = |row| {
            self.list
                .binary_search(&Sources::source(self.set.source_of(row)))
        };
        rows.into_iter()
            .flatten()
            .filter_map(|row| place(row).ok())
            .collect()
    }

    /// The sources at these places, each once.
    pub(crate) fn at(&self, mut places: Vec<usize>) -> Vec<Source<'r>> {
        places.sort_unstable();
        places.dedup();
        places.into_iter().map(|place| self.list[place]).collect()
    }

    /// The sources of a factor.
    pub(crate) fn list_of(&self, factor: &EmissionFactor) -> Vec<Source<'r>> {
        self.at(self.of(factor))
    }
}

impl Category {
    fn new(
        id: String,
        run: &Published,
        element: &Element,
        factor: &EmissionFactor,
        number: u64,
    ) -> Category {
        let step = Step::of(run, element, factor);
        let operation = kilograms(element.intensity_operation);
        let total = operation + kilograms(element.intensity_provision);
        let is_hub = element.mode == Mode::Hub;
        let unit = Unit::of(element.per).unwrap_or(if is_hub { Unit::Tonne } else { Unit::Tkm });
        Category {
            id,
            number,
            mode: element.mode,
            operation: element.operation.to_owned(),
            temperature: element.temperature,
            is_mixed: false,
            factor_id: element.factor_id.to_owned(),
            is_primary: element.data_category == DataCategory::Primary,
            unit,
            intensity_operation: step.on_activity(operation),
            intensity_total: step.on_activity(total),
            is_averaged: Unit::of(element.per).is_none() || step == Step::Added,
            distance: step.words(element, factor),
            first: element.departed_at,
            last: element.departed_at,
            sums: Sums::default(),
        }
    }

    fn add(&mut self, element: &Element) {
        self.is_mixed |= element.temperature != self.temperature;
        self.first = self.first.min(element.departed_at);
        self.last = self.last.max(element.departed_at);
        self.sums.operation += element.ghg_operation;
        self.sums.total += element.ghg_total;
        self.sums.amount += match self.unit {
            Unit::Tkm => element.activity,
            // Six decimals times three.
            Unit::TeuKm => element.teu.unwrap_or(0) * element.activity_distance,
            // kg with 3 decimals as t with 9.
            Unit::Tonne => element.mass * 1_000,
            Unit::Teu => element.teu.unwrap_or(0) * 1_000,
        };
    }

    /// kg CO2e of its elements, 9 decimals.
    pub(crate) fn total(&self) -> i128 {
        self.sums.total
    }

    /// Adds what was met later.
    fn absorb(&mut self, later: &Category) {
        self.is_mixed |= later.is_mixed || later.temperature != self.temperature;
        self.first = self.first.min(later.first);
        self.last = self.last.max(later.last);
        self.sums.operation += later.sums.operation;
        self.sums.total += later.sums.total;
        self.sums.amount += later.sums.amount;
    }

    /// Emissions over activity, half to even to 12 decimals; both have 9, and an element always has a mass and, if it is a
    /// transport, a distance.
    fn average(&mut self) {
        let shift = 10i128.pow(SOURCE_SCALE);
        let over = |part: i128| {
            if self.sums.amount > 0 {
                kilograms(div_half_even(part * shift, self.sums.amount))
            } else {
                0
            }
        };
        (self.intensity_operation, self.intensity_total) =
            (over(self.sums.operation), over(self.sums.total));
    }
}

/// An energy carrier of a category and what a unit of it emits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Energy<'r> {
    /// Our code.
    pub carrier: &'r str,
    /// The energy row that gives its emissions.
    pub row: &'r EmissionFactor,
}

/// The energy carrier of a category with its own emission factor: the one inside a composed figure or behind primary data,
/// else what the profile has for the carrier in the figure's region or everywhere. `None` where the library says neither.
pub(crate) fn energy<'r>(run: &'r Published, category: &Category) -> Result<Option<Energy<'r>>> {
    let set = &run.reference.factors;
    let factor = run.factor(&category.factor_id)?;
    let row = match &factor.composed {
        Some(composed) => Some(&set.factors[composed.energy as usize]),
        None if factor.section == Section::Energy => Some(factor),
        None => {
            let usual = factor
                .operation
                .map_or("", |o| &set.operations[o as usize].energy_carrier);
            let carrier = if factor.energy_carrier.is_empty() {
                usual
            } else {
                &factor.energy_carrier
            };
            let rows = || {
                set.factors
                    .iter()
                    .filter(|f| f.section == Section::Energy && *f.energy_carrier == *carrier)
            };
            let day = day_of(category.last);
            let of = |region: &str| {
                let of_region = || rows().filter(|f| *f.region == *region);
                let valid = of_region().find(|f| f.valid_from <= day && day < f.valid_to);
                valid.or_else(|| of_region().next())
            };
            if carrier.is_empty() {
                None
            } else {
                of(&factor.region).or_else(|| of("GLOBAL"))
            }
        }
    };
    Ok(row.map(|row| Energy {
        carrier: &row.energy_carrier,
        row,
    }))
}

/// A place's name, else its code.
pub(crate) fn city(run: &Published, place: LocationCode) -> String {
    let named = run
        .reference
        .places
        .get(place)
        .map(|p| p.name.to_string())
        .filter(|name| !name.is_empty());
    named.unwrap_or_else(|| place.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emissions_over_activity_are_rounded_half_to_even() {
        let mut category = Category {
            id: "x".into(),
            number: 0,
            mode: Mode::Road,
            operation: String::new(),
            temperature: Temperature::Ambient,
            is_mixed: false,
            factor_id: String::new(),
            is_primary: true,
            unit: Unit::Tkm,
            intensity_operation: 0,
            intensity_total: 0,
            is_averaged: true,
            distance: String::new(),
            first: 0,
            last: 0,
            // 1 kg and 2 kg over 3 t.km.
            sums: Sums {
                operation: 1_000_000_000,
                total: 2_000_000_000,
                amount: 3_000_000_000,
            },
        };
        category.average();
        assert_eq!(
            (category.intensity_operation, category.intensity_total),
            (333_333_333_333_000_000, 666_666_666_667_000_000)
        );
    }
}

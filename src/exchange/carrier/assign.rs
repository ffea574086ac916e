//! Which operation, region and distance basis a category stands for, and which of several categories applies when.

use super::category::{Category, Intensity};
use super::shipment::{Shipment, Tce};
use super::{Assignment, Carrier, Refusal, refused};
use crate::escape::csv_text;
use crate::escape::inert::urn_part;
use crate::exchange::documents::Fault;
use crate::model::mode::{Basis, Mode};
use crate::model::time::{Day, date_text};
use crate::model::unit::{NANO_SCALE, decimal_text};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Columns of `transport.csv` that are filled, and whether `hub.csv` has them too.
pub(super) const FACTOR_COLUMNS: [(&str, bool); 21] = [
    ("factor_id", true),
    ("operation", true),
    ("energy_carrier", true),
    ("region", true),
    ("carrier", true),
    ("temperature", true),
    ("per", true),
    ("operation_g", true),
    ("provision_g", true),
    ("distance_basis", false),
    ("load_factor", false),
    ("empty_share", false),
    ("valid_from", true),
    ("valid_to", true),
    ("data_category", true),
    ("gwp_set", true),
    ("source_ref", true),
    ("basis_note", false),
    ("reference_from", true),
    ("reference_to", true),
    ("basis_assumed", false),
];

/// The operation of warehouses in the shipped library.
const WAREHOUSE: &str = "hub.warehouse";

/// What a category stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scope {
    /// Operation.
    pub operation: String,
    /// Whether the operation is the category's own: only what names the category asks for it.
    pub is_own: bool,
    /// Region.
    pub region: String,
    /// Energy carrier; empty: all that the carrier runs.
    pub energy_carrier: String,
    basis: Basis,
    why: &'static str,
    is_assumed: bool,
}

/// What the elements of the shipments say about the categories that they name: the bases of their distances.
pub(super) type Named = BTreeMap<(bool, String), BTreeSet<Basis>>;

/// Every category that an element names.
pub(super) fn named(shipments: &[Shipment]) -> Named {
    let mut named = Named::new();
    for tce in shipments.iter().flat_map(|s| &s.elements) {
        let bases = named.entry(key(tce)).or_default();
        bases.extend(tce.distance.as_ref().map(|(_, basis)| *basis));
    }
    named
}

/// The category of an element.
pub(super) fn key(tce: &Tce) -> (bool, String) {
    (tce.is_hub, tce.category.clone())
}

impl Scope {
    /// The scope of a category; refused where nobody says which operation it is.
    pub(super) fn of(
        carrier: &Carrier,
        category: &Category,
        named: &Named,
    ) -> Result<Scope, Refusal> {
        let told = carrier.by_id.get(&category.id);
        let is_hub = category.mode == Mode::Hub;
        let elements = named.get(&(is_hub, category.id.clone()));
        let told_operation = told.map(|t| &t.operation).filter(|code| !code.is_empty());
        let is_own = told_operation.is_none() && elements.is_some();
        let operation = match told_operation {
            Some(code) => code.clone(),
            None if is_own => own_operation(carrier, category),
            None => usual_operation(carrier, category)?,
        };
        // Whoever names the category says that it applies, wherever that is.
        let stated = category.about.region.as_ref().filter(|_| !is_own);
        let region = told.and_then(|t| t.region.as_ref()).or(stated);
        let (basis, why, is_assumed) = basis(carrier, category, told, elements);
        Ok(Scope {
            operation,
            is_own,
            region: region.map_or_else(|| "GLOBAL".to_owned(), Clone::clone),
            energy_carrier: told.map_or_else(String::new, |t| t.energy_carrier.clone()),
            basis,
            why,
            is_assumed,
        })
    }
}

/// An operation that stands for this category alone; the same in every conversion.
fn own_operation(carrier: &Carrier, category: &Category) -> String {
    let name = format!("{}:{}", carrier.code, category.id);
    let id = Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes()).simple();
    let id = id.to_string();
    let code = urn_part(&carrier.code).to_lowercase();
    format!("{}.{code}_{}", category.mode.code(), &id[..12])
}

fn usual_operation(carrier: &Carrier, category: &Category) -> Result<String, Refusal> {
    let usual = carrier.by_mode.get(&category.mode).cloned();
    let found = match category.hub_type.as_str() {
        "" | "MaritimeContainerTerminal" => usual,
        "Warehouse" => Some(WAREHOUSE.to_owned()).filter(|code| carrier.operations.contains(code)),
        _ => None,
    };
    found.ok_or_else(|| {
        let what = match category.hub_type.as_str() {
            "" => category.mode.code().to_owned(),
            hub_type => format!("hubType {hub_type}"),
        };
        let wanted = format!(
            "an operation for it: a line \"{},<operation>\" in --operations",
            category.id
        );
        refused(Fault::new("", &what, &wanted))
    })
}

/// The distance basis, why, and whether nobody stated it.
fn basis(
    carrier: &Carrier,
    category: &Category,
    told: Option<&Assignment>,
    elements: Option<&BTreeSet<Basis>>,
) -> (Basis, &'static str, bool) {
    if let Some(basis) = told
        .and_then(|t| t.distance_basis)
        .or(carrier.distance_basis)
    {
        return (basis, "told to the conversion", false);
    }
    let bases: Vec<Basis> = elements.into_iter().flatten().copied().collect();
    if let [basis] = bases.as_slice() {
        let why = "that of the transport activity of the elements that name the category";
        return (*basis, why, false);
    }
    let why = "iLEAP does not state it; transport activity of ISO 14083 is on the shortest feasible or great-circle distance";
    match category.mode {
        Mode::Hub => (Basis::Absent, "", false),
        Mode::Air => (Basis::Gcd, why, true),
        _ => (Basis::Sfd, why, true),
    }
}

/// A category with its scope, and until when it applies.
pub(super) struct Candidate {
    /// The category.
    pub category: Category,
    /// Its scope.
    pub scope: Scope,
    valid_to: Day,
    refusal: Option<(Refused, String)>,
}

/// Why a candidate gives no factor.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// Another category would apply to the same movements.
    Ambiguous,
    /// Another document says something else of the same category and period.
    Contradicted,
    /// The same figure stands there already.
    Same,
}

/// Decides between categories that would apply to the same movements. A newer reference period ends an older one; categories of
/// one period are refused together, because nothing says which of them applies.
pub(super) fn settle(candidates: &mut [Candidate]) {
    let mut kinds: BTreeMap<[String; 4], Vec<usize>> = BTreeMap::new();
    for (at, candidate) in candidates.iter().enumerate() {
        for temperature in candidate.category.temperatures {
            let scope = &candidate.scope;
            let kind = [
                &scope.operation,
                &scope.region,
                &scope.energy_carrier,
                *temperature,
            ];
            kinds.entry(kind.map(str::to_owned)).or_default().push(at);
        }
    }
    for same in kinds.values_mut() {
        same.sort_by_key(|at| (candidates[*at].category.about.reference, *at));
        refuse(candidates, same);
    }
    for same in kinds.values() {
        let left = same.iter().filter(|at| candidates[**at].refusal.is_none());
        let left: Vec<usize> = left.copied().collect();
        for pair in left.windows(2) {
            let newer = candidates[pair[1]].category.about.reference.0;
            let older = &mut candidates[pair[0]];
            older.valid_to = older.valid_to.min(newer);
        }
    }
}

/// Refuses the candidates of one kind, in order of their periods, that overlap.
fn refuse(candidates: &mut [Candidate], same: &[usize]) {
    for (i, &a) in same.iter().enumerate() {
        for &b in &same[i + 1..] {
            let (older, newer) = (&candidates[a].category, &candidates[b].category);
            let periods = (older.about.reference, newer.about.reference);
            if periods.1.0 >= periods.0.1 {
                break;
            }
            // One category that is measured anew before its period is over.
            if older.id == newer.id && periods.0.0 < periods.1.0 {
                continue;
            }
            let is_same = periods.0 == periods.1
                && is_close(&older.intensity, &newer.intensity)
                && candidates[a].scope == candidates[b].scope;
            let why = match (older.id == newer.id, is_same) {
                (true, _) => Refused::Contradicted,
                (false, true) => Refused::Same,
                (false, false) => Refused::Ambiguous,
            };
            let ids = [older.id.clone(), newer.id.clone()];
            let [older_id, newer_id] = ids;
            // The lower of two that are the same gives way.
            let total = |at: usize| {
                let intensity = candidates[at].category.intensity;
                intensity.operation + intensity.provision
            };
            let lower = if total(a) < total(b) { a } else { b };
            for (at, other) in [(a, newer_id), (b, older_id)] {
                if why != Refused::Same || at == lower {
                    candidates[at].refusal.get_or_insert((why, other));
                }
            }
        }
    }
}

/// Whether two figures differ by rounding only: by one part in a million.
fn is_close(a: &Intensity, b: &Intensity) -> bool {
    let close = |a: i128, b: i128| (a - b).abs() * 1_000_000 <= a.max(b);
    a.per == b.per && close(a.operation, b.operation) && close(a.provision, b.provision)
}

impl Candidate {
    /// A candidate before it met the others.
    pub(super) fn new(category: Category, scope: Scope) -> Candidate {
        Candidate {
            valid_to: category.about.valid.1,
            category,
            scope,
            refusal: None,
        }
    }

    /// Why it gives no factor; the flag says whether it is a duplicate.
    pub(super) fn refusal(&self) -> Option<(bool, Fault)> {
        let (why, other) = self.refusal.as_ref()?;
        let scope = &self.scope;
        let wanted = match why {
            Refused::Ambiguous => format!(
                "one category of {0} in {1} at a time, but {other} has the same period: say what each is for in --operations, a CSV of id,operation,region (and energy_carrier, distance_basis), such as {2},{0},{1} with the region, zone or lane of this one in the place of {1}",
                scope.operation, scope.region, self.category.id
            ),
            Refused::Contradicted => {
                "one document per category and period, but another one says something else"
                    .to_owned()
            }
            Refused::Same => format!("a figure once; that of {other} is the same but for rounding"),
        };
        let fault = Fault::new("", &self.category.id, &wanted);
        Some((*why == Refused::Same, fault))
    }

    /// Its rows: one for each temperature. `is_repeated`: its id has figures of several periods.
    pub(super) fn rows(&self, carrier: &Carrier, is_repeated: bool) -> Vec<Vec<String>> {
        let (category, scope) = (&self.category, &self.scope);
        let about = &category.about;
        let period = match is_repeated {
            true => format!("-from-{}", date_text(about.reference.0)),
            false => String::new(),
        };
        let row = |temperature: &&str| {
            let suffix = match category.temperatures {
                [_] => String::new(),
                _ => format!("-{temperature}"),
            };
            let grams = |value| decimal_text(value, NANO_SCALE);
            let source = format!(
                "{} footprint {} version {} {}",
                category.place, about.footprint_id, about.version, category.id
            );
            [
                format!("{}{period}{suffix}", factor_id(&category.id)).as_str(),
                &scope.operation,
                &scope.energy_carrier,
                &scope.region,
                &carrier.code,
                *temperature,
                category.intensity.per,
                &grams(category.intensity.operation),
                &grams(category.intensity.provision),
                scope.basis.code(),
                &category.load_factor,
                &category.empty_share,
                &date_text(about.valid.0),
                &date_text(self.valid_to),
                about.data_category,
                about.gwp_set,
                &csv_text(&source),
                scope.why,
                &date_text(about.reference.0),
                &date_text(about.reference.1),
                if scope.is_assumed { "yes" } else { "" },
            ]
            .map(str::to_owned)
            .to_vec()
        };
        category.temperatures.iter().map(row).collect()
    }
}

/// A category id as a factor id, which must hold no `@` and no `:`.
fn factor_id(id: &str) -> String {
    let part = urn_part(id);
    // The first sign must not open a formula.
    part.strip_prefix('-')
        .map(|rest| format!("%2D{rest}"))
        .unwrap_or(part)
}

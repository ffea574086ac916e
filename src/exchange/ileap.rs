//! iLEAP data types TOC, HOC and TAD, and how categories and elements become them; of shipments: [`super::elements`].
//!
//! Names and units are those of the specification: kg, km, t.km, kg CO2e. TTW is vehicle operation, WTW is the total.

use super::category::{Category, Energy, Unit, city, intensity_text, kilograms};
use crate::error::Result;
use crate::model::id::LocationCode;
use crate::model::mode::{Basis, DataCategory, Mode, Temperature};
use crate::model::time::instant_text;
use crate::model::unit::{DISTANCE_SCALE, MASS_SCALE, ONE, SHARE_SCALE, decimal_text};
use crate::published::run::{Element, Published};
use serde::Serialize;
use std::collections::BTreeMap;

/// Where the schemas of the extension data stand; the specification prescribes these addresses.
pub(crate) const SCHEMA_BASE: &str = "https://api.ileap.sine.dev/";
/// Address of the specification.
pub(crate) const DOCUMENTATION: &str = "https://sine-fdn.github.io/ileap-extension/";
/// Version of the rules for data model extensions.
pub(crate) const EXTENSION_VERSION: &str = "2.0.0";

/// The name of a distance by its basis. A hub has no distance, which the schema spells as an actual one of 0.
pub(crate) fn basis_word(basis: Basis) -> &'static str {
    match basis {
        Basis::Sfd => "sfd",
        Basis::Gcd => "gcd",
        Basis::Actual | Basis::Absent => "actual",
    }
}

/// A place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Location {
    /// Name, or the UN/LOCODE where the run knows none.
    pub city: String,
    /// ISO 3166 alpha-2.
    pub country: String,
    /// UN/LOCODE.
    pub locode: String,
}

impl Location {
    fn new(run: &Published, place: LocationCode) -> Location {
        Location {
            city: city(run, place),
            country: place.country().to_string(),
            locode: place.to_string(),
        }
    }
}

/// Unique within a shipment, and the same whenever the same chain is exported.
fn tce_id(element: &Element) -> String {
    let container = match element.container_id {
        "" => "-",
        container => container,
    };
    format!("{}/{container}/{}", element.shipment_id, element.number)
}

/// Energy carrier of a category.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EnergyCarrier {
    energy_carrier: &'static str,
    energy_consumption_unit: &'static str,
    #[serde(rename = "emissionFactorWTW")]
    emission_factor_wtw: String,
    #[serde(rename = "emissionFactorTTW")]
    emission_factor_ttw: String,
    relative_share: &'static str,
}

/// Our energy carrier codes, by how they begin, under the closed list of iLEAP; the first that fits. What the list does not
/// have (bioethanol, ammonia) is left out.
const CARRIERS: [(&str, &str); 27] = [
    ("electricity", "Electric"),
    ("diesel", "Diesel"),
    ("biodiesel", "Diesel"),
    ("gas_oil", "Diesel"),
    ("hvo", "HVO"),
    ("petrol", "Petrol"),
    ("cng", "CNG"),
    ("lng", "LNG"),
    ("bio_lng", "LNG"),
    ("bio_cng", "CNG"),
    ("lpg", "LPG"),
    ("mgo", "MGO"),
    ("mdo", "MGO"),
    ("hfo", "HFO"),
    ("lfo", "HFO"),
    ("fuel_oil", "HFO"),
    ("lsfo", "HFO"),
    ("vlsfo", "HFO"),
    ("ulsfo", "HFO"),
    ("marine_fuel", "HFO"),
    ("jet", "Aviation fuel"),
    ("saf", "Aviation fuel"),
    ("hydrogen", "Hydrogen"),
    ("e_hydrogen", "Hydrogen"),
    ("methanol", "Methanol"),
    ("bio_methanol", "Methanol"),
    ("e_methanol", "Methanol"),
];

impl EnergyCarrier {
    /// The carrier alone in its category; empty where iLEAP has no word for it.
    fn list(energy: Option<Energy>) -> Vec<EnergyCarrier> {
        let Some(Energy { carrier, row }) = energy else {
            return Vec::new();
        };
        let word = CARRIERS
            .iter()
            .find(|(code, _)| carrier.starts_with(code))
            .map(|(_, word)| *word);
        let (ttw, wtt) = (
            i128::from(row.intensity.operation),
            i128::from(row.intensity.provision),
        );
        let entry = |energy_carrier| EnergyCarrier {
            energy_carrier,
            energy_consumption_unit: row.per.code(),
            emission_factor_wtw: intensity_text(kilograms(ttw + wtt)),
            emission_factor_ttw: intensity_text(kilograms(ttw)),
            relative_share: "1",
        };
        word.map(entry).into_iter().collect()
    }
}

/// Transport operation category.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Toc {
    toc_id: String,
    description: String,
    mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    load_factor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    empty_distance_factor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature_control: Option<&'static str>,
    energy_carriers: Vec<EnergyCarrier>,
    #[serde(rename = "co2eIntensityWTW")]
    co2e_intensity_wtw: String,
    #[serde(rename = "co2eIntensityTTW")]
    co2e_intensity_ttw: String,
    transport_activity_unit: &'static str,
}

/// Hub operation category.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Hoc {
    hoc_id: String,
    description: String,
    hub_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature_control: Option<&'static str>,
    energy_carriers: Vec<EnergyCarrier>,
    #[serde(rename = "co2eIntensityWTW")]
    co2e_intensity_wtw: String,
    #[serde(rename = "co2eIntensityTTW")]
    co2e_intensity_ttw: String,
    hub_activity_unit: &'static str,
}

/// A category under its data type.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum CategoryData {
    /// Transport.
    Toc(Toc),
    /// Hub.
    Hoc(Hoc),
}

impl CategoryData {
    /// The data of a category.
    pub(crate) fn new(
        run: &Published,
        category: &Category,
        energy: Option<Energy>,
    ) -> Result<CategoryData> {
        let factor = run.factor(&category.factor_id)?;
        let wtw = intensity_text(category.intensity_total);
        let ttw = intensity_text(category.intensity_operation);
        let description = description(run, category);
        let temperature_control = match category.is_mixed {
            true => Some("mixed"),
            false => Some(category.temperature.code()).filter(|code| !code.is_empty()),
        };
        let energy_carriers = EnergyCarrier::list(energy);
        let share = |value: Option<i64>| value.map(|v| decimal_text(v.into(), SHARE_SCALE));
        Ok(match mode_word(category.mode) {
            Some(mode) => CategoryData::Toc(Toc {
                toc_id: category.id.clone(),
                description,
                mode,
                // Both belong to the figure of the factor, not to an average over primary data.
                load_factor: share(factor.load_factor.filter(|_| !category.is_averaged)),
                empty_distance_factor: share(factor.empty_share.filter(|_| !category.is_averaged)),
                temperature_control,
                energy_carriers,
                co2e_intensity_wtw: wtw,
                co2e_intensity_ttw: ttw,
                transport_activity_unit: if category.unit == Unit::TeuKm {
                    "TEUkm"
                } else {
                    "tkm"
                },
            }),
            None => CategoryData::Hoc(Hoc {
                hoc_id: category.id.clone(),
                description,
                hub_type: hub_type(&category.operation),
                temperature_control,
                energy_carriers,
                co2e_intensity_wtw: wtw,
                co2e_intensity_ttw: ttw,
                hub_activity_unit: if category.unit == Unit::Teu {
                    "TEU"
                } else {
                    "tonnes"
                },
            }),
        })
    }

    /// Whether no energy carrier could be given.
    pub(crate) fn lacks_energy_carrier(&self) -> bool {
        match self {
            CategoryData::Toc(toc) => toc.energy_carriers.is_empty(),
            CategoryData::Hoc(hoc) => hoc.energy_carriers.is_empty(),
        }
    }
}

fn description(run: &Published, category: &Category) -> String {
    let operation = run
        .reference
        .factors
        .operations
        .iter()
        .find(|o| *o.code == *category.operation);
    let title = operation.map_or("", |o| &*o.title);
    let origin = if category.is_averaged {
        ", emissions over activity of the run"
    } else {
        ""
    };
    format!(
        "{} ({title}), factor {}{}{origin}",
        category.operation, category.factor_id, category.distance
    )
}

/// iLEAP's word for a transport mode; a hub has none.
pub(crate) fn mode_word(mode: Mode) -> Option<&'static str> {
    match mode {
        Mode::Road => Some("Road"),
        Mode::Rail => Some("Rail"),
        Mode::Sea => Some("Sea"),
        Mode::InlandWaterway => Some("InlandWaterway"),
        Mode::Air => Some("Air"),
        Mode::Hub => None,
    }
}

/// The hub type closest to an operation code.
fn hub_type(operation: &str) -> &'static str {
    match operation {
        "hub.container_terminal" => "MaritimeContainerTerminal",
        "hub.container_depot" | "hub.empty_depot" | "hub.reefer_plug_day" => {
            "StorageAndTransshipment"
        }
        "hub.warehouse" => "Warehouse",
        _ => "Transshipment",
    }
}

/// Transport activity data.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tad<'e> {
    activity_id: String,
    consignment_ids: [&'e str; 1],
    distance: BTreeMap<&'static str, String>,
    mass: String,
    origin: Location,
    destination: Location,
    departure_at: String,
    arrival_at: String,
    mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    packaging_or_tr_eq_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    packaging_or_tr_eq_amount: Option<i128>,
    #[serde(skip_serializing_if = "Option::is_none")]
    energy_carriers: Option<Vec<EnergyCarrier>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature_control: Option<&'static str>,
}

impl<'e> Tad<'e> {
    /// The activity data of a transport element; `None` for a hub, and where the arrival that iLEAP requires is unknown.
    pub(crate) fn new(run: &Published, element: &Element<'e>) -> Result<Option<Tad<'e>>> {
        let (Some(mode), Some(arrived_at)) = (mode_word(element.mode), element.arrived_at) else {
            return Ok(None);
        };
        let factor = run.factor(element.factor_id)?;
        // Only of primary data is the energy known; the factor is then that of the energy carrier itself.
        let is_primary =
            element.data_category == DataCategory::Primary && factor.operation.is_none();
        let energy = is_primary.then_some(Energy {
            carrier: &factor.energy_carrier,
            row: factor,
        });
        let whole = i128::from(ONE);
        let boxes =
            Some(element.containers / whole).filter(|n| *n > 0 && element.containers % whole == 0);
        Ok(Some(Tad {
            activity_id: tce_id(element),
            consignment_ids: [element.shipment_id],
            distance: BTreeMap::from([(
                basis_word(element.distance_basis),
                decimal_text(element.distance, DISTANCE_SCALE),
            )]),
            mass: decimal_text(element.mass, MASS_SCALE),
            origin: Location::new(run, element.origin),
            destination: Location::new(run, element.destination),
            departure_at: instant_text(element.departed_at),
            arrival_at: instant_text(arrived_at),
            mode,
            packaging_or_tr_eq_type: boxes.map(|_| "Container"),
            packaging_or_tr_eq_amount: boxes,
            energy_carriers: Some(EnergyCarrier::list(energy)).filter(|list| !list.is_empty()),
            temperature_control: match element.temperature {
                Temperature::Absent => None,
                Temperature::Ambient => Some("ambient"),
                Temperature::Refrigerated => Some("refrigerated"),
            },
        }))
    }
}

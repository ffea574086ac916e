//! iLEAP 0.2 data types: ShipmentFootprint, TOC, HOC, TAD, and how elements and categories become them.
//!
//! Names and units are those of the specification: kg, km, t.km, kg CO2e. TTW is vehicle operation, WTW is the total.

use super::category::{Category, Energy, Unit, city, id_of, intensity_text, kilograms};
use crate::error::Result;
use crate::model::id::LocationCode;
use crate::model::mode::{Basis, DataCategory, Mode, Temperature};
use crate::model::time::instant_text;
use crate::model::unit::{DISTANCE_SCALE, MASS_SCALE, NANO_SCALE, ONE, SHARE_SCALE, decimal_text};
use crate::published::run::{Element, Published, Shipment};
use serde::Serialize;

/// Where the schemas of the extension data stand; the specification prescribes these addresses.
pub(crate) const SCHEMA_BASE: &str = "https://api.ileap.sine.dev/";
/// Address of the specification.
pub(crate) const DOCUMENTATION: &str = "https://sine-fdn.github.io/ileap-extension/";
/// Version of the rules for data model extensions.
pub(crate) const EXTENSION_VERSION: &str = "2.0.0";

/// A distance under the name of its basis.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Distance {
    /// Actual, km.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual: Option<String>,
    /// Great circle, km.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gcd: Option<String>,
    /// Shortest feasible, km.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sfd: Option<String>,
}

impl Distance {
    /// A distance of 3 decimals. A hub has none, which the schema spells as an actual distance of 0.
    fn new(basis: Basis, km: i128) -> Distance {
        let text = Some(decimal_text(km, DISTANCE_SCALE));
        match basis {
            Basis::Sfd => Distance {
                sfd: text,
                ..Distance::default()
            },
            Basis::Gcd => Distance {
                gcd: text,
                ..Distance::default()
            },
            Basis::Actual | Basis::Absent => Distance {
                actual: text,
                ..Distance::default()
            },
        }
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

/// Transport chain element.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tce {
    tce_id: String,
    prev_tce_ids: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    toc_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hoc_id: Option<String>,
    shipment_id: String,
    mass: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    packaging_or_tr_eq_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    packaging_or_tr_eq_amount: Option<String>,
    distance: Distance,
    origin: Location,
    destination: Location,
    transport_activity: String,
    departure_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    arrival_at: Option<String>,
    #[serde(rename = "co2eWTW")]
    co2e_wtw: String,
    #[serde(rename = "co2eTTW")]
    co2e_ttw: String,
}

/// Footprint of a shipment.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ShipmentFootprint {
    mass: String,
    shipment_id: String,
    tces: Vec<Tce>,
}

impl ShipmentFootprint {
    /// The elements of a shipment, chained container by container.
    pub(crate) fn new(run: &Published, shipment: &Shipment) -> Result<ShipmentFootprint> {
        let mut tces: Vec<Tce> = Vec::with_capacity(shipment.elements.len());
        let mut before: Option<&Element> = None;
        for element in &shipment.elements {
            let previous = before
                .filter(|b| b.container_id == element.container_id)
                .map(tce_id);
            tces.push(Tce::new(run, element, previous)?);
            before = Some(element);
        }
        Ok(ShipmentFootprint {
            mass: decimal_text(mass(shipment), MASS_SCALE),
            shipment_id: shipment.id.clone(),
            tces,
        })
    }
}

/// Cargo of a shipment in kg with 3 decimals. The published sum counts the first transport of each container; a shipment that
/// only passed through hubs has the mass of its first element in each.
pub(crate) fn mass(shipment: &Shipment) -> i128 {
    if shipment.mass > 0 {
        return shipment.mass;
    }
    let is_first = |(i, e): &(usize, &Element)| {
        *i == 0 || shipment.elements[i - 1].container_id != e.container_id
    };
    shipment
        .elements
        .iter()
        .enumerate()
        .filter(is_first)
        .map(|(_, e)| e.mass)
        .sum()
}

/// Unique within a shipment, and the same whenever the same chain is exported.
fn tce_id(element: &Element) -> String {
    let container = if element.container_id.is_empty() {
        "-"
    } else {
        &element.container_id
    };
    format!("{}/{container}/{}", element.shipment_id, element.number)
}

impl Tce {
    fn new(run: &Published, element: &Element, previous: Option<String>) -> Result<Tce> {
        let category = id_of(run, element, run.factor(&element.factor_id)?);
        let (toc_id, hoc_id) = if element.mode == Mode::Hub {
            (None, Some(category))
        } else {
            (Some(category), None)
        };
        let teu = element.teu.filter(|teu| *teu > 0);
        Ok(Tce {
            tce_id: tce_id(element),
            prev_tce_ids: previous.into_iter().collect(),
            toc_id,
            hoc_id,
            shipment_id: element.shipment_id.clone(),
            mass: decimal_text(element.mass, MASS_SCALE),
            packaging_or_tr_eq_type: teu.map(|_| "Container-TEU"),
            packaging_or_tr_eq_amount: teu.map(|teu| decimal_text(teu, SHARE_SCALE)),
            distance: Distance::new(element.activity_basis, element.activity_distance),
            origin: Location::new(run, element.origin),
            destination: Location::new(run, element.destination),
            transport_activity: decimal_text(element.activity, NANO_SCALE),
            departure_at: instant_text(element.departed_at),
            arrival_at: element.arrived_at.map(instant_text),
            co2e_wtw: decimal_text(element.ghg_total, NANO_SCALE),
            co2e_ttw: decimal_text(element.ghg_operation, NANO_SCALE),
        })
    }
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
const CARRIERS: [(&str, &str); 22] = [
    ("electricity", "Electric"),
    ("diesel", "Diesel"),
    ("biodiesel", "Diesel"),
    ("gas_oil", "Diesel"),
    ("hvo", "HVO"),
    ("petrol", "Petrol"),
    ("cng", "CNG"),
    ("lng", "LNG"),
    ("bio_lng", "LNG"),
    ("lpg", "LPG"),
    ("mgo", "MGO"),
    ("mdo", "MGO"),
    ("hfo", "HFO"),
    ("fuel_oil", "HFO"),
    ("lsfo", "HFO"),
    ("vlsfo", "HFO"),
    ("ulsfo", "HFO"),
    ("marine_fuel", "HFO"),
    ("jet", "Aviation fuel"),
    ("saf", "Aviation fuel"),
    ("hydrogen", "Hydrogen"),
    ("methanol", "Methanol"),
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
            i128::from(row.intensity_operation),
            i128::from(row.intensity_provision),
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
pub(crate) struct Tad {
    activity_id: String,
    consignment_ids: Vec<String>,
    distance: Distance,
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

impl Tad {
    /// The activity data of a transport element; `None` for a hub, and where the arrival that iLEAP requires is unknown.
    pub(crate) fn new(run: &Published, element: &Element) -> Result<Option<Tad>> {
        let (Some(mode), Some(arrived_at)) = (mode_word(element.mode), element.arrived_at) else {
            return Ok(None);
        };
        let factor = run.factor(&element.factor_id)?;
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
            consignment_ids: vec![element.shipment_id.clone()],
            distance: Distance::new(element.distance_basis, element.distance),
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

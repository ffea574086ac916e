//! The route templates behind a sample: `data/sample_routes.toml`, with the distances and adjustments that reported kilometres
//! are drawn around. Reads texts that the caller hands over.

use crate::model::mode::{Basis, Mode};
use crate::model::unit::parse_decimal;
use rustc_hash::FxHashMap;
use serde::Deserialize;

/// Everything a sample is drawn from.
#[derive(Clone, Debug)]
pub struct Templates {
    /// Month when none is asked for, `YYYY-MM`.
    pub month: String,
    /// Seed when none is asked for.
    pub seed: u64,
    pub(super) empty_ppm: u32,
    pub(super) reported_ppm: u32,
    pub(super) spread_ppm: u32,
    pub(super) containers_per_shipment: Vec<u32>,
    pub(super) containers: Vec<Container>,
    pub(super) routes: Vec<Route>,
    hubs: FxHashMap<(Mode, Mode), String>,
}

/// A container type and what it carries.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Container {
    #[serde(rename = "type")]
    pub code: String,
    pub weight: u32,
    pub refrigerated: bool,
    pub cargo_min_kg: i64,
    pub cargo_max_kg: i64,
}

/// A way from door to door.
#[derive(Clone, Debug)]
pub(super) struct Route {
    pub weight: u32,
    pub reefers: bool,
    pub elements: Vec<Element>,
}

/// One element of a route.
#[derive(Clone, Debug)]
pub(super) struct Element {
    pub mode: Mode,
    pub operation: String,
    pub origin: String,
    pub destination: String,
    pub hours: i64,
    pub dwell_hours: i64,
    pub carriers: Vec<String>,
    /// What an odometer would show on average, metres; 0: not known.
    pub actual_m: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    month: String,
    seed: u64,
    empty_share: String,
    reported_distance_share: String,
    reported_distance_spread: String,
    containers_per_shipment: Vec<u32>,
    container: Vec<Container>,
    route: Vec<RouteKeys>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RouteKeys {
    name: String,
    weight: u32,
    #[serde(default = "yes")]
    reefers: bool,
    element: Vec<ElementKeys>,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ElementKeys {
    mode: String,
    operation: String,
    origin: String,
    destination: String,
    hours: u32,
    dwell_hours: u32,
    carrier: Vec<String>,
}

/// The parts of a profile that shape a sample; the factor module reads the rest.
#[derive(Deserialize)]
struct Profile {
    #[serde(default)]
    distance_adjustment: Vec<Adjustment>,
    #[serde(default)]
    hub: Vec<Hub>,
}

#[derive(Deserialize)]
struct Adjustment {
    mode: String,
    activity_basis: String,
    intensity_basis: String,
    ratio: Option<String>,
    add_km: Option<String>,
}

#[derive(Deserialize)]
struct Hub {
    before: String,
    after: String,
    operation: String,
}

impl Templates {
    /// Reads the routes, a distance file and a profile.
    pub fn parse(routes: &str, distances: &str, profile: &str) -> Result<Templates, String> {
        let file: File =
            toml::from_str(routes).map_err(|e| format!("sample routes: {}", e.message()))?;
        let profile: Profile =
            toml::from_str(profile).map_err(|e| format!("profile: {}", e.message()))?;
        let distances = Distances::parse(distances)?;
        if file.containers_per_shipment.is_empty() || file.containers_per_shipment.contains(&0) {
            return Err(
                "sample routes: containers_per_shipment: expected numbers from 1".to_owned(),
            );
        }
        // Routes without reefers and shared boxes draw dry types, so there must be some.
        if !file
            .container
            .iter()
            .any(|c| !c.refrigerated && c.weight > 0)
            || file.route.iter().all(|r| r.weight == 0)
        {
            return Err(
                "sample routes: expected a dry container type and a route with a weight".to_owned(),
            );
        }
        let routes = file
            .route
            .iter()
            .map(|keys| route(keys, &distances, &profile))
            .collect::<Result<_, _>>()?;
        let hubs = profile.hub.iter().filter_map(|hub| {
            let ends = (Mode::from_code(&hub.before)?, Mode::from_code(&hub.after)?);
            Some((ends, hub.operation.clone()))
        });
        Ok(Templates {
            month: file.month,
            seed: file.seed,
            empty_ppm: ppm("empty_share", &file.empty_share)?,
            reported_ppm: ppm("reported_distance_share", &file.reported_distance_share)?,
            spread_ppm: ppm("reported_distance_spread", &file.reported_distance_spread)?,
            containers_per_shipment: file.containers_per_shipment,
            containers: file.container,
            routes,
            hubs: hubs.collect(),
        })
    }

    /// The hub operation between two modes, if the profile names one.
    pub(super) fn hub(&self, before: Mode, after: Mode) -> Option<&str> {
        self.hubs.get(&(before, after)).map(String::as_str)
    }
}

fn route(keys: &RouteKeys, distances: &Distances, profile: &Profile) -> Result<Route, String> {
    if keys.element.is_empty() {
        return Err(format!(
            "sample routes: {:?}: expected an element",
            keys.name
        ));
    }
    let elements = keys.element.iter().map(|e| {
        let mode = Mode::from_code(&e.mode)
            .ok_or_else(|| format!("sample routes: {:?}: mode {:?}", keys.name, e.mode))?;
        Ok(Element {
            mode,
            operation: e.operation.clone(),
            origin: e.origin.clone(),
            destination: e.destination.clone(),
            hours: e.hours as i64,
            dwell_hours: e.dwell_hours as i64,
            carriers: e.carrier.clone(),
            actual_m: distances.actual(e, profile),
        })
    });
    Ok(Route {
        weight: keys.weight,
        reefers: keys.reefers,
        elements: elements.collect::<Result<_, String>>()?,
    })
}

/// Network distances in metres with their basis, by (mode, origin, destination).
struct Distances(FxHashMap<(String, String, String), (i64, String)>);

impl Distances {
    fn parse(text: &str) -> Result<Distances, String> {
        let mut found = FxHashMap::default();
        for record in csv::Reader::from_reader(text.as_bytes()).deserialize() {
            let row: FxHashMap<String, String> = record.map_err(|e| format!("distances: {e}"))?;
            let cell = |name: &str| {
                row.get(name)
                    .cloned()
                    .ok_or_else(|| format!("distances: no column {name}"))
            };
            let km = cell("distance_km")?;
            let metres = parse_decimal(&km, 3)
                .and_then(|m| i64::try_from(m).ok())
                .ok_or_else(|| format!("distances: {km:?}"))?;
            found
                .entry((cell("mode")?, cell("origin")?, cell("destination")?))
                .or_insert((metres, cell("basis")?));
        }
        Ok(Distances(found))
    }

    /// The network distance, either way, as kilometres run: with the profile's step from its basis to `actual`.
    fn actual(&self, element: &ElementKeys, profile: &Profile) -> i64 {
        let key = |a: &String, b: &String| (element.mode.clone(), a.clone(), b.clone());
        let there = self.0.get(&key(&element.origin, &element.destination));
        let Some((metres, basis)) =
            there.or_else(|| self.0.get(&key(&element.destination, &element.origin)))
        else {
            return 0;
        };
        let actual = Basis::Actual.code();
        let step = profile.distance_adjustment.iter().find(|a| {
            a.mode == element.mode && &a.activity_basis == basis && a.intensity_basis == actual
        });
        let ratio = step
            .and_then(|s| parse_decimal(s.ratio.as_deref()?, 6))
            .unwrap_or(1_000_000);
        let added = step
            .and_then(|s| parse_decimal(s.add_km.as_deref()?, 3))
            .unwrap_or(0);
        (*metres as i128 * ratio / 1_000_000 + added).clamp(0, 50_000_000) as i64
    }
}

fn ppm(key: &str, text: &str) -> Result<u32, String> {
    let found = parse_decimal(text, 6)
        .and_then(|p| u32::try_from(p).ok())
        .filter(|&p| p <= 1_000_000);
    found.ok_or_else(|| format!("sample routes: {key}: {text:?}: expected a share from 0 to 1"))
}

//! Reference data of a run: factors and profile, places, distances, container types, aliases, corridors, services.
//!
//! Bytes with labels come in; resolved lookups come out. No file access, no clock.

pub mod aliases;
pub mod containers;
pub mod corridors;
pub mod distance;
pub mod distances;
pub mod estimates;
pub mod finding;
pub mod gaps;
pub mod gateways;
pub mod gazetteer;
pub mod passages;
pub mod place_aliases;
pub mod places;
pub mod plausibility;
mod price_files;
pub mod price_rows;
pub mod rates;
pub mod services;
pub mod voyages;
pub mod ways;

pub use crate::factors::profile::{Adjustment, HubEnd};
pub use crate::factors::{DataFile, Fault, Severity, Zones};
pub use aliases::ModeAliases;
pub use containers::{ContainerType, ContainerTypes};
pub use corridors::{Corridor, Corridors};
pub use distance::{FoundDistance, Leg};
pub use distances::{Distance, Distances};
pub use estimates::{Dwell, Dwells, Speed, Speeds};
pub use finding::FoundPlace;
pub use gaps::Gaps;
pub use gateways::{Gateway, Gateways};
pub use gazetteer::Gazetteer;
pub use passages::PassageTimes;
pub use passages::SeaWay;
pub use place_aliases::PlaceAliases;
pub use places::{Place, Places};
pub use plausibility::Plausibility;
pub use price_rows::{PriceBasis, PriceRow, PriceRows};
pub use rates::{Rate, Rates};
pub use services::{Cost, Service, Services};
pub use voyages::Voyages;
pub use ways::Ways;

use crate::factors::fault::Faults;
use crate::factors::{FactorSet, Library, Profile};
use crate::geo::sea::SeaGraph;
use crate::model::id::LocationCode;
use crate::model::index::index16;
use crate::model::mode::{Basis, ByMode, Mode};
use crate::model::movement::OperationIndex;
use crate::model::vocabulary::Vocabulary;
use plausibility::Bounds;
use std::sync::Arc;

/// Everything the kernel looks things up in.
#[derive(Clone, Debug)]
pub struct Reference {
    /// Factors of the profile.
    pub factors: FactorSet,
    /// The method.
    pub profile: Profile,
    /// Container types.
    pub containers: ContainerTypes,
    /// Network distances.
    pub distances: Distances,
    /// The sea graph, if the data folder has one. Copies of a reference share what was found in it.
    pub voyages: Option<Arc<Voyages>>,
    /// What estimates are made of.
    pub ways: Arc<Ways>,
    /// When ships keep out of which passage.
    pub passages: PassageTimes,
    /// Places.
    pub places: Places,
    /// Places that the location files need not list; whoever ships such a list puts it here.
    pub gazetteer: Gazetteer,
    /// Other codes of places.
    pub place_aliases: PlaceAliases,
    /// Corridors.
    pub corridors: Corridors,
    /// Zones.
    pub zones: Zones,
    /// Mode aliases.
    pub aliases: ModeAliases,
    /// Services for route options.
    pub services: Services,
    /// What is flagged as odd.
    pub plausibility: Plausibility,
    /// Gaps that are listed beside the movements; whoever loads them puts them here.
    pub gaps: Gaps,
    /// Hubs and adjustments of the profile by index.
    pub rules: Rules,
}

/// Hub and distance rules of a profile as tables, since the kernel asks for them element by element.
#[derive(Clone, Debug)]
pub struct Rules {
    hubs: HubTable,
    adjustments: ByMode<BasisTable>,
}

/// Hub operations by what comes before and what comes after: a transport mode, or [`EDGE`].
pub type HubTable = ByMode<ByMode<Option<OperationIndex>>>;

/// The end of a chain, in a [`HubTable`]: a hub never stands beside a hub, so its place is free.
pub const EDGE: Mode = Mode::Hub;

/// What makes a distance of one basis into one of another: by the basis at hand, and the basis wanted.
pub type BasisTable = [[Option<Adjustment>; 4]; 4];

impl Rules {
    /// The rules of a profile; operations are those of the set.
    pub fn new(factors: &FactorSet, profile: &Profile) -> Rules {
        let mut rules = Rules {
            hubs: Default::default(),
            adjustments: Default::default(),
        };
        for hub in &profile.hub {
            rules.hubs[side(hub.before)][side(hub.after)] = factors.operation(&hub.operation);
        }
        for d in &profile.distance_adjustment {
            rules.adjustments[d.mode][d.activity_basis as usize][d.intensity_basis as usize] =
                Some(d.adjustment);
        }
        rules
    }
}

fn side(end: HubEnd) -> Mode {
    match end {
        HubEnd::Edge => EDGE,
        HubEnd::Mode(mode) => mode,
    }
}

/// Files of the data folder; each may be missing (a warning), then it counts as empty. Services are for route options alone:
/// a run is not handed them, and lacks nothing without them. Without bounds nothing is odd.
const SERVICES: &str = "services.csv";
const PLAUSIBILITY: &str = "plausibility.csv";
/// The sea graph below the data folder; without one no distance is found over the sea.
pub const SEA_GRAPH: &str = "sea/marnet.bin";
/// Other codes of places; without the file a code has none.
pub const PLACE_ALIASES: &str = "place_aliases.csv";
/// Without it every passage is open.
const PASSAGES: &str = "passages.csv";
const DATA_FILES: [&str; 9] = [
    "locations.csv",
    "distances.csv",
    "containers.csv",
    "zones.csv",
    "mode_aliases.csv",
    SERVICES,
    PLAUSIBILITY,
    PASSAGES,
    "corridors.toml",
];
const MAY_LACK: [&str; 3] = [SERVICES, PLAUSIBILITY, PASSAGES];

/// A data file, its columns or keys, and which of them every row has.
pub type FileColumns = (&'static str, &'static [(&'static str, bool)]);

/// What stands in the data files that a run reads.
pub const COLUMNS: [FileColumns; 6] = [
    ("locations.csv", places::COLUMNS),
    ("distances.csv", distances::COLUMNS),
    ("zones.csv", crate::factors::ZONE_COLUMNS),
    ("corridors.toml", &corridors::KEYS),
    ("containers.csv", containers::COLUMNS),
    ("mode_aliases.csv", aliases::COLUMNS),
];

impl Reference {
    /// Reads and checks everything; `Ok` carries the warnings, `Err` every fault, errors and warnings.
    ///
    /// `library` holds the files below the factor folder, `data` those of the data folder, `extra_locations` the location
    /// files of the run file, which come before `locations.csv` and win.
    pub fn load(
        library: &[DataFile],
        profile_name: &str,
        data: &[DataFile],
        extra_locations: &[DataFile],
    ) -> Result<(Reference, Vec<Fault>), Vec<Fault>> {
        Reference::load_what_if(library, profile_name, data, extra_locations, None)
    }

    /// As [`Reference::load`], with the energy rows of `edition` before all others of their energy carriers and regions.
    pub fn load_what_if(
        library: &[DataFile],
        profile_name: &str,
        data: &[DataFile],
        extra_locations: &[DataFile],
        edition: Option<&str>,
    ) -> Result<(Reference, Vec<Fault>), Vec<Fault>> {
        let mut faults = Faults::default();
        fn keep<T>((value, mut new): (T, Vec<Fault>), faults: &mut Faults) -> T {
            faults.list.append(&mut new);
            value
        }
        let [
            locations,
            distances,
            containers,
            zones,
            aliases,
            services,
            plausibility,
            passages,
            corridors,
        ] = DATA_FILES.map(|name| {
            let file = data.iter().find(|f| f.path == name);
            if file.is_none() && !MAY_LACK.contains(&name) {
                faults.warning(name, 0, "", "", "file is missing; it counts as empty");
            }
            file
        });
        let mut parsed_library = keep(Library::parse(library), &mut faults);
        let profile = profile_file(library, profile_name, &mut faults);
        let profile =
            profile.and_then(|file| keep(Profile::parse(profile_name, file), &mut faults));
        let zones = zones
            .map(|f| keep(Zones::parse(f), &mut faults))
            .unwrap_or_default();
        let places = keep(
            Places::parse(extra_locations.iter().chain(locations)),
            &mut faults,
        );
        let distances = distances
            .map(|f| keep(Distances::parse(f), &mut faults))
            .unwrap_or_default();
        let sea = data.iter().find(|f| f.path == SEA_GRAPH);
        let voyages = sea.and_then(|file| match SeaGraph::load(&file.bytes) {
            Ok(sea) => Some(Arc::new(Voyages::new(sea))),
            Err(malformed) => {
                faults.error(&file.path, 0, "", "", malformed.to_string());
                None
            }
        });
        let ways = keep(Ways::parse(data, &zones), &mut faults);
        let place_aliases = (data.iter().find(|f| f.path == PLACE_ALIASES))
            .map(|f| keep(PlaceAliases::parse(f), &mut faults))
            .unwrap_or_default();
        let containers = containers
            .map(|f| keep(ContainerTypes::parse(f), &mut faults))
            .unwrap_or_default();
        let aliases = aliases
            .map(|f| keep(ModeAliases::parse(f), &mut faults))
            .unwrap_or_default();
        let corridors = corridors
            .map(|f| keep(Corridors::parse(f, &zones), &mut faults))
            .unwrap_or_default();
        let plausibility = plausibility
            .map(|f| keep(Plausibility::parse(f), &mut faults))
            .unwrap_or_default();
        let Some(mut profile) = profile else {
            return Err(faults.list);
        };
        if let Some(edition) = edition {
            profile.sources.insert(0, (edition.to_owned(), 0));
            parsed_library.displace_energy(edition, &zones);
        }
        let mut factors = keep(
            FactorSet::build(&parsed_library, &profile, &zones),
            &mut faults,
        );
        let services = services
            .map(|f| keep(Services::parse(f, &factors), &mut faults))
            .unwrap_or_default();
        let passages = passages
            .map(|f| keep(PassageTimes::parse(f, &factors), &mut faults))
            .unwrap_or_default();
        if faults.has_error() {
            return Err(faults.list);
        }
        factors.differ_also_on(passages.changes());
        let rules = Rules::new(&factors, &profile);
        Ok((
            Reference {
                factors,
                profile,
                containers,
                distances,
                voyages,
                ways: Arc::new(ways),
                passages,
                places,
                gazetteer: Gazetteer::default(),
                place_aliases,
                corridors,
                zones,
                aliases,
                services,
                plausibility,
                gaps: Gaps::default(),
                rules,
            },
            faults.list,
        ))
    }

    /// Code words and defaults for parsing.
    pub fn vocabulary(&self) -> Vocabulary {
        let mut modes = self.aliases.modes.clone();
        modes.extend(Mode::ALL.map(|m| (m.code().to_owned(), m)));
        let operations = self.factors.operations.iter().enumerate();
        let mut default_operation = ByMode::default();
        for (mode, code, _) in &self.profile.default_operation {
            default_operation[*mode] = self.factors.operation(code);
        }
        Vocabulary {
            modes,
            operations: operations
                .map(|(i, o)| (o.code.to_string(), (index16(i), o.mode)))
                .collect(),
            default_operation,
            default_basis: self.profile.default_distance_basis,
            strict_container_id: self.profile.strict_container_id,
            places: self.places.codes().chain(self.distances.places()).collect(),
            further_places: Some(Arc::new(self.gazetteer.clone())),
        }
    }

    /// The sea graph.
    pub fn sea(&self) -> Option<&SeaGraph> {
        self.voyages.as_ref().map(|v| v.sea())
    }

    /// Puts an own file of passages on top of those that are here.
    pub fn put_passages_on_top(&mut self, own: PassageTimes) {
        self.factors.differ_also_on(own.changes());
        self.passages.put_on_top(own);
    }

    /// Distances in metres that a record may state between two places without being flagged (Q26).
    pub fn plausible_distance(
        &self,
        mode: Mode,
        origin: LocationCode,
        destination: LocationCode,
    ) -> Bounds {
        let network = self.distances.get(mode, origin, destination);
        let direct = self.great_circle(origin, destination);
        self.plausibility
            .distance(mode, network.map(|d| d.metres as i64), direct)
    }

    /// How the profile makes a distance of basis `to` from one of basis `from`; equal bases need no rule and have none.
    pub fn adjustment(&self, mode: Mode, from: Basis, to: Basis) -> Option<Adjustment> {
        self.rules.adjustments[mode][from as usize][to as usize]
    }

    /// All of them for a mode.
    pub fn adjustments(&self, mode: Mode) -> &BasisTable {
        &self.rules.adjustments[mode]
    }

    /// The hubs of the profile, inferred or not.
    pub fn hubs(&self) -> &HubTable {
        &self.rules.hubs
    }

    /// The hub between two neighbours, if the profile has one; whether hubs are inferred at all is `profile.infer_hubs`.
    pub fn hub(&self, before: HubEnd, after: HubEnd) -> Option<OperationIndex> {
        self.rules.hubs[side(before)][side(after)]
    }
}

/// The file of a profile, or a fault that names those there are.
fn profile_file<'l>(
    library: &'l [DataFile],
    name: &str,
    faults: &mut Faults,
) -> Option<&'l DataFile> {
    let path = format!("profiles/{name}.toml");
    let file = library.iter().find(|f| f.path == path);
    if file.is_none() {
        let named = |f: &'l DataFile| {
            f.path
                .strip_prefix("profiles/")
                .and_then(|p| p.strip_suffix(".toml"))
        };
        let mut names: Vec<_> = library.iter().filter_map(named).collect();
        names.sort_unstable();
        let known = if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        };
        faults.error(
            &path,
            0,
            "",
            "",
            format!("file is missing; profiles there are: {known}"),
        );
    }
    file
}

#[cfg(test)]
mod tests;

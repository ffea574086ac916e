//! Everything that questions are asked of: library, data, own files on top, sea graph, rates.

use super::Sources;
use crate::error::{Error, ErrorKind, Result};
use crate::factors::{DataFile, Fault};
use crate::geo::land::{Land, Ring};
use crate::model::id::LocationCode;
use crate::present::comparison::map::Map;
use crate::reference::Distances;
use crate::reference::Dwells;
use crate::reference::Gateways;
use crate::reference::PLACE_ALIASES;
use crate::reference::PassageTimes;
use crate::reference::PriceRows;
use crate::reference::Rates;
use crate::reference::Reference;
use crate::reference::SEA_GRAPH;
use crate::reference::Services;
use crate::reference::Severity;
use crate::reference::Speeds;
use crate::reference::ways::FILES as ESTIMATES;
use crate::routes::answer::Answer;
use crate::routes::answer::World as Asked;
use crate::routes::costing::SharedLinks;
use crate::routes::geometry::{Spot, lines};
use crate::routes::network::{Estimates, Network};
use crate::routes::request::Request;
use crate::routes::scenario::{EDITION, Scenario};
use crate::routes::sea;
use crate::run::prepare::library_error;
use crate::shipped::{DATA_FOLDER, LIBRARY_FOLDER, below, data_below, places};
use crate::store::files::{exists, read_file};
use crate::store::reference::{MAX_FILE_BYTES, ReferenceFile, read_data, read_library, read_named};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Files of the data folder that route options are made of.
const FILES: [&str; 25] = [
    "containers.csv",
    "corridors.toml",
    "distances.csv",
    "dwell.csv",
    "gateways.csv",
    "locations.csv",
    "mode_aliases.csv",
    PLACE_ALIASES,
    ESTIMATES[0],
    ESTIMATES[1],
    ESTIMATES[2],
    ESTIMATES[3],
    ESTIMATES[4],
    ESTIMATES[5],
    ESTIMATES[6],
    ESTIMATES[7],
    ESTIMATES[8],
    "passages.csv",
    "plausibility.csv",
    LEVELS,
    "rates.csv",
    SEA_GRAPH,
    "services.csv",
    "speeds.csv",
    "zones.csv",
];
// Every one of them stands above: without the last there is no estimate at all.
const _: () = assert!(ESTIMATES.len() == 9);
/// Price levels, of which `run` knows nothing.
const LEVELS: &str = "price_levels.csv";
/// The land outline below the data folder.
const LAND: &str = "sea/land.bin";

/// What is loaded once for all questions.
pub(super) struct World {
    /// Factors, places, services.
    pub reference: Reference,
    /// The links of it.
    pub network: Network,
    /// Exchange rates.
    pub rates: Rates,
    /// Rate cards and price levels.
    pub price_rows: PriceRows,
    /// Footprints of the links, for the cargo that is asked about first.
    shared: SharedLinks,
}

impl World {
    /// The network without what the request's closed passages close.
    pub(super) fn network(&self, request: &Request) -> Cow<'_, Network> {
        match self.reference.sea() {
            Some(graph) if !request.avoid.passages.is_empty() => Cow::Owned(sea::without_closed(
                &self.network,
                graph,
                &self.reference,
                request,
            )),
            Some(_) | None => Cow::Borrowed(&self.network),
        }
    }

    /// What one question is asked of.
    pub(super) fn asked<'w>(
        &'w self,
        network: &'w Network,
        scenario: Option<&'w Scenario>,
    ) -> Asked<'w> {
        Asked {
            reference: &self.reference,
            network,
            sea: self.reference.sea(),
            rates: &self.rates,
            price_rows: &self.price_rows,
            scenario,
            // A scenario, and a closed passage, have other links.
            shared: (scenario.is_none() && std::ptr::eq(network, &raw const self.network))
                .then_some(&self.shared),
        }
    }
}

/// Files read once, from which a world is made, with a scenario or without.
pub(super) struct Files {
    library: Vec<DataFile>,
    data: Vec<DataFile>,
    locations: Vec<DataFile>,
    services: Vec<DataFile>,
    distances: Vec<DataFile>,
    passages: Vec<DataFile>,
    rates: Vec<DataFile>,
    rate_cards: Vec<DataFile>,
}

/// Reads everything that the arguments name.
pub(super) fn read(args: &Sources) -> Result<Files> {
    let library = match folder(args.factors.as_ref(), LIBRARY_FOLDER)? {
        Some(dir) => as_data(read_library(dir)?),
        None => data_below(LIBRARY_FOLDER, |_| true),
    };
    let data = match folder(args.reference.as_ref(), DATA_FOLDER)? {
        Some(dir) => as_data(read_data(dir, &FILES)?),
        None => data_below(DATA_FOLDER, |path| FILES.contains(&path)),
    };
    let rates: Vec<PathBuf> = args.rates.iter().cloned().collect();
    let (locations, services, distances) = (
        named(&args.locations)?,
        named(&args.services)?,
        named(&args.distances)?,
    );
    Ok(Files {
        library,
        data,
        locations,
        services,
        distances,
        passages: named(&args.passages)?,
        rates: named(&rates)?,
        rate_cards: named(&args.rate_cards)?,
    })
}

/// Makes a world of the files and checks everything.
pub(super) fn load(
    files: &Files,
    args: &Sources,
    scenario: Option<&Scenario>,
    warn: &dyn Fn(&str),
) -> Result<World> {
    let edition = scenario.filter(|s| s.has_energy()).map(|_| EDITION);
    let own_library;
    let library = match scenario.filter(|s| s.has_energy()) {
        Some(scenario) => {
            own_library = scenario.library(&files.library);
            &own_library
        }
        None => &files.library,
    };
    let loaded = Reference::load_what_if(
        library,
        &args.profile,
        &files.data,
        &files.locations,
        edition,
    );
    let (mut reference, warnings) = loaded.map_err(|faults| library_error(&faults))?;
    reference.gazetteer = places();
    // Faults of what ships are for `factors check`; those of the user's own files are told here.
    let own: Vec<Fault> = warnings
        .into_iter()
        .filter(|f| files.locations.iter().any(|l| l.path == f.file))
        .collect();
    let mut checked = Checked { warnings: own };
    for file in &files.services {
        let services = checked.take(Services::parse(file, &reference.factors))?;
        reference.services.put_on_top(services);
    }
    for file in &files.distances {
        let distances = checked.take(Distances::parse(file))?;
        reference.distances.put_on_top(distances);
    }
    for file in &files.passages {
        let passages = checked.take(PassageTimes::parse(file, &reference.factors))?;
        reference.put_passages_on_top(passages);
    }
    if let Some(scenario) = scenario {
        scenario
            .scale_factors(&mut reference.factors)
            .map_err(|what| Error::Usage(format!("--scenario: {what}")))?;
    }
    let find = |name: &str| files.data.iter().find(|f| f.path == name);
    let speeds = find("speeds.csv")
        .map(|f| checked.take(Speeds::parse(f, &reference.factors)))
        .transpose()?;
    let dwells = find("dwell.csv")
        .map(|f| checked.take(Dwells::parse(f)))
        .transpose()?;
    let rates = files.rates.first().or_else(|| find("rates.csv"));
    let mut rates = rates
        .map(|f| checked.take(Rates::parse(f)))
        .transpose()?
        .unwrap_or_default();
    args.rate
        .iter()
        .rev()
        .for_each(|rate| rates.put_first(rate.clone()));
    let is_place = |place| reference.point(place).is_some();
    let mut price_rows = match find(LEVELS).filter(|_| !args.no_levels) {
        Some(file) => checked.take(PriceRows::parse_levels(file, &is_place))?,
        None => PriceRows::default(),
    };
    for file in files.rate_cards.iter().rev() {
        price_rows.put_on_top(checked.take(PriceRows::parse_cards(file, &is_place))?);
    }
    if scenario.is_none() {
        checked.warnings.iter().for_each(|w| warn(&w.to_string()));
        for name in ["services.csv", "speeds.csv", "dwell.csv"]
            .into_iter()
            .filter(|name| find(name).is_none())
        {
            warn(&format!(
                "{name}: file is missing in the reference folder; it counts as empty"
            ));
        }
    }
    let point = |place| reference.point(place);
    let gateways = find("gateways.csv")
        .map(|f| checked.take(Gateways::parse(f, point)))
        .transpose()?;
    let estimates = Estimates {
        gateways: gateways.unwrap_or_default(),
        speeds: speeds.unwrap_or_default(),
        dwells: dwells.unwrap_or_default(),
        ..Estimates::default()
    };
    let network = Network::new(&reference, estimates);
    if let Some(idle) = scenario.and_then(|s| s.idle(&network, &reference.factors)) {
        return Err(Error::Usage(format!(
            "--scenario: {idle}: no link of the network is meant by this"
        )));
    }
    Ok(World {
        network,
        reference,
        rates,
        price_rows,
        shared: SharedLinks::default(),
    })
}

/// The scenario of a file.
pub(super) fn scenario(path: &Path) -> Result<Scenario> {
    parsed(&named(&[path.to_owned()])?.remove(0))
}

/// The scenario of a file that was read.
pub(super) fn parsed(file: &DataFile) -> Result<Scenario> {
    let (scenario, faults) = Scenario::parse(file);
    scenario.ok_or_else(|| library_error(&faults).of_kind(ErrorKind::Usage))
}

/// Warnings found so far; a fault that forbids going on ends the command.
struct Checked {
    warnings: Vec<Fault>,
}

impl Checked {
    fn take<T>(&mut self, (value, faults): (T, Vec<Fault>)) -> Result<T> {
        if faults.iter().any(|f| f.severity == Severity::Error) {
            return Err(library_error(&faults));
        }
        self.warnings.extend(faults);
        Ok(value)
    }
}

/// The folder that was named, else the usual one if it is there; `None`: the one inside the program.
fn folder<'p>(named: Option<&'p PathBuf>, usual: &'p str) -> Result<Option<&'p Path>> {
    let usual = Path::new(usual);
    match named {
        Some(named) => Ok(Some(named)),
        None => Ok(is_there(usual)?.then_some(usual)),
    }
}

fn is_there(path: &Path) -> Result<bool> {
    exists(path).map_err(|e| Error::Library(format!("{}: cannot read: {e}", path.display())))
}

fn as_data(files: Vec<ReferenceFile>) -> Vec<DataFile> {
    files
        .into_iter()
        .map(|f| DataFile {
            path: f.path,
            bytes: f.bytes,
        })
        .collect()
}

fn named(paths: &[PathBuf]) -> Result<Vec<DataFile>> {
    paths
        .iter()
        .map(|p| Ok(as_data(vec![read_named(p, &p.display().to_string())?]).remove(0)))
        .collect()
}

/// A file below the data folder, or the one inside the program; a data folder may do without.
fn optional(home: Option<&Path>, name: &str) -> Result<Option<(String, Cow<'static, [u8]>)>> {
    let Some(dir) = home else {
        let inside = below(DATA_FOLDER)
            .into_iter()
            .find(|(path, _)| path == name);
        return Ok(inside.map(|(path, bytes)| (path, Cow::Borrowed(bytes))));
    };
    let path = dir.join(name);
    if !is_there(&path)? {
        return Ok(None);
    }
    Ok(Some((
        path.display().to_string(),
        Cow::Owned(read_file(&path, MAX_FILE_BYTES)?),
    )))
}

/// Rings of the land outline and what it is from.
fn land(home: Option<&Path>) -> Result<(Vec<Vec<Spot>>, String)> {
    let Some((label, bytes)) = optional(home, LAND)? else {
        return Ok(Default::default());
    };
    let land = Land::load(&bytes).map_err(|e| Error::Library(format!("{label}: {e}")))?;
    let ring = |r: &Ring| {
        r.points
            .iter()
            .map(|c| (c.latitude_e2.into(), c.longitude_e2.into()))
            .collect()
    };
    Ok((
        land.rings().iter().map(ring).collect(),
        land.name().to_owned(),
    ))
}

/// What the map of an answer is drawn from.
pub(super) fn map(
    args: &Sources,
    loaded: &World,
    answer: &Answer,
    request: &Request,
) -> Result<Map> {
    let options = || answer.options.iter().map(|s| &s.option);
    let lines = options()
        .map(|o| {
            lines(
                o,
                &answer.network,
                &loaded.reference,
                loaded.reference.sea(),
                request,
            )
        })
        .collect();
    let called: BTreeSet<LocationCode> =
        options().flat_map(|o| o.places(&answer.network)).collect();
    let spot = |code: &LocationCode| {
        Some((
            code.to_string(),
            loaded.reference.point(*code)?.hundredths(),
        ))
    };
    let (land, land_source) = land(folder(args.reference.as_ref(), DATA_FOLDER)?)?;
    Ok(Map {
        lines,
        places: called.iter().filter_map(spot).collect(),
        land,
        land_source,
    })
}

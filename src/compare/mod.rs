//! `compare`: route options between two places, asked of factors, services and distances that were loaded once.
//!
//! `world` loads what questions are asked of, `question` turns words into a request, `what_if` asks in two worlds. What an answer
//! looks like is the business of `present::comparison`.

mod question;
mod what_if;
mod world;

use crate::error::{Error, ErrorKind, Result};
use crate::factors::DataFile;
use crate::present::comparison::csv;
use crate::present::comparison::html::page;
use crate::present::comparison::map::Map;
use crate::present::comparison::sheet::Sheet;
use crate::reference::Rate;
use crate::routes::answer::{Answer, NoAnswer, answer};
use crate::routes::request::{Objective, Request};
use crate::routes::scenario::Scenario;
use crate::run::prepare::library_error;
use crate::store::reference::read_named;
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use world::{Files, World};

/// What is asked, in words; each is checked with what was wanted.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// Cargo, kg, of all boxes together; `None`: the profile's mass per TEU.
    pub cargo_kg: Option<String>,
    /// Boxes; `None`: as many as the cargo fills, one without a mass.
    pub boxes: Option<String>,
    /// The part of one box that the cargo has, above 0 and at most 1; `None`: all of it.
    pub box_share: Option<String>,
    /// ISO 6346 size-type or trade name.
    pub container: String,
    /// The cargo is refrigerated, whatever the container type says.
    pub refrigerated: bool,
    /// Day on which the cargo is ready, `YYYY-MM-DD`, UTC; `None`: today.
    pub depart: Option<String>,
    /// Last day of arrival, UTC; without `depart` each option then says when the cargo must be ready.
    pub arrive_by: Option<String>,
    /// Places to call at, in this order.
    pub via: Vec<String>,
    /// Places, countries, modes and sea passages not to use.
    pub avoid: Vec<String>,
    /// Only options that take no longer.
    pub max_days: Option<String>,
    /// Only these modes.
    pub modes: Vec<String>,
    /// Options to show.
    pub options: usize,
    /// Price of a tonne of CO2e in `currency`.
    pub carbon_price: Option<String>,
    /// Currency of the carbon price, and of costs where a rate leads there.
    pub currency: Option<String>,
    /// By what to put options in order.
    pub objective: Objective,
}

/// Where the figures are from.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// Profile.
    pub profile: String,
    /// Factor library; `None`: `emission_factors`, or else the one inside the program.
    pub factors: Option<PathBuf>,
    /// Folder of places, distances and services; `None`: `data`, or else the one inside the program.
    pub reference: Option<PathBuf>,
    /// Own places on top of locations.csv.
    pub locations: Vec<PathBuf>,
    /// Own services on top of services.csv.
    pub services: Vec<PathBuf>,
    /// Own distances on top of distances.csv.
    pub distances: Vec<PathBuf>,
    /// Own states of sea passages on top of `passages.csv`.
    pub passages: Vec<PathBuf>,
    /// Exchange rates: CSV with from,to,rate,date,source_ref.
    pub rates: Option<PathBuf>,
    /// Single exchange rates, which go before.
    pub rate: Vec<Rate>,
    /// Own rate cards, which go before the price levels of `price_levels.csv`.
    pub rate_cards: Vec<PathBuf>,
    /// Without price levels: a cost is known then, or it is not.
    pub no_levels: bool,
}

/// What route options are made of, loaded once for any number of questions.
pub struct Routes {
    sources: Sources,
    files: Files,
    world: World,
}

/// What a scenario changes, with the world as it is then.
pub struct Changes {
    world: World,
    scenario: Scenario,
}

/// Route options side by side.
pub struct Comparison {
    /// Every figure as text.
    pub sheet: Sheet,
    /// What is odd about the question, for who asked it.
    pub warning: Option<String>,
    map: Option<Map>,
}

impl Comparison {
    /// One self-contained page; without a map where none was asked for.
    pub fn page(&self) -> String {
        match &self.map {
            Some(map) => page(&self.sheet, map),
            None => page(&self.sheet, &Map::default()),
        }
    }

    /// One row per option, without the header.
    pub fn csv_rows(&self) -> String {
        csv::rows(&self.sheet)
    }

    /// The header of those rows.
    pub fn csv_header(&self) -> String {
        Comparison::csv_head(self.sheet.scenario.is_some())
    }

    /// The header of rows, under a scenario or not.
    pub fn csv_head(has_scenario: bool) -> String {
        csv::header(has_scenario)
    }

    /// The row of a pair that has no answer.
    pub fn csv_no_answer(from: &str, to: &str, why: &str, has_scenario: bool) -> String {
        csv::no_answer(from, to, why, has_scenario)
    }

    /// The sheet as JSON, over many lines or on one.
    pub fn json(&self, is_pretty: bool) -> Result<String> {
        let written = if is_pretty {
            serde_json::to_string_pretty(&self.sheet)
        } else {
            serde_json::to_string(&self.sheet)
        };
        written.map_err(|e| Error::Internal(format!("cannot write JSON: {e}")))
    }
}

/// What came of one of many questions: an answer, or why there is none.
pub(crate) type Answered = std::result::Result<Comparison, String>;

/// Questions that are answered before the answers are handed over.
const CHUNK: usize = 256;

impl Routes {
    /// Loads and checks everything; what is odd about it is told to `warn`.
    pub fn open(sources: Sources, warn: &dyn Fn(&str)) -> Result<Routes> {
        let files = world::read(&sources)?;
        let world = world::load(&files, &sources, None, warn)?;
        Ok(Routes {
            sources,
            files,
            world,
        })
    }

    /// The options between two places; with a map where the answer becomes a page.
    pub fn compare(
        &self,
        question: &Question,
        (from, to): (&str, &str),
        with_map: bool,
    ) -> Result<Comparison> {
        let request = question::request(question, from, to, &self.world)?;
        let network = self.world.network(&request);
        let answer = answer(self.world.asked(&network, None), &request).map_err(stopped)?;
        let profile = &self.sources.profile;
        let sheet = Sheet::new(&answer, &request, &self.world.reference, profile);
        let map = self.map(&self.world, &answer, &request, with_map)?;
        let warning = question::too_late(question, &answer);
        Ok(Comparison {
            sheet,
            warning,
            map,
        })
    }

    /// The changes of a scenario file, loaded once for any number of questions.
    pub fn changes(&self, scenario: &Path) -> Result<Changes> {
        self.changes_of(world::scenario(scenario)?)
    }

    /// The changes of a scenario that is no file.
    pub fn changes_in(&self, scenario: &DataFile) -> Result<Changes> {
        self.changes_of(world::parsed(scenario)?)
    }

    fn changes_of(&self, scenario: Scenario) -> Result<Changes> {
        let world = world::load(&self.files, &self.sources, Some(&scenario), &|_| {})?;
        Ok(Changes { world, scenario })
    }

    /// The same question before and after changes.
    pub fn compare_under(
        &self,
        changes: &Changes,
        question: &Question,
        (from, to): (&str, &str),
        with_map: bool,
    ) -> Result<Comparison> {
        let request = question::request(question, from, to, &self.world)?;
        if request.is_ready_open {
            return Err(Error::Usage(
                "--scenario: expected --depart beside --arrive-by: before and after are told for one day".to_owned(),
            ));
        }
        let (after, scenario) = (&changes.world, &changes.scenario);
        let changed = what_if::changed(&request, scenario);
        let network = after.network(&changed);
        let (sheet, answer) = what_if::what_if(
            &request,
            &self.world,
            (after, &network, scenario),
            &self.sources.profile,
        )?;
        let map = self.map(after, &answer, &changed, with_map)?;
        Ok(Comparison {
            sheet,
            warning: None,
            map,
        })
    }

    /// Every pair of places, answered on all cores, before and after `changes` where there are any. `tell` makes of an answer, or of the reason why there is none, what `take` gets
    /// in the order of the pairs.
    pub fn compare_each<T: Send>(
        &self,
        (question, changes): (&Question, Option<&Changes>),
        pairs: &[(String, String)],
        tell: &(dyn Fn(&str, &str, Answered) -> T + Sync),
        take: &mut dyn FnMut(T) -> Result<()>,
    ) -> Result<()> {
        for chunk in pairs.chunks(CHUNK) {
            let answers: Vec<T> = chunk
                .par_iter()
                .map(|(from, to)| {
                    let answer = match changes {
                        Some(changes) => self.compare_under(changes, question, (from, to), false),
                        None => self.compare(question, (from, to), false),
                    };
                    tell(from, to, answer.map_err(|error| error.to_string()))
                })
                .collect();
            answers.into_iter().try_for_each(&mut *take)?;
        }
        Ok(())
    }

    fn map(
        &self,
        world: &World,
        answer: &Answer,
        request: &Request,
        with_map: bool,
    ) -> Result<Option<Map>> {
        with_map
            .then(|| world::map(&self.sources, world, answer, request))
            .transpose()
    }
}

/// The pairs of a CSV file with the columns from,to.
pub fn pairs(path: &Path) -> Result<Vec<(String, String)>> {
    let file =
        read_named(path, &path.display().to_string()).map_err(|e| e.of_kind(ErrorKind::Input))?;
    let file = DataFile {
        path: file.path,
        bytes: file.bytes,
    };
    crate::routes::pairs::pairs(&file)
        .map_err(|faults| library_error(&faults).of_kind(ErrorKind::Input))
}

fn stopped(why: NoAnswer) -> Error {
    match why {
        NoAnswer::NoChain(_) | NoAnswer::Money | NoAnswer::Scenario(_) => {
            Error::Usage(why.to_string())
        }
        NoAnswer::TooMany => Error::Limit(why.to_string()),
        NoAnswer::Disagreement(_) => Error::Internal(why.to_string()),
    }
}

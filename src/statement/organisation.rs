//! Who reports, and where the run says what a category depends on: `[organisation]`, checked.

use super::incoterm::Incoterm;
use super::rule::{Coded, Direction, Known, Operator, Reason, Role, Tier, coded};
use crate::error::{Error, Result};
use crate::model::carried::column_name;
use crate::model::id::LocationCode;
use crate::model::unit::parse_decimal;
use crate::published::carried::carried;
use crate::published::slice::Months;
use crate::run::plan::OrganisationFile;
use crate::store::files::read_file;
use crate::store::manifest::Manifest;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use toml::Spanned;

/// No file with `[organisation]` is larger.
const MOST_BYTES: u64 = 1 << 24;

coded! {
    /// What a category depends on besides the published columns.
    Asked {
        /// Inbound, outbound, internal.
        Direction = "direction",
        /// Whose supplier bought goods come from.
        Tier = "tier",
        /// A rule of Incoterms.
        Incoterm = "incoterm",
        /// Its named place.
        Place = "place",
        /// Who operates a vehicle.
        Operator = "operator",
        /// Who operates a hub.
        HubOperator = "hub_operator",
    }
}

/// Where the answer to a question stands.
#[derive(Clone, Debug)]
enum Source {
    /// In a carried column.
    Column(&'static str),
    /// It is the same for all.
    Constant(String),
}

/// Who reports.
#[derive(Clone, Debug)]
pub(super) struct Organisation {
    pub name: String,
    pub role: Role,
    /// Address, contact, intended use, consolidation, assurance; empty: not stated.
    pub address: String,
    pub contact: String,
    pub intended_use: String,
    pub consolidation: String,
    pub assurance: String,
    /// The reporting period as it is written, and as months.
    pub period: Option<(String, Months)>,
    /// Its names as they stand under `carrier`, in small letters; none: not stated.
    own_names: Option<BTreeSet<String>>,
    sources: BTreeMap<Asked, Source>,
    values: BTreeMap<Asked, BTreeMap<String, String>>,
    /// Millionths of the provision that are generation, by the id of an energy factor.
    pub electricity: BTreeMap<String, i128>,
}

impl Organisation {
    /// Reads and checks a file.
    ///
    /// Errors: exit 2 with the line of what is wrong.
    pub(super) fn read(path: &Path) -> Result<Organisation> {
        let bytes = read_file(path, MOST_BYTES)?;
        let file = OrganisationFile::parse(path.display().to_string(), bytes)?;
        let keys = &file.keys;
        let words = Role::ALL.iter().map(|role| role.code());
        let role = Role::of(keys.role.get_ref()).ok_or_else(|| {
            let wanted = format!("one of {}", words.collect::<Vec<_>>().join(", "));
            file.fault("role", &keys.role, keys.role.get_ref(), &wanted)
        })?;
        let name = keys.name.get_ref().trim();
        if name.is_empty() {
            return Err(file.fault("name", &keys.name, name, "a name"));
        }
        let months = |text: &Spanned<String>| {
            let months = Months::parse(text.get_ref());
            let months = months
                .map_err(|e| file.fault("reporting_period", text, text.get_ref(), &unexpected(&e)));
            months.map(|months| (text.get_ref().clone(), months))
        };
        let text = |text: &Option<String>| text.as_deref().unwrap_or_default().trim().to_owned();
        let own_names = keys.own_names.as_ref();
        let folded = |names: &Vec<String>| names.iter().map(|name| fold(name)).collect();
        Ok(Organisation {
            name: name.to_owned(),
            role,
            address: text(&keys.address),
            contact: text(&keys.contact),
            intended_use: text(&keys.intended_use),
            consolidation: text(&keys.consolidation),
            assurance: text(&keys.assurance),
            period: keys.reporting_period.as_ref().map(months).transpose()?,
            own_names: own_names.map(folded),
            sources: sources(&file)?,
            values: values(&file)?,
            electricity: electricity(&file)?,
        })
    }

    /// That the run carries the columns that are named.
    pub(super) fn check(&self, manifest: &Manifest) -> Result<()> {
        let there = carried(manifest);
        for (asked, source) in &self.sources {
            if let Source::Column(column) = source
                && !there.contains(column)
            {
                let carries = match there.as_slice() {
                    [] => "carries none".to_owned(),
                    there => format!("carries {}", there.join(", ")),
                };
                return Err(Error::Usage(format!(
                    "[organisation.columns] {}: run {} carries no column {column:?}; it {carries} ([carry] of its run file says which)",
                    asked.code(),
                    manifest.run_id
                )));
            }
        }
        Ok(())
    }

    /// The carried columns that it reads, each once.
    pub(super) fn columns(&self) -> Vec<&'static str> {
        let columns = self.sources.values().filter_map(|source| match source {
            Source::Column(column) => Some(*column),
            Source::Constant(_) => None,
        });
        columns.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Whether the answer to a question is given at all.
    pub(super) fn answers(&self, asked: Asked) -> bool {
        self.sources.contains_key(&asked)
    }

    /// The answer for an element with these carried values; empty: none.
    fn answer<'v>(
        &'v self,
        asked: Asked,
        carried: impl Iterator<Item = (&'static str, &'v str)>,
    ) -> &'v str {
        let text = match self.sources.get(&asked) {
            None => return "",
            Some(Source::Constant(text)) => return text,
            Some(Source::Column(column)) => {
                let mut carried = carried;
                let found = carried.find(|(name, _)| name == column);
                found.map_or("", |(_, value)| value.trim())
            }
        };
        let words = self.values.get(&asked);
        words
            .and_then(|words| words.get(text))
            .map_or(text, String::as_str)
    }

    /// What the questions are answered with for an element.
    pub(super) fn answers_of<'v>(
        &'v self,
        carried: impl Iterator<Item = (&'static str, &'v str)> + Clone,
    ) -> Answers<'v> {
        let answer = |asked| self.answer(asked, carried.clone());
        Answers {
            direction: answer(Asked::Direction),
            tier: answer(Asked::Tier),
            incoterm: answer(Asked::Incoterm),
            place: answer(Asked::Place),
            operator: answer(Asked::Operator),
            hub_operator: answer(Asked::HubOperator),
        }
    }

    /// The direction: what the run says, or else what the role says.
    pub(super) fn direction(&self, answers: &Answers) -> Known<Direction> {
        match (self.answers(Asked::Direction), self.role) {
            (false, Role::Seller) => Ok(Direction::Outbound),
            (false, Role::Buyer) => Ok(Direction::Inbound),
            _ => word(
                answers.direction,
                Direction::of,
                (Reason::NoDirection, Reason::DirectionWord),
            ),
        }
    }

    /// The tier: who receives bought goods has them from its own supplier, unless the run tells of goods further up.
    pub(super) fn tier(&self, answers: &Answers) -> Known<Tier> {
        let tier = |text: &str| match text.parse::<u8>().ok()? {
            0 => None,
            1 => Some(Tier::First),
            _ => Some(Tier::Beyond),
        };
        match self.answers(Asked::Tier) {
            false => Ok(Tier::First),
            true => word(answers.tier, tier, (Reason::NoTier, Reason::TierWord)),
        }
    }

    /// Who operates a vehicle or hub: `carrier` of the element, and whether a record is of it.
    pub(super) fn operator(
        &self,
        answers: &Answers,
        carrier: &str,
        (is_hub, is_recorded): (bool, bool),
    ) -> Known<Operator> {
        let reasons = (Reason::NoOperator, Reason::OperatorWord);
        if is_hub && self.answers(Asked::HubOperator) {
            return word(answers.hub_operator, Operator::of, reasons);
        }
        // What is carried with an inferred hub is that of a transport beside it.
        if !is_recorded {
            return Err(Reason::InferredHub);
        }
        if self.answers(Asked::Operator) {
            return word(answers.operator, Operator::of, reasons);
        }
        match (&self.own_names, carrier) {
            (None, _) | (_, "") => Err(Reason::NoOperator),
            (Some(names), carrier) if names.contains(&fold(carrier)) => Ok(Operator::Own),
            (Some(_), _) => Ok(Operator::Other),
        }
    }
}

/// What the run says of an element; empty: nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Answers<'v> {
    pub direction: &'v str,
    pub tier: &'v str,
    pub incoterm: &'v str,
    pub place: &'v str,
    pub operator: &'v str,
    pub hub_operator: &'v str,
}

impl Answers<'_> {
    /// The rule of sold goods.
    pub(super) fn rule(&self) -> Known<Incoterm> {
        word(
            self.incoterm,
            Incoterm::of,
            (Reason::NoIncoterm, Reason::IncotermWord),
        )
    }

    /// Its named place.
    pub(super) fn named_place(&self) -> Known<LocationCode> {
        // `CN QZH` is how the code is printed.
        let code = |text: &str| LocationCode::parse(text.replace(' ', "").as_bytes());
        word(self.place, code, (Reason::NoPlace, Reason::PlaceWord))
    }

    /// The word behind a reason that speaks of one.
    pub(super) fn word_of(&self, reason: Reason, is_hub: bool) -> Option<(Asked, &str)> {
        Some(match reason {
            Reason::DirectionWord => (Asked::Direction, self.direction),
            Reason::TierWord => (Asked::Tier, self.tier),
            Reason::IncotermWord => (Asked::Incoterm, self.incoterm),
            Reason::PlaceWord | Reason::PlaceElsewhere | Reason::PlaceTwice => {
                (Asked::Place, self.place)
            }
            Reason::OperatorWord if is_hub && !self.hub_operator.is_empty() => {
                (Asked::HubOperator, self.hub_operator)
            }
            Reason::OperatorWord => (Asked::Operator, self.operator),
            _ => return None,
        })
    }
}

/// What a text means; first reason: it is empty, second: it means nothing.
fn word<T>(
    text: &str,
    of: impl Fn(&str) -> Option<T>,
    (none, unknown): (Reason, Reason),
) -> Known<T> {
    match text {
        "" => Err(none),
        text => of(text).ok_or(unknown),
    }
}

fn fold(name: &str) -> String {
    name.trim().to_lowercase()
}

/// What a fault says is wanted, without the word for it.
fn unexpected(text: &str) -> String {
    text.trim_start_matches("expected ").to_owned()
}

fn asked(
    file: &OrganisationFile,
    table: &str,
    key: &str,
    at: &Spanned<impl Sized>,
) -> Result<Asked> {
    Asked::of(key).ok_or_else(|| {
        let all: Vec<&str> = Asked::ALL.iter().map(|asked| asked.code()).collect();
        file.fault(table, at, key, &format!("one of {}", all.join(", ")))
    })
}

fn sources(file: &OrganisationFile) -> Result<BTreeMap<Asked, Source>> {
    let mut sources = BTreeMap::new();
    for (key, column) in &file.keys.columns {
        let asked = asked(file, "columns", key, column)?;
        let source = Source::Column(column_name(column.get_ref()));
        sources.insert(asked, source);
    }
    for (key, text) in &file.keys.constants {
        let asked = asked(file, "constants", key, text)?;
        let constant = Source::Constant(text.get_ref().trim().to_owned());
        if sources.insert(asked, constant).is_some() {
            return Err(file.fault("constants", text, key, "it here or under columns, not both"));
        }
        if !is_word(asked, text.get_ref().trim()) {
            let wanted = wanted(asked);
            return Err(file.fault(&format!("constants.{key}"), text, text.get_ref(), &wanted));
        }
    }
    Ok(sources)
}

fn values(file: &OrganisationFile) -> Result<BTreeMap<Asked, BTreeMap<String, String>>> {
    let mut values = BTreeMap::new();
    for (key, words) in &file.keys.values {
        let asked = asked(file, "values", key, words)?;
        for (text, word) in words.get_ref() {
            if !is_word(asked, word) {
                let wanted = format!("{} (for {text:?})", wanted(asked));
                return Err(file.fault(&format!("values.{key}"), words, word, &wanted));
            }
        }
        values.insert(asked, words.get_ref().clone());
    }
    Ok(values)
}

/// Whether a word of the file answers a question.
fn is_word(asked: Asked, text: &str) -> bool {
    match asked {
        Asked::Direction => Direction::of(text).is_some(),
        Asked::Tier => text.parse::<u8>().is_ok_and(|tier| tier > 0),
        Asked::Incoterm => Incoterm::of(text).is_some(),
        Asked::Place => LocationCode::parse(text.replace(' ', "").as_bytes()).is_some(),
        Asked::Operator | Asked::HubOperator => Operator::of(text).is_some(),
    }
}

fn wanted(asked: Asked) -> String {
    match asked {
        Asked::Direction => "inbound, outbound or internal".to_owned(),
        Asked::Tier => "1, or a number above".to_owned(),
        Asked::Incoterm => {
            let all: Vec<&str> = Incoterm::ALL.iter().map(|rule| rule.code()).collect();
            format!("one of {}", all.join(", "))
        }
        Asked::Place => "a location code, e.g. CNQZH".to_owned(),
        Asked::Operator | Asked::HubOperator => "own or other".to_owned(),
    }
}

fn electricity(file: &OrganisationFile) -> Result<BTreeMap<String, i128>> {
    let mut shares = BTreeMap::new();
    for (factor, percent) in &file.keys.electricity {
        let share = parse_decimal(percent.get_ref().trim_end_matches('%').trim(), 4);
        let share = share.filter(|share| (0..=1_000_000).contains(share));
        let share = share.ok_or_else(|| {
            let key = format!("electricity.{factor}");
            let wanted = "percent of its provision that are generation, 0 to 100";
            file.fault(&key, percent, percent.get_ref(), wanted)
        })?;
        shares.insert(factor.clone(), share);
    }
    Ok(shares)
}

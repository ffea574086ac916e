//! What partners mean by codes and qualifiers: tables as data, one for all and what differs for single senders.

use crate::exchange::events::event::{DocumentKind, Step};
use crate::model::mode::{LoadStatus, Mode};
use crate::model::unit::parse_decimal;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Codes and what they stand for.
type Words<T> = BTreeMap<String, T>;

/// What a report or status tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// A step of the container.
    Step(Step),
    /// Its vehicle left or came.
    Vehicle {
        /// Left.
        departs: bool,
    },
}

impl Told {
    /// Code of the standard.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Told::Step(step) => step.code(),
            Told::Vehicle { departs: true } => "DEPA",
            Told::Vehicle { departs: false } => "ARRI",
        }
    }

    /// Whether something came; else it left.
    pub(crate) fn arrives(self) -> bool {
        match self {
            Told::Step(step) => step.arrives(),
            Told::Vehicle { departs } => !departs,
        }
    }
}

impl TryFrom<String> for Told {
    type Error = String;

    fn try_from(code: String) -> Result<Told, String> {
        match code.as_str() {
            "DEPA" => Ok(Told::Vehicle { departs: true }),
            "ARRI" => Ok(Told::Vehicle { departs: false }),
            _ => Step::from_code(&code).map(Told::Step).ok_or(format!(
                "{code:?}: expected LOAD, DISC, GTIN, GTOT, DROP, PICK, DEPA or ARRI"
            )),
        }
    }
}

impl<'de> Deserialize<'de> for Told {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Told, D::Error> {
        Told::try_from(String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

/// Reads a code word; the message lists what it may be.
macro_rules! word {
    ($name:ident, $inner:ty, $wanted:literal, $parse:expr) => {
        #[doc = concat!("A code word: ", $wanted, ".")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) struct $name(pub(crate) $inner);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<$name, D::Error> {
                let text = String::deserialize(from)?;
                let parse: fn(&str) -> Option<$inner> = $parse;
                parse(&text).map($name).ok_or_else(|| {
                    serde::de::Error::custom(format!(concat!("{:?}: expected ", $wanted), text))
                })
            }
        }
    };
}

word!(
    ModeWord,
    Mode,
    "sea, rail, road, air or inland_waterway",
    |text| Mode::from_code(text).filter(|mode| *mode != Mode::Hub)
);
word!(
    LoadWord,
    LoadStatus,
    "laden or empty",
    LoadStatus::from_code
);
word!(
    DocumentWord,
    DocumentKind,
    "TRD, BKG, SHI or CAR",
    |text| match text {
        "CAR" => Some(DocumentKind::CarrierReference),
        _ => DocumentKind::from_code(text),
    }
);
word!(
    Unit,
    i128,
    "a number of kilograms above 0 of at most eight decimals",
    |text| parse_decimal(text, 8).filter(|kg| (1..=10i128.pow(12)).contains(kg))
);

/// What a message does to earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Function {
    /// Stands for itself.
    Original,
    /// Stands for the whole earlier message.
    Replace,
    /// Stands for what the earlier message says of the containers in it.
    Change,
    /// Withdraws the whole earlier message.
    Cancel,
    /// Withdraws what the earlier message says of the containers in it.
    Delete,
}

/// A mass of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MassKind {
    /// Goods and packaging.
    Cargo,
    /// Verified gross mass.
    Verified,
    /// Gross mass.
    Gross,
    /// The box.
    Tare,
}

/// What a status code tells.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Status {
    /// What happened.
    pub step: Told,
    /// By which mode, if the code says it.
    pub mode: Option<ModeWord>,
    /// Whether the container was empty, if the code says it.
    pub load: Option<LoadWord>,
}

/// Qualifiers of times.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(non_snake_case, reason = "names of messages")]
pub(crate) struct Times {
    COARRI: Vec<String>,
    CODECO: Vec<String>,
    IFTSTA: Vec<String>,
    /// When something came.
    pub arrival: Vec<String>,
    /// When something left.
    pub departure: Vec<String>,
    /// When something is expected.
    pub estimated: Vec<String>,
    /// When the message was written.
    pub document: Vec<String>,
}

impl Times {
    /// Qualifiers of the time of what a message of this type tells.
    pub(crate) fn of(&self, kind: super::message::Kind) -> &[String] {
        use super::message::Kind;
        match kind {
            Kind::Coarri => &self.COARRI,
            Kind::Codeco => &self.CODECO,
            Kind::Iftsta => &self.IFTSTA,
        }
    }
}

/// Qualifiers of places, and lists that their codes are from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(non_snake_case, reason = "codes of steps")]
pub(crate) struct Places {
    /// Where it happened.
    pub activity: Vec<String>,
    LOAD: Vec<String>,
    DISC: Vec<String>,
    GTIN: Vec<String>,
    GTOT: Vec<String>,
    DROP: Vec<String>,
    PICK: Vec<String>,
    DEPA: Vec<String>,
    ARRI: Vec<String>,
    /// `list:agency` of UN/LOCODEs.
    pub locodes: Vec<String>,
    /// Agencies of facility codes that begin with a UN/LOCODE.
    pub bic: Vec<String>,
}

impl Places {
    /// Qualifiers of the place of what is told.
    pub(crate) fn of(&self, told: Told) -> &[String] {
        match told {
            Told::Step(Step::Loaded) => &self.LOAD,
            Told::Step(Step::Discharged) => &self.DISC,
            Told::Step(Step::GatedIn) => &self.GTIN,
            Told::Step(Step::GatedOut) => &self.GTOT,
            Told::Step(Step::DroppedOff) => &self.DROP,
            Told::Step(Step::PickedUp) => &self.PICK,
            Told::Vehicle { departs: true } => &self.DEPA,
            Told::Vehicle { departs: false } => &self.ARRI,
        }
    }
}

/// Stages of transport.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stages {
    /// The vehicle that loads and discharges are of.
    pub main: Vec<String>,
    /// What brings to a gate.
    pub arrival: Vec<String>,
    /// What takes away from one.
    pub departure: Vec<String>,
}

/// References that are no documents of a shipment.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Links {
    /// The earlier message.
    pub previous: Vec<String>,
    /// A container.
    pub equipment: Vec<String>,
    /// What the number of a consignment is.
    pub consignment: DocumentWord,
}

/// Codes of equipment.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Equipment {
    /// Containers.
    pub containers: Vec<String>,
    /// Not moved.
    pub unmoved: Vec<String>,
    /// The shipper's own.
    pub shippers: Vec<String>,
}

/// A list of codes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Totals {
    /// Totals of equipment.
    pub equipment: Vec<String>,
}

/// Status codes that move nothing.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Idle {
    /// Codes.
    pub statuses: Vec<String>,
}

/// What the codes of a partner mean.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    /// By message and document code, what happened.
    pub reports: BTreeMap<String, Words<Told>>,
    /// The same, if nothing else says it.
    pub presumed: BTreeMap<String, Words<Told>>,
    /// Remarks that say it.
    pub remarks: Words<Told>,
    /// Message functions.
    pub functions: Words<Function>,
    /// Qualifiers of times.
    pub times: Times,
    /// Qualifiers of places.
    pub places: Places,
    /// Lists of facilities by agency.
    pub providers: Words<String>,
    /// Modes of transport.
    pub modes: Words<ModeWord>,
    /// Modes by means of transport.
    pub means: Words<ModeWord>,
    /// Stages of transport.
    pub stages: Stages,
    /// Masses.
    pub masses: Words<MassKind>,
    /// Units of mass, in kilograms.
    pub units: Words<Unit>,
    /// Documents of a shipment.
    pub references: Words<DocumentWord>,
    /// Other references.
    pub links: Links,
    /// Equipment.
    pub equipment: Equipment,
    /// Full or empty.
    pub fullness: Words<LoadWord>,
    /// Control totals.
    pub totals: Totals,
    /// Status codes.
    pub statuses: Words<Status>,
    /// Status codes that move nothing.
    pub idle: Idle,
}

/// The profile of everybody, and those of single senders.
#[derive(Clone, Debug)]
pub(crate) struct Profiles {
    usual: Profile,
    partners: Vec<(Vec<String>, Profile)>,
}

const USUAL: &str = include_str!("profiles.toml");

impl Default for Profiles {
    fn default() -> Profiles {
        Profiles::with("").expect("a test reads the table")
    }
}

impl Profiles {
    /// The tables that are compiled in, with those of a text on top.
    pub(crate) fn with(text: &str) -> Result<Profiles, String> {
        let mut table: toml::Table = USUAL.parse().map_err(|e: toml::de::Error| e.to_string())?;
        // By itself first, so that lines in a message are those of the text.
        let own: toml::Table = text.parse().map_err(|e: toml::de::Error| e.to_string())?;
        put_on_top(&mut table, own);
        let partners = match table.remove("partner") {
            None => toml::Table::new(),
            Some(toml::Value::Table(partners)) => partners,
            Some(_) => return Err("partner: expected tables [partner.NAME]".to_owned()),
        };
        let profile = |table: &toml::Table, whose: &str| {
            let parsed: Result<Profile, _> = table.clone().try_into();
            parsed.map_err(|e| format!("{whose}{e}"))
        };
        let mut all = Profiles {
            usual: profile(&table, "")?,
            partners: Vec::new(),
        };
        for (name, own) in partners {
            let whose = format!("partner.{name}: ");
            let toml::Value::Table(mut own) = own else {
                return Err(format!("{whose}expected a table"));
            };
            let senders = own.remove("senders").map(toml::Value::try_into);
            let senders: Vec<String> = match senders {
                Some(Ok(senders)) => senders,
                _ => return Err(format!("{whose}expected senders = [\"...\"]")),
            };
            let mut merged = table.clone();
            put_on_top(&mut merged, own);
            all.partners.push((senders, profile(&merged, &whose)?));
        }
        Ok(all)
    }

    /// The profile of the first of these senders that has one of its own, else that of everybody.
    pub(crate) fn of(&self, senders: &[&str]) -> &Profile {
        let is_of = |names: &[String]| {
            let mut names = names.iter();
            names.any(|name| senders.iter().any(|s| s.eq_ignore_ascii_case(name)))
        };
        let own = self.partners.iter().find(|(names, _)| is_of(names));
        own.map_or(&self.usual, |(_, profile)| profile)
    }
}

/// Tables are joined key by key, everything else is replaced.
fn put_on_top(below: &mut toml::Table, own: toml::Table) {
    for (key, value) in own {
        match (below.get_mut(&key), value) {
            (Some(toml::Value::Table(below)), toml::Value::Table(own)) => put_on_top(below, own),
            (_, value) => {
                below.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partner_has_what_differs_and_all_the_rest() {
        let usual = Profiles::default();
        let code = |profiles: &Profiles, sender: &str, code: &str| {
            let reports = &profiles.of(&["hub", sender]).reports["COARRI"];
            reports.get(code).map(|told| told.code())
        };
        assert_eq!(code(&usual, "T1", "98"), Some("DISC"));
        assert_eq!(code(&usual, "T1", "44"), None);
        let own = Profiles::with(
            "[partner.a]\nsenders = [\"t1\"]\nreports.COARRI = {44 = \"LOAD\"}\nplaces.GTIN = [\"9\"]\n[modes]\n9 = \"rail\"\n",
        )
        .unwrap();
        assert_eq!(code(&own, "T1", "44"), Some("LOAD"));
        assert_eq!(code(&own, "T1", "98"), Some("DISC"));
        assert_eq!(code(&own, "T2", "44"), None);
        assert_eq!(own.of(&["T2"]).modes["9"], ModeWord(Mode::Rail));
        assert_eq!(own.of(&["T1"]).modes["9"], ModeWord(Mode::Rail));
        let gate = Told::Step(Step::GatedIn);
        assert_eq!(own.of(&["T1"]).places.of(gate), ["9"]);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, wanted) in [
            ("[modes]\n1 = \"ship\"", "expected sea, rail"),
            ("[mode]\n1 = \"sea\"", "unknown field `mode`"),
            (
                "[statuses]\nAE = {step = \"LOADED\"}",
                "expected LOAD, DISC",
            ),
            ("[units]\nKGM = \"0\"", "a number of kilograms"),
            (
                "[partner.x]\nmodes.1 = \"sea\"",
                "partner.x: expected senders",
            ),
            (
                "[partner.x]\nsenders = [\"a\"]\nmode.1 = \"sea\"",
                "partner.x: unknown field",
            ),
            ("x = ", "line 1"),
        ] {
            let fault = Profiles::with(text).unwrap_err();
            assert!(fault.contains(wanted), "{text}: {fault}");
        }
    }
}

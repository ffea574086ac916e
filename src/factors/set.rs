//! The factors of a profile, and the question "which one, exactly".

use super::factor::{EmissionFactor, Operation, Source};
use super::fault::Fault;
use super::library::Library;
use super::profile::Profile;
use super::zones::Zones;
use crate::model::element::FactorIndex;
use crate::model::flag::Flags;
use crate::model::id::LocationCode;
use crate::model::mode::{EnergyUnit, Per, Temperature};
use crate::model::movement::OperationIndex;
use crate::model::time::Day;

/// What a movement asks of the set.
#[derive(Clone, Copy, Debug)]
pub struct FactorQuery<'a> {
    /// Operation.
    pub operation: OperationIndex,
    /// Carrier of the row; empty: none.
    pub carrier: &'a str,
    /// Energy carrier of the row; empty: the operation's usual one.
    pub energy_carrier: &'a str,
    /// Origin.
    pub origin: LocationCode,
    /// Destination.
    pub destination: LocationCode,
    /// Ambient or refrigerated.
    pub temperature: Temperature,
    /// UTC day of departure.
    pub day: Day,
}

/// What a movement with primary energy asks of the set.
#[derive(Clone, Copy, Debug)]
pub struct EnergyQuery<'a> {
    /// Energy carrier.
    pub energy_carrier: &'a str,
    /// Unit of the quantity at hand.
    pub unit: EnergyUnit,
    /// Origin.
    pub origin: LocationCode,
    /// Destination.
    pub destination: LocationCode,
    /// UTC day of departure.
    pub day: Day,
}

/// The factor that applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The factor.
    pub factor: FactorIndex,
    /// Operation intensity after uplift, 10^-9 g per unit.
    pub operation: i64,
    /// Provision intensity after uplift, 10^-9 g per unit.
    pub provision: i64,
    /// Q05, Q07, Q17, Q19.
    pub flags: Flags,
}

/// The energy row that applies: emissions = quantity x `numerator / denominator` x intensity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnergyChoice {
    /// The energy row.
    pub factor: FactorIndex,
    /// Operation intensity, 10^-9 g per `per`.
    pub operation: i64,
    /// Provision intensity, 10^-9 g per `per`.
    pub provision: i64,
    /// Unit of the row's intensity.
    pub per: Per,
    /// Factor from the unit of the query to `per`: numerator.
    pub numerator: i64,
    /// Factor from the unit of the query to `per`: denominator, positive.
    pub denominator: i64,
    /// Q05, Q17, Q19.
    pub flags: Flags,
}

/// Why no factor applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoFactor {
    /// The nearest reason.
    pub reason: NoFactorReason,
}

/// Nearest reason why no factor applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoFactorReason {
    /// The operation has no factor in the profile.
    NoRow,
    /// None covers region, carrier, energy carrier and temperature.
    NotCovered,
    /// Some would cover it, none on this day.
    NotValid,
    /// An ambient factor covers it, but the profile has no uplift for the mode.
    NoUplift,
}

/// Where a factor stood in the choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the choice.
    Chosen,
    /// It applied, but this criterion put another first.
    Outranked(&'static str),
    /// It did not apply, by this rule.
    Excluded(&'static str),
}

/// A factor of the operation with its rank, for explanations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The factor.
    pub factor: FactorIndex,
    /// Verdict.
    pub verdict: Verdict,
    /// Criteria in the order in which they decide, each with this factor's value in words.
    pub rank: Vec<(&'static str, String)>,
}

/// The factors of a profile, compiled for questions.
#[derive(Clone, Debug, Default)]
pub struct FactorSet {
    /// Operations in file order; the index is the [`OperationIndex`].
    pub operations: Vec<Operation>,
    /// Sources of the library.
    pub sources: Vec<Source>,
    /// Transport and hub factors (composed ones too), then energy rows; the index is the [`FactorIndex`].
    pub factors: Vec<EmissionFactor>,
}

impl FactorSet {
    /// Composes, checks and compiles the factors of a profile.
    pub fn build(_library: &Library, _profile: &Profile, _zones: &Zones) -> (FactorSet, Vec<Fault>) {
        todo!()
    }

    /// The factor that applies, or why none does (R011).
    pub fn select(&self, _query: &FactorQuery) -> Result<Choice, NoFactor> {
        todo!()
    }

    /// The energy row that applies to primary data; `None`: R022.
    pub fn select_energy(&self, _query: &EnergyQuery) -> Option<EnergyChoice> {
        todo!()
    }

    /// Number of the interval between validity limits that a day lies in: `select` answers alike on all its days.
    pub fn epoch(&self, _day: Day) -> u32 {
        todo!()
    }

    /// Every factor of the operation, the chosen one first, with the rule that decided.
    pub fn candidates(&self, _query: &FactorQuery) -> Vec<Candidate> {
        todo!()
    }

    /// The operation with this code.
    pub fn operation(&self, code: &str) -> Option<OperationIndex> {
        self.operations.iter().position(|o| &*o.code == code).map(|i| i as OperationIndex)
    }
}

//! A profile: a calculation method as data, with every number as a scaled integer.

use super::factor::GwpSet;
use super::fault::{DataFile, Fault};
use crate::model::mode::{Basis, Mode};

/// What happens after the last edition's validity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterLastEdition {
    /// The latest ended factor is used, flagged Q17.
    UseLatest,
    /// The row is rejected (R011).
    Reject,
}

/// What decides first between factors that both apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefer {
    /// The narrower region, then source order.
    Region,
    /// Source order, then the narrower region.
    Source,
}

/// What stands beside a hub: a transport mode, or nothing because the chain starts or ends there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HubEnd {
    /// `start` before a hub, `end` after it.
    Edge,
    /// A transport mode.
    Mode(Mode),
}

/// How a distance of one basis becomes one of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adjustment {
    /// Multiply, millionths.
    Ratio(i64),
    /// Add metres (may be negative).
    AddMetres(i64),
}

/// A `[[distance_adjustment]]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DistanceAdjustment {
    /// Mode.
    pub mode: Mode,
    /// Basis of the distance at hand.
    pub activity_basis: Basis,
    /// Basis wanted.
    pub intensity_basis: Basis,
    /// The rule.
    pub adjustment: Adjustment,
}

/// A `[[hub]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubRule {
    /// What comes before.
    pub before: HubEnd,
    /// What comes after.
    pub after: HubEnd,
    /// HOC code.
    pub operation: String,
    /// Line in the file.
    pub line: u64,
}

/// `[statement]`: copied into manifest and report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statement {
    /// System boundary.
    pub boundary: String,
    /// What is left out.
    pub exclusions: Vec<String>,
    /// Allocation rule.
    pub allocation: String,
    /// Cut-off rule.
    pub cut_off: String,
}

/// A calculation method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Name: the file name without `.toml`.
    pub name: String,
    /// Label of the file.
    pub file: String,
    /// Title.
    pub title: String,
    /// Method statement.
    pub method: String,
    /// Admitted GWP sets.
    pub gwp_sets: Vec<GwpSet>,
    /// After the last edition.
    pub after_last_edition: AfterLastEdition,
    /// Whether validity is not looked at.
    pub ignore_validity: bool,
    /// What decides first.
    pub prefer: Prefer,
    /// Modes that may fall back to great-circle distance.
    pub great_circle: Vec<Mode>,
    /// `source/edition` in order of preference, with their lines.
    pub sources: Vec<(String, u64)>,
    /// Basis of a reported distance that states none.
    pub default_distance_basis: Basis,
    /// Cargo mass of a TEU without a reported mass, g.
    pub default_mass_per_teu_g: i64,
    /// Mass of an empty TEU without a tare, g.
    pub empty_mass_per_teu_g: i64,
    /// Whether a wrong container number rejects (R019).
    pub strict_container_id: bool,
    /// Whether hubs are inferred.
    pub infer_hubs: bool,
    /// Statement.
    pub statement: Statement,
    /// Operation code by mode, with its line.
    pub default_operation: Vec<(Mode, String, u64)>,
    /// Uplift by mode (`Hub`: hubs), millionths, index `mode as usize`.
    pub refrigerated_uplift: [Option<i64>; 6],
    /// Distance adjustments.
    pub distance_adjustment: Vec<DistanceAdjustment>,
    /// Hub rules.
    pub hub: Vec<HubRule>,
}

impl Profile {
    /// Reads a profile; `None` when it has an error.
    pub fn parse(_name: &str, _file: &DataFile) -> (Option<Profile>, Vec<Fault>) {
        todo!()
    }
}

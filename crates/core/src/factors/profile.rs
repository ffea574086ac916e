//! A profile: a calculation method as data, with every number as a scaled integer.

use super::document::{self, At, Keys, decimal, text};
use super::factor::GwpSet;
use super::fault::{DataFile, Fault, Faults};
use super::library::{GWP_SETS, MODES, exact_mode, transport_mode};
use crate::model::mode::{Basis, ByMode, Mode};
use crate::model::unit::{MASS_SCALE, ONE, SHARE_SCALE};
use toml::de::DeValue;

/// What happens after the last edition's validity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterLastEdition {
    /// The latest ended factor is used, flagged Q17.
    UseLatest,
    /// The row is rejected (R011).
    Reject,
}

/// What happens before the first edition's validity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BeforeFirstEdition {
    /// The earliest figure of a series is used as if it were valid, flagged Q29.
    UseEarliest,
    /// A factor is not used before it begins.
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
    /// Before the first edition.
    pub before_first_edition: BeforeFirstEdition,
    /// Whether validity is not looked at.
    pub ignore_validity: bool,
    /// What decides first between factors that both apply.
    pub prefer: Prefer,
    /// Modes that may fall back to great-circle distance.
    pub great_circle: Vec<Mode>,
    /// Modes of which a distance that nothing else has may be estimated.
    pub estimated: Vec<Mode>,
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
    /// Uplift (`Hub`: of hubs), millionths.
    pub refrigerated_uplift: ByMode<Option<i64>>,
    /// Distance adjustments.
    pub distance_adjustment: Vec<DistanceAdjustment>,
    /// Hub rules.
    pub hub: Vec<HubRule>,
}

/// Modes of which a distance can be estimated, all of them unless a profile names some.
const ESTIMATED: [Mode; 3] = [Mode::Road, Mode::Rail, Mode::InlandWaterway];
const ESTIMATED_MODES: &str = "road, rail or inland_waterway";

/// Keys of a profile.
const KEYS: &[&str] = &[
    "title",
    "method",
    "gwp_sets",
    "after_last_edition",
    "before_first_edition",
    "ignore_validity",
    "prefer",
    "great_circle",
    "estimated",
    "sources",
    "default_distance_basis",
    "default_mass_per_teu_kg",
    "empty_mass_per_teu_kg",
    "strict_container_id",
    "infer_hubs",
    "statement",
    "default_operation",
    "refrigerated_uplift",
    "distance_adjustment",
    "hub",
];
const TRANSPORT_MODES: &str = "road, rail, sea, inland_waterway or air";
const BASES: &str = "sfd, gcd or actual";

impl Profile {
    /// Reads a profile; `None` when it has an error.
    ///
    /// Whatever a figure hangs on must be written out: `gwp_sets`, `sources`, `after_last_edition`, the default basis and
    /// masses, the statement. The rest defaults to the cautious choice: validity is looked at, no factor is used before it
    /// begins, the narrower region comes first, no great circle, no strict container numbers, hubs are inferred where the table has an entry.
    pub fn parse(name: &str, file: &DataFile) -> (Option<Profile>, Vec<Fault>) {
        let mut faults = Faults::default();
        let profile = document::read(file, &mut faults, |root, faults| {
            read(name, &file.path, root, faults)
        })
        .flatten();
        let profile = profile.filter(|_| !faults.has_error());
        (profile, faults.list)
    }

    /// The rule that makes a distance of basis `to` from one of basis `from`.
    pub fn adjustment(&self, mode: Mode, from: Basis, to: Basis) -> Option<Adjustment> {
        let same = |d: &&DistanceAdjustment| {
            d.mode == mode && d.activity_basis == from && d.intensity_basis == to
        };
        self.distance_adjustment
            .iter()
            .find(same)
            .map(|d| d.adjustment)
    }
}

fn read(name: &str, file: &str, root: &mut Keys, faults: &mut Faults) -> Option<Profile> {
    let title = root.need("title", "a text", faults, text);
    let method = root.need("method", "a text", faults, text);
    let gwp_sets = unique_list(root, "gwp_sets", GWP_SETS, true, faults, |v| {
        v.as_str().and_then(GwpSet::from_code)
    });
    let after = root.need(
        "after_last_edition",
        "use_latest or reject",
        faults,
        |v| match v.as_str()? {
            "use_latest" => Some(AfterLastEdition::UseLatest),
            "reject" => Some(AfterLastEdition::Reject),
            _ => None,
        },
    );
    let before = root.get(
        "before_first_edition",
        "use_earliest or reject",
        faults,
        |v| match v.as_str()? {
            "use_earliest" => Some(BeforeFirstEdition::UseEarliest),
            "reject" => Some(BeforeFirstEdition::Reject),
            _ => None,
        },
    );
    let prefer = root.get("prefer", "region or source", faults, |v| {
        match v.as_str()? {
            "region" => Some(Prefer::Region),
            "source" => Some(Prefer::Source),
            _ => None,
        }
    });
    let mut flag = |key: &str, default: bool, faults: &mut Faults| {
        root.get(key, "true or false", faults, |v| v.as_bool())
            .map_or(default, |at| at.value)
    };
    let ignore_validity = flag("ignore_validity", false, faults);
    let strict_container_id = flag("strict_container_id", false, faults);
    let infer_hubs = flag("infer_hubs", true, faults);
    let great_circle = unique_list(root, "great_circle", TRANSPORT_MODES, false, faults, |v| {
        v.as_str().and_then(transport_mode)
    });
    let estimated = unique_list(root, "estimated", ESTIMATED_MODES, false, faults, |v| {
        let mode = v.as_str().and_then(transport_mode);
        mode.filter(|mode| ESTIMATED.contains(mode))
    });
    let sources = unique_list(root, "sources", "source/edition", true, faults, |v| {
        text(v).filter(|t| t.split('/').count() == 2)
    });
    let basis = root.need("default_distance_basis", BASES, faults, basis);
    let mass = |v: &DeValue| decimal(v, MASS_SCALE).filter(|m| (1..=1_000_000_000).contains(m));
    let wanted = "kilograms above 0 with at most 3 decimals, e.g. \"10000\"";
    let laden = root.need("default_mass_per_teu_kg", wanted, faults, mass);
    let empty = root.need("empty_mass_per_teu_kg", wanted, faults, mass);
    let statement = read_statement(root, faults);
    let default_operation = read_default_operations(root, faults);
    let refrigerated_uplift = read_uplifts(root, faults);
    let distance_adjustment = read_adjustments(root, faults);
    let hub = read_hubs(root, faults);
    root.finish(KEYS, faults);
    Some(Profile {
        name: name.to_owned(),
        file: file.to_owned(),
        title: title?.value,
        method: method?.value,
        gwp_sets: gwp_sets?.into_iter().map(|at| at.value).collect(),
        after_last_edition: after?.value,
        before_first_edition: before.map_or(BeforeFirstEdition::Reject, |at| at.value),
        ignore_validity,
        prefer: prefer.map_or(Prefer::Region, |at| at.value),
        great_circle: great_circle
            .unwrap_or_default()
            .into_iter()
            .map(|at| at.value)
            .collect(),
        estimated: estimated.map_or_else(
            || ESTIMATED.to_vec(),
            |modes| modes.into_iter().map(|at| at.value).collect(),
        ),
        sources: sources?.into_iter().map(|at| (at.value, at.line)).collect(),
        default_distance_basis: basis?.value,
        default_mass_per_teu_g: laden?.value,
        empty_mass_per_teu_g: empty?.value,
        strict_container_id,
        infer_hubs,
        statement: statement?,
        default_operation,
        refrigerated_uplift,
        distance_adjustment,
        hub,
    })
}

/// A list without repeats; a `needed` one must be there and hold something.
fn unique_list<T: PartialEq>(
    keys: &mut Keys,
    key: &str,
    wanted: &str,
    needed: bool,
    faults: &mut Faults,
    parse: impl Fn(&DeValue) -> Option<T>,
) -> Option<Vec<At<T>>> {
    let (line, before) = (keys.line_of(key), faults.list.len());
    let list = keys.list(key, wanted, faults, |v| {
        Some((parse(v)?, document::shown(v)))
    });
    match (line, &list) {
        (None, _) if needed => keys.missing(key, &format!("a list of {wanted}"), faults),
        (Some(line), Some(empty)) if needed && empty.is_empty() && faults.list.len() == before => {
            keys.error(
                line,
                key,
                "",
                format!("expected at least one of {wanted}"),
                faults,
            )
        }
        _ => {}
    }
    let mut unique: Vec<At<T>> = Vec::new();
    for At {
        value: (value, shown),
        line,
    } in list?
    {
        if unique.iter().any(|u| u.value == value) {
            keys.error(line, key, &shown, "expected each entry once", faults);
        } else {
            unique.push(At { value, line });
        }
    }
    Some(unique)
}

fn basis(value: &DeValue) -> Option<Basis> {
    let word = value.as_str()?;
    Basis::ALL
        .iter()
        .copied()
        .find(|b| *b != Basis::Absent && b.code() == word)
}

fn ratio(value: &DeValue) -> Option<i64> {
    // Up to 1000: a larger factor is a slip of the pen, and products stay far from the limits of integers.
    decimal(value, SHARE_SCALE).filter(|r| (1..=1000 * ONE).contains(r))
}

const RATIO: &str = "a ratio above 0, up to 1000, with at most 6 decimals, e.g. \"1.15\"";

fn read_statement(root: &mut Keys, faults: &mut Faults) -> Option<Statement> {
    let Some(mut keys) = root.table("statement", faults) else {
        root.missing(
            "statement",
            "a table with boundary, exclusions, allocation, cut_off",
            faults,
        );
        return None;
    };
    let boundary = keys.need("boundary", "a text", faults, text);
    let exclusions = keys
        .list("exclusions", "texts", faults, text)
        .unwrap_or_default();
    let allocation = keys.need("allocation", "a text", faults, text);
    let cut_off = keys.need("cut_off", "a text", faults, text);
    keys.finish(&["boundary", "exclusions", "allocation", "cut_off"], faults);
    Some(Statement {
        boundary: boundary?.value,
        exclusions: exclusions.into_iter().map(|at| at.value).collect(),
        allocation: allocation?.value,
        cut_off: cut_off?.value,
    })
}

fn read_default_operations(root: &mut Keys, faults: &mut Faults) -> Vec<(Mode, String, u64)> {
    let Some(mut keys) = root.table("default_operation", faults) else {
        return Vec::new();
    };
    let mut list = Vec::new();
    for (key, _) in keys.names() {
        if let Some(mode) = exact_mode(&key)
            && let Some(code) = keys.get(&key, "an operation code", faults, text)
        {
            list.push((mode, code.value, code.line));
        }
    }
    keys.finish(&[MODES], faults);
    list
}

fn read_uplifts(root: &mut Keys, faults: &mut Faults) -> ByMode<Option<i64>> {
    let mut uplifts = ByMode::default();
    let Some(mut keys) = root.table("refrigerated_uplift", faults) else {
        return uplifts;
    };
    for (key, _) in keys.names() {
        if let Some(mode) = exact_mode(&key) {
            uplifts[mode] = keys.get(&key, RATIO, faults, ratio).map(|at| at.value);
        }
    }
    keys.finish(&[MODES], faults);
    uplifts
}

fn read_adjustments(root: &mut Keys, faults: &mut Faults) -> Vec<DistanceAdjustment> {
    let mut list: Vec<DistanceAdjustment> = Vec::new();
    for mut keys in root.tables("distance_adjustment", faults) {
        let mode = keys.need("mode", TRANSPORT_MODES, faults, |v| {
            v.as_str().and_then(transport_mode)
        });
        let from = keys.need("activity_basis", BASES, faults, basis);
        let to = keys.need("intensity_basis", BASES, faults, basis);
        let is_one = keys.line_of("ratio").is_some() != keys.line_of("add_km").is_some();
        let factor = keys
            .get("ratio", RATIO, faults, ratio)
            .map(|at| Adjustment::Ratio(at.value));
        let metres = |v: &DeValue| decimal(v, 3).filter(|m| *m != 0 && m.abs() <= 50_000_000);
        let term = keys
            .get(
                "add_km",
                "kilometres other than 0, up to 50000 either way, with at most 3 decimals",
                faults,
                metres,
            )
            .map(|at| Adjustment::AddMetres(at.value));
        keys.finish(
            &[
                "mode",
                "activity_basis",
                "intensity_basis",
                "ratio",
                "add_km",
            ],
            faults,
        );
        // One that is there and at fault has been told of already.
        if !is_one {
            keys.error(
                keys.line,
                "ratio",
                "",
                "expected exactly one of ratio and add_km",
                faults,
            );
        }
        let (Some(mode), Some(from), Some(to), Some(adjustment)) =
            (mode, from, to, factor.or(term))
        else {
            continue;
        };
        if from.value == to.value {
            keys.error(
                to.line,
                "intensity_basis",
                to.value.code(),
                "expected another basis than activity_basis: equal ones need no adjustment",
                faults,
            );
        }
        if list.iter().any(|d| {
            d.mode == mode.value && d.activity_basis == from.value && d.intensity_basis == to.value
        }) {
            keys.error(
                keys.line,
                "mode",
                mode.value.code(),
                "expected one adjustment for each mode and pair of bases",
                faults,
            );
            continue;
        }
        list.push(DistanceAdjustment {
            mode: mode.value,
            activity_basis: from.value,
            intensity_basis: to.value,
            adjustment,
        });
    }
    list
}

fn read_hubs(root: &mut Keys, faults: &mut Faults) -> Vec<HubRule> {
    let end = |edge: &'static str| {
        move |v: &DeValue| match v.as_str()? {
            word if word == edge => Some(HubEnd::Edge),
            word => transport_mode(word).map(HubEnd::Mode),
        }
    };
    let mut list: Vec<HubRule> = Vec::new();
    for mut keys in root.tables("hub", faults) {
        let before = keys.need("before", "start or a transport mode", faults, end("start"));
        let after = keys.need("after", "end or a transport mode", faults, end("end"));
        let operation = keys.need("operation", "an operation code", faults, text);
        keys.finish(&["before", "after", "operation"], faults);
        let (Some(before), Some(after), Some(operation)) = (before, after, operation) else {
            continue;
        };
        if before.value == HubEnd::Edge && after.value == HubEnd::Edge {
            keys.error(
                after.line,
                "after",
                "end",
                "expected a transport mode on one side of the hub",
                faults,
            );
        } else if let Some(other) = list
            .iter()
            .find(|h| h.before == before.value && h.after == after.value)
        {
            let wanted = format!(
                "expected one hub for each pair; the table of line {} names it already",
                other.line
            );
            keys.error(before.line, "before", "", wanted, faults);
        } else {
            list.push(HubRule {
                before: before.value,
                after: after.value,
                operation: operation.value,
                line: operation.line,
            });
        }
    }
    list
}

//! Two editions, or two profiles, side by side: what is new, what is gone, what changed by how much, and why as far as that shows.
//!
//! Editions are compared row by row for one scope (operation, energy carrier, region, carrier, temperature). Profiles are compared by
//! their answers: every scope that either of them has a factor for is put to both as a question.

use super::factor::{EmissionFactor, Section};
use super::library::{Library, LibraryRow};
use super::region::{Region, RegionName};
use super::rows::QUANTITY_SCALE;
use super::select::FactorQuery;
use super::set::FactorSet;
use super::zones::Zones;
use crate::model::flag::Flags;
use crate::model::mode::{Basis, Temperature};
use crate::model::time::Day;
use crate::model::unit::{NANO_SCALE, SHARE_SCALE, div_half_even, short_decimal_text};
use std::collections::{BTreeMap, BTreeSet};

/// What became of a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Only the second has it.
    Added,
    /// Only the first has it.
    Removed,
    /// Both have it, with different figures or units.
    Changed,
    /// Both have it, and it is the same.
    Same,
}

impl Change {
    /// The word that is printed.
    pub const fn code(self) -> &'static str {
        match self {
            Change::Added => "added",
            Change::Removed => "removed",
            Change::Changed => "changed",
            Change::Same => "same",
        }
    }
}

/// What a figure is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scope {
    /// Operation code; empty for energy rows.
    pub operation: String,
    /// Energy carrier; empty: not stated.
    pub energy_carrier: String,
    /// Region.
    pub region: String,
    /// Carrier; empty: any.
    pub carrier: String,
    /// Temperature class.
    pub temperature: Temperature,
    /// Unit of an energy row, since an edition may have one row for each; empty elsewhere.
    pub energy_per: &'static str,
}

/// The figure of one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// Full name of the factor.
    pub id: String,
    /// Operation part: 10^-9 g per unit, or, of a row that is composed at load, 10^-12 of the energy unit.
    pub operation: i64,
    /// Provision part, 10^-9 g per unit; 0 of a row that is composed at load.
    pub provision: i64,
    /// Unit, such as `g/tkm` or `kWh/tkm`.
    pub unit: String,
    /// Decimals of the figures.
    pub scale: u32,
    facts: Vec<(&'static str, String)>,
}

impl Side {
    /// Both parts.
    pub fn total(&self) -> i128 {
        i128::from(self.operation) + i128::from(self.provision)
    }
}

/// A scope with both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What became of it.
    pub change: Change,
    /// The scope.
    pub scope: Scope,
    /// In the first.
    pub before: Option<Side>,
    /// In the second.
    pub after: Option<Side>,
}

impl Difference {
    fn new(scope: Scope, before: Option<Side>, after: Option<Side>) -> Difference {
        let change = match (&before, &after) {
            (None, _) => Change::Added,
            (Some(_), None) => Change::Removed,
            (Some(a), Some(b))
                if (a.operation, a.provision, &a.unit) == (b.operation, b.provision, &b.unit) =>
            {
                Change::Same
            }
            (Some(_), Some(_)) => Change::Changed,
        };
        Difference {
            change,
            scope,
            before,
            after,
        }
    }

    /// Second less first, at the scale of the figures; `None` when one is missing or the units differ.
    pub fn absolute(&self) -> Option<i128> {
        let (before, after) = self.comparable()?;
        Some(after.total() - before.total())
    }

    /// Change in hundredths of a percent of the first, half to even; `None` also when the first is 0.
    pub fn percent(&self) -> Option<i128> {
        let (before, _) = self.comparable()?;
        (before.total() > 0)
            .then(|| div_half_even(self.absolute().unwrap_or(0) * 10_000, before.total()))
    }

    fn comparable(&self) -> Option<(&Side, &Side)> {
        self.before
            .as_ref()
            .zip(self.after.as_ref())
            .filter(|(a, b)| a.unit == b.unit)
    }

    /// What else differs between the sides, as far as it shows: `GWP set: AR5, then AR6`.
    pub fn reasons(&self) -> Vec<String> {
        let (Some(before), Some(after)) = (&self.before, &self.after) else {
            return Vec::new();
        };
        let pairs = before.facts.iter().zip(&after.facts);
        let said = |text: &str| {
            if text.is_empty() {
                "not stated".to_owned()
            } else {
                text.to_owned()
            }
        };
        pairs
            .filter(|(a, b)| a.1 != b.1)
            .map(|(a, b)| format!("{}: {}, then {}", a.0, said(&a.1), said(&b.1)))
            .collect()
    }
}

/// What may explain a difference, in the order in which it is told; the same names on both sides.
fn facts(
    factor: &EmissionFactor,
    unit: &str,
    edition: &str,
    flags: Flags,
) -> Vec<(&'static str, String)> {
    let share =
        |m: Option<i64>| m.map_or(String::new(), |m| short_decimal_text(m.into(), SHARE_SCALE));
    let basis = if factor.distance_basis == Basis::Absent {
        ""
    } else {
        factor.distance_basis.code()
    };
    let yes_no = |flag: Flags| if flags.has(flag) { "yes" } else { "no" }.to_owned();
    vec![
        ("unit", unit.to_owned()),
        ("distance basis", basis.to_owned()),
        ("GWP set", factor.gwp_set.code().to_owned()),
        ("load factor", share(factor.load_factor)),
        ("empty share", share(factor.empty_share)),
        ("region", factor.region.to_string()),
        ("refrigerated uplift", yes_no(Flags::REFRIGERATED_UPLIFT)),
        ("past its last edition", yes_no(Flags::PAST_LAST_EDITION)),
        (
            "before its first edition",
            yes_no(Flags::BEFORE_FIRST_EDITION),
        ),
        ("edition", edition.to_owned()),
        // Of a composed factor, the energy row is the part behind the sign.
        (
            "energy row",
            factor
                .id
                .split_once('@')
                .map_or(String::new(), |(_, energy)| energy.to_owned()),
        ),
    ]
}

/// Rows of two editions, `source/edition` each, by scope. Several rows of one scope (figures that change within an edition) are paired in
/// order of time.
pub fn editions(library: &Library, first: &str, second: &str) -> Vec<Difference> {
    let mut scopes: BTreeMap<Scope, [Vec<(Day, Side)>; 2]> = BTreeMap::new();
    for row in &library.rows {
        let folder = &*library.sources[row.factor.source as usize].folder;
        for (side, name) in [first, second].into_iter().enumerate() {
            if folder == name {
                let scope = row_scope(library, row);
                scopes.entry(scope).or_default()[side]
                    .push((row.factor.valid_from, row_side(row, folder)));
            }
        }
    }
    let mut list = Vec::new();
    for (scope, [mut before, mut after]) in scopes {
        before.sort_by_key(|(day, _)| *day);
        after.sort_by_key(|(day, _)| *day);
        let count = before.len().max(after.len());
        let (mut before, mut after) = (before.into_iter(), after.into_iter());
        for _ in 0..count {
            list.push(Difference::new(
                scope.clone(),
                before.next().map(|s| s.1),
                after.next().map(|s| s.1),
            ));
        }
    }
    list
}

fn row_scope(library: &Library, row: &LibraryRow) -> Scope {
    let f = &row.factor;
    Scope {
        operation: f.operation.map_or(String::new(), |o| {
            library.operations[o as usize].code.to_string()
        }),
        energy_carrier: f.energy_carrier.to_string(),
        region: f.region.to_string(),
        carrier: f.carrier.to_string(),
        temperature: f.temperature,
        energy_per: if f.section == Section::Energy {
            f.per.code()
        } else {
            ""
        },
    }
}

fn row_side(row: &LibraryRow, edition: &str) -> Side {
    let f = &row.factor;
    let (operation, provision, unit, scale) = match row.energy {
        Some((quantity, unit)) => (
            quantity,
            0,
            format!("{}/{}", unit.code(), f.per.code()),
            QUANTITY_SCALE,
        ),
        None => (
            f.intensity.operation,
            f.intensity.provision,
            format!("g/{}", f.per.code()),
            NANO_SCALE,
        ),
    };
    let facts = facts(f, &unit, edition, Flags::default());
    Side {
        id: f.id.to_string(),
        operation,
        provision,
        unit,
        scale,
        facts,
    }
}

/// Answers of two profiles on a day, for every scope that either has a factor for.
///
/// A scope is asked for with a movement inside its region: within a country, between the first two countries of a zone of several, between
/// the ends of a lane, and for GLOBAL outside every other region.
pub fn profiles(first: &FactorSet, second: &FactorSet, zones: &Zones, day: Day) -> Vec<Difference> {
    let scopes: BTreeSet<Scope> = [first, second]
        .into_iter()
        .flat_map(|set| set.factors.iter().filter_map(|f| set_scope(set, f)))
        .collect();
    let mut list = Vec::new();
    for scope in scopes {
        let (before, after) = (
            answer(first, &scope, zones, day),
            answer(second, &scope, zones, day),
        );
        if before.is_some() || after.is_some() {
            list.push(Difference::new(scope, before, after));
        }
    }
    list
}

fn set_scope(set: &FactorSet, f: &EmissionFactor) -> Option<Scope> {
    Some(Scope {
        operation: set.operations[f.operation? as usize].code.to_string(),
        energy_carrier: f.energy_carrier.to_string(),
        region: f.region.to_string(),
        carrier: f.carrier.to_string(),
        temperature: f.temperature,
        energy_per: "",
    })
}

fn answer(set: &FactorSet, scope: &Scope, zones: &Zones, day: Day) -> Option<Side> {
    let region = Region::resolve(&RegionName::parse(&scope.region)?, zones).ok()?;
    let (origin, destination) = region.example()?;
    let choice = set
        .select(&FactorQuery {
            operation: set.operation(&scope.operation)?,
            carrier: &scope.carrier,
            energy_carrier: &scope.energy_carrier,
            origin,
            destination,
            temperature: scope.temperature,
            day,
        })
        .ok()?;
    let factor = &set.factors[choice.factor as usize];
    let unit = format!("g/{}", factor.per.code());
    let facts = facts(factor, &unit, &set.source_of(factor).folder, choice.flags);
    Some(Side {
        id: factor.id.to_string(),
        operation: choice.intensity.operation,
        provision: choice.intensity.provision,
        unit,
        scale: NANO_SCALE,
        facts,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::factors::DataFile;
    use crate::factors::testkit::*;
    use crate::model::time::parse_date;
    use crate::model::unit::decimal_text;

    fn shown(list: &[Difference]) -> Vec<String> {
        let text = |d: &Difference| {
            let scale = d.before.as_ref().or(d.after.as_ref()).unwrap().scale;
            let number =
                |n: Option<i128>, scale| n.map_or("-".to_owned(), |n| decimal_text(n, scale));
            let scope = format!(
                "{} {} {}",
                d.scope.operation, d.scope.energy_carrier, d.scope.region
            );
            format!(
                "{} {scope} {} {} {}",
                d.change.code(),
                number(d.absolute(), scale),
                number(d.percent(), 2),
                d.reasons().join("; ")
            )
        };
        list.iter().map(text).collect()
    }

    #[test]
    fn editions_are_compared_row_by_row() {
        let tables = vec![
            transport(
                "one/1",
                &[
                    "factor_id=a operation_g=10 provision_g=2",
                    "factor_id=b region=CN",
                    "factor_id=c region=SG",
                ],
            ),
            transport(
                "one/2",
                &[
                    "factor_id=x operation_g=9 provision_g=2.25 gwp_set=AR6",
                    "factor_id=y region=MY",
                    "factor_id=z region=SG per=teukm distance_basis=sfd",
                ],
            ),
            energy("one/1", &["energy_id=e provision_g=300"]),
            energy("one/2", &["energy_id=e provision_g=200"]),
        ];
        let (library, faults) = Library::parse(&files(tables));
        assert!(faults.is_empty(), "{faults:?}");
        assert_eq!(
            shown(&editions(&library, "one/1", "one/2")),
            [
                "changed  electricity GLOBAL -100.000000000 -33.33 edition: one/1, then one/2",
                "removed sea.feeder  CN - - ",
                "changed sea.feeder  GLOBAL -0.750000000 -6.25 GWP set: AR5, then AR6; edition: one/1, then one/2",
                "added sea.feeder  MY - - ",
                "changed sea.feeder  SG - - unit: g/tkm, then g/teukm; distance basis: actual, then sfd; edition: one/1, then one/2",
            ]
        );
    }

    #[test]
    fn profiles_are_compared_by_their_answers() {
        let tables = || {
            vec![
                transport(
                    "one/1",
                    &[
                        "factor_id=a operation_g=10 provision_g=2",
                        "factor_id=b region=CN operation_g=20 provision_g=4",
                    ],
                ),
                transport("two/1", &["factor_id=a operation_g=11 provision_g=2"]),
            ]
        };
        let open = set(tables(), &["sources = [\"one/1\"]"]);
        let other = set(tables(), &["sources = [\"two/1\"]"]);
        let (zones, _) = Zones::parse(&DataFile::new("zones.csv", ZONES));
        let day = parse_date("2024-05-01").unwrap();
        assert_eq!(
            shown(&profiles(&open, &other, &zones, day)),
            [
                "changed sea.feeder  CN -11.000000000 -45.83 region: CN, then GLOBAL; edition: one/1, then two/1",
                "changed sea.feeder  GLOBAL 1.000000000 8.33 edition: one/1, then two/1",
            ]
        );
        assert!(
            profiles(&open, &open, &zones, day)
                .iter()
                .all(|d| d.change == Change::Same)
        );
    }
}

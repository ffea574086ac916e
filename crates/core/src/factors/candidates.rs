//! Every factor of an operation with the rule by which it was chosen or not, for `explain` and `factors why`.
//!
//! Not for the run: this walks all factors of the operation, while `select` walks an index.

use super::compose::conversion;
use super::factor::Section;
use super::select::{Criteria, Criterion, EnergyQuery, FactorQuery, Stage};
use super::set::FactorSet;
use crate::model::element::FactorIndex;
use crate::model::flag::Flags;
use crate::model::index::index32;
use crate::model::mode::Temperature;
use crate::model::symbol::ABSENT;
use crate::model::time::{Day, NO_END, date_text};
use std::cmp::Ordering;

/// Where a factor stood in the choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// Chosen, or why not.
    pub verdict: Verdict,
    /// Criteria in the order in which they decide, each with this factor's value in words.
    pub rank: Vec<(&'static str, String)>,
}

const ENDED: &str = "validity ended, where a valid factor applies";
const NOT_COVERED: &str = "region does not cover the movement";

/// How a factor applies: the step of the search, then whether it is general where a specific one could be.
type Standing = (Stage, bool, bool);

impl FactorSet {
    /// Every factor of the operation: the chosen one first, then those that applied in order of preference, then the rest
    /// in the order of the library.
    pub fn candidates(&self, query: &FactorQuery) -> Vec<Candidate> {
        let mut applied: Vec<(Standing, FactorIndex)> = Vec::new();
        let mut excluded: Vec<(FactorIndex, &'static str)> = Vec::new();
        for index in 0..index32(self.factors.len()) {
            if self.factors[index as usize].operation == Some(query.operation) {
                match self.standing(query, index) {
                    Ok(standing) => applied.push((standing, index)),
                    Err(rule) => excluded.push((index, rule)),
                }
            }
        }
        let criteria = [
            Criteria::new(self.prefer, false),
            Criteria::new(self.prefer, true),
        ];
        let order = |a: &(Standing, FactorIndex), b: &(Standing, FactorIndex)| {
            a.0.cmp(&b.0)
                .then_with(|| self.compare(&criteria[a.0.0.ended as usize], a.1, b.1))
        };
        applied.sort_by(order);
        let winner = applied.first().copied();
        let lost = |own: &(Standing, FactorIndex), first: &(Standing, FactorIndex)| {
            self.lost_by(&criteria, own, first)
        };
        let mut list: Vec<Candidate> = Vec::with_capacity(applied.len() + excluded.len());
        for own in &applied {
            let verdict = match &winner {
                Some(first) if first.1 != own.1 => Verdict::Outranked(lost(own, first)),
                // An ambient winner without an uplift is no answer, and the search ends with it.
                Some(((stage, ..), _))
                    if stage.uplift && self.uplift_of(Some(query.operation)).is_none() =>
                {
                    Verdict::Excluded(
                        "ambient, and the profile has no refrigerated uplift for the mode",
                    )
                }
                Some(_) | None => Verdict::Chosen,
            };
            list.push(Candidate {
                factor: own.1,
                verdict,
                rank: self.words(own.1, Some(own.0), query.day),
            });
        }
        for (index, rule) in excluded {
            list.push(Candidate {
                factor: index,
                verdict: Verdict::Excluded(rule),
                rank: self.words(index, None, query.day),
            });
        }
        list
    }

    /// Every energy row of the carrier, in the order of [`FactorSet::candidates`].
    pub fn energy_candidates(&self, query: &EnergyQuery) -> Vec<Candidate> {
        let mut applied: Vec<(bool, FactorIndex)> = Vec::new();
        let mut excluded: Vec<Candidate> = Vec::new();
        for index in 0..index32(self.factors.len()) {
            let factor = &self.factors[index as usize];
            if factor.section == Section::Energy && *factor.energy_carrier == *query.energy_carrier
            {
                match self.energy_standing(query, index) {
                    Ok(ended) => applied.push((ended, index)),
                    Err(rule) => {
                        let rank = self.words(index, None, query.day);
                        excluded.push(Candidate {
                            factor: index,
                            verdict: Verdict::Excluded(rule),
                            rank,
                        });
                    }
                }
            }
        }
        let criteria = [Criteria::energy(false), Criteria::energy(true)];
        applied.sort_by(|a, b| {
            a.0.cmp(&b.0)
                .then_with(|| self.compare(&criteria[a.0 as usize], a.1, b.1))
        });
        let mut list: Vec<Candidate> = Vec::with_capacity(applied.len() + excluded.len());
        for &(ended, index) in &applied {
            let verdict = match applied[0] {
                (_, first) if first == index => Verdict::Chosen,
                (first_ended, _) if first_ended != ended => Verdict::Outranked(ENDED),
                (_, first) => Verdict::Outranked(self.lost_by_criterion(
                    &criteria[ended as usize],
                    index,
                    first,
                )),
            };
            let stage = Stage {
                uplift: false,
                ended,
            };
            list.push(Candidate {
                factor: index,
                verdict,
                rank: self.words(index, Some((stage, true, true)), query.day),
            });
        }
        list.append(&mut excluded);
        list
    }

    /// Whether an energy row of the carrier applies after its end (true) or within its validity, or why it does not.
    fn energy_standing(
        &self,
        query: &EnergyQuery,
        index: FactorIndex,
    ) -> Result<bool, &'static str> {
        let factor = &self.factors[index as usize];
        if conversion(query.unit, factor.per).is_none() {
            return Err("unit");
        }
        if !self.covers(index, query.origin, query.destination) {
            return Err(NOT_COVERED);
        }
        self.ended(index, query.day)
    }

    /// How a factor of the operation applies, or the rule by which it does not.
    fn standing(&self, query: &FactorQuery, index: FactorIndex) -> Result<Standing, &'static str> {
        let (factor, rank) = (&self.factors[index as usize], &self.ranks[index as usize]);
        let refrigerated = query.temperature == Temperature::Refrigerated;
        let uplift = refrigerated && factor.temperature == Temperature::Ambient;
        if !refrigerated && factor.temperature != Temperature::Ambient {
            return Err("temperature");
        }
        if rank.carrier != ABSENT && *factor.carrier != *query.carrier {
            return Err("carrier");
        }
        if rank.energy_carrier != ABSENT && rank.energy_carrier != self.wanted_energy_carrier(query)
        {
            return Err("energy carrier");
        }
        if !self.covers(index, query.origin, query.destination) {
            return Err(NOT_COVERED);
        }
        let ended = self.ended(index, query.day)?;
        Ok((
            Stage { uplift, ended },
            rank.carrier == ABSENT,
            rank.energy_carrier == ABSENT,
        ))
    }

    /// Whether the factor applies past its end (true), or within its validity or before it, or that it does not on this day.
    fn ended(&self, index: FactorIndex, day: Day) -> Result<bool, &'static str> {
        let (begins, ends) = (
            self.ranks[index as usize].applies_from,
            self.factors[index as usize].valid_to,
        );
        let valid = self.ignore_validity || (begins <= day && day < ends);
        let ended = !valid && ends <= day && self.looks_at_ended();
        if valid || ended {
            Ok(ended)
        } else {
            Err("not valid on the date")
        }
    }

    fn lost_by(
        &self,
        criteria: &[Criteria; 2],
        own: &(Standing, FactorIndex),
        first: &(Standing, FactorIndex),
    ) -> &'static str {
        let ((stage, general, unstated), (first_stage, first_general, first_unstated)) =
            (own.0, first.0);
        if stage.uplift != first_stage.uplift {
            return "ambient, where a refrigerated factor applies";
        }
        if stage.ended != first_stage.ended {
            return ENDED;
        }
        if general != first_general {
            return "not specific to the carrier";
        }
        if unstated != first_unstated {
            return "energy carrier not stated";
        }
        self.lost_by_criterion(&criteria[stage.ended as usize], own.1, first.1)
    }

    fn lost_by_criterion(
        &self,
        criteria: &Criteria,
        own: FactorIndex,
        first: FactorIndex,
    ) -> &'static str {
        let differs = |c: &&Criterion| self.compare_by(**c, own, first) != Ordering::Equal;
        match criteria.0.iter().find(differs) {
            Some(Criterion::Region) => "region wider",
            Some(Criterion::Source) => "source order",
            Some(Criterion::ValidTo) => "validity ended earlier",
            Some(Criterion::EnergyRegion) => "region of the energy row wider",
            Some(Criterion::EnergySource) => "source order of the energy row",
            Some(Criterion::Id) | None => "id",
        }
    }

    /// The rank in words.
    fn words(
        &self,
        index: FactorIndex,
        standing: Option<Standing>,
        day: Day,
    ) -> Vec<(&'static str, String)> {
        let (factor, rank) = (&self.factors[index as usize], &self.ranks[index as usize]);
        let until = if factor.valid_to == NO_END {
            "until further notice".to_owned()
        } else {
            format!("to {}", date_text(factor.valid_to))
        };
        let stands_in = standing.is_some() && self.before_first(index, day) != Flags::NONE;
        let before = if stands_in {
            "; first of its series, so it stands in before"
        } else {
            ""
        };
        let named = |text: &str, none: &str| {
            if text.is_empty() {
                none.to_owned()
            } else {
                text.to_owned()
            }
        };
        let mut words = vec![
            ("temperature", factor.temperature.code().to_owned()),
            (
                "validity",
                format!("from {} {until}{before}", date_text(factor.valid_from)),
            ),
            ("carrier", named(&factor.carrier, "any")),
            (
                "energy carrier",
                named(&factor.energy_carrier, "not stated"),
            ),
        ];
        let ended = standing.is_some_and(|(stage, ..)| stage.ended);
        let composed = factor.composed.as_ref();
        for criterion in Criteria::new(self.prefer, ended).0 {
            match criterion {
                Criterion::Region => words.push((
                    "region",
                    region_words(
                        composed.map_or(&factor.region, |c| &c.row_region),
                        rank.region,
                    ),
                )),
                Criterion::Source => words.push((
                    "source",
                    format!("{}: {}", rank.source + 1, self.source_of(factor).folder),
                )),
                Criterion::ValidTo => words.push(("ended", date_text(factor.valid_to))),
                Criterion::EnergyRegion => words.extend(composed.map(|c| {
                    (
                        "energy region",
                        region_words(&c.energy_region, rank.energy_region),
                    )
                })),
                Criterion::EnergySource => words.extend(composed.map(|c| {
                    let folder = &self.source_of(&self.factors[c.energy as usize]).folder;
                    (
                        "energy source",
                        format!("{}: {folder}", rank.energy_source + 1),
                    )
                })),
                Criterion::Id => words.push(("id", factor.id.to_string())),
            }
        }
        words
    }
}

fn region_words(name: &str, narrowness: u64) -> String {
    match super::region::pairs(narrowness) {
        None => format!("{name} (all pairs)"),
        Some((1, false)) => format!("{name} (1 pair)"),
        Some((pairs, false)) => format!("{name} ({pairs} pairs)"),
        Some((pairs, true)) => format!("{name} ({pairs} pairs, names places)"),
    }
}

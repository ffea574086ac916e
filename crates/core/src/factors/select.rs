//! Which factor, exactly: the one order in which factors are preferred, and the questions asked of it.
//!
//! The same comparison sorts the index, picks among ended factors and puts candidates in order for explanations.

use super::compose::conversion;
use super::profile::Prefer;
use super::set::FactorSet;
use crate::model::element::FactorIndex;
use crate::model::flag::Flags;
use crate::model::id::LocationCode;
use crate::model::mode::{EnergyUnit, Per, Temperature};
use crate::model::movement::OperationIndex;
use crate::model::quantity::Intensity;
use crate::model::symbol::{ABSENT, Symbol};
use crate::model::time::{Day, NO_END};
use crate::model::unit::{DECIMAL18_MAX, ONE, div_half_even};
use std::cmp::Ordering;
use std::fmt;

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
    /// Ambient or refrigerated (`Absent` counts as ambient).
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
    /// Its intensity after uplift.
    pub intensity: Intensity,
    /// Q05, Q07, Q17, Q19, Q29, Q40, Q41.
    pub flags: Flags,
    /// Whether its reference period ended longer ago than the run admits.
    pub is_too_old: bool,
}

/// The energy row that applies: emissions = quantity x `numerator / denominator` x intensity, to be rounded once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnergyChoice {
    /// The energy row.
    pub factor: FactorIndex,
    /// Its intensity, per `per`.
    pub intensity: Intensity,
    /// Unit of the row's intensity.
    pub per: Per,
    /// From the unit of the question to `per`: numerator.
    pub numerator: i64,
    /// From the unit of the question to `per`: denominator, positive.
    pub denominator: i64,
    /// Q05, Q17, Q19, Q29.
    pub flags: Flags,
}

/// Why no factor applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoFactor {
    /// The nearest reason.
    pub reason: NoFactorReason,
}

/// Nearest reason why no factor applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoFactorReason {
    /// The operation has no factor in the profile.
    NoRow,
    /// None covers region, carrier, energy carrier and temperature, whatever the day.
    NotCovered,
    /// Some cover it, none on this day.
    NotValid,
    /// An ambient factor covers it, but the profile has no uplift for the mode.
    NoUplift,
}

impl fmt::Display for NoFactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.reason {
            NoFactorReason::NoRow => "the profile has no factor for this operation",
            NoFactorReason::NotCovered => "no factor of this operation covers region, carrier, energy carrier and temperature",
            NoFactorReason::NotValid => "no factor that covers it is valid on this date",
            NoFactorReason::NoUplift => "only an ambient factor applies, and the profile has no refrigerated uplift for the mode",
        })
    }
}

/// What must match exactly; energy rows have no operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct GroupKey {
    pub operation: Option<OperationIndex>,
    pub temperature: Temperature,
    pub carrier: Symbol,
    pub energy_carrier: Symbol,
}

/// What the scan of a group looks at, packed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub applies_from: Day,
    pub valid_to: Day,
    pub region: u32,
    pub factor: FactorIndex,
}

/// What decides between two factors of one group, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Criterion {
    Region,
    Source,
    ValidTo,
    EnergyRegion,
    EnergySource,
    Id,
}

/// The criteria in the order in which they decide.
#[derive(Clone, Debug)]
pub(super) struct Criteria(pub Vec<Criterion>);

impl Criteria {
    /// For transport and hub factors. Among ended ones the later end comes right after source order.
    pub(super) fn new(prefer: Prefer, ended: bool) -> Criteria {
        use Criterion::*;
        let mut list = match (prefer, ended) {
            (Prefer::Region, false) => vec![Region, Source],
            (Prefer::Region, true) => vec![Region, Source, ValidTo],
            (Prefer::Source, false) => vec![Source, Region],
            (Prefer::Source, true) => vec![Source, ValidTo, Region],
        };
        list.extend([EnergyRegion, EnergySource, Id]);
        Criteria(list)
    }

    /// For energy rows on their own: `prefer` does not hold there (docs/methodology.md, section 8).
    pub(super) fn energy(ended: bool) -> Criteria {
        use Criterion::*;
        Criteria(if ended {
            vec![Region, Source, ValidTo, Id]
        } else {
            vec![Region, Source, Id]
        })
    }
}

/// Values of the criteria that are numbers.
pub(super) type RankKey = [u64; 5];

/// An intensity times an uplift in millionths, half to even; `None` beyond `Decimal(18,9)`.
pub fn uplifted(intensity: i64, uplift: i64) -> Option<i64> {
    i64::try_from(div_half_even(
        intensity as i128 * uplift as i128,
        ONE as i128,
    ))
    .ok()
    .filter(|v| *v <= DECIMAL18_MAX)
}

/// A text that no row holds.
const UNKNOWN: Symbol = Symbol::MAX;

/// Which factors a step of the search looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stage {
    /// Refrigerated is asked, ambient is taken.
    pub uplift: bool,
    /// Validity has ended.
    pub ended: bool,
}

impl Stage {
    /// A valid factor, then one past its last edition, then the same among ambient ones with uplift (docs/formats.md, Movement records).
    pub(super) const ALL: [Stage; 4] = [
        Stage {
            uplift: false,
            ended: false,
        },
        Stage {
            uplift: false,
            ended: true,
        },
        Stage {
            uplift: true,
            ended: false,
        },
        Stage {
            uplift: true,
            ended: true,
        },
    ];
}

impl FactorSet {
    /// The factor that applies, or why none does (R011).
    pub fn select(&self, query: &FactorQuery) -> Result<Choice, NoFactor> {
        let refrigerated = query.temperature == Temperature::Refrigerated;
        for stage in Stage::ALL {
            if (stage.uplift && !refrigerated) || (stage.ended && !self.looks_at_ended()) {
                continue;
            }
            let temperature = if refrigerated && !stage.uplift {
                Temperature::Refrigerated
            } else {
                Temperature::Ambient
            };
            let found = self.classes(query).find_map(|(carrier, energy_carrier)| {
                let key = GroupKey {
                    operation: Some(query.operation),
                    temperature,
                    carrier,
                    energy_carrier,
                };
                self.best(
                    &key,
                    query.origin,
                    query.destination,
                    query.day,
                    stage.ended,
                )
            });
            if let Some(factor) = found {
                return self.choice(factor, stage, query.day);
            }
        }
        Err(NoFactor {
            reason: self.reason(query),
        })
    }

    /// The energy row that applies to primary data; `None`: R022.
    pub fn select_energy(&self, query: &EnergyQuery) -> Option<EnergyChoice> {
        let energy_carrier = self
            .symbols
            .find(query.energy_carrier)
            .filter(|s| *s != ABSENT)?;
        let key = GroupKey {
            operation: None,
            temperature: Temperature::Absent,
            carrier: ABSENT,
            energy_carrier,
        };
        let group = self.group(&key);
        let fits = |e: &&Entry, ended: bool| {
            self.is_at(e, query.day, ended)
                && conversion(query.unit, self.factors[e.factor as usize].per).is_some()
                && self.regions[e.region as usize].covers(query.origin, query.destination)
        };
        let valid = group
            .iter()
            .find(|e| fits(e, false))
            .map(|e| (e.factor, false));
        let (index, ended) = valid.or_else(|| {
            let criteria = Criteria::energy(true);
            let ended = group
                .iter()
                .filter(|e| self.looks_at_ended() && fits(e, true))
                .map(|e| e.factor);
            ended
                .min_by(|a, b| self.compare(&criteria, *a, *b))
                .map(|f| (f, true))
        })?;
        let factor = &self.factors[index as usize];
        let (numerator, denominator) = conversion(query.unit, factor.per)?;
        Some(EnergyChoice {
            factor: index,
            intensity: factor.intensity,
            per: factor.per,
            numerator,
            denominator,
            flags: self.ranks[index as usize].flags
                | Flags::PAST_LAST_EDITION.when(ended)
                | self.before_first(index, query.day),
        })
    }

    /// Whether ended factors may be used at all.
    pub(super) fn looks_at_ended(&self) -> bool {
        self.use_latest && !self.ignore_validity
    }

    /// Q29 on a day before the factor becomes valid.
    pub(super) fn before_first(&self, index: FactorIndex, day: Day) -> Flags {
        let begins = self.factors[index as usize].valid_from;
        Flags::BEFORE_FIRST_EDITION.when(day < begins && !self.ignore_validity)
    }

    /// The energy carrier wanted: the row's, else the operation's usual one.
    pub(super) fn wanted_energy_carrier(&self, query: &FactorQuery) -> Symbol {
        if query.energy_carrier.is_empty() {
            self.usual
                .get(query.operation as usize)
                .copied()
                .unwrap_or(ABSENT)
        } else {
            self.symbols.find(query.energy_carrier).unwrap_or(UNKNOWN)
        }
    }

    /// Carrier and energy carrier of the groups that apply, in order of preference: carrier-specific before general, then
    /// energy carrier equal before empty.
    fn classes(&self, query: &FactorQuery) -> impl Iterator<Item = (Symbol, Symbol)> + use<> {
        let carrier = self.symbols.find(query.carrier).unwrap_or(UNKNOWN);
        let energy = self.wanted_energy_carrier(query);
        [
            (carrier, energy),
            (carrier, ABSENT),
            (ABSENT, energy),
            (ABSENT, ABSENT),
        ]
        .into_iter()
        .filter(|c| c.0 != UNKNOWN && c.1 != UNKNOWN)
    }

    fn group(&self, key: &GroupKey) -> &[Entry] {
        match self.groups.get(key) {
            Some(range) => &self.entries[range.start as usize..range.end as usize],
            None => &[],
        }
    }

    /// Whether validity fits: valid on the day or standing in before it, or ended before the day.
    fn is_at(&self, entry: &Entry, day: Day, ended: bool) -> bool {
        if ended {
            entry.valid_to <= day
        } else {
            self.ignore_validity || (entry.applies_from <= day && day < entry.valid_to)
        }
    }

    fn best(
        &self,
        key: &GroupKey,
        origin: LocationCode,
        destination: LocationCode,
        day: Day,
        ended: bool,
    ) -> Option<FactorIndex> {
        let fits = |e: &&Entry| {
            self.is_at(e, day, ended) && self.regions[e.region as usize].covers(origin, destination)
        };
        let group = self.group(key);
        if !ended {
            // Groups are sorted by preference among valid factors.
            return group.iter().find(fits).map(|e| e.factor);
        }
        let criteria = Criteria::new(self.prefer, true);
        group
            .iter()
            .filter(fits)
            .map(|e| e.factor)
            .min_by(|a, b| self.compare(&criteria, *a, *b))
    }

    fn choice(&self, index: FactorIndex, stage: Stage, day: Day) -> Result<Choice, NoFactor> {
        let factor = &self.factors[index as usize];
        let mut intensity = factor.intensity;
        if stage.uplift {
            let uplift = self.uplift_of(factor.operation).ok_or(NoFactor {
                reason: NoFactorReason::NoUplift,
            })?;
            // Set sizes were checked at load: an uplifted value fits.
            let limit = NoFactor {
                reason: NoFactorReason::NoUplift,
            };
            intensity = intensity.each(|v| uplifted(v, uplift)).ok_or(limit)?;
        }
        let flags = self.ranks[index as usize].flags
            | Flags::PAST_LAST_EDITION.when(stage.ended)
            | self.before_first(index, day)
            | Flags::REFRIGERATED_UPLIFT.when(stage.uplift)
            | Flags::OUTSIDE_REFERENCE_PERIOD
                .when((factor.reference).is_some_and(|(from, to)| day < from || to <= day));
        Ok(Choice {
            factor: index,
            intensity,
            flags,
            is_too_old: self.is_too_old(factor, day),
        })
    }

    /// Uplift of an operation's mode, millionths.
    pub(super) fn uplift_of(&self, operation: Option<OperationIndex>) -> Option<i64> {
        self.uplift[self.operations.get(operation? as usize)?.mode]
    }

    /// Order of preference between two factors that both apply in the same way.
    pub(super) fn compare(&self, criteria: &Criteria, a: FactorIndex, b: FactorIndex) -> Ordering {
        criteria
            .0
            .iter()
            .map(|c| self.compare_by(*c, a, b))
            .find(|o| o.is_ne())
            .unwrap_or(Ordering::Equal)
    }

    pub(super) fn compare_by(
        &self,
        criterion: Criterion,
        a: FactorIndex,
        b: FactorIndex,
    ) -> Ordering {
        let (ra, rb) = (&self.ranks[a as usize], &self.ranks[b as usize]);
        let (fa, fb) = (&self.factors[a as usize], &self.factors[b as usize]);
        match criterion {
            Criterion::Region => ra.region.cmp(&rb.region),
            Criterion::Source => ra.source.cmp(&rb.source),
            Criterion::ValidTo => fb.valid_to.cmp(&fa.valid_to),
            Criterion::EnergyRegion => ra.energy_region.cmp(&rb.energy_region),
            Criterion::EnergySource => ra.energy_source.cmp(&rb.energy_source),
            Criterion::Id => fa.id.cmp(&fb.id),
        }
    }

    /// The criteria that are numbers, in order, as far as no text comes between: what [`FactorSet::compare`] decides by before it looks
    /// at ids.
    pub(super) fn rank_key(&self, criteria: &Criteria, index: FactorIndex) -> RankKey {
        let rank = &self.ranks[index as usize];
        let mut key = RankKey::default();
        for (place, criterion) in key.iter_mut().zip(&criteria.0) {
            *place = match criterion {
                Criterion::Region => rank.region,
                Criterion::Source => rank.source.into(),
                // A later end comes first.
                Criterion::ValidTo => {
                    i64::from(NO_END).abs_diff(self.factors[index as usize].valid_to.into())
                }
                Criterion::EnergyRegion => rank.energy_region,
                Criterion::EnergySource => rank.energy_source.into(),
                Criterion::Id => break,
            };
        }
        key
    }

    /// Nearest reason why nothing applies; only asked after `select` found nothing.
    fn reason(&self, query: &FactorQuery) -> NoFactorReason {
        if !self
            .groups
            .keys()
            .any(|k| k.operation == Some(query.operation))
        {
            return NoFactorReason::NoRow;
        }
        let temperatures: &[Temperature] = match query.temperature {
            Temperature::Refrigerated => &[Temperature::Refrigerated, Temperature::Ambient],
            Temperature::Ambient | Temperature::Absent => &[Temperature::Ambient],
        };
        let covered = temperatures.iter().any(|&temperature| {
            self.classes(query).any(|(carrier, energy_carrier)| {
                let key = GroupKey {
                    operation: Some(query.operation),
                    temperature,
                    carrier,
                    energy_carrier,
                };
                self.group(&key).iter().any(|e| {
                    self.regions[e.region as usize].covers(query.origin, query.destination)
                })
            })
        });
        if covered {
            NoFactorReason::NotValid
        } else {
            NoFactorReason::NotCovered
        }
    }
}

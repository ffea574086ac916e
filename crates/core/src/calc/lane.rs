//! What is resolved once per distinct key and not once per row: the factor, the distance, the adjustment of a lane.

use super::trail::Trail;
use crate::factors::{EmissionFactor, EnergyQuery, FactorQuery};
use crate::model::element::FactorIndex;
use crate::model::flag::Flags;
use crate::model::id::LocationCode;
use crate::model::mode::{Basis, DataCategory, EnergyUnit, Mode, Per, Temperature};
use crate::model::movement::OperationIndex;
use crate::model::quantity::Intensity;
use crate::model::symbol::{Symbol, Symbols};
use crate::model::time::Day;
use crate::reference::plausibility::Bounds;
use crate::reference::{BasisTable, FoundDistance, Leg, Reference};

/// Everything that decides about factor and distance of a row. Two days of one epoch have the same answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneKey {
    /// Operation; its mode comes with it.
    pub operation: OperationIndex,
    /// Temperature class.
    pub temperature: Temperature,
    /// Carrier.
    pub carrier: Symbol,
    /// Energy carrier of the row.
    pub energy_carrier: Symbol,
    /// Unit of the row's energy; `Absent`: the intensity is wanted, not the energy row.
    pub energy_unit: EnergyUnit,
    /// Origin.
    pub origin: LocationCode,
    /// Destination.
    pub destination: LocationCode,
    /// Interval of factor validity, see `FactorSet::epoch`.
    pub epoch: u32,
}

impl LaneKey {
    /// All eight fields in three words, which is what is compared for every element.
    #[inline]
    fn words(&self) -> Words {
        let places = (self.origin.0 as u64) << 32 | self.destination.0 as u64;
        let carriers = (self.carrier as u64) << 32 | self.energy_carrier as u64;
        let rest = (self.operation as u64) << 16
            | (self.temperature as u64) << 8
            | self.energy_unit as u64;
        (places, carriers, (self.epoch as u64) << 32 | rest)
    }
}

type Words = (u64, u64, u64);

/// The factor of a lane as it will be applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneFactor {
    /// The factor.
    pub factor: FactorIndex,
    /// Its intensity.
    pub intensity: Intensity,
    /// Unit.
    pub per: Per,
    /// Data category.
    pub data_category: DataCategory,
    /// Flags of the choice: Q05, Q07, Q17, Q19, Q29, Q40, Q41.
    pub flags: Flags,
    /// Whether empty running is already inside.
    pub holds_empty_running: bool,
    /// Basis of the distance that the intensity wants.
    pub basis: Basis,
    /// One unit of the row's energy is `ratio.0 / ratio.1` units of the energy row.
    pub ratio: (i64, i64),
    /// Whether its reference period ended longer ago than the run admits (R025).
    pub is_too_old: bool,
}

impl LaneFactor {
    /// A row of the library with its intensity after uplift.
    pub fn applied(
        factor: FactorIndex,
        row: &EmissionFactor,
        intensity: Intensity,
        flags: Flags,
        ratio: (i64, i64),
    ) -> LaneFactor {
        LaneFactor {
            factor,
            intensity,
            per: row.per,
            data_category: row.data_category,
            flags,
            holds_empty_running: row.empty_share.is_some_and(|share| share > 0),
            basis: row.distance_basis,
            ratio,
            is_too_old: false,
        }
    }
}

/// Answers for one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lane {
    /// The factor, or none (R011, R022).
    pub factor: Option<LaneFactor>,
    /// A distance for rows that report none, once such a row came: to look for one may be a search over the sea.
    pub distance: Option<FoundDistance>,
    /// Whether a distance was looked for.
    pub is_distance_sought: bool,
    /// Distances that a row may report without being flagged, m.
    pub plausible_m: Bounds,
}

/// Answers that are kept however little memory there is.
const FEWEST: usize = 4_096;

/// Answers found so far.
#[derive(Debug)]
pub struct Lanes<'r> {
    reference: &'r Reference,
    /// Places in `lanes`: the table that is searched stays small.
    found: Trail<Words>,
    lanes: Vec<Lane>,
    /// Answers that are kept.
    most: usize,
    last_day: (Day, u32),
}

impl<'r> Lanes<'r> {
    /// Nothing found yet.
    pub fn new(reference: &'r Reference) -> Lanes<'r> {
        Lanes {
            reference,
            found: Trail::default(),
            lanes: Vec::new(),
            most: usize::MAX,
            last_day: (Day::MIN, reference.factors.epoch(Day::MIN)),
        }
    }

    /// Keeps answers that take so many bytes; beyond them it begins anew.
    pub fn keep(&mut self, bytes: usize) {
        // A list that grows has twice the room that it needs.
        let of_a_lane = 2 * size_of::<Lane>() + Trail::<Words>::key_bytes();
        self.most = (bytes / of_a_lane).max(FEWEST);
    }

    /// Forgets the answers when there are too many: each is found again where it is wanted.
    pub fn trim(&mut self) {
        if self.lanes.len() > self.most {
            self.found = Trail::default();
            self.lanes = Vec::new();
        }
    }

    /// What the profile makes of a distance of a mode.
    pub fn adjustments(&self, mode: Mode) -> &'r BasisTable {
        self.reference.adjustments(mode)
    }

    /// The epoch of a day.
    #[inline]
    pub fn epoch(&mut self, day: Day) -> u32 {
        if self.last_day.0 != day {
            self.last_day = (day, self.reference.factors.epoch(day));
        }
        self.last_day.1
    }

    /// The lane of a key, with a distance if the row lacks one; `day` is any day of its epoch.
    #[inline]
    pub fn lane(
        &mut self,
        key: LaneKey,
        lacks_distance: bool,
        mode: Mode,
        day: Day,
        symbols: &Symbols,
    ) -> &Lane {
        let at = self.found.place(key.words()).unwrap_or_else(|new| {
            self.lanes
                .push(resolve(self.reference, key, mode, day, symbols));
            new
        });
        let lane = &mut self.lanes[at];
        if lacks_distance && !lane.is_distance_sought {
            seek_distance(self.reference, key, mode, day, lane);
        }
        lane
    }
}

/// One answer but for the distance, from the rules; [`Lanes`] only remembers it.
fn resolve(reference: &Reference, key: LaneKey, mode: Mode, day: Day, symbols: &Symbols) -> Lane {
    let factor = match key.energy_unit {
        EnergyUnit::Absent => intensity(reference, key, day, symbols),
        EnergyUnit::Kg | EnergyUnit::Litre | EnergyUnit::KWh | EnergyUnit::Mj => {
            energy(reference, key, day, symbols)
        }
    };
    Lane {
        factor,
        distance: None,
        is_distance_sought: false,
        plausible_m: match mode {
            Mode::Hub => Bounds::NONE,
            _ => reference.plausible_distance(mode, key.origin, key.destination),
        },
    }
}

#[cold]
fn seek_distance(reference: &Reference, key: LaneKey, mode: Mode, day: Day, lane: &mut Lane) {
    lane.distance = reference.distance(Leg {
        mode,
        operation: key.operation,
        origin: key.origin,
        destination: key.destination,
        day,
    });
    lane.is_distance_sought = true;
}

fn intensity(
    reference: &Reference,
    key: LaneKey,
    day: Day,
    symbols: &Symbols,
) -> Option<LaneFactor> {
    let query = FactorQuery {
        operation: key.operation,
        carrier: symbols.text(key.carrier),
        energy_carrier: symbols.text(key.energy_carrier),
        origin: key.origin,
        destination: key.destination,
        temperature: key.temperature,
        day,
    };
    let choice = reference.factors.select(&query).ok()?;
    let row = &reference.factors.factors[choice.factor as usize];
    Some(LaneFactor {
        is_too_old: choice.is_too_old,
        ..LaneFactor::applied(choice.factor, row, choice.intensity, choice.flags, (1, 1))
    })
}

fn energy(reference: &Reference, key: LaneKey, day: Day, symbols: &Symbols) -> Option<LaneFactor> {
    let query = EnergyQuery {
        energy_carrier: symbols.text(key.energy_carrier),
        unit: key.energy_unit,
        origin: key.origin,
        destination: key.destination,
        day,
    };
    let choice = reference.factors.select_energy(&query)?;
    Some(LaneFactor {
        factor: choice.factor,
        intensity: choice.intensity,
        per: choice.per,
        data_category: DataCategory::Primary,
        flags: choice.flags,
        holds_empty_running: false,
        basis: Basis::Absent,
        ratio: (choice.numerator, choice.denominator),
        is_too_old: false,
    })
}

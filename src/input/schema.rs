//! Raw columns of one unit to accepted rows and rejections: the one place where the rules of docs/formats.md meet.
//!
//! Works column by column; what two columns say together is judged at the end, and of several faults of a row the first in
//! the order of rejections counts. Formats do nothing but bring cells.

use super::carry;
use super::cells::Cells;
use super::column;
use super::judge::{Fault, Judge};
use super::judge_number::{Measure, Zero};
use super::mapping::{DistanceUnit, MassUnit, UNREADABLE_INSTANT};
use super::number::Ratio;
use super::rules::Rules;
use super::{Parsed, wanted};
use crate::model::flag::Flags;
use crate::model::id::LocationCode;
use crate::model::mode::{Basis, EnergyUnit, LoadStatus, Mode, RecordStatus, Temperature};
use crate::model::movement::{MovementBatch, NO_REJECT};
use crate::model::reject::{RejectReason, Rejected};
use crate::model::symbol::{ABSENT, Symbols};
use crate::model::unit::DECIMAL18_MAX;
use rustc_hash::FxHashMap;

/// Row numbers of a unit's records.
pub(super) enum RowNumbers {
    /// Without gaps, from this one.
    From(u64),
    /// One by one, where unreadable records stand between.
    List(Vec<u64>),
}

impl RowNumbers {
    fn get(&self, i: usize) -> u64 {
        match self {
            RowNumbers::From(first) => first + i as u64,
            RowNumbers::List(rows) => rows[i],
        }
    }
}

/// The raw columns of one unit.
pub(super) struct RawUnit<'a> {
    /// By column of ours, those that are carried behind the others.
    pub cells: Vec<Cells<'a>>,
    /// Number of records.
    pub rows: usize,
    /// Their numbers in the file.
    pub numbers: RowNumbers,
    /// Index of the file.
    pub file: u32,
    /// Records that could not be read at all (R023).
    pub unreadable: Vec<Rejected>,
}

// The mark of a place that no location or distance file knows; codes have 30 bits.
const UNKNOWN_PLACE: u32 = 1 << 31;
// No operation in the record; others are index << 8 | mode.
const NO_OPERATION: u32 = u32::MAX;

/// Applies the rules.
pub(super) fn parse(unit: RawUnit, rules: &Rules) -> Parsed {
    let (cells, rows) = (&unit.cells, unit.rows);
    let vocabulary = &rules.vocabulary;
    let mut judge = Judge::new(rules, rows);
    let mut symbols = Symbols::default();
    let mut symbol = |judge: &mut Judge, column: usize| {
        judge.words(column, &cells[column], ABSENT, |word| {
            Ok(word.map_or(ABSENT, |w| symbols.intern(w)))
        })
    };
    let mass = |column, zero| Measure {
        column,
        scale: rules.mass_scale(),
        ratio: (rules.mapping.mass_unit == MassUnit::Pound).then_some(Ratio::POUND),
        max: 1_000_000_000,
        zero,
    };
    // Of codes that stand only in the longer list each is looked up once.
    let mut looked_up: FxHashMap<LocationCode, bool> = FxHashMap::default();
    let mut place = |word: Option<&str>| {
        let word = word.ok_or(RejectReason::RequiredEmpty)?;
        let code = LocationCode::parse(word.as_bytes()).ok_or(RejectReason::MalformedLocation)?;
        let is_known = vocabulary.places.contains(&code)
            || *(looked_up.entry(code)).or_insert_with(|| vocabulary.knows(code));
        Ok(code.0 | if is_known { 0 } else { UNKNOWN_PLACE })
    };

    let movement_id = judge.texts(column::MOVEMENT_ID, &cells[column::MOVEMENT_ID], true);
    let shipment_id = judge.texts(column::SHIPMENT_ID, &cells[column::SHIPMENT_ID], true);
    let container_id = judge.container_ids(&cells[column::CONTAINER_ID]);
    let evidence_ref = judge.texts(column::EVIDENCE_REF, &cells[column::EVIDENCE_REF], false);
    let container_type = symbol(&mut judge, column::CONTAINER_TYPE);
    let carrier = symbol(&mut judge, column::CARRIER);
    let energy_carrier = symbol(&mut judge, column::ENERGY_CARRIER);
    let carried = carry::carried(&mut judge, cells, &mut symbols);
    let sequence = judge.sequences(&cells[column::SEQUENCE]);
    let mode = judge.words(
        column::MODE,
        &cells[column::MODE],
        Mode::default(),
        |word| {
            let word = word.ok_or(RejectReason::RequiredEmpty)?;
            let known = vocabulary.modes.get(&word.to_lowercase()).copied();
            known
                .or_else(|| Mode::from_code(word))
                .ok_or(RejectReason::UnknownCodeWord)
        },
    );
    let operations = judge.words(
        column::OPERATION,
        &cells[column::OPERATION],
        NO_OPERATION,
        |word| match word {
            None => Ok(NO_OPERATION),
            Some(word) => match vocabulary.operations.get(word) {
                Some((index, mode)) => Ok((*index as u32) << 8 | *mode as u32),
                None => Err(RejectReason::UnknownOperation),
            },
        },
    );
    let origins = judge.words(column::ORIGIN, &cells[column::ORIGIN], 0, &mut place);
    let destinations = judge.words(column::DESTINATION, &cells[column::DESTINATION], 0, place);
    let departed_at = judge.times(column::DEPARTED_AT, &cells[column::DEPARTED_AT], true);
    let arrived_at = judge.times(column::ARRIVED_AT, &cells[column::ARRIVED_AT], false);
    let recorded_at = judge.times(column::RECORDED_AT, &cells[column::RECORDED_AT], false);
    let distance = Measure {
        column: column::DISTANCE_KM,
        scale: match rules.mapping.distance_unit {
            DistanceUnit::Metre => 0,
            _ => 3,
        },
        ratio: match rules.mapping.distance_unit {
            DistanceUnit::Kilometre | DistanceUnit::Metre => None,
            DistanceUnit::Mile => Some(Ratio::MILE),
            DistanceUnit::NauticalMile => Some(Ratio::NAUTICAL_MILE),
        },
        max: 50_000_000,
        zero: Zero::Open,
    };
    let (distance_m, no_distance) = judge.measures(&distance, &cells[column::DISTANCE_KM]);
    let (mass_g, no_mass) = judge.measures(
        &mass(column::CARGO_MASS_KG, Zero::Open),
        &cells[column::CARGO_MASS_KG],
    );
    let whole_box = mass(column::CONTAINER_CARGO_MASS_KG, Zero::Absent);
    let (container_mass_g, _) = judge.measures(&whole_box, &cells[column::CONTAINER_CARGO_MASS_KG]);
    let teu = Measure {
        column: column::TEU,
        scale: 6,
        ratio: None,
        max: 1_000_000_000,
        zero: Zero::Refused,
    };
    let (teu, _) = judge.measures(&teu, &cells[column::TEU]);
    let part = Measure {
        column: column::BOX_SHARE,
        scale: 6,
        ratio: None,
        max: 1_000_000,
        zero: Zero::Refused,
    };
    let (box_share, _) = judge.measures(&part, &cells[column::BOX_SHARE]);
    let energy = Measure {
        column: column::ENERGY_QUANTITY,
        scale: 6,
        ratio: None,
        max: DECIMAL18_MAX as u64,
        zero: Zero::Refused,
    };
    let (energy_quantity, _) = judge.measures(&energy, &cells[column::ENERGY_QUANTITY]);
    let mut code_words = CodeWords {
        judge: &mut judge,
        cells,
    };
    let distance_basis = code_words.column(column::DISTANCE_BASIS, Basis::Absent, Basis::from_code);
    let load_status = code_words.column(
        column::LOAD_STATUS,
        LoadStatus::Laden,
        LoadStatus::from_code,
    );
    let temperature = code_words.column(
        column::TEMPERATURE,
        Temperature::Absent,
        Temperature::from_code,
    );
    let energy_unit = code_words.column(
        column::ENERGY_UNIT,
        EnergyUnit::Absent,
        EnergyUnit::from_code,
    );
    let record_status = code_words.column(
        column::RECORD_STATUS,
        RecordStatus::Active,
        RecordStatus::from_code,
    );

    let is_equal = |word: &str| match word {
        "equal" => Some(true),
        "stated" => Some(false),
        _ => None,
    };
    let equal_share = code_words.column(column::BOX_SHARE_SOURCE, false, is_equal);

    let mut batch = MovementBatch {
        shipment_id,
        movement_id,
        container_id,
        evidence_ref,
        container_type,
        sequence,
        mode,
        operation: Vec::new(),
        carrier,
        origin: Vec::new(),
        destination: Vec::new(),
        departed_at,
        arrived_at,
        distance_m,
        distance_basis,
        mass_g,
        teu,
        container_mass_g,
        box_share,
        load_status,
        temperature,
        energy_carrier,
        energy_quantity,
        energy_unit,
        recorded_at,
        record_status,
        carried,
        flags: Vec::new(),
        file: vec![unit.file; rows],
        row: (0..rows).map(|i| unit.numbers.get(i)).collect(),
        reject: vec![NO_REJECT; rows],
        rejects: Vec::new(),
    };
    judge_zeros(&mut judge, &batch, &no_distance, &no_mass);
    judge_operations(&mut judge, &mut batch, &operations);
    judge_places(&mut judge, &mut batch, origins, destinations);
    judge_pairs(&mut judge, &mut batch);
    judge_shares(&mut judge, &batch, &equal_share);
    batch.flags = std::mem::take(&mut judge.flags);
    let unplaced = settle(judge, &mut batch, cells, unit.unreadable);
    let rows = (batch.len() + unplaced.len()) as u64;
    Parsed {
        batch,
        symbols,
        unplaced,
        rows,
        blank: 0,
    }
}

struct CodeWords<'j, 'r, 'c> {
    judge: &'j mut Judge<'r>,
    cells: &'j [Cells<'c>],
}

impl CodeWords<'_, '_, '_> {
    /// A column of a closed list; empty gives `absent`.
    fn column<T: Copy>(
        &mut self,
        column: usize,
        absent: T,
        from_code: fn(&str) -> Option<T>,
    ) -> Vec<T> {
        self.judge
            .words(column, &self.cells[column], absent, |word| match word {
                None => Ok(absent),
                Some(word) => from_code(word).ok_or(RejectReason::UnknownCodeWord),
            })
    }
}

/// A distance of 0 is absent in a hub row, a mass of 0 in an empty box; elsewhere they are out of range. Where mode or load
/// status could not be read, that is the fault, not the zero.
fn judge_zeros(judge: &mut Judge, batch: &MovementBatch, no_distance: &[u32], no_mass: &[u32]) {
    for row in no_distance.iter().map(|&row| row as usize) {
        if batch.mode[row] != Mode::Hub && !judge.is_bad(row, column::MODE) {
            judge.fault(row, column::DISTANCE_KM, RejectReason::NumberOutOfRange);
        }
    }
    for row in no_mass.iter().map(|&row| row as usize) {
        if batch.load_status[row] != LoadStatus::Empty && !judge.is_bad(row, column::LOAD_STATUS) {
            judge.fault(row, column::CARGO_MASS_KG, RejectReason::NumberOutOfRange);
        }
    }
}

/// The operation of the record or the default of its mode (Q12); it must belong to the mode.
#[expect(
    clippy::cast_possible_truncation,
    reason = "an operation is packed as its index of 16 bits above a mode of 8"
)]
fn judge_operations(judge: &mut Judge, batch: &mut MovementBatch, operations: &[u32]) {
    let defaults = judge.rules.vocabulary.default_operation;
    let fits = |(&found, &mode): (&u32, &Mode)| found & 0xff == mode as u32;
    if operations
        .iter()
        .zip(&batch.mode)
        .fold(true, |all, pair| all & fits(pair))
    {
        batch.operation = operations.iter().map(|found| (found >> 8) as u16).collect();
        return;
    }
    batch.operation.reserve(operations.len());
    for (row, &found) in operations.iter().enumerate() {
        let mode = batch.mode[row];
        if found != NO_OPERATION {
            batch.operation.push((found >> 8) as u16);
            if found as u8 != mode as u8 && !judge.is_bad(row, column::MODE) {
                judge.fault(row, column::OPERATION, RejectReason::OperationOfOtherMode);
            }
            continue;
        }
        batch.operation.push(defaults[mode].unwrap_or_default());
        judge.flags[row] |= Flags::OPERATION_DEFAULTED;
        let known = !judge.is_bad(row, column::MODE) && !judge.is_bad(row, column::OPERATION);
        if known && defaults[mode].is_none() {
            judge.fault(row, column::OPERATION, RejectReason::UnknownOperation);
        }
    }
}

/// Both places without their mark (Q23); a hub operation stays where it is.
fn judge_places(
    judge: &mut Judge,
    batch: &mut MovementBatch,
    origins: Vec<u32>,
    destinations: Vec<u32>,
) {
    let is_hub = batch
        .mode
        .iter()
        .fold(false, |any, &mode| any | (mode == Mode::Hub));
    let unknown = origins
        .iter()
        .zip(&destinations)
        .fold(0, |all, (o, d)| all | o | d)
        & UNKNOWN_PLACE
        != 0;
    if is_hub || unknown {
        for (row, (&origin, &destination)) in origins.iter().zip(&destinations).enumerate() {
            if (origin | destination) & UNKNOWN_PLACE != 0 {
                judge.flags[row] |= Flags::UNKNOWN_PLACE;
            }
            if batch.mode[row] != Mode::Hub || judge.is_bad(row, column::MODE) {
                continue;
            }
            let readable =
                !judge.is_bad(row, column::ORIGIN) && !judge.is_bad(row, column::DESTINATION);
            if origin != destination && readable {
                judge.fault(row, column::DESTINATION, RejectReason::HubMoves);
            }
            if batch.distance_m[row] != 0 {
                judge.fault(row, column::DISTANCE_KM, RejectReason::HubMoves);
            }
        }
    }
    let codes = |marked: Vec<u32>| {
        marked
            .into_iter()
            .map(|place| LocationCode(place & !UNKNOWN_PLACE))
            .collect()
    };
    (batch.origin, batch.destination) = (codes(origins), codes(destinations));
}

/// Arrival after departure, the box not lighter than its part, a basis for every distance (Q04) and only for those.
fn judge_pairs(judge: &mut Judge, batch: &mut MovementBatch) {
    let default_basis = judge.rules.vocabulary.default_basis;
    for (row, (&departed, &arrived)) in batch.departed_at.iter().zip(&batch.arrived_at).enumerate()
    {
        // The two stand-ins for a missing instant are the lowest values.
        if (arrived < departed) & (arrived > UNREADABLE_INSTANT) {
            judge.fault(
                row,
                column::ARRIVED_AT,
                RejectReason::ArrivalBeforeDeparture,
            );
        }
    }
    for (row, (&whole, &part)) in batch.container_mass_g.iter().zip(&batch.mass_g).enumerate() {
        if (whole != 0) & (whole < part) {
            judge.fault(
                row,
                column::CONTAINER_CARGO_MASS_KG,
                RejectReason::NumberOutOfRange,
            );
        }
    }
    let distances = batch.distance_m.iter().zip(&mut batch.distance_basis);
    for ((&distance, basis), flags) in distances.zip(&mut judge.flags) {
        let assumed = (distance != 0) & (*basis == Basis::Absent);
        *flags |= Flags::BASIS_ASSUMED.when(assumed);
        *basis = match distance {
            0 => Basis::Absent,
            _ if assumed => default_basis,
            _ => *basis,
        };
    }
}

/// A part of the box is either stated or follows from masses; one that was assumed equal is flagged (Q42).
fn judge_shares(judge: &mut Judge, batch: &MovementBatch, equal: &[bool]) {
    if batch.box_share.iter().all(|&share| share == 0) {
        return;
    }
    for (row, &share) in batch.box_share.iter().enumerate() {
        judge.flags[row] |= Flags::SHARE_ASSUMED.when(share != 0 && equal[row]);
        if share != 0 && batch.container_mass_g[row] != 0 {
            judge.fault(row, column::BOX_SHARE, RejectReason::NumberOutOfRange);
        }
    }
}

/// Picks the fault that counts for each faulty row. Rows that name their shipment become tombstones in place, the others
/// leave the batch.
fn settle(
    judge: Judge,
    batch: &mut MovementBatch,
    cells: &[Cells],
    unreadable: Vec<Rejected>,
) -> Vec<Rejected> {
    let mut unplaced = unreadable;
    if judge.faults.is_empty() {
        return unplaced;
    }
    let cancelled = |fault: &Fault| {
        let row = fault.row as usize;
        // What may be a cancellation in other words is told of these words, not of what a cancellation does not need.
        let may_be = batch.record_status[row] == RecordStatus::Cancelled
            || judge.is_bad(row, column::RECORD_STATUS);
        may_be && !column::judged_when_cancelled(fault.column as usize)
    };
    let mut faults: Vec<Fault> = judge
        .faults
        .iter()
        .copied()
        .filter(|f| !cancelled(f))
        .collect();
    faults.sort_unstable();
    faults.dedup_by_key(|f| f.row);
    let (mut buried, mut gone) = (Vec::new(), Vec::new());
    for fault in &faults {
        let row = fault.row as usize;
        let mode = (!judge.is_bad(row, column::MODE)).then_some(batch.mode[row]);
        let reject = wanted::reject(judge.rules, cells, fault, mode);
        if judge.is_bad(row, column::SHIPMENT_ID) {
            let movement_id = batch.movement_id.str(row).to_owned();
            let (file, number) = (batch.file[row], batch.row[row]);
            unplaced.push(Rejected {
                file,
                row: number,
                reject,
                shipment_id: String::new(),
                movement_id,
                carried: batch.carried[row],
            });
            gone.push(fault.row);
        } else {
            buried.push((fault.row, reject));
        }
    }
    batch.bury(buried);
    if !gone.is_empty() {
        *batch = without(batch, &gone);
        unplaced.sort_by_key(|r| r.row);
    }
    unplaced
}

/// The batch without some rows (ascending).
fn without(batch: &MovementBatch, gone: &[u32]) -> MovementBatch {
    let mut kept = MovementBatch::default();
    let mut from = 0;
    for &row in gone {
        kept.extend(batch, from..row as usize);
        from = row as usize + 1;
    }
    kept.extend(batch, from..batch.len());
    kept
}

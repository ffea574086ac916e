//! Rejections of the kernel: what the record says, and what was wanted instead.

use super::Kernel;
use super::duplicates::Loss;
use crate::model::flag::Flags;
use crate::model::movement::MovementBatch;
use crate::model::reject::{Reject, RejectReason, Rejected};
use crate::model::symbol::Symbols;
use crate::model::time::day_of;
use crate::model::unit::{DISTANCE_SCALE, MASS_SCALE, SHARE_SCALE, short_decimal_text};

/// A row rejected among its duplicates; without a reason: for what parsing found.
pub(super) fn settled(batch: &MovementBatch, row: u32, loss: Loss) -> Rejected {
    let i = row as usize;
    let reject = match batch.reject_of(i) {
        Some(found) if loss == Loss::Unparsed => found.clone(),
        _ => {
            let (reason, wanted) = loss.told();
            Reject::new(reason, "movement_id", batch.movement_id.str(i), wanted)
        }
    };
    rejected(batch, i, reject)
}

/// A row rejected after its chain was assembled.
pub(super) fn late(
    batch: &MovementBatch,
    row: u32,
    reason: RejectReason,
    column: &'static str,
    symbols: &Symbols,
    kernel: &Kernel<'_>,
) -> Rejected {
    let i = row as usize;
    let operation = &*kernel.reference.factors.operations[batch.operation[i] as usize].code;
    let date = || crate::model::time::date_text(day_of(batch.departed_at[i]));
    let lane = || format!("{} to {}", batch.origin[i], batch.destination[i]);
    let wanted = match reason {
        RejectReason::NoFactor => format!(
            "a factor for {operation} valid on {} from {}",
            date(),
            lane()
        ),
        RejectReason::NoDistance => {
            let reference = kernel.reference;
            let ends = [batch.origin[i], batch.destination[i]];
            let hint = reference.what_lacks(batch.mode[i], &ends);
            format!(
                "a distance by {} from {}{hint}",
                batch.mode[i].code(),
                lane()
            )
        }
        RejectReason::NoMass => {
            "a mass in the record, or TEU and a default mass in the profile".into()
        }
        RejectReason::NoTeu => "a TEU count of at most 4 where the figure is per container".into(),
        RejectReason::NoDistanceAdjustment => {
            format!("an adjustment to the basis of the intensity of {operation}")
        }
        RejectReason::EnergyIncomplete => {
            format!(
                "an energy carrier and unit with an energy factor valid on {} from {}",
                date(),
                lane()
            )
        }
        RejectReason::SameSequence => {
            "a sequence of its own for each movement of a container".into()
        }
        RejectReason::FigureTooOld => format!(
            "a figure for {operation} whose reference period ended at most {} months before, [limits] max_primary_age_months",
            kernel.reference.factors.max_primary_age_months.unwrap_or(0)
        ),
        RejectReason::LimitExceeded => "figures within Decimal(18,9) and Decimal(15,3)".into(),
        _ => reason.title().into(),
    };
    rejected(
        batch,
        i,
        Reject::new(
            reason,
            column,
            &found(batch, i, column, symbols, operation),
            wanted,
        ),
    )
}

/// What the record says in a column that a late rejection blames; empty when it says nothing and a default stood in.
fn found(
    batch: &MovementBatch,
    i: usize,
    column: &str,
    symbols: &Symbols,
    operation: &str,
) -> String {
    let reported = |mantissa: u32, scale| {
        if mantissa == 0 {
            String::new()
        } else {
            short_decimal_text(mantissa.into(), scale)
        }
    };
    let defaulted = |flag: Flags, text: &str| {
        if batch.flags[i].has(flag) {
            String::new()
        } else {
            text.to_owned()
        }
    };
    match column {
        "departed_at" => crate::model::time::instant_text(batch.departed_at[i]),
        "sequence" => batch.sequence[i].to_string(),
        "operation" => defaulted(Flags::OPERATION_DEFAULTED, operation),
        "distance_km" => reported(batch.distance_m[i], DISTANCE_SCALE),
        "distance_basis" => defaulted(Flags::BASIS_ASSUMED, batch.distance_basis[i].code()),
        "cargo_mass_kg" => reported(batch.mass_g[i], MASS_SCALE),
        "teu" => reported(batch.teu[i], SHARE_SCALE),
        "energy_carrier" => symbols.text(batch.energy_carrier[i]).to_owned(),
        "energy_quantity" => short_decimal_text(batch.energy_quantity[i].into(), SHARE_SCALE),
        _ => String::new(),
    }
}

fn rejected(batch: &MovementBatch, i: usize, reject: Reject) -> Rejected {
    Rejected {
        file: batch.file[i],
        row: batch.row[i],
        reject,
        shipment_id: batch.shipment_id.str(i).to_owned(),
        movement_id: batch.movement_id.str(i).to_owned(),
        carried: batch.carried[i],
    }
}

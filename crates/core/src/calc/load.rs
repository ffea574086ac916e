//! What is on the move in one row: mass, TEU, containers, temperature (docs/methodology.md, section 5; flags Q01, Q11, Q14, Q16, Q24).

use super::activity::share;
use crate::model::flag::Flags;
use crate::model::mode::{LoadStatus, Temperature};
use crate::model::movement::MovementBatch;
use crate::model::quantity::Grams;
use crate::model::symbol::ABSENT;
use crate::model::unit::{ONE, div_half_even};

/// TEU is unknown.
pub const UNKNOWN_TEU: i64 = -1;

/// What the kernel needs of a container type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoxType {
    /// TEU, millionths.
    pub teu: i64,
    /// Tare, g; 0: unknown.
    pub tare_g: i64,
    /// Whether it is a refrigerated container.
    pub refrigerated: bool,
    /// Most cargo that one box of the type can hold, g; `i64::MAX`: no bound.
    pub most_cargo_g: i64,
}

/// Masses per TEU that the profile lends to rows without one, g; 0: none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DefaultMass {
    /// Cargo of a laden TEU.
    pub laden_g: i64,
    /// Mass of an empty TEU.
    pub empty_g: i64,
}

/// Load of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// Mass; 0: none can be found (R013).
    pub mass: Grams,
    /// TEU of this consignment's part, millionths; [`UNKNOWN_TEU`].
    pub teu: i64,
    /// TEU of the whole box, millionths; [`UNKNOWN_TEU`].
    pub whole_teu: i64,
    /// Containers of this consignment's part, millionths.
    pub containers: i64,
    /// Laden or empty.
    pub load_status: LoadStatus,
    /// Ambient or refrigerated.
    pub temperature: Temperature,
}

/// Load of row `i` whose container type resolved to `kind`, and the flags of how it was found.
// Not inlined, its result is stored in words and read back at once in pairs of words, which waits for the stores.
#[inline(always)]
pub fn load(
    batch: &MovementBatch,
    i: usize,
    kind: Option<BoxType>,
    defaults: DefaultMass,
) -> (Load, Flags) {
    let mut flags =
        Flags::UNKNOWN_CONTAINER_TYPE.when(kind.is_none() && batch.container_type[i] != ABSENT);
    let whole_teu = match (batch.teu[i], kind) {
        (0, Some(kind)) => {
            flags |= Flags::TEU_FROM_TYPE;
            kind.teu
        }
        (0, None) => UNKNOWN_TEU,
        (reported, _) => reported as i64,
    };
    let load_status = batch.load_status[i];
    // What is lent to a row without a mass is lent to its part of the box.
    let part = |whole: i64| match batch.box_share[i] {
        0 => whole,
        part => share(whole, part as i64, ONE),
    };
    let reported_g = batch.mass_g[i] as i64;
    let mass_g = match (reported_g, load_status) {
        (0, LoadStatus::Laden) => {
            flags |= Flags::MASS_DEFAULTED;
            part(mass_of_teu(whole_teu, defaults.laden_g))
        }
        (0, LoadStatus::Empty) => {
            flags |= Flags::EMPTY_DEFAULT_MASS;
            part(match kind {
                Some(kind) if kind.tare_g > 0 => kind.tare_g,
                _ => mass_of_teu(whole_teu, defaults.empty_g),
            })
        }
        (reported, _) => reported,
    };
    let mut containers = part(ONE);
    let mut teu = match whole_teu {
        UNKNOWN_TEU => UNKNOWN_TEU,
        known => part(known),
    };
    let box_mass_g = batch.container_mass_g[i] as i64;
    if box_mass_g > 0 && reported_g > 0 && load_status == LoadStatus::Laden {
        containers = share(ONE, reported_g, box_mass_g);
        if whole_teu != UNKNOWN_TEU {
            teu = share(whole_teu, reported_g, box_mass_g);
        }
    }
    let temperature = match (batch.temperature[i], load_status, kind) {
        (Temperature::Absent, LoadStatus::Laden, Some(kind)) if kind.refrigerated => {
            flags |= Flags::REFRIGERATION_ASSUMED;
            Temperature::Refrigerated
        }
        (Temperature::Absent, _, _) => Temperature::Ambient,
        (reported, _, _) => reported,
    };
    (
        Load {
            mass: Grams(mass_g),
            teu,
            whole_teu,
            containers,
            load_status,
            temperature,
        },
        flags,
    )
}

/// Mass in g of `teu` millionths at `per_teu_g`, half to even; 0 when TEU or the profile's value is unknown.
/// At most 1000 TEU x 10^6 kg, so it cannot overflow; whether it can be published is checked with the other limits.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the value was cut to 64 bits"
)]
fn mass_of_teu(teu: i64, per_teu_g: i64) -> i64 {
    if teu == UNKNOWN_TEU {
        0
    } else {
        div_half_even(teu as i128 * per_teu_g as i128, ONE as i128).min(i64::MAX as i128) as i64
    }
}

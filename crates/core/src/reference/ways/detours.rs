//! Detour ratios: how much longer a way is than the great circle, by mode, region and distance.

use super::estimated_basis;
use crate::factors::fault::{DataFile, Faults};
use crate::factors::library::transport_mode;
use crate::factors::table::{self, layout};
use crate::factors::{Region, RegionName, Text, Zones};
use crate::model::id::LocationCode;
use crate::model::mode::{Basis, Mode};
use crate::model::unit::{div_half_even, short_decimal_text};

/// Decimals of a ratio.
const RATIO_SCALE: u32 = 6;
/// Below so many pairs a ratio says little, and the row must call itself an own estimate.
const ENOUGH: i64 = 100;

/// A row of the table.
#[derive(Clone, Debug)]
pub(super) struct Detour {
    mode: Mode,
    region: Region,
    /// Great circles from, and below, metres.
    from_m: i64,
    to_m: i64,
    ratio: i64,
    /// Basis of great circle times ratio.
    pub basis: Basis,
    /// Whether it rests on data, and is not an own estimate.
    pub is_from_data: bool,
    spread: Text,
    source: Text,
}

impl Detour {
    /// A great circle with its detour, metres, half to even.
    pub(super) fn times(&self, metres: i64) -> i64 {
        let product = i128::from(metres) * i128::from(self.ratio);
        // At most half the circumference times ten.
        i64::try_from(div_half_even(product, 10i128.pow(RATIO_SCALE))).unwrap_or(i64::MAX)
    }

    /// Ratio, spread and source.
    pub(super) fn text(&self) -> String {
        format!(
            "detour ratio {} ({}): {}",
            short_decimal_text(self.ratio.into(), RATIO_SCALE),
            self.spread,
            self.source
        )
    }
}

/// The rows, the narrower region first, then in order of the file.
#[derive(Clone, Debug, Default)]
pub(super) struct Detours(Vec<Detour>);

layout! {
    /// Columns of `detours.csv`.
    Cell {
        Mode = "mode" must, Region = "region" must, FromKm = "from_km", ToKm = "to_km", Ratio = "ratio" must, Basis = "basis" must,
        Spread = "spread" must, N = "n", Source = "source" must,
    }
}

impl Detours {
    /// Reads the table.
    pub(super) fn parse(file: &DataFile, zones: &Zones, faults: &mut Faults) -> Detours {
        let mut rows = Vec::new();
        table::read(file, Cell::LAYOUT, faults, |row| {
            let land = |t: &str| transport_mode(t).filter(|m| matches!(m, Mode::Road | Mode::Rail));
            let mode = row.value(Cell::Mode, land, "road or rail");
            let region = |t: &str| Region::resolve(&RegionName::parse(t)?, zones).ok();
            let region = row.value(
                Cell::Region,
                region,
                "GLOBAL, a country, a zone, or a lane of two",
            );
            let whole = "whole kilometres up to 50000";
            let from_m = row.decimal(Cell::FromKm, 0, 0..=50_000, whole);
            let to_m = row.decimal(Cell::ToKm, 0, 1..=50_000, whole);
            let wanted = "a ratio of 1 to 10 with at most 6 decimals";
            let ratio = row.decimal(Cell::Ratio, RATIO_SCALE, 1_000_000..=10_000_000, wanted);
            let basis = row.value(Cell::Basis, estimated_basis, "sfd or actual");
            let n = row.decimal(Cell::N, 0, 1..=1_000_000_000, "a number of pairs");
            let is_from_data = n.is_some_and(|n| n >= ENOUGH);
            if !is_from_data && row.text(Cell::Source) != OWN {
                row.error(
                    Cell::Source,
                    "expected \"own estimate\" for a ratio of fewer than 100 pairs",
                );
            }
            let (Some(mode), Some(region), Some(ratio), Some(basis), false) =
                (mode, region, ratio, basis, row.failed)
            else {
                return;
            };
            rows.push(Detour {
                mode,
                region,
                from_m: from_m.unwrap_or(0) * 1000,
                to_m: to_m.map_or(i64::MAX, |km| km * 1000),
                ratio,
                basis,
                is_from_data,
                spread: row.text(Cell::Spread).into(),
                source: row.text(Cell::Source).into(),
            });
        });
        rows.sort_by_key(|row| row.region.narrowness());
        Detours(rows)
    }

    /// The detour between two places that are so far apart.
    pub(super) fn of(
        &self,
        mode: Mode,
        origin: LocationCode,
        destination: LocationCode,
        metres: i64,
    ) -> Option<&Detour> {
        self.0.iter().find(|row| {
            row.mode == mode
                && (row.from_m..row.to_m).contains(&metres)
                && row.region.covers(origin, destination)
        })
    }
}

/// What a row without enough data calls its source.
const OWN: &str = "own estimate";

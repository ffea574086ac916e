//! The tables `corridors` and `corridor_sections`: exact sums over shipments and over elements (docs/formats.md, Published tables).
//!
//! Both are one file each and small beside the others; they are sorted here, because the sums come from hash maps.
//!
//! May be null: activity_basis, intensity_g_per_tkm (nothing moved), ghg_kg_per_teu (no TEU known), primary_share (no
//! emissions). All other columns are REQUIRED.

use super::encode::{Bound, NO_KEY, Number};
use super::ratio::millionths;
use super::ratio::{ghg_kg_per_teu, intensity_g_per_tkm, primary_share};
use super::schema::{Field, Kind};
use super::table::{Table, TableColumn, codes, keys, numbers, repeating, text};
use crate::model::element::{
    CorridorKey, CorridorRowKey, CorridorTotals, Names, Rollup, SectionKey, SectionTotals,
};
use crate::model::flag::Flags;
use crate::model::id::{CountryCode, LocationCode};
use crate::model::mode::{LoadStatus, Mode};

/// Rows per row group.
const GROUP_ROWS: usize = 65_536;

/// A corridor or lane as one number, for dictionaries.
pub(super) fn corridor_key(key: CorridorKey) -> i64 {
    match key {
        CorridorKey::Listed(index) => index as i64,
        CorridorKey::Lane(from, to) => 1 << 32 | (from.0 as i64) << 16 | to.0 as i64,
    }
}

/// The place of its number.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a key is the number that a code of 32 bits became"
)]
pub(super) fn place_of(key: i64) -> LocationCode {
    LocationCode(key as u32)
}

/// The flags of their number.
pub(super) fn flags_of(key: i64) -> Flags {
    Flags(key as u64)
}

/// The published id of [`corridor_key`]'s number.
#[expect(
    clippy::cast_possible_truncation,
    reason = "corridor_key packs an index of 16 bits, or two codes of 16 bits"
)]
pub(super) fn corridor_text(key: i64, names: &Names<'_>) -> String {
    debug_assert_ne!(key, NO_KEY);
    match key >> 32 {
        0 => names.corridors[key as usize].clone(),
        _ => format!(
            "{}-{}",
            CountryCode((key >> 16) as u16),
            CountryCode(key as u16)
        ),
    }
}

/// Rows of `corridors` in published order: by corridor id, period, load status.
pub struct CorridorRows(Vec<(CorridorRowKey, CorridorTotals)>);

/// Rows of `corridor_sections` in published order: by corridor id, period, load status, kind, mode, origin, destination.
pub struct SectionRows(Vec<(SectionKey, SectionTotals)>);

impl CorridorRows {
    /// Sorted rows of a roll-up.
    pub fn new(rollup: &Rollup, names: &Names<'_>) -> CorridorRows {
        let mut rows: Vec<_> = rollup.corridors.iter().map(|(k, v)| (*k, *v)).collect();
        rows.sort_by_cached_key(|((corridor, period, load_status), _)| {
            (
                corridor_text(corridor_key(*corridor), names),
                *period,
                load_status.code(),
            )
        });
        CorridorRows(rows)
    }
}

impl SectionRows {
    /// Sorted rows of a roll-up.
    pub fn new(rollup: &Rollup, names: &Names<'_>) -> SectionRows {
        let mut rows: Vec<_> = rollup.sections.iter().map(|(k, v)| (*k, *v)).collect();
        // Packed places compare like their text.
        rows.sort_by_cached_key(
            |((corridor, period, load_status, mode, origin, destination), _)| {
                let corridor = corridor_text(corridor_key(*corridor), names);
                (
                    corridor,
                    *period,
                    load_status.code(),
                    kind_of(*mode),
                    mode.code(),
                    *origin,
                    *destination,
                )
            },
        );
        SectionRows(rows)
    }
}

fn kind_of(mode: Mode) -> &'static str {
    match mode {
        Mode::Road | Mode::Rail | Mode::Sea | Mode::InlandWaterway | Mode::Air => "transport",
        Mode::Hub => "hub",
    }
}

/// The table `corridors`.
pub static CORRIDORS: Table<CorridorRows> = Table {
    columns: &CORRIDOR_COLUMNS,
    sorted_by: &["corridor_id", "period", "load_status"],
    group_rows: GROUP_ROWS,
    rows_per_shipment: |rows| vec![rows.0.len()],
};

/// The table `corridor_sections`.
pub static CORRIDOR_SECTIONS: Table<SectionRows> = Table {
    columns: &SECTION_COLUMNS,
    sorted_by: &[
        "corridor_id",
        "period",
        "load_status",
        "kind",
        "mode",
        "origin",
        "destination",
    ],
    group_rows: GROUP_ROWS,
    rows_per_shipment: |rows| vec![rows.0.len()],
};

/// A REQUIRED column.
macro_rules! column {
    ($name:literal, $kind:expr, $encode:expr) => {
        TableColumn::new(Field::required($name, $kind), 1, $encode)
    };
}

/// A column that may be null.
macro_rules! maybe {
    ($name:literal, $kind:expr, $encode:expr) => {
        TableColumn::new(Field::optional($name, $kind), 1, $encode)
    };
}

/// A number of each row, from its key and its sums.
macro_rules! number {
    ($ty:ty, $get:expr) => {
        |c, g, _| {
            numbers(c, g, |rows, r, out: &mut Vec<$ty>| {
                for (key, sums) in &rows.0[r] {
                    out.push($get(key, sums));
                }
            })
        }
    };
}

/// A corridor id, a word of a closed list, a place: the part of the key at `$at`.
macro_rules! corridor {
    () => {
        |c, g, names| {
            let value = |key| Bound::Text(corridor_text(key, names).into());
            keys(c, g, value, |rows, r, out| {
                out.extend(rows.0[r].iter().map(|(key, _)| corridor_key(key.0)))
            })
        }
    };
}
macro_rules! word {
    ($list:ty, $at:tt) => {
        |c, g, _| {
            let value = |code: u32| text(<$list>::ALL[code as usize].code());
            codes(c, g, value, |rows, r, out| {
                out.extend(rows.0[r].iter().map(|(key, _)| key.$at as u32))
            })
        }
    };
}
macro_rules! place {
    ($at:tt) => {
        |c, g, _| {
            let value = |key| Bound::Text(place_of(key).bytes().to_vec());
            keys(c, g, value, |rows, r, out| {
                out.extend(rows.0[r].iter().map(|(key, _)| key.$at.0 as i64))
            })
        }
    };
}

static CORRIDOR_COLUMNS: [TableColumn<CorridorRows>; 22] = [
    column!("corridor_id", Kind::Text, corridor!()),
    column!(
        "period",
        Kind::Date,
        number!(i32, |key: &CorridorRowKey, _| key.1)
    ),
    column!("load_status", Kind::Text, word!(LoadStatus, 2)),
    column!(
        "shipments",
        Kind::Long,
        number!(i64, |_, s: &CorridorTotals| s.shipments as i64)
    ),
    column!(
        "incomplete_shipments",
        Kind::Long,
        number!(i64, |_, s: &CorridorTotals| s.incomplete_shipments as i64)
    ),
    column!(
        "containers",
        Kind::Sum(6),
        number!(i128, |_, s: &CorridorTotals| s.containers)
    ),
    column!(
        "teu",
        Kind::Sum(6),
        number!(i128, |_, s: &CorridorTotals| s.teu)
    ),
    column!(
        "cargo_mass_kg",
        Kind::Sum(3),
        number!(i128, |_, s: &CorridorTotals| s.mass_g)
    ),
    column!(
        "transport_activity_tkm",
        Kind::Sum(9),
        number!(i128, |_, s: &CorridorTotals| s.totals.activity)
    ),
    maybe!("activity_basis", Kind::Text, |c, g, _| {
        repeating(c, g, |rows, row| {
            rows.0[row].1.activity_basis.code().as_bytes()
        })
    }),
    column!(
        "ghg_operation_kg",
        Kind::Sum(9),
        number!(i128, |_, s: &CorridorTotals| s.totals.operation)
    ),
    column!(
        "ghg_provision_kg",
        Kind::Sum(9),
        number!(i128, |_, s: &CorridorTotals| s.totals.provision)
    ),
    column!(
        "ghg_total_kg",
        Kind::Sum(9),
        number!(i128, |_, s: &CorridorTotals| s.totals.total())
    ),
    column!(
        "ghg_road_kg",
        Kind::Sum(9),
        number!(i128, |_, s: &CorridorTotals| s.by_mode[Mode::Road as usize])
    ),
    column!(
        "ghg_rail_kg",
        Kind::Sum(9),
        number!(i128, |_, s: &CorridorTotals| s.by_mode[Mode::Rail as usize])
    ),
    column!(
        "ghg_sea_kg",
        Kind::Sum(9),
        number!(i128, |_, s: &CorridorTotals| s.by_mode[Mode::Sea as usize])
    ),
    column!(
        "ghg_inland_waterway_kg",
        Kind::Sum(9),
        number!(i128, |_, s: &CorridorTotals| {
            s.by_mode[Mode::InlandWaterway as usize]
        })
    ),
    column!(
        "ghg_air_kg",
        Kind::Sum(9),
        number!(i128, |_, s: &CorridorTotals| s.by_mode[Mode::Air as usize])
    ),
    column!(
        "ghg_hub_kg",
        Kind::Sum(9),
        number!(i128, |_, s: &CorridorTotals| s.by_mode[Mode::Hub as usize])
    ),
    maybe!(
        "intensity_g_per_tkm",
        Kind::Sum(6),
        number!(i128, |_, s: &CorridorTotals| {
            intensity_g_per_tkm(&s.totals).unwrap_or(Number::NULL)
        })
    ),
    maybe!(
        "ghg_kg_per_teu",
        Kind::Sum(6),
        number!(i128, |_, s: &CorridorTotals| {
            ghg_kg_per_teu(&s.totals, s.teu).unwrap_or(Number::NULL)
        })
    ),
    maybe!(
        "primary_share",
        Kind::SmallDecimal(7, 6),
        number!(i32, |_, s: &CorridorTotals| {
            primary_share(s.primary, &s.totals).map_or(Number::NULL, millionths)
        })
    ),
];

static SECTION_COLUMNS: [TableColumn<SectionRows>; 15] = [
    column!("corridor_id", Kind::Text, corridor!()),
    column!(
        "period",
        Kind::Date,
        number!(i32, |key: &SectionKey, _| key.1)
    ),
    column!("load_status", Kind::Text, word!(LoadStatus, 2)),
    column!("kind", Kind::Text, |c, g, _| repeating(
        c,
        g,
        |rows, row| kind_of(rows.0[row].0.3).as_bytes()
    )),
    column!("mode", Kind::Text, word!(Mode, 3)),
    column!("origin", Kind::Text, place!(4)),
    column!("destination", Kind::Text, place!(5)),
    column!("country_pair", Kind::Text, |c, g, _| {
        #[expect(clippy::cast_possible_truncation, reason = "two codes of 16 bits")]
        let value = |key: i64| {
            Bound::Text(
                format!(
                    "{}-{}",
                    CountryCode((key >> 16) as u16),
                    CountryCode(key as u16)
                )
                .into(),
            )
        };
        keys(c, g, value, |rows, r, out| {
            out.extend(
                rows.0[r]
                    .iter()
                    .map(|(k, _)| (k.4.country().0 as i64) << 16 | k.5.country().0 as i64),
            )
        })
    }),
    column!(
        "movements",
        Kind::Long,
        number!(i64, |_, s: &SectionTotals| s.movements as i64)
    ),
    column!(
        "teu",
        Kind::Sum(6),
        number!(i128, |_, s: &SectionTotals| s.teu)
    ),
    column!(
        "cargo_mass_kg",
        Kind::Sum(3),
        number!(i128, |_, s: &SectionTotals| s.mass_g)
    ),
    column!(
        "transport_activity_tkm",
        Kind::Sum(9),
        number!(i128, |_, s: &SectionTotals| s.totals.activity)
    ),
    column!(
        "ghg_operation_kg",
        Kind::Sum(9),
        number!(i128, |_, s: &SectionTotals| s.totals.operation)
    ),
    column!(
        "ghg_provision_kg",
        Kind::Sum(9),
        number!(i128, |_, s: &SectionTotals| s.totals.provision)
    ),
    column!(
        "ghg_total_kg",
        Kind::Sum(9),
        number!(i128, |_, s: &SectionTotals| s.totals.total())
    ),
];

//! The tables `corridors` and `corridor_sections`: exact sums over shipments and over elements (docs/formats.md, Published tables).
//!
//! Both are one file each and small beside the others; they are sorted here, because the sums come from hash maps.
//!
//! May be null: activity_basis, intensity_g_per_tkm (nothing moved), ghg_kg_per_teu (no TEU known), biogenic_co2_kg (no
//! element states it), primary_share (no emissions). All other columns are REQUIRED.

use super::columns::{Date, Long, Optional, Required, SmallDecimal, Sum, Text, published_table};
use super::encode::{Bound, NO_KEY, Number};
use super::ratio::millionths;
use super::ratio::{ghg_kg_per_teu, intensity_g_per_tkm, primary_share};
use super::table::{Table, codes, keys, numbers, repeating, text};
use crate::model::element::{
    CorridorKey, CorridorRowKey, CorridorTotals, Names, Rollup, SectionKey, SectionTotals,
};
use crate::model::flag::Flags;
use crate::model::id::{CountryCode, LocationCode};
use crate::model::mode::{LoadStatus, Mode};
use crate::model::time::{Day, date_text};

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
pub(crate) struct CorridorRows(Vec<(CorridorRowKey, CorridorTotals)>);

/// Rows of `corridor_sections` in published order: by corridor id, period, load status, kind, mode, origin, destination.
pub(crate) struct SectionRows(Vec<(SectionKey, SectionTotals)>);

/// A row by its corridor and month.
fn row_name(corridor: CorridorKey, period: Day, names: &Names<'_>) -> String {
    let id = corridor_text(corridor_key(corridor), names);
    format!("corridor_id {id:?}, period {}", date_text(period))
}

impl CorridorRows {
    /// Sorted rows of a roll-up.
    pub(crate) fn new(rollup: &Rollup, names: &Names<'_>) -> CorridorRows {
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
    pub(crate) fn new(rollup: &Rollup, names: &Names<'_>) -> SectionRows {
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
pub(crate) static CORRIDORS: Table<CorridorRows> = Table {
    columns: CORRIDOR_COLUMNS,
    carried: None,
    sorted_by: &["corridor_id", "period", "load_status"],
    group_rows: GROUP_ROWS,
    rows_per_shipment: |rows| vec![rows.0.len()],
    row_name: |rows, row, names| row_name(rows.0[row].0.0, rows.0[row].0.1, names),
};

/// The table `corridor_sections`.
pub(crate) static CORRIDOR_SECTIONS: Table<SectionRows> = Table {
    columns: SECTION_COLUMNS,
    carried: None,
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
    row_name: |rows, row, names| row_name(rows.0[row].0.0, rows.0[row].0.1, names),
};

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

published_table! {
    /// The table `corridors` as a type.
    Corridors = "corridors", columns of corridor, written as CORRIDOR_COLUMNS: CorridorRows;
    corridor_id: Required<Text>, 1, corridor!();
    period: Required<Date>, 1, number!(i32, |key: &CorridorRowKey, _| key.1);
    load_status: Required<Text>, 1, word!(LoadStatus, 2);
    shipments: Required<Long>, 1, number!(i64, |_, s: &CorridorTotals| s.shipments as i64);
    incomplete_shipments: Required<Long>, 1, number!(i64, |_, s: &CorridorTotals| s.incomplete_shipments as i64);
    containers: Required<Sum<6>>, 1, number!(i128, |_, s: &CorridorTotals| s.containers);
    teu: Required<Sum<6>>, 1, number!(i128, |_, s: &CorridorTotals| s.teu);
    cargo_mass_kg: Required<Sum<3>>, 1, number!(i128, |_, s: &CorridorTotals| s.mass_g);
    transport_activity_tkm: Required<Sum<9>>, 1, number!(i128, |_, s: &CorridorTotals| s.totals.activity);
    activity_basis: Optional<Text>, 1, |c, g, _| {
        repeating(c, g, |rows, row| {
            rows.0[row].1.activity_basis.code().as_bytes()
        })
    };
    ghg_operation_kg: Required<Sum<9>>, 1, number!(i128, |_, s: &CorridorTotals| s.totals.operation);
    ghg_provision_kg: Required<Sum<9>>, 1, number!(i128, |_, s: &CorridorTotals| s.totals.provision);
    ghg_total_kg: Required<Sum<9>>, 1, number!(i128, |_, s: &CorridorTotals| s.totals.total());
    biogenic_co2_kg: Optional<Sum<9>>, 1, number!(i128, |_, s: &CorridorTotals| {
            s.biogenic.stated().unwrap_or(Number::NULL)
        });
    biogenic_co2_elements: Required<Long>, 1, number!(i64, |_, s: &CorridorTotals| s.biogenic.elements as i64);
    ghg_road_kg: Required<Sum<9>>, 1, number!(i128, |_, s: &CorridorTotals| s.by_mode[Mode::Road]);
    ghg_rail_kg: Required<Sum<9>>, 1, number!(i128, |_, s: &CorridorTotals| s.by_mode[Mode::Rail]);
    ghg_sea_kg: Required<Sum<9>>, 1, number!(i128, |_, s: &CorridorTotals| s.by_mode[Mode::Sea]);
    ghg_inland_waterway_kg: Required<Sum<9>>, 1, number!(i128, |_, s: &CorridorTotals| {
            s.by_mode[Mode::InlandWaterway]
        });
    ghg_air_kg: Required<Sum<9>>, 1, number!(i128, |_, s: &CorridorTotals| s.by_mode[Mode::Air]);
    ghg_hub_kg: Required<Sum<9>>, 1, number!(i128, |_, s: &CorridorTotals| s.by_mode[Mode::Hub]);
    intensity_g_per_tkm: Optional<Sum<6>>, 1, number!(i128, |_, s: &CorridorTotals| {
            intensity_g_per_tkm(&s.totals).unwrap_or(Number::NULL)
        });
    ghg_kg_per_teu: Optional<Sum<6>>, 1, number!(i128, |_, s: &CorridorTotals| {
            ghg_kg_per_teu(&s.totals, s.teu).unwrap_or(Number::NULL)
        });
    primary_share: Optional<SmallDecimal<7, 6>>, 1, number!(i32, |_, s: &CorridorTotals| {
            primary_share(s.primary, &s.totals).map_or(Number::NULL, millionths)
        });
}

published_table! {
    /// The table `corridor_sections` as a type.
    CorridorSections = "corridor_sections", columns of section, written as SECTION_COLUMNS: SectionRows;
    corridor_id: Required<Text>, 1, corridor!();
    period: Required<Date>, 1, number!(i32, |key: &SectionKey, _| key.1);
    load_status: Required<Text>, 1, word!(LoadStatus, 2);
    kind: Required<Text>, 1, |c, g, _| repeating(
        c,
        g,
        |rows, row| kind_of(rows.0[row].0.3).as_bytes()
    );
    mode: Required<Text>, 1, word!(Mode, 3);
    origin: Required<Text>, 1, place!(4);
    destination: Required<Text>, 1, place!(5);
    country_pair: Required<Text>, 1, |c, g, _| {
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
    };
    movements: Required<Long>, 1, number!(i64, |_, s: &SectionTotals| s.movements as i64);
    teu: Required<Sum<6>>, 1, number!(i128, |_, s: &SectionTotals| s.teu);
    cargo_mass_kg: Required<Sum<3>>, 1, number!(i128, |_, s: &SectionTotals| s.mass_g);
    transport_activity_tkm: Required<Sum<9>>, 1, number!(i128, |_, s: &SectionTotals| s.totals.activity);
    ghg_operation_kg: Required<Sum<9>>, 1, number!(i128, |_, s: &SectionTotals| s.totals.operation);
    ghg_provision_kg: Required<Sum<9>>, 1, number!(i128, |_, s: &SectionTotals| s.totals.provision);
    ghg_total_kg: Required<Sum<9>>, 1, number!(i128, |_, s: &SectionTotals| s.totals.total());
    biogenic_co2_kg: Optional<Sum<9>>, 1, number!(i128, |_, s: &SectionTotals| {
            s.biogenic.stated().unwrap_or(Number::NULL)
        });
    biogenic_co2_elements: Required<Long>, 1, number!(i64, |_, s: &SectionTotals| s.biogenic.elements as i64);
}

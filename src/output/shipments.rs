//! The `shipments` table: one row per through bill of lading, sums of its elements (docs/formats.md, Published tables).
//!
//! May be null: last_arrived_at (no arrival known), modes (no transport element), activity_basis and intensity_g_per_tkm
//! (nothing moved), biogenic_co2_kg (no element states it), primary_share (no emissions). All other columns are REQUIRED.

use super::columns::{
    Date, Flag, Instant, Long, Optional, Required, SmallDecimal, Sum, Text, published_table,
};
use super::corridors::{corridor_key, corridor_text};
use super::corridors::{flags_of, place_of};
use super::encode::{Bound, Number, TextPage, encode_flags, encode_texts};
use super::ratio::millionths;
use super::ratio::{intensity_g_per_tkm, primary_share};
use super::table::{Table, carried, codes, each_slice, keys, numbers, repeating, text};
use crate::model::element::{BasisSet, Shipments};
use crate::model::mode::{LoadStatus, Mode};

/// Rows per row group: a shipment is wider than an element, and waiting ones are held in memory.
pub(crate) const GROUP_ROWS: usize = 65_536;

/// The table. Take a chunk out of its `Footprints`, so that nothing else is held while a row group fills up.
pub(crate) static SHIPMENTS: Table<Shipments> = Table {
    columns: COLUMNS,
    carried: Some(|c, g, names, at| {
        carried(c, g, at, |s, r, take| {
            r.for_each(|row| take(s.carried.text(row, names.symbols), 1));
        })
    }),
    sorted_by: &["shipment_id"],
    group_rows: GROUP_ROWS,
    rows_per_shipment: |chunk| vec![1; chunk.len()],
    row_name: |s, row, _| {
        let id = String::from_utf8_lossy(s.shipment_id.get(row));
        format!("shipment_id {id:?}")
    },
};

macro_rules! number {
    ($field:ident) => {
        |c, g, _| numbers(c, g, |s, r, out| out.extend_from_slice(&s.$field[r]))
    };
}

macro_rules! count {
    ($field:ident) => {
        |c, g, _| {
            numbers(c, g, |s, r, out: &mut Vec<i64>| {
                out.extend(s.$field[r].iter().map(|&n| n as i64))
            })
        }
    };
}

macro_rules! total {
    ($get:expr) => {
        |c, g, _| {
            numbers(c, g, |s, r, out: &mut Vec<i128>| {
                out.extend(s.totals[r].iter().map($get))
            })
        }
    };
}

macro_rules! by_mode {
    ($mode:ident) => {
        |c, g, _| {
            numbers(c, g, |s, r, out: &mut Vec<i128>| {
                out.extend(s.by_mode[r].iter().map(|m| m[Mode::$mode]))
            })
        }
    };
}

macro_rules! place {
    ($field:ident) => {
        |c, g, _| {
            keys(
                c,
                g,
                |key| Bound::Text(place_of(key).bytes().to_vec()),
                |s, r, out| out.extend(s.$field[r].iter().map(|v| v.0 as i64)),
            )
        }
    };
}

published_table! {
    /// The table as a type.
    ShipmentsTable = "shipments", columns of shipment, written as COLUMNS: Shipments;
    shipment_id: Required<Text>, 30, |c, g, _| {
        encode_texts(c, g.count, false, |page, out: &mut TextPage<'_>| {
            each_slice(g, page, |s, r| {
                r.for_each(|row| out.push(Some(s.shipment_id.get(row))))
            })
        })
    };
    corridor_id: Required<Text>, 10, |c, g, names| {
        let gather = |s: &Shipments, r: std::ops::Range<usize>, out: &mut Vec<i64>| {
            out.extend(s.corridor[r].iter().map(|&k| corridor_key(k)))
        };
        keys(
            c,
            g,
            |key| Bound::Text(corridor_text(key, names).into()),
            gather,
        )
    };
    period: Required<Date>, 10, number!(period);
    origin: Required<Text>, 10, place!(origin);
    destination: Required<Text>, 10, place!(destination);
    first_departed_at: Required<Instant>, 30, number!(first_departed_at);
    last_arrived_at: Optional<Instant>, 30, number!(last_arrived_at);
    modes: Optional<Text>, 25, |c, g, _| {
        repeating(c, g, |s, row| s.modes.get(row))
    };
    load_status: Required<Text>, 5, |c, g, _| {
        codes(
            c,
            g,
            |code| text(LoadStatus::ALL[code as usize].code()),
            |s, r, out| out.extend(s.load_status[r].iter().map(|&v| v as u32)),
        )
    };
    containers: Required<Sum<6>>, 10, number!(containers);
    teu: Required<Sum<6>>, 10, number!(teu);
    cargo_mass_kg: Required<Sum<3>>, 30, number!(mass_g);
    elements: Required<Long>, 8, count!(elements);
    rejected_rows: Required<Long>, 6, count!(rejected_rows);
    is_complete: Required<Flag>, 3, |c, g, _| {
        encode_flags(c, g.count, |page, out| {
            each_slice(g, page, |s, r| out.extend_from_slice(&s.is_complete[r]))
        })
    };
    transport_activity_tkm: Required<Sum<9>>, 50, total!(|t| t.activity);
    ghg_operation_kg: Required<Sum<9>>, 50, total!(|t| t.operation);
    ghg_provision_kg: Required<Sum<9>>, 50, total!(|t| t.provision);
    ghg_total_kg: Required<Sum<9>>, 50, total!(|t| t.total());
    biogenic_co2_kg: Optional<Sum<9>>, 6, |c, g, _| {
        numbers(c, g, |s, r, out: &mut Vec<i128>| {
            out.extend(s.biogenic[r].iter().map(|b| b.stated().unwrap_or(Number::NULL)))
        })
    };
    biogenic_co2_elements: Required<Long>, 4, |c, g, _| {
        numbers(c, g, |s, r, out: &mut Vec<i64>| {
            out.extend(s.biogenic[r].iter().map(|b| b.elements as i64))
        })
    };
    ghg_road_kg: Required<Sum<9>>, 45, by_mode!(Road);
    ghg_rail_kg: Required<Sum<9>>, 45, by_mode!(Rail);
    ghg_sea_kg: Required<Sum<9>>, 45, by_mode!(Sea);
    ghg_inland_waterway_kg: Required<Sum<9>>, 45, by_mode!(InlandWaterway);
    ghg_air_kg: Required<Sum<9>>, 45, by_mode!(Air);
    ghg_hub_kg: Required<Sum<9>>, 45, by_mode!(Hub);
    activity_basis: Optional<Text>, 5, |c, g, _| {
        repeating(c, g, |s, row| {
            BasisSet::code(s.activity_basis[row]).as_bytes()
        })
    };
    intensity_g_per_tkm: Optional<Sum<6>>, 60, total!(|t| intensity_g_per_tkm(t).unwrap_or(Number::NULL));
    primary_share: Optional<SmallDecimal<7, 6>>, 12, |c, g, _| {
        numbers(c, g, |s, r, out: &mut Vec<i32>| {
            let parts = s.primary[r.clone()].iter().zip(&s.totals[r]);
            out.extend(parts.map(|(&primary, totals)| {
                primary_share(primary, totals).map_or(Number::NULL, millionths)
            }))
        })
    };
    quality_flags: Required<Text>, 10, |c, g, _| {
        keys(
            c,
            g,
            |key| Bound::Text(flags_of(key).text().into()),
            |s, r, out| out.extend(s.flags[r].iter().map(|v| v.0 as i64)),
        )
    };
}

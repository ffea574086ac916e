//! The `shipments` table: one row per through bill of lading, sums of its elements (docs/formats.md, Published tables).
//!
//! May be null: last_arrived_at (no arrival known), modes (no transport element), activity_basis and intensity_g_per_tkm
//! (nothing moved), primary_share (no emissions). All other columns are REQUIRED.

use super::corridors::{corridor_key, corridor_text};
use super::corridors::{flags_of, place_of};
use super::encode::{Bound, Number, TextPage, encode_flags, encode_texts};
use super::ratio::millionths;
use super::ratio::{intensity_g_per_tkm, primary_share};
use super::schema::{Field, Kind};
use super::table::{
    ChunkWriter, EncodeColumn, Table, TableColumn, codes, each_slice, keys, numbers, repeating,
    text,
};
use crate::model::element::{BasisSet, Shipments};
use crate::model::mode::{LoadStatus, Mode};

/// Rows per row group: a shipment is wider than an element, and waiting ones are held in memory.
pub const GROUP_ROWS: usize = 65_536;

/// Writes the table from chunks in order of shipment id; take the chunk out of its `Footprints` so that nothing else is
/// held while a row group fills up.
pub type ShipmentsWriter<W, F> = ChunkWriter<Shipments, W, F>;

/// The table.
pub static SHIPMENTS: Table<Shipments> = Table {
    columns: &COLUMNS,
    sorted_by: &["shipment_id"],
    group_rows: GROUP_ROWS,
    rows_per_shipment: |chunk| vec![1; chunk.len()],
    row_name: |s, row, _| {
        let id = String::from_utf8_lossy(s.shipment_id.get(row));
        format!("shipment_id {id:?}")
    },
};

const fn column(
    name: &'static str,
    kind: Kind,
    weight: u32,
    encode: EncodeColumn<Shipments>,
) -> TableColumn<Shipments> {
    TableColumn::new(Field::required(name, kind), weight, encode)
}

const fn maybe(
    name: &'static str,
    kind: Kind,
    weight: u32,
    encode: EncodeColumn<Shipments>,
) -> TableColumn<Shipments> {
    TableColumn::new(Field::optional(name, kind), weight, encode)
}

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
                out.extend(s.by_mode[r].iter().map(|m| m[Mode::$mode as usize]))
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

static COLUMNS: [TableColumn<Shipments>; 29] = [
    column("shipment_id", Kind::Text, 30, |c, g, _| {
        encode_texts(c, g.count, false, |page, out: &mut TextPage<'_>| {
            each_slice(g, page, |s, r| {
                r.for_each(|row| out.push(Some(s.shipment_id.get(row))))
            })
        })
    }),
    column("corridor_id", Kind::Text, 10, |c, g, names| {
        let gather = |s: &Shipments, r: std::ops::Range<usize>, out: &mut Vec<i64>| {
            out.extend(s.corridor[r].iter().map(|&k| corridor_key(k)))
        };
        keys(
            c,
            g,
            |key| Bound::Text(corridor_text(key, names).into()),
            gather,
        )
    }),
    column("period", Kind::Date, 10, number!(period)),
    column("origin", Kind::Text, 10, place!(origin)),
    column("destination", Kind::Text, 10, place!(destination)),
    column(
        "first_departed_at",
        Kind::Instant,
        30,
        number!(first_departed_at),
    ),
    maybe(
        "last_arrived_at",
        Kind::Instant,
        30,
        number!(last_arrived_at),
    ),
    maybe("modes", Kind::Text, 25, |c, g, _| {
        repeating(c, g, |s, row| s.modes.get(row))
    }),
    column("load_status", Kind::Text, 5, |c, g, _| {
        codes(
            c,
            g,
            |code| text(LoadStatus::ALL[code as usize].code()),
            |s, r, out| out.extend(s.load_status[r].iter().map(|&v| v as u32)),
        )
    }),
    column("containers", Kind::Sum(6), 10, number!(containers)),
    column("teu", Kind::Sum(6), 10, number!(teu)),
    column("cargo_mass_kg", Kind::Sum(3), 30, number!(mass_g)),
    column("elements", Kind::Long, 8, count!(elements)),
    column("rejected_rows", Kind::Long, 6, count!(rejected_rows)),
    column("is_complete", Kind::Flag, 3, |c, g, _| {
        encode_flags(c, g.count, |page, out| {
            each_slice(g, page, |s, r| out.extend_from_slice(&s.is_complete[r]))
        })
    }),
    column(
        "transport_activity_tkm",
        Kind::Sum(9),
        50,
        total!(|t| t.activity),
    ),
    column(
        "ghg_operation_kg",
        Kind::Sum(9),
        50,
        total!(|t| t.operation),
    ),
    column(
        "ghg_provision_kg",
        Kind::Sum(9),
        50,
        total!(|t| t.provision),
    ),
    column("ghg_total_kg", Kind::Sum(9), 50, total!(|t| t.total())),
    column("ghg_road_kg", Kind::Sum(9), 45, by_mode!(Road)),
    column("ghg_rail_kg", Kind::Sum(9), 45, by_mode!(Rail)),
    column("ghg_sea_kg", Kind::Sum(9), 45, by_mode!(Sea)),
    column(
        "ghg_inland_waterway_kg",
        Kind::Sum(9),
        45,
        by_mode!(InlandWaterway),
    ),
    column("ghg_air_kg", Kind::Sum(9), 45, by_mode!(Air)),
    column("ghg_hub_kg", Kind::Sum(9), 45, by_mode!(Hub)),
    maybe("activity_basis", Kind::Text, 5, |c, g, _| {
        repeating(c, g, |s, row| {
            BasisSet::code(s.activity_basis[row]).as_bytes()
        })
    }),
    maybe(
        "intensity_g_per_tkm",
        Kind::Sum(6),
        60,
        total!(|t| intensity_g_per_tkm(t).unwrap_or(Number::NULL)),
    ),
    maybe("primary_share", Kind::SmallDecimal(7, 6), 12, |c, g, _| {
        numbers(c, g, |s, r, out: &mut Vec<i32>| {
            let parts = s.primary[r.clone()].iter().zip(&s.totals[r]);
            out.extend(parts.map(|(&primary, totals)| {
                primary_share(primary, totals).map_or(Number::NULL, millionths)
            }))
        })
    }),
    column("quality_flags", Kind::Text, 10, |c, g, _| {
        keys(
            c,
            g,
            |key| Bound::Text(flags_of(key).text().into()),
            |s, r, out| out.extend(s.flags[r].iter().map(|v| v.0 as i64)),
        )
    }),
];

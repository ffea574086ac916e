//! The `elements` table: one row per transport chain element (docs/formats.md, Published tables).
//!
//! Columns of the kernel's result are copied, columns that an element only passes through are fetched from its record.
//! Nothing is computed here but `ghg_total_kg`, the sum of its two parts.
//!
//! Always present (REQUIRED): shipment_id, element, kind, mode, operation, origin, destination, departed_at, load_status,
//! cargo_mass_kg, containers, the three distances, transport_activity_tkm, factor_id, the intensity and its unit,
//! data_category, the three GHG columns, quality_flags (empty text when none). All others may be null.

use super::columns::{Decimal, Instant, Int, Long, Optional, Required, Text, published_table};
use super::corridors::{flags_of, place_of};
use super::encode::{
    Bound, Column, Encoded, NO_CODE, RunPage, TextPage, encode_numbers, encode_runs, encode_texts,
};
use super::slices::Rows;
use super::table::{
    Table, Twin, carried, codes, each_run, each_slice, keys, nonempty, numbers, text,
};
use crate::model::element::{Footprints, NO_ROW, Names};
use crate::model::flag::Flags;
use crate::model::mode::{
    Basis, DataCategory, DistanceSource, EnergyUnit, LoadStatus, Mode, Per, Temperature,
};
use crate::model::movement::MovementBatch;
use crate::model::text::{TextColumn, same};
use crate::model::time::NO_INSTANT;
use parquet::errors::Result;
use std::ops::Range;

/// Rows per row group of this table: what a run holds in memory grows with it, and half a byte a row is all that twice as many
/// would save.
pub(crate) const GROUP_ROWS: usize = 131_072;

type Group = Rows<Footprints>;

/// The table, from chunks of whole shipments in order of shipment id.
pub(crate) static ELEMENTS: Table<Footprints> = Table {
    columns: COLUMNS,
    carried: Some(|c, g, names, at| {
        carried(c, g, at, |f, r, take| {
            let codes = f.elements.anchor[r].iter();
            let codes = codes.map(|&anchor| f.batch.carried[anchor as usize]);
            each_run(codes, |code, count| take(names.symbols.text(code), count));
        })
    }),
    sorted_by: &["shipment_id", "container_id", "element"],
    group_rows: GROUP_ROWS,
    row_name: |f, row, _| {
        let anchor = f.elements.anchor[row] as usize;
        let id = String::from_utf8_lossy(f.batch.shipment_id.get(anchor));
        format!("shipment_id {id:?}")
    },
    rows_per_shipment: |chunk| {
        chunk
            .elements_per_shipment
            .iter()
            .map(|&n| n as usize)
            .collect()
    },
};

/// A word of a closed list, e.g. `mode`.
macro_rules! word {
    ($field:ident, $list:ty) => {
        |c, g, _| {
            codes(
                c,
                g,
                |code| text(<$list>::ALL[code as usize].code()),
                |f, r, out| out.extend(f.elements.$field[r].iter().map(|&v| v as u32)),
            )
        }
    };
}

/// A word of a closed list whose first word, 0, stands for "absent".
macro_rules! word_or_null {
    ($field:ident, $list:ty) => {
        |c, g, _| {
            codes(
                c,
                g,
                |code| text(<$list>::ALL[code as usize].code()),
                |f, r, out| out.extend(f.elements.$field[r].iter().map(|&v| nonzero(v as u32))),
            )
        }
    };
}

/// A column of `i64` in the kernel's result.
macro_rules! number {
    ($field:ident) => {
        |c, g, _| {
            numbers(c, g, |f, r, out| {
                out.extend_from_slice(&f.elements.$field[r])
            })
        }
    };
}

/// An earlier column of numbers, and whether it equals this one.
macro_rules! twin_of {
    ($name:literal, $earlier:ident, $field:ident) => {
        Twin {
            of: $name,
            is_equal: |group| {
                group.pages.iter().flatten().all(|s| {
                    s.chunk.elements.$earlier[s.rows.clone()]
                        == s.chunk.elements.$field[s.rows.clone()]
                })
            },
        }
    };
}

/// A place.
macro_rules! place {
    ($field:ident) => {
        |c, g, _| {
            keys(
                c,
                g,
                |key| Bound::Text(place_of(key).bytes().to_vec()),
                |f, r, out| out.extend(f.elements.$field[r].iter().map(|v| v.0 as i64)),
            )
        }
    };
}

/// A symbol of the record.
macro_rules! symbol {
    ($field:ident) => {
        |c, g, names| {
            codes(
                c,
                g,
                |code| text(names.symbols.text(code)),
                |f, r, out| {
                    from_record(f, r, out, NO_CODE, |batch, row| nonzero(batch.$field[row]))
                },
            )
        }
    };
}

type Mass = Decimal<15, 3>;
type Distance = Decimal<12, 3>;
type Share = Decimal<15, 6>;
type Nano = Decimal<18, 9>;

published_table! {
    /// The table as a type.
    Elements = "elements", columns of element, written as COLUMNS: Footprints;
    shipment_id: Required<Text>, 20, |c, g, _| {
        runs(c, g, false, |f| &f.batch.shipment_id)
    };
    container_id: Optional<Text>, 30, |c, g, _| {
        runs(c, g, true, |f| &f.batch.container_id)
    };
    element: Required<Int>, 10, element;
    kind: Required<Text>, 8, |c, g, _| {
        codes(
            c,
            g,
            |code| text(["transport", "hub"][code as usize]),
            |f, r, out| out.extend(f.elements.mode[r].iter().map(|&m| (m == Mode::Hub) as u32)),
        )
    };
    movement_id: Optional<Text>, 60, |c, g, _| {
        texts(c, g, true, |batch| &batch.movement_id)
    };
    sequence: Optional<Int>, 14, |c, g, _| {
        codes(
            c,
            g,
            |code| Bound::Int(code as i32),
            // A chain in order of time has no sequence, whatever the file of a single row says (docs/formats.md, Q21).
            |f, r, out| {
                out.extend(r.map(|i| match f.elements.row[i] {
                    NO_ROW => NO_CODE,
                    _ if f.elements.flags[i].has(Flags::ORDER_BY_TIME) => NO_CODE,
                    row => nonzero(f.batch.sequence[row as usize] as u32),
                }))
            },
        )
    };
    mode: Required<Text>, 10, word!(mode, Mode);
    operation: Required<Text>, 10, |c, g, names| {
        codes(
            c,
            g,
            |code| text(&names.operations[code as usize]),
            |f, r, out| out.extend(f.elements.operation[r].iter().map(|&v| v as u32)),
        )
    };
    carrier: Optional<Text>, 16, symbol!(carrier);
    container_type: Optional<Text>, 15, symbol!(container_type);
    origin: Required<Text>, 14, place!(origin);
    destination: Required<Text>, 14, place!(destination);
    departed_at: Required<Instant>, 35, number!(departed_at);
    arrived_at: Optional<Instant>, 32, |c, g, _| {
        numbers(c, g, |f, r, out| {
            from_record(f, r, out, NO_INSTANT, |batch, row| batch.arrived_at[row])
        })
    };
    load_status: Required<Text>, 4, word!(load_status, LoadStatus);
    temperature: Optional<Text>, 8, word_or_null!(temperature, Temperature);
    cargo_mass_kg: Required<Mass>, 15, number!(mass_g);
    teu: Optional<Share>, 12, |c, g, _| {
        numbers(c, g, |f, r, out| {
            out.extend(
                f.elements.teu[r]
                    .iter()
                    .map(|&v| if v < 0 { i64::MIN } else { v }),
            )
        })
    };
    containers: Required<Share>, 10, number!(containers);
    energy_carrier: Optional<Text>, 6, symbol!(energy_carrier);
    energy_quantity: Optional<Decimal<18, 6>>, 6, |c, g, _| {
        numbers(c, g, |f, r, out| {
            from_record(f, r, out, i64::MIN, |batch, row| {
                match batch.energy_quantity[row] {
                    0 => i64::MIN,
                    quantity => quantity,
                }
            })
        })
    };
    energy_unit: Optional<Text>, 6, |c, g, _| {
        codes(
            c,
            g,
            |code| text(EnergyUnit::ALL[code as usize].code()),
            |f, r, out| {
                from_record(f, r, out, NO_CODE, |batch, row| {
                    nonzero(batch.energy_unit[row] as u32)
                })
            },
        )
    };
    evidence_ref: Optional<Text>, 9, |c, g, _| {
        texts(c, g, false, |batch| &batch.evidence_ref)
    };
    distance_km: Required<Distance>, 40, number!(distance_m);
    distance_basis: Optional<Text>, 10, word_or_null!(distance_basis, Basis);
    distance_source: Optional<Text>, 12, word_or_null!(distance_source, DistanceSource);
    activity_distance_km: Required<Distance>, 40, number!(activity_distance_m), twin twin_of!("distance_km", distance_m, activity_distance_m);
    activity_basis: Optional<Text>, 10, word_or_null!(activity_basis, Basis);
    emission_distance_km: Required<Distance>, 40, number!(emission_distance_m), twin twin_of!("distance_km", distance_m, emission_distance_m);
    transport_activity_tkm: Required<Nano>, 70, number!(activity);
    factor_id: Required<Text>, 12, |c, g, names| {
        codes(
            c,
            g,
            |code| text(&names.factors[code as usize]),
            |f, r, out| out.extend_from_slice(&f.elements.factor[r]),
        )
    };
    intensity_operation_g: Required<Nano>, 18, number!(intensity_operation);
    intensity_provision_g: Required<Nano>, 18, number!(intensity_provision);
    intensity_per: Required<Text>, 8, word!(per, Per);
    data_category: Required<Text>, 6, word!(data_category, DataCategory);
    ghg_operation_kg: Required<Nano>, 80, number!(ghg_operation);
    ghg_provision_kg: Required<Nano>, 80, number!(ghg_provision);
    ghg_total_kg: Required<Nano>, 90, |c, g, _| {
        numbers(c, g, |f, r, out| {
            let parts = f.elements.ghg_operation[r.clone()]
                .iter()
                .zip(&f.elements.ghg_provision[r]);
            // Both are below 10^18; a check for overflow would keep the loop from being vectorised.
            out.extend(parts.map(|(operation, provision)| operation.wrapping_add(*provision)))
        })
    };
    biogenic_co2_kg: Optional<Nano>, 4, number!(biogenic_co2);
    quality_flags: Required<Text>, 14, |c, g, _| {
        keys(
            c,
            g,
            |key| Bound::Text(flags_of(key).text().into()),
            |f, r, out| out.extend(f.elements.flags[r].iter().map(|v| v.0 as i64)),
        )
    };
    source_file: Optional<Text>, 10, |c, g, names| {
        codes(
            c,
            g,
            |code| text(&names.files[code as usize]),
            |f, r, out| from_record(f, r, out, NO_CODE, |batch, row| batch.file[row]),
        )
    };
    source_row: Optional<Long>, 25, |c, g, _| {
        numbers(c, g, |f, r, out| {
            from_record(f, r, out, i64::MIN, |batch, row| batch.row[row] as i64)
        })
    };
}

// 0 stands for "absent" in symbols, code lists and sequences.
fn nonzero(code: u32) -> u32 {
    if code == 0 { NO_CODE } else { code }
}

/// What elements pass through from their records; an inferred hub has no record.
fn from_record<T>(
    f: &Footprints,
    rows: Range<usize>,
    out: &mut Vec<T>,
    none: T,
    get: impl Fn(&MovementBatch, usize) -> T,
) where
    T: Copy,
{
    out.extend(f.elements.row[rows].iter().map(|&row| {
        if row == NO_ROW {
            none
        } else {
            get(&f.batch, row as usize)
        }
    }));
}

/// Texts that each record has its own of.
fn texts(
    column: &Column,
    group: &Group,
    bloom: bool,
    of: impl Fn(&MovementBatch) -> &TextColumn,
) -> Result<Encoded> {
    encode_texts(
        column,
        group.count,
        bloom,
        |page, out: &mut TextPage<'_>| {
            each_slice(group, page, |f, rows| {
                let texts = of(&f.batch);
                if texts.parts().0.is_empty() {
                    return out.push_nulls(rows.len());
                }
                for &row in &f.elements.row[rows] {
                    out.push(if row == NO_ROW {
                        None
                    } else {
                        nonempty(texts.get(row as usize))
                    });
                }
            })
        },
    )
}

/// Ids of shipments and containers, which all elements of one share: compared with the row before, looked up once a run.
fn runs(
    column: &Column,
    group: &Group,
    bloom: bool,
    of: impl Fn(&Footprints) -> &TextColumn,
) -> Result<Encoded> {
    encode_runs(column, group.count, bloom, |page, out: &mut RunPage<'_>| {
        each_slice(group, page, |f, rows| {
            let texts = of(f);
            let equal =
                |a: &u32, b: &u32| a == b || same(texts.get(*a as usize), texts.get(*b as usize));
            for run in f.elements.anchor[rows].chunk_by(equal) {
                out.push(nonempty(texts.get(run[0] as usize)), run.len());
            }
        })
    })
}

/// Numbers within a container are small; only a shipment without container ids can have very many elements in one chain,
/// and then a table as long as the largest number would not be worth it.
fn element(column: &Column, group: &Group, _: &Names<'_>) -> Result<Encoded> {
    const SMALL: u32 = 1 << 16;
    let slices = || group.pages.iter().flatten();
    let largest = slices()
        .flat_map(|s| &s.chunk.elements.element[s.rows.clone()])
        .max();
    if largest.is_some_and(|&n| n >= SMALL) {
        return encode_numbers(column, group.count, |page, out: &mut Vec<i32>| {
            each_slice(group, page, |f, r| {
                out.extend(f.elements.element[r].iter().map(|&n| n as i32))
            })
        });
    }
    codes(
        column,
        group,
        |code| Bound::Int(code as i32),
        |f, r, out| out.extend_from_slice(&f.elements.element[r]),
    )
}

//! Movement records at random: mostly sound, with the damage of real exports.

use proptest::prelude::*;

/// A row, cell by cell, in the order of `kernel::HEADER`.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub shipment: String,
    pub movement: String,
    pub container: String,
    pub container_type: String,
    pub sequence: String,
    pub mode: String,
    pub origin: String,
    pub destination: String,
    pub departed_at: String,
    pub distance_km: String,
    pub distance_basis: String,
    pub cargo_mass_kg: String,
    pub container_cargo_mass_kg: String,
    pub load_status: String,
    /// Carrier, temperature, energy carrier, quantity and unit, as they stand in the record.
    pub extra: &'static str,
}

/// Nothing of the last five columns.
pub(super) const NO_EXTRA: &str = ",,,,";

impl Row {
    /// As a record of CSV; no cell needs quotes.
    pub(super) fn csv(&self) -> String {
        [
            &self.shipment,
            &self.movement,
            &self.container,
            &self.container_type,
            &self.sequence,
            &self.mode,
            &self.origin,
            &self.destination,
            &self.departed_at,
            &self.distance_km,
            &self.distance_basis,
            &self.cargo_mass_kg,
            &self.container_cargo_mass_kg,
            &self.load_status,
        ]
        .map(String::as_str)
        .join(",")
            + ","
            + self.extra
    }
}

/// Grams as kilograms, metres as kilometres.
pub(super) fn thousandths(n: i64) -> String {
    format!("{}.{:03}", n / 1000, n % 1000)
}

/// Mode, origin, destination, distance, basis of the legs of a chain.
const LEGS: [[&str; 5]; 5] = [
    ["road", "CNNNN", "CNCKG", "40.125", "actual"],
    ["rail", "CNCKG", "CNQZH", "", ""],
    ["hub", "CNQZH", "CNQZH", "", ""],
    ["sea", "CNQZH", "SGSIN", "2500.5", "sfd"],
    ["road", "SGSIN", "SGSIN", "12", "sfd"],
];

/// What happens to a row.
#[derive(Clone, Copy, Debug)]
enum Damage {
    None,
    NoMass,
    NotANumber,
    UnknownMode,
    NoFactor,
    NoDistance,
    Repeated,
    Rounded,
    RoundedFirst,
    Contradicted,
    SameSequence,
}

/// Rows of one to four shipments with one to three chains each, in order.
pub(super) fn shipments() -> impl Strategy<Value = Vec<Row>> {
    let chain = (
        1..32u8,
        chain_head(),
        prop::collection::vec(damage(), LEGS.len()),
    );
    prop::collection::vec(prop::collection::vec(chain, 1..4), 1..5).prop_map(|shipments| {
        let mut rows = Vec::new();
        for (s, chains) in shipments.iter().enumerate() {
            for (c, (legs, head, damage)) in chains.iter().enumerate() {
                for (n, leg) in LEGS.iter().enumerate().filter(|(n, _)| legs & 1 << n != 0) {
                    push(&mut rows, &sound(s, c, n, leg, head), damage[n]);
                }
            }
        }
        rows
    })
}

/// What the rows of a chain share: container or none, its type, day, mass, status.
#[derive(Clone, Debug)]
struct Head {
    has_container: bool,
    container_type: &'static str,
    day: u32,
    mass_g: i64,
    is_empty: bool,
    extra: &'static str,
}

/// What selects a factor beside operation, place and day.
const EXTRAS: [&str; 6] = [
    NO_EXTRA,
    "ACME,,,,",
    "ACNE,,,,",
    ",refrigerated,,,",
    ",,diesel,,",
    ",,diesel,12.5,l",
];

fn chain_head() -> impl Strategy<Value = Head> {
    let types = prop::sample::select(vec!["22G1", "42G1", "", "99ZZ"]);
    (
        prop::bool::weighted(0.8),
        types,
        0..700u32,
        1..30_000_000i64,
        prop::bool::weighted(0.1),
        prop::sample::select(EXTRAS.to_vec()),
    )
        .prop_map(
            |(has_container, container_type, day, mass_g, is_empty, extra)| Head {
                has_container,
                container_type,
                day,
                mass_g,
                is_empty,
                extra,
            },
        )
}

fn damage() -> impl Strategy<Value = Damage> {
    use Damage::*;
    let some = [
        NoMass,
        NotANumber,
        UnknownMode,
        NoFactor,
        NoDistance,
        Repeated,
        Rounded,
        RoundedFirst,
        Contradicted,
        SameSequence,
    ];
    prop_oneof![4 => Just(None), 1 => prop::sample::select(some.to_vec())]
}

fn sound(
    shipment: usize,
    chain: usize,
    leg: usize,
    [mode, origin, destination, distance, basis]: &[&str; 5],
    head: &Head,
) -> Row {
    let day = head.day + leg as u32 * 3;
    Row {
        shipment: format!("S{shipment:03}"),
        movement: format!("M{chain}-{leg}"),
        container: if head.has_container {
            format!("BOXU000000{chain}")
        } else {
            String::new()
        },
        container_type: head.container_type.into(),
        // Chains without a container are one chain: no two of its movements have one number.
        sequence: (chain * 10 + leg + 1).to_string(),
        mode: (*mode).into(),
        origin: (*origin).into(),
        destination: (*destination).into(),
        departed_at: format!(
            "202{}-{:02}-{:02}T12:00:00+08:00",
            3 + day / 360,
            day % 360 / 30 + 1,
            day % 28 + 1
        ),
        distance_km: (*distance).into(),
        distance_basis: (*basis).into(),
        cargo_mass_kg: if head.is_empty {
            String::new()
        } else {
            thousandths(head.mass_g)
        },
        container_cargo_mass_kg: String::new(),
        load_status: if head.is_empty {
            "empty".into()
        } else {
            "laden".into()
        },
        extra: head.extra,
    }
}

/// The same record with more decimals than are kept.
fn with_more_decimals(row: &Row) -> Row {
    let mut row = row.clone();
    for cell in [&mut row.cargo_mass_kg, &mut row.distance_km] {
        if cell.contains('.') {
            cell.push_str("0004");
        }
    }
    row
}

fn push(rows: &mut Vec<Row>, row: &Row, damage: Damage) {
    let row = row.clone();
    match damage {
        Damage::None => rows.push(row),
        Damage::NoMass => rows.push(Row {
            cargo_mass_kg: String::new(),
            ..row
        }),
        Damage::NotANumber => rows.push(Row {
            cargo_mass_kg: "12.5 t".into(),
            ..row
        }),
        Damage::UnknownMode => rows.push(Row {
            mode: "balloon".into(),
            ..row
        }),
        Damage::NoFactor => rows.push(Row {
            departed_at: "2022-06-01T00:00:00Z".into(),
            ..row
        }),
        Damage::NoDistance => rows.push(Row {
            distance_km: String::new(),
            origin: "CNXXX".into(),
            ..row
        }),
        Damage::Repeated => rows.extend([row.clone(), row]),
        Damage::Rounded => rows.extend([row.clone(), with_more_decimals(&row)]),
        Damage::RoundedFirst => rows.extend([with_more_decimals(&row), row]),
        Damage::Contradicted => rows.extend([
            row.clone(),
            Row {
                cargo_mass_kg: "17".into(),
                load_status: "laden".into(),
                ..row
            },
        ]),
        Damage::SameSequence => rows.extend([
            row.clone(),
            Row {
                movement: row.movement.clone() + "b",
                ..row
            },
        ]),
    }
}

/// A row, of a shipment of its own, that fails its checks in one way or another.
pub(super) fn rejectable() -> impl Strategy<Value = Row> {
    let cells: Vec<fn(&mut Row)> = vec![
        |row| row.cargo_mass_kg = "1e5".into(),
        |row| row.cargo_mass_kg = "-1".into(),
        |row| row.mode = "balloon".into(),
        |row| row.mode.clear(),
        |row| row.origin = "China".into(),
        |row| row.departed_at = "2024-13-01T00:00:00Z".into(),
        |row| row.sequence = "0".into(),
        |row| row.distance_km = "50000.001".into(),
        |row| row.container_type = "x".repeat(65),
        |row| row.load_status = "half".into(),
    ];
    prop::sample::select(cells).prop_map(|spoil| {
        let head = Head {
            has_container: true,
            container_type: "22G1",
            day: 400,
            mass_g: 1_000_000,
            is_empty: false,
            extra: NO_EXTRA,
        };
        let mut row = Row {
            shipment: "T000".into(),
            movement: "BAD".into(),
            ..sound(0, 0, 0, &LEGS[0], &head)
        };
        spoil(&mut row);
        row
    })
}

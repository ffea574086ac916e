//! Results for tests: shipments made up from their number alone, with every kind of absent value, in chunks of any size.

use crate::model::element::*;
use crate::model::flag::Flags;
use crate::model::id::LocationCode;
use crate::model::mode::*;
use crate::model::reject::{Reject, RejectReason, Rejected};
use crate::model::symbol::Symbols;
use crate::model::time::{NO_INSTANT, day_of, month_start};

/// Texts behind the codes of the sample.
pub(crate) struct SampleNames {
    operations: Vec<String>,
    factors: Vec<String>,
    symbols: Symbols,
    corridors: Vec<String>,
    files: Vec<String>,
}

impl SampleNames {
    pub(crate) fn new() -> SampleNames {
        let list = |name: &str, n: usize| (0..n).map(|i| format!("{name}{i}")).collect();
        let mut symbols = Symbols::default();
        (1..40).for_each(|i| {
            symbols.intern(&format!("S{i}"));
        });
        SampleNames {
            operations: list("op.", 9),
            factors: list("src/1:factor-", 50),
            symbols,
            corridors: list("corridor-", 3),
            files: list("in/file-", 3),
        }
    }

    pub(crate) fn names(&self) -> Names<'_> {
        Names {
            operations: &self.operations,
            factors: &self.factors,
            symbols: &self.symbols,
            corridors: &self.corridors,
            files: &self.files,
            carried: &[],
        }
    }
}

/// A linear congruential generator: the same cases on every machine.
pub(crate) struct Random(pub u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        let x = (self.0 ^ self.0 >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
        x ^ x >> 33
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    pub(crate) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

const PLACES: [&str; 7] = [
    "CNCKG", "CNQZH", "SGSIN", "SGJUR", "VNHPH", "NLRTM", "US2AB",
];

fn place(random: &mut Random) -> LocationCode {
    LocationCode::parse(PLACES[random.below(7) as usize].as_bytes()).unwrap()
}

/// Shipments `numbers` as one chunk.
pub(crate) fn chunk(numbers: std::ops::Range<u64>) -> Footprints {
    let mut chunk = Footprints::default();
    for number in numbers {
        shipment(number, &mut chunk);
    }
    chunk
}

fn shipment(number: u64, f: &mut Footprints) {
    let mut random = Random(number * 7919 + 11);
    let id = format!("BL{number:07}");
    let from = f.elements.len();
    let boxes = 1 + random.below(3);
    let no_container = random.one_in(10);
    for b in 0..boxes {
        let container = if no_container {
            String::new()
        } else {
            format!("MSKU{:07}", (number * 3 + b) % 1000)
        };
        let legs = 1 + random.below(5);
        for element in 1..=legs as u32 {
            row(&id, &container, element, number, f, &mut random);
        }
    }
    totals(&id, number, from, f, &mut random);
}

fn row(
    id: &str,
    container: &str,
    element: u32,
    number: u64,
    f: &mut Footprints,
    random: &mut Random,
) {
    let (b, e) = (&mut f.batch, &mut f.elements);
    let at = b.file.len() as u32;
    let mode = Mode::ALL[random.below(6) as usize];
    let hub = mode == Mode::Hub;
    let departed_at =
        1_704_067_200_000_000 + (number * 3_600 + random.below(86_400)) as i64 * 1_000_000;
    b.shipment_id.push(id.as_bytes());
    b.movement_id
        .push(format!("MV-{number}-{element}-{container}").as_bytes());
    b.container_id.push(container.as_bytes());
    b.evidence_ref.push(if random.one_in(9) {
        b"receipt \xC3\xA9"
    } else {
        b""
    });
    b.container_type.push(random.below(4) as u32);
    b.sequence.push(if random.one_in(7) {
        0
    } else {
        element as u16 * 10
    });
    b.carrier.push(random.below(9) as u32);
    b.arrived_at.push(if random.one_in(5) {
        NO_INSTANT
    } else {
        departed_at + 3_600_000_001
    });
    let energy = random.one_in(6);
    b.energy_carrier.push(if energy {
        20 + random.below(3) as u32
    } else {
        0
    });
    b.energy_quantity.push(if energy {
        1 + random.below(1 << 40) as i64
    } else {
        0
    });
    b.energy_unit.push(if energy {
        EnergyUnit::ALL[1 + random.below(4) as usize]
    } else {
        EnergyUnit::Absent
    });
    b.file.push(random.below(3) as u32);
    b.row.push(1 + random.below(1 << 33));
    e.row
        .push(if hub && random.one_in(2) { NO_ROW } else { at });
    e.anchor.push(at);
    e.element.push(element);
    e.mode.push(mode);
    e.operation.push(random.below(9) as u16);
    e.origin.push(place(random));
    e.destination.push(place(random));
    e.departed_at.push(departed_at);
    e.load_status
        .push(LoadStatus::ALL[random.one_in(20) as usize]);
    e.temperature
        .push(Temperature::ALL[1 + random.one_in(4) as usize]);
    let mass = 1 + random.below(30_000_000) as i64;
    e.mass_g.push(mass);
    e.teu.push(if random.one_in(6) {
        -1
    } else {
        1_000_000 * random.below(3) as i64
    });
    e.containers
        .push(if random.one_in(6) { 333_333 } else { 1_000_000 });
    let distance = if hub {
        0
    } else {
        1 + random.below(20_000_000) as i64
    };
    e.distance_m.push(distance);
    e.distance_basis.push(if hub {
        Basis::Absent
    } else {
        Basis::ALL[1 + random.below(3) as usize]
    });
    e.distance_source.push(if hub {
        DistanceSource::Absent
    } else {
        DistanceSource::ALL[1 + random.below(3) as usize]
    });
    e.activity_distance_m.push(distance);
    e.activity_basis
        .push(if hub { Basis::Absent } else { Basis::Sfd });
    e.emission_distance_m.push(distance + distance / 20);
    e.activity.push(mass * distance);
    e.factor.push(random.below(50) as u32);
    e.intensity_operation
        .push(random.below(40) as i64 * 1_000_000_007);
    e.intensity_provision
        .push(random.below(40) as i64 * 999_999_999);
    e.per.push(Per::ALL[random.below(9) as usize]);
    e.data_category
        .push(DataCategory::ALL[random.below(3) as usize]);
    e.ghg_operation.push(mass * distance / 900);
    e.ghg_provision
        .push(if hub { 0 } else { mass * distance / 4_100 });
    e.biogenic_co2.push(match e.factor.last() {
        Some(factor) if factor % 5 == 0 => mass * distance / 1_700,
        _ => NOT_STATED,
    });
    e.flags
        .push(Flags(random.below(16) * 2) | Flags::HUB_INFERRED.when(hub));
}

fn totals(id: &str, number: u64, from: usize, f: &mut Footprints, random: &mut Random) {
    let (e, s) = (&f.elements, &mut f.shipments);
    let elements = from..e.len();
    let sum = |column: &[i64]| {
        column[elements.clone()]
            .iter()
            .map(|&v| v as i128)
            .sum::<i128>()
    };
    let totals = GhgTotals {
        activity: sum(&e.activity),
        operation: sum(&e.ghg_operation),
        provision: sum(&e.ghg_provision),
    };
    let mut by_mode = ByMode::<i128>::default();
    let mut basis = BasisSet::default();
    for i in elements.clone() {
        by_mode[e.mode[i]] += (e.ghg_operation[i] + e.ghg_provision[i]) as i128;
        basis.add(e.activity_basis[i]);
    }
    let corridor = match number % 4 {
        3 => CorridorKey::Lane(e.origin[from].country(), e.destination[from].country()),
        listed => CorridorKey::Listed(listed as u16),
    };
    s.shipment_id.push(id.as_bytes());
    s.corridor.push(corridor);
    let period = month_start(day_of(e.departed_at[from]));
    s.period.push(period);
    s.origin.push(e.origin[from]);
    s.destination.push(e.destination[from]);
    s.first_departed_at.push(e.departed_at[from]);
    s.last_arrived_at.push(if random.one_in(5) {
        NO_INSTANT
    } else {
        e.departed_at[from] + 5
    });
    s.modes.push(if random.one_in(9) {
        b""
    } else {
        b"road>rail>sea"
    });
    let load_status = LoadStatus::ALL[random.one_in(5) as usize];
    s.load_status.push(load_status);
    s.containers.push(1_000_000);
    s.teu.push(2_000_000);
    s.mass_g.push(sum(&e.mass_g));
    s.elements.push(elements.len() as u32);
    s.rejected_rows.push(random.below(2) as u32);
    s.is_complete.push(random.one_in(2));
    s.totals.push(totals);
    let mut biogenic = Biogenic::default();
    e.biogenic_co2[elements.clone()]
        .iter()
        .for_each(|&co2| biogenic.count(co2));
    s.biogenic.push(biogenic);
    s.by_mode.push(by_mode);
    s.primary.push(if random.one_in(3) {
        totals.total() / 3
    } else {
        0
    });
    s.activity_basis.push(basis);
    s.flags.push(Flags(random.below(8) * 2));
    f.elements_per_shipment.push(elements.len() as u32);
}

/// Some of the sums over a chunk, by corridor and by section.
pub(crate) fn rollup_of(f: &Footprints) -> Rollup {
    let (e, s, mut rollup) = (&f.elements, &f.shipments, Rollup::default());
    let mut from = 0;
    for (shipment, &count) in f.elements_per_shipment.iter().enumerate() {
        let (corridor, period) = (s.corridor[shipment], s.period[shipment]);
        let row = rollup
            .corridors
            .entry((corridor, period, s.load_status[shipment]))
            .or_default();
        row.shipments += 1;
        row.teu += 2_000_000;
        row.totals.add(&s.totals[shipment]);
        row.biogenic.add(&s.biogenic[shipment]);
        let elements = from..from + count as usize;
        from = elements.end;
        for i in elements {
            let key = (
                corridor,
                period,
                e.load_status[i],
                e.mode[i],
                e.origin[i],
                e.destination[i],
            );
            let section = rollup.sections.entry(key).or_default();
            section.movements += 1;
            section.mass_g += e.mass_g[i] as i128;
            section.totals.add(&GhgTotals {
                activity: e.activity[i] as i128,
                operation: e.ghg_operation[i] as i128,
                provision: e.ghg_provision[i] as i128,
            });
            section.biogenic.count(e.biogenic_co2[i]);
        }
    }
    rollup
}

/// `count` rejections in order of (file, row).
pub(crate) fn rejected(count: u64) -> Vec<Rejected> {
    (0..count)
        .map(|n| {
            let reason = RejectReason::LIST[n as usize % 24].0;
            let column = if n % 5 == 0 { "" } else { "departed_at" };
            let value = if n % 3 == 0 {
                String::new()
            } else {
                format!("value {n}")
            };
            Rejected {
                file: (n * 3 / count) as u32,
                row: n + 1,
                reject: Reject::new(
                    reason,
                    column,
                    &value,
                    if n % 7 == 0 { "" } else { "a timestamp" },
                ),
                shipment_id: if n % 4 == 0 {
                    String::new()
                } else {
                    format!("BL{n:07}")
                },
                movement_id: if n % 6 == 0 {
                    String::new()
                } else {
                    format!("MV{n}")
                },
                carried: 0,
            }
        })
        .collect()
}

//! The search against all chains there are.

use super::*;
use crate::factors::testkit::{files, hub, profile, transport};
use crate::model::id::LocationCode;
use crate::model::mode::Basis;
use crate::model::time::{DAY_US, day};
use crate::reference::{DataFile, Dwells};
use crate::routes::network::{Estimates, Hours, Wait};
use crate::routes::request::{Avoid, Cargo, Objective};
use std::collections::BTreeSet;

/// A linear congruential generator: the same networks on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 33) % n
    }
}

const PLACES: [&str; 6] = ["CNAAA", "CNBBB", "CNCCC", "CNDDD", "CNEEE", "SGFFF"];
const START: (i32, u32, u32) = (2024, 12, 20);

fn place(code: &str) -> LocationCode {
    LocationCode::parse(code.as_bytes()).unwrap()
}

/// Three modes with factors, of which two change on the first of January: one up, one down.
fn reference() -> Reference {
    let rows = [
        "factor_id=s operation=sea.feeder distance_basis=sfd operation_g=10 provision_g=1 valid_to=2025-01-01",
        "factor_id=s2 operation=sea.feeder distance_basis=sfd operation_g=3 provision_g=1 valid_from=2025-01-01",
        "factor_id=r operation=rail.electric distance_basis=sfd operation_g=0 provision_g=8 energy_carrier=electricity",
        "factor_id=t operation=road.truck distance_basis=sfd operation_g=50 provision_g=9 energy_carrier=diesel valid_to=2025-01-01",
        "factor_id=t2 operation=road.truck distance_basis=sfd operation_g=70 provision_g=9 energy_carrier=diesel valid_from=2025-01-01",
    ];
    let mut library = files(vec![
        transport("one/1", &rows),
        hub("one/1", &["factor_id=h operation_g=900 provision_g=1"]),
    ]);
    let hubs: String = [
        ("rail", "sea"),
        ("road", "sea"),
        ("start", "road"),
        ("sea", "end"),
        ("rail", "rail"),
    ]
    .iter()
    .map(|(b, a)| {
        format!("[[hub]]\nbefore = \"{b}\"\nafter = \"{a}\"\noperation = \"hub.terminal\"\n")
    })
    .collect();
    library.push(DataFile::new("profiles/test.toml", profile(&[]) + &hubs));
    Reference::load(&library, "test", &[], &[]).unwrap().0
}

fn dwells() -> Dwells {
    let mut text = "place,before,after,hours,is_estimate,source_ref,note\n".to_owned();
    for before in ["road", "rail", "sea"] {
        for after in ["road", "rail", "sea"] {
            text += &format!(
                ",{before},{after},{},yes,x,\n",
                3 * before.len() + after.len()
            );
        }
    }
    Dwells::parse(&DataFile::new("dwell.csv", text)).0
}

fn network(random: &mut Random, reference: &Reference, has_prices: bool) -> Network {
    let modes = [
        (Mode::Road, "road.truck"),
        (Mode::Rail, "rail.electric"),
        (Mode::Sea, "sea.feeder"),
    ];
    let usd = Currency::parse("USD").unwrap();
    let mut links = Vec::new();
    for number in 0..26 {
        let (from, to) = (random.below(5) as usize, 1 + random.below(5) as usize);
        if from == to {
            continue;
        }
        let (mode, operation) = modes[random.below(3) as usize];
        let wait = match random.below(3) {
            0 => Wait::Unknown,
            1 => Wait::Mean(random.below(60_000) as i64),
            _ => Wait::Weekdays(1 + random.below(127) as u8),
        };
        let ends_at_new_year = random.below(6) == 0;
        links.push(Link {
            service: match number % 2 {
                0 => format!("s{number}"),
                _ => String::new(),
            },
            mode,
            operation: reference.factors.operation(operation).unwrap(),
            carrier: String::new(),
            energy_carrier: String::new(),
            origin: place(PLACES[from]),
            destination: place(PLACES[to]),
            distance: Some((1000 * (1 + random.below(2000)) as u32, Basis::Sfd)),
            transit: (random.below(40) > 0).then(|| Hours {
                value: random.below(150_000) as i64,
                is_estimate: false,
                source: String::new(),
            }),
            wait,
            price: (has_prices && random.below(4) > 0).then(|| crate::routes::network::Price {
                price: random.below(900) as i64 * 1_000_000,
                currency: usd,
                per: crate::model::mode::Per::Container,
            }),
            valid_from: Day::MIN,
            valid_to: if ends_at_new_year {
                day(2025, 1, 1).unwrap()
            } else {
                NO_END
            },
            source_ref: String::new(),
            note: String::new(),
            passages: Default::default(),
            is_at_speed: false,
            // Of one in three; of those with timetables too.
            cut_off: [0, 0, 30_000][number % 3],
        });
    }
    let estimates = Estimates {
        dwells: dwells(),
        ..Estimates::default()
    };
    Network::of(links, estimates.into())
}

fn request(via: Vec<LocationCode>) -> Request {
    Request {
        origin: place(PLACES[0]),
        destination: place(PLACES[5]),
        cargo: Cargo {
            // Two boxes with a gram more than the third.
            mass_g: 12_345_677,
            boxes: 3,
            ..Cargo::default()
        },
        depart: day(START.0, START.1, START.2).unwrap() as i64 * DAY_US,
        arrive_by: None,
        is_ready_open: false,
        via,
        avoid: Avoid::default(),
        modes: Vec::new(),
        most_hours: Some(40 * DAY),
        options: 99,
        objective: Objective::Co2e,
        carbon_price: None,
        currency: None,
    }
}

/// Every chain within the bounds, its emissions from the kernel as a whole.
fn all(
    network: &Network,
    request: &Request,
    costing: &mut Costing,
    prices: &[Option<(Currency, Amount)>],
) -> Vec<Chain> {
    let mut found = Vec::new();
    let mut open: Vec<(Vec<LinkIndex>, Vec<Step>)> = vec![(Vec::new(), Vec::new())];
    while let Some((links, steps)) = open.pop() {
        let at = links
            .last()
            .map_or(request.origin, |l| network.link(*l).destination);
        if at == request.destination {
            found.push((links, steps));
            continue;
        }
        for index in 0..network.links.len() as LinkIndex {
            let link = network.link(index);
            let visited: Vec<LocationCode> = links
                .iter()
                .map(|l| network.link(*l).origin)
                .chain([at])
                .collect();
            if link.origin != at
                || visited.contains(&link.destination)
                || links.len() == MOST_ELEMENTS
                || links.last().is_some_and(|l| {
                    let last = network.link(*l);
                    last.service.is_empty()
                        && link.service.is_empty()
                        && (last.mode, link.mode) == (Mode::Sea, Mode::Sea)
                        && !request.via.contains(&at)
                })
            {
                continue;
            }
            let ready = steps.last().map_or(request.depart, |s: &Step| s.arrived_at);
            let before = links.last().map(|l| network.link(*l).mode);
            let Some(next) = step(link, &network.estimates, before, ready) else {
                continue;
            };
            if next.arrived_at - request.depart <= 40 * DAY * MILLIHOUR_US {
                open.push((
                    [links.clone(), vec![index]].concat(),
                    [steps.clone(), vec![next]].concat(),
                ));
            }
        }
    }
    found.retain(|(links, _)| {
        let mut via = request.via.iter().peekable();
        links.iter().for_each(|l| {
            via.next_if(|v| **v == network.link(*l).destination);
        });
        via.peek().is_none()
    });
    found
        .into_iter()
        .map(|(links, steps)| whole(links, steps, network, costing, prices))
        .collect()
}

fn whole(
    links: Vec<LinkIndex>,
    steps: Vec<Step>,
    network: &Network,
    costing: &mut Costing,
    prices: &[Option<(Currency, Amount)>],
) -> Chain {
    let mut emission = Emission::NONE;
    for (count, mass_g) in costing.alike() {
        let shipments = costing.footprint(&[(&links, &steps)], mass_g).shipments;
        emission = emission.plus(Emission {
            micrograms: i128::from(count) * shipments.totals[0].total(),
            is_complete: shipments.is_complete[0],
        });
    }
    let costs = links.iter().fold(Costs::default(), |c, l| {
        c.then(prices[*l as usize]).unwrap()
    });
    let criteria = Criteria {
        micrograms: emission.is_complete.then_some(emission.micrograms),
        arrived_at: steps
            .iter()
            .all(Step::is_timed)
            .then(|| steps[steps.len() - 1].arrived_at),
        costs,
    };
    let modes = links.iter().fold(ModeSequence::default(), |m, l| {
        m.then(network.link(*l).mode)
    });
    Chain {
        links,
        steps,
        modes,
        emission,
        criteria,
    }
}

/// What it must find, and nothing else: compared with every chain there is, in networks with timetables, prices, unknown times,
/// services that end and factors that change while boxes are on their way.
#[test]
fn the_search_finds_exactly_what_no_other_chain_beats() {
    let reference = reference();
    let mut random = Random(7);
    let (mut unbeaten_total, mut all_total) = (0, 0);
    for round in 0..200 {
        let network = network(&mut random, &reference, round % 3 == 0);
        let via = if round % 5 == 0 {
            vec![place(PLACES[2])]
        } else {
            Vec::new()
        };
        let request = request(via);
        let mut costing = Costing::new(&reference, &network, &request.cargo);
        let price = |l: &std::sync::Arc<Link>| {
            l.price
                .as_ref()
                .map(|p| (p.currency, Amount::of(p.price, 1_000_000)))
        };
        let prices: Vec<_> = network.links.iter().map(price).collect();
        let every = all(&network, &request, &mut costing, &prices);
        let is_beaten = |c: &Chain| {
            every
                .iter()
                .any(|d| d.modes == c.modes && beats(&d.criteria, &c.criteria, false))
        };
        let unbeaten: Vec<&Chain> = every.iter().filter(|c| !is_beaten(c)).collect();
        let found = Search::run(&reference, &network, &request, &mut costing, &prices).unwrap();
        for chain in &found {
            let same = every.iter().find(|c| c.links == chain.links);
            assert_eq!(
                same,
                Some(chain),
                "round {round}: its figures are those of the whole chain"
            );
            assert!(
                unbeaten.contains(&chain),
                "round {round}: {:?} is beaten",
                chain.links
            );
        }
        // Of chains that come to the same, not all need be there.
        let key = |c: &Chain| format!("{:?} {:?}", c.modes, c.criteria);
        let there: BTreeSet<String> = found.iter().map(key).collect();
        for chain in unbeaten.iter().filter(|c| !there.contains(&key(c))) {
            // What goes on alike from a place is judged at that place, before something unknown made both incomparable.
            let is_unknown =
                chain.criteria.arrived_at.is_none() || chain.criteria.micrograms.is_none();
            let goes_on =
                |c: &Chain| c.modes == chain.modes && c.links.last() == chain.links.last();
            assert!(
                is_unknown && found.iter().any(goes_on),
                "round {round}: {chain:?} is missing of {:?}",
                chain.modes.modes()
            );
        }
        all_total += every.len();
        unbeaten_total += unbeaten.len();
    }
    assert!(
        unbeaten_total > 1000 && all_total - unbeaten_total > 1000,
        "{unbeaten_total} of {all_total}: too easy"
    );
}

#[test]
fn modes_collapse_and_nest() {
    let sequence = |modes: &[Mode]| {
        modes
            .iter()
            .fold(ModeSequence::default(), |s, m| s.then(*m))
    };
    let rail_sea = sequence(&[Mode::Rail, Mode::Rail, Mode::Sea]);
    assert_eq!(rail_sea.modes(), [Mode::Rail, Mode::Sea]);
    assert!(rail_sea.is_within(sequence(&[Mode::Rail, Mode::Road, Mode::Sea])));
    assert!(!rail_sea.is_within(sequence(&[Mode::Sea, Mode::Rail])));
    assert!(sequence(&[Mode::Air]).is_within(sequence(&[Mode::Air])));
}

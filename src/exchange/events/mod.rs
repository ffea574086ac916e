//! Events of containers and their vehicles, in whatever format they came, as movement records.
//!
//! `settle` picks the version of an event that counts, `occurrence` joins what several senders report of one handling, `shipments` finds
//! the shipments, `order` the order in which it can have been, `empty` takes out the carrier's own repositioning, `chain` pairs arrivals with
//! departures, `vehicle` finds when the vehicle left and came, `mass` what the cargo weighs. Every event ends in exactly one of the counts of [`Report`].

pub(crate) mod chain;
pub(crate) mod empty;
pub(crate) mod event;
pub(crate) mod mass;
pub(crate) mod occurrence;
pub(crate) mod order;
pub(crate) mod settle;
pub(crate) mod shares;
pub(crate) mod shipments;
#[cfg(test)]
pub(super) mod simulation;
pub(crate) mod vehicle;

use super::left_out::{LeftOut, Outcome};
use crate::error::{Error, Result};
use crate::model::mode::Mode;
use crate::model::time::Instant;
use crate::model::unit::MASS_SCALE;
use crate::model::unit::decimal_text;
use crate::model::unit::plural;
use crate::reference::ContainerTypes;
use crate::reference::gaps;
use chain::{Link, chain};
use empty::{REPOSITIONED, without_repositioning};
use event::{Event, Statement};
use mass::{Cargo, cargo};
use occurrence::{Occurrence, occurrences};
use order::arrange;
use settle::{gone, settle};
use shares::{Share, Shares};
use shipments::{Bookings, Numbers, assign};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use vehicle::{Passages, Times, passage};

/// Columns of the records; the seven before the last are for people, and `run` lists them as unknown.
pub(crate) const COLUMNS: [&str; 23] = [
    "movement_id",
    "shipment_id",
    "container_id",
    "container_type",
    "sequence",
    "mode",
    "carrier",
    "origin",
    "destination",
    "departed_at",
    "arrived_at",
    "load_status",
    "recorded_at",
    "box_share",
    "box_share_source",
    "origin_facility",
    "destination_facility",
    "start_event",
    "end_event",
    "vehicle_departure_event",
    "vehicle_arrival_event",
    "cargo_mass_source",
    "cargo_mass_kg",
];

/// A movement record: a value per column.
pub(crate) type Record = [String; COLUMNS.len()];

/// What came of the events.
#[derive(Debug, Default)]
pub struct Report {
    /// Movement records in order of (shipment, container, sequence).
    pub records: Vec<Record>,
    /// Gaps in the chains, a value per column of [`gaps::COLUMNS`].
    pub gaps: Vec<[String; gaps::COLUMNS.len()]>,
    /// What was not used.
    pub left_out: Vec<LeftOut>,
    /// Events found, malformed ones included.
    pub events: u64,
    /// Events that bound or confirm a record.
    pub used: u64,
    /// Files that gave nothing, each with what was in it.
    pub idle: Vec<(Arc<str>, String)>,
    /// Containers that several shipments share in parts that were assumed equal.
    pub equal_shares: u64,
}

/// What the events do not say.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    /// Mode of movements from gate to gate that state none.
    pub gate_mode: Option<Mode>,
    /// Parts of shipments in containers that they share.
    pub shares: Shares,
    /// Types of containers, for the tare that a message does not state.
    pub types: ContainerTypes,
}

/// Collects the events of files and pairs them.
#[derive(Debug, Default)]
pub(crate) struct Converter {
    settings: Settings,
    /// Files, and how many events each had.
    files: Vec<(Arc<str>, u64)>,
    at_file: HashMap<Arc<str>, usize>,
    events: Vec<Event>,
    bookings: Bookings,
    report: Report,
}

impl Converter {
    /// Nothing read yet.
    pub(crate) fn new(settings: Settings) -> Converter {
        Converter {
            settings,
            ..Converter::default()
        }
    }

    /// The events that follow are of this file.
    pub(crate) fn begin(&mut self, file: &str) {
        let file: Arc<str> = file.into();
        self.at_file.insert(file.clone(), self.files.len());
        self.files.push((file, 0));
    }

    /// Something about a file that is no event.
    pub(crate) fn note(&mut self, note: LeftOut) {
        self.report.left_out.push(note);
    }

    /// Takes an event, or what was wrong with the text in its place. Events come after their file has begun, but others may have begun
    /// since.
    pub(crate) fn take(&mut self, event: std::result::Result<Event, Box<LeftOut>>) {
        self.report.events += 1;
        let place = event.as_ref().map_or_else(|e| &e.place, |e| &e.place);
        if let Some(&at) = self.at_file.get(&place.file) {
            self.files[at].1 += 1;
        }
        match event {
            Ok(event) => {
                self.bookings.learn(&event.documents, &event.replacements);
                self.events.push(event);
            }
            Err(fault) => self.report.left_out.push(*fault),
        }
    }

    /// Pairs everything that was read.
    pub(crate) fn finish(self) -> Result<Report> {
        let Converter {
            settings,
            files,
            at_file: _,
            events,
            bookings,
            mut report,
        } = self;
        let links = linking(&events);
        let events = settle(events, &mut report.left_out);
        let mut containers: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
        for event in &events {
            match &event.statement {
                Statement::Handling(h) => containers.entry(&h.container).or_default().push(event),
                Statement::Ignored(reason) => {
                    report
                        .left_out
                        .push(gone(event.clone(), Outcome::Ignored, reason))
                }
                Statement::Vehicle(_) | Statement::Retracted => {}
            }
        }
        let mut chains: BTreeMap<(Numbers, &str), Vec<Occurrence>> = BTreeMap::new();
        for (container, events) in containers {
            let occurrences = occurrences(&events);
            let shipments = assign(&occurrences, &bookings);
            for (occurrence, shipments) in occurrences.into_iter().zip(shipments) {
                match shipments {
                    Ok(shipments) => chains
                        .entry((shipments, container))
                        .or_default()
                        .push(occurrence),
                    Err(_) if occurrence.is_bare_empty() => {
                        report.leave(&occurrence, Outcome::Ignored, REPOSITIONED)
                    }
                    Err(reason) => report.leave(&occurrence, Outcome::Unpaired, &reason),
                }
            }
        }
        let mut passages = Passages::of(&events);
        let mut used = BTreeSet::new();
        for ((shipments, container), occurrences) in chains {
            let shares = shares::of(&shipments, container, &settings.shares)?;
            let of_container = Of {
                shipments: &shipments,
                container,
                shares,
            };
            let (occurrences, own) = without_repositioning(arrange(occurrences));
            own.iter()
                .for_each(|o| report.leave(o, Outcome::Ignored, REPOSITIONED));
            let chain = chain(occurrences, settings.gate_mode);
            let ends = chain.links.iter().flat_map(|l| [&l.start, &l.end]);
            used.extend(ends.map(|o| &o.first().0.place));
            used.extend(chain.confirming.iter().map(|e| &e.place));
            report.add(&of_container, chain, &mut passages, &settings.types);
        }
        report.used = used.len() as u64 + passages.used();
        used.extend(passages.used_places());
        report.left_out.extend(passages.left_out(&events));
        report
            .left_out
            .sort_by(|a, b| (&a.place, a.outcome).cmp(&(&b.place, b.outcome)));
        report.records.sort_by(|a, b| {
            let key = |r: &Record| (r[1].clone(), r[2].clone());
            key(a).cmp(&key(b))
        });
        report
            .gaps
            .sort_by(|a, b| (&a[0], &a[1]).cmp(&(&b[0], &b[1])));
        let useful: BTreeSet<&str> = used
            .iter()
            .map(|place| &*place.file)
            .chain(links.iter().map(|f| &**f))
            .collect();
        report.idle = report.idle(&files, &useful);
        report.reconcile()?;
        Ok(report)
    }
}

/// Files whose events tell which booking is under which transport document, or which document replaced another.
fn linking(events: &[Event]) -> BTreeSet<Arc<str>> {
    let links = events.iter().filter(|e| {
        !e.replacements.is_empty() || e.documents.iter().any(|d| d.kind != e.documents[0].kind)
    });
    links.map(|e| e.place.file.clone()).collect()
}

/// The shipments of a chain, its container, and their parts in it.
struct Of<'c> {
    shipments: &'c [String],
    container: &'c str,
    shares: Option<Vec<Share>>,
}

impl Report {
    fn leave(&mut self, occurrence: &Occurrence, outcome: Outcome, reason: &str) {
        let reports = occurrence.reports().iter();
        let gone = reports.map(|(event, _)| gone((*event).clone(), outcome, reason));
        self.left_out.extend(gone);
    }

    /// Adds the records and gaps of a chain, once for each of its shipments.
    fn add<'e>(
        &mut self,
        of: &Of,
        chain: chain::Chain<'e>,
        passages: &mut Passages<'e>,
        types: &ContainerTypes,
    ) {
        let masses = cargo(&chain, types, &mut self.left_out);
        let mut links = chain.links;
        let mut times = Vec::with_capacity(links.len());
        for at in 0..links.len() {
            let stay = at.checked_sub(1).map(|before| &mut links[before]);
            let stay = stay.filter(|before| before.mode == Mode::Hub);
            let from = stay.map_or(Instant::MIN, |stay| stay.departed);
            let found = passages.times(&links[at], from);
            // A container that left with its ship was not in the port any more.
            if let (Some(p), true) = (found.departure.and_then(passage), from > Instant::MIN)
                && p.at < links[at - 1].arrived
            {
                (links[at - 1].arrived, links[at - 1].arrived_text) = (p.at, &p.at_text);
            }
            times.push(found);
        }
        let shared = of.shares.as_ref().is_some_and(|s| s[0].source == "equal");
        self.equal_shares += (shared && !links.is_empty()) as u64;
        for (i, shipment) in of.shipments.iter().enumerate() {
            let share = of.shares.as_ref().map(|shares| &shares[i]);
            let part = |cargo: &Cargo| match &of.shares {
                Some(shares) => cargo.part(shares, i),
                None => cargo.clone(),
            };
            let records = links.iter().zip(&times).zip(&masses).enumerate();
            self.records
                .extend(records.map(|(at, ((link, times), mass))| {
                    let mass = mass.as_ref().map(part);
                    let of = (shipment.as_str(), of.container);
                    record(of, at + 1, (link, *times), share, mass)
                }));
            self.gaps.extend(chain.gaps.iter().map(|gap| {
                [
                    shipment.clone(),
                    of.container.to_owned(),
                    gap.place.to_string(),
                    gap.at_text.clone(),
                    gap.reason.clone(),
                ]
            }));
        }
        self.left_out.extend(chain.left_out);
    }

    /// Files of which nothing is in a record: no event that bounds or confirms one, none that repeats or withdraws such a one.
    fn idle(&self, files: &[(Arc<str>, u64)], useful: &BTreeSet<&str>) -> Vec<(Arc<str>, String)> {
        let mut outcomes: BTreeMap<&str, BTreeMap<Outcome, u64>> = BTreeMap::new();
        for entry in self.left_out.iter().filter(|e| e.outcome.is_of_an_entry()) {
            let of_file = outcomes.entry(&entry.place.file).or_default();
            *of_file.entry(entry.outcome).or_default() += 1;
        }
        let none = BTreeMap::new();
        let mut idle = Vec::new();
        for (file, events) in files {
            let found = outcomes.get(&**file).unwrap_or(&none);
            let repeats = [Outcome::Duplicate, Outcome::Retracted];
            if useful.contains(&**file) || repeats.iter().any(|o| found.contains_key(o)) {
                continue;
            }
            let counts = found
                .iter()
                .map(|(outcome, n)| format!(", {n} {}", outcome.code()));
            idle.push((
                file.clone(),
                format!(
                    "{events} {}{}",
                    plural(*events, "event"),
                    counts.collect::<String>()
                ),
            ));
        }
        idle
    }

    /// Every event is in exactly one count.
    fn reconcile(&self) -> Result<()> {
        let of_entries = self.left_out.iter().filter(|e| e.outcome.is_of_an_entry());
        let left_out = of_entries.count() as u64;
        if self.events == self.used + left_out {
            return Ok(());
        }
        Err(Error::Internal(format!(
            "{} events, but {} used and {left_out} left out",
            self.events, self.used
        )))
    }
}

fn record(
    (shipment, container): (&str, &str),
    sequence: usize,
    (link, times): (&Link, Times),
    share: Option<&Share>,
    mass: Option<Cargo>,
) -> Record {
    let (start, end) = (link.start.first(), link.end.first());
    let either = |of: fn(&event::Handling) -> &str| match link.start.text(of) {
        "" => link.end.text(of).to_owned(),
        text => text.to_owned(),
    };
    let all = [Some(start.0), Some(end.0), times.departure, times.arrival]
        .into_iter()
        .flatten();
    // Of events changed at one time the first, so that the text is the same in every conversion.
    let changed = all
        .reduce(|latest, e| {
            if e.updated > latest.updated {
                e
            } else {
                latest
            }
        })
        .unwrap_or(start.0);
    let vehicle = |event: Option<&Event>| event.and_then(passage).map(|p| p.at_text.clone());
    let id = |event: Option<&Event>| event.map_or(String::new(), |e| e.id.clone());
    [
        link.movement_id(),
        shipment.to_owned(),
        container.to_owned(),
        either(|h| &h.container_type),
        sequence.to_string(),
        link.mode.code().to_owned(),
        // A hub has an operator, but it is not the one of the vessel.
        match link.mode {
            Mode::Hub => String::new(),
            _ => either(|h| &h.carrier),
        },
        link.start.place().to_string(),
        link.end.place().to_string(),
        vehicle(times.departure).unwrap_or_else(|| link.departed_text.to_owned()),
        vehicle(times.arrival).unwrap_or_else(|| link.arrived_text.to_owned()),
        link.load_status
            .map_or(String::new(), |status| status.code().to_owned()),
        changed.updated_text.clone(),
        share.map_or(String::new(), |s| s.part.clone()),
        share.map_or(String::new(), |s| s.source.to_owned()),
        link.start.text(|h| &h.facility).to_owned(),
        link.end.text(|h| &h.facility).to_owned(),
        start.0.id.clone(),
        end.0.id.clone(),
        id(times.departure),
        id(times.arrival),
        mass.as_ref().map_or(String::new(), |m| m.source.to_owned()),
        mass.map_or(String::new(), |m| decimal_text(m.grams.into(), MASS_SCALE)),
    ]
}

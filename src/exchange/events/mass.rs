//! What the cargo of a box weighs: from what messages say of the box, less the box itself.
//!
//! A box is not opened on its way, so its cargo weighs the same in every movement of a chain: the best statement of any report counts for
//! all of them. What the shipper declared as goods comes first, then the verified gross mass (VGM), then any other gross mass.

use super::chain::{Chain, Link};
use super::event::Handling;
use super::occurrence::{Report, handling};
use super::settle::gone;
use super::shares::{ONE, Share};
use crate::exchange::left_out::{LeftOut, Outcome};
use crate::model::mode::LoadStatus;
use crate::model::unit::{MASS_SCALE, div_half_even, parse_decimal, short_decimal_text};
use crate::reference::ContainerTypes;
use std::collections::BTreeSet;

/// What a message says of a box, in grams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Masses {
    /// Goods and packaging.
    pub cargo: Option<i64>,
    /// Verified gross mass: the box and all in it.
    pub verified: Option<i64>,
    /// Gross mass that nobody verified.
    pub gross: Option<i64>,
    /// The box itself.
    pub tare: Option<i64>,
}

impl Masses {
    /// With what only the other says.
    pub(crate) fn or(self, other: Masses) -> Masses {
        Masses {
            cargo: self.cargo.or(other.cargo),
            verified: self.verified.or(other.verified),
            gross: self.gross.or(other.gross),
            tare: self.tare.or(other.tare),
        }
    }

    fn get(&self, kind: Kind) -> Option<i64> {
        match kind {
            Kind::Cargo => self.cargo,
            Kind::Verified => self.verified,
            Kind::Gross => self.gross,
            Kind::Tare => self.tare,
        }
    }
}

/// Kinds of masses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Cargo,
    Verified,
    Gross,
    Tare,
}

/// The mass of the cargo of a movement, and where it is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cargo {
    /// Grams.
    pub grams: i64,
    /// For people.
    pub source: &'static str,
}

impl Cargo {
    /// The part of one of several shipments, so that the parts together are the whole.
    pub(crate) fn part(&self, shares: &[Share], of: usize) -> Cargo {
        let until = |n: usize| {
            let parts = shares[..n].iter().map(|s| parse_decimal(&s.part, 6));
            let parts: i128 = parts.map(Option::unwrap_or_default).sum();
            div_half_even(i128::from(self.grams) * parts, ONE)
        };
        let grams = until(of + 1) - until(of);
        Cargo {
            // A part of a mass that fits.
            grams: i64::try_from(grams).unwrap_or(self.grams),
            ..self.clone()
        }
    }
}

/// The cargo of each link of a chain, if any report says what it weighs; statements that do not count are added to `notes`.
pub(crate) fn cargo(
    chain: &Chain,
    types: &ContainerTypes,
    notes: &mut Vec<LeftOut>,
) -> Vec<Option<Cargo>> {
    let ends = chain.links.iter().flat_map(|link| [&link.start, &link.end]);
    let ends = ends.flat_map(|o| o.reports().iter().copied());
    let beside = chain.confirming.iter();
    let beside = beside.filter_map(|event| Some((*event, handling(event)?)));
    let mut seen = BTreeSet::new();
    let all: Vec<Report> = ends
        .chain(beside)
        .filter(|(event, h)| h.masses != Masses::default() && seen.insert(&event.place))
        .collect();
    if all.is_empty() {
        return vec![None; chain.links.len()];
    }
    let status = |link: &Link| link.load_status.unwrap_or(LoadStatus::Laden);
    let of = |wanted: LoadStatus, notes: &mut Vec<LeftOut>| {
        let is_of_it = |h: &Handling| h.load_status.unwrap_or(LoadStatus::Laden) == wanted;
        let reports = all.iter().copied().filter(|(_, h)| is_of_it(h));
        let reports: Vec<Report> = reports.collect();
        match wanted {
            LoadStatus::Laden => laden(&reports, types, notes),
            LoadStatus::Empty => empty(&reports, notes),
        }
    };
    let (laden, empty) = (of(LoadStatus::Laden, notes), of(LoadStatus::Empty, notes));
    let each = chain.links.iter().map(|link| match status(link) {
        LoadStatus::Laden => laden.clone(),
        LoadStatus::Empty => empty.clone(),
    });
    each.collect()
}

fn laden(reports: &[Report], types: &ContainerTypes, notes: &mut Vec<LeftOut>) -> Option<Cargo> {
    if let Some((_, grams)) = stated(reports, Kind::Cargo, notes) {
        let source = "goods";
        return Some(Cargo { grams, source });
    }
    let (at, gross, is_verified) = match stated(reports, Kind::Verified, notes) {
        Some((at, verified)) => (at, verified, true),
        None => {
            let (at, gross) = stated(reports, Kind::Gross, notes)?;
            (at, gross, false)
        }
    };
    let own = stated(reports, Kind::Tare, notes).map(|(_, tare)| tare);
    let of_type = || {
        let mut kinds = reports.iter().map(|(_, h)| h.container_type.as_str());
        kinds.find_map(|kind| types.lookup(kind)?.tare_g)
    };
    let is_of_type = own.is_none();
    let (tare, source) = match (own, is_verified) {
        (Some(tare), true) => (Some(tare), "VGM less tare"),
        (Some(tare), false) => (Some(tare), "gross less tare"),
        (None, true) => (of_type(), "VGM less tare of the type"),
        (None, false) => (of_type(), "gross less tare of the type"),
    };
    let refused = match tare {
        Some(tare) if gross > tare => {
            if is_of_type {
                let tare = kilograms(tare);
                let why = format!("no tare is stated: counted less that of the type, {tare} kg");
                notes.push(note(at, gross, &why));
            }
            let grams = gross - tare;
            return Some(Cargo { grams, source });
        }
        Some(tare) => format!(
            "gross mass not above the tare of {} kg: not taken",
            kilograms(tare)
        ),
        None => "gross mass without a tare, and of a type without one in containers.csv: not taken"
            .to_owned(),
    };
    notes.push(note(at, gross, &refused));
    None
}

/// An empty box weighs its tare, under whatever name.
fn empty(reports: &[Report], notes: &mut Vec<LeftOut>) -> Option<Cargo> {
    let kinds = [Kind::Tare, Kind::Verified, Kind::Gross].into_iter();
    let (_, grams) = kinds
        .map(|kind| stated(reports, kind, notes))
        .find_map(|found| found)?;
    let source = "empty box";
    Some(Cargo { grams, source })
}

/// The first statement of a kind; others that say another number are noted.
fn stated<'e>(
    reports: &[Report<'e>],
    kind: Kind,
    notes: &mut Vec<LeftOut>,
) -> Option<(Report<'e>, i64)> {
    let of = |h: &Handling| h.masses.get(kind).filter(|&grams| grams > 0);
    let mut found = reports.iter().filter_map(|r| Some((*r, of(r.1)?)));
    let (first, grams) = found.next()?;
    let others = found.filter(|&(_, other)| other != grams);
    notes.extend(others.map(|(at, other)| {
        let why = format!("another message says {} kg, which counts", kilograms(grams));
        note(at, other, &why)
    }));
    Some((first, grams))
}

fn kilograms(grams: i64) -> String {
    short_decimal_text(grams.into(), MASS_SCALE)
}

fn note((event, _): Report, grams: i64, reason: &str) -> LeftOut {
    LeftOut {
        found: format!("{} kg", kilograms(grams)),
        ..gone(event.clone(), Outcome::Mass, reason)
    }
}

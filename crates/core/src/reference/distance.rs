//! How far it is between two places where no record says so: the one answer that runs and comparisons give.

use super::{Reference, SeaWay};
use crate::geo::sea::Closures;
use crate::geo::{Point, great_circle_m};
use crate::model::flag::Flags;
use crate::model::id::LocationCode;
use crate::model::mode::{Basis, DistanceSource, Mode};
use crate::model::movement::OperationIndex;
use crate::model::time::Day;

/// What is asked: a movement by one mode from a place to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    /// Mode.
    pub mode: Mode,
    /// Operation, from which the kind of vessel follows.
    pub operation: OperationIndex,
    /// Origin.
    pub origin: LocationCode,
    /// Destination.
    pub destination: LocationCode,
    /// Day of departure.
    pub day: Day,
}

/// A distance that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoundDistance {
    /// Metres, above 0.
    pub metres: i64,
    /// Its basis.
    pub basis: Basis,
    /// Where it was found.
    pub source: DistanceSource,
    /// What is to be said of it.
    pub flags: Flags,
}

impl Reference {
    /// The distance of a leg, from the first that has one: own files, `distances.csv`, the sea graph, the great circle where the
    /// profile allows it for the mode, an estimate where the profile allows that. 0 counts as none (docs/methodology.md, section 6).
    pub fn distance(&self, leg: Leg) -> Option<FoundDistance> {
        self.or_alias(leg, |leg| self.of_files(leg))
            .or_else(|| self.or_alias(leg, |leg| self.over_sea(leg)))
            .or_else(|| self.over_great_circle(leg))
            .or_else(|| self.estimated(leg))
    }

    /// What is found between the two codes, else by water between others of the same ports. On land and in the air a code means
    /// the place that it names.
    fn or_alias(
        &self,
        leg: Leg,
        find: impl Fn(Leg) -> Option<FoundDistance>,
    ) -> Option<FoundDistance> {
        if let Some(found) = find(leg) {
            return Some(found);
        }
        if !matches!(leg.mode, Mode::Sea | Mode::InlandWaterway) {
            return None;
        }
        let codes = |code| std::iter::once(code).chain(self.place_aliases.of(code).iter().copied());
        let mut pairs = codes(leg.origin).flat_map(|a| codes(leg.destination).map(move |b| (a, b)));
        // The first is the pair itself.
        pairs.next();
        let found = pairs.find_map(|(origin, destination)| {
            find(Leg {
                origin,
                destination,
                ..leg
            })
        })?;
        Some(FoundDistance {
            flags: found.flags | Flags::PLACE_ALIAS,
            ..found
        })
    }

    fn of_files(&self, leg: Leg) -> Option<FoundDistance> {
        let row = self.distances.get(leg.mode, leg.origin, leg.destination)?;
        let (source, flags) = match row.is_own {
            true => (DistanceSource::OwnFile, Flags::DISTANCE_OWN_FILE),
            false => (DistanceSource::Network, Flags::DISTANCE_NETWORK),
        };
        Some(FoundDistance {
            metres: row.metres.into(),
            basis: row.basis,
            source,
            flags,
        })
    }

    fn over_sea(&self, leg: Leg) -> Option<FoundDistance> {
        let way = self.sea_way(leg)?;
        let metres = i64::try_from(way.metres).ok().filter(|m| *m > 0)?;
        Some(FoundDistance {
            metres,
            basis: Basis::Sfd,
            source: DistanceSource::SeaGraph,
            flags: Flags::DISTANCE_SEA_GRAPH
                | Flags::DEPENDS_ON_PASSAGES.when(way.depends_on_passages()),
        })
    }

    /// The way of a leg over the sea graph on its day, and how long it would be with the passages in their other state.
    pub fn sea_way(&self, leg: Leg) -> Option<SeaWay> {
        let voyages = self.voyages.as_ref().filter(|_| leg.mode == Mode::Sea)?;
        self.passages.sea_way(leg.day, leg.operation, |around| {
            let metres = voyages.metres(leg.origin, leg.destination, around)?;
            Some(metres.into())
        })
    }

    fn over_great_circle(&self, leg: Leg) -> Option<FoundDistance> {
        if !self.profile.great_circle.contains(&leg.mode) {
            return None;
        }
        let metres = self.great_circle(leg.origin, leg.destination)?;
        (metres > 0).then_some(FoundDistance {
            metres,
            basis: Basis::Gcd,
            source: DistanceSource::GreatCircle,
            flags: Flags::DISTANCE_GREAT_CIRCLE,
        })
    }

    fn estimated(&self, leg: Leg) -> Option<FoundDistance> {
        if !self.profile.estimated.contains(&leg.mode) {
            return None;
        }
        let estimate = |leg: Leg| {
            let ends = [leg.origin, leg.destination].map(|code| (code, self.point(code)));
            self.ways.estimate(leg.mode, ends[0], ends[1])
        };
        self.or_alias(leg, estimate)
    }

    /// How the estimate of a leg came about, in words.
    pub fn explain_estimate(&self, leg: Leg) -> Option<String> {
        let ends = [leg.origin, leg.destination].map(|code| (code, self.point(code)));
        self.ways.explain(leg.mode, ends[0], ends[1])
    }

    /// What a distance between two places lacks, where the places tell: a port by sea, coordinates where they would do.
    pub(crate) fn what_lacks(&self, mode: Mode, ends: &[LocationCode]) -> String {
        let is_port = |place: &LocationCode| {
            let others = self.place_aliases.of(*place).iter().chain([place]);
            let sea = self.sea();
            sea.is_none_or(|sea| others.into_iter().any(|p| sea.port(*p).is_some()))
        };
        let is_estimated = self.profile.estimated.contains(&mode) && mode != Mode::InlandWaterway;
        match ends.iter().find(|place| !is_port(place)) {
            Some(place) if mode == Mode::Sea => {
                return format!("; the sea graph has no port {place}");
            }
            // As from the Caspian Sea to any other.
            None if mode == Mode::Sea && self.are_apart(ends) => {
                return "; no way over the sea joins the two".to_owned();
            }
            _ => {}
        }
        match ends.iter().find(|place| self.point(**place).is_none()) {
            Some(place) if is_estimated || self.profile.great_circle.contains(&mode) => {
                format!("; no location file has coordinates of {place}")
            }
            _ => String::new(),
        }
    }

    /// Whether both are ports, with every passage open, of two seas.
    fn are_apart(&self, ends: &[LocationCode]) -> bool {
        let (Some(voyages), [from, to]) = (&self.voyages, ends) else {
            return false;
        };
        let are_ports = ends.iter().all(|end| voyages.sea().port(*end).is_some());
        are_ports && voyages.metres(*from, *to, Closures::default()).is_none()
    }

    /// Where a place is: as the location files say, else as the longer list does.
    pub fn point(&self, code: LocationCode) -> Option<Point> {
        match self.places.get(code) {
            Some(place) => place.point,
            None => self.gazetteer.point(code),
        }
    }

    /// Metres between the coordinates of two places, where both are known.
    pub fn great_circle(&self, origin: LocationCode, destination: LocationCode) -> Option<i64> {
        Some(great_circle_m(
            self.point(origin)?,
            self.point(destination)?,
        ))
    }
}

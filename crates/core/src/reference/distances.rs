//! Network distances between places, by mode.

use super::{DataFile, Fault};
use crate::factors::Text;
use crate::factors::fault::Faults;
use crate::factors::library::{Texts, transport_mode};
use crate::factors::table::{self, layout};
use crate::model::id::LocationCode;
use crate::model::mode::{Basis, Mode};
use crate::model::unit::DISTANCE_SCALE;
use rustc_hash::FxHashMap;

/// A distance between two places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distance {
    /// Metres.
    pub metres: u32,
    /// Basis.
    pub basis: Basis,
    /// Where it is from.
    pub source_ref: Text,
    /// Whether it is from a file of the user's own.
    pub is_own: bool,
}

type Rows = FxHashMap<(Mode, LocationCode, LocationCode), Distance>;

/// The distances of own files and of `distances.csv`.
#[derive(Clone, Debug, Default)]
pub struct Distances {
    own: Rows,
    rows: Rows,
}

layout! {
    /// Columns of `distances.csv`.
    Cell {
        Mode = "mode" must, Origin = "origin" must, Destination = "destination" must, DistanceKm = "distance_km" must,
        Basis = "basis" must, SourceRef = "source_ref",
    }
}

/// Names of the columns, and which of them every row fills.
pub(super) const COLUMNS: &[table::Column] = Cell::LAYOUT;

impl Distances {
    /// Reads `distances.csv`; of two rows with one key the first counts.
    pub fn parse(file: &DataFile) -> (Distances, Vec<Fault>) {
        let mut faults = Faults::default();
        let mut texts = Texts::default();
        let mut distances = Distances::default();
        table::read(file, Cell::LAYOUT, &mut faults, |row| {
            let mode = row.value(
                Cell::Mode,
                transport_mode,
                "road, rail, sea, inland_waterway or air",
            );
            let place = |t: &str| LocationCode::parse(t.as_bytes());
            let origin = row.value(Cell::Origin, place, "a UN/LOCODE");
            let destination = row.value(Cell::Destination, place, "a UN/LOCODE");
            let wanted = "kilometres up to 50000 with at most 3 decimals, not negative";
            let metres = row.decimal(Cell::DistanceKm, DISTANCE_SCALE, 0..=50_000_000, wanted);
            let metres = metres.and_then(|m| u32::try_from(m).ok());
            let basis = row.value(Cell::Basis, basis, "sfd, gcd or actual");
            let (Some(mode), Some(origin), Some(destination), Some(metres), Some(basis)) =
                (mode, origin, destination, metres, basis)
            else {
                return;
            };
            if distances.rows.contains_key(&(mode, origin, destination)) {
                return row.warning(
                    Cell::Mode,
                    "an earlier row has this mode, origin and destination already, and wins",
                );
            }
            let distance = Distance {
                metres,
                basis,
                source_ref: texts.share(row.text(Cell::SourceRef)),
                is_own: false,
            };
            distances.rows.insert((mode, origin, destination), distance);
        });
        (distances, faults.list)
    }

    /// The distance of own files in the exact direction, else in reverse, else the same of `distances.csv`; 0 counts as none.
    pub fn get(
        &self,
        mode: Mode,
        origin: LocationCode,
        destination: LocationCode,
    ) -> Option<&Distance> {
        fn row(rows: &Rows, key: (Mode, LocationCode, LocationCode)) -> Option<&Distance> {
            rows.get(&key).filter(|d| d.metres > 0)
        }
        let ways = [(origin, destination), (destination, origin)];
        [&self.own, &self.rows]
            .into_iter()
            .find_map(|rows| ways.iter().find_map(|(a, b)| row(rows, (mode, *a, *b))))
    }

    /// Every row, by mode and places; of an own one and another the own one.
    pub fn rows(&self) -> Vec<(Mode, LocationCode, LocationCode, &Distance)> {
        let others = (self.rows.iter()).filter(|(key, _)| !self.own.contains_key(key));
        let mut rows: Vec<_> = (self.own.iter().chain(others))
            .map(|((mode, a, b), d)| (*mode, *a, *b, d))
            .collect();
        rows.sort_unstable_by_key(|r| (r.0, r.1, r.2));
        rows
    }

    /// Puts the rows of an own file on top: they win over those that are here.
    pub fn put_on_top(&mut self, own: Distances) {
        let own = own.rows.into_iter().map(|(key, row)| {
            let is_own = true;
            (key, Distance { is_own, ..row })
        });
        self.own.extend(own);
    }

    /// Every place that a row names.
    pub fn places(&self) -> impl Iterator<Item = LocationCode> {
        let keys = self.own.keys().chain(self.rows.keys());
        keys.flat_map(|(_, a, b)| [*a, *b])
    }
}

/// A basis by exactly its code word.
pub(super) fn basis(text: &str) -> Option<Basis> {
    Basis::ALL
        .iter()
        .copied()
        .find(|b| *b != Basis::Absent && b.code() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_direction_first_then_reverse() {
        let text = "mode,origin,destination,distance_km,basis,source_ref\nsea,CNQZH,SGSIN,2500,sfd,a\nsea,SGSIN,CNQZH,2600.5,actual,b\n\
                    sea,CNSHA,SGSIN,4150,sfd,c\nsea,CNSHA,SGSIN,1,sfd,d\nrail,CNCKG,CNQZH,0,sfd,e\nrail,CNQZH,CNCKG,1450,sfd,f\n";
        let (distances, faults) = Distances::parse(&DataFile::new("distances.csv", text));
        assert_eq!(faults.len(), 1);
        assert_eq!(
            (faults[0].line, faults[0].severity),
            (5, super::super::Severity::Warning)
        );
        let place = |t: &str| LocationCode::parse(t.as_bytes()).unwrap();
        let get = |m, a, b| {
            distances
                .get(m, place(a), place(b))
                .map(|d| (d.metres, &*d.source_ref))
        };
        assert_eq!(get(Mode::Sea, "SGSIN", "CNQZH"), Some((2_600_500, "b")));
        assert_eq!(get(Mode::Sea, "CNQZH", "SGSIN"), Some((2_500_000, "a")));
        assert_eq!(get(Mode::Sea, "SGSIN", "CNSHA"), Some((4_150_000, "c")));
        assert_eq!(
            get(Mode::Rail, "CNCKG", "CNQZH"),
            Some((1_450_000, "f")),
            "a distance of 0 is none"
        );
        assert_eq!(get(Mode::Road, "CNQZH", "SGSIN"), None);
    }

    #[test]
    fn all_faults_are_found() {
        let text = "mode,origin,destination,distance_km,basis,source_ref,colour\nship,China,SG,12.3456,sfd,,\nhub,CNCKG,CNCKG,-1,road,,\nsea,,SGSIN,5e3,gcd,,\n";
        let (_, faults) = Distances::parse(&DataFile::new("distances.csv", text));
        let found: Vec<_> = faults.iter().map(|f| (f.line, f.column.as_str())).collect();
        let want = [
            (1, "colour"),
            (2, "mode"),
            (2, "origin"),
            (2, "destination"),
            (2, "distance_km"),
            (3, "mode"),
            (3, "distance_km"),
            (3, "basis"),
            (4, "origin"),
            (4, "distance_km"),
        ];
        assert_eq!(found, want);
    }
}

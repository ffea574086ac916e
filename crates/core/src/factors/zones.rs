//! Named groups of countries and places, and sets of them that a place may lie in.

use super::countries::{country, is_country};
use super::fault::{DataFile, Fault, Faults};
use super::table::{self, layout};
use crate::model::id::{CountryCode, LocationCode};
use rustc_hash::FxHashMap;

/// A set of countries and single places.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PlaceSet {
    /// Countries, ascending.
    countries: Vec<CountryCode>,
    /// Places, ascending.
    places: Vec<LocationCode>,
}

impl PlaceSet {
    /// One country.
    pub fn of_country(country: CountryCode) -> PlaceSet {
        PlaceSet {
            countries: vec![country],
            places: Vec::new(),
        }
    }

    /// One place.
    pub fn of_place(place: LocationCode) -> PlaceSet {
        PlaceSet {
            countries: Vec::new(),
            places: vec![place],
        }
    }

    /// Whether the place or its country is a member.
    pub fn covers(&self, place: LocationCode) -> bool {
        self.has_country(place.country()) || self.places.binary_search(&place).is_ok()
    }

    /// Whether the country as a whole is a member.
    pub fn has_country(&self, country: CountryCode) -> bool {
        match self.countries.as_slice() {
            [] => false,
            [one] => *one == country,
            many => many.binary_search(&country).is_ok(),
        }
    }

    /// Number of members.
    pub fn size(&self) -> u64 {
        (self.countries.len() + self.places.len()) as u64
    }

    /// Number of members that are in both sets.
    pub fn shared(&self, other: &PlaceSet) -> u64 {
        let countries = self
            .countries
            .iter()
            .filter(|c| other.countries.binary_search(c).is_ok())
            .count();
        let places = self
            .places
            .iter()
            .filter(|p| other.places.binary_search(p).is_ok())
            .count();
        (countries + places) as u64
    }

    /// Whether single places are members.
    pub fn has_places(&self) -> bool {
        !self.places.is_empty()
    }

    /// Whether members lie in more than one country.
    pub fn spans_countries(&self) -> bool {
        let mut all = self
            .countries
            .iter()
            .copied()
            .chain(self.places.iter().map(|p| p.country()));
        let first = all.next();
        all.any(|c| Some(c) != first)
    }

    /// Members as predicates, to ask whether another set covers each.
    pub fn members(&self) -> impl Iterator<Item = Member> + Clone {
        self.countries
            .iter()
            .map(|&c| Member::Country(c))
            .chain(self.places.iter().map(|&p| Member::Place(p)))
    }

    /// Whether a member of another set lies inside.
    pub fn covers_member(&self, member: Member) -> bool {
        match member {
            Member::Country(c) => self.has_country(c),
            Member::Place(p) => self.covers(p),
        }
    }

    fn add(&mut self, member: Member) -> bool {
        fn insert<T: Ord>(list: &mut Vec<T>, item: T) -> bool {
            list.binary_search(&item)
                .map_err(|at| list.insert(at, item))
                .is_err()
        }
        match member {
            Member::Country(c) => insert(&mut self.countries, c),
            Member::Place(p) => insert(&mut self.places, p),
        }
    }
}

/// A member of a [`PlaceSet`].
#[derive(Clone, Copy, Debug)]
pub enum Member {
    /// A country.
    Country(CountryCode),
    /// A place.
    Place(LocationCode),
}

impl Member {
    /// A country or a UN/LOCODE of a known country.
    pub fn parse(text: &str) -> Option<Member> {
        let place = || LocationCode::parse(text.as_bytes()).filter(|p| is_country(p.country()));
        country(text)
            .map(Member::Country)
            .or_else(|| place().map(Member::Place))
    }
}

/// The zones of `zones.csv`.
#[derive(Clone, Debug, Default)]
pub struct Zones {
    zones: FxHashMap<Box<str>, PlaceSet>,
}

layout! {
    /// Columns of `zones.csv`.
    Cell { Zone = "zone" must, Member = "member" must }
}

/// Names of the columns, and which of them every row fills.
pub(crate) const COLUMNS: &[table::Column] = Cell::LAYOUT;

impl Zones {
    /// Reads `zones.csv`.
    pub fn parse(file: &DataFile) -> (Zones, Vec<Fault>) {
        let mut faults = Faults::default();
        let mut zones = Zones::default();
        table::read(file, Cell::LAYOUT, &mut faults, |row| {
            let name = row.text(Cell::Zone);
            if country(name).is_some() {
                row.error(Cell::Zone, "expected a name that is not a country code");
            } else if name == "GLOBAL" || name.contains(['<', '>']) {
                row.error(
                    Cell::Zone,
                    "expected a name other than GLOBAL, without < and >",
                );
            }
            let member = row.value(
                Cell::Member,
                Member::parse,
                "an ISO 3166 alpha-2 country or a UN/LOCODE",
            );
            if let (Some(member), false) = (member, row.failed)
                && !zones.zones.entry(name.into()).or_default().add(member)
            {
                row.warning(Cell::Member, "is a member of this zone already");
            }
        });
        (zones, faults.list)
    }

    /// The zone or, if there is none, the country of this name.
    pub fn area(&self, name: &str) -> Option<PlaceSet> {
        self.zones
            .get(name)
            .cloned()
            .or_else(|| country(name).map(PlaceSet::of_country))
    }

    /// Names of the zones, ascending.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.zones.keys().map(|k| &**k).collect();
        names.sort_unstable();
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(code: &str) -> LocationCode {
        LocationCode::parse(code.as_bytes()).unwrap()
    }

    #[test]
    fn a_place_is_covered_through_itself_or_its_country() {
        let (zones, faults) = Zones::parse(&DataFile::new(
            "zones.csv",
            "zone,member\nGULF,CNQZH\nGULF,VN\nASEAN,SG\nASEAN,MY\n",
        ));
        assert!(faults.is_empty(), "{faults:?}");
        let gulf = zones.area("GULF").unwrap();
        assert!(
            gulf.covers(place("CNQZH"))
                && gulf.covers(place("VNHPH"))
                && !gulf.covers(place("CNCKG"))
        );
        assert!(gulf.has_places() && gulf.spans_countries() && gulf.size() == 2);
        assert!(!zones.area("ASEAN").unwrap().has_places());
        assert!(zones.area("CN").is_some() && zones.area("EU").is_none());
    }

    #[test]
    fn zone_faults_come_all_at_once() {
        let text = "zone,member\nCN,SG\nGLOBAL,SG\nA>B,SG\nZ,China\nZ,SG\nZ,SG\n,SG\nZ,QQAAA\n";
        let (_, faults) = Zones::parse(&DataFile::new("zones.csv", text));
        let lines: Vec<_> = faults.iter().map(|f| (f.line, f.column.as_str())).collect();
        assert_eq!(
            lines,
            [
                (2, "zone"),
                (3, "zone"),
                (4, "zone"),
                (5, "member"),
                (7, "member"),
                (8, "zone"),
                (9, "member")
            ],
            "{faults:#?}"
        );
    }
}

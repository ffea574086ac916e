//! Corridors: which shipments belong together by origin, places on the way, and destination.

use super::{DataFile, Fault, Zones};
use crate::factors::document::{self, At, Keys, shown, text};
use crate::factors::fault::Faults;
use crate::factors::{PlaceSet, country};
use crate::model::id::LocationCode;
use crate::model::index::index16;
use toml::de::DeValue;

/// A corridor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corridor {
    /// Id.
    pub id: String,
    /// Title.
    pub title: String,
    /// Where shipments start: any of these.
    pub origin: Vec<PlaceSet>,
    /// Where they end: any of these.
    pub destination: Vec<PlaceSet>,
    /// What they pass, in this order; each entry any of its alternatives.
    pub via: Vec<Vec<PlaceSet>>,
}

/// The corridors of `corridors.toml` in file order.
#[derive(Clone, Debug, Default)]
pub struct Corridors {
    /// In file order; the index is that of [`crate::model::element::CorridorKey::Listed`].
    pub list: Vec<Corridor>,
}

/// Keys of a corridor, and which of them every corridor has.
pub(super) const KEYS: [(&str, bool); 5] = [
    ("id", true),
    ("title", true),
    ("origin", true),
    ("destination", true),
    ("via", false),
];

const PLACES: &str = "a UN/LOCODE, a country or a zone";

impl Corridors {
    /// Reads `corridors.toml`; names are looked up as zones first.
    pub fn parse(file: &DataFile, zones: &Zones) -> (Corridors, Vec<Fault>) {
        let mut faults = Faults::default();
        let list = document::read(file, &mut faults, |root, faults| {
            let mut list: Vec<Corridor> = Vec::new();
            for mut keys in root.tables("corridor", faults) {
                list.extend(read(&mut keys, &list, zones, faults));
            }
            root.finish(&["corridor"], faults);
            list
        });
        (
            Corridors {
                list: list.unwrap_or_default(),
            },
            faults.list,
        )
    }

    /// The first corridor that covers both ends and whose `via` entries occur in that order among the places visited, ends
    /// included. Two entries are never met by one visit.
    pub fn assign(
        &self,
        origin: LocationCode,
        destination: LocationCode,
        visited: &[LocationCode],
    ) -> Option<u16> {
        let fits = |c: &Corridor| {
            let mut rest = visited.iter();
            any(&c.origin, origin)
                && any(&c.destination, destination)
                && c.via.iter().all(|via| rest.any(|place| any(via, *place)))
        };
        self.list.iter().position(fits).map(index16)
    }
}

fn any(sets: &[PlaceSet], place: LocationCode) -> bool {
    sets.iter().any(|s| s.covers(place))
}

fn read(
    keys: &mut Keys,
    earlier: &[Corridor],
    zones: &Zones,
    faults: &mut Faults,
) -> Option<Corridor> {
    let id = keys.need("id", "a text", faults, |v| {
        text(v).filter(|t| t.chars().count() <= 64 && !t.chars().any(char::is_control))
    });
    if let Some(At { value, line }) = &id {
        if earlier.iter().any(|c| c.id == *value) {
            keys.error(*line, "id", value, "expected each id once", faults);
        }
        if value
            .split_once('-')
            .is_some_and(|(a, b)| country(a).is_some() && country(b).is_some())
        {
            keys.error(
                *line,
                "id",
                value,
                "expected another id: this one would read like the lane between two countries",
                faults,
            );
        }
        if earlier.len() > u16::MAX as usize {
            keys.error(
                *line,
                "id",
                value,
                "expected at most 65536 corridors",
                faults,
            );
        }
    }
    let title = keys.need("title", "a text", faults, text);
    let origin = ends(keys, "origin", zones, faults);
    let destination = ends(keys, "destination", zones, faults);
    let via = keys
        .list("via", "a list of alternatives", faults, alternatives)
        .unwrap_or_default();
    let via: Vec<Vec<PlaceSet>> = via
        .into_iter()
        .map(|at| resolve(keys, "via", at.line, at.value, zones, faults))
        .collect();
    keys.finish(&KEYS.map(|(key, _)| key), faults);
    Some(Corridor {
        id: id?.value,
        title: title?.value,
        origin: origin?,
        destination: destination?,
        via,
    })
}

fn ends(keys: &mut Keys, key: &str, zones: &Zones, faults: &mut Faults) -> Option<Vec<PlaceSet>> {
    let names = keys.need(
        key,
        &format!("a list, each entry {PLACES}"),
        faults,
        alternatives,
    )?;
    Some(resolve(keys, key, names.line, names.value, zones, faults))
}

/// A list of texts with at least one entry.
fn alternatives(value: &DeValue) -> Option<Vec<String>> {
    let items = value.as_array()?;
    (!items.is_empty()).then(|| items.iter().map(|item| shown(item.get_ref())).collect())
}

fn resolve(
    keys: &Keys,
    key: &str,
    line: u64,
    names: Vec<String>,
    zones: &Zones,
    faults: &mut Faults,
) -> Vec<PlaceSet> {
    let place = |name: &str| {
        let code = LocationCode::parse(name.as_bytes());
        code.filter(|c| country(&c.country().to_string()).is_some())
            .map(PlaceSet::of_place)
    };
    let mut sets = Vec::with_capacity(names.len());
    for name in names {
        match zones.area(&name).or_else(|| place(&name)) {
            Some(set) => sets.push(set),
            None => keys.error(line, key, &name, format!("expected {PLACES}"), faults),
        }
    }
    sets
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
[[corridor]]
id = "rail-sea"
title = "rail-sea"
origin = ["CNCKG", "CNCDU"]
destination = ["SG", "MALAY"]
via = [["CNQZH", "CNFAN"], ["VN"]]

[[corridor]]
id = "any-gulf"
title = "any"
origin = ["CN"]
destination = ["SG"]
via = [["GULF"]]

[[corridor]]
id = "direct"
title = "direct"
origin = ["CN"]
destination = ["SG"]
"#;

    fn corridors(text: &str) -> (Corridors, Vec<Fault>) {
        let (zones, faults) = Zones::parse(&DataFile::new(
            "zones.csv",
            "zone,member\nGULF,CNQZH\nGULF,CNFAN\nMALAY,MY\n",
        ));
        assert!(faults.is_empty());
        Corridors::parse(&DataFile::new("corridors.toml", text), &zones)
    }

    fn assign(path: &str) -> Option<String> {
        let (corridors, faults) = corridors(FILE);
        assert!(faults.is_empty(), "{faults:?}");
        let places: Vec<_> = path
            .split(' ')
            .map(|p| LocationCode::parse(p.as_bytes()).unwrap())
            .collect();
        let index = corridors.assign(places[0], *places.last().unwrap(), &places)?;
        Some(corridors.list[index as usize].id.clone())
    }

    #[test]
    fn via_places_count_in_their_order_and_the_first_entry_wins() {
        for (path, want) in [
            ("CNCKG CNQZH VNHPH SGSIN", Some("rail-sea")),
            ("CNCDU CNSHA CNFAN VNHPH MYPKG", Some("rail-sea")),
            ("CNCKG VNHPH CNQZH SGSIN", Some("any-gulf")),
            ("CNKMG CNQZH SGSIN", Some("any-gulf")),
            ("CNQZH SGSIN", Some("any-gulf")),
            ("CNCKG CNSHA SGSIN", Some("direct")),
            ("SGSIN CNQZH CNCKG", None),
            ("CNCKG CNQZH THLCH", None),
        ] {
            assert_eq!(assign(path).as_deref(), want, "{path}");
        }
    }

    #[test]
    fn one_visit_meets_one_via_entry() {
        let text = FILE.replace(r#"[["CNQZH", "CNFAN"], ["VN"]]"#, r#"[["CNQZH"], ["CN"]]"#);
        let (corridors, _) = corridors(&text);
        let at = |p: &str| LocationCode::parse(p.as_bytes()).unwrap();
        let (from, to) = (at("CNCKG"), at("SGSIN"));
        assert_eq!(
            corridors.assign(from, to, &[from, at("CNQZH"), to]),
            Some(1)
        );
        assert_eq!(
            corridors.assign(from, to, &[from, at("CNQZH"), at("CNSHA"), to]),
            Some(0)
        );
    }

    #[test]
    fn all_faults_come_with_their_line() {
        let text = "colour = 1\n[[corridor]]\nid = \"CN-SG\"\ntitle = \"\"\norigin = [\"China\", \"CNCKG\"]\ndestination = []\n\
                    via = [\"CNQZH\"]\nvai = []\n[[corridor]]\nid = \"x\"\ntitle = \"x\"\norigin = \"CN\"\n";
        let (_, faults) = corridors(text);
        let found: Vec<_> = faults.iter().map(|f| (f.line, f.column.as_str())).collect();
        assert_eq!(
            found,
            [
                (3, "corridor.id"),
                (4, "corridor.title"),
                (5, "corridor.origin"),
                (6, "corridor.destination"),
                (7, "corridor.via"),
                (8, "corridor.vai"),
                (12, "corridor.origin"),
                (9, "corridor.destination"),
                (1, "colour"),
            ],
            "{faults:#?}"
        );
    }
}

//! The places of the world that ship with the program: asked where the location files do not know a code.
//!
//! The list is text in order of code and stays as it is: a code is looked up in it, nothing is loaded.

use crate::geo::Point;
use crate::model::id::LocationCode;
use crate::model::vocabulary::PlaceList;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// A row of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Code.
    pub code: LocationCode,
    /// Name.
    pub name: Cow<'static, str>,
    /// Subdivision of the country, its ISO 3166-2 code without the country; empty: not known.
    pub subdivision: &'static str,
    /// Where it is, decimal degrees as written; empty: not known.
    pub degrees: (&'static str, &'static str),
    /// What it is known to be, such as `airport container_port`; a place of no known kind is still one of road.
    pub kinds: &'static str,
    /// IATA codes of its airports, its own first.
    pub iata: &'static str,
    /// Letter of the source of the coordinate, see `data/world/README.md`.
    pub source: &'static str,
}

impl Entry {
    /// Where it is.
    pub fn point(&self) -> Option<Point> {
        Point::parse(self.degrees.0, self.degrees.1)
    }

    /// Reads a line of the list. Of its cells only the name can be quoted.
    fn parse(line: &'static str) -> Option<Entry> {
        let (code, rest) = line.split_once(',')?;
        let (name, rest) = match rest.strip_prefix('"') {
            None => {
                let (name, rest) = rest.split_once(',')?;
                (Cow::Borrowed(name), rest)
            }
            Some(quoted) => {
                let (name, rest) = quoted.split_once("\",")?;
                (Cow::Owned(name.replace("\"\"", "\"")), rest)
            }
        };
        let mut cells = rest.split(',');
        let mut next = || cells.next();
        Some(Entry {
            code: LocationCode::parse(code.as_bytes())?,
            name,
            subdivision: next()?,
            degrees: (next()?, next()?),
            kinds: next()?,
            iata: next()?,
            source: next()?,
        })
    }
}

/// The list, in parts that follow each other.
#[derive(Clone, Debug, Default)]
pub struct Gazetteer {
    /// Without their header lines.
    parts: Vec<&'static str>,
    /// Lines of a code and another name of the place, or of a country and its name.
    names: &'static str,
    /// Codes whose coordinates were asked for: a run keeps a copy of their rows.
    used: Arc<Mutex<BTreeSet<LocationCode>>>,
}

impl Gazetteer {
    /// A list of these parts, each with a header line.
    pub fn new(parts: Vec<&'static str>) -> Gazetteer {
        let body = |part: &'static str| part.split_once('\n').map_or("", |(_, body)| body);
        Gazetteer {
            parts: parts.into_iter().map(body).collect(),
            ..Gazetteer::default()
        }
    }

    /// With other names of places and the names of countries: lines of a code and a name below a header line.
    pub fn with_names(self, names: &'static str) -> Gazetteer {
        Gazetteer { names, ..self }
    }

    /// Codes of places or countries and further names that they have.
    pub fn names(&self) -> impl Iterator<Item = (&'static str, &'static str)> + use<> {
        let lines = self.names.lines().skip(1);
        lines.filter_map(|line| {
            let (code, name) = line.split_once(',')?;
            Some((code, name.trim_matches('"')))
        })
    }

    /// The row of a code.
    pub fn get(&self, code: LocationCode) -> Option<Entry> {
        Entry::parse(self.line(code)?)
    }

    /// Where a place is; what is asked for is remembered as used.
    pub fn point(&self, code: LocationCode) -> Option<Point> {
        let point = self.get(code)?.point()?;
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.insert(code);
        Some(point)
    }

    /// Every row, by code.
    pub fn entries(&self) -> impl Iterator<Item = Entry> + use<> {
        let parts = self.parts.clone();
        let lines = parts.into_iter().flat_map(|part| part.lines());
        lines.filter_map(Entry::parse)
    }

    /// Rows whose coordinates were asked for, by code, as a location file; `None`: none were.
    pub fn used(&self) -> Option<String> {
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.is_empty() {
            return None;
        }
        let mut text = "locode,name,kind,latitude,longitude,source,licence\n".to_owned();
        for entry in used.iter().filter_map(|code| self.get(*code)) {
            let name = entry.name.replace('"', "\"\"");
            text += &format!(
                "{},\"{name}\",{},{},{},list of the program: {},\n",
                entry.code, entry.kinds, entry.degrees.0, entry.degrees.1, entry.source
            );
        }
        Some(text)
    }

    /// Their codes.
    pub fn used_codes(&self) -> Vec<String> {
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.iter().map(LocationCode::to_string).collect()
    }

    /// Forgets what was asked for.
    pub fn forget_used(&self) {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.clear();
    }

    /// The line of a code, by halving.
    fn line(&self, code: LocationCode) -> Option<&'static str> {
        let wanted = code.bytes();
        self.parts.iter().find_map(|part| line_of(part, &wanted))
    }
}

impl PlaceList for Gazetteer {
    fn has(&self, code: LocationCode) -> bool {
        self.line(code).is_some()
    }
}

/// The line of a sorted text that begins with a code.
fn line_of(part: &'static str, wanted: &[u8]) -> Option<&'static str> {
    let bytes = part.as_bytes();
    let (mut low, mut high) = (0, bytes.len());
    while low < high {
        let middle = low + (high - low) / 2;
        // Both ends are starts of lines, so the line that holds the middle starts between them.
        let start = memchr::memrchr(b'\n', &bytes[low..middle]).map_or(low, |at| low + at + 1);
        let end = memchr::memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |at| start + at + 1);
        match bytes[start..].get(..wanted.len())?.cmp(wanted) {
            std::cmp::Ordering::Less => low = end,
            std::cmp::Ordering::Greater => high = start,
            std::cmp::Ordering::Equal => return Some(part[start..end].trim_end_matches('\n')),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARTS: [&str; 2] = [
        "locode,name,subdivision,latitude,longitude,kind,iata,source\nAEJEA,Jebel Ali,,25.0222,55.0617,container_port,,S\n\
         AUABC,\"Abc, New\",NS,,,,,\nDESTR,Stuttgart,BW,48.7667,9.1833,airport,STR,U\n",
        "locode,name,subdivision,latitude,longitude,kind,iata,source\nNLRTM,Rotterdam,ZH,51.8944,4.2361,airport container_port,RTM,S\n",
    ];

    fn code(text: &str) -> LocationCode {
        LocationCode::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_code_is_found_wherever_it_stands() {
        let list = Gazetteer::new(PARTS.to_vec());
        let name = |text: &str| list.get(code(text)).map(|e| e.name);
        for (text, found) in [
            ("AEJEA", Some("Jebel Ali")),
            ("AUABC", Some("Abc, New")),
            ("DESTR", Some("Stuttgart")),
            ("NLRTM", Some("Rotterdam")),
            ("AAAAA", None),
            ("DESTS", None),
            ("ZZZZZ", None),
        ] {
            assert_eq!(name(text).as_deref(), found, "{text}");
            assert_eq!(list.has(code(text)), found.is_some(), "{text}");
        }
        assert_eq!(list.entries().count(), 4);
    }

    #[test]
    fn what_is_asked_for_is_kept_and_nothing_else() {
        let list = Gazetteer::new(PARTS.to_vec());
        assert_eq!(list.used(), None);
        assert!(list.point(code("NLRTM")).is_some() && list.point(code("AUABC")).is_none());
        list.get(code("DESTR"));
        let used = list.used().unwrap();
        assert_eq!(used.lines().count(), 2, "{used}");
        assert!(used.contains("NLRTM,\"Rotterdam\",airport container_port,51.8944,4.2361"));
        list.forget_used();
        assert_eq!(list.used(), None);
    }
}

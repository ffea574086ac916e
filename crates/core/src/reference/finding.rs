//! Places by name, by code, by the code of an airport, or near a point: what `places` answers.

use super::{Gazetteer, PlaceAliases, Places};
use crate::geo::{Point, great_circle_m};
use crate::model::id::LocationCode;
use std::cmp::Reverse;

/// Why a place is an answer, the best reason first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// It has the code.
    Code,
    /// The code stands for it, or it for the code.
    OtherCode,
    /// An airport of it has the IATA code.
    Iata,
    /// It has the name.
    Name,
    /// Its name begins so.
    NameBegins,
    /// A word of its name begins so.
    WordBegins,
    /// It lies there.
    Near,
}

impl Reason {
    /// A word for it.
    pub const fn code(self) -> &'static str {
        match self {
            Reason::Code => "code",
            Reason::OtherCode => "other code",
            Reason::Iata => "IATA",
            Reason::Name => "name",
            Reason::NameBegins => "name begins",
            Reason::WordBegins => "word begins",
            Reason::Near => "near",
        }
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundPlace {
    /// Code.
    pub code: LocationCode,
    /// Name.
    pub name: String,
    /// Subdivision of the country, where known.
    pub subdivision: String,
    /// Kinds, with spaces between.
    pub kinds: String,
    /// IATA codes, with spaces between.
    pub iata: String,
    /// Other codes of the place, with spaces between.
    pub others: String,
    /// Where it is, decimal degrees; empty: not known.
    pub point: Option<Point>,
    /// Why it is an answer.
    pub reason: Reason,
    /// How far from the point that was named, metres.
    pub metres: Option<i64>,
}

/// What a search looks through.
#[derive(Clone, Copy, Debug)]
pub struct KnownPlaces<'p> {
    /// Places of the location files.
    pub places: &'p Places,
    /// The longer list.
    pub gazetteer: &'p Gazetteer,
    /// Other codes.
    pub aliases: &'p PlaceAliases,
}

impl<'p> KnownPlaces<'p> {
    /// Places that a text may mean, the best first, of equal ones those of more kinds.
    pub fn find(&self, text: &str, most: usize) -> Vec<FoundPlace> {
        let wanted = folded(text);
        let code = LocationCode::parse(text.trim().as_bytes());
        let iata = text.trim().to_ascii_uppercase();
        let is_other = |place: LocationCode| {
            code.is_some_and(|code| {
                self.aliases.of(code).contains(&place) || self.aliases.of(place).contains(&code)
            })
        };
        let mut found: Vec<FoundPlace> = self
            .every_place()
            .filter_map(|mut place| {
                place.reason = match () {
                    () if code == Some(place.code) => Reason::Code,
                    () if is_other(place.code) => Reason::OtherCode,
                    () if place.iata.split(' ').any(|own| own == iata) => Reason::Iata,
                    () => by_name(&wanted, &place.name)?,
                };
                Some(place)
            })
            .collect();
        found.sort_by_key(|place| {
            let kinds = place
                .kinds
                .split(' ')
                .filter(|kind| !kind.is_empty())
                .count();
            (place.reason, Reverse(kinds), place.name.len(), place.code)
        });
        found.truncate(most);
        found
    }

    /// Places near a point, the nearest first.
    pub fn near(&self, point: Point, most: usize) -> Vec<FoundPlace> {
        let mut found: Vec<FoundPlace> = self
            .every_place()
            .filter_map(|mut place| {
                place.metres = Some(great_circle_m(point, place.point?));
                place.reason = Reason::Near;
                Some(place)
            })
            .collect();
        found.sort_by_key(|place| (place.metres, place.code));
        found.truncate(most);
        found
    }

    /// Places of the location files, then those of the longer list that they lack; what both know of one goes together.
    fn every_place(&self) -> impl Iterator<Item = FoundPlace> + use<'p> {
        let this = *self;
        let own = this.places.codes().map(move |code| {
            let place = this.places.get(code);
            let (name, kind) = place.map_or(("", ""), |p| (&p.name, &p.kind));
            let listed = this.gazetteer.get(code);
            let listed = listed.as_ref();
            let mut kinds: Vec<&str> = kind.split(' ').collect();
            kinds.extend(listed.map_or("", |e| e.kinds).split(' '));
            kinds.retain(|kind| !kind.is_empty());
            kinds.sort_unstable();
            kinds.dedup();
            this.answer(
                code,
                name,
                listed.map_or("", |e| e.subdivision),
                &kinds.join(" "),
                listed.map_or("", |e| e.iata),
                place.and_then(|p| p.point),
            )
        });
        let listed = this.gazetteer.entries();
        let further = listed.filter(move |e| this.places.get(e.code).is_none());
        own.chain(
            further.map(move |e| {
                this.answer(e.code, &e.name, e.subdivision, e.kinds, e.iata, e.point())
            }),
        )
    }

    fn answer(
        &self,
        code: LocationCode,
        name: &str,
        subdivision: &str,
        kinds: &str,
        iata: &str,
        point: Option<Point>,
    ) -> FoundPlace {
        let others: Vec<String> = (self.aliases.of(code).iter())
            .map(LocationCode::to_string)
            .collect();
        FoundPlace {
            code,
            name: name.to_owned(),
            subdivision: subdivision.to_owned(),
            kinds: kinds.to_owned(),
            iata: iata.to_owned(),
            others: others.join(" "),
            point,
            reason: Reason::Near,
            metres: None,
        }
    }
}

fn by_name(wanted: &str, name: &str) -> Option<Reason> {
    if wanted.is_empty() {
        return None;
    }
    let name = folded(name);
    if name == wanted {
        return Some(Reason::Name);
    }
    if let Some(rest) = name.strip_prefix(wanted) {
        // A name with an addition: "Rotterdam (Maasvlakte)".
        return Some(match rest.starts_with([' ', '(', ',', '/']) {
            true => Reason::Name,
            false => Reason::NameBegins,
        });
    }
    let mut words = name.split([' ', '(', ',', '/', '-', '\'']);
    words
        .any(|word| word.starts_with(wanted))
        .then_some(Reason::WordBegins)
}

/// Small letters without the accents of Latin names.
fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.trim().chars().flat_map(char::to_lowercase) {
        match letter {
            'à'..='å' | 'ā' | 'ă' | 'ą' => out.push('a'),
            'ç' | 'ć' | 'č' | 'ĉ' | 'ċ' => out.push('c'),
            'ď' | 'đ' | 'ð' => out.push('d'),
            'è'..='ë' | 'ē' | 'ė' | 'ę' | 'ě' => out.push('e'),
            'ğ' | 'ģ' | 'ĝ' | 'ġ' => out.push('g'),
            'ħ' | 'ĥ' => out.push('h'),
            'ì'..='ï' | 'ī' | 'į' | 'ı' => out.push('i'),
            'ķ' => out.push('k'),
            'ł' | 'ļ' | 'ľ' | 'ĺ' => out.push('l'),
            'ñ' | 'ń' | 'ņ' | 'ň' => out.push('n'),
            'ò'..='ö' | 'ø' | 'ō' | 'ő' => out.push('o'),
            'ř' | 'ŕ' => out.push('r'),
            'ś' | 'š' | 'ş' | 'ș' | 'ŝ' => out.push('s'),
            'ţ' | 'ț' | 'ť' | 'ŧ' => out.push('t'),
            'ù'..='ü' | 'ū' | 'ů' | 'ű' | 'ų' | 'ŭ' => out.push('u'),
            'ý' | 'ÿ' => out.push('y'),
            'ź' | 'ż' | 'ž' => out.push('z'),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            'ß' => out.push_str("ss"),
            'þ' => out.push_str("th"),
            // A combining mark of the letter before.
            '\u{300}'..='\u{36f}' | '’' | 'ʻ' => {}
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_met_without_accents_and_with_additions() {
        let by = |wanted: &str, name: &str| by_name(&folded(wanted), name);
        assert_eq!(by("Düsseldorf", "Dusseldorf"), Some(Reason::Name));
        assert_eq!(by("ciudad", "Ciudad de México"), Some(Reason::Name));
        assert_eq!(by("mexico", "Ciudad de México"), Some(Reason::WordBegins));
        assert_eq!(by("Rotter", "Rotterdam"), Some(Reason::NameBegins));
        assert_eq!(
            by("ROTTERDAM", "Rotterdam (Maasvlakte)"),
            Some(Reason::Name)
        );
        assert_eq!(by("dam", "Rotterdam"), None);
        assert_eq!(by("", "Rotterdam"), None);
    }
}

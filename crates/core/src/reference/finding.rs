//! Places by name, by code, by the code of an airport, or near a point: what `places` answers.

use super::{Gazetteer, PlaceAliases, Places};
use crate::geo::{Point, great_circle_m};
use crate::model::id::{CountryCode, LocationCode};
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
    /// It has the name, or had it, or has it in brackets.
    Name,
    /// It is a port, an airport or a terminal of the country of this name.
    Country,
    /// It has the name, which is that of another country too.
    NameElsewhere,
    /// It is called so in another language, or was.
    OtherName,
    /// It has the name, but for `ae` instead of `ä` and the like.
    Spelling,
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
            Reason::Name | Reason::NameElsewhere => "name",
            Reason::Country => "country",
            Reason::OtherName => "other name",
            Reason::Spelling => "spelling",
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

impl FoundPlace {
    /// Whether container ships call.
    pub fn is_container_port(&self) -> bool {
        self.kinds.split(' ').any(|kind| kind == "container_port")
    }
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
        let wanted = Wanted::new(text, self.gazetteer);
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
                    () => {
                        let other = self.other_name(&place);
                        let other = other.and_then(|name| wanted.reason(&place, &name));
                        // A name of the longer list is one more: that of a location file goes before it.
                        let other = other.map(|reason| match reason {
                            Reason::Name | Reason::NameElsewhere => Reason::OtherName,
                            reason => reason,
                        });
                        let own = wanted.reason(&place, &place.name);
                        own.into_iter().chain(other).min()?
                    }
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
            // Of a country the ports come first.
            let is_behind = place.reason == Reason::Country && !place.is_container_port();
            let (length, code) = (place.name.len(), place.code);
            (place.reason, is_behind, Reverse(kinds), length, code)
        });
        found.truncate(most);
        found
    }

    /// The name in the longer list of a place that a location file calls otherwise: `Haiphong` of `Hai Phong`.
    fn other_name(&self, place: &FoundPlace) -> Option<String> {
        self.places.get(place.code)?;
        let listed = self.gazetteer.get(place.code)?;
        (*listed.name != *place.name).then(|| listed.name.to_string())
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

/// A text that names a place, and what it is the name of besides.
struct Wanted {
    folded: String,
    /// Without letters that stand for an accent.
    plain: String,
    country: Option<CountryCode>,
    /// Places that have it as another name.
    others: Vec<LocationCode>,
}

impl Wanted {
    fn new(text: &str, gazetteer: &Gazetteer) -> Wanted {
        let folded = folded(text);
        let mut wanted = Wanted {
            plain: without_umlauts(&folded),
            country: None,
            others: Vec::new(),
            folded,
        };
        let named = gazetteer
            .names()
            .filter(|(_, name)| self::folded(name) == wanted.folded);
        for (code, _) in named {
            wanted.others.extend(LocationCode::parse(code.as_bytes()));
            wanted.country = wanted.country.or(CountryCode::parse(code.as_bytes()));
        }
        wanted
    }

    fn reason(&self, place: &FoundPlace, name: &str) -> Option<Reason> {
        let is_elsewhere = |country| country != place.code.country();
        let name = folded(name);
        let by_name = by_name(&self.folded, &name);
        if by_name == Some(Reason::Name) {
            // Of a country a distribution park may have the name, with an addition.
            let is_nothing_else = place.kinds.is_empty() && name != self.folded;
            return match self.country {
                Some(country) if is_elsewhere(country) => Some(Reason::NameElsewhere),
                Some(_) if is_nothing_else => Some(Reason::NameBegins),
                Some(_) | None => by_name,
            };
        }
        let is_of_country = self.country == Some(place.code.country());
        match () {
            () if is_of_country && !place.kinds.is_empty() => Some(Reason::Country),
            () if self.others.contains(&place.code) => Some(Reason::OtherName),
            () if self.is_spelt_like(&name) => Some(Reason::Spelling),
            () => by_name,
        }
    }

    /// Whether two folded names are one but for letters that stand for an accent. Most names are shorter, or begin with another letter.
    fn is_spelt_like(&self, name: &str) -> bool {
        let may_be = name.len() >= self.plain.len() && name.get(..1) == self.plain.get(..1);
        may_be && !self.plain.is_empty() && without_umlauts(name) == self.plain
    }
}

/// `muenchen` as `munchen`: to compare folded names by that are spelt either way.
fn without_umlauts(folded: &str) -> String {
    let mut text = folded.to_owned();
    for (long, short) in [("ae", "a"), ("oe", "o"), ("ue", "u"), ("aa", "a")] {
        text = text.replace(long, short);
    }
    text
}

/// Why a folded name is met by a folded text.
fn by_name(wanted: &str, name: &str) -> Option<Reason> {
    if wanted.is_empty() {
        return None;
    }
    if name == wanted || is_in_brackets(wanted, name) {
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

/// `Mumbai (ex Bombay)`, `Nuuk (Godthaab)`: the list writes former and other names so.
fn is_in_brackets(wanted: &str, name: &str) -> bool {
    let Some((_, inside)) = name.split_once('(') else {
        return false;
    };
    let inside = inside.trim_end_matches(')');
    inside.strip_prefix("ex ").unwrap_or(inside) == wanted
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
            // Of Vietnamese, with marks of sound and of tone.
            '\u{1ea0}'..='\u{1eb7}' => out.push('a'),
            '\u{1eb8}'..='\u{1ec7}' => out.push('e'),
            '\u{1ec8}'..='\u{1ecb}' => out.push('i'),
            '\u{1ecc}'..='\u{1ee3}' | 'ơ' => out.push('o'),
            '\u{1ee4}'..='\u{1ef1}' | 'ư' => out.push('u'),
            '\u{1ef2}'..='\u{1ef9}' => out.push('y'),
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
    use crate::factors::DataFile;

    #[test]
    fn names_are_met_without_accents_and_with_additions() {
        let by = |wanted: &str, name: &str| by_name(&folded(wanted), &folded(name));
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
        assert_eq!(by("Bombay", "Mumbai (ex Bombay)"), Some(Reason::Name));
        assert_eq!(by("Godthaab", "Nuuk (Godthaab)"), Some(Reason::Name));
        assert_eq!(by("Bombay", "Bombaye"), Some(Reason::NameBegins));
    }

    /// The codes that a text finds among a few places, with the reason.
    fn found(text: &str) -> Vec<(String, &'static str)> {
        const PLACES: &str = "locode,name,subdivision,latitude,longitude,kind,iata,source\n\
            CNSGH,Shanghai,SH,31,121,container_port,,S\nDEMUC,Munchen,BY,48,11,airport,MUC,U\nDEGTT,Goettingen,NI,51,9,,,U\n\
            IDFOO,Kornasoren,,-1,134,airport,FOO,A\nMTDIS,Malta Freeport,05,35,14,,,U\nMTMAR,Marsaxlokk,05,35,14,container_port,,S\nMTMLA,Valletta,60,35,14,airport,MLA,U\n\
            SGJUR,Jurong,,1,103,container_port,,S\nSGSIN,Singapore,,1,103,container_port,SIN,S\nUSMLK,Malta,,48,-107,airport,MLK,A\n";
        const NAMES: &str = "code,name\nCNSGH,上海\nDEMUC,Munich\nMT,Malta\nSG,Singapore\n";
        let gazetteer = Gazetteer::new(vec![PLACES]).with_names(NAMES);
        let (places, aliases) = (Places::default(), PlaceAliases::default());
        let known = KnownPlaces {
            places: &places,
            gazetteer: &gazetteer,
            aliases: &aliases,
        };
        let found = known.find(text, 9).into_iter();
        found
            .map(|place| (place.code.to_string(), place.reason.code()))
            .collect()
    }

    #[test]
    fn names_of_other_languages_and_spellings_are_met() {
        let one = |code: &str, reason| vec![(code.to_owned(), reason)];
        assert_eq!(found("上海"), one("CNSGH", "other name"));
        assert_eq!(found("munich"), one("DEMUC", "other name"));
        assert_eq!(found("Muenchen"), one("DEMUC", "spelling"));
        assert_eq!(found("Göttingen"), one("DEGTT", "spelling"));
        assert_eq!(found("München"), one("DEMUC", "name"));
    }

    #[test]
    fn a_place_is_met_by_what_either_list_calls_it() {
        const PLACES: &str = "locode,name,subdivision,latitude,longitude,kind,iata,source\nVNHPH,Haiphong,HP,20,106,container_port,HPH,S\n";
        let gazetteer = Gazetteer::new(vec![PLACES]);
        let own = "locode,name,kind,latitude,longitude,source,licence\nVNHPH,Hai Phong,sea_port,20,106,S,L\n";
        let own = DataFile::new("locations.csv", own);
        let (places, faults) = Places::parse([&own]);
        assert_eq!(faults, []);
        let known = KnownPlaces {
            places: &places,
            gazetteer: &gazetteer,
            aliases: &PlaceAliases::default(),
        };
        for (text, reason) in [
            ("Haiphong", Reason::OtherName),
            ("hai phong", Reason::Name),
            ("Hải Phòng", Reason::Name),
        ] {
            let found = known.find(text, 9);
            let [only] = &found[..] else {
                panic!("{text}: {found:?}");
            };
            assert_eq!((&*only.name, only.reason), ("Hai Phong", reason), "{text}");
        }
    }

    #[test]
    fn the_name_of_a_country_is_not_that_of_a_village_elsewhere() {
        let codes = |text| -> Vec<String> { found(text).into_iter().map(|f| f.0).collect() };
        assert_eq!(codes("Malta"), ["MTMAR", "MTMLA", "USMLK", "MTDIS"]);
        assert_eq!(codes("Singapore"), ["SGSIN", "SGJUR"]);
        assert_eq!(found("Singapore")[0].1, "name");
    }
}

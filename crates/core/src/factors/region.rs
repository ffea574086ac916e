//! Regions: sets of (origin, destination) pairs, their size, and whether one lies in another.
//!
//! A name is read without the zones (libraries and zones are different files) and resolved once per set.

use super::zones::{Member, PlaceSet, Zones};
use crate::model::id::LocationCode;

/// A region as written, in one spelling: `B<>A` is `A<>B`, `A>A` and `A<>A` are `A`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RegionName {
    /// All pairs.
    Global,
    /// Within a zone or country.
    Within(String),
    /// From the first to the second.
    Lane(String, String),
    /// Between the two, either way.
    Between(String, String),
}

impl RegionName {
    /// Reads `GLOBAL`, `A`, `A>B` or `A<>B`; `None` when the form is none of these or `GLOBAL` stands in a lane.
    ///
    /// ```
    /// use green_corridor_core::factors::RegionName;
    /// assert_eq!(RegionName::parse("SG<>CN"), RegionName::parse("CN<>SG"));
    /// assert_eq!(RegionName::parse("CN>GLOBAL"), None);
    /// ```
    pub fn parse(text: &str) -> Option<RegionName> {
        if text == "GLOBAL" {
            return Some(RegionName::Global);
        }
        let plain = |name: &str| !name.is_empty() && name != "GLOBAL" && !name.contains(['<', '>']);
        let (a, b, both) = match (text.split_once("<>"), text.split_once('>')) {
            (Some((a, b)), _) => (a, b, true),
            (None, Some((a, b))) => (a, b, false),
            (None, None) => (text, text, false),
        };
        if !plain(a) || !plain(b) {
            return None;
        }
        Some(match both {
            _ if a == b => RegionName::Within(a.to_owned()),
            false => RegionName::Lane(a.to_owned(), b.to_owned()),
            true if a < b => RegionName::Between(a.to_owned(), b.to_owned()),
            true => RegionName::Between(b.to_owned(), a.to_owned()),
        })
    }
}

/// A resolved region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// Pairs as products of two sets; `None`: all pairs.
    products: Option<Vec<(PlaceSet, PlaceSet)>>,
    /// Smaller is narrower.
    narrowness: u64,
    /// Whether factors of this region are flagged Q05.
    is_wide: bool,
}

/// Narrowness of a region that names no zone with places starts here, so that any zone with places is narrower.
const WITHOUT_PLACES: u64 = 1 << 62;

impl Region {
    /// Resolves a name, zones before countries; the error is the unknown name.
    pub fn resolve(name: &RegionName, zones: &Zones) -> Result<Region, String> {
        let area = |name: &String| zones.area(name).ok_or_else(|| name.clone());
        let products = match name {
            RegionName::Global => {
                return Ok(Region {
                    products: None,
                    narrowness: u64::MAX,
                    is_wide: true,
                });
            }
            RegionName::Within(a) => vec![(area(a)?, area(a)?)],
            RegionName::Lane(a, b) => vec![(area(a)?, area(b)?)],
            RegionName::Between(a, b) => vec![(area(a)?, area(b)?), (area(b)?, area(a)?)],
        };
        let (a, b) = &products[0];
        let one_way = a.size() * b.size();
        // Both ways share the pairs whose ends are members of both sets.
        let size = if products.len() == 2 {
            2 * one_way - a.shared(b).pow(2)
        } else {
            one_way
        };
        let has_places = a.has_places() || b.has_places();
        let is_wide = a.spans_countries() || b.spans_countries();
        let narrowness = if has_places {
            size
        } else {
            WITHOUT_PLACES + size
        };
        Ok(Region {
            narrowness,
            is_wide,
            products: Some(products),
        })
    }

    /// Whether the region covers a movement from one place to another.
    pub fn covers(&self, origin: LocationCode, destination: LocationCode) -> bool {
        match &self.products {
            None => true,
            Some(products) => products
                .iter()
                .any(|(a, b)| a.covers(origin) && b.covers(destination)),
        }
    }

    /// A movement inside the region, for questions about it: in a region of several countries from one to another, for GLOBAL
    /// between places of no country. `None` for a region without members.
    pub fn example(&self) -> Option<(LocationCode, LocationCode)> {
        let somewhere = |country: &str| LocationCode::parse(format!("{country}ZZZ").as_bytes());
        let Some(products) = &self.products else {
            return Some((somewhere("ZZ")?, somewhere("ZZ")?));
        };
        let place = |member: Member| match member {
            Member::Place(place) => Some(place),
            Member::Country(country) => somewhere(&country.to_string()),
        };
        let (from, to) = products.first()?;
        let origin = place(from.members().next()?)?;
        let other = to
            .members()
            .filter_map(place)
            .find(|p| p.country() != origin.country());
        Some((
            origin,
            other.or_else(|| to.members().next().and_then(place))?,
        ))
    }

    /// Whether each pair of this region is covered by `other`.
    pub fn is_within(&self, other: &Region) -> bool {
        let (inner, outer) = match (&self.products, &other.products) {
            (_, None) => return true,
            (None, Some(_)) => return false,
            (Some(inner), Some(outer)) => (inner, outer),
        };
        let inside = |a: &PlaceSet, b: &PlaceSet| a.members().all(|m| b.covers_member(m));
        inner.iter().all(|(a, b)| {
            // One product holds another if both sides do; only two products together can hold one that neither holds alone.
            outer.iter().any(|(c, d)| inside(a, c) && inside(b, d))
                || (outer.len() > 1
                    && a.members()
                        .all(|from| b.members().all(|to| holds(outer, from, to))))
        })
    }

    /// A key that is smaller for a narrower region.
    pub fn narrowness(&self) -> u64 {
        self.narrowness
    }

    /// Number of pairs, counted in members; `None`: all.
    pub fn pairs(&self) -> Option<u64> {
        pairs(self.narrowness).map(|(pairs, _)| pairs)
    }

    /// Whether it is GLOBAL or holds a zone with members in more than one country (Q05).
    pub fn is_wide(&self) -> bool {
        self.is_wide
    }
}

fn holds(products: &[(PlaceSet, PlaceSet)], from: Member, to: Member) -> bool {
    products
        .iter()
        .any(|(a, b)| a.covers_member(from) && b.covers_member(to))
}

/// Number of pairs behind a narrowness, and whether the region names a zone with places; `None`: all pairs.
pub(super) fn pairs(narrowness: u64) -> Option<(u64, bool)> {
    (narrowness != u64::MAX).then_some((
        narrowness & !WITHOUT_PLACES,
        narrowness & WITHOUT_PLACES == 0,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::factors::DataFile;

    fn region(text: &str) -> Region {
        let file = "zone,member\nASEAN,SG\nASEAN,MY\nASEAN,TH\nSEA2,SG\nSEA2,MY\nASIA,SG\nASIA,MY\nASIA,TH\nASIA,CN\n\
                    CQ,CNCKG\nCQ,CNFLG\nMIX,CNCKG\nMIX,SG\nHOME,CN\n";
        let (zones, faults) = Zones::parse(&DataFile::new("zones.csv", file));
        assert!(faults.is_empty(), "{faults:?}");
        Region::resolve(&RegionName::parse(text).unwrap(), &zones).unwrap()
    }

    fn covers(text: &str, from: &str, to: &str) -> bool {
        let place = |t: &str| LocationCode::parse(t.as_bytes()).unwrap();
        region(text).covers(place(from), place(to))
    }

    #[test]
    fn sizes_count_member_pairs() {
        for (text, pairs) in [
            ("CN", Some(1)),
            ("ASEAN", Some(9)),
            ("CN>SG", Some(1)),
            ("CN<>SG", Some(2)),
            ("CN>ASEAN", Some(3)),
            ("ASEAN<>ASIA", Some(2 * 12 - 9)),
            ("ASEAN<>ASEAN", Some(9)),
            ("CQ", Some(4)),
            ("GLOBAL", None),
        ] {
            assert_eq!(region(text).pairs(), pairs, "{text}");
        }
    }

    #[test]
    fn lanes_have_a_direction() {
        assert!(covers("CN>SG", "CNCKG", "SGSIN") && !covers("CN>SG", "SGSIN", "CNCKG"));
        assert!(covers("CN<>SG", "SGSIN", "CNCKG") && !covers("CN<>SG", "CNCKG", "CNSHA"));
        assert!(covers("ASEAN", "MYPKG", "THLCH") && !covers("ASEAN", "CNCKG", "SGSIN"));
        assert!(covers("GLOBAL", "USLAX", "NLRTM"));
        assert!(covers("CQ", "CNCKG", "CNFLG") && !covers("CQ", "CNCKG", "CNSHA"));
        assert!(covers("CQ>CN", "CNCKG", "CNSHA") && !covers("CQ>CN", "CNSHA", "CNCKG"));
        assert!(covers("MIX", "CNCKG", "SGSIN") && !covers("MIX", "CNSHA", "SGSIN"));
    }

    #[test]
    fn zones_with_places_are_narrower_than_any_without() {
        let order = [
            "CQ",
            "CQ>ASEAN",
            "CN",
            "CN>ASEAN",
            "ASEAN",
            "ASEAN<>ASIA",
            "ASIA",
            "GLOBAL",
        ];
        for pair in order.windows(2) {
            assert!(
                region(pair[0]).narrowness() < region(pair[1]).narrowness(),
                "{pair:?}"
            );
        }
    }

    #[test]
    fn containment_goes_pair_by_pair() {
        for (inner, outer, want) in [
            ("CN", "ASIA", true),
            ("CQ", "CN", true),
            ("CN", "CQ", false),
            ("CQ", "MIX", false),
            ("CN>SG", "ASIA", true),
            ("CN>SG", "CN<>SG", true),
            ("CN<>SG", "CN>SG", false),
            ("CN>SG", "CN", false),
            ("ASEAN", "ASEAN<>ASIA", true),
            ("ASIA", "ASEAN<>ASIA", false),
            ("SEA2", "ASEAN", true),
            ("GLOBAL", "ASIA", false),
            ("GLOBAL", "GLOBAL", true),
            ("ASIA", "GLOBAL", true),
            ("HOME", "CN", true),
            ("SEA2<>ASIA", "ASEAN<>ASIA", true),
            // (SG, SG) is missing from both ways.
            ("MIX", "CN<>ASEAN", false),
        ] {
            assert_eq!(
                region(inner).is_within(&region(outer)),
                want,
                "{inner} in {outer}"
            );
        }
    }

    #[test]
    fn wide_means_more_than_one_country() {
        for (text, want) in [
            ("CN", false),
            ("CN>SG", false),
            ("CQ", false),
            ("HOME", false),
            ("MIX", true),
            ("CN>ASEAN", true),
            ("GLOBAL", true),
        ] {
            assert_eq!(region(text).is_wide(), want, "{text}");
        }
    }

    #[test]
    fn malformed_regions_are_refused() {
        for bad in [
            "",
            ">",
            "CN>",
            "<>SG",
            "GLOBAL>SG",
            "CN<>GLOBAL",
            "CN<SG",
            "A>B>C",
            "A<>B<>C",
        ] {
            assert_eq!(RegionName::parse(bad), None, "{bad:?}");
        }
        assert_eq!(RegionName::parse("A>A"), RegionName::parse("A"));
    }
}

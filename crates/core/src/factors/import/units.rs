//! Units of foreign tables as exact ratios to ours. International definitions: pound 0.45359237 kg, mile 1.609344 km,
//! nautical mile 1.852 km, US gallon 3.785411784 l; a forty-foot unit is two TEU.

use crate::factors::factor::Section;
use crate::model::mode::{EnergyUnit, Per};

/// A positive ratio of whole numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ratio {
    pub numerator: i128,
    pub denominator: i128,
}

impl Ratio {
    const fn new(numerator: i128, denominator: i128) -> Ratio {
        Ratio {
            numerator,
            denominator,
        }
    }

    /// The product, in lowest terms; only for the small ratios of this file.
    fn times(self, other: Ratio) -> Ratio {
        let (n, d) = (
            self.numerator * other.numerator,
            self.denominator * other.denominator,
        );
        let common = gcd(n, d);
        Ratio::new(n / common, d / common)
    }
}

/// Greatest common divisor of two positive numbers.
pub(super) fn gcd(mut a: i128, mut b: i128) -> i128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

const ONE: Ratio = Ratio::new(1, 1);

/// Grams in a unit of emissions.
const GHG: [(&str, Ratio); 4] = [
    ("g", ONE),
    ("kg", Ratio::new(1_000, 1)),
    ("t", Ratio::new(1_000_000, 1)),
    ("lb", Ratio::new(45_359_237, 100_000)),
];
/// Units of emissions, in words.
pub(super) const GHG_UNITS: &str = "g, kg, t or lb";

/// Tonnes in a unit of mass.
const MASSES: [(&str, Ratio); 4] = [
    ("t", ONE),
    ("kg", Ratio::new(1, 1_000)),
    ("short_ton", Ratio::new(90_718_474, 100_000_000)),
    ("long_ton", Ratio::new(10_160_469_088, 10_000_000_000)),
];
/// TEU in a unit of containers by size.
const SIZES: [(&str, Ratio); 2] = [("teu", ONE), ("feu", Ratio::new(2, 1))];
/// Kilometres in a unit of length.
const LENGTHS: [(&str, Ratio); 3] = [
    ("km", ONE),
    ("mile", Ratio::new(1_609_344, 1_000_000)),
    ("nautical_mile", Ratio::new(1_852, 1_000)),
];

/// Units of energy: ours, and how many of it.
const ENERGY: [(&str, EnergyUnit, Ratio); 9] = [
    ("kg", EnergyUnit::Kg, ONE),
    ("t", EnergyUnit::Kg, Ratio::new(1_000, 1)),
    ("l", EnergyUnit::Litre, ONE),
    ("m3", EnergyUnit::Litre, Ratio::new(1_000, 1)),
    (
        "us_gallon",
        EnergyUnit::Litre,
        Ratio::new(3_785_411_784, 1_000_000_000),
    ),
    ("kWh", EnergyUnit::KWh, ONE),
    ("MWh", EnergyUnit::KWh, Ratio::new(1_000, 1)),
    ("MJ", EnergyUnit::Mj, ONE),
    ("GJ", EnergyUnit::Mj, Ratio::new(1_000, 1)),
];
/// Units of energy, in words.
pub(super) const ENERGY_UNITS: &str = "kg, t, l, m3, us_gallon, kWh, MWh, MJ or GJ";

fn find(list: &[(&str, Ratio)], unit: &str) -> Option<Ratio> {
    list.iter()
        .find(|(code, _)| *code == unit)
        .map(|(_, ratio)| *ratio)
}

/// Grams in a unit of emissions.
pub(super) fn grams(unit: &str) -> Option<Ratio> {
    find(&GHG, unit)
}

/// Our unit of an energy quantity, and how many of it are in one of theirs.
pub(super) fn energy(unit: &str) -> Option<(EnergyUnit, Ratio)> {
    ENERGY
        .iter()
        .find(|(code, ..)| *code == unit)
        .map(|&(_, ours, ratio)| (ours, ratio))
}

/// What a figure is per, in our unit, and how many of ours are in one of theirs.
pub(super) fn activity(section: Section, unit: &str) -> Option<(Per, Ratio)> {
    match section {
        Section::Transport => {
            let (load, length) = unit.split_once('.')?;
            let length = find(&LENGTHS, length)?;
            let by_mass = find(&MASSES, load).map(|mass| (Per::Tkm, mass.times(length)));
            by_mass.or_else(|| find(&SIZES, load).map(|teu| (Per::TeuKm, teu.times(length))))
        }
        Section::Hub if unit == "container" => Some((Per::Container, ONE)),
        Section::Hub => {
            let by_mass = find(&MASSES, unit).map(|mass| (Per::T, mass));
            by_mass.or_else(|| find(&SIZES, unit).map(|teu| (Per::Teu, teu)))
        }
        Section::Energy => energy(unit).and_then(|(ours, ratio)| Some((energy_per(ours)?, ratio))),
    }
}

fn energy_per(unit: EnergyUnit) -> Option<Per> {
    match unit {
        EnergyUnit::Absent => None,
        EnergyUnit::Kg => Some(Per::Kg),
        EnergyUnit::Litre => Some(Per::Litre),
        EnergyUnit::KWh => Some(Per::KWh),
        EnergyUnit::Mj => Some(Per::Mj),
    }
}

/// Units that a figure of a section may be per, in words.
pub(super) const fn activity_units(section: Section) -> &'static str {
    match section {
        Section::Transport => {
            "a load (t, kg, short_ton, long_ton, teu, feu), a point, a length (km, mile, nautical_mile), e.g. t.km"
        }
        Section::Hub => "t, kg, short_ton, long_ton, teu, feu or container",
        Section::Energy => ENERGY_UNITS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_the_international_ones() {
        let per = |unit| {
            activity(Section::Transport, unit)
                .map(|(per, r)| (per.code(), r.numerator, r.denominator))
        };
        assert_eq!(per("t.km"), Some(("tkm", 1, 1)));
        assert_eq!(per("t.nautical_mile"), Some(("tkm", 463, 250)));
        assert_eq!(per("feu.km"), Some(("teukm", 2, 1)));
        // 0.90718474 t x 1.609344 km = 1.4599723182... t.km
        let (_, n, d) = per("short_ton.mile").unwrap();
        assert_eq!(n * 100_000_000 * 1_000_000, 90_718_474 * 1_609_344 * d);
        for bad in ["tkm", "t.", ".km", "t.km.km", "container.km", "t.ly", ""] {
            assert_eq!(per(bad), None, "{bad}");
        }
        assert_eq!(
            activity(Section::Hub, "container").unwrap().0,
            Per::Container
        );
        assert_eq!(activity(Section::Hub, "t.km"), None);
        assert_eq!(
            activity(Section::Energy, "GJ"),
            Some((Per::Mj, Ratio::new(1_000, 1)))
        );
    }
}

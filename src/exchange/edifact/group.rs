//! What the segments of one group say: of a message, of a container, of a status.

use super::profile::{MassKind, Profile};
use super::syntax::{Charset, Segment};
use super::time::{self, Stated};
use crate::exchange::documents::Fault;
use crate::exchange::events::event::{Document, DocumentKind};
use crate::exchange::events::mass::Masses;
use crate::model::mode::Mode;
use crate::model::unit::{div_half_even, parse_decimal};

/// Segments of a name in a group; the directories admit fewer.
const MOST: usize = 999;

/// How an interchange is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hand<'p> {
    /// Characters of its values.
    pub charset: Charset,
    /// What its codes mean.
    pub profile: &'p Profile,
}

/// Whether a code is in a list.
pub(crate) fn has(list: &[String], code: &str) -> bool {
    list.iter().any(|one| one == code)
}

/// A code from a list of somebody's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Code {
    /// The code.
    pub code: String,
    /// The list (1131).
    pub list: String,
    /// Whose list (3055).
    pub agency: String,
}

impl Code {
    fn of(
        segment: &Segment,
        element: usize,
        charset: Charset,
        at: [usize; 3],
    ) -> Result<Code, Fault> {
        let text = |component| segment.text(element, component, charset);
        Ok(Code {
            code: text(at[0])?,
            list: text(at[1])?,
            agency: text(at[2])?,
        })
    }
}

/// A place (`LOC`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    /// Number of its segment.
    pub segment: u64,
    /// What happens there.
    pub qualifier: String,
    /// The place.
    pub place: Code,
    /// The terminal in it.
    pub facility: Code,
}

/// A transport (`TDT`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Transport {
    /// Stage.
    pub stage: String,
    /// Voyage or trip.
    pub voyage: String,
    /// Mode, if stated.
    pub mode: Option<Mode>,
    /// Whether the mode was given as multimodal.
    pub is_multimodal: bool,
    /// Who carries.
    pub carrier: String,
    /// The vehicle, by number, call sign or name.
    pub vehicle: String,
}

/// A time (`DTM`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Time {
    /// Number of its segment.
    pub segment: u64,
    /// What it is of.
    pub qualifier: String,
    /// When; the text where that cannot be read.
    pub stated: Result<Stated, Fault>,
}

/// A group.
#[derive(Clone, Debug, Default)]
pub(crate) struct Group {
    /// References to documents of shipments.
    pub documents: Vec<Document>,
    /// References to containers.
    pub containers: Vec<String>,
    /// Earlier message that this one is about.
    pub previous: String,
    /// Times.
    pub times: Vec<Time>,
    /// Places.
    pub places: Vec<Spot>,
    /// Transports.
    pub transports: Vec<Transport>,
    /// Times behind a transport of a container or status: as a rule of the transport.
    pub later_times: Vec<Time>,
    /// Places behind such a transport.
    pub later_places: Vec<Spot>,
    /// Masses.
    pub masses: Masses,
    /// Masses that cannot be read: what stands there, and what was wanted.
    pub odd_masses: Vec<Fault>,
    /// Whether the group is of a message as a whole, whose transport has no group of its own.
    pub is_head: bool,
    /// Whether the segments that follow are of it: a consignment has begun.
    pub is_open: bool,
    /// Behind a `DGS`, masses are of the dangerous goods.
    is_dangerous: bool,
}

impl Group {
    /// Of a whole message.
    pub(crate) fn head() -> Group {
        Group {
            is_head: true,
            ..Group::default()
        }
    }

    /// Of a consignment that has begun.
    pub(crate) fn consignment() -> Group {
        Group {
            is_open: true,
            ..Group::head()
        }
    }

    /// Takes what a segment says; whether it is one of those that are read.
    pub(crate) fn take(&mut self, segment: &Segment, hand: Hand) -> Result<bool, Fault> {
        let count = match segment.tag() {
            "RFF" => self.documents.len() + self.containers.len(),
            "DTM" => self.times.len() + self.later_times.len(),
            "LOC" => self.places.len() + self.later_places.len(),
            "TDT" => self.transports.len(),
            "MEA" => self.odd_masses.len(),
            _ => 0,
        };
        if count >= MOST {
            let found = format!("more than {MOST} {}", segment.tag());
            return Err(Fault::new("", &found, "no more than the directories admit"));
        }
        match segment.tag() {
            "RFF" => self.reference(segment, hand)?,
            "DTM" => self.time(segment, hand)?,
            "LOC" => self.place(segment, hand)?,
            "TDT" => self.transports.push(transport(segment, hand)?),
            "MEA" => self.mass(segment, hand)?,
            "DGS" => {
                self.is_dangerous = true;
                return Ok(false);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn is_behind_transport(&self) -> bool {
        !self.is_head && !self.transports.is_empty()
    }

    fn reference(&mut self, segment: &Segment, hand: Hand) -> Result<(), Fault> {
        let qualifier = segment.text(0, 0, hand.charset)?;
        let reference = segment.text(0, 1, hand.charset)?;
        let links = &hand.profile.links;
        if reference.is_empty() {
            return Ok(());
        }
        if has(&links.previous, &qualifier) {
            self.previous = reference;
        } else if has(&links.equipment, &qualifier) {
            self.containers.push(reference);
        } else if let Some(kind) = hand.profile.references.get(&qualifier) {
            self.document(kind.0, reference);
        }
        Ok(())
    }

    /// Notes a document once.
    pub(crate) fn document(&mut self, kind: DocumentKind, reference: String) {
        let document = Document { kind, reference };
        if !self.documents.contains(&document) {
            self.documents.push(document);
        }
    }

    fn time(&mut self, segment: &Segment, hand: Hand) -> Result<(), Fault> {
        // Times are asked for by few qualifiers, so one that cannot be read may well be of no account.
        let value = segment.text(0, 1, hand.charset)?;
        let format = segment.text(0, 2, hand.charset)?;
        let time = Time {
            segment: segment.number,
            qualifier: segment.text(0, 0, hand.charset)?,
            stated: time::stated(&value, &format),
        };
        if self.is_behind_transport() {
            self.later_times.push(time);
        } else {
            self.times.push(time);
        }
        Ok(())
    }

    fn place(&mut self, segment: &Segment, hand: Hand) -> Result<(), Fault> {
        let spot = Spot {
            segment: segment.number,
            qualifier: segment.text(0, 0, hand.charset)?,
            place: Code::of(segment, 1, hand.charset, [0, 1, 2])?,
            facility: Code::of(segment, 2, hand.charset, [0, 1, 2])?,
        };
        if self.is_behind_transport() {
            self.later_places.push(spot);
        } else {
            self.places.push(spot);
        }
        Ok(())
    }

    fn mass(&mut self, segment: &Segment, hand: Hand) -> Result<(), Fault> {
        let text = |element, component| segment.text(element, component, hand.charset);
        let name = match text(1, 0)? {
            attribute if attribute.is_empty() => text(0, 0)?,
            attribute => attribute,
        };
        let Some(kind) = hand.profile.masses.get(&name) else {
            return Ok(());
        };
        // Any goods have a gross mass; the other names are of containers only.
        let is_of_goods = *kind == MassKind::Cargo || matches!(name.as_str(), "G" | "WT");
        if self.is_dangerous && is_of_goods {
            return Ok(());
        }
        let (unit, value) = (text(2, 0)?, text(2, 1)?);
        let grams = match grams(&unit, &value, hand.profile) {
            Ok(grams) => grams,
            Err(wanted) => {
                let found = format!("{name} {value} {unit}");
                self.odd_masses.push(Fault::new("", &found, &wanted));
                return Ok(());
            }
        };
        let place = match kind {
            MassKind::Cargo => &mut self.masses.cargo,
            MassKind::Verified => &mut self.masses.verified,
            MassKind::Gross => &mut self.masses.gross,
            MassKind::Tare => &mut self.masses.tare,
        };
        if grams > 0 {
            place.get_or_insert(grams);
        }
        Ok(())
    }
}

/// Largest mass that a movement record can hold, in grams.
const LARGEST: i128 = 1_000_000_000;

/// A mass in grams; or what was wanted.
fn grams(unit: &str, value: &str, profile: &Profile) -> Result<i64, String> {
    let Some(kilograms) = profile.units.get(unit) else {
        let units: Vec<&str> = profile.units.keys().map(String::as_str).collect();
        return Err(format!("one of the units {}", units.join(", ")));
    };
    let wanted = "a number of at most six decimals and a million kilograms";
    let value = parse_decimal(&value.replace(',', "."), 6)
        .filter(|value| (0..=LARGEST * 1_000_000).contains(value))
        .ok_or(wanted)?;
    // Millionths of hundred millionths of kilograms.
    let grams = div_half_even(value * kilograms.0, 10i128.pow(11));
    i64::try_from(grams)
        .ok()
        .filter(|&g| i128::from(g) <= LARGEST)
        .ok_or(wanted.to_owned())
}

fn transport(segment: &Segment, hand: Hand) -> Result<Transport, Fault> {
    let text = |element, component| segment.text(element, component, hand.charset);
    let (mode, means) = (text(2, 0)?, text(3, 0)?);
    let of = |words: &std::collections::BTreeMap<String, super::profile::ModeWord>, code: &str| {
        words.get(code).map(|word| word.0)
    };
    let is_multimodal = mode == "6";
    let stated = of(&hand.profile.modes, &mode);
    let vehicle = match text(7, 0)? {
        number if number.is_empty() => text(7, 3)?,
        number => number,
    };
    Ok(Transport {
        stage: text(0, 0)?,
        voyage: text(1, 0)?,
        mode: stated.or_else(|| of(&hand.profile.means, &means).filter(|_| !is_multimodal)),
        is_multimodal,
        carrier: text(4, 0)?,
        vehicle,
    })
}

#[cfg(test)]
mod tests {
    use super::super::profile::Profiles;
    use super::super::syntax::Segments;
    use super::*;

    fn group(text: &str) -> Group {
        let profiles = Profiles::default();
        let hand = Hand {
            charset: Charset::Utf8,
            profile: profiles.of(&[]),
        };
        let mut group = Group::default();
        let text = format!("UNB+'{text}");
        let mut segments = Segments::of(text.as_bytes());
        let service = segments.service().unwrap();
        while !segments.is_at_end() {
            let segment = segments.next(service).unwrap();
            group.take(&segment, hand).unwrap();
        }
        group
    }

    #[test]
    fn masses_in_all_units_and_spellings() {
        let masses = |text: &str| {
            let m = group(text).masses;
            [m.cargo, m.verified, m.gross, m.tare].map(Option::unwrap_or_default)
        };
        assert_eq!(
            masses("MEA+AAE+G+KGM:24000'MEA+AAE+T+TNE:3,8'MEA+AAE+VGM+LBR:52910.9'"),
            [0, 23_999_981, 24_000_000, 3_800_000]
        );
        assert_eq!(masses("MEA+WT++KGM:24500.5'"), [0, 0, 24_500_500, 0]);
        assert_eq!(masses("MEA+VGM++KGM:1'"), [0, 1000, 0, 0]);
        assert_eq!(masses("MEA+AAE+AAL+KGM:20000'"), [20_000_000, 0, 0, 0]);
        assert_eq!(masses("MEA+AAE+T+KGM:0'MEA+AAE+AAW+MTQ:30'"), [0; 4]);
        // Behind a DGS a gross mass is that of the dangerous goods; a VGM is of nothing but a container.
        assert_eq!(
            masses("DGS+IMD+3+1993'MEA+AAE+G+KGM:500'MEA+AAE+AAL+KGM:400'MEA+AAE+VGM+KGM:9000'"),
            [0, 9_000_000, 0, 0]
        );
        let odd = group("MEA+AAE+G+KGM:heavy'MEA+AAE+G+MTQ:30'MEA+AAE+G+TNE:5000'").odd_masses;
        let found: Vec<&str> = odd.iter().map(|f| f.found.as_str()).collect();
        assert_eq!(found, ["G heavy KGM", "G 30 MTQ", "G 5000 TNE"]);
    }

    #[test]
    fn transports_by_mode_means_and_vehicle() {
        let of = |text: &str| group(text).transports.remove(0);
        let ship = of("TDT+20+0012W+1++HLC:172:20+++9321483:146:11:EXAMPLE'");
        assert_eq!(
            (ship.mode, ship.vehicle.as_str(), ship.carrier.as_str()),
            (Some(Mode::Sea), "9321483", "HLC")
        );
        assert_eq!(of("TDT+20+1++++++:103::EXAMPLE'").vehicle, "EXAMPLE");
        assert_eq!(of("TDT+1++3+31+T:172+++CXL590'").mode, Some(Mode::Road));
        assert_eq!(of("TDT+1+++25'").mode, Some(Mode::Rail));
        assert_eq!(of("TDT+1++8'").mode, Some(Mode::InlandWaterway));
        let any = of("TDT+20++6+31'");
        assert_eq!((any.mode, any.is_multimodal), (None, true));
    }
}

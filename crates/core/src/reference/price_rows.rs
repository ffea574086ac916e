//! What freight and handling cost where no service has a price: rate cards of one's own, and price levels, ranges that somebody
//! published or estimated for a mode between regions. Only route options use them, and the price of a service goes before both.

use crate::model::id::{CountryCode, LocationCode};
use crate::model::mode::Mode;
use crate::model::money::{Amount, AmountRange, Currency, PRICE_SCALE};
use crate::model::time::Day;
use crate::model::unit::{decimal_text, div_half_even};
use std::sync::Arc;

/// How a price is known, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PriceBasis {
    /// The price of a service.
    Service,
    /// A rate card of one's own.
    RateCard,
    /// A level: what such freight cost somewhere, some time. Nobody offers it.
    Level,
}

impl PriceBasis {
    /// The word in files.
    pub const fn code(self) -> &'static str {
        match self {
            PriceBasis::Service => "service",
            PriceBasis::RateCard => "rate_card",
            PriceBasis::Level => "level",
        }
    }
}

/// What a price is per.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriceUnit {
    /// TEU.
    Teu,
    /// Two TEU in one container; nothing for a container of less.
    Feu,
    /// Container, whatever its size.
    Container,
    /// Tonne of cargo.
    T,
    /// Kilogram of cargo.
    Kg,
    /// Tonne and kilometre.
    Tkm,
    /// TEU and kilometre.
    TeuKm,
    /// Container and kilometre.
    ContainerKm,
}

impl PriceUnit {
    pub(super) const ALL: [PriceUnit; 8] = [
        PriceUnit::Teu,
        PriceUnit::Feu,
        PriceUnit::Container,
        PriceUnit::T,
        PriceUnit::Kg,
        PriceUnit::Tkm,
        PriceUnit::TeuKm,
        PriceUnit::ContainerKm,
    ];

    /// The word in files.
    pub const fn code(self) -> &'static str {
        match self {
            PriceUnit::Teu => "teu",
            PriceUnit::Feu => "feu",
            PriceUnit::Container => "container",
            PriceUnit::T => "t",
            PriceUnit::Kg => "kg",
            PriceUnit::Tkm => "tkm",
            PriceUnit::TeuKm => "teukm",
            PriceUnit::ContainerKm => "containerkm",
        }
    }

    pub(super) fn parse(text: &str) -> Option<PriceUnit> {
        PriceUnit::ALL.into_iter().find(|unit| unit.code() == text)
    }
}

/// What is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// Cargo, g.
    pub mass_g: i64,
    /// TEU, millionths; `None`: not known.
    pub teu: Option<i64>,
    /// Containers, millionths; less than one is a part of a container.
    pub containers: i64,
    /// Length of the way, m; `None`: not known, or there is none.
    pub metres: Option<i64>,
    /// The box is refrigerated.
    pub is_refrigerated: bool,
}

/// What is looked for: freight between two places, or handling at one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sought {
    /// Mode of the way, or of the terminal.
    pub mode: Mode,
    /// Origin, or the place of the terminal.
    pub from: LocationCode,
    /// Destination; `None`: handling.
    pub to: Option<LocationCode>,
    /// Day of the question.
    pub day: Day,
}

/// Places and countries that a row is for; none: all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    pub(super) places: Vec<LocationCode>,
    countries: Vec<CountryCode>,
}

impl Scope {
    pub(super) fn parse(text: &str) -> Option<Scope> {
        let mut scope = Scope::default();
        for word in text.split_ascii_whitespace() {
            if let Some(country) = CountryCode::parse(word.as_bytes()) {
                scope.countries.push(country);
            } else {
                scope.places.push(LocationCode::parse(word.as_bytes())?);
            }
        }
        Some(scope)
    }

    pub(super) fn has(&self, place: LocationCode) -> bool {
        (self.places.is_empty() && self.countries.is_empty())
            || self.places.contains(&place)
            || self.countries.contains(&place.country())
    }
}

/// A rate card's row, or a level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceRow {
    /// Whether it is what a terminal asks, not freight.
    pub is_handling: bool,
    /// Mode of the freight, or of the terminal.
    pub mode: Mode,
    pub(super) from: Scope,
    pub(super) to: Scope,
    /// The shortest way that it is for, m: what is per kilometre says nothing of short ways, which cost more.
    pub shortest_m: i64,
    /// Whether it is for refrigerated boxes; else for those without temperature control.
    pub is_refrigerated: bool,
    /// What it is per.
    pub per: PriceUnit,
    /// Lower end, millionths of the currency unit.
    pub low: i64,
    /// Upper end.
    pub high: i64,
    /// Currency.
    pub currency: Currency,
    /// Rate card or level.
    pub basis: PriceBasis,
    /// First day of validity of a rate card (`Day::MIN`: ever since); day of the oldest figure behind a level.
    pub first_day: Day,
    /// First day after validity ([`crate::model::time::NO_END`]: until further notice); day of the newest figure.
    pub last_day: Day,
    /// Whether nobody published it as such.
    pub is_estimate: bool,
    /// Where it is from.
    pub source_ref: String,
    /// Terms on which the figures are passed on; empty: one's own.
    pub licence: String,
    /// Note.
    pub note: String,
}

/// Rows in the order in which they are tried.
#[derive(Clone, Debug, Default)]
pub struct PriceRows {
    pub(super) list: Vec<Arc<PriceRow>>,
}

impl PriceRows {
    /// Puts the rows of another file before those that are here.
    pub fn put_on_top(&mut self, mut own: PriceRows) {
        own.list.append(&mut self.list);
        self.list = own.list;
    }

    /// The first row that is for what is sought and tells what it costs for the load.
    pub fn find(&self, sought: Sought, load: &Load) -> Option<(&Arc<PriceRow>, AmountRange)> {
        let fits = |row: &&Arc<PriceRow>| row.is_for(sought, load);
        let mut priced = self.list.iter().filter(fits);
        priced.find_map(|row| Some((row, row.cost(load)?)))
    }

    /// Rows in order.
    pub fn iter(&self) -> impl Iterator<Item = &PriceRow> {
        self.list.iter().map(|row| &**row)
    }
}

impl PriceRow {
    fn is_for(&self, sought: Sought, load: &Load) -> bool {
        // A rate card is for its days. A level is as old as it is, and says so.
        let in_time = self.basis == PriceBasis::Level
            || (self.first_day <= sought.day && sought.day < self.last_day);
        self.is_handling == sought.to.is_none()
            && self.mode == sought.mode
            && self.is_refrigerated == load.is_refrigerated
            && in_time
            && load.metres.is_none_or(|metres| self.shortest_m <= metres)
            && self.from.has(sought.from)
            && sought.to.is_none_or(|to| self.to.has(to))
    }

    /// What it makes for a load; `None` when what it is per is not known, or cannot be held.
    fn cost(&self, load: &Load) -> Option<AmountRange> {
        let (metres, teu) = (load.metres.map(i128::from), load.teu.map(i128::from));
        // A gram is a millionth of a tonne, a metre a thousandth of a kilometre.
        let mass = (load.mass_g > 0).then_some(i128::from(load.mass_g));
        let containers = i128::from(load.containers);
        let (quantity, of) = match self.per {
            PriceUnit::Teu => (teu?, 1),
            // Each container must be one of two TEU or more, however many there are.
            PriceUnit::Feu => (teu.filter(|teu| *teu >= 2 * containers)?, 2),
            PriceUnit::Container => (containers, 1),
            PriceUnit::T => (mass?, 1),
            PriceUnit::Kg => (mass? * 1000, 1),
            PriceUnit::Tkm => (mass? * metres?, 1000),
            PriceUnit::TeuKm => (teu? * metres?, 1000),
            PriceUnit::ContainerKm => (containers * metres?, 1000),
        };
        let amount = |price: i64| {
            let product = i128::from(price).checked_mul(quantity)?;
            Some(Amount(div_half_even(product, of)))
        };
        Some(AmountRange {
            low: amount(self.low)?,
            high: amount(self.high)?,
        })
    }

    /// `0.3 to 0.65 USD per containerkm`.
    pub fn words(&self) -> String {
        let decimal = |price: i64| {
            let text = decimal_text(price.into(), PRICE_SCALE);
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        };
        let (currency, per) = (self.currency, self.per.code());
        match self.low == self.high {
            true => format!("{} {currency} per {per}", decimal(self.low)),
            false => format!(
                "{} to {} {currency} per {per}",
                decimal(self.low),
                decimal(self.high)
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::day;
    use crate::reference::{DataFile, Fault};

    const HEADER: &str = "kind,mode,from,to,refrigerated,per,low,high,currency,observed_from,observed_to,is_estimate,source_ref,licence,note\n";
    const CARD: &str =
        "kind,mode,from,to,refrigerated,per,low,high,currency,valid_from,valid_to,source_ref\n";

    fn levels(rows: &str) -> (PriceRows, Vec<Fault>) {
        let file = DataFile::new("price_levels.csv", format!("{HEADER}{rows}"));
        PriceRows::parse_levels(&file, &|_| true)
    }

    fn cards(rows: &str) -> (PriceRows, Vec<Fault>) {
        PriceRows::parse_cards(&DataFile::new("card.csv", format!("{CARD}{rows}")), &|_| {
            true
        })
    }

    fn sought(mode: Mode, from: &str, to: &str) -> Sought {
        let place = |code: &str| LocationCode::parse(code.as_bytes());
        Sought {
            mode,
            from: place(from).unwrap(),
            to: place(to),
            day: day(2025, 6, 1).unwrap(),
        }
    }

    fn load(teu: i64) -> Load {
        Load {
            mass_g: 20_000_000,
            teu: Some(teu),
            containers: 1_000_000,
            metres: Some(1_450_000),
            is_refrigerated: false,
        }
    }

    fn text(found: Option<(&Arc<PriceRow>, AmountRange)>) -> Option<(String, String)> {
        found.map(|(_, range)| (range.low.text(), range.high.text()))
    }

    fn amounts(low: &str, high: &str) -> Option<(String, String)> {
        Some((low.to_owned(), high.to_owned()))
    }

    #[test]
    fn the_first_row_that_is_for_the_way_and_the_box_counts() {
        let (rows, faults) = levels(
            "freight,sea,CNSHA,NLRTM,no,feu,2361,5270,USD,2024-05-30,2026-01-29,no,a,fact,\n\
             freight,sea,CN HK,NL DE,no,teu,1052,3030,USD,2024-01-19,2025-11-14,yes,b,fact,\n\
             freight,sea,,,no,teukm,0.02,0.3,USD,2026-11-30,2026-11-30,yes,c,own,\n\
             freight,sea,SG,NL,yes,feu,2000,3000,USD,2026-11-30,2026-11-30,yes,d,own,\n\
             handling,sea,DE,,no,container,285,295,EUR,2024-10-01,2025-10-01,no,e,fact,\n",
        );
        assert!(faults.is_empty(), "{faults:?}");
        let find = |from, to, teu| text(rows.find(sought(Mode::Sea, from, to), &load(teu)));
        assert_eq!(
            find("CNSHA", "NLRTM", 2_000_000),
            amounts("2361.00", "5270.00")
        );
        assert_eq!(
            find("CNSHA", "NLRTM", 2_250_000),
            amounts("2656.12", "5928.75")
        );
        assert_eq!(
            find("CNSHA", "NLRTM", 1_000_000),
            amounts("1052.00", "3030.00"),
            "no 40 ft box"
        );
        assert_eq!(
            find("CNSHA", "DEHAM", 2_000_000),
            amounts("2104.00", "6060.00")
        );
        assert_eq!(
            find("HKHKG", "USLAX", 1_000_000),
            amounts("29.00", "435.00"),
            "1,450 km"
        );
        assert_eq!(
            text(rows.find(sought(Mode::Air, "CNSHA", "NLRTM"), &load(1_000_000))),
            None
        );
        assert_eq!(
            find("DEHAM", "", 2_000_000),
            amounts("285.00", "295.00"),
            "handling"
        );
        assert_eq!(find("NLRTM", "", 2_000_000), None);
        let cold = Load {
            is_refrigerated: true,
            ..load(2_000_000)
        };
        assert_eq!(
            text(rows.find(sought(Mode::Sea, "SGSIN", "NLRTM"), &cold)),
            amounts("2000.00", "3000.00")
        );
        assert_eq!(
            rows.find(sought(Mode::Sea, "CNSHA", "NLRTM"), &cold),
            None,
            "a dry level says nothing of it"
        );
        let unmeasured = Load {
            metres: None,
            ..load(1_000_000)
        };
        assert_eq!(
            rows.find(sought(Mode::Sea, "HKHKG", "USLAX"), &unmeasured),
            None
        );
        assert_eq!(
            rows.iter().nth(2).unwrap().words(),
            "0.02 to 0.3 USD per teukm"
        );
    }

    #[test]
    fn a_level_per_kilometre_says_nothing_of_shorter_ways() {
        let header = HEADER.replace("from,to,", "from,to,shortest_km,");
        let row = |km: &str| {
            format!("freight,road,,,{km},no,containerkm,1,2,USD,2025-01-01,2025-01-02,yes,a,own,\n")
        };
        let levels = |rows: String| {
            let file = DataFile::new("price_levels.csv", header.clone() + &rows);
            PriceRows::parse_levels(&file, &|_| true)
        };
        let found = |km: &str| {
            let (rows, faults) = levels(row(km));
            assert!(faults.is_empty(), "{faults:?}");
            text(rows.find(sought(Mode::Road, "CNCKG", "CNQZH"), &load(2_000_000)))
        };
        assert_eq!(found("1450"), amounts("1450.00", "2900.00"));
        assert_eq!(found("1451"), None);
        assert_eq!(levels(row("250.5")).1[0].column, "shortest_km");
        let handling = row("250")
            .replace("freight", "handling")
            .replace("containerkm", "teu");
        assert_eq!(levels(handling).1[0].column, "shortest_km");
    }

    #[test]
    fn every_unit_is_exact() {
        let per = |unit: &str| {
            let (rows, faults) = cards(&format!("freight,rail,,,,{unit},2.754,,CNY,,,\n"));
            assert!(faults.is_empty(), "{faults:?}");
            text(rows.find(sought(Mode::Rail, "CNCKG", "CNQZH"), &load(2_000_000)))
                .unwrap()
                .0
        };
        let units = [
            "teu",
            "feu",
            "container",
            "t",
            "kg",
            "tkm",
            "teukm",
            "containerkm",
        ];
        let want = [
            "5.51", "2.75", "2.75", "55.08", "55080.00", "79866.00", "7986.60", "3993.30",
        ];
        assert_eq!(units.map(per), want);
    }

    #[test]
    fn a_rate_card_is_for_its_days_and_goes_before_levels() {
        let (mut rows, _) = levels(
            "freight,rail,CN,CN,no,container,300,900,USD,2026-11-30,2026-11-30,yes,a,own,\n",
        );
        let (own, faults) = cards(
            "freight,rail,CNCKG,CNQZH,,container,500,,USD,2025-05-01,2025-06-01,may\n\
             freight,rail,CNCKG,CNQZH,,container,550,,USD,2025-06-01,2025-07-01,june\n",
        );
        assert!(faults.is_empty(), "{faults:?}");
        rows.put_on_top(own);
        let at = |year, month, d| {
            let when = Sought {
                day: day(year, month, d).unwrap(),
                ..sought(Mode::Rail, "CNCKG", "CNQZH")
            };
            rows.find(when, &load(2_000_000))
                .map(|(row, range)| (row.basis, range.high.text()))
                .unwrap()
        };
        assert_eq!(at(2025, 5, 31), (PriceBasis::RateCard, "500.00".to_owned()));
        assert_eq!(at(2025, 6, 1), (PriceBasis::RateCard, "550.00".to_owned()));
        assert_eq!(at(2025, 7, 1), (PriceBasis::Level, "900.00".to_owned()));
    }
}

//! The question from its words: places, conditions, cargo, money, each checked with what was wanted.

use super::Question;
use super::world::World;
use crate::error::{Error, Result};
use crate::geo::sea::Passages;
use crate::model::id::{CountryCode, LocationCode};
use crate::model::mode::{Mode, Temperature};
use crate::model::money::{Currency, PRICE_SCALE};
use crate::model::time::{DAY_US, Day, parse_date};
use crate::model::unit::{MASS_SCALE, decimal_text, parse_decimal};
use crate::reference::FoundPlace;
use crate::reference::finding::{KnownPlaces, Reason};
use crate::routes::request::{Avoid, Cargo, Request};
use crate::routes::spelling::{edits, nearest};
use crate::routes::{DAY, Millihours};

/// Heaviest cargo, g.
const MOST_MASS_G: u32 = 1_000_000_000;

/// The request for one pair.
pub(super) fn request(
    question: &Question,
    from: &str,
    to: &str,
    loaded: &World,
) -> Result<Request> {
    let place = |text: &str| place(text, loaded);
    let (origin, destination) = (place(from)?, place(to)?);
    if origin == destination {
        return Err(Error::Usage(format!(
            "{origin} to {destination}: expected two places"
        )));
    }
    let via: Vec<LocationCode> = question
        .via
        .iter()
        .map(|v| place(v))
        .collect::<Result<_>>()?;
    let avoid = avoid(&question.avoid, loaded)?;
    let mut asked = [origin, destination].into_iter().chain(via.iter().copied());
    if let Some(both) = asked.find(|place| avoid.places.contains(place)) {
        return Err(Error::Usage(format!(
            "--avoid {both}: expected a place that the way neither begins, ends nor has to lead through"
        )));
    }
    Ok(Request {
        origin,
        destination,
        cargo: cargo(question, loaded)?,
        depart: depart(question)? as i64 * DAY_US,
        via,
        avoid,
        modes: question
            .modes
            .iter()
            .map(|m| mode(m))
            .collect::<Result<_>>()?,
        most_hours: question.max_days.as_deref().map(most_hours).transpose()?,
        options: question.options,
        objective: question.objective,
        carbon_price: question.carbon_price.as_deref().map(price).transpose()?,
        currency: question.currency.as_deref().map(currency).transpose()?,
    })
}

/// Places of one name that are offered.
const OFFERED: usize = 6;
/// Letters of a word for a passage that other words are too often close to.
const SHORT_PASSAGE: usize = 4;

/// Why a text is the name of a place, the better reasons first: what one of them finds, the next is not asked for.
const BY_IATA: &[Reason] = &[Reason::Iata, Reason::Name];
const BY_NAME: [&[Reason]; 5] = [
    &[Reason::Name],
    &[Reason::Country],
    &[Reason::NameElsewhere],
    &[Reason::OtherName],
    &[Reason::Spelling],
];

/// A place by its code, else by an IATA code or a name that only one place has; of several, the only one where boxes change modes.
fn place(text: &str, loaded: &World) -> Result<LocationCode> {
    if let Some(code) = place_of_code(text, loaded) {
        return Ok(code);
    }
    let found = found(text, loaded);
    let by_iata = std::iter::once(BY_IATA).chain(BY_NAME);
    match named(text, &found, by_iata, loaded) {
        Some(answer) => answer.map_err(Error::Usage),
        None => {
            let offers = nearest(text, &loaded.reference).join(", ");
            Err(Error::Usage(format!(
                "{text}: unknown place; nearest: {offers}; `green-corridor places` finds others"
            )))
        }
    }
}

/// The place that has a code, or that another code of a port stands for.
fn place_of_code(text: &str, loaded: &World) -> Option<LocationCode> {
    let reference = &loaded.reference;
    let code = LocationCode::parse(text.as_bytes())?;
    let in_network = |c: &LocationCode| {
        let has_port = reference.sea().is_some_and(|sea| sea.port(*c).is_some());
        reference.places.get(*c).is_some() || loaded.network.place(*c).is_some() || has_port
    };
    // A port that the network knows under another code is that port.
    let known = match in_network(&code) {
        true => Some(code),
        false => (reference.place_aliases.of(code).iter().copied()).find(in_network),
    };
    known.or(Some(code).filter(|code| reference.gazetteer.get(*code).is_some()))
}

fn found(text: &str, loaded: &World) -> Vec<FoundPlace> {
    let reference = &loaded.reference;
    let known = KnownPlaces {
        places: &reference.places,
        gazetteer: &reference.gazetteer,
        aliases: &reference.place_aliases,
    };
    known.find(text, usize::MAX)
}

/// The one place of these that a text names, for the first of some reasons that any has, or what to choose from. `None`: none has one.
fn named<'r>(
    text: &str,
    found: &[FoundPlace],
    reasons: impl IntoIterator<Item = &'r [Reason]>,
    loaded: &World,
) -> Option<std::result::Result<LocationCode, String>> {
    let of = |reasons: &[Reason]| {
        let by = found.iter().filter(|place| reasons.contains(&place.reason));
        by.cloned().collect::<Vec<_>>()
    };
    let mut named = reasons
        .into_iter()
        .map(of)
        .find(|named| !named.is_empty())?;
    let is_country = named.iter().any(|place| place.reason == Reason::Country);
    // The place that a country is named for is its container port, if it has one and no more.
    if is_country && named.iter().any(FoundPlace::is_container_port) {
        named.retain(FoundPlace::is_container_port);
    }
    // Two codes of one place are one: that which something runs from or to, else the first.
    named.sort_by_key(|place| loaded.network.place(place.code).is_none());
    let mut seen: Vec<LocationCode> = Vec::new();
    named.retain(|place| {
        let others = |code: &LocationCode| loaded.reference.place_aliases.of(*code);
        let is_new = !seen.iter().any(|code| others(code).contains(&place.code));
        seen.push(place.code);
        is_new
    });
    let mut of_boxes = named.iter().filter(|place| !place.kinds.is_empty());
    Some(match (&named[..], of_boxes.next(), of_boxes.next()) {
        ([only], ..) | ([_, _, ..], Some(only), None) => Ok(only.code),
        _ => Err(ambiguous(text, &named, is_country)),
    })
}

fn ambiguous(text: &str, named: &[FoundPlace], is_country: bool) -> String {
    let offer = |place: &FoundPlace| {
        let region = match place.subdivision.is_empty() {
            true => place.code.country().to_string(),
            false => format!("{}-{}", place.code.country(), place.subdivision),
        };
        format!("{} ({}, {region})", place.code, place.name)
    };
    let offers: Vec<String> = named.iter().take(OFFERED).map(offer).collect();
    let more = match named.len().saturating_sub(OFFERED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let what = match is_country {
        true => "a country".to_owned(),
        false => format!("{} places have this name", named.len()),
    };
    format!(
        "{text}: {what}, write the code of a place: {}{more}",
        offers.join(", ")
    )
}

fn cargo(question: &Question, loaded: &World) -> Result<Cargo> {
    let container = &question.container;
    let Some(found) = loaded.reference.containers.lookup(container) else {
        let what =
            "expected a size-type or trade name of containers.csv, such as 22G1, 45G1, 45R1, 40HC";
        return Err(Error::Usage(format!("--container {container}: {what}")));
    };
    let most = loaded.reference.most_cargo(container, &found);
    let wanted = "expected kilograms above 0, up to 1000000, with at most 3 decimals";
    let mass = |text: &String| {
        let mass = parse_decimal(text, MASS_SCALE).and_then(|m| u32::try_from(m).ok());
        mass.filter(|m| (1..=MOST_MASS_G).contains(m))
            .ok_or_else(|| Error::Usage(format!("--cargo-kg {text}: {wanted}")))
    };
    let mass_g = question
        .cargo_kg
        .as_ref()
        .map(mass)
        .transpose()?
        .unwrap_or(0);
    if i64::from(mass_g) > most {
        let boxes = (i64::from(mass_g) + most - 1) / most;
        return Err(Error::Usage(format!(
            "--cargo-kg: {} kg is more than one {container} carries, {} kg; ask for one of {boxes} boxes",
            decimal_text(mass_g.into(), MASS_SCALE),
            decimal_text(most.into(), MASS_SCALE)
        )));
    }
    Ok(Cargo {
        mass_g,
        container_type: question.container.clone(),
        temperature: if question.refrigerated {
            Temperature::Refrigerated
        } else {
            Temperature::Absent
        },
    })
}

fn depart(question: &Question) -> Result<Day> {
    match &question.depart {
        Some(text) => parse_date(text)
            .ok_or_else(|| Error::Usage(format!("--depart {text}: expected a date as YYYY-MM-DD"))),
        None => {
            let days = jiff::Timestamp::now().as_second().div_euclid(86_400);
            Day::try_from(days)
                .map_err(|_| Error::Usage("the clock shows no date of the calendar".to_owned()))
        }
    }
}

fn avoid(words: &[String], loaded: &World) -> Result<Avoid> {
    let mut avoid = Avoid::default();
    for word in words {
        let passage = word.to_ascii_lowercase().replace([' ', '-'], "_");
        if let Some(mode) = Mode::from_code(word).filter(|m| *m != Mode::Hub) {
            avoid.modes.push(mode);
        } else if let Some(passage) = Passages::parse(&passage) {
            avoid.passages = avoid.passages.with(passage);
        } else if let Some(country) =
            CountryCode::parse(word.as_bytes()).filter(|c| has_place_in(*c, loaded))
        {
            avoid.countries.push(country);
        } else {
            avoid.places.push(avoided_place(word, &passage, loaded)?);
        }
    }
    Ok(avoid)
}

/// A place to avoid: by its code or its name alone, since a word that was meant for a passage must not pass for a far airport.
fn avoided_place(word: &str, passage: &str, loaded: &World) -> Result<LocationCode> {
    if let Some(code) = place_of_code(word, loaded) {
        return Ok(code);
    }
    let is_close = |code: &&&str| code.len() > SHORT_PASSAGE && edits(passage, code) <= 1;
    let close = Passages::CODES.iter().find(is_close);
    let named = named(word, &found(word, loaded), BY_NAME, loaded);
    match (close, named) {
        (None, Some(Ok(place))) => Ok(place),
        (None, Some(Err(why))) => Err(Error::Usage(format!("--avoid {why}"))),
        // A word that avoids nothing must not pass for one that was heeded.
        (close, _) => {
            let meant = close.map_or(String::new(), |code| format!("; {code} is close"));
            let (passages, near) = (
                Passages::CODES.join(", "),
                nearest(word, &loaded.reference).join(", "),
            );
            Err(Error::Usage(format!(
                "--avoid {word}: expected a place by its code or name, a country with one, such as LA, a mode, or a passage: {passages}{meant}; nearest places: {near}"
            )))
        }
    }
}

/// Whether a link begins or ends in the country, or a port of the sea graph lies in it.
fn has_place_in(country: CountryCode, loaded: &World) -> bool {
    let mut ports = loaded
        .reference
        .sea()
        .into_iter()
        .flat_map(|sea| sea.ports())
        .map(|(code, _)| code);
    loaded
        .network
        .places
        .iter()
        .any(|place| place.country() == country)
        || ports.any(|port| port.country() == country)
}

fn mode(text: &str) -> Result<Mode> {
    let wanted = "expected road, rail, sea, inland_waterway or air";
    let found = Mode::from_code(text).filter(|m| *m != Mode::Hub);
    found.ok_or_else(|| Error::Usage(format!("--modes {text}: {wanted}")))
}

fn most_hours(text: &str) -> Result<Millihours> {
    let days = parse_decimal(text, 3)
        .and_then(|d| i64::try_from(d).ok())
        .filter(|d| (1..=1_000_000).contains(d));
    let days = days.ok_or_else(|| {
        Error::Usage(format!(
            "--max-days {text}: expected days above 0, up to 1000, with at most 3 decimals"
        ))
    })?;
    Ok(days * DAY / 1000)
}

fn price(text: &str) -> Result<i64> {
    let price = parse_decimal(text, PRICE_SCALE)
        .and_then(|p| i64::try_from(p).ok())
        .filter(|p| *p >= 0);
    price.ok_or_else(|| {
        Error::Usage(format!(
            "--carbon-price {text}: expected an amount per tonne with at most 6 decimals"
        ))
    })
}

fn currency(text: &str) -> Result<Currency> {
    Currency::parse(text).ok_or_else(|| {
        Error::Usage(format!(
            "--currency {text}: expected an ISO 4217 code such as SGD"
        ))
    })
}

//! The question from its words: places, conditions, cargo, money, each checked with what was wanted.

use super::Question;
use super::world::World;
use crate::error::{Error, Result};
use crate::geo::sea::Passages;
use crate::model::id::{CountryCode, LocationCode};
use crate::model::mode::{Mode, Temperature};
use crate::model::money::{Currency, PRICE_SCALE};
use crate::model::time::{DAY_US, Day, Instant, civil, date_text, day_of, parse_date};
use crate::model::unit::{
    MASS_SCALE, SHARE_SCALE, decimal_text, parse_decimal, short_decimal_text,
};
use crate::reference::FoundPlace;
use crate::reference::finding::{KnownPlaces, Reason};
use crate::routes::answer::Answer;
use crate::routes::request::{Avoid, Cargo, Request};
use crate::routes::search::HORIZON;
use crate::routes::spelling::{edits, nearest};
use crate::routes::{DAY, MILLIHOUR_US, Millihours};

/// Heaviest cargo, g.
const MOST_MASS_G: u64 = 100_000_000_000;
/// Most boxes of one question.
const MOST_BOXES: u32 = 1000;

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
    let most_hours = question.max_days.as_deref().map(most_hours).transpose()?;
    let arrive_by = question.arrive_by.as_deref().map(arrive_by).transpose()?;
    let is_ready_open = arrive_by.is_some() && question.depart.is_none();
    let depart = match arrive_by.filter(|_| is_ready_open) {
        Some(by) => {
            let first = by - most_hours.unwrap_or(HORIZON) * MILLIHOUR_US;
            i64::from(day_of(first)) * DAY_US
        }
        None => i64::from(depart(question)?) * DAY_US,
    };
    if arrive_by.is_some_and(|by| by < depart) {
        let words =
            [&question.arrive_by, &question.depart].map(|d| d.as_deref().unwrap_or_default());
        return Err(Error::Usage(format!(
            "--arrive-by {}: expected a day not before that of --depart {}",
            words[0], words[1]
        )));
    }
    Ok(Request {
        origin,
        destination,
        cargo: cargo(question, loaded)?,
        depart,
        arrive_by,
        is_ready_open,
        via,
        avoid,
        modes: question
            .modes
            .iter()
            .map(|m| mode(m))
            .collect::<Result<_>>()?,
        most_hours,
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
    let mass_g = mass(question)?;
    let box_share = box_share(question)?;
    let boxes = boxes(
        question,
        container,
        mass_g,
        u64::try_from(most).unwrap_or(0),
    )?;
    // In whole numbers: grams x millionths.
    let carried = u128::from(u64::try_from(most).unwrap_or(0)) * u128::from(box_share);
    if box_share > 0 && boxes == 1 && u128::from(mass_g) * 1_000_000 > carried {
        let kg = |g: u128| decimal_text(i128::try_from(g).unwrap_or(i128::MAX), MASS_SCALE);
        let least =
            (u128::from(mass_g) * 1_000_000).div_ceil(u128::try_from(most).unwrap_or(1).max(1));
        return Err(Error::Usage(format!(
            "--box-share {}: {} kg are more than that part of a {container} carries, {} kg; --box-share {} carries them, and so does a whole box, without it",
            question.box_share.as_deref().unwrap_or_default(),
            kg(mass_g.into()),
            kg(carried / 1_000_000),
            short_decimal_text(i128::try_from(least).unwrap_or(i128::MAX), SHARE_SCALE)
        )));
    }
    if box_share > 0 && boxes > 1 {
        return Err(Error::Usage(format!(
            "--box-share: found {boxes} boxes, expected a part of one; leave out --box-share for whole boxes"
        )));
    }
    Ok(Cargo {
        mass_g,
        container_type: container.clone(),
        temperature: if question.refrigerated {
            Temperature::Refrigerated
        } else {
            Temperature::Absent
        },
        boxes,
        is_split: question.boxes.is_none() && boxes > 1,
        box_share,
    })
}

/// Cargo of all boxes, g; 0: none was given.
fn mass(question: &Question) -> Result<u64> {
    let Some(text) = &question.cargo_kg else {
        return Ok(0);
    };
    let mass = parse_decimal(text, MASS_SCALE).and_then(|m| u64::try_from(m).ok());
    let mass = mass.filter(|m| (1..=MOST_MASS_G).contains(m));
    mass.ok_or_else(|| {
        let wanted = "expected kilograms above 0, up to 100000000, with at most 3 decimals";
        Error::Usage(format!("--cargo-kg {text}: {wanted}"))
    })
}

/// The part of a box, millionths; 0: none was given.
fn box_share(question: &Question) -> Result<u32> {
    let Some(text) = &question.box_share else {
        return Ok(0);
    };
    let share = parse_decimal(text, SHARE_SCALE).and_then(|s| u32::try_from(s).ok());
    let share = share.filter(|s| (1..=1_000_000).contains(s));
    share.ok_or_else(|| {
        let wanted =
            "expected the part of one box, above 0, at most 1, with at most 6 decimals, such as 0.25";
        Error::Usage(format!("--box-share {text}: {wanted}"))
    })
}

/// As many boxes as were asked for, or as the cargo fills where nobody said. `most`: g of cargo in one.
fn boxes(question: &Question, container: &str, mass_g: u64, most: u64) -> Result<u32> {
    let kg = |g: u64| decimal_text(g.into(), MASS_SCALE);
    let needed = mass_g.div_ceil(most.max(1)).max(1);
    let Some(text) = &question.boxes else {
        return u32::try_from(needed).ok().filter(|n| *n <= MOST_BOXES).ok_or_else(|| {
            Error::Usage(format!(
                "--cargo-kg: {} kg fill {needed} {container}, expected at most {MOST_BOXES} boxes; ask for a part of it",
                kg(mass_g)
            ))
        });
    };
    let count = text
        .parse::<u32>()
        .ok()
        .filter(|n| (1..=MOST_BOXES).contains(n));
    let Some(count) = count else {
        return Err(Error::Usage(format!(
            "--boxes {text}: expected a whole number from 1 to {MOST_BOXES}"
        )));
    };
    if needed > u64::from(count) {
        return Err(Error::Usage(format!(
            "--cargo-kg: {} kg is more than {count} {container} carry, {} kg; --boxes {needed} carry it, and so does no --boxes at all",
            kg(mass_g),
            kg(most * u64::from(count))
        )));
    }
    if mass_g > 0 && mass_g < u64::from(count) {
        return Err(Error::Usage(format!(
            "--cargo-kg: {} kg in {count} boxes, expected a gram for each at least",
            kg(mass_g)
        )));
    }
    Ok(count)
}

fn depart(question: &Question) -> Result<Day> {
    match &question.depart {
        Some(text) => parse_date(text)
            .ok_or_else(|| Error::Usage(format!("--depart {text}: expected a date as YYYY-MM-DD"))),
        None => today(),
    }
}

fn today() -> Result<Day> {
    let days = jiff::Timestamp::now().as_second().div_euclid(86_400);
    Day::try_from(days)
        .map_err(|_| Error::Usage("the clock shows no date of the calendar".to_owned()))
}

/// What is odd about a day of arrival, seen from today: it has passed, or the cargo of options would have had to be ready on a day
/// that has.
pub(super) fn too_late(question: &Question, answer: &Answer) -> Option<String> {
    let text = question.arrive_by.as_deref()?;
    let (by, today) = (day_of(arrive_by(text).ok()?), today().ok()?);
    // Who names the day of departure asks of that day, whenever it was.
    if question.depart.is_some() {
        return None;
    }
    let ready: Vec<Day> = answer
        .options
        .iter()
        .map(|o| day_of(o.option.ready()))
        .collect();
    let missed = ready.iter().filter(|day| **day < today).count();
    match (by < today, missed) {
        (true, _) => Some(format!(
            "--arrive-by {text}: the day has passed; what is shown was possible before it"
        )),
        (false, 0) => None,
        (false, missed) => Some(format!(
            "--arrive-by {text}: for {missed} of {} options the cargo would have had to be ready before today, {}",
            ready.len(),
            date_text(today)
        )),
    }
}

/// The last instant of a day.
fn arrive_by(text: &str) -> Result<Instant> {
    let wanted = "expected a date as YYYY-MM-DD from 1900 on";
    let day = parse_date(text).filter(|day| civil(*day).0 >= 1900);
    let day = day.ok_or_else(|| Error::Usage(format!("--arrive-by {text}: {wanted}")))?;
    Ok((i64::from(day) + 1) * DAY_US - 1)
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

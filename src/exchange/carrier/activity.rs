//! A TAD as a movement record.

use super::{Refusal, malformed, mode, refused};
use crate::exchange::documents::{Fault, objects, required, text};
use crate::input::timestamp::parse_rfc3339;
use crate::model::id::LocationCode;
use crate::model::mode::Basis;
use crate::model::unit::{MASS_SCALE, parse_decimal};
use serde_json::Value;

/// Columns of the movement records.
pub(super) const MOVEMENT_COLUMNS: [&str; 14] = [
    "movement_id",
    "shipment_id",
    "mode",
    "carrier",
    "origin",
    "destination",
    "departed_at",
    "arrived_at",
    "distance_km",
    "distance_basis",
    "cargo_mass_kg",
    "teu",
    "temperature",
    "energy_carrier",
];

/// A value per column.
pub(super) type Movement = [String; MOVEMENT_COLUMNS.len()];

/// The record of an activity of `carrier`. A text that a record cannot hold whole is refused, never cut.
pub(super) fn movement(carrier: &str, data: &Value, id: &str) -> Result<Movement, Refusal> {
    let mode = mode(data).map_err(malformed)?;
    let short = |pointer: &str, text: &str| match text.chars().count() {
        0..=64 => Ok(text.to_owned()),
        _ => Err(refused(Fault::of(data, pointer, "at most 64 characters"))),
    };
    let shipment = match objects(data, "/consignmentIds").map_err(malformed)? {
        [Value::String(one)] if !one.is_empty() => short("/consignmentIds/0", one)?,
        [] | [_] => {
            return Err(malformed(Fault::of(
                data,
                "/consignmentIds",
                "the id of a consignment",
            )));
        }
        many => {
            let found = format!("{} consignments", many.len());
            return Err(refused(Fault::new(
                "/consignmentIds",
                &found,
                "one consignment: the mass of each is not stated",
            )));
        }
    };
    let mut distance = None;
    for basis in [Basis::Sfd, Basis::Gcd, Basis::Actual] {
        let pointer = format!("/distance/{}", basis.code());
        if let Some(km) = decimal(data, &pointer).map_err(malformed)? {
            distance = distance.or(Some((km, basis.code())));
        }
    }
    let (km, basis) = distance.ok_or_else(|| {
        malformed(Fault::of(
            data,
            "/distance",
            "an sfd, gcd or actual distance",
        ))
    })?;
    let teu = match text(data, "/packagingOrTrEqType").map_err(malformed)? {
        Some("Container-TEU") => amount(data).map_err(malformed)?,
        _ => String::new(),
    };
    let temperature = match text(data, "/temperatureControl").map_err(malformed)? {
        None => "",
        Some(word @ ("ambient" | "refrigerated")) => word,
        Some(_) => {
            return Err(malformed(Fault::of(
                data,
                "/temperatureControl",
                "ambient or refrigerated",
            )));
        }
    };
    Ok([
        short("/activityId", id)?,
        shipment,
        mode.code().to_owned(),
        carrier.to_owned(),
        place(data, "/origin/locode")?,
        place(data, "/destination/locode")?,
        time(data, "/departureAt")?,
        time(data, "/arrivalAt")?,
        km,
        basis.to_owned(),
        decimal(data, "/mass")
            .map_err(malformed)?
            .unwrap_or_default(),
        teu,
        temperature.to_owned(),
        energy_carrier(data).map_err(malformed)?.to_owned(),
    ])
}

/// A UN/LOCODE.
pub(super) fn place(data: &Value, pointer: &str) -> Result<String, Refusal> {
    let code = required(data, pointer, "a UN/LOCODE").map_err(refused)?;
    LocationCode::parse(code.as_bytes())
        .map(|c| c.to_string())
        .ok_or_else(|| malformed(Fault::of(data, pointer, "a UN/LOCODE")))
}

/// A date and time, as it stands.
pub(super) fn time(data: &Value, pointer: &str) -> Result<String, Refusal> {
    let wanted = "a date and time with offset";
    let text = required(data, pointer, wanted).map_err(malformed)?;
    let parsed = parse_rfc3339(text.as_bytes());
    parsed.map(|_| text.to_owned()).ok_or_else(|| {
        malformed(Fault::of(
            data,
            pointer,
            "a date and time with offset, RFC 3339",
        ))
    })
}

/// A plain decimal that is not negative, as it stands.
pub(super) fn decimal(data: &Value, pointer: &str) -> Result<Option<String>, Fault> {
    let Some(number) = text(data, pointer)? else {
        return Ok(None);
    };
    let is_decimal = parse_decimal(number, MASS_SCALE + 15).is_some_and(|v| v >= 0);
    if is_decimal {
        Ok(Some(number.to_owned()))
    } else {
        Err(Fault::of(data, pointer, "a decimal as text, not negative"))
    }
}

/// TEU: a whole number in a TAD, a decimal text elsewhere.
fn amount(data: &Value) -> Result<String, Fault> {
    match data.get("packagingOrTrEqAmount") {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::Number(n)) if n.is_u64() => Ok(n.to_string()),
        Some(_) => Ok(decimal(data, "/packagingOrTrEqAmount")?.unwrap_or_default()),
    }
}

/// Our code of the energy carrier, where there is one only. How much of it was used is not stated in a way that could be
/// taken: the unit of `energyConsumption` is per distance in some documents and per movement in others.
fn energy_carrier(data: &Value) -> Result<&'static str, Fault> {
    let [_] = objects(data, "/energyCarriers")? else {
        return Ok("");
    };
    let pointer = "/energyCarriers/0/energyCarrier";
    Ok(match required(data, pointer, "an energy carrier")? {
        "Diesel" => "diesel",
        "HVO" => "hvo",
        "Petrol" => "petrol",
        "CNG" => "cng",
        "LNG" => "lng",
        "LPG" => "lpg",
        "HFO" => "hfo",
        "MGO" => "mgo",
        "Aviation fuel" => "jet",
        "Hydrogen" => "hydrogen",
        "Methanol" => "methanol",
        "Electric" => "electricity",
        _ => return Err(Fault::of(data, pointer, "an energy carrier of iLEAP")),
    })
}

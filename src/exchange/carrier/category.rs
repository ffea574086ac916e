//! A TOC or HOC as its document states it.

use super::{Document, Refusal, malformed, mode, refused};
use crate::exchange::documents::{Fault, Place, required, text};
use crate::factors::GwpSet;
use crate::input::timestamp::parse_rfc3339;
use crate::model::id::CountryCode;
use crate::model::mode::Mode;
use crate::model::time::{DAY_US, Day, day_of, months_after};
use crate::model::unit::{
    DECIMAL18_MAX, NANO_SCALE, SHARE_SCALE, decimal_text, div_half_even, parse_decimal,
};
use serde_json::Value;

/// Months after its reference period for which a figure without a validity period applies: PACT's three years.
const VALID_MONTHS: u32 = 36;

/// A category in its footprint.
#[derive(Clone, Debug)]
pub(super) struct Category {
    /// Where it stands.
    pub place: Place,
    /// tocId or hocId.
    pub id: String,
    /// Mode; `Hub`: a HOC.
    pub mode: Mode,
    /// Type of a hub as the document spells it.
    pub hub_type: String,
    /// Its figures.
    pub intensity: Intensity,
    /// Load factor; empty: not stated.
    pub load_factor: String,
    /// Share of empty running; empty: not stated.
    pub empty_share: String,
    /// Temperature classes that it serves.
    pub temperatures: &'static [&'static str],
    /// What the footprint says.
    pub about: About,
}

impl Category {
    /// Reads it, or refuses what a factor cannot hold.
    pub(super) fn read(document: &Document, id: &str, is_hub: bool) -> Result<Category, Refusal> {
        let data = document.data;
        let share = |pointer| share(data, pointer).map_err(malformed);
        let (mode, hub_type, load_factor, empty_share) = if is_hub {
            let wanted = "a hub type of iLEAP";
            let hub_type = required(data, "/hubType", wanted).map_err(malformed)?;
            (Mode::Hub, hub_type.to_owned(), String::new(), String::new())
        } else {
            let mode = mode(data).map_err(malformed)?;
            let (load, empty) = (share("/loadFactor")?, share("/emptyDistanceFactor")?);
            (mode, String::new(), load, empty)
        };
        Ok(Category {
            place: document.place.clone(),
            id: id.to_owned(),
            mode,
            hub_type,
            intensity: Intensity::of(data, is_hub)?,
            load_factor,
            empty_share,
            temperatures: temperatures(data)?,
            about: About::of(document)?,
        })
    }
}

/// What a category emits per unit of its activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Intensity {
    /// Unit, in our code.
    pub per: &'static str,
    /// g of operation, 9 decimals.
    pub operation: i128,
    /// g of provision, 9 decimals.
    pub provision: i128,
}

impl Intensity {
    fn of(data: &Value, is_hub: bool) -> Result<Intensity, Refusal> {
        let unit = if is_hub {
            ("/hubActivityUnit", "tonnes or TEU")
        } else {
            ("/transportActivityUnit", "tkm or TEUkm")
        };
        let per = match (is_hub, required(data, unit.0, unit.1).map_err(malformed)?) {
            (false, "tkm") => "tkm",
            (false, "TEUkm") => "teukm",
            (true, "tonnes") => "t",
            (true, "TEU") => "teu",
            _ => return Err(malformed(Fault::of(data, unit.0, unit.1))),
        };
        let grams = |pointer| grams(data, pointer).map_err(malformed);
        let (operation, total) = (grams("/co2eIntensityTTW")?, grams("/co2eIntensityWTW")?);
        if total < operation {
            return Err(refused(Fault::of(
                data,
                "/co2eIntensityWTW",
                "a WTW intensity not below the TTW one",
            )));
        }
        Ok(Intensity {
            per,
            operation,
            provision: total - operation,
        })
    }
}

fn temperatures(data: &Value) -> Result<&'static [&'static str], Refusal> {
    match text(data, "/temperatureControl").map_err(malformed)? {
        None | Some("ambient") => Ok(&["ambient"]),
        Some("refrigerated") => Ok(&["refrigerated"]),
        Some("mixed") => Ok(&["ambient", "refrigerated"]),
        Some(_) => Err(malformed(Fault::of(
            data,
            "/temperatureControl",
            "ambient, refrigerated or mixed",
        ))),
    }
}

/// What a footprint says about the document inside it.
#[derive(Clone, Debug)]
pub(super) struct About {
    /// Country or its subdivision, if one is stated.
    pub region: Option<String>,
    /// Days that the figure was measured in.
    pub reference: (Day, Day),
    /// Days that it applies to: from the start of the reference period to the end of its validity.
    pub valid: (Day, Day),
    /// `primary` or `modelled`.
    pub data_category: &'static str,
    /// GWP set.
    pub gwp_set: &'static str,
    /// Id of the footprint.
    pub footprint_id: String,
    /// Its version.
    pub version: String,
}

impl About {
    fn of(document: &Document) -> Result<About, Refusal> {
        let Some(f) = document.footprint else {
            return Err(refused(Fault::new(
                "",
                "a category alone",
                "a PACT footprint around it, which says for which period it holds",
            )));
        };
        // The footprint is the document's great-grandparent: /extensions/n/data.
        let up = |fault: Fault| {
            malformed(Fault {
                wanted: format!("{} in {} of the footprint", fault.wanted, fault.pointer),
                pointer: String::new(),
                ..fault
            })
        };
        let instant = |pointer: &str| -> Result<i64, Refusal> {
            let text = required(f, pointer, "a date and time").map_err(up)?;
            parse_rfc3339(text.as_bytes()).ok_or_else(|| {
                up(Fault::of(
                    f,
                    pointer,
                    "a date and time with offset, RFC 3339",
                ))
            })
        };
        // An end is exclusive; a day that has begun still counts.
        let end = |at: i64| day_of(at + DAY_US - 1);
        let (starts, ends) = ("/pcf/referencePeriodStart", "/pcf/referencePeriodEnd");
        let reference = (day_of(instant(starts)?), end(instant(ends)?));
        if reference.0 >= reference.1 {
            return Err(up(Fault::of(f, ends, "an end after the start")));
        }
        let validity = "/validityPeriodEnd";
        let valid_to = match text(f, validity).map_err(up)? {
            None => months_after(reference.1, VALID_MONTHS),
            Some(_) => end(instant(validity)?),
        };
        if valid_to <= reference.0 {
            let wanted = "an end after the start of the reference period";
            return Err(up(Fault::of(f, validity, wanted)));
        }
        let region = region(f).map_err(up)?;
        let number = |pointer: &str| {
            f.pointer(pointer)
                .map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned))
        };
        let share = number("/pcf/primaryDataShare").and_then(|t| parse_decimal(&t, SHARE_SCALE));
        let data_category = if share.is_some_and(|s| s >= 100_000_000) {
            "primary"
        } else {
            "modelled"
        };
        Ok(About {
            region,
            reference,
            valid: (reference.0, valid_to),
            data_category,
            gwp_set: gwp_set(f),
            footprint_id: f["id"].as_str().unwrap_or("?").to_owned(),
            version: number("/version").unwrap_or_else(|| "?".to_owned()),
        })
    }
}

/// The country, or its subdivision, that the footprint is of.
fn region(footprint: &Value) -> Result<Option<String>, Fault> {
    let subdivision = "/pcf/geographyCountrySubdivision";
    if let Some(code) = text(footprint, subdivision)? {
        let is_code = code
            .split_once('-')
            .is_some_and(|(country, part)| is_country(country) && !part.is_empty())
            && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        return match is_code {
            true => Ok(Some(code.to_owned())),
            false => Err(Fault::of(
                footprint,
                subdivision,
                "an ISO 3166-2 subdivision",
            )),
        };
    }
    let country = "/pcf/geographyCountry";
    match text(footprint, country)? {
        Some(code) if !is_country(code) => {
            Err(Fault::of(footprint, country, "an ISO 3166 alpha-2 country"))
        }
        code => Ok(code.map(str::to_owned)),
    }
}

fn is_country(code: &str) -> bool {
    CountryCode::parse(code.as_bytes()).is_some()
}

/// The earliest report that the footprint names.
fn gwp_set(footprint: &Value) -> &'static str {
    let lists = [
        "/pcf/ipccCharacterizationFactorsSources",
        "/pcf/ipccCharacterizationFactors",
    ];
    let listed = lists
        .iter()
        .filter_map(|p| footprint.pointer(p)?.as_array())
        .flatten()
        .filter_map(Value::as_str);
    let single = footprint
        .pointer("/pcf/characterizationFactors")
        .and_then(Value::as_str);
    let sets = listed.chain(single).filter_map(GwpSet::from_code);
    sets.min().unwrap_or(GwpSet::Unstated).code()
}

/// kg in the document as grams with 9 decimals, half to even.
fn grams(data: &Value, pointer: &str) -> Result<i128, Fault> {
    // Enough places for any figure that means something, and room for 10^13 kg before the point.
    const PLACES: u32 = 24;
    let wanted = "a decimal as text, kg CO2e, not negative";
    let kg = parse_decimal(required(data, pointer, wanted)?, PLACES).filter(|v| *v >= 0);
    let grams = kg
        .map(|kg| div_half_even(kg, 10i128.pow(PLACES - NANO_SCALE - 3)))
        .filter(|g| *g <= i128::from(DECIMAL18_MAX));
    grams.ok_or_else(|| Fault::of(data, pointer, wanted))
}

/// A share from 0 to 1 with 6 decimals, half to even; absent: empty.
fn share(data: &Value, pointer: &str) -> Result<String, Fault> {
    const PLACES: u32 = 24;
    let Some(number) = text(data, pointer)? else {
        return Ok(String::new());
    };
    let millionths =
        parse_decimal(number, PLACES).map(|v| div_half_even(v, 10i128.pow(PLACES - SHARE_SCALE)));
    let share = millionths
        .filter(|v| (0..=1_000_000).contains(v))
        .map(|v| decimal_text(v, SHARE_SCALE));
    share.ok_or_else(|| Fault::of(data, pointer, "a decimal from 0 to 1 as text"))
}

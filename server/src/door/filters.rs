//! Parameters of lists, and what they let through.

use super::odata::{self, Condition};
use crate::answer::{Code, Refused};
use crate::exports::{Row, micros, product_number};
use serde_json::Value;
use std::borrow::Cow;

/// Longest query, and most parameters in one.
const MOST_BYTES: usize = 8192;
const MOST_PARAMETERS: usize = 64;

/// Parameters of a query, in their order.
pub(super) type Parameters = Vec<(String, String)>;

/// Parameters that page a list and filter nothing.
pub(super) const PAGING: [&str; 3] = ["limit", "offset", "list"];

pub(super) fn parameters(query: &str) -> Result<Parameters, Refused> {
    if query.len() > MOST_BYTES {
        return Err(Refused::bad(format!(
            "a query has at most {MOST_BYTES} bytes"
        )));
    }
    let all = form_urlencoded::parse(query.as_bytes());
    let all: Parameters = all
        .map(|(key, value)| (key.into_owned(), value.into_owned()))
        .collect();
    match all.len() > MOST_PARAMETERS {
        true => Err(Refused::bad(format!(
            "a query has at most {MOST_PARAMETERS} parameters"
        ))),
        false => Ok(all),
    }
}

/// A filter of PACT 2: an expression, or none.
pub(super) struct Filter2(Option<Condition>);

impl Filter2 {
    pub(super) fn matches(&self, row: &Row) -> bool {
        self.0
            .as_ref()
            .is_none_or(|condition| condition.matches(row))
    }
}

/// PACT 2: `$filter`. Other parameters mean nothing there.
pub(super) fn of_version_2(parameters: &Parameters) -> Result<Filter2, Refused> {
    let mut found = None;
    for (key, value) in parameters {
        match key.as_str() {
            "$filter" if found.is_some() => return Err(Refused::bad("$filter stands twice")),
            "$filter" => found = Some(odata::parse(value)?),
            other if other.starts_with('$') => {
                let what = format!("{} is not supported", clipped(other));
                return Err(Refused(Code::NotImplemented, what));
            }
            _ => (),
        }
    }
    Ok(Filter2(found))
}

/// A text of a stranger in a message: its beginning.
pub(super) fn clipped(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(60) {
        Some((at, _)) => Cow::Owned(format!("{}...", &text[..at])),
        None => Cow::Borrowed(text),
    }
}

/// A filter of PACT 3: of one name any value, of different names all.
#[derive(Default)]
pub(super) struct Filter3 {
    products: Vec<u64>,
    companies: Vec<String>,
    geographies: Vec<String>,
    classes: Vec<String>,
    statuses: Vec<String>,
    valid_on: Option<i64>,
    valid_after: Option<i64>,
    valid_before: Option<i64>,
}

impl Filter3 {
    pub(super) fn matches(&self, row: &Row) -> bool {
        let any = |wanted: &[String], found: &[String]| {
            wanted.is_empty()
                || wanted
                    .iter()
                    .any(|w| found.iter().any(|f| f.to_lowercase() == *w))
        };
        let facts = row.facts;
        let (from, to) = row.validity.unwrap_or_else(|| after(row.period.1));
        let products = &self.products;
        (products.is_empty() || products.iter().any(|number| row.is_of_product(*number)))
            && any(&self.companies, &facts.companies)
            && any(&self.geographies, &facts.geography)
            && any(&self.classes, &facts.classes)
            && any(&self.statuses, std::slice::from_ref(&facts.status))
            && self.valid_on.is_none_or(|at| from <= at && at <= to)
            && self.valid_after.is_none_or(|at| from >= at)
            && self.valid_before.is_none_or(|at| to <= at)
    }

    /// Takes a condition; `false`: none of this name is known.
    pub(super) fn take(&mut self, name: &str, value: &str) -> Result<bool, Refused> {
        let once = |place: &mut Option<i64>| -> Result<(), Refused> {
            if place.is_some() {
                return Err(Refused::bad(format!("{name} stands twice")));
            }
            *place = Some(time(name, value)?);
            Ok(())
        };
        let lower = value.to_lowercase();
        match name.to_ascii_lowercase().as_str() {
            "productid" => self.products.push(product_number(value)),
            "companyid" => self.companies.push(lower),
            "geography" => self.geographies.push(lower),
            "classification" => self.classes.push(lower),
            "status" => self.statuses.push(lower),
            "validon" => once(&mut self.valid_on)?,
            "validafter" => once(&mut self.valid_after)?,
            "validbefore" => once(&mut self.valid_before)?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// The validity of a footprint that states none: from the end of its reference period, three years.
fn after(end: i64) -> (i64, i64) {
    let to = jiff::Timestamp::from_microsecond(end).ok().and_then(|end| {
        let zoned = end.to_zoned_datetime(jiff::tz::TimeZone::UTC);
        zoned.checked_add(jiff::Span::new().years(3)).ok()
    });
    (
        end,
        to.map_or(i64::MAX, |to| to.timestamp().as_microsecond()),
    )
}

/// A time of a filter. The `+` of an offset that was not escaped arrives as a space.
pub(super) fn time(name: &str, value: &str) -> Result<i64, Refused> {
    let found = micros(value).or_else(|| micros(&value.replace(' ', "+")));
    found.ok_or_else(|| {
        Refused::bad(format!(
            "{name}: expected a time such as 2025-01-01T00:00:00Z"
        ))
    })
}

/// PACT 3: plain parameters.
pub(super) fn of_version_3(parameters: &Parameters) -> Result<Filter3, Refused> {
    let mut filter = Filter3::default();
    for (key, value) in parameters {
        if !PAGING.contains(&key.as_str()) && !filter.take(key, value)? {
            // One that is passed over would let through what it was to keep out.
            let what = format!("there is no filter {}", clipped(key));
            return Err(Refused(Code::NotImplemented, what));
        }
    }
    Ok(filter)
}

/// A filter of activity data: properties and the values that they must have.
pub(super) type FilterTad = Vec<(String, String)>;

/// Properties of activity data, as iLEAP has them.
const PROPERTIES: [&str; 15] = [
    "activityId",
    "arrivalAt",
    "consignmentIds",
    "departureAt",
    "destination",
    "distance",
    "emptyDistanceFactor",
    "energyCarriers",
    "loadFactor",
    "mass",
    "mode",
    "origin",
    "packagingOrTrEqAmount",
    "packagingOrTrEqType",
    "temperatureControl",
];

pub(super) fn of_activities(parameters: &Parameters) -> Result<FilterTad, Refused> {
    let all = parameters
        .iter()
        .filter(|(key, _)| !PAGING.contains(&key.as_str()));
    all.map(|(key, value)| match PROPERTIES.contains(&key.as_str()) {
        true => Ok((key.clone(), value.to_lowercase())),
        // An empty list would say that there is nothing.
        false => {
            let what = format!("activity data have no property {}", clipped(key));
            Err(Refused(Code::NotImplemented, what))
        }
    })
    .collect()
}

/// Whether activity data have these properties; of a list one entry is enough.
pub(super) fn has_all(document: &Value, wanted: &FilterTad) -> bool {
    let is = |value: &Value, text: &str| match value {
        Value::String(found) => found.to_lowercase() == *text,
        Value::Number(found) => found.to_string() == *text,
        Value::Bool(found) => found.to_string() == *text,
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    };
    wanted.iter().all(|(key, text)| match document.get(key) {
        Some(Value::Array(entries)) => entries.iter().any(|entry| is(entry, text)),
        Some(value) => is(value, text),
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_validity_that_is_not_stated_is_three_years_from_the_period() {
        let at = |text: &str| micros(text).expect("a time");
        let (from, to) = after(at("2024-02-29T10:00:00Z"));
        assert_eq!(
            (from, to),
            (at("2024-02-29T10:00:00Z"), at("2027-02-28T10:00:00Z"))
        );
    }

    #[test]
    fn activity_data_are_found_by_any_property() {
        let document = serde_json::json!({"mode": "Road", "consignmentIds": ["A", "B"], "packagingOrTrEqAmount": 2});
        let asked = |query: &str| {
            let all = parameters(query).expect("parameters");
            of_activities(&all)
                .map(|filter| has_all(&document, &filter))
                .map_err(|refused| refused.0)
        };
        for yes in [
            "mode=road",
            "mode=ROAD&limit=1",
            "consignmentIds=b",
            "packagingOrTrEqAmount=2",
            "",
        ] {
            assert_eq!(asked(yes), Ok(true), "{yes}");
        }
        for no in ["mode=rail", "mode=road&consignmentIds=c", "mass=0"] {
            assert_eq!(asked(no), Ok(false), "{no}");
        }
        for none in ["Mode=road", "nothing=1", "$filter=x", "mode=road&foo=1"] {
            assert_eq!(asked(none), Err(Code::NotImplemented), "{none}");
        }
    }

    #[test]
    fn a_time_is_read_with_and_without_its_plus() {
        let wanted = micros("2025-01-01T00:00:00Z");
        for text in [
            "2025-01-01T00:00:00Z",
            "2025-01-01T08:00:00+08:00",
            "2025-01-01T08:00:00 08:00",
        ] {
            assert_eq!(time("validOn", text).ok(), wanted, "{text}");
        }
        assert!(time("validOn", "2025-01-01").is_err());
    }
}

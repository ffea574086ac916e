//! A TOC or HOC as a row of `transport.csv` or `hub.csv`.

use super::{Carrier, Document, Refusal, malformed, mode, refused};
use crate::escape::csv_text;
use crate::exchange::documents::{Fault, required, text};
use crate::exchange::inert::urn_part;
use crate::factors::GwpSet;
use crate::input::timestamp::parse_rfc3339;
use crate::model::id::CountryCode;
use crate::model::mode::{Basis, Mode};
use crate::model::time::{DAY_US, Day, date_text, day_of};
use crate::model::unit::{
    DECIMAL18_MAX, NANO_SCALE, SHARE_SCALE, decimal_text, div_half_even, parse_decimal,
};
use serde_json::Value;
use std::collections::BTreeMap;

/// Columns of `transport.csv` that are filled, and whether `hub.csv` has them too.
pub(super) const FACTOR_COLUMNS: [(&str, bool); 17] = [
    ("factor_id", true),
    ("operation", true),
    ("region", true),
    ("carrier", true),
    ("temperature", true),
    ("per", true),
    ("operation_g", true),
    ("provision_g", true),
    ("distance_basis", false),
    ("load_factor", false),
    ("empty_share", false),
    ("valid_from", true),
    ("valid_to", true),
    ("data_category", true),
    ("gwp_set", true),
    ("source_ref", true),
    ("basis_note", false),
];

/// A category as a factor row.
pub(super) struct Factor {
    /// A row of `hub.csv`.
    pub is_hub: bool,
    /// Operation, region, temperature: two of a kind at a time would be ambiguous.
    kind: [String; 3],
    valid: (Day, Day),
    /// A value per column.
    pub cells: [String; FACTOR_COLUMNS.len()],
}

/// The rows so far.
#[derive(Default)]
pub(super) struct Factors {
    /// In the order of the documents.
    pub rows: Vec<Factor>,
    /// Where the rows of each kind stand.
    kinds: BTreeMap<(bool, [String; 3]), Vec<usize>>,
}

impl Factors {
    /// Adds the rows of a category.
    pub fn extend(&mut self, rows: Vec<Factor>) {
        for row in rows {
            self.kinds
                .entry((row.is_hub, row.kind.clone()))
                .or_default()
                .push(self.rows.len());
            self.rows.push(row);
        }
    }

    /// A row of the same kind that is valid on some of the same days.
    fn overlapping(&self, row: &Factor) -> Option<&Factor> {
        let kind = self.kinds.get(&(row.is_hub, row.kind.clone()));
        let mut same = kind.into_iter().flatten().map(|at| &self.rows[*at]);
        same.find(|f| f.valid.0 < row.valid.1 && row.valid.0 < f.valid.1)
    }
}

/// What a category emits per unit of its activity.
struct Intensity {
    per: &'static str,
    operation: i128,
    provision: i128,
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

/// The rows of a category: one, or one for each temperature when it is mixed. Refused when a row of `known` is of the same
/// kind at the same time.
pub(super) fn factors(
    carrier: &Carrier,
    document: &Document,
    id: &str,
    is_hub: bool,
    known: &Factors,
) -> Result<Vec<Factor>, Refusal> {
    let data = document.data;
    let mode = if is_hub {
        Mode::Hub
    } else {
        mode(data).map_err(malformed)?
    };
    let operation = carrier.by_id.get(id).or_else(|| carrier.by_mode.get(&mode));
    let operation = operation.ok_or_else(|| {
        refused(Fault::new(
            "",
            mode.code(),
            "an operation for it: name one with --operations",
        ))
    })?;
    let intensity = Intensity::of(data, is_hub)?;
    let share = |pointer| share(data, pointer).map_err(malformed);
    let (load, empty) = if is_hub {
        Default::default()
    } else {
        (share("/loadFactor")?, share("/emptyDistanceFactor")?)
    };
    let about = About::of(document)?;
    let basis = carrier.distance_basis.unwrap_or(if mode == Mode::Air {
        Basis::Gcd
    } else {
        Basis::Sfd
    });
    let why = match carrier.distance_basis {
        Some(_) => "told to the conversion",
        None => {
            "iLEAP does not state it; transport activity of ISO 14083 is on the shortest feasible or great-circle distance"
        }
    };
    let temperatures = temperatures(data)?;
    let mut rows = Vec::new();
    for temperature in temperatures {
        let suffix = if temperatures.len() > 1 {
            format!("-{temperature}")
        } else {
            String::new()
        };
        let cells = [
            format!("{}{suffix}", factor_id(id)),
            operation.clone(),
            about.region.clone(),
            carrier.code.clone(),
            (*temperature).to_owned(),
            intensity.per.to_owned(),
            decimal_text(intensity.operation, NANO_SCALE),
            decimal_text(intensity.provision, NANO_SCALE),
            basis.code().to_owned(),
            load.clone(),
            empty.clone(),
            date_text(about.valid.0),
            date_text(about.valid.1),
            about.data_category.to_owned(),
            about.gwp_set.to_owned(),
            csv_text(&format!("{} {} {id}", document.place, about.footprint)),
            why.to_owned(),
        ];
        let kind = [
            operation.clone(),
            about.region.clone(),
            (*temperature).to_owned(),
        ];
        let row = Factor {
            is_hub,
            kind,
            valid: about.valid,
            cells,
        };
        if let Some(other) = known.overlapping(&row) {
            let wanted = format!(
                "another operation or period than {}: name its operation with --operations",
                other.cells[0]
            );
            return Err(refused(Fault::new("", &row.kind.join(" "), &wanted)));
        }
        rows.push(row);
    }
    Ok(rows)
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
struct About {
    region: String,
    valid: (Day, Day),
    data_category: &'static str,
    gwp_set: &'static str,
    /// Id and version of the footprint.
    footprint: String,
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
        let validity = text(f, "/validityPeriodStart")
            .map_err(up)?
            .zip(text(f, "/validityPeriodEnd").map_err(up)?);
        let period = if validity.is_some() {
            ("/validityPeriodStart", "/validityPeriodEnd")
        } else {
            ("/pcf/referencePeriodStart", "/pcf/referencePeriodEnd")
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
        let (from, to) = (instant(period.0)?, instant(period.1)?);
        // The end is exclusive; a day that has begun still counts.
        let valid = (day_of(from), day_of(to + DAY_US - 1));
        if valid.0 >= valid.1 {
            return Err(up(Fault::of(f, period.1, "an end after the start")));
        }
        let region = match text(f, "/pcf/geographyCountry").map_err(up)? {
            None => "GLOBAL".to_owned(),
            Some(code) if CountryCode::parse(code.as_bytes()).is_some() => code.to_owned(),
            Some(_) => {
                return Err(up(Fault::of(
                    f,
                    "/pcf/geographyCountry",
                    "an ISO 3166 alpha-2 country",
                )));
            }
        };
        let number = |pointer: &str| {
            f.pointer(pointer)
                .map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned))
        };
        let share = number("/pcf/primaryDataShare").and_then(|t| parse_decimal(&t, SHARE_SCALE));
        let footprint = format!(
            "footprint {} version {}",
            f["id"].as_str().unwrap_or("?"),
            number("/version").unwrap_or_else(|| "?".to_owned())
        );
        let data_category = if share.is_some_and(|s| s >= 100_000_000) {
            "primary"
        } else {
            "modelled"
        };
        Ok(About {
            region,
            valid,
            data_category,
            gwp_set: gwp_set(f),
            footprint,
        })
    }
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

/// A category id as a factor id, which must hold no `@` and no `:`.
fn factor_id(id: &str) -> String {
    let part = urn_part(id);
    // The first sign must not open a formula.
    part.strip_prefix('-')
        .map(|rest| format!("%2D{rest}"))
        .unwrap_or(part)
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

//! What a rejected row is told: what was found in the cell and what was wanted there.

use super::cells::Cells;
use super::column;
use super::judge::Fault;
use super::mapping::{COLUMNS, MassUnit};
use super::rules::Rules;
use super::text;
use crate::model::mode::Mode;
use crate::model::reject::{Reject, RejectReason};

/// The rejection of one fault. `mode` is the row's, where it is known.
pub(super) fn reject(
    rules: &Rules,
    cells: &[Cells; column::COUNT],
    fault: &Fault,
    mode: Option<Mode>,
) -> Reject {
    let (row, column) = (fault.row as usize, fault.column as usize);
    let raw = cells[column].cell(row).text().unwrap_or_default();
    let found = String::from_utf8_lossy(text::trim(&raw));
    let mut wanted = wanted(rules, column, fault.reason, mode);
    match fault.reason {
        RejectReason::NumberOutOfRange if column == column::CONTAINER_CARGO_MASS_KG => {
            if let Some(cargo) = shown(cells, column::CARGO_MASS_KG, row) {
                wanted = format!("{wanted}, not below cargo_mass_kg ({cargo})");
            }
        }
        RejectReason::ArrivalBeforeDeparture => {
            if let Some(departed) = shown(cells, column::DEPARTED_AT, row) {
                wanted = format!("{wanted} ({departed})");
            }
        }
        RejectReason::HubMoves if column == column::DESTINATION => {
            if let Some(origin) = shown(cells, column::ORIGIN, row) {
                wanted = format!("{wanted} ({origin})");
            }
        }
        RejectReason::MalformedNumber if has_exponent(&found) && !rules.marks.exponents => {
            wanted.push_str("; [formats] exponents = \"read\" reads 1.9746E4");
        }
        _ => {}
    }
    if let Some(ours) = rules.values(column).and_then(|v| v.get(found.as_ref())) {
        wanted = format!("{wanted}; [values] reads it as {ours:?}");
    }
    match cells[column] {
        Cells::Constant(_) => wanted.push_str("; the value stands in [constants]"),
        Cells::Lacking => wanted.push_str("; the file lacks the column"),
        Cells::Folder(_) => wanted.push_str("; the value stands in the name of the folder"),
        _ => {}
    }
    Reject::new(fault.reason, COLUMNS[column], &found, wanted)
}

/// Whether a text looks like a number with a power of ten.
fn has_exponent(text: &str) -> bool {
    let halves = text.split_once(['e', 'E']);
    halves.is_some_and(|halves| {
        [halves.0, halves.1].iter().all(|half| {
            half.contains(|c: char| c.is_ascii_digit()) && !half.contains(char::is_alphabetic)
        })
    })
}

fn shown(cells: &[Cells; column::COUNT], column: usize, row: usize) -> Option<String> {
    let raw = cells[column].cell(row).text()?;
    let text = String::from_utf8_lossy(text::trim(&raw)).into_owned();
    (!text.is_empty()).then_some(text)
}

fn wanted(rules: &Rules, column: usize, reason: RejectReason, mode: Option<Mode>) -> String {
    let mode = mode.map_or("the mode", Mode::code);
    match reason {
        RejectReason::BadText if column::kind(column) != column::Kind::Text => {
            "valid text in the file's encoding".into()
        }
        RejectReason::BadText => format!(
            "at most {} characters, no control characters, valid text",
            text::LONGEST
        ),
        RejectReason::RequiredEmpty => format!("a value; {} is required", COLUMNS[column]),
        RejectReason::MalformedNumber => number_wanted(rules, column),
        RejectReason::NumberOutOfRange => range_wanted(column),
        RejectReason::MalformedTimestamp => timestamp_wanted(rules, column),
        RejectReason::ArrivalBeforeDeparture => "an arrival not before departed_at".into(),
        RejectReason::UnknownCodeWord => words_wanted(column).into(),
        RejectReason::MalformedLocation => {
            "a UN/LOCODE such as CNCKG, all upper or all lower case".into()
        }
        RejectReason::HubMoves if column == column::DESTINATION => {
            "the origin, because the row is a hub operation".into()
        }
        RejectReason::HubMoves => "no distance or 0, because the row is a hub operation".into(),
        RejectReason::OperationOfOtherMode => format!("an operation of mode {mode}"),
        RejectReason::UnknownOperation => {
            format!("a code of operations.csv, or empty where the profile has a default for {mode}")
        }
        RejectReason::CheckDigit => {
            "an ISO 6346 container number with its check digit, e.g. CSQU3054383".into()
        }
        other => other.title().into(),
    }
}

fn number_wanted(rules: &Rules, column: usize) -> String {
    if column == column::SEQUENCE {
        return "a whole number, e.g. 3".into();
    }
    let decimal = rules.marks.decimal as char;
    let thousands = match rules.marks.thousands {
        Some(mark) => format!(", thousands mark {mark:?} in groups of three"),
        None => String::new(),
    };
    let places = match column {
        column::TEU | column::ENERGY_QUANTITY | column::BOX_SHARE => 6,
        column::DISTANCE_KM => 3,
        _ => rules.mass_scale(),
    };
    let excess = if rules.mapping.reject_excess_decimals {
        format!(", at most {places} decimals")
    } else {
        String::new()
    };
    let unit = match (column, rules.mapping.mass_unit) {
        (column::CARGO_MASS_KG | column::CONTAINER_CARGO_MASS_KG, MassUnit::Tonne) => " of tonnes",
        (column::CARGO_MASS_KG | column::CONTAINER_CARGO_MASS_KG, MassUnit::Pound) => " of pounds",
        (column::CARGO_MASS_KG | column::CONTAINER_CARGO_MASS_KG, MassUnit::Kg) => " of kilograms",
        (column::DISTANCE_KM, _) => " of kilometres",
        _ => "",
    };
    format!("a number{unit} as digits, e.g. 1250{decimal}5{thousands}{excess}")
}

fn range_wanted(column: usize) -> String {
    match column {
        column::SEQUENCE => "1 to 10000",
        column::DISTANCE_KM => "more than 0 and at most 50000 km",
        column::CARGO_MASS_KG | column::CONTAINER_CARGO_MASS_KG => {
            "more than 0 and at most 1000000 kg"
        }
        column::TEU => "more than 0 and at most 1000",
        column::BOX_SHARE => {
            "more than 0 and at most 1, and nothing beside container_cargo_mass_kg"
        }
        _ => "more than 0 and less than 1000000000000",
    }
    .into()
}

fn timestamp_wanted(rules: &Rules, column: usize) -> String {
    let mut wanted = "RFC 3339 with zone, e.g. 2024-03-05T08:00:00Z".to_owned();
    let patterns = rules.patterns(column);
    for pattern in patterns.written() {
        wanted.push_str(&format!(", or {pattern:?}"));
    }
    if let Some(zone) = &patterns.zone {
        let name = zone.iana_name().unwrap_or("the zone of [formats]");
        wanted.push_str(&format!("; a local time must exist once in {name}"));
    }
    wanted
}

fn words_wanted(column: usize) -> &'static str {
    match column {
        column::MODE => {
            "road, rail, sea, inland_waterway, air, hub, or an alias of mode_aliases.csv"
        }
        column::DISTANCE_BASIS => "sfd, gcd or actual",
        column::LOAD_STATUS => "laden or empty",
        column::TEMPERATURE => "ambient or refrigerated",
        column::ENERGY_UNIT => "kg, l, kWh or MJ",
        column::BOX_SHARE_SOURCE => "stated or equal",
        _ => "active or cancelled",
    }
}

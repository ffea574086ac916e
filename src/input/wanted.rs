//! What a rejected row is told: what was found in the cell and what was wanted there.

use super::cells::Cells;
use super::column;
use super::judge::Fault;
use super::mapping::{DistanceUnit, MassUnit};
use super::number::{Marks, parse};
use super::rules::Rules;
use super::text;
use super::timestamp::reader;
use crate::model::mode::Mode;
use crate::model::reject::{Reject, RejectReason};
use crate::model::sheet::is_error_value;

/// The rejection of one fault. `mode` is the row's, where it is known.
pub(super) fn reject(rules: &Rules, cells: &[Cells], fault: &Fault, mode: Option<Mode>) -> Reject {
    let (row, column) = (fault.row as usize, fault.column as usize);
    let raw = cells[column].cell(row).text().unwrap_or_default();
    let found = text::shown(&raw);
    let mut wanted = match raw.len() > text::LONGEST_CELL {
        true => format!("a cell of at most {} KiB", text::LONGEST_CELL >> 10),
        false => wanted(rules, column, fault.reason, mode),
    };
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
        RejectReason::MalformedNumber => {
            wanted.push_str(&marks_hint(rules, column, &found));
        }
        RejectReason::UnknownCodeWord if column == column::RECORD_STATUS => {
            wanted.push_str("; [values.record_status] translates other words");
        }
        RejectReason::MalformedTimestamp => wanted.push_str(&times_hint(rules, column, &found)),
        RejectReason::BadText if std::str::from_utf8(&raw).is_err() => {
            wanted.push_str("; [formats] encoding names another one");
        }
        RejectReason::BadText if is_error_value(&found) => {
            wanted = "a value; this is what a formula without a result shows, and [values] may say that it stands for none".into();
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
    Reject::new(fault.reason, rules.mapping.name(column), &found, wanted)
}

/// The keys with which a text would be a number.
fn marks_hint(rules: &Rules, column: usize, found: &str) -> String {
    let reads = |decimal, thousands| {
        let marks = Marks {
            decimal,
            thousands,
            ..rules.marks
        };
        column != column::SEQUENCE && parse(found.as_bytes(), marks, 6).is_some()
    };
    let groups = ['.', ',', ' ', '\u{a0}', '\u{202f}', '\'', '’'];
    let groups = groups.into_iter().filter(|mark| found.contains(*mark));
    let groups: Vec<Option<char>> = groups.map(Some).chain([None]).collect();
    // A mark that is not in it says nothing about it.
    let decimals = [b'.', b','].into_iter();
    let decimals =
        decimals.filter(|mark| found.contains(*mark as char) || *mark == rules.marks.decimal);
    let mut ways = decimals
        .flat_map(|decimal| groups.iter().map(move |mark| (decimal, *mark)))
        .filter(|(decimal, mark)| *mark != Some(*decimal as char) && reads(*decimal, *mark));
    // Only one way, or nobody knows.
    match (ways.next(), ways.next()) {
        (Some((decimal, mark)), None) => {
            let decimal = (decimal != rules.marks.decimal)
                .then(|| format!("decimal = {:?}", (decimal as char).to_string()));
            let mark = mark.map(|mark| format!("thousands = {:?}", mark.to_string()));
            let keys: Vec<String> = decimal.into_iter().chain(mark).collect();
            format!("; with [formats] {} it is one", keys.join(", "))
        }
        (Some(_), Some(_)) => "; [formats] decimal and thousands say what its marks are".to_owned(),
        _ => String::new(),
    }
}

/// The keys with which a text would be a time.
fn times_hint(rules: &Rules, column: usize, found: &str) -> String {
    let mut patterns = rules.patterns(column).written().peekable();
    if patterns.peek().is_some() {
        return patterns
            .find_map(|pattern| other_year(pattern, found))
            .unwrap_or_default();
    }
    let hint = match reader("excel")(found) {
        Some(_) => "; [formats] timestamp = [\"excel\"] reads days as a spreadsheet counts them",
        None => {
            "; [formats] timestamp takes patterns of other texts, zone says where they are local times"
        }
    };
    hint.to_owned()
}

/// The pattern with the other form of the year, where that reads the text.
fn other_year(pattern: &str, found: &str) -> Option<String> {
    let forms = [("%Y", "%y", "two digits"), ("%y", "%Y", "four")];
    forms.into_iter().find_map(|(written, other, digits)| {
        let other_way = pattern
            .contains(written)
            .then(|| pattern.replace(written, other))?;
        reader(&other_way)(found)?;
        Some(format!(
            "; {other_way:?} reads it: {other} is a year of {digits}"
        ))
    })
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

fn shown(cells: &[Cells], column: usize, row: usize) -> Option<String> {
    let raw = cells[column].cell(row).text()?;
    let text = text::shown(&raw).into_owned();
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
        RejectReason::RequiredEmpty => {
            format!("a value; {} is required", rules.mapping.name(column))
        }
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
        column::DISTANCE_KM if rules.mapping.distance_unit == DistanceUnit::Metre => 0,
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
        (column::DISTANCE_KM, _) => match rules.mapping.distance_unit {
            DistanceUnit::Kilometre => " of kilometres",
            DistanceUnit::Metre => " of metres",
            DistanceUnit::Mile => " of miles",
            DistanceUnit::NauticalMile => " of nautical miles",
        },
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

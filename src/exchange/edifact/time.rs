//! Times of `DTM` and `UNB`, by their format (2379), as text that partners' times are read from.

use crate::exchange::documents::Fault;
use crate::model::time::Instant;

/// A time as stated: local, or with an offset.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stated {
    /// `YYYY-MM-DDThh:mm:ss`, and the offset if there is one.
    pub text: String,
    /// How much later it may have been: a day where only the date is stated.
    pub within: Instant,
}

const DAY_US: i64 = 24 * 3600 * 1_000_000;

/// Reads a value of a format.
pub(crate) fn stated(value: &str, format: &str) -> Result<Stated, Fault> {
    let wanted =
        "a time in format 203 (CCYYMMDDHHMM), 204, 205 (with offset), 102 (date), 201, 303 or 304";
    let fault = || {
        let found = format!("{value} in format {}", shown(format));
        Fault::new("", &found, wanted)
    };
    let digits = value.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, zone) = value.split_at(digits);
    let format = match (format, digits.len(), zone) {
        // Not stated: the length says it.
        ("", 8, "") => "102",
        ("", 10, "") => "201",
        ("", 12, "") => "203",
        ("", 14, "") => "204",
        (format, ..) => format,
    };
    let (century, length) = match format {
        "101" => (false, 6),
        "102" => (true, 8),
        "201" | "301" => (false, 10),
        "202" | "302" => (false, 12),
        "203" | "205" | "303" => (true, 12),
        "204" | "304" => (true, 14),
        _ => return Err(fault()),
    };
    if digits.len() != length {
        return Err(fault());
    }
    let digits = if century {
        digits.to_owned()
    } else {
        format!("20{digits}")
    };
    let offset = match format {
        "205" | "301" | "302" | "303" | "304" => offset(zone).ok_or_else(fault)?,
        _ if zone.is_empty() => "",
        _ => return Err(fault()),
    };
    let part = |from: usize| digits.get(from..from + 2).unwrap_or("00");
    Ok(Stated {
        text: format!(
            "{}-{}-{}T{}:{}:{}{offset}",
            &digits[..4],
            part(4),
            part(6),
            part(8),
            part(10),
            part(12)
        ),
        within: if digits.len() == 8 { DAY_US } else { 0 },
    })
}

fn shown(format: &str) -> &str {
    if format.is_empty() { "none" } else { format }
}

/// A time zone that says its offset.
fn offset(zone: &str) -> Option<&str> {
    match zone {
        "Z" | "UTC" | "GMT" => Some("Z"),
        _ => {
            let digits = zone.strip_prefix(['+', '-'])?;
            let is_offset = digits.bytes().all(|b| b.is_ascii_digit());
            (is_offset && matches!(digits.len(), 2 | 4)).then_some(zone)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats() {
        let read = |value: &str, format: &str| stated(value, format).map(|s| s.text).ok();
        for (value, format, wanted) in [
            ("202503061430", "203", "2025-03-06T14:30:00"),
            ("20250306143015", "204", "2025-03-06T14:30:15"),
            ("202503061430+0800", "205", "2025-03-06T14:30:00+0800"),
            ("202503061430-03", "205", "2025-03-06T14:30:00-03"),
            ("202503061430UTC", "303", "2025-03-06T14:30:00Z"),
            ("20250306", "102", "2025-03-06T00:00:00"),
            ("2503061430", "201", "2025-03-06T14:30:00"),
            ("250306", "101", "2025-03-06T00:00:00"),
            ("202503061430", "", "2025-03-06T14:30:00"),
        ] {
            assert_eq!(read(value, format).as_deref(), Some(wanted), "{value}");
        }
        for (value, format) in [
            ("2025030614", "203"),
            ("202503061430", "102"),
            ("202503061430MEZ", "303"),
            ("202503061430", "205"),
            ("202503061430+08:00", "203"),
            ("", "203"),
            ("20250306", "718"),
            ("\u{664}025030614300", "203"),
        ] {
            assert_eq!(read(value, format), None, "{value}");
        }
        assert_eq!(stated("20250306", "102").unwrap().within, DAY_US);
        assert_eq!(stated("202503061430", "203").unwrap().within, 0);
    }
}

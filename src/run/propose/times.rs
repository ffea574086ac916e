//! Patterns of the timestamps of a column: those that read its cells, and whether the cells leave open which one is meant.

use super::table::quoted;
use crate::input::timestamp::{contradiction, reader};
use crate::model::time::{Instant, instant_text};
use std::collections::BTreeMap;

/// What is proposed for a column of times.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Times {
    /// The patterns; none where every cell names its zone as RFC 3339 does.
    pub patterns: Vec<String>,
    /// Why the cells leave the pattern open, and what is to choose from.
    pub open: Option<String>,
    /// Whether cells are in local time.
    pub needs_zone: bool,
    /// Cells that no pattern reads.
    pub words: Vec<String>,
}

const DATES: [&str; 25] = [
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y%m%d",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d-%b-%Y",
    "%d %b %Y",
    "%d-%b-%y",
    "%d %b %y",
    "%d%b%Y",
    "%d %B %Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%d.%m.%y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%y/%m/%d",
    "%d-%m-%y",
    "%m-%d-%y",
    "%y-%m-%d",
    "%Y年%m月%d日",
];
const BETWEEN: [&str; 6] = ["", " ", "T", ", ", " - ", "  "];
const CLOCKS: [&str; 12] = [
    "%H:%M",
    "%H:%M:%S",
    "%H:%M:%S%.f",
    "%I:%M %p",
    "%I:%M:%S %p",
    "%I:%M%p",
    "%H.%M",
    "%H.%M.%S",
    "%Hh%M",
    "%H%M",
    "%H%M%S",
    "%H:%M Uhr",
];
const ZONES: [&str; 3] = ["", "%z", " %z"];

fn candidates() -> Vec<String> {
    let mut all: Vec<String> = DATES.map(str::to_owned).to_vec();
    for date in DATES {
        for between in BETWEEN {
            // Digits that touch could be cut anywhere.
            let touches = between.is_empty() && date != "%Y%m%d" && !date.ends_with('日');
            for clock in CLOCKS.iter().filter(|_| !touches) {
                all.extend(ZONES.map(|zone| format!("{date}{between}{clock}{zone}")));
            }
        }
    }
    all
}

/// Cells that are tried with every candidate.
const TRIED: usize = 60;

/// A reader of the times that an export of our days holds: a year of two digits is none of four.
fn reads(pattern: &str) -> impl Fn(&str) -> Option<Instant> + use<> {
    let read = reader(pattern);
    move |text| read(text).filter(|at| (FIRST..LAST).contains(at))
}

/// 1950 and 2100, in microseconds since 1970.
const FIRST: Instant = -631_152_000_000_000;
const LAST: Instant = 4_102_444_800_000_000;

/// A way to read cells: what it makes of each of them.
struct Reading {
    pattern: String,
    read: BTreeMap<usize, Instant>,
}

/// Proposes patterns for these different texts.
pub(super) fn propose(texts: &[&str], is_nothing: &dyn Fn(&str) -> bool) -> Times {
    let mut times = Times::default();
    let mut left: Vec<&str> = Vec::new();
    let with_zone = reads("");
    for text in texts {
        match with_zone(text) {
            Some(_) => {}
            None if is_nothing(text) => times.words.push((*text).to_owned()),
            None => left.push(text),
        }
    }
    if left.is_empty() {
        return times;
    }
    if left.iter().all(|text| is_serial(text)) {
        times.needs_zone = true;
        let first = left[0];
        let day = |system| reads(system)(first).map_or_else(String::new, day_text);
        times.open = Some(format!(
            "these are days as a spreadsheet counts them: {} is {} with \"excel\", {} with \"excel-1904\" (old Macintosh workbooks)",
            quoted(first),
            day("excel"),
            day("excel-1904")
        ));
        return times;
    }
    choose(&left, &mut times);
    times
}

/// A number of days between 1954 and 2064.
fn is_serial(text: &str) -> bool {
    let whole = text.split('.').next().unwrap_or_default();
    let is_number = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    is_number
        && whole
            .parse()
            .is_ok_and(|days: u32| (20_000..60_000).contains(&days))
}

fn choose(left: &[&str], times: &mut Times) {
    let step = left.len().div_ceil(TRIED).max(1);
    let reading = |pattern: String| {
        let reads = reads(&pattern);
        let mut tried = left.iter().step_by(step);
        tried.any(|text| reads(text).is_some()).then(|| Reading {
            read: (left.iter().enumerate())
                .filter_map(|(at, text)| Some((at, reads(text)?)))
                .collect(),
            pattern,
        })
    };
    // Ten digits from 2001 to 2033.
    let is_second = |text: &&str| text.len() == 10 && text.starts_with('1');
    let of_seconds = left.iter().all(is_second).then(|| "%s".to_owned());
    let candidates = candidates().into_iter().chain(of_seconds);
    let readings: Vec<Reading> = candidates.filter_map(reading).collect();
    let mut open: Vec<usize> = (0..left.len()).collect();
    let mut chosen: Vec<&Reading> = Vec::new();
    loop {
        let count = |r: &Reading| open.iter().filter(|at| r.read.contains_key(at)).count();
        let most = readings.iter().map(count).max().unwrap_or(0);
        if most == 0 {
            break;
        }
        let best: Vec<&Reading> = readings.iter().filter(|r| count(r) == most).collect();
        let first = best[0];
        let is_rival = |r: &&&Reading| contradicts(first, r);
        let rivals: Vec<&&Reading> = best.iter().skip(1).filter(is_rival).collect();
        if let Some(rival) = rivals.first() {
            // Cells that one of them alone reads are in one order, and those of the other in another.
            let reads_others = rival.read.keys().any(|at| !first.read.contains_key(at));
            times.open = Some(match reads_others {
                true => mixed(left, first, rival),
                false => ambiguous(left, &open, first, &rivals),
            });
            times.needs_zone |= !first.pattern.ends_with("%z");
            return;
        }
        if let Some(other) = chosen.iter().find(|c| contradicts(c, first)) {
            times.open = Some(mixed(left, other, first));
            times.needs_zone |= !first.pattern.ends_with("%z");
            return;
        }
        open.retain(|at| !first.read.contains_key(at));
        chosen.push(first);
        if chosen.len() > 8 {
            break;
        }
    }
    times
        .words
        .extend(open.iter().map(|&at| left[at].to_owned()));
    let has_zone = |pattern: &str| pattern.ends_with("%z") || pattern == "%s";
    times.needs_zone = chosen.iter().any(|r| !has_zone(&r.pattern));
    times.patterns = chosen.iter().map(|r| r.pattern.clone()).collect();
}

/// Whether a cell is read by both, and differently.
fn contradicts(a: &Reading, b: &Reading) -> bool {
    let both = a
        .read
        .iter()
        .filter_map(|(at, one)| Some((one, b.read.get(at)?)));
    both.into_iter().any(|(one, other)| one != other)
        || contradiction(&[a.pattern.clone(), b.pattern.clone()], None).is_some()
}

fn ambiguous(left: &[&str], open: &[usize], first: &Reading, rivals: &[&&Reading]) -> String {
    let at = open
        .iter()
        .find(|at| rivals.iter().any(|r| first.read.get(at) != r.read.get(at)));
    let at = at.or(open.first()).copied().unwrap_or_default();
    let readings = std::iter::once(first).chain(rivals.iter().map(|r| **r));
    let ways: Vec<String> = (readings.take(4))
        .filter_map(|r| {
            Some(format!(
                "[{:?}] reads {}",
                r.pattern,
                day_text(*r.read.get(&at)?)
            ))
        })
        .collect();
    format!(
        "no cell says which order is meant: of {}, {}",
        quoted(left[at]),
        ways.join(", ")
    )
}

fn mixed(left: &[&str], a: &Reading, b: &Reading) -> String {
    let only = |one: &Reading, other: &Reading| {
        let mut cells = one.read.keys().filter(|at| !other.read.contains_key(at));
        cells
            .next()
            .map_or_else(String::new, |at| quoted(left[*at]))
    };
    format!(
        "the column mixes two orders: {} is read by {:?} only, {} by {:?} only, and others by both as different days; have the export write one",
        only(a, b),
        a.pattern,
        only(b, a),
        b.pattern
    )
}

fn day_text(at: Instant) -> String {
    let text = instant_text(at);
    text.split('T').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(texts: &[&str]) -> Times {
        propose(texts, &|text| text == "n/a")
    }

    #[test]
    fn patterns_that_the_cells_decide() {
        for (texts, patterns) in [
            (&["2025-03-10T08:00:00Z"][..], &[][..]),
            (
                &["13.04.2025 08:15", "01.02.2025 23:59"],
                &["%d.%m.%Y %H:%M"],
            ),
            (&["04/13/2025", "01/02/2025"], &["%m/%d/%Y"]),
            (
                &["13/04/2025 8:05", "01/02/2025 17:30"],
                &["%d/%m/%Y %H:%M"],
            ),
            (
                &["2025-03-10 08:00", "2025-03-11 09:00:30"],
                &["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"],
            ),
            (&["20250310", "20250311"], &["%Y%m%d"]),
            (&["202503100800"], &["%Y%m%d%H%M"]),
            (&["10-Mar-25"], &["%d-%b-%y"]),
            (&["Mar 10, 2025 5:07 PM"], &["%b %d, %Y %I:%M %p"]),
            (&["2025年3月10日"], &["%Y年%m月%d日"]),
            (&["2025-03-10T08:00:00+0800"], &["%Y-%m-%dT%H:%M:%S%z"]),
            (&["1741593600"], &["%s"]),
        ] {
            let times = of(texts);
            assert_eq!(times.patterns, patterns, "{texts:?} {times:?}");
            assert_eq!((times.open, times.words), (None, vec![]), "{texts:?}");
        }
        let times = of(&["13.04.2025", "n/a", "soon"]);
        assert_eq!(times.words, ["n/a", "soon"]);
        assert!(times.needs_zone && !of(&["2025-03-10T08:00:00+08:00"]).needs_zone);
    }

    #[test]
    fn what_no_cell_decides_stays_open() {
        for texts in [
            &["03/04/2025", "05/06/2025"][..],
            &["03-04-2025 08:00"],
            &["03/04/25"],
            &["45726.4027777778"],
            &["13/04/2025", "04/13/2025", "02/03/2025"],
            &["03/03/2025"],
        ] {
            let times = of(texts);
            assert!(
                times.patterns.is_empty() && times.open.is_some(),
                "{texts:?} {times:?}"
            );
        }
    }
}

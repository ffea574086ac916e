//! Days of departure and arrival, with how surely they are known: what a timetable says is one thing, what nobody publishes another.

use crate::model::time::{DAY_US, Instant, date_text, day_of};
use crate::present::comparison::figure::hours_of;
use crate::routes::network::{Network, Wait};
use crate::routes::option::RouteOption;
use serde::Serialize;

/// Monday first.
const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// A day of a departure or an arrival.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct DaySheet {
    /// Absent: a time before it is not known.
    pub day: Option<String>,
    pub weekday: &'static str,
    /// Whether a time before it is an estimate.
    pub is_estimate: bool,
    /// Whether it may be later: of a departure up to here nobody publishes when or how often it is.
    pub is_earliest: bool,
}

impl DaySheet {
    /// `~Fri 2025-10-10+`.
    pub fn text(&self) -> String {
        let Some(day) = &self.day else {
            return "?".to_owned();
        };
        let (about, later) = (
            if self.is_estimate { "~" } else { "" },
            if self.is_earliest { "+" } else { "" },
        );
        format!("{about}{} {day}{later}", self.weekday)
    }
}

fn weekday(at: Instant) -> &'static str {
    // 1970-01-01 was a Thursday.
    let number = (at.div_euclid(DAY_US) + 3).rem_euclid(7);
    WEEKDAYS[usize::try_from(number).unwrap_or(0)]
}

/// The days of each transport element: departure and arrival.
pub(crate) fn days_of(option: &RouteOption, network: &Network) -> Vec<(DaySheet, DaySheet)> {
    let (mut is_unknown, mut is_earliest, mut is_estimate) = (false, false, false);
    let chain = &option.chain;
    let elements = chain.links.iter().zip(&chain.steps);
    elements
        .map(|(index, step)| {
            let transit = network.link(*index).transit.as_ref();
            let day = |at, is_unknown: bool, is_estimate, is_earliest| DaySheet {
                day: (!is_unknown).then(|| date_text(day_of(at))),
                weekday: if is_unknown { "" } else { weekday(at) },
                is_estimate,
                is_earliest,
            };
            is_unknown |= step.unknown.dwell;
            is_earliest |= step.unknown.wait;
            is_estimate |= step.dwell_is_estimate || step.wait_is_estimate;
            let departs = day(step.departed_at, is_unknown, is_estimate, is_earliest);
            is_unknown |= step.unknown.transit;
            is_estimate |= transit.is_some_and(|t| t.is_estimate);
            let arrives = day(step.arrived_at, is_unknown, is_estimate, is_earliest);
            (departs, arrives)
        })
        .collect()
}

/// How often something departs; empty: not known.
pub(crate) fn frequency(wait: Wait) -> String {
    match wait {
        Wait::Weekdays(days) => {
            let runs = |day: &usize| days >> day & 1 == 1;
            let names = (0..7).filter(runs).map(|day| WEEKDAYS[day]);
            names.collect::<Vec<_>>().join(" ")
        }
        Wait::Mean(half) => format!("every {} h on average", hours_of(2 * half).normalize()),
        Wait::Unknown => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::day;

    #[test]
    fn days_say_how_surely_they_are_known() {
        let at = i64::from(day(2025, 10, 10).unwrap()) * DAY_US + DAY_US - 1;
        let mut sheet = DaySheet {
            day: Some(date_text(day_of(at))),
            weekday: weekday(at),
            ..DaySheet::default()
        };
        assert_eq!(sheet.text(), "Fri 2025-10-10");
        sheet.is_earliest = true;
        assert_eq!(sheet.text(), "Fri 2025-10-10+");
        sheet.is_estimate = true;
        assert_eq!(sheet.text(), "~Fri 2025-10-10+");
        assert_eq!(DaySheet::default().text(), "?");
        assert_eq!(weekday(-1), "Wed");
        assert_eq!(frequency(Wait::Weekdays(0b100_0001)), "Mon Sun");
        assert_eq!(frequency(Wait::Mean(12_000)), "every 24 h on average");
    }
}

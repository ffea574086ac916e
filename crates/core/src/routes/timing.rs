//! When each element of a chain departs and arrives: dwell at hubs, waiting for the next departure, validity of services.

use super::network::{Estimates, Link, Wait};
use super::{MILLIHOUR_US, Millihours};
use crate::model::mode::Mode;
use crate::model::time::{DAY_US, Instant, day_of};

/// One transport element in time. All durations in thousandths of an hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Time in the hub before it, or at the origin of the chain from its cut-off on.
    pub dwell: Millihours,
    /// Whether the dwell is an estimate.
    pub dwell_is_estimate: bool,
    /// Waiting for the departure after the dwell; 0 when it is not known.
    pub wait: Millihours,
    /// Whether the waiting is a mean and not from a timetable.
    pub wait_is_estimate: bool,
    /// Departure.
    pub departed_at: Instant,
    /// Arrival; the departure when the time under way is not known.
    pub arrived_at: Instant,
    /// What is not known.
    pub unknown: Unknown,
}

impl Step {
    /// Whether time under way and dwell are known.
    pub fn is_timed(&self) -> bool {
        !self.unknown.transit && !self.unknown.dwell
    }
}

/// Parts of the time of an element that nobody knows; none of them counts as zero in a comparison.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unknown {
    /// Time under way.
    pub transit: bool,
    /// Dwell at the hub before it.
    pub dwell: bool,
    /// How often it departs; then the dwell holds all the time before departure.
    pub wait: bool,
}

/// The link as the next element of a chain that is at its origin since `at`, having come by `before`; `None` when no departure
/// lies in the link's validity.
pub fn step(link: &Link, estimates: &Estimates, before: Option<Mode>, at: Instant) -> Option<Step> {
    let dwell = before.map(|mode| estimates.dwell(link.origin, mode, link.mode));
    let (dwell_hours, dwell_is_estimate) = match dwell {
        Some(Some(known)) => known,
        Some(None) | None => (0, false),
    };
    // Who comes after the cut-off does not depart.
    let (dwell_hours, dwell_is_estimate) = match link.cut_off {
        cut_off if cut_off > dwell_hours => (cut_off, false),
        _ => (dwell_hours, dwell_is_estimate),
    };
    let ready = at + dwell_hours * MILLIHOUR_US;
    let departed_at = match link.wait {
        Wait::Weekdays(days) => next_departure(ready, days),
        Wait::Mean(hours) => ready + hours * MILLIHOUR_US,
        Wait::Unknown => ready,
    };
    let day = day_of(departed_at);
    if day < link.valid_from || day >= link.valid_to {
        return None;
    }
    let transit = link.transit.as_ref().map(|t| t.value);
    Some(Step {
        dwell: dwell_hours,
        dwell_is_estimate,
        wait: (departed_at - ready) / MILLIHOUR_US,
        wait_is_estimate: matches!(link.wait, Wait::Mean(_)),
        departed_at,
        arrived_at: departed_at + transit.unwrap_or(0) * MILLIHOUR_US,
        unknown: Unknown {
            transit: transit.is_none(),
            dwell: dwell == Some(None),
            wait: link.wait == Wait::Unknown,
        },
    })
}

/// The first start of a day (UTC) at or after `ready` that is one of `weekdays`.
fn next_departure(ready: Instant, weekdays: u8) -> Instant {
    let first = -(-ready).div_euclid(DAY_US);
    // 1970-01-01 was a Thursday, weekday 3 counted from Monday.
    let is_departure = |day: &i64| weekdays >> (day + 3).rem_euclid(7) & 1 == 1;
    (first..first + 7).find(is_departure).unwrap_or(first) * DAY_US
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::{Day, NO_END, day, instant_text};

    #[test]
    fn the_next_departure_is_found_in_the_timetable() {
        let at = |y, m, d, hours: i64| {
            day(y, m, d).unwrap() as i64 * DAY_US + hours * 1000 * MILLIHOUR_US
        };
        // 2025-03-03 is a Monday.
        let next = |ready, days| instant_text(next_departure(ready, days));
        assert_eq!(next(at(2025, 3, 3, 0), 0b000_0001), "2025-03-03T00:00:00Z");
        assert_eq!(next(at(2025, 3, 3, 1), 0b000_0001), "2025-03-10T00:00:00Z");
        assert_eq!(next(at(2025, 3, 3, 1), 0b001_0100), "2025-03-05T00:00:00Z");
        assert_eq!(next(at(2025, 3, 6, 0), 0b001_0100), "2025-03-07T00:00:00Z");
        assert_eq!(next(at(1960, 1, 1, 5), 0b100_0000), "1960-01-03T00:00:00Z");
    }

    #[test]
    fn who_comes_after_the_cut_off_takes_the_next_departure() {
        let start = day(2025, 3, 3).unwrap() as i64 * DAY_US;
        let link = |cut_off| Link {
            wait: Wait::Weekdays(0b001_0001),
            cut_off,
            valid_from: Day::MIN,
            valid_to: NO_END,
            ..Link::default()
        };
        let departs = |cut_off, hours: i64| {
            let at = start + hours * 1000 * MILLIHOUR_US;
            let step = step(&link(cut_off), &Estimates::default(), None, at).unwrap();
            (instant_text(step.departed_at), step.dwell, step.wait)
        };
        // Monday and Friday at 00:00; the box must be there a day before.
        assert_eq!(departs(0, 0), ("2025-03-03T00:00:00Z".into(), 0, 0));
        let friday = "2025-03-07T00:00:00Z".to_owned();
        assert_eq!(departs(24_000, 0), (friday.clone(), 24_000, 72_000));
        assert_eq!(departs(24_000, 72), (friday, 24_000, 0));
        let monday = "2025-03-10T00:00:00Z".to_owned();
        assert_eq!(departs(24_000, 73), (monday, 24_000, 71_000));
    }
}

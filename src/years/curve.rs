//! What a target asks for in a year: the curves, in exact ratios. Pure; a year that a curve does not reach is refused, never extrapolated.

use crate::exact::Exact;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Values by year.
pub(super) type Points = BTreeMap<i32, Exact>;

/// How a required value comes about.
#[derive(Clone, Debug)]
pub(super) enum Curve {
    /// Straight from the base to one value in one year, or through several; the base year is the first point.
    Through(Points),
    /// Every year the same share of the base less, to a last year; not below 0.
    Contraction { yearly: Exact, until: i32 },
    /// The sector's intensity by year, and its activity: own intensity converges to the sector's last value (sectoral decarbonization).
    Convergence {
        intensity: Points,
        activity: Option<Points>,
    },
}

/// Own value and activity in the base year, own activity in the year asked for.
#[derive(Clone, Debug)]
pub(super) struct Own {
    pub base_year: i32,
    pub base: Exact,
    pub activity_base: i128,
    pub activity: i128,
}

impl Curve {
    /// The last year that it reaches.
    pub(super) fn until(&self) -> i32 {
        match self {
            Curve::Through(points)
            | Curve::Convergence {
                intensity: points, ..
            } => points.last_key_value().map_or(0, |(year, _)| *year),
            Curve::Contraction { until, .. } => *until,
        }
    }

    /// The value that is required in a year; what is lacking, in words.
    pub(super) fn required(&self, own: &Own, year: i32) -> Result<Exact, String> {
        if year < own.base_year || year > self.until() {
            return Err(format!(
                "the curve holds from {} to {}",
                own.base_year,
                self.until()
            ));
        }
        match self {
            Curve::Through(points) => {
                let mut points = points.clone();
                points.insert(own.base_year, own.base.clone());
                between(&points, year)
            }
            Curve::Contraction { yearly, .. } => {
                let years = Exact::whole(i128::from(year - own.base_year));
                let left = Exact::whole(1).minus(&yearly.times(&years));
                let left = match left.compared(&Exact::ZERO) {
                    Ordering::Less => Exact::ZERO,
                    Ordering::Equal | Ordering::Greater => left,
                };
                Ok(own.base.times(&left))
            }
            Curve::Convergence {
                intensity,
                activity,
            } => converged(own, year, intensity, activity.as_ref()),
        }
    }
}

/// (I0 - S_end) p m + S_end, with p = (S_t - S_end) / (S_0 - S_end) and m = (own_0 / sector_0) / (own_t / sector_t).
fn converged(
    own: &Own,
    year: i32,
    intensity: &Points,
    activity: Option<&Points>,
) -> Result<Exact, String> {
    let end = intensity.last_key_value().map(|(_, value)| value.clone());
    let end = end.unwrap_or_default();
    let first = between(intensity, own.base_year)?;
    let span = first.minus(&end);
    if span.compared(&Exact::ZERO) != Ordering::Greater {
        return Err("the sector's intensity does not fall".to_owned());
    }
    let p = between(intensity, year)?.minus(&end).times(&span.inverse());
    let m = match activity {
        None => Exact::whole(1),
        Some(sector) => {
            let (was, is) = (between(sector, own.base_year)?, between(sector, year)?);
            if own.activity <= 0 || was.compared(&Exact::ZERO) != Ordering::Greater {
                return Err("no activity to hold against the sector's".to_owned());
            }
            let grown = is.times(&was.inverse());
            Exact::ratio(own.activity_base, own.activity).times(&grown)
        }
    };
    Ok(own.base.minus(&end).times(&p).times(&m).plus(&end))
}

/// The value of a year on straight lines between the points.
fn between(points: &Points, year: i32) -> Result<Exact, String> {
    if let Some(value) = points.get(&year) {
        return Ok(value.clone());
    }
    let before = points.range(..year).next_back();
    let after = points.range(year..).next();
    let (Some((from, a)), Some((to, b))) = (before, after) else {
        return Err(format!("no points around {year}"));
    };
    let part = Exact::ratio(i128::from(year - from), i128::from(to - from));
    Ok(a.plus(&b.minus(a).times(&part)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(list: &[(i32, i128)]) -> Points {
        list.iter().map(|(y, v)| (*y, Exact::whole(*v))).collect()
    }

    fn own(base: i128) -> Own {
        Own {
            base_year: 2025,
            base: Exact::whole(base),
            activity_base: 100,
            activity: 120,
        }
    }

    fn text(curve: &Curve, year: i32) -> String {
        let value = curve.required(&own(1000), year);
        value.map_or_else(|fault| fault, |value| value.to_string())
    }

    #[test]
    fn lines_go_through_their_points_and_no_further() {
        let curve = Curve::Through(points(&[(2030, 700), (2040, 300)]));
        assert_eq!(
            [2025, 2026, 2030].map(|y| text(&curve, y)),
            ["1000/1", "940/1", "700/1"]
        );
        assert_eq!(text(&curve, 2035), "500/1");
        for year in [2024, 2041] {
            assert_eq!(text(&curve, year), "the curve holds from 2025 to 2040");
        }
    }

    #[test]
    fn contraction_is_by_the_base_and_ends_at_nothing() {
        let yearly = Exact::ratio(42, 1000);
        let curve = Curve::Contraction {
            yearly,
            until: 2060,
        };
        assert_eq!(
            [2026, 2030, 2049].map(|y| text(&curve, y)),
            ["958/1", "790/1", "0/1"]
        );
    }

    #[test]
    fn convergence_ends_where_the_sector_does() {
        let intensity = points(&[(2025, 50), (2030, 30), (2050, 10)]);
        let alone = Curve::Convergence {
            intensity: intensity.clone(),
            activity: None,
        };
        // (1000 - 10) x (30 - 10) / (50 - 10) + 10.
        assert_eq!([2030, 2050].map(|y| text(&alone, y)), ["505/1", "10/1"]);
        let activity = Some(points(&[(2025, 1000), (2050, 2000)]));
        let grown = Curve::Convergence {
            intensity,
            activity,
        };
        // The sector grows by a fifth to 2030, and so does the firm: m = 100/120 x 1200/1000 = 1.
        assert_eq!(text(&grown, 2030), "505/1");
    }
}

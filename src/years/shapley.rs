//! The split of emissions = activity x share of the mode x intensity between two periods: the Shapley value of each driver, that is, its
//! effect averaged over all orders in which the three can change. Pure; the effects add up to the difference without residual.

use crate::exact::Exact;

/// Activity and emissions of a mode, with the activity of all modes of its group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Side {
    /// Activity of the group.
    pub group: i128,
    /// Activity of the mode.
    pub activity: i128,
    /// Emissions of the mode.
    pub ghg: i128,
}

/// What each driver contributes to the difference of a mode's emissions.
#[derive(Clone, Debug)]
pub(super) struct Effects {
    pub activity: Exact,
    pub mix: Exact,
    pub intensity: Exact,
    /// What a change of the intensity by 1 contributes: by it a part of that change is shown apart.
    pub per_intensity: Exact,
}

/// A driver before and after.
type Pair = (Exact, Exact);

fn ratio(n: i128, d: i128) -> Option<Exact> {
    (d > 0).then(|| Exact::ratio(n, d))
}

/// A driver that one period cannot know is that of the other: what is new or gone is then all of the others.
fn known((before, after): (Option<Exact>, Option<Exact>)) -> Pair {
    let zero = Exact::ZERO;
    match (before, after) {
        (Some(before), Some(after)) => (before, after),
        (Some(one), None) | (None, Some(one)) => (one.clone(), one),
        (None, None) => (zero.clone(), zero),
    }
}

/// What a change by 1 of a driver contributes beside two others: (2 y0 z0 + y0 z1 + y1 z0 + 2 y1 z1) / 6.
fn weight(y: &Pair, z: &Pair) -> Exact {
    let two = Exact::whole(2);
    let even = y.0.times(&z.0).plus(&y.1.times(&z.1)).times(&two);
    let cross = y.0.times(&z.1).plus(&y.1.times(&z.0));
    even.plus(&cross).times(&Exact::ratio(1, 6))
}

/// The effects of a mode. A mode without activity must have no emissions: its intensity is not known.
pub(super) fn split(before: Side, after: Side) -> Effects {
    let of = |side: Side| {
        let share = ratio(side.activity, side.group);
        (share, ratio(side.ghg, side.activity))
    };
    let ((share_before, intensity_before), (share_after, intensity_after)) =
        (of(before), of(after));
    let activity = (Exact::whole(before.group), Exact::whole(after.group));
    let share = known((share_before, share_after));
    let intensity = known((intensity_before, intensity_after));
    let change = |driver: &Pair| driver.1.minus(&driver.0);
    let per_intensity = weight(&activity, &share);
    Effects {
        activity: change(&activity).times(&weight(&share, &intensity)),
        mix: change(&share).times(&weight(&activity, &intensity)),
        intensity: change(&intensity).times(&per_intensity),
        per_intensity,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(group: i128, activity: i128, ghg: i128) -> Side {
        Side {
            group,
            activity,
            ghg,
        }
    }

    fn sum<'e>(of: impl Iterator<Item = &'e Exact>) -> Exact {
        of.fold(Exact::ZERO, |sum, one| sum.plus(one))
    }

    /// In thousandths of a tonne: 1,000,000 to 1,200,000 t.km, 40 to 30 % by road at 90 to 85 g, the others by rail at 20 to 19 g.
    #[test]
    fn the_worked_example() {
        let road = split(
            side(1_000_000, 400_000, 36_000),
            side(1_200_000, 360_000, 30_600),
        );
        let rail = split(
            side(1_000_000, 600_000, 12_000),
            side(1_200_000, 840_000, 15_960),
        );
        let tonnes = |of: fn(&Effects) -> &Exact| {
            let both = of(&road).plus(of(&rail));
            both.times(&Exact::ratio(1, 1000)).to_string()
        };
        assert_eq!(tonnes(|e| &e.activity), "26/3");
        assert_eq!(tonnes(|e| &e.mix), "-1121/150");
        assert_eq!(tonnes(|e| &e.intensity), "-79/30");
    }

    #[test]
    fn nothing_is_left_over() {
        let figures = [0, 1, 7, 1_000_003, 999_999_999_999_999_989];
        for a in figures {
            for b in figures {
                let (before, after) = (side(a + b, a, 3 * a), side(2 * b + a, b, 5 * b + 1));
                let after = if b == 0 { side(a, 0, 0) } else { after };
                let parts = split(before, after);
                let total = sum([&parts.activity, &parts.mix, &parts.intensity].into_iter());
                let wanted = Exact::whole(after.ghg - before.ghg);
                assert_eq!(total.to_string(), wanted.to_string(), "{a} {b}");
            }
        }
    }

    #[test]
    fn what_a_period_lacks_changes_no_intensity() {
        let gone = split(side(100, 40, 80), side(100, 0, 0));
        assert_eq!(gone.intensity.to_string(), "0/1");
        assert_eq!(gone.mix.to_string(), "-80/1");
        let closed = split(side(100, 40, 80), side(0, 0, 0));
        assert_eq!(closed.activity.to_string(), "-80/1");
    }
}

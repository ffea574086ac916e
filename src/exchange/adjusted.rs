//! An intensity on the distance of the transport activity.
//!
//! An iLEAP figure is activity x intensity, and the format has no field for an adjustment between their distances. A TOC is
//! therefore published on the basis of the activity distance with the adjustment inside; its id and its description say the
//! basis, the intensity as the source has it, and the adjustment.

use super::category::intensity_text;
use crate::factors::EmissionFactor;
use crate::factors::profile::Adjustment;
use crate::model::mode::{Basis, Mode, Per};
use crate::model::unit::{ONE, SHARE_SCALE, div_half_even, short_decimal_text};
use crate::published::run::{Element, Published};

/// What stands between the activity distance of an element and the distance that its intensity is per.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing: one distance, or a figure that is not per distance.
    Same,
    /// The distance as found becomes that of the intensity by the first ratio and that of the activity by the second, both
    /// in millionths.
    Ratio(i64, i64),
    /// Kilometres are added: no single intensity holds on the activity distance.
    Added,
}

impl Step {
    /// The step of an element.
    pub(crate) fn of(run: &Published, element: &Element, factor: &EmissionFactor) -> Step {
        let (activity, intensity) = (element.activity_basis, factor.distance_basis);
        let is_by_distance =
            matches!(element.per, Per::Tkm | Per::TeuKm) && element.mode != Mode::Hub;
        if !is_by_distance || activity == intensity {
            return Step::Same;
        }
        let ratio = |to: Basis| {
            let found = element.distance_basis;
            match run.reference.adjustment(element.mode, found, to) {
                _ if found == to => Some(ONE),
                Some(Adjustment::Ratio(ratio)) => Some(ratio),
                Some(Adjustment::AddMetres(_)) | None => None,
            }
        };
        match (ratio(intensity), ratio(activity)) {
            (Some(to_intensity), Some(to_activity)) if to_activity > 0 => {
                Step::Ratio(to_intensity, to_activity)
            }
            _ => Step::Added,
        }
    }

    /// An intensity of 18 decimals on the activity distance.
    pub(crate) fn on_activity(self, intensity: i128) -> i128 {
        match self {
            Step::Same | Step::Added => intensity,
            Step::Ratio(to_intensity, to_activity) => div_half_even(
                intensity * i128::from(to_intensity),
                i128::from(to_activity),
            ),
        }
    }

    /// The ratio as it is applied to the intensity: `x1.15`, `/0.869565`, or both.
    fn ratio_text(to_intensity: i64, to_activity: i64) -> String {
        let text = |ratio: i64| short_decimal_text(ratio.into(), SHARE_SCALE);
        match (to_intensity, to_activity) {
            (a, b) if a == b => "x1".to_owned(),
            (a, ONE) => format!("x{}", text(a)),
            (ONE, b) => format!("/{}", text(b)),
            (a, b) => format!("x{}/{}", text(a), text(b)),
        }
    }

    /// The end of a TOC's id: the basis, and what was adjusted.
    pub(crate) fn id_part(self, element: &Element, factor: &EmissionFactor) -> String {
        let basis = element.activity_basis.code();
        match self {
            Step::Same => format!(";{basis}"),
            Step::Added => format!(";{basis};average"),
            Step::Ratio(a, b) => format!(
                ";{basis};{}-per-{}-{};{}",
                source_intensity(element),
                element.per.code(),
                factor.distance_basis.code(),
                Step::ratio_text(a, b)
            ),
        }
    }

    /// The same in words, for a description; empty for a hub.
    pub(crate) fn words(self, element: &Element, factor: &EmissionFactor) -> String {
        let basis = element.activity_basis.code();
        match self {
            _ if element.mode == Mode::Hub => String::new(),
            Step::Same | Step::Added => format!(", on {basis} distance"),
            Step::Ratio(a, b) => format!(
                ", on {basis} distance: source intensity {} kg CO2e/{} on {} distance, distance adjustment {} inside",
                source_intensity(element),
                element.per.unit(),
                factor.distance_basis.code(),
                Step::ratio_text(a, b)
            ),
        }
    }
}

/// kg per unit as applied, before the step.
fn source_intensity(element: &Element) -> String {
    let grams = element.intensity_operation + element.intensity_provision;
    intensity_text(super::category::kilograms(grams))
        .trim_end_matches('0')
        .trim_end_matches('.')
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_exact_and_quotients_are_rounded_half_to_even() {
        // 10.123456789 g/t.km.
        let intensity = 10_123_456_789_000_000;
        let there = Step::Ratio(1_150_000, ONE);
        assert_eq!(there.on_activity(intensity), 11_641_975_307_350_000);
        let back = Step::Ratio(ONE, 869_565);
        assert_eq!(back.on_activity(intensity), 11_641_978_217_844_554);
        assert_eq!(Step::Ratio(ONE, ONE).on_activity(intensity), intensity);
        let text = |a, b| Step::ratio_text(a, b);
        assert_eq!(text(1_150_000, ONE), "x1.15");
        assert_eq!(text(ONE, 869_565), "/0.869565");
        assert_eq!(text(1_320_000, 869_565), "x1.32/0.869565");
        assert_eq!(text(ONE, ONE), "x1");
    }
}

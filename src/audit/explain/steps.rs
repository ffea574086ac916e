//! Distances, activity and emissions as formulas with all their decimals.
//!
//! The kernel has already confirmed the published figures; here each is written as the product it came from, and that
//! product, rounded half to even, must be the published figure.

use crate::audit::explain::Subject;
use crate::audit::explain::sheet::Step;
use crate::calc::activity::adjusted;
use crate::error::{Error, Result};
use crate::factors::profile::Adjustment;
use crate::factors::{conversion, uplifted};
use crate::model::element::NOT_STATED;
use crate::model::flag::Flags;
use crate::model::mode::{Basis, Mode, Per};
use crate::model::quantity::Metres;
use crate::model::unit::{
    DISTANCE_SCALE, NANO_SCALE, SHARE_SCALE, decimal_text, div_half_even, short_decimal_text,
};

/// Decimals of a mass in t (whole grams).
const TONNE_SCALE: u32 = 6;
/// Decimals of a GHG mass in g (micrograms).
const GRAM_SCALE: u32 = 6;

impl Subject<'_> {
    /// Every step of the calculation, in the order in which it is made.
    pub(crate) fn steps(&self) -> Result<Vec<Step>> {
        let e = self.element;
        let mut steps = Vec::new();
        if e.mode != Mode::Hub {
            if e.activity_distance_m != e.distance_m || e.activity_basis != e.distance_basis {
                let to = e.activity_basis;
                steps.push(self.adjustment("activity distance", to, e.activity_distance_m)?);
            }
            steps.push(Step {
                name: "transport activity",
                formula: format!("{} x {}", self.tonnes(), km(e.activity_distance_m)),
                exact: String::new(),
                result: format!("{} t.km", decimal_text(e.activity.into(), NANO_SCALE)),
                rule: format!("on {} distance", e.activity_basis.code()),
            });
            if e.emission_distance_m != e.distance_m {
                let wanted = self.reference.factors.factors[e.factor as usize].distance_basis;
                steps.push(self.adjustment("emission distance", wanted, e.emission_distance_m)?);
            }
        }
        steps.push(self.emission("operation", e.intensity_operation, e.ghg_operation)?);
        steps.push(self.emission("provision", e.intensity_provision, e.ghg_provision)?);
        let kg = |micrograms: i64| decimal_text(micrograms.into(), NANO_SCALE);
        steps.push(Step {
            name: "total",
            formula: format!("{} + {} kg", kg(e.ghg_operation), kg(e.ghg_provision)),
            exact: String::new(),
            result: format!("{} kg CO2e", kg(e.ghg_operation + e.ghg_provision)),
            rule: String::new(),
        });
        if e.biogenic_co2 != NOT_STATED {
            steps.push(self.biogenic()?);
        }
        Ok(steps)
    }

    /// What is beside the total: the same activity at what the factor states of biogenic CO2, uplifted as its other figures.
    fn biogenic(&self) -> Result<Step> {
        let (e, name) = (self.element, "biogenic CO2");
        let mut intensity = self.reference.factors.factors[e.factor as usize]
            .intensity
            .biogenic;
        if e.flags.has(Flags::REFRIGERATED_UPLIFT) {
            let uplift = self.reference.profile.refrigerated_uplift[e.mode];
            intensity = uplift
                .and_then(|uplift| uplifted(intensity, uplift))
                .ok_or_else(|| Error::Internal(format!("{name}: no uplift of the factor")))?;
        }
        let of_total = self.emission(name, intensity, e.biogenic_co2)?;
        Ok(Step {
            formula: of_total.formula.replace("CO2e", "CO2"),
            result: of_total.result.replace("CO2e", "CO2"),
            rule: format!("{}; in no total", of_total.rule),
            ..of_total
        })
    }

    fn tonnes(&self) -> String {
        format!(
            "{} t",
            short_decimal_text(self.element.mass_g.into(), TONNE_SCALE)
        )
    }

    /// A distance made of the distance as found by an entry of the profile.
    fn adjustment(&self, name: &'static str, to: Basis, metres: i64) -> Result<Step> {
        let e = self.element;
        let entry = self.reference.adjustment(e.mode, e.distance_basis, to);
        let entry = entry
            .filter(|entry| adjusted(Metres(e.distance_m), *entry) == metres as i128)
            .ok_or_else(|| {
                Error::Internal(format!(
                    "{name} {metres} m is not what the profile makes of {} m",
                    e.distance_m
                ))
            })?;
        let (formula, exact, rounded) = match entry {
            Adjustment::Ratio(ratio) => {
                let exact = e.distance_m as i128 * ratio as i128;
                let exact = format!(
                    "{} km",
                    short_decimal_text(exact, DISTANCE_SCALE + SHARE_SCALE)
                );
                (
                    format!(
                        "{} x {}",
                        km(e.distance_m),
                        short_decimal_text(ratio.into(), SHARE_SCALE)
                    ),
                    exact,
                    true,
                )
            }
            Adjustment::AddMetres(metres) => {
                let sign = if metres < 0 { "-" } else { "+" };
                (
                    format!("{} {sign} {}", km(e.distance_m), km(metres.abs())),
                    String::new(),
                    false,
                )
            }
        };
        let rounding = if rounded {
            ", half to even to the metre"
        } else {
            ""
        };
        let rule = format!(
            "profile's distance adjustment from {} to {}{rounding}",
            e.distance_basis.code(),
            to.code()
        );
        Ok(Step {
            name,
            formula,
            exact,
            result: format!("{} {}", km(metres), to.code()),
            rule,
        })
    }

    /// One of the two roundings of an element: activity x intensity to whole micrograms.
    fn emission(&self, name: &'static str, intensity: i64, micrograms: i64) -> Result<Step> {
        let product = self.product(intensity)?;
        let unit = 10i128.pow(product.scale - GRAM_SCALE) * product.divisor;
        if div_half_even(product.numerator, unit) != micrograms as i128 {
            return Err(Error::Internal(format!(
                "{name}: {} does not round to {micrograms} micrograms",
                product.formula
            )));
        }
        let is_whole = product.numerator % product.divisor == 0;
        let exact = short_decimal_text(product.numerator / product.divisor, product.scale);
        Ok(Step {
            name,
            formula: format!(
                "{} x {} g CO2e/{}",
                product.formula,
                short_decimal_text(intensity.into(), NANO_SCALE),
                self.element.per.unit()
            ),
            exact: if is_whole {
                format!("{exact} g")
            } else {
                format!("{exact}... g")
            },
            result: format!("{} kg CO2e", decimal_text(micrograms.into(), NANO_SCALE)),
            rule: "half to even to the microgram".to_owned(),
        })
    }

    fn product(&self, intensity: i64) -> Result<Product> {
        let e = self.element;
        let wide = |amount: i64| amount as i128 * intensity as i128;
        let over_distance = |amount: i64, text: String| {
            let numerator = wide(amount)
                .checked_mul(e.emission_distance_m as i128)
                .ok_or_else(too_large)?;
            Ok(Product {
                formula: format!("{text} x {}", km(e.emission_distance_m)),
                numerator,
                scale: 18,
                divisor: 1,
            })
        };
        let plain = |amount: i64, text: String| {
            Ok(Product {
                formula: text,
                numerator: wide(amount),
                scale: 15,
                divisor: 1,
            })
        };
        let share = |amount: i64, unit: &str| {
            format!("{} {unit}", short_decimal_text(amount.into(), SHARE_SCALE))
        };
        match e.per {
            Per::Tkm => over_distance(e.mass_g, self.tonnes()),
            Per::TeuKm => over_distance(e.teu, share(e.teu, "TEU")),
            Per::T => plain(e.mass_g, self.tonnes()),
            Per::Teu => plain(e.teu, share(e.teu, "TEU")),
            Per::Container => plain(e.containers, share(e.containers, "container")),
            Per::Kg | Per::Litre | Per::KWh | Per::Mj => self.energy_product(intensity),
        }
    }

    fn energy_product(&self, intensity: i64) -> Result<Product> {
        let (quantity, unit, per) = (
            self.facts.energy_quantity,
            self.facts.energy_unit,
            self.element.per,
        );
        let (n, d) = conversion(unit, per)
            .ok_or_else(|| Error::Internal(format!("{} are not {}", unit.code(), per.unit())))?;
        let used = format!(
            "{} {}",
            short_decimal_text(quantity.into(), SHARE_SCALE),
            unit.code()
        );
        let formula = if n == d {
            used
        } else {
            format!("{used} x {n}/{d} {}/{}", per.unit(), unit.code())
        };
        let numerator = (quantity as i128 * intensity as i128)
            .checked_mul(n as i128)
            .ok_or_else(too_large)?;
        Ok(Product {
            formula,
            numerator,
            scale: 15,
            divisor: d as i128,
        })
    }
}

/// Grams of CO2e before rounding: `numerator / divisor` with `scale` decimals.
struct Product {
    formula: String,
    numerator: i128,
    scale: u32,
    divisor: i128,
}

fn too_large() -> Error {
    Error::Internal("a published product passes 128 bits".to_owned())
}

fn km(metres: i64) -> String {
    format!("{} km", short_decimal_text(metres.into(), DISTANCE_SCALE))
}

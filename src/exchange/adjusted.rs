//! Where the transport activity of an exchange document stands on another distance than the intensity beside it.
//!
//! An iLEAP figure is activity x intensity, on one basis. A published element may have its activity on one basis and its
//! intensity on another; then its emissions are on the adjusted distance, and the document says so in words: both bases, the
//! intensity as its source has it, and the adjustment.

use super::category::{Category, INTENSITY_SCALE, id_of};
use super::ileap::tce_id;
use crate::error::Result;
use crate::factors::profile::Adjustment;
use crate::model::mode::{Basis, Mode, Per};
use crate::model::unit::{DISTANCE_SCALE, SHARE_SCALE, decimal_text, short_decimal_text};
use crate::published::run::{Element, Published, Shipment};
use std::collections::BTreeMap;

/// The adjustment of an element in words; `None`: activity and intensity stand on the same distance.
pub fn adjustment(run: &Published, element: &Element) -> Result<Option<String>> {
    let factor = run.factor(&element.factor_id)?;
    let (activity, intensity) = (element.activity_basis, factor.distance_basis);
    let is_by_distance = matches!(element.per, Per::Tkm | Per::TeuKm) && element.mode != Mode::Hub;
    if !is_by_distance || activity == intensity || intensity == Basis::Absent {
        return Ok(None);
    }
    let total = element.intensity_operation + element.intensity_provision;
    Ok(Some(format!(
        "transport activity on {} distance ({}), source intensity {} kg CO2e/{} on {} distance ({})",
        activity.code(),
        made(run, element, activity),
        // Grams with 9 decimals are kilograms with 12, digit for digit.
        decimal_text(total, INTENSITY_SCALE),
        element.per.unit(),
        intensity.code(),
        made(run, element, intensity),
    )))
}

/// How the profile makes a distance of this basis of the distance as it was found.
fn made(run: &Published, element: &Element, to: Basis) -> String {
    let found = element.distance_basis;
    match run.reference.adjustment(element.mode, found, to) {
        Some(entry) if found != to => format!("{} distance {}", found.code(), words(entry)),
        _ => "as found".to_owned(),
    }
}

fn words(entry: Adjustment) -> String {
    match entry {
        Adjustment::Ratio(ratio) => {
            format!(
                "x distance adjustment factor {}",
                short_decimal_text(ratio.into(), SHARE_SCALE)
            )
        }
        Adjustment::AddMetres(metres) => {
            let km = short_decimal_text(i128::from(metres).abs(), DISTANCE_SCALE);
            format!("{} {km} km", if metres < 0 { "-" } else { "+" })
        }
    }
}

/// The sentence of a category; empty: nothing was adjusted.
pub fn of_category(category: &Category) -> String {
    let list: Vec<&str> = category.adjustments.iter().map(String::as_str).collect();
    match list.as_slice() {
        [] => String::new(),
        list => format!(" Distance adjustment: {}.", list.join(". Also: ")),
    }
}

/// The sentences of a shipment, one for each category and adjustment, with the elements that they are of.
pub fn of_shipment(run: &Published, shipment: &Shipment) -> Result<String> {
    let mut groups: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for element in &shipment.elements {
        if let Some(words) = adjustment(run, element)? {
            let category = id_of(element, run.factor(&element.factor_id)?);
            groups
                .entry((category, words))
                .or_default()
                .push(tce_id(element));
        }
    }
    let sentence = |((category, words), elements): (&(String, String), &Vec<String>)| {
        format!(
            " Distance adjustment of TCE {} (TOC {category}): {words}.",
            elements.join(", ")
        )
    };
    Ok(groups.iter().map(sentence).collect())
}

//! The question as words and decimals, part of the sheet of its answer.

use crate::model::money::PRICE_SCALE;
use crate::model::time::{date_text, day_of, instant_text};
use crate::model::unit::{MASS_SCALE, SHARE_SCALE, grouped};
use crate::present::comparison::figure::{days, decimal};
use crate::present::comparison::fill::Names;
use crate::routes::answer::Answer;
use crate::routes::request::Request;
use rust_decimal::Decimal;
use serde::Serialize;

/// The question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct RequestSheet {
    pub from: String,
    pub from_name: String,
    pub to: String,
    pub to_name: String,
    pub cargo_kg: Decimal,
    pub container: String,
    /// Boxes, among which the cargo is split evenly.
    pub boxes: u32,
    /// The part of one box; absent: all of it.
    pub box_share: Option<Decimal>,
    pub teu: Option<Decimal>,
    pub temperature: &'static str,
    /// Absent: open, and each option says when the cargo must be ready.
    pub depart: Option<String>,
    /// The last day on which it may arrive.
    pub arrive_by: Option<String>,
    pub via: Vec<String>,
    pub avoid: Vec<String>,
    pub modes: Vec<&'static str>,
    pub max_days: Option<Decimal>,
    pub objective: &'static str,
    pub options: usize,
    pub profile: String,
    pub carbon_price: Option<Decimal>,
    pub currency: Option<String>,
}

impl RequestSheet {
    /// What is shipped, for people: `20 000 kg in one 45G1`.
    pub fn load(&self) -> String {
        let (kg, container) = (grouped(&self.cargo_kg.to_string()), &self.container);
        match (&self.box_share, self.boxes) {
            (Some(share), _) => format!("{kg} kg in {share} of a {container}"),
            (None, 1) => format!("{kg} kg in one {container}"),
            (None, boxes) => format!("{kg} kg in {boxes} {container}"),
        }
    }

    /// When, for people: `ready 2025-10-01, there by 2025-10-31`.
    pub fn when(&self) -> String {
        let ready = self
            .depart
            .as_ref()
            .map(|at| format!("ready {}", &at[..10]));
        let there = self.arrive_by.as_ref().map(|day| format!("there by {day}"));
        ready
            .into_iter()
            .chain(there)
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// The texts of a question.
pub(crate) fn request_sheet(
    request: &Request,
    answer: &Answer,
    names: &Names,
    profile: &str,
) -> RequestSheet {
    let first = answer.options.first().map(|s| &s.option);
    let mass_g = first.map_or(i128::from(request.cargo.mass_g), |o| o.mass_g.into());
    let avoid = &request.avoid;
    let places = avoid
        .places
        .iter()
        .map(|p| p.to_string())
        .chain(avoid.countries.iter().map(|c| c.to_string()));
    let words = avoid
        .modes
        .iter()
        .map(|m| m.code())
        .chain(avoid.passages.codes())
        .map(str::to_owned);
    RequestSheet {
        from: request.origin.to_string(),
        from_name: names.place(request.origin),
        to: request.destination.to_string(),
        to_name: names.place(request.destination),
        cargo_kg: decimal(mass_g, MASS_SCALE).normalize(),
        container: request.cargo.container_type.clone(),
        boxes: request.cargo.boxes,
        box_share: (request.cargo.box_share > 0)
            .then(|| decimal(request.cargo.box_share.into(), SHARE_SCALE).normalize()),
        teu: first
            .and_then(|o| o.teu)
            .map(|teu| decimal(teu as i128, SHARE_SCALE).normalize()),
        temperature: request.cargo.temperature.code(),
        depart: (!request.is_ready_open).then(|| instant_text(request.depart)),
        arrive_by: request.arrive_by.map(|at| date_text(day_of(at))),
        via: request.via.iter().map(|p| p.to_string()).collect(),
        avoid: places.chain(words).collect(),
        modes: request.modes.iter().map(|m| m.code()).collect(),
        max_days: request.most_hours.map(days),
        objective: request.objective.code(),
        options: request.options,
        profile: profile.to_owned(),
        carbon_price: request
            .carbon_price
            .map(|p| decimal(p as i128, PRICE_SCALE).normalize()),
        currency: request.currency.map(|c| c.to_string()),
    }
}

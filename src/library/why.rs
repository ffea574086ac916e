//! Which factor applies to a movement, the candidates in order, and the rule that decided against each.

use crate::error::{Error, Result};
use crate::factors::{Candidate, EnergyQuery, FactorQuery, FactorSet, Section};
use crate::model::element::FactorIndex;
use crate::model::flag::Flags;
use crate::model::id::LocationCode;
use crate::model::mode::{EnergyUnit, Temperature};
use crate::model::time::{Day, date_text};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What is asked for a movement of an operation.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// Operation code.
    pub operation: &'a str,
    /// Carrier; empty: any.
    pub carrier: &'a str,
    /// Energy carrier; empty: the usual one of the operation.
    pub energy_carrier: &'a str,
    /// Origin.
    pub from: LocationCode,
    /// Destination; of a hub, the same.
    pub to: LocationCode,
    /// Temperature class.
    pub temperature: Temperature,
    /// Day of departure, UTC.
    pub on: Day,
}

/// What is asked for a movement that reports the energy it used.
#[derive(Clone, Debug)]
pub struct EnergyQuestion<'a> {
    /// Energy carrier.
    pub energy_carrier: &'a str,
    /// Unit of the energy.
    pub unit: EnergyUnit,
    /// Origin.
    pub from: LocationCode,
    /// Destination.
    pub to: LocationCode,
    /// Day of departure, UTC.
    pub on: Day,
}

/// A question with its answer.
pub struct Explained {
    /// The question in one line.
    pub heading: String,
    /// The question as it was understood, for JSON.
    pub question: Value,
    /// The factor that applies, or why none does.
    pub answer: std::result::Result<Chosen, String>,
    /// Every factor that was looked at, in order.
    pub candidates: Vec<Candidate>,
}

/// The factor that applies, as a run would use it.
pub struct Chosen {
    /// The factor.
    pub factor: FactorIndex,
    /// 10^-9 g per unit, after uplift.
    pub operation: i64,
    /// The same of provision.
    pub provision: i64,
    /// What is to be known of the choice.
    pub flags: Flags,
    /// Of reported energy: its unit, and how much of the factor's unit one of it is, as numerator and denominator.
    pub conversion: Option<(EnergyUnit, i64, i64)>,
}

/// What a movement of an operation asks.
pub fn ask(asked: &Question, set: &FactorSet) -> Result<Explained> {
    let code = asked.operation;
    let operation = set.operation(code).ok_or_else(|| {
        let codes: Vec<&str> = set.operations.iter().map(|o| &*o.code).collect();
        Error::Usage(format!(
            "--operation \"{code}\": expected one of {}",
            codes.join(", ")
        ))
    })?;
    let query = FactorQuery {
        operation,
        carrier: asked.carrier,
        energy_carrier: asked.energy_carrier,
        origin: asked.from,
        destination: asked.to,
        temperature: asked.temperature,
        day: asked.on,
    };
    let (day, temperature) = (date_text(query.day), query.temperature.code());
    let answer = set.select(&query).map(|c| Chosen {
        factor: c.factor,
        operation: c.intensity.operation,
        provision: c.intensity.provision,
        flags: c.flags,
        conversion: None,
    });
    Ok(Explained {
        heading: format!(
            "{code} {} to {} on {day}, {temperature}",
            query.origin, query.destination
        ),
        question: json!({
            "operation": code,
            "from": query.origin.to_string(),
            "to": query.destination.to_string(),
            "on": day,
            "carrier": query.carrier,
            "energy_carrier": query.energy_carrier,
            "temperature": temperature,
        }),
        answer: answer.map_err(|reason| reason.to_string()),
        candidates: set.candidates(&query),
    })
}

/// What a movement asks that reports the energy it used.
pub fn ask_energy(asked: &EnergyQuestion, set: &FactorSet) -> Result<Explained> {
    let energy_carrier = asked.energy_carrier;
    let query = EnergyQuery {
        energy_carrier,
        unit: asked.unit,
        origin: asked.from,
        destination: asked.to,
        day: asked.on,
    };
    let candidates = set.energy_candidates(&query);
    if candidates.is_empty() {
        let rows = set.factors.iter().filter(|f| f.section == Section::Energy);
        let known: Vec<&str> = rows
            .map(|f| &*f.energy_carrier)
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        return Err(Error::Usage(format!(
            "--energy-carrier \"{energy_carrier}\": expected one of {}",
            known.join(", ")
        )));
    }
    let (day, unit) = (date_text(query.day), query.unit.code());
    let answer = set.select_energy(&query).map(|c| Chosen {
        factor: c.factor,
        operation: c.intensity.operation,
        provision: c.intensity.provision,
        flags: c.flags,
        conversion: Some((query.unit, c.numerator, c.denominator)),
    });
    Ok(Explained {
        heading: format!(
            "{energy_carrier} reported in {unit}, {} to {} on {day}",
            query.origin, query.destination
        ),
        question: json!({
            "energy_carrier": energy_carrier,
            "energy_unit": unit,
            "from": query.origin.to_string(),
            "to": query.destination.to_string(),
            "on": day,
        }),
        answer: answer.ok_or_else(|| {
            format!("no energy row of {energy_carrier} in {unit} covers it on this date (R022)")
        }),
        candidates,
    })
}

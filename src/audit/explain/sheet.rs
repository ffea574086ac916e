//! The calculation sheet of a shipment as data: what is printed, written as JSON, or set on a page.
//!
//! Every figure is a decimal as text, exactly as published; no reader has to round or to parse a float.

use crate::published::rejected::RejectedRow;
use serde::Serialize;

/// One shipment, all its elements, and the sums.
#[derive(Clone, Debug, Serialize)]
pub struct Sheet {
    /// Run that published the shipment.
    pub run_id: String,
    /// Version of the program that made the run.
    pub version: String,
    /// Profile of the run.
    pub profile: String,
    /// Its method statement.
    pub method: String,
    /// Through bill of lading number.
    pub shipment_id: String,
    /// Published columns of the shipment, by name; absent values left out.
    pub shipment: Vec<Fact>,
    /// Elements in published order.
    pub elements: Vec<ElementSheet>,
    /// Sums of the elements, each equal to the published column of the shipment.
    pub sums: Vec<Fact>,
    /// Rows of the shipment that were rejected: what the total lacks.
    pub rejected: Vec<RejectedRow>,
}

/// A name and a value, and where the value is from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// What it is.
    pub name: &'static str,
    /// Value with its unit.
    pub value: String,
    /// How it was found; empty: it says itself.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub how: String,
}

impl Fact {
    pub(crate) fn new(
        name: &'static str,
        value: impl Into<String>,
        how: impl Into<String>,
    ) -> Fact {
        Fact {
            name,
            value: value.into(),
            how: how.into(),
        }
    }
}

/// One transport chain element.
#[derive(Clone, Debug, Serialize)]
pub struct ElementSheet {
    /// Container; empty: rows without one.
    pub container_id: String,
    /// Number in the container's chain, from 1.
    pub element: u32,
    /// `transport` or `hub`.
    pub kind: &'static str,
    /// Mode.
    pub mode: &'static str,
    /// Operation category code.
    pub operation: String,
    /// Origin, UN/LOCODE.
    pub origin: String,
    /// Destination, UN/LOCODE.
    pub destination: String,
    /// What the record says: ids, times, lineage.
    pub record: Vec<Fact>,
    /// Mass, TEU, temperature, energy: what goes into the calculation.
    pub inputs: Vec<Fact>,
    /// The factor and why it is this one.
    pub factor: FactorSheet,
    /// Distances, activity and emissions, each as the formula that made it.
    pub steps: Vec<Step>,
    /// Quality flags with their titles.
    pub flags: Vec<Flag>,
    /// Operation (tank-to-wheel), kg CO2e.
    pub ghg_operation_kg: String,
    /// Provision (well-to-tank), kg CO2e.
    pub ghg_provision_kg: String,
    /// Total, kg CO2e: operation + provision.
    pub ghg_total_kg: String,
    /// Biogenic CO2, kg, in no total; `None`: the factor does not state it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub biogenic_co2_kg: Option<String>,
}

/// One formula.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What it yields.
    pub name: &'static str,
    /// Numbers and units as they were multiplied.
    pub formula: String,
    /// The result before rounding, where it was rounded.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub exact: String,
    /// The published result with its unit.
    pub result: String,
    /// Rule behind it: rounding, adjustment.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub rule: String,
}

/// A quality flag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Flag {
    /// Code, e.g. `Q06`.
    pub code: String,
    /// What it says.
    pub title: &'static str,
}

/// The factor of an element.
#[derive(Clone, Debug, Serialize)]
pub struct FactorSheet {
    /// Factor id.
    pub id: String,
    /// Rows of the library behind it: one, or the activity row and the energy row of a composed factor.
    pub rows: Vec<LibraryRow>,
    /// Intensities as made from the rows: composition, uplift; empty when the row is used as it stands.
    pub made: Vec<Step>,
    /// Criteria in the order in which they decide, with the value of this factor.
    pub rank: Vec<Fact>,
    /// Factors that applied as well, best first, each with the rule that put it behind.
    pub outranked: Vec<Candidate>,
    /// Factors of the operation that did not apply, with the rule.
    pub excluded: Vec<Candidate>,
}

/// A row of the library with its provenance.
#[derive(Clone, Debug, Serialize)]
pub struct LibraryRow {
    /// Row id.
    pub id: String,
    /// Its figures.
    pub figures: Vec<Fact>,
    /// Source, edition, table, licence.
    pub provenance: Vec<Fact>,
}

/// A factor that was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// Factor id.
    pub id: String,
    /// The rule that decided.
    pub rule: &'static str,
}

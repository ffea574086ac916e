//! PACT product footprints, versions 2.3 and 3.0, as envelopes of iLEAP data.
//!
//! What iLEAP prescribes is followed to the letter (category 83117, declared units, schema addresses). The content of a
//! footprint is apart from its id, version and time, so that the ledger can tell whether it changed.

use super::category::{Category, Unit, intensity_text};
use super::export::Company;
use super::ileap::{
    self, CategoryData, DOCUMENTATION, EXTENSION_VERSION, SCHEMA_BASE, ShipmentFootprint,
};
use super::ledger::Identity;
use crate::error::{Error, Result};
use crate::escape::inert::urn_part;
use crate::factors::GwpSet;
use crate::model::mode::Mode;
use crate::model::time::{DAY_US, Instant, NO_END, civil, day, day_of, instant_text};
use crate::model::unit::{MASS_SCALE, NANO_SCALE, SHARE_SCALE, decimal_text};
use crate::published::run::{Published, Shipment};
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Which PACT data model a document follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pact {
    /// 2.3, the one that iLEAP extends.
    V2,
    /// 3.0.
    V3,
}

impl Pact {
    const fn spec_version(self) -> &'static str {
        match self {
            Pact::V2 => "2.3.0",
            Pact::V3 => "3.0.3",
        }
    }
}

/// CPC code that iLEAP prescribes for logistics services.
const LOGISTICS_CPC: &str = "83117";

/// A footprint without what the ledger gives it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Content {
    company_name: String,
    company_ids: Vec<String>,
    product_description: String,
    product_ids: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    product_category_cpc: Option<&'static str>,
    product_name_company: String,
    comment: String,
    pcf: CarbonFootprint,
    extensions: [Extension; 1],
}

/// A footprint document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProductFootprint<'c> {
    id: Uuid,
    spec_version: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    preceding_pf_ids: Vec<Uuid>,
    /// 3.0 has no number any more: the ids before this one tell the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u32>,
    created: String,
    status: &'static str,
    #[serde(flatten)]
    content: &'c Content,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum CarbonFootprint {
    V2(Box<CarbonFootprint2>),
    V3(Box<CarbonFootprint3>),
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CarbonFootprint2 {
    declared_unit: &'static str,
    unitary_product_amount: String,
    product_mass_per_declared_unit: String,
    #[serde(rename = "pCfExcludingBiogenic")]
    pcf_excluding_biogenic: String,
    fossil_ghg_emissions: String,
    fossil_carbon_content: &'static str,
    biogenic_carbon_content: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    aircraft_ghg_emissions: Option<String>,
    characterization_factors: &'static str,
    ipcc_characterization_factors_sources: BTreeSet<&'static str>,
    cross_sectoral_standards_used: [&'static str; 1],
    product_or_sector_specific_rules: [Rule; 1],
    boundary_processes_description: String,
    reference_period_start: String,
    reference_period_end: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    secondary_emission_factor_sources: Vec<Source>,
    exempted_emissions_percent: u8,
    exempted_emissions_description: String,
    packaging_emissions_included: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_data_share: Option<Box<RawValue>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CarbonFootprint3 {
    declared_unit_of_measurement: &'static str,
    declared_unit_amount: String,
    product_mass_per_declared_unit: String,
    reference_period_start: String,
    reference_period_end: String,
    boundary_processes_description: String,
    pcf_excluding_biogenic_uptake: String,
    pcf_including_biogenic_uptake: String,
    fossil_carbon_content: &'static str,
    fossil_ghg_emissions: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    aircraft_ghg_emissions: Option<String>,
    packaging_emissions_included: bool,
    ipcc_characterization_factors: BTreeSet<&'static str>,
    cross_sectoral_standards: [&'static str; 1],
    exempted_emissions_percent: &'static str,
    exempted_emissions_description: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    secondary_emission_factor_sources: Vec<Source>,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_data_share: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    operator: &'static str,
    rule_names: [String; 1],
    other_operator_name: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Source {
    name: String,
    version: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Extension {
    spec_version: &'static str,
    data_schema: String,
    documentation: &'static str,
    data: Data,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Data {
    Shipment(ShipmentFootprint),
    Category(CategoryData),
}

impl Content {
    /// The bytes that the ledger compares.
    pub(crate) fn bytes(&self) -> Result<Vec<u8>> {
        serde_json::to_vec(self).map_err(|e| Error::Internal(format!("cannot write JSON: {e}")))
    }

    /// The document under an identity.
    pub(crate) fn document(&self, pact: Pact, identity: Identity) -> ProductFootprint<'_> {
        ProductFootprint {
            id: identity.version.id,
            spec_version: pact.spec_version(),
            preceding_pf_ids: identity.preceding,
            version: (pact == Pact::V2).then_some(identity.version.version),
            created: identity.version.created,
            status: "Active",
            content: self,
        }
    }

    /// A shipment's footprint.
    pub(crate) fn shipment(
        pact: Pact,
        company: &Company,
        run: &Published,
        shipment: &Shipment,
    ) -> Result<Content> {
        let mut figures = Figures::of(run, shipment.elements.iter().map(|e| e.factor_id.as_str()))?;
        let mass = ileap::mass(shipment);
        // A shipment that only went through hubs has no tonne-kilometre to declare.
        (figures.unit, figures.amount) = match shipment.activity {
            0 => ("kilogram", decimal_text(mass, MASS_SCALE)),
            activity => ("ton kilometer", decimal_text(activity, NANO_SCALE)),
        };
        figures.mass = decimal_text(mass, MASS_SCALE);
        figures.total = decimal_text(shipment.ghg_total, NANO_SCALE);
        let air = shipment
            .elements
            .iter()
            .filter(|e| e.mode == Mode::Air)
            .map(|e| e.ghg_operation);
        figures.aircraft = air
            .reduce(|a, b| a + b)
            .map(|sum| decimal_text(sum, NANO_SCALE));
        // Millionths are percent with 4 decimals.
        figures.primary_percent = shipment
            .primary_share
            .map(|share| decimal_text(share, SHARE_SCALE - 2));
        let last = shipment
            .elements
            .iter()
            .map(|e| e.departed_at)
            .max()
            .unwrap_or(shipment.first_departed_at);
        figures.period = (
            shipment.first_departed_at,
            shipment.last_arrived_at.map_or(last, |at| at.max(last)),
        );
        let complete = match shipment.is_complete {
            true => "Complete.".to_owned(),
            false => format!(
                "Incomplete: a part of the chain is missing ({} rejected rows).",
                shipment.rejected_rows
            ),
        };
        let flags = if shipment.quality_flags.is_empty() {
            "none"
        } else {
            &shipment.quality_flags
        };
        let comment = format!("{complete} Quality flags: {flags}. {}", figures.gwp_comment);
        let named = Named {
            kind: "shipment",
            id: &shipment.id,
            title: format!("Shipment with ID {}", shipment.id),
            comment,
        };
        let data = Data::Shipment(ShipmentFootprint::new(run, shipment)?);
        Ok(named.content(pact, company, run, figures, "shipment-footprint", data))
    }

    /// A category's footprint: the emissions of one unit of its activity.
    pub(crate) fn category(
        pact: Pact,
        company: &Company,
        run: &Published,
        category: &Category,
        data: CategoryData,
    ) -> Result<Content> {
        let mut figures = Figures::of(run, [category.factor_id.as_str()])?;
        let (kind, word, schema) = match data {
            CategoryData::Toc(_) => ("toc", "TOC", "toc"),
            CategoryData::Hoc(_) => ("hoc", "HOC", "hoc"),
        };
        // iLEAP has these two units for categories, whatever the intensity is per.
        (figures.unit, figures.amount, figures.mass) = match &data {
            CategoryData::Toc(_) => ("ton kilometer", "1".to_owned(), "1".to_owned()),
            CategoryData::Hoc(_) => ("kilogram", "1000".to_owned(), "1000".to_owned()),
        };
        figures.total = intensity_text(category.intensity_total);
        figures.aircraft =
            (category.mode == Mode::Air).then(|| intensity_text(category.intensity_operation));
        figures.primary_percent = Some(if category.is_primary { "100" } else { "0" }.to_owned());
        figures.period = period(run, category)?;
        let per = match category.unit {
            Unit::Tkm => "t.km",
            Unit::TeuKm => "TEU.km, which the declared unit cannot say",
            Unit::Tonne => "t",
            Unit::Teu => "TEU, which the declared unit cannot say",
        };
        let comment = format!(
            "The intensity is per {per}{}. {}",
            category.distance, figures.gwp_comment
        );
        let named = Named {
            kind,
            id: &category.id,
            title: format!("{word} with ID {}", category.id),
            comment,
        };
        Ok(named.content(pact, company, run, figures, schema, Data::Category(data)))
    }
}

/// The validity of the factor; one without an end counts to the end of the year that used it last. An average over the run's
/// activity counts for the days that it was made from.
fn period(run: &Published, category: &Category) -> Result<(Instant, Instant)> {
    let start_of = |d: i32| i64::from(d) * DAY_US;
    if category.is_averaged {
        return Ok((
            start_of(day_of(category.first)),
            start_of(day_of(category.last) + 1),
        ));
    }
    let factor = run.factor(&category.factor_id)?;
    let next_year = day(civil(day_of(category.last)).0 + 1, 1, 1);
    let end = if factor.valid_to == NO_END {
        next_year.unwrap_or(day_of(category.last))
    } else {
        factor.valid_to
    };
    Ok((start_of(factor.valid_from), start_of(end)))
}

/// What both versions of the carbon footprint say.
#[derive(Default)]
struct Figures {
    unit: &'static str,
    amount: String,
    mass: String,
    total: String,
    aircraft: Option<String>,
    primary_percent: Option<String>,
    period: (Instant, Instant),
    gwp_sets: BTreeSet<GwpSet>,
    gwp_comment: String,
    sources: BTreeSet<Source>,
}

impl Figures {
    /// Sources and GWP sets of these factors.
    fn of<'f>(run: &Published, factors: impl IntoIterator<Item = &'f str>) -> Result<Figures> {
        let mut figures = Figures::default();
        for id in factors.into_iter().collect::<BTreeSet<_>>() {
            let factor = run.factor(id)?;
            let set = &run.reference.factors;
            let energy = factor
                .composed
                .as_ref()
                .map(|c| (c.energy_gwp_set, &set.factors[c.energy as usize]));
            for (gwp_set, row) in [Some((factor.gwp_set, factor)), energy]
                .into_iter()
                .flatten()
            {
                let source = set.source_of(row);
                figures.gwp_sets.insert(gwp_set);
                figures.sources.insert(Source {
                    name: source.title.to_string(),
                    version: source.edition.to_string(),
                });
            }
        }
        let sets: Vec<&str> = figures.gwp_sets.iter().map(|s| s.code()).collect();
        figures.gwp_comment = format!("GWP sets of the factors: {}.", sets.join(", "));
        Ok(figures)
    }

    /// IPCC reports behind the factors; where no factor states one, those that the profile asks for.
    fn reports(&self, run: &Published) -> BTreeSet<&'static str> {
        let named = |set: &&GwpSet| !set.is_weak();
        let mut reports: BTreeSet<&str> = self
            .gwp_sets
            .iter()
            .filter(named)
            .map(|s| s.code())
            .collect();
        if reports.is_empty() {
            reports = run
                .reference
                .profile
                .gwp_sets
                .iter()
                .filter(named)
                .map(|s| s.code())
                .collect();
        }
        if reports.is_empty() {
            BTreeSet::from([GwpSet::Ar6.code()])
        } else {
            reports
        }
    }
}

/// Names of a product.
struct Named<'n> {
    kind: &'static str,
    id: &'n str,
    title: String,
    comment: String,
}

impl Named<'_> {
    fn content(
        self,
        pact: Pact,
        company: &Company,
        run: &Published,
        figures: Figures,
        schema: &str,
        data: Data,
    ) -> Content {
        let product = format!(
            "urn:pathfinder:product:customcode:vendor-assigned:{}:{}",
            self.kind,
            urn_part(self.id)
        );
        Content {
            company_name: company.name.clone(),
            company_ids: vec![company.id.clone()],
            product_description: format!("Logistics emissions related to {}", self.title),
            product_ids: vec![product],
            product_category_cpc: (pact == Pact::V2).then_some(LOGISTICS_CPC),
            product_name_company: self.title,
            comment: self.comment,
            pcf: footprint(pact, run, figures),
            extensions: [Extension {
                spec_version: EXTENSION_VERSION,
                data_schema: format!("{SCHEMA_BASE}{schema}.json"),
                documentation: DOCUMENTATION,
                data,
            }],
        }
    }
}

fn footprint(pact: Pact, run: &Published, figures: Figures) -> CarbonFootprint {
    let statement = &run.reference.profile.statement;
    let reports = figures.reports(run);
    let exempted_emissions_description = statement.exclusions.join("; ");
    let (reference_period_start, reference_period_end) = (
        instant_text(figures.period.0),
        instant_text(figures.period.1),
    );
    let secondary_emission_factor_sources = figures.sources.into_iter().collect();
    match pact {
        Pact::V2 => CarbonFootprint::V2(Box::new(CarbonFootprint2 {
            declared_unit: figures.unit,
            unitary_product_amount: figures.amount,
            product_mass_per_declared_unit: figures.mass,
            pcf_excluding_biogenic: figures.total.clone(),
            fossil_ghg_emissions: figures.total,
            fossil_carbon_content: "0",
            biogenic_carbon_content: "0",
            aircraft_ghg_emissions: figures.aircraft,
            // The earliest report used; the list of this field has none before AR5.
            characterization_factors: if reports.iter().all(|r| *r == GwpSet::Ar6.code()) {
                "AR6"
            } else {
                "AR5"
            },
            ipcc_characterization_factors_sources: reports,
            // A closed list without ISO 14083, which stands among the rules below.
            cross_sectoral_standards_used: ["GHG Protocol Product standard"],
            product_or_sector_specific_rules: [Rule {
                operator: "Other",
                rule_names: [run.manifest.method.clone()],
                other_operator_name: "ISO",
            }],
            boundary_processes_description: statement.boundary.clone(),
            reference_period_start,
            reference_period_end,
            secondary_emission_factor_sources,
            exempted_emissions_percent: 0,
            exempted_emissions_description,
            packaging_emissions_included: false,
            primary_data_share: figures
                .primary_percent
                .and_then(|text| RawValue::from_string(text).ok()),
        })),
        Pact::V3 => CarbonFootprint::V3(Box::new(CarbonFootprint3 {
            declared_unit_of_measurement: figures.unit,
            declared_unit_amount: figures.amount,
            // Of a service, PACT wants 0 here; the mass stands in the extension.
            product_mass_per_declared_unit: if figures.unit == "kilogram" {
                figures.mass
            } else {
                "0".to_owned()
            },
            reference_period_start,
            reference_period_end,
            boundary_processes_description: statement.boundary.clone(),
            pcf_excluding_biogenic_uptake: figures.total.clone(),
            pcf_including_biogenic_uptake: figures.total.clone(),
            fossil_carbon_content: "0",
            fossil_ghg_emissions: figures.total,
            aircraft_ghg_emissions: figures.aircraft,
            packaging_emissions_included: false,
            ipcc_characterization_factors: reports,
            cross_sectoral_standards: ["ISO14083"],
            exempted_emissions_percent: "0",
            exempted_emissions_description,
            secondary_emission_factor_sources,
            primary_data_share: figures.primary_percent,
        })),
    }
}

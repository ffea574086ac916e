//! PACT product footprints, versions 2.3 and 3.0, as envelopes of iLEAP data.
//!
//! What iLEAP prescribes is followed to the letter (category 83117, declared units, schema addresses). The content of a
//! footprint is apart from its id, version and time, so that the ledger can tell whether it changed.

use super::category::{Category, Met, Source, Sources, Unit, intensity_text};
use super::elements::{self, Spelling};
use super::ileap::{CategoryData, DOCUMENTATION, EXTENSION_VERSION, SCHEMA_BASE};
use super::json;
use super::ledger::Identity;
use super::order::Company;
use crate::error::Result;
use crate::escape::inert::urn_part;
use crate::factors::{GwpSet, Region, RegionName, country, is_country};
use crate::model::mode::Mode;
use crate::model::time::{DAY_US, Instant, NO_END, civil, day, day_of, instant_text, months_after};
use crate::model::unit::{MASS_SCALE, NANO_SCALE, SHARE_SCALE, counted, decimal_text};
use crate::published::run::{Element, Head, Published};
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

/// The same as PACT 3 has it.
const LOGISTICS_CLASS: &str = "urn:pact:productclassification:un-cpc:83117";
/// Months after its reference period in which a footprint is valid, as PACT has it where none is stated.
const VALID_MONTHS: u32 = 36;

/// A footprint without what the ledger gives it and without the data of the extension.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Content<'c> {
    #[serde(skip_serializing_if = "Option::is_none")]
    validity_period_start: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    validity_period_end: Option<String>,
    company_name: &'c str,
    company_ids: [&'c str; 1],
    product_description: String,
    product_ids: [String; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    product_classifications: Option<[&'static str; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    product_category_cpc: Option<&'static str>,
    product_name_company: &'c str,
    comment: &'c str,
    pcf: CarbonFootprint<'c>,
}

/// What a document begins with, and the ledger says.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Opening<'i> {
    id: Uuid,
    spec_version: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    preceding_pf_ids: Vec<Uuid>,
    /// 3.0 has no number any more: the ids before this one tell the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u32>,
    created: &'i str,
    status: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum CarbonFootprint<'c> {
    V2(Box<CarbonFootprint2<'c>>),
    V3(Box<CarbonFootprint3<'c>>),
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CarbonFootprint2<'c> {
    declared_unit: &'static str,
    unitary_product_amount: String,
    product_mass_per_declared_unit: String,
    #[serde(rename = "pCfExcludingBiogenic")]
    pcf_excluding_biogenic: &'c str,
    fossil_ghg_emissions: &'c str,
    fossil_carbon_content: &'static str,
    biogenic_carbon_content: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    aircraft_ghg_emissions: Option<String>,
    characterization_factors: &'static str,
    ipcc_characterization_factors_sources: BTreeSet<&'static str>,
    cross_sectoral_standards_used: [&'static str; 1],
    cross_sectoral_standards: [&'static str; 1],
    product_or_sector_specific_rules: [Rule<'c>; 1],
    boundary_processes_description: &'c str,
    reference_period_start: String,
    reference_period_end: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    geography_country: Option<&'c str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    geography_country_subdivision: Option<&'c str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    secondary_emission_factor_sources: Vec<Source<'c>>,
    exempted_emissions_percent: u8,
    exempted_emissions_description: &'c str,
    packaging_emissions_included: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_data_share: Option<Box<RawValue>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CarbonFootprint3<'c> {
    declared_unit_of_measurement: &'static str,
    declared_unit_amount: String,
    product_mass_per_declared_unit: String,
    reference_period_start: String,
    reference_period_end: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    geography_country: Option<&'c str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    geography_country_subdivision: Option<&'c str>,
    boundary_processes_description: &'c str,
    pcf_excluding_biogenic_uptake: &'c str,
    pcf_including_biogenic_uptake: &'c str,
    fossil_carbon_content: &'static str,
    fossil_ghg_emissions: &'c str,
    #[serde(skip_serializing_if = "Option::is_none")]
    aircraft_ghg_emissions: Option<String>,
    packaging_emissions_included: bool,
    ipcc_characterization_factors: BTreeSet<&'static str>,
    cross_sectoral_standards: [&'static str; 1],
    exempted_emissions_percent: &'static str,
    exempted_emissions_description: &'c str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    secondary_emission_factor_sources: Vec<Source<'c>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_data_share: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule<'c> {
    operator: &'static str,
    rule_names: [&'c str; 1],
    other_operator_name: &'static str,
}

/// Makes the documents of a run.
pub(crate) struct Maker<'e> {
    pact: Pact,
    company: &'e Company,
    run: &'e Published,
    sources: &'e Sources<'e>,
    exclusions: String,
}

/// What a document says of the figures behind it.
struct Figures<'c> {
    unit: &'static str,
    amount: String,
    mass: String,
    total: String,
    aircraft: Option<String>,
    primary_percent: Option<String>,
    period: (Instant, Instant),
    /// GWP sets behind the emissions.
    gwp_sets: Vec<GwpSet>,
    sources: Vec<Source<'c>>,
    country: Option<String>,
    subdivision: Option<String>,
}

/// Names of a product.
struct Named<'n> {
    kind: &'static str,
    id: &'n str,
    title: String,
    comment: String,
}

impl<'e> Maker<'e> {
    /// For documents of this company and version.
    pub(crate) fn new(
        pact: Pact,
        company: &'e Company,
        run: &'e Published,
        sources: &'e Sources<'e>,
    ) -> Maker<'e> {
        Maker {
            pact,
            company,
            run,
            sources,
            exclusions: run.reference.profile.statement.exclusions.join("; "),
        }
    }

    /// What stands before the content in a document.
    pub(crate) fn opening(&self, out: &mut Vec<u8>, identity: &Identity) {
        let opening = Opening {
            id: identity.version.id,
            spec_version: self.pact.spec_version(),
            preceding_pf_ids: identity.former.iter().map(|v| v.id).collect(),
            version: (self.pact == Pact::V2).then_some(identity.version.version),
            created: &identity.version.created,
            status: "Active",
        };
        json::value(out, &opening);
        // The content goes on with its own properties.
        out.pop();
        out.push(b',');
    }

    /// A shipment's footprint without its opening: a content that ends the document. `places` are those of its elements'
    /// categories in `met`.
    pub(crate) fn shipment(
        &self,
        out: &mut Vec<u8>,
        spelling: &mut Spelling,
        head: &Head,
        elements: &[Element],
        met: &Met,
        places: &[usize],
    ) -> Result<()> {
        let figures = self.of_shipment(head, elements, met, places);
        let complete = match head.is_complete {
            true => "Complete.".to_owned(),
            false => format!(
                "Incomplete: a part of the chain is missing ({}).",
                counted(head.rejected_rows, "rejected row")
            ),
        };
        let flags = match head.quality_flags {
            "" => "none",
            flags => flags,
        };
        let known = places.iter().map(|place| met.known(*place).gwp_set);
        let by_set = by_gwp_set(known.zip(elements.iter().map(|e| e.ghg_total)));
        let named = Named {
            kind: "shipment",
            id: head.id,
            title: format!("Shipment with ID {}", head.id),
            comment: format!(
                "{complete} Quality flags: {flags}. kg CO2e by GWP set of the factors: {}.",
                gwp_text(&by_set)
            ),
        };
        self.content(out, named, figures, "shipment-footprint");
        spelling.shipment(out, head, elements, met, places)?;
        out.extend_from_slice(END);
        Ok(())
    }

    fn of_shipment(
        &self,
        head: &Head,
        elements: &[Element],
        met: &Met,
        places: &[usize],
    ) -> Figures<'e> {
        let mass = decimal_text(elements::mass(head, elements), MASS_SCALE);
        // A shipment that only went through hubs has no tonne-kilometre to declare.
        let (unit, amount) = match head.activity {
            0 => ("kilogram", mass.clone()),
            activity => ("ton kilometer", decimal_text(activity, NANO_SCALE)),
        };
        let air = elements.iter().filter(|e| e.mode == Mode::Air);
        let aircraft = air.map(|e| e.ghg_operation).reduce(|a, b| a + b);
        let departures = elements.iter().map(|e| e.departed_at);
        let last = departures.max().unwrap_or(head.first_departed_at);
        let of_known = |place: &usize| met.known(*place);
        let ends = || elements.iter().flat_map(|e| [e.origin, e.destination]);
        let first = ends().next().map(|place| place.country());
        let country = first.filter(|country| ends().all(|place| place.country() == *country));
        Figures {
            unit,
            amount,
            mass,
            total: decimal_text(head.ghg_total, NANO_SCALE),
            aircraft: aircraft.map(|sum| decimal_text(sum, NANO_SCALE)),
            // Millionths are percent with 4 decimals.
            primary_percent: head
                .primary_share
                .map(|share| decimal_text(share, SHARE_SCALE - 2)),
            period: (
                head.first_departed_at,
                head.last_arrived_at.map_or(last, |at| at.max(last)),
            ),
            gwp_sets: places.iter().map(|place| of_known(place).gwp_set).collect(),
            sources: self.sources.at(places
                .iter()
                .flat_map(|place| &of_known(place).sources)
                .copied()
                .collect()),
            country: country.filter(|c| is_country(*c)).map(|c| c.to_string()),
            subdivision: None,
        }
    }

    /// A category's footprint without its opening: the emissions of one unit of its activity.
    pub(crate) fn category(
        &self,
        out: &mut Vec<u8>,
        category: &Category,
        data: &CategoryData,
    ) -> Result<()> {
        let factor = self.run.factor(&category.factor_id)?;
        let (kind, word) = match data {
            CategoryData::Toc(_) => ("toc", "TOC"),
            CategoryData::Hoc(_) => ("hoc", "HOC"),
        };
        // iLEAP has these two units for categories, whatever the intensity is per.
        let (unit, amount) = match data {
            CategoryData::Toc(_) => ("ton kilometer", "1"),
            CategoryData::Hoc(_) => ("kilogram", "1000"),
        };
        let is_air = category.mode == Mode::Air;
        let (country, subdivision) = geography(self.run, &factor.region);
        let figures = Figures {
            unit,
            amount: amount.to_owned(),
            mass: amount.to_owned(),
            total: intensity_text(category.intensity_total),
            aircraft: is_air.then(|| intensity_text(category.intensity_operation)),
            primary_percent: Some(if category.is_primary { "100" } else { "0" }.to_owned()),
            period: period(self.run, category)?,
            gwp_sets: vec![factor.emissions_gwp_set()],
            sources: self.sources.list_of(factor),
            country,
            subdivision,
        };
        let per = match category.unit {
            Unit::Tkm => "t.km",
            Unit::TeuKm => "TEU.km, which the declared unit cannot say",
            Unit::Tonne => "t",
            Unit::Teu => "TEU, which the declared unit cannot say",
        };
        let named = Named {
            kind,
            id: &category.id,
            title: format!("{word} with ID {}", category.id),
            comment: format!(
                "The intensity is per {per}{}. GWP set of the factor: {}.",
                category.distance,
                gwp_word(factor.emissions_gwp_set())
            ),
        };
        self.content(out, named, figures, kind);
        json::value(out, data);
        out.extend_from_slice(END);
        Ok(())
    }

    /// All of a document between its opening and the data of its extension.
    fn content(&self, out: &mut Vec<u8>, named: Named, figures: Figures, schema: &str) {
        let product = format!(
            "urn:pathfinder:product:customcode:vendor-assigned:{}:{}",
            named.kind,
            urn_part(named.id)
        );
        let is_3 = self.pact == Pact::V3;
        let end = figures.end();
        let valid = validity_end(end).filter(|_| is_3);
        let content = Content {
            validity_period_start: valid.map(|_| instant_text(end)),
            validity_period_end: valid.map(instant_text),
            company_name: &self.company.name,
            company_ids: [&self.company.id],
            product_description: format!("Logistics emissions related to {}", named.title),
            product_ids: [product],
            product_classifications: is_3.then_some([LOGISTICS_CLASS]),
            product_category_cpc: (!is_3).then_some(LOGISTICS_CPC),
            product_name_company: &named.title,
            comment: &named.comment,
            pcf: self.footprint(&figures),
        };
        json::value(out, &content);
        out.pop();
        let extension = format!(
            ",\"extensions\":[{{\"specVersion\":\"{EXTENSION_VERSION}\",\"dataSchema\":\"{SCHEMA_BASE}{schema}.json\",\"documentation\":\"{DOCUMENTATION}\",\"data\":"
        );
        out.extend_from_slice(extension.as_bytes());
    }
}

/// What closes the data, the extension, the list of extensions and the document.
const END: &[u8] = b"}]}";

/// The end of the validity of a footprint, by the end of its reference period.
fn validity_end(end: Instant) -> Option<Instant> {
    let day = months_after(day_of(end), VALID_MONTHS);
    (day != NO_END).then(|| i64::from(day) * DAY_US + end.rem_euclid(DAY_US))
}

/// Country or subdivision that a region is; neither, if it is wider or another.
fn geography(run: &Published, region: &str) -> (Option<String>, Option<String>) {
    let zones = &run.reference.zones;
    let resolved = RegionName::parse(region).and_then(|name| Region::resolve(&name, zones).ok());
    if resolved.is_none_or(|region| region.is_wide()) {
        return (None, None);
    }
    let named = Some(region.to_owned());
    let is_part = |part: &str| {
        (1..=3).contains(&part.len())
            && part
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    match region.split_once('-') {
        None if country(region).is_some() => (named, None),
        Some((of, part)) if country(of).is_some() && is_part(part) => (None, named),
        _ => (None, None),
    }
}

/// The GWP set in words.
fn gwp_word(set: GwpSet) -> &'static str {
    match set {
        GwpSet::Co2 => "CO2 only",
        GwpSet::Unstated => "not stated",
        named => named.code(),
    }
}

/// kg with 9 decimals by GWP set, in the order of [`GwpSet::ALL`].
pub(crate) type ByGwpSet = [Option<i128>; GwpSet::ALL.len()];

/// Emissions by GWP set.
fn by_gwp_set(emissions: impl Iterator<Item = (GwpSet, i128)>) -> ByGwpSet {
    let mut sums = ByGwpSet::default();
    for (set, kg) in emissions {
        *sums[set as usize].get_or_insert(0) += kg;
    }
    sums
}

fn gwp_text(sums: &ByGwpSet) -> String {
    let parts = GwpSet::ALL.iter().zip(sums).filter_map(|(set, kg)| {
        kg.map(|kg| format!("{} {}", gwp_word(*set), decimal_text(kg, NANO_SCALE)))
    });
    parts.collect::<Vec<_>>().join(", ")
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
    // A factor may have stood in before it became valid.
    let last = day_of(category.last).max(factor.valid_from);
    let end = if factor.valid_to == NO_END {
        day(civil(last).0 + 1, 1, 1).unwrap_or(last + 1)
    } else {
        factor.valid_to
    };
    Ok((start_of(factor.valid_from), start_of(end)))
}

impl Maker<'_> {
    fn footprint<'c>(&'c self, figures: &'c Figures<'c>) -> CarbonFootprint<'c> {
        let run = self.run;
        let statement = &run.reference.profile.statement;
        let reports = figures.reports(run);
        let exempted_emissions_description = self.exclusions.as_str();
        let (geography_country, geography_country_subdivision) =
            (figures.country.as_deref(), figures.subdivision.as_deref());
        let (reference_period_start, reference_period_end) =
            (instant_text(figures.period.0), instant_text(figures.end()));
        let secondary_emission_factor_sources = figures.sources.clone();
        match self.pact {
            Pact::V2 => CarbonFootprint::V2(Box::new(CarbonFootprint2 {
                declared_unit: figures.unit,
                unitary_product_amount: figures.amount.clone(),
                product_mass_per_declared_unit: figures.mass.clone(),
                pcf_excluding_biogenic: &figures.total,
                fossil_ghg_emissions: &figures.total,
                fossil_carbon_content: "0",
                biogenic_carbon_content: "0",
                aircraft_ghg_emissions: figures.aircraft.clone(),
                // The earliest report used; the list of this field has none before AR5.
                characterization_factors: if reports.iter().all(|r| *r == GwpSet::Ar6.code()) {
                    "AR6"
                } else {
                    "AR5"
                },
                ipcc_characterization_factors_sources: reports,
                // A closed list without ISO 14083, which stands in the list that supersedes it.
                cross_sectoral_standards_used: ["GHG Protocol Product standard"],
                cross_sectoral_standards: ["ISO14083"],
                product_or_sector_specific_rules: [Rule {
                    operator: "Other",
                    rule_names: [&run.manifest.method],
                    other_operator_name: "ISO",
                }],
                boundary_processes_description: &statement.boundary,
                reference_period_start,
                reference_period_end,
                geography_country,
                geography_country_subdivision,
                secondary_emission_factor_sources,
                exempted_emissions_percent: 0,
                exempted_emissions_description,
                packaging_emissions_included: false,
                primary_data_share: figures
                    .primary_percent
                    .clone()
                    .and_then(|text| RawValue::from_string(text).ok()),
            })),
            Pact::V3 => CarbonFootprint::V3(Box::new(CarbonFootprint3 {
                declared_unit_of_measurement: figures.unit,
                declared_unit_amount: figures.amount.clone(),
                // Of a service, PACT wants 0 here; the mass stands in the extension.
                product_mass_per_declared_unit: if figures.unit == "kilogram" {
                    figures.mass.clone()
                } else {
                    "0".to_owned()
                },
                reference_period_start,
                reference_period_end,
                geography_country,
                geography_country_subdivision,
                boundary_processes_description: &statement.boundary,
                pcf_excluding_biogenic_uptake: &figures.total,
                pcf_including_biogenic_uptake: &figures.total,
                fossil_carbon_content: "0",
                fossil_ghg_emissions: &figures.total,
                aircraft_ghg_emissions: figures.aircraft.clone(),
                packaging_emissions_included: false,
                ipcc_characterization_factors: reports,
                cross_sectoral_standards: ["ISO14083"],
                exempted_emissions_percent: "0",
                exempted_emissions_description,
                secondary_emission_factor_sources,
                primary_data_share: figures.primary_percent.clone(),
            })),
        }
    }
}

impl Figures<'_> {
    /// End of the reference period, which is no part of it: of a single moment, a day later.
    fn end(&self) -> Instant {
        let (start, end) = self.period;
        if end > start { end } else { start + DAY_US }
    }

    /// IPCC reports behind the factors. Carbon dioxide alone is the same by each; where no factor states one, it is the one that
    /// the profile lists first: the format wants one, and the comment says that it was not stated.
    fn reports(&self, run: &Published) -> BTreeSet<&'static str> {
        let named = |set: &&GwpSet| !set.is_weak();
        let of_factors = self.gwp_sets.iter().filter(named).map(|set| set.code());
        let reports: BTreeSet<&str> = of_factors.collect();
        if !reports.is_empty() {
            return reports;
        }
        let first = run.reference.profile.gwp_sets.iter().find(named);
        BTreeSet::from([first.unwrap_or(&GwpSet::Ar6).code()])
    }
}

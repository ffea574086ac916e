//! The declaration of a run: what ISO 14083 and the GLEC Framework want stated beside a result, as one page and as JSON.
//!
//! It is prepared for a declaration. Whether one conforms is for whoever answers for it, and no word here says so.

mod page;

use crate::error::{Error, Result};
use crate::model::element::GhgTotals;
use crate::model::flag::Flags;
use crate::model::mode::{DataCategory, Mode};
use crate::model::time::{Instant, instant_text};
use crate::output::shipments::{ShipmentsTable, shipment};
use crate::present::form::{Report, still_page};
use crate::present::report::figures::{intensity, largest_first, nano, percent};
use crate::present::report::{Asked, Subject};
use crate::published::batches::Rows;
use crate::published::row::row;
use crate::published::sums::{Counted, Group, Shown, by};
use crate::store::manifest::{InputShipments, Manifest};
use crate::store::signal::Interrupt;
use serde::Serialize;
use serde_json::Value;

/// What stands in front of every figure.
const PREPARED: &str = "Prepared for a declaration by ISO 14083:2023 (clause 13) and the GLEC Framework, from the published run named here. \
                        It has not been verified, and it does not say that a declaration made of it conforms to either.";

/// A declaration; figures are the published decimals, as text.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Declaration {
    /// What this is.
    pub document: &'static str,
    /// Version of this form.
    pub form: u32,
    /// What it is for.
    pub prepared_for: &'static str,
    /// Whose it is.
    pub company: Company,
    /// The run that it is made of.
    pub origin: Origin,
    /// What was computed and how.
    pub method: Method,
    /// First departure and last arrival, UTC.
    pub period: Period,
    /// Input and result in numbers.
    pub scope: Scope,
    /// All of it.
    pub totals: Amounts,
    /// By transport mode; hub operations are one of them.
    pub by_mode: Vec<Line>,
    /// By basis of the distance of the transport activity; `none` are hubs.
    pub by_distance_basis: Vec<Line>,
    /// Primary, modelled and default data.
    pub by_data_category: Vec<Line>,
    /// By the set of global warming potentials behind the emissions.
    pub by_gwp_set: Vec<Line>,
    /// By source of emission factors.
    pub by_source: Vec<SourceLine>,
    /// What the run warned of.
    pub warnings: Vec<String>,
}

/// A declaration as it is written down.
pub struct Declared {
    /// The run that it is made of.
    pub run_id: String,
    /// As JSON, by `docs/declaration.schema.json`.
    pub json: Vec<u8>,
    /// As a page.
    pub html: Vec<u8>,
}

/// The declaration of a published run in both forms.
pub(crate) fn declared(
    subject: &Subject,
    company: Company,
    interrupt: &Interrupt,
) -> Result<Declared> {
    let (told, page) = declaration(subject, company, interrupt)?;
    Ok(Declared {
        run_id: subject.manifest.run_id.clone(),
        json: told.to_json()?,
        html: still_page(&page).into_bytes(),
    })
}

/// Whose declaration it is.
#[derive(Clone, Debug, Serialize)]
pub struct Company {
    /// Name; none: not stated.
    pub name: Option<String>,
    /// URN; none: not stated.
    pub id: Option<String>,
}

/// Where the figures come from.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs)]
pub(crate) struct Origin {
    pub run_id: String,
    pub program: String,
    pub program_version: String,
    pub method_revision: u32,
    pub library_digest: String,
    /// Which shipments of the run; none: all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slice: Option<String>,
}

/// The statement of the profile.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs)]
pub(crate) struct Method {
    pub standard: String,
    pub profile: String,
    pub boundary: String,
    pub exclusions: Vec<String>,
    pub allocation: String,
    pub cut_off: String,
    pub rounding: &'static str,
}

/// A period of time.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs)]
pub(crate) struct Period {
    pub first_departure: Option<String>,
    pub last_arrival: Option<String>,
}

/// Numbers of what came in and what came out.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs)]
pub(crate) struct Scope {
    pub rows_in: u64,
    pub rows_accepted: u64,
    pub rows_rejected: u64,
    pub elements: u64,
    pub shipments: u64,
    pub shipments_complete: i128,
    pub shipments_in_input: Option<InputShipments>,
    pub transport_modes: Vec<&'static str>,
}

/// Activity and emissions.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs)]
pub(crate) struct Amounts {
    pub elements: i128,
    pub transport_activity_tkm: String,
    /// Operation: tank to wheel.
    pub ghg_operation_kg: String,
    /// Energy provision: well to tank.
    pub ghg_provision_kg: String,
    /// Well to wheel.
    pub ghg_total_kg: String,
    /// Of all emissions.
    pub share_percent: Option<String>,
    pub intensity_g_per_tkm: Option<String>,
}

/// The part of one name.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs)]
pub(crate) struct Line {
    pub name: String,
    #[serde(flatten)]
    pub amounts: Amounts,
}

/// The part of a source.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs)]
pub(crate) struct SourceLine {
    pub source: String,
    pub edition: String,
    pub title: String,
    pub publisher: String,
    pub licence: String,
    #[serde(flatten)]
    pub amounts: Amounts,
}

row! {
    struct Times of shipment {
        first_departed_at: Instant,
        last_arrived_at: Option<Instant>,
    }
}

/// The declaration of a run as data and as a page.
///
/// Errors: exit 7 when the files do not add up to the manifest.
pub(crate) fn declaration(
    subject: &Subject,
    company: Company,
    interrupt: &Interrupt,
) -> Result<(Declaration, Report)> {
    // No shipment is shown.
    let shown = Shown {
        searchable: 1,
        largest: 1,
        drawn: 1,
        seed: 0,
    };
    let run = subject.sums(shown, interrupt)?;
    let asked = subject.asked(&run, shown)?;
    let mut times: Option<(Instant, Option<Instant>)> = None;
    for row in Rows::<ShipmentsTable, Times>::of_run(subject.dir, subject.manifest) {
        let row = row?;
        let (first, last) = times.unwrap_or((row.first_departed_at, None));
        times = Some((
            first.min(row.first_departed_at),
            last.max(row.last_arrived_at),
        ));
    }
    let groups = Groups::new(&asked)?;
    let declaration = groups.declaration(&asked, company, times)?;
    let page = groups.page(&asked, &declaration)?;
    Ok((declaration, page))
}

/// The sums of the elements and factors of a run, by what a declaration tells apart.
struct Groups {
    modes: Vec<Group<&'static str>>,
    bases: Vec<Group<&'static str>>,
    categories: Vec<Group<&'static str>>,
    gwp_sets: Vec<Group<String>>,
    sources: Vec<Group<[String; 5]>>,
}

const OUTSIDE: &str = "primary, outside its reference period";

impl Groups {
    fn new(asked: &Asked) -> Result<Groups> {
        let run = asked.run;
        let category = |category: DataCategory, flags: Flags| {
            // A carrier's figure for another time is not measured for this one.
            match category {
                DataCategory::Primary if flags.has(Flags::OUTSIDE_REFERENCE_PERIOD) => OUTSIDE,
                other => other.code(),
            }
        };
        let basis = |code: &'static str| if code.is_empty() { "none" } else { code };
        let mut gwp_sets = by(&run.factors, |f| f.emissions_gwp_set().to_owned())?;
        let mut sources = by(&run.factors, |f| {
            [
                &f.source,
                &f.edition,
                &f.source_title,
                &f.source_publisher,
                &f.licence,
            ]
            .map(String::clone)
        })?;
        largest_first(&mut gwp_sets);
        largest_first(&mut sources);
        Ok(Groups {
            modes: by(&run.elements, |e| e.key.mode.code())?,
            bases: by(&run.elements, |e| basis(e.key.activity_basis.code()))?,
            categories: by(&run.elements, |e| {
                category(e.key.data_category, e.key.flags)
            })?,
            gwp_sets,
            sources,
        })
    }

    fn declaration(
        &self,
        asked: &Asked,
        company: Company,
        times: Option<(Instant, Option<Instant>)>,
    ) -> Result<Declaration> {
        let (m, whole) = (asked.manifest, &asked.whole);
        let complete = by(&asked.run.shipments, |s| s.key.is_complete)?;
        let complete = complete.iter().find(|g| g.key).map_or(0, |g| g.sums.count);
        let is_transport = |group: &&Group<&'static str>| group.key != Mode::Hub.code();
        Ok(Declaration {
            document: "green-corridor declaration",
            form: 1,
            prepared_for: PREPARED,
            company,
            origin: Origin {
                run_id: m.run_id.clone(),
                program: m.package.clone(),
                program_version: m.version.clone(),
                method_revision: m.method_revision,
                library_digest: m.library_digest.clone(),
                slice: asked.slice.map(str::to_owned),
            },
            method: method(m),
            period: Period {
                first_departure: times.map(|(first, _)| instant_text(first)),
                last_arrival: times.and_then(|(_, last)| last).map(instant_text),
            },
            scope: Scope {
                rows_in: m.counts.rows_in,
                rows_accepted: m.counts.accepted,
                rows_rejected: m.counts.rejected,
                elements: m.counts.elements,
                shipments: m.counts.shipments,
                shipments_complete: complete,
                shipments_in_input: m.counts.in_input,
                transport_modes: self
                    .modes
                    .iter()
                    .filter(is_transport)
                    .map(|g| g.key)
                    .collect(),
            },
            totals: amounts(
                &Counted {
                    count: m.counts.elements.into(),
                    totals: *whole,
                },
                whole,
            ),
            by_mode: lines(&self.modes, whole),
            by_distance_basis: lines(&self.bases, whole),
            by_data_category: lines(&self.categories, whole),
            by_gwp_set: lines(&self.gwp_sets, whole),
            by_source: self
                .sources
                .iter()
                .map(|Group { key, sums }| {
                    let [source, edition, title, publisher, licence] = key.clone();
                    SourceLine {
                        source,
                        edition,
                        title,
                        publisher,
                        licence,
                        amounts: amounts(sums, whole),
                    }
                })
                .collect(),
            warnings: m.warnings.clone(),
        })
    }
}

fn amounts(sums: &Counted, whole: &GhgTotals) -> Amounts {
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    Amounts {
        elements: sums.count,
        transport_activity_tkm: nano(sums.totals.activity),
        ghg_operation_kg: nano(sums.totals.operation),
        ghg_provision_kg: nano(sums.totals.provision),
        ghg_total_kg: nano(sums.totals.total()),
        share_percent: some(percent(sums.totals.total(), whole.total())),
        intensity_g_per_tkm: some(intensity(&sums.totals)),
    }
}

fn lines<K: ToString>(groups: &[Group<K>], whole: &GhgTotals) -> Vec<Line> {
    let line = |group: &Group<K>| Line {
        name: group.key.to_string(),
        amounts: amounts(&group.sums, whole),
    };
    groups.iter().map(line).collect()
}

fn method(m: &Manifest) -> Method {
    let said = |key: &str| {
        let text = m.statement.get(key).and_then(Value::as_str);
        text.unwrap_or("not stated").to_owned()
    };
    let exclusions = m.statement.get("exclusions").and_then(Value::as_array);
    Method {
        standard: m.method.clone(),
        profile: m.profile.clone(),
        boundary: said("boundary"),
        exclusions: exclusions
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        allocation: said("allocation"),
        cut_off: said("cut_off"),
        rounding: "once per element, half to even to the microgram, operation and provision apart; every sum is exact",
    }
}

impl Declaration {
    /// As JSON, in the order of this form.
    pub(crate) fn to_json(&self) -> Result<Vec<u8>> {
        let text = serde_json::to_vec_pretty(self);
        let mut text = text.map_err(|e| Error::Internal(format!("cannot write JSON: {e}")))?;
        text.push(b'\n');
        Ok(text)
    }
}

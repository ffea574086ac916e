//! The declaration of a run: what ISO 14083 and the GLEC Framework want stated beside a result, as one page and as JSON.
//!
//! It is prepared for a declaration. Whether one conforms is for whoever answers for it, and no word here says so.

use crate::error::{Error, Result};
use crate::model::element::GhgTotals;
use crate::model::flag::Flags;
use crate::model::mode::{DataCategory, Mode};
use crate::model::time::{Instant, instant_text};
use crate::model::unit::grouped;
use crate::output::shipments::{ShipmentsTable, shipment};
use crate::present::form::{Part, Report, Section, Table as Sheet, Tile};
use crate::present::report::Asked;
use crate::present::report::figures::{group_table, intensity, largest_first, nano, percent};
use crate::published::batches::Rows;
use crate::published::row::row;
use crate::published::sums::{Counted, Group, Run, Shown, by, manifest_totals};
use crate::store::layout::Layout;
use crate::store::manifest::{InputShipments, Manifest};
use crate::store::signal::Interrupt;
use serde::Serialize;
use serde_json::Value;

/// What stands in front of every figure.
const PREPARED: &str = "Prepared for a declaration by ISO 14083:2023 (clause 13) and the GLEC Framework, from the published run named here. \
                        It has not been verified, and it does not say that a declaration made of it conforms to either.";

/// A declaration; figures are the published decimals, as text.
#[derive(Clone, Debug, Serialize)]
pub struct Declaration {
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
pub struct Origin {
    pub run_id: String,
    pub program: String,
    pub program_version: String,
    pub method_revision: u32,
    pub library_digest: String,
}

/// The statement of the profile.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs)]
pub struct Method {
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
pub struct Period {
    pub first_departure: Option<String>,
    pub last_arrival: Option<String>,
}

/// Numbers of what came in and what came out.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs)]
pub struct Scope {
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
pub struct Amounts {
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
pub struct Line {
    pub name: String,
    #[serde(flatten)]
    pub amounts: Amounts,
}

/// The part of a source.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs)]
pub struct SourceLine {
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
pub fn declaration(
    layout: &Layout,
    run_id: &str,
    company: Company,
    interrupt: &Interrupt,
) -> Result<(Declaration, Report)> {
    let dir = layout.run(run_id);
    let manifest = Manifest::load(&dir)?;
    // No shipment is shown.
    let shown = Shown {
        largest: 1,
        drawn: 1,
        seed: 0,
    };
    let run = Run::open(&dir, &manifest, shown, interrupt)?;
    let asked = Asked {
        run: &run,
        manifest: &manifest,
        whole: manifest_totals(&manifest, "elements")?,
    };
    let mut times: Option<(Instant, Option<Instant>)> = None;
    for row in Rows::<ShipmentsTable, Times>::of_run(&dir, &manifest) {
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

    fn page(&self, asked: &Asked, told: &Declaration) -> Result<Report> {
        let whole = &asked.whole;
        let table = |name, key, groups: &[Group<&'static str>]| {
            group_table(name, [key], ">elements", groups, whole, |key| {
                [key.replace('_', " ")]
            })
        };
        let modes = table("By transport mode", "mode", &self.modes)?;
        let mut bases = table("By distance basis", "basis", &self.bases)?;
        bases.note = "sfd: shortest feasible distance; gcd: great circle; none: hubs, which move nothing. An intensity per t.km says \
                      nothing without its basis."
            .to_owned();
        let mut categories = table("By data category", "data", &self.categories)?;
        categories.note = "primary: measured for this period, by the carrier or the energy record; modelled: from a model of the operation; \
                           default: a published average."
            .to_owned();
        let mut sets = group_table(
            "By GWP set",
            ["GWP set behind the emissions"],
            ">elements",
            &self.gwp_sets,
            whole,
            |set| [set.clone()],
        )?;
        sets.note = "Global warming potentials over 100 years by IPCC report. CO2: other gases are not in the figure; unstated: the source \
                     does not say."
            .to_owned();
        let heads = ["source", "edition", "title", "publisher", "licence"];
        let mut sources = group_table(
            "Sources of emission factors",
            heads,
            ">elements",
            &self.sources,
            whole,
            Clone::clone,
        )?;
        // On paper there is room for what a source gives, not for how.
        keep_columns(&mut sources, &[0, 1, 2, 3, 4, 9, 10]);
        let section = |id, title, parts| Section { id, title, parts };
        let sections = vec![
            section(
                "prepared",
                "What this is",
                vec![Part::Text(PREPARED.to_owned())],
            ),
            section("totals", "Totals", vec![Part::Table(modes)]),
            section(
                "quality",
                "What the figures rest on",
                vec![
                    Part::Table(categories),
                    Part::Table(bases),
                    Part::Table(sets),
                ],
            ),
            section("method", "Method and scope", method_parts(told)),
            section("sources", "Sources", vec![Part::Table(sources)]),
        ];
        let company = told.company.name.as_deref().unwrap_or("company not stated");
        Ok(Report {
            title: "Greenhouse gas emissions of transport chains".to_owned(),
            subtitle: format!(
                "{company}, {}, run {}",
                period_text(&told.period),
                told.origin.run_id
            ),
            run_id: told.origin.run_id.clone(),
            tiles: tiles(told),
            sections,
            ..Report::default()
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

fn period_text(period: &Period) -> String {
    let day = |text: &Option<String>| text.as_deref().map_or("", |t| &t[..10]).to_owned();
    match (day(&period.first_departure), day(&period.last_arrival)) {
        (first, _) if first.is_empty() => "no shipment".to_owned(),
        (first, last) if last.is_empty() => format!("from {first}"),
        (first, last) => format!("{first} to {last}"),
    }
}

fn tiles(told: &Declaration) -> Vec<Tile> {
    let tile = |name, value: &str, unit, note: String| Tile {
        name,
        value: value.to_owned(),
        unit,
        note,
    };
    let part = |name: &str| {
        let line = told.by_data_category.iter().find(|line| line.name == name);
        line.and_then(|line| line.amounts.share_percent.as_deref())
            .unwrap_or("0.00")
            .to_owned()
    };
    let bases = told.by_distance_basis.iter().map(|line| line.name.as_str());
    let bases: Vec<&str> = bases.filter(|name| *name != "none").collect();
    let all = &told.totals;
    vec![
        tile(
            "Total, well to wheel",
            &all.ghg_total_kg,
            "kg CO2e",
            "operation + energy provision".to_owned(),
        ),
        tile(
            "Operation",
            &all.ghg_operation_kg,
            "kg CO2e",
            "tank to wheel".to_owned(),
        ),
        tile(
            "Energy provision",
            &all.ghg_provision_kg,
            "kg CO2e",
            "well to tank".to_owned(),
        ),
        tile(
            "Transport activity",
            &all.transport_activity_tkm,
            "t.km",
            format!("distance basis: {}", bases.join(", ")),
        ),
        tile(
            "Emission intensity",
            all.intensity_g_per_tkm.as_deref().unwrap_or(""),
            "g CO2e/t.km",
            "hub operations included".to_owned(),
        ),
        tile(
            "Primary data",
            &part("primary"),
            "% of emissions",
            format!(
                "modelled {} %, default {} %",
                part("modelled"),
                part("default")
            ),
        ),
    ]
}

fn method_parts(told: &Declaration) -> Vec<Part> {
    let (method, scope) = (&told.method, &told.scope);
    let count = |n: &dyn ToString| grouped(&n.to_string());
    let mut table = Sheet::new("Method", &["what", "statement"]);
    let mut shipments = format!(
        "{} published, {} of them complete",
        count(&scope.shipments),
        count(&scope.shipments_complete)
    );
    if let Some(input) = &scope.shipments_in_input {
        shipments += &format!("; {}", input.text());
    }
    for (what, text) in [
        ("standard", method.standard.clone()),
        ("profile", method.profile.clone()),
        ("boundary", method.boundary.clone()),
        ("allocation", method.allocation.clone()),
        ("cut-off", method.cut_off.clone()),
        ("rounding", method.rounding.to_owned()),
        ("period", period_text(&told.period)),
        (
            "transport modes",
            scope.transport_modes.join(", ").replace('_', " "),
        ),
        ("shipments", shipments),
        (
            "records",
            format!(
                "{} read, {} accepted, {} rejected; {} elements, inferred hubs included",
                count(&scope.rows_in),
                count(&scope.rows_accepted),
                count(&scope.rows_rejected),
                count(&scope.elements)
            ),
        ),
        (
            "company",
            told.company
                .name
                .clone()
                .unwrap_or_else(|| "not stated".to_owned()),
        ),
        (
            "company id",
            told.company
                .id
                .clone()
                .unwrap_or_else(|| "not stated".to_owned()),
        ),
        ("run", told.origin.run_id.clone()),
        (
            "program",
            format!(
                "{} {}, method revision {}",
                told.origin.program, told.origin.program_version, told.origin.method_revision
            ),
        ),
        (
            "factor library, SHA-256",
            told.origin.library_digest.clone(),
        ),
        ("assurance", "none stated".to_owned()),
    ] {
        table.row([what.to_owned(), text]);
    }
    let mut parts = vec![Part::Table(table)];
    match method.exclusions.is_empty() {
        true => parts.push(Part::Text("The profile states no exclusion.".to_owned())),
        false => {
            parts.push(Part::Text("Not in the figures:".to_owned()));
            parts.push(Part::List(method.exclusions.clone()));
        }
    }
    if !told.warnings.is_empty() {
        parts.push(Part::Text("What the run warned of:".to_owned()));
        parts.push(Part::List(told.warnings.clone()));
    }
    parts
}

fn keep_columns(sheet: &mut Sheet, kept: &[usize]) {
    fn keep<T>(cells: &mut Vec<T>, kept: &[usize]) {
        let mut at = 0..;
        cells.retain(|_| at.next().is_some_and(|at| kept.contains(&at)));
    }
    keep(&mut sheet.heads, kept);
    sheet.rows.iter_mut().for_each(|row| keep(row, kept));
    sheet.total.iter_mut().for_each(|row| keep(row, kept));
}

impl Declaration {
    /// As JSON, in the order of this form.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        let text = serde_json::to_vec_pretty(self);
        let mut text = text.map_err(|e| Error::Internal(format!("cannot write JSON: {e}")))?;
        text.push(b'\n');
        Ok(text)
    }
}

//! The declaration as a page: for a screen, a phone and paper.

use super::{Declaration, Groups, PREPARED, Period};
use crate::error::Result;
use crate::model::unit::grouped;
use crate::present::form::{Part, Report, Section, Table as Sheet, Tile};
use crate::present::report::Asked;
use crate::present::report::figures::group_table;
use crate::published::sums::Group;

impl Groups {
    pub(super) fn page(&self, asked: &Asked, told: &Declaration) -> Result<Report> {
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
                "{company}, {}, run {}{}",
                period_text(&told.period),
                told.origin.run_id,
                asked
                    .slice
                    .map_or(String::new(), |slice| format!(", slice: {slice}"))
            ),
            run_id: told.origin.run_id.clone(),
            tiles: tiles(told),
            sections,
            ..Report::default()
        })
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

//! The statement as a page and a workbook.

use super::certificates::Certificate;
use super::organisation::Organisation;
use super::read::{Amount, Sums};
use super::rule::{Category, Coded};
use super::texts::{Texts, fill, word};
use super::{ELEMENTS_FILE, NANO_SCALE, Size, decimal_text};
use crate::error::{Error, Result};
use crate::exact::parted_in;
use crate::model::time::date_text;
use crate::model::unit::{SHARE_SCALE, div_half_even, grouped, short_decimal_text};
use crate::present::form::{
    Bar, Bars, BarsForm, Cells, Head, PageWords, Part, Report, Section, Table, Tile,
};
use crate::present::report::declaration::{Declaration, Line};
use crate::present::report::figures::percent;
use std::collections::BTreeMap;

/// 10^-9 kg in a tonne.
const TONNE: i128 = 1_000_000_000_000;
/// Digits that a total in tonnes shows at least.
const DIGITS: u32 = 4;
/// Decimals of a tonne at most: grams.
const MOST_DECIMALS: u32 = 6;

/// What a statement is made of.
pub(super) struct Page<'p> {
    pub texts: &'static Texts,
    pub told: &'p Declaration,
    pub organisation: &'p Organisation,
    pub sums: &'p Sums,
    pub certificates: Option<&'p [Certificate]>,
    /// What the run was cut by; empty: nothing.
    pub slice: &'p str,
    /// The run, micrograms.
    pub whole: i128,
    /// What of it is in none of the figures.
    pub rest: Size,
    /// Months of the period without a departure.
    pub without: Vec<String>,
}

fn kg(micrograms: i128) -> String {
    decimal_text(micrograms, NANO_SCALE)
}

/// A total in tonnes with sensible decimals, and parts of it that add up to it.
fn tonnes(total: i128, parts: &[i128]) -> Option<(String, Vec<String>)> {
    let whole = total.unsigned_abs() / TONNE.unsigned_abs();
    let digits = whole.checked_ilog10().map_or(0, |log| log + 1);
    let decimals = match digits {
        0 => MOST_DECIMALS,
        digits => DIGITS.saturating_sub(digits),
    };
    let unit = TONNE / 10i128.pow(decimals);
    let rounded = div_half_even(total, unit);
    let parts = parted_in(rounded, unit, parts)?;
    let text = |n: i128| decimal_text(n, decimals);
    Some((text(rounded), parts.into_iter().map(text).collect()))
}

impl Page<'_> {
    /// The total in tonnes, and each category in order.
    pub(super) fn tonnes(&self) -> Result<(String, Vec<String>)> {
        let by_category = self.sums.by_category();
        let amount = |category| by_category.get(category).map_or(0, Amount::total);
        let parts: Vec<i128> = Category::ALL.iter().map(amount).collect();
        tonnes(self.sums.totals.total(), &parts)
            .ok_or_else(|| Error::Internal("tonnes that cannot be held".to_owned()))
    }

    /// Page and workbook.
    pub(super) fn report(&self) -> Result<Report> {
        let t = self.texts;
        let (total, tonnes) = self.tonnes()?;
        let sections = vec![
            section("cover", &t.section_cover, self.cover()),
            section("totals", &t.section_totals, self.totals(&total, &tonnes)),
            section("unknown", &t.section_unknown, self.unknown()),
            section("modes", &t.section_modes, vec![Part::Table(self.modes())]),
            section("gases", &t.section_gases, self.gases()),
            section("certificates", &t.section_certificates, self.certified()),
            section("quality", &t.section_quality, self.quality()),
            section("method", &t.section_method, self.method()),
        ];
        let mut workbook = Vec::new();
        for section in &sections {
            for part in &section.parts {
                if let Part::Table(table) = part {
                    workbook.push(table.clone());
                }
            }
        }
        let organisation = self.organisation;
        let period = organisation.period.as_ref();
        let period = period.map_or_else(|| self.departures(), |(text, _)| text.clone());
        let run = &self.told.origin.run_id;
        Ok(Report {
            title: t.title.clone(),
            subtitle: fill(
                &t.subtitle,
                &[
                    ("organisation", &organisation.name),
                    ("period", &period),
                    ("run", run),
                ],
            ),
            run_id: run.clone(),
            tiles: self.tiles(&total, &tonnes),
            sections,
            workbook,
            words: PageWords {
                lang: &t.lang,
                contents: &t.contents,
                skip: &t.skip,
                too_wide: &t.too_wide,
                exact: &t.exact,
                fifteen_digits: &t.fifteen_digits,
                exact_note: &t.exact_note,
                rows_cut: &t.rows_cut,
            },
            ..Report::default()
        })
    }

    fn tiles(&self, total: &str, tonnes: &[String]) -> Vec<Tile> {
        let t = self.texts;
        let by_category = self.sums.by_category();
        let all = self.sums.totals.total();
        let tile = |name: &'static str, value: String, note: String| Tile {
            name,
            value,
            unit: &t.head_tonnes,
            note,
        };
        let of = |category: Category| {
            let at = Category::ALL.iter().position(|one| *one == category);
            at.map_or(String::new(), |at| tonnes[at].clone())
        };
        let unknown = by_category.get(&Category::Unknown).map_or(0, Amount::total);
        let share = |name: &str| {
            let lines = self.told.by_data_category.iter();
            let found = lines.clone().find(|line| line.name == name);
            let share = found.and_then(|line| line.amounts.share_percent.clone());
            share.unwrap_or_else(|| "0.00".to_owned())
        };
        vec![
            tile(
                &t.tile_total,
                total.to_owned(),
                fill(&t.tile_total_note, &[("exact", &grouped(&kg(all)))]),
            ),
            tile(
                &t.tile_scope_1,
                of(Category::Scope1),
                t.tile_scope_1_note.clone(),
            ),
            tile(
                &t.tile_scope_2,
                of(Category::Scope2),
                t.tile_scope_2_note.clone(),
            ),
            tile(
                &t.tile_scope_3,
                self.scope_3(tonnes),
                t.tile_scope_3_note.clone(),
            ),
            tile(
                &t.tile_unknown,
                of(Category::Unknown),
                fill(
                    &t.tile_unknown_note,
                    &[("percent", &some(percent(unknown, all)))],
                ),
            ),
            Tile {
                name: &t.tile_primary,
                value: share("primary"),
                unit: &t.of_emissions,
                note: fill(
                    &t.tile_primary_note,
                    &[
                        ("modelled", &share("modelled")),
                        ("default", &share("default")),
                    ],
                ),
            },
        ]
    }

    /// The shown tonnes of its categories together: what is shown adds up.
    fn scope_3(&self, tonnes: &[String]) -> String {
        let decimals = tonnes.first().map_or(0, |text| {
            text.split_once('.').map_or(0, |(_, after)| after.len())
        });
        let shown = Category::ALL.iter().zip(tonnes);
        let of_scope_3 = shown.filter(|(category, _)| category.code().starts_with("scope_3"));
        let units = of_scope_3.map(|(_, text)| text.replace('.', "").parse::<i128>().unwrap_or(0));
        decimal_text(units.sum(), u32::try_from(decimals).unwrap_or(0))
    }

    fn departures(&self) -> String {
        let day = |text: &Option<String>| text.as_deref().map_or("", |t| &t[..10]).to_owned();
        let period = &self.told.period;
        match (day(&period.first_departure), day(&period.last_arrival)) {
            (first, _) if first.is_empty() => self.texts.no_shipment.clone(),
            (first, last) if last.is_empty() => first,
            (first, last) => format!("{first} – {last}"),
        }
    }

    fn cover(&self) -> Vec<Part> {
        let (t, told, organisation) = (self.texts, self.told, self.organisation);
        let said = |text: &str| match text {
            "" => t.not_stated.clone(),
            text => text.to_owned(),
        };
        let count = |n: &dyn ToString| grouped(&n.to_string());
        let scope = &told.scope;
        let mut shipments = fill(
            &t.shipments,
            &[
                ("shipments", &count(&scope.shipments)),
                ("complete", &count(&scope.shipments_complete)),
            ],
        );
        if let Some(input) = &scope.shipments_in_input {
            shipments += &format!("; {}", input.text());
        }
        let records = fill(
            &t.records,
            &[
                ("read", &count(&scope.rows_in)),
                ("accepted", &count(&scope.rows_accepted)),
                ("rejected", &count(&scope.rows_rejected)),
                ("elements", &count(&scope.elements)),
            ],
        );
        let program = fill(
            &t.program,
            &[
                ("name", &told.origin.program),
                ("version", &told.origin.program_version),
                ("revision", &told.origin.method_revision.to_string()),
            ],
        );
        let modes = scope.transport_modes.iter();
        let modes: Vec<&str> = modes.map(|mode| word(&t.modes, mode)).collect();
        let period = organisation.period.as_ref();
        let figures_of = match self.slice {
            "" => t.whole_run.clone(),
            slice => slice.to_owned(),
        };
        let assurance = match organisation.assurance.as_str() {
            "" => t.none_stated.clone(),
            text => text.to_owned(),
        };
        let method = &told.method;
        let mut table = table(&t.cover, [text(&t.head_what), text(&t.head_statement)]);
        for (what, statement) in [
            (&t.row_organisation, organisation.name.clone()),
            (&t.row_address, said(&organisation.address)),
            (&t.row_contact, said(&organisation.contact)),
            (
                &t.row_role,
                word(&t.roles, organisation.role.code()).to_owned(),
            ),
            (
                &t.row_period,
                said(period.map_or("", |(text, _)| text.as_str())),
            ),
            (&t.row_figures_of, figures_of),
            (&t.row_departures, self.departures()),
            (&t.row_use, said(&organisation.intended_use)),
            (&t.row_consolidation, said(&organisation.consolidation)),
            (&t.row_standard, method.standard.clone()),
            (&t.row_profile, method.profile.clone()),
            (&t.row_boundary, method.boundary.clone()),
            (&t.row_allocation, method.allocation.clone()),
            (&t.row_cut_off, method.cut_off.clone()),
            (&t.row_rounding, t.rounding.clone()),
            (&t.row_modes, modes.join(", ")),
            (&t.row_shipments, shipments),
            (&t.row_records, records),
            (&t.row_assurance, assurance),
            (&t.row_run, told.origin.run_id.clone()),
            (&t.row_program, program),
            (&t.row_library, told.origin.library_digest.clone()),
        ] {
            table.row([what.clone(), statement]);
        }
        let mut parts = vec![Part::Text(t.prepared.clone()), Part::Table(table)];
        if !self.without.is_empty() {
            let months = self.without.join(", ");
            parts.push(Part::Text(fill(&t.months_without, &[("months", &months)])));
        }
        parts
    }

    fn totals(&self, total: &str, tonnes: &[String]) -> Vec<Part> {
        let t = self.texts;
        let by_category = self.sums.by_category();
        let all = self.sums.totals.total();
        let mut sheet = table(
            &t.table_categories,
            [
                text(&t.head_category),
                number(&t.head_tonnes),
                number(&t.head_kg),
                number(&t.head_percent),
                number(&t.head_operation),
                number(&t.head_provision),
                number(&t.head_elements),
            ],
        );
        sheet.note = t.categories_note.clone();
        let mut chart = Bars {
            title: t.chart_categories.clone(),
            unit: &t.head_tonnes,
            form: BarsForm::Stacked,
            rows: Vec::new(),
            key: vec![
                ("operation", t.key_operation.as_str()),
                ("provision", t.key_provision.as_str()),
            ],
            note: String::new(),
        };
        for (category, shown) in Category::ALL.iter().zip(tonnes) {
            let amount = by_category.get(category).copied().unwrap_or_default();
            let name = word(&t.categories, category.code()).to_owned();
            sheet.row([
                name.clone(),
                shown.clone(),
                kg(amount.total()),
                percent(amount.total(), all),
                kg(amount.operation),
                kg(amount.provision),
                amount.elements.to_string(),
            ]);
            if amount.total() > 0 {
                chart.rows.push(Bar {
                    label: name,
                    value: shown.clone(),
                    parts: vec![
                        ("operation", amount.operation),
                        ("provision", amount.provision),
                    ],
                    ..Bar::default()
                });
            }
        }
        let totals = &self.sums.totals;
        sheet.sum([
            t.total.clone(),
            total.to_owned(),
            kg(all),
            percent(all, all),
            kg(totals.operation),
            kg(totals.provision),
            self.told.totals.elements.to_string(),
        ]);
        let of = match self.slice {
            "" => self.told.origin.run_id.clone(),
            slice => format!("{} ({slice})", self.told.origin.run_id),
        };
        let sum = grouped(&kg(all));
        let mut parts = vec![
            Part::Table(sheet),
            Part::Text(fill(&t.adds_up, &[("sum", &sum), ("run", &of)])),
        ];
        if !self.slice.is_empty() {
            let filled = [
                ("whole", grouped(&kg(self.whole))),
                ("rest", grouped(&kg(self.rest.totals.total()))),
                ("shipments", grouped(&self.rest.shipments.to_string())),
            ];
            let filled = filled.each_ref().map(|(name, text)| (*name, text.as_str()));
            parts.push(Part::Text(fill(&t.rest, &filled)));
        }
        if !chart.rows.is_empty() {
            parts.push(Part::Bars(chart));
        }
        parts
    }

    fn unknown(&self) -> Vec<Part> {
        let t = self.texts;
        if self.sums.reasons.is_empty() {
            return vec![Part::Text(t.unknown_none.clone())];
        }
        let mut reasons = table(
            &t.table_reasons,
            [
                text(&t.head_reason),
                number(&t.head_elements),
                number(&t.head_kg),
                text(&t.head_remedy),
            ],
        );
        for (reason, amount) in &self.sums.reasons {
            reasons.row([
                word(&t.reasons, reason.code()).to_owned(),
                amount.elements.to_string(),
                kg(amount.total()),
                word(&t.remedies, reason.code()).to_owned(),
            ]);
        }
        let mut parts = vec![Part::Text(t.unknown_some.clone()), Part::Table(reasons)];
        if !self.sums.words.is_empty() {
            let mut words = table(
                &t.table_words,
                [
                    text(&t.head_key),
                    text(&t.head_word),
                    number(&t.head_elements),
                    number(&t.head_kg),
                ],
            );
            words.note = t.words_note.clone();
            for ((asked, found), amount) in &self.sums.words {
                words.row([
                    asked.code().to_owned(),
                    found.clone(),
                    amount.elements.to_string(),
                    kg(amount.total()),
                ]);
            }
            parts.push(Part::Table(words));
        }
        parts
    }

    fn modes(&self) -> Table {
        let t = self.texts;
        let all = self.sums.totals.total();
        let mut sheet = table(
            &t.table_modes,
            [
                text(&t.head_category),
                text(&t.head_mode),
                number(&t.head_kg),
                number(&t.head_percent),
                number(&t.head_elements),
            ],
        );
        for ((category, mode), amount) in &self.sums.by_mode {
            sheet.row([
                word(&t.categories, category.code()).to_owned(),
                word(&t.modes, mode.code()).to_owned(),
                kg(amount.total()),
                percent(amount.total(), all),
                amount.elements.to_string(),
            ]);
        }
        sheet.sum([
            t.total.clone(),
            String::new(),
            kg(all),
            percent(all, all),
            self.told.totals.elements.to_string(),
        ]);
        sheet
    }

    fn gases(&self) -> Vec<Part> {
        let t = self.texts;
        let all = self.sums.totals.total();
        let mut sets: BTreeMap<&str, i128> = BTreeMap::new();
        for ((set, _), amount) in &self.sums.by_gwp_set {
            *sets.entry(set).or_default() += amount.total();
        }
        let mut sheet = table(
            &t.table_sets,
            [
                text(&t.head_set),
                number(&t.head_kg),
                number(&t.head_percent),
            ],
        );
        sheet.note = t.sets_note.clone();
        for (set, amount) in &sets {
            sheet.row([(*set).to_owned(), kg(*amount), percent(*amount, all)]);
        }
        sheet.sum([t.total.clone(), kg(all), percent(all, all)]);
        let mut parts = vec![Part::Table(sheet)];
        let mut with = sets.iter().filter(|(_, amount)| **amount != 0);
        if let (Some((set, _)), None) = (with.next(), with.next()) {
            parts.push(Part::Text(fill(&t.sets_one, &[("set", set)])));
        }
        parts.push(Part::Text(match self.sums.biogenic {
            Some(amount) => fill(
                &t.biogenic_known,
                &[
                    ("kg", &grouped(&kg(amount))),
                    ("stated", &grouped(&self.sums.biogenic_elements.to_string())),
                    ("elements", &grouped(&self.told.totals.elements.to_string())),
                ],
            ),
            None => t.biogenic_unknown.clone(),
        }));
        parts
    }

    fn certified(&self) -> Vec<Part> {
        let t = self.texts;
        let list = match self.certificates {
            None | Some([]) => return vec![Part::Text(t.certificates_none.clone())],
            Some(list) => list,
        };
        let mut sheet = table(
            &t.table_certificates,
            [
                text(&t.head_certificate),
                text(&t.head_registry),
                text(&t.head_kind),
                number(&t.head_quantity),
                text(&t.head_unit),
                number(&t.head_claimed),
                text(&t.head_issued),
                text(&t.head_expires),
                text(&t.head_note),
            ],
        );
        let last = self.sums.last_departure;
        let mut expired = Vec::new();
        for one in list {
            if one
                .expires_on
                .zip(last)
                .is_some_and(|(end, last)| end < last)
            {
                expired.push(format!("{} ({})", one.id, one.registry));
            }
            sheet.row([
                one.id.clone(),
                one.registry.clone(),
                one.kind.clone(),
                one.quantity.clone(),
                one.unit.clone(),
                kg(one.claimed),
                date_text(one.issued_on),
                one.expires_on.map_or(String::new(), date_text),
                one.note.clone(),
            ]);
        }
        let claimed = list.iter().map(|one| one.claimed).sum();
        let mut sum = vec![String::new(); sheet.heads.len()];
        sum[0] = t.total.clone();
        sum[5] = kg(claimed);
        sheet.sum(sum);
        let mut parts = vec![Part::Text(t.certificates_note.clone()), Part::Table(sheet)];
        if !expired.is_empty() {
            let all = expired.join(", ");
            parts.push(Part::Text(fill(&t.expired_note, &[("certificates", &all)])));
        }
        parts
    }

    fn quality(&self) -> Vec<Part> {
        let t = self.texts;
        let lines = |name, head, words, lines: &[Line], note: &str| {
            let mut sheet = table(
                name,
                [
                    text(head),
                    number(&t.head_elements),
                    number(&t.head_tkm),
                    number(&t.head_kg),
                    number(&t.head_percent),
                ],
            );
            sheet.note = note.to_owned();
            for line in lines {
                sheet.row([
                    word(words, &line.name).to_owned(),
                    line.amounts.elements.to_string(),
                    line.amounts.transport_activity_tkm.clone(),
                    line.amounts.ghg_total_kg.clone(),
                    line.amounts.share_percent.clone().unwrap_or_default(),
                ]);
            }
            Part::Table(sheet)
        };
        vec![
            lines(
                &t.table_data,
                &t.head_data,
                &t.data,
                &self.told.by_data_category,
                &t.data_note,
            ),
            lines(
                &t.table_bases,
                &t.head_basis,
                &t.bases,
                &self.told.by_distance_basis,
                &t.bases_note,
            ),
        ]
    }

    fn method(&self) -> Vec<Part> {
        let (t, method) = (self.texts, &self.told.method);
        let mut parts = vec![
            Part::Text(t.rules.clone()),
            Part::List(t.rule_list.values().cloned().collect()),
        ];
        if !self.sums.divided.is_empty() {
            let share = |(factor, _): (&String, &u64)| {
                let share = self.organisation.electricity.get(factor);
                let percent = share.map_or(0, |share| share * 100);
                format!("{factor} {} %", short_decimal_text(percent, SHARE_SCALE))
            };
            let shares: Vec<String> = self.sums.divided.iter().map(share).collect();
            parts.push(Part::Text(fill(
                &t.electricity_divided,
                &[("shares", &shares.join(", "))],
            )));
        }
        match method.exclusions.is_empty() {
            true => parts.push(Part::Text(t.exclusions_none.clone())),
            false => {
                parts.push(Part::Text(t.exclusions.clone()));
                parts.push(Part::List(method.exclusions.clone()));
            }
        }
        parts.push(Part::Text(fill(&t.recompute, &[("file", ELEMENTS_FILE)])));
        let mut sources = table(
            &t.table_sources,
            [
                text(&t.head_source),
                text(&t.head_edition),
                text(&t.head_source_title),
                text(&t.head_publisher),
                text(&t.head_licence),
                number(&t.head_kg),
                number(&t.head_percent),
            ],
        );
        for line in &self.told.by_source {
            sources.row([
                line.source.clone(),
                line.edition.clone(),
                line.title.clone(),
                line.publisher.clone(),
                line.licence.clone(),
                line.amounts.ghg_total_kg.clone(),
                line.amounts.share_percent.clone().unwrap_or_default(),
            ]);
        }
        parts.push(Part::Table(sources));
        parts
    }
}

fn section(id: &'static str, title: &'static str, parts: Vec<Part>) -> Section {
    Section { id, title, parts }
}

fn text(name: &'static str) -> Head {
    Head {
        name,
        cells: Cells::Text,
    }
}

fn number(name: &'static str) -> Head {
    Head {
        name,
        cells: Cells::Number,
    }
}

fn table<const N: usize>(name: &'static str, heads: [Head; N]) -> Table {
    Table {
        heads: heads.into(),
        ..Table::new(name, &[])
    }
}

/// A share, or that there is nothing to have a share of.
fn some(percent: String) -> String {
    match percent.is_empty() {
        true => "0.00".to_owned(),
        false => percent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tonnes_show_four_digits_and_add_up() {
        let kg = |n: i128| n * 1_000_000_000;
        let shown = |parts: &[i128]| tonnes(parts.iter().sum(), parts).unwrap();
        let (total, parts) = shown(&[kg(15_570_056) + 442_712_594, kg(1_500), kg(1_500)]);
        assert_eq!(
            (total.as_str(), parts.join(" ")),
            ("15573", "15570 2 1".to_owned())
        );
        let (total, parts) = shown(&[kg(33_333), kg(33_333), kg(33_333)]);
        assert_eq!(
            (total.as_str(), parts.join(" ")),
            ("100.00", "33.34 33.33 33.33".to_owned())
        );
        let (total, parts) = shown(&[719_123_456_789, 1]);
        assert_eq!(
            (total.as_str(), parts.join(" ")),
            ("0.719123", "0.719123 0.000000".to_owned())
        );
        assert_eq!(shown(&[]).0, "0.000000");
    }
}

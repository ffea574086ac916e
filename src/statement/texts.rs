//! What a statement says, in one file for each language.

use crate::error::{Error, Result};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A language that a statement is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Chinese in simplified characters.
    Chinese,
}

impl Language {
    /// All of them.
    pub const ALL: [Language; 2] = [Language::English, Language::Chinese];

    /// Its code: `en`, `zh`.
    pub const fn code(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::Chinese => "zh",
        }
    }

    const fn file(self) -> &'static str {
        match self {
            Language::English => include_str!("texts.en.toml"),
            Language::Chinese => include_str!("texts.zh.toml"),
        }
    }
}

/// Words by their code.
type Words = BTreeMap<String, String>;

/// Declares the texts, each a key of the files.
macro_rules! texts {
    ($($text:ident),+; $($words:ident),+ $(,)?) => {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(super) struct Texts {
            $(pub $text: String,)+
            $(pub $words: Words,)+
        }
    };
}

texts! {
    lang, contents, skip, too_wide, exact, fifteen_digits, exact_note, rows_cut,
    title, subtitle, prepared,
    tile_total, tile_total_note, tile_scope_1, tile_scope_1_note, tile_scope_2, tile_scope_2_note, tile_scope_3, tile_scope_3_note,
    tile_unknown, tile_unknown_note, tile_primary, tile_primary_note, of_emissions,
    section_cover, section_totals, section_unknown, section_modes, section_gases, section_certificates, section_quality, section_method,
    cover, head_what, head_statement, not_stated, none_stated,
    row_organisation, row_address, row_contact, row_role, row_period, row_figures_of, row_use, row_consolidation, row_standard, row_profile,
    row_boundary, row_allocation, row_cut_off, row_rounding, rounding, row_departures, row_modes, row_shipments, shipments, row_records, records,
    row_assurance, row_run, row_program, program, row_library,
    whole_run, no_shipment, months_without,
    table_categories, head_category, head_elements, head_tonnes, head_kg, head_operation, head_provision, head_percent, total,
    categories_note, adds_up, rest,
    chart_categories, key_operation, key_provision,
    unknown_none, unknown_some, table_reasons, head_reason, head_remedy,
    table_words, head_key, head_word, words_note,
    table_modes, head_mode,
    table_sets, head_set, sets_note, sets_one, biogenic_unknown, biogenic_known,
    certificates_note, certificates_none, table_certificates, head_certificate, head_registry, head_kind, head_quantity, head_unit, head_claimed,
    head_issued, head_expires, head_note, expired_note,
    table_data, head_data, data_note, table_bases, head_basis, head_tkm, bases_note,
    exclusions, exclusions_none, rules, table_sources, head_source, head_edition, head_source_title, head_publisher, head_licence,
    recompute, electricity_divided;
    categories, modes, roles, reasons, remedies, data, bases, rule_list,
}

impl Texts {
    /// Those of a language.
    pub(super) fn of(language: Language) -> Result<&'static Texts> {
        static ALL: LazyLock<[std::result::Result<Texts, String>; 2]> = LazyLock::new(|| {
            Language::ALL.map(|language| toml::from_str(language.file()).map_err(|e| e.to_string()))
        });
        let texts = &ALL[language as usize];
        texts.as_ref().map_err(|e| {
            let code = language.code();
            Error::Internal(format!("the texts of a statement ({code}): {e}"))
        })
    }
}

/// The word for a code; the code itself where there is none.
pub(super) fn word<'w>(words: &'w Words, code: &'w str) -> &'w str {
    words.get(code).map_or(code, String::as_str)
}

/// A text with its places filled: `{run}` by what stands beside `run`.
pub(super) fn fill(text: &str, filled: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, after)) = behind.split_once('}') else {
            break;
        };
        let found = filled.iter().find(|(known, _)| *known == name);
        out.push_str(found.map_or("", |(_, text)| text));
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::super::organisation::Asked;
    use super::super::rule::{Category, Coded, Reason, Role};
    use super::*;
    use crate::model::mode::Mode;
    use std::collections::BTreeSet;

    /// Every text by its key, with the places that are filled in it.
    fn flat(value: &toml::Value, key: &str, out: &mut BTreeMap<String, BTreeSet<String>>) {
        match value {
            toml::Value::Table(table) => table
                .iter()
                .for_each(|(name, value)| flat(value, &format!("{key}.{name}"), out)),
            text => {
                let text = text.as_str().unwrap();
                assert!(!text.trim().is_empty(), "{key} is empty");
                let places = text.split('{').skip(1);
                let places = places.map(|rest| rest.split_once('}').unwrap().0.to_owned());
                out.insert(key.to_owned(), places.collect());
            }
        }
    }

    #[test]
    fn the_languages_say_the_same() {
        let [english, chinese] = Language::ALL.map(|language| {
            let mut out = BTreeMap::new();
            flat(&toml::from_str(language.file()).unwrap(), "", &mut out);
            out
        });
        assert_eq!(english, chinese);
        assert!(Language::ALL.map(Texts::of).iter().all(Result::is_ok));
    }

    #[test]
    fn every_code_has_a_word() {
        for language in Language::ALL {
            let texts = Texts::of(language).unwrap();
            let all = |words: &Words, codes: Vec<&str>| {
                let wanted: BTreeSet<&str> = codes.into_iter().collect();
                let found: BTreeSet<&str> = words.keys().map(String::as_str).collect();
                assert_eq!(found, wanted, "{}", language.code());
            };
            all(
                &texts.categories,
                Category::ALL.iter().map(|c| c.code()).collect(),
            );
            all(&texts.modes, Mode::ALL.map(Mode::code).into());
            all(&texts.roles, Role::ALL.iter().map(|r| r.code()).collect());
            let reasons = || Reason::ALL.iter().map(|r| r.code()).collect();
            all(&texts.reasons, reasons());
            all(&texts.remedies, reasons());
        }
        assert_eq!(Asked::ALL.len(), 6);
    }

    #[test]
    fn places_are_filled_once() {
        let filled = fill("{a}: {b}{a}", &[("a", "{b}"), ("b", "2")]);
        assert_eq!(filled, "{b}: 2{b}");
    }

    #[test]
    fn no_claim_of_conformity() {
        for language in Language::ALL {
            let text = language.file().to_lowercase();
            for claim in [
                "conforms to iso",
                "compliant",
                "carbon neutral",
                "climate neutral",
                "碳中和",
            ] {
                assert!(!text.contains(claim), "{claim}");
            }
        }
    }
}

//! `factors why`: which factor applies to a movement, the candidates in order, and the rule that decided against each.

use super::text::plain;
use super::{Library, factors_of};
use crate::cli::Console;
use crate::cli::args::day;
use green_corridor::Result;
use green_corridor::code::{EnergyUnit, Flags, LocationCode, Temperature};
use green_corridor::factor::{
    Candidate, Chosen, EnergyQuestion, Explained, FactorSet, Question, Verdict, ask, ask_energy,
};
use green_corridor::quantity::{Day, NANO_SCALE, decimal_text, short_decimal_text};
use green_corridor::text::Table;
use green_corridor::text::visible_json;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::ExitCode;

/// Arguments of `factors why`.
#[derive(Debug, clap::Args)]
pub(crate) struct Why {
    /// Which library and profile.
    #[command(flatten)]
    pub library: Library,
    /// Operation code
    #[arg(
        long,
        value_name = "CODE",
        required_unless_present = "energy_unit",
        conflicts_with = "energy_unit"
    )]
    pub operation: Option<String>,
    /// Origin
    #[arg(long, value_name = "LOCODE", value_parser = place)]
    pub from: LocationCode,
    /// Destination; of a hub, the same
    #[arg(long, value_name = "LOCODE", value_parser = place)]
    pub to: LocationCode,
    /// Day of departure, UTC
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    pub on: Day,
    /// Carrier
    #[arg(long, value_name = "CODE", conflicts_with = "energy_unit")]
    pub carrier: Option<String>,
    /// Energy carrier [default: the usual one of the operation]
    #[arg(long, value_name = "CODE")]
    pub energy_carrier: Option<String>,
    /// Ask for a movement that reports the energy it used, in this unit (kg, l, kWh, MJ), instead of one of an operation
    #[arg(long, value_name = "UNIT", value_parser = energy_unit, requires = "energy_carrier")]
    pub energy_unit: Option<EnergyUnit>,
    /// Temperature class
    #[arg(long, value_name = "CLASS", default_value = "ambient", value_parser = temperature, conflicts_with = "energy_unit")]
    pub temperature: Temperature,
    /// Factors that do not apply, too
    #[arg(long)]
    pub all: bool,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: WhyFormat,
}

/// Form of the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum WhyFormat {
    /// For people.
    #[default]
    Table,
    /// JSON.
    Json,
}

fn place(text: &str) -> std::result::Result<LocationCode, String> {
    LocationCode::parse(text.as_bytes())
        .ok_or_else(|| "expected a UN/LOCODE, such as CNCKG".to_owned())
}

fn temperature(text: &str) -> std::result::Result<Temperature, String> {
    Temperature::from_code(text).ok_or_else(|| "expected ambient or refrigerated".to_owned())
}

fn energy_unit(text: &str) -> std::result::Result<EnergyUnit, String> {
    EnergyUnit::from_code(text).ok_or_else(|| "expected kg, l, kWh or MJ".to_owned())
}

/// Prints the answer.
pub(super) fn why(args: &Why, console: &Console) -> Result<ExitCode> {
    let set = factors_of(&args.library)?;
    let energy_carrier = args.energy_carrier.as_deref().unwrap_or_default();
    let answered = match args.energy_unit {
        Some(unit) => ask_energy(
            &EnergyQuestion {
                energy_carrier,
                unit,
                from: args.from,
                to: args.to,
                on: args.on,
            },
            &set,
        )?,
        None => ask(
            &Question {
                operation: args.operation.as_deref().unwrap_or_default(),
                carrier: args.carrier.as_deref().unwrap_or_default(),
                energy_carrier,
                from: args.from,
                to: args.to,
                temperature: args.temperature,
                on: args.on,
            },
            &set,
        )?,
    };
    console.print(&match args.format {
        WhyFormat::Table => text(args, &set, &answered),
        WhyFormat::Json => {
            visible_json(&format!("{}\n", document(args, &set, &answered))).into_owned()
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

/// What the table tells of a candidate's rank; the rest is the same for all that apply, or has a column of its own.
const RANK: [&str; 6] = [
    "validity",
    "region",
    "source",
    "ended",
    "energy region",
    "energy source",
];

/// Why a candidate stands where it stands.
fn rule(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Chosen => "chosen",
        Verdict::Outranked(rule) | Verdict::Excluded(rule) => rule,
    }
}

fn applies(candidate: &Candidate) -> bool {
    !matches!(candidate.verdict, Verdict::Excluded(_))
}

fn text(args: &Why, set: &FactorSet, answered: &Explained) -> String {
    let candidates = &answered.candidates;
    let mut out = format!("{}\n", plain(&answered.heading));
    out += &match &answered.answer {
        Ok(choice) => chosen(set, choice),
        Err(reason) => format!("no factor: {}\n", plain(reason)),
    };
    out.push('\n');
    let mut table = Table::new(&[
        ">#",
        "decided by",
        "id",
        ">operation_g",
        ">provision_g",
        "per",
        "rank",
    ]);
    for (number, candidate) in candidates
        .iter()
        .enumerate()
        .filter(|(_, c)| args.all || applies(c))
    {
        let factor = &set.factors[candidate.factor as usize];
        let told = candidate
            .rank
            .iter()
            .filter(|(name, _)| RANK.contains(name));
        let rank: Vec<String> = told
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        table.row(vec![
            (number + 1).to_string(),
            rule(candidate.verdict).to_owned(),
            plain(&factor.id),
            short_decimal_text(factor.intensity.operation.into(), NANO_SCALE),
            short_decimal_text(factor.intensity.provision.into(), NANO_SCALE),
            factor.per.code().to_owned(),
            plain(&rank.join(", ")),
        ]);
    }
    out += &table.text();
    let mut left_out: BTreeMap<&str, usize> = BTreeMap::new();
    for candidate in candidates.iter().filter(|c| !args.all && !applies(c)) {
        *left_out.entry(rule(candidate.verdict)).or_default() += 1;
    }
    for (rule, count) in left_out {
        out += &format!("  {count} more do not apply: {rule}\n");
    }
    out
}

/// The answer with the figures that a run would use.
fn chosen(set: &FactorSet, choice: &Chosen) -> String {
    let factor = &set.factors[choice.factor as usize];
    let grams = |m: i64| short_decimal_text(m.into(), NANO_SCALE);
    let flags = Flags::LIST.iter().filter(|(number, _)| {
        choice
            .flags
            .text()
            .split('|')
            .any(|f| f == format!("Q{number:02}"))
    });
    let flags: Vec<String> = flags
        .map(|(number, title)| format!("Q{number:02} {title}"))
        .collect();
    let mut out = format!("{}\n", plain(&factor.id));
    let conversion = match choice.conversion {
        Some((unit, n, d)) if n != d => format!(" x {n}/{d} {}/{}", factor.per.code(), unit.code()),
        Some(_) | None => String::new(),
    };
    out += &format!(
        "operation {} + provision {} g CO2e/{}{conversion}{}\n",
        grams(choice.operation),
        grams(choice.provision),
        factor.per.code(),
        if flags.is_empty() {
            String::new()
        } else {
            format!("; {}", flags.join(", "))
        }
    );
    let energy = factor
        .composed
        .as_ref()
        .map(|c| &set.factors[c.energy as usize]);
    for row in std::iter::once(factor).chain(energy) {
        let source = set.source_of(row);
        out += &plain(&format!(
            "{}, {}: {}; {}",
            source.publisher, source.title, row.source_ref, row.licence
        ));
        out.push('\n');
    }
    out
}

fn document(args: &Why, set: &FactorSet, answered: &Explained) -> Value {
    let grams = |m: i64| decimal_text(m.into(), NANO_SCALE);
    let candidates = &answered.candidates;
    let mut answer = match &answered.answer {
        Ok(choice) => json!({
            "factor": &*set.factors[choice.factor as usize].id,
            "operation_g": grams(choice.operation),
            "provision_g": grams(choice.provision),
            "per": set.factors[choice.factor as usize].per.code(),
            "quality_flags": choice.flags.text(),
        }),
        Err(reason) => json!({ "factor": null, "reason": reason }),
    };
    if let Ok(Chosen {
        conversion: Some((_, numerator, denominator)),
        ..
    }) = &answered.answer
    {
        answer["conversion"] = json!({ "numerator": numerator, "denominator": denominator });
    }
    let candidate = |c: &Candidate| {
        let factor = &set.factors[c.factor as usize];
        let rank: serde_json::Map<String, Value> = c
            .rank
            .iter()
            .map(|(n, v)| ((*n).to_owned(), json!(v)))
            .collect();
        json!({
            "factor": &*factor.id,
            "applies": applies(c),
            "decided_by": rule(c.verdict),
            "operation_g": grams(factor.intensity.operation),
            "provision_g": grams(factor.intensity.provision),
            "per": factor.per.code(),
            "source": &*set.source_of(factor).folder,
            "source_ref": &*factor.source_ref,
            "licence": &*factor.licence,
            "rank": rank,
        })
    };
    let shown: Vec<Value> = candidates
        .iter()
        .filter(|c| args.all || applies(c))
        .map(candidate)
        .collect();
    json!({
        "question": answered.question,
        "answer": answer,
        "candidates": shown,
        "not_applicable": candidates.iter().filter(|c| !applies(c)).count(),
    })
}

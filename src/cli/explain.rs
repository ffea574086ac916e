//! `explain OUT SHIPMENT [RUN]`: the calculation sheet of one shipment, from the kernel that made the figures.

use super::Console;
use super::args::{SliceArgs, path};
use green_corridor::quantity::grouped;
use green_corridor::sheet::{Candidate, ElementSheet, Fact, FactorSheet, Sheet, Step};
use green_corridor::{Engine, Error, Result};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// Factors that were not taken are listed up to this number; the JSON form has them all.
const MOST_LISTED: usize = 6;

/// Arguments of `explain`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Output root
    #[arg(value_name = "OUT", value_parser = path())]
    pub out: PathBuf,
    /// Through bill of lading number
    #[arg(value_name = "SHIPMENT")]
    pub shipment: String,
    /// Run [default: the current one]
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// Which shipments may be shown.
    #[command(flatten)]
    pub slice: SliceArgs,
    /// Form of the sheet
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: SheetFormat,
}

/// Form of the sheet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum SheetFormat {
    /// For people
    #[default]
    Text,
    /// For machines; every candidate factor, decimals as texts
    Json,
}

/// Prints the sheet.
pub(super) fn run(args: &Args, console: &Console) -> Result<ExitCode> {
    let engine = Engine::at(&args.out).sliced(args.slice.slice(), None);
    let sheet = engine.explain(&args.shipment, args.run.as_deref())?;
    match args.format {
        SheetFormat::Text => console.print(&text(&sheet))?,
        SheetFormat::Json => {
            let json = serde_json::to_string_pretty(&sheet)
                .map_err(|e| Error::Internal(format!("cannot write JSON: {e}")))?;
            console.print_json(&(json + "\n"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn text(sheet: &Sheet) -> String {
    let mut out = format!("shipment {}\n", plain(&sheet.shipment_id));
    line(
        &mut out,
        2,
        "run",
        &sheet.run_id,
        &format!("green-corridor {}", sheet.version),
    );
    line(&mut out, 2, "profile", &sheet.profile, "");
    line(&mut out, 2, "method", &sheet.method, "");
    facts(&mut out, 2, &sheet.shipment);
    let mut container = None;
    let mut factors: Vec<&FactorSheet> = Vec::new();
    for element in &sheet.elements {
        if container != Some(&element.container_id) {
            container = Some(&element.container_id);
            let name = if element.container_id.is_empty() {
                "without a number"
            } else {
                &element.container_id
            };
            let _ = writeln!(out, "\ncontainer {}", plain(name));
        }
        let same = |f: &&FactorSheet| f.id == element.factor.id && f.made == element.factor.made;
        let number = factors.iter().position(same).unwrap_or_else(|| {
            factors.push(&element.factor);
            factors.len() - 1
        });
        element_text(&mut out, element, number + 1);
    }
    if !sheet.sums.is_empty() {
        out.push_str("\nsums\n");
        for sum in &sheet.sums {
            let (number, unit) = sum.value.split_once(' ').unwrap_or((&sum.value, ""));
            line(
                &mut out,
                2,
                sum.name,
                &format!("{} {unit}", grouped(number)),
                &sum.how,
            );
        }
    }
    for (number, factor) in factors.into_iter().enumerate() {
        factor_text(&mut out, factor, number + 1);
    }
    if !sheet.rejected.is_empty() {
        out.push_str("\nrejected rows: the figures above lack them\n");
        for row in &sheet.rejected {
            let what = format!("{} {:?}, wanted {}", row.column, row.value, row.wanted);
            line(
                &mut out,
                2,
                &row.code,
                &format!("{}:{}", row.file, row.row),
                &what,
            );
        }
    }
    out
}

fn element_text(out: &mut String, e: &ElementSheet, factor: usize) {
    let place = if e.kind == "hub" {
        e.origin.clone()
    } else {
        format!("{} > {}", e.origin, e.destination)
    };
    let operation = plain(&e.operation);
    let _ = writeln!(
        out,
        "\n  {} {} {place}  {operation}  {} kg CO2e",
        e.element,
        e.mode,
        grouped(&e.ghg_total_kg)
    );
    facts(out, 4, &e.record);
    facts(out, 4, &e.inputs);
    line(out, 4, "factor", &format!("[{factor}] {}", e.factor.id), "");
    choice(out, &e.factor);
    steps(out, 4, &e.steps);
    for flag in &e.flags {
        line(out, 4, "flag", &flag.code, flag.title);
    }
}

/// Why this factor: its rank, what it was put before, what did not apply.
fn choice(out: &mut String, factor: &FactorSheet) {
    let rank: Vec<String> = factor
        .rank
        .iter()
        .map(|f| format!("{} {}", f.name, f.value))
        .collect();
    line(out, 6, "chosen by", &rank.join(", "), "");
    for lost in factor.outranked.iter().take(MOST_LISTED) {
        line(out, 6, "before", &lost.id, lost.rule);
    }
    if let Some(more) = factor
        .outranked
        .len()
        .checked_sub(MOST_LISTED)
        .filter(|n| *n > 0)
    {
        line(
            out,
            6,
            "before",
            &format!("{more} more"),
            "--format json lists them",
        );
    }
    let mut by_rule: BTreeMap<&str, Vec<&Candidate>> = BTreeMap::new();
    for candidate in &factor.excluded {
        by_rule.entry(candidate.rule).or_default().push(candidate);
    }
    for (rule, list) in by_rule {
        let ids: Vec<&str> = list.iter().take(2).map(|c| c.id.as_str()).collect();
        let more = if list.len() > ids.len() { ", ..." } else { "" };
        line(
            out,
            6,
            "not",
            &format!("{}: {rule}", list.len()),
            &format!("{}{more}", ids.join(", ")),
        );
    }
}

/// Where the figures of a factor stand, and how they were made.
fn factor_text(out: &mut String, factor: &FactorSheet, number: usize) {
    let _ = writeln!(out, "\nfactor [{number}] {}", plain(&factor.id));
    for row in &factor.rows {
        if factor.rows.len() > 1 {
            line(out, 2, "row", &row.id, "");
        }
        facts(out, 2, &row.figures);
        facts(out, 2, &row.provenance);
    }
    steps(out, 2, &factor.made);
}

fn steps(out: &mut String, indent: usize, steps: &[Step]) {
    for step in steps {
        let exact = if step.exact.is_empty() {
            String::new()
        } else {
            format!(" = {}", step.exact)
        };
        line(
            out,
            indent,
            step.name,
            &format!("{}{exact}", step.formula),
            "",
        );
        line(out, indent, "", &format!("= {}", step.result), &step.rule);
    }
}

fn facts(out: &mut String, indent: usize, facts: &[Fact]) {
    for fact in facts {
        line(out, indent, fact.name, &fact.value, &fact.how);
    }
}

/// One line: name, value, and in brackets where the value is from.
fn line(out: &mut String, indent: usize, name: &str, value: &str, how: &str) {
    let width = 22 - indent;
    let how = if how.is_empty() {
        String::new()
    } else {
        format!("  ({})", plain(how))
    };
    let _ = writeln!(out, "{:indent$}{name:<width$}  {}{how}", "", plain(value));
}

/// Text of a file on one line of a terminal, without anything the terminal would obey.
fn plain(text: &str) -> String {
    text.replace(char::is_control, " ")
}

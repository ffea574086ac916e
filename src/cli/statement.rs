//! `statement OUT [RUN] --organisation FILE`: scopes and categories of a published run for whoever reports it.

use super::Console;
use super::args::{SliceArgs, memory, path, progress_mode};
use super::{engine_at, progress};
use green_corridor::plan::MemoryLimit;
use green_corridor::quantity::{counted, grouped};
use green_corridor::runs::{Language, Stated, StatementOrder};
use green_corridor::text::Table;
use green_corridor::{ProgressMode, Result};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `statement`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Output root
    #[arg(value_name = "OUT", value_parser = path())]
    pub out: PathBuf,
    /// Run [default: the current one]
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// File with [organisation]: who reports, in which role, and which carried columns say what; a run file may hold it
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub organisation: PathBuf,
    /// Certificates (SAF, HVO, book and claim), shown in a table of their own
    #[arg(long, value_name = "CSV", value_parser = path())]
    pub certificates: Option<PathBuf>,
    /// Which shipments of the run.
    #[command(flatten)]
    pub slice: SliceArgs,
    /// Language of page and workbook
    #[arg(long, value_enum, default_value_t, value_name = "LANGUAGE")]
    pub lang: Lang,
    /// Folder for the files [default: OUT/statement/ORGANISATION]
    #[arg(long, value_name = "DIR", value_parser = path())]
    pub to: Option<PathBuf>,
    /// Memory for cutting a run, e.g. 512MiB [default: 1GiB]
    #[arg(long, value_name = "SIZE", value_parser = memory)]
    pub memory_limit: Option<MemoryLimit>,
    /// When to show progress on standard error
    #[arg(long, value_name = "WHEN", value_parser = progress_mode())]
    pub progress: Option<ProgressMode>,
}

/// Language of a statement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Lang {
    /// English
    #[default]
    En,
    /// Chinese, simplified characters
    Zh,
}

/// Writes the statement and prints its sums.
pub(super) fn run(args: &Args, console: &Console) -> Result<ExitCode> {
    let order = StatementOrder {
        run: args.run.clone(),
        organisation: args.organisation.clone(),
        certificates: args.certificates.clone(),
        language: match args.lang {
            Lang::En => Language::English,
            Lang::Zh => Language::Chinese,
        },
        to: args.to.clone(),
    };
    let machine = green_corridor::process::memory;
    let memory = args.memory_limit.map(|limit| limit.bytes(machine()));
    let progress = progress::for_run(args.progress.unwrap_or_default(), *console);
    let engine = engine_at(&args.out, &progress)?.sliced(args.slice.slice(), memory);
    let stated = engine.statement(&order);
    progress.end();
    console.print(&text(&stated?))?;
    Ok(ExitCode::SUCCESS)
}

fn text(stated: &Stated) -> String {
    let of = match stated.slice.as_str() {
        "" => String::new(),
        slice => format!(", {slice}"),
    };
    let mut out = format!("run {}{of}\n\n", stated.run_id);
    let mut table = Table::new(&["category", ">elements", ">t CO2e", ">kg CO2e"]);
    for (code, elements, kg, tonnes) in &stated.categories {
        table.row(vec![
            code.replace('_', " "),
            grouped(&elements.to_string()),
            grouped(tonnes),
            grouped(kg),
        ]);
    }
    let (kg, tonnes) = &stated.total;
    table.row(vec![
        "total".to_owned(),
        String::new(),
        grouped(tonnes),
        grouped(kg),
    ]);
    out += &table.text();
    let (run, rest) = &stated.run_and_rest;
    let (run, rest) = (grouped(run), grouped(rest));
    let _ = match stated.slice.as_str() {
        "" => writeln!(out, "\nthe categories add up to the run exactly"),
        _ => writeln!(
            out,
            "\nthe categories and {rest} kg CO2e of other shipments add up to the run, {run} kg CO2e, exactly"
        ),
    };
    for (code, elements, kg) in &stated.reasons {
        let elements = counted(*elements, "element");
        let _ = writeln!(
            out,
            "not determined, {code}: {elements}, {} kg CO2e",
            grouped(kg)
        );
    }
    out.push('\n');
    for file in &stated.files {
        let _ = writeln!(out, "{}", file.display());
    }
    out
}

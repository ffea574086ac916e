//! `report OUT [RUN]`: one self-contained HTML page and one XLSX workbook on a published run, on a slice of it, or on each of its slices.

use super::Console;
use super::args::{SliceArgs, memory, path, progress_mode};
use super::engine_at;
use super::export::CompanyArgs;
use green_corridor::files::{RealDisk, finish_groups, folder_below, whole};
use green_corridor::plan::MemoryLimit;
use green_corridor::quantity::{counted, grouped};
use green_corridor::runs::{ByOrder, page, workbook};
use green_corridor::{Engine, Error, ProgressMode, Result};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Arguments of `report`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Output root
    #[arg(value_name = "OUT", value_parser = path())]
    pub out: PathBuf,
    /// Run [default: the current one]
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// Which shipments of the run.
    #[command(flatten)]
    pub slice: SliceArgs,
    /// One folder for each value of this carried column, with a page, a workbook and iLEAP documents
    #[arg(long, value_name = "COLUMN", requires = "to")]
    pub by: Option<String>,
    /// Folder for the files [default: OUT/report]
    #[arg(long, value_name = "DIR", value_parser = path())]
    pub to: Option<PathBuf>,
    /// Which files to write [default: both, with --by all]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<ReportFormat>,
    /// Whose iLEAP documents they are.
    #[command(flatten)]
    pub company: CompanyArgs,
    /// Memory for cutting a run into slices, e.g. 512MiB [default: 1GiB]
    #[arg(long, value_name = "SIZE", value_parser = memory)]
    pub memory_limit: Option<MemoryLimit>,
    /// When to show progress on standard error
    #[arg(long, value_name = "WHEN", value_parser = progress_mode())]
    pub progress: Option<ProgressMode>,
}

/// Which files to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum ReportFormat {
    /// The page
    Html,
    /// The workbook
    Xlsx,
    /// Both
    Both,
    /// With --by: both, and iLEAP documents
    All,
}

/// Writes the report and says where it is.
pub(super) fn run(args: &Args, console: &Console) -> Result<ExitCode> {
    let machine = green_corridor::process::memory;
    let memory = args.memory_limit.map(|limit| limit.bytes(machine()));
    let progress = super::progress::for_run(args.progress.unwrap_or_default(), *console);
    let engine = engine_at(&args.out, &progress)?.sliced(args.slice.slice(), memory);
    if let (Some(column), Some(to)) = (&args.by, &args.to) {
        let order = order(args, column, to, console)?;
        let written = engine.report_by(args.run.as_deref(), &order);
        progress.end();
        let written = written?;
        console.print(&format!(
            "{}, {} in {}\n{} kg CO2e in these slices, {} kg CO2e in run {}: slices and rest add up to it exactly\n",
            written.index.display(),
            counted(written.files, "file"),
            counted(written.values, "folder"),
            grouped(&written.total_kg),
            grouped(&written.run_kg),
            written.run_id
        ))?;
        return Ok(ExitCode::SUCCESS);
    }
    let written = one(args, &engine);
    progress.end();
    for (path, bytes) in written? {
        let bytes = grouped(&bytes.to_string());
        console.print(&format!("{}, {bytes} bytes\n", path.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What is written of each slice.
fn order(args: &Args, column: &str, to: &Path, console: &Console) -> Result<ByOrder> {
    let format = args.format.unwrap_or(ReportFormat::All);
    let ileap = match format {
        ReportFormat::All => Some(args.company.company(console)?),
        ReportFormat::Html | ReportFormat::Xlsx | ReportFormat::Both => None,
    };
    Ok(ByOrder {
        column: column.to_owned(),
        to: to.to_owned(),
        page: format != ReportFormat::Xlsx,
        workbook: format != ReportFormat::Html,
        ileap,
    })
}

/// Writes one report; gives its files with their sizes.
fn one(args: &Args, engine: &Engine) -> Result<Vec<(PathBuf, usize)>> {
    let format = args.format.unwrap_or(ReportFormat::Both);
    if format == ReportFormat::All {
        let what = "--format all: expected with --by; `export ileap` writes the documents of a run or of one slice";
        return Err(Error::Usage(what.to_owned()));
    }
    let report = engine.report(args.run.as_deref())?;
    let run_id = &report.run_id;
    let to = match &args.to {
        Some(to) => to.clone(),
        None => {
            let place = format!("report/{}", args.slice.slice().folder());
            folder_below(&RealDisk, &args.out, place.trim_end_matches('/'))?
        }
    };
    let mut written = Vec::new();
    if format != ReportFormat::Xlsx {
        let page =
            page(&report).map_err(|e| Error::Internal(format!("cannot make the page: {e}")))?;
        written.push((to.join(format!("{run_id}.html")), page.into_bytes()));
    }
    if format != ReportFormat::Html {
        let book = workbook(&report)
            .map_err(|e| Error::Internal(format!("cannot make the workbook: {e}")))?;
        written.push((to.join(format!("{run_id}.xlsx")), book));
    }
    let files = written
        .iter()
        .map(|(path, bytes)| whole(&RealDisk, path, bytes))
        .collect::<Result<Vec<_>>>()?;
    finish_groups(&RealDisk, [files])?;
    let sizes = written.into_iter().map(|(path, bytes)| (path, bytes.len()));
    Ok(sizes.collect())
}

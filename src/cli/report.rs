//! `report OUT [RUN]`: one self-contained HTML page and one XLSX workbook on a published run.

use super::Console;
use super::args::path;
use super::args::progress_mode;
use super::engine_at;
use green_corridor::files::{RealDisk, finish_groups, folder_below, whole};
use green_corridor::runs::{page, workbook};
use green_corridor::{Error, ProgressMode, Result};
use std::path::PathBuf;
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
    /// Folder for the files [default: OUT/report]
    #[arg(long, value_name = "DIR", value_parser = path())]
    pub to: Option<PathBuf>,
    /// Which files to write
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: ReportFormat,
    /// When to show progress on standard error
    #[arg(long, value_name = "WHEN", value_parser = progress_mode())]
    pub progress: Option<ProgressMode>,
}

/// Which files to write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum ReportFormat {
    /// The page
    Html,
    /// The workbook
    Xlsx,
    /// Both
    #[default]
    Both,
}

/// Writes the report and says where it is.
pub(super) fn run(args: &Args, console: &Console) -> Result<ExitCode> {
    let progress = super::progress::for_run(args.progress.unwrap_or_default(), *console);
    let report = engine_at(&args.out, &progress)?.report(args.run.as_deref());
    progress.end();
    let report = report?;
    let run_id = &report.run_id;
    let to = match &args.to {
        Some(to) => to.clone(),
        None => folder_below(&RealDisk, &args.out, "report")?,
    };
    let mut written = Vec::new();
    if args.format != ReportFormat::Xlsx {
        let page =
            page(&report).map_err(|e| Error::Internal(format!("cannot make the page: {e}")))?;
        written.push((to.join(format!("{run_id}.html")), page.into_bytes()));
    }
    if args.format != ReportFormat::Html {
        let book = workbook(&report)
            .map_err(|e| Error::Internal(format!("cannot make the workbook: {e}")))?;
        written.push((to.join(format!("{run_id}.xlsx")), book));
    }
    let files = written
        .iter()
        .map(|(path, bytes)| whole(&RealDisk, path, bytes))
        .collect::<Result<Vec<_>>>()?;
    finish_groups(&RealDisk, [files])?;
    for (path, bytes) in written {
        console.print(&format!(
            "{}, {} bytes\n",
            path.display(),
            green_corridor::quantity::grouped(&bytes.len().to_string())
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

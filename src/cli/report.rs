//! `report OUT [RUN]`: one self-contained HTML page and one XLSX workbook on a published run.

use super::Console;
use super::args::path;
use super::args::progress_mode;
use crate::error::{Error, Result};
use crate::present::form::{page, workbook};
use crate::progress::ProgressMode;
use crate::store::disk::RealDisk;
use crate::store::files::{finish_groups, folder_below, whole};
use crate::store::layout::Layout;
use crate::store::signal::Interrupt;
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `report`.
#[derive(Debug, clap::Args)]
pub struct Args {
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
pub enum ReportFormat {
    /// The page
    Html,
    /// The workbook
    Xlsx,
    /// Both
    #[default]
    Both,
}

/// Writes the report and says where it is.
pub fn run(args: &Args, console: &Console) -> Result<ExitCode> {
    let layout = Layout::new(&args.out);
    let reading = layout.read_run(args.run.as_deref())?;
    let run_id = &reading.id;
    let progress = super::progress::for_run(args.progress.unwrap_or_default(), *console);
    let report =
        crate::present::report::report(&layout, run_id, progress.as_ref(), &Interrupt::install()?);
    progress.end();
    let report = report?;
    let to = match &args.to {
        Some(to) => to.clone(),
        None => folder_below(&RealDisk, layout.root(), "report")?,
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
            crate::model::unit::grouped(&bytes.len().to_string())
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

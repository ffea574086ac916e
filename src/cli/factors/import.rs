//! `factors import`: a table of the user's own becomes an edition of the library, when nothing in it is refused.

use super::super::args::path;
use super::text::plain;
use crate::cli::Console;
use green_corridor::factor::{self, ImportOrder, ImportReport, Refusal};
use green_corridor::quantity::plural;
use green_corridor::{Error, Result};
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `factors import`.
#[derive(Debug, clap::Args)]
pub(crate) struct Import {
    /// Tables, XLSX or CSV
    #[arg(value_name = "FILE", required = true, value_parser = path())]
    pub files: Vec<PathBuf>,
    /// What the tables mean, TOML; templates are in examples/factor-tables
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub mapping: PathBuf,
    /// Factor library that the edition goes into
    #[arg(long, value_name = "DIR", default_value = "emission_factors", value_parser = path())]
    pub factors: PathBuf,
    /// Folder of zones and places that regions may name
    #[arg(long, value_name = "DIR", default_value = "data", value_parser = path())]
    pub reference: PathBuf,
    /// A profile that names the edition: checked with it and put into the library
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub profile: Option<PathBuf>,
    /// Put the edition, and the profile, in the place of those of the same name
    #[arg(long)]
    pub replace: bool,
    /// Check everything, write nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Converts, checks together with the library, writes.
pub(super) fn import(args: &Import, console: &Console) -> Result<ExitCode> {
    let report = factor::import(&ImportOrder {
        files: args.files.clone(),
        mapping: args.mapping.clone(),
        factors: args.factors.clone(),
        reference: args.reference.clone(),
        profile: args.profile.clone(),
        replace: args.replace,
        dry_run: args.dry_run,
    })?;
    if !report.refusals.is_empty() {
        console.print(&lines(&report.refusals))?;
        return Err(Error::Input(format!(
            "{} refused; nothing was written",
            report.refusals.len()
        )));
    }
    console.print(&summary(&report, args.dry_run))?;
    Ok(ExitCode::SUCCESS)
}

fn lines(refusals: &[Refusal]) -> String {
    refusals
        .iter()
        .map(|r| plain(&r.to_string()) + "\n")
        .collect()
}

fn summary(report: &ImportReport, dry_run: bool) -> String {
    let mut text = String::new();
    for count in &report.counts {
        let (rows, blank, skipped) = (count.rows, count.blank, count.skipped);
        text += &format!(
            "{}: {rows} {} imported, {blank} blank, {skipped} passed over\n",
            plain(&count.sheet),
            plural(rows as u64, "row")
        );
        for line in count.unseen.lines() {
            text += &format!("{}: {line}\n", plain(&count.sheet));
        }
    }
    if !report.warnings.is_empty() {
        text += &format!("warnings\n{}", lines(&report.warnings));
    }
    let target = report.target.display();
    text + &if dry_run {
        format!("nothing written to {target}: dry run\n")
    } else {
        format!("written to {target}\n")
    }
}

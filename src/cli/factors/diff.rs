//! `factors diff`: two editions, or two profiles, side by side.

use super::super::args::path;
use super::listing::Listing;
use crate::cli::Console;
use crate::cli::args::{TableFormat, day};
use green_corridor::Result;
use green_corridor::factor::{Change, Compared, Difference, FactorLibrary, Side};
use green_corridor::quantity::{Day, day_of, decimal_text};
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `factors diff`.
#[derive(Debug, clap::Args)]
pub(crate) struct Diff {
    /// An edition (source/edition) or a profile
    #[arg(value_name = "A")]
    pub first: String,
    /// Another one of the same kind
    #[arg(value_name = "B")]
    pub second: String,
    /// Factor library
    #[arg(long, value_name = "DIR", default_value = "emission_factors", value_parser = path())]
    pub factors: PathBuf,
    /// Folder of zones and places that regions may name
    #[arg(long, value_name = "DIR", default_value = "data", value_parser = path())]
    pub reference: PathBuf,
    /// Only this operation, or the operations that start so
    #[arg(long, value_name = "CODE")]
    pub operation: Option<String>,
    /// Day on which profiles are asked [default: today]
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    pub on: Option<Day>,
    /// Rows that are the same, too
    #[arg(long)]
    pub all: bool,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: TableFormat,
}

/// Columns; `>`: to the right. The table for a terminal goes up to the reasons.
const COLUMNS: [&str; 19] = [
    "change",
    "operation",
    "energy_carrier",
    "region",
    "carrier",
    "temperature",
    "unit",
    ">before",
    ">after",
    ">difference",
    ">percent",
    "reasons",
    "unit_after",
    "before_operation",
    "before_provision",
    "after_operation",
    "after_provision",
    "before_id",
    "after_id",
];
const IN_TABLE: usize = 12;

/// Prints the differences.
pub(super) fn diff(args: &Diff, console: &Console) -> Result<ExitCode> {
    let mut list = FactorLibrary::diff(&Compared {
        first: &args.first,
        second: &args.second,
        factors: &args.factors,
        reference: &args.reference,
        on: args
            .on
            .unwrap_or_else(|| day_of(jiff::Timestamp::now().as_microsecond())),
    })?;
    let prefix = args.operation.as_deref().unwrap_or("");
    list.retain(|d| {
        d.scope.operation.starts_with(prefix) && (args.all || d.change != Change::Same)
    });
    let rows = list.iter().map(|d| cells(d).into()).collect();
    console.print(
        &Listing {
            columns: &COLUMNS,
            in_table: IN_TABLE,
            rows,
        }
        .text(args.format),
    )?;
    Ok(ExitCode::SUCCESS)
}

fn cells(d: &Difference) -> [String; COLUMNS.len()] {
    let total = |side: &Option<Side>| {
        side.as_ref()
            .map_or(String::new(), |s| decimal_text(s.total(), s.scale))
    };
    let part = |side: &Option<Side>, part: fn(&Side) -> i64| {
        side.as_ref()
            .map_or(String::new(), |s| decimal_text(part(s).into(), s.scale))
    };
    let id = |side: &Option<Side>| side.as_ref().map_or(String::new(), |s| s.id.clone());
    let unit = |side: &Option<Side>| side.as_ref().map_or(String::new(), |s| s.unit.clone());
    let scale = d.before.as_ref().map_or(0, |s| s.scale);
    let first_unit = if d.before.is_some() {
        unit(&d.before)
    } else {
        unit(&d.after)
    };
    [
        d.change.code().to_owned(),
        d.scope.operation.clone(),
        d.scope.energy_carrier.clone(),
        d.scope.region.clone(),
        d.scope.carrier.clone(),
        d.scope.temperature.code().to_owned(),
        first_unit,
        total(&d.before),
        total(&d.after),
        d.absolute()
            .map_or(String::new(), |n| decimal_text(n, scale)),
        d.percent().map_or(String::new(), |n| decimal_text(n, 2)),
        d.reasons().join("; "),
        unit(&d.after),
        part(&d.before, |s| s.operation),
        part(&d.before, |s| s.provision),
        part(&d.after, |s| s.operation),
        part(&d.after, |s| s.provision),
        id(&d.before),
        id(&d.after),
    ]
}

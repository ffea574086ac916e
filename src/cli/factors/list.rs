//! `factors list`: the factors of a profile as a table.

use super::listing::Listing;
use super::text::end;
use super::{Library, factors_of};
use crate::cli::Console;
use crate::cli::args::{TableFormat, day};
use green_corridor::factor::{EmissionFactor, FactorSet};
use green_corridor::quantity::{Day, NANO_SCALE, date_text, decimal_text};
use green_corridor::{Error, Result};
use std::process::ExitCode;

/// Arguments of `factors list`.
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Which library and profile.
    #[command(flatten)]
    pub library: Library,
    /// Only this operation, or the operations that start so
    #[arg(long, value_name = "CODE")]
    pub operation: Option<String>,
    /// Only factors valid on this day
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    pub on: Option<Day>,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: TableFormat,
}

/// Columns of `list`; `>`: to the right. The table for a terminal goes without the last one.
const COLUMNS: [&str; 13] = [
    "id",
    "operation",
    "energy_carrier",
    "region",
    "carrier",
    "temperature",
    "per",
    ">operation_g",
    ">provision_g",
    "valid_from",
    "valid_to",
    "gwp_set",
    "licence",
];

/// Prints the factors.
pub(super) fn list(args: &List, console: &Console) -> Result<ExitCode> {
    let set = factors_of(&args.library)?;
    if let Some(prefix) = args.operation.as_deref()
        && !set.operations.iter().any(|o| o.code.starts_with(prefix))
    {
        let codes: Vec<&str> = set.operations.iter().map(|o| &*o.code).collect();
        return Err(Error::Usage(format!(
            "--operation \"{prefix}\": expected one of {}, or how some begin",
            codes.join(", ")
        )));
    }
    let wanted = |f: &&EmissionFactor| {
        let starts = |prefix: &str| {
            f.operation
                .is_some_and(|o| set.operations[o as usize].code.starts_with(prefix))
        };
        args.operation.as_deref().is_none_or(starts)
            && args.on.is_none_or(|d| f.valid_from <= d && d < f.valid_to)
    };
    let rows = set
        .factors
        .iter()
        .filter(wanted)
        .map(|f| cells(&set, f).into())
        .collect();
    let listing = Listing {
        columns: &COLUMNS,
        in_table: COLUMNS.len() - 1,
        rows,
    };
    console.print(&listing.text(args.format))?;
    Ok(ExitCode::SUCCESS)
}

/// A factor as cells of [`COLUMNS`]; empty: absent.
fn cells(set: &FactorSet, f: &EmissionFactor) -> [String; COLUMNS.len()] {
    [
        f.id.to_string(),
        operation(set, f).to_owned(),
        f.energy_carrier.to_string(),
        f.region.to_string(),
        f.carrier.to_string(),
        f.temperature.code().to_owned(),
        f.per.code().to_owned(),
        decimal_text(f.intensity.operation.into(), NANO_SCALE),
        decimal_text(f.intensity.provision.into(), NANO_SCALE),
        date_text(f.valid_from),
        end(f.valid_to),
        f.gwp_set.code().to_owned(),
        f.licence.to_string(),
    ]
}

/// Code of the operation; energy rows have none.
pub(super) fn operation<'s>(set: &'s FactorSet, f: &EmissionFactor) -> &'s str {
    f.operation
        .map_or("", |o| &*set.operations[o as usize].code)
}

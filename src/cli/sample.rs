//! `sample`: generated movement records of any size.

use super::args::path;
use super::args::{progress_mode, share};
use super::{Console, progress};
use green_corridor::files::{FileWriter, RealDisk};
use green_corridor::made_up::{Format, MOST_SHIPMENTS, Month, Order, Templates, write};
use green_corridor::plan::Share;
use green_corridor::quantity::counted;
use green_corridor::{Error, ProgressMode, Result, shipped_files};
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `sample`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Number of shipments; one gives about six rows
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(0..=MOST_SHIPMENTS))]
    shipments: u64,
    /// Seed; the same seed gives the same bytes on every machine [default: that of the route templates]
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// File to write, replaced if it exists: .csv or .parquet
    #[arg(long, value_name = "FILE", value_parser = path())]
    out: PathBuf,
    /// Month of the first departures, UTC [default: that of the route templates]
    #[arg(long, value_name = "YYYY-MM", value_parser = Month::parse)]
    month: Option<Month>,
    /// Share of rows to damage the way real exports are
    #[arg(long, value_name = "PERCENT", value_parser = share, default_value = "0%")]
    dirt: Share,
    /// When to show progress on standard error
    #[arg(long, value_name = "WHEN", value_parser = progress_mode())]
    progress: Option<ProgressMode>,
}

/// Generates the file.
pub(super) fn run(args: &Args, console: &Console) -> Result<ExitCode> {
    let format = Format::of(&args.out).map_err(Error::Usage)?;
    let templates = templates()?;
    let order = Order {
        shipments: args.shipments,
        seed: args.seed.unwrap_or(templates.seed),
        month: match args.month {
            Some(month) => month,
            None => Month::parse(&templates.month).map_err(Error::Internal)?,
        },
        dirt: args.dirt,
    };
    let progress = progress::for_run(args.progress.unwrap_or_default(), *console);
    progress.stage("generate", None);
    let mut out = FileWriter::create(&RealDisk, &args.out)?;
    let rows = write(&order, &templates, format, &mut out, &|rows| {
        progress.advance(rows, 0)
    });
    progress.end();
    let rows = rows.map_err(|e| Error::Storage(e.to_string()))?;
    out.finish()?;
    console.print(&format!(
        "{}: {} of {}, seed {}\n",
        args.out.display(),
        counted(rows, "generated movement"),
        counted(order.shipments, "shipment"),
        order.seed
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// The templates that ship inside the program.
fn templates() -> Result<Templates> {
    let text = |path: &str| {
        shipped_files::text_of(path)
            .ok_or_else(|| Error::Internal(format!("{path} is not inside the program")))
    };
    let (routes, distances) = (
        text("data/sample_routes.toml")?,
        text("data/distances.csv")?,
    );
    Templates::parse(
        routes,
        distances,
        text("emission_factors/profiles/open.toml")?,
    )
    .map_err(Error::Internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Also keeps the generator the same on every platform and in every version: its bytes are committed.
    #[test]
    fn the_shipped_sample_is_what_its_command_makes() {
        let order = Order {
            shipments: 2500,
            seed: 20_250_301,
            month: Month::parse("2025-03").unwrap(),
            dirt: Share::parse("0.2%").unwrap(),
        };
        let mut made = Vec::new();
        write(
            &order,
            &templates().unwrap(),
            Format::Csv,
            &mut made,
            &|_| {},
        )
        .unwrap();
        let shipped = shipped_files::text_of("data/movements/2025-03.csv").unwrap();
        assert!(
            made == shipped.as_bytes(),
            "run the command of data/movements/README.md again"
        );
        assert!(made.len() < 3_000_000, "{}", made.len());
    }
}

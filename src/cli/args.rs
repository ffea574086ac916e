//! The command line's grammar: the list of commands, options that all share, and how single values are read.

use super::{
    Console, compare, completions, convert, diff, explain, export, factors, init, man, places,
    query, rejects, report, rollback, run, sample, serve, settle, statement, track, verify,
    year_over_year,
};
use clap::builder::{PathBufValueParser, PossibleValuesParser, TypedValueParser};
use clap::{CommandFactory, Parser, Subcommand};
use green_corridor::files::plain;
use green_corridor::plan::{Change, MemoryLimit, Share};
use green_corridor::quantity::{Day, parse_date};
use green_corridor::runs::{Months, Slice};
use green_corridor::{LogMode, METHOD_REVISION, ProgressMode, Result};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::LazyLock;

/// Greenhouse-gas footprints of container movements to ISO 14083:2023: exact, reproducible, explained.
#[derive(Debug, Parser)]
#[command(
    name = "green-corridor",
    version = version(),
    max_term_width = 100,
    arg_required_else_help = true
)]
pub(super) struct CommandLine {
    /// Form of the lines on standard error: text for people, json for machines
    #[arg(long, global = true, value_name = "FORM", value_parser = log_mode())]
    pub log: Option<LogMode>,
    #[command(subcommand)]
    pub command: Command,
}

/// What `--version` says: a corrected build may have the version of the one before, never its method revision.
fn version() -> &'static str {
    static VERSION: LazyLock<String> = LazyLock::new(|| {
        format!(
            "{} (method revision {METHOD_REVISION})",
            env!("CARGO_PKG_VERSION")
        )
    });
    &VERSION
}

/// Declares the commands; each one is a file of this folder with `Args` and `run`.
macro_rules! commands {
    ($($(#[$doc:meta])* $name:ident => $module:ident,)+) => {
        #[derive(Debug, Subcommand)]
        pub(super) enum Command { $($(#[$doc])* $name($module::Args),)+ }

        impl Command {
            pub(crate) fn run(&self, console: &Console) -> Result<ExitCode> {
                match self { $(Command::$name(args) => $module::run(args, console),)+ }
            }
        }
    };
}

commands! {
    /// Compute footprints of movement records and publish them as Parquet
    Run => run,
    /// Write a factor library, reference data and a run file to start from, or propose one for your own export
    Init => init,
    /// Check a published run: digests, counts and sums from its files alone
    Verify => verify,
    /// Make an earlier published run the current one again
    Rollback => rollback,
    /// Show rejected rows of a run with counts and examples per code
    Rejects => rejects,
    /// Print the calculation sheet of one shipment
    Explain => explain,
    /// Show why the figures of two runs differ; the parts add up to the difference
    Diff => diff,
    /// Split the change from one period to another: restatement, activity, mode mix, intensity
    #[command(visible_alias = "yoy")]
    YearOverYear => year_over_year,
    /// Hold targets against published runs: required value, gap, overshoot, forecast, verdict
    Track => track,
    /// Write a run as exchange documents: iLEAP, PACT, transport activity data
    Export => export,
    /// Turn what partners send into movement records and factors: DCSA events, EDIFACT messages, iLEAP documents
    Convert => convert,
    /// Write a report on a run: one HTML page and one XLSX workbook
    Report => report,
    /// State a run for an organisation: scopes and categories of the GHG Protocol, as page, workbook and elements
    Statement => statement,
    /// Settle freight and carbon charges of a month: claims, lines, taxes, netting, statements
    Settle => settle,
    /// Answer SQL questions about published runs, exactly (by a program built apart)
    Query => query,
    /// Serve pages for planners, and footprints for partners over HTTPS (by a program built apart)
    Serve => serve,
    /// Compare route options between two places: CO2e, days, cost, Pareto front, break-evens
    Compare => compare,
    /// Find places by name, code, IATA code or near a point
    Places => places,
    /// Check, question, compare and import emission factors
    Factors => factors,
    /// Generate movement records of any size from a seed
    Sample => sample,
    /// Print a completion script for a shell
    Completions => completions,
    /// Print the manual page
    Man => man,
}

/// The whole grammar, for completions, manual page and tests.
pub(crate) fn command() -> clap::Command {
    CommandLine::command()
}

fn log_mode() -> impl TypedValueParser<Value = LogMode> {
    PossibleValuesParser::new(LogMode::LIST.map(LogMode::code)).map(|code| {
        LogMode::LIST
            .into_iter()
            .find(|m| m.code() == code)
            .unwrap_or_default()
    })
}

pub(super) fn progress_mode() -> impl TypedValueParser<Value = ProgressMode> {
    PossibleValuesParser::new(ProgressMode::LIST.map(ProgressMode::code)).map(|code| {
        ProgressMode::LIST
            .into_iter()
            .find(|m| m.code() == code)
            .unwrap_or_default()
    })
}

/// A path, without detours: what is printed and published is what people would write.
pub(super) fn path() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().map(|path| plain(&path))
}

/// Clap shows the text itself, so the message only says what was expected.
pub(super) fn share(text: &str) -> std::result::Result<Share, String> {
    Share::parse(text)
}

/// `off`, or a percentage.
pub(super) fn change(text: &str) -> std::result::Result<MaxChange, String> {
    match text {
        "off" => Ok(MaxChange(None)),
        _ => Change::parse(text).map(|change| MaxChange(Some(change))),
    }
}

/// The largest change against the current run; `None`: any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MaxChange(pub Option<Change>);

pub(super) fn memory(text: &str) -> std::result::Result<MemoryLimit, String> {
    MemoryLimit::parse(text)
}

/// A day as `YYYY-MM-DD`.
pub(super) fn day(text: &str) -> std::result::Result<Day, String> {
    parse_date(text).ok_or_else(|| "expected a date, YYYY-MM-DD".to_owned())
}

/// `all`, or how many.
pub(super) fn keep(text: &str) -> std::result::Result<Keep, String> {
    match text.parse::<u32>() {
        Ok(count) if count > 0 => Ok(Keep::Last(count)),
        _ if text == "all" => Ok(Keep::All),
        _ => Err("expected \"all\" or a whole number from 1".to_owned()),
    }
}

/// Which shipments of a run are meant.
#[derive(Debug, Default, clap::Args)]
pub(super) struct SliceArgs {
    /// Only shipments with this value in a carried column; repeated: any of the values of a column, and all columns
    #[arg(long = "where", value_name = "COLUMN=VALUE", value_parser = Slice::parse)]
    wanted: Vec<(String, String)>,
    /// Only shipments with their first departure in a year, in a month, or from one to another: 2025, 2025-03, 2025-01..2025-06
    #[arg(long, value_name = "PERIOD", value_parser = Months::parse)]
    period: Option<Months>,
}

impl SliceArgs {
    /// What was said.
    pub(super) fn slice(&self) -> Slice {
        Slice::new(&self.wanted, self.period)
    }
}

/// How many runs stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// Every run.
    All,
    /// The last ones.
    Last(u32),
}

/// Form of a table that a command prints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum TableFormat {
    /// Aligned columns for people.
    #[default]
    Table,
    /// Comma-separated values.
    Csv,
    /// JSON.
    Json,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn words_that_no_option_knows_are_refused() {
        for line in [
            "run --threads 0",
            "run --keep 0",
            "run --max-reject-share 5",
            "run --memory-limit lots",
            "run --progress loud",
            "--log xml run",
            "rejects out --format yaml",
            "sample --shipments 1",
            "sample --shipments -1 --out x.csv",
            "completions tcsh-ng",
            "explain out",
            "factors list --on 2025-02-30",
            "factors why --operation sea.container --from CNQZH --to SGSIN",
            "factors import",
        ] {
            let words = std::iter::once("green-corridor").chain(line.split(' '));
            assert!(CommandLine::try_parse_from(words).is_err(), "{line}");
        }
        let words = [
            "green-corridor",
            "run",
            "x.toml",
            "--keep",
            "all",
            "--log",
            "json",
            "--memory-limit",
            "2GiB",
        ];
        assert!(CommandLine::try_parse_from(words).is_ok());
    }
}

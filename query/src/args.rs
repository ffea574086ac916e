//! The command line's grammar.

use clap::builder::{PathBufValueParser, PossibleValuesParser, TypedValueParser};
use clap::{Parser, ValueEnum};
use green_corridor::LogMode;
use green_corridor::files::plain;
use std::path::PathBuf;

/// SQL questions about published runs, answered exactly or not at all
#[derive(Debug, Parser)]
#[command(
    name = "green-corridor-query",
    bin_name = "green-corridor query",
    version,
    max_term_width = 100
)]
pub(crate) struct Args {
    /// Output root
    #[arg(value_name = "OUT", value_parser = path())]
    pub(crate) out: PathBuf,
    /// Question; tables: elements, shipments, corridors, corridor_sections, factors, rejected
    #[arg(value_name = "SQL", allow_hyphen_values = true)]
    pub(crate) sql: String,
    /// Run that is asked; the beginning of an id is enough [default: the current one]
    #[arg(long, value_name = "ID", conflicts_with = "all_runs")]
    pub(crate) run: Option<String>,
    /// Ask all runs together; the column run_id tells them apart
    #[arg(long)]
    pub(crate) all_runs: bool,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) format: QueryFormat,
    /// File for the answer [default: standard output]
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub(crate) to: Option<PathBuf>,
    /// Form of the lines on standard error: text for people, json for machines
    #[arg(long, value_name = "FORM", value_parser = log_mode())]
    pub(crate) log: Option<LogMode>,
}

/// Form of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum QueryFormat {
    /// Aligned columns for people
    #[default]
    Table,
    /// Comma-separated values
    Csv,
    /// An array of objects; decimals are texts
    Json,
    /// A Parquet file
    Parquet,
}

fn path() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().map(|path| plain(&path))
}

fn log_mode() -> impl TypedValueParser<Value = LogMode> {
    PossibleValuesParser::new(LogMode::LIST.map(LogMode::code)).map(|code| {
        let mut modes = LogMode::LIST.into_iter();
        modes.find(|m| m.code() == code).unwrap_or_default()
    })
}

//! `green-corridor-query OUT SQL`: SQL questions about published runs, answered by Polars with exact arithmetic.
//!
//! The order of things: `published` proves the runs and hands their tables over, `exact` rewrites the plan of the question so
//! that no sum and no product can be wrong unseen, `answer` takes the result or refuses it, `form` writes it.

mod answer;
mod exact;
mod form;
mod published;

use clap::Parser;
use green_corridor::cli::query::Args;
use green_corridor::cli::{Console, with_last_words};
use green_corridor::error::{Error, Result};
use green_corridor::progress::{Level, LogMode};
use green_corridor::store::signal::Interrupt;
use polars::lazy::frame::LazyFrame;
use polars::prelude::PolarsError;
use polars::sql::SQLContext;
use published::{Fault, Run, tables};
use std::process::ExitCode;
use std::sync::Arc;

/// SQL questions about published runs, answered exactly
#[derive(Debug, Parser)]
#[command(name = "green-corridor-query", version, max_term_width = 100)]
struct CommandLine {
    /// Form of the lines on standard error: text for people, json for machines
    #[arg(long, value_name = "FORM", value_parser = green_corridor::cli::log_mode())]
    log: Option<LogMode>,
    #[command(flatten)]
    args: Args,
}

fn main() -> ExitCode {
    let line = CommandLine::parse();
    let console = Console::new(line.log);
    with_last_words(console.log_said, move || {
        ask(&line.args, &console).unwrap_or_else(|error| {
            console.error(&error);
            ExitCode::from(error.exit_code())
        })
    })
}

fn ask(args: &Args, console: &Console) -> Result<ExitCode> {
    form::check(args)?;
    only_a_question(&args.sql)?;
    let runs = Run::open(args)?;
    let interrupt = Interrupt::install()?;
    for run in &runs {
        run.prove(&interrupt)?;
    }
    let fault = Arc::new(Fault::default());
    let mut context = SQLContext::new();
    for (name, table) in tables(runs, args.all_runs, &interrupt, &fault)? {
        context.register(name, table);
    }
    let question = context.execute(&args.sql).map_err(refused)?;
    let plan = exact::plan(question.logical_plan, &fault).map_err(refused)?;
    let is_ordered = exact::is_ordered(&plan);
    let found = LazyFrame::from(plan).collect();
    // What went wrong here is known better than what Polars makes of it.
    if let Some(error) = fault.take() {
        return Err(error);
    }
    let answer = answer::batch(&found.map_err(refused)?)?;
    form::write(&answer, args, console)?;
    if !is_ordered && answer.num_rows() > 1 {
        let note = "without ORDER BY the rows come in no promised order";
        console.message(Level::Info, note);
    }
    Ok(ExitCode::SUCCESS)
}

/// Nothing can be changed through a question; what pretends to is refused.
fn only_a_question(sql: &str) -> Result<()> {
    let first = sql.trim_start_matches(|c: char| c.is_whitespace() || c == '(');
    let first = first.split(|c: char| !c.is_ascii_alphabetic()).next();
    let first = first.unwrap_or_default().to_ascii_uppercase();
    if matches!(first.as_str(), "SELECT" | "WITH" | "FROM") {
        return Ok(());
    }
    let what = format!("the question begins with {first:?}, expected SELECT, WITH or FROM");
    Err(Error::Usage(what))
}

fn refused(error: PolarsError) -> Error {
    Error::Usage(format!("the question cannot be answered: {error}"))
}

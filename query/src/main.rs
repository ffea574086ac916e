//! `green-corridor-query OUT SQL`: SQL questions about published runs, answered by Polars with exact arithmetic.
//!
//! The order of things: `published` hands over the tables of runs that add up, `exact` rewrites the plan of the question so
//! that no sum and no product can be wrong unseen, `answer` takes the result or refuses it, `form` writes it.

mod answer;
mod args;
mod exact;
mod form;
mod published;

use args::Args;
use clap::Parser;
use green_corridor::process::Console;
use green_corridor::text::visible_lines;
use green_corridor::{Engine, Error, Level, Result};
use polars::lazy::frame::LazyFrame;
use polars::prelude::PolarsError;
use polars::sql::SQLContext;
use published::{Fault, tables};
use std::borrow::Cow;
use std::io::Write;
use std::panic::catch_unwind;
use std::process::ExitCode;
use std::sync::Arc;

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(said) => return told(&said),
    };
    let console = Console::new(args.log);
    // Where a fault of Polars happened is of use to nobody who asks; what it was is.
    std::panic::set_hook(Box::new(|_| ()));
    let asked = catch_unwind(|| ask(&args, &console)).unwrap_or_else(|fault| {
        let what = fault.downcast_ref::<String>().map(String::as_str);
        let what = what.or_else(|| fault.downcast_ref::<&str>().copied());
        let what = what.unwrap_or("no message");
        Err(Error::Internal(format!("internal fault: {what}")))
    });
    asked.unwrap_or_else(|error| {
        console.error(&error);
        ExitCode::from(error.exit_code())
    })
}

/// Prints help, version or what is wrong with a command line, whose words may hold anything.
fn told(said: &clap::Error) -> ExitCode {
    let text = said.render().to_string();
    let _ = match visible_lines(&text) {
        Cow::Borrowed(_) => said.print(),
        Cow::Owned(text) => std::io::stderr().lock().write_all(text.as_bytes()),
    };
    ExitCode::from(if said.use_stderr() { 2 } else { 0 })
}

fn ask(args: &Args, console: &Console) -> Result<ExitCode> {
    form::check(args)?;
    only_a_question(&args.sql)?;
    let engine = Engine::at(&args.out);
    let runs = match args.all_runs {
        true => engine.all_published()?,
        false => vec![engine.published(args.run.as_deref())?],
    };
    let fault = Arc::new(Fault::default());
    let mut context = SQLContext::new();
    for (name, table) in tables(runs, &fault)? {
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
    let mut rest = sql.trim_start();
    while let Some(comment) = rest.strip_prefix("--") {
        rest = comment
            .split_once('\n')
            .map_or("", |(_, rest)| rest)
            .trim_start();
    }
    let first = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '(');
    let first = first.split(|c: char| !c.is_ascii_alphabetic()).next();
    let first = first.unwrap_or_default().to_ascii_uppercase();
    if matches!(first.as_str(), "SELECT" | "WITH" | "FROM") {
        return Ok(());
    }
    let what = format!("the question begins with {first:?}, expected SELECT, WITH or FROM");
    Err(Error::Usage(what))
}

/// How far Polars had come with its plan is of use to nobody who asks.
fn refused(error: PolarsError) -> Error {
    let text = error.to_string();
    let what = text.split("Resolved plan until failure").next();
    let what = what.unwrap_or(&text).trim_end();
    Error::Usage(format!("the question cannot be answered: {what}"))
}

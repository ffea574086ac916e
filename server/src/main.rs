//! `green-corridor-server OUT`: pages for planners and the partner door, over HTTP.
//!
//! The order of things: `listen` takes connections within limits, `front` decides over what way a request came and what may be asked there,
//! `door` answers partners from finished exports (`exports`), `pages` answers people. Nothing here computes a figure.

mod answer;
mod app;
mod args;
mod clients;
mod door;
mod exports;
mod failures;
mod front;
mod listen;
mod pages;
mod routes;
mod secret;
mod timed;
mod tls;
mod token;
mod users;
mod watch;

use args::{Args, ClientsCommand, Command, UsersCommand};
use clap::Parser;
use green_corridor::process::Console;
use green_corridor::text::visible_lines;
use green_corridor::{Error, Result};
use std::borrow::Cow;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(said) => return told(&said),
    };
    let console = Console::new(args.log);
    let done = match &args.command {
        Some(Command::Clients(ClientsCommand::Add(order))) => clients::add(order, &console),
        Some(Command::Users(UsersCommand::Add(order))) => users::add(order, &console),
        None => serve(&args, &console),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            console.error(&error);
            ExitCode::from(error.exit_code())
        }
    }
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

/// Threads beside those of connections. Each keeps memory of its own for a while, and what is done on them is short.
const THREADS: usize = 32;
/// How long those have at the end that are still at work: a disk may hang.
const LAST: Duration = Duration::from_secs(5);

fn serve(args: &Args, console: &Console) -> Result<()> {
    green_corridor::process::raise_limit();
    let app = app::App::open(args, *console)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_io()
        .enable_time()
        .max_blocking_threads(THREADS)
        .build();
    let runtime = runtime.map_err(|e| Error::Limit(format!("cannot start threads: {e}")))?;
    let done = runtime.block_on(listen::run(app, args));
    runtime.shutdown_timeout(LAST);
    done
}

//! The program: hands the arguments to the command line and its exit code to the system.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main(std::env::args_os())
}

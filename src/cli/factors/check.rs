//! `factors check`: every fault of a library at once, with file, line and column; warnings apart from errors.

use super::Library;
use super::text::plain;
use crate::cli::Console;
use crate::cli::args::day;
use green_corridor::factor::{FactorLibrary, Findings};
use green_corridor::quantity::{Day, day_of, plural};
use green_corridor::{Error, Result};
use std::fmt::Write as _;
use std::process::ExitCode;

/// Arguments of `factors check`.
#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// Which library and profile.
    #[command(flatten)]
    pub library: Library,
    /// Day for which editions that have ended are named [default: today]
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    pub on: Option<Day>,
}

/// Prints the faults; exit 9 when one is an error.
pub(super) fn check(args: &Check, console: &Console) -> Result<ExitCode> {
    let library = &args.library;
    let on = args
        .on
        .unwrap_or_else(|| day_of(jiff::Timestamp::now().as_microsecond()));
    let profile = library.profile.as_deref();
    let findings = FactorLibrary::check(&library.factors, &library.reference, profile, on)?;
    console.print(&text(&findings))?;
    match findings.errors.len() {
        0 => Ok(ExitCode::SUCCESS),
        errors => Err(Error::Library(format!(
            "{} in {}",
            counted(errors, "error"),
            library.factors.display()
        ))),
    }
}

/// Faults, then a line per profile.
fn text(findings: &Findings) -> String {
    let mut out = String::new();
    for (head, faults) in [
        ("errors", &findings.errors),
        ("warnings", &findings.warnings),
    ] {
        if !faults.is_empty() {
            let lines: Vec<String> = faults.iter().map(|f| plain(&f.to_string())).collect();
            let _ = write!(out, "{head}\n{}\n\n", lines.join("\n"));
        }
    }
    for found in &findings.profiles {
        let factors = found
            .factors
            .map_or("not loaded".to_owned(), |n| counted(n, "factor"));
        let (wrong, odd) = (
            counted(found.errors, "error"),
            counted(found.warnings, "warning"),
        );
        let _ = writeln!(out, "{}: {factors}, {wrong}, {odd}", found.profile);
    }
    out
}

/// A number of things, `1 error` or `2 errors`.
fn counted(number: usize, thing: &str) -> String {
    format!("{number} {}", plural(number as u64, thing))
}

#[cfg(test)]
mod tests {
    use super::*;
    use green_corridor::factor::{Fault, Severity};

    #[test]
    fn a_fault_of_several_profiles_is_printed_once() {
        let fault = |severity, found: &str| Fault {
            severity,
            file: "zones.csv".into(),
            line: 3,
            column: "member".into(),
            found: found.into(),
            wanted: "expected a country".into(),
        };
        let mut report = Findings::default();
        report.add("a", Some(2), vec![fault(Severity::Warning, "x\n\u{1b}[2J")]);
        report.add(
            "b",
            None,
            vec![
                fault(Severity::Warning, "x\n\u{1b}[2J"),
                fault(Severity::Error, "y"),
            ],
        );
        let want = "errors\nzones.csv:3: member \"y\": expected a country\n\n\
            warnings\nzones.csv:3: member \"x  [2J\": expected a country\n\n\
            a: 2 factors, 0 errors, 1 warning\nb: not loaded, 1 error, 1 warning\n";
        assert_eq!(text(&report), want);
    }
}

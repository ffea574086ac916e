//! `factors check`: every fault of a library at once, with file, line and column; warnings apart from errors.

use super::text::plain;
use super::{DEFAULT_PROFILE, Files, Library};
use crate::cli::Console;
use crate::cli::args::day;
use crate::error::{Error, Result};
use crate::factors::{Fault, Library as Editions, Severity, review, review_rows};
use crate::model::time::{Day, day_of};
use crate::model::unit::plural;
use crate::store::reference::RUN_DATA;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::process::ExitCode;

/// Data for route options, which no run reads but `check` does.
const SERVICES: &str = "services.csv";

/// Arguments of `factors check`.
#[derive(Debug, clap::Args)]
pub struct Check {
    /// Which library and profile.
    #[command(flatten)]
    pub library: Library,
    /// Day for which editions that have ended are named [default: today]
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    pub on: Option<Day>,
}

/// Prints the faults; exit 9 when one is an error.
pub(super) fn check(args: &Check, console: &Console) -> Result<ExitCode> {
    let names: Vec<&str> = RUN_DATA.into_iter().chain([SERVICES]).collect();
    let library = &args.library;
    let files = Files::read(&library.factors, &library.reference, &names)?;
    let on = args
        .on
        .unwrap_or_else(|| day_of(jiff::Timestamp::now().as_microsecond()));
    let profiles = match (&library.profile, files.profiles()) {
        (Some(profile), _) => {
            files.known(profile)?;
            vec![profile.as_str()]
        }
        // Loading the profile that is not there says so.
        (None, none) if none.is_empty() => vec![DEFAULT_PROFILE],
        (None, all) => all,
    };
    let mut report = Report::default();
    // Every edition, since one that no profile names yet is about to be. What is wrong with a row, a profile says below.
    report.note(review_rows(&Editions::parse(&files.library).0));
    for profile in profiles {
        match files.load(profile) {
            Ok((reference, mut faults)) => {
                faults.extend(review(&reference.factors, on));
                report.add(profile, Some(reference.factors.factors.len()), faults)
            }
            Err(faults) => report.add(profile, None, faults),
        }
    }
    console.print(&report.text())?;
    match report.errors.len() {
        0 => Ok(ExitCode::SUCCESS),
        errors => Err(Error::Library(format!(
            "{} in {}",
            counted(errors, "error"),
            library.factors.display()
        ))),
    }
}

/// What `check` found: each fault once, though several profiles share it.
#[derive(Default)]
struct Report {
    seen: HashSet<(Severity, String)>,
    errors: Vec<String>,
    warnings: Vec<String>,
    /// A line per profile.
    counts: Vec<String>,
}

impl Report {
    /// Adds a profile; without a number of factors where it does not load.
    fn add(&mut self, profile: &str, factors: Option<usize>, faults: Vec<Fault>) {
        let errors = faults
            .iter()
            .filter(|f| f.severity == Severity::Error)
            .count();
        let factors = factors.map_or("not loaded".to_owned(), |n| counted(n, "factor"));
        let (wrong, odd) = (
            counted(errors, "error"),
            counted(faults.len() - errors, "warning"),
        );
        self.counts
            .push(format!("{profile}: {factors}, {wrong}, {odd}"));
        self.note(faults);
    }

    /// Adds faults that belong to no profile alone.
    fn note(&mut self, faults: Vec<Fault>) {
        for fault in faults {
            let text = plain(&fault.to_string());
            if self.seen.insert((fault.severity, text.clone())) {
                match fault.severity {
                    Severity::Error => self.errors.push(text),
                    Severity::Warning => self.warnings.push(text),
                }
            }
        }
    }

    fn text(&self) -> String {
        let mut out = String::new();
        for (head, lines) in [("errors", &self.errors), ("warnings", &self.warnings)] {
            if !lines.is_empty() {
                let _ = write!(out, "{head}\n{}\n\n", lines.join("\n"));
            }
        }
        out + &self.counts.join("\n") + "\n"
    }
}

/// A number of things, `1 error` or `2 errors`.
fn counted(number: usize, thing: &str) -> String {
    format!("{number} {}", plural(number as u64, thing))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let mut report = Report::default();
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
        assert_eq!(report.text(), want);
    }
}

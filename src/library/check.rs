//! Every fault of a library at once, with file, line and column; warnings apart from errors.

use super::{DEFAULT_PROFILE, FactorLibrary};
use crate::error::Result;
use crate::factors::{Fault, Library, Severity, review, review_rows};
use crate::model::time::Day;
use crate::store::reference::RUN_DATA;
use std::collections::HashSet;
use std::path::Path;

/// Data for route options, which no run reads but a check does.
const SERVICES: &str = "services.csv";

/// What a check found: each fault once, though several profiles share it.
#[derive(Debug, Default)]
pub struct Findings {
    /// Faults that no run gets past.
    pub errors: Vec<Fault>,
    /// Faults that are worth a look.
    pub warnings: Vec<Fault>,
    /// What was found by profile.
    pub profiles: Vec<ProfileCount>,
    seen: HashSet<(Severity, String)>,
}

/// What a check found in one profile.
#[derive(Debug)]
pub struct ProfileCount {
    /// Its name.
    pub profile: String,
    /// Its factors; `None`: it does not load.
    pub factors: Option<usize>,
    /// Errors.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
}

impl Findings {
    /// Adds a profile; without a number of factors where it does not load.
    pub fn add(&mut self, profile: &str, factors: Option<usize>, faults: Vec<Fault>) {
        let is_error = |f: &&Fault| f.severity == Severity::Error;
        let errors = faults.iter().filter(is_error).count();
        self.profiles.push(ProfileCount {
            profile: profile.to_owned(),
            factors,
            errors,
            warnings: faults.len() - errors,
        });
        self.note(faults);
    }

    /// Adds faults that belong to no profile alone.
    fn note(&mut self, faults: Vec<Fault>) {
        for fault in faults {
            if self.seen.insert((fault.severity, fault.to_string())) {
                match fault.severity {
                    Severity::Error => self.errors.push(fault),
                    Severity::Warning => self.warnings.push(fault),
                }
            }
        }
    }
}

impl FactorLibrary {
    /// Checks a library with one profile or all of them; editions that have ended by `on` are named.
    pub fn check(
        factors: &Path,
        reference: &Path,
        profile: Option<&str>,
        on: Day,
    ) -> Result<Findings> {
        let names: Vec<&str> = RUN_DATA.into_iter().chain([SERVICES]).collect();
        let files = FactorLibrary::read_with(factors, reference, &names)?;
        let profiles = match (profile, files.profiles()) {
            (Some(profile), _) => {
                files.known(profile)?;
                vec![profile]
            }
            // Loading the profile that is not there says so.
            (None, none) if none.is_empty() => vec![DEFAULT_PROFILE],
            (None, all) => all,
        };
        let mut findings = Findings::default();
        // Every edition, since one that no profile names yet is about to be. What is wrong with a row, a profile says below.
        findings.note(review_rows(&Library::parse(&files.library).0));
        for profile in profiles {
            match files.load(profile) {
                Ok((reference, mut faults)) => {
                    faults.extend(review(&reference.factors, on));
                    findings.add(profile, Some(reference.factors.factors.len()), faults)
                }
                Err(faults) => findings.add(profile, None, faults),
            }
        }
        Ok(findings)
    }
}

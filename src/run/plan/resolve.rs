//! Flags before run file before defaults, value by value; every fault is collected so that all are told at once.

use crate::error::{Error, Place, Result};
use crate::model::reject::RejectReason;
use crate::output::encode::Encodings;
use crate::progress::{LogMode, ProgressMode};
use crate::run::plan::file::{CodeLimitKey, RunFile, Source};
use crate::run::plan::paths::{Bases, Pattern, PlanPath};
use crate::run::plan::{
    Change, Checked, CodeLimit, Flags, LaterFile, Limits, MemoryLimit, Origin, Plan, Share,
    Surroundings,
};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Picks values, remembers where each came from, and collects faults so that all are told at once.
pub(crate) struct Resolver<'a> {
    pub source: Source<'a>,
    pub origins: BTreeMap<String, Origin>,
    pub faults: Vec<String>,
    /// Where the first of them is, if it is in the run file.
    pub place: Option<Place>,
    /// Faults beyond those that are told.
    pub more_faults: usize,
}

/// Faults that are told one by one.
const FAULTS_TOLD: usize = 50;

impl Resolver<'_> {
    pub(super) fn plan(
        &mut self,
        run_file: Option<&Path>,
        keys: &RunFile,
        flags: &Flags,
        here: &Surroundings,
        read: &dyn Fn(&Path) -> Result<Vec<u8>>,
    ) -> Result<Plan> {
        let bases = Bases::new(run_file, here);
        // Without a run file the folder is the working directory, so the defaults lose the step up from `data/`.
        let beside = |in_data: &'static str, here: &'static str| {
            if run_file.is_some() { in_data } else { here }
        };
        let limits = self.limits(keys, flags, here);
        let movements = self.movements(keys, flags, &bases);
        let exclude = self.each(&keys.exclude, "exclude", |text| bases.pattern_written(text));
        let locations = self.each(&keys.locations, "locations", |text| bases.written(text));
        let distances = self.each(&keys.distances, "distances", |text| bases.written(text));
        let passages = self.each(&keys.passages, "passages", |text| bases.written(text));
        let encodings = self.optional("output.encodings", &keys.output.encodings, encodings);
        let later_file = self.optional(
            "duplicates.later_file_wins",
            &keys.duplicates.later_file_wins,
            LaterFile::parse,
        );
        let (mapping, value_files) = self.mapping(keys, &bases, read)?;
        Ok(Plan {
            run_file: run_file.map(Path::to_owned),
            folder: bases.folder().to_owned(),
            movements,
            exclude,
            factors: self.path(
                "factors",
                "--factors",
                &flags.factors,
                &keys.factors,
                beside("../emission_factors", "emission_factors"),
                &bases,
            ),
            profile: self.pick(
                "profile",
                flags.profile.as_ref().map(|p| ("--profile", p)),
                &keys.profile,
                "open",
                |p: &str| profile_name(p),
            ),
            reference: self.path(
                "reference",
                "--reference",
                &flags.reference,
                &keys.reference,
                beside(".", "data"),
                &bases,
            ),
            locations,
            distances,
            passages,
            out: self.path(
                "out",
                "--out",
                &flags.out,
                &keys.out,
                beside("../out", "out"),
                &bases,
            ),
            limits,
            encodings: encodings.unwrap_or_default(),
            later_file,
            mapping,
            value_files,
            threads: self
                .flag("threads", "--threads", flags.threads, here.cores.max(1))
                .max(1),
            keep: self.flag("keep", "--keep", flags.keep.map(Some), None),
            allow_missing_files: self.switch(
                "allow-missing-files",
                "--allow-missing-files",
                flags.allow_missing_files,
            ),
            allow_empty: self.switch("allow-empty", "--allow-empty", flags.allow_empty),
            stretches: Vec::new(),
            dry_run: self.switch("dry-run", "--dry-run", flags.dry_run),
            rebuild: self.switch("rebuild", "--rebuild", flags.rebuild),
            quiet: self.switch("quiet", "--quiet", flags.quiet),
            progress: self.flag("progress", "--progress", flags.progress, ProgressMode::Auto),
            log: self.flag("log", "--log", flags.log, LogMode::Text),
            origins: BTreeMap::new(),
        })
    }

    pub(super) fn finish(self, mut plan: Plan) -> Result<Plan> {
        if !self.faults.is_empty() {
            let mut told = self.faults.join("; ");
            if self.more_faults > 0 {
                told += &format!("; and {} more", self.more_faults);
            }
            let error = Error::Usage(told);
            return Err(match self.place {
                Some(place) => error.at(place),
                None => error,
            });
        }
        plan.origins = self.origins;
        Ok(plan)
    }

    fn limits(&mut self, keys: &RunFile, flags: &Flags, here: &Surroundings) -> Limits {
        let share_flag = flags.max_reject_share.map(|s| s.text());
        let memory_flag = flags.memory.map(|m| m.text());
        let share_flag = share_flag.as_ref().map(|s| ("--max-reject-share", s));
        let memory_flag = memory_flag.as_ref().map(|m| ("--memory-limit", m));
        let max_reject_share = self.pick(
            "limits.max_reject_share",
            share_flag,
            &keys.limits.max_reject_share,
            "5%",
            Share::parse,
        );
        let memory = self.pick(
            "limits.memory",
            memory_flag,
            &keys.limits.memory,
            "50%",
            MemoryLimit::parse,
        );
        let max_change = match flags.max_change {
            Some(said) => self.flag("limits.max_change", "--max-change", Some(said), None),
            None => self.optional("limits.max_change", &keys.limits.max_change, Change::parse),
        };
        let codes = self.code_limits(keys);
        let min_rows = match &keys.limits.min_rows {
            None => 0,
            Some(rows) => {
                self.note_line("limits.min_rows", rows.span().start);
                *rows.get_ref()
            }
        };
        let max_estimated_share = self.optional(
            "limits.max_estimated_share",
            &keys.limits.max_estimated_share,
            Share::parse,
        );
        let max_primary_age_months = keys.limits.max_primary_age_months.as_ref().map(|months| {
            self.note_line("limits.max_primary_age_months", months.span().start);
            *months.get_ref()
        });
        Limits {
            max_reject_share,
            codes,
            max_change,
            max_estimated_share,
            max_primary_age_months,
            min_rows,
            memory,
            memory_bytes: memory.bytes(here.memory_bytes),
        }
    }

    fn code_limits(&mut self, keys: &RunFile) -> BTreeMap<String, CodeLimit> {
        let mut limits = BTreeMap::new();
        for (code, value) in &keys.limits.codes {
            let (key, at) = (format!("limits.codes.{code}"), value.span().start);
            self.note_line(&key, at);
            let limit = match value.get_ref() {
                CodeLimitKey::Rows(rows) => Ok(CodeLimit::Rows(*rows)),
                CodeLimitKey::Share(text) => Share::parse(text).map(CodeLimit::Share),
                CodeLimitKey::Other(other) => Err(format!(
                    "{other}: expected a number of rows, or a percentage such as \"1%\""
                )),
            };
            let is_known = RejectReason::LIST.iter().any(|(r, _)| r.code() == *code);
            match limit {
                _ if !is_known => self.fault(&key, at, "expected a rejection code, such as R012"),
                Ok(limit) => drop(limits.insert(code.clone(), limit)),
                Err(fault) => self.fault(&key, at, &fault),
            }
        }
        limits
    }

    fn movements(&mut self, keys: &RunFile, flags: &Flags, bases: &Bases) -> Vec<Pattern> {
        if !flags.movements.is_empty() {
            self.origins
                .insert("movements".into(), Origin::Flag("--movements"));
            let patterns = flags
                .movements
                .iter()
                .map(|text| bases.pattern_of_flag(text))
                .collect::<Checked<Vec<_>>>();
            return patterns.unwrap_or_else(|fault| {
                self.faults.push(format!("--movements: {fault}"));
                Vec::new()
            });
        }
        let patterns = self.each(&keys.movements, "movements", |text| {
            bases.pattern_written(text)
        });
        if patterns.is_empty() && self.faults.is_empty() {
            self.faults.push(format!(
                "{}: movements: expected at least one file, folder or glob",
                self.source.name
            ));
        }
        patterns
    }

    /// What the run file says, where it says anything.
    pub(super) fn optional<T>(
        &mut self,
        key: &str,
        written: &Option<toml::Spanned<String>>,
        parse: impl Fn(&str) -> Checked<T>,
    ) -> Option<T> {
        let text = written.as_ref()?;
        let at = text.span().start;
        self.note_line(key, at);
        parse(text.get_ref())
            .map_err(|fault| self.fault(key, at, &fault))
            .ok()
    }

    /// Every text of a list, resolved; faults are noted with the key.
    pub(super) fn each<T>(
        &mut self,
        list: &Option<toml::Spanned<Vec<String>>>,
        key: &str,
        resolve: impl Fn(&str) -> Checked<T>,
    ) -> Vec<T> {
        let Some(list) = list else { return Vec::new() };
        self.note_line(key, list.span().start);
        let mut values = Vec::with_capacity(list.get_ref().len());
        for text in list.get_ref() {
            match resolve(text) {
                Ok(value) => values.push(value),
                Err(fault) => self.fault(key, list.span().start, &fault),
            }
        }
        values
    }

    fn path(
        &mut self,
        key: &str,
        flag: &'static str,
        said: &Option<PathBuf>,
        written: &Option<toml::Spanned<String>>,
        default: &str,
        bases: &Bases,
    ) -> PlanPath {
        if let Some(said) = said {
            self.origins.insert(key.into(), Origin::Flag(flag));
            return bases.said(said).unwrap_or_else(|fault| {
                self.faults.push(format!("{flag}: {fault}"));
                PlanPath::default()
            });
        }
        self.pick(key, None, written, default, |text| bases.written(text))
    }

    /// The flag's text, else the run file's, else the default, parsed. The default is of our own making and always parses.
    pub(super) fn pick<T>(
        &mut self,
        key: &str,
        flag: Option<(&'static str, &String)>,
        written: &Option<toml::Spanned<String>>,
        default: &str,
        parse: impl Fn(&str) -> Checked<T>,
    ) -> T {
        let parsed = match (flag, written) {
            (Some((flag, text)), _) => {
                self.origins.insert(key.into(), Origin::Flag(flag));
                parse(text).map_err(|fault| self.faults.push(format!("{flag}: {fault}")))
            }
            (None, Some(text)) => {
                let at = text.span().start;
                self.note_line(key, at);
                parse(text.get_ref()).map_err(|fault| self.fault(key, at, &fault))
            }
            (None, None) => Err(()),
        };
        parsed.unwrap_or_else(|()| {
            parse(default).unwrap_or_else(|fault| unreachable!("default of {key}: {fault}"))
        })
    }

    fn flag<T>(&mut self, key: &str, flag: &'static str, said: Option<T>, default: T) -> T {
        if said.is_some() {
            self.origins.insert(key.into(), Origin::Flag(flag));
        }
        said.unwrap_or(default)
    }

    fn switch(&mut self, key: &str, flag: &'static str, said: bool) -> bool {
        self.flag(key, flag, said.then_some(true), false)
    }

    pub(super) fn note_line(&mut self, key: &str, offset: usize) {
        self.origins
            .insert(key.into(), Origin::File(self.source.line(offset)));
    }

    pub(super) fn fault(&mut self, key: &str, offset: usize, what: &str) {
        if self.faults.len() >= FAULTS_TOLD {
            self.more_faults += 1;
            return;
        }
        if self.faults.is_empty() {
            let line = self.source.line(offset) as u64;
            let place = Place::file(self.source.name).line(line).column(key);
            self.place = Some(place.found(self.source.value(offset)).wanted(what));
        }
        self.faults.push(format!(
            "{}:{}: {key}: {what}",
            self.source.name,
            self.source.line(offset)
        ));
    }
}

fn encodings(text: &str) -> Checked<Encodings> {
    let known = Encodings::ALL.into_iter().find(|e| e.code() == text);
    known.ok_or_else(|| format!("{text:?}: expected \"default\" or \"plain\""))
}

/// A profile is a file name without folder and ending.
fn profile_name(text: &str) -> Checked<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if text.is_empty() || text.starts_with('.') || !text.chars().all(plain) {
        return Err(format!(
            "{text:?}: expected the name of a file in profiles/ without .toml: letters, digits, - _ ."
        ));
    }
    Ok(text.to_owned())
}

//! What `exclude` of a run file keeps out of its inputs: archives, drafts, whatever else lies in a folder that is read.

use super::find::{Step, is_name, split};
use super::input_name::{component_text, full_path};
use crate::error::Result;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// Archives may have names that a wildcard of `movements` passes over.
const MATCHING: glob::MatchOptions = glob::MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

/// Patterns of files and folders that are not read, however they are reached.
pub(super) struct Excludes {
    base: PathBuf,
    real_base: PathBuf,
    list: Vec<Exclude>,
}

struct Exclude {
    written: String,
    /// From the root: by the letter, and with the links in front of its first wildcard followed.
    ways: Vec<Vec<Step>>,
    has_matched: bool,
}

impl Excludes {
    /// Patterns as those of `movements`, relative to `base`.
    pub(super) fn new(patterns: &[String], base: &Path, real_base: &Path) -> Result<Excludes> {
        let list = patterns
            .iter()
            .map(|pattern| Exclude::new(pattern, base, real_base))
            .collect::<Result<_>>()?;
        Ok(Excludes {
            base: base.to_owned(),
            real_base: real_base.to_owned(),
            list,
        })
    }

    /// Whether a file or folder, or a folder that it is in, matches a pattern: by the name that it was reached by, or by
    /// its own where a link led to it.
    pub(super) fn cover(&mut self, path: &Path) -> bool {
        if self.list.is_empty() {
            return false;
        }
        // What cannot be looked at is refused where it is opened; here its name has to do.
        let full = full_path(path, &self.base, &self.real_base);
        let named = names(&full.unwrap_or_else(|_| path.to_owned()));
        let real = fs::canonicalize(path).map(|real| names(&real));
        let mut is_covered = false;
        for exclude in &mut self.list {
            let covers = |names: &[String]| exclude.ways.iter().any(|way| covers(way, names));
            if covers(&named) || real.as_ref().is_ok_and(|real| covers(real)) {
                exclude.has_matched = true;
                is_covered = true;
            }
        }
        is_covered
    }

    /// Patterns that have kept nothing out, as written.
    pub(super) fn idle(self) -> Vec<String> {
        let idle = self.list.into_iter().filter(|e| !e.has_matched);
        idle.map(|e| e.written).collect()
    }
}

impl Exclude {
    fn new(written: &str, base: &Path, real_base: &Path) -> Result<Exclude> {
        let unreadable = |e| super::input(&base.join(written), "read", e);
        let (start, rest) = if is_name(written, base).map_err(unreadable)? {
            (PathBuf::from(written), Vec::new())
        } else {
            split(written)?
        };
        let start = base.join(start);
        let mut starts = vec![full_path(&start, base, real_base).map_err(unreadable)?];
        starts.extend(fs::canonicalize(&start));
        let ways = starts.iter().map(|start| {
            let literal = names(start).into_iter().map(|name| Step::literal(&name));
            literal.chain(rest.iter().cloned()).collect()
        });
        Ok(Exclude {
            written: written.to_owned(),
            ways: ways.collect(),
            has_matched: false,
        })
    }
}

fn names(path: &Path) -> Vec<String> {
    path.components()
        .filter(|c| *c != Component::RootDir)
        .map(component_text)
        .collect()
}

/// Whether the steps lead to the names or to a folder that they are in.
fn covers(steps: &[Step], names: &[String]) -> bool {
    match steps.split_first() {
        None => true,
        Some((Step::AnyFolders, [])) => !names.is_empty(),
        Some((Step::AnyFolders, rest)) => {
            (0..=names.len()).any(|skipped| covers(rest, &names[skipped..]))
        }
        Some((Step::Name(glob), rest)) => names
            .split_first()
            .is_some_and(|(name, below)| glob.matches_with(name, MATCHING) && covers(rest, below)),
    }
}

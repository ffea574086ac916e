//! Paths of a plan: as written relative to the run file's folder, and as opened. Nothing is looked up here; the caller
//! hands over what knows of links.

use crate::run::plan::Surroundings;
use crate::store::find::MOST_UP;
use std::path::{Component, Path, PathBuf};

/// A path as the plan names it and as it is opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanPath {
    /// Relative to the run file's folder, with `/`; absolute only if the run file says so.
    pub written: String,
    /// To be opened from the working directory.
    pub path: PathBuf,
}

/// A file, folder or glob of movement records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// Relative to the run file's folder, with `/`; absolute only if the run file says so.
    pub written: String,
    /// What to look for from `Plan::folder`: as the run file writes it; absolute if the command line says it.
    pub search: String,
}

/// The two places that paths are relative to.
pub(crate) struct Bases {
    folder: PathBuf,
    working_directory: PathBuf,
    plain: fn(&Path) -> PathBuf,
}

impl Bases {
    pub(super) fn new(run_file: Option<&Path>, here: &Surroundings) -> Bases {
        let folder = match run_file.and_then(Path::parent) {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        Bases {
            folder,
            working_directory: here.working_directory.clone(),
            plain: here.plain,
        }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A path of the run file.
    pub(super) fn written(&self, text: &str) -> Result<PlanPath, String> {
        not_empty(text)?;
        Ok(PlanPath {
            written: slashes(text),
            path: self.join(text),
        })
    }

    /// A path of the command line.
    pub(super) fn said(&self, path: &Path) -> Result<PlanPath, String> {
        let text = path
            .to_str()
            .ok_or_else(|| format!("{path:?}: expected a path in UTF-8"))?;
        not_empty(text)?;
        Ok(PlanPath {
            written: self.name_below_folder(text),
            path: (self.plain)(path),
        })
    }

    /// A pattern of the run file.
    pub(super) fn pattern_written(&self, text: &str) -> Result<Pattern, String> {
        not_empty(text)?;
        Ok(Pattern {
            written: slashes(text),
            search: text.to_owned(),
        })
    }

    /// A pattern of the command line.
    pub(super) fn pattern_of_flag(&self, text: &str) -> Result<Pattern, String> {
        not_empty(text)?;
        let here = self
            .working_directory
            .to_str()
            .ok_or("the working directory's name is not UTF-8")?;
        // Wildcards are those of the pattern, not those that happen to stand in a folder's name.
        let here = if text.contains(['*', '?', '[']) {
            glob::Pattern::escape(here)
        } else {
            here.to_owned()
        };
        let search = Path::new(&here).join(text).to_string_lossy().into_owned();
        Ok(Pattern {
            written: self.name_below_folder(text),
            search,
        })
    }

    fn join(&self, text: &str) -> PathBuf {
        if self.folder == Path::new(".") {
            (self.plain)(Path::new(text))
        } else {
            (self.plain)(&self.folder.join(text))
        }
    }

    /// How the run file would write a path of the command line, so that both ways of naming a file are one plan.
    fn name_below_folder(&self, text: &str) -> String {
        let folder = clean(&self.working_directory.join(&self.folder));
        let target = clean(&self.working_directory.join(text));
        let shared = folder
            .iter()
            .zip(&target)
            .take_while(|(a, b)| a == b)
            .count();
        if shared == 0 {
            return slashes(text);
        }
        let up = std::iter::repeat_n("..".to_owned(), folder.len() - shared);
        let steps: Vec<String> = up.chain(target[shared..].iter().cloned()).collect();
        if steps.is_empty() {
            ".".to_owned()
        } else {
            steps.join("/")
        }
    }
}

/// Components with `.` dropped and `..` resolved by name.
fn clean(path: &Path) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if parts.len() > 1 => drop(parts.pop()),
            Component::ParentDir => {}
            other => parts.push(other.as_os_str().to_string_lossy().into_owned()),
        }
    }
    parts
}

/// What is published of a path: of one that leads further out of the run file's folder than to a folder beside it, its last name.
pub(crate) fn published(written: &str) -> &str {
    let steps_up = written.split('/').take_while(|step| *step == "..").count();
    let is_far = steps_up > MOST_UP || Path::new(written).has_root();
    let last = written.rsplit('/').find(|step| !step.is_empty());
    match last {
        Some(last) if is_far => last,
        _ => written,
    }
}

fn slashes(text: &str) -> String {
    if cfg!(windows) {
        text.replace('\\', "/")
    } else {
        text.to_owned()
    }
}

fn not_empty(text: &str) -> Result<(), String> {
    if text.is_empty() || text.contains('\0') {
        Err(format!("{text:?}: expected a path"))
    } else {
        Ok(())
    }
}

//! Which input files a run reads: files, folders and patterns become one list, sorted and without doubles.
//!
//! Names and kinds of files only. What is in them, and whether an ending means a format, is the reader's matter.

use super::exclude::Excludes;
use super::extension::{EXTENSIONS, LEFT, has_extension};
use super::input_name::{Named, named, real_if_there, tell_apart};
use super::path::kind;
use crate::error::{Error, ErrorKind, Result};
use std::collections::HashSet;
use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

#[cfg(test)]
pub(crate) use super::extension::has_known_extension;
pub(crate) use super::input_name::MOST_UP;

/// Folders nested deeper than this are a loop or a mistake.
const MAX_DEPTH: usize = 64;

/// A file to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InputFile {
    /// Where to open it.
    pub path: PathBuf,
    /// What to call it: relative to the base folder, with `/`; the published `source_file`. Further outside of it than a folder beside
    /// it, the file's own name.
    pub name: String,
    /// Of such a file: the folder that its name begins from.
    pub outside: Option<PathBuf>,
    /// Size when it was found.
    pub bytes: u64,
    modified: Option<SystemTime>,
    identity: Identity,
}

/// Something that was asked for, or lies where it was asked to look, and cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    /// As [`InputFile::name`].
    pub name: String,
    /// Name and cause in a sentence.
    pub reason: String,
    path: PathBuf,
}

/// A pattern that matches nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unmatched {
    /// As it was given.
    pub pattern: String,
    /// What it names, if it is the path of something that is not there.
    pub absent: Option<Unreadable>,
}

/// What the patterns came to; each list by name as bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// Files to read.
    pub files: Vec<InputFile>,
    /// Pipes, dangling links, files without permission.
    pub unreadable: Vec<Unreadable>,
    /// Patterns that match nothing at all, in the order given.
    pub unmatched: Vec<Unmatched>,
    /// Patterns that were to keep something out and have not, in the order given.
    pub idle_excludes: Vec<String>,
    /// Files of folders that are not taken, though they may be meant.
    pub left: Vec<String>,
}

impl Found {
    /// The files, if everything asked for can be read. What is unmatched is left to the caller.
    pub(crate) fn readable(self) -> Result<Vec<InputFile>> {
        match self.unreadable.as_slice() {
            [] => Ok(self.files),
            [one] => Err(Error::Input(one.reason.clone())),
            [first, rest @ ..] => Err(Error::Input(format!(
                "{}; and {} more such files",
                first.reason,
                rest.len()
            ))),
        }
    }
}

/// Finds the files that `patterns` mean, relative to `base`.
///
/// A pattern is the path of a file or folder, or else a glob (`*`, `?`, `[..]` within a name, `**` for any number of
/// folders). A folder stands for every file in it and below it, at all depths, with one of [`EXTENSIONS`]. Names that begin
/// with `.` or `_` are passed over by folders and wildcards; a pattern may name them. `except` (the output root) is never
/// searched. A file reached twice, by a link or two patterns, is listed once, under the first name.
/// What `exclude` matches, or what lies in a folder that it matches, is left out.
pub(crate) fn discover_outside(
    exclude: &[String],
    patterns: &[String],
    base: &Path,
    except: Option<&Path>,
) -> Result<Found> {
    search(exclude, patterns, base, except, &EXTENSIONS)
}

/// The same without `exclude`, and with other endings for the files of a folder.
pub(crate) fn discover_among(
    patterns: &[String],
    base: &Path,
    except: Option<&Path>,
    extensions: &[&str],
) -> Result<Found> {
    search(&[], patterns, base, except, extensions)
}

fn search(
    exclude: &[String],
    patterns: &[String],
    base: &Path,
    except: Option<&Path>,
    extensions: &[&str],
) -> Result<Found> {
    let real_base = fs::canonicalize(base).map_err(|e| super::input(base, "read", e))?;
    let except = except
        .map(|path| real_if_there(path).map_err(|e| super::input(path, "read", e)))
        .transpose()?
        .flatten();
    let mut search = Search {
        base,
        excludes: Excludes::new(exclude, base, &real_base)?,
        real_base,
        except,
        extensions,
        inside: Vec::new(),
        absent: None,
        shortage: None,
        found: Found::default(),
    };
    for pattern in patterns {
        let before = (search.found.files.len(), search.found.unreadable.len());
        search.absent = None;
        search.pattern(pattern)?;
        if let Some(shortage) = search.shortage {
            return Err(shortage);
        }
        if before == (search.found.files.len(), search.found.unreadable.len()) {
            search.found.unmatched.push(Unmatched {
                pattern: pattern.clone(),
                absent: search.absent.take(),
            });
        }
    }
    let mut found = search.found;
    found.idle_excludes = search.excludes.idle();
    // Two files outside may well be called alike.
    let by_path = |u: &Unreadable| (u.name.clone(), u.path.clone());
    found.unreadable.sort_by_cached_key(by_path);
    found.unreadable.dedup_by_key(|u| by_path(u));
    let by_name = |a: &InputFile, b: &InputFile| (&a.name, &a.path).cmp(&(&b.name, &b.path));
    found.files.sort_by(by_name);
    let mut seen = HashSet::new();
    found
        .files
        .retain(|file| seen.insert(file.identity.to_owned()));
    // One that another pattern names is read.
    found.left.sort_unstable();
    found.left.dedup();
    let is_read = |name: &String| found.files.iter().any(|file| file.name == *name);
    found.left.retain(|name| !is_read(name));
    tell_apart(&mut found.files);
    found.files.sort_by(by_name);
    Ok(found)
}

/// What a list of gaps is called beside its movements: `<name>.gaps.csv` beside `<name>.csv`.
const GAPS: &str = "gaps.csv";

/// Takes the lists of gaps out of `files`, and finds those that were not asked for: the list beside each other file.
pub(crate) fn take_gaps(files: &mut Vec<InputFile>) -> Result<Vec<(InputFile, InputFile)>> {
    let beside: Vec<Option<PathBuf>> = files.iter().map(|file| gaps_beside(&file.path)).collect();
    let is_list = |file: &InputFile| beside.iter().flatten().any(|path| *path == file.path);
    let mut found: Vec<(InputFile, InputFile)> = Vec::new();
    for (file, path) in files.iter().zip(&beside) {
        let Some(path) = path.as_ref().filter(|_| !is_list(file)) else {
            continue;
        };
        let seen = match fs::metadata(path) {
            Ok(seen) => seen,
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            Err(e) => return Err(super::input(path, "read", e)),
        };
        if !seen.is_file() {
            let problem = format!("{}: is {}, expected a file", path.display(), kind(&seen));
            return Err(Error::Input(problem));
        }
        let folder = file.name.rfind('/').map_or("", |at| &file.name[..=at]);
        let name = path
            .file_name()
            .map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        let list = InputFile {
            name: format!("{folder}{name}"),
            outside: file.outside.clone(),
            bytes: seen.len(),
            modified: seen.modified().ok(),
            identity: identity(path, &seen).map_err(|e| super::input(path, "open", e))?,
            path: path.clone(),
        };
        // `a.csv` and `a.ndjson` have one list.
        if found.iter().all(|(_, other)| other.path != list.path) {
            found.push((file.clone(), list));
        }
    }
    let lists: Vec<bool> = files.iter().map(is_list).collect();
    let mut is_list = lists.into_iter();
    files.retain(|_| !is_list.next().unwrap_or(false));
    Ok(found)
}

/// Where the list of gaps of a movement file would be.
fn gaps_beside(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let lower = name.to_ascii_lowercase();
    let plain = lower
        .strip_suffix(".gz")
        .or_else(|| lower.strip_suffix(".zst"));
    let (stem, extension) = plain.unwrap_or(&lower).rsplit_once('.')?;
    let is_known = EXTENSIONS.contains(&extension) && !stem.is_empty();
    is_known.then(|| path.with_file_name(format!("{}.{GAPS}", &name[..stem.len()])))
}

/// Opens a file found earlier. It may have become something else since.
pub(crate) fn open_input(file: &InputFile) -> Result<File> {
    let is_file = fs::metadata(&file.path)
        .map(|m| m.is_file())
        .map_err(|e| super::input(&file.path, "open", e))?;
    if !is_file {
        return Err(Error::Input(format!(
            "{}: is not a file any more",
            file.path.display()
        )));
    }
    File::open(&file.path).map_err(|e| super::input(&file.path, "open", e))
}

/// [`Error::Input`] if the file has changed since it was found: its digest would not be that of the rows that were read.
pub(crate) fn check_unchanged(file: &InputFile) -> Result<()> {
    let now = fs::metadata(&file.path).map_err(|e| super::input(&file.path, "read", e))?;
    if (now.len(), now.modified().ok()) == (file.bytes, file.modified) {
        return Ok(());
    }
    Err(Error::Input(format!(
        "{}: changed while it was being read",
        file.path.display()
    )))
}

struct Search<'a> {
    base: &'a Path,
    real_base: PathBuf,
    except: Option<PathBuf>,
    excludes: Excludes,
    /// Endings of files that are taken from a folder.
    extensions: &'a [&'a str],
    /// The folders that the walk is inside of, to tell a loop of links.
    inside: Vec<PathBuf>,
    /// What the pattern names, if nothing is there.
    absent: Option<Unreadable>,
    /// The system was short of something, so that the search cannot say what is there.
    shortage: Option<Error>,
    found: Found,
}

impl Search<'_> {
    fn pattern(&mut self, pattern: &str) -> Result<()> {
        if pattern.is_empty() {
            return Ok(());
        }
        let whole = self.base.join(pattern);
        match is_name(pattern, self.base) {
            Ok(false) => {}
            Ok(true) => {
                self.asked_for(&whole);
                return Ok(());
            }
            Err(e) => {
                self.refuse(&whole, super::input(&whole, "read", e));
                return Ok(());
            }
        }
        let (start, rest) = split(pattern)?;
        self.matching(&self.base.join(start), &rest, 0);
        Ok(())
    }

    /// Takes what matches `steps` below `dir`.
    fn matching(&mut self, dir: &Path, steps: &[Step], depth: usize) {
        let Some((step, rest)) = steps.split_first() else {
            return self.asked_for(dir);
        };
        if !self.is_folder(dir) || self.is_excepted(dir) || self.excludes.cover(dir) {
            return;
        }
        if let Step::AnyFolders = step {
            match rest {
                [] => return self.folder(dir),
                rest => self.matching(dir, rest, depth),
            }
        }
        for (path, name) in self.entries(dir) {
            match step {
                Step::AnyFolders
                    if !is_passed_over(&name)
                        && depth < MAX_DEPTH
                        && !is_link(&path)
                        && self.is_folder(&path) =>
                {
                    self.matching(&path, steps, depth + 1)
                }
                Step::AnyFolders => {}
                Step::Name(glob)
                    if glob.matches_with(&name, MATCHING)
                        && (!is_passed_over(&name) || is_said(glob.as_str(), &name)) =>
                {
                    self.matching(&path, rest, depth + 1)
                }
                Step::Name(_) => {}
            }
        }
    }

    /// A path that was named, or that a pattern matched in full.
    fn asked_for(&mut self, path: &Path) {
        if self.excludes.cover(path) {
            return;
        }
        match fs::metadata(path) {
            Ok(m) if m.is_dir() => self.folder(path),
            Ok(m) => self.take(path, &m),
            // A name that nothing has is "unmatched"; a link to nothing is a file that cannot be read.
            Err(e)
                if e.kind() == io::ErrorKind::NotFound && fs::symlink_metadata(path).is_err() =>
            {
                let name = self.name(path);
                self.absent = Some(Unreadable {
                    reason: format!("{name}: there is no such file"),
                    name,
                    path: path.to_owned(),
                });
            }
            Err(e) => self.refuse(path, super::input(path, "open", e)),
        }
    }

    fn folder(&mut self, dir: &Path) {
        match fs::canonicalize(dir) {
            Ok(real) if self.except.as_ref() == Some(&real) || self.inside.contains(&real) => {}
            Ok(real) => {
                self.inside.push(real);
                self.folder_entries(dir);
                self.inside.pop();
            }
            Err(e) => self.refuse(dir, super::input(dir, "read", e)),
        }
    }

    fn folder_entries(&mut self, dir: &Path) {
        if self.inside.len() > MAX_DEPTH {
            return self.refuse(
                dir,
                Error::Input(format!(
                    "{}: more than {MAX_DEPTH} folders deep",
                    dir.display()
                )),
            );
        }
        for (path, name) in self.entries(dir) {
            if is_passed_over(&name) || self.excludes.cover(&path) {
                continue;
            }
            match fs::metadata(&path) {
                Ok(m) if m.is_dir() => self.folder(&path),
                Ok(m) if has_extension(&name, self.extensions) => self.take(&path, &m),
                Ok(_) if has_extension(&name, &LEFT) => {
                    let name = self.name(&path);
                    self.found.left.push(name);
                }
                Ok(_) => {}
                // A dangling link that would not have been taken.
                Err(e)
                    if e.kind() == io::ErrorKind::NotFound
                        && !has_extension(&name, self.extensions) => {}
                // What cannot be looked at could be a folder of files.
                Err(e) => self.refuse(&path, super::input(&path, "open", e)),
            }
        }
    }

    /// Entries by name; a folder that cannot be listed is noted as unreadable.
    fn entries(&mut self, dir: &Path) -> Vec<(PathBuf, String)> {
        match super::disk::sorted_entries(dir) {
            Ok(paths) => {
                let name = |p: &PathBuf| {
                    p.file_name()
                        .map(|n| n.to_string_lossy().into_owned())
                        .unwrap_or_default()
                };
                paths.into_iter().map(|p| (p.clone(), name(&p))).collect()
            }
            Err(e) => {
                self.refuse(dir, super::input(dir, "read", e));
                Vec::new()
            }
        }
    }

    fn take(&mut self, path: &Path, seen: &Metadata) {
        if !seen.is_file() {
            let problem = format!("{}: is {}, expected a file", path.display(), kind(seen));
            return self.refuse(path, Error::Input(problem));
        }
        let found = File::open(path)
            .and_then(|_| {
                Ok((
                    identity(path, seen)?,
                    named(path, self.base, &self.real_base)?,
                ))
            })
            .map_err(|e| super::input(path, "open", e));
        match found {
            Ok((identity, Named { name, outside })) => self.found.files.push(InputFile {
                path: super::plain::plain(path),
                name,
                outside,
                bytes: seen.len(),
                modified: seen.modified().ok(),
                identity,
            }),
            Err(e) => self.refuse(path, e),
        }
    }

    fn refuse(&mut self, path: &Path, why: Error) {
        if why.kind() == ErrorKind::Limit {
            self.shortage.get_or_insert(why);
            return;
        }
        // The reason stands in the manifest, where the way to the base folder must not show.
        let (name, why) = (self.name(path), why.to_string());
        let cause = why.strip_prefix(&path.display().to_string());
        let reason = cause.map_or_else(|| why.clone(), |cause| format!("{name}{cause}"));
        let path = super::plain::plain(path);
        self.found
            .unreadable
            .push(Unreadable { name, reason, path });
    }

    /// Whether there is a folder; one that cannot be looked at is noted as unreadable.
    fn is_folder(&mut self, path: &Path) -> bool {
        match fs::metadata(path) {
            Ok(seen) => seen.is_dir(),
            Err(e) if e.kind() == io::ErrorKind::NotFound => false,
            Err(e) => {
                self.refuse(path, super::input(path, "read", e));
                false
            }
        }
    }

    /// Whether this is the folder that is never searched; one of which that cannot be said is not searched either.
    fn is_excepted(&mut self, dir: &Path) -> bool {
        match self.except.is_some().then(|| fs::canonicalize(dir)) {
            None => false,
            Some(Ok(real)) => self.except.as_ref() == Some(&real),
            Some(Err(e)) => {
                self.refuse(dir, super::input(dir, "read", e));
                true
            }
        }
    }

    /// The name in a message.
    fn name(&self, path: &Path) -> String {
        named(path, self.base, &self.real_base)
            .map_or_else(|_| path.display().to_string(), |named| named.name)
    }
}

/// A part of a pattern between two slashes.
#[derive(Clone)]
pub(super) enum Step {
    /// `**`
    AnyFolders,
    /// A name.
    Name(glob::Pattern),
}

const MATCHING: glob::MatchOptions = glob::MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

impl Step {
    fn new(part: &str) -> std::result::Result<Step, glob::PatternError> {
        if part == "**" {
            Ok(Step::AnyFolders)
        } else {
            glob::Pattern::new(part).map(Step::Name)
        }
    }

    /// A name without wildcards.
    pub(super) fn literal(name: &str) -> Step {
        let escaped = glob::Pattern::escape(name);
        Step::Name(glob::Pattern::new(&escaped).expect("an escaped text has no wildcard"))
    }
}

/// Whether a pattern is the name of one file or folder: a path that exists is taken as it is, for file names may hold
/// brackets.
pub(super) fn is_name(pattern: &str, base: &Path) -> io::Result<bool> {
    Ok(!has_wildcard(pattern) || super::files::exists(&base.join(pattern))?)
}

/// The path in front of the first wildcard of a pattern, and the steps from there on.
pub(super) fn split(pattern: &str) -> Result<(PathBuf, Vec<Step>)> {
    let fault = |why: String| Error::Usage(format!("pattern {pattern:?}: {why}"));
    let (mut start, mut rest) = (PathBuf::new(), Vec::new());
    for component in Path::new(pattern).components() {
        match component {
            Component::Normal(name)
                if !rest.is_empty() || has_wildcard(&name.to_string_lossy()) =>
            {
                rest.push(Step::new(&name.to_string_lossy()).map_err(|e| fault(e.to_string()))?);
            }
            Component::ParentDir if !rest.is_empty() => {
                return Err(fault("\"..\" may not follow a wildcard".to_owned()));
            }
            other => start.push(other),
        }
    }
    Ok((start, rest))
}

/// Hidden files, and what other programs put aside (`_SUCCESS`, `_temporary`, `~$movements.csv` of an open spreadsheet).
fn is_passed_over(name: &str) -> bool {
    name.starts_with(['.', '_']) || name.starts_with("~$")
}

/// Whether a pattern says the beginning by which a name is passed over.
fn is_said(pattern: &str, name: &str) -> bool {
    pattern.chars().next() == name.chars().next()
}

fn has_wildcard(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|m| m.is_symlink())
}

/// What makes two paths the same file.
#[cfg(unix)]
type Identity = (u64, u64);

#[cfg(unix)]
fn identity(_: &Path, seen: &Metadata) -> io::Result<Identity> {
    use std::os::unix::fs::MetadataExt;
    Ok((seen.dev(), seen.ino()))
}

#[cfg(not(unix))]
type Identity = PathBuf;

#[cfg(not(unix))]
fn identity(path: &Path, _: &Metadata) -> io::Result<Identity> {
    fs::canonicalize(path)
}

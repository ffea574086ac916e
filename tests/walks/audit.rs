//! The order of writes, syncs and renames in a log of the shim.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Number of renames, each of which came after the syncs of all that it moves, and before a sync of the folder that it changes; else the one that
/// did not. A move out of sight (into a hidden folder, or on its way to be removed) needs the sync of the folder that it leaves.
pub(crate) fn audit(log: &[String]) -> Result<usize, String> {
    // When something was last changed, and last synced.
    let mut changed: HashMap<PathBuf, usize> = HashMap::new();
    let mut synced: HashMap<PathBuf, usize> = HashMap::new();
    let mut links = Vec::new();
    // Folders that are to be synced: since when, and for which line.
    let mut due: Vec<(PathBuf, String)> = Vec::new();
    let mut renames = 0;
    for (at, line) in log.iter().enumerate() {
        let mut words = line.splitn(4, ' ').skip(1);
        let (Some(kind), Some(name), Some(rest)) = (words.next(), words.next(), words.next())
        else {
            return Err(format!("not a line of a log: {line}"));
        };
        let path = PathBuf::from(rest);
        match (kind, name) {
            ("O", _) | ("w", _) | ("m", "mkdir") => {
                changed.insert(path, at);
            }
            ("m", "symlink") => links.push(path),
            ("s", _) => {
                due.retain(|(folder, _)| *folder != path);
                synced.insert(path, at);
            }
            ("m", "rename") => {
                let (from, to) = rest
                    .split_once(" -> ")
                    .ok_or("a rename without two paths")?;
                let (from, to) = (Path::new(from), Path::new(to));
                renames += 1;
                if is_out_of_sight(to) {
                    due.push((parent(from), line.clone()));
                    continue;
                }
                due.push((parent(to), line.clone()));
                for (path, last) in changed.iter().filter(|(path, _)| path.starts_with(from)) {
                    if !links.contains(path) && synced.get(path).is_none_or(|sync| sync < last) {
                        return Err(format!("{} was not synced before: {line}", path.display()));
                    }
                }
                // What is below the new name now was below the old one.
                let moved: Vec<PathBuf> = changed
                    .keys()
                    .filter(|p| p.starts_with(from))
                    .cloned()
                    .collect();
                for path in moved {
                    changed.remove(&path);
                }
            }
            _ => {}
        }
    }
    match due.first() {
        Some((folder, line)) => Err(format!("{} was not synced after: {line}", folder.display())),
        None => Ok(renames),
    }
}

fn parent(path: &Path) -> PathBuf {
    path.parent().unwrap_or(Path::new("/")).to_owned()
}

fn is_out_of_sight(path: &Path) -> bool {
    let parts = path.iter().map(|part| part.to_string_lossy());
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        if part.starts_with("removed-") || (part.starts_with('.') && parts.peek().is_some()) {
            return true;
        }
    }
    false
}

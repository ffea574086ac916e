//! What input files are called in what a run publishes. The way to the folder of the run file must not show, nor the folders of this
//! machine: a file in that folder is called by its path from there, one in a folder beside it by `../` and its path, any other by its
//! own name, with as many folders before it as tell it from others of that name.

use super::find::InputFile;
use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

/// Steps up that a published name may have.
pub(crate) const MOST_UP: usize = 1;

/// A name.
pub(super) struct Named {
    /// The name, with `/`.
    pub name: String,
    /// Of a file that is called by its own name: the folder that the name begins from.
    pub outside: Option<PathBuf>,
}

/// The name of the file `path` as seen from `base`.
pub(super) fn named(path: &Path, base: &Path, real_base: &Path) -> io::Result<Named> {
    let full = full_path(path, base, real_base)?;
    let base: Vec<Component> = real_base.components().collect();
    let target: Vec<Component> = full.components().collect();
    let shared = base.iter().zip(&target).take_while(|(a, b)| a == b).count();
    let steps_up = base.len() - shared;
    // Nothing is shared with another drive.
    if (steps_up > MOST_UP || shared == 0)
        && let (Some(last), Some(folder)) = (target.last(), full.parent())
    {
        return Ok(Named {
            name: component_text(*last),
            outside: Some(folder.to_owned()),
        });
    }
    let up = std::iter::repeat_n("..".to_owned(), steps_up);
    let steps = up.chain(target[shared..].iter().map(|c| component_text(*c)));
    Ok(Named {
        name: steps.collect::<Vec<_>>().join("/"),
        outside: None,
    })
}

/// Gives files outside that are called alike the name of their folder too, until no two names are the same.
pub(super) fn tell_apart(files: &mut [InputFile]) {
    loop {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for file in files.iter() {
            *counts.entry(&file.name).or_default() += 1;
        }
        let alike: Vec<bool> = (files.iter()).map(|file| counts[&*file.name] > 1).collect();
        let mut is_changed = false;
        for (file, _) in files
            .iter_mut()
            .zip(alike)
            .filter(|(_, is_alike)| *is_alike)
        {
            is_changed |= lengthen(file);
        }
        if !is_changed {
            return;
        }
    }
}

/// Puts the folder before the name, if there is one.
fn lengthen(file: &mut InputFile) -> bool {
    let Some(folder) = &file.outside else {
        return false;
    };
    let Some(last) = folder.components().next_back() else {
        return false;
    };
    match last {
        Component::Normal(_) => file.name = format!("{}/{}", component_text(last), file.name),
        // No name of another file begins so.
        _ => file.name = format!("/{}", file.name),
    }
    file.outside = folder.parent().map(Path::to_owned);
    true
}

/// `path` from the root, by the letter: links inside the base keep the name that the user gave them.
pub(super) fn full_path(path: &Path, base: &Path, real_base: &Path) -> io::Result<PathBuf> {
    let full = match (path.strip_prefix(base), path.parent(), path.file_name()) {
        (Ok(rest), ..) => real_base.join(rest),
        (Err(_), Some(dir), Some(name)) => {
            real_if_there(dir)?.map_or_else(|| path.to_owned(), |dir| dir.join(name))
        }
        _ => path.to_owned(),
    };
    Ok(lexical(&full))
}

/// The path with every link resolved; `None` when nothing is there.
pub(super) fn real_if_there(path: &Path) -> io::Result<Option<PathBuf>> {
    match fs::canonicalize(path) {
        Ok(real) => Ok(Some(real)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}

/// Without `.` and `..`.
fn lexical(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                clean.pop();
            }
            other => clean.push(other),
        }
    }
    clean
}

/// Names that are not UTF-8 stay apart from each other: their stray bytes are written as `\xNN`.
pub(super) fn component_text(component: Component) -> String {
    let mut text = String::new();
    for chunk in component.as_os_str().as_encoded_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    text
}

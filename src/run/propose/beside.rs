//! A proposal beside the export that it is for: which files those are, where library and reference data lie, and how the run file names them.

use super::{DATA, Proposal, Request, propose};
use crate::error::{Error, Result};
use crate::input::SourceFile;
use crate::model::index::index32;
use crate::shipped::{Shipped, text_of, written};
use crate::store::disk::RealDisk;
use crate::store::files::{exists, is_file, read_file, write_new_tree};
use crate::store::find::{discover_outside, open_input};
use std::path::{Component, Path, PathBuf};

/// Largest file of words and places.
const MOST_BYTES: u64 = 256 << 20;

/// A proposal that was written.
pub struct Proposed {
    /// What was proposed.
    pub proposal: Proposal,
    /// Files of the export that were looked at.
    pub looked_at: usize,
    /// Whether library and reference data were written beside it.
    pub with_data: bool,
}

/// Proposes a run file in `dir` for the files, folders or patterns of an export, and writes what it needs; nothing that is there is overwritten.
pub fn propose_in(dir: &Path, from: &[String]) -> Result<Proposed> {
    let found = discover_outside(&[], from, Path::new("."), None)?;
    if let Some(pattern) = found.unmatched.first() {
        let what = format!(
            "{:?}: expected a file or folder with movement records",
            pattern.pattern
        );
        return Err(Error::Input(what));
    }
    let files = found.readable()?;
    let mut sources = Vec::new();
    for (index, file) in files.iter().enumerate() {
        sources.push(SourceFile {
            file: open_input(file)?,
            label: file.name.clone(),
            index: index32(index),
        });
    }
    let ground = Ground::of(dir)?;
    let data = ground.data()?;
    let movements = from
        .iter()
        .map(|path| way(dir, path))
        .collect::<Result<Vec<_>>>()?;
    let proposal = propose(&Request {
        files: sources,
        movements: &movements,
        factors: &ground.below("emission_factors"),
        reference: &ground.below("data"),
        out: "out",
        data: [&data[0], &data[1], &data[2], &data[3]],
    })?;
    let shipped = match ground.up {
        Some(_) => Vec::new(),
        None => starting_point(),
    };
    let own = (proposal.files.iter()).map(|(path, text)| (path.as_str(), text.as_bytes()));
    let tree: Vec<(&str, &[u8])> = (shipped.iter().map(|file| (file.path.as_str(), file.bytes)))
        .chain(own)
        .collect();
    write_new_tree(&RealDisk, dir, &tree)?;
    Ok(Proposed {
        proposal,
        looked_at: files.len(),
        with_data: !shipped.is_empty(),
    })
}

/// Library and reference data, without the sample and its run file.
fn starting_point() -> Vec<Shipped> {
    let is_sample = |file: &Shipped| {
        file.path == "data/run.toml"
            || file.path.starts_with("data/movements/")
            || file.path.starts_with("factor-tables/")
    };
    written()
        .into_iter()
        .filter(|file| !is_sample(file))
        .collect()
}

/// Where library and reference data are.
struct Ground {
    dir: PathBuf,
    /// So many folders above `dir`; `None`: nowhere yet, so they are written to it.
    up: Option<usize>,
}

impl Ground {
    /// Those of `dir`, else of the nearest folder above it.
    fn of(dir: &Path) -> Result<Ground> {
        let there = absolute(dir)?;
        let has = |folder: &Path| -> Result<bool> {
            for name in ["emission_factors/sources.csv", "data/locations.csv"] {
                let path = folder.join(name);
                if !is_file(&path).map_err(|e| unread(&path, &e))? {
                    return Ok(false);
                }
            }
            Ok(true)
        };
        for (up, folder) in there.ancestors().enumerate() {
            if has(folder)? {
                let up = Some(up);
                return Ok(Ground { dir: there, up });
            }
        }
        Ok(Ground {
            dir: there,
            up: None,
        })
    }

    fn below(&self, folder: &str) -> String {
        format!("{}{folder}", "../".repeat(self.up.unwrap_or(0)))
    }

    /// The files that a proposal is made with: those that are there, else those that ship.
    fn data(&self) -> Result<Vec<Vec<u8>>> {
        let folder = self.up.and_then(|up| self.dir.ancestors().nth(up));
        let one = |name: &&str| {
            let own = folder.map(|folder| folder.join("data").join(name));
            match own {
                Some(path) if exists(&path).map_err(|e| unread(&path, &e))? => {
                    read_file(&path, MOST_BYTES)
                }
                _ => {
                    let text = text_of(&format!("data/{name}"));
                    Ok(text.unwrap_or_default().as_bytes().to_vec())
                }
            }
        };
        DATA.iter().map(one).collect()
    }
}

fn unread(path: &Path, cause: &std::io::Error) -> Error {
    Error::Input(format!("{}: cannot read: {cause}", path.display()))
}

fn absolute(path: &Path) -> Result<PathBuf> {
    let whole = std::path::absolute(path).map_err(|e| unread(path, &e))?;
    let mut plain = PathBuf::new();
    for part in whole.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    Ok(plain)
}

/// A path of the command line as a run file in `dir` writes it: relative, where both have a folder in common.
fn way(dir: &Path, path: &str) -> Result<String> {
    let (from, to) = (absolute(dir)?, absolute(Path::new(path))?);
    let parts = |path: &Path| -> Vec<String> {
        let parts = path.components();
        parts
            .map(|part| part.as_os_str().to_string_lossy().into_owned())
            .collect()
    };
    let (from, to) = (parts(&from), parts(&to));
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    // The root alone is nothing in common.
    if shared < 2 {
        return Ok(absolute(Path::new(path))?.to_string_lossy().into_owned());
    }
    let up = std::iter::repeat_n("..", from.len() - shared);
    let steps: Vec<&str> = up.chain(to[shared..].iter().map(String::as_str)).collect();
    Ok(match steps.is_empty() {
        true => ".".to_owned(),
        false => steps.join("/"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_file_names_its_export_relative_to_itself() {
        let way = |dir: &str, path: &str| super::way(Path::new(dir), path).unwrap();
        assert_eq!(way("/a/b", "/a/b/x.csv"), "x.csv");
        assert_eq!(way("/a/b", "/a/in/x.csv"), "../in/x.csv");
        assert_eq!(way("/a/b/../c", "/a/c/in"), "in");
        assert_eq!(way("/a/b", "/a/b"), ".");
        assert_eq!(way("/a/b", "/c/x.csv"), "/c/x.csv");
        assert_eq!(way("new", "x.csv"), "../x.csv");
    }
}

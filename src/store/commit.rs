//! Publication: sync the stage, rename it into `runs/`, replace `CURRENT` by one rename.
//!
//! That last rename is the commit; before it readers have the old run, after it the new one, at no time neither.
//! A run in `runs/` is complete because it came there whole; nothing is ever written into it.
//! What is worth publishing is decided elsewhere.

use super::aside::make_aside;
use super::digest::Progress;
use super::disk::{Disk, create_dirs, remove_tree};
use super::files::replace_file;
use super::layout::{FAILED, RUNS, STAGE, checked_run_id};
use super::lock::Output;
use super::manifest::{MANIFEST, MANIFEST_DIGEST, Manifest};
use super::mend::{Standing, replace_run, standing};
use super::path::{below, kind, list_below, parent};
use super::stage::{REMOVED, Stage};
use super::storage;
use super::verify::{manifest_digest_line, verify_files};
use crate::error::{Error, Result};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What a publication came to.
#[derive(Debug)]
pub struct Published {
    /// The run that `CURRENT` now names.
    pub run_id: String,
    /// Its folder.
    pub dir: PathBuf,
    /// Its manifest, files included.
    pub manifest: Manifest,
    /// Whether the run was there already, and has been left as it was.
    pub is_old: bool,
    /// Whether a power cut can no longer make another run the current one.
    pub is_durable: bool,
    /// Time spent waiting for the disk.
    pub sync: Duration,
    /// Conveniences that failed.
    pub warnings: Vec<String>,
}

impl Stage {
    /// Publishes what has been written, under `manifest.run_id`; `manifest.files` is filled in here.
    ///
    /// If the run is there already, its bytes are compared with these: equal, it stays and becomes current; damaged, it is set
    /// aside and these take its place; else [`Error::Verification`], and `CURRENT` is left alone.
    pub(crate) fn publish(self, mut manifest: Manifest) -> Result<Published> {
        let run_id = checked_run_id(&manifest.run_id)?.to_owned();
        let output = self.output.clone();
        let target = output.layout().run(&run_id);
        self.seal(&mut manifest)?;
        let mut syncs = Syncs::new(output.disk());
        let standing = standing(&target, &manifest)?;
        let is_old = standing == Standing::Same;
        let mut mended = None;
        if !is_old {
            syncs.tree(&self.run_dir())?;
        }
        match standing {
            Standing::Same => {}
            Standing::Nothing => rename(output.disk(), &self.run_dir(), &target)?,
            Standing::Damaged(why) => {
                let kept = replace_run(&output, &self.run_dir(), &run_id, &mut syncs)?;
                mended = Some(format!(
                    "{why}; it is replaced by what was computed anew, and kept in {}",
                    kept.display()
                ));
            }
        }
        let mut warnings: Vec<String> = mended.into_iter().collect();
        let pointed = point_current(&output, &run_id, &mut syncs)?;
        warnings.extend(pointed.warnings);
        let failed = output.layout().failed().join(&run_id);
        if fs::symlink_metadata(&failed).is_ok() {
            // It failed before, for want of memory say; readers of rejects must not find that.
            warnings.extend(retire(&output, &failed).err().map(|e| e.to_string()));
            // Nothing is lost if the empty folder stays: another failed run, or something else, may lie in it.
            let _ = output.disk().remove_dir(&output.layout().failed());
        }
        Ok(Published {
            run_id,
            dir: target,
            manifest,
            is_old,
            is_durable: pointed.is_durable,
            sync: syncs.spent,
            warnings,
        })
    }

    /// Ends a run that must not be published: rejects that were finished, and the status, go to `failed/<run_id>/`, in
    /// place of what an earlier failure of the same run left there. `CURRENT` is untouched.
    pub(crate) fn fail(self, run_id: &str, status: &[u8]) -> Result<PathBuf> {
        let output = self.output.clone();
        let disk = output.disk();
        let target = output.layout().failed().join(checked_run_id(run_id)?);
        for relative in self.unfinished() {
            let path = below(&self.run_dir(), &relative);
            remove_tree(disk, &path).map_err(|e| storage(&path, "remove", e))?;
        }
        let kept = self.home.join("failed");
        make_dirs(disk, &kept)?;
        let rejected = self.run_dir().join("rejected");
        if rejected.is_dir() {
            rename(disk, &rejected, &kept.join("rejected"))?;
        }
        write_file(disk, &kept.join("status.json"), status)?;
        let mut syncs = Syncs::new(disk);
        syncs.tree(&kept)?;
        output.folder(FAILED)?;
        if fs::symlink_metadata(&target).is_ok() {
            retire(&output, &target)?;
        }
        rename(disk, &kept, &target)?;
        syncs.dir(&output.layout().failed())?;
        Ok(target)
    }

    /// Writes the manifest and its digest, then checks that the stage holds what the manifest lists and nothing else.
    fn seal(&self, manifest: &mut Manifest) -> Result<()> {
        if let Some(first) = self.unfinished().first() {
            return Err(self.failure().unwrap_or_else(|| {
                Error::Internal(format!("{first} was begun and not finished"))
            }));
        }
        manifest.files = self.files();
        let bytes = manifest.to_bytes()?;
        self.put_bytes(MANIFEST, &bytes)?;
        self.put_bytes(MANIFEST_DIGEST, &manifest_digest_line(&bytes))?;
        let dir = self.run_dir();
        let found = list_below(&dir).map_err(|e| storage(&dir, "read", e))?;
        let wanted: Vec<(String, u64)> = self
            .files()
            .into_iter()
            .map(|f| (f.path, f.bytes))
            .collect();
        if found.files != wanted || !found.others.is_empty() {
            return Err(Error::Storage(format!(
                "{}: does not hold the files and sizes that were written",
                dir.display()
            )));
        }
        Ok(())
    }
}

/// Makes a run that is already there the current one, after checking every byte of it.
pub(crate) fn publish_existing(
    output: &Output,
    run_id: &str,
    progress: Progress,
) -> Result<Published> {
    let dir = output.layout().run(checked_run_id(run_id)?);
    let manifest = verify_files(&dir, progress)?;
    let mut syncs = Syncs::new(output.disk());
    let pointed = point_current(output, run_id, &mut syncs)?;
    Ok(Published {
        run_id: run_id.to_owned(),
        dir,
        manifest,
        is_old: true,
        is_durable: pointed.is_durable,
        sync: syncs.spent,
        warnings: pointed.warnings,
    })
}

/// What came of pointing `CURRENT` at a run.
struct Pointed {
    is_durable: bool,
    warnings: Vec<String>,
}

/// The commit. Once `CURRENT` names the run it is published: what goes wrong after that is told, and is no failure.
fn point_current(output: &Output, run_id: &str, syncs: &mut Syncs) -> Result<Pointed> {
    let layout = output.layout();
    let is_current = matches!(layout.current_run(), Ok(Some(current)) if current == run_id);
    let mut failures = Vec::new();
    // An earlier run may have died before it came to this.
    match syncs.dir(&layout.runs()) {
        Err(e) if is_current => failures.push(e),
        synced => synced?,
    }
    if !is_current {
        let line = format!("{run_id}\n");
        replace_file(output, &layout.current(), line.as_bytes(), syncs)?;
    }
    failures.extend(syncs.dir(layout.root()).err());
    let is_durable = failures.is_empty();
    failures.extend(point_latest(output, run_id).err());
    Ok(Pointed {
        is_durable,
        warnings: failures.iter().map(Error::to_string).collect(),
    })
}

#[cfg(unix)]
fn point_latest(output: &Output, run_id: &str) -> Result<()> {
    let (disk, latest) = (output.disk(), output.layout().latest());
    let target = Path::new(RUNS).join(run_id);
    match fs::symlink_metadata(&latest) {
        Ok(seen) if !seen.is_symlink() => {
            return Err(Error::Storage(format!(
                "{}: is {}, expected a link or nothing there",
                latest.display(),
                kind(&seen)
            )));
        }
        Ok(_) if fs::read_link(&latest).is_ok_and(|now| now == target) => return Ok(()),
        _ => {}
    }
    let linked = make_aside(&output.folder(STAGE)?, "latest", |beside| {
        disk.symlink(&target, beside)
    });
    let replaced = linked.and_then(|((), beside)| {
        disk.rename(&beside, &latest)
            .inspect_err(|_| drop(disk.remove_file(&beside)))
            .and_then(|()| disk.sync_dir(output.layout().root()))
    });
    replaced.map_err(|e| storage(&latest, "replace link", e))
}

#[cfg(not(unix))]
fn point_latest(_: &Output, _: &str) -> Result<()> {
    Ok(())
}

/// Takes a folder out of readers' sight by one rename into the stage area, then deletes it.
pub(crate) fn retire(output: &Output, dir: &Path) -> Result<()> {
    let name = dir
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default();
    let aside = output.folder(STAGE)?.join(format!("{REMOVED}{name}"));
    remove_tree(output.disk(), &aside).map_err(|e| storage(&aside, "remove", e))?;
    rename(output.disk(), dir, &aside)?;
    // Else a power cut could bring the folder back with only a part of what it held.
    let place = parent(dir);
    let synced = output.disk().sync_dir(place);
    synced.map_err(|e| storage(place, "sync", e))?;
    remove_tree(output.disk(), &aside).map_err(|e| storage(&aside, "remove", e))
}

fn write_file(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = disk
        .create_new(path)
        .map_err(|e| storage(path, "create", e))?;
    file.write_all(bytes)
        .and_then(|()| file.flush())
        .map_err(|e| storage(path, "write", e))
}

/// Makes a folder and those it lies in, and the names of those that were made durable: what stands in them is as lasting as they are.
pub(crate) fn make_dirs(disk: &dyn Disk, path: &Path) -> Result<()> {
    let made = create_dirs(disk, path).map_err(|e| storage(path, "create folder", e))?;
    made.into_iter().try_for_each(|dir| {
        let above = parent(dir);
        disk.sync_dir(above).map_err(|e| storage(above, "sync", e))
    })
}

pub(crate) fn rename(disk: &dyn Disk, from: &Path, to: &Path) -> Result<()> {
    disk.rename(from, to)
        .map_err(|e| storage(to, &format!("rename from {}", from.display()), e))
}

/// Syncs, and the time they take.
pub(crate) struct Syncs<'a> {
    disk: &'a dyn Disk,
    pub(crate) spent: Duration,
}

impl<'a> Syncs<'a> {
    pub(crate) fn new(disk: &'a dyn Disk) -> Syncs<'a> {
        Syncs {
            disk,
            spent: Duration::ZERO,
        }
    }

    pub(crate) fn file(&mut self, path: &Path) -> Result<()> {
        self.timed(path, |disk| disk.sync_file(path))
    }

    pub(crate) fn dir(&mut self, path: &Path) -> Result<()> {
        self.timed(path, |disk| disk.sync_dir(path))
    }

    /// Every file, then every folder from the inside out.
    pub(super) fn tree(&mut self, root: &Path) -> Result<()> {
        let listing = list_below(root).map_err(|e| storage(root, "read", e))?;
        for (file, _) in &listing.files {
            self.file(&below(root, file))?;
        }
        for dir in listing.dirs.iter().rev() {
            self.dir(&below(root, dir))?;
        }
        self.dir(root)
    }

    fn timed(&mut self, path: &Path, sync: impl FnOnce(&dyn Disk) -> io::Result<()>) -> Result<()> {
        let begun = Instant::now();
        let result = sync(self.disk);
        self.spent += begun.elapsed();
        result.map_err(|e| storage(path, "sync", e))
    }
}

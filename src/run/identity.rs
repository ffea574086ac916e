//! The run id while it is still coming: digests of the inputs decide it, and they are taken beside the computation.
//!
//! Nothing needs the id before the first part of a table is complete. What turns out to be published already is not computed
//! to its end.

use crate::error::{Error, ErrorKind, Result};
use crate::run::plan::Plan;
use crate::run::prepare::{Inputs, Loaded, run_id};
use crate::run::write::joined;
use crate::store::digest::ContentDigest;
use crate::store::find::InputFile;
use crate::store::layout::Layout;
use crate::store::manifest::MissingFile;
use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::{Scope, ScopedJoinHandle};

/// Which figures this program makes of given inputs; part of every run id, of the manifest and of `--version`.
///
/// Moves up by one with each change of the code after which some input, read with the same factors and settings, may give another
/// figure, flag or rejection than before, be it a repair. A run of an earlier revision is then not taken for the new one, and is
/// computed again. Stays for what leaves every figure alone: speed, messages, new commands, new columns, factors and data (their
/// digest is in the run id by itself). `tests/golden/revision.toml` holds what the figures of a revision are.
pub const METHOD_REVISION: u32 = 4;

/// What is said of a figure that is not confirmed, when the run is of another revision than this program.
pub(crate) fn other_revision(of_run: u32) -> String {
    match of_run == METHOD_REVISION {
        true => String::new(),
        false => {
            format!("; the run is of method revision {of_run}, this program of {METHOD_REVISION}")
        }
    }
}

/// What becomes of digests: one for each file, or why it cannot be read.
type Taken = Result<Vec<Result<ContentDigest>>>;

/// Digests of the input files, which a thread takes.
pub(crate) struct Digests<'scope> {
    files: &'scope [InputFile],
    thread: Mutex<Option<ScopedJoinHandle<'scope, Taken>>>,
    known: OnceLock<BTreeMap<&'scope str, std::result::Result<ContentDigest, String>>>,
    /// What the system was short of.
    shortage: OnceLock<String>,
}

impl<'scope> Digests<'scope> {
    /// Begins to `take` the digests of `files`.
    pub(crate) fn start(
        threads: &'scope Scope<'scope, '_>,
        files: &'scope [InputFile],
        take: impl FnOnce() -> Taken + Send + 'scope,
    ) -> Digests<'scope> {
        Digests {
            files,
            thread: Mutex::new(Some(threads.spawn(take))),
            known: OnceLock::new(),
            shortage: OnceLock::new(),
        }
    }

    /// Whether nobody has to wait for them any more.
    pub(crate) fn are_taken(&self) -> bool {
        // Who holds the lock waits for them.
        self.thread
            .try_lock()
            .is_ok_and(|thread| thread.as_ref().is_none_or(ScopedJoinHandle::is_finished))
    }

    fn wait(&self) -> Result<&BTreeMap<&'scope str, std::result::Result<ContentDigest, String>>> {
        // Whoever comes second waits for the lock.
        if let Some(thread) = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
        {
            let taken = joined(thread);
            if let Err(error) = &taken
                && error.kind() == ErrorKind::Limit
            {
                let _ = self.shortage.set(error.to_string());
            }
            let digests = taken?
                .into_iter()
                .map(|digest| digest.map_err(|e| e.to_string()));
            let _ = self.known.set(
                self.files
                    .iter()
                    .map(|file| file.name.as_str())
                    .zip(digests)
                    .collect(),
            );
        }
        self.known.get().ok_or_else(|| match self.shortage.get() {
            Some(shortage) => Error::Limit(shortage.clone()),
            None => Error::Internal("the digests of the inputs were given up".into()),
        })
    }
}

/// What the digests say of a run.
#[derive(Clone, Debug)]
pub(crate) enum Verdict {
    /// It is to be computed.
    New {
        /// The run id.
        id: String,
        /// Digests of the inputs, in their order.
        digests: Vec<ContentDigest>,
    },
    /// It is published under this id.
    Published(String),
    /// Files that cannot be read.
    Unreadable(Vec<MissingFile>),
}

/// A run whose id the digests are going to tell.
pub(crate) struct Identity<'a, 'scope> {
    /// The plan.
    pub plan: &'a Plan,
    /// Reference data.
    pub loaded: &'a Loaded,
    /// The files of the run.
    pub inputs: &'a Inputs,
    /// Their digests.
    pub digests: &'a Digests<'scope>,
    /// Where runs are published.
    pub layout: &'a Layout,
    /// The verdict, once there is one.
    pub verdict: OnceLock<Verdict>,
}

impl Identity<'_, '_> {
    /// Waits for the digests.
    pub(crate) fn verdict(&self) -> Result<&Verdict> {
        let digests = self.digests.wait()?;
        Ok(self.verdict.get_or_init(|| {
            let mut known = Vec::new();
            let mut missing = Vec::new();
            for file in &self.inputs.files {
                match &digests[file.name.as_str()] {
                    Ok(digest) => known.push(digest.clone()),
                    Err(reason) => missing.push(MissingFile {
                        file: file.name.clone(),
                        reason: reason.clone(),
                    }),
                }
            }
            if !missing.is_empty() {
                return Verdict::Unreadable(missing);
            }
            let id = run_id(self.plan, &self.inputs.files, &known, &self.loaded.digest);
            match self.layout.run(&id).is_dir() && !self.plan.rebuild {
                true => Verdict::Published(id),
                false => Verdict::New { id, digests: known },
            }
        }))
    }

    /// Waits for the id of a run that is to be computed; an error ends a computation that is not.
    pub(crate) fn new_id(&self) -> Result<&str> {
        match self.verdict()? {
            Verdict::New { id, .. } => Ok(id),
            Verdict::Published(_) | Verdict::Unreadable(_) => {
                Err(Error::Internal("a run that need not be computed".into()))
            }
        }
    }

    /// The same without waiting.
    pub(crate) fn check(&self) -> Result<()> {
        if self.digests.are_taken() {
            self.new_id().map(drop)
        } else {
            Ok(())
        }
    }

    /// Whether the digests have come and say that this run is not to be computed.
    pub(crate) fn is_superseded(&self) -> bool {
        matches!(
            self.verdict.get(),
            Some(Verdict::Published(_) | Verdict::Unreadable(_))
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::find::discover_outside;
    use std::thread::scope;

    fn two_files() -> (tempfile::TempDir, Vec<InputFile>) {
        let dir = tempfile::tempdir().unwrap();
        ["a.csv", "b.csv"]
            .iter()
            .for_each(|name| std::fs::write(dir.path().join(name), name).unwrap());
        let files = discover_outside(&[], &["*.csv".to_owned()], dir.path(), None)
            .unwrap()
            .files;
        assert_eq!(files.len(), 2);
        (dir, files)
    }

    #[test]
    fn a_run_of_another_revision_is_said_to_be_one() {
        assert_eq!(other_revision(METHOD_REVISION), "");
        let said = other_revision(METHOD_REVISION - 1);
        assert!(
            said.contains(&format!("method revision {}", METHOD_REVISION - 1)),
            "{said}"
        );
    }

    #[test]
    fn all_who_wait_get_the_digests() {
        let (_dir, files) = two_files();
        scope(|threads| {
            let digest = ContentDigest {
                bytes: 5,
                sha256: "d".into(),
            };
            let taken = digest.clone();
            let digests = Digests::start(threads, &files, || {
                Ok(vec![Ok(taken), Err(Error::Input("b.csv: gone".into()))])
            });
            let wait = || {
                let known = digests.wait().unwrap();
                assert_eq!(known["a.csv"].as_ref(), Ok(&digest));
                assert_eq!(
                    known["b.csv"].as_ref().map_err(String::as_str),
                    Err("b.csv: gone")
                );
                assert!(digests.are_taken());
            };
            scope(|waiters| (0..4).for_each(|_| drop(waiters.spawn(wait))));
        });
    }

    #[test]
    fn digests_that_end_early_end_all_who_wait() {
        let (_dir, files) = two_files();
        scope(|threads| {
            let (go, stopped) = std::sync::mpsc::channel::<()>();
            let digests = Digests::start(threads, &files, move || {
                stopped.recv().unwrap();
                Err(Error::interrupted(15))
            });
            assert!(!digests.are_taken());
            go.send(()).unwrap();
            assert_eq!(digests.wait().unwrap_err().exit_code(), 143);
            assert!(digests.wait().is_err() && digests.are_taken());
        });
    }
}

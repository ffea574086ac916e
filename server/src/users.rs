//! Who may look at pages: a file of mode 600 with salted hashes of passwords, read again when it changes.

use crate::args::AddUser;
use crate::clients::{is_id, is_private, text_of, write_private};
use crate::secret;
use green_corridor::process::Console;
use green_corridor::{Error, Level, Result};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

/// Shortest password, characters.
const SHORTEST: usize = 12;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    #[serde(default)]
    user: BTreeMap<String, Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    password: String,
}

fn read(path: &Path) -> Result<Form> {
    let text = text_of(path)?;
    if !is_private(path) {
        return Err(Error::Usage(format!(
            "{}: others may read it; it has hashes of passwords: chmod 600",
            path.display()
        )));
    }
    let form: Form = toml::from_str(&text)
        .map_err(|e| Error::Usage(format!("{}: {}", path.display(), e.message())))?;
    if let Some((name, _)) = form
        .user
        .iter()
        .find(|(_, entry)| !secret::is_hash(&entry.password))
    {
        let what = "password: expected an argon2id hash; `serve users add` makes one";
        return Err(Error::Usage(format!(
            "{}: user {name}: {what}",
            path.display()
        )));
    }
    Ok(form)
}

/// What tells a file from what it was before.
type Stamp = (Option<SystemTime>, u64, u64);

fn stamp(path: &Path) -> Option<Stamp> {
    let data = fs::metadata(path).ok()?;
    Some((data.modified().ok(), data.len(), data.ino()))
}

/// The file, read again when it has changed.
pub(crate) struct Users {
    path: PathBuf,
    held: Mutex<Option<(Stamp, Form)>>,
}

impl Users {
    /// The file, if nothing is wrong with it.
    pub(crate) fn open(path: &Path) -> Result<Users> {
        read(path)?;
        Ok(Users {
            path: path.to_owned(),
            held: Mutex::default(),
        })
    }

    /// The hash of a user's password, as the file has it now.
    pub(crate) fn hash_of(&self, name: &str) -> Result<Option<String>> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let now = stamp(&self.path);
        if held.as_ref().map(|(at, _)| *at) != now || now.is_none() {
            *held = None;
            let form = read(&self.path)?;
            *held = now.map(|at| (at, form));
        }
        let entry = held.as_ref().and_then(|(_, form)| form.user.get(name));
        Ok(entry.map(|entry| entry.password.clone()))
    }
}

/// `users add`: reads a password from standard input and writes its hash behind what the file has.
pub(crate) fn add(order: &AddUser, console: &Console) -> Result<()> {
    if !is_id(&order.name) {
        let what = "expected up to 64 letters, digits, - . _";
        return Err(Error::Usage(format!("{}: {what}", order.name)));
    }
    let before = match order.file.exists() {
        true => {
            if read(&order.file)?.user.contains_key(&order.name) {
                let what = "is there already; take its table out of the file for a new password";
                return Err(Error::Usage(format!("user {} {what}", order.name)));
            }
            text_of(&order.file)?
        }
        false => String::new(),
    };
    let mut line = String::new();
    let read = std::io::stdin().read_line(&mut line);
    read.map_err(|e| Error::Usage(format!("standard input: {e}")))?;
    let password = line.trim_end_matches(['\n', '\r']);
    if password.chars().count() < SHORTEST {
        return Err(Error::Usage(format!(
            "expected a password of at least {SHORTEST} characters on standard input"
        )));
    }
    let hash = secret::hashed(password)?;
    let gap = if before.is_empty() { "" } else { "\n" };
    let text = format!(
        "{before}{gap}[user.{:?}]\npassword = {hash:?}\n",
        order.name
    );
    write_private(&order.file, &text)?;
    self::read(&order.file)?;
    console.message(Level::Info, &format!("user {} added", order.name));
    Ok(())
}

//! Who may look at pages: a file of mode 600 with salted hashes of passwords, read at every login.

use crate::args::AddUser;
use crate::clients::{is_id, is_private, text_of, write_private};
use crate::secret;
use green_corridor::process::Console;
use green_corridor::{Error, Level, Result};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

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

/// Says what is wrong with the file, if anything is.
pub(crate) fn check(path: &Path) -> Result<()> {
    read(path).map(drop)
}

/// The hash of a user's password.
pub(crate) fn hash_of(path: &Path, name: &str) -> Result<Option<String>> {
    Ok(read(path)?.user.remove(name).map(|entry| entry.password))
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
    check(&order.file)?;
    console.message(Level::Info, &format!("user {} added", order.name));
    Ok(())
}

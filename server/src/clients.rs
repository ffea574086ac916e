//! Clients of the partner door: a file of mode 600 with their salted hashes and what each may see, read again when it changes.

use crate::args::AddClient;
use crate::secret;
use green_corridor::process::Console;
use green_corridor::{Error, Level, Result};
use serde::Deserialize;
use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

/// Largest file of clients or of shipment ids.
const MOST_BYTES: u64 = 256 << 20;
/// Longest id of a client.
const LONGEST_ID: usize = 64;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    #[serde(default)]
    client: BTreeMap<String, Entry>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    secret: String,
    #[serde(default)]
    all: bool,
    #[serde(default)]
    shipments: Vec<String>,
    shipments_file: Option<PathBuf>,
    #[serde(default)]
    averages: Averages,
    callback: Option<Callback>,
}

/// Which averages a client is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Averages {
    /// All that its shipments name, as partners want it.
    #[default]
    Named,
    /// Only those that no shipment of others is in.
    Own,
}

/// Where answers to a client's requests for footprints may go, and as whom.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Callback {
    /// Hosts, with their ports where these are not 443.
    pub(crate) hosts: Vec<String>,
    /// Credentials that the client has agreed on for its own endpoint.
    pub(crate) id: String,
    pub(crate) secret: String,
    /// Certificates that its endpoint is known by, PEM.
    #[serde(default = "of_the_system")]
    pub(crate) ca: PathBuf,
    /// Lets a host be this machine, and answers to it be unencrypted.
    #[serde(default)]
    pub(crate) loopback: bool,
}

fn of_the_system() -> PathBuf {
    PathBuf::from("/etc/ssl/certs/ca-certificates.crt")
}

/// A client.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) id: String,
    /// Hash of its secret.
    pub(crate) hash: String,
    pub(crate) callback: Option<Callback>,
    pub(crate) averages: Averages,
    sees: Sees,
}

/// Which shipments a client may see.
#[derive(Debug, Default)]
struct Sees {
    all: bool,
    ids: HashSet<String>,
    patterns: Vec<String>,
}

impl Client {
    pub(crate) fn sees_all(&self) -> bool {
        self.sees.all
    }

    /// Whether it may see a shipment, by the id in its document.
    pub(crate) fn sees(&self, shipment: &str) -> bool {
        let Sees { all, ids, patterns } = &self.sees;
        // As it stands, never decoded: `%41` and `A` are two shipments, which may be two clients'.
        *all || ids.contains(shipment) || patterns.iter().any(|p| is_like(shipment, p))
    }
}

/// Whether a text is like a pattern, in which `*` stands for any letters.
fn is_like(text: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, between)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in between {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// The file, as it was read last.
pub(crate) struct Clients {
    path: PathBuf,
    read: RwLock<Read>,
}

struct Read {
    clients: BTreeMap<String, Arc<Client>>,
    /// The files that were read, and when each had changed.
    files: Vec<(PathBuf, Option<SystemTime>)>,
}

impl Clients {
    pub(crate) fn open(path: &Path) -> Result<Clients> {
        Ok(Clients {
            path: path.to_owned(),
            read: RwLock::new(read(path)?),
        })
    }

    pub(crate) fn get(&self, id: &str) -> Option<Arc<Client>> {
        let read = self.read.read().unwrap_or_else(PoisonError::into_inner);
        read.clients.get(id).cloned()
    }

    /// Reads the files again if one of them changed. A file that cannot be read leaves things as they were.
    pub(crate) fn refresh(&self, console: &Console) {
        let has_changed = {
            let read = self.read.read().unwrap_or_else(PoisonError::into_inner);
            read.files.iter().any(|(path, at)| changed_at(path) != *at)
        };
        if !has_changed {
            return;
        }
        let again = read(&self.path);
        let mut held = self.read.write().unwrap_or_else(PoisonError::into_inner);
        match again {
            Ok(new) => {
                *held = new;
                console.message(Level::Info, "clients read again");
            }
            Err(error) => {
                console.message(
                    Level::Warning,
                    &format!("clients stay as they were: {error}"),
                );
                // Told once for each change.
                for (path, at) in &mut held.files {
                    *at = changed_at(path);
                }
            }
        }
    }
}

fn changed_at(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|data| data.modified()).ok()
}

fn read(path: &Path) -> Result<Read> {
    let mut files = vec![(path.to_owned(), changed_at(path))];
    let text = text_of(path)?;
    if !is_private(path) {
        return Err(Error::Usage(format!(
            "{}: others may read it; it has hashes of secrets: chmod 600",
            path.display()
        )));
    }
    let form: Form = toml::from_str(&text)
        .map_err(|e| Error::Usage(format!("{}: {}", path.display(), e.message())))?;
    let mut clients = BTreeMap::new();
    for (id, entry) in form.client {
        let fault = |what: &str| Error::Usage(format!("{}: client {id}: {what}", path.display()));
        if !is_id(&id) {
            return Err(fault("expected letters, digits, - . _ in an id"));
        }
        if !secret::is_hash(&entry.secret) {
            return Err(fault(
                "secret: expected an argon2id hash; `serve clients add` makes one",
            ));
        }
        let mut sees = Sees {
            all: entry.all,
            ..Sees::default()
        };
        for shipment in entry.shipments {
            match shipment.contains('*') {
                true => sees.patterns.push(shipment),
                false => {
                    sees.ids.insert(shipment);
                }
            }
        }
        if let Some(list) = entry.shipments_file {
            let list = path.parent().map_or(list.clone(), |home| home.join(&list));
            files.push((list.clone(), changed_at(&list)));
            ids(&list, &mut sees.ids)?;
        }
        let client = Client {
            id: id.clone(),
            hash: entry.secret,
            callback: entry.callback,
            averages: entry.averages,
            sees,
        };
        clients.insert(id, Arc::new(client));
    }
    Ok(Read { clients, files })
}

pub(crate) fn text_of(path: &Path) -> Result<String> {
    let fault = |e: std::io::Error| Error::Storage(format!("{}: cannot read: {e}", path.display()));
    let size = fs::metadata(path).map_err(fault)?.len();
    if size > MOST_BYTES {
        return Err(Error::Limit(format!("{}: too large", path.display())));
    }
    fs::read_to_string(path).map_err(fault)
}

/// Ids of the column shipment_id.
fn ids(path: &Path, ids: &mut HashSet<String>) -> Result<()> {
    let text = text_of(path)?;
    let fault = |what: String| Error::Usage(format!("{}: {what}", path.display()));
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let head = rows.headers().map_err(|e| fault(e.to_string()))?;
    let column = head
        .iter()
        .position(|name| name.trim_start_matches('\u{feff}') == "shipment_id");
    let column = column.ok_or_else(|| fault("expected the column shipment_id".to_owned()))?;
    for row in rows.records() {
        let row = row.map_err(|e| fault(e.to_string()))?;
        if let Some(id) = row.get(column).filter(|id| !id.is_empty()) {
            ids.insert(id.to_owned());
        }
    }
    Ok(())
}

pub(crate) fn is_private(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|data| data.mode() & 0o077 == 0)
}

pub(crate) fn is_id(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    (1..=LONGEST_ID).contains(&text.len()) && text.chars().all(is_plain)
}

/// `clients add`: writes the hash of a new secret behind what the file has, and prints the secret.
pub(crate) fn add(order: &AddClient, console: &Console) -> Result<()> {
    if !is_id(&order.id) {
        let what = "expected up to 64 letters, digits, - . _";
        return Err(Error::Usage(format!("{}: {what}", order.id)));
    }
    let before = match order.file.exists() {
        true => {
            if read(&order.file)?.clients.contains_key(&order.id) {
                let what = "is there already; take its table out of the file for a new secret";
                return Err(Error::Usage(format!("client {} {what}", order.id)));
            }
            text_of(&order.file)?
        }
        false => String::new(),
    };
    let secret = secret::new_secret()?;
    let mut table = toml::Table::new();
    table.insert("secret".to_owned(), secret::hashed(&secret)?.into());
    if order.all {
        table.insert("all".to_owned(), true.into());
    }
    if !order.shipments.is_empty() {
        table.insert("shipments".to_owned(), order.shipments.clone().into());
    }
    if let Some(list) = &order.shipments_file {
        // Beside the file of clients it is looked for, wherever the server is started.
        let list = std::path::absolute(list).unwrap_or_else(|_| list.clone());
        table.insert(
            "shipments_file".to_owned(),
            list.display().to_string().into(),
        );
    }
    let gap = if before.is_empty() { "" } else { "\n" };
    let text = format!("{before}{gap}[client.{:?}]\n{table}", order.id);
    write_private(&order.file, &text)?;
    // What was written must be what is read.
    read(&order.file)?;
    console.print(&format!("{secret}\n"))?;
    let what = format!(
        "client {}: this secret is shown once; the file has its hash",
        order.id
    );
    console.message(Level::Info, &what);
    Ok(())
}

/// Beside, synced, then renamed: a cut leaves the old clients.
pub(crate) fn write_private(path: &Path, text: &str) -> Result<()> {
    let beside = path.with_extension("new");
    let write = || {
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let mut file = options.open(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    write().map_err(|e: std::io::Error| {
        Error::Storage(format!("{}: cannot write: {e}", path.display()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_letters() {
        for (pattern, yes, no) in [
            ("A-1", "A-1", "A-12"),
            ("A*", "A", "BA"),
            ("*-9", "x-9", "x-9x"),
            ("A*B*C", "A.B.B.C", "ACB"),
            ("A*A", "AxA", "A"),
            ("*", "", "\0never"),
        ] {
            assert!(is_like(yes, pattern), "{pattern} {yes}");
            assert!(pattern == "*" || !is_like(no, pattern), "{pattern} {no}");
        }
    }

    #[test]
    fn a_client_sees_shipments_by_their_ids_as_they_stand() {
        let sees = Sees {
            ids: HashSet::from(["=A".to_owned(), "B".to_owned(), "%3DC".to_owned()]),
            patterns: vec!["ACME-*".to_owned()],
            ..Sees::default()
        };
        let client = Client {
            id: "acme".to_owned(),
            hash: String::new(),
            callback: None,
            averages: Averages::Named,
            sees,
        };
        for own in ["B", "=A", "%3DC", "ACME-1", "ACME-%41"] {
            assert!(client.sees(own), "{own}");
        }
        // What decodes to an own id is the id of another shipment.
        for other in ["b", "%3DA", "%42", "=C", "%41CME-2", "ACME%2D2", "%253DC"] {
            assert!(!client.sees(other), "{other}");
        }
    }
}

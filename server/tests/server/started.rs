//! The program, started over an output root, and how its clients talk with it.

use crate::http::{self, Answer, Connection};
use base64::Engine as _;
use green_corridor::Engine;
use green_corridor::documents::{Company, Form, Kind, Order, Pact};
use green_corridor::plan::{Flags, Plan};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::CertificateDer;
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use tempfile::TempDir;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../data");
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_green-corridor-server");

/// A published run of the shipped sample with its exports.
pub(crate) fn sample() -> &'static Path {
    static SAMPLE: OnceLock<TempDir> = OnceLock::new();
    let home = SAMPLE.get_or_init(|| {
        let home = tempfile::tempdir().expect("a folder");
        publish(home.path(), None);
        export(home.path());
        home
    });
    home.path()
}

/// Publishes the sample, or other movements.
pub(crate) fn publish(out: &Path, movements: Option<&Path>) -> String {
    let movements = movements.map(|path| path.display().to_string());
    let flags = Flags {
        run_file: Some(Path::new(DATA).join("run.toml")),
        movements: movements.into_iter().collect(),
        out: Some(out.to_owned()),
        ..Flags::default()
    };
    let plan = Plan::open(&flags, false).expect("a run file");
    Engine::of(plan).run().expect("a run").run_id
}

pub(crate) fn export(out: &Path) {
    for kind in [
        Kind::Footprints(Pact::V2),
        Kind::Footprints(Pact::V3),
        Kind::Tad,
    ] {
        let order = Order {
            kind,
            form: Form::Json,
            company: Company {
                name: "Example Line".to_owned(),
                id: "urn:lei:5493001KJTIIGC8Y1R12".to_owned(),
            },
            to: None,
        };
        Engine::at(out).export(None, &order).expect("an export");
    }
}

/// Certificate and key of this machine in PEM, and the certificate.
pub(crate) fn certificate(
    folder: &Path,
    name: &str,
) -> (PathBuf, PathBuf, CertificateDer<'static>) {
    let made = generate_simple_self_signed(vec!["127.0.0.1".to_owned()]);
    let CertifiedKey { cert, signing_key } = made.expect("a certificate");
    let paths = [
        folder.join(format!("{name}.pem")),
        folder.join(format!("{name}.key")),
    ];
    fs::write(&paths[0], cert.pem()).expect("written");
    fs::write(&paths[1], signing_key.serialize_pem()).expect("written");
    let [path, key] = paths;
    (path, key, cert.der().clone())
}

/// A server that runs until this is dropped.
pub(crate) struct Started {
    child: Child,
    pub(crate) at: SocketAddr,
    pub(crate) root: CertificateDer<'static>,
    pub(crate) folder: TempDir,
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a client is given.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) secret: String,
}

/// Adds a client to the file of a folder.
pub(crate) fn add_client(folder: &Path, id: &str, sees: &[&str]) -> Client {
    let file = folder.join("clients.toml");
    let added = Command::new(PROGRAM)
        .args(["clients", "add", id, "--file"])
        .arg(&file)
        .args(sees)
        .output()
        .expect("the program starts");
    let said = String::from_utf8_lossy(&added.stderr);
    assert!(added.status.success(), "{said}");
    let secret = String::from_utf8(added.stdout)
        .expect("text")
        .trim()
        .to_owned();
    Client {
        id: id.to_owned(),
        secret,
    }
}

/// Starts a server with TLS and the clients of its folder.
pub(crate) fn start(out: &Path, folder: TempDir, options: &[&str]) -> Started {
    let (certificate, key, root) = certificate(folder.path(), "server");
    let mut command = Command::new(PROGRAM);
    command
        .arg(out)
        .args(["--listen", "127.0.0.1:0", "--clients"])
        .arg(folder.path().join("clients.toml"));
    command
        .arg("--tls-cert")
        .arg(certificate)
        .arg("--tls-key")
        .arg(key)
        .args(options);
    started(command, folder, root)
}

pub(crate) fn started(
    mut command: Command,
    folder: TempDir,
    root: CertificateDer<'static>,
) -> Started {
    let log = fs::File::create(folder.path().join("log")).expect("a log");
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .expect("the program starts");
    let mut line = String::new();
    let out = child.stdout.take().expect("its output");
    BufReader::new(out).read_line(&mut line).expect("a line");
    let log = fs::read_to_string(folder.path().join("log")).unwrap_or_default();
    let at = line
        .trim()
        .rsplit('/')
        .next()
        .and_then(|at| at.parse().ok());
    let at = at.unwrap_or_else(|| panic!("{line:?}: {log}"));
    Started {
        child,
        at,
        root,
        folder,
    }
}

impl Started {
    pub(crate) fn connect(&self) -> Connection {
        http::tls(self.at, &self.root)
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).expect("the log")
    }

    /// Stops it as an operator does; its exit code.
    pub(crate) fn stop(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .expect("kill");
        assert!(sent.success());
        self.child.wait().expect("it ends").code()
    }

    /// Asks once.
    pub(crate) fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let bytes = http::request(method, path, &self.at.to_string(), headers, body);
        self.connect().send(&bytes).expect("an answer")
    }

    pub(crate) fn token_asked(&self, path: &str, id: &str, secret: &str) -> Answer {
        let basic = format!(
            "Basic {}",
            base64::engine::general_purpose::STANDARD.encode(format!("{id}:{secret}"))
        );
        let headers = [
            ("authorization", basic.as_str()),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        self.ask("POST", path, &headers, b"grant_type=client_credentials")
    }

    /// A token of a client.
    pub(crate) fn token(&self, client: &Client) -> String {
        let answer = self.token_asked("/auth/token", &client.id, &client.secret);
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["access_token"]
            .as_str()
            .expect("a token")
            .to_owned()
    }

    pub(crate) fn get(&self, path: &str, token: &str) -> Answer {
        self.ask(
            "GET",
            path,
            &[("authorization", &format!("Bearer {token}"))],
            b"",
        )
    }

    /// Sends an event.
    pub(crate) fn event(&self, path: &str, token: &str, event: &Value) -> Answer {
        let bearer = format!("Bearer {token}");
        let headers = [
            ("authorization", bearer.as_str()),
            (
                "content-type",
                "application/cloudevents+json; charset=UTF-8",
            ),
        ];
        self.ask("POST", path, &headers, event.to_string().as_bytes())
    }

    /// All documents of a list, page by page.
    pub(crate) fn all(&self, path: &str, token: &str) -> Vec<Value> {
        let mut connection = self.connect();
        let bearer = format!("Bearer {token}");
        let (mut path, mut all) = (path.to_owned(), Vec::new());
        loop {
            let host = self.at.to_string();
            let bytes = http::request("GET", &path, &host, &[("authorization", &bearer)], b"");
            let answer = connection.send(&bytes).expect("an answer");
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
            let mut page = answer.json();
            all.append(page["data"].as_array_mut().expect("a list"));
            match next(&answer, &format!("https://{host}")) {
                Some(link) => path = link,
                None => return all,
            }
        }
    }
}

/// The path of the link to the next page, taken out as the official suite does.
pub(crate) fn next(answer: &Answer, base: &str) -> Option<String> {
    let link = answer.header("link")?;
    let first = link.split(", ").next()?;
    let (address, rel) = first.split_once("; ").expect("an address and a relation");
    assert_eq!(rel, "rel=\"next\"");
    let address = address.strip_prefix('<').and_then(|a| a.strip_suffix('>'));
    let address = address.expect("an address in brackets");
    let path = address.strip_prefix(base);
    Some(
        path.unwrap_or_else(|| panic!("{address} does not begin with {base}"))
            .to_owned(),
    )
}

/// Waits for something that comes by itself.
#[track_caller]
pub(crate) fn eventually(what: &str, mut is: impl FnMut() -> bool) {
    for _ in 0..300 {
        if is() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("{what}: not within half a minute");
}

/// All that a program prints, and its exit code.
pub(crate) fn ended(words: &[&str]) -> (Option<i32>, String) {
    let mut child = Command::new(PROGRAM)
        .args(words)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut said = String::new();
    let mut errors = child.stderr.take().expect("its errors");
    errors.read_to_string(&mut said).expect("text");
    (child.wait().expect("it ends").code(), said)
}

//! Answers to requests for footprints, sent to the client's own endpoint.
//!
//! Where to is an address that the client wrote: only https (but to this machine, where a setting allows that), only hosts that the operator listed for it, no redirects, no addresses of
//! inner networks, and the connection goes to the address that was looked at. What is not delivered is tried again with growing pauses, at
//! most three days, as long as this process lives.

use crate::answer::Code;
use crate::app::App;
use crate::clients::{Callback, Client};
use crate::exports::Which;
use crate::{secret, tls};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use green_corridor::Level;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use ring::digest;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use serde_json::json;
use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use uuid::{Builder, Uuid};

/// Answers that are sent at once.
const MOST: usize = 64;
/// Answers to one client that are sent or wait to be sent again.
const MOST_OF_ONE: usize = 8;
/// Requests of a client that are remembered, so that one that comes again is not answered again.
const MOST_REMEMBERED: usize = 4096;
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
const GIVEN_UP: Duration = Duration::from_secs(3 * 24 * 3600);
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of an answer to an answer.
const MOST_BYTES: usize = 64 << 10;

/// Places for answers: each client has its own, so that an endpoint that does not answer keeps no other client waiting.
pub(crate) struct Callbacks {
    sending: Semaphore,
    of: Mutex<HashMap<String, Arc<Semaphore>>>,
    /// Requests by client, the last ones.
    taken: Mutex<HashMap<String, VecDeque<Known>>>,
}

impl Callbacks {
    pub(crate) fn new() -> Callbacks {
        Callbacks {
            sending: Semaphore::new(MOST),
            of: Mutex::default(),
            taken: Mutex::default(),
        }
    }

    /// Takes a request, if it is none that was taken before.
    pub(super) fn take(&self, client: &str, request: Known) -> bool {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let of_client = taken.entry(client.to_owned()).or_default();
        if of_client.contains(&request) {
            return false;
        }
        if of_client.len() >= MOST_REMEMBERED {
            of_client.pop_front();
        }
        of_client.push_back(request);
        true
    }

    /// A place for an answer to a client.
    pub(super) fn place(&self, client: &str) -> Option<OwnedSemaphorePermit> {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        let places = of
            .entry(client.to_owned())
            .or_insert_with(|| Arc::new(Semaphore::new(MOST_OF_ONE)));
        Arc::clone(places).try_acquire_owned().ok()
    }
}

/// A request: the digest of what it is told from others by.
pub(super) type Known = [u8; 32];

/// What a request is told from others by: source and id, and what is asked, for there are partners who use an id again.
pub(super) fn known(words: [&str; 4]) -> Known {
    let mut all = digest::Context::new(&digest::SHA256);
    for word in words {
        all.update(&(word.len() as u64).to_be_bytes());
        all.update(word.as_bytes());
    }
    let mut known = Known::default();
    known.copy_from_slice(all.finish().as_ref());
    known
}

/// What came of a request.
pub(super) enum Outcome {
    /// Documents, with commas between them.
    Fulfilled(Vec<u8>),
    Rejected(Code, String),
}

/// A request that waits for its answer.
pub(super) struct Answering {
    pub(super) which: Which,
    /// Id of the request.
    pub(super) request: String,
    pub(super) source: String,
    /// Address of this host, as the client calls it.
    pub(super) own: String,
    pub(super) client: Arc<Client>,
}

/// Why an answer was not delivered.
enum Undelivered {
    /// It may be tried again.
    Yet(String),
    Never(&'static str),
}

impl Answering {
    /// Delivers the answer that `find` finds for the client as it is at each attempt.
    pub(super) async fn deliver<F>(&self, app: &App, find: F)
    where
        F: Fn(&Arc<Client>) -> Outcome + Clone + Send + 'static,
    {
        let id = &self.client.id;
        let tell = |level, what: &str| {
            app.console
                .message(level, &format!("client {id}: answer to a request {what}"));
        };
        // The same at each attempt: whoever got one knows the next again.
        let Ok(bytes) = secret::random() else {
            return tell(Level::Warning, "not sent: the system gives no random bytes");
        };
        let event = Builder::from_random_bytes(bytes).into_uuid();
        let (mut pause, mut waited) = (FIRST_PAUSE, Duration::ZERO);
        loop {
            match self.attempt(app, event, find.clone()).await {
                Ok(()) => return tell(Level::Info, "delivered"),
                Err(Undelivered::Never(why)) => {
                    return tell(Level::Warning, &format!("not sent: {why}"));
                }
                Err(Undelivered::Yet(why)) if waited >= GIVEN_UP => {
                    return tell(Level::Warning, &format!("given up: {why}"));
                }
                Err(Undelivered::Yet(why)) => {
                    tell(Level::Warning, &format!("not delivered yet: {why}"))
                }
            }
            tokio::time::sleep(pause).await;
            waited += pause;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Sends the answer once. What the operator allows may have changed since the last time, so that everything is looked up again.
    async fn attempt<F>(&self, app: &App, event: Uuid, find: F) -> Result<(), Undelivered>
    where
        F: Fn(&Arc<Client>) -> Outcome + Send + 'static,
    {
        let Ok(_sending) = app.callbacks.sending.acquire().await else {
            return Err(Undelivered::Never("no place to send it from"));
        };
        let client = app.clients.as_ref();
        let client = client.and_then(|all| all.get(&self.client.id));
        let Some(client) = client.filter(|client| client.hash == self.client.hash) else {
            let what = "the client is one no more, or has another secret";
            return Err(Undelivered::Never(what));
        };
        let target = client.callback.as_ref();
        let target =
            target.and_then(|callback| target_of(&self.source, callback).zip(Some(callback)));
        let Some((target, callback)) = target else {
            let what = "its source is no https address of a listed host";
            return Err(Undelivered::Never(what));
        };
        let found = tokio::task::spawn_blocking({
            let client = Arc::clone(&client);
            move || find(&client)
        });
        let Ok(outcome) = found.await else {
            return Err(Undelivered::Never("internal fault"));
        };
        let body = self.event(event, outcome);
        let sent = self.send(&target, callback, &body).await;
        sent.map_err(Undelivered::Yet)
    }

    /// The event that answers.
    fn event(&self, id: Uuid, outcome: Outcome) -> Vec<u8> {
        let (fulfilled, rejected) = match self.which {
            Which::V2 | Which::Tad => (
                "org.wbcsd.pathfinder.ProductFootprintRequest.Fulfilled.v1",
                "org.wbcsd.pathfinder.ProductFootprintRequest.Rejected.v1",
            ),
            Which::V3 => (
                "org.wbcsd.pact.ProductFootprint.RequestFulfilledEvent.3",
                "org.wbcsd.pact.ProductFootprint.RequestRejectedEvent.3",
            ),
        };
        let own = self.own.strip_prefix("https:").unwrap_or(&self.own);
        let head = |kind: &str| {
            json!({
                "type": kind,
                "specversion": "1.0",
                "id": id.to_string(),
                "source": format!("{own}/{}/events", self.version()),
                "time": jiff::Timestamp::now().to_string(),
            })
        };
        let request = serde_json::Value::from(self.request.as_str());
        let (kind, data) = match outcome {
            Outcome::Fulfilled(documents) => {
                let mut data = format!(r#"{{"requestEventId":{request},"pfs":["#).into_bytes();
                data.extend_from_slice(&documents);
                data.extend_from_slice(b"]}");
                (fulfilled, data)
            }
            Outcome::Rejected(code, message) => {
                let error = json!({ "code": code.word(), "message": message });
                (
                    rejected,
                    json!({ "requestEventId": request, "error": error })
                        .to_string()
                        .into_bytes(),
                )
            }
        };
        let mut body = head(kind).to_string().into_bytes();
        body.pop();
        body.extend_from_slice(br#","data":"#);
        body.extend_from_slice(&data);
        body.push(b'}');
        body
    }

    fn version(&self) -> u8 {
        match self.which {
            Which::V2 | Which::Tad => 2,
            Which::V3 => 3,
        }
    }

    async fn send(&self, target: &Target, callback: &Callback, body: &[u8]) -> Result<(), String> {
        let basic = STANDARD.encode(format!("{}:{}", callback.id, callback.secret));
        let token = Message {
            path: format!("{}/auth/token", target.base),
            kind: "application/x-www-form-urlencoded",
            authorization: format!("Basic {basic}"),
            body: b"grant_type=client_credentials".to_vec(),
        };
        let (status, answer) = target.post(callback, token).await?;
        let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap_or_default();
        let token = answer["access_token"]
            .as_str()
            .filter(|_| status.is_success());
        let token = token.ok_or_else(|| format!("no token, status {status}"))?;
        let event = Message {
            path: format!("{}/{}/events", target.base, self.version()),
            kind: "application/cloudevents+json; charset=UTF-8",
            authorization: format!("Bearer {token}"),
            body: body.to_vec(),
        };
        let (status, _) = target.post(callback, event).await?;
        match status.is_success() {
            true => Ok(()),
            false => Err(format!("status {status}")),
        }
    }
}

struct Message {
    path: String,
    kind: &'static str,
    authorization: String,
    body: Vec<u8>,
}

/// Where an answer goes.
#[derive(Debug, PartialEq, Eq)]
struct Target {
    /// False: to this machine, for tests.
    is_tls: bool,
    host: String,
    port: u16,
    /// Path above `/auth/token` and `/2/events`.
    base: String,
}

/// The address of a source, if it is one that the operator listed.
fn target_of(source: &str, callback: &Callback) -> Option<Target> {
    let (scheme, rest) = source.split_once("//")?;
    let (is_tls, port) = match scheme {
        "https:" | "" => (true, 443),
        "http:" if callback.loopback => (false, 80),
        _ => return None,
    };
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~/".contains(c);
    if !path.chars().all(is_plain) || path.contains("..") {
        return None;
    }
    let with_port = |host: &str| match host.contains(':') {
        true => host.to_owned(),
        false => format!("{host}:{port}"),
    };
    let listed = |host: &String| {
        let asked = with_port(authority);
        with_port(host)
            .eq_ignore_ascii_case(&asked)
            .then_some(asked)
    };
    let asked = callback.hosts.iter().find_map(listed)?;
    let (host, port) = asked.rsplit_once(':')?;
    let path = path.trim_end_matches('/');
    let base = ["/2/events", "/3/events"]
        .iter()
        .find_map(|end| path.strip_suffix(end));
    Some(Target {
        is_tls,
        host: host.to_ascii_lowercase(),
        port: port.parse().ok()?,
        base: base.unwrap_or(path).to_owned(),
    })
}

/// Whether an address is one that everybody may be sent to.
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            let is_shared = a == 100 && (64..128).contains(&b);
            let is_benchmark = a == 198 && (b == 18 || b == 19);
            !(ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_documentation())
                && !(ip.is_broadcast()
                    || ip.is_multicast()
                    || a == 0
                    || a >= 240
                    || is_shared
                    || is_benchmark)
        }
        IpAddr::V6(ip) => match ip.to_ipv4() {
            // Also in the mapped and in the compatible form.
            Some(ip) => !ip.is_unspecified() && is_public(IpAddr::V4(ip)) && ip.octets()[0] != 0,
            // Only what is given out for everybody; of that, not what carries an address of the old kind inside (6to4, Teredo).
            None => {
                let first = ip.segments()[0];
                (0x2000..0x4000).contains(&first)
                    && first != 0x2002
                    && ip.segments()[..2] != [0x2001, 0]
            }
        },
    }
}

impl Target {
    /// An address of the host that may be connected to.
    async fn address(&self, callback: &Callback) -> Result<SocketAddr, String> {
        let found = tokio::net::lookup_host((self.host.as_str(), self.port)).await;
        let found = found.map_err(|_| "the host is not known".to_owned())?;
        let may = |at: &SocketAddr| match at.ip().is_loopback() {
            true => callback.loopback,
            false => self.is_tls && is_public(at.ip()),
        };
        let mut found = found.filter(may);
        found
            .next()
            .ok_or_else(|| "the host is in an inner network".to_owned())
    }

    async fn post(
        &self,
        callback: &Callback,
        message: Message,
    ) -> Result<(StatusCode, Vec<u8>), String> {
        let done = timeout(PATIENCE, self.post_patiently(callback, message)).await;
        done.map_err(|_| "no answer in time".to_owned())?
    }

    async fn post_patiently(
        &self,
        callback: &Callback,
        message: Message,
    ) -> Result<(StatusCode, Vec<u8>), String> {
        let address = self.address(callback).await?;
        let usual = if self.is_tls { 443 } else { 80 };
        let host = match self.port == usual {
            true => self.host.clone(),
            false => format!("{}:{}", self.host, self.port),
        };
        let request = Request::builder()
            .method(Method::POST)
            .uri(&message.path)
            .header("host", host)
            .header("content-type", message.kind)
            .header("authorization", message.authorization)
            .body(Full::new(Bytes::from(message.body)))
            .map_err(told)?;
        let stream = TcpStream::connect(address).await.map_err(told)?;
        if !self.is_tls {
            return exchange(stream, request).await;
        }
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(tls::certificates(&callback.ca).map_err(told)?);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(told)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from(self.host.clone()).map_err(told)?;
        let connector = TlsConnector::from(Arc::new(config));
        exchange(
            connector.connect(name, stream).await.map_err(told)?,
            request,
        )
        .await
    }
}

fn told(fault: impl std::fmt::Display) -> String {
    fault.to_string()
}

/// Sends a request over a connection of its own, and reads the answer.
async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
) -> Result<(StatusCode, Vec<u8>), String> {
    let shaken = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = shaken.map_err(told)?;
    let driven = tokio::spawn(connection);
    let answer = sender.send_request(request).await.map_err(told)?;
    let status = answer.status();
    let body = Limited::new(answer.into_body(), MOST_BYTES).collect().await;
    driven.abort();
    let body = body.map_err(|_| "an answer that is too long".to_owned())?;
    Ok((status, body.to_bytes().to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn callback(hosts: &[&str]) -> Callback {
        Callback {
            hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
            id: "a".to_owned(),
            secret: "b".to_owned(),
            ca: "ca.pem".into(),
            loopback: false,
        }
    }

    #[test]
    fn a_client_takes_the_places_of_no_other() {
        let callbacks = Callbacks::new();
        let held: Vec<_> = (0..MOST * 2)
            .filter_map(|_| callbacks.place("dead"))
            .collect();
        assert_eq!(held.len(), MOST_OF_ONE);
        assert!(callbacks.place("other").is_some());
        drop(held);
        assert!(callbacks.place("dead").is_some());
        // Waiting takes none of the places that all share.
        assert_eq!(callbacks.sending.available_permits(), MOST);
    }

    #[test]
    fn answers_go_to_listed_hosts_over_https_alone() {
        let callback = callback(&["pact.example", "other.example:8443"]);
        let found = |source: &str| target_of(source, &callback).map(|t| (t.host, t.port, t.base));
        let base = |base: &str| Some(("pact.example".to_owned(), 443, base.to_owned()));
        assert_eq!(found("https://pact.example"), base(""));
        assert_eq!(found("https://PACT.example/sub/"), base("/sub"));
        assert_eq!(found("//pact.example/sub/2/events"), base("/sub"));
        assert_eq!(found("https://pact.example:443/3/events"), base(""));
        assert!(found("https://other.example:8443/x").is_some());
        for bad in [
            "http://pact.example",
            "https://other.example",
            "https://pact.example:444",
            "https://evil.example",
            "https://pact.example@evil.example",
            "https://evil.example/https://pact.example",
            "https://pact.example.evil.example",
            "https://pact.example/../x",
            "https://pact.example/x?y",
            "https://pact.example/x\r\ny",
            "urn:pact.example",
            "pact.example",
            "",
        ] {
            assert_eq!(found(bad), None, "{bad}");
        }
        let tests = Callback {
            hosts: vec!["127.0.0.1:3000".to_owned()],
            loopback: true,
            ..callback
        };
        let found = target_of("http://127.0.0.1:3000/x", &tests).expect("a target");
        assert!(!found.is_tls && found.base == "/x");
    }

    #[test]
    fn inner_networks_are_not_public() {
        for inner in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "::10.0.0.1",
            "2002:a00:1::",
            "2001:0:1::",
            "64:ff9b::a00:1",
        ] {
            assert!(!is_public(inner.parse().expect("an address")), "{inner}");
        }
        for public in [
            "93.184.216.34",
            "2606:2800:220:1::1",
            "::ffff:93.184.216.34",
        ] {
            assert!(is_public(public.parse().expect("an address")), "{public}");
        }
    }
}

//! A client for HTTP/1.1 over TLS or plain, that sends any bytes and reads what comes.

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

trait Both: Read + Write {}
impl<T: Read + Write> Both for T {}

/// A connection that is kept for further requests.
pub(crate) struct Connection {
    stream: Box<dyn Both>,
    /// What came behind the last answer.
    rest: Vec<u8>,
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(
            self.header("content-type"),
            Some("application/json"),
            "{self:?}"
        );
        serde_json::from_slice(&self.body).expect("JSON")
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

pub(crate) fn plain(at: SocketAddr) -> Connection {
    let stream = TcpStream::connect(at).expect("a connection");
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .expect("a limit");
    Connection {
        stream: Box::new(stream),
        rest: Vec::new(),
    }
}

pub(crate) fn tls(at: SocketAddr, root: &CertificateDer<'static>) -> Connection {
    let mut roots = RootCertStore::empty();
    roots.add(root.clone()).expect("a certificate");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::IpAddress(at.ip().into());
    let session = ClientConnection::new(Arc::new(config), name).expect("a session");
    let stream = TcpStream::connect(at).expect("a connection");
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .expect("a limit");
    Connection {
        stream: Box::new(StreamOwned::new(session, stream)),
        rest: Vec::new(),
    }
}

impl Connection {
    /// Sends bytes as they are; `None`: the other end answers nothing more.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> Option<Answer> {
        // One that has closed may not take all of it, and may have answered before.
        let _ = self
            .stream
            .write_all(bytes)
            .and_then(|()| self.stream.flush());
        self.read(bytes.starts_with(b"HEAD"))
    }

    /// Sends bytes, and goes without an answer.
    pub(crate) fn only_send(mut self, bytes: &[u8]) {
        let _ = self
            .stream
            .write_all(bytes)
            .and_then(|()| self.stream.flush());
    }

    pub(crate) fn read(&mut self, is_head: bool) -> Option<Answer> {
        let end = loop {
            if let Some(at) = self.rest.windows(4).position(|four| four == b"\r\n\r\n") {
                break at;
            }
            self.more()?;
        };
        let head = String::from_utf8(self.rest[..end].to_vec()).expect("a head of text");
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect();
        self.rest.drain(..end + 4);
        let mut answer = Answer {
            status,
            headers,
            body: Vec::new(),
        };
        let length = answer
            .header("content-length")
            .map_or(0, |n| n.parse().expect("a length"));
        while !is_head && self.rest.len() < length {
            self.more()?;
        }
        if !is_head {
            answer.body = self.rest.drain(..length).collect();
        }
        Some(answer)
    }

    fn more(&mut self) -> Option<()> {
        let mut bytes = [0; 1 << 14];
        let count = self
            .stream
            .read(&mut bytes)
            .ok()
            .filter(|count| *count > 0)?;
        self.rest.extend_from_slice(&bytes[..count]);
        Some(())
    }
}

/// The bytes of a request.
pub(crate) fn request(
    method: &str,
    path: &str,
    host: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\n");
    for (key, value) in headers {
        text += &format!("{key}: {value}\r\n");
    }
    if !body.is_empty() {
        text += &format!("content-length: {}\r\n", body.len());
    }
    text += "\r\n";
    [text.as_bytes(), body].concat()
}

//! The other end of answers to requests: a partner's token endpoint and events endpoint over TLS.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

/// A partner who listens.
pub(crate) struct Listener {
    pub(crate) at: SocketAddr,
    /// Path, authorization and body of each message.
    pub(crate) heard: Receiver<(String, String, Vec<u8>)>,
}

/// Listens with this certificate.
pub(crate) fn listen(certificate: &Path, key: &Path) -> Listener {
    let chain: Vec<_> = CertificateDer::pem_file_iter(certificate)
        .expect("a certificate")
        .collect::<Result<_, _>>()
        .expect("PEM");
    let key = PrivateKeyDer::from_pem_file(key).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a certificate with its key");
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let at = listener.local_addr().expect("an address");
    let (tell, heard) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let session = ServerConnection::new(Arc::clone(&config)).expect("a session");
            let _ = hear(StreamOwned::new(session, stream), &tell);
        }
    });
    Listener { at, heard }
}

fn hear(
    stream: StreamOwned<ServerConnection, std::net::TcpStream>,
    tell: &Sender<(String, String, Vec<u8>)>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let (mut length, mut authorization) = (0, String::new());
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap_or(0),
            "authorization" => authorization = value.trim().to_owned(),
            _ => (),
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let answer = match path.ends_with("/auth/token") {
        true => r#"{"access_token":"theirs","token_type":"bearer"}"#,
        false => "",
    };
    let text = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{answer}",
        answer.len()
    );
    let stream = reader.get_mut();
    stream.write_all(text.as_bytes())?;
    stream.flush()?;
    let _ = tell.send((path, authorization, body));
    Ok(())
}

impl Listener {
    /// The next event, and the path that it came to.
    pub(crate) fn event(&self) -> (String, Value) {
        let wait = std::time::Duration::from_secs(30);
        let (path, authorization, _) = self.heard.recv_timeout(wait).expect("a call for a token");
        assert!(path.ends_with("/auth/token"), "{path}");
        assert!(authorization.starts_with("Basic "), "{authorization}");
        let (path, authorization, body) = self.heard.recv_timeout(wait).expect("an event");
        assert_eq!(authorization, "Bearer theirs");
        (path, serde_json::from_slice(&body).expect("JSON"))
    }
}

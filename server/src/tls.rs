//! The operator's certificate: two files, read at the start and again on SIGHUP.

use green_corridor::{Error, Result};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use tokio_rustls::TlsAcceptor;

/// Accepts connections with the certificate as it was read last.
pub(crate) struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    acceptor: RwLock<TlsAcceptor>,
}

impl Tls {
    pub(crate) fn open(certificate: &Path, key: &Path) -> Result<Tls> {
        Ok(Tls {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            acceptor: RwLock::new(acceptor(certificate, key)?),
        })
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        let held = self.acceptor.read().unwrap_or_else(PoisonError::into_inner);
        held.clone()
    }

    /// Reads the files again; connections that are open keep theirs.
    pub(crate) fn reload(&self) -> Result<()> {
        let new = acceptor(&self.certificate, &self.key)?;
        *self
            .acceptor
            .write()
            .unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }
}

/// Certificates of a PEM file.
pub(crate) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let fault = |e: rustls::pki_types::pem::Error| {
        Error::Usage(format!("{}: cannot read certificates: {e}", path.display()))
    };
    let all = CertificateDer::pem_file_iter(path).map_err(fault)?;
    let all = all
        .collect::<std::result::Result<Vec<_>, _>>()
        .map_err(fault)?;
    match all.is_empty() {
        true => Err(Error::Usage(format!(
            "{}: expected a certificate in PEM",
            path.display()
        ))),
        false => Ok(all),
    }
}

fn acceptor(certificate: &Path, key: &Path) -> Result<TlsAcceptor> {
    let chain = certificates(certificate)?;
    let secret = PrivateKeyDer::from_pem_file(key)
        .map_err(|e| Error::Usage(format!("{}: cannot read a private key: {e}", key.display())))?;
    let config =
        ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|config| config.with_no_client_auth().with_single_cert(chain, secret));
    let mut config = config.map_err(|e| {
        Error::Usage(format!(
            "{} and {}: {e}",
            certificate.display(),
            key.display()
        ))
    })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

//! The HTTP client: certificates, time limits.

use super::access::{Access, is_loopback};
use super::failure::Failure;
use crate::model::causes;
use reqwest::redirect::Policy;
use reqwest::{Certificate, ClientBuilder, Identity};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a connection may take to come to be.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Why there is no client.
#[derive(Clone, Debug)]
pub(super) enum NoClient {
    /// A certificate or key that the user put there is none.
    Files(String),
    /// Without any CA certificate on the machine there is no HTTPS client, but plain HTTP needs none.
    Machine(String),
}

impl From<NoClient> for Failure {
    fn from(error: NoClient) -> Self {
        match error {
            NoClient::Files(cause) => Self::Local(cause),
            NoClient::Machine(cause) => Self::Local(format!("there is no HTTPS client: {cause}")),
        }
    }
}

/// Makes the client that asks over HTTPS.
pub(super) fn secure(host: &str, access: &Access) -> Result<reqwest::Client, NoClient> {
    let builder = with_certificates(builder(host).read_timeout(access.patience.silence), access).map_err(NoClient::Files)?;
    build(builder.tls_danger_accept_invalid_certs(!access.tls_verify))
}

/// Makes the client that asks over plain HTTP. It needs no certificate of any authority.
pub(super) fn plain(host: &str, access: &Access) -> Result<reqwest::Client, NoClient> {
    build(builder(host).read_timeout(access.patience.silence).tls_danger_accept_invalid_certs(true))
}

/// Makes the client that sends layers: an answer comes when all was sent, so who sends watches the time.
pub(super) fn sending(host: &str, access: &Access, is_plain: bool) -> Result<reqwest::Client, NoClient> {
    if is_plain {
        return build(builder(host).tls_danger_accept_invalid_certs(true));
    }
    build(with_certificates(builder(host), access).map_err(NoClient::Files)?.tls_danger_accept_invalid_certs(!access.tls_verify))
}

fn builder(host: &str) -> ClientBuilder {
    // An error says that there is a provider already, which is this one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder();
    // As Go's tools do: a proxy elsewhere does not see this machine's loopback.
    let builder = if is_loopback(host) { builder.no_proxy() } else { builder };
    builder
        .user_agent(concat!("coracle/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        // Each redirect is looked at (guard.rs).
        .redirect(Policy::none())
}

fn build(builder: ClientBuilder) -> Result<reqwest::Client, NoClient> {
    builder.build().map_err(|error| {
        let lowest = causes(&error).last();
        NoClient::Machine(lowest.map(ToString::to_string).unwrap_or_default())
    })
}

/// Adds what the folders of certificates have (containers-certs.d(5)).
fn with_certificates(mut builder: ClientBuilder, access: &Access) -> Result<ClientBuilder, String> {
    let (mut authorities, mut identity) = (Vec::new(), None);
    for folder in &access.certificates {
        let files = files_in(folder)?;
        let with = |extension: &'static str| files.iter().filter(move |path| has_extension(path, extension));
        for path in with("crt") {
            let found =
                Certificate::from_pem_bundle(&read(path)?).map_err(|_| format!("{} is no PEM certificate", path.display()))?;
            authorities.extend(found);
        }
        for path in with("key") {
            let cert = path.with_extension("cert");
            if !cert.exists() {
                return Err(format!("{} has no certificate beside it ({} is missing)", path.display(), cert.display()));
            }
        }
        for path in with("cert") {
            let key = path.with_extension("key");
            if !key.exists() {
                return Err(format!("{} has no key beside it ({} is missing)", path.display(), key.display()));
            }
            let both = [read(path)?, b"\n".to_vec(), read(&key)?].concat();
            let found = Identity::from_pem(&both).map_err(|_| format!("{} and its key are no PEM pair", path.display()))?;
            identity.get_or_insert(found);
        }
    }
    if !authorities.is_empty() {
        builder = builder.tls_certs_merge(authorities);
    }
    Ok(match identity {
        Some(identity) => builder.identity(identity),
        None => builder,
    })
}

/// The files of a folder by name; none where there is no folder.
fn files_in(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        // Folders of the system may be closed to us.
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => return Ok(Vec::new()),
        Err(error) => return Err(format!("read folder {}: {error}", folder.display())),
    };
    let mut files: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    Ok(files)
}

fn has_extension(path: &Path, wanted: &str) -> bool {
    path.extension().is_some_and(|extension| extension == wanted)
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("read {}: {error}", path.display()))
}

//! A registry, for callers that block (OCI distribution specification; Docker's registry API, version 2).
//!
//! ```text
//! access     how a registry may be asked        tls        certificates, time limits
//! client     requests: tries, redirects         guard      where a registry may send us
//! challenge  what it wants to see               token      where that is had
//! fetch      blobs here                         upload     blobs there
//! listing    tags, repositories, search         pace       how slow it may be
//! web        files of other servers             failure    what went wrong
//! driver     the thread of the requests         blob       a blob as a reader
//! ```
//!
//! One thread runs a current-thread runtime with the client on it; it begins with the registry and ends with it, and nothing
//! async is seen outside. A blob is a reader: its chunks come through a short queue, so a slow disk slows the download. What comes is
//! hashed once, by who takes it (`storage::intake`).

mod access;
mod blob;
mod challenge;
mod client;
mod driver;
mod failure;
mod fetch;
mod guard;
mod listing;
mod pace;
mod tls;
mod token;
mod upload;
mod web;

#[doc(hidden)]
pub use challenge::is_challenge;

pub use access::{Access, Patience, Retry};
pub use listing::{Found, search};
pub use upload::{Mounted, Sent};
pub use web::{WebAddress, WebFile};

use super::error::ImageError;
use super::manifest::{DOCKER_LIST, DOCKER_MANIFEST, Descriptor, MAX_DOCUMENT, OCI_INDEX, OCI_MANIFEST, check_type};
use super::reference::Reference;
use crate::model::Digest;
use crate::storage::{StorageError, digest};
use blob::BlobReader;
use client::{Ask, Client};
use driver::Driver;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Method, StatusCode};
use std::future::Future;
use std::io::{BufRead, Read as _};
use std::sync::Arc;

/// Chunks of a blob that wait to be taken; a chunk is what one read of the socket gave.
const QUEUE: usize = 64;
/// The kinds of manifests that we read.
const ACCEPTED: [&str; 4] = [OCI_MANIFEST, DOCKER_MANIFEST, OCI_INDEX, DOCKER_LIST];
/// What a registry says in a HEAD answer; its truth is checked on the manifest itself.
const DIGEST_HEADER: &str = "docker-content-digest";

/// A repository on a registry.
#[derive(Debug)]
pub struct Registry {
    repository: String,
    client: Arc<Client>,
    driver: Driver,
}

impl Registry {
    /// Makes ready to ask the registry of `reference` about its repository. Nothing is asked yet.
    ///
    /// HTTPS is tried first. Plain HTTP follows where the registry is on this machine's loopback, or certificates are not checked.
    ///
    /// # Errors
    /// No thread can be made.
    pub fn open(reference: &Reference, access: Access) -> Result<Self, ImageError> {
        Self::at(reference.registry(), reference.repository(), access)
    }

    fn at(host: &str, repository: &str, access: Access) -> Result<Self, ImageError> {
        let fail = |error: std::io::Error| ImageError::Client { host: host.to_owned(), cause: error.to_string() };
        let driver = Driver::start().map_err(fail)?;
        Ok(Self { repository: repository.to_owned(), client: Arc::new(Client::new(host, access)), driver })
    }

    /// Any server, by its address.
    fn of_web(address: &WebAddress, access: Access) -> Result<Self, ImageError> {
        let fail = |error: std::io::Error| address.failed(&error.to_string());
        let driver = Driver::start().map_err(fail)?;
        let client = Client::new(&address.host(), access).speaks(address.is_plain());
        Ok(Self { repository: String::new(), client: Arc::new(client), driver })
    }

    /// Tries whether the registry takes the credentials.
    ///
    /// # Errors
    /// It does not, or cannot be reached.
    pub fn login(host: &str, access: Access) -> Result<(), ImageError> {
        let registry = Self::at(host, "", access)?;
        let client = Arc::clone(&registry.client);
        registry.wait(async move {
            let answer = client.send(&Ask::new(Method::GET, "/v2/", String::new())).await;
            answer.map(drop).map_err(|failure| failure.explain(&client.host, "the login"))
        })
    }

    /// Asks which manifest a tag or digest leads to now; nothing where the registry does not say.
    ///
    /// # Errors
    /// It cannot be reached, or has no such image.
    pub fn resolve(&self, reference: &Reference) -> Result<Option<Digest>, ImageError> {
        let (client, path, name) = (Arc::clone(&self.client), manifest_path(reference), reference.to_string());
        let scope = pull_scope(&self.repository);
        self.wait(async move {
            let ask = Ask::new(Method::HEAD, &path, scope).header(ACCEPT, ACCEPTED.join(", "));
            let answer = client.send(&ask).await.map_err(|failure| failure.explain(&client.host, &name))?;
            let said = answer.headers().get(DIGEST_HEADER).and_then(|value| value.to_str().ok());
            Ok(said.and_then(|text| Digest::parse(text).ok()))
        })
    }

    /// Fetches the manifest or index that a reference names.
    ///
    /// # Errors
    /// The registry cannot be reached, has no such image, or gives something else.
    pub fn document(&self, reference: &Reference) -> Result<Vec<u8>, ImageError> {
        let (client, path, name) = (Arc::clone(&self.client), manifest_path(reference), reference.to_string());
        let scope = pull_scope(&self.repository);
        let (bytes, declared) = self.wait(async move {
            let ask = Ask::new(Method::GET, &path, scope).header(ACCEPT, ACCEPTED.join(", "));
            client.document(&ask, "the manifest", &name).await
        })?;
        if let Some(declared) = &declared {
            check_type(declared, &bytes)?;
        }
        if let Some(expected) = reference.digest() {
            check(expected, &bytes)?;
        }
        Ok(bytes.to_vec())
    }

    /// Fetches a manifest by digest, from the repository of `reference`.
    ///
    /// # Errors
    /// The registry does not have it, or gives something else.
    pub fn manifest(&self, reference: &Reference, descriptor: &Descriptor) -> Result<Vec<u8>, ImageError> {
        self.document(&reference.with_digest(descriptor.digest.clone()))
    }

    /// Fetches a small blob whole.
    ///
    /// # Errors
    /// It is too long, not there, or something else.
    pub fn small_blob(&self, descriptor: &Descriptor) -> Result<Vec<u8>, ImageError> {
        if descriptor.size > MAX_DOCUMENT {
            return Err(ImageError::TooBig { what: "the image config", found: descriptor.size, limit: MAX_DOCUMENT });
        }
        let mut bytes = Vec::new();
        let read = self.blob(descriptor).take(descriptor.size + 1).read_to_end(&mut bytes);
        read.map_err(|source| StorageError::Read { what: format!("blob {}", descriptor.digest), source })?;
        let (expected, digest, found) = (descriptor.size, descriptor.digest.clone(), bytes.len() as u64);
        match found {
            found if found > expected => Err(StorageError::TooLong { digest, expected }.into()),
            found if found < expected => Err(StorageError::Truncated { digest, expected, found }.into()),
            _ => check(&digest, &bytes).map(|()| bytes),
        }
    }

    /// Begins to fetch a blob. The reader checks nothing: digest and size are the caller's to check.
    #[must_use]
    pub fn blob(&self, descriptor: &Descriptor) -> impl BufRead + Send + use<> {
        let (chunks, queue) = tokio::sync::mpsc::channel(QUEUE);
        let (client, repository) = (Arc::clone(&self.client), self.repository.clone());
        let (digest, size) = (descriptor.digest.clone(), descriptor.size);
        self.driver.spawn(async move { fetch::blob(&client, &repository, &digest, size, &chunks).await });
        BlobReader::new(queue)
    }

    /// Puts a manifest under a tag or digest. Returns the digest that the registry has it under.
    ///
    /// # Errors
    /// The registry does not take it.
    pub fn put_manifest(&self, reference: &Reference, media_type: &str, bytes: &[u8]) -> Result<Digest, ImageError> {
        let (client, path, name) = (Arc::clone(&self.client), manifest_path(reference), reference.to_string());
        let (scope, body, media_type) = (push_scope(&self.repository), bytes.to_vec().into(), media_type.to_owned());
        self.wait(async move {
            let mut ask = Ask::new(Method::PUT, &path, scope).header(CONTENT_TYPE, media_type);
            ask.body = Some(body);
            client.send(&ask).await.map(drop).map_err(|failure| failure.explain(&client.host, &name))
        })?;
        Ok(digest::of(bytes))
    }

    /// Tells whether the repository has a blob.
    ///
    /// # Errors
    /// The registry cannot be reached, or does not let us know.
    pub fn has_blob(&self, digest: &Digest) -> Result<bool, ImageError> {
        let (client, name) = (Arc::clone(&self.client), digest.to_string());
        let (path, scope) = (format!("/v2/{}/blobs/{digest}", self.repository), push_scope(&self.repository));
        self.wait(async move {
            let mut ask = Ask::new(Method::HEAD, &path, scope);
            ask.also = Some(StatusCode::NOT_FOUND);
            let answer = client.send(&ask).await.map_err(|failure| failure.explain(&client.host, &name))?;
            Ok(answer.status().is_success())
        })
    }

    fn wait<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, ImageError>> + Send + 'static,
    ) -> Result<T, ImageError> {
        let ended = || ImageError::Client { host: self.client.host.clone(), cause: "its thread ended".to_owned() };
        self.driver.wait(work).ok_or_else(ended)?
    }
}

fn manifest_path(reference: &Reference) -> String {
    let what = match (reference.digest(), reference.tag()) {
        (Some(digest), _) => digest.to_string(),
        (None, tag) => tag.unwrap_or("latest").to_owned(),
    };
    format!("/v2/{}/manifests/{what}", reference.repository())
}

fn pull_scope(repository: &str) -> String {
    format!("repository:{repository}:pull")
}

fn push_scope(repository: &str) -> String {
    format!("repository:{repository}:pull,push")
}

fn check(expected: &Digest, bytes: &[u8]) -> Result<(), ImageError> {
    let found = digest::of(bytes);
    if found == *expected {
        return Ok(());
    }
    Err(StorageError::WrongDigest { expected: expected.clone(), found }.into())
}

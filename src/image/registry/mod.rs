//! A registry, for callers that block.
//!
//! One thread runs a current-thread runtime with the client in it; it begins with the registry and ends with it, and nothing
//! async is seen outside. A blob is a reader: its chunks come through a short queue, so a slow disk slows the download.
//!
//! Nobody is logged in here yet, so there are no credentials that could go to a wrong host. The client checks blobs itself; what
//! counts is the check of `storage::intake`, made on the bytes that were unpacked.

mod blob;
mod failure;
mod worker;

use super::error::ImageError;
use super::manifest::{Descriptor, MAX_DOCUMENT};
use super::reference::Reference;
use crate::model::Digest;
use crate::storage::{StorageError, digest};
use blob::BlobReader;
use std::io::{BufRead, Read as _};
use std::net::IpAddr;
use std::thread::JoinHandle;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use worker::{Job, Repository};

/// Chunks of a blob that wait to be taken; a chunk is what one read of the socket gave.
const QUEUE: usize = 64;

/// A repository on a registry.
#[derive(Debug)]
pub struct Registry {
    repository: Repository,
    jobs: Option<UnboundedSender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Registry {
    /// Connects to the registry of `reference` and fetches the manifest or index that it names.
    ///
    /// HTTPS is asked first. Plain HTTP follows where the registry is on this machine's loopback, or `tls_verify` is off.
    ///
    /// # Errors
    /// The registry cannot be reached, or has no such image.
    pub fn open(reference: &Reference, tls_verify: bool) -> Result<(Self, Vec<u8>), ImageError> {
        let repository = Repository::new(reference);
        let may_be_plain = !tls_verify || is_loopback(reference.registry());
        let (jobs, inbox) = unbounded_channel();
        let (reply, answer) = std::sync::mpsc::channel();
        let fail = |cause: String| ImageError::Client { host: reference.registry().to_owned(), cause };
        let (asked, of) = (reference.clone(), repository.clone());
        let thread = std::thread::Builder::new()
            .name("registry".to_owned())
            .spawn(move || worker::run(&of, &asked, worker::Security { tls_verify, may_be_plain }, inbox, &reply))
            .map_err(|error| fail(error.to_string()))?;
        let registry = Self { repository, jobs: Some(jobs), thread: Some(thread) };
        let manifest = answer.recv().map_err(|_| fail("its thread ended".to_owned()))??;
        if let Some(expected) = reference.digest() {
            check(expected, &manifest)?;
        }
        Ok((registry, manifest))
    }

    /// Fetches a manifest by digest.
    ///
    /// # Errors
    /// The registry does not have it, or gives something else.
    pub fn manifest(&self, descriptor: &Descriptor) -> Result<Vec<u8>, ImageError> {
        let (reply, answer) = std::sync::mpsc::channel();
        self.send(Job::Manifest { digest: descriptor.digest.clone(), reply })?;
        let bytes = answer.recv().map_err(|_| self.ended())??;
        check(&descriptor.digest, &bytes)?;
        Ok(bytes)
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
        let read = self.blob(descriptor)?.take(descriptor.size + 1).read_to_end(&mut bytes);
        read.map_err(|source| StorageError::Read { what: format!("blob {}", descriptor.digest), source })?;
        let (expected, digest, found) = (descriptor.size, descriptor.digest.clone(), bytes.len() as u64);
        match found {
            found if found > expected => Err(StorageError::TooLong { digest, expected }.into()),
            found if found < expected => Err(StorageError::Truncated { digest, expected, found }.into()),
            _ => check(&digest, &bytes).map(|()| bytes),
        }
    }

    /// Begins to fetch a blob. The reader checks nothing: digest and size are the caller's to check.
    ///
    /// # Errors
    /// The registry's thread has ended.
    pub fn blob(&self, descriptor: &Descriptor) -> Result<impl BufRead + Send + use<>, ImageError> {
        let (chunks, queue) = tokio::sync::mpsc::channel(QUEUE);
        self.send(Job::Blob { digest: descriptor.digest.clone(), size: descriptor.size, chunks })?;
        Ok(BlobReader::new(queue))
    }

    fn send(&self, job: Job) -> Result<(), ImageError> {
        self.jobs.as_ref().and_then(|jobs| jobs.send(job).ok()).ok_or_else(|| self.ended())
    }

    fn ended(&self) -> ImageError {
        ImageError::Client { host: self.repository.host.clone(), cause: "its thread ended".to_owned() }
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        // The queue closes, the thread leaves its loop, and the runtime drops what is under way.
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn check(expected: &Digest, bytes: &[u8]) -> Result<(), ImageError> {
    let found = digest::of(bytes);
    if found == *expected {
        return Ok(());
    }
    Err(StorageError::WrongDigest { expected: expected.clone(), found }.into())
}

/// Tells whether a registry is on this machine, where nobody listens on the way.
fn is_loopback(registry: &str) -> bool {
    let host = match registry.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, _)) => host,
        None => registry.split_once(':').map_or(registry, |(host, _)| host),
    };
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn only_addresses_of_this_machine_are_loopback() {
        for host in ["localhost", "localhost:5000", "127.0.0.1:5000", "127.8.8.8", "[::1]:5000"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["docker.io", "localhost.evil.io", "127.0.0.1.evil.io", "10.0.0.1:5000", "[fe80::1]"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}

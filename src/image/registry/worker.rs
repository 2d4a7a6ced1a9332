//! The async side: one runtime, one client, tasks that fetch.

use super::failure::{explain, is_connect, is_transient};
use crate::image::error::ImageError;
use crate::image::manifest::{DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST};
use crate::image::reference::Reference;
use crate::model::Digest;
use bytes::Bytes;
use futures_util::StreamExt as _;
use oci_client::Client;
use oci_client::client::{BlobResponse, ClientConfig, ClientProtocol, SizedStream};
use oci_client::errors::OciDistributionError;
use oci_client::secrets::RegistryAuth;
use std::io;
use std::time::Duration;
use tokio::sync::mpsc::{Sender, UnboundedReceiver};

/// How long a connection may take, and how long it may be silent.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
const READ_TIMEOUT: Duration = Duration::from_secs(60);
/// A failed request is made again this often, after one, two and four of the first pause.
const RETRIES: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(500);

const ACCEPTED: [&str; 4] = [OCI_MANIFEST, DOCKER_MANIFEST, OCI_INDEX, DOCKER_LIST];

/// What is asked of the thread.
#[derive(Debug)]
pub(super) enum Job {
    Manifest { digest: Digest, reply: std::sync::mpsc::Sender<Result<Vec<u8>, ImageError>> },
    Blob { digest: Digest, size: u64, chunks: Sender<io::Result<Bytes>> },
}

/// Where it is asked.
#[derive(Clone, Debug)]
pub(super) struct Repository {
    pub(super) host: String,
    path: String,
}

/// How much the way to the registry is trusted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Security {
    pub(super) tls_verify: bool,
    pub(super) may_be_plain: bool,
}

impl Repository {
    pub(super) fn new(reference: &Reference) -> Self {
        Self { host: reference.registry().to_owned(), path: reference.repository().to_owned() }
    }

    fn by_digest(&self, digest: &Digest) -> oci_client::Reference {
        oci_client::Reference::with_digest(self.host.clone(), self.path.clone(), digest.to_string())
    }
}

/// The thread: fetches the first manifest, then what is asked until nobody can ask any more.
pub(super) fn run(
    repository: &Repository,
    reference: &Reference,
    security: Security,
    mut inbox: UnboundedReceiver<Job>,
    reply: &std::sync::mpsc::Sender<Result<Vec<u8>, ImageError>>,
) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = reply.send(Err(ImageError::Client { host: repository.host.clone(), cause: error.to_string() }));
            return;
        }
    };
    runtime.block_on(async {
        let client = match connect(repository, reference, security).await {
            Ok((client, manifest)) => {
                let _ = reply.send(Ok(manifest));
                client
            }
            Err(error) => {
                let _ = reply.send(Err(error));
                return;
            }
        };
        while let Some(job) = inbox.recv().await {
            let (client, repository) = (client.clone(), repository.clone());
            match job {
                Job::Manifest { digest, reply } => {
                    let fetched = fetch_manifest(&client, &repository.by_digest(&digest)).await;
                    let _ = reply.send(fetched.map_err(|error| explain(&repository.host, &digest.to_string(), &error)));
                }
                Job::Blob { digest, size, chunks } => {
                    tokio::spawn(async move { fetch_blob(&client, &repository, &digest, size, &chunks).await });
                }
            }
        }
    });
}

/// Finds out what the registry speaks, by asking for the manifest that is wanted anyway.
async fn connect(repository: &Repository, reference: &Reference, security: Security) -> Result<(Client, Vec<u8>), ImageError> {
    let (host, path) = (repository.host.clone(), repository.path.clone());
    let asked = match (reference.digest(), reference.tag()) {
        (Some(digest), _) => repository.by_digest(digest),
        (None, tag) => oci_client::Reference::with_tag(host, path, tag.unwrap_or("latest").to_owned()),
    };
    let name = reference.to_string();
    let failed = |error: &OciDistributionError| explain(&repository.host, &name, error);
    let secure = client(ClientProtocol::Https, security.tls_verify);
    let refused = match &secure {
        Ok(client) => match fetch_manifest(client, &asked).await {
            Ok(manifest) => return Ok((client.clone(), manifest)),
            Err(error) if security.may_be_plain && is_connect(&error) => failed(&error),
            Err(error) => return Err(failed(&error)),
        },
        // Without any CA certificate on the machine there is no HTTPS client, but plain HTTP needs none.
        Err(error) => ImageError::Client { host: repository.host.clone(), cause: error.to_string() },
    };
    if !security.may_be_plain {
        return Err(refused);
    }
    let plain = client(ClientProtocol::Http, false).map_err(|error| failed(&error))?;
    match fetch_manifest(&plain, &asked).await {
        Ok(manifest) => Ok((plain, manifest)),
        Err(error) => Err(failed(&error)),
    }
}

fn client(protocol: ClientProtocol, tls_verify: bool) -> Result<Client, OciDistributionError> {
    // An error says that there is a provider already, which is this one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::try_from(ClientConfig {
        protocol,
        accept_invalid_certificates: !tls_verify,
        connect_timeout: Some(CONNECT_TIMEOUT),
        read_timeout: Some(READ_TIMEOUT),
        user_agent: concat!("coracle/", env!("CARGO_PKG_VERSION")),
        ..ClientConfig::default()
    })
}

async fn fetch_manifest(client: &Client, reference: &oci_client::Reference) -> Result<Vec<u8>, OciDistributionError> {
    let mut tries = 0;
    loop {
        match client.pull_manifest_raw(reference, &RegistryAuth::Anonymous, &ACCEPTED).await {
            Ok((bytes, _)) => return Ok(bytes.to_vec()),
            Err(error) if tries < RETRIES && is_transient(&error) => pause(&mut tries).await,
            Err(error) => return Err(error),
        }
    }
}

/// Streams a blob into the queue. A broken connection is taken up where it broke; the digest over all of it proves that it fits.
async fn fetch_blob(client: &Client, repository: &Repository, digest: &Digest, size: u64, chunks: &Sender<io::Result<Bytes>>) {
    let name = digest.to_string();
    let reference = repository.by_digest(digest);
    let (mut done, mut tries) = (0_u64, 0);
    loop {
        let before = done;
        let failure = match begin(client, &reference, &name, done).await {
            Err(error) => Some(error),
            Ok((stream, skip)) => match forward(stream, skip, &mut done, chunks).await {
                Ended::NobodyReads => return,
                Ended::Stream => None,
                Ended::Broken(error) => Some(OciDistributionError::IoError(error)),
            },
        };
        if done > before {
            tries = 0;
        }
        match failure {
            None if done >= size => return,
            None if tries < RETRIES => pause(&mut tries).await,
            // The reader sees that it is too short.
            None => return,
            Some(error) if tries < RETRIES && is_transient(&error) => pause(&mut tries).await,
            Some(error) => {
                let _ = chunks.send(Err(io::Error::other(explain(&repository.host, &name, &error)))).await;
                return;
            }
        }
    }
}

/// Asks for a blob from an offset on; a registry that cannot do that gives all of it, of which the beginning is to be skipped.
async fn begin(
    client: &Client,
    reference: &oci_client::Reference,
    digest: &str,
    offset: u64,
) -> Result<(SizedStream, u64), OciDistributionError> {
    if offset == 0 {
        return Ok((client.pull_blob_stream(reference, digest).await?, 0));
    }
    Ok(match client.pull_blob_stream_partial(reference, digest, offset, None).await? {
        BlobResponse::Full(stream) => (stream, offset),
        BlobResponse::Partial(stream) => (stream, 0),
    })
}

enum Ended {
    Stream,
    Broken(io::Error),
    NobodyReads,
}

async fn forward(mut stream: SizedStream, mut skip: u64, done: &mut u64, chunks: &Sender<io::Result<Bytes>>) -> Ended {
    while let Some(chunk) = stream.next().await {
        let mut chunk = match chunk {
            Ok(chunk) => chunk,
            // All bytes came, and they are others: the reader finds out too, and says it better.
            Err(error)
                if error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<oci_client::errors::DigestError>) =>
            {
                return Ended::Stream;
            }
            Err(error) => return Ended::Broken(error),
        };
        let known = usize::try_from(skip).unwrap_or(usize::MAX).min(chunk.len());
        skip -= known as u64;
        let chunk = chunk.split_off(known);
        *done += chunk.len() as u64;
        if !chunk.is_empty() && chunks.send(Ok(chunk)).await.is_err() {
            return Ended::NobodyReads;
        }
    }
    Ended::Stream
}

async fn pause(tries: &mut u32) {
    tokio::time::sleep(FIRST_PAUSE * 2_u32.pow(*tries)).await;
    *tries += 1;
}

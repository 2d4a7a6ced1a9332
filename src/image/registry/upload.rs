//! Blobs on their way to the registry: begun with POST, sent with one PATCH, closed with PUT. Or not sent: mounted from another
//! repository of the same registry.

use super::client::{Ask, Client, Target, pause};
use super::failure::Failure;
use super::guard::check_redirect;
use super::{Registry, push_scope};
use crate::image::error::ImageError;
use crate::model::Digest;
use crate::storage::{StorageError, digest};
use bytes::{Bytes, BytesMut};
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use reqwest::{Method, Response, StatusCode, Url};
use sha2::{Digest as _, Sha256};
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::mpsc::{Receiver, Sender};

/// Bytes that are sent at once, and how many of those may wait.
const CHUNK: usize = 256 << 10;
const QUEUE: usize = 8;
/// An upload that does not move for so many times the registry's silence is given up: it may take its time when all has come.
const STALL: u32 = 4;
const OCTETS: &str = "application/octet-stream";

/// A blob that the registry has now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub digest: Digest,
    pub size: u64,
}

/// Whether a blob could be had from another repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mounted {
    Yes,
    No,
}

impl Registry {
    /// Asks the registry to take a blob from another repository of its own.
    ///
    /// # Errors
    /// The registry cannot be reached, or does not let us write.
    pub fn mount(&self, digest: &Digest, from: &str) -> Result<Mounted, ImageError> {
        let (client, name) = (Arc::clone(&self.client), digest.to_string());
        let path = format!("/v2/{}/blobs/uploads/?mount={digest}&from={}", self.repository, escape(from));
        // Both at once: the token has to be good for the other repository too.
        let scope = format!("{} repository:{from}:pull", push_scope(&self.repository));
        self.wait(async move {
            let mut ask = Ask::new(Method::POST, &path, scope.clone()).header(CONTENT_LENGTH, "0");
            ask.body = Some(Bytes::new());
            match client.send(&ask).await {
                Ok(answer) if answer.status() == StatusCode::CREATED => Ok(Mounted::Yes),
                Ok(answer) => {
                    // An upload was begun instead; nobody waits for it.
                    if let Ok(url) = location(&client, &answer) {
                        let cancel = Ask { target: Target::Url(url), ..Ask::new(Method::DELETE, "", scope) };
                        let _ = client.send(&cancel).await;
                    }
                    Ok(Mounted::No)
                }
                // Not allowed there: it can be sent all the same.
                Err(Failure::Denied(_) | Failure::Status { .. }) => Ok(Mounted::No),
                Err(failure) => Err(failure.explain(&client.host, &name)),
            }
        })
    }

    /// Sends a small blob whole.
    ///
    /// # Errors
    /// The registry does not take it.
    pub fn send_small(&self, bytes: &[u8]) -> Result<Sent, ImageError> {
        let (client, body) = (Arc::clone(&self.client), Bytes::copy_from_slice(bytes));
        let (scope, path) = (push_scope(&self.repository), self.uploads());
        let sent = Sent { digest: digest::of(bytes), size: bytes.len() as u64 };
        let digest = sent.digest.clone();
        self.wait(async move {
            let send = async {
                let url = begin(&client, &path, &scope).await?;
                close(&client, url, &scope, &digest, body).await
            };
            send.await.map_err(|failure| failure.explain(&client.host, &digest.to_string()))
        })?;
        Ok(sent)
    }

    /// Sends what `write` writes, and writes it again where the connection broke. Digest and size come out of it.
    ///
    /// # Errors
    /// `write` fails, or the registry does not take it.
    pub fn send_stream(
        &self,
        name: &str,
        write: &dyn Fn(&mut dyn Write) -> Result<(), StorageError>,
    ) -> Result<Sent, ImageError> {
        let mut tries = 0;
        loop {
            match self.send_once(write)? {
                Ok(sent) => return Ok(sent),
                Err(failure) if self.client.may_pass(&failure, tries) => {
                    let retry = self.client.access.retry;
                    tries = self.wait(async move {
                        pause(retry, &mut tries, &failure).await;
                        Ok(tries)
                    })?;
                }
                Err(failure) => return Err(failure.explain(&self.client.host, name)),
            }
        }
    }

    /// The outer error is `write`'s own, which no second try mends.
    fn send_once(&self, write: &dyn Fn(&mut dyn Write) -> Result<(), StorageError>) -> Result<Result<Sent, Failure>, ImageError> {
        let (client, path, scope) = (Arc::clone(&self.client), self.uploads(), push_scope(&self.repository));
        // This is tried again by itself: no byte of the layer has been made yet.
        let url = self.wait(async move {
            begin(&client, &path, &scope).await.map_err(|failure| failure.explain(&client.host, "an upload"))
        })?;
        let (chunks, queue) = tokio::sync::mpsc::channel(QUEUE);
        let (client, scope) = (Arc::clone(&self.client), push_scope(&self.repository));
        let (reply, answer) = std::sync::mpsc::channel();
        self.driver.spawn(async move {
            let _ = reply.send(patch(&client, url, &scope, queue).await);
        });
        let mut sink = Sink { chunks: Some(chunks), buffer: BytesMut::new(), hasher: Sha256::new(), size: 0 };
        let written = write(&mut sink)
            .and_then(|()| sink.flush().map_err(|source| StorageError::Read { what: "a layer that is sent".to_owned(), source }));
        sink.chunks = None;
        let ended = || ImageError::Client { host: self.client.host.clone(), cause: "its thread ended".to_owned() };
        let url = match (answer.recv().map_err(|_| ended())?, written) {
            // The broken pipe is the consequence.
            (Err(failure), _) => return Ok(Err(failure)),
            (Ok(_), Err(error)) => return Err(error.into()),
            (Ok(url), Ok(())) => url,
        };
        let sent = Sent { digest: Digest::from_sha256(&sink.hasher.finalize()), size: sink.size };
        let (client, scope, digest) = (Arc::clone(&self.client), push_scope(&self.repository), sent.digest.clone());
        let closed = self.driver.wait(async move { close(&client, url, &scope, &digest, Bytes::new()).await });
        Ok(closed.ok_or_else(ended)?.map(|()| sent))
    }

    fn uploads(&self) -> String {
        format!("/v2/{}/blobs/uploads/", self.repository)
    }
}

/// Begins an upload; returns where to send it.
async fn begin(client: &Client, path: &str, scope: &str) -> Result<Url, Failure> {
    let mut ask = Ask::new(Method::POST, path, scope.to_owned()).header(CONTENT_LENGTH, "0");
    ask.body = Some(Bytes::new());
    location(client, &client.send(&ask).await?)
}

/// Sends the bytes of the queue; returns where to close the upload.
async fn patch(client: &Client, url: Url, scope: &str, queue: Receiver<Bytes>) -> Result<Url, Failure> {
    let sent = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&sent);
    let body = futures_util::stream::unfold(queue, move |mut queue| {
        let counter = Arc::clone(&counter);
        async move {
            let chunk = queue.recv().await?;
            counter.fetch_add(chunk.len() as u64, Ordering::Relaxed);
            Some((Ok::<_, io::Error>(chunk), queue))
        }
    });
    let base = client.base(client.is_plain())?;
    let mut request = client.sending()?.patch(url.clone()).header(CONTENT_TYPE, OCTETS);
    if let Some(value) = client.authorization(&url, &base, scope) {
        request = request.header(AUTHORIZATION, value);
    }
    let mut answer = std::pin::pin!(request.body(reqwest::Body::wrap_stream(body)).send());
    let mut before = 0;
    let response = loop {
        match tokio::time::timeout(client.access.patience.silence * STALL, &mut answer).await {
            Ok(answer) => break answer?,
            Err(_) if sent.load(Ordering::Relaxed) > before => before = sent.load(Ordering::Relaxed),
            Err(_) => return Err(Failure::Unsafe("it takes no more bytes".to_owned())),
        }
    };
    if !response.status().is_success() {
        return Err(Failure::of(response, client.access.patience).await);
    }
    location(client, &response)
}

/// Closes an upload: from now on the blob is there, under its digest.
async fn close(client: &Client, mut url: Url, scope: &str, digest: &Digest, body: Bytes) -> Result<(), Failure> {
    url.query_pairs_mut().append_pair("digest", &digest.to_string());
    let mut ask = Ask { target: Target::Url(url), ..Ask::new(Method::PUT, "", scope.to_owned()) };
    ask = ask.header(CONTENT_TYPE, OCTETS);
    ask.body = Some(body);
    client.send(&ask).await.map(drop)
}

/// Where the registry wants the next request of an upload. Credentials go there only if it is the registry itself.
fn location(client: &Client, answer: &Response) -> Result<Url, Failure> {
    let base = client.base(client.is_plain())?;
    let text = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    let url = text.and_then(|text| answer.url().join(text).ok());
    let url = url.ok_or_else(|| Failure::Unsafe("it does not say where to send a blob".to_owned()))?;
    check_redirect(&base, answer.url(), &url).map_err(Failure::Unsafe)?;
    Ok(url)
}

/// The slash of a repository's name in a query.
fn escape(repository: &str) -> String {
    repository.replace('/', "%2F")
}

/// The writing end: hashes and hands on.
struct Sink {
    chunks: Option<Sender<Bytes>>,
    buffer: BytesMut,
    hasher: Sha256,
    size: u64,
}

impl Sink {
    fn hand_on(&mut self) -> io::Result<()> {
        let chunk = self.buffer.split().freeze();
        if chunk.is_empty() {
            return Ok(());
        }
        let gone = || io::Error::new(io::ErrorKind::BrokenPipe, "the registry takes no more");
        self.chunks.as_ref().ok_or_else(gone)?.blocking_send(chunk).map_err(|_| gone())?;
        Ok(())
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.hasher.update(bytes);
        self.size += bytes.len() as u64;
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= CHUNK {
            self.hand_on()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.hand_on()
    }
}

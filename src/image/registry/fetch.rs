//! Blobs on their way here.

use super::access::Patience;
use super::client::{Ask, Client, pause};
use super::failure::Failure;
use super::pace::Pace;
use crate::model::Digest;
use bytes::Bytes;
use reqwest::header::{CONTENT_RANGE, RANGE};
use reqwest::{Method, Response, StatusCode};
use std::io;
use tokio::sync::mpsc::Sender;

/// So many bytes are worth a new count of tries, so often.
const PROGRESS: u64 = 256 << 10;
const MAX_BREAKS: u32 = 100;

/// How a stream of bytes ended.
enum Ended {
    /// By itself.
    Stream,
    Broken(Failure),
    NobodyReads,
}

/// Streams a blob into the queue. A broken connection is taken up where it broke; the digest over all of it, which the reader
/// checks, proves that it fits.
pub(super) async fn blob(client: &Client, repository: &str, digest: &Digest, size: u64, chunks: &Sender<io::Result<Bytes>>) {
    let path = format!("/v2/{repository}/blobs/{digest}");
    let (mut done, mut tries, mut breaks) = (0_u64, 0, 0);
    loop {
        let before = done;
        let failure = match begin(client, &path, repository, done).await {
            Err(failure) => Some(failure),
            Ok((response, skip)) => match forward(response, client.access.patience, (skip, size), &mut done, chunks).await {
                Ended::NobodyReads => return,
                Ended::Stream => None,
                Ended::Broken(failure) => Some(failure),
            },
        };
        breaks += 1;
        // A long download over a bad line breaks more often than a request may fail. One that breaks after each few bytes does not
        // get on.
        if done - before >= PROGRESS && breaks < MAX_BREAKS {
            tries = 0;
        }
        let failure = match failure {
            // The reader sees that it is too short.
            None if done >= size || tries >= client.access.retry.times => return,
            None => Failure::Unsafe("the blob ends early".to_owned()),
            Some(failure) if client.may_pass(&failure, tries) => failure,
            Some(failure) => {
                let error = failure.explain(&client.host, &digest.to_string());
                let _ = chunks.send(Err(io::Error::other(error))).await;
                return;
            }
        };
        pause(client.access.retry, &mut tries, &failure).await;
    }
}

/// Asks for a blob from an offset on. Returns how much of the answer's beginning is known: a registry that cannot do that gives all.
async fn begin(client: &Client, path: &str, repository: &str, offset: u64) -> Result<(Response, u64), Failure> {
    let mut ask = Ask::new(Method::GET, path, super::pull_scope(repository));
    if offset > 0 {
        ask = ask.header(RANGE, format!("bytes={offset}-"));
    }
    let response = client.send_once(&ask).await?;
    if response.status() != StatusCode::PARTIAL_CONTENT {
        return Ok((response, offset));
    }
    let range = response.headers().get(CONTENT_RANGE).and_then(|value| value.to_str().ok());
    if offset > 0 && range.is_some_and(|range| range.starts_with(&format!("bytes {offset}-"))) {
        return Ok((response, 0));
    }
    // Another part than was asked for: all of it, then.
    let mut whole = ask;
    whole.headers.clear();
    let response = client.send_once(&whole).await?;
    if response.status() == StatusCode::PARTIAL_CONTENT {
        return Err(Failure::Unsafe("it gives another part of a blob than was asked for".to_owned()));
    }
    Ok((response, offset))
}

/// Hands chunks on, one byte more than promised at most: that is enough to see that there is more.
async fn forward(
    mut response: Response,
    patience: Patience,
    (mut skip, size): (u64, u64),
    done: &mut u64,
    chunks: &Sender<io::Result<Bytes>>,
) -> Ended {
    let mut pace = Pace::new(patience);
    loop {
        let mut chunk = match pace.chunk(&mut response).await {
            Ok(Some(chunk)) => chunk,
            Ok(None) => return Ended::Stream,
            Err(failure) => return Ended::Broken(failure),
        };
        let known = usize::try_from(skip).unwrap_or(usize::MAX).min(chunk.len());
        skip -= known as u64;
        let chunk = chunk.split_off(known);
        *done += chunk.len() as u64;
        if !chunk.is_empty() && chunks.send(Ok(chunk)).await.is_err() {
            return Ended::NobodyReads;
        }
        if *done > size {
            return Ended::Stream;
        }
    }
}

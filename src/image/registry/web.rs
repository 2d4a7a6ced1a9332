//! Files that any web server gives, under the rules for registries: where a redirect may lead, which certificates are good, how slow
//! it may be.

use super::blob::BlobReader;
use super::client::{Ask, Target};
use super::failure::Failure;
use super::pace::Pace;
use super::{Access, QUEUE, Registry};
use crate::image::error::ImageError;
use bytes::Bytes;
use reqwest::{Method, Response, Url};
use std::fmt;
use std::io::{self, BufRead, Read};
use std::sync::Arc;
use tokio::sync::mpsc::Sender;

/// The longest file that is taken.
const MAX_FILE: u64 = 256 << 30;

/// An address with `http:` or `https:`. Shown, it is without user, password and query, which may be secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebAddress(Url);

impl WebAddress {
    /// Reads an address; nothing where the text does not begin as one.
    ///
    /// # Errors
    /// It is none all the same.
    pub fn parse(text: &str) -> Result<Option<Self>, ImageError> {
        let begins = |scheme: &str| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
        if !begins("http://") && !begins("https://") {
            return Ok(None);
        }
        let url = Url::parse(text).ok().filter(Url::has_host);
        let bad = || ImageError::Fetch { address: text.to_owned(), cause: "it is no web address".to_owned() };
        url.map(Self).map(Some).ok_or_else(bad)
    }

    /// `host[:port]`, as `certs.d` names folders.
    #[must_use]
    pub fn host(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        self.0.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    pub(super) fn is_plain(&self) -> bool {
        self.0.scheme() == "http"
    }

    pub(super) fn failed(&self, cause: &str) -> ImageError {
        ImageError::Fetch { address: self.to_string(), cause: cause.to_owned() }
    }

    /// Begins to fetch the file.
    ///
    /// # Errors
    /// The server cannot be reached, has no such file, or leads to where we do not go.
    pub fn fetch(&self, access: Access) -> Result<WebFile, ImageError> {
        let registry = Registry::of_web(self, access)?;
        let (client, url, address) = (Arc::clone(&registry.client), self.0.clone(), self.clone());
        let response = registry.wait(async move {
            let ask = Ask { target: Target::Url(url), ..Ask::new(Method::GET, "", String::new()) };
            client.send(&ask).await.map_err(|failure| address.failed(&failure.cause()))
        })?;
        let size = response.content_length();
        if let Some(size) = size.filter(|size| *size > MAX_FILE) {
            return Err(self.failed(&format!("it is {size} bytes long, more than the {MAX_FILE} that are taken")));
        }
        let (chunks, queue) = tokio::sync::mpsc::channel(QUEUE);
        let (client, address) = (Arc::clone(&registry.client), self.clone());
        registry.driver.spawn(async move {
            if let Err(failure) = forward(response, Pace::new(client.access.patience), &chunks).await {
                let _ = chunks.send(Err(io::Error::other(address.failed(&failure.cause())))).await;
            }
        });
        Ok(WebFile { reader: BlobReader::new(queue), size, _server: registry })
    }
}

impl fmt::Display for WebAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.0.scheme(), self.host(), self.0.path())
    }
}

async fn forward(mut response: Response, mut pace: Pace, chunks: &Sender<io::Result<Bytes>>) -> Result<(), Failure> {
    let mut count = 0;
    while let Some(chunk) = pace.chunk(&mut response).await? {
        count += chunk.len() as u64;
        if count > MAX_FILE {
            return Err(Failure::Unsafe(format!("it is longer than the {MAX_FILE} bytes that are taken")));
        }
        if chunks.send(Ok(chunk)).await.is_err() {
            break;
        }
    }
    Ok(())
}

/// A file on its way here.
#[derive(Debug)]
pub struct WebFile {
    reader: BlobReader,
    /// As the server says.
    pub size: Option<u64>,
    /// Ends after the reader.
    _server: Registry,
}

impl Read for WebFile {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buf)
    }
}

impl BufRead for WebFile {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.reader.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.reader.consume(amount);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_files_and_show_no_secrets() {
        for text in ["root.tar", "-", "/http://x", "oci:x", "httpx://y"] {
            assert_eq!(WebAddress::parse(text).unwrap(), None, "{text}");
        }
        assert!(WebAddress::parse("https://").is_err() && WebAddress::parse("http://[").is_err());
        let address = WebAddress::parse("HTTPS://me:secret@r.io:8443/a/b.tar?token=x").unwrap().unwrap();
        assert_eq!((address.to_string().as_str(), address.host().as_str()), ("https://r.io:8443/a/b.tar", "r.io:8443"));
        assert!(!address.is_plain() && WebAddress::parse("http://r.io").unwrap().unwrap().is_plain());
    }
}

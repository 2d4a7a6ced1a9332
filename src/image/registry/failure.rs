//! Why a request failed, and what that means for the user.

use super::access::Patience;
use crate::image::error::ImageError;
use crate::model::causes;
use reqwest::header::RETRY_AFTER;
use reqwest::{Response, StatusCode};
use serde::Deserialize;
use std::error::Error;
use std::time::Duration;

/// A registry's own words are shown, but not a page of them.
const MAX_WORDS: usize = 300;
/// Of an answer that reports an error, so much is read.
const MAX_ERROR_BODY: usize = 64 << 10;
/// An answer that reports an error may take so long to say why.
const MAX_ERROR_TIME: Duration = Duration::from_secs(5);
/// A registry that wants us to wait longer is told to the user instead.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// A request that brought nothing.
#[derive(Debug)]
pub(super) enum Failure {
    /// No answer, or one that broke off.
    Transport(reqwest::Error),
    /// An answer that is an error.
    Status { status: StatusCode, codes: Vec<String>, words: String, retry_after: Option<Duration> },
    /// It wants a login, or another one.
    Denied(String),
    /// Nothing was asked.
    Local(String),
    /// The answer is not followed, or not believed.
    Unsafe(String),
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    errors: Vec<OneError>,
    /// Token servers.
    #[serde(default, alias = "message", alias = "error_description")]
    details: Option<String>,
}

#[derive(Deserialize)]
struct OneError {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

impl From<reqwest::Error> for Failure {
    fn from(error: reqwest::Error) -> Self {
        Self::Transport(error.without_url())
    }
}

impl Failure {
    /// What happened, of a server that is no registry.
    pub(super) fn cause(&self) -> String {
        match self {
            Self::Transport(error) if error.is_timeout() => "no answer in time".to_owned(),
            Self::Transport(error) => chain(error).pop().unwrap_or_default(),
            Self::Status { status, .. } => format!("the server answers {status}"),
            Self::Denied(cause) | Self::Local(cause) | Self::Unsafe(cause) => cause.clone(),
        }
    }

    /// Reads what an error's answer says.
    pub(super) async fn of(mut response: Response, patience: Patience) -> Self {
        let status = response.status();
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| wait(value.to_str().ok()?));
        let mut body = Vec::new();
        let read = async {
            while let Ok(Some(chunk)) = response.chunk().await {
                body.extend_from_slice(&chunk);
                if body.len() > MAX_ERROR_BODY {
                    body.truncate(MAX_ERROR_BODY);
                    break;
                }
            }
        };
        // What is there by then is shown.
        let _ = tokio::time::timeout(MAX_ERROR_TIME.min(patience.silence), read).await;
        let (codes, words) = match serde_json::from_slice::<Envelope>(&body) {
            Ok(Envelope { errors, details }) => {
                let words: Vec<_> = errors.iter().map(|error| error.message.clone()).filter(|words| !words.is_empty()).collect();
                (
                    errors.into_iter().map(|error| error.code).collect(),
                    if words.is_empty() { details.unwrap_or_default() } else { words.join("; ") },
                )
            }
            // HTML and the like says nothing to a user.
            Err(_) => (Vec::new(), String::new()),
        };
        Self::Status { status, codes, words: cut(&words), retry_after }
    }

    /// Tells whether the same request may well succeed in a moment.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Transport(error) => !error.is_connect() && !error.is_builder(),
            Self::Status { status, retry_after, .. } => {
                let overloaded = status.is_server_error() && *status != StatusCode::NOT_IMPLEMENTED;
                (overloaded || matches!(*status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT))
                    && retry_after.is_none_or(|wait| wait <= MAX_WAIT)
            }
            Self::Denied(_) | Self::Unsafe(_) | Self::Local(_) => false,
        }
    }

    /// Tells whether there was silence for the whole time limit.
    pub(super) fn is_timeout(&self) -> bool {
        matches!(self, Self::Transport(error) if error.is_timeout())
    }

    /// How long the registry wants us to wait.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        if let Self::Status { retry_after, .. } = self { *retry_after } else { None }
    }

    /// Tells whether no connection came to be.
    pub(super) fn is_connect(&self) -> bool {
        matches!(self, Self::Transport(error) if error.is_connect())
    }

    /// Tells whether plain HTTP may be what the registry speaks. One whose certificate or version is refused speaks HTTPS.
    pub(super) fn may_be_plain(&self) -> bool {
        matches!(self, Self::Transport(error) if error.is_connect() && !is_certificate(&chain(error)) && !is_other_tls(&chain(error)))
    }

    /// Says what went wrong with the request for `name`.
    pub(super) fn explain(self, host: &str, name: &str) -> ImageError {
        let (host, name) = (host.to_owned(), name.to_owned());
        match self {
            Self::Transport(error) => transport(host, name, &error),
            Self::Denied(cause) => ImageError::Denied { host, name, cause },
            Self::Local(cause) => ImageError::Client { host, cause },
            Self::Unsafe(cause) => ImageError::Registry { host, name, cause },
            Self::Status { status, codes, words, retry_after } => {
                let has = |wanted: &[&str]| codes.iter().any(|code| wanted.contains(&code.as_str()));
                let said = |fallback: &str| if words.is_empty() { fallback.to_owned() } else { words.clone() };
                if status == StatusCode::TOO_MANY_REQUESTS || has(&["TOOMANYREQUESTS"]) {
                    return ImageError::TooManyRequests { host, cause: said("too many requests"), wait: retry_after };
                }
                let denied = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
                if denied || has(&["UNAUTHORIZED", "DENIED"]) {
                    return ImageError::Denied { host, name, cause: said("it wants a login") };
                }
                if status == StatusCode::NOT_FOUND || has(&["MANIFEST_UNKNOWN", "NAME_UNKNOWN", "NOT_FOUND", "BLOB_UNKNOWN"]) {
                    return ImageError::NoSuch { host, name };
                }
                let text = status.to_string();
                let cause = if words.is_empty() { text } else { format!("{text}: {words}") };
                ImageError::Registry { host, name, cause }
            }
        }
    }
}

/// `Retry-After`: seconds, or a date.
fn wait(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    let left = date.duration_since(jiff::Timestamp::now());
    Some(Duration::try_from(left).unwrap_or_default())
}

fn transport(host: String, name: String, error: &reqwest::Error) -> ImageError {
    let chain = chain(error);
    let cause = chain.last().cloned().unwrap_or_default();
    // rustls has no type for it that passes through hyper; its words are stable.
    if chain.iter().any(|text| text.contains("InvalidContentType") || text.contains("corrupt message")) {
        return ImageError::PlainHttp { host };
    }
    if is_certificate(&chain) {
        return ImageError::Certificate { host, cause };
    }
    if is_other_tls(&chain) {
        return ImageError::OtherTls { host, cause };
    }
    if error.is_timeout() {
        return ImageError::Unreachable { host, cause: "no answer in time".to_owned() };
    }
    if error.is_connect() { ImageError::Unreachable { host, cause } } else { ImageError::Registry { host, name, cause } }
}

fn is_certificate(chain: &[String]) -> bool {
    chain.iter().any(|text| text.contains("certificate") || text.contains("UnknownIssuer"))
}

/// It speaks TLS, but no version or cipher that we take: TLS 1.0 and 1.1 are not among those.
fn is_other_tls(chain: &[String]) -> bool {
    let words = ["received fatal alert: ProtocolVersion", "received fatal alert: HandshakeFailure", "peer is incompatible"];
    chain.iter().any(|text| words.iter().any(|words| text.contains(words)))
}

fn chain(error: &(dyn Error + 'static)) -> Vec<String> {
    causes(error).map(|error| cut(&error.to_string())).collect()
}

/// The first characters of a registry's words.
pub(super) fn cut(text: &str) -> String {
    text.chars().take(MAX_WORDS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_seconds_or_a_date() {
        assert_eq!(wait("7"), Some(Duration::from_secs(7)));
        assert_eq!(wait("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO));
        assert!(wait("Fri, 31 Dec 2100 23:59:59 GMT").is_some_and(|wait| wait > MAX_WAIT));
        assert_eq!(wait("soon"), None);
    }

    #[test]
    fn a_busy_registry_is_asked_again_and_a_refusing_one_is_not() {
        let status = |status: u16, wait: Option<u64>| Failure::Status {
            status: StatusCode::from_u16(status).unwrap(),
            codes: Vec::new(),
            words: String::new(),
            retry_after: wait.map(Duration::from_secs),
        };
        for (failure, again) in [
            (status(500, None), true),
            (status(503, Some(5)), true),
            (status(429, Some(60)), true),
            (status(429, Some(3600)), false),
            (status(501, None), false),
            (status(404, None), false),
            (status(401, None), false),
            (Failure::Unsafe(String::new()), false),
        ] {
            assert_eq!(failure.is_transient(), again, "{failure:?}");
        }
        assert!(matches!(status(403, None).explain("h", "n"), ImageError::Denied { .. }));
        assert!(matches!(status(404, None).explain("h", "n"), ImageError::NoSuch { .. }));
    }
}

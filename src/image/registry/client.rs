//! Requests to one registry: the way there, credentials, redirects, and another try.

use super::access::{Access, Patience, Retry, is_loopback};
use super::challenge;
use super::failure::Failure;
use super::guard::{MAX_HOPS, check_redirect, same_origin};
use super::pace::Pace;
use super::tls::{self, NoClient};
use super::token::{Asker, Tokens};
use crate::image::error::ImageError;
use crate::image::manifest::MAX_DOCUMENT;
use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION};
use reqwest::{Method, Response, StatusCode, Url};
use std::sync::OnceLock;
use std::time::Duration;

/// The pause before the first new try where nobody says another; then it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// Docker Hub's registry has another name than its images.
const DOCKER_HUB: (&str, &str) = ("docker.io", "registry-1.docker.io");

/// A registry with what is known of it.
#[derive(Debug)]
pub(super) struct Client {
    /// As names of images have it.
    pub(super) host: String,
    pub(super) access: Access,
    secure: Result<reqwest::Client, NoClient>,
    plain: OnceLock<Result<reqwest::Client, NoClient>>,
    sending: OnceLock<Result<reqwest::Client, NoClient>>,
    /// Set when the registry turned out to speak plain HTTP, or HTTPS.
    is_plain: OnceLock<bool>,
    tokens: Tokens,
}

/// One request.
#[derive(Clone, Debug)]
pub(super) struct Ask<'a> {
    pub(super) method: Method,
    pub(super) target: Target<'a>,
    pub(super) headers: Vec<(HeaderName, String)>,
    pub(super) body: Option<Bytes>,
    /// What is to be allowed: `repository:a/b:pull`; empty: only a login.
    pub(super) scope: String,
    /// A status that is no failure though it is none of success.
    pub(super) also: Option<StatusCode>,
}

/// Where a request goes.
#[derive(Clone, Debug)]
pub(super) enum Target<'a> {
    /// A path on the registry.
    Path(&'a str),
    /// An address that the registry gave.
    Url(Url),
}

impl<'a> Ask<'a> {
    pub(super) fn new(method: Method, path: &'a str, scope: String) -> Self {
        Self { method, target: Target::Path(path), headers: Vec::new(), body: None, scope, also: None }
    }

    pub(super) fn header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl Client {
    pub(super) fn new(host: &str, access: Access) -> Self {
        Self {
            host: host.to_owned(),
            secure: tls::secure(host, &access),
            plain: OnceLock::new(),
            sending: OnceLock::new(),
            is_plain: OnceLock::new(),
            tokens: Tokens::default(),
            access,
        }
    }

    /// The registry's address. What it speaks is known after the first request.
    pub(super) fn base(&self, is_plain: bool) -> Result<Url, Failure> {
        let host = if self.host == DOCKER_HUB.0 { DOCKER_HUB.1 } else { &self.host };
        let scheme = if is_plain { "http" } else { "https" };
        Url::parse(&format!("{scheme}://{host}/")).map_err(|error| Failure::Unsafe(format!("its name is no address: {error}")))
    }

    /// Makes a request, again where that may help.
    pub(super) async fn send(&self, ask: &Ask<'_>) -> Result<Response, Failure> {
        let mut tries = 0;
        loop {
            match self.send_once(ask).await {
                Err(failure) if self.may_pass(&failure, tries) => {
                    pause(self.access.retry, &mut tries, &failure).await;
                }
                done => return done,
            }
        }
    }

    /// Tells whether another try may help, after so many.
    pub(super) fn may_pass(&self, failure: &Failure, tries: u32) -> bool {
        let retry = self.access.retry;
        // Who is silent for the whole time limit gets one more chance, not minutes.
        let most = if failure.is_timeout() { retry.times.min(1) } else { retry.times };
        tries < most && (failure.is_transient() || (retry.unreachable && failure.is_connect()))
    }

    /// Makes a request once, for callers that try again themselves.
    ///
    /// Finds out by the first request what the registry speaks: HTTPS, and plain HTTP where that may be.
    pub(super) async fn send_once(&self, ask: &Ask<'_>) -> Result<Response, Failure> {
        if let Some(is_plain) = self.is_plain.get() {
            return self.exchange(*is_plain, ask).await;
        }
        let may_be_plain = !self.access.tls_verify || is_loopback(&self.host);
        let refused = match &self.secure {
            Ok(_) => match self.exchange(false, ask).await {
                Err(failure) if failure.may_be_plain() => failure,
                done => {
                    let _ = self.is_plain.set(false);
                    return done;
                }
            },
            Err(NoClient::Files(cause)) => return Err(Failure::Local(cause.clone())),
            Err(error) => error.clone().into(),
        };
        if !may_be_plain {
            return Err(refused);
        }
        let done = self.exchange(true, ask).await;
        // Who answers nothing in plain either is not known yet.
        if !matches!(&done, Err(failure) if failure.is_connect()) {
            let _ = self.is_plain.set(true);
        }
        done
    }

    /// Makes a request, and answers a challenge once.
    async fn exchange(&self, is_plain: bool, ask: &Ask<'_>) -> Result<Response, Failure> {
        let base = self.base(is_plain)?;
        let http = self.http(is_plain)?;
        let mut answered = false;
        loop {
            let shown = self.tokens.get(&ask.scope);
            let response = self.follow(http, &base, ask, shown.as_ref()).await?;
            let status = response.status();
            if status == StatusCode::UNAUTHORIZED
                && !answered
                && same_origin(response.url(), &base)
                && let Some(challenge) = challenge::find(response.headers())
            {
                answered = true;
                let proven = !is_plain && self.access.tls_verify;
                let credentials = self.access.credentials.as_ref();
                self.tokens
                    .answer(
                        &Asker { http, base: &base, proven, credentials, patience: self.access.patience },
                        &challenge,
                        &ask.scope,
                        shown.as_ref(),
                    )
                    .await?;
                continue;
            }
            if status.is_success() || ask.also == Some(status) {
                return Ok(response);
            }
            return Err(Failure::of(response, self.access.patience).await);
        }
    }

    /// Makes a request and goes where its answer leads.
    async fn follow(
        &self,
        http: &reqwest::Client,
        base: &Url,
        ask: &Ask<'_>,
        shown: Option<&HeaderValue>,
    ) -> Result<Response, Failure> {
        let mut url = match &ask.target {
            Target::Path(path) => base.join(path).map_err(|error| Failure::Unsafe(error.to_string()))?,
            Target::Url(url) => url.clone(),
        };
        for _ in 0..=MAX_HOPS {
            let mut request = http.request(ask.method.clone(), url.clone());
            for (name, value) in &ask.headers {
                request = request.header(name, value);
            }
            if let Some(body) = &ask.body {
                request = request.body(body.clone());
            }
            // To the registry's own origin, and to no other.
            if let Some(value) = shown.filter(|_| same_origin(&url, base)) {
                request = request.header(AUTHORIZATION, value);
            }
            let response = request.send().await?;
            let moves = response.status().is_redirection() && matches!(ask.method, Method::GET | Method::HEAD);
            let Some(location) = response.headers().get(LOCATION).filter(|_| moves) else { return Ok(response) };
            let to = location.to_str().ok().and_then(|text| url.join(text).ok());
            let to = to.ok_or_else(|| Failure::Unsafe("it redirects to no address".to_owned()))?;
            check_redirect(base, &url, &to).map_err(Failure::Unsafe)?;
            url = to;
        }
        Err(Failure::Unsafe(format!("it redirects more than {MAX_HOPS} times")))
    }

    /// What is shown to the registry's own origin, and to no other.
    pub(super) fn authorization(&self, url: &Url, base: &Url, scope: &str) -> Option<HeaderValue> {
        self.tokens.get(scope).filter(|_| same_origin(url, base))
    }

    /// Says what it speaks, where that need not be found out.
    pub(super) fn speaks(self, is_plain: bool) -> Self {
        Self { is_plain: OnceLock::from(is_plain), ..self }
    }

    pub(super) fn is_plain(&self) -> bool {
        self.is_plain.get().copied().unwrap_or(false)
    }

    /// The client for long requests.
    pub(super) fn sending(&self) -> Result<&reqwest::Client, Failure> {
        let made = self.sending.get_or_init(|| tls::sending(&self.host, &self.access, self.is_plain()));
        made.as_ref().map_err(|error| error.clone().into())
    }

    fn http(&self, is_plain: bool) -> Result<&reqwest::Client, Failure> {
        let made = if is_plain { self.plain.get_or_init(|| tls::plain(&self.host, &self.access)) } else { &self.secure };
        made.as_ref().map_err(|error| error.clone().into())
    }

    /// Makes a request and reads its answer whole: at most as much as a manifest may have. Returns what it says to be, too.
    pub(super) async fn document(
        &self,
        ask: &Ask<'_>,
        what: &'static str,
        name: &str,
    ) -> Result<(Bytes, Option<String>), ImageError> {
        let mut tries = 0;
        loop {
            let read = match self.send_once(ask).await {
                Ok(mut response) => {
                    let kind = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
                    read_capped(&mut response, MAX_DOCUMENT, self.access.patience).await.map(|bytes| (bytes, kind))
                }
                Err(failure) => Err(failure),
            };
            match read {
                Ok((Some(bytes), kind)) => return Ok((bytes, kind)),
                Ok((None, _)) => return Err(ImageError::TooBig { what, found: MAX_DOCUMENT + 1, limit: MAX_DOCUMENT }),
                Err(failure) if self.may_pass(&failure, tries) => {
                    pause(self.access.retry, &mut tries, &failure).await;
                }
                Err(failure) => return Err(failure.explain(&self.host, name)),
            }
        }
    }
}

/// Reads an answer; nothing if it is longer than `limit`.
pub(super) async fn read_capped(response: &mut Response, limit: u64, patience: Patience) -> Result<Option<Bytes>, Failure> {
    if response.content_length().is_some_and(|length| length > limit) {
        return Ok(None);
    }
    let (mut all, mut pace) = (Vec::new(), Pace::new(patience));
    while let Some(chunk) = pace.chunk(response).await? {
        all.extend_from_slice(&chunk);
        if all.len() as u64 > limit {
            return Ok(None);
        }
    }
    Ok(Some(all.into()))
}

/// Waits as long as the registry or the user says, else longer each time.
pub(super) async fn pause(retry: Retry, tries: &mut u32, failure: &Failure) {
    let grown = || FIRST_PAUSE * 2_u32.saturating_pow((*tries).min(6));
    let wait = failure.retry_after().or(retry.delay).unwrap_or_else(grown);
    tokio::time::sleep(wait).await;
    *tries += 1;
}

//! What a registry wants to see: a password, or a token that a server gives for one.

use super::access::Patience;
use super::challenge::Challenge;
use super::client::read_capped;
use super::failure::Failure;
use super::guard::check_realm;
use crate::image::auth::Credentials;
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// The longest answer of a token server that is read.
const MAX_TOKEN: u64 = 1 << 20;

/// Values of `Authorization`, by scope. A password is good for all.
#[derive(Default)]
pub(super) struct Tokens(Mutex<HashMap<String, HeaderValue>>);

/// Secrets do not go to logs.
impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens")
    }
}

/// The registry that asks, and who we are to it.
#[derive(Debug)]
pub(super) struct Asker<'a> {
    pub(super) http: &'a reqwest::Client,
    pub(super) base: &'a Url,
    /// Its certificate was checked.
    pub(super) proven: bool,
    pub(super) credentials: Option<&'a Credentials>,
    pub(super) patience: Patience,
}

#[derive(Deserialize)]
struct Answer {
    token: Option<String>,
    access_token: Option<String>,
}

/// The key of a password.
const ANY: &str = "*";

impl Tokens {
    pub(super) fn get(&self, scope: &str) -> Option<HeaderValue> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(scope).or_else(|| known.get(ANY)).cloned()
    }

    fn set(&self, scope: &str, value: String) -> Result<(), Failure> {
        let unsound = |_| Failure::Unsafe("its token server gives a token that cannot be sent".to_owned());
        let mut value = HeaderValue::try_from(value).map_err(unsound)?;
        value.set_sensitive(true);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(scope.to_owned(), value);
        Ok(())
    }

    /// Gets what the challenge of a registry asks for. `shown` is what the request carried that it answers: others may have set more
    /// since that left.
    pub(super) async fn answer(
        &self,
        registry: &Asker<'_>,
        challenge: &Challenge,
        scope: &str,
        shown: Option<&HeaderValue>,
    ) -> Result<(), Failure> {
        let credentials = registry.credentials;
        let login = || Failure::Denied("it wants a login".to_owned());
        match challenge {
            Challenge::Basic => {
                let basic = credentials.and_then(Credentials::basic).ok_or_else(login)?;
                if shown.is_some() && self.get(ANY).as_ref() == shown {
                    return Err(Failure::Denied("the user name or the password is wrong".to_owned()));
                }
                self.set(ANY, format!("Basic {basic}"))
            }
            Challenge::Bearer { realm, service, scope: named } => {
                let unsound = |error| Failure::Unsafe(format!("its token server is no address: {error}"));
                let realm = Url::parse(realm).map_err(unsound)?;
                check_realm(registry.base, registry.proven, &realm).map_err(Failure::Unsafe)?;
                let wanted = if scope.is_empty() { named.as_deref().unwrap_or_default() } else { scope };
                let token = fetch(registry, realm, service.as_deref(), wanted).await?;
                self.set(scope, format!("Bearer {token}"))
            }
        }
    }
}

/// Asks the token server. Scopes are separated by spaces.
async fn fetch(asker: &Asker<'_>, realm: Url, service: Option<&str>, scopes: &str) -> Result<String, Failure> {
    let Asker { http, credentials, patience, .. } = *asker;
    let mut fields: Vec<(&str, &str)> = Vec::new();
    fields.extend(service.map(|service| ("service", service)));
    let request = match credentials {
        Some(Credentials::IdentityToken(token)) => {
            fields.extend([
                ("grant_type", "refresh_token"),
                ("client_id", "coracle"),
                ("refresh_token", token),
                ("scope", scopes),
            ]);
            http.post(realm).form(&fields)
        }
        other => {
            fields.extend(scopes.split(' ').filter(|scope| !scope.is_empty()).map(|scope| ("scope", scope)));
            if let Some(user) = other.and_then(Credentials::user) {
                fields.push(("account", user));
            }
            let request = http.get(realm).query(&fields);
            match other.and_then(Credentials::basic) {
                Some(basic) => {
                    let mut value = HeaderValue::try_from(format!("Basic {basic}"))
                        .map_err(|_| Failure::Denied("the credentials cannot be sent".to_owned()))?;
                    value.set_sensitive(true);
                    request.header(AUTHORIZATION, value)
                }
                None => request,
            }
        }
    };
    let mut response = request.send().await?;
    if matches!(response.status().as_u16(), 400 | 401 | 403) {
        let who = if credentials.is_some() { "its token server does not accept the credentials" } else { "it wants a login" };
        return Err(match Failure::of(response, patience).await {
            Failure::Status { words, .. } if !words.is_empty() => Failure::Denied(format!("{who} ({words})")),
            _ => Failure::Denied(who.to_owned()),
        });
    }
    if !response.status().is_success() {
        return Err(Failure::of(response, patience).await);
    }
    let body = read_capped(&mut response, MAX_TOKEN, patience).await?;
    let unsound = || Failure::Unsafe("its token server does not answer with a token".to_owned());
    let answer: Answer = body.and_then(|body| serde_json::from_slice(&body).ok()).ok_or_else(unsound)?;
    answer.token.or(answer.access_token).filter(|token| !token.is_empty()).ok_or_else(unsound)
}

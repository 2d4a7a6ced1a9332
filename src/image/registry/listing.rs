//! What a registry has: tags, repositories, and what its search finds.

use super::client::{Ask, Client, Target};
use super::{Access, Registry, pull_scope};
use crate::image::error::ImageError;
use reqwest::header::LINK;
use reqwest::{Method, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// Pages that are asked for: a registry that says "more" for ever is left.
const MAX_PAGES: usize = 1000;
/// Names of all pages that are held.
const MAX_NAMES: usize = 1_000_000;
/// Entries of one page.
const PAGE: usize = 1000;
/// Docker Hub's search is on another host than its images.
const HUB_INDEX: &str = "index.docker.io";

/// An image that a search found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Found {
    #[serde(default)]
    pub name: String,
    #[serde(default, deserialize_with = "text")]
    pub description: String,
    #[serde(default)]
    pub star_count: u64,
    #[serde(default)]
    pub is_official: bool,
    #[serde(default)]
    pub is_automated: bool,
}

fn text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Option::<String>::deserialize(deserializer).map(Option::unwrap_or_default)
}

#[derive(Deserialize)]
struct Results {
    #[serde(default)]
    results: Option<Vec<Found>>,
}

#[derive(Deserialize)]
struct Tags {
    tags: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Catalog {
    repositories: Option<Vec<String>>,
}

impl Registry {
    /// Lists the tags of the repository.
    ///
    /// # Errors
    /// The registry cannot be reached, or has no such repository.
    pub fn tags(&self) -> Result<Vec<String>, ImageError> {
        let (client, repository) = (Arc::clone(&self.client), self.repository.clone());
        self.wait(async move {
            let path = format!("/v2/{repository}/tags/list?n={PAGE}");
            let take = |page: Tags| page.tags.unwrap_or_default();
            pages(&client, &path, &pull_scope(&repository), &repository, usize::MAX, take).await
        })
    }
}

/// Searches a registry: with its own search where it has one, else among the names of all its repositories.
///
/// # Errors
/// The registry cannot be reached, or has neither.
pub fn search(host: &str, term: &str, limit: usize, access: Access) -> Result<Vec<Found>, ImageError> {
    let index = if host == "docker.io" { HUB_INDEX } else { host };
    let registry = Registry::at(index, "", access)?;
    let client = Arc::clone(&registry.client);
    let (term, host) = (term.to_owned(), host.to_owned());
    registry.wait(async move {
        let mut query = Url::parse("http://x/v1/search").map_err(|error| failed(&host, &error.to_string()))?;
        query.query_pairs_mut().append_pair("q", &term).append_pair("n", &limit.to_string());
        let path = format!("{}?{}", query.path(), query.query().unwrap_or_default());
        let ask = Ask::new(Method::GET, &path, String::new());
        match client.document(&ask, "what the search found", &term).await {
            Ok((bytes, _)) => {
                if let Ok(found) = serde_json::from_slice::<Results>(&bytes) {
                    return Ok(found.results.unwrap_or_default().into_iter().take(limit).collect());
                }
            }
            Err(ImageError::NoSuch { .. } | ImageError::Registry { .. } | ImageError::Denied { .. }) => {}
            Err(error) => return Err(error),
        }
        let fits = |page: Catalog| -> Vec<String> {
            page.repositories.unwrap_or_default().into_iter().filter(|name| name.contains(&term)).collect()
        };
        let path = format!("/v2/_catalog?n={PAGE}");
        let names = pages(&client, &path, "registry:catalog:*", "the list of repositories", limit, fits).await?;
        Ok(names.into_iter().take(limit).map(|name| Found { name, ..Found::default() }).collect())
    })
}

/// Follows the pages of a list until there are enough entries.
async fn pages<T: DeserializeOwned>(
    client: &Client,
    path: &str,
    scope: &str,
    name: &str,
    enough: usize,
    take: impl Fn(T) -> Vec<String>,
) -> Result<Vec<String>, ImageError> {
    let mut all = Vec::new();
    let mut ask = Ask::new(Method::GET, path, scope.to_owned());
    for _ in 0..MAX_PAGES {
        let mut answer = client.send(&ask).await.map_err(|failure| failure.explain(&client.host, name))?;
        let base = answer.url().clone();
        let next = answer.headers().get(LINK).and_then(|value| next_page(value.to_str().ok()?)).map(str::to_owned);
        let body = super::client::read_capped(&mut answer, super::MAX_DOCUMENT, client.access.patience).await;
        let body = body.map_err(|failure| failure.explain(&client.host, name))?;
        let page = body.and_then(|body| serde_json::from_slice(&body).ok());
        let page = page.ok_or_else(|| failed(&client.host, "the list is not understood"))?;
        all.extend(take(page));
        // The next page is on the same registry, or there is none.
        let next = next.and_then(|next| base.join(&next).ok()).filter(|next| super::guard::same_origin(next, &base));
        match next {
            Some(next) if next == base => break,
            Some(_) if all.len() > MAX_NAMES => break,
            Some(next) if all.len() < enough => ask.target = Target::Url(next),
            _ => return Ok(all),
        }
    }
    Err(failed(&client.host, "the list has no end"))
}

/// `</v2/_catalog?last=x&n=1>; rel="next"`
fn next_page(link: &str) -> Option<&str> {
    link.split(',').find(|part| part.contains("next")).and_then(|part| Some(part.split_once('<')?.1.split_once('>')?.0))
}

fn failed(host: &str, cause: &str) -> ImageError {
    ImageError::Registry { host: host.to_owned(), name: "the list".to_owned(), cause: cause.to_owned() }
}

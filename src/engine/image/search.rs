//! `search`: what registries have.

use super::source::{RegistryOptions, Surroundings};
use crate::config::Places;
use crate::engine::EngineError;
use crate::image::registry::{Found, Registry, search};
use crate::image::{ImageError, Reference};

/// What is searched for where no file names registries.
const DEFAULT_REGISTRY: &str = "docker.io";

/// What to search for.
#[derive(Clone, Debug)]
pub struct SearchRequest<'a> {
    pub places: &'a Places,
    pub options: &'a RegistryOptions,
    /// `TERM`, or `HOST/TERM`.
    pub term: &'a str,
    pub limit: usize,
}

/// An image that a registry has.
#[derive(Clone, Debug)]
pub struct FoundImage {
    pub registry: String,
    /// With the registry in front.
    pub name: String,
    pub image: Found,
}

/// Searches the registry that the term names, else all that registries.conf names. One that fails is reported beside the others.
///
/// # Errors
/// No registry answers.
pub fn find_images(request: &SearchRequest<'_>) -> Result<(Vec<FoundImage>, Vec<String>), EngineError> {
    let around = Surroundings::read(request.places, request.options)?;
    let (hosts, term) = match request.term.split_once('/') {
        Some((host, term)) if host.contains(['.', ':']) || host == "localhost" => (vec![host.to_owned()], term),
        _ if around.registries.search().is_empty() => (vec![DEFAULT_REGISTRY.to_owned()], request.term),
        _ => (around.registries.search().to_vec(), request.term),
    };
    let (mut found, mut failures, mut last) = (Vec::new(), Vec::new(), None);
    let only_one = hosts.len() == 1;
    for host in hosts {
        let insecure = around.registries.entry(&host).is_some_and(|entry| entry.insecure);
        match search(&host, term, request.limit, around.access(&host, insecure)?) {
            Ok(images) => found.extend(images.into_iter().map(|image| FoundImage {
                name: format!("{host}/{}", image.name),
                registry: host.clone(),
                image,
            })),
            Err(error) if only_one => return Err(error.into()),
            Err(error) => {
                failures.push(error.to_string());
                last = Some(error);
            }
        }
    }
    match last {
        Some(error) if found.is_empty() => Err(error.into()),
        _ => Ok((found, failures)),
    }
}

/// Lists the tags of a repository; returns its full name with them.
///
/// # Errors
/// The registry cannot be reached, or has no such repository.
pub fn list_tags(request: &SearchRequest<'_>) -> Result<(String, Vec<String>), EngineError> {
    let around = Surroundings::read(request.places, request.options)?;
    let reference = Reference::parse(request.term).map_err(ImageError::from)?;
    let source = around.destination(&reference)?;
    let mut tags = Registry::open(&source.reference, source.access)?.tags()?;
    tags.truncate(request.limit);
    Ok((reference.name(), tags))
}

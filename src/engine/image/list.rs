//! `images`: what the store has.

use super::lookup::{repo_digests, repository};
use super::remove::uses;
use crate::engine::{Engine, EngineError};
use crate::image::ImageConfig;
use crate::model::ImageRecord;
use glob::{MatchOptions, Pattern};
use std::collections::BTreeMap;

/// Which images to list.
#[derive(Clone, Debug, Default)]
pub struct ImagesRequest {
    /// A name, or a pattern of names; nothing lists all.
    pub name: Option<Pattern>,
    pub filters: Vec<ImageFilter>,
}

/// A condition on images. Those of one kind are alternatives, but for labels, which all have to fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageFilter {
    /// A pattern with `*` and `?`, on the whole name, or on its last parts.
    Reference(Pattern),
    Dangling(bool),
    /// Without a value: the label is there.
    Label(String, Option<String>),
    Before(String),
    Since(String),
    /// The beginning of an id.
    Id(String),
    /// Made before; nanoseconds since the epoch.
    Until(i64),
    /// Containers were made from it, or not.
    Containers(bool),
    /// The beginning of a manifest's digest.
    Digest(String),
    /// Of the kinds that Podman knows and this store does not have: hidden or read-only.
    Nothing(bool),
    /// Lists of manifests, or what is none.
    Manifest(bool),
}

/// One line: a name of an image, or an image without one.
#[derive(Clone, Debug)]
pub struct ImageRow {
    pub image: ImageRecord,
    /// Nothing for a dangling image.
    pub repository: Option<String>,
    pub tag: Option<String>,
    pub repo_digests: Vec<String>,
    pub labels: BTreeMap<String, String>,
    /// Containers that were made from it or mount its files.
    pub containers: usize,
}

impl Engine {
    /// Returns the images that fit, newest first, one row for each name.
    ///
    /// # Errors
    /// The image that a filter names is not there, or the database fails.
    pub fn images(&self, request: &ImagesRequest) -> Result<Vec<ImageRow>, EngineError> {
        let times = Times::of(self, &request.filters)?;
        let patterns: Vec<_> = request
            .filters
            .iter()
            .filter_map(|filter| match filter {
                ImageFilter::Reference(pattern) => Some(pattern),
                _ => None,
            })
            .collect();
        let users = self.containers()?;
        let mut rows = Vec::new();
        for image in self.db.images()? {
            let labels = ImageConfig::parse(image.config.as_bytes()).map(|config| config.config.labels).unwrap_or_default();
            let containers = users.iter().filter(|(container, _)| uses(container, &image)).count();
            let used = |filter: &ImageFilter| !matches!(filter, ImageFilter::Containers(wanted) if *wanted != (containers > 0));
            if !fits(&image, &labels, &request.filters, &times) || !request.filters.iter().all(used) {
                continue;
            }
            let fits_name = |name: &str| {
                (patterns.is_empty() || patterns.iter().any(|pattern| name_fits(pattern, name)))
                    && request.name.as_ref().is_none_or(|wanted| name_fits(wanted, name))
            };
            let row = |name: Option<&str>| ImageRow {
                repository: name.map(|name| repository(name).to_owned()),
                tag: name
                    .filter(|name| !name.contains('@'))
                    .and_then(|name| name.rsplit_once(':'))
                    .map(|(_, tag)| tag.to_owned()),
                repo_digests: repo_digests(&image),
                labels: labels.clone(),
                containers,
                image: image.clone(),
            };
            if image.names.is_empty() && patterns.is_empty() && request.name.is_none() {
                rows.push(row(None));
            }
            rows.extend(image.names.iter().filter(|name| fits_name(name)).map(|name| row(Some(name))));
        }
        Ok(rows)
    }
}

/// When the images were made that `before` and `since` name.
#[derive(Default)]
struct Times {
    before: Option<i64>,
    since: Option<i64>,
}

impl Times {
    fn of(engine: &Engine, filters: &[ImageFilter]) -> Result<Self, EngineError> {
        let mut times = Self::default();
        for filter in filters {
            match filter {
                ImageFilter::Before(name) => times.before = Some(engine.image(name)?.created),
                ImageFilter::Since(name) => times.since = Some(engine.image(name)?.created),
                _ => {}
            }
        }
        Ok(times)
    }
}

fn fits(image: &ImageRecord, labels: &BTreeMap<String, String>, filters: &[ImageFilter], times: &Times) -> bool {
    let mut ids = filters.iter().filter_map(|filter| match filter {
        ImageFilter::Id(id) => Some(id.strip_prefix("sha256:").unwrap_or(id)),
        _ => None,
    });
    let first = ids.next();
    let id_fits = first.is_none_or(|id| image.id.hex().starts_with(id)) || ids.any(|id| image.id.hex().starts_with(id));
    id_fits
        && times.before.is_none_or(|time| image.created < time)
        && times.since.is_none_or(|time| image.created > time)
        && filters.iter().all(|filter| match filter {
            ImageFilter::Dangling(dangling) => image.names.is_empty() == *dangling,
            ImageFilter::Until(time) => image.created < *time,
            ImageFilter::Digest(start) => {
                image.manifest.to_string().starts_with(start) || image.manifest.hex().starts_with(start)
            }
            ImageFilter::Nothing(wanted) => !wanted,
            ImageFilter::Manifest(wanted) => image.is_list() == *wanted,
            ImageFilter::Label(key, None) => labels.contains_key(key),
            ImageFilter::Label(key, Some(value)) => labels.get(key) == Some(value),
            _ => true,
        })
}

/// Tells whether a pattern fits a full name, or its end from a slash on; without a tag it fits every tag.
fn name_fits(pattern: &Pattern, name: &str) -> bool {
    let parts = MatchOptions { require_literal_separator: true, ..MatchOptions::new() };
    let text = pattern.as_str();
    let has_tag = text.contains('@') || text.rsplit_once(':').is_some_and(|(_, tag)| !tag.contains('/'));
    let name = if has_tag { name } else { repository(name) };
    let ends = std::iter::once(0).chain(name.match_indices('/').map(|(at, _)| at + 1));
    ends.into_iter().any(|at| pattern.matches_with(&name[at..], parts))
}

#[cfg(test)]
mod tests {
    use super::{Pattern, name_fits};

    fn fits(pattern: &str, name: &str) -> bool {
        name_fits(&Pattern::new(pattern).unwrap(), name)
    }

    #[test]
    fn patterns_fit_whole_names_and_their_ends() {
        let name = "docker.io/library/busybox:1.36";
        for pattern in [
            "busybox",
            "busybox:1.36",
            "library/busybox",
            "docker.io/library/busybox",
            "busy*",
            "*/busybox",
            "b?sybox:1.*",
            "[a-c]usybox",
        ] {
            assert!(fits(pattern, name), "{pattern}");
        }
        for pattern in ["box", "busybox:latest", "docker.io/busybox", "*", "docker.io/*"] {
            assert_eq!(fits(pattern, name), pattern == "*", "{pattern}");
        }
    }
}

//! From what is typed to an image in the store.

use crate::engine::{Engine, EngineError};
use crate::image::reference::is_short;
use crate::image::{ImageConfig, Platform, Reference};
use crate::model::ImageRecord;
use crate::model::id::is_lower_hex;

/// How an image was found.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) image: ImageRecord,
    /// The full name that was meant; nothing when an id was given.
    pub(crate) name: Option<String>,
}

impl Engine {
    /// Returns the image of this name or id.
    ///
    /// A short name means `localhost/NAME` first, then `docker.io/library/NAME`, then any repository that ends in it; after
    /// the names come ids and their beginnings.
    ///
    /// # Errors
    /// `NoSuchImage`; `Ambiguous` for the beginning of two ids or the end of two repositories.
    pub fn image(&self, name: &str) -> Result<ImageRecord, EngineError> {
        self.find_image(name).map(|found| found.image)
    }

    /// The same, and of a list of manifests the image for this machine.
    ///
    /// # Errors
    /// As `image`; and the store has no image of the list for this machine.
    pub fn runnable_image(&self, name: &str) -> Result<ImageRecord, EngineError> {
        self.instance(self.image(name)?, &Platform::host())
    }

    /// Every image, newest first.
    ///
    /// # Errors
    /// The database fails.
    pub fn image_records(&self) -> Result<Vec<ImageRecord>, EngineError> {
        Ok(self.db.images()?)
    }

    /// Tells whether an image can be taken for one of this platform.
    #[must_use]
    pub fn image_is_for(&self, image: &ImageRecord, platform: &Platform) -> bool {
        let config = ImageConfig::parse(image.config.as_bytes());
        config.is_ok_and(|config| config.platform.architecture.is_empty() || platform.distance(&config.platform).is_some())
    }

    pub(crate) fn find_image(&self, text: &str) -> Result<Found, EngineError> {
        let unknown = || EngineError::NoSuchImage { name: text.to_owned() };
        if let Some(hex) = text.strip_prefix("sha256:") {
            return self.image_by_id(hex)?.ok_or_else(unknown);
        }
        if text.len() == 64 && is_lower_hex(text) {
            return self.image_by_id(text)?.ok_or_else(unknown);
        }
        if let Ok(reference) = Reference::parse(text) {
            let short = is_short(text);
            if short
                && let Ok(local) = Reference::parse_local(text)
                && let Some(found) = self.image_by_reference(&local)?
            {
                return Ok(found);
            }
            if let Some(found) = self.image_by_reference(&reference)? {
                return Ok(found);
            }
            if short && let Some(found) = self.image_by_end(text)? {
                return Ok(found);
            }
        }
        self.image_by_id(text)?.ok_or_else(unknown)
    }

    fn image_by_id(&self, hex: &str) -> Result<Option<Found>, EngineError> {
        if hex.len() > 64 || !is_lower_hex(hex) {
            return Ok(None);
        }
        let mut images = self.db.images_by_id_prefix(hex)?;
        if images.len() > 1 {
            return Err(EngineError::Ambiguous { what: "image", prefix: hex.to_owned() });
        }
        Ok(images.pop().map(|image| Found { image, name: None }))
    }

    /// A name with a digest means the image whose manifest has it, also when it was pulled by tag.
    fn image_by_reference(&self, reference: &Reference) -> Result<Option<Found>, EngineError> {
        let name = reference.clone().or_latest().stored();
        if let Some(image) = self.db.image_by_name(&name)? {
            return Ok(Some(Found { image, name: Some(name) }));
        }
        let Some(digest) = reference.digest() else { return Ok(None) };
        let start = format!("{}:", reference.name());
        let has = |image: &ImageRecord| image.manifest == *digest && image.names.iter().any(|name| name.starts_with(&start));
        Ok(self.db.images()?.into_iter().find(has).map(|image| Found { image, name: None }))
    }

    fn image_by_end(&self, text: &str) -> Result<Option<Found>, EngineError> {
        let tagged = text.rsplit_once(':').is_some_and(|(_, tag)| !tag.contains('/')) || text.contains('@');
        let end = if tagged { format!("/{text}") } else { format!("/{text}:latest") };
        let mut found: Option<Found> = None;
        for image in self.db.images()? {
            let Some(name) = image.names.iter().find(|name| name.ends_with(&end)).cloned() else { continue };
            if found.is_some() {
                return Err(EngineError::AmbiguousImage { name: text.to_owned() });
            }
            found = Some(Found { image, name: Some(name) });
        }
        Ok(found)
    }
}

/// Returns `repository@digest` for every repository of an image: what others can pull it by.
pub(crate) fn repo_digests(image: &ImageRecord) -> Vec<String> {
    let mut all = Vec::new();
    for name in &image.names {
        let digest = match name.split_once('@') {
            Some(_) => name.clone(),
            None => format!("{}@{}", repository(name), image.manifest),
        };
        if !all.contains(&digest) {
            all.push(digest);
        }
    }
    all
}

/// Returns a stored name without its tag or digest.
pub(crate) fn repository(name: &str) -> &str {
    let name = name.split_once('@').map_or(name, |(name, _)| name);
    match name.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => name,
    }
}

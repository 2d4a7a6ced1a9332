//! An image from one repository to another, blob by blob, without a stop in the store.

use crate::image::manifest::{self, Document, MAX_DOCUMENT};
use crate::image::registry::{Mounted, Registry};
use crate::image::{Descriptor, ImageError, Reference};
use crate::model::Digest;
use crate::storage::StorageError;
use std::io::{self, Read as _};

/// A repository, and the name it has.
pub(super) struct Place<'a> {
    pub(super) registry: &'a Registry,
    pub(super) reference: &'a Reference,
}

/// Copies the manifest of a digest and all that it names; what is there already stays.
pub(super) fn image(from: &Place<'_>, to: &Place<'_>, digest: &Digest, media_type: &str) -> Result<(), ImageError> {
    let bytes = from.registry.document(&from.reference.with_digest(digest.clone()))?;
    match manifest::parse(&bytes)? {
        Document::Manifest(manifest) => {
            for descriptor in std::iter::once(&manifest.config).chain(&manifest.layers) {
                blob(from, to, descriptor)?;
            }
        }
        Document::Index(_) => return Err(ImageError::NotAnImage { what: "it is a list in a list".to_owned() }),
    }
    to.registry.put_manifest(&to.reference.with_digest(digest.clone()), media_type, &bytes).map(drop)
}

fn blob(from: &Place<'_>, to: &Place<'_>, descriptor: &Descriptor) -> Result<(), ImageError> {
    let digest = &descriptor.digest;
    if to.registry.has_blob(digest)? {
        return Ok(());
    }
    let neighbours = from.reference.registry() == to.reference.registry();
    if neighbours && to.registry.mount(digest, from.reference.repository())? == Mounted::Yes {
        return Ok(());
    }
    if descriptor.size <= MAX_DOCUMENT {
        return to.registry.send_small(&from.registry.small_blob(descriptor)?).map(drop);
    }
    let name = format!("blob {}", digest.short());
    let sent = to.registry.send_stream(&name, &|out| {
        // One byte more than promised is enough to know that there is more.
        let mut source = from.registry.blob(descriptor).take(descriptor.size.saturating_add(1));
        io::copy(&mut source, out).map(drop).map_err(|source| StorageError::Read { what: name.clone(), source })
    })?;
    if sent.digest != *digest {
        return Err(StorageError::WrongDigest { expected: digest.clone(), found: sent.digest }.into());
    }
    Ok(())
}

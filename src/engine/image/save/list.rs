//! A list of manifests and its images on disk.
//!
//! ```text
//! oci   blobs/sha256/…  oci-layout  index.json → the list, a blob → its manifests
//! dir   version  <digest> …  <digest>.manifest.json …  manifest.json, the list
//! ```

use super::documents::{self, DIR_VERSION, Kinds, begin_oci, end_oci, index_entry, oci_member, put_layers};
use super::plan::Plan;
use super::sink::Sink;
use super::{SaveFormat, SaveRequest, SaveTarget, compress};
use crate::config::Paths;
use crate::engine::image::encode::Encoding;
use crate::engine::image::progress::Progress;
use crate::engine::image::push::{ManifestFormat, PushedManifest};
use crate::engine::{Engine, EngineError};
use crate::image::manifest::{self, Document};
use crate::image::registry::Registry;
use crate::image::{Descriptor, ImageError, Reference};
use crate::model::{Digest, ImageRecord};
use crate::storage::digest::{self, Summing};
use crate::storage::{StorageError, staging};
use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read as _, Seek as _};

/// A list on its way to disk.
pub(in crate::engine::image) struct ListSink {
    sink: Sink,
    /// Else it is an OCI layout.
    is_dir: bool,
    written: HashSet<Digest>,
}

impl ListSink {
    pub(in crate::engine::image) fn begin(target: SaveTarget, is_dir: bool) -> Result<Self, EngineError> {
        let mut sink = Sink::new(target)?;
        if is_dir {
            sink.bytes("version", DIR_VERSION)?;
        } else {
            begin_oci(&mut sink)?;
        }
        Ok(Self { sink, is_dir, written: HashSet::new() })
    }

    fn blob(&mut self, digest: &Digest, bytes: &[u8]) -> Result<(), EngineError> {
        if !self.written.insert(digest.clone()) {
            return Ok(());
        }
        let name = if self.is_dir { digest.hex().to_owned() } else { oci_member(digest) };
        self.sink.bytes(&name, bytes)
    }

    fn manifest(&mut self, digest: &Digest, bytes: &[u8]) -> Result<(), EngineError> {
        if !self.is_dir {
            return self.blob(digest, bytes);
        }
        if self.written.insert(digest.clone()) {
            self.sink.bytes(&format!("{}.manifest.json", digest.hex()), bytes)
        } else {
            Ok(())
        }
    }

    /// Puts an image of the store. It gets a manifest of its own, as its layers are compressed here.
    pub(in crate::engine::image) fn stored(
        &mut self,
        engine: &Engine,
        image: &ImageRecord,
        format: ManifestFormat,
        encoding: Encoding,
        progress: &mut dyn Progress,
    ) -> Result<PushedManifest, EngineError> {
        let request = SaveRequest {
            images: vec![image.id.to_string()],
            several: false,
            names: Some(Vec::new()),
            format: if self.is_dir { SaveFormat::Dir(format) } else { SaveFormat::OciDir },
            encoding,
        };
        let plan = Plan::of(engine, &request, progress)?;
        let mut blobs = compress::blobs(&engine.paths, &plan.layers, encoding, progress)?;
        let is_dir = self.is_dir;
        let member = |digest: &Digest| if is_dir { digest.hex().to_owned() } else { oci_member(digest) };
        put_layers(engine, &plan, &mut blobs, &mut self.sink, &member, &mut self.written)?;
        let kinds = Kinds::of(format, encoding.compression);
        let outgoing = plan.images.first().ok_or_else(|| EngineError::NoSuchImage { name: image.id.to_string() })?;
        self.blob(&outgoing.id, &outgoing.config)?;
        let bytes = documents::manifest(outgoing, &blobs, &kinds)?;
        let digest = digest::of(&bytes);
        self.manifest(&digest, &bytes)?;
        Ok(PushedManifest { digest, size: bytes.len() as u64, media_type: kinds.manifest.to_owned() })
    }

    /// Puts an image of a registry as it is there. What does not come whole is not put: another registry may have it.
    pub(in crate::engine::image) fn copied(
        &mut self,
        paths: &Paths,
        registry: &Registry,
        reference: &Reference,
        digest: &Digest,
    ) -> Result<(), EngineError> {
        let bytes = registry.document(&reference.with_digest(digest.clone()))?;
        let Document::Manifest(manifest) = manifest::parse(&bytes)? else {
            return Err(ImageError::NotAnImage { what: "it is a list in a list".to_owned() }.into());
        };
        for descriptor in std::iter::once(&manifest.config).chain(&manifest.layers) {
            if self.written.contains(&descriptor.digest) {
                continue;
            }
            let name = if self.is_dir { descriptor.digest.hex().to_owned() } else { oci_member(&descriptor.digest) };
            let mut file = fetched(paths, registry, descriptor)?;
            self.sink.file(&name, descriptor.size, |out| {
                io::copy(&mut file, out).map(drop).map_err(|source| EngineError::Save { what: name.clone(), source })
            })?;
            self.written.insert(descriptor.digest.clone());
        }
        self.manifest(digest, &bytes)
    }

    /// Puts the list; from then on it is whole.
    pub(in crate::engine::image) fn finish(
        mut self,
        media_type: &str,
        bytes: &[u8],
        reference: Option<&str>,
    ) -> Result<Digest, EngineError> {
        let digest = digest::of(bytes);
        if self.is_dir {
            self.sink.bytes("manifest.json", bytes)?;
        } else {
            self.blob(&digest, bytes)?;
            end_oci(&mut self.sink, vec![index_entry(media_type, &digest, bytes.len(), reference)])?;
        }
        self.sink.finish()?;
        Ok(digest)
    }
}

/// Fetches a blob into a file without a name, and checks it.
fn fetched(paths: &Paths, registry: &Registry, descriptor: &Descriptor) -> Result<File, ImageError> {
    let what = format!("blob {}", descriptor.digest.short());
    let failed = |source| StorageError::Read { what: what.clone(), source };
    let mut out = Summing::new(staging::spool_file(paths)?);
    // One byte more than promised is enough to know that there is more.
    let mut source = registry.blob(descriptor).take(descriptor.size.saturating_add(1));
    io::copy(&mut source, &mut out).map_err(failed)?;
    let (mut file, found, _) = out.finish();
    if found != descriptor.digest {
        return Err(StorageError::WrongDigest { expected: descriptor.digest.clone(), found }.into());
    }
    file.rewind().map_err(failed)?;
    Ok(file)
}

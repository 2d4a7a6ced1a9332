//! The three forms: which files there are, and what the documents among them say.

use super::compress::Blob;
use super::plan::{Outgoing, Plan};
use super::sink::Sink;
use crate::engine::image::progress::Progress;
use crate::engine::{Engine, EngineError};
use crate::image::manifest::{
    DOCKER_CONFIG, DOCKER_LAYER, DOCKER_MANIFEST, MAX_DOCUMENT, OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST,
};
use crate::image::{Descriptor, ImageError, Manifest};
use crate::model::Digest;
use crate::storage::digest;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::io::{self, Write};

/// What `docker load` takes.
pub(super) fn docker_archive(
    engine: &Engine,
    plan: &Plan,
    sink: &mut Sink,
    progress: &mut dyn Progress,
) -> Result<(), EngineError> {
    for (at, layer) in plan.layers.iter().enumerate() {
        let member = format!("{}.tar", layer.diff_id.hex());
        sink.file(&member, layer.size, |out| {
            let mut told = Told { out, layer: at, count: 0, progress: &mut *progress };
            Ok(layer.write(&engine.paths, &mut told)?)
        })?;
        progress.done(at);
    }
    let mut items = Vec::new();
    for image in &plan.images {
        let config = format!("{}.json", image.id.hex());
        sink.bytes(&config, &image.config)?;
        let layers = image.layers.iter().map(|at| format!("{}.tar", plan.layers[*at].diff_id.hex()));
        items.push(json!({ "Config": config, "RepoTags": image.names, "Layers": layers.collect::<Vec<_>>() }));
    }
    sink.bytes("manifest.json", &bytes("manifest.json", &Value::Array(items))?)
}

/// An OCI image layout (image-spec image-layout.md).
pub(super) fn oci(engine: &Engine, plan: &Plan, mut blobs: Vec<Blob>, sink: &mut Sink) -> Result<(), EngineError> {
    let member = |digest: &Digest| format!("blobs/sha256/{}", digest.hex());
    sink.folder("blobs")?;
    sink.folder("blobs/sha256")?;
    put_layers(engine, plan, &mut blobs, sink, &member)?;
    let mut written: HashSet<Digest> = HashSet::new();
    let mut manifests = Vec::new();
    for image in &plan.images {
        let compressed = if blobs.iter().any(|blob| blob.compressed.is_some()) { "+gzip" } else { "" };
        let kinds = Kinds { manifest: OCI_MANIFEST, config: OCI_CONFIG, layer: format!("{OCI_LAYER}{compressed}") };
        let manifest = manifest(image, &blobs, &kinds)?;
        let name = digest::of(&manifest);
        for (digest, bytes) in [(&image.id, &image.config), (&name, &manifest)] {
            if written.insert(digest.clone()) {
                sink.bytes(&member(digest), bytes)?;
            }
        }
        let descriptor = |reference: Option<&str>| {
            let mut descriptor = json!({ "mediaType": OCI_MANIFEST, "digest": name, "size": manifest.len() });
            if let Some(reference) = reference {
                descriptor["annotations"] = json!({ "org.opencontainers.image.ref.name": reference });
            }
            descriptor
        };
        match &image.names[..] {
            [] => manifests.push(descriptor(None)),
            names => manifests.extend(names.iter().map(|name| descriptor(Some(name)))),
        }
    }
    sink.bytes("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#)?;
    let index = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests });
    sink.bytes("index.json", &bytes("index.json", &index)?)
}

/// The `dir:` of skopeo and Podman: one image with Docker's manifest, blobs by their digests.
pub(super) fn docker_dir(engine: &Engine, plan: &Plan, mut blobs: Vec<Blob>, sink: &mut Sink) -> Result<(), EngineError> {
    sink.bytes("version", b"Directory Transport Version: 1.1\n")?;
    put_layers(engine, plan, &mut blobs, sink, &|digest| digest.hex().to_owned())?;
    for image in &plan.images {
        sink.bytes(image.id.hex(), &image.config)?;
        let compressed = if blobs.iter().any(|blob| blob.compressed.is_some()) { ".gzip" } else { "" };
        let kinds = Kinds { manifest: DOCKER_MANIFEST, config: DOCKER_CONFIG, layer: format!("{DOCKER_LAYER}{compressed}") };
        sink.bytes("manifest.json", &manifest(image, &blobs, &kinds)?)?;
    }
    Ok(())
}

fn put_layers(
    engine: &Engine,
    plan: &Plan,
    blobs: &mut [Blob],
    sink: &mut Sink,
    member: &dyn Fn(&Digest) -> String,
) -> Result<(), EngineError> {
    let mut written = HashSet::new();
    for (layer, blob) in plan.layers.iter().zip(blobs) {
        // Layers that were made anew can turn out to be the same.
        if !written.insert(blob.digest.clone()) {
            continue;
        }
        let name = member(&blob.digest);
        sink.file(&name, blob.size, |out| match &mut blob.compressed {
            Some(file) => io::copy(file, out).map(drop).map_err(|source| EngineError::Save { what: name.clone(), source }),
            None => Ok(layer.write(&engine.paths, out)?),
        })?;
    }
    Ok(())
}

/// Media types.
struct Kinds {
    manifest: &'static str,
    config: &'static str,
    layer: String,
}

fn manifest(image: &Outgoing, blobs: &[Blob], kinds: &Kinds) -> Result<Vec<u8>, EngineError> {
    let layer = |at: &usize| Descriptor::new(&kinds.layer, blobs[*at].digest.clone(), blobs[*at].size);
    let manifest = Manifest {
        schema_version: 2,
        media_type: Some(kinds.manifest.to_owned()),
        config: Descriptor::new(kinds.config, image.id.clone(), image.config.len() as u64),
        layers: image.layers.iter().map(layer).collect(),
        // Docker's manifests know none.
        annotations: image.annotations.clone().filter(|_| kinds.manifest == OCI_MANIFEST),
    };
    bytes("the manifest", &manifest)
}

fn bytes<T: serde::Serialize>(what: &'static str, document: &T) -> Result<Vec<u8>, EngineError> {
    let bytes = serde_json::to_vec(document).map_err(|source| ImageError::Parse { what, source })?;
    let found = bytes.len() as u64;
    if found > MAX_DOCUMENT { Err(ImageError::TooBig { what, found, limit: MAX_DOCUMENT }.into()) } else { Ok(bytes) }
}

/// Tells how far a layer is.
struct Told<'a> {
    out: &'a mut dyn Write,
    layer: usize,
    count: u64,
    progress: &'a mut dyn Progress,
}

impl Write for Told<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.count += written as u64;
        self.progress.position(self.layer, self.count);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

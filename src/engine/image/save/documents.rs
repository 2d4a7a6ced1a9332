//! The three forms: which files there are, and what the documents among them say.

use super::compress::Blob;
use super::plan::{Outgoing, Plan};
use super::sink::Sink;
use crate::engine::image::progress::Progress;
use crate::engine::image::push::{ManifestFormat, layer_type};
use crate::engine::{Engine, EngineError};
use crate::image::manifest::{DOCKER_CONFIG, DOCKER_MANIFEST, MAX_DOCUMENT, OCI_CONFIG, OCI_INDEX, OCI_MANIFEST};
use crate::image::{Descriptor, ImageError, Manifest};
use crate::model::{BlobCompression, Digest};
use crate::storage::digest;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::io::{self, Write};

/// The name of an image in an index (image-spec annotations.md).
const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// The file `version` of a `dir:`.
pub(super) const DIR_VERSION: &[u8] = b"Directory Transport Version: 1.1\n";

/// What `docker load` takes.
pub(super) fn docker_archive(
    engine: &Engine,
    plan: &Plan,
    sink: &mut Sink,
    progress: &mut dyn Progress,
) -> Result<Vec<Digest>, EngineError> {
    for (at, layer) in plan.layers.iter().enumerate() {
        let member = format!("{}.tar", layer.diff_id.hex());
        sink.file(&member, layer.size, |out| {
            let mut told = Told { out, layer: at, count: 0, progress: &mut *progress };
            Ok(layer.write(&engine.paths, &mut told)?)
        })?;
        progress.done(at);
    }
    let (mut items, mut manifests) = (Vec::new(), Vec::new());
    let kinds = Kinds::of(ManifestFormat::Docker, BlobCompression::None);
    let plain: Vec<_> = plan.layers.iter().map(Blob::plain).collect();
    for image in &plan.images {
        // It is not in the archive; readers make the same one.
        manifests.push(digest::of(&manifest(image, &plain, &kinds)?));
        let config = format!("{}.json", image.id.hex());
        sink.bytes(&config, &image.config)?;
        let layers = image.layers.iter().map(|at| format!("{}.tar", plan.layers[*at].diff_id.hex()));
        items.push(json!({ "Config": config, "RepoTags": image.names, "Layers": layers.collect::<Vec<_>>() }));
    }
    sink.bytes("manifest.json", &bytes("manifest.json", &Value::Array(items))?)?;
    Ok(manifests)
}

/// An OCI image layout (image-spec image-layout.md).
pub(super) fn oci(
    engine: &Engine,
    plan: &Plan,
    mut blobs: Vec<Blob>,
    compression: BlobCompression,
    sink: &mut Sink,
) -> Result<Vec<Digest>, EngineError> {
    let member = oci_member;
    begin_oci(sink)?;
    let mut written: HashSet<Digest> = HashSet::new();
    put_layers(engine, plan, &mut blobs, sink, &member, &mut written)?;
    let (mut entries, mut manifests) = (Vec::new(), Vec::new());
    let kinds = Kinds::of(ManifestFormat::Oci, compression);
    for image in &plan.images {
        let manifest = manifest(image, &blobs, &kinds)?;
        let name = digest::of(&manifest);
        for (digest, bytes) in [(&image.id, &image.config), (&name, &manifest)] {
            if written.insert(digest.clone()) {
                sink.bytes(&member(digest), bytes)?;
            }
        }
        let descriptor = |reference| index_entry(OCI_MANIFEST, &name, manifest.len(), reference);
        match &image.names[..] {
            [] => entries.push(descriptor(None)),
            names => entries.extend(names.iter().map(|name| descriptor(Some(name)))),
        }
        manifests.push(name);
    }
    end_oci(sink, entries)?;
    Ok(manifests)
}

/// Where a blob lies in a layout.
pub(super) fn oci_member(digest: &Digest) -> String {
    format!("blobs/sha256/{}", digest.hex())
}

/// The folders of a layout.
pub(super) fn begin_oci(sink: &mut Sink) -> Result<(), EngineError> {
    sink.folder("blobs")?;
    sink.folder("blobs/sha256")
}

/// The documents that name what is in a layout.
pub(super) fn end_oci(sink: &mut Sink, entries: Vec<Value>) -> Result<(), EngineError> {
    sink.bytes("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#)?;
    let index = match sink.present("index.json", MAX_DOCUMENT)? {
        Some(before) => merged(&before, entries)?,
        None => json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries }),
    };
    sink.replace("index.json", &bytes("index.json", &index)?)
}

/// What an index says of a manifest.
pub(super) fn index_entry(media_type: &str, digest: &Digest, size: usize, reference: Option<&str>) -> Value {
    let mut descriptor = json!({ "mediaType": media_type, "digest": digest, "size": size });
    if let Some(reference) = reference {
        descriptor["annotations"] = json!({ REF_NAME: reference });
    }
    descriptor
}

/// Puts entries into an index; those of the same name, or for the same manifest where they have none, go.
fn merged(before: &[u8], entries: Vec<Value>) -> Result<Value, ImageError> {
    let what = "index.json";
    let mut index: Value = serde_json::from_slice(before).map_err(|source| ImageError::Parse { what, source })?;
    let name = |entry: &Value| entry["annotations"][REF_NAME].as_str().map(str::to_owned);
    let stays = |old: &Value| {
        entries.iter().all(|new| match (name(old), name(new)) {
            (None, None) => old["digest"] != new["digest"],
            (old, new) => old != new,
        })
    };
    let old = index["manifests"].as_array().cloned().unwrap_or_default();
    index["manifests"] = old.into_iter().filter(stays).chain(entries.iter().cloned()).collect();
    Ok(index)
}

/// The `dir:` of skopeo and Podman: one image, blobs by their digests.
pub(super) fn dir(
    engine: &Engine,
    plan: &Plan,
    mut blobs: Vec<Blob>,
    kinds: &Kinds,
    sink: &mut Sink,
) -> Result<Vec<Digest>, EngineError> {
    sink.bytes("version", DIR_VERSION)?;
    put_layers(engine, plan, &mut blobs, sink, &|digest| digest.hex().to_owned(), &mut HashSet::new())?;
    let mut manifests = Vec::new();
    for image in &plan.images {
        sink.bytes(image.id.hex(), &image.config)?;
        let manifest = manifest(image, &blobs, kinds)?;
        sink.bytes("manifest.json", &manifest)?;
        manifests.push(digest::of(&manifest));
    }
    Ok(manifests)
}

/// Puts the layers that are not `written` yet.
pub(super) fn put_layers(
    engine: &Engine,
    plan: &Plan,
    blobs: &mut [Blob],
    sink: &mut Sink,
    member: &dyn Fn(&Digest) -> String,
    written: &mut HashSet<Digest>,
) -> Result<(), EngineError> {
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
pub(super) struct Kinds {
    pub(super) manifest: &'static str,
    config: &'static str,
    layer: String,
}

impl Kinds {
    /// Those of a manifest of one kind, with layers that are compressed so.
    pub(super) fn of(format: ManifestFormat, compression: BlobCompression) -> Self {
        let (manifest, config) = match format {
            ManifestFormat::Oci => (OCI_MANIFEST, OCI_CONFIG),
            ManifestFormat::Docker => (DOCKER_MANIFEST, DOCKER_CONFIG),
        };
        Self { manifest, config, layer: layer_type(format, compression) }
    }
}

pub(super) fn manifest(image: &Outgoing, blobs: &[Blob], kinds: &Kinds) -> Result<Vec<u8>, EngineError> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_an_index_moves_to_the_new_image() {
        let named = |digest: &str, name: &str| json!({ "digest": digest, "annotations": { REF_NAME: name } });
        let before =
            json!({ "schemaVersion": 2, "other": 1, "manifests": [named("a", "v1"), named("b", "v2"), { "digest": "c" }] });
        let index = merged(before.to_string().as_bytes(), vec![named("d", "v1"), json!({ "digest": "c" })]).unwrap();
        assert_eq!(index["manifests"], json!([named("b", "v2"), named("d", "v1"), { "digest": "c" }]));
        assert_eq!(index["other"], 1);
    }
}

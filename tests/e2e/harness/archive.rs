//! Images that the tests make themselves: a busybox root, and archives put together byte by byte.

use super::environment::root_folder;
use super::program;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use tar::{Builder, EntryType, Header};

const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\n\
    daemon:x:1:1:daemon:/usr/sbin:/bin/false\n\
    app:x:1000:1000:App:/home/app:/bin/sh\n\
    1234:x:0:0:a name that is a number:/:/bin/sh\n\
    wide:x:4294967296:0:a uid that does not fit:/:/bin/sh\n";
const GROUP: &str = "root:x:0:\ndaemon:x:1:\ntape:x:26:app\naudio:x:29:daemon,app\napp:x:1000:\n";

/// The tar of a root with Debian's static busybox under all its names; made once.
pub fn busybox_root() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        let path = root_folder().join("busybox.tar");
        std::fs::write(&path, busybox_layer().finish()).expect("write the tar of the busybox root");
        path
    })
}

/// The same root as a layer, to add to.
pub fn busybox_layer() -> Layer {
    let busybox = program_bytes();
    let mut layer = Layer::default();
    for folder in ["bin", "etc", "proc", "sys", "dev", "run", "usr", "var"] {
        layer.folder(folder, 0o755);
    }
    layer.folder("tmp", 0o1777).folder("root", 0o700).folder("home", 0o755);
    layer.entry(EntryType::Directory, "home/app", Attributes { mode: 0o755, uid: 1000, gid: 1000 }, "", &[]);
    layer.file("etc/passwd", 0o644, PASSWD).file("etc/group", 0o644, GROUP);
    layer.file("bin/busybox", 0o755, busybox);
    for name in ["sh", "true", "false"] {
        layer.hard_link(&format!("bin/{name}"), "bin/busybox");
    }
    let names: BTreeSet<String> = program::ok("busybox", &["--list"]).lines().map(str::to_owned).collect();
    for name in names.iter().filter(|name| !["busybox", "sh", "true", "false"].contains(&name.as_str())) {
        layer.symlink(&format!("bin/{name}"), "busybox");
    }
    layer
}

fn program_bytes() -> Vec<u8> {
    ["/bin/busybox", "/usr/bin/busybox"]
        .iter()
        .find_map(|path| std::fs::read(path).ok())
        .expect("the tests need Debian's busybox-static")
}

/// Mode and owner of a tar entry.
#[derive(Clone, Copy)]
pub struct Attributes {
    pub mode: u32,
    pub uid: u64,
    pub gid: u64,
}

/// A layer's tar. Names are written as they are given, however wrong: the tar library would refuse them.
pub struct Layer(Builder<Vec<u8>>);

impl Default for Layer {
    fn default() -> Self {
        Self(Builder::new(Vec::new()))
    }
}

impl Layer {
    pub fn entry(&mut self, kind: EntryType, name: &str, attributes: Attributes, link: &str, data: &[u8]) -> &mut Self {
        let mut header = Header::new_ustar();
        {
            let old = header.as_old_mut();
            assert!(
                name.len() < old.name.len() && link.len() < old.linkname.len(),
                "{name} -> {link} is too long for this writer"
            );
            old.name[..name.len()].copy_from_slice(name.as_bytes());
            old.linkname[..link.len()].copy_from_slice(link.as_bytes());
        }
        header.set_entry_type(kind);
        header.set_mode(attributes.mode);
        header.set_uid(attributes.uid);
        header.set_gid(attributes.gid);
        header.set_mtime(1_600_000_000);
        header.set_size(data.len() as u64);
        header.set_cksum();
        self.0.append(&header, data).expect("append to a tar in memory");
        self
    }

    pub fn file(&mut self, name: &str, mode: u32, data: impl AsRef<[u8]>) -> &mut Self {
        self.entry(EntryType::Regular, name, Attributes { mode, uid: 0, gid: 0 }, "", data.as_ref())
    }

    pub fn folder(&mut self, name: &str, mode: u32) -> &mut Self {
        self.entry(EntryType::Directory, name, Attributes { mode, uid: 0, gid: 0 }, "", &[])
    }

    pub fn symlink(&mut self, name: &str, target: &str) -> &mut Self {
        self.entry(EntryType::Symlink, name, Attributes { mode: 0o777, uid: 0, gid: 0 }, target, &[])
    }

    pub fn hard_link(&mut self, name: &str, target: &str) -> &mut Self {
        // Mode and owner are those of the file itself: unpackers apply them again.
        self.entry(EntryType::Link, name, Attributes { mode: 0o755, uid: 0, gid: 0 }, target, &[])
    }

    /// A whiteout of `name` in `folder` ("" for the root).
    pub fn whiteout(&mut self, folder: &str, name: &str) -> &mut Self {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        self.file(&format!("{prefix}.wh.{name}"), 0o644, "")
    }

    pub fn finish(self) -> Vec<u8> {
        self.0.into_inner().expect("end a tar in memory")
    }
}

/// Makes a layer by a function, for use in expressions.
pub fn layer(fill: impl FnOnce(&mut Layer)) -> Vec<u8> {
    let mut layer = Layer::default();
    fill(&mut layer);
    layer.finish()
}

/// How a layer is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    Plain,
    Gzip,
    Zstd,
}

impl Packing {
    pub fn pack(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Plain => bytes.to_vec(),
            Self::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                encoder.write_all(bytes).expect("compress in memory");
                encoder.finish().expect("compress in memory")
            }
            Self::Zstd => zstd::encode_all(bytes, 1).expect("compress in memory"),
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Plain => "application/vnd.oci.image.layer.v1.tar",
            Self::Gzip => "application/vnd.oci.image.layer.v1.tar+gzip",
            Self::Zstd => "application/vnd.oci.image.layer.v1.tar+zstd",
        }
    }
}

/// `sha256:…` of some bytes.
pub fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", program::hex(&Sha256::digest(bytes)))
}

/// An image with its parts, ready to be written in any form.
#[derive(Clone)]
pub struct Image {
    pub name: String,
    /// Uncompressed tars, lowest first.
    pub layers: Vec<Vec<u8>>,
    pub packing: Packing,
    /// The `config` part of the image's configuration.
    pub config: Value,
}

/// A file in an archive: its name and its bytes.
pub type Entry = (String, Vec<u8>);

impl Image {
    pub fn new(name: &str, layers: Vec<Vec<u8>>) -> Self {
        Self { name: format!("localhost/{name}:latest"), layers, packing: Packing::Plain, config: json!({}) }
    }

    /// The busybox root with this configuration.
    pub fn busybox(name: &str, config: Value) -> Self {
        Self { config, ..Self::new(name, vec![busybox_layer().finish()]) }
    }

    /// The busybox root with more in a second layer.
    pub fn busybox_with(name: &str, fill: impl FnOnce(&mut Layer)) -> Self {
        Self::new(name, vec![busybox_layer().finish(), layer(fill)])
    }

    pub fn packed(mut self, packing: Packing) -> Self {
        self.packing = packing;
        self
    }

    pub fn configured(mut self, config: Value) -> Self {
        self.config = config;
        self
    }

    /// The bytes of the image's configuration.
    pub fn config_bytes(&self) -> Vec<u8> {
        let diff_ids: Vec<String> = self.layers.iter().map(|layer| digest(layer)).collect();
        let history: Vec<Value> = self.layers.iter().map(|_| json!({"created_by": "the tests"})).collect();
        json!({
            "architecture": architecture(), "os": "linux", "created": "2020-09-13T12:26:40Z",
            "config": self.config, "rootfs": {"type": "layers", "diff_ids": diff_ids}, "history": history,
        })
        .to_string()
        .into_bytes()
    }

    pub fn packed_layers(&self) -> Vec<Vec<u8>> {
        self.layers.iter().map(|layer| self.packing.pack(layer)).collect()
    }

    /// The bytes of an OCI manifest.
    pub fn manifest_bytes(&self) -> Vec<u8> {
        let config = self.config_bytes();
        let layers: Vec<Value> = self
            .packed_layers()
            .iter()
            .map(|layer| json!({"mediaType": self.packing.media_type(), "digest": digest(layer), "size": layer.len()}))
            .collect();
        json!({
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest(&config), "size": config.len()},
            "layers": layers,
        })
        .to_string()
        .into_bytes()
    }

    /// The files of an OCI layout.
    pub fn oci_entries(&self) -> Vec<Entry> {
        let manifest = self.manifest_bytes();
        let index = json!({"schemaVersion": 2, "manifests": [{
            "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest(&manifest), "size": manifest.len(),
            "annotations": {"org.opencontainers.image.ref.name": self.name},
        }]});
        let mut entries = vec![
            ("oci-layout".to_owned(), br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec()),
            ("index.json".to_owned(), index.to_string().into_bytes()),
        ];
        for blob in [vec![manifest, self.config_bytes()], self.packed_layers()].concat() {
            let name = format!("blobs/sha256/{}", &digest(&blob)["sha256:".len()..]);
            if entries.iter().all(|(known, _)| *known != name) {
                entries.push((name, blob));
            }
        }
        entries
    }

    /// The files of a `docker save` archive.
    pub fn docker_entries(&self) -> Vec<Entry> {
        let config = self.config_bytes();
        let config_name = format!("{}.json", &digest(&config)["sha256:".len()..]);
        let layers: Vec<Entry> = self
            .packed_layers()
            .into_iter()
            .zip(&self.layers)
            .map(|(packed, plain)| (format!("{}/layer.tar", &digest(plain)["sha256:".len()..]), packed))
            .collect();
        let names: Vec<&String> = layers.iter().map(|(name, _)| name).collect();
        let manifest = json!([{"Config": config_name, "RepoTags": [self.name], "Layers": names}]);
        [vec![("manifest.json".to_owned(), manifest.to_string().into_bytes()), (config_name, config)], layers].concat()
    }
}

/// Writes entries as a tar file.
pub fn write_archive(path: impl AsRef<Path>, entries: &[Entry]) {
    let mut layer = Layer::default();
    let mut folders = BTreeSet::new();
    for (name, bytes) in entries {
        for (at, _) in name.match_indices('/') {
            if folders.insert(name[..at].to_owned()) {
                layer.folder(&name[..=at], 0o755);
            }
        }
        layer.file(name, 0o644, bytes);
    }
    std::fs::write(path, layer.finish()).expect("write an archive");
}

/// Go's name of this machine.
pub fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

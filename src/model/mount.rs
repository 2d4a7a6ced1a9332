//! What is mounted into a container beside its root.

use super::ImageId;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// One mount of a container, as asked for. A field that an older row does not have gets its default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// Absolute, in the container; without `.`, `..`, doubled or trailing slashes.
    pub target: String,
    #[serde(flatten)]
    pub from: Origin,
    /// The mounts below are read-only too, unless `writable_below`.
    pub read_only: bool,
    /// With `read_only`: only the mount itself, as `bind-recursive=writable` asks.
    #[serde(default)]
    pub writable_below: bool,
    /// `private`, `rprivate` (the default), `slave`, `rslave`, `shared` or `rshared`.
    pub propagation: String,
    pub exec: bool,
    pub suid: bool,
    pub dev: bool,
    /// `U`: everything in it is given to the container's user at each start.
    #[serde(default)]
    pub chown: bool,
}

/// What is mounted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Origin {
    /// A folder or file of the host.
    Bind {
        /// Absolute.
        source: PathBuf,
        /// `rbind`: the mounts below the source come along. Podman's default.
        recursive: bool,
        /// A source that is a symbolic link is mounted itself.
        #[serde(default)]
        no_dereference: bool,
    },
    /// A folder of the host below a writable layer, which is thrown away at each start unless `upper` names a folder.
    Overlay { source: PathBuf, upper: Option<PathBuf>, work: Option<PathBuf> },
    /// A volume of the store.
    Volume {
        name: String,
        /// It was made for this container and goes with it.
        anonymous: bool,
        /// A fresh volume gets what the image has at the target.
        copy: bool,
        /// A path inside the volume.
        subpath: Option<String>,
    },
    /// The files of an image; with a writable layer of the container's unless `read_only`.
    Image {
        /// As the user named it.
        name: String,
        /// Filled in when the container is made.
        image: Option<ImageId>,
        subpath: Option<String>,
    },
    /// An empty file system in memory.
    Tmpfs {
        /// `size=1m` and the like, for the kernel.
        data: Vec<String>,
        /// What the image has at the target is copied in.
        copy: bool,
    },
    /// The same without any limit.
    Ramfs { data: Vec<String>, copy: bool },
    /// A set of pseudo terminals of its own.
    Devpts { data: Vec<String> },
}

impl Mount {
    /// A mount with the defaults: writable, `rprivate`, programs allowed, neither devices nor setuid.
    #[must_use]
    pub fn new(target: impl Into<String>, from: Origin) -> Self {
        Self {
            target: target.into(),
            from,
            read_only: false,
            writable_below: false,
            propagation: "rprivate".to_owned(),
            exec: true,
            suid: false,
            dev: false,
            chown: false,
        }
    }

    /// The volume that is mounted, where one is.
    #[must_use]
    pub fn volume(&self) -> Option<&str> {
        match &self.from {
            Origin::Volume { name, .. } => Some(name),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_come_back_from_json_as_they_were() {
        let origins = [
            Origin::Bind { source: "/a".into(), recursive: true, no_dereference: false },
            Origin::Overlay { source: "/a".into(), upper: None, work: None },
            Origin::Volume { name: "v".into(), anonymous: true, copy: true, subpath: Some("x".into()) },
            Origin::Tmpfs { data: vec!["size=1m".into()], copy: true },
            Origin::Devpts { data: Vec::new() },
        ];
        for from in origins {
            let mount = Mount::new("/x", from);
            let text = serde_json::to_string(&mount).expect("write");
            assert_eq!(serde_json::from_str::<Mount>(&text).expect(&text), mount);
        }
    }

    #[test]
    fn a_bind_of_the_first_schema_is_read_once_it_has_its_type() {
        let text = r#"{"type":"bind","source":"/a","target":"/x","read_only":true,"recursive":true,"propagation":"rslave",
            "exec":true,"suid":false,"dev":false}"#;
        let mount: Mount = serde_json::from_str(text).expect("read");
        assert_eq!(mount.from, Origin::Bind { source: "/a".into(), recursive: true, no_dereference: false });
        assert!(mount.read_only && !mount.writable_below && mount.propagation == "rslave");
    }
}

//! The Container Device Interface: what vendors write down about their devices, and what a container has to be given for one.
//!
//! A device is named `vendor/class=name`. Specs are JSON or YAML files in a few folders; of two that describe the same device that in
//! the later folder counts, and two in the same folder make it ambiguous (CDI SPEC.md, "CDI JSON specification").

use oci_spec::OciSpecError;
use oci_spec::runtime::{Mount, MountBuilder};
use serde::Deserialize;
use std::io;
use std::path::{Path, PathBuf};

/// Where specs are, besides folders of the user's.
pub const FOLDERS: [&str; 2] = ["/etc/cdi", "/var/run/cdi"];

/// Why a device is not to be had.
#[derive(Debug, thiserror::Error)]
pub enum CdiError {
    #[error("read the device specs in {}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the device spec {} cannot be read: {why}", path.display())]
    Parse { path: PathBuf, why: String },
    #[error("no spec describes the device {name} (known in {folders}: {known})")]
    Unknown { name: String, folders: String, known: String },
    #[error("no spec describes a GPU in {folders} (for NVIDIA, make one: nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml)")]
    NoGpu { folders: String },
    #[error("the device {name} is described by both {} and {}", first.display(), second.display())]
    Twice { name: String, first: PathBuf, second: PathBuf },
    #[error("the device {name} asks for {what}, which a rootless container cannot have")]
    Unsupported { name: String, what: String },
    #[error("the device {name} is shown as {node}, which you may not open")]
    Closed { name: String, node: String },
    #[error("build the mounts of the device {name}")]
    Mount {
        name: String,
        #[source]
        source: OciSpecError,
    },
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    kind: String,
    #[serde(default)]
    devices: Vec<Device>,
    #[serde(default)]
    container_edits: Edits,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Device {
    /// A name, or in some YAML a number.
    name: Name,
    #[serde(default)]
    container_edits: Edits,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Name {
    Text(String),
    Number(u64),
}

impl Name {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Edits {
    env: Vec<String>,
    device_nodes: Vec<Node>,
    mounts: Vec<Bind>,
    hooks: Vec<Hook>,
    intel_rdt: Option<serde_json::Value>,
    net_devices: Vec<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Node {
    path: PathBuf,
    host_path: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bind {
    host_path: PathBuf,
    container_path: PathBuf,
    #[serde(default)]
    options: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Hook {
    hook_name: String,
}

/// What a container is given.
#[derive(Debug, Default)]
pub struct Given {
    pub mounts: Vec<Mount>,
    /// `NAME=value`.
    pub variables: Vec<String>,
}

/// The specs of a machine.
#[derive(Debug)]
pub struct Registry {
    /// With the place of its folder among the folders.
    specs: Vec<(usize, PathBuf, Spec)>,
    folders: Vec<PathBuf>,
}

/// Tells whether a text is a device's full name and no path.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let part = |text: &str| {
        text.starts_with(|first: char| first.is_ascii_alphanumeric())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':'))
    };
    text.split_once('=')
        .is_some_and(|(kind, name)| part(name) && kind.split_once('/').is_some_and(|(vendor, class)| part(vendor) && part(class)))
}

impl Registry {
    /// Reads the specs of the usual folders and then of those given. A folder that is not there has none.
    ///
    /// # Errors
    /// A folder or a file cannot be read.
    pub fn read(more: &[PathBuf]) -> Result<Self, CdiError> {
        let folders: Vec<PathBuf> = FOLDERS.iter().map(PathBuf::from).chain(more.iter().cloned()).collect();
        let mut specs = Vec::new();
        for (place, folder) in folders.iter().enumerate() {
            let fail = |source| CdiError::Read { path: folder.clone(), source };
            let entries = match std::fs::read_dir(folder) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                other => other.map_err(fail)?,
            };
            let mut paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>().map_err(fail)?;
            paths.sort();
            for path in paths {
                let text = match path.extension().and_then(|ending| ending.to_str()) {
                    Some("json" | "yaml") => std::fs::read_to_string(&path).map_err(fail)?,
                    _ => continue,
                };
                // JSON is YAML, too.
                let spec = serde_saphyr::from_str(&text)
                    .map_err(|error| CdiError::Parse { path: path.clone(), why: first_line(&error.to_string()) })?;
                specs.push((place, path, spec));
            }
        }
        Ok(Self { specs, folders })
    }

    /// The full name of a GPU of this machine: `all`, or a number or name of one.
    ///
    /// # Errors
    /// No spec describes GPUs.
    pub fn gpu(&self, name: &str) -> Result<String, CdiError> {
        let kinds = ["nvidia.com/gpu", "amd.com/gpu"];
        let kind = kinds.into_iter().find(|kind| self.specs.iter().any(|(_, _, spec)| spec.kind == *kind));
        kind.map(|kind| format!("{kind}={name}")).ok_or_else(|| CdiError::NoGpu { folders: self.folders() })
    }

    /// Works out what a container is given for these devices. What a spec says of all its devices is given once.
    ///
    /// Additional groups are not among it: every node is one that the user may open as it is.
    ///
    /// # Errors
    /// A device is not known, or needs what cannot be.
    pub fn give(&self, names: &[String]) -> Result<Given, CdiError> {
        let mut given = Given::default();
        let mut used: Vec<&Path> = Vec::new();
        for name in names {
            let (path, spec, device) = self.find(name)?;
            add(&mut given, name, &device.container_edits)?;
            if !used.contains(&path) {
                used.push(path);
                add(&mut given, name, &spec.container_edits)?;
            }
        }
        Ok(given)
    }

    fn find(&self, name: &str) -> Result<(&Path, &Spec, &Device), CdiError> {
        let fits = |spec: &Spec, device: &Device| name == format!("{}={}", spec.kind, device.name.text());
        let mut found: Vec<(usize, &Path, &Spec, &Device)> = Vec::new();
        for (place, path, spec) in &self.specs {
            found.extend(
                spec.devices.iter().filter(|device| fits(spec, device)).map(|device| (*place, path.as_path(), spec, device)),
            );
        }
        let last = found.iter().map(|(place, ..)| *place).max();
        found.retain(|(place, ..)| Some(*place) == last);
        match found[..] {
            [(_, path, spec, device)] => Ok((path, spec, device)),
            [(_, first, ..), (_, second, ..), ..] => {
                Err(CdiError::Twice { name: name.to_owned(), first: first.to_owned(), second: second.to_owned() })
            }
            [] => {
                let of_spec =
                    |spec: &Spec| spec.devices.iter().map(|one| format!("{}={}", spec.kind, one.name.text())).collect::<Vec<_>>();
                let known: Vec<String> = self.specs.iter().flat_map(|(_, _, spec)| of_spec(spec)).collect();
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                Err(CdiError::Unknown { name: name.to_owned(), folders: self.folders(), known })
            }
        }
    }

    fn folders(&self) -> String {
        self.folders.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(", ")
    }
}

fn add(given: &mut Given, name: &str, edits: &Edits) -> Result<(), CdiError> {
    let refused = |what: &str| CdiError::Unsupported { name: name.to_owned(), what: what.to_owned() };
    if let Some(hook) = edits.hooks.first() {
        return Err(refused(&format!("a program that runs outside of it while it is made (a {} hook)", hook.hook_name)));
    }
    if edits.intel_rdt.is_some() || !edits.net_devices.is_empty() {
        return Err(refused("a share of the cache or a network device of the host"));
    }
    for node in &edits.device_nodes {
        let source = node.host_path.as_ref().unwrap_or(&node.path);
        if !super::spec::devices::may_open(source) {
            return Err(CdiError::Closed { name: name.to_owned(), node: source.display().to_string() });
        }
        given.mounts.push(bind(name, source, &node.path, &["bind", "rprivate", "nosuid", "noexec"].map(str::to_owned))?);
    }
    for mount in &edits.mounts {
        let mut options = mount.options.clone();
        if !options.iter().any(|option| option == "bind" || option == "rbind") {
            options.push("bind".to_owned());
        }
        given.mounts.push(bind(name, &mount.host_path, &mount.container_path, &options)?);
    }
    given.variables.extend(edits.env.iter().cloned());
    Ok(())
}

fn bind(name: &str, source: &Path, target: &Path, options: &[String]) -> Result<Mount, CdiError> {
    let mount = MountBuilder::default().destination(target).typ("bind").source(source).options(options.to_vec()).build();
    mount.map_err(|source| CdiError::Mount { name: name.to_owned(), source })
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const YAML: &str = "cdiVersion: 0.5.0\nkind: vendor.com/class\ncontainerEdits:\n  env: [ALL=1]\ndevices:\n- name: 0\n  \
        containerEdits:\n    deviceNodes:\n    - path: /dev/thing\n      hostPath: /dev/null\n    mounts:\n    - hostPath: /usr/lib\n      \
        containerPath: /opt/lib\n      options: [ro, nosuid]\n- name: shut\n  containerEdits:\n    hooks:\n    - hookName: createContainer\n      path: /x\n";

    fn registry(files: &[(&str, &str)]) -> (tempfile::TempDir, Result<Registry, CdiError>) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let registry = Registry::read(&[folder.path().to_owned()]);
        (folder, registry)
    }

    #[test]
    fn names_are_no_paths() {
        for (text, wanted) in [
            ("nvidia.com/gpu=all", true),
            ("vendor.com/class=0:1", true),
            ("/dev/fuse", false),
            ("/dev/a=b", false),
            ("vendor.com/class", false),
            ("vendor.com/=x", false),
        ] {
            assert_eq!(is_name(text), wanted, "{text}");
        }
    }

    #[test]
    fn a_device_brings_nodes_mounts_and_variables() {
        let json =
            r#"{"cdiVersion":"0.5.0","kind":"nvidia.com/gpu","devices":[{"name":"all","containerEdits":{"env":["GPU=all"]}}]}"#;
        let (_folder, registry) = registry(&[("a.yaml", YAML), ("b.json", json), ("c.txt", "no spec")]);
        let registry = registry.unwrap();
        let given = registry.give(&["vendor.com/class=0".to_owned(), registry.gpu("all").unwrap()]).unwrap();
        let targets: Vec<String> = given.mounts.iter().map(|mount| mount.destination().display().to_string()).collect();
        assert_eq!(targets, ["/dev/thing", "/opt/lib"]);
        assert_eq!(given.variables, ["ALL=1", "GPU=all"]);
        assert!(given.mounts[1].options().as_ref().unwrap().contains(&"ro".to_owned()));
    }

    #[test]
    fn what_cannot_be_is_said() {
        let (_folder, known) = registry(&[("a.yaml", YAML)]);
        let known = known.unwrap();
        for (name, word) in [("vendor.com/class=9", "vendor.com/class=0"), ("vendor.com/class=shut", "createContainer")] {
            let error = known.give(&[name.to_owned()]).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
        assert!(matches!(known.gpu("all"), Err(CdiError::NoGpu { .. })));
        let (_folder, twice) = registry(&[("a.yaml", YAML), ("b.yaml", YAML)]);
        assert!(matches!(twice.unwrap().give(&["vendor.com/class=0".to_owned()]), Err(CdiError::Twice { .. })));
        let (_folder, broken) = registry(&[("a.yaml", "kind: [")]);
        assert!(matches!(broken, Err(CdiError::Parse { .. })));
    }
}

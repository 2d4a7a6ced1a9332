//! Which controllers a cgroup has, enabling them for its children, and where one that is missing gets lost.

use super::{CgroupError, control, delegate};
use std::fmt;
use std::path::{Path, PathBuf};

/// A controller that a cgroup does not have, and the place where it gets lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lacking {
    controller: String,
    place: Place,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// The kernel was not built with it, or it was switched off.
    Kernel,
    /// It is in use by cgroup v1.
    VersionOne,
    /// Lost on the way to the user's manager, in this cgroup.
    System(PathBuf),
    /// Lost below it, or on a machine without one.
    Unit(PathBuf),
}

impl fmt::Display for Lacking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.controller;
        match &self.place {
            Place::Kernel => {
                write!(f, "this kernel has no cgroup controller {name:?} (is it switched off by cgroup_disable= at boot?)")
            }
            Place::VersionOne => write!(
                f,
                "the cgroup controller {name:?} is in use by cgroup v1 here (boot with systemd.unified_cgroup_hierarchy=1)"
            ),
            Place::System(path) => write!(
                f,
                "the cgroup controller {name:?} is not delegated to you: it ends at {} (as root, write \"[Service]\" and \
                 \"Delegate=cpu cpuset io memory pids\", each a line, to /etc/systemd/system/user@.service.d/delegate.conf, then run \
                 `systemctl daemon-reload` and log in again)",
                path.display()
            ),
            Place::Unit(path) => write!(
                f,
                "the cgroup controller {name:?} is not delegated to this process: it ends at {} (start coracle in a unit with \
                 Delegate=yes, or by `systemd-run --user --scope -p Delegate=yes`)",
                path.display()
            ),
        }
    }
}

/// The controllers that a cgroup has itself.
pub(super) fn available(path: &Path) -> Vec<String> {
    words(&path.join("cgroup.controllers"))
}

/// The controllers that its children have.
pub(super) fn enabled(path: &Path) -> Vec<String> {
    words(&path.join("cgroup.subtree_control"))
}

fn words(path: &Path) -> Vec<String> {
    std::fs::read_to_string(path).unwrap_or_default().split_whitespace().map(str::to_owned).collect()
}

/// Gives the children these controllers.
///
/// # Errors
/// The kernel refuses; `EBUSY` where the cgroup holds processes itself.
pub(super) fn enable<'a>(path: &Path, names: impl IntoIterator<Item = &'a str>) -> Result<(), CgroupError> {
    let has = enabled(path);
    let names: Vec<&str> = names.into_iter().filter(|name| !has.iter().any(|known| known == name)).collect();
    if names.is_empty() {
        return Ok(());
    }
    let line = names.iter().map(|name| format!("+{name}")).collect::<Vec<_>>().join(" ");
    control::write(path, "cgroup.subtree_control", &line).map_err(|source| CgroupError::Enable {
        names: names.join(", "),
        path: path.to_owned(),
        source,
    })
}

/// Finds out where `controller` gets lost on the way from the root to the cgroup `path`, which does not have it.
pub(super) fn lacking(controller: &str, path: &Path) -> Lacking {
    let root = delegate::mount_point().unwrap_or(Path::new("/sys/fs/cgroup"));
    let old = std::fs::read_to_string("/proc/cgroups").unwrap_or_default();
    Lacking { controller: controller.to_owned(), place: place(controller, path, root, &old) }
}

fn place(controller: &str, path: &Path, root: &Path, old: &str) -> Place {
    let lacks = |folder: &Path| !available(folder).iter().any(|name| name == controller);
    if lacks(root) {
        return if in_version_one(controller, old) { Place::VersionOne } else { Place::Kernel };
    }
    let relative = path.strip_prefix(root).unwrap_or(path);
    let mut parent = root.to_owned();
    for part in relative.components() {
        let folder = parent.join(part);
        if lacks(&folder) {
            break;
        }
        parent = folder;
    }
    let of_user = |part: &str| part.starts_with("user@") && part.ends_with(".service");
    let under_manager = path.components().any(|part| part.as_os_str().to_str().is_some_and(of_user));
    let beyond_manager = parent.components().any(|part| part.as_os_str().to_str().is_some_and(of_user));
    if under_manager && !beyond_manager { Place::System(parent) } else { Place::Unit(parent) }
}

/// Reads `/proc/cgroups`: name, hierarchy, number of cgroups, enabled. Hierarchy 0 is v2's, or none.
pub(super) fn in_version_one(controller: &str, text: &str) -> bool {
    // The names of v1 where they differ.
    let name = if controller == "io" { "blkio" } else { controller };
    text.lines().any(|line| {
        let mut fields = line.split_whitespace();
        fields.next() == Some(name) && fields.next().is_some_and(|hierarchy| hierarchy != "0")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(levels: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, controllers) in levels {
            std::fs::create_dir_all(root.path().join(path)).unwrap();
            std::fs::write(root.path().join(path).join("cgroup.controllers"), controllers).unwrap();
        }
        root
    }

    #[test]
    fn the_level_that_loses_a_controller_is_found() {
        let manager = "user.slice/user-5.slice/user@5.service";
        let scope = format!("{manager}/app.slice/x.scope");
        let root = tree(&[
            ("", "cpu memory pids cpuset\n"),
            ("user.slice", "cpu memory pids cpuset\n"),
            ("user.slice/user-5.slice", "cpu memory pids\n"),
            (manager, "memory pids\n"),
            (&format!("{manager}/app.slice"), "memory pids\n"),
            (&scope, "pids\n"),
        ]);
        let found = |name: &str| place(name, &root.path().join(&scope), root.path(), "cpu 3 1 1\nrdma 0 1 1\nblkio 4 1 1\n");
        assert_eq!(found("cpuset"), Place::System(root.path().join("user.slice")));
        assert_eq!(found("cpu"), Place::System(root.path().join("user.slice/user-5.slice")));
        assert_eq!(found("memory"), Place::Unit(root.path().join(manager).join("app.slice")));
        assert_eq!(found("rdma"), Place::Kernel);
        assert_eq!(found("io"), Place::VersionOne);
    }

    #[test]
    fn only_what_is_missing_is_enabled() {
        let root = tree(&[("", "cpu memory pids\n")]);
        let file = root.path().join("cgroup.subtree_control");
        std::fs::write(&file, "memory\n").unwrap();
        enable(root.path(), ["memory"]).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "memory\n");
        std::fs::write(&file, "memory").unwrap();
        enable(root.path(), ["cpu", "memory", "pids"]).unwrap();
        // A plain file keeps what was there behind what is written.
        assert!(std::fs::read_to_string(&file).unwrap().starts_with("+cpu +pids"));
    }

    #[test]
    fn the_message_names_the_mend() {
        let text = Lacking { controller: "cpuset".into(), place: Place::System("/x".into()) }.to_string();
        assert!(text.contains("user@.service.d") && text.contains("\"cpuset\"") && text.contains("/x"), "{text}");
    }
}

//! Paths that a container or an image controls are touched by way of a root's descriptor only, and mounts go from descriptor to
//! descriptor. The modules that do so name no path of the host's file system but those that are listed here, each with its reason.

use crate::source::sources;

/// The modules: whole folders end in a slash.
const MODULES: [&str; 25] = [
    "src/runtime/accounts.rs",
    "src/runtime/binds.rs",
    "src/runtime/everyone.rs",
    "src/runtime/exec.rs",
    "src/runtime/init.rs",
    "src/runtime/limits.rs",
    "src/runtime/mounts.rs",
    "src/runtime/outside.rs",
    "src/runtime/process.rs",
    "src/runtime/rootfs.rs",
    "src/runtime/secrets.rs",
    "src/runtime/terminal.rs",
    "src/runtime/users.rs",
    "src/runtime/view.rs",
    "src/runtime/volume.rs",
    "src/engine/container/copy/",
    "src/engine/container/diff.rs",
    "src/engine/container/export.rs",
    "src/engine/container/size.rs",
    "src/storage/diff.rs",
    "src/storage/extract/",
    "src/storage/pack/",
    "src/storage/shifted/inode.rs",
    "src/storage/shifted/merge.rs",
    "src/storage/unpack/",
];

/// What opens, makes, changes or mounts by a path. (`File::from` takes a descriptor and is none of it.)
const BY_PATH: [&str; 24] = [
    "std::fs::read",
    "std::fs::write",
    "std::fs::create",
    "std::fs::remove",
    "std::fs::rename",
    "std::fs::copy",
    "std::fs::metadata",
    "std::fs::symlink_metadata",
    "std::fs::set_permissions",
    "std::fs::canonicalize",
    "std::fs::hard_link",
    "std::os::unix::fs::symlink",
    "std::os::unix::fs::chown",
    "fs::OpenOptions",
    "fs::DirBuilder",
    "File::open",
    "File::create",
    "rustix::fs::open(",
    "CWD",
    "clone_tree(",
    "rustix::mount::mount",
    "mount_bind(",
    "nix::mount",
    ".exists()",
];

/// Where a path is named all the same: the file, a part of the line, and why nobody in a container has a say in it.
const ALLOWED: &[(&str, &str, &str)] = &[
    ("src/runtime/binds.rs", "rustix::fs::open(*path", "the user's own folders, opened before anything of the container runs"),
    ("src/runtime/binds.rs", "rustix::fs::open(scratch", "a folder of ours"),
    ("src/runtime/binds.rs", "rustix::fs::open(source", "the source of a mount, which the user names"),
    ("src/runtime/mounts.rs", "Path::new(\"\"), true)", "the host's own /sys, /proc and cgroups, before the pivot"),
    ("src/runtime/mounts.rs", "Path::new(\"\").join(name)", "a device of the host; it is looked at before it is mounted"),
    ("src/runtime/mounts.rs", "rustix::fs::open(\"\", OFlags::PATH", "the root itself"),
    ("src/runtime/outside.rs", "openat2(rustix::fs::CWD, path", "two fixed paths in another container, without links"),
    ("src/runtime/outside.rs", "rustix::fs::open(upper", "the folder of the container in our store, without links"),
    ("src/runtime/rootfs.rs", "rustix::fs::open(target", "the folder of the container in our store, without links"),
    ("src/runtime/rootfs.rs", "mount::clone_tree(folder, true)", "the folder that --rootfs names"),
    ("src/runtime/view.rs", "rustix::fs::open(\"\", OFlags::PATH", "the root itself"),
    ("src/runtime/view.rs", "rustix::fs::open(overlay.base.join(only)", "a layer in our store"),
    ("src/runtime/view.rs", "mount::clone_tree(Path::new(only)", "a layer in our store"),
    ("src/runtime/view.rs", "rustix::fs::open(target", "a folder of ours to mount on"),
    ("src/runtime/volume.rs", "rustix::fs::open(folder", "the folder of a volume in our store"),
    ("src/engine/container/copy/destination.rs", "rustix::fs::open(path", "the side of the host"),
    ("src/engine/container/copy/destination.rs", "std::fs::", "the side of the host"),
    ("src/engine/container/copy/source.rs", "rustix::fs::open(&self.path", "the side of the host"),
    ("src/engine/container/copy/source.rs", "rustix::fs::open(folder", "the side of the host"),
    ("src/engine/container/copy/source.rs", "std::fs::canonicalize(&self.path)", "the side of the host"),
    ("src/engine/container/diff.rs", "rustix::fs::open(top", "the top of a layer in our store"),
    ("src/engine/container/size.rs", "rustix::fs::open(top", "the top of a layer in our store"),
    ("src/storage/shifted/merge.rs", "rustix::fs::openat(CWD, path, FOLDER", "the tops of layers in our store"),
    ("src/storage/unpack/metadata.rs", "std::fs::read_to_string(\"\")", "the kernel's"),
    ("src/storage/unpack/owner.rs", "std::fs::read_to_string(path)", "the kernel's"),
];

#[test]
fn paths_of_containers_go_through_a_root() {
    let mut used = vec![false; ALLOWED.len()];
    let mut found = Vec::new();
    for module in MODULES {
        assert!(sources().iter().any(|source| source.path.starts_with(module)), "there is no {module} any more");
    }
    for source in sources().iter().filter(|source| MODULES.iter().any(|module| source.path.starts_with(module))) {
        if source.path.ends_with("/tests.rs") {
            continue;
        }
        let tests = source.text.lines().position(|line| line.starts_with("#[cfg(test)]")).unwrap_or(usize::MAX);
        for line in source.code().take_while(|line| line.number <= tests) {
            let by_path = BY_PATH.iter().any(|needle| {
                line.code
                    .match_indices(needle)
                    .any(|(at, _)| !line.code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_'))
            });
            if !by_path || line.code.trim_start().starts_with("use ") {
                continue;
            }
            match ALLOWED.iter().position(|(path, part, _)| source.path == *path && line.code.contains(part)) {
                Some(at) => used[at] = true,
                None => found.push(format!("{}:{}: {}", source.path, line.number, line.code.trim())),
            }
        }
    }
    assert!(
        found.is_empty(),
        "a path that a container may control goes through SafeRoot (src/sys/root.rs):\n{}",
        found.join("\n")
    );
    let stale: Vec<_> = ALLOWED.iter().zip(used).filter(|(_, used)| !used).map(|(allowed, _)| allowed).collect();
    assert!(stale.is_empty(), "allowed and not there any more: {stale:#?}");
}

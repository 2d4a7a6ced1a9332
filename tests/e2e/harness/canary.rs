//! A tree outside of every container that must stay exactly as it is.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

/// The tree and what it looked like.
pub struct Canary {
    path: PathBuf,
    before: BTreeMap<PathBuf, String>,
}

impl Canary {
    /// Makes the tree: a file, a folder with a file, a private file, a link.
    pub fn new(path: PathBuf) -> Self {
        std::fs::create_dir_all(path.join("folder")).expect("make the canary");
        for (name, mode) in [("file", 0o644), ("secret", 0o600), ("folder/inner", 0o644), ("null", 0o644)] {
            std::fs::write(path.join(name), format!("canary {name}\n")).expect("write the canary");
            std::fs::set_permissions(path.join(name), std::fs::Permissions::from_mode(mode)).expect("set a mode");
        }
        symlink("file", path.join("link")).expect("make a link");
        let before = fingerprint(&path);
        Self { path, before }
    }

    /// The tree's path as text.
    pub fn text(&self) -> String {
        self.path.to_string_lossy().into_owned()
    }

    /// The path of something in the tree, as text.
    pub fn at(&self, name: &str) -> String {
        self.path.join(name).to_string_lossy().into_owned()
    }

    /// Asserts that nothing changed.
    #[track_caller]
    pub fn assert_unchanged(&self) {
        let now = fingerprint(&self.path);
        assert!(self.before == now, "the canary changed: {:#?} is now {now:#?}", self.before);
    }
}

fn fingerprint(path: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    visit(path, &mut found);
    found
}

fn visit(path: &Path, found: &mut BTreeMap<PathBuf, String>) {
    let meta = std::fs::symlink_metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut text = format!(
        "mode {:o} owner {}:{} size {} mtime {}.{}",
        meta.mode(),
        meta.uid(),
        meta.gid(),
        meta.len(),
        meta.mtime(),
        meta.mtime_nsec()
    );
    if meta.is_symlink() {
        let target = std::fs::read_link(path).expect("read a link");
        let _ = write!(text, " -> {}", target.display());
    } else if meta.is_file() {
        let _ = write!(text, " sha256 {}", super::program::sha256(path));
    }
    found.insert(path.to_owned(), text);
    if meta.is_dir() {
        for entry in std::fs::read_dir(path).expect("read a folder").flatten() {
            visit(&entry.path(), found);
        }
    }
}

//! storage.conf (containers-storage.conf(5)), as far as it speaks of us: where the store is, and how layers are stacked.
//!
//! ```text
//! $CONTAINERS_STORAGE_CONF, else ~/.config/containers/storage.conf      the user's: driver, graphroot, runroot, mount_program
//! else /etc/containers/storage.conf, /usr/share/containers/storage.conf  the system's: the same but for the two folders, which are
//!                                                                        root's; rootless_storage_path in their place
//! ```
//! `STORAGE_DRIVER`, `STORAGE_OPTS` and the options of the command line go before the files. A folder that the file names is shared with
//! other tools, so we use a folder `coracle` in it; `--root` and `--runroot` name ours.

use super::paths::{PathsError, home};
use super::registries::ConfigError;
use super::{Places, env};
use serde::Deserialize;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// How layers shall be stacked, where somebody says so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// `overlay` or `vfs`.
    pub driver: Option<String>,
    /// The program that stacks layers in the kernel's place.
    pub program: Option<PathBuf>,
    /// The file that was read for it.
    pub file: Option<PathBuf>,
}

/// What the command line says.
#[derive(Clone, Debug, Default)]
pub struct Given {
    pub root: Option<PathBuf>,
    pub runroot: Option<PathBuf>,
    pub driver: Option<String>,
    /// `KEY=VALUE`.
    pub options: Vec<String>,
}

/// Set once, before anything is opened.
static GIVEN: OnceLock<Given> = OnceLock::new();

/// Takes down what the command line says; for the process as a whole.
pub fn give(given: Given) {
    let _ = GIVEN.set(given);
}

/// What all of it comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StorageConf {
    pub data: Option<PathBuf>,
    pub run: Option<PathBuf>,
    pub wanted: Wanted,
}

/// Why there is no telling where the store is.
#[derive(Debug, thiserror::Error)]
pub enum StorageConfError {
    #[error(transparent)]
    File(#[from] ConfigError),
    #[error("the storage driver {name:?} is not one of ours (they are overlay and vfs; {from} asks for it)")]
    Driver { name: String, from: String },
    #[error("the storage option {option:?} is not known (there are overlay.mount_program=PATH and overlay.ignore_chown_errors)")]
    Option { option: String },
}

/// The file as it is written. What is not known is left alone: it speaks of other tools' folders.
#[derive(Default, Deserialize)]
#[serde(default)]
struct File {
    storage: Storage,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Storage {
    driver: String,
    graphroot: String,
    runroot: String,
    rootless_storage_path: String,
    options: Options,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Options {
    mount_program: String,
    overlay: Overlay,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Overlay {
    mount_program: String,
}

impl StorageConf {
    /// Reads the file that counts, the variables and what the command line says.
    ///
    /// # Errors
    /// The file cannot be read or is wrong, or something wanted is not ours to give.
    pub fn load(places: &Places) -> Result<Self, StorageConfError> {
        let given = GIVEN.get_or_init(Given::default);
        let mut conf = Self::default();
        let own = env::var_os("CONTAINERS_STORAGE_CONF").map(PathBuf::from);
        for (path, is_ours) in own.map_or_else(|| places.storage_files(), |path| vec![(path, true)]) {
            match std::fs::read_to_string(&path) {
                Ok(text) => {
                    conf = Self::parse(&path, &text, is_ours)?;
                    break;
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(ConfigError::Read { path, source }.into()),
            }
        }
        conf.driver(given.driver.clone().or_else(|| env::var("STORAGE_DRIVER")), "the command line or STORAGE_DRIVER")?;
        let variable = env::var("STORAGE_OPTS").unwrap_or_default();
        let variable = variable.split(',').filter(|option| !option.is_empty());
        for option in variable.chain(given.options.iter().map(String::as_str)) {
            conf.option(option)?;
        }
        conf.data = given.root.clone().or(conf.data);
        conf.run = given.runroot.clone().or(conf.run);
        Ok(conf)
    }

    fn parse(path: &Path, text: &str, is_ours: bool) -> Result<Self, StorageConfError> {
        let file: File =
            toml::from_str(text).map_err(|source| ConfigError::Toml { path: path.to_owned(), source: Box::new(source) })?;
        let Storage { driver, graphroot, runroot, rootless_storage_path, options } = file.storage;
        let folder = |text: String| (!text.is_empty()).then(|| PathBuf::from(expand(&text)).join("coracle"));
        let mut conf = Self::default();
        conf.wanted.file = Some(path.to_owned());
        conf.data = if is_ours { folder(graphroot) } else { None }.or_else(|| folder(rootless_storage_path));
        conf.run = if is_ours { folder(runroot) } else { None };
        conf.driver(Some(driver), &path.to_string_lossy())?;
        let program = [options.overlay.mount_program, options.mount_program].into_iter().find(|program| !program.is_empty());
        conf.wanted.program = program.map(|program| PathBuf::from(expand(&program)));
        Ok(conf)
    }

    fn driver(&mut self, name: Option<String>, from: &str) -> Result<(), StorageConfError> {
        match name.filter(|name| !name.is_empty()) {
            Some(name) if ["overlay", "vfs"].contains(&name.as_str()) => self.wanted.driver = Some(name),
            Some(name) => return Err(StorageConfError::Driver { name, from: from.to_owned() }),
            None => {}
        }
        Ok(())
    }

    fn option(&mut self, option: &str) -> Result<(), StorageConfError> {
        match option.split_once('=') {
            Some(("overlay.mount_program" | "mount_program" | ".mount_program", "")) => self.wanted.program = None,
            Some(("overlay.mount_program" | "mount_program" | ".mount_program", path)) => self.wanted.program = Some(path.into()),
            // Owners that cannot be kept are replaced in any case.
            Some(("overlay.ignore_chown_errors" | "ignore_chown_errors" | ".ignore_chown_errors", _)) => {}
            _ => return Err(StorageConfError::Option { option: option.to_owned() }),
        }
        Ok(())
    }
}

/// Fills in `$HOME`, `$USER` and `$UID`.
fn expand(text: &str) -> String {
    // The home folder may have to be looked up.
    if !text.contains('$') {
        return text.to_owned();
    }
    let uid = rustix::process::getuid().as_raw();
    let home = home(uid).map(|home| home.to_string_lossy().into_owned()).unwrap_or_default();
    let user = env::var("USER").unwrap_or_else(|| uid.to_string());
    text.replace("$HOME", &home).replace("$USER", &user).replace("$UID", &uid.to_string())
}

impl From<StorageConfError> for PathsError {
    fn from(source: StorageConfError) -> Self {
        Self::Storage(Box::new(source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_file_says_where_and_the_systems_only_by_its_rootless_path() {
        let text = "[storage]\ndriver = \"overlay\"\ngraphroot = \"/g\"\nrunroot = \"/r\"\nrootless_storage_path = \"/l/$UID\"\n\
                    [storage.options]\nsize = \"\"\n[storage.options.overlay]\nmount_program = \"/usr/bin/fuse-overlayfs\"\n";
        let path = Path::new("/f");
        let ours = StorageConf::parse(path, text, true).expect("good");
        assert_eq!((ours.data.as_deref(), ours.run.as_deref()), (Some(Path::new("/g/coracle")), Some(Path::new("/r/coracle"))));
        assert_eq!(ours.wanted.program.as_deref(), Some(Path::new("/usr/bin/fuse-overlayfs")));
        let theirs = StorageConf::parse(path, text, false).expect("good");
        let uid = rustix::process::getuid().as_raw();
        assert_eq!((theirs.data, theirs.run), (Some(PathBuf::from(format!("/l/{uid}/coracle"))), None));
    }

    #[test]
    fn what_is_not_ours_to_give_is_refused() {
        let error = StorageConf::parse(Path::new("/f"), "[storage]\ndriver = \"btrfs\"\n", true).expect_err("btrfs");
        assert!(error.to_string().contains("btrfs"), "{error}");
        let mut conf = StorageConf::default();
        conf.option("overlay.mount_program=/p").expect("known");
        assert_eq!(conf.wanted.program.as_deref(), Some(Path::new("/p")));
        conf.option("overlay.size=10G").expect_err("not known");
    }
}

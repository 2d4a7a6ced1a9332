//! The use cases of an OCI runtime, for other engines and for those who have a bundle.
//!
//! ```text
//! <root>/<id>/                $XDG_RUNTIME_DIR/coracle/oci/<id>, mode 0700
//!   state.json                who it is and which process is its init; appears by rename when the container is created
//!   config.json               the configuration as it was then
//!   start                     the socket on which a created container waits
//! ```
//!
//! The folder's flock is held by whoever creates, starts or deletes. A folder without `state.json` whose lock is free is what a killed
//! `create` has left, and the next `create` of that id takes it away. How a container fares is asked of the kernel each time.

mod attend;
mod create;
mod delete;
mod error;
mod exec;
mod features;
mod kill;
mod listener;
mod notify;
mod pause;
mod processes;
mod record;
mod start;
mod template;
mod update;

pub use create::{CreateRequest, Made};
pub use error::OciError;
pub use exec::{Asked, ExecRequest};
pub use features::features;
pub use record::{Container, Status};
pub use template::template;
pub use update::Wanted;

use std::os::fd::OwnedFd;
use std::path::PathBuf;

/// The newest version of the runtime specification that is known here.
pub const SPEC_VERSION: &str = "1.3.0";

/// An OCI runtime with its containers.
#[derive(Debug)]
pub struct Runtime {
    /// Where the containers' folders are.
    root: PathBuf,
    /// Cgroups are systemd's to make.
    systemd: bool,
    /// Containers have cgroups at all.
    cgroups: bool,
}

impl Runtime {
    /// The runtime whose containers are recorded in `root`. With `systemd` their cgroups are made by that, and with `cgroups` false
    /// there are none.
    #[must_use]
    pub fn at(root: PathBuf, systemd: bool, cgroups: bool) -> Self {
        Self { root, systemd, cgroups }
    }

    /// The folder of a container.
    ///
    /// # Errors
    /// The id is none.
    fn folder(&self, id: &str) -> Result<PathBuf, OciError> {
        let is_good = |letter: char| letter.is_ascii_alphanumeric() || "_+-.".contains(letter);
        if id.is_empty() || id.len() > 255 || id.starts_with('.') || !id.chars().all(is_good) {
            return Err(OciError::BadId { id: id.to_owned() });
        }
        Ok(self.root.join(id))
    }

    /// All containers, by id.
    #[must_use]
    pub fn list(&self) -> Vec<Container> {
        let entries = std::fs::read_dir(&self.root).into_iter().flatten().flatten();
        let mut all: Vec<Container> = entries.filter_map(|entry| Container::read(&entry.path()).ok().flatten()).collect();
        all.sort_by(|a, b| a.record.id.cmp(&b.record.id));
        all
    }

    /// A container.
    ///
    /// # Errors
    /// There is none with this id.
    pub fn container(&self, id: &str) -> Result<Container, OciError> {
        let folder = self.folder(id)?;
        Container::read(&folder)?.ok_or_else(|| OciError::NoSuch { id: id.to_owned() })
    }

    /// A container as it is under its lock.
    ///
    /// # Errors
    /// There is none with this id, or not any more.
    fn locked(&self, id: &str) -> Result<(Container, OwnedFd), OciError> {
        let lock = self.container(id)?.lock()?;
        Ok((self.container(id)?, lock))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn an_id_is_one_name_of_a_file() {
        let runtime = Runtime::at(PathBuf::from("/r"), false, true);
        for id in ["a", "A-b_c.d+1", "0123456789abcdef"] {
            assert_eq!(runtime.folder(id).unwrap(), Path::new("/r").join(id));
        }
        let long = "a".repeat(256);
        for id in ["", ".", "..", ".a", "a/b", "a b", "a\nb", "ä", long.as_str()] {
            assert!(matches!(runtime.folder(id), Err(OciError::BadId { .. })), "{id:?}");
        }
    }
}

//! Mounts that show other owners than the files have (config.md "uidMappings" of mounts; Linux 5.12).

use crate::model::IdMap;
use crate::model::IdRange;
use crate::model::idmap::Ranges;
use crate::runtime::birth::{self, UserNamespace};
use crate::runtime::message::{Failure, Stage};
use crate::sys::clone::{self, CloneFlags};
use crate::sys::{fd, mount};
use oci_spec::runtime::{LinuxIdMapping, Mount};
use std::fs::File;
use std::io::Read as _;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

/// Maps the owners of a detached mount where its options or mappings ask for that; `recursive` is the option's.
pub(super) fn apply(tree: BorrowedFd<'_>, one: &Mount, id_map: Option<bool>, name: &str) -> Result<(), Failure> {
    let Some(recursive) = id_map else { return Ok(()) };
    let fail = || Failure::at(Stage::IdMappedMount, name.to_owned());
    let (uids, gids) = (one.uid_mappings().as_deref().unwrap_or_default(), one.gid_mappings().as_deref().unwrap_or_default());
    let namespace: OwnedFd = if uids.is_empty() && gids.is_empty() {
        File::open("/proc/self/ns/user").map_err(fail())?.into()
    } else {
        namespace_of(&IdMap { uids: ranges(uids, name)?, gids: ranges(gids, name)? }, name)?
    };
    mount::set_id_map(tree, namespace.as_fd(), recursive).map_err(fail())
}

/// The mappings of a configuration as ours.
pub(super) fn ranges(list: &[LinuxIdMapping], name: &str) -> Result<Ranges, Failure> {
    let one = |map: &LinuxIdMapping| IdRange { inside: map.container_id(), outside: map.host_id(), count: map.size() };
    Ranges::new(list.iter().map(one).collect()).map_err(|error| Failure::text(Stage::User, format!("{name}: {error}")))
}

/// A user namespace that is there only for its map.
fn namespace_of(map: &IdMap, name: &str) -> Result<OwnedFd, Failure> {
    let fail = || Failure::at(Stage::IdMappedMount, name.to_owned());
    let (wait, go) = fd::pipe().map_err(fail())?;
    let (done, hold) = fd::pipe().map_err(fail())?;
    let mut hold = Some(hold);
    let child = clone::spawn(CloneFlags::NEWUSER, None, || {
        hold.take();
        // Until the other end is closed; of `wait` nothing is read.
        let _ = &wait;
        i32::from(File::from(done).read_exact(&mut [0]).is_ok())
    })
    .map_err(fail())?;
    let namespace = UserNamespace { map: map.clone(), joined: false, root: (0, 0) };
    let written = birth::write_maps(&namespace, child.pid, go);
    let opened = File::open(format!("/proc/{}/ns/user", child.pid)).map_err(fail());
    drop(hold);
    let _ = child.wait();
    written?;
    Ok(opened?.into())
}

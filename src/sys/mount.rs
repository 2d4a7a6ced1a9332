//! Mounts, from descriptor to descriptor: the mount API of Linux 5.2 and `mount_setattr` of 5.12.

use rustix::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, StatxFlags};
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MoveMountFlags, OpenTreeFlags, UnmountFlags, fsconfig_create, fsconfig_set_flag,
    fsconfig_set_string, fsmount, fsopen, move_mount, open_tree,
};
use std::io;
use std::path::Path;

/// Attributes of a mount (`MOUNT_ATTR_*`).
pub type Attributes = MountAttrFlags;

/// A parameter of a new file system: a flag, or a name and a value.
#[derive(Clone, Copy, Debug)]
pub enum Parameter<'a> {
    Flag(&'a str),
    Value(&'a str, &'a str),
}

/// Struct `mount_attr` of linux/mount.h (32 bytes).
#[repr(C)]
#[derive(Default)]
struct MountAttr {
    attr_set: u64,
    attr_clr: u64,
    propagation: u64,
    userns_fd: u64,
}

/// Makes a file system and a detached mount of it.
///
/// # Errors
/// The kernel does not have the type, refuses a parameter, or refuses it in this user namespace.
pub fn new_filesystem(kind: &str, parameters: &[Parameter<'_>], attributes: Attributes) -> io::Result<OwnedFd> {
    new_filesystem_from(kind, kind, parameters, attributes)
}

/// The same for a file system with a source: a device, or a name that only `/proc/mounts` shows.
///
/// # Errors
/// As for [`new_filesystem`].
pub fn new_filesystem_from(
    kind: &str,
    source: &str,
    parameters: &[Parameter<'_>],
    attributes: Attributes,
) -> io::Result<OwnedFd> {
    let context = fsopen(kind, FsOpenFlags::FSOPEN_CLOEXEC)?;
    fsconfig_set_string(context.as_fd(), "source", source)?;
    for parameter in parameters {
        match parameter {
            Parameter::Flag(name) => fsconfig_set_flag(context.as_fd(), *name)?,
            Parameter::Value(name, value) => fsconfig_set_string(context.as_fd(), *name, *value)?,
        }
    }
    fsconfig_create(context.as_fd())?;
    fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attributes).map_err(io::Error::from)
}

/// Makes a detached copy of the mount that holds `path`, beginning at `path`; with everything mounted below it if `recursive`.
///
/// # Errors
/// There is no such path, or it belongs to another mount namespace.
pub fn clone_tree(path: &Path, recursive: bool) -> io::Result<OwnedFd> {
    let mut flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    if recursive {
        flags |= OpenTreeFlags::AT_RECURSIVE;
    }
    open_tree(CWD, path, flags).map_err(io::Error::from)
}

/// The same for what `fd` is open on.
///
/// # Errors
/// It belongs to another mount namespace.
pub fn clone_tree_at(fd: BorrowedFd<'_>, recursive: bool) -> io::Result<OwnedFd> {
    let mut flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC | OpenTreeFlags::AT_EMPTY_PATH;
    if recursive {
        flags |= OpenTreeFlags::AT_RECURSIVE;
    }
    open_tree(fd, "", flags).map_err(io::Error::from)
}

/// Attaches a detached mount on what `target` is open on.
///
/// # Errors
/// One is a folder and the other is not, or the target is not in this mount namespace.
pub fn attach(mount: BorrowedFd<'_>, target: BorrowedFd<'_>) -> io::Result<()> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
    move_mount(mount, "", target, "", flags).map_err(io::Error::from)
}

/// Changes the attributes of a mount: sets `set`, clears `clear`, and of all below it if `recursive` (Linux 5.12).
///
/// # Errors
/// `EPERM` for an attribute that a less privileged namespace has locked.
pub fn set_attributes(mount: BorrowedFd<'_>, set: Attributes, clear: Attributes, recursive: bool) -> io::Result<()> {
    change(
        mount,
        recursive,
        &MountAttr { attr_set: u64::from(set.bits()), attr_clr: u64::from(clear.bits()), ..MountAttr::default() },
    )
}

/// Changes how mount events pass: one of `MS_PRIVATE`, `MS_SLAVE`, `MS_SHARED`.
///
/// # Errors
/// The mount is not in this mount namespace.
pub fn set_propagation(mount: BorrowedFd<'_>, propagation: Propagation, recursive: bool) -> io::Result<()> {
    change(mount, recursive, &MountAttr { propagation: propagation.bits(), ..MountAttr::default() })
}

/// Shows the owners of a detached mount's files through the map of a user namespace (Linux 5.12).
///
/// # Errors
/// `EINVAL`: the file system cannot do it. `EPERM` without rights over the file system.
pub fn set_id_map(mount: BorrowedFd<'_>, namespace: BorrowedFd<'_>, recursive: bool) -> io::Result<()> {
    const MOUNT_ATTR_IDMAP: u64 = 0x0010_0000;
    let userns_fd = u64::from(namespace.as_raw_fd().unsigned_abs());
    change(mount, recursive, &MountAttr { attr_set: MOUNT_ATTR_IDMAP, userns_fd, ..MountAttr::default() })
}

/// How mount and unmount events pass between copies of a mount (mount_namespaces(7)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    Private,
    Slave,
    Shared,
    /// Private, and no copies can be made of it.
    Unbindable,
}

impl Propagation {
    fn bits(self) -> u64 {
        match self {
            Self::Private => libc::MS_PRIVATE,
            Self::Slave => libc::MS_SLAVE,
            Self::Shared => libc::MS_SHARED,
            Self::Unbindable => libc::MS_UNBINDABLE,
        }
    }
}

fn change(mount: BorrowedFd<'_>, recursive: bool, attr: &MountAttr) -> io::Result<()> {
    let flags = libc::AT_EMPTY_PATH | if recursive { libc::AT_RECURSIVE } else { 0 };
    // SAFETY: the path is an empty C string, attr a live mount_attr of the size passed.
    let done = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            mount.as_raw_fd(),
            c"".as_ptr(),
            flags,
            std::ptr::from_ref(attr),
            size_of::<MountAttr>(),
        )
    };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Makes the mount that `root` is open on the root of this mount namespace, and takes the old root away.
///
/// After pivot_root(".", ".") the old root lies on top of the new one (pivot_root(2), NOTES), and is detached from there.
///
/// # Errors
/// `EINVAL` when `root` is no mount point, or the old root is shared.
pub fn pivot_into(root: BorrowedFd<'_>) -> io::Result<()> {
    rustix::process::fchdir(root)?;
    rustix::process::pivot_root(".", ".")?;
    rustix::mount::unmount(".", UnmountFlags::DETACH)?;
    rustix::process::chdir("/").map_err(io::Error::from)
}

/// The kernel's number of the mount that `fd` is open in (statx(2), `STATX_MNT_ID`, Linux 5.8).
///
/// # Errors
/// None in practice.
pub fn id_of(fd: impl AsFd) -> io::Result<u64> {
    Ok(rustix::fs::statx(fd, "", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID)?.stx_mnt_id)
}

/// Unmounts the mount whose root `root` is open on, with all that is below it.
///
/// # Errors
/// It is attached nowhere, or not in the caller's mount namespace.
pub fn take_away(root: BorrowedFd<'_>) -> io::Result<()> {
    rustix::process::fchdir(root)?;
    rustix::mount::unmount(".", UnmountFlags::DETACH).map_err(io::Error::from)
}

/// Makes the mount that `root` is open on the caller's root and leaves the old one where it is: for an initial ramfs, which cannot be
/// pivoted away, and for a mount namespace that is not the caller's alone. No path leads back, but whoever has `CAP_SYS_CHROOT` finds one.
///
/// # Errors
/// `EPERM` without `CAP_SYS_CHROOT`.
pub fn stay_on_top(root: BorrowedFd<'_>) -> io::Result<()> {
    rustix::process::fchdir(root)?;
    rustix::process::chroot(".")?;
    rustix::process::chdir("/").map_err(io::Error::from)
}

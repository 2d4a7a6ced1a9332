//! Device nodes: those that every container has, and those of the configuration.
//!
//! A user namespace makes no device nodes, so the host's own are mounted; only root of the machine makes new ones.

use crate::runtime::message::{Failure, Stage};
use crate::runtime::mounts::{DEV_LINKS, DEVICES};
use crate::sys::mount;
use crate::sys::root::{Leaf, SafeRoot};
use oci_spec::runtime::{LinuxDevice, LinuxDeviceType, Spec};
use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, Uid};
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};

/// A device node that is wanted.
struct Node {
    /// In the container.
    path: PathBuf,
    kind: FileType,
    major: u32,
    minor: u32,
    mode: Option<u32>,
    uid: u32,
    gid: u32,
}

/// Supplies the devices. A `/dev` that was mounted from elsewhere has what it has.
pub(super) fn supply(root: &SafeRoot, spec: &Spec) -> Result<(), Failure> {
    let foreign = spec.mounts().iter().flatten().any(|mount| {
        let options = super::mounts::options(mount);
        mount.destination() == Path::new("/dev") && super::mounts::is_bind(mount, &options)
    });
    let at = || Failure::at(Stage::Device, "/dev");
    // Links in the place of /dev would lead everything below to somebody else's files.
    let dev = match root.open_without_links(Path::new("dev"), OFlags::PATH | OFlags::DIRECTORY) {
        Ok(fd) => fd,
        Err(error) if error.kind() == io::ErrorKind::NotFound => root.make(Path::new("dev"), Leaf::Folder).map_err(at())?,
        Err(error) if error.raw_os_error() == Some(libc::ELOOP) => return Err(Failure::text(Stage::ImageLink, "/dev")),
        Err(error) => return Err(at()(error)),
    };
    for device in spec.linux().iter().flat_map(|linux| linux.devices().iter().flatten()) {
        put(root, &node_of(device)?)?;
    }
    if foreign {
        return Ok(());
    }
    for (name, major, minor) in DEVICES {
        let path = Path::new("/dev").join(name);
        put(root, &Node { path, kind: FileType::CharacterDevice, major, minor, mode: Some(0o666), uid: 0, gid: 0 })?;
    }
    for (name, to) in DEV_LINKS {
        match rustix::fs::symlinkat(to, &dev, name) {
            Ok(()) | Err(rustix::io::Errno::EXIST) => {}
            Err(errno) => return Err(Failure::at(Stage::Device, format!("/dev/{name}"))(errno.into())),
        }
    }
    Ok(())
}

fn node_of(device: &LinuxDevice) -> Result<Node, Failure> {
    let number = |value: i64| {
        u32::try_from(value)
            .map_err(|_| Failure::text(Stage::Device, format!("{}: {value} is no number of a device", device.path().display())))
    };
    let kind = match device.typ() {
        LinuxDeviceType::B => FileType::BlockDevice,
        LinuxDeviceType::C | LinuxDeviceType::U => FileType::CharacterDevice,
        LinuxDeviceType::P => FileType::Fifo,
        LinuxDeviceType::A => {
            return Err(Failure::text(Stage::Device, format!("{}: \"a\" is no device", device.path().display())));
        }
    };
    let (major, minor) = if kind == FileType::Fifo { (0, 0) } else { (number(device.major())?, number(device.minor())?) };
    Ok(Node {
        path: device.path().clone(),
        kind,
        major,
        minor,
        mode: device.file_mode(),
        uid: device.uid().unwrap_or(0),
        gid: device.gid().unwrap_or(0),
    })
}

fn put(root: &SafeRoot, node: &Node) -> Result<(), Failure> {
    let name = node.path.to_string_lossy().into_owned();
    let at = || Failure::at(Stage::Device, name.clone());
    let relative = node.path.strip_prefix("/").unwrap_or(&node.path);
    if let Ok(there) = root.open_without_links(relative, OFlags::PATH) {
        if is_this(&there, node).map_err(at())? {
            return Ok(());
        }
        let empty = rustix::fs::fstat(&there)
            .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile && stat.st_size == 0);
        // An empty file is what a mount of the device leaves in a root file system.
        if !empty || node.kind == FileType::Fifo {
            return Err(Failure::text(Stage::Device, format!("{name}: something else is there")));
        }
    } else if make(root, relative, node).map_err(at())? {
        return Ok(());
    }
    let host = host_node(node)?;
    let copy = mount::clone_tree_at(host.as_fd(), false).map_err(at())?;
    let target = root.make(relative, Leaf::File).map_err(at())?;
    mount::attach(copy.as_fd(), target.as_fd()).map_err(at())
}

/// Makes the node itself; tells whether that could be.
fn make(root: &SafeRoot, relative: &Path, node: &Node) -> io::Result<bool> {
    let (Some(parent), Some(name)) = (relative.parent(), relative.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let parent = root.make(parent, Leaf::Folder)?;
    let mode = Mode::from_raw_mode(node.mode.unwrap_or(0o666) & 0o7777);
    match rustix::fs::mknodat(&parent, name, node.kind, mode, rustix::fs::makedev(node.major, node.minor)) {
        Ok(()) => {}
        // No device nodes in a user namespace.
        Err(rustix::io::Errno::PERM) if node.kind != FileType::Fifo => return Ok(false),
        Err(errno) => return Err(errno.into()),
    }
    // Not every kernel lets a node with an unusual owner be opened; it is there by now, so it is made right or taken away.
    let owner = (Some(Uid::from_raw(node.uid)), Some(Gid::from_raw(node.gid)));
    let right = rustix::fs::chownat(&parent, name, owner.0, owner.1, AtFlags::SYMLINK_NOFOLLOW);
    match right {
        // A file system on a mount without devices: the node is of no use there.
        Ok(()) if node.kind != FileType::Fifo && !can_be_opened(&parent, name) => {
            rustix::fs::unlinkat(&parent, name, AtFlags::empty())?;
            Ok(false)
        }
        Ok(()) => Ok(true),
        Err(errno) => Err(errno.into()),
    }
}

/// Whether the mount lets devices be opened; what the device itself answers does not matter.
fn can_be_opened(parent: &OwnedFd, name: &std::ffi::OsStr) -> bool {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    !matches!(rustix::fs::openat(parent, name, flags, Mode::empty()), Err(rustix::io::Errno::ACCESS))
}

fn is_this(fd: &OwnedFd, node: &Node) -> io::Result<bool> {
    let stat = rustix::fs::fstat(fd)?;
    let number = rustix::fs::makedev(node.major, node.minor);
    Ok(FileType::from_raw_mode(stat.st_mode) == node.kind && (node.kind == FileType::Fifo || stat.st_rdev == number))
}

/// The host's own node: at the same path, else where the kernel says.
fn host_node(node: &Node) -> Result<OwnedFd, Failure> {
    let open = |path: &Path| {
        let fd = rustix::fs::open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).ok()?;
        is_this(&fd, node).is_ok_and(|same| same).then_some(fd)
    };
    let class = if node.kind == FileType::BlockDevice { "block" } else { "char" };
    let told = || {
        let text = std::fs::read_to_string(format!("/sys/dev/{class}/{}:{}/uevent", node.major, node.minor)).ok()?;
        let name = text.lines().find_map(|line| line.strip_prefix("DEVNAME=")).map(str::to_owned)?;
        Some(Path::new("/dev").join(name))
    };
    open(&node.path).or_else(|| open(&told()?)).ok_or_else(|| {
        let Node { path, major, minor, .. } = node;
        let text = format!("{}: the host has no such device {major}:{minor}, and a user namespace can make none", path.display());
        Failure::text(Stage::Device, text)
    })
}

//! The mounts of the spec, `/dev`, and the masks.

use super::binds;
use super::init::{Outside, Plan, has_new_namespace};
use super::message::{Failure, Stage};
use crate::model::IdMap;
use crate::sys::clone::CloneFlags;
use crate::sys::mount::{self, Attributes, Parameter, Propagation};
use crate::sys::root::{Leaf, SafeRoot, is_char_device};
use oci_spec::runtime::{LinuxNamespaceType, Mount, Spec};
use rustix::fs::{FileType, Mode, OFlags, fstat};
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

/// The device nodes that every container has: name, major, minor (runtime-spec config-linux.md "Default Devices").
pub(super) const DEVICES: [(&str, u32, u32); 6] =
    [("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9), ("tty", 5, 0)];

/// The links in `/dev` (runtime-spec runtime-linux.md "Dev symbolic links"), and ptmx of the container's own devpts.
pub(super) const DEV_LINKS: [(&str, &str); 6] = [
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
    ("core", "/proc/kcore"),
    ("ptmx", "pts/ptmx"),
];

/// The type of procfs, as statfs(2) tells it (linux/magic.h).
const PROC_MAGIC: u64 = 0x9fa0;

/// A mount's options, sorted into what the kernel calls take.
#[derive(Debug)]
pub(super) struct Options<'a> {
    /// Attributes of the mount itself.
    pub(super) set: Attributes,
    /// Attributes of it and of all below it (`rro` and the like).
    pub(super) set_below: Attributes,
    pub(super) bind: bool,
    pub(super) recursive: bool,
    pub(super) propagation: Option<(Propagation, bool)>,
    /// `tmpcopyup`: what the image has at the target is copied into the new file system.
    pub(super) copy_up: bool,
    pub(super) subpath: Option<&'a str>,
    /// Those that begin with `x-`.
    pub(super) private: Vec<&'a str>,
    pub(super) data: Vec<Parameter<'a>>,
}

pub(super) fn options(mount: &Mount) -> Options<'_> {
    let mut sorted = Options {
        set: Attributes::empty(),
        set_below: Attributes::empty(),
        bind: false,
        recursive: false,
        propagation: None,
        copy_up: false,
        subpath: None,
        private: Vec::new(),
        data: Vec::new(),
    };
    for option in mount.options().iter().flatten() {
        match option.as_str() {
            "ro" => sorted.set |= Attributes::MOUNT_ATTR_RDONLY,
            "nosuid" => sorted.set |= Attributes::MOUNT_ATTR_NOSUID,
            "nodev" => sorted.set |= Attributes::MOUNT_ATTR_NODEV,
            "noexec" => sorted.set |= Attributes::MOUNT_ATTR_NOEXEC,
            "noatime" => sorted.set |= Attributes::MOUNT_ATTR_NOATIME,
            "strictatime" => sorted.set |= Attributes::MOUNT_ATTR_STRICTATIME,
            // runtime-spec config.md "Linux mount options", the recursive ones.
            "rro" => sorted.set_below |= Attributes::MOUNT_ATTR_RDONLY,
            "rnosuid" => sorted.set_below |= Attributes::MOUNT_ATTR_NOSUID,
            "rnodev" => sorted.set_below |= Attributes::MOUNT_ATTR_NODEV,
            "rnoexec" => sorted.set_below |= Attributes::MOUNT_ATTR_NOEXEC,
            "bind" => sorted.bind = true,
            "rbind" => (sorted.bind, sorted.recursive) = (true, true),
            "private" => sorted.propagation = Some((Propagation::Private, false)),
            "rprivate" => sorted.propagation = Some((Propagation::Private, true)),
            "slave" => sorted.propagation = Some((Propagation::Slave, false)),
            "rslave" => sorted.propagation = Some((Propagation::Slave, true)),
            "shared" => sorted.propagation = Some((Propagation::Shared, false)),
            "rshared" => sorted.propagation = Some((Propagation::Shared, true)),
            "tmpcopyup" => sorted.copy_up = true,
            "rw" | "suid" | "dev" | "exec" | "relatime" => {}
            other => match other.split_once('=') {
                Some((binds::SUBPATH, path)) => sorted.subpath = Some(path),
                Some((name, value)) => sorted.data.push(Parameter::Value(name, value)),
                None if other.starts_with("x-") => sorted.private.push(other),
                None => sorted.data.push(Parameter::Flag(other)),
            },
        }
    }
    sorted
}

/// Mounts only what the spec binds from the host, for a look at a container that does not run. A source that is gone is left out:
/// it matters when the container starts. `user` is the container's, whose a new volume becomes; `map` as of a plan.
pub(super) fn mount_binds(root: &SafeRoot, spec: &Spec, user: &str, map: Option<&IdMap>) -> Result<(), Failure> {
    let image = binds::Image::of(spec, user, root, map)?;
    for mount in spec.mounts().iter().flatten().filter(|mount| mount.typ().as_deref() == Some("bind")) {
        if mount.source().as_ref().is_some_and(|source| source.exists()) {
            binds::bind(root, mount, image.as_ref(), &Outside::default())?;
        }
    }
    Ok(())
}

/// Mounts everything that the spec lists, in its order.
pub(super) fn mount_all(root: &SafeRoot, plan: &Plan) -> Result<(), Failure> {
    let image = binds::Image::of(&plan.spec, &plan.user, root, None)?;
    let image = image.as_ref();
    for mount in plan.spec.mounts().iter().flatten() {
        let target = mount.destination();
        let kind = mount.typ().as_deref().unwrap_or("bind");
        let options = options(mount);
        if options.bind || kind == "bind" {
            binds::bind(root, mount, image, &plan.outside)?;
            continue;
        }
        if kind == "overlay" {
            binds::overlay(root, mount, image, &plan.root.work, &plan.outside)?;
            continue;
        }
        if !is_kernels(target) {
            binds::memory(root, kind, mount, image)?;
            continue;
        }
        let name = target.to_string_lossy().into_owned();
        let fd = special_target(root, target)?;
        let made = match kind {
            "proc" => proc(shows_hosts_pids(plan), &options.data, options.set),
            "cgroup" | "cgroup2" => cgroup(has_new_namespace(&plan.spec, LinuxNamespaceType::Cgroup), options.set),
            "sysfs" => sysfs(&options.data, options.set),
            "devpts" => devpts(&options.data, options.set),
            _ => mount::new_filesystem(kind, &options.data, options.set),
        }
        .map_err(Failure::at(Stage::Mount, format!("{kind} on {name}")))?;
        mount::attach(made.as_fd(), fd.as_fd()).map_err(Failure::at(Stage::Rootfs, name))?;
        if target == Path::new("/dev") {
            fill_dev(&SafeRoot::new(made))?;
        }
    }
    Ok(())
}

/// Tells whether a path is one where containers have file systems of the kernel's, and not of the user's.
pub(super) fn is_kernels(target: &Path) -> bool {
    ["/proc", "/sys", "/dev"].iter().any(|top| target.starts_with(top))
}

/// Finds the target of a kernel file system. `/proc`, `/sys` and `/dev` of an image may be missing, but no links: what is written
/// below them afterwards has to be ours (CVE-2019-16884, CVE-2025-54867 and their kin).
pub(super) fn special_target(root: &SafeRoot, target: &Path) -> Result<OwnedFd, Failure> {
    let relative = target.strip_prefix("/").unwrap_or(target);
    match root.open_without_links(relative, OFlags::PATH | OFlags::DIRECTORY) {
        Ok(fd) => return Ok(fd),
        Err(error) if error.raw_os_error() == Some(libc::ELOOP) => {
            return Err(Failure::text(Stage::ImageLink, target.to_string_lossy()));
        }
        Err(error) if error.raw_os_error() == Some(libc::ENOTDIR) => {
            return Err(Failure::at(Stage::Target, target.to_string_lossy())(error));
        }
        Err(_) => {}
    }
    root.make(relative, Leaf::Folder).map_err(Failure::at(Stage::Target, target.to_string_lossy()))
}

/// A new sysfs needs a network namespace of the container's own; else the host's is shown, all of it read-only.
pub(super) fn sysfs(data: &[Parameter<'_>], set: Attributes) -> io::Result<OwnedFd> {
    let made = mount::new_filesystem("sysfs", data, set);
    // A kernel that shows sysfs read-only here gives no more than that, also to a privileged container.
    let read_only = set | Attributes::MOUNT_ATTR_RDONLY;
    made.or_else(|_| mount::new_filesystem("sysfs", data, read_only)).or_else(|_| {
        let copy = mount::clone_tree(Path::new("/sys"), true)?;
        mount::set_attributes(copy.as_fd(), read_only, Attributes::empty(), true)?;
        Ok(copy)
    })
}

/// Whether the container is in the host's pid namespace.
fn shows_hosts_pids(plan: &Plan) -> bool {
    !has_new_namespace(&plan.spec, LinuxNamespaceType::Pid)
        && plan.joins.iter().all(|join| !join.kind.contains(CloneFlags::NEWPID))
}

/// A procfs shows the pid namespace that it is mounted in. That of the host cannot be mounted anew by its users: what the host has
/// mounted is shown.
pub(super) fn proc(of_host: bool, data: &[Parameter<'_>], set: Attributes) -> io::Result<OwnedFd> {
    let made = mount::new_filesystem("proc", data, set);
    match made {
        Err(_) if of_host => {
            let copy = mount::clone_tree(Path::new("/proc"), true)?;
            mount::set_attributes(copy.as_fd(), set, Attributes::empty(), true)?;
            Ok(copy)
        }
        made => made,
    }
}

/// The container's own cgroup tree; where the kernel does not let it be seen (no cgroup v2 here), an empty folder.
pub(super) fn cgroup(is_own: bool, set: Attributes) -> io::Result<OwnedFd> {
    if !is_own {
        // The host's tree, read-only: what could be written there is not the container's (CVE-2023-25809).
        let copy = mount::clone_tree(Path::new("/sys/fs/cgroup"), true)?;
        mount::set_attributes(copy.as_fd(), set, Attributes::empty(), true)?;
        return Ok(copy);
    }
    mount::new_filesystem("cgroup2", &[], set)
        .or_else(|_| mount::new_filesystem("tmpfs", &[Parameter::Value("mode", "755"), Parameter::Value("size", "0")], set))
}

/// `gid=5` is for the group tty, which a namespace with one id does not have.
pub(super) fn devpts(data: &[Parameter<'_>], set: Attributes) -> io::Result<OwnedFd> {
    mount::new_filesystem("devpts", data, set).or_else(|_| {
        let without_gid: Vec<Parameter<'_>> =
            data.iter().copied().filter(|parameter| !matches!(parameter, Parameter::Value("gid", _))).collect();
        mount::new_filesystem("devpts", &without_gid, set)
    })
}

/// Fills the container's new `/dev`; nothing of the image is in the way, it is our own tmpfs.
fn fill_dev(dev: &SafeRoot) -> Result<(), Failure> {
    for (name, major, minor) in DEVICES {
        let at = || Failure::at(Stage::Device, format!("/dev/{name}"));
        let host = device(name, major, minor)?;
        place(dev, name, host.as_fd()).map_err(at())?;
    }
    for (name, to) in DEV_LINKS {
        rustix::fs::symlinkat(to, dev, name).map_err(|errno| Failure::at(Stage::Device, format!("/dev/{name}"))(errno.into()))?;
    }
    Ok(())
}

/// Makes an empty file in `/dev` and attaches a mount on it.
pub(super) fn place(dev: &SafeRoot, name: &str, mount: BorrowedFd<'_>) -> io::Result<()> {
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let file = rustix::fs::openat(dev, name, flags, Mode::from_raw_mode(0o666))?;
    mount::attach(mount, file.as_fd())
}

/// Writes the spec's kernel settings, before `/proc/sys` becomes read-only. The file has to be one of our own new procfs: no links,
/// and no mount of somebody else on the way (CVE-2025-52881).
pub(super) fn set_sysctls(root: &SafeRoot, spec: &Spec) -> Result<(), Failure> {
    let settings = spec.linux().as_ref().and_then(|linux| linux.sysctl().as_ref());
    for (name, value) in settings.into_iter().flatten() {
        let at = || Failure::at(Stage::Sysctl, format!("{name}={value}"));
        let file = open_kernel_file(root, &sysctl_path(name), OFlags::WRONLY).map_err(at())?;
        rustix::io::retry_on_intr(|| rustix::io::write(&file, value.as_bytes())).map_err(|errno| at()(errno.into()))?;
    }
    Ok(())
}

/// The file of a setting: `net.ipv4.conf.eth0/1.forwarding` is `/proc/sys/net/ipv4/conf/eth0.1/forwarding` (sysctl(8)).
fn sysctl_path(name: &str) -> PathBuf {
    let swap = |letter| match letter {
        '.' => '/',
        '/' => '.',
        other => other,
    };
    Path::new("proc/sys").join(name.chars().map(swap).collect::<String>())
}

/// Opens a file of our own procfs, and nothing that was put in its place.
pub(super) fn open_kernel_file(root: &SafeRoot, path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
    let file = root.open_without_links(path, flags)?;
    if u64::try_from(rustix::fs::fstatfs(&file)?.f_type) != Ok(PROC_MAGIC) {
        return Err(io::Error::from_raw_os_error(libc::EXDEV));
    }
    Ok(file)
}

/// Masks and locks paths of `/proc` and `/sys`. Called after the pivot: `root` is the container's `/`.
///
/// Links are not followed: the paths are the kernel's own, and a link would be somebody's trick.
pub(super) fn mask(root: &SafeRoot, spec: &Spec, null: OwnedFd) -> Result<(), Failure> {
    let Some(linux) = spec.linux() else { return Ok(()) };
    let mut folders = Covers { first: None, attached: None };
    let mut files = Covers { first: Some(null), attached: None };
    for path in linux.masked_paths().iter().flatten() {
        let at = || Failure::at(Stage::Mask, path.clone());
        let Some(target) = existing(root, path)? else { continue };
        let is_folder = fstat(&target).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory);
        if is_folder && folders.attached.is_none() {
            folders.first = Some(empty_folder().map_err(at())?);
        }
        let covers = if is_folder { &mut folders } else { &mut files };
        covers.put_on(target.as_fd()).map_err(at())?;
    }
    for path in linux.readonly_paths().iter().flatten() {
        let at = || Failure::at(Stage::Mask, path.clone());
        let Some(target) = existing(root, path)? else { continue };
        let copy = mount::clone_tree_at(target.as_fd(), true).map_err(at())?;
        mount::set_attributes(copy.as_fd(), Attributes::MOUNT_ATTR_RDONLY, Attributes::empty(), true).map_err(at())?;
        mount::attach(copy.as_fd(), target.as_fd()).map_err(at())?;
    }
    Ok(())
}

/// Mounts that cover what is masked, all of one kind. Only an attached mount can be copied (open_tree(2), before Linux 6.15), so
/// the first is used up and the others are copies of it.
struct Covers {
    first: Option<OwnedFd>,
    attached: Option<OwnedFd>,
}

impl Covers {
    fn put_on(&mut self, target: BorrowedFd<'_>) -> io::Result<()> {
        let cover = match (self.first.take(), &self.attached) {
            (Some(first), _) => first,
            (None, Some(attached)) => mount::clone_tree_at(attached.as_fd(), false)?,
            (None, None) => return Err(io::ErrorKind::NotFound.into()),
        };
        mount::attach(cover.as_fd(), target)?;
        self.attached.get_or_insert(cover);
        Ok(())
    }
}

/// A mount of the host's null device. To be called before the pivot: the container's own may be whatever a volume has there
/// (CVE-2025-31133).
pub(super) fn null_device() -> Result<OwnedFd, Failure> {
    device("null", 1, 3)
}

/// A mount of a device node of the host.
fn device(name: &str, major: u32, minor: u32) -> Result<OwnedFd, Failure> {
    let at = || Failure::at(Stage::Device, format!("/dev/{name}"));
    let host = mount::clone_tree(&Path::new("/dev").join(name), false).map_err(at())?;
    if !is_char_device(host.as_fd(), major, minor).map_err(at())? {
        return Err(Failure::text(Stage::Device, format!("/dev/{name}: the host's is no character device {major}:{minor}")));
    }
    Ok(host)
}

fn existing(root: &SafeRoot, path: &str) -> Result<Option<OwnedFd>, Failure> {
    let relative = Path::new(path.trim_start_matches('/'));
    // A path of the user's own may well go over the image's links: what it leads to is to be hidden.
    let opened = if relative.starts_with("proc") || relative.starts_with("sys") {
        root.open_without_links(relative, OFlags::PATH)
    } else {
        root.open(relative, OFlags::PATH)
    };
    match opened {
        Ok(fd) => Ok(Some(fd)),
        // Another kernel configuration, or a path that nobody may see: nothing to mask.
        Err(error) if matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ENOTDIR | libc::EACCES | libc::ELOOP)) => Ok(None),
        Err(error) => Err(Failure::at(Stage::Mask, path)(error)),
    }
}

fn empty_folder() -> io::Result<OwnedFd> {
    let parameters = [Parameter::Value("mode", "555"), Parameter::Value("nr_inodes", "2")];
    let set = Attributes::MOUNT_ATTR_RDONLY
        | Attributes::MOUNT_ATTR_NOSUID
        | Attributes::MOUNT_ATTR_NODEV
        | Attributes::MOUNT_ATTR_NOEXEC;
    mount::new_filesystem("tmpfs", &parameters, set)
}

/// Opens the container's root again, after the pivot.
pub(super) fn own_root() -> io::Result<SafeRoot> {
    let fd = rustix::fs::open("/", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    Ok(SafeRoot::new(fd))
}

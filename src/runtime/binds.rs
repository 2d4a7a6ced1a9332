//! The mounts that the user asks for: folders and files, volumes, overlays, memory.
//!
//! Options of the spec that begin with `x-coracle.` are for this runtime; mount(8) keeps names with `x-` free for such.

use super::init::Outside;
use super::message::{Failure, Stage};
use super::mounts::{Options, options};
use super::volume::{self, FirstUse};
use crate::model::IdMap;
use crate::sys::copy;
use crate::sys::mount::{self, Attributes, Parameter, Propagation};
use crate::sys::overlay::{self, Stack};
use crate::sys::root::{Leaf, SafeRoot};
use oci_spec::runtime::{Mount, Spec};
use rustix::fs::{FileType, Mode, OFlags, fstat};
use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

/// The source is `_data` of a volume, which is filled and given an owner at its first use.
pub(super) const VOLUME: &str = "x-coracle.volume";
/// The same, but nothing is copied into it.
pub(super) const VOLUME_NOCOPY: &str = "x-coracle.volume-nocopy";
/// Everything in the mount is given to the container's user.
pub(super) const CHOWN: &str = "x-coracle.chown";
/// Mount only where the target is there already.
pub(super) const IF_PRESENT: &str = "x-coracle.if-present";
/// A source that is a symbolic link is mounted itself.
pub(super) const NO_DEREFERENCE: &str = "x-coracle.no-dereference";
/// Followed by `=` and a path inside the source, which is what is mounted.
pub(super) const SUBPATH: &str = "x-coracle.subpath";

/// The container's root as it is without the mounts, and who its user is; worked out when a mount needs it.
pub(super) struct Image<'a> {
    spec: &'a Spec,
    /// `user[:group]`, as a plan has it.
    name: &'a str,
    root: SafeRoot,
    /// Its ids, where the caller is in S and the container is not.
    map: Option<&'a IdMap>,
    user: std::cell::OnceCell<(u32, u32)>,
}

impl<'a> Image<'a> {
    /// Takes a view of the root that later mounts do not appear in, where a mount of the spec needs it.
    /// `map` is the container's for a caller in S, where the container is not in S.
    pub(super) fn of(spec: &'a Spec, name: &'a str, root: &SafeRoot, map: Option<&'a IdMap>) -> Result<Option<Self>, Failure> {
        if !spec.mounts().iter().flatten().any(needs_image) {
            return Ok(None);
        }
        let copy = mount::clone_tree_at(root.as_fd(), false).map_err(Failure::at(Stage::Rootfs, "/"))?;
        Ok(Some(Self::alone(spec, name, SafeRoot::new(copy), map)))
    }

    /// The same of a root that nobody mounts anything on.
    pub(super) fn alone(spec: &'a Spec, name: &'a str, root: SafeRoot, map: Option<&'a IdMap>) -> Self {
        Self { spec, name, root, map, user: std::cell::OnceCell::new() }
    }

    fn folder(&self, target: &Path) -> Option<OwnedFd> {
        self.root.open(below_root(target), OFlags::PATH | OFlags::DIRECTORY).ok()
    }

    /// The container's user and group, in ids of the caller.
    fn user(&self) -> Result<(u32, u32), Failure> {
        if let Some(user) = self.user.get() {
            return Ok(*user);
        }
        let process = self.spec.process().as_ref();
        let process = process.ok_or_else(|| Failure::text(Stage::User, "the spec has no process"))?;
        let wanted = super::init::Wanted { user: self.name, groups: &[], keep_groups: false };
        let identity = super::init::identity(&self.root, &wanted, process)?;
        let (uid, gid) = match self.map {
            None => (Some(identity.uid), Some(identity.gid)),
            Some(map) => (map.uids.to_session(identity.uid), map.gids.to_session(identity.gid)),
        };
        let unmapped = || Failure::text(Stage::User, format!("{}:{} is none of the container's ids", identity.uid, identity.gid));
        let user = uid.zip(gid).ok_or_else(unmapped)?;
        Ok(*self.user.get_or_init(|| user))
    }
}

/// Tells whether a mount needs an [`Image`].
fn needs_image(mount: &Mount) -> bool {
    let words = [VOLUME, VOLUME_NOCOPY, CHOWN, "tmpcopyup"];
    mount.options().iter().flatten().any(|option| words.contains(&option.as_str()))
}

/// Fills volumes at their first use, for a runtime that mounts them itself.
pub(super) fn use_first(root: &SafeRoot, spec: &Spec, user: &str) -> Result<(), Failure> {
    let Some(image) = Image::of(spec, user, root, None)? else { return Ok(()) };
    for mount in spec.mounts().iter().flatten() {
        let source = mount.source().clone().unwrap_or_default();
        first_use(&source, mount.destination(), &options(mount), &image)?;
    }
    Ok(())
}

/// Mounts a folder or a file of the host.
pub(super) fn bind(root: &SafeRoot, mount: &Mount, image: Option<&Image<'_>>, outside: &Outside) -> Result<(), Failure> {
    let options = options(mount);
    let source = mount.source().clone().unwrap_or_else(|| PathBuf::from("/"));
    let target = mount.destination();
    if options.private.contains(&IF_PRESENT) && root.open(below_root(target), OFlags::PATH).is_err() {
        return Ok(());
    }
    let name = source.to_string_lossy().into_owned();
    let copy = match outside.take(target) {
        Some(made) => made,
        None => bound(mount, &options, image)?,
    };
    // In a user namespace flags can be added but those that the host has set stay (mount_namespaces(7), "locked").
    for (set, recursive) in [(options.set, false), (options.set_below, true)] {
        if !set.is_empty() {
            mount::set_attributes(copy.as_fd(), set, Attributes::empty(), recursive)
                .map_err(Failure::at(Stage::Mount, name.clone()))?;
        }
    }
    let (propagation, recursive) = options.propagation.unwrap_or((Propagation::Private, true));
    mount::set_propagation(copy.as_fd(), propagation, recursive).map_err(Failure::at(Stage::Mount, name.clone()))?;
    let fd = root.make(below_root(target), leaf_of(&copy)).map_err(Failure::at(Stage::Target, target.to_string_lossy()))?;
    mount::attach(copy.as_fd(), fd.as_fd()).map_err(Failure::at(Stage::Mount, format!("{name} on {}", target.display())))
}

/// A detached copy of what a bind mount shows; a volume is given its files and its owner, and what `:U` asks for is given away.
fn bound(mount: &Mount, options: &Options<'_>, image: Option<&Image<'_>>) -> Result<OwnedFd, Failure> {
    let source = mount.source().clone().unwrap_or_else(|| PathBuf::from("/"));
    if let Some(image) = image {
        first_use(&source, mount.destination(), options, image)?;
    }
    let copy = source_tree(&source, options)?;
    give_away(copy.as_fd(), options, image, &source.to_string_lossy())?;
    Ok(copy)
}

/// Tells whether a mount shows files of the host: a bind mount or an overlay.
pub(super) fn is_of_host(mount: &Mount) -> bool {
    matches!(mount.typ().as_deref(), None | Some("bind" | "overlay")) || options(mount).bind
}

/// Makes what such a mount shows, for somebody who has no rights over it: a detached mount. `scratch` as for [`overlay`].
pub(super) fn detached(mount: &Mount, image: &Image<'_>, scratch: &str) -> Result<OwnedFd, Failure> {
    let options = options(mount);
    if mount.typ().as_deref() == Some("overlay") && !options.bind {
        stacked(mount, &options, Some(image), scratch)
    } else {
        bound(mount, &options, Some(image))
    }
}

/// Mounts an overlay whose folders are given as `lowerdir+`, topmost first, `upperdir` and `workdir`.
/// `scratch` is a folder that nobody looks into any more before the old root is gone.
pub(super) fn overlay(
    root: &SafeRoot,
    mount: &Mount,
    image: Option<&Image<'_>>,
    scratch: &str,
    outside: &Outside,
) -> Result<(), Failure> {
    let target = mount.destination();
    let made = match outside.take(target) {
        Some(made) => made,
        None => stacked(mount, &options(mount), image, scratch)?,
    };
    let fd = root.make(below_root(target), leaf_of(&made)).map_err(Failure::at(Stage::Target, target.to_string_lossy()))?;
    mount::attach(made.as_fd(), fd.as_fd()).map_err(Failure::at(Stage::Mount, format!("overlay on {}", target.display())))
}

/// A detached mount of an overlay.
fn stacked(mount: &Mount, options: &Options<'_>, image: Option<&Image<'_>>, scratch: &str) -> Result<OwnedFd, Failure> {
    let target = mount.destination();
    let name = format!("overlay on {}", target.display());
    let mut held = Vec::new();
    let mut lowers = Vec::new();
    let (mut upper, mut work) = (None, None);
    for parameter in &options.data {
        // The kernel takes at most 255 bytes for a path here, and a link to a descriptor is always shorter.
        let Parameter::Value(key, path) = parameter else { continue };
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = rustix::fs::open(*path, flags, Mode::empty());
        let fd = fd.map_err(|errno| Failure::at(Stage::Source, (*path).to_owned())(errno.into()))?;
        let short = format!("/proc/self/fd/{}", fd.as_raw_fd());
        held.push(fd);
        match *key {
            "lowerdir+" => lowers.push(short),
            "upperdir" => upper = Some(short),
            _ => work = Some(short),
        }
    }
    let stack = Stack {
        lowers: lowers.iter().map(String::as_str).collect(),
        upper: upper.as_deref().zip(work.as_deref()),
        ..Stack::default()
    };
    let made = overlay::mount(&stack, options.set | options.set_below).map_err(Failure::at(Stage::Mount, name.clone()))?;
    let made = match options.subpath {
        Some(subpath) => {
            // Only what is attached can be copied (open_tree(2)).
            let place = rustix::fs::open(scratch, OFlags::PATH | OFlags::CLOEXEC, Mode::empty());
            let attached = place.map_err(io::Error::from).and_then(|place| mount::attach(made.as_fd(), place.as_fd()));
            attached.map_err(Failure::at(Stage::Mount, name.clone()))?;
            below(made, subpath, false).map_err(Failure::at(Stage::Source, subpath))?
        }
        None => made,
    };
    give_away(made.as_fd(), options, image, &name)?;
    Ok(made)
}

/// Mounts a file system in memory, or another that takes nothing of the host's.
pub(super) fn memory(root: &SafeRoot, kind: &str, mount: &Mount, image: Option<&Image<'_>>) -> Result<(), Failure> {
    let options = options(mount);
    let target = mount.destination();
    let name = format!("{kind} on {}", target.display());
    let fail = || Failure::at(Stage::Mount, name.clone());
    let content = match image {
        Some(image) if options.copy_up => image.folder(target),
        _ => None,
    };
    let read_only = options.set & Attributes::MOUNT_ATTR_RDONLY;
    let made = mount::new_filesystem(kind, &options.data, (options.set | options.set_below) - Attributes::MOUNT_ATTR_RDONLY);
    let made = made.map_err(fail())?;
    if let Some(content) = content {
        fill(content.as_fd(), made.as_fd()).map_err(fail())?;
    }
    if options.private.contains(&CHOWN)
        && let Some(image) = image
    {
        let (uid, gid) = image.user()?;
        let top = rustix::fs::openat(&made, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
        let (uid, gid) = (rustix::fs::Uid::from_raw(uid), rustix::fs::Gid::from_raw(gid));
        top.and_then(|top| rustix::fs::fchown(&top, Some(uid), Some(gid))).map_err(|errno| fail()(errno.into()))?;
    }
    if !read_only.is_empty() {
        mount::set_attributes(made.as_fd(), read_only, Attributes::empty(), false).map_err(fail())?;
    }
    let fd = root.make(below_root(target), Leaf::Folder).map_err(Failure::at(Stage::Target, target.to_string_lossy()))?;
    mount::attach(made.as_fd(), fd.as_fd()).map_err(fail())
}

/// Copies the image's files into a new file system, whose own folder is everybody's, as with crun.
pub(super) fn fill(content: BorrowedFd<'_>, made: BorrowedFd<'_>) -> io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let from = rustix::fs::openat(content, ".", flags, Mode::empty())?;
    let to = rustix::fs::openat(made, ".", flags, Mode::empty())?;
    copy::copy_contents(from.as_fd(), to.as_fd()).map_err(|error| error.source)
}

/// A detached copy of what is to be mounted.
fn source_tree(source: &Path, options: &Options<'_>) -> Result<OwnedFd, Failure> {
    let fail = || Failure::at(Stage::Source, source.to_string_lossy());
    let mut flags = OFlags::PATH | OFlags::CLOEXEC;
    if options.private.contains(&NO_DEREFERENCE) {
        flags |= OFlags::NOFOLLOW;
    }
    let top = rustix::fs::open(source, flags, Mode::empty()).map_err(|errno| fail()(errno.into()))?;
    match options.subpath {
        Some(subpath) => {
            below(top, subpath, options.recursive).map_err(Failure::at(Stage::Source, format!("{subpath} in the volume")))
        }
        None => mount::clone_tree_at(top.as_fd(), options.recursive).map_err(fail()),
    }
}

/// A detached copy of what lies at a path inside `top`. The kernel resolves it in there, so no link leads out.
fn below(top: OwnedFd, subpath: &str, recursive: bool) -> io::Result<OwnedFd> {
    let inner = SafeRoot::new(top).open(below_root(Path::new(subpath)), OFlags::PATH)?;
    mount::clone_tree_at(inner.as_fd(), recursive)
}

fn first_use(source: &Path, target: &Path, options: &Options<'_>, image: &Image<'_>) -> Result<(), Failure> {
    let copy = options.private.contains(&VOLUME);
    let folder = match source.parent() {
        Some(folder) if copy || options.private.contains(&VOLUME_NOCOPY) => folder,
        _ => return Ok(()),
    };
    if !volume::is_new(folder, copy) {
        return Ok(());
    }
    volume::first_use(folder, &FirstUse { image: image.folder(target), copy, user: &|| image.user() })
}

fn give_away(mount: BorrowedFd<'_>, options: &Options<'_>, image: Option<&Image<'_>>, name: &str) -> Result<(), Failure> {
    let Some(image) = image.filter(|_| options.private.contains(&CHOWN)) else { return Ok(()) };
    let (uid, gid) = image.user()?;
    copy::chown_all(mount, uid, gid).map_err(|error| {
        let subject = Path::new(name).join(&error.path).to_string_lossy().into_owned();
        Failure::at(Stage::Chown, subject)(error.source)
    })
}

/// A folder is mounted on a folder, everything else on a file.
fn leaf_of(mount: &OwnedFd) -> Leaf {
    let is_folder = fstat(mount).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory);
    if is_folder { Leaf::Folder } else { Leaf::File }
}

fn below_root(path: &Path) -> &Path {
    path.strip_prefix("/").unwrap_or(path)
}

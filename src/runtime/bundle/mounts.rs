//! The mounts of a bundle: every kind, every option of the specification, in the order in which they stand there.

use super::config::{ConfigError, refused};
use super::place::Plan;
use crate::runtime::binds;
use crate::runtime::message::{Failure, Stage};
use crate::runtime::mounts as kernels;
use crate::sys::mount::{self, Attributes, Parameter, Propagation};
use crate::sys::root::{Leaf, SafeRoot};
use oci_spec::runtime::Mount;
use rustix::fs::{FileType, OFlags, fstat};
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

/// What the options of a mount say.
#[derive(Debug)]
pub(super) struct Options<'a> {
    set: Attributes,
    clear: Attributes,
    set_below: Attributes,
    clear_below: Attributes,
    pub(super) bind: bool,
    pub(super) recursive: bool,
    propagation: Vec<(Propagation, bool)>,
    copy_up: bool,
    /// `idmap`, or with all that is below `ridmap`.
    id_map: Option<bool>,
    /// The name of a link is mounted on, and not what it leads to (an option of crun's).
    source_link: bool,
    data: Vec<Parameter<'a>>,
}

/// Options that set or clear one attribute; with an `r` before, of everything below too (config.md "Linux mount options").
const ATTRIBUTES: [(&str, &str, Attributes); 6] = [
    ("ro", "rw", Attributes::MOUNT_ATTR_RDONLY),
    ("nosuid", "suid", Attributes::MOUNT_ATTR_NOSUID),
    ("nodev", "dev", Attributes::MOUNT_ATTR_NODEV),
    ("noexec", "exec", Attributes::MOUNT_ATTR_NOEXEC),
    ("nodiratime", "diratime", Attributes::MOUNT_ATTR_NODIRATIME),
    ("nosymfollow", "symfollow", NOSYMFOLLOW),
];

/// Linux 5.14.
const NOSYMFOLLOW: Attributes = Attributes::from_bits_retain(0x0020_0000);
/// All bits that say when the time of access is written; they change only together (mount_setattr(2)).
const ATIME: Attributes = Attributes::from_bits_retain(0x70);

/// All that a lock on them holds (mount_namespaces(7)).
const TIMES: Attributes = ATIME.union(Attributes::MOUNT_ATTR_NODIRATIME);

/// Ways to write the time of access.
const ATIMES: [(&str, Attributes); 6] = [
    ("noatime", Attributes::MOUNT_ATTR_NOATIME),
    ("strictatime", Attributes::MOUNT_ATTR_STRICTATIME),
    ("relatime", Attributes::empty()),
    ("atime", Attributes::empty()),
    ("nostrictatime", Attributes::empty()),
    ("norelatime", Attributes::empty()),
];

/// Options that say what is so anyway, or that only mount(8) knows.
const NO_EFFECT: [&str; 9] =
    ["defaults", "async", "loud", "silent", "iversion", "noiversion", "nomand", "nolazytime", "norelatime"];

pub(super) fn options(mount: &Mount) -> Options<'_> {
    let mut sorted = Options::default();
    for option in mount.options().iter().flatten() {
        sorted.take(option);
    }
    let mappings =
        |list: &Option<Vec<_>>| list.as_ref().is_some_and(|list: &Vec<oci_spec::runtime::LinuxIdMapping>| !list.is_empty());
    if mappings(mount.uid_mappings()) || mappings(mount.gid_mappings()) {
        sorted.id_map.get_or_insert(false);
    }
    sorted
}

impl Default for Options<'_> {
    fn default() -> Self {
        let none = Attributes::empty();
        Self {
            set: none,
            clear: none,
            set_below: none,
            clear_below: none,
            bind: false,
            recursive: false,
            propagation: Vec::new(),
            copy_up: false,
            id_map: None,
            source_link: false,
            data: Vec::new(),
        }
    }
}

impl<'a> Options<'a> {
    fn take(&mut self, option: &'a str) {
        let (word, below) = match option.strip_prefix('r') {
            Some(rest) if attribute(rest).is_some() || atime(rest).is_some() => (rest, true),
            _ => (option, false),
        };
        let (set, clear) = if below { (&mut self.set_below, &mut self.clear_below) } else { (&mut self.set, &mut self.clear) };
        if let Some((bits, true)) = attribute(word) {
            *set |= bits;
            *clear -= bits;
        } else if let Some((bits, false)) = attribute(word) {
            *clear |= bits;
            *set -= bits;
        } else if let Some(bits) = atime(word) {
            *set = (*set - ATIME) | bits;
            *clear |= ATIME;
        } else if let Some(propagation) = propagation(option) {
            self.propagation.push(propagation);
        } else {
            match option {
                "bind" => self.bind = true,
                "rbind" => (self.bind, self.recursive) = (true, true),
                "tmpcopyup" => self.copy_up = true,
                "idmap" => self.id_map = Some(false),
                "ridmap" => self.id_map = Some(true),
                "copy-symlink" | "src-nofollow" => self.source_link = true,
                other if NO_EFFECT.contains(&other) => {}
                other => self.data.push(match other.split_once('=') {
                    Some((name, value)) => Parameter::Value(name, value),
                    None => Parameter::Flag(other),
                }),
            }
        }
    }
}

/// The attribute of a word, and whether the word sets it.
fn attribute(word: &str) -> Option<(Attributes, bool)> {
    ATTRIBUTES.iter().find_map(|(set, clear, bits)| match word {
        word if word == *set => Some((*bits, true)),
        word if word == *clear => Some((*bits, false)),
        _ => None,
    })
}

fn atime(word: &str) -> Option<Attributes> {
    ATIMES.iter().find(|(name, _)| *name == word).map(|(_, bits)| *bits)
}

/// Reads a word for how mount events pass, and whether it is for all that is below, too.
pub(super) fn propagation(word: &str) -> Option<(Propagation, bool)> {
    let (name, recursive) = match word.strip_prefix('r') {
        Some(rest) => (rest, true),
        None => (word, false),
    };
    let propagation = match name {
        "private" => Propagation::Private,
        "slave" => Propagation::Slave,
        "shared" => Propagation::Shared,
        "unbindable" => Propagation::Unbindable,
        _ => return None,
    };
    Some((propagation, recursive))
}

/// Every word that a mount may have beside those of its file system; for `features`.
#[must_use]
pub fn known_options() -> Vec<String> {
    let plain = ATTRIBUTES.iter().flat_map(|(set, clear, _)| [*set, *clear]).chain(ATIMES.iter().map(|(name, _)| *name));
    let ways = ["private", "slave", "shared", "unbindable"];
    let mut words: Vec<String> = plain.chain(ways).flat_map(|word| [word.to_owned(), format!("r{word}")]).collect();
    words.extend(["bind", "rbind", "tmpcopyup", "idmap", "ridmap", "sync", "dirsync", "mand", "lazytime"].map(str::to_owned));
    words.extend(NO_EFFECT.iter().map(|word| (*word).to_owned()));
    words.sort_unstable();
    words.dedup();
    words
}

/// Checks a mount before anything is made.
pub(super) fn check(mount: &Mount) -> Result<(), ConfigError> {
    let target = mount.destination();
    let refuse = |why: &str| Err(refused(format!("mounts: {}", target.display()), why));
    if target.as_os_str().is_empty() {
        return refuse("the destination is empty");
    }
    let options = options(mount);
    let source = mount.source().as_ref().filter(|source| !source.as_os_str().is_empty());
    if is_bind(mount, &options) && source.is_none() {
        return refuse("a bind mount takes a source");
    }
    if mount.typ().as_ref().is_none_or(String::is_empty) && !options.bind {
        return refuse("there is neither a type nor the option bind");
    }
    if mount.uid_mappings().is_some() != mount.gid_mappings().is_some() {
        return refuse("there is a map for users or for groups, but not for both");
    }
    Ok(())
}

/// Tells whether something that is there is mounted, and not a file system made.
pub(super) fn is_bind(mount: &Mount, options: &Options<'_>) -> bool {
    options.bind || mount.typ().as_deref() == Some("bind")
}

/// The host's path of a bind mount's source: relative to the bundle.
pub(super) fn source_of(mount: &Mount, folder: &Path) -> PathBuf {
    folder.join(mount.source().clone().unwrap_or_default())
}

/// Mounts everything. `root` is attached in the caller's mount namespace; `sources` are trees that were opened from outside.
pub(super) fn mount_all(root: &SafeRoot, plan: &Plan<'_>, sources: &mut Vec<(usize, OwnedFd)>) -> Result<(), Failure> {
    for (number, one) in plan.bundle.spec.mounts().iter().flatten().enumerate() {
        let options = options(one);
        let ready = sources.iter().position(|(known, _)| *known == number).map(|at| sources.swap_remove(at).1);
        if is_bind(one, &options) {
            bind(root, one, &options, plan, ready)?;
        } else {
            filesystem(root, one, &options, plan)?;
        }
    }
    Ok(())
}

/// A detached copy of a bind mount's source.
pub(super) fn open_source(mount: &Mount, options: &Options<'_>, folder: &Path) -> Result<OwnedFd, Failure> {
    let path = source_of(mount, folder);
    let fail = || Failure::at(Stage::Source, path.to_string_lossy());
    if options.source_link {
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let link = rustix::fs::open(&path, flags, rustix::fs::Mode::empty()).map_err(|errno| fail()(errno.into()))?;
        return mount::clone_tree_at(link.as_fd(), options.recursive).map_err(fail());
    }
    mount::clone_tree(&path, options.recursive).map_err(fail())
}

fn bind(root: &SafeRoot, one: &Mount, options: &Options<'_>, plan: &Plan<'_>, ready: Option<OwnedFd>) -> Result<(), Failure> {
    let target = one.destination();
    let copy = match ready {
        Some(copy) => copy,
        None => open_source(one, options, &plan.bundle.folder)?,
    };
    let name = format!("{} on {}", source_of(one, &plan.bundle.folder).display(), target.display());
    let kind =
        FileType::from_raw_mode(fstat(&copy).map_err(|errno| Failure::at(Stage::Source, name.clone())(errno.into()))?.st_mode);
    if kind == FileType::Symlink {
        return copy_link(root, copy.as_fd(), target);
    }
    super::idmap::apply(copy.as_fd(), one, options.id_map, &name)?;
    if options.propagation.is_empty() {
        mount::set_propagation(copy.as_fd(), Propagation::Private, true).map_err(Failure::at(Stage::Mount, name.clone()))?;
    }
    let leaf = if kind == FileType::Directory { Leaf::Folder } else { Leaf::File };
    let fd = target_of(root, target, leaf)?;
    mount::attach(copy.as_fd(), fd.as_fd()).map_err(Failure::at(Stage::Mount, name.clone()))?;
    change(copy.as_fd(), options, &name)
}

/// Changes the attributes of a mount that is attached, and how its events pass.
fn change(mount: BorrowedFd<'_>, options: &Options<'_>, name: &str) -> Result<(), Failure> {
    let fail = || Failure::at(Stage::Mount, name.to_owned());
    for (propagation, recursive) in &options.propagation {
        mount::set_propagation(mount, *propagation, *recursive).map_err(fail())?;
    }
    for (set, clear, recursive) in [(options.set, options.clear, false), (options.set_below, options.clear_below, true)] {
        let times = clear & ATIME;
        if !set.is_empty() || !times.is_empty() {
            let done = mount::set_attributes(mount, set, times, recursive).or_else(|error| match error.raw_os_error() {
                // How the times of access are written is locked, too; nothing depends on that, so the mount keeps it.
                Some(libc::EPERM) if set.intersects(TIMES) || !times.is_empty() => {
                    mount::set_attributes(mount, set - TIMES, Attributes::empty(), recursive)
                }
                _ => Err(error),
            });
            done.map_err(fail())?;
        }
        let clear = clear - ATIME;
        if clear.is_empty() {
            continue;
        }
        match mount::set_attributes(mount, Attributes::empty(), clear, recursive) {
            // What the host has set is locked in a user namespace (mount_namespaces(7)); "rw" is written by habit.
            Err(error) if error.raw_os_error() == Some(libc::EPERM) && !recursive => {}
            done => done.map_err(fail())?,
        }
    }
    Ok(())
}

fn copy_link(root: &SafeRoot, link: BorrowedFd<'_>, target: &Path) -> Result<(), Failure> {
    let fail = || Failure::at(Stage::Target, target.to_string_lossy());
    let text = rustix::fs::readlinkat(link, "", Vec::new()).map_err(|errno| fail()(errno.into()))?;
    let (Some(parent), Some(name)) = (target.parent(), target.file_name()) else {
        return Err(fail()(io::ErrorKind::InvalidInput.into()));
    };
    let parent = root.make(below_root(parent), Leaf::Folder).map_err(fail())?;
    match rustix::fs::symlinkat(text, &parent, name) {
        Ok(()) | Err(rustix::io::Errno::EXIST) => Ok(()),
        Err(errno) => Err(fail()(errno.into())),
    }
}

fn filesystem(root: &SafeRoot, one: &Mount, options: &Options<'_>, plan: &Plan<'_>) -> Result<(), Failure> {
    let target = one.destination();
    let kind = one.typ().as_deref().unwrap_or_default();
    let name = format!("{kind} on {}", target.display());
    let fail = || Failure::at(Stage::Mount, name.clone());
    let fd = target_of(root, target, Leaf::Folder)?;
    // Read-only comes last: the file system may get content first.
    let set = (options.set | options.set_below) - Attributes::MOUNT_ATTR_RDONLY;
    let made = match kind {
        "proc" => kernels::proc(!plan.has_own_pids(), &options.data, set),
        "cgroup" | "cgroup2" => kernels::cgroup(plan.has_own(oci_spec::runtime::LinuxNamespaceType::Cgroup), set),
        "sysfs" => kernels::sysfs(&options.data, set),
        "devpts" => kernels::devpts(&options.data, set),
        "mqueue" => message_queues(options, set),
        _ => {
            let source = one.source().as_ref().map_or(kind.into(), |source| source.to_string_lossy());
            let source = if source.is_empty() { kind.into() } else { source };
            mount::new_filesystem_from(kind, &source, &options.data, set)
        }
    }
    .map_err(fail())?;
    if options.copy_up && kind == "tmpfs" {
        binds::fill(fd.as_fd(), made.as_fd()).map_err(fail())?;
    }
    super::idmap::apply(made.as_fd(), one, options.id_map, &name)?;
    mount::attach(made.as_fd(), fd.as_fd()).map_err(fail())?;
    if (options.set | options.set_below).contains(Attributes::MOUNT_ATTR_RDONLY) {
        let read_only = Attributes::MOUNT_ATTR_RDONLY;
        mount::set_attributes(made.as_fd(), read_only, Attributes::empty(), false).map_err(fail())?;
    }
    for (propagation, recursive) in &options.propagation {
        mount::set_propagation(made.as_fd(), *propagation, *recursive).map_err(fail())?;
    }
    Ok(())
}

/// The queues of an ipc namespace that is not ours can only be shown where they are.
fn message_queues(options: &Options<'_>, set: Attributes) -> io::Result<OwnedFd> {
    mount::new_filesystem("mqueue", &options.data, set).or_else(|error| {
        let copy = mount::clone_tree(Path::new("/dev/mqueue"), false).map_err(|_| error)?;
        mount::set_attributes(copy.as_fd(), set, Attributes::empty(), false)?;
        Ok(copy)
    })
}

/// The place of a mount. No link of the image leads to `/proc`, `/sys` and `/dev`.
fn target_of(root: &SafeRoot, target: &Path, leaf: Leaf) -> Result<OwnedFd, Failure> {
    if kernels::is_kernels(&Path::new("/").join(target)) && leaf == Leaf::Folder {
        return kernels::special_target(root, target);
    }
    root.make(below_root(target), leaf).map_err(Failure::at(Stage::Target, target.to_string_lossy()))
}

fn below_root(path: &Path) -> &Path {
    path.strip_prefix("/").unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use oci_spec::runtime::MountBuilder;

    #[test]
    fn every_option_is_taken_for_what_it_is() {
        let words = "rbind ro,nosuid suid rnoexec rro rrw noatime rstrictatime slave rshared size=5 sync defaults relatime"
            .split([' ', ','])
            .map(str::to_owned)
            .collect::<Vec<_>>();
        let mount = MountBuilder::default().destination("/x").options(words).build().unwrap();
        let options = options(&mount);
        assert!(options.bind && options.recursive);
        assert_eq!(options.set, Attributes::MOUNT_ATTR_RDONLY);
        assert_eq!(options.clear, Attributes::MOUNT_ATTR_NOSUID | ATIME);
        assert_eq!(options.set_below, Attributes::MOUNT_ATTR_NOEXEC | Attributes::MOUNT_ATTR_STRICTATIME);
        assert_eq!(options.clear_below, Attributes::MOUNT_ATTR_RDONLY | ATIME);
        assert_eq!(options.propagation, [(Propagation::Slave, false), (Propagation::Shared, true)]);
        assert_eq!(options.data.len(), 2);
    }

    #[test]
    fn the_known_options_are_all_read() {
        for word in known_options() {
            let mut options = Options::default();
            options.take(&word);
            let data = options.data.len();
            assert_eq!(data, usize::from(matches!(word.as_str(), "sync" | "dirsync" | "mand" | "lazytime")), "{word}");
        }
    }
}

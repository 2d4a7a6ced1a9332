//! A folder whose contents are not trusted: the only way to touch a path that a container controls.

use rustix::fs::{AtFlags, FileType, Mode, OFlags, ResolveFlags, fstat, mkdirat, openat2};
use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

/// The root folder of a container (or a layer), open. Every path is resolved inside it by the kernel (openat2(2), Linux 5.6).
#[derive(Debug)]
pub struct SafeRoot {
    fd: OwnedFd,
}

/// What stands at the end of a path that is made where it is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaf {
    Folder,
    File,
}

/// How far the making of a path came.
enum Made {
    Whole(OwnedFd),
    /// To a link that leads nowhere; this is the path by way of its text.
    Leads(PathBuf),
}

/// How many links that lead nowhere a path may have, as for those that lead somewhere (path_resolution(7)).
const MAX_LINKS: usize = 40;

impl SafeRoot {
    /// Takes a folder's descriptor as the root.
    #[must_use]
    pub fn new(fd: OwnedFd) -> Self {
        Self { fd }
    }

    /// Opens what `path` leads to; symbolic links are followed inside the root, `/proc`'s magic links never.
    ///
    /// # Errors
    /// There is nothing, or the flags do not fit.
    pub fn open(&self, path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
        self.open_with(path, flags, ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS)
    }

    /// The same, where a symbolic link anywhere in the path is an error (`ELOOP`).
    ///
    /// # Errors
    /// There is nothing, or a link.
    pub fn open_without_links(&self, path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
        self.open_with(path, flags, ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS | ResolveFlags::NO_SYMLINKS)
    }

    fn open_with(&self, path: &Path, flags: OFlags, resolve: ResolveFlags) -> io::Result<OwnedFd> {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        loop {
            match openat2(&self.fd, path, flags | OFlags::CLOEXEC, Mode::empty(), resolve) {
                // A rename somewhere on the machine raced with a "..": the kernel asks to try again (openat2(2), EAGAIN).
                Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {}
                other => return other.map_err(io::Error::from),
            }
        }
    }

    /// Opens `path` (`O_PATH`) as a mount target, making what is missing of it: folders of mode 0755, a file of mode 0644. Where a
    /// link leads nowhere, what it leads to is made: images have `/etc/resolv.conf` as a link into an empty `/run`.
    ///
    /// # Errors
    /// Something in the way is no folder.
    pub fn make(&self, path: &Path, leaf: Leaf) -> io::Result<OwnedFd> {
        let mut path = path.to_owned();
        for _ in 0..MAX_LINKS {
            match self.open(&path, OFlags::PATH) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                done => return done,
            }
            match self.make_once(&path, leaf)? {
                Made::Whole(fd) => return Ok(fd),
                Made::Leads(to) => path = to,
            }
        }
        Err(rustix::io::Errno::LOOP.into())
    }

    /// Makes what is missing, as far as the first link that leads nowhere.
    fn make_once(&self, path: &Path, leaf: Leaf) -> io::Result<Made> {
        let mut prefix = PathBuf::new();
        let mut parent = self.open(Path::new("."), OFlags::PATH | OFlags::DIRECTORY)?;
        let names: Vec<&OsStr> = path
            .components()
            .filter_map(|part| match part {
                Component::Normal(name) => Some(name),
                Component::ParentDir => Some(OsStr::from_bytes(b"..")),
                _ => None,
            })
            .collect();
        for (at, name) in names.iter().enumerate() {
            let before = prefix.clone();
            prefix.push(name);
            let last = at + 1 == names.len();
            parent = match self.open(&prefix, OFlags::PATH) {
                Ok(fd) => fd,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    if let Ok(link) = rustix::fs::readlinkat(&parent, *name, Vec::new()) {
                        // An absolute text begins anew, at the root.
                        let link = Path::new(OsStr::from_bytes(link.as_bytes()));
                        let rest: PathBuf = names[at + 1..].iter().collect();
                        let to = before.join(link).join(rest);
                        return Ok(Made::Leads(to.strip_prefix("/").map(Path::to_owned).unwrap_or(to)));
                    }
                    if last && leaf == Leaf::File {
                        make_file(parent.as_fd(), name)?;
                    } else {
                        match mkdirat(&parent, *name, Mode::from_raw_mode(0o755)) {
                            Ok(()) | Err(rustix::io::Errno::EXIST) => {}
                            Err(errno) => return Err(errno.into()),
                        }
                    }
                    self.open(&prefix, OFlags::PATH)?
                }
                Err(error) => return Err(error),
            };
        }
        Ok(Made::Whole(parent))
    }

    /// Tells what kind of thing `path` leads to; nothing where there is nothing.
    ///
    /// # Errors
    /// The path cannot be resolved for another reason.
    pub fn kind(&self, path: &Path) -> io::Result<Option<FileType>> {
        match self.open(path, OFlags::PATH) {
            Ok(fd) => Ok(Some(FileType::from_raw_mode(fstat(&fd)?.st_mode))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl AsFd for SafeRoot {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Makes an empty file; the name is one component, and a link in its place is not followed (`O_EXCL`).
fn make_file(parent: BorrowedFd<'_>, name: &OsStr) -> io::Result<()> {
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    match rustix::fs::openat(parent, name, flags, Mode::from_raw_mode(0o644)) {
        Ok(_) | Err(rustix::io::Errno::EXIST) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

/// Tells whether `fd` is a character device with this number.
///
/// # Errors
/// It cannot be asked.
pub fn is_char_device(fd: BorrowedFd<'_>, major: u32, minor: u32) -> io::Result<bool> {
    let stat = rustix::fs::statat(fd, "", AtFlags::EMPTY_PATH)?;
    Ok(FileType::from_raw_mode(stat.st_mode) == FileType::CharacterDevice && stat.st_rdev == rustix::fs::makedev(major, minor))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn what_dangling_links_lead_to_is_made_inside() {
        let tmp = tempfile::tempdir().expect("tempdir");
        let root = tmp.path().join("root");
        for folder in ["etc", "usr/lib"] {
            std::fs::create_dir_all(root.join(folder)).expect("mkdir");
        }
        for (link, text) in [
            ("etc/resolv.conf", "../run/systemd/stub"),
            ("etc/far", "/usr/share/x"),
            ("etc/out", "../../../../outside/f"),
            ("lib", "usr/lib"),
            ("usr/lib/up", "../new/f"),
            ("one", "two"),
            ("two", "/three/f"),
            ("middle", "/made"),
            ("loop", "loop"),
        ] {
            symlink(text, root.join(link)).expect("symlink");
        }
        let safe = SafeRoot::new(rustix::fs::open(&root, OFlags::PATH, Mode::empty()).expect("open"));
        for (path, made) in [
            ("etc/resolv.conf", "run/systemd/stub"),
            ("etc/far", "usr/share/x"),
            ("etc/out", "outside/f"),
            ("lib/up", "usr/new/f"),
            ("one", "three/f"),
            ("middle/a/f", "made/a/f"),
            ("plain/../f", "f"),
        ] {
            safe.make(Path::new(path), Leaf::File).expect(path);
            assert!(root.join(made).is_file(), "{path}");
        }
        assert_eq!(std::fs::read_dir(tmp.path()).expect("list").count(), 1, "nothing outside");
        assert_eq!(safe.make(Path::new("loop"), Leaf::File).expect_err("loop").raw_os_error(), Some(libc::ELOOP));
    }
}

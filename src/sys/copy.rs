//! Copies of whole folders and changes of owner, from descriptor to descriptor: no link is followed, nothing outside is reached.

use super::xattr;
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, SeekFrom, Stat, XattrFlags};
use rustix::io::Errno;
use std::collections::HashMap;
use std::ffi::{CStr, CString, OsString};
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

/// How many folders may lie in one another. Each level holds three descriptors open (two folders and the listing of one), of the 1024
/// that a process has by default.
const MAX_DEPTH: usize = 300;

/// The entry that could not be copied or given away, by its path below the top.
#[derive(Debug, thiserror::Error)]
#[error("{}", path.display())]
pub struct TreeError {
    pub path: PathBuf,
    #[source]
    pub source: io::Error,
}

/// Copies everything in the folder `from` into the folder `to`: owners, modes, times, extended attributes, links, hard links and
/// holes are kept. Sockets and device nodes are left out.
///
/// # Errors
/// Something cannot be read or made, or lies deeper than 300 folders.
pub fn copy_contents(from: BorrowedFd<'_>, to: BorrowedFd<'_>) -> Result<(), TreeError> {
    Copy { to, links: HashMap::new() }.folder(from, to, &mut Vec::new(), 0)
}

/// Gives `to` the owner, mode, times and extended attributes of `from`; both are open for more than their path.
///
/// # Errors
/// The file system refuses one of them.
pub fn copy_attributes(from: BorrowedFd<'_>, to: BorrowedFd<'_>) -> io::Result<()> {
    let stat = rustix::fs::fstat(from)?;
    attributes(from, to, &stat)
}

/// Makes `uid` and `gid` the owner of everything in the folder that `top` is open on, and of itself; on the same file system only.
/// What belongs to them already is not touched.
///
/// # Errors
/// An owner cannot be changed (it is not of this user namespace), or something lies deeper than 300 folders.
pub fn chown_all(top: BorrowedFd<'_>, uid: u32, gid: u32) -> Result<(), TreeError> {
    let stat = rustix::fs::statat(top, c"", AtFlags::EMPTY_PATH).map_err(|errno| at(&[], errno))?;
    let chown = Chown { uid, gid, device: stat.st_dev };
    if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let dir = rustix::fs::openat(top, c".", flags, Mode::empty()).map_err(|errno| at(&[], errno))?;
        chown.folder(dir.as_fd(), &mut Vec::new(), 0)?;
    }
    chown.one(top, c"", &stat).map_err(|errno| at(&[], errno))
}

struct Copy<'a> {
    /// The top of the copy; the paths of `links` begin there.
    to: BorrowedFd<'a>,
    /// Where the first name of a file with several is.
    links: HashMap<(u64, u64), CString>,
}

impl Copy<'_> {
    fn folder(
        &mut self,
        from: BorrowedFd<'_>,
        to: BorrowedFd<'_>,
        path: &mut Vec<CString>,
        depth: usize,
    ) -> Result<(), TreeError> {
        if depth > MAX_DEPTH {
            return Err(at(path, Errno::NAMETOOLONG));
        }
        for entry in Dir::read_from(from).map_err(|errno| at(path, errno))? {
            let entry = entry.map_err(|errno| at(path, errno))?;
            let name = entry.file_name();
            if name == c"." || name == c".." {
                continue;
            }
            path.push(name.to_owned());
            self.entry(from, to, name, path, depth)?;
            path.pop();
        }
        Ok(())
    }

    fn entry(
        &mut self,
        from: BorrowedFd<'_>,
        to: BorrowedFd<'_>,
        name: &CStr,
        path: &mut Vec<CString>,
        depth: usize,
    ) -> Result<(), TreeError> {
        let stat = rustix::fs::statat(from, name, AtFlags::SYMLINK_NOFOLLOW).map_err(|errno| at(path, errno))?;
        let kind = FileType::from_raw_mode(stat.st_mode);
        if kind != FileType::Directory && stat.st_nlink > 1 {
            if let Some(first) = self.links.get(&(stat.st_dev, stat.st_ino)) {
                let linked = rustix::fs::linkat(self.to, first, to, name, AtFlags::empty());
                return linked.map_err(|errno| at(path, errno));
            }
            self.links.insert((stat.st_dev, stat.st_ino), joined(path));
        }
        match kind {
            FileType::Directory => self.sub_folder(from, to, name, path, depth),
            FileType::RegularFile => file(from, to, name, &stat).map_err(|source| with_path(path, source)),
            FileType::Symlink => link(from, to, name, &stat).map_err(|source| with_path(path, source.into())),
            FileType::Fifo => fifo(to, name, &stat).map_err(|source| with_path(path, source.into())),
            _ => Ok(()),
        }
    }

    fn sub_folder(
        &mut self,
        from: BorrowedFd<'_>,
        to: BorrowedFd<'_>,
        name: &CStr,
        path: &mut Vec<CString>,
        depth: usize,
    ) -> Result<(), TreeError> {
        rustix::fs::mkdirat(to, name, Mode::RWXU).map_err(|errno| at(path, errno))?;
        let source = open_folder(from, name).map_err(|errno| at(path, errno))?;
        let target = open_folder(to, name).map_err(|errno| at(path, errno))?;
        self.folder(source.as_fd(), target.as_fd(), path, depth + 1)?;
        // After its contents: they change its times, and its mode may forbid them.
        copy_attributes(source.as_fd(), target.as_fd()).map_err(|source| with_path(path, source))
    }
}

fn file(from: BorrowedFd<'_>, to: BorrowedFd<'_>, name: &CStr, stat: &Stat) -> io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let source = rustix::fs::openat(from, name, flags, Mode::empty())?;
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let target = rustix::fs::openat(to, name, flags, Mode::RUSR | Mode::WUSR)?;
    data(&source, &target, u64::try_from(stat.st_size).unwrap_or(0))?;
    attributes(source.as_fd(), target.as_fd(), stat)
}

/// Copies the data between the holes.
fn data(source: &OwnedFd, target: &OwnedFd, size: u64) -> io::Result<()> {
    let mut position = 0;
    while position < size {
        let start = match rustix::fs::seek(source, SeekFrom::Data(position)) {
            Ok(start) => start,
            // Nothing but a hole up to the end.
            Err(Errno::NXIO) => break,
            Err(errno) => return Err(errno.into()),
        };
        let end = rustix::fs::seek(source, SeekFrom::Hole(start))?;
        range(source, target, start, end)?;
        position = end;
    }
    if size > 0 {
        rustix::fs::ftruncate(target, size)?;
    }
    Ok(())
}

fn range(source: &OwnedFd, target: &OwnedFd, start: u64, end: u64) -> io::Result<()> {
    let (mut here, mut there) = (start, start);
    while here < end {
        let rest = usize::try_from(end - here).unwrap_or(usize::MAX);
        match rustix::fs::copy_file_range(source, Some(&mut here), target, Some(&mut there), rest) {
            // The file became shorter meanwhile.
            Ok(0) => return Ok(()),
            Ok(_) | Err(Errno::INTR) => {}
            // Two file systems that cannot do it between each other.
            Err(Errno::XDEV | Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => return send(source, target, here, end),
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}

fn send(source: &OwnedFd, target: &OwnedFd, start: u64, end: u64) -> io::Result<()> {
    rustix::fs::seek(target, SeekFrom::Start(start))?;
    let mut here = start;
    while here < end {
        let rest = usize::try_from(end - here).unwrap_or(usize::MAX);
        match rustix::fs::sendfile(target, source, Some(&mut here), rest) {
            Ok(0) => return Ok(()),
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}

fn link(from: BorrowedFd<'_>, to: BorrowedFd<'_>, name: &CStr, stat: &Stat) -> Result<(), Errno> {
    let text = rustix::fs::readlinkat(from, name, Vec::new())?;
    rustix::fs::symlinkat(&text, to, name)?;
    let (uid, gid) = owner(stat);
    rustix::fs::chownat(to, name, uid, gid, AtFlags::SYMLINK_NOFOLLOW)?;
    rustix::fs::utimensat(to, name, &times(stat), AtFlags::SYMLINK_NOFOLLOW)
}

fn fifo(to: BorrowedFd<'_>, name: &CStr, stat: &Stat) -> Result<(), Errno> {
    rustix::fs::mknodat(to, name, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
    let (uid, gid) = owner(stat);
    rustix::fs::chownat(to, name, uid, gid, AtFlags::SYMLINK_NOFOLLOW)?;
    // Made just now and no link, so the name may be followed.
    rustix::fs::chmodat(to, name, Mode::from_raw_mode(stat.st_mode), AtFlags::empty())
}

fn attributes(from: BorrowedFd<'_>, to: BorrowedFd<'_>, stat: &Stat) -> io::Result<()> {
    let (uid, gid) = owner(stat);
    rustix::fs::fchown(to, uid, gid)?;
    // After the owner, whose change takes setuid bits and capabilities away.
    rustix::fs::fchmod(to, Mode::from_raw_mode(stat.st_mode))?;
    extended(from, to)?;
    rustix::fs::futimens(to, &times(stat)).map_err(io::Error::from)
}

/// Copies extended attributes. What the target's file system does not take, or what is not ours to set, is left out.
fn extended(from: BorrowedFd<'_>, to: BorrowedFd<'_>) -> io::Result<()> {
    for (name, value) in xattr::read(from, |_| true)? {
        match rustix::fs::fsetxattr(to, &name, &value, XattrFlags::empty()) {
            Ok(()) | Err(Errno::OPNOTSUPP | Errno::PERM | Errno::ACCESS | Errno::INVAL) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}

struct Chown {
    uid: u32,
    gid: u32,
    /// The file system of the top; what is mounted below it is somebody else's.
    device: u64,
}

impl Chown {
    fn folder(&self, dir: BorrowedFd<'_>, path: &mut Vec<CString>, depth: usize) -> Result<(), TreeError> {
        if depth > MAX_DEPTH {
            return Err(at(path, Errno::NAMETOOLONG));
        }
        for entry in Dir::read_from(dir).map_err(|errno| at(path, errno))? {
            let entry = entry.map_err(|errno| at(path, errno))?;
            let name = entry.file_name();
            if name == c"." || name == c".." {
                continue;
            }
            path.push(name.to_owned());
            match rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) if stat.st_dev == self.device => {
                    if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
                        let below = open_folder(dir, name).map_err(|errno| at(path, errno))?;
                        self.folder(below.as_fd(), path, depth + 1)?;
                    }
                    self.one(dir, name, &stat).map_err(|errno| at(path, errno))?;
                }
                // Another file system, or gone meanwhile.
                Ok(_) | Err(Errno::NOENT) => {}
                Err(errno) => return Err(at(path, errno)),
            }
            path.pop();
        }
        Ok(())
    }

    fn one(&self, dir: BorrowedFd<'_>, name: &CStr, stat: &Stat) -> Result<(), Errno> {
        if stat.st_uid == self.uid && stat.st_gid == self.gid {
            return Ok(());
        }
        let (uid, gid) = (Some(rustix::fs::Uid::from_raw(self.uid)), Some(rustix::fs::Gid::from_raw(self.gid)));
        let flags = if name.is_empty() { AtFlags::EMPTY_PATH } else { AtFlags::SYMLINK_NOFOLLOW };
        match rustix::fs::chownat(dir, name, uid, gid, flags) {
            Err(Errno::NOENT) => Ok(()),
            done => done,
        }
    }
}

fn open_folder(parent: BorrowedFd<'_>, name: &CStr) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(parent, name, flags, Mode::empty())
}

fn owner(stat: &Stat) -> (Option<rustix::fs::Uid>, Option<rustix::fs::Gid>) {
    (Some(rustix::fs::Uid::from_raw(stat.st_uid)), Some(rustix::fs::Gid::from_raw(stat.st_gid)))
}

fn times(stat: &Stat) -> rustix::fs::Timestamps {
    let moment = |seconds: i64, nanoseconds: u64| rustix::fs::Timespec {
        tv_sec: seconds,
        tv_nsec: i64::try_from(nanoseconds).unwrap_or(0),
    };
    rustix::fs::Timestamps {
        last_access: moment(stat.st_atime, stat.st_atime_nsec),
        last_modification: moment(stat.st_mtime, stat.st_mtime_nsec),
    }
}

fn joined(path: &[CString]) -> CString {
    let names: Vec<&[u8]> = path.iter().map(CString::as_bytes).collect();
    CString::new(names.join(&b'/')).expect("made of C strings")
}

fn at(path: &[CString], errno: Errno) -> TreeError {
    with_path(path, errno.into())
}

fn with_path(path: &[CString], source: io::Error) -> TreeError {
    TreeError { path: PathBuf::from(OsString::from_vec(joined(path).into_bytes())), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt, symlink};
    use std::path::Path;

    fn open(path: &Path) -> OwnedFd {
        rustix::fs::open(path, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).expect("open")
    }

    #[test]
    fn a_copy_has_all_that_the_original_has_and_follows_no_link() {
        let tmp = tempfile::tempdir().expect("tempdir");
        let (from, to) = (tmp.path().join("from"), tmp.path().join("to"));
        std::fs::create_dir_all(from.join("a/closed")).expect("mkdir");
        std::fs::create_dir(&to).expect("mkdir");
        std::fs::write(from.join("a/file"), "content").expect("write");
        std::fs::hard_link(from.join("a/file"), from.join("second")).expect("link");
        symlink("/etc", from.join("out")).expect("symlink");
        let sparse = std::fs::File::create(from.join("sparse")).expect("create");
        sparse.set_len(64 << 20).expect("length");
        std::os::unix::fs::FileExt::write_at(&sparse, b"x", 32 << 20).expect("write");
        rustix::fs::mknodat(rustix::fs::CWD, from.join("fifo"), FileType::Fifo, Mode::RUSR, 0).expect("mkfifo");
        std::fs::set_permissions(from.join("a/file"), PermissionsExt::from_mode(0o640)).expect("chmod");
        std::fs::set_permissions(from.join("a/closed"), PermissionsExt::from_mode(0o500)).expect("chmod");
        copy_contents(open(&from).as_fd(), open(&to).as_fd()).expect("copy");
        assert_eq!(std::fs::read_to_string(to.join("a/file")).expect("read"), "content");
        let (one, two) = (to.join("a/file").metadata().expect("stat"), to.join("second").metadata().expect("stat"));
        assert_eq!((one.ino(), one.mode() & 0o777), (two.ino(), 0o640));
        assert_eq!(one.mtime_nsec(), from.join("a/file").metadata().expect("stat").mtime_nsec());
        assert_eq!(std::fs::read_link(to.join("out")).expect("link"), Path::new("/etc"));
        let sparse = to.join("sparse").metadata().expect("stat");
        assert!(sparse.len() == 64 << 20 && sparse.blocks() < 4096, "{} blocks", sparse.blocks());
        assert_eq!(to.join("a/closed").metadata().expect("stat").mode() & 0o777, 0o500);
        assert!(FileType::from_raw_mode(to.join("fifo").symlink_metadata().expect("stat").mode()) == FileType::Fifo);
    }

    #[test]
    fn a_tree_that_is_too_deep_is_an_error() {
        let tmp = tempfile::tempdir().expect("tempdir");
        std::fs::create_dir(tmp.path().join("to")).expect("mkdir");
        let mut dir = open(tmp.path());
        for _ in 0..500 {
            rustix::fs::mkdirat(&dir, c"d", Mode::RWXU).expect("mkdir");
            dir = open_folder(dir.as_fd(), c"d").expect("open");
        }
        let error = copy_contents(open(&tmp.path().join("d")).as_fd(), open(&tmp.path().join("to")).as_fd()).expect_err("deep");
        assert_eq!(error.source.raw_os_error(), Some(libc::ENAMETOOLONG));
    }

    #[test]
    fn owners_that_are_right_are_left_alone() {
        let tmp = tempfile::tempdir().expect("tempdir");
        std::fs::create_dir(tmp.path().join("d")).expect("mkdir");
        std::fs::write(tmp.path().join("d/f"), "").expect("write");
        symlink("/", tmp.path().join("d/root")).expect("symlink");
        let before = tmp.path().join("d/f").metadata().expect("stat");
        let top = open(tmp.path());
        chown_all(top.as_fd(), before.uid(), before.gid()).expect("nothing to do");
        assert_eq!(tmp.path().join("d/f").metadata().expect("stat").ctime_nsec(), before.ctime_nsec());
    }
}

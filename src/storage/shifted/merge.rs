//! Walks the layers of a stack side by side and writes what an overlay of them would show.

use super::Form;
use super::inode::{self, Owners};
use crate::model::IdMap;
use crate::storage::StorageError;
use crate::storage::error::io_error;
use crate::storage::marks::{is_device_whiteout, is_xattr_whiteout, opaque};
use rustix::fd::{AsFd as _, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, ResolveFlags, Stat};
use rustix::io::Errno;
use std::collections::{HashMap, HashSet};
use std::ffi::{CStr, CString, OsStr};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, PoisonError};

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
/// More threads only wait for the same disk.
const MAX_THREADS: usize = 4;

/// A folder to be filled: its path, and the layers whose entries it has, the topmost first.
struct Task {
    path: Vec<u8>,
    layers: Vec<usize>,
}

/// What is to be made: an entry of a layer's folder that is no folder.
#[derive(Clone, Copy)]
struct Found<'a> {
    folder: BorrowedFd<'a>,
    name: &'a CStr,
    stat: &'a Stat,
    layer: usize,
    /// Below the root.
    path: &'a [u8],
}

struct Merge<'a> {
    layers: Vec<OwnedFd>,
    out: OwnedFd,
    owners: Owners<'a>,
    form: Form,
    /// Where the first name of a file with several stands, by layer and inode.
    links: Mutex<HashMap<(usize, u64), Vec<u8>>>,
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    tasks: Vec<Task>,
    /// Threads that work on a task, and so may bring more.
    busy: usize,
    failed: Option<StorageError>,
}

/// Merges `layers`, the topmost first, into the empty folder `out`.
pub(super) fn merge(layers: &[PathBuf], out: &Path, map: &IdMap, form: Form) -> Result<(), StorageError> {
    let open = |path: &Path| rustix::fs::openat(CWD, path, FOLDER, Mode::empty()).map_err(io_error("open folder", path));
    let merge = Merge {
        layers: layers.iter().map(|path| open(path)).collect::<Result<_, _>>()?,
        out: open(out)?,
        owners: Owners::new(map),
        form,
        links: Mutex::default(),
        queue: Mutex::default(),
        changed: Condvar::new(),
    };
    let all = (0..merge.layers.len()).collect();
    let first = merge.until_opaque(b"", all).map_err(io_error("read the layers of", out))?;
    merge.lock_queue().tasks.push(Task { path: Vec::new(), layers: first });
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS);
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|| merge.work(out));
        }
        merge.work(out);
    });
    let failed = merge.lock_queue().failed.take();
    failed.map_or(Ok(()), Err)
}

impl Merge<'_> {
    fn lock_queue(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes tasks until there are none and nobody can bring more.
    fn work(&self, out: &Path) {
        let mut queue = self.lock_queue();
        loop {
            if queue.failed.is_some() || (queue.tasks.is_empty() && queue.busy == 0) {
                return;
            }
            let Some(task) = queue.tasks.pop() else {
                queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            queue.busy += 1;
            drop(queue);
            let done = self.fill(&task);
            queue = self.lock_queue();
            queue.busy -= 1;
            match done {
                Ok(more) => queue.tasks.extend(more),
                Err(errno) => {
                    let path = out.join(OsStr::from_bytes(&task.path));
                    queue.failed.get_or_insert(io_error("shift the owners of what is in", &path)(errno));
                }
            }
            self.changed.notify_all();
        }
    }

    /// Makes the entries of one folder and returns the folders among them.
    fn fill(&self, task: &Task) -> Result<Vec<Task>, Errno> {
        let out = open_below(&self.out, &task.path)?;
        let folders: Vec<(usize, OwnedFd)> =
            task.layers.iter().map(|at| Ok((*at, open_below(&self.layers[*at], &task.path)?))).collect::<Result<_, Errno>>()?;
        let mut seen: HashSet<CString> = HashSet::new();
        let mut more = Vec::new();
        for (depth, (layer, folder)) in folders.iter().enumerate() {
            let hides_by_xattr = opaque(folder)? == Some(b'x');
            for entry in Dir::read_from(folder)? {
                let entry = entry?;
                let name = entry.file_name();
                if name == c"." || name == c".." || !seen.insert(name.to_owned()) {
                    continue;
                }
                let stat = rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
                if is_device_whiteout(&stat) || (hides_by_xattr && is_xattr_whiteout(folder.as_fd(), name, &stat)) {
                    continue;
                }
                let path = join(&task.path, name);
                if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
                    rustix::fs::mkdirat(&out, name, Mode::RWXU)?;
                    let below = self.folders_below(&folders[depth..], name)?;
                    more.push(Task { layers: self.until_opaque(&path, below)?, path });
                } else {
                    let found = Found { folder: folder.as_fd(), name, stat: &stat, layer: *layer, path: &path };
                    self.make(&out, &found)?;
                }
            }
        }
        // Last, as every new entry changes its time.
        if let Some((_, folder)) = folders.first() {
            inode::apply(out.as_fd(), folder.as_fd(), &rustix::fs::fstat(folder)?, &self.owners)?;
        }
        Ok(more)
    }

    /// The layers whose folder `name` shows, from the first that has it on: up to one that has something else there.
    fn folders_below(&self, folders: &[(usize, OwnedFd)], name: &CStr) -> Result<Vec<usize>, Errno> {
        let mut found = Vec::new();
        for (layer, folder) in folders {
            match rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::Directory => found.push(*layer),
                Ok(_) => break,
                Err(Errno::NOENT) => {}
                Err(errno) => return Err(errno),
            }
        }
        Ok(found)
    }

    /// Cuts the layers off below one that hides what is below it.
    fn until_opaque(&self, path: &[u8], mut layers: Vec<usize>) -> Result<Vec<usize>, Errno> {
        for (at, layer) in layers.iter().enumerate() {
            if opaque(&open_below(&self.layers[*layer], path)?)? == Some(b'y') {
                layers.truncate(at + 1);
                break;
            }
        }
        Ok(layers)
    }

    fn make(&self, out: &OwnedFd, found: &Found<'_>) -> Result<(), Errno> {
        let Found { folder, name, stat, layer, path } = *found;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return inode::make_special(out.as_fd(), name, folder, stat, &self.owners);
        }
        if stat.st_nlink < 2 {
            return self.make_file(out, found);
        }
        // Held until the file is there, so that another name of it finds it.
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(first) = links.get(&(layer, stat.st_ino)) {
            match rustix::fs::linkat(&self.out, &first[..], out, name, AtFlags::empty()) {
                Err(Errno::MLINK) => {}
                done => return done,
            }
        }
        self.make_file(out, found)?;
        links.insert((layer, stat.st_ino), path.to_owned());
        Ok(())
    }

    fn make_file(&self, out: &OwnedFd, found: &Found<'_>) -> Result<(), Errno> {
        let Found { folder, name, stat, path, .. } = *found;
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let from = rustix::fs::openat(folder, name, flags, Mode::empty())?;
        let to = inode::create(out.as_fd(), name)?;
        let size = u64::try_from(stat.st_size).unwrap_or(0);
        match self.form {
            _ if size == 0 => {}
            Form::Tree => inode::redirect(&to, &[b"/", path].concat(), size)?,
            Form::Copy => inode::copy_contents(from.as_fd(), to.as_fd(), size)?,
        }
        inode::apply(to.as_fd(), from.as_fd(), stat, &self.owners)
    }
}

fn join(folder: &[u8], name: &CStr) -> Vec<u8> {
    if folder.is_empty() { name.to_bytes().to_owned() } else { [folder, b"/", name.to_bytes()].concat() }
}

/// Opens a folder by its path below `root`; a link on the way is an error, as there was none when the path was found.
fn open_below(root: &OwnedFd, path: &[u8]) -> Result<OwnedFd, Errno> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    let path = if path.is_empty() { b"." } else { path };
    loop {
        match rustix::fs::openat2(root, path, FOLDER, Mode::empty(), resolve) {
            Err(Errno::AGAIN | Errno::INTR) => {}
            done => return done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::IdRange;
    use crate::model::idmap::Ranges;
    use crate::storage::marks::OPAQUE_XATTR;
    use rustix::fs::XattrFlags;
    use std::fs;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt, symlink};

    /// Everybody is who runs the tests: other owners take rights.
    fn own_map() -> IdMap {
        let run = |id| Ranges::new(vec![IdRange { inside: id, outside: id, count: 1 }]).unwrap();
        IdMap { uids: run(rustix::process::getuid().as_raw()), gids: run(rustix::process::getgid().as_raw()) }
    }

    fn whiteout(path: &Path) {
        rustix::fs::mknodat(CWD, path, FileType::CharacterDevice, Mode::empty(), 0).unwrap();
    }

    fn merged(form: Form) -> (tempfile::TempDir, PathBuf) {
        let temp = tempfile::tempdir().unwrap();
        let [low, high, out] = ["low", "high", "out"].map(|name| temp.path().join(name));
        for folder in ["low/both/deep", "low/hidden", "low/opaque", "high/both", "high/opaque", "low/was", "out"] {
            fs::create_dir_all(temp.path().join(folder)).unwrap();
        }
        for (file, text) in [
            ("low/both/a", "a of low"),
            ("low/both/b", "b"),
            ("low/both/deep/c", "c"),
            ("low/hidden/x", "x"),
            ("low/opaque/gone", "x"),
            ("low/was/folder", "x"),
            ("low/empty", ""),
            ("high/both/a", "a of high"),
            ("high/opaque/new", "new"),
        ] {
            fs::write(temp.path().join(file), text).unwrap();
        }
        fs::hard_link(low.join("both/b"), low.join("link")).unwrap();
        symlink("../nowhere", low.join("both/symlink")).unwrap();
        fs::set_permissions(low.join("both/b"), PermissionsExt::from_mode(0o4711)).unwrap();
        whiteout(&high.join("hidden"));
        whiteout(&high.join("was"));
        rustix::fs::setxattr(high.join("opaque"), OPAQUE_XATTR, b"y", XattrFlags::empty()).unwrap();
        rustix::fs::setxattr(low.join("empty"), "user.note", b"kept", XattrFlags::empty()).unwrap();
        merge(&[high, low], &out, &own_map(), form).unwrap();
        (temp, out)
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn a_copy_is_what_an_overlay_of_the_layers_shows() {
        let (_temp, out) = merged(Form::Copy);
        assert_eq!(names(&out), ["both", "empty", "link", "opaque"]);
        assert_eq!(names(&out.join("both")), ["a", "b", "deep", "symlink"]);
        assert_eq!(names(&out.join("opaque")), ["new"]);
        assert_eq!(fs::read_to_string(out.join("both/a")).unwrap(), "a of high");
        assert_eq!(fs::read_to_string(out.join("both/deep/c")).unwrap(), "c");
        assert_eq!(fs::read_link(out.join("both/symlink")).unwrap(), Path::new("../nowhere"));
        let (one, other) = (fs::metadata(out.join("both/b")).unwrap(), fs::metadata(out.join("link")).unwrap());
        assert_eq!((one.ino(), one.nlink(), one.mode() & 0o7777), (other.ino(), 2, 0o4711));
        let mut value = [0; 8];
        let length = rustix::fs::getxattr(out.join("empty"), "user.note", &mut value[..]).unwrap();
        assert_eq!(&value[..length], b"kept");
        assert!(rustix::fs::getxattr(out.join("opaque"), OPAQUE_XATTR, &mut value[..]).is_err());
    }

    #[test]
    fn a_tree_has_sizes_and_the_places_of_contents() {
        let (_temp, out) = merged(Form::Tree);
        let file = out.join("both/deep/c");
        let mut value = [0; 64];
        let length = rustix::fs::getxattr(&file, inode::REDIRECT, &mut value[..]).unwrap();
        assert_eq!(&value[..length], b"/both/deep/c");
        assert_eq!(rustix::fs::getxattr(&file, inode::METACOPY, &mut value[..]).unwrap(), 0);
        let stat = fs::metadata(&file).unwrap();
        assert_eq!((stat.len(), stat.blocks() * 512 / 8192), (1, 0), "no contents of its own");
        assert!(rustix::fs::getxattr(out.join("empty"), inode::REDIRECT, &mut value[..]).is_err());
    }
}

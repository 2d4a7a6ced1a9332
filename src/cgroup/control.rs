//! Ending, freezing and removing a container's cgroup.

use super::CgroupError;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{AtFlags, Mode, OFlags, openat};
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// How deep we follow the cgroups that a container has made below its own.
const MAX_DEPTH: u32 = 128;
/// How long the kernel may take to stop every process.
const FREEZE_PATIENCE: Duration = Duration::from_secs(5);

/// Kills every process in the cgroup and below, also those that fork meanwhile. A cgroup that is gone has none.
///
/// # Errors
/// The kernel refuses.
pub fn kill(path: &Path) -> Result<(), CgroupError> {
    let failed = |source| CgroupError::Kill { path: path.to_owned(), source };
    match write(path, "cgroup.kill", "1") {
        Ok(()) => Ok(()),
        Err(error) if is_gone(&error) && !path.exists() => Ok(()),
        // Before Linux 5.14: what is frozen forks no more, and its pids stay its own. SIGKILL ends also what is frozen.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            match freeze(path) {
                // One that sleeps in the kernel cannot fork either.
                Ok(()) | Err(CgroupError::NotFrozen { .. }) => {}
                Err(error) => return Err(error),
            }
            let killed = open_folder(path).and_then(|folder| kill_each(folder, MAX_DEPTH)).map_err(failed);
            thaw(path)?;
            killed
        }
        Err(error) => Err(failed(error)),
    }
}

/// Stops every process in the cgroup and below, and returns when they have stopped.
///
/// # Errors
/// The kernel refuses, or a process does not stop within some seconds (it sleeps in the kernel).
pub fn freeze(path: &Path) -> Result<(), CgroupError> {
    write_freeze(path, "1")?;
    if wait_for(path, "frozen 1", FREEZE_PATIENCE)? {
        return Ok(());
    }
    Err(CgroupError::NotFrozen { path: path.to_owned(), milliseconds: FREEZE_PATIENCE.as_millis() })
}

/// Lets the processes of a frozen cgroup go on.
///
/// # Errors
/// The kernel refuses.
pub fn thaw(path: &Path) -> Result<(), CgroupError> {
    write_freeze(path, "0")
}

/// Tells whether all processes of a cgroup stand still because it is frozen.
#[must_use]
pub fn is_frozen(path: &Path) -> bool {
    std::fs::read(path.join("cgroup.events")).is_ok_and(|text| has_line(&text, "frozen 1"))
}

/// The processes in a cgroup and below, as far as the caller sees them.
#[must_use]
pub fn processes(path: &Path) -> Vec<i32> {
    let mut pids: Vec<i32> = std::fs::read_to_string(path.join("cgroup.procs"))
        .unwrap_or_default()
        .lines()
        .filter_map(|line| line.parse().ok().filter(|pid| *pid > 0))
        .collect();
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
        pids.extend(processes(&entry.path()));
    }
    pids
}

fn write_freeze(path: &Path, value: &str) -> Result<(), CgroupError> {
    write(path, "cgroup.freeze", value).map_err(|source| CgroupError::Freeze { path: path.to_owned(), source })
}

/// Writes a control file, which is never made.
pub(super) fn write(path: &Path, file: &str, value: &str) -> io::Result<()> {
    std::fs::OpenOptions::new().write(true).open(path.join(file))?.write_all(value.as_bytes())
}

/// Removes the cgroup and those below, after the last process has left, for which it waits. One that is gone is removed.
///
/// # Errors
/// There are processes left after `patience`, or the kernel refuses.
pub fn remove(path: &Path, patience: Duration) -> Result<(), CgroupError> {
    match wait_for(path, "populated 0", patience) {
        Ok(true) => {}
        Ok(false) => return Err(CgroupError::Populated { path: path.to_owned(), milliseconds: patience.as_millis() }),
        Err(CgroupError::Events { source, .. }) if is_gone(&source) && !path.exists() => return Ok(()),
        Err(error) => return Err(error),
    }
    let failed = |source| CgroupError::Remove { path: path.to_owned(), source };
    let removed =
        open_folder(path).and_then(|folder| remove_children(folder.as_fd(), MAX_DEPTH)).and_then(|()| std::fs::remove_dir(path));
    removed.or_else(|error| if is_gone(&error) { Ok(()) } else { Err(failed(error)) })
}

/// `ENOENT` for a path that is gone, `ENODEV` from a file of a cgroup that was removed while it was open.
fn is_gone(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ENODEV))
}

fn open_folder(path: &Path) -> io::Result<OwnedFd> {
    Ok(rustix::fs::open(path, FOLDER, Mode::empty())?)
}

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Waits until `cgroup.events` has the line `wanted`; tells whether it came in time. Each change of that file raises `POLLPRI`.
fn wait_for(path: &Path, wanted: &str, patience: Duration) -> Result<bool, CgroupError> {
    let failed = |source| CgroupError::Events { path: path.to_owned(), source };
    let file = File::open(path.join("cgroup.events")).map_err(failed)?;
    let end = Instant::now() + patience;
    loop {
        let mut bytes = [0; 256];
        let length = file.read_at(&mut bytes, 0).map_err(failed)?;
        if has_line(&bytes[..length], wanted) {
            return Ok(true);
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(false);
        }
        let timeout = Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() };
        match poll(&mut [PollFd::new(&file, PollFlags::PRI)], Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(failed(errno.into())),
        }
    }
}

pub(super) fn has_line(text: &[u8], wanted: &str) -> bool {
    text.split(|byte| *byte == b'\n').any(|line| line == wanted.as_bytes())
}

/// The folders in a cgroup's folder.
fn children(folder: impl AsFd) -> io::Result<Vec<OwnedFd>> {
    let names = child_names(&folder)?;
    let opened = names.iter().map(|name| openat(&folder, name, FOLDER, Mode::empty()));
    // One that has gone meanwhile needs nothing more.
    Ok(opened.filter(|result| !matches!(result, Err(rustix::io::Errno::NOENT))).collect::<Result<_, _>>()?)
}

fn child_names(folder: impl AsFd) -> io::Result<Vec<std::ffi::CString>> {
    let mut names = Vec::new();
    for entry in rustix::fs::Dir::read_from(&folder)? {
        let entry = entry?;
        if entry.file_type() == rustix::fs::FileType::Directory && !matches!(entry.file_name().to_bytes(), b"." | b"..") {
            names.push(entry.file_name().to_owned());
        }
    }
    Ok(names)
}

fn remove_children(folder: impl AsFd, depth: u32) -> io::Result<()> {
    let below = depth.checked_sub(1).ok_or(io::ErrorKind::QuotaExceeded)?;
    for name in child_names(&folder)? {
        match openat(&folder, &name, FOLDER, Mode::empty()) {
            Ok(child) => remove_children(child.as_fd(), below)?,
            Err(rustix::io::Errno::NOENT) => continue,
            Err(errno) => return Err(errno.into()),
        }
        match rustix::fs::unlinkat(&folder, &name, AtFlags::REMOVEDIR) {
            Ok(()) | Err(rustix::io::Errno::NOENT) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}

fn kill_each(folder: OwnedFd, depth: u32) -> io::Result<()> {
    let below = depth.checked_sub(1).ok_or(io::ErrorKind::QuotaExceeded)?;
    let file = openat(&folder, "cgroup.procs", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    for pid in io::read_to_string(File::from(file))?.lines() {
        // 0: a process outside of our pid namespace.
        if let Some(pid) = pid.parse().ok().and_then(rustix::process::Pid::from_raw) {
            match rustix::process::kill_process(pid, rustix::process::Signal::KILL) {
                Ok(()) | Err(rustix::io::Errno::SRCH) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }
    for child in children(&folder)? {
        kill_each(child, below)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_lines_of_the_events_count() {
        let text = b"populated 0\nfrozen 1\n";
        for (line, wanted) in
            [("populated 0", true), ("frozen 1", true), ("frozen 0", false), ("frozen", false), ("populated", false)]
        {
            assert_eq!(has_line(text, line), wanted, "{line}");
        }
    }

    #[test]
    fn what_is_gone_is_killed_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        let gone = folder.path().join("gone");
        kill(&gone).unwrap();
        remove(&gone, Duration::ZERO).unwrap();
    }

    #[test]
    fn a_populated_cgroup_is_not_removed() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("cgroup.events"), "populated 1\nfrozen 0\n").unwrap();
        // A regular file is ready at once for poll, but not with POLLPRI: this waits its time.
        let error = remove(folder.path(), Duration::from_millis(5)).unwrap_err();
        assert!(matches!(error, CgroupError::Populated { .. }), "{error}");
        std::fs::remove_file(folder.path().join("cgroup.events")).unwrap();
        std::fs::create_dir_all(folder.path().join("a/b/c")).unwrap();
        remove_children(open_folder(folder.path()).unwrap(), MAX_DEPTH).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

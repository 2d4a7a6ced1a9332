//! What a case must not leave: processes, mounts, cgroups, rows, folders.

use super::TestEnv;
use super::command::wait_for;
use super::host::{self, Under};
use super::program;
use super::root::remove_cgroup;
use rustix::event::{PollFd, PollFlags};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::{Duration, Instant};

/// A monitor may live this long after the command that ended its container.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asserts that nothing of the case is left but its store.
pub fn check(env: &TestEnv) {
    let rows = env.run(&["ps", "-a", "-q"]);
    assert!(rows.code == 0 && rows.stdout.is_empty(), "containers: {rows}");
    let ours = host::under() == Under::Coracle;
    let processes = wait_until_gone(env);
    assert!(processes.is_empty(), "processes: {processes:#?}");
    let mounts = mounts_below(env.path());
    assert!(mounts.is_empty(), "mounts: {mounts:#?}");
    if let Some(cgroup) = env.cgroup().filter(|_| ours) {
        let left: Vec<_> = folders(cgroup).into_iter().filter(|name| name != "cli").collect();
        // The place of commands themselves is no container's.
        let below: Vec<_> = folders(&cgroup.join("cli")).into_iter().filter(|name| name != "coracle-callers").collect();
        assert!(left.is_empty() && below.is_empty(), "cgroups: {left:?} {below:?}");
    }
    if ours {
        check_folders(env);
    }
}

/// The folders of design.md "Storage" are empty, those that only hold half-done or living things.
fn check_folders(env: &TestEnv) {
    for folder in ["tmp", "containers"] {
        let left = names(&env.data().join(folder));
        assert!(left.is_empty(), "{folder} of the store: {left:?}");
    }
    let mut files = Vec::new();
    walk(&env.runtime().join("coracle"), &mut files);
    files.retain(|file| !file.ends_with("lock"));
    assert!(files.is_empty(), "runtime files: {files:?}");
}

fn walk(folder: &Path, files: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder {
            walk(&path, files);
        }
        // Folders of the layout may stay; one of a container may not.
        if !is_folder || path.parent().is_some_and(|parent| parent.ends_with("containers")) {
            files.push(path.to_string_lossy().into_owned());
        }
    }
}

/// Kills what is left of the case and removes its world.
pub fn sweep(env: &TestEnv) {
    let deadline = Instant::now() + PATIENCE;
    for (pid, _) in processes(env, true) {
        if let Some(pidfd) = open(pid) {
            let _ = pidfd_send_signal(&pidfd, Signal::KILL);
            wait_for(&mut [PollFd::new(&pidfd, PollFlags::IN)], deadline);
        }
    }
    if let Some(cgroup) = env.cgroup() {
        remove_cgroup(cgroup);
    }
    // Files of the store belong to subordinate ids; a user namespace with all of them may remove them.
    let path = env.path().to_string_lossy().into_owned();
    let script = r#"chmod -R u+rwX "$0" 2>/dev/null; rm -rf "$0""#;
    let mapped = program::run("unshare", &["--user", "--map-root-user", "--map-auto", "sh", "-c", script, &path]);
    if !mapped.status.success() {
        program::run("sh", &["-c", script, &path]);
    }
}

/// Waits for the case's processes to end; returns those that did not.
fn wait_until_gone(env: &TestEnv) -> BTreeMap<i32, String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let found = processes(env, false);
        let pidfds: Vec<OwnedFd> = found.keys().filter_map(|pid| open(*pid)).collect();
        if found.is_empty() || Instant::now() > deadline {
            return found;
        }
        for pidfd in &pidfds {
            if !wait_for(&mut [PollFd::new(pidfd, PollFlags::IN)], deadline) {
                return processes(env, false);
            }
        }
    }
}

fn open(pid: i32) -> Option<OwnedFd> {
    pidfd_open(Pid::from_raw(pid)?, PidfdFlags::empty()).ok()
}

/// The living processes of the case: those in its cgroup, and those that show its folder. A process in a child user namespace of
/// ours may be looked into by us, its owner.
fn processes(env: &TestEnv, pause_too: bool) -> BTreeMap<i32, String> {
    let mut found = BTreeMap::new();
    let marker = env.path().to_string_lossy().into_owned();
    let group = env.cgroup().map(|path| path.strip_prefix("/sys/fs/cgroup").unwrap_or(path).to_string_lossy().into_owned());
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
        if pid.cast_unsigned() == std::process::id() {
            continue;
        }
        let folder = entry.path();
        let command = lossy(&folder.join("cmdline")).replace('\0', " ");
        let shows = |name: &str| shows_path(&lossy(&folder.join(name)), &marker);
        let in_cgroup = group.as_ref().is_some_and(|group| shows_path(&lossy(&folder.join("cgroup")), group));
        let in_folder = std::fs::read_link(folder.join("cwd")).is_ok_and(|cwd| cwd.starts_with(env.path()));
        if !(in_cgroup || in_folder || shows("environ") || shows("cmdline") || shows("mountinfo")) {
            continue;
        }
        let zombie = lossy(&folder.join("stat")).rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z'));
        // Podman keeps one process that pins its user namespace.
        let pause = host::under() == Under::Podman
            && !pause_too
            && (command.contains("catatonit -P") || command.starts_with("podman pause"));
        if !zombie && !pause {
            found.insert(pid, command);
        }
    }
    found
}

/// Tells whether a text names the path or something below it (and not `…/12` where `…/1` is meant).
fn shows_path(text: &str, path: &str) -> bool {
    text.match_indices(path).any(|(at, _)| !text[at + path.len()..].starts_with(|next: char| next.is_ascii_alphanumeric()))
}

fn mounts_below(path: &Path) -> Vec<String> {
    let text = lossy(Path::new("/proc/self/mountinfo"));
    text.lines()
        .filter(|line| line.split(' ').nth(4).is_some_and(|target| Path::new(target).starts_with(path)))
        .map(str::to_owned)
        .collect()
}

fn folders(path: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

fn names(path: &Path) -> Vec<String> {
    std::fs::read_dir(path)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

fn lossy(path: &Path) -> String {
    std::fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

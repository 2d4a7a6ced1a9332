//! Programs of the host that the harness itself needs.

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Runs a program of the host to its end, without input.
pub fn run(program: &str, args: &[&str]) -> Output {
    Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("run {program} {args:?}: {error}"))
}

/// Runs a program of the host that has to succeed; returns what it printed, without the last line end.
pub fn ok(program: &str, args: &[&str]) -> String {
    let output = run(program, args);
    assert!(output.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

/// Copies a program, by a process of its own: a descriptor that is open for writing here could be inherited by what another case starts
/// just now, and for so long the copy cannot be executed (`ETXTBSY`).
pub fn copy(from: &Path, to: &Path) {
    let names = [from, to].map(|path| path.to_str().expect("a path of characters"));
    ok("cp", &names);
}

/// Returns the name of a uid of `/etc/passwd`.
pub fn user_name(uid: u32) -> Option<String> {
    passwd(|fields| fields[2] == uid.to_string()).map(|fields| fields[0].clone())
}

/// Returns the uid, the gid and the home of a name of `/etc/passwd`.
pub fn user(name: &str) -> Option<(u32, u32, String)> {
    let fields = passwd(|fields| fields[0] == name)?;
    Some((fields[2].parse().ok()?, fields[3].parse().ok()?, fields[5].clone()))
}

fn passwd(wanted: impl Fn(&[String]) -> bool) -> Option<Vec<String>> {
    let text = std::fs::read_to_string("/etc/passwd").ok()?;
    text.lines()
        .map(|line| line.split(':').map(str::to_owned).collect::<Vec<_>>())
        .find(|fields| fields.len() >= 6 && wanted(fields))
}

/// Tells whether a process lives: neither gone nor waiting to be reaped.
pub fn is_alive(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.trim_start().starts_with(['Z', 'X']))
}

/// Waits for the end of a process that is not ours to reap.
pub fn wait_gone(pid: i32) {
    let pid = rustix::process::Pid::from_raw(pid).expect("a pid");
    if let Ok(pidfd) = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()) {
        let mut fds = [rustix::event::PollFd::new(&pidfd, rustix::event::PollFlags::IN)];
        let deadline = std::time::Instant::now() + super::command::TIME_LIMIT;
        assert!(super::command::wait_for(&mut fds, deadline), "process {pid:?} does not end");
    }
}

/// The sha256 of a file.
pub fn sha256(path: &Path) -> String {
    use sha2::Digest as _;
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("read {}: {error}", path.display()));
    hex(&sha2::Sha256::digest(bytes))
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

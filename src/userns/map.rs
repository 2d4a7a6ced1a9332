//! Id maps, and the distribution's two privileged helpers that write them.

use super::subid::{self, Kind, Range};
use crate::config::program::find_program;
use crate::model::IdRange;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// How the ids of a session are mapped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ids {
    /// Container id 0 is the user, 1… are the subordinate ids.
    Ranges { uids: Vec<Range>, gids: Vec<Range> },
    /// Container id 0 is the user and there is no other.
    Single(WhySingle),
}

/// Why only the user's own id can be mapped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhySingle {
    /// A file has no range for the user. `mend` is the line to add.
    NoRange { file: &'static str, mend: String },
    /// The helper is not installed.
    NoHelper { helper: &'static str },
    /// The helper has neither the setuid bit nor a file capability.
    NotPrivileged { path: PathBuf },
    /// The helper was started and refused.
    Refused { helper: &'static str, message: String },
}

impl WhySingle {
    /// What is the matter.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::NoRange { file, .. } => format!("{file} has no ids for you"),
            Self::NoHelper { helper } => format!("{helper} is not installed"),
            Self::NotPrivileged { path } => format!("{} is not setuid", path.display()),
            Self::Refused { helper, message } => format!("{helper} refused: {message}"),
        }
    }

    /// One line for the user: what is the matter, what will fail, what to do.
    #[must_use]
    pub fn note(&self) -> String {
        let why = self.message();
        let mend = match self {
            Self::NoRange { file, mend } => format!("as root, add the line {mend:?} to {file}"),
            Self::NoHelper { .. } => "as root, apt install uidmap (Fedora: shadow-utils)".to_owned(),
            Self::NotPrivileged { path } => format!("as root, chmod u+s {}", path.display()),
            Self::Refused { .. } => "compare /etc/subuid and /etc/subgid with your ranges".to_owned(),
        };
        format!(
            "{why}, so containers have only one id (0, you): changing to another user or owner in them will fail; to mend it, {mend}"
        )
    }
}

/// Works out what the calling user can map.
#[must_use]
pub fn available() -> Ids {
    let uid = rustix::process::getuid().as_raw();
    let name = subid::user_name(uid);
    for helper in ["newuidmap", "newgidmap"] {
        match find_program(helper) {
            None => return Ids::Single(WhySingle::NoHelper { helper }),
            Some(path) if !is_privileged(&path) => return Ids::Single(WhySingle::NotPrivileged { path }),
            Some(_) => {}
        }
    }
    let uids = subid::ranges(Kind::Uid, name.as_deref(), uid);
    let gids = subid::ranges(Kind::Gid, name.as_deref(), uid);
    for (ranges, file) in [(&uids, "/etc/subuid"), (&gids, "/etc/subgid")] {
        if ranges.is_empty() {
            let start = subid::free_start(&std::fs::read_to_string(file).unwrap_or_default());
            let owner = name.clone().unwrap_or_else(|| uid.to_string());
            return Ids::Single(WhySingle::NoRange { file, mend: format!("{owner}:{start}:65536") });
        }
    }
    Ids::Ranges { uids, gids }
}

/// Tells whether a helper can do its work: it is setuid root, or has a file capability (as on Fedora).
fn is_privileged(path: &PathBuf) -> bool {
    let setuid = std::fs::metadata(path).is_ok_and(|meta| meta.mode() & 0o4000 != 0 && meta.uid() == 0);
    let mut value = [0; 64];
    setuid || rustix::fs::getxattr(path, "security.capability", &mut value[..]).is_ok() || rustix::process::geteuid().is_root()
}

/// Why a helper has not written a map.
#[derive(Debug)]
pub enum HelperError {
    /// It said no, and will again.
    Refused(WhySingle),
    /// It could not be started or was killed: the next time it may do its work.
    Broken { helper: &'static str, source: io::Error },
}

/// Writes the maps of the process `pid`, which is alone in a new user namespace: both helpers side by side.
///
/// # Errors
/// A helper cannot be started or refuses; the text is its own.
pub fn write_with_helpers(pid: i32, uids: &[Range], gids: &[Range]) -> Result<(), HelperError> {
    let own_uid = rustix::process::getuid().as_raw();
    let own_gid = rustix::process::getgid().as_raw();
    let uid_helper = start("newuidmap", pid, own_uid, uids);
    let gid_helper = start("newgidmap", pid, own_gid, gids);
    let first = finish("newuidmap", uid_helper);
    let second = finish("newgidmap", gid_helper);
    first.and(second)
}

/// The same for any runs, whose outer ids are the host's.
///
/// # Errors
/// As for [`write_with_helpers`].
pub fn write_runs_with_helpers(pid: i32, uids: &[IdRange], gids: &[IdRange]) -> Result<(), HelperError> {
    let uid_helper = start_with("newuidmap", pid, uids.iter().copied());
    let gid_helper = start_with("newgidmap", pid, gids.iter().copied());
    let first = finish("newuidmap", uid_helper);
    let second = finish("newgidmap", gid_helper);
    first.and(second)
}

fn start(helper: &'static str, pid: i32, own: u32, ranges: &[Range]) -> io::Result<Child> {
    let mut inside = 1u32;
    let runs = ranges.iter().map(|range| {
        let run = IdRange { inside, outside: range.start, count: range.count };
        inside = inside.saturating_add(range.count);
        run
    });
    start_with(helper, pid, std::iter::once(IdRange { inside: 0, outside: own, count: 1 }).chain(runs))
}

fn start_with(helper: &'static str, pid: i32, runs: impl Iterator<Item = IdRange>) -> io::Result<Child> {
    let program = find_program(helper).ok_or(io::ErrorKind::NotFound)?;
    let mut command = Command::new(program);
    command.arg(pid.to_string());
    for IdRange { inside, outside, count } in runs {
        command.args([inside.to_string(), outside.to_string(), count.to_string()]);
    }
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()
}

fn finish(helper: &'static str, child: io::Result<Child>) -> Result<(), HelperError> {
    let output = child.and_then(Child::wait_with_output).map_err(|source| HelperError::Broken { helper, source })?;
    match output.status.code() {
        Some(0) => Ok(()),
        Some(_) => {
            let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            Err(HelperError::Refused(WhySingle::Refused { helper, message }))
        }
        None => Err(HelperError::Broken { helper, source: io::Error::other("it was killed") }),
    }
}

/// Maps the caller's own uid and gid to 0 in the user namespace that it has just made (user_namespaces(7)).
///
/// # Errors
/// `EPERM` where the machine's administrator restricts user namespaces.
pub fn write_single(uid: u32, gid: u32) -> io::Result<()> {
    std::fs::write("/proc/self/setgroups", "deny")?;
    std::fs::write("/proc/self/uid_map", format!("0 {uid} 1"))?;
    std::fs::write("/proc/self/gid_map", format!("0 {gid} 1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_helper_that_says_no_has_refused() {
        let run = |script: &str| {
            let mut command = Command::new("sh");
            finish("newuidmap", command.args(["-c", script]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn())
        };
        assert!(run("exit 0").is_ok());
        let Err(HelperError::Refused(why)) = run("echo no >&2; exit 1") else { panic!("refused") };
        assert_eq!(why, WhySingle::Refused { helper: "newuidmap", message: "no".to_owned() });
        assert!(matches!(run("kill -KILL $$"), Err(HelperError::Broken { .. })));
        let missing = Err(io::Error::from(io::ErrorKind::WouldBlock));
        assert!(matches!(finish("newuidmap", missing), Err(HelperError::Broken { .. })));
    }
}

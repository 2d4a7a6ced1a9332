//! Scopes of systemd's user manager: how a process of a login session gets a cgroup that its user may divide.
//!
//! ```text
//! user@UID.service/[slice/]coracle-<short id>-<pid>.scope/     made by systemd, Delegate=yes; goes with its last process
//!   monitor/      the monitor, which asked for the scope and was put into it
//!   container/    the container's processes
//! ```
//!
//! A process cannot move itself out of its session's cgroup, which belongs to root; systemd moves it. So the monitor-to-be asks for
//! a scope with itself in it, before it makes the container's first process.

use super::CgroupError;
use super::dbus::{Argument, BusError, Call, Connection, Message};
use crate::config::bus::BusAddress;
use std::fmt::Write as _;
use std::path::Path;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct ScopeRequest {
    /// The container's name among the cgroups: `coracle-<short id>`.
    pub name: String,
    /// The slice, where not the user manager's own choice.
    pub slice: Option<String>,
    /// How long systemd waits for the container when it stops the scope (at logout, say). Seconds.
    pub stop_timeout: u32,
    pub addresses: Vec<BusAddress>,
}

impl ScopeRequest {
    /// Makes the scope with the calling process in it.
    ///
    /// # Errors
    /// No user manager answers, or it refuses.
    pub(super) fn enter(&self) -> Result<(), CgroupError> {
        let pid = rustix::process::getpid().as_raw_nonzero().get().unsigned_abs();
        // The unit of the last start may not be forgotten yet.
        let unit = format!("{}-{pid}.scope", self.name);
        let failed = |source| CgroupError::Scope { unit: unit.clone(), source };
        let mut connection = Connection::open(&self.addresses).ok_or(CgroupError::NoManager)?;
        let description = format!("coracle container {}", self.name.trim_start_matches("coracle-"));
        let pids = [pid];
        let mut properties = vec![
            ("Description", Argument::Text(&description)),
            ("Delegate", Argument::Flag(true)),
            ("PIDs", Argument::Numbers(&pids)),
            // One that failed (a process killed for want of memory, say) is forgotten like any other.
            ("CollectMode", Argument::Text("inactive-or-failed")),
            ("TimeoutStopUSec", Argument::Number(u64::from(self.stop_timeout) * 1_000_000)),
        ];
        if let Some(slice) = &self.slice {
            properties.push(("Slice", Argument::Text(slice)));
        }
        let arguments = [Argument::Text(&unit), Argument::Text("fail"), Argument::Properties(&properties), Argument::NoUnits];
        // The job may be over before the answer says which it is.
        let mut over = Vec::new();
        let started = connection.call(&manager("StartTransientUnit", &arguments), |signal| over.extend(removed_job(&signal)));
        let job = started.map_err(failed)?.texts().next().ok_or(BusError::Malformed).map_err(failed)?;
        loop {
            if let Some((_, result)) = over.iter().find(|(path, _)| *path == job) {
                let result = result.clone();
                return if result == "done" { Ok(()) } else { Err(CgroupError::ScopeFailed { unit, result }) };
            }
            over.extend(removed_job(&connection.next().map_err(failed)?));
        }
    }
}

/// Has systemd put the calling process into `cgroup`, which lies in a unit of the user's with `Delegate=yes`.
///
/// # Errors
/// It is no such cgroup, no user manager answers, or it refuses.
pub(super) fn join(cgroup: &Path, addresses: &[BusAddress]) -> Result<(), CgroupError> {
    let Some((unit, below)) = unit_of(cgroup) else { return Err(CgroupError::NoUnit { path: cgroup.to_owned() }) };
    let mut connection = Connection::open(addresses).ok_or(CgroupError::NoManager)?;
    let pids = [rustix::process::getpid().as_raw_nonzero().get().unsigned_abs()];
    let arguments = [Argument::Text(unit), Argument::Text(below), Argument::Numbers(&pids)];
    let done = connection.call(&manager("AttachProcessesToUnit", &arguments), drop);
    done.map(drop).map_err(|source| CgroupError::Join { unit: unit.to_owned(), source })
}

/// Tells whether `cgroup` is of a unit that the user's manager has left to the processes in it (`Delegate=`), by asking.
pub(super) fn is_delegated(cgroup: &Path, addresses: &[BusAddress]) -> bool {
    let Some((unit, _)) = unit_of(cgroup) else { return false };
    let Some(mut connection) = Connection::open(addresses) else { return false };
    let interface = match unit.rsplit('.').next() {
        Some("scope") => "org.freedesktop.systemd1.Scope",
        _ => "org.freedesktop.systemd1.Service",
    };
    let path = format!("/org/freedesktop/systemd1/unit/{}", escape(unit));
    let arguments = [Argument::Text(interface), Argument::Text("Delegate")];
    let call = Call {
        destination: "org.freedesktop.systemd1",
        path: &path,
        interface: "org.freedesktop.DBus.Properties",
        member: "Get",
        arguments: &arguments,
    };
    connection.call(&call, drop).ok().and_then(|answer| answer.flag()).unwrap_or(false)
}

/// A unit's name as part of an object path: what is no letter and no digit becomes `_xx`; a digit at the beginning, too.
fn escape(unit: &str) -> String {
    let mut text = String::with_capacity(unit.len() * 2);
    for (at, byte) in unit.bytes().enumerate() {
        if byte.is_ascii_alphabetic() || (at > 0 && byte.is_ascii_digit()) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "_{byte:02x}");
        }
    }
    text
}

/// Splits the path of a cgroup into the unit of the user's manager that it lies in, and what is below it, with its slash.
fn unit_of(cgroup: &Path) -> Option<(&str, &str)> {
    let text = cgroup.to_str()?;
    let manager = text.find("/user@")?;
    let first = manager + text[manager..].find(".service/")? + ".service/".len();
    let mut begin = first;
    // Slices may stand in between.
    for part in text[first..].split('/') {
        let end = begin + part.len();
        if part.ends_with(".scope") || part.ends_with(".service") {
            return Some((part, &text[end..]));
        }
        begin = end + 1;
    }
    None
}

fn manager<'a>(member: &'a str, arguments: &'a [Argument<'a>]) -> Call<'a> {
    Call {
        destination: "org.freedesktop.systemd1",
        path: "/org/freedesktop/systemd1",
        interface: "org.freedesktop.systemd1.Manager",
        member,
        arguments,
    }
}

/// The job and its result, of the signal that says that a job is over: `uoss`, id, job, unit, result.
fn removed_job(signal: &Message) -> Option<(String, String)> {
    if signal.member != "JobRemoved" {
        return None;
    }
    let mut texts = signal.texts();
    Some((texts.next()?, texts.nth(1)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_made_part_of_a_path() {
        assert_eq!(escape("1a-b.scope"), "_31a_2db_2escope");
    }

    #[test]
    fn the_unit_is_the_first_below_the_slices() {
        let user = "/sys/fs/cgroup/user.slice/user-5.slice/user@5.service";
        for (path, wanted) in [
            ("/app.slice/coracle-0a-5.scope/container", Some(("coracle-0a-5.scope", "/container"))),
            ("/a.slice/a-b.slice/x.service/coracle-0a/y.scope", Some(("x.service", "/coracle-0a/y.scope"))),
            ("/app.slice/x.scope", Some(("x.scope", ""))),
            ("/app.slice", None),
        ] {
            assert_eq!(unit_of(Path::new(&format!("{user}{path}"))), wanted, "{path}");
        }
        for path in ["/sys/fs/cgroup/user.slice/user-5.slice/session-2.scope/x", "/sys/fs/cgroup/x.scope/y"] {
            assert_eq!(unit_of(Path::new(path)), None, "{path}");
        }
    }
}

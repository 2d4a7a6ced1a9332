//! Names of users and groups as the container has them.

use crate::runtime::users;
use rustix::fs::{Mode, OFlags};
use std::collections::HashMap;
use std::os::fd::AsFd as _;

/// Names by the ids of the host.
#[derive(Debug, Default)]
pub(super) struct Names {
    users: IdNames,
    groups: IdNames,
}

#[derive(Debug, Default)]
struct IdNames {
    /// Container's first id, host's first id, how many.
    map: Vec<(u32, u32, u32)>,
    names: HashMap<u32, String>,
}

impl Names {
    /// Reads the id maps of a process, and `/etc/passwd` and `/etc/group` below its root. What cannot be read is shown as numbers.
    pub(super) fn of(init: i32) -> Self {
        let map = |name: &str| parse_map(&std::fs::read_to_string(format!("/proc/{init}/{name}")).unwrap_or_default());
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = rustix::fs::open(format!("/proc/{init}/root"), flags, Mode::empty()).ok();
        let file = |name| root.as_ref().and_then(|root| users::read(root.as_fd(), name).ok()).unwrap_or_default();
        Self {
            users: IdNames { map: map("uid_map"), names: parse_names(&file(users::PASSWD)) },
            groups: IdNames { map: map("gid_map"), names: parse_names(&file(users::GROUP)) },
        }
    }

    pub(super) fn user(&self, host: Option<u32>) -> String {
        self.users.name(host)
    }

    pub(super) fn group(&self, host: Option<u32>) -> String {
        self.groups.name(host)
    }

    pub(super) fn inner_uid(&self, host: Option<u32>) -> Option<u32> {
        host.and_then(|host| self.users.inner(host))
    }
}

impl IdNames {
    fn inner(&self, host: u32) -> Option<u32> {
        self.map
            .iter()
            .find_map(|(inner, outer, count)| host.checked_sub(*outer).filter(|at| at < count).map(|at| inner.saturating_add(at)))
    }

    fn name(&self, host: Option<u32>) -> String {
        let Some(inner) = host.and_then(|host| self.inner(host)) else { return "?".to_owned() };
        self.names.get(&inner).cloned().unwrap_or_else(|| inner.to_string())
    }
}

/// The names of the ids at the edges of a map.
pub(super) fn described(map: &str, names: &[u8]) -> String {
    let ids = IdNames { map: parse_map(map), names: parse_names(names) };
    let edges = ids.map.iter().flat_map(|(_, outer, count)| [*outer, outer.wrapping_add(count.wrapping_sub(1))]);
    edges.map(|id| ids.name(Some(id))).collect()
}

/// Reads `/proc/<pid>/uid_map`.
fn parse_map(text: &str) -> Vec<(u32, u32, u32)> {
    let line = |line: &str| {
        let mut numbers = line.split_whitespace().map(|number| number.parse().ok());
        Some((numbers.next()??, numbers.next()??, numbers.next()??))
    };
    text.lines().filter_map(line).collect()
}

/// Reads names and ids of `/etc/passwd` or `/etc/group`; the first name of an id counts.
fn parse_names(bytes: &[u8]) -> HashMap<u32, String> {
    let mut names = HashMap::new();
    for line in String::from_utf8_lossy(bytes).lines() {
        let mut fields = line.split(':');
        if let (Some(name), _, Some(Ok(id))) = (fields.next(), fields.next(), fields.next().map(str::parse)) {
            names.entry(id).or_insert_with(|| name.to_owned());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_go_through_the_map_and_get_the_containers_names() {
        let names = IdNames {
            map: parse_map("         0       1001          1\n         1     100000      65536\n"),
            names: parse_names(b"root:x:0:0:root:/root:/bin/sh\nagain:x:0:0::/:\nbad\ndaemon:x:1:1::/:\n"),
        };
        for (host, name) in [(1001, "root"), (100_000, "daemon"), (100_998, "999"), (5, "?")] {
            assert_eq!(names.name(Some(host)), name, "{host}");
        }
        assert_eq!(names.name(None), "?");
    }

    #[test]
    fn a_map_over_the_largest_id_ends_there() {
        let ids = IdNames { map: parse_map("4294967295 0 4294967295\n"), names: HashMap::new() };
        assert_eq!((ids.inner(0), ids.inner(7)), (Some(u32::MAX), Some(u32::MAX)));
    }
}

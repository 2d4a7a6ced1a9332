//! Owners of an image, in the user namespace we run in.

/// The ids that a user namespace has.
#[derive(Debug)]
struct Map(Vec<(u32, u32)>);

/// Which owners and groups files can be given.
#[derive(Debug)]
pub(super) struct Owners {
    users: Map,
    groups: Map,
}

/// What files of ids beyond the map get: the kernel's own overflow id, where it is there.
const NOBODY: u32 = 65534;

/// Tells whether this process can give files to an id of its user namespace.
pub(in crate::storage) fn has_owner(id: u32) -> bool {
    Owners::of_this_process().choose(id.into(), id.into()).2
}

impl Owners {
    pub(super) fn of_this_process() -> Self {
        let read = |path: &str| Map::parse(&std::fs::read_to_string(path).unwrap_or_default());
        Self { users: read("/proc/self/uid_map"), groups: read("/proc/self/gid_map") }
    }

    /// Returns the owner and group to set, and whether they are those asked for.
    pub(super) fn choose(&self, uid: u64, gid: u64) -> (u32, u32, bool) {
        let (user, user_fits) = self.users.choose(uid);
        let (group, group_fits) = self.groups.choose(gid);
        (user, group, user_fits && group_fits)
    }
}

impl Map {
    /// Parses `inside outside count` lines.
    fn parse(text: &str) -> Self {
        let line = |line: &str| {
            let mut fields = line.split_ascii_whitespace();
            let first = fields.next()?.parse().ok()?;
            Some((first, fields.nth(1)?.parse().ok()?))
        };
        Self(text.lines().filter_map(line).collect())
    }

    fn has(&self, id: u32) -> bool {
        self.0.iter().any(|(first, count)| id.checked_sub(*first).is_some_and(|distance| distance < *count))
    }

    fn choose(&self, id: u64) -> (u32, bool) {
        match u32::try_from(id) {
            Ok(id) if id != u32::MAX && self.has(id) => (id, true),
            _ if self.has(NOBODY) => (NOBODY, false),
            _ => (0, false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_beyond_the_map_are_nobody_or_root() {
        let whole = Map::parse("         0       1001          1\n         1     100000      65536\n");
        for (id, chosen) in [(0, (0, true)), (65536, (65536, true)), (65537, (65534, false)), (1 << 40, (65534, false))] {
            assert_eq!(whole.choose(id), chosen, "{id}");
        }
        let single = Map::parse("0 1001 1\n");
        assert_eq!(single.choose(0), (0, true));
        assert_eq!(single.choose(42), (0, false));
        let all = Map::parse("0 0 4294967295\n");
        assert_eq!(all.choose(4_294_967_294), (4_294_967_294, true));
        assert_eq!(all.choose(4_294_967_295), (65534, false));
    }
}

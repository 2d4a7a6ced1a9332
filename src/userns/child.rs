//! The maps of child user namespaces of S: keep-id, nomap, auto, and those that the user writes.
//!
//! A child's map is in ids of S, and S's root writes it without a helper. What is worked out here is fixed when the container is
//! made: its files belong to these ids.

use super::map::{self, Ids};
use super::subid::{self, Kind, Range};
use crate::model::idmap::{IdMapError, Ranges};
use crate::model::isolation::MapEntry;
use crate::model::{IdMap, IdRange, UserNamespace};

/// How many ids `auto` maps where nothing is asked for.
const AUTO_IDS: u32 = 1024;

/// Why a map cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ChildError {
    #[error("{option} needs subordinate ids, and you have none: {why}")]
    NoSubordinateIds { option: &'static str, why: String },
    #[error("keep-id: id {id} does not fit a namespace of {size} ids")]
    BeyondSize { id: u32, size: u32 },
    #[error("auto: there is no run of {size} subordinate ids left that no other container with --userns=auto has")]
    Exhausted { size: u32 },
    #[error("{kind} {id} of the host is not among your ids")]
    NotYours { kind: &'static str, id: u32 },
    #[error("{file} has no ids for {name:?}")]
    NoRange { file: &'static str, name: String },
    #[error("{kind} map")]
    Map {
        kind: &'static str,
        #[source]
        source: IdMapError,
    },
    #[error("{kind} map: id {id} is not in the namespace of your containers, which has {count}")]
    BeyondSession { kind: &'static str, id: u64, count: u64 },
}

/// The caller's ids and what S has of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Side {
    kind: Kind,
    own: u32,
    /// Subordinate ids; S has the caller's own as 0 and these behind it.
    ranges: Vec<Range>,
}

/// What the caller has.
#[derive(Clone, Debug)]
pub struct Host {
    users: Side,
    groups: Side,
    /// Why there are no subordinate ids.
    why_single: Option<String>,
}

impl Host {
    /// Looks at the calling user.
    #[must_use]
    pub fn of_caller() -> Self {
        let (uids, gids, why_single) = match map::available() {
            Ids::Ranges { uids, gids } => (uids, gids, None),
            Ids::Single(why) => (Vec::new(), Vec::new(), Some(why.note())),
        };
        Self {
            users: Side { kind: Kind::Uid, own: rustix::process::getuid().as_raw(), ranges: uids },
            groups: Side { kind: Kind::Gid, own: rustix::process::getgid().as_raw(), ranges: gids },
            why_single,
        }
    }

    fn need_subordinate(&self, option: &'static str) -> Result<(), ChildError> {
        match &self.why_single {
            Some(why) => Err(ChildError::NoSubordinateIds { option, why: why.clone() }),
            None => Ok(()),
        }
    }
}

impl Side {
    fn name(&self) -> &'static str {
        match self.kind {
            Kind::Uid => "uid",
            Kind::Gid => "gid",
        }
    }

    /// How many subordinate ids there are.
    fn subordinate(&self) -> u32 {
        self.ranges.iter().fold(0u32, |sum, range| sum.saturating_add(range.count))
    }

    /// The id of S that stands for an id of the host, and how many follow it in one run.
    fn session_id(&self, host: u32) -> Option<(u32, u32)> {
        if host == self.own {
            return Some((0, 1));
        }
        let mut at = 1u32;
        for range in &self.ranges {
            if let Some(distance) = host.checked_sub(range.start).filter(|distance| *distance < range.count) {
                return Some((at.saturating_add(distance), range.count - distance));
            }
            at = at.saturating_add(range.count);
        }
        None
    }

    fn ranges_of(&self, runs: Vec<IdRange>) -> Result<Ranges, ChildError> {
        let count = u64::from(self.subordinate()) + 1;
        if let Some(run) = runs.iter().find(|run| run.count > 0 && run.outside_end() > count) {
            return Err(ChildError::BeyondSession { kind: self.name(), id: run.outside_end() - 1, count });
        }
        Ranges::new(runs).map_err(|source| ChildError::Map { kind: self.name(), source })
    }

    /// `id` is the caller; the ids around it are the subordinate ones in their order.
    fn keep(&self, id: u32, size: Option<u32>) -> Result<Ranges, ChildError> {
        let others = self.subordinate();
        let mut runs = vec![
            IdRange { inside: 0, outside: 1, count: id.min(others) },
            IdRange { inside: id, outside: 0, count: 1 },
            IdRange { inside: id.saturating_add(1), outside: id.saturating_add(1), count: others.saturating_sub(id) },
        ];
        if let Some(size) = size {
            if id >= size {
                return Err(ChildError::BeyondSize { id, size });
            }
            for run in &mut runs {
                run.count = run.count.min(size.saturating_sub(run.inside));
            }
        }
        self.ranges_of(runs)
    }

    /// The written entries as runs; ids of the host become ids of S, where one entry may take several runs.
    fn entries(&self, entries: &[MapEntry]) -> Result<Vec<IdRange>, ChildError> {
        let mut runs = Vec::new();
        for entry in entries {
            if !entry.of_host {
                runs.push(IdRange { inside: entry.inside, outside: entry.from, count: entry.count });
                continue;
            }
            let (mut inside, mut from, mut left) = (entry.inside, entry.from, entry.count);
            while left > 0 {
                let (outside, behind) = self.session_id(from).ok_or(ChildError::NotYours { kind: self.name(), id: from })?;
                let count = left.min(behind);
                runs.push(IdRange { inside, outside, count });
                (inside, from, left) = (inside.saturating_add(count), from.saturating_add(count), left - count);
            }
        }
        Ok(runs)
    }

    /// `--uidmap` or `--gidmap`.
    fn written(&self, entries: &[MapEntry]) -> Result<Ranges, ChildError> {
        let runs = self.entries(entries)?;
        // Without an entry for this kind, everybody is who he is in S.
        if !entries.is_empty() && !entries.iter().any(|entry| entry.extends) {
            return self.ranges_of(runs);
        }
        // What is left of the ids of S goes to what is left of the container ids, in order.
        let whole = self.subordinate().saturating_add(1);
        let free = |taken: &mut Vec<(u64, u64)>| {
            taken.sort_unstable();
            let mut gaps = Vec::new();
            let mut at = 0u64;
            for (start, end) in taken.iter().chain([&(u64::from(u32::MAX), u64::from(u32::MAX))]) {
                if *start > at {
                    gaps.push((at, *start));
                }
                at = at.max(*end);
            }
            gaps
        };
        let mut inside = free(&mut runs.iter().map(|run| (u64::from(run.inside), run.inside_end())).collect());
        let mut outside = free(&mut runs.iter().map(|run| (u64::from(run.outside), run.outside_end())).collect());
        outside.retain_mut(|gap| {
            gap.1 = gap.1.min(u64::from(whole));
            gap.0 < gap.1
        });
        let mut all = runs;
        let (mut i, mut o) = (0, 0);
        while let (Some(a), Some(b)) = (inside.get_mut(i), outside.get_mut(o)) {
            let count = (a.1 - a.0).min(b.1 - b.0);
            let number = |id: u64| u32::try_from(id).unwrap_or(u32::MAX);
            all.push(IdRange { inside: number(a.0), outside: number(b.0), count: number(count) });
            (a.0, b.0) = (a.0 + count, b.0 + count);
            i += usize::from(a.0 == a.1);
            o += usize::from(b.0 == b.1);
        }
        self.ranges_of(all)
    }

    /// All ids that `name` has in the file.
    fn named(&self, name: &str) -> Result<Ranges, ChildError> {
        let ranges = subid::ranges(self.kind, Some(name), u32::MAX);
        if ranges.is_empty() {
            return Err(ChildError::NoRange { file: self.kind.file(), name: name.to_owned() });
        }
        let mut inside = 0u32;
        let mut entries = Vec::new();
        for range in ranges {
            entries.push(MapEntry {
                inside,
                from: range.start,
                count: range.count,
                of_host: true,
                extends: false,
                only_users: false,
                only_groups: false,
            });
            inside = inside.saturating_add(range.count);
        }
        self.ranges_of(self.entries(&entries)?)
    }

    /// The written entries, and for the other container ids below `size` a run of subordinate ids that is in none of `taken`.
    fn auto(&self, size: u32, entries: &[MapEntry], taken: &[&Ranges]) -> Result<Ranges, ChildError> {
        let mut runs = self.entries(entries)?;
        let mut used: Vec<(u64, u64)> = taken
            .iter()
            .flat_map(|ranges| ranges.runs())
            .chain(&runs)
            .map(|run| (u64::from(run.outside), run.outside_end()))
            .collect();
        used.sort_unstable();
        let mut start = 1u64;
        for (from, to) in used {
            if from >= start + u64::from(size) {
                break;
            }
            start = start.max(to);
        }
        if start + u64::from(size) > u64::from(self.subordinate()) + 1 {
            return Err(ChildError::Exhausted { size });
        }
        let mut written: Vec<(u32, u64)> = runs.iter().map(|run| (run.inside, run.inside_end())).collect();
        written.sort_unstable();
        let outside = |inside: u64| u32::try_from(start + inside).unwrap_or(u32::MAX);
        let mut at = 0u64;
        for (from, to) in written.into_iter().chain([(size, u64::from(size))]) {
            let end = u64::from(from.min(size));
            if end > at {
                let (inside, count) = (u32::try_from(at).unwrap_or(u32::MAX), u32::try_from(end - at).unwrap_or(0));
                runs.push(IdRange { inside, outside: outside(at), count });
            }
            at = at.max(to);
        }
        self.ranges_of(runs)
    }
}

/// Works the map out that a mode means; none where the container is in S or joins another's namespace. `others` are the maps of the
/// other containers with `auto`.
///
/// # Errors
/// The ids are not to be had.
pub fn resolve(mode: &UserNamespace, host: &Host, others: &[IdMap]) -> Result<Option<IdMap>, ChildError> {
    let (users, groups) = (&host.users, &host.groups);
    let (uids, gids) = match mode {
        UserNamespace::Session | UserNamespace::Container(_) | UserNamespace::Path(_) => return Ok(None),
        UserNamespace::Private => {
            let all = |side: &Side| {
                side.ranges_of(vec![IdRange { inside: 0, outside: 0, count: side.subordinate().saturating_add(1) }])
            };
            (all(users)?, all(groups)?)
        }
        UserNamespace::KeepId { uid, gid, size } => {
            (users.keep(uid.unwrap_or(users.own), *size)?, groups.keep(gid.unwrap_or(groups.own), *size)?)
        }
        UserNamespace::NoMap => {
            host.need_subordinate("--userns=nomap")?;
            let all = |side: &Side| side.ranges_of(vec![IdRange { inside: 0, outside: 1, count: side.subordinate() }]);
            (all(users)?, all(groups)?)
        }
        UserNamespace::Auto { size, uids, gids } => {
            host.need_subordinate("--userns=auto")?;
            let size = size.unwrap_or(AUTO_IDS);
            let (taken_users, taken_groups): (Vec<_>, Vec<_>) = others.iter().map(|map| (&map.uids, &map.gids)).unzip();
            (users.auto(size, uids, &taken_users)?, groups.auto(size, gids, &taken_groups)?)
        }
        UserNamespace::Map { uids, gids } => (users.written(uids)?, groups.written(gids)?),
        UserNamespace::SubIds { user, group } => (users.named(user)?, groups.named(group)?),
    };
    Ok(Some(IdMap { uids, gids }))
}

/// The user and group that a keep-id container runs as: those that the caller is mapped to.
#[must_use]
pub fn kept_user(mode: &UserNamespace, host: &Host) -> Option<(u32, u32)> {
    match mode {
        UserNamespace::KeepId { uid, gid, .. } => Some((uid.unwrap_or(host.users.own), gid.unwrap_or(host.groups.own))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(own: u32, counts: &[u32]) -> Host {
        let side = |kind| Side {
            kind,
            own,
            ranges: counts.iter().zip(1..).map(|(count, n)| Range { start: 100_000 * n, count: *count }).collect(),
        };
        let why_single = counts.is_empty().then(|| "none".to_owned());
        Host { users: side(Kind::Uid), groups: side(Kind::Gid), why_single }
    }

    fn entry(text: &str) -> MapEntry {
        let host = text.contains('@');
        let text = text.replace('@', "");
        let extends = text.starts_with('+');
        let mut numbers = text.trim_start_matches('+').split(':').map(|number| number.parse().unwrap());
        MapEntry {
            inside: numbers.next().unwrap(),
            from: numbers.next().unwrap(),
            count: numbers.next().unwrap_or(1),
            of_host: host,
            extends,
            only_users: false,
            only_groups: false,
        }
    }

    fn text(mode: &UserNamespace, host: &Host, others: &[IdMap]) -> String {
        resolve(mode, host, others).unwrap().unwrap().uids.text()
    }

    #[test]
    fn keep_id_puts_the_caller_at_the_same_id() {
        let keep = |uid, size| UserNamespace::KeepId { uid, gid: None, size };
        let whole = host(1001, &[65536]);
        assert_eq!(text(&keep(None, None), &whole, &[]), "0 1 1001\n1001 0 1\n1002 1002 64535\n");
        assert_eq!(text(&keep(Some(0), None), &whole, &[]), "0 0 65537\n");
        assert_eq!(text(&keep(Some(70_000), None), &whole, &[]), "0 1 65536\n70000 0 1\n");
        assert_eq!(text(&keep(None, Some(1010)), &whole, &[]), "0 1 1001\n1001 0 1\n1002 1002 8\n");
        assert!(matches!(resolve(&keep(None, Some(5)), &whole, &[]), Err(ChildError::BeyondSize { id: 1001, size: 5 })));
        assert_eq!(text(&keep(None, None), &host(1001, &[]), &[]), "1001 0 1\n");
    }

    #[test]
    fn nomap_leaves_the_caller_out() {
        assert_eq!(text(&UserNamespace::NoMap, &host(1001, &[10, 20]), &[]), "0 1 30\n");
        assert!(matches!(
            resolve(&UserNamespace::NoMap, &host(1001, &[]), &[]),
            Err(ChildError::NoSubordinateIds { option: "--userns=nomap", .. })
        ));
    }

    #[test]
    fn auto_takes_ids_that_no_other_has() {
        let host = host(1001, &[4000]);
        let auto = |size, uids: &[&str]| UserNamespace::Auto {
            size,
            uids: uids.iter().map(|text| entry(text)).collect(),
            gids: Vec::new(),
        };
        let first = resolve(&auto(None, &[]), &host, &[]).unwrap().unwrap();
        assert_eq!(first.uids.text(), "0 1 1024\n");
        let second = resolve(&auto(Some(2000), &[]), &host, std::slice::from_ref(&first)).unwrap().unwrap();
        assert_eq!(second.uids.text(), "0 1025 2000\n");
        assert_eq!(text(&auto(Some(500), &[]), &host, std::slice::from_ref(&second)), "0 1 500\n");
        assert!(matches!(resolve(&auto(Some(2000), &[]), &host, &[first, second]), Err(ChildError::Exhausted { size: 2000 })));
        assert_eq!(text(&auto(Some(10), &["3:0:1"]), &host, &[]), "0 1 3\n3 0 1\n4 5 6\n");
    }

    #[test]
    fn written_maps_take_ids_of_the_session_and_of_the_host() {
        let host = host(1001, &[10, 20]);
        let map = |list: &[&str]| UserNamespace::Map {
            uids: list.iter().map(|text| entry(text)).collect(),
            gids: vec![entry("0:0:1")],
        };
        assert_eq!(text(&map(&["0:1:5", "5:0:1"]), &host, &[]), "0 1 5\n5 0 1\n");
        assert_eq!(text(&map(&["0:@100008:2", "7:@1001:1"]), &host, &[]), "0 9 2\n7 0 1\n");
        assert_eq!(text(&map(&["+10:@1001:1"]), &host, &[]), "0 1 10\n10 0 1\n11 11 20\n");
        assert!(matches!(resolve(&map(&["0:@5:1"]), &host, &[]), Err(ChildError::NotYours { kind: "uid", id: 5 })));
        assert!(matches!(resolve(&map(&["0:20:12"]), &host, &[]), Err(ChildError::BeyondSession { id: 31, count: 31, .. })));
    }

    #[test]
    fn only_keep_id_chooses_a_user() {
        let host = host(1001, &[10]);
        let keep = UserNamespace::KeepId { uid: Some(7), gid: None, size: None };
        assert_eq!(kept_user(&keep, &host), Some((7, 1001)));
        assert_eq!(kept_user(&UserNamespace::NoMap, &host), None);
    }
}

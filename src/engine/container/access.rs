//! Bind mounts that the container's user will not be able to use: said before the start, in terms of the host.
//!
//! Only what is certain is said. A group may be one of those that the image gives the user; what they may open is left open.

use crate::engine::Engine;
use crate::model::{ContainerConfig, Isolation, Mount, Origin};
use crate::runtime::users;
use crate::userns::map::{self, Ids};
use crate::userns::subid::Range;
use std::fmt;
use std::fs::File;
use std::os::fd::AsFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

/// The ids of the host that are mapped into containers, and who calls.
struct Host {
    uid: u32,
    gid: u32,
    groups: Vec<u32>,
    ids: Ids,
}

/// Who the container's program runs as; container ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct User {
    uid: u32,
    /// The only group that it has; nothing where the image's files say which.
    gid: Option<u32>,
}

/// Owner, group, and mode of what is mounted; host ids.
#[derive(Clone, Copy, Debug)]
struct Owned {
    uid: u32,
    gid: u32,
    mode: u32,
    is_folder: bool,
}

/// What the user cannot do, and whose fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Obstacle {
    /// It belongs to the caller, and the container's user is another id of the host.
    ReadOwn,
    WriteOwn,
    /// It belongs to somebody else, whom the container does not have; a group of the caller's could open it.
    ForeignGroup,
    /// The same without such a group.
    Foreign,
}

/// A bind mount that will not work.
#[derive(Debug)]
pub struct Trouble {
    source: PathBuf,
    target: String,
    owned: Owned,
    user: User,
    obstacle: Obstacle,
}

impl Engine {
    /// Finds the bind mounts that the container's user certainly cannot read, or not write although they are writable. One look at
    /// each source; nothing where there are none.
    #[must_use]
    pub fn mount_troubles(&self, config: &ContainerConfig) -> Vec<Trouble> {
        let binds: Vec<(&Mount, &PathBuf)> = config
            .mounts
            .iter()
            .filter(|mount| !mount.chown)
            .filter_map(|mount| match &mount.from {
                Origin::Bind { source, no_dereference: false, .. } => Some((mount, source)),
                _ => None,
            })
            .collect();
        // With other maps or groups who is who is decided elsewhere.
        if binds.is_empty() || config.isolation != Isolation::default() {
            return Vec::new();
        }
        let Some(user) = user_of(&config.user).or_else(|| self.user_by_name(config)) else { return Vec::new() };
        let own = rustix::process::getuid().as_raw();
        let mut host = None;
        let mut list = Vec::new();
        for (mount, source) in binds {
            let Ok(meta) = std::fs::metadata(source) else { continue };
            let is_folder = meta.is_dir();
            if !is_folder && !meta.is_file() || (user.uid == 0 && meta.uid() == own) {
                continue;
            }
            let owned = Owned { uid: meta.uid(), gid: meta.gid(), mode: meta.mode(), is_folder };
            let host = host.get_or_insert_with(Host::find);
            let obstacle = host.obstacle(user, owned, mount.read_only);
            if let Some(obstacle) = obstacle.filter(|_| !has_access_list(source)) {
                list.push(Trouble { source: source.clone(), target: mount.target.clone(), owned, user, obstacle });
            }
        }
        list
    }
}

impl Engine {
    /// The user that the image's passwd file names: that of the topmost layer which has one. The groups stay open: another layer may
    /// have their file.
    fn user_by_name(&self, config: &ContainerConfig) -> Option<User> {
        let name = config.user.split(':').next()?;
        let image = self.db.images_by_id_prefix(config.image.hex()).ok()?.pop()?;
        let layers = self.paths.layers();
        let mut roots = image.layers.iter().rev().map(|layer| layers.join(layer.hex()).join("diff"));
        let root = roots.find(|root| std::fs::symlink_metadata(root.join("etc/passwd")).is_ok())?;
        let root = File::open(root).ok()?;
        users::resolve(root.as_fd(), name, &[]).ok().map(|user| User { uid: user.uid, gid: None })
    }
}

impl Host {
    fn find() -> Self {
        let groups = rustix::process::getgroups().unwrap_or_default().into_iter().map(rustix::fs::Gid::as_raw).collect();
        Self { uid: rustix::process::getuid().as_raw(), gid: rustix::process::getgid().as_raw(), groups, ids: map::available() }
    }

    fn obstacle(&self, user: User, owned: Owned, read_only: bool) -> Option<Obstacle> {
        let (uids, gids) = match &self.ids {
            Ids::Ranges { uids, gids } => (uids.as_slice(), gids.as_slice()),
            Ids::Single(_) => (&[][..], &[][..]),
        };
        let has = |own: u32, ranges: &[Range], id: u32| id == own || ranges.iter().any(|range| contains(*range, id));
        let owner_is_mapped = has(self.uid, uids, owned.uid);
        let group_is_mapped = has(self.gid, gids, owned.gid);
        // Root of the container has all rights on what belongs to ids of the container.
        if user.uid == 0 && owner_is_mapped && group_is_mapped {
            return None;
        }
        let to_host = |own: u32, ranges: &[Range], id: u32| if id == 0 { Some(own) } else { nth(ranges, id - 1) };
        let granted = if to_host(self.uid, uids, user.uid) == Some(owned.uid) {
            owned.mode >> 6
        } else {
            let in_group = match user.gid {
                Some(gid) => to_host(self.gid, gids, gid) == Some(owned.gid),
                None => group_is_mapped,
            };
            // Where the group is not certain either, the better of both.
            owned.mode | if in_group { owned.mode >> 3 } else { 0 }
        };
        let read = if owned.is_folder { 0o5 } else { 0o4 };
        let can_read = granted & read == read;
        if owned.uid == self.uid {
            return match (can_read, granted & 0o2 != 0 || read_only) {
                (false, _) => Some(Obstacle::ReadOwn),
                (true, false) => Some(Obstacle::WriteOwn),
                (true, true) => None,
            };
        }
        // What is readable of others is mounted to be read: /etc/localtime, a shared data set.
        if can_read || owner_is_mapped {
            return None;
        }
        let group_opens = self.groups.contains(&owned.gid) && (owned.mode >> 3) & read == read;
        Some(if group_opens { Obstacle::ForeignGroup } else { Obstacle::Foreign })
    }
}

/// The user, where numbers or root say who it is.
fn user_of(text: &str) -> Option<User> {
    let (user, group) = text.split_once(':').map_or((text, None), |(user, group)| (user, Some(group)));
    let uid = match user {
        "" | "root" => 0,
        digits => digits.parse().ok()?,
    };
    Some(User { uid, gid: group.and_then(|group| group.parse().ok()) })
}

fn contains(range: Range, id: u32) -> bool {
    id.checked_sub(range.start).is_some_and(|offset| offset < range.count)
}

/// The id of the host at a place in the ranges, which follow one another.
fn nth(ranges: &[Range], mut place: u32) -> Option<u32> {
    for range in ranges {
        if place < range.count {
            return Some(range.start + place);
        }
        place -= range.count;
    }
    None
}

/// An access control list may say something else than the mode.
fn has_access_list(path: &PathBuf) -> bool {
    rustix::fs::getxattr(path, "system.posix_acl_access", &mut [0_u8; 0][..]).is_ok_and(|length| length > 0)
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, target, owned, user, obstacle } = self;
        let (source, mode) = (source.display(), owned.mode & 0o7777);
        let uid = user.uid;
        match obstacle {
            Obstacle::ReadOwn | Obstacle::WriteOwn => {
                let verb = if *obstacle == Obstacle::ReadOwn { "read" } else { "write to" };
                write!(
                    f,
                    "user {uid} of the container cannot {verb} {target}: {source} is yours (host uid {}, mode {mode:04o}), and you are \
                     root in the container; add --userns=keep-id:uid={uid}, or mount it with the option U, which gives the files away",
                    owned.uid
                )
            }
            Obstacle::ForeignGroup => write!(
                f,
                "nobody in the container can read {target}: {source} belongs to host uid {} and is open to your group {} (mode \
                 {mode:04o}); add --group-add keep-groups",
                owned.uid, owned.gid
            ),
            Obstacle::Foreign => write!(
                f,
                "nobody in the container can read {target}: {source} belongs to host uid {} and gid {} (mode {mode:04o}), which \
                 containers of yours do not have; its owner can open it to you: setfacl -m u:{}:{} {source}",
                owned.uid,
                owned.gid,
                rustix::process::getuid().as_raw(),
                if owned.is_folder { "rx" } else { "r" }
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host() -> Host {
        let ranges = || vec![Range { start: 100_000, count: 1000 }, Range { start: 500_000, count: 1000 }];
        Host { uid: 1001, gid: 1001, groups: vec![1001, 50], ids: Ids::Ranges { uids: ranges(), gids: ranges() } }
    }

    #[test]
    fn only_what_is_certain_is_said() {
        let folder = |uid, gid, mode| Owned { uid, gid, mode, is_folder: true };
        for (user, owned, read_only, obstacle) in [
            // The caller's folder: root may do all, another id what the mode says.
            ("", folder(1001, 1001, 0o700), false, None),
            ("0:5", folder(1001, 1001, 0o000), false, None),
            ("1000:1000", folder(1001, 1001, 0o755), false, Some(Obstacle::WriteOwn)),
            ("1000:1000", folder(1001, 1001, 0o755), true, None),
            ("1000:1000", folder(1001, 1001, 0o777), false, None),
            ("1000:1000", folder(1001, 1001, 0o700), true, Some(Obstacle::ReadOwn)),
            ("1000", folder(1001, 1001, 0o770), false, None),
            ("1000:0", folder(1001, 1001, 0o770), false, None),
            ("1000:7", folder(1001, 1001, 0o770), false, Some(Obstacle::ReadOwn)),
            // A folder of that very id of the container.
            ("1000:1000", folder(100_999, 100_999, 0o700), false, None),
            ("1001:1", folder(500_000, 1001, 0o700), false, None),
            // Root of the host, and others.
            ("", folder(0, 0, 0o755), false, None),
            ("", folder(0, 0, 0o700), false, Some(Obstacle::Foreign)),
            ("1000", folder(0, 50, 0o750), false, Some(Obstacle::ForeignGroup)),
            ("", folder(1002, 1001, 0o770), false, None),
            ("1000:1000", folder(100_005, 100_005, 0o700), false, None),
        ] {
            let user_ids = user_of(user).expect(user);
            assert_eq!(host().obstacle(user_ids, owned, read_only), obstacle, "{user} {owned:?}");
        }
    }

    #[test]
    fn users_by_name_are_not_numbers() {
        assert_eq!(user_of("postgres"), None);
        assert_eq!(user_of("root:wheel"), Some(User { uid: 0, gid: None }));
        assert_eq!(user_of("7:8"), Some(User { uid: 7, gid: Some(8) }));
    }
}

//! Who the container's program is: `-u user[:group]` or the image's `USER`, looked up in the container's own files.
//!
//! `/etc/passwd` and `/etc/group` come from the image and so from a stranger: they may be links to anywhere, pipes, devices or
//! endless, and hold numbers that do not fit. They are opened inside the container's root only, without waiting, must be regular
//! files and are read up to a bound. Digits are always a number, never the name of an entry, so that no entry can make
//! `-u 1000` something else.

use rustix::fs::{FileType, Mode, OFlags, ResolveFlags};
use std::io::{self, Read as _};
use std::os::fd::BorrowedFd;

/// The container's users.
pub(crate) const PASSWD: &str = "/etc/passwd";
/// The container's groups.
pub(crate) const GROUP: &str = "/etc/group";

/// A longer file is refused (10 MiB).
const MAX_FILE_BYTES: u64 = 10 << 20;
/// The largest id: what fits a signed 32-bit number, as in the other engines.
const MAX_ID: u32 = 0x7fff_ffff;
/// What setgroups(2) takes, `NGROUPS_MAX`.
const MAX_GROUPS: usize = 65536;

/// Who the program runs as, in the container's ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedUser {
    pub uid: u32,
    pub gid: u32,
    /// The supplementary groups. `gid` is always the first: a process that changes its group keeps being bound by it.
    pub groups: Vec<u32>,
    /// The home folder, absolute; `/` where the files name none.
    pub home: String,
    /// The passwd file has an entry.
    pub named: bool,
}

/// Why the user cannot be found.
#[derive(Debug, thiserror::Error)]
pub enum UsersError {
    #[error("user {spec:?} is not of the form user[:group], with names or numbers from 0 to {MAX_ID}")]
    Invalid { spec: String },
    #[error("uid or gid {text} is out of range: the largest is {MAX_ID}")]
    OutOfRange { text: String },
    #[error("unable to find user {name}: no matching entries in passwd file")]
    NoSuchUser { name: String },
    #[error("unable to find group {name}: no matching entries in group file")]
    NoSuchGroup { name: String },
    #[error("the entry of {name:?} in the container's {file} has no usable number")]
    BadEntry { file: &'static str, name: String },
    #[error("user {name:?} is in more than {MAX_GROUPS} groups of the container's {GROUP}")]
    TooManyGroups { name: String },
    #[error("the container's {file} is not a regular file")]
    NotRegular { file: &'static str },
    #[error("the container's {file} is larger than 10 MiB")]
    TooLarge { file: &'static str },
    #[error("read the container's {file}")]
    Read {
        file: &'static str,
        #[source]
        source: io::Error,
    },
}

/// Finds the user that `spec` names in the container whose root folder is `root`. An empty `spec` is root. `groups` are additional
/// ones, names or numbers, behind those that the files give the user.
///
/// # Errors
/// `spec` makes no sense, the files do not know it, or they cannot be read safely.
pub fn resolve(root: BorrowedFd<'_>, spec: &str, groups: &[String]) -> Result<ResolvedUser, UsersError> {
    let spec = UserSpec::parse(spec)?;
    let passwd = read(root, PASSWD)?;
    let group = if spec.wants_group_file() || !groups.is_empty() { read(root, GROUP)? } else { Vec::new() };
    let mut user = spec.look_up(&passwd, &group)?;
    for name in groups {
        let gid = explicit_group(&Asked::parse(name, name)?, &group)?;
        if !user.groups.contains(&gid) {
            user.groups.push(gid);
        }
    }
    if user.groups.len() > MAX_GROUPS {
        return Err(UsersError::TooManyGroups { name: spec.user.to_string() });
    }
    Ok(user)
}

/// Tells whether a passwd file has an entry of this uid or name.
pub(super) fn has_user(passwd: &[u8], uid: u32, name: &str) -> bool {
    lines(passwd).filter_map(fields::<6>).any(|(entry, [_, number, ..])| entry == name.as_bytes() || id(number) == Some(uid))
}

/// Tells whether a group file has an entry of this gid or name.
pub(super) fn has_group(group: &[u8], gid: u32, name: &str) -> bool {
    lines(group).filter_map(fields::<3>).any(|(entry, [_, number, _])| entry == name.as_bytes() || id(number) == Some(gid))
}

/// A user or group as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Asked {
    Number(u32),
    Name(String),
}

impl Asked {
    fn parse(text: &str, spec: &str) -> Result<Self, UsersError> {
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            return id(text.as_bytes()).map(Self::Number).ok_or_else(|| UsersError::OutOfRange { text: text.to_owned() });
        }
        // "-1" and "+1" are meant as numbers, and a control character is meant to forge something.
        if text.starts_with(['-', '+']) || text.chars().any(char::is_control) {
            return Err(UsersError::Invalid { spec: spec.to_owned() });
        }
        Ok(Self::Name(text.to_owned()))
    }
}

impl std::fmt::Display for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// A parsed `user[:group]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserSpec {
    user: Asked,
    group: Option<Asked>,
}

impl UserSpec {
    /// Parses `user`, `user:group`, `user:`, `:group` (root with that group) or nothing (root).
    ///
    /// # Errors
    /// The text has another form, or a number is out of range.
    pub fn parse(spec: &str) -> Result<Self, UsersError> {
        let (user, group) = spec.split_once(':').unwrap_or((spec, ""));
        if group.contains(':') {
            return Err(UsersError::Invalid { spec: spec.to_owned() });
        }
        let user = if user.is_empty() { Asked::Number(0) } else { Asked::parse(user, spec)? };
        let group = if group.is_empty() { None } else { Some(Asked::parse(group, spec)?) };
        Ok(Self { user, group })
    }

    fn wants_group_file(&self) -> bool {
        !matches!(self.group, Some(Asked::Number(_)))
    }

    /// Finds the user in the text of a passwd and a group file; empty texts where there are none.
    ///
    /// A group that was asked for is the only one. Else the groups are the one of the passwd entry (0 without an entry) and
    /// those of the group file that list the user's name.
    ///
    /// # Errors
    /// A name has no entry, or its entry has no number in range.
    pub fn look_up(&self, passwd: &[u8], group: &[u8]) -> Result<ResolvedUser, UsersError> {
        let entry = self.passwd_entry(passwd)?;
        let named = entry.is_some();
        let home = entry.as_ref().and_then(|entry| home(entry.home)).unwrap_or_else(|| "/".to_owned());
        let uid = match (&self.user, &entry) {
            (Asked::Number(uid), _) => *uid,
            (Asked::Name(_), Some(entry)) => entry.uid,
            (Asked::Name(name), None) => return Err(UsersError::NoSuchUser { name: name.clone() }),
        };
        if let Some(asked) = &self.group {
            let gid = explicit_group(asked, group)?;
            return Ok(ResolvedUser { uid, gid, groups: vec![gid], home, named });
        }
        let gid = entry.as_ref().map_or(0, |entry| entry.gid);
        let mut groups = vec![gid];
        if let Some(entry) = entry {
            add_memberships(&mut groups, entry.name, group)?;
        }
        Ok(ResolvedUser { uid, gid, groups, home, named })
    }

    fn passwd_entry<'a>(&self, passwd: &'a [u8]) -> Result<Option<PasswdEntry<'a>>, UsersError> {
        for line in lines(passwd) {
            let Some((name, fields)) = fields::<6>(line) else { continue };
            let [_, uid, gid, _, home, _] = fields;
            let found = match &self.user {
                Asked::Number(wanted) => id(uid) == Some(*wanted),
                Asked::Name(wanted) => name == wanted.as_bytes(),
            };
            if !found {
                continue;
            }
            let bad = || UsersError::BadEntry { file: PASSWD, name: String::from_utf8_lossy(name).into_owned() };
            let (uid, gid) = (id(uid).ok_or_else(bad)?, id(gid).ok_or_else(bad)?);
            return Ok(Some(PasswdEntry { name, uid, gid, home }));
        }
        Ok(None)
    }
}

struct PasswdEntry<'a> {
    name: &'a [u8],
    uid: u32,
    gid: u32,
    home: &'a [u8],
}

fn explicit_group(asked: &Asked, group: &[u8]) -> Result<u32, UsersError> {
    let name = match asked {
        Asked::Number(gid) => return Ok(*gid),
        Asked::Name(name) => name,
    };
    let (_, [_, gid, _]) = lines(group)
        .filter_map(fields::<3>)
        .find(|(entry, _)| *entry == name.as_bytes())
        .ok_or_else(|| UsersError::NoSuchGroup { name: name.clone() })?;
    id(gid).ok_or_else(|| UsersError::BadEntry { file: GROUP, name: name.clone() })
}

/// Adds the groups that list `user` as a member. An entry without a number in range is no group.
fn add_memberships(groups: &mut Vec<u32>, user: &[u8], group: &[u8]) -> Result<(), UsersError> {
    let primary = groups.len();
    for (_, [_, gid, members]) in lines(group).filter_map(fields::<3>) {
        if let Some(gid) = id(gid).filter(|_| members.split(|byte| *byte == b',').any(|member| member.trim_ascii() == user)) {
            groups.push(gid);
        }
    }
    if let Some(others) = groups.get_mut(primary..) {
        others.sort_unstable();
    }
    let own = groups.first().copied();
    let mut last = None;
    let mut at = 0;
    groups.retain(|&gid| {
        at += 1;
        at == 1 || (Some(gid) != own && last.replace(gid) != Some(gid))
    });
    if groups.len() > MAX_GROUPS {
        return Err(UsersError::TooManyGroups { name: String::from_utf8_lossy(user).into_owned() });
    }
    Ok(())
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.starts_with(b"#"))
}

/// Splits a line at its colons into the name and N more fields; missing ones are empty. Nothing where there is no name.
fn fields<const N: usize>(line: &[u8]) -> Option<(&[u8], [&[u8]; N])> {
    let mut parts = line.split(|byte| *byte == b':');
    let name = parts.next().filter(|name| !name.is_empty())?;
    let mut fields: [&[u8]; N] = [b""; N];
    for field in &mut fields {
        *field = parts.next().unwrap_or_default();
    }
    Some((name, fields))
}

/// Reads digits, and nothing but digits, as an id in range.
fn id(text: &[u8]) -> Option<u32> {
    // `parse` alone would take "+1".
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok().filter(|id| *id <= MAX_ID)
}

/// A home folder that may go into the environment.
fn home(field: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(field).ok()?;
    (text.starts_with('/') && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

/// Reads a file of the container; empty where there is none.
///
/// # Errors
/// It is no regular file, too large, or cannot be read.
pub(crate) fn read(root: BorrowedFd<'_>, file: &'static str) -> Result<Vec<u8>, UsersError> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let inside = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
    // EAGAIN: something was renamed meanwhile, and the kernel cannot tell whether the path stayed inside.
    let opened = (0..16)
        .map(|_| rustix::fs::openat2(root, file, flags, Mode::empty(), inside))
        .find(|result| !matches!(result, Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR)))
        .unwrap_or(Err(rustix::io::Errno::AGAIN));
    let fd = match opened {
        Ok(fd) => fd,
        Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR) => return Ok(Vec::new()),
        // A socket, or a device without a driver.
        Err(rustix::io::Errno::NXIO | rustix::io::Errno::NODEV) => return Err(UsersError::NotRegular { file }),
        Err(errno) => return Err(UsersError::Read { file, source: errno.into() }),
    };
    let stat = rustix::fs::fstat(&fd).map_err(|errno| UsersError::Read { file, source: errno.into() })?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(UsersError::NotRegular { file });
    }
    let size = u64::try_from(stat.st_size).unwrap_or(0);
    if size > MAX_FILE_BYTES {
        return Err(UsersError::TooLarge { file });
    }
    let mut text = Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1);
    let mut source = std::fs::File::from(fd).take(MAX_FILE_BYTES + 1);
    source.read_to_end(&mut text).map_err(|source| UsersError::Read { file, source })?;
    if text.len() as u64 > MAX_FILE_BYTES { Err(UsersError::TooLarge { file }) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd as _;
    use std::path::Path;

    const PASSWD_TEXT: &[u8] = b"root:x:0:0:root:/root:/bin/sh\n\
        # a comment:x:7:7::/:\n\
        web:x:1000:1000:Web,,,:/srv/web:/bin/sh\n\
        1000:x:0:0::/root:/bin/sh\n\
        big:x:4294967296:0::/:/bin/sh\n\
        minus:x:-1:0::/:/bin/sh\n\
        biggid:x:5:99999999999999999999::/:/bin/sh\n\
        nohome:x:6:6\n\
        0x1:x:8:8::relative:/bin/sh\n\
        second:x:1000:2::/second:\n";
    const GROUP_TEXT: &[u8] = b"root:x:0:\nwheel:x:10:root,web\nweb:x:1000:\naudio:x:29: web ,other\nagain:x:10:web\n\
        same:x:1000:web\nhuge:x:4294967296:web\nempty::11\n1000:x:0:web\n";

    fn look_up(spec: &str) -> Result<(u32, u32, Vec<u32>, String), UsersError> {
        let user = UserSpec::parse(spec)?.look_up(PASSWD_TEXT, GROUP_TEXT)?;
        Ok((user.uid, user.gid, user.groups, user.home))
    }

    #[test]
    fn users_are_found_by_number_and_by_name() {
        let cases: &[(&str, u32, u32, &[u32], &str)] = &[
            ("", 0, 0, &[0, 10], "/root"),
            ("root", 0, 0, &[0, 10], "/root"),
            ("web", 1000, 1000, &[1000, 0, 10, 29], "/srv/web"),
            ("1000", 1000, 1000, &[1000, 0, 10, 29], "/srv/web"),
            ("web:", 1000, 1000, &[1000, 0, 10, 29], "/srv/web"),
            ("web:audio", 1000, 29, &[29], "/srv/web"),
            ("web:77", 1000, 77, &[77], "/srv/web"),
            ("1:1", 1, 1, &[1], "/"),
            ("1", 1, 0, &[0], "/"),
            ("01", 1, 0, &[0], "/"),
            (":1", 0, 1, &[1], "/root"),
            (":audio", 0, 29, &[29], "/root"),
            ("2147483647", MAX_ID, 0, &[0], "/"),
            ("nohome", 6, 6, &[6], "/"),
            ("0x1", 8, 8, &[8], "/"),
            ("1000:1000", 1000, 1000, &[1000], "/srv/web"),
        ];
        for (spec, uid, gid, groups, home) in cases {
            let found = look_up(spec).unwrap_or_else(|error| panic!("{spec:?}: {error}"));
            assert_eq!(found, (*uid, *gid, groups.to_vec(), (*home).to_owned()), "{spec:?}");
        }
    }

    #[test]
    fn what_is_no_user_is_an_error_and_never_root() {
        let cases = [
            ("nosuch", "unable to find user nosuch: no matching entries in passwd file"),
            ("root:nosuch", "unable to find group nosuch: no matching entries in group file"),
            ("2147483648", "uid or gid 2147483648 is out of range: the largest is 2147483647"),
            ("4294967295", "uid or gid 4294967295 is out of range: the largest is 2147483647"),
            ("4294967296", "uid or gid 4294967296 is out of range: the largest is 2147483647"),
            ("18446744073709551616", "uid or gid 18446744073709551616 is out of range: the largest is 2147483647"),
            ("0:4294967296", "uid or gid 4294967296 is out of range: the largest is 2147483647"),
            ("0x2", "unable to find user 0x2: no matching entries in passwd file"),
            ("big", "the entry of \"big\" in the container's /etc/passwd has no usable number"),
            ("minus", "the entry of \"minus\" in the container's /etc/passwd has no usable number"),
            ("biggid", "the entry of \"biggid\" in the container's /etc/passwd has no usable number"),
            ("web:huge", "the entry of \"huge\" in the container's /etc/group has no usable number"),
        ];
        for (spec, message) in cases {
            assert_eq!(look_up(spec).unwrap_err().to_string(), message, "{spec:?}");
        }
        for spec in ["-1", "+1", "0:-1", "0:+1", "a:b:c", "::", "web\nroot", "a\0"] {
            assert!(matches!(look_up(spec), Err(UsersError::Invalid { .. })), "{spec:?}");
        }
    }

    #[test]
    fn without_files_numbers_work_and_names_do_not() {
        let nothing = |spec: &str| UserSpec::parse(spec).unwrap().look_up(b"", b"");
        assert_eq!(nothing("7:8").unwrap(), ResolvedUser { uid: 7, gid: 8, groups: vec![8], home: "/".into(), named: false });
        assert_eq!(nothing("").unwrap().uid, 0);
        assert!(matches!(nothing("root"), Err(UsersError::NoSuchUser { .. })));
    }

    #[test]
    fn any_bytes_are_parsed_without_a_panic() {
        let texts: [&[u8]; 6] = [b"\xff:\xff:0:0", b":::::::", b"root", b"root:x", b"\n\n\0\n", b"root:x:0:0::/\x1b[2J:"];
        for text in texts {
            for spec in ["", "root", "0:root", "5"] {
                if let Ok(user) = UserSpec::parse(spec).unwrap().look_up(text, text) {
                    assert_eq!(user.home, "/", "{text:?}");
                }
            }
        }
    }

    fn resolve_in(root: &Path, spec: &str) -> Result<ResolvedUser, UsersError> {
        resolve(std::fs::File::open(root).unwrap().as_fd(), spec, &[])
    }

    #[test]
    fn the_files_are_read_inside_the_root_only() {
        let root = tempfile::tempdir().unwrap();
        let etc = root.path().join("etc");
        assert_eq!(resolve_in(root.path(), "5").unwrap().home, "/");
        std::fs::create_dir(&etc).unwrap();
        let passwd = etc.join("passwd");

        // A link that leaves the root is read as if the root were "/".
        let outside = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(outside.path(), "canary:x:3:3::/:\n").unwrap();
        std::os::unix::fs::symlink(outside.path(), &passwd).unwrap();
        assert!(matches!(resolve_in(root.path(), "canary"), Err(UsersError::NoSuchUser { .. })));
        std::fs::remove_file(&passwd).unwrap();
        std::os::unix::fs::symlink("/proc/self/fd/0", &passwd).unwrap();
        assert!(matches!(resolve_in(root.path(), "canary"), Err(UsersError::NoSuchUser { .. })));
        std::fs::remove_file(&passwd).unwrap();
        std::os::unix::fs::symlink("../../../data/passwd", &passwd).unwrap();
        std::fs::create_dir(root.path().join("data")).unwrap();
        std::fs::write(root.path().join("data/passwd"), "inside:x:4:4::/in:\n").unwrap();
        assert_eq!(resolve_in(root.path(), "inside").unwrap().uid, 4);
        std::fs::remove_file(&passwd).unwrap();

        rustix::fs::mknodat(rustix::fs::CWD, &passwd, FileType::Fifo, Mode::from_raw_mode(0o644), 0).unwrap();
        assert_eq!(resolve_in(root.path(), "root").unwrap_err().to_string(), "the container's /etc/passwd is not a regular file");
        std::fs::remove_file(&passwd).unwrap();

        std::fs::create_dir(&passwd).unwrap();
        assert!(matches!(resolve_in(root.path(), "root"), Err(UsersError::NotRegular { file: PASSWD })));
        std::fs::remove_dir(&passwd).unwrap();

        std::fs::write(&passwd, PASSWD_TEXT).unwrap();
        std::fs::File::create(etc.join("group")).unwrap().set_len(8 << 30).unwrap();
        assert_eq!(resolve_in(root.path(), "web").unwrap_err().to_string(), "the container's /etc/group is larger than 10 MiB");
        assert_eq!(resolve_in(root.path(), "web:5").unwrap().groups, [5], "the group file is not needed here");
    }
}

//! Entries for the users of a container that its passwd and group files do not have (Podman's `--passwd`).
//!
//! Programs ask for the name and home of who they run as, and an image cannot know a user of the host. The entries go into the
//! container's writable layer, never into a file that the user has mounted there. Where the root is a folder of the user's own
//! (`--rootfs`), or may not be written, a copy of the file in memory is mounted on it instead.

use super::message::{Failure, Stage};
use super::process::Identity;
use super::users::{self, GROUP, PASSWD};
use crate::model::isolation::{Account, Accounts};
use crate::sys::mount::{self, Attributes, Parameter};
use crate::sys::root::SafeRoot;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use std::io::{self, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;

/// The passwd and group files of a container that is being made.
pub(super) struct Book<'a> {
    root: &'a SafeRoot,
    accounts: &'a Accounts,
    /// Nothing may be written to the root itself.
    closed: bool,
    /// The mounts of the copies that were made.
    copies: Vec<u64>,
}

impl<'a> Book<'a> {
    /// `closed` says that nothing may be written to the root itself.
    pub(super) fn new(root: &'a SafeRoot, accounts: &'a Accounts, closed: bool) -> Self {
        Self { root, accounts, closed, copies: Vec::new() }
    }

    /// Adds the users that are to exist in the container.
    pub(super) fn add_users(&mut self) -> Result<(), Failure> {
        if !self.accounts.complete {
            return Ok(());
        }
        self.accounts.users.iter().try_for_each(|account| self.add(account))
    }

    /// Adds the user that the program runs as where nobody knows it; root goes without.
    pub(super) fn add_program_user(&mut self, identity: &mut Identity, workdir: &Path) -> Result<(), Failure> {
        if !self.accounts.complete || identity.named || identity.uid == 0 {
            return Ok(());
        }
        self.add(&program_user(identity, workdir))
    }

    fn add(&mut self, account: &Account) -> Result<(), Failure> {
        let read = |root: &SafeRoot, file| {
            users::read(root.as_fd(), file).map_err(|error| Failure::text(Stage::User, error.to_string()))
        };
        let passwd = read(self.root, PASSWD)?;
        if !users::has_user(&passwd, account.uid, &account.name) {
            self.append(PASSWD, &passwd, &passwd_line(self.accounts.passwd_entry.as_deref(), account))?;
        }
        let group = read(self.root, GROUP)?;
        if !users::has_group(&group, account.gid, &account.group) {
            self.append(GROUP, &group, &group_line(self.accounts.group_entry.as_deref(), account))?;
        }
        Ok(())
    }

    /// Appends a line to a file of the container's own; one that is a mount is left alone, and so is an image without `/etc`.
    fn append(&mut self, file: &'static str, before: &[u8], line: &str) -> Result<(), Failure> {
        let at = || Failure::at(Stage::User, format!("add an entry to the container's {file}"));
        let relative = Path::new(file.trim_start_matches('/'));
        let own = mount::id_of(self.root).map_err(at())?;
        match self.root.open(relative, OFlags::PATH) {
            Ok(handle) => {
                let mount = mount::id_of(&handle).map_err(at())?;
                if mount == own && self.closed {
                    self.copies.push(put_copy_on(&handle, before).map_err(at())?);
                } else if mount != own && !self.copies.contains(&mount) {
                    return Ok(());
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // Where nothing can be made there is nothing to mount on either.
                if self.closed || !make(self.root, relative, own).map_err(at())? {
                    return Ok(());
                }
            }
            Err(error) => return Err(at()(error)),
        }
        let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::NONBLOCK | OFlags::NOCTTY;
        let opened = self.root.open(relative, flags).map_err(at())?;
        let separator = if before.is_empty() || before.ends_with(b"\n") { "" } else { "\n" };
        std::fs::File::from(opened).write_all(format!("{separator}{line}\n").as_bytes()).map_err(at())
    }
}

/// Mounts a copy in memory on a file; returns the id of the mount.
fn put_copy_on(file: &OwnedFd, bytes: &[u8]) -> io::Result<u64> {
    let closed = Attributes::MOUNT_ATTR_NOSUID | Attributes::MOUNT_ATTR_NODEV | Attributes::MOUNT_ATTR_NOEXEC;
    let memory = mount::new_filesystem("tmpfs", &[Parameter::Value("mode", "700")], closed)?;
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
    let mode = Mode::from_raw_mode(rustix::fs::fstat(file)?.st_mode & 0o777);
    let mut copy = std::fs::File::from(rustix::fs::openat(&memory, "copy", flags, mode)?);
    copy.write_all(bytes)?;
    let tree = mount::clone_tree_at(copy.as_fd(), false)?;
    mount::attach(tree.as_fd(), file.as_fd())?;
    mount::id_of(&tree)
}

/// Makes an empty file in a folder of the mount `own`; tells whether it could.
fn make(root: &SafeRoot, relative: &Path, own: u64) -> io::Result<bool> {
    let (Some(folder), Some(name)) = (relative.parent(), relative.file_name()) else { return Ok(false) };
    let Ok(folder) = root.open(folder, OFlags::PATH | OFlags::DIRECTORY) else { return Ok(false) };
    if mount::id_of(&folder)? != own {
        return Ok(false);
    }
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
    match rustix::fs::openat(&folder, name, flags, Mode::from_raw_mode(0o644)) {
        Ok(_) => Ok(true),
        // A link that leads nowhere: what it leads to may be the user's to make.
        Err(Errno::EXIST) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

/// The entry of a user whom nobody knows.
fn program_user(identity: &mut Identity, workdir: &Path) -> Account {
    // An image may say anything of its working directory; it makes one field here (CVE-2022-4318).
    let home = workdir.to_string_lossy();
    let home = if home.contains(|letter: char| letter == ':' || letter.is_control()) { "/".into() } else { home };
    let home = home.into_owned();
    identity.home.clone_from(&home);
    let (uid, gid) = (identity.uid, identity.gid);
    Account {
        name: uid.to_string(),
        uid,
        gid,
        group: gid.to_string(),
        gecos: "container user".to_owned(),
        home,
        shell: "/bin/sh".to_owned(),
    }
}

fn passwd_line(template: Option<&str>, account: &Account) -> String {
    let Account { name, uid, gid, gecos, home, shell, .. } = account;
    match template {
        Some(template) => template
            .replace("$USERNAME", name)
            .replace("$UID", &uid.to_string())
            .replace("$GID", &gid.to_string())
            .replace("$NAME", gecos)
            .replace("$HOME", home),
        None => format!("{name}:*:{uid}:{gid}:{gecos}:{home}:{shell}"),
    }
}

fn group_line(template: Option<&str>, account: &Account) -> String {
    let Account { name, gid, group, .. } = account;
    // A group that is named by its number alone has no list of members worth a name.
    let members = if *group == gid.to_string() { "" } else { name };
    match template {
        Some(template) => template.replace("$GROUPNAME", group).replace("$GID", &gid.to_string()).replace("$USERLIST", members),
        None => format!("{group}:x:{gid}:{members}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_podmans_or_the_users() {
        let account = Account {
            name: "alice".into(),
            uid: 1000,
            gid: 100,
            group: "users".into(),
            gecos: "Alice A".into(),
            home: "/home/alice".into(),
            shell: "/bin/sh".into(),
        };
        assert_eq!(passwd_line(None, &account), "alice:*:1000:100:Alice A:/home/alice:/bin/sh");
        assert_eq!(
            passwd_line(Some("$USERNAME:x:$UID:$GID::$HOME:/bin/zsh"), &account),
            "alice:x:1000:100::/home/alice:/bin/zsh"
        );
        assert_eq!(group_line(None, &account), "users:x:100:alice");
        assert_eq!(group_line(Some("$GROUPNAME:!:$GID:$USERLIST"), &account), "users:!:100:alice");
        assert_eq!(group_line(None, &Account { group: "100".into(), ..account }), "100:x:100:");
    }
}

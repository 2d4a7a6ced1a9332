//! Entries for the users of a container that its passwd and group files do not have (Podman's `--passwd`).
//!
//! Programs ask for the name and home of who they run as, and an image cannot know a user of the host. The entries go into the
//! container's writable layer, never into a file that the user has mounted there.

use super::message::{Failure, Stage};
use super::process::Identity;
use super::users::{self, GROUP, PASSWD};
use crate::model::isolation::{Account, Accounts};
use crate::sys::root::SafeRoot;
use rustix::fs::{AtFlags, Mode, OFlags, StatxFlags};
use rustix::io::Errno;
use std::io::{self, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;

/// Adds the users that are to exist in the container.
pub(super) fn add_users(root: &SafeRoot, accounts: &Accounts) -> Result<(), Failure> {
    if !accounts.complete {
        return Ok(());
    }
    accounts.users.iter().try_for_each(|account| add(root, accounts, account))
}

/// Adds the user that the program runs as where nobody knows it; root goes without.
pub(super) fn add_program_user(
    root: &SafeRoot,
    accounts: &Accounts,
    identity: &mut Identity,
    workdir: &Path,
) -> Result<(), Failure> {
    if !accounts.complete || identity.named || identity.uid == 0 {
        return Ok(());
    }
    // An image may say anything of its working directory; it makes one field here (CVE-2022-4318).
    let home = workdir.to_string_lossy();
    let home = if home.contains(|letter: char| letter == ':' || letter.is_control()) { "/".into() } else { home };
    let home = home.into_owned();
    identity.home.clone_from(&home);
    let (uid, gid) = (identity.uid, identity.gid);
    let account = Account {
        name: uid.to_string(),
        uid,
        gid,
        group: gid.to_string(),
        gecos: "container user".to_owned(),
        home,
        shell: "/bin/sh".to_owned(),
    };
    add(root, accounts, &account)
}

fn add(root: &SafeRoot, accounts: &Accounts, account: &Account) -> Result<(), Failure> {
    let read = |file| users::read(root.as_fd(), file).map_err(|error| Failure::text(Stage::User, error.to_string()));
    let passwd = read(PASSWD)?;
    if !users::has_user(&passwd, account.uid, &account.name) {
        append(root, PASSWD, &passwd, &passwd_line(accounts.passwd_entry.as_deref(), account))?;
    }
    let group = read(GROUP)?;
    if !users::has_group(&group, account.gid, &account.group) {
        append(root, GROUP, &group, &group_line(accounts.group_entry.as_deref(), account))?;
    }
    Ok(())
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

/// Appends a line to a file of the container's own; one that is a mount is left alone, and so is an image without `/etc`.
fn append(root: &SafeRoot, file: &'static str, before: &[u8], line: &str) -> Result<(), Failure> {
    let at = || Failure::at(Stage::User, format!("add an entry to the container's {file}"));
    let relative = Path::new(file.trim_start_matches('/'));
    let is_own = |fd: &OwnedFd| Ok(mount_of(fd)? == mount_of(root)?);
    match root.open(relative, OFlags::PATH) {
        Ok(handle) if is_own(&handle).map_err(at())? => {}
        Ok(_) => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let (Some(folder), Some(name)) = (relative.parent(), relative.file_name()) else { return Ok(()) };
            let Ok(folder) = root.open(folder, OFlags::PATH | OFlags::DIRECTORY) else { return Ok(()) };
            if !is_own(&folder).map_err(at())? {
                return Ok(());
            }
            let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
            match rustix::fs::openat(&folder, name, flags, Mode::from_raw_mode(0o644)) {
                Ok(_) => {}
                // A link that leads nowhere: what it leads to may be the user's to make.
                Err(Errno::EXIST) => return Ok(()),
                Err(errno) => return Err(at()(errno.into())),
            }
        }
        Err(error) => return Err(at()(error)),
    }
    let opened = root.open(relative, OFlags::WRONLY | OFlags::APPEND | OFlags::NONBLOCK | OFlags::NOCTTY).map_err(at())?;
    let separator = if before.is_empty() || before.ends_with(b"\n") { "" } else { "\n" };
    std::fs::File::from(opened).write_all(format!("{separator}{line}\n").as_bytes()).map_err(at())
}

fn mount_of(fd: impl std::os::fd::AsFd) -> io::Result<u64> {
    let stat = rustix::fs::statx(fd, "", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID)?;
    Ok(stat.stx_mnt_id)
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

//! Namespaces and ids.

use super::defaults::or;
use super::userns;
use crate::cli::error::CliError;
use crate::cli::given;
use crate::config::containers::Containers;
use crate::config::env;
use crate::engine::container::create::CreateRequest;
use crate::model::Sharing;
use crate::model::isolation::IpcKind;
use clap::Args;
use std::path::PathBuf;

/// Options about what a container shares with others, and who it is.
#[derive(Debug, Args)]
pub(super) struct IsolationOptions {
    /// Run as this user of the container: name or number, with :group or without
    #[arg(short, long, value_name = "USER[:GROUP]")]
    user: Option<String>,
    /// Add a group: name or number of the container; keep-groups alone keeps the groups that you have
    #[arg(long, value_name = "GROUP")]
    group_add: Vec<String>,
    /// The umask of the program, in octal (default 0022)
    #[arg(long, value_name = "UMASK")]
    umask: Option<String>,
    /// Choose the ids: host (default), keep-id[:uid=UID,gid=GID,size=SIZE], nomap, auto[:size=SIZE,…], private, container:NAME, ns:PATH
    ///
    /// keep-id: you have the same uid and gid inside, and the program runs as you. nomap: you are nobody inside. auto: ids that no other
    /// such container has (1024 where no size is given). CORACLE_USERNS and PODMAN_USERNS set the default.
    #[arg(long, value_name = "MODE")]
    userns: Option<String>,
    /// Map user ids: CONTAINER:FROM[:COUNT], FROM counted in your own id (0) and your subordinate ids (1…), or @HOST-ID; + before it
    /// adds to the usual map; u or g limits it to users or groups
    #[arg(long, value_name = "MAP")]
    uidmap: Vec<String>,
    /// Map group ids; without it --uidmap serves both
    #[arg(long, value_name = "MAP")]
    gidmap: Vec<String>,
    /// Map all ids that this name has in /etc/subuid
    #[arg(long, value_name = "NAME")]
    subuidname: Option<String>,
    /// Map all ids that this name has in /etc/subgid
    #[arg(long, value_name = "NAME")]
    subgidname: Option<String>,
    /// Add entries for who the program runs as to the container's passwd and group files where they have none
    #[arg(long, value_name = "BOOL", default_value_t = true, default_missing_value = "true", num_args = 0..=1, require_equals = true, action = clap::ArgAction::Set)]
    passwd: bool,
    /// The passwd entry to add, with $USERNAME, $UID, $GID, $NAME, $HOME
    #[arg(long, value_name = "ENTRY")]
    passwd_entry: Option<String>,
    /// The group entry to add, with $GROUPNAME, $GID, $USERLIST
    #[arg(long, value_name = "ENTRY")]
    group_entry: Option<String>,
    /// Add a user of the host to the container's passwd file
    #[arg(long, value_name = "NAME")]
    hostuser: Vec<String>,
    /// Choose the processes that are seen: private (default), host, container:NAME, ns:PATH
    #[arg(long, value_name = "MODE")]
    pid: Option<String>,
    /// Choose shared memory and message queues: shareable (default), private, none, host, container:NAME, ns:PATH
    #[arg(long, value_name = "MODE")]
    ipc: Option<String>,
    /// Choose the host name's namespace: private (default), host, container:NAME, ns:PATH
    #[arg(long, value_name = "MODE")]
    uts: Option<String>,
    /// Choose the cgroups that are seen: private (default), host, container:NAME, ns:PATH
    #[arg(long, value_name = "MODE")]
    cgroupns: Option<String>,
    /// That of containers.conf, which counts after the variables.
    #[arg(skip)]
    usual_userns: Option<String>,
}

impl IsolationOptions {
    pub(super) fn complete(&mut self, conf: &Containers) {
        for (place, usual) in [
            (&mut self.umask, &conf.umask),
            (&mut self.pid, &conf.pidns),
            (&mut self.ipc, &conf.ipcns),
            (&mut self.uts, &conf.utsns),
            (&mut self.cgroupns, &conf.cgroupns),
        ] {
            or(place, usual.as_ref());
        }
        let maps = self.uidmap.is_empty() && self.gidmap.is_empty() && self.subuidname.is_none() && self.subgidname.is_none();
        self.usual_userns = conf.userns.clone().filter(|mode| maps && !mode.is_empty());
    }

    pub(super) fn shares(&self, namespace: &str) -> bool {
        let mode = match namespace {
            "ipc" => &self.ipc,
            _ => &self.uts,
        };
        mode.as_deref().is_some_and(|mode| mode == "host" || mode.contains(':'))
    }

    /// Puts what was asked into the request.
    ///
    /// # Errors
    /// An option's text cannot be read.
    pub(super) fn apply(&self, request: &mut CreateRequest) -> Result<(), CliError> {
        request.user.clone_from(&self.user);
        self.namespaces(request)?;
        self.ids(request)?;
        let isolation = &mut request.isolation;
        isolation.umask = given(self.umask.as_ref()).map(umask).transpose()?;
        isolation.keep_groups = self.group_add.iter().any(|group| group == "keep-groups");
        if isolation.keep_groups && self.group_add.len() > 1 {
            let text = "--group-add keep-groups cannot be used with other groups: the groups are either kept or set";
            return Err(CliError::Usage(text.to_owned()));
        }
        if !isolation.keep_groups {
            isolation.groups.clone_from(&self.group_add);
        }
        isolation.accounts.complete = self.passwd;
        isolation.accounts.passwd_entry.clone_from(&self.passwd_entry);
        isolation.accounts.group_entry.clone_from(&self.group_entry);
        for entry in [&self.passwd_entry, &self.group_entry].into_iter().flatten() {
            if entry.contains(['\n', '\0']) {
                return Err(CliError::Usage("an entry of a passwd or group file is one line".to_owned()));
            }
        }
        request.share.host_users.clone_from(&self.hostuser);
        Ok(())
    }

    fn namespaces(&self, request: &mut CreateRequest) -> Result<(), CliError> {
        (request.isolation.pid, request.share.pid) = sharing("pid", self.pid.as_deref())?;
        (request.isolation.uts, request.share.uts) = sharing("uts", self.uts.as_deref())?;
        (request.isolation.cgroup, request.share.cgroup) = sharing("cgroupns", self.cgroupns.as_deref())?;
        let ipc = match self.ipc.as_deref() {
            None | Some("" | "shareable") => {
                request.isolation.ipc_kind = IpcKind::Shareable;
                None
            }
            Some("private") => {
                request.isolation.ipc_kind = IpcKind::Private;
                None
            }
            Some("none") => {
                request.isolation.ipc_kind = IpcKind::None;
                None
            }
            other => other,
        };
        (request.isolation.ipc, request.share.ipc) = sharing("ipc", ipc)?;
        Ok(())
    }

    fn ids(&self, request: &mut CreateRequest) -> Result<(), CliError> {
        let given = self.userns.clone().or_else(|| env::var("CORACLE_USERNS")).or_else(|| env::var("PODMAN_USERNS"));
        let given = given.or_else(|| self.usual_userns.clone());
        let written = !self.uidmap.is_empty() || !self.gidmap.is_empty();
        let named = self.subuidname.is_some() || self.subgidname.is_some();
        if self.userns.as_deref().is_some_and(|mode| mode != "private") && (written || named) || (written && named) {
            let text = "--userns, --uidmap with --gidmap, and --subuidname with --subgidname exclude each other";
            return Err(CliError::Usage(text.to_owned()));
        }
        let parsed = if written {
            userns::written(&self.uidmap, &self.gidmap)?.into()
        } else if named {
            userns::named(self.subuidname.as_deref(), self.subgidname.as_deref()).into()
        } else {
            userns::mode(given.as_deref().unwrap_or_default())?
        };
        request.isolation.userns = parsed.mode;
        request.share.user = parsed.container;
        request.share.user_path = parsed.path;
        request.isolation.userns_text = match given {
            _ if written || named => "private".to_owned(),
            Some(text) if text != "host" => text,
            _ => String::new(),
        };
        Ok(())
    }
}

/// A mode that a namespace is chosen by; the name of a container stands beside it, to be looked up.
fn sharing(option: &str, text: Option<&str>) -> Result<(Sharing, Option<String>), CliError> {
    let path = |path: &str| {
        let path = PathBuf::from(path);
        if path.is_absolute() { Ok(path) } else { Err(CliError::Usage(format!("--{option}=ns: takes an absolute path"))) }
    };
    match text {
        None | Some("" | "private") => Ok((Sharing::Private, None)),
        Some("host") => Ok((Sharing::Host, None)),
        Some(text) => match text.split_once(':') {
            Some(("container", name)) if !name.is_empty() => Ok((Sharing::Private, Some(name.to_owned()))),
            Some(("ns", file)) => Ok((Sharing::Path(path(file)?), None)),
            _ => Err(CliError::Usage(format!("--{option}={text} is not known: choose private, host, container:NAME or ns:PATH"))),
        },
    }
}

fn umask(text: &str) -> Result<u32, CliError> {
    let number = u32::from_str_radix(text, 8).ok().filter(|mask| *mask <= 0o777 && !text.starts_with('+'));
    number.ok_or_else(|| CliError::Usage(format!("invalid umask {text:?}: write up to three octal digits, such as 0022")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespaces_are_private_shared_or_an_error() {
        let name = |text: &str| Some(text.to_owned());
        for (text, expected) in [
            ("", (Sharing::Private, None)),
            ("private", (Sharing::Private, None)),
            ("host", (Sharing::Host, None)),
            ("container:web", (Sharing::Private, name("web"))),
            ("ns:/proc/1/ns/pid", (Sharing::Path("/proc/1/ns/pid".into()), None)),
        ] {
            assert_eq!(sharing("pid", Some(text)).expect("good"), expected, "{text}");
        }
        for bad in ["container:", "ns:relative", "Host", "shareable"] {
            assert!(sharing("pid", Some(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_umask_is_octal() {
        assert_eq!(umask("0077").expect("good"), 0o077);
        for bad in ["8", "01000", "+2", "", "rwx"] {
            assert!(umask(bad).is_err(), "{bad}");
        }
    }
}

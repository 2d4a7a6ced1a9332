//! `exec`.

use super::create::{Console, unknown_capabilities};
use super::listener::Agent;
use super::record::Status;
use super::{Made, OciError, Runtime};
use crate::cgroup;
use crate::runtime::bundle::{self, Exec};
use crate::sys::replace::replace;
use crate::sys::{namespace, process as proc};
use oci_spec::runtime::{Capability, LinuxCapabilities, Process};
use rustix::fs::{Mode, OFlags};
use std::collections::HashSet;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::PathBuf;

/// The process that is asked for.
#[derive(Debug)]
pub enum Asked {
    /// A process of the specification, as JSON; it counts for all that it says.
    Whole(String),
    /// The container's own process with another command, and what else is named.
    Command {
        args: Vec<String>,
        cwd: Option<PathBuf>,
        /// `NAME=value`; they win.
        env: Vec<String>,
        user: Option<(u32, Option<u32>)>,
        groups: Vec<u32>,
        capabilities: Vec<String>,
        terminal: bool,
        no_new_privileges: bool,
        apparmor: Option<String>,
        label: Option<String>,
    },
}

/// What a session is made from.
#[derive(Debug)]
pub struct ExecRequest {
    pub id: String,
    pub asked: Asked,
    pub pid_file: Option<PathBuf>,
    pub console_socket: Option<PathBuf>,
    pub keep_master: bool,
    pub handed: Vec<(i32, OwnedFd)>,
    /// A cgroup below the container's own.
    pub cgroup: Option<PathBuf>,
    /// A paused container is joined, too, and the process waits with it.
    pub ignore_paused: bool,
    pub umask: u32,
}

impl Runtime {
    /// Starts one more process in a running container. It is the caller's child, and its program runs when this returns.
    ///
    /// # Errors
    /// The container does not run, or the process cannot be made.
    pub fn exec(&self, request: ExecRequest) -> Result<Made, OciError> {
        let container = self.container(&request.id)?;
        let status = container.status();
        let good = status == Status::Running || (status == Status::Paused && request.ignore_paused);
        let init = container.init()?.filter(|_| good).ok_or_else(|| container.wrong("exec in", status))?;
        let spec = container.bundle()?;
        let (process, unknown) = process_of(request.asked, spec.spec.process().as_ref())?;
        bundle::check_process(&process)?;
        let filter = bundle::filter_of(&spec)?;
        let Console { socket, here } =
            Console::of(&request.id, Some(&process), request.console_socket.as_deref(), request.keep_master)?;
        let cgroup = match (&container.record.cgroup, &request.cgroup) {
            (None, Some(_)) => return Err(OciError::NoCgroup { id: request.id, what: "--cgroup" }),
            (Some(own), Some(below)) => {
                // Below its own: whatever the path says.
                let relative = below.strip_prefix("/").unwrap_or(below);
                if relative.components().any(|part| matches!(part, std::path::Component::ParentDir)) {
                    return Err(OciError::Invalid { what: "--cgroup".to_owned(), why: "it leads out of the container's cgroup" });
                }
                let path = own.join(relative);
                let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
                let folder = rustix::fs::open(&path, flags, Mode::empty());
                Some(folder.map_err(|errno| OciError::File { action: "open the cgroup", path, source: errno.into() })?)
            }
            (own, None) => own.as_deref().and_then(cgroup::open_to_enter),
        };
        let root = container.record.shared_root.as_ref().map(|_| {
            let path = PathBuf::from(format!("/proc/{}/root", container.record.init.pid));
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let root = rustix::fs::open(&path, flags, Mode::empty());
            root.map_err(|errno| OciError::File { action: "open", path, source: errno.into() })
        });
        let wish = Exec {
            root: root.transpose()?,
            process: &process,
            filter: filter.as_ref(),
            memory_policy: spec.spec.linux().as_ref().and_then(|linux| linux.memory_policy().as_ref()),
            init: &init,
            namespaces: namespace::differing(container.record.init.pid),
            cgroup: cgroup.as_ref().map(|fd| fd.as_fd()),
            console: socket,
            handed: request.handed,
            umask: request.umask,
        };
        let agent = filter.as_ref().and_then(|filter| filter.listener.as_ref()).map(Agent::connect).transpose()?;
        let made = bundle::exec(wish, &|pid, fd| {
            agent.as_ref().map_or(Ok(()), |agent| agent.tell(&container.record, pid, status.as_str(), &fd))
        })?;
        if let Some(path) = &request.pid_file
            && let Err(source) = replace(path, made.pid.to_string().as_bytes())
        {
            let _ = proc::send_signal(&made.pidfd, libc::SIGKILL);
            let _ = made.wait();
            return Err(OciError::File { action: "write the pid file", path: path.clone(), source });
        }
        Ok(Made { init: made, master: Console::master(here), warnings: unknown_capabilities(&unknown) })
    }
}

fn process_of(asked: Asked, own: Option<&Process>) -> Result<(Process, Vec<String>), OciError> {
    let what = |name: &str| name.to_owned();
    let Asked::Command { args, cwd, env, user, groups, capabilities, terminal, no_new_privileges, apparmor, label } = asked
    else {
        let Asked::Whole(text) = asked else { return Err(OciError::NoTerminal) };
        let fail = |source| OciError::Json { what: what("--process"), source };
        let mut value = serde_json::from_str(&text).map_err(fail)?;
        let unknown = bundle::take_unknown_capabilities(&mut value);
        return Ok((serde_json::from_value(value).map_err(fail)?, unknown));
    };
    let mut process = own.cloned().unwrap_or_default();
    process.set_args(Some(args)).set_terminal(Some(terminal)).set_console_size(None);
    if let Some(cwd) = cwd {
        process.set_cwd(cwd);
    }
    let name = |entry: &str| entry.split('=').next().unwrap_or_default().to_owned();
    let mut all = process.env().clone().unwrap_or_default();
    all.retain(|entry| !env.iter().any(|other| name(other) == name(entry)));
    all.extend(env);
    process.set_env(Some(all));
    let mut wanted = process.user().clone();
    if let Some((uid, gid)) = user {
        let gid = gid.unwrap_or(wanted.gid());
        wanted.set_uid(uid).set_gid(gid);
    }
    if !groups.is_empty() {
        let mut all = wanted.additional_gids().clone().unwrap_or_default();
        all.extend(groups);
        wanted.set_additional_gids(Some(all));
    }
    process.set_user(wanted);
    let unknown = add_capabilities(&mut process, &capabilities);
    if no_new_privileges {
        process.set_no_new_privileges(Some(true));
    }
    if apparmor.is_some() {
        process.set_apparmor_profile(apparmor);
    }
    if label.is_some() {
        process.set_selinux_label(label);
    }
    Ok((process, unknown))
}

/// More capabilities, in the sets that a program gets them from. Returns those that nobody knows.
fn add_capabilities(process: &mut Process, names: &[String]) -> Vec<String> {
    let parse = |name: &String| name.to_ascii_uppercase().trim_start_matches("CAP_").parse::<Capability>().ok();
    let unknown = names.iter().filter(|name| parse(name).is_none()).cloned().collect();
    let more: HashSet<Capability> = names.iter().filter_map(parse).collect();
    if more.is_empty() {
        return unknown;
    }
    // Not those of the specification's own example, which is the type's default.
    let mut sets = match process.capabilities() {
        Some(sets) => sets.clone(),
        None => LinuxCapabilities::default().set_bounding(None).set_effective(None).set_permitted(None).clone(),
    };
    let with = |set: &Option<HashSet<Capability>>| Some(set.iter().flatten().chain(&more).copied().collect());
    let (bounding, effective, permitted) = (with(sets.bounding()), with(sets.effective()), with(sets.permitted()));
    sets.set_bounding(bounding).set_effective(effective).set_permitted(permitted);
    if process.user().uid() == 0 {
        // Root gets them with the program from the bounding set.
    } else {
        let (inheritable, ambient) = (with(sets.inheritable()), with(sets.ambient()));
        sets.set_inheritable(inheritable).set_ambient(ambient);
    }
    process.set_capabilities(Some(sets));
    unknown
}

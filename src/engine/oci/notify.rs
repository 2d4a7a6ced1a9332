//! A container of which a service manager wants to hear that it is ready (sd_notify(3)).
//!
//! `create` mounts a folder of ours at the manager's path, and the container speaks to a socket in there. `start` listens on it, passes
//! on what a container may say, and returns when it is ready, or has ended.

use crate::monitor::notify::{permitted, send};
use crate::runtime::bundle::Bundle;
use crate::sys::{fd, socket};
use oci_spec::runtime::Mount;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::Mode;
use rustix::io::Errno;
use rustix::net::RecvFlags;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// The folder in the container's state folder.
const FOLDER: &str = "notify";
/// The socket in there, and in the container's.
const SOCKET: &str = "notify";

/// Makes the folder, and has the configuration mount it and name its socket. A manager without a path cannot be had in a container.
pub(super) fn prepare(bundle: &mut Bundle, state_folder: &Path, manager: &Path) -> io::Result<()> {
    let Some(process) = bundle.spec.process_mut().as_mut().filter(|_| manager.is_absolute()) else { return Ok(()) };
    let mut env = process.env().clone().unwrap_or_default();
    env.retain(|entry| !entry.starts_with("NOTIFY_SOCKET="));
    env.push(format!("NOTIFY_SOCKET={}", manager.join(SOCKET).display()));
    process.set_env(Some(env));
    let folder = state_folder.join(FOLDER);
    std::fs::DirBuilder::new().mode(0o755).create(&folder)?;
    rustix::fs::chmod(&folder, Mode::from_raw_mode(0o755))?;
    let mut mount = Mount::default();
    let options = ["bind", "nosuid", "nodev", "noexec", "ro"].map(str::to_owned).to_vec();
    mount.set_destination(manager.to_owned()).set_source(Some(folder)).set_options(Some(options)).set_typ(None);
    let mut mounts = bundle.spec.mounts().clone().unwrap_or_default();
    mounts.push(mount);
    bundle.spec.set_mounts(Some(mounts));
    Ok(())
}

/// The container's side, as long as somebody listens.
pub(super) struct Listening {
    socket: OwnedFd,
    manager: PathBuf,
}

impl Listening {
    /// Listens where `create` has prepared for it.
    pub(super) fn begin(state_folder: &Path, manager: Option<&Path>) -> io::Result<Option<Self>> {
        let folder = state_folder.join(FOLDER);
        let Some(manager) = manager.filter(|_| folder.is_dir()) else { return Ok(None) };
        let path = folder.join(SOCKET);
        let _ = std::fs::remove_file(&path);
        let socket = socket::datagrams_in(&folder, SOCKET)?;
        // Every user of the container may speak; what counts is what is let through.
        rustix::fs::chmod(&path, Mode::from_raw_mode(0o666))?;
        Ok(Some(Self { socket, manager: manager.to_owned() }))
    }

    /// Leaves this process nothing but what passing on takes: it is to hold up no terminal, and to end by no key that is pressed there.
    pub(super) fn withdraw(&self, init: &OwnedFd) -> io::Result<()> {
        rustix::process::setsid()?;
        fd::close_all_but(&[self.socket.as_fd(), init.as_fd()])
    }

    /// Passes messages on until the container is ready or its init has ended.
    pub(super) fn pass_on(&self, init: &OwnedFd) -> io::Result<()> {
        let mut room = [0; 4096];
        loop {
            let mut polled = [PollFd::new(&self.socket, PollFlags::IN), PollFd::new(init, PollFlags::IN)];
            match poll(&mut polled, None) {
                Ok(_) => {}
                Err(Errno::INTR) => continue,
                Err(errno) => return Err(errno.into()),
            }
            if polled[0].revents().is_empty() {
                return Ok(());
            }
            let length = match socket::receive(&self.socket, &mut room, RecvFlags::DONTWAIT) {
                Ok(length) => length,
                Err(Errno::AGAIN) => continue,
                Err(errno) => return Err(errno.into()),
            };
            let message = permitted(&room[..length]);
            if !message.is_empty() {
                send(&self.manager, &message);
            }
            if message.split(|byte| *byte == b'\n').any(|line| line == b"READY=1") {
                return Ok(());
            }
        }
    }
}

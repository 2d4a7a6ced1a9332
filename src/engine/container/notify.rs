//! `--sdnotify`: who tells the service manager that the container is ready, and by way of which socket.

use super::ContainerError;
use crate::model::{ContainerConfig, SdNotify};
use crate::monitor::args::NotifyRule;
use crate::monitor::notify::send;
use crate::runtime::spec::OwnFile;
use crate::sys::socket;
use rustix::fs::Mode;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::{Path, PathBuf};

/// The socket in the container's runtime folder.
const SOCKET: &str = "notify.sock";

/// The same in the container, as in Podman.
const INSIDE: &str = "/run/notify/notify.sock";

/// What a start has to do for it.
pub(super) struct Notifying {
    pub rule: NotifyRule,
    /// The socket to which the container speaks, for the monitor.
    pub proxy: Option<OwnedFd>,
    pub file: Option<OwnFile>,
    /// For the container's environment.
    pub variable: Option<String>,
}

/// Makes ready what the container's mode needs; nothing where no service manager listens or nobody is to speak.
pub(super) fn prepare(
    config: &ContainerConfig,
    manager: Option<&PathBuf>,
    run_folder: &Path,
) -> Result<Option<Notifying>, ContainerError> {
    let Some(manager) = manager else { return Ok(None) };
    let rule = |proxy, when_healthy| NotifyRule { socket: manager.clone(), proxy, when_healthy };
    match config.supervision.notify {
        SdNotify::Ignore | SdNotify::Conmon => Ok(None),
        SdNotify::Healthy => Ok(Some(Notifying { rule: rule(None, true), proxy: None, file: None, variable: None })),
        SdNotify::Container => {
            let path = run_folder.join(SOCKET);
            let fail = |source| ContainerError::File { action: "make the socket", path: path.clone(), source };
            let _ = std::fs::remove_file(&path);
            let proxy = socket::datagrams_in(run_folder, SOCKET).map_err(fail)?;
            // Every user of the container may speak; what counts is what the monitor lets through.
            rustix::fs::chmod(&path, Mode::from_raw_mode(0o666)).map_err(|errno| fail(errno.into()))?;
            Ok(Some(Notifying {
                rule: rule(Some(proxy.as_raw_fd()), false),
                proxy: Some(proxy),
                file: Some(OwnFile { source: path, target: INSIDE }),
                variable: Some(format!("NOTIFY_SOCKET={INSIDE}")),
            }))
        }
    }
}

/// The container has been started: says who its main process is, and where the mode says so that it is ready.
pub(super) fn started(config: &ContainerConfig, manager: &Path, monitor: i32) {
    match config.supervision.notify {
        SdNotify::Ignore => {}
        SdNotify::Conmon => send(manager, format!("MAINPID={monitor}\nREADY=1").as_bytes()),
        SdNotify::Container | SdNotify::Healthy => send(manager, format!("MAINPID={monitor}").as_bytes()),
    }
}

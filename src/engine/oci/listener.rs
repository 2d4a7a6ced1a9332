//! The descriptor of calls that a filter hands over, on its way to the program that answers them (config-linux.md "The Container
//! Process State").

use super::SPEC_VERSION;
use super::record::Record;
use crate::runtime::bundle::Listener;
use crate::runtime::message::{Failure, Stage};
use crate::sys::{fdpass, socket};
use serde_json::json;
use std::os::fd::{AsFd as _, OwnedFd};

/// Sends it, with what is said of the process `pid` and of its container.
pub(super) fn deliver(listener: &Listener, record: &Record, pid: i32, status: &str, fd: &OwnedFd) -> Result<(), Failure> {
    let mut message = json!({
        "ociVersion": SPEC_VERSION,
        "fds": ["seccompFd"],
        "pid": pid,
        "state": record.state_of(record.init.pid, status),
    });
    if let Some(metadata) = &listener.metadata {
        message["metadata"] = json!(metadata);
    }
    let connection = socket::connect_stream(&listener.path);
    connection
        .and_then(|connection| fdpass::send_message(connection.as_fd(), message.to_string().as_bytes(), fd.as_fd()))
        .map_err(Failure::at(Stage::Seccomp, format!("linux.seccomp.listenerPath: {}", listener.path.display())))
}

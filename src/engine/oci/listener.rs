//! The descriptor of calls that a filter hands over, on its way to the program that answers them (config-linux.md "The Container
//! Process State").

use super::SPEC_VERSION;
use super::record::Record;
use crate::runtime::bundle::Listener;
use crate::runtime::message::{Failure, Stage};
use crate::sys::{fdpass, socket};
use serde_json::{Value, json};
use std::os::fd::{AsFd as _, OwnedFd};

/// The connection to a listener, made before anything is started: without one there is no use in that.
pub(super) struct Agent<'a> {
    listener: &'a Listener,
    connection: OwnedFd,
}

impl<'a> Agent<'a> {
    pub(super) fn connect(listener: &'a Listener) -> Result<Self, Failure> {
        let connection = socket::connect_stream(&listener.path).map_err(fail(listener))?;
        Ok(Self { listener, connection })
    }

    /// Sends the descriptor, with what is said of the process `pid` and of its container.
    pub(super) fn tell(&self, record: &Record, pid: i32, status: &str, fd: &OwnedFd) -> Result<(), Failure> {
        let message = message(self.listener, record, pid, status);
        fdpass::send_message(self.connection.as_fd(), message.to_string().as_bytes(), fd.as_fd()).map_err(fail(self.listener))
    }
}

fn fail(listener: &Listener) -> impl FnOnce(std::io::Error) -> Failure {
    Failure::at(Stage::Seccomp, format!("linux.seccomp.listenerPath: {}", listener.path.display()))
}

fn message(listener: &Listener, record: &Record, pid: i32, status: &str) -> Value {
    let mut message = json!({
        "ociVersion": SPEC_VERSION,
        "fds": ["seccompFd"],
        "pid": pid,
        "state": record.state_of(record.init.pid, status),
    });
    if let Some(metadata) = &listener.metadata {
        message["metadata"] = json!(metadata);
    }
    message
}

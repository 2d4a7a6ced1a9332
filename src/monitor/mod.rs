//! The monitor: one small process beside each container.
//!
//! # Theory of operation
//!
//! The process that has made the container's init, I, becomes the monitor by `execve`. So it is I's parent: only it can take
//! I's exit code. It is uid 0 of the session user namespace S (which it keeps alive by being in it), in the host's mount, pid and
//! network namespaces, leader of a session without a terminal, and stands in the container's folder.
//!
//! ```text
//!            stdin pipe ◄─────┐                 ┌──► ctr.log
//!   I  ────► stdout pipe ────►│ coracle-monitor │◄──► attach client (the CLI of `run`, `start -a`)
//!      ────► stderr pipe ────►│                 │◄──► attach client (`attach`, `wait`), by way of the socket `attach`
//!      (or one pty)           └── pidfd of I    └──► exit.json
//! ```
//!
//! - *Who trusts whom.* What comes out of the container is bytes to be copied. Clients are let in when they are of the same user
//!   (`SO_PEERCRED`); a packet that is no message ends the connection.
//! - *Who waits for whom.* The container waits for its slowest attached client, nobody else. The clients' last sign is the closed
//!   connection: then the log is complete, `exit.json` is there or the folder is gone, and so is the cgroup.
//! - *What may fail.* Only the start-up; then the process that started the monitor sees the sync pipe close with no byte in it and
//!   I, which nobody feeds any more, is its to kill. Later nothing ends the monitor but the end of I: a full disk costs lines
//!   of the log, a broken client costs that client.
//! - *What may kill it.* SIGKILL alone: every other signal is blocked. I, which is on its leash, dies with it, and the next command
//!   sees from `run.json` that nobody lives and that there is no exit record.
//! - *What it costs.* It allocates a few hundred bytes. Its buffers are mappings of their own that go back to the kernel when nothing
//!   has happened for a while, so a container at rest keeps a stack page or two and the pages that the C library has written to.
//!
//! | file | subject |
//! |---|---|
//! | `args` | the command line, both sides |
//! | `protocol` | the messages of the attach socket, both sides |
//! | `event` | the loop |
//! | `stdio` | the container's output and input |
//! | `attach` | the clients |
//! | `logs` | the log formats, both sides |
//! | `exit` | exit code, exit record, removal |
//! | `supervise` | by the clock: time limit, health checks, starting again |
//! | `restart` | how the monitor's process starts the container again |
//! | `notify` | sd_notify |

pub mod args;
mod attach;
mod event;
mod exit;
pub mod logs;
pub mod notify;
mod program;
pub mod protocol;
mod restart;
mod stdio;
pub mod supervise;

use crate::events::{self, Event, Subject};
use crate::sys::members::Members;
use args::{ArgsError, MonitorArgs};
use nix::sys::signal::SigSet;
use std::ffi::OsString;
use std::io;

/// The name of the attach socket in the container's runtime folder.
pub const SOCKET: &str = "attach";

/// Why the monitor could not start.
#[derive(Debug, thiserror::Error)]
pub enum MonitorError {
    #[error("read the monitor's arguments")]
    Args(#[from] ArgsError),
    #[error("find the container's folder")]
    Folder(#[source] io::Error),
    #[error("take over the container's descriptors")]
    TakeOver(#[source] io::Error),
    #[error("block signals")]
    Signals(#[source] nix::Error),
}

/// Runs the monitor to the container's end. `words` are the arguments after the program's name.
///
/// # Errors
/// The arguments or a descriptor are not what they should be. Once it runs, nothing fails.
pub fn run(words: impl IntoIterator<Item = OsString>) -> Result<(), MonitorError> {
    // SIGPIPE, SIGXFSZ and the terminal's signals with it: the calls that would raise them return errors.
    SigSet::all().thread_block().map_err(MonitorError::Signals)?;
    let args = MonitorArgs::decode(words)?;
    let _ = rustix::thread::set_name(c"coracle-monitor");
    let folder = if args.remove { Some(exit::Folder::find().map_err(MonitorError::Folder)?) } else { None };
    let sync = args.sync.map(crate::sys::inherit::adopt).transpose().map_err(MonitorError::TakeOver)?;
    let mut monitor = event::Monitor::new(&args).map_err(MonitorError::TakeOver)?;
    let members = args.members.map(crate::sys::inherit::adopt).transpose().map_err(MonitorError::TakeOver)?;
    let members = members.and_then(|namespace| Members::of_namespace(namespace).ok());
    if let Some(sync) = sync {
        let _ = rustix::io::retry_on_intr(|| rustix::io::write(&sync, &[1]));
    }
    let (end, again) = monitor.run(|end, again, supervisor| {
        // Before anybody is told: where the pid namespace is shared, the kernel has ended init alone.
        if let Some(members) = &members {
            exit::kill_cgroup(&args);
            members.kill();
        }
        if !args.remove || again.is_some() {
            // A record that cannot be written has no one to be reported to; the container is then seen as ended without a code.
            let _ = exit::record(&args, end, again.is_some(), supervisor.restarts());
        }
        // After the record: who hears of the end looks there.
        let session = args.events.as_ref().is_some_and(|rule| rule.session);
        let status = if session { events::Status::ExecDied } else { events::Status::Died };
        tell(&args, subject(&args), status, Some(end.code));
    });
    if let Some(cgroup) = &args.cgroup {
        exit::remove_cgroup(cgroup);
    }
    if let Some(wait) = again {
        if monitor.back_off(wait) {
            restart::become_helper(&monitor, &args);
        }
        // It is to stay as it is, or the helper cannot be executed.
        if !args.remove {
            let _ = exit::record(&args, end, false, monitor.supervisor.restarts());
        }
        monitor.tell(end);
    }
    if let Some(folder) = folder {
        let subject = subject(&args);
        // What is left lies in tmp/ and is swept by the next command.
        let _ = folder.remove();
        // Afterwards: who waits for it looks when it hears of it.
        tell(&args, subject, events::Status::Remove, None);
    }
    exit::remove_runtime_files(&args);
    // After the socket's name is gone nobody new can come; those who came before still hear the code.
    monitor.last_call(end);
    if args.forget {
        restart::become_sweeper(&mut monitor);
    }
    Ok(())
}

/// Who the events are about. A container that was renamed since it was started has its new name in a file.
fn subject(args: &MonitorArgs) -> Option<Subject> {
    let told = args.events.as_ref()?.subject.clone();
    Some(Subject::from_text(std::fs::read_to_string(events::RENAMED).unwrap_or(told)))
}

/// Tells the journal of events. What cannot be written is lost, as for everyone who tells.
fn tell(args: &MonitorArgs, subject: Option<Subject>, status: events::Status, exit_code: Option<i32>) {
    if let (Some(events), Some(subject)) = (&args.events, subject) {
        let _ = events::append(&events.folder, &Event { exit_code, ..Event::new(&subject, status) });
    }
}

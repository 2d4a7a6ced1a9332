//! `create` and `run`.

use super::Subject;
use crate::cli::container::descriptors;
use crate::cli::error::CliError;
use crate::engine::EngineError;
use crate::engine::oci::{CreateRequest, Runtime};
use clap::Args;
use std::path::PathBuf;

/// Make a container from a bundle; its program waits for `start`
#[derive(Debug, Args)]
pub(super) struct CreateArgs {
    #[command(flatten)]
    how: How,
}

/// Create a container, start it, and wait for its end
#[derive(Debug, Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    how: How,
    /// Do not wait for its end
    #[arg(short, long)]
    detach: bool,
    /// Do not delete the container after its end
    #[arg(long)]
    keep: bool,
    /// Accepted for other runtimes' sake
    #[arg(long)]
    no_subreaper: bool,
}

#[derive(Debug, Args)]
struct How {
    /// The bundle's folder, in which config.json is
    #[arg(short, long, value_name = "FOLDER", default_value = ".")]
    bundle: PathBuf,
    /// The configuration's file in the bundle, where it is not config.json
    #[arg(short = 'f', long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Write the pid of the container's first process to this file
    #[arg(long, value_name = "FILE")]
    pid_file: Option<PathBuf>,
    /// Send the other end of the container's terminal to this socket
    #[arg(long, value_name = "SOCKET")]
    console_socket: Option<PathBuf>,
    /// Pass this many open descriptors on to the container, from 3 up
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    preserve_fds: u16,
    /// Put the root file system over the old root, and do not take that away: for an initial ramfs
    #[arg(long)]
    no_pivot: bool,
    /// Leave the container in the caller's session keyring
    #[arg(long)]
    no_new_keyring: bool,
    #[command(flatten)]
    subject: Subject,
}

impl How {
    fn request(self, keep_master: bool) -> CreateRequest {
        // Before anything is opened: these numbers were handed down.
        let handed = descriptors::handed_to_runtime(self.preserve_fds);
        CreateRequest {
            id: self.subject.id,
            bundle: self.bundle,
            config: self.config,
            pid_file: self.pid_file,
            console_socket: self.console_socket,
            keep_master,
            manager: super::manager(),
            variables: handed.variables_for_first(),
            handed: handed.descriptors,
            no_pivot: self.no_pivot,
            no_new_keyring: self.no_new_keyring,
            umask: super::umask(),
        }
    }
}

pub(super) fn run_create(runtime: &Runtime, args: CreateArgs) -> Result<i32, CliError> {
    let made = runtime.create(args.how.request(false)).map_err(EngineError::from)?;
    super::warn(&made);
    Ok(0)
}

pub(super) fn run_run(runtime: &Runtime, args: RunArgs) -> Result<i32, CliError> {
    let id = args.how.subject.id.clone();
    let made = runtime.create(args.how.request(!args.detach)).map_err(EngineError::from)?;
    super::warn(&made);
    runtime.start_created(&id, super::manager().as_deref(), !args.detach).map_err(EngineError::from)?;
    if args.detach {
        return Ok(0);
    }
    let code = made.attend()?;
    if !args.keep {
        super::control::delete_id(runtime, &id, true)?;
    }
    if code == 0 { Ok(0) } else { Err(CliError::Code(code)) }
}

//! `exec`.

use crate::cli::container::descriptors;
use crate::cli::error::CliError;
use crate::engine::EngineError;
use crate::engine::oci::{Asked, ExecRequest, Runtime};
use clap::Args;
use std::path::PathBuf;

/// Run one more process in a running container
#[derive(Debug, Args)]
pub(super) struct ExecArgs {
    /// Its working directory
    #[arg(long, value_name = "FOLDER")]
    cwd: Option<PathBuf>,
    /// Set a variable
    #[arg(short, long, value_name = "NAME=VALUE")]
    env: Vec<String>,
    /// Give it a terminal
    #[arg(short, long)]
    tty: bool,
    /// The ids that it runs as
    #[arg(short, long, value_name = "UID[:GID]")]
    user: Option<String>,
    /// More groups
    #[arg(short = 'g', long, value_name = "GID")]
    additional_gids: Vec<u32>,
    /// Read the process from a file: its form is that of config.json's process
    #[arg(short, long, value_name = "FILE", conflicts_with_all = ["cwd", "env", "user"])]
    process: Option<PathBuf>,
    /// Do not wait for its end
    #[arg(short, long)]
    detach: bool,
    /// Write its pid to this file
    #[arg(long, value_name = "FILE")]
    pid_file: Option<PathBuf>,
    /// Send the other end of its terminal to this socket
    #[arg(long, value_name = "SOCKET")]
    console_socket: Option<PathBuf>,
    /// Pass this many open descriptors on, from 3 up
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    preserve_fds: u16,
    /// Add a capability
    #[arg(short, long, value_name = "NAME")]
    cap: Vec<String>,
    /// Let it gain no privileges
    #[arg(long)]
    no_new_privs: bool,
    /// The AppArmor profile
    #[arg(long, value_name = "PROFILE")]
    apparmor: Option<String>,
    /// The SELinux label
    #[arg(long, value_name = "LABEL")]
    process_label: Option<String>,
    /// Run it in a cgroup below the container's own
    #[arg(long, value_name = "PATH")]
    cgroup: Option<PathBuf>,
    /// Join a paused container, too
    #[arg(long)]
    ignore_paused: bool,
    /// The container's id
    #[arg(value_name = "ID")]
    id: String,
    /// The program and its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
    command: Vec<String>,
}

pub(super) fn run(runtime: &Runtime, args: ExecArgs) -> Result<i32, CliError> {
    let handed = descriptors::handed_to_runtime(args.preserve_fds);
    let asked = match args.process {
        Some(path) if args.command.is_empty() => {
            Asked::Whole(std::fs::read_to_string(&path).map_err(|source| CliError::File { path, source })?)
        }
        Some(_) => return Err(CliError::Usage("--process: it has a command, so there can be no other".to_owned())),
        None => Asked::Command {
            args: args.command,
            cwd: args.cwd,
            env: args.env,
            user: args.user.as_deref().map(user).transpose()?,
            groups: args.additional_gids,
            capabilities: args.cap,
            terminal: args.tty,
            no_new_privileges: args.no_new_privs,
            apparmor: args.apparmor,
            label: args.process_label,
        },
    };
    let request = ExecRequest {
        id: args.id,
        asked,
        pid_file: args.pid_file,
        console_socket: args.console_socket,
        keep_master: !args.detach,
        handed: handed.descriptors,
        cgroup: args.cgroup,
        ignore_paused: args.ignore_paused,
        umask: super::umask(),
    };
    let made = runtime.exec(request).map_err(EngineError::from)?;
    super::warn(&made);
    if args.detach {
        return Ok(0);
    }
    match made.attend()? {
        0 => Ok(0),
        code => Err(CliError::Code(code)),
    }
}

/// Numbers only: names are for those who make configurations.
fn user(text: &str) -> Result<(u32, Option<u32>), CliError> {
    let number = |part: &str| {
        let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse::<u32>().ok().filter(|id| digits && *id != u32::MAX)
    };
    let (uid, gid) = text.split_once(':').map_or((text, None), |(uid, gid)| (uid, Some(gid)));
    let bad = || CliError::Usage(format!("--user {text}: write numbers, UID or UID:GID"));
    let gid = gid.map(|gid| number(gid).ok_or_else(bad)).transpose()?;
    Ok((number(uid).ok_or_else(bad)?, gid))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_numbers() {
        for (text, wanted) in [("0", (0, None)), ("5:6", (5, Some(6))), ("4294967294", (4_294_967_294, None))] {
            assert_eq!(user(text).unwrap(), wanted);
        }
        for text in ["", "a", "-1", "+1", "1:", ":1", "0x1", "4294967295", "4294967296", "1:2:3"] {
            assert!(user(text).is_err(), "{text}");
        }
    }
}

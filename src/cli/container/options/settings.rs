//! What a container's process begins with: names, limits, kernel settings, secrets.

use super::limits::LimitOptions;
use crate::cli::error::CliError;
use crate::engine::container::create::CreateRequest;
use crate::model::Init;
use clap::Args;
use std::path::Path;

/// Options about the surroundings of a process.
#[derive(Debug, Args)]
pub(super) struct SettingOptions {
    /// Set the host name
    #[arg(short = 'h', long, value_name = "NAME")]
    hostname: Option<String>,
    #[command(flatten)]
    limits: LimitOptions,
    /// Run a small program as process 1 that passes signals on and reaps orphans
    #[arg(long)]
    init: bool,
    /// Take this program of the host for --init instead of the one that is built in
    #[arg(long, value_name = "PATH")]
    init_path: Option<String>,
    /// Set the time zone: a name like Europe/Vienna, or local for that of the host
    #[arg(long, value_name = "ZONE")]
    tz: Option<String>,
    /// Prepare the container for systemd: false, or true, which is the same here
    #[arg(long, value_name = "WHEN")]
    systemd: Option<String>,
    /// Set the kernel's personality; only LINUX, which every process has, is offered
    #[arg(long, value_name = "PERSONA")]
    personality: Option<String>,
}

impl SettingOptions {
    /// Puts what was asked into the request; `cwd` is what a relative path begins at.
    ///
    /// # Errors
    /// An option's text cannot be read, or asks for what is not offered.
    pub(super) fn apply(&self, request: &mut CreateRequest, cwd: &Path) -> Result<(), CliError> {
        request.hostname.clone_from(&self.hostname);
        self.limits.apply(&mut request.settings)?;
        request.settings.init = match (&self.init_path, self.init) {
            (_, false) => Init::Command,
            (None, true) => Init::Own,
            (Some(path), true) => Init::Program(cwd.join(path).components().collect()),
        };
        request.settings.timezone = self.tz.clone().unwrap_or_default();
        match self.systemd.as_deref() {
            None | Some("true" | "false") => {}
            Some("always") => {
                return Err(CliError::Usage(
                    "--systemd=always: systemd needs a cgroup of its own to write to, which is not offered (--systemd=false runs the \
                     command as any other)"
                        .to_owned(),
                ));
            }
            Some(other) => return Err(CliError::Usage(format!("--systemd {other:?}: choose true, false or always"))),
        }
        match self.personality.as_deref() {
            None | Some("LINUX") => Ok(()),
            Some(other) => Err(CliError::Usage(format!("--personality {other:?} is not offered: only LINUX is"))),
        }
    }
}

//! The options before the command.
//!
//! Podman has many that choose between its own parts. Those that have a meaning here are honoured; those whose answer is the same here
//! whatever is chosen are taken; all others are refused with what to do instead.

use super::container::runtime;
use crate::config::containers;
use crate::config::storage::{self, Given};
use crate::model::OtherRuntime;
use clap::Args;
use std::fs::File;
use std::path::{Path, PathBuf};

/// What stands before the command.
#[derive(Debug, Default, Args)]
pub(super) struct GlobalArgs {
    /// The folder that holds images and containers, in the place of the one that storage.conf or XDG_DATA_HOME says
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// The folder for what lives until the next boot
    #[arg(long, value_name = "DIR")]
    runroot: Option<PathBuf>,
    /// How layers are stacked: overlay, or vfs for whole copies; without it, by trying
    #[arg(long, value_name = "NAME")]
    storage_driver: Option<String>,
    /// overlay.mount_program=PATH: a program that stacks layers in the kernel's place
    #[arg(long, value_name = "KEY=VALUE")]
    storage_opt: Vec<String>,
    /// Make new containers with this OCI runtime (crun, runc), a name or a path, in the place of the built-in one
    #[arg(long, value_name = "RUNTIME")]
    runtime: Option<String>,
    /// Give the runtime this option, without its dashes
    #[arg(long, value_name = "FLAG")]
    runtime_flag: Vec<String>,
    /// Write to this file what would go to standard output
    #[arg(long, value_name = "FILE", conflicts_with = "noout")]
    out: Option<PathBuf>,
    /// Write nothing to standard output
    #[arg(long)]
    noout: bool,
    /// trace, debug, info, warn, error, fatal or panic; without effect: what goes wrong is always said on standard error, and nothing else
    #[arg(long, value_name = "LEVEL", value_parser = ["trace", "debug", "info", "warn", "warning", "error", "fatal", "panic"], ignore_case = true, hide_possible_values = true)]
    log_level: Option<String>,
    /// systemd or cgroupfs; without effect: a cgroup that was delegated is used, else systemd is asked for one
    #[arg(long, value_name = "MANAGER", value_parser = ["systemd", "cgroupfs"], hide_possible_values = true)]
    cgroup_manager: Option<String>,
    /// Where events are kept: file is the only one
    #[arg(long, value_name = "BACKEND")]
    events_backend: Option<String>,
    /// Read this module of containers.conf, too: a file of a folder containers.conf.modules, or an absolute path
    #[arg(long, value_name = "MODULE")]
    module: Vec<String>,
    #[command(flatten)]
    refused: Refused,
}

/// Podman's options that cannot be honoured.
#[derive(Debug, Default, Args)]
struct Refused {
    #[arg(long, hide = true)]
    tmpdir: Option<PathBuf>,
    #[arg(long, hide = true)]
    volumepath: Option<PathBuf>,
    #[arg(long, hide = true)]
    network_config_dir: Option<PathBuf>,
    #[arg(long, hide = true)]
    hooks_dir: Vec<PathBuf>,
    #[arg(long, hide = true)]
    cdi_spec_dir: Vec<PathBuf>,
    #[arg(long, hide = true)]
    imagestore: Option<PathBuf>,
    #[arg(long, hide = true)]
    transient_store: bool,
    #[arg(long, hide = true)]
    syslog: bool,
    #[arg(long, hide = true)]
    conmon: Option<PathBuf>,
    #[arg(long, hide = true)]
    network_cmd_path: Option<PathBuf>,
    #[arg(long, hide = true)]
    default_mounts_file: Option<PathBuf>,
    #[arg(long, short, hide = true)]
    remote: bool,
    #[arg(long, hide = true)]
    url: Option<String>,
    #[arg(long, short, hide = true)]
    connection: Option<String>,
    #[arg(long, hide = true)]
    identity: Option<PathBuf>,
    #[arg(long, hide = true)]
    ssh: Option<String>,
}

impl Refused {
    /// Why the first of them that is given cannot be honoured.
    fn reason(&self) -> Option<&'static str> {
        const NO_SERVICE: &str = "there is no service to speak to; run coracle on that machine, as with `ssh HOST coracle …`";
        [
            (self.tmpdir.is_some(), "--tmpdir: what lives until the next boot is in --runroot"),
            (self.volumepath.is_some(), "--volumepath: volumes lie in the store; move that with --root"),
            (
                self.network_config_dir.is_some(),
                "--network-config-dir: networks are kept in the store's database; move that with --root",
            ),
            (!self.hooks_dir.is_empty(), "--hooks-dir: OCI hooks of folders are not run"),
            (!self.cdi_spec_dir.is_empty(), "--cdi-spec-dir: give it to run or create"),
            (self.imagestore.is_some(), "--imagestore: images and containers lie in one store; move that with --root"),
            (self.transient_store, "--transient-store: put the store on a tmpfs with --root"),
            (self.syslog, "--syslog: messages go to standard error; send that to `logger` or `systemd-cat`"),
            (self.conmon.is_some(), "--conmon: the monitor is coracle's own"),
            (self.network_cmd_path.is_some(), "--network-cmd-path: pasta and slirp4netns are looked for in PATH"),
            (self.default_mounts_file.is_some(), "--default-mounts-file: name the mounts with -v"),
            (self.remote || self.url.is_some() || self.connection.is_some(), NO_SERVICE),
            (self.identity.is_some() || self.ssh.is_some(), NO_SERVICE),
        ]
        .into_iter()
        .find_map(|(given, why)| given.then_some(why))
    }
}

impl GlobalArgs {
    /// Makes what they say so for this process, and returns the runtime of new containers, where it is not the built-in one.
    ///
    /// # Errors
    /// What cannot be honoured, and why.
    pub(super) fn settle(self) -> Result<Option<OtherRuntime>, String> {
        if let Some(why) = self.refused.reason() {
            return Err(why.to_owned());
        }
        if let Some(other) = self.events_backend.filter(|name| name != "file") {
            return Err(format!("--events-backend {other}: events are kept in a file of the store"));
        }
        let absolute = |folder: Option<PathBuf>| folder.map(std::path::absolute).transpose().map_err(|error| error.to_string());
        let (root, runroot) = (absolute(self.root)?, absolute(self.runroot)?);
        storage::give(Given { root, runroot, driver: self.storage_driver, options: self.storage_opt });
        containers::give_modules(self.module);
        if self.noout {
            send_output_to(Path::new("/dev/null"))?;
        } else if let Some(path) = &self.out {
            send_output_to(path)?;
        }
        match self.runtime.filter(|name| !name.is_empty() && name != "coracle") {
            Some(name) => runtime::find(&name, &self.runtime_flag).map(Some),
            None => Ok(None),
        }
    }
}

fn send_output_to(path: &Path) -> Result<(), String> {
    let fail = |error: std::io::Error| format!("--out {}: {error}", path.display());
    let file = File::create(path).map_err(fail)?;
    rustix::stdio::dup2_stdout(&file).map_err(|errno| fail(errno.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_honoured_is_refused_with_what_to_do() {
        assert!(GlobalArgs::default().settle().is_ok_and(|runtime| runtime.is_none()));
        let refused = |refused| GlobalArgs { refused, ..GlobalArgs::default() }.settle().expect_err("refused");
        assert!(refused(Refused { volumepath: Some("/v".into()), ..Refused::default() }).contains("--root"));
        assert!(refused(Refused { remote: true, ..Refused::default() }).contains("ssh"));
        let journald = GlobalArgs { events_backend: Some("journald".into()), ..GlobalArgs::default() };
        assert!(journald.settle().expect_err("refused").contains("file"));
    }
}

//! A place: where the tool of a case runs, if not on the host as it is. Programs of the host are covered there, `/etc/resolv.conf` is a
//! file of the case's, or the network is another one.
//!
//! A shorter `PATH` hides nothing, since the tool looks in the usual folders too. So root (rootly.rs) runs each command of the case in a
//! mount namespace of the command's own, and what the command leaves running stays in there.

use super::host::find_program;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, setns, unshare};
use serde_json::{Value, json};
use std::fs::File;
use std::path::{Path, PathBuf};

/// In place of a program, and of a device.
const NOTHING: &str = "/dev/null";

/// The folder of the device that the user-mode stacks need.
const TUN: &str = "/dev/net";

/// What is other than on the host.
#[derive(Clone, Debug, Default)]
pub struct Place {
    covered: Vec<&'static str>,
    tun: bool,
    resolv: Option<PathBuf>,
    net: Option<u32>,
}

impl Place {
    /// A place where these programs are not to be found.
    pub fn without(programs: &[&'static str]) -> Self {
        Self { covered: programs.to_vec(), ..Self::default() }
    }

    /// Takes `/dev/net/tun` away, as on a machine whose kernel has no such module.
    pub fn without_tun(mut self) -> Self {
        self.tun = true;
        self
    }

    /// Puts a file in the place of `/etc/resolv.conf`; what is written into it later is seen.
    pub fn resolv(mut self, path: impl Into<PathBuf>) -> Self {
        self.resolv = Some(path.into());
        self
    }

    /// Takes the network namespace of a process for that of the host.
    pub fn network_of(mut self, pid: u32) -> Self {
        self.net = Some(pid);
        self
    }

    pub(super) fn request(&self) -> Value {
        json!({ "covered": self.covered, "tun": self.tun, "resolv": self.resolv, "net": self.net })
    }
}

/// Takes this thread of root's to the place that a request names; the processes that it makes are there too.
pub(super) fn enter(request: &Value) -> Result<(), String> {
    if request.is_null() {
        return Ok(());
    }
    let told = |what: &str| {
        let what = what.to_owned();
        move |error: nix::errno::Errno| format!("{what}: {error}")
    };
    if let Some(pid) = request["net"].as_u64() {
        let path = format!("/proc/{pid}/ns/net");
        let namespace = File::open(&path).map_err(|error| format!("{path}: {error}"))?;
        setns(namespace, CloneFlags::CLONE_NEWNET).map_err(told("setns"))?;
    }
    unshare(CloneFlags::CLONE_NEWNS).map_err(told("unshare"))?;
    mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>).map_err(told("make private"))?;
    let bind = |from: &Path, to: &Path| {
        mount(Some(from), to, None::<&str>, MsFlags::MS_BIND, None::<&str>).map_err(told(&format!("cover {}", to.display())))
    };
    for name in request["covered"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        while let Some(path) = find_program(name).filter(|_| !name.contains('/')) {
            bind(Path::new(NOTHING), &path)?;
        }
    }
    if request["tun"] == true && Path::new(TUN).exists() {
        mount(Some("tmpfs"), TUN, Some("tmpfs"), MsFlags::empty(), Some("size=4k,mode=0755")).map_err(told("cover /dev/net"))?;
    }
    match request["resolv"].as_str() {
        Some(file) => bind(Path::new(file), Path::new("/etc/resolv.conf")),
        None => Ok(()),
    }
}

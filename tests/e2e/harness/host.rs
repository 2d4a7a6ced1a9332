//! What this host has, found by trying, and which tool is under test.

use super::{outside, program};
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Something that a case needs and a host may lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// An unprivileged user namespace.
    Userns,
    /// Subordinate ids and the two helpers.
    Subids,
    /// `/dev/net/tun` and pasta or slirp4netns.
    Net,
    /// A cgroup v2 subtree that the user may change.
    Cgroup,
    /// A way to a cgroup with the controllers cpu, memory and pids: such a subtree, or systemd's user manager.
    Limits,
    /// Debian's docker-registry.
    Registry,
    /// A disk of a few megabytes (prepared by root).
    SmallDisk,
    /// A disk of a few hundred inodes (prepared by root).
    FewInodes,
    /// A second user, without subordinate ids (prepared by root).
    Stranger,
    /// Root (it has started the tests), which covers programs of the host for one command.
    Places,
    /// A host outside, in a network namespace of its own (prepared by root).
    Outside,
    /// A kernel keyring.
    Keyring,
    /// strace, which kills a command at a chosen system call.
    Strace,
    /// Root's strace (root has started the tests), which follows every child.
    Tracer,
    Skopeo,
    Umoci,
    /// Podman itself, to call our runtime.
    Podman,
    /// An OCI runtime that is not ours, on a machine that it works on.
    Crun,
    /// The folder of bigger images that `CORACLE_SHARED_IMAGES` names.
    SharedImages,
}

impl Need {
    /// The word that `CORACLE_TEST_REQUIRE` takes.
    pub fn word(self) -> &'static str {
        match self {
            Self::Userns => "userns",
            Self::Subids => "subids",
            Self::Net => "net",
            Self::Cgroup => "cgroup",
            Self::Limits => "limits",
            Self::Registry => "registry",
            Self::SmallDisk => "small-disk",
            Self::FewInodes => "few-inodes",
            Self::Stranger => "stranger",
            Self::Places => "places",
            Self::Outside => "outside",
            Self::Keyring => "keyring",
            Self::Strace => "strace",
            Self::Tracer => "tracer",
            Self::Skopeo => "skopeo",
            Self::Umoci => "umoci",
            Self::Podman => "podman",
            Self::Crun => "crun",
            Self::SharedImages => "shared-images",
        }
    }

    /// Returns why the host lacks it, or nothing where it is there.
    pub fn missing(self) -> Option<String> {
        match self {
            Self::Userns => cached(&USERNS, userns),
            Self::Subids => cached(&SUBIDS, subids),
            Self::Net => cached(&NET, net),
            Self::Cgroup => cgroup().is_none().then(|| "no cgroup v2 subtree of this user's own".to_owned()),
            Self::Limits => cached(&LIMITS, limits),
            Self::Registry => find_program("docker-registry").is_none().then(|| "docker-registry is not installed".to_owned()),
            Self::SmallDisk | Self::FewInodes | Self::Stranger | Self::Places => {
                var("CORACLE_E2E_DISKS").is_none().then(|| "the tests were not started by root".to_owned())
            }
            Self::Outside => outside::missing(),
            Self::Keyring => (!Path::new("/proc/keys").exists()).then(|| "the kernel has no keyrings".to_owned()),
            Self::Tracer => Self::Stranger.missing().or_else(|| Self::Strace.missing()),
            Self::Strace => find_program("strace").is_none().then(|| "strace is not installed".to_owned()),
            Self::Skopeo => find_program("skopeo").is_none().then(|| "skopeo is not installed".to_owned()),
            Self::Umoci => find_program("umoci").is_none().then(|| "umoci is not installed".to_owned()),
            Self::Podman => find_program("podman").is_none().then(|| "podman is not installed".to_owned()),
            Self::Crun if find_program("crun").is_none() => Some("crun is not installed".to_owned()),
            Self::Crun => (!Path::new("/sys/fs/cgroup/cgroup.procs").exists())
                .then(|| "crun takes no machine with cgroups of both versions".to_owned()),
            Self::SharedImages => shared_images().is_none().then(|| "CORACLE_SHARED_IMAGES does not name a folder".to_owned()),
        }
    }
}

/// The tool under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Under {
    Coracle,
    Podman,
}

pub fn under() -> Under {
    match var("CORACLE_UNDER_TEST").as_deref() {
        None | Some("coracle") => Under::Coracle,
        Some("podman") => Under::Podman,
        Some(other) => panic!("CORACLE_UNDER_TEST is {other:?}; it takes coracle or podman"),
    }
}

/// The folder with `coracle` and `coracle-monitor`.
pub fn tool_folder() -> PathBuf {
    var("CORACLE_BIN").map_or_else(
        || Path::new(env!("CARGO_BIN_EXE_coracle")).parent().expect("a binary is in a folder").to_owned(),
        PathBuf::from,
    )
}

/// Tells whether `CORACLE_TEST_REQUIRE` makes a missing need a failure.
pub fn required(need: Need) -> bool {
    var("CORACLE_TEST_REQUIRE").is_some_and(|list| list.split(',').any(|word| word.trim() == need.word()))
}

/// The delegated subtree that root made for us.
pub fn cgroup() -> Option<PathBuf> {
    var("CORACLE_E2E_CGROUP").map(PathBuf::from)
}

pub fn shared_images() -> Option<PathBuf> {
    var("CORACLE_SHARED_IMAGES").map(PathBuf::from).filter(|path| path.is_dir())
}

#[expect(clippy::disallowed_methods, reason = "the tests read their own settings")]
pub fn var(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Returns the program's path, as the clean environment of the cases finds it.
pub fn find_program(name: &str) -> Option<PathBuf> {
    ["/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"]
        .iter()
        .map(|dir| Path::new(dir).join(name))
        .find(|path| path.is_file())
}

static USERNS: OnceLock<Option<String>> = OnceLock::new();
static SUBIDS: OnceLock<Option<String>> = OnceLock::new();
static LIMITS: OnceLock<Option<String>> = OnceLock::new();
static NET: OnceLock<Option<String>> = OnceLock::new();

fn cached(cell: &OnceLock<Option<String>>, probe: fn() -> Option<String>) -> Option<String> {
    cell.get_or_init(probe).clone()
}

fn userns() -> Option<String> {
    let output = program::run("unshare", &["--user", "--map-root-user", "true"]);
    (!output.status.success()).then(|| String::from_utf8_lossy(&output.stderr).trim().to_owned())
}

fn subids() -> Option<String> {
    for helper in ["newuidmap", "newgidmap"] {
        if find_program(helper).is_none() {
            return Some(format!("{helper} is not installed"));
        }
    }
    let uid = rustix::process::getuid().as_raw();
    let name = program::user_name(uid);
    for file in ["/etc/subuid", "/etc/subgid"] {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let of_us = |line: &str| line.split(':').next().is_some_and(|who| who == uid.to_string() || Some(who) == name.as_deref());
        if !text.lines().any(of_us) {
            return Some(format!("{file} has no line for uid {uid}"));
        }
    }
    None
}

fn limits() -> Option<String> {
    let uid = rustix::process::getuid().as_raw();
    let manager = Path::new(&format!("/run/user/{uid}/systemd/private")).exists();
    let of_manager = || format!("/sys/fs/cgroup/user.slice/user-{uid}.slice/user@{uid}.service").into();
    let Some(cgroup) = cgroup().or_else(|| manager.then(of_manager)) else {
        return Some("there is neither a cgroup of this user's own nor its systemd (tests/vm/limits has them)".to_owned());
    };
    let has = std::fs::read_to_string(cgroup.join("cgroup.controllers")).unwrap_or_default();
    let lacks = |name: &&str| !has.split_whitespace().any(|known| known == *name);
    let lacking: Vec<&str> = ["cpu", "memory", "pids"].into_iter().filter(lacks).collect();
    (!lacking.is_empty()).then(|| format!("the user's cgroup lacks {} (tests/vm/limits has them)", lacking.join(", ")))
}

fn net() -> Option<String> {
    let tun = std::fs::metadata("/dev/net/tun").is_ok_and(|meta| meta.file_type().is_char_device());
    if !tun || std::fs::OpenOptions::new().read(true).write(true).open("/dev/net/tun").is_err() {
        return Some("/dev/net/tun is missing or not for this user".to_owned());
    }
    (find_program("pasta").is_none() && find_program("slirp4netns").is_none())
        .then(|| "neither pasta nor slirp4netns is installed".to_owned())
}

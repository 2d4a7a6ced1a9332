//! What only root can prepare; then down to the unprivileged user.
//!
//! Everything is in a mount namespace of the harness's own: the machine's mounts stay as they are. One cgroup is made below the
//! v2 root and removed at the end.

use super::host::var;
use super::{outside, program, rootly};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// The disks of a few megabytes, and those of a few hundred inodes: one for each case that needs one.
pub const SMALL_DISKS: usize = 9;
pub const FEW_INODES_DISKS: usize = 1;

const CGROUPS: &str = "/sys/fs/cgroup";

/// Where root started the tests: prepares, runs them again as the unprivileged user, cleans up and returns their exit code.
pub fn run_as_user() -> Option<ExitCode> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let name = var("CORACLE_TEST_USER").unwrap_or_else(|| "coracle-test".to_owned());
    let Some((uid, gid, home)) = program::user(&name) else {
        eprintln!(
            "the tests run as an ordinary user, and there is no {name}: make it (tests/run does), or set CORACLE_TEST_USER"
        );
        return Some(ExitCode::from(101));
    };
    unshare(CloneFlags::CLONE_NEWNS).expect("root makes a mount namespace");
    mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>)
        .expect("make every mount private");
    let folder = tempfile::Builder::new()
        .prefix("ce-")
        .tempdir_in(var("CORACLE_TEST_TMP").unwrap_or_else(|| "/var/tmp".to_owned()))
        .expect("make the folder of the tests");
    own(folder.path(), uid, gid);
    prepare_stranger(folder.path());
    let disks = prepare_disks(folder.path(), uid, gid);
    let cgroup = Delegated::make(uid, gid);
    if let Err(reason) = outside::serve(folder.path(), uid, gid) {
        eprintln!("no outside host: {reason}");
    }
    let _traces = rootly::serve(folder.path(), &name, uid, gid);

    let mut command = Command::new(std::env::current_exe().expect("the path of the tests"));
    command.args(std::env::args_os().skip(1)).uid(uid).gid(gid);
    command.env("USER", &name).env("HOME", home).env("CORACLE_E2E_ROOT", folder.path()).env("CORACLE_E2E_DISKS", "1");
    match &cgroup {
        Ok(cgroup) => command.env("CORACLE_E2E_CGROUP", &cgroup.path),
        Err(reason) => {
            eprintln!("no delegated cgroup: {reason}");
            &mut command
        }
    };
    let status = command.status();
    if let Ok(cgroup) = cgroup {
        cgroup.take_back();
    }
    for disk in disks {
        umount2(&disk, MntFlags::MNT_DETACH).expect("unmount a disk of the tests");
    }
    Some(match status {
        Ok(status) => status
            .code()
            .or_else(|| status.signal().map(|signal| 128 + signal))
            .and_then(|code| u8::try_from(code).ok())
            .unwrap_or(101)
            .into(),
        Err(error) => {
            eprintln!(
                "run the tests as {name}: {error} (is the folder of the binaries closed to that user? tests/run copies them)"
            );
            ExitCode::from(101)
        }
    })
}

/// A uid and gid that `/etc/passwd` and `/etc/subuid` do not know.
pub const STRANGER: u32 = 61_234;

/// A copy of `setpriv` that belongs to the stranger and is setuid: how the unprivileged tests start something as somebody else.
pub fn stranger_program(root: &Path) -> PathBuf {
    root.join("stranger")
}

/// Where the stranger may write.
pub fn strangers_folder(root: &Path) -> PathBuf {
    root.join("strangers")
}

fn prepare_stranger(root: &Path) {
    let (program, folder) = (stranger_program(root), strangers_folder(root));
    std::fs::copy("/usr/bin/setpriv", &program).expect("copy setpriv");
    std::fs::create_dir(&folder).expect("make the stranger's folder");
    for (path, mode) in [(program, 0o6755), (folder, 0o755)] {
        chown(&path, Some(STRANGER), Some(STRANGER)).expect("give it to the stranger");
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("set a mode");
    }
}

/// The folder of a prepared disk.
pub fn disk(root: &Path, kind: &str, index: usize) -> PathBuf {
    root.join(format!("{kind}{index}"))
}

fn prepare_disks(root: &Path, uid: u32, gid: u32) -> Vec<PathBuf> {
    let small = (0..SMALL_DISKS).map(|index| (disk(root, "small", index), "size=20m,mode=0755"));
    let few = (0..FEW_INODES_DISKS).map(|index| (disk(root, "few", index), "size=20m,nr_inodes=600,mode=0755"));
    let mut disks = Vec::new();
    for (path, options) in small.chain(few) {
        std::fs::create_dir(&path).expect("make a folder to mount on");
        mount(Some("tmpfs"), &path, Some("tmpfs"), MsFlags::MS_NOSUID | MsFlags::MS_NODEV, Some(options))
            .expect("mount a small tmpfs");
        own(&path, uid, gid);
        disks.push(path);
    }
    disks
}

fn own(path: &Path, uid: u32, gid: u32) {
    chown(path, Some(uid), Some(gid)).expect("give a folder to the user");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("open a folder");
}

/// A cgroup whose subtree the user may change; we sit in it so that our children start there.
struct Delegated {
    path: PathBuf,
    came_from: PathBuf,
}

impl Delegated {
    fn make(uid: u32, gid: u32) -> Result<Self, String> {
        let magic = rustix::fs::statfs(CGROUPS).map_err(|error| format!("{CGROUPS}: {error}"))?.f_type;
        if magic != 0x6367_7270 {
            // cgroup v1 or hybrid: the pure v2 view is in our mount namespace only.
            mount(Some("cgroup2"), CGROUPS, Some("cgroup2"), MsFlags::empty(), None::<&str>)
                .map_err(|error| format!("mount cgroup2: {error}"))?;
        }
        let own_line = std::fs::read_to_string("/proc/self/cgroup").map_err(|error| error.to_string())?;
        let own_path = own_line.lines().find_map(|line| line.strip_prefix("0::")).ok_or("this process is in no cgroup v2")?;
        let came_from = Path::new(CGROUPS).join(own_path.trim_start_matches('/'));
        let path = Path::new(CGROUPS).join(format!("coracle-e2e-{}", std::process::id()));
        let start = path.join("start");
        std::fs::create_dir_all(&start).map_err(|error| format!("make {}: {error}", start.display()))?;
        for folder in [&path, &start] {
            for name in ["", "cgroup.procs", "cgroup.subtree_control", "cgroup.threads"] {
                chown(folder.join(name), Some(uid), Some(gid)).map_err(|error| format!("give {name}: {error}"))?;
            }
        }
        std::fs::write(start.join("cgroup.procs"), "0").map_err(|error| format!("enter {}: {error}", start.display()))?;
        Ok(Self { path, came_from })
    }

    fn take_back(&self) {
        if let Err(error) = std::fs::write(self.came_from.join("cgroup.procs"), "0") {
            eprintln!("leave the cgroup of the tests: {error}");
        }
        remove_cgroup(&self.path);
    }
}

/// Removes a cgroup and those below it; what still has processes stays.
pub fn remove_cgroup(path: &Path) {
    for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_cgroup(&entry.path());
        }
    }
    let _ = std::fs::remove_dir(path);
}

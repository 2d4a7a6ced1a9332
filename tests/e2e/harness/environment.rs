//! One case's own world.
//!
//! ```text
//! <root>/<n>/     short, for sockets below it; owned by the user
//!   h/            HOME
//!   d/            XDG_DATA_HOME
//!   r/            XDG_RUNTIME_DIR, 0700
//!   w/            the current folder of every command
//! <cgroup>/t<n>/cli   where its commands start
//! ```

use super::command::{Cmd, Output};
use super::host::{self, Need, Under};
use super::place::Place;
use super::{archive, root};
use std::cell::{Cell, RefCell};
use std::ffi::OsString;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

static NEXT: AtomicUsize = AtomicUsize::new(0);
static NEXT_SMALL: AtomicUsize = AtomicUsize::new(0);
static NEXT_FEW: AtomicUsize = AtomicUsize::new(0);

/// The kind of prepared disk that a need stands for.
pub fn disk_of(need: Need) -> Option<&'static str> {
    match need {
        Need::SmallDisk => Some("small"),
        Need::FewInodes => Some("few"),
        _ => None,
    }
}

/// The folder that holds the worlds of all cases.
pub fn root_folder() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        host::var("CORACLE_E2E_ROOT").map_or_else(
            || {
                let parent = host::var("CORACLE_TEST_TMP").unwrap_or_else(|| "/var/tmp".to_owned());
                tempfile::Builder::new().prefix("ce-").tempdir_in(parent).expect("make the folder of the tests").keep()
            },
            PathBuf::from,
        )
    })
}

/// Gives the children of a cgroup every controller that it has itself; one that cannot be given is not there, then.
fn pass_controllers_on(cgroup: &Path) {
    for name in std::fs::read_to_string(cgroup.join("cgroup.controllers")).unwrap_or_default().split_whitespace() {
        let _ = std::fs::write(cgroup.join("cgroup.subtree_control"), format!("+{name}"));
    }
}

/// A case's world.
pub struct TestEnv {
    path: PathBuf,
    cgroup: Option<PathBuf>,
    tool: RefCell<PathBuf>,
    place: RefCell<Option<Place>>,
    image: Cell<bool>,
    history: RefCell<Vec<String>>,
}

impl TestEnv {
    pub fn new(disk: Option<&str>) -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = match disk {
            Some(kind) => {
                let (next, count) =
                    if kind == "small" { (&NEXT_SMALL, root::SMALL_DISKS) } else { (&NEXT_FEW, root::FEW_INODES_DISKS) };
                let index = next.fetch_add(1, Ordering::Relaxed);
                assert!(index < count, "root.rs prepares {count} disks of the kind {kind}");
                root::disk(root_folder(), kind, index).join("e")
            }
            None => root_folder().join(number.to_string()),
        };
        for folder in [&path, &path.join("h"), &path.join("d"), &path.join("r"), &path.join("w")] {
            std::fs::DirBuilder::new()
                .mode(0o700)
                .create(folder)
                .unwrap_or_else(|error| panic!("make {}: {error}", folder.display()));
        }
        let cgroup = host::cgroup().map(|cgroup| cgroup.join(format!("t{number}")));
        if let Some(cgroup) = &cgroup {
            std::fs::create_dir_all(cgroup.join("cli")).expect("make the cgroup of a case");
            // From above: a cgroup has what the one above it passes on.
            cgroup.parent().into_iter().chain([cgroup.as_path()]).for_each(pass_controllers_on);
        }
        let tool = match host::under() {
            Under::Coracle => host::tool_folder().join("coracle"),
            Under::Podman => "podman".into(),
        };
        let env = Self {
            path,
            cgroup,
            tool: RefCell::new(tool),
            place: RefCell::default(),
            image: Cell::new(false),
            history: RefCell::default(),
        };
        if host::under() == Under::Podman {
            env.write_podman_settings();
        }
        env
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder that commands run in; relative paths of a case start here.
    pub fn work(&self) -> PathBuf {
        self.path.join("w")
    }

    pub fn home(&self) -> PathBuf {
        self.path.join("h")
    }

    /// `$XDG_DATA_HOME/coracle`.
    pub fn data(&self) -> PathBuf {
        self.path.join("d/coracle")
    }

    /// `$XDG_RUNTIME_DIR`.
    pub fn runtime(&self) -> PathBuf {
        self.path.join("r")
    }

    pub fn cgroup(&self) -> Option<&Path> {
        self.cgroup.as_deref()
    }

    /// Uses the tool of another folder from here on.
    pub fn use_tool(&self, path: PathBuf) {
        *self.tool.borrow_mut() = path;
    }

    pub fn tool(&self) -> PathBuf {
        self.tool.borrow().clone()
    }

    /// Runs each command of the tool in this place from here on (its need is [`Need::Places`]).
    pub fn enter(&self, place: Place) {
        *self.place.borrow_mut() = Some(place);
    }

    /// Runs the tool on the host as it is again.
    pub fn leave(&self) {
        *self.place.borrow_mut() = None;
    }

    /// A command of the tool.
    pub fn cmd(&self, args: &[&str]) -> Cmd {
        let mut cmd = self.program(self.tool().into(), args);
        if host::under() == Under::Podman {
            for (name, file) in [("CONTAINERS_CONF", "containers.conf"), ("CONTAINERS_STORAGE_CONF", "storage.conf")] {
                cmd = cmd.env(name, self.path.join("h").join(file));
            }
        }
        cmd.place = self.place.borrow().clone();
        self.history.borrow_mut().push(cmd.words());
        cmd
    }

    /// A command of the host in the case's world.
    pub fn host(&self, program: &str, args: &[&str]) -> Cmd {
        self.program(program.into(), args)
    }

    fn program(&self, program: OsString, args: &[&str]) -> Cmd {
        let env = [("HOME", self.home()), ("XDG_DATA_HOME", self.path.join("d")), ("XDG_RUNTIME_DIR", self.runtime())]
            .map(|(name, value)| (name.to_owned(), value.into_os_string()))
            .into_iter()
            // The network helper is not to be waited for after each case.
            .chain([("CORACLE_NETD_IDLE".to_owned(), "300".into())])
            .chain([("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin".into())])
            .collect();
        let mut cmd = Cmd::new(vec![program], args, env, self.work());
        cmd.cgroup = self.cgroup.as_ref().map(|cgroup| cgroup.join("cli"));
        cmd
    }

    /// Runs the tool to its end.
    #[track_caller]
    pub fn run(&self, args: &[&str]) -> Output {
        self.cmd(args).run()
    }

    /// Runs the tool, which has to succeed; returns what it printed.
    #[track_caller]
    pub fn ok(&self, args: &[&str]) -> String {
        self.run(args).ok()
    }

    /// `run --rm --network none OPTIONS bb COMMAND`, with the busybox image in place.
    #[track_caller]
    pub fn bb(&self, options: &[&str], command: &[&str]) -> Output {
        self.bb_cmd(options, command).run()
    }

    #[track_caller]
    pub fn bb_cmd(&self, options: &[&str], command: &[&str]) -> Cmd {
        self.busybox();
        let args: Vec<&str> = [&["run", "--rm", "--network", "none"], options, &["bb"], command].concat();
        self.cmd(&args)
    }

    /// `run --rm … bb sh -c SCRIPT`, which has to succeed; returns what it printed.
    #[track_caller]
    pub fn sh(&self, options: &[&str], script: &str) -> String {
        self.bb(options, &["sh", "-c", script]).ok()
    }

    /// Starts a container in the background that runs until it is stopped; returns its id.
    #[track_caller]
    pub fn start(&self, options: &[&str]) -> String {
        self.start_script(options, "trap 'exit 0' TERM; echo ready; while :; do sleep 1000 & wait $!; done")
    }

    /// Starts `sh -c SCRIPT` in the background and waits for its first line, `ready`; returns the container's id.
    #[track_caller]
    pub fn start_script(&self, options: &[&str], script: &str) -> String {
        self.busybox();
        let args: Vec<&str> = [&["run", "-d", "--network", "none"], options, &["bb", "sh", "-c", script]].concat();
        let id = self.ok(&args);
        let mut logs = self.cmd(&["logs", "-f", &id]).spawn();
        logs.read_until("ready\n");
        logs.signal(rustix::process::Signal::KILL);
        drop(logs);
        id
    }

    /// Removes containers that may run, without the ten seconds for those that ignore SIGTERM.
    #[track_caller]
    pub fn remove(&self, ids: &[&str]) {
        self.ok(&[&["rm", "-f", "-t", "0"], ids].concat());
    }

    /// One field of `inspect`.
    #[track_caller]
    pub fn field(&self, id: &str, format: &str) -> String {
        self.ok(&["inspect", "--format", format, id])
    }

    /// The host's pid of a container's init.
    #[track_caller]
    pub fn init_pid(&self, id: &str) -> i32 {
        let text = self.field(id, "{{.State.Pid}}");
        text.parse().unwrap_or_else(|_| panic!("{text:?} is no pid"))
    }

    /// Brings the busybox image into the store, as `localhost/bb:latest`, if it is not there yet.
    #[track_caller]
    pub fn busybox(&self) {
        if !self.image.replace(true) {
            let archive = archive::busybox_root().to_string_lossy().into_owned();
            self.ok(&["import", &archive, "bb"]);
        }
    }

    /// Writes a file below the current folder; returns its absolute path.
    pub fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.work().join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).expect("make a folder");
        }
        std::fs::write(&path, bytes).expect("write a file");
        path.to_string_lossy().into_owned()
    }

    /// Makes a folder below the current folder; returns its absolute path.
    pub fn folder(&self, name: &str) -> String {
        let path = self.work().join(name);
        std::fs::create_dir_all(&path).expect("make a folder");
        path.to_string_lossy().into_owned()
    }

    /// The commands of the case so far.
    pub fn history(&self) -> String {
        let tool = self.tool();
        format!("commands of {}:\n  {}", tool.display(), self.history.borrow().join("\n  "))
    }

    fn write_podman_settings(&self) {
        let home = self.home();
        let conf = "[engine]\ncgroup_manager = \"cgroupfs\"\nevents_logger = \"file\"\nruntime = \"crun\"\n[containers]\nlog_driver = \"k8s-file\"\n";
        let storage = format!(
            "[storage]\ndriver = \"overlay\"\ngraphroot = \"{}\"\nrunroot = \"{}\"\n",
            self.path.join("d/storage").display(),
            self.path.join("r/storage").display()
        );
        for (name, text) in [("containers.conf", conf), ("storage.conf", &storage)] {
            std::fs::write(home.join(name), text).expect("write podman's settings");
        }
    }
}

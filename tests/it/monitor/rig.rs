//! A monitor with a shell in the place of a container's init.

use coracle::monitor::protocol::{ClientMessage, MAX_PAYLOAD, MonitorMessage};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags, SocketType, bind, connect, listen, recv, send, socket_with,
    socketpair,
};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// No test waits longer than this for anything.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// Makes the pipes (a fifo opened for both ways first, so that no opening waits), starts "init" and becomes the monitor. A shell
/// can hand down descriptors to one process without other tests' children getting them. "Init" waits at the gate for the monitor's
/// sync byte: a shell may reap a child that ends before it is replaced.
const WITH_PIPES: &str = r#"
set -e
for name in in out err gate; do mkfifo "$name"; done
exec 9<>in 3<in 4>in 9>&- 9<>out 5<out 6>out 9>&- 9<>err 7<err 8>err 9>&- 9<>gate
script=$1; shift
sh -c 'head -c 1 <&9 >/dev/null; exec 9>&-; eval "$1"' init "$script" <&3 >&6 2>&8 3<&- 4>&- 5<&- 6>&- 7<&- 8>&- &
exec 3<&- 6>&- 8>&- 3>gate 9>&-
rm in out err gate
exec "$@" --init-pid $! --stdin 4 --stdout 5 --stderr 7 --sync 3
"#;

/// The same with a terminal: its master is descriptor 2, its name the second argument.
const WITH_TERMINAL: &str = r#"
set -e
mkfifo gate
exec 9<>gate
script=$1 slave=$2; shift 2
setsid sh -c 'head -c 1 <&9 >/dev/null; exec 9>&-; eval "$1"' init "$script" <>"$slave" >&0 2>&0 &
exec 3>gate 9>&-
rm gate
exec "$@" --init-pid $! --pty 2 --sync 3
"#;

pub(super) struct Rig {
    pub(super) root: tempfile::TempDir,
    pub(super) child: Child,
    /// The first client.
    pub(super) client: Client,
}

impl Rig {
    pub(super) fn start(script: &str, options: &[&str]) -> Self {
        Self::launch(&[WITH_PIPES, "rig", script], Stdio::inherit(), options)
    }

    pub(super) fn start_with_terminal(script: &str, options: &[&str]) -> Self {
        let flags = rustix::pty::OpenptFlags::RDWR | rustix::pty::OpenptFlags::NOCTTY | rustix::pty::OpenptFlags::CLOEXEC;
        let master = rustix::pty::openpt(flags).expect("openpt");
        rustix::pty::unlockpt(&master).expect("unlockpt");
        let slave = rustix::pty::ptsname(&master, Vec::new()).expect("ptsname").into_string().expect("text");
        Self::launch(&[WITH_TERMINAL, "rig", script, &slave], Stdio::from(master), options)
    }

    fn launch(words: &[&str], stderr: Stdio, options: &[&str]) -> Self {
        let root = tempfile::tempdir().expect("tempdir");
        for dir in ["containers/abc", "tmp", "run"] {
            std::fs::create_dir_all(root.path().join(dir)).expect("mkdir");
        }
        std::fs::write(root.path().join("entry"), "").expect("write");
        let listener = seqpacket();
        bind(&listener, &SocketAddrUnix::new(root.path().join("run/attach")).expect("path")).expect("bind");
        listen(&listener, 16).expect("listen");
        let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).expect("pair");
        let mut command = Command::new("sh");
        command.arg("-c").args(words).arg(env!("CARGO_BIN_EXE_coracle-monitor"));
        command.args(["--listen", "0", "--client", "1", "--started", "1234567890"]);
        command.arg("--socket-dir").arg(root.path().join("run")).arg("--session-entry").arg(root.path().join("entry"));
        command.args(options).current_dir(root.path().join("containers/abc"));
        let child = command.stdin(listener).stdout(theirs).stderr(stderr).spawn().expect("spawn");
        Self { root, child, client: Client::new(ours) }
    }

    pub(super) fn folder(&self) -> PathBuf {
        self.root.path().join("containers/abc")
    }

    /// Connects another client.
    pub(super) fn connect(&self) -> Client {
        let socket = seqpacket();
        connect(&socket, &SocketAddrUnix::new(self.root.path().join("run/attach")).expect("path")).expect("connect");
        Client::new(socket)
    }

    /// Waits for the monitor's end.
    pub(super) fn wait(&mut self) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).expect("pid")).expect("pid");
        let pidfd = pidfd_open(pid, PidfdFlags::empty()).expect("pidfd");
        let patience = Timespec::try_from(PATIENCE).expect("time");
        let ready = poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], Some(&patience)).expect("poll");
        assert_eq!(ready, 1, "the monitor does not end");
        assert!(self.child.wait().expect("wait").success());
    }

    pub(super) fn log(&self) -> String {
        std::fs::read_to_string(self.folder().join("ctr.log")).expect("log")
    }

    /// The texts of the log's records, each with its stream and flag.
    pub(super) fn records(&self) -> Vec<String> {
        self.log().lines().map(|line| line.split_once(' ').expect("stamp").1.to_owned()).collect()
    }

    pub(super) fn exit_record(&self) -> coracle::model::ExitRecord {
        let text = std::fs::read_to_string(self.folder().join("exit.json")).expect("exit record");
        serde_json::from_str(&text).expect("json")
    }

    /// Connects another client, unless the monitor is gone.
    pub(super) fn try_connect(&self) -> Option<Client> {
        let socket = seqpacket();
        connect(&socket, &SocketAddrUnix::new(self.root.path().join("run/attach")).expect("path")).ok()?;
        Some(Client::new(socket))
    }

    /// The value of a field of `/proc/<monitor>/status`.
    pub(super) fn status_text(&self, field: &str) -> String {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("status");
        text.lines().find(|line| line.starts_with(field)).expect("field").to_owned()
    }

    /// A figure of `/proc/<monitor>/status`, in kB.
    pub(super) fn status_kb(&self, field: &str) -> u64 {
        let line = self.status_text(field);
        line.split_ascii_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("number")
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        // A test that failed leaves a monitor; "init" ends for want of a reader.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn seqpacket() -> OwnedFd {
    socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).expect("socket")
}

/// What a client was sent in all.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
    pub(super) code: Option<i32>,
}

pub(super) struct Client(OwnedFd);

impl Client {
    fn new(socket: OwnedFd) -> Self {
        set_socket_timeout(&socket, Timeout::Recv, Some(PATIENCE)).expect("timeout");
        set_socket_timeout(&socket, Timeout::Send, Some(PATIENCE)).expect("timeout");
        Self(socket)
    }

    pub(super) fn say(&self, message: ClientMessage<'_>) {
        let mut small = [0; 4];
        let (kind, payload) = message.encode(&mut small);
        send(&self.0, &[&[kind], payload].concat(), SendFlags::NOSIGNAL).expect("send");
    }

    /// Receives one packet; false at the end of the connection.
    pub(super) fn hear(&self, heard: &mut Heard) -> bool {
        let mut packet = vec![0; MAX_PAYLOAD + 1];
        let (len, _) = recv(&self.0, &mut packet[..], RecvFlags::empty()).expect("an answer");
        if len == 0 {
            return false;
        }
        assert_eq!(heard.code, None, "nothing follows the code");
        match MonitorMessage::decode(&packet[..len]).expect("a message") {
            MonitorMessage::Stdout(bytes) => heard.stdout.extend_from_slice(bytes),
            MonitorMessage::Stderr(bytes) => heard.stderr.extend_from_slice(bytes),
            MonitorMessage::Exit(code) => heard.code = Some(code),
        }
        true
    }

    /// The exit code, or nothing where the monitor left before it let this client in.
    pub(super) fn try_hear_code(&self) -> Option<i32> {
        let mut packet = [0; 64];
        let received = loop {
            match recv(&self.0, &mut packet[..], RecvFlags::empty()) {
                Err(rustix::io::Errno::INTR) => {}
                other => break other,
            }
        };
        match received {
            Ok((0, _)) | Err(rustix::io::Errno::CONNRESET) => None,
            Ok((len, _)) => match MonitorMessage::decode(&packet[..len]) {
                Some(MonitorMessage::Exit(code)) => Some(code),
                other => panic!("{other:?}"),
            },
            Err(errno) => panic!("{errno}"),
        }
    }

    pub(super) fn hear_all(&self) -> Heard {
        let mut heard = Heard::default();
        while self.hear(&mut heard) {}
        heard
    }

    /// Listens until this text has come on stdout.
    pub(super) fn hear_until(&self, text: &str) -> Heard {
        let mut heard = Heard::default();
        while !String::from_utf8_lossy(&heard.stdout).contains(text) {
            assert!(self.hear(&mut heard), "ended without {text:?}: {heard:?}");
        }
        heard
    }
}

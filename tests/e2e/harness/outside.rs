//! A host outside: a network namespace of its own, joined to this host by a veth pair, and programs that run in it.
//!
//! Only root can join it to the host's network namespace. Where root has started the tests, its process makes the pair, which goes
//! again with the namespace, and one thread of it stays in there and answers requests on a socket in the folder of the tests: it runs
//! the program as the unprivileged user and tells how it went.

use super::environment::root_folder;
use super::host::find_program;
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// This host's addresses on the link.
pub const HOST: [&str; 2] = ["198.51.100.1", "2001:db8:51::1"];
/// The outside host's.
pub const OUTSIDE: [&str; 2] = ["198.51.100.2", "2001:db8:51::2"];

const INTERFACE: &str = "coracle-e2e";

fn socket(root: &Path) -> PathBuf {
    root.join("outside")
}

/// Makes the outside host and answers requests from now on, in a thread; in root's process. The error says why there is none.
pub fn serve(root: &Path, uid: u32, gid: u32) -> Result<(), String> {
    find_program("ip").ok_or("ip is not installed")?;
    let listener = UnixListener::bind(socket(root)).map_err(|error| error.to_string())?;
    std::os::unix::fs::chown(socket(root), Some(uid), Some(gid)).map_err(|error| error.to_string())?;
    let (told, answer) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let made = join();
        let failed = made.is_err();
        let _ = told.send(made);
        if failed {
            return;
        }
        for stream in listener.incoming().flatten() {
            // Threads and processes begin in the namespace of the thread that makes them.
            std::thread::spawn(move || run(stream, uid, gid));
        }
    });
    let made = answer.recv().unwrap_or_else(|_| Err("the thread has ended".to_owned()));
    if made.is_err() {
        let _ = std::fs::remove_file(socket(root));
    }
    made
}

fn ip(line: &str) -> Result<(), String> {
    let output = Command::new("ip").args(line.split(' ')).output().map_err(|error| format!("ip {line}: {error}"))?;
    let told = || format!("ip {line}: {}", String::from_utf8_lossy(&output.stderr).trim());
    output.status.success().then_some(()).ok_or_else(told)
}

/// Takes this thread into a new network namespace with one end of a pair; the other end is where the thread was.
fn join() -> Result<(), String> {
    let host = std::fs::File::open("/proc/thread-self/ns/net").map_err(|error| error.to_string())?;
    nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNET).map_err(|error| format!("unshare: {error}"))?;
    ip("link set lo up")?;
    // The process's own entry in /proc is its main thread's, which stays on the host's side.
    ip(&format!("link add eth0 type veth peer name {INTERFACE} netns {}", std::process::id()))?;
    ip("link set eth0 up")?;
    ip(&format!("addr add {}/24 dev eth0", OUTSIDE[0]))?;
    ip(&format!("addr add {}/64 dev eth0 nodad", OUTSIDE[1]))?;
    let ready = std::thread::spawn(move || -> Result<(), String> {
        nix::sched::setns(host, nix::sched::CloneFlags::CLONE_NEWNET).map_err(|error| format!("setns: {error}"))?;
        ip(&format!("addr add {}/24 dev {INTERFACE}", HOST[0]))?;
        ip(&format!("addr add {}/64 dev {INTERFACE} nodad", HOST[1]))?;
        ip(&format!("link set {INTERFACE} up"))
    });
    ready.join().map_err(|_| "the thread on the host's side has ended".to_owned())?
}

fn run(mut stream: UnixStream, uid: u32, gid: u32) {
    let mut text = String::new();
    let words: Vec<String> =
        stream.read_to_string(&mut text).ok().and_then(|_| serde_json::from_str(&text).ok()).unwrap_or_default();
    let Some((program, args)) = words.split_first() else { return };
    let mut command = Command::new(program);
    command.args(args).uid(uid).gid(gid).env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").current_dir("/");
    let reply = match command.stdin(Stdio::null()).output() {
        Ok(output) => json!({
            "code": output.status.code().unwrap_or(-1),
            "stdout": String::from_utf8_lossy(&output.stdout),
            "stderr": String::from_utf8_lossy(&output.stderr),
        }),
        Err(error) => json!({"code": -1, "stdout": "", "stderr": error.to_string()}),
    };
    let _ = stream.write_all(reply.to_string().as_bytes());
}

/// Why there is no outside host.
pub fn missing() -> Option<String> {
    (!socket(root_folder()).exists())
        .then(|| "the tests were not started by root, or it could make none (it says why)".to_owned())
}

/// Runs a program on the outside host; returns its code and what it printed.
#[track_caller]
pub fn outside(words: &[&str]) -> (i64, String) {
    let mut stream = UnixStream::connect(socket(root_folder())).expect("the outside host answers");
    stream.write_all(json!(words).to_string().as_bytes()).expect("ask the outside host");
    stream.shutdown(std::net::Shutdown::Write).expect("end the request");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("the answer");
    let reply: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{words:?}: no answer but {text:?}"));
    let text = |name: &str| reply[name].as_str().unwrap_or_default().trim_end().to_owned();
    (reply["code"].as_i64().unwrap_or(-1), text("stdout") + &text("stderr"))
}

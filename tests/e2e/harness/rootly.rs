//! What root does for a case while the cases run: the tool under `strace -f`, or in a place of its own ([`Place`]); always as the
//! unprivileged user.
//!
//! Under a tracer of an ordinary user's the id helpers lose their setuid bit; root's keeps it. And mounts that the id helpers are to see
//! only root can make. So where root has started the tests, its process answers requests on a socket in the folder of the tests: it runs
//! `strace OPTIONS -u USER … COMMAND`, or the command alone, with output into files and tells how it went. It runs nothing but strace,
//! and the command as the user who asks.

use super::command::{Cmd, Output};
use super::environment::root_folder;
use super::place::{self, Place};
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A command may take so many seconds; then it counts as hung.
const SECONDS: &str = "40";

/// The code of a command that hung (timeout(1)).
pub const HUNG: i32 = 124;

fn socket(root: &Path) -> PathBuf {
    root.join("tracer")
}

/// Answers requests from now on, in a thread; in root's process. Returns root's own folder for traces, for the caller to remove.
pub fn serve(root: &Path, user: &str, uid: u32, gid: u32) -> tempfile::TempDir {
    let path = socket(root);
    let listener = UnixListener::bind(&path).expect("listen for requests");
    std::os::unix::fs::chown(&path, Some(uid), Some(gid)).expect("give the socket to the user");
    let traces = tempfile::tempdir().expect("make a folder for traces");
    let who = Who { user: user.to_owned(), gid: gid.to_string() };
    let home = traces.path().to_owned();
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().flatten().enumerate() {
            let (who, folder) = (who.clone(), home.join(number.to_string()));
            std::thread::spawn(move || answer(stream, &who, &folder));
        }
    });
    traces
}

/// The unprivileged user.
#[derive(Clone)]
struct Who {
    user: String,
    gid: String,
}

fn answer(mut stream: UnixStream, who: &Who, folder: &Path) {
    let mut text = String::new();
    let reply = match stream.read_to_string(&mut text).map(|_| serde_json::from_str::<Value>(&text)) {
        // This thread is for one request only: it may go to another place.
        Ok(Ok(request)) => match place::enter(&request["place"]) {
            Ok(()) => run(&request, who, folder),
            Err(error) => json!({ "error": error }),
        },
        _ => json!({"error": "the request is not whole"}),
    };
    let _ = stream.write_all(reply.to_string().as_bytes());
    let _ = std::fs::remove_dir_all(folder);
}

fn words(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|word| word.as_str().map(str::to_owned)).collect()
}

fn run(request: &Value, who: &Who, folder: &Path) -> Value {
    std::fs::create_dir(folder).expect("make a folder for a command");
    let file = |name: &str| std::fs::File::create(folder.join(name)).expect("make a file for a command");
    let mut command = Command::new("/bin/sh");
    // As in command.rs: into the case's cgroup first.
    let script =
        "{ [ -z \"$0\" ] || echo 0 >\"$0\" || echo 0 >\"${0%/*}/coracle-callers/cgroup.procs\"; } 2>/dev/null; exec \"$@\"";
    command.args(["-c", script, request["cgroup"].as_str().unwrap_or_default(), "timeout", "-k", "2", SECONDS]);
    if request["options"].is_array() {
        command.args(["strace", "-f", "-q", "-o"]).arg(folder.join("trace"));
        for option in words(&request["options"]) {
            let known = ["inject=", "trace=", "signal="].iter().any(|start| option.starts_with(start));
            if known {
                command.args(["-e", &option]);
            }
        }
        command.args(["-s", "256", "-u", &who.user]);
    } else {
        command.args(["setpriv", "--reuid", &who.user, "--regid", &who.gid, "--init-groups"]);
    }
    command.args(words(&request["argv"]));
    let env = request["env"].as_object().into_iter().flatten().filter_map(|(name, value)| Some((name, value.as_str()?)));
    command.env_clear().envs(env).current_dir(request["cwd"].as_str().unwrap_or("/")).process_group(0);
    command.stdin(Stdio::null()).stdout(file("out")).stderr(file("err"));
    let status = match command.status() {
        Ok(status) => status.code().unwrap_or_else(|| -status.signal().unwrap_or(0)),
        Err(error) => return json!({"error": error.to_string()}),
    };
    let read = |name: &str| String::from_utf8_lossy(&std::fs::read(folder.join(name)).unwrap_or_default()).into_owned();
    json!({"code": status, "stdout": read("out"), "stderr": read("err"), "trace": read("trace")})
}

/// A command that was traced.
pub struct Traced {
    pub output: Output,
    /// The lines of strace: `PID CALL(…) = …`.
    pub trace: String,
}

impl Cmd {
    /// Runs the command and all that it starts under root's strace, with these expressions (`inject=…`, `trace=…`). Returns when all of
    /// them have ended.
    #[track_caller]
    pub fn traced(self, options: &[&str]) -> Traced {
        let reply = self.by_root(Some(options));
        let output = self.output(&reply, &format!("strace {} ", options.join(" ")));
        Traced { output, trace: reply["trace"].as_str().unwrap_or_default().to_owned() }
    }

    /// Runs the command in its place.
    #[track_caller]
    pub(super) fn placed(&self) -> Output {
        self.output(&self.by_root(None), "")
    }

    #[track_caller]
    fn by_root(&self, options: Option<&[&str]>) -> Value {
        let program: Vec<String> = self.program.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        let env: serde_json::Map<String, Value> =
            self.env.iter().map(|(name, value)| (name.clone(), value.to_string_lossy().into_owned().into())).collect();
        let cgroup = self.cgroup.as_ref().map(|cgroup| cgroup.join("cgroup.procs").to_string_lossy().into_owned());
        let argv = [program, self.args.clone()].concat();
        let place = self.place.as_ref().map(Place::request);
        let request = json!({
            "options": options, "place": place, "argv": argv, "env": env, "cwd": self.cwd, "cgroup": cgroup,
        });
        let mut stream = UnixStream::connect(socket(root_folder())).expect("root answers");
        stream.write_all(request.to_string().as_bytes()).expect("ask root");
        stream.shutdown(std::net::Shutdown::Write).expect("end the request");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("root's answer");
        let reply: Value = serde_json::from_str(&text).expect("root's answer is JSON");
        assert!(reply["error"].is_null(), "{reply}");
        reply
    }

    fn output(&self, reply: &Value, front: &str) -> Output {
        let bytes = |name: &str| reply[name].as_str().unwrap_or_default().as_bytes().to_vec();
        let code = reply["code"].as_i64().and_then(|code| i32::try_from(code).ok()).unwrap_or(-1);
        Output { words: format!("{front}{}", self.words()), code, stdout: bytes("stdout"), stderr: bytes("stderr") }
    }
}

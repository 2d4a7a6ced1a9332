//! What a container has to do with other programs of the host: who answers its calls, who hears that it is ready, whose mounts it shares.

use super::{Bundle, cmd, runtime};
use crate::harness::{Case, Output, TestEnv, case};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use serde_json::{Value, json};
use std::io::IoSliceMut;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::thread::JoinHandle;

pub fn cases() -> Vec<Case> {
    vec![
        case!(calls_are_handed_over_to_the_listener),
        case!(a_listener_that_is_not_there_is_an_error),
        case!(the_service_manager_hears_that_it_is_ready),
        case!(mounts_are_made_in_the_namespace_that_is_joined),
        case!(a_pattern_deletes_all_that_it_fits),
        case!(a_session_is_bound_to_its_processors),
    ]
}

/// Takes descriptors that are sent to `path`, closes them, which refuses the calls, and returns what came with them.
fn agent(path: &str, times: usize) -> JoinHandle<Vec<Value>> {
    let listener = UnixListener::bind(path).expect("listen");
    std::thread::spawn(move || {
        let take = |_| {
            let (connection, _) = listener.accept().expect("a connection");
            let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
            let mut control = RecvAncillaryBuffer::new(&mut space);
            let mut room = [0; 4096];
            let got = recvmsg(&connection, &mut [IoSliceMut::new(&mut room)], &mut control, RecvFlags::CMSG_CLOEXEC);
            let length = got.expect("a message").bytes;
            let fds = control.drain().map(|message| match message {
                RecvAncillaryMessage::ScmRights(fds) => fds.count(),
                _ => 0,
            });
            assert_eq!(fds.sum::<usize>(), 1, "descriptors");
            serde_json::from_slice(&room[..length]).expect("JSON")
        };
        (0..times).map(take).collect()
    })
}

fn handing_over<'a>(env: &'a TestEnv, path: &str, script: &str) -> Bundle<'a> {
    let filter = json!({
        "defaultAction": "SCMP_ACT_ALLOW", "listenerPath": path, "listenerMetadata": "for the agent",
        "syscalls": [{"names": ["chmod", "fchmodat", "fchmodat2"], "action": "SCMP_ACT_NOTIFY"}],
    });
    Bundle::script(env, script).set("/linux/seccomp", filter).set("/annotations", json!({"k": "v"}))
}

/// config-linux.md "Seccomp", "The Container Process State".
fn calls_are_handed_over_to_the_listener(env: &TestEnv) {
    let path = env.work().join("agent").to_string_lossy().into_owned();
    let heard = agent(&path, 3);
    let refused = handing_over(env, &path, "chmod 700 / 2>&1").run();
    assert!(refused.code == 1 && refused.stdout().contains("Function not implemented"), "{refused}");
    let bundle = handing_over(env, &path, "sleep 1000");
    bundle.up();
    let init = bundle.state()["pid"].clone();
    let refused = bundle.exec(&["chmod", "700", "/"]);
    assert!(refused.code == 1 && refused.stderr().contains("Function not implemented"), "{refused}");
    let heard = heard.join().expect("the agent");
    for (message, status) in heard.iter().zip(["created", "created", "running"]) {
        assert_eq!(message["fds"], json!(["seccompFd"]));
        assert_eq!(message["metadata"], "for the agent");
        assert!(message["ociVersion"].as_str().is_some_and(|version| version.starts_with("1.")), "{message}");
        assert_eq!(message["state"]["id"], "c1");
        assert_eq!(message["state"]["status"], status);
        assert_eq!(message["state"]["annotations"], json!({"k": "v"}));
    }
    let (started, session) = (&heard[1], &heard[2]);
    assert_eq!((&started["pid"], &started["state"]["pid"]), (&init, &init));
    assert_eq!(session["state"]["pid"], init);
    assert_ne!(session["pid"], init);
    bundle.delete();
}

fn a_listener_that_is_not_there_is_an_error(env: &TestEnv) {
    let path = env.work().join("nobody").to_string_lossy().into_owned();
    let bundle = handing_over(env, &path, "echo ran; sleep 1000");
    bundle.create().ok();
    bundle.start().fails(1, &["listenerPath", &path]);
    // runtime.md "Errors": as if it had never been tried.
    assert_eq!(bundle.status(), "created");
    assert_eq!(bundle.out(), "");
    let heard = agent(&path, 1);
    bundle.start().ok();
    heard.join().expect("the agent");
    assert_eq!(bundle.status(), "running");
    bundle.delete();
}

/// An operation with a service manager's socket; the container's streams are files.
fn notified(bundle: &Bundle<'_>, manager: &str, before: &[&str]) -> Output {
    bundle.write();
    let folder = bundle.folder().to_string_lossy().into_owned();
    let (program, mut args) = runtime(bundle.env);
    args.extend(before.iter().copied().chain([bundle.id.as_str()]).map(str::to_owned));
    let line = format!("exec \"$0\" \"$@\" </dev/null >>{folder}/out 2>>{folder}/err");
    let words: Vec<&str> = ["-c", &line, &program].into_iter().chain(args.iter().map(String::as_str)).collect();
    bundle.env.host("sh", &words).env("NOTIFY_SOCKET", manager).run()
}

fn the_service_manager_hears_that_it_is_ready(env: &TestEnv) {
    let manager = env.work().join("manager");
    let socket = UnixDatagram::bind(&manager).expect("listen");
    socket.set_nonblocking(true).expect("no waiting");
    let manager = manager.to_string_lossy().into_owned();
    // The syslog client is busybox's only program that sends datagrams to a path; what it puts before a message is another line.
    let script = "echo $NOTIFY_SOCKET; ln -s $NOTIFY_SOCKET /dev/log; logger \"$(printf 'x\\nMAINPID=1\\nREADY=1')\"; sleep 1000";
    let bundle = Bundle::script(env, script);
    let folder = bundle.folder().to_string_lossy().into_owned();
    notified(&bundle, &manager, &["create", "--bundle", &folder]).ok();
    notified(&bundle, &manager, &["start"]).ok();
    let mut room = [0; 100];
    // It has been told by the time `start` returns, and told nothing else.
    let length = socket.recv(&mut room).expect("a message");
    assert_eq!(&room[..length], b"READY=1");
    assert_eq!(bundle.out(), format!("{manager}/notify\n"));
    bundle.delete();
    // One that ends without a word keeps nobody waiting.
    let silent = Bundle::named(env, "c2", &["true"]);
    let folder = silent.folder().to_string_lossy().into_owned();
    notified(&silent, &manager, &["run", "--bundle", &folder]).ok();
    assert!(socket.recv(&mut room).is_err(), "nobody was ready");
}

/// config-linux.md "Namespaces": "The runtime MUST place the container process in the namespace associated with that path."
fn mounts_are_made_in_the_namespace_that_is_joined(env: &TestEnv) {
    let look = "readlink /proc/self/ns/mnt; ls -d /etc/passwd /old; grep -c ' /proc ' /proc/self/mountinfo; sleep 1000";
    let bundle = Bundle::script(env, look);
    let kinds = json!([{"type": "mount", "path": "/proc/OTHER/ns/mnt"}, {"type": "pid"}, {"type": "ipc"}, {"type": "uts"}]);
    let mounts = json!([
        {"destination": "/proc", "type": "proc", "source": "proc"},
        {"destination": "/dev", "type": "tmpfs", "source": "tmpfs"},
        {"destination": "/old", "type": "tmpfs", "source": "tmpfs"},
    ]);
    let bundle = bundle.set("/linux/namespaces", kinds).set("/mounts", mounts);
    bundle.write();
    let (program, args) = runtime(env);
    let tool = [&[program], &args[..]].concat().join(" ");
    let script = format!(
        "unshare --mount sleep 1000 & other=$!
        until [ \"$(readlink /proc/$other/ns/mnt)\" != \"$(readlink /proc/self/ns/mnt)\" ]; do :; done
        cd {folder} && sed -i s/OTHER/$other/ config.json
        {tool} create --bundle {folder} c1 </dev/null >out 2>err || cat err
        {tool} start c1
        until grep -q 1 out && [ $(wc -l <out) = 4 ]; do :; done
        {tool} exec c1 ls -d /etc/passwd /old
        readlink /proc/$other/ns/mnt
        {tool} delete --force c1
        grep -c {folder} /proc/$other/mountinfo
        kill $other; wait",
        folder = bundle.folder().display()
    );
    let output = env.host("unshare", &["--user", "--map-root-user", "--mount", "sh", "-c", &script]).run().ok();
    let lines: Vec<&str> = output.lines().collect();
    let inside = bundle.out();
    let inside: Vec<&str> = inside.lines().collect();
    assert_eq!(lines.len(), 4, "{output}");
    assert_eq!(lines[..2], ["/etc/passwd", "/old"], "a session is in the container's root, too");
    assert_eq!(inside[0], lines[2], "{inside:?}");
    assert_eq!(inside[1..], ["/etc/passwd", "/old", "1"]);
    assert_eq!(lines[3], "0", "mounts that are left in the namespace of another");
}

fn a_pattern_deletes_all_that_it_fits(env: &TestEnv) {
    for id in ["web-1", "web-2", "db-1"] {
        Bundle::named(env, id, &["sleep", "1000"]).up();
    }
    cmd(env, &["delete", "--regex", "^web-"]).run().fails(1, &["running"]);
    cmd(env, &["delete", "--force", "--regex", "^web-"]).run().ok();
    let names = cmd(env, &["list", "-q"]).run().ok();
    assert_eq!(names, "db-1");
    cmd(env, &["delete", "--regex", "("]).run().fails(1, &["--regex"]);
    cmd(env, &["delete", "--force", "db-1"]).run().ok();
}

/// config.md "execCPUAffinity".
fn a_session_is_bound_to_its_processors(env: &TestEnv) {
    let bundle = Bundle::new(env, &["sleep", "1000"]);
    bundle.up();
    let path = env.work().join("process.json");
    let process = |affinity: Value| {
        let process = json!({
            "user": {"uid": 0, "gid": 0}, "cwd": "/", "args": ["grep", "Cpus_allowed_list", "/proc/self/status"],
            "env": ["PATH=/bin"], "execCPUAffinity": affinity,
        });
        std::fs::write(&path, process.to_string()).expect("write a process");
        bundle.on(&["exec", "--process", &path.to_string_lossy()], &[])
    };
    let own = std::fs::read_to_string("/proc/self/status").expect("status");
    let own = own.lines().find(|line| line.starts_with("Cpus_allowed_list")).expect("a list").to_owned();
    let first: String = own.split('\t').nth(1).expect("a list").chars().take_while(char::is_ascii_digit).collect();
    for affinity in
        [json!({"initial": first}), json!({"final": first}), json!({"initial": own.split('\t').nth(1), "final": first})]
    {
        assert_eq!(process(affinity).ok(), format!("Cpus_allowed_list:\t{first}"));
    }
    assert_eq!(process(json!({"initial": ""})).ok(), own);
    process(json!({"final": "x"})).fails(1, &["execCPUAffinity"]);
    bundle.delete();
}

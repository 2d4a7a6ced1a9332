//! However a container ends, or does not begin: nothing of it is left in the session network namespace, and its address and its port
//! are free for the next.

use crate::bridge::{address, netd, pairs};
use crate::harness::registry::free_port;
use crate::harness::{Case, Need, TestEnv, case, wait_gone};
use crate::network::helpers;
use crate::ports::{listening, local, peer, serve, tell_peer, wait_until};
use rustix::process::{Pid, Signal, kill_process};
use std::net::TcpListener;

pub fn cases() -> Vec<Case> {
    let all = [
        case!(a_container_that_ends_gives_all_back),
        case!(a_container_that_ends_without_netd_gives_all_back),
        case!(a_container_that_does_not_begin_gives_all_back),
        case!(a_reboot_gives_all_back),
    ];
    all.into_iter()
        .map(|case| case.needs(&[Need::Userns, Need::Net]).only_ours("looks into the session network namespace"))
        .collect()
}

/// A network with room for one container, which has a port; and another container, which keeps the session network namespace.
struct Room<'a> {
    env: &'a TestEnv,
    publish: String,
    port: u16,
    keeper: String,
}

fn kill(pid: i32) {
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
    wait_gone(pid);
}

fn pid(env: &TestEnv, id: &str, field: &str) -> i32 {
    env.field(id, field).parse().unwrap()
}

const INIT: &str = "{{.State.Pid}}";
const MONITOR: &str = "{{.State.ConmonPid}}";

impl<'a> Room<'a> {
    #[track_caller]
    fn new(env: &'a TestEnv) -> Self {
        env.ok(&["network", "create", "--subnet", "10.67.0.0/30", "tiny"]);
        let port = free_port();
        let keeper = serve(env, &["--name", "keeper"], &["sleep", "1000"]);
        Self { env, publish: format!("127.0.0.1:{port}:80"), port, keeper }
    }

    #[track_caller]
    fn take(&self) -> String {
        let id = tell_peer(self.env, &["--network", "tiny", "-p", &self.publish]);
        assert_eq!(peer(local(self.port)), "10.67.0.1");
        assert_eq!(address(self.env, &id, "eth0"), "10.67.0.2");
        id
    }

    /// Asserts that the room is free and clean: by what is there, and by taking it.
    #[track_caller]
    fn is_free(&self, how: &str) {
        wait_until(&format!("{how}: the port is free"), || listening(self.port).is_empty());
        // The next command, whichever, brings a killed netd back.
        self.env.ok(&["ps"]);
        wait_until(&format!("{how}: the pair is gone"), || netd(self.env).is_some() && pairs(self.env) == 1);
        let members = self.env.runtime().join("coracle/net/members");
        let names = || -> Vec<_> { std::fs::read_dir(&members).unwrap().flatten().map(|entry| entry.file_name()).collect() };
        wait_until(&format!("{how}: netd knows no more"), || names() == [self.keeper.as_str()]);
        let next = self.take();
        self.env.remove(&[&next]);
    }

    fn end(self) {
        self.env.remove(&[&self.keeper]);
        wait_until("the helpers end", || netd(self.env).is_none() && helpers(self.env).is_empty());
    }
}

/// A way in which a container ends.
type Way = (&'static str, fn(&TestEnv, &str));

const WAYS: [Way; 5] = [
    ("stop", |env, id| drop(env.ok(&["stop", "-t", "0", id]))),
    ("kill", |env, id| drop(env.ok(&["kill", id]))),
    ("rm -f", |env, id| env.remove(&[id])),
    ("its init is killed", |env, id| kill(pid(env, id, INIT))),
    ("its monitor is killed", |env, id| kill(pid(env, id, MONITOR))),
];

fn gone_after(env: &TestEnv, id: &str) {
    wait_until("it has ended", || env.ok(&["ps", "-q", "--no-trunc", "--filter", &format!("id={id}")]).is_empty());
    env.run(&["rm", "-f", "-i", "-t", "0", id]).code(0);
}

fn a_container_that_ends_gives_all_back(env: &TestEnv) {
    let room = Room::new(env);
    for (how, end) in WAYS {
        let id = room.take();
        end(env, &id);
        room.is_free(how);
        gone_after(env, &id);
    }
    // The way out first: it comes back, and the container is there all the same.
    let id = room.take();
    helpers(env).into_iter().for_each(kill);
    env.remove(&[&id]);
    room.is_free("the stack is killed");
    room.end();
}

fn a_container_that_ends_without_netd_gives_all_back(env: &TestEnv) {
    let room = Room::new(env);
    for (how, end) in WAYS {
        let id = room.take();
        let (init, monitor) = (pid(env, &id, INIT), pid(env, &id, MONITOR));
        kill(netd(env).expect("netd runs"));
        match how {
            // No command that would bring netd back first.
            "its init is killed" => kill(init),
            "its monitor is killed" => kill(monitor),
            _ => end(env, &id),
        }
        room.is_free(how);
        gone_after(env, &id);
    }
    room.end();
}

fn a_container_that_does_not_begin_gives_all_back(env: &TestEnv) {
    let room = Room::new(env);
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = format!("{}:81", other.local_addr().unwrap());
    for (code, options, command) in [
        (127, &[][..], "/nosuch"),
        (126, &[], "/etc"),
        (125, &["-p", &taken], "true"),
        (125, &["--network", "podman:ip=10.88.0.1"], "true"),
        (125, &["--user", "nosuch"], "true"),
        (125, &["-v", "/nosuch/path:/x"], "true"),
        (125, &["--sysctl", "net.ipv4.nosuch=1"], "true"),
    ] {
        let fixed = ["run", "--rm", "--network", "tiny", "-p", &room.publish];
        let output = env.run(&[&fixed, options, &["bb", command]].concat());
        assert_eq!(output.code, code, "{output}");
        room.is_free(&format!("{options:?} {command}"));
    }
    room.end();
}

fn a_reboot_gives_all_back(env: &TestEnv) {
    let room = Room::new(env);
    let id = room.take();
    let containers = [id.as_str(), &room.keeper];
    let mut pids: Vec<i32> = containers.iter().flat_map(|id| [MONITOR, INIT].map(|field| pid(env, id, field))).collect();
    pids.splice(0..0, [netd(env).expect("netd runs")].into_iter().chain(helpers(env)));
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    for pid in &pids {
        // One takes another along.
        let _ = kill_process(Pid::from_raw(*pid).unwrap(), Signal::KILL);
    }
    pids.into_iter().for_each(wait_gone);
    for id in containers {
        let record = env.data().join("containers").join(id).join("run.json");
        let text = std::fs::read_to_string(&record).unwrap();
        std::fs::write(&record, text.replace(boot.trim(), "00000000-0000-4000-8000-000000000000")).unwrap();
    }
    std::fs::remove_dir_all(env.runtime().join("coracle")).unwrap();
    assert_eq!(env.ok(&["ps", "-q"]), "");
    // Another one may have the address and the port; then the first one has them again.
    let next = room.take();
    env.remove(&[&next]);
    env.ok(&["start", &id, "keeper"]);
    assert_eq!((peer(local(room.port)), address(env, &id, "eth0")), ("10.67.0.1".to_owned(), "10.67.0.2".to_owned()));
    env.remove(&[&id]);
    room.is_free("a reboot");
    room.end();
}

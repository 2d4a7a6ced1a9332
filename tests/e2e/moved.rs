//! The program is moved, replaced by an upgrade or deleted while containers run that go on needing it: for checks, for new starts and
//! for what `--rm` has to remove (R57).

use crate::bridge::netd;
use crate::harness::program::{self, wait_gone};
use crate::harness::{Case, Need, TestEnv, case};
use crate::isolation::own_copy;
use rustix::process::{Pid, Signal, kill_process};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub fn cases() -> Vec<Case> {
    let all = [
        case!(a_moved_program_is_found),
        case!(a_program_that_an_upgrade_replaced_is_used),
        case!(a_deleted_program_serves_its_containers_to_their_end),
        case!(a_bridged_container_is_started_again_by_a_moved_program).needs(&[Need::Net]),
    ];
    all.into_iter().map(|case| case.only_ours("it moves our program").needs(&[Need::Userns])).collect()
}

const PROGRAMS: [&str; 2] = ["coracle", "coracle-monitor"];

/// The folder of a copy that is the caller's.
fn copy(env: &TestEnv) -> PathBuf {
    drop(own_copy(env));
    env.tool().parent().expect("a folder").to_owned()
}

/// Copies the programs into a new folder.
fn spare(env: &TestEnv, folder: &Path) -> PathBuf {
    let spare = PathBuf::from(env.folder("spare"));
    for name in PROGRAMS {
        program::copy(&folder.join(name), &spare.join(name));
    }
    spare
}

fn move_away(env: &TestEnv, folder: &Path) {
    let other = folder.with_file_name("other");
    std::fs::rename(folder, &other).expect("move the program");
    env.use_tool(other.join("coracle"));
}

fn a_moved_program_is_found(env: &TestEnv) {
    goes_on(env, |folder| move_away(env, folder));
}

fn a_program_that_an_upgrade_replaced_is_used(env: &TestEnv) {
    goes_on(env, |folder| {
        let spare = spare(env, folder);
        for name in PROGRAMS {
            std::fs::rename(spare.join(name), folder.join(name)).expect("replace the program");
        }
    });
}

fn a_deleted_program_serves_its_containers_to_their_end(env: &TestEnv) {
    goes_on(env, |folder| {
        env.use_tool(spare(env, folder).join("coracle"));
        std::fs::remove_dir_all(folder).expect("delete the program");
    });
}

fn kill(pid: i32) {
    kill_process(Pid::from_raw(pid).expect("a pid"), Signal::KILL).expect("kill");
    wait_gone(pid);
}

/// Ends a container from outside and waits until its rule has started it again.
#[track_caller]
fn kill_and_see_again(env: &TestEnv, name: &str) {
    let init = env.init_pid(name);
    kill(init);
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let pid = env.init_pid(name);
        if pid != 0 && pid != init {
            break;
        }
        assert!(Instant::now() < deadline, "it is not started again: {}", env.field(name, "{{.State.Status}}"));
    }
}

/// Checks that go on after `change`, a new start after it, checks after that, and a container that leaves nothing.
fn goes_on(env: &TestEnv, change: impl Fn(&Path)) {
    env.busybox();
    let folder = copy(env);
    let health = ["--health-cmd", "echo x >>/checks", "--health-interval", "100ms", "--restart", "always"];
    env.ok(&[&["run", "-d", "--name", "h", "--network", "none"], &health[..], &["bb", "sleep", "1000"]].concat());
    env.ok(&["run", "-d", "--name", "r", "--network", "none", "--rm", "-v", "/anonymous", "bb", "sleep", "1000"]);
    let swept = env.init_pid("r");
    let monitor = crate::faults::parent(swept);
    change(&folder);
    assert_checked(env);
    for round in 1..3 {
        kill_and_see_again(env, "h");
        assert_eq!(env.field("h", "{{.RestartCount}}"), round.to_string());
        assert_checked(env);
    }
    kill(swept);
    wait_gone(monitor);
    let volumes: Vec<_> = std::fs::read_dir(env.data().join("volumes")).expect("the volumes").flatten().collect();
    assert!(volumes.is_empty(), "{volumes:?}");
    assert_eq!(env.ok(&["ps", "-a", "--format", "{{.Names}}"]), "h");
    env.remove(&["h"]);
}

/// More checks are made from now on than the one that may be on its way.
#[track_caller]
fn assert_checked(env: &TestEnv) {
    let script = ": >/checks; for i in $(seq 100); do [ $(wc -l </checks) -ge 3 ] && exit 0; sleep 0.1; done; exit 1";
    let output = env.run(&["exec", "h", "sh", "-c", script]);
    assert_eq!(output.code, 0, "no checks are made: {output}");
}

/// netd has ended in the wait before the new start: it is started by a monitor that became the program.
fn a_bridged_container_is_started_again_by_a_moved_program(env: &TestEnv) {
    env.busybox();
    let folder = copy(env);
    env.ok(&["run", "-d", "--name", "n", "--restart", "always", "bb", "sleep", "1000"]);
    kill(netd(env).expect("netd runs"));
    move_away(env, &folder);
    kill_and_see_again(env, "n");
    env.ok(&["exec", "n", "ip", "addr", "show", "eth0"]);
    env.remove(&["n"]);
}

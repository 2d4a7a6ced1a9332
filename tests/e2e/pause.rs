//! `pause` and `unpause`: by the freezer, and by signals where there is no cgroup.

use crate::harness::{Case, Need, TestEnv, case};
use std::os::unix::fs::PermissionsExt as _;

/// Counts as fast as a shell can, into a file that can be looked at from outside.
const COUNTER: &str = "echo ready; i=0; while :; do i=$((i+1)); echo $i >/n; done";

pub fn cases() -> Vec<Case> {
    let freezer = [
        case!(a_paused_container_stands_still_and_goes_on),
        case!(what_a_paused_container_refuses),
        case!(a_paused_container_is_killed_and_removed_by_force),
        case!(all_and_latest_choose_what_can_be_paused),
    ];
    let signals = [
        case!(without_a_cgroup_every_process_is_stopped).only_ours("podman needs a cgroup"),
        case!(what_does_not_run_cannot_be_paused),
    ];
    freezer
        .into_iter()
        .map(|case| case.needs(&[Need::Userns, Need::Cgroup]).gap("crun makes no cgroup without systemd here"))
        .chain(signals.into_iter().map(|case| case.needs(&[Need::Userns])))
        .collect()
}

fn state(env: &TestEnv, id: &str) -> String {
    env.field(id, "{{.State.Status}} {{.State.Paused}} {{.State.Running}}")
}

/// The processor time of a process, in ticks, and its state.
fn stat(pid: i32) -> (String, u64) {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process lives");
    let fields: Vec<&str> = text.rsplit_once(") ").expect("a name").1.split(' ').collect();
    (fields[0].to_owned(), fields[11].parse::<u64>().expect("ticks") + fields[12].parse::<u64>().expect("ticks"))
}

fn stands_still(env: &TestEnv, id: &str) {
    let pid = env.init_pid(id);
    let before = stat(pid).1;
    // As long as a few commands take, a busy loop would have used many ticks.
    for _ in 0..5 {
        env.ok(&["ps", "-a", "-q"]);
    }
    assert_eq!(stat(pid).1, before);
}

fn a_paused_container_stands_still_and_goes_on(env: &TestEnv) {
    let id = env.start_script(&["--name", "c"], COUNTER);
    assert_eq!(env.ok(&["pause", "c"]), "c");
    assert_eq!(state(env, &id), "paused true false");
    assert_eq!(env.ok(&["ps", "-a", "--format", "{{.State}} {{.Status}}"]), "paused Paused");
    assert_eq!(env.ok(&["ps", "-q"]), "");
    stands_still(env, &id);
    assert_eq!(env.ok(&["unpause", "c"]), "c");
    assert_eq!(state(env, &id), "running false true");
    env.ok(&["exec", "c", "true"]);
    env.remove(&["c"]);
}

fn what_a_paused_container_refuses(env: &TestEnv) {
    let id = env.start(&["--name", "c"]);
    env.ok(&["pause", "c"]);
    for args in [&["pause", "c"][..], &["stop", "c"], &["exec", "c", "true"], &["start", "c"], &["restart", "c"], &["top", "c"]] {
        env.run(args).fails(125, &[]);
    }
    env.run(&["rm", "c"]).fails(2, &["paused"]);
    assert_eq!(state(env, &id), "paused true false");
    env.ok(&["unpause", "c"]);
    env.run(&["unpause", "c"]).fails(125, &["paused"]);
    env.remove(&["c"]);
}

/// R53.
fn a_paused_container_is_killed_and_removed_by_force(env: &TestEnv) {
    let id = env.start(&["--name", "c"]);
    env.ok(&["pause", "c"]);
    env.ok(&["kill", "c"]);
    assert_eq!(env.ok(&["wait", "c"]), "137");
    env.ok(&["start", "c"]);
    env.ok(&["pause", "c"]);
    env.ok(&["rm", "-f", "-t", "0", &id]);
}

fn all_and_latest_choose_what_can_be_paused(env: &TestEnv) {
    let (one, two) = (env.start(&[]), env.start(&[]));
    env.ok(&["create", "--name", "still", "bb", "true"]);
    let mut paused = env.run(&["pause", "--all"]).lines();
    paused.sort();
    let mut both = vec![one.clone(), two.clone()];
    both.sort();
    assert_eq!(paused, both);
    env.ok(&["unpause", "--all"]);
    env.remove(&["still"]);
    assert_eq!(env.ok(&["pause", "--latest"]), two);
    assert_eq!(env.ok(&["unpause", "-l"]), two);
    env.run(&["pause", "--all", "--latest"]).fails(125, &["cannot be used together"]);
    env.remove(&[&one, &two]);
}

fn without_a_cgroup_every_process_is_stopped(env: &TestEnv) {
    // A cgroup that we may not change is one that was not delegated to us.
    let may_write = |mode: u32| {
        if let Some(cgroup) = env.cgroup() {
            std::fs::set_permissions(cgroup.join("cli"), std::fs::Permissions::from_mode(mode)).expect("our own cgroup");
        }
    };
    may_write(0o555);
    let id = env.start_script(&["--name", "c"], "sleep 1000 & (sleep 1001 & sleep 1002) & echo ready; while :; do :; done");
    may_write(0o755);
    assert_eq!(env.field("c", "{{.State.CgroupPath}}"), "");
    env.ok(&["pause", "c"]);
    assert_eq!(state(env, &id), "paused true false");
    let tree = tree(env.init_pid(&id));
    assert_eq!(tree.len(), 4, "{tree:?}");
    for pid in &tree {
        assert_eq!(stat(*pid).0, "T", "{pid}");
    }
    stands_still(env, &id);
    env.ok(&["unpause", "c"]);
    assert_eq!(state(env, &id), "running false true");
    for pid in &tree {
        assert_ne!(stat(*pid).0, "T", "{pid}");
    }
    env.remove(&["c"]);
}

/// A process and all that come from it.
fn tree(top: i32) -> Vec<i32> {
    let mut found = vec![top];
    let mut at = 0;
    while let Some(pid) = found.get(at).copied() {
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        found.extend(children.split_whitespace().filter_map(|child| child.parse::<i32>().ok()));
        at += 1;
    }
    found
}

fn what_does_not_run_cannot_be_paused(env: &TestEnv) {
    env.busybox();
    env.ok(&["create", "--name", "c", "bb", "true"]);
    env.run(&["pause", "c"]).fails(125, &["c"]);
    env.run(&["unpause", "c"]).fails(125, &[]);
    env.run(&["pause", "nope"]).fails(125, &["nope"]);
    env.run(&["pause"]).fails(125, &["name or id"]);
    env.remove(&["c"]);
}

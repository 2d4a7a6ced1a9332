//! `create`, `start`, `stop`, `kill`, `rm`, `wait`: states and codes; ids and names.

use crate::harness::archive::{Image, write_archive};
use crate::harness::{Case, Need, TestEnv, case, program};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

pub fn cases() -> Vec<Case> {
    let all = [
        case!(the_states_follow_one_another),
        case!(starting_what_runs_changes_nothing),
        case!(the_writable_layer_is_kept_from_start_to_start),
        case!(stop_ends_a_command_that_obeys),
        case!(stop_kills_a_command_that_ignores_the_signal),
        case!(stop_of_what_has_ended_is_fine),
        case!(stop_sends_the_images_signal),
        case!(kill_sends_any_signal_by_name_and_number),
        case!(kill_ends_by_default_and_the_code_is_137),
        case!(kill_of_what_does_not_run_is_an_error),
        case!(kill_of_a_bad_signal_is_an_error).gap("podman takes -1 for 1"),
        case!(rm_of_what_runs_is_2_and_changes_nothing),
        case!(rm_of_what_is_not_there_is_1),
        case!(rm_f_kills_and_removes),
        case!(rm_f_of_what_is_not_there_is_fine),
        case!(rm_of_several_removes_none_where_one_is_not_there),
        case!(rm_removes_the_others_where_one_runs),
        case!(wait_prints_the_code_of_each),
        case!(wait_of_what_has_ended_returns_at_once),
        case!(several_may_wait_for_one),
        case!(ids_are_taken_by_prefix_and_names_whole),
        case!(an_ambiguous_prefix_is_an_error_that_names_it),
        case!(a_container_that_does_not_exist_is_an_error_everywhere),
        case!(stop_and_kill_end_every_process_of_the_container),
        case!(what_init_leaves_behind_dies_with_it),
        case!(a_container_has_a_cgroup_of_its_own_that_goes)
            .needs(&[Need::Cgroup])
            .only_ours("podman without systemd makes none"),
        case!(a_sweep_takes_no_container_that_is_being_made).needs(&[Need::Tracer]).only_ours("looks at our folders"),
        case!(the_monitor_is_one_small_process_that_holds_no_folder).only_ours("our monitor"),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

fn state(env: &TestEnv, id: &str) -> String {
    env.field(id, "{{.State.Status}}")
}

fn a_sweep_takes_no_container_that_is_being_made(env: &TestEnv) {
    env.busybox();
    let containers = env.data().join("containers");
    let made = || std::fs::read_dir(&containers).is_ok_and(|mut all| all.next().is_some());
    // A second before each lock: its folder is there and nobody's.
    let command = env.cmd(&["create", "--name", "c", "--network", "none", "bb", "true"]);
    let traced = std::thread::spawn(move || command.traced(&["inject=flock:delay_enter=1000000", "trace=flock"]));
    crate::ports::wait_until("the folder is made", made);
    env.ok(&["network", "prune", "-f"]);
    let traced = traced.join().unwrap();
    assert_eq!(traced.output.code, 0, "{}", traced.output);
    assert_eq!(env.ok(&["start", "-a", "c"]), "");
    env.ok(&["rm", "c"]);
}

fn the_states_follow_one_another(env: &TestEnv) {
    env.busybox();
    let id = env.ok(&["create", "--name", "c", "--network", "none", "bb", "sh", "-c", "echo ready; read line; exit 3"]);
    assert_eq!(env.field("c", "{{.State.Status}} {{.State.Running}} {{.State.Pid}}"), "created false 0");
    assert_eq!(env.ok(&["start", "c"]), "c");
    assert_eq!(env.ok(&["wait", &id]), "3");
    assert_eq!(env.field("c", "{{.State.Status}} {{.State.Running}} {{.State.Pid}} {{.State.ExitCode}}"), "exited false 0 3");
    assert_eq!(env.ok(&["rm", "c"]), "c");
    let id = env.start(&["--name", "d"]);
    assert_eq!(env.field(&id, "{{.State.Status}} {{.State.Running}}"), "running true");
    assert!(Path::new(&format!("/proc/{}", env.init_pid(&id))).exists());
    env.remove(&["d"]);
}

fn starting_what_runs_changes_nothing(env: &TestEnv) {
    let id = env.start(&[]);
    let pid = env.init_pid(&id);
    env.ok(&["start", &id]);
    assert_eq!(env.init_pid(&id), pid);
    env.remove(&[&id]);
}

fn the_writable_layer_is_kept_from_start_to_start(env: &TestEnv) {
    env.busybox();
    env.ok(&["create", "--name", "c", "--network", "none", "bb", "sh", "-c", "echo x >>/count; wc -l </count"]);
    for round in 1..=3 {
        assert_eq!(env.ok(&["start", "-a", "c"]).trim(), round.to_string());
    }
    env.ok(&["rm", "c"]);
}

fn stop_ends_a_command_that_obeys(env: &TestEnv) {
    let id = env.start_script(&[], "trap 'exit 5' TERM; echo ready; while :; do sleep 1000 & wait $!; done");
    assert_eq!(env.ok(&["stop", &id]), id);
    assert_eq!(env.field(&id, "{{.State.Status}} {{.State.ExitCode}}"), "exited 5");
    env.ok(&["rm", &id]);
}

fn stop_kills_a_command_that_ignores_the_signal(env: &TestEnv) {
    let id = env.start_script(&[], "trap '' TERM; echo ready; while :; do sleep 1000; done");
    env.ok(&["stop", "-t", "1", &id]);
    assert_eq!(env.field(&id, "{{.State.ExitCode}}"), "137");
    env.ok(&["start", &id]);
    env.ok(&["stop", "--time", "0", &id]);
    assert_eq!(state(env, &id), "exited");
    env.ok(&["rm", &id]);
}

fn stop_of_what_has_ended_is_fine(env: &TestEnv) {
    env.busybox();
    env.run(&["run", "--name", "c", "--network", "none", "bb", "sh", "-c", "exit 6"]).code(6);
    env.ok(&["stop", "c"]);
    assert_eq!(env.field("c", "{{.State.ExitCode}}"), "6");
    env.ok(&["rm", "c"]);
}

fn stop_sends_the_images_signal(env: &TestEnv) {
    write_archive(env.work().join("i.tar"), &Image::busybox("stops", json!({"StopSignal": "SIGQUIT"})).docker_entries());
    env.ok(&["load", "-i", "i.tar"]);
    let script = "trap 'exit 33' QUIT; trap 'exit 44' TERM; echo ready; while :; do sleep 1000 & wait $!; done";
    let id = env.ok(&["run", "-d", "--network", "none", "stops", "sh", "-c", script]);
    env.cmd(&["logs", "-f", &id]).spawn().read_until("ready");
    env.ok(&["stop", &id]);
    assert_eq!(env.field(&id, "{{.State.ExitCode}}"), "33");
    env.ok(&["rm", &id]);
}

fn kill_sends_any_signal_by_name_and_number(env: &TestEnv) {
    let script = "trap 'echo got-usr1' USR1; trap 'echo got-hup' HUP; trap 'echo got-int; exit 0' INT; echo ready; \
        while :; do sleep 1000 & wait $!; done";
    let id = env.start_script(&[], script);
    let mut logs = env.cmd(&["logs", "-f", &id]).spawn();
    for (signal, text) in [("USR1", "got-usr1"), ("SIGHUP", "got-hup"), ("2", "got-int")] {
        env.ok(&["kill", "-s", signal, &id]);
        logs.read_until(text);
    }
    assert_eq!(env.ok(&["wait", &id]), "0");
    drop(logs);
    env.ok(&["rm", &id]);
}

fn kill_ends_by_default_and_the_code_is_137(env: &TestEnv) {
    let id = env.start(&[]);
    assert_eq!(env.ok(&["kill", &id]), id);
    assert_eq!(env.ok(&["wait", &id]), "137");
    env.ok(&["rm", &id]);
}

fn kill_of_what_does_not_run_is_an_error(env: &TestEnv) {
    env.busybox();
    env.ok(&["create", "--name", "c", "bb", "true"]);
    env.run(&["kill", "c"]).fails(125, &["running"]);
    env.ok(&["rm", "c"]);
}

fn kill_of_a_bad_signal_is_an_error(env: &TestEnv) {
    let id = env.start(&[]);
    for signal in ["NOSUCH", "0x9", "200", "-1"] {
        env.run(&["kill", &format!("--signal={signal}"), &id]).fails(125, &["signal"]);
    }
    assert_eq!(state(env, &id), "running");
    env.remove(&[&id]);
}

fn rm_of_what_runs_is_2_and_changes_nothing(env: &TestEnv) {
    let id = env.start(&["--name", "busy"]);
    let output = env.run(&["rm", "busy"]).fails(2, &["running"]);
    assert!(output.stderr().contains("busy") || output.stderr().contains(&id[..12]), "{output}");
    assert_eq!(state(env, &id), "running");
    env.ok(&["exec", &id, "true"]);
    env.remove(&[&id]);
}

fn rm_of_what_is_not_there_is_1(env: &TestEnv) {
    env.run(&["rm", "nosuch"]).fails(1, &["nosuch"]);
}

fn rm_f_kills_and_removes(env: &TestEnv) {
    let id = env.start_script(&[], "trap '' TERM; echo ready; while :; do sleep 1000; done");
    let pid = env.init_pid(&id);
    env.remove(&[&id]);
    assert!(!program::is_alive(pid));
    assert_eq!(env.ok(&["ps", "-a", "-q"]), "");
}

fn rm_f_of_what_is_not_there_is_fine(env: &TestEnv) {
    env.run(&["rm", "-f", "nosuch"]).code(0);
}

fn rm_of_several_removes_none_where_one_is_not_there(env: &TestEnv) {
    env.busybox();
    for name in ["a", "b"] {
        env.ok(&["create", "--name", name, "bb", "true"]);
    }
    env.run(&["rm", "a", "nosuch", "b"]).fails(1, &["nosuch"]);
    assert_eq!(env.run(&["ps", "-a", "-q"]).lines().len(), 2);
    assert_eq!(env.ok(&["rm", "a", "b"]), "a\nb");
}

fn rm_removes_the_others_where_one_runs(env: &TestEnv) {
    let id = env.start(&["--name", "busy"]);
    for name in ["a", "b"] {
        env.ok(&["create", "--name", name, "bb", "true"]);
    }
    let mut removed = env.run(&["rm", "a", "busy", "b"]).fails(2, &[]).lines();
    removed.sort();
    assert_eq!(removed, ["a", "b"]);
    env.remove(&[&id]);
}

fn wait_prints_the_code_of_each(env: &TestEnv) {
    env.busybox();
    for (name, code) in [("a", "0"), ("b", "7")] {
        env.ok(&["run", "-d", "--name", name, "--network", "none", "bb", "sh", "-c", &format!("exit {code}")]);
    }
    assert_eq!(env.ok(&["wait", "a", "b"]), "0\n7");
    env.ok(&["rm", "a", "b"]);
}

fn wait_of_what_has_ended_returns_at_once(env: &TestEnv) {
    env.busybox();
    env.run(&["run", "--name", "c", "--network", "none", "bb", "sh", "-c", "exit 8"]).code(8);
    assert_eq!(env.ok(&["wait", "c"]), "8");
    env.ok(&["rm", "c"]);
}

fn several_may_wait_for_one(env: &TestEnv) {
    let id = env.start(&[]);
    let waiting: Vec<_> = (0..5).map(|_| env.cmd(&["wait", &id]).spawn()).collect();
    env.ok(&["kill", &id]);
    for wait in waiting {
        wait.wait().prints("137");
    }
    env.ok(&["rm", &id]);
}

fn ids_are_taken_by_prefix_and_names_whole(env: &TestEnv) {
    env.busybox();
    let id = env.ok(&["create", "--name", "whole", "bb", "true"]);
    for length in [64, 12, 5] {
        assert_eq!(env.field(&id[..length], "{{.Id}}"), id);
    }
    env.run(&["inspect", "who"]).fails(125, &["who"]);
    assert_eq!(env.ok(&["rm", &id[..12]]).len(), 12);
}

fn an_ambiguous_prefix_is_an_error_that_names_it(env: &TestEnv) {
    env.busybox();
    // Seventeen ids have sixteen first digits.
    let mut by_digit: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let prefix = loop {
        let id = env.ok(&["create", "bb", "true"]);
        let digit = id[..1].to_owned();
        let ids = by_digit.entry(digit.clone()).or_default();
        ids.push(id);
        if ids.len() == 2 {
            break digit;
        }
    };
    for args in [&["rm", &prefix][..], &["inspect", &prefix], &["start", &prefix], &["logs", &prefix], &["exec", &prefix, "true"]]
    {
        let output = env.run(args);
        let stderr = output.stderr().to_lowercase();
        let said = stderr.contains("ambiguous") || stderr.contains("more than one") || stderr.contains("multiple");
        assert!(output.code != 0 && said && stderr.contains(&prefix), "{output}");
    }
    for id in by_digit.values().flatten() {
        env.ok(&["rm", id]);
    }
}

fn a_container_that_does_not_exist_is_an_error_everywhere(env: &TestEnv) {
    for args in [
        &["start", "nosuch"][..],
        &["stop", "nosuch"],
        &["kill", "nosuch"],
        &["wait", "nosuch"],
        &["logs", "nosuch"],
        &["attach", "nosuch"],
        &["inspect", "nosuch"],
        &["exec", "nosuch", "true"],
    ] {
        env.run(args).fails(125, &["nosuch"]);
    }
}

fn stop_and_kill_end_every_process_of_the_container(env: &TestEnv) {
    let id = env.start_script(&[], "for i in 1 2 3; do (trap '' TERM; setsid sleep 1000) & done; echo ready; exec sleep 1000");
    let path = format!("/proc/{}/ns/pid", env.init_pid(&id));
    let pid_namespace = std::fs::read_link(&path).unwrap();
    // As long as it is open no other namespace gets its number.
    let _held = std::fs::File::open(&path).unwrap();
    env.ok(&["stop", "-t", "0", &id]);
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let same = std::fs::read_link(entry.path().join("ns/pid")).is_ok_and(|link| link == pid_namespace);
        assert!(!same, "{:?} is left", entry.path());
    }
    env.ok(&["rm", &id]);
}

fn what_init_leaves_behind_dies_with_it(env: &TestEnv) {
    let output = env.bb(&[], &["sh", "-c", "sleep 1000 & setsid sleep 1000 & echo left"]);
    // The output's end is not held open by what init left.
    output.prints("left");
}

fn a_container_has_a_cgroup_of_its_own_that_goes(env: &TestEnv) {
    let id = env.start(&[]);
    let pid = env.init_pid(&id);
    let line = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap();
    let path = line.lines().find_map(|line| line.strip_prefix("0::")).unwrap().to_owned();
    let folder = Path::new("/sys/fs/cgroup").join(path.trim_start_matches('/'));
    let procs = std::fs::read_to_string(folder.join("cgroup.procs")).unwrap();
    assert!(procs.lines().any(|line| line == pid.to_string()) && path.contains(&id[..12]), "{path}: {procs}");
    assert!(env.cgroup().is_some_and(|cgroup| folder.starts_with(cgroup)), "{path} is outside of the caller's subtree");
    env.remove(&[&id]);
    assert!(!folder.exists());
}

fn the_monitor_is_one_small_process_that_holds_no_folder(env: &TestEnv) {
    let id = env.start(&[]);
    let init = env.init_pid(&id);
    let stat = std::fs::read_to_string(format!("/proc/{init}/stat")).unwrap();
    let monitor: i32 = stat.rsplit(')').next().unwrap().split_whitespace().nth(1).unwrap().parse().unwrap();
    let exe = std::fs::read_link(format!("/proc/{monitor}/exe")).unwrap();
    assert!(exe.ends_with("coracle-monitor"), "{}", exe.display());
    let status = std::fs::read_to_string(format!("/proc/{monitor}/status")).unwrap();
    assert!(status.contains("\nThreads:\t1\n"), "{status}");
    let cwd = std::fs::read_link(format!("/proc/{monitor}/cwd")).unwrap();
    assert!(cwd == Path::new("/") || cwd.starts_with(env.path().join("d")), "{}", cwd.display());
    // Its session and group are its own: no signal of the caller's terminal reaches it.
    let session = stat_field(monitor, 3);
    assert_eq!((session, stat_field(monitor, 2)), (monitor, monitor));
    env.remove(&[&id]);
}

/// A number of `/proc/PID/stat`, counted from the field after the name.
fn stat_field(pid: i32, field: usize) -> i32 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat.rsplit(')').next().unwrap().split_whitespace().nth(field).unwrap().parse().unwrap()
}

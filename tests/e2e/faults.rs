//! Faults: processes killed, disks full, descriptors short, files gone. Afterwards the state is consistent and a new run works.

use crate::harness::archive::{Layer, busybox_root};
use crate::harness::command::{Output, Running};
use crate::harness::{Case, Need, TestEnv, case, program};
use rustix::process::{Pid, Signal, kill_process};
use std::path::Path;

pub fn cases() -> Vec<Case> {
    let monitor = "our monitor";
    let all = [
        case!(a_killed_run_leaves_a_container_that_can_be_seen_and_removed),
        case!(a_killed_run_with_rm_is_cleaned_up_when_the_container_ends),
        case!(a_killed_wait_and_logs_leave_the_container_alone),
        case!(init_killed_from_outside_is_137),
        case!(a_killed_monitor_is_seen_and_the_container_can_be_removed).only_ours(monitor),
        case!(a_killed_monitor_and_init_leave_an_ended_container).only_ours(monitor),
        case!(any_child_of_run_may_be_killed_at_any_time).only_ours(monitor),
        case!(volume_commands_may_be_killed_at_any_system_call).needs(&[Need::Strace]).only_ours("it counts our system calls"),
        case!(a_run_with_much_may_be_killed_at_any_system_call)
            .needs(&[Need::Strace, Need::Subids])
            .only_ours("it counts our system calls"),
        case!(commit_and_cp_may_be_killed_at_any_system_call).needs(&[Need::Strace]).only_ours("it counts our system calls"),
        case!(exec_and_rename_may_be_killed_at_any_system_call).needs(&[Need::Strace]).only_ours("it counts our system calls"),
        case!(stop_and_rm_of_one_that_restarts_may_be_killed_at_any_system_call)
            .needs(&[Need::Strace])
            .only_ours("it counts our system calls"),
        case!(a_monitor_killed_in_its_back_off_leaves_an_ended_container).only_ours(monitor),
        case!(run_may_be_killed_at_any_system_call).needs(&[Need::Strace]).only_ours("it counts our system calls"),
        case!(create_may_be_killed_at_any_system_call).needs(&[Need::Strace]).only_ours("it counts our system calls"),
        case!(rm_may_be_killed_at_any_system_call).needs(&[Need::Strace]).only_ours("it counts our system calls"),
        case!(import_may_be_killed_at_any_system_call).needs(&[Need::Strace]).only_ours("it counts our system calls"),
        case!(rmi_may_be_killed_at_any_system_call).needs(&[Need::Strace]).only_ours("it counts our system calls"),
        case!(a_stopped_monitor_does_not_hang_ps).only_ours(monitor),
        case!(a_living_monitor_keeps_the_databases_index_in_use).needs(&[Need::Strace]).only_ours("it looks at our database"),
        case!(the_runtime_folder_may_be_swept_under_a_running_container).gap("podman thinks that the machine was started anew"),
        case!(after_a_reboot_everything_has_ended).only_ours("podman looks at its own files"),
        case!(a_reused_pid_is_never_signalled).only_ours("it writes our record"),
        case!(a_back_off_that_begins_while_rm_waits_is_ended).only_ours("it writes our record"),
        case!(commands_at_the_same_time_leave_a_consistent_container),
        case!(a_full_disk_during_import_leaves_nothing).needs(&[Need::SmallDisk]),
        case!(a_full_disk_in_the_container_is_its_own_problem)
            .needs(&[Need::SmallDisk])
            .gap("podman needs room for its database"),
        case!(a_full_disk_of_the_log_does_not_hold_the_container_up)
            .needs(&[Need::SmallDisk])
            .gap("podman 4 hangs or loses the code"),
        case!(on_a_full_disk_containers_can_be_removed).needs(&[Need::SmallDisk]).gap("podman needs room for its database"),
        case!(too_few_inodes_during_import_leave_nothing).needs(&[Need::FewInodes]),
        case!(too_few_descriptors_are_an_error_and_no_hang).gap("the Go runtime aborts"),
        case!(a_read_only_store_is_an_error),
        case!(a_store_without_attributes_is_refused_at_first_use).only_ours("podman finds out later"),
        case!(a_store_with_odd_names_works).gap("conmon wants UTF-8 in its locale"),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

fn kill(pid: i32) {
    // Gone already is as good.
    let _ = kill_process(Pid::from_raw(pid).expect("a pid"), Signal::KILL);
}

pub fn parent(pid: i32) -> i32 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("a living process");
    stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1)).and_then(|word| word.parse().ok()).expect("a parent")
}

fn kill_and_drop(running: Running) {
    running.signal(Signal::KILL);
    drop(running);
}

/// Asserts that lists and states agree with the kernel, removes every container and runs a new one.
#[track_caller]
fn assert_consistent(env: &TestEnv) {
    env.ok(&["images"]);
    for id in env.run(&["ps", "-a", "-q", "--no-trunc"]).lines() {
        let state = env.run(&["inspect", "--format", "{{.State.Running}} {{.State.Pid}}", &id]);
        // It may have been on its way out.
        if state.code == 0 {
            let (running, pid) = state.stdout().split_once(' ').map(|(a, b)| (a.to_owned(), b.to_owned())).expect("two words");
            assert!(running != "true" || Path::new(&format!("/proc/{pid}")).exists(), "a ghost: {state}");
        }
        env.remove(&[&id]);
    }
    assert_eq!(env.ok(&["ps", "-a", "-q"]), "");
    env.bb(&[], &["echo", "fine"]).prints("fine");
    // `rm` sweeps what killed commands left of containers, a command that brings an image in what is left of images.
    env.ok(&["rm", "-f", "nothing"]);
    env.ok(&["import", &busybox_root().to_string_lossy(), "swept"]);
}

fn a_killed_run_leaves_a_container_that_can_be_seen_and_removed(env: &TestEnv) {
    env.busybox();
    let mut run = env
        .cmd(&[
            "run",
            "--name",
            "c",
            "--network",
            "none",
            "bb",
            "sh",
            "-c",
            "echo ready; trap 'exit 3' TERM; while :; do sleep 1000 & wait $!; done",
        ])
        .spawn();
    run.read_until("ready");
    kill_and_drop(run);
    assert_eq!(env.field("c", "{{.State.Status}}"), "running");
    env.ok(&["exec", "c", "true"]);
    env.ok(&["stop", "c"]);
    assert_eq!(env.field("c", "{{.State.ExitCode}}"), "3");
    env.ok(&["start", "c"]);
    env.remove(&["c"]);
}

fn a_killed_run_with_rm_is_cleaned_up_when_the_container_ends(env: &TestEnv) {
    let mut run = env.bb_cmd(&["--name", "c"], &["sh", "-c", "echo ready; exec sleep 1000"]).spawn();
    run.read_until("ready");
    let init = env.init_pid("c");
    kill_and_drop(run);
    kill(init);
    let waited = env.run(&["wait", "c"]);
    assert!(waited.stdout() == "137" || waited.code == 125, "{waited}");
    assert_eq!(env.ok(&["ps", "-a", "-q"]), "");
    env.bb(&["--name", "c"], &["true"]).code(0);
}

fn a_killed_wait_and_logs_leave_the_container_alone(env: &TestEnv) {
    let id = env.start(&[]);
    let wait = env.cmd(&["wait", &id]).spawn();
    let mut logs = env.cmd(&["logs", "-f", &id]).spawn();
    logs.read_until("ready");
    kill_and_drop(wait);
    kill_and_drop(logs);
    env.ok(&["exec", &id, "true"]);
    assert_eq!(env.ok(&["stop", "-t", "0", &id]), id);
    env.ok(&["rm", &id]);
}

/// R7.
fn init_killed_from_outside_is_137(env: &TestEnv) {
    let mut run = env.bb_cmd(&["--name", "c"], &["sh", "-c", "echo ready; exec sleep 1000"]).spawn();
    run.read_until("ready");
    kill(env.init_pid("c"));
    assert_eq!(run.wait().code, 137);
    assert_eq!(env.ok(&["ps", "-a", "-q"]), "");
}

/// R6.
fn a_killed_monitor_is_seen_and_the_container_can_be_removed(env: &TestEnv) {
    let id = env.start(&["--name", "c"]);
    let init = env.init_pid(&id);
    kill(parent(init));
    // Whether init dies with its monitor or not: what is said is what is so.
    let said = env.field(&id, "{{.State.Running}}");
    let lives = program::is_alive(init);
    assert!(said == "true" || !lives, "said {said}, init lives: {lives}");
    let output = env.run(&["stop", "-t", "0", &id]);
    assert_eq!(output.code, 0, "{output}");
    assert_eq!(env.field(&id, "{{.State.Status}}"), "exited");
    assert_ne!(env.field(&id, "{{.State.ExitCode}}"), "0", "nobody saw it end well");
    assert_eq!(env.run(&["logs", &id]).code, 0);
    env.ok(&["start", &id]);
    assert_consistent(env);
}

fn a_killed_monitor_and_init_leave_an_ended_container(env: &TestEnv) {
    let id = env.start(&["--name", "c"]);
    let init = env.init_pid(&id);
    let attached = env.cmd(&["attach", &id]).spawn();
    kill(parent(init));
    kill(init);
    program::wait_gone(init);
    let output = attached.wait();
    assert!(output.code != 0, "{output}");
    assert_eq!(env.field("c", "{{.State.Running}}"), "false");
    let waited = env.run(&["wait", "c"]);
    assert!(waited.code == 0 && waited.stdout() != "0", "{waited}");
    // The next command that needs a session sees to the dead monitor's entry.
    assert_consistent(env);
}

/// The children of a process and theirs, as they are now.
fn descendants(pid: u32) -> Vec<i32> {
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let children: Vec<i32> = children.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let deeper: Vec<i32> = children.iter().flat_map(|child| descendants(child.cast_unsigned())).collect();
    [children, deeper].concat()
}

/// R5.
fn any_child_of_run_may_be_killed_at_any_time(env: &TestEnv) {
    env.busybox();
    for round in 0..40 {
        let run = env.cmd(&["run", "-d", "--network", "none", "bb", "sleep", "1000"]).spawn();
        // Another one each time, and later each time: the loop itself takes the time.
        for _ in 0..round * 20 {
            if let Some(pid) = descendants(run.pid()).last().filter(|_| round % 2 == 0) {
                kill(*pid);
                break;
            }
            if let Some(pid) = descendants(run.pid()).first().filter(|pid| round % 3 == 0 || **pid % 2 == 0) {
                kill(*pid);
                break;
            }
        }
        let output = run.wait();
        assert!(output.code == 0 || output.code >= 125 && output.stderr().contains("Error: "), "round {round}: {output}");
    }
    assert_consistent(env);
}

/// Kills a command at its Nth system call, for N from one to its end in steps.
fn sweep(env: &TestEnv, args: &[&str], before: impl Fn(), after: impl Fn(&Output)) {
    before();
    let trace = env.work().join("trace").to_string_lossy().into_owned();
    // Only the command itself is traced: under a tracer that follows forks the id helpers lose their setuid bit.
    let traced = env.cmd(args).behind(&["strace", "-o", &trace]).run();
    assert_eq!(traced.code, 0, "{traced}");
    after(&traced);
    let total = std::fs::read_to_string(&trace).expect("a trace").lines().count();
    let step = (total / 40).max(1);
    for call in (2..total).step_by(step) {
        before();
        let inject = format!("inject=all:signal=KILL:when={call}");
        let output = env.cmd(args).behind(&["strace", "-o", "/dev/null", "-e", &inject]).run();
        after(&output);
    }
}

fn a_living_monitor_keeps_the_databases_index_in_use(env: &TestEnv) {
    env.busybox();
    let trace = env.work().join("trace").to_string_lossy().into_owned();
    // Who makes the index anew cuts the file first.
    let made_anew = || {
        env.cmd(&["ps", "-a"]).behind(&["strace", "-e", "trace=ftruncate", "-o", &trace]).run().ok();
        std::fs::read_to_string(&trace).expect("a trace").contains("ftruncate")
    };
    env.run(&["run", "-d", "--name", "c", "--network", "none", "bb", "sleep", "1000"]);
    assert!(!made_anew(), "with a living monitor");
    env.remove(&["c"]);
    assert!(made_anew(), "with none");
}

fn remove_all(env: &TestEnv) {
    for id in env.run(&["ps", "-a", "-q"]).lines() {
        env.remove(&[&id]);
    }
}

fn volume_commands_may_be_killed_at_any_system_call(env: &TestEnv) {
    env.busybox();
    // Whatever is left: the name can be used, is empty, and goes.
    let usable = |output: &Output| {
        env.ok(&["volume", "create", "--ignore", "v"]);
        assert_eq!(env.sh(&["-v", "v:/x"], "ls /x; touch /x/f"), "", "{output}");
        env.ok(&["volume", "rm", "v"]);
        assert_eq!(env.ok(&["volume", "prune", "-f"]), "");
        let folders: Vec<_> = std::fs::read_dir(env.data().join("volumes")).unwrap().flatten().collect();
        assert!(folders.is_empty(), "{folders:?} after {output}");
    };
    sweep(env, &["volume", "create", "v"], || (), usable);
    let make = || {
        env.sh(&["-v", "v:/x"], "touch /x/f");
    };
    let gone_or_whole = |output: &Output| {
        // A removal that was not done has not begun: nothing is lost by half.
        if env.run(&["volume", "exists", "v"]).code == 0 {
            assert_eq!(env.sh(&["-v", "v:/x"], "ls /x"), "f", "{output}");
            env.ok(&["volume", "rm", "v"]);
        }
        usable(output);
    };
    sweep(env, &["volume", "rm", "v"], make, gone_or_whole);
}

/// R1.
fn run_may_be_killed_at_any_system_call(env: &TestEnv) {
    env.busybox();
    let args = ["run", "-d", "--name", "c", "--network", "none", "bb", "sleep", "1000"];
    sweep(
        env,
        &args,
        || (),
        |_| {
            remove_all(env);
            assert_eq!(env.ok(&["ps", "-a", "-q"]), "");
        },
    );
    assert_consistent(env);
}

/// A volume that is filled, a user namespace, a secret, a restart rule.
fn a_run_with_much_may_be_killed_at_any_system_call(env: &TestEnv) {
    env.busybox();
    let file = env.file("secret", "s3cret");
    env.run(&["secret", "create", "s", &file]).code(0);
    let args = [
        "run",
        "-d",
        "--name",
        "c",
        "--network",
        "none",
        "--userns",
        "keep-id",
        "-v",
        "v:/etc",
        "-v",
        "/anonymous",
        "--secret",
        "s",
        "--restart",
        "always",
        "--health-cmd",
        "true",
        "bb",
        "sleep",
        "1000",
    ];
    let after = |output: &Output| {
        for id in env.run(&["ps", "-a", "-q"]).lines() {
            env.run(&["rm", "-f", "-v", "-t", "0", &id]).code(0);
        }
        // The volume is whole for the next one, or not there.
        let seen = env.sh(&["-v", "v:/x"], "[ -e /x/passwd ] && [ -e /x/group ] || ls /x | wc -l");
        assert!(seen.is_empty() || output.code != 0 && seen == "0", "{seen}: {output}");
        env.ok(&["volume", "rm", "-f", "v"]);
        env.ok(&["volume", "prune", "-f"]);
        assert_eq!(env.ok(&["volume", "ls", "-q"]), "", "{output}");
    };
    sweep(env, &args, || (), after);
    env.ok(&["secret", "rm", "s"]);
    assert_consistent(env);
}

fn commit_and_cp_may_be_killed_at_any_system_call(env: &TestEnv) {
    let id = env.start_script(&["--name", "c"], "mkdir /d; echo whole > /d/f; echo ready; exec sleep 1000");
    let out = env.work().join("out");
    sweep(
        env,
        &["commit", "-q", "c", "made"],
        || (),
        |output| {
            let there = env.run(&["image", "inspect", "made"]).code == 0;
            assert!(there || output.code != 0, "{output}");
            if there {
                env.run(&["run", "--rm", "--network", "none", "made", "cat", "/d/f"]).prints("whole");
                env.ok(&["rmi", "made"]);
            }
        },
    );
    sweep(env, &["cp", "c:/d", "out"], || (), |_| drop(std::fs::remove_dir_all(&out)));
    let file = env.file("in", "in");
    sweep(env, &["cp", &file, "c:/in"], || (), |_| assert_eq!(env.ok(&["exec", "c", "cat", "/d/f"]), "whole"));
    env.ok(&["stop", "-t", "0", "c"]);
    sweep(env, &["cp", &file, "c:/in"], || (), |_| ());
    env.ok(&["start", "c"]);
    assert_eq!(env.ok(&["exec", "c", "cat", "/d/f", "/in"]), "whole\nin");
    env.remove(&[&id]);
    assert_consistent(env);
}

fn exec_and_rename_may_be_killed_at_any_system_call(env: &TestEnv) {
    // No beginnings of ids.
    let id = env.start(&["--name", "old"]);
    sweep(env, &["exec", "-d", "old", "true"], || (), |_| assert_eq!(env.ok(&["exec", "old", "echo", "fine"]), "fine"));
    let back = || {
        if env.run(&["container", "exists", "new"]).code == 0 {
            env.ok(&["rename", "new", "old"]);
        }
    };
    sweep(env, &["rename", "old", "new"], back, |output| {
        let (old, new) = (env.run(&["container", "exists", "old"]).code, env.run(&["container", "exists", "new"]).code);
        assert!((old == 0) != (new == 0), "one name, not {old} and {new}: {output}");
    });
    back();
    env.remove(&[&id]);
    assert_consistent(env);
}

fn stop_and_rm_of_one_that_restarts_may_be_killed_at_any_system_call(env: &TestEnv) {
    env.busybox();
    let remove = |_: &Output| {
        env.run(&["rm", "-f", "-t", "0", "c"]);
        assert_eq!(env.ok(&["ps", "-a", "-q"]), "");
    };
    let before = || {
        env.run(&["run", "-d", "--name", "c", "--network", "none", "--restart", "always", "bb", "false"]).code(0);
    };
    sweep(env, &["rm", "-f", "-t", "0", "c"], before, remove);
    sweep(env, &["stop", "-t", "0", "c"], before, |output| {
        // A stop that came to its end is the last word.
        if output.code == 0 {
            assert_eq!(env.field("c", "{{.State.Status}}"), "exited", "{output}");
        }
        remove(output);
    });
    assert_consistent(env);
}

fn a_monitor_killed_in_its_back_off_leaves_an_ended_container(env: &TestEnv) {
    env.busybox();
    for _ in 0..5 {
        let id = env.run(&["run", "-d", "--name", "c", "--network", "none", "--restart", "always", "bb", "false"]).ok();
        let record = env.data().join("containers").join(&id).join("exit.json");
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
        loop {
            assert!(std::time::Instant::now() < deadline, "it never waited for a new start");
            let text = std::fs::read_to_string(&record).unwrap_or_default();
            let monitor = text.split("\"restarting\":{\"pid\":").nth(1).and_then(|rest| rest.split(',').next()?.parse().ok());
            if let Some(monitor) = monitor {
                kill(monitor);
                program::wait_gone(monitor);
                break;
            }
        }
        let status = env.field("c", "{{.State.Status}}");
        assert_eq!(status, "exited", "nobody starts it again");
        env.ok(&["start", "c"]);
        env.remove(&["c"]);
    }
    assert_consistent(env);
}

/// R2.
fn create_may_be_killed_at_any_system_call(env: &TestEnv) {
    env.busybox();
    sweep(env, &["create", "--name", "c", "bb", "true"], || (), |_| remove_all(env));
    assert_consistent(env);
}

fn rm_may_be_killed_at_any_system_call(env: &TestEnv) {
    env.busybox();
    let before = || {
        env.run(&["run", "-d", "--name", "c", "--network", "none", "bb", "sleep", "1000"]).code(0);
    };
    sweep(env, &["rm", "-f", "-t", "0", "c"], before, |_| {
        env.remove(&["c"]);
        assert_eq!(env.ok(&["ps", "-a", "-q"]), "");
    });
    assert_consistent(env);
}

/// R4.
fn import_may_be_killed_at_any_system_call(env: &TestEnv) {
    let archive = busybox_root().to_string_lossy().into_owned();
    let remove = |output: &Output| {
        let images = env.run(&["images", "-a", "-q"]).lines();
        assert!(!images.is_empty() || output.code != 0, "{output}");
        for id in images {
            // An image that is listed is whole.
            env.run(&["run", "--rm", "--network", "none", &id, "echo", "whole"]).prints("whole");
            env.ok(&["rmi", &id]);
        }
    };
    sweep(env, &["import", &archive, "swept"], || (), remove);
    assert_consistent(env);
}

fn rmi_may_be_killed_at_any_system_call(env: &TestEnv) {
    let archive = busybox_root().to_string_lossy().into_owned();
    let before = || {
        env.ok(&["import", &archive, "swept"]);
    };
    sweep(env, &["rmi", "swept"], before, |_| {
        for id in env.run(&["images", "-a", "-q"]).lines() {
            env.run(&["run", "--rm", "--network", "none", &id, "echo", "whole"]).prints("whole");
            env.ok(&["rmi", &id]);
        }
    });
    assert_consistent(env);
}

/// R8.
fn a_stopped_monitor_does_not_hang_ps(env: &TestEnv) {
    let id = env.start(&[]);
    let monitor = parent(env.init_pid(&id));
    kill_process(Pid::from_raw(monitor).expect("a pid"), Signal::STOP).expect("stop the monitor");
    assert_eq!(env.ok(&["ps", "-q"]), id[..12]);
    assert_eq!(env.field(&id, "{{.State.Status}}"), "running");
    env.ok(&["exec", &id, "true"]);
    kill_process(Pid::from_raw(monitor).expect("a pid"), Signal::CONT).expect("continue the monitor");
    env.ok(&["stop", "-t", "0", &id]);
    env.ok(&["rm", &id]);
}

/// R12.
fn the_runtime_folder_may_be_swept_under_a_running_container(env: &TestEnv) {
    let id = env.start(&[]);
    for entry in std::fs::read_dir(env.runtime()).expect("the runtime folder").flatten() {
        std::fs::remove_dir_all(entry.path()).expect("sweep the runtime folder");
    }
    assert_eq!(env.field(&id, "{{.State.Status}}"), "running");
    env.ok(&["exec", &id, "true"]);
    env.ok(&["stop", "-t", "0", &id]);
    assert_eq!(env.field(&id, "{{.State.Running}}"), "false");
    assert_consistent(env);
}

/// R11.
fn after_a_reboot_everything_has_ended(env: &TestEnv) {
    let id = env.start(&[]);
    // The record speaks of another boot: what it names is dead, whatever has its pids now.
    let record = env.data().join("containers").join(&id).join("run.json");
    let text = std::fs::read_to_string(&record).expect("the record");
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").expect("the boot");
    std::fs::write(&record, text.replace(boot.trim(), "00000000-0000-4000-8000-000000000000")).expect("change the record");
    assert_eq!(env.field(&id, "{{.State.Running}} {{.State.Pid}}"), "false 0");
    let status = env.ok(&["ps", "-a", "--format", "{{.Status}}"]);
    assert!(status.starts_with("Exited"), "{status}");
    std::fs::write(&record, text).expect("change the record back");
    env.remove(&[&id]);
}

/// H20, R31.
fn a_reused_pid_is_never_signalled(env: &TestEnv) {
    let id = env.start(&[]);
    let mut foreign = env.host("sleep", &["1000"]).spawn();
    let record = env.data().join("containers").join(&id).join("run.json");
    let text = std::fs::read_to_string(&record).expect("the record");
    let mut value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    for name in ["init", "monitor"] {
        // The pid of a living process of ours with the start time of another.
        value[name]["pid"] = serde_json::json!(foreign.pid());
    }
    std::fs::write(&record, value.to_string()).expect("change the record");
    for args in [&["kill", &id][..], &["stop", "-t", "0", &id]] {
        env.run(args);
    }
    assert_eq!(env.field(&id, "{{.State.Running}}"), "false");
    assert!(program::is_alive(foreign.pid().cast_signed()), "a foreign process was killed");
    foreign.close_stdin();
    kill_and_drop(foreign);
    std::fs::write(&record, text).expect("change the record back");
    env.remove(&[&id]);
}

/// R28. `rm` finds an ended container, waits for its lock, and then finds a monitor that is about to start it again.
fn a_back_off_that_begins_while_rm_waits_is_ended(env: &TestEnv) {
    env.busybox();
    let id = env.ok(&["create", "--network", "none", "--restart", "always", "bb", "false"]);
    let folder = env.data().join("containers").join(&id);
    let lock = std::fs::File::open(&folder).expect("the container's folder");
    lock.lock().expect("the folder's lock");
    let rm = env.cmd(&["rm", "-f", "-t", "0", &id]).spawn();
    // proc_locks(5): a waiting process is marked by an arrow.
    let waiting = format!(" {} ", rm.pid());
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    loop {
        assert!(std::time::Instant::now() < deadline, "rm does not wait for the lock");
        let locks = std::fs::read_to_string("/proc/locks").expect("proc");
        if locks.lines().any(|line| line.contains("-> FLOCK") && line.contains(&waiting)) {
            break;
        }
    }
    let monitor = env.host("sleep", &["1000"]).spawn();
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", monitor.pid())).expect("a living process");
    let start = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(19)).expect("the start time");
    let record = format!(
        r#"{{"code":1,"started_at":1,"finished_at":2,"oom_killed":false,"restarts":1,"restarting":{{"pid":{},"start":{start}}}}}"#,
        monitor.pid()
    );
    std::fs::write(folder.join("exit.json"), record).expect("write the record");
    drop(lock);
    rm.wait().code(0);
    assert_eq!(monitor.wait().code, -9, "what would have started it again was ended");
    assert!(!folder.exists());
}

/// R28.
fn commands_at_the_same_time_leave_a_consistent_container(env: &TestEnv) {
    env.busybox();
    env.ok(&["create", "--name", "c", "--network", "none", "bb", "sleep", "1000"]);
    for _ in 0..4 {
        let commands: [&[&str]; 9] = [
            &["start", "c"],
            &["exec", "c", "true"],
            &["stop", "-t", "0", "c"],
            &["ps", "-a"],
            &["inspect", "c"],
            &["logs", "c"],
            &["kill", "c"],
            &["start", "c"],
            &["rm", "c"],
        ];
        let running: Vec<_> = commands.iter().map(|args| env.cmd(args).spawn()).collect();
        for running in running {
            let output = running.wait();
            assert!([0, 1, 2, 125, 126, 137, 143, 255].contains(&output.code), "{output}");
            assert!(!output.stderr().contains("locked"), "{output}");
        }
        env.run(&["create", "--name", "c", "--network", "none", "bb", "sleep", "1000"]);
    }
    assert_consistent(env);
}

fn available(env: &TestEnv) -> u64 {
    let stat = rustix::fs::statvfs(env.path()).expect("the disk");
    stat.f_bavail * stat.f_frsize
}

/// A tar with one file of so many megabytes that no compression or hole makes smaller.
fn large_tar(env: &TestEnv, megabytes: usize) -> String {
    let mut layer = Layer::default();
    let mut state = 1u64;
    let bytes: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    })
    .take(megabytes << 20)
    .collect();
    layer.file("first", 0o644, "x").file("large", 0o644, bytes);
    let path = crate::harness::environment::root_folder()
        .join(format!("large-{}.tar", env.path().parent().and_then(Path::file_name).expect("a name").to_string_lossy()));
    std::fs::write(&path, layer.finish()).expect("write a tar outside of the small disk");
    path.to_string_lossy().into_owned()
}

/// R14.
fn a_full_disk_during_import_leaves_nothing(env: &TestEnv) {
    env.busybox();
    let before = available(env);
    let tar = large_tar(env, 40);
    env.run(&["import", &tar, "large"]).fails(125, &["no space left"]);
    assert_eq!(env.run(&["images", "-a", "-q"]).lines().len(), 1);
    let after = available(env);
    assert!(after + (1 << 20) > before, "{before} bytes were free, now {after}");
    env.bb(&[], &["echo", "fine"]).prints("fine");
    std::fs::remove_file(tar).expect("remove the tar");
}

fn a_full_disk_in_the_container_is_its_own_problem(env: &TestEnv) {
    let output = env.bb(&[], &["sh", "-c", "dd if=/dev/zero of=/big bs=1M count=100; echo $?; exit 7"]);
    assert_eq!(output.code, 7, "{output}");
    assert!(output.stderr().contains("No space left") && output.stdout() == "1", "{output}");
    env.bb(&[], &["echo", "fine"]).prints("fine");
}

/// R16.
fn a_full_disk_of_the_log_does_not_hold_the_container_up(env: &TestEnv) {
    env.busybox();
    let script = "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); head -c 10000 /dev/zero | tr '\\000' x; echo; done; exit 8";
    let id = env.ok(&["run", "-d", "--network", "none", "bb", "sh", "-c", script]);
    assert_eq!(env.ok(&["wait", &id]), "8");
    env.ok(&["rm", &id]);
    env.bb(&[], &["echo", "fine"]).prints("fine");
}

fn fill(env: &TestEnv) {
    let output = env
        .host(
            "sh",
            &["-c", "dd if=/dev/zero of=fill bs=4k count=100000 2>/dev/null; while echo x >>fill2; do :; done 2>/dev/null; true"],
        )
        .run();
    output.ok();
}

/// R15.
fn on_a_full_disk_containers_can_be_removed(env: &TestEnv) {
    let id = env.start(&[]);
    env.ok(&["exec", &id, "sh", "-c", "head -c 1000000 /dev/zero >/f"]);
    fill(env);
    env.ok(&["ps", "-a"]);
    env.remove(&[&id]);
    std::fs::remove_file(env.work().join("fill")).expect("empty the disk");
    assert_consistent(env);
}

/// R17.
fn too_few_inodes_during_import_leave_nothing(env: &TestEnv) {
    let mut layer = Layer::default();
    for number in 0..2000 {
        layer.file(&format!("many/{number}"), 0o644, "");
    }
    let path = crate::harness::environment::root_folder().join("many.tar");
    std::fs::write(&path, layer.finish()).expect("write a tar outside of the small disk");
    env.run(&["import", &path.to_string_lossy(), "many"]).fails(125, &["no space left"]);
    assert_eq!(env.ok(&["images", "-a", "-q"]), "");
    assert_consistent(env);
}

/// R19.
fn too_few_descriptors_are_an_error_and_no_hang(env: &TestEnv) {
    env.busybox();
    for limit in [3, 5, 8, 10, 12, 14, 16, 20, 24, 32, 48, 64] {
        let script = format!("ulimit -n {limit}; exec \"$@\"");
        let output =
            env.cmd(&["run", "--rm", "--network", "none", "bb", "echo", "ran"]).behind(&["sh", "-c", &script, "sh"]).run();
        let said = output.code >= 125 && !output.stderr().is_empty();
        assert!(output.code == 0 && output.stdout() == "ran" || said, "ulimit -n {limit}: {output}");
        assert!(limit < 64 || output.code == 0, "{output}");
    }
    remove_all(env);
}

/// R35.
fn a_read_only_store_is_an_error(env: &TestEnv) {
    let folder = env.folder("closed");
    std::fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o555)).expect("close the folder");
    let output = env.cmd(&["import", &busybox_root().to_string_lossy(), "bb"]).env("XDG_DATA_HOME", &folder).run();
    output.fails(125, &["closed", "permission denied"]);
}

/// R35: no attributes can be kept on a ramfs, which root of a user namespace may mount.
fn a_store_without_attributes_is_refused_at_first_use(env: &TestEnv) {
    let folder = env.folder("ram");
    let front = [
        "unshare",
        "-Urm",
        "sh",
        "-c",
        "mount -t ramfs x \"$0\" && { \"$@\"; code=$?; ls \"$0/coracle/layers\"; exit $code; }",
        &folder,
    ];
    let output = env.cmd(&["import", &busybox_root().to_string_lossy(), "bb"]).env("XDG_DATA_HOME", &folder).behind(&front).run();
    assert_eq!(output.stdout(), "", "nothing was put there: {output}");
    output.fails(125, &["extended attributes", "ram/coracle"]);
}

fn a_store_with_odd_names_works(env: &TestEnv) {
    // A comma, a colon and a backslash are the separators of the overlay's options.
    for name in ["with space", "ümläut", "com,ma:colon", "back\\slash"] {
        let folder = env.folder(name);
        let tar = busybox_root().to_string_lossy().into_owned();
        env.cmd(&["import", &tar, "bb"]).env("XDG_DATA_HOME", &folder).run().ok();
        env.cmd(&["run", "--rm", "--network", "none", "bb", "sh", "-c", "echo fine >/f; cat /f"])
            .env("XDG_DATA_HOME", &folder)
            .run()
            .prints("fine");
    }
}

//! `exec`.

use crate::harness::{Case, Need, TestEnv, case};

pub fn cases() -> Vec<Case> {
    let all = [
        case!(exec_runs_in_every_namespace_of_the_container),
        case!(exec_passes_codes_and_streams_on),
        case!(exec_of_what_does_not_exist_is_127_and_of_no_program_126),
        case!(a_user_of_the_container_can_open_its_standard_streams_anew),
        case!(exec_needs_a_running_container),
        case!(exec_during_a_start_waits_until_the_root_is_the_containers).only_ours("the engine's own race"),
        case!(exec_reads_input_only_with_i),
        case!(exec_takes_user_folder_and_environment),
        case!(exec_inherits_the_containers_own_settings),
        case!(exec_has_no_more_power_than_the_container),
        case!(exec_detached_returns_at_once_and_runs_on),
        case!(exec_by_way_of_a_descriptor_never_leaves_the_root),
        case!(exec_of_a_bad_user_is_an_error_and_never_root).gap("a uid that does not fit becomes 0"),
        case!(exec_is_in_the_containers_cgroup).needs(&[Need::Cgroup]),
        case!(exec_ends_with_the_container),
        case!(a_killed_exec_command_leaves_the_container_alone),
        case!(twenty_execs_at_once_all_succeed),
        case!(what_exec_leaves_behind_does_not_hold_it_up),
        case!(exec_on_a_terminal_has_its_size),
        case!(many_execs_leave_the_monitor_as_it_was).only_ours("our monitor"),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

fn remove(env: &TestEnv, id: &str) {
    env.remove(&[id]);
}

fn exec_runs_in_every_namespace_of_the_container(env: &TestEnv) {
    let id = env.start(&[]);
    let script = "cd /proc/self/ns; for n in mnt pid ipc uts net cgroup user; do readlink $n; done; readlink /proc/self/root";
    let inside = env.ok(&["exec", &id, "sh", "-c", script]);
    let init = env.ok(&["exec", &id, "sh", "-c", &script.replace("/proc/self", "/proc/1")]);
    assert_eq!(inside, init);
    remove(env, &id);
}

fn exec_passes_codes_and_streams_on(env: &TestEnv) {
    let id = env.start(&[]);
    for code in [0, 1, 42, 125, 255] {
        env.run(&["exec", &id, "sh", "-c", &format!("exit {code}")]).code(code);
    }
    env.run(&["exec", &id, "sh", "-c", "kill -KILL $$"]).code(137);
    let output = env.run(&["exec", &id, "sh", "-c", "echo out; echo err >&2"]);
    assert_eq!((output.ok().as_str(), output.stderr().as_str()), ("out", "err\n"));
    remove(env, &id);
}

fn exec_of_what_does_not_exist_is_127_and_of_no_program_126(env: &TestEnv) {
    let id = env.start(&[]);
    env.run(&["exec", &id, "/no/such"]).fails(127, &["/no/such"]);
    env.run(&["exec", &id, "no-such"]).fails(127, &["no-such"]);
    assert_eq!(env.run(&["exec", &id, "/etc/passwd"]).code, 126);
    remove(env, &id);
}

fn exec_needs_a_running_container(env: &TestEnv) {
    env.busybox();
    env.ok(&["create", "--name", "c", "bb", "true"]);
    let output = env.run(&["exec", "c", "true"]);
    assert!(output.code == 125 || output.code == 255, "{output}");
    assert!(output.stderr().contains("running"), "{output}");
    env.ok(&["rm", "c"]);
}

fn exec_during_a_start_waits_until_the_root_is_the_containers(env: &TestEnv) {
    env.busybox();
    let secret = env.file("on-the-host", "x");
    for _ in 0..10 {
        let id = env.ok(&["create", "--network", "none", "bb", "sleep", "1000"]);
        let start = env.cmd(&["start", &id]).spawn();
        let script = format!("if [ -e {secret} ]; then echo host; else echo container; fi");
        let execs: Vec<_> = (0..8).map(|_| env.cmd(&["exec", &id, "sh", "-c", &script]).spawn()).collect();
        for exec in execs {
            let output = exec.wait();
            assert!(output.code != 0 || output.stdout().trim_end() == "container", "{output}");
        }
        start.wait().ok();
        env.run(&["exec", &id, "sh", "-c", &script]).prints("container");
        remove(env, &id);
    }
}

fn a_user_of_the_container_can_open_its_standard_streams_anew(env: &TestEnv) {
    let script = "read line < /dev/stdin; echo $line > /dev/stdout; echo err > /dev/stderr";
    let output = env.bb_cmd(&["-i", "-u", "1000"], &["sh", "-c", script]).stdin("in\n").run();
    assert_eq!((output.ok().as_str(), output.stderr().as_str()), ("in", "err\n"));
    let id = env.start(&[]);
    let output = env.cmd(&["exec", "-i", "-u", "1000", &id, "sh", "-c", script]).stdin("in\n").run();
    assert_eq!((output.ok().as_str(), output.stderr().as_str()), ("in", "err\n"));
    remove(env, &id);
}

fn exec_reads_input_only_with_i(env: &TestEnv) {
    let id = env.start(&[]);
    env.cmd(&["exec", "-i", &id, "cat"]).stdin("hello").run().prints("hello");
    env.cmd(&["exec", &id, "cat"]).stdin("hello").run().prints("");
    let input = vec![b'x'; 1_000_000];
    let output = env.cmd(&["exec", "-i", &id, "cat"]).stdin(&input).run();
    assert_eq!((output.code, output.stdout.len()), (0, input.len()));
    remove(env, &id);
}

fn exec_takes_user_folder_and_environment(env: &TestEnv) {
    let id = env.start(&["-e", "A=run", "-e", "B=run"]);
    let args = [
        "exec",
        "-u",
        "app",
        "-w",
        "/tmp",
        "-e",
        "A=exec",
        "-e",
        "FROM",
        &id,
        "sh",
        "-c",
        "echo $(id -u):$(id -g) $(id -G) $PWD $A $B $FROM $HOME",
    ];
    let output = env.cmd(&args).env("FROM", "host").run();
    output.prints("1000:1000 1000 26 29 /tmp exec run host /home/app");
    let output = env.run(&["exec", "-w", "/no/such", &id, "pwd"]);
    assert!(output.code >= 125 && output.stdout.is_empty(), "{output}");
    remove(env, &id);
}

fn exec_inherits_the_containers_own_settings(env: &TestEnv) {
    let id = env.start(&["-u", "app", "-w", "/home/app", "-e", "A=1"]);
    let text = env.ok(&["exec", &id, "sh", "-c", "echo $(id -u) $PWD $A $(umask) $HOSTNAME"]);
    assert_eq!(text, format!("1000 /home/app 1 0022 {}", &id[..12]));
    let output = env.cmd(&["exec", &id, "env"]).env("SECRET", "hush").run();
    assert!(!output.ok().contains("hush"), "{output}");
    remove(env, &id);
}

/// T20, T21.
fn exec_has_no_more_power_than_the_container(env: &TestEnv) {
    let id = env.start(&[]);
    let fields = |pid: &str| {
        let text = env.ok(&["exec", &id, "cat", &format!("/proc/{pid}/status")]);
        let wanted = ["Uid", "Gid", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp", "Seccomp_filters"];
        let lines = text.lines().filter_map(|line| line.split_once(':'));
        lines
            .filter(|(name, _)| wanted.contains(name))
            .map(|(name, value)| format!("{name} {}", value.trim()))
            .collect::<Vec<_>>()
    };
    assert_eq!(fields("self"), fields("1"));
    let caps = env.ok(&["exec", "-u", "app", &id, "grep", "^CapEff", "/proc/self/status"]);
    assert!(caps.ends_with("0000000000000000"), "{caps}");
    remove(env, &id);
}

fn exec_detached_returns_at_once_and_runs_on(env: &TestEnv) {
    let id = env.start_script(&[], "mkfifo /fifo; echo ready; cat /fifo; sleep 1000");
    let output = env.run(&["exec", "-d", &id, "sh", "-c", "echo from-exec >/fifo; sleep 1000"]);
    output.ok();
    env.cmd(&["logs", "-f", &id]).spawn().read_until("from-exec");
    remove(env, &id);
}

/// T17.
fn exec_by_way_of_a_descriptor_never_leaves_the_root(env: &TestEnv) {
    let id = env.start(&[]);
    for number in 3..24 {
        let output = env.run(&["exec", "-w", &format!("/proc/self/fd/{number}"), &id, "sh", "-c", "pwd -P; ls -a"]);
        let inside = output.code == 0 && output.stdout().starts_with('/') && output.stdout().contains("bin");
        assert!(inside || output.code >= 125, "{output}");
    }
    remove(env, &id);
}

/// T19.
fn exec_of_a_bad_user_is_an_error_and_never_root(env: &TestEnv) {
    let id = env.start(&[]);
    for user in ["nosuch", "wide", "4294967295", "4294967296", "18446744073709551616", "-1", "0x1", "+1"] {
        let output = env.run(&["exec", &format!("--user={user}"), &id, "id", "-u"]);
        assert!(output.code >= 125 && output.stdout.is_empty(), "-u {user}: {output}");
    }
    env.run(&["exec", "-u", "1234", &id, "id", "-u"]).prints("1234");
    env.run(&["exec", "-u", "1", &id, "id", "-u"]).prints("1");
    remove(env, &id);
}

fn exec_is_in_the_containers_cgroup(env: &TestEnv) {
    let id = env.start(&[]);
    let text = env.ok(&["exec", &id, "sh", "-c", "grep ^0: /proc/self/cgroup /proc/1/cgroup"]);
    assert_eq!(text, "/proc/self/cgroup:0::/\n/proc/1/cgroup:0::/");
    remove(env, &id);
}

fn exec_ends_with_the_container(env: &TestEnv) {
    let id = env.start(&[]);
    let mut exec = env.cmd(&["exec", &id, "sh", "-c", "echo inside; sleep 1000"]).spawn();
    exec.read_until("inside");
    env.ok(&["kill", &id]);
    assert_eq!(exec.wait().code, 137);
    env.ok(&["rm", &id]);
}

fn a_killed_exec_command_leaves_the_container_alone(env: &TestEnv) {
    let id = env.start(&[]);
    let mut exec = env.cmd(&["exec", &id, "sh", "-c", "echo inside; sleep 1000"]).spawn();
    exec.read_until("inside");
    exec.signal(rustix::process::Signal::KILL);
    drop(exec);
    env.run(&["exec", &id, "echo", "fine"]).prints("fine");
    assert_eq!(env.field(&id, "{{.State.Status}}"), "running");
    remove(env, &id);
}

fn twenty_execs_at_once_all_succeed(env: &TestEnv) {
    let id = env.start(&[]);
    let running: Vec<_> = (0..20).map(|number| env.cmd(&["exec", &id, "echo", &number.to_string()]).spawn()).collect();
    for (number, running) in running.into_iter().enumerate() {
        running.wait().prints(&number.to_string());
    }
    remove(env, &id);
}

fn what_exec_leaves_behind_does_not_hold_it_up(env: &TestEnv) {
    let id = env.start(&[]);
    env.run(&["exec", &id, "sh", "-c", "sleep 1000 >/dev/null 2>&1 & echo left"]).prints("left");
    remove(env, &id);
}

fn exec_on_a_terminal_has_its_size(env: &TestEnv) {
    let id = env.start(&[]);
    let output = env.cmd(&["exec", "-it", &id, "sh", "-c", "tty; stty size; echo $TERM"]).on_terminal(31, 97).wait();
    assert_eq!(output.ok().replace('\r', ""), "/dev/pts/0\n31 97\nxterm", "{output}");
    remove(env, &id);
}

/// T72, R50.
fn many_execs_leave_the_monitor_as_it_was(env: &TestEnv) {
    let id = env.start(&[]);
    let init = env.init_pid(&id);
    let stat = std::fs::read_to_string(format!("/proc/{init}/stat")).unwrap();
    let monitor: i32 = stat.rsplit(')').next().unwrap().split_whitespace().nth(1).unwrap().parse().unwrap();
    let count = || std::fs::read_dir(format!("/proc/{monitor}/fd")).unwrap().count();
    env.ok(&["exec", &id, "true"]);
    let before = count();
    for _ in 0..20 {
        env.ok(&["exec", &id, "true"]);
    }
    assert_eq!(count(), before);
    remove(env, &id);
}

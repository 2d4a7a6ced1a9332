//! `--runtime`: containers of our own that another runtime makes.

use crate::harness::{Case, Need, TestEnv, case, host};

pub fn cases() -> Vec<Case> {
    vec![
        case!(the_tools_own_runtime_works_under_the_monitor),
        case!(crun_works_under_the_monitor).needs(&[Need::Crun]),
        case!(what_another_runtime_cannot_do_is_said),
        case!(a_runtime_that_sends_no_terminal_is_not_waited_for),
    ]
}

fn the_tools_own_runtime_works_under_the_monitor(env: &TestEnv) {
    let link = env.work().join("coracle-oci");
    std::os::unix::fs::symlink(env.tool(), &link).expect("a link");
    works(env, &link.to_string_lossy());
}

fn crun_works_under_the_monitor(env: &TestEnv) {
    works(env, &host::find_program("crun").expect("crun").to_string_lossy());
}

fn works(env: &TestEnv, runtime: &str) {
    env.busybox();
    let run = |options: &[&str], command: &[&str]| {
        env.run(&[&["--runtime", runtime, "run", "--network", "none"], options, &["bb"], command].concat())
    };
    let once = run(&["--rm"], &["sh", "-c", "id -u; grep Seccomp: /proc/self/status; exit 4"]).code(4);
    assert_eq!(once.stdout(), "0\nSeccomp:\t2");
    run(&["--rm"], &["nosuch"]).code(127);
    run(&["--rm", "-u", "1000:7", "--hostname", "hh"], &["sh", "-c", "id -u; id -g; hostname"]).prints("1000\n7\nhh");
    let script = "trap 'echo bye; exit 3' TERM; echo ready; while :; do sleep 0.05; done";
    run(&["-d", "--name", "c"], &["sh", "-c", script]).ok();
    assert_eq!(env.field("c", "{{.OCIRuntime}}"), runtime);
    env.run(&["exec", "c", "sh", "-c", "hostname; exit 7"]).code(7);
    env.cmd(&["exec", "-i", "c", "cat"]).stdin("in").run().prints("in");
    env.ok(&["pause", "c"]);
    env.ok(&["unpause", "c"]);
    env.ok(&["stop", "c"]);
    assert_eq!(env.field("c", "{{.State.Status}} {{.State.ExitCode}}"), "exited 3");
    assert_eq!(env.ok(&["logs", "c"]), "ready\nbye");
    env.ok(&["start", "c"]);
    env.ok(&["kill", "c"]);
    assert_eq!(env.ok(&["wait", "c"]), "137");
    env.ok(&["rm", "c"]);
    let tty = run(&["-d", "-t", "--name", "t"], &["sh", "-c", "tty; test -c /dev/console && echo console"]).ok();
    assert!(!tty.is_empty());
    env.ok(&["wait", "t"]);
    assert_eq!(env.ok(&["logs", "t"]).replace('\r', ""), "/dev/pts/0\nconsole");
    env.ok(&["rm", "t"]);
}

fn what_another_runtime_cannot_do_is_said(env: &TestEnv) {
    let link = env.work().join("coracle-oci");
    std::os::unix::fs::symlink(env.tool(), &link).expect("a link");
    let link = link.to_string_lossy().into_owned();
    env.busybox();
    let base = ["--runtime", &link, "run", "--rm", "--network", "none"];
    env.run(&[&base[..], &["--userns", "keep-id", "bb", "true"]].concat()).fails(125, &["--userns"]);
    env.run(&[&base[..], &["--init", "bb", "true"]].concat()).fails(125, &["--init"]);
    env.run(&["--runtime", "nosuch", "run", "--rm", "bb", "true"]).fails(125, &["nosuch"]);
}

fn a_runtime_that_sends_no_terminal_is_not_waited_for(env: &TestEnv) {
    use std::os::unix::fs::PermissionsExt as _;
    let program = env.work().join("idle");
    std::fs::write(&program, "#!/bin/sh\nexit 0\n").expect("write the runtime");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("make it a program");
    env.busybox();
    let program = program.to_string_lossy().into_owned();
    let args = ["--runtime", &program, "run", "--rm", "-d", "-t", "--network", "none", "bb", "true"];
    env.run(&args).fails(125, &["the runtime has sent no terminal"]);
}

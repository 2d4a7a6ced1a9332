//! Podman with this runtime in the place of crun or runc.

use crate::harness::{Case, Cmd, Need, TestEnv, case};

pub fn cases() -> Vec<Case> {
    vec![
        case!(podman_runs_execs_into_and_stops_a_container).needs(&[Need::Podman, Need::Subids]),
        case!(podman_gives_terminals_pauses_and_looks_after_health).needs(&[Need::Podman, Need::Subids]),
    ]
}

fn podman(env: &TestEnv, args: &[&str]) -> Cmd {
    let link = env.work().join("coracle-oci");
    if !link.exists() {
        std::os::unix::fs::symlink(env.tool(), &link).expect("a link");
    }
    let (store, run) = (env.path().join("d/p"), env.path().join("r/p"));
    let fixed = [
        "--root",
        &store.to_string_lossy(),
        "--runroot",
        &run.to_string_lossy(),
        "--storage-driver",
        "vfs",
        "--cgroup-manager",
        "cgroupfs",
        "--events-backend",
        "none",
        "--runtime",
        &link.to_string_lossy(),
    ]
    .map(str::to_owned);
    let words: Vec<&str> = fixed.iter().map(String::as_str).chain(args.iter().copied()).collect();
    env.host("podman", &words)
}

fn podman_runs_execs_into_and_stops_a_container(env: &TestEnv) {
    let run = |args: &[&str]| podman(env, args).run();
    let archive = crate::harness::archive::busybox_root().to_string_lossy().into_owned();
    run(&["import", &archive, "bb"]).ok();
    let limits = ["run", "--rm", "--network", "none"];
    let once = |options: &[&str], command: &[&str]| run(&[&limits[..], options, &["bb"], command].concat());
    assert_eq!(once(&[], &["sh", "-c", "id -u; exit 5"]).code(5).stdout(), "0");
    once(&[], &["nosuch"]).code(127);
    once(&[], &["/etc"]).code(126);
    once(&["--user", "1000:50", "--hostname", "hh"], &["sh", "-c", "id -u; id -g; hostname"]).prints("1000\n50\nhh");
    once(&["--userns", "keep-id"], &["id", "-u"]).prints(&rustix::process::getuid().as_raw().to_string());
    once(&["--read-only"], &["touch", "/x"]).code(1);
    let script = "trap 'echo bye; exit 3' TERM; echo ready; while :; do sleep 0.05; done";
    run(&["run", "-d", "--network", "none", "--name", "c", "bb", "sh", "-c", script]).ok();
    run(&["exec", "-e", "A=b", "-w", "/tmp", "c", "sh", "-c", "pwd; echo $A; exit 7"]).code(7);
    run(&["exec", "-e", "A=b", "-w", "/tmp", "c", "sh", "-c", "pwd; echo $A"]).prints("/tmp\nb");
    run(&["exec", "c", "nosuch"]).code(127);
    podman(env, &["exec", "-i", "c", "cat"]).stdin("in").run().prints("in");
    run(&["stop", "-t", "10", "c"]).ok();
    assert_eq!(run(&["inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", "c"]).ok(), "exited 3");
    assert_eq!(run(&["logs", "c"]).ok(), "ready\nbye");
    run(&["start", "c"]).ok();
    run(&["kill", "c"]).ok();
    assert_eq!(run(&["wait", "c"]).ok(), "137");
    run(&["rm", "c"]).ok();
    // Podman's own keeper of its user namespace.
    run(&["system", "migrate"]).ok();
    let left = std::fs::read_dir(env.runtime().join("coracle/oci")).map_or(0, Iterator::count);
    assert_eq!(left, 0, "states of containers that are gone");
}

fn podman_gives_terminals_pauses_and_looks_after_health(env: &TestEnv) {
    let run = |args: &[&str]| podman(env, args).run();
    let archive = crate::harness::archive::busybox_root().to_string_lossy().into_owned();
    run(&["import", &archive, "bb"]).ok();
    let once = |options: &[&str], command: &[&str]| {
        let all = [&["run", "--rm", "--network", "none"][..], options, &["bb"], command].concat();
        run(&all).ok().replace('\r', "")
    };
    assert_eq!(once(&["-t"], &["sh", "-c", "tty; test -c /dev/console && echo console"]), "/dev/pts/0\nconsole");
    let systemd = once(&["--systemd", "always"], &["sh", "-c", "grep -c ' /run tmpfs ' /proc/mounts; echo $container"]);
    assert_eq!(systemd, "1\npodman");
    assert_eq!(
        once(&["--read-only", "--tmpfs", "/t"], &["sh", "-c", "touch /t/x && ! touch /y 2>/dev/null && echo good"]),
        "good"
    );
    let looked = ["--health-cmd", "test -e /ok", "--health-interval", "disable"];
    let long = [&["run", "-d", "--network", "none", "--name", "c"][..], &looked, &["bb", "sleep", "1000"]].concat();
    run(&long).ok();
    assert_ne!(run(&["healthcheck", "run", "c"]).code, 0);
    run(&["exec", "c", "touch", "/ok"]).ok();
    assert_eq!(run(&["healthcheck", "run", "c"]).code, 0);
    assert_eq!(run(&["exec", "-t", "c", "tty"]).ok().trim_end(), "/dev/pts/0");
    let status = || run(&["inspect", "--format", "{{.State.Status}}", "c"]).ok();
    run(&["pause", "c"]).ok();
    assert_eq!(status(), "paused");
    run(&["unpause", "c"]).ok();
    assert_eq!(status(), "running");
    run(&["rm", "-f", "-t", "0", "c"]).ok();
    run(&["system", "migrate"]).ok();
}

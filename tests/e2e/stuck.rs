//! What does not end by itself or stands in the way: monitors that are stopped, locks whose holder is killed, processes that nobody
//! reaps, folders in use, clients that are killed (R8, R30, R50, R52, R54).

use crate::faults::parent;
use crate::harness::rootly::HUNG;
use crate::harness::{Case, Need, TestEnv, case, program};
use rustix::process::{Pid, Signal, kill_process};
use std::time::{Duration, Instant};

pub fn cases() -> Vec<Case> {
    let all = [
        case!(a_monitor_that_was_stopped_loses_no_output).only_ours("our monitor"),
        case!(a_container_is_stopped_although_its_monitor_stands_still).only_ours("our monitor"),
        case!(who_waits_for_a_lock_goes_on_when_its_holder_is_killed).only_ours("our locks"),
        case!(processes_that_nobody_reaps_hold_nothing_up),
        case!(a_folder_in_use_holds_no_removal_up).only_ours("it mounts in a session"),
        case!(a_session_that_joins_what_is_paused_and_killed_ends)
            .needs(&[Need::Tracer, Need::Cgroup])
            .only_ours("it delays our system calls"),
        case!(sessions_whose_clients_are_killed_leave_the_monitor_as_it_was).only_ours("our monitor"),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

fn signal(pid: i32, signal: Signal) {
    kill_process(Pid::from_raw(pid).expect("a pid"), signal).expect("signal a process of ours");
}

/// R8: more than the pipe takes is written while the monitor stands still.
fn a_monitor_that_was_stopped_loses_no_output(env: &TestEnv) {
    let script = "echo ready; while [ ! -e /go ]; do sleep 0.05; done; for i in $(seq 2000); do printf 'line %0100d\\n' $i; done; echo done; exec sleep 1000";
    env.start_script(&["--name", "c"], script);
    let mut follow = env.cmd(&["logs", "-f", "c"]).spawn();
    follow.read_until("ready\n");
    let monitor = parent(env.init_pid("c"));
    signal(monitor, Signal::STOP);
    env.ok(&["exec", "c", "touch", "/go"]);
    // Commands do not wait for it.
    assert_eq!(env.field("c", "{{.State.Status}}"), "running");
    signal(monitor, Signal::CONT);
    let wanted: String = (1..=2000).map(|number| format!("line {number:0100}\n")).collect();
    assert_eq!(follow.read_until("done\n"), format!("ready\n{wanted}done\n"));
    env.remove(&["c"]);
    drop(follow);
}

/// R8: the end is written down by the next command, or by the monitor when it goes on.
fn a_container_is_stopped_although_its_monitor_stands_still(env: &TestEnv) {
    let id = env.start(&[]);
    let (init, monitor) = (env.init_pid(&id), parent(env.init_pid(&id)));
    signal(monitor, Signal::STOP);
    let stop = env.cmd(&["stop", "-t", "1", &id]).spawn();
    program::wait_gone(init);
    signal(monitor, Signal::CONT);
    stop.wait().code(0);
    assert_eq!(env.field(&id, "{{.State.Status}} {{.State.ExitCode}}"), "exited 0");
    env.ok(&["rm", &id]);
}

/// Takes the lock of a file or folder and tells so.
const HOLDER: &str = "import fcntl, os, sys; fd = os.open(sys.argv[1], os.O_RDONLY); fcntl.flock(fd, fcntl.LOCK_EX); \
                      print('held', flush=True); sys.stdin.read()";

/// R30: the kernel gives a killed process's locks back, and no command looks for anything else.
fn who_waits_for_a_lock_goes_on_when_its_holder_is_killed(env: &TestEnv) {
    let resident = env.start(&["--name", "resident"]);
    let id = env.ok(&["create", "--name", "c", "--network", "none", "bb", "true"]);
    let locks = [
        (env.data().join("containers").join(&id), &["start", "-a", "c"][..]),
        (env.runtime().join("coracle/session/lock"), &["run", "--rm", "--network", "none", "bb", "true"]),
        (env.data().join("containers").join(&id), &["rm", "-f", "c"]),
    ];
    for (path, words) in locks {
        let mut holder = env.host("python3", &["-c", HOLDER, &path.to_string_lossy()]).spawn();
        holder.read_until("held\n");
        let waiting = env.cmd(words).spawn();
        let mark = format!(" {} ", waiting.pid());
        // proc_locks(5): a waiting process is marked by an arrow. The command may have a child wait.
        let deadline = Instant::now() + Duration::from_secs(10);
        while !std::fs::read_to_string("/proc/locks")
            .expect("proc")
            .lines()
            .any(|line| line.contains("-> FLOCK") && line.contains(&mark))
        {
            assert!(Instant::now() < deadline, "{words:?} does not wait for {}", path.display());
        }
        holder.signal(Signal::KILL);
        let begin = Instant::now();
        waiting.wait().code(0);
        assert!(begin.elapsed() < Duration::from_secs(5), "{words:?} took {:?}", begin.elapsed());
        drop(holder);
    }
    env.remove(&[&resident]);
}

/// R52: orphans of a program that is process 1 and waits for none; with `--init` there are none.
fn processes_that_nobody_reaps_hold_nothing_up(env: &TestEnv) {
    // They end when a writer of the pipe has come and gone.
    let script = "mkfifo /f; for i in $(seq 20); do sh -c 'cat /f & cat /f &'; done; echo ready; exec sleep 1000";
    let count = "lives() { grep -q '^Name:.cat' $1/status && ! grep -q '^State:.Z' $1/status; }; \
                 cats() { for p in /proc/[0-9]*; do lives $p && return 0; done 2>/dev/null; return 1; }; \
                 for i in $(seq 100); do exec 3<>/f; exec 3>&-; set -- $(grep -l '^State:.Z' /proc/[0-9]*/status 2>/dev/null); \
                 [ $# = $0 ] && ! cats && break; sleep 0.1; done; echo $#";
    for (options, zombies) in [(&[][..], "40"), (&["--init"], "0")] {
        let id = env.start_script(options, script);
        assert_eq!(env.ok(&["exec", &id, "sh", "-c", count, zombies]), zombies, "{options:?}");
        let begin = Instant::now();
        env.ok(&["stop", "-t", "1", &id]);
        assert!(begin.elapsed() < Duration::from_secs(6), "{options:?}: {:?}", begin.elapsed());
        let code = if zombies == "0" { "143" } else { "137" };
        assert_eq!(env.field(&id, "{{.State.ExitCode}}"), code, "{options:?}");
        env.ok(&["rm", &id]);
    }
}

/// R54: somebody stands in the mounted files, in the container's own folder, or in the files of one that runs.
fn a_folder_in_use_holds_no_removal_up(env: &TestEnv) {
    env.busybox();
    let tool = env.tool().to_string_lossy().into_owned();
    env.ok(&["create", "--name", "c", "--network", "none", "bb", "true"]);
    let script = format!("cd $({tool} mount c) && ls -d bin && read end");
    let mut session = env.cmd(&["unshare", "sh", "-c", &script]).spawn();
    session.read_until("bin\n");
    let removed = env.run(&["rm", "-f", "c"]);
    assert!(removed.code == 0 || removed.code == 125 && removed.stderr().contains("has mounted them"), "{removed}");
    session.write(b"end\n");
    session.wait();
    env.run(&["rm", "-f", "c"]).code(0);
    assert_eq!(env.ok(&["ps", "-a", "-q"]), "");

    let id = env.start(&["--name", "c"]);
    let folder = env.data().join("containers").join(&id);
    let mut inside = env.host("sh", &["-c", "cd \"$0\" && echo in && read end", &folder.to_string_lossy()]).spawn();
    inside.read_until("in\n");
    let mut other =
        env.cmd(&["unshare", "sh", "-c", "cd /proc/$0/root && ls -d bin && read end", &env.init_pid("c").to_string()]).spawn();
    other.read_until("bin\n");
    env.remove(&["c"]);
    assert!(!folder.exists());
    for one in [&mut inside, &mut other] {
        one.write(b"end\n");
    }
    inside.wait();
    other.wait();
}

/// R53: the session's process is in the container's cgroup, which is frozen then, but not yet in its pid namespace, which ends.
fn a_session_that_joins_what_is_paused_and_killed_ends(env: &TestEnv) {
    let id = env.start(&["--name", "c"]);
    let cgroup = std::path::PathBuf::from("/sys/fs/cgroup").join(env.field("c", "{{.State.CgroupPath}}").trim_start_matches('/'));
    let members = || std::fs::read_to_string(cgroup.join("cgroup.procs")).expect("the cgroup").lines().count();
    let before = members();
    let late = env.cmd(&["exec", "c", "true"]);
    let late = std::thread::spawn(move || late.traced(&["inject=setns:delay_enter=1500000", "trace=setns", "signal=none"]));
    let deadline = Instant::now() + Duration::from_secs(10);
    while members() == before {
        assert!(Instant::now() < deadline, "nobody joins {}", cgroup.display());
    }
    env.ok(&["pause", "c"]);
    env.ok(&["kill", "c"]);
    assert_eq!(env.ok(&["wait", "c"]), "137");
    let output = late.join().expect("the traced session").output;
    assert!(output.code != HUNG && output.code >= 125, "{output}");
    env.ok(&["rm", &id]);
    assert!(!cgroup.exists());
}

/// R50.
fn sessions_whose_clients_are_killed_leave_the_monitor_as_it_was(env: &TestEnv) {
    let id = env.start(&[]);
    let monitor = parent(env.init_pid(&id));
    let count = || std::fs::read_dir(format!("/proc/{monitor}/fd")).expect("a living monitor").count();
    let before = count();
    for words in [&["exec", "-i", &id, "sh", "-c", "echo in; cat"][..], &["attach", &id], &["logs", "-f", &id]] {
        for _ in 0..10 {
            let mut client = env.cmd(words).spawn();
            match words[0] {
                "exec" => drop(client.read_until("in\n")),
                "logs" => drop(client.read_until("ready\n")),
                _ => {}
            }
            client.signal(Signal::KILL);
            drop(client);
        }
    }
    env.ok(&["exec", &id, "true"]);
    let deadline = Instant::now() + Duration::from_secs(10);
    while count() != before {
        assert!(Instant::now() < deadline, "{before} descriptors, now {}", count());
    }
    env.ok(&["stop", "-t", "1", &id]);
    assert_eq!(env.field(&id, "{{.State.ExitCode}}"), "0");
    env.ok(&["rm", &id]);
}

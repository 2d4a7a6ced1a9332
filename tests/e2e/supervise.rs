//! What the monitor does by itself: starting again, the time limit, sdnotify; and detached exec sessions.

use crate::harness::{Case, Need, TestEnv, case};
use rustix::net::{AddressFamily, RecvFlags, SocketAddrUnix, SocketFlags, SocketType, bind, recv, socket_with};
use std::os::fd::OwnedFd;
use std::time::Duration;

const FOLLOW: &str = "podman's logs -f may end between two runs";

pub fn cases() -> Vec<Case> {
    let all = [
        case!(on_failure_starts_again_so_many_times).only_ours(FOLLOW),
        case!(the_pid_of_process_1_is_written_at_each_start).gap("podman 4.3 ends with 126 where it cannot be written"),
        case!(who_is_attached_sees_every_run).gap("podman's foreground ends with the first run"),
        case!(success_is_no_failure),
        case!(always_goes_on_until_it_is_stopped).only_ours(FOLLOW),
        case!(a_wait_for_a_new_start_is_shown_and_ended_by_stop).only_ours("podman has no back-off"),
        case!(a_wait_for_a_new_start_is_ended_by_kill_rm_and_start).only_ours("podman has no back-off"),
        case!(an_update_changes_the_policy_the_check_and_the_environment).gap("podman 4.3 updates limits only"),
        case!(restart_and_rm_do_not_go_together).gap("podman starts again in a shared pid namespace, too"),
        case!(a_restart_policy_is_read_or_refused),
        case!(the_log_goes_on_over_restarts).only_ours(FOLLOW),
        case!(a_restarted_container_has_its_network_again).needs(&[Need::Net]).only_ours(FOLLOW),
        case!(the_time_limit_kills).gap("podman 4.3 gives 255 for it"),
        case!(a_detached_session_keeps_its_code).only_ours("it looks at our record"),
        case!(a_detached_session_is_listed_while_it_lives),
        case!(a_detached_session_that_cannot_start_says_why).gap("podman 4.3 gives 125 for every reason"),
        case!(a_session_with_a_terminal_can_be_left).only_ours("podman's own script of keys differs"),
        case!(sessions_take_files_of_variables_and_the_newest_container),
        case!(the_command_says_that_the_container_runs),
        case!(the_container_says_that_it_is_ready_and_nothing_else).only_ours("podman passes READY alone"),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

#[track_caller]
fn detached(env: &TestEnv, options: &[&str], script: &str) -> String {
    env.busybox();
    let args: Vec<&str> = [&["run", "-d", "--network", "none"], options, &["bb", "sh", "-c", script]].concat();
    env.ok(&args)
}

/// Waits until the container has written this.
fn until(env: &TestEnv, id: &str, text: &str) {
    let mut logs = env.cmd(&["logs", "-f", id]).spawn();
    logs.read_until(text);
    logs.signal(rustix::process::Signal::KILL);
}

fn on_failure_starts_again_so_many_times(env: &TestEnv) {
    let id = detached(env, &["--restart", "on-failure:2"], "echo run >>/runs; wc -l </runs; exit 3");
    until(env, &id, "3\n");
    assert_eq!(env.ok(&["wait", &id]), "3");
    let format = "{{.RestartCount}} {{.HostConfig.RestartPolicy.Name}} {{.HostConfig.RestartPolicy.MaximumRetryCount}}";
    assert_eq!(env.field(&id, format), "2 on-failure 2");
    env.ok(&["rm", &id]);
}

fn the_pid_of_process_1_is_written_at_each_start(env: &TestEnv) {
    let path = env.work().join("pid");
    let id = env.start(&["--pidfile", "pid"]);
    let written = || std::fs::read_to_string(&path).expect("the pid file");
    assert_eq!(written().trim(), env.field(&id, "{{.State.Pid}}"));
    assert_eq!(env.field(&id, "{{.PidFile}}"), path.to_string_lossy());
    env.ok(&["restart", "-t", "0", &id]);
    assert_eq!(written().trim(), env.field(&id, "{{.State.Pid}}"));
    env.ok(&["rm", "-f", "-t", "0", &id]);
    env.bb(&["--pidfile", "no/such/pid"], &["true"]).fails(125, &["no/such/pid"]);
    // The monitor's, too: a container of which it cannot be written does not begin.
    let id = env.start(&["--conmon-pidfile", "pid"]);
    assert_eq!(written().trim(), env.field(&id, "{{.State.ConmonPid}}"));
    env.remove(&[&id]);
    env.bb(&["-d", "--conmon-pidfile", "no/such/pid"], &["true"]).fails(125, &["no/such/pid"]);
    env.run(&["ps", "-q"]).prints("");
}

fn who_is_attached_sees_every_run(env: &TestEnv) {
    env.busybox();
    let args = ["run", "--network", "none", "--name", "r", "--restart", "on-failure:2", "bb", "sh", "-c", "echo run; exit 3"];
    assert_eq!(env.run(&args).code(3).stdout(), "run\nrun\nrun");
    env.ok(&["rm", "r"]);
}

fn success_is_no_failure(env: &TestEnv) {
    let id = detached(env, &["--restart", "on-failure"], "echo run");
    assert_eq!(env.ok(&["wait", &id]), "0");
    assert_eq!(env.field(&id, "{{.RestartCount}}"), "0");
    assert_eq!(env.ok(&["logs", &id]), "run");
    env.ok(&["rm", &id]);
}

fn always_goes_on_until_it_is_stopped(env: &TestEnv) {
    for policy in ["always", "unless-stopped"] {
        let script = "echo run >>/runs; echo run $(wc -l </runs); [ $(wc -l </runs) -lt 3 ] && exit 0; trap 'exit 0' TERM; while :; do sleep 1000 & wait $!; done";
        let id = detached(env, &["--restart", policy], script);
        until(env, &id, "run 3\n");
        assert_eq!(env.field(&id, "{{.State.Running}} {{.RestartCount}}"), "true 2");
        env.ok(&["stop", "-t", "5", &id]);
        assert_eq!(env.field(&id, "{{.State.Status}} {{.State.ExitCode}}"), "exited 0", "{policy}");
        // A user's start begins anew.
        env.ok(&["start", &id]);
        until(env, &id, "run 4\n");
        assert_eq!(env.field(&id, "{{.RestartCount}}"), "0");
        env.remove(&[&id]);
    }
}

/// A container that has failed so often that its monitor waits for longer than a command takes.
fn waiting(env: &TestEnv) -> String {
    let id = detached(env, &["--restart", "always"], "echo run >>/runs; echo run $(wc -l </runs); exit 3");
    until(env, &id, "run 4\n");
    while env.field(&id, "{{.State.Restarting}}") != "true" {}
    id
}

fn a_wait_for_a_new_start_is_shown_and_ended_by_stop(env: &TestEnv) {
    let id = waiting(env);
    assert!(env.ok(&["ps", "--format", "{{.Status}}"]).starts_with("Restarting (3) "));
    env.ok(&["stop", &id]);
    assert_eq!(env.field(&id, "{{.State.Restarting}} {{.State.Status}} {{.State.ExitCode}}"), "false exited 3");
    assert_eq!(env.ok(&["ps", "-q"]), "");
    env.ok(&["rm", &id]);
}

fn a_wait_for_a_new_start_is_ended_by_kill_rm_and_start(env: &TestEnv) {
    let id = waiting(env);
    env.ok(&["kill", &id]);
    assert_eq!(env.field(&id, "{{.State.Restarting}}"), "false");
    env.ok(&["rm", &id]);
    let id = waiting(env);
    env.ok(&["rm", &id]);
    let id = waiting(env);
    env.ok(&["start", &id]);
    assert!(env.field(&id, "{{.RestartCount}}").parse::<u32>().unwrap() < 3);
    env.remove(&[&id]);
}

fn an_update_changes_the_policy_the_check_and_the_environment(env: &TestEnv) {
    env.busybox();
    let script = "echo $A-$B; exit 3";
    let id = env.ok(&["create", "--network", "none", "-e", "A=1", "-e", "B=2", "bb", "sh", "-c", script]);
    let options = ["--restart", "on-failure:1", "--health-cmd", "test -e /well", "--health-retries", "7"];
    env.ok(&[&["update"], &options[..], &["-e", "A=3", "--unsetenv", "B", "--latest"]].concat());
    let format = "{{.HostConfig.RestartPolicy.Name}} {{.Config.Healthcheck.Retries}} {{.Config.Healthcheck.Test}}";
    assert_eq!(env.field(&id, format), "on-failure 7 [CMD-SHELL test -e /well]");
    env.ok(&["update", "--health-interval", "1h", &id]);
    assert_eq!(env.field(&id, format), "on-failure 7 [CMD-SHELL test -e /well]");
    env.ok(&["start", &id]);
    until(env, &id, "3-\n3-\n");
    assert_eq!(env.ok(&["wait", &id]), "3");
    env.ok(&["update", "--no-healthcheck", &id]);
    assert!(!env.field(&id, "{{json .Config.Healthcheck}}").contains("well"));
    env.remove(&[&id]);
    // Of one that runs: no new start from now on, and all else with the next one.
    let id = detached(env, &["--restart", "always"], "echo up; read x </dev/zero");
    until(env, &id, "up");
    let output = env.run(&["update", "--restart", "no", &id]);
    assert_eq!((output.code, output.stderr()), (0, String::new()), "{output}");
    env.ok(&["exec", &id, "kill", "-9", "1"]);
    env.ok(&["kill", &id]);
    assert_eq!(env.ok(&["wait", &id]), "137");
    assert_eq!(env.field(&id, "{{.State.Status}} {{.RestartCount}}"), "exited 0");
    env.ok(&["start", &id]);
    let output = env.run(&["update", "--restart", "always", &id]);
    assert!(output.code == 0 && output.stderr().contains("next start"), "{output}");
    env.run(&["update", &id, "--latest"]).fails(125, &["--latest"]);
    env.remove(&[&id]);
    // Of one that waits for its next start: there is none.
    let id = detached(env, &["--restart", "always"], "exit 4");
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while env.field(&id, "{{.RestartCount}}").parse::<u32>().unwrap_or(0) < 4 {
        assert!(std::time::Instant::now() < deadline, "it is not started again");
    }
    env.ok(&["update", "--restart", "no", &id]);
    assert_eq!(env.ok(&["wait", &id]), "4");
    let count = env.field(&id, "{{.RestartCount}}");
    assert_eq!(env.field(&id, "{{.State.Status}} {{.RestartCount}}"), format!("exited {count}"));
    env.remove(&[&id]);
}

fn restart_and_rm_do_not_go_together(env: &TestEnv) {
    env.bb(&["--restart", "always"], &["true"]).fails(125, &["--rm"]);
    // Who shares its pids could look into the helper that starts it again.
    let other = env.start(&[]);
    let pid = format!("container:{other}");
    env.run(&["create", "--restart", "always", "--pid", &pid, "bb", "true"]).fails(125, &["--restart", "pid namespace"]);
    env.remove(&[&other]);
}

fn a_restart_policy_is_read_or_refused(env: &TestEnv) {
    env.bb(&["--restart", "no"], &["true"]).ok();
    env.bb(&["--restart", "sometimes"], &["true"]).fails(125, &["sometimes"]);
}

fn the_log_goes_on_over_restarts(env: &TestEnv) {
    let id = detached(env, &["--restart", "on-failure:3"], "echo run; exit 1");
    env.cmd(&["logs", "-f", &id]).run().prints("run\nrun\nrun\nrun");
    env.ok(&["rm", "-f", &id]);
}

fn a_restarted_container_has_its_network_again(env: &TestEnv) {
    env.busybox();
    let script = "echo run >>/runs; ip -4 addr | grep inet | grep -v 127.0.0.1; [ $(wc -l </runs) -ge 2 ]";
    let id = env.ok(&["run", "-d", "--network", "private", "--restart", "on-failure", "bb", "sh", "-c", script]);
    let lines = env.cmd(&["logs", "-f", &id]).run().lines();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(lines[0], lines[1]);
    env.ok(&["rm", "-f", &id]);
}

fn the_time_limit_kills(env: &TestEnv) {
    let begin = std::time::Instant::now();
    env.bb(&["--timeout", "1"], &["sleep", "1000"]).code(137);
    assert!(begin.elapsed() >= Duration::from_secs(1));
    let id = env.start(&["--timeout", "600"]);
    assert_eq!(env.field(&id, "{{.Config.Timeout}}"), "600");
    env.remove(&[&id]);
}

fn a_detached_session_keeps_its_code(env: &TestEnv) {
    let id = env.start(&[]);
    let session = env.ok(&["exec", "-d", &id, "sh", "-c", "exit 7"]);
    assert_eq!((session.len(), session.bytes().all(|b| b.is_ascii_hexdigit())), (64, true), "{session}");
    let record = env.data().join("containers").join(&id).join("exec").join(&session).join("exit.json");
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    while !record.exists() {
        assert!(std::time::Instant::now() < deadline, "no exit record");
        std::thread::yield_now();
    }
    assert!(std::fs::read_to_string(record).unwrap().contains("\"code\":7"));
    env.remove(&[&id]);
}

fn a_detached_session_is_listed_while_it_lives(env: &TestEnv) {
    let id = env.start(&[]);
    let session = env.ok(&["exec", "-d", &id, "sh", "-c", "echo $$ >/pid; read x </block || sleep 1000"]);
    assert_eq!(env.field(&id, "{{.ExecIDs}}"), format!("[{session}]"));
    env.remove(&[&id]);
}

fn a_detached_session_that_cannot_start_says_why(env: &TestEnv) {
    let id = env.start(&[]);
    env.run(&["exec", "-d", &id, "nosuch"]).fails(127, &["nosuch"]);
    assert_eq!(env.field(&id, "{{.ExecIDs}}"), "[]");
    env.run(&["exec", "-d", &id]).fails(125, &["command"]);
    env.remove(&[&id]);
}

fn a_session_with_a_terminal_can_be_left(env: &TestEnv) {
    let id = env.start(&[]);
    let mut terminal = env.cmd(&["exec", "-it", "--detach-keys", "ctrl-x,x", &id, "sh"]).on_terminal(24, 80);
    terminal.read_until("# ");
    terminal.write(b"\x18x");
    terminal.wait().code(0);
    assert_eq!(env.field(&id, "{{len .ExecIDs}}"), "1");
    env.remove(&[&id]);
}

fn sessions_take_files_of_variables_and_the_newest_container(env: &TestEnv) {
    let id = env.start(&[]);
    let file = env.file("vars", "# a comment\nA=1\nB=two words\n");
    let text = env.ok(&["exec", "-l", "--env-file", &file, "-e", "A=3", "sh", "-c", "echo $A $B"]);
    assert_eq!(text, "3 two words");
    env.remove(&[&id]);
}

/// A service manager's socket.
fn manager(env: &TestEnv) -> (OwnedFd, String) {
    let path = env.runtime().join("manager").to_string_lossy().into_owned();
    let socket = socket_with(AddressFamily::UNIX, SocketType::DGRAM, SocketFlags::CLOEXEC, None).unwrap();
    bind(&socket, &SocketAddrUnix::new(path.as_str()).unwrap()).unwrap();
    let patience = Some(Duration::from_secs(20));
    rustix::net::sockopt::set_socket_timeout(&socket, rustix::net::sockopt::Timeout::Recv, patience).unwrap();
    (socket, path)
}

fn heard(socket: &OwnedFd) -> String {
    let mut room = [0; 4096];
    let (len, _) = recv(socket, &mut room[..], RecvFlags::empty()).expect("a message");
    String::from_utf8_lossy(&room[..len]).into_owned()
}

fn the_command_says_that_the_container_runs(env: &TestEnv) {
    let (socket, path) = manager(env);
    env.busybox();
    let args = ["run", "-d", "--network", "none", "--sdnotify", "conmon", "bb", "sleep", "1000"];
    let id = env.cmd(&args).env("NOTIFY_SOCKET", &path).run().ok();
    let mut said = heard(&socket);
    if !said.contains("READY=1") {
        said += &heard(&socket);
    }
    assert!(said.contains("READY=1") && said.contains(&format!("MAINPID={}", env.field(&id, "{{.State.ConmonPid}}"))), "{said}");
    env.remove(&[&id]);
}

fn the_container_says_that_it_is_ready_and_nothing_else(env: &TestEnv) {
    let (socket, path) = manager(env);
    env.busybox();
    // Busybox has no program that sends datagrams to a socket in the file system; one from outside joins in by the same path.
    let args = ["run", "-d", "--network", "none", "bb", "sh", "-c", "echo $NOTIFY_SOCKET; ls -l $NOTIFY_SOCKET; sleep 1000"];
    let id = env.cmd(&args).env("NOTIFY_SOCKET", &path).run().ok();
    assert!(heard(&socket).starts_with("MAINPID="));
    until(env, &id, "/run/notify/notify.sock\nsrw-rw-rw-");
    let inside = env.runtime().join("coracle/containers").join(&id).join("notify.sock");
    let own = socket_with(AddressFamily::UNIX, SocketType::DGRAM, SocketFlags::CLOEXEC, None).unwrap();
    let name = std::fs::File::open(inside.parent().unwrap()).unwrap();
    let short = format!("/proc/self/fd/{}/notify.sock", std::os::fd::AsRawFd::as_raw_fd(&name));
    let address = SocketAddrUnix::new(short).unwrap();
    rustix::net::sendto(&own, b"MAINPID=1\nREADY=1\nFDSTORE=1\nSTATUS=up", rustix::net::SendFlags::empty(), &address).unwrap();
    assert_eq!(heard(&socket), "READY=1\nSTATUS=up");
    env.remove(&[&id]);
}

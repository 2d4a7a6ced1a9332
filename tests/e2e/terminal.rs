//! `-t`, `attach`, detaching, signals of the terminal.

use crate::harness::{Case, Need, TestEnv, case};
use rustix::process::{Signal, kill_process};

pub fn cases() -> Vec<Case> {
    let slow_keys = "podman wants each key in a read of its own";
    let attach_code = "podman 4 attach ends with 0";
    let all = [
        case!(t_gives_a_terminal_of_the_containers_own),
        case!(the_windows_size_is_there_from_the_start_and_follows),
        case!(a_shell_can_be_talked_to),
        case!(ctrl_c_reaches_the_container_once),
        case!(ctrl_c_without_a_terminal_of_its_own_is_passed_on),
        case!(the_terminal_is_restored_after_an_error),
        case!(a_signal_to_the_command_is_passed_on_and_the_terminal_restored),
        case!(the_terminal_is_restored_when_the_monitor_is_killed).only_ours("our monitor"),
        case!(a_thousand_lines_before_the_end_arrive),
        case!(ctrl_p_ctrl_q_detaches_and_attach_comes_back).gap(slow_keys),
        case!(other_detach_keys_may_be_chosen_or_none).gap(slow_keys),
        case!(t_without_a_terminal_outside_still_works),
        case!(a_detached_terminal_writes_to_the_log),
        case!(attach_shows_output_and_passes_the_code_on).gap(attach_code),
        case!(attach_passes_input_on).gap(attach_code),
        case!(two_may_attach).gap(attach_code),
        case!(attach_needs_a_running_container),
        case!(a_killed_attach_leaves_the_container_alone).gap("conmon ends the container's input with the first client"),
        case!(start_attached_is_on_the_terminal),
        case!(exec_on_a_terminal_ends_on_its_own),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

const ON_TERMINAL: [&str; 6] = ["run", "--rm", "-it", "--network", "none", "bb"];

/// `run --rm -it … bb sh -c SCRIPT` on a terminal of 24 rows and 80 columns.
fn script(env: &TestEnv, script: &str) -> crate::harness::terminal::Terminal {
    env.busybox();
    let args = [&ON_TERMINAL[..], &["sh", "-c", script]].concat();
    env.cmd(&args).on_terminal(24, 80)
}

fn t_gives_a_terminal_of_the_containers_own(env: &TestEnv) {
    let output = script(env, "tty; test -t 0 && test -t 1 && test -t 2 && echo all; echo $TERM; cut -d' ' -f5-6 /proc/self/stat; stat -c %a /dev/pts/0; test -c /dev/console && echo console").wait();
    assert_eq!(output.ok().replace('\r', ""), "/dev/pts/0\nall\nxterm\n1 1\n620\nconsole", "{output}");
}

fn the_windows_size_is_there_from_the_start_and_follows(env: &TestEnv) {
    env.busybox();
    let watch =
        "trap 'stty size; echo changed' WINCH; trap 'exit 0' TERM; stty size; echo ready; while :; do sleep 1000 & wait $!; done";
    let args = [&ON_TERMINAL[..], &["sh", "-c", watch]].concat();
    let mut terminal = env.cmd(&args).on_terminal(33, 111);
    let text = terminal.read_until("ready");
    assert!(text.contains("33 111"), "{text:?}");
    terminal.resize(50, 200);
    terminal.read_until("50 200");
    terminal.resize(10, 20);
    terminal.read_until("10 20");
    kill_process(terminal.command_pid(), Signal::TERM).unwrap();
    terminal.wait().code(0);
}

fn a_shell_can_be_talked_to(env: &TestEnv) {
    env.busybox();
    let mut terminal = env.cmd(&[&ON_TERMINAL[..], &["sh"]].concat()).on_terminal(24, 80);
    terminal.read_until("# ");
    terminal.write(b"echo $((6*7))-answer\r");
    terminal.read_until("42-answer");
    // The end of input counts only when the shell has given the terminal to `cat`.
    terminal.write(b"echo g''o; cat >/dev/null\r");
    terminal.read_until("\ngo");
    terminal.write(b"\x04");
    terminal.write(b"exit 9\r");
    terminal.wait().code(9);
}

fn ctrl_c_reaches_the_container_once(env: &TestEnv) {
    let mut terminal = script(
        env,
        "n=0; trap 'n=$((n+1)); echo int-$n' INT; trap 'echo sum-$n; exit 3' QUIT; echo ready; while :; do sleep 1000 & wait $!; done",
    );
    terminal.read_until("ready");
    terminal.write(b"\x03");
    terminal.read_until("int-1");
    terminal.write(b"\x03");
    terminal.read_until("int-2");
    terminal.write(b"\x1c");
    terminal.read_until("sum-2");
    terminal.wait().code(3);
}

fn ctrl_c_without_a_terminal_of_its_own_is_passed_on(env: &TestEnv) {
    env.busybox();
    let script = "trap 'echo got-int; exit 4' INT; echo ready; while :; do sleep 1000 & wait $!; done";
    let mut terminal = env.cmd(&["run", "--rm", "--network", "none", "bb", "sh", "-c", script]).on_terminal(24, 80);
    terminal.read_until("ready");
    terminal.write(b"\x03");
    terminal.read_until("got-int");
    terminal.wait().code(4);
}

fn the_terminal_is_restored_after_an_error(env: &TestEnv) {
    env.busybox();
    env.cmd(&[&ON_TERMINAL[..], &["/no/such"]].concat()).on_terminal(24, 80).wait().code(127);
    env.cmd(&["run", "--rm", "-it", "--pull", "never", "localhost/nosuch"]).on_terminal(24, 80).wait().code(125);
}

fn a_signal_to_the_command_is_passed_on_and_the_terminal_restored(env: &TestEnv) {
    for (signal, name, code) in
        [(Signal::TERM, "TERM", 21), (Signal::HUP, "HUP", 22), (Signal::USR1, "USR1", 23), (Signal::QUIT, "QUIT", 24)]
    {
        let mut terminal = script(env, &format!("trap 'exit {code}' {name}; echo ready; while :; do sleep 1000 & wait $!; done"));
        terminal.read_until("ready");
        kill_process(terminal.command_pid(), signal).unwrap();
        let output = terminal.wait();
        // After a hang-up there is no terminal to stay for: the command may end by itself as well.
        assert!(output.code == code || signal == Signal::HUP && output.code == 129, "{output}");
    }
}

fn the_terminal_is_restored_when_the_monitor_is_killed(env: &TestEnv) {
    env.busybox();
    let args = ["run", "-it", "--name", "c", "--network", "none", "bb", "sh", "-c", "echo ready; sleep 1000"];
    let mut terminal = env.cmd(&args).on_terminal(24, 80);
    terminal.read_until("ready");
    let init = env.init_pid("c");
    let stat = std::fs::read_to_string(format!("/proc/{init}/stat")).unwrap();
    let monitor = stat.rsplit(')').next().unwrap().split_whitespace().nth(1).unwrap().parse().unwrap();
    kill_process(rustix::process::Pid::from_raw(monitor).unwrap(), Signal::KILL).unwrap();
    let output = terminal.wait();
    assert!(output.code >= 125, "{output}");
    env.remove(&["c"]);
    // The next session sees to the dead monitor's entry.
    env.bb(&[], &["true"]).code(0);
}

fn a_thousand_lines_before_the_end_arrive(env: &TestEnv) {
    let output = script(env, "i=0; while [ $i -lt 1000 ]; do i=$((i+1)); echo line $i; done").wait();
    let text = output.ok().replace('\r', "");
    assert_eq!(text.lines().count(), 1000);
    assert!(text.ends_with("line 1000"));
}

const TALK: &str = "echo ready; while read line; do echo got-$line; [ $line = end ] && exit 6; done";

fn ctrl_p_ctrl_q_detaches_and_attach_comes_back(env: &TestEnv) {
    env.busybox();
    let args = ["run", "-it", "--name", "c", "--network", "none", "bb", "sh", "-c", TALK];
    let mut terminal = env.cmd(&args).on_terminal(24, 80);
    terminal.read_until("ready");
    terminal.write(b"one\r");
    terminal.read_until("got-one");
    terminal.write(b"\x10\x11");
    terminal.wait().code(0);
    assert_eq!(env.field("c", "{{.State.Status}}"), "running");
    let mut terminal = env.cmd(&["attach", "c"]).on_terminal(24, 80);
    // What was typed before the terminal is raw arrives too; the answer says that it did.
    terminal.write(b"two\r");
    terminal.read_until("got-two");
    terminal.write(b"end\r");
    terminal.read_until("got-end");
    terminal.wait().code(6);
    env.ok(&["rm", "c"]);
}

fn other_detach_keys_may_be_chosen_or_none(env: &TestEnv) {
    env.busybox();
    let run = |keys: &str| {
        let args = ["run", "-it", "--name", "c", "--network", "none", "--detach-keys", keys, "bb", "sh", "-c", TALK];
        let mut terminal = env.cmd(&args).on_terminal(24, 80);
        terminal.read_until("ready");
        terminal
    };
    let mut terminal = run("ctrl-x,d");
    terminal.write(b"\x10\x11\x18d");
    terminal.wait().code(0);
    env.remove(&["c"]);
    let mut terminal = run("");
    terminal.write(b"\x10\x11\r");
    terminal.read_until("got-");
    terminal.write(b"end\r");
    terminal.wait().code(6);
    env.ok(&["rm", "c"]);
}

fn t_without_a_terminal_outside_still_works(env: &TestEnv) {
    let output = env.bb_cmd(&["-t"], &["sh", "-c", "tty; echo err >&2"]).run();
    assert_eq!(output.ok().replace('\r', ""), "/dev/pts/0\nerr", "{output}");
}

fn a_detached_terminal_writes_to_the_log(env: &TestEnv) {
    env.busybox();
    let id = env.ok(&["run", "-dt", "--network", "none", "bb", "sh", "-c", "tty; echo err >&2"]);
    env.ok(&["wait", &id]);
    assert_eq!(env.ok(&["logs", &id]).replace('\r', ""), "/dev/pts/0\nerr");
    env.ok(&["rm", &id]);
}

fn attach_shows_output_and_passes_the_code_on(env: &TestEnv) {
    let id =
        env.start_script(&[], "trap 'echo out; echo err >&2; exit 12' TERM; echo ready; while :; do sleep 1000 & wait $!; done");
    let mut attach = env.cmd(&["attach", &id]).spawn();
    attach.close_stdin();
    // The attach is there when a second one is: both are served in order by one process. Until then signals could be too early.
    let mut seen = false;
    while !seen {
        env.ok(&["exec", &id, "true"]);
        seen = connected(&attach);
    }
    env.ok(&["kill", "-s", "TERM", &id]);
    let output = attach.wait();
    assert_eq!((output.code, output.stdout().as_str(), output.stderr().as_str()), (12, "out", "err\n"), "{output}");
    env.ok(&["rm", &id]);
}

/// Tells whether the command holds a connected socket.
fn connected(running: &crate::harness::command::Running) -> bool {
    let folder = format!("/proc/{}/fd", running.pid());
    let links =
        std::fs::read_dir(folder).into_iter().flatten().flatten().filter_map(|entry| std::fs::read_link(entry.path()).ok());
    let sockets: Vec<String> =
        links.map(|link| link.to_string_lossy().into_owned()).filter(|link| link.starts_with("socket:")).collect();
    let table = std::fs::read_to_string("/proc/net/unix").unwrap_or_default();
    // State 03: SS_CONNECTED.
    let connected = |inode: &str| {
        table.lines().any(|line| line.split_whitespace().nth(6) == Some(inode) && line.split_whitespace().nth(5) == Some("03"))
    };
    sockets.iter().any(|socket| connected(socket.trim_start_matches("socket:[").trim_end_matches(']')))
}

fn attach_passes_input_on(env: &TestEnv) {
    env.busybox();
    let id = env.ok(&["run", "-d", "-i", "--network", "none", "bb", "sh", "-c", TALK]);
    let mut attach = env.cmd(&["attach", &id]).spawn();
    attach.write(b"one\n");
    attach.read_until("got-one");
    attach.write(b"end\n");
    assert_eq!(attach.wait().code, 6);
    env.ok(&["rm", &id]);
}

fn two_may_attach(env: &TestEnv) {
    env.busybox();
    let id = env.ok(&["run", "-d", "-i", "--network", "none", "bb", "sh", "-c", TALK]);
    let mut first = env.cmd(&["attach", &id]).spawn();
    first.write(b"one\n");
    first.read_until("got-one");
    let mut second = env.cmd(&["attach", &id]).spawn();
    second.write(b"two\n");
    first.read_until("got-two");
    second.read_until("got-two");
    first.write(b"end\n");
    assert_eq!((first.wait().code, second.wait().code), (6, 6));
    env.ok(&["rm", &id]);
}

fn attach_needs_a_running_container(env: &TestEnv) {
    env.busybox();
    env.ok(&["create", "--name", "c", "bb", "true"]);
    env.run(&["attach", "c"]).fails(125, &["running"]);
    env.ok(&["rm", "c"]);
}

fn a_killed_attach_leaves_the_container_alone(env: &TestEnv) {
    env.busybox();
    let id = env.ok(&["run", "-d", "-i", "--network", "none", "bb", "sh", "-c", TALK]);
    for round in 0..3 {
        let mut attach = env.cmd(&["attach", &id]).spawn();
        attach.write(format!("{round}\n").as_bytes());
        attach.read_until(&format!("got-{round}"));
        attach.signal(Signal::KILL);
    }
    assert_eq!(env.field(&id, "{{.State.Status}}"), "running");
    env.remove(&[&id]);
}

fn start_attached_is_on_the_terminal(env: &TestEnv) {
    env.busybox();
    env.ok(&[
        "create",
        "-it",
        "--name",
        "c",
        "--network",
        "none",
        "bb",
        "sh",
        "-c",
        "stty size; read line; echo got-$line; exit 2",
    ]);
    let mut terminal = env.cmd(&["start", "-a", "-i", "c"]).on_terminal(44, 99);
    terminal.write(b"hello\r");
    let text = terminal.read_until("got-hello");
    assert!(text.contains("44 99"), "{text:?}");
    terminal.wait().code(2);
    env.ok(&["rm", "c"]);
}

fn exec_on_a_terminal_ends_on_its_own(env: &TestEnv) {
    let id = env.start(&[]);
    let mut terminal = env.cmd(&["exec", "-it", &id, "sh"]).on_terminal(24, 80);
    terminal.read_until("# ");
    terminal.write(b"trap 'echo got-int' INT\r");
    terminal.read_until("# ");
    terminal.write(b"\x03");
    terminal.read_until("got-int");
    terminal.write(b"exit 5\r");
    terminal.wait().code(5);
    env.remove(&[&id]);
}

//! The monitor's binary, with a shell in the place of a container's init.

mod rig;

use coracle::monitor::protocol::ClientMessage;
use rig::Rig;
use std::os::unix::fs::PermissionsExt as _;

const LOG: &[&str] = &["--log-file", "ctr.log"];
const NO_LOG: &[&str] = &[];

#[test]
fn output_reaches_the_log_and_the_client_stream_by_stream() {
    let mut rig = Rig::start("echo one; echo two >&2; printf three", LOG);
    let heard = rig.client.hear_all();
    assert_eq!((heard.stdout.as_slice(), heard.stderr.as_slice(), heard.code), (&b"one\nthree"[..], &b"two\n"[..], Some(0)));
    rig.wait();
    let mut records = rig.records();
    records.sort();
    assert_eq!(records, ["stderr F two", "stdout F one", "stdout P three"]);
    assert_eq!(rig.log().lines().next().map(|line| (line.as_bytes()[10], &line[29..35])), Some((b'T', "+00:00")));
}

#[test]
fn exit_codes_and_signals_are_recorded_as_the_shell_counts() {
    for (script, code) in [("exit 0", 0), ("exit 42", 42), ("kill -TERM $$", 143), ("kill -KILL $$", 137)] {
        let mut rig = Rig::start(script, NO_LOG);
        assert_eq!(rig.client.hear_all().code, Some(code), "{script}");
        rig.wait();
        let record = rig.exit_record();
        assert_eq!((record.code, record.started_at, record.oom_killed), (code, 1_234_567_890, false), "{script}");
        assert!(record.finished_at > 1_700_000_000_000_000_000);
        assert!(!rig.folder().join("ctr.log").exists());
        assert!(!rig.root.path().join("run").exists() && !rig.root.path().join("entry").exists());
    }
}

#[test]
fn input_reaches_the_container_and_its_end_too() {
    let rig = Rig::start("cat; echo end", NO_LOG);
    let text = "x".repeat(20_000) + "\n";
    let heard = std::thread::scope(|scope| {
        // What is fed comes back: who only spoke would wait for himself to listen.
        let listener = scope.spawn(|| rig.client.hear_all());
        for _ in 0..50 {
            rig.client.say(ClientMessage::Stdin(text.as_bytes()));
        }
        rig.client.say(ClientMessage::StdinEnd);
        listener.join().expect("listener")
    });
    assert_eq!(heard.stdout.len(), 50 * text.len() + 4);
    assert!(heard.stdout.ends_with(b"x\nend\n"));
}

#[test]
fn input_that_the_container_does_not_read_holds_up_nothing_but_input() {
    let rig = Rig::start("read line; echo got; exec sleep 1000", NO_LOG);
    rig.client.say(ClientMessage::Stdin(b"go\n"));
    rig.client.hear_until("got\n");
    // More than the pipe and the monitor's room take; the rest waits in the socket.
    for _ in 0..4 {
        rig.client.say(ClientMessage::Stdin(&[b'x'; 32 * 1024]));
    }
    let second = rig.connect();
    second.say(ClientMessage::Stdin(b"more"));
    drop(second);
    let third = rig.connect();
    assert_eq!(kill_init(&rig), 1);
    assert_eq!(third.hear_all().code, Some(137));
}

/// Kills the monitor's only child; returns how many there were.
fn kill_init(rig: &Rig) -> usize {
    let pid = rig.child.id();
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).expect("children");
    let children: Vec<i32> = children.split_ascii_whitespace().filter_map(|pid| pid.parse().ok()).collect();
    for child in &children {
        let pid = rustix::process::Pid::from_raw(*child).expect("pid");
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("kill");
    }
    children.len()
}

#[test]
fn a_slow_client_loses_nothing_and_holds_the_container_back() {
    let script = "dd if=/dev/zero bs=65536 count=160 2>/dev/null | tr '\\0' x; echo done >&2";
    let rig = Rig::start(script, NO_LOG);
    let fast = rig.connect();
    // The fast client gets what the slow one's socket can hold, then nothing: the container waits.
    let mut heard = rig::Heard::default();
    assert!(fast.hear(&mut heard));
    let reader = std::thread::spawn(move || {
        while fast.hear(&mut heard) {}
        heard
    });
    let slow = rig.client.hear_all();
    assert_eq!((slow.stdout.len(), slow.stderr.as_slice(), slow.code), (160 * 65536, &b"done\n"[..], Some(0)));
    assert!(slow.stdout.iter().all(|byte| *byte == b'x'));
    assert_eq!(reader.join().expect("reader").code, Some(0));
}

#[test]
fn a_client_that_disappears_does_not_stop_the_container() {
    let mut rig = Rig::start("dd if=/dev/zero bs=65536 count=32 2>/dev/null; exit 7", NO_LOG);
    let other = rig.connect();
    other.say(ClientMessage::Quiet);
    let mut heard = rig::Heard::default();
    rig.client.hear(&mut heard);
    let gone = std::mem::replace(&mut rig.client, other);
    drop(gone);
    assert_eq!(rig.client.hear_all().code, Some(7));
}

#[test]
fn a_flood_without_line_ends_leaves_memory_flat_and_the_log_complete() {
    let rig = Rig::start("head -c 50000000 /dev/zero | tr '\\0' y; echo; read go", LOG);
    let mut heard = rig::Heard::default();
    while !heard.stdout.ends_with(b"\n") {
        assert!(rig.client.hear(&mut heard));
    }
    let peak = rig.status_kb("VmHWM");
    assert!(peak < 8 * 1024, "{peak} kB");
    rig.client.say(ClientMessage::StdinEnd);
    rig.client.hear_all();
    let text: usize = rig.records().iter().map(|record| record.len() - "stdout P ".len()).sum();
    assert_eq!((heard.stdout.len(), text), (50_000_001, 50_000_000));
}

#[test]
fn the_folder_of_a_container_to_be_removed_goes_with_all_that_is_in_it() {
    let script = "mkdir -p upper/a/b work/work; echo x > upper/a/b/c; chmod 0 upper/a/b work/work; ln -s / upper/root; echo bye";
    let mut rig = Rig::start(script, &["--log-file", "ctr.log", "--remove", "yes"]);
    let heard = rig.client.hear_all();
    assert_eq!((heard.stdout.as_slice(), heard.code), (&b"bye\n"[..], Some(0)));
    // The closed connection is the sign that everything is tidied up; the process's own end comes a little later.
    assert!(!rig.folder().exists());
    let left = |dir| std::fs::read_dir(rig.root.path().join(dir)).expect("list").count();
    assert_eq!((left("containers"), left("tmp")), (0, 0));
    rig.wait();
}

#[test]
fn what_a_full_pipe_holds_at_the_end_is_delivered_although_somebody_keeps_it_open() {
    // The sleeper holds the pipe's write end after init's end, which in a pid namespace only a process outside could.
    let script = "head -c 60000 /dev/zero | tr '\\0' z; sleep 1000 & echo $! >&2; exit 3";
    let mut rig = Rig::start(script, LOG);
    let heard = rig.client.hear_all();
    rig.wait();
    let sleeper = String::from_utf8_lossy(&heard.stderr).trim().parse().ok().and_then(rustix::process::Pid::from_raw);
    rustix::process::kill_process(sleeper.expect("pid"), rustix::process::Signal::KILL).expect("kill");
    assert_eq!((heard.stdout.len(), heard.code), (60_000, Some(3)));
    let text: usize = rig.records().iter().filter(|record| record.starts_with("stdout")).map(|record| record.len() - 9).sum();
    assert_eq!(text, 60_000);
}

#[test]
fn a_client_that_stopped_reading_does_not_keep_an_ended_container_alive() {
    // More than the stopped client's socket takes at first, and what is left fits into the container's pipe. Written at once: small
    // packets take more room in a socket than their bytes.
    let mut rig = Rig::start("dd if=/dev/zero bs=210000 count=1 2>/dev/null; exit 4", NO_LOG);
    rig.wait();
    let stopped = rig.client.hear_all();
    assert_eq!((stopped.stdout.len(), stopped.code), (210_000, Some(4)));
}

#[test]
fn who_connects_while_the_container_ends_is_told_or_refused_but_never_left_waiting() {
    for _ in 0..20 {
        let rig = Rig::start("exit 5", NO_LOG);
        let mut codes = Vec::new();
        let begin = std::time::Instant::now();
        while rig.root.path().join("run/attach").exists() {
            assert!(begin.elapsed() < std::time::Duration::from_secs(60), "the monitor does not end, or leaves its socket");
            if let Some(client) = rig.try_connect() {
                codes.extend(client.try_hear_code());
            }
        }
        assert_eq!(rig.client.hear_all().code, Some(5));
        assert!(codes.iter().all(|code| *code == 5), "{codes:?}");
    }
}

#[test]
fn a_terminal_takes_input_and_size_and_gives_its_last_output() {
    let rig = Rig::start_with_terminal("stty size; read line; stty size; printf \"last $line\"; exit 9", LOG);
    rig.client.hear_until("0 0\r\n");
    rig.client.say(ClientMessage::Resize { rows: 33, cols: 77 });
    rig.client.say(ClientMessage::Stdin(b"words\n"));
    let heard = rig.client.hear_all();
    let text = String::from_utf8_lossy(&heard.stdout).into_owned();
    assert!(text.ends_with("33 77\r\nlast words"), "{text:?}");
    assert_eq!((heard.code, heard.stderr.len()), (Some(9), 0));
}

#[test]
fn a_terminal_that_the_container_closes_and_opens_again_goes_on() {
    let script = "tty=$(tty); echo first; exec <&- >&- 2>&-; exec <>$tty >&0 2>&0; echo second";
    let heard = Rig::start_with_terminal(script, NO_LOG).client.hear_all();
    assert_eq!((String::from_utf8_lossy(&heard.stdout).as_ref(), heard.code), ("first\r\nsecond\r\n", Some(0)));
}

#[test]
fn only_sigkill_ends_the_monitor() {
    use rustix::process::Signal;
    let rig = Rig::start("echo ready; read line; echo $line; exit 1", NO_LOG);
    // Output comes only from a monitor that is at work, with signals blocked.
    rig.client.hear_until("ready\n");
    let pid = rustix::process::Pid::from_raw(i32::try_from(rig.child.id()).expect("pid")).expect("pid");
    for signal in [Signal::HUP, Signal::INT, Signal::TERM, Signal::QUIT, Signal::USR1, Signal::PIPE, Signal::ALARM] {
        rustix::process::kill_process(pid, signal).expect("kill");
    }
    rig.client.say(ClientMessage::Stdin(b"alive\n"));
    let heard = rig.client.hear_all();
    assert_eq!((heard.stdout.as_slice(), heard.code), (&b"alive\n"[..], Some(1)));
}

#[test]
fn clients_that_come_and_go_leave_no_descriptor_behind() {
    let rig = Rig::start("echo ready; read line", NO_LOG);
    rig.client.hear_until("ready\n");
    let open = || std::fs::read_dir(format!("/proc/{}/fd", rig.child.id())).expect("fd").count();
    let before = open();
    // More than are let in at a time; half of them leave something unread or unsaid.
    for round in 0..300 {
        let client = rig.connect();
        if round % 2 == 0 {
            client.say(ClientMessage::Resize { rows: 1, cols: 1 });
        }
    }
    let begin = std::time::Instant::now();
    while open() != before {
        assert!(begin.elapsed() < rig::PATIENCE, "{} descriptors, {before} before", open());
        std::thread::yield_now();
    }
    rig.client.say(ClientMessage::StdinEnd);
    assert_eq!(rig.client.hear_all().code, Some(1));
}

#[test]
fn the_log_is_private() {
    let mut rig = Rig::start("echo x", LOG);
    rig.client.hear_all();
    rig.wait();
    let mode = std::fs::metadata(rig.folder().join("ctr.log")).expect("log").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

//! Calls that are interrupted, and a clock that jumps (R21, R26).
//!
//! R21: strace makes every second call of a kind fail with EINTR, in the command, the monitor-to-be, init and the container's program
//! alike. It cannot shorten a write that was made; pipes and sockets that are full do that in the cases of logs.

use crate::harness::{Case, Need, TestEnv, case};

pub fn cases() -> Vec<Case> {
    let all = [
        case!(interrupted_calls_change_nothing).needs(&[Need::Tracer]).only_ours("it interrupts our system calls"),
        case!(timers_do_not_follow_the_wall_clock).needs(&[Need::Tracer]).only_ours("it reads our system calls"),
        case!(a_clock_that_went_back_makes_no_negative_age).only_ours("it writes our records"),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

/// What may be interrupted by a signal (signal(7)).
const CALLS: [&str; 9] = ["read", "write", "poll", "ppoll", "waitid", "wait4", "recvmsg", "sendmsg", "flock"];

/// R21.
fn interrupted_calls_change_nothing(env: &TestEnv) {
    // The session stands already: the programs that make one do not take a call again, nor does their dynamic linker.
    let resident = env.start(&[]);
    let text: String = (0..3000).map(|number| format!("line {number}\n")).collect();
    let path = env.home().join("big");
    std::fs::write(&path, &text).expect("a file");
    let mount = format!("{}:/big:ro", path.display());
    let run = ["run", "--name", "c", "--network", "none", "-v", &mount, "bb", "cat", "/big"];
    let mut met = 0;
    for call in CALLS {
        let inject = format!("inject={call}:error=EINTR:when=1+2");
        let trace = format!("trace={call}");
        for words in [
            &run[..],
            &["logs", "c"],
            &["start", "-a", "c"],
            &["ps", "-a", "--filter", "name=^c$", "--format", "{{.Names}}"],
            &["rm", "c"],
        ] {
            let traced = env.cmd(words).traced(&[&inject, "signal=none", &trace]);
            met += traced.trace.matches("(INJECTED)").count();
            let wanted = match words[0] {
                "ps" | "rm" => "c\n",
                _ => text.as_str(),
            };
            let shown = String::from_utf8_lossy(&traced.output.stdout);
            assert!(
                traced.output.code == 0 && shown == wanted,
                "{call} is interrupted: {} bytes, {}",
                shown.len(),
                traced.output
            );
        }
    }
    assert!(met > 100, "only {met} calls were interrupted");
    env.remove(&[&resident]);
}

/// R26: who waits says for how long, never until when by a clock that can be set.
fn timers_do_not_follow_the_wall_clock(env: &TestEnv) {
    env.busybox();
    let words = ["run", "--name", "c", "--network", "none", "--health-cmd", "true", "--health-interval", "100ms"];
    let words = [&words[..], &["--restart", "on-failure:1", "bb", "sh", "-c", "sleep 0.3; exit 3"]].concat();
    let calls = "trace=poll,ppoll,timerfd_create,timerfd_settime,timer_create,clock_nanosleep,futex";
    let traced = env.cmd(&words).traced(&["signal=none", calls]);
    assert_eq!(traced.output.code, 3, "{}", traced.output);
    let by_the_clock = |line: &&str| line.contains("CLOCK_REALTIME") && (line.contains("ABSTIME") || line.contains("timer"));
    let wrong: Vec<&str> = traced.trace.lines().filter(by_the_clock).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    // The monitor's wait for the next check.
    let waits = traced.trace.lines().filter(|line| line.contains("poll(") && line.contains("{tv_sec=0, tv_nsec="));
    assert!(waits.count() > 2, "{}", traced.trace);
    env.ok(&["rm", "c"]);
}

/// R26: a record's time lies in the future after the clock was set back.
fn a_clock_that_went_back_makes_no_negative_age(env: &TestEnv) {
    const DAY: i64 = 86_400_000_000_000;
    let id = env.start(&["--name", "c"]);
    let path = env.data().join("containers").join(&id).join("run.json");
    let mut value: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).expect("the record")).expect("JSON");
    let began = value["started_at"].as_i64().expect("nanoseconds");
    value["started_at"] = (began + DAY).into();
    std::fs::write(&path, value.to_string()).expect("write the record");
    for format in ["{{.Status}}", "{{.RunningFor}}", "{{.State}}"] {
        let shown = env.ok(&["ps", "--format", format]);
        assert!(!shown.is_empty() && !shown.contains('-'), "{format}: {shown}");
    }
    env.run(&["top", "c"]).code(0);
    env.run(&["logs", "--since", "1h", "c"]).code(0);
    let begin = std::time::Instant::now();
    env.ok(&["stop", "-t", "1", "c"]);
    assert!(begin.elapsed() < std::time::Duration::from_secs(10), "{:?}", begin.elapsed());
    let shown = env.ok(&["ps", "-a", "--format", "{{.Status}}"]);
    assert!(shown.starts_with("Exited (") && !shown.contains('-'), "{shown}");
    env.ok(&["rm", "c"]);
}

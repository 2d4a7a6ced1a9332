//! `top`: columns, users, the container's own ps.

use crate::harness::{Case, Need, TestEnv, case};

pub fn cases() -> Vec<Case> {
    let all = [
        case!(the_default_columns_are_podmans),
        case!(descriptors_choose_columns),
        case!(users_are_those_of_the_container),
        case!(a_session_is_shown_with_a_parent_outside),
        case!(other_words_are_for_the_containers_ps),
        case!(what_does_not_run_has_no_processes),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

/// The words of each line.
fn words(text: &str) -> Vec<Vec<&str>> {
    text.lines().map(|line| line.split_whitespace().collect()).collect()
}

fn the_default_columns_are_podmans(env: &TestEnv) {
    let id = env.start_script(&[], "sleep 1000 & echo ready; exec sleep 1001");
    // Both are a shell at first.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    let text = loop {
        let text = env.ok(&["top", &id]);
        if !text.contains("sh -c") {
            break text;
        }
        assert!(std::time::Instant::now() < deadline, "{text}");
    };
    let lines = words(&text);
    assert_eq!(lines[0], ["USER", "PID", "PPID", "%CPU", "ELAPSED", "TTY", "TIME", "COMMAND"]);
    assert_eq!(lines.len(), 3, "{text}");
    let parts =
        |line: &[&str]| (line[0].to_owned(), line[1].to_owned(), line[2].to_owned(), line[5].to_owned(), line[7..].join(" "));
    let row = |pid: &str, parent: &str, args: &str| {
        let [pid, parent, args] = [pid, parent, args].map(str::to_owned);
        ("root".to_owned(), pid, parent, "?".to_owned(), args)
    };
    assert_eq!(parts(&lines[1]), row("1", "0", "sleep 1001"));
    assert_eq!(parts(&lines[2]).4, "sleep 1000");
    assert_eq!(parts(&lines[2]).2, "1");
    env.remove(&[&id]);
}

fn descriptors_choose_columns(env: &TestEnv) {
    let id = env.start(&["--name", "c"]);
    let text = env.ok(&["top", "c", "pid,hpid", "%U", "state", "seccomp", "comm"]);
    let lines = words(&text);
    assert_eq!(lines[0], ["PID", "HPID", "USER", "STATE", "SECCOMP", "COMMAND"]);
    assert_eq!(lines[1], ["1", &env.init_pid(&id).to_string(), "root", lines[1][3], "filter", "sh"]);
    let caps = env.ok(&["top", "c", "capeff"]);
    assert!(caps.contains("CHOWN") && !caps.contains("SYS_ADMIN"), "{caps}");
    assert!(words(&env.ok(&["top", "--latest", "pid"]))[1..].iter().any(|line| line[0] == "1"));
    env.remove(&["c"]);
}

fn users_are_those_of_the_container(env: &TestEnv) {
    env.busybox();
    let script = "echo 'alice:x:1234:1234::/:' >>/etc/passwd; echo ready; while :; do sleep 1000; done";
    let id = env.start_script(&[], script);
    env.ok(&["exec", "-d", "-u", "1234", &id, "sleep", "1111"]);
    env.ok(&["exec", "-d", "-u", "77", &id, "sleep", "1112"]);
    let text = env.ok(&["top", &id, "user", "args"]);
    for line in [["alice", "sleep", "1111"], ["77", "sleep", "1112"]] {
        assert!(words(&text).iter().any(|words| words[..] == line), "{text}");
    }
    env.remove(&[&id]);
}

fn a_session_is_shown_with_a_parent_outside(env: &TestEnv) {
    let id = env.start(&[]);
    env.ok(&["exec", "-d", &id, "sleep", "1111"]);
    let text = env.ok(&["top", &id, "ppid", "args"]);
    assert!(words(&text).iter().any(|words| words[..] == ["0", "sleep", "1111"]), "{text}");
    env.remove(&[&id]);
}

fn other_words_are_for_the_containers_ps(env: &TestEnv) {
    let id = env.start(&[]);
    let text = env.ok(&["top", &id, "-o", "pid,args"]);
    let lines = words(&text);
    assert_eq!(lines[0], ["PID", "COMMAND"]);
    assert!(lines.iter().any(|line| line[0] == "1") && !text.contains("ps -o"), "{text}");
    env.remove(&[&id]);
}

fn what_does_not_run_has_no_processes(env: &TestEnv) {
    env.busybox();
    env.ok(&["create", "--name", "c", "bb", "true"]);
    env.run(&["top", "c"]).fails(125, &["running containers"]);
    env.run(&["top", "nope"]).fails(125, &["nope"]);
    env.remove(&["c"]);
}

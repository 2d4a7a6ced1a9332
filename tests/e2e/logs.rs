//! `logs`.

use crate::harness::{Case, Need, TestEnv, case};

pub fn cases() -> Vec<Case> {
    let all = [
        case!(logs_give_output_and_errors_back_on_their_streams),
        case!(logs_are_kept_after_the_end_and_from_start_to_start),
        case!(follow_shows_what_comes_and_ends_with_the_container),
        case!(follow_of_what_has_ended_ends),
        case!(follow_goes_on_over_many_readers),
        case!(tail_shows_the_last_lines).gap("podman 4 counts a line without an end differently"),
        case!(long_and_unfinished_lines_come_back_whole),
        case!(binary_output_comes_back_byte_by_byte),
        case!(a_megabyte_comes_back_whole),
        case!(timestamps_are_rfc_3339_on_every_line),
        case!(two_logs_may_be_asked_at_once),
        case!(a_container_that_never_started_has_an_empty_log),
        case!(the_log_is_cri_text_in_the_containers_folder).only_ours("it looks at our file"),
        case!(without_a_reader_the_container_is_never_held_up),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

fn ended(env: &TestEnv, script: &str) -> String {
    env.busybox();
    let id = env.ok(&["run", "-d", "--network", "none", "bb", "sh", "-c", script]);
    env.ok(&["wait", &id]);
    id
}

fn logs_give_output_and_errors_back_on_their_streams(env: &TestEnv) {
    let id = ended(env, "echo out; echo err >&2; echo again");
    let output = env.run(&["logs", &id]);
    assert_eq!((output.ok().as_str(), output.stderr().as_str()), ("out\nagain", "err\n"));
    env.ok(&["rm", &id]);
}

fn logs_are_kept_after_the_end_and_from_start_to_start(env: &TestEnv) {
    let id = ended(env, "echo once");
    env.ok(&["start", "-a", &id]);
    assert_eq!(env.ok(&["logs", &id]), "once\nonce");
    env.ok(&["rm", &id]);
}

fn follow_shows_what_comes_and_ends_with_the_container(env: &TestEnv) {
    let script = "trap 'echo last; exit 0' TERM; trap 'echo second' USR1; echo ready; while :; do sleep 1000 & wait $!; done";
    let id = env.start_script(&[], script);
    let mut logs = env.cmd(&["logs", "-f", &id]).spawn();
    logs.read_until("ready\n");
    env.ok(&["kill", "-s", "USR1", &id]);
    logs.read_until("second\n");
    env.ok(&["stop", &id]);
    logs.wait().prints("ready\nsecond\nlast");
    env.ok(&["rm", &id]);
}

fn follow_of_what_has_ended_ends(env: &TestEnv) {
    let id = ended(env, "echo done");
    assert_eq!(env.ok(&["logs", "-f", &id]), "done");
    env.ok(&["rm", &id]);
}

fn follow_goes_on_over_many_readers(env: &TestEnv) {
    let id = env.start_script(&[], "echo ready; read line; i=0; while [ $i -lt 2000 ]; do i=$((i+1)); echo line $i; done; trap 'exit 0' TERM; while :; do sleep 1000 & wait $!; done");
    let mut readers: Vec<_> = (0..4).map(|_| env.cmd(&["logs", "-f", &id]).spawn()).collect();
    for reader in &mut readers {
        reader.read_until("line 2000\n");
    }
    env.ok(&["kill", &id]);
    env.ok(&["wait", &id]);
    for reader in readers {
        assert_eq!(reader.wait().ok().lines().count(), 2001);
    }
    env.ok(&["rm", &id]);
}

fn tail_shows_the_last_lines(env: &TestEnv) {
    let id = ended(env, "for i in 1 2 3 4 5; do echo $i; done; printf end");
    for (count, wanted) in [("0", ""), ("1", "end"), ("3", "4\n5\nend"), ("100", "1\n2\n3\n4\n5\nend")] {
        assert_eq!(env.ok(&["logs", "--tail", count, &id]), wanted, "--tail {count}");
    }
    assert_eq!(env.ok(&["logs", "-f", "--tail", "2", &id]), "5\nend");
    env.ok(&["rm", &id]);
}

fn long_and_unfinished_lines_come_back_whole(env: &TestEnv) {
    let script = "i=0; while [ $i -lt 5000 ]; do printf 0123456789abcdef; i=$((i+1)); done; echo; printf unfinished";
    let id = ended(env, script);
    let text = env.ok(&["logs", &id]);
    assert_eq!(text, format!("{}\nunfinished", "0123456789abcdef".repeat(5000)));
    env.ok(&["rm", &id]);
}

fn binary_output_comes_back_byte_by_byte(env: &TestEnv) {
    let id = ended(env, r"printf 'a\000b\r\n\377\376\n\n\033[1m'");
    let output = env.run(&["logs", &id]);
    output.ok();
    assert_eq!(output.stdout, b"a\0b\r\n\xff\xfe\n\n\x1b[1m");
    env.ok(&["rm", &id]);
}

fn a_megabyte_comes_back_whole(env: &TestEnv) {
    let id = ended(
        env,
        "i=0; while [ $i -lt 16384 ]; do echo 012345678901234567890123456789012345678901234567890123456789 $i; i=$((i+1)); done",
    );
    let lines = env.run(&["logs", &id]).lines();
    assert_eq!(lines.len(), 16384);
    assert!(lines.iter().enumerate().all(|(number, line)| line.ends_with(&format!(" {number}"))));
    env.ok(&["rm", &id]);
}

fn timestamps_are_rfc_3339_on_every_line(env: &TestEnv) {
    let id = ended(env, "echo one; echo two");
    let text = env.ok(&["logs", "-t", &id]);
    let lines: Vec<(&str, &str)> = text.lines().filter_map(|line| line.split_once(' ')).collect();
    assert_eq!(lines.iter().map(|(_, text)| *text).collect::<Vec<_>>(), ["one", "two"]);
    for (time, _) in lines {
        assert!(time.len() >= 20 && time.as_bytes()[10] == b'T' && time.starts_with("20"), "{text}");
    }
    env.ok(&["rm", &id]);
}

fn two_logs_may_be_asked_at_once(env: &TestEnv) {
    let (one, two) = (ended(env, "echo one"), ended(env, "echo two"));
    let text = env.ok(&["logs", &one, &two]);
    assert_eq!(text, format!("{} one\n{} two", &one[..12], &two[..12]));
    env.ok(&["rm", &one, &two]);
}

fn a_container_that_never_started_has_an_empty_log(env: &TestEnv) {
    env.busybox();
    let id = env.ok(&["create", "bb", "true"]);
    assert_eq!(env.ok(&["logs", &id]), "");
    env.ok(&["rm", &id]);
}

fn the_log_is_cri_text_in_the_containers_folder(env: &TestEnv) {
    let id = ended(env, "echo out; printf err >&2");
    let path = env.data().join("containers").join(&id).join("ctr.log");
    let text = std::fs::read_to_string(path).unwrap();
    let mut fields: Vec<Vec<&str>> = text.lines().map(|line| line.splitn(4, ' ').skip(1).collect()).collect();
    fields.sort_unstable();
    assert_eq!(fields, [["stderr", "P", "err"], ["stdout", "F", "out"]], "{text}");
    env.ok(&["rm", &id]);
}

fn without_a_reader_the_container_is_never_held_up(env: &TestEnv) {
    // Far more than any pipe or socket holds, with nobody attached.
    let id =
        ended(env, "i=0; while [ $i -lt 20000 ]; do echo 0123456789012345678901234567890123456789; i=$((i+1)); done; exit 9");
    assert_eq!(env.ok(&["wait", &id]), "9");
    env.ok(&["rm", &id]);
}

//! `run`: exit codes, streams, names, files of the container's identity.

use crate::harness::{Case, Need, TestEnv, case};
use std::collections::BTreeSet;

pub fn cases() -> Vec<Case> {
    let all = [
        case!(the_exit_code_is_the_commands_own),
        case!(a_signal_in_the_container_is_128_and_its_number),
        case!(a_command_that_does_not_exist_is_127),
        case!(a_command_that_is_not_executable_is_126).gap("crun's message does not name the command"),
        case!(a_folder_as_command_is_126).gap("crun's message does not name the command"),
        case!(an_unknown_option_is_125),
        case!(an_empty_value_is_as_no_option),
        case!(an_image_that_does_not_exist_is_125_and_named),
        case!(output_and_errors_stay_apart),
        case!(attach_names_the_streams_that_are_shown),
        case!(a_megabyte_of_output_arrives_whole),
        case!(the_last_bytes_before_the_end_arrive),
        case!(standard_input_reaches_the_command_with_i),
        case!(a_megabyte_of_input_arrives_whole),
        case!(without_i_the_command_reads_nothing),
        case!(detached_prints_the_id_and_nothing_else),
        case!(a_detached_command_that_fails_later_is_still_0),
        case!(a_detached_command_that_cannot_start_is_an_error_and_leaves_nothing_with_rm),
        case!(rm_removes_the_container_when_it_ends),
        case!(rm_of_a_detached_container_needs_no_command),
        case!(without_rm_the_container_stays),
        case!(a_name_in_use_is_125_and_the_holder_is_named),
        case!(a_name_is_free_again_after_rm),
        case!(a_bad_name_is_refused),
        case!(generated_names_are_adjective_surname),
        case!(the_cidfile_holds_the_full_id),
        case!(a_cidfile_that_exists_is_an_error),
        case!(the_hostname_is_the_short_id),
        case!(hostname_and_hosts_are_the_containers),
        case!(labels_are_kept_and_shown),
        case!(a_closed_standard_output_is_no_panic),
        case!(output_may_be_cut_off_by_the_reader),
        case!(create_and_start_are_run_in_two_steps),
        case!(twenty_at_once_all_succeed),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

fn the_exit_code_is_the_commands_own(env: &TestEnv) {
    for code in [0, 1, 7, 124, 125, 126, 127, 128, 255] {
        env.bb(&[], &["sh", "-c", &format!("exit {code}")]).code(code);
    }
}

fn a_signal_in_the_container_is_128_and_its_number(env: &TestEnv) {
    // Init is immune to signals of its own namespace; its child is not, and the shell passes the code on.
    env.bb(&[], &["sh", "-c", "sh -c 'kill -TERM $$'; exit $?"]).code(143);
    env.bb(&[], &["sh", "-c", "sh -c 'kill -KILL $$'; exit $?"]).code(137);
}

fn a_command_that_does_not_exist_is_127(env: &TestEnv) {
    env.bb(&[], &["/no/such/program"]).fails(127, &["/no/such/program"]);
    env.bb(&[], &["no-such-program"]).fails(127, &["no-such-program"]);
}

fn a_command_that_is_not_executable_is_126(env: &TestEnv) {
    env.bb(&[], &["/etc/passwd"]).fails(126, &["/etc/passwd"]);
}

fn a_folder_as_command_is_126(env: &TestEnv) {
    env.bb(&[], &["/etc"]).fails(126, &["/etc"]);
}

fn an_empty_value_is_as_no_option(env: &TestEnv) {
    let options = ["--hostname", "", "--memory", "", "--stop-signal", "", "--log-driver", "", "--shm-size", "", "--umask", ""];
    assert_eq!(env.sh(&options, "umask; [ $(hostname) != '' ] && echo named"), "0022\nnamed");
    env.bb(&["--platform", "", "--restart", "", "--sdnotify", "", "--systemd", ""], &["true"]).ok();
}

fn an_unknown_option_is_125(env: &TestEnv) {
    env.run(&["run", "--no-such-option", "bb"]).fails(125, &["--no-such-option"]);
}

fn an_image_that_does_not_exist_is_125_and_named(env: &TestEnv) {
    env.run(&["run", "--rm", "--pull", "never", "localhost/no-such-image", "true"]).fails(125, &["no-such-image"]);
}

fn output_and_errors_stay_apart(env: &TestEnv) {
    let output = env.bb(&[], &["sh", "-c", "echo out; echo err >&2"]);
    assert_eq!(output.ok(), "out");
    assert_eq!(output.stderr(), "err\n");
}

fn attach_names_the_streams_that_are_shown(env: &TestEnv) {
    let shown = |streams: &[&str], options: &[&str]| {
        let both = "cat; echo out; echo err >&2";
        let streams: Vec<&str> = streams.iter().flat_map(|stream| ["-a", stream]).collect();
        let output = env.bb(&[&streams, options].concat(), &["sh", "-c", both]);
        output.ok();
        (output.stdout(), output.stderr().trim_end().to_owned())
    };
    let is = |out: &str, err: &str| (out.to_owned(), err.to_owned());
    assert_eq!(shown(&["stdout"], &[]), is("out", ""));
    assert_eq!(shown(&["STDERR"], &[]), is("", "err"));
    assert_eq!(shown(&["stdout", "stderr"], &[]), is("out", "err"));
    let (id, nothing) = shown(&["stdin"], &["-i"]);
    assert!(id.len() == 64 && nothing.is_empty(), "{id}: {nothing}");
    env.bb(&["-a", "nosuch"], &["true"]).fails(125, &["nosuch"]);
    let name = "quiet";
    env.busybox();
    env.ok(&["run", "--name", name, "--network", "none", "-a", "stderr", "bb", "echo", "kept"]);
    assert_eq!(env.ok(&["logs", name]), "kept");
    env.ok(&["rm", name]);
}

fn a_megabyte_of_output_arrives_whole(env: &TestEnv) {
    let output = env.bb(&[], &["sh", "-c", "i=0; while [ $i -lt 16384 ]; do echo 0123456789012345678901234567890123456789012345678901234567890123; i=$((i+1)); done"]);
    output.ok();
    assert_eq!(output.stdout.len(), 16384 * 65);
}

fn the_last_bytes_before_the_end_arrive(env: &TestEnv) {
    for _ in 0..10 {
        let output = env.bb(&[], &["sh", "-c", "printf no-line-end; printf on-error >&2"]);
        assert_eq!((output.ok().as_str(), output.stderr().as_str()), ("no-line-end", "on-error"));
    }
}

fn standard_input_reaches_the_command_with_i(env: &TestEnv) {
    env.bb_cmd(&["-i"], &["cat"]).stdin("hello\n").run().prints("hello");
    env.bb_cmd(&["-i"], &["cat"]).stdin("").run().prints("");
}

fn a_megabyte_of_input_arrives_whole(env: &TestEnv) {
    let input: Vec<u8> = (0..1_048_576u32).map(|number| (number % 251) as u8).collect();
    let output = env.bb_cmd(&["-i"], &["cat"]).stdin(&input).run();
    output.ok();
    assert!(output.stdout == input, "{} bytes of {} came back", output.stdout.len(), input.len());
}

fn without_i_the_command_reads_nothing(env: &TestEnv) {
    env.bb_cmd(&[], &["cat"]).stdin("not for you\n").run().prints("");
}

fn detached_prints_the_id_and_nothing_else(env: &TestEnv) {
    env.busybox();
    let output = env.run(&["run", "-d", "--network", "none", "bb", "true"]);
    let id = output.ok();
    assert!(id.len() == 64 && id.chars().all(|digit| digit.is_ascii_hexdigit()), "{output}");
    assert_eq!(output.stderr(), "");
    env.ok(&["wait", &id]);
    env.ok(&["rm", &id]);
}

fn a_detached_command_that_fails_later_is_still_0(env: &TestEnv) {
    env.busybox();
    let id = env.ok(&["run", "-d", "--network", "none", "bb", "sh", "-c", "exit 9"]);
    assert_eq!(env.ok(&["wait", &id]), "9");
    env.ok(&["rm", &id]);
}

fn a_detached_command_that_cannot_start_is_an_error_and_leaves_nothing_with_rm(env: &TestEnv) {
    env.busybox();
    env.run(&["run", "-d", "--rm", "--network", "none", "bb", "/no/such"]).fails(127, &["/no/such"]);
    assert_eq!(env.ok(&["ps", "-a", "-q"]), "");
}

fn rm_removes_the_container_when_it_ends(env: &TestEnv) {
    env.bb(&["--name", "gone"], &["false"]).code(1);
    assert_eq!(env.ok(&["ps", "-a", "-q"]), "");
    env.run(&["inspect", "gone"]).fails(125, &["gone"]);
}

fn rm_of_a_detached_container_needs_no_command(env: &TestEnv) {
    env.busybox();
    let id = env.ok(&["run", "-d", "--rm", "--network", "none", "bb", "sh", "-c", "read line </dev/null; exit 3"]);
    let waited = env.run(&["wait", &id]);
    // It may be gone before `wait` looks; then the name is unknown, and nothing else.
    assert!(waited.stdout() == "3" || waited.stderr().contains(&id[..12]), "{waited}");
}

fn without_rm_the_container_stays(env: &TestEnv) {
    env.busybox();
    env.run(&["run", "--name", "stays", "--network", "none", "bb", "sh", "-c", "exit 4"]).code(4);
    assert_eq!(env.field("stays", "{{.State.Status}} {{.State.ExitCode}}"), "exited 4");
    env.ok(&["rm", "stays"]);
}

fn a_name_in_use_is_125_and_the_holder_is_named(env: &TestEnv) {
    env.busybox();
    let id = env.ok(&["create", "--name", "taken", "bb", "true"]);
    env.run(&["run", "--name", "taken", "bb", "true"]).fails(125, &["taken", "in use", &id[..12]]);
    assert_eq!(env.ok(&["ps", "-a", "-q", "--no-trunc"]), id);
    env.ok(&["rm", "taken"]);
}

fn a_name_is_free_again_after_rm(env: &TestEnv) {
    for _ in 0..3 {
        env.bb(&["--name", "again"], &["true"]).code(0);
    }
}

/// T77.
fn a_bad_name_is_refused(env: &TestEnv) {
    env.busybox();
    for name in ["../up", "a/b", "a b", "-", "a\nb", ".hidden"] {
        let output = env.run(&["create", &format!("--name={name}"), "bb", "true"]);
        output.fails(125, &["name"]);
    }
}

fn generated_names_are_adjective_surname(env: &TestEnv) {
    env.busybox();
    let ids: Vec<String> = (0..4).map(|_| env.ok(&["create", "bb", "true"])).collect();
    let mut names = BTreeSet::new();
    for id in &ids {
        let name = env.field(id, "{{.Name}}");
        let parts: Vec<&str> = name.split('_').collect();
        let plain = |part: &&str| !part.is_empty() && part.chars().all(|letter| letter.is_ascii_lowercase());
        assert!(parts.len() == 2 && parts.iter().all(plain), "{name:?}");
        names.insert(name);
    }
    assert_eq!(names.len(), ids.len());
    for id in &ids {
        env.ok(&["rm", id]);
    }
}

fn the_cidfile_holds_the_full_id(env: &TestEnv) {
    env.busybox();
    let id = env.ok(&["create", "--cidfile", "cid", "bb", "true"]);
    assert_eq!(std::fs::read_to_string(env.work().join("cid")).unwrap().trim_end(), id);
    env.ok(&["rm", &id]);
}

fn a_cidfile_that_exists_is_an_error(env: &TestEnv) {
    let path = env.file("cid", "old");
    env.bb(&["--cidfile", &path], &["true"]).fails(125, &["cid"]);
    assert_eq!(std::fs::read_to_string(path).unwrap(), "old");
}

fn the_hostname_is_the_short_id(env: &TestEnv) {
    env.busybox();
    let id = env.ok(&["create", "--network", "none", "bb", "hostname"]);
    assert_eq!(env.ok(&["start", "-a", &id]), id[..12]);
    env.ok(&["rm", &id]);
}

fn hostname_and_hosts_are_the_containers(env: &TestEnv) {
    let text = env.sh(&[], "hostname; echo $(cat /etc/hostname); cat /etc/hosts");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], lines[1]);
    let local = |line: &&str| line.split_whitespace().next() == Some("127.0.0.1") && line.contains("localhost");
    assert!(lines.iter().any(local), "{text}");
    assert!(
        lines[2..].iter().any(|line| line.split_whitespace().any(|word| word == lines[0])),
        "no line for {}: {text}",
        lines[0]
    );
}

fn labels_are_kept_and_shown(env: &TestEnv) {
    env.busybox();
    let id = env.ok(&["create", "--label", "one=1", "-l", "two=a b=c", "--label", "bare", "bb", "true"]);
    let labels = env.field(&id, "{{json .Config.Labels}}");
    let labels: serde_json::Value = serde_json::from_str(&labels).unwrap();
    assert_eq!((&labels["one"], &labels["two"], &labels["bare"]), (&"1".into(), &"a b=c".into(), &"".into()));
    env.ok(&["rm", &id]);
}

fn a_closed_standard_output_is_no_panic(env: &TestEnv) {
    env.busybox();
    for args in [&["ps", "-a"][..], &["images"], &["run", "--rm", "--network", "none", "bb", "echo", "hi"]] {
        let front = ["sh", "-c", "\"$@\" >&-", "sh"];
        let output = env.cmd(args).behind(&front).run();
        assert!((0..=126).contains(&output.code), "{output}");
    }
}

fn output_may_be_cut_off_by_the_reader(env: &TestEnv) {
    let mut running = env.bb_cmd(&[], &["sh", "-c", "while :; do echo y; done"]).spawn();
    running.read_until("y\ny\n");
    running.close_stdout();
    let output = running.wait();
    assert!(output.code != 0, "{output}");
    // The container may go on, as it does when the command is killed; then it is there to be seen and removed.
    for id in env.ok(&["ps", "-q"]).lines() {
        env.remove(&[id]);
    }
}

fn create_and_start_are_run_in_two_steps(env: &TestEnv) {
    env.busybox();
    let id = env.ok(&["create", "--name", "two", "--network", "none", "bb", "sh", "-c", "echo started; exit 5"]);
    assert_eq!(env.field("two", "{{.State.Status}}"), "created");
    let output = env.run(&["start", "--attach", "two"]).code(5);
    assert_eq!(output.stdout(), "started");
    env.run(&["start", "-a", &id]).code(5);
    assert_eq!(env.ok(&["logs", "two"]), "started\nstarted");
    env.ok(&["rm", "two"]);
}

fn twenty_at_once_all_succeed(env: &TestEnv) {
    env.busybox();
    let running: Vec<_> = (0..20).map(|number| env.bb_cmd(&[], &["echo", &number.to_string()]).spawn()).collect();
    for (number, running) in running.into_iter().enumerate() {
        running.wait().prints(&number.to_string());
    }
}

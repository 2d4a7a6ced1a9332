//! `--log-driver` and `--log-opt`.

use crate::harness::{Case, Need, TestEnv, case};

pub fn cases() -> Vec<Case> {
    let all = [
        case!(a_log_is_bounded_by_its_size_and_keeps_the_newest_lines).gap("podman 4 keeps one file and loses what was in it"),
        case!(files_of_a_log_turn_and_are_read_as_one).gap("podman has no max-file"),
        case!(follow_goes_on_when_files_turn).gap("podman has no max-file"),
        case!(the_last_lines_are_found_across_files).gap("podman has no max-file"),
        case!(a_log_may_lie_elsewhere),
        case!(json_file_is_another_name_of_k8s_file),
        case!(without_a_log_there_is_nothing_to_show),
        case!(passthrough_gives_the_program_our_own_streams),
        case!(without_journald_the_driver_says_what_to_use).only_ours("podman starts and loses the log"),
        case!(an_option_that_the_driver_does_not_know_is_refused).gap("podman takes no notice of it"),
        case!(logs_of_the_newest_container_and_in_colour).gap("podman 4 colours the whole line"),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

/// Runs a script to its end with these options; returns the container's id.
#[track_caller]
fn ended(env: &TestEnv, options: &[&str], script: &str) -> String {
    env.busybox();
    let args: Vec<&str> = [&["run", "-d", "--network", "none"], options, &["bb", "sh", "-c", script]].concat();
    let id = env.ok(&args);
    env.ok(&["wait", &id]);
    id
}

/// Writes so many numbered lines.
fn count(lines: u32) -> String {
    format!("i=0; while [ $i -lt {lines} ]; do i=$((i+1)); echo line $i; done")
}

fn log_files(env: &TestEnv, id: &str) -> Vec<(String, u64)> {
    let folder = env.data().join("containers").join(id);
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(Result::unwrap)
        .map(|entry| (entry.file_name().into_string().unwrap(), entry.metadata().unwrap().len()))
        .filter(|(name, _)| name.starts_with("ctr.log"))
        .collect();
    files.sort();
    files
}

fn a_log_is_bounded_by_its_size_and_keeps_the_newest_lines(env: &TestEnv) {
    let id = ended(env, &["--log-opt", "max-size=20kb"], &count(3000));
    let files = log_files(env, &id);
    assert!(files.iter().map(|(_, size)| size).sum::<u64>() <= 20_000, "{files:?}");
    let lines = env.run(&["logs", &id]).lines();
    assert!(lines.len() >= 100, "half of the size is always kept: {} lines", lines.len());
    let first = 3000 - lines.len() + 1;
    assert!(lines.iter().zip(first..).all(|(line, number)| *line == format!("line {number}")), "{lines:?}");
    assert_eq!(env.field(&id, "{{.HostConfig.LogConfig.Size}}"), "20kB");
    env.ok(&["rm", &id]);
}

fn files_of_a_log_turn_and_are_read_as_one(env: &TestEnv) {
    let options = ["--log-opt", "max-size=10kb", "--log-opt", "max-file=3"];
    let id = ended(env, &options, &count(400));
    let names: Vec<_> = log_files(env, &id).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["ctr.log", "ctr.log.1", "ctr.log.2"]);
    let wanted: Vec<_> = (1..=400).map(|number| format!("line {number}")).collect();
    assert_eq!(env.run(&["logs", &id]).lines(), wanted);
    // From start to start, too: the oldest file goes.
    env.ok(&["start", "-a", &id]);
    let lines = env.run(&["logs", &id]).lines();
    assert_eq!(lines[lines.len() - 400..], wanted);
    assert!(lines.len() < 800);
    env.ok(&["rm", &id]);
}

/// R49.
fn follow_goes_on_when_files_turn(env: &TestEnv) {
    let script = format!("echo ready; read go; {}; trap 'exit 0' TERM; while :; do sleep 1000 & wait $!; done", count(4000));
    let id = env.start_script(&["-i", "--log-opt", "max-size=4kb", "--log-opt", "max-file=200"], &script);
    let mut logs = env.cmd(&["logs", "-f", &id]).spawn();
    logs.read_until("ready\n");
    let mut attached = env.cmd(&["attach", &id]).spawn();
    attached.write(b"go\n");
    logs.read_until("line 4000\n");
    env.remove(&[&id]);
    drop(attached);
    let text = logs.wait().stdout();
    let wanted: String = ["ready\n".to_owned()].into_iter().chain((1..=4000).map(|number| format!("line {number}\n"))).collect();
    assert_eq!(text, wanted.trim_end());
}

fn the_last_lines_are_found_across_files(env: &TestEnv) {
    let id = ended(env, &["--log-opt", "max-size=1kb", "--log-opt", "max-file=20"], &count(100));
    for lines in [1, 10, 30, 70] {
        let wanted: Vec<_> = (100 - lines + 1..=100).map(|number| format!("line {number}")).collect();
        assert_eq!(env.run(&["logs", "--tail", &lines.to_string(), &id]).lines(), wanted);
    }
    env.ok(&["rm", &id]);
}

fn a_log_may_lie_elsewhere(env: &TestEnv) {
    let path = env.work().join("own.log").to_string_lossy().into_owned();
    let id = ended(env, &["--log-opt", &format!("path={path}")], "echo here");
    assert_eq!(env.ok(&["logs", &id]), "here");
    assert!(std::fs::read_to_string(&path).unwrap().contains("here"));
    assert_eq!(env.field(&id, "{{.HostConfig.LogConfig.Path}}"), path);
    env.ok(&["rm", &id]);
}

fn json_file_is_another_name_of_k8s_file(env: &TestEnv) {
    let id = ended(env, &["--log-driver", "json-file"], "echo here");
    assert_eq!(env.ok(&["logs", &id]), "here");
    env.ok(&["rm", &id]);
}

fn without_a_log_there_is_nothing_to_show(env: &TestEnv) {
    let id = ended(env, &["--log-driver", "none"], "echo here");
    env.run(&["logs", &id]).fails(125, &["none"]);
    assert_eq!(env.field(&id, "{{.HostConfig.LogConfig.Type}}"), "none");
    env.ok(&["rm", &id]);
}

fn passthrough_gives_the_program_our_own_streams(env: &TestEnv) {
    let script = "cat; echo out; echo err >&2; exit 4";
    let output = env.bb_cmd(&["--log-driver", "passthrough"], &["sh", "-c", script]).stdin("in\n").run();
    assert_eq!((output.stdout().as_str(), output.stderr().as_str()), ("in\nout", "err\n"));
    output.code(4);
}

fn without_journald_the_driver_says_what_to_use(env: &TestEnv) {
    if std::path::Path::new("/run/systemd/journal/socket").exists() {
        let id = ended(env, &["--log-driver", "journald"], "echo here");
        env.ok(&["rm", &id]);
        return;
    }
    env.bb(&["--log-driver", "journald"], &["true"]).fails(125, &["journald", "--log-driver k8s-file"]);
}

fn an_option_that_the_driver_does_not_know_is_refused(env: &TestEnv) {
    for (options, words) in [
        (["--log-opt", "compress=true"], "max-size"),
        (["--log-opt", "tag=x"], "journald"),
        (["--log-opt", "max-file=3"], "max-size"),
        (["--log-driver", "splunk"], "k8s-file"),
    ] {
        env.bb(&options, &["true"]).fails(125, &[words]);
    }
}

fn logs_of_the_newest_container_and_in_colour(env: &TestEnv) {
    let one = ended(env, &["--name", "one"], "echo 1");
    let two = ended(env, &["--name", "two"], "echo 2");
    assert_eq!(env.ok(&["logs", "-l"]), "2");
    let text = env.ok(&["logs", "--color", "-n", "one", "two"]);
    assert_eq!(text, "\u{1b}[36mone\u{1b}[0m 1\n\u{1b}[33mtwo\u{1b}[0m 2");
    env.ok(&["rm", &one, &two]);
}

//! runtime.md: states and operations.

use super::{Bundle, cmd};
use crate::harness::{Case, TestEnv, case};
use serde_json::json;

pub fn cases() -> Vec<Case> {
    vec![
        case!(a_container_goes_through_its_states),
        case!(an_operation_in_the_wrong_state_has_no_effect),
        case!(what_does_not_exist_is_an_error),
        case!(an_id_is_taken_once_and_free_after_delete),
        case!(the_configuration_counts_as_it_was_when_created),
        case!(a_configuration_that_cannot_be_leaves_nothing),
        case!(the_program_is_looked_for_by_create),
        case!(a_killed_create_leaves_no_process_and_its_id_is_free),
        case!(the_pid_file_holds_inits_pid),
        case!(options_stand_before_and_behind_the_id),
        case!(a_signal_reaches_the_program),
        case!(pause_and_resume_show_in_the_state),
        case!(lists_and_features_are_json),
        case!(errors_go_to_the_log_too),
        case!(a_configuration_to_begin_with_runs),
        case!(the_tool_by_another_name_is_the_runtime),
        case!(nothing_of_the_tool_is_left_in_the_container),
        case!(limits_reach_the_cgroup_and_are_updated).needs(&[crate::harness::Need::Cgroup]),
    ]
}

fn a_container_goes_through_its_states(env: &TestEnv) {
    let bundle = Bundle::script(env, "echo started; sleep 1000").set("/annotations", json!({"a.b": "c"}));
    bundle.create().ok();
    let state = bundle.state();
    assert_eq!(state["id"], "c1");
    assert_eq!(state["status"], "created");
    assert_eq!(state["bundle"], bundle.folder().to_string_lossy().as_ref());
    assert_eq!(state["annotations"], json!({"a.b": "c"}));
    assert!(state["ociVersion"].as_str().is_some_and(|version| version.starts_with("1.")), "{state}");
    let pid = state["pid"].as_i64().expect("a pid");
    assert!(std::path::Path::new(&format!("/proc/{pid}")).exists());
    assert_eq!(bundle.out(), "", "the program must not run before start");
    bundle.start().ok();
    assert_eq!(bundle.status(), "running");
    assert_eq!(bundle.state()["pid"].as_i64(), Some(pid));
    bundle.exec(&["sh", "-c", "until grep -q ^sleep /proc/*/cmdline; do :; done"]).ok();
    assert_eq!(bundle.out(), "started\n");
    bundle.on(&["kill"], &["KILL"]).ok();
    crate::harness::wait_gone(i32::try_from(pid).expect("a pid"));
    assert_eq!(bundle.status(), "stopped");
    bundle.on(&["delete"], &[]).ok();
    bundle.on(&["state"], &[]).fails(1, &["does not exist"]);
}

fn an_operation_in_the_wrong_state_has_no_effect(env: &TestEnv) {
    let bundle = Bundle::new(env, &["sleep", "1000"]);
    bundle.create().ok();
    bundle.exec(&["true"]).fails(1, &["created"]);
    bundle.on(&["delete"], &[]).fails(1, &["created"]);
    bundle.on(&["resume"], &[]).fails(1, &["created"]);
    assert_eq!(bundle.status(), "created");
    bundle.start().ok();
    bundle.start().fails(1, &["running"]);
    bundle.on(&["delete"], &[]).fails(1, &["running"]);
    assert_eq!(bundle.status(), "running");
    let pid = bundle.state()["pid"].as_i64().and_then(|pid| i32::try_from(pid).ok()).expect("a pid");
    bundle.on(&["kill"], &["9"]).ok();
    crate::harness::wait_gone(pid);
    for verb in ["start", "kill", "pause", "resume"] {
        bundle.on(&[verb], &[]).fails(1, &["stopped"]);
    }
    bundle.exec(&["true"]).fails(1, &["stopped"]);
    assert_eq!(bundle.status(), "stopped");
    bundle.on(&["delete"], &[]).ok();
}

fn what_does_not_exist_is_an_error(env: &TestEnv) {
    for verb in ["state", "start", "kill", "delete", "pause", "resume", "ps"] {
        assert_eq!(cmd(env, &[verb, "nosuch"]).run().code, 1, "{verb}");
        assert_ne!(cmd(env, &[verb]).run().code, 0, "{verb} without an id");
    }
    cmd(env, &["delete", "--force", "nosuch"]).run().ok();
    let bundle = Bundle::new(env, &["true"]);
    bundle.write();
    let folder = bundle.folder().to_string_lossy().into_owned();
    for id in ["a/b", "..", ".", "a b", ""] {
        assert_ne!(cmd(env, &["create", "--bundle", &folder, id]).run().code, 0, "{id:?}");
    }
    cmd(env, &["create", "--bundle", "/nosuch", "a"]).run().fails(1, &["/nosuch"]);
    cmd(env, &["state", "a"]).run().fails(1, &["does not exist"]);
}

fn an_id_is_taken_once_and_free_after_delete(env: &TestEnv) {
    let bundle = Bundle::new(env, &["sleep", "1000"]);
    bundle.create().ok();
    let pid = bundle.state()["pid"].clone();
    bundle.create().fails(1, &["exists"]);
    assert_eq!(bundle.state()["pid"], pid);
    bundle.delete();
    bundle.create().ok();
    bundle.delete();
}

fn the_configuration_counts_as_it_was_when_created(env: &TestEnv) {
    let bundle = Bundle::script(env, "echo first; hostname; sleep 1000");
    bundle.create().ok();
    std::fs::write(bundle.folder().join("config.json"), "{}").expect("write");
    bundle.start().ok();
    bundle.exec(&["sh", "-c", "until grep -q ^sleep /proc/*/cmdline; do :; done"]).ok();
    assert_eq!(bundle.out(), "first\nbundle\n");
    bundle.delete();
}

fn a_configuration_that_cannot_be_leaves_nothing(env: &TestEnv) {
    let table = [
        ("/ociVersion", json!("3.0.0"), "ociVersion"),
        ("/root/path", json!("nowhere"), "root.path"),
        ("/process/rlimits", json!([{"type": "RLIMIT_NOSUCH", "soft": 1, "hard": 1}]), "RLIMIT_NOSUCH"),
        ("/linux/namespaces", json!([{"type": "mount"}, {"type": "mount"}]), "namespaces"),
        ("/linux/namespaces", json!([{"type": "mount"}, {"type": "uts", "path": "/proc/self/ns/ipc"}]), "uts"),
        ("/linux/namespaces", json!([{"type": "mount"}, {"type": "uts", "path": "/nosuch"}]), "nosuch"),
        ("/linux/sysctl", json!({"kernel.panic": "1"}), "kernel.panic"),
        ("/linux/intelRdt", json!({"closID": "a"}), "intelRdt"),
        ("/linux/resources", json!({"memory": {"swappiness": 7}}), "swappiness"),
        ("/linux/seccomp", json!({"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "x"}), "listenerPath"),
        ("/mounts", json!([{"destination": "/x", "type": "nosuchfs", "source": "x"}]), "nosuchfs"),
        ("/mounts", json!([{"destination": "/x", "source": "/nosuch", "options": ["bind"]}]), "nosuch"),
        ("/linux/devices", json!([{"path": "/dev/x", "type": "c", "major": 999, "minor": 9}]), "999:9"),
    ];
    for (pointer, value, word) in table {
        let bundle = Bundle::new(env, &["true"]).set(pointer, value);
        bundle.create().fails(1, &[word]);
        bundle.on(&["state"], &[]).fails(1, &["does not exist"]);
    }
}

fn the_program_is_looked_for_by_create(env: &TestEnv) {
    for (program, word) in [("/nosuch", "No such file"), ("nosuch", "No such file"), ("/bin", "Permission denied")] {
        Bundle::new(env, &[program]).create().fails(1, &[program, word]);
    }
    // The specification lets a container be created without one.
    let mut bundle = Bundle::new(env, &["true"]);
    bundle.config.as_object_mut().expect("an object").remove("process");
    bundle.create().ok();
    bundle.start().fails(1, &["process"]);
    bundle.delete();
}

fn a_killed_create_leaves_no_process_and_its_id_is_free(env: &TestEnv) {
    let bundle = Bundle::new(env, &["sleep", "1000"])
        .set("/hooks", json!({"createRuntime": [{"path": "/bin/sh", "args": ["sh", "-c", "kill -KILL $PPID"]}]}));
    assert_ne!(bundle.create().code, 0);
    let good = Bundle::new(env, &["true"]);
    good.up();
    good.wait_stopped();
    good.delete();
}

fn the_pid_file_holds_inits_pid(env: &TestEnv) {
    let bundle = Bundle::new(env, &["sleep", "1000"]);
    bundle.write();
    let (folder, file) = (bundle.folder().to_string_lossy().into_owned(), env.work().join("pid"));
    let file_name = file.to_string_lossy().into_owned();
    let script = "exec \"$0\" \"$@\" </dev/null >/dev/null 2>&1";
    let (program, mut args) = super::runtime(env);
    args.extend(["create", "--bundle", &folder, "--pid-file", &file_name, "c1"].map(str::to_owned));
    let words: Vec<&str> = ["-c", script, &program].into_iter().chain(args.iter().map(String::as_str)).collect();
    env.host("sh", &words).run().ok();
    assert_eq!(std::fs::read_to_string(&file).expect("the pid file"), bundle.state()["pid"].to_string());
    bundle.start().ok();
    let second = env.work().join("pid2").to_string_lossy().into_owned();
    bundle.cmd(&["exec", "--pid-file", &second, "c1", "true"]).run().ok();
    assert!(std::fs::read_to_string(&second).expect("the pid file").parse::<i32>().is_ok());
    bundle.delete();
}

fn options_stand_before_and_behind_the_id(env: &TestEnv) {
    let bundle = Bundle::new(env, &["echo", "hi"]);
    bundle.write();
    let folder = bundle.folder().to_string_lossy().into_owned();
    bundle.cmd(&["run", "c1", "--bundle", &folder]).run().prints("hi");
    bundle.cmd(&["run", "-b", &folder, "c1"]).run().prints("hi");
    let tool = env.tool().to_string_lossy().into_owned();
    let root = env.runtime().join("oci").to_string_lossy().into_owned();
    env.host(&tool, &["oci", "run", "c1", "--bundle", &folder, "--root", &root, "--log-format", "json"]).run().prints("hi");
}

fn a_signal_reaches_the_program(env: &TestEnv) {
    let bundle =
        Bundle::script(env, "trap 'echo usr1' USR1; trap 'echo term; exit 0' TERM; echo ready; while :; do sleep 0.01; done");
    bundle.up();
    let wait_for = |text: &str| {
        let script = format!("until grep -q {text} out; do sleep 0.01; done");
        env.host("sh", &["-c", &format!("cd c1 && {script}")]).run().ok();
    };
    wait_for("ready");
    bundle.on(&["kill"], &["USR1"]).ok();
    wait_for("usr1");
    let pid = bundle.state()["pid"].as_i64().and_then(|pid| i32::try_from(pid).ok()).expect("a pid");
    bundle.on(&["kill"], &[]).ok();
    crate::harness::wait_gone(pid);
    assert_eq!(bundle.out(), "ready\nusr1\nterm\n");
    bundle.on(&["kill"], &["NOSUCH"]).fails(1, &["NOSUCH"]);
    bundle.on(&["delete"], &[]).ok();
}

fn pause_and_resume_show_in_the_state(env: &TestEnv) {
    let bundle = Bundle::new(env, &["sleep", "1000"]);
    bundle.up();
    bundle.on(&["pause"], &[]).ok();
    assert_eq!(bundle.status(), "paused");
    bundle.on(&["pause"], &[]).fails(1, &["paused"]);
    bundle.exec(&["true"]).fails(1, &["paused"]);
    bundle.on(&["resume"], &[]).ok();
    assert_eq!(bundle.status(), "running");
    bundle.exec(&["true"]).ok();
    bundle.delete();
}

fn lists_and_features_are_json(env: &TestEnv) {
    let bundle = Bundle::new(env, &["sleep", "1000"]);
    bundle.up();
    let parse = |text: String| serde_json::from_str::<serde_json::Value>(&text).expect("JSON");
    let list = parse(cmd(env, &["list", "--format", "json"]).run().ok());
    assert_eq!(list[0]["id"], "c1");
    assert_eq!(cmd(env, &["list", "-q"]).run().ok(), "c1");
    let pids = parse(bundle.on(&["ps", "--format", "json"], &[]).ok());
    assert_eq!(pids, json!([bundle.state()["pid"]]));
    let features = parse(cmd(env, &["features"]).run().ok());
    assert_eq!(features["ociVersionMin"], "1.0.0");
    let has = |pointer: &str, word: &str| {
        features.pointer(pointer).and_then(|list| list.as_array()).is_some_and(|list| list.contains(&json!(word)))
    };
    assert!(has("/hooks", "startContainer") && has("/mountOptions", "rro") && has("/linux/namespaces", "time"), "{features}");
    bundle.delete();
}

fn errors_go_to_the_log_too(env: &TestEnv) {
    let log = env.work().join("log").to_string_lossy().into_owned();
    cmd(env, &["--log", &log, "--log-format", "json", "state", "nosuch"]).run().fails(1, &["nosuch"]);
    let line = std::fs::read_to_string(&log).expect("the log");
    let entry: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(entry["level"], "error");
    assert!(entry["msg"].as_str().is_some_and(|text| text.contains("nosuch does not exist")), "{entry}");
}

fn a_configuration_to_begin_with_runs(env: &TestEnv) {
    let bundle = Bundle::new(env, &["true"]);
    let folder = bundle.folder().to_string_lossy().into_owned();
    cmd(env, &["--rootless=true", "spec", "--bundle", &folder]).run().ok();
    cmd(env, &["spec", "--bundle", &folder]).run().fails(1, &["config.json"]);
    let path = bundle.folder().join("config.json");
    let mut config: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).expect("read")).expect("JSON");
    config["process"]["terminal"] = json!(false);
    config["process"]["args"] = json!(["id", "-u"]);
    std::fs::write(&path, config.to_string()).expect("write");
    bundle.cmd(&["run", "--bundle", &folder, "c1"]).run().prints("0");
}

fn the_tool_by_another_name_is_the_runtime(env: &TestEnv) {
    let link = env.work().join("coracle-oci");
    std::os::unix::fs::symlink(env.tool(), &link).expect("a link");
    let link = link.to_string_lossy().into_owned();
    let text = env.host(&link, &["--version"]).run().ok();
    assert!(text.starts_with("coracle-oci version ") && text.contains("\nspec: 1."), "{text}");
    let bundle = Bundle::new(env, &["echo", "hi"]);
    bundle.write();
    let folder = bundle.folder().to_string_lossy().into_owned();
    env.host(&link, &["run", "--bundle", &folder, "c1"]).run().prints("hi");
}

fn nothing_of_the_tool_is_left_in_the_container(env: &TestEnv) {
    let look = "ls /proc/self/fd | wc -l; readlink /proc/1/exe; ls /proc/1/fd; cat /proc/1/environ | tr '\\0' '\\n'";
    let bundle = Bundle::script(env, look);
    // The list itself is the fourth.
    let text = bundle.run().ok();
    assert_eq!(text, "4\n/bin/sh\n0\n1\n2\nPATH=/bin:/usr/bin:/sbin\nHOME=/root", "{text}");
    let bundle = Bundle::new(env, &["sleep", "1000"]);
    bundle.up();
    assert_eq!(bundle.exec(&["ls", "/proc/self/fd"]).ok(), "0\n1\n2\n3");
    bundle.delete();
}

fn limits_reach_the_cgroup_and_are_updated(env: &TestEnv) {
    let bundle = Bundle::new(env, &["sleep", "1000"]).set("/linux/resources", json!({"unified": {"cgroup.max.depth": "7"}}));
    bundle.up();
    let folder = std::fs::read_to_string(format!("/proc/{}/cgroup", bundle.state()["pid"])).expect("its cgroup");
    let path = folder.lines().find_map(|line| line.strip_prefix("0::")).expect("a cgroup v2").to_owned();
    assert!(path.ends_with("/coracle-oci-c1"), "{path}");
    let mount =
        if std::path::Path::new("/sys/fs/cgroup/cgroup.procs").exists() { "/sys/fs/cgroup" } else { "/sys/fs/cgroup/unified" };
    let depth = || std::fs::read_to_string(format!("{mount}{path}/cgroup.max.depth")).expect("the file");
    assert_eq!(depth(), "7\n");
    bundle.on(&["update", "--resources", "-"], &[]).fails(1, &["JSON"]);
    let text = r#"{"unified":{"cgroup.max.depth":"9"}}"#;
    bundle.cmd(&["update", "--resources", "-", "c1"]).stdin(text).run().ok();
    assert_eq!(depth(), "9\n");
    bundle.delete();
    assert!(!std::path::Path::new(&format!("{mount}{path}")).exists());
}

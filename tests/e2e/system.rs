//! `info`, `version`, `system reset`.

use crate::harness::{Case, Need, TestEnv, case};

pub fn cases() -> Vec<Case> {
    let all = [
        case!(the_fields_that_scripts_ask_for_are_there),
        case!(the_text_and_the_json_say_the_same),
        case!(the_version_has_a_format),
        case!(a_reset_leaves_nothing).only_ours("our folders"),
        case!(a_reset_asks_first).only_ours("our folders"),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

fn the_fields_that_scripts_ask_for_are_there(env: &TestEnv) {
    let id = env.start(&[]);
    env.ok(&["create", "bb", "true"]);
    let field = |format: &str| env.ok(&["info", "--format", format]);
    assert_eq!(field("{{.Host.Security.Rootless}} {{.Host.OS}} {{.Host.ServiceIsRemote}}"), "true linux false");
    assert_eq!(field("{{.Host.CgroupsVersion}}").chars().next(), Some('v'));
    assert!(field("{{.Store.GraphRoot}}").starts_with(&*env.path().to_string_lossy()));
    assert_eq!(field("{{.Store.ImageStore.Number}}"), "1");
    let counts = field("{{.Store.ContainerStore.Number}} {{.Store.ContainerStore.Running}} {{.Store.ContainerStore.Stopped}}");
    assert_eq!(counts, "2 1 1");
    for format in [
        "{{.Host.Arch}}",
        "{{.Host.Kernel}}",
        "{{.Host.Hostname}}",
        "{{.Host.Distribution.Distribution}}",
        "{{.Host.OCIRuntime.Name}}",
        "{{.Host.RemoteSocket.Path}}",
        "{{.Store.GraphDriverName}}",
        "{{.Store.RunRoot}}",
        "{{.Version.Version}}",
        "{{range .Host.IDMappings.UIDMap}}{{.HostID}} {{end}}",
    ] {
        assert!(!field(format).is_empty(), "{format}");
    }
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").expect("a kernel");
    assert_eq!(field("{{.Host.Kernel}}"), kernel.trim());
    let all = env.run(&["ps", "-a", "-q", "--no-trunc"]).lines();
    env.remove(&all.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(all.contains(&id));
}

fn the_text_and_the_json_say_the_same(env: &TestEnv) {
    let json: serde_json::Value = serde_json::from_str(&env.ok(&["info", "-f", "json"])).expect("JSON");
    let driver = json["store"]["graphDriverName"].as_str().expect("a text");
    let text = env.ok(&["system", "info"]);
    assert!(text.starts_with("host:\n") && text.contains(&format!("  graphDriverName: {driver}\n")), "{text}");
    assert_eq!(json["host"]["security"]["rootless"], true);
    assert!(json["host"]["idMappings"]["uidmap"][0]["host_id"].is_number());
}

fn the_version_has_a_format(env: &TestEnv) {
    let version = env.ok(&["version", "--format", "{{.Client.Version}}"]);
    assert!(version.starts_with(|c: char| c.is_ascii_digit()), "{version}");
    let text = env.ok(&["version"]);
    assert!(text.lines().any(|line| line.starts_with("Version:") && line.ends_with(&version)), "{text}");
}

fn a_reset_leaves_nothing(env: &TestEnv) {
    let id = env.start_script(&["--name", "base"], "touch /a; chown 5:5 /a; mkdir /d; chmod 0 /d; echo ready; sleep 1000");
    env.ok(&["create", "--name", "top", "--requires", "base", "bb", "true"]);
    let pid = env.init_pid(&id);
    env.ok(&["system", "reset", "-f"]);
    assert!(!env.data().exists(), "{}", env.data().display());
    let left: Vec<_> = std::fs::read_dir(env.runtime()).expect("readable").flatten().map(|entry| entry.path()).collect();
    assert!(left.is_empty(), "{left:?}");
    assert!(!crate::harness::program::is_alive(pid));
    env.run(&["ps", "-a", "-q"]).prints("");
}

fn a_reset_asks_first(env: &TestEnv) {
    env.busybox();
    let output = env.cmd(&["system", "reset"]).stdin("n\n").run();
    output.ok();
    assert!(output.stderr().contains(&*env.data().to_string_lossy()), "{output}");
    env.ok(&["image", "exists", "bb"]);
}

//! config.md "POSIX-platform Hooks".

use super::Bundle;
use crate::harness::{Case, TestEnv, case};
use serde_json::{Value, json};

pub fn cases() -> Vec<Case> {
    vec![
        case!(hooks_run_in_their_order_and_namespaces),
        case!(hooks_read_the_state),
        case!(a_failing_hook_stops_what_it_stands_before),
        case!(a_hook_ends_in_its_time),
        case!(a_hook_has_its_arguments_and_its_environment),
        case!(a_hook_has_the_callers_umask),
        case!(a_hook_that_cannot_be_executed_says_why),
    ]
}

/// A hook that runs a script on the host.
fn hook(script: &str) -> Value {
    json!([{"path": "/bin/sh", "args": ["sh", "-c", script], "env": ["PATH=/usr/bin:/bin"]}])
}

const KINDS: [&str; 6] = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"];

fn hooks_run_in_their_order_and_namespaces(env: &TestEnv) {
    let log = env.work().join("log");
    let line =
        |kind: &str| format!("echo {kind} $(readlink /proc/self/ns/mnt) $(readlink /proc/self/ns/uts) >>{}", log.display());
    let mut hooks: Value =
        KINDS.iter().map(|kind| ((*kind).to_owned(), hook(&line(kind)))).collect::<serde_json::Map<_, _>>().into();
    // Inside: the path is the container's, and so is what it writes to.
    hooks["startContainer"] = hook("echo startContainer $(readlink /proc/self/ns/mnt) $(grep -c . /etc/passwd) >/inside");
    let bundle = Bundle::script(env, "echo program; readlink /proc/self/ns/mnt; cat /inside").set("/hooks", hooks);
    bundle.create().ok();
    let read = || std::fs::read_to_string(&log).unwrap_or_default();
    let names = |text: &str| text.lines().map(|line| line.split(' ').next().unwrap_or_default().to_owned()).collect::<Vec<_>>();
    assert_eq!(names(&read()), ["prestart", "createRuntime", "createContainer"]);
    bundle.start().ok();
    bundle.wait_stopped();
    bundle.on(&["delete"], &[]).ok();
    let text = read();
    assert_eq!(names(&text), ["prestart", "createRuntime", "createContainer", "poststart", "poststop"]);
    let out = bundle.out();
    let own = std::fs::read_link("/proc/self/ns/mnt").expect("a namespace").to_string_lossy().into_owned();
    let inside = out.lines().nth(1).expect("the program's").to_owned();
    for line in text.lines() {
        let is_inside = line.starts_with("createContainer");
        assert_eq!(line.contains(&inside), is_inside, "{line}");
        assert_eq!(line.contains(&own), !is_inside, "{line}");
    }
    assert!(out.starts_with("program\n") && out.contains(&format!("startContainer {inside}")), "{out}");
}

fn hooks_read_the_state(env: &TestEnv) {
    let folder = env.folder("states");
    let mut hooks: Value = KINDS
        .iter()
        .map(|kind| ((*kind).to_owned(), hook(&format!("cat >{folder}/{kind}"))))
        .collect::<serde_json::Map<_, _>>()
        .into();
    hooks["startContainer"] = hook("cat >/state");
    let bundle = Bundle::new(env, &["sleep", "1000"]).set("/hooks", hooks).set("/annotations", json!({"k": "v"}));
    bundle.create().ok();
    let pid = bundle.state()["pid"].clone();
    bundle.start().ok();
    bundle.delete();
    for (kind, status) in [
        ("prestart", "created"),
        ("createRuntime", "creating"),
        ("createContainer", "creating"),
        ("startContainer", "created"),
        ("poststart", "running"),
        ("poststop", "stopped"),
    ] {
        let path =
            if kind == "startContainer" { bundle.folder().join("rootfs/state") } else { format!("{folder}/{kind}").into() };
        let state: Value = serde_json::from_slice(&std::fs::read(path).expect(kind)).expect("JSON");
        assert_eq!(state["status"], status, "{kind}");
        assert_eq!(state["id"], "c1");
        assert_eq!(state["bundle"], bundle.folder().to_string_lossy().as_ref());
        assert_eq!(state["annotations"], json!({"k": "v"}));
        // A hook in the container sees the container's pids.
        let wanted = match kind {
            "startContainer" | "createContainer" => json!(1),
            "poststop" => json!(0),
            _ => pid.clone(),
        };
        assert_eq!(state["pid"], wanted, "{kind}");
    }
}

fn a_failing_hook_stops_what_it_stands_before(env: &TestEnv) {
    for kind in ["prestart", "createRuntime", "createContainer"] {
        let stopped = env.work().join(kind);
        let hooks = json!({kind: hook("exit 3"), "poststop": hook(&format!("touch {}", stopped.display()))});
        let bundle = Bundle::new(env, &["true"]).set("/hooks", hooks);
        bundle.create().fails(1, &[kind, "code 3"]);
        bundle.on(&["state"], &[]).fails(1, &["does not exist"]);
        assert!(stopped.exists(), "{kind}: the container was destroyed, so its poststop hooks run");
    }
    for kind in ["startContainer", "poststart"] {
        let bundle = Bundle::script(env, "echo ran; sleep 1000").set("/hooks", json!({kind: hook("exit 3")}));
        bundle.create().ok();
        bundle.start().fails(1, &[kind, "code 3"]);
        bundle.wait_stopped();
        assert_eq!(bundle.status(), "stopped", "{kind}");
        assert!(kind == "poststart" || bundle.out().is_empty(), "{kind}");
        bundle.on(&["delete"], &[]).ok();
    }
    let last = env.work().join("last");
    let mut hooks = hook("exit 3");
    hooks.as_array_mut().expect("hooks").push(hook(&format!("touch {}", last.display()))[0].clone());
    let bundle = Bundle::new(env, &["true"]).set("/hooks", json!({"poststop": hooks}));
    bundle.up();
    bundle.wait_stopped();
    let output = bundle.on(&["delete"], &[]);
    assert!(output.code == 0 && output.stderr().contains("Warning: poststop"), "{output}");
    assert!(last.exists(), "the other hooks go on");
}

fn a_hook_ends_in_its_time(env: &TestEnv) {
    let slow = json!([{"path": "/bin/sh", "args": ["sh", "-c", "sleep 1000"], "timeout": 1}]);
    Bundle::new(env, &["true"]).set("/hooks", json!({"createRuntime": slow})).create().fails(1, &["createRuntime", "1 s"]);
    let missing = json!([{"path": "/nosuch"}]);
    Bundle::new(env, &["true"]).set("/hooks", json!({"createRuntime": missing})).create().fails(1, &["/nosuch", "No such file"]);
}

fn a_hook_has_its_arguments_and_its_environment(env: &TestEnv) {
    let out = env.work().join("env");
    let script = format!("tr '\\0' ' ' </proc/self/environ >{0}; echo $0 $1 >>{0}", out.display());
    let hooks =
        json!({"createRuntime": [{"path": "/bin/sh", "args": ["odd", "-c", script, "zero", "one"], "env": ["A=b", "C=d"]}]});
    let bundle = Bundle::new(env, &["true"]).set("/hooks", hooks);
    bundle.run().ok();
    let text = std::fs::read_to_string(&out).expect("the hook's file");
    assert!(text.contains("A=b C=d") && text.ends_with("zero one\n") && !text.contains("HOME="), "{text}");
}

fn a_hook_has_the_callers_umask(env: &TestEnv) {
    let log = env.work().join("umask");
    let umask = hook(&format!("umask >>{}", log.display()));
    let hooks = json!({"createRuntime": umask, "createContainer": umask, "poststart": umask});
    let bundle = Bundle::script(env, "mkdir /made; stat -c %a /dev").set("/hooks", hooks);
    assert_eq!(bundle.run().ok(), "755");
    let text = std::fs::read_to_string(&log).expect("the hooks' file");
    let masks: Vec<&str> = text.lines().collect();
    assert!(masks.len() == 3 && masks.iter().all(|mask| *mask == masks[0] && *mask != "0000"), "{text}");
}

fn a_hook_that_cannot_be_executed_says_why(env: &TestEnv) {
    let long = json!([{"path": "/bin/true", "args": ["true", "x".repeat(200_000)]}]);
    for kind in ["createRuntime", "createContainer"] {
        let bundle = Bundle::new(env, &["true"]).set("/hooks", json!({kind: long}));
        bundle.create().fails(1, &[kind, "Argument list too long"]);
    }
    let bundle = Bundle::new(env, &["true"]).set("/hooks", json!({"startContainer": long}));
    bundle.create().ok();
    bundle.start().fails(1, &["startContainer", "Argument list too long"]);
    bundle.delete();
}

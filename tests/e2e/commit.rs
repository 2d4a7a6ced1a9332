//! `commit` and `container clone`.

use crate::harness::{Case, Need, TestEnv, case};
use serde_json::Value;

pub fn cases() -> Vec<Case> {
    let all = [
        case!(a_committed_image_runs_with_what_the_container_changed),
        case!(the_config_is_the_containers_with_the_changes),
        case!(a_squashed_image_has_one_layer),
        case!(the_same_files_give_the_same_layer),
        case!(a_format_an_id_file_and_a_dangling_image),
        case!(bad_requests_leave_nothing),
        case!(a_running_container_is_paused_only_meanwhile).needs(&[Need::Cgroup]).gap("crun has no cgroup here to pause"),
        case!(a_clone_has_the_configuration_and_not_the_files),
        case!(a_clone_can_take_the_originals_place)
            .gap("podman destroys a container that runs, and what is left has another name"),
        case!(init_refuses_with_its_reason).only_ours("podman has such a state"),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

fn image(env: &TestEnv, name: &str) -> Value {
    let list: Value = serde_json::from_str(&env.ok(&["image", "inspect", name])).unwrap();
    list[0].clone()
}

/// A container that has changed this and that, and has ended.
fn changed(env: &TestEnv, options: &[&str]) -> String {
    let script = "rm /bin/cat; rm -r /root /home; mkdir /home; echo new >/home/f; ln /home/f /home/g; chown 33:44 /home/f; \
                  chmod 4755 /home/f; echo more >>/etc/passwd; ln -s /nowhere /l";
    env.busybox();
    let args = [&["run", "-d", "--network", "none"], options, &["bb", "sh", "-c", script]].concat();
    let id = env.ok(&args);
    env.ok(&["wait", &id]);
    id
}

const LOOK: &str =
    "stat -c '%a %u:%g %h' /home/f; ls /home; test -e /bin/cat || test -e /root || echo gone; readlink /l; tail -n 1 /etc/passwd";
const SEEN: &str = "4755 33:44 2\nf\ng\ngone\n/nowhere\nmore";

fn a_committed_image_runs_with_what_the_container_changed(env: &TestEnv) {
    let id = changed(env, &[]);
    env.ok(&["commit", "-q", &id, "made"]);
    env.remove(&[&id]);
    env.run(&["run", "--rm", "--network", "none", "made", "sh", "-c", LOOK]).prints(SEEN);
    assert_eq!(image(env, "made")["RootFS"]["Layers"].as_array().unwrap().len(), 2);
    assert_eq!(image(env, "made")["RepoTags"], serde_json::json!(["localhost/made:latest"]));
    // A second layer on the first one.
    env.ok(&["run", "--name", "next", "--network", "none", "made", "sh", "-c", "rm /home/g; echo two >/two"]);
    env.ok(&["commit", "-q", "next", "made:2"]);
    env.run(&["run", "--rm", "--network", "none", "made:2", "sh", "-c", "ls /home; tail -n 1 /two"]).prints("f\ntwo");
    env.remove(&["next"]);
}

fn the_config_is_the_containers_with_the_changes(env: &TestEnv) {
    env.busybox();
    let id = env.ok(&[
        "create",
        "--network",
        "none",
        "-e",
        "A=from create",
        "-w",
        "/tmp",
        "-u",
        "33:44",
        "--label",
        "kept=yes",
        "bb",
        "echo",
        "hello",
    ]);
    let changes = [
        "-c",
        "ENV B=\"from change\"",
        "-c",
        "LABEL added=too",
        "-c",
        "CMD [\"pwd\"]",
        "-c",
        "EXPOSE 80",
        "-c",
        "STOPSIGNAL SIGINT",
    ];
    env.ok(&[&["commit", "-q", "-a", "somebody"], &changes[..], &[&id, "made"]].concat());
    let made = image(env, "made");
    let config = &made["Config"];
    let variables: Vec<&str> = config["Env"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(variables.contains(&"A=from create") && variables.contains(&"B=from change"), "{variables:?}");
    assert!(!variables.iter().any(|variable| variable.starts_with("HOSTNAME=")), "{variables:?}");
    assert_eq!((&config["Cmd"], &config["WorkingDir"]), (&serde_json::json!(["pwd"]), &Value::from("/tmp")));
    assert_eq!(config["User"], "33:44");
    assert!(["SIGINT", "2"].contains(&config["StopSignal"].as_str().unwrap()), "{config}");
    assert_eq!(config["Labels"], serde_json::json!({ "kept": "yes", "added": "too" }));
    assert_eq!(made["Author"], "somebody");
    assert_eq!(made["History"].as_array().unwrap().len(), 2);
    env.run(&["run", "--rm", "--network", "none", "made"]).prints("/tmp");
    env.remove(&[&id]);
}

fn a_squashed_image_has_one_layer(env: &TestEnv) {
    let id = changed(env, &[]);
    env.ok(&["commit", "-q", "--squash", &id, "flat"]);
    env.remove(&[&id]);
    assert_eq!(image(env, "flat")["RootFS"]["Layers"].as_array().unwrap().len(), 1);
    env.run(&["run", "--rm", "--network", "none", "flat", "sh", "-c", LOOK]).prints(SEEN);
}

fn the_same_files_give_the_same_layer(env: &TestEnv) {
    let id = changed(env, &[]);
    env.ok(&["commit", "-q", &id, "one"]);
    env.ok(&["commit", "-q", &id, "two"]);
    env.remove(&[&id]);
    assert_eq!(image(env, "one")["RootFS"], image(env, "two")["RootFS"]);
}

fn a_format_an_id_file_and_a_dangling_image(env: &TestEnv) {
    let id = changed(env, &[]);
    env.ok(&["commit", "-q", "-f", "docker", "-m", "a message", &id, "docker"]);
    env.ok(&["commit", "-q", "-f", "oci", &id, "oci"]);
    let made = image(env, "docker");
    assert_eq!(made["ManifestType"], "application/vnd.docker.distribution.manifest.v2+json");
    assert_eq!(image(env, "oci")["ManifestType"], "application/vnd.oci.image.manifest.v1+json");
    let printed = env.ok(&["commit", "-q", "--iidfile", "iid", &id]);
    assert_eq!(std::fs::read_to_string(env.work().join("iid")).unwrap(), printed);
    assert_eq!(image(env, &printed)["RepoTags"], serde_json::json!([]));
    env.remove(&[&id]);
}

fn bad_requests_leave_nothing(env: &TestEnv) {
    let id = changed(env, &[]);
    let before = env.ok(&["images", "-a", "-q"]);
    for args in [&["-c", "RUN x"][..], &["-c", "NOSUCH y"], &["-f", "nosuch"]] {
        env.run(&[&["commit", "-q"], args, &[&id, "made"]].concat()).fails(125, &[]);
    }
    env.run(&["commit", &id, "UPPER"]).fails(125, &["lower"]);
    env.run(&["commit", "nosuch", "made"]).fails(125, &["nosuch"]);
    assert_eq!(env.ok(&["images", "-a", "-q"]), before);
    env.remove(&[&id]);
}

fn a_running_container_is_paused_only_meanwhile(env: &TestEnv) {
    let id = env.start(&[]);
    env.ok(&["commit", "-q", "-p", &id, "made"]);
    assert_eq!(env.field(&id, "{{.State.Status}}"), "running");
    env.run(&["exec", &id, "echo", "alive"]).prints("alive");
    env.remove(&[&id]);
}

fn a_clone_has_the_configuration_and_not_the_files(env: &TestEnv) {
    let script = "echo $A; hostname; test -e /tmp/written && echo there; echo >/tmp/written; true";
    env.busybox();
    env.ok(&["run", "--name", "one", "--network", "none", "-e", "A=b", "bb", "sh", "-c", script]);
    let id = env.ok(&["container", "clone", "one"]);
    assert_eq!(env.field(&id, "{{.Name}}"), "one-clone");
    let output = env.ok(&["start", "-a", &id]);
    assert_eq!(output, format!("b\n{}", &id[..12]));
    let second = env.ok(&["container", "clone", "one"]);
    assert_ne!(env.field(&second, "{{.Name}}"), "one-clone");
    env.ok(&["container", "clone", "--name", "named", "one"]);
    env.run(&["container", "clone", "one", "named"]).fails(125, &["named"]);
    env.remove(&["one", &id, &second, "named"]);
}

fn a_clone_can_take_the_originals_place(env: &TestEnv) {
    env.busybox();
    env.ok(&["create", "--name", "one", "--network", "none", "bb", "sleep", "1000"]);
    let id = env.ok(&["container", "clone", "--destroy", "--run", "one", "two"]);
    assert_eq!(env.field("two", "{{.State.Status}}"), "running");
    env.run(&["inspect", "one"]).fails(125, &["one"]);
    env.run(&["container", "clone", "--destroy", "two", "three"]).code(125);
    env.remove(&[&id]);
}

fn init_refuses_with_its_reason(env: &TestEnv) {
    env.busybox();
    let id = env.ok(&["create", "--network", "none", "bb", "true"]);
    env.run(&["container", "init", &id]).fails(125, &["start"]);
    env.run(&["init", &id]).fails(125, &["start"]);
    env.run(&["container", "init", "nosuch"]).fails(125, &["nosuch"]);
    env.remove(&[&id]);
}

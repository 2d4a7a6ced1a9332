//! Names, dependencies, restarts, and the ways to say which containers are meant.

use crate::harness::{Case, Need, TestEnv, case};

pub fn cases() -> Vec<Case> {
    let all = [
        case!(a_name_moves_at_once_and_only_to_one),
        case!(a_running_container_keeps_its_hosts_file),
        case!(a_restart_is_a_new_start),
        case!(restart_of_what_runs_leaves_the_rest),
        case!(a_required_container_is_started_first),
        case!(a_required_container_is_not_removed_alone),
        case!(replace_takes_the_place_of_a_running_container),
        case!(exists_answers_by_its_code),
        case!(a_container_without_ports_shows_none),
        case!(a_file_with_an_id_may_be_missing_on_wish).gap("podman 4.3 has --ignore for names alone"),
        case!(containers_are_named_by_file_and_by_age),
        case!(filters_choose_what_is_stopped_started_and_removed),
        case!(wait_returns_at_other_states),
        case!(wait_returns_with_the_first).gap("podman 4.3 has no --exit-first-match"),
        case!(wait_for_the_removal).gap("podman 4.3 has no wait --ignore"),
        case!(rmi_takes_the_image_along).gap("podman 4.3 has no --rmi"),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

fn create(env: &TestEnv, name: &str, options: &[&str]) -> String {
    env.busybox();
    env.ok(&[&["create", "--network", "none", "--name", name], options, &["bb", "sleep", "1000"]].concat())
}

fn status(env: &TestEnv, name: &str) -> String {
    env.field(name, "{{.State.Status}}")
}

fn a_name_moves_at_once_and_only_to_one(env: &TestEnv) {
    let id = create(env, "one", &[]);
    create(env, "two", &[]);
    env.ok(&["rename", "one", "other"]);
    assert_eq!(env.field("other", "{{.Id}} {{.Name}}"), format!("{id} other"));
    env.run(&["inspect", "one"]).code(125);
    env.run(&["rename", "other", "two"]).fails(125, &["two", "in use"]);
    env.run(&["rename", "other", "a/b"]).fails(125, &["name"]);
    env.run(&["rename", "nope", "x"]).fails(125, &["nope"]);
    env.ok(&["rename", &id[..12], "one"]);
    assert_eq!(env.run(&["ps", "-a", "--format", "{{.Names}}", "--sort", "names"]).lines(), ["one", "two"]);
    env.remove(&["one", "two"]);
}

fn a_running_container_keeps_its_hosts_file(env: &TestEnv) {
    env.start(&["--name", "before"]);
    let hosts = env.ok(&["exec", "before", "cat", "/etc/hosts"]);
    env.ok(&["rename", "before", "after"]);
    assert_eq!(env.ok(&["exec", "after", "cat", "/etc/hosts"]), hosts);
    env.remove(&["after"]);
}

fn a_restart_is_a_new_start(env: &TestEnv) {
    let id = env.start(&["--name", "c"]);
    let before = env.init_pid(&id);
    assert_eq!(env.ok(&["restart", "-t", "5", "c"]), "c");
    assert_eq!(status(env, "c"), "running");
    assert_ne!(env.init_pid(&id), before);
    env.ok(&["stop", "-t", "0", "c"]);
    env.ok(&["restart", "c"]);
    assert_eq!(status(env, "c"), "running");
    env.remove(&["c"]);
    env.run(&["restart", "nope"]).fails(125, &["nope"]);
}

fn restart_of_what_runs_leaves_the_rest(env: &TestEnv) {
    let runs = env.start(&[]);
    create(env, "still", &[]);
    let before = env.init_pid(&runs);
    assert_eq!(env.ok(&["restart", "--running", "-t", "0", "--filter", "status=running"]), runs);
    assert_ne!(env.init_pid(&runs), before);
    assert_eq!(status(env, "still"), "created");
    env.remove(&[&runs, "still"]);
}

fn a_required_container_is_started_first(env: &TestEnv) {
    let base = create(env, "base", &[]);
    create(env, "middle", &["--requires", "base"]);
    create(env, "top", &["--requires", "middle,base"]);
    assert!(env.field("top", "{{.Dependencies}}").contains(&base));
    env.ok(&["start", "top"]);
    for name in ["base", "middle", "top"] {
        assert_eq!(status(env, name), "running", "{name}");
    }
    env.ok(&["rm", "-f", "-t", "0", "top"]);
    env.ok(&["rm", "-f", "-t", "0", "middle"]);
    env.remove(&["base"]);
    env.run(&["create", "--requires", "nope", "bb", "true"]).fails(125, &["nope", "dependency"]);
}

fn a_required_container_is_not_removed_alone(env: &TestEnv) {
    let base = create(env, "base", &[]);
    let top = create(env, "top", &["--requires", "base"]);
    env.run(&["rm", "-f", "base"]).fails(125, &["dependent"]);
    assert_eq!(status(env, "base"), "created");
    assert_eq!(env.run(&["rm", "--depend", "-f", "-t", "0", "base"]).lines(), [top, base]);
    let base = create(env, "base", &["-v", "/one"]);
    let top = create(env, "top", &["--requires", "base", "-v", "/two", "-v", "named:/three"]);
    assert_eq!(env.run(&["rm", "-v", "--depend", "base"]).lines(), [top, base]);
    assert_eq!(env.ok(&["volume", "ls", "-q"]), "named");
    env.ok(&["volume", "rm", "named"]);
}

fn replace_takes_the_place_of_a_running_container(env: &TestEnv) {
    let old = env.start(&["--name", "c"]);
    env.run(&["create", "--name", "c", "bb", "true"]).fails(125, &["in use"]);
    env.ok(&["run", "-d", "--network", "none", "--name", "c", "--replace", "bb", "sleep", "1000"]);
    assert_ne!(env.field("c", "{{.Id}}"), old);
    env.ok(&["create", "--name", "fresh", "--replace", "bb", "true"]);
    env.run(&["create", "--replace", "bb", "true"]).fails(125, &["--name"]);
    env.remove(&["c", "fresh"]);
}

fn exists_answers_by_its_code(env: &TestEnv) {
    let id = create(env, "c", &[]);
    env.run(&["container", "exists", "c"]).code(0);
    env.run(&["container", "exists", &id[..12]]).code(0);
    env.run(&["container", "exists", "nope"]).code(1);
    env.remove(&["c"]);
}

fn a_container_without_ports_shows_none(env: &TestEnv) {
    let id = env.start(&["--name", "c"]);
    for args in [&["port", "c"][..], &["port", "c", "80"], &["port", "--all"], &["port", "-l"]] {
        env.run(args).prints("");
    }
    env.run(&["port", "nope"]).fails(125, &["nope"]);
    env.run(&["port", "c", "http"]).fails(125, &["http"]);
    env.remove(&[&id]);
}

fn a_file_with_an_id_may_be_missing_on_wish(env: &TestEnv) {
    env.ok(&["stop", "--ignore", "--cidfile", "missing"]);
    env.ok(&["rm", "--ignore", "--cidfile", "missing"]);
}

fn containers_are_named_by_file_and_by_age(env: &TestEnv) {
    env.busybox();
    let older = env.ok(&["create", "--cidfile", "id", "--network", "none", "bb", "sleep", "1000"]);
    assert!(env.field(&older, "{{.HostConfig.ContainerIDFile}}").ends_with("id"));
    let newer = create(env, "newer", &[]);
    assert_eq!(env.ok(&["start", "-l"]), newer);
    assert_eq!(env.ok(&["restart", "--cidfile", "id"]), older);
    assert_eq!(env.ok(&["kill", "--cidfile", "id"]), older);
    assert_eq!(env.ok(&["stop", "-t", "0", "--cidfile", "id"]), older);
    env.run(&["stop", "--cidfile", "missing"]).fails(125, &["missing"]);
    env.run(&["stop", "--cidfile", "id", "--all"]).fails(125, &["cannot be used together"]);
    assert_eq!(env.ok(&["rm", "--cidfile", "id"]), older);
    assert_eq!(env.ok(&["rm", "-f", "-t", "0", "--latest"]), newer);
}

fn filters_choose_what_is_stopped_started_and_removed(env: &TestEnv) {
    let one = env.start(&["--label", "a=1"]);
    let two = env.start(&["--label", "a=2"]);
    assert_eq!(env.ok(&["stop", "-t", "0", "--filter", "label=a=1"]), one);
    assert_eq!(status(env, &two), "running");
    assert_eq!(env.ok(&["start", "--all", "--filter", "label=a=1"]), one);
    assert_eq!(env.ok(&["rm", "-f", "-t", "0", "--filter", "label=a=2"]), two);
    env.run(&["stop", &one, "--filter", "label=a=1"]).code(125);
    env.run(&["stop", "--filter", "nokey=1"]).fails(125, &["nokey"]);
    env.remove(&[&one]);
}

fn wait_returns_at_other_states(env: &TestEnv) {
    create(env, "c", &[]);
    let mut waits = env.cmd(&["wait", "--condition", "running", "c"]).spawn();
    env.ok(&["start", "c"]);
    waits.read_until("-1\n");
    assert_eq!(waits.wait().code, 0);
    env.run(&["wait", "--condition", "running", "--condition", "stopped", "c"]).prints("-1");
    let mut waits = env.cmd(&["wait", "--condition", "paused", "--condition", "stopped", "c"]).spawn();
    env.ok(&["kill", "c"]);
    waits.read_until("137\n");
    assert_eq!(waits.wait().code, 0);
    env.run(&["wait", "--condition", "nostate", "c"]).code(125);
    env.remove(&["c"]);
}

fn wait_returns_with_the_first(env: &TestEnv) {
    let stays = env.start(&[]);
    let goes = env.start_script(&[], "trap 'exit 9' TERM; echo ready; while :; do sleep 1000 & wait $!; done");
    let mut waits = env.cmd(&["wait", "--exit-first-match", "--interval", "100ms", &stays, &goes]).spawn();
    env.ok(&["kill", "-s", "TERM", &goes]);
    waits.read_until("9\n");
    assert_eq!(waits.wait().code, 0);
    assert_eq!(status(env, &stays), "running");
    env.run(&["wait", "--ignore", "nope"]).prints("-1");
    env.run(&["wait", "nope"]).fails(125, &["nope"]);
    env.remove(&[&stays, &goes]);
}

fn wait_for_the_removal(env: &TestEnv) {
    let id = env.start_script(&["--rm"], "trap 'exit 9' TERM; echo ready; while :; do sleep 1000 & wait $!; done");
    let mut waits = env.cmd(&["wait", "--ignore", "--condition", "removing", &id]).spawn();
    env.ok(&["kill", "-s", "TERM", &id]);
    waits.read_until("-1\n");
    assert_eq!(waits.wait().code, 0);
    env.run(&["container", "exists", &id]).code(1);
}

fn rmi_takes_the_image_along(env: &TestEnv) {
    env.busybox();
    env.ok(&["tag", "bb", "other"]);
    env.run(&["run", "--rmi", "--network", "none", "bb", "sh", "-c", "exit 4"]).code(4);
    env.run(&["image", "exists", "bb"]).code(1);
    env.ok(&["image", "exists", "other"]);
    let user = env.ok(&["create", "other", "true"]);
    env.ok(&["run", "--rmi", "--network", "none", "other", "true"]);
    env.ok(&["image", "exists", "other"]);
    env.remove(&[&user]);
}

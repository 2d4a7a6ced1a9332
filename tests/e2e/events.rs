//! `events`: what is told, to whom, in which form.

use crate::harness::{Case, Need, TestEnv, case};

pub fn cases() -> Vec<Case> {
    let all = [
        case!(a_containers_life_is_told_in_order),
        case!(a_container_that_removes_itself_is_told_to_the_end),
        case!(filters_choose_events),
        case!(a_stream_shows_what_comes_and_ends_at_its_time),
        case!(a_time_that_has_come_ends_the_list).gap("podman 4.3 prints nothing once the time of --until has come"),
        case!(the_json_and_templates_have_podmans_fields),
        case!(the_text_has_time_kind_status_and_names),
        case!(images_are_told_of),
        case!(a_wrong_filter_or_time_is_an_error).gap("podman 4.3 takes any text for a time"),
        case!(a_journal_that_cannot_be_written_stops_nobody).only_ours("our journal"),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

fn statuses(env: &TestEnv, options: &[&str]) -> Vec<String> {
    let args = [&["events", "--stream=false", "--format", "{{.Status}}"], options].concat();
    env.run(&args).lines()
}

/// Tells whether the words come in this order, with others between them perhaps.
fn in_order(all: &[String], wanted: &[&str]) -> bool {
    let mut rest = all.iter();
    wanted.iter().all(|word| rest.any(|other| other == word))
}

fn a_containers_life_is_told_in_order(env: &TestEnv) {
    let id = env.start(&["--name", "c"]);
    env.ok(&["exec", "c", "true"]);
    env.ok(&["rename", "c", "d"]);
    env.ok(&["kill", "-s", "USR2", "d"]);
    env.ok(&["kill", "d"]);
    env.ok(&["wait", "d"]);
    let ended = ["events", "--stream=false", "--filter", "event=died", "--format", "{{.Name}} {{.ContainerExitCode}}"];
    env.run(&ended).prints("d 137");
    env.ok(&["restart", "-t", "0", "d"]);
    env.remove(&["d"]);
    let told = statuses(env, &["--filter", &format!("container={id}")]);
    for wanted in [
        &["create", "start", "exec", "exec_died", "rename", "kill"][..],
        &["kill", "died", "start", "died", "remove"],
        &["restart"],
    ] {
        assert!(in_order(&told, wanted), "{wanted:?} in {told:?}");
    }
}

fn a_container_that_removes_itself_is_told_to_the_end(env: &TestEnv) {
    env.bb(&["--name", "web"], &["sh", "-c", "exit 7"]).code(7);
    let told = statuses(env, &["--filter", "container=web"]);
    assert!(in_order(&told, &["create", "start", "died", "remove"]), "{told:?}");
    assert_eq!(told.iter().filter(|status| *status == "remove").count(), 1, "{told:?}");
    let ended = ["events", "--stream=false", "--filter", "event=died", "--format", "{{.Name}} {{.ContainerExitCode}}"];
    env.run(&ended).prints("web 7");
}

fn filters_choose_events(env: &TestEnv) {
    env.busybox();
    for (name, label) in [("one", "k=1"), ("two", "k=2")] {
        env.ok(&["create", "--name", name, "--label", label, "bb", "true"]);
    }
    let count = |options: &[&str]| statuses(env, options).len();
    assert_eq!(count(&["--filter", "event=create"]), 2);
    assert_eq!(count(&["--filter", "event=create", "--filter", "container=one"]), 1);
    assert_eq!(count(&["--filter", "container=one", "--filter", "container=two", "--filter", "event=create"]), 2);
    assert_eq!(count(&["--filter", "label=k=2"]), 1);
    assert_eq!(count(&["--filter", "type=volume"]), 0);
    assert_eq!(count(&["--filter", "event=create", "--until", "-1h"]), 0);
    assert_eq!(count(&["--filter", "event=create", "--since", "1h", "--until", "1s"]), 2);
    env.remove(&["one", "two"]);
}

fn a_time_that_has_come_ends_the_list(env: &TestEnv) {
    env.busybox();
    env.ok(&["create", "--name", "before", "bb", "true"]);
    let args = ["events", "--since", "1h", "--until", "-0s", "--format", "{{.Name}} {{.Status}}", "--filter", "type=container"];
    assert_eq!(env.run(&args).lines(), ["before create"]);
    env.remove(&["before"]);
}

fn a_stream_shows_what_comes_and_ends_at_its_time(env: &TestEnv) {
    env.busybox();
    env.ok(&["create", "--name", "before", "bb", "true"]);
    let options = ["events", "--since", "1h", "--format", "{{.Name}} {{.Status}}", "--filter", "type=container"];
    let mut stream = env.cmd(&options).spawn();
    // What has been is printed once it listens.
    stream.read_until("before create\n");
    env.ok(&["create", "--name", "after", "bb", "true"]);
    stream.read_until("after create\n");
    env.remove(&["after"]);
    stream.read_until("after remove\n");
    stream.signal(rustix::process::Signal::KILL);
    drop(stream);
    let soon = ["--until", "1s", "--filter", "container=before"];
    assert_eq!(env.run(&[&options[..], &soon].concat()).lines(), ["before create"]);
    env.remove(&["before"]);
}

fn the_json_and_templates_have_podmans_fields(env: &TestEnv) {
    env.busybox();
    let id = env.ok(&["create", "--name", "web", "--label", "a=b", "bb", "true"]);
    let options = ["events", "--stream=false", "--filter", "event=create", "--filter", "container=web"];
    let line = env.ok(&[&options[..], &["--format", "json"]].concat());
    let event: serde_json::Value = serde_json::from_str(&line).expect("one object");
    assert_eq!((event["ID"].as_str(), event["Name"].as_str()), (Some(id.as_str()), Some("web")));
    assert_eq!((event["Type"].as_str(), event["Status"].as_str()), (Some("container"), Some("create")));
    assert_eq!(event["Attributes"]["a"], "b");
    assert_eq!(event["Image"], "localhost/bb:latest");
    env.run(&[&options[..], &["--format", "{{.Type}} {{.Name}} {{.Image}}"]].concat())
        .prints("container web localhost/bb:latest");
    env.remove(&["web"]);
}

fn the_text_has_time_kind_status_and_names(env: &TestEnv) {
    env.busybox();
    let id = env.ok(&["create", "--name", "web", "--label", "a=b", "bb", "true"]);
    let options = ["events", "--stream=false", "--filter", "event=create", "--filter", "container=web"];
    let text = env.ok(&options);
    assert!(text.ends_with(&format!(" container create {id} (image=localhost/bb:latest, name=web, a=b)")), "{text}");
    assert!(text.starts_with("20") && text.contains(" +0000 UTC "), "{text}");
    let short = env.ok(&[&options[..], &["--no-trunc=false"]].concat());
    assert!(short.contains(&format!(" create {} (", &id[..12])), "{short}");
    env.remove(&["web"]);
}

fn images_are_told_of(env: &TestEnv) {
    env.busybox();
    env.ok(&["tag", "bb", "other"]);
    env.ok(&["untag", "bb", "other"]);
    env.ok(&["rmi", "bb"]);
    let told = statuses(env, &["--filter", "type=image"]);
    assert!(in_order(&told, &["tag", "untag", "remove"]), "{told:?}");
}

fn a_wrong_filter_or_time_is_an_error(env: &TestEnv) {
    env.run(&["events", "--stream=false", "--filter", "nokey=1"]).fails(125, &["nokey"]);
    env.run(&["events", "--stream=false", "--since", "soon"]).fails(125, &["soon"]);
}

fn a_journal_that_cannot_be_written_stops_nobody(env: &TestEnv) {
    env.busybox();
    let folder = env.data().join("events");
    std::fs::remove_dir_all(&folder).expect("the journal's folder");
    std::fs::write(&folder, "in the way").expect("a file");
    env.bb(&[], &["echo", "hello"]).prints("hello");
    env.run(&["events", "--stream=false"]).fails(125, &["journal", "events"]);
    std::fs::remove_file(&folder).expect("the file");
}

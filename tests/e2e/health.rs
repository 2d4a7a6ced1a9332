//! Health checks.

use crate::harness::{Case, Need, TestEnv, case};

pub fn cases() -> Vec<Case> {
    let all = [
        case!(a_check_makes_a_container_healthy_and_unhealthy).gap("podman needs systemd's timers"),
        case!(a_check_by_hand_counts_too),
        case!(a_check_by_hand_fails_where_there_is_nothing_to_check),
        case!(the_image_brings_its_check_along_and_the_user_may_refuse_it),
        case!(in_the_start_period_failures_do_not_count).gap("podman needs systemd's timers"),
        case!(a_check_that_takes_too_long_is_killed).gap("podman 4 waits for it"),
        case!(an_unhealthy_container_is_killed_stopped_or_started_again).gap("podman 4.3 needs systemd's timers"),
        case!(the_startup_check_comes_first).gap("podman 4.3 has none"),
        case!(filters_and_json_show_the_health).gap("podman needs systemd's timers"),
        case!(outcomes_are_kept_as_asked).gap("podman 4 keeps five"),
        case!(a_paused_container_is_not_checked).needs(&[Need::Cgroup]).gap("podman needs systemd's timers"),
        case!(options_of_a_check_are_read_or_refused).gap("podman 4.3 reads less"),
        case!(a_check_leaves_no_process_behind).only_ours("our monitor's helper"),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

const FOREVER: &str = "trap 'exit 0' TERM; while :; do sleep 1000 & wait $!; done";

#[track_caller]
fn start(env: &TestEnv, options: &[&str], script: &str) -> String {
    env.busybox();
    let args: Vec<&str> = [&["run", "-d", "--network", "none"], options, &["bb", "sh", "-c", script]].concat();
    env.ok(&args)
}

fn health(env: &TestEnv, id: &str) -> String {
    env.field(id, "{{.State.Health.Status}}")
}

fn a_check_makes_a_container_healthy_and_unhealthy(env: &TestEnv) {
    let options = ["--health-cmd", "test -f /ok", "--health-interval", "100ms", "--health-retries", "2"];
    let id = start(env, &options, FOREVER);
    assert!(env.ok(&["ps", "--format", "{{.Status}}"]).ends_with("(starting)"));
    env.ok(&["wait", "--condition", "unhealthy", &id]);
    env.ok(&["exec", &id, "touch", "/ok"]);
    env.ok(&["wait", "--condition", "healthy", &id]);
    assert!(env.ok(&["ps", "--format", "{{.Status}}"]).ends_with("(healthy)"));
    assert_eq!(env.field(&id, "{{.State.Health.FailingStreak}}"), "0");
    env.ok(&["exec", &id, "rm", "/ok"]);
    env.ok(&["wait", "--condition", "unhealthy", &id]);
    let events = env.ok(&["events", "--stream=false", "--filter", "event=health_status", "--format", "{{.HealthStatus}}"]);
    assert_eq!(events, "unhealthy\nhealthy\nunhealthy");
    env.remove(&[&id]);
}

fn a_check_by_hand_counts_too(env: &TestEnv) {
    let id = start(env, &["--health-cmd", "test -f /ok", "--health-interval", "disable", "--health-retries", "2"], FOREVER);
    assert_eq!(health(env, &id), "starting");
    env.run(&["healthcheck", "run", &id]).code(1);
    assert_eq!((health(env, &id).as_str(), env.field(&id, "{{.State.Health.FailingStreak}}").as_str()), ("starting", "1"));
    env.run(&["healthcheck", "run", &id]).code(1);
    assert_eq!(health(env, &id), "unhealthy");
    env.ok(&["exec", &id, "touch", "/ok"]);
    env.ok(&["healthcheck", "run", &id]);
    assert_eq!(health(env, &id), "healthy");
    env.remove(&[&id]);
}

fn a_check_by_hand_fails_where_there_is_nothing_to_check(env: &TestEnv) {
    let id = env.start(&[]);
    env.run(&["healthcheck", "run", &id]).fails(125, &["no defined healthcheck"]);
    env.remove(&[&id]);
    env.busybox();
    let id = env.ok(&["create", "--health-cmd", "true", "bb", "true"]);
    env.run(&["healthcheck", "run", &id]).code(125);
    env.ok(&["rm", &id]);
}

fn the_image_brings_its_check_along_and_the_user_may_refuse_it(env: &TestEnv) {
    let archive = crate::harness::archive::busybox_root().to_string_lossy().into_owned();
    let check = "HEALTHCHECK --interval=7s --retries=5 CMD test -f /ok";
    if env.run(&["import", "-c", check, &archive, "checked"]).stderr().contains("HEALTHCHECK") {
        // An import that cannot set one: the options alone are looked at.
        let id = start(env, &["--health-cmd", "true", "--health-interval", "7s", "--health-retries", "5"], FOREVER);
        assert_eq!(env.field(&id, "{{.Config.Healthcheck.Retries}}"), "5");
        env.remove(&[&id]);
        return;
    }
    let id = env.ok(&["create", "checked", "true"]);
    assert_eq!(env.field(&id, "{{.Config.Healthcheck.Retries}} {{.Config.Healthcheck.Interval}}"), "5 7s");
    env.ok(&["rm", &id]);
}

fn in_the_start_period_failures_do_not_count(env: &TestEnv) {
    let options =
        ["--health-cmd", "false", "--health-interval", "100ms", "--health-retries", "1", "--health-start-period", "600s"];
    let id = start(env, &options, FOREVER);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while env.field(&id, "{{len .State.Health.Log}}").parse::<u32>().unwrap_or(0) < 3 {
        assert!(std::time::Instant::now() < deadline, "no checks");
    }
    assert_eq!(health(env, &id), "starting");
    env.remove(&[&id]);
}

fn a_check_that_takes_too_long_is_killed(env: &TestEnv) {
    let id =
        start(env, &["--health-cmd", "sleep 2000; true", "--health-interval", "disable", "--health-timeout", "300ms"], FOREVER);
    env.run(&["healthcheck", "run", &id]).code(1);
    assert_eq!(env.field(&id, "{{(index .State.Health.Log 0).ExitCode}}"), "-1");
    // With all that it has started.
    env.run(&["exec", &id, "sh", "-c", "ps | grep -v grep | grep 'sleep 2000' | wc -l"]).prints("0");
    env.remove(&[&id]);
    // Also one that writes without pause.
    let id = start(env, &["--health-cmd", "yes", "--health-interval", "disable", "--health-timeout", "300ms"], FOREVER);
    env.run(&["healthcheck", "run", &id]).code(1);
    assert_eq!(env.field(&id, "{{(index .State.Health.Log 0).ExitCode}}"), "-1");
    env.remove(&[&id]);
}

fn an_unhealthy_container_is_killed_stopped_or_started_again(env: &TestEnv) {
    let check = ["--health-cmd", "false", "--health-interval", "100ms", "--health-retries", "2", "--health-on-failure"];
    let with = |action| [&check[..], &[action]].concat();
    let id = start(env, &with("kill"), FOREVER);
    assert_eq!(env.ok(&["wait", &id]), "137");
    env.ok(&["rm", &id]);
    let id = start(env, &with("stop"), "trap 'exit 5' TERM; while :; do sleep 1000 & wait $!; done");
    assert_eq!(env.ok(&["wait", &id]), "5");
    env.ok(&["rm", &id]);
    let id = start(
        env,
        &with("restart"),
        "echo run >>/runs; echo run $(wc -l </runs); trap 'exit 0' TERM; while :; do sleep 1000 & wait $!; done",
    );
    let mut logs = env.cmd(&["logs", "-f", &id]).spawn();
    logs.read_until("run 3\n");
    env.ok(&["stop", "-t", "5", &id]);
    assert_eq!(env.field(&id, "{{.State.Status}}"), "exited");
    env.ok(&["rm", &id]);
    logs.wait();
}

fn the_startup_check_comes_first(env: &TestEnv) {
    let options = [
        "--health-cmd",
        "echo regular >>/checks",
        "--health-interval",
        "100ms",
        "--health-startup-cmd",
        "echo startup >>/checks; test -f /ok",
        "--health-startup-interval",
        "100ms",
        "--health-startup-success",
        "2",
    ];
    let script = "until [ -s /checks ]; do :; done; touch /ok; trap 'exit 0' TERM; while :; do sleep 1000 & wait $!; done";
    let id = start(env, &options, script);
    env.ok(&["wait", "--condition", "healthy", &id]);
    let checks = env.run(&["exec", &id, "cat", "/checks"]).lines();
    let first = checks.iter().position(|line| line == "regular").unwrap();
    assert!(first >= 2 && checks[..first].iter().all(|line| line == "startup"), "{checks:?}");
    env.remove(&[&id]);
}

fn filters_and_json_show_the_health(env: &TestEnv) {
    let id = start(env, &["--health-cmd", "true", "--health-interval", "100ms"], FOREVER);
    let other = env.start(&[]);
    env.ok(&["wait", "--condition", "healthy", &id]);
    assert_eq!(env.ok(&["ps", "-q", "--no-trunc", "--filter", "health=healthy"]), id);
    assert_eq!(env.ok(&["ps", "-q", "--no-trunc", "--filter", "health=none"]), other);
    env.remove(&[&id, &other]);
}

fn outcomes_are_kept_as_asked(env: &TestEnv) {
    let folder = env.folder("outcomes");
    let options = [
        "--health-cmd",
        "echo 0123456789",
        "--health-interval",
        "disable",
        "--health-max-log-count",
        "2",
        "--health-max-log-size",
        "4",
        "--health-log-destination",
        &folder,
    ];
    let id = start(env, &options, FOREVER);
    for _ in 0..3 {
        env.ok(&["healthcheck", "run", &id]);
    }
    let text = std::fs::read_to_string(format!("{folder}/{id}-healthcheck.log")).unwrap();
    assert_eq!(text.matches("\"0123\"").count(), 2, "{text}");
    env.remove(&[&id]);
}

fn a_paused_container_is_not_checked(env: &TestEnv) {
    let id = start(env, &["--health-cmd", "echo check >>/checks", "--health-interval", "100ms"], FOREVER);
    env.ok(&["wait", "--condition", "healthy", &id]);
    env.ok(&["pause", &id]);
    env.run(&["healthcheck", "run", &id]).code(125);
    let streak = env.field(&id, "{{.State.Health.FailingStreak}} {{.State.Health.Status}}");
    assert_eq!(streak, "0 healthy");
    env.ok(&["unpause", &id]);
    env.remove(&[&id]);
}

fn options_of_a_check_are_read_or_refused(env: &TestEnv) {
    env.bb(&["--health-interval", "5s"], &["true"]).fails(125, &["--health-cmd"]);
    env.bb(&["--health-cmd", "true", "--health-interval", "often"], &["true"]).fails(125, &["often"]);
    env.bb(&["--health-cmd", "true", "--health-on-failure", "cry"], &["true"]).fails(125, &["cry"]);
    env.bb(&["--health-cmd", "true", "--no-healthcheck"], &["true"]).code(125);
}

fn a_check_leaves_no_process_behind(env: &TestEnv) {
    // The check blocks when the container ends: the monitor ends it, too.
    let id = start(env, &["--health-cmd", "echo here >/here; sleep 1000", "--health-interval", "100ms"], FOREVER);
    env.ok(&["exec", &id, "sh", "-c", "until [ -f /here ]; do :; done"]);
    env.ok(&["stop", "-t", "5", &id]);
    env.ok(&["rm", &id]);
}

//! `container prune`, `system prune`: what goes, what stays, what is asked.

use crate::harness::{Case, Need, TestEnv, case};

pub fn cases() -> Vec<Case> {
    let all = [
        case!(what_runs_stays_and_the_rest_goes),
        case!(a_prune_asks_first),
        case!(filters_keep_containers),
        case!(required_containers_go_after_those_that_require_them)
            .only_ours("podman 4.3 leaves it to chance which one it tries first"),
        case!(a_system_prune_takes_containers_and_images),
        case!(unused_volumes_go_when_that_is_asked_for),
        case!(the_usage_counts_what_is_there),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

fn names(env: &TestEnv) -> Vec<String> {
    env.run(&["ps", "-a", "--format", "{{.Names}}", "--sort", "names"]).lines()
}

fn create(env: &TestEnv, options: &[&str]) -> String {
    env.busybox();
    env.ok(&[&["create"], options, &["bb", "true"]].concat())
}

fn what_runs_stays_and_the_rest_goes(env: &TestEnv) {
    let runs = env.start(&["--name", "runs"]);
    let mut gone = vec![create(env, &["--name", "created"])];
    env.ok(&["run", "--name", "ended", "--network", "none", "bb", "true"]);
    gone.push(env.field("ended", "{{.Id}}"));
    let mut printed = env.run(&["container", "prune", "-f"]).lines();
    printed.sort();
    gone.sort();
    assert_eq!(printed, gone);
    assert_eq!(names(env), ["runs"]);
    env.ok(&["container", "prune", "--force"]);
    env.remove(&[&runs]);
}

fn a_prune_asks_first(env: &TestEnv) {
    let id = create(env, &["--name", "c"]);
    for answer in ["n\n", "\n", "what\n"] {
        let output = env.cmd(&["container", "prune"]).stdin(answer).run();
        output.ok();
        assert!(
            format!("{}{}", output.stdout(), output.stderr()).contains("WARNING! This will remove all non running containers.")
        );
        assert_eq!(names(env), ["c"]);
    }
    let output = env.cmd(&["container", "prune"]).stdin("y\n").run();
    assert!(output.ok().contains(&id), "{output}");
    assert!(names(env).is_empty());
}

fn filters_keep_containers(env: &TestEnv) {
    create(env, &["--name", "a", "--label", "keep=yes"]);
    create(env, &["--name", "b"]);
    env.ok(&["container", "prune", "-f", "--filter", "until=1h"]);
    assert_eq!(names(env), ["a", "b"]);
    env.ok(&["container", "prune", "-f", "--filter", "label!=keep"]);
    assert_eq!(names(env), ["a"]);
    env.run(&["container", "prune", "-f", "--filter", "nokey=1"]).fails(125, &["nokey"]);
    env.ok(&["container", "prune", "-f", "--filter", "label=keep=yes"]);
    assert!(names(env).is_empty());
}

fn required_containers_go_after_those_that_require_them(env: &TestEnv) {
    create(env, &["--name", "base"]);
    create(env, &["--name", "top", "--requires", "base"]);
    env.run(&["rm", "base"]).fails(125, &["dependent"]);
    env.ok(&["container", "prune", "-f"]);
    assert!(names(env).is_empty());
}

fn a_system_prune_takes_containers_and_images(env: &TestEnv) {
    let runs = env.start(&["--name", "runs"]);
    create(env, &["--name", "c"]);
    let output = env.run(&["system", "prune", "-f", "-a"]);
    assert!(output.ok().contains("Deleted Containers") && output.stdout().contains("Total reclaimed space: "), "{output}");
    assert_eq!(names(env), ["runs"]);
    env.ok(&["image", "exists", "bb"]);
    env.remove(&[&runs]);
    let output = env.run(&["system", "prune", "-f"]);
    assert!(output.ok().contains("Total reclaimed space: 0B"), "{output}");
    env.ok(&["image", "exists", "bb"]);
    let output = env.run(&["system", "prune", "-f", "--all"]);
    assert!(output.ok().contains("Deleted Images") && !output.stdout().contains("space: 0B"), "{output}");
    env.run(&["image", "exists", "bb"]).code(1);
}

fn unused_volumes_go_when_that_is_asked_for(env: &TestEnv) {
    env.ok(&["volume", "create", "spare"]);
    let id = env.start(&["-v", "used:/data"]);
    assert_eq!(env.ok(&["inspect", "--type", "volume", "--format", "{{.Name}}", "used"]), "used");
    assert_eq!(env.ok(&["inspect", "--format", "{{.Name}}", "spare"]), "spare");
    env.ok(&["exec", &id, "sh", "-c", "head -c 5000 /dev/zero >/data/f"]);
    let line = env.ok(&["system", "df", "--format", "{{.Type}}|{{.Total}}|{{.Active}}|{{.Size}}"]);
    assert!(line.lines().any(|line| line == "Local Volumes|2|1|5kB"), "{line}");
    env.ok(&["system", "prune", "-f"]);
    env.ok(&["volume", "exists", "spare"]);
    let output = env.run(&["system", "prune", "-f", "--volumes"]);
    assert!(output.ok().contains("Deleted Volumes\nspare"), "{output}");
    env.remove(&[&id]);
    let told = env.ok(&["events", "--stream=false", "--filter", "type=volume", "--format", "{{.Name}} {{.Status}}"]);
    assert!(told.contains("spare create") && told.contains("spare remove") && !told.contains("used remove"), "{told}");
    env.ok(&["volume", "rm", "used"]);
}

fn the_usage_counts_what_is_there(env: &TestEnv) {
    let usage = |kind: &str| {
        let text = env.ok(&["system", "df", "--format", "{{.Type}}|{{.Total}}|{{.Active}}|{{.Reclaimable}}"]);
        text.lines().find_map(|line| line.strip_prefix(&format!("{kind}|")).map(str::to_owned)).expect("a line")
    };
    env.busybox();
    assert!(usage("Images").starts_with("1|0|") && usage("Images").ends_with("(100%)"), "{}", usage("Images"));
    assert_eq!(usage("Containers"), "0|0|0B (0%)");
    let id = env.start_script(&[], "head -c 100000 /dev/zero >/big; echo ready; sleep 1000");
    assert_eq!(usage("Images"), "1|1|0B (0%)");
    assert_eq!(usage("Containers"), "1|1|0B (0%)");
    env.ok(&["kill", &id]);
    env.ok(&["wait", &id]);
    assert_eq!(usage("Containers"), "1|0|100kB (100%)");
    let text = env.ok(&["system", "df", "-v"]);
    assert!(text.contains("Images space usage:") && text.contains(&id[..12]), "{text}");
    env.remove(&[&id]);
}

//! `history`, `image tree|diff|prune|exists`, `rmi -f`, and the filters of `images`.

use crate::harness::archive::{Image, write_archive};
use crate::harness::{Case, Need, TestEnv, case};
use serde_json::{Value, json};

pub fn cases() -> Vec<Case> {
    let all = [
        case!(history_tells_the_steps_and_their_sizes),
        case!(history_of_what_is_not_there_is_an_error),
        case!(a_tree_shows_layers_and_whose_they_are).only_ours("podman's names of layers are its own"),
        case!(an_image_diff_is_that_of_the_topmost_layer),
        case!(an_image_prune_takes_what_has_no_name),
        case!(an_image_prune_of_all_keeps_what_is_used),
        case!(a_forced_removal_takes_the_containers_along),
        case!(a_forced_removal_of_one_of_two_names_keeps_the_containers),
        case!(images_are_found_by_filters),
        case!(exists_tells_by_its_code),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

fn load(env: &TestEnv, image: &Image) {
    write_archive(env.work().join("in.tar"), &image.oci_entries());
    env.ok(&["load", "-q", "-i", "in.tar"]);
}

fn second(name: &str) -> Image {
    Image::busybox_with(name, |layer| {
        layer.file("added", 0o644, vec![1; 3000]).whiteout("bin", "vi");
    })
}

fn history_tells_the_steps_and_their_sizes(env: &TestEnv) {
    let image = second("two");
    load(env, &image);
    let id = env.field("two", "{{.Id}}");
    let steps: Value = serde_json::from_str(&env.ok(&["history", "--format", "json", "two"])).unwrap();
    let steps = steps.as_array().unwrap();
    assert_eq!(steps.len(), 2);
    assert_eq!(steps[0]["id"], json!(id));
    assert_eq!(steps[0]["CreatedBy"], json!("the tests"));
    assert_eq!(env.run(&["history", "-q", "two"]).lines(), [&id[..12], "<missing>"]);
    assert_eq!(env.run(&["history", "-q", "--no-trunc", "two"]).lines()[0].trim_start_matches("sha256:"), id);
    let output = env.run(&["history", "two"]);
    assert!(output.lines()[0].starts_with("ID ") && output.lines().len() == 3, "{output}");
    let sizes = env.run(&["history", "--human=false", "--format", "{{.Size}} {{.CreatedBy}}", "two"]).lines();
    assert!(sizes[0].ends_with(" the tests"), "{sizes:?}");
    let bytes: Vec<u64> = sizes.iter().map(|line| line.split(' ').next().unwrap().parse().unwrap()).collect();
    assert!(bytes[0] > 0 && bytes[0] < 20_000 && bytes[1] > 500_000, "{bytes:?}");
}

fn history_of_what_is_not_there_is_an_error(env: &TestEnv) {
    env.run(&["history", "nosuch"]).fails(125, &["nosuch", "image not known"]);
}

fn a_tree_shows_layers_and_whose_they_are(env: &TestEnv) {
    env.busybox();
    load(env, &second("two"));
    let lines = env.run(&["image", "tree", "two"]).lines();
    assert!(lines[0].starts_with("Image ID: "), "{lines:?}");
    assert!(lines[4].starts_with("├── ID: ") && lines[5].ends_with("Top Layer of: [localhost/two:latest]"), "{lines:?}");
    load(env, &Image::new("one", vec![second("x").layers[0].clone()]));
    let output = env.run(&["image", "tree", "--whatrequires", "one"]);
    assert!(output.stdout().contains("[localhost/two:latest]"), "{output}");
    let lines = env.run(&["image", "tree", "two"]).lines();
    assert!(lines[4].contains("localhost/one:latest"), "{lines:?}");
}

fn an_image_diff_is_that_of_the_topmost_layer(env: &TestEnv) {
    load(env, &second("two"));
    let mut lines = env.run(&["image", "diff", "two"]).lines();
    lines.sort();
    assert_eq!(lines, ["A /added", "C /bin", "D /bin/vi"]);
    let json: Value = serde_json::from_str(&env.ok(&["image", "diff", "--format", "json", "two"])).unwrap();
    assert_eq!(json["deleted"], json!(["/bin/vi"]));
}

fn an_image_prune_takes_what_has_no_name(env: &TestEnv) {
    load(env, &second("named"));
    load(env, &Image::busybox("gone", json!({"Labels": {"keep": "no"}})));
    let id = env.field("gone", "{{.Id}}");
    env.ok(&["untag", "gone"]);
    env.ok(&["image", "prune", "-f", "--filter", "label=keep=yes"]);
    env.ok(&["image", "exists", &id]);
    let asked = env.cmd(&["image", "prune"]).stdin("n\n").run();
    asked.ok();
    assert!(format!("{asked}").contains("WARNING! This command removes all dangling images."), "{asked}");
    env.ok(&["image", "exists", &id]);
    assert_eq!(env.run(&["image", "prune", "-f", "--filter", "label=keep=no"]).lines(), [id.as_str()]);
    env.run(&["image", "exists", &id]).code(1);
    env.ok(&["image", "exists", "named"]);
}

fn an_image_prune_of_all_keeps_what_is_used(env: &TestEnv) {
    env.busybox();
    load(env, &second("unused"));
    env.ok(&["tag", "unused", "second-name"]);
    let container = env.ok(&["create", "--network", "none", "bb", "true"]);
    env.ok(&["image", "prune", "-a", "--force"]);
    env.run(&["image", "exists", "unused"]).code(1);
    env.ok(&["image", "exists", "bb"]);
    env.remove(&[&container]);
}

fn a_forced_removal_takes_the_containers_along(env: &TestEnv) {
    let runs = env.start(&[]);
    let created = env.ok(&["create", "--network", "none", "bb", "true"]);
    env.run(&["rmi", "bb"]).code(2);
    let output = env.run(&["rmi", "--force", "--no-prune", "bb"]);
    output.ok();
    assert!(output.stdout().contains("Untagged: ") && output.stdout().contains("Deleted: "), "{output}");
    assert_eq!(env.ok(&["ps", "-aq", "--no-trunc"]), "", "{runs} {created}");
    env.run(&["image", "exists", "bb"]).code(1);
}

fn a_forced_removal_of_one_of_two_names_keeps_the_containers(env: &TestEnv) {
    env.busybox();
    env.ok(&["tag", "bb", "other"]);
    let created = env.ok(&["create", "--network", "none", "bb", "true"]);
    env.ok(&["rmi", "-f", "other"]);
    assert_eq!(env.ok(&["ps", "-aq", "--no-trunc"]), created);
    env.remove(&[&created]);
}

fn images_are_found_by_filters(env: &TestEnv) {
    env.busybox();
    load(env, &Image::busybox("labelled", json!({"Labels": {"a": "b"}})));
    let container = env.ok(&["create", "--network", "none", "labelled", "true"]);
    let digest = env.field("labelled", "{{.Digest}}");
    let found = |filter: &str| {
        let mut names = env.run(&["images", "--filter", filter, "--format", "{{.Repository}}"]).lines();
        names.sort();
        names.join(" ").replace("localhost/", "")
    };
    for (filter, wanted) in [
        ("containers=true", "labelled"),
        ("containers=false", "bb"),
        (&format!("digest={digest}"), "labelled"),
        ("intermediate=true", ""),
        ("readonly=false", "bb labelled"),
        ("readonly=true", ""),
        ("until=2020-09-13T12:26:39Z", ""),
        ("label=a=b", "labelled"),
    ] {
        assert_eq!(found(filter), wanted, "{filter}");
    }
    for bad in ["until=soon", "containers=perhaps", "nosuch=1"] {
        env.run(&["images", "--filter", bad]).code(125);
    }
    let line = &env.run(&["images", "--history", "--filter", "label=a"]).lines()[1];
    assert!(line.ends_with("localhost/labelled:latest"), "{line}");
    env.remove(&[&container]);
}

fn exists_tells_by_its_code(env: &TestEnv) {
    env.busybox();
    env.run(&["image", "exists", "bb"]).code(0);
    env.run(&["image", "exists", "nosuch"]).code(1);
}

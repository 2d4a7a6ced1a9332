//! `system check`: what is damaged is found, and nothing else is removed.

use crate::harness::archive::{Image, digest, write_archive};
use crate::harness::{Case, Need, TestEnv, case};
use serde_json::json;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

pub fn cases() -> Vec<Case> {
    let ours = "it damages our store";
    let all = [
        case!(a_store_that_is_well_is_said_to_be).only_ours(ours),
        case!(every_kind_of_damage_to_a_layer_is_found).only_ours(ours),
        case!(what_is_missing_is_found_quickly).only_ours(ours),
        case!(a_repair_removes_what_is_damaged_and_nothing_else).only_ours(ours),
        case!(a_repair_leaves_what_containers_use_unless_forced).only_ours(ours),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

fn image(name: &str) -> Image {
    Image::busybox_with(name, |layer| {
        layer.folder("d", 0o755).file("d/file", 0o644, "text").file("d/empty", 0o644, "").symlink("d/link", "file");
        layer.whiteout("bin", "vi").hard_link("hard", "d/file").file("twice", 0o644, "one").file("twice", 0o644, "two");
    })
}

fn load(env: &TestEnv, image: &Image) {
    write_archive(env.work().join("in.tar"), &image.oci_entries());
    env.ok(&["load", "-q", "-i", "in.tar"]);
}

fn folder(env: &TestEnv, layer: &[u8]) -> PathBuf {
    env.data().join("layers").join(&digest(layer)["sha256:".len()..])
}

fn a_store_that_is_well_is_said_to_be(env: &TestEnv) {
    env.run(&["system", "check"]).prints("");
    load(env, &image("i"));
    env.busybox();
    let container = env.ok(&["run", "-d", "--network", "none", "bb", "true"]);
    env.ok(&["commit", "-q", &container, "made"]);
    env.run(&["system", "check"]).prints("");
    env.run(&["system", "check", "--quick", "--repair"]).prints("");
    assert_eq!(env.run(&["images", "-q"]).lines().len(), 3);
    env.remove(&[&container]);
}

/// R34.
fn every_kind_of_damage_to_a_layer_is_found(env: &TestEnv) {
    let image = image("i");
    type Damage = (&'static str, fn(&Path), &'static str);
    let all: [Damage; 7] = [
        ("contents", |diff| fs::write(diff.join("d/file"), "TEXT").unwrap(), "was changed"),
        ("a missing file", |diff| fs::remove_file(diff.join("d/file")).unwrap(), "d/file"),
        ("a missing empty file", |diff| fs::remove_file(diff.join("d/empty")).unwrap(), "\"d/empty\" is missing"),
        ("a longer file", |diff| fs::write(diff.join("d/empty"), "x").unwrap(), "\"d/empty\" has 1 bytes"),
        (
            "a link that leads elsewhere",
            |diff| {
                fs::remove_file(diff.join("d/link")).unwrap();
                symlink("/etc/passwd", diff.join("d/link")).unwrap();
            },
            "\"d/link\" leads elsewhere",
        ),
        (
            "another type",
            |diff| {
                fs::remove_file(diff.join("d/empty")).unwrap();
                fs::create_dir(diff.join("d/empty")).unwrap();
            },
            "\"d/empty\" is of another type",
        ),
        ("a missing whiteout", |diff| fs::remove_file(diff.join("bin/vi")).unwrap(), "\"bin/vi\" is missing"),
    ];
    for (what, damage, words) in all {
        load(env, &image);
        damage(&folder(env, &image.layers[1]).join("diff"));
        let output = env.run(&["system", "check"]).code(125);
        assert!(output.stdout().contains(words) && output.stdout().contains("localhost/i:latest"), "{what}: {output}");
        env.run(&["system", "check", "--repair"]).code(0);
        env.run(&["image", "exists", "i"]).code(1);
        env.run(&["system", "check"]).prints("");
    }
}

fn what_is_missing_is_found_quickly(env: &TestEnv) {
    let image = image("i");
    load(env, &image);
    let blob = env.data().join("blobs/sha256").join(&digest(&image.config_bytes())["sha256:".len()..]);
    let bytes = fs::read(&blob).unwrap();
    fs::remove_file(&blob).unwrap();
    env.run(&["system", "check", "--quick"]).fails(125, &["--repair"]);
    fs::write(&blob, &bytes[1..]).unwrap();
    let output = env.run(&["system", "check", "--quick"]).code(125);
    assert!(output.stdout().contains("its config"), "{output}");
    fs::write(&blob, &bytes).unwrap();
    env.run(&["system", "check", "--quick"]).prints("");
    fs::rename(folder(env, &image.layers[1]), env.work().join("away")).unwrap();
    let output = env.run(&["system", "check", "--quick"]).code(125);
    assert!(output.stdout().contains("its folder is missing"), "{output}");
    fs::rename(env.work().join("away"), folder(env, &image.layers[1])).unwrap();
}

fn a_repair_removes_what_is_damaged_and_nothing_else(env: &TestEnv) {
    let bad = image("bad");
    load(env, &bad);
    load(env, &Image::new("base", vec![bad.layers[0].clone()]));
    load(env, &Image::busybox("other", json!({"Env": ["A=1"]})));
    env.ok(&["tag", "bad", "second-name"]);
    fs::write(folder(env, &bad.layers[1]).join("diff/d/file"), "TEXT").unwrap();
    let id = env.field("bad", "{{.Id}}");
    let output = env.run(&["system", "check", "-r"]);
    output.ok();
    assert!(output.stdout().contains(&format!("Removed image {id}")), "{output}");
    assert!(!folder(env, &bad.layers[1]).exists());
    for (name, code) in [("bad", 1), ("second-name", 1), ("base", 0), ("other", 0)] {
        env.run(&["image", "exists", name]).code(code);
    }
    // What is brought in again is whole.
    load(env, &bad);
    assert_eq!(env.ok(&["run", "--rm", "--network", "none", "bad", "cat", "/d/file"]), "text");
    env.run(&["system", "check"]).prints("");
}

fn a_repair_leaves_what_containers_use_unless_forced(env: &TestEnv) {
    let bad = image("bad");
    load(env, &bad);
    let container = env.ok(&["create", "--network", "none", "bad", "true"]);
    fs::remove_file(folder(env, &bad.layers[1]).join("diff/twice")).unwrap();
    env.run(&["system", "check", "--force"]).code(125);
    env.run(&["system", "check", "--repair"]).fails(125, &["in use by container"]);
    assert_eq!(env.ok(&["ps", "-aq", "--no-trunc"]), container);
    let output = env.run(&["system", "check", "--repair", "--force"]);
    output.ok();
    assert!(output.stdout().contains(&format!("Removed container {container}")), "{output}");
    assert_eq!(env.ok(&["ps", "-aq"]), "");
    env.run(&["image", "exists", "bad"]).code(1);
}

//! `image mount`, and what two images differ in.

use crate::harness::archive::{Image, layer, write_archive};
use crate::harness::{Case, Need, TestEnv, case};

pub fn cases() -> Vec<Case> {
    let all = [
        case!(a_mount_shows_the_files_of_an_image_for_one_session).only_ours("podman writes its mounts down"),
        case!(an_image_that_is_mounted_stays).only_ours("podman counts mounts"),
        case!(without_a_session_it_says_what_to_do),
        case!(two_images_are_compared),
        case!(an_image_that_a_container_mounts_is_in_use).gap("podman lets it go"),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

fn load(env: &TestEnv, image: &Image) -> String {
    write_archive(env.work().join("in.tar"), &image.oci_entries());
    env.ok(&["load", "-q", "-i", "in.tar"]);
    env.field(&image.name, "{{.Id}}")
}

fn session(env: &TestEnv, script: &str) -> Vec<String> {
    let tool = env.tool().to_string_lossy().into_owned();
    let shown = env.ok(&["unshare", "sh", "-c", &script.replace("TOOL", &tool)]);
    shown.lines().map(str::to_owned).collect()
}

fn a_mount_shows_the_files_of_an_image_for_one_session(env: &TestEnv) {
    let two = load(
        env,
        &Image::busybox_with("two", |layer| {
            layer.file("content", 0o644, "upper").whiteout("etc", "group");
        }),
    );
    env.busybox();
    let shown = session(
        env,
        "at=$(TOOL image mount two) && cat $at/content && echo && ls $at/etc && touch $at/x 2>/dev/null || echo read-only
         one=$(TOOL image mount bb) && ls -d $one/bin/busybox >/dev/null && touch $one/x 2>/dev/null || echo read-only
         TOOL image mount | wc -l; TOOL image unmount two; TOOL image mount | wc -l; TOOL image unmount --all | wc -l",
    );
    assert_eq!(shown, ["upper", "passwd", "read-only", "read-only", "2", two.as_str(), "1", "1"]);
    // A session that ends without unmounting leaves no mount behind.
    session(env, "TOOL image mount --all >/dev/null");
    assert!(!std::fs::read_to_string("/proc/self/mountinfo").unwrap().contains(&two));
    assert_eq!(session(env, "TOOL image mount"), Vec::<String>::new());
    let printed = session(env, "TOOL image mount two >/dev/null; TOOL image mount --format json").join("\n");
    let rows: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(rows[0]["id"], two.as_str());
    env.run(&["unshare", &env.tool().to_string_lossy(), "image", "unmount", "two"]).fails(125, &["not mounted here"]);
}

fn an_image_that_is_mounted_stays(env: &TestEnv) {
    env.busybox();
    let shown =
        session(env, "TOOL image mount bb >/dev/null; TOOL rmi bb 2>&1; echo $?; TOOL image unmount bb >/dev/null; TOOL rmi bb");
    assert!(shown[0].contains("mounted") && shown.iter().any(|line| line == "2"), "{shown:?}");
    assert!(shown.last().unwrap().starts_with("Deleted: "), "{shown:?}");
}

fn without_a_session_it_says_what_to_do(env: &TestEnv) {
    env.busybox();
    env.run(&["image", "mount", "bb"]).fails(125, &["unshare"]);
}

fn two_images_are_compared(env: &TestEnv) {
    load(
        env,
        &Image::busybox_with("old", |layer| {
            layer.file("same", 0o644, "same").file("changed", 0o644, "a").file("gone", 0o644, "").folder("deep", 0o755);
        }),
    );
    load(
        env,
        &Image::busybox_with("new", |layer| {
            layer.file("same", 0o644, "same").file("changed", 0o644, "longer").folder("deep", 0o755).file("deep/new", 0o600, "");
        }),
    );
    let shown = env.ok(&["image", "diff", "new", "old"]);
    let mut lines: Vec<_> = shown.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["A /deep/new", "C /changed", "C /deep", "D /gone"]);
    assert_eq!(env.ok(&["image", "diff", "new", "new"]), "");
    let object: serde_json::Value = serde_json::from_str(&env.ok(&["image", "diff", "--format", "json", "old", "new"])).unwrap();
    assert_eq!(object["added"], serde_json::json!(["/gone"]));
}

fn an_image_that_a_container_mounts_is_in_use(env: &TestEnv) {
    env.busybox();
    let only = layer(|layer| {
        layer.file("d", 0o644, "d");
    });
    let data = load(env, &Image::new("data", vec![only]));
    let container = env.ok(&["create", "--network", "none", "--mount", "type=image,source=data,target=/data", "bb", "true"]);
    assert_eq!(env.ok(&["images", "-q", "--no-trunc", "-f", "containers=true", "data"]), format!("sha256:{data}"));
    env.ok(&["untag", "data"]);
    env.ok(&["image", "prune", "-f", "-a"]);
    assert_eq!(env.field(&data, "{{.Id}}"), data, "prune took an image that is mounted");
    env.remove(&[&container]);
    assert!(env.ok(&["image", "prune", "-f"]).contains(&data));
}

//! What a pull leaves behind when it breaks off, and what the next one makes of it; owners and repairs.

use crate::harness::archive::{Attributes, Image, Packing, busybox_layer, digest, layer};
use crate::harness::registry::{FakeRegistry, Registry, blob_path, honest};
use crate::harness::{Case, Need, TestEnv, case};
use rustix::process::Signal;
use std::fs;
use std::path::PathBuf;

pub fn cases() -> Vec<Case> {
    let ours = "it looks into our store";
    let all = [
        case!(layers_that_were_whole_when_a_pull_failed_are_not_fetched_again).only_ours(ours),
        case!(layers_that_were_whole_when_a_pull_was_killed_are_not_fetched_again).only_ours(ours),
        case!(what_an_unfinished_pull_has_left_goes_with_a_prune).only_ours(ours),
        case!(what_was_pulled_is_pushed_and_saved_as_it_was).needs(&[Need::Registry, Need::Skopeo]),
        case!(owners_beyond_the_range_are_counted_and_given_back).only_ours(ours).needs(&[Need::Subids, Need::Registry]),
        case!(a_repair_pulls_exactly_what_is_damaged).only_ours(ours).needs(&[Need::Registry]),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

/// A small layer, and one that is longer than what a pipe takes in.
fn image() -> Image {
    let big: Vec<u8> = (0..3_000_000_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let first = layer(|layer| {
        layer.file("first", 0o644, "first");
    });
    let second = layer(|layer| {
        layer.file("second", 0o644, &big);
    });
    Image::new("x", vec![first, second]).packed(Packing::Gzip)
}

fn folder(env: &TestEnv, layer: &[u8]) -> PathBuf {
    env.data().join("layers").join(&digest(layer)["sha256:".len()..])
}

fn layers(env: &TestEnv) -> usize {
    fs::read_dir(env.data().join("layers")).unwrap().count()
}

/// Pulls from a registry that gives half of the second layer, and then from one that is honest; returns what that was asked for.
fn pull_after(env: &TestEnv, image: &Image, kill: bool) -> Vec<String> {
    let blobs = image.packed_layers();
    let mut replies = honest(image, "x");
    let reply = replies.get_mut(&blob_path("x", &blobs[1])).unwrap();
    (reply.cut, reply.stall) = (Some(reply.body.len() / 2), kill);
    let broken = FakeRegistry::start(replies);
    let reference = format!("{}/x", broken.address());
    let pull = env.cmd(&["pull", "--retry", "0", "--tls-verify=false", &reference]);
    if kill {
        let pull = pull.spawn();
        wait_for(|| folder(env, &image.layers[0]).exists());
        pull.signal(Signal::KILL);
        drop(pull);
    } else {
        assert_ne!(pull.run().code, 0);
    }
    drop(broken);
    env.run(&["image", "exists", &reference]).code(1);
    assert!(folder(env, &image.layers[0]).join("diff/first").exists(), "the whole layer stays");
    assert!(!folder(env, &image.layers[1]).exists(), "the other is not seen");
    let well = FakeRegistry::start(honest(image, "x"));
    env.ok(&["pull", "-q", "--tls-verify=false", &format!("{}/x", well.address())]);
    let asked = well.asked();
    assert_eq!(layers(env), 2);
    asked
}

fn wait_for(so: impl Fn() -> bool) {
    let begin = std::time::Instant::now();
    while !so() {
        assert!(begin.elapsed().as_secs() < 30, "it does not come to pass");
        std::thread::yield_now();
    }
}

fn layers_that_were_whole_when_a_pull_failed_are_not_fetched_again(env: &TestEnv) {
    let image = image();
    let asked = pull_after(env, &image, false);
    let blobs = image.packed_layers();
    assert!(!asked.iter().any(|line| line.contains(&digest(&blobs[0]))), "{asked:?}");
    assert!(asked.iter().any(|line| line.contains(&digest(&blobs[1]))), "{asked:?}");
}

fn layers_that_were_whole_when_a_pull_was_killed_are_not_fetched_again(env: &TestEnv) {
    let image = image();
    let asked = pull_after(env, &image, true);
    assert!(!asked.iter().any(|line| line.contains(&digest(&image.packed_layers()[0]))), "{asked:?}");
}

fn what_an_unfinished_pull_has_left_goes_with_a_prune(env: &TestEnv) {
    let image = image();
    let mut replies = honest(&image, "x");
    let reply = replies.get_mut(&blob_path("x", &image.packed_layers()[1])).unwrap();
    reply.cut = Some(reply.body.len() / 2);
    let registry = FakeRegistry::start(replies);
    env.run(&["pull", "--retry", "0", "--tls-verify=false", &format!("{}/x", registry.address())]).code(125);
    // The removal of another image soon after does not take it.
    env.busybox();
    env.ok(&["rmi", "bb"]);
    assert_eq!(layers(env), 1);
    env.ok(&["image", "prune", "-f"]);
    assert_eq!(layers(env), 0);
    env.run(&["system", "check"]).prints("");
}

fn what_was_pulled_is_pushed_and_saved_as_it_was(env: &TestEnv) {
    let registry = Registry::start(env);
    let image = image();
    registry.push(&image, "in", "v1");
    let (from, to) = (format!("{}/in:v1", registry.address()), format!("{}/out:v1", registry.address()));
    env.ok(&["pull", "-q", "--tls-verify=false", &from]);
    env.ok(&["tag", &from, &to]);
    // Compressed anew, so that it is made from the files.
    env.ok(&["push", "-q", "--tls-verify=false", "--force-compression", "--compression-format", "zstd", &to]);
    env.ok(&["save", "-q", "--format", "oci-archive", "-o", "saved.tar", &from]);
    let saved = format!("oci-archive:{}", env.work().join("saved.tar").display());
    let wanted: Vec<String> = image.layers.iter().map(|layer| digest(layer)).collect();
    for place in [format!("docker://{to}"), saved] {
        let args = ["inspect", "--config", "--tls-verify=false", &place];
        let config: serde_json::Value = serde_json::from_str(&env.host("skopeo", &args).run().ok()).unwrap();
        assert_eq!(config["rootfs"]["diff_ids"], serde_json::json!(wanted), "{place}");
    }
    env.ok(&["rmi", "-a", "-f"]);
    // Whoever pulls it finds that the blobs are what the config says.
    env.ok(&["pull", "-q", "--tls-verify=false", &to]);
}

fn owners_beyond_the_range_are_counted_and_given_back(env: &TestEnv) {
    let registry = Registry::start(env);
    let far = layer(|layer| {
        let owner = Attributes { mode: 0o644, uid: 4_000_000, gid: 5 };
        layer.entry(tar::EntryType::Regular, "far", owner, "", b"x");
        layer.file("near", 0o644, "x");
    });
    let image = Image::new("x", vec![busybox_layer().finish(), far.clone()]).packed(Packing::Gzip);
    registry.push(&image, "far", "v1");
    let reference = format!("{}/far:v1", registry.address());
    let pulled = env.run(&["pull", "--tls-verify=false", &reference]);
    assert!(pulled.stderr().contains("/etc/subuid"), "{pulled}");
    assert_eq!(env.field(&reference, "{{.OwnersReplaced}}"), "1");
    let shown = env.ok(&["run", "--rm", "--network", "none", &reference, "stat", "-c", "%u:%g", "/far", "/near"]);
    assert_eq!(shown, "65534:5\n0:0");
    env.ok(&["save", "-q", "-o", "saved.tar", &reference]);
    // The layer that was saved is the one that came, so its diffID is the same.
    env.ok(&["rmi", "-f", &reference]);
    env.ok(&["load", "-q", "-i", "saved.tar"]);
    assert!(folder(env, &far).exists());
}

fn a_repair_pulls_exactly_what_is_damaged(env: &TestEnv) {
    let registry = Registry::start(env);
    let image = Image::busybox_with("x", |layer| {
        layer.file("file", 0o644, "text");
    })
    .packed(Packing::Gzip);
    registry.push(&image, "x", "v1");
    let reference = format!("{}/x:v1", registry.address());
    env.ok(&["pull", "-q", "--tls-verify=false", &reference]);
    let container = env.ok(&["create", "--network", "none", &reference, "cat", "/file"]);
    let whole = fs::metadata(folder(env, &image.layers[0])).unwrap();
    fs::write(folder(env, &image.layers[1]).join("diff/file"), "TEXT").unwrap();
    let id = env.field(&reference, "{{.Id}}");
    env.run(&["system", "check"]).code(125);
    let output = env.run(&["system", "check", "--repair", "--tls-verify=false"]);
    output.ok();
    assert!(output.stdout().contains(&format!("Pulled what was damaged of image {id}")), "{output}");
    env.run(&["system", "check"]).prints("");
    use std::os::unix::fs::MetadataExt as _;
    assert_eq!(fs::metadata(folder(env, &image.layers[0])).unwrap().ino(), whole.ino(), "the other layer was left alone");
    assert_eq!(env.ok(&["images", "--format", "{{.Repository}}:{{.Tag}}"]), reference);
    assert_eq!(env.ok(&["start", "-a", &container]), "text");
    // A registry that is gone: the image goes, as the container allows it.
    env.remove(&[&container]);
    drop(registry);
    fs::remove_file(folder(env, &image.layers[1]).join("diff/file")).unwrap();
    env.run(&["system", "check", "--repair", "--tls-verify=false", "--retry", "0"]).ok();
    env.run(&["image", "exists", &reference]).code(1);
}

//! `manifest`: lists of images for several platforms, and who reads them.

use crate::harness::archive::{Image, Packing, architecture, write_archive};
use crate::harness::registry::Registry;
use crate::harness::{Case, Need, TestEnv, case};
use serde_json::{Value, json};

pub fn cases() -> Vec<Case> {
    let all = [
        case!(a_list_is_made_changed_and_removed).only_ours("podman prints it in another form"),
        case!(a_pushed_list_serves_each_platform).needs(&[Need::Registry, Need::Skopeo]).only_ours("it adds from disk"),
        case!(a_list_goes_to_disk_with_its_images).needs(&[Need::Registry, Need::Skopeo]).only_ours("podman wants --all"),
        case!(images_of_another_registry_are_copied_as_they_are).needs(&[Need::Registry]).only_ours("podman wants --tls-verify"),
        case!(a_container_is_made_of_the_image_for_this_machine).only_ours("podman looks for it on a registry"),
        case!(commands_at_once_all_add_to_the_list).only_ours("podman takes minutes"),
        case!(prune_leaves_the_images_of_a_list).only_ours("podman takes them"),
        case!(what_is_no_list_is_refused).only_ours("messages are ours"),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

fn image(name: &str, content: &str) -> Image {
    Image::busybox_with(name, |layer| {
        layer.file("content", 0o644, content);
    })
    .packed(Packing::Gzip)
}

/// Loads an image; returns its id.
fn load(env: &TestEnv, image: &Image) -> String {
    write_archive(env.work().join("in.tar"), &image.oci_entries());
    env.ok(&["load", "-q", "-i", "in.tar"]);
    std::fs::remove_file(env.work().join("in.tar")).unwrap();
    env.field(&image.name, "{{.Id}}")
}

fn list(env: &TestEnv, name: &str) -> Value {
    serde_json::from_str(&env.ok(&["manifest", "inspect", name])).unwrap()
}

fn a_list_is_made_changed_and_removed(env: &TestEnv) {
    let id = load(env, &image("one", "1"));
    let made = env.ok(&["manifest", "create", "multi"]);
    env.run(&["manifest", "create", "multi"]).fails(125, &["localhost/multi:latest", "--amend"]);
    assert_eq!(env.ok(&["manifest", "create", "--amend", "multi"]), made);
    assert_eq!(list(env, "multi")["manifests"], json!([]));
    let changes = ["--arch", "arm64", "--variant", "v8", "--os-version", "1.2", "--features", "a,b", "--annotation", "k=v"];
    assert_eq!(env.ok(&[&["manifest", "add"], &changes[..], &["multi", "one"]].concat()), made);
    let shown = list(env, "multi");
    let entry = &shown["manifests"][0];
    assert_eq!(shown["mediaType"], "application/vnd.oci.image.index.v1+json");
    assert_eq!(
        entry["platform"],
        json!({"architecture": "arm64", "os": "linux", "os.version": "1.2", "variant": "v8", "features": ["a", "b"]})
    );
    assert_eq!(entry["annotations"], json!({"k": "v"}));
    let digest = entry["digest"].as_str().unwrap();
    env.ok(&["manifest", "annotate", "--arch", "s390x", "--variant=", "--os-features", "f", "multi", digest]);
    env.ok(&["manifest", "annotate", "--annotation", "more=x", "multi", "one"]);
    env.ok(&["manifest", "annotate", "--index", "--annotation", "of=list", "multi"]);
    let shown = list(env, "multi");
    assert_eq!(shown["annotations"], json!({"of": "list"}));
    let entry = &shown["manifests"][0];
    assert_eq!(entry["annotations"], json!({"k": "v", "more": "x"}));
    assert_eq!(entry["platform"]["architecture"], "s390x");
    assert!(entry["platform"].get("variant").is_none(), "{entry}");
    assert_eq!(env.ok(&["images", "-q", "--no-trunc", "-f", "manifest=true"]), format!("sha256:{made}"));
    assert_eq!(env.ok(&["images", "-q", "--no-trunc", "-f", "manifest=false"]), format!("sha256:{id}"));
    env.ok(&["tag", "multi", "other"]);
    // The image may get another manifest: the entry is still its own.
    assert_eq!(load(env, &image("one", "1").packed(Packing::Plain)), id);
    env.ok(&["manifest", "annotate", "--annotation", "more=y", "multi", "one"]);
    assert_eq!(list(env, "multi")["manifests"][0]["annotations"]["more"], "y");
    assert_eq!(env.ok(&["manifest", "remove", "other", digest]), made);
    assert_eq!(list(env, "multi")["manifests"], json!([]));
    env.run(&["manifest", "exists", "multi"]).code(0);
    env.ok(&["manifest", "rm", "multi"]);
    env.run(&["manifest", "exists", "multi"]).code(1);
    assert!(env.ok(&["manifest", "rm", "other"]).contains(&format!("Deleted: {made}")));
    env.run(&["manifest", "rm", "other"]).fails(125, &["other"]);
    env.run(&["manifest", "rm", "--ignore", "other"]).code(0);
    env.ok(&["system", "check"]);
}

fn a_pushed_list_serves_each_platform(env: &TestEnv) {
    let registry = Registry::start(env);
    let first = load(env, &image("first", "for this machine"));
    let second = load(env, &image("second", "for another"));
    env.ok(&["push", "-q", "second", "oci-archive:second.tar:second"]);
    env.ok(&["rmi", "second"]);
    env.ok(&["manifest", "create", "multi", "first"]);
    env.ok(&["manifest", "add", "--arch", "riscv64", "multi", "oci-archive:second.tar"]);
    let to = format!("{}/team/multi:v1", registry.address());
    let digestfile = env.work().join("digest").to_string_lossy().into_owned();
    env.ok(&["manifest", "push", "-q", "--digestfile", &digestfile, "multi", &format!("docker://{to}")]);
    let digest = std::fs::read_to_string(&digestfile).unwrap();
    let remote = format!("docker://{to}");
    let raw = env.host("skopeo", &["inspect", "--raw", "--tls-verify=false", &remote]).run().ok();
    let index: Value = serde_json::from_str(&raw).unwrap();
    let platforms: Vec<_> =
        index["manifests"].as_array().unwrap().iter().map(|entry| entry["platform"]["architecture"].clone()).collect();
    assert_eq!(platforms, [json!(architecture()), json!("riscv64")]);
    assert!(!raw.contains("sources"), "{raw}");
    env.ok(&["rmi", "-f", "-a"]);
    for (platform, id) in [(format!("linux/{}", architecture()), &first), ("linux/riscv64".to_owned(), &second)] {
        assert_eq!(&env.ok(&["pull", "-q", "--platform", &platform, &to]), id, "{platform}");
    }
    let by_digest = format!("{}/team/multi@{digest}", registry.address());
    assert_eq!(env.ok(&["pull", "-q", &by_digest]), first);
    // One that is there is shown without being pulled, and a list can be made of all of it.
    assert!(env.ok(&["manifest", "inspect", &remote]).contains("riscv64"));
    env.ok(&["manifest", "create", "--all", "again", &remote]);
    assert_eq!(list(env, "again")["manifests"].as_array().unwrap().len(), 2);
    env.ok(&["manifest", "push", "-q", "--rm", "again", &format!("{}/team/again", registry.address())]);
    env.run(&["manifest", "exists", "again"]).code(1);
}

/// Of the store and of a registry, in each form; skopeo takes all of it back to a registry.
fn a_list_goes_to_disk_with_its_images(env: &TestEnv) {
    let registry = Registry::start(env);
    let there = registry.push(&image("there", "from a registry"), "base/there", "v1");
    let here = load(env, &image("here", "from the store"));
    env.ok(&["manifest", "create", "multi", "here"]);
    let source = format!("docker://{}/base/there:v1", registry.address());
    env.ok(&["manifest", "add", "--arch", "riscv64", "multi", &source]);
    for (at, place) in ["oci:layout:multi", "oci-archive:list.tar:multi", "dir:folder"].into_iter().enumerate() {
        let file = env.work().join("digest").to_string_lossy().into_owned();
        env.ok(&["manifest", "push", "-q", "--digestfile", &file, "multi", place]);
        let path = place.replacen(':', &format!(":{}/", env.work().display()), 1);
        let raw = env.host("skopeo", &["inspect", "--raw", &path]).run().ok();
        let digest = format!("sha256:{}", crate::harness::archive::digest(raw.as_bytes()).trim_start_matches("sha256:"));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), digest, "{place}");
        let index: Value = serde_json::from_str(&raw).unwrap();
        let entries = index["manifests"].as_array().unwrap();
        assert_eq!((entries.len(), &entries[1]["digest"]), (2, &json!(there)), "{place}: {raw}");
        let to = format!("{}/back/multi:{at}", registry.address());
        let copy = ["copy", "--all", "--dest-tls-verify=false", &path, &format!("docker://{to}")];
        env.host("skopeo", &copy).run().ok();
        env.ok(&["pull", "-q", "--platform", "linux/riscv64", &to]);
        assert_eq!(env.ok(&["run", "--rm", "--pull", "never", "--network", "none", &to, "cat", "/content"]), "from a registry");
        env.ok(&["rmi", "-f", &to]);
        assert_eq!(env.ok(&["pull", "-q", &to]), here, "{place}");
        env.ok(&["untag", &to]);
    }
    // A second one in a layout; without its images it is the list alone.
    env.ok(&["manifest", "push", "-q", "--all=false", "multi", "oci:layout:bare"]);
    let index: Value = serde_json::from_slice(&std::fs::read(env.work().join("layout/index.json")).unwrap()).unwrap();
    assert_eq!(index["manifests"].as_array().unwrap().len(), 2);
    env.run(&["manifest", "push", "multi", "docker-archive:x.tar"]).fails(125, &["docker-archive"]);
    env.run(&["manifest", "push", "-f", "v2s2", "multi", "oci:other"]).fails(125, &["dir:"]);
    env.run(&["manifest", "push", "--compression-format", "zstd", "multi", "oci:other"]).fails(125, &["as it is"]);
    assert!(!env.work().join("other").exists() && !env.work().join("x.tar").exists());
}

fn images_of_another_registry_are_copied_as_they_are(env: &TestEnv) {
    let from = Registry::start(env);
    let one = image("one", "copied");
    let digest = from.push(&one, "base/one", "v1");
    let other = TestEnv::new(None);
    let to = Registry::start(&other);
    env.ok(&["manifest", "create", "multi"]);
    env.ok(&["manifest", "add", "multi", &format!("docker://{}/base/one:v1", from.address())]);
    assert_eq!(env.ok(&["images", "-q", "-f", "manifest=false"]), "", "nothing of it was pulled");
    let target = format!("{}/copy/multi:v1", to.address());
    env.ok(&["manifest", "push", "multi", &target]);
    assert_eq!(list(env, "multi")["manifests"][0]["digest"], digest.as_str());
    let single = format!("{}/copy/multi@{digest}", to.address());
    for reference in [&target, &single] {
        env.ok(&["pull", "-q", reference]);
        assert_eq!(env.ok(&["run", "--rm", "--pull", "never", "--network", "none", reference, "cat", "/content"]), "copied");
        env.ok(&["rmi", "-f", reference]);
    }
    // Without the images only the list goes, where they are there.
    env.ok(&["manifest", "push", "-q", "--all=false", "multi", &format!("{}/copy/multi:v2", to.address())]);
    env.run(&["manifest", "push", "-q", "--all=false", "multi", &format!("{}/elsewhere:v2", to.address())])
        .fails(125, &["elsewhere"]);
    env.run(&["manifest", "push", "--compression-format", "zstd", "multi", &target]).fails(125, &["as it is"]);
    drop(to);
}

fn a_container_is_made_of_the_image_for_this_machine(env: &TestEnv) {
    let id = load(env, &image("mine", "mine"));
    env.ok(&["manifest", "create", "multi", "mine"]);
    assert_eq!(env.ok(&["run", "--rm", "--network", "none", "multi", "cat", "/content"]), "mine");
    assert_eq!(env.field("multi", "{{.Id}}"), id);
    assert!(env.ok(&["history", "multi"]).contains("the tests"));
    env.ok(&["save", "-q", "-o", "saved.tar", "multi"]);
    // The same image in another form has another manifest; the list means it all the same.
    env.ok(&["push", "-q", "--compression-format", "zstd", "mine", "dir:d"]);
    env.ok(&["pull", "-q", "dir:d"]);
    assert_eq!(env.ok(&["run", "--rm", "--network", "none", "multi", "cat", "/content"]), "mine");
    env.ok(&[
        "manifest",
        "annotate",
        "--arch",
        "riscv64",
        "multi",
        list(env, "multi")["manifests"][0]["digest"].as_str().unwrap(),
    ]);
    env.run(&["run", "--rm", "--network", "none", "multi", "true"]).fails(125, &["has no image for linux"]);
}

fn commands_at_once_all_add_to_the_list(env: &TestEnv) {
    let count = 6;
    for at in 0..count {
        load(env, &image(&format!("part{at}"), &at.to_string()));
    }
    env.ok(&["manifest", "create", "multi"]);
    let adding: Vec<_> = (0..count).map(|at| env.cmd(&["manifest", "add", "multi", &format!("part{at}")]).spawn()).collect();
    for command in adding {
        command.wait().ok();
    }
    assert_eq!(list(env, "multi")["manifests"].as_array().unwrap().len(), count);
}

fn prune_leaves_the_images_of_a_list(env: &TestEnv) {
    let id = load(env, &image("kept", "x"));
    env.ok(&["manifest", "create", "multi", "kept"]);
    env.ok(&["untag", "kept"]);
    env.ok(&["image", "prune", "-f"]);
    assert_eq!(env.field(&id, "{{.Id}}"), id);
    env.ok(&["manifest", "rm", "multi"]);
    assert_eq!(env.ok(&["image", "prune", "-f"]).lines().next(), Some(id.as_str()));
}

fn what_is_no_list_is_refused(env: &TestEnv) {
    load(env, &image("plain", "x"));
    env.ok(&["manifest", "create", "multi"]);
    for args in [&["exists", "plain"][..], &["rm", "plain"], &["add", "plain", "multi"], &["create", "--amend", "plain"]] {
        env.run(&[&["manifest"], args].concat()).fails(125, &["not a manifest list"]);
    }
    env.run(&["push", "multi", "dir:d"]).fails(125, &["no image for"]);
    env.run(&["push", "multi", "127.0.0.1:1/x"]).fails(125, &["manifest push"]);
    env.run(&["manifest", "remove", "multi", "plain"]).fails(125, &["has no image"]);
    env.run(&["manifest", "annotate", "--annotation", "x", "multi", "plain"]).fails(125, &["KEY=VALUE"]);
    env.run(&["manifest", "push", "--add-compression", "zstd", "multi", "127.0.0.1:1/x"]).fails(125, &["--add-compression"]);
}

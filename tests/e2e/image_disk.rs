//! Images on disk, named by their transport: `push` writes them, other programs read them, `pull` and `run` take them.

use crate::harness::archive::{Image, Packing, write_archive};
use crate::harness::{Case, Need, TestEnv, case};
use serde_json::Value;
use std::path::Path;

pub fn cases() -> Vec<Case> {
    let all = [
        case!(every_transport_carries_an_image_there_and_back).gap("podman 4 calls an image of oci: by its path"),
        case!(skopeo_reads_what_push_writes).needs(&[Need::Skopeo]).only_ours("podman writes what skopeo does"),
        case!(umoci_unpacks_what_push_adds_to_a_layout).needs(&[Need::Umoci]),
        case!(a_container_is_made_of_an_image_on_disk),
        case!(one_of_several_images_is_chosen_by_name_or_number).gap("podman 4 knows no numbers in layouts"),
        case!(what_is_there_is_replaced_or_refused_by_its_form).only_ours("podman adds stray files to folders"),
        case!(policy_speaks_of_places_on_disk).only_ours("podman reads the policy of the host"),
        case!(archives_are_read_however_they_are_compressed),
        case!(transports_that_lead_nowhere_are_refused_by_name).only_ours("podman has some of them"),
        case!(a_push_that_fails_leaves_nothing).only_ours("podman leaves an empty folder"),
        case!(results_are_written_only_when_there_is_one).only_ours("podman writes before it looks"),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

fn image(name: &str, content: &str) -> Image {
    Image::busybox_with(name, |layer| {
        layer.file("content", 0o644, content);
    })
}

/// Loads an image; returns its id.
fn load(env: &TestEnv, image: &Image) -> String {
    write_archive(env.work().join("in.tar"), &image.docker_entries());
    env.ok(&["load", "-q", "-i", "in.tar"]);
    std::fs::remove_file(env.work().join("in.tar")).unwrap();
    env.field(&image.name, "{{.Id}}")
}

fn json(path: impl AsRef<Path>) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn every_transport_carries_an_image_there_and_back(env: &TestEnv) {
    let id = load(env, &image("carried", "x"));
    for (target, name) in [
        ("dir:d", None),
        ("oci:o:v1", Some("localhost/v1:latest")),
        ("oci:nameless", None),
        ("oci-archive:o.tar:host:5000/a/b:2", Some("host:5000/a/b:2")),
        ("docker-archive:d.tar:docker.io/c/d:3", Some("docker.io/c/d:3")),
    ] {
        env.ok(&["push", "-q", "carried", target]);
        env.ok(&["rmi", "-f", "-a"]);
        assert_eq!(env.ok(&["pull", "-q", target]), id, "{target}");
        let name = name.unwrap_or(&id);
        assert_eq!(env.field(name, "{{.Id}}"), id, "{target}");
        env.ok(&["tag", name, "carried"]);
    }
}

fn skopeo_reads_what_push_writes(env: &TestEnv) {
    load(env, &image("read", "x").packed(Packing::Gzip));
    let sizes = |place: &str| {
        let raw = env.host("skopeo", &["inspect", "--raw", place]).run().ok();
        serde_json::from_str::<Value>(&raw).unwrap()
    };
    for (options, place, media_type) in [
        (&[][..], "dir:plain", "tar"),
        (&["--compress"], "dir:gzip", "tar+gzip"),
        (&["--compression-format", "zstd", "--compression-level", "7"], "dir:zstd", "tar+zstd"),
        (&["--format", "v2s2", "--compress"], "dir:docker", "tar.gzip"),
        (&[], "oci:layout:v1", "tar+gzip"),
        (&["--compression-format", "zstd"], "oci-archive:o.tar:v1", "tar+zstd"),
        (&["--compression-format", "none"], "oci:bare:v1", "tar"),
    ] {
        let digestfile = env.work().join("digest").to_string_lossy().into_owned();
        env.ok(&[&["push", "-q", "--digestfile", &digestfile], options, &["read", place]].concat());
        let manifest = sizes(place);
        let kind = manifest["layers"][1]["mediaType"].as_str().unwrap();
        assert!(kind.ends_with(media_type), "{place}: {manifest}");
        let digest = env.host("skopeo", &["inspect", "--format", "{{.Digest}}", place]).run().ok();
        assert_eq!(std::fs::read_to_string(&digestfile).unwrap(), digest.trim(), "{place}");
        // What it says of the layers is true: skopeo checks it on the way.
        env.host("skopeo", &["--insecure-policy", "copy", "-q", place, "dir:copied"]).run().ok();
    }
}

fn umoci_unpacks_what_push_adds_to_a_layout(env: &TestEnv) {
    load(env, &image("one", "first"));
    load(env, &image("two", "second"));
    env.ok(&["push", "-q", "one", "oci:layout:a"]);
    env.ok(&["push", "-q", "two", "oci:layout:b"]);
    env.ok(&["push", "-q", "two", "oci:layout:a"]);
    let names: Vec<_> = json(env.work().join("layout/index.json"))["manifests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["annotations"]["org.opencontainers.image.ref.name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names.len(), 2, "{names:?}");
    env.host("umoci", &["unpack", "--rootless", "--image", "layout:a", "bundle"]).run().ok();
    assert_eq!(std::fs::read_to_string(env.work().join("bundle/rootfs/content")).unwrap(), "second");
    let stray = std::fs::read_dir(env.work().join("layout/blobs/sha256")).unwrap().flatten();
    assert!(stray.into_iter().all(|entry| !entry.file_name().to_string_lossy().contains("part")), "parts are left");
}

fn a_container_is_made_of_an_image_on_disk(env: &TestEnv) {
    let id = load(env, &image("ondisk", "from the disk"));
    env.ok(&["push", "-q", "ondisk", "dir:d"]);
    env.ok(&["push", "-q", "ondisk", "oci:o:ondisk"]);
    env.ok(&["rmi", "ondisk"]);
    for place in ["dir:d", "oci:o:ondisk"] {
        let printed = env.ok(&["run", "--rm", "-q", "--network", "none", place, "cat", "/content"]);
        assert_eq!(printed, "from the disk", "{place}");
        env.ok(&["rmi", &id]);
    }
    env.run(&["run", "--rm", "--pull", "never", "--network", "none", "dir:d", "true"]).fails(125, &["dir:d"]);
    let container = env.ok(&["create", "-q", "--network", "none", "dir:d", "true"]);
    assert_eq!(env.field(&container, "{{.Image}}"), id);
    env.remove(&[&container]);
}

fn one_of_several_images_is_chosen_by_name_or_number(env: &TestEnv) {
    let first = load(env, &image("first", "1"));
    let second = load(env, &image("second", "2"));
    env.ok(&["save", "-q", "-m", "-o", "both.tar", "first", "second"]);
    env.ok(&["push", "-q", "first", "oci:both:a"]);
    env.ok(&["push", "-q", "second", "oci:both:b"]);
    env.ok(&["rmi", "-f", "-a"]);
    for (place, ids) in [
        ("docker-archive:both.tar", vec![&first, &second]),
        ("docker-archive:both.tar:localhost/second:latest", vec![&second]),
        ("docker-archive:both.tar:@0", vec![&first]),
        ("oci:both:b", vec![&second]),
        ("oci:both:@0", vec![&first]),
    ] {
        let pulled = env.ok(&["pull", "-q", place]);
        assert_eq!(pulled.lines().collect::<Vec<_>>(), ids, "{place}");
        env.ok(&["rmi", "-f", "-a"]);
    }
    env.run(&["pull", "oci:both"]).fails(125, &["several images", "localhost/a:latest"]);
    env.run(&["pull", "oci:both:c"]).fails(125, &["no image \"c\"", "a, b"]);
    env.run(&["pull", "docker-archive:both.tar:@2"]).fails(125, &["@1"]);
    env.run(&["run", "--rm", "docker-archive:both.tar", "true"]).fails(125, &["several images"]);
    env.run(&["pull", "oci-archive:both.tar"]).fails(125, &["docker-archive:"]);
}

fn what_is_there_is_replaced_or_refused_by_its_form(env: &TestEnv) {
    load(env, &image("one", "1"));
    let two = load(env, &image("two", "2"));
    for image in ["one", "two"] {
        env.ok(&["push", "-q", image, "dir:d"]);
        env.ok(&["push", "-q", image, "oci-archive:o.tar"]);
    }
    assert_eq!(json(env.work().join("d/manifest.json"))["config"]["digest"], format!("sha256:{two}"));
    assert!(
        std::fs::read_dir(env.work()).unwrap().flatten().all(|entry| !entry.file_name().to_string_lossy().ends_with(".part"))
    );
    env.ok(&["push", "-q", "one", "docker-archive:d.tar"]);
    env.run(&["push", "two", "docker-archive:d.tar"]).fails(125, &["there already"]);
    env.file("mine/file", "mine");
    for place in ["dir:mine", "oci:mine"] {
        env.run(&["push", "two", place]).fails(125, &["no empty folder"]);
    }
    assert_eq!(std::fs::read_dir(env.work().join("mine")).unwrap().count(), 1);
}

fn policy_speaks_of_places_on_disk(env: &TestEnv) {
    load(env, &image("asked", "x"));
    for name in ["good", "bad"] {
        env.ok(&["push", "-q", "asked", &format!("oci:{name}:v1")]);
        env.ok(&["push", "-q", "asked", &format!("dir:dir-{name}")]);
    }
    env.ok(&["push", "-q", "asked", "docker-archive:d.tar"]);
    env.ok(&["rmi", "asked"]);
    let (good, bad) = (env.work().join("good"), env.work().join("dir-bad"));
    let policy = format!(
        r#"{{"default":[{{"type":"insecureAcceptAnything"}}],"transports":{{
            "oci":{{"":[{{"type":"reject"}}],"{}":[{{"type":"insecureAcceptAnything"}}]}},
            "dir":{{"{}":[{{"type":"reject"}}]}},"docker-archive":{{"":[{{"type":"reject"}}]}}}}}}"#,
        good.display(),
        bad.display()
    );
    let file = env.home().join(".config/containers/policy.json");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, policy).unwrap();
    env.ok(&["pull", "-q", "oci:good:v1"]);
    env.ok(&["pull", "-q", "dir:dir-good"]);
    env.run(&["pull", "oci:bad:v1"]).fails(125, &["policy.json rejects"]);
    env.run(&["pull", "dir:dir-bad"]).fails(125, &["policy.json rejects"]);
    env.run(&["load", "-i", "dir-bad"]).fails(125, &["policy.json rejects"]);
    env.run(&["load", "-i", "d.tar"]).fails(125, &["policy.json rejects"]);
    env.run(&["run", "--rm", "docker-archive:d.tar", "true"]).fails(125, &["policy.json rejects"]);
    let link = env.work().join("link");
    std::os::unix::fs::symlink("dir-bad", link).unwrap();
    env.run(&["pull", "dir:link"]).fails(125, &["policy.json rejects"]);
}

fn archives_are_read_however_they_are_compressed(env: &TestEnv) {
    let id = load(env, &image("packed", "x"));
    env.ok(&["save", "-q", "-o", "a.tar", "packed"]);
    for (program, packed) in [("gzip", "a.tar.gz"), ("bzip2", "a.tar.bz2"), ("xz", "a.tar.xz"), ("zstd", "a.tar.zst")] {
        let available = env.host("sh", &["-c", &format!("command -v {program}")]).run();
        if available.stdout().is_empty() {
            continue;
        }
        env.host("sh", &["-c", &format!("{program} -c <a.tar >{packed}")]).run().ok();
        env.ok(&["rmi", "-f", "-a"]);
        env.ok(&["load", "-q", "-i", packed]);
        assert_eq!(env.field("packed", "{{.Id}}"), id, "{program}");
    }
}

fn transports_that_lead_nowhere_are_refused_by_name(env: &TestEnv) {
    load(env, &image("stays", "x"));
    for (name, word) in [
        ("containers-storage:x", "podman save"),
        ("docker-daemon:x:1", "docker save"),
        ("tarball:x", "coracle import"),
        ("oci:", "path is missing"),
    ] {
        env.run(&["pull", name]).fails(125, &[word]);
        env.run(&["push", "stays", name]).fails(125, &[word]);
        env.run(&["run", "--rm", name, "true"]).fails(125, &[word]);
        env.run(&["manifest", "create", "list", name]).fails(125, &[word]);
    }
    for options in [&["--sign-by", "me"][..], &["--encryption-key", "k"], &["--compress"]] {
        env.run(&[&["push"], options, &["stays", "oci:o"]].concat()).fails(125, &[]);
    }
    env.run(&["pull", "--decryption-key", "k", "dir:d"]).fails(125, &["encrypted"]);
    env.run(&["push", "--format", "v2s2", "stays", "oci:o"]).fails(125, &["dir:"]);
    env.run(&["push", "--format", "oci", "stays", "docker-archive:o"]).fails(125, &["oci-archive:"]);
    assert!(!env.work().join("o").exists());
}

fn a_push_that_fails_leaves_nothing(env: &TestEnv) {
    for place in ["dir:d", "oci:o:v1", "oci-archive:o.tar", "docker-archive:d.tar"] {
        env.run(&["push", "no-such-image", place]).fails(125, &["no-such-image"]);
    }
    assert_eq!(std::fs::read_dir(env.work()).unwrap().count(), 0, "something was left in {}", env.work().display());
}

fn results_are_written_only_when_there_is_one(env: &TestEnv) {
    env.busybox();
    env.file("digest", "old");
    env.run(&["push", "--digestfile", "digest", "no-such-image", "dir:d"]).fails(125, &["no-such-image"]);
    env.run(&["volume", "export", "-o", "volume.tar", "no-such-volume"]).fails(125, &["no-such-volume"]);
    env.run(&["exec", "-d", "--cidfile", "cid", "no-such-container", "true"]).fails(125, &["no-such-container"]);
    assert_eq!(std::fs::read_to_string(env.work().join("digest")).unwrap(), "old");
    assert!(!env.work().join("volume.tar").exists() && !env.work().join("cid").exists());
    let id = env.start(&["--name", "one"]);
    env.ok(&["exec", "-d", "--cidfile", "cid", &id, "true"]);
    assert_eq!(std::fs::read_to_string(env.work().join("cid")).unwrap().len(), 64);
    env.remove(&[&id]);
}

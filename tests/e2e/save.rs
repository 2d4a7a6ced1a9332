//! `save`: what it writes is what came in, and others read it.

use crate::harness::archive::{Attributes, Image, Packing, digest, write_archive};
use crate::harness::{Case, Need, TestEnv, case};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::Path;
use tar::EntryType;

pub fn cases() -> Vec<Case> {
    let all = [
        case!(every_form_loads_back_with_the_same_id),
        case!(layers_are_given_back_byte_for_byte),
        case!(a_hard_link_to_a_layer_below_comes_in_and_goes_out).gap("podman 4.3 refuses such a layer"),
        case!(several_images_and_names_go_into_one_archive),
        case!(an_image_given_by_id_takes_no_name_along),
        case!(skopeo_reads_every_form).needs(&[Need::Skopeo]),
        case!(umoci_unpacks_the_oci_folder).needs(&[Need::Umoci]),
        case!(load_takes_what_skopeo_makes_with_dir).needs(&[Need::Skopeo]),
        case!(a_pipe_carries_an_archive_from_save_to_load),
        case!(a_terminal_is_refused),
        case!(a_failed_save_leaves_no_file_and_keeps_the_old_one),
        case!(a_folder_that_is_not_empty_is_refused).only_ours("podman writes into it"),
        case!(options_that_do_not_fit_the_form_are_refused).only_ours("podman takes some without effect"),
        case!(a_layer_without_its_record_is_made_anew).only_ours("it changes our store"),
        case!(a_layer_that_was_changed_is_not_saved).only_ours("it changes our store"),
        case!(a_reader_that_goes_ends_the_save).only_ours("podman ends with 125 and a message"),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

/// An image whose layers no other writer of tars would write so: an order of its own, a file twice, something behind the end.
fn odd(name: &str) -> Image {
    let mut image = Image::busybox_with(name, |layer| {
        layer.file("z", 0o644, "last first").file("twice", 0o600, "one").file("a", 0o4755, "setuid");
        layer.file("twice", 0o644, "the second one").symlink("link", "z").hard_link("hard", "a");
        layer.file(&format!("{}/file", "long".repeat(20)), 0o644, vec![7; 5000]);
        layer.whiteout("bin", "vi");
        layer.entry(EntryType::Regular, "owned", Attributes { mode: 0o640, uid: 12, gid: 34 }, "", b"x");
    });
    image.layers[1].extend([9; 512]);
    image
}

fn load(env: &TestEnv, image: &Image) {
    write_archive(env.work().join("in.tar"), &image.oci_entries());
    env.ok(&["load", "-i", "in.tar"]);
    fs::remove_file(env.work().join("in.tar")).unwrap();
}

/// The files of a tar.
fn members(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in tar::Archive::new(fs::File::open(path).unwrap()).entries().unwrap() {
        let mut entry = entry.unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        if entry.header().entry_type() == EntryType::Regular {
            found.insert(entry.path().unwrap().to_string_lossy().into_owned(), bytes);
        }
    }
    found
}

fn manifest(members: &BTreeMap<String, Vec<u8>>) -> Value {
    serde_json::from_slice(&members["manifest.json"]).unwrap()
}

fn id_and_layers(env: &TestEnv, image: &str) -> (String, String) {
    (env.field(image, "{{.Id}}"), env.field(image, "{{.RootFS.Layers}}"))
}

fn every_form_loads_back_with_the_same_id(env: &TestEnv) {
    for packing in [Packing::Plain, Packing::Gzip] {
        load(env, &odd("odd").packed(packing));
        let before = id_and_layers(env, "odd");
        for options in [
            &["--format", "docker-archive"][..],
            &["--format", "oci-archive"],
            &["--format", "oci-dir"],
            &["--format", "oci-archive", "--uncompressed"],
            &["--format", "docker-dir"],
            &["--format", "docker-dir", "--compress"],
        ] {
            env.ok(&[&["save", "-q", "-o", "out"], options, &["odd"]].concat());
            env.ok(&["rmi", "odd"]);
            env.ok(&["load", "-q", "-i", "out"]);
            // A dir: has no names.
            let name = if options.contains(&"docker-dir") { before.0.as_str() } else { "odd" };
            assert_eq!(id_and_layers(env, name), before, "{options:?}");
            assert_eq!(env.ok(&["run", "--rm", "--network", "none", name, "cat", "/twice"]), "the second one");
            env.ok(&["tag", name, "odd"]);
            let out = env.work().join("out");
            if out.is_dir() { fs::remove_dir_all(out).unwrap() } else { fs::remove_file(out).unwrap() }
        }
        env.ok(&["rmi", "odd"]);
    }
}

fn layers_are_given_back_byte_for_byte(env: &TestEnv) {
    let image = odd("odd").packed(Packing::Zstd);
    load(env, &image);
    env.ok(&["save", "--quiet", "-o", "out.tar", "odd"]);
    let members = members(&env.work().join("out.tar"));
    let item = &manifest(&members)[0];
    assert_eq!(item["RepoTags"], json!(["localhost/odd:latest"]));
    assert_eq!(members[item["Config"].as_str().unwrap()], image.config_bytes());
    let layers: Vec<_> = item["Layers"].as_array().unwrap().iter().map(|name| &members[name.as_str().unwrap()]).collect();
    assert!(layers == image.layers.iter().collect::<Vec<_>>(), "a layer differs");
}

fn a_hard_link_to_a_layer_below_comes_in_and_goes_out(env: &TestEnv) {
    let image = Image::busybox_with("linked", |layer| {
        layer.hard_link("other-passwd", "etc/passwd");
    });
    load(env, &image);
    let printed = env.ok(&["run", "--rm", "--network", "none", "linked", "cmp", "/other-passwd", "/etc/passwd"]);
    assert_eq!(printed, "");
    env.ok(&["save", "-q", "-o", "out.tar", "linked"]);
    let members = members(&env.work().join("out.tar"));
    let name = manifest(&members)[0]["Layers"][1].as_str().unwrap().to_owned();
    assert!(members[&name] == image.layers[1], "the layer differs");
}

fn several_images_and_names_go_into_one_archive(env: &TestEnv) {
    load(env, &odd("one"));
    load(env, &Image::busybox("two", json!({"Env": ["A=1"]})));
    env.ok(&["tag", "one", "uno"]);
    let (one, two) = (env.field("one", "{{.Id}}"), env.field("two", "{{.Id}}"));
    env.ok(&["save", "-q", "-m", "-o", "out.tar", "one", "two", "uno"]);
    let members = members(&env.work().join("out.tar"));
    let shared = digest(&odd("one").layers[0])["sha256:".len()..].to_owned();
    assert_eq!(members.keys().filter(|name| name.contains(&shared) && name.ends_with(".tar")).count(), 1, "{:?}", members.keys());
    env.ok(&["rmi", "one", "two", "uno"]);
    env.ok(&["load", "-q", "-i", "out.tar"]);
    for (name, id) in [("one", &one), ("two", &two), ("uno", &one)] {
        assert_eq!(env.field(name, "{{.Id}}"), *id, "{name}");
    }
    // Without -m what follows are names.
    env.ok(&["save", "-q", "-o", "named.tar", "two", "other:v1", "quay.io/a/b"]);
    let members = self::members(&env.work().join("named.tar"));
    assert_eq!(manifest(&members)[0]["RepoTags"], json!(["localhost/two:latest", "localhost/other:v1", "quay.io/a/b:latest"]));
}

fn an_image_given_by_id_takes_no_name_along(env: &TestEnv) {
    load(env, &Image::busybox("named", json!({})));
    let id = env.field("named", "{{.Id}}");
    env.ok(&["save", "-q", "-o", "out.tar", &id[..12]]);
    assert!(manifest(&members(&env.work().join("out.tar")))[0]["RepoTags"].as_array().is_none_or(Vec::is_empty));
}

fn skopeo_reads_every_form(env: &TestEnv) {
    let image = odd("odd");
    load(env, &image);
    for (format, transport) in
        [("docker-archive", "docker-archive"), ("oci-archive", "oci-archive"), ("oci-dir", "oci"), ("docker-dir", "dir")]
    {
        let out = format!("out.{format}");
        env.ok(&["save", "-q", "--format", format, "-o", &out, "odd"]);
        let copied = format!("copied.{format}.tar");
        // It checks every digest on its way and writes the layers' plain tars.
        env.host(
            "skopeo",
            &["--insecure-policy", "copy", "-q", &format!("{transport}:{out}"), &format!("docker-archive:{copied}:x/y:z")],
        )
        .run()
        .ok();
        let members = members(&env.work().join(&copied));
        let item = &manifest(&members)[0];
        assert_eq!(digest(&members[item["Config"].as_str().unwrap()]), digest(&image.config_bytes()), "{format}");
        for (name, layer) in item["Layers"].as_array().unwrap().iter().zip(&image.layers) {
            assert!(members[name.as_str().unwrap()] == *layer, "{format}: {name} differs");
        }
    }
}

fn umoci_unpacks_the_oci_folder(env: &TestEnv) {
    load(env, &odd("odd"));
    env.ok(&["save", "-q", "--format", "oci-dir", "-o", "layout", "odd"]);
    env.host("umoci", &["unpack", "--rootless", "--image", "layout:localhost/odd:latest", "bundle"]).run().ok();
    let root = env.work().join("bundle/rootfs");
    assert_eq!(fs::read_to_string(root.join("twice")).unwrap(), "the second one");
    assert!(!root.join("bin/vi").exists() && root.join("bin/busybox").exists());
}

fn load_takes_what_skopeo_makes_with_dir(env: &TestEnv) {
    let image = odd("odd").packed(Packing::Gzip);
    write_archive(env.work().join("in.tar"), &image.oci_entries());
    env.host("skopeo", &["--insecure-policy", "copy", "-q", "oci-archive:in.tar", "dir:folder"]).run().ok();
    let printed = env.ok(&["load", "-q", "-i", "folder"]);
    let id = &digest(&image.config_bytes())["sha256:".len()..];
    assert!(printed.contains(id), "{printed}");
    fs::write(env.work().join("folder").join(id), "{}").unwrap();
    env.ok(&["rmi", id]);
    env.run(&["load", "-q", "-i", "folder"]).fails(125, &["sha256"]);
}

fn a_pipe_carries_an_archive_from_save_to_load(env: &TestEnv) {
    load(env, &odd("odd"));
    let before = id_and_layers(env, "odd");
    let saved = env.run(&["save", "-q", "odd"]);
    saved.ok();
    env.ok(&["rmi", "odd"]);
    env.cmd(&["load", "-q"]).stdin(&saved.stdout).run().ok();
    assert_eq!(id_and_layers(env, "odd"), before);
}

fn a_terminal_is_refused(env: &TestEnv) {
    env.busybox();
    let output = env.cmd(&["save", "bb"]).on_terminal(24, 80).wait();
    assert!(format!("{output}").contains("refusing to save to a terminal"), "{output}");
}

fn a_failed_save_leaves_no_file_and_keeps_the_old_one(env: &TestEnv) {
    env.busybox();
    let old = env.file("old", "kept");
    env.run(&["save", "-q", "-o", &old, "-m", "bb", "nosuch"]).fails(125, &["nosuch", "image not known"]);
    assert_eq!(fs::read_to_string(&old).unwrap(), "kept");
    env.run(&["save", "-q", "-o", "new", "nosuch"]).fails(125, &["nosuch"]);
    env.run(&["save", "-q", "--format", "oci-dir", "-o", "folder", "nosuch"]).fails(125, &["nosuch"]);
    let names: Vec<_> = fs::read_dir(env.work()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name != "old" && name != "bb.tar"), "{names:?}");
}

fn a_folder_that_is_not_empty_is_refused(env: &TestEnv) {
    env.busybox();
    let folder = env.folder("full");
    fs::write(Path::new(&folder).join("mine"), "").unwrap();
    env.run(&["save", "-q", "--format", "oci-dir", "-o", "full", "bb"]).fails(125, &["no empty folder"]);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
}

fn options_that_do_not_fit_the_form_are_refused(env: &TestEnv) {
    env.busybox();
    for (args, word) in [
        (&["save", "--compress", "-o", "x", "bb"][..], "docker-dir"),
        (&["save", "--uncompressed", "-o", "x", "bb"], "oci-archive"),
        (&["save", "--format", "oci-dir", "bb"], "--output"),
        (&["save", "--format", "docker-dir", "-o", "x", "bb", "name"], "one image"),
        (&["save", "-o", "x", "bb", "name@sha256:0000000000000000000000000000000000000000000000000000000000000000"], "digest"),
    ] {
        env.run(args).fails(125, &[word]);
    }
    assert!(!env.work().join("x").exists());
}

/// The folder of the store that has a layer.
fn layer_folder(env: &TestEnv, layer: &[u8]) -> std::path::PathBuf {
    env.data().join("layers").join(&digest(layer)["sha256:".len()..])
}

fn a_layer_without_its_record_is_made_anew(env: &TestEnv) {
    let image = odd("odd");
    load(env, &image);
    fs::remove_file(layer_folder(env, &image.layers[1]).join("tar-split.zst")).unwrap();
    let output = env.run(&["save", "-o", "out.tar", "odd"]);
    output.ok();
    assert!(output.stderr().contains("made anew"), "{output}");
    let before = env.field("odd", "{{.Id}}");
    env.ok(&["rmi", "odd"]);
    env.ok(&["load", "-q", "-i", "out.tar"]);
    assert_ne!(env.field("odd", "{{.Id}}"), before);
    let script = "cat /twice; stat -c %a:%u:%g /owned /a; test -e /bin/vi || echo hidden";
    let printed = env.ok(&["run", "--rm", "--network", "none", "odd", "sh", "-c", script]);
    assert_eq!(printed, "the second one640:12:34\n4755:0:0\nhidden");
}

fn a_layer_that_was_changed_is_not_saved(env: &TestEnv) {
    let image = odd("odd");
    load(env, &image);
    fs::write(layer_folder(env, &image.layers[1]).join("diff/z"), "other text").unwrap();
    env.run(&["save", "-q", "-o", "out.tar", "odd"]).fails(125, &["was changed in the store"]);
    assert!(!env.work().join("out.tar").exists());
}

fn a_reader_that_goes_ends_the_save(env: &TestEnv) {
    load(env, &odd("odd"));
    let tool = env.tool().to_string_lossy().into_owned();
    let script = format!("{{ {tool} save -q odd; echo $? >code; }} | head -c 10 >/dev/null");
    env.host("sh", &["-c", &script]).run().ok();
    assert_eq!(fs::read_to_string(env.work().join("code")).unwrap().trim(), "141");
}

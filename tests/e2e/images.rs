//! `import`, `load`, `tag`, `rmi`: what is kept of a layer, and which names an image has.

use crate::harness::archive::{Attributes, Image, Layer, Packing, busybox_layer, busybox_root, digest, layer, write_archive};
use crate::harness::server::{Answer, Server};
use crate::harness::{Case, Need, TestEnv, case};
use serde_json::{Value, json};
use tar::EntryType;

pub fn cases() -> Vec<Case> {
    let all = [
        case!(import_takes_a_file_or_standard_input_and_changes),
        case!(import_takes_a_url).gap("podman shows the whole address"),
        case!(import_takes_compressed_tars),
        case!(load_takes_docker_and_oci_archives_of_every_packing),
        case!(load_takes_standard_input_and_prints_the_name),
        case!(load_takes_a_compressed_archive).gap("podman 4.3 fails on gzipped docker-archives"),
        case!(load_keeps_the_images_id_whatever_the_form),
        case!(loading_twice_changes_nothing),
        case!(a_new_image_of_the_same_name_takes_the_name),
        case!(modes_owners_times_and_links_are_kept).needs(&[Need::Subids]),
        case!(extended_attributes_are_kept).needs(&[Need::Subids]).gap("an attribute of the layer marks podman's overlay"),
        case!(long_names_and_big_numbers_are_kept),
        case!(whiteouts_remove_what_is_below),
        case!(an_opaque_folder_hides_what_is_below),
        case!(a_whiteout_touches_its_own_layer_not),
        case!(files_and_folders_may_take_each_others_place),
        case!(a_folder_that_comes_again_takes_the_later_attributes).gap("podman refuses a name that comes twice"),
        case!(folders_that_are_not_named_are_made),
        case!(one_layer_twice_is_fine),
        case!(sixty_layers_are_fine),
        case!(an_empty_layer_is_fine),
        case!(tag_gives_another_name_and_rmi_takes_it),
        case!(rmi_by_force_takes_no_notice_of_what_is_not_there),
        case!(rmi_of_what_is_not_there_is_1),
        case!(rmi_of_what_a_container_uses_is_2),
        case!(rmi_takes_ids_and_prefixes),
        case!(rmi_frees_the_disk_and_keeps_shared_layers).only_ours("it looks at our store"),
        case!(bad_references_are_refused),
        case!(an_image_of_another_platform_says_so),
        case!(real_archives_load_or_are_refused_clearly)
            .needs(&[Need::SharedImages])
            .only_ours("podman differs from file to file"),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

/// Loads an image from an OCI archive.
fn load(env: &TestEnv, image: &Image) {
    write_archive(env.work().join("i.tar"), &image.oci_entries());
    env.ok(&["load", "-i", "i.tar"]);
}

/// Runs a script in a container of an image.
#[track_caller]
fn sh(env: &TestEnv, image: &str, script: &str) -> String {
    env.ok(&["run", "--rm", "--network", "none", image, "sh", "-c", script])
}

fn import_takes_a_file_or_standard_input_and_changes(env: &TestEnv) {
    let path = busybox_root().to_string_lossy().into_owned();
    let output = env.run(&[
        "import",
        "-c",
        "CMD [\"echo\", \"from cmd\"]",
        "--change",
        "ENV A=1",
        "-c",
        "WORKDIR /tmp",
        "-c",
        "LABEL k=v",
        &path,
        "changed",
    ]);
    let id = output.ok();
    assert!(id.starts_with("sha256:") && id.len() == 71 || id.len() == 64, "{output}");
    env.run(&["run", "--rm", "--network", "none", "changed"]).prints("from cmd");
    env.run(&["run", "--rm", "--network", "none", "changed", "sh", "-c", "echo $A $PWD"]).prints("1 /tmp");
    assert_eq!(env.field("changed", "{{index .Config.Labels \"k\"}}"), "v");
    let bytes = std::fs::read(&path).unwrap();
    env.cmd(&["import", "-", "piped:v1"]).stdin(bytes).run().ok();
    env.run(&["run", "--rm", "--network", "none", "localhost/piped:v1", "echo", "piped"]).prints("piped");
}

/// From a web server: where it leads is looked at as with a registry.
fn import_takes_a_url(env: &TestEnv) {
    let plain = std::fs::read(busybox_root()).unwrap();
    let packed = Packing::Gzip.pack(&plain);
    let whole = packed.clone();
    let server = Server::start(move |request| match (request.path.as_str(), request.query.as_str()) {
        ("/root.tar.gz", "token=secret") => Answer::new(200, &whole),
        ("/moved", _) => Answer::new(302, "").header("Location", "/root.tar.gz?token=secret"),
        ("/away", _) => Answer::new(302, "").header("Location", "file:///etc/passwd"),
        ("/circle", _) => Answer::new(302, "").header("Location", "/circle"),
        ("/cut", _) => Answer::new(200, &whole).cut(1000),
        ("/huge", _) => Answer::new(200, "").length(1 << 40),
        ("/text", _) => Answer::new(200, "no tar".repeat(1000)),
        _ => Answer::new(404, "no"),
    });
    let url = |path: &str| format!("http://{}{path}", server.address());
    for path in ["/root.tar.gz?token=secret", "/moved"] {
        let output = env.run(&["import", "-c", "ENV A=web", &url(path), "web"]);
        output.ok();
        assert!(!output.stderr().contains("secret"), "{output}");
        assert_eq!(sh(env, "web", "echo $A"), "web", "{path}");
        let history = env.ok(&["history", "--no-trunc", "--format", "{{.CreatedBy}}", "web"]);
        assert!(history.contains(&server.address()) && !history.contains("secret"), "{history}");
        env.ok(&["rmi", "web"]);
    }
    let words = [
        ("/away", "no web address"),
        ("/circle", "redirects"),
        ("/cut", ""),
        ("/huge", "bytes long"),
        ("/text", "tar"),
        ("/none", "404"),
    ];
    for (path, word) in words {
        env.run(&["import", "-q", &url(path), "bad"]).fails(125, &[word]);
        env.run(&["image", "exists", "bad"]).code(1);
    }
    env.run(&["import", "-q", "https://", "bad"]).fails(125, &["web address"]);
    // A registry's password is not for a web server.
    assert!(server.requests().iter().all(|request| request.header("authorization").is_none()));
}

fn import_takes_compressed_tars(env: &TestEnv) {
    let plain = std::fs::read(busybox_root()).unwrap();
    for packing in [Packing::Gzip, Packing::Zstd] {
        let path = env.file("root.tar.x", packing.pack(&plain));
        env.ok(&["import", &path, "packed"]);
        assert_eq!(sh(env, "packed", "echo fine"), "fine", "{packing:?}");
        env.ok(&["rmi", "packed"]);
    }
    env.file("root.tar", &plain);
    for program in ["gzip", "bzip2", "xz", "zstd"] {
        let packed = env.host(program, &["-c", "root.tar"]).run();
        packed.ok();
        env.cmd(&["import", "-q", "-", "packed"]).stdin(packed.stdout).run().ok();
        assert_eq!(sh(env, "packed", "echo fine"), "fine", "{program}");
        env.ok(&["rmi", "packed"]);
    }
}

fn load_takes_docker_and_oci_archives_of_every_packing(env: &TestEnv) {
    for packing in [Packing::Plain, Packing::Gzip, Packing::Zstd] {
        let image = Image::busybox_with("packed", |layer| {
            layer.file("packing", 0o644, format!("{packing:?}"));
        });
        let image = image.packed(packing);
        for (form, entries) in [("docker", image.docker_entries()), ("oci", image.oci_entries())] {
            if form == "docker" && packing == Packing::Zstd {
                continue; // nobody writes those
            }
            write_archive(env.work().join("i.tar"), &entries);
            env.ok(&["load", "-i", "i.tar"]);
            assert_eq!(sh(env, "packed", "cat /packing"), format!("{packing:?}"), "{form}");
            env.ok(&["rmi", "packed"]);
        }
    }
}

fn load_takes_standard_input_and_prints_the_name(env: &TestEnv) {
    let image = Image::busybox("piped", json!({}));
    for entries in [image.docker_entries(), image.oci_entries()] {
        write_archive(env.work().join("i.tar"), &entries);
        let bytes = std::fs::read(env.work().join("i.tar")).unwrap();
        let output = env.cmd(&["load"]).stdin(bytes).run();
        assert_eq!(output.ok(), "Loaded image: localhost/piped:latest", "{output}");
        env.ok(&["rmi", "piped"]);
    }
}

fn load_takes_a_compressed_archive(env: &TestEnv) {
    write_archive(env.work().join("i.tar"), &Image::busybox("packed", json!({})).docker_entries());
    let plain = std::fs::read(env.work().join("i.tar")).unwrap();
    for packing in [Packing::Gzip, Packing::Zstd] {
        let path = env.file("i.tar.x", packing.pack(&plain));
        env.ok(&["load", "-i", &path]);
        assert_eq!(sh(env, "packed", "echo fine"), "fine");
        env.ok(&["rmi", "packed"]);
    }
}

fn load_keeps_the_images_id_whatever_the_form(env: &TestEnv) {
    let image = Image::busybox("same", json!({"Cmd": ["sh"]})).packed(Packing::Gzip);
    let id = digest(&image.config_bytes());
    for entries in [image.docker_entries(), image.oci_entries()] {
        write_archive(env.work().join("i.tar"), &entries);
        env.ok(&["load", "-i", "i.tar"]);
        assert_eq!(env.ok(&["images", "-q", "--no-trunc"]), id);
    }
}

fn loading_twice_changes_nothing(env: &TestEnv) {
    let image = Image::busybox("twice", json!({}));
    load(env, &image);
    let before = env.ok(&["images", "--format", "{{.Repository}} {{.Tag}} {{.ID}}"]);
    load(env, &image);
    assert_eq!(env.ok(&["images", "--format", "{{.Repository}} {{.Tag}} {{.ID}}"]), before);
    assert_eq!(sh(env, "twice", "echo fine"), "fine");
}

fn a_new_image_of_the_same_name_takes_the_name(env: &TestEnv) {
    for version in ["1", "2"] {
        load(env, &Image::busybox("moving", json!({"Env": [format!("V={version}")]})));
    }
    assert_eq!(sh(env, "moving", "echo $V"), "2");
    let rows = env.ok(&["images", "-a", "--format", "{{.Repository}}:{{.Tag}}"]);
    assert!(rows.lines().any(|row| row == "<none>:<none>"), "{rows}");
}

fn modes_owners_times_and_links_are_kept(env: &TestEnv) {
    let image = Image::busybox_with("kept", |layer| {
        let owned = |mode, uid, gid| Attributes { mode, uid, gid };
        layer.entry(EntryType::Regular, "t/suid", owned(0o4755, 33, 34), "", b"x");
        layer.entry(EntryType::Regular, "t/sgid", owned(0o2750, 1000, 5), "", b"x");
        layer.entry(EntryType::Directory, "t/sticky", owned(0o1777, 65534, 65534), "", b"");
        layer.entry(EntryType::Regular, "t/none", owned(0, 1, 1), "", b"x");
        layer.entry(EntryType::Fifo, "t/fifo", owned(0o600, 7, 8), "", b"");
        layer.entry(EntryType::Link, "t/hard", owned(0o4755, 33, 34), "t/suid", b"");
        layer.symlink("t/soft", "../etc/passwd").symlink("t/dangling", "/no/where");
    });
    load(env, &image);
    let text = sh(
        env,
        "kept",
        "cd /t; for f in suid sgid sticky none fifo soft; do stat -c '%n %A %u:%g %Y' $f; done; stat -c %h hard; readlink soft; readlink dangling; [ $(stat -c %i hard) = $(stat -c %i suid) ] && echo same",
    );
    let wanted = "suid -rwsr-xr-x 33:34 1600000000\nsgid -rwxr-s--- 1000:5 1600000000\nsticky drwxrwxrwt 65534:65534 1600000000\n\
        none ---------- 1:1 1600000000\nfifo prw------- 7:8 1600000000\nsoft lrwxrwxrwx 0:0 1600000000\n2\n../etc/passwd\n/no/where\nsame";
    assert_eq!(text, wanted);
}

/// Appends a PAX header with these records before the next entry.
fn pax(layer: &mut Layer, records: &[(&str, &[u8])]) {
    let mut body = Vec::new();
    for (key, value) in records {
        let rest = key.len() + value.len() + 3;
        let mut length = rest + 1;
        while length.to_string().len() + rest != length {
            length = length.to_string().len() + rest;
        }
        body.extend(format!("{length} {key}=").into_bytes());
        body.extend(*value);
        body.push(b'\n');
    }
    layer.entry(EntryType::XHeader, "PaxHeaders/x", Attributes { mode: 0o644, uid: 0, gid: 0 }, "", &body);
}

fn extended_attributes_are_kept(env: &TestEnv) {
    let image = Image::busybox_with("xattrs", |layer| {
        // cap_net_bind_service=ep, version 2.
        let capability = [1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        pax(layer, &[("SCHILY.xattr.security.capability", &capability), ("SCHILY.xattr.user.note", b"hello")]);
        layer.file("cap/busybox", 0o755, std::fs::read("/bin/busybox").expect("busybox-static"));
        pax(layer, &[("SCHILY.xattr.user.overlay.opaque", b"y"), ("SCHILY.xattr.trusted.overlay.opaque", b"y")]);
        layer.folder("etc", 0o755);
    });
    load(env, &image);
    let args = ["run", "--rm", "--network", "none", "-u", "app", "xattrs", "/cap/busybox", "grep", "CapEff", "/proc/self/status"];
    env.run(&args).prints("CapEff:\t0000000000000400");
    assert_eq!(sh(env, "xattrs", "ls /etc/passwd"), "/etc/passwd", "an attribute of a layer is no mark of the overlay");
}

fn long_names_and_big_numbers_are_kept(env: &TestEnv) {
    let name = format!("long/{}/{}", "a".repeat(200), "ü".repeat(100));
    let image = Image::busybox_with("long", |layer| {
        pax(layer, &[("path", name.as_bytes()), ("mtime", b"1234567890.5"), ("uid", b"123"), ("linkpath", b"")]);
        layer.file("short", 0o644, "found");
        pax(layer, &[("linkpath", format!("/{name}").as_bytes())]);
        layer.symlink("link", "short");
    });
    load(env, &image);
    assert_eq!(
        sh(env, "long", "cat /link; echo; stat -L -c '%Y %u' /link; ls /short 2>/dev/null; true"),
        "found\n1234567890 123"
    );
}

fn whiteouts_remove_what_is_below(env: &TestEnv) {
    let image = Image::new(
        "white",
        vec![
            busybox_layer().finish(),
            layer(|layer| {
                layer
                    .folder("d", 0o755)
                    .file("d/a", 0o644, "a")
                    .file("d/b", 0o644, "b")
                    .folder("gone", 0o755)
                    .file("gone/f", 0o644, "f")
                    .file("top", 0o644, "t");
            }),
            layer(|layer| {
                layer.whiteout("d", "a").whiteout("", "gone").whiteout("", "top").whiteout("", "never-there");
            }),
            layer(|layer| {
                layer.folder("gone", 0o700).file("gone/new", 0o644, "new");
            }),
        ],
    );
    load(env, &image);
    let text = sh(env, "white", "ls /d /gone; ls -d /top /never-there 2>&1 | grep -c 'No such'; ls -a / | grep -c wh; true");
    assert_eq!(text, "/d:\nb\n\n/gone:\nnew\n2\n0");
}

fn an_opaque_folder_hides_what_is_below(env: &TestEnv) {
    let image = Image::new(
        "opaque",
        vec![
            busybox_layer().finish(),
            layer(|layer| {
                layer.folder("d", 0o755).file("d/old", 0o644, "o").folder("d/sub", 0o755).file("d/sub/old", 0o644, "o");
            }),
            layer(|layer| {
                // The mark may come after the entries of its own layer, which stay.
                layer.folder("d", 0o711).file("d/new", 0o644, "n").file("d/.wh..wh..opq", 0o644, "").folder("d/sub", 0o755).file(
                    "d/sub/new",
                    0o644,
                    "n",
                );
            }),
        ],
    );
    load(env, &image);
    assert_eq!(sh(env, "opaque", "find /d | sort; stat -c %a /d"), "/d\n/d/new\n/d/sub\n/d/sub/new\n711");
}

fn a_whiteout_touches_its_own_layer_not(env: &TestEnv) {
    let image = Image::new(
        "own",
        vec![
            busybox_layer().finish(),
            layer(|layer| {
                layer.file("both", 0o644, "old");
            }),
            layer(|layer| {
                layer.whiteout("", "both").file("both", 0o644, "new");
            }),
        ],
    );
    load(env, &image);
    assert_eq!(sh(env, "own", "cat /both"), "new");
}

fn files_and_folders_may_take_each_others_place(env: &TestEnv) {
    let image = Image::new(
        "change",
        vec![
            busybox_layer().finish(),
            layer(|layer| {
                layer.folder("d", 0o755).file("d/f", 0o644, "x").file("f", 0o644, "f").symlink("l", "d").symlink("m", "d");
            }),
            layer(|layer| {
                layer
                    .file("d", 0o644, "now a file")
                    .folder("f", 0o755)
                    .file("f/in", 0o644, "in")
                    .folder("l", 0o755)
                    .file("l/in", 0o644, "in")
                    .file("m", 0o644, "file");
            }),
        ],
    );
    load(env, &image);
    assert_eq!(
        sh(env, "change", "cat /d; echo; ls /f /l; cat /m; ls /d/f 2>&1 | grep -c Not"),
        "now a file\n/f:\nin\n\n/l:\nin\nfile1"
    );
}

fn a_folder_that_comes_again_takes_the_later_attributes(env: &TestEnv) {
    let image = Image::busybox_with("again", |layer| {
        layer.folder("d", 0o700).file("d/f", 0o644, "x").folder("d", 0o755).folder("e", 0o750).folder("./e/", 0o711);
    });
    load(env, &image);
    assert_eq!(sh(env, "again", "stat -c %a /d /e; cat /d/f"), "755\n711\nx");
}

fn folders_that_are_not_named_are_made(env: &TestEnv) {
    let image = Image::busybox_with("implied", |layer| {
        layer.file("./x/y/z", 0o644, "deep").file("etc//odd", 0o644, "odd").file("a/./b", 0o644, "dot");
    });
    load(env, &image);
    assert_eq!(sh(env, "implied", "cat /x/y/z /etc/odd /a/b; stat -c ' %a' /x"), "deepodddot 755");
}

fn one_layer_twice_is_fine(env: &TestEnv) {
    let same = layer(|layer| {
        layer.file("same", 0o644, "same");
    });
    load(env, &Image::new("double", vec![busybox_layer().finish(), same.clone(), same]));
    assert_eq!(sh(env, "double", "cat /same"), "same");
}

fn sixty_layers_are_fine(env: &TestEnv) {
    let mut layers = vec![busybox_layer().finish()];
    layers.extend((0..60).map(|number| {
        layer(|layer| {
            layer.file(&format!("l/{number}"), 0o644, "").file("last", 0o644, number.to_string());
        })
    }));
    load(env, &Image::new("many", layers).packed(Packing::Gzip));
    assert_eq!(sh(env, "many", "ls /l | wc -l; cat /last").split_whitespace().collect::<Vec<_>>(), ["60", "59"]);
}

fn an_empty_layer_is_fine(env: &TestEnv) {
    load(env, &Image::new("empty", vec![busybox_layer().finish(), layer(|_| {})]));
    assert_eq!(sh(env, "empty", "echo fine"), "fine");
}

fn names(env: &TestEnv) -> Vec<String> {
    let mut names = env.run(&["images", "--format", "{{.Repository}}:{{.Tag}}"]).lines();
    names.sort();
    names
}

fn rmi_by_force_takes_no_notice_of_what_is_not_there(env: &TestEnv) {
    env.run(&["rmi", "nosuch"]).fails(1, &["nosuch"]);
    env.run(&["rmi", "-f", "nosuch"]).prints("");
}

fn tag_gives_another_name_and_rmi_takes_it(env: &TestEnv) {
    env.busybox();
    env.ok(&["tag", "bb", "other:v1", "127.0.0.1:5000/deep/name"]);
    assert_eq!(names(env), ["127.0.0.1:5000/deep/name:latest", "localhost/bb:latest", "localhost/other:v1"]);
    let output = env.run(&["rmi", "other:v1"]).code(0);
    assert_eq!(output.stdout(), "Untagged: localhost/other:v1");
    assert_eq!(sh(env, "127.0.0.1:5000/deep/name", "echo fine"), "fine");
    env.ok(&["rmi", "bb"]);
    let output = env.run(&["rmi", "127.0.0.1:5000/deep/name"]).code(0);
    assert!(output.stdout().contains("\nDeleted: "), "{output}");
    assert_eq!(env.ok(&["images", "-a", "-q"]), "");
}

fn rmi_of_what_is_not_there_is_1(env: &TestEnv) {
    env.run(&["rmi", "nosuch"]).fails(1, &["nosuch"]);
}

fn rmi_of_what_a_container_uses_is_2(env: &TestEnv) {
    env.busybox();
    let id = env.ok(&["create", "bb", "true"]);
    env.run(&["rmi", "bb"]).fails(2, &[&id[..12]]);
    assert_eq!(names(env), ["localhost/bb:latest"]);
    env.ok(&["rm", &id]);
    env.ok(&["rmi", "bb"]);
}

fn rmi_takes_ids_and_prefixes(env: &TestEnv) {
    env.busybox();
    let id = env.ok(&["images", "-q"]);
    env.ok(&["rmi", &id[..6]]);
    assert_eq!(env.ok(&["images", "-a", "-q"]), "");
}

fn rmi_frees_the_disk_and_keeps_shared_layers(env: &TestEnv) {
    let layers = || std::fs::read_dir(env.data().join("layers")).unwrap().count();
    let blobs = || std::fs::read_dir(env.data().join("blobs/sha256")).unwrap().count();
    for name in ["one", "two"] {
        load(
            env,
            &Image::busybox_with(name, |layer| {
                layer.file("name", 0o644, name);
            }),
        );
    }
    assert_eq!(layers(), 3, "the lower layer is there once");
    env.ok(&["rmi", "one"]);
    assert_eq!(layers(), 2);
    assert_eq!(sh(env, "two", "cat /name"), "two");
    env.ok(&["rmi", "two"]);
    assert_eq!((layers(), blobs()), (0, 0));
}

fn bad_references_are_refused(env: &TestEnv) {
    env.busybox();
    for name in ["UPPER", "a//b", "a:b:c", "-x", "a@sha256:123", "../up", "a b", "", "a:", &"a".repeat(300)] {
        let output = env.run(&["tag", "--", "bb", name]);
        assert!(output.code == 125 && output.stderr().contains("Error: "), "{name:?}: {output}");
    }
    assert_eq!(names(env), ["localhost/bb:latest"]);
}

fn an_image_of_another_platform_says_so(env: &TestEnv) {
    let image = Image::busybox("foreign", json!({}));
    let mut config: Value = serde_json::from_slice(&image.config_bytes()).unwrap();
    config["architecture"] = json!("s390x");
    let bytes = config.to_string().into_bytes();
    let old = format!("{}.json", &digest(&image.config_bytes())["sha256:".len()..]);
    let new = format!("{}.json", &digest(&bytes)["sha256:".len()..]);
    let entries: Vec<_> = image
        .docker_entries()
        .into_iter()
        .map(|(name, data)| match name.as_str() {
            "manifest.json" => (name, String::from_utf8(data).unwrap().replace(&old, &new).into_bytes()),
            _ if name == old => (new.clone(), bytes.clone()),
            _ => (name, data),
        })
        .collect();
    write_archive(env.work().join("i.tar"), &entries);
    env.ok(&["load", "-i", "i.tar"]);
    let output = env.run(&["run", "--rm", "--network", "none", "foreign", "true"]);
    assert!(output.stderr().contains("s390x") || output.code == 0, "{output}");
}

fn real_archives_load_or_are_refused_clearly(env: &TestEnv) {
    let folder = crate::harness::host::shared_images().unwrap().join("real");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.contains(".tar") || name.starts_with("layer-") {
            continue;
        }
        seen += 1;
        let output = env.run(&["load", "-i", &entry.path().to_string_lossy()]);
        let refused = name.starts_with("bad-") || name.contains("repositories-only") || name.contains("windows");
        assert!(
            output.code == if refused { 125 } else { 0 } || output.code == 125 && output.stderr().starts_with("Error: "),
            "{name}: {output}"
        );
    }
    assert!(seen > 10);
}

//! Layers that somebody made to do harm, through every way that an image comes in: `pull`, `load` of each kind of archive,
//! `import`. A tree outside must not change, and an honest twin has to work.

use crate::harness::archive::{Attributes, Image, Layer, Packing, busybox_layer, busybox_root, digest, layer, write_archive};
use crate::harness::canary::Canary;
use crate::harness::command::Output;
use crate::harness::registry::{FakeRegistry, honest};
use crate::harness::{Case, Need, TestEnv, case};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use tar::EntryType;

pub fn cases() -> Vec<Case> {
    let ours = "podman clamps or skips where we refuse";
    let all = [
        case!(names_that_climb_are_refused).only_ours(ours),
        case!(links_that_lead_out_stay_inside),
        case!(links_of_an_earlier_layer_lead_nowhere),
        case!(modes_are_never_set_through_a_link),
        case!(honest_links_work),
        case!(odd_whiteouts_touch_their_folder_alone).only_ours(ours),
        case!(devices_and_marks_of_the_overlay_are_left_out).needs(&[Need::Subids]).gap("an attribute marks podman's overlay"),
        case!(what_tools_read_in_two_ways_is_refused).only_ours("it looks at our store"),
        case!(duplicates_and_changes_of_kind_end_as_the_last_one).gap("podman refuses a name that comes twice"),
        case!(digests_and_sizes_that_lie_are_refused).gap("podman 4 compares less"),
        case!(digests_that_are_no_digests_are_refused),
        case!(bombs_and_broken_streams_are_refused).only_ours("the limits are ours"),
        case!(archives_with_false_lists_are_refused).only_ours("the limits are ours"),
        case!(configs_that_lie_do_no_harm).gap("podman starts some of them"),
        case!(two_pulls_in_one_folder_are_private).only_ours("it looks at our store"),
        case!(bare_layers_of_other_projects_stay_inside).needs(&[Need::SharedImages]),
        case!(real_layouts_load_or_are_refused_clearly)
            .needs(&[Need::SharedImages])
            .only_ours("podman differs from one to the other"),
        case!(real_archives_run).needs(&[Need::SharedImages]).gap("podman 4 fails on gzipped docker-archives"),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

/// A way for an image to come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Pull,
    DockerArchive,
    OciArchive,
    OciFolder,
    Dir,
    Import,
}

const ALL: [Way; 6] = [Way::Pull, Way::DockerArchive, Way::OciArchive, Way::OciFolder, Way::Dir, Way::Import];

impl Way {
    /// Brings an image in. It has the name `bad` then, if it came.
    fn bring(self, env: &TestEnv, image: &Image) -> Output {
        match self {
            Self::Pull => {
                let registry = FakeRegistry::start(honest(image, "bad"));
                let reference = format!("{}/bad", registry.address());
                let output = env.run(&["pull", "-q", "--tls-verify=false", &reference]);
                if output.code == 0 {
                    env.ok(&["tag", &reference, "bad"]);
                    env.ok(&["rmi", &reference]);
                }
                output
            }
            Self::DockerArchive => load(env, &image.docker_entries()),
            Self::OciArchive => load(env, &image.oci_entries()),
            Self::OciFolder => {
                write_folder(env, "layout", &image.oci_entries());
                env.run(&["load", "-q", "-i", "layout"])
            }
            Self::Dir => {
                write_folder(env, "dir", &dir_entries(image));
                let output = env.run(&["load", "-q", "-i", "dir"]);
                if output.code == 0 {
                    env.ok(&["tag", &digest(&image.config_bytes())["sha256:".len()..], "bad"]);
                }
                output
            }
            // A root tar is one layer: what the layers have, one after the other.
            Self::Import => {
                let ends = |layer: &Vec<u8>| layer[..layer.len().saturating_sub(1024)].to_vec();
                let tar = [image.layers.iter().flat_map(ends).collect::<Vec<u8>>(), vec![0; 1024]].concat();
                env.cmd(&["import", "-q", "-", "bad"]).stdin(image.packing.pack(&tar)).run()
            }
        }
    }
}

fn load(env: &TestEnv, entries: &[(String, Vec<u8>)]) -> Output {
    write_archive(env.work().join("i.tar"), entries);
    env.run(&["load", "-q", "-i", "i.tar"])
}

fn write_folder(env: &TestEnv, name: &str, entries: &[(String, Vec<u8>)]) {
    let _ = std::fs::remove_dir_all(env.work().join(name));
    for (path, bytes) in entries {
        env.file(&format!("{name}/{path}"), bytes);
    }
}

/// What skopeo writes for `dir:`.
fn dir_entries(image: &Image) -> Vec<(String, Vec<u8>)> {
    let blobs = [vec![image.config_bytes()], image.packed_layers()].concat();
    let mut entries = vec![("manifest.json".to_owned(), image.manifest_bytes()), ("version".to_owned(), b"1.1\n".to_vec())];
    entries.extend(blobs.into_iter().map(|blob| (digest(&blob)["sha256:".len()..].to_owned(), blob)));
    entries
}

fn hostile(fill: impl FnOnce(&mut Layer)) -> Image {
    Image::new("bad", vec![layer(fill)])
}

/// Asserts that nothing of an image that was refused is left.
#[track_caller]
fn nothing_is_left(env: &TestEnv) {
    assert_eq!(env.ok(&["images", "-aq"]), "");
    for folder in ["layers", "tmp"] {
        let left: Vec<_> = std::fs::read_dir(env.data().join(folder)).into_iter().flatten().flatten().collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[track_caller]
fn sh(env: &TestEnv, script: &str) -> Output {
    env.run(&["run", "--rm", "--network", "none", "--pull", "never", "bad", "sh", "-c", script])
}

const PLAIN: Attributes = Attributes { mode: 0o644, uid: 0, gid: 0 };
const KINDS: [EntryType; 7] = [
    EntryType::Regular,
    EntryType::Directory,
    EntryType::Symlink,
    EntryType::Link,
    EntryType::Fifo,
    EntryType::Char,
    EntryType::Continuous,
];

/// T36 (CVE-2014-6407, CVE-2021-29136): a name with `..` is an error, not another name; the root is no link; hard links lead to
/// nothing outside.
fn names_that_climb_are_refused(env: &TestEnv) {
    let canary = Canary::new(env.work().join("c"));
    let up = format!("{}{}", "../".repeat(12), &canary.text()[1..]);
    let mut tricks: Vec<Image> = Vec::new();
    for name in ["../c/x", "a/../../c/x", "/../x", "..", "a/..", "./../x"] {
        // A hard link to itself would be one to nothing.
        for kind in KINDS.into_iter().filter(|kind| *kind != EntryType::Char) {
            let link = if matches!(kind, EntryType::Link | EntryType::Symlink) { "f" } else { "" };
            tricks.push(hostile(|layer| {
                layer.file("f", 0o644, "x").entry(kind, name, PLAIN, link, b"");
            }));
        }
    }
    for name in ["../c/.wh.file", "../c/.wh..wh..opq", "../.wh.c", ".wh.", "a/.wh..", ".wh..."] {
        tricks.push(hostile(|layer| {
            layer.file(name, 0o644, "");
        }));
    }
    for target in [&canary.at("secret"), &format!("{up}/secret"), "../x", "a/../../x", "/", ".", "", "missing"] {
        tricks.push(hostile(|layer| {
            layer.folder("a", 0o755).hard_link("h", target).file("h", 0o666, "evil");
        }));
        // Through a link of this layer: the target is looked for without following it.
        tricks.push(hostile(|layer| {
            layer.symlink("l", &canary.text()).hard_link("h", "l/secret");
        }));
    }
    for kind in [EntryType::Symlink, EntryType::Link, EntryType::Regular, EntryType::Fifo] {
        tricks.push(hostile(|layer| {
            layer.entry(kind, "./", PLAIN, &canary.text(), b"").file("x", 0o644, "evil");
        }));
    }
    for (number, image) in tricks.iter().enumerate() {
        // Every way now and then, all of them for the first.
        let ways = if number == 0 { &ALL[..] } else { &ALL[number % ALL.len()..=number % ALL.len()] };
        for way in ways {
            let output = way.bring(env, image);
            assert!(output.code == 125 && output.stderr().contains("Error: "), "trick {number} by {way:?}: {output}");
        }
    }
    nothing_is_left(env);
    canary.assert_unchanged();
    // The twin: dots that do not climb.
    let honest = Image::busybox_with("bad", |layer| {
        layer.file("..a", 0o644, "1").file("./b..", 0o644, "2").file("a./.../c", 0o644, "3").hard_link("h", "/..a");
    });
    for way in ALL {
        way.bring(env, &honest).code(0);
        assert_eq!(sh(env, "cat /..a /b.. /a./.../c /h").ok(), "1231", "{way:?}");
        env.ok(&["rmi", "-f", "bad"]);
    }
}

/// T36: what is written through a link of the same layer lands in the layer, or nowhere.
fn links_that_lead_out_stay_inside(env: &TestEnv) {
    let canary = Canary::new(env.work().join("c"));
    let up = format!("{}{}", "../".repeat(12), &canary.text()[1..]);
    let image = Image::busybox_with("bad", |layer| {
        for (at, target) in
            [canary.text(), up, "../../../../../../../../..".to_owned(), "/proc/1/root".to_owned()].iter().enumerate()
        {
            let name = |what: &str| format!("t{at}/{what}");
            layer.symlink(&name("f"), target).file(&name("f/file"), 0o666, "evil");
            layer.symlink(&name("one"), &format!("{target}/file")).file(&name("one"), 0o666, "evil");
            layer.symlink(&name("new"), &format!("{target}/new")).file(&name("new/x"), 0o666, "evil");
            layer.symlink(&name("d"), target).folder(&name("d"), 0o777).file(&name("d/file"), 0o666, "evil");
            layer.symlink(&name("s"), target).symlink(&name("s/link"), "evil");
            layer.symlink(&name("p"), target).entry(EntryType::Fifo, &name("p/null"), PLAIN, "", b"");
            layer.symlink(&name("w"), target).file(&name("w/.wh.file"), 0o644, "").file(&name("w/.wh..wh..opq"), 0o644, "");
            layer.symlink(&name("h"), &format!("{target}/file")).hard_link(&name("h2"), &name("h")).file(
                &name("h2"),
                0o666,
                "evil",
            );
            layer.symlink(&name("x1"), &name("x2")).symlink(&name("x2"), &name("x1")).file(&name("x1/y"), 0o666, "evil");
        }
        layer.symlink("a", "..").symlink("b", "a/..").file("b/c/file", 0o666, "evil");
    });
    for way in ALL {
        way.bring(env, &image).code(0);
        canary.assert_unchanged();
        assert_eq!(sh(env, "cat /t0/one /t0/d/file /t0/h2; readlink /t0/s/link").stdout(), "evilevilevilevil", "{way:?}");
        canary.assert_unchanged();
        env.ok(&["rmi", "-f", "bad"]);
    }
}

/// T36: a link of a lower layer is not the layer's own; nor is it followed when the stack is mounted.
fn links_of_an_earlier_layer_lead_nowhere(env: &TestEnv) {
    let canary = Canary::new(env.work().join("c"));
    let lower = layer(|layer| {
        layer.symlink("l", &canary.text()).symlink("f", &canary.at("file")).symlink("h", &canary.at("secret"));
        layer.symlink("d", "/").folder("real", 0o755).file("real/file", 0o644, "real").symlink("in", "real");
    });
    let upper = layer(|layer| {
        layer.file("l/file", 0o666, "evil").file("l/.wh.secret", 0o644, "").file("f", 0o666, "evil").file("d/x", 0o644, "x");
        layer.hard_link("got", "h").file(".wh.in", 0o644, "").file("in/file", 0o644, "new");
    });
    let image = Image::new("bad", vec![busybox_layer().finish(), lower, upper]);
    for way in ALL.into_iter().filter(|way| *way != Way::Import) {
        way.bring(env, &image).code(0);
        let seen = sh(env, "cat /l/file /f /real/file /in/file; readlink /got; ls /d").ok();
        assert_eq!(seen, format!("evilevilrealnew{}\nx", canary.at("secret")), "{way:?}");
        canary.assert_unchanged();
        env.ok(&["rmi", "-f", "bad"]);
    }
}

/// T37 (CVE-2021-32760, CVE-2026-33056): a folder's mode, owner and time are those of a folder, not of what a link leads to.
fn modes_are_never_set_through_a_link(env: &TestEnv) {
    let canary = Canary::new(env.work().join("c"));
    let image = Image::busybox_with("bad", |layer| {
        let open = Attributes { mode: 0o7777, uid: 5, gid: 6 };
        for (name, target) in [("d", canary.text()), ("s", canary.at("secret")), ("n", canary.at("nothing"))] {
            layer.symlink(name, &target).entry(EntryType::Directory, name, open, "", b"");
            let link = format!("{name}l");
            // The folder first: its mode is set at the end, when a link stands there.
            layer.entry(EntryType::Directory, &link, open, "", b"").symlink(&link, &target);
            layer.entry(EntryType::Directory, &format!("{link}/below"), open, "", b"");
        }
    });
    for way in ALL {
        way.bring(env, &image).code(0);
        canary.assert_unchanged();
        assert_eq!(sh(env, "stat -c %a /d /s /n").ok(), "7777\n7777\n7777", "{way:?}");
        env.ok(&["rmi", "-f", "bad"]);
    }
}

/// T36, the twin: absolute links, links as parents, hard links with absolute targets, folders that are only implied.
fn honest_links_work(env: &TestEnv) {
    let image = Image::busybox_with("bad", |layer| {
        layer.folder("run", 0o755).symlink("var/run", "/run").file("var/run/made", 0o644, "1");
        layer.folder("usr/lib", 0o755).symlink("lib", "usr/lib").file("lib/file", 0o644, "2").symlink("lib64", "./lib/../lib");
        layer.file("lib64/other", 0o644, "3").hard_link("hard", "/usr/lib/file").hard_link("by-link", "lib/other");
        layer.symlink("dangling", "/not/there").symlink("loop", "loop").symlink("up", "../../../usr").file("up/top", 0o644, "4");
    });
    for way in ALL {
        way.bring(env, &image).code(0);
        let seen = sh(
            env,
            "cat /run/made /usr/lib/file /usr/lib/other /usr/top /hard /by-link; readlink /dangling; readlink /var/run; readlink /loop",
        );
        assert_eq!(seen.ok(), "123423/not/there\n/run\nloop", "{way:?}");
        env.ok(&["rmi", "-f", "bad"]);
    }
}

/// T39: whiteouts of every odd form hide what is below them in their folder, and nothing else.
fn odd_whiteouts_touch_their_folder_alone(env: &TestEnv) {
    let canary = Canary::new(env.work().join("c"));
    let lower = layer(|layer| {
        for folder in ["d", "e", "k", "m"] {
            layer.folder(folder, 0o755).file(&format!("{folder}/a"), 0o644, "a").file(&format!("{folder}/b"), 0o644, "b");
        }
    });
    let upper = layer(|layer| {
        layer.entry(EntryType::Symlink, "d/.wh..wh..opq", PLAIN, &canary.text(), b"");
        layer.entry(EntryType::Symlink, "e/.wh.a", PLAIN, &canary.at("file"), b"").folder("k/.wh.a", 0o755);
        layer.entry(EntryType::Char, "m/a", PLAIN, "", b"").entry(EntryType::Fifo, "m/.wh.b", PLAIN, "", b"");
        // Of what is mounted on, and of what is not there.
        layer.whiteout("", "proc").whiteout("", "dev").whiteout("", "sys").whiteout("etc", "hosts").whiteout("none", "x");
        layer.file(".wh..wh.plnk", 0o644, "a mark of aufs").file("d/last", 0o644, "last");
    });
    let image = Image::new("bad", vec![busybox_layer().finish(), lower, upper]);
    for way in ALL.into_iter().filter(|way| *way != Way::Import) {
        way.bring(env, &image).code(0);
        let seen =
            sh(env, "cd /; ls d e k m; ls -A /none; [ -e /proc/self ] && [ -c /dev/null ] && [ -e /etc/hosts ] && echo mounted");
        assert_eq!(seen.ok(), "d:\nlast\n\ne:\nb\n\nk:\nb\n\nm:\na\nmounted", "{way:?}");
        canary.assert_unchanged();
        env.ok(&["rmi", "-f", "bad"]);
    }
}

/// One PAX record.
fn record(key: &str, value: &[u8]) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length.to_string().len() + rest != length {
        length = length.to_string().len() + rest;
    }
    [format!("{length} {key}=").as_bytes(), value, b"\n"].concat()
}

fn pax(layer: &mut Layer, records: &[(&str, &[u8])]) {
    let body: Vec<u8> = records.iter().flat_map(|(key, value)| record(key, value)).collect();
    layer.entry(EntryType::XHeader, "PaxHeaders/x", PLAIN, "", &body);
}

/// Device nodes are not made, and no attribute of a layer speaks to the overlay or to the host; the twin keeps what a user may have.
fn devices_and_marks_of_the_overlay_are_left_out(env: &TestEnv) {
    let image = Image::busybox_with("bad", |layer| {
        layer.entry(EntryType::Char, "disk", PLAIN, "", b"").entry(EntryType::Block, "sda", PLAIN, "", b"");
        let attributes: [(&str, &[u8]); 6] = [
            ("SCHILY.xattr.user.overlay.redirect", b"/etc"),
            ("SCHILY.xattr.trusted.overlay.redirect", b"/etc"),
            ("SCHILY.xattr.user.overlay.metacopy", b""),
            ("SCHILY.xattr.security.selinux", b"unconfined"),
            ("SCHILY.xattr.user.overlay.opaque", b"y"),
            ("SCHILY.xattr.user.kept", b"value"),
        ];
        pax(layer, &attributes);
        layer.folder("etc", 0o755);
        pax(layer, &attributes);
        layer.file("f", 0o644, "text").entry(EntryType::Regular, "suid", Attributes { mode: 0o4755, uid: 33, gid: 0 }, "", b"");
    });
    for way in ALL {
        way.bring(env, &image).code(0);
        let seen = sh(env, "ls /disk /sda 2>/dev/null; ls /etc/passwd; cat /f; stat -c ' %A %u' /suid").ok();
        assert_eq!(seen, "/etc/passwd\ntext -rwsr-xr-x 33", "{way:?}");
        env.ok(&["rmi", "-f", "bad"]);
    }
}

/// Names, kinds and contents below a folder.
fn tree(folder: &Path) -> BTreeMap<String, String> {
    fn walk(root: &Path, folder: &Path, found: &mut BTreeMap<String, String>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let (path, kind) = (entry.path(), entry.file_type().unwrap());
            let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            if kind.is_dir() {
                found.insert(name, "folder".to_owned());
                walk(root, &path, found);
            } else if kind.is_symlink() {
                found.insert(name, format!("-> {}", std::fs::read_link(&path).unwrap().display()));
            } else {
                found.insert(name, digest(&std::fs::read(&path).unwrap()));
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(folder, folder, &mut found);
    found
}

/// T38 (CVE-2025-62518): where two tools could see two archives, it is refused; where it is taken, GNU tar sees the same.
fn what_tools_read_in_two_ways_is_refused(env: &TestEnv) {
    let inner = || {
        layer(|layer| {
            layer.file("smuggled", 0o644, "evil");
        })[..1024]
            .to_vec()
    };
    let sized = |kind: EntryType, said: u64, with: Option<&str>| {
        let inner = inner();
        let tar = layer(|layer| {
            if let Some(size) = with {
                pax(layer, &[("size", size.as_bytes())]);
            }
            layer.entry(kind, "outer", PLAIN, if kind == EntryType::Symlink { "x" } else { "" }, &inner);
            layer.file("after", 0o644, "after");
        });
        resized(tar, if with.is_some() { 1024 } else { 0 }, said)
    };
    let plain = |fill: &dyn Fn(&mut Layer)| layer(fill);
    let archives: Vec<(&str, Vec<u8>)> = vec![
        ("both sizes the same", sized(EntryType::Regular, 1024, Some("1024"))),
        ("the header says nothing, PAX says all", sized(EntryType::Regular, 0, Some("1024"))),
        ("PAX says nothing, the header says all", sized(EntryType::Regular, 1024, Some("0"))),
        ("PAX says less", sized(EntryType::Regular, 1024, Some("512"))),
        ("a folder with data", sized(EntryType::Directory, 1024, None)),
        ("a symlink with data", sized(EntryType::Symlink, 1024, None)),
        ("a fifo with data", sized(EntryType::Fifo, 1024, None)),
        ("a size that is no number", sized(EntryType::Regular, 1024, Some("0x400"))),
        ("a negative size", sized(EntryType::Regular, 1024, Some("-1"))),
        (
            "two names",
            plain(&|layer| {
                layer.entry(EntryType::GNULongName, "././@LongLink", PLAIN, "", b"gnu\0");
                pax(layer, &[("path", b"pax")]);
                layer.file("short", 0o644, "x");
            }),
        ),
        (
            "a long name with a NUL in it",
            plain(&|layer| {
                layer.entry(EntryType::GNULongName, "././@LongLink", PLAIN, "", b"gnu\0hidden\0").file("short", 0o644, "x");
            }),
        ),
        (
            "a name with a NUL in it",
            plain(&|layer| {
                pax(layer, &[("path", b"a\0b")]);
                layer.file("short", 0o644, "x");
            }),
        ),
        (
            "a global header that measures",
            plain(&|layer| {
                layer.entry(EntryType::XGlobalHeader, "g", PLAIN, "", &record("size", b"3")).file("a", 0o644, "x");
            }),
        ),
        (
            "a global header that says nothing of entries",
            plain(&|layer| {
                layer.entry(EntryType::XGlobalHeader, "g", PLAIN, "", &record("comment", b"x")).file("a", 0o644, "x");
            }),
        ),
        (
            "a file called like a folder",
            plain(&|layer| {
                layer.file("a/", 0o644, "x").file("b", 0o644, "x");
            }),
        ),
        (
            "a sparse file that is larger than what is stored",
            plain(&|layer| {
                pax(
                    layer,
                    &[("GNU.sparse.numblocks", b"3"), ("GNU.sparse.map", b"0,512,5000,1,9000,0"), ("GNU.sparse.size", b"9000")],
                );
                layer.file("a", 0o644, "x".repeat(513)).file("b", 0o644, "x");
            }),
        ),
        (
            "a sparse map of odd runs",
            plain(&|layer| {
                pax(layer, &[("GNU.sparse.numblocks", b"2"), ("GNU.sparse.map", b"0,1,5,1"), ("GNU.sparse.size", b"9")]);
                layer.file("a", 0o644, "xy").file("b", 0o644, "x");
            }),
        ),
        (
            "a sparse map that does not say how long it is",
            plain(&|layer| {
                pax(layer, &[("GNU.sparse.map", b"0,1,5,1"), ("GNU.sparse.size", b"9")]);
                layer.file("a", 0o644, "xy").file("b", 0o644, "x");
            }),
        ),
        (
            "a sparse map that overlaps",
            plain(&|layer| {
                pax(layer, &[("GNU.sparse.numblocks", b"2"), ("GNU.sparse.map", b"0,2,1,1"), ("GNU.sparse.size", b"9")]);
                layer.file("a", 0o644, "xyz").file("b", 0o644, "x");
            }),
        ),
        ("records longer than their header", {
            layer(|layer| {
                layer.entry(EntryType::XHeader, "x", PLAIN, "", b"99 path=evil\n").file("a", 0o644, "x");
            })
        }),
        ("one block of zeros in the middle", {
            let one = layer(|layer| {
                layer.file("a", 0o644, "x");
            });
            let two = layer(|layer| {
                layer.file("b", 0o644, "x");
            });
            [&one[..1024], &[0; 512], &two[..]].concat()
        }),
        ("an archive behind the end of the archive", {
            let one = layer(|layer| {
                layer.file("a", 0o644, "x");
            });
            let two = layer(|layer| {
                layer.file("b", 0o644, "x");
            });
            [one, two].concat()
        }),
    ];
    let (mut taken, mut refused) = (0, 0);
    for (what, tar) in archives {
        let path = env.file("layer.tar", &tar);
        let output = env.run(&["import", "-q", &path, "i"]);
        if output.code != 0 {
            assert!(output.code == 125 && output.stderr().contains("Error: "), "{what}: {output}");
            refused += 1;
            continue;
        }
        let ours = tree(&env.data().join("layers").join(&digest(&tar)["sha256:".len()..]).join("diff"));
        let folder = env.folder(&format!("gnu{taken}"));
        env.host("tar", &["-xf", &path, "-C", &folder, "--no-same-owner"]).run();
        assert_eq!(ours, tree(Path::new(&folder)), "{what}");
        taken += 1;
        env.ok(&["rmi", "i"]);
    }
    assert!(taken >= 5 && refused >= 12, "{taken} were taken and {refused} refused");
}

/// Changes the size that the header at an offset says.
fn resized(mut tar: Vec<u8>, at: usize, said: u64) -> Vec<u8> {
    let header = &mut tar[at..at + 512];
    header[124..136].copy_from_slice(format!("{said:011o}\0").as_bytes());
    header[148..156].copy_from_slice(b"        ");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    tar
}

/// The last entry of a name wins, whatever it is and whatever was there; also an opaque mark that comes last.
fn duplicates_and_changes_of_kind_end_as_the_last_one(env: &TestEnv) {
    let lower = layer(|layer| {
        layer.folder("o", 0o755).file("o/below", 0o644, "x");
    });
    let upper = layer(|layer| {
        layer.file("a", 0o644, "1").file("a", 0o600, "2").symlink("b", "a").file("b", 0o644, "3").file("c", 0o644, "4");
        layer.folder("c", 0o755).file("c/in", 0o644, "5").folder("e", 0o755).file("e/gone", 0o644, "6").file("e", 0o644, "7");
        layer.file("x", 0o644, "8").hard_link("y", "x").file("x", 0o644, "9").folder("o", 0o755).file("o/own", 0o644, "own");
        layer
            .file("o/.wh..wh..opq", 0o644, "")
            .file("z", 0o644, "")
            .whiteout("", "z")
            .file("q/.wh.r", 0o644, "")
            .file("q/r", 0o644, "r");
    });
    let image = Image::new("bad", vec![busybox_layer().finish(), lower, upper]);
    for way in ALL.into_iter().filter(|way| *way != Way::Import) {
        way.bring(env, &image).code(0);
        let seen = sh(env, "cat /a /b /c/in /e /x /y /q/r; stat -c ' %a' /a; ls /o; ls -d /z").ok();
        assert_eq!(seen, "235798r 600\nown\n/z", "{way:?}");
        env.ok(&["rmi", "-f", "bad"]);
    }
}

/// T43: bytes, sizes and diffIDs that are not what was said, in archives and folders (pull.rs has those of registries).
fn digests_and_sizes_that_lie_are_refused(env: &TestEnv) {
    let honest = |content: &str| {
        Image::busybox_with("bad", |layer| {
            layer.file("content", 0o644, content);
        })
        .packed(Packing::Gzip)
    };
    let (image, other) = (honest("said"), honest("given"));
    let hex = |bytes: &[u8]| digest(bytes)["sha256:".len()..].to_owned();
    let blobs = [
        ("a layer", image.packed_layers()[1].clone(), other.packed_layers()[1].clone()),
        ("the config", image.config_bytes(), other.config_bytes()),
        ("the manifest", image.manifest_bytes(), other.manifest_bytes()),
    ];
    for (what, said, given) in blobs {
        let swap = |entries: Vec<(String, Vec<u8>)>| -> Vec<(String, Vec<u8>)> {
            entries.into_iter().map(|(name, bytes)| if bytes == said { (name, given.clone()) } else { (name, bytes) }).collect()
        };
        let cut = |entries: Vec<(String, Vec<u8>)>| -> Vec<(String, Vec<u8>)> {
            let half = |bytes: Vec<u8>| bytes[..bytes.len() / 2].to_vec();
            entries.into_iter().map(|(name, bytes)| if bytes == said { (name, half(bytes)) } else { (name, bytes) }).collect()
        };
        for entries in [swap(image.oci_entries()), cut(image.oci_entries()), cut(dir_entries(&image))] {
            write_folder(env, "lies", &entries);
            let output = env.run(&["load", "-q", "-i", "lies"]);
            assert!(output.code == 125 && output.stderr().contains("Error: "), "{what}: {output}");
            nothing_is_left(env);
        }
        load(env, &swap(image.oci_entries())).code(125);
        if what != "the manifest" {
            write_folder(env, "lies", &swap(dir_entries(&image)));
            env.run(&["load", "-q", "-i", "lies"]).code(125);
        }
        nothing_is_left(env);
    }
    // The size in a manifest, with all digests right.
    for wrong in [1, 0] {
        let manifest = String::from_utf8(image.manifest_bytes()).unwrap();
        let length = image.packed_layers()[1].len();
        let size = if wrong == 1 { length + 1 } else { length - 1 };
        let manifest = manifest.replace(&format!("\"size\":{length}"), &format!("\"size\":{size}")).into_bytes();
        let entries: Vec<_> = image
            .oci_entries()
            .into_iter()
            .map(|(name, bytes)| match bytes {
                bytes if bytes == image.manifest_bytes() => (name.replace(&hex(&bytes), &hex(&manifest)), manifest.clone()),
                bytes if name == "index.json" => {
                    let text = String::from_utf8(bytes).unwrap().replace(&hex(&image.manifest_bytes()), &hex(&manifest));
                    let old = format!("\"size\":{}", image.manifest_bytes().len());
                    (name, text.replace(&old, &format!("\"size\":{}", manifest.len())).into_bytes())
                }
                bytes => (name, bytes),
            })
            .collect();
        load(env, &entries).fails(125, &[&digest(&image.packed_layers()[1])]);
        nothing_is_left(env);
    }
    // A docker-archive promises nothing but the diffID.
    let entries: Vec<_> = image
        .docker_entries()
        .into_iter()
        .map(
            |(name, bytes)| {
                if bytes == image.packed_layers()[1] { (name, other.packed_layers()[1].clone()) } else { (name, bytes) }
            },
        )
        .collect();
    load(env, &entries).fails(125, &["diffID"]);
    nothing_is_left(env);
    // The twin.
    load(env, &image.oci_entries()).code(0);
    assert_eq!(sh(env, "cat /content").ok(), "said");
}

/// T42 (CVE-2024-3727): a digest is one before it is anything else. No path is made of what is none.
fn digests_that_are_no_digests_are_refused(env: &TestEnv) {
    let canary = Canary::new(env.work().join("c"));
    let image = Image::busybox("bad", json!({}));
    let right = [digest(&image.manifest_bytes()), digest(&image.config_bytes()), digest(&image.layers[0])];
    for wrong in [
        "sha256:../../../../../c/secret",
        "sha256:",
        "sha256:abc",
        "sha512:cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
        "md5:d41d8cd98f00b204e9800998ecf8427e",
        "../c/secret",
        "",
        "sha256:\\u0000",
        &right[2].to_uppercase(),
        &format!("{}/../x", right[2]),
    ] {
        for replaced in &right {
            for entries in [image.oci_entries(), dir_entries(&image), image.docker_entries()] {
                let change = |(name, bytes): (String, Vec<u8>)| match String::from_utf8(bytes) {
                    Ok(text) => (name, text.replace(replaced, wrong).into_bytes()),
                    Err(error) => (name, error.into_bytes()),
                };
                let changed: Vec<_> = entries.clone().into_iter().map(change).collect();
                if changed == entries {
                    continue;
                }
                let output = load(env, &changed);
                assert!(output.code == 125 && output.stderr().contains("Error: "), "{replaced} as {wrong:?}: {output}");
            }
        }
    }
    // Members of a docker-archive are names, and lead nowhere else either.
    for (config, layer) in [("../../c/secret", "l"), ("c", "../../../c/file"), ("c", "/etc/passwd"), ("", ""), ("c", "link")] {
        let manifest = json!([{"Config": config, "RepoTags": ["x:y"], "Layers": [layer]}]).to_string().into_bytes();
        let mut tar = Layer::default();
        tar.file("manifest.json", 0o644, manifest).file("c", 0o644, image.config_bytes()).symlink("link", &canary.at("file"));
        let path = env.file("i.tar", tar.finish());
        env.run(&["load", "-q", "-i", &path]).code(125);
    }
    // Nor do those of a folder.
    write_folder(env, "layout", &image.oci_entries());
    let blob = env.work().join("layout/blobs/sha256").join(&right[2]["sha256:".len()..]);
    std::fs::rename(&blob, env.work().join("outside")).unwrap();
    std::os::unix::fs::symlink(env.work().join("outside"), &blob).unwrap();
    env.run(&["load", "-q", "-i", "layout"]).code(125);
    std::fs::remove_file(&blob).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, &blob, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
    env.run(&["load", "-q", "-i", "layout"]).code(125);
    nothing_is_left(env);
    canary.assert_unchanged();
}

/// T44 (CVE-2017-14992, CVE-2021-20291): what would take the memory, the disk or for ever ends with an error and leaves nothing.
fn bombs_and_broken_streams_are_refused(env: &TestEnv) {
    let tar = busybox_layer().finish();
    let repeated = |count: usize, kind: EntryType, body: &[u8]| {
        layer(|layer| {
            for _ in 0..count {
                layer.entry(kind, "x", PLAIN, "", body);
            }
            layer.file("f", 0o644, "x");
        })
    };
    let labels = repeated(20_000, EntryType::new(b'V'), b"");
    let globals = repeated(20_000, EntryType::XGlobalHeader, &record("comment", b"x"));
    let long_name = repeated(1, EntryType::GNULongName, &[b"a".repeat(2 << 20), vec![0]].concat());
    let deep = layer(|layer| {
        pax(layer, &[("path", "d/".repeat(100_000).as_bytes())]);
        layer.file("f", 0o644, "x");
    });
    let trailing = [tar.clone(), vec![0; 80 << 20]].concat();
    let window = {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(28).unwrap();
        std::io::Write::write_all(&mut encoder, &tar).unwrap();
        encoder.finish().unwrap()
    };
    let summed = {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        encoder.include_checksum(true).unwrap();
        std::io::Write::write_all(&mut encoder, &tar).unwrap();
        encoder.finish().unwrap()
    };
    // A frame that asks for 2 GiB of window, by its header alone.
    let huge_window = [&[0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8][..], &[1, 0, 0]].concat();
    let (gzip, zstd) = (Packing::Gzip.pack(&tar), Packing::Zstd.pack(&tar));
    let half = |bytes: &[u8]| bytes[..bytes.len() / 2].to_vec();
    let flipped = |bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        let at = bytes.len() / 2;
        bytes[at] ^= 0x55;
        bytes
    };
    let bad: Vec<(&str, Vec<u8>)> = vec![
        ("volume labels", Packing::Gzip.pack(&labels)),
        ("global headers", Packing::Zstd.pack(&globals)),
        ("a name of megabytes", Packing::Gzip.pack(&long_name)),
        ("a deep path", Packing::Gzip.pack(&deep)),
        ("zeros behind the archive", Packing::Gzip.pack(&trailing)),
        ("a window of 256 MiB", window),
        ("a window of 2 GiB", huge_window),
        ("half a gzip stream", half(&gzip)),
        ("half a zstd stream", half(&zstd)),
        ("half a tar", half(&tar)),
        ("a damaged gzip stream", flipped(&gzip)),
        ("a damaged zstd stream", flipped(&summed)),
        ("gzip and then something else", [gzip.clone(), b"something else".to_vec()].concat()),
        ("xz", b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4\x46".to_vec()),
        ("nothing of a tar", b"#!/bin/sh\n".repeat(100)),
    ];
    for (what, bytes) in &bad {
        let begin = std::time::Instant::now();
        let output = env.cmd(&["import", "-q", "-", "bad"]).stdin(bytes.clone()).run();
        assert!(output.code == 125 && output.stderr().contains("Error: "), "import of {what}: {output}");
        // As a layer whose digest is right, and as a whole archive.
        let image = Image::new("bad", vec![bytes.clone()]);
        for entries in [image.oci_entries(), image.docker_entries()] {
            let output = load(env, &entries);
            assert!(output.code == 125 && output.stderr().contains("Error: "), "load of {what}: {output}");
        }
        let path = env.file("whole", bytes);
        env.run(&["load", "-q", "-i", &path]).code(125);
        assert!(begin.elapsed().as_secs() < 60, "{what}");
    }
    nothing_is_left(env);
    // The twins: streams in a row, and a little padding.
    let parts = tar.split_at(tar.len() / 3);
    for bytes in [
        [Packing::Gzip.pack(parts.0), Packing::Gzip.pack(parts.1)].concat(),
        [Packing::Zstd.pack(parts.0), Packing::Zstd.pack(parts.1)].concat(),
        Packing::Gzip.pack(&[tar.clone(), vec![0; 1 << 20]].concat()),
    ] {
        env.cmd(&["import", "-q", "-", "bad"]).stdin(bytes).run().code(0);
        assert_eq!(sh(env, "echo fine").ok(), "fine");
        env.ok(&["rmi", "-f", "bad"]);
    }
}

/// T44: lists in an archive that are much longer than the archive.
fn archives_with_false_lists_are_refused(env: &TestEnv) {
    let image = Image::busybox("bad", json!({}));
    let config = |size: usize| {
        let text = String::from_utf8(image.config_bytes()).unwrap();
        text.replacen('{', &format!("{{\"x\":\"{}\",", "x".repeat(size)), 1).into_bytes()
    };
    let docker = |manifest: String, config: Vec<u8>| {
        let entries = vec![
            ("manifest.json".to_owned(), manifest.into_bytes()),
            ("c".to_owned(), config),
            ("l".to_owned(), image.layers[0].clone()),
        ];
        load(env, &entries)
    };
    let item = r#"{"Config":"c","RepoTags":[],"Layers":["l"]}"#;
    docker(format!("[{}]", vec![item; 5000].join(",")), image.config_bytes()).fails(125, &["images"]);
    docker(format!("[{}]", vec![item; 100].join(",")), config(3 << 20)).fails(125, &["bytes"]);
    docker(format!("[{item}{}]", " ".repeat(2 << 20)), image.config_bytes()).fails(125, &["manifest.json"]);
    docker(format!("[{item}]"), config(5 << 20)).fails(125, &["long"]);
    docker("[".repeat(200_000), image.config_bytes()).fails(125, &["manifest.json"]);
    docker(r#"[{"Config":"c","Layers":["l","l"]}]"#.to_owned(), image.config_bytes()).fails(125, &["layers"]);
    // An index that leads to itself cannot be made; one that is deep can.
    let mut entries = image.oci_entries();
    let mut below = image.manifest_bytes();
    for _ in 0..8 {
        let index = json!({"schemaVersion": 2, "manifests": [{
            "mediaType": "application/vnd.oci.image.index.v1+json", "digest": digest(&below), "size": below.len(),
        }]});
        below = index.to_string().into_bytes();
        entries.push((format!("blobs/sha256/{}", &digest(&below)["sha256:".len()..]), below.clone()));
    }
    entries[1].1 = below;
    load(env, &entries).fails(125, &["deep"]);
    nothing_is_left(env);
    docker(format!("[{}]", vec![item; 20].join(",")), image.config_bytes()).code(0);
}

/// What an image says of itself is data: it runs, or there is an error that says why, and nothing of the host is in it.
fn configs_that_lie_do_no_harm(env: &TestEnv) {
    let canary = Canary::new(env.work().join("c"));
    let secret = canary.at("secret");
    let configs = [
        json!({"User": "9999999999"}),
        json!({"User": "../../etc:0"}),
        json!({"User": "root\n:x"}),
        json!({"WorkingDir": "../../../.."}),
        json!({"WorkingDir": "/proc/self/fd/3"}),
        json!({"WorkingDir": "/a\u{0}b"}),
        json!({"WorkingDir": canary.text()}),
        json!({"Env": ["HOME", "*", "=x", "", "A=b\u{0}c", "LD_PRELOAD=/x.so"]}),
        json!({"Entrypoint": ["/bin/sh\u{0}", "-c", "true"]}),
        json!({"Entrypoint": [""], "Cmd": []}),
        json!({"Volumes": {"/": {}, "": {}, "/../..": {}, "relative": {}, "/proc": {}, "/dev": {}}}),
        json!({"Volumes": {canary.text(): {}}}),
        json!({"ExposedPorts": {"99999/tcp": {}, "x": {}, "1-2-3": {}, "": {}}}),
        json!({"StopSignal": "SIGNOTHING"}),
        json!({"StopSignal": "999999999999"}),
        json!({"Healthcheck": {"Test": ["CMD"], "Interval": -5, "Timeout": i64::MAX, "Retries": i64::MIN}}),
        json!({"Labels": {"io.podman.annotations.privileged": "TRUE", "a\u{1b}[31m": "b\nc"}}),
        json!({"User": 5}),
        json!({"Cmd": "a text"}),
        json!([]),
    ];
    let (mut ran, mut refused) = (0, 0);
    for config in configs {
        let image = Image::busybox("bad", config.clone());
        let output = load(env, &image.oci_entries());
        if output.code != 0 {
            assert!(output.code == 125 && output.stderr().contains("Error: "), "{config}: {output}");
            refused += 1;
            continue;
        }
        let output =
            env.run(&["run", "--rm", "--network", "none", "bad", "sh", "-c", &format!("cat {secret} 2>/dev/null; echo ran")]);
        match output.code {
            0 => ran += 1,
            125..=127 => refused += 1,
            _ => panic!("{config}: {output}"),
        }
        assert!(output.code != 0 || output.stdout() == "ran", "{config}: {output}");
        assert!(output.code == 0 || output.stderr().contains("Error: "), "{config}: {output}");
        assert!(!output.stderr().contains("panicked") && !output.stderr().contains('\u{1b}'), "{config}: {output}");
        env.run(&["inspect", "bad"]).code(0);
        env.run(&["history", "bad"]).code(0);
        canary.assert_unchanged();
        env.ok(&["rmi", "-f", "bad"]);
    }
    assert!(ran > 3 && refused > 3, "{ran} ran, {refused} were refused");
}

/// T40 (CVE-2025-47290): what is half there is in a folder that nobody else may enter, and is never found by a name of the layer.
fn two_pulls_in_one_folder_are_private(env: &TestEnv) {
    use std::os::unix::fs::PermissionsExt as _;
    let image = Image::busybox("slow", json!({})).packed(Packing::Gzip);
    let mut replies = honest(&image, "slow");
    let blob = &image.packed_layers()[0];
    let reply = replies.get_mut(&crate::harness::registry::blob_path("slow", blob)).unwrap();
    (reply.cut, reply.stall) = (Some(blob.len() / 2), true);
    let registry = FakeRegistry::start(replies);
    let pull = env.cmd(&["pull", "-q", "--tls-verify=false", &format!("{}/slow", registry.address())]).spawn();
    registry.wait_for(&digest(blob));
    let folders: Vec<_> = std::fs::read_dir(env.data().join("tmp"))
        .unwrap()
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .collect();
    assert!(!folders.is_empty(), "nothing is on its way");
    for folder in folders {
        assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    }
    assert_eq!(std::fs::metadata(env.data()).unwrap().permissions().mode() & 0o777, 0o700);
    pull.signal(rustix::process::Signal::KILL);
    drop(pull);
    env.ok(&["import", "-q", &busybox_root().to_string_lossy(), "swept"]);
}

fn shared(part: &str) -> std::path::PathBuf {
    crate::harness::host::shared_images().unwrap().join("real").join(part)
}

/// T36 with archives that other projects keep for it.
fn bare_layers_of_other_projects_stay_inside(env: &TestEnv) {
    let canary = Canary::new(env.work().join("c"));
    let before = tree(&env.work());
    for (name, fine) in [
        ("layer-dotdot.tar", false),
        ("layer-dotdot-whiteouts.tar", false),
        ("layer-absolute.tar", true),
        ("layer-symlink-escape.tar", true),
    ] {
        let output = env.run(&["import", "-q", &shared(name).to_string_lossy(), "x"]);
        assert_eq!(output.code, if fine { 0 } else { 125 }, "{name}: {output}");
        assert!(fine || output.stderr().contains(".."), "{name}: {output}");
    }
    canary.assert_unchanged();
    assert_eq!(tree(&env.work()), before);
}

fn real_layouts_load_or_are_refused_clearly(env: &TestEnv) {
    let mut seen = 0;
    for entry in std::fs::read_dir(shared("layouts")).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let output = env.run(&["load", "-q", "-i", &entry.path().to_string_lossy()]);
        let refused = ["aufs-docker-v2-manifest", "busybox-missing-layer", "external-layers"].contains(&name.as_str());
        assert_eq!(output.code, if refused { 125 } else { 0 }, "{name}: {output}");
        assert!(!refused || output.stderr().starts_with("Error: "), "{name}: {output}");
        if name.starts_with("hard-link") || name.starts_with("whiteout") {
            let id = env.ok(&["images", "-q"]);
            env.ok(&["save", "-q", "-o", "again.tar", id.lines().next().unwrap()]);
        }
        env.run(&["rmi", "-af"]).code(0);
        seen += 1;
    }
    assert!(seen > 15);
    env.run(&["system", "check"]).prints("");
}

/// Everything that ran in Podman runs here.
fn real_archives_run(env: &TestEnv) {
    for name in [
        "docker-save-alpine-3.10.tar.gz",
        "docker-save-busybox-1.32.tar",
        "docker-save-14-layers.tar",
        "kaniko-14-layers-gzip.tar",
        "oci-archive-whiteout-opaque.tar",
        "containerd-export-alpine-3.14.tar",
        "skopeo-docker-archive-busybox.tar",
    ] {
        env.run(&["load", "-q", "-i", &shared(name).to_string_lossy()]).code(0);
        let id = env.ok(&["images", "-aq"]);
        let id = id.lines().next().unwrap();
        assert_eq!(
            env.ok(&["run", "--rm", "--network", "none", "--entrypoint", "", id, "sh", "-c", "echo ran"]),
            "ran",
            "{name}"
        );
        env.ok(&["rmi", "-af"]);
    }
}

//! Images that try to get out: each with a tree outside that must not change, and a twin that has to work (T36, T37, T39).

use crate::harness::archive::{Attributes, Image, Layer, busybox_layer, layer, write_archive};
use crate::harness::canary::Canary;
use crate::harness::{Case, Need, TestEnv, case};
use tar::EntryType;

pub fn cases() -> Vec<Case> {
    let all = [
        case!(names_that_climb_are_refused).gap("podman keeps them inside without a word"),
        case!(absolute_names_stay_inside),
        case!(writing_through_a_link_stays_inside),
        case!(writing_through_a_link_of_a_lower_layer_stays_inside),
        case!(hard_links_to_outside_are_refused_or_stay_inside),
        case!(a_root_entry_that_is_a_link_is_harmless),
        case!(attributes_are_never_set_through_a_link),
        case!(whiteouts_that_climb_are_harmless),
        case!(devices_in_a_layer_give_no_device),
        case!(a_chain_of_links_does_not_climb),
        case!(links_that_stay_inside_work),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

struct Attack {
    canary: Canary,
    /// `../../…/canary`, without a first slash.
    up: String,
}

impl Attack {
    fn new(env: &TestEnv) -> Self {
        let canary = Canary::new(env.work().join("c"));
        let up = format!("{}{}", "../".repeat(14), &canary.text()[1..]);
        Self { canary, up }
    }

    /// Loads an image of the busybox root and these layers, in both forms, and looks at the canary; returns whether it loaded.
    fn load(&self, env: &TestEnv, name: &str, layers: Vec<Vec<u8>>) -> bool {
        let image = Image::new(name, [vec![busybox_layer().finish()], layers].concat());
        let mut loaded = Vec::new();
        for entries in [image.docker_entries(), image.oci_entries()] {
            write_archive(env.work().join("i.tar"), &entries);
            let output = env.run(&["load", "-i", "i.tar"]);
            self.canary.assert_unchanged();
            loaded.push(output.code == 0);
            if output.code == 0 {
                let output = env.run(&["run", "--rm", "--network", "none", name, "true"]);
                self.canary.assert_unchanged();
                assert!(output.code == 0 || output.code >= 125, "{output}");
                env.ok(&["rmi", name]);
            } else {
                assert!(output.code == 125 && output.stderr().contains("Error: "), "{output}");
                assert_eq!(env.ok(&["images", "-a", "-q"]), "", "a refused image left something");
            }
        }
        assert_eq!(loaded[0], loaded[1], "{name}: both forms are judged alike");
        loaded[0]
    }

    fn load_layer(&self, env: &TestEnv, name: &str, fill: impl FnOnce(&mut Layer, &Self)) -> bool {
        let layer = layer(|layer| fill(layer, self));
        self.load(env, name, vec![layer])
    }
}

const PLAIN: Attributes = Attributes { mode: 0o777, uid: 0, gid: 0 };

fn names_that_climb_are_refused(env: &TestEnv) {
    let attack = Attack::new(env);
    for (name, kind) in [
        ("file", EntryType::Regular),
        ("folder", EntryType::Directory),
        ("symlink", EntryType::Symlink),
        ("fifo", EntryType::Fifo),
        ("new", EntryType::Regular),
    ] {
        let loaded = attack.load_layer(env, "climb", |layer, attack| {
            layer.entry(kind, &format!("{}/{name}", attack.up), PLAIN, if kind == EntryType::Symlink { "x" } else { "" }, b"");
        });
        assert!(!loaded, "{name} was taken");
    }
    let hidden = attack.load_layer(env, "climb", |layer, attack| {
        layer.file(&format!("etc/../../{}/file", attack.up), 0o666, "x");
    });
    assert!(!hidden);
    // The twin: two dots in a name are no way up.
    assert!(attack.load_layer(env, "dots", |layer, _| {
        layer.file("etc/..a", 0o644, "x").file("etc/b..", 0o644, "x").file("...", 0o644, "x");
    }));
}

fn absolute_names_stay_inside(env: &TestEnv) {
    let attack = Attack::new(env);
    attack.load_layer(env, "abs", |layer, attack| {
        layer.file(&attack.canary.at("file"), 0o666, "x").folder(&attack.canary.at("folder"), 0o777).file(
            &attack.canary.at("new"),
            0o666,
            "x",
        );
    });
}

fn writing_through_a_link_stays_inside(env: &TestEnv) {
    let attack = Attack::new(env);
    for target in [attack.canary.text(), attack.up.clone()] {
        attack.load_layer(env, "through", |layer, _| {
            layer
                .symlink("out", &target)
                .file("out/file", 0o666, "x")
                .file("out/new", 0o666, "x")
                .folder("out/folder", 0o777)
                .symlink("out/l", "x");
        });
        attack.load_layer(env, "over", |layer, _| {
            layer.symlink("f", &format!("{target}/file")).file("f", 0o666, "x");
        });
    }
}

fn writing_through_a_link_of_a_lower_layer_stays_inside(env: &TestEnv) {
    let attack = Attack::new(env);
    for target in [attack.canary.text(), attack.up.clone()] {
        let lower = layer(|layer| {
            layer.symlink("out", &target);
        });
        let upper = layer(|layer| {
            layer.file("out/file", 0o666, "x").file("out/new", 0o666, "x").whiteout("out", "secret").file(
                "out/.wh..wh..opq",
                0o644,
                "",
            );
        });
        attack.load(env, "lower", vec![lower, upper]);
    }
}

fn hard_links_to_outside_are_refused_or_stay_inside(env: &TestEnv) {
    let attack = Attack::new(env);
    let targets =
        [attack.canary.at("secret"), format!("{}/secret", attack.up), "out/secret".to_owned(), "../d/secret".to_owned()];
    for target in targets {
        attack.load_layer(env, "hard", |layer, attack| {
            layer.symlink("out", &attack.canary.text()).hard_link("stolen", &target).file("stolen", 0o666, "x");
        });
        let loaded = attack.load_layer(env, "hard", |layer, attack| {
            layer.symlink("out", &attack.canary.text()).hard_link("stolen", &target);
        });
        assert!(!loaded, "a hard link to {target} was taken");
    }
    // The twin: an absolute target means the root of the layer.
    assert!(attack.load_layer(env, "hard", |layer, _| {
        layer.file("real", 0o644, "x").hard_link("link", "/real").hard_link("other", "./real");
    }));
}

fn a_root_entry_that_is_a_link_is_harmless(env: &TestEnv) {
    let attack = Attack::new(env);
    for name in [".", "./", "/"] {
        attack.load_layer(env, "root", |layer, attack| {
            layer.symlink(name, &attack.canary.text()).file("file", 0o666, "x").file("./new", 0o666, "x");
        });
    }
}

fn attributes_are_never_set_through_a_link(env: &TestEnv) {
    let attack = Attack::new(env);
    attack.load_layer(env, "chmod", |layer, attack| {
        layer.symlink("l", &attack.canary.text()).folder("l", 0o777).symlink("f", &attack.canary.at("secret"));
        layer.entry(EntryType::Symlink, "f", Attributes { mode: 0o777, uid: 5, gid: 5 }, &attack.canary.at("secret"), b"");
    });
    attack.load_layer(env, "chmod", |layer, attack| {
        layer.folder("d", 0o755).symlink("d/l", &attack.canary.at("folder")).entry(EntryType::Directory, "d/l/", PLAIN, "", b"");
    });
}

fn whiteouts_that_climb_are_harmless(env: &TestEnv) {
    let attack = Attack::new(env);
    for name in [".wh..", ".wh...", ".wh.", ".wh..wh..opq/x", ".wh..wh.plnk"] {
        attack.load_layer(env, "white", |layer, _| {
            layer.folder("d", 0o755).file(&format!("d/{name}"), 0o644, "").file(name, 0o644, "");
        });
    }
    attack.load_layer(env, "white", |layer, attack| {
        layer.file(&format!("{}/.wh.file", attack.up), 0o644, "");
    });
    attack.load_layer(env, "white", |layer, attack| {
        layer.symlink("out", &attack.canary.text()).whiteout("out", "file").symlink("d/.wh..wh..opq", &attack.canary.at("file"));
    });
    attack.load_layer(env, "white", |layer, attack| {
        layer.symlink(".wh.x", &attack.canary.at("file")).hard_link(".wh.y", &attack.canary.at("file"));
    });
}

fn devices_in_a_layer_give_no_device(env: &TestEnv) {
    let attack = Attack::new(env);
    attack.load_layer(env, "device", |layer, _| {
        layer.entry(EntryType::Char, "null", PLAIN, "", b"").entry(EntryType::Block, "disk", PLAIN, "", b"");
    });
    let image = Image::new(
        "device",
        vec![
            busybox_layer().finish(),
            layer(|layer| {
                layer
                    .entry(EntryType::Char, "null", PLAIN, "", b"")
                    .entry(EntryType::Block, "disk", PLAIN, "", b"")
                    .file("after", 0o644, "x");
            }),
        ],
    );
    write_archive(env.work().join("i.tar"), &image.oci_entries());
    env.ok(&["load", "-i", "i.tar"]);
    let args =
        ["run", "--rm", "--network", "none", "device", "sh", "-c", "ls /after; test -e /null || test -e /disk || echo none"];
    env.run(&args).prints("/after\nnone");
}

fn a_chain_of_links_does_not_climb(env: &TestEnv) {
    let attack = Attack::new(env);
    attack.load_layer(env, "chain", |layer, attack| {
        layer
            .symlink("a", ".")
            .symlink("b", "a/..")
            .symlink("c", "b/..")
            .symlink("e", &format!("c/{}", attack.up))
            .file("e/file", 0o666, "x")
            .file("e/new", 0o666, "x");
    });
    attack.load_layer(env, "loop", |layer, _| {
        layer.symlink("x", "y").symlink("y", "x").file("x/f", 0o644, "x");
    });
}

fn links_that_stay_inside_work(env: &TestEnv) {
    let attack = Attack::new(env);
    let image = Image::new(
        "inside",
        vec![
            busybox_layer().finish(),
            layer(|layer| {
                layer
                    .folder("usr/lib", 0o755)
                    .symlink("lib", "usr/lib")
                    .symlink("lib64", "/usr/lib")
                    .symlink("up", "usr/../usr/lib");
            }),
            layer(|layer| {
                layer.file("usr/lib/a", 0o644, "a").symlink("etc/out", "../../../../etc/passwd");
            }),
        ],
    );
    write_archive(env.work().join("i.tar"), &image.docker_entries());
    env.ok(&["load", "-i", "i.tar"]);
    let args = [
        "run",
        "--rm",
        "--network",
        "none",
        "inside",
        "sh",
        "-c",
        "cat /lib/a /lib64/a /up/a; readlink /etc/out; head -c 4 /etc/out",
    ];
    env.run(&args).prints("aaa../../../../etc/passwd\nroot");
    attack.canary.assert_unchanged();
}

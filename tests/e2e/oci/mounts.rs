//! config.md "Mounts", config-linux.md: what a program sees of the file system.

use super::Bundle;
use crate::harness::{Case, TestEnv, case};
use serde_json::{Value, json};

pub fn cases() -> Vec<Case> {
    vec![
        case!(options_show_in_the_mount_table),
        case!(recursive_options_reach_what_is_below),
        case!(mounts_are_made_in_their_order),
        case!(a_tmpfs_takes_the_images_files),
        case!(the_root_is_read_only_and_propagates_as_configured),
        case!(devices_are_supplied),
        case!(paths_are_masked_and_locked),
        case!(a_link_in_the_place_of_a_kernel_folder_is_refused),
        case!(without_pivot_the_root_is_the_containers),
    ]
}

/// The options of the mount at a path, per `/proc/self/mountinfo`.
fn options(bundle: &Bundle<'_>, path: &str) -> String {
    let text = bundle.run().ok();
    let line = text.lines().rfind(|line| line.split(' ').nth(4) == Some(path));
    line.unwrap_or_else(|| panic!("{path} is not in {text}")).to_owned()
}

fn with(env: &TestEnv, mount: Value) -> Bundle<'_> {
    Bundle::new(env, &["cat", "/proc/self/mountinfo"]).add("/mounts", mount)
}

fn options_show_in_the_mount_table(env: &TestEnv) {
    let source = env.folder("source");
    let bind = |options: &[&str]| json!({"destination": "/b", "source": source, "options": options});
    for (options_wanted, words) in [
        (&["bind", "ro", "nosuid", "nodev", "noexec"][..], &[" ro,nosuid,nodev,noexec,"][..]),
        (&["bind", "nosymfollow"], &["nosymfollow"]),
        (&["bind", "shared"], &["shared:"]),
        (&["bind", "private", "defaults", "rw", "relatime"], &[" rw,"]),
        (&["bind", "unbindable"], &["unbindable"]),
    ] {
        let line = options(&with(env, bind(options_wanted)), "/b");
        for word in words {
            assert!(line.contains(word), "{options_wanted:?}: {line}");
        }
    }
    let tmpfs =
        json!({"destination": "/t", "type": "tmpfs", "source": "named", "options": ["size=4k", "mode=700", "noatime", "ro"]});
    let line = options(&with(env, tmpfs), "/t");
    for word in [" ro,", "noatime", "- tmpfs named ", "size=4k", "mode=700"] {
        assert!(line.contains(word), "{line}");
    }
    // A source may be relative to the bundle.
    let relative = json!({"destination": "/r", "type": "none", "source": "rootfs/etc/passwd", "options": ["bind"]});
    assert!(options(&with(env, relative), "/r").contains("rootfs/etc/passwd /r"));
}

fn recursive_options_reach_what_is_below(env: &TestEnv) {
    let source = env.folder("source");
    let script = "grep ' /b' /proc/self/mountinfo | cut -d' ' -f5,6";
    let mounts = |option: &str| {
        Bundle::script(env, script)
            .add("/mounts", json!({"destination": "/a", "type": "tmpfs", "source": "tmpfs"}))
            .add("/mounts", json!({"destination": "/b", "source": source, "options": ["rbind"]}))
            .add("/mounts", json!({"destination": "/b/sub", "type": "tmpfs", "source": "tmpfs"}))
            .add("/mounts", json!({"destination": "/c", "source": format!("{source}/."), "options": ["rbind", option]}))
    };
    let text = mounts("rro").run().ok();
    assert!(text.contains("/b/sub rw"), "{text}");
    let proc = Bundle::script(env, "grep ' /copy' /proc/self/mountinfo | cut -d' ' -f5,6")
        .add("/mounts", json!({"destination": "/copy", "source": "/dev", "options": ["rbind", "rro", "rnoexec"]}));
    let text = proc.run().ok();
    assert!(text.lines().count() > 1 && text.lines().all(|line| line.contains(" ro,") && line.contains("noexec")), "{text}");
}

fn mounts_are_made_in_their_order(env: &TestEnv) {
    let (first, second) = (env.folder("first"), env.folder("second"));
    env.file("first/name", "first");
    env.file("second/name", "second");
    let bind = |source: &str| json!({"destination": "/m", "source": source, "options": ["bind"]});
    Bundle::new(env, &["cat", "/m/name"]).add("/mounts", bind(&first)).add("/mounts", bind(&second)).run().prints("second");
    Bundle::new(env, &["cat", "/m/name"]).add("/mounts", bind(&second)).add("/mounts", bind(&first)).run().prints("first");
    // A place that is missing is made, as a file for a file.
    let file = json!({"destination": "/x/y/z", "source": format!("{first}/name"), "options": ["bind"]});
    Bundle::new(env, &["cat", "/x/y/z"]).add("/mounts", file).run().prints("first");
}

fn a_tmpfs_takes_the_images_files(env: &TestEnv) {
    let copied = json!({"destination": "/etc", "type": "tmpfs", "source": "tmpfs", "options": ["tmpcopyup", "ro"]});
    let text = Bundle::script(env, "head -1 /etc/passwd; touch /etc/x 2>&1").add("/mounts", copied).run();
    assert!(text.stdout().starts_with("root:") && text.stdout().contains("Read-only"), "{text}");
    let empty = json!({"destination": "/etc", "type": "tmpfs", "source": "tmpfs"});
    Bundle::new(env, &["ls", "/etc"]).add("/mounts", empty).run().prints("");
}

fn the_root_is_read_only_and_propagates_as_configured(env: &TestEnv) {
    let script = "touch /x 2>&1; grep ' / / ' /proc/self/mountinfo || grep ' / ' /proc/self/mountinfo";
    let text = Bundle::script(env, script).set("/root/readonly", json!(true)).run().ok();
    assert!(text.contains("Read-only file system"), "{text}");
    for (word, shown) in [("shared", "shared:"), ("rslave", " - "), ("unbindable", "unbindable"), ("private", " - ")] {
        let bundle = Bundle::new(env, &["cat", "/proc/self/mountinfo"]).set("/linux/rootfsPropagation", json!(word));
        let line = options(&bundle, "/");
        assert!(line.contains(shown), "{word}: {line}");
        assert_eq!(line.contains("shared:"), word == "shared", "{word}: {line}");
    }
}

fn devices_are_supplied(env: &TestEnv) {
    let script = "cd /dev; for i in null zero full random urandom tty; do test -c $i || echo no $i; done; for i in ptmx fd stdin stdout stderr; do readlink $i; done; \
                  echo x >null; head -c2 zero | od -An -tx1; test -p /dev/pipe && stat -c %a /dev/pipe; test -c /other/null && echo other";
    let devices = json!([
        {"path": "/dev/pipe", "type": "p", "fileMode": 0o640},
        {"path": "/other/null", "type": "c", "major": 1, "minor": 3},
    ]);
    let text = Bundle::script(env, script).set("/linux/devices", devices).run().ok();
    let wanted = "pts/ptmx\n/proc/self/fd\n/proc/self/fd/0\n/proc/self/fd/1\n/proc/self/fd/2\n 00 00\n640\nother";
    assert_eq!(text, wanted);
    // What is there already and is something else is an error.
    let taken = json!([{"path": "/etc/passwd", "type": "c", "major": 1, "minor": 3}]);
    Bundle::new(env, &["true"]).set("/linux/devices", taken).run().fails(1, &["/etc/passwd"]);
    // Without a mount for /dev they are in the root file system's.
    let mut bundle = Bundle::script(env, "echo x >/dev/null; test -c /dev/null && echo yes");
    bundle.config["mounts"].as_array_mut().expect("mounts").retain(|mount| mount["destination"] == "/proc");
    bundle.run().prints("yes");
}

fn paths_are_masked_and_locked(env: &TestEnv) {
    let script = "cat /secret; ls /folder; touch /locked/x 2>&1; touch /open/y && echo ok; cat /proc/version | wc -c";
    let bundle = Bundle::script(env, script)
        .set("/linux/maskedPaths", json!(["/secret", "/folder", "/proc/version", "/nosuch"]))
        .set("/linux/readonlyPaths", json!(["/locked", "/nosuch"]));
    for (name, text) in [("secret", "s"), ("folder/f", "s"), ("locked/f", "s"), ("open/f", "s")] {
        env.file(&format!("c1/rootfs/{name}"), text);
    }
    bundle.run().prints("touch: /locked/x: Read-only file system\nok\n0");
}

fn a_link_in_the_place_of_a_kernel_folder_is_refused(env: &TestEnv) {
    let canary = env.folder("canary");
    for name in ["proc", "sys", "dev"] {
        let bundle = Bundle::new(env, &["true"]);
        let path = bundle.folder().join("rootfs").join(name);
        std::fs::remove_dir(&path).expect("remove");
        std::os::unix::fs::symlink(&canary, &path).expect("a link");
        bundle.run().fails(1, &["symbolic link", name]);
        let mut bare = Bundle { config: bundle.config.clone(), ..bundle };
        bare.config["mounts"] = json!([]);
        if name == "dev" {
            bare.run().fails(1, &["symbolic link"]);
        }
        std::fs::remove_file(&path).expect("remove");
        std::fs::create_dir(&path).expect("make");
        assert_eq!(std::fs::read_dir(&canary).expect("list").count(), 0, "{name}");
    }
}

fn without_pivot_the_root_is_the_containers(env: &TestEnv) {
    let bundle = Bundle::script(env, "ls / | grep -c bin; cat /etc/passwd | head -1 | cut -d: -f1");
    bundle.write();
    let folder = bundle.folder().to_string_lossy().into_owned();
    bundle.cmd(&["run", "--no-pivot", "--bundle", &folder, "c1"]).run().prints("1\nroot");
}

//! Processes that a container sees for a moment, and what they are told: T15–T28. Each attack has a twin that has to work.

use crate::harness::archive::{Image, write_archive};
use crate::harness::canary::Canary;
use crate::harness::elf::{DATA, system_call};
use crate::harness::{Case, Need, TestEnv, case, program};
use serde_json::json;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::{Duration, Instant};

pub fn cases() -> Vec<Case> {
    let all = [
        case!(the_tool_cannot_be_written_to_by_who_may_trace)
            .needs(&[Need::Subids])
            .only_ours("podman's runtime belongs to root"),
        case!(a_check_cannot_be_taken_over).only_ours("podman needs systemd's timers"),
        case!(a_working_folder_of_the_image_never_leaves_the_root),
        case!(users_of_an_image_are_numbers_or_errors),
        case!(a_primary_group_is_a_group_of_the_program),
        case!(options_that_cannot_be_honoured_are_refused).gap("podman takes some without a word"),
        case!(long_messages_arrive_whole_or_not_at_all),
        case!(a_session_cannot_type_on_the_callers_terminal),
        case!(no_socket_of_ours_is_in_the_network).gap("podman's conmon is not looked at"),
        case!(words_of_annotations_and_labels_are_data),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

fn load(env: &TestEnv, image: &Image) {
    write_archive(env.work().join("i.tar"), &image.docker_entries());
    env.ok(&["load", "-i", "i.tar"]);
}

/// T15 (CVE-2019-5736): a copy of the tool that belongs to the caller, and a container that holds on to every program that it sees and
/// writes when nobody executes it any more; by checks, sessions, a shared pid namespace, a script that names the program itself.
fn the_tool_cannot_be_written_to_by_who_may_trace(env: &TestEnv) {
    let assert_same = crate::isolation::own_copy(env);
    let image = Image::busybox_with("exe", |layer| {
        layer.file("evil", 0o755, "#!/proc/self/exe\n").symlink("self", "/proc/self/exe");
    });
    load(env, &image);
    let script = "echo ready; while :; do for p in /proc/[0-9]*; do case $p in /proc/1|/proc/$$) continue;; esac; \
         case $(readlink $p/exe) in /bin/*) continue;; esac; \
         { case $(readlink /proc/$$/fd/9) in /bin/*) continue;; esac; while [ -d $p ]; do :; done; for i in 1 2 3; do echo x >>/proc/self/fd/9 && echo written; done; } 9<$p/exe; \
         done; done 2>/dev/null";
    for privileges in ["--cap-add=SYS_PTRACE", "--privileged"] {
        let options = ["--name", "x", "--health-cmd", "/evil; /self; true", "--health-interval", "100ms", privileges];
        env.ok(&[&["run", "-d", "--network", "none"], &options[..], &["exe", "sh", "-c", script]].concat());
        env.ok(&["wait", "--condition", "healthy", "x"]);
        let end = Instant::now() + Duration::from_secs(2);
        while Instant::now() < end {
            env.run(&["exec", "x", "true"]).code(0);
            for command in [&["/evil"][..], &["/self"], &["/proc/self/exe"], &["sh", "-c", "exec /proc/self/exe"]] {
                env.run(&[&["exec", "x"], command].concat());
            }
            env.run(&["healthcheck", "run", "x"]);
            env.run(&["run", "--rm", "--network", "none", "--pid", "container:x", "exe", "/evil"]);
            assert_same();
        }
        assert!(!env.ok(&["logs", "x"]).contains("written"), "{privileges}");
        env.remove(&["x"]);
        assert_same();
    }
    // The twin: the tool still works, and may be replaced by its owner.
    assert!(env.ok(&["--version"]).starts_with("coracle"));
    program::copy(&crate::harness::host::tool_folder().join("coracle"), &env.tool());
}

/// T16 (CVE-2016-9962), for checks, whose program is executed in the session namespace: what joins the container never has more rights
/// there than the container.
fn a_check_cannot_be_taken_over(env: &TestEnv) {
    let script = "echo ready; while :; do for p in /proc/[0-9]*; do while read name value; do case $name in \
         CapEff:|CapPrm:) case $value in 00000000800c05fb|0000000000000000) ;; *) echo rights $value;; esac;; \
         Seccomp:) case $value in 2) ;; *) echo filter $value;; esac;; esac; done <$p/status; done; done 2>/dev/null";
    let options = ["--cap-add=SYS_PTRACE", "--health-cmd", "true", "--health-interval", "100ms"];
    let id = env.start_script(&options, script);
    env.ok(&["wait", "--condition", "healthy", &id]);
    let end = Instant::now() + Duration::from_secs(3);
    while Instant::now() < end {
        env.run(&["healthcheck", "run", &id]).code(0);
        env.run(&["exec", &id, "true"]).code(0);
    }
    assert_eq!(env.ok(&["logs", &id]), "ready");
    env.remove(&[&id]);
}

/// T17 (CVE-2024-21626): the image's working folder, plain and by a link; sessions and checks. (`-w` itself: `settings`, `exec`.)
fn a_working_folder_of_the_image_never_leaves_the_root(env: &TestEnv) {
    let look =
        "pwd; ls -d /proc/self/cwd/../../../../../../../../home/* 2>/dev/null; [ -e ../../../../../../../..$0 ] && echo escaped";
    let own = env.work().to_string_lossy().into_owned();
    for path in
        ["/proc/self/fd/3", "/proc/self/fd/7", "/proc/self/fd/7/../..", "/proc/1/cwd", "/proc/self/root", "/l", "/l/../../.."]
    {
        let image = Image::busybox_with("w", |layer| {
            layer.symlink("l", "/proc/self/fd/8");
        });
        load(env, &image.configured(json!({"WorkingDir": path})));
        let output = env.run(&["run", "--rm", "--network", "none", "w", "sh", "-c", look, &own]);
        assert!(output.code >= 125 || output.stdout().starts_with('/'), "{path}: {output}");
        assert!(!output.stdout().contains("escaped") && !output.stdout().contains("unreachable"), "{path}: {output}");
        env.ok(&["rmi", "w"]);
    }
    // The twin.
    load(env, &Image::busybox("w", json!({"WorkingDir": "/home/app/new"})));
    env.run(&["run", "--rm", "--network", "none", "w", "pwd"]).prints("/home/app/new");
}

/// T19: `USER` of an image, as `-u` of `settings` and `exec`.
fn users_of_an_image_are_numbers_or_errors(env: &TestEnv) {
    let wanted = [
        ("1", Some("1")),
        ("1:", Some("1")),
        ("1234", Some("1234")),
        ("app", Some("1000")),
        ("0x1", None),
        ("+1", None),
        ("-1", None),
        ("4294967295", None),
        ("4294967296", None),
        ("18446744073709551616", None),
        ("wide", None),
        ("a\nb", None),
    ];
    for (user, uid) in wanted {
        load(env, &Image::busybox("u", json!({"User": user})));
        let output = env.run(&["run", "--rm", "--network", "none", "u", "id", "-u"]);
        match uid {
            Some(uid) => assert_eq!(output.stdout(), uid, "{user:?}: {output}"),
            None => assert!(output.code >= 125 && output.stdout().is_empty(), "{user:?}: {output}"),
        }
        env.ok(&["rmi", "u"]);
    }
}

/// T22: a file that its group may not read is not read by way of a missing primary group.
fn a_primary_group_is_a_group_of_the_program(env: &TestEnv) {
    let setup = "echo x >/f; chown 5:1000 /f; chmod 0604 /f";
    let id = env.start_script(&[], &format!("{setup}; echo ready; exec sleep 1000"));
    for user in ["1000:1000", "1000", "app"] {
        let output = env.run(&["exec", "-u", user, &id, "sh", "-c", "id -G; cat /f"]);
        assert!(output.code != 0 && output.stdout().split(' ').any(|group| group.trim() == "1000"), "{user}: {output}");
    }
    env.remove(&[&id]);
    env.ok(&["run", "--name", "made", "--network", "none", "bb", "sh", "-c", setup]);
    env.ok(&["commit", "-q", "made", "file"]);
    let output = env.run(&["run", "--rm", "--network", "none", "-u", "1000:1000", "file", "sh", "-c", "id -G; cat /f"]);
    assert!(output.code != 0 && output.stdout().starts_with("1000"), "{output}");
    // The twin: others may read it.
    env.run(&["run", "--rm", "--network", "none", "-u", "7:7", "file", "cat", "/f"]).prints("x");
    env.remove(&["made"]);
}

/// T23: what the host cannot do is said, not left out.
fn options_that_cannot_be_honoured_are_refused(env: &TestEnv) {
    env.busybox();
    let missing = env.work().join("missing.json").to_string_lossy().into_owned();
    let broken = env.file("broken.json", "{");
    for option in [
        format!("--security-opt=seccomp={missing}"),
        format!("--security-opt=seccomp={broken}"),
        "--security-opt=no-such-option".to_owned(),
        "--security-opt=no-new-privileges:maybe".to_owned(),
        "--cap-drop=NO_SUCH_CAPABILITY".to_owned(),
        "--cap-add=CAP_NO_SUCH".to_owned(),
        "--pids-limit=many".to_owned(),
        "--userns=no-such-mode".to_owned(),
    ] {
        env.run(&["run", "--rm", "--network", "none", &option, "bb", "true"]).fails(125, &[]);
    }
    // The twins: the same options, honoured.
    assert_eq!(env.sh(&["--security-opt=no-new-privileges"], "grep NoNewPrivs /proc/self/status"), "NoNewPrivs:\t1");
    assert_eq!(env.sh(&["--cap-drop=all"], "grep CapEff /proc/self/status"), "CapEff:\t0000000000000000");
    let output = env.bb(&["--read-only"], &["touch", "/x"]);
    assert!(output.code != 0 && output.stderr().contains("Read-only"), "{output}");
}

/// T26: many mounts, long variables, arguments up to the kernel's own limit.
fn long_messages_arrive_whole_or_not_at_all(env: &TestEnv) {
    env.busybox();
    let source = env.file("f", "x");
    let mounts: Vec<String> = (0..600).map(|number| format!("-v={source}:/m/{number}")).collect();
    let words: Vec<&str> = mounts.iter().map(String::as_str).collect();
    assert_eq!(env.sh(&words, "ls /m | wc -l; cat /m/0 /m/599"), "600\nxx");
    // One string has at most 128 KiB (execve(2)).
    let long = "y".repeat(120_000);
    assert_eq!(
        env.sh(&["-e", &format!("LONG={long}"), "--label", &format!("l={long}")], "printf %s \"$LONG\" | wc -c"),
        "120000"
    );
    assert_eq!(env.sh(&["--annotation", &format!("a={long}")], "echo fine"), "fine");
    let many: Vec<String> = (0..12).map(|number| format!("V{number}={}", "z".repeat(100_000))).collect();
    let words: Vec<&str> = many.iter().flat_map(|word| ["-e", word.as_str()]).collect();
    assert_eq!(env.sh(&words, "printf %s \"$V0$V11\" | wc -c"), "200000");
    // The kernel takes 340 runs (user_namespaces(7)); none of these joins the one before.
    for count in [340, 341] {
        let maps: Vec<String> = (0..count).map(|number| format!("--uidmap={number}:{}:1", number * 2)).collect();
        let words: Vec<&str> = maps.iter().map(String::as_str).collect();
        let output = env.bb(&words, &["sh", "-c", "wc -l </proc/self/uid_map; tail -n 1 /proc/self/uid_map"]);
        let text = output.stdout();
        let whole = text.split_whitespace().next() == Some("340") && text.split_whitespace().nth(1) == Some("339");
        assert!(output.code == 0 && whole && count == 340 || output.code == 125, "{count}: {output}");
    }
    // A file of variables has no such limit; the program's start has one.
    let file = env.file("variables", format!("BIG={}\n", "w".repeat(3_000_000)));
    let output = env.bb(&["--env-file", &file], &["true"]);
    assert!(output.code >= 125 && output.stderr().contains("Error: "), "{output}");
}

/// T27 (CVE-2017-5226), for sessions and clients: the descriptors of a session are none of the caller's terminal.
fn a_session_cannot_type_on_the_callers_terminal(env: &TestEnv) {
    for fd in 0..3 {
        let bytes = system_call(libc::SYS_ioctl, [fd, libc::TIOCSTI, DATA, 0, 0, 0], b"x");
        let path = env.file(&format!("p/sti{fd}"), bytes);
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let id = env.start(&["-v", &format!("{}:/p:ro", env.folder("p"))]);
    let script = "cd /p; for p in *; do ./$p; echo $p $?; done; ls -l /proc/$$/fd | grep -c pts";
    for options in [&[][..], &["-i"]] {
        let output = env.cmd(&[&["exec"], options, &[&id, "sh", "-c", script]].concat()).on_terminal(24, 80).wait();
        let text = output.stdout().replace('\r', "");
        for name in ["sti0", "sti1", "sti2"] {
            assert!(text.contains(&format!("{name} {}", libc::ENOTTY)), "{options:?}: {output}");
        }
        assert!(text.ends_with('0'), "{output}");
    }
    // The twin: a session with a terminal has one, its own.
    let output = env.cmd(&["exec", "-t", &id, "tty"]).on_terminal(24, 80).wait();
    assert!(output.ok().starts_with("/dev/pts/"), "{output}");
    env.remove(&[&id]);
}

/// T28 (CVE-2020-15257): in the host's network no socket without a path is ours, and those with one are closed to others.
fn no_socket_of_ours_is_in_the_network(env: &TestEnv) {
    let before = abstract_sockets();
    env.busybox();
    let id = env.ok(&["run", "-d", "--network", "host", "bb", "sleep", "1000"]);
    let inside = env.ok(&["exec", &id, "cat", "/proc/net/unix"]);
    let after = abstract_sockets();
    let new: Vec<&String> = after.iter().filter(|name| !before.contains(name)).collect();
    assert!(new.iter().all(|name| !name.contains("coracle") && !name.contains(&id)), "{new:?}");
    assert!(!inside.lines().any(|line| line.contains("@") && line.contains("coracle")), "{inside}");
    let socket = env.runtime().join("coracle/containers").join(&id).join("attach");
    let folder = std::fs::metadata(socket.parent().expect("a folder")).expect("the runtime folder");
    assert_eq!(folder.mode() & 0o077, 0, "the folder of {}", socket.display());
    assert!(socket.exists());
    env.remove(&[&id]);
}

fn abstract_sockets() -> Vec<String> {
    let text = std::fs::read_to_string("/proc/net/unix").unwrap_or_default();
    text.lines()
        .filter_map(|line| line.split_whitespace().nth(7))
        .filter(|name| name.starts_with('@'))
        .map(str::to_owned)
        .collect()
}

/// T25, T49: nothing acts on what annotations and labels say, of the user's or of the image's.
fn words_of_annotations_and_labels_are_data(env: &TestEnv) {
    let canary = Canary::new(env.work().join("c"));
    let evil = format!("$(touch {0}/new); touch {0}/new\n+touch {0}/new", canary.text());
    let keys = [
        "run",
        "install",
        "uninstall",
        "io.podman.annotations.privileged",
        "io.podman.annotations.seccomp",
        "io.podman.annotations.apparmor",
        "io.containers.autoupdate",
        "io.containers.trace-syscall",
        "io.kubernetes.cri-o.userns-mode",
        "run.oci.hooks.stderr",
        "run.oci.keep_original_groups",
        "module.wasm.image/variant",
        "org.systemd.property.ExecStartPre",
        "io.coracle.log-driver",
        "com.docker.security.opt",
        "key\nwith=break",
    ];
    let labels: serde_json::Map<String, serde_json::Value> = keys.iter().map(|key| ((*key).to_owned(), json!(evil))).collect();
    load(env, &Image::busybox("labels", json!({"Labels": labels})));
    let mut words = vec!["run", "--rm", "--network", "none"];
    let pairs: Vec<String> = keys.iter().map(|key| format!("{key}={evil}")).collect();
    for pair in &pairs {
        words.extend(["--annotation", pair, "--label", pair]);
    }
    words.extend(["labels", "sh", "-c", "grep -E 'CapEff|Seccomp:' /proc/self/status"]);
    env.run(&words).prints("CapEff:\t00000000800405fb\nSeccomp:\t2");
    canary.assert_unchanged();
    env.run(&["images"]).code(0);
    env.run(&["image", "inspect", "labels"]).code(0);
    canary.assert_unchanged();
    assert!(!Path::new(&canary.at("new")).exists());
    env.ok(&["rmi", "labels"]);
}

//! Containers and images that try to get out by what came with the many options of `run`, and to be a nuisance: each case with a
//! tree outside that must not change, and a twin that has to work.

use crate::harness::archive::{Image, write_archive};
use crate::harness::canary::Canary;
use crate::harness::{Case, Need, TestEnv, case};
use serde_json::json;

pub fn cases() -> Vec<Case> {
    let all = [
        case!(who_joins_a_pid_namespace_cannot_be_looked_at).needs(&[Need::Subids]),
        case!(a_health_check_holds_nothing_of_the_host),
        case!(entries_for_users_go_into_no_mount).needs(&[Need::Subids]),
        case!(a_working_directory_adds_no_user),
        case!(links_at_targets_stay_inside),
        case!(first_use_of_a_volume_follows_no_link),
        case!(cp_goes_through_links_with_dots),
        case!(a_tree_deeper_than_a_path_can_be_counted_and_removed),
        case!(a_check_that_floods_ends_in_time),
        case!(names_of_labels_do_not_move_the_cursor),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

fn load(env: &TestEnv, image: &Image) {
    write_archive(env.work().join("i.tar"), &image.docker_entries());
    env.ok(&["load", "-i", "i.tar"]);
}

/// T16, H14: CVE-2016-9962: until it has its own root, a new init stands in the host's file system.
fn who_joins_a_pid_namespace_cannot_be_looked_at(env: &TestEnv) {
    let canary = Canary::new(env.work().join("c"));
    // The own root proves that the look itself works.
    let script = format!(
        "echo ready; [ -e /proc/$$/root/etc/passwd ] && echo seen; while :; do for p in /proc/[0-9]*; do \
         [ -e $p/root{secret} ] && echo escaped; case $(readlink $p/exe) in */coracle) echo binary;; esac; done; done 2>/dev/null",
        secret = canary.at("secret")
    );
    for (own, other) in [
        (&["--privileged"][..], &["--pid", "container:x"][..]),
        (&["--cap-add", "SYS_PTRACE", "--hostname", "h"], &["--pid", "container:x", "--oom-score-adj", "500"]),
        (&["--privileged", "--userns", "keep-id", "--user", "0"], &["--pid", "container:x", "--userns", "container:x"]),
    ] {
        let id = env.start_script(&[own, &["--name", "x"]].concat(), &script);
        for round in 0..6 {
            let output = env.bb(other, &["echo", &round.to_string()]);
            assert_eq!(output.ok(), round.to_string());
            env.ok(&["exec", "x", "true"]);
        }
        let logs = env.ok(&["logs", &id]);
        assert!(!logs.contains("escaped") && !logs.contains("binary"), "{own:?}: {logs}");
        assert_eq!(logs.lines().count(), 2, "{logs}");
        env.remove(&[&id]);
    }
    canary.assert_unchanged();
}

/// T16, H14: What a check's process has open before its program runs leads nowhere.
fn a_health_check_holds_nothing_of_the_host(env: &TestEnv) {
    let canary = Canary::new(env.work().join("c"));
    let script = format!(
        "echo ready; while :; do for f in /proc/[0-9]*/fd/* /proc/[0-9]*/cwd; do case $f in /proc/1/*|/proc/self/*) continue;; esac; \
         [ -e $f/../../../../../../../../../../../../../../..{secret} ] && echo escaped $f; \
         case $(readlink $f) in *state.db*|*/containers/*) echo held $f;; esac; done; done 2>/dev/null",
        secret = canary.at("secret")
    );
    for privileges in ["--privileged", "--cap-add=SYS_PTRACE"] {
        let options = [privileges, "--health-cmd", "true", "--health-interval", "1s"];
        let id = env.start_script(&options, &script);
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(5);
        while std::time::Instant::now() < deadline {
            env.run(&["healthcheck", "run", &id]).code(0);
        }
        assert_eq!(env.ok(&["logs", &id]), "ready", "{privileges}");
        env.remove(&[&id]);
    }
    canary.assert_unchanged();
}

/// T12.
fn entries_for_users_go_into_no_mount(env: &TestEnv) {
    let canary = Canary::new(env.work().join("c"));
    let mount = format!("{}:/etc", canary.text());
    for options in [&["--userns", "keep-id"][..], &["--user", "4242"]] {
        env.bb(&[options, &["-v", &mount]].concat(), &["true"]).code(0);
        assert!(!std::path::Path::new(&canary.at("passwd")).exists(), "{options:?}");
        assert!(!std::path::Path::new(&canary.at("group")).exists(), "{options:?}");
    }
    // A link into a mount is no other matter.
    load(
        env,
        &Image::busybox_with("linked", |layer| {
            layer.symlink("etc/passwd", "/data/new").symlink("etc/group", "/data/new");
        }),
    );
    let mount = format!("{}:/data", canary.text());
    env.run(&["run", "--rm", "--network", "none", "--user", "4242", "-v", &mount, "linked", "true"]).code(0);
    canary.assert_unchanged();
    // The twin: where nothing is mounted the entry is there.
    assert_eq!(env.sh(&["--user", "4242"], "grep -c ^4242: /etc/passwd"), "1");
}

/// T47: CVE-2022-4318.
fn a_working_directory_adds_no_user(env: &TestEnv) {
    for workdir in ["/x\nevil::0:0::/:/bin/sh", "/a:b"] {
        load(env, &Image::busybox("w", json!({"WorkingDir": workdir, "User": "4242"})));
        let script = "grep -c evil /etc/passwd; grep ^4242: /etc/passwd | tr -cd : | wc -c";
        let output = env.run(&["run", "--rm", "--network", "none", "w", "sh", "-c", script]);
        assert_eq!(output.ok(), "0\n6", "{workdir:?}");
        env.ok(&["rmi", "w"]);
    }
    // The twin: a plain one is the home of who has no entry.
    assert!(env.sh(&["-w", "/tmp", "-u", "4242"], "tail -1 /etc/passwd").ends_with(":/tmp:/bin/sh"));
}

/// What the options make in a container is made there, whatever links the image has (T03, T04, T11, T12).
fn links_at_targets_stay_inside(env: &TestEnv) {
    let canary = Canary::new(env.work().join("c"));
    let up = format!("{}{}", "../".repeat(14), &canary.text()[1..]);
    let file = env.file("f", "given\n");
    env.run(&["secret", "create", "s", &file]).code(0);
    for target in [canary.text(), up] {
        load(
            env,
            &Image::busybox_with("links", |layer| {
                layer.symlink("l", &target).symlink("one", &format!("{target}/secret")).symlink("new", &format!("{target}/new"));
            }),
        );
        let bind = |target: &str| format!("{file}:{target}");
        let from = canary.at("secret");
        let volume = ["-v", "v:/l/volume:U"];
        for (options, look) in [
            (&["-v", &bind("/l/file")][..], "cat /l/file"),
            (&["-v", &bind("/one")], "cat /one"),
            (&["-v", &bind("/new")], "cat /new"),
            (&["--secret", "s,target=/l/secret"], "cat /l/secret"),
            (&["--secret", "s,target=/one"], "cat /one"),
            (&["--tmpfs", "/l/folder"], "touch /l/folder/x; echo given"),
            (&["--mount", "type=tmpfs,target=/l,tmpcopyup"], "touch /l/file; echo given"),
            (&["--device", "/dev/null:/l/null"], "cat /l/null; echo given"),
            (&volume, "ls -d /l/volume >/dev/null; echo given"),
        ] {
            let seen = format!("{look}; grep -l canary {from} 2>/dev/null");
            let output = env.run(&[&["run", "--rm", "--network", "none"], options, &["links", "sh", "-c", &seen]].concat());
            canary.assert_unchanged();
            assert_eq!(output.stdout(), "given", "{options:?}: {output}");
        }
        env.ok(&["volume", "rm", "v"]);
        env.ok(&["rmi", "links"]);
    }
    env.ok(&["secret", "rm", "s"]);
}

/// T32: what a volume gets at its first use, and whom `U` gives things to.
fn first_use_of_a_volume_follows_no_link(env: &TestEnv) {
    let canary = Canary::new(env.work().join("c"));
    load(
        env,
        &Image::busybox_with("first", |layer| {
            layer
                .folder("v", 0o755)
                .symlink("v/file", &canary.at("secret"))
                .symlink("v/d", &canary.text())
                .file("v/own", 0o644, "own");
            layer.symlink("w", &canary.text());
        }),
    );
    let run = |options: &[&str], script: &str| {
        let output = env.run(&[&["run", "--rm", "--network", "none"], options, &["first", "sh", "-c", script]].concat());
        canary.assert_unchanged();
        output
    };
    assert_eq!(
        run(&["-v", "v:/v:U", "-u", "1000"], "cat /v/own; cat /v/file 2>&1; stat -c %u /v/own").ok(),
        "owncat: can't open '/v/file': No such file or directory\n1000"
    );
    assert_eq!(run(&["-v", "v:/v:U", "-u", "1"], "stat -c %u /v/d /v/own").ok(), "1\n1");
    assert_eq!(run(&["-v", "w:/w"], "ls /w").ok(), "", "what the link leads to is in no image");
    for subpath in ["file", "d", "d/../.."] {
        let mount = format!("type=volume,source=v,target=/y,subpath={subpath}");
        assert_eq!(run(&["--mount", &mount], "ls /y").code, 125, "{subpath}");
    }
    assert_eq!(run(&["--mount", "type=volume,source=v,target=/y,subpath=own"], "cat /y").ok(), "own");
    env.ok(&["volume", "rm", "v", "w"]);
}

/// T29.
fn cp_goes_through_links_with_dots(env: &TestEnv) {
    let canary = Canary::new(env.work().join("c"));
    let up = format!("{}{}", "../".repeat(14), &canary.text()[1..]);
    let file = env.file("f", "new\n");
    let script = format!(
        "mkdir -p /a /b; echo old > /b/real; ln -s ../b/real /a/l; ln -s ../b/made /a/n; ln -s ../b /a/d; ln -s {up}/secret /a/out; \
         mkdir -p /$(dirname {secret}); echo ready; exec sleep 1000",
        secret = canary.at("secret")
    );
    let id = env.start_script(&[], &script);
    for stopped in [false, true] {
        if stopped {
            env.ok(&["stop", "-t", "0", &id]);
        }
        for target in ["l", "n", "d", "out"] {
            env.ok(&["cp", &file, &format!("{id}:/a/{target}")]);
            canary.assert_unchanged();
        }
    }
    env.ok(&["cp", &format!("{id}:/b"), "out"]);
    for name in ["real", "made", "f"] {
        assert_eq!(std::fs::read_to_string(env.work().join("out").join(name)).expect("a file"), "new\n", "{name}");
    }
    env.remove(&[&id]);
}

fn a_tree_deeper_than_a_path_can_be_counted_and_removed(env: &TestEnv) {
    // Two trees of 2000 bytes each, one moved to the end of the other, three times.
    let script = "for t in a b c d; do mkdir /$t; cd /$t; i=0; while [ $i -lt 10 ]; do n=$(printf %0200d $i); mkdir $n; cd $n; \
                  i=$((i+1)); done; printf 12345 > file; done; \
                  in_deepest() { cd /; for t; do cd $t; i=0; while [ $i -lt 10 ]; do cd $(printf %0200d $i); i=$((i+1)); done; done; }; \
                  in_deepest c; mv /d .; in_deepest b; mv /c .; in_deepest a; mv /b .; echo moved";
    env.bb(&["--name", "shallow"], &["sh", "-c", "printf 123 > /file"]).code(0);
    let id = env.run(&["create", "--network", "none", "--name", "deep", "bb", "sh", "-c", script]).ok();
    assert_eq!(env.ok(&["start", "-a", "deep"]), "moved");
    assert_eq!(env.run(&["inspect", "--size", "--format", "{{.SizeRw}}", "deep"]).ok(), "20");
    assert!(env.run(&["ps", "-a", "--size"]).ok().contains("20B"), "the size in the list");
    env.run(&["system", "df"]).code(0);
    env.remove(&[&id]);
    assert!(!env.data().join("containers").join(&id).exists(), "it is gone whole");
}

fn a_check_that_floods_ends_in_time(env: &TestEnv) {
    let check = "while :; do cat /dev/zero & cat /dev/zero; done";
    let id = env.start(&["--health-cmd", check, "--health-timeout", "1s", "--health-interval", "0", "--health-retries", "1"]);
    let begin = std::time::Instant::now();
    let output = env.run(&["healthcheck", "run", &id]);
    assert!(begin.elapsed().as_secs() < 8, "{output}");
    assert_eq!(output.code, 1, "{output}");
    let log = env.field(&id, "{{json .State.Health}}");
    assert!(log.len() < 10_000 && log.contains("unhealthy"), "{log}");
    assert_eq!(env.ok(&["exec", &id, "echo", "fine"]), "fine");
    env.remove(&[&id]);
}

/// T74.
fn names_of_labels_do_not_move_the_cursor(env: &TestEnv) {
    env.run(&["volume", "create", "--label", "a\u{1b}[31m=b\u{1b}[32m", "v"]).code(0);
    let shown = env.cmd(&["volume", "ls", "--format", "{{.Labels}}"]).on_terminal(24, 80).wait();
    assert!(!shown.stdout().contains('\u{1b}') && shown.stdout().contains("\\x1b[31m"), "{shown}");
    assert!(env.ok(&["volume", "ls", "--format", "{{.Labels}}"]).contains("a\u{1b}[31m"), "a pipe gets what it is");
    env.ok(&["volume", "rm", "v"]);
}

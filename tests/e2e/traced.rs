//! What the tool asks of the kernel, as strace shows it: no path that a container controls is used by name (H11), every descriptor is
//! close-on-exec (H13), and nothing of a container is executed or loaded outside (T18).

use crate::harness::archive::{Image, write_archive};
use crate::harness::canary::Canary;
use crate::harness::{Case, Need, TestEnv, case};

pub fn cases() -> Vec<Case> {
    let all = [case!(no_path_below_a_root_is_used_by_name), case!(only_our_own_programs_are_executed)];
    all.into_iter().map(|case| case.needs(&[Need::Userns, Need::Tracer]).only_ours("it reads our system calls")).collect()
}

/// The calls that take a path, those that mount, and those that begin or end a process.
const CALLS: &str = "trace=open,openat,openat2,mkdir,mkdirat,mknod,mknodat,symlink,symlinkat,link,linkat,unlink,unlinkat,rename,renameat,\
                     renameat2,chmod,fchmodat,chown,lchown,fchownat,mount,umount2,pivot_root,chroot,open_tree,move_mount,execve,execveat,\
                     setxattr,lsetxattr,truncate,utimensat,stat,lstat,newfstatat,readlink,readlinkat,statx,access,faccessat2";

/// The text of a call's string arguments.
fn strings(line: &str) -> Vec<&str> {
    line.split('"').skip(1).step_by(2).collect()
}

/// The lines of each process of the trace that come before its own `execve` of something: what is ours.
fn calls(trace: &str) -> Vec<(&str, &str)> {
    trace.lines().filter_map(|line| line.split_once(' ')).map(|(pid, call)| (pid, call.trim_start())).collect()
}

/// Asserts that a trace names nothing below a root of a container or a layer, and mounts nothing by a path.
#[track_caller]
fn assert_by_descriptor(env: &TestEnv, trace: &str, what: &str) {
    let data = env.data().to_string_lossy().into_owned();
    let mut programs = std::collections::BTreeSet::new();
    for (pid, call) in calls(trace) {
        // What the container's program does itself is its own matter: it begins when the stub executes it.
        if programs.contains(pid) {
            continue;
        }
        // (Its result may stand in a later line.)
        if call.starts_with("execve(") && !call.contains("= -1") {
            let ours = strings(call).first().is_some_and(|path| path.contains("coracle"));
            if !ours {
                programs.insert(pid.to_owned());
            }
            continue;
        }
        assert!(!call.starts_with("mount("), "{what}: {call}");
        // Its own root again, which tells whether it has the right to; or where it stands.
        let own = ["chroot(\"/\"", "chroot(\".\""].iter().any(|known| call.starts_with(known));
        assert!(!call.starts_with("chroot(") || own, "{what}: {call}");
        assert!(!call.starts_with("umount2(") || call.starts_with("umount2(\".\", MNT_DETACH"), "{what}: {call}");
        // What a link says is an answer.
        let asked = if call.starts_with("readlink") { 1 } else { usize::MAX };
        for path in strings(call).into_iter().take(asked) {
            for root in ["/upper/", "/diff/"] {
                let below = path.starts_with(&data) && path.find(root).is_some_and(|at| at + root.len() < path.len());
                assert!(!below, "{what}: a path below a root: {call}");
            }
        }
        let makes = ["mkdirat(", "mknodat(", "symlinkat(", "unlinkat(", "linkat("].iter().any(|name| call.starts_with(name));
        let relative = makes && !call.contains("AT_FDCWD");
        if let Some(name) = strings(call).last().filter(|_| relative) {
            assert!(!name.contains('/'), "{what}: a name of more than one part: {call}");
        }
        // Resolved inside a root by the kernel; or one name without a link.
        if call.starts_with("openat(") && !call.contains("AT_FDCWD") {
            let name = strings(call).first().copied().unwrap_or_default();
            assert!(!name.contains('/') || call.contains("/proc"), "{what}: opened without a root: {call}");
        }
        let new = ["openat(", "openat2(", "open("].iter().any(|name| call.starts_with(name)) && !call.contains("= -1");
        assert!(!new || call.contains("CLOEXEC"), "{what}: a descriptor that execve keeps: {call}");
    }
}

fn hostile_image(env: &TestEnv, canary: &Canary) {
    let target = canary.text();
    let image = Image::busybox_with("links", |layer| {
        layer.symlink("l", &target).symlink("etc/hosts", &format!("{target}/file")).symlink("etc/mtab", &format!("{target}/m"));
    });
    write_archive(env.work().join("i.tar"), &image.docker_entries());
    env.ok(&["load", "-i", "i.tar"]);
}

fn no_path_below_a_root_is_used_by_name(env: &TestEnv) {
    let canary = Canary::new(env.work().join("c"));
    hostile_image(env, &canary);
    let file = env.file("f", "given\n");
    let bind = format!("{file}:/l/deep/file");
    env.run(&["secret", "create", "s", &file]).code(0);
    let trace = |words: &[&str], what: &str| {
        let traced = env.cmd(words).traced(&[CALLS]);
        assert!(traced.trace.lines().count() > 20, "{what}: {} {}", traced.output, traced.trace);
        assert_by_descriptor(env, &traced.trace, what);
        canary.assert_unchanged();
        traced.output
    };
    let run = [
        "run",
        "--rm",
        "--network",
        "none",
        "-v",
        &bind,
        "-v",
        "v:/l/volume",
        "--tmpfs",
        "/l/memory",
        "--secret",
        "s",
        "-w",
        "/l/deep",
    ];
    for options in [&[][..], &["--userns", "keep-id"], &["--user", "4242", "--read-only"]] {
        let output = trace(&[&run[..], options, &["links", "cat", "/l/deep/file"]].concat(), "run");
        assert_eq!(output.ok(), "given", "{options:?}");
        env.ok(&["volume", "rm", "-f", "v"]);
    }
    env.busybox();
    let id = env.start(&["--name", "c"]);
    env.ok(&["exec", "c", "sh", "-c", "mkdir -p /a/b; echo x >/a/b/f; ln -s /a /s"]);
    trace(&["exec", "-w", "/s/b", "c", "true"], "exec").ok();
    trace(&["cp", &file, "c:/s/b/new"], "cp in").ok();
    trace(&["cp", "c:/s/b", "out"], "cp out").ok();
    trace(&["export", "-o", "e.tar", "c"], "export").ok();
    trace(&["diff", "c"], "diff").ok();
    trace(&["commit", "-q", "c", "made"], "commit").ok();
    trace(&["stop", "-t", "0", "c"], "stop").ok();
    trace(&["cp", &file, "c:/s/b/newer"], "cp in, stopped").ok();
    trace(&["rm", &id], "rm").ok();
    env.ok(&["secret", "rm", "s"]);
    // The twin: the look itself sees what it looks for.
    let bad = format!("1 mkdir(\"{}/containers/x/upper/etc/y\", 0755) = 0", env.data().display());
    for line in [
        bad.as_str(),
        "1 mount(\"a\", \"/b\", 0, 0, 0) = 0",
        "1 mkdirat(5, \"a/b\", 0755) = 0",
        "1 openat(5, \"a\", O_RDONLY) = 6",
    ] {
        let seen = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| assert_by_descriptor(env, line, "twin"))).is_err();
        assert!(seen, "{line} was not seen");
    }
}

/// T18: with every name of a helper, and a library of the name service, in the image.
fn only_our_own_programs_are_executed(env: &TestEnv) {
    let canary = Canary::new(env.work().join("c"));
    let script = format!("#!/bin/sh\necho x >>{}\n", canary.at("file"));
    let image = Image::busybox_with("bait", |layer| {
        for name in
            ["nsenter", "tar", "xz", "gzip", "unpigz", "zstd", "mount", "newuidmap", "coracle", "coracle-monitor", "pasta"]
        {
            layer.file(&format!("usr/bin/{name}"), 0o755, &script);
        }
        layer.file("etc/ld.so.preload", 0o644, "/evil.so\n").file("etc/nsswitch.conf", 0o644, "passwd: evil files\n");
        layer.file("lib/libnss_evil.so.2", 0o755, "x").file("lib/libnss_files.so.2", 0o755, "x");
    });
    write_archive(env.work().join("i.tar"), &image.docker_entries());
    env.ok(&["load", "-i", "i.tar"]);
    env.ok(&[
        "run",
        "-d",
        "--name",
        "c",
        "--network",
        "none",
        "--health-cmd",
        "true",
        "--health-interval",
        "disable",
        "bait",
        "sleep",
        "1000",
    ]);
    let beside = env.tool().parent().expect("a folder").to_string_lossy().into_owned();
    for words in [
        &["top", "c"][..],
        &["cp", "c:/etc/passwd", "p"],
        &["exec", "-u", "app", "c", "/bin/true"],
        &["commit", "-q", "c", "made"],
        &["diff", "c"],
        &["export", "-o", "e.tar", "c"],
        &["healthcheck", "run", "c"],
        &["logs", "c"],
        &["inspect", "c"],
    ] {
        let traced = env.cmd(words).traced(&["trace=execve,execveat,openat,openat2"]);
        traced.output.ok();
        for line in traced.trace.lines() {
            if line.contains("execve") && line.contains("= 0") {
                let path = strings(line).first().copied().unwrap_or_default();
                let ours = path.starts_with(&beside)
                    || ["", "/usr/bin/newuidmap", "/usr/bin/newgidmap", "/bin/true", "/usr/bin/true", "/bin/sh"].contains(&path);
                assert!(ours, "{words:?}: {line}");
            }
            // (What is read for an archive is opened by its folder.)
            let by_name = line.contains("AT_FDCWD");
            let library = by_name && ["libnss", "ld.so", ".so."].iter().any(|name| line.contains(name));
            assert!(!library, "{words:?} loads a library: {line}");
        }
        canary.assert_unchanged();
    }
    env.remove(&["c"]);
}

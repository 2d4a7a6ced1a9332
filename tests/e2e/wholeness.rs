//! What is brought in or taken out when the command dies, the disk is full, or a call fails: an image that is listed is whole, and
//! `system check` has nothing to say once the next command has run.

use crate::harness::archive::{Image, Layer, Packing, write_archive};
use crate::harness::command::Output;
use crate::harness::host;
use crate::harness::registry::{FakeRegistry, honest};
use crate::harness::{Case, Need, TestEnv, case};
use std::path::Path;

pub fn cases() -> Vec<Case> {
    let counts = "it counts our system calls";
    let all = [
        case!(a_pull_may_be_killed_at_any_system_call).needs(&[Need::Strace]).only_ours(counts),
        case!(a_load_may_be_killed_at_any_system_call).needs(&[Need::Strace]).only_ours(counts),
        case!(a_prune_may_be_killed_at_any_system_call).needs(&[Need::Strace]).only_ours(counts),
        case!(tags_may_be_killed_at_any_system_call).needs(&[Need::Strace]).only_ours(counts),
        case!(every_write_may_fail).needs(&[Need::Strace]).only_ours(counts),
        case!(a_full_disk_during_pull_and_load_leaves_nothing).needs(&[Need::SmallDisk]).gap("podman leaves parts"),
        case!(on_a_full_disk_images_can_be_removed).needs(&[Need::SmallDisk]).gap("podman needs room for its database"),
        case!(a_full_disk_during_commit_leaves_nothing).needs(&[Need::SmallDisk]).gap("podman leaves parts"),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

fn image() -> Image {
    Image::busybox_with("swept", |layer| {
        layer.file("content", 0o644, "whole").file("twice", 0o644, "1").file("twice", 0o644, "2").whiteout("bin", "vi");
    })
    .packed(Packing::Gzip)
}

/// Asserts that an image that is listed runs, that the store is well, and takes everything away.
#[track_caller]
fn whole_or_absent(env: &TestEnv, output: &Output) {
    let images = env.run(&["images", "-aq"]).lines();
    assert!(!images.is_empty() || output.code != 0, "{output}");
    for id in images {
        env.run(&["run", "--rm", "--network", "none", &id, "cat", "/content"]).prints("whole");
    }
    // Sweeps too: what is half there belongs to nobody now.
    env.run(&["system", "prune", "-af"]).code(0);
    env.run(&["system", "check"]).prints("");
    env.run(&["rmi", "-af"]).code(0);
}

/// Runs a command in the session's user namespace, under strace with all that it forks: the id helpers, which lose their setuid bit
/// under a tracer, are not needed there.
fn traced(env: &TestEnv, args: &[&str], options: &[&str]) -> Output {
    let tool = env.tool().to_string_lossy().into_owned();
    env.run(&[&["unshare", "strace", "-f"][..], options, &[&tool], args].concat())
}

/// `CORACLE_SWEEP`: at how many of its system calls a command is killed.
fn moments() -> usize {
    host::var("CORACLE_SWEEP").and_then(|text| text.parse().ok()).unwrap_or(5)
}

/// Kills a command at some of its system calls, from the first to the last.
fn sweep(env: &TestEnv, args: &[&str], before: impl Fn(), after: impl Fn(&Output)) {
    before();
    let trace = env.work().join("trace").to_string_lossy().into_owned();
    let first = traced(env, args, &["-o", &trace]);
    assert_eq!(first.code, 0, "{first}");
    after(&first);
    // Calls are counted in each thread: those of the busiest one.
    let text = std::fs::read_to_string(&trace).expect("a trace");
    let mut counts = std::collections::BTreeMap::new();
    text.lines().filter_map(|line| line.split(' ').next()).for_each(|pid| *counts.entry(pid).or_insert(0) += 1);
    let total: usize = counts.into_values().max().unwrap_or(0);
    let step = (total / moments()).max(1);
    for call in (2..total).step_by(step) {
        before();
        after(&traced(env, args, &["-o", "/dev/null", "-e", &format!("inject=all:signal=KILL:when={call}")]));
    }
}

/// R3.
fn a_pull_may_be_killed_at_any_system_call(env: &TestEnv) {
    let registry = FakeRegistry::start(honest(&image(), "r"));
    let reference = format!("{}/r", registry.address());
    sweep(env, &["pull", "-q", "--tls-verify=false", &reference], || (), |output| whole_or_absent(env, output));
    // The work is done by a child of the command: it is killed at moments that fall as they fall.
    let rounds = u64::try_from(moments()).unwrap_or(u64::MAX);
    for round in 0..rounds {
        let pull = env.cmd(&["pull", "-q", "--tls-verify=false", &reference]).spawn();
        let begin = std::time::Instant::now();
        let moment = std::time::Duration::from_millis(210 * round / rounds);
        let mut killed = false;
        while !killed
            && begin.elapsed() < std::time::Duration::from_secs(2)
            && Path::new(&format!("/proc/{}", pull.pid())).exists()
        {
            let children = std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", pull.pid())).unwrap_or_default();
            if let Some(child) = children.split_whitespace().last().filter(|_| begin.elapsed() >= moment) {
                let child = child.parse().ok().and_then(rustix::process::Pid::from_raw).expect("a pid");
                let _ = rustix::process::kill_process(child, rustix::process::Signal::KILL);
                killed = true;
            }
        }
        let output = pull.wait();
        assert!([0, 125, 137].contains(&output.code), "{output}");
        whole_or_absent(env, &output);
    }
}

/// R4.
fn a_load_may_be_killed_at_any_system_call(env: &TestEnv) {
    write_archive(env.work().join("i.tar"), &image().oci_entries());
    sweep(env, &["load", "-q", "-i", "i.tar"], || (), |output| whole_or_absent(env, output));
}

/// R4.
fn a_prune_may_be_killed_at_any_system_call(env: &TestEnv) {
    write_archive(env.work().join("i.tar"), &image().oci_entries());
    let load = || {
        env.run(&["load", "-q", "-i", "i.tar"]).code(0);
    };
    for args in [&["image", "prune", "-af"][..], &["rmi", "swept"], &["rmi", "-af"]] {
        sweep(env, args, load, |output| {
            let gone = Output { code: 1, ..output.clone() };
            whole_or_absent(env, &gone);
        });
    }
}

/// R4: a name is the old one or the new one.
fn tags_may_be_killed_at_any_system_call(env: &TestEnv) {
    write_archive(env.work().join("i.tar"), &image().oci_entries());
    env.run(&["load", "-q", "-i", "i.tar"]).code(0);
    let names = || env.run(&["images", "--format", "{{.Repository}}"]).lines();
    sweep(
        env,
        &["tag", "swept", "other"],
        || (),
        |output| {
            let names = names();
            assert!(names.contains(&"localhost/swept".to_owned()), "{names:?}: {output}");
            assert!(output.code != 0 || names.len() == 2, "{names:?}: {output}");
            env.run(&["untag", "swept", "other"]);
        },
    );
    sweep(
        env,
        &["untag", "swept", "other"],
        || {
            env.run(&["tag", "swept", "other"]).code(0);
        },
        |_| {
            assert!(names().contains(&"localhost/swept".to_owned()));
        },
    );
    env.run(&["system", "check"]).prints("");
    env.run(&["rmi", "-af"]).code(0);
}

/// R13, R18: a call that fails for want of room, or by the disk, is an error and never half an image.
fn every_write_may_fail(env: &TestEnv) {
    write_archive(env.work().join("i.tar"), &image().oci_entries());
    for (calls, errno) in [
        ("write,pwrite64", "ENOSPC"),
        ("openat,openat2,mkdirat", "ENOSPC"),
        ("fsync,fdatasync,syncfs", "EIO"),
        ("rename,renameat,renameat2", "EIO"),
    ] {
        let whens = [1, 2, 3, 5, 8, 13, 21, 34, 55];
        for when in whens.into_iter().step_by(if moments() < 20 { 2 } else { 1 }) {
            let inject = format!("inject={calls}:error={errno}:when={when}");
            let output = traced(env, &["load", "-q", "-i", "i.tar"], &["-o", "/dev/null", "-e", &inject]);
            // The message is written too, and that may be the write that failed.
            let said = calls.starts_with("write") || !output.stderr().is_empty();
            assert!(output.code == 0 || output.code == 125 && said, "{calls} {errno} {when}: {output}");
            assert!(!output.stderr().contains("panicked"), "{calls} {errno} {when}: {output}");
            whole_or_absent(env, &output);
        }
    }
}

fn available(env: &TestEnv) -> u64 {
    let stat = rustix::fs::statvfs(env.path()).expect("the disk");
    stat.f_bavail * stat.f_frsize
}

/// An image with so many megabytes that nothing makes smaller, in one file or in files of 10,000 bytes.
fn large(megabytes: usize, parts: bool) -> Image {
    let mut state = 1u64;
    let bytes: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    })
    .take(megabytes << 20)
    .collect();
    let mut layer = Layer::default();
    layer.file("content", 0o644, "whole");
    let size = if parts { 10_000 } else { bytes.len() };
    for (number, part) in bytes.chunks(size).enumerate() {
        layer.file(&format!("part{number}"), 0o644, part);
    }
    Image::new("large", vec![layer.finish()])
}

/// R14, R17: the disk is as free as before.
fn a_full_disk_during_pull_and_load_leaves_nothing(env: &TestEnv) {
    env.busybox();
    env.run(&["images"]).code(0);
    let before = available(env);
    for (image, name) in [(large(30, false), "one"), (large(30, true), "many")] {
        let registry = FakeRegistry::start(honest(&image, name));
        let reference = format!("{}/{name}", registry.address());
        env.run(&["pull", "-q", "--tls-verify=false", &reference]).fails(125, &["no space left"]);
        let archive = crate::harness::environment::root_folder().join(format!("full-{name}.tar"));
        write_archive(&archive, &image.docker_entries());
        let path = archive.to_string_lossy().into_owned();
        env.run(&["load", "-q", "-i", &path]).fails(125, &["no space left"]);
        // A compressed one has to be unpacked first, and that does not fit either.
        std::fs::write(&archive, Packing::Gzip.pack(&std::fs::read(&archive).unwrap())).unwrap();
        env.run(&["load", "-q", "-i", &path]).fails(125, &["no space left"]);
        std::fs::remove_file(archive).unwrap();
        assert_eq!(env.run(&["images", "-aq"]).lines().len(), 1, "{name}");
        assert!(available(env) + (1 << 20) > before, "{before} bytes were free, now {}", available(env));
    }
    env.run(&["system", "check"]).prints("");
    env.bb(&[], &["echo", "fine"]).prints("fine");
}

/// Fills the disk to its last byte.
fn fill(env: &TestEnv) {
    let script = "dd if=/dev/zero of=fill bs=4k count=100000 2>/dev/null; while echo x >>fill2; do :; done 2>/dev/null; true";
    env.host("sh", &["-c", script]).run().ok();
}

/// R15.
fn on_a_full_disk_images_can_be_removed(env: &TestEnv) {
    env.busybox();
    env.run(&["images"]).code(0);
    for args in [&["rmi", "bb"][..], &["image", "prune", "-af"], &["system", "prune", "-af"]] {
        fill(env);
        env.run(&["images", "-aq"]).code(0);
        env.run(args).code(0);
        assert_eq!(env.ok(&["images", "-aq"]), "", "{args:?}");
        let layers: Vec<_> = std::fs::read_dir(env.data().join("layers")).unwrap().flatten().collect();
        assert!(layers.is_empty(), "{args:?}: {layers:?}");
        for name in ["fill", "fill2"] {
            let _ = std::fs::remove_file(env.work().join(name));
        }
        env.run(&["system", "check"]).prints("");
        env.ok(&["import", "-q", &crate::harness::archive::busybox_root().to_string_lossy(), "bb"]);
    }
    env.bb(&[], &["echo", "fine"]).prints("fine");
}

/// R13.
fn a_full_disk_during_commit_leaves_nothing(env: &TestEnv) {
    env.busybox();
    let script = "head -c 7000000 /dev/urandom > /f; echo whole > /content";
    env.run(&["run", "--name", "c", "--network", "none", "bb", "sh", "-c", script]).code(0);
    let before = available(env);
    // What is left is less than the commit needs.
    env.host("dd", &["if=/dev/zero", "of=fill", "bs=1k", &format!("count={}", before / 1024 - 3000)]).run().ok();
    env.run(&["commit", "-q", "c", "made"]).fails(125, &["no space left"]);
    assert_eq!(env.run(&["images", "-aq"]).lines().len(), 1);
    std::fs::remove_file(env.work().join("fill")).unwrap();
    assert!(available(env) + (1 << 20) > before, "{before} bytes were free, now {}", available(env));
    env.run(&["commit", "-q", "c", "made"]).code(0);
    env.remove(&["c"]);
    env.run(&["run", "--rm", "--network", "none", "made", "cat", "/content"]).prints("whole");
    env.run(&["system", "check"]).prints("");
}

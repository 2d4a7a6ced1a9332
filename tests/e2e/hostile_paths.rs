//! Paths that a container controls, static and raced: T01–T14 and T29–T32. Each attack has a tree outside that must not change, and a
//! twin that has to work.

use crate::harness::archive::{Image, Layer, write_archive};
use crate::harness::canary::Canary;
use crate::harness::{Case, Need, TestEnv, case};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde_json::json;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

pub fn cases() -> Vec<Case> {
    let all = [
        case!(proc_is_the_kernels_whatever_is_mounted_there),
        case!(a_mount_target_that_is_swapped_stays_inside),
        case!(devices_of_the_image_are_never_sources),
        case!(files_of_the_process_table_in_an_image_are_never_written),
        case!(engine_made_files_follow_no_link_of_the_image),
        case!(user_files_of_an_image_are_read_with_bounds),
        case!(a_name_that_begins_like_the_root_is_outside),
        case!(cp_through_a_mount_that_is_swapped_stays_inside),
        case!(exports_never_hold_what_is_outside),
        case!(volumes_of_an_image_stay_inside),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

/// How long one race is tried.
const RACE: Duration = Duration::from_millis(1500);

fn load(env: &TestEnv, image: &Image) {
    write_archive(env.work().join("i.tar"), &image.docker_entries());
    env.ok(&["load", "-i", "i.tar"]);
}

fn load_layer(env: &TestEnv, name: &str, fill: impl FnOnce(&mut Layer)) {
    load(env, &Image::busybox_with(name, fill));
}

fn up(canary: &Canary) -> String {
    format!("{}{}", "../".repeat(14), &canary.text()[1..])
}

/// Exchanges two names for each other as fast as it can while `work` runs again and again for [`RACE`]; returns the rounds.
fn race(one: &Path, other: &Path, mut work: impl FnMut()) -> u32 {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let swapper = scope.spawn(|| {
            let mut swaps = 0u64;
            while !done.load(Ordering::Relaxed) {
                renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).expect("exchange two names");
                swaps += 1;
            }
            swaps
        });
        let end = Instant::now() + RACE;
        let mut rounds = 0;
        while Instant::now() < end {
            work();
            rounds += 1;
        }
        done.store(true, Ordering::Relaxed);
        assert!(swapper.join().expect("the swapper") > u64::from(rounds), "nothing was raced");
        rounds
    })
}

/// T01: `VOLUME /proc` of an image, and a volume there: the kernel's own files, or no start.
fn proc_is_the_kernels_whatever_is_mounted_there(env: &TestEnv) {
    load(env, &Image::busybox("vol", json!({"Volumes": {"/proc": {}, "/sys": {}, "/dev": {}}})));
    env.busybox();
    // EXT4, overlay and tmpfs have other numbers.
    let look = "stat -f -c %t /proc; echo $(cat /proc/self/attr/current >/dev/null 2>&1; ls /proc/1/attr | grep -c exec)";
    for options in [&["vol"][..], &["-v", "v:/proc", "bb"], &["-v", "v:/proc/self", "bb"], &["--tmpfs", "/proc", "bb"]] {
        let output = env.run(&[&["run", "--rm", "--network", "none"], options, &["sh", "-c", look]].concat());
        let refused = output.code >= 125 && output.stderr().contains("Error: ");
        assert!(refused || output.stdout().starts_with("9fa0\n"), "{options:?}: {output}");
    }
    // The twin: a volume beside it.
    assert_eq!(env.sh(&["-v", "v:/process"], "touch /process/x; stat -f -c %t /proc"), "9fa0");
    env.run(&["volume", "rm", "-f", "v"]).code(0);
}

/// T02, T03, T04, T10: the folder that a mount goes to is exchanged for a link to the outside, or to the process table, meanwhile.
fn a_mount_target_that_is_swapped_stays_inside(env: &TestEnv) {
    env.busybox();
    let canary = Canary::new(env.work().join("c"));
    let file = env.file("given", "given\n");
    let shared = PathBuf::from(env.folder("shared"));
    for target in [canary.text(), up(&canary), "/proc/1/root".to_owned(), format!("/proc/1/root{}", canary.text())] {
        let (folder, link) = (shared.join("b"), shared.join("l"));
        std::fs::create_dir_all(folder.join("folder")).expect("mkdir");
        symlink(&target, &link).expect("symlink");
        let outside = format!("{}:/a", shared.display());
        let mounts: [&[&str]; 5] = [
            &["-v", &format!("{file}:/a/b/new")],
            &["-v", &format!("{}:/a/b/folder", env.folder("source"))],
            &["--tmpfs", "/a/b/made/deeper"],
            &["-w", "/a/b/made"],
            &["--security-opt", "mask=/a/b/folder"],
        ];
        let mut at = 0;
        let rounds = race(&folder, &link, || {
            let options = mounts[at % mounts.len()];
            at += 1;
            let args =
                [&["run", "--rm", "--network", "none", "-v", &outside], options, &["bb", "stat", "-f", "-c", "%t", "/proc"]];
            let output = env.run(&args.concat());
            canary.assert_unchanged();
            assert!(output.code >= 125 || output.stdout() == "9fa0", "{output}");
        });
        assert!(rounds > 4, "{rounds}");
        // What was made lies below the shared folder or nowhere.
        std::fs::remove_dir_all(&shared).expect("what was made belongs to the caller");
        std::fs::create_dir(&shared).expect("mkdir");
    }
    // The twin: the same mounts in peace.
    std::fs::create_dir(shared.join("b")).expect("mkdir");
    let options = ["-v", &format!("{}:/a", shared.display()), "-v", &format!("{file}:/a/b/new")];
    assert_eq!(env.sh(&options, "cat /a/b/new"), "given");
}

/// T05, T06: `/dev/null`, `/dev/console` and `/dev/pts` of an image are no sources of mounts, also not on a terminal.
fn devices_of_the_image_are_never_sources(env: &TestEnv) {
    let canary = Canary::new(env.work().join("c"));
    for (name, path, target) in [
        ("null", "dev/null", "/proc/sysrq-trigger".to_owned()),
        ("nullout", "dev/null", canary.at("null")),
        ("console", "dev/console", "/proc/sys/kernel/core_pattern".to_owned()),
        ("consoleout", "dev/console", canary.at("file")),
        ("pts", "dev/pts", canary.text()),
        ("ptmx", "dev/ptmx", canary.at("secret")),
    ] {
        load_layer(env, name, |layer| {
            layer.symlink(path, &target);
        });
        let script =
            "echo x >/proc/kcore; echo x >/proc/keys; echo x >/dev/null; [ ! -s /proc/kcore ] && readlink -f /dev/console; tty";
        let args = ["run", "--rm", "-t", "--network", "none", name, "sh", "-c", script];
        let output = env.cmd(&args).on_terminal(24, 80).wait();
        canary.assert_unchanged();
        let last = output.stdout().lines().last().unwrap_or_default().trim().to_owned();
        assert!(output.code >= 125 || last.starts_with("/dev/"), "{name}: {output}");
    }
    // A volume at /dev is the container's own: nothing of it is mounted anywhere.
    let shared = PathBuf::from(env.folder("dev"));
    let options = ["-v", &format!("{}:/dev", shared.display())];
    env.busybox();
    let output = env.bb(&options, &["sh", "-c", "cat /proc/kcore /proc/keys 2>/dev/null | head -c 1 | wc -c"]);
    assert!(output.code >= 125 || output.stdout() == "0", "{output}");
    // The twin.
    let output = env.bb_cmd(&["-t"], &["sh", "-c", "tty"]).on_terminal(24, 80).wait();
    assert!(output.ok().starts_with("/dev/"), "{output}");
}

/// T07: what an image or a mount puts where the kernel's files are is not written to.
fn files_of_the_process_table_in_an_image_are_never_written(env: &TestEnv) {
    let canary = Canary::new(env.work().join("c"));
    load_layer(env, "attr", |layer| {
        for path in
            ["proc/self/attr/exec", "proc/thread-self/attr/exec", "proc/sys/net/ipv4/ip_forward", "proc/self/oom_score_adj"]
        {
            layer.symlink(path, &canary.at("file"));
        }
    });
    let options = ["--sysctl", "net.ipv4.ip_forward=1", "--oom-score-adj", "500"];
    let args = [&["run", "--rm", "--network", "none"], &options[..], &["attr", "sh", "-c"]].concat();
    let script = "cat /proc/sys/net/ipv4/ip_forward /proc/self/oom_score_adj";
    assert_eq!(env.run(&[&args[..], &[script]].concat()).ok(), "1\n500");
    canary.assert_unchanged();
    // Mounts of the user's own over the kernel's files are refused, or change nothing of what we write.
    let file = env.file("f", "user's\n");
    for target in ["/proc/self/attr/exec", "/proc/sys/net/ipv4/ip_forward", "/proc/sys/net", "/proc/sysrq-trigger"] {
        let bind = format!("{file}:{target}");
        let output = env.run(&[&["run", "--rm", "--network", "none", "-v", &bind], &options[..], &["attr", "true"]].concat());
        canary.assert_unchanged();
        assert_eq!(std::fs::read_to_string(&file).expect("the file"), "user's\n", "{target}: {output}");
    }
}

/// T08, T09, T11, T12: files that the engine makes. (Kernel folders that are links: `isolation`.)
fn engine_made_files_follow_no_link_of_the_image(env: &TestEnv) {
    let canary = Canary::new(env.work().join("c"));
    for target in [canary.text(), up(&canary)] {
        load_layer(env, "made", |layer| {
            for (path, name) in [
                ("etc/mtab", "m"),
                ("run/.containerenv", "c"),
                ("etc/passwd", "p"),
                ("etc/group", "g"),
                ("etc/hosts", "file"),
                ("etc/hostname", "folder/inner"),
                ("etc/resolv.conf", "secret"),
                ("etc/localtime", "null"),
            ] {
                layer.symlink(path, &format!("{target}/{name}"));
            }
            layer.symlink("l", &target).symlink("run/secrets", &target).symlink("dev/shm", &target);
        });
        let file = env.file("s", "s3cret");
        env.run(&["secret", "create", "s", &file]).code(0);
        for options in
            [&["-w", "/l/x/y"][..], &["--tz", "Europe/Berlin"], &["--userns", "keep-id"], &["--user", "4242"], &["--secret", "s"]]
        {
            let args =
                [&["run", "--rm", "--network", "none"], options, &["made", "sh", "-c", "echo x >/etc/hosts; echo ran"]].concat();
            let output = env.run(&args);
            canary.assert_unchanged();
            assert!(output.code >= 125 || output.stdout() == "ran", "{options:?}: {output}");
        }
        env.ok(&["secret", "rm", "s"]);
        load(
            env,
            &Image::busybox_with("workdir", |layer| {
                layer.symlink("l", &target);
            })
            .configured(json!({"WorkingDir": "/l/x/y"})),
        );
        let output = env.run(&["run", "--rm", "--network", "none", "workdir", "pwd"]);
        canary.assert_unchanged();
        assert!(output.ok().ends_with("/x/y"), "{output}");
        env.ok(&["rmi", "made", "workdir"]);
    }
    // The twin: links of honest images.
    load_layer(env, "honest", |layer| {
        layer.symlink("etc/mtab", "/proc/mounts").symlink("etc/resolv.conf", "../run/resolv.conf").symlink("var/run", "/run");
    });
    env.run(&["run", "--rm", "--network", "none", "honest", "sh", "-c", "head -c 7 /etc/mtab; ls /var/run/.containerenv"])
        .prints("overlay/var/run/.containerenv");
}

/// Puts a file into a layer.
type Fill<'a> = Box<dyn Fn(&mut Layer) + 'a>;

/// T13: a user file that is a pipe, a device, endless or outside is an error that names it, and soon.
fn user_files_of_an_image_are_read_with_bounds(env: &TestEnv) {
    let canary = Canary::new(env.work().join("c"));
    std::fs::write(env.work().join("outside"), "app:x:7777:7777::/:/bin/sh\n").expect("write");
    let outside = env.work().join("outside").to_string_lossy().into_owned();
    let cases: [(&str, Fill); 5] = [
        (
            "fifo",
            Box::new(|layer| {
                _ = layer.entry(
                    tar::EntryType::Fifo,
                    "etc/passwd",
                    crate::harness::archive::Attributes { mode: 0o644, uid: 0, gid: 0 },
                    "",
                    b"",
                );
            }),
        ),
        ("endless", Box::new(|layer| _ = layer.symlink("etc/passwd", "/dev/zero"))),
        ("out", Box::new(|layer| _ = layer.symlink("etc/passwd", &outside))),
        (
            "secret",
            Box::new(|layer| _ = layer.symlink("etc/passwd", &canary.at("secret")).symlink("etc/group", &canary.at("secret"))),
        ),
        ("folder", Box::new(|layer| _ = layer.folder("etc/passwd", 0o755))),
    ];
    for (name, fill) in cases {
        let image = Image::new(
            name,
            vec![
                crate::harness::archive::busybox_layer().finish(),
                crate::harness::archive::layer(|layer| {
                    layer.whiteout("etc", "passwd").whiteout("etc", "group");
                }),
                crate::harness::archive::layer(|layer| {
                    layer.folder("etc", 0o755);
                    fill(layer);
                }),
            ],
        );
        load(env, &image);
        for options in [&["-u", "app"][..], &["-u", "app:app"], &["-u", "1000", "--group-add", "app"]] {
            let begin = Instant::now();
            let args = [&["run", "--rm", "--network", "none"], options, &[name, "id"]].concat();
            let output = env.run(&args);
            assert!(begin.elapsed() < Duration::from_secs(10), "{name}: {output}");
            assert!(output.code >= 125 && !output.stderr().contains("canary"), "{name} {options:?}: {output}");
            assert!(!output.stdout().contains("7777"), "{output}");
        }
        canary.assert_unchanged();
    }
    // A group file of eight gigabytes with nothing in it.
    let id = env.start_script(&[], "truncate -s 8G /etc/group; echo ready; exec sleep 1000");
    let begin = Instant::now();
    env.run(&["exec", "-u", "app:app", &id, "id"]).fails(125, &["/etc/group"]);
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    env.remove(&[&id]);
    // The twin: one that is a link inside.
    load_layer(env, "inside", |layer| {
        layer
            .folder("usr/etc", 0o755)
            .file("usr/etc/passwd", 0o644, "app:x:7:7::/:/bin/sh\n")
            .symlink("etc/passwd", "../usr/etc/passwd");
    });
    env.run(&["run", "--rm", "--network", "none", "-u", "app", "inside", "id", "-u"]).prints("7");
}

/// T14: `…/v` and `…/vx` begin alike.
fn a_name_that_begins_like_the_root_is_outside(env: &TestEnv) {
    env.busybox();
    env.ok(&["volume", "create", "v"]);
    env.ok(&["volume", "create", "vx"]);
    env.sh(&["-v", "vx:/x"], "echo neighbour >/x/f");
    let escape = ["../vx", "../../vx/_data", "/../../vx/_data/f", "l", "l/f"];
    env.sh(&["-v", "v:/v"], "ln -s ../../vx/_data /v/l; ln -s ../_datax /v/m");
    for subpath in escape {
        let mount = format!("type=volume,source=v,target=/y,subpath={subpath}");
        let output = env.bb(&["--mount", &mount], &["sh", "-c", "cat /y/f /y"]);
        assert!(output.code != 0 && !output.stdout().contains("neighbour"), "{subpath}: {output}");
    }
    // The twin.
    env.sh(&["-v", "v:/v"], "mkdir /v/..d /v/d; echo own >/v/..d/f; ln -s ..d /v/d/l");
    for subpath in ["..d", "d/../..d"] {
        let mount = format!("type=volume,source=v,target=/y,subpath={subpath}");
        let output = env.bb(&["--mount", &mount], &["cat", "/y/f"]);
        assert!(output.code == 125 || output.stdout() == "own", "{subpath}: {output}");
    }
    let output = env.bb(&["--mount", "type=volume,source=v,target=/y,subpath=..d"], &["cat", "/y/f"]);
    output.prints("own");
    env.ok(&["volume", "rm", "v", "vx"]);
}

/// T29, T30: a folder of a volume is exchanged for a link while files go in and out; and a link with an absolute text inside works.
fn cp_through_a_mount_that_is_swapped_stays_inside(env: &TestEnv) {
    let canary = Canary::new(env.work().join("c"));
    let shared = PathBuf::from(env.folder("shared"));
    std::fs::create_dir(shared.join("b")).expect("mkdir");
    std::fs::write(shared.join("b/secret"), "inside\n").expect("write");
    symlink(canary.text(), shared.join("l")).expect("symlink");
    let id = env.start(&["-v", &format!("{}:/a", shared.display())]);
    let file = env.file("new", "new\n");
    let mut at = 0;
    race(&shared.join("b"), &shared.join("l"), || {
        at += 1;
        if at % 2 == 0 {
            env.run(&["cp", &file, &format!("{id}:/a/b/new")]);
        } else {
            let out = env.folder("out");
            if env.run(&["cp", &format!("{id}:/a/b/secret"), &out]).code == 0 {
                assert_eq!(std::fs::read_to_string(Path::new(&out).join("secret")).expect("what came out"), "inside\n");
            }
        }
        canary.assert_unchanged();
    });
    // The twin: /var/run → /run.
    env.ok(&["exec", &id, "ln", "-s", "/run", "/var/run"]);
    env.ok(&["cp", &file, &format!("{id}:/var/run/new")]);
    assert_eq!(env.ok(&["exec", &id, "cat", "/run/new"]), "new");
    env.remove(&[&id]);
}

/// T31: a file is exchanged for a link while the container is exported, committed and compared, and a volume exported.
fn exports_never_hold_what_is_outside(env: &TestEnv) {
    let canary = Canary::new(env.work().join("c"));
    env.busybox();
    env.ok(&["volume", "create", "v"]);
    let script = format!(
        "mkdir /d; echo inside >/d/f; ln -s {secret} /d/l; echo inside >/v/f; ln -s {secret} /v/l; echo ready; \
         while :; do for d in /d /v; do mv $d/f $d/t; mv $d/l $d/f; mv $d/f $d/l; mv $d/t $d/f; done; done",
        secret = canary.at("secret")
    );
    let id = env.start_script(&["-v", "v:/v"], &script);
    let end = Instant::now() + RACE * 2;
    while Instant::now() < end {
        env.run(&["export", "-o", "e.tar", &id]);
        env.run(&["volume", "export", "-o", "v.tar", "v"]);
        env.run(&["commit", "-q", "-p=false", &id, "copy"]);
        env.run(&["diff", &id]);
        for name in ["e.tar", "v.tar"] {
            let bytes = std::fs::read(env.work().join(name)).unwrap_or_default();
            let holds = bytes.windows(13).any(|window| window == b"canary secret");
            assert!(!holds, "{name} holds what is outside");
        }
    }
    canary.assert_unchanged();
    env.remove(&[&id]);
    // The twin.
    env.sh(&["-v", "v:/v"], "rm -rf /v/*; echo whole >/v/f");
    env.ok(&["volume", "export", "-o", "v.tar", "v"]);
    assert!(std::fs::read(env.work().join("v.tar")).expect("a tar").windows(5).any(|window| window == b"whole"));
    env.ok(&["volume", "rm", "v"]);
}

/// T32: volumes that the image names, with names that climb and by links; one that is filled already stays as it is.
fn volumes_of_an_image_stay_inside(env: &TestEnv) {
    let canary = Canary::new(env.work().join("c"));
    for path in [format!("/v/{}", up(&canary)), "/l".to_owned(), "/l/folder".to_owned(), "/../../x".to_owned(), "v".to_owned()] {
        load(
            env,
            &Image::busybox_with("volumes", |layer| {
                layer.symlink("l", &canary.text());
            })
            .configured(json!({"Volumes": {path.clone(): {}}})),
        );
        let look = "find / -xdev -name secret 2>/dev/null; grep -rl canary /l/ /v /x 2>/dev/null; echo ran";
        let output = env.run(&["run", "--rm", "--network", "none", "volumes", "sh", "-c", look]);
        canary.assert_unchanged();
        assert!(output.code >= 125 || output.stdout() == "ran", "{path}: {output}");
        env.ok(&["rmi", "volumes"]);
    }
    // The twin: what a volume has is not written over by the image's.
    load(
        env,
        &Image::busybox_with("filled", |layer| {
            layer.folder("v", 0o755).file("v/f", 0o644, "of the image");
        })
        .configured(json!({"Volumes": {"/v": {}}})),
    );
    env.run(&["run", "--rm", "--network", "none", "filled", "cat", "/v/f"]).prints("of the image");
    env.busybox();
    env.sh(&["-v", "own:/v"], "echo of the user >/v/f");
    env.run(&["run", "--rm", "--network", "none", "-v", "own:/v", "filled", "cat", "/v/f"]).prints("of the user");
    env.ok(&["volume", "rm", "own"]);
}

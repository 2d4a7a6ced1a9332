//! Words, logs and limits as weapons: T34, T47–T50 and T72–T79. (T33 and T35 are of commands that there are none of: pods from files,
//! checkpoints.) Each attack has a twin that has to work.

use crate::harness::archive::{Image, write_archive};
use crate::harness::{Case, Need, TestEnv, case};
use serde_json::json;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

pub fn cases() -> Vec<Case> {
    let all = [
        case!(the_store_is_closed_to_other_users).needs(&[Need::Stranger]).only_ours("it walks our store"),
        case!(line_breaks_add_no_lines_to_files).gap("podman takes some of them"),
        case!(nothing_of_one_environment_is_in_another),
        case!(labels_of_an_image_are_only_data),
        case!(a_log_without_line_breaks_does_not_grow_the_monitor).only_ours("our monitor"),
        case!(clients_that_come_and_go_do_not_grow_the_monitor).only_ours("our monitor"),
        case!(a_log_stays_where_it_was_asked_for),
        case!(what_is_shown_on_a_terminal_cannot_move_it).gap("podman shows names as they are"),
        case!(shared_memory_is_bounded_and_goes).only_ours("podman shares none in this way"),
        case!(a_debug_log_holds_no_secret).only_ours("our log"),
        case!(names_are_no_paths),
        case!(subordinate_ids_that_are_wrong_are_said_to_be).only_ours("podman's messages differ"),
        case!(files_that_tell_of_the_machine_are_closed),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

fn load(env: &TestEnv, image: &Image) {
    write_archive(env.work().join("i.tar"), &image.docker_entries());
    env.ok(&["load", "-i", "i.tar"]);
}

/// T34: another user of the machine, whatever the caller's umask.
fn the_store_is_closed_to_other_users(env: &TestEnv) {
    use crate::harness::environment::root_folder;
    use crate::harness::root;
    env.busybox();
    let words =
        ["run", "-d", "--name", "c", "--network", "none", "-v", "v:/v", "bb", "sh", "-c", "echo s3cret >/v/f; exec sleep 1000"];
    env.cmd(&words).behind(&["sh", "-c", "umask 000; exec \"$@\"", "sh"]).run().ok();
    let stranger = root::stranger_program(root_folder()).to_string_lossy().into_owned();
    let id = root::STRANGER.to_string();
    // What guards the store must not be the folder of the tests: the store is looked at by a way of its own.
    for folder in [env.data(), env.runtime().join("coracle")] {
        let mode = std::fs::metadata(&folder).expect("a folder").mode();
        assert_eq!(mode & 0o077, 0, "{}: {mode:o}", folder.display());
        let text = folder.to_string_lossy().into_owned();
        let look = ["--reuid", &id, "--regid", &id, "--clear-groups", "find", &text, "-mindepth", "1"];
        let output = env.host(&stranger, &look).run();
        assert!(output.code != 0 && output.stdout().is_empty(), "{output}");
    }
    let open = env.host(
        "find",
        &[&env.data().to_string_lossy(), "-type", "f", "-perm", "/077", "(", "-name", "*.json", "-o", "-name", "*.db*", ")"],
    );
    assert_eq!(open.run().stdout(), "", "records that others may read");
    env.remove(&["c"]);
    env.ok(&["volume", "rm", "v"]);
}

/// T47.
fn line_breaks_add_no_lines_to_files(env: &TestEnv) {
    env.busybox();
    let evil = "/x\nroot2::0:0::/:/bin/sh";
    let look = "grep -c root2 /etc/passwd /etc/group /etc/hosts /etc/resolv.conf; true";
    for options in [
        &["-e", &format!("HOME={evil}"), "-u", "4242"][..],
        &["--hostname", "a\n1.2.3.4 root2"],
        &["--add-host", "a\n1.2.3.4 root2:1.2.3.4"],
        &["--add-host", "a:1.2.3.4\n5.6.7.8 root2"],
        &["--dns-search", "a\nnameserver 6.6.6.6 root2"],
        &["--dns-option", "a\nroot2"],
        &["--dns", "1.1.1.1\nroot2"],
        &["--passwd-entry", "a:b:1:1::/:/x\nroot2::0:0::/:/x", "-u", "4242"],
        &["--group-entry", "a:b:1:\nroot2:x:0:", "-u", "4242"],
        &["--userns", "keep-id", "-e", &format!("USER={evil}")],
    ] {
        let output = env.run(&[&["run", "--rm", "--network", "none"], options, &["bb", "sh", "-c", look]].concat());
        let none = "/etc/passwd:0\n/etc/group:0\n/etc/hosts:0\n/etc/resolv.conf:0";
        assert!(output.code >= 125 || output.stdout() == none, "{options:?}: {output}");
    }
    for config in [
        json!({"User": "4242", "WorkingDir": evil}),
        json!({"User": "4242", "Env": [format!("HOME={evil}")]}),
        json!({"Hostname": "a\n1.2.3.4 root2", "Domainname": "x\nroot2"}),
        json!({"User": "4242", "WorkingDir": "/\u{1b}[31m"}),
        json!({"Env": ["A\u{0}B=c"]}),
    ] {
        load(env, &Image::busybox("words", config.clone()));
        let output = env.run(&["run", "--rm", "--network", "none", "words", "sh", "-c", look]);
        assert!(output.code >= 125 || !output.stdout().contains(":1"), "{config}: {output}");
        env.ok(&["rmi", "words"]);
    }
    // The twin: line breaks in a variable are the program's own matter.
    assert_eq!(env.sh(&["-e", "TWO=a\nb"], "echo \"$TWO\""), "a\nb");
}

/// T48 (CVE-2026-57231), for sessions, checks and a second container of the image. (`run` itself: `settings`.)
fn nothing_of_one_environment_is_in_another(env: &TestEnv) {
    load(env, &Image::busybox("env", json!({"Env": ["SECRET", "PFX_*", "*", "=x", "", "GOOD=1"]})));
    let with = |words: &[&str]| env.cmd(words).env("SECRET", "s3cret").env("PFX_A", "s3cret").env("GOOD", "s3cret").run();
    let health = ["--health-cmd", "env >/tmp/e; true", "--health-interval", "100ms"];
    with(
        &[&["run", "-d", "--name", "c", "--network", "none", "-e", "ONE=first"], &health[..], &["env", "sleep", "1000"]].concat(),
    )
    .ok();
    env.ok(&["wait", "--condition", "healthy", "c"]);
    for words in [&["exec", "c", "env"][..], &["exec", "c", "cat", "/tmp/e"], &["run", "--rm", "--network", "none", "env", "env"]]
    {
        let text = with(words).ok();
        assert!(!text.contains("s3cret") && text.contains("GOOD=1"), "{words:?}: {text}");
        assert_eq!(text.contains("ONE=first"), words[0] == "exec", "{words:?}: {text}");
    }
    env.remove(&["c"]);
    // The twin: what is asked for by name is passed on.
    let args = ["run", "--rm", "--network", "none", "-e", "SECRET", "-e", "PFX_*", "env", "sh", "-c", "echo $SECRET $PFX_A"];
    assert_eq!(with(&args).ok(), "s3cret s3cret");
    env.ok(&["rmi", "env"]);
}

/// T49: see also `hostile_processes::words_of_annotations_and_labels_are_data`.
fn labels_of_an_image_are_only_data(env: &TestEnv) {
    let label = "a\n$(id)`id`;|&\u{1b}]52;c;eA==\u{7}\"'";
    load(env, &Image::busybox("labels", json!({"Labels": {"k": label, "io.coracle.privileged": "true"}})));
    let shown = env.ok(&["image", "inspect", "--format", "{{json .Config.Labels}}", "labels"]);
    let read: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!(read["k"], label);
    env.ok(&["create", "--name", "c", "--network", "none", "labels", "true"]);
    let read: serde_json::Value = serde_json::from_str(&env.field("c", "{{json .Config.Labels}}")).expect("JSON");
    assert_eq!(read["k"], label);
    assert_eq!(env.field("c", "{{.HostConfig.Privileged}}"), "false");
    env.ok(&["rm", "c"]);
}

/// Kilobytes of memory that a process has of its own or shares, in parts (proc_pid_smaps(5), Pss).
fn memory_of(pid: i32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("a living process");
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

fn monitor_of(env: &TestEnv, id: &str) -> i32 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", env.init_pid(id))).expect("a living process");
    stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1)).and_then(|word| word.parse().ok()).expect("a parent")
}

fn descriptors_of(pid: i32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/fd")).expect("a living process").count()
}

/// T72 (CVE-2022-1708): two hundred megabytes without a line break, a limit of the log, and a reader that does not read.
fn a_log_without_line_breaks_does_not_grow_the_monitor(env: &TestEnv) {
    let script = "echo ready; read x </tmp/go; head -c 200000000 /dev/zero | tr '\\0' x; echo end >/tmp/done; exec sleep 1000";
    let options = ["--name", "c", "--log-opt", "max-size=1mb"];
    env.start_script(&options, &format!("mkfifo /tmp/go /tmp/done; {script}"));
    let slow = env.cmd(&["logs", "-f", "c"]).spawn();
    let monitor = monitor_of(env, "c");
    env.ok(&["exec", "c", "sh", "-c", "echo >/tmp/go; cat /tmp/done"]);
    let memory = memory_of(monitor);
    assert!(memory < 8 * 1024, "{memory} kB");
    let folder = env.data().join("containers");
    let size: u64 = walk(&folder)
        .iter()
        .filter(|path| path.to_string_lossy().contains("ctr.log"))
        .map(|path| path.metadata().map_or(0, |meta| meta.len()))
        .sum();
    assert!(size > 0 && size < 3_000_000, "{size} bytes of log");
    drop(slow);
    // The twin: the end of it is there, and so is the code.
    assert!(env.ok(&["logs", "--tail", "1", "c"]).ends_with('x'));
    env.ok(&["kill", "c"]);
    assert_eq!(env.ok(&["wait", "c"]), "137");
    env.remove(&["c"]);
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => found.extend(walk(&entry.path())),
            _ => found.push(entry.path()),
        }
    }
    found
}

/// T72: clients that attach and are killed, sessions, and windows that change.
fn clients_that_come_and_go_do_not_grow_the_monitor(env: &TestEnv) {
    env.busybox();
    let id = env.ok(&["run", "-d", "-t", "--network", "none", "bb", "sleep", "1000"]);
    let monitor = monitor_of(env, &id);
    let (memory, descriptors) = (memory_of(monitor), descriptors_of(monitor));
    for round in 0..60 {
        let client = env.cmd(&["attach", &id]).spawn();
        if round % 2 == 0 {
            client.signal(rustix::process::Signal::WINCH);
        }
        client.signal(rustix::process::Signal::KILL);
        drop(client);
        env.run(&["exec", &id, "true"]).code(0);
    }
    env.ok(&["exec", &id, "echo", "fine"]);
    let after = descriptors_of(monitor);
    assert!(after <= descriptors + 1, "{descriptors} descriptors before, {after} after");
    assert!(memory_of(monitor) < memory + 512, "{memory} kB before, {} after", memory_of(monitor));
    env.remove(&[&id]);
}

/// T73: a log path of the user's; names and current folders give none.
fn a_log_stays_where_it_was_asked_for(env: &TestEnv) {
    env.busybox();
    let before = names(&env.work());
    for name in ["../x", "a/b", "/tmp/x", "..", ".", "-x", "a\nb", ""] {
        let output = env.run(&["create", "--name", name, "--network", "none", "bb", "true"]);
        if output.code == 0 {
            // Only an empty name is as no name.
            assert_eq!(name, "", "{output}");
            env.ok(&["rm", &output.stdout()]);
        }
    }
    env.bb(&[], &["sh", "-c", "echo x; exit 3"]).code(3);
    assert_eq!(names(&env.work()), before, "the current folder");
    // The twin: a path that the user gives is the log's.
    let path = env.work().join("mine.log").to_string_lossy().into_owned();
    env.ok(&["run", "--name", "c", "--network", "none", "--log-opt", &format!("path={path}"), "bb", "echo", "logged"]);
    assert!(std::fs::read_to_string(&path).expect("the log").contains("logged"));
    env.remove(&["c"]);
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .expect("a folder")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort_unstable();
    names
}

/// T74: control characters of commands, labels, names of images and errors; what the container itself prints is its own.
fn what_is_shown_on_a_terminal_cannot_move_it(env: &TestEnv) {
    let evil = "a\u{1b}]52;c;eA==\u{7}b\r\u{9b}31mc\u{202e}d";
    load(env, &Image::busybox("evil", json!({"Labels": {"l": evil}, "Cmd": ["echo", evil], "Env": [format!("E={evil}")]})));
    env.ok(&["create", "--name", "c", "--network", "none", "--label", &format!("l={evil}"), "evil", "echo", evil]);
    let commands: [&[&str]; 7] = [
        &["ps", "-a", "--no-trunc"],
        &["ps", "-a", "--format", "{{.Labels}} {{.Command}}"],
        &["inspect", "c"],
        &["image", "inspect", "evil"],
        &["history", "--no-trunc", "evil"],
        &["start", evil],
        &["images", "--filter", evil],
    ];
    for words in commands {
        let shown = env.cmd(words).on_terminal(24, 80).wait();
        let text = [shown.stdout(), shown.stderr()].concat();
        let bad = ['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}'];
        let own_colour = text.replace("\u{1b}[", "");
        assert!(!own_colour.contains(&bad[..]), "{words:?}: {shown}");
    }
    let raw = env.ok(&["inspect", "--format", "{{.Config.Labels.l}}", "c"]);
    assert!(raw.contains('\u{1b}'), "a pipe gets what it is: {raw:?}");
    let printed = env.cmd(&["start", "-a", "c"]).on_terminal(24, 80).wait();
    assert!(printed.stdout().contains("\u{1b}]52"), "the container's own output is its own: {printed}");
    env.remove(&["c"]);
}

/// T75: what containers leave in a shared memory that outlives them.
fn shared_memory_is_bounded_and_goes(env: &TestEnv) {
    let size = |options: &[&str]| env.bb(options, &["sh", "-c", "head -c 80000000 /dev/zero >/dev/shm/x; stat -c %s /dev/shm/x"]);
    let output = size(&[]);
    assert!(output.stdout().parse::<u64>().expect("a size") <= 67_108_864, "{output}");
    let id = env.start(&["--name", "x", "--ipc", "shareable"]);
    for _ in 0..3 {
        env.bb(&["--ipc", "container:x"], &["sh", "-c", "head -c 80000000 /dev/zero >>/dev/shm/x"]);
    }
    let used = env.ok(&["exec", "x", "sh", "-c", "stat -c %s /dev/shm/x"]);
    assert!(used.parse::<u64>().expect("a size") <= 67_108_864, "{used}");
    env.remove(&[&id]);
    // The twin: it goes with the container.
    assert_eq!(env.sh(&["--shm-size", "1m"], "ls /dev/shm; head -c 1000000 /dev/zero >/dev/shm/x; echo fine"), "fine");
}

/// T76: what the log for developers says.
fn a_debug_log_holds_no_secret(env: &TestEnv) {
    env.busybox();
    let file = env.file("secret", "s3cret-of-a-file");
    let level = |words: &[&str]| env.cmd(words).env("CORACLE_LOG", "trace").stdin("s3cret-password").run();
    let mut text = level(&["secret", "create", "s", &file]).stderr();
    text += &level(&["run", "--rm", "--network", "none", "--secret", "s", "-e", "TOKEN=s3cret-variable", "bb", "true"]).stderr();
    text += &level(&["login", "--username", "u", "--password-stdin", "127.0.0.1:1"]).stderr();
    assert!(!text.contains("s3cret"), "{text}");
    env.ok(&["secret", "rm", "s"]);
}

/// T77.
fn names_are_no_paths(env: &TestEnv) {
    env.busybox();
    let file = env.file("f", "x");
    let long = "n".repeat(4096);
    for name in ["../x", "a/../../x", "/etc/x", "..", ".x", "-x", "a b", "a\nb", "\u{e9}", long.as_str(), "a:b", "a\u{1b}b"] {
        let guard = |words: &[&str]| {
            let output = env.run(words);
            assert!(output.code != 0, "{name:?}: {output}");
        };
        guard(&["volume", "create", "--", name]);
        guard(&["secret", "create", "--", name, &file]);
        guard(&["create", &format!("--name={name}"), "--network", "none", "bb", "true"]);
        guard(&["network", "create", "--", name]);
        guard(&["network", "rm", "--", name]);
        guard(&["volume", "rm", "--", name]);
        guard(&["rm", "--", name]);
        let tag = env.run(&["tag", "bb", "--", name]);
        assert!(tag.code != 0 || !["..", "/", "\n", "\u{1b}", " "].iter().any(|part| name.contains(part)), "{tag}");
        if tag.code == 0 {
            env.ok(&["untag", "bb", name]);
        }
    }
    // The twin.
    for name in ["a", "A.b_c-9", "0"] {
        env.ok(&["volume", "create", name]);
        env.ok(&["volume", "rm", name]);
    }
}

/// T78: files of subordinate ids that cannot be right, seen by this command only.
fn subordinate_ids_that_are_wrong_are_said_to_be(env: &TestEnv) {
    let uid = rustix::process::getuid().as_raw();
    let archive = crate::harness::archive::busybox_root().to_string_lossy().into_owned();
    for (what, line) in [
        ("wraps", format!("{uid}:4294900000:100000")),
        ("is not granted", format!("{uid}:700000:65536")),
        ("is no number", format!("{uid}:x:y")),
        ("overlaps", format!("{uid}:700000:65536\n{uid}:700000:65536")),
        ("is empty", format!("{uid}:100000:0")),
    ] {
        let file = env.file("sub", format!("{line}\n"));
        // The helpers read the real file: what this one says is not granted. In the namespace of the look the mount is ours alone.
        let script = format!("mount --bind '{file}' /etc/subuid && mount --bind '{file}' /etc/subgid || exit 99; exec \"$@\"");
        let words = ["run", "--rm", "--network", "none", "bb", "cat", "/proc/self/uid_map"];
        let front = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", &script, "sh"];
        let import = env.cmd(&["import", &archive, "bb"]).behind(&front).run();
        let output = env.cmd(&words).behind(&front).run();
        assert_ne!(output.code, 99, "{what}: {output}");
        // Either an error that says what is wrong, or one id and a word about it.
        let told = [import.stderr(), output.stderr()].concat();
        assert!(told.contains("sub") || told.contains("map"), "{what}: nothing is said: {output}");
        assert!(output.code != 0 || output.stdout().lines().count() == 1, "{what}: {output}");
    }
}

/// T79: side channels. The list itself: `isolation::kernel_files_are_masked`; here what is behind it.
fn files_that_tell_of_the_machine_are_closed(env: &TestEnv) {
    let script = "for f in /proc/interrupts /proc/kcore /proc/keys /proc/timer_list /proc/sched_debug /proc/latency_stats; do \
         [ ! -e $f ] || head -c 64 $f | wc -c; done | sort -u; \
         for d in /sys/devices/virtual/powercap /sys/firmware /proc/acpi /proc/scsi; do [ ! -d $d ] || ls -A $d; done; \
         cat /sys/devices/system/cpu/cpu0/thermal_throttle/* 2>/dev/null; echo end";
    assert_eq!(env.sh(&[], script), "0\nend");
    let id = env.start(&[]);
    assert_eq!(env.ok(&["exec", &id, "sh", "-c", script]), "0\nend");
    env.remove(&[&id]);
    // The twin: what a container needs is there.
    assert_eq!(
        env.sh(&[], "grep -c MemTotal /proc/meminfo; ls -d /sys/devices/system/cpu/cpu0"),
        "1\n/sys/devices/system/cpu/cpu0"
    );
}

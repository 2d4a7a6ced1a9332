//! What the kernel shows inside: mounts, devices, masks, descriptors, namespaces, limits. Numbers are those of the list of
//! hardening defaults (H) and of known escapes (T).

use crate::harness::archive::{Image, write_archive};
use crate::harness::canary::Canary;
use crate::harness::elf::system_call;
use crate::harness::program::{self, sha256};
use crate::harness::{Case, Need, TestEnv, case};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

pub fn cases() -> Vec<Case> {
    let fourteen = "podman 4 grants fourteen capabilities, later ones eleven";
    let all = [
        case!(root_has_podmans_eleven_capabilities_and_no_inheritable_ones).gap(fourteen),
        case!(the_system_call_filter_is_on),
        case!(no_new_privileges_is_off_and_a_setuid_program_works),
        case!(proc_is_fresh_and_closed_to_programs_and_devices),
        case!(sys_is_read_only),
        case!(the_cgroup_tree_is_read_only_and_the_containers_own),
        case!(kernel_files_are_masked).gap("podman 4 masks fewer files"),
        case!(kernel_settings_are_read_only).gap("crun 1.8 drops nosuid, nodev and noexec"),
        case!(the_device_folder_has_exactly_the_default_devices),
        case!(devices_have_their_numbers_and_work),
        case!(no_device_can_be_made),
        case!(a_terminal_folder_is_the_containers_own),
        case!(shared_memory_is_small_and_closed_to_programs),
        case!(no_mount_is_shared_and_the_old_root_is_gone),
        case!(the_root_is_an_overlay_that_may_be_written),
        case!(only_three_descriptors_are_open),
        case!(every_namespace_is_the_containers_own),
        case!(the_process_tree_begins_with_the_command),
        case!(the_umask_is_022),
        case!(limits_are_no_wider_than_the_callers),
        case!(the_callers_oom_score_is_inherited).gap("podman sets it to 0"),
        case!(a_signal_mask_is_not_inherited),
        case!(the_session_is_the_containers_own),
        case!(ping_needs_no_capability).gap("podman 4.3 with crun leaves the group range empty without a network"),
        case!(a_root_whose_dev_is_a_link_is_harmless),
        case!(a_root_whose_proc_or_sys_is_a_link_is_refused),
        case!(etc_files_that_are_links_are_harmless),
        case!(masked_paths_are_not_undone_by_a_link_at_dev_null),
        case!(an_entrypoint_of_proc_self_exe_does_not_change_the_tool).only_ours("podman's runtime belongs to root"),
        case!(writing_through_proc_exe_does_not_change_the_tool).only_ours("podman's runtime belongs to root"),
        case!(the_containers_programs_are_never_run_outside),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

/// The lines of a `NAME: value` file.
fn status(env: &TestEnv, options: &[&str]) -> BTreeMap<String, String> {
    let text = env.sh(options, "cat /proc/self/status");
    text.lines().filter_map(|line| line.split_once(':')).map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect()
}

/// H4, T20.
fn root_has_podmans_eleven_capabilities_and_no_inheritable_ones(env: &TestEnv) {
    let status = status(env, &[]);
    for name in ["CapBnd", "CapPrm", "CapEff"] {
        assert_eq!(status[name], "00000000800405fb", "{name}");
    }
    for name in ["CapInh", "CapAmb"] {
        assert_eq!(status[name], "0000000000000000", "{name}");
    }
}

/// H3.
fn the_system_call_filter_is_on(env: &TestEnv) {
    let status = status(env, &[]);
    assert_eq!((status["Seccomp"].as_str(), status["Seccomp_filters"].as_str()), ("2", "1"));
}

/// H5.
fn no_new_privileges_is_off_and_a_setuid_program_works(env: &TestEnv) {
    assert_eq!(status(env, &[])["NoNewPrivs"], "0");
    let become_root = system_call(libc::SYS_setuid, [0; 6], &[]);
    let image = Image::busybox_with("setuid", |layer| {
        layer.file("bin/setuid", 0o4755, &become_root).file("bin/plain", 0o755, &become_root);
    });
    load(env, &image);
    let script = "/bin/setuid; echo $?; /bin/plain; echo $?";
    let output = env.run(&["run", "--rm", "--network", "none", "-u", "app", "setuid", "sh", "-c", script]);
    assert_eq!(output.ok(), format!("0\n{}", libc::EPERM), "{output}");
}

/// Mount points of the container: target → (options, type, options of the file system, optional fields).
fn mounts(env: &TestEnv, options: &[&str]) -> BTreeMap<String, Mount> {
    env.sh(options, "cat /proc/self/mountinfo").lines().map(Mount::parse).map(|mount| (mount.target.clone(), mount)).collect()
}

#[derive(Debug)]
struct Mount {
    target: String,
    options: BTreeSet<String>,
    kind: String,
    super_options: BTreeSet<String>,
    propagation: String,
}

impl Mount {
    fn parse(line: &str) -> Self {
        let (left, right) = line.split_once(" - ").expect("mountinfo");
        let left: Vec<&str> = left.split(' ').collect();
        let right: Vec<&str> = right.split(' ').collect();
        let set = |text: &str| text.split(',').map(str::to_owned).collect();
        Self {
            target: left[4].to_owned(),
            options: set(left[5]),
            kind: right[0].to_owned(),
            super_options: set(right.get(2).copied().unwrap_or_default()),
            propagation: left[6..].join(" "),
        }
    }

    #[track_caller]
    fn assert(&self, kind: &str, options: &[&str]) {
        assert_eq!(self.kind, kind, "{self:?}");
        for option in options {
            assert!(self.options.contains(*option), "no {option}: {self:?}");
        }
    }
}

/// H8.
fn proc_is_fresh_and_closed_to_programs_and_devices(env: &TestEnv) {
    mounts(env, &[])["/proc"].assert("proc", &["rw", "nosuid", "nodev", "noexec"]);
    // The shell itself, which reads the folder without a helper.
    assert_eq!(env.sh(&[], "echo /proc/[0-9]*").trim(), "/proc/1");
}

/// H8.
fn sys_is_read_only(env: &TestEnv) {
    mounts(env, &[])["/sys"].assert("sysfs", &["ro", "nosuid", "nodev", "noexec"]);
    let output = env.bb(&[], &["sh", "-c", "echo 1 >/sys/kernel/mm/ksm/run || mkdir /sys/x"]);
    assert!(output.code != 0 && output.stderr().contains("Read-only file system"), "{output}");
}

/// H8, H17.
fn the_cgroup_tree_is_read_only_and_the_containers_own(env: &TestEnv) {
    let text = env.sh(&[], "grep ^0: /proc/self/cgroup");
    assert_eq!(text, "0::/");
    if let Some(mount) = mounts(env, &[]).get("/sys/fs/cgroup") {
        mount.assert("cgroup2", &["ro", "nosuid", "nodev", "noexec"]);
        let output = env.bb(&[], &["sh", "-c", "mkdir /sys/fs/cgroup/x || echo 0 >/sys/fs/cgroup/cgroup.procs"]);
        assert!(output.code != 0, "{output}");
    }
}

/// H6, T79.
fn kernel_files_are_masked(env: &TestEnv) {
    let script = "for path in /proc/acpi /proc/interrupts /proc/kcore /proc/keys /proc/latency_stats /proc/sched_debug /proc/scsi \
        /proc/timer_list /proc/timer_stats /sys/firmware /sys/fs/selinux /sys/devices/virtual/powercap \
        /sys/devices/system/cpu/cpu*/thermal_throttle; do \
        if [ -d $path ]; then echo $path dir $(ls -A $path | wc -l) $(touch $path/x 2>&1); \
        elif [ -e $path ]; then echo $path $(stat -c '%F %t:%T' $path) $(wc -c <$path); fi; done";
    let text = env.sh(&[], script);
    assert!(!text.is_empty());
    for line in text.lines() {
        let masked_file = line.ends_with("character special file 1:3 0");
        let masked_folder = line.contains(" dir 0 ") && line.contains("Read-only file system");
        assert!(masked_file || masked_folder, "{line:?} of {text}");
    }
    for path in ["/proc/kcore", "/proc/keys", "/sys/firmware"] {
        assert!(!std::path::Path::new(path).exists() || text.contains(path), "{path} of {text}");
    }
}

/// H7.
fn kernel_settings_are_read_only(env: &TestEnv) {
    let mounts = mounts(env, &[]);
    for path in ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"] {
        if std::path::Path::new(path).exists() {
            mounts[path].assert("proc", &["ro", "nosuid", "nodev", "noexec"]);
        }
    }
    for command in ["echo x >/proc/sys/kernel/domainname", "echo 0 >/proc/sys/vm/drop_caches"] {
        let output = env.bb(&[], &["sh", "-c", command]);
        assert!(output.code != 0 && output.stderr().contains("Read-only file system"), "{command}: {output}");
    }
}

/// H9.
fn the_device_folder_has_exactly_the_default_devices(env: &TestEnv) {
    let text = env.sh(&[], "ls -A /dev");
    let names: BTreeSet<&str> = text.lines().filter(|name| *name != "core").collect();
    let wanted =
        ["fd", "full", "mqueue", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin", "stdout", "tty", "urandom", "zero"];
    assert_eq!(names, BTreeSet::from(wanted));
    let mount = &mounts(env, &[])["/dev"];
    mount.assert("tmpfs", &["nosuid"]);
    assert!(mount.super_options.contains("mode=755"), "{mount:?}");
    assert!(mount.super_options.contains("size=65536k"), "{mount:?}");
    let links = env.sh(&[], "cd /dev; for link in fd stdin stdout stderr ptmx; do readlink $link; done");
    assert_eq!(links, "/proc/self/fd\n/proc/self/fd/0\n/proc/self/fd/1\n/proc/self/fd/2\npts/ptmx");
}

/// H9.
fn devices_have_their_numbers_and_work(env: &TestEnv) {
    let script = "cd /dev; for d in null zero full random urandom tty; do echo $d $(stat -L -c '%F %t:%T %a' $d); done";
    let wanted = [("null", "1:3"), ("zero", "1:5"), ("full", "1:7"), ("random", "1:8"), ("urandom", "1:9"), ("tty", "5:0")]
        .map(|(name, number)| format!("{name} character special file {number} 666"))
        .join("\n");
    assert_eq!(env.sh(&[], script), wanted);
    let script = "echo x >/dev/null && head -c 3 /dev/zero | wc -c && head -c 5 /dev/urandom | wc -c; echo x >/dev/full";
    let output = env.bb(&[], &["sh", "-c", script]);
    assert!(output.stdout() == "3\n5" && output.stderr().contains("No space left"), "{output}");
}

/// H9.
fn no_device_can_be_made(env: &TestEnv) {
    let output = env.bb(&[], &["mknod", "/tmp/null", "c", "1", "3"]);
    assert!(output.code != 0 && output.stderr().contains("Operation not permitted"), "{output}");
}

/// H9.
fn a_terminal_folder_is_the_containers_own(env: &TestEnv) {
    let mount = &mounts(env, &[])["/dev/pts"];
    mount.assert("devpts", &["nosuid", "noexec"]);
    assert!(mount.super_options.contains("ptmxmode=666") && mount.super_options.contains("mode=620"), "{mount:?}");
    assert_eq!(env.sh(&[], "ls -A /dev/pts"), "ptmx");
}

/// H9, H16.
fn shared_memory_is_small_and_closed_to_programs(env: &TestEnv) {
    let mounts = mounts(env, &[]);
    mounts["/dev/shm"].assert("tmpfs", &["rw", "nosuid", "nodev", "noexec"]);
    mounts["/dev/mqueue"].assert("mqueue", &["nosuid", "nodev", "noexec"]);
    let text = env.sh(&[], "stat -c %a /dev/shm; stat -f -c '%b %s' /dev/shm");
    // 64 MiB, or Podman's 64000 KiB.
    assert!(["1777\n16384 4096", "1777\n16000 4096"].contains(&text.as_str()), "{text}");
}

/// H10.
fn no_mount_is_shared_and_the_old_root_is_gone(env: &TestEnv) {
    let mounts = mounts(env, &[]);
    for (target, mount) in &mounts {
        assert!(!mount.propagation.contains("shared:"), "{target}: {mount:?}");
    }
    let roots = mounts.values().filter(|mount| mount.target == "/").count();
    assert_eq!(roots, 1, "{mounts:#?}");
    assert_eq!(mounts["/"].kind, "overlay");
    // Nothing of the host's tree is reachable by going up, or by the process table.
    let script = "cd /..; pwd; ls -d /proc/1/root/var/tmp/ce-* /proc/*/cwd/home/*/.. 2>/dev/null; ls /proc/1/root/";
    let text = env.sh(&[], script);
    assert!(!text.contains("ce-") && text.starts_with('/'), "{text}");
}

fn the_root_is_an_overlay_that_may_be_written(env: &TestEnv) {
    let script = "echo new >/etc/new && rm /etc/group && mkdir /etc/folder && mv /home/app /home/moved && ls -A /etc /home";
    let text = env.sh(&[], script);
    assert!(text.contains("new") && text.contains("moved") && !text.contains("group"), "{text}");
    assert!(env.sh(&[], "ls /etc").contains("group"), "the image stays as it was");
}

/// H13, T17.
fn only_three_descriptors_are_open(env: &TestEnv) {
    env.busybox();
    let open = env.file("open", "held by the caller");
    let front = ["sh", "-c", "exec 5<\"$0\" 7<>\"$0\" 9<. ; exec \"$@\"", &open];
    for options in [&["-i"][..], &[]] {
        let args = [&["run", "--rm", "--network", "none"], options, &["bb", "sh", "-c", "ls /proc/1/fd; true"]].concat();
        env.cmd(&args).behind(&front).run().prints("0\n1\n2");
    }
    let id = env.start(&[]);
    let args = ["exec", &id, "sh", "-c", "ls /proc/$$/fd; true"];
    env.cmd(&args).behind(&front).run().prints("0\n1\n2");
    env.remove(&[&id]);
}

fn every_namespace_is_the_containers_own(env: &TestEnv) {
    let script = "cd /proc/self/ns; for n in mnt pid ipc uts net cgroup user; do readlink $n; done";
    let inside: Vec<String> = env.sh(&[], script).lines().map(str::to_owned).collect();
    let second: Vec<String> = env.sh(&[], script).lines().map(str::to_owned).collect();
    for (name, (one, two)) in ["mnt", "pid", "ipc", "uts", "net", "cgroup", "user"].iter().zip(inside.iter().zip(&second)) {
        let host = std::fs::read_link(format!("/proc/self/ns/{name}")).unwrap().to_string_lossy().into_owned();
        assert_ne!(*one, host, "{name}");
        assert!(*two != host, "{name}");
    }
}

fn the_process_tree_begins_with_the_command(env: &TestEnv) {
    let text = env.bb(&[], &["ps", "-o", "pid,ppid,args"]).ok();
    let lines: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines, [["1", "0", "ps", "-o", "pid,ppid,args"]], "{text}");
}

/// H16.
fn the_umask_is_022(env: &TestEnv) {
    assert_eq!(env.sh(&[], "umask"), "0022");
}

/// H16.
fn limits_are_no_wider_than_the_callers(env: &TestEnv) {
    env.busybox();
    let front = ["sh", "-c", "ulimit -n 300; ulimit -c 0; exec \"$@\"", "sh"];
    let args = ["run", "--rm", "--network", "none", "bb", "sh", "-c", "ulimit -n; ulimit -c"];
    env.cmd(&args).behind(&front).run().prints("300\n0");
}

/// H16.
fn the_callers_oom_score_is_inherited(env: &TestEnv) {
    env.busybox();
    let front = ["sh", "-c", "echo 500 >/proc/self/oom_score_adj; exec \"$@\"", "sh"];
    let args = ["run", "--rm", "--network", "none", "bb", "cat", "/proc/self/oom_score_adj"];
    env.cmd(&args).behind(&front).run().prints("500");
}

fn a_signal_mask_is_not_inherited(env: &TestEnv) {
    env.busybox();
    // The shell cannot block signals, but it can ignore them, which is inherited across exec as well.
    let front = ["sh", "-c", "trap '' TERM HUP USR1 PIPE; exec \"$@\"", "sh"];
    let args = ["run", "--rm", "--network", "none", "bb", "grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"];
    let text = env.cmd(&args).behind(&front).run().ok();
    for line in text.lines() {
        assert!(line.ends_with("0000000000000000"), "{text}");
    }
}

fn the_session_is_the_containers_own(env: &TestEnv) {
    // Fields 5 to 7 of stat: process group, session, terminal.
    let text = env.sh(&[], "cut -d' ' -f5-7 /proc/1/stat");
    assert_eq!(text, "1 1 0");
}

/// H18.
fn ping_needs_no_capability(env: &TestEnv) {
    assert_eq!(env.sh(&[], "cat /proc/sys/net/ipv4/ping_group_range"), "0\t0");
}

fn load(env: &TestEnv, image: &Image) {
    write_archive(env.work().join("i.tar"), &image.oci_entries());
    env.ok(&["load", "-i", "i.tar"]);
}

/// T06, T08.
fn a_root_whose_dev_is_a_link_is_harmless(env: &TestEnv) {
    let canary = Canary::new(env.work().join("canary"));
    let up = format!("../../../../../../../../../..{}", canary.text());
    for (name, path, target) in [
        ("devabs", "dev", canary.text()),
        ("devup", "dev", up.clone()),
        ("ptsabs", "dev/pts", canary.text()),
        ("shmabs", "dev/shm", canary.text()),
        ("nullabs", "dev/null", canary.at("null")),
        ("mqueue", "dev/mqueue", up),
    ] {
        let image = Image::busybox_with(name, |layer| {
            layer.symlink(path, &target);
        });
        load(env, &image);
        let output = env.run(&["run", "--rm", "--network", "none", name, "sh", "-c", "echo x >/dev/null; echo ran"]);
        assert!(output.code >= 125 || output.stdout() == "ran", "{name}: {output}");
        canary.assert_unchanged();
    }
    // The twin: a link to another folder of the same root may work, and must not hurt.
    let image = Image::busybox_with("twin", |layer| {
        layer.folder("real", 0o755).symlink("var/run", "/run");
    });
    load(env, &image);
    env.run(&["run", "--rm", "--network", "none", "twin", "sh", "-c", "echo x >/var/run/f; cat /run/f"]).prints("x");
}

/// T01, T09.
fn a_root_whose_proc_or_sys_is_a_link_is_refused(env: &TestEnv) {
    let canary = Canary::new(env.work().join("canary"));
    for path in ["proc", "sys"] {
        for (form, target) in [("abs", canary.text()), ("in", "/tmp".to_owned())] {
            let name = format!("{path}{form}");
            let image = Image::busybox_with(&name, |layer| {
                layer.symlink(path, &target);
            });
            load(env, &image);
            let output = env.run(&["run", "--rm", "--network", "none", &name, "true"]);
            canary.assert_unchanged();
            assert!(output.code == 125 || output.code == 126, "{output}");
            assert!(output.stderr().contains(&format!("/{path}")), "{output}");
        }
    }
}

/// T11, T12.
fn etc_files_that_are_links_are_harmless(env: &TestEnv) {
    let canary = Canary::new(env.work().join("canary"));
    let image = Image::busybox_with("etc", |layer| {
        for (path, name) in [
            ("etc/hosts", "file"),
            ("etc/hostname", "new"),
            ("etc/resolv.conf", "folder/inner"),
            ("etc/mtab", "secret"),
            ("run/.containerenv", "null"),
        ] {
            layer.symlink(path, &canary.at(name));
        }
    });
    load(env, &image);
    let output = env.run(&[
        "run",
        "--rm",
        "--network",
        "none",
        "etc",
        "sh",
        "-c",
        "echo ran; echo x >>/etc/hosts; echo x >>/etc/resolv.conf; true",
    ]);
    assert!(output.code >= 125 || output.stdout() == "ran", "{output}");
    canary.assert_unchanged();
}

/// T05.
fn masked_paths_are_not_undone_by_a_link_at_dev_null(env: &TestEnv) {
    let image = Image::busybox_with("null", |layer| {
        layer.symlink("dev/null", "/proc/version");
    });
    load(env, &image);
    let script = "stat -L -c '%t:%T' /dev/null; for f in kcore keys timer_list; do [ ! -e /proc/$f ] || head -c 1 /proc/$f; done";
    let output = env.run(&["run", "--rm", "--network", "none", "null", "sh", "-c", script]);
    assert!(output.code >= 125 || output.stdout() == "1:3", "{output}");
}

/// Uses a copy of the tool that belongs to the caller; returns a check that it is still the same.
pub fn own_copy(env: &TestEnv) -> impl Fn() {
    let folder = env.work().join("bin");
    std::fs::create_dir(&folder).unwrap();
    let mut files = Vec::new();
    for name in ["coracle", "coracle-monitor"] {
        let path = folder.join(name);
        program::copy(&crate::harness::host::tool_folder().join(name), &path);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().uid(), rustix::process::getuid().as_raw());
        files.push((path.clone(), sha256(&path)));
    }
    env.use_tool(folder.join("coracle"));
    move || {
        for (path, hash) in &files {
            assert_eq!(sha256(path), *hash, "{} was changed", path.display());
        }
    }
}

/// T15, H12.
fn an_entrypoint_of_proc_self_exe_does_not_change_the_tool(env: &TestEnv) {
    let assert_same = own_copy(env);
    let image = Image::busybox_with("exe", |layer| {
        layer.file("evil", 0o755, "#!/proc/self/exe\n").symlink("self", "/proc/self/exe");
    });
    load(env, &image.configured(json!({"Entrypoint": ["/evil"]})));
    for command in [&[][..], &["--version"]] {
        let output = env.run(&[&["run", "--rm", "--network", "none", "exe"][..], command].concat());
        assert!(output.code != 0 && !output.stdout().contains("coracle"), "{output}");
    }
    let output = env.run(&["run", "--rm", "--network", "none", "--entrypoint", "/self", "exe", "--version"]);
    assert!(output.code != 0 && !output.stdout().contains("coracle"), "{output}");
    assert_same();
}

/// T15, H12.
fn writing_through_proc_exe_does_not_change_the_tool(env: &TestEnv) {
    let assert_same = own_copy(env);
    // Every process that joins is tried while it joins, and each descriptor of it.
    let script = "echo ready; while :; do for p in /proc/[0-9]*; do [ $p = /proc/1 ] || \
        { echo x >>$p/exe; for f in $p/fd/*; do case $(readlink $f) in *coracle*) echo x >>$f;; esac; done; }; done; done 2>/dev/null";
    let id = env.start_script(&[], script);
    for _ in 0..20 {
        env.run(&["exec", &id, "true"]).code(0);
    }
    assert_same();
    env.run(&["exec", &id, "/proc/self/exe"]);
    env.remove(&[&id]);
    assert_same();
    assert_eq!(env.ok(&["--version"]).split(' ').next(), Some("coracle"));
}

/// T18.
fn the_containers_programs_are_never_run_outside(env: &TestEnv) {
    // Programs and libraries that a helper outside might pick up by name.
    let canary = Canary::new(env.work().join("canary"));
    let script = format!("#!/bin/sh\necho x >>{}\n", canary.at("file"));
    let image = Image::busybox_with("bait", |layer| {
        for name in ["newuidmap", "newgidmap", "pasta", "slirp4netns", "mount", "nsenter", "gzip", "zstd", "xz", "getsubids"] {
            layer.file(&format!("usr/bin/{name}"), 0o755, &script);
        }
        layer.file("etc/ld.so.preload", 0o644, "/evil.so\n");
    });
    load(env, &image);
    let args = ["run", "-d", "--network", "none", "bait", "sh", "-c", "echo ready; sleep 1000"];
    let id = env.ok(&args);
    env.ok(&["exec", &id, "true"]);
    env.ok(&["logs", &id]);
    env.remove(&[&id]);
    canary.assert_unchanged();
}

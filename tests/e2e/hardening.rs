//! The hardening defaults H1–H24, seen from inside by one report: for `run`, `exec` with and without a terminal, detached sessions and
//! health checks, in every mode of the user namespace.

use crate::harness::archive::busybox_root;
use crate::harness::command::Cmd;
use crate::harness::elf::{DATA, system_call};
use crate::harness::environment::root_folder;
use crate::harness::{Case, Need, TestEnv, case};
use coracle::model::CapSet;
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

pub fn cases() -> Vec<Case> {
    let newer = "podman 4 has older defaults";
    let all = [
        case!(every_way_in_is_as_hard_in_the_session_namespace).gap(newer),
        case!(every_way_in_is_as_hard_with_keep_id).needs(&[Need::Subids]).gap(newer),
        case!(every_way_in_is_as_hard_with_auto).needs(&[Need::Subids]).gap(newer),
        case!(every_way_in_is_as_hard_with_nomap).needs(&[Need::Subids]).gap(newer),
        case!(every_way_in_is_as_hard_with_one_id).needs(&[Need::Stranger]).only_ours("podman wants its own helpers"),
        case!(every_system_call_is_answered_as_the_filter_says).only_ours("it reads our filter"),
        case!(calls_of_other_machines_end_the_process),
        case!(kernel_settings_of_the_host_are_refused),
        case!(labels_are_only_claimed_where_they_are).gap("podman's fields differ"),
        case!(the_number_of_processes_is_bounded).needs(&[Need::Limits]),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

/// Prints everything that the table asks for, in sections.
const REPORT: &str = r#"
for f in status limits mountinfo uid_map gid_map setgroups cgroup; do echo "== $f"; cat /proc/self/$f; done
echo "== attr"; cat /proc/self/attr/current 2>/dev/null; echo
echo "== fds"; ls -1 /proc/$$/fd
echo "== targets"; for f in /proc/$$/fd/*; do readlink $f; done
echo "== dev"; for f in /dev/*; do stat -c '%n %F %t:%T %a' $f; done
echo "== umask"; umask
echo "== terminal"; tty
echo "== session"; cut -d' ' -f6,7 /proc/$$/stat
echo "== key"; /p/search; echo $?
echo "== mknod"; mknod /tmp/n c 1 3 2>&1; rm -f /tmp/n
echo "== root"; readlink /proc/1/root; ls -d /proc/1/root/home/app
echo "== sysctl"; echo x 2>&1 >/proc/sys/kernel/domainname
echo "== end"
"#;

type Report = BTreeMap<String, Vec<String>>;

fn sections(text: &str) -> Report {
    let mut report = Report::new();
    let mut name = String::new();
    for line in text.lines().map(|line| line.trim_end_matches('\r')) {
        match line.strip_prefix("== ") {
            Some(next) => next.clone_into(&mut name),
            None => report.entry(name.clone()).or_default().push(line.to_owned()),
        }
    }
    assert_eq!(name, "end", "the report is not whole: {text}");
    report
}

/// One mount as `mountinfo` tells it.
struct Mount {
    options: BTreeSet<String>,
    kind: String,
    optional: String,
}

fn mounts(report: &Report) -> BTreeMap<String, Mount> {
    let parse = |line: &String| {
        let (left, right) = line.split_once(" - ").expect("mountinfo");
        let words: Vec<&str> = left.split(' ').collect();
        let mount = Mount {
            options: words[5].split(',').map(str::to_owned).collect(),
            kind: right.split(' ').next().unwrap_or_default().to_owned(),
            optional: words[6..].join(" "),
        };
        (words[4].to_owned(), mount)
    };
    report["mountinfo"].iter().map(parse).collect()
}

fn fields(lines: &[String]) -> BTreeMap<&str, &str> {
    lines.iter().filter_map(|line| line.split_once(':')).map(|(name, value)| (name, value.trim())).collect()
}

/// Writes the script and the key probe into a folder that every user can read; returns the option that mounts it.
fn tools(env: &TestEnv) -> String {
    const SESSION: u64 = (-3i64).cast_unsigned();
    const USER_SESSION: u64 = (-5i64).cast_unsigned();
    let add = system_call(libc::SYS_add_key, [DATA, DATA + 5, DATA, 4, USER_SESSION, 0], b"user\0coracle-probe\0");
    let search = system_call(libc::SYS_keyctl, [10, SESSION, DATA, DATA + 5, 0, 0], b"user\0coracle-probe\0");
    let number = env.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
    let folder = root_folder().join(format!("tools{number}"));
    std::fs::create_dir(&folder).unwrap();
    for (path, bytes) in [("", None), ("add", Some(&add[..])), ("search", Some(&search)), ("report", Some(REPORT.as_bytes()))] {
        if let Some(bytes) = bytes {
            std::fs::write(folder.join(path), bytes).unwrap();
        }
        std::fs::set_permissions(folder.join(path), std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let folder = folder.to_string_lossy().into_owned();
    env.host(&format!("{folder}/add"), &[]).run();
    format!("{folder}:/p:ro")
}

/// What H1 to H23 say of a report; `terminal` where the process has one.
fn check(report: &Report, way: &str, terminal: bool) {
    let status = fields(&report["status"]);
    // H1, H3: the filter, once.
    assert_eq!((status["Seccomp"], status["Seccomp_filters"]), ("2", "1"), "{way}");
    // H4, T20, T21: eleven capabilities, none that pass on by themselves.
    for name in ["CapPrm", "CapEff", "CapBnd"] {
        assert_eq!(status[name], "00000000800405fb", "{way}: {name}");
    }
    for name in ["CapInh", "CapAmb"] {
        assert_eq!(status[name], "0000000000000000", "{way}: {name}");
    }
    // H5.
    assert_eq!(status["NoNewPrivs"], "0", "{way}");
    let mounts = mounts(report);
    let has = |target: &str, kind: &str, options: &[&str]| {
        let mount = mounts.get(target).unwrap_or_else(|| panic!("{way}: nothing is mounted on {target}"));
        assert_eq!(mount.kind, kind, "{way}: {target}");
        for option in options {
            assert!(mount.options.contains(*option), "{way}: {target} lacks {option}: {:?}", mount.options);
        }
    };
    // H6, T79: what is masked is a null device or an empty read-only folder.
    for path in ["/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sched_debug", "/proc/latency_stats"]
    {
        if Path::new(path).exists() {
            assert!(mounts.contains_key(path), "{way}: {path} is not masked");
        }
    }
    for path in ["/proc/acpi", "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap"] {
        if Path::new(path).exists() {
            has(path, "tmpfs", &["ro"]);
        }
    }
    // H7.
    for path in ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"] {
        if Path::new(path).exists() {
            has(path, "proc", &["ro", "nosuid", "nodev", "noexec"]);
        }
    }
    assert!(report["sysctl"].iter().any(|line| line.contains("Read-only")), "{way}: {:?}", report["sysctl"]);
    // H8.
    has("/proc", "proc", &["rw", "nosuid", "nodev", "noexec"]);
    has("/sys", "sysfs", &["ro", "nosuid", "nodev", "noexec"]);
    if mounts.contains_key("/sys/fs/cgroup") {
        let kind = mounts["/sys/fs/cgroup"].kind.clone();
        assert!(kind == "cgroup2" || kind == "tmpfs", "{way}: {kind}");
        has("/sys/fs/cgroup", &kind, &["ro", "nosuid", "nodev", "noexec"]);
    }
    // H9.
    has("/dev", "tmpfs", &["nosuid"]);
    has("/dev/pts", "devpts", &["nosuid", "noexec"]);
    has("/dev/shm", "tmpfs", &["nosuid", "nodev", "noexec"]);
    has("/dev/mqueue", "mqueue", &["nosuid", "nodev", "noexec"]);
    let devices: BTreeSet<&str> =
        report["dev"].iter().filter(|line| line.contains("character special")).map(String::as_str).collect();
    let wanted = ["full 1:7", "null 1:3", "random 1:8", "tty 5:0", "urandom 1:9", "zero 1:5"].map(|pair| {
        let (name, number) = pair.split_once(' ').expect("a pair");
        format!("/dev/{name} character special file {number} 666")
    });
    let others: Vec<&&str> =
        devices.iter().filter(|line| !wanted.contains(&line.to_string()) && !line.starts_with("/dev/console ")).collect();
    assert!(others.is_empty() && wanted.iter().all(|line| devices.contains(line.as_str())), "{way}: {devices:?}");
    assert!(report["mknod"].iter().any(|line| line.contains("not permitted")), "{way}: {:?}", report["mknod"]);
    // H10.
    for (target, mount) in &mounts {
        assert!(!mount.optional.contains("shared:"), "{way}: {target} is shared");
    }
    assert_eq!(report["root"], ["/", "/proc/1/root/home/app"], "{way}");
    // H13, T17: three descriptors (the shell's own for the script is the fourth), none of them outside.
    let open: BTreeSet<&str> = report["fds"].iter().map(String::as_str).filter(|number| *number != "10").collect();
    assert_eq!(open, BTreeSet::from(["0", "1", "2"]), "{way}: {:?}", report["targets"]);
    for target in &report["targets"] {
        let inside = ["/dev/null", "/dev/pts/", "pipe:", "/p/report", "/tmp/", "/dev/console"];
        assert!(inside.iter().any(|start| target.starts_with(start)) || target.is_empty(), "{way}: {target}");
    }
    // H15: the caller's key is not found (ENOKEY, or a keyring that does not exist).
    if Path::new("/proc/keys").exists() {
        assert_ne!(report["key"], ["0"], "{way}: the caller's key is seen");
    }
    // H16.
    assert_eq!(report["umask"], ["0022"], "{way}");
    // H17.
    assert!(report["cgroup"].iter().any(|line| line == "0::/"), "{way}: {:?}", report["cgroup"]);
    // H19: a terminal of the container's own, or none.
    let controlled = report["session"][0].split(' ').nth(1) != Some("0");
    assert_eq!(controlled, terminal, "{way}: {:?}", report["session"]);
    let named = report["terminal"][0].starts_with("/dev/");
    assert_eq!(named, terminal, "{way}: {:?}", report["terminal"]);
}

/// Runs the report in every way in, and compares what must be the same.
fn table(env: &TestEnv, options: &[&str], wrap: impl Fn(Cmd) -> Cmd) {
    let archive = busybox_root().to_string_lossy().into_owned();
    wrap(env.cmd(&["import", &archive, "bb"])).run().ok();
    let mount = tools(env);
    let base = [&["--network", "none", "-v", &mount], options].concat();
    let run = |words: &[&str]| wrap(env.cmd(words)).run();
    let first = run(&[&["run", "--rm"], &base[..], &["bb", "sh", "/p/report"]].concat());
    let mut reports = vec![("run", sections(&first.ok()))];
    check(&reports[0].1, "run", false);
    let typed =
        wrap(env.cmd(&[&["run", "--rm", "-t"], &base[..], &["bb", "sh", "/p/report"]].concat())).on_terminal(24, 80).wait();
    let typed = sections(&typed.ok());
    check(&typed, "run -t", true);
    let forever = "trap 'exit 0' TERM; while :; do sleep 1000 & wait $!; done";
    let check_words = [
        "--name",
        "c",
        "--health-cmd",
        "sh /p/report >/tmp/health 2>&1; mv /tmp/health /tmp/healthy",
        "--health-interval",
        "100ms",
    ];
    run(&[&["run", "-d"], &base[..], &check_words, &["bb", "sh", "-c", forever]].concat()).ok();
    reports.push(("exec", sections(&run(&["exec", "c", "sh", "/p/report"]).ok())));
    let typed = wrap(env.cmd(&["exec", "-t", "c", "sh", "/p/report"])).on_terminal(24, 80).wait();
    check(&sections(&typed.ok()), "exec -t", true);
    run(&["exec", "c", "mkfifo", "/tmp/done"]).ok();
    run(&["exec", "-d", "c", "sh", "-c", "exec sh /p/report >/tmp/detached 2>&1 3>/tmp/done"]).ok();
    // The fifo's end is the session's.
    let detached = run(&["exec", "c", "sh", "-c", "cat /tmp/done; cat /tmp/detached"]);
    let mut detached = sections(&detached.ok());
    detached.get_mut("fds").expect("descriptors").retain(|number| number != "3");
    reports.push(("exec -d", detached));
    run(&["wait", "--condition", "healthy", "c"]).ok();
    reports.push(("health check", sections(&run(&["exec", "c", "cat", "/tmp/healthy"]).ok())));
    run(&["rm", "-f", "-t", "0", "c"]).ok();
    let same = |report: &Report| {
        let mut same = Report::new();
        for name in ["limits", "uid_map", "gid_map", "setgroups", "attr", "umask", "cgroup"] {
            same.insert(name.to_owned(), report.get(name).cloned().unwrap_or_default());
        }
        let status = fields(&report["status"]);
        let of_status = ["Uid", "Gid", "Groups", "CapBnd", "SigIgn", "SigBlk"].map(|name| status[name].to_owned());
        same.insert("status".to_owned(), of_status.to_vec());
        same
    };
    let wanted = same(&reports[0].1);
    for (way, report) in &reports {
        check(report, way, false);
        assert_eq!(same(report), wanted, "{way}");
    }
}

fn maps(env: &TestEnv, options: &[&str]) -> String {
    env.sh(options, "cat /proc/self/uid_map; cat /proc/self/setgroups")
}

fn every_way_in_is_as_hard_in_the_session_namespace(env: &TestEnv) {
    table(env, &[], |cmd| cmd);
    // H23: the caller is root, and nobody else of the host's users is there.
    let text = maps(env, &[]);
    let own = rustix::process::getuid().as_raw().to_string();
    let words: Vec<&str> = text.lines().next().expect("a map").split_whitespace().collect();
    assert_eq!(words[..3], ["0", own.as_str(), "1"], "{text}");
}

fn every_way_in_is_as_hard_with_keep_id(env: &TestEnv) {
    table(env, &["--userns", "keep-id", "--user", "0"], |cmd| cmd);
    assert!(maps(env, &["--userns", "keep-id"]).lines().count() > 2);
}

fn every_way_in_is_as_hard_with_auto(env: &TestEnv) {
    table(env, &["--userns", "auto"], |cmd| cmd);
}

fn every_way_in_is_as_hard_with_nomap(env: &TestEnv) {
    table(env, &["--userns", "nomap"], |cmd| cmd);
    let own = rustix::process::getuid().as_raw().to_string();
    let text = maps(env, &["--userns", "nomap"]);
    assert!(text.lines().all(|line| line.split_whitespace().nth(1) != Some(own.as_str())), "{text}");
}

fn every_way_in_is_as_hard_with_one_id(env: &TestEnv) {
    let as_stranger = |cmd| crate::identity::as_stranger(env, cmd);
    table(env, &[], as_stranger);
    let args = ["run", "--rm", "--network", "none", "bb", "sh", "-c", "cat /proc/self/setgroups; wc -l </proc/self/uid_map"];
    assert_eq!(as_stranger(env.cmd(&args)).run().ok(), "deny\n1");
}

/// What the filter answers, as the kernel would find out (seccomp(2), `struct seccomp_data`).
fn answer(program: &[u8], number: u32) -> u32 {
    const ARCH: u32 = if cfg!(target_arch = "aarch64") { 0xc000_00b7 } else { 0xc000_003e };
    let mut data = Vec::new();
    data.extend(number.to_ne_bytes());
    data.extend(ARCH.to_ne_bytes());
    data.extend([0; 8]);
    data.extend([0xff; 48]);
    let word = |bytes: &[u8]| u32::from_ne_bytes(bytes.try_into().expect("four bytes"));
    let (mut at, mut register) = (0, 0);
    loop {
        let step: &[u8] = &program[at * 8..at * 8 + 8];
        let value = word(&step[4..]);
        at += 1;
        let jump = |yes: bool| usize::from(if yes { step[2] } else { step[3] });
        // linux/bpf_common.h: load a word, jump, jump if equal, jump if greater or equal, return.
        match u16::from_ne_bytes([step[0], step[1]]) {
            0x20 => register = word(&data[value as usize..value as usize + 4]),
            0x05 => at += value as usize,
            0x15 => at += jump(register == value),
            0x35 => at += jump(register >= value),
            0x06 => return value,
            other => panic!("the filter has an instruction {other:#x} that this test does not know"),
        }
    }
}

/// H1, T50: every number, with arguments that make no sense, against the filter that was compiled for these capabilities.
fn every_system_call_is_answered_as_the_filter_says(env: &TestEnv) {
    const ALLOW: u32 = 0x7fff_0000;
    const ERRNO: u32 = 0x0005_0000;
    // They end, hang or stop the program that asks; or act on a time that passes meanwhile.
    let own_way: &[libc::c_long] =
        &[libc::SYS_exit, libc::SYS_exit_group, libc::SYS_rt_sigreturn, libc::SYS_restart_syscall, libc::SYS_rt_sigsuspend];
    #[cfg(target_arch = "x86_64")]
    let own_way = {
        // The last two are for the kernel's own trampolines, which no filter is asked about (Linux 6.14); others get a signal.
        [own_way, &[libc::SYS_pause, libc::SYS_fork, libc::SYS_vfork, 335, 336]].concat()
    };
    let numbers: Vec<u32> = (0..480).filter(|number| !own_way.iter().any(|own| i64::from(*number) == *own)).collect();
    for number in &numbers {
        let path = env.file(&format!("p/{number}"), system_call((*number).into(), [u64::MAX; 6], &[]));
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mount = format!("{}:/p:ro", env.folder("p"));
    let script = "cd /p; for p in *; do ./$p </dev/null >/dev/null 2>&1; echo $p $?; done";
    let ask = |options: &[&str]| -> BTreeMap<u32, u32> {
        let text = env.sh(&[&["-v", &mount], options].concat(), script);
        let pair = |line: &str| line.split_once(' ').and_then(|(number, code)| Some((number.parse().ok()?, code.parse().ok()?)));
        text.lines().filter_map(pair).collect()
    };
    let inside = ask(&[]);
    let open = ask(&["--security-opt", "seccomp=unconfined"]);
    assert_eq!(inside.len(), numbers.len());
    let filter = coracle::runtime::seccomp::compile(CapSet::DEFAULT);
    let (mut refused, mut allowed) = (0, 0);
    for number in &numbers {
        match answer(&filter, *number) {
            ALLOW => {
                allowed += 1;
                assert_eq!(inside[number], open[number], "call {number} is let through");
            }
            other => {
                refused += 1;
                assert_eq!(other & 0xffff_0000, ERRNO, "call {number}");
                assert_eq!(inside[number], other & 0xffff, "call {number} is refused");
            }
        }
    }
    assert!(refused > 60 && allowed > 250, "{refused} refused, {allowed} allowed");
}

/// H1: the 32-bit entry of the kernel has other numbers; the filter knows none of them.
fn calls_of_other_machines_end_the_process(env: &TestEnv) {
    if !cfg!(target_arch = "x86_64") {
        return;
    }
    // mov eax, 20 (getpid of i386); int 0x80; mov edi, 0; mov eax, 60; syscall
    let code = [0xb8, 20, 0, 0, 0, 0xcd, 0x80, 0xbf, 0, 0, 0, 0, 0xb8, 60, 0, 0, 0, 0x0f, 0x05];
    let path = env.file("p/other", crate::harness::elf::machine_code(&code));
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mount = format!("{}:/p:ro", env.folder("p"));
    let code = env.bb(&["-v", &mount], &["/p/other"]).code;
    // SIGSYS; where the kernel has no such entry, SIGSEGV.
    assert!([128 + libc::SIGSYS, 128 + libc::SIGSEGV].contains(&code), "{code}");
}

/// H18, T25.
fn kernel_settings_of_the_host_are_refused(env: &TestEnv) {
    env.busybox();
    for setting in [
        "kernel.core_pattern=|/x",
        "kernel.shm_rmid_forced=1+kernel.core_pattern=|/x",
        "kernel.shm_rmid_forced=1\nkernel.core_pattern=|/x",
        "vm.drop_caches=1",
        "kernel.hostname=x",
        "fs.file-max=1",
        "net/../kernel/core_pattern=x",
        "net.ipv4.../../../kernel/core_pattern=x",
        "kernel.shm/../core_pattern=x",
        "user.max_user_namespaces=0",
    ] {
        let output = env.bb(&["--sysctl", setting], &["true"]);
        assert!(output.code >= 125 && output.stderr().contains("Error: "), "{setting:?}: {output}");
    }
    for (setting, shared) in [("net.ipv4.ip_forward=1", "--network=host"), ("kernel.shmmax=1", "--ipc=host")] {
        let output = env.run(&["run", "--rm", shared, "--sysctl", setting, "bb", "true"]);
        assert!(output.code >= 125, "{setting}: {output}");
    }
    // The twin.
    let options = ["--sysctl", "kernel.shm_rmid_forced=1", "--sysctl", "net.ipv4.ip_forward=1"];
    let script = "cat /proc/sys/kernel/shm_rmid_forced /proc/sys/net/ipv4/ip_forward";
    assert_eq!(env.sh(&options, script), "1\n1");
}

/// H22, T23: a host without labels does not have them, and a container that wants one does not start.
fn labels_are_only_claimed_where_they_are(env: &TestEnv) {
    env.busybox();
    let apparmor = std::fs::read_to_string("/sys/module/apparmor/parameters/enabled").is_ok_and(|text| text.trim() == "Y");
    let selinux = Path::new("/sys/fs/selinux/enforce").exists();
    assert_eq!(env.ok(&["info", "--format", "{{.Host.Security.AppArmorEnabled}}"]), apparmor.to_string());
    assert_eq!(env.ok(&["info", "--format", "{{.Host.Security.SELinuxEnabled}}"]), selinux.to_string());
    for (there, option) in [(apparmor, "apparmor=some-profile"), (selinux, "label=type:some_t")] {
        if !there {
            env.bb(&["--security-opt", option], &["true"]).fails(125, &[]);
        }
    }
    let label = env.sh(&[], "cat /proc/self/attr/current 2>/dev/null; echo");
    let own = std::fs::read_to_string("/proc/self/attr/current").unwrap_or_default();
    assert!(apparmor || selinux || label.trim_end_matches('\0').trim() == own.trim_end_matches('\0').trim(), "{label:?}");
}

/// H16.
fn the_number_of_processes_is_bounded(env: &TestEnv) {
    let id = env.start(&[]);
    let line = std::fs::read_to_string(format!("/proc/{}/cgroup", env.init_pid(&id))).unwrap();
    let path = line.lines().find_map(|line| line.strip_prefix("0::")).expect("a cgroup").to_owned();
    let most = std::fs::read_to_string(format!("/sys/fs/cgroup{path}/pids.max")).unwrap_or_default();
    env.remove(&[&id]);
    assert_eq!(most.trim(), "2048", "{path}");
}

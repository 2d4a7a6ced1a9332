//! config.md "Process", config-linux.md: what a program is and what it may do.

use super::Bundle;
use crate::harness::{Case, Need, TestEnv, case};
use serde_json::json;

pub fn cases() -> Vec<Case> {
    vec![
        case!(all_five_sets_of_capabilities_are_as_configured),
        case!(limits_umask_and_scheduling_are_as_configured),
        case!(another_user_has_his_groups).needs(&[Need::Subids]),
        case!(the_working_directory_is_made_and_entered),
        case!(a_filter_answers_for_every_action),
        case!(a_filter_binds_the_program_and_not_its_start),
        case!(names_and_kernel_settings_are_the_namespaces),
        case!(namespaces_are_new_shared_or_joined),
        case!(maps_are_those_of_the_configuration),
        case!(the_clock_is_moved_by_a_time_namespace),
        case!(a_terminal_goes_over_the_console_socket),
        case!(descriptors_are_passed_on),
        case!(exec_takes_a_whole_process),
        case!(a_pretended_machine),
        case!(memory_comes_from_the_nodes_of_the_policy),
        case!(a_program_that_the_kernel_refuses_is_no_success),
    ]
}

fn lines(bundle: &Bundle<'_>) -> Vec<String> {
    bundle.run().ok().lines().map(str::to_owned).collect()
}

fn all_five_sets_of_capabilities_are_as_configured(env: &TestEnv) {
    let sets = json!({
        "bounding": ["CAP_CHOWN", "CAP_KILL", "CAP_SETUID", "CAP_NET_RAW"],
        "permitted": ["CAP_CHOWN", "CAP_KILL", "CAP_SETUID"],
        "effective": ["CAP_CHOWN", "CAP_KILL"],
        "inheritable": ["CAP_KILL", "CAP_SETUID"],
        "ambient": ["CAP_KILL"],
    });
    let look = "grep ^Cap /proc/self/status";
    let bundle = Bundle::script(env, look).set("/process/capabilities", sets.clone());
    // Root gets with a program all that is bounding or inheritable (capabilities(7)).
    let root =
        ["CapInh:\t00000000000000a0", "CapPrm:\t00000000000020a1", "CapEff:\t00000000000020a1", "CapBnd:\t00000000000020a1"];
    assert_eq!(lines(&bundle)[..4], root);
    // An inherited set that is kept from root's rule: no program gets more.
    let bundle = bundle.set("/process/user", json!({"uid": 7, "gid": 7}));
    let user = [
        "CapInh:\t00000000000000a0",
        "CapPrm:\t0000000000000020",
        "CapEff:\t0000000000000020",
        "CapBnd:\t00000000000020a1",
        "CapAmb:\t0000000000000020",
    ];
    assert_eq!(lines(&bundle), user);
    let none = Bundle::script(env, look).set("/process/capabilities", json!(null));
    assert!(lines(&none).iter().all(|line| line.ends_with("\t0000000000000000")));
    // One that nobody knows is warned of.
    let odd = Bundle::new(env, &["true"]).set("/process/capabilities", json!({"bounding": ["CAP_ODD"]}));
    let output = odd.run();
    assert!(output.code == 0 && output.stderr().contains("CAP_ODD"), "{output}");
}

fn limits_umask_and_scheduling_are_as_configured(env: &TestEnv) {
    let script = "umask; ulimit -n; ulimit -Hn; cat /proc/self/oom_score_adj; ionice -p $$; cut -d' ' -f19,41 /proc/self/stat; grep NoNewPrivs /proc/self/status";
    let bundle = Bundle::script(env, script)
        .set("/process/user/umask", json!(0o27))
        .set("/process/rlimits", json!([{"type": "RLIMIT_NOFILE", "soft": 33, "hard": 44}]))
        .set("/process/oomScoreAdj", json!(77))
        .set("/process/ioPriority", json!({"class": "IOPRIO_CLASS_BE", "priority": 6}))
        .set("/process/scheduler", json!({"policy": "SCHED_BATCH", "nice": 5}))
        .set("/process/noNewPrivileges", json!(true));
    assert_eq!(lines(&bundle), ["0027", "33", "44", "77", "best-effort: prio 6", "5 3", "NoNewPrivs:\t1"]);
}

fn another_user_has_his_groups(env: &TestEnv) {
    let bundle = Bundle::script(env, "id -u; id -g; id -G; echo $HOME")
        .set("/process/user", json!({"uid": 1000, "gid": 50, "additionalGids": [7, 9]}));
    assert_eq!(lines(&bundle), ["1000", "50", "50 7 9", "/home/app"]);
}

fn the_working_directory_is_made_and_entered(env: &TestEnv) {
    let bundle = Bundle::new(env, &["pwd"]).set("/process/cwd", json!("/a/b")).set("/root/readonly", json!(true));
    bundle.run().prints("/a/b");
    let bundle = Bundle::new(env, &["true"]).set("/process/cwd", json!("/proc/self/fd/3"));
    assert_ne!(bundle.run().code, 0);
}

fn a_filter_answers_for_every_action(env: &TestEnv) {
    let filter = json!({
        "defaultAction": "SCMP_ACT_ALLOW",
        "flags": ["SECCOMP_FILTER_FLAG_SPEC_ALLOW"],
        "syscalls": [
            {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 36},
            {"names": ["sethostname"], "action": "SCMP_ACT_KILL_PROCESS"},
            {"names": ["kill"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 1, "value": 12, "op": "SCMP_CMP_EQ"}]},
        ],
    });
    for no_new_privileges in [true, false] {
        let script = "mkdir /x; kill -USR2 $$; hostname other; echo $?; grep Seccomp: /proc/self/status";
        let bundle = Bundle::script(env, &format!("({script}) 2>&1"))
            .set("/linux/seccomp", filter.clone())
            .set("/process/noNewPrivileges", json!(no_new_privileges));
        let text = bundle.run().ok();
        for word in ["File name too long", "Operation not permitted", "\n159\n", "Seccomp:\t2"] {
            assert!(text.contains(word), "{word}: {text}");
        }
    }
}

/// A filter that is older than a system call refuses it; the runtime has none to make any more when it loads the filter.
fn a_filter_binds_the_program_and_not_its_start(env: &TestEnv) {
    let refused = ["close_range", "openat2", "clone3", "mount_setattr", "move_mount", "dup3"];
    let filter = json!({
        "defaultAction": "SCMP_ACT_ALLOW",
        "syscalls": [{"names": refused, "action": "SCMP_ACT_ERRNO", "errnoRet": 1}],
    });
    for no_new_privileges in [true, false] {
        let bundle = Bundle::script(env, "grep Seccomp: /proc/self/status; ls /proc/self/fd | wc -l")
            .set("/linux/seccomp", filter.clone())
            .set("/process/noNewPrivileges", json!(no_new_privileges));
        assert_eq!(lines(&bundle), ["Seccomp:\t2", "4"], "no_new_privs {no_new_privileges}");
    }
}

fn names_and_kernel_settings_are_the_namespaces(env: &TestEnv) {
    let bundle =
        Bundle::script(env, "hostname; cat /proc/sys/kernel/domainname /proc/sys/kernel/shmmni /proc/sys/net/ipv4/ip_forward")
            .set("/hostname", json!("a-host"))
            .set("/domainname", json!("a-domain"))
            .set("/linux/sysctl", json!({"kernel.shmmni": "77", "net.ipv4.ip_forward": "1"}))
            .set("/linux/readonlyPaths", json!(["/proc/sys"]));
    assert_eq!(lines(&bundle), ["a-host", "a-domain", "77", "1"]);
}

fn namespaces_are_new_shared_or_joined(env: &TestEnv) {
    let first = Bundle::new(env, &["sleep", "1000"]);
    first.up();
    let pid = first.state()["pid"].to_string();
    let of = |process: &str, kind: &str| {
        std::fs::read_link(format!("/proc/{process}/ns/{kind}")).expect("a namespace").to_string_lossy().into_owned()
    };
    let kinds = ["ipc", "uts", "net", "pid", "cgroup"];
    let path = |kind: &str| json!(format!("/proc/{pid}/ns/{kind}"));
    let script = "for i in ipc uts net pid cgroup; do readlink /proc/self/ns/$i; done";
    let second = Bundle::named(env, "c2", &["sh", "-c", script]).set(
        "/linux/namespaces",
        json!([
            {"type": "mount"}, {"type": "user", "path": path("user")}, {"type": "pid", "path": path("pid")},
            {"type": "ipc", "path": path("ipc")}, {"type": "uts", "path": path("uts")}, {"type": "network", "path": path("net")},
        ]),
    );
    let second = second.set("/hostname", json!(""));
    let found = lines(&second);
    for (kind, found) in kinds.iter().zip(&found) {
        // What the configuration does not name is the caller's.
        let wanted = if *kind == "cgroup" { of("self", kind) } else { of(&pid, kind) };
        assert_eq!(*found, wanted, "{kind}");
    }
    let third = Bundle::named(env, "c3", &["sh", "-c", script]);
    for (kind, found) in kinds.iter().zip(lines(&third)) {
        assert_ne!(found, of("self", kind), "{kind}");
        assert_ne!(found, of(&pid, kind), "{kind}");
    }
    first.delete();
}

fn maps_are_those_of_the_configuration(env: &TestEnv) {
    let (uid, gid) = (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw());
    let one = |inside: u32, id: u32| json!([{"containerID": inside, "hostID": id, "size": 1}]);
    let bundle = Bundle::script(env, "tr -s ' ' </proc/self/uid_map; tr -s ' ' </proc/self/gid_map; id -u")
        .add("/linux/namespaces", json!({"type": "user"}))
        .set("/linux/uidMappings", one(5, uid))
        .set("/linux/gidMappings", one(6, gid))
        .set("/process/user", json!({"uid": 5, "gid": 6}));
    assert_eq!(lines(&bundle), [format!(" 5 {uid} 1"), format!(" 6 {gid} 1"), "5".to_owned()]);
    let other = Bundle::new(env, &["true"])
        .add("/linux/namespaces", json!({"type": "user"}))
        .set("/linux/uidMappings", one(0, 0))
        .set("/linux/gidMappings", one(0, 0));
    assert_ne!(other.run().code, 0, "root of the host is nobody's to map");
}

fn the_clock_is_moved_by_a_time_namespace(env: &TestEnv) {
    let bundle = Bundle::script(env, "cut -d. -f1 /proc/uptime; cat /proc/self/timens_offsets | tr -s ' '")
        .add("/linux/namespaces", json!({"type": "time"}))
        .set("/linux/timeOffsets", json!({"boottime": {"secs": 5_000_000}, "monotonic": {"secs": 7, "nanosecs": 8}}));
    let found = lines(&bundle);
    let seconds: u64 = found[0].parse().expect("seconds");
    assert!(seconds >= 5_000_000, "{found:?}");
    assert!(found[1..].iter().any(|line| line.split_ascii_whitespace().eq(["monotonic", "7", "8"])), "{found:?}");
}

fn a_terminal_goes_over_the_console_socket(env: &TestEnv) {
    use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
    use std::io::Read as _;
    let script = "tty; stty size; ls -l /dev/console | cut -c1; test -t 0 && test -t 2 && echo yes";
    let bundle = Bundle::script(env, script)
        .set("/process/terminal", json!(true))
        .set("/process/consoleSize", json!({"height": 11, "width": 22}));
    bundle.create().fails(1, &["--console-socket"]);
    let path = env.work().join("console");
    let listener = std::os::unix::net::UnixListener::bind(&path).expect("a socket");
    let folder = bundle.folder().to_string_lossy().into_owned();
    bundle.write();
    bundle.cmd(&["create", "--bundle", &folder, "--console-socket", &path.to_string_lossy(), "c1"]).run().ok();
    let (stream, _) = listener.accept().expect("the runtime");
    let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut bytes = [0; 64];
    recvmsg(&stream, &mut [std::io::IoSliceMut::new(&mut bytes)], &mut control, RecvFlags::CMSG_CLOEXEC).expect("a message");
    let master = control.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut fds) => fds.next(),
        _ => None,
    });
    bundle.start().ok();
    let mut text = Vec::new();
    // EIO is the end of a terminal.
    let _ = std::fs::File::from(master.expect("the master")).read_to_end(&mut text);
    assert_eq!(String::from_utf8_lossy(&text).replace('\r', ""), "/dev/pts/0\n11 22\nc\nyes\n");
    bundle.delete();
    let plain = Bundle::new(env, &["true"]);
    plain.write();
    bundle
        .cmd(&["create", "--bundle", &folder, "--console-socket", &path.to_string_lossy(), "c1"])
        .run()
        .fails(1, &["no terminal"]);
}

fn descriptors_are_passed_on(env: &TestEnv) {
    let bundle = Bundle::script(env, "cat <&3; cat <&4; echo $LISTEN_FDS; ls /proc/self/fd | tr '\\n' ' '");
    bundle.write();
    let (program, before) = super::runtime(env);
    let words = [before.join(" "), format!("run --preserve-fds 2 --bundle {}", bundle.folder().display())].join(" ");
    let script = format!("echo three >f3; echo four >f4; exec 3<f3 4<f4 5<f3; exec {program} {words} c1");
    env.host("sh", &["-c", &script]).run().prints("three\nfour\n\n0 1 2 3 4 5 ");
    let script = format!("exec 3<f3; LISTEN_FDS=1 exec {program} {} c1", words.replace("--preserve-fds 2 ", ""));
    env.host("sh", &["-c", &script]).run();
    let bundle = Bundle::script(env, "cat <&3; echo $LISTEN_FDS $LISTEN_PID");
    bundle.write();
    env.host("sh", &["-c", &script]).run().prints("three\n1 1");
}

fn exec_takes_a_whole_process(env: &TestEnv) {
    let bundle = Bundle::new(env, &["sleep", "1000"]);
    bundle.up();
    let process = json!({
        "user": {"uid": 0, "gid": 0, "umask": 0o77}, "cwd": "/tmp", "env": ["A=b"],
        "args": ["/bin/sh", "-c", "pwd; umask; echo $A$PATH; grep CapEff /proc/self/status"],
        "capabilities": {"bounding": ["CAP_KILL"], "effective": ["CAP_KILL"], "permitted": ["CAP_KILL"]},
    });
    let file = env.file("process.json", process.to_string());
    bundle
        .cmd(&["exec", "--process", &file, "c1"])
        .run()
        .prints("/tmp\n0077\nb/sbin:/usr/sbin:/bin:/usr/bin\nCapEff:\t0000000000000020");
    let options = ["exec", "--cwd", "/etc", "--env", "X=y", "--user", "0:0", "--cap", "CAP_CHOWN", "--no-new-privs", "c1"];
    let script = "pwd; echo $X; grep -E 'CapEff|NoNew' /proc/self/status";
    bundle
        .cmd(&[&options[..], &["sh", "-c", script]].concat())
        .run()
        .prints("/etc\ny\nCapEff:\t0000000000000001\nNoNewPrivs:\t1");
    assert_eq!(bundle.exec(&["sh", "-c", "exit 7"]).code, 7);
    bundle.exec(&["nosuch"]).fails(1, &["nosuch", "No such file"]);
    bundle.exec(&[]).fails(1, &["args"]);
    let (program, before) = super::runtime(env);
    let detached = format!("exec {program} {} exec --detach --pid-file pid c1 sleep 500 >/dev/null 2>&1", before.join(" "));
    env.host("sh", &["-c", &detached]).run().ok();
    let pid: i64 = std::fs::read_to_string(env.work().join("pid")).expect("the pid file").parse().expect("a pid");
    let pids: Vec<i64> = serde_json::from_str(&bundle.on(&["ps", "-f", "json"], &[]).ok()).expect("pids");
    assert!(pids.contains(&pid), "{pids:?} {pid}");
    bundle.delete();
}

fn a_pretended_machine(env: &TestEnv) {
    let bundle = Bundle::new(env, &["uname", "-m"]).set("/linux/personality", json!({"domain": "LINUX32"}));
    let machine = bundle.run().ok();
    assert!(["i686", "armv8l"].contains(&machine.as_str()), "{machine}");
}

fn a_program_that_the_kernel_refuses_is_no_success(env: &TestEnv) {
    // One argument may have 128 KiB (execve(2)).
    let long = "x".repeat(200_000);
    let bundle = Bundle::new(env, &["true", &long]);
    bundle.create().ok();
    bundle.start().fails(1, &["Argument list too long"]);
    bundle.delete();
    let bundle = Bundle::new(env, &["sleep", "1000"]);
    bundle.up();
    let mut process = bundle.config["process"].clone();
    process["args"] = json!(["true", long]);
    let file = env.work().join("process.json");
    std::fs::write(&file, process.to_string()).expect("write the process");
    let output = bundle.on(&["exec", "--process", &file.to_string_lossy()], &[]);
    assert!(output.code != 0 && output.stderr().contains("Argument list too long"), "{output}");
    bundle.delete();
}

/// config-linux.md "Memory policy".
fn memory_comes_from_the_nodes_of_the_policy(env: &TestEnv) {
    let look = "head -1 /proc/self/numa_maps | cut -d ' ' -f 2; sleep 1000";
    let policy = json!({"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES"]});
    let bundle = Bundle::script(env, look).set("/linux/memoryPolicy", policy);
    if !std::path::Path::new("/proc/self/numa_maps").exists() {
        // A kernel without nodes says so.
        bundle.create().fails(1, &["memoryPolicy"]);
        return;
    }
    bundle.up();
    bundle.exec(&["sh", "-c", "until grep -q ^sleep /proc/*/cmdline; do :; done"]).ok();
    assert_eq!(bundle.out(), "bind=static:0\n");
    bundle.exec(&["sh", "-c", "head -1 /proc/self/numa_maps | cut -d ' ' -f 2"]).prints("bind=static:0");
    bundle.delete();
    Bundle::new(env, &["true"]).set("/linux/memoryPolicy", json!({"mode": "MPOL_BIND"})).create().fails(1, &["memoryPolicy"]);
}

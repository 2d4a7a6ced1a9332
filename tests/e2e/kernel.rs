//! The system call filter (H1–H3) and what else a program inside may ask of the kernel, by programs of one call each.

use crate::harness::elf::{DATA, system_call};
use crate::harness::{Case, Need, TestEnv, case};
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;

pub fn cases() -> Vec<Case> {
    let all = [
        case!(dangerous_calls_are_refused),
        case!(calls_that_programs_live_on_are_let_through),
        case!(sockets_of_dangerous_families_are_refused).gap("podman 4's profile is older"),
        case!(a_call_that_nobody_knows_is_enosys),
        case!(the_filter_holds_for_exec_too),
        case!(the_callers_terminal_cannot_be_typed_on),
        case!(the_callers_keyring_is_not_seen).needs(&[Need::Keyring]),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

const NONE: u64 = u64::MAX;
const EPERM: i32 = libc::EPERM;
const ENOSYS: i32 = libc::ENOSYS;

/// A named program of one call.
struct Probe {
    name: String,
    bytes: Vec<u8>,
}

fn probe(name: &str, number: libc::c_long, args: [u64; 6]) -> Probe {
    Probe { name: name.to_owned(), bytes: system_call(number, args, b"user\0coracle-probe\0") }
}

/// Writes the programs into a folder and returns the options that mount it at `/p`.
fn volume(env: &TestEnv, probes: &[Probe]) -> String {
    for probe in probes {
        let path = env.file(&format!("p/{}", probe.name), &probe.bytes);
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    format!("{}:/p:ro", env.folder("p"))
}

const RUN_ALL: &str = "cd /p; for p in *; do ./$p; echo $p $?; done";

fn answers(text: &str) -> BTreeMap<String, i32> {
    text.lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(name, errno)| (name.to_owned(), errno.parse().unwrap_or_else(|_| panic!("{text}"))))
        .collect()
}

/// Runs the programs in a container; returns each one's errno.
fn run(env: &TestEnv, probes: &[Probe]) -> BTreeMap<String, i32> {
    let volume = volume(env, probes);
    let answers = answers(&env.sh(&["-v", &volume], RUN_ALL));
    assert_eq!(answers.len(), probes.len());
    answers
}

fn dangerous() -> Vec<Probe> {
    let bogus = [NONE; 6];
    vec![
        probe("add_key", libc::SYS_add_key, bogus),
        probe("bpf", libc::SYS_bpf, bogus),
        probe("delete_module", libc::SYS_delete_module, bogus),
        probe("fanotify_init", libc::SYS_fanotify_init, bogus),
        probe("finit_module", libc::SYS_finit_module, bogus),
        probe("io_uring_enter", libc::SYS_io_uring_enter, bogus),
        probe("io_uring_register", libc::SYS_io_uring_register, bogus),
        probe("io_uring_setup", libc::SYS_io_uring_setup, bogus),
        probe("kexec_load", libc::SYS_kexec_load, bogus),
        probe("lookup_dcookie", libc::SYS_lookup_dcookie, bogus),
        probe("nfsservctl", libc::SYS_nfsservctl, bogus),
        probe("open_by_handle_at", libc::SYS_open_by_handle_at, bogus),
        probe("perf_event_open", libc::SYS_perf_event_open, bogus),
        probe("personality", libc::SYS_personality, [0x004_0000, 0, 0, 0, 0, 0]),
        probe("quotactl", libc::SYS_quotactl, bogus),
        probe("request_key", libc::SYS_request_key, bogus),
        probe("swapon", libc::SYS_swapon, bogus),
        // UFFD_USER_MODE_ONLY: allowed to everyone by the kernel.
        probe("userfaultfd", libc::SYS_userfaultfd, [1, 0, 0, 0, 0, 0]),
        probe("vmsplice", libc::SYS_vmsplice, bogus),
    ]
}

/// H1, H3, T50.
fn dangerous_calls_are_refused(env: &TestEnv) {
    // vmsplice and request_key differ between profiles: only told apart from a kernel that would act on them.
    let probes: Vec<Probe> =
        dangerous().into_iter().filter(|probe| !["vmsplice", "request_key"].contains(&probe.name.as_str())).collect();
    for (name, errno) in run(env, &probes) {
        assert!(errno == EPERM || errno == ENOSYS, "{name}: {errno}");
    }
    // The twin: without a filter the kernel itself answers otherwise, so the test can tell.
    let host = env.host("sh", &["-c", "cd p; ./io_uring_setup; echo $?; ./add_key; echo $?"]).run();
    assert!(!host.ok().lines().all(|errno| errno == ENOSYS.to_string()), "{host}");
}

fn calls_that_programs_live_on_are_let_through(env: &TestEnv) {
    let bogus = [NONE; 6];
    let probes = [
        probe("clone3", libc::SYS_clone3, [0; 6]),
        probe("close_range", libc::SYS_close_range, [500, 501, 0, 0, 0, 0]),
        probe("faccessat2", libc::SYS_faccessat2, bogus),
        probe("getrandom", libc::SYS_getrandom, [DATA, 1, 0, 0, 0, 0]),
        probe("mount_setattr", libc::SYS_mount_setattr, bogus),
        probe("openat2", libc::SYS_openat2, bogus),
        probe("personality", libc::SYS_personality, [0xffff_ffff, 0, 0, 0, 0, 0]),
        probe("pidfd_open", libc::SYS_pidfd_open, bogus),
        probe("process_vm_readv", libc::SYS_process_vm_readv, bogus),
        probe("ptrace", libc::SYS_ptrace, bogus),
        probe("rseq", libc::SYS_rseq, bogus),
        probe("statx", libc::SYS_statx, bogus),
        // CLONE_NEWUSER: Podman's profile allows it, so containers nest.
        probe("unshare", libc::SYS_unshare, [0x1000_0000, 0, 0, 0, 0, 0]),
    ];
    for (name, errno) in run(env, &probes) {
        let kernel = match name.as_str() {
            "close_range" | "getrandom" | "personality" | "unshare" => errno == 0,
            // The kernel checks the capability first.
            "mount_setattr" => errno != ENOSYS,
            _ => errno != ENOSYS && errno != EPERM,
        };
        assert!(kernel, "{name}: {errno}");
    }
}

/// H2, T50.
fn sockets_of_dangerous_families_are_refused(env: &TestEnv) {
    let socket = |name, family, kind, protocol| probe(name, libc::SYS_socket, [family, kind, protocol, 0, 0, 0]);
    let probes = [
        socket("alg", 38, 5, 0),
        socket("audit", 16, 3, 9),
        socket("inet", 2, 1, 0),
        socket("netlink", 16, 3, 0),
        socket("packet", 17, 3, 0),
        socket("raw", 2, 3, 1),
        socket("unix", 1, 1, 0),
        socket("vsock", 40, 1, 0),
    ];
    let answers = run(env, &probes);
    let refused = |name: &str| answers[name] == EPERM || answers[name] == ENOSYS;
    assert!(refused("alg") && refused("vsock") && refused("packet") && refused("raw"), "{answers:?}");
    assert_eq!(answers["audit"], libc::EINVAL, "{answers:?}");
    for name in ["inet", "netlink", "unix"] {
        assert_eq!(answers[name], 0, "{name} of {answers:?}");
    }
}

fn a_call_that_nobody_knows_is_enosys(env: &TestEnv) {
    let answers = run(env, &[probe("unknown", 2000, [NONE; 6])]);
    assert_eq!(answers["unknown"], ENOSYS);
}

/// H3.
fn the_filter_holds_for_exec_too(env: &TestEnv) {
    let volume = volume(env, &dangerous());
    let id = env.start(&["-v", &volume]);
    let inside = answers(&env.ok(&["exec", &id, "sh", "-c", RUN_ALL]));
    env.remove(&[&id]);
    assert_eq!(inside, answers(&env.sh(&["-v", &volume], RUN_ALL)));
}

/// H19, T27.
fn the_callers_terminal_cannot_be_typed_on(env: &TestEnv) {
    env.busybox();
    // TIOCSTI on each of the three descriptors; without -t none may be the caller's terminal.
    let probes: Vec<Probe> =
        (0..3).map(|fd| probe(&format!("sti{fd}"), libc::SYS_ioctl, [fd, libc::TIOCSTI, DATA, 0, 0, 0])).collect();
    let volume = volume(env, &probes);
    for interactive in [false, true] {
        let mut args = vec!["run", "--rm", "--network", "none", "-v", &volume];
        args.extend(interactive.then_some("-i"));
        let script = "cd /p; for p in *; do ./$p; echo $p $?; done; ls -l /proc/1/fd | grep -c pts; cut -d' ' -f7 /proc/1/stat";
        args.extend(["bb", "sh", "-c", script]);
        let output = env.cmd(&args).on_terminal(24, 80).wait();
        let text = output.ok().replace('\r', "");
        for name in ["sti0", "sti1", "sti2"] {
            assert!(text.contains(&format!("{name} {}", libc::ENOTTY)), "{output}");
        }
        assert!(text.ends_with("0\n0"), "{output}");
    }
}

/// H15.
fn the_callers_keyring_is_not_seen(env: &TestEnv) {
    const SESSION: u64 = (-3i64).cast_unsigned();
    const USER_SESSION: u64 = (-5i64).cast_unsigned();
    // add_key("user", "coracle-probe", "user", 4, …) by the caller; KEYCTL_SEARCH inside. A process without a session keyring of
    // its own has that of its user.
    let add = Probe {
        name: "add".into(),
        bytes: system_call(libc::SYS_add_key, [DATA, DATA + 5, DATA, 4, USER_SESSION, 0], b"user\0coracle-probe\0"),
    };
    let search = Probe {
        name: "search".into(),
        bytes: system_call(libc::SYS_keyctl, [10, SESSION, DATA, DATA + 5, 0, 0], b"user\0coracle-probe\0"),
    };
    let volume = volume(env, &[add, search]);
    let host = env.host("sh", &["-c", "p/add; echo $?; p/search; echo $?"]).run();
    assert_eq!(host.ok(), "0\n0", "the caller sees its own key");
    let text = env.sh(&["-v", &volume], "/p/search; echo $?");
    assert_ne!(text, "0", "the container sees the caller's key");
}

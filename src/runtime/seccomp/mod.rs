//! The container's system call filter.
//!
//! `compile` makes the program before the container is made (microseconds, nothing to cache); the container's init loads it with
//! [`crate::sys::seccomp::load`] as late as it can. The names are resolved by libseccomp, the program is assembled here (`bpf`).

mod bpf;
pub mod profile;
mod table;

use crate::model::CapSet;
use bpf::{Action, Answer, Equals};
use libseccomp::ScmpSyscall;
use std::collections::BTreeMap;

const EPERM: u16 = 1;
const EINVAL: u16 = 22;
const ENOSYS: u16 = 38;

// linux/socket.h, linux/netlink.h
const AF_NETLINK: u32 = 16;
const AF_ALG: u32 = 38;
const AF_VSOCK: u32 = 40;
const NETLINK_AUDIT: u32 = 9;

/// Makes the default filter for a container whose bounding set is `capabilities`.
///
/// The bytes are a `struct sock_filter` array of this machine.
#[must_use]
pub fn compile(capabilities: CapSet) -> Vec<u8> {
    bpf::assemble(&default_actions(capabilities), Answer::Errno(ENOSYS))
}

/// Tells whether a filter, also one of the user's, lets a call through whose second argument is `argument` and whose others are zero.
#[must_use]
pub fn allows(filter: &[u8], number: libc::c_long, argument: u32) -> bool {
    u32::try_from(number).is_ok_and(|number| bpf::allows(filter, number, argument))
}

/// The default filter in the specification's own form, for a runtime that compiles it itself.
///
/// One thing it cannot say: libseccomp takes each argument once in a rule, so families of sockets are listed one by one.
#[must_use]
pub fn as_profile(capabilities: CapSet) -> serde_json::Value {
    use serde_json::json;
    let names = |groups: &[&str]| groups.iter().flat_map(|group| group.split(' ')).map(str::to_owned).collect::<Vec<_>>();
    let equal = |index: u32, value: u32| json!({"index": index, "value": value, "op": "SCMP_CMP_EQ"});
    let errno = |number: u16| json!({"action": "SCMP_ACT_ERRNO", "errnoRet": number});
    let allow = || json!({"action": "SCMP_ACT_ALLOW"});
    let rule = |names: Vec<String>, action: serde_json::Value, args: Vec<serde_json::Value>| {
        let mut rule = action;
        rule["names"] = json!(names);
        rule["args"] = json!(args);
        rule
    };
    let mut rules = vec![rule(names(table::ALLOWED), allow(), vec![]), rule(names(table::DENIED), errno(EPERM), vec![])];
    for (needed, group) in table::WITH_CAPABILITY {
        let action = if capabilities.any_of(*needed) { allow() } else { errno(EPERM) };
        rules.push(rule(names(&[group]), action, vec![]));
    }
    for value in table::PERSONALITIES {
        rules.push(rule(names(&["personality"]), allow(), vec![equal(0, *value)]));
    }
    let socket = || names(&["socket"]);
    for family in (0..=AF_VSOCK + 8).filter(|family| ![AF_ALG, AF_VSOCK, AF_NETLINK].contains(family)) {
        rules.push(rule(socket(), allow(), vec![equal(0, family)]));
    }
    for family in [AF_ALG, AF_VSOCK] {
        rules.push(rule(socket(), errno(EPERM), vec![equal(0, family)]));
    }
    if capabilities.any_of(CapSet::AUDIT_WRITE) {
        rules.push(rule(socket(), allow(), vec![equal(0, AF_NETLINK)]));
    } else {
        let other = json!({"index": 2, "value": NETLINK_AUDIT, "op": "SCMP_CMP_NE"});
        rules.push(rule(socket(), allow(), vec![equal(0, AF_NETLINK), other]));
        rules.push(rule(socket(), errno(EINVAL), vec![equal(0, AF_NETLINK), equal(2, NETLINK_AUDIT)]));
    }
    json!({"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": ENOSYS, "syscalls": rules})
}

fn default_actions(capabilities: CapSet) -> BTreeMap<u32, Action> {
    let mut actions = BTreeMap::new();
    let mut add = |groups: &[&str], action: Action| {
        for number in groups.iter().flat_map(|group| group.split(' ')).filter_map(number) {
            actions.insert(number, action.clone());
        }
    };
    add(table::ALLOWED, Action::Is(Answer::Allow));
    add(table::DENIED, Action::Is(Answer::Errno(EPERM)));
    for (needed, names) in table::WITH_CAPABILITY {
        let answer = if capabilities.any_of(*needed) { Answer::Allow } else { Answer::Errno(EPERM) };
        add(&[names], Action::Is(answer));
    }
    add(&["personality"], personality());
    add(&["socket"], socket(capabilities));
    actions
}

fn personality() -> Action {
    let cases = table::PERSONALITIES.iter().map(|&value| (vec![Equals { argument: 0, value }], Answer::Allow)).collect();
    Action::ByArguments { cases, otherwise: Answer::Errno(ENOSYS) }
}

/// The kernel's crypto sockets (`AF_ALG`) have had one hole after another; `AF_VSOCK` knows no network namespace and so reaches
/// the hypervisor from any container. Audit messages answer EINVAL, by which programs see that there is no audit.
fn socket(capabilities: CapSet) -> Action {
    let family = |value| Equals { argument: 0, value };
    let protocol = |value| Equals { argument: 2, value };
    let mut cases = vec![(vec![family(AF_ALG)], Answer::Errno(EPERM)), (vec![family(AF_VSOCK)], Answer::Errno(EPERM))];
    if !capabilities.any_of(CapSet::AUDIT_WRITE) {
        cases.push((vec![family(AF_NETLINK), protocol(NETLINK_AUDIT)], Answer::Errno(EINVAL)));
    }
    Action::ByArguments { cases, otherwise: Answer::Allow }
}

/// The number of a call on this machine; nothing where this machine has no such call (libseccomp then answers below zero).
fn number(name: &str) -> Option<u32> {
    match ScmpSyscall::from_name(name) {
        Ok(call) => u32::try_from(i32::from(call)).ok(),
        Err(_) => table::NEWER.iter().find(|(newer, _)| *newer == name).map(|(_, number)| *number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::seccomp::probe::{Call, errnos};

    const EFAULT: u16 = 14;
    const EOPNOTSUPP: u16 = 95;

    const PODMANS_DEFAULT: CapSet = CapSet::DEFAULT;

    #[test]
    fn the_kernel_answers_as_the_table_says() {
        const HIGH: u64 = 1 << 32;
        let program = compile(PODMANS_DEFAULT);
        let cases: &[(&str, Call, u16)] = &[
            ("getpid", (libc::SYS_getpid, [0; 3]), 0),
            ("io_uring_setup", (libc::SYS_io_uring_setup, [0; 3]), ENOSYS),
            ("add_key", (libc::SYS_add_key, [0; 3]), ENOSYS),
            ("mseal", (462, [0; 3]), ENOSYS),
            ("no such call", (9999, [0; 3]), ENOSYS),
            ("userfaultfd", (libc::SYS_userfaultfd, [0; 3]), EPERM),
            ("kexec_load", (libc::SYS_kexec_load, [0; 3]), EPERM),
            ("swapon", (libc::SYS_swapon, [0; 3]), EPERM),
            ("cachestat", (451, [0; 3]), EPERM),
            ("open_by_handle_at", (libc::SYS_open_by_handle_at, [0; 3]), EPERM),
            ("bpf", (libc::SYS_bpf, [0; 3]), EPERM),
            ("init_module", (libc::SYS_init_module, [0; 3]), EPERM),
            ("keyctl, an operation that does not exist", (libc::SYS_keyctl, [9999, 0, 0]), EOPNOTSUPP),
            ("unshare of nothing", (libc::SYS_unshare, [0; 3]), 0),
            ("chroot to no address", (libc::SYS_chroot, [0; 3]), EFAULT),
            ("fchmodat2 with a wrong flag", (452, [0; 3]), EFAULT),
            ("personality: read", (libc::SYS_personality, [0xffff_ffff, 0, 0]), 0),
            ("personality: no randomisation", (libc::SYS_personality, [0x4_0000, 0, 0]), ENOSYS),
            ("socket unix", (libc::SYS_socket, [1, 1, 0]), 0),
            ("socket alg", (libc::SYS_socket, [38, 5, 0]), EPERM),
            ("socket alg, high bits", (libc::SYS_socket, [38 | HIGH, 5, 0]), EPERM),
            ("socket vsock", (libc::SYS_socket, [40, 1, 0]), EPERM),
            ("socket route", (libc::SYS_socket, [16, 3, 0]), 0),
            ("socket audit", (libc::SYS_socket, [16, 3, 9]), EINVAL),
            ("socket audit, high bits", (libc::SYS_socket, [16, 3, 9 | HIGH]), EINVAL),
        ];
        let calls: Vec<Call> = cases.iter().map(|(_, call, _)| *call).collect();
        let answers = errnos(&program, &calls);
        assert_eq!(answers.len(), cases.len(), "the program does not load");
        for ((name, _, wanted), answer) in cases.iter().zip(answers) {
            assert_eq!(answer, i32::from(*wanted), "{name}");
        }
    }

    #[test]
    fn a_capability_opens_its_calls() {
        let answer = |capabilities, number| default_actions(capabilities)[&u32::try_from(number).unwrap()].clone();
        for (capability, number) in [
            (CapSet::SYS_ADMIN, libc::SYS_bpf),
            (CapSet::BPF, libc::SYS_bpf),
            (CapSet::PERFMON, libc::SYS_perf_event_open),
            (CapSet::SYS_TIME, libc::SYS_settimeofday),
            (CapSet::SYS_CHROOT, libc::SYS_chroot),
        ] {
            assert_eq!(answer(capability, number), Action::Is(Answer::Allow), "{number}");
            assert_eq!(answer(CapSet(!capability.0 & 0xff), number), Action::Is(Answer::Errno(EPERM)), "{number}");
        }
    }

    #[test]
    fn every_name_in_the_table_is_one() {
        let known_elsewhere = |name: &str| ScmpSyscall::from_name(name).is_ok() || table::NEWER.iter().any(|(n, _)| *n == name);
        let lists = table::ALLOWED.iter().chain(table::DENIED).chain(table::WITH_CAPABILITY.iter().map(|(_, names)| names));
        // Calls that the libseccomp of today has dropped or never knew, harmless where they do not exist.
        let unknown: Vec<&str> = lists.flat_map(|group| group.split(' ')).filter(|name| !known_elsewhere(name)).collect();
        assert_eq!(unknown, Vec::<&str>::new());
    }

    #[test]
    fn no_call_stands_twice() {
        let lists = table::ALLOWED.iter().chain(table::DENIED).chain(table::WITH_CAPABILITY.iter().map(|(_, names)| names));
        let mut names: Vec<&str> = lists.flat_map(|group| group.split(' ')).collect();
        names.sort_unstable();
        let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
        assert!(twice.is_empty(), "{twice:?}");
    }

    #[test]
    fn the_program_is_short() {
        let instructions = compile(PODMANS_DEFAULT).len() / 8;
        assert!(instructions < 200, "{instructions} instructions");
    }
}

//! The user namespace: maps, the session S, hosts without subordinate ids.

use crate::harness::{Case, Need, TestEnv, case, program};

pub fn cases() -> Vec<Case> {
    vec![
        case!(the_caller_is_root_inside_and_subordinate_ids_follow).needs(&[Need::Userns, Need::Subids]),
    ]
}

fn the_caller_is_root_inside_and_subordinate_ids_follow(env: &TestEnv) {
    let map = env.sh(&[], "cat /proc/self/uid_map /proc/self/gid_map; id -u");
    let uid = rustix::process::getuid().as_raw();
    let rows: Vec<Vec<u64>> =
        map.lines().take_while(|line| line.contains(' ')).map(|line| line.split_whitespace().map(|word| word.parse().unwrap()).collect()).collect();
    assert_eq!(rows[0], [0, u64::from(uid), 1], "{map}");
    assert_eq!(rows[1][0], 1, "{map}");
    let name = program::user_name(uid).unwrap_or_default();
    let file = std::fs::read_to_string("/etc/subuid").unwrap();
    let start = rows[1][1].to_string();
    assert!(file.lines().any(|line| line.starts_with(&format!("{name}:{start}:")) || line.starts_with(&format!("{uid}:{start}:"))), "{map}");
    assert!(map.ends_with("\n0"), "{map}");
}

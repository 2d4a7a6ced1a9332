//! Many lives at once and one after another: nothing fails and nothing grows (R27, R28, R51).

use crate::harness::{Case, Need, TestEnv, case, host};
use std::path::Path;

pub fn cases() -> Vec<Case> {
    let all = [
        case!(parallel_runs_all_succeed),
        case!(lives_of_every_kind_leave_everything_flat).only_ours("it looks at our monitor and database"),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

/// `CORACLE_SOAK`: how much longer than usual.
pub fn rounds() -> usize {
    host::var("CORACLE_SOAK").and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// R27: fifty at a time. `CORACLE_SOAK=20` is the thousand of the specification.
fn parallel_runs_all_succeed(env: &TestEnv) {
    env.busybox();
    for round in 0..rounds() {
        let args = ["run", "--rm", "--network", "none", "bb", "echo", "done"];
        let running: Vec<_> = (0..50).map(|_| env.cmd(&args).spawn()).collect();
        for mut one in running {
            one.close_stdin();
            let output = one.wait();
            assert!(output.code == 0 && output.stdout() == "done", "round {round}: {output}");
        }
        assert_eq!(env.ok(&["ps", "-a", "-q"]), "", "round {round}");
    }
}

/// What must not grow.
#[derive(Debug)]
struct Size {
    descriptors: usize,
    memory: u64,
    mounts: usize,
    cgroups: usize,
    /// Of containers, images, volumes, networks and secrets.
    rows: usize,
    files: usize,
    disk: u64,
    database: u64,
}

fn size(env: &TestEnv, monitor: i32) -> Size {
    let status = std::fs::read_to_string(format!("/proc/{monitor}/status")).expect("a living monitor");
    let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS").trim().trim_end_matches(" kB");
    let mut files = (0, 0);
    count(&env.data(), &mut files);
    count(&env.runtime(), &mut files);
    let length = |name: &str| env.data().join(name).metadata().map_or(0, |meta| meta.len());
    // It grows to its bound of a megabyte and is renamed then.
    let journal = ["events/journal", "events/journal.1"].map(length);
    assert!(journal.iter().all(|length| *length <= 5 << 18), "the journal is not bounded: {journal:?}");
    Size {
        descriptors: std::fs::read_dir(format!("/proc/{monitor}/fd")).expect("a living monitor").count(),
        memory: memory.parse().expect("a number"),
        mounts: std::fs::read_to_string("/proc/self/mountinfo").expect("mounts").lines().count(),
        cgroups: env.cgroup().map_or(0, cgroups),
        rows: LISTS.iter().map(|words| env.run(words).lines().len()).sum(),
        files: files.0,
        disk: files.1 - journal.iter().sum::<u64>() - length("state.db-wal") - length("state.db"),
        database: length("state.db"),
    }
}

const LISTS: [&[&str]; 5] =
    [&["ps", "-a", "-q"], &["images", "-a", "-q"], &["volume", "ls", "-q"], &["network", "ls", "-q"], &["secret", "ls", "-q"]];

/// The cgroups below one.
fn cgroups(folder: &Path) -> usize {
    let below = std::fs::read_dir(folder).into_iter().flatten().flatten().filter(|entry| entry.path().is_dir());
    below.map(|entry| 1 + cgroups(&entry.path())).sum()
}

fn count(folder: &Path, found: &mut (usize, u64)) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(meta) = entry.metadata() else { continue };
        found.0 += 1;
        found.1 += meta.len();
        if meta.is_dir() {
            count(&entry.path(), found);
        }
    }
}

/// R51: the verbs mixed. Thirty lives by default; `CORACLE_SOAK=20` makes 2000.
fn lives_of_every_kind_leave_everything_flat(env: &TestEnv) {
    let id = env.start(&["--name", "resident"]);
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", env.init_pid(&id))).expect("a living process");
    let parent = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1)).expect("a parent");
    let monitor: i32 = parent.parse().expect("a pid");
    let life = |number: usize| match number % 6 {
        0 => {
            env.bb(&[], &["true"]).code(0);
        }
        1 => {
            env.ok(&["run", "-d", "--name", "c", "--network", "none", "-v", "/anonymous", "bb", "sleep", "1000"]);
            env.ok(&["exec", "c", "true"]);
            env.ok(&["rm", "-f", "-v", "-t", "0", "c"]);
        }
        2 => {
            env.ok(&["create", "--name", "c", "--network", "none", "-v", "v:/v", "bb", "true"]);
            env.ok(&["start", "-a", "c"]);
            env.ok(&["rm", "c"]);
            env.ok(&["volume", "rm", "v"]);
        }
        3 => {
            env.run(&["exec", "resident", "sh", "-c", "echo x; exit 3"]).code(3);
            env.run(&["logs", "resident"]).code(0);
            drop(env.cmd(&["attach", "resident"]).spawn());
        }
        4 => {
            env.bb(&["--userns", "host", "--tmpfs", "/t", "--read-only"], &["touch", "/t/x"]).code(0);
            env.run(&["run", "--rm", "--network", "none", "bb", "/no/such/program"]).code(127);
        }
        _ => {
            env.ok(&["run", "--name", "c", "--network", "none", "bb", "touch", "/made"]);
            env.ok(&["commit", "-q", "c", "made"]);
            env.ok(&["rm", "c"]);
            env.ok(&["rmi", "made"]);
        }
    };
    // The first ones fill caches and folders that stay, and the database's log until it is taken over.
    (0..18).for_each(life);
    let before = size(env, monitor);
    let lives = if rounds() > 1 { rounds() * 100 } else { 30 };
    (0..lives).for_each(life);
    let after = size(env, monitor);
    let flat = after.descriptors <= before.descriptors
        && after.memory <= before.memory + 256
        && after.mounts <= before.mounts
        && after.cgroups <= before.cgroups
        && after.rows <= before.rows
        && after.files <= before.files + 2
        && after.disk <= before.disk + 256 * 1024
        && after.database <= before.database + 128 * 1024;
    eprintln!("{lives} lives: {before:?} → {after:?}");
    assert!(flat, "{lives} lives: {before:?} → {after:?}");
    env.remove(&[&id]);
}

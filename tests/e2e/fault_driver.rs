//! A driver of faults: a command, or one of its children, is killed or refused something at a chosen system call, and afterwards the
//! same things hold as ever (R1–R8, R19–R24, R30, R32, R33, R49, R50, R53, R55–R58; the others are cases of `faults`).
//!
//! # Theory of operation
//!
//! A scenario is a command that is traced with all its children (`harness::rootly`). A seeded choice names the fault: SIGKILL or an
//! errno, the call, and at which of its occurrences in each process. So the CLI, the monitor-to-be, the monitor, init, the joining
//! process and the helpers are all hit. After each fault [`invariants`] are looked at; what does not hold is counted, and fails the
//! case at its end with the fault that shows it. Each scenario prints one row.

use crate::harness::archive::busybox_root;
use crate::harness::command::Output;
use crate::harness::rootly::{HUNG, Traced};
use crate::harness::{Case, Need, TestEnv, case, host};
use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

pub fn cases() -> Vec<Case> {
    let traced = [
        case!(faults_while_a_container_runs_and_is_removed),
        case!(faults_while_a_container_is_made_and_started),
        case!(faults_while_a_container_is_supervised),
        case!(faults_in_sessions_and_checks),
        case!(faults_at_the_end_of_a_container),
        case!(faults_while_images_and_volumes_change),
    ];
    let traced = traced.into_iter().map(|case| case.needs(&[Need::Tracer]).only_ours("it counts our system calls"));
    let plain = [
        case!(signals_at_any_time_leave_nothing),
        case!(closed_streams_are_no_panic),
        case!(short_limits_are_errors_and_no_hangs).gap("the Go runtime aborts"),
        case!(damaged_records_hurt_their_container_only).only_ours("it writes our records"),
        case!(things_in_the_way_are_replaced_or_named).only_ours("it looks at our folders"),
        case!(a_binary_that_is_gone_holds_nothing_up).only_ours("it removes our program"),
        case!(records_of_an_older_build_are_read).only_ours("it writes our records"),
        case!(a_newer_store_is_left_alone).only_ours("it writes our database"),
        case!(a_reboot_leaves_nothing_to_repair).only_ours("it looks at our folders"),
    ];
    traced.chain(plain).map(|case| case.needs(&[Need::Userns])).collect()
}

/// A generator whose numbers are the same each time (Marsaglia, "Xorshift RNGs").
pub struct Seeded(u64);

impl Seeded {
    pub fn new(salt: &str) -> Self {
        let seed: u64 = host::var("CORACLE_SEED").and_then(|text| text.parse().ok()).unwrap_or(1);
        Self(salt.bytes().fold(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1, |sum, byte| {
            (sum ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
        }))
    }

    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(bound).expect("small")).expect("small")
    }

    pub fn of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

fn wanted(usual: usize) -> usize {
    host::var("CORACLE_FAULTS").and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// The calls at which a process is killed, with how often each is made in one process at most.
const DEADLY: [(&str, usize); 27] = [
    ("all", 250),
    ("clone3", 3),
    ("execve", 2),
    ("execveat", 1),
    ("pivot_root", 1),
    ("setns", 2),
    ("unshare", 2),
    ("fsopen", 8),
    ("mount_setattr", 20),
    ("move_mount", 20),
    ("open_tree", 12),
    ("openat2", 60),
    ("mkdirat", 12),
    ("renameat", 2),
    ("rename", 4),
    ("unlinkat", 12),
    ("flock", 4),
    ("pwrite64", 12),
    ("write", 12),
    ("sendmsg", 3),
    ("recvmsg", 3),
    ("waitid", 3),
    ("poll", 6),
    ("ppoll", 6),
    ("capset", 1),
    ("seccomp", 1),
    ("setresuid", 2),
];

/// The calls that are refused, with what they say.
const REFUSED: [(&str, usize, &[&str]); 20] = [
    ("openat", 60, &["EMFILE", "ENFILE", "EIO", "ENOMEM"]),
    ("openat2", 40, &["EMFILE", "ENOMEM", "EAGAIN"]),
    ("clone3", 3, &["EAGAIN", "ENOMEM"]),
    ("mmap", 60, &["ENOMEM"]),
    ("pipe2", 4, &["EMFILE", "ENFILE"]),
    ("write", 10, &["EINTR", "ENOSPC", "EIO"]),
    ("pwrite64", 10, &["ENOSPC", "EIO"]),
    ("read", 60, &["EINTR", "EIO"]),
    ("rename", 3, &["ENOSPC", "EIO"]),
    ("mkdir", 4, &["ENOSPC", "EDQUOT"]),
    ("mkdirat", 8, &["ENOSPC", "EDQUOT"]),
    ("fsconfig", 20, &["ENOMEM"]),
    ("fsmount", 6, &["ENOMEM", "ENOSPC"]),
    ("move_mount", 12, &["ENOMEM", "ENOSPC"]),
    ("socketpair", 3, &["EMFILE", "ENOMEM"]),
    ("socket", 3, &["EMFILE"]),
    ("memfd_create", 2, &["ENOMEM", "EMFILE"]),
    ("waitid", 3, &["EINTR"]),
    ("poll", 6, &["EINTR"]),
    ("flock", 4, &["EINTR", "ENOLCK"]),
];

/// How often each call is made in one process at most.
type Made = BTreeMap<String, usize>;

/// Runs the command in peace and counts, so that every fault that is chosen is met.
fn learn(env: &TestEnv, words: &[&str]) -> Made {
    let traced = env.cmd(words).traced(&["signal=none", "trace=all"]);
    assert_eq!(traced.output.code, 0, "{}", traced.output);
    let mut each: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (pid, call) in calls(&traced.trace) {
        *each.entry((pid, call)).or_default() += 1;
        *each.entry((pid, "all")).or_default() += 1;
    }
    let mut made = Made::new();
    for ((_, call), count) in each {
        let most = made.entry(call.to_owned()).or_default();
        *most = count.max(*most);
    }
    made
}

/// The processes and calls of a trace, without the one by which strace itself becomes the command: that meets no fault.
fn calls(trace: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut lines = trace.lines().peekable();
    lines.next_if(|line| call_of(line).is_some_and(|(_, call)| call == "execve"));
    lines.filter_map(call_of)
}

/// The process and the name of the call of a line that begins one.
fn call_of(line: &str) -> Option<(&str, &str)> {
    let (pid, rest) = line.split_once(' ')?;
    let name = rest.trim_start().split_once('(')?.0;
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_').then_some((pid, name))
}

/// What is done to every process that comes to one of its calls.
struct Fault {
    call: &'static str,
    /// An errno, or none for SIGKILL.
    error: Option<&'static str>,
    /// At which of its calls of that name, from 1 on.
    when: usize,
}

impl Fault {
    /// Chooses among the calls that are made.
    fn choose(random: &mut Seeded, made: &Made) -> Self {
        if random.below(2) == 0 {
            let known: Vec<_> = DEADLY.iter().filter(|(call, _)| made.contains_key(*call)).collect();
            let (call, most) = **random.of(&known);
            return Self { call, error: None, when: when(random, most.min(made[call])) };
        }
        let known: Vec<_> = REFUSED.iter().filter(|(call, ..)| made.contains_key(*call)).collect();
        let (call, most, errors) = **random.of(&known);
        Self { call, error: Some(*random.of(errors)), when: when(random, most.min(made[call])) }
    }

    /// Runs the command under it; tells whether a process has met it.
    fn inject(&self, env: &TestEnv, words: &[&str]) -> (bool, Output) {
        // Only what is traced can be injected into; `signal=KILL` shows who was killed and no other signal.
        let (fault, trace) = (format!("inject={self}"), format!("trace={}", self.call));
        let Traced { output, trace } = env.cmd(words).traced(&[&fault, "signal=KILL", &trace]);
        (self.met(&trace), output)
    }

    /// A container's processes are killed at other places as well: those that met the fault made just so many calls.
    fn met(&self, trace: &str) -> bool {
        if self.error.is_some() {
            return trace.contains("(INJECTED)");
        }
        let mut made: BTreeMap<&str, usize> = BTreeMap::new();
        calls(trace).for_each(|(pid, _)| *made.entry(pid).or_default() += 1);
        let killed =
            trace.lines().filter(|line| line.contains("+++ killed by SIGKILL")).filter_map(|line| line.split(' ').next());
        killed.into_iter().any(|pid| made.get(pid) == Some(&self.when))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { call, error, when } = self;
        let what = error.map_or_else(|| "signal=KILL".to_owned(), |error| format!("error={error}"));
        write!(f, "{call}:{what}:when={when}")
    }
}

/// Rather an early one: most processes make few calls.
fn when(random: &mut Seeded, most: usize) -> usize {
    1 + random.below(most).min(random.below(most))
}

/// `CORACLE_FAULTS` is for a long look, which wants to know how far it came.
fn eprint_when_asked(fault: &str) {
    if host::var("CORACLE_FAULTS").is_some() {
        eprintln!("  {}", fault.replace('\n', " "));
    }
}

/// What was found.
#[derive(Default)]
struct Row {
    faults: usize,
    /// Those that a process has met.
    hits: usize,
    hangs: usize,
    violations: Vec<String>,
    leaks: Vec<String>,
}

impl Row {
    /// Looks at the invariants after a fault.
    fn judge(&mut self, env: &TestEnv, fault: &str) {
        self.faults += 1;
        eprint_when_asked(fault);
        if let Err(why) = case::caught(|| invariants(env)) {
            self.violations.push(format!("{fault}: {why}"));
        }
        if let Err(why) = case::caught(|| crate::harness::leak::check(env)) {
            self.leaks.push(format!("{fault}: {why}"));
        }
    }

    #[track_caller]
    fn end(self, name: &str) {
        let Self { faults, hits, hangs, violations, leaks } = self;
        let (wrong, left) = (violations.len(), leaks.len());
        let met = if hits > 0 { format!("(met {hits:>4})") } else { String::new() };
        eprintln!("{name:<34} faults {faults:>4} {met:<10}  violations {wrong:>2}  hangs {hangs:>2}  leaks {left:>2}");
        let mut text = String::new();
        for line in violations.iter().chain(&leaks) {
            let _ = writeln!(text, "{line}");
        }
        assert!(text.is_empty() && hangs == 0, "{name}: {hangs} hangs\n{text}");
    }
}

/// security.md §3: lists work and are true, nothing is damaged, everything can be removed and a new container runs.
pub fn invariants(env: &TestEnv) {
    for words in [&["ps", "-a"][..], &["images"], &["volume", "ls"], &["secret", "ls"]] {
        let begin = Instant::now();
        env.ok(words);
        assert!(begin.elapsed() < Duration::from_secs(5), "{words:?} took {:?}", begin.elapsed());
    }
    for id in env.run(&["ps", "-a", "-q", "--no-trunc"]).lines() {
        let state = env.run(&["inspect", "--format", "{{.State.Running}} {{.State.Pid}} {{.State.ExitCode}}", &id]);
        // It may have been on its way out.
        if state.code == 0 {
            let words: Vec<String> = state.stdout().split(' ').map(str::to_owned).collect();
            assert!(words[0] != "true" || Path::new(&format!("/proc/{}", words[1])).exists(), "a ghost: {state}");
        }
        let removed = env.run(&["rm", "-f", "-v", "-t", "0", &id]);
        assert_eq!(removed.code, 0, "{removed}");
    }
    assert_eq!(env.ok(&["ps", "-a", "-q"]), "");
    env.bb(&[], &["echo", "fine"]).prints("fine");
    env.ok(&["system", "check", "--quick"]);
    // `rm` sweeps what killed commands left of containers, a command that brings an image in what is left of images.
    env.ok(&["rm", "-f", "nothing"]);
    env.ok(&["import", &busybox_root().to_string_lossy(), "swept"]);
    env.ok(&["volume", "prune", "-f"]);
    assert_eq!(env.ok(&["volume", "ls", "-q"]), "");
}

/// A command under faults. `before` prepares; the words are chosen anew for each fault.
fn drive(env: &TestEnv, name: &str, usual: usize, scenarios: &[(&str, &[&str])], before: impl Fn()) {
    env.busybox();
    let mut random = Seeded::new(name);
    let mut row = Row::default();
    let mut learned: Vec<Option<Made>> = scenarios.iter().map(|_| None).collect();
    for at in 0..wanted(usual) {
        let (what, words) = scenarios[at % scenarios.len()];
        let made = learned[at % scenarios.len()].get_or_insert_with(|| {
            before();
            let made = learn(env, words);
            invariants(env);
            made
        });
        before();
        let fault = Fault::choose(&mut random, made);
        let (met, output) = fault.inject(env, words);
        row.hits += usize::from(met);
        let killed = fault.error.is_none();
        let fault = format!("{what}, {fault}{} → {output}", if met { "" } else { " (not met)" });
        // Without memory for its own stacks the standard library gives up before our first line.
        if fault.contains("panicked at") && !fault.contains("stack_overflow.rs") {
            row.violations.push(format!("a panic: {fault}"));
        }
        if output.code == HUNG || output.code == 128 + 9 && !killed {
            row.hangs += 1;
            eprintln!("a hang: {fault}");
        }
        if output.code == 0 && words[0] == "run" && !words.contains(&"-d") && !killed {
            let whole = output.stdout() == "done";
            if !whole {
                row.violations.push(format!("success without its output: {fault}"));
            }
        }
        row.judge(env, &fault);
    }
    assert!(row.hits * 3 >= row.faults * 2, "{name}: only {} of {} faults were met", row.hits, row.faults);
    row.end(name);
}

const RUN: [&str; 4] = ["run", "--network", "none", "--name=c"];

fn faults_while_a_container_runs_and_is_removed(env: &TestEnv) {
    let plain: Vec<&str> = [&RUN[..], &["--rm", "bb", "echo", "done"]].concat();
    let much: Vec<&str> = [
        &RUN[..],
        &["--rm", "-i", "-v", "v:/etc", "-v", "/anonymous", "--tmpfs", "/t", "bb", "sh", "-c", "sleep 0.1; echo done"],
    ]
    .concat();
    let keep: Vec<&str> = [&RUN[..], &["--rm", "--userns=keep-id", "--pid=host", "bb", "echo", "done"]].concat();
    drive(env, "run --rm", 6, &[("plain", &plain), ("volumes", &much), ("keep-id", &keep)], || ());
}

fn faults_while_a_container_is_made_and_started(env: &TestEnv) {
    let detached: Vec<&str> = [&RUN[..], &["-d", "bb", "sleep", "0.2"]].concat();
    let create = ["create", "--network", "none", "--name=n", "-v", "w:/w", "bb", "true"];
    let start = ["start", "-a", "made"];
    drive(env, "run -d, create, start", 6, &[("run -d", &detached), ("create", &create), ("start", &start)], || {
        env.run(&["rm", "-f", "-t", "0", "made"]);
        env.ok(&["create", "--network", "none", "--name=made", "bb", "echo", "done"]);
    });
}

/// R7, R55, R58: restarts, checks that hang and flood, a container that is not ended by its signal.
fn faults_while_a_container_is_supervised(env: &TestEnv) {
    let restart: Vec<&str> = [&RUN[..], &["-d", "--restart=on-failure:2", "bb", "sh", "-c", "sleep 0.05; exit 3"]].concat();
    let check: Vec<&str> = [
        &RUN[..],
        &["-d", "--health-cmd=cat /dev/zero; sleep 9", "--health-timeout=1s", "--health-interval=100ms", "bb", "sleep", "1.5"],
    ]
    .concat();
    let time: Vec<&str> =
        [&RUN[..], &["-d", "--timeout=1", "--rm", "bb", "sh", "-c", "trap '' TERM; for i in $(seq 50); do sleep 0.1; done"]]
            .concat();
    drive(env, "restart, health, timeout", 3, &[("restart", &restart), ("health", &check), ("timeout", &time)], || ());
}

fn faults_in_sessions_and_checks(env: &TestEnv) {
    let exec = ["exec", "x", "echo", "done"];
    let detached = ["exec", "-d", "x", "true"];
    let check = ["healthcheck", "run", "x"];
    let cp = ["cp", "x:/etc", "out"];
    let scenarios: [(&str, &[&str]); 4] = [("exec", &exec), ("exec -d", &detached), ("check", &check), ("cp", &cp)];
    drive(env, "exec, healthcheck, cp", 4, &scenarios, || {
        env.run(&["rm", "-f", "-t", "0", "x"]);
        let health = ["--health-cmd=true", "--health-interval=disable"];
        env.ok(&[&["run", "-d", "--network", "none", "--name=x"], &health[..], &["bb", "sleep", "1000"]].concat());
    });
}

fn faults_at_the_end_of_a_container(env: &TestEnv) {
    let stop = ["stop", "-t", "0", "x"];
    let remove = ["rm", "-f", "-t", "0", "x"];
    let kill = ["kill", "x"];
    let pause = ["pause", "x"];
    let rename = ["rename", "x", "y"];
    let scenarios: [(&str, &[&str]); 5] =
        [("stop", &stop), ("rm -f", &remove), ("kill", &kill), ("pause", &pause), ("rename", &rename)];
    drive(env, "stop, rm, kill, pause, rename", 5, &scenarios, || {
        for name in ["x", "y"] {
            env.run(&["rm", "-f", "-t", "0", name]);
        }
        env.ok(&["run", "-d", "--network", "none", "--name=x", "bb", "sleep", "1000"]);
    });
}

fn faults_while_images_and_volumes_change(env: &TestEnv) {
    let archive = busybox_root().to_string_lossy().into_owned();
    let import = ["import", archive.as_str(), "again"];
    let commit = ["commit", "-q", "x", "made"];
    let volume = ["volume", "create", "v"];
    let tag = ["tag", "bb", "other"];
    let rmi = ["rmi", "-f", "made"];
    let scenarios: [(&str, &[&str]); 5] =
        [("import", &import), ("commit", &commit), ("volume create", &volume), ("tag", &tag), ("rmi", &rmi)];
    drive(env, "import, commit, volume, tag, rmi", 5, &scenarios, || {
        env.run(&["rm", "-f", "-t", "0", "x"]);
        env.ok(&["create", "--network", "none", "--name=x", "bb", "true"]);
        env.ok(&["commit", "-q", "x", "made"]);
    });
}

/// R22: a signal at a random time; the terminal has its own cases.
fn signals_at_any_time_leave_nothing(env: &TestEnv) {
    env.busybox();
    let mut random = Seeded::new("signals");
    let mut row = Row::default();
    for _ in 0..wanted(8) {
        let choices: [&[&str]; 3] = [
            &["run", "--rm", "--network", "none", "--name=c", "bb", "sh", "-c", "sleep 0.1; echo done"],
            &["run", "-d", "--network", "none", "--name=c", "bb", "sleep", "0.3"],
            &["create", "--network", "none", "--name=c", "bb", "true"],
        ];
        let words = random.of(&choices);
        let signal = random.below(3);
        let after = format!("0.0{:02}", random.below(80));
        let name = ["INT", "TERM", "HUP"][signal];
        let output = env.cmd(words).behind(&["timeout", "--preserve-status", "-s", name, &after]).run();
        let fault = format!("{words:?}, SIG{name} after {after} s → {output}");
        if !matches!(output.code, -15..=143) {
            row.violations.push(fault.clone());
        }
        row.judge(env, &fault);
    }
    row.end("signals at any time");
}

/// R23.
fn closed_streams_are_no_panic(env: &TestEnv) {
    env.busybox();
    let mut row = Row::default();
    for close in ["<&-", ">&-", "2>&-", "<&- >&- 2>&-", ">/dev/full"] {
        for words in [
            &["ps", "-a"][..],
            &["run", "--rm", "--network", "none", "bb", "echo", "x"],
            &["run", "-d", "--rm", "--network", "none", "bb", "true"],
            &["images"],
            &["inspect", "nothing"],
        ] {
            let script = format!("exec \"$@\" {close}");
            let output = env.cmd(words).behind(&["sh", "-c", &script, "sh"]).run();
            if output.code < 0 || output.code > 128 {
                row.violations.push(format!("{close}: {output}"));
            }
        }
        row.judge(env, close);
    }
    // What is opened first must not take the place of a standard stream: the database is whole.
    env.ok(&["system", "check"]);
    row.end("closed streams");
}

/// R19, R20, R24: few descriptors, little memory, small files.
fn short_limits_are_errors_and_no_hangs(env: &TestEnv) {
    env.busybox();
    let mut row = Row::default();
    let sweep: Vec<String> = (8..40).step_by(if wanted(4) > 4 { 1 } else { 8 }).map(|most| format!("-n {most}")).collect();
    let others = ["-v 30000", "-v 60000", "-v 200000", "-f 0", "-f 8", "-f 64"].map(str::to_owned);
    for limit in sweep.iter().chain(&others) {
        for words in [
            &["run", "--rm", "--network", "none", "bb", "echo", "done"][..],
            &["run", "-d", "--rm", "--network", "none", "bb", "true"],
            &["ps", "-a"],
        ] {
            let script = format!("ulimit {limit} && exec \"$@\"");
            let output = env.cmd(words).behind(&["sh", "-c", &script, "sh"]).run();
            // The dynamic linker and the kernel may end a program that has no memory at all; a limit of files ends by SIGXFSZ.
            let told = output.code == 0 || output.code >= 125 || output.stderr().contains("Error: ");
            if !(told || limit.starts_with("-v") || output.code == -libc::SIGXFSZ) {
                row.violations.push(format!("ulimit {limit}: {output}"));
            }
        }
        row.judge(env, limit);
    }
    row.end("short limits");
}

fn record(env: &TestEnv, id: &str, name: &str) -> std::path::PathBuf {
    env.data().join("containers").join(id).join(name)
}

/// R33: records cut, zeroed, with bits turned over.
fn damaged_records_hurt_their_container_only(env: &TestEnv) {
    let id = env.start(&["--name", "well"]);
    let mut random = Seeded::new("damage");
    let mut row = Row::default();
    for round in 0..wanted(4) * 3 {
        env.ok(&["run", "--name", "hurt", "--network", "none", "bb", "true"]);
        let hurt = env.ok(&["inspect", "--format", "{{.ID}}", "hurt"]);
        let name = *random.of(&["exit.json", "run.json", "config.json", "health.json"]);
        let path = record(env, &hurt, name);
        let mut bytes = std::fs::read(&path).unwrap_or_else(|_| b"{}".to_vec());
        match round % 4 {
            0 => bytes.truncate(random.below(bytes.len() + 1)),
            1 => bytes.fill(0),
            2 => bytes.clear(),
            _ => (0..4).for_each(|_| {
                let at = random.below(bytes.len());
                bytes[at] ^= 1 << random.below(8);
            }),
        }
        std::fs::write(&path, &bytes).expect("damage a record");
        let fault = format!("{name} is {:?}", String::from_utf8_lossy(&bytes));
        for words in [
            &["ps", "-a"][..],
            &["inspect", "hurt"],
            &["start", "hurt"],
            &["logs", "hurt"],
            &["exec", "well", "true"],
            &["inspect", "well"],
        ] {
            let output = env.run(words);
            let about_others = words.contains(&"well") || words[0] == "ps";
            if output.code < 0 || (about_others && output.code != 0) {
                row.violations.push(format!("{fault}: {output}"));
            }
        }
        row.faults += 1;
        let removed = env.run(&["rm", "-f", "-t", "0", "hurt"]);
        if removed.code != 0 {
            row.violations.push(format!("{fault}: {removed}"));
        }
    }
    assert_eq!(env.field(&id, "{{.State.Status}}"), "running");
    env.remove(&[&id]);
    row.judge(env, "all of them");
    row.end("damaged records");
}

/// R12, R32: what lies where our sockets, locks and folders are to be.
fn things_in_the_way_are_replaced_or_named(env: &TestEnv) {
    env.busybox();
    env.ok(&["create", "--name", "c", "--network", "none", "bb", "echo", "done"]);
    let id = env.ok(&["inspect", "--format", "{{.ID}}", "c"]);
    let folder = env.runtime().join("coracle/containers").join(&id);
    std::fs::create_dir_all(&folder).expect("mkdir");
    let socket = folder.join("attach").to_string_lossy().into_owned();
    for script in ["echo stale >\"$0\"", "mkfifo \"$0\"", "ln -s /nowhere \"$0\"", "ln -s / \"$0\""] {
        env.host("sh", &["-c", script, &socket]).run().ok();
        env.run(&["start", "-a", "c"]).prints("done");
        env.run(&["rm", "-f", "nothing"]);
        std::fs::create_dir_all(&folder).expect("mkdir");
        let _ = std::fs::remove_file(&socket);
    }
    // A folder there is not ours to remove: an error that names it.
    std::fs::create_dir_all(&socket).expect("mkdir");
    env.run(&["start", "-a", "c"]).fails(125, &["socket", &id]);
    // The failed start may have taken it along.
    let _ = std::fs::remove_dir(&socket);
    env.run(&["start", "-a", "c"]).prints("done");
    env.ok(&["rm", "c"]);
    let mut row = Row::default();
    row.judge(env, "things in the way");
    row.end("things in the way");
}

/// R57: the program is moved away, and another one takes its place, while a container runs that is to be checked and removed.
fn a_binary_that_is_gone_holds_nothing_up(env: &TestEnv) {
    let assert_same = crate::isolation::own_copy(env);
    assert_same();
    env.busybox();
    let health = ["--health-cmd", "true", "--health-interval", "100ms"];
    env.ok(&[
        &["run", "-d", "--rm", "--network", "none", "--name", "c", "-v", "/anonymous"],
        &health[..],
        &["bb", "sleep", "1000"],
    ]
    .concat());
    let tool = env.tool();
    for name in ["coracle", "coracle-monitor"] {
        std::fs::rename(tool.with_file_name(name), tool.with_file_name(format!("old-{name}"))).expect("move the program away");
    }
    let init = env_init(env, &tool);
    kill_process(Pid::from_raw(init).expect("a pid"), Signal::KILL).expect("kill");
    crate::harness::program::wait_gone(init);
    for name in ["coracle", "coracle-monitor"] {
        std::fs::rename(tool.with_file_name(format!("old-{name}")), tool.with_file_name(name)).expect("move the program back");
    }
    // The volume of nobody goes with the next command.
    env.ok(&["rm", "-f", "nothing"]);
    env.run(&["wait", "--condition", "removing", "c"]);
    let mut row = Row::default();
    row.judge(env, "the program was gone");
    row.end("a program that is gone");
}

fn env_init(env: &TestEnv, tool: &Path) -> i32 {
    env.use_tool(tool.with_file_name("old-coracle"));
    let pid = env.init_pid("c");
    env.use_tool(tool.to_owned());
    pid
}

/// R56: a container of an older build: records without what came later, and words for the monitor that a newer one does not know.
fn records_of_an_older_build_are_read(env: &TestEnv) {
    let id = env.start(&["--name", "c", "--health-cmd", "true", "--health-interval", "disable"]);
    let path = record(env, &id, "run.json");
    let mut value: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).expect("the record")).expect("JSON");
    let fields: Vec<String> = value.as_object().expect("an object").keys().cloned().collect();
    for field in fields.iter().filter(|field| !["boot", "monitor", "init", "started_at"].contains(&field.as_str())) {
        value.as_object_mut().expect("an object").remove(field);
    }
    value["of_a_later_build"] = serde_json::json!({"a": [1]});
    std::fs::write(&path, value.to_string()).expect("write an older record");
    assert_eq!(env.field("c", "{{.State.Status}}"), "running");
    assert_eq!(env.ok(&["logs", "c"]), "ready");
    env.ok(&["exec", "c", "true"]);
    env.ok(&["stop", "-t", "1", "c"]);
    assert_eq!(env.field("c", "{{.State.Status}} {{.State.ExitCode}}"), "exited 0");
    let path = record(env, &id, "exit.json");
    let mut value: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).expect("the record")).expect("JSON");
    let fields: Vec<String> = value.as_object().expect("an object").keys().cloned().collect();
    for field in fields.iter().filter(|field| !["code", "started_at", "finished_at"].contains(&field.as_str())) {
        value.as_object_mut().expect("an object").remove(field);
    }
    std::fs::write(&path, value.to_string()).expect("write an older record");
    assert_eq!(env.field("c", "{{.State.Status}} {{.State.ExitCode}}"), "exited 0");
    // The row: what a newer build added to the configuration has a meaning where it is missing.
    let read = env.host("python3", &["-c", OLDER_ROW, &env.data().join("state.db").to_string_lossy()]).run();
    if read.code != 77 {
        assert_eq!(read.code, 0, "{read}");
        assert_eq!(env.field("c", "{{.State.Status}}"), "exited", "{read}");
        env.run(&["inspect", "c"]).code(0);
        env.run(&["ps", "-a"]).code(0);
        env.ok(&["start", "c"]);
        env.ok(&["stop", "-t", "0", "c"]);
    } else {
        eprintln!("skip: the row of an older build: python3 has no sqlite3");
    }
    env.ok(&["rm", "c"]);
    let mut row = Row::default();
    row.judge(env, "an older build's records");
    row.end("an older build");
}

/// Takes from the newest row's configuration everything that has a default: objects of options, one at a time of the first level.
const OLDER_ROW: &str = r#"
import json, sys
try:
    import sqlite3
except ImportError:
    sys.exit(77)
db = sqlite3.connect(sys.argv[1])
(row, text), = db.execute("select id, config from containers").fetchall()
config = json.loads(text)
for name in ("ports", "filesystem", "isolation", "limits", "security", "settings", "supervision", "relations"):
    config.pop(name, None)
config["of_a_later_build"] = 1
db.execute("update containers set config = ? where id = ?", (json.dumps(config), row))
db.commit()
"#;

/// R33: a database that a newer build has changed is not written by this one.
fn a_newer_store_is_left_alone(env: &TestEnv) {
    env.busybox();
    let db = env.data().join("state.db").to_string_lossy().into_owned();
    let script = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); v = db.execute('pragma user_version').fetchone()[0]; \
                  db.execute(f'pragma user_version = {sys.argv[2] if int(sys.argv[2]) else v + 100}'); print(v)";
    let changed = env.host("python3", &["-c", script, &db, "0"]).run();
    if changed.code != 0 {
        eprintln!("skip: python3 with sqlite3 is missing: {changed}");
        return;
    }
    let before = std::fs::read(&db).expect("the database");
    for words in [&["create", "--network", "none", "bb", "true"][..], &["ps"], &["rmi", "bb"], &["system", "prune", "-af"]] {
        env.run(words).fails(125, &["newer"]);
    }
    assert_eq!(std::fs::read(&db).expect("the database"), before);
    env.host("python3", &["-c", script, &db, &changed.stdout()]).run().ok();
    env.bb(&[], &["echo", "fine"]).prints("fine");
}

/// R11: another boot, nothing in the runtime folder, and the pids of then are others' now.
fn a_reboot_leaves_nothing_to_repair(env: &TestEnv) {
    let ids: Vec<String> = [
        &["--name", "a", "--restart", "always"][..],
        &["--name", "b", "--userns", "keep-id"],
        &["--name", "c", "-v", "v:/v", "--health-cmd", "true"],
    ]
    .map(|options| env.start(options))
    .to_vec();
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").expect("the boot");
    let records: Vec<String> =
        ids.iter().map(|id| std::fs::read_to_string(record(env, id, "run.json")).expect("the record")).collect();
    // Monitors first: a machine that goes down writes no ends.
    for text in &records {
        let value: serde_json::Value = serde_json::from_str(text).expect("JSON");
        for name in ["monitor", "init"] {
            let pid = i32::try_from(value[name]["pid"].as_i64().expect("a pid")).expect("a pid");
            let _ = kill_process(Pid::from_raw(pid).expect("a pid"), Signal::KILL);
            crate::harness::program::wait_gone(pid);
        }
    }
    let mut foreign = env.host("sleep", &["1000"]).spawn();
    for (id, text) in ids.iter().zip(&records) {
        let mut value: serde_json::Value =
            serde_json::from_str(&text.replace(boot.trim(), "00000000-0000-4000-8000-000000000000")).expect("JSON");
        value["init"]["pid"] = serde_json::json!(foreign.pid());
        std::fs::write(record(env, id, "run.json"), value.to_string()).expect("write the record of another boot");
        let _ = std::fs::remove_file(record(env, id, "exit.json"));
    }
    std::fs::remove_dir_all(env.runtime().join("coracle")).expect("empty the runtime folder");
    let shown = env.ok(&["ps", "-a", "--format", "{{.State}}"]);
    assert_eq!(shown, "exited\nexited\nexited");
    assert_eq!(env.ok(&["ps", "-q"]), "");
    env.ok(&["system", "check", "--quick"]);
    for id in &ids {
        assert_ne!(env.field(id, "{{.State.ExitCode}}"), "0", "nobody saw it end well");
        env.ok(&["start", id]);
        assert_eq!(env.field(id, "{{.State.Status}}"), "running");
    }
    assert!(crate::harness::program::is_alive(foreign.pid().cast_signed()), "a foreign process was killed");
    foreign.close_stdin();
    foreign.signal(Signal::KILL);
    drop(foreign);
    let words: Vec<&str> = ids.iter().map(String::as_str).collect();
    env.remove(&words);
    env.ok(&["volume", "rm", "v"]);
    let mut row = Row::default();
    row.judge(env, "a reboot");
    row.end("a reboot");
}

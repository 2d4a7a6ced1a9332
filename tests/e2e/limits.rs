//! Limits: what the kernel holds a container to, where the cgroup comes from, `update` and `stats`.
//!
//! Most of this takes controllers, which few build machines give an ordinary user: `tests/vm/limits` runs these cases in a virtual
//! machine, at a login session and in units of several kinds.

use super::harness::host::Need;
use super::harness::{Case, TestEnv, case};
use std::path::Path;
use std::time::{Duration, Instant};

const OURS: &str = "Podman leaves limits out with a warning where it has no controllers";

pub fn cases() -> Vec<Case> {
    let limits = [Need::Userns, Need::Limits];
    vec![
        case!(limits_stand_in_the_containers_cgroup).needs(&limits),
        case!(a_container_over_its_memory_is_killed).needs(&limits),
        case!(more_tasks_than_allowed_are_refused).needs(&limits),
        case!(a_session_is_held_to_the_limits).needs(&limits),
        case!(a_session_over_the_memory_is_killed_alone).needs(&limits),
        case!(an_update_counts_at_once_and_at_the_next_start).needs(&limits),
        case!(an_update_that_cannot_be_leaves_all_as_it_was).needs(&limits).only_ours("the text of errors"),
        case!(stats_count_what_the_cgroup_counts).needs(&limits),
        case!(the_cgroup_goes_with_the_container).needs(&limits),
        case!(a_killed_monitor_leaves_no_cgroup).needs(&limits).only_ours("our monitor"),
        case!(a_setting_of_cgroups_is_written).needs(&limits),
        case!(a_memory_too_small_to_start_is_named).needs(&limits).only_ours("the text of errors"),
        case!(a_limit_without_its_controller_names_it).needs(&[Need::Userns]).only_ours(OURS),
        case!(what_only_cgroup_v1_has_is_refused).only_ours(OURS),
        case!(inspect_shows_what_was_asked).only_ours(OURS),
        case!(an_update_of_a_stopped_container_is_kept).only_ours(OURS),
        case!(without_a_cgroup_no_limit_can_be_updated).needs(&[Need::Userns]).only_ours(OURS),
        case!(no_bound_needs_no_controller).needs(&[Need::Userns]),
        case!(stats_work_without_a_cgroup).needs(&[Need::Userns]).only_ours("Podman has none without a cgroup"),
        case!(stats_follow_a_container_to_its_end).needs(&[Need::Userns]).only_ours("Podman's never end"),
    ]
}

/// Reads files of the container's own cgroup from inside.
fn read(env: &TestEnv, id: &str, files: &[&str]) -> Vec<String> {
    let script = format!("cd /sys/fs/cgroup && cat {}", files.join(" "));
    env.ok(&["exec", id, "sh", "-c", &script]).lines().map(str::to_owned).collect()
}

fn limits_stand_in_the_containers_cgroup(env: &TestEnv) {
    let options = ["-m", "64m", "--memory-swap", "80m", "--memory-reservation", "32m", "--cpus", "0.5", "--pids-limit", "20"];
    let id = env.start(&[&options[..], &["--cpu-shares", "2"]].concat());
    let files = ["memory.max", "memory.low", "cpu.max", "pids.max", "cpu.weight"];
    assert_eq!(read(env, &id, &files), ["67108864", "33554432", "50000 100000", "20", "1"]);
    let swap = env.run(&["exec", &id, "cat", "/sys/fs/cgroup/memory.swap.max"]);
    assert!(swap.code != 0 || swap.stdout() == "16777216", "{swap}");
    // No other cgroup is seen than the own one.
    assert_eq!(env.ok(&["exec", &id, "cat", "/proc/self/cgroup"]), "0::/");
    env.remove(&[&id]);
    // Tasks are bounded without a word where there is a cgroup.
    let text = env.sh(&["-m", "64m"], "cat /sys/fs/cgroup/pids.max");
    assert_eq!(text, "2048");
}

/// R25.
fn a_container_over_its_memory_is_killed(env: &TestEnv) {
    env.busybox();
    let output = env.run(&["run", "--name", "o", "--network", "none", "-m", "16m", "bb", "tail", "/dev/zero"]);
    assert_eq!(output.code, 137, "{output}");
    assert_eq!(env.field("o", "{{.State.OOMKilled}} {{.State.ExitCode}} {{.State.Status}}"), "true 137 exited");
    env.remove(&["o"]);
    // The twin: killed, but not for want of memory.
    let id = env.start(&["-m", "64m"]);
    env.ok(&["kill", &id]);
    assert_eq!(env.ok(&["wait", &id]), "137");
    assert_eq!(env.field(&id, "{{.State.OOMKilled}}"), "false");
    env.remove(&[&id]);
}

fn more_tasks_than_allowed_are_refused(env: &TestEnv) {
    let script = "for i in 1 2 3 4 5 6 7 8; do sleep 100 & done; echo all";
    let output = env.bb(&["--pids-limit", "5"], &["sh", "-c", script]);
    assert!(output.code != 0 && output.stderr().contains("fork"), "{output}");
    assert_eq!(env.sh(&["--pids-limit", "20"], script), "all");
}

fn a_session_is_held_to_the_limits(env: &TestEnv) {
    let id = env.start(&["-m", "64m", "--pids-limit", "6"]);
    let inside = env.ok(&["exec", &id, "sh", "-c", "cat /proc/1/cgroup /proc/self/cgroup"]);
    assert_eq!(inside, "0::/\n0::/");
    let output = env.run(&["exec", &id, "sh", "-c", "for i in 1 2 3 4 5 6 7 8; do sleep 100 & done; echo all"]);
    assert!(output.code != 0 && output.stderr().contains("fork"), "{output}");
    env.remove(&[&id]);
}

fn a_session_over_the_memory_is_killed_alone(env: &TestEnv) {
    let id = env.start(&["-m", "24m"]);
    let output = env.run(&["exec", &id, "tail", "/dev/zero"]);
    assert_eq!(output.code, 137, "{output}");
    assert_eq!(env.field(&id, "{{.State.Running}}"), "true");
    env.remove(&[&id]);
}

fn an_update_counts_at_once_and_at_the_next_start(env: &TestEnv) {
    let id = env.start(&["-m", "64m", "--cpus", "0.5"]);
    env.ok(&["update", "--memory", "96m", "--cpus", "0.25", "--pids-limit", "33", &id]);
    let files = ["memory.max", "cpu.max", "pids.max"];
    let wanted = ["100663296", "25000 100000", "33"];
    assert_eq!(read(env, &id, &files), wanted);
    env.ok(&["stop", "-t", "5", &id]);
    env.ok(&["start", &id]);
    assert_eq!(read(env, &id, &files), wanted);
    env.remove(&[&id]);
}

fn an_update_that_cannot_be_leaves_all_as_it_was(env: &TestEnv) {
    let id = env.start(&["-m", "64m", "--pids-limit", "30"]);
    for options in [&["-m", "4k"][..], &["--memory-swap", "1m"], &["--pids-limit", "7", "--cpuset-cpus", "60000"]] {
        let output = env.run(&[&["update"], options, &[&id]].concat());
        assert!(output.code == 125 && output.stderr().contains(options[options.len() - 2]), "{output}");
    }
    assert_eq!(read(env, &id, &["memory.max", "pids.max"]), ["67108864", "30"]);
    assert_eq!(env.field(&id, "{{.HostConfig.Memory}} {{.HostConfig.PidsLimit}}"), "67108864 30");
    env.remove(&[&id]);
}

fn stats_count_what_the_cgroup_counts(env: &TestEnv) {
    let id = env.start_script(&["-m", "64m"], "echo ready; while :; do :; done");
    let format = "{{.PIDS}} {{.MemUsage}} {{.ID}}";
    let text = env.ok(&["stats", "--no-stream", "--no-reset", "--format", format, &id]);
    assert!(text.contains("1 ") && text.contains(" / 67.11MB ") && text.contains(&id[..12]), "{text}");
    let json = env.ok(&["stats", "--no-stream", "--no-reset", "--format", "json", &id]);
    let rows: serde_json::Value = serde_json::from_str(&json).unwrap();
    let percent: f64 = rows[0]["cpu_percent"].as_str().unwrap().trim_end_matches('%').parse().unwrap();
    assert!(percent > 0.0, "{json}");
    assert!(rows[0]["mem_usage"].as_str().unwrap().ends_with(" / 67.11MB"), "{json}");
    env.remove(&[&id]);
}

/// The folder of a running container's cgroup.
fn cgroup_of(env: &TestEnv, id: &str) -> std::path::PathBuf {
    let path = env.field(id, "{{.State.CgroupPath}}");
    assert!(path.len() > 1, "{id} has no cgroup of its own");
    Path::new("/sys/fs/cgroup").join(path.trim_start_matches('/'))
}

/// Waits until the folder is gone: systemd takes a scope away some time after its last process has ended. The kernel tells nobody
/// of the removal of a cgroup (kernfs sends no inotify event for it), so it is looked for.
fn wait_until_gone(path: &Path) -> bool {
    let end = Instant::now() + Duration::from_secs(10);
    while path.exists() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(20));
    }
    !path.exists()
}

fn the_cgroup_goes_with_the_container(env: &TestEnv) {
    let id = env.start(&["-m", "64m"]);
    let cgroup = cgroup_of(env, &id);
    assert!(cgroup.is_dir(), "{}", cgroup.display());
    // Also with cgroups that the container has made itself.
    let _ = env.run(&["exec", "--user", "0", &id, "mkdir", "-p", "/sys/fs/cgroup/a/b"]);
    env.ok(&["stop", "-t", "5", &id]);
    assert!(wait_until_gone(&cgroup), "{}", cgroup.display());
    let scope = cgroup.parent().unwrap();
    assert!(scope.extension().is_none_or(|kind| kind != "scope") || scope_is_not_ours(scope) || wait_until_gone(scope));
    env.remove(&[&id]);
}

/// The scope of the tests themselves stays.
fn scope_is_not_ours(scope: &Path) -> bool {
    !scope.file_name().is_some_and(|name| name.to_string_lossy().starts_with("coracle-"))
}

fn a_killed_monitor_leaves_no_cgroup(env: &TestEnv) {
    let id = env.start(&["-m", "64m"]);
    let cgroup = cgroup_of(env, &id);
    let monitor: i32 = env.field(&id, "{{.State.ConmonPid}}").parse().unwrap();
    let monitor = rustix::process::Pid::from_raw(monitor).unwrap();
    rustix::process::kill_process(monitor, rustix::process::Signal::KILL).unwrap();
    env.remove(&[&id]);
    assert!(wait_until_gone(&cgroup), "{}", cgroup.display());
}

fn a_setting_of_cgroups_is_written(env: &TestEnv) {
    let text = env.sh(&["--cgroup-conf", "memory.high=50331648"], "cat /sys/fs/cgroup/memory.high");
    assert_eq!(text, "50331648");
}

fn a_memory_too_small_to_start_is_named(env: &TestEnv) {
    let output = env.bb(&["-m", "4k"], &["true"]);
    assert!(output.code == 125 && output.stderr().contains("--memory"), "{output}");
}

/// T23.
fn a_limit_without_its_controller_names_it(env: &TestEnv) {
    // No kernel has this one, so the answer is the same with every cgroup; without any, that is said.
    let output = env.bb(&["--cgroup-conf", "nosuch.max=1"], &["true"]);
    assert!(output.code == 125 && output.stderr().contains("--cgroup-conf"), "{output}");
    assert!(output.stderr().contains("\"nosuch\"") || output.stderr().contains("Delegate=yes"), "{output}");
}

/// T23.
fn what_only_cgroup_v1_has_is_refused(env: &TestEnv) {
    env.busybox();
    for option in ["--memory-swappiness=50", "--oom-kill-disable", "--cpu-rt-period=1000", "--cpu-rt-runtime=1000"] {
        let output = env.run(&["create", option, "bb", "true"]);
        let name = option.split('=').next().unwrap();
        assert!(output.code == 125 && output.stderr().contains(name) && output.stderr().contains("v1"), "{output}");
    }
    let accepted = env.ok(&["create", "--memory-swappiness=-1", "--oom-kill-disable=false", "bb", "true"]);
    env.remove(&[&accepted]);
}

fn inspect_shows_what_was_asked(env: &TestEnv) {
    env.busybox();
    let options = ["-m", "64m", "--cpus", "1.5", "-c", "512", "--cpuset-cpus", "0", "--blkio-weight", "100"];
    let more = ["--cgroup-parent", "a.slice", "--device-read-bps", "/dev/sda:1mb", "--cgroup-conf", "memory.high=9"];
    let id = env.ok(&[&["create"], &options[..], &more, &["bb", "true"]].concat());
    for (field, wanted) in [
        ("Memory", "67108864"),
        ("MemorySwap", "134217728"),
        ("NanoCpus", "1500000000"),
        ("CpuQuota", "150000"),
        ("CpuPeriod", "100000"),
        ("CpuShares", "512"),
        ("CpusetCpus", "0"),
        ("BlkioWeight", "100"),
        ("PidsLimit", "2048"),
        ("CgroupParent", "a.slice"),
        ("Cgroups", "default"),
    ] {
        assert_eq!(env.field(&id, &format!("{{{{.HostConfig.{field}}}}}")), wanted, "{field}");
    }
    assert_eq!(env.field(&id, "{{json .HostConfig.BlkioDeviceReadBps}}"), r#"[{"Path":"/dev/sda","Rate":1048576}]"#);
    assert_eq!(env.field(&id, "{{json .HostConfig.CgroupConf}}"), r#"{"memory.high":"9"}"#);
    env.remove(&[&id]);
}

fn an_update_of_a_stopped_container_is_kept(env: &TestEnv) {
    env.busybox();
    let id = env.ok(&["create", "-m", "64m", "--cpus", "1", "bb", "true"]);
    assert_eq!(env.ok(&["update", "--pids-limit", "5", "--cpus", "0.5", &id]), id);
    let fields = "{{.HostConfig.Memory}} {{.HostConfig.PidsLimit}} {{.HostConfig.NanoCpus}}";
    assert_eq!(env.field(&id, fields), "67108864 5 500000000");
    let output = env.run(&["update", "--memory-swap", "1m", &id]);
    assert!(output.code == 125 && output.stderr().contains("--memory-swap"), "{output}");
    assert_eq!(env.field(&id, fields), "67108864 5 500000000");
    env.remove(&[&id]);
}

fn without_a_cgroup_no_limit_can_be_updated(env: &TestEnv) {
    let id = env.start(&["--cgroups", "disabled"]);
    assert_eq!(env.field(&id, "{{.State.CgroupPath}}{{.HostConfig.PidsLimit}}"), "0");
    let output = env.run(&["update", "--pids-limit", "5", &id]);
    assert!(output.code == 125 && output.stderr().contains("--cgroups=disabled"), "{output}");
    env.remove(&[&id]);
    let output = env.bb(&["--cgroups", "disabled", "-m", "64m"], &["true"]);
    assert!(output.code == 125 && output.stderr().contains("--cgroups=disabled"), "{output}");
}

fn no_bound_needs_no_controller(env: &TestEnv) {
    for options in [&["--pids-limit", "-1"][..], &["--pids-limit", "0"], &["--memory-swap", "-1"], &["--memory", "0"]] {
        env.bb(options, &["true"]).ok();
    }
}

fn stats_work_without_a_cgroup(env: &TestEnv) {
    let busy = "sleep 1000 & echo ready; while :; do :; done";
    let id = env.start_script(&["--cgroups", "disabled", "--name", "busy"], busy);
    let created = env.ok(&["create", "--name", "idle", "bb", "true"]);
    let looked = env.ok(&["stats", "--no-stream", "--format", "json", &id]);
    let rows: serde_json::Value = serde_json::from_str(&looked).unwrap();
    assert_eq!((rows[0]["name"].as_str(), rows[0]["pids"].as_str()), (Some("busy"), Some("2")), "{looked}");
    assert!(!rows[0]["mem_usage"].as_str().unwrap().starts_with("0B"), "{looked}");
    assert!(!rows[0]["mem_usage"].as_str().unwrap().ends_with("/ 0B"), "{looked}");
    let table = env.ok(&["stats", "--no-stream", "-a"]);
    let mut lines = table.lines();
    let heading = "ID NAME CPU % MEM USAGE / LIMIT MEM % NET IO BLOCK IO PIDS CPU TIME AVG CPU %";
    assert_eq!(lines.next().unwrap().split_whitespace().collect::<Vec<_>>().join(" "), heading);
    let names: Vec<&str> = lines.map(|line| line.split_whitespace().nth(1).unwrap()).collect();
    assert_eq!(names, ["busy", "idle"]);
    let running = env.ok(&["stats", "--no-stream", "--format", "{{.Name}}"]);
    assert_eq!(running, "busy");
    let output = env.run(&["stats", "--no-stream", "nobody"]);
    assert!(output.code == 125 && output.stderr().contains("nobody"), "{output}");
    env.remove(&[&id, &created]);
}

fn stats_follow_a_container_to_its_end(env: &TestEnv) {
    let id = env.start(&["--name", "followed"]);
    let mut stats = env.cmd(&["stats", "-i", "1", "--format", "look at {{.Name}}", &id]).spawn();
    stats.close_stdin();
    stats.read_until("look at followed\nlook at followed\n");
    env.remove(&[&id]);
    let output = stats.wait();
    assert!(output.code == 0 && output.stderr().is_empty(), "{output}");
}

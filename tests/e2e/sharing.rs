//! Namespaces that containers share with the host and with each other.

use crate::harness::{Case, Need, TestEnv, case, program};
use std::path::Path;

pub fn cases() -> Vec<Case> {
    let needs = &[Need::Userns];
    let no_queues = !Path::new("/dev/mqueue").exists();
    let queues = "podman needs the host's /dev/mqueue";
    let one_process = "crun without a cgroup kills the first process alone";
    vec![
        case!(every_kind_is_private_by_default).needs(needs),
        case!(the_hosts_namespaces_can_be_shared).needs(needs).gap_where(no_queues, queues),
        case!(namespaces_of_another_container_can_be_shared).needs(needs),
        case!(namespaces_can_be_named_by_a_path).needs(needs).only_ours("podman asks for rights over the path's namespace"),
        case!(with_the_hosts_processes_nothing_stays_behind).needs(needs).gap(one_process),
        case!(in_another_containers_pid_namespace_nothing_stays_behind).needs(needs).gap(one_process),
        case!(a_killed_monitor_leaves_processes_that_a_removal_ends).needs(needs).only_ours("it kills our monitor"),
        case!(shared_memory_is_shared_with_the_ipc_namespace).needs(needs).gap_where(no_queues, queues),
        case!(a_private_ipc_namespace_is_not_shared).needs(needs),
        case!(without_ipc_there_is_no_shared_memory).needs(needs),
        case!(the_hosts_cgroups_are_read_only).needs(needs),
        case!(the_host_name_belongs_to_its_namespace)
            .needs(needs)
            .gap("podman 4.3 writes the id to /etc/hostname, --uts=host or not"),
        case!(a_shared_network_brings_its_files)
            .needs(needs)
            .gap("podman gives it another hosts file where the other has no network"),
        case!(a_container_that_is_shared_is_started).needs(needs),
        case!(sharing_with_nobody_is_refused).needs(needs),
        case!(settings_of_a_shared_namespace_are_refused).needs(needs).only_ours("podman hands them to the kernel"),
        case!(exec_is_in_the_containers_namespaces)
            .needs(needs)
            .gap("podman 4.3 cannot remove a running container with --pid=host"),
        case!(inspect_shows_what_is_shared).needs(needs),
    ]
}

const KINDS: [&str; 5] = ["pid", "ipc", "uts", "net", "cgroup"];
const LOOK: &str = "for kind in pid ipc uts net cgroup; do readlink /proc/self/ns/$kind; done";

fn host(kind: &str) -> String {
    std::fs::read_link(format!("/proc/self/ns/{kind}")).unwrap().to_string_lossy().into_owned()
}

fn seen(text: &str) -> Vec<(&'static str, String)> {
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), KINDS.len(), "{text}");
    KINDS.into_iter().zip(lines).collect()
}

fn every_kind_is_private_by_default(env: &TestEnv) {
    for (kind, inside) in seen(&env.sh(&[], LOOK)) {
        assert_ne!(inside, host(kind), "{kind}");
    }
}

fn the_hosts_namespaces_can_be_shared(env: &TestEnv) {
    env.busybox();
    let options = ["--pid=host", "--ipc=host", "--uts=host", "--network=host", "--cgroupns=host"];
    let args: Vec<&str> = [&["run", "--rm"], &options[..], &["bb", "sh", "-c", LOOK]].concat();
    for (kind, inside) in seen(&env.ok(&args)) {
        assert_eq!(inside, host(kind), "{kind}");
    }
    let own = std::process::id();
    let text = env.sh(&["--pid=host"], &format!("tr '\\0' ' ' < /proc/{own}/cmdline"));
    assert!(text.contains("e2e"), "the host's processes are seen: {text}");
}

fn namespaces_of_another_container_can_be_shared(env: &TestEnv) {
    let id = env.start(&["--name", "shared"]);
    let wanted = seen(&env.ok(&["exec", &id, "sh", "-c", LOOK]));
    env.busybox();
    let options: Vec<String> =
        ["pid", "ipc", "uts", "network", "cgroupns"].iter().map(|option| format!("--{option}=container:shared")).collect();
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let args: Vec<&str> = [&["run", "--rm"], &options[..], &["bb", "sh", "-c", LOOK]].concat();
    assert_eq!(seen(&env.ok(&args)), wanted);
    // It is a neighbour there, not process 1.
    let text = env.sh(&["--pid=container:shared"], "echo $$; tr '\\0' ' ' < /proc/1/cmdline");
    assert!(!text.starts_with("1\n") && text.contains("trap"), "{text}");
    env.remove(&[&id]);
}

fn namespaces_can_be_named_by_a_path(env: &TestEnv) {
    let id = env.start(&[]);
    let pid = env.init_pid(&id);
    let wanted = seen(&env.ok(&["exec", &id, "sh", "-c", LOOK]));
    let path = |kind: &str| format!("ns:/proc/{pid}/ns/{kind}");
    let options = [
        format!("--pid={}", path("pid")),
        format!("--ipc={}", path("ipc")),
        format!("--uts={}", path("uts")),
        format!("--network={}", path("net")),
        format!("--cgroupns={}", path("cgroup")),
    ];
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let args: Vec<&str> = [&["run", "--rm"], &options[..], &["bb", "sh", "-c", LOOK]].concat();
    assert_eq!(seen(&env.ok(&args)), wanted);
    env.bb(&[&format!("--ipc={}", path("uts"))], &["true"]).fails(125, &["ipc"]);
    env.bb(&["--uts=ns:/no/such"], &["true"]).fails(125, &["/no/such"]);
    env.remove(&[&id]);
}

/// Host pids of processes whose command line has this word.
fn with_word(word: &str) -> Vec<i32> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| {
        std::fs::read(format!("/proc/{pid}/cmdline"))
            .is_ok_and(|line| line.split(|byte| *byte == 0).any(|part| part == word.as_bytes()))
    })
    .collect()
}

/// Leaves a child, a grandchild without parent, and one in a session of its own, and ends.
fn leaving(seconds: &str, end: &str) -> String {
    format!("sleep {seconds} & (sleep {seconds} &); setsid sleep {seconds} & {end}")
}

fn with_the_hosts_processes_nothing_stays_behind(env: &TestEnv) {
    let seconds = format!("{}", 1_000_000 + std::process::id());
    let output = env.bb(&["--pid=host"], &["sh", "-c", &leaving(&seconds, "exit 3")]);
    assert_eq!(output.code, 3, "{output}");
    assert_eq!(with_word(&seconds), [] as [i32; 0]);
    let id = env.start_script(&["--pid=host"], &leaving(&seconds, "echo ready; sleep 1000"));
    env.ok(&["exec", "-d", &id, "sleep", &seconds]);
    assert!(with_word(&seconds).len() >= 3);
    env.ok(&["kill", &id]);
    env.ok(&["wait", &id]);
    assert_eq!(with_word(&seconds), [] as [i32; 0]);
    env.remove(&[&id]);
}

fn in_another_containers_pid_namespace_nothing_stays_behind(env: &TestEnv) {
    let seconds = format!("{}", 2_000_000 + std::process::id());
    let id = env.start(&[]);
    let neighbour = format!("--pid=container:{id}");
    let output = env.bb(&[&neighbour], &["sh", "-c", &leaving(&seconds, "exit 4")]);
    assert_eq!(output.code, 4, "{output}");
    assert_eq!(with_word(&seconds), [] as [i32; 0]);
    // And it ends with the other.
    let second = env.start(&[&neighbour]);
    let pid = env.init_pid(&second);
    env.ok(&["kill", &id]);
    program::wait_gone(pid);
    env.ok(&["wait", &second]);
    env.remove(&[&second, &id]);
}

fn a_killed_monitor_leaves_processes_that_a_removal_ends(env: &TestEnv) {
    let seconds = format!("{}", 3_000_000 + std::process::id());
    let id = env.start_script(&["--pid=host"], &leaving(&seconds, "echo ready; sleep 1000"));
    let monitor: i32 = env.field(&id, "{{.State.ConmonPid}}").parse().unwrap();
    let init = env.init_pid(&id);
    rustix::process::kill_process(rustix::process::Pid::from_raw(monitor).unwrap(), rustix::process::Signal::KILL).unwrap();
    program::wait_gone(init);
    env.remove(&[&id]);
    assert_eq!(with_word(&seconds), [] as [i32; 0]);
}

fn shared_memory_is_shared_with_the_ipc_namespace(env: &TestEnv) {
    let id = env.start(&["--ipc=shareable"]);
    env.ok(&["exec", &id, "sh", "-c", "echo hello > /dev/shm/word"]);
    let text = env.sh(&[&format!("--ipc=container:{id}")], "cat /dev/shm/word; echo back > /dev/shm/answer; ls -d /dev/mqueue");
    assert_eq!(text, "hello\n/dev/mqueue");
    assert_eq!(env.ok(&["exec", &id, "cat", "/dev/shm/answer"]), "back");
    env.remove(&[&id]);
    let name = format!("/dev/shm/coracle-test-{}", std::process::id());
    std::fs::write(&name, "of the host").unwrap();
    let text = env.sh(&["--ipc=host"], &format!("cat {name}"));
    std::fs::remove_file(&name).unwrap();
    assert_eq!(text, "of the host");
}

/// T75.
fn a_private_ipc_namespace_is_not_shared(env: &TestEnv) {
    let id = env.start(&["--ipc=private"]);
    let output = env.bb(&[&format!("--ipc=container:{id}")], &["true"]);
    assert!(output.code == 125 && output.stderr().contains("shareable"), "{output}");
    env.remove(&[&id]);
}

fn without_ipc_there_is_no_shared_memory(env: &TestEnv) {
    assert_eq!(env.sh(&["--ipc=none"], "ls -d /dev/shm 2>/dev/null; grep -c ' /dev/shm ' /proc/self/mountinfo; true"), "0");
}

/// T24.
fn the_hosts_cgroups_are_read_only(env: &TestEnv) {
    let script = "find /sys/fs/cgroup -maxdepth 2 -name cgroup.procs | head -1; for f in $(find /sys/fs/cgroup -maxdepth 2 -name cgroup.procs); do echo $$ > $f && echo written; done 2>/dev/null; true";
    let text = env.sh(&["--cgroupns=host"], script);
    assert!(text.starts_with("/sys/fs/cgroup") && !text.contains("written"), "{text}");
}

fn the_host_name_belongs_to_its_namespace(env: &TestEnv) {
    let own = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    assert_eq!(env.sh(&["--uts=host"], "hostname; cat /etc/hostname"), format!("{0}\n{0}", own.trim()));
    let output = env.bb(&["--uts=host", "--hostname", "x"], &["true"]);
    assert!(output.code == 125 && output.stderr().to_lowercase().contains("uts"), "{output}");
    let id = env.start(&["--hostname", "theirs"]);
    assert_eq!(env.sh(&[&format!("--uts=container:{id}")], "hostname"), "theirs");
    env.remove(&[&id]);
}

fn a_shared_network_brings_its_files(env: &TestEnv) {
    let id = env.start(&["--name", "net"]);
    env.ok(&["exec", &id, "sh", "-c", "echo 192.0.2.9 added >> /etc/hosts"]);
    let text = env.ok(&["run", "--rm", "--network=container:net", "bb", "cat", "/etc/hosts"]);
    assert!(text.contains("192.0.2.9 added"), "{text}");
    for option in ["--add-host=a:192.0.2.1", "--dns=192.0.2.53", "--dns-search=example.net"] {
        env.run(&["run", "--rm", "--network=container:net", option, "bb", "true"]).fails(125, &["the other container's"]);
    }
    env.remove(&[&id]);
}

fn a_container_that_is_shared_is_started(env: &TestEnv) {
    let id = env.start(&["--name", "first"]);
    env.ok(&["create", "--name", "second", "--network=container:first", "--pid=container:first", "bb", "sleep", "1000"]);
    env.ok(&["kill", &id]);
    env.ok(&["wait", &id]);
    env.ok(&["start", "second"]);
    assert_eq!(env.field("first", "{{.State.Status}}"), "running");
    env.remove(&["second"]);
    env.remove(&["first"]);
}

fn sharing_with_nobody_is_refused(env: &TestEnv) {
    for option in ["--pid", "--ipc", "--uts", "--network", "--cgroupns", "--userns"] {
        let output = env.bb(&[&format!("{option}=container:no-such")], &["true"]);
        assert_eq!(output.code, 125, "{option}: {output}");
        let output = env.bb(&[&format!("{option}=nonsense")], &["true"]);
        assert_eq!(output.code, 125, "{option}: {output}");
    }
}

fn settings_of_a_shared_namespace_are_refused(env: &TestEnv) {
    for (option, setting) in [("--ipc=host", "kernel.shmmax=1"), ("--uts=host", "kernel.domainname=x")] {
        env.bb(&[option, "--sysctl", setting], &["true"]).fails(125, &["shared"]);
    }
}

fn exec_is_in_the_containers_namespaces(env: &TestEnv) {
    for options in
        [&["--pid=host"][..], &["--ipc=host", "--uts=host"], &["--cgroupns=host", "--userns=keep-id"], &["--userns=private"]]
    {
        let id = env.start(options);
        let pid = env.init_pid(&id);
        let look = "for kind in user mnt pid ipc uts net cgroup; do readlink /proc/self/ns/$kind; done";
        let text = env.ok(&["exec", &id, "sh", "-c", look]);
        let wanted: Vec<String> = ["user", "mnt", "pid", "ipc", "uts", "net", "cgroup"]
            .iter()
            .map(|kind| std::fs::read_link(Path::new("/proc").join(pid.to_string()).join("ns").join(kind)).unwrap())
            .map(|link| link.to_string_lossy().into_owned())
            .collect();
        assert_eq!(text.lines().collect::<Vec<_>>(), wanted, "{options:?}");
        env.remove(&[&id]);
    }
}

fn inspect_shows_what_is_shared(env: &TestEnv) {
    let id = env.start(&[]);
    let format = "{{.HostConfig.PidMode}} {{.HostConfig.IpcMode}} {{.HostConfig.UTSMode}} {{.HostConfig.NetworkMode}}";
    assert_eq!(env.field(&id, format), "private shareable private none");
    let neighbour = format!("container:{id}");
    let options = [format!("--pid={neighbour}"), format!("--ipc={neighbour}"), "--uts=host".to_owned()];
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let second = env.ok(&[&["create", "--network", &neighbour], &options[..], &["bb", "true"]].concat());
    assert_eq!(env.field(&second, format), format!("{neighbour} {neighbour} host {neighbour}"));
    env.remove(&[&second]);
    env.remove(&[&id]);
}

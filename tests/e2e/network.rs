//! `--network none`, `host` and `private`.

use crate::bridge::server;
use crate::harness::{Case, Need, TestEnv, case, program};
use std::net::IpAddr;

pub fn cases() -> Vec<Case> {
    let all = [
        case!(none_has_a_loopback_and_nothing_else),
        case!(host_is_the_hosts_own_namespace),
        case!(an_unknown_network_is_125),
        case!(private_has_an_address_a_route_and_a_resolver).needs(&[Need::Net]),
        case!(private_reaches_the_hosts_address).needs(&[Need::Net]),
        case!(private_does_not_reach_the_hosts_loopback).needs(&[Need::Net]),
        case!(private_reaches_what_the_host_offers_under_a_name).needs(&[Need::Net]).gap("podman 4.3 knows no host-gateway"),
        case!(what_fails_while_the_network_is_made_says_its_own_reason).needs(&[Need::Net]),
        case!(two_private_containers_are_apart).needs(&[Need::Net]),
        case!(a_killed_network_helper_leaves_a_container_that_can_be_removed).needs(&[Need::Net]),
        case!(the_network_helper_ends_with_the_container).needs(&[Need::Net]),
        case!(a_private_container_comes_back_after_a_stop).needs(&[Need::Net]),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

fn none_has_a_loopback_and_nothing_else(env: &TestEnv) {
    let text = env.sh(&[], "ls /sys/class/net; ip addr show lo; ip route; echo end");
    assert!(
        text.starts_with("lo\n") && text.contains("inet 127.0.0.1/8") && text.contains(",UP") && text.ends_with("end"),
        "{text}"
    );
    assert!(!text.contains("default"), "{text}");
}

fn host_is_the_hosts_own_namespace(env: &TestEnv) {
    env.busybox();
    let output = env.run(&[
        "run",
        "--rm",
        "--network",
        "host",
        "bb",
        "sh",
        "-c",
        "readlink /proc/self/ns/net; hostname; ls /sys/class/net",
    ]);
    let lines = output.ok();
    let own = std::fs::read_link("/proc/self/ns/net").unwrap();
    assert!(lines.starts_with(&format!("{}\n{}\n", own.display(), program::ok("hostname", &[]))), "{output}");
}

fn an_unknown_network_is_125(env: &TestEnv) {
    env.busybox();
    env.run(&["run", "--rm", "--network", "nosuch", "bb", "true"]).fails(125, &["nosuch"]);
}

fn private(env: &TestEnv, options: &[&str], script: &str) -> crate::harness::Output {
    env.busybox();
    let args: Vec<&str> = [&["run", "--rm", "--network", "private"], options, &["bb", "sh", "-c", script]].concat();
    env.run(&args)
}

fn private_has_an_address_a_route_and_a_resolver(env: &TestEnv) {
    let output = private(env, &[], "ls /sys/class/net | wc -l; ip -4 route; ip addr; cat /etc/resolv.conf; cat /etc/hosts");
    let text = output.ok();
    assert!(text.trim_start().starts_with('2') && text.contains("default via "), "{output}");
    // A host without a resolver gives its containers none.
    let host = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    assert!(!host.contains("nameserver") || text.contains("nameserver"), "{output}");
}

/// The host's first address that is not of the loopback.
fn host_address() -> Option<IpAddr> {
    program::ok("hostname", &["-I"])
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .find(|address: &IpAddr| address.is_ipv4())
}

fn private_reaches_the_hosts_address(env: &TestEnv) {
    let Some(address) = host_address() else { return };
    let port = server(IpAddr::from([0, 0, 0, 0]));
    // slirp4netns and pasta differ in which addresses stand for the host: its own may be the container's too.
    let script = format!(
        "gw=$(ip -4 route | sed -n 's/^default via \\([^ ]*\\).*/\\1/p'); for a in {address} $gw; do nc -w 5 $a {port} </dev/null && exit 0; done; exit 1"
    );
    let output = private(env, &[], &script);
    assert!(output.stdout().contains("from the host") || output.code == 1, "{output}");
}

fn private_does_not_reach_the_hosts_loopback(env: &TestEnv) {
    let port = server(IpAddr::from([127, 0, 0, 1]));
    let script = format!(
        "gw=$(ip -4 route | sed -n 's/^default via \\([^ ]*\\).*/\\1/p'); for a in 127.0.0.1 $gw 10.0.2.2 169.254.1.2; do nc -w 2 $a {port} </dev/null; done; echo end"
    );
    private(env, &[], &script).prints("end");
}

fn private_reaches_what_the_host_offers_under_a_name(env: &TestEnv) {
    let (open, closed) = (server(IpAddr::from([0, 0, 0, 0])), server(IpAddr::from([127, 0, 0, 1])));
    let script = format!(
        "for name in gw host.containers.internal; do for port in {open} {closed}; do nc -w 2 $name $port </dev/null; done; done; echo end"
    );
    let output = private(env, &["--add-host", "gw:host-gateway"], &script);
    output.prints("from the host\nfrom the host\nend");
    env.bb(&["--add-host", "gw:host-gateway"], &["true"]).fails(125, &["gw:host-gateway", "cannot be reached"]);
}

fn what_fails_while_the_network_is_made_says_its_own_reason(env: &TestEnv) {
    for (options, reason) in [
        (&["--user", "nosuch"][..], "unable to find user nosuch"),
        (&["--group-add", "nosuch"], "nosuch"),
        (&["--workdir", "/etc/passwd"], "/etc/passwd"),
    ] {
        // The network's helper and the container's init race; so more than once.
        for _ in 0..3 {
            let output = private(env, options, "true");
            assert!(output.code != 0 && output.stderr().contains(reason), "{options:?}: {output}");
            assert!(!output.stderr().contains("network"), "{options:?}: {output}");
        }
    }
}

fn two_private_containers_are_apart(env: &TestEnv) {
    env.busybox();
    let script = "echo ready; nc -l -p 7777";
    let args = ["run", "-d", "--network", "private", "bb", "sh", "-c", script];
    let first = env.ok(&args);
    let second = env.ok(&args);
    let of = |id: &str| env.ok(&["exec", id, "readlink", "/proc/self/ns/net"]);
    assert_ne!(of(&first), of(&second));
    env.remove(&[&first, &second]);
}

/// The living network helpers of this case.
pub fn helpers(env: &TestEnv) -> Vec<i32> {
    let pids = std::fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let ours = |pid: &i32| {
        let read = |name: &str| {
            std::fs::read(format!("/proc/{pid}/{name}"))
                .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
                .unwrap_or_default()
        };
        let name = read("comm");
        let helper = name.starts_with("pasta") || name.starts_with("passt") || name.starts_with("slirp4netns");
        // The whole path: other runs of these tests have cases of the same number.
        let group = env.cgroup().map(|path| path.strip_prefix("/sys/fs/cgroup").unwrap_or(path).to_string_lossy().into_owned());
        helper && program::is_alive(*pid) && group.is_none_or(|group| read("cgroup").contains(&format!(":/{group}/")))
    };
    pids.filter(ours).collect()
}

fn start_private(env: &TestEnv) -> String {
    env.busybox();
    env.ok(&["run", "-d", "--network", "private", "bb", "sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1000 & wait $!; done"])
}

fn a_killed_network_helper_leaves_a_container_that_can_be_removed(env: &TestEnv) {
    let id = start_private(env);
    let found = helpers(env);
    assert!(!found.is_empty());
    for pid in found {
        rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), rustix::process::Signal::KILL).unwrap();
    }
    assert_eq!(env.field(&id, "{{.State.Status}}"), "running");
    env.ok(&["exec", &id, "true"]);
    env.remove(&[&id]);
}

fn the_network_helper_ends_with_the_container(env: &TestEnv) {
    let id = start_private(env);
    assert!(!helpers(env).is_empty());
    // However the container ends: init is killed from outside, and nobody runs a command. (The leak check waits for it.)
    let init = rustix::process::Pid::from_raw(env.init_pid(&id)).unwrap();
    rustix::process::kill_process(init, rustix::process::Signal::KILL).unwrap();
    assert_eq!(env.ok(&["wait", &id]), "137");
    env.ok(&["rm", &id]);
}

fn a_private_container_comes_back_after_a_stop(env: &TestEnv) {
    let id = start_private(env);
    env.ok(&["stop", "-t", "0", &id]);
    env.ok(&["start", &id]);
    assert!(env.ok(&["exec", &id, "ip", "-4", "route"]).contains("default via "));
    env.remove(&[&id]);
}

//! A host that lacks what networks are made with: what is taken instead, and what the user is told.

use crate::bridge::{address, ask, serve, server, sh};
use crate::harness::registry::free_port;
use crate::harness::{Case, Need, Output, Place, TestEnv, case};
use crate::network::helpers;
use crate::ports::{helper, local, peer, tell_peer, wait_until};
use std::net::IpAddr;

pub fn cases() -> Vec<Case> {
    let all = [
        case!(without_pasta_slirp4netns_is_the_way_out),
        case!(without_slirp4netns_pasta_is_the_way_out),
        case!(without_either_containers_reach_each_other_and_the_user_is_told),
        case!(without_the_tun_device_the_module_is_named),
        case!(without_nft_the_default_network_is_one_of_its_own),
        case!(without_anything_a_container_has_loopback_and_the_user_is_told),
    ];
    all.into_iter()
        .map(|case| case.needs(&[Need::Userns, Need::Net, Need::Places]).only_ours("podman wants its programs"))
        .collect()
}

#[track_caller]
fn run(env: &TestEnv, options: &[&str], script: &str) -> Output {
    env.busybox();
    env.run(&[&["run", "--rm"], options, &["bb", "sh", "-c", script]].concat())
}

/// What the helpers of the case are.
fn stacks(env: &TestEnv) -> Vec<String> {
    let name = |pid: i32| std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    let mut names: Vec<String> = helpers(env).into_iter().map(|pid| name(pid).trim().replace("passt", "pasta")).collect();
    names.sort();
    names.dedup();
    names
}

#[track_caller]
fn wait_until_gone(env: &TestEnv) {
    wait_until("netd and its helper end", || helper(env).is_none() && helpers(env).is_empty());
}

fn one_stack_does(env: &TestEnv, missing: &'static str, taken: &str) {
    let port = server(IpAddr::from([0, 0, 0, 0]));
    // The server ends the connection, nc only then: an old pasta loses the end of one that both sides close at once.
    let from_host = format!("sleep 1 | timeout 10 nc host.containers.internal {port}");
    env.enter(Place::without(&[missing]));
    let id = serve(env, &[]);
    assert!(stacks(env).iter().all(|name| name.starts_with(taken)) && !stacks(env).is_empty(), "{:?}", stacks(env));
    let other = format!("{} 7000", address(env, &id, "eth0"));
    let output = run(env, &[], &format!("{}; {from_host}", ask(&[&other])));
    assert_eq!((output.ok(), output.stderr()), (format!("{other}\nend\nfrom the host"), String::new()));
    env.remove(&[&id]);
    wait_until_gone(env);
    let output = run(env, &["--network", "private"], &from_host);
    assert_eq!((output.ok(), output.stderr()), ("from the host".to_owned(), String::new()));
    run(env, &["--network", missing], "true").fails(125, &[&format!("{missing} is not installed")]);
}

fn without_pasta_slirp4netns_is_the_way_out(env: &TestEnv) {
    one_stack_does(env, "pasta", "slirp4netns");
}

fn without_slirp4netns_pasta_is_the_way_out(env: &TestEnv) {
    one_stack_does(env, "slirp4netns", "pasta");
}

/// Containers of a host without a way out: what works, and the warning of those that want more.
fn nothing_outside_but_each_other(env: &TestEnv, words: &[&str]) {
    env.ok(&["network", "create", "--subnet", "10.71.0.0/24", "blue"]);
    env.ok(&["network", "create", "--internal", "inner"]);
    env.busybox();
    let port = free_port();
    let id = tell_peer(env, &["--name", "web", "--network", "blue", "-p", &format!("127.0.0.1:{port}:80")]);
    assert_eq!(peer(local(port)), "10.71.0.1");
    let asked =
        run(env, &["--network", "blue"], "nslookup -type=a web.dns.podman | grep Address; nc -w 2 web 80 </dev/null && echo up");
    let text = asked.ok();
    assert!(text.contains(&address(env, &id, "eth0")) && text.ends_with("up"), "{asked}");
    for word in [&["nothing outside"], words].concat() {
        assert!(asked.stderr().contains(word), "{word}: {asked}");
    }
    let quiet = run(env, &["--network", "inner"], "ip -4 addr show eth0 | grep -c inet");
    assert_eq!((quiet.ok(), quiet.stderr()), ("1".to_owned(), String::new()));
    assert_eq!(stacks(env), [""; 0]);
    env.remove(&[&id]);
    wait_until_gone(env);
}

fn without_either_containers_reach_each_other_and_the_user_is_told(env: &TestEnv) {
    env.enter(Place::without(&["pasta", "slirp4netns"]));
    let mend = ["no network helper is installed", "apt install passt", "slirp4netns"];
    nothing_outside_but_each_other(env, &mend);
    run(env, &["--network", "private"], "true").fails(125, &mend);
    run(env, &["--network", "pasta"], "true").fails(125, &["pasta is not installed"]);
    run(env, &["--network", "slirp4netns"], "true").fails(125, &["slirp4netns is not installed"]);
    assert_eq!(env.ok(&["ps", "-aq"]), "");
}

fn without_the_tun_device_the_module_is_named(env: &TestEnv) {
    env.enter(Place::default().without_tun());
    let mend = ["tun", "sudo modprobe tun"];
    nothing_outside_but_each_other(env, &mend);
    for network in ["private", "pasta", "slirp4netns"] {
        run(env, &["--network", network], "true").fails(125, &mend);
    }
    assert_eq!(env.ok(&["ps", "-aq"]), "");
}

fn without_nft_the_default_network_is_one_of_its_own(env: &TestEnv) {
    let port = server(IpAddr::from([0, 0, 0, 0]));
    env.enter(Place::without(&["nft"]));
    let mend = ["no nft is installed", "apt install nftables"];
    let output = run(env, &[], &format!("sleep 1 | timeout 10 nc host.containers.internal {port}; ls /sys/class/net | wc -l"));
    assert_eq!(output.ok(), "from the host\n2");
    for word in [&["on no network with others"], &mend[..]].concat() {
        assert!(output.stderr().contains(word), "{word}: {output}");
    }
    assert!(sh(env, &["--network", "none"], "ls /sys/class/net") == "lo");
    // Where others are to be reached it does not help.
    env.ok(&["network", "create", "blue"]);
    for options in [&["--network", "blue"][..], &["--network", "blue,podman"], &["--ip", "10.88.0.9"]] {
        run(env, options, "true").fails(125, &mend);
    }
    assert_eq!(env.ok(&["ps", "-aq"]), "");
    wait_until_gone(env);
    // It is looked for again by each command.
    env.leave();
    let output = run(env, &["--network", "blue"], "ip -4 route");
    assert!(output.ok().contains("default via 10.89.0.1") && output.stderr().is_empty(), "{output}");
}

fn without_anything_a_container_has_loopback_and_the_user_is_told(env: &TestEnv) {
    env.enter(Place::without(&["nft", "pasta", "slirp4netns"]));
    let output = run(env, &[], "ip -4 addr show lo | grep -c inet; ls /sys/class/net");
    assert_eq!(output.ok(), "1\nlo");
    for word in ["no nft is installed", "nothing but loopback", "no network helper is installed"] {
        assert!(output.stderr().contains(word), "{word}: {output}");
    }
    // A published port would be nowhere.
    let publish = format!("127.0.0.1:{}:80", free_port());
    env.run(&["run", "--rm", "-p", &publish, "bb", "true"]).fails(125, &["no network helper is installed"]);
    assert_eq!(env.ok(&["ps", "-aq"]), "");
}

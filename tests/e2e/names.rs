//! Names of containers on networks, and the questions that go elsewhere.

use crate::harness::{Case, Need, Output, TestEnv, case};
use crate::ports::{HOST_PROGRAMS, serve};
use std::time::{Duration, Instant};

pub fn cases() -> Vec<Case> {
    let all = [
        case!(names_are_there_at_once_and_gone_with_the_container),
        case!(names_are_those_of_the_own_networks),
        case!(addresses_have_names_and_other_families_are_empty).only_ours("podman 4.3 has no names of addresses"),
        case!(a_network_has_name_servers_of_its_own).only_ours("podman 4.3 has no network create --dns"),
        case!(an_internal_network_asks_nobody).only_ours("podman 4.3 refuses in another way"),
        case!(a_client_that_holds_connections_keeps_nobody_waiting).only_ours("the limits are ours"),
        case!(names_come_back_after_the_helper_was_killed).only_ours("podman has no such helper"),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns, Need::Net])).collect()
}

/// Asks for a name in a container that runs.
fn look(env: &TestEnv, container: &str, kind: &str, name: &str) -> Output {
    env.run(&["exec", container, "nslookup", &format!("-type={kind}"), name])
}

/// The address of a container in a network.
fn address(env: &TestEnv, container: &str, network: &str) -> String {
    env.field(container, &format!("{{{{(index .NetworkSettings.Networks \"{network}\").IPAddress}}}}"))
}

fn sleeper(env: &TestEnv, name: &str, options: &[&str]) -> String {
    serve(env, &[&["--name", name], options].concat(), &["sleep", "1000"])
}

fn names_are_there_at_once_and_gone_with_the_container(env: &TestEnv) {
    env.ok(&["network", "create", "blue"]);
    sleeper(env, "asks", &["--network", "blue"]);
    for _ in 0..5 {
        let id = sleeper(env, "web", &["--network", "blue", "--network-alias", "www", "--hostname", "box"]);
        let own = address(env, "web", "blue");
        for name in ["web", "www", "box", &id[..12], "web.dns.podman", "WEB"] {
            let found = look(env, "asks", "a", name);
            assert!(found.stdout().contains(&format!("Address: {own}")), "{name}: {found}");
        }
        env.ok(&["kill", "web"]);
        let deadline = Instant::now() + Duration::from_secs(5);
        while look(env, "asks", "a", "web.dns.podman").stdout().contains(&own) {
            assert!(Instant::now() < deadline, "the name is still there");
        }
        env.remove(&["web"]);
    }
    env.remove(&["asks"]);
}

fn names_are_those_of_the_own_networks(env: &TestEnv) {
    env.ok(&["network", "create", "blue"]);
    env.ok(&["network", "create", "red"]);
    sleeper(env, "b", &["--network", "blue"]);
    sleeper(env, "r", &["--network", "red"]);
    sleeper(env, "both", &["--network", "blue", "--network", "red"]);
    sleeper(env, "plain", &[]);
    let knows = |who: &str, name: &str| look(env, who, "a", &format!("{name}.dns.podman")).stdout().contains("Name:");
    for (who, name, wanted) in [
        ("b", "both", true),
        ("r", "both", true),
        ("both", "b", true),
        ("both", "r", true),
        ("b", "r", false),
        ("r", "b", false),
        ("plain", "b", false),
        ("b", "plain", false),
    ] {
        assert_eq!(knows(who, name), wanted, "{who} asks for {name}");
    }
    // Nor at the gateway of a network that it is not in.
    let gateway = env.ok(&["network", "inspect", "--format", "{{range .Subnets}}{{.Gateway}}{{end}}", "blue"]);
    let asked = env.run(&["exec", "r", "timeout", "3", "nslookup", "b.dns.podman", &gateway]);
    assert!(!asked.stdout().contains("Name:"), "{asked}");
    env.remove(&["b", "r", "both", "plain"]);
}

fn addresses_have_names_and_other_families_are_empty(env: &TestEnv) {
    env.ok(&["network", "create", "blue"]);
    sleeper(env, "web", &["--network", "blue"]);
    let own = address(env, "web", "blue");
    let reversed: Vec<&str> = own.rsplit('.').collect();
    let found = look(env, "web", "ptr", &format!("{}.in-addr.arpa", reversed.join(".")));
    assert!(found.stdout().contains("name = web"), "{found}");
    let none = look(env, "web", "aaaa", "web.dns.podman");
    assert!(none.code == 0 && !none.stdout().contains("NXDOMAIN") && !none.stdout().contains("Name:"), "{none}");
    env.remove(&["web"]);
}

/// A name server that has one address for all names.
const ONE_FOR_ALL: &str = r#"$s=IO::Socket::INET->new(LocalPort=>53,Proto=>"udp") or die; while(defined $s->recv($d,2000)) {
    ($id)=unpack("n",$d); $q=substr($d,12); $n=index($q,"\0")+5; $q=substr($q,0,$n);
    $a=substr($q,-4,2) eq "\0\1" ? "\xc0\x0c\0\1\0\1\0\0\0\5\0\4\xc0\0\2\x63" : "";
    $s->send(pack("nnnnnn",$id,0x8180,1,length($a)?1:0,0,0).$q.$a)}"#;

fn a_network_has_name_servers_of_its_own(env: &TestEnv) {
    env.ok(&["network", "create", "--subnet", "10.123.7.0/24", "--dns", "10.123.7.53", "own"]);
    let server = &[&HOST_PROGRAMS[..], &["--name", "server", "--network", "own:ip=10.123.7.53"]].concat();
    serve(env, server, &["/usr/bin/perl", "-MIO::Socket::INET", "-e", ONE_FOR_ALL]);
    sleeper(env, "asks", &["--network", "own"]);
    let deadline = Instant::now() + Duration::from_secs(15);
    loop {
        let found = look(env, "asks", "a", "example.test");
        if found.stdout().contains("192.0.2.99") {
            break;
        }
        assert!(Instant::now() < deadline, "{found}");
    }
    // The container's own name counts before what the server says.
    let own = address(env, "server", "own");
    let found = look(env, "asks", "a", "server");
    assert!(found.stdout().contains(&own) && !found.stdout().contains("192.0.2.99"), "{found}");
    env.remove(&["server", "asks"]);
}

/// T66: a name server that is reachable from elsewhere and has an answer for every name is not asked.
fn an_internal_network_asks_nobody(env: &TestEnv) {
    env.ok(&["network", "create", "--internal", "--subnet", "10.123.8.0/24", "--dns", "10.123.9.53", "shut"]);
    env.ok(&["network", "create", "--subnet", "10.123.9.0/24", "open"]);
    let server = &[&HOST_PROGRAMS[..], &["--name", "server", "--network", "open:ip=10.123.9.53"]].concat();
    serve(env, server, &["/usr/bin/perl", "-MIO::Socket::INET", "-e", ONE_FOR_ALL]);
    sleeper(env, "in", &["--network", "shut"]);
    let own = address(env, "in", "shut");
    assert!(look(env, "in", "a", "in").stdout().contains(&own));
    let asked = look(env, "in", "a", "example.test");
    assert!(asked.stdout().contains("NXDOMAIN") && !asked.stdout().contains("192.0.2.99"), "{asked}");
    env.remove(&["server", "in"]);
}

/// Opens 500 connections: silent ones, half a length, half a message, nonsense; then sends malformed datagrams and stays.
const BAD_CLIENT: &str = r#"$g=shift; for $i (1..500) { $c=IO::Socket::INET->new(PeerAddr=>$g,PeerPort=>53,Timeout=>2) or next;
    print $c ("", "\0", "\0\x20abc", "\xff\xff".("\xc0\x0c"x2000))[$i%4]; $c->flush; push @c,$c }
    $u=IO::Socket::INET->new(PeerAddr=>$g,PeerPort=>53,Proto=>"udp");
    for $i (1..500) { $u->send(pack("nnnnnn",$i,0x100,1,0,0,65535).("\xc0\x0c"x8000)); $u->send("x"x$i) }
    $|=1; print "ready\n"; sleep 1000"#;

/// T67: a second container has its answers within a second each.
fn a_client_that_holds_connections_keeps_nobody_waiting(env: &TestEnv) {
    env.ok(&["network", "create", "blue"]);
    let gateway = env.ok(&["network", "inspect", "--format", "{{range .Subnets}}{{.Gateway}}{{end}}", "blue"]);
    sleeper(env, "good", &["--network", "blue"]);
    let bad = &[&HOST_PROGRAMS[..], &["--name", "bad", "--network", "blue"]].concat();
    serve(env, bad, &["/usr/bin/perl", "-MIO::Socket::INET", "-e", BAD_CLIENT, &gateway]);
    let mut logs = env.cmd(&["logs", "-f", "bad"]).spawn();
    logs.read_until("ready\n");
    logs.signal(rustix::process::Signal::KILL);
    drop(logs);
    for _ in 0..5 {
        let found = env.run(&["exec", "good", "timeout", "1", "nslookup", "-type=a", "bad.dns.podman"]);
        assert!(found.stdout().contains("Name:"), "{found}");
    }
    env.remove(&["good", "bad"]);
}

fn names_come_back_after_the_helper_was_killed(env: &TestEnv) {
    env.ok(&["network", "create", "blue"]);
    sleeper(env, "one", &["--network", "blue"]);
    sleeper(env, "two", &["--network", "blue"]);
    let pid = crate::ports::helper(env).expect("a helper");
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL).unwrap();
    crate::harness::program::wait_gone(pid);
    // The next command, whichever, starts it again.
    let found = look(env, "one", "a", "two.dns.podman");
    assert!(found.stdout().contains("Name:"), "{found}");
    env.remove(&["one", "two"]);
}

//! Published ports: `-p`, `-P`, `--expose`, and whom the container sees.

use crate::harness::registry::free_port;
use crate::harness::{Case, Need, TestEnv, case, program};
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

pub fn cases() -> Vec<Case> {
    let all = [
        case!(a_published_port_is_at_all_addresses_and_the_client_is_seen).only_ours("podman's forwarder hides the client"),
        case!(a_port_of_loopback_is_nowhere_else),
        case!(a_datagram_comes_back_from_where_it_was_sent_to).only_ours("podman's forwarder hides the client"),
        case!(a_taken_port_fails_before_anything_starts).only_ours("podman names no owner"),
        case!(a_low_port_names_the_setting).only_ours("podman words it otherwise"),
        case!(ranges_random_ports_and_all_exposed_are_shown).only_ours("podman 4.3 shows other host addresses"),
        case!(what_cannot_be_published_is_refused),
        case!(both_directions_end_by_themselves_and_all_bytes_arrive),
        case!(a_client_of_ipv6_reaches_a_program_that_listens_at_ipv4_alone),
        case!(ports_go_with_the_container_and_come_back_with_it),
        case!(a_killed_helper_comes_back_with_its_ports).only_ours("podman has no such helper"),
        case!(a_port_that_another_took_meanwhile_is_told_and_comes_back).only_ours("podman has no such helper"),
        case!(a_published_port_is_reached_from_containers_too),
        case!(many_that_start_and_die_leave_nothing).only_ours("slow with podman"),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns, Need::Net])).collect()
}

/// Serves the address of its client at port 80.
const TELL_PEER: &str = "mkdir -p /w/cgi-bin; printf '#!/bin/sh\\necho; echo peer=$REMOTE_ADDR\\n' > /w/cgi-bin/p; \
                         chmod +x /w/cgi-bin/p; exec httpd -f -p 80 -h /w";

/// Sends each datagram back with its sender.
const ECHO_DATAGRAMS: &str = r#"$s=IO::Socket::INET->new(LocalPort=>53,Proto=>"udp") or die; while(defined $s->recv($d,2000))
    {chomp $d; $s->send("$d from ".$s->peerhost.":".$s->peerport)}"#;

/// Sends all back with its length when the client has ended.
const ANSWER_AT_THE_END: &str = r#"$l=IO::Socket::INET->new(LocalPort=>7,Listen=>5,ReuseAddr=>1) or die; $/=undef;
    while($c=$l->accept){$d=<$c>; print $c $d,length($d),"\n"; close $c}"#;

/// The host's programs, for a container that serves something which busybox has no server for.
pub const HOST_PROGRAMS: [&str; 6] = ["-v", "/usr:/usr:ro", "-v", "/usr/lib:/lib:ro", "-v", "/usr/lib64:/lib64:ro"];

/// Starts a container on the default network, or the one that the options name.
#[track_caller]
pub fn serve(env: &TestEnv, options: &[&str], command: &[&str]) -> String {
    env.busybox();
    env.ok(&[&["run", "-d"], options, &["bb"], command].concat())
}

/// Starts a container that tells its clients their addresses at port 80.
#[track_caller]
pub fn tell_peer(env: &TestEnv, options: &[&str]) -> String {
    serve(env, options, &["sh", "-c", TELL_PEER])
}

/// An address of this host that others can see.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("203.0.113.1:9").ok()?;
    Some(socket.local_addr().ok()?.ip()).filter(|ip| !ip.is_loopback() && !ip.is_unspecified())
}

/// What the server tells of its client; asked until the program listens.
#[track_caller]
pub fn peer(at: SocketAddr) -> String {
    let deadline = Instant::now() + Duration::from_secs(10);
    let mut last = String::new();
    while Instant::now() < deadline {
        if let Ok(mut stream) = TcpStream::connect_timeout(&at, Duration::from_secs(3)) {
            stream.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
            let mut text = String::new();
            let asked = stream.write_all(b"GET /cgi-bin/p HTTP/1.0\r\n\r\n").and_then(|()| stream.read_to_string(&mut text));
            if let (Ok(_), Some((_, peer))) = (asked, text.split_once("peer=")) {
                return peer.trim().trim_start_matches("[::ffff:").trim_end_matches(']').to_owned();
            }
            last = text;
        }
        std::thread::yield_now();
    }
    panic!("no answer from {at}: {last:?}");
}

pub fn local(port: u16) -> SocketAddr {
    SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port)
}

/// The places where somebody listens at the port, as ss(8) shows them.
pub fn listening(port: u16) -> Vec<String> {
    let text = program::ok("ss", &["-H", "-lntu", &format!("sport = :{port}")]);
    let mut places: Vec<String> = text.lines().filter_map(|line| line.split_whitespace().nth(4).map(str::to_owned)).collect();
    places.sort();
    places
}

#[track_caller]
pub fn wait_until(what: &str, is: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !is() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::yield_now();
    }
}

fn a_published_port_is_at_all_addresses_and_the_client_is_seen(env: &TestEnv) {
    env.busybox();
    let port = free_port();
    let id = tell_peer(env, &["-p", &format!("{port}:80")]);
    assert_eq!(listening(port), [format!("0.0.0.0:{port}"), format!("[::]:{port}")]);
    // From the host's own loopback it is the gateway, never a loopback address.
    assert_eq!(peer(local(port)), "10.88.0.1");
    // Of the same family, where the default network has IPv6, which it has where the host has.
    let six = peer(format!("[::1]:{port}").parse().unwrap());
    assert!(six == "10.88.0.1" || six.starts_with("[fd"), "{six}");
    if let Some(address) = own_address() {
        assert_eq!(peer(SocketAddr::new(address, port)), address.to_string());
    }
    assert_eq!(env.ok(&["port", &id]), format!("80/tcp -> 0.0.0.0:{port}"));
    assert_eq!(env.ok(&["port", &id, "80"]), format!("0.0.0.0:{port}"));
    env.run(&["port", &id, "81"]).fails(125, &["81"]);
    env.remove(&[&id]);
}

/// T65: it is bound where it was asked for, and nowhere else; a second one at the same place fails (the next but one case).
fn a_port_of_loopback_is_nowhere_else(env: &TestEnv) {
    env.busybox();
    let port = free_port();
    let id = tell_peer(env, &["-p", &format!("127.0.0.1:{port}:80")]);
    assert_eq!(listening(port), [format!("127.0.0.1:{port}")]);
    peer(local(port));
    if let Some(address) = own_address() {
        let refused = TcpStream::connect_timeout(&SocketAddr::new(address, port), Duration::from_secs(3));
        assert_eq!(refused.map(drop).map_err(|error| error.kind()), Err(std::io::ErrorKind::ConnectionRefused));
    }
    env.remove(&[&id]);
}

fn a_datagram_comes_back_from_where_it_was_sent_to(env: &TestEnv) {
    env.busybox();
    let port = free_port();
    let id = serve(
        env,
        &[&HOST_PROGRAMS[..], &["-p", &format!("{port}:53/udp")]].concat(),
        &["/usr/bin/perl", "-MIO::Socket::INET", "-e", ECHO_DATAGRAMS],
    );
    let ask = |at: IpAddr| {
        let socket = UdpSocket::bind(SocketAddr::new(if at.is_ipv4() { "0.0.0.0" } else { "::" }.parse().unwrap(), 0)).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        // Connected: an answer from elsewhere would not come.
        socket.connect(SocketAddr::new(at, port)).unwrap();
        for _ in 0..30 {
            let _ = socket.send(b"hello\n");
            let mut space = [0; 200];
            if let Ok(length) = socket.recv(&mut space) {
                return (String::from_utf8_lossy(&space[..length]).trim().to_owned(), socket.local_addr().unwrap());
            }
        }
        panic!("no answer from {at}");
    };
    assert!(ask(Ipv4Addr::LOCALHOST.into()).0.starts_with("hello from 10.88.0.1:"));
    if let Some(address) = own_address() {
        let (text, client) = ask(address);
        assert_eq!(text, format!("hello from {client}"));
    }
    env.remove(&[&id]);
}

fn a_taken_port_fails_before_anything_starts(env: &TestEnv) {
    env.busybox();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let mapping = format!("127.0.0.1:{port}:80");
    let folder = env.folder("mark");
    let volume = format!("{folder}:/m");
    let owner = format!("process {}", std::process::id());
    env.run(&["run", "--name", "late", "-p", &mapping, "-v", &volume, "bb", "touch", "/m/ran"])
        .fails(125, &[&port.to_string(), "taken", &owner]);
    assert!(!std::path::Path::new(&folder).join("ran").exists());
    drop(taken);
    env.ok(&["start", "late"]);
    wait_until("the program has run", || std::path::Path::new(&folder).join("ran").exists());
    env.ok(&["rm", "-f", "late"]);
    let id = tell_peer(env, &["--name", "first", "-p", &mapping]);
    env.run(&["run", "--rm", "-p", &format!("{port}:80"), "bb", "true"]).fails(125, &["taken by container first"]);
    env.remove(&[&id]);
}

fn a_low_port_names_the_setting(env: &TestEnv) {
    env.busybox();
    let first: u16 = std::fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start").unwrap().trim().parse().unwrap();
    if first > 81 {
        env.run(&["run", "--rm", "-p", "81:80", "bb", "true"]).fails(125, &["net.ipv4.ip_unprivileged_port_start=81"]);
    } else {
        env.run(&["run", "--rm", "-p", "81:80", "bb", "true"]).code(0);
    }
}

fn ranges_random_ports_and_all_exposed_are_shown(env: &TestEnv) {
    env.busybox();
    env.ok(&[
        "create",
        "--name",
        "c",
        "-p",
        "127.0.0.1:18000-18002:80-82",
        "-p",
        "90/udp",
        "-P",
        "--expose",
        "70-71",
        "bb",
        "true",
    ]);
    let bindings: serde_json::Value =
        serde_json::from_str(&env.ok(&["inspect", "--format", "{{json .HostConfig.PortBindings}}", "c"])).unwrap();
    assert_eq!(bindings["81/tcp"][0], serde_json::json!({ "HostIp": "127.0.0.1", "HostPort": "18001" }));
    for port in ["70/tcp", "71/tcp", "90/udp"] {
        let chosen: u16 = bindings[port][0]["HostPort"].as_str().unwrap().parse().unwrap();
        assert!(chosen >= 1024, "{bindings}");
    }
    let shown = env.ok(&["ps", "-a", "--format", "{{.Ports}}"]);
    assert!(shown.contains("127.0.0.1:18000-18002->80-82/tcp"), "{shown}");
    env.ok(&["rm", "c"]);
}

fn what_cannot_be_published_is_refused(env: &TestEnv) {
    env.busybox();
    for (options, part) in [
        (&["-p", "8000-8001:80-82"][..], "port"),
        (&["-p", "80/sctp"], "sctp"),
        (&["-p", "8080:80", "-p", "8080:81"], "conflict"),
        (&["-p", "1.2.3:80:80"], "1.2.3"),
        (&["-p", "70000:80"], "70000"),
    ] {
        if part == "sctp" && env.tool().ends_with("podman") {
            continue;
        }
        env.run(&[&["create"], options, &["bb", "true"]].concat()).fails(125, &[part]);
    }
}

fn both_directions_end_by_themselves_and_all_bytes_arrive(env: &TestEnv) {
    env.busybox();
    let port = free_port();
    // The answer begins only when the question has ended.
    let id = serve(
        env,
        &[&HOST_PROGRAMS[..], &["-p", &format!("127.0.0.1:{port}:7")]].concat(),
        &["/usr/bin/perl", "-MIO::Socket::INET", "-e", ANSWER_AT_THE_END],
    );
    let bytes: Vec<u8> = (0..5_000_000u32).map(|at| u8::try_from(at % 251).unwrap()).collect();
    let answer = answer_at_the_end(local(port), &bytes);
    assert_eq!(answer.len(), bytes.len() + "5000000\n".len());
    assert!(answer.starts_with(&bytes) && answer.ends_with(b"5000000\n"));
    env.remove(&[&id]);
}

/// What [`ANSWER_AT_THE_END`] says to these bytes; asked until it listens.
#[track_caller]
fn answer_at_the_end(at: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let mut stream = TcpStream::connect(at).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut answer = Vec::new();
        let sent = stream.write_all(bytes).and_then(|()| stream.shutdown(std::net::Shutdown::Write));
        if sent.and_then(|()| stream.read_to_end(&mut answer)).is_ok() && !answer.is_empty() {
            return answer;
        }
        assert!(Instant::now() < deadline, "the program does not listen");
    }
}

fn a_client_of_ipv6_reaches_a_program_that_listens_at_ipv4_alone(env: &TestEnv) {
    env.ok(&["network", "create", "--ipv6", "both"]);
    let port = free_port();
    let publish = format!("{port}:7");
    let options = [&HOST_PROGRAMS[..], &["--network", "both", "-p", &publish]].concat();
    let id = serve(env, &options, &["/usr/bin/perl", "-MIO::Socket::INET", "-e", ANSWER_AT_THE_END]);
    // The first one waits until it listens; then many in a row, small and large, of which none may be lost.
    for (at, length) in [(0, 1), (1, 1), (2, 4000), (3, 300_000), (4, 1)] {
        let bytes: Vec<u8> = (0..length).map(|place| u8::try_from((place + at) % 251).unwrap()).collect();
        let mut answer = answer_at_the_end(format!("[::1]:{port}").parse().unwrap(), &bytes);
        assert_eq!(String::from_utf8_lossy(&answer.split_off(bytes.len())), format!("{length}\n"));
        assert_eq!(answer, bytes);
    }
    env.remove(&[&id]);
    env.ok(&["network", "rm", "both"]);
}

fn ports_go_with_the_container_and_come_back_with_it(env: &TestEnv) {
    env.busybox();
    let port = free_port();
    let id = tell_peer(env, &["-p", &format!("127.0.0.1:{port}:80")]);
    peer(local(port));
    env.ok(&["stop", "-t", "0", &id]);
    wait_until("the port is free", || listening(port).is_empty());
    env.ok(&["start", &id]);
    peer(local(port));
    env.ok(&["kill", &id]);
    wait_until("the port is free", || listening(port).is_empty());
    env.remove(&[&id]);
}

/// The pid of the helper of this environment's user.
pub fn helper(env: &TestEnv) -> Option<i32> {
    let run = env.runtime().to_string_lossy().into_owned();
    std::fs::read_dir("/proc").unwrap().flatten().find_map(|entry| {
        let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
        let words = std::fs::read(entry.path().join("cmdline")).ok()?;
        let words = String::from_utf8_lossy(&words).into_owned();
        (words.starts_with("coracle\0internal\0netd\0") && words.contains(&run)).then_some(pid)
    })
}

/// Kills the helper, which has listened at `port`.
fn kill_helper(env: &TestEnv, port: u16) {
    let pid = helper(env).expect("a helper");
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL).unwrap();
    wait_until("the helper is gone", || helper(env) != Some(pid) && listening(port).is_empty());
}

fn a_killed_helper_comes_back_with_its_ports(env: &TestEnv) {
    env.busybox();
    let port = free_port();
    let id = tell_peer(env, &["-p", &format!("127.0.0.1:{port}:80")]);
    peer(local(port));
    for _ in 0..3 {
        kill_helper(env, port);
        assert_eq!(env.field(&id, "{{.State.Running}}"), "true");
        assert_eq!(peer(local(port)), "10.88.0.1");
    }
    env.remove(&[&id]);
}

fn a_port_that_another_took_meanwhile_is_told_and_comes_back(env: &TestEnv) {
    env.busybox();
    let port = free_port();
    let id = tell_peer(env, &["-p", &format!("127.0.0.1:{port}:80"), "-p", &format!("[::1]:{port}:80")]);
    peer(local(port));
    assert_eq!(env.run(&["port", &id]).stderr(), "");
    kill_helper(env, port);
    for place in [format!("127.0.0.1:{port}"), format!("[::1]:{port}")] {
        let thief = TcpListener::bind(&place).unwrap();
        let said = env.run(&["port", &id]);
        assert!(said.stdout().contains(&format!("80/tcp -> {place}")), "{said}");
        assert!(
            said.stderr().starts_with(&format!("{place}/tcp does not lead into")) && said.stderr().lines().count() == 1,
            "{said}"
        );
        assert!(env.run(&["network", "reload", &id]).stderr().contains("is taken by"));
        drop(thief);
        env.ok(&["network", "reload", &id]);
        assert_eq!(env.run(&["port", &id]).stderr(), "");
        kill_helper(env, port);
    }
    env.ok(&["ps"]);
    peer(local(port));
    peer(SocketAddr::new(std::net::Ipv6Addr::LOCALHOST.into(), port));
    env.remove(&[&id]);
}

fn a_published_port_is_reached_from_containers_too(env: &TestEnv) {
    env.busybox();
    let Some(address) = own_address() else { return };
    let port = free_port();
    let id = tell_peer(env, &["-p", &format!("{port}:80")]);
    peer(local(port));
    let ask = format!("printf 'GET /cgi-bin/p HTTP/1.0\\r\\n\\r\\n' | timeout 5 nc -w 2 {address} {port}");
    let other = env.run(&["run", "--rm", "bb", "sh", "-c", &ask]);
    assert!(other.stdout().contains("peer="), "{other}");
    let own = env.run(&["exec", &id, "sh", "-c", &ask]);
    assert!(own.stdout().contains("peer="), "{own}");
    env.remove(&[&id]);
}

fn many_that_start_and_die_leave_nothing(env: &TestEnv) {
    env.busybox();
    let ports: Vec<u16> = (0..8).map(|_| free_port()).collect();
    let mut seed = 7u32;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(1_103_515_245).wrapping_add(12345);
        (seed >> 16) as usize % below
    };
    let mut running: Vec<Option<String>> = vec![None; ports.len()];
    for _ in 0..60 {
        let at = random(ports.len());
        match running[at].take() {
            Some(id) if random(2) == 0 => drop(env.ok(&["kill", &id])),
            Some(id) => drop(env.ok(&["rm", "-f", "-t", "0", &id])),
            None => {
                let mapping = format!("127.0.0.1:{}:80", ports[at]);
                wait_until("the port is free", || listening(ports[at]).is_empty());
                running[at] = Some(env.ok(&["run", "-d", "--rm", "-p", &mapping, "bb", "sleep", "1000"]));
            }
        }
    }
    for id in running.into_iter().flatten() {
        env.ok(&["rm", "-f", "-t", "0", &id]);
    }
    for port in &ports {
        wait_until("the port is free", || listening(*port).is_empty());
    }
    let members = env.runtime().join("coracle/net/members");
    wait_until("nobody is known", || std::fs::read_dir(&members).map_or(true, |mut all| all.next().is_none()));
    wait_until("the helper ends", || helper(env).is_none());
}

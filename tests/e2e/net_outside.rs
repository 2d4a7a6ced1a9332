//! Clients on another host, the host's own loopback, and neighbours that lie: T63, T64, T68, T69, T70 of the specification.

use crate::bridge::server;
use crate::harness::outside::{HOST, OUTSIDE, outside};
use crate::harness::registry::free_port;
use crate::harness::{Case, Need, TestEnv, case};
use crate::ports::{HOST_PROGRAMS, local, peer, serve, tell_peer};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub fn cases() -> Vec<Case> {
    let hides = "podman's forwarder hides the client";
    let all = [
        case!(a_client_of_another_host_is_seen).needs(&[Need::Outside]).only_ours(hides),
        case!(a_port_of_one_address_is_not_reached_by_another).needs(&[Need::Outside]),
        case!(services_on_the_hosts_loopback_are_not_reached_in_any_mode).only_ours("podman's slirp4netns lets some through"),
        case!(the_hosts_loopback_is_never_the_peer_in_any_mode).only_ours("podman 4.3 does not know every mode"),
        case!(a_search_domain_hides_no_container).only_ours("podman 4.3 has no network create --dns"),
        case!(a_neighbour_is_no_router),
        case!(a_network_of_ipv4_hears_no_router).only_ours("podman leaves IPv6 half on"),
        case!(no_mode_gives_raw_sockets).only_ours("podman 4.3 does not know every mode"),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns, Need::Net])).collect()
}

/// Tells clients of TCP and UDP their own address.
const TELL: &str = r#"fork or do { $u=IO::Socket::IP->new(LocalHost=>$ARGV[0],LocalPort=>7000,Type=>2,Proto=>"udp",V6Only=>0) or die "$@";
    while(defined $u->recv($d,2000)){$u->send("peer=".$u->peerhost."\n")} };
    $l=IO::Socket::IP->new(LocalHost=>$ARGV[0],LocalPort=>7000,Listen=>9,ReuseAddr=>1,V6Only=>0) or die "$@";
    while($c=$l->accept){print $c "peer=".$c->peerhost."\n"; close $c}"#;

/// Asks until there is an answer: HOST PORT KIND.
const ASK: &str = r#"for (1..50) { $s=IO::Socket::IP->new(PeerHost=>$ARGV[0],PeerPort=>$ARGV[1],Type=>$ARGV[2] eq "udp"?2:1,Timeout=>3);
    if ($s) { $s->send("x") if $ARGV[2] eq "udp"; $r=""; vec($r,fileno $s,1)=1;
    if (select($r,undef,undef,0.3)) { $s->recv($d,2000); if ($d) { $d=~s/::ffff://; print $d; exit } } }
    select undef,undef,undef,0.1 } print "nobody answers: $@ $!""#;

/// Connects once: HOST PORT.
const CONNECT: &str =
    r#"print IO::Socket::IP->new(PeerHost=>$ARGV[0],PeerPort=>$ARGV[1],Type=>1,Timeout=>3) ? "connected" : "refused""#;

fn perl(script: &str, args: &[&str]) -> String {
    outside(&[&["perl", "-MIO::Socket::IP", "-e", script], args].concat()).1
}

#[track_caller]
fn tell(env: &TestEnv, options: &[&str], at: &str) -> String {
    serve(env, &[&HOST_PROGRAMS[..], options].concat(), &["/usr/bin/perl", "-MIO::Socket::IP", "-e", TELL, at])
}

/// A network with both families.
fn both_families(env: &TestEnv) {
    env.ok(&["network", "create", "--ipv6", "--subnet", "10.78.0.0/24", "--subnet", "fd78::/64", "six"]);
}

fn a_client_of_another_host_is_seen(env: &TestEnv) {
    both_families(env);
    let port = free_port();
    let publish = [format!("{port}:7000"), format!("{port}:7000/udp")];
    let options = ["-p", &publish[0], "-p", &publish[1]];
    for (network, at, families) in [("podman", "0.0.0.0", &[0][..]), ("six", "::", &[0, 1])] {
        let id = tell(env, &[&options[..], &["--network", network]].concat(), at);
        for family in families {
            for kind in ["tcp", "udp"] {
                let told = perl(ASK, &[HOST[*family], &port.to_string(), kind]);
                assert_eq!(told, format!("peer={}", OUTSIDE[*family]), "{network} {kind}");
            }
        }
        env.remove(&[&id]);
        crate::ports::wait_until("the port is free", || crate::ports::listening(port).is_empty());
    }
}

fn a_port_of_one_address_is_not_reached_by_another(env: &TestEnv) {
    for (address, reached) in [("127.0.0.1", &[][..]), ("[::1]", &[]), (HOST[0], &[HOST[0]])] {
        let port = free_port();
        let id = tell_peer(env, &["-p", &format!("{address}:{port}:80")]);
        let own: IpAddr = address.trim_matches(['[', ']']).parse().unwrap();
        peer((own, port).into());
        for target in HOST.iter().chain(&["127.0.0.1", "::1"]) {
            let wanted = if reached.contains(target) { "connected" } else { "refused" };
            assert_eq!(perl(CONNECT, &[target, &port.to_string()]), wanted, "{address} from outside by {target}");
        }
        env.remove(&[&id]);
    }
}

const MODES: [&str; 5] = ["podman", "six", "private", "pasta", "slirp4netns"];

fn services_on_the_hosts_loopback_are_not_reached_in_any_mode(env: &TestEnv) {
    both_families(env);
    env.busybox();
    let closed: Vec<String> =
        [Ipv4Addr::LOCALHOST.into(), IpAddr::from(Ipv6Addr::LOCALHOST)].map(|ip| server(ip).to_string()).to_vec();
    let open = server(Ipv4Addr::UNSPECIFIED.into());
    let ports = closed.join(" ");
    let script = format!(
        "for host in $( (ip route; ip -6 route; ip -o addr) | tr ' /' '\\n\\n' | grep '[.:]') 10.0.2.2 10.0.2.3 169.254.1.1 169.254.1.2 \
         fd00::2 fd00::3 127.0.0.1 ::1 host.containers.internal host.docker.internal; do for port in {ports}; do \
         timeout 3 nc $host $port </dev/null 2>/dev/null | sed \"s|^|closed: $host |\" & done; done; wait; \
         sleep 2 | timeout 10 nc host.containers.internal {open}"
    );
    // The server ends the connection, nc only then: a pasta of before 2024_08_21 makes a connection that both sides close at once
    // again and again, and nc does not end.
    for mode in MODES {
        let text = env.ok(&["run", "--rm", "--network", mode, "bb", "sh", "-c", &script]);
        assert_eq!(text, "from the host", "{mode}");
    }
}

fn the_hosts_loopback_is_never_the_peer_in_any_mode(env: &TestEnv) {
    both_families(env);
    for mode in MODES {
        let port = free_port();
        let publish = format!("{port}:80");
        let known = std::process::Command::new("pasta")
            .arg("--help")
            .output()
            .is_ok_and(|help| String::from_utf8_lossy(&[help.stdout, help.stderr].concat()).contains("map-guest-addr"));
        if mode == "pasta" && !known {
            env.run(&["run", "--rm", "--network", mode, "-p", &publish, "bb", "true"]).fails(125, &["127.0.0.1", "slirp4netns"]);
            continue;
        }
        let id = tell_peer(env, &["--network", mode, "-p", &publish]);
        let mut seen = vec![peer(local(port))];
        if mode == "six" {
            seen.push(peer((Ipv6Addr::LOCALHOST, port).into()));
        }
        for address in seen {
            let ip: Result<IpAddr, _> = address.trim_matches(['[', ']']).parse();
            assert!(ip.is_ok_and(|ip| !ip.is_loopback()), "{mode}: {address}");
        }
        env.remove(&[&id]);
    }
}

/// A name server that has one address for all names.
const ONE_FOR_ALL: &str = r#"$s=IO::Socket::INET->new(LocalPort=>53,Proto=>"udp") or die; while(defined $s->recv($d,2000)) {
    ($id)=unpack("n",$d); $q=substr($d,12); $n=index($q,"\0")+5; $q=substr($q,0,$n);
    $a=substr($q,-4,2) eq "\0\1" ? "\xc0\x0c\0\1\0\1\0\0\0\5\0\4\xc0\0\2\x63" : "";
    $s->send(pack("nnnnnn",$id,0x8180,1,length($a)?1:0,0,0).$q.$a)}"#;

fn a_search_domain_hides_no_container(env: &TestEnv) {
    env.ok(&["network", "create", "--subnet", "10.123.6.0/24", "--dns", "10.123.6.53", "own"]);
    let on = |name: &'static str, network: &'static str| [&HOST_PROGRAMS[..], &["--name", name, "--network", network]].concat();
    let server = ["/usr/bin/perl", "-MIO::Socket::INET", "-e", ONE_FOR_ALL];
    let mut ids = vec![serve(env, &on("server", "own:ip=10.123.6.53"), &server)];
    ids.push(serve(env, &on("web", "own:ip=10.123.6.77"), &["sleep", "1000"]));
    ids.push(serve(env, &[on("asks", "own"), vec!["--dns-search", "evil.test"]].concat(), &["sleep", "1000"]));
    // The search domain does answer: for each name but those of containers.
    let look = |name: &str| env.run(&["exec", "asks", "/usr/bin/getent", "ahostsv4", name]).stdout();
    crate::ports::wait_until("the search domain answers", || look("other").contains("192.0.2.99"));
    let found = look("web");
    assert!(found.contains("10.123.6.77") && !found.contains("192.0.2.99"), "{found}");
    env.remove(&ids.iter().map(String::as_str).collect::<Vec<_>>());
}

/// Sends an advertisement of a router, with a prefix, to all nodes, again and again.
const ADVERTISE: &str = r#"socket($s,10,3,58) or die "$!"; setsockopt($s,41,18,pack("i",255)); open $f,"/sys/class/net/eth0/ifindex"; $i=<$f>;
    $p=pack("CCnCCnNN",134,0,0,64,0,1800,0,0).pack("CCCCNNN",3,4,64,0xc0,86400,14400,0).Socket::inet_pton(10,"2001:db8:bad::");
    for (;;) { send $s,$p,0,Socket::pack_sockaddr_in6(0,Socket::inet_pton(10,"ff02::1"),$i); select undef,undef,undef,0.1 }"#;

/// Waits for such advertisements and then shows addresses and routes.
const HEAR: &str = r#"socket($s,10,3,58) or die "$!"; for (1..3) { do { recv $s,$d,2000,0 } until ord($d)==134 } print "heard\n";
    system "/bin/busybox ip -6 addr show eth0; /bin/busybox ip -6 route""#;

fn a_neighbour_is_no_router(env: &TestEnv) {
    both_families(env);
    let raw = [&HOST_PROGRAMS[..], &["--network", "six", "--cap-add", "NET_RAW"]].concat();
    let liar = serve(env, &raw, &["/usr/bin/perl", "-MSocket", "-e", ADVERTISE]);
    let hears = [&["run", "--rm"], &raw[..], &["bb", "timeout", "20", "/usr/bin/perl", "-e", HEAR]].concat();
    let text = env.ok(&hears);
    assert!(text.starts_with("heard\n") && text.contains("fd78::"), "{text}");
    assert!(!text.contains("2001:db8:bad") && text.matches("default").count() == 1, "{text}");
    env.remove(&[&liar]);
}

/// The same in whole frames, for an interface whose IPv6 is off.
const ADVERTISE_FRAMES: &str = r#"socket($s,17,2,0xdd86) or die "$!"; open $f,"/sys/class/net/eth0/ifindex"; $i=<$f>;
    ($from,$to)=map{Socket::inet_pton(10,$_)} "fe80::1","ff02::1";
    $p=pack("CCnCCnNN",134,0,0,64,0,1800,0,0).pack("CCCCNNN",3,4,64,0xc0,86400,14400,0).Socket::inet_pton(10,"2001:db8:bad::");
    $n=0; $n+=$_ for unpack("n*",$from.$to.pack("NN",length $p,58).$p); $n=($n&0xffff)+($n>>16) while $n>>16; substr($p,2,2)=pack("n",~$n&0xffff);
    $p=pack("NnCC",6<<28,length $p,58,255).$from.$to.$p; $at=pack("SnlSCCa8",17,0x86dd,$i,0,0,6,pack("H*","333300000001"));
    for (;;) { send $s,$p,0,$at; select undef,undef,undef,0.1 }"#;

/// Waits for such frames.
const HEAR_FRAMES: &str =
    r#"socket($s,17,2,0xdd86) or die "$!"; for (1..3) { do { recv $s,$d,2000,0 } until ord(substr $d,40)==134 } print "heard""#;

fn a_network_of_ipv4_hears_no_router(env: &TestEnv) {
    env.ok(&["network", "create", "four"]);
    both_families(env);
    for (network, own) in [("four", None), ("six", Some("inet6 fd78::"))] {
        let raw = [&HOST_PROGRAMS[..], &["--network", network, "--cap-add", "NET_RAW"]].concat();
        let victim = serve(env, &["--network", network], &["sleep", "1000"]);
        let both = [&victim, &serve(env, &raw, &["sleep", "1000"])].map(String::clone);
        let liar = serve(env, &raw, &["/usr/bin/perl", "-MSocket", "-e", ADVERTISE_FRAMES]);
        let hears = ["exec", &both[1], "timeout", "20", "/usr/bin/perl", "-e", HEAR_FRAMES];
        assert_eq!(env.ok(&hears), "heard", "{network}");
        for id in &both {
            let settings = "cd /proc/sys/net/ipv6/conf/eth0; cat accept_ra disable_ipv6; ip -6 -o addr show eth0; ip -6 route";
            let text = env.ok(&["exec", id, "sh", "-c", settings]);
            match own {
                None => assert_eq!(text.trim(), "0\n1", "{network}"),
                Some(own) => assert!(text.starts_with("0\n0\n") && text.contains(own), "{text}"),
            }
            assert!(!text.contains("2001:db8:bad") && text.matches("default").count() == usize::from(own.is_some()), "{text}");
        }
        env.remove(&[&both[0], &both[1], &liar]);
    }
}

fn no_mode_gives_raw_sockets(env: &TestEnv) {
    both_families(env);
    env.busybox();
    // AF_PACKET, ICMP and ICMPv6; EPERM is 1.
    let script = r#"for (["packet",17,3,768],["four",2,3,1],["six",10,3,58]) { print socket($s,$$_[1],$$_[2],$$_[3]) ? "$$_[0] " : $!+0, " " }"#;
    for mode in MODES.iter().chain(&["none", "host"]) {
        let args = [&["run", "--rm", "--network", mode], &HOST_PROGRAMS[..], &["bb", "/usr/bin/perl", "-e", script]].concat();
        assert_eq!(env.ok(&args).trim(), "1 1 1", "{mode}");
    }
}

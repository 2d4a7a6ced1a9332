//! The host's network comes, goes and becomes another while containers run: they follow without a restart.
//!
//! The host is one made for the case ([`MadeHost`]), with a world behind it that tells clients their addresses and answers questions
//! for names.

use crate::bridge::netd;
use crate::harness::made_host::{MadeHost, Side};
use crate::harness::registry::free_port;
use crate::harness::{Case, Need, Place, TestEnv, case, wait_gone};
use crate::network::helpers;
use crate::ports::{HOST_PROGRAMS, serve, wait_until};
use rustix::process::{Pid, Signal, kill_process};

pub fn cases() -> Vec<Case> {
    let all = [
        case!(a_network_that_appears_after_the_start_is_used_by_pasta),
        case!(a_network_that_appears_after_the_start_is_used_by_slirp4netns),
        case!(another_network_of_the_hosts_is_followed_by_pasta),
        case!(another_network_of_the_hosts_is_followed_by_slirp4netns),
        case!(what_changes_while_no_netd_runs_is_seen_by_the_next),
    ];
    all.into_iter()
        .map(|case| case.needs(&[Need::Userns, Need::Net, Need::Places]).only_ours("podman keeps what it found at the start"))
        .collect()
}

/// Tells clients of TCP their own address. (The flag is `AI_NUMERICHOST`: an address family counts that has no address yet.)
const TELL: &str = r#"$l=IO::Socket::IP->new(LocalHost=>"::",LocalPort=>7000,GetAddrInfoFlags=>4,Listen=>9,ReuseAddr=>1,V6Only=>0) or die "$@";
    while($c=$l->accept){($p=$c->peerhost)=~s/::ffff://; print $c "peer=$p\n"; close $c}"#;

/// A name server at an address that has one other address for all names: ADDRESS ANSWER.
const ONE_FOR_ALL: &str = r#"$s=IO::Socket::IP->new(LocalHost=>$ARGV[0],LocalPort=>53,Type=>2,ReuseAddr=>1) or die "$@"; while(defined $s->recv($d,2000)) {
    ($id)=unpack("n",$d); $q=substr($d,12); $n=index($q,"\0")+5; $q=substr($q,0,$n);
    $a=substr($q,-4,2) eq "\0\1" ? "\xc0\x0c\0\1\0\1\0\0\0\5\0\4".pack("C4",split(/\./,$ARGV[1])) : "";
    $s->send(pack("nnnnnn",$id,0x8180,1,length($a)?1:0,0,0).$q.$a)}"#;

/// Connects once and shows what it is told: ADDRESS PORT. The other side ends the connection: an old pasta loses the end of one that
/// both sides close at once.
const ASK: &str =
    r#"alarm 3; $s=IO::Socket::IP->new(PeerHost=>$ARGV[0],PeerPort=>$ARGV[1],Type=>1,Timeout=>2); print $s ? <$s> : """#;

/// The container, the host that it runs on, and the port at which the world reaches it.
struct Scene<'a> {
    env: &'a TestEnv,
    host: MadeHost,
    id: String,
    port: u16,
}

impl Drop for Scene<'_> {
    fn drop(&mut self) {
        // That place goes with the made host.
        self.env.leave();
    }
}

impl<'a> Scene<'a> {
    /// Starts a container with both families of addresses on a host that has this link, if any.
    #[track_caller]
    fn start(env: &'a TestEnv, missing: &'static str, link: Option<(&str, &str)>) -> Self {
        let host = MadeHost::new();
        for side in [Side::Home, Side::Far] {
            host.start(side, &["perl", "-MIO::Socket::IP", "-e", TELL]);
        }
        let resolv = env.file("resolv.conf", "");
        env.enter(Place::without(&[missing]).network_of(host.pid()).resolv(resolv));
        if let Some((name, prefix)) = link {
            host.link(name, prefix);
        }
        env.ok(&["network", "create", "--ipv6", "--subnet", "10.70.0.0/24", "--subnet", "fd70::/64", "blue"]);
        let port = free_port();
        let publish = format!("{port}:7000");
        let options = [&HOST_PROGRAMS[..], &["--network", "blue", "-p", &publish]].concat();
        let id = serve(env, &options, &["/usr/bin/perl", "-MIO::Socket::IP", "-e", TELL]);
        Self { env, host, id, port }
    }

    /// Gives the host a name server behind this link, which has this answer.
    fn resolver(&self, prefix: &str, answer: &str) {
        let at = format!("{prefix}.2");
        self.host.start(Side::Far, &["perl", "-MIO::Socket::IP", "-e", ONE_FOR_ALL, &at, answer]);
        self.env.file("resolv.conf", format!("nameserver {at}\n"));
    }

    /// What the container is told at an address.
    fn told(&self, address: &str) -> String {
        let perl = ["exec", &self.id, "/usr/bin/perl", "-MIO::Socket::IP", "-e", ASK, address, "7000"];
        self.env.run(&perl).stdout()
    }

    /// Waits until the container is joined to the world by this link: names, ways out, and ways in.
    #[track_caller]
    fn follows(&self, prefix: &str, answer: &str) {
        let own = format!("{prefix}.1");
        wait_until("the world is reached", || self.told(&format!("{prefix}.2")) == format!("peer={own}"));
        wait_until("the host is reached", || self.told("host.containers.internal").starts_with("peer="));
        wait_until("the new name server answers", || {
            let found = self.env.run(&["exec", &self.id, "nslookup", "-type=a", "example.test"]);
            found.stdout().contains(&format!("Address: {answer}"))
        });
        wait_until("the world sees the published port", || {
            let port = self.port.to_string();
            let told = self.host.run(Side::Far, &["perl", "-MIO::Socket::IP", "-e", ASK, &own, &port]);
            told.trim() == format!("peer={prefix}.2")
        });
    }
}

fn appears(env: &TestEnv, missing: &'static str) {
    let scene = Scene::start(env, missing, None);
    assert_eq!(scene.told("192.0.2.2"), "");
    assert!(!env.run(&["exec", &scene.id, "nslookup", "-type=a", "example.test"]).stdout().contains("203.0.113.7"));
    scene.host.link("eth0", "192.0.2");
    scene.resolver("192.0.2", "203.0.113.7");
    scene.follows("192.0.2", "203.0.113.7");
    // The other family comes later still.
    scene.host.ip(Side::Far, &["addr add 2001:db8:7::2/64 dev eth0 nodad"]);
    scene.host.ip(Side::Home, &["addr add 2001:db8:7::1/64 dev eth0 nodad", "-6 route add default via 2001:db8:7::2 dev eth0"]);
    wait_until("the world is reached by IPv6", || scene.told("2001:db8:7::2") == "peer=2001:db8:7::1");
    scene.follows("192.0.2", "203.0.113.7");
    env.remove(&[&scene.id]);
}

fn a_network_that_appears_after_the_start_is_used_by_pasta(env: &TestEnv) {
    appears(env, "slirp4netns");
}

fn a_network_that_appears_after_the_start_is_used_by_slirp4netns(env: &TestEnv) {
    appears(env, "pasta");
}

fn becomes_another(env: &TestEnv, missing: &'static str) {
    let scene = Scene::start(env, missing, Some(("eth0", "192.0.2")));
    scene.resolver("192.0.2", "203.0.113.7");
    scene.follows("192.0.2", "203.0.113.7");
    // Another address on the same link.
    scene.host.ip(Side::Far, &["addr add 198.18.0.2/24 dev eth0"]);
    scene.host.ip(
        Side::Home,
        &["addr add 198.18.0.1/24 dev eth0", "addr del 192.0.2.1/24 dev eth0", "route replace default via 198.18.0.2 dev eth0"],
    );
    scene.resolver("198.18.0", "203.0.113.8");
    scene.follows("198.18.0", "203.0.113.8");
    // Another link, and the first one is gone.
    scene.host.link("wlan0", "198.51.100");
    scene.host.ip(Side::Home, &["link del eth0"]);
    scene.resolver("198.51.100", "203.0.113.9");
    scene.follows("198.51.100", "203.0.113.9");
    // None for a while, then the first one again.
    scene.host.ip(Side::Home, &["link del wlan0"]);
    assert_eq!(scene.told("198.51.100.2"), "");
    scene.host.link("eth0", "192.0.2");
    scene.resolver("192.0.2", "203.0.113.10");
    scene.follows("192.0.2", "203.0.113.10");
    env.remove(&[&scene.id]);
}

fn another_network_of_the_hosts_is_followed_by_pasta(env: &TestEnv) {
    becomes_another(env, "slirp4netns");
}

fn another_network_of_the_hosts_is_followed_by_slirp4netns(env: &TestEnv) {
    becomes_another(env, "pasta");
}

fn what_changes_while_no_netd_runs_is_seen_by_the_next(env: &TestEnv) {
    for missing in ["slirp4netns", "pasta"] {
        let scene = Scene::start(env, missing, Some(("eth0", "192.0.2")));
        scene.resolver("192.0.2", "203.0.113.7");
        scene.follows("192.0.2", "203.0.113.7");
        let killed = netd(env).expect("netd runs");
        kill_process(Pid::from_raw(killed).unwrap(), Signal::KILL).unwrap();
        wait_gone(killed);
        scene.host.link("wlan0", "198.51.100");
        scene.host.ip(Side::Home, &["link del eth0"]);
        scene.resolver("198.51.100", "203.0.113.9");
        // Any command brings netd back.
        scene.follows("198.51.100", "203.0.113.9");
        env.remove(&[&scene.id]);
        env.ok(&["network", "rm", "blue"]);
        wait_until("the helpers end", || netd(env).is_none() && helpers(env).is_empty());
    }
}

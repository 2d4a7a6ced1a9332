//! Containers in networks: their interfaces, whom they reach, and that nothing is left of them in the session network namespace.

use crate::harness::{Case, Need, TestEnv, case, program};
use rustix::process::{Pid, Signal, kill_process};
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};

pub fn cases() -> Vec<Case> {
    let all = [
        case!(a_container_that_names_no_network_is_on_the_default_one),
        case!(the_host_is_reached_by_name_and_its_loopback_is_not),
        case!(members_of_a_network_reach_each_other_and_nobody_else),
        case!(an_internal_network_has_no_way_out),
        case!(a_network_without_ipv6_has_none).only_ours("podman leaves a link-local address"),
        case!(nobody_makes_raw_sockets),
        case!(an_interface_is_what_was_asked_for).gap("podman 4.3 knows no interface_name in this form"),
        case!(options_of_a_network_reach_its_containers).gap("podman 4.3 knows neither metric nor no_default_route"),
        case!(networks_come_and_go_while_a_container_runs).only_ours("looks at the order of the routes"),
        case!(a_container_that_is_started_again_has_its_address).only_ours("the rule starts it"),
        case!(a_network_is_shared_with_its_names),
        case!(every_user_namespace_has_its_network).needs(&[Need::Subids]).gap("podman 4.3 knows no nomap for this user"),
        case!(options_of_the_stacks_are_passed_on).only_ours("which stacks there are differs"),
        case!(nothing_is_left_however_a_container_ends).only_ours("looks into the session network namespace"),
        case!(a_command_that_is_killed_leaves_no_interface)
            .needs(&[Need::Strace])
            .only_ours("looks into the session network namespace"),
        case!(a_container_without_networks_joins_again_though_netd_has_gone).only_ours("looks for netd"),
        case!(a_refused_start_leaves_no_bridge_in_the_way).only_ours("looks into the session network namespace"),
        case!(nobody_else_reaches_the_sockets).only_ours("looks for our sockets"),
        case!(a_killed_way_out_comes_back).only_ours("looks into the session network namespace"),
        case!(ports_of_a_stack_of_its_own_and_of_no_network).only_ours("podman words it otherwise"),
        case!(what_a_bridge_filter_sees_passes).only_ours("changes a setting of the session network namespace"),
        case!(packets_stay_large_and_are_added_up_once).only_ours("looks into the session network namespace"),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns, Need::Net])).collect()
}

#[track_caller]
pub fn sh(env: &TestEnv, options: &[&str], script: &str) -> String {
    env.busybox();
    env.ok(&[&["run", "--rm"], options, &["bb", "sh", "-c", script]].concat())
}

/// Starts a container that answers on port 7000 and runs until it is removed.
#[track_caller]
pub fn serve(env: &TestEnv, options: &[&str]) -> String {
    env.busybox();
    let script = "while :; do echo served | nc -l -p 7000; done";
    let id = env.ok(&[&["run", "-d"], options, &["bb", "sh", "-c", script]].concat());
    env.ok(&["exec", &id, "sh", "-c", "until grep -q :1B58 /proc/net/tcp /proc/net/tcp6; do :; done"]);
    id
}

pub fn address(env: &TestEnv, id: &str, interface: &str) -> String {
    let text = env.ok(&["exec", id, "ip", "-4", "addr", "show", interface]);
    let found = text.split_whitespace().skip_while(|word| *word != "inet").nth(1).and_then(|net| net.split('/').next());
    found.unwrap_or_else(|| panic!("no address: {text}")).to_owned()
}

/// Asks each address for a line, and gives those that answer.
pub fn ask(targets: &[&str]) -> String {
    targets.iter().map(|target| format!("nc -w 2 {target} </dev/null >/dev/null 2>&1 && echo '{target}';")).collect::<String>()
        + "echo end"
}

/// A server of the host's that answers each client with one line.
pub fn server(address: IpAddr) -> u16 {
    let listener = TcpListener::bind((address, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let _ = stream.and_then(|mut stream| stream.write_all(b"from the host\n"));
        }
    });
    port
}

/// The pid of the case's netd.
pub fn netd(env: &TestEnv) -> Option<i32> {
    let marker = env.path().to_string_lossy().into_owned();
    let pids = std::fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.into_iter().find(|pid| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).into_owned();
        line.contains("internal\0netd\0") && line.contains(&format!("{marker}/"))
    })
}

/// Runs a program in the session network namespace, as its root.
#[track_caller]
pub fn inside(env: &TestEnv, args: &[&str]) -> String {
    let pid = netd(env).expect("netd runs");
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten();
    let is_inside = |path: &std::path::Path| std::fs::read_to_string(path.join("comm")).is_ok_and(|name| name.trim() == "inside");
    let task = tasks.map(|task| task.path()).find(|path| is_inside(path)).expect("a thread stands in the namespace");
    let user = format!("--user=/proc/{pid}/ns/user");
    let net = format!("--net={}/ns/net", task.display());
    program::ok("nsenter", &[&[user.as_str(), net.as_str(), "--preserve-credentials"], args].concat())
}

/// The kernel takes a namespace apart some time after its last process.
#[track_caller]
fn pairs_become(env: &TestEnv, expected: usize) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while pairs(env) != expected && std::time::Instant::now() < deadline {}
    assert_eq!(pairs(env), expected);
}

/// The veth interfaces in the session network namespace.
pub fn pairs(env: &TestEnv) -> usize {
    inside(env, &["ip", "-o", "link"]).lines().filter(|line| line.contains(": veth")).count()
}

fn a_container_that_names_no_network_is_on_the_default_one(env: &TestEnv) {
    let text =
        sh(env, &[], "ip -4 addr show eth0; ip route; cat /proc/sys/net/ipv4/ping_group_range; cat /etc/hosts /etc/resolv.conf");
    for part in ["inet 10.88.0.", "/16", "default via 10.88.0.1 dev eth0", "10.88.0.0/16 dev eth0", "0\t0"] {
        assert!(text.contains(part), "{part} is missing: {text}");
    }
    assert!(text.contains("host.containers.internal") && text.contains("nameserver"), "{text}");
}

fn the_host_is_reached_by_name_and_its_loopback_is_not(env: &TestEnv) {
    let Some(own) = program::ok("hostname", &["-I"]).split_whitespace().find(|word| word.contains('.')).map(str::to_owned) else {
        return;
    };
    let open = server(IpAddr::from([0, 0, 0, 0]));
    let closed = [server(IpAddr::from([127, 0, 0, 1])), server(Ipv6Addr::LOCALHOST.into())];
    env.ok(&["network", "create", "web"]);
    for network in ["podman", "web", "private"] {
        let gateways = "gw=$(ip -4 route | sed -n 's/^default via \\([^ ]*\\).*/\\1/p')";
        let mut script = format!("{gateways}; for host in host.containers.internal host.docker.internal {own}; do ");
        script += &format!("nc -w 5 $host {open} </dev/null; done; ");
        for port in closed {
            script += &format!(
                "for host in $gw {own} host.containers.internal 10.0.2.2 169.254.1.1 169.254.1.2 169.254.4.2 127.0.0.1; do \
                 nc -w 1 $host {port} </dev/null | sed 's/^/closed: /'; done; "
            );
        }
        let text = sh(env, &["--network", network], &format!("{script} echo end"));
        assert_eq!(text, "from the host\nfrom the host\nfrom the host\nend", "{network}");
    }
}

fn members_of_a_network_reach_each_other_and_nobody_else(env: &TestEnv) {
    env.ok(&["network", "create", "one"]);
    env.ok(&["network", "create", "-o", "isolate=true", "two"]);
    let (first, second, third) = (serve(env, &["--network", "one"]), serve(env, &["--network", "two"]), serve(env, &[]));
    let targets = [&first, &second, &third].map(|id| format!("{} 7000", address(env, id, "eth0")));
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    for (network, reached) in [("one", targets[0]), ("two", targets[1]), ("podman", targets[2])] {
        let text = sh(env, &["--network", network], &ask(&targets));
        assert_eq!(text, format!("{reached}\nend"), "{network}");
    }
    assert_eq!(sh(env, &["--network", "one,two"], &ask(&targets)), format!("{}\n{}\nend", targets[0], targets[1]));
    env.remove(&[&first, &second, &third]);
}

fn an_internal_network_has_no_way_out(env: &TestEnv) {
    env.ok(&["network", "create", "--internal", "inner"]);
    let port = server(IpAddr::from([0, 0, 0, 0]));
    let id = serve(env, &["--network", "inner"]);
    let peer = address(env, &id, "eth0");
    let host = program::ok("hostname", &["-I"]).split_whitespace().next().unwrap_or("192.0.2.1").to_owned();
    let targets = [format!("{peer} 7000"), format!("{host} {port}"), format!("169.254.1.2 {port}")];
    let text =
        sh(env, &["--network", "inner"], &format!("ip route; {}", ask(&targets.iter().map(String::as_str).collect::<Vec<_>>())));
    assert!(!text.contains("default") && text.ends_with(&format!("\n{peer} 7000\nend")), "{text}");
    // A route of its own making helps nobody: what comes from such a network is not passed on.
    let script = format!("ip route add default via ${{0%.*}}.1 && nc -w 2 {host} {port} </dev/null; echo end");
    let args = ["run", "--rm", "--cap-add", "net_admin", "--network", "inner", "bb", "sh", "-c", &script, &peer];
    assert_eq!(env.ok(&args), "end");
    env.remove(&[&id]);
}

fn a_network_without_ipv6_has_none(env: &TestEnv) {
    let show = "ip -6 addr show eth0; cat /proc/sys/net/ipv6/conf/eth0/disable_ipv6 /proc/sys/net/ipv6/conf/eth0/accept_ra";
    env.ok(&["network", "create", "four"]);
    let text = sh(env, &["--network", "four"], show);
    assert!(!text.contains("inet6") && text.starts_with('1'), "{text}");
    // The default one has it where the host has a way out for it, and says so.
    let routes = std::fs::read_to_string("/proc/net/ipv6_route").unwrap_or_default();
    let start = format!("{} 00 ", "0".repeat(32));
    let host_has = routes.lines().any(|line| line.starts_with(&start) && !line.ends_with(" lo"));
    let text = sh(env, &[], "ip -6 addr show eth0; ip -6 route");
    assert_eq!(text.contains("inet6 fd") && text.contains("default via fd"), host_has, "{text}");
    assert_eq!(env.ok(&["network", "inspect", "-f", "{{.IPv6Enabled}}", "podman"]), host_has.to_string());
    env.ok(&["network", "create", "--ipv6", "--subnet", "fd77::/64", "--subnet", "10.77.0.0/24", "six"]);
    let text = sh(env, &["--network", "six"], &format!("{show}; ip -6 route"));
    assert!(text.contains("inet6 fd77::2/64") && text.contains("0\n0\n") && text.contains("default via fd77::1"), "{text}");
    let id = serve(env, &["--network", "six:ip6=fd77::99"]);
    assert_eq!(sh(env, &["--network", "six"], &ask(&["fd77::99 7000"])), "fd77::99 7000\nend");
    env.remove(&[&id]);
}

fn nobody_makes_raw_sockets(env: &TestEnv) {
    let text = sh(env, &[], "arping -c 1 -w 1 10.88.0.1 2>&1; grep CapEff /proc/self/status");
    assert!(text.contains("denied") || text.contains("not permitted"), "{text}");
}

fn an_interface_is_what_was_asked_for(env: &TestEnv) {
    env.ok(&["network", "create", "--subnet", "10.76.0.0/24", "lan"]);
    env.ok(&["network", "create", "--subnet", "10.75.0.0/24", "wan"]);
    let text = sh(
        env,
        &["--network", "lan:ip=10.76.0.77,mac=92:d0:c6:0a:29:33,interface_name=lan0", "--network", "wan"],
        "ip -4 addr; ip link; ip route",
    );
    for part in ["inet 10.76.0.77/24 brd 10.76.0.255 scope global lan0", "92:d0:c6:0a:29:33", "inet 10.75.0.2/24", "mtu 65520"] {
        assert!(text.contains(part), "{part} is missing: {text}");
    }
    assert_eq!(text.matches("default via").count(), 1, "{text}");
}

fn options_of_a_network_reach_its_containers(env: &TestEnv) {
    let create = |name: &str, options: &[&str]| env.ok(&[&["network", "create"], options, &[name]].concat());
    create("small", &["-o", "mtu=1400", "-o", "metric=7"]);
    create("closed", &["-o", "no_default_route=true", "--subnet", "10.74.0.0/24", "--route", "10.9.0.0/16,10.74.0.9,5"]);
    let text = sh(env, &["--network", "small"], "ip link show eth0; ip route");
    assert!(text.contains("mtu 1400") && text.contains("metric 7"), "{text}");
    let text = sh(env, &["--network", "closed"], "ip route");
    assert!(!text.contains("default") && text.contains("10.9.0.0/16 via 10.74.0.9 dev eth0"), "{text}");
}

fn networks_come_and_go_while_a_container_runs(env: &TestEnv) {
    env.ok(&["network", "create", "--subnet", "10.73.0.0/24", "late"]);
    let id = serve(env, &[]);
    env.ok(&["network", "connect", "--ip", "10.73.0.50", "late", &id]);
    let text = env.ok(&["exec", &id, "sh", "-c", "ip -4 addr show eth1; cat /etc/hosts"]);
    assert!(text.contains("inet 10.73.0.50/24") && text.contains("10.73.0.50\t"), "{text}");
    assert_eq!(sh(env, &["--network", "late"], &ask(&["10.73.0.50 7000"])), "10.73.0.50 7000\nend");
    pairs_become(env, 2);
    env.ok(&["network", "disconnect", "podman", &id]);
    let text = env.ok(&["exec", &id, "sh", "-c", "ls /sys/class/net; ip route; cat /etc/hosts /etc/resolv.conf"]);
    assert!(text.contains("default via 10.73.0.1 dev eth1") && !text.contains("eth0") && !text.contains("10.88."), "{text}");
    pairs_become(env, 1);
    env.ok(&["network", "disconnect", "late", &id]);
    assert_eq!(env.ok(&["exec", &id, "ls", "/sys/class/net"]), "lo");
    env.ok(&["network", "connect", "late", &id]);
    assert!(address(env, &id, "eth0").starts_with("10.73.0."));
    env.ok(&["network", "reload", &id]);
    env.remove(&[&id]);
}

fn a_container_that_is_started_again_has_its_address(env: &TestEnv) {
    env.busybox();
    let script = "ip -4 addr show eth0 | grep inet; exit 3";
    let id = env.ok(&["run", "-d", "--restart", "on-failure:2", "bb", "sh", "-c", script]);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while env.ok(&["logs", &id]).lines().count() < 3 && std::time::Instant::now() < deadline {}
    let lines = env.ok(&["logs", &id]);
    let lines: Vec<&str> = lines.lines().map(str::trim).collect();
    assert!(lines.len() == 3 && lines.iter().all(|line| line.contains("inet 10.88.0.") && *line == lines[0]), "{lines:?}");
    env.remove(&[&id]);
}

fn a_network_is_shared_with_its_names(env: &TestEnv) {
    let id = serve(env, &["--name", "owner"]);
    let text =
        sh(env, &["--network", "container:owner"], "ip -4 addr show eth0; cat /etc/hosts; nc -w 2 127.0.0.1 7000 </dev/null");
    let own = address(env, &id, "eth0");
    assert!(text.contains(&format!("inet {own}/16")) && text.contains("owner") && text.ends_with("served"), "{text}");
    env.remove(&[&id]);
}

fn every_user_namespace_has_its_network(env: &TestEnv) {
    let id = serve(env, &[]);
    let target = format!("{} 7000", address(env, &id, "eth0"));
    for kind in ["keep-id", "auto", "nomap"] {
        assert_eq!(sh(env, &["--userns", kind], &ask(&[&target])), format!("{target}\nend"), "{kind}");
    }
    env.remove(&[&id]);
}

fn options_of_the_stacks_are_passed_on(env: &TestEnv) {
    let find = |name: &str| std::path::Path::new("/usr/bin").join(name).is_file();
    if find("pasta") {
        let text = sh(env, &["--network", "pasta:--mtu,1400"], "ip link");
        assert!(text.contains("mtu 1400"), "{text}");
        env.run(&["run", "--rm", "--network", "pasta:--nosuch", "bb", "true"]).fails(125, &["--nosuch"]);
    }
    if find("slirp4netns") {
        let options = "slirp4netns:mtu=1300,cidr=10.7.0.0/24,enable_ipv6=false";
        let text = sh(env, &["--network", options], "ip addr; cat /etc/hosts");
        assert!(text.contains("mtu 1300") && text.contains("inet 10.7.0.100/24") && !text.contains("inet6 fd00"), "{text}");
        env.run(&["run", "--rm", "--network", "slirp4netns:nosuch=1", "bb", "true"]).fails(125, &["nosuch=1"]);
        let port = server(IpAddr::from([127, 0, 0, 1]));
        let options = "slirp4netns:allow_host_loopback=true";
        let script = format!("nc -w 5 host.containers.internal {port} </dev/null");
        assert_eq!(sh(env, &["--network", options], &script), "from the host");
    }
}

fn nothing_is_left_however_a_container_ends(env: &TestEnv) {
    let keeper = serve(env, &[]);
    assert_eq!(pairs(env), 1);
    for victim in ["{{.State.Pid}}", "{{.State.ConmonPid}}"] {
        let id = serve(env, &[]);
        assert_eq!(pairs(env), 2);
        let pid: i32 = env.field(&id, victim).parse().unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
        env.run(&["wait", &id]);
        // The kernel takes a namespace apart some time after its last process.
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while pairs(env) != 1 && std::time::Instant::now() < deadline {}
        assert_eq!(pairs(env), 1, "{victim}");
        env.remove(&[&id]);
    }
    env.ok(&["exec", &keeper, "ip", "route"]);
    env.remove(&[&keeper]);
}

/// T71: the sockets of netd and of the monitors stand behind a folder that lets in nobody but the user.
fn nobody_else_reaches_the_sockets(env: &TestEnv) {
    let id = serve(env, &[]);
    let top = env.runtime().join("coracle");
    assert_eq!(std::fs::metadata(&top).unwrap().mode() & 0o7777, 0o700);
    let (mut folders, mut sockets) = (vec![top], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap().flatten() {
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_socket() {
                sockets.push(entry.file_name().into_string().unwrap());
            }
        }
    }
    sockets.sort();
    assert_eq!(sockets, ["attach", "netd.sock"]);
    env.remove(&[&id]);
}

fn a_command_that_is_killed_leaves_no_interface(env: &TestEnv) {
    let _keeper = serve(env, &[]);
    // What it talks to the name service and the kernel with, and what makes processes. Everything that it starts is killed there, too.
    for (call, when) in
        [("connect", 1), ("sendmsg", 1), ("recvmsg", 1), ("sendto", 1), ("sendto", 2), ("clone3", 1), ("setns", 1)]
    {
        let inject = format!("inject={call}:signal=KILL:when={when}");
        let traced = env.cmd(&["run", "--rm", "bb", "true"]).traced(&[&inject, &format!("trace={call}")]);
        assert!(traced.trace.contains("killed by SIGKILL"), "{inject} was not met: {}", traced.trace);
    }
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    let others = || env.ok(&["ps", "-q"]).lines().count() - 1;
    while (pairs(env) != 1 || others() > 0) && std::time::Instant::now() < deadline {}
    assert_eq!((pairs(env), others()), (1, 0));
    let left = env.ok(&["ps", "-aq"]);
    env.remove(&left.lines().collect::<Vec<_>>());
}

fn a_refused_start_leaves_no_bridge_in_the_way(env: &TestEnv) {
    let keeper = serve(env, &[]);
    let taken = format!("{}:7000", server(Ipv4Addr::UNSPECIFIED.into()));
    let create =
        |interface: &str| env.ok(&["network", "create", "--subnet", "10.72.0.0/24", "--interface-name", interface, "net"]);
    create("first0");
    assert_ne!(env.run(&["run", "--rm", "--network", "net", "-p", &taken, "bb", "true"]).code, 0);
    env.ok(&["network", "rm", "net"]);
    create("second0");
    let second = serve(env, &["--network", "net"]);
    let links = inside(env, &["ip", "-o", "link"]);
    assert!(links.contains("second0") && !links.contains("first0"), "{links}");
    env.remove(&[&keeper, &second]);
}

fn what_a_bridge_filter_sees_passes(env: &TestEnv) {
    let id = serve(env, &[]);
    let target = format!("{} 7000", address(env, &id, "eth0"));
    // The kernel has it or has it not; where it has, packets within a network pass through the rules.
    inside(env, &["sh", "-c", "f=/proc/sys/net/bridge/bridge-nf-call-iptables; [ ! -e $f ] || echo 1 >$f"]);
    assert_eq!(sh(env, &[], &ask(&[&target])), format!("{target}\nend"));
    env.remove(&[&id]);
}

/// What the throughput rests on: nothing on the way makes several packets of one, or reads all of it to look at its checksum.
fn packets_stay_large_and_are_added_up_once(env: &TestEnv) {
    let id = serve(env, &[]);
    assert!(env.ok(&["exec", &id, "ip", "link", "show", "eth0"]).contains(" mtu 65520 "));
    let links = inside(env, &["ip", "-o", "link"]);
    for name in ["podman0", "veth", "out0"] {
        let link = links.lines().find(|line| line.contains(&format!(": {name}")));
        assert!(link.is_none_or(|line| line.contains(" mtu 65520 ")), "{links}");
        assert!(name == "out0" || link.is_some(), "{links}");
    }
    assert_eq!(inside(env, &["cat", "/proc/sys/net/netfilter/nf_conntrack_checksum"]).trim(), "0");
    env.remove(&[&id]);
}

fn a_container_without_networks_joins_again_though_netd_has_gone(env: &TestEnv) {
    let id = serve(env, &[]);
    let other = env.ok(&["create", "bb", "sleep", "1000"]);
    env.ok(&["network", "disconnect", "podman", &id]);
    env.ok(&["network", "disconnect", "podman", &other]);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while netd(env).is_some() && std::time::Instant::now() < deadline {}
    assert_eq!(netd(env), None);
    env.ok(&["network", "connect", "podman", &id]);
    let target = format!("{} 7000", address(env, &id, "eth0"));
    // Its monitor keeps the namespace: another netd finds it there.
    kill_process(Pid::from_raw(netd(env).unwrap()).unwrap(), Signal::KILL).unwrap();
    assert_eq!(sh(env, &[], &ask(&[&target])), format!("{target}\nend"));
    // One that was started with no network keeps none.
    env.ok(&["start", &other]);
    env.run(&["network", "connect", "podman", &other]).fails(125, &["restart it"]);
    env.remove(&[&id, &other]);
}

/// The way out's index: each helper makes an interface of its own.
fn way_out(env: &TestEnv) -> Option<String> {
    let links = inside(env, &["ip", "-o", "link"]);
    links.lines().find(|line| line.contains(": out0")).and_then(|line| line.split(':').next()).map(str::to_owned)
}

fn a_killed_way_out_comes_back(env: &TestEnv) {
    let id = serve(env, &[]);
    let before = way_out(env);
    let Some(own) = program::ok("hostname", &["-I"]).split_whitespace().find(|word| word.contains('.')).map(str::to_owned) else {
        return env.remove(&[&id]);
    };
    let port = server(IpAddr::from([0, 0, 0, 0]));
    let record = std::fs::read_dir(env.runtime()).unwrap().flatten().map(|entry| entry.path().join("net/session.json"));
    let record = record.into_iter().find_map(|path| std::fs::read_to_string(path).ok()).expect("a record of the way out");
    let record: serde_json::Value = serde_json::from_str(&record).unwrap();
    let helper = i32::try_from(record["helper"]["pid"].as_i64().expect("a helper")).unwrap();
    kill_process(Pid::from_raw(helper).unwrap(), Signal::KILL).unwrap();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while (way_out(env) == before || way_out(env).is_none()) && std::time::Instant::now() < deadline {}
    let asked = format!("until nc -w 2 {own} {port} </dev/null; do :; done");
    assert_eq!(env.ok(&["exec", &id, "timeout", "10", "sh", "-c", &asked]), "from the host");
    env.remove(&[&id]);
}

fn ports_of_a_stack_of_its_own_and_of_no_network(env: &TestEnv) {
    for network in ["private", "slirp4netns", "slirp4netns:port_handler=slirp4netns"] {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let id = serve(env, &["--network", network, "-p", &format!("127.0.0.1:{port}:7000")]);
        let mut text = String::new();
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while text.is_empty() && std::time::Instant::now() < deadline {
            let stream = std::net::TcpStream::connect(("127.0.0.1", port));
            let _ = stream.and_then(|mut stream| std::io::Read::read_to_string(&mut stream, &mut text));
        }
        assert_eq!(text, "served\n", "{network}");
        env.remove(&[&id]);
    }
    // It would listen and never answer.
    let refused = env.run(&["run", "--rm", "--network", "slirp4netns", "-p", "127.0.0.1:7000:7000/udp", "bb", "true"]);
    refused.fails(125, &["7000/udp by slirp4netns", "use --network bridge"]);
}

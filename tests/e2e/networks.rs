//! `network …` and the grammar of `--network`.

use crate::harness::{Case, Need, TestEnv, case};
use std::collections::BTreeSet;

pub fn cases() -> Vec<Case> {
    let all = [
        case!(a_network_is_made_described_and_removed),
        case!(the_default_network_is_always_there_and_stays),
        case!(what_is_asked_for_is_kept),
        case!(what_cannot_be_is_refused_with_a_reason),
        case!(drivers_and_options_that_take_root_are_refused).gap("podman 4.3 makes a network with a vlan"),
        case!(subnets_do_not_overlap_also_when_many_are_made_at_once),
        case!(routes_of_the_host_are_kept_clear).only_ours("podman looks at interfaces only"),
        case!(a_subnet_may_be_the_hosts_where_the_user_says_so).only_ours("podman refuses it"),
        case!(ignore_dns_and_routes_are_new).gap("podman 4.3 knows neither --ignore nor --dns, --route and update"),
        case!(filters_and_formats_choose_what_is_listed),
        case!(what_a_container_is_joined_to_stays),
        case!(a_forced_removal_takes_the_containers),
        case!(prune_leaves_what_is_in_use),
        case!(network_options_that_contradict_are_125),
        case!(addresses_outside_the_network_are_125).gap("podman 4.3 says so only at the start"),
        case!(a_stopped_container_joins_and_leaves_networks),
        case!(events_tell_of_networks).gap("podman 4.3 tells of connect and disconnect only"),
        case!(containers_conf_says_which_network_is_the_default).only_ours("podman's tests have a file of their own"),
        case!(inspect_shows_the_addresses_that_the_container_has).needs(&[Need::Net]),
        case!(an_address_is_one_containers_and_stays_its_own).needs(&[Need::Net]).gap("podman gives the next one at each start"),
        case!(interfaces_have_the_names_that_were_asked_for).needs(&[Need::Net]),
        case!(a_running_container_joins_and_leaves_networks).needs(&[Need::Net]),
        case!(a_network_made_anew_has_its_new_subnet).needs(&[Need::Net]),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

/// The value of a template for one network.
#[track_caller]
fn show(env: &TestEnv, network: &str, template: &str) -> String {
    env.ok(&["network", "inspect", "--format", template, network])
}

#[track_caller]
fn subnets(env: &TestEnv, network: &str) -> String {
    show(env, network, "{{range .Subnets}}{{.Subnet}} {{.Gateway}};{{end}}")
}

/// Makes a container that is never started.
#[track_caller]
fn make(env: &TestEnv, name: &str, options: &[&str]) {
    env.busybox();
    env.ok(&[&["create", "--name", name], options, &["bb", "true"]].concat());
}

fn a_network_is_made_described_and_removed(env: &TestEnv) {
    assert_eq!(env.ok(&["network", "create"]), "podman1");
    assert_eq!(env.ok(&["network", "create", "web"]), "web");
    assert_eq!(subnets(env, "podman1"), "10.89.0.0/24 10.89.0.1;");
    assert_eq!(subnets(env, "web"), "10.89.1.0/24 10.89.1.1;");
    assert_eq!(
        show(env, "web", "{{.Driver}} {{.NetworkInterface}} {{.Internal}} {{.DNSEnabled}} {{.IPv6Enabled}}"),
        "bridge podman2 false true false"
    );
    let id = show(env, "web", "{{.ID}}");
    assert_eq!(id.len(), 64);
    env.run(&["network", "exists", "web"]).code(0);
    env.run(&["network", "exists", "nope"]).code(1);
    assert_eq!(show(env, &id[..10], "{{.Name}}"), "web");
    let whole: serde_json::Value = serde_json::from_str(&env.ok(&["network", "inspect", "web"])).unwrap();
    assert_eq!((&whole[0]["id"], &whole[0]["subnets"][0]["subnet"]), (&id.as_str().into(), &"10.89.1.0/24".into()));
    assert_eq!(env.ok(&["inspect", "--type", "network", "--format", "{{.Name}}", "web"]), "web");
    env.run(&["network", "create", "web"]).fails(125, &["web", "already"]);
    let output = env.run(&["network", "rm", "web", "nope"]).fails(1, &["nope", "network not found"]);
    assert_eq!(output.lines(), ["web"]);
    env.run(&["network", "rm", "-f", "nope"]).code(0);
    let output = env.run(&["network", "inspect", "nope", "podman1"]).fails(125, &["nope", "network not found"]);
    assert!(output.stdout().contains("podman1"), "{output}");
}

fn the_default_network_is_always_there_and_stays(env: &TestEnv) {
    assert_eq!(env.ok(&["network", "ls", "-q"]), "podman");
    // Another one behind it where the host has IPv6.
    let shown = subnets(env, "podman");
    assert!(
        shown.strip_prefix("10.88.0.0/16 10.88.0.1;").is_some_and(|rest| rest.is_empty() || rest.starts_with("fd")),
        "{shown}"
    );
    let id = "2f259bab93aaaaa2542ba43ef33eb990d0999ee1b9924b557b7be53c0b7a1bb9";
    assert_eq!(show(env, "podman", "{{.ID}} {{.NetworkInterface}} {{.DNSEnabled}}"), format!("{id} podman0 false"));
    env.run(&["network", "rm", "-f", "podman"]).fails(125, &["default network podman cannot be removed"]);
    env.ok(&["network", "prune", "-f"]);
    env.run(&["network", "create", "podman"]).fails(125, &["already"]);
    env.run(&["network", "create", "--subnet", "10.88.7.0/24", "x"]).fails(125, &["10.88.7.0/24"]);
    assert_eq!(env.ok(&["network", "ls", "-q"]), "podman");
}

fn what_is_asked_for_is_kept(env: &TestEnv) {
    let args = "network create --subnet 10.50.0.9/24 --gateway 10.50.0.254 --ip-range 10.50.0.128/25 --subnet fd00:5::/64 --internal \
                --disable-dns --label a=b --label c -o mtu=1400 -o isolate=true n";
    env.ok(&args.split_whitespace().collect::<Vec<_>>());
    assert_eq!(subnets(env, "n"), "10.50.0.0/24 10.50.0.254;fd00:5::/64 fd00:5::1;".replace(" fd00:5::1", &second_gateway(env)));
    let range = "{{range .Subnets}}{{with .LeaseRange}}{{.StartIP}}-{{.EndIP}}{{end}}{{end}}";
    assert_eq!(show(env, "n", range), "10.50.0.129-10.50.0.255");
    assert_eq!(show(env, "n", "{{.Internal}} {{.DNSEnabled}} {{.IPv6Enabled}} {{.Labels}}"), "true false true map[a:b c:]");
    assert_eq!(show(env, "n", "{{.Options}}"), "map[isolate:true mtu:1400]");
    env.ok(&["network", "create", "--ipv6", "both"]);
    let both = subnets(env, "both");
    assert!(both.starts_with("10.89.0.0/24 10.89.0.1;fd") && both.contains("::/64 fd"), "{both}");
}

/// Podman gives an internal network without names no gateway where none was asked for.
fn second_gateway(env: &TestEnv) -> String {
    if subnets(env, "n").contains("fd00:5::1") { " fd00:5::1".to_owned() } else { " <nil>".to_owned() }
}

fn what_cannot_be_is_refused_with_a_reason(env: &TestEnv) {
    for (args, word) in [
        ("host", "mode"),
        ("bridge", "mode"),
        ("a/b", "names must match"),
        ("-d nosuch n", "driver nosuch"),
        ("--gateway 10.3.3.3 n", "without subnet"),
        ("--ip-range 10.3.3.0/25 n", "without subnet"),
        ("--subnet 10.50.0.0/24 --gateway 10.51.0.1 n", "10.51.0.1"),
        ("--subnet 10.50.0.0/24 --ip-range 10.51.0.0/25 n", "not in subnet"),
        ("--subnet nonsense n", "nonsense"),
        ("-o color=red n", "color"),
        ("-o mtu=abc n", "abc"),
        ("-o isolate=maybe n", "maybe"),
        ("--ipam-driver dhcp n", "dhcp"),
    ] {
        let args: Vec<&str> = ["network", "create"].into_iter().chain(args.split(' ')).collect();
        env.run(&args).fails(125, &[word]);
    }
    assert_eq!(env.ok(&["network", "ls", "-q"]), "podman");
    env.run(&["network", "ls", "--filter", "color=red"]).fails(125, &["color"]);
    env.run(&["network", "prune", "-f", "--filter", "name=x"]).fails(125, &["name"]);
}

fn drivers_and_options_that_take_root_are_refused(env: &TestEnv) {
    for (args, word) in [
        ("-d macvlan --subnet 10.50.0.0/24 n", "root"),
        ("-d ipvlan --subnet 10.50.0.0/24 n", "root"),
        ("--subnet 10.50.0.0/24 --subnet 10.50.0.0/25 n", "10.50.0.0"),
        ("-o vlan=5 n", "vlan"),
        ("default", "mode"),
        ("-o parent=eth0 n", "parent"),
        ("-o mode=unmanaged n", "managed"),
        ("--interface-name lo n", "lo"),
        ("--interface-name podman0 n", "podman"),
        ("--subnet 10.50.0.0/31 n", "10.50.0.0/31"),
        ("--route 10.4.0.0/16,10.99.0.1 n", "10.99.0.1"),
        ("--disable-dns --dns 192.0.2.1 n", "name service"),
    ] {
        let args: Vec<&str> = ["network", "create"].into_iter().chain(args.split(' ')).collect();
        env.run(&args).fails(125, &[word]);
    }
}

fn subnets_do_not_overlap_also_when_many_are_made_at_once(env: &TestEnv) {
    env.ok(&["network", "create", "--subnet", "10.89.1.128/25", "fixed"]);
    let many: Vec<_> = (0..6).map(|number| env.cmd(&["network", "create", &format!("n{number}")]).spawn()).collect();
    for one in many {
        one.wait().code(0);
    }
    let lines = |template: &str| -> Vec<String> {
        env.ok(&["network", "ls", "--filter", "name=^n", "--format", template]).lines().map(str::to_owned).collect()
    };
    let found: BTreeSet<String> = lines("{{range .Subnets}}{{.Subnet}}{{end}}").into_iter().collect();
    let wanted = [0, 2, 3, 4, 5, 6].map(|number| format!("10.89.{number}.0/24"));
    assert_eq!(found, wanted.into_iter().collect::<BTreeSet<_>>());
    let bridges: BTreeSet<String> = lines("{{.NetworkInterface}}").into_iter().collect();
    assert_eq!(bridges.len(), 6, "{bridges:?}");
}

/// Runs a command of the tool where the host has these routes.
#[track_caller]
fn on_a_host(env: &TestEnv, setup: &str, args: &str) -> String {
    let script = format!("ip link set lo up && {setup} && exec {} {args}", env.tool().display());
    env.host("unshare", &["-rn", "sh", "-ec", &script]).run().ok()
}

fn routes_of_the_host_are_kept_clear(env: &TestEnv) {
    let setup =
        "ip addr add 10.89.0.7/24 dev lo && ip route add 10.89.1.0/25 dev lo table 77 && ip route add unreachable 10.89.2.0/23";
    on_a_host(env, setup, "network create n");
    assert_eq!(subnets(env, "n"), "10.89.4.0/24 10.89.4.1;");
    env.ok(&["network", "create", "m"]);
    assert_eq!(subnets(env, "m"), "10.89.0.0/24 10.89.0.1;");
}

fn a_subnet_may_be_the_hosts_where_the_user_says_so(env: &TestEnv) {
    on_a_host(env, "ip addr add 10.50.0.7/24 dev lo", "network create --subnet 10.50.0.0/24 n");
    assert_eq!(subnets(env, "n"), "10.50.0.0/24 10.50.0.1;");
}

fn ignore_dns_and_routes_are_new(env: &TestEnv) {
    let args = "network create --subnet 10.50.0.0/24 --dns 192.0.2.1,192.0.2.2 --route 10.4.0.0/16,10.50.0.9,7 --ip-range 10.50.0.10-10.50.0.20 \
                --interface-name br-x n";
    env.ok(&args.split_whitespace().collect::<Vec<_>>());
    assert_eq!(env.ok(&["network", "create", "--ignore", "--subnet", "10.51.0.0/24", "n"]), "n");
    assert_eq!(show(env, "n", "{{.NetworkDNSServers}} {{.NetworkInterface}}"), "[192.0.2.1 192.0.2.2] br-x");
    assert_eq!(show(env, "n", "{{range .Routes}}{{.Destination}} {{.Gateway}} {{.Metric}}{{end}}"), "10.4.0.0/16 10.50.0.9 7");
    assert_eq!(show(env, "n", "{{range .Subnets}}{{.LeaseRange.StartIP}}-{{.LeaseRange.EndIP}}{{end}}"), "10.50.0.10-10.50.0.20");
    env.ok(&["network", "update", "--dns-drop", "192.0.2.1", "--dns-add", "192.0.2.3", "n"]);
    assert_eq!(show(env, "n", "{{.NetworkDNSServers}}"), "[192.0.2.2 192.0.2.3]");
    env.run(&["network", "update", "--dns-drop", "192.0.2.1", "n"]).fails(125, &["192.0.2.1"]);
    env.run(&["network", "update", "n"]).fails(125, &["--dns-add"]);
    env.run(&["network", "update", "--dns-add", "192.0.2.3", "podman"]).fails(125, &["name service"]);
}

fn filters_and_formats_choose_what_is_listed(env: &TestEnv) {
    env.ok(&["network", "create", "--label", "a=1", "web"]);
    env.ok(&["network", "create", "--label", "a=2", "--label", "b", "db"]);
    let id = show(env, "db", "{{.ID}}");
    let short = format!("id={}", &id[..8]);
    for (filters, names) in [
        (&["name=web"][..], "web"),
        (&["name=^d"], "db"),
        (&["label=a"], "db web"),
        (&["label=a=1"], "web"),
        (&["label=a", "label=b"], "db"),
        (&["driver=bridge", "label=a=2"], "db"),
        (&["driver=macvlan"], ""),
        (&[short.as_str()], "db"),
        (&["dangling=true", "label=b"], "db"),
        (&["dangling=false"], "podman"),
    ] {
        let filters = filters.iter().flat_map(|filter| ["--filter", filter]);
        let args: Vec<&str> = ["network", "ls", "-q"].into_iter().chain(filters).collect();
        let mut found: Vec<String> = env.ok(&args).lines().map(str::to_owned).collect();
        found.sort();
        assert_eq!(found.join(" "), names, "{args:?}");
    }
    let table = env.ok(&["network", "ls", "--filter", "name=web"]);
    assert!(table.starts_with("NETWORK ID") && table.contains("NAME") && table.contains("DRIVER"), "{table}");
    assert!(!env.ok(&["network", "ls", "--noheading"]).contains("NETWORK"));
    assert!(env.ok(&["network", "ls", "--no-trunc"]).contains(&id));
    let line = env.ok(&["network", "ls", "--filter", "name=db", "--format", "{{.ID}} {{.Name}} {{.Labels}}"]);
    assert_eq!(line, format!("{} db a=2,b=", &id[..12]));
    let json: serde_json::Value =
        serde_json::from_str(&env.ok(&["network", "ls", "--filter", "name=db", "--format", "json"])).unwrap();
    assert_eq!((&json[0]["name"], &json[0]["labels"]["a"]), (&"db".into(), &"2".into()));
}

fn what_a_container_is_joined_to_stays(env: &TestEnv) {
    env.ok(&["network", "create", "n"]);
    make(env, "c", &["--network", "n"]);
    env.run(&["network", "rm", "n"]).fails(2, &["network is being used"]);
    assert_eq!(env.ok(&["ps", "-a", "--format", "{{.Names}} {{.Networks}}"]), "c n");
    assert_eq!(env.ok(&["ps", "-a", "--filter", "network=n", "--format", "{{.Names}}"]), "c");
    let id = show(env, "n", "{{.ID}}");
    assert_eq!(env.ok(&["ps", "-a", "--filter", &format!("network={id}"), "--format", "{{.Names}}"]), "c");
    assert_eq!(env.ok(&["ps", "-a", "--filter", "network=podman", "-q"]), "");
    env.ok(&["rm", "c"]);
    assert_eq!(env.ok(&["network", "rm", "n"]), "n");
}

fn a_forced_removal_takes_the_containers(env: &TestEnv) {
    env.ok(&["network", "create", "n"]);
    make(env, "c", &["--network", "n"]);
    make(env, "other", &["--network", "none"]);
    assert_eq!(env.ok(&["network", "rm", "-f", "n"]), "n");
    assert_eq!(env.ok(&["ps", "-a", "--format", "{{.Names}}"]), "other");
    env.ok(&["rm", "other"]);
}

fn prune_leaves_what_is_in_use(env: &TestEnv) {
    for name in ["used", "free", "kept"] {
        env.ok(&["network", "create", "--label", if name == "kept" { "keep=1" } else { "keep=0" }, name]);
    }
    make(env, "c", &["--network", "used"]);
    let refused = env.cmd(&["network", "prune"]).stdin("n\n").run();
    assert_eq!(refused.code, 0, "{refused}");
    assert_eq!(env.ok(&["network", "prune", "-f", "--filter", "label!=keep=1"]), "free");
    env.run(&["network", "exists", "kept"]).code(0);
    assert_eq!(env.ok(&["network", "prune", "-f"]), "kept");
    env.run(&["network", "exists", "used"]).code(0);
    env.ok(&["rm", "c"]);
    env.ok(&["system", "prune", "-f"]);
    assert_eq!(env.ok(&["network", "ls", "-q"]), "podman");
}

fn network_options_that_contradict_are_125(env: &TestEnv) {
    env.busybox();
    for name in ["a", "b"] {
        env.ok(&["network", "create", name]);
    }
    for (options, word) in [
        ("--network a --network b --ip 10.89.0.5", "--ip can only be set for a single network"),
        ("--network a,b --mac-address 92:d0:c6:0a:29:33", "--mac-address can only be set for a single network"),
        ("--network host --ip 10.89.0.5", "network mode is bridge"),
        ("--network none --network-alias x", "network mode is bridge"),
        ("--network a --network host", "conflicts with bridge"),
        ("--network host --network a", "multiple networks"),
        ("--network a:ip=10.89.0.300", "10.89.0.300"),
        ("--network a:color=red", "color"),
        ("--network a:alias=", "alias cannot be empty"),
        ("--network a:mac=xx", "xx"),
        ("--network a:interface_name=", "interface_name cannot be empty"),
        ("--network :ip=10.89.0.5", "network name cannot be empty"),
        ("--network nosuch", "network not found"),
        ("--network a,nosuch", "network not found"),
        ("--network container:nosuch", "nosuch"),
    ] {
        let args: Vec<&str> = ["create"].into_iter().chain(options.split(' ')).chain(["bb", "true"]).collect();
        env.run(&args).fails(125, &[word]);
    }
    assert_eq!(env.ok(&["ps", "-aq"]), "");
}

fn addresses_outside_the_network_are_125(env: &TestEnv) {
    env.busybox();
    env.ok(&["network", "create", "--subnet", "10.50.0.0/24", "a"]);
    for (options, word) in [
        ("--network a --ip 10.51.0.5", "not in any subnet"),
        ("--network a:ip6=fd00::5", "not in any subnet"),
        ("--network a --ip 10.50.0.1", "gateway"),
        ("--network a --ip 10.50.0.255", "10.50.0.255"),
        ("--network a:ip=10.50.0.5,ip=10.50.0.6", "one address in each subnet"),
        ("--network a:interface_name=lo", "lo"),
        ("--network a:interface_name=x --network podman:interface_name=x", "another network"),
        ("--network podman --network a:interface_name=a/b", "a/b"),
        ("--network a --mac-address 93:d0:c6:0a:29:33", "93:d0:c6:0a:29:33"),
    ] {
        let args: Vec<&str> = ["create"].into_iter().chain(options.split(' ')).chain(["bb", "true"]).collect();
        env.run(&args).fails(125, &[word]);
    }
    assert_eq!(env.ok(&["ps", "-aq"]), "");
}

fn a_stopped_container_joins_and_leaves_networks(env: &TestEnv) {
    for name in ["a", "b"] {
        env.ok(&["network", "create", name]);
    }
    make(env, "c", &["--network", "a:alias=x"]);
    let networks = "{{range $name, $network := .NetworkSettings.Networks}}{{$name}}={{index $network.Aliases 0}};{{end}}";
    let shown = || env.ok(&["inspect", "--format", networks, "c"]);
    env.ok(&["network", "connect", "--alias", "y", "--ip", "10.89.1.9", "b", "c"]);
    assert_eq!(shown(), "a=x;b=y;");
    env.ok(&["network", "disconnect", "a", "c"]);
    assert_eq!(shown(), "b=y;");
    env.ok(&["network", "rm", "a"]);
    env.run(&["network", "rm", "b"]).fails(2, &["being used"]);
    env.run(&["network", "disconnect", "podman", "c"]).fails(125, &["not connected"]);
    env.run(&["network", "connect", "nosuch", "c"]).fails(125, &["nosuch"]);
    env.run(&["network", "connect", "b", "nosuch"]).fails(125, &["nosuch"]);
    make(env, "d", &["--network", "none"]);
    env.run(&["network", "connect", "b", "d"]).fails(125, &["not supported"]);
    env.ok(&["rm", "c", "d"]);
}

fn events_tell_of_networks(env: &TestEnv) {
    env.ok(&["network", "create", "n"]);
    make(env, "c", &["--network", "podman"]);
    env.ok(&["network", "connect", "n", "c"]);
    env.ok(&["network", "disconnect", "n", "c"]);
    env.ok(&["network", "rm", "n"]);
    env.ok(&["rm", "c"]);
    let args = ["events", "--stream=false", "--filter", "type=network", "--format", "{{.Status}} {{.Network}}"];
    assert_eq!(env.ok(&args), "create n\nconnect n\ndisconnect n\nremove n");
}

fn containers_conf_says_which_network_is_the_default(env: &TestEnv) {
    env.busybox();
    let text = "[network]\ndefault_network = \"mine\"\ndefault_subnet = \"10.77.0.0/20\"\n\
                default_subnet_pools = [{ base = \"10.78.0.0/16\", size = 26 }]\n";
    let conf = env.file("containers.conf", text);
    let run = |args: &[&str]| env.cmd(args).env("CONTAINERS_CONF", &conf).run();
    assert_eq!(run(&["network", "inspect", "--format", "{{(index .Subnets 0).Subnet}}", "mine"]).ok(), "10.77.0.0/20");
    assert_eq!(run(&["network", "create", "n"]).ok(), "n");
    assert_eq!(subnets(env, "n"), "10.78.0.0/26 10.78.0.1;");
    for (name, options) in [("c", &[][..]), ("d", &["--network", "bridge:alias=x"])] {
        run(&[&["create", "--name", name], options, &["bb", "true"]].concat()).code(0);
        assert_eq!(run(&["ps", "-a", "--filter", &format!("name={name}"), "--format", "{{.Networks}}"]).ok(), "mine");
    }
    run(&["network", "rm", "mine"]).fails(125, &["default network"]);
    run(&["rm", "c", "d"]).code(0);
    let bad = env.file("bad.conf", "[network]\ndefault_subnet = \"ten\"\n");
    env.cmd(&["network", "ls"]).env("CONTAINERS_CONF", &bad).run().fails(125, &["bad.conf"]);
}

fn inspect_shows_the_addresses_that_the_container_has(env: &TestEnv) {
    env.ok(&["network", "create", "--subnet", "10.50.0.0/24", "--subnet", "fd00:5::/64", "n"]);
    env.busybox();
    let mac = "92:d0:c6:0a:29:33";
    let options = ["run", "-d", "--name", "c", "--network", &format!("n:ip=10.50.0.9,mac={mac}"), "bb", "sleep", "1000"];
    env.ok(&options);
    let fields = "{{with index .NetworkSettings.Networks \"n\"}}{{.IPAddress}}/{{.IPPrefixLen}} {{.Gateway}} {{.MacAddress}} \
                  {{.GlobalIPv6Address}}/{{.GlobalIPv6PrefixLen}} {{.IPv6Gateway}}{{end}}";
    let shown = env.ok(&["inspect", "--format", fields, "c"]);
    assert!(shown.starts_with(&format!("10.50.0.9/24 10.50.0.1 {mac} fd00:5::")) && shown.ends_with("/64 fd00:5::1"), "{shown}");
    let v6 = shown.split(' ').nth(3).unwrap();
    let seen = env.ok(&["exec", "c", "ip", "addr", "show", "eth0"]);
    for text in ["inet 10.50.0.9/24", mac, &format!("inet6 {v6}")] {
        assert!(seen.contains(text), "{text}: {seen}");
    }
    env.ok(&["stop", "-t", "0", "c"]);
    assert!(env.ok(&["inspect", "--format", fields, "c"]).starts_with("/0 "), "a container that does not run has no address");
    env.ok(&["rm", "c"]);
    env.ok(&["run", "-d", "--name", "d", "bb", "sleep", "1000"]);
    if env.ok(&["ps", "--format", "{{.Networks}}"]) == "podman" {
        let address = env.ok(&["inspect", "--format", "{{.NetworkSettings.IPAddress}}", "d"]);
        assert!(env.ok(&["exec", "d", "ip", "addr", "show", "eth0"]).contains(&format!("inet {address}/16")), "{address}");
    }
    env.ok(&["rm", "-f", "-t", "0", "d"]);
}

fn an_address_is_one_containers_and_stays_its_own(env: &TestEnv) {
    env.busybox();
    env.ok(&["network", "create", "--subnet", "10.50.0.0/29", "n"]);
    let start = |name: &str, options: &[&str]| {
        env.run(&[&["run", "-d", "--name", name, "--network", "n"], options, &["bb", "sleep", "1000"]].concat())
    };
    let address = |name: &str| {
        env.ok(&[
            "inspect",
            "--format",
            "{{range $name, $network := .NetworkSettings.Networks}}{{$network.IPAddress}}{{end}}",
            name,
        ])
    };
    start("a", &[]).code(0);
    start("fixed", &["--ip", "10.50.0.4"]).code(0);
    start("b", &[]).code(0);
    start("c", &[]).code(0);
    assert_eq!(["a", "fixed", "b", "c"].map(address), ["10.50.0.2", "10.50.0.4", "10.50.0.3", "10.50.0.5"]);
    start("again", &["--ip", "10.50.0.4"]).fails(125, &["10.50.0.4", "in use"]);
    env.ok(&["restart", "-t", "0", "a"]);
    assert_eq!(address("a"), "10.50.0.2");
    start("d", &[]).code(0);
    start("full", &[]).fails(125, &["no free address"]);
    env.ok(&["stop", "-t", "0", "b"]);
    start("e", &[]).code(0);
    assert_eq!(address("e"), "10.50.0.3");
    env.run(&["start", "b"]).fails(125, &["no free address"]);
    env.ok(&["network", "rm", "-f", "-t", "0", "n"]);
    assert_eq!(env.ok(&["ps", "-aq"]), "");
}

fn interfaces_have_the_names_that_were_asked_for(env: &TestEnv) {
    env.busybox();
    for name in ["a", "b", "c"] {
        env.ok(&["network", "create", name]);
    }
    let networks = ["--network", "a:interface_name=wan0", "--network", "b", "--network", "c:alias=x"];
    let script = "for i in /sys/class/net/*; do echo ${i##*/}; done; ip -4 addr show wan0";
    let seen = env.ok(&[&["run", "--rm"][..], &networks, &["bb", "sh", "-c", script]].concat());
    let names: BTreeSet<&str> = seen.lines().take(4).collect();
    assert!(names.contains("lo") && names.contains("wan0") && names.contains("eth0"), "{seen}");
    assert!(seen.contains("inet 10.89.0."), "{seen}");
}

fn a_running_container_joins_and_leaves_networks(env: &TestEnv) {
    env.busybox();
    env.ok(&["network", "create", "--subnet", "10.50.0.0/24", "a"]);
    env.ok(&["network", "create", "--subnet", "10.51.0.0/24", "b"]);
    env.ok(&["run", "-d", "--name", "c", "--network", "a", "bb", "sleep", "1000"]);
    env.ok(&["network", "connect", "--ip", "10.51.0.9", "--alias", "x", "b", "c"]);
    let seen = || env.ok(&["exec", "c", "ip", "-4", "addr"]);
    assert!(seen().contains("inet 10.50.0.2/24") && seen().contains("inet 10.51.0.9/24"), "{}", seen());
    let members = "{{range $id, $member := .Containers}}{{$member.Name}} {{range $name, $one := $member.Interfaces}}{{$name}}{{end}}{{end}}";
    if env.tool().ends_with("coracle") {
        assert_eq!(show(env, "b", members), "c eth1");
        env.run(&["network", "connect", "b", "c"]).fails(125, &["already connected"]);
        env.ok(&["network", "update", "--dns-add", "192.0.2.1", "b"]);
        assert_eq!(env.ok(&["network", "reload", "c"]).len(), 64);
    }
    let found = env.ok(&["run", "--rm", "--network", "b", "bb", "nslookup", "x"]);
    assert!(found.contains("10.51.0.9"), "{found}");
    env.ok(&["network", "disconnect", "a", "c"]);
    assert!(!seen().contains("10.50.0.2") && seen().contains("inet 10.51.0.9/24"), "{}", seen());
    assert_eq!(env.ok(&["ps", "--format", "{{.Networks}}"]), "b");
    assert_eq!(env.ok(&["network", "rm", "a"]), "a");
    env.ok(&["network", "rm", "-f", "-t", "0", "b"]);
}

fn a_network_made_anew_has_its_new_subnet(env: &TestEnv) {
    env.busybox();
    for subnet in ["10.50.0", "10.51.0"] {
        env.ok(&["network", "create", "--subnet", &format!("{subnet}.0/24"), "n"]);
        let script = "ip -4 addr show eth0; ping -c 1 -W 2 $(ip route | sed -n 's/^default via \\([0-9.]*\\).*/\\1/p') || true";
        let seen = env.ok(&["run", "--rm", "--network", "n", "--cap-add", "net_raw", "bb", "sh", "-c", script]);
        assert!(seen.contains(&format!("inet {subnet}.2/24")) && seen.contains("1 packets received"), "{seen}");
        env.ok(&["network", "rm", "n"]);
    }
}

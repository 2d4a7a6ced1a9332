//! Containers with ports that start and die at random, while the helpers of the network are killed under them (R9).

use crate::bridge::{inside, netd, pairs};
use crate::harness::command::Running;
use crate::harness::registry::free_port;
use crate::harness::{Case, Need, TestEnv, case, host};
use crate::network::helpers;
use crate::ports::{HOST_PROGRAMS, helper, listening, serve, wait_until};
use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

pub fn cases() -> Vec<Case> {
    let all = [case!(a_storm_leaves_nothing_and_ends_no_connection).only_ours("podman has no such helpers")];
    all.into_iter().map(|case| case.needs(&[Need::Userns, Need::Net, Need::Cgroup])).collect()
}

/// How many containers there are at most.
const COUNT: usize = 50;

/// Commands that run at once.
const AT_ONCE: usize = 4;

/// Sends back what comes.
const ECHO: &str = r#"$l=IO::Socket::IP->new(LocalHost=>"0.0.0.0",LocalPort=>7000,Listen=>9,ReuseAddr=>1) or die "$@";
    $c=$l->accept; while(sysread $c,$d,100){syswrite $c,$d}"#;

/// Asks over one connection, for as long as it holds, ten times a second, and counts the answers.
const COUNTS: &str = r#"$|=1; for (1..100) { $c=IO::Socket::IP->new(PeerHost=>"left",PeerPort=>7000,Type=>1) and last; select undef,undef,undef,0.1 }
    for $i (1..1e9) { syswrite $c,"x" or die "$!"; sysread($c,$d,100) or die "$!"; print "$i\n"; select undef,undef,undef,0.1 }"#;

struct Storm<'a> {
    env: &'a TestEnv,
    seed: u64,
    ports: Vec<u16>,
    started: Vec<bool>,
    commands: Vec<Running>,
    tally: BTreeMap<&'static str, usize>,
}

fn kill(pid: Option<i32>) {
    if let Some(pid) = pid.and_then(Pid::from_raw) {
        let _ = kill_process(pid, Signal::KILL);
    }
}

impl Storm<'_> {
    fn random(&mut self, below: usize) -> usize {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.seed >> 33).unwrap() % below
    }

    fn count(&mut self, what: &'static str) {
        *self.tally.entry(what).or_default() += 1;
    }

    fn name(slot: usize) -> String {
        format!("s{slot}")
    }

    fn end(&mut self, slot: usize) {
        self.env.run(&["rm", "-f", "-i", "-t", "0", &Self::name(slot)]).ok();
        let port = self.ports[slot];
        wait_until("the port is free", || listening(port).is_empty());
        self.started[slot] = false;
    }

    fn start(&mut self, slot: usize) {
        let mapping = format!("127.0.0.1:{}:80", self.ports[slot]);
        let name = Self::name(slot);
        let args = ["run", "-d", "--rm", "--name", &name, "--network", "storm", "-p", &mapping, "bb", "sleep", "1000"];
        let mut command = self.env.cmd(&args).spawn();
        command.close_stdin();
        self.commands.push(command);
        self.count("starts");
        self.started[slot] = true;
    }

    /// Lets the oldest command end, or kills the youngest.
    fn settle(&mut self, kill: bool) {
        if kill && let Some(command) = self.commands.pop() {
            command.signal(Signal::KILL);
            command.wait();
            self.count("starts killed");
        } else if !self.commands.is_empty() {
            // It may have met a helper that was just killed; then it says so and nothing of it stays.
            let output = self.commands.remove(0).wait();
            assert!(output.code == 0 || (output.code == 125 && !output.stderr.is_empty()), "{output}");
            if output.code != 0 {
                self.count("starts failed");
                eprintln!("storm: {}", output.stderr().trim());
            }
        }
    }

    fn pid_of(&self, slot: usize, field: &str) -> Option<i32> {
        let output = self.env.run(&["inspect", "--format", field, &Self::name(slot)]);
        output.stdout().parse().ok().filter(|pid| *pid > 1)
    }

    fn step(&mut self) {
        let slot = self.random(COUNT);
        let what = match self.random(20) {
            0 => {
                kill(netd(self.env));
                "netd killed"
            }
            1 => {
                helpers(self.env).into_iter().for_each(|pid| kill(Some(pid)));
                "ways out killed"
            }
            2 => return self.settle(true),
            3 if self.started[slot] => {
                kill(self.pid_of(slot, "{{.State.ConmonPid}}"));
                "monitors killed"
            }
            4 if self.started[slot] => {
                kill(self.pid_of(slot, "{{.State.Pid}}"));
                "inits killed"
            }
            5 if self.started[slot] => {
                self.env.run(&["kill", &Self::name(slot)]);
                "kill"
            }
            6 if self.started[slot] => {
                self.settle_all();
                self.end(slot);
                "rm -f"
            }
            _ if self.started[slot] => {
                let names = self.env.ok(&["ps", "--format", "{{.Names}}"]);
                let most = self.tally.entry("most at once").or_default();
                *most = names.lines().count().max(*most);
                if !names.lines().any(|name| name == Self::name(slot)) {
                    // It may be on its way.
                    self.settle_all();
                    self.end(slot);
                }
                "looks"
            }
            _ => return self.start(slot),
        };
        self.count(what);
    }

    fn settle_all(&mut self) {
        while !self.commands.is_empty() {
            self.settle(false);
        }
    }

    fn settle_most(&mut self) {
        while self.commands.len() > AT_ONCE {
            self.settle(false);
        }
    }
}

/// `CORACLE_STORM`: seconds; the specification's two minutes are 120.
fn length() -> Duration {
    Duration::from_secs(host::var("CORACLE_STORM").and_then(|text| text.parse().ok()).unwrap_or(10))
}

/// How many answers the connection of the two that stay has had.
fn answers(env: &TestEnv) -> usize {
    env.ok(&["logs", "--tail", "1", "right"]).trim().parse().unwrap_or(0)
}

fn state_of_the_namespace(env: &TestEnv) -> (usize, usize, String) {
    let bridges = inside(env, &["ip", "-o", "link", "show", "type", "bridge"]).lines().count();
    // Handles count up when rules are loaded again.
    (pairs(env), bridges, inside(env, &["nft", "list", "ruleset"]))
}

fn a_storm_leaves_nothing_and_ends_no_connection(env: &TestEnv) {
    // So few addresses that leases which are not given back are missed.
    env.ok(&["network", "create", "--subnet", "10.79.0.0/26", "storm"]);
    let perl = |name: &'static str, script: &'static str| {
        let options = [&HOST_PROGRAMS[..], &["--name", name, "--network", "storm"]].concat();
        serve(env, &options, &["/usr/bin/perl", "-MIO::Socket::IP", "-e", script]);
    };
    perl("left", ECHO);
    perl("right", COUNTS);
    wait_until("the two speak", || answers(env) > 0);
    let before = state_of_the_namespace(env);
    let mut ports: Vec<u16> = Vec::new();
    while ports.len() < COUNT {
        let port = free_port();
        if !ports.contains(&port) {
            ports.push(port);
        }
    }
    let seed = host::var("CORACLE_SEED").and_then(|text| text.parse().ok()).unwrap_or(1);
    let mut storm = Storm { env, seed, ports, started: vec![false; COUNT], commands: Vec::new(), tally: BTreeMap::new() };
    let end = Instant::now() + length();
    while Instant::now() < end {
        storm.step();
        storm.settle_most();
    }
    storm.settle_all();
    eprintln!("storm: {:?}", storm.tally);
    let seen = answers(env);
    wait_until("the two still speak", || answers(env) > seen);
    (0..COUNT).for_each(|slot| storm.end(slot));
    // Whatever was killed last is back: names, the way out, and the rules as they were.
    env.ok(&["run", "--rm", "--network", "storm", "bb", "nslookup", "left.dns.podman"]);
    wait_until("nobody else is known", || {
        let members = std::fs::read_dir(env.runtime().join("coracle/net/members")).unwrap();
        members.count() == 2 && pairs(env) == 2
    });
    assert_eq!(state_of_the_namespace(env), before);
    env.remove(&["left", "right"]);
    wait_until("the helpers end", || helper(env).is_none() && helpers(env).is_empty());
    env.ok(&["network", "rm", "storm"]);
}

//! netd's own life: its end, what it does under clients that ask too much, and commands that change one container at once.

use crate::bridge::{netd, pairs};
use crate::harness::{Case, Need, TestEnv, case, program};
use crate::network::helpers;
use crate::ports::{HOST_PROGRAMS, serve, wait_until};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FlockOperation, flock, inotify};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags, SocketType};
use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

pub fn cases() -> Vec<Case> {
    let all = [
        case!(a_netd_whose_runtime_folder_is_gone_ends),
        case!(a_netd_that_goes_on_gives_the_lock_of_its_end_back).needs(&[Need::Tracer]),
        case!(many_questions_over_one_connection_are_answered),
        case!(changes_of_a_containers_networks_wait_for_each_other),
        case!(changes_at_once_leave_what_is_shown),
        case!(truth_values_of_options_are_taken_in_every_spelling),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns, Need::Net]).only_ours("podman has no such helper")).collect()
}

fn a_netd_whose_runtime_folder_is_gone_ends(env: &TestEnv) {
    env.busybox();
    let output = env.cmd(&["run", "--rm", "bb", "true"]).env("CORACLE_NETD_IDLE", "2000").run();
    assert_eq!(output.code, 0, "{output}");
    let pid = netd(env).expect("netd waits for another container");
    assert!(!helpers(env).is_empty());
    std::fs::remove_dir_all(env.runtime().join("coracle")).unwrap();
    wait_until("netd ends", || !program::is_alive(pid));
    wait_until("its helper ends", || helpers(env).is_empty());
    // Nothing of it is in the way of the next.
    env.ok(&["run", "--rm", "bb", "true"]);
}

/// Connects to netd as a command does.
fn connect(path: &Path) -> OwnedFd {
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).unwrap();
    rustix::net::connect(&socket, &SocketAddrUnix::new(path).unwrap()).unwrap();
    socket
}

fn a_netd_that_goes_on_gives_the_lock_of_its_end_back(env: &TestEnv) {
    env.busybox();
    let folder = env.runtime().join("coracle/net");
    // Each lock takes half a second, so there is time to come at the last moment.
    let command = env.cmd(&["run", "--rm", "bb", "true"]).env("CORACLE_NETD_IDLE", "2000");
    let traced = std::thread::spawn(move || command.traced(&["inject=flock:delay_enter=500000", "trace=flock"]));
    let members = || std::fs::read_dir(folder.join("members")).is_ok_and(|mut all| all.next().is_some());
    wait_until("the container is there", members);
    wait_until("the container is gone", || !members());
    let watch = inotify::init(inotify::CreateFlags::CLOEXEC).unwrap();
    inotify::add_watch(&watch, folder.join("lock"), inotify::WatchFlags::OPEN).unwrap();
    let patience = Timespec { tv_sec: 20, tv_nsec: 0 };
    // netd has opened the file and is about to lock it.
    assert_eq!(poll(&mut [PollFd::new(&watch, PollFlags::IN)], Some(&patience)), Ok(1));
    let socket = connect(&folder.join("netd.sock"));
    rustix::net::send(&socket, b"\"Ping\"", SendFlags::empty()).unwrap();
    let mut space = [0; 100];
    let (length, _) = rustix::net::recv(&socket, &mut space, RecvFlags::empty()).unwrap();
    assert_eq!(&space[..length], b"\"Done\"");
    let lock = File::open(folder.join("lock")).unwrap();
    assert_eq!(flock(&lock, FlockOperation::NonBlockingLockExclusive), Ok(()));
    drop((lock, socket));
    let traced = traced.join().unwrap();
    assert_eq!(traced.output.code, 0, "{}", traced.output);
    assert!(netd(env).is_none());
}

/// Asks one question of netd over one connection, 20000 times without a pause, and counts the answers with an address.
const ASK_MUCH: &str = r#"$c=IO::Socket::IP->new(PeerHost=>$ARGV[0],PeerPort=>53,Type=>1,Timeout=>5) or die "$@"; alarm 50;
    $q=pack("nnnnnn",7,0x100,1,0,0,0).join("",map{chr(length).$_}qw(asks dns podman))."\0\0\1\0\1"; $q=pack("n",length $q).$q;
    if (!fork) { print $c $q x 20000; $c->flush; shutdown $c,1; exit }
    while (read($c,$l,2)==2) { read($c,$d,unpack("n",$l)); $n++ if unpack("x6n",$d)==1 } print "$n""#;

fn many_questions_over_one_connection_are_answered(env: &TestEnv) {
    env.ok(&["network", "create", "--subnet", "10.68.0.0/24", "blue"]);
    let options = [&HOST_PROGRAMS[..], &["--name", "asks", "--network", "blue"]].concat();
    let id = serve(env, &options, &["sleep", "1000"]);
    let before = netd(env);
    let asked = env.ok(&["exec", "asks", "/usr/bin/perl", "-MIO::Socket::IP", "-e", ASK_MUCH, "10.68.0.1"]);
    assert_eq!((asked.as_str(), netd(env)), ("20000", before));
    env.remove(&[&id]);
}

fn changes_of_a_containers_networks_wait_for_each_other(env: &TestEnv) {
    env.ok(&["network", "create", "blue"]);
    let id = serve(env, &[], &["sleep", "1000"]);
    let folder = env.data().join("containers").join(&id);
    let inode = std::fs::metadata(&folder).unwrap().ino();
    let waits = || {
        let locks = std::fs::read_to_string("/proc/locks").unwrap();
        locks.lines().any(|line| line.contains(" -> FLOCK ") && line.contains(&format!(":{inode} ")))
    };
    for (args, interfaces) in [
        (&["connect", "blue", &id][..], "eth0\neth1\nlo"),
        (&["reload", &id], "eth0\neth1\nlo"),
        (&["disconnect", "blue", &id], "eth0\nlo"),
    ] {
        let lock = File::open(&folder).unwrap();
        flock(&lock, FlockOperation::LockExclusive).unwrap();
        let mut command = env.cmd(&[&["network"], args].concat()).spawn();
        command.close_stdin();
        wait_until("the command waits for the lock", waits);
        drop(lock);
        command.wait().ok();
        assert_eq!(env.ok(&["exec", &id, "ls", "/sys/class/net"]), interfaces, "{args:?}");
    }
    env.remove(&[&id]);
}

fn changes_at_once_leave_what_is_shown(env: &TestEnv) {
    for name in ["blue", "red"] {
        env.ok(&["network", "create", name]);
    }
    let id = serve(env, &["--name", "c", "--network", "blue"], &["sleep", "1000"]);
    for _ in 0..4 {
        let all = [
            &["network", "connect", "red", "c"][..],
            &["network", "disconnect", "red", "c"],
            &["network", "connect", "--alias", "x", "red", "c"],
            &["network", "reload", "c"],
            &["network", "disconnect", "blue", "c"],
            &["network", "connect", "blue", "c"],
            &["restart", "-t", "0", "c"],
        ];
        let started: Vec<_> = all.iter().map(|args| env.cmd(args).spawn()).collect();
        for mut command in started {
            command.close_stdin();
            let output = command.wait();
            // What another of them has done already, or has just ended.
            let known =
                ["already connected", "not connected", "of a running container", "has ended meanwhile", "without a network"];
            let refused = output.code == 125 && known.iter().any(|word| output.stderr().contains(word));
            assert!(output.code == 0 || refused, "{output}");
        }
        let networks = env.field("c", "{{range $name, $n := .NetworkSettings.Networks}}{{$n.IPAddress}} {{end}}");
        let mut shown: Vec<&str> = networks.split_whitespace().collect();
        let text = env.ok(&["exec", "c", "ip", "-4", "-o", "addr"]);
        let mut real: Vec<&str> = text
            .lines()
            .filter(|line| !line.contains(" lo "))
            .filter_map(|line| line.split_whitespace().nth(3)?.split('/').next())
            .collect();
        shown.sort_unstable();
        real.sort_unstable();
        assert_eq!(real, shown, "{text}");
        if netd(env).is_some() {
            wait_until("each interface has its pair", || pairs(env) == shown.len());
        }
    }
    env.remove(&[&id]);
}

fn truth_values_of_options_are_taken_in_every_spelling(env: &TestEnv) {
    for (at, (words, is)) in
        [(["1", "t", "T", "true", "TRUE", "True"], true), (["0", "f", "F", "false", "FALSE", "False"], false)]
            .into_iter()
            .enumerate()
    {
        for (number, word) in words.into_iter().enumerate() {
            let name = format!("n{at}{number}");
            env.ok(&["network", "create", "-o", &format!("no_default_route={word}"), "-o", &format!("isolate={word}"), &name]);
            let shown = env.ok(&["network", "inspect", "--format", "{{.Options.no_default_route}} {{.Options.isolate}}", &name]);
            assert_eq!(shown, format!("{is} {is}"), "{word}");
        }
    }
    // What they mean, for one of each that is not the plain word.
    for (name, routes) in [("n01", 0), ("n02", 0), ("n11", 1)] {
        env.busybox();
        let text = env.ok(&["run", "--rm", "--network", name, "bb", "ip", "-4", "route"]);
        assert_eq!(text.matches("default").count(), routes, "{name}: {text}");
    }
    wait_until("netd ends", || netd(env).is_none());
    env.run(&["network", "create", "-o", "isolate=yes", "bad"]).fails(125, &["isolate=yes", "true, false or strict"]);
}

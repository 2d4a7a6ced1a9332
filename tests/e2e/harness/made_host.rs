//! A host made for a case: two network namespaces of the unprivileged user's, one that the tool takes for the host's
//! ([`super::place::Place::network_of`]), and the world behind it.
//!
//! Both belong to a user namespace in which the user is root, so links, addresses and routes come and go without any help of root's.

use super::program;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

/// A process in a namespace of its own, which ends when this is dropped.
struct Holder(Child);

impl Holder {
    /// Starts `sh` behind these words; it waits for the end of its input.
    fn start(front: &[&str]) -> Self {
        let script = "ip link set lo up && echo ready && exec cat";
        let mut command = Command::new(front[0]);
        command.args(&front[1..]).args(["sh", "-c", script]).current_dir("/").env_clear();
        command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("start a holder of a namespace");
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().expect("its output")).read_line(&mut line).expect("read its output");
        assert_eq!(line, "ready\n", "{front:?}");
        Self(child)
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The two namespaces. What was started in them ends before them: it comes first here.
pub struct MadeHost {
    servers: std::cell::RefCell<Vec<Holder>>,
    far: Holder,
    home: Holder,
}

/// Which of the two.
#[derive(Clone, Copy, Debug)]
pub enum Side {
    Home,
    Far,
}

impl MadeHost {
    /// A host with no network but its loopback, and a world without a way to it.
    pub fn new() -> Self {
        let home = Holder::start(&["unshare", "--user", "--map-root-user", "--net"]);
        let pid = home.0.id().to_string();
        let far = Holder::start(&["nsenter", "--user", "--preserve-credentials", "--target", &pid, "unshare", "--net"]);
        Self { servers: std::cell::RefCell::default(), far, home }
    }

    /// The process whose network namespace is the host's.
    pub fn pid(&self) -> u32 {
        self.home.0.id()
    }

    fn front(&self, side: Side) -> Vec<String> {
        let pid = match side {
            Side::Home => self.home.0.id(),
            Side::Far => self.far.0.id(),
        };
        ["nsenter", "--user", "--net", "--preserve-credentials", "--target", &pid.to_string()].map(str::to_owned).to_vec()
    }

    /// Runs a program on one side, as root of both; it has to succeed.
    #[track_caller]
    pub fn run(&self, side: Side, words: &[&str]) -> String {
        let front = self.front(side);
        let front: Vec<&str> = front.iter().skip(1).map(String::as_str).collect();
        program::ok("nsenter", &[&front[..], words].concat())
    }

    /// Runs `ip` on one side, once for each line.
    #[track_caller]
    pub fn ip(&self, side: Side, lines: &[&str]) {
        for line in lines {
            self.run(side, &["sh", "-c", &format!("exec ip {line}")]);
        }
    }

    /// Starts a program on one side; it runs until the host goes.
    pub fn start(&self, side: Side, words: &[&str]) {
        let front = self.front(side);
        let mut command = Command::new(&front[0]);
        command.args(&front[1..]).args(words).current_dir("/").stdin(Stdio::null()).stdout(Stdio::null());
        self.servers.borrow_mut().push(Holder(command.spawn().expect("start a server")));
    }

    /// Joins the two by a link NAME: `PREFIX.1` is the host's address, `PREFIX.2` the world's, and the host's default route goes there.
    #[track_caller]
    pub fn link(&self, name: &str, prefix: &str) {
        let far = self.far.0.id();
        self.ip(Side::Home, &[&format!("link add {name} type veth peer name {name} netns {far}")]);
        self.ip(Side::Far, &[&format!("addr add {prefix}.2/24 dev {name}"), &format!("link set {name} up")]);
        self.ip(
            Side::Home,
            &[
                &format!("addr add {prefix}.1/24 dev {name}"),
                &format!("link set {name} up"),
                &format!("route replace default via {prefix}.2 dev {name}"),
            ],
        );
    }
}

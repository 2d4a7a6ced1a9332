//! N's way out: it follows what the host has, and is made anew when its helper ends.

use super::super::token::{Subject, data};
use super::Netd;
use crate::net::session::{Families, Way};
use crate::sys::netlink::{Changes, Route};
use crate::sys::{fd, process};
use rustix::event::epoll::{self, EventFlags};
use rustix::fs::OFlags;
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A way out whose helper ends again at once is not made anew more often than this.
const WAY_OUT_PAUSE: Duration = Duration::from_secs(2);

/// Changes on the host's side come in bursts: addresses, then routes.
const SETTLING: Duration = Duration::from_millis(200);

impl Netd {
    /// Listens for what changes on the host's side. Without that it is looked at when a container joins.
    pub(super) fn watch_host(&mut self) {
        let Ok(changes) = Changes::open() else { return };
        if epoll::add(&self.epoll, &changes, data(Subject::Host, 0), EventFlags::IN).is_ok() {
            self.changes = Some(changes);
        }
    }

    /// Something is another on the host's side. Of many changes at once the last one counts.
    pub(super) fn host_changed(&mut self) {
        if self.changes.as_ref().is_some_and(|changes| changes.drain().is_ok()) {
            self.host_at.get_or_insert_with(|| Instant::now() + SETTLING);
        }
    }

    /// Brings N's way out to what the host has now.
    pub(super) fn follow_host(&mut self) {
        self.host_at = None;
        self.members.follow_host();
        let way = &self.found.record.way;
        if !way.lacks(Families::of_host()) && !way.is_astray() || self.way_out_at.is_some() {
            return;
        }
        match &self.stack {
            // Its end is waited for: it takes the interface with it, whose name the next one needs.
            Some(helper) => drop(process::send_signal(helper, libc::SIGKILL)),
            None => {
                self.way_out_at = Some(Instant::now());
                self.make_way_out();
            }
        }
    }

    /// Waits for the end of the way out's helper.
    pub(super) fn watch_stack(&mut self) {
        self.stack = None;
        let Some(helper) = self.found.record.helper else { return };
        match process::open_pidfd(helper) {
            Ok(Some(pidfd)) => {
                if epoll::add(&self.epoll, &pidfd, data(Subject::Stack, 0), EventFlags::IN).is_ok() {
                    self.stack = Some(pidfd);
                }
            }
            Ok(None) => self.way_out_at = Some(self.way_out_due()),
            Err(_) => {}
        }
    }

    pub(super) fn stack_ended(&mut self) {
        self.stack = None;
        self.way_out_at = Some(self.way_out_due());
    }

    /// When a way out whose helper has ended may be made anew.
    fn way_out_due(&self) -> Instant {
        let now = Instant::now();
        self.way_out_made.map_or(now, |made| now.max(made + WAY_OUT_PAUSE))
    }

    /// Makes the way out anew where it is time for it: by a process of its own, since finding N takes a single-threaded one.
    pub(super) fn make_way_out(&mut self) {
        let Some(at) = self.way_out_at.filter(|at| *at <= Instant::now()) else { return };
        self.way_out_at = None;
        if self.members.is_empty() {
            return;
        }
        match self.way_out_by_helper() {
            Ok(way) => {
                self.way_out_made = Some(Instant::now());
                self.found.record.set_way(way);
                let _ = self.found.record.write(&self.folder);
                self.watch_stack();
            }
            Err(_) => self.way_out_at = Some(at.max(Instant::now()) + WAY_OUT_PAUSE),
        }
    }

    pub(super) fn way_out_by_helper(&self) -> io::Result<Way> {
        let route = self.inside.run(Route::open).ok_or(io::ErrorKind::BrokenPipe)??;
        // The reading end of the same pipe.
        let collar = format!("/proc/self/fd/{}", self.found.hand.as_raw_fd());
        let collar = rustix::fs::open(collar, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC, rustix::fs::Mode::empty())?;
        let namespace = self.found.namespace.try_clone()?;
        let route: OwnedFd = route.into();
        let mut command = Command::new("/proc/self/exe");
        command.args(["internal", "way-out"]);
        for (name, passed) in [("--namespace", &namespace), ("--route", &route), ("--collar", &collar)] {
            // Nothing else is started by this process at the same time.
            fd::keep_on_exec(passed)?;
            command.args([name, &passed.as_raw_fd().to_string()]);
        }
        let output = command.env_clear().stdin(Stdio::null()).stderr(Stdio::null()).output()?;
        serde_json::from_slice(&output.stdout).map_err(io::Error::from)
    }
}

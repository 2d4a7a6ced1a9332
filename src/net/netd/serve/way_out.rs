//! N's way out: it follows what the host has, and is made anew when its helper ends.

use super::super::token::{Subject, data};
use super::Netd;
use crate::net::session::Families;
use crate::sys::netlink::{Changes, Route};
use crate::sys::{fd, process};
use rustix::event::epoll::{self, EventFlags};
use rustix::fs::{OFlags, fcntl_setfl};
use std::io::{self, Read as _};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// A way out whose helper ends again at once is not made anew more often than this.
const WAY_OUT_PAUSE: Duration = Duration::from_secs(2);

/// Changes on the host's side come in bursts: addresses, then routes.
const SETTLING: Duration = Duration::from_millis(200);

/// The process that makes a way out.
#[derive(Debug)]
pub(super) struct Maker {
    child: Child,
    /// What it says at its end.
    output: ChildStdout,
    said: Vec<u8>,
    /// The host has changed since it was started.
    is_late: bool,
}

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
        if let Some(maker) = &mut self.maker {
            maker.is_late = true;
            return;
        }
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

    /// Makes the way out anew where it is time for it: by a process of its own, since finding N takes a single-threaded one. It may
    /// take seconds, so it is not waited for.
    pub(super) fn make_way_out(&mut self) {
        if self.maker.is_some() || self.way_out_at.is_none_or(|at| at > Instant::now()) {
            return;
        }
        self.way_out_at = None;
        if self.members.is_empty() {
            return;
        }
        match self.start_maker() {
            Ok(maker) => self.maker = Some(maker),
            Err(_) => self.way_out_at = Some(Instant::now() + WAY_OUT_PAUSE),
        }
    }

    /// Reads what the maker says; when that is all, the way out is there, or it is known why not.
    pub(super) fn hear_maker(&mut self) {
        let Some(mut maker) = self.maker.take() else { return };
        let all = match maker.output.read_to_end(&mut maker.said) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.maker = Some(maker);
                return;
            }
            all => all,
        };
        let way = all.and_then(|_| maker.child.wait()).and_then(|_| Ok(serde_json::from_slice(&maker.said)?));
        match way {
            Ok(way) => {
                self.way_out_made = Some(Instant::now());
                self.found.record.set_way(way);
                let _ = self.found.record.write(&self.folder);
                self.watch_stack();
            }
            Err(_) => self.way_out_at = Some(Instant::now() + WAY_OUT_PAUSE),
        }
        if maker.is_late {
            self.host_at.get_or_insert_with(Instant::now);
        }
        self.answer_waiting();
    }

    fn start_maker(&self) -> io::Result<Maker> {
        let route = self.inside.run(Route::open).ok_or(io::ErrorKind::BrokenPipe)??;
        // The reading end of the same pipe.
        let collar = format!("/proc/self/fd/{}", self.found.hand.as_raw_fd());
        let collar = rustix::fs::open(collar, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC, rustix::fs::Mode::empty())?;
        let namespace = self.found.namespace.try_clone()?;
        let route: OwnedFd = route.into();
        let mut command = Command::new("/proc/self/exe");
        command.args(["internal", "way-out"]);
        for (name, passed) in [("--namespace", &namespace), ("--route", &route), ("--collar", &collar)] {
            // Nothing else is started by this process at the same time: what the thread in N has started (nft) ended before that
            // thread made the route socket.
            fd::keep_on_exec(passed)?;
            command.args([name, &passed.as_raw_fd().to_string()]);
        }
        command.env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn()?;
        let watched = child.stdout.take().ok_or_else(|| io::ErrorKind::BrokenPipe.into()).and_then(|output| {
            fcntl_setfl(&output, OFlags::NONBLOCK)?;
            epoll::add(&self.epoll, &output, data(Subject::WayOut, 0), EventFlags::IN)?;
            Ok(output)
        });
        match watched {
            Ok(output) => Ok(Maker { child, output, said: Vec::new(), is_late: false }),
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(error)
            }
        }
    }
}

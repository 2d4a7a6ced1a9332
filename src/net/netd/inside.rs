//! The thread that stands in N and does there what main wants done.

use crate::sys::clone::CloneFlags;
use crate::sys::inet::{self, Kind};
use crate::sys::namespace;
use std::io;
use std::net::IpAddr;
use std::os::fd::{AsFd as _, OwnedFd};
use std::rc::Rc;
use std::sync::mpsc::{Sender, channel};

type Work = Box<dyn FnOnce() + Send>;

#[derive(Clone, Debug)]
pub(super) struct Inside {
    work: Sender<Work>,
}

impl Inside {
    /// Starts the thread.
    ///
    /// # Errors
    /// N cannot be joined, or there are no threads to be had.
    pub(super) fn start(namespace: OwnedFd) -> io::Result<Self> {
        let (work, works) = channel::<Work>();
        let (ready, is_ready) = channel();
        std::thread::Builder::new().name("inside".to_owned()).spawn(move || {
            let joined = namespace::join(namespace.as_fd(), CloneFlags::NEWNET);
            let may_go_on = joined.is_ok();
            if ready.send(joined).is_ok() && may_go_on {
                works.into_iter().for_each(|work| work());
            }
        })?;
        is_ready.recv().map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))??;
        Ok(Self { work })
    }

    /// Does something in N and waits for it; nothing where the thread has ended.
    pub(super) fn run<T: Send + 'static>(&self, what: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let (done, is_done) = channel();
        let work: Work = Box::new(move || drop(done.send(what())));
        self.work.send(work).ok()?;
        is_done.recv().ok()
    }

    /// Has something done in N that nobody waits for.
    pub(super) fn later(&self, what: impl FnOnce() + Send + 'static) {
        // Where the thread has ended, nothing of N is of use any more.
        let _ = self.work.send(Box::new(what));
    }

    /// Makes sockets in N.
    pub(super) fn maker(&self) -> Rc<dyn Fn(IpAddr, Kind) -> io::Result<OwnedFd>> {
        let inside = self.clone();
        Rc::new(move |address, kind| inside.run(move || inet::socket_for(address, kind)).ok_or(io::ErrorKind::BrokenPipe)?)
    }
}

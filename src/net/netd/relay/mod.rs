//! Published ports: from listeners of the host to containers, in a thread that stands in N.
//!
//! The listeners are made by another thread, in the host's namespace; a socket stays in the namespace that it was made in. Here
//! connections are accepted, the second socket is made in N and bound to the client's own address (`IP_TRANSPARENT`), and bytes
//! are moved by `splice`. The container's answers to that address come back to N, where a rule of the firewall marks what belongs to a
//! transparent socket and a routing rule for the mark keeps it here.
//!
//! Bounds: descriptors (no more connections are accepted than there are descriptors for; they wait in the kernel's queue, and one
//! listener leaves some to the others), flows of datagrams for each client and in all (the quiet ones make room), and what is on its
//! way in a pipe.

mod datagrams;
mod pipes;
mod source;
mod tcp;
mod udp;
mod worker;

pub(crate) use source::{Side, Target};

use crate::sys::inet::Kind;
use rustix::event::{EventfdFlags, eventfd};
use std::collections::HashSet;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use worker::Worker;

/// What the relay is told.
#[derive(Debug)]
enum Order {
    Serve {
        number: u64,
        socket: OwnedFd,
        kind: Kind,
        port: u16,
        target: Target,
    },
    /// The container's addresses are others now; connections stay, datagrams go the new way.
    Retarget {
        numbers: HashSet<u64>,
        target: Target,
    },
    /// Answered when the socket is closed.
    Close {
        numbers: HashSet<u64>,
        done: Sender<()>,
    },
}

/// The relay as the other threads see it.
#[derive(Clone, Debug)]
pub(crate) struct Relay {
    orders: Arc<Mutex<Vec<Order>>>,
    wake: Arc<OwnedFd>,
}

impl Relay {
    /// Starts the thread. `enter` takes it into N.
    ///
    /// # Errors
    /// No descriptors are left, or no thread.
    pub(crate) fn start(enter: impl FnOnce() -> io::Result<()> + Send + 'static) -> io::Result<Self> {
        let wake = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
        let orders = Arc::new(Mutex::new(Vec::new()));
        let (ready, is_ready) = channel();
        let mut state = Worker::new(Arc::clone(&orders), Arc::clone(&wake))?;
        std::thread::Builder::new().name("ports".to_owned()).spawn(move || {
            let entered = enter();
            let may_go_on = entered.is_ok();
            // Where the other end is gone nobody needs the thread.
            if ready.send(entered).is_ok() && may_go_on {
                state.run();
            }
        })?;
        is_ready.recv().map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))??;
        Ok(Self { orders, wake })
    }

    /// Takes a listener (a socket with a queue, or one for datagrams) into service, as `number`.
    pub(crate) fn serve(&self, number: u64, socket: OwnedFd, kind: Kind, port: u16, target: Target) {
        self.order(Order::Serve { number, socket, kind, port, target });
    }

    pub(crate) fn retarget(&self, numbers: HashSet<u64>, target: Target) {
        if numbers.is_empty() {
            return;
        }
        self.order(Order::Retarget { numbers, target });
    }

    /// Closes listeners and all that came by them; returns when they are closed, so that others can have the ports.
    pub(crate) fn close(&self, numbers: HashSet<u64>) {
        if numbers.is_empty() {
            return;
        }
        let (done, is_done) = channel();
        self.order(Order::Close { numbers, done });
        let _ = is_done.recv();
    }

    fn order(&self, order: Order) {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner).push(order);
        let _ = rustix::io::write(&*self.wake, &1u64.to_ne_bytes());
    }
}

#[cfg(test)]
mod tests;

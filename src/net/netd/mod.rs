//! netd: the one helper of a user's networks. It answers for names and holds the published ports.
//!
//! # Theory of operation
//!
//! Who runs: `coracle internal netd`, one process for each user, root of the session user namespace S, leader of a session of its own
//! with `/dev/null` as standard streams. The command that needs it starts it under a lock ([`client`]); it ends some seconds after
//! the last container that it serves.
//!
//! Namespaces: the process is in the host's network namespace. It makes the session network namespace N, or finds the one that is
//! there (below), and has two threads that stand in N for good:
//!
//! - the *main* thread, host's namespace: the control socket, the pidfds of containers, the listeners of published ports (it
//!   makes them; who accepts is the relay), names ([`dns`]) and the questions to the host's name servers;
//! - the *relay* thread, in N: takes connections and datagrams from the listeners and passes them on to the containers. The
//!   connecting sockets have to be made in N;
//! - the *inside* thread, in N: runs what main wants done there: bridges, rules, sockets of the name service, netlink sockets
//!   to be handed out.
//!
//! # Who keeps N
//!
//! N is a descriptor. netd holds it, and so does the monitor of each container on a network (`keep` of its start), together with the
//! *hand*: the writing end of the pipe that ends the way out (pasta) when nobody holds it any more. Both come with the answer to
//! [`message::Request::Join`]. `<run>/net/session.json` names them by inode; a netd that starts anew looks through
//! `/proc/<monitor>/fd` of the containers that it has served, opens both again, and N with its bridges, its rules and its way out is as
//! before. Where no monitor lives, nobody needs the old N: it is made anew.
//!
//! # Files
//!
//! ```text
//! <run>/net/            mode 0700
//!   lock                flock: who starts netd
//!   netd.sock           SOCK_SEQPACKET, mode 0600; one request a packet (JSON), one answer, descriptors by SCM_RIGHTS
//!   session.json        the inodes of N and of the hand
//!   members/<id>        what netd was told of a container, by rename; removed when the container has ended
//! ```
//!
//! What has to come back after a SIGKILL is in `members`; whether such a container still runs is in its own `run.json`.
//!
//! # The life of a member
//!
//! 1. The command that starts a container connects and sends `Join` with the networks, addresses, names and ports. netd makes the
//!    bridges that are missing and binds the ports; the answer is an error, or N, a NETLINK_ROUTE socket of N, and the hand. Names and
//!    ports are reserved for as long as this connection is open.
//! 2. When init is there, whoever made it sends `Running` with init's pidfd on the same connection: from now on the names are
//!    answered, and the connection is no longer needed. One that ends before lets everything go.
//! 3. When init's pidfd says that it has ended, names and ports go at once.
//!
//! `connect`, `disconnect` and `reload` of a running container are a `Join` with `Running` at once: what is sent takes the place of
//! what was there, ports that stay are not closed in between.

pub mod client;
mod dns;
mod found;
mod inside;
mod members;
pub mod message;
mod ports;
mod relay;
mod serve;
mod slots;
mod token;

#[doc(hidden)]
pub use dns::answers;

pub use serve::{Orders, ServeError, serve};

/// The domain that every network answers for: the first to be searched by the containers of networks with names, so that the name
/// of a container counts before the same name in a domain of the host's.
pub const DOMAIN: &str = dns::DOMAIN;

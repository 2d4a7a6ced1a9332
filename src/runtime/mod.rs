//! The built-in OCI runtime: from a runtime spec to a running init, and into one that runs.
//!
//! # Theory of operation
//!
//! `launch::launch` is called by M, a single-threaded process that is root of the session user namespace S and in the host's
//! other namespaces. It makes I with one clone3: mount, pid, ipc, uts, cgroup and (unless shared) net namespaces, all owned by
//! S, born in the container's cgroup. I is M's child and process 1 of the container. From there `init::run` tells the story:
//!
//! ```text
//! rootfs   overlay of the layers, attached; everything below goes from descriptor to descriptor inside it
//! mounts   /proc /dev /sys …, bind mounts; their sources are opened before the old root is gone
//! pivot    the old root is detached; from here no path of the host can be named
//! masks    in /proc and /sys
//! process  hostname, loopback, user, working directory, limits, keyring, seccomp, capabilities, ids
//! stub     sys::stub, which executes the program
//! ```
//!
//! A container with a user namespace K of its own (keep-id and its kin) takes two more steps, and one that shares namespaces a third:
//!
//! ```text
//! outside  before I: M forks H, root of S with a mount namespace of its own, which makes the overlay and copies the bind mounts'
//!          sources, and passes them on; K's root could not reach them, and files could not belong to K's ids otherwise
//! birth    I is made with K as the owner of all its other namespaces; M writes K's maps, I waits for that and becomes K's root
//! birth    to share namespaces M forks J, which joins them and makes I with CLONE_PARENT; K is joined or made last
//! ```
//!
//! I is not process 1 where the pid namespace is shared, and the kernel ends nobody with it: the monitor then kills what is left in
//! the container's mount namespace (and cgroup), and where the monitor was killed, the next `rm`, `start` or sweep does
//! (`sys::members`).
//!
//! What goes wrong in I is one `message::Failure` on the error pipe. The pipe is close-on-exec in M (which becomes the monitor)
//! and in the stub, so its end without a message means that the program runs. I asks for SIGKILL when M dies.

mod accounts;
mod binds;
pub mod birth;
pub mod bundle;
pub mod cdi;
pub mod everyone;
pub mod exec;
pub mod external;
pub mod init;
pub mod interfaces;
pub mod keeper;
pub mod launch;
pub mod limits;
pub mod message;
mod mounts;
mod outside;
mod process;
mod rootfs;
pub mod seccomp;
pub mod secrets;
pub mod spec;
pub mod terminal;
pub mod users;
pub mod view;
mod volume;

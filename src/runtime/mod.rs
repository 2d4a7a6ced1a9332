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
//! What goes wrong in I is one `message::Failure` on the error pipe. The pipe is close-on-exec in M (which becomes the monitor)
//! and in the stub, so its end without a message means that the program runs. I asks for SIGKILL when M dies.

mod accounts;
mod binds;
pub mod birth;
pub mod cdi;
pub mod everyone;
pub mod exec;
pub mod init;
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

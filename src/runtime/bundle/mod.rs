//! The runtime specification to the letter: a bundle's `config.json` made into a container, for `coracle oci` and so for other
//! engines. Containers of our own take the shorter way of [`super::launch`].
//!
//! # Theory of operation
//!
//! ```text
//! C, `create`, in the caller's namespaces
//!   │ reads and checks config.json, compiles the filter, makes the socket `start` in the container's state folder
//!   ├─ (fork → H, root with a mount namespace of its own: copies the root and the sources of bind mounts, where the container
//!   │         has another user namespace than its caller, who is root; its mapped root could not reach them)
//!   ├─ (fork → J, joins the namespaces that have a path)
//!   ├─ clone3 → I, the container's init, a child of C
//!   │         I: user namespace, time, root, mounts, devices ─ tells C ─ C runs prestart and createRuntime hooks ─
//!   │            createContainer hooks, pivot, masks, names, terminal, looks for the program ─ tells C
//!   └─ writes state.json and the pid file, tells I to stay, exits; I becomes a child of the next subreaper
//! S, `start`: connects to `start` and sends the writing end of a pipe
//!             I: startContainer hooks, then user, limits, filter, capabilities; the stub; the program. What fails goes into the pipe;
//!                its end without a failure means that the program runs. S runs the poststart hooks.
//! ```
//!
//! I waits on the listening socket. Nobody listens there any more once the program runs, as the descriptor is close-on-exec: that is
//! how `created` and `running` are told apart, whoever was killed in between. When C dies before it has said "stay", I ends.
//!
//! Where the filter hands calls over, I sends the descriptor that tells of them over the same connection to S, and S to the listener: I
//! has left the host's files behind, and another process has to be there when the next call of I's waits for an answer.
//!
//! A container whose mount namespace is not its own has its root mounted on the root's own folder in there, and no pivot: the
//! namespace's root is others'. What was mounted goes with `delete`.
//!
//! Nobody in the container may look into I or take our binary from it: nobody else is in there while I waits, as `exec` refuses a
//! container that is not started; and where it shares a pid namespace, and from the start on, I is not dumpable.

mod affinity;
mod config;
mod console;
mod create;
mod devices;
mod exec;
mod hooks;
mod idmap;
mod init;
pub mod labels;
mod leave;
mod memory;
mod mounts;
mod place;
mod seccomp;
mod shared;
mod start;
mod validate;

pub use config::{Bundle, ConfigError, take_unknown_capabilities};
pub use create::{Create, Created, create};
pub use exec::{Exec, exec};
pub use hooks::run_all;
pub use init::StateText;
pub use memory::known_policies;
pub use mounts::known_options;
pub use seccomp::{Filter, Listener, known_flags, listener_of, of as filter_of};
pub use shared::SharedRoot;
pub use start::{Deliver, SOCKET, is_waiting, start};
pub use validate::check_process;

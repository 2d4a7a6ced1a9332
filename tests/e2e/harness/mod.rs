//! What the cases stand on.
//!
//! # Theory of operation
//!
//! ```text
//! e2e (root, only where the tests were started by root: root.rs)
//!   │ own mount namespace with a pure cgroup v2 view, a delegated cgroup, small tmpfs disks; waits, then takes all back
//!   └─ e2e (the unprivileged user; libtest-mimic runs the cases on two threads)
//!        └─ per case one TestEnv (environment.rs): HOME, XDG_DATA_HOME, XDG_RUNTIME_DIR and a cgroup of its own
//!             └─ the tool, with a clean environment and a time limit (command.rs, terminal.rs)
//! ```
//!
//! After every case the leak check (leak.rs) waits for the case's processes to end and looks for what is left of them. Nothing
//! sleeps: every wait is a `poll` on a pidfd, a pipe or a terminal.

pub mod archive;
pub mod canary;
pub mod case;
pub mod command;
pub mod elf;
pub mod environment;
pub mod host;
pub mod leak;
pub mod made_host;
pub mod outside;
pub mod place;
pub mod program;
pub mod registry;
pub mod root;
pub mod rootly;
pub mod server;
pub mod terminal;

pub use case::Case;
pub(crate) use case::case;
pub use command::{Cmd, Output};
pub use environment::TestEnv;
pub use host::Need;
pub use place::Place;
pub use program::wait_gone;

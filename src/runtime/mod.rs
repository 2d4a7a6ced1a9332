//! The built-in OCI runtime.

pub mod seccomp;
pub mod users;

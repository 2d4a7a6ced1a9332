//! The built-in OCI runtime.

pub mod seccomp;

//! The kernel: the only place with `unsafe`.
#![allow(unsafe_code)]

pub mod process;
pub mod seccomp;

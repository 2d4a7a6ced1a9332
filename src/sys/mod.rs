//! The kernel: the only place with `unsafe`, and thin typed wrappers where rustix and nix have none.
#![allow(unsafe_code)]

pub mod bpf;
pub mod clone;
pub mod copy;
pub mod exec;
pub mod fd;
pub mod fdpass;
pub mod inet;
pub mod inherit;
pub mod keyring;
pub mod leash;
pub mod load;
pub mod lock;
pub mod members;
pub mod mount;
pub mod namespace;
pub mod netdev;
pub mod netlink;
pub mod overlay;
pub mod packet;
pub mod pages;
pub mod process;
pub mod pty;
pub mod reaper;
pub mod replace;
pub mod rest;
pub mod root;
pub mod schedule;
pub mod seccomp;
pub mod signals;
pub mod socket;
pub mod stamp;
pub mod stub;
mod tiny;
pub mod tree;
pub mod xattr;

//! The kernel: the only place with `unsafe`.
#![allow(unsafe_code)]

pub mod inherit;
pub mod pages;
pub mod process;
pub mod tree;

//! Commands about the whole installation.

pub mod unshare;

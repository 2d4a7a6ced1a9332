//! Commands about containers.

pub mod create;
pub mod exec;
pub mod kill;
mod mounts;
mod options;
pub mod rm;
pub mod run;
pub mod start;
pub mod stop;
mod targets;
pub mod wait;

//! Commands about containers.

pub mod attach;
pub mod create;
pub mod exec;
pub mod inspect;
pub mod kill;
pub mod logs;
mod mounts;
mod options;
pub mod ps;
pub mod rm;
pub mod run;
pub mod start;
pub mod stop;
pub(super) mod targets;
pub mod wait;

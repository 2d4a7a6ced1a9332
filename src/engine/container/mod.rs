//! The life of a container.

pub mod attach;
pub mod copy;
pub mod create;
pub mod detach;
pub mod error;
pub mod exec;
mod files;
mod filter;
pub mod inspect;
mod limits;
pub mod list;
mod lock;
pub mod logs;
pub mod lookup;
pub mod moment;
mod mounts;
mod names;
mod pause;
mod relations;
mod relay;
pub mod remove;
mod rename;
mod restart;
mod rights;
pub mod session_relay;
mod size;
pub mod start;
pub mod stats;
pub mod status;
pub mod stop;
mod timezone;
pub mod update;
mod view;
pub mod wait;

pub use error::ContainerError;

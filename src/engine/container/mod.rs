//! The life of a container.

pub mod attach;
pub mod create;
pub mod detach;
pub mod error;
pub mod exec;
mod files;
pub mod logs;
pub mod lookup;
mod names;
mod relay;
pub mod remove;
pub mod session_relay;
pub mod start;
pub mod status;
pub mod stop;
pub mod wait;

pub use error::ContainerError;

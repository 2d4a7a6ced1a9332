//! The life of a container.

pub mod attach;
pub mod create;
pub mod isolation;
pub mod join;
pub mod detach;
pub mod error;
pub mod exec;
mod files;
mod filter;
pub mod inspect;
pub mod list;
mod lock;
pub mod logs;
pub mod lookup;
pub mod moment;
mod names;
mod relay;
pub mod remove;
pub mod session_relay;
mod size;
pub mod start;
pub mod status;
pub mod stop;
pub mod wait;

pub use error::ContainerError;

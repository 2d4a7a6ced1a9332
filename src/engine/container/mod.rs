//! The life of a container.

pub mod attach;
pub mod create;
pub mod error;
pub mod exec;
mod files;
pub mod lookup;
mod names;
pub mod remove;
pub mod start;
pub mod status;
pub mod stop;
pub mod wait;

pub use error::ContainerError;

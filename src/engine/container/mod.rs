//! The life of a container.

pub mod attach;
pub mod create;
pub mod error;
pub mod exec;
mod files;
mod filter;
pub mod inspect;
pub mod list;
pub mod lookup;
pub mod moment;
mod names;
pub mod remove;
mod size;
pub mod start;
pub mod status;
pub mod stop;
pub mod wait;

pub use error::ContainerError;

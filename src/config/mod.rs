//! What the surroundings say: environment variables, configuration files, and the places of files.

pub mod accounts;
pub mod bus;
pub mod containers;
pub mod env;
pub mod netd;
pub mod paths;
pub mod places;
pub mod policy;
pub mod program;
pub mod registries;
pub mod storage;
pub mod web;

pub use paths::Paths;
pub use places::Places;

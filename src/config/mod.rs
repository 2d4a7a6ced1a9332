//! What the surroundings say: environment variables and the places of our files.

pub mod bus;
pub mod env;
pub mod paths;
pub mod program;

pub use paths::Paths;

//! User namespaces: which ids the user has, how they are mapped, and the session namespace S in which all containers live.

pub mod child;
pub mod map;
pub mod session;
pub mod subid;

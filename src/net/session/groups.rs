//! Interface groups in N, by which the rules know what an interface is.

/// The bridge of a network whose containers reach the outside.
pub const OPEN: u32 = 1;
/// The bridge of an internal network.
pub const INTERNAL: u32 = 2;
/// The way out.
pub const OUT: u32 = 3;

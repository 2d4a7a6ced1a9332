//! What the environment says of the network helper.

use super::env;

/// `CORACLE_NETD_IDLE`: how many milliseconds the network helper stays after its last container; it knows a good value itself.
#[must_use]
pub fn idle_milliseconds() -> Option<u64> {
    env::var("CORACLE_NETD_IDLE")?.parse().ok()
}

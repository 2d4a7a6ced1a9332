//! What the environment says of registries and web servers.

use super::env;

/// `CORACLE_REGISTRY_TIMEOUT`: how many seconds a registry may be silent, as it is written.
#[must_use]
pub fn registry_timeout() -> Option<String> {
    env::var("CORACLE_REGISTRY_TIMEOUT")
}

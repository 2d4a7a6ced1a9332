//! What is done to a container that runs when its networks change.

use super::NetworkError;
use crate::engine::{Engine, EngineError};
use crate::model::{Attachment, ContainerConfig, Network};

/// Gives a running container an interface in a network. `config` has the network already; its row too.
///
/// # Errors
/// The interface cannot be made; nothing of it is left then.
pub fn connect(
    _engine: &mut Engine,
    config: &ContainerConfig,
    network: &Network,
    _attachment: &Attachment,
) -> Result<(), EngineError> {
    Err(NetworkError::Running { container: config.name.clone(), network: network.name.clone() }.into())
}

/// Takes the interface in a network away from a running container. `config` has the network still, and so has its row until this is done.
///
/// # Errors
/// The interface cannot be removed.
pub fn disconnect(
    _engine: &mut Engine,
    config: &ContainerConfig,
    network: &Network,
    _attachment: &Attachment,
) -> Result<(), EngineError> {
    Err(NetworkError::Running { container: config.name.clone(), network: network.name.clone() }.into())
}

/// Makes what belongs to the networks of a running container anew.
///
/// # Errors
/// It cannot be made.
pub fn reload(_engine: &mut Engine, config: &ContainerConfig) -> Result<(), EngineError> {
    Err(NetworkError::Running { container: config.name.clone(), network: config.network.as_str().into_owned() }.into())
}

//! What can go wrong with a network.

use crate::config::containers::NetworkConfError;
use crate::engine::Kind;

/// A failed use case of a network.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    #[error("unable to find network with name or ID {name}: network not found")]
    NoSuch { name: String },
    #[error("network {name}, which the container is to be joined to, is not there any more: network not found")]
    Vanished { name: String },
    #[error("the network ID prefix {prefix:?} is ambiguous: more than one network ID begins with it (give more digits)")]
    Ambiguous { prefix: String },
    #[error("read what containers.conf says about networks")]
    Conf(#[source] Box<NetworkConfError>),
    #[error("read the id of this boot")]
    Boot {
        #[source]
        source: std::io::Error,
    },
    #[error("container {container} is running: its networks can be changed only while it is stopped ({network})")]
    Running { container: String, network: String },
}

impl NetworkError {
    /// The kind of the failure.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::NoSuch { .. } => Kind::NoSuch,
            Self::Ambiguous { .. } | Self::Conf(_) => Kind::Invalid,
            Self::Vanished { .. } => Kind::NoSuch,
            Self::Boot { .. } => Kind::Internal,
            Self::Running { .. } => Kind::WrongState,
        }
    }

    /// What the user can do about it, where the message does not say it itself.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoSuch { .. } => Some("list them with `coracle network ls`".to_owned()),
            Self::Vanished { name } => Some(format!(
                "make it again with `coracle network create {name}`, or take the container off it with `coracle network disconnect`"
            )),
            _ => None,
        }
    }
}

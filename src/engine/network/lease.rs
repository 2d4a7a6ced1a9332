//! Addresses for a container that is being started.

use super::NetworkError;
use crate::engine::container::status::State;
use crate::engine::{Engine, EngineError};
use crate::model::{Attachment, ContainerConfig, ContainerId, Lease, Network};
use crate::state::leases::Wanted;
use crate::sys::process;
use rustix::fs::FlockOperation;
use rustix::io::Errno;
use std::fs::File;
use std::path::Path;

impl Engine {
    /// Gives a container its addresses in these networks, which are its own. To be called while its folder is locked.
    ///
    /// # Errors
    /// An address is held by a container that lives, a network is full, or the database fails.
    pub fn take_addresses(
        &mut self,
        config: &ContainerConfig,
        networks: &[(Network, &Attachment)],
    ) -> Result<Vec<Lease>, EngineError> {
        let wanted: Vec<Wanted<'_>> = networks.iter().map(|(network, attachment)| Wanted { network, attachment }).collect();
        let paths = self.paths.clone();
        let mut boot = None;
        self.db.take_leases(&config.id, &wanted, |holder| {
            let boot = match &boot {
                Some(boot) => boot,
                None => boot.insert(process::boot_id().map_err(|source| NetworkError::Boot { source })?),
            };
            Ok(lives(&paths.container(holder), boot))
        })
    }

    /// What a container has been given, by network, in the order of its networks; of one that does not run what it had last.
    ///
    /// # Errors
    /// The database fails.
    pub fn addresses_of(&self, id: &ContainerId) -> Result<Vec<Lease>, EngineError> {
        Ok(self.db.leases_of_container(id)?)
    }
}

/// Whether a container needs its addresses: it runs, waits for its next start, or is being started.
fn lives(folder: &Path, boot: &str) -> bool {
    let Ok(file) = File::open(folder) else { return false };
    // Who starts it holds the lock from before it takes addresses until the program runs, and the record is there by then.
    match rustix::io::retry_on_intr(|| rustix::fs::flock(&file, FlockOperation::NonBlockingLockShared)) {
        Err(Errno::WOULDBLOCK) => true,
        _ => {
            let state = State::read(folder, boot);
            state.status.is_alive() || state.restarting().is_some()
        }
    }
}

//! What is done to a container that runs when its networks change.
//!
//! A child of S makes the pair with a socket of N, as M does at a start, and enters the container's network namespace to give the new
//! interface its addresses. netd is told first: it makes the bridge, and answers for the names when the interface is there.

use super::NetworkError;
use super::start::{self, Place};
use crate::engine::container::files;
use crate::engine::{Engine, EngineError, session};
use crate::model::{Attachment, ContainerConfig, ContainerId, Lease, Network, NetworkMode, PortMapping};
use crate::net::netd::client::{self, Hold, Joined};
use crate::runtime::interfaces::{self, Interface};
use crate::sys::clone::CloneFlags;
use crate::sys::netlink::{Into, Route};
use crate::sys::{namespace, process};
use std::fs::File;
use std::io;
use std::net::IpAddr;
use std::os::fd::{AsFd as _, OwnedFd};

/// What is to be done in the container's network namespace.
struct Change {
    /// The name of an interface to be removed, with its pair's other end.
    gone: Option<String>,
    /// Every interface that is to be there afterwards; what is there already gets the routes that it lacks.
    interfaces: Vec<Interface>,
}

/// Gives a running container an interface in a network. `config` has the network already; its row too.
///
/// # Errors
/// The interface cannot be made; nothing of it is left then.
pub fn connect(
    engine: &mut Engine,
    config: &ContainerConfig,
    network: &Network,
    attachment: &Attachment,
) -> Result<(), EngineError> {
    let done = engine.take_addresses(config, &[(network.clone(), attachment)]).and_then(|_| settle(engine, config, None, None));
    if done.is_err() {
        // netd and the container as they were; the first failure is the one to be told.
        let _ = settle(engine, config, Some(network), Some(attachment.interface.clone()));
    }
    done
}

/// Takes the interface in a network away from a running container. `config` has the network still, and so has its row until this is done.
///
/// # Errors
/// The interface cannot be removed.
pub fn disconnect(
    engine: &mut Engine,
    config: &ContainerConfig,
    network: &Network,
    attachment: &Attachment,
) -> Result<(), EngineError> {
    settle(engine, config, Some(network), Some(attachment.interface.clone()))
}

/// Makes what belongs to the networks of a running container anew.
///
/// # Errors
/// It cannot be made.
pub fn reload(engine: &mut Engine, config: &ContainerConfig) -> Result<(), EngineError> {
    settle(engine, config, None, None)
}

/// Brings netd, the container's interfaces and its files to what `config` says, but for the network `without`.
///
/// # Errors
/// [`NetworkError::Ended`] where the container ends meanwhile, whatever fails by that.
fn settle(
    engine: &mut Engine,
    config: &ContainerConfig,
    without: Option<&Network>,
    gone: Option<String>,
) -> Result<(), EngineError> {
    let init = engine.init_of_running(config)?;
    settle_at(engine, config, &init, without, gone).map_err(|error| match process::has_ended(&init) {
        true => NetworkError::Ended { container: config.name.clone() }.into(),
        false => error,
    })
}

fn settle_at(
    engine: &mut Engine,
    config: &ContainerConfig,
    init: &OwnedFd,
    without: Option<&Network>,
    gone: Option<String>,
) -> Result<(), EngineError> {
    let ended = || NetworkError::Ended { container: config.name.clone() }.into();
    let mut rest = config.clone();
    if let (Some(without), NetworkMode::Bridge(attachments)) = (without, &mut rest.network) {
        // One that is not there any more can be left all the same, so it is not looked up.
        attachments.retain(|attachment| attachment.network != without.name);
    }
    let networks = engine.networks_of(&rest)?;
    let leases = engine.addresses_of(&config.id)?;
    let places: Vec<Place<'_>> = networks
        .iter()
        .filter_map(|(network, attachment)| {
            let lease = leases.iter().find(|lease| lease.network == network.name)?;
            Some(Place { network, attachment, lease })
        })
        .collect();
    let left: Vec<IpAddr> = without.map_or_else(Vec::new, |network| of(&leases, &network.name));
    if places.is_empty() {
        if !change(engine, init, None, &Change { gone, interfaces: Vec::new() })? {
            return Err(ended());
        }
        client::withdraw(&engine.paths, &config.id).map_err(NetworkError::Helper)?;
    } else {
        let Joined { route, hold, .. } = engine.join(config, &places)?;
        let route = Route::from_socket(route);
        let interfaces = start::interfaces(&route, &places)?;
        if !change(engine, init, Some(&route), &Change { gone, interfaces })? {
            return Err(ended());
        }
        running(hold, init)?;
    }
    let folder = engine.paths.container_run(&config.id);
    Ok(files::follow_networks(config, &folder, &start::surroundings(&places), &left)?)
}

fn of(leases: &[Lease], network: &str) -> Vec<IpAddr> {
    let lease = leases.iter().find(|lease| lease.network == network);
    lease.map_or_else(Vec::new, |lease| lease.addresses.iter().map(ipnet::IpNet::addr).collect())
}

fn running(hold: Hold, init: &OwnedFd) -> Result<(), NetworkError> {
    start::announced(hold.running(init.as_fd())).map_err(NetworkError::Helper)
}

/// Does it, in a child of S; false where the container's namespaces are gone: it is about to end.
fn change(engine: &Engine, init: &OwnedFd, route: Option<&Route>, change: &Change) -> Result<bool, EngineError> {
    let mut keep = vec![init.as_fd()];
    keep.extend(route.map(|route| route.as_fd()));
    let worker = session::worker(&engine.paths, &keep, |_| {
        let fail = |source| NetworkError::Interfaces { source };
        match namespace::join(init.as_fd(), CloneFlags::NEWNET) {
            Err(error) if error.raw_os_error() == Some(libc::ESRCH) => return Ok(false),
            joined => joined.map_err(fail)?,
        }
        apply(route, change).map_err(fail)?;
        Ok(true)
    })?;
    worker.finish()
}

fn apply(route: Option<&Route>, change: &Change) -> io::Result<()> {
    let inside = Route::open()?;
    if let Some(name) = &change.gone
        && let Some(index) = inside.index_of(name)?
    {
        inside.remove(index)?;
    }
    let own = File::open("/proc/self/ns/net")?;
    let mut made = Vec::new();
    for interface in &change.interfaces {
        let done = match (inside.index_of(&interface.pair.name)?, route) {
            (Some(index), _) => inside.add_missing_routes(index, &interface.routes),
            (None, Some(route)) => {
                made.push(&interface.pair.name);
                route.add_pair(&interface.pair, Into::Namespace(own.as_fd())).and_then(|()| interfaces::configure_here(interface))
            }
            (None, None) => Ok(()),
        };
        if done.is_err() {
            for name in made {
                if let Some(index) = inside.index_of(name)? {
                    inside.remove(index)?;
                }
            }
            return done;
        }
    }
    Ok(())
}

impl Engine {
    /// The published ports of running containers that lead nowhere, since another program has had them when the network helper came
    /// back; each with its one place of the host. Nothing where the helper does not say: an older one cannot.
    #[must_use]
    pub fn lost_ports(&self) -> Vec<(ContainerId, PortMapping)> {
        let lost = client::lost_ports(&self.paths).unwrap_or_default();
        lost.into_iter().flat_map(|bound| bound.ports.into_iter().map(move |port| (bound.container.clone(), port))).collect()
    }

    /// A pidfd of the init of a container that runs.
    fn init_of_running(&self, config: &ContainerConfig) -> Result<OwnedFd, EngineError> {
        let run = self.status(config).run.ok_or_else(|| NetworkError::Ended { container: config.name.clone() })?;
        let init = process::open_pidfd(run.init).map_err(|source| NetworkError::Interfaces { source })?;
        Ok(init.ok_or_else(|| NetworkError::Ended { container: config.name.clone() })?)
    }
}

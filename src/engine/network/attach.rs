//! Which networks a container is joined to: settled when it is made, changed by `network connect` and `network disconnect`.

use super::{NetworkError, live, network_conf, options};
use crate::engine::container::create::CreateRequest;
use crate::engine::{Engine, EngineError};
use crate::events::{Status, Subject};
use crate::model::{Attachment, ContainerConfig, Network, NetworkMode};
use rustix::fs::FlockOperation;
use std::net::IpAddr;

impl Engine {
    /// Completes what the user chose for a new container, or the default network where that was nothing.
    ///
    /// # Errors
    /// A network is not known, or cannot give what is asked for.
    pub(in crate::engine) fn settle_network(&self, request: &mut CreateRequest) -> Result<(), EngineError> {
        match request.network.get_or_insert_with(|| NetworkMode::Bridge(vec![Attachment::default()])) {
            NetworkMode::Bridge(attachments) => self.settle_attachments(attachments),
            _ => Ok(()),
        }
    }

    /// Sees to whole names, interfaces, and addresses that are possible. An attachment without a name is to the default network.
    fn settle_attachments(&self, wanted: &mut [Attachment]) -> Result<(), EngineError> {
        for at in 0..wanted.len() {
            let (before, rest) = wanted.split_at_mut(at);
            let [attachment, after @ ..] = rest else { break };
            let network = match attachment.network.as_str() {
                "" => self.network(&network_conf()?.default_network)?,
                name => self.network(name)?,
            };
            if before.iter().any(|other| other.network == network.name) {
                return Err(NetworkError::Twice { network: network.name }.into());
            }
            attachment.network.clone_from(&network.name);
            check(attachment, &network)?;
            let others = before.iter().chain(&*after).map(|other| other.interface.as_str());
            settle_interface(&mut attachment.interface, &others.collect::<Vec<_>>())?;
        }
        Ok(())
    }

    /// Joins a container to one more network: at once where it runs.
    ///
    /// # Errors
    /// The container or the network is not known, it is joined already, or the network cannot give what is asked for.
    pub fn connect(&mut self, container: &str, mut attachment: Attachment) -> Result<(), EngineError> {
        let found = self.container(container)?;
        // A start that is on its way has read which networks there are, and is not to be overtaken; nor is another change.
        let _lock = self.lock(&found, FlockOperation::LockExclusive)?;
        let network = self.network(&attachment.network)?;
        attachment.network.clone_from(&network.name);
        check(&attachment, &network)?;
        let mut added = attachment.clone();
        let changed = self.db.change_container_network(&found.id, |config| -> Result<(), EngineError> {
            let mut attachments = bridged(config)?.to_vec();
            if attachments.iter().any(|other| other.network == network.name) {
                return Err(NetworkError::Connected { container: config.name.clone(), network: network.name.clone() }.into());
            }
            let taken: Vec<&str> = attachments.iter().map(|other| other.interface.as_str()).collect();
            settle_interface(&mut added.interface, &taken)?;
            attachments.push(added.clone());
            config.network = NetworkMode::Bridge(attachments);
            Ok(())
        })?;
        let config = changed.ok_or_else(|| EngineError::NoSuchContainer { name: container.to_owned() })?;
        if self.status(&config).status.is_alive() {
            match live::connect(self, &config, &network, &added) {
                Ok(()) => {}
                Err(error) if has_ended(&error) => {}
                Err(error) => {
                    self.take_off(&config, &network)?;
                    return Err(error);
                }
            }
        }
        self.tell_of(&Subject::network(&network.name, &network.id, Some(config.id.as_str())), Status::Connect);
        Ok(())
    }

    /// Takes a container off a network: at once where it runs. A network that is not there any more can be left, too; with `force` it
    /// is no error where the container is not joined to it.
    ///
    /// # Errors
    /// The container is not known or not joined to the network, or the interface cannot be removed.
    pub fn disconnect(&mut self, container: &str, network: &str, force: bool) -> Result<(), EngineError> {
        let found = self.container(container)?;
        let _lock = self.lock(&found, FlockOperation::LockExclusive)?;
        let found = self.container_of(&found.id)?;
        let network = match self.network(network) {
            Ok(network) => network,
            Err(EngineError::Network(NetworkError::NoSuch { .. }))
                if found.network.attachments().iter().any(|attachment| attachment.network == network) =>
            {
                Network { name: network.to_owned(), ..Network::default() }
            }
            Err(error) => return Err(error),
        };
        bridged(&found)?;
        let Some(attachment) = found.network.attachments().iter().find(|attachment| attachment.network == network.name) else {
            if force {
                return Ok(());
            }
            return Err(NetworkError::NotConnected { container: found.name, network: network.name }.into());
        };
        if self.status(&found).status.is_alive() {
            match live::disconnect(self, &found, &network, attachment) {
                Err(error) if !has_ended(&error) => return Err(error),
                _ => {}
            }
        }
        self.take_off(&found, &network)?;
        self.tell_of(&Subject::network(&network.name, &network.id, Some(found.id.as_str())), Status::Disconnect);
        Ok(())
    }

    /// Takes a network out of a container's row, and the container's addresses in it.
    fn take_off(&mut self, config: &ContainerConfig, network: &Network) -> Result<(), EngineError> {
        self.db.change_container_network(&config.id, |config| -> Result<(), EngineError> {
            if let NetworkMode::Bridge(attachments) = &mut config.network {
                attachments.retain(|attachment| attachment.network != network.name);
            }
            Ok(())
        })?;
        Ok(self.db.drop_lease(&config.id, &network.name)?)
    }

    /// Makes what belongs to a running container's networks anew: names, ports, rules.
    ///
    /// # Errors
    /// The container is not known or does not run, or it has no networks.
    pub fn reload_network(&mut self, config: &ContainerConfig) -> Result<(), EngineError> {
        let _lock = self.lock(config, FlockOperation::LockExclusive)?;
        let config = &self.container_of(&config.id)?;
        bridged(config)?;
        let status = self.status(config).status;
        if !status.is_alive() {
            return Err(NetworkError::Reload { container: config.name.clone(), status }.into());
        }
        live::reload(self, config)
    }
}

/// Tells whether the container has ended while it was looked after: its row is what the next start goes by.
fn has_ended(error: &EngineError) -> bool {
    matches!(error, EngineError::Network(NetworkError::Ended { .. }))
}

/// The networks of a container that has some.
fn bridged(config: &ContainerConfig) -> Result<&[Attachment], NetworkError> {
    match &config.network {
        NetworkMode::Bridge(attachments) => Ok(attachments),
        mode => Err(NetworkError::Mode { container: config.name.clone(), mode: mode.as_str().into_owned() }),
    }
}

/// Whether the network can give the addresses that are asked for: at most one in each subnet, and not one of its own.
fn check(attachment: &Attachment, network: &Network) -> Result<(), NetworkError> {
    if let Some(name) = attachment.options.get("host_interface_name") {
        options::interface(name)?;
    }
    for (at, address) in attachment.addresses.iter().enumerate() {
        let bad = |why| Err(NetworkError::Address { address: *address, network: network.name.clone(), why });
        let Some(subnet) = network.subnet_of(*address) else {
            return Err(NetworkError::AddressOutside {
                address: *address,
                network: network.name.clone(),
                subnets: subnets(network),
            });
        };
        if *address == subnet.gateway {
            return bad("it is the gateway's");
        }
        if !is_for_hosts(*address, subnet) {
            return bad("it stands for the subnet or for all of it");
        }
        if attachment.addresses[..at].iter().any(|other| subnet.net.contains(other)) {
            return bad("a container has one address in each subnet, and another one was given");
        }
    }
    Ok(())
}

fn is_for_hosts(address: IpAddr, subnet: &crate::model::network::Subnet) -> bool {
    let all = crate::model::network::Subnet::new(subnet.net).usable();
    (all.start..=all.end).contains(&address)
}

fn subnets(network: &Network) -> String {
    network.subnets.iter().map(|subnet| subnet.net.to_string()).collect::<Vec<_>>().join(", ")
}

/// Checks the name of a container's interface, or finds one: `eth0` and so on.
fn settle_interface(name: &mut String, taken: &[&str]) -> Result<(), NetworkError> {
    if name.is_empty() {
        let free = (0u32..).map(|number| format!("eth{number}")).find(|name| !taken.contains(&name.as_str()));
        *name = free.expect("there are fewer interfaces than numbers");
        return Ok(());
    }
    options::interface(name)?;
    if taken.contains(&name.as_str()) {
        return Err(NetworkError::Interface { name: name.clone(), why: "another network of the container has it" });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::network::Subnet;

    #[test]
    fn fixed_addresses_are_in_the_network_and_nobody_elses() {
        let subnets = ["10.1.0.0/24", "10.2.0.0/24", "fd00::/64"].map(|net| Subnet::new(net.parse().expect("a subnet")));
        let network = Network { name: "n".into(), subnets: subnets.into(), ..Network::default() };
        let ask = |texts: &[&str]| {
            let addresses = texts.iter().map(|text| text.parse().expect("an address")).collect();
            check(&Attachment { addresses, ..Attachment::to("n") }, &network)
        };
        for good in [&[][..], &["10.1.0.5"], &["10.1.0.254", "10.2.0.7", "fd00::7"]] {
            assert!(ask(good).is_ok(), "{good:?}");
        }
        for bad in [&["10.3.0.5"][..], &["10.1.0.1"], &["10.1.0.0"], &["10.1.0.255"], &["10.1.0.5", "10.1.0.6"], &["fd00::1"]] {
            assert!(ask(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn interfaces_get_the_first_free_number() {
        let settle = |name: &str, taken: &[&str]| {
            let mut name = name.to_owned();
            settle_interface(&mut name, taken).map(|()| name)
        };
        assert_eq!(settle("", &[]).expect("free"), "eth0");
        assert_eq!(settle("", &["eth0", "lan", "eth2"]).expect("free"), "eth1");
        assert_eq!(settle("wan0", &["eth0"]).expect("free"), "wan0");
        for (bad, taken) in [("eth0", &["eth0"][..]), ("lo", &[]), ("a b", &[])] {
            assert!(settle(bad, taken).is_err(), "{bad}");
        }
    }
}

//! `network ls` and `network inspect`.

use super::NetworkError;
use crate::engine::{Engine, EngineError};
use crate::model::network::DRIVER;
use crate::model::{ContainerConfig, Lease, Network};
use regex_lite::Regex;

/// A condition on networks. Of several of one kind one has to hold, of several kinds each; labels have to hold all.
#[derive(Clone, Debug)]
pub enum NetworkFilter {
    /// A regular expression, found anywhere in the name.
    Name(Regex),
    /// The beginning of the id.
    Id(String),
    Driver(String),
    Label(String, Option<String>),
    NotLabel(String, Option<String>),
    /// No container is joined to it, or one is. The default network never counts as one that nobody uses.
    Dangling(bool),
    /// Made before, in nanoseconds since the epoch.
    Until(i64),
}

/// A network with the containers that run in it.
#[derive(Clone, Debug)]
pub struct NetworkReport {
    pub network: Network,
    pub members: Vec<Member>,
}

/// A running container of a network.
#[derive(Clone, Debug)]
pub struct Member {
    pub id: String,
    pub name: String,
    /// The name of its interface, in the container.
    pub interface: String,
    pub lease: Lease,
}

impl Engine {
    /// Lists the networks that fit, by name.
    ///
    /// # Errors
    /// The database fails.
    pub fn networks(&self, filters: &[NetworkFilter]) -> Result<Vec<Network>, EngineError> {
        let asks_for_use = filters.iter().any(|filter| matches!(filter, NetworkFilter::Dangling(_)));
        let mut found = Vec::new();
        for network in self.all_networks()? {
            let used = asks_for_use && (self.is_default_network(&network.name)? || !self.users_of(&network.name)?.is_empty());
            if fits(&network, used, filters) {
                found.push(network);
            }
        }
        Ok(found)
    }

    /// Describes one network.
    ///
    /// # Errors
    /// `NoSuch`, `Ambiguous`, or the database fails.
    pub fn inspect_network(&self, name: &str) -> Result<NetworkReport, EngineError> {
        let network = self.network(name)?;
        let mut members = Vec::new();
        let leases = self.db.leases_of_network(&network.name)?;
        for config in self.users_of(&network.name)? {
            let attachment = config.network.attachments().iter().find(|attachment| attachment.network == network.name);
            let lease = leases.iter().find(|lease| lease.container == config.id);
            let (Some(attachment), Some(lease)) = (attachment, lease) else { continue };
            if self.status(&config).status.is_alive() {
                members.push(Member {
                    id: config.id.to_string(),
                    name: config.name.clone(),
                    interface: attachment.interface.clone(),
                    lease: lease.clone(),
                });
            }
        }
        Ok(NetworkReport { network, members })
    }

    /// Tells whether there is a network of this name, or one whose id begins so.
    ///
    /// # Errors
    /// The database fails.
    pub fn network_exists(&self, name: &str) -> Result<bool, EngineError> {
        match self.network(name) {
            Ok(_) | Err(EngineError::Network(NetworkError::Ambiguous { .. })) => Ok(true),
            Err(EngineError::Network(NetworkError::NoSuch { .. })) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The containers that are joined to a network, running or not. The row of one whose folder is gone is a leftover.
    pub(super) fn users_of(&self, name: &str) -> Result<Vec<ContainerConfig>, EngineError> {
        let mut users = Vec::new();
        for id in self.db.containers_of_network(name)? {
            let config = self.db.containers_by_id_prefix(&id)?.pop();
            users.extend(config.filter(|config| self.paths.container(&config.id).exists()));
        }
        Ok(users)
    }
}

fn fits(network: &Network, used: bool, filters: &[NetworkFilter]) -> bool {
    filters.iter().all(|filter| {
        let same = |other: &&NetworkFilter| std::mem::discriminant(*other) == std::mem::discriminant(filter);
        match filter {
            NetworkFilter::Label(..) | NetworkFilter::NotLabel(..) => holds(network, used, filter),
            _ => filters.iter().filter(same).any(|filter| holds(network, used, filter)),
        }
    })
}

fn holds(network: &Network, used: bool, filter: &NetworkFilter) -> bool {
    let has = |key: &str, value: &Option<String>| {
        network.labels.get(key).is_some_and(|found| value.as_ref().is_none_or(|wanted| wanted == found))
    };
    match filter {
        NetworkFilter::Name(pattern) => pattern.is_match(&network.name),
        NetworkFilter::Id(prefix) => network.id.starts_with(prefix.as_str()),
        NetworkFilter::Driver(driver) => driver == DRIVER,
        NetworkFilter::Label(key, value) => has(key, value),
        NetworkFilter::NotLabel(key, value) => !has(key, value),
        NetworkFilter::Dangling(wanted) => used != *wanted,
        NetworkFilter::Until(moment) => network.created_at < *moment,
    }
}

impl NetworkFilter {
    /// Reads `KEY=VALUE`; `moment` reads a time or an age into nanoseconds since the epoch.
    ///
    /// # Errors
    /// The text is no filter.
    pub fn parse(text: &str, moment: impl Fn(&str) -> Option<i64>) -> Result<Self, NetworkError> {
        let bad = || NetworkError::Filter { text: text.to_owned() };
        let (key, value) = text.split_once('=').ok_or_else(bad)?;
        // `label!=key` is read as `label!` and `key`.
        let pair = || match value.split_once('=') {
            Some((key, value)) => (key.to_owned(), Some(value.to_owned())),
            None => (value.to_owned(), None),
        };
        Ok(match key {
            "name" => Self::Name(Regex::new(value).map_err(|_| bad())?),
            "id" => Self::Id(value.to_ascii_lowercase()),
            "driver" => Self::Driver(value.to_owned()),
            "label" => Self::Label(pair().0, pair().1),
            "label!" => Self::NotLabel(pair().0, pair().1),
            "dangling" => Self::Dangling(match value {
                "true" | "1" => true,
                "false" | "0" => false,
                _ => return Err(bad()),
            }),
            "until" => Self::Until(moment(value).ok_or_else(bad)?),
            _ => return Err(bad()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_of_one_kind_are_alternatives_and_kinds_add_up() {
        let network = |name: &str, id: &str, labels: &[(&str, &str)]| Network {
            name: name.to_owned(),
            id: id.repeat(64),
            created_at: 5,
            labels: labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            ..Network::default()
        };
        let all = [(network("web", "a", &[("x", "1")]), false), (network("db", "b", &[("x", "2"), ("y", "")]), true)];
        let names = |texts: &[&str]| {
            let parse = |text: &&str| NetworkFilter::parse(text, |text| text.parse().ok()).expect(text);
            let filters: Vec<NetworkFilter> = texts.iter().map(parse).collect();
            let found = all.iter().filter(|(network, used)| fits(network, *used, &filters));
            found.map(|(network, _)| network.name.as_str()).collect::<Vec<_>>().join(" ")
        };
        for (filters, found) in [
            (&[][..], "web db"),
            (&["name=w"], "web"),
            (&["name=^b"], ""),
            (&["name=web", "name=db"], "web db"),
            (&["id=bbb"], "db"),
            (&["driver=bridge"], "web db"),
            (&["driver=macvlan"], ""),
            (&["label=x"], "web db"),
            (&["label=x=1"], "web"),
            (&["label=x", "label=y"], "db"),
            (&["label!=y"], "web"),
            (&["dangling=true"], "web"),
            (&["dangling=false", "name=web"], ""),
            (&["until=6"], "web db"),
            (&["until=5"], ""),
        ] {
            assert_eq!(names(filters), found, "{filters:?}");
        }
        for bad in ["name", "name=(", "color=red", "dangling=perhaps", "until=soon"] {
            assert!(NetworkFilter::parse(bad, |text| text.parse().ok()).is_err(), "{bad}");
        }
    }
}

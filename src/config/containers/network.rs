//! `[network]`: what containers.conf says about networks.

use super::Conf;
use super::keys::{self, Source, Words};
use crate::config::paths::PathsError;
use crate::config::registries::ConfigError;
use crate::model::network::IpNet;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;
use std::sync::OnceLock;

/// What the files say about networks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkConf {
    /// The network of a container that names none.
    pub default_network: String,
    /// The subnet of that network.
    pub default_subnet: IpNet,
    /// Where the subnets of other networks are taken from.
    pub pools: Vec<Pool>,
    /// `default_rootless_network_cmd`: the user-mode stack that is tried first; nothing where no file says.
    pub stack: Option<String>,
    /// Arguments of pasta.
    pub pasta_options: Vec<String>,
    /// What the last file said of adding to them.
    #[serde(skip)]
    pasta_append: Option<bool>,
}

/// A block of addresses out of which subnets of one size are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pool {
    pub base: IpNet,
    /// The length of the prefix of the subnets.
    pub size: u8,
}

/// Why the settings cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum NetworkConfError {
    #[error(transparent)]
    Home(#[from] PathsError),
    #[error(transparent)]
    File(#[from] ConfigError),
}

impl Default for NetworkConf {
    fn default() -> Self {
        let pool = |base: [u8; 4], prefix| Pool { base: IpNet::new_assert(base.into(), prefix), size: 24 };
        Self {
            default_network: "podman".to_owned(),
            default_subnet: IpNet::new_assert([10, 88, 0, 0].into(), 16),
            pools: vec![
                pool([10, 89, 0, 0], 16),
                pool([10, 90, 0, 0], 15),
                pool([10, 92, 0, 0], 14),
                pool([10, 96, 0, 0], 11),
                pool([10, 128, 0, 0], 9),
            ],
            stack: None,
            pasta_options: Vec::new(),
            pasta_append: None,
        }
    }
}

/// What this process was handed by another one.
static HANDED: OnceLock<NetworkConf> = OnceLock::new();

impl NetworkConf {
    /// Makes [`NetworkConf::load`] give what [`NetworkConf::keep`] has written: for a process that a monitor starts, which has no environment and is
    /// root in its user namespace, so that it cannot tell whose files count. Nothing where there is no such file.
    pub fn take_over(path: &Path) {
        if let Some(conf) = std::fs::read(path).ok().and_then(|text| serde_json::from_slice(&text).ok()) {
            // It is there already: the same file, read twice.
            let _ = HANDED.set(conf);
        }
    }

    /// Writes it down for [`NetworkConf::take_over`].
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn keep(&self, path: &Path) -> io::Result<()> {
        crate::sys::replace::replace(path, &serde_json::to_vec(self)?)
    }

    /// Reads the calling user's files.
    ///
    /// # Errors
    /// A file cannot be read or is wrong. No file at all is none.
    pub fn load() -> Result<Self, NetworkConfError> {
        if let Some(conf) = HANDED.get() {
            return Ok(conf.clone());
        }
        Ok(Conf::load()?.network.clone())
    }

    pub(super) fn merge(&mut self, source: Source<'_>, table: &mut toml::Table) -> Result<(), ConfigError> {
        fn take<T: DeserializeOwned>(source: Source<'_>, table: &mut toml::Table, key: &str) -> Result<Option<T>, ConfigError> {
            let value = table.remove(key).map(toml::Value::try_into).transpose();
            value.map_err(|error: toml::de::Error| source.bad("network", key, error.message()))
        }
        let default_network: Option<String> = take(source, table, "default_network")?;
        let default_subnet: Option<IpNet> = take(source, table, "default_subnet")?;
        let default_subnet_pools: Option<Vec<Pool>> = take(source, table, "default_subnet_pools")?;
        let stack: Option<String> = take(source, table, "default_rootless_network_cmd")?;
        let bad = |key: &str, why: String| source.bad("network", key, &why);
        if let Some(net) = default_subnet.filter(|net| net.trunc() != *net) {
            return Err(bad("default_subnet", format!("{net} is no subnet: the first address of this one is {}", net.trunc())));
        }
        for Pool { base, size } in default_subnet_pools.iter().flatten() {
            if *size < base.prefix_len() || *size > base.max_prefix_len() - 2 {
                return Err(bad("default_subnet_pools", format!("no subnets of the size {size} can be taken from {base}")));
            }
        }
        if let Some(other) = stack.as_deref().filter(|name| !["", "pasta", "slirp4netns"].contains(name)) {
            return Err(bad("default_rootless_network_cmd", format!("{other:?} is not known: choose pasta or slirp4netns")));
        }
        let mut pasta = Some(Words::from(std::mem::take(&mut self.pasta_options), self.pasta_append));
        keys::merge(source, ("network", table), "pasta_options", &mut pasta)?;
        if let Some(pasta) = pasta {
            self.pasta_append = pasta.append;
            self.pasta_options = pasta.words;
        }
        fn set<T>(place: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *place = value;
            }
        }
        set(&mut self.default_network, default_network.filter(|name| !name.is_empty()));
        set(&mut self.default_subnet, default_subnet);
        set(&mut self.pools, default_subnet_pools);
        self.stack = stack.filter(|name| !name.is_empty()).or_else(|| self.stack.take());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Places;

    fn merged(texts: &[&str]) -> Result<NetworkConf, ConfigError> {
        let mut conf = Conf::default();
        for text in texts {
            conf.merge(Path::new("/f"), text)?;
        }
        Ok(conf.network)
    }

    #[test]
    fn key_by_key_the_last_file_counts() {
        let conf = merged(&[
            "[containers]\ndefault_capabilities = [\n # \"A\",\n \"B\"]\n[network]\n#default_network = \"x\"\ndns_bind_port = 0\n",
            "network.default_network = \"mine\"\nnetwork.default_subnet = \"10.1.0.0/24\"",
            "[network]\ndefault_subnet_pools = [{ base = \"10.2.0.0/16\", size = 26 }]\ndefault_rootless_network_cmd = \"slirp4netns\"",
            "[engine]\nunheard_of = true",
        ])
        .expect("good");
        assert_eq!(conf.default_network, "mine");
        assert_eq!(conf.default_subnet.to_string(), "10.1.0.0/24");
        assert_eq!(conf.pools, [Pool { base: "10.2.0.0/16".parse().expect("a subnet"), size: 26 }]);
        assert_eq!(conf.stack.as_deref(), Some("slirp4netns"));
    }

    #[test]
    fn what_cannot_be_is_told() {
        for bad in [
            "[network]\ndefault_subnet = \"10.1.0.1/24\"",
            "[network]\ndefault_subnet = \"ten\"",
            "[network]\ndefault_subnet_pools = [{ base = \"10.2.0.0/16\", size = 8 }]",
            "[network]\ndefault_subnet_pools = [{ base = \"10.2.0.0/16\", size = 31 }]",
            "[network",
        ] {
            assert!(merged(&[bad]).is_err(), "{bad}");
        }
    }

    #[test]
    fn files_are_read_in_order_and_missing_ones_passed_over() {
        let root = tempfile::tempdir().expect("tempdir");
        let places = Places::below(root.path());
        for (path, name) in [
            ("etc/containers/containers.conf", "etc"),
            ("etc/containers/containers.conf.d/a.conf", "drop-in"),
            ("home/.config/containers/containers.conf.d/b.conf", "mine-b"),
            ("home/.config/containers/containers.conf.d/a.conf", "mine-a"),
        ] {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("make");
            std::fs::write(path, format!("[network]\ndefault_network = \"{name}\"\n")).expect("write");
            let conf = Conf::read(places.containers_files().into_iter()).expect("good");
            assert_eq!(conf.network.default_network, if name == "mine-a" { "mine-b" } else { name });
        }
    }
}

//! containers.conf (containers.conf(5)): what is taken where the command line says nothing.
//!
//! ```text
//! /usr/share/containers/containers.conf
//! /etc/containers/containers.conf          /etc/containers/containers.conf.d/*.conf
//! ~/.config/containers/containers.conf     ~/.config/containers/containers.conf.d/*.conf
//! ```
//!
//! All are read in this order, key by key the last one counts; a list with `{append=true}` is added to those before it.
//! `CONTAINERS_CONF` names a file that stands in for all of them, `CONTAINERS_CONF_OVERRIDE` one that is read after them.
//!
//! What is not known is passed over. So are keys that mean nothing here: `num_locks`, `static_dir`, `tmp_dir`, `volume_path`,
//! `conmon_path`, `conmon_env_vars`, `helper_binaries_dir`, `lock_type`, `remote`, `service_*`, `infra_*`, `machine_*`, `chown_copied_files`,
//! `database_backend`, `image_parallel_copies`, `retry`, `retry_delay`, `events_logger`, `cgroup_manager` and `network_cmd_path` of `[engine]`; `label`, `apparmor_profile`, `prepare_volume_on_create` and `cgroups`
//! of `[containers]`; `dns_bind_port` of `[network]` (on the addresses of our bridges nobody else can have port 53); and the
//! tables `[machine]`, `[secrets]`, `[configmaps]` and `[farms]`.

mod keys;
mod network;

pub use keys::Words;
pub use network::{NetworkConf, NetworkConfError, Pool};

use super::registries::ConfigError;
use super::{Places, env};
use keys::table;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

table! {
    /// `[containers]`: the options of a new container.
    Containers = "containers" {
        annotations: Words,
        base_hosts_file: String,
        cgroupns: String,
        default_capabilities: Words,
        default_sysctls: Words,
        default_ulimits: Words,
        devices: Words,
        dns_options: Words,
        dns_searches: Words,
        dns_servers: Words,
        env: Words,
        env_host: bool,
        http_proxy: bool,
        init: bool,
        init_path: String,
        ipcns: String,
        log_driver: String,
        log_size_max: i64,
        log_tag: String,
        mounts: Words,
        netns: String,
        no_hosts: bool,
        pids_limit: i64,
        pidns: String,
        privileged: bool,
        read_only: bool,
        seccomp_profile: String,
        shm_size: String,
        tz: String,
        umask: String,
        userns: String,
        utsns: String,
        volumes: Words,
    }
}

table! {
    /// `[engine]`: the tool itself.
    Engine = "engine" {
        detach_keys: String,
        pull_policy: String,
        runtime: String,
        runtimes: BTreeMap<String, Vec<String>>,
        stop_timeout: u32,
    }
}

/// What all files say together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conf {
    pub containers: Containers,
    pub engine: Engine,
    pub network: NetworkConf,
}

static READ: OnceLock<Conf> = OnceLock::new();

impl Conf {
    /// What the calling user's files say. They are read once in a process.
    ///
    /// # Errors
    /// A file cannot be read or is wrong. No file at all is none.
    pub fn load() -> Result<&'static Self, NetworkConfError> {
        if let Some(conf) = READ.get() {
            return Ok(conf);
        }
        let files = match env::var_os("CONTAINERS_CONF") {
            Some(file) => vec![PathBuf::from(file)],
            None => Places::from_env()?.containers_files(),
        };
        let last = env::var_os("CONTAINERS_CONF_OVERRIDE").map(PathBuf::from);
        let conf = Self::read(files.into_iter().chain(last))?;
        Ok(READ.get_or_init(|| conf))
    }

    fn read(files: impl Iterator<Item = PathBuf>) -> Result<Self, ConfigError> {
        let mut conf = Self::default();
        for path in files {
            match std::fs::read_to_string(&path) {
                Ok(text) => conf.merge(&path, &text)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(ConfigError::Read { path, source }),
            }
        }
        Ok(conf)
    }

    fn merge(&mut self, path: &Path, text: &str) -> Result<(), ConfigError> {
        // Distributions deliver a thousand lines of comments, and every command that makes a container passes here.
        let plain = |line: &str| !line.trim_start().starts_with('#');
        let text: Vec<&str> = text.lines().map(|line| if plain(line) { line } else { "" }).collect();
        let mut file: toml::Table = toml::from_str(&text.join("\n"))
            .map_err(|source| ConfigError::Toml { path: path.to_owned(), source: Box::new(source) })?;
        let mut of = |name: &str| match file.remove(name) {
            None => Ok(toml::Table::new()),
            Some(toml::Value::Table(table)) => Ok(table),
            Some(_) => Err(ConfigError::Bad { path: path.to_owned(), what: format!("{name} is no table: write [{name}]") }),
        };
        self.containers.merge(path, &mut of("containers")?)?;
        self.engine.merge(path, &mut of("engine")?)?;
        self.network.merge(path, of("network")?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(texts: &[&str]) -> Result<Conf, ConfigError> {
        let mut conf = Conf::default();
        for text in texts {
            conf.merge(Path::new("/f"), text)?;
        }
        Ok(conf)
    }

    #[test]
    fn lists_are_replaced_or_added_to() {
        for (texts, wanted) in [
            (&["env=[\"A=1\"]", "env=[\"B=1\"]"][..], &["B=1"][..]),
            (&["env=[\"A=1\"]", "env=[\"B=1\", {append=true}]"], &["A=1", "B=1"]),
            (&["env=[\"A=1\"]", "env=[{append=true}, \"B=1\"]", "env=[\"C=1\"]"], &["A=1", "B=1", "C=1"]),
            (&["env=[\"A=1\", {append=true}]", "env=[\"C=1\", {append=false}]"], &["C=1"]),
            (&["env=[\"A=1\"]", "env=[]"], &[]),
        ] {
            let texts: Vec<String> = texts.iter().map(|text| format!("[containers]\n{text}\n")).collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let conf = merged(&texts).expect("good");
            assert_eq!(conf.containers.env.expect("given").words, wanted, "{texts:?}");
        }
    }

    #[test]
    fn single_values_and_runtimes_are_those_of_the_last_file() {
        let conf = merged(&[
            "[containers]\ntz = \"UTC\"\ninit = true\n[engine]\nstop_timeout = 3\n[engine.runtimes]\na = [\"/x\"]\nb = [\"/x\"]\n",
            "[containers]\ntz = \"local\"\nunheard_of = 1\n[engine.runtimes]\nb = [\"/y\"]\n[machine]\ncpus = 1\n",
        ])
        .expect("good");
        assert_eq!((conf.containers.tz.as_deref(), conf.containers.init), (Some("local"), Some(true)));
        assert_eq!(conf.engine.stop_timeout, Some(3));
        let runtimes = conf.engine.runtimes.expect("given");
        assert_eq!((runtimes["a"][0].as_str(), runtimes["b"][0].as_str()), ("/x", "/y"));
    }

    #[test]
    fn a_wrong_type_is_told_with_file_table_and_key() {
        for (text, words) in [
            ("[containers]\npids_limit = \"many\"", "[containers] pids_limit"),
            ("[containers]\nenv = [1]", "[containers] env"),
            ("[containers]\nenv = [{add=true}]", "[containers] env"),
            ("[engine]\nstop_timeout = -1", "[engine] stop_timeout"),
            ("[engine]\nruntimes = 1", "[engine] runtimes"),
            ("engine = 1", "engine is no table"),
        ] {
            let error = merged(&[text]).expect_err(text).to_string();
            assert!(error.starts_with("/f: ") && error.contains(words), "{error}");
        }
    }
}

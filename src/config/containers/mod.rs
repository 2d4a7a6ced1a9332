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
//! A module (`--module NAME`) is read after all of them and before `CONTAINERS_CONF_OVERRIDE`. It lies in `containers.conf.modules` of
//! `~/.config/containers`, `/etc/containers` or `/usr/share/containers`, of which the first that has it counts; an absolute path names
//! it directly.
//!
//! Keys that mean something are the fields of [`Containers`], [`Engine`] and [`NetworkConf`]. A value of another type is an error. Keys
//! without a meaning here are passed over in silence ([`known`] lists them and says why); those that ask for what cannot be
//! given, and those that nobody knows, are noted in [`Conf::notes`]. Each message names the file, the line, the table and the key.

mod keys;
pub mod known;
mod network;

pub use keys::Words;
pub use network::{NetworkConf, NetworkConfError, Pool};

use super::registries::ConfigError;
use super::{Places, env};
use keys::{Source, table};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

table! {
    /// `[containers]`: the options of a new container.
    Containers = "containers" {
        annotations: Words,
        base_hosts_file: String,
        cgroup_conf: Words,
        cgroupns: String,
        cgroups: String,
        default_capabilities: Words,
        default_sysctls: Words,
        default_ulimits: Words,
        devices: Words,
        dns_options: Words,
        dns_searches: Words,
        dns_servers: Words,
        env: Words,
        env_host: bool,
        host_containers_internal_ip: String,
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
        oom_score_adj: i32,
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
        cdi_spec_dirs: Words,
        compression_format: String,
        compression_level: i32,
        detach_keys: String,
        image_volume_mode: String,
        multi_image_archive: bool,
        pull_policy: String,
        retry: u32,
        retry_delay: String,
        runtime: String,
        runtimes: BTreeMap<String, Vec<String>>,
        stop_timeout: u32,
    }
}

/// Where a value is from.
#[derive(Clone, Debug, PartialEq)]
struct Origin {
    path: PathBuf,
    line: Option<usize>,
    value: toml::Value,
}

/// What all files say together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conf {
    pub containers: Containers,
    pub engine: Engine,
    pub network: NetworkConf,
    /// What the user should know: keys that are not known, or not to be had.
    pub notes: Vec<String>,
    /// By table and key.
    origins: BTreeMap<(String, String), Origin>,
}

/// What `--module` names.
static MODULES: OnceLock<Vec<String>> = OnceLock::new();

/// Takes down the modules to read; for the process as a whole, before anything is loaded.
pub fn give_modules(names: Vec<String>) {
    let _ = MODULES.set(names);
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
        let mut modules = Vec::new();
        for name in MODULES.get().into_iter().flatten() {
            modules.push(Places::from_env()?.module(name).ok_or_else(|| ConfigError::Bad {
                path: name.into(),
                what: "there is no such module in a folder containers.conf.modules".to_owned(),
            })?);
        }
        let last = env::var_os("CONTAINERS_CONF_OVERRIDE").map(PathBuf::from);
        let conf = Self::read(files.into_iter().chain(modules).chain(last))?;
        Ok(READ.get_or_init(|| conf))
    }

    /// Where a key's value is from, for messages: the file, the line, the table and the key.
    #[must_use]
    pub fn origin(&self, table: &str, key: &str) -> String {
        let Some(Origin { path, line, .. }) = self.origins.get(&(table.to_owned(), key.to_owned())) else {
            return format!("containers.conf: [{table}] {key}");
        };
        let line = line.map(|line| format!("line {line}: ")).unwrap_or_default();
        format!("{}: {line}[{table}] {key}", path.display())
    }

    /// For each key that a file has, where it is from and what the files would come to with it alone: to find out which one is to blame.
    pub fn one_by_one(&self) -> impl Iterator<Item = (String, Self)> {
        self.origins.iter().filter_map(|((table, key), origin)| {
            let mut alone = Self::default();
            let mut keys = toml::Table::from_iter([(key.clone(), origin.value.clone())]);
            alone.merge_table(Source { path: &origin.path, text: "" }, table, &mut keys).ok()?;
            Some((self.origin(table, key), alone))
        })
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
        let text = text.lines().map(|line| if plain(line) { line } else { "" }).collect::<Vec<&str>>().join("\n");
        let text = text.as_str();
        let mut file: toml::Table =
            toml::from_str(text).map_err(|source| ConfigError::Toml { path: path.to_owned(), source: Box::new(source) })?;
        let source = Source { path, text };
        for name in ["containers", "engine", "network"] {
            let mut table = match file.remove(name) {
                None => continue,
                Some(toml::Value::Table(table)) => table,
                Some(_) => {
                    return Err(ConfigError::Bad { path: path.to_owned(), what: format!("{name} is no table: write [{name}]") });
                }
            };
            for (key, value) in &table {
                let origin = Origin { path: path.to_owned(), line: source.line(name, key), value: value.clone() };
                self.origins.insert((name.to_owned(), key.clone()), origin);
            }
            self.merge_table(source, name, &mut table)?;
            for key in table.keys() {
                if let Some(why) = known::trouble(name, key, &table[key]) {
                    self.notes.push(format!("{}: {}", path.display(), source.about(name, key, why)));
                }
            }
        }
        for name in file.keys().filter(|name| !known::TABLES.contains(&name.as_str())) {
            self.notes.push(format!("{}: [{name}] is no table of this file and is passed over", path.display()));
        }
        Ok(())
    }

    fn merge_table(&mut self, source: Source<'_>, name: &str, table: &mut toml::Table) -> Result<(), ConfigError> {
        match name {
            "containers" => self.containers.merge(source, table),
            "engine" => self.engine.merge(source, table),
            _ => self.network.merge(source, table),
        }
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
            "[containers]\ntz = \"local\"\nunheard_of = 1\nlabel = false\n[engine.runtimes]\nb = [\"/y\"]\n[machine]\ncpus = 1\n",
        ])
        .expect("good");
        assert_eq!((conf.containers.tz.as_deref(), conf.containers.init), (Some("local"), Some(true)));
        assert_eq!(conf.engine.stop_timeout, Some(3));
        assert_eq!(conf.notes, ["/f: line 3: [containers] unheard_of: this key is not known and is passed over"]);
        let runtimes = conf.engine.runtimes.expect("given");
        assert_eq!((runtimes["a"][0].as_str(), runtimes["b"][0].as_str()), ("/x", "/y"));
    }

    #[test]
    fn a_wrong_type_is_told_with_file_table_and_key() {
        for (text, words) in [
            ("[containers]\npids_limit = \"many\"", "line 2: [containers] pids_limit"),
            ("[containers]\nenv = [1]", "[containers] env"),
            ("[containers]\nenv = [{add=true}]", "[containers] env"),
            ("[engine]\nstop_timeout = -1", "[engine] stop_timeout"),
            ("[engine]\nruntimes = 1", "line 2: [engine] runtimes"),
            ("engine.stop_timeout = \"x\"", "line 1: [engine] stop_timeout"),
            ("[network]\n\ndefault_network = 1", "line 3: [network] default_network"),
            ("[network]\ndefault_subnet_pools = 1", "line 2: [network] default_subnet_pools"),
            ("engine = 1", "engine is no table"),
        ] {
            let error = merged(&[text]).expect_err(text).to_string();
            assert!(error.starts_with("/f: ") && error.contains(words), "{error}");
        }
    }
}

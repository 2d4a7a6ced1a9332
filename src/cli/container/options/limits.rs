//! Resource limits and kernel settings.

use super::defaults::before;
use crate::cli::error::CliError;
use crate::config::containers::Containers;
use crate::model::{Settings, Ulimit};
use clap::Args;

/// Options about limits and kernel settings.
#[derive(Debug, Args)]
pub(super) struct LimitOptions {
    /// Set a resource limit, NAME=SOFT[:HARD] with -1 for none; or host: all of the caller's as they are
    #[arg(long, value_name = "LIMIT")]
    ulimit: Vec<String>,
    /// Set a kernel setting of the container's own namespaces: NAME=VALUE
    #[arg(long, value_name = "SETTING")]
    sysctl: Vec<String>,
    /// How readily the kernel kills the container when memory is short, from -1000 to 1000; not below the caller's own
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    oom_score_adj: Option<i32>,
}

impl LimitOptions {
    pub(super) fn complete(&mut self, conf: &Containers, shares: impl Fn(&str) -> bool) {
        if !self.ulimit.iter().any(|text| text == "host") {
            before(&mut self.ulimit, conf.default_ulimits.as_ref());
        }
        self.oom_score_adj = self.oom_score_adj.or(conf.oom_score_adj);
        let mut usual = conf.default_sysctls.clone().unwrap_or_default();
        usual.words.retain(|text| match text.split_once(['.', '/']) {
            Some(("net", _)) => !shares("network"),
            Some(("fs", _)) => !shares("ipc"),
            _ if text.starts_with("kernel.hostname") || text.starts_with("kernel.domainname") => !shares("uts"),
            Some(("kernel", _)) => !shares("ipc"),
            _ => true,
        });
        before(&mut self.sysctl, Some(&usual));
    }

    /// Puts what was asked into the settings.
    ///
    /// # Errors
    /// An option's text cannot be read.
    pub(super) fn apply(&self, settings: &mut Settings) -> Result<(), CliError> {
        for text in &self.ulimit {
            if text == "host" {
                settings.host_limits = true;
                continue;
            }
            let ulimit = ulimit(text)?;
            settings.ulimits.retain(|other| other.name != ulimit.name);
            settings.ulimits.push(ulimit);
        }
        for text in &self.sysctl {
            let (name, value) = sysctl(text)?;
            settings.sysctls.insert(name, value);
        }
        settings.oom_score_adj = self.oom_score_adj;
        Ok(())
    }
}

fn ulimit(text: &str) -> Result<Ulimit, CliError> {
    let bad = |why: &str| CliError::Usage(format!("ulimit {text:?}: {why}"));
    let (name, values) = text.split_once('=').ok_or_else(|| bad("write NAME=SOFT[:HARD], or host"))?;
    let number = |value: &str| match value {
        "-1" | "unlimited" => Ok(u64::MAX),
        value => value.parse().map_err(|_| bad("a limit is a number, or -1 for none")),
    };
    let (soft, hard) = values.split_once(':').unwrap_or((values, values));
    let (soft, hard) = (number(soft)?, number(hard)?);
    if soft > hard {
        return Err(bad("the soft limit cannot be above the hard one"));
    }
    let name = name.to_ascii_lowercase();
    Ok(Ulimit { name: name.strip_prefix("rlimit_").unwrap_or(&name).to_owned(), soft, hard })
}

/// Reads `NAME=VALUE` and brings the name into the form with dots: where it has a slash first, slashes separate (sysctl(8)).
fn sysctl(text: &str) -> Result<(String, String), CliError> {
    let bad = |why: &str| CliError::Usage(format!("sysctl {text:?}: {why}"));
    let (name, value) = text.split_once('=').ok_or_else(|| bad("write NAME=VALUE"))?;
    let swap = |letter| match letter {
        '.' => '/',
        '/' => '.',
        other => other,
    };
    let name: String = match name.find(['.', '/']) {
        Some(at) if name[at..].starts_with('/') => name.chars().map(swap).collect(),
        _ => name.to_owned(),
    };
    let is_good = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'/' | b':'))
    };
    if !name.split('.').all(is_good) || name.split('.').any(|part| part.bytes().all(|byte| byte == b'/')) {
        return Err(bad("the name is no kernel setting"));
    }
    if value.chars().any(|letter| letter.is_control() && letter != '\t') {
        return Err(bad("the value holds a control character"));
    }
    Ok((name, value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_pairs_of_numbers() {
        for (text, name, soft, hard) in [
            ("nofile=1024", "nofile", 1024, 1024),
            ("nofile=1024:2048", "nofile", 1024, 2048),
            ("core=-1", "core", u64::MAX, u64::MAX),
            ("core=0:-1", "core", 0, u64::MAX),
            ("RLIMIT_NPROC=5", "nproc", 5, 5),
        ] {
            assert_eq!(ulimit(text).expect(text), Ulimit { name: name.to_owned(), soft, hard }, "{text}");
        }
        for text in ["nofile", "nofile=", "nofile=a", "nofile=2:1", "nofile=-1:5", "nofile=1:2:3"] {
            assert!(ulimit(text).is_err(), "{text}");
        }
    }

    #[test]
    fn settings_have_one_form() {
        for (text, name, value) in [
            ("net.ipv4.ip_forward=1", "net.ipv4.ip_forward", "1"),
            ("net/ipv4/conf/eth0.1/forwarding=1", "net.ipv4.conf.eth0/1.forwarding", "1"),
            ("kernel.sem=1 2 3=4", "kernel.sem", "1 2 3=4"),
        ] {
            assert_eq!(sysctl(text).expect(text), (name.to_owned(), value.to_owned()), "{text}");
        }
        for text in ["a", "=1", ".a=1", "a..b=1", "net/../kernel=1", "net/./x=1", "a b=1", "net.x=1\nkernel.y=2", "kernel.x\n=1"]
        {
            assert!(sysctl(text).is_err(), "{text:?}");
        }
    }
}

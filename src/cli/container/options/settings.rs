//! What a container's process begins with: names, limits, kernel settings, secrets.

use super::defaults::or;
use super::limits::LimitOptions;
use super::names::NameOptions;
use crate::cli::error::CliError;
use crate::cli::given;
use crate::config::containers::Containers;
use crate::engine::container::create::CreateRequest;
use crate::model::{Init, SecretUse};
use clap::Args;
use std::path::Path;

/// Options about the surroundings of a process.
#[derive(Debug, Args)]
pub(super) struct SettingOptions {
    /// Set the host name
    #[arg(short = 'h', long, value_name = "NAME")]
    hostname: Option<String>,
    #[command(flatten)]
    names: NameOptions,
    #[command(flatten)]
    limits: LimitOptions,
    /// Give the container a secret: NAME[,type=mount|env][,target=PATH or VARIABLE][,uid=,gid=,mode=]; as a file in /run/secrets, or
    /// as a variable, which every process of the container can read
    #[arg(long, value_name = "SECRET")]
    secret: Vec<String>,
    /// Run a small program as process 1 that passes signals on and reaps orphans
    #[arg(long, value_name = "BOOL", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = clap::ArgAction::Set)]
    init: Option<bool>,
    /// Take this program of the host for --init instead of the one that is built in
    #[arg(long, value_name = "PATH")]
    init_path: Option<String>,
    /// Set the time zone: a name like Europe/Vienna, or local for that of the host
    #[arg(long, value_name = "ZONE")]
    tz: Option<String>,
    /// Prepare the container for systemd: false, or true, which is the same here
    #[arg(long, value_name = "WHEN")]
    systemd: Option<String>,
    /// Set the kernel's personality; only LINUX, which every process has, is offered
    #[arg(long, value_name = "PERSONA")]
    personality: Option<String>,
}

impl SettingOptions {
    /// `shares` tells which namespaces are not the container's own, whose kernel settings are left alone.
    pub(super) fn complete(&mut self, conf: &Containers, shares: impl Fn(&str) -> bool) {
        self.init = self.init.or(conf.init);
        or(&mut self.init_path, conf.init_path.as_ref());
        or(&mut self.tz, conf.tz.as_ref());
        self.names.complete(conf);
        self.limits.complete(conf, shares);
    }

    /// Puts what was asked into the request; `cwd` is what a relative path begins at.
    ///
    /// # Errors
    /// An option's text cannot be read, or asks for what is not offered.
    pub(super) fn apply(&self, request: &mut CreateRequest, cwd: &Path) -> Result<(), CliError> {
        request.hostname = given(self.hostname.as_ref()).map(str::to_owned);
        request.settings.secrets = self.secret.iter().map(|text| secret(text)).collect::<Result<_, _>>()?;
        self.names.apply(&mut request.settings.names, cwd)?;
        self.limits.apply(&mut request.settings)?;
        request.settings.init = match (&self.init_path, self.init.unwrap_or(false)) {
            (_, false) => Init::Command,
            (None, true) => Init::Own,
            (Some(path), true) => Init::Program(cwd.join(path).components().collect()),
        };
        request.settings.timezone = self.tz.clone().unwrap_or_default();
        match given(self.systemd.as_ref()) {
            None | Some("true" | "false") => {}
            Some("always") => {
                return Err(CliError::Usage(
                    "--systemd=always: systemd needs a cgroup of its own to write to, which is not offered (--systemd=false runs the \
                     command as any other)"
                        .to_owned(),
                ));
            }
            Some(other) => return Err(CliError::Usage(format!("--systemd {other:?}: choose true, false or always"))),
        }
        match self.personality.as_deref() {
            None | Some("LINUX") => Ok(()),
            Some(other) => Err(CliError::Usage(format!("--personality {other:?} is not offered: only LINUX is"))),
        }
    }
}

/// Reads `--secret`.
fn secret(text: &str) -> Result<SecretUse, CliError> {
    let bad = |why: &str| CliError::Usage(format!("invalid secret {text:?}: {why}"));
    let mut given = SecretUse { mode: 0o444, ..SecretUse::default() };
    let mut owned = false;
    for (at, part) in text.split(',').enumerate() {
        let (key, value) = match part.split_once('=') {
            Some(pair) => pair,
            None if at == 0 => ("source", part),
            None => return Err(bad("after the name come pairs KEY=VALUE")),
        };
        let number = |radix| u32::from_str_radix(value, radix).map_err(|_| bad("uid, gid and mode are numbers"));
        match key {
            "source" => value.clone_into(&mut given.name),
            "type" if value == "mount" => given.is_variable = false,
            "type" if value == "env" => given.is_variable = true,
            "type" => return Err(bad("the type is mount or env")),
            "target" => value.clone_into(&mut given.target),
            "uid" => (given.uid, owned) = (number(10)?, true),
            "gid" => (given.gid, owned) = (number(10)?, true),
            "mode" => (given.mode, owned) = (number(8)?, true),
            _ => return Err(bad("the keys are source, type, target, uid, gid and mode")),
        }
    }
    if given.name.is_empty() {
        return Err(bad("it has no name"));
    }
    if given.mode > 0o7777 {
        return Err(bad("the mode has at most four octal digits"));
    }
    if given.is_variable && owned {
        return Err(bad("a variable has no uid, gid and mode"));
    }
    if given.is_variable && given.target.contains('=') {
        return Err(bad("a variable's name holds no ="));
    }
    if !given.is_variable && Path::new(&given.target).components().any(|part| part == std::path::Component::ParentDir) {
        return Err(bad("the target has no .."));
    }
    Ok(given)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_a_name_and_pairs() {
        let plain = SecretUse { name: "s".to_owned(), mode: 0o444, ..SecretUse::default() };
        assert_eq!(secret("s").expect("plain"), plain);
        assert_eq!(secret("source=s,type=mount").expect("plain"), plain);
        let full = SecretUse { target: "/t".to_owned(), uid: 5, gid: 6, mode: 0o600, ..plain.clone() };
        assert_eq!(secret("s,target=/t,uid=5,gid=6,mode=0600").expect("full"), full);
        assert_eq!(secret("s,type=env,target=V").expect("env"), SecretUse { is_variable: true, target: "V".to_owned(), ..plain });
        for text in ["", "s,x", "s,type=x", "s,uid=a", "s,mode=9", "s,mode=77777", "s,type=env,uid=1", "s,target=../x", "s,x=y"] {
            assert!(secret(text).is_err(), "{text}");
        }
    }
}

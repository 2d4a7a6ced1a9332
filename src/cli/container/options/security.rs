//! Rights: capabilities, filters, masks and devices.

use super::defaults::before;
use crate::cli::error::CliError;
use crate::config::containers::{Containers, Engine};
use crate::engine::container::create::{CreateRequest, is_cdi_name};
use crate::model::{CapSet, Device, Seccomp, Security};
use clap::{ArgAction, Args};
use std::path::{Path, PathBuf};

/// Options about what a container may do.
#[derive(Debug, Args)]
pub(super) struct SecurityOptions {
    /// Add capabilities: names with or without CAP_, or ALL; a user other than root has these and no others
    #[arg(long, value_name = "CAPABILITY", value_delimiter = ',')]
    cap_add: Vec<String>,
    /// Take capabilities away: names with or without CAP_, or ALL
    #[arg(long, value_name = "CAPABILITY", value_delimiter = ',')]
    cap_drop: Vec<String>,
    /// Give every capability, the devices that you can open, and no masks and no system call filter; nothing beyond your own rights
    #[arg(long, value_name = "BOOL", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    privileged: Option<bool>,
    /// Set a security option: no-new-privileges, seccomp=unconfined or FILE, mask=PATHS, unmask=ALL or PATHS, proc-opts=OPTIONS,
    /// systempaths=unconfined, label=disable, apparmor=unconfined
    #[arg(long, value_name = "OPTION")]
    security_opt: Vec<String>,
    /// Give the container a device of the host that you can open, or all in a folder: PATH[:PATH-IN-CONTAINER][:rwm]; or one that a
    /// CDI spec describes: VENDOR/CLASS=NAME
    #[arg(long, value_name = "DEVICE")]
    device: Vec<String>,
    /// Give the container GPUs that a CDI spec describes: all, or numbers or names
    #[arg(long, value_name = "GPUS", value_delimiter = ',')]
    gpus: Vec<String>,
    /// Look for CDI specs in this folder, too (after /etc/cdi and /var/run/cdi)
    #[arg(long, value_name = "DIR")]
    cdi_spec_dir: Vec<PathBuf>,
    #[arg(long, value_name = "DIR", hide = true)]
    hooks_dir: Vec<PathBuf>,
    /// Not to be had without root: the kernel lets only root filter the devices of a cgroup
    #[arg(long, value_name = "RULE", hide = true)]
    device_cgroup_rule: Vec<String>,
    /// Where the system call filter comes from: default, or image (its label io.containers.seccomp.profile)
    #[arg(long, value_name = "POLICY")]
    seccomp_policy: Option<String>,
    /// The capabilities that a container has where nothing is said.
    #[arg(skip)]
    usual: Option<CapSet>,
}

impl SecurityOptions {
    pub(super) fn complete(&mut self, conf: &Containers, engine: &Engine) -> Result<(), CliError> {
        self.privileged = self.privileged.or(conf.privileged);
        before(&mut self.device, conf.devices.as_ref());
        let folders = engine.cdi_spec_dirs.iter().flat_map(|list| &list.words).map(PathBuf::from);
        // Those that are looked at anyway would have each of their devices twice.
        let folders =
            folders.filter(|folder| !["/etc/cdi", "/var/run/cdi", "/run/cdi"].iter().any(|usual| folder == Path::new(usual)));
        self.cdi_spec_dir.splice(0..0, folders.collect::<Vec<_>>());
        let has_filter = self.security_opt.iter().any(|text| text.starts_with("seccomp")) || self.seccomp_policy.is_some();
        if let Some(path) = conf.seccomp_profile.as_ref().filter(|path| !path.is_empty() && !has_filter) {
            self.security_opt.push(format!("seccomp={path}"));
        }
        if let Some(names) = &conf.default_capabilities {
            let names: Vec<String> = names.words.iter().filter(|name| !name.is_empty()).cloned().collect();
            let (set, all) = capabilities(&names)?;
            self.usual = Some(if all { CapSet::ALL } else { set });
        }
        Ok(())
    }

    /// Puts what was asked into the request; `cwd` is what a relative path begins at.
    ///
    /// # Errors
    /// An option's text cannot be read, or the host cannot do what it asks.
    pub(super) fn apply(&self, request: &mut CreateRequest, cwd: &Path) -> Result<(), CliError> {
        let security = &mut request.security;
        security.privileged = self.privileged.unwrap_or(false);
        (security.cap_add, security.add_all) = capabilities(&self.cap_add)?;
        (security.cap_drop, security.drop_all) = capabilities(&self.cap_drop)?;
        if security.add_all && security.drop_all {
            return Err(CliError::Usage("all capabilities cannot be added and dropped at once".to_owned()));
        }
        // What the file gives is no addition by name: a user other than root does not get it.
        security.default_caps = self.usual.filter(|usual| *usual != CapSet::DEFAULT);
        let both = CapSet(security.cap_add.0 & security.cap_drop.0);
        if !(security.add_all || security.drop_all || both == CapSet::NONE) {
            return Err(CliError::Usage(format!("{} cannot be added and dropped at once", both.names().join(", "))));
        }
        if let Some(rule) = self.device_cgroup_rule.first() {
            return Err(CliError::Usage(format!(
                "--device-cgroup-rule {rule:?}: only root may filter the devices of a cgroup (name the nodes with --device)"
            )));
        }
        if let Some(folder) = self.hooks_dir.first() {
            return Err(CliError::Usage(format!("--hooks-dir {}: OCI hooks are not run", folder.display())));
        }
        for text in &self.device {
            if is_cdi_name(text) {
                security.cdi_devices.push(text.clone());
            } else {
                security.devices.push(device(text, cwd)?);
            }
        }
        let bare = |text: &String| text.strip_prefix("device=").unwrap_or(text).trim_matches('"').to_owned();
        security.gpus = self.gpus.iter().map(bare).collect();
        security.cdi_folders = self.cdi_spec_dir.iter().map(|folder| cwd.join(folder)).collect();
        match self.seccomp_policy.as_deref() {
            None | Some("" | "default") => {}
            Some("image") => security.seccomp = Seccomp::Image,
            Some(other) => {
                return Err(CliError::Usage(format!("seccomp policy {other:?} is not known: choose default or image")));
            }
        }
        for text in &self.security_opt {
            security_option(security, text, cwd)?;
        }
        security.options.clone_from(&self.security_opt);
        Ok(())
    }
}

/// Reads `PATH[:PATH-IN-CONTAINER][:rwm]`.
fn device(text: &str, cwd: &Path) -> Result<Device, CliError> {
    let bad = |why: &str| CliError::Usage(format!("device {text:?}: {why}"));
    let is_access = |part: &str| !part.is_empty() && part.bytes().all(|letter| b"rwm".contains(&letter));
    let parts: Vec<&str> = text.split(':').collect();
    let (source, target, access) = match parts[..] {
        [source] => (source, source, "rwm"),
        [source, access] if is_access(access) => (source, source, access),
        [source, target] => (source, target, "rwm"),
        [source, target, access] if is_access(access) => (source, target, access),
        [_, _, _] => return Err(bad("the access is made of r, w and m")),
        _ => return Err(bad("write PATH[:PATH-IN-CONTAINER][:rwm]")),
    };
    let target: PathBuf = cwd.join(target).components().collect();
    if target == Path::new("/") || target.components().any(|part| part == std::path::Component::ParentDir) {
        return Err(bad("the path in the container is no place for it"));
    }
    let source = cwd.join(source).components().collect();
    Ok(Device { source, target: target.to_string_lossy().into_owned(), access: access.to_owned() })
}

/// Reads names; tells whether `ALL` was among them.
fn capabilities(names: &[String]) -> Result<(CapSet, bool), CliError> {
    let mut all = false;
    let mut set = CapSet::NONE;
    for name in names {
        all |= name.eq_ignore_ascii_case("all");
        let one = CapSet::parse(name.trim());
        set = set.or(one.ok_or_else(|| CliError::Usage(format!("capability {name:?} is not known (see capabilities(7))")))?);
    }
    Ok((set, all))
}

/// `--security-opt`: `name`, `name=value` and, as Docker once had it, `name:value`.
fn security_option(security: &mut Security, text: &str, cwd: &Path) -> Result<(), CliError> {
    let bad = |why: String| CliError::Usage(format!("security option {text:?}: {why}"));
    let (name, value) = match text.split_once('=').or_else(|| text.split_once(':')) {
        Some((name, value)) => (name, Some(value)),
        None => (text, None),
    };
    let needed = || value.filter(|value| !value.is_empty()).ok_or_else(|| bad("a value is missing".to_owned()));
    match name {
        "no-new-privileges" => {
            security.no_new_privileges = match value {
                None | Some("true") => true,
                Some("false") => false,
                Some(_) => return Err(bad("it is true or false".to_owned())),
            };
        }
        "seccomp" => {
            security.seccomp = match needed()? {
                "unconfined" => Seccomp::Unconfined,
                path => Seccomp::Profile(cwd.join(path).components().collect::<PathBuf>()),
            };
        }
        "mask" => security.mask.extend(paths(needed()?).map_err(bad)?),
        "unmask" if needed()?.eq_ignore_ascii_case("all") => security.unmask.push("ALL".to_owned()),
        "unmask" => security.unmask.extend(paths(needed()?).map_err(bad)?),
        "systempaths" => match needed()? {
            "unconfined" => security.unmask.push("ALL".to_owned()),
            _ => return Err(bad("the only value is unconfined".to_owned())),
        },
        "proc-opts" => {
            let options = needed()?.split(',').filter(|option| !option.is_empty());
            security.proc_options.extend(options.map(str::to_owned));
        }
        "label" => match needed()? {
            "disable" | "nested" if !has_selinux() => {}
            "disable" => {}
            _ if has_selinux() => return Err(bad("labels of your own are not supported; containers run without one".to_owned())),
            _ => return Err(bad("this machine has no SELinux that would honour it".to_owned())),
        },
        "apparmor" => match needed()? {
            "unconfined" => {}
            _ if Path::new("/sys/kernel/security/apparmor").exists() => {
                return Err(bad("a rootless container cannot be put under an AppArmor profile of its own".to_owned()));
            }
            _ => return Err(bad("this machine has no AppArmor that would honour it".to_owned())),
        },
        _ => {
            return Err(bad(
                "it is not known (no-new-privileges, seccomp, mask, unmask, proc-opts, systempaths, label, apparmor)".to_owned(),
            ));
        }
    }
    Ok(())
}

fn has_selinux() -> bool {
    Path::new("/sys/fs/selinux/enforce").exists()
}

/// Absolute paths between colons.
fn paths(text: &str) -> Result<Vec<String>, String> {
    text.split(':')
        .map(|path| match (path.starts_with('/'), path.trim_end_matches('/')) {
            (true, "") => Err("the whole root cannot be meant".to_owned()),
            (true, path) => Ok(path.to_owned()),
            (false, _) => Err(format!("the path {path:?} has to be absolute")),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(texts: &[&str]) -> Result<Security, CliError> {
        let mut security = Security::default();
        texts.iter().try_for_each(|text| security_option(&mut security, text, Path::new("/cwd")))?;
        Ok(security)
    }

    #[test]
    fn security_options_in_all_their_forms() {
        let none = Security::default;
        let lists = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        for (text, wanted) in [
            ("no-new-privileges", Security { no_new_privileges: true, ..none() }),
            ("no-new-privileges:true", Security { no_new_privileges: true, ..none() }),
            ("no-new-privileges=false", none()),
            ("seccomp=unconfined", Security { seccomp: Seccomp::Unconfined, ..none() }),
            ("seccomp=./p.json", Security { seccomp: Seccomp::Profile("/cwd/p.json".into()), ..none() }),
            ("mask=/a:/b/", Security { mask: lists(&["/a", "/b"]), ..none() }),
            ("unmask=all", Security { unmask: lists(&["ALL"]), ..none() }),
            ("unmask=/proc/*:/sys/x", Security { unmask: lists(&["/proc/*", "/sys/x"]), ..none() }),
            ("systempaths=unconfined", Security { unmask: lists(&["ALL"]), ..none() }),
            ("proc-opts=hidepid=2,gid=5", Security { proc_options: lists(&["hidepid=2", "gid=5"]), ..none() }),
            ("label=disable", none()),
            ("apparmor=unconfined", none()),
        ] {
            assert_eq!(options(&[text]).expect(text), wanted, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_is_said() {
        for (text, word) in [
            ("nothing", "not known"),
            ("seccomp", "missing"),
            ("seccomp=", "missing"),
            ("mask=a", "absolute"),
            ("mask=/a:/", "root"),
            ("systempaths=x", "unconfined"),
            ("no-new-privileges=maybe", "true or false"),
        ] {
            let error = options(&[text]).expect_err(text).to_string();
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn devices_in_all_their_forms() {
        for (text, source, target, access) in [
            ("/dev/fuse", "/dev/fuse", "/dev/fuse", "rwm"),
            ("/dev/fuse:rw", "/dev/fuse", "/dev/fuse", "rw"),
            ("/dev/fuse:/dev/x", "/dev/fuse", "/dev/x", "rwm"),
            ("/dev/fuse:/dev/x:rw", "/dev/fuse", "/dev/x", "rw"),
        ] {
            let wanted = Device { source: source.into(), target: target.to_owned(), access: access.to_owned() };
            assert_eq!(device(text, Path::new("/")).expect(text), wanted, "{text}");
        }
        for text in ["/dev/a:/dev/b:x", "/dev/a:/../b", "/dev/a:/dev/b:rw:x", "/dev/a:/"] {
            assert!(device(text, Path::new("/")).is_err(), "{text}");
        }
    }

    #[test]
    fn capabilities_are_named_one_by_one_or_all() {
        let names = |list: &[&str]| capabilities(&list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(names(&["net_raw", "CAP_CHOWN"]).expect("good"), (CapSet((1 << 13) | 1), false));
        assert_eq!(names(&["All"]).expect("good"), (CapSet::ALL, true));
        assert!(names(&["flying"]).is_err());
    }
}

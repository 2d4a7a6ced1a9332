//! The cgroup of a bundle's container: at the place that the configuration names, else below the caller's own.
//!
//! A cgroup that cannot be made is missed only by a configuration that sets limits. Rules for devices are [`super::devices`].

use super::home::{self, Home};
use super::scope::ScopeRequest;
use super::settings::{self, Setting};
use super::{Cgroup, CgroupError, Delegation, delegate, resources};
use crate::config::bus::{self, BusAddress};
use oci_spec::runtime::Linux;
use std::path::{Component, Path, PathBuf};

/// How long systemd waits for a container when it stops the scope. Seconds.
const STOP_TIMEOUT: u32 = 10;

/// Where a container is, and whether that was made for it.
#[derive(Debug)]
pub struct Placed {
    pub cgroup: Cgroup,
    pub made: bool,
}

/// What a container wants.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    pub linux: Option<&'a Linux>,
    pub id: &'a str,
    /// The path has the form `slice:prefix:name`, and systemd makes the cgroup where it can be asked.
    pub systemd: bool,
    /// The caller lets containers have cgroups.
    pub possible: bool,
}

/// Finds or makes the cgroup and writes its limits; nothing where there can be none and none is needed.
///
/// # Errors
/// A limit cannot be set.
pub fn settle(wish: &Wish<'_>) -> Result<Option<Placed>, CgroupError> {
    let Wish { linux, id, systemd, possible } = *wish;
    let wanted = linux.and_then(|linux| linux.resources().as_ref());
    let settings = wanted.map(resources::settings).transpose()?.unwrap_or_default();
    let path = linux.and_then(|linux| linux.cgroups_path().as_deref());
    let is_needed = settings.iter().any(Setting::is_needed);
    if !possible {
        return none_owned(is_needed);
    }
    let made = match (systemd, path.and_then(unit_of)) {
        (true, Some((slice, name))) if can_ask() => {
            let request = ScopeRequest { name, slice, stop_timeout: STOP_TIMEOUT, addresses: bus::user_manager() };
            let cgroup = Home::Scope(request, settings.clone()).settle();
            cgroup.map(|cgroup| cgroup.map(|cgroup| Placed { cgroup, made: true }))
        }
        (_, unit) => {
            let relative = unit.map(|(slice, name)| Path::new(slice.as_deref().unwrap_or_default()).join(name));
            place(relative.as_deref().or(path), id, &settings, is_needed)
        }
    };
    match made {
        Err(_) if !is_needed => Ok(None),
        made => made,
    }
}

fn can_ask() -> bool {
    delegate::mount_point().is_some() && bus::user_manager().iter().any(BusAddress::is_there)
}

/// Reads `slice:prefix:name`.
fn unit_of(path: &Path) -> Option<(Option<String>, String)> {
    let text = path.to_str()?;
    let mut parts = text.split(':');
    let (slice, prefix, name) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || name.is_empty() {
        return None;
    }
    let name = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}-{name}") };
    Some((Some(slice).filter(|slice| !slice.is_empty()).map(str::to_owned), name))
}

fn place(path: Option<&Path>, id: &str, settings: &[Setting], is_needed: bool) -> Result<Option<Placed>, CgroupError> {
    let Some(mount) = delegate::mount_point() else {
        return if is_needed { Err(CgroupError::NoCgroups) } else { Ok(None) };
    };
    let outside = |path: &Path| CgroupError::Outside { path: path.to_owned(), own: mount.to_owned() };
    if let Some(path) = path.filter(|path| path.components().any(|part| matches!(part, Component::ParentDir))) {
        return Err(outside(path));
    }
    let own = Delegation::find();
    let target = match path {
        Some(path) if path.is_absolute() => mount.join(path.strip_prefix("/").unwrap_or(path)),
        relative => match &own {
            Some(own) => own.path().join(relative.map_or_else(|| PathBuf::from(format!("coracle-oci-{id}")), Path::to_owned)),
            None => return none_owned(is_needed),
        },
    };
    // Whoever may not divide a cgroup may not put a process below it.
    let top = own.filter(|own| target.starts_with(own.path())).or_else(|| Delegation::at(mount.to_owned()));
    let Some(top) = top.filter(|top| top.path() != target) else { return none_owned(is_needed) };
    if is_needed {
        home::prepare(&top, settings)?;
    }
    let (cgroup, made) = Cgroup::open_or_make(target.clone())?;
    let enabled = enable_between(top.path(), &target, settings);
    match enabled.and_then(|()| settings::apply(&target, settings)) {
        Err(error) if is_needed => {
            if made {
                let _ = std::fs::remove_dir(&target);
            }
            Err(error)
        }
        // Under our own name it is nobody else's, also when a killed create has left it.
        _ => Ok(Some(Placed { cgroup, made: made || path.is_none() })),
    }
}

fn none_owned(is_needed: bool) -> Result<Option<Placed>, CgroupError> {
    let own = delegate::own_cgroup().unwrap_or_default().to_string_lossy().into_owned();
    if is_needed { Err(CgroupError::NoneOwned { what: "linux.resources", own }) } else { Ok(None) }
}

/// Lets the cgroups on the way have what the lowest one needs.
fn enable_between(top: &Path, target: &Path, settings: &[Setting]) -> Result<(), CgroupError> {
    let mut folder = top.to_owned();
    for part in target.parent().unwrap_or(target).strip_prefix(top).unwrap_or(Path::new("")) {
        folder.push(part);
        super::controllers::enable(&folder, home::needed(settings))?;
    }
    Ok(())
}

/// Changes limits; those that are not named stay.
///
/// # Errors
/// One cannot be set.
pub fn update(cgroup: &Path, wanted: &oci_spec::runtime::LinuxResources) -> Result<(), CgroupError> {
    // config-linux.md "checkBeforeUpdate": cgroup v2 would end the processes for it.
    let memory = wanted.memory().as_ref().filter(|memory| memory.check_before_update() == Some(true));
    if let Some(limit) = memory.and_then(|memory| u64::try_from(memory.limit()?).ok()) {
        let used = std::fs::read_to_string(cgroup.join("memory.current")).ok().and_then(|text| text.trim().parse::<u64>().ok());
        if limit != 0 && used.is_some_and(|used| used > limit) {
            return Err(CgroupError::NotHere {
                field: "linux.resources.memory.limit".to_owned(),
                why: "more is used now (checkBeforeUpdate)",
            });
        }
    }
    settings::apply(cgroup, &resources::settings(wanted)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_has_three_parts() {
        for (text, wanted) in [
            ("user.slice:libpod:abc", Some((Some("user.slice"), "libpod-abc"))),
            ("::abc", Some((None, "abc"))),
            ("/a/b", None),
            ("a:b", None),
            ("a:b:", None),
            ("a:b:c:d", None),
        ] {
            let wanted = wanted.map(|(slice, name)| (slice.map(str::to_owned), name.to_owned()));
            assert_eq!(unit_of(Path::new(text)), wanted, "{text}");
        }
    }
}

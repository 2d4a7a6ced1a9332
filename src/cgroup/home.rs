//! Where a container's cgroup comes from.

use super::scope::ScopeRequest;
use super::settings::{self, Setting};
use super::{Cgroup, CgroupError, Delegation, control, controllers, delegate, usage};
use crate::config::bus::{self, BusAddress};
use crate::model::limits::{Bound, CgroupsMode, Limits};
use std::path::{Component, Path, PathBuf};

/// What the monitor-to-be has to do for the container's cgroup.
#[derive(Debug)]
pub enum Home {
    /// Nothing: the container is in its caller's cgroup.
    Caller,
    /// Nothing more: it is made.
    Made(Cgroup),
    /// To have a scope made for both.
    Scope(ScopeRequest, Vec<Setting>),
}

/// What a container wants.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// `coracle-<short id>`.
    pub name: &'a str,
    pub limits: &'a Limits,
    /// Seconds.
    pub stop_timeout: u32,
}

impl Wish<'_> {
    /// Chooses the place, and makes the cgroup where it can be made from here.
    ///
    /// # Errors
    /// There is a limit that cannot be set, or the cgroup that is asked for cannot be had.
    pub fn choose(&self) -> Result<Home, CgroupError> {
        let limits = self.limits;
        if limits.cgroups == CgroupsMode::Disabled {
            return Ok(Home::Caller);
        }
        let settings = settings::settings(limits)?;
        if self.slice().is_some() {
            return self.scope(settings, "--cgroup-parent");
        }
        let own = Delegation::find();
        // Options that only a cgroup below the caller's own can honour.
        let below = match (limits.cgroups, &limits.cgroup_parent) {
            (CgroupsMode::Split, _) => Some("--cgroups=split"),
            (_, Some(_)) => Some("--cgroup-parent"),
            _ => None,
        };
        if !settings.iter().any(Setting::is_needed) && below.is_none() {
            // Nothing of this takes a controller but the default for tasks, which is set where there is one.
            let made = own.and_then(|own| own.create(self.name));
            return made.map_or(Ok(Home::Caller), |cgroup| finish(cgroup, &settings).map(Home::Made));
        }
        match (own, below) {
            (Some(own), below) if !may_divide(&own, &settings) => match below {
                Some(option) => Err(CgroupError::NotDelegated { option, own: own_name() }),
                None => {
                    let option = option_of(&settings);
                    self.scope(settings, option)
                }
            },
            (Some(own), _) => {
                let relative = limits.cgroup_parent.as_deref().map_or(Ok(PathBuf::new()), |parent| relative_to(&own, parent))?;
                prepare(&own, &settings)?;
                make_below(&own, &relative, self.name, &settings).map(Home::Made)
            }
            (None, Some(option)) => Err(CgroupError::NotDelegated { option, own: own_name() }),
            (None, None) => {
                let option = option_of(&settings);
                self.scope(settings, option)
            }
        }
    }

    fn slice(&self) -> Option<&str> {
        self.limits.cgroup_parent.as_deref().filter(|parent| parent.ends_with(".slice"))
    }

    fn scope(&self, settings: Vec<Setting>, what: &'static str) -> Result<Home, CgroupError> {
        if self.limits.cgroups == CgroupsMode::NoConmon {
            // A scope begins with the monitor in it.
            return Err(CgroupError::NotDelegated { option: "--cgroups=no-conmon", own: own_name() });
        }
        if delegate::mount_point().is_none() {
            return Err(CgroupError::NoCgroups);
        }
        let addresses = bus::user_manager();
        if !addresses.iter().any(BusAddress::is_there) {
            return Err(CgroupError::NoneOwned { what, own: own_name() });
        }
        let slice = self.slice().map(str::to_owned);
        let request = ScopeRequest { name: self.name.to_owned(), slice, stop_timeout: self.stop_timeout, addresses };
        Ok(Home::Scope(request, settings))
    }

    /// The path that the cgroup of a start has that was killed before it left a record, where one can be known: a scope goes by
    /// itself.
    #[must_use]
    pub fn expected(&self) -> Option<PathBuf> {
        if self.slice().is_some() {
            return None;
        }
        let own = Delegation::find()?;
        let relative = self.limits.cgroup_parent.as_deref().map(|parent| relative_to(&own, parent));
        Some(own.path().join(relative.transpose().ok()?.unwrap_or_default()).join(self.name))
    }
}

impl Home {
    /// In the monitor-to-be: makes what is left to make.
    ///
    /// # Errors
    /// There is a limit that cannot be set, or systemd refuses.
    pub fn settle(self) -> Result<Option<Cgroup>, CgroupError> {
        let (request, settings) = match self {
            Self::Caller => return Ok(None),
            Self::Made(cgroup) => return Ok(Some(cgroup)),
            Self::Scope(request, settings) => (request, settings),
        };
        request.enter()?;
        let scope = Delegation::find().ok_or(CgroupError::NoCgroups)?;
        require(scope.path(), &settings)?;
        // A cgroup with controllers for its children holds no processes itself, so the monitor has a child of its own.
        let monitor = scope.below(Path::new("monitor"))?;
        let moved = control::write(monitor.path(), "cgroup.procs", "0");
        moved.map_err(|source| CgroupError::MoveAside { path: scope.path().to_owned(), source })?;
        divide(scope.path(), &settings)?;
        make_below(&scope, Path::new(""), "container", &settings).map(Some)
    }
}

/// Changes the limits of a container's cgroup. Where one cannot be set, the old ones are set again.
///
/// # Errors
/// There is a limit that cannot be set, or the container uses more memory than it is to have.
pub fn adjust(cgroup: &Path, old: &Limits, new: &Limits) -> Result<(), CgroupError> {
    let settings = settings::settings(new)?;
    let has = controllers::available(cgroup);
    if let Some(parent) = cgroup.parent()
        && needed(&settings).any(|name| !has.iter().any(|known| known == name))
    {
        require(parent, &settings)?;
        controllers::enable(parent, needed(&settings))?;
    }
    if let (Some(Bound::At(wanted)), true) = (new.memory, new.memory != old.memory) {
        let used = usage::usage(cgroup).memory.unwrap_or(0);
        if used > wanted {
            return Err(CgroupError::InUse { used, wanted });
        }
    }
    let changed = settings::apply(cgroup, &settings);
    if changed.is_err() {
        let _ = settings::settings(old).and_then(|before| settings::apply(cgroup, &before));
    }
    changed
}

/// Tells whether limits may be set below this cgroup: its children have the controllers, or it is ours to divide. With a manager
/// beside us, what it has not delegated is not, though we could (a terminal's scope in a desktop session): systemd takes the
/// controllers away from there again when the next unit starts or stops, and the limits with them.
fn may_divide(own: &Delegation, settings: &[Setting]) -> bool {
    let has = controllers::enabled(own.path());
    if needed(settings).all(|name| has.iter().any(|known| known == name)) {
        return true;
    }
    let addresses = bus::user_manager();
    !addresses.iter().any(BusAddress::is_there) || own.is_ours_to_divide(&addresses)
}

/// Sees to it that the children of the caller's own cgroup can have the controllers.
pub(super) fn prepare(own: &Delegation, settings: &[Setting]) -> Result<(), CgroupError> {
    let has = controllers::enabled(own.path());
    if needed(settings).all(|name| has.iter().any(|known| known == name)) {
        return Ok(());
    }
    require(own.path(), settings)?;
    own.move_aside()?;
    divide(own.path(), settings)
}

/// Gives the children every controller that there is, for what is measured and for those that come later; at least those needed.
pub(super) fn divide(path: &Path, settings: &[Setting]) -> Result<(), CgroupError> {
    let all = controllers::available(path);
    match controllers::enable(path, all.iter().map(String::as_str)) {
        Ok(()) => Ok(()),
        Err(_) => controllers::enable(path, needed(settings)),
    }
}

/// Makes the container's cgroup and writes what is to be written.
fn make_below(own: &Delegation, relative: &Path, name: &str, settings: &[Setting]) -> Result<Cgroup, CgroupError> {
    let mut parent = own.clone();
    for part in relative {
        parent = parent.below(Path::new(part))?;
        controllers::enable(parent.path(), needed(settings))?;
    }
    let path = parent.path().join(name);
    let refused = || CgroupError::Make { path, source: std::io::ErrorKind::PermissionDenied.into() };
    finish(parent.create(name).ok_or_else(refused)?, settings)
}

fn finish(cgroup: Cgroup, settings: &[Setting]) -> Result<Cgroup, CgroupError> {
    match settings::apply(cgroup.path(), settings) {
        Ok(()) => Ok(cgroup),
        Err(error) => {
            // Nothing is in it yet.
            let _ = std::fs::remove_dir(cgroup.path());
            Err(error)
        }
    }
}

/// `--cgroup-parent PATH`: absolute counts from the mount, else from the caller's own cgroup; it has to lie below the latter: a
/// process can only be put where the cgroup above both places is the user's, too.
fn relative_to(own: &Delegation, parent: &str) -> Result<PathBuf, CgroupError> {
    let outside = || CgroupError::Outside { path: PathBuf::from(parent), own: own.path().to_owned() };
    let relative = match parent.strip_prefix('/') {
        Some(path) => {
            let mount = delegate::mount_point().ok_or(CgroupError::NoCgroups)?;
            mount.join(path).strip_prefix(own.path()).map_err(|_| outside())?.to_owned()
        }
        None => PathBuf::from(parent),
    };
    // ".." would lead out of what is ours.
    let plain = relative.components().all(|part| matches!(part, Component::Normal(_)));
    if plain { Ok(relative) } else { Err(outside()) }
}

/// The controllers without which a limit that was asked for cannot be set.
pub(super) fn needed(settings: &[Setting]) -> impl Iterator<Item = &str> {
    settings.iter().filter(|setting| setting.is_needed()).filter_map(Setting::controller)
}

fn option_of(settings: &[Setting]) -> &'static str {
    settings.iter().find(|setting| !setting.implied).map_or("a limit", |setting| setting.option)
}

/// Checks that a cgroup has every controller that is needed.
pub(super) fn require(path: &Path, settings: &[Setting]) -> Result<(), CgroupError> {
    let has = controllers::available(path);
    for setting in settings.iter().filter(|setting| setting.is_needed()) {
        if let Some(name) = setting.controller().filter(|name| !has.iter().any(|known| known == name)) {
            return Err(CgroupError::Lacking { option: setting.option, lacking: controllers::lacking(name, path) });
        }
    }
    Ok(())
}

fn own_name() -> String {
    delegate::own_cgroup().map_or_else(|| "the cgroup of this process".to_owned(), |path| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_cgroups_nothing_is_made() {
        let limits = Limits { cgroups: CgroupsMode::Disabled, ..Limits::default() };
        let wish = Wish { name: "coracle-test", limits: &limits, stop_timeout: 1 };
        assert!(matches!(wish.choose(), Ok(Home::Caller)));
    }

    #[test]
    fn a_missing_controller_is_named_with_its_option() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("cgroup.controllers"), "pids\n").unwrap();
        let limits = Limits { memory: Some(Bound::At(1 << 20)), pids: Some(Bound::At(5)), ..Limits::default() };
        let settings = settings::settings(&limits).unwrap();
        assert_eq!(needed(&settings).collect::<Vec<_>>(), ["memory", "pids"]);
        let error = require(folder.path(), &settings).unwrap_err().to_string();
        assert!(error.contains("--memory:") && error.contains("\"memory\""), "{error}");
    }
}

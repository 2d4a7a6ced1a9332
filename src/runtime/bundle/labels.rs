//! Labels of the security modules that a process gets with its program.

use super::config::{ConfigError, refused};
use crate::runtime::message::{Failure, Stage};
use oci_spec::runtime::Process;
use std::path::Path;

/// Tells whether SELinux is there.
#[must_use]
pub fn has_selinux() -> bool {
    Path::new("/sys/fs/selinux/enforce").exists()
}

/// Tells whether AppArmor is there.
#[must_use]
pub fn has_apparmor() -> bool {
    std::fs::read("/sys/module/apparmor/parameters/enabled").is_ok_and(|text| text.first() == Some(&b'Y'))
}

/// Tells whether the labels that a process wants can be had.
pub(super) fn check(process: &Process) -> Result<(), ConfigError> {
    let wants = |label: &Option<String>| label.as_ref().is_some_and(|label| !label.is_empty());
    if wants(process.selinux_label()) && !has_selinux() {
        return Err(refused("process.selinuxLabel", "this machine has no SELinux"));
    }
    // "unconfined" is what a process is without AppArmor.
    let profile = process.apparmor_profile().as_ref().filter(|profile| profile.as_str() != "unconfined");
    if profile.is_some_and(|profile| !profile.is_empty()) && !has_apparmor() {
        return Err(refused("process.apparmorProfile", "this machine has no AppArmor"));
    }
    Ok(())
}

/// Has the kernel give the labels to the program that is executed next. Called while the host's `/proc` is there: the container's own
/// may be anybody's.
pub(super) fn apply(process: &Process) -> Result<(), Failure> {
    let set = |file: &str, value: String| std::fs::write(file, &value).map_err(Failure::at(Stage::Label, value));
    if let Some(label) = process.selinux_label().as_ref().filter(|label| !label.is_empty()) {
        set("/proc/thread-self/attr/exec", label.clone())?;
    }
    if let Some(profile) = process.apparmor_profile().as_ref().filter(|profile| !profile.is_empty())
        && has_apparmor()
    {
        let own = "/proc/thread-self/attr/apparmor/exec";
        let file = if Path::new(own).exists() { own } else { "/proc/thread-self/attr/exec" };
        set(file, format!("exec {profile}"))?;
    }
    Ok(())
}

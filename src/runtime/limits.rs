//! Resource limits.

use super::message::{Failure, Stage};
use super::mounts;
use oci_spec::runtime::Process;
use rustix::fs::OFlags;
use rustix::process::{Resource, Rlimit};
use std::path::Path;

/// Sets the limits of the calling process.
pub(super) fn apply(process: &Process) -> Result<(), Failure> {
    // As many files and processes as the user may have (containers.conf "default_ulimits" of a rootless user).
    for resource in [Resource::Nofile, Resource::Nproc] {
        let now = rustix::process::getrlimit(resource);
        let _ = rustix::process::setrlimit(resource, Rlimit { current: now.maximum, maximum: now.maximum });
    }
    set(process, |resource| ![Resource::Nofile, Resource::Nproc].contains(&resource))
}

/// Sets the bound on processes, where the spec names one. To be called when no more are to be made before the program.
pub(super) fn bound_processes(process: &Process) -> Result<(), Failure> {
    set(process, |resource| resource == Resource::Nproc)
}

/// Sets the bound on descriptors, where the spec names one. To be called last: what is to be done before needs some.
pub(super) fn bound_descriptors(process: &Process) -> Result<(), Failure> {
    set(process, |resource| resource == Resource::Nofile)
}

/// Sets those limits of the spec that `which` names.
pub(super) fn set(process: &Process, which: impl Fn(Resource) -> bool) -> Result<(), Failure> {
    for limit in process.rlimits().iter().flatten() {
        let Some(resource) = resource(&limit.typ().to_string()).filter(|resource| which(*resource)) else { continue };
        let value = |number: u64| (number != u64::MAX).then_some(number);
        let wanted = Rlimit { current: value(limit.soft()), maximum: value(limit.hard()) };
        rustix::process::setrlimit(resource, wanted)
            .map_err(|errno| Failure::at(Stage::Limit, limit.typ().to_string())(errno.into()))?;
    }
    Ok(())
}

fn resource(name: &str) -> Option<Resource> {
    Some(match name {
        "RLIMIT_AS" => Resource::As,
        "RLIMIT_CORE" => Resource::Core,
        "RLIMIT_CPU" => Resource::Cpu,
        "RLIMIT_DATA" => Resource::Data,
        "RLIMIT_FSIZE" => Resource::Fsize,
        "RLIMIT_LOCKS" => Resource::Locks,
        "RLIMIT_MEMLOCK" => Resource::Memlock,
        "RLIMIT_MSGQUEUE" => Resource::Msgqueue,
        "RLIMIT_NICE" => Resource::Nice,
        "RLIMIT_NOFILE" => Resource::Nofile,
        "RLIMIT_NPROC" => Resource::Nproc,
        "RLIMIT_RSS" => Resource::Rss,
        "RLIMIT_RTPRIO" => Resource::Rtprio,
        "RLIMIT_RTTIME" => Resource::Rttime,
        "RLIMIT_SIGPENDING" => Resource::Sigpending,
        "RLIMIT_STACK" => Resource::Stack,
        _ => return None,
    })
}

/// Returns the caller's own soft and hard limit of a name like `nofile`; `u64::MAX` is none. Nothing for a name that is no limit.
#[must_use]
pub fn own(name: &str) -> Option<(u64, u64)> {
    let now = rustix::process::getrlimit(resource(&format!("RLIMIT_{}", name.to_ascii_uppercase()))?);
    Some((now.current.unwrap_or(u64::MAX), now.maximum.unwrap_or(u64::MAX)))
}

/// Sets the calling process's place among the victims of a full memory, where the spec names one. To be called while the process is
/// dumpable: the file belongs to nobody else then.
pub(super) fn set_oom_score(process: &Process) -> Result<(), Failure> {
    let Some(score) = process.oom_score_adj() else { return Ok(()) };
    let at = || Failure::at(Stage::Limit, format!("oom_score_adj={score}"));
    let root = mounts::own_root().map_err(at())?;
    let path = format!("proc/{}/oom_score_adj", rustix::process::getpid().as_raw_nonzero());
    let file = mounts::open_kernel_file(&root, Path::new(&path), OFlags::WRONLY).map_err(at())?;
    rustix::io::retry_on_intr(|| rustix::io::write(&file, score.to_string().as_bytes()))
        .map(drop)
        .map_err(|errno| at()(errno.into()))
}

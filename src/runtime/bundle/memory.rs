//! From which nodes of the machine a container's memory comes (config-linux.md "Memory policy").

use super::affinity;
use crate::runtime::message::{Failure, Stage};
use crate::sys::schedule::set_memory_policy;
use oci_spec::runtime::{LinuxMemoryPolicy, MemoryPolicyFlagType as Flag, MemoryPolicyModeType as Mode};

// linux/mempolicy.h
const MODES: [(Mode, u32); 7] = [
    (Mode::MpolDefault, 0),
    (Mode::MpolPreferred, 1),
    (Mode::MpolBind, 2),
    (Mode::MpolInterleave, 3),
    (Mode::MpolLocal, 4),
    (Mode::MpolPreferredMany, 5),
    (Mode::MpolWeightedInterleave, 6),
];
const FLAGS: [(Flag, u32); 3] =
    [(Flag::MpolFNumaBalancing, 1 << 13), (Flag::MpolFRelativeNodes, 1 << 14), (Flag::MpolFStaticNodes, 1 << 15)];

/// The names of the modes, and of the flags, that a configuration may have.
#[must_use]
pub fn known_policies() -> (Vec<String>, Vec<String>) {
    (MODES.iter().map(|(mode, _)| mode.to_string()).collect(), FLAGS.iter().map(|(flag, _)| flag.to_string()).collect())
}

/// Tells whether the nodes of a policy are a list.
pub(super) fn check(policy: &LinuxMemoryPolicy) -> Result<(), String> {
    nodes(policy).map(drop)
}

fn nodes(policy: &LinuxMemoryPolicy) -> Result<Vec<usize>, String> {
    affinity::numbers(policy.nodes().as_deref().unwrap_or_default())
}

/// Gives the caller the policy, and whatever it becomes.
pub(super) fn apply(policy: Option<&LinuxMemoryPolicy>) -> Result<(), Failure> {
    let Some(policy) = policy else { return Ok(()) };
    let mode = MODES.iter().find(|(mode, _)| *mode == policy.mode()).map_or(0, |(_, number)| *number);
    let wanted = policy.flags().iter().flatten();
    let flags = wanted.filter_map(|wanted| FLAGS.iter().find(|(flag, _)| flag == wanted)).fold(0, |all, (_, bit)| all | bit);
    let nodes = nodes(policy).map_err(|why| Failure::text(Stage::Schedule, format!("linux.memoryPolicy.nodes: {why}")))?;
    set_memory_policy(mode | flags, &nodes).map_err(Failure::at(Stage::Schedule, "linux.memoryPolicy"))
}

//! `stats`: what containers use.

use crate::cgroup::usage;
use crate::engine::{Engine, EngineError};
use crate::model::{ContainerConfig, ContainerId, NetworkMode, RunRecord};
use crate::sys::load::{self, Load};
use crate::sys::stamp;
use std::collections::HashMap;
use std::path::Path;

/// What a container has used, at one moment. All zero where it does not run.
#[derive(Clone, Debug, PartialEq)]
pub struct ContainerStats {
    pub id: ContainerId,
    pub name: String,
    /// Nanoseconds of processor time since its start.
    pub cpu: u64,
    /// The part of `cpu` that was spent in the kernel.
    pub cpu_system: u64,
    /// The share of one processor's time since the last look, at the first since its start: 100 is one whole processor.
    pub cpu_percent: f64,
    /// The same since its start.
    pub cpu_average: f64,
    /// Bytes.
    pub memory: u64,
    /// Bytes; the machine's memory where the container's is not bounded.
    pub memory_limit: u64,
    /// Bytes received and sent; zero where it shares the host's network.
    pub network: (u64, u64),
    /// Bytes read from disks and written to them.
    pub disks: (u64, u64),
    pub tasks: u64,
    /// When it was looked at: nanoseconds since the epoch.
    pub at: i64,
}

/// Remembers the last look at each container.
#[derive(Debug, Default)]
pub struct StatsHistory(HashMap<ContainerId, Last>);

#[derive(Clone, Copy, Debug)]
struct Last {
    cpu: u64,
    at: i64,
}

impl Engine {
    /// Looks at what a container uses: in its cgroup, and in `/proc` for what that does not count.
    ///
    /// # Errors
    /// It has been removed.
    pub fn stats(&self, config: &ContainerConfig, history: &mut StatsHistory) -> Result<ContainerStats, EngineError> {
        if self.is_leftover(config) {
            return Err(EngineError::NoSuchContainer { name: config.name.clone() });
        }
        let state = self.status(config);
        let mut stats = ContainerStats {
            id: config.id.clone(),
            name: config.name.clone(),
            cpu: 0,
            cpu_system: 0,
            cpu_percent: 0.0,
            cpu_average: 0.0,
            memory: 0,
            memory_limit: 0,
            network: (0, 0),
            disks: (0, 0),
            tasks: 0,
            at: stamp::now(),
        };
        if let Some(run) = state.run.filter(|_| state.status.is_alive()) {
            measure(&mut stats, config, &run);
            let last = history.0.insert(config.id.clone(), Last { cpu: stats.cpu, at: stats.at });
            stats.cpu_average = percent(stats.cpu, 0, stats.at - run.started_at);
            // Less than before: it was started anew.
            stats.cpu_percent = match last.filter(|last| last.cpu <= stats.cpu && last.at >= run.started_at) {
                Some(last) => percent(stats.cpu, last.cpu, stats.at - last.at),
                None => stats.cpu_average,
            };
        }
        Ok(stats)
    }
}

fn measure(stats: &mut ContainerStats, config: &ContainerConfig, run: &RunRecord) {
    let cgroup = run.cgroup.as_deref().map(Path::new);
    let counted = cgroup.map(usage::usage).unwrap_or_default();
    let mut processes = None;
    // Walking through the processes takes long, so only for what is not counted.
    let mut load = || {
        *processes.get_or_insert_with(|| {
            let pids = cgroup.map(usage::processes).filter(|pids| !pids.is_empty());
            Load::of(&pids.unwrap_or_else(|| load::namespace_of(run.init.pid)))
        })
    };
    stats.cpu = counted.cpu.unwrap_or_else(|| load().cpu);
    stats.cpu_system = counted.cpu_system.unwrap_or_else(|| load().cpu_system);
    stats.memory = counted.memory.unwrap_or_else(|| load().memory);
    stats.tasks = counted.tasks.unwrap_or_else(|| load().tasks);
    stats.disks = counted.traffic.unwrap_or_else(|| (load().read, load().written));
    let machine = load::machine_memory();
    stats.memory_limit = counted.memory_limit.unwrap_or(machine).min(machine);
    if config.network != NetworkMode::Host {
        stats.network = load::network(run.init.pid);
    }
}

#[expect(clippy::cast_precision_loss, reason = "a percentage is shown with two digits")]
fn percent(cpu: u64, before: u64, span: i64) -> f64 {
    if span <= 0 { 0.0 } else { cpu.saturating_sub(before) as f64 / span as f64 * 100.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_processor_is_a_hundred_percent() {
        for (cpu, before, span, wanted) in [(50, 0, 100, 50.0), (300, 100, 100, 200.0), (5, 9, 10, 0.0), (5, 0, 0, 0.0)] {
            assert!((percent(cpu, before, span) - wanted).abs() < f64::EPSILON, "{cpu} {before} {span}");
        }
    }
}

//! What an outcome means: no input or output here.

use super::action;
use crate::model::{Health, HealthRecord, HealthStatus};
use crate::monitor::supervise::{Action, Verdict};

/// The phases of a container, as indexes of the monitor's intervals.
pub(in crate::engine::container) const REGULAR: usize = 0;
/// In the start period, not healthy yet.
pub(in crate::engine::container) const STARTING: usize = 1;
/// The startup check has not succeeded yet.
pub(in crate::engine::container) const STARTUP: usize = 2;

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Judgement {
    pub verdict: Verdict,
    /// The failure counts, and there are enough of them.
    pub becomes_unhealthy: bool,
}

/// Tells whether the startup check is still to succeed.
pub(super) fn in_startup(health: &Health, record: &HealthRecord) -> bool {
    health.startup.as_ref().is_some_and(|check| record.startup_successes < check.successes.max(1))
}

/// The phase that a container begins with.
pub(in crate::engine::container) fn first_phase(health: &Health) -> usize {
    match (&health.startup, health.start_period_ms) {
        (Some(_), _) => STARTUP,
        (None, 0) => REGULAR,
        (None, _) => STARTING,
    }
}

/// Counts an outcome. Times are nanoseconds since the epoch.
pub(super) fn judge(health: &Health, record: &mut HealthRecord, passed: bool, now: i64) -> Judgement {
    let mut verdict = Verdict { phase: REGULAR, healthy: false, action: Action::None };
    if let Some(startup) = health.startup.as_ref().filter(|_| in_startup(health, record)) {
        if passed {
            record.startup_successes += 1;
            record.startup_failures = 0;
        } else {
            (record.startup_successes, record.startup_failures) = (0, record.startup_failures.saturating_add(1));
            if startup.retries > 0 && record.startup_failures >= startup.retries {
                record.startup_failures = 0;
                verdict.action = Action::Restart;
            }
        }
        verdict.phase = if in_startup(health, record) { STARTUP } else { REGULAR };
        return Judgement { verdict, becomes_unhealthy: false };
    }
    let period = i64::try_from(health.start_period_ms).unwrap_or(i64::MAX).saturating_mul(1_000_000);
    let in_period = now < record.started_at.saturating_add(period);
    let mut becomes_unhealthy = false;
    if passed {
        (record.status, record.failing_streak) = (HealthStatus::Healthy, 0);
        verdict.healthy = true;
    } else if !in_period || record.status != HealthStatus::Starting {
        record.failing_streak = record.failing_streak.saturating_add(1);
        if record.failing_streak >= health.retries.max(1) {
            record.status = HealthStatus::Unhealthy;
            verdict.action = action(health.on_failure);
            becomes_unhealthy = true;
        }
    }
    if in_period && record.status == HealthStatus::Starting {
        verdict.phase = STARTING;
    }
    Judgement { verdict, becomes_unhealthy }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{HealthLog, OnFailure, Probe, Startup};

    const SECOND: i64 = 1_000_000_000;

    fn health() -> Health {
        let probe = Probe { test: vec!["CMD".into(), "true".into()], timeout_ms: 1000 };
        Health {
            probe,
            interval_ms: 1000,
            retries: 2,
            start_period_ms: 0,
            start_interval_ms: 100,
            on_failure: OnFailure::Kill,
            startup: None,
            log: HealthLog::default(),
        }
    }

    /// Feeds outcomes, one each second; returns state, streak and action after each.
    fn story(health: &Health, outcomes: &[bool]) -> Vec<(HealthStatus, u32, usize, Action)> {
        let mut record = HealthRecord::default();
        let steps = outcomes.iter().enumerate().map(|(at, passed)| {
            let now = SECOND * (i64::try_from(at).expect("few") + 1);
            let judgement = judge(health, &mut record, *passed, now);
            (record.status, record.failing_streak, judgement.verdict.phase, judgement.verdict.action)
        });
        steps.collect()
    }

    #[test]
    fn failures_in_a_row_make_unhealthy_and_one_success_healthy() {
        use HealthStatus::{Healthy, Starting, Unhealthy};
        let (none, kill) = (Action::None, Action::Kill);
        let found = story(&health(), &[false, true, false, false, false, true]);
        let expected = [
            (Starting, 1, REGULAR, none),
            (Healthy, 0, REGULAR, none),
            (Healthy, 1, REGULAR, none),
            (Unhealthy, 2, REGULAR, kill),
            (Unhealthy, 3, REGULAR, kill),
            (Healthy, 0, REGULAR, none),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn in_the_start_period_failures_do_not_count_until_one_has_passed() {
        use HealthStatus::{Healthy, Starting, Unhealthy};
        let check = Health { start_period_ms: 3500, ..health() };
        let states = |outcomes: &[bool]| story(&check, outcomes).into_iter().map(|step| (step.0, step.2)).collect::<Vec<_>>();
        let late = states(&[false, false, false, false, false]);
        assert_eq!(late[2], (Starting, STARTING));
        assert_eq!(late[3..], [(Starting, REGULAR), (Unhealthy, REGULAR)]);
        assert_eq!(states(&[true, false, false]), [(Healthy, REGULAR), (Healthy, REGULAR), (Unhealthy, REGULAR)]);
    }

    #[test]
    fn the_startup_check_comes_first_and_starts_the_container_anew() {
        let startup = Startup { probe: health().probe, interval_ms: 10, retries: 2, successes: 2 };
        let check = Health { startup: Some(startup), ..health() };
        assert_eq!(first_phase(&check), STARTUP);
        let phases = story(&check, &[true, false, true, true, true]).into_iter().map(|step| (step.2, step.0)).collect::<Vec<_>>();
        let starting = HealthStatus::Starting;
        let expected = [(STARTUP, starting), (STARTUP, starting), (STARTUP, starting), (REGULAR, starting)];
        assert_eq!(phases[..4], expected);
        assert_eq!(phases[4], (REGULAR, HealthStatus::Healthy));
        let actions: Vec<_> = story(&check, &[false, false]).into_iter().map(|step| step.3).collect();
        assert_eq!(actions, [Action::None, Action::Restart]);
    }
}

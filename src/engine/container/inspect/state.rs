//! `State`.

use super::{NEVER, time};
use crate::engine::container::status::State;
use crate::model::{HealthRecord, Status};
use serde_json::{Value, json};

pub(super) fn state_of(state: &State, health: Option<&HealthRecord>) -> Value {
    let started = match (&state.run, &state.exit) {
        (Some(run), _) => time(run.started_at),
        (None, Some(exit)) => time(exit.started_at),
        (None, None) => NEVER.to_owned(),
    };
    let exit = state.exit.as_ref();
    json!({
        "OciVersion": "1.2.0",
        "Status": state.status,
        "Running": state.status == Status::Running,
        "Paused": state.status == Status::Paused,
        "Restarting": state.restarting().is_some(),
        "OOMKilled": exit.is_some_and(|exit| exit.oom_killed),
        "Dead": false,
        "Pid": state.run.as_ref().map_or(0, |run| run.init.pid),
        // Podman's name for the process that watches a container; ours is coracle-monitor.
        "ConmonPid": state.run.as_ref().map_or(0, |run| run.monitor.pid),
        "ExitCode": exit.map_or(0, |exit| exit.code),
        "Error": "",
        "StartedAt": started,
        "FinishedAt": exit.map_or_else(|| NEVER.to_owned(), |exit| time(exit.finished_at)),
        "Health": health_of(health),
        "Healthcheck": health_of(health),
        // As /proc/PID/cgroup writes it.
        "CgroupPath": state.run.as_ref().and_then(|run| run.cgroup.as_deref()).map(below_mount).unwrap_or_default(),
        "CheckpointedAt": NEVER,
        "RestoredAt": NEVER,
    })
}

/// The path of a cgroup without the mount point, of which hybrid machines have the longer one.
fn below_mount(path: &str) -> &str {
    let below = path.strip_prefix("/sys/fs/cgroup").unwrap_or(path);
    below.strip_prefix("/unified").unwrap_or(below)
}

fn health_of(health: Option<&HealthRecord>) -> Value {
    match health {
        Some(health) => json!({
            "Status": health.status.as_str(),
            "FailingStreak": health.failing_streak,
            "Log": if health.log.is_empty() { Value::Null } else { json!(health.log) },
        }),
        None => json!({ "Status": "", "FailingStreak": 0, "Log": null }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ExitRecord;

    #[test]
    fn times_are_rfc_3339_and_zero_is_never() {
        assert_eq!(time(1_795_233_260_156_059_417), "2026-11-21T03:54:20.156059417Z");
        assert_eq!(time(0), NEVER);
    }

    #[test]
    fn the_state_tells_how_it_ended() {
        let exit = ExitRecord {
            code: 137,
            started_at: 1_000_000_000,
            finished_at: 2_000_000_000,
            oom_killed: true,
            restarts: 0,
            restarting: None,
        };
        let state = state_of(&State { status: Status::Exited, run: None, exit: Some(exit) }, None);
        assert_eq!(state["Status"], "exited");
        assert_eq!((&state["Running"], &state["OOMKilled"]), (&json!(false), &json!(true)));
        assert_eq!((&state["ExitCode"], &state["Pid"]), (&json!(137), &json!(0)));
        assert_eq!(state["FinishedAt"], "1970-01-01T00:00:02Z");
        let created = state_of(&State { status: Status::Created, run: None, exit: None }, None);
        assert_eq!((&created["StartedAt"], &created["ExitCode"]), (&json!(NEVER), &json!(0)));
    }
}

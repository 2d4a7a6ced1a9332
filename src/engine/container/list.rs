//! `ps`: which containers, and what is known about each.

pub use super::filter::Filter;
use super::filter::Subject;
pub use super::size::Size;
use super::status::State;
use crate::engine::{Engine, EngineError};
use crate::model::{ContainerConfig, HealthStatus, Status};

/// Which containers are wanted.
#[derive(Clone, Debug, Default)]
pub struct ListRequest {
    /// Also those that do not run.
    pub all: bool,
    /// The newest so many, running or not.
    pub last: Option<usize>,
    /// Add up their files.
    pub size: bool,
    pub filters: Vec<Filter>,
}

/// One container.
#[derive(Clone, Debug)]
pub struct Listed {
    pub config: ContainerConfig,
    pub state: State,
    /// Of a container that has a check.
    pub health: Option<HealthStatus>,
    /// Only where the request wants it.
    pub size: Option<Size>,
}

impl Engine {
    /// Lists containers, oldest first.
    ///
    /// # Errors
    /// A filter names a container that is not there, or the store fails.
    pub fn list(&self, request: &ListRequest) -> Result<Vec<Listed>, EngineError> {
        let filters = self.resolve_filters(&request.filters)?;
        let all = request.all || request.last.is_some() || filters.name_a_status();
        let mut found = Vec::new();
        for (config, state) in self.containers()? {
            // As in Podman, a paused container does not run.
            let shown = all || state.status == Status::Running || state.restarting().is_some();
            let health = self.health(&config, &state).map(|record| record.status);
            if shown && filters.accept(&Subject { config: &config, state: &state, health }) {
                found.push((config, state, health));
            }
        }
        // Newest first up to here, so the last so many are the first.
        found.truncate(request.last.unwrap_or(usize::MAX));
        found.reverse();
        let report = |(config, state, health): (ContainerConfig, State, Option<HealthStatus>)| {
            let size = if request.size { Some(self.container_size(&config)?) } else { None };
            Ok(Listed { config, state, health, size })
        };
        found.into_iter().map(report).collect()
    }
}

//! `update`: other limits for a container.

use super::record::Status;
use super::{OciError, Runtime};
use crate::cgroup;
use oci_spec::runtime::LinuxResources;
use serde_json::{Value, json};

/// Limits by the options of `update`.
#[derive(Debug, Default)]
pub struct Wanted {
    /// The specification's resources as JSON; the options win.
    pub resources: Option<String>,
    /// Fields of the resources by their path (`/memory/limit`).
    pub fields: Vec<(&'static str, Value)>,
}

impl Wanted {
    fn resources(self) -> Result<LinuxResources, OciError> {
        let what = || "--resources".to_owned();
        let mut value: Value = match &self.resources {
            Some(text) => serde_json::from_str(text).map_err(|source| OciError::Json { what: what(), source })?,
            None => json!({}),
        };
        for (path, number) in self.fields {
            let mut place = &mut value;
            for part in path.split('/').skip(1) {
                if !place.is_object() {
                    *place = json!({});
                }
                place = &mut place[part];
            }
            *place = number;
        }
        serde_json::from_value(value).map_err(|source| OciError::Json { what: what(), source })
    }
}

impl Runtime {
    /// Changes the limits that are named.
    ///
    /// # Errors
    /// The container has no cgroup, or a limit cannot be set.
    pub fn update(&self, id: &str, wanted: Wanted) -> Result<(), OciError> {
        let container = self.container(id)?;
        let resources = wanted.resources()?;
        let status = container.status();
        if status == Status::Stopped {
            return Err(container.wrong("update", status));
        }
        let folder = container.record.cgroup.as_ref().ok_or_else(|| OciError::NoCgroup { id: id.to_owned(), what: "a limit" })?;
        Ok(cgroup::bundle::update(folder, &resources)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_win_over_the_file() {
        let text = r#"{"memory":{"limit":5,"reservation":6},"pids":{"limit":1}}"#.to_owned();
        let fields = vec![("/memory/limit", json!(7)), ("/cpu/cpus", json!("0"))];
        let resources = Wanted { resources: Some(text), fields }.resources().unwrap();
        let memory = resources.memory().unwrap();
        assert_eq!((memory.limit(), memory.reservation()), (Some(7), Some(6)));
        assert_eq!(resources.cpu().as_ref().unwrap().cpus().as_deref(), Some("0"));
        assert!(Wanted { resources: Some("x".to_owned()), ..Wanted::default() }.resources().is_err());
    }
}

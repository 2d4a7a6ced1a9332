//! `container clone`: a new container with the configuration of another.

use super::ContainerError;
use super::create::fill_random;
use crate::engine::{Engine, EngineError};
use crate::events::Status;
use crate::model::id::is_valid_name;
use crate::model::{ContainerConfig, ContainerId, ImageId};
use crate::state::StateError;
use crate::sys::stamp::now;

/// How many numbers are tried after `-clone`.
const MAX_NUMBER: u32 = 10_000;

/// What the clone has of its own.
#[derive(Clone, Debug, Default)]
pub struct CloneRequest {
    /// Nothing: the original's name with `-clone` after it, and a number where that is taken.
    pub name: Option<String>,
    /// Another image, and the name that the user gave for it.
    pub image: Option<(ImageId, String)>,
}

impl Engine {
    /// Makes a container with the configuration of another, and nothing of what that has written. Nothing of it runs.
    ///
    /// # Errors
    /// The name is no name or in use, or the store fails.
    pub fn clone_container(
        &mut self,
        original: &ContainerConfig,
        request: &CloneRequest,
    ) -> Result<ContainerConfig, EngineError> {
        if let Some(name) = request.name.as_ref().filter(|name| !is_valid_name(name)) {
            let why = "names are made of letters, digits, _ . and -, and begin with a letter or digit";
            return Err(ContainerError::Invalid { what: "the name", value: name.clone(), why }.into());
        }
        for number in 0..=MAX_NUMBER {
            let name = match (&request.name, number) {
                (Some(name), _) => name.clone(),
                (None, 0) => format!("{}-clone", original.name),
                (None, number) => format!("{}-clone{number}", original.name),
            };
            let config = likeness(original, request, name);
            loop {
                match self.record(&config) {
                    Err(EngineError::State(StateError::NameInUse { .. })) if self.forget_leftover(&config.name)? => {}
                    Err(EngineError::State(StateError::NameInUse { .. })) if request.name.is_none() && number < MAX_NUMBER => {
                        break;
                    }
                    done => {
                        done?;
                        self.tell(&config, Status::Create);
                        return Ok(config);
                    }
                }
            }
        }
        unreachable!("the last round returns")
    }
}

/// The original's configuration with another id and name, and what is made from those.
fn likeness(original: &ContainerConfig, request: &CloneRequest, name: String) -> ContainerConfig {
    let mut random = [0; 32];
    fill_random(&mut random);
    let mut config = ContainerConfig { id: ContainerId::from_bytes(&random), name, created_at: now(), ..original.clone() };
    if let Some((image, name)) = &request.image {
        config.image = image.clone();
        config.image_name.clone_from(name);
    }
    if original.hostname == original.id.short() {
        config.hostname = config.id.short().to_owned();
        for entry in &mut config.env {
            if *entry == format!("HOSTNAME={}", original.hostname) {
                *entry = format!("HOSTNAME={}", config.hostname);
            }
        }
    }
    config
}

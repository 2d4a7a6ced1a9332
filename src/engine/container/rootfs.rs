//! `--rootfs`: a container whose root is a folder of the host.

use super::create::CreateRequest;
use crate::engine::{Engine, EngineError};
use crate::image::Platform;
use crate::image::config::{ImageConfig, RootFs};
use crate::model::{ContainerConfig, Digest, ImageId, ImageRecord};

impl Engine {
    /// Makes a container from `request.filesystem.rootfs`. There is no image: its id is zeros, and it says nothing.
    ///
    /// # Errors
    /// As [`Engine::create`].
    pub fn create_from_folder(&mut self, request: CreateRequest) -> Result<ContainerConfig, EngineError> {
        let config = ImageConfig { platform: Platform::host(), rootfs: RootFs::default(), ..ImageConfig::default() };
        let nothing = Digest::from_sha256(&[0; 32]);
        let image = ImageRecord {
            id: ImageId::new(nothing.clone()),
            manifest: nothing,
            names: Vec::new(),
            created: 0,
            size: 0,
            layers: Vec::new(),
            config: serde_json::to_string(&config).unwrap_or_default(),
        };
        self.create(CreateRequest { image_name: String::new(), ..request }, &image)
    }
}

//! What the user says of an image in a list.

use crate::image::list::Entry;
use std::collections::BTreeMap;

/// What replaces the image's own; what is nothing or empty stays.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    pub architecture: Option<String>,
    pub os: Option<String>,
    pub variant: Option<String>,
    pub os_version: Option<String>,
    pub os_features: Vec<String>,
    pub features: Vec<String>,
    pub annotations: BTreeMap<String, String>,
}

impl Changes {
    pub(super) fn apply(&self, entry: &mut Entry) {
        let platform = &mut entry.platform;
        let set = |target: &mut String, value: &Option<String>| {
            if let Some(value) = value {
                value.clone_into(target);
            }
        };
        set(&mut platform.architecture, &self.architecture);
        set(&mut platform.os, &self.os);
        set(&mut platform.os_version, &self.os_version);
        if let Some(variant) = &self.variant {
            platform.variant = Some(variant.clone()).filter(|variant| !variant.is_empty());
        }
        if !self.os_features.is_empty() {
            platform.os_features.clone_from(&self.os_features);
        }
        if !self.features.is_empty() {
            platform.features.clone_from(&self.features);
        }
        entry.annotations.extend(self.annotations.clone());
    }
}

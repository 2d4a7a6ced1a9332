//! Image configs (image-spec config.md; Docker's has the same fields and a few more).

use super::error::ImageError;
use super::manifest::{MAX_DOCUMENT, json};
use super::platform::Platform;
use crate::model::DiffId;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What an image config says.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ImageConfig {
    /// RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    #[serde(flatten)]
    pub platform: Platform,
    #[serde(default, deserialize_with = "null_is_default")]
    pub config: Runtime,
    pub rootfs: RootFs,
    #[serde(default, deserialize_with = "null_is_default", skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<History>,
}

/// What a container made from the image starts with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Runtime {
    #[serde(deserialize_with = "null_is_default", skip_serializing_if = "String::is_empty")]
    pub user: String,
    /// Keys like `80/tcp`.
    #[serde(deserialize_with = "keys", serialize_with = "as_keys", skip_serializing_if = "Vec::is_empty")]
    pub exposed_ports: Vec<String>,
    /// `NAME=value`; what has no `=` is dropped, so that it can never stand for a variable of the host.
    #[serde(deserialize_with = "variables", skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    /// Nothing and an empty list are the same: no entrypoint.
    #[serde(deserialize_with = "null_is_default", skip_serializing_if = "Vec::is_empty")]
    pub entrypoint: Vec<String>,
    #[serde(deserialize_with = "null_is_default", skip_serializing_if = "Vec::is_empty")]
    pub cmd: Vec<String>,
    #[serde(deserialize_with = "keys", serialize_with = "as_keys", skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<String>,
    #[serde(deserialize_with = "null_is_default", skip_serializing_if = "String::is_empty")]
    pub working_dir: String,
    #[serde(deserialize_with = "null_is_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    #[serde(deserialize_with = "null_is_default", skip_serializing_if = "String::is_empty")]
    pub stop_signal: String,
    /// Instructions for who builds from the image.
    #[serde(deserialize_with = "null_is_default", skip_serializing_if = "Vec::is_empty")]
    pub on_build: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub healthcheck: Option<Healthcheck>,
}

/// Docker's extension of the format; times are in nanoseconds, and zero means that nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Healthcheck {
    /// `NONE`, `CMD` and words, or `CMD-SHELL` and a text.
    #[serde(deserialize_with = "null_is_default", skip_serializing_if = "Vec::is_empty")]
    pub test: Vec<String>,
    #[serde(skip_serializing_if = "is_zero")]
    pub interval: i64,
    #[serde(skip_serializing_if = "is_zero")]
    pub timeout: i64,
    #[serde(skip_serializing_if = "is_zero")]
    pub start_period: i64,
    #[serde(skip_serializing_if = "is_zero")]
    pub start_interval: i64,
    #[serde(skip_serializing_if = "is_zero")]
    pub retries: i64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it")]
fn is_zero(number: &i64) -> bool {
    *number == 0
}

/// The layers, bottom first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RootFs {
    #[serde(rename = "type", default)]
    pub kind: String,
    #[serde(default, deserialize_with = "null_is_default")]
    pub diff_ids: Vec<DiffId>,
}

/// How one layer, or one change of the config, came to be.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct History {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub empty_layer: bool,
}

impl ImageConfig {
    /// Parses an image config, and refuses what cannot be a Linux image.
    ///
    /// # Errors
    /// The document is too long, no image config, or for another operating system.
    pub fn parse(bytes: &[u8]) -> Result<Self, ImageError> {
        let found = bytes.len() as u64;
        if found > MAX_DOCUMENT {
            return Err(ImageError::TooBig { what: "the image config", found, limit: MAX_DOCUMENT });
        }
        // The system first: what else is in the config of another one is not ours to judge.
        let platform: Platform = json("the image config", bytes)?;
        match platform.os.as_str() {
            // Very old images do not say.
            "linux" | "" => json("the image config", bytes),
            os => Err(ImageError::NotAnImage {
                what: format!("it is for {:?}, only Linux images run here", os.chars().take(40).collect::<String>()),
            }),
        }
    }

    /// When the image was made, in nanoseconds since the epoch; 0 where it does not say.
    #[must_use]
    pub fn created_ns(&self) -> i64 {
        let time = self.created.as_deref().and_then(|text| text.parse::<jiff::Timestamp>().ok());
        time.and_then(|time| i64::try_from(time.as_nanosecond()).ok()).unwrap_or(0)
    }
}

/// Docker writes `null` where it means nothing.
fn null_is_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Go's sets: an object whose values mean nothing.
fn keys<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let map = Option::<serde_json::Map<String, Value>>::deserialize(deserializer)?;
    Ok(map.map(|map| map.into_iter().map(|(key, _)| key).collect()).unwrap_or_default())
}

fn as_keys<S: serde::Serializer>(keys: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(keys.iter().map(|key| (key, serde_json::Map::new())))
}

fn variables<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let mut list = Option::<Vec<String>>::deserialize(deserializer)?.unwrap_or_default();
    list.retain(|variable| variable.find('=').is_some_and(|at| at > 0) && !variable.contains('\0'));
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nulls_and_odd_variables_do_no_harm() {
        let text = r#"{"architecture":"amd64","os":"linux","created":"1970-01-01T00:00:01.5Z","config":{"Env":["A=b","SECRET","P_*","*","=x",""],
            "Cmd":null,"Entrypoint":["a"],"ExposedPorts":{"80/tcp":{}},"Volumes":null,"Labels":null,"User":null},
            "rootfs":{"type":"layers","diff_ids":null},"history":null}"#;
        let config = ImageConfig::parse(text.as_bytes()).unwrap();
        assert_eq!(config.config.env, ["A=b"]);
        assert_eq!(config.config.exposed_ports, ["80/tcp"]);
        assert_eq!(config.created_ns(), 1_500_000_000);
        assert!(ImageConfig::parse(br#"{"config":null,"rootfs":{}}"#).is_ok());
        for bad in [&b"{}"[..], b"null", br#"{"os":"windows","rootfs":{}}"#, br#"{"rootfs":{"diff_ids":["sha256:.."]}}"#] {
            assert!(ImageConfig::parse(bad).is_err(), "{bad:?}");
        }
    }
}

//! Operating system, architecture and variant.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A platform, as indexes and image configs name it (Go's GOOS and GOARCH).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Platform {
    #[serde(default)]
    pub os: String,
    #[serde(default)]
    pub architecture: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

/// A text that is no platform.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not a platform (OS/ARCH or OS/ARCH/VARIANT, for example linux/arm64)")]
pub struct BadPlatform(String);

impl Platform {
    /// The platform that this program was built for.
    #[must_use]
    pub fn host() -> Self {
        let (architecture, variant) = match std::env::consts::ARCH {
            "x86_64" => ("amd64", None),
            "x86" => ("386", None),
            "aarch64" => ("arm64", Some("v8")),
            "arm" => ("arm", Some("v7")),
            "powerpc64" => ("ppc64le", None),
            "loongarch64" => ("loong64", None),
            other => (other, None),
        };
        Self { os: "linux".to_owned(), architecture: architecture.to_owned(), variant: variant.map(str::to_owned) }
    }

    /// Parses `OS/ARCH[/VARIANT]`, or an architecture alone.
    ///
    /// # Errors
    /// A part is empty, or there are more than three.
    pub fn parse(text: &str) -> Result<Self, BadPlatform> {
        let parts: Vec<_> = text.split('/').collect();
        let (os, architecture, variant) = match parts[..] {
            [architecture] => ("linux", architecture, None),
            [os, architecture] => (os, architecture, None),
            [os, architecture, variant] => (os, architecture, Some(variant)),
            _ => return Err(BadPlatform(text.to_owned())),
        };
        if parts.iter().any(|part| part.is_empty()) {
            return Err(BadPlatform(text.to_owned()));
        }
        let (architecture, implied) = match architecture {
            "x86_64" | "x86-64" => ("amd64", None),
            "aarch64" => ("arm64", None),
            "armhf" => ("arm", Some("v7")),
            "armel" => ("arm", Some("v6")),
            "i386" | "i686" => ("386", None),
            other => (other, None),
        };
        let variant = variant.or(implied).map(str::to_owned);
        Ok(Self { os: os.to_owned(), architecture: architecture.to_owned(), variant })
    }

    /// How well an offered platform serves this one: nothing if it does not run, else the smaller the better.
    ///
    /// A variant runs what was built for it or for a lower one; no variant means the lowest that is usual.
    #[must_use]
    pub fn distance(&self, offered: &Self) -> Option<u32> {
        if self.os != offered.os || self.architecture != offered.architecture {
            return None;
        }
        let level = |variant: &Option<String>| -> Option<u32> {
            match variant.as_deref() {
                None | Some("") => match self.architecture.as_str() {
                    "arm64" => Some(8),
                    "arm" => Some(7),
                    _ => Some(1),
                },
                Some(text) => text.strip_prefix('v')?.split('.').next()?.parse().ok(),
            }
        };
        match (level(&self.variant), level(&offered.variant)) {
            (Some(wanted), Some(offered)) => wanted.checked_sub(offered),
            _ => (self.variant == offered.variant).then_some(0),
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant.as_ref().map_or(Ok(()), |variant| write!(f, "/{variant}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_runs_its_own_variant_and_lower_ones() {
        for (wanted, offered, distance) in [
            ("linux/amd64", "linux/amd64", Some(0)),
            ("linux/amd64", "linux/arm64", None),
            ("linux/amd64", "windows/amd64", None),
            ("linux/amd64", "linux/amd64/v3", None),
            ("linux/amd64/v3", "linux/amd64", Some(2)),
            ("linux/amd64/v3", "linux/amd64/v2", Some(1)),
            ("linux/arm64/v8", "linux/arm64", Some(0)),
            ("linux/arm64", "linux/arm64/v8", Some(0)),
            ("linux/arm/v7", "linux/arm/v6", Some(1)),
            ("linux/arm/v6", "linux/arm/v7", None),
            ("aarch64", "linux/arm64", Some(0)),
        ] {
            let (wanted, offered) = (Platform::parse(wanted).unwrap(), Platform::parse(offered).unwrap());
            assert_eq!(wanted.distance(&offered), distance, "{wanted} {offered}");
        }
        for bad in ["", "/", "linux/", "a/b/c/d"] {
            assert!(Platform::parse(bad).is_err(), "{bad}");
        }
    }
}

//! Names of images, as Docker and Podman read them (distribution reference grammar).

use crate::model::Digest;
use std::fmt;

/// What a name without a registry means, as for Docker.
const DEFAULT_REGISTRY: &str = "docker.io";
/// The registry of images that were made here.
const LOCAL_REGISTRY: &str = "localhost";
/// The longest repository path, registry included.
const MAX_NAME: usize = 255;

/// A text that is no image name.
#[derive(Debug, thiserror::Error)]
#[error("{text:?} is not an image name: {what}")]
pub struct BadReference {
    text: String,
    what: &'static str,
}

/// A full image name: registry and repository, with a tag or a digest or both.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference {
    registry: String,
    repository: String,
    tag: Option<String>,
    digest: Option<Digest>,
}

impl Reference {
    /// Parses a name as it is typed: without a registry it is Docker Hub's, without a repository folder `library/`.
    ///
    /// # Errors
    /// The text is no image name.
    pub fn parse(text: &str) -> Result<Self, BadReference> {
        let text = text.strip_prefix("docker://").unwrap_or(text);
        let (rest, digest) = match text.split_once('@') {
            None => (text, None),
            Some((rest, digest)) => (
                rest,
                Some(Digest::parse(digest).map_err(|_| bad(text, "the digest must be sha256: and 64 hexadecimal digits"))?),
            ),
        };
        let (name, tag) = split_tag(rest);
        if let Some(tag) = tag
            && !is_tag(tag)
        {
            return Err(bad(text, "the tag may hold letters, digits, \"_\", \".\", \"-\", and at most 128 of them"));
        }
        let (registry, path) = split_registry(name);
        let registry = match registry {
            None | Some("index.docker.io") => DEFAULT_REGISTRY,
            Some(registry) => registry,
        };
        if !is_registry(registry) {
            return Err(bad(text, "the registry must be a host name or address, with a port perhaps"));
        }
        if path.is_empty() {
            return Err(bad(text, "the repository is missing"));
        }
        if path.chars().any(|c| c.is_ascii_uppercase()) {
            return Err(bad(text, "the repository must be in lower case"));
        }
        if !path.split('/').all(is_path_component) {
            return Err(bad(text, "the repository may hold lower-case letters, digits, and \"_\", \".\", \"-\" between them"));
        }
        if path.len() == 64 && crate::model::id::is_lower_hex(path) {
            return Err(bad(text, "64 hexadecimal digits are an image id"));
        }
        let library = registry == DEFAULT_REGISTRY && !path.contains('/');
        let repository = if library { format!("library/{path}") } else { path.to_owned() };
        if registry.len() + 1 + repository.len() > MAX_NAME {
            return Err(bad(text, "it is longer than 255 characters"));
        }
        Ok(Self { registry: registry.to_owned(), repository, tag: tag.map(str::to_owned), digest })
    }

    /// Parses a name that is given to something made here: without a registry it is `localhost/`.
    ///
    /// # Errors
    /// The text is no image name.
    pub fn parse_local(text: &str) -> Result<Self, BadReference> {
        if is_short(text) { Self::parse(&format!("{LOCAL_REGISTRY}/{text}")) } else { Self::parse(text) }
    }

    /// Returns the name with `:latest` where it has neither tag nor digest.
    #[must_use]
    pub fn or_latest(mut self) -> Self {
        if self.tag.is_none() && self.digest.is_none() {
            self.tag = Some("latest".to_owned());
        }
        self
    }

    /// Returns the same repository by tag.
    ///
    /// # Errors
    /// The text is no tag.
    pub fn with_tag(&self, tag: &str) -> Result<Self, BadReference> {
        Self::parse(&format!("{}:{tag}", self.name()))
    }

    /// Returns the same repository by digest.
    #[must_use]
    pub fn with_digest(&self, digest: Digest) -> Self {
        Self { digest: Some(digest), tag: None, ..self.clone() }
    }

    /// The host, with a port perhaps.
    #[must_use]
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The path on the registry.
    #[must_use]
    pub fn repository(&self) -> &str {
        &self.repository
    }

    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    #[must_use]
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// Registry and repository, as tables show them.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.registry, self.repository)
    }

    /// The name under which the store keeps it: by digest where there is one, else by tag.
    #[must_use]
    pub fn stored(&self) -> String {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => format!("{}@{digest}", self.name()),
            (None, tag) => format!("{}:{}", self.name(), tag.as_deref().unwrap_or("latest")),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

/// Tells whether a name has no registry, so that it may mean more than one image.
#[must_use]
pub fn is_short(text: &str) -> bool {
    let name = text.split_once('@').map_or(text, |(name, _)| name);
    !text.starts_with("docker://") && split_registry(split_tag(name).0).0.is_none()
}

/// The tag stands after a colon that no slash follows: before one it is a port.
fn split_tag(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (text, None),
    }
}

/// The first part is a registry if it cannot be a folder of Docker Hub.
fn split_registry(name: &str) -> (Option<&str>, &str) {
    match name.split_once('/') {
        Some((first, rest))
            if first.contains(['.', ':']) || first == LOCAL_REGISTRY || first.chars().any(|c| c.is_ascii_uppercase()) =>
        {
            (Some(first), rest)
        }
        _ => (None, name),
    }
}

fn is_tag(tag: &str) -> bool {
    tag.len() <= 128
        && tag.bytes().enumerate().all(|(at, byte)| match byte {
            b'.' | b'-' => at > 0,
            byte => byte.is_ascii_alphanumeric() || byte == b'_',
        })
        && !tag.is_empty()
}

fn is_registry(registry: &str) -> bool {
    let (host, port) = match registry.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) if host.parse::<std::net::Ipv6Addr>().is_ok() => {
            return rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port);
        }
        Some(_) => return false,
        None => registry.split_once(':').map_or((registry, None), |(host, port)| (host, Some(port))),
    };
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    host.split('.').all(label) && port.is_none_or(is_port)
}

fn is_port(port: &str) -> bool {
    port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok()
}

/// Letters and digits; between them one ".", one or two "_", or any number of "-".
fn is_path_component(component: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = component.as_bytes();
    if !bytes.first().copied().is_some_and(word) || !bytes.last().copied().is_some_and(word) {
        return false;
    }
    bytes
        .split(|byte| word(*byte))
        .all(|between| matches!(between, b"" | b"." | b"_" | b"__") || between.iter().all(|byte| *byte == b'-'))
}

fn bad(text: &str, what: &'static str) -> BadReference {
    BadReference { text: text.chars().take(300).collect(), what }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_mean_what_docker_takes_them_for() {
        let digest = format!("sha256:{}", "ab".repeat(32));
        for (text, full) in [
            ("busybox", "docker.io/library/busybox"),
            ("busybox:1.36", "docker.io/library/busybox:1.36"),
            ("docker://busybox", "docker.io/library/busybox"),
            ("docker.io/busybox", "docker.io/library/busybox"),
            ("index.docker.io/busybox", "docker.io/library/busybox"),
            ("user/app", "docker.io/user/app"),
            ("quay.io/a/b/c:v1", "quay.io/a/b/c:v1"),
            ("localhost/app", "localhost/app"),
            ("localhost:5000/app", "localhost:5000/app"),
            ("127.0.0.1:5000/busybox:zstd", "127.0.0.1:5000/busybox:zstd"),
            ("[::1]:5000/busybox", "[::1]:5000/busybox"),
            ("Example.COM/app", "Example.COM/app"),
            ("app:5000", "docker.io/library/app:5000"),
            ("a__b/c--d.e_f", "docker.io/a__b/c--d.e_f"),
            (&format!("busybox@{digest}"), &format!("docker.io/library/busybox@{digest}")),
            (&format!("h.io/b:t@{digest}"), &format!("h.io/b:t@{digest}")),
        ] {
            assert_eq!(Reference::parse(text).unwrap().to_string(), full, "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_names() {
        let hex = "ab".repeat(32);
        for text in [
            "",
            ":",
            "/",
            "a/",
            "/a",
            "a//b",
            "Busybox",
            "busybox:",
            "busybox:-x",
            "busybox:a b",
            "busybox@",
            "busybox@sha256:12",
            &format!("busybox@sha512:{hex}"),
            &format!("busybox@sha256:{}", "AB".repeat(32)),
            &hex,
            "a..b",
            "a___b",
            "-a",
            "a-",
            "h.io:99999/a",
            "h.io:x/a",
            "h_h.io/a",
            "../etc",
            "h.io/../a",
            "h.io/a?b",
            "a\n",
            "[::1/a",
            &"a/".repeat(200),
            &format!("a:{}", "t".repeat(129)),
        ] {
            assert!(Reference::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn short_names_have_no_registry() {
        for short in ["busybox", "a/b", "busybox:5000", "a/b:t"] {
            assert!(is_short(short), "{short}");
        }
        for full in ["localhost/a", "h.io/a", "h:5000/a", "docker://busybox"] {
            assert!(!is_short(full), "{full}");
        }
        assert_eq!(Reference::parse_local("app").unwrap().or_latest().stored(), "localhost/app:latest");
        assert_eq!(Reference::parse_local("h.io/app:1").unwrap().stored(), "h.io/app:1");
    }
}

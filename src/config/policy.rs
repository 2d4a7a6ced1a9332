//! policy.json (containers-policy.json(5)): which images are taken at all.
//!
//! `insecureAcceptAnything` and `reject` are understood. Whoever asks for signatures gets no image without a check of them, so any
//! other kind refuses.

use super::Places;
use super::registries::ConfigError;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Requirements for images, by transport and scope.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Policy {
    default: Vec<Requirement>,
    #[serde(default)]
    transports: BTreeMap<String, BTreeMap<String, Vec<Requirement>>>,
}

#[derive(Clone, Debug, Deserialize)]
struct Requirement {
    #[serde(rename = "type")]
    kind: String,
}

/// Why an image is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("policy.json rejects it (scope {scope:?})")]
    Rejected { scope: String },
    #[error("policy.json asks for {kind} (scope {scope:?}), and signatures are not checked by this version")]
    Unsupported { scope: String, kind: String },
}

impl Policy {
    /// Reads the file that counts; without one everything is accepted.
    ///
    /// # Errors
    /// The file cannot be read or is wrong.
    pub fn load(places: &Places) -> Result<Self, ConfigError> {
        let Some(path) = places.policy_file() else { return Ok(Self::accepting()) };
        let text = std::fs::read_to_string(&path).map_err(|source| ConfigError::Read { path: path.clone(), source })?;
        Self::parse(&text).map_err(|what| ConfigError::Bad { path, what })
    }

    fn accepting() -> Self {
        Self { default: vec![Requirement { kind: "insecureAcceptAnything".to_owned() }], transports: BTreeMap::new() }
    }

    fn parse(text: &str) -> Result<Self, String> {
        let policy: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let scopes = policy.transports.values().flat_map(BTreeMap::values);
        if scopes.chain([&policy.default]).any(Vec::is_empty) {
            return Err("an empty list of requirements (write [{\"type\": \"reject\"}] or another one)".to_owned());
        }
        Ok(policy)
    }

    /// Tells whether an image may be taken from a registry. `name` is `host/path[:tag][@digest]`.
    ///
    /// # Errors
    /// Why not.
    pub fn check_registry(&self, name: &str) -> Result<(), Refusal> {
        let scopes = self.transports.get("docker");
        let found = registry_scopes(name).into_iter().find_map(|scope| Some((scopes?.get(&scope)?, scope)));
        let (requirements, scope) = found.unwrap_or((&self.default, "default".to_owned()));
        satisfied(requirements, &scope)
    }

    /// Tells whether an image may be taken through another transport (`oci`, `docker-archive`, `dir`, …) from an absolute path.
    ///
    /// # Errors
    /// Why not.
    pub fn check_path(&self, transport: &str, path: &str) -> Result<(), Refusal> {
        let scopes = self.transports.get(transport);
        let mut scope = path;
        loop {
            if let Some(requirements) = scopes.and_then(|scopes| scopes.get(scope)) {
                return satisfied(requirements, scope);
            }
            if scope.is_empty() {
                return satisfied(&self.default, "default");
            }
            scope = scope.rsplit_once('/').map_or("", |(above, _)| above);
        }
    }
}

fn satisfied(requirements: &[Requirement], scope: &str) -> Result<(), Refusal> {
    for requirement in requirements {
        match requirement.kind.as_str() {
            "insecureAcceptAnything" => {}
            "reject" => return Err(Refusal::Rejected { scope: scope.to_owned() }),
            kind => return Err(Refusal::Unsupported { scope: scope.to_owned(), kind: kind.to_owned() }),
        }
    }
    Ok(())
}

/// The scopes of a name, the closest first: itself, its repository, what is above it, its host, `*.domain`, and "" for all.
fn registry_scopes(name: &str) -> Vec<String> {
    let mut scopes = vec![name.to_owned()];
    let bare = name.split('@').next().unwrap_or(name);
    let repository = match bare.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => bare,
    };
    let mut above = Some(repository);
    while let Some(scope) = above {
        scopes.push(scope.to_owned());
        above = scope.rsplit_once('/').map(|(above, _)| above);
    }
    let host = repository.split('/').next().unwrap_or_default().split(':').next().unwrap_or_default();
    let mut rest = host;
    while let Some((_, domain)) = rest.split_once('.') {
        scopes.push(format!("*.{domain}"));
        rest = domain;
    }
    scopes.push(String::new());
    scopes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_scope_decides() {
        let text = r#"{"default":[{"type":"insecureAcceptAnything"}],"transports":{
            "docker":{"bad.io":[{"type":"reject"}],"bad.io/good":[{"type":"insecureAcceptAnything"}],
                "*.evil.io":[{"type":"reject"}],"signed.io/a:1":[{"type":"signedBy","keyType":"GPGKeys","keyPath":"/k"}]},
            "oci":{"":[{"type":"reject"}],"/srv/images":[{"type":"insecureAcceptAnything"}]}}}"#;
        let policy = Policy::parse(text).unwrap();
        let rejected = |scope: &str| Err(Refusal::Rejected { scope: scope.to_owned() });
        for (name, wanted) in [
            ("docker.io/library/busybox:latest", Ok(())),
            ("bad.io/x:1", rejected("bad.io")),
            ("bad.io:5000/x:1", Ok(())),
            ("bad.io/good/x:1", Ok(())),
            ("a.b.evil.io:5000/x", rejected("*.evil.io")),
            ("signed.io/a:2", Ok(())),
            ("signed.io/a:1", Err(Refusal::Unsupported { scope: "signed.io/a:1".to_owned(), kind: "signedBy".to_owned() })),
        ] {
            assert_eq!(policy.check_registry(name), wanted, "{name}");
        }
        assert_eq!(policy.check_path("oci", "/srv/images/a"), Ok(()));
        assert_eq!(policy.check_path("oci", "/srv/other"), rejected(""));
        assert_eq!(policy.check_path("dir", "/srv/other"), Ok(()));
    }

    #[test]
    fn what_is_no_policy_is_refused() {
        for text in ["", "{}", r#"{"default":[]}"#, r#"{"default":[{"kind":"reject"}]}"#] {
            assert!(Policy::parse(text).is_err(), "{text}");
        }
        assert!(Policy::accepting().check_registry("a.io/b").is_ok());
    }
}

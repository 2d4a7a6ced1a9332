//! One file of credentials. What others wrote into it stays as it is.

use super::{AuthError, Credentials, DOCKER_HUB};
use base64::Engine as _;
use rustix::fs::{Mode, OFlags};
use serde_json::{Map, Value};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// A file of Docker's `config.json` format, of which Podman's `auth.json` is a part.
#[derive(Debug)]
pub(super) struct AuthFile {
    path: PathBuf,
    all: Map<String, Value>,
    /// `.dockercfg`: the entries stand at the top.
    old: bool,
}

impl AuthFile {
    pub(super) fn empty(path: &Path) -> Self {
        Self { path: path.to_owned(), all: Map::new(), old: false }
    }

    /// Reads a file; nothing where there is none. An empty one is as good as `{}`.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, AuthError> {
        let text = match std::fs::read(path) {
            Ok(text) => text,
            Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(source) => return Err(AuthError::Read { path: path.to_owned(), source }),
        };
        let old = path.file_name().is_some_and(|name| name == ".dockercfg");
        let parsed = if text.trim_ascii().is_empty() { Ok(Map::new()) } else { serde_json::from_slice(&text) };
        let all = parsed.map_err(|source| AuthError::Parse { path: path.to_owned(), source })?;
        Ok(Some(Self { path: path.to_owned(), all, old }))
    }

    fn entries(&self) -> Option<&Map<String, Value>> {
        if self.old { Some(&self.all) } else { self.all.get("auths")?.as_object() }
    }

    /// The helper that keeps the credentials of a key: one for the registry, else one for all.
    pub(super) fn helper(&self, key: &str) -> Option<&str> {
        let own = self.all.get("credHelpers").and_then(|all| {
            let all = all.as_object()?;
            let exact = all.get(key);
            exact.or_else(|| all.iter().find(|(known, _)| normal(known) == key).map(|(_, helper)| helper))
        });
        // A helper for all does not know what stands in the file itself.
        let for_all = || self.all.get("credsStore").filter(|_| self.position(key).is_none_or(|at| self.is_hollow(&at)));
        own.or_else(for_all)?.as_str().filter(|name| !name.is_empty())
    }

    /// The helpers for single registries.
    pub(super) fn helpers(&self) -> Vec<(String, String)> {
        let all = self.all.get("credHelpers").and_then(Value::as_object);
        all.into_iter().flatten().filter_map(|(key, helper)| Some((key.clone(), helper.as_str()?.to_owned()))).collect()
    }

    /// Tells whether an entry only says that its helper has the credentials, as Docker writes it.
    fn is_hollow(&self, key: &str) -> bool {
        let entry = self.entries().and_then(|entries| entries.get(key)?.as_object());
        entry.is_none_or(Map::is_empty)
    }

    /// The key as it is written: exactly, or one of Docker's URLs that mean the same.
    fn position(&self, key: &str) -> Option<String> {
        let entries = self.entries()?;
        if entries.contains_key(key) {
            return Some(key.to_owned());
        }
        entries.keys().find(|known| normal(known) == key).cloned()
    }

    /// The credentials that stand under a key.
    pub(super) fn entry(&self, key: &str) -> Result<Option<Credentials>, AuthError> {
        let Some(position) = self.position(key) else { return Ok(None) };
        let entry = self.entries().and_then(|entries| entries.get(&position));
        let text = |name: &str| entry.and_then(|entry| entry.get(name)?.as_str()).filter(|text| !text.is_empty());
        if let Some(token) = text("identitytoken") {
            return Ok(Some(Credentials::IdentityToken(token.to_owned())));
        }
        if let Some(auth) = text("auth") {
            let bad = || AuthError::Entry { path: self.path.clone(), key: position.clone() };
            let bytes = base64::engine::general_purpose::STANDARD.decode(auth.trim()).map_err(|_| bad())?;
            let plain = String::from_utf8(bytes).map_err(|_| bad())?;
            // Docker pads the password with NULs.
            let (user, password) = plain.split_once(':').ok_or_else(bad)?;
            let password = password.trim_matches('\0').to_owned();
            return Ok(Some(Credentials::Password { user: user.to_owned(), password }));
        }
        let pair = text("username").zip(text("password"));
        Ok(pair.map(|(user, password)| Credentials::Password { user: user.to_owned(), password: password.to_owned() }))
    }

    pub(super) fn set(&mut self, key: &str, user: &str, password: &str) {
        let auth = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        let entry = Value::Object(Map::from_iter([("auth".to_owned(), Value::String(auth))]));
        if self.old {
            self.all.insert(key.to_owned(), entry);
            return;
        }
        let auths = self.all.entry("auths").or_insert_with(|| Value::Object(Map::new()));
        if !auths.is_object() {
            *auths = Value::Object(Map::new());
        }
        if let Some(auths) = auths.as_object_mut() {
            auths.insert(key.to_owned(), entry);
        }
    }

    /// Removes a key; tells whether it was there.
    pub(super) fn remove(&mut self, key: &str) -> bool {
        let Some(position) = self.position(key) else { return false };
        let entries = if self.old { Some(&mut self.all) } else { self.all.get_mut("auths").and_then(Value::as_object_mut) };
        entries.is_some_and(|entries| entries.remove(&position).is_some())
    }

    pub(super) fn clear(&mut self) {
        if self.old {
            self.all.clear();
        } else {
            self.all.remove("auths");
        }
    }

    /// Writes the file: it is there whole, for the user's eyes alone, or as it was.
    pub(super) fn write(&self) -> Result<(), AuthError> {
        // A link is followed, so that a file that lies elsewhere stays a link to there.
        let path = std::fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        let fail = |source: std::io::Error| AuthError::Write { path: path.clone(), source };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !folder.is_dir() {
            use std::os::unix::fs::DirBuilderExt as _;
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(fail)?;
        }
        let mut text = serde_json::to_vec_pretty(&self.all).map_err(|error| fail(error.into()))?;
        text.push(b'\n');
        let new = folder.join(format!(".auth.{}.new", rustix::process::getpid().as_raw_nonzero()));
        let _ = std::fs::remove_file(&new);
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let made = rustix::fs::open(&new, flags, Mode::RUSR | Mode::WUSR).map_err(|errno| fail(errno.into()))?;
        let mut file = std::fs::File::from(made);
        let written = file.write_all(&text).and_then(|()| file.sync_all()).and_then(|()| std::fs::rename(&new, &path));
        written.map_err(|source| {
            let _ = std::fs::remove_file(&new);
            fail(source)
        })
    }
}

/// The host that a key of an old file means: `https://index.docker.io/v1/` is Docker Hub.
pub(super) fn normal(key: &str) -> &str {
    let had_scheme = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://"));
    let host = match had_scheme {
        Some(rest) => rest.split('/').next().unwrap_or(rest),
        None => key,
    };
    match host.split('/').next() {
        Some("index.docker.io" | "registry-1.docker.io" | "docker.io") if had_scheme.is_some() || !key.contains('/') => {
            DOCKER_HUB
        }
        _ if matches!(key, "index.docker.io/v1" | "index.docker.io/v1/") => DOCKER_HUB,
        _ => host,
    }
}

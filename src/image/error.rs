//! What can go wrong with an image.

use super::auth::AuthError;
use super::change::BadChange;
use super::platform::Platform;
use super::reference::BadReference;
use super::transport::BadTransport;
use crate::config::policy::Refusal;
use crate::config::registries::ConfigError;
use crate::model::digest::BadDigest;
use crate::storage::StorageError;
use crate::storage::tar::TarError;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Why an image could not be brought in or read.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    #[error(transparent)]
    Reference(#[from] BadReference),
    #[error(transparent)]
    Change(#[from] BadChange),
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error("read {what}")]
    Parse {
        what: &'static str,
        #[source]
        source: serde_json::Error,
    },
    #[error("{what} names a bad digest")]
    Digest {
        what: &'static str,
        #[source]
        source: BadDigest,
    },
    #[error("{what} is {found} bytes long, more than the {limit} that are taken")]
    TooBig { what: &'static str, found: u64, limit: u64 },
    #[error("the manifest is no image: {what}")]
    NotAnImage { what: String },
    #[error("it is an image, not a list of manifests")]
    NotAList,
    #[error("Docker's manifest lists have no annotations (use --format oci)")]
    AnnotationsInDocker,
    #[error("no image for {wanted} in the index; it has {available}")]
    NoPlatform { wanted: Platform, available: String },
    #[error("the manifest names {layers} layers, its config {diff_ids}")]
    LayerCount { layers: usize, diff_ids: usize },
    #[error("{}: {what}", path.display())]
    Archive { path: PathBuf, what: String },
    #[error("{} holds several images: {}", path.display(), names.join(", "))]
    SeveralImages { path: PathBuf, names: Vec<String> },
    #[error(transparent)]
    Transport(#[from] BadTransport),
    #[error("read the archive {}", path.display())]
    Tar {
        path: PathBuf,
        #[source]
        source: TarError,
    },
    #[error("open {}", path.display())]
    Open {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("read {}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("fetch {address}: {cause}")]
    Fetch { address: String, cause: String },
    #[error("registry {host} cannot be reached: {cause}")]
    Unreachable { host: String, cause: String },
    #[error("registry {host} speaks plain HTTP, not HTTPS")]
    PlainHttp { host: String },
    #[error("registry {host} does not offer TLS 1.2 or 1.3 in a way that is safe: {cause}")]
    OtherTls { host: String, cause: String },
    #[error("the TLS certificate of registry {host} is not accepted: {cause}")]
    Certificate { host: String, cause: String },
    #[error("registry {host} refuses access to {name}: {cause}")]
    Denied { host: String, name: String, cause: String },
    #[error("registry {host} has no {name}")]
    NoSuch { host: String, name: String },
    #[error("registry {host} answers to the request for {name}: {cause}")]
    Registry { host: String, name: String, cause: String },
    #[error("registry {host} has had enough of us: {cause}{}", wait.map(|wait| format!(" (it asks to wait {} seconds)", wait.as_secs())).unwrap_or_default())]
    TooManyRequests { host: String, cause: String, wait: Option<Duration> },
    #[error(transparent)]
    Auth(#[from] AuthError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("{name} is not taken")]
    Policy {
        name: String,
        #[source]
        source: Refusal,
    },
    #[error("{name} is blocked by registries.conf (prefix {prefix:?})")]
    Blocked { name: String, prefix: String },
    #[error("the short name {name:?} has no alias, and registries.conf names no registries to search")]
    NoSearch { name: String, full: String },
    #[error("the short name {name:?} may mean {}", candidates.join(" or "))]
    ShortName { name: String, candidates: Vec<String> },
    #[error("no registry has {name}:{}", causes.iter().map(|cause| format!("\n  {cause}")).collect::<String>())]
    Nowhere { name: String, causes: Vec<Self> },
    #[error("zstd is not known to Docker's manifests (use --format oci)")]
    ZstdInDocker,
    #[error("make the client for registry {host}: {cause}")]
    Client { host: String, cause: String },
}

impl ImageError {
    /// Tells whether no registry was there to say anything: of several places, none was.
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Nowhere { causes, .. } => !causes.is_empty() && causes.iter().all(Self::is_unreachable),
            _ => false,
        }
    }

    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Unreachable { host, .. } => {
                format!("check that {host} is running and can be reached from here (`curl https://{host}/v2/`), then try again")
            }
            Self::PlainHttp { .. } => "add --tls-verify=false if you trust the network on the way to it".to_owned(),
            Self::Certificate { host, .. } => format!(
                "put the registry's CA certificate into ~/.config/containers/certs.d/{host}/ca.crt, or add --tls-verify=false"
            ),
            Self::Denied { host, .. } => format!(
                "check the spelling, or log in with `coracle login {host}`: private and missing images look the same to who is not \
                 logged in"
            ),
            Self::NoSuch { .. } => "check the spelling of repository and tag".to_owned(),
            Self::NoPlatform { .. } => "choose one of these with --platform OS/ARCH".to_owned(),
            Self::TooManyRequests { host, .. } => {
                format!("wait, or log in with `coracle login {host}`: who is known may ask more often")
            }
            Self::NoSearch { full, .. } => format!(
                "write the whole name (like {full}), or add unqualified-search-registries = [\"docker.io\"] to \
                 ~/.config/containers/registries.conf"
            ),
            Self::SeveralImages { path, .. } => format!("choose one: PATH:REFERENCE, or {}:@0 for the first", path.display()),
            Self::ShortName { .. } => "write the whole name, or add an alias under [aliases] in a file in \
                                       ~/.config/containers/registries.conf.d/"
                .to_owned(),
            Self::Storage(error) if error.is_disk_full() => {
                "free some space, for example with `coracle rmi` of images that are not needed".to_owned()
            }
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_places_are_unreachable_when_all_are() {
        let silent = || ImageError::Unreachable { host: "h".to_owned(), cause: "refused".to_owned() };
        let missing = || ImageError::NoSuch { host: "h".to_owned(), name: "n".to_owned() };
        let nowhere = |causes| ImageError::Nowhere { name: "n".to_owned(), causes };
        let cases = [
            (silent(), true),
            (missing(), false),
            (nowhere(vec![silent(), silent()]), true),
            (nowhere(vec![nowhere(vec![silent(), silent()]), silent()]), true),
            (nowhere(vec![silent(), missing()]), false),
            (nowhere(Vec::new()), false),
        ];
        for (error, unreachable) in cases {
            assert_eq!(error.is_unreachable(), unreachable, "{error:?}");
        }
    }
}

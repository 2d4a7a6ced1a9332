//! From the client's errors to ours.

use crate::image::error::ImageError;
use oci_client::errors::{OciDistributionError, OciEnvelope, OciErrorCode};
use std::error::Error;

/// A registry's own words are shown, but not a page of them.
const MAX_WORDS: usize = 300;

/// Tells whether the same request may well succeed in a moment.
pub(super) fn is_transient(error: &OciDistributionError) -> bool {
    match error {
        OciDistributionError::RequestError(error) => !error.is_connect() && !error.is_builder() && !error.is_redirect(),
        OciDistributionError::ServerError { code, .. } => *code >= 500 || *code == 429,
        OciDistributionError::RegistryError { envelope, .. } => has(envelope, &OciErrorCode::Toomanyrequests),
        OciDistributionError::IoError(_) => true,
        _ => false,
    }
}

/// Tells whether no TLS connection came to be, so that plain HTTP may be what the registry speaks.
pub(super) fn is_connect(error: &OciDistributionError) -> bool {
    matches!(error, OciDistributionError::RequestError(error) if error.is_connect())
}

/// Says what went wrong with the request for `name`.
pub(super) fn explain(host: &str, name: &str, error: &OciDistributionError) -> ImageError {
    let (host, name) = (host.to_owned(), name.to_owned());
    match error {
        OciDistributionError::ImageManifestNotFoundError(_) => ImageError::NoSuch { host, name },
        OciDistributionError::ServerError { code: 404, .. } => ImageError::NoSuch { host, name },
        OciDistributionError::ServerError { code: 401 | 403, message, .. } => {
            ImageError::Denied { host, name, cause: cut(message) }
        }
        OciDistributionError::UnauthorizedError { .. } => ImageError::Denied { host, name, cause: "it wants a login".to_owned() },
        OciDistributionError::AuthenticationFailure(cause) => ImageError::Denied { host, name, cause: cut(cause) },
        OciDistributionError::RegistryError { envelope, .. } => {
            let words = envelope.errors.iter().map(|error| error.message.as_str()).collect::<Vec<_>>().join("; ");
            if [OciErrorCode::ManifestUnknown, OciErrorCode::NameUnknown, OciErrorCode::NotFound, OciErrorCode::BlobUnknown]
                .iter()
                .any(|code| has(envelope, code))
            {
                ImageError::NoSuch { host, name }
            } else if has(envelope, &OciErrorCode::Unauthorized) || has(envelope, &OciErrorCode::Denied) {
                ImageError::Denied { host, name, cause: cut(&words) }
            } else {
                ImageError::Registry { host, name, cause: cut(&words) }
            }
        }
        OciDistributionError::RequestError(error) => request(host, name, error),
        OciDistributionError::DigestError(error) => {
            // The digest of a schema 1 manifest leaves its signature out.
            let cause = format!(
                "{error} (so it looks for a manifest of Docker's old schema 1 too: push the image again with a current tool)"
            );
            ImageError::Registry { host, name, cause }
        }
        other => ImageError::Registry { host, name, cause: cut(&other.to_string()) },
    }
}

fn request(host: String, name: String, error: &reqwest::Error) -> ImageError {
    let chain = chain(error);
    let cause = chain.last().cloned().unwrap_or_default();
    if !error.is_connect() && !error.is_timeout() {
        return ImageError::Registry { host, name, cause };
    }
    // rustls has no type for it that passes through hyper; its words are stable.
    if chain.iter().any(|text| text.contains("InvalidContentType") || text.contains("corrupt message")) {
        return ImageError::PlainHttp { host };
    }
    if chain.iter().any(|text| text.contains("certificate")) {
        return ImageError::Certificate { host, cause };
    }
    ImageError::Unreachable { host, cause: if error.is_timeout() { "no answer in time".to_owned() } else { cause } }
}

fn chain(error: &(dyn Error + 'static)) -> Vec<String> {
    let mut texts = vec![cut(&error.to_string())];
    let mut below = error.source();
    while let Some(source) = below {
        texts.push(cut(&source.to_string()));
        below = source.source();
    }
    texts
}

fn has(envelope: &OciEnvelope, code: &OciErrorCode) -> bool {
    envelope.errors.iter().any(|error| error.code == *code)
}

fn cut(text: &str) -> String {
    text.chars().take(MAX_WORDS).collect()
}

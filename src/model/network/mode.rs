//! `--network`.

use super::Attachment;
use crate::model::ContainerId;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::path::PathBuf;

/// How a container is joined to a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NetworkMode {
    /// A network namespace of its own with nothing but loopback.
    None,
    /// The host's network namespace.
    Host,
    /// A network namespace of its own, joined to the host by one user-mode stack (pasta, else slirp4netns).
    Private,
    /// The same by pasta and no other, with these arguments added.
    Pasta(Vec<String>),
    /// The same by slirp4netns and no other, with these options: `NAME=VALUE`.
    Slirp4netns(Vec<String>),
    /// That of another container, which has to run when this one is started.
    Container(ContainerId),
    /// The network namespace that a path names.
    Path(PathBuf),
    /// A network namespace of its own with an interface in each of these networks, in this order; none after
    /// `network disconnect` from the last one.
    Bridge(Vec<Attachment>),
}

impl NetworkMode {
    /// Returns the word that inspect shows as the mode.
    #[must_use]
    pub fn as_str(&self) -> Cow<'static, str> {
        match self {
            Self::None => "none".into(),
            Self::Host => "host".into(),
            Self::Private => "private".into(),
            Self::Pasta(options) => with_options("pasta", options),
            Self::Slirp4netns(options) => with_options("slirp4netns", options),
            Self::Container(id) => format!("container:{id}").into(),
            Self::Path(path) => format!("ns:{}", path.display()).into(),
            Self::Bridge(_) => "bridge".into(),
        }
    }

    /// Whether the container has a network namespace of its own.
    #[must_use]
    pub fn is_own(&self) -> bool {
        matches!(self, Self::None | Self::Private | Self::Pasta(_) | Self::Slirp4netns(_) | Self::Bridge(_))
    }

    /// Whether the container has a user-mode stack of its own.
    #[must_use]
    pub fn has_stack(&self) -> bool {
        matches!(self, Self::Private | Self::Pasta(_) | Self::Slirp4netns(_))
    }

    /// The networks that the container is joined to.
    #[must_use]
    pub fn attachments(&self) -> &[Attachment] {
        if let Self::Bridge(attachments) = self { attachments } else { &[] }
    }
}

fn with_options(stack: &'static str, options: &[String]) -> Cow<'static, str> {
    if options.is_empty() { stack.into() } else { format!("{stack}:{}", options.join(",")).into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_before_there_were_networks_are_read() {
        for (text, mode) in [
            (r#""private""#, NetworkMode::Private),
            (r#""none""#, NetworkMode::None),
            (r#"{"path":"/x"}"#, NetworkMode::Path("/x".into())),
            (r#"{"bridge":[{"network":"a"}]}"#, NetworkMode::Bridge(vec![Attachment::to("a")])),
        ] {
            assert_eq!(serde_json::from_str::<NetworkMode>(text).expect("reads"), mode, "{text}");
        }
    }
}

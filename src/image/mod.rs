//! Images: their names, their documents, and the ways they come in.
//!
//! ```text
//! reference   registry/repository:tag@digest        config      what a container inherits
//! manifest    manifests and indexes, platforms      registry    the distribution protocol (the only async code)
//! list        lists of manifests that are made here  auth        credentials: the files and helpers that keep them
//! transport   archives and folders on disk          change      Containerfile instructions of `import --change`
//! ```
//!
//! Every document comes from anybody: sizes are bounded before they are read, and digests are parsed before any path or URL
//! is made from them.

pub mod auth;
pub mod change;
pub mod config;
mod error;
pub mod list;
pub mod manifest;
pub mod platform;
pub mod reference;
pub mod registry;
pub mod transport;

pub use config::ImageConfig;
pub use error::ImageError;
pub use manifest::{Descriptor, Index, Manifest};
pub use platform::Platform;
pub use reference::Reference;

//! Images: in, out, and what they are called.
//!
//! What brings layers in or deletes them runs as root of the session user namespace (`engine::session::within`); the rest does
//! not care.

mod arriving;
mod encode;
mod gauge;
mod history;
mod import;
pub(in crate::engine) mod incoming;
mod inspect;
mod list;
mod load;
mod login;
mod lookup;
mod manifest;
mod mount;
mod progress;
mod pull;
mod push;
mod remote;
pub(in crate::engine) mod remove;
mod save;
mod search;
mod source;
mod tag;

pub use encode::Encoding;
pub use history::{HistoryStep, ImageTree, TreeLayer};
pub use import::{ImportRequest, ImportSource, WebSource};
pub use inspect::ImageDetails;
pub use list::{ImageFilter, ImageRow, ImagesRequest};
pub use load::{LoadReport, LoadRequest};
pub use login::{Login, Logout};
pub use manifest::{AddRequest, AddSource, Changes, ListPushRequest, ListSaveRequest, ListSources, show_remote_document};
pub use progress::{LayerInfo, Progress, Silent, Step};
pub use pull::{PullPolicy, PullReport, PullRequest};
pub use push::{Destination, ManifestFormat, PushReport, PushRequest, destination};
pub use remote::{End, Remote, RemoteError};
pub use save::{SaveFormat, SaveRequest, SaveTarget};
pub use search::{FoundImage, SearchRequest, find_images, list_tags};
pub use source::{Choose, Plan, RegistryOptions, Surroundings, plan};
// What requests are made of; front ends see the engine alone.
pub use crate::image::auth::Credentials;
pub use crate::image::registry::{Patience, Retry};
pub use crate::image::transport::{Form, Input, Local};
pub use crate::image::{ImageError, Platform, Reference};
pub use crate::model::BlobCompression;
pub use remove::{RemoveImagesReport, RemoveImagesRequest};

//! Images: in, out, and what they are called.
//!
//! What brings layers in or deletes them runs as root of the session user namespace (`engine::session::within`); the rest does
//! not care.

mod import;
pub(in crate::engine) mod incoming;
mod inspect;
mod list;
mod load;
mod lookup;
mod progress;
mod pull;
mod remove;
mod tag;

pub use import::ImportRequest;
pub use inspect::ImageDetails;
pub use list::{ImageFilter, ImageRow, ImagesRequest};
pub use load::{LoadReport, LoadRequest};
pub use progress::{LayerInfo, Progress, Silent, Step};
pub use pull::{PullPolicy, PullReport, PullRequest};
// What requests are made of; front ends see the engine alone.
pub use crate::image::Platform;
pub use crate::image::transport::Input;
pub use remove::{RemoveImagesReport, RemoveImagesRequest};

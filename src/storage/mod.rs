//! The files of the image store. Nothing outside may know that a layer is a plain folder.
//!
//! ```text
//! <data>/
//!   store.lock             flock: shared while an image comes in, exclusive while folders of layers are deleted
//!   reserve                room for a removal on a full disk
//!   driver                 how layers are stacked here
//!   blobs/sha256/<hex>     manifests and image configs, visible by rename
//!   layers/<diffID>/       diff/ and what gives the tar back (split)
//!   layers/<diffID>/replaced-owners  how many files belong to others than the image says, where any do
//!   layers/<diffID>/diff/  one unpacked layer: overlay whiteouts, owners as container ids; visible by rename
//!   shifted/<stack>-<map>/ an image's layers with the owners that another id map wants
//!   tmp/<name>.lock        flock: held by whoever works in tmp/<name>; what nobody holds is swept
//!   tmp/layer-<diffID>.lock  flock: held by whoever brings the layer in
//!   tmp/<name>/            a layer or blob on its way in, or a tree on its way out
//! ```
//!
//! Everything here that touches a layer runs as root of the session user namespace. Layers come from anybody: a path of theirs
//! is only ever resolved by the kernel inside the layer's root, from a descriptor of it.

pub mod blob;
pub mod borrow;
pub mod check;
pub mod claim;
mod decompress;
pub mod diff;
pub mod digest;
pub mod driver;
mod error;
pub mod extract;
pub mod gc;
pub mod give;
pub mod gzip;
pub mod intake;
pub mod landing;
pub mod layer;
pub mod pack;
mod remove_tree;
pub mod reserve;
pub mod shifted;
pub mod split;
pub mod staging;
pub mod tar;
pub mod unpack;
pub mod volume;

pub use decompress::{Compression, decompress, sniff};
pub use error::StorageError;
pub use remove_tree::remove_tree;

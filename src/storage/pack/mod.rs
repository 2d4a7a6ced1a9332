//! A folder becomes a tar: the counterpart of `unpack`.
//!
//! Nothing of the tree is trusted, and it may change meanwhile. Every folder is opened by the kernel below the top (`openat2`
//! with `RESOLVE_BENEATH` and no links), every file without following a link and without waiting for the other end of a fifo;
//! what is gone when its turn comes is left out, and a file that shrinks is filled up with zeros.
//!
//! With [`Form::Layer`] the archive is a layer of an image, and the whiteouts of the overlay become entries `.wh.NAME` and
//! `.wh..wh..opq`. Such an archive is a function of the folder: names are sorted, times are whole seconds, holes are written out,
//! and the PAX records have a fixed order. So the folder that `unpack` makes of it gives back the same bytes, and the diffID of a
//! layer that was made here can be met again by packing the layer's folder once more; nothing beside the folder has to be kept.

mod error;
mod file;
pub(super) mod walk;

pub use error::PackError;
pub(super) use error::failed;

use super::tar::TarWriter;
use file::Links;
use rustix::fd::BorrowedFd;
use std::io::Write;

/// What kind of archive it shall be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The files as they are: times with fractions, holes as holes.
    Copy,
    /// A whole root: whole seconds, as other tools write them; holes as holes.
    Root,
    /// A layer: always the same bytes.
    Layer,
}

/// How a tree is packed.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    pub form: Form,
    /// The name of the top in the archive; empty where its contents alone are meant, which then stand below `./`.
    pub top: &'a [u8],
    /// Left out, with all below: told by the path relative to the top.
    pub skip: &'a dyn Fn(&[u8]) -> bool,
}

impl std::fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options").field("form", &self.form).finish_non_exhaustive()
    }
}

/// What could not be kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Packed {
    /// Sockets, and devices that are no whiteouts.
    pub left_out: u64,
}

/// Packs the folder `top`, which is open for reading, with everything below it. The archive is not ended.
///
/// # Errors
/// Something cannot be read, or the archive not be written.
pub fn folder<W: Write>(writer: &mut TarWriter<W>, top: BorrowedFd<'_>, options: &Options<'_>) -> Result<Packed, PackError> {
    let mut pack = Pack { writer, options: *options, links: Links::default(), packed: Packed::default(), buffer: Vec::new() };
    pack.tree(top)?;
    Ok(pack.packed)
}

/// Packs one file, fifo or link: `name` in `folder`, which is not followed. The archive is not ended.
///
/// # Errors
/// It cannot be read, is of a kind that an archive does not hold, or the archive cannot be written.
pub fn file<W: Write>(
    writer: &mut TarWriter<W>,
    folder: BorrowedFd<'_>,
    name: &[u8],
    options: &Options<'_>,
) -> Result<(), PackError> {
    let mut pack = Pack { writer, options: *options, links: Links::default(), packed: Packed::default(), buffer: Vec::new() };
    pack.single(folder, name)
}

/// A tree on its way into an archive.
struct Pack<'a, W> {
    writer: &'a mut TarWriter<W>,
    options: Options<'a>,
    links: Links,
    packed: Packed,
    buffer: Vec<u8>,
}

#[cfg(test)]
mod tests;

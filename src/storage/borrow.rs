//! Hard links of a layer to files of the layers below it.
//!
//! Some tools write such links (umoci, for a new name of an old file). Overlay has no inode across layers, so the layer gets a
//! copy of the file, as `cp -l` on a mounted stack would make one. The layer then holds a file that its own tar does not; its
//! diffID stays the name of it all the same, since any image that has such a layer has the file below it.

use super::StorageError;
use super::error::io_error;
use super::layer::{self, StagedLayer};
use super::unpack::{self, Borrowed, Lender, UnpackError};
use crate::config::Paths;
use crate::model::DiffId;
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags};
use std::path::Path;

/// Gives staged layers the files that they link to. `order` is the whole image, bottom first; layers that are not staged are
/// in the store.
///
/// # Errors
/// A link leads nowhere, or a copy fails.
pub fn settle(paths: &Paths, mut staged: Vec<&mut StagedLayer>, order: &[DiffId]) -> Result<(), StorageError> {
    for (height, diff_id) in order.iter().enumerate() {
        let Some(at) = staged.iter().position(|layer| layer.diff_id == *diff_id) else { continue };
        let links = std::mem::take(&mut staged[at].borrowed);
        if links.is_empty() {
            continue;
        }
        let root_of = |diff_id: &DiffId| match staged.iter().find(|layer| layer.diff_id == *diff_id) {
            Some(layer) => open(&layer.staging.path().join("diff")),
            None => open(&layer::path(paths, diff_id)),
        };
        // The layer itself first: the link's target may be another link that was settled before it.
        let roots: Vec<_> = order[..=height].iter().rev().map(root_of).collect::<Result<_, _>>()?;
        for link in links {
            settle_one(&roots, &link)?;
        }
    }
    Ok(())
}

fn settle_one(roots: &[OwnedFd], link: &Borrowed) -> Result<(), StorageError> {
    for root in roots {
        match unpack::look(root, link)? {
            Lender::Has => return Ok(unpack::lend(root, &roots[0], link)?),
            Lender::Hides => break,
            Lender::Lacks => {}
        }
    }
    Err(UnpackError::MissingLinkTarget { path: link.path.clone(), link: link.link.clone() }.into())
}

fn open(path: &Path) -> Result<OwnedFd, StorageError> {
    rustix::fs::open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
        .map_err(io_error("open folder", path))
}

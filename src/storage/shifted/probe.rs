//! Whether the kernel lets an overlay of ours take contents from a data-only layer.

use super::inode;
use crate::sys::clone::{self, CloneFlags};
use crate::sys::mount::{self, Attributes, Parameter};
use rustix::fd::AsFd as _;
use rustix::fs::{Mode, OFlags};
use std::path::Path;

const CONTENTS: &[u8] = b"data";

/// Tries it with one file, in a mount namespace of a child's own; `folder` is empty and on the store's file system.
pub(super) fn redirects(folder: &Path) -> bool {
    let (tree, data) = (folder.join("probe-tree"), folder.join("probe-data"));
    let child = clone::spawn(CloneFlags::NEWNS, None, || i32::from(try_out(&tree, &data).is_err()));
    let done = child.and_then(|child| child.wait()).is_ok_and(|code| code == 0);
    for left in [tree, data] {
        let _ = std::fs::remove_dir_all(left);
    }
    done
}

fn try_out(tree: &Path, data: &Path) -> std::io::Result<()> {
    std::fs::create_dir(tree)?;
    std::fs::create_dir(data)?;
    std::fs::write(data.join("file"), CONTENTS)?;
    let folder = rustix::fs::open(tree, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let file = inode::create(folder.as_fd(), c"name")?;
    inode::redirect(&file, b"/file", CONTENTS.len() as u64)?;
    let (tree, data) = (tree.to_string_lossy(), data.to_string_lossy());
    let parameters = [Parameter::Flag("userxattr"), Parameter::Value("lowerdir+", &tree), Parameter::Value("datadir+", &data)];
    let mounted = mount::new_filesystem("overlay", &parameters, Attributes::empty())?;
    let file = rustix::fs::openat(&mounted, "name", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    let mut bytes = [0; 8];
    let length = rustix::io::retry_on_intr(|| rustix::io::read(&file, &mut bytes[..]))?;
    if &bytes[..length] == CONTENTS { Ok(()) } else { Err(std::io::ErrorKind::InvalidData.into()) }
}

//! What it takes to give a layer's tar back byte for byte: everything of it but the contents of files.
//!
//! ```text
//! layers/<diffID>/
//!   diff/            the files
//!   tar-split.zst    records, in the order of the tar
//!   replaced/<n>     contents that a later entry of the same tar took the place of (rare)
//! ```
//! Records, numbers as LEB128:
//!
//! ```text
//! 0 length bytes                     headers, padding, what trails the archive
//! 1 length path count (offset length)…   contents of a file in diff/, by its real path
//! 2 length path n                    here the file's contents so far moved to replaced/<n>
//! ```
//! A layer's tar may come from anybody: a path in here was made by the kernel (a folder's name in /proc), and is only opened below
//! the layer's root, through no link. What comes out is hashed: it is the layer, or an error.

mod record;
mod replay;

pub(super) use record::Recorder;
pub use replay::{exists, replay};

const FILE: &str = "tar-split.zst";
const REPLACED: &str = "replaced";

const LITERAL: u8 = 0;
const CONTENTS: u8 = 1;
const MOVED: u8 = 2;

#[cfg(test)]
mod tests;

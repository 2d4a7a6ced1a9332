//! A streaming tar reader: ustar, GNU (long names, sparse files) and PAX, as Go's archive/tar and GNU tar read them; and a writer.
//!
//! The reader reads forward only and hands out the data in the reader's own buffer. Where the dialects could be told apart in two ways,
//! so that another tool would see other entries, the archive is refused.

mod error;
mod header;
mod pax;
mod reader;
mod sparse;
#[cfg(test)]
pub(crate) mod testing;
mod writer;

pub use error::TarError;
pub use reader::TarReader;
pub use writer::TarWriter;

/// The size of a block: headers are one block, data is padded to blocks.
const BLOCK: usize = 512;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    File,
    HardLink,
    Symlink,
    Char,
    Block,
    Directory,
    Fifo,
}

/// A run of bytes in a sparse file that is stored in the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    pub offset: u64,
    pub len: u64,
}

/// One entry, with what long names and PAX records said merged in.
#[derive(Clone, Debug)]
pub struct Entry {
    /// As it is in the archive: trust nothing of it.
    pub path: Vec<u8>,
    pub link: Vec<u8>,
    pub kind: EntryKind,
    /// The permission bits, setuid, setgid and sticky included.
    pub mode: u32,
    pub uid: u64,
    pub gid: u64,
    /// Seconds and nanoseconds since the epoch.
    pub mtime: (i64, u32),
    /// Bytes that are stored in the archive.
    pub stored: u64,
    /// Bytes of the file when it is unpacked; differs from `stored` for sparse files only.
    pub size: u64,
    /// The stored runs of a sparse file, ascending; together `stored` bytes.
    pub segments: Option<Vec<Segment>>,
    pub xattrs: Xattrs,
}

/// Names and values of extended attributes.
pub type Xattrs = Vec<(Vec<u8>, Vec<u8>)>;

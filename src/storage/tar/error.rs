//! What is wrong with an archive.

use std::io;

/// Why an archive cannot be read. `at` is the offset of the header in the uncompressed archive.
#[derive(Debug, thiserror::Error)]
pub enum TarError {
    #[error("read the archive")]
    Read(#[source] io::Error),
    #[error("the archive ends in the middle of an entry")]
    Truncated,
    #[error("no tar header at offset {at}: the checksum is wrong")]
    Checksum { at: u64 },
    #[error("bad tar header at offset {at}: {what}")]
    Header { at: u64, what: &'static str },
    #[error("bad PAX record at offset {at}: {what}")]
    Pax { at: u64, what: &'static str },
    #[error("bad sparse map at offset {at}")]
    Sparse { at: u64 },
    #[error("entry type {kind:?} at offset {at} is not supported")]
    Kind { at: u64, kind: char },
}

impl TarError {
    pub(super) fn read(source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::UnexpectedEof && source.get_ref().is_none() {
            Self::Truncated
        } else {
            Self::Read(source)
        }
    }
}

//! A layer's tar, compressed on its way out.

use crate::model::BlobCompression;
use crate::storage::StorageError;
use crate::storage::gzip::GzipWriter;
use std::io::Write;

/// The usual level of zstd.
const ZSTD_LEVEL: i32 = 3;

/// How layers are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoding {
    pub compression: BlobCompression,
    /// Nothing: the usual one.
    pub level: Option<i32>,
}

impl Encoding {
    /// Leaves layers as they are.
    pub const NONE: Self = Self { compression: BlobCompression::None, level: None };
    pub const GZIP: Self = Self { compression: BlobCompression::Gzip, level: None };
}

/// Gives `write` a writer that compresses into `out`; returns `out`, with all bytes in it.
pub(super) fn encode<W: Write>(
    encoding: Encoding,
    mut out: W,
    write: impl FnOnce(&mut dyn Write) -> Result<(), StorageError>,
) -> Result<W, StorageError> {
    let failed = |source| StorageError::Write { what: "a compressed layer", source };
    match encoding.compression {
        BlobCompression::None => write(&mut out).map(|()| out),
        BlobCompression::Gzip => {
            let level = encoding.level.and_then(|level| u32::try_from(level).ok());
            let level = level.map_or_else(flate2::Compression::default, flate2::Compression::new);
            let mut encoder = GzipWriter::new(out, level);
            write(&mut encoder)?;
            encoder.finish().map_err(failed)
        }
        BlobCompression::Zstd => {
            let level = encoding.level.unwrap_or(ZSTD_LEVEL);
            let mut encoder = zstd::stream::write::Encoder::new(out, level).map_err(failed)?;
            write(&mut encoder)?;
            encoder.finish().map_err(failed)
        }
    }
}

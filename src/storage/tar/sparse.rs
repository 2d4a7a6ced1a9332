//! Maps of sparse files: old GNU headers, and the PAX formats 0.0, 0.1 and 1.0 (GNU tar manual "Storing Sparse Files").

use super::header::number;
use super::reader::TarReader;
use super::{BLOCK, Segment, TarError, pax};
use std::io::BufRead;
use tar::{GnuExtSparseHeader, Header};

/// More runs than this are no honest file; a map costs memory before any data is written.
const MAX_SEGMENTS: usize = 1 << 16;

/// What is known of a sparse entry after its map was read.
#[derive(Debug)]
pub(super) struct Map {
    pub(super) segments: Vec<Segment>,
    pub(super) size: u64,
}

impl Map {
    /// Checks that the runs are in order, inside the file, and stored in exactly `stored` bytes.
    ///
    /// Of each run but the last GNU tar reads whole blocks and Go only the bytes: both see the same where there are whole blocks.
    pub(super) fn check(mut self, stored: u64, at: u64) -> Result<Self, TarError> {
        self.segments.retain(|segment| segment.len > 0);
        let (mut end, mut total) = (0_u64, 0_u64);
        for segment in &self.segments {
            let sound = segment.offset >= end && total.is_multiple_of(BLOCK as u64);
            end = segment.offset.checked_add(segment.len).filter(|_| sound).ok_or(TarError::Sparse { at })?;
            total += segment.len;
        }
        if end <= self.size && total == stored && i64::try_from(self.size).is_ok() {
            Ok(self)
        } else {
            Err(TarError::Sparse { at })
        }
    }
}

/// Reads the map of an entry of type `S`: four runs in the header, 21 in each block that follows.
pub(super) fn old_gnu<R: BufRead>(block: &[u8; BLOCK], reader: &mut TarReader<R>, at: u64) -> Result<Map, TarError> {
    let bad = || TarError::Sparse { at };
    let gnu = Header::from_byte_slice(block).as_gnu().ok_or_else(bad)?;
    let mut segments = Vec::new();
    let mut add = |pairs: &[tar::GnuSparseHeader]| {
        for pair in pairs.iter().filter(|pair| !pair.is_empty()) {
            let value = |field| number(field).and_then(|value| u64::try_from(value).ok()).ok_or(TarError::Sparse { at });
            segments.push(Segment { offset: value(&pair.offset)?, len: value(&pair.numbytes)? });
        }
        if segments.len() > MAX_SEGMENTS { Err(TarError::Sparse { at }) } else { Ok(()) }
    };
    add(&gnu.sparse)?;
    let mut more = gnu.is_extended();
    let mut blocks = 0;
    while more {
        // Empty ones say nothing and could go on for ever.
        blocks += 1;
        if blocks > MAX_SEGMENTS / 21 + 1 {
            return Err(bad());
        }
        let mut extension = GnuExtSparseHeader::new();
        reader.read_block(extension.as_mut_bytes())?;
        add(extension.sparse())?;
        more = extension.is_extended();
    }
    let size = number(&gnu.realsize).and_then(|value| u64::try_from(value).ok()).ok_or_else(bad)?;
    Ok(Map { segments, size })
}

/// Reads the map of format 1.0, which stands in front of the data as decimal lines, padded to a block.
pub(super) fn pax_1_0<R: BufRead>(reader: &mut TarReader<R>, at: u64) -> Result<Vec<Segment>, TarError> {
    let bad = || TarError::Sparse { at };
    let mut lines = Lines { reader, block: [0; BLOCK], used: BLOCK, at };
    let count = usize::try_from(lines.next()?).ok().filter(|count| *count <= MAX_SEGMENTS).ok_or_else(bad)?;
    (0..count).map(|_| Ok(Segment { offset: lines.next()?, len: lines.next()? })).collect()
}

struct Lines<'a, R> {
    reader: &'a mut TarReader<R>,
    block: [u8; BLOCK],
    used: usize,
    at: u64,
}

impl<R: BufRead> Lines<'_, R> {
    fn next(&mut self) -> Result<u64, TarError> {
        let mut digits = Vec::with_capacity(20);
        loop {
            if self.used == BLOCK {
                self.reader.read_data_block(&mut self.block, self.at)?;
                self.used = 0;
            }
            let byte = self.block[self.used];
            self.used += 1;
            match byte {
                b'\n' => return pax::number(&digits).ok_or(TarError::Sparse { at: self.at }),
                _ if digits.len() < 20 => digits.push(byte),
                _ => return Err(TarError::Sparse { at: self.at }),
            }
        }
    }
}

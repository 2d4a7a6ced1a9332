//! From blocks to entries.

use super::pax::Pax;
use super::sparse::{self, Map};
use super::{BLOCK, Entry, EntryKind, TarError, header};
use std::io::{BufRead, Read as _};

/// Extended headers and long names beyond this are refused: they are held in memory.
const MAX_EXTENDED: u64 = 1 << 20;
/// So many bytes may stand before an entry to describe it: they are held too, and no limit on entries counts them.
const MAX_BEFORE: u64 = 4 << 20;

/// Reads a tar archive forward.
#[derive(Debug)]
pub struct TarReader<R> {
    inner: R,
    /// Bytes taken from `inner`.
    at: u64,
    /// Data of the current entry that was not taken yet.
    left: u64,
    padding: u64,
    ended: bool,
    /// What was taken besides the contents of files, where somebody wants to know.
    seen: Option<Vec<u8>>,
}

/// What came before an entry to describe it.
#[derive(Default)]
struct Extended {
    pax: Option<Pax>,
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
}

impl<R: BufRead> TarReader<R> {
    /// Reads the archive that begins at the reader's position.
    pub fn new(inner: R) -> Self {
        Self { inner, at: 0, left: 0, padding: 0, ended: false, seen: None }
    }

    /// Reads an archive and keeps what is no file's contents for `take_seen`.
    pub fn watched(inner: R) -> Self {
        Self { seen: Some(Vec::new()), ..Self::new(inner) }
    }

    /// Gives the bytes besides contents since the last call, in their order, to `out`.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn take_seen<E>(&mut self, out: impl FnOnce(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let Some(seen) = &mut self.seen else { return Ok(()) };
        out(seen)?;
        seen.clear();
        Ok(())
    }

    fn see(&mut self, bytes: &[u8]) {
        if let Some(seen) = &mut self.seen {
            seen.extend_from_slice(bytes);
        }
    }

    /// Returns the reader, from which trailing data can be read.
    pub fn into_inner(self) -> R {
        self.inner
    }

    /// The offset of the next byte of data in the archive.
    pub fn position(&self) -> u64 {
        self.at
    }

    /// Returns the next entry; nothing at the end. What is left of the last entry's data is skipped.
    ///
    /// # Errors
    /// The archive is cut, unsound, or cannot be read.
    pub fn next_entry(&mut self) -> Result<Option<Entry>, TarError> {
        let mut extended = Extended::default();
        self.skip_rest()?;
        let begin = self.at;
        loop {
            self.skip_rest()?;
            let at = self.at;
            if at - begin > MAX_BEFORE {
                return Err(TarError::Header { at, what: "more than 4 MiB of headers before one entry" });
            }
            let mut block = [0; BLOCK];
            if self.ended || !self.read_header(&mut block)? {
                self.ended = true;
                let pending = extended.pax.is_some() || extended.path.is_some() || extended.link.is_some();
                return if pending { Err(TarError::Truncated) } else { Ok(None) };
            }
            let raw = header::parse(&block, at)?;
            match raw.flag {
                b'x' => {
                    let pax = Pax::parse(&self.extended(raw.size, at)?, at)?;
                    if extended.pax.replace(pax).is_some() {
                        return Err(TarError::Header { at, what: "two extended headers for one entry" });
                    }
                }
                b'g' => {
                    let global = Pax::parse(&self.extended(raw.size, at)?, at)?;
                    // GNU tar applies these to every entry that follows and Go does not: two tools would see two archives.
                    let sparse = &global.sparse;
                    let maps =
                        sparse.major.is_some() || sparse.size.is_some() || sparse.name.is_some() || !sparse.segments.is_empty();
                    if global.path.is_some() || global.link.is_some() || global.size.is_some() || maps {
                        return Err(TarError::Header { at, what: "a global header that names or measures entries" });
                    }
                }
                b'L' => extended.path = Some(until_nul(self.extended(raw.size, at)?)),
                b'K' => extended.link = Some(until_nul(self.extended(raw.size, at)?)),
                // A volume label.
                b'V' => {}
                _ => return self.entry(&block, raw, extended, at).map(Some),
            }
        }
    }

    /// Returns what is at hand of the current entry's stored data; empty at its end. `consume` takes it.
    ///
    /// # Errors
    /// The archive is cut or cannot be read.
    pub fn data(&mut self) -> Result<&[u8], TarError> {
        if self.left == 0 {
            return Ok(&[]);
        }
        let buffer = self.inner.fill_buf().map_err(TarError::read)?;
        if buffer.is_empty() {
            return Err(TarError::Truncated);
        }
        let len = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        Ok(&buffer[..len])
    }

    /// Takes `amount` bytes of what `data` returned; or of the stored data, where the reader lets more be consumed than it holds.
    pub fn consume(&mut self, amount: usize) {
        self.inner.consume(amount);
        self.at += amount as u64;
        self.left -= amount as u64;
    }

    fn skip_rest(&mut self) -> Result<(), TarError> {
        self.skip(self.left + self.padding)?;
        (self.left, self.padding) = (0, 0);
        Ok(())
    }

    fn entry(&mut self, block: &[u8; BLOCK], mut raw: header::Raw, extended: Extended, at: u64) -> Result<Entry, TarError> {
        let mut pax = extended.pax.unwrap_or_default();
        let path = one_of(pax.sparse.name.take().or_else(|| pax.path.take()), extended.path, at)?;
        let path = path.unwrap_or_else(|| std::mem::take(&mut raw.path));
        let kind = kind(raw.flag, &path, at)?;
        let mut stored = pax.size.unwrap_or(raw.size);
        if i64::try_from(stored).is_err() {
            return Err(TarError::Header { at, what: "the size is no number" });
        }
        match kind {
            EntryKind::File if path.ends_with(b"/") => {
                return Err(TarError::Header { at, what: "a file that is called like a folder" });
            }
            EntryKind::File => {}
            // Nothing follows one, whatever size it has, say all tools.
            EntryKind::HardLink => stored = 0,
            // GNU tar skips so many bytes and Go does not: what one takes for data is an entry to the other.
            _ if stored > 0 => return Err(TarError::Header { at, what: "data of something that is no file" }),
            _ => {}
        }
        let map = self.sparse_map(block, (kind, raw.flag), &mut pax, &mut stored, at)?;
        if map.is_none() {
            self.set_data(stored);
        }
        let link = one_of(pax.link, extended.link, at)?.unwrap_or(raw.link);
        if path.is_empty() {
            return Err(TarError::Header { at, what: "an entry without a name" });
        }
        Ok(Entry {
            path,
            link,
            kind,
            mode: raw.mode,
            uid: pax.uid.unwrap_or(raw.uid),
            gid: pax.gid.unwrap_or(raw.gid),
            mtime: pax.mtime.unwrap_or((raw.mtime, 0)),
            stored,
            size: map.as_ref().map_or(stored, |map| map.size),
            segments: map.map(|map| map.segments),
            xattrs: pax.xattrs,
        })
    }

    /// Reads the map of a sparse file, if it is one, and sets what is left of the data.
    fn sparse_map(
        &mut self,
        block: &[u8; BLOCK],
        (kind, flag): (EntryKind, u8),
        pax: &mut Pax,
        stored: &mut u64,
        at: u64,
    ) -> Result<Option<Map>, TarError> {
        let map = if flag == b'S' {
            let map = sparse::old_gnu(block, self, at)?;
            self.set_data(*stored);
            map
        } else if pax.sparse.major.is_some() || pax.sparse.size.is_some() || !pax.sparse.segments.is_empty() {
            if kind != EntryKind::File {
                return Err(TarError::Sparse { at });
            }
            self.set_data(*stored);
            let segments = match (pax.sparse.major, pax.sparse.minor) {
                (Some(1), Some(0) | None) => sparse::pax_1_0(self, at)?,
                // Without it GNU tar takes the file for a plain one, and Go refuses it.
                (None | Some(0), _) if pax.sparse.count == Some(pax.sparse.segments.len() as u64) => {
                    std::mem::take(&mut pax.sparse.segments)
                }
                _ => return Err(TarError::Sparse { at }),
            };
            *stored = self.left;
            Map { segments, size: pax.sparse.size.ok_or(TarError::Sparse { at })? }
        } else {
            return Ok(None);
        };
        map.check(*stored, at).map(Some)
    }

    fn set_data(&mut self, stored: u64) {
        self.left = stored;
        self.padding = stored.next_multiple_of(BLOCK as u64) - stored;
    }

    /// Reads a header block; false at the end of the archive. Blocks of zeros come in pairs, or last in the file.
    fn read_header(&mut self, block: &mut [u8; BLOCK]) -> Result<bool, TarError> {
        if self.inner.fill_buf().map_err(TarError::read)?.is_empty() {
            return Ok(false);
        }
        self.read_block(block)?;
        if block.iter().any(|byte| *byte != 0) {
            return Ok(true);
        }
        if self.inner.fill_buf().map_err(TarError::read)?.is_empty() {
            return Ok(false);
        }
        self.read_block(block)?;
        if block.iter().all(|byte| *byte == 0) {
            return Ok(false);
        }
        Err(TarError::Header { at: self.at - BLOCK as u64, what: "one block of zeros and then more" })
    }

    pub(super) fn read_block(&mut self, block: &mut [u8; BLOCK]) -> Result<(), TarError> {
        self.inner.read_exact(block).map_err(TarError::read)?;
        self.at += BLOCK as u64;
        self.see(block);
        Ok(())
    }

    /// Reads a block of the current entry's data.
    pub(super) fn read_data_block(&mut self, block: &mut [u8; BLOCK], at: u64) -> Result<(), TarError> {
        self.left = self.left.checked_sub(BLOCK as u64).ok_or(TarError::Sparse { at })?;
        self.read_block(block)
    }

    fn extended(&mut self, size: u64, at: u64) -> Result<Vec<u8>, TarError> {
        if size > MAX_EXTENDED {
            return Err(TarError::Header { at, what: "an extended header of more than 1 MiB" });
        }
        self.set_data(size);
        let mut data = Vec::new();
        (&mut self.inner).take(size).read_to_end(&mut data).map_err(TarError::read)?;
        if data.len() as u64 != size {
            return Err(TarError::Truncated);
        }
        self.at += size;
        self.left = 0;
        self.see(&data);
        Ok(data)
    }

    fn skip(&mut self, mut amount: u64) -> Result<(), TarError> {
        while amount > 0 {
            let available = self.inner.fill_buf().map_err(TarError::read)?;
            if available.is_empty() {
                return Err(TarError::Truncated);
            }
            let step = available.len().min(usize::try_from(amount).unwrap_or(usize::MAX));
            if let Some(seen) = &mut self.seen {
                seen.extend_from_slice(&available[..step]);
            }
            self.inner.consume(step);
            self.at += step as u64;
            amount -= step as u64;
        }
        Ok(())
    }
}

fn kind(flag: u8, path: &[u8], at: u64) -> Result<EntryKind, TarError> {
    Ok(match flag {
        // Before ustar, a slash at the end was all that told a directory.
        0 if path.ends_with(b"/") => EntryKind::Directory,
        0 | b'0' | b'7' | b'S' => EntryKind::File,
        b'1' => EntryKind::HardLink,
        b'2' => EntryKind::Symlink,
        b'3' => EntryKind::Char,
        b'4' => EntryKind::Block,
        b'5' => EntryKind::Directory,
        b'6' => EntryKind::Fifo,
        flag => return Err(TarError::Kind { at, kind: char::from(flag) }),
    })
}

/// A name from PAX and a long name from GNU: tools differ in which one they believe.
fn one_of(pax: Option<Vec<u8>>, gnu: Option<Vec<u8>>, at: u64) -> Result<Option<Vec<u8>>, TarError> {
    match (pax, gnu) {
        (Some(pax), Some(gnu)) if pax != gnu => Err(TarError::Header { at, what: "two different names for one entry" }),
        (pax, gnu) => Ok(pax.or(gnu)),
    }
}

fn until_nul(mut bytes: Vec<u8>) -> Vec<u8> {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    bytes.truncate(end);
    bytes
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Builder, pax_record, sparse_records};
    use super::*;

    fn list(archive: &[u8]) -> Result<Vec<(String, u64)>, TarError> {
        let mut reader = TarReader::new(archive);
        let mut entries = Vec::new();
        while let Some(entry) = reader.next_entry()? {
            entries.push((String::from_utf8_lossy(&entry.path).into_owned(), entry.size));
        }
        Ok(entries)
    }

    #[test]
    fn long_names_come_from_gnu_and_from_pax() {
        let long = "d/".repeat(150) + "file";
        let gnu = Builder::new().meta(b'L', format!("{long}\0").as_bytes()).file("short", b"abc").finish();
        assert_eq!(list(&gnu).unwrap(), [(long.clone(), 3)]);
        let pax = Builder::new().meta(b'x', &pax_record("path", long.as_bytes())).file("short", b"abc").finish();
        assert_eq!(list(&pax).unwrap(), [(long.clone(), 3)]);
        let both =
            Builder::new().meta(b'L', b"other\0").meta(b'x', &pax_record("path", long.as_bytes())).file("short", b"").finish();
        assert!(matches!(list(&both), Err(TarError::Header { .. })));
    }

    #[test]
    fn the_pax_size_wins_over_the_header() {
        let archive = Builder::new()
            .meta(b'x', &pax_record("size", b"600"))
            .header(b'0', "a", 0, |_| {})
            .raw(&[b'x'; 1024])
            .file("b", b"1")
            .finish();
        assert_eq!(list(&archive).unwrap(), [("a".to_owned(), 600), ("b".to_owned(), 1)]);
    }

    #[test]
    fn hard_links_have_no_data_whatever_their_size_says_and_others_no_size() {
        let archive = Builder::new().dir("d/").header(b'1', "l", 700, |_| {}).file("b", b"1").finish();
        assert_eq!(list(&archive).unwrap().len(), 3);
        // T38: to one tool the block after it is data, to another an entry.
        for flag in [b'2', b'3', b'4', b'5', b'6'] {
            let smuggled = Builder::new().file("b", b"1").finish();
            let archive = Builder::new().header(flag, "d", 512, |_| {}).raw(&smuggled).finish();
            assert!(matches!(list(&archive), Err(TarError::Header { .. })), "{flag}");
        }
        for flag in [b'0', b'7'] {
            let archive = Builder::new().header(flag, "d/", 0, |_| {}).finish();
            assert!(matches!(list(&archive), Err(TarError::Header { .. })), "{flag}");
        }
        let old = Builder::new().meta(b'x', &pax_record("path", b"folder/")).header(0, "x", 0, |_| {}).finish();
        assert_eq!(TarReader::new(&old[..]).next_entry().unwrap().unwrap().kind, EntryKind::Directory);
    }

    /// T44: what describes an entry is held in memory, and counts for no limit.
    #[test]
    fn headers_without_end_are_refused() {
        let flood = |flag: u8, data: &[u8]| (0..9000).fold(Builder::new(), |tar, _| tar.meta(flag, data)).file("f", b"").finish();
        for archive in [flood(b'V', b""), flood(b'g', b"13 comment=a\n"), flood(b'L', b"a\0"), flood(b'K', b"a\0")] {
            assert!(matches!(list(&archive), Err(TarError::Header { .. })));
        }
        // A map of a sparse file that always goes on, and says nothing.
        let mut header = Builder::new().header(b'S', "f", 0, |header| {
            let bytes = header.as_mut_bytes();
            bytes[257..265].copy_from_slice(b"ustar  \0");
            bytes[482] = 1;
        });
        let mut extension = [0; 512];
        extension[504] = 1;
        for _ in 0..9000 {
            header = header.raw(&extension);
        }
        assert!(matches!(list(&header.finish()), Err(TarError::Sparse { .. })));
    }

    #[test]
    fn cut_and_unsound_archives_are_refused() {
        let good = Builder::new().file("a", &[1; 1000]).finish();
        assert!(matches!(list(&good[..700]), Err(TarError::Truncated)));
        assert!(matches!(list(&good[..100]), Err(TarError::Truncated)));
        assert_eq!(list(&good[..1536]).unwrap().len(), 1, "the closing zeros may be missing");
        assert_eq!(list(&[]).unwrap().len(), 0);
        let mut flipped = good.clone();
        flipped[0] ^= 1;
        assert!(matches!(list(&flipped), Err(TarError::Checksum { at: 0 })));
        let lone = [&[0; 512][..], &good].concat();
        assert!(matches!(list(&lone), Err(TarError::Header { .. })));
        let dangling = Builder::new().meta(b'x', &pax_record("path", b"a")).finish();
        assert!(matches!(list(&dangling), Err(TarError::Truncated)));
        let huge = Builder::new().header(b'x', "x", 2 << 20, |_| {}).finish();
        assert!(matches!(list(&huge), Err(TarError::Header { .. })));
        let global = Builder::new().meta(b'g', &pax_record("path", b"a")).file("b", b"").finish();
        assert!(matches!(list(&global), Err(TarError::Header { .. })));
        let comment = Builder::new().meta(b'g', &pax_record("comment", b"abc")).file("b", b"").finish();
        assert_eq!(list(&comment).unwrap().len(), 1);
    }

    #[test]
    fn sparse_maps_of_format_1_0_and_0_1() {
        let map = b"2\n0\n512\n1000\n2\n";
        let mut data = map.to_vec();
        data.resize(512, 0);
        data.extend_from_slice(&[&[b'a'; 512][..], b"de"].concat());
        let records = [
            pax_record("GNU.sparse.major", b"1"),
            pax_record("GNU.sparse.minor", b"0"),
            pax_record("GNU.sparse.name", b"real"),
            pax_record("GNU.sparse.realsize", b"5000"),
        ]
        .concat();
        let archive = Builder::new().meta(b'x', &records).file("GNUSparseFile.0/real", &data).file("b", b"1").finish();
        let mut reader = TarReader::new(&archive[..]);
        let entry = reader.next_entry().unwrap().unwrap();
        assert_eq!((entry.path.as_slice(), entry.size, entry.stored), (&b"real"[..], 5000, 514));
        assert_eq!(reader.data().unwrap().last(), Some(&b'e'));
        assert_eq!(reader.next_entry().unwrap().unwrap().path, b"b");

        let records = sparse_records(b"0,512,1000,2", b"5000");
        let archive = Builder::new().meta(b'x', &records).file("f", &[&[b'a'; 512][..], b"de"].concat()).finish();
        assert_eq!(list(&archive).unwrap(), [("f".to_owned(), 5000)]);
        let uncounted = [pax_record("GNU.sparse.map", b"0,512,1000,2"), pax_record("GNU.sparse.size", b"5000")].concat();
        let archive = Builder::new().meta(b'x', &uncounted).file("f", &[&[b'a'; 512][..], b"de"].concat()).finish();
        assert!(matches!(list(&archive), Err(TarError::Sparse { .. })));
        for bad in ["0,512,2,2", "0,512,1000,1", "0,512,4999,2", "1,18446744073709551615", "0", "0,2,1000,512"] {
            let records = sparse_records(bad.as_bytes(), b"5000");
            let archive = Builder::new().meta(b'x', &records).file("f", &[&[b'a'; 512][..], b"de"].concat()).finish();
            assert!(list(&archive).is_err(), "{bad}");
        }
    }
}

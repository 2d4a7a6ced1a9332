//! Writing archives: ustar headers, and PAX records for what does not fit into them.
//!
//! The same entries give the same bytes, whatever the machine: records come in a fixed order and nothing else is written.

use super::{BLOCK, Entry, EntryKind};
use std::io::{self, Write};

/// What the fields of a ustar header can hold.
const MAX_ID: u64 = 0o7_777_777;
const MAX_OCTAL_12: u64 = 0o77_777_777_777;
const MAX_NAME: usize = 100;

/// Writes a tar archive forward.
#[derive(Debug)]
pub struct TarWriter<W> {
    inner: W,
    /// Data that the current entry still lacks.
    left: u64,
    padding: usize,
}

impl<W: Write> TarWriter<W> {
    /// Begins an archive.
    pub fn new(inner: W) -> Self {
        Self { inner, left: 0, padding: 0 }
    }

    /// Begins an entry. Exactly `entry.stored` bytes of data have to follow for a file; a sparse file's map is written here.
    ///
    /// # Errors
    /// The archive cannot be written.
    pub fn entry(&mut self, entry: &Entry) -> io::Result<()> {
        debug_assert!(self.left == 0, "the last entry is not complete");
        let map = entry.segments.as_ref().map(|segments| sparse_map(segments, entry.size));
        let size = entry.stored + map.as_ref().map_or(0, |map| map.len() as u64);
        let mut header = Header::new(entry, size);
        let records = records(entry, size, map.is_some());
        if map.is_some() {
            header.name(&[b"GNUSparseFile.0/", last(&entry.path)].concat());
        }
        if !records.is_empty() {
            let mut extended = Header::extended(&entry.path, records.len() as u64);
            self.inner.write_all(extended.finish())?;
            self.inner.write_all(&records)?;
            self.pad(records.len() as u64)?;
        }
        self.inner.write_all(header.finish())?;
        if let Some(map) = map {
            self.inner.write_all(&map)?;
        }
        self.left = if entry.kind == EntryKind::File { entry.stored } else { 0 };
        self.padding = padding(self.left);
        if self.left == 0 { self.end_of_data() } else { Ok(()) }
    }

    /// Bytes that the current entry still lacks.
    pub fn missing(&self) -> u64 {
        self.left
    }

    /// Writes data of the current entry; what goes beyond its size is left out.
    ///
    /// # Errors
    /// The archive cannot be written.
    pub fn data(&mut self, bytes: &[u8]) -> io::Result<()> {
        let len = bytes.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.inner.write_all(&bytes[..len])?;
        self.left -= len as u64;
        if self.left == 0 { self.end_of_data() } else { Ok(()) }
    }

    /// Ends the archive: two blocks of zeros.
    ///
    /// # Errors
    /// The archive cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        self.inner.write_all(&[0; 2 * BLOCK])?;
        self.inner.flush()?;
        Ok(self.inner)
    }

    fn end_of_data(&mut self) -> io::Result<()> {
        let padding = std::mem::take(&mut self.padding);
        self.inner.write_all(&[0; BLOCK][..padding])
    }

    fn pad(&mut self, len: u64) -> io::Result<()> {
        self.inner.write_all(&[0; BLOCK][..padding(len)])
    }
}

fn padding(len: u64) -> usize {
    usize::try_from(len.next_multiple_of(BLOCK as u64) - len).unwrap_or(0)
}

/// The part of a path after its last slash, that of a folder included.
fn last(path: &[u8]) -> &[u8] {
    let path = path.strip_suffix(b"/").unwrap_or(path);
    path.rsplit(|byte| *byte == b'/').next().unwrap_or(path)
}

/// The map of format 1.0: decimal lines, padded to a block (GNU tar manual "Storing Sparse Files").
fn sparse_map(segments: &[super::Segment], size: u64) -> Vec<u8> {
    // A hole at the end is an empty run: without it GNU tar makes the file shorter.
    let is_open = segments.last().is_none_or(|last| last.offset + last.len < size);
    let mut map = format!("{}\n", segments.len() + usize::from(is_open));
    for segment in segments {
        map += &format!("{}\n{}\n", segment.offset, segment.len);
    }
    if is_open {
        map += &format!("{size}\n0\n");
    }
    let mut map = map.into_bytes();
    map.resize(map.len().next_multiple_of(BLOCK), 0);
    map
}

/// The PAX records of an entry; none for most.
fn records(entry: &Entry, size: u64, sparse: bool) -> Vec<u8> {
    let mut data = Vec::new();
    if sparse {
        record(&mut data, b"GNU.sparse.major", b"1");
        record(&mut data, b"GNU.sparse.minor", b"0");
        record(&mut data, b"GNU.sparse.name", &entry.path);
        record(&mut data, b"GNU.sparse.realsize", entry.size.to_string().as_bytes());
    } else if entry.path.len() > MAX_NAME {
        record(&mut data, b"path", &entry.path);
    }
    if entry.link.len() > MAX_NAME {
        record(&mut data, b"linkpath", &entry.link);
    }
    for (name, value, limit) in [(&b"size"[..], size, MAX_OCTAL_12), (b"uid", entry.uid, MAX_ID), (b"gid", entry.gid, MAX_ID)] {
        if value > limit {
            record(&mut data, name, value.to_string().as_bytes());
        }
    }
    let (seconds, nanos) = entry.mtime;
    if nanos != 0 || u64::try_from(seconds).map_or(true, |seconds| seconds > MAX_OCTAL_12) {
        record(&mut data, b"mtime", time(seconds, nanos).as_bytes());
    }
    for (name, value) in &entry.xattrs {
        record(&mut data, &[b"SCHILY.xattr.", &name[..]].concat(), value);
    }
    data
}

/// A time as decimal seconds; a fraction counts away from zero, as the sign is that of the whole.
fn time(seconds: i64, nanos: u32) -> String {
    let total = i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
    let (sign, total) = if total < 0 { ("-", -total) } else { ("", total) };
    let (seconds, nanos) = (total / 1_000_000_000, total % 1_000_000_000);
    if nanos == 0 {
        return format!("{sign}{seconds}");
    }
    let text = format!("{sign}{seconds}.{nanos:09}");
    text.trim_end_matches('0').to_owned()
}

/// Adds a record with its own length in front.
fn record(data: &mut Vec<u8>, keyword: &[u8], value: &[u8]) {
    let rest = keyword.len() + value.len() + 3;
    let mut len = rest + 1;
    while len != rest + len.to_string().len() {
        len += 1;
    }
    data.extend_from_slice(format!("{len} ").as_bytes());
    data.extend_from_slice(keyword);
    data.push(b'=');
    data.extend_from_slice(value);
    data.push(b'\n');
}

/// One header block on its way out.
struct Header([u8; BLOCK]);

impl Header {
    fn new(entry: &Entry, size: u64) -> Self {
        let mut header = Self([0; BLOCK]);
        let flag = match entry.kind {
            EntryKind::File => b'0',
            EntryKind::HardLink => b'1',
            EntryKind::Symlink => b'2',
            EntryKind::Char => b'3',
            EntryKind::Block => b'4',
            EntryKind::Directory => b'5',
            EntryKind::Fifo => b'6',
        };
        header.name(&entry.path);
        header.octal(100, 8, u64::from(entry.mode & 0o7777));
        header.octal(108, 8, entry.uid);
        header.octal(116, 8, entry.gid);
        header.octal(124, 12, if entry.kind == EntryKind::File { size } else { 0 });
        header.octal(136, 12, u64::try_from(entry.mtime.0).unwrap_or(0));
        header.0[156] = flag;
        let link = &entry.link[..entry.link.len().min(MAX_NAME)];
        header.0[157..157 + link.len()].copy_from_slice(link);
        header
    }

    /// The header of PAX records.
    fn extended(path: &[u8], size: u64) -> Self {
        let mut header = Self([0; BLOCK]);
        header.name(&[b"PaxHeaders.0/", last(path)].concat());
        header.octal(100, 8, 0o644);
        header.octal(108, 8, 0);
        header.octal(116, 8, 0);
        header.octal(124, 12, size);
        header.octal(136, 12, 0);
        header.0[156] = b'x';
        header
    }

    /// A name that is too long is cut; a record has the whole one.
    fn name(&mut self, name: &[u8]) {
        self.0[..MAX_NAME].fill(0);
        let name = &name[..name.len().min(MAX_NAME)];
        self.0[..name.len()].copy_from_slice(name);
    }

    /// Octal digits and a NUL; a number that does not fit is in a record and 0 here.
    fn octal(&mut self, at: usize, width: usize, value: u64) {
        let digits = format!("{value:0width$o}", width = width - 1);
        let digits = if digits.len() < width { digits } else { "0".repeat(width - 1) };
        self.0[at..at + digits.len()].copy_from_slice(digits.as_bytes());
    }

    fn finish(&mut self) -> &[u8] {
        self.0[257..265].copy_from_slice(b"ustar\x0000");
        self.0[148..156].fill(b' ');
        let sum: u64 = self.0.iter().map(|byte| u64::from(*byte)).sum();
        self.octal(148, 7, sum);
        self.0[154] = 0;
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Segment, TarReader};
    use super::*;

    fn entry(path: &[u8], kind: EntryKind) -> Entry {
        Entry {
            path: path.to_vec(),
            link: Vec::new(),
            kind,
            mode: 0o644,
            uid: 0,
            gid: 0,
            mtime: (1_600_000_000, 0),
            stored: 0,
            size: 0,
            segments: None,
            xattrs: Vec::new(),
        }
    }

    fn written(entries: &[(Entry, &[u8])]) -> Vec<u8> {
        let mut writer = TarWriter::new(Vec::new());
        for (entry, data) in entries {
            writer.entry(entry).unwrap();
            writer.data(data).unwrap();
        }
        writer.finish().unwrap()
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        let long = [b"d/".repeat(150), b"file".to_vec()].concat();
        let file = Entry {
            mode: 0o4755,
            uid: 100_000,
            gid: 4_000_000_000,
            mtime: (1_600_000_000, 120_000_000),
            stored: 700,
            size: 700,
            xattrs: vec![(b"user.a".to_vec(), b"\n\0=".to_vec())],
            ..entry(&long, EntryKind::File)
        };
        let link = Entry { link: long.clone(), ..entry(b"l", EntryKind::HardLink) };
        let old = Entry { mtime: (-2, 500_000_000), ..entry(b"d/", EntryKind::Directory) };
        let odd = Entry { link: b"\xff \n".to_vec(), ..entry(b"new\nline\xfe", EntryKind::Symlink) };
        let all = [(file, &[7_u8; 700][..]), (link, b""), (old, b""), (odd, b"")];
        let archive = written(&all);
        let mut reader = TarReader::new(&archive[..]);
        for (entry, data) in &all {
            let read = reader.next_entry().unwrap().unwrap();
            assert_eq!(format!("{entry:?}"), format!("{read:?}"));
            assert_eq!(reader.data().unwrap(), *data);
        }
        assert!(reader.next_entry().unwrap().is_none());
        assert_eq!(archive.len() % BLOCK, 0);
    }

    #[test]
    fn a_sparse_file_keeps_its_holes() {
        let segments = vec![Segment { offset: 0, len: 512 }, Segment { offset: 1 << 40, len: 2 }];
        let sparse =
            Entry { stored: 514, size: (1 << 40) + 2, segments: Some(segments.clone()), ..entry(b"a/hole", EntryKind::File) };
        let data = [&[b'a'; 512][..], b"de"].concat();
        let archive = written(&[(sparse, &data), (entry(b"b", EntryKind::Fifo), b"")]);
        let mut reader = TarReader::new(&archive[..]);
        let read = reader.next_entry().unwrap().unwrap();
        assert_eq!((read.path.as_slice(), read.size, read.segments), (&b"a/hole"[..], (1 << 40) + 2, Some(segments)));
        assert_eq!(reader.data().unwrap(), data);
        assert_eq!(reader.next_entry().unwrap().unwrap().path, b"b");
    }

    #[test]
    fn a_hole_at_the_end_is_a_run_of_its_own() {
        let run = Segment { offset: 512, len: 512 };
        assert!(sparse_map(&[run], 5000).starts_with(b"2\n512\n512\n5000\n0\n\0"));
        assert!(sparse_map(&[run], 1024).starts_with(b"1\n512\n512\n\0"));
        assert!(sparse_map(&[], 5000).starts_with(b"1\n5000\n0\n\0"));
    }

    #[test]
    fn times_before_1970_have_the_sign_of_the_whole() {
        for (seconds, nanos, text) in
            [(0, 0, "0"), (5, 1, "5.000000001"), (-2, 500_000_000, "-1.5"), (-1, 0, "-1"), (-1, 999_999_999, "-0.000000001")]
        {
            assert_eq!(time(seconds, nanos), text);
        }
    }
}

//! Archives made byte by byte, for tests.

use tar::Header;

/// Writes blocks one after the other.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    bytes: Vec<u8>,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A header of which `edit` may change anything before the checksum is made.
    pub(crate) fn header(mut self, flag: u8, name: &str, size: u64, edit: impl FnOnce(&mut Header)) -> Self {
        let mut header = Header::new_ustar();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.as_old_mut().linkflag = [flag];
        header.set_mode(if flag == b'5' { 0o755 } else { 0o644 });
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(1_600_000_000);
        header.set_size(size);
        edit(&mut header);
        header.set_cksum();
        self.bytes.extend_from_slice(header.as_bytes());
        self
    }

    /// Bytes as they are.
    pub(crate) fn raw(mut self, bytes: &[u8]) -> Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    fn data(mut self, data: &[u8]) -> Self {
        self.bytes.extend_from_slice(data);
        self.bytes.resize(self.bytes.len().next_multiple_of(512), 0);
        self
    }

    pub(crate) fn meta(self, flag: u8, data: &[u8]) -> Self {
        self.header(flag, "meta", data.len() as u64, |_| {}).data(data)
    }

    pub(crate) fn file(self, name: &str, data: &[u8]) -> Self {
        self.header(b'0', name, data.len() as u64, |_| {}).data(data)
    }

    pub(crate) fn dir(self, name: &str) -> Self {
        self.header(b'5', name, 0, |_| {})
    }

    pub(crate) fn link(self, flag: u8, name: &str, target: &str) -> Self {
        self.header(flag, name, 0, |header| {
            header.as_old_mut().linkname[..target.len()].copy_from_slice(target.as_bytes());
        })
    }

    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.bytes.extend_from_slice(&[0; 1024]);
        self.bytes
    }
}

/// One PAX record with its own length in front.
pub(crate) fn pax_record(keyword: &str, value: &[u8]) -> Vec<u8> {
    let rest = keyword.len() + value.len() + 3;
    let mut len = rest + 1;
    while len != rest + len.to_string().len() {
        len += 1;
    }
    [format!("{len} {keyword}=").as_bytes(), value, b"\n"].concat()
}

/// The records of a sparse file in GNU's format 0.1.
pub(crate) fn sparse_records(map: &[u8], size: &[u8]) -> Vec<u8> {
    let count = (map.iter().filter(|byte| **byte == b',').count() / 2 + 1).to_string();
    let records = [("GNU.sparse.numblocks", count.as_bytes()), ("GNU.sparse.map", map), ("GNU.sparse.size", size)];
    records.iter().flat_map(|(key, value)| pax_record(key, value)).collect()
}

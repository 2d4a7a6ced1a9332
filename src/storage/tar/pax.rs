//! PAX records: `length keyword=value\n`, the length counting itself (POSIX pax "Extended Header").

use super::{Segment, TarError};

/// No file system takes more of them for one file, and each is compared with all.
const MAX_XATTRS: usize = 4096;

/// What the records of one extended header say about the entry that follows.
#[derive(Debug, Default)]
pub(super) struct Pax {
    pub(super) path: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) uid: Option<u64>,
    pub(super) gid: Option<u64>,
    pub(super) mtime: Option<(i64, u32)>,
    pub(super) xattrs: Vec<(Vec<u8>, Vec<u8>)>,
    pub(super) sparse: Sparse,
}

/// The `GNU.sparse.*` records: formats 0.0, 0.1 and 1.0 of GNU tar.
#[derive(Debug, Default)]
pub(super) struct Sparse {
    pub(super) major: Option<u64>,
    pub(super) minor: Option<u64>,
    pub(super) name: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    /// How many runs the records tell, in the formats before 1.0.
    pub(super) count: Option<u64>,
    pub(super) segments: Vec<Segment>,
    offset: Option<u64>,
}

impl Pax {
    /// Parses the records of one header; a later record of one keyword wins.
    pub(super) fn parse(data: &[u8], at: u64) -> Result<Self, TarError> {
        let mut pax = Self::default();
        let mut rest = data;
        while !rest.is_empty() {
            let (keyword, value, after) = record(rest).ok_or(TarError::Pax { at, what: "the record has no sound length" })?;
            pax.take(keyword, value).ok_or(TarError::Pax { at, what: "a value cannot be read" })?;
            rest = after;
        }
        Ok(pax)
    }

    fn take(&mut self, keyword: &[u8], value: &[u8]) -> Option<()> {
        match keyword {
            b"path" => self.path = text(value)?,
            b"linkpath" => self.link = text(value)?,
            b"size" => self.size = Some(number(value)?),
            b"uid" => self.uid = Some(number(value)?),
            b"gid" => self.gid = Some(number(value)?),
            b"mtime" => self.mtime = Some(time(value)?),
            b"GNU.sparse.major" => self.sparse.major = Some(number(value)?),
            b"GNU.sparse.minor" => self.sparse.minor = Some(number(value)?),
            b"GNU.sparse.name" => self.sparse.name = text(value)?,
            b"GNU.sparse.size" | b"GNU.sparse.realsize" => self.sparse.size = Some(number(value)?),
            b"GNU.sparse.numblocks" => self.sparse.count = Some(number(value)?),
            b"GNU.sparse.offset" => self.sparse.offset = Some(number(value)?),
            b"GNU.sparse.numbytes" => {
                let offset = self.sparse.offset.take()?;
                self.sparse.segments.push(Segment { offset, len: number(value)? });
            }
            b"GNU.sparse.map" => self.sparse.segments = map(value)?,
            _ => {
                if let Some(name) = keyword.strip_prefix(b"SCHILY.xattr.")
                    && !name.is_empty()
                    && !name.contains(&0)
                {
                    self.xattrs.retain(|(known, _)| known != name);
                    if self.xattrs.len() == MAX_XATTRS {
                        return None;
                    }
                    self.xattrs.push((name.to_vec(), value.to_vec()));
                }
            }
        }
        Some(())
    }
}

/// Splits the first record off: keyword, value, rest.
pub(super) fn record(data: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = data.iter().take(20).position(|byte| *byte == b' ')?;
    let len = usize::try_from(number(&data[..space])?).ok()?;
    if len <= space + 1 || len > data.len() || data[len - 1] != b'\n' {
        return None;
    }
    let body = &data[space + 1..len - 1];
    let equals = body.iter().position(|byte| *byte == b'=')?;
    (equals > 0).then(|| (&body[..equals], &body[equals + 1..], &data[len..]))
}

/// An empty value takes an earlier one back.
#[expect(clippy::option_option, reason = "outer: sound or not; inner: there or not")]
fn text(value: &[u8]) -> Option<Option<Vec<u8>>> {
    if value.contains(&0) {
        return None;
    }
    Some((!value.is_empty()).then(|| value.to_vec()))
}

/// Reads a decimal number without sign.
pub(super) fn number(value: &[u8]) -> Option<u64> {
    if value.is_empty() || value.len() > 20 || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(value).ok()?.parse().ok()
}

/// Reads a time: decimal seconds, perhaps negative, perhaps with a fraction.
fn time(value: &[u8]) -> Option<(i64, u32)> {
    let text = std::str::from_utf8(value).ok()?;
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let seconds = i64::try_from(number(whole.as_bytes())?).ok()?;
    let nanos = fraction.bytes().chain(std::iter::repeat(b'0')).take(9).fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    Some(match (negative, nanos) {
        (false, _) => (seconds, nanos),
        (true, 0) => (-seconds, 0),
        (true, _) => (-seconds - 1, 1_000_000_000 - nanos),
    })
}

fn map(value: &[u8]) -> Option<Vec<Segment>> {
    let numbers = value.split(|byte| *byte == b',').map(number).collect::<Option<Vec<_>>>()?;
    let (pairs, rest) = numbers.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[offset, len]| Segment { offset: *offset, len: *len }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_may_hold_anything() {
        let pax = Pax::parse(b"25 SCHILY.xattr.user.a=\n\0\n16 mtime=-1.5\n\n", 0);
        assert!(pax.is_err(), "a record that is longer than it says");
        let pax = Pax::parse(b"27 SCHILY.xattr.user.a=\n\0=\n14 mtime=-1.5\n10 path=a\n10 path=b\n", 0).unwrap();
        assert_eq!(pax.xattrs, [(b"user.a".to_vec(), b"\n\0=".to_vec())]);
        assert_eq!(pax.mtime, Some((-2, 500_000_000)));
        assert_eq!(pax.path.as_deref(), Some(&b"b"[..]));
    }

    #[test]
    fn unsound_records_are_refused() {
        for bad in [
            &b"5 a=b\n"[..],
            b"7 a=b\n",
            b"0 a=b\n",
            b"99 a=b\n",
            b"+6 a=b\n",
            b"6 a=bx",
            b"6 =abc\n",
            b"9 size=x\n",
            b"10 size=-\n",
            b"11 path=\0a\n",
            b"99999999999999999999999 a=b\n",
        ] {
            assert!(Pax::parse(bad, 0).is_err(), "{bad:?}");
        }
    }
}

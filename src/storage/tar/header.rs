//! One header block.

use super::{BLOCK, TarError};
use tar::Header;

/// The fields of a header block, before PAX records and long names.
#[derive(Debug)]
pub(super) struct Raw {
    pub(super) flag: u8,
    pub(super) path: Vec<u8>,
    pub(super) link: Vec<u8>,
    pub(super) mode: u32,
    pub(super) uid: u64,
    pub(super) gid: u64,
    pub(super) size: u64,
    pub(super) mtime: i64,
}

/// Parses a block that is not all zero.
pub(super) fn parse(block: &[u8; BLOCK], at: u64) -> Result<Raw, TarError> {
    let header = Header::from_byte_slice(block);
    let old = header.as_old();
    if !checksum_fits(block, number(&old.cksum)) {
        return Err(TarError::Checksum { at });
    }
    let field =
        |bytes: &[u8], what| number(bytes).and_then(|value| u64::try_from(value).ok()).ok_or(TarError::Header { at, what });
    let mode = field(&old.mode, "the mode is no number")?;
    Ok(Raw {
        flag: old.linkflag[0],
        path: header.path_bytes().into_owned(),
        link: header.link_name_bytes().map(std::borrow::Cow::into_owned).unwrap_or_default(),
        // Some writers put the file type here too.
        mode: u32::try_from(mode & 0o7777).unwrap_or(0),
        uid: field(&old.uid, "the owner is no number")?,
        gid: field(&old.gid, "the group is no number")?,
        size: field(&old.size, "the size is no number")?,
        mtime: number(&old.mtime).and_then(|value| i64::try_from(value).ok()).unwrap_or(0),
    })
}

/// Reads a numeric field: octal digits, or base 256 where the top bit is set; blank is zero.
pub(super) fn number(field: &[u8]) -> Option<i128> {
    let first = *field.first()?;
    if first & 0x80 != 0 {
        let start = if first & 0x40 != 0 { -1 } else { 0 };
        let mut value: i128 = start;
        for (at, byte) in field.iter().enumerate() {
            let byte = if at == 0 { *byte & 0x7f | if start < 0 { 0x80 } else { 0 } } else { *byte };
            value = value.checked_mul(256)?.checked_add(i128::from(byte))?;
        }
        return Some(value);
    }
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    let digits = field[..end].trim_ascii();
    digits.iter().try_fold(0_i128, |value, digit| match digit {
        b'0'..=b'7' => Some(value * 8 + i128::from(digit - b'0')),
        _ => None,
    })
}

/// The checksum is over the block with its own field as spaces; some old writers summed signed bytes.
fn checksum_fits(block: &[u8; BLOCK], stored: Option<i128>) -> bool {
    const FIELD: std::ops::Range<usize> = 148..156;
    let spaces = i64::from(b' ') * 8;
    let sum = |bytes: &[u8]| bytes.iter().map(|byte| u32::from(*byte)).sum::<u32>();
    // As signed bytes, each with its top bit set counts 256 less.
    let high = |bytes: &[u8]| bytes.iter().map(|byte| u32::from(*byte >> 7)).sum::<u32>();
    let unsigned = i64::from(sum(block) - sum(&block[FIELD])) + spaces;
    let signed = unsigned - 256 * i64::from(high(block) - high(&block[FIELD]));
    stored == Some(unsigned.into()) || stored == Some(signed.into())
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_are_octal_or_base_256() {
        for (field, value) in [
            (&b"0000644\0"[..], Some(0o644)),
            (b"   644 \0", Some(0o644)),
            (b"\0\0\0\0", Some(0)),
            (b"    ", Some(0)),
            (b"12\09", Some(0o12)),
            (b"\x80\0\0\0\0\0\x01\x00", Some(256)),
            (b"\xff\xff\xff\xff", Some(-1)),
            (b"\xff\xff\xff\xfe", Some(-2)),
            (b"0009", None),
            (b"-1", None),
            (b"0x10", None),
            (b"", None),
        ] {
            assert_eq!(number(field), value, "{field:?}");
        }
    }
}

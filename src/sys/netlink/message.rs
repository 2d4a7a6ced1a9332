//! The messages of route netlink: a header, a body, and attributes (netlink(7)).

pub(super) const REQUEST: u16 = 1;
pub(super) const ACK: u16 = 4;
pub(super) const DUMP: u16 = 0x300;
pub(super) const EXCLUSIVE: u16 = 0x200;
pub(super) const CREATE: u16 = 0x400;
pub(super) const REPLACE: u16 = 0x100;

pub(super) const NESTED: u16 = 0x8000;

pub(super) const HEADER: usize = 16;

/// A request that is being put together.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) bytes: Vec<u8>,
}

impl Message {
    pub(super) fn new(kind: u16, flags: u16, body: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(256);
        bytes.extend([0; 4]);
        bytes.extend(kind.to_ne_bytes());
        bytes.extend((flags | REQUEST).to_ne_bytes());
        bytes.extend([0; 8]);
        bytes.extend(body);
        Self { bytes }
    }

    pub(super) fn attribute(&mut self, kind: u16, value: &[u8]) -> &mut Self {
        let length = u16::try_from(value.len() + 4).unwrap_or(u16::MAX);
        self.bytes.extend(length.to_ne_bytes());
        self.bytes.extend(kind.to_ne_bytes());
        self.bytes.extend(value);
        self.align();
        self
    }

    pub(super) fn number(&mut self, kind: u16, value: u32) -> &mut Self {
        self.attribute(kind, &value.to_ne_bytes())
    }

    /// A string with its zero.
    pub(super) fn text(&mut self, kind: u16, value: &str) -> &mut Self {
        self.attribute(kind, &[value.as_bytes(), &[0]].concat())
    }

    pub(super) fn nested(&mut self, kind: u16, fill: impl FnOnce(&mut Self)) -> &mut Self {
        let at = self.bytes.len();
        self.bytes.extend([0; 2]);
        self.bytes.extend((kind | NESTED).to_ne_bytes());
        fill(self);
        let length = u16::try_from(self.bytes.len() - at).unwrap_or(u16::MAX);
        self.bytes[at..at + 2].copy_from_slice(&length.to_ne_bytes());
        self
    }

    pub(super) fn align(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }

    pub(super) fn finish(mut self, sequence: u32) -> Vec<u8> {
        let length = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        self.bytes[..4].copy_from_slice(&length.to_ne_bytes());
        self.bytes[8..12].copy_from_slice(&sequence.to_ne_bytes());
        self.bytes
    }
}

pub(super) struct Head {
    pub(super) kind: u16,
    pub(super) flags: u16,
    pub(super) sequence: u32,
}

/// Takes the first message: its head, its body, and what follows.
pub(super) fn next_message(bytes: &[u8]) -> Option<(Head, &[u8], &[u8])> {
    let length = usize::try_from(number_at(bytes, 0)?).ok()?;
    let half = |at: usize| bytes.get(at..at + 2).and_then(|half| half.try_into().ok()).map(u16::from_ne_bytes);
    let head = Head { kind: half(4)?, flags: half(6)?, sequence: number_at(bytes, 8)? };
    let body = bytes.get(HEADER..length)?;
    Some((head, body, bytes.get(length.next_multiple_of(4)..).unwrap_or_default()))
}

pub(super) fn number_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4).and_then(|number| number.try_into().ok()).map(u32::from_ne_bytes)
}

/// The attributes from `bytes`.
pub(super) fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let half = |at: usize| bytes.get(at..at + 2).and_then(|half| half.try_into().ok()).map(u16::from_ne_bytes);
        let (length, kind) = (usize::from(half(0)?), half(2)?);
        let value = bytes.get(4..length)?;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind & !NESTED, value))
    })
}

#[cfg(test)]
mod tests {
    use super::super::{ifla, kind, link_body};
    use super::*;

    #[test]
    fn a_message_has_its_length_and_aligned_attributes() {
        let mut message = Message::new(kind::NEWLINK, CREATE | ACK, &link_body(7, true));
        message.text(ifla::IFNAME, "eth0").nested(ifla::LINKINFO, |info| {
            info.text(ifla::INFO_KIND, "veth");
        });
        let bytes = message.finish(5);
        assert_eq!(number_at(&bytes, 0), Some(u32::try_from(bytes.len()).unwrap()));
        assert_eq!((bytes.len() % 4, number_at(&bytes, 8)), (0, Some(5)));
        let (head, body, rest) = next_message(&bytes).unwrap();
        assert_eq!((head.kind, head.flags, rest.len()), (kind::NEWLINK, CREATE | ACK | REQUEST, 0));
        let found: Vec<_> = attributes(&body[16..]).collect();
        assert_eq!(found[0], (ifla::IFNAME, &b"eth0\0"[..]));
        assert_eq!(attributes(found[1].1).next(), Some((ifla::INFO_KIND, &b"veth\0"[..])));
    }

    #[test]
    fn what_is_cut_off_is_no_message() {
        let bytes = Message::new(kind::NEWLINK, 0, &link_body(1, false)).finish(1);
        for length in 0..bytes.len() {
            assert!(next_message(&bytes[..length]).is_none(), "{length}");
        }
        assert!(attributes(&[9, 0, 1, 0, 1]).next().is_none());
        assert!(attributes(&[0, 0, 1, 0]).next().is_none());
    }
}

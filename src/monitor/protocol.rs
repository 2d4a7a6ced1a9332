//! What the monitor and its attach clients say to each other.
//!
//! The socket is `SOCK_SEQPACKET`: one message per packet, so nothing has to be framed and a closed end is seen at once.
//! The first byte is the kind, the rest the payload.

/// The largest payload of one message, in bytes.
pub const MAX_PAYLOAD: usize = 32 * 1024;

/// A message from a client to the monitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientMessage<'a> {
    /// `i`: bytes for the container's standard input.
    Stdin(&'a [u8]),
    /// `e`: the client's input has ended; the container's standard input is closed.
    StdinEnd,
    /// `r`: the terminal's new size, two little-endian `u16`: rows, columns.
    Resize { rows: u16, cols: u16 },
    /// `q`: send no output, only the exit code (`wait`).
    Quiet,
    /// `s`: do not start the container again; a start that is being waited for is given up.
    Stay,
}

/// A message from the monitor to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MonitorMessage<'a> {
    /// `o`: bytes of the container's standard output, or of its terminal.
    Stdout(&'a [u8]),
    /// `x`: bytes of the container's standard error.
    Stderr(&'a [u8]),
    /// `c`: init has ended with this code (little-endian `i32`); nothing follows but the closed end, when clean-up is done.
    Exit(i32),
}

impl<'a> ClientMessage<'a> {
    /// Returns the kind byte and the payload; `small` holds a payload that is made here.
    pub fn encode(&'a self, small: &'a mut [u8; 4]) -> (u8, &'a [u8]) {
        match self {
            Self::Stdin(bytes) => (b'i', bytes),
            Self::StdinEnd => (b'e', &[]),
            Self::Resize { rows, cols } => {
                small[..2].copy_from_slice(&rows.to_le_bytes());
                small[2..].copy_from_slice(&cols.to_le_bytes());
                (b'r', &small[..])
            }
            Self::Quiet => (b'q', &[]),
            Self::Stay => (b's', &[]),
        }
    }

    /// Reads one packet; nothing for a packet that is no message.
    #[must_use]
    pub fn decode(packet: &'a [u8]) -> Option<Self> {
        let (kind, payload) = packet.split_first()?;
        match (kind, payload) {
            (b'i', bytes) => Some(Self::Stdin(bytes)),
            (b'e', []) => Some(Self::StdinEnd),
            (b'r', [r0, r1, c0, c1]) => {
                Some(Self::Resize { rows: u16::from_le_bytes([*r0, *r1]), cols: u16::from_le_bytes([*c0, *c1]) })
            }
            (b'q', []) => Some(Self::Quiet),
            (b's', []) => Some(Self::Stay),
            _ => None,
        }
    }
}

impl<'a> MonitorMessage<'a> {
    /// Returns the kind byte and the payload; `small` holds a payload that is made here.
    pub fn encode(&'a self, small: &'a mut [u8; 4]) -> (u8, &'a [u8]) {
        match self {
            Self::Stdout(bytes) => (b'o', bytes),
            Self::Stderr(bytes) => (b'x', bytes),
            Self::Exit(code) => {
                small.copy_from_slice(&code.to_le_bytes());
                (b'c', &small[..])
            }
        }
    }

    /// Reads one packet; nothing for a packet that is no message.
    #[must_use]
    pub fn decode(packet: &'a [u8]) -> Option<Self> {
        let (kind, payload) = packet.split_first()?;
        match (kind, payload) {
            (b'o', bytes) => Some(Self::Stdout(bytes)),
            (b'x', bytes) => Some(Self::Stderr(bytes)),
            (b'c', [a, b, c, d]) => Some(Self::Exit(i32::from_le_bytes([*a, *b, *c, *d]))),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet((kind, payload): (u8, &[u8])) -> Vec<u8> {
        [&[kind], payload].concat()
    }

    #[test]
    fn every_message_comes_back_as_it_was() {
        for message in [
            ClientMessage::Stdin(b"hi"),
            ClientMessage::StdinEnd,
            ClientMessage::Resize { rows: 50, cols: 300 },
            ClientMessage::Quiet,
            ClientMessage::Stay,
        ] {
            let bytes = packet(message.encode(&mut [0; 4]));
            assert_eq!(ClientMessage::decode(&bytes), Some(message));
        }
        for message in [MonitorMessage::Stdout(b""), MonitorMessage::Stderr(b"no"), MonitorMessage::Exit(-1)] {
            let bytes = packet(message.encode(&mut [0; 4]));
            assert_eq!(MonitorMessage::decode(&bytes), Some(message));
        }
    }

    #[test]
    fn what_is_no_message_is_no_message() {
        for bad in [&b""[..], b"z", b"r12", b"exx", b"c123"] {
            assert_eq!(ClientMessage::decode(bad).map(|_| ()).or(MonitorMessage::decode(bad).map(|_| ())), None, "{bad:?}");
        }
    }
}

//! The keys that detach from a terminal (`--detach-keys`).

use std::str::FromStr;

/// A sequence of keys; the empty one never matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetachKeys(Vec<u8>);

/// A text that names no keys.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{key:?} is not a key (write a single character, or ctrl- and one of a-z, @, [, \\, ], ^, _)")]
pub struct BadKey {
    key: String,
}

impl DetachKeys {
    /// No keys: the user cannot leave.
    #[must_use]
    pub fn off() -> Self {
        Self(Vec::new())
    }
}

impl Default for DetachKeys {
    /// `ctrl-p,ctrl-q`.
    fn default() -> Self {
        Self(vec![0x10, 0x11])
    }
}

impl FromStr for DetachKeys {
    type Err = BadKey;

    /// Reads keys with commas between them, as Podman and Docker do; the empty text switches detaching off.
    fn from_str(text: &str) -> Result<Self, BadKey> {
        if text.is_empty() {
            return Ok(Self(Vec::new()));
        }
        text.split(',').map(key).collect::<Result<_, _>>().map(Self)
    }
}

fn key(text: &str) -> Result<u8, BadKey> {
    let bad = || BadKey { key: text.to_owned() };
    match (text.strip_prefix("ctrl-"), text.as_bytes()) {
        (Some(rest), _) => match rest.as_bytes() {
            [letter @ b'a'..=b'z'] => Ok(letter - b'a' + 1),
            [sign @ (b'@' | b'[' | b'\\' | b']' | b'^' | b'_')] => Ok(sign - b'@'),
            _ => Err(bad()),
        },
        (None, [byte]) if byte.is_ascii() => Ok(*byte),
        _ => Err(bad()),
    }
}

/// Looks for the keys in a stream of input.
#[derive(Debug)]
pub struct Matcher {
    keys: DetachKeys,
    /// How many of the keys the input ends with; these bytes are held back.
    held: usize,
}

impl Matcher {
    /// Begins with no key seen.
    #[must_use]
    pub fn new(keys: DetachKeys) -> Self {
        Self { keys, held: 0 }
    }

    /// Appends to `out` what of `input` is no part of the keys; true when the keys are complete, and the rest is dropped.
    pub fn filter(&mut self, input: &[u8], out: &mut Vec<u8>) -> bool {
        let keys = &self.keys.0;
        if keys.is_empty() {
            out.extend_from_slice(input);
            return false;
        }
        for byte in input {
            // The longest beginning of the keys with which the held bytes and this one end; what stands before it is given free.
            while self.held > 0 && keys[self.held] != *byte {
                let shorter = (0..self.held).rev().find(|len| keys[..*len] == keys[self.held - len..self.held]).unwrap_or(0);
                out.extend_from_slice(&keys[..self.held - shorter]);
                self.held = shorter;
            }
            if keys[self.held] == *byte {
                self.held += 1;
            } else {
                out.push(*byte);
            }
            if self.held == keys.len() {
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_in_podmans_spelling() {
        let table: [(&str, Option<&[u8]>); 10] = [
            ("", Some(b"")),
            ("ctrl-p,ctrl-q", Some(b"\x10\x11")),
            ("a", Some(b"a")),
            ("ctrl-a,x,ctrl-@", Some(b"\x01x\x00")),
            ("ctrl-[,ctrl-_", Some(b"\x1b\x1f")),
            ("ctrl-A", None),
            ("ctrl-", None),
            ("ab", None),
            ("a,,b", None),
            ("ä", None),
        ];
        for (text, expected) in table {
            let got = text.parse::<DetachKeys>().ok();
            assert_eq!(got.as_ref().map(|keys| keys.0.as_slice()), expected, "{text:?}");
        }
    }

    #[test]
    fn the_keys_are_found_across_reads_and_nothing_else_is_lost() {
        type Case = (&'static str, &'static [&'static [u8]], &'static [u8], bool);
        let table: [Case; 6] = [
            ("ctrl-p,ctrl-q", &[b"ab\x10", b"\x11cd"], b"ab", true),
            ("ctrl-p,ctrl-q", &[b"\x10\x10\x11"], b"\x10", true),
            ("ctrl-p,ctrl-q", &[b"\x10", b"x\x11\x10"], b"\x10x\x11", false),
            ("a,a,b", &[b"aaab"], b"a", true),
            ("a,b,a,c", &[b"ababac"], b"ab", true),
            ("", &[b"\x10\x11"], b"\x10\x11", false),
        ];
        for (keys, reads, expected, detached) in table {
            let mut matcher = Matcher::new(keys.parse().expect("keys"));
            let mut out = Vec::new();
            let found = reads.iter().any(|read| matcher.filter(read, &mut out));
            assert_eq!((out.as_slice(), found), (expected, detached), "{keys} {reads:?}");
        }
    }
}

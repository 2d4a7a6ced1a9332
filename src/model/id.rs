//! Container ids and names.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A container's id: 64 lower-case hexadecimal digits, as Podman and Docker print them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ContainerId(String);

/// A text that is no container id.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not a container id (64 hexadecimal digits)")]
pub struct BadContainerId(String);

impl ContainerId {
    /// Makes an id from 32 random bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(hex(bytes))
    }

    /// Returns all 64 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the first twelve digits, the form that tables show.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

impl TryFrom<String> for ContainerId {
    type Error = BadContainerId;

    fn try_from(text: String) -> Result<Self, BadContainerId> {
        if text.len() == 64 && is_lower_hex(&text) { Ok(Self(text)) } else { Err(BadContainerId(text)) }
    }
}

impl From<ContainerId> for String {
    fn from(id: ContainerId) -> Self {
        id.0
    }
}

impl fmt::Display for ContainerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Tells whether `text` is a valid name of a container, volume or network: `[a-zA-Z0-9][a-zA-Z0-9_.-]*`, at most 253 bytes.
#[must_use]
pub fn is_valid_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    text.len() <= 253
        && bytes.next().is_some_and(|b| b.is_ascii_alphanumeric())
        && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

/// Tells whether `text` holds nothing but lower-case hexadecimal digits.
#[must_use]
pub fn is_lower_hex(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// Writes `bytes` as lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_64_lower_case_hex_digits() {
        let id = ContainerId::from_bytes(&[0xab; 32]);
        assert_eq!(id.short(), "abababababab");
        assert!(ContainerId::try_from("ab".repeat(32)).is_ok());
        for bad in ["", "ab", &"AB".repeat(32), &"zz".repeat(32), &"ab".repeat(33)] {
            assert!(ContainerId::try_from((*bad).to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn names_follow_podmans_pattern() {
        for good in ["a", "A1", "web-1", "x_y.z"] {
            assert!(is_valid_name(good), "{good}");
        }
        for bad in ["", "-a", ".a", "a/b", "../x", "a b", "ä", "a\n", &"a".repeat(254)] {
            assert!(!is_valid_name(bad), "{bad:?}");
        }
    }
}

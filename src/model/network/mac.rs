//! Hardware addresses.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The hardware address of an interface. Written as six pairs of hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MacAddress([u8; 6]);

/// A text that is no hardware address of one interface.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a hardware address of one interface (write six pairs of hexadecimal digits, such as 92:d0:c6:0a:29:33)")]
pub struct BadMac(String);

impl MacAddress {
    /// Makes an address out of random bytes: one that no vendor gives, for one interface.
    #[must_use]
    pub fn local(mut bytes: [u8; 6]) -> Self {
        bytes[0] = bytes[0] & !1 | 2;
        Self(bytes)
    }

    /// The six bytes, as the kernel takes them.
    #[must_use]
    pub fn bytes(self) -> [u8; 6] {
        self.0
    }
}

impl FromStr for MacAddress {
    type Err = BadMac;

    fn from_str(text: &str) -> Result<Self, BadMac> {
        let bad = || BadMac(text.to_owned());
        let separator = if text.contains('-') { '-' } else { ':' };
        let mut bytes = [0; 6];
        let mut parts = text.split(separator);
        for byte in &mut bytes {
            let part = parts.next().filter(|part| part.len() == 2 && part.bytes().all(|b| b.is_ascii_hexdigit()));
            *byte = u8::from_str_radix(part.ok_or_else(bad)?, 16).map_err(|_| bad())?;
        }
        // The kernel refuses addresses of groups and the empty one (EADDRNOTAVAIL).
        if parts.next().is_some() || bytes[0] & 1 != 0 || bytes == [0; 6] {
            return Err(bad());
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl TryFrom<String> for MacAddress {
    type Error = BadMac;

    fn try_from(text: String) -> Result<Self, BadMac> {
        text.parse()
    }
}

impl From<MacAddress> for String {
    fn from(mac: MacAddress) -> Self {
        mac.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_six_pairs_and_is_of_one_interface() {
        let mac: MacAddress = "92:D0:c6:0a:29:33".parse().expect("good");
        assert_eq!(mac.to_string(), "92:d0:c6:0a:29:33");
        assert_eq!("92-D0-C6-0A-29-33".parse(), Ok(mac));
        for bad in ["", "92:d0:c6:0a:29", "92:d0:c6:0a:29:33:44", "93:d0:c6:0a:29:33", "00:00:00:00:00:00", "92:d:c6:0a:29:33"] {
            assert!(bad.parse::<MacAddress>().is_err(), "{bad}");
        }
        assert_eq!(MacAddress::local([0xff; 6]).to_string(), "fe:ff:ff:ff:ff:ff");
    }
}

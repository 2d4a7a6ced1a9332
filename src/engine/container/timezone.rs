//! `--tz`: the zone file that a container gets as its `/etc/localtime`.

use super::ContainerError;
use std::path::PathBuf;

const ZONES: &str = "/usr/share/zoneinfo";

/// Checks that the host has the zone; an empty name asks for none.
///
/// # Errors
/// It has no such zone.
pub(super) fn check(zone: &str) -> Result<(), ContainerError> {
    if zone.is_empty() { Ok(()) } else { read(zone).map(drop) }
}

/// Reads the file of a zone, or of the host's own.
///
/// # Errors
/// There is no such zone.
pub(super) fn read(zone: &str) -> Result<Vec<u8>, ContainerError> {
    let invalid = |why| ContainerError::Invalid { what: "the time zone", value: zone.to_owned(), why };
    let path = match zone {
        "local" => PathBuf::from("/etc/localtime"),
        name if name.split('/').all(is_part) => PathBuf::from(ZONES).join(name),
        _ => return Err(invalid("it has the form Area/City, or is local")),
    };
    let data = std::fs::read(path).map_err(|_| invalid("this machine has no such zone (is tzdata installed?)"))?;
    if !data.starts_with(b"TZif") {
        return Err(invalid("the file of that name is no time zone"));
    }
    Ok(data)
}

/// A part of a zone's name is no way out of the folder of zones.
fn is_part(part: &str) -> bool {
    part.starts_with(|first: char| first.is_ascii_alphanumeric())
        && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_no_way_out() {
        for zone in ["../../../etc/passwd", "/etc/passwd", "Europe/", "", "Europe/../..", "a b"] {
            assert!(read(zone).is_err(), "{zone:?}");
        }
        assert!(check("").is_ok());
    }
}

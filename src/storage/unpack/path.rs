//! Names of entries, taken apart.

use super::UnpackError;

/// Paths longer than this cannot be named to the kernel in one go (`PATH_MAX`).
const MAX_PATH: usize = 4095;

const WHITEOUT: &[u8] = b".wh.";
const OPAQUE: &[u8] = b".wh..wh..opq";
/// Marks of the old aufs driver (image-spec layer.md "Whiteouts" reserves the prefix).
const RESERVED: &[u8] = b".wh..wh.";

/// A place in the layer: the folder it is in, relative to the root, and its name there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::storage) struct Place {
    pub(in crate::storage) folder: Vec<u8>,
    pub(in crate::storage) name: Vec<u8>,
}

impl Place {
    /// The whole path, relative to the root.
    pub(in crate::storage) fn path(&self) -> Vec<u8> {
        if self.folder.is_empty() { self.name.clone() } else { [&self.folder[..], b"/", &self.name].concat() }
    }
}

/// What an entry's name means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    Root,
    Entry { place: Place },
    Whiteout { place: Place },
    Opaque { folder: Vec<u8> },
    Mark,
}

impl Target {
    /// Tells whether the name alone says all, whatever kind the entry has.
    pub(super) fn is_mark(&self) -> bool {
        matches!(self, Self::Whiteout { .. } | Self::Opaque { .. } | Self::Mark)
    }
}

/// Takes a name apart: absolute means relative to the root, and no name may climb.
pub(super) fn parse(path: &[u8]) -> Result<Target, UnpackError> {
    let Some(place) = place(path)? else { return Ok(Target::Root) };
    if place.name == OPAQUE {
        return Ok(Target::Opaque { folder: place.folder });
    }
    if place.name.starts_with(RESERVED) {
        return Ok(Target::Mark);
    }
    match place.name.strip_prefix(WHITEOUT) {
        None => Ok(Target::Entry { place }),
        Some(b"" | b"." | b"..") => Err(bad(path, "a whiteout of nothing")),
        Some(name) => Ok(Target::Whiteout { place: Place { name: name.to_vec(), folder: place.folder } }),
    }
}

/// Takes a path apart that is no mark; nothing for the root itself.
pub(in crate::storage) fn place(path: &[u8]) -> Result<Option<Place>, UnpackError> {
    if path.len() > MAX_PATH {
        return Err(bad(path, "it is too long"));
    }
    let mut parts = Vec::new();
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => return Err(bad(path, "it leaves the layer with \"..\"")),
            part if part.contains(&0) => return Err(bad(path, "it holds a NUL byte")),
            part => parts.push(part),
        }
    }
    Ok(parts.pop().map(|name| Place { folder: parts.join(&b'/'), name: name.to_vec() }))
}

/// Makes bytes of an image fit for a message: no control characters, no kilobytes.
pub(in crate::storage) fn show(path: &[u8]) -> String {
    String::from_utf8_lossy(&path[..path.len().min(200)]).into_owned()
}

fn bad(path: &[u8], what: &'static str) -> UnpackError {
    UnpackError::BadPath { path: show(path), what }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(folder: &str, name: &str) -> Target {
        Target::Entry { place: Place { folder: folder.into(), name: name.into() } }
    }

    #[test]
    fn names_are_taken_apart() {
        let whiteout = |folder: &str, name: &str| Target::Whiteout { place: Place { folder: folder.into(), name: name.into() } };
        for (path, target) in [
            ("./", Target::Root),
            ("/", Target::Root),
            ("a", entry("", "a")),
            ("./a/b/", entry("a", "b")),
            ("/a//b/./c", entry("a/b", "c")),
            ("..a/b..", entry("..a", "b..")),
            ("a/.wh.b", whiteout("a", "b")),
            (".wh.b", whiteout("", "b")),
            ("a/.wh..wh..opq", Target::Opaque { folder: "a".into() }),
            (".wh..wh..opq", Target::Opaque { folder: "".into() }),
            (".wh..wh.plnk", Target::Mark),
            (".whx", entry("", ".whx")),
        ] {
            assert_eq!(parse(path.as_bytes()).unwrap(), target, "{path}");
        }
        for path in ["..", "../a", "a/../b", "/..", "a/..", ".wh.", "a/.wh..", ".wh...", "a\0b", &"a/".repeat(2100)] {
            assert!(parse(path.as_bytes()).is_err(), "{path}");
        }
    }
}

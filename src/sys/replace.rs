//! Files that are never seen half written.

use std::io;
use std::path::Path;

/// Writes a file beside its place, as `NAME.new`, and renames it there. Not for two writers at once, and nothing is synced: after
/// a power cut the file may be the old one, the new one or empty.
///
/// # Errors
/// It cannot be written; what was at its place stays.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    std::fs::write(&new, bytes)?;
    std::fs::rename(new, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_the_old_one_or_the_new_one() {
        let temp = tempfile::tempdir().expect("a folder");
        let path = temp.path().join("record");
        replace(&path, b"old").expect("made");
        replace(&path, b"new").expect("replaced");
        assert_eq!(std::fs::read(&path).expect("there"), b"new");
        assert_eq!(std::fs::read_dir(temp.path()).expect("the folder").count(), 1);
        assert!(replace(&temp.path().join("no/record"), b"").is_err());
    }
}

//! Reading extended attributes, however many and however long.

use rustix::fd::AsFd;
use rustix::io::Errno;
use std::ffi::CString;

/// The kernel's limits on a list of names and on a value (limits.h, `XATTR_LIST_MAX`, `XATTR_SIZE_MAX`).
const MAX: usize = 64 << 10;
/// Most files have no attribute, or a short one.
const FIRST: usize = 512;

/// Names with values.
pub type Attributes = Vec<(CString, Vec<u8>)>;

/// Reads the attributes of an open file whose names `wanted` accepts. A file system that has none gives none.
///
/// # Errors
/// The system refuses to list or to read them. One that goes meanwhile is left out.
pub fn read(file: impl AsFd, wanted: impl Fn(&[u8]) -> bool) -> Result<Attributes, Errno> {
    let mut names = vec![0_u8; FIRST];
    let length = loop {
        match rustix::fs::flistxattr(&file, &mut names[..]) {
            Ok(length) => break length,
            Err(Errno::RANGE) if names.len() < MAX => names.resize(MAX, 0),
            Err(Errno::NOTSUP) => return Ok(Vec::new()),
            Err(errno) => return Err(errno),
        }
    };
    let mut found = Vec::new();
    for name in names[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty() && wanted(name)) {
        // A part between two NULs holds none.
        let Ok(name) = CString::new(name) else { continue };
        if let Some(value) = value(&file, &name)? {
            found.push((name, value));
        }
    }
    Ok(found)
}

/// Reads one attribute; nothing where there is none of that name.
fn value(file: impl AsFd, name: &CString) -> Result<Option<Vec<u8>>, Errno> {
    let mut value = vec![0_u8; FIRST];
    loop {
        match rustix::fs::fgetxattr(&file, name, &mut value[..]) {
            Ok(length) => {
                value.truncate(length);
                return Ok(Some(value));
            }
            Err(Errno::RANGE) if value.len() < MAX => value.resize(MAX, 0),
            // Security modules hide some of theirs.
            Err(Errno::NODATA | Errno::NOTSUP | Errno::ACCESS) => return Ok(None),
            Err(errno) => return Err(errno),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::XattrFlags;

    #[test]
    fn more_names_than_fit_a_page_and_a_long_value_are_read() {
        // Beside the sources: the folder for temporary files may have no such attributes.
        let folder = tempfile::tempdir_in(env!("CARGO_MANIFEST_DIR")).expect("tempdir");
        let file = std::fs::File::create(folder.path().join("file")).expect("create");
        let long = [b'v'; 3000];
        if rustix::fs::fsetxattr(&file, "user.value", &long, XattrFlags::empty()).is_err() {
            return;
        }
        let mut made = 1;
        // How many fit is the file system's to say.
        for number in 0..100 {
            let name = format!("user.{}{number}", "n".repeat(200));
            made += usize::from(rustix::fs::fsetxattr(&file, name, b"", XattrFlags::empty()).is_ok());
        }
        let found = read(&file, |_| true).expect("read");
        assert_eq!(found.len(), made);
        assert!(found.iter().any(|(name, value)| name.as_c_str() == c"user.value" && value == &long));
        assert_eq!(read(&file, |name| name == b"user.value").expect("read").len(), 1);
    }
}

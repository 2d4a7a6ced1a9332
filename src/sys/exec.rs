//! Becoming another program.

use std::ffi::CString;
use std::io;
use std::path::Path;

/// Becomes the program at `path`. Returns only when it cannot.
#[must_use]
pub fn execve(path: &Path, argv: &[CString], env: &[CString]) -> io::Error {
    use std::os::unix::ffi::OsStrExt as _;
    let Ok(path) = CString::new(path.as_os_str().as_bytes()) else { return io::Error::from(io::ErrorKind::InvalidInput) };
    let argv: Vec<*const libc::c_char> = argv.iter().map(|text| text.as_ptr()).chain([std::ptr::null()]).collect();
    let env: Vec<*const libc::c_char> = env.iter().map(|text| text.as_ptr()).chain([std::ptr::null()]).collect();
    // SAFETY: both arrays end with a null pointer, and their strings outlive the call.
    unsafe { libc::execve(path.as_ptr(), argv.as_ptr(), env.as_ptr()) };
    io::Error::last_os_error()
}

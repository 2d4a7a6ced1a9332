//! Session keyrings (keyctl(2)).

use std::ffi::CStr;
use std::io;

/// Joins a new anonymous session keyring, so that the caller no longer has that of the user's login.
///
/// Where the user's key quota is used up (`EDQUOT`), joins the one named `_coracle` instead. A kernel without keyrings
/// (`ENOSYS`) has nothing to leave.
///
/// # Errors
/// What keyctl(2) says.
pub fn join_new() -> io::Result<()> {
    match join(None) {
        Err(error) if error.raw_os_error() == Some(libc::EDQUOT) => join(Some(c"_coracle")),
        Err(error) if error.raw_os_error() == Some(libc::ENOSYS) => Ok(()),
        done => done,
    }
}

fn join(name: Option<&CStr>) -> io::Result<()> {
    const KEYCTL_JOIN_SESSION_KEYRING: libc::c_int = 1;
    let name = name.map_or(std::ptr::null(), CStr::as_ptr);
    // SAFETY: the name is null or a live C string.
    let done = unsafe { libc::syscall(libc::SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name) };
    if done >= 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

//! Buffers whose memory goes back to the kernel while they hold nothing.

use std::io;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

/// A private anonymous mapping: costs no memory until it is written to, and none again after [`Pages::forget`].
#[derive(Debug)]
pub struct Pages {
    start: NonNull<u8>,
    len: usize,
}

impl Pages {
    /// Maps `len` bytes of zeros.
    ///
    /// # Errors
    /// The kernel has no address space left, or `len` is zero.
    pub fn map(len: usize) -> io::Result<Self> {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        // SAFETY: a new anonymous mapping at an address of the kernel's choice touches no existing memory.
        let start = unsafe { libc::mmap(std::ptr::null_mut(), len, protection, flags, -1, 0) };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let start = NonNull::new(start.cast()).ok_or_else(|| io::Error::from(io::ErrorKind::OutOfMemory))?;
        Ok(Self { start, len })
    }

    /// Gives the memory back; the bytes read as zeros afterwards.
    pub fn forget(&mut self) {
        // SAFETY: start and len are those of a live mapping of ours, which is borrowed mutably: nobody reads it meanwhile.
        // A failure leaves the bytes as they are, which is allowed too.
        let _ = unsafe { libc::madvise(self.start.as_ptr().cast(), self.len, libc::MADV_DONTNEED) };
    }
}

impl Deref for Pages {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: the mapping is `len` readable, initialised (zeroed) bytes and lives as long as `self`.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl DerefMut for Pages {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `deref`; `&mut self` makes it the only reference.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours and nothing refers to it any more.
        let _ = unsafe { libc::munmap(self.start.as_ptr().cast(), self.len) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forgotten_pages_are_zero_and_usable() {
        let mut pages = Pages::map(10_000).expect("map");
        pages.fill(7);
        assert!(pages.iter().all(|byte| *byte == 7));
        pages.forget();
        assert!(pages.iter().all(|byte| *byte == 0));
        pages[9_999] = 1;
        assert_eq!(pages[9_999], 1);
    }
}

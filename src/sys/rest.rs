//! Giving memory back in a process that stays.

use std::ffi::{c_int, c_void};

/// Gives back what a process at rest does not need: free memory of the heap, and the pages of the program that it has gone through, which
/// the kernel's cache keeps. What is needed again is mapped again when it is touched.
///
/// The kernel maps sixteen pages around each one that is touched, so a start goes through most of a program.
pub fn rest() {
    // SAFETY: no arguments but a number; the allocator takes its own locks.
    let _ = unsafe { libc::malloc_trim(0) };
    // SAFETY: the function has the signature that is asked for, and uses no data of ours.
    let _ = unsafe { libc::dl_iterate_phdr(Some(forget_program), std::ptr::null_mut()) };
}

/// Unmaps the pages of the first object, which is the program itself. Only segments that nobody may ever have written to: others
/// (also those made read-only later) hold what the start has put there, which would be lost.
extern "C" fn forget_program(info: *mut libc::dl_phdr_info, _size: libc::size_t, _data: *mut c_void) -> c_int {
    // SAFETY: the C library passes a live structure.
    let info = unsafe { &*info };
    // SAFETY: it names its program headers, which are mapped as long as the program.
    let headers = unsafe { std::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum)) };
    let page = nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE)
        .ok()
        .flatten()
        .and_then(|size| usize::try_from(size).ok())
        .unwrap_or(65536);
    for header in headers.iter().filter(|header| header.p_type == libc::PT_LOAD && header.p_flags & libc::PF_W == 0) {
        let (Ok(from), Ok(length)) = (usize::try_from(info.dlpi_addr + header.p_vaddr), usize::try_from(header.p_memsz)) else {
            continue;
        };
        // Whole pages only: the next segment may begin in the last one.
        let (start, end) = (from.next_multiple_of(page), (from + length) / page * page);
        if start < end {
            let address = std::ptr::with_exposed_provenance_mut::<c_void>(start);
            // SAFETY: pages of a private file mapping that were never written to: they read the same when they are mapped again.
            let _ = unsafe { libc::madvise(address, end - start, libc::MADV_DONTNEED) };
        }
    }
    1
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_program_goes_on() {
        static TEXT: &str = "as before";
        let kept = vec![7u8; 100_000];
        super::rest();
        assert!(TEXT == "as before" && kept.iter().all(|byte| *byte == 7));
        assert_eq!(format!("{:?}", "1.5".parse::<f64>()), "Ok(1.5)");
    }
}

//! The last step before the user's program: a program of a few hundred bytes in a sealed memory file.
//!
//! While a process executes a path that a container controls, `/proc/self/exe` is still the program before. If that were
//! coracle, `#!/proc/self/exe` would run it inside the container, and a container root, being the owner of the file in the
//! host's eyes, could open it and write to it once nobody executes it any more (CVE-2019-5736). So init and exec sessions
//! first become this stub: nothing of value, and sealed against writing.
//!
//! It needs no libc and makes only four system calls, which every usable seccomp profile allows: it marks descriptor 3
//! close-on-exec, tries `execve` on each path, and if none can be executed writes stage and errno to descriptor 3 and exits
//! with 127 (not found) or 126.
//!
//! Arguments: the paths to try, an empty string, the program's own arguments. `ENOENT` and `ENOTDIR` go on to the next path,
//! `EACCES` too but is what is reported in the end, as execvp(3) does.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};

/// The descriptor on which the stub reports: it has to be the error pipe.
pub const ERROR_FD: u8 = 3;

/// The first byte of the stub's report; the errno follows as four little-endian bytes.
pub const STAGE_EXECUTE: u8 = 0xE0;

#[cfg(target_arch = "x86_64")]
super::tiny::becoming_program!(
    "coracle_stub_start",
    "coracle_stub_end",
    "lea r12, [rsp + 8]", // argv
    "mov rax, [rsp]",
    "lea r14, [rsp + rax*8 + 16]", // envp
    "mov r13, r12",
    "2:",
    "mov rax, [r13]",
    "add r13, 8",
    "cmp byte ptr [rax], 0",
    "jne 2b",
);

#[cfg(target_arch = "aarch64")]
super::tiny::becoming_program!(
    "coracle_stub_start",
    "coracle_stub_end",
    "ldr x9, [sp]",
    "add x19, sp, #8", // argv
    "add x20, x19, x9, lsl #3",
    "add x20, x20, #8", // envp
    "mov x21, x19",
    "2:",
    "ldr x10, [x21], #8",
    "ldrb w10, [x10]",
    "cbnz w10, 2b",
);

unsafe extern "C" {
    static coracle_stub_start: u8;
    static coracle_stub_end: u8;
}

/// Returns the machine code between the two labels.
fn code() -> &'static [u8] {
    let start = &raw const coracle_stub_start;
    let length = (&raw const coracle_stub_end) as usize - start as usize;
    // SAFETY: the two labels enclose initialised read-only bytes of one section of this very program.
    unsafe { std::slice::from_raw_parts(start, length) }
}

/// Makes the stub in a sealed memory file, close-on-exec. It reports on `error_fd`, which is [`ERROR_FD`] unless the program wants that.
///
/// # Errors
/// No memory files are to be had, or the machine forbids executing them (`vm.memfd_noexec=2`).
pub fn open(error_fd: u8) -> io::Result<OwnedFd> {
    super::tiny::sealed("coracle", &super::tiny::with_error_fd(code(), error_fd))
}

/// Becomes the stub, which becomes the first of `paths` that can be executed. Descriptor 3 has to be the error pipe. `before` are
/// arguments that the program in `stub` wants before the paths: none for the stub itself.
///
/// Returns only when the stub itself cannot be executed.
#[must_use]
pub fn become_program(stub: &OwnedFd, before: &[CString], paths: &[CString], argv: &[CString], env: &[CString]) -> io::Error {
    let empty = CString::default();
    let mut pointers: Vec<*const libc::c_char> = Vec::with_capacity(before.len() + paths.len() + argv.len() + 2);
    pointers.extend(before.iter().chain(paths).map(|path| path.as_ptr()));
    pointers.push(empty.as_ptr());
    pointers.extend(argv.iter().map(|argument| argument.as_ptr()));
    pointers.push(std::ptr::null());
    let env: Vec<*const libc::c_char> = env.iter().map(|entry| entry.as_ptr()).chain([std::ptr::null()]).collect();
    // SAFETY: both arrays end with a null pointer, and their strings outlive the call.
    unsafe {
        libc::syscall(libc::SYS_execveat, stub.as_raw_fd(), c"".as_ptr(), pointers.as_ptr(), env.as_ptr(), libc::AT_EMPTY_PATH);
    }
    io::Error::last_os_error()
}

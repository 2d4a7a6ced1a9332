//! `--init`: a program for process 1 of a container, of a few hundred bytes in a sealed memory file.
//!
//! Process 1 gets no signal that it has no handler for, and all orphans of its pid namespace; few programs reckon with either. This
//! one blocks every signal and forks. The child gets a process group of its own, which it puts into the foreground of the terminal
//! where there is one, and does what [`super::stub`] does: it executes the user's program, or reports on descriptor 3. The parent
//! waits for signals, passes each on to the child but those of terminal access, reaps whoever ended, and ends as the child did: with
//! its code, or 128 and the number of the signal.
//!
//! Arguments: a name, then those of the stub: the paths to try, an empty string, the program's own arguments.

use std::io;
use std::os::fd::OwnedFd;

#[cfg(target_arch = "x86_64")]
super::tiny::becoming_program!(
    "coracle_reaper_start",
    "coracle_reaper_end",
    "lea r12, [rsp + 16]", // argv[1]
    "mov rax, [rsp]",
    "lea r14, [rsp + rax*8 + 16]", // envp
    "mov r13, r12",
    "2:",
    "mov rax, [r13]",
    "add r13, 8",
    "cmp byte ptr [rax], 0",
    "jne 2b",
    "push -1",
    "mov rbp, rsp", // all signals
    "mov edi, 2",   // SIG_SETMASK
    "mov rsi, rbp",
    "xor edx, edx",
    "mov r10d, 8",
    "mov eax, 14", // rt_sigprocmask
    "syscall",
    "mov edi, 15", // PR_SET_NAME
    "mov rsi, [r12 - 8]",
    "mov eax, 157", // prctl
    "syscall",
    "mov eax, 57", // fork
    "syscall",
    "mov r15d, eax",
    "neg r15d",
    "test eax, eax",
    "js 4f",
    "jz 9f",
    "mov ebx, eax",
    "mov edi, 3",
    "mov eax, 3", // close
    "syscall",
    "sub rsp, 128",
    "6:",
    "mov rdi, rbp",
    "mov rsi, rsp",
    "xor edx, edx",
    "mov r10d, 8",
    "mov eax, 128", // rt_sigtimedwait
    "syscall",
    "test eax, eax",
    "js 6b",
    "cmp eax, 17", // SIGCHLD
    "je 7f",
    "cmp eax, 21", // SIGTTIN
    "je 6b",
    "cmp eax, 22", // SIGTTOU
    "je 6b",
    "mov esi, eax",
    "mov edi, ebx",
    "mov eax, 62", // kill
    "syscall",
    "jmp 6b",
    "7:",
    "mov rdi, -1",
    "mov rsi, rsp",
    "mov edx, 1", // WNOHANG
    "xor r10d, r10d",
    "mov eax, 61", // wait4
    "syscall",
    "test eax, eax",
    "jle 6b",
    "cmp eax, ebx",
    "jne 7b",
    "mov eax, [rsp]",
    "mov edi, eax",
    "and edi, 127",
    "jz 8f",
    "add edi, 128",
    "jmp 5f",
    "8:",
    "shr eax, 8",
    "movzx edi, al",
    "jmp 5f",
    "9:",
    "xor edi, edi",
    "xor esi, esi",
    "mov eax, 109", // setpgid
    "syscall",
    "mov eax, 39", // getpid
    "syscall",
    "push rax",
    "xor edi, edi",
    "mov esi, 0x5410", // TIOCSPGRP
    "mov rdx, rsp",
    "mov eax, 16", // ioctl
    "syscall",
    "mov qword ptr [rsp], 0",
    "mov edi, 2", // SIG_SETMASK
    "mov rsi, rsp",
    "xor edx, edx",
    "mov r10d, 8",
    "mov eax, 14", // rt_sigprocmask
    "syscall",
);

#[cfg(target_arch = "aarch64")]
super::tiny::becoming_program!(
    "coracle_reaper_start",
    "coracle_reaper_end",
    "ldr x9, [sp]",
    "add x19, sp, #16", // argv[1]
    "add x20, sp, x9, lsl #3",
    "add x20, x20, #16", // envp
    "mov x21, x19",
    "2:",
    "ldr x10, [x21], #8",
    "ldrb w10, [x10]",
    "cbnz w10, 2b",
    "mov x10, #-1",
    "sub sp, sp, #144",
    "str x10, [sp, #128]",
    "add x23, sp, #128", // all signals
    "mov x0, #2",        // SIG_SETMASK
    "mov x1, x23",
    "mov x2, #0",
    "mov x3, #8",
    "mov x8, #135", // rt_sigprocmask
    "svc #0",
    "mov x0, #15", // PR_SET_NAME
    "ldr x1, [x19, #-8]",
    "mov x8, #167", // prctl
    "svc #0",
    "mov x0, #17", // SIGCHLD
    "mov x1, #0",
    "mov x2, #0",
    "mov x3, #0",
    "mov x4, #0",
    "mov x8, #220", // clone
    "svc #0",
    "neg w22, w0",
    "cmp x0, #0",
    "b.lt 4f",
    "b.eq 9f",
    "mov w24, w0",
    "mov x0, #3",
    "mov x8, #57", // close
    "svc #0",
    "6:",
    "mov x0, x23",
    "mov x1, sp",
    "mov x2, #0",
    "mov x3, #8",
    "mov x8, #137", // rt_sigtimedwait
    "svc #0",
    "cmp w0, #0",
    "b.lt 6b",
    "cmp w0, #17", // SIGCHLD
    "b.eq 7f",
    "cmp w0, #21", // SIGTTIN
    "b.eq 6b",
    "cmp w0, #22", // SIGTTOU
    "b.eq 6b",
    "mov w1, w0",
    "mov w0, w24",
    "mov x8, #129", // kill
    "svc #0",
    "b 6b",
    "7:",
    "mov x0, #-1",
    "mov x1, sp",
    "mov x2, #1", // WNOHANG
    "mov x3, #0",
    "mov x8, #260", // wait4
    "svc #0",
    "cmp w0, #0",
    "b.le 6b",
    "cmp w0, w24",
    "b.ne 7b",
    "ldr w10, [sp]",
    "and w0, w10, #127",
    "cbz w0, 8f",
    "add w0, w0, #128",
    "b 5f",
    "8:",
    "ubfx w0, w10, #8, #8",
    "b 5f",
    "9:",
    "mov x0, #0",
    "mov x1, #0",
    "mov x8, #154", // setpgid
    "svc #0",
    "mov x8, #172", // getpid
    "svc #0",
    "str x0, [sp]",
    "mov x0, #0",
    "mov x1, #0x5410", // TIOCSPGRP
    "mov x2, sp",
    "mov x8, #29", // ioctl
    "svc #0",
    "str xzr, [sp]",
    "mov x0, #2", // SIG_SETMASK
    "mov x1, sp",
    "mov x2, #0",
    "mov x3, #8",
    "mov x8, #135", // rt_sigprocmask
    "svc #0",
);

unsafe extern "C" {
    static coracle_reaper_start: u8;
    static coracle_reaper_end: u8;
}

/// Returns the machine code between the two labels.
fn code() -> &'static [u8] {
    let start = &raw const coracle_reaper_start;
    let length = (&raw const coracle_reaper_end) as usize - start as usize;
    // SAFETY: the two labels enclose initialised read-only bytes of one section of this very program.
    unsafe { std::slice::from_raw_parts(start, length) }
}

/// Makes the program in a sealed memory file, close-on-exec. [`super::stub::become_program`] becomes it. It reports on `error_fd`.
///
/// # Errors
/// No memory files are to be had, or the machine forbids executing them (`vm.memfd_noexec=2`).
pub fn open(error_fd: u8) -> io::Result<OwnedFd> {
    super::tiny::sealed("coracle-init", &super::tiny::with_error_fd(code(), error_fd))
}

//! Programs of a few hundred bytes in sealed memory files: nothing of value to who looks at them, and nothing to write to.

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use rustix::io::Errno;
use std::io;
use std::os::fd::OwnedFd;

/// A program whose end is to become another one, between two labels. Its own code ends in front of that end, with descriptor 3 as the
/// error pipe and these registers (aarch64's in brackets): r12 (x19) points to the first of the paths to try, which an empty string ends,
/// r13 (x21) to the argument vector, r14 (x20) to the environment. It may jump to 4, to report the errno in r15d (w22), and to 5, to exit
/// with the code in edi (w0).
#[cfg(target_arch = "x86_64")]
macro_rules! becoming_program {
    ($start:literal, $end:literal, $($own:literal),* $(,)?) => {
        std::arch::global_asm!(
            concat!(".pushsection .rodata.", $start, ",\"a\",@progbits"),
            concat!(".globl ", $start),
            concat!(".globl ", $end),
            concat!($start, ":"),
            $($own,)*
            "mov edi, 3",
            "mov esi, 2",  // F_SETFD
            "mov edx, 1",  // FD_CLOEXEC
            "mov eax, 72", // fcntl
            "syscall",
            "mov r15d, 2", // ENOENT
            "3:",
            "mov rdi, [r12]",
            "cmp byte ptr [rdi], 0",
            "je 4f",
            "mov rsi, r13",
            "mov rdx, r14",
            "mov eax, 59", // execve
            "syscall",
            "add r12, 8",
            "neg eax",
            "cmp eax, 2", // ENOENT
            "je 3b",
            "cmp eax, 20", // ENOTDIR
            "je 3b",
            "mov r15d, eax",
            "cmp eax, 13", // EACCES
            "je 3b",
            "4:",
            "sub rsp, 16",
            "mov byte ptr [rsp], 0xE0",
            "mov dword ptr [rsp + 1], r15d",
            "mov edi, 3",
            "mov rsi, rsp",
            "mov edx, 5",
            "mov eax, 1", // write
            "syscall",
            "mov edi, 127",
            "cmp r15d, 2",
            "je 5f",
            "mov edi, 126",
            "5:",
            "mov eax, 231", // exit_group
            "syscall",
            concat!($end, ":"),
            ".popsection",
        );
    };
}
#[cfg(target_arch = "aarch64")]
macro_rules! becoming_program {
    ($start:literal, $end:literal, $($own:literal),* $(,)?) => {
        std::arch::global_asm!(
            concat!(".pushsection .rodata.", $start, ",\"a\",@progbits"),
            ".balign 4",
            concat!(".globl ", $start),
            concat!(".globl ", $end),
            concat!($start, ":"),
            $($own,)*
            "mov x0, #3",
            "mov x1, #2",  // F_SETFD
            "mov x2, #1",  // FD_CLOEXEC
            "mov x8, #25", // fcntl
            "svc #0",
            "mov w22, #2", // ENOENT
            "3:",
            "ldr x0, [x19]",
            "ldrb w10, [x0]",
            "cbz w10, 4f",
            "mov x1, x21",
            "mov x2, x20",
            "mov x8, #221", // execve
            "svc #0",
            "add x19, x19, #8",
            "neg w0, w0",
            "cmp w0, #2", // ENOENT
            "b.eq 3b",
            "cmp w0, #20", // ENOTDIR
            "b.eq 3b",
            "mov w22, w0",
            "cmp w0, #13", // EACCES
            "b.eq 3b",
            "4:",
            "sub sp, sp, #16",
            "mov w10, #0xE0",
            "strb w10, [sp]",
            "stur w22, [sp, #1]",
            "mov x0, #3",
            "mov x1, sp",
            "mov x2, #5",
            "mov x8, #64", // write
            "svc #0",
            "mov x0, #127",
            "cmp w22, #2",
            "b.eq 5f",
            "mov x0, #126",
            "5:",
            "mov x8, #94", // exit_group
            "svc #0",
            concat!($end, ":"),
            ".popsection",
        );
    };
}
pub(super) use becoming_program;

#[cfg(target_arch = "x86_64")]
const MACHINE: u16 = 62;
#[cfg(target_arch = "aarch64")]
const MACHINE: u16 = 183;

/// Returns a whole ELF program: header, one loaded segment, a note that the stack is not executable, the code.
fn program(code: &[u8]) -> Vec<u8> {
    const BASE: u64 = 0x40_0000;
    const HEADERS: u64 = 64 + 2 * 56;
    let mut elf = Vec::with_capacity(512);
    elf.extend_from_slice(&[0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    elf.extend_from_slice(&2u16.to_le_bytes());
    elf.extend_from_slice(&MACHINE.to_le_bytes());
    elf.extend_from_slice(&1u32.to_le_bytes());
    for word in [BASE + HEADERS, 64, 0] {
        elf.extend_from_slice(&word.to_le_bytes());
    }
    elf.extend_from_slice(&0u32.to_le_bytes());
    for half in [64u16, 56, 2, 0, 0, 0] {
        elf.extend_from_slice(&half.to_le_bytes());
    }
    let size = HEADERS + code.len() as u64;
    segment(&mut elf, 1, 5, [0, BASE, BASE, size, size, 0x1000]);
    segment(&mut elf, 0x6474_e551, 6, [0, 0, 0, 0, 0, 16]);
    elf.extend_from_slice(code);
    elf
}

fn segment(elf: &mut Vec<u8>, kind: u32, flags: u32, words: [u64; 6]) {
    elf.extend_from_slice(&kind.to_le_bytes());
    elf.extend_from_slice(&flags.to_le_bytes());
    for word in words {
        elf.extend_from_slice(&word.to_le_bytes());
    }
}

/// The machine code with another number for descriptor 3: every place that loads the number into the register of a first argument.
pub(super) fn with_error_fd(code: &[u8], number: u8) -> Vec<u8> {
    #[cfg(target_arch = "x86_64")]
    let (three, other) = ([0xbf, 3, 0, 0, 0], [0xbf, number, 0, 0, 0]); // mov edi, 3
    #[cfg(target_arch = "aarch64")]
    let (three, other) = (0xd280_0060_u32.to_le_bytes(), (0xd280_0000_u32 | u32::from(number) << 5).to_le_bytes()); // mov x0, #3
    let mut code = code.to_vec();
    let mut at = 0;
    while at + three.len() <= code.len() {
        if code[at..at + three.len()] == three {
            code[at..at + three.len()].copy_from_slice(&other);
        }
        at += 1;
    }
    code
}

/// Makes a program of this machine code, which has to run wherever it lies, in a sealed memory file, close-on-exec.
///
/// # Errors
/// No memory files are to be had, or the machine forbids executing them (`vm.memfd_noexec=2`).
pub(super) fn sealed(name: &str, code: &[u8]) -> io::Result<OwnedFd> {
    sealed_file(name, |fd| {
        let program = program(code);
        let mut rest = &program[..];
        while !rest.is_empty() {
            let written = rustix::io::retry_on_intr(|| rustix::io::write(fd, rest))?;
            rest = &rest[written..];
        }
        Ok(())
    })
}

/// Makes a memory file that can be executed, close-on-exec, has it filled and seals it.
///
/// # Errors
/// As [`sealed`]; it cannot be filled.
pub(super) fn sealed_file(name: &str, fill: impl FnOnce(&OwnedFd) -> Result<(), Errno>) -> io::Result<OwnedFd> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    // MFD_EXEC is Linux 6.3; older kernels answer EINVAL and make every memory file executable.
    let fd = match memfd_create(name, flags | MemfdFlags::EXEC) {
        Err(Errno::INVAL) => memfd_create(name, flags)?,
        other => other?,
    };
    fill(&fd)?;
    fcntl_add_seals(&fd, SealFlags::SEAL | SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE)?;
    Ok(fd)
}

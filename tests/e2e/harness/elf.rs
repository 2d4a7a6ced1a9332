//! Programs of one system call, written by hand: what a container may ask of the kernel, without a compiler.

/// Where the data of a program lies, for arguments that are addresses.
pub const DATA: u64 = 0x40_0000 + DATA_OFFSET as u64;

const DATA_OFFSET: usize = 0x200;
const HEADERS: usize = 64 + 56;

/// A static program that makes one system call and exits with its errno, or with 0 where it succeeded.
pub fn system_call(number: libc::c_long, args: [u64; 6], data: &[u8]) -> Vec<u8> {
    let code = code(number.cast_unsigned(), args);
    let mut file = header();
    file.extend_from_slice(&code);
    assert!(file.len() <= DATA_OFFSET, "the code reaches into the data");
    file.resize(DATA_OFFSET, 0);
    file.extend_from_slice(data);
    let size = file.len() as u64;
    // p_filesz and p_memsz of the one program header.
    file[64 + 32..64 + 40].copy_from_slice(&size.to_le_bytes());
    file[64 + 40..64 + 48].copy_from_slice(&size.to_le_bytes());
    file
}

/// A static program of this machine code.
pub fn machine_code(code: &[u8]) -> Vec<u8> {
    let mut file = header();
    file.extend_from_slice(code);
    let size = file.len() as u64;
    file[64 + 32..64 + 40].copy_from_slice(&size.to_le_bytes());
    file[64 + 40..64 + 48].copy_from_slice(&size.to_le_bytes());
    file
}

fn header() -> Vec<u8> {
    let machine: u16 = if cfg!(target_arch = "aarch64") { 183 } else { 62 };
    let mut file = vec![0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    file.extend(2u16.to_le_bytes()); // ET_EXEC
    file.extend(machine.to_le_bytes());
    file.extend(1u32.to_le_bytes());
    file.extend((0x40_0000u64 + HEADERS as u64).to_le_bytes()); // entry
    file.extend(64u64.to_le_bytes()); // program headers
    file.extend(0u64.to_le_bytes()); // no sections
    file.extend(0u32.to_le_bytes());
    for half in [64u16, 56, 1, 0, 0, 0] {
        file.extend(half.to_le_bytes());
    }
    file.extend(1u32.to_le_bytes()); // PT_LOAD
    file.extend(7u32.to_le_bytes()); // rwx: data may be written to
    for word in [0u64, 0x40_0000, 0x40_0000, 0, 0, 0x1000] {
        file.extend(word.to_le_bytes());
    }
    file
}

#[cfg(target_arch = "x86_64")]
fn code(number: u64, args: [u64; 6]) -> Vec<u8> {
    let mut code = vec![0x48, 0xb8]; // mov rax, number
    code.extend(number.to_le_bytes());
    // mov rdi / rsi / rdx / r10 / r8 / r9
    for (load, value) in [[0x48, 0xbf], [0x48, 0xbe], [0x48, 0xba], [0x49, 0xba], [0x49, 0xb8], [0x49, 0xb9]].iter().zip(args) {
        code.extend(load);
        code.extend(value.to_le_bytes());
    }
    code.extend([0x0f, 0x05]); // syscall
    code.extend([0x48, 0x85, 0xc0, 0x79, 0x04]); // test rax, rax; jns: success
    code.extend([0xf7, 0xd8, 0xeb, 0x02]); // neg eax; jmp: exit
    code.extend([0x31, 0xc0]); // success: xor eax, eax
    code.extend([0x89, 0xc7, 0xb8, 60, 0, 0, 0, 0x0f, 0x05]); // exit: mov edi, eax; mov eax, 60; syscall
    code
}

#[cfg(target_arch = "aarch64")]
fn code(number: u64, args: [u64; 6]) -> Vec<u8> {
    let load = |register: u32, value: u64| {
        (0..4u32).map(move |part| {
            let bits = (value >> (16 * part)) & 0xffff;
            let base = if part == 0 { 0xd280_0000 } else { 0xf280_0000 }; // movz, movk
            base | part << 21 | u32::try_from(bits).expect("sixteen bits") << 5 | register
        })
    };
    let mut words: Vec<u32> = load(8, number).collect();
    for (register, value) in (0..).zip(args) {
        words.extend(load(register, value));
    }
    words.extend([
        0xd400_0001,          // svc #0
        0xf100_001f,          // cmp x0, #0
        0x5400_000a | 3 << 5, // b.ge: success
        0xcb00_03e0,          // neg x0, x0
        0x1400_0002,          // b: exit
        0xd280_0000,          // success: mov x0, #0
        0xd280_0ba8,          // exit: mov x8, #93
        0xd400_0001,          // svc #0
    ]);
    words.into_iter().flat_map(u32::to_le_bytes).collect()
}

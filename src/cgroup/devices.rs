//! Rules for devices, as a program that the kernel asks at each use of one. Only root of the machine can have that kept; in a user
//! namespace no device nodes can be made, and those of the host that are mounted were asked for.

use crate::sys::bpf;
use oci_spec::runtime::{LinuxDeviceCgroup, LinuxDeviceType};
use rustix::io::Errno;
use std::io;
use std::os::fd::BorrowedFd;

// BPF_DEVCG_* of linux/bpf.h
const BLOCK: u32 = 1;
const CHARACTER: u32 = 2;
const MAKE: u32 = 1;
const READ: u32 = 2;
const WRITE: u32 = 4;

/// Devices that every container has: those of config-linux.md "Default Devices" and the terminals, as kind, major and minor numbers.
const ALWAYS: [(u32, Option<u32>); 9] =
    [(1, Some(3)), (1, Some(5)), (1, Some(7)), (1, Some(8)), (1, Some(9)), (5, Some(0)), (5, Some(1)), (5, Some(2)), (136, None)];

/// What a rule is about; where there is no number, or no kind, all are meant.
#[derive(Clone, Copy, Debug)]
struct Rule {
    allow: bool,
    kind: Option<u32>,
    major: Option<u32>,
    minor: Option<u32>,
    access: u32,
}

/// Has the rules kept for the processes of a cgroup. What no rule allows is forbidden.
///
/// # Errors
/// `EPERM` for who is not root of the machine; `EINVAL` for a rule that says nothing of devices: were it taken for one of all devices, more
/// would be allowed than was meant.
pub fn keep(cgroup: BorrowedFd<'_>, rules: &[LinuxDeviceCgroup]) -> io::Result<()> {
    let mut all = rules.iter().map(rule).collect::<io::Result<Vec<Rule>>>()?;
    all.extend(ALWAYS.map(|(major, minor)| Rule {
        allow: true,
        kind: Some(CHARACTER),
        major: Some(major),
        minor,
        access: MAKE | READ | WRITE,
    }));
    let program = bpf::load_device_program(&program(&all))?;
    bpf::attach_device_program(cgroup, &program)
}

fn rule(one: &LinuxDeviceCgroup) -> io::Result<Rule> {
    let bad = || io::Error::from(Errno::INVAL);
    let kind = match one.typ() {
        Some(LinuxDeviceType::B) => Some(BLOCK),
        Some(LinuxDeviceType::C | LinuxDeviceType::U) => Some(CHARACTER),
        Some(LinuxDeviceType::A) | None => None,
        Some(LinuxDeviceType::P) => return Err(bad()),
    };
    // -1 is every number, as in the files of cgroup v1.
    let number = |number: Option<i64>| match number {
        None | Some(-1) => Ok(None),
        Some(number) => u32::try_from(number).map(Some).map_err(|_| bad()),
    };
    let letters = one.access().as_deref().filter(|letters| !letters.is_empty()).unwrap_or("rwm");
    let access = letters.chars().try_fold(0, |all, letter| match letter {
        'm' => Ok(all | MAKE),
        'r' => Ok(all | READ),
        'w' => Ok(all | WRITE),
        _ => Err(bad()),
    })?;
    Ok(Rule { allow: one.allow(), kind, major: number(one.major())?, minor: number(one.minor())?, access })
}

// Registers, and instructions as linux/bpf.h and linux/bpf_common.h have them; comparisons are of 32 bits (Linux 5.1).
const ANSWER: u8 = 0;
const CONTEXT: u8 = 1;
const KIND: u8 = 2;
const LEFT: u8 = 3;
const MAJOR: u8 = 4;
const MINOR: u8 = 5;
const LOAD_WORD: u8 = 0x61;
const MOVE: u8 = 0xb7;
const COPY: u8 = 0xbf;
const AND: u8 = 0x54;
const SHIFT_RIGHT: u8 = 0x74;
const JUMP: u8 = 0x05;
const JUMP_NOT_EQUAL: u8 = 0x56;
const JUMP_ANY_BIT: u8 = 0x46;
const EXIT: u8 = 0x95;

#[derive(Clone, Copy, Debug)]
struct Instruction {
    code: u8,
    /// The register that is changed or compared.
    register: u8,
    source: u8,
    /// How far a jump goes, or where a word is.
    offset: u16,
    value: u32,
}

const fn op(code: u8, register: u8, offset: u16, value: u32) -> Instruction {
    Instruction { code, register, source: 0, offset, value }
}

/// The later a rule stands, the more it says, so the program looks at them from the last on: each takes from what is still asked for
/// what it allows, and a refusal of something that is left is the answer.
fn program(rules: &[Rule]) -> Vec<u8> {
    let from = |code, register, source, offset| Instruction { code, register, source, offset, value: 0 };
    let mut all = vec![
        from(LOAD_WORD, KIND, CONTEXT, 0),
        from(LOAD_WORD, MAJOR, CONTEXT, 4),
        from(LOAD_WORD, MINOR, CONTEXT, 8),
        from(COPY, LEFT, KIND, 0),
        op(AND, KIND, 0, 0xffff),
        op(SHIFT_RIGHT, LEFT, 0, 16),
    ];
    for rule in rules.iter().rev() {
        let answer = |answer| [op(MOVE, ANSWER, 0, answer), op(EXIT, 0, 0, 0)];
        let body: Vec<Instruction> = if rule.allow {
            [op(AND, LEFT, 0, !rule.access), op(JUMP_NOT_EQUAL, LEFT, 2, 0)].into_iter().chain(answer(1)).collect()
        } else {
            [op(JUMP_ANY_BIT, LEFT, 1, rule.access), op(JUMP, 0, 2, 0)].into_iter().chain(answer(0)).collect()
        };
        let conditions = [(KIND, rule.kind), (MAJOR, rule.major), (MINOR, rule.minor)];
        let conditions: Vec<_> = conditions.into_iter().filter_map(|(register, value)| Some((register, value?))).collect();
        for (at, (register, value)) in conditions.iter().enumerate() {
            let skip = conditions.len() - at - 1 + body.len();
            all.push(op(JUMP_NOT_EQUAL, *register, u16::try_from(skip).unwrap_or(u16::MAX), *value));
        }
        all.extend(body);
    }
    all.extend([op(MOVE, ANSWER, 0, 0), op(EXIT, 0, 0, 0)]);
    let mut bytes = Vec::with_capacity(all.len() * 8);
    for Instruction { code, register, source, offset, value } in all {
        // Two halves of a byte, which lie as a C compiler lays them.
        let registers = if cfg!(target_endian = "big") { register << 4 | source } else { source << 4 | register };
        bytes.extend([code, registers]);
        bytes.extend(offset.to_ne_bytes());
        bytes.extend(value.to_ne_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a program as the kernel would.
    fn ask(program: &[u8], kind: u32, access: u32, major: u32, minor: u32) -> u32 {
        let context = [access << 16 | kind, major, minor];
        let mut registers = [0u32; 10];
        let mut at = 0;
        loop {
            let [code, both, o0, o1, v0, v1, v2, v3] = program.as_chunks::<8>().0[at];
            let (to, source) = if cfg!(target_endian = "big") { (both >> 4, both & 15) } else { (both & 15, both >> 4) };
            let offset = usize::from(u16::from_ne_bytes([o0, o1]));
            let value = u32::from_ne_bytes([v0, v1, v2, v3]);
            let old = registers[usize::from(to)];
            let mut set = |value| registers[usize::from(to)] = value;
            at += 1;
            match code {
                LOAD_WORD => set(context[offset / 4]),
                MOVE => set(value),
                COPY => {
                    let other = registers[usize::from(source)];
                    registers[usize::from(to)] = other;
                }
                AND => set(old & value),
                SHIFT_RIGHT => set(old >> value),
                JUMP => at += offset,
                JUMP_NOT_EQUAL if old != value => at += offset,
                JUMP_ANY_BIT if old & value != 0 => at += offset,
                JUMP_NOT_EQUAL | JUMP_ANY_BIT => {}
                EXIT => return registers[usize::from(ANSWER)],
                other => panic!("no instruction {other:#x}"),
            }
        }
    }

    #[test]
    fn a_rule_that_says_nothing_of_devices_is_none() {
        for text in [
            r#"{"allow":true,"type":"p"}"#,
            r#"{"allow":true,"type":"c","major":4294967296}"#,
            r#"{"allow":true,"type":"c","minor":-2}"#,
            r#"{"allow":true,"access":"rx"}"#,
        ] {
            let one: LinuxDeviceCgroup = serde_json::from_str(text).unwrap();
            assert_eq!(rule(&one).map(drop).unwrap_err().raw_os_error(), Some(libc::EINVAL), "{text}");
        }
        let all: LinuxDeviceCgroup = serde_json::from_str(r#"{"allow":true,"type":"a","major":-1}"#).unwrap();
        assert!(rule(&all).is_ok_and(|rule| rule.kind.is_none() && rule.major.is_none()));
    }

    #[test]
    fn the_last_rule_about_an_access_decides() {
        let rules: Vec<LinuxDeviceCgroup> = serde_json::from_str(
            r#"[{"allow":false,"access":"rwm"},
                {"allow":true,"type":"c","major":10,"minor":200,"access":"rw"},
                {"allow":true,"type":"b","major":8,"access":"r"},
                {"allow":true,"type":"b","major":8,"minor":1,"access":"w"},
                {"allow":false,"type":"b","major":8,"minor":2,"access":"r"},
                {"allow":true,"type":"c","access":"m"}]"#,
        )
        .unwrap();
        let rules = rules.iter().map(rule).collect::<io::Result<Vec<Rule>>>().unwrap();
        let program = program(&rules);
        for (kind, access, major, minor, wanted) in [
            (CHARACTER, READ | WRITE, 10, 200, 1),
            (CHARACTER, READ, 10, 201, 0),
            (BLOCK, READ, 10, 200, 0),
            (BLOCK, READ, 8, 0, 1),
            (BLOCK, READ | WRITE, 8, 0, 0),
            // Each of the two rules allows a part of it.
            (BLOCK, READ | WRITE, 8, 1, 1),
            (BLOCK, READ, 8, 2, 0),
            (CHARACTER, MAKE, 77, 7, 1),
            (CHARACTER, MAKE | READ, 77, 7, 0),
            (BLOCK, MAKE, 77, 7, 0),
        ] {
            assert_eq!(ask(&program, kind, access, major, minor), wanted, "{kind} {access} {major}:{minor}");
        }
    }

    #[test]
    fn the_kernel_takes_the_program() {
        let all = Rule { allow: false, kind: None, major: None, minor: Some(u32::MAX), access: READ };
        match bpf::load_device_program(&program(&[all])) {
            Ok(_) => {}
            // Not root of the machine.
            Err(error) => assert_eq!(error.raw_os_error(), Some(libc::EPERM), "{error}"),
        }
    }
}

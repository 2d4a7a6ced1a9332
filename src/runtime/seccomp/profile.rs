//! A filter profile of the user's: the JSON of containers-common and of Docker, which holds the OCI's own form too.
//!
//! It can ask for everything that libseccomp knows (several architectures, comparisons of 64-bit arguments), so libseccomp compiles
//! it. That takes milliseconds, and is done once: when the container is made.

use super::table;
use crate::model::CapSet;
use libseccomp::error::SeccompError;
use libseccomp::{ScmpAction, ScmpArgCompare, ScmpCompareOp, ScmpFilterContext, ScmpSyscall};
use rustix::fs::{MemfdFlags, memfd_create};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read as _, Seek as _};

/// Why a profile makes no filter.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    #[error("read the profile")]
    Parse(#[source] serde_json::Error),
    #[error("the action {0:?} is not known")]
    Action(String),
    #[error("SCMP_ACT_NOTIFY needs a program that answers the calls, and there is none")]
    Notify,
    #[error("SCMP_ACT_NOTIFY cannot be what is done with {0}: the descriptor that tells of it is sent by such a call")]
    NotifyAlways(&'static str),
    #[error("the errno {0:?} is not known (write its number as errnoRet)")]
    Errno(String),
    #[error("the comparison {0:?} is not known")]
    Operator(String),
    #[error("the architecture {0:?} is not known")]
    Architecture(String),
    #[error("the flag {0:?} is not supported")]
    Flag(String),
    #[error("the least kernel {0:?} is no version")]
    Kernel(String),
    #[error("compile the rule for {call}")]
    Rule {
        call: String,
        #[source]
        source: SeccompError,
    },
    #[error("compile the filter")]
    Compile(#[from] SeccompError),
    #[error("take the compiled filter over")]
    Export(#[source] io::Error),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Profile {
    default_action: String,
    default_errno_ret: Option<u16>,
    #[serde(default)]
    default_errno: String,
    #[serde(default, deserialize_with = "null_is_empty")]
    arch_map: Vec<ArchMap>,
    #[serde(default, deserialize_with = "null_is_empty")]
    architectures: Vec<String>,
    #[serde(default, deserialize_with = "null_is_empty")]
    flags: Vec<String>,
    #[serde(default, deserialize_with = "null_is_empty")]
    syscalls: Vec<Rule>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ArchMap {
    architecture: String,
    #[serde(default, deserialize_with = "null_is_empty")]
    sub_architectures: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    /// The old form: one call.
    #[serde(default)]
    name: String,
    #[serde(default, deserialize_with = "null_is_empty")]
    names: Vec<String>,
    action: String,
    errno_ret: Option<u16>,
    #[serde(default)]
    errno: String,
    #[serde(default, deserialize_with = "null_is_empty")]
    args: Vec<Argument>,
    #[serde(default, deserialize_with = "null_is_empty")]
    includes: Condition,
    #[serde(default, deserialize_with = "null_is_empty")]
    excludes: Condition,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Condition {
    #[serde(deserialize_with = "null_is_empty")]
    caps: Vec<String>,
    #[serde(deserialize_with = "null_is_empty")]
    arches: Vec<String>,
    min_kernel: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Argument {
    index: u32,
    value: u64,
    #[serde(default)]
    value_two: u64,
    op: String,
}

/// Go writes an empty list as `null`.
fn null_is_empty<'de, D: serde::Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(from).map(Option::unwrap_or_default)
}

/// This machine, in Go's words and in libseccomp's.
const MACHINE: (&str, &str) = if cfg!(target_arch = "x86_64") {
    ("amd64", "SCMP_ARCH_X86_64")
} else if cfg!(target_arch = "aarch64") {
    ("arm64", "SCMP_ARCH_AARCH64")
} else if cfg!(target_arch = "riscv64") {
    ("riscv64", "SCMP_ARCH_RISCV64")
} else if cfg!(target_arch = "s390x") {
    ("s390x", "SCMP_ARCH_S390X")
} else {
    ("ppc64le", "SCMP_ARCH_PPC64LE")
};

/// Compiles a profile for a container whose bounding set is `capabilities`, on a machine with this kernel (`6.1.0-21-amd64`).
///
/// # Errors
/// The profile cannot be read, or asks for what cannot be. A call that this machine does not know by name is no error.
pub fn compile(text: &[u8], capabilities: CapSet, kernel: &str) -> Result<Vec<u8>, ProfileError> {
    compile_for(text, capabilities, kernel, false)
}

/// The same; where there is a `listener`, calls can be handed over to it.
///
/// # Errors
/// As for [`compile`], and every call would be handed over, or that by which the listener is told.
pub fn compile_for(text: &[u8], capabilities: CapSet, kernel: &str, listener: bool) -> Result<Vec<u8>, ProfileError> {
    let profile: Profile = serde_json::from_slice(text).map_err(ProfileError::Parse)?;
    if let Some(flag) = profile.flags.iter().find(|flag| *flag != "SECCOMP_FILTER_FLAG_TSYNC") {
        return Err(ProfileError::Flag(flag.clone()));
    }
    let action = |name: &str, errno, errno_name: &str| match name {
        "SCMP_ACT_NOTIFY" if listener => Ok(ScmpAction::Notify),
        _ => action(name, errno, errno_name),
    };
    let default = action(&profile.default_action, profile.default_errno_ret, &profile.default_errno)?;
    if default == ScmpAction::Notify {
        return Err(ProfileError::NotifyAlways("every other call"));
    }
    let mut context = ScmpFilterContext::new(default)?;
    for name in architectures(&profile) {
        context.add_arch(name.parse().map_err(|_| ProfileError::Architecture(name))?)?;
    }
    for rule in &profile.syscalls {
        let action = action(&rule.action, rule.errno_ret, &rule.errno)?;
        if action == default || !applies(rule, capabilities, kernel)? {
            continue;
        }
        for name in rule.names.iter().chain(Some(&rule.name).filter(|name| !name.is_empty())) {
            let Some(call) = call(name) else { continue };
            if action == ScmpAction::Notify && name == "sendmsg" {
                return Err(ProfileError::NotifyAlways("sendmsg"));
            }
            let fail = |source| ProfileError::Rule { call: name.clone(), source };
            for conditions in alternatives(&rule.args)? {
                context.add_rule_conditional(action, call, &conditions).map_err(fail)?;
            }
        }
    }
    export(&context).map_err(ProfileError::Export)?
}

/// The native architecture is always among them: libseccomp puts it there.
fn architectures(profile: &Profile) -> BTreeSet<String> {
    let own = profile.arch_map.iter().filter(|entry| entry.architecture == MACHINE.1);
    own.flat_map(|entry| entry.sub_architectures.iter())
        .chain(&profile.architectures)
        .filter(|name| *name != MACHINE.1)
        .cloned()
        .collect()
}

fn applies(rule: &Rule, capabilities: CapSet, kernel: &str) -> Result<bool, ProfileError> {
    let has_architecture = |list: &[String]| list.iter().any(|name| name == MACHINE.0);
    let has = |name: &String| CapSet::parse(name).is_some_and(|one| capabilities.contains(one));
    let Rule { includes, excludes, .. } = rule;
    Ok(!has_architecture(&excludes.arches)
        && !excludes.caps.iter().any(has)
        && (includes.arches.is_empty() || has_architecture(&includes.arches))
        && includes.caps.iter().all(has)
        && is_at_least(kernel, &includes.min_kernel)?
        && (excludes.min_kernel.is_empty() || !is_at_least(kernel, &excludes.min_kernel)?))
}

/// Compares the first two numbers of a kernel's version.
fn is_at_least(kernel: &str, least: &str) -> Result<bool, ProfileError> {
    if least.is_empty() {
        return Ok(true);
    }
    let version = |text: &str| {
        let mut numbers = text.split(['.', '-']).map(str::parse::<u32>);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    };
    let wanted = version(least).ok_or_else(|| ProfileError::Kernel(least.to_owned()))?;
    Ok(version(kernel).is_none_or(|own| own >= wanted))
}

fn action(name: &str, errno: Option<u16>, errno_name: &str) -> Result<ScmpAction, ProfileError> {
    let number = || match errno_name {
        "" => Ok(errno.unwrap_or(super::EPERM)),
        "EPERM" => Ok(super::EPERM),
        "ENOSYS" => Ok(super::ENOSYS),
        "EINVAL" => Ok(super::EINVAL),
        other => errno.or_else(|| other.parse().ok()).ok_or_else(|| ProfileError::Errno(other.to_owned())),
    };
    Ok(match name {
        "SCMP_ACT_ALLOW" => ScmpAction::Allow,
        "SCMP_ACT_ERRNO" => ScmpAction::Errno(i32::from(number()?)),
        "SCMP_ACT_KILL" | "SCMP_ACT_KILL_THREAD" => ScmpAction::KillThread,
        "SCMP_ACT_KILL_PROCESS" => ScmpAction::KillProcess,
        "SCMP_ACT_TRAP" => ScmpAction::Trap,
        "SCMP_ACT_TRACE" => ScmpAction::Trace(number()?),
        "SCMP_ACT_LOG" => ScmpAction::Log,
        "SCMP_ACT_NOTIFY" => return Err(ProfileError::Notify),
        other => return Err(ProfileError::Action(other.to_owned())),
    })
}

/// Finds a call by its name. libseccomp knows the calls of all architectures; of the newest ones we may know more.
fn call(name: &str) -> Option<ScmpSyscall> {
    ScmpSyscall::from_name(name).ok().or_else(|| {
        let (_, number) = table::NEWER.iter().find(|(newer, _)| *newer == name)?;
        Some(ScmpSyscall::from(i32::try_from(*number).ok()?))
    })
}

/// All conditions of a rule have to hold; libseccomp takes each argument only once in one rule, so where one is named twice the
/// conditions are alternatives, as in other runtimes.
fn alternatives(args: &[Argument]) -> Result<Vec<Vec<ScmpArgCompare>>, ProfileError> {
    let conditions = args.iter().map(condition).collect::<Result<Vec<_>, _>>()?;
    let distinct: BTreeSet<u32> = args.iter().map(|argument| argument.index).collect();
    if distinct.len() < args.len() {
        return Ok(conditions.into_iter().map(|one| vec![one]).collect());
    }
    Ok(vec![conditions])
}

fn condition(argument: &Argument) -> Result<ScmpArgCompare, ProfileError> {
    let Argument { index, value, value_two, op } = argument;
    let (op, value) = match op.as_str() {
        "SCMP_CMP_NE" => (ScmpCompareOp::NotEqual, *value),
        "SCMP_CMP_LT" => (ScmpCompareOp::Less, *value),
        "SCMP_CMP_LE" => (ScmpCompareOp::LessOrEqual, *value),
        "SCMP_CMP_EQ" => (ScmpCompareOp::Equal, *value),
        "SCMP_CMP_GE" => (ScmpCompareOp::GreaterEqual, *value),
        "SCMP_CMP_GT" => (ScmpCompareOp::Greater, *value),
        "SCMP_CMP_MASKED_EQ" => (ScmpCompareOp::MaskedEqual(*value), *value_two),
        other => return Err(ProfileError::Operator(other.to_owned())),
    };
    Ok(ScmpArgCompare::new(*index, op, value))
}

fn export(context: &ScmpFilterContext) -> io::Result<Result<Vec<u8>, ProfileError>> {
    let mut file = File::from(memfd_create("seccomp", MemfdFlags::CLOEXEC)?);
    if let Err(error) = context.export_bpf(&file) {
        return Ok(Err(error.into()));
    }
    file.rewind()?;
    let mut program = Vec::new();
    file.read_to_end(&mut program)?;
    Ok(Ok(program))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::seccomp::probe::errnos;

    const KERNEL: &str = "6.1.0-21-amd64";

    fn answers(profile: &str, capabilities: CapSet) -> Vec<i32> {
        let program = compile(profile.as_bytes(), capabilities, KERNEL).expect("a good profile");
        let calls =
            [(libc::SYS_getpid, [0; 3]), (libc::SYS_mkdir, [0; 3]), (libc::SYS_chroot, [0; 3]), (libc::SYS_socket, [38, 5, 0])];
        errnos(&program, &calls)
    }

    #[test]
    fn the_kernel_answers_as_the_profile_says() {
        let deny = r#"{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_X86"],"syscalls":[
            {"names":["mkdir","no_such_call"],"action":"SCMP_ACT_ERRNO","errnoRet":99},
            {"name":"chroot","action":"SCMP_ACT_ERRNO","excludes":{"caps":["CAP_SYS_CHROOT"]}},
            {"names":["socket"],"action":"SCMP_ACT_ERRNO","errno":"EINVAL","args":[{"index":0,"value":38,"op":"SCMP_CMP_EQ"}]}]}"#;
        assert_eq!(answers(deny, CapSet::NONE), [0, 99, libc::EPERM, libc::EINVAL]);
        assert_eq!(answers(deny, CapSet::SYS_CHROOT)[2], libc::EFAULT);
    }

    #[test]
    fn includes_and_excludes_choose_the_rules() {
        let rule = |text: &str| -> bool {
            let rule: Rule = serde_json::from_str(&format!(r#"{{"names":["x"],"action":"SCMP_ACT_ALLOW",{text}}}"#)).unwrap();
            applies(&rule, CapSet::SYS_ADMIN.or(CapSet::BPF), KERNEL).unwrap()
        };
        let own = MACHINE.0;
        for (text, wanted) in [
            (r#""includes":{},"excludes":null"#.to_owned(), true),
            (r#""includes":{"caps":["CAP_SYS_ADMIN"]}"#.to_owned(), true),
            (r#""includes":{"caps":["CAP_SYS_ADMIN","CAP_SYS_TIME"]}"#.to_owned(), false),
            (r#""excludes":{"caps":["CAP_SYS_TIME","CAP_BPF"]}"#.to_owned(), false),
            (format!(r#""includes":{{"arches":["{own}"]}}"#), true),
            (r#""includes":{"arches":["mips"]}"#.to_owned(), false),
            (format!(r#""excludes":{{"arches":["{own}"]}}"#), false),
            (r#""includes":{"minKernel":"4.8"}"#.to_owned(), true),
            (r#""includes":{"minKernel":"6.2"}"#.to_owned(), false),
        ] {
            assert_eq!(rule(&text), wanted, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_is_said() {
        for (text, word) in [
            ("", "read the profile"),
            (r#"{"defaultAction":"SCMP_ACT_MAYBE"}"#, "SCMP_ACT_MAYBE"),
            (r#"{"defaultAction":"SCMP_ACT_ALLOW","architectures":["PDP11"]}"#, "PDP11"),
            (r#"{"defaultAction":"SCMP_ACT_ALLOW","flags":["SECCOMP_FILTER_FLAG_LOG"]}"#, "FLAG_LOG"),
            (r#"{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"name":"mkdir","action":"SCMP_ACT_NOTIFY"}]}"#, "NOTIFY"),
        ] {
            let error = compile(text.as_bytes(), CapSet::NONE, KERNEL).expect_err(text).to_string();
            assert!(error.contains(word), "{error}");
        }
    }
}

//! The texts of limits.

use super::{DEFAULT_CPU_PERIOD_USEC, DeviceRate, DeviceWeight, Rate};
use std::path::PathBuf;

/// Why a limit cannot be read, or not be meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    #[error("{text:?} is no size: write a number with b, k, m, g or t, as in 512m")]
    Size { text: String },
    #[error("{text:?} is no number of processors: write one like 1.5, at least 0.01")]
    Cpus { text: String },
    #[error("{text:?} is no list: write numbers and ranges, as in 0-3,8")]
    List { text: String },
    #[error("{text:?} is not a device and a number: write /dev/sda:1mb, or /dev/sda:100 for weights and operations")]
    Device { text: String },
    #[error("the weight {weight} is not from 10 to 1000")]
    Weight { weight: u64 },
    #[error("{text:?} is not NAME=VALUE")]
    Pair { text: String },
    #[error(
        "{name:?} is not the name of a setting: it has to be a file of a cgroup v2 controller, as in memory.high, or cgroup.max.depth or cgroup.max.descendants"
    )]
    Setting { name: String },
    #[error("--memory-swap bounds memory and swap together, so it needs --memory")]
    SwapWithoutMemory,
    #[error("--memory-swap is memory and swap together, so it cannot be less than --memory")]
    SwapBelowMemory,
    #[error("--memory-reservation cannot be more than --memory")]
    ReservationAboveMemory,
    #[error("--cgroups=disabled leaves no cgroup that could hold a limit (leave it out, or leave the limits out)")]
    NoCgroupWanted,
    #[error("--cgroups=split is below the caller's own cgroup and does not go with --cgroup-parent")]
    SplitWithParent,
}

/// Reads a size in bytes: a number, with or without a fraction, and a unit of 1024s (`b`, `k`, `m`, `g`, `t`, `p`, each also with
/// `b` or `ib`), in any case.
///
/// # Errors
/// It is none, or more than 2^63 bytes.
pub fn size(text: &str) -> Result<u64, LimitError> {
    let fail = || LimitError::Size { text: text.to_owned() };
    let lower = text.trim().to_ascii_lowercase();
    let end = lower.find(|sign: char| !sign.is_ascii_digit() && sign != '.').unwrap_or(lower.len());
    let (number, unit) = (&lower[..end], lower[end..].trim_start());
    let letter = match unit {
        "" | "b" => "",
        unit => unit.strip_suffix("ib").or_else(|| unit.strip_suffix('b')).unwrap_or(unit),
    };
    let power = ["", "k", "m", "g", "t", "p"].iter().position(|known| *known == letter).ok_or_else(fail)?;
    let factor = 1024_u128.pow(u32::try_from(power).unwrap_or_default());
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || fraction.len() > 9 || fraction.contains('.') {
        return Err(fail());
    }
    let whole: u128 = whole.parse::<u64>().map_err(|_| fail())?.into();
    let part: u128 = format!("{fraction:0<9}").parse().map_err(|_| fail())?;
    let bytes = whole * factor + part * factor / 1_000_000_000;
    u64::try_from(bytes).ok().filter(|bytes| i64::try_from(*bytes).is_ok()).ok_or_else(fail)
}

/// Reads a number of processors; returns the microseconds in each period of [`DEFAULT_CPU_PERIOD_USEC`]. Zero means no bound.
///
/// # Errors
/// It is none, or less than the kernel can do.
pub fn cpus(text: &str) -> Result<Option<u64>, LimitError> {
    let fail = || LimitError::Cpus { text: text.to_owned() };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return Err(fail());
    }
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| fail())? };
    // Five digits are whole microseconds.
    let part: u64 = format!("{fraction:0<5}")[..5].parse().map_err(|_| fail())?;
    let quota = whole.checked_mul(DEFAULT_CPU_PERIOD_USEC).and_then(|usec| usec.checked_add(part)).ok_or_else(fail)?;
    match quota {
        0 if fraction.bytes().all(|byte| byte == b'0') => Ok(None),
        // sched(7): less than a millisecond is refused.
        0..1000 => Err(fail()),
        quota => Ok(Some(quota)),
    }
}

/// Checks a list of processors or memory nodes.
///
/// # Errors
/// It is none.
pub fn list(text: &str) -> Result<String, LimitError> {
    let number = |text: &str| text.parse::<u16>().ok();
    let good = |part: &str| match part.split_once('-') {
        Some((first, last)) => matches!((number(first), number(last)), (Some(first), Some(last)) if first <= last),
        None => number(part).is_some(),
    };
    if text.split(',').all(good) { Ok(text.to_owned()) } else { Err(LimitError::List { text: text.to_owned() }) }
}

fn device(text: &str) -> Result<(PathBuf, &str), LimitError> {
    let split = text.rsplit_once(':').filter(|(path, number)| path.starts_with("/dev/") && !number.is_empty());
    split.map(|(path, number)| (PathBuf::from(path), number)).ok_or_else(|| LimitError::Device { text: text.to_owned() })
}

/// Reads `DEVICE:RATE`: a size for bytes, a number for operations.
///
/// # Errors
/// It is none.
pub fn device_rate(text: &str, rate: Rate) -> Result<DeviceRate, LimitError> {
    let (device, number) = device(text)?;
    let value = match rate {
        Rate::Rbps | Rate::Wbps => size(number)?,
        Rate::Riops | Rate::Wiops => number.parse().map_err(|_| LimitError::Device { text: text.to_owned() })?,
    };
    Ok(DeviceRate { device, rate, value })
}

/// Checks a weight.
///
/// # Errors
/// It is not from 10 to 1000.
pub fn weight(weight: u64) -> Result<u16, LimitError> {
    u16::try_from(weight).ok().filter(|weight| (10..=1000).contains(weight)).ok_or(LimitError::Weight { weight })
}

/// Reads `DEVICE:WEIGHT`.
///
/// # Errors
/// It is none.
pub fn device_weight(text: &str) -> Result<DeviceWeight, LimitError> {
    let (device, number) = device(text)?;
    let number = number.parse().map_err(|_| LimitError::Device { text: text.to_owned() })?;
    Ok(DeviceWeight { device, weight: weight(number)? })
}

/// Reads `NAME=VALUE` of `--cgroup-conf`. A name cannot lead out of the cgroup, nor move processes or freeze them.
///
/// # Errors
/// It is none.
pub fn pair(text: &str) -> Result<(String, String), LimitError> {
    let (name, value) = text.split_once('=').ok_or_else(|| LimitError::Pair { text: text.to_owned() })?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let named = name.split_once('.').is_some_and(|(controller, rest)| !controller.is_empty() && !rest.is_empty());
    let core = name.starts_with("cgroup.") && !name.starts_with("cgroup.max.");
    if !named || core || !name.bytes().all(plain) {
        return Err(LimitError::Setting { name: name.to_owned() });
    }
    Ok((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_podman_reads_them() {
        for (text, bytes) in [
            ("0", Some(0)),
            ("1234", Some(1234)),
            ("7b", Some(7)),
            ("2k", Some(2048)),
            ("64M", Some(64 << 20)),
            ("64 mb", Some(64 << 20)),
            ("1.5g", Some(3 << 29)),
            ("1GiB", Some(1 << 30)),
            ("1t", Some(1 << 40)),
            ("", None),
            ("m", None),
            ("-1", None),
            ("1x", None),
            ("1.2.3m", None),
            (".5m", None),
            ("9000000t", None),
        ] {
            assert_eq!(size(text).ok(), bytes, "{text:?}");
        }
    }

    #[test]
    fn processors_become_microseconds_of_a_period() {
        for (text, quota) in [
            ("1", Some(Some(100_000))),
            ("1.5", Some(Some(150_000))),
            (".5", Some(Some(50_000))),
            ("0.01", Some(Some(1000))),
            ("0.123456789", Some(Some(12_345))),
            ("0", Some(None)),
            ("0.0", Some(None)),
            ("0.001", None),
            ("0.0000001", None),
            ("-1", None),
            ("x", None),
            ("", None),
            (".", None),
        ] {
            assert_eq!(cpus(text).ok(), quota, "{text:?}");
        }
    }

    #[test]
    fn lists_have_numbers_and_ranges() {
        for (text, good) in
            [("0", true), ("0-3,8", true), ("3-1", false), ("", false), ("0,", false), ("a", false), ("1-", false)]
        {
            assert_eq!(list(text).is_ok(), good, "{text:?}");
        }
    }

    #[test]
    fn devices_have_a_path_and_a_number() {
        let rate = device_rate("/dev/sda:1mb", Rate::Wbps).unwrap();
        assert_eq!((rate.device, rate.value), (PathBuf::from("/dev/sda"), 1 << 20));
        assert_eq!(device_rate("/dev/sda:100", Rate::Riops).unwrap().value, 100);
        assert_eq!(device_weight("/dev/disk/by-id/a:b:500").unwrap().device, PathBuf::from("/dev/disk/by-id/a:b"));
        for bad in ["/dev/sda", "sda:5", "/dev/sda:", "/dev/sda:1mb"] {
            assert!(device_rate(bad, Rate::Riops).is_err(), "{bad}");
        }
        for bad in ["/dev/sda:5", "/dev/sda:1001"] {
            assert!(device_weight(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_setting_stays_in_the_cgroup() {
        assert_eq!(pair("memory.high=1=2").unwrap(), ("memory.high".into(), "1=2".into()));
        assert!(pair("cgroup.max.depth=1").is_ok());
        for bad in ["memory.high", "memory=1", "../memory.high=1", "a/memory.high=1", "cgroup.procs=1", "cgroup.kill=1", ".a=1"] {
            assert!(pair(bad).is_err(), "{bad}");
        }
    }
}

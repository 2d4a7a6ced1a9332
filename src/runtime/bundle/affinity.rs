//! The processors that an exec session may run on (config.md "execCPUAffinity").

use crate::runtime::message::{Failure, Stage};
use rustix::thread::{CpuSet, sched_setaffinity};

/// Reads a list of processors (`0-3,7`).
///
/// # Errors
/// It is none; the text says why.
pub(super) fn parse(list: &str) -> Result<CpuSet, String> {
    let mut set = CpuSet::new();
    numbers(list)?.into_iter().for_each(|one| set.set(one));
    Ok(set)
}

/// Reads a list of numbers below 1024 (`0-3,7`).
///
/// # Errors
/// As for [`parse`].
pub(super) fn numbers(list: &str) -> Result<Vec<usize>, String> {
    let mut all = Vec::new();
    for part in list.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let number = |text: &str| {
            let number = text.parse::<usize>().ok().filter(|number| *number < CpuSet::MAX_CPU);
            number.ok_or_else(|| format!("{list:?} is no list of numbers (as 0-3,7)"))
        };
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let (from, to) = (number(from)?, number(to)?);
        if from > to {
            return Err(format!("{part} ends before it begins"));
        }
        all.extend(from..=to);
    }
    Ok(all)
}

/// Binds the caller, and whom it makes from now on, to the processors of a list; an empty one changes nothing.
pub(super) fn bind(list: Option<&str>) -> Result<(), Failure> {
    let Some(list) = list else { return Ok(()) };
    let set = parse(list).map_err(|why| Failure::text(Stage::Schedule, format!("process.execCPUAffinity: {why}")))?;
    if set.count() == 0 {
        return Ok(());
    }
    sched_setaffinity(None, &set).map_err(|errno| Failure::at(Stage::Schedule, format!("processors {list}"))(errno.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_numbers_and_ranges() {
        let read = |list: &str| parse(list).map(|set| (0..CpuSet::MAX_CPU).filter(|one| set.is_set(*one)).collect::<Vec<_>>());
        assert_eq!(read("0-3,7"), Ok(vec![0, 1, 2, 3, 7]));
        assert_eq!(read("5, 2"), Ok(vec![2, 5]));
        assert_eq!(read(""), Ok(vec![]));
        for bad in ["a", "1-", "-1", "3-1", "99999", "0x1"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}

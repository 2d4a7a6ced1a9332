//! Subordinate ids: `/etc/subuid` and `/etc/subgid` (subuid(5)), and `getsubids` for other sources.

use crate::config::accounts;
use std::process::{Command, Stdio};

/// A run of ids that the user may map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub start: u32,
    pub count: u32,
}

/// Which of the two kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Uid,
    Gid,
}

impl Kind {
    pub(super) fn file(self) -> &'static str {
        match self {
            Self::Uid => "/etc/subuid",
            Self::Gid => "/etc/subgid",
        }
    }
}

/// Returns the user's ranges: from the file, by name and by uid; if it has none, from `getsubids`, where that exists
/// (it asks the name service, so also sssd; a static program cannot).
///
/// Ranges that overlap an earlier one are cut: the kernel refuses a map in which an id occurs twice.
#[must_use]
pub fn ranges(kind: Kind, name: Option<&str>, uid: u32) -> Vec<Range> {
    let text = std::fs::read_to_string(kind.file()).unwrap_or_default();
    let mut found = parse(&text, name, uid);
    if found.is_empty()
        && let Some(name) = name
    {
        found = from_getsubids(kind, name);
    }
    without_overlap(found)
}

/// Reads lines `owner:start:count`; the owner is a name or a uid. Lines that are none of this are passed over.
#[must_use]
pub fn parse(text: &str, name: Option<&str>, uid: u32) -> Vec<Range> {
    let uid = uid.to_string();
    text.lines()
        .filter_map(|line| {
            let mut fields = line.trim().split(':');
            let owner = fields.next()?;
            if Some(owner) != name && owner != uid {
                return None;
            }
            range(fields.next()?, fields.next()?)
        })
        .collect()
}

/// Reads the output of getsubids(1): `0: alice 100000 65536`.
fn parse_getsubids(text: &str) -> Vec<Range> {
    text.lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace().rev();
            let count = words.next()?;
            range(words.next()?, count)
        })
        .collect()
}

/// A range that is not empty and does not run past the last id, 2³²−2.
fn range(start: &str, count: &str) -> Option<Range> {
    let start: u32 = start.trim().parse().ok()?;
    let count: u32 = count.trim().parse().ok()?;
    (count > 0 && start.checked_add(count).is_some()).then_some(Range { start, count })
}

fn without_overlap(ranges: Vec<Range>) -> Vec<Range> {
    let mut kept: Vec<Range> = Vec::with_capacity(ranges.len());
    for range in ranges {
        let (start, end) = (u64::from(range.start), u64::from(range.start) + u64::from(range.count));
        if kept.iter().all(|other| end <= u64::from(other.start) || u64::from(other.start) + u64::from(other.count) <= start) {
            kept.push(range);
        }
    }
    kept
}

fn from_getsubids(kind: Kind, name: &str) -> Vec<Range> {
    let mut command = Command::new("getsubids");
    if kind == Kind::Gid {
        command.arg("-g");
    }
    let output = command.arg(name).stdin(Stdio::null()).stderr(Stdio::null()).output();
    output.map(|output| parse_getsubids(&String::from_utf8_lossy(&output.stdout))).unwrap_or_default()
}

/// Returns the name of `uid` in `/etc/passwd`, else what `USER` or `LOGNAME` says where `id` is not asked for it.
#[must_use]
pub fn user_name(uid: u32) -> Option<String> {
    accounts::name_of(&accounts::passwd(), uid).map(str::to_owned).or_else(|| {
        // A user of a directory service: `id` asks the name service for us.
        let output = Command::new("id").arg("-un").stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
        let name = String::from_utf8(output.stdout).ok()?.trim().to_owned();
        (output.status.success() && !name.is_empty()).then_some(name)
    })
}

/// Returns the start of a free range of 65536 ids: the first multiple of 65536 above every range of the file, and at
/// least 100000, the beginning that useradd(8) uses.
#[must_use]
pub fn free_start(text: &str) -> u32 {
    let highest = text
        .lines()
        .filter_map(|line| {
            let mut fields = line.trim().split(':').skip(1);
            range(fields.next()?, fields.next()?)
        })
        .map(|range| range.start + range.count)
        .max();
    highest.map_or(100_000, |end| end.max(100_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_user_by_name_and_by_uid_are_found() {
        let text = "# a comment\nbob:100000:65536\nalice:165536:1000\n1000:300000:5\nalice:x:1\nalice:1:0\nalice:4294967295:9\n";
        let expected = [Range { start: 165_536, count: 1000 }, Range { start: 300_000, count: 5 }];
        assert_eq!(parse(text, Some("alice"), 1000), expected);
        assert_eq!(parse(text, None, 1000), expected[1..]);
        assert_eq!(parse(text, Some("carol"), 7), []);
    }

    #[test]
    fn getsubids_lines_are_read() {
        assert_eq!(
            parse_getsubids("0: alice 100000 65536\n1: alice 7 1\n"),
            [Range { start: 100_000, count: 65536 }, Range { start: 7, count: 1 }]
        );
        assert_eq!(parse_getsubids("Error fetching ranges\n"), []);
    }

    #[test]
    fn a_range_that_overlaps_an_earlier_one_is_left_out() {
        let ranges = vec![Range { start: 10, count: 10 }, Range { start: 15, count: 1 }, Range { start: 20, count: 5 }];
        assert_eq!(without_overlap(ranges), [Range { start: 10, count: 10 }, Range { start: 20, count: 5 }]);
    }

    #[test]
    fn a_free_range_begins_above_all_others() {
        assert_eq!(free_start(""), 100_000);
        assert_eq!(free_start("a:100000:65536\nb:165536:65536\n"), 231_072);
        assert_eq!(free_start("a:5:5\n"), 100_000);
    }

    #[test]
    fn names_come_from_passwd() {}
}

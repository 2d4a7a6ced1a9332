//! The id map of a container whose user namespace is a child of the session namespace S.

use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// A run of ids: `count` of them from `inside` on stand for those of S from `outside` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdRange {
    pub inside: u32,
    /// An id of S: 0 is the caller, 1… are the subordinate ids.
    pub outside: u32,
    pub count: u32,
}

impl IdRange {
    /// The first container id behind the run.
    #[must_use]
    pub fn inside_end(&self) -> u64 {
        u64::from(self.inside) + u64::from(self.count)
    }

    /// The first id of S behind the run.
    #[must_use]
    pub fn outside_end(&self) -> u64 {
        u64::from(self.outside) + u64::from(self.count)
    }
}

/// The runs of one kind of id, users or groups, sorted by container id; no id occurs twice on either side.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ranges(Vec<IdRange>);

/// Why runs are no map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdMapError {
    #[error("container id {0} is mapped twice")]
    InsideTwice(u32),
    #[error("id {0} is mapped to two container ids")]
    OutsideTwice(u32),
    #[error("a run of ids goes beyond 4294967294")]
    TooLarge,
    #[error("there are more than {MAX_RUNS} runs of ids, which is all that the kernel takes")]
    TooMany,
    #[error("it maps no id at all")]
    Empty,
}

/// What the kernel takes (user_namespaces(7), since Linux 4.15).
const MAX_RUNS: usize = 340;

impl Ranges {
    /// Sorts the runs, joins what follows on each other and leaves empty ones out.
    ///
    /// # Errors
    /// An id occurs twice, or the kernel would not take the map.
    pub fn new(mut runs: Vec<IdRange>) -> Result<Self, IdMapError> {
        runs.retain(|run| run.count > 0);
        if runs.iter().any(|run| run.inside_end() > u64::from(u32::MAX) || run.outside_end() > u64::from(u32::MAX)) {
            return Err(IdMapError::TooLarge);
        }
        runs.sort_by_key(|run| run.outside);
        if let Some(pair) = runs.windows(2).find(|pair| pair[0].outside_end() > u64::from(pair[1].outside)) {
            return Err(IdMapError::OutsideTwice(pair[1].outside));
        }
        runs.sort_by_key(|run| run.inside);
        if let Some(pair) = runs.windows(2).find(|pair| pair[0].inside_end() > u64::from(pair[1].inside)) {
            return Err(IdMapError::InsideTwice(pair[1].inside));
        }
        let mut joined: Vec<IdRange> = Vec::with_capacity(runs.len());
        for run in runs {
            match joined.last_mut() {
                Some(last) if last.inside_end() == u64::from(run.inside) && last.outside_end() == u64::from(run.outside) => {
                    last.count += run.count;
                }
                _ => joined.push(run),
            }
        }
        match joined.len() {
            0 => Err(IdMapError::Empty),
            len if len > MAX_RUNS => Err(IdMapError::TooMany),
            _ => Ok(Self(joined)),
        }
    }

    /// The runs, by container id.
    #[must_use]
    pub fn runs(&self) -> &[IdRange] {
        &self.0
    }

    /// The id of S that a container id stands for.
    #[must_use]
    pub fn to_session(&self, inside: u32) -> Option<u32> {
        self.0.iter().find_map(|run| inside.checked_sub(run.inside).filter(|at| *at < run.count).map(|at| run.outside + at))
    }

    /// The container id that stands for an id of S.
    #[must_use]
    pub fn to_container(&self, outside: u32) -> Option<u32> {
        self.0.iter().find_map(|run| outside.checked_sub(run.outside).filter(|at| *at < run.count).map(|at| run.inside + at))
    }

    /// Whether every mapped id stands for itself.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        self.0.iter().all(|run| run.inside == run.outside)
    }

    /// The runs as the kernel writes a map: `inside outside count` in lines.
    #[must_use]
    pub fn text(&self) -> String {
        write(&self.0)
    }

    /// What is written to `uid_map` or `gid_map` by a process of S. `parent` is that file of the process: a run may not go over the
    /// end of one of the parent's.
    #[must_use]
    pub fn text_below(&self, parent: &str) -> String {
        let starts: Vec<u32> = parent.lines().filter_map(|line| line.split_ascii_whitespace().next()?.parse().ok()).collect();
        let mut cut = Vec::with_capacity(self.0.len());
        for run in &self.0 {
            let mut rest = *run;
            let mut ends: Vec<u32> =
                starts.iter().copied().filter(|start| *start > run.outside && u64::from(*start) < run.outside_end()).collect();
            ends.sort_unstable();
            ends.dedup();
            for end in ends {
                let count = end - rest.outside;
                cut.push(IdRange { count, ..rest });
                rest = IdRange { inside: rest.inside + count, outside: end, count: rest.count - count };
            }
            cut.push(rest);
        }
        write(&cut)
    }
}

fn write(runs: &[IdRange]) -> String {
    let mut text = String::new();
    for run in runs {
        let _ = writeln!(text, "{} {} {}", run.inside, run.outside, run.count);
    }
    text
}

/// Users and groups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdMap {
    pub uids: Ranges,
    pub gids: Ranges,
}

impl IdMap {
    /// Every id is what it is.
    #[must_use]
    pub fn unchanged() -> Self {
        let all = Ranges(vec![IdRange { inside: 0, outside: 0, count: u32::MAX }]);
        Self { uids: all.clone(), gids: all }
    }

    /// Whether files look in the container as they do in S.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        self.uids.is_identity() && self.gids.is_identity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(inside: u32, outside: u32, count: u32) -> IdRange {
        IdRange { inside, outside, count }
    }

    #[test]
    fn runs_are_sorted_and_joined_and_say_themselves_to_the_kernel() {
        let ranges =
            Ranges::new(vec![run(1001, 0, 1), run(500, 501, 501), run(0, 1, 500), run(7, 7, 0), run(1002, 1002, 10)]).unwrap();
        assert_eq!(ranges.text(), "0 1 1001\n1001 0 1\n1002 1002 10\n");
        assert_eq!(ranges.to_session(0), Some(1));
        assert_eq!(ranges.to_session(1001), Some(0));
        assert_eq!(ranges.to_session(1012), None);
        assert_eq!(ranges.to_container(0), Some(1001));
        assert_eq!(ranges.to_container(1001), Some(1000));
        assert!(!ranges.is_identity());
        assert!(Ranges::new(vec![run(0, 0, 9)]).unwrap().is_identity());
    }

    #[test]
    fn no_run_goes_over_the_end_of_one_of_the_parents() {
        let parent = "         0       1001          1\n         1     100000         10\n        11 300000 20\n";
        assert_eq!(Ranges::new(vec![run(0, 0, 31)]).unwrap().text_below(parent), "0 0 1\n1 1 10\n11 11 20\n");
        assert_eq!(Ranges::new(vec![run(5, 3, 10)]).unwrap().text_below(parent), "5 3 8\n13 11 2\n");
        // A start that is named twice cuts once.
        assert_eq!(Ranges::new(vec![run(0, 0, 9)]).unwrap().text_below("4 1 1\n4 2 2\n"), "0 0 4\n4 4 5\n");
    }

    #[test]
    fn what_maps_an_id_twice_or_none_is_no_map() {
        for (runs, error) in [
            (vec![run(0, 0, 2), run(1, 5, 1)], IdMapError::InsideTwice(1)),
            (vec![run(0, 0, 2), run(5, 1, 1)], IdMapError::OutsideTwice(1)),
            (vec![run(u32::MAX, 0, 1)], IdMapError::TooLarge),
            (vec![run(0, 0, 0)], IdMapError::Empty),
            ((0..341).map(|n| run(n * 2, n * 3, 1)).collect(), IdMapError::TooMany),
        ] {
            assert_eq!(Ranges::new(runs).unwrap_err(), error);
        }
    }
}

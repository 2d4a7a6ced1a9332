//! `volume ls` and `volume inspect`.

use super::VolumeError;
use crate::engine::{Engine, EngineError};
use crate::model::{Status, Volume};
use crate::storage::volume;
use std::path::PathBuf;

/// A condition on volumes. Of several of one kind one has to hold, of several kinds each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VolumeFilter {
    /// A part of the name.
    Name(String),
    Driver(String),
    Scope(String),
    Label(String, Option<String>),
    NotLabel(String, Option<String>),
    Option(String, Option<String>),
    /// No container mounts it, or one does.
    Dangling(bool),
    Anonymous(bool),
    /// Made before, in nanoseconds since the epoch.
    Until(i64),
    /// Made after this volume.
    Since(String),
}

/// A volume with what is true of it now.
#[derive(Clone, Debug)]
pub struct VolumeRow {
    pub volume: Volume,
    /// The folder with its files.
    pub mountpoint: PathBuf,
    /// The ids of the containers that mount it.
    pub containers: Vec<String>,
    /// How many of them run.
    pub mount_count: usize,
    /// Nothing was copied into it yet.
    pub needs_copy_up: bool,
    /// No start has given it an owner yet.
    pub needs_chown: bool,
}

impl Engine {
    /// Lists the volumes that fit, by name.
    ///
    /// # Errors
    /// The database fails.
    pub fn volumes(&self, filters: &[VolumeFilter]) -> Result<Vec<VolumeRow>, EngineError> {
        let mut rows = Vec::new();
        let after = |name: &str| self.volume(name).map(|volume| volume.created_at);
        let mut limits = Vec::new();
        for filter in filters {
            if let VolumeFilter::Since(name) = filter {
                limits.push(after(name)?);
            }
        }
        for volume in self.db.volumes()? {
            if !volume::exists(&self.paths, &volume.name) || limits.iter().any(|limit| volume.created_at <= *limit) {
                continue;
            }
            let row = self.volume_row(volume)?;
            if fits(&row, filters) {
                rows.push(row);
            }
        }
        Ok(rows)
    }

    /// Describes one volume.
    ///
    /// # Errors
    /// `NoSuch`, `Ambiguous`, or the database fails.
    pub fn inspect_volume(&self, name: &str) -> Result<VolumeRow, EngineError> {
        self.volume_row(self.volume(name)?)
    }

    fn volume_row(&self, volume: Volume) -> Result<VolumeRow, EngineError> {
        let mut containers = Vec::new();
        let mut mount_count = 0;
        for id in self.db.containers_of_volume(&volume.name)? {
            let Some(config) = self.db.containers_by_id_prefix(&id)?.pop() else { continue };
            if self.is_leftover(&config) {
                continue;
            }
            mount_count += usize::from(matches!(self.status(&config).status, Status::Running | Status::Paused));
            containers.push(id);
        }
        let (needs_copy_up, needs_chown) = volume::waits_for(&self.paths, &volume.name);
        let mountpoint = volume::data(&self.paths, &volume.name);
        Ok(VolumeRow { volume, mountpoint, containers, mount_count, needs_copy_up, needs_chown })
    }
}

fn fits(row: &VolumeRow, filters: &[VolumeFilter]) -> bool {
    filters.iter().all(|filter| {
        let same = |other: &&VolumeFilter| std::mem::discriminant(*other) == std::mem::discriminant(filter);
        let mut kind = filters.iter().filter(same);
        // Labels are all wanted; of the others, one of a kind is enough.
        match filter {
            VolumeFilter::Label(..) | VolumeFilter::NotLabel(..) => holds(row, filter),
            _ => kind.any(|filter| holds(row, filter)),
        }
    })
}

fn holds(row: &VolumeRow, filter: &VolumeFilter) -> bool {
    let volume = &row.volume;
    let has = |map: &std::collections::BTreeMap<String, String>, key: &str, value: &Option<String>| {
        map.get(key).is_some_and(|found| value.as_ref().is_none_or(|wanted| wanted == found))
    };
    match filter {
        VolumeFilter::Name(part) => volume.name.contains(part.as_str()),
        VolumeFilter::Driver(driver) => driver == "local",
        VolumeFilter::Scope(scope) => scope == "local",
        VolumeFilter::Label(key, value) => has(&volume.labels, key, value),
        VolumeFilter::NotLabel(key, value) => !has(&volume.labels, key, value),
        VolumeFilter::Option(key, value) => has(&volume.options, key, value),
        VolumeFilter::Dangling(wanted) => row.containers.is_empty() == *wanted,
        VolumeFilter::Anonymous(wanted) => volume.anonymous == *wanted,
        VolumeFilter::Until(moment) => volume.created_at < *moment,
        VolumeFilter::Since(_) => true,
    }
}

impl VolumeFilter {
    /// Reads `KEY=VALUE`; `now` is in nanoseconds since the epoch, and what an age counts from.
    ///
    /// # Errors
    /// The text is no filter.
    pub fn parse(text: &str, moment: impl Fn(&str) -> Option<i64>) -> Result<Self, VolumeError> {
        let known = "name=, driver=, scope=, label=, label!=, opt=, dangling=, anonymous=, until= or since=";
        let bad = || VolumeError::Filter { name: text.to_owned(), known };
        let (key, value) = text.split_once('=').ok_or_else(bad)?;
        let pair = || match value.split_once('=') {
            Some((key, value)) => (key.to_owned(), Some(value.to_owned())),
            None => (value.to_owned(), None),
        };
        let truth = || match value {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            _ => Err(bad()),
        };
        Ok(match key {
            "name" => Self::Name(value.to_owned()),
            "driver" => Self::Driver(value.to_owned()),
            "scope" => Self::Scope(value.to_owned()),
            "label" => Self::Label(pair().0, pair().1),
            "label!" => Self::NotLabel(pair().0, pair().1),
            "opt" => Self::Option(pair().0, pair().1),
            "dangling" => Self::Dangling(truth()?),
            "anonymous" => Self::Anonymous(truth()?),
            "until" => Self::Until(moment(value).ok_or_else(bad)?),
            "since" | "after" => Self::Since(value.to_owned()),
            _ => return Err(bad()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, labels: &[(&str, &str)], containers: usize) -> VolumeRow {
        let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        VolumeRow {
            volume: Volume { name: name.to_owned(), labels, created_at: 5, ..Volume::default() },
            mountpoint: PathBuf::new(),
            containers: vec![String::new(); containers],
            mount_count: 0,
            needs_copy_up: false,
            needs_chown: false,
        }
    }

    #[test]
    fn filters_of_one_kind_are_alternatives_and_kinds_add_up() {
        let all = [row("web", &[("a", "1")], 0), row("db", &[("a", "2"), ("b", "")], 1)];
        let names = |texts: &[&str]| {
            let filters: Vec<VolumeFilter> =
                texts.iter().map(|text| VolumeFilter::parse(text, |text| text.parse().ok()).expect(text)).collect();
            all.iter().filter(|row| fits(row, &filters)).map(|row| row.volume.name.as_str()).collect::<Vec<_>>()
        };
        for (filters, found) in [
            (&["name=we"][..], &["web"][..]),
            (&["name=web", "name=db"], &["web", "db"]),
            (&["label=a"], &["web", "db"]),
            (&["label=a=1"], &["web"]),
            (&["label=a", "label=b"], &["db"]),
            (&["label!=b"], &["web"]),
            (&["dangling=true"], &["web"]),
            (&["dangling=false", "name=web"], &[]),
            (&["driver=local", "scope=local"], &["web", "db"]),
            (&["until=6"], &["web", "db"]),
            (&["until=5"], &[]),
            (&["anonymous=1"], &[]),
        ] {
            assert_eq!(names(filters), found, "{filters:?}");
        }
        for bad in ["name", "color=red", "dangling=perhaps", "until=soon"] {
            assert!(VolumeFilter::parse(bad, |text| text.parse().ok()).is_err(), "{bad}");
        }
    }
}

//! What nobody uses goes: stopped containers; images, volumes and networks without containers.

use super::container::ContainerError;
use super::container::moment::moment;
use super::image::RemoveImagesRequest;
use super::image::remove::uses;
use super::network::NetworkFilter;
use super::volume::VolumeFilter;
use super::{Engine, EngineError};
use crate::events::Type;
use crate::image::ImageConfig;
use crate::model::ImageRecord;
use crate::storage;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

/// A condition of `prune`: labels all have to fit, and so has the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PruneFilter {
    Label(String, Option<String>),
    NotLabel(String, Option<String>),
    /// Made before; nanoseconds since the epoch.
    Until(i64),
}

/// What has gone.
#[derive(Debug, Default)]
pub struct Pruned {
    /// Full ids; names of volumes.
    pub ids: Vec<String>,
    /// Bytes that the disk has got back.
    pub bytes: u64,
    /// Why others have stayed.
    pub errors: Vec<EngineError>,
}

impl PruneFilter {
    /// Reads `KEY=VALUE` or `label!=VALUE`. `now` is in nanoseconds since the epoch.
    ///
    /// # Errors
    /// The key is not known or the value does not fit it.
    pub fn parse(text: &str, now: i64) -> Result<Self, ContainerError> {
        let invalid = |why| ContainerError::Invalid { what: "the filter", value: text.to_owned(), why };
        let (key, value) = text.split_once('=').ok_or_else(|| invalid("it has to be KEY=VALUE"))?;
        let label = || match value.split_once('=') {
            Some((name, wanted)) => (name.to_owned(), Some(wanted.to_owned())),
            None => (value.to_owned(), None),
        };
        match key {
            "label" => Ok(Self::Label(label().0, label().1)),
            "label!" => Ok(Self::NotLabel(label().0, label().1)),
            "until" => {
                let why = "its value has to be a time (2026-01-31T12:00:00Z) or a span (1h30m)";
                moment(value, now).map(Self::Until).ok_or_else(|| invalid(why))
            }
            _ => Err(invalid("the keys are label, label! and until")),
        }
    }

    fn accepts(&self, labels: &BTreeMap<String, String>, created: i64) -> bool {
        let has = |name: &String, wanted: &Option<String>| {
            labels.get(name).is_some_and(|value| wanted.as_ref().is_none_or(|wanted| wanted == value))
        };
        match self {
            Self::Label(name, wanted) => has(name, wanted),
            Self::NotLabel(name, wanted) => !has(name, wanted),
            Self::Until(moment) => created < *moment,
        }
    }
}

impl Engine {
    /// Removes every container that does not run, those first that others are required by.
    ///
    /// # Errors
    /// The list cannot be read. What happens to single containers is in the report.
    pub fn prune_containers(&mut self, filters: &[PruneFilter]) -> Result<Pruned, EngineError> {
        let mut pruned = Pruned::default();
        // Newest first: a container can only require older ones.
        for (config, state) in self.containers()? {
            if state.status.is_alive() || !filters.iter().all(|filter| filter.accepts(&config.labels, config.created_at)) {
                continue;
            }
            let size = self.container_size(&config).map_or(0, |size| size.own);
            match self.remove(&config, None) {
                Ok(()) => {
                    pruned.bytes += size;
                    pruned.ids.push(config.id.to_string());
                }
                // Somebody else was faster.
                Err(EngineError::NoSuchContainer { .. }) => {}
                Err(error) => pruned.errors.push(error),
            }
        }
        if !pruned.ids.is_empty() {
            self.tell_prune(Type::Container);
        }
        Ok(pruned)
    }

    /// Removes images that no container uses: those without a name that are in no manifest list, or with `all` every one. Runs as root of the session.
    ///
    /// # Errors
    /// The list cannot be read. What happens to single images is in the report.
    pub fn prune_images(&mut self, all: bool, filters: &[PruneFilter]) -> Result<Pruned, EngineError> {
        let containers = self.containers()?;
        // Without a name a list has them all the same; with `all` the lists go, too.
        let listed = if all { HashSet::new() } else { self.listed(&self.db.images()?) };
        let goes = |image: &ImageRecord| {
            let labels = || ImageConfig::parse(image.config.as_bytes()).map(|config| config.config.labels).unwrap_or_default();
            !containers.iter().any(|(container, _)| uses(container, image))
                && !listed.contains(&image.id)
                && (all || image.names.is_empty())
                && (filters.is_empty() || filters.iter().all(|filter| filter.accepts(&labels(), image.created)))
        };
        let images: Vec<String> =
            self.db.images()?.iter().filter(|image| goes(image)).map(|image| image.id.hex().to_owned()).collect();
        let before = self.layer_bytes()?;
        let request = RemoveImagesRequest { images, force: true, ignore: true, ..RemoveImagesRequest::default() };
        let mut report = self.remove_images(&request)?;
        // Also what an unfinished pull has left.
        report.errors.extend(self.sweep_store(Duration::ZERO).err());
        if !report.deleted.is_empty() {
            self.tell_prune(Type::Image);
        }
        Ok(Pruned { ids: report.deleted, bytes: before.saturating_sub(self.layer_bytes()?), errors: report.errors })
    }

    /// Removes the volumes that no container mounts.
    ///
    /// # Errors
    /// The store fails.
    pub fn prune_unused_volumes(&mut self, filters: &[PruneFilter]) -> Result<Pruned, EngineError> {
        let as_volume = |filter: &PruneFilter| match filter.clone() {
            PruneFilter::Label(name, value) => VolumeFilter::Label(name, value),
            PruneFilter::NotLabel(name, value) => VolumeFilter::NotLabel(name, value),
            PruneFilter::Until(moment) => VolumeFilter::Until(moment),
        };
        let filters: Vec<VolumeFilter> = filters.iter().map(as_volume).collect();
        let mut sizes = HashMap::new();
        for volume in self.prunable_volumes(&filters)? {
            let bytes = self.folder_size(&storage::volume::data(&self.paths, &volume.name)).unwrap_or(0);
            sizes.insert(volume.name, bytes);
        }
        let ids = self.prune_volumes(&filters)?;
        let bytes = ids.iter().filter_map(|name| sizes.get(name)).sum();
        Ok(Pruned { ids, bytes, errors: Vec::new() })
    }

    /// Removes the networks that no container is joined to, but the default one; the report has their names.
    ///
    /// # Errors
    /// The list cannot be read. What happens to single networks is in the report.
    pub fn prune_unused_networks(&mut self, filters: &[PruneFilter]) -> Result<Pruned, EngineError> {
        let as_network = |filter: &PruneFilter| match filter.clone() {
            PruneFilter::Label(name, value) => NetworkFilter::Label(name, value),
            PruneFilter::NotLabel(name, value) => NetworkFilter::NotLabel(name, value),
            PruneFilter::Until(moment) => NetworkFilter::Until(moment),
        };
        self.prune_networks(&filters.iter().map(as_network).collect::<Vec<_>>())
    }

    fn layer_bytes(&self) -> Result<u64, EngineError> {
        Ok(self.db.layers()?.into_iter().map(|(_, size)| size).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_time_all_have_to_fit() {
        let second = 1_000_000_000;
        let labels: BTreeMap<_, _> = [("a".to_owned(), "b".to_owned())].into();
        for (filters, wanted) in [
            (&["label=a"][..], true),
            (&["label=a=b"], true),
            (&["label=a=c"], false),
            (&["label!=a"], false),
            (&["label!=c"], true),
            (&["until=30s"], true),
            (&["until=3m"], false),
            (&["label=a", "until=3m"], false),
        ] {
            let parsed: Vec<_> = filters.iter().map(|text| PruneFilter::parse(text, 100 * second).expect(text)).collect();
            assert_eq!(parsed.iter().all(|filter| filter.accepts(&labels, second)), wanted, "{filters:?}");
        }
        for bad in ["name=x", "until=soon", "label"] {
            assert!(PruneFilter::parse(bad, 0).is_err(), "{bad}");
        }
    }
}

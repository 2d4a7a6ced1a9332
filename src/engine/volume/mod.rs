//! Volumes: made by name or at their first use, removed when nobody mounts them.

mod error;
mod list;
mod options;
mod remove;
mod source;
mod transfer;

pub use error::VolumeError;
pub use list::{VolumeFilter, VolumeRow};

use crate::engine::{Engine, EngineError, session};
use crate::events::{Status, Subject};
use crate::model::id::{hex, is_valid_name};
use crate::model::{Backing, ContainerConfig, Origin, Volume};
use crate::state::volumes::Change;
use crate::storage::volume;
use crate::sys::stamp::now;
use std::collections::BTreeMap;

/// What the user asks for.
#[derive(Clone, Debug, Default)]
pub struct VolumeRequest {
    /// Nothing: a name of 64 random digits.
    pub name: Option<String>,
    pub driver: Option<String>,
    pub labels: BTreeMap<String, String>,
    pub options: BTreeMap<String, String>,
    pub uid: Option<u32>,
    pub gid: Option<u32>,
    /// A volume that is there already is no error.
    pub ignore: bool,
}

/// A name for a volume that nobody has named.
#[must_use]
pub fn random_name() -> String {
    let mut bytes = [0; 32];
    let mut rest = &mut bytes[..];
    while !rest.is_empty() {
        if let Ok(count) = rustix::rand::getrandom(&mut *rest, rustix::rand::GetRandomFlags::empty()) {
            rest = &mut rest[count..];
        }
    }
    hex(&bytes)
}

impl Engine {
    /// Makes a volume and returns its name.
    ///
    /// # Errors
    /// The name is taken or not valid, an option is not supported, or the store fails.
    pub fn create_volume(&mut self, request: VolumeRequest) -> Result<String, EngineError> {
        let VolumeRequest { name, driver, labels, options, uid, gid, ignore } = request;
        if let Some(driver) = driver.filter(|driver| driver != "local") {
            return Err(VolumeError::Driver { driver }.into());
        }
        let name = name.unwrap_or_else(random_name);
        if !is_valid_name(&name) {
            return Err(VolumeError::Name { name }.into());
        }
        let mut volume = Volume { name, created_at: now(), labels, options, uid, gid, anonymous: false };
        options::check(&mut volume)?;
        match self.make_volume(&volume)? {
            Change::Nothing if !ignore => Err(VolumeError::Exists { name: volume.name }.into()),
            Change::Nothing | Change::Done => Ok(volume.name),
        }
    }

    /// Makes the volumes that a container mounts and that are not there yet; to be called once the container's row names them, so
    /// that nobody removes them.
    ///
    /// # Errors
    /// The store fails.
    pub(in crate::engine) fn make_volumes_of(&mut self, config: &ContainerConfig) -> Result<(), EngineError> {
        for mount in &config.mounts {
            let Origin::Volume { name, anonymous, .. } = &mount.from else { continue };
            if volume::exists(&self.paths, name) && self.db.volume(name)?.is_some() {
                continue;
            }
            let new = Volume { name: name.clone(), created_at: now(), anonymous: *anonymous, ..Volume::default() };
            self.make_volume(&new)?;
        }
        Ok(())
    }

    fn make_volume(&mut self, new: &Volume) -> Result<Change, EngineError> {
        let owned = new.uid.is_some() || new.gid.is_some();
        let paths = self.paths.clone();
        let mut left = None;
        let stands = || volume::exists(&paths, &new.name);
        let change = self.db.insert_volume(new, stands, || -> Result<(), EngineError> {
            left = volume::make(&paths, &new.name, owned).map_err(VolumeError::from)?;
            Ok(())
        })?;
        if let Some(left) = left {
            session::delete_tree(&self.paths, &left)?;
        }
        if change == Change::Done {
            self.tell_of(&Subject::volume(&new.name), Status::Create);
        }
        if change == Change::Done && owned && new.backing() == Backing::Store {
            self.give_volume(new)?;
        }
        Ok(change)
    }

    /// Gives a new volume its owner; one that cannot have it is taken back.
    fn give_volume(&mut self, new: &Volume) -> Result<(), EngineError> {
        let (uid, gid) = (new.uid.unwrap_or(0), new.gid.unwrap_or(0));
        let owner = |source| VolumeError::Owner { name: new.name.clone(), uid, gid, source: Box::new(source) };
        let give = || volume::give_to(&self.paths, &new.name, new.uid, new.gid).map_err(|source| owner(source).into());
        let given = session::worker(&self.paths, &[], |_| give()).and_then(session::Worker::finish);
        if given.is_err() {
            self.discard_volume(&new.name, false)?;
        }
        given
    }

    /// Finds a volume by its name, or by the beginning of its name where no other begins so.
    ///
    /// # Errors
    /// `NoSuch`, `Ambiguous`, or the database fails.
    pub fn volume(&self, name: &str) -> Result<Volume, EngineError> {
        if let Some(found) = self.db.volume(name)?.filter(|found| volume::exists(&self.paths, &found.name)) {
            return Ok(found);
        }
        let mut all = self.db.volumes()?;
        all.retain(|volume| !name.is_empty() && volume.name.starts_with(name) && volume::exists(&self.paths, &volume.name));
        match (all.pop(), all.is_empty()) {
            (Some(found), true) => Ok(found),
            (Some(_), false) => Err(VolumeError::Ambiguous { prefix: name.to_owned() }.into()),
            (None, _) => Err(VolumeError::NoSuch { name: name.to_owned() }.into()),
        }
    }

    /// Tells whether there is a volume of exactly this name.
    ///
    /// # Errors
    /// The database fails.
    pub fn volume_exists(&self, name: &str) -> Result<bool, EngineError> {
        Ok(self.db.volume(name)?.is_some_and(|found| volume::exists(&self.paths, &found.name)))
    }
}

//! Mounts and the root file system.

use super::defaults::or;
use super::mounts;
use crate::cli::error::CliError;
use crate::cli::given;
use crate::config::containers::{Containers, Engine, Words};
use crate::engine::container::create::CreateRequest;
use crate::model::{Filesystem, ImageVolumes, limits};
use clap::{Args, ValueEnum};
use std::path::Path;

/// Options about the file system.
#[derive(Debug, Args)]
pub(super) struct FilesystemOptions {
    /// Mount a folder of the host or a volume: [HOST-PATH|VOLUME:]CONTAINER-PATH[:OPTIONS]
    ///
    /// A source that begins with / or . is a path, another one the name of a volume, which is made where it is missing; without a
    /// source an anonymous volume is made, which goes with --rm or rm -v. Options: ro (with all below), rw; U gives the files to
    /// the container's user; O writes to a layer that is thrown away (upperdir=, workdir= to keep it); copy (default), nocopy: fill
    /// a new volume with the image's files; rbind (default), bind; rprivate (default), private, rslave, slave, rshared, shared;
    /// noexec, nosuid, nodev; no-dereference; z, Z.
    #[arg(short, long, value_name = "VOLUME")]
    volume: Vec<String>,
    /// Mount something: type=bind|volume|tmpfs|image|devpts|ramfs|glob,src=SOURCE,dst=CONTAINER-PATH[,OPTION…]
    #[arg(long, value_name = "MOUNT")]
    mount: Vec<String>,
    /// Mount a file system in memory: CONTAINER-PATH[:OPTIONS]
    ///
    /// Options: size=, mode=, uid=, gid=, nr_inodes=; tmpcopyup (default), notmpcopyup: begin with the image's files; ro, noexec, U.
    #[arg(long, value_name = "TMPFS")]
    tmpfs: Vec<String>,
    /// Mount the volumes and folders of another container: CONTAINER[:ro|rw]
    #[arg(long, value_name = "CONTAINER")]
    volumes_from: Vec<String>,
    /// What becomes of the image's volumes: bind (default; an anonymous volume; also: anonymous), tmpfs, ignore
    #[arg(long, value_enum, value_name = "MODE")]
    image_volume: Option<ImageVolumeMode>,
    /// Make the container's root file system read-only
    #[arg(long, value_name = "BOOL", value_parser = clap::builder::BoolishValueParser::new(), default_missing_value = "true", num_args = 0..=1, require_equals = true, action = clap::ArgAction::Set)]
    read_only: Option<bool>,
    /// With --read-only, keep /run, /tmp and /var/tmp (in memory), /dev and /dev/shm writable
    #[arg(long, value_name = "BOOL", default_value_t = true, default_missing_value = "true", num_args = 0..=1, require_equals = true, action = clap::ArgAction::Set)]
    read_only_tmpfs: bool,
    /// The image is the path of a folder that holds a root file system; PATH:O keeps what the container writes out of it
    #[arg(long)]
    pub(super) rootfs: bool,
    /// The size of /dev/shm: a number with b, k, m or g; 0 for no limit
    #[arg(long, value_name = "SIZE")]
    shm_size: Option<String>,
    /// Volumes and mounts of containers.conf, where nothing else is mounted.
    #[arg(skip)]
    usual: (Vec<String>, Vec<String>),
    /// `image_volume_mode` of containers.conf.
    #[arg(skip)]
    usual_image_volume: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ImageVolumeMode {
    #[value(alias = "anonymous")]
    Bind,
    Tmpfs,
    Ignore,
}

impl FilesystemOptions {
    pub(super) fn complete(&mut self, conf: &Containers, engine: &Engine) {
        let words = |list: &Option<Words>| list.as_ref().map(|list| list.words.clone()).unwrap_or_default();
        self.usual = (words(&conf.volumes), words(&conf.mounts));
        self.read_only = self.read_only.or(conf.read_only);
        or(&mut self.usual_image_volume, engine.image_volume_mode.as_ref());
        or(&mut self.shm_size, conf.shm_size.as_ref());
    }

    /// Puts what was asked into the request; `cwd` is what a relative source begins at.
    ///
    /// # Errors
    /// An option's text cannot be read, or a source is missing.
    pub(super) fn apply(&self, request: &mut CreateRequest, cwd: &Path) -> Result<(), CliError> {
        request.mounts = mounts::parse_all(&self.volume, &self.mount, &self.tmpfs, cwd)?;
        for mount in mounts::parse_all(&self.usual.0, &self.usual.1, &[], cwd)? {
            if request.mounts.iter().all(|other| other.target != mount.target) {
                request.mounts.push(mount);
            }
        }
        let usual = self.usual_image_volume.as_deref().map(|text| {
            let mode = ImageVolumeMode::from_str(text, true);
            mode.map_err(|_| {
                CliError::Usage(format!("{text:?} is nothing that becomes of volumes: choose bind, tmpfs or ignore"))
            })
        });
        let image_volume = self.image_volume.map(Ok).or(usual).transpose()?.unwrap_or(ImageVolumeMode::Bind);
        request.filesystem = Filesystem {
            read_only: self.read_only.unwrap_or(false),
            read_only_tmpfs: self.read_only_tmpfs,
            shm_size: given(self.shm_size.as_ref()).map(shm_size).transpose()?,
            volumes_from: self.volumes_from.clone(),
            image_volumes: match image_volume {
                ImageVolumeMode::Bind => ImageVolumes::Bind,
                ImageVolumeMode::Tmpfs => ImageVolumes::Tmpfs,
                ImageVolumeMode::Ignore => ImageVolumes::Ignore,
            },
            rootfs: None,
        };
        Ok(())
    }
}

fn shm_size(text: &str) -> Result<u64, CliError> {
    limits::size(text).map_err(|error| CliError::Usage(format!("invalid --shm-size: {error}")))
}

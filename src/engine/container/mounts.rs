//! The mounts of a new container: what the user asks for, then what others bring along.

use super::ContainerError;
use super::create::CreateRequest;
use crate::engine::volume::{VolumeError, random_name};
use crate::engine::{Engine, EngineError};
use crate::model::id::is_valid_name;
use crate::model::{ImageVolumes, Mount, Origin};
use std::path::Path;

/// Where `--read-only` leaves a place to write.
const READ_ONLY_TMPFS: [&str; 3] = ["/run", "/tmp", "/var/tmp"];

impl Engine {
    /// Finds the images that are to be mounted, checks the volumes' names, and adds the mounts of other containers
    /// (`--volumes-from`); one of the user's own on the same path goes before.
    ///
    /// # Errors
    /// An image or a container is not known, or a name is not valid.
    pub(super) fn complete_mounts(&mut self, request: &mut CreateRequest) -> Result<(), EngineError> {
        for mount in &mut request.mounts {
            match &mut mount.from {
                Origin::Image { name, image, .. } => *image = Some(self.runnable_image(name)?.id),
                Origin::Volume { name, anonymous: false, .. } if !is_valid_name(name) => {
                    return Err(VolumeError::Name { name: name.clone() }.into());
                }
                _ => {}
            }
        }
        for text in &request.filesystem.volumes_from {
            let (name, options) = text.split_once(':').unwrap_or((text, ""));
            let read_only = access(text, options)?;
            for mut mount in self.container(name)?.mounts {
                let lent = matches!(mount.from, Origin::Bind { .. } | Origin::Volume { .. });
                if !lent || is_taken(&request.mounts, &mount.target) {
                    continue;
                }
                mount.read_only = read_only.unwrap_or(mount.read_only);
                request.mounts.push(mount);
            }
        }
        Ok(())
    }
}

/// `ro`, `rw` and `z` of `--volumes-from`.
fn access(text: &str, options: &str) -> Result<Option<bool>, ContainerError> {
    let mut read_only = None;
    for option in options.split(',').filter(|option| !option.is_empty()) {
        match option {
            "ro" => read_only = Some(true),
            "rw" => read_only = Some(false),
            "z" => {}
            _ => {
                let why = "after the container's name there can be ro, rw or z";
                return Err(ContainerError::Invalid { what: "--volumes-from", value: text.to_owned(), why });
            }
        }
    }
    Ok(read_only)
}

/// Adds the volumes of the image, and what a read-only container has in memory, where nothing else is mounted.
pub(super) fn with_defaults(request: &CreateRequest, image_volumes: &[String]) -> Result<Vec<Mount>, ContainerError> {
    let mut list = request.mounts.clone();
    let kind = request.filesystem.image_volumes;
    for volume in image_volumes.iter().filter(|_| kind != ImageVolumes::Ignore) {
        let target = image_target(volume)?;
        if is_taken(&list, &target) {
            continue;
        }
        let from = match kind {
            ImageVolumes::Tmpfs => Origin::Tmpfs { data: Vec::new(), copy: true },
            _ => Origin::Volume { name: random_name(), anonymous: true, copy: true, subpath: None },
        };
        list.push(Mount::new(target, from));
    }
    if request.filesystem.read_only && request.filesystem.read_only_tmpfs {
        for target in READ_ONLY_TMPFS {
            if !is_taken(&list, target) {
                list.push(Mount::new(target, Origin::Tmpfs { data: Vec::new(), copy: true }));
            }
        }
    }
    Ok(list)
}

/// The path of an image's `VOLUME`, which anybody may have written: not the root, and nothing that the kernel's file systems hold
/// (CVE-2019-16884).
fn image_target(text: &str) -> Result<String, ContainerError> {
    let bad = |why| ContainerError::Invalid { what: "the image's volume", value: text.to_owned(), why };
    let names: Vec<&str> = text.split('/').filter(|name| !name.is_empty() && *name != ".").collect();
    if names.contains(&"..") || text.contains('\0') {
        return Err(bad("the path must not contain .. (run it with --image-volume=ignore)"));
    }
    let target = format!("/{}", names.join("/"));
    if target == "/" || ["/proc", "/sys", "/dev"].iter().any(|top| Path::new(&target).starts_with(top)) {
        return Err(bad("it would hide the root or the kernel's files (run it with --image-volume=ignore)"));
    }
    Ok(target)
}

fn is_taken(list: &[Mount], target: &str) -> bool {
    list.iter().any(|mount| mount.target == target)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Filesystem;

    fn targets(filesystem: Filesystem, own: &[&str], image: &[&str]) -> Result<Vec<String>, ContainerError> {
        let bind =
            |target: &&str| Mount::new(*target, Origin::Bind { source: "/".into(), recursive: true, no_dereference: false });
        let request = CreateRequest { mounts: own.iter().map(bind).collect(), filesystem, ..CreateRequest::default() };
        let image: Vec<String> = image.iter().map(|text| (*text).to_owned()).collect();
        Ok(with_defaults(&request, &image)?.into_iter().map(|mount| mount.target).collect())
    }

    #[test]
    fn the_users_mounts_go_before_the_images() {
        let read_only = Filesystem { read_only: true, ..Filesystem::default() };
        let ignore = Filesystem { image_volumes: ImageVolumes::Ignore, ..Filesystem::default() };
        assert_eq!(targets(Filesystem::default(), &["/a"], &["/a/", "//b/./c"]).expect("good"), ["/a", "/b/c"]);
        assert_eq!(targets(read_only, &["/tmp"], &["/v"]).expect("good"), ["/tmp", "/v", "/run", "/var/tmp"]);
        assert_eq!(targets(ignore, &[], &["/v"]).expect("good"), Vec::<String>::new());
    }

    #[test]
    fn an_image_cannot_replace_what_the_kernel_shows() {
        for hostile in ["/", "", "/proc", "/proc/", "/proc/self", "//proc", "/./proc", "/sys", "/dev/shm", "/a/../proc"] {
            assert!(targets(Filesystem::default(), &[], &[hostile]).is_err(), "{hostile:?}");
        }
    }

    #[test]
    fn access_of_volumes_from() {
        assert_eq!(access("c:ro,z", "ro,z").expect("good"), Some(true));
        assert_eq!(access("c", "").expect("good"), None);
        assert!(access("c:x", "x").is_err());
    }
}

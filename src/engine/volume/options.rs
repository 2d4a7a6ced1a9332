//! What `volume create -o` may say.

use super::VolumeError;
use crate::model::{Backing, Volume};
use std::path::Path;

/// Words of `o` that are attributes of the mount.
const FLAGS: [&str; 9] = ["ro", "rw", "exec", "noexec", "suid", "nosuid", "dev", "nodev", "bind"];

/// Checks the options of a new volume, and takes the owner out of them.
///
/// # Errors
/// An option is not known, or needs what nobody but root of the host has.
pub(super) fn check(volume: &mut Volume) -> Result<(), VolumeError> {
    let no = |option: &str, why: String| VolumeError::Option { option: option.to_owned(), why };
    if let Some(unknown) = volume.options.keys().find(|key| !["type", "device", "o"].contains(&key.as_str())) {
        return Err(no(unknown, "the driver local knows type, device and o".to_owned()));
    }
    let kind = volume.options.get("type").map(String::as_str).unwrap_or_default();
    match kind {
        "" | "none" | "bind" | "tmpfs" => {}
        other => {
            let why = format!("the kernel lets only root of the host mount {other} (mount it there, then use type=bind)");
            return Err(no(&format!("type={other}"), why));
        }
    }
    let device = volume.options.get("device").map(String::as_str).unwrap_or_default();
    if kind == "bind" && device.is_empty() {
        return Err(no("type=bind", "it goes with device=FOLDER".to_owned()));
    }
    if volume.backing() == Backing::Folder(device) && !Path::new(device).is_absolute() {
        return Err(no(&format!("device={device}"), "the folder has to be an absolute path".to_owned()));
    }
    let in_memory = volume.backing() == Backing::Tmpfs;
    let (mut uid, mut gid) = (None, None);
    for word in volume.mount_options() {
        let id = |text: &str| text.parse::<u32>().map_err(|_| no(word, "it is no number".to_owned()));
        match word.split_once('=') {
            Some(("uid", text)) => uid = Some(id(text)?),
            Some(("gid", text)) => gid = Some(id(text)?),
            Some(("size" | "inodes" | "nr_inodes" | "mode", _)) if in_memory => {}
            Some(("size" | "inodes", _)) => {
                let why = "a quota needs root of the host (type=tmpfs has a size)".to_owned();
                return Err(no(word, why));
            }
            None if FLAGS.contains(&word) || matches!(word, "copy" | "nocopy" | "noquota" | "rbind") => {}
            _ => return Err(no(word, "it is not known".to_owned())),
        }
    }
    volume.uid = uid.or(volume.uid);
    volume.gid = gid.or(volume.gid);
    Ok(())
}

/// The attributes that a volume brings to each mount of it, as options of the runtime spec.
pub(super) fn attributes(volume: &Volume) -> Vec<String> {
    let restricting = volume.mount_options().filter(|word| matches!(*word, "ro" | "noexec" | "nosuid" | "nodev"));
    restricting.map(|word| format!("r{word}")).collect()
}

/// The options of a volume's file system in memory.
pub(super) fn memory(volume: &Volume) -> Vec<String> {
    let mut data: Vec<String> = volume
        .mount_options()
        .filter_map(|word| match word.split_once('=') {
            Some(("inodes", count)) => Some(format!("nr_inodes={count}")),
            Some(("uid" | "gid", _)) => None,
            Some(_) => Some(word.to_owned()),
            None => matches!(word, "ro" | "noexec" | "nosuid" | "nodev").then(|| word.to_owned()),
        })
        .collect();
    data.extend(volume.uid.map(|uid| format!("uid={uid}")));
    data.extend(volume.gid.map(|gid| format!("gid={gid}")));
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    fn volume(options: &[(&str, &str)]) -> Volume {
        let options = options.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Volume { name: "v".to_owned(), options, ..Volume::default() }
    }

    #[test]
    fn options_are_taken_or_refused_with_the_reason() {
        let mut owned = volume(&[("o", "uid=5,gid=6,nocopy")]);
        check(&mut owned).expect("owner");
        assert_eq!((owned.uid, owned.gid), (Some(5), Some(6)));
        let mut memory_backed = volume(&[("type", "tmpfs"), ("device", "tmpfs"), ("o", "size=2M,inodes=9,uid=7,noexec")]);
        check(&mut memory_backed).expect("tmpfs");
        assert_eq!(memory(&memory_backed), ["size=2M", "nr_inodes=9", "noexec", "uid=7"]);
        let mut folder = volume(&[("type", "none"), ("device", "/srv"), ("o", "bind,ro")]);
        check(&mut folder).expect("bind");
        assert_eq!((folder.backing(), attributes(&folder)), (Backing::Folder("/srv"), vec!["rro".to_owned()]));
        for (options, word) in [
            (vec![("foo", "bar")], "foo"),
            (vec![("type", "nfs"), ("device", "x:/y")], "root of the host"),
            (vec![("o", "size=1G")], "quota"),
            (vec![("o", "uid=me")], "number"),
            (vec![("o", "sideways")], "sideways"),
            (vec![("type", "bind")], "device="),
            (vec![("type", "none"), ("device", "here")], "absolute"),
        ] {
            let error = check(&mut volume(&options)).expect_err(word).to_string();
            assert!(error.contains(word), "{error}");
        }
    }
}

//! The option words that all kinds of mounts share.

use crate::model::Mount;

/// Words of which only one makes sense.
const OPPOSITES: [(&str, &str); 6] =
    [("ro", "rw"), ("exec", "noexec"), ("suid", "nosuid"), ("dev", "nodev"), ("bind", "rbind"), ("z", "Z")];

/// Refuses words that contradict each other.
///
/// # Errors
/// The text names the two.
pub(super) fn check(words: &[&str]) -> Result<(), String> {
    for (one, other) in OPPOSITES {
        if words.contains(&one) && words.contains(&other) {
            return Err(format!("{one} and {other} exclude each other"));
        }
    }
    Ok(())
}

/// Applies a word that every kind of mount knows; says whether it was one.
pub(super) fn apply(mount: &mut Mount, word: &str) -> bool {
    match word {
        "ro" | "readonly" => mount.read_only = true,
        "rw" => mount.read_only = false,
        "exec" => mount.exec = true,
        "noexec" => mount.exec = false,
        "suid" => mount.suid = true,
        "nosuid" => mount.suid = false,
        "dev" => mount.dev = true,
        "nodev" => mount.dev = false,
        "U" => mount.chown = true,
        _ => return false,
    }
    true
}

/// Applies a propagation; says whether it was one.
pub(super) fn propagation(mount: &mut Mount, word: &str) -> bool {
    let known = matches!(word, "private" | "rprivate" | "slave" | "rslave" | "shared" | "rshared");
    if known {
        word.clone_into(&mut mount.propagation);
    }
    known
}

/// `z` and `Z` are for SELinux; a host without it has nothing to relabel.
///
/// # Errors
/// The host has SELinux: labels are not set yet.
pub(super) fn relabel() -> Result<(), String> {
    if std::path::Path::new("/sys/fs/selinux/enforce").exists() {
        return Err("labels of SELinux are not set by coracle (run chcon -R -t container_file_t on the source)".to_owned());
    }
    Ok(())
}

/// Why `idmap` is refused.
pub(super) fn no_idmap() -> String {
    "idmap needs root of the host: the kernel lets no user map the ids of a file system that root has mounted \
     (--userns=keep-id maps your own id, U changes the owners)"
        .to_owned()
}

/// Reads `true`, `false`, `1`, `0`; a key without a value is true.
///
/// # Errors
/// It is none of them.
pub(super) fn truth(key: &str, value: Option<&str>) -> Result<bool, String> {
    match value {
        None | Some("true" | "1" | "t" | "True" | "TRUE") => Ok(true),
        Some("false" | "0" | "f" | "False" | "FALSE") => Ok(false),
        Some(other) => Err(format!("{key}={other}: the value is true or false")),
    }
}

//! `-v`: the text of a bind mount.

use crate::cli::error::CliError;
use crate::model::BindMount;
use std::path::{Path, PathBuf};

/// Reads all volumes; no two may have the same target.
///
/// # Errors
/// A text is wrong, or a target is named twice.
pub(super) fn parse_all(texts: &[String], cwd: &Path) -> Result<Vec<BindMount>, CliError> {
    let mut list: Vec<BindMount> = Vec::with_capacity(texts.len());
    for text in texts {
        let mount = parse(text, cwd)?;
        if list.iter().any(|other| Path::new(&other.target) == Path::new(&mount.target)) {
            return Err(CliError::Usage(format!(
                "{}: duplicate mount destination (each path of the container can be mounted once)",
                mount.target
            )));
        }
        list.push(mount);
    }
    Ok(list)
}

/// Reads `SOURCE:TARGET[:OPTIONS]`; `cwd` is what a relative source begins at. The source has to be there.
///
/// # Errors
/// The text says what is wrong and how it should look.
pub(super) fn parse(text: &str, cwd: &Path) -> Result<BindMount, CliError> {
    let bad = |why: String| CliError::Usage(format!("invalid volume {text:?}: {why}"));
    let parts: Vec<&str> = text.split(':').collect();
    let (source, target, options) = match parts[..] {
        [source, target] => (source, target, ""),
        [source, target, options] => (source, target, options),
        _ => return Err(bad("it has the form HOST-PATH:CONTAINER-PATH[:OPTIONS]".to_owned())),
    };
    if !target.starts_with('/') || target.split('/').any(|part| part == "..") {
        return Err(bad(format!("the container's path {target:?} has to be absolute, without ..")));
    }
    if Path::new(target) == Path::new("/") {
        return Err(bad("the container's root cannot be replaced".to_owned()));
    }
    if Path::new(target) == Path::new("/proc") {
        return Err(bad("the container's /proc cannot be replaced (mount below it, or elsewhere, as /host/proc)".to_owned()));
    }
    if !source.starts_with(['/', '.', '~']) {
        return Err(bad(format!("named volumes are not available yet; for a folder write ./{source}")));
    }
    let source = cwd.join(source);
    let source: PathBuf = source.components().collect();
    if let Err(error) = std::fs::symlink_metadata(&source) {
        return Err(bad(format!("{}: {error} (make it first: a missing source is not made for you)", source.display())));
    }
    let mut mount = BindMount {
        source,
        target: target.to_owned(),
        read_only: false,
        recursive: true,
        propagation: "rprivate".to_owned(),
        exec: true,
        suid: false,
        dev: false,
    };
    let given: Vec<&str> = options.split(',').collect();
    for (one, other) in [("ro", "rw"), ("exec", "noexec"), ("suid", "nosuid"), ("dev", "nodev"), ("bind", "rbind")] {
        if given.contains(&one) && given.contains(&other) {
            return Err(bad(format!("{one} and {other} exclude each other")));
        }
    }
    for option in options.split(',').filter(|option| !option.is_empty()) {
        match option {
            "ro" => mount.read_only = true,
            "rw" => mount.read_only = false,
            "bind" => mount.recursive = false,
            "rbind" => mount.recursive = true,
            "private" | "rprivate" | "slave" | "rslave" | "shared" | "rshared" => mount.propagation = option.to_owned(),
            "exec" => mount.exec = true,
            "noexec" => mount.exec = false,
            "suid" => mount.suid = true,
            "nosuid" => mount.suid = false,
            "dev" => mount.dev = true,
            "nodev" => mount.dev = false,
            // Labels are for SELinux; a host without it has nothing to relabel.
            "z" | "Z" if !Path::new("/sys/fs/selinux/enforce").exists() => {}
            other => {
                return Err(bad(format!(
                    "the option {other:?} is not known (ro, rw, rbind, bind, rprivate, rslave, rshared, noexec, nosuid, nodev)"
                )));
            }
        }
    }
    Ok(mount)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_volume() {
        let cwd = Path::new("/usr");
        let mount = parse("/etc:/a/b:ro,rslave,noexec", cwd).expect("good");
        assert_eq!((mount.source.as_path(), mount.target.as_str()), (Path::new("/etc"), "/a/b"));
        assert!(mount.read_only && mount.recursive && !mount.exec);
        assert_eq!(mount.propagation, "rslave");
        assert_eq!(parse("./bin:/x", cwd).expect("relative").source, Path::new("/usr/bin"));
        assert!(!parse(".:/x:bind", cwd).expect("here").recursive);
    }

    #[test]
    fn what_cannot_be_is_said() {
        for (text, word) in [
            ("/etc", "form"),
            ("/etc:b", "absolute"),
            ("/etc:/a/../b", "absolute"),
            ("/etc:/", "root"),
            ("/etc:/proc/", "/proc cannot"),
            ("data:/x", "named volumes"),
            ("/no/such/thing:/x", "No such file"),
            ("/etc:/x:sideways", "sideways"),
            ("/a:/b:/c:/d", "form"),
        ] {
            let error = parse(text, Path::new("/")).expect_err(text).to_string();
            assert!(error.contains(word), "{error}");
        }
    }
}

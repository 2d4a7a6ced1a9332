//! `-v`: the short form of a mount.

use super::{host_folder, host_path, is_path, target, words};
use crate::cli::error::CliError;
use crate::engine::volume::random_name;
use crate::model::id::is_valid_name;
use crate::model::{Mount, Origin};
use std::path::Path;

/// Reads `[SOURCE:]TARGET[:OPTIONS]`; `cwd` is what a relative source begins at. A source that is a path has to be there.
///
/// # Errors
/// The text says what is wrong and how it should look.
pub(super) fn parse(text: &str, cwd: &Path) -> Result<Mount, CliError> {
    let bad = |why: String| CliError::Usage(format!("invalid volume {text:?}: {why}"));
    let parts: Vec<&str> = text.split(':').collect();
    let (source, path, options) = match parts[..] {
        [path] => ("", path, ""),
        // Without a source there can be options nevertheless.
        [path, options] if path.starts_with('/') && !options.starts_with('/') && options_only(options) => ("", path, options),
        [source, path] => (source, path, ""),
        [source, path, options] => (source, path, options),
        _ => return Err(bad("it has the form [SOURCE:]CONTAINER-PATH[:OPTIONS]".to_owned())),
    };
    let given: Vec<&str> = options.split(',').filter(|word| !word.is_empty()).collect();
    words::check(&given).map_err(bad)?;
    let from = origin(source, &given, cwd).map_err(bad)?;
    let mut mount = Mount::new(target(path).map_err(bad)?, from);
    for word in given {
        apply(&mut mount, word).map_err(bad)?;
    }
    Ok(mount)
}

/// Tells `/data:ro` (an anonymous volume) from `/data:relative` (a target that is not absolute).
fn options_only(text: &str) -> bool {
    let known = ["ro", "rw", "z", "Z", "U", "copy", "nocopy", "exec", "noexec", "suid", "nosuid", "dev", "nodev"];
    text.split(',').all(|word| known.contains(&word))
}

fn origin(source: &str, given: &[&str], cwd: &Path) -> Result<Origin, String> {
    if source.is_empty() {
        return Ok(Origin::Volume { name: random_name(), anonymous: true, copy: true, subpath: None });
    }
    if !is_path(source) {
        if !is_valid_name(source) {
            return Err(format!(
                "{source:?} is neither a path (/… or ./…) nor the name of a volume: names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*"
            ));
        }
        return Ok(Origin::Volume { name: source.to_owned(), anonymous: false, copy: true, subpath: None });
    }
    if given.contains(&"O") {
        return overlay(source, given, cwd);
    }
    let source = host_path(source, cwd)?;
    Ok(Origin::Bind { source, recursive: true, no_dereference: given.contains(&"no-dereference") })
}

fn overlay(source: &str, given: &[&str], cwd: &Path) -> Result<Origin, String> {
    let folder = |key: &str| {
        let given = given.iter().find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
        given.map(|text| host_folder(text, cwd)).transpose()
    };
    let (upper, work) = (folder("upperdir")?, folder("workdir")?);
    if upper.is_some() != work.is_some() {
        return Err("upperdir and workdir go together, on one file system".to_owned());
    }
    Ok(Origin::Overlay { source: host_folder(source, cwd)?, upper, work })
}

fn apply(mount: &mut Mount, word: &str) -> Result<(), String> {
    if words::apply(mount, word) || words::propagation(mount, word) {
        return Ok(());
    }
    let key = word.split('=').next().unwrap_or_default();
    match (&mut mount.from, key) {
        (_, "z" | "Z") => return words::relabel(),
        (_, "idmap") => return Err(words::no_idmap()),
        (Origin::Bind { recursive, .. }, "bind") => *recursive = false,
        (Origin::Bind { .. } | Origin::Volume { .. }, "rbind") | (Origin::Volume { .. }, "bind") => {}
        // Ours is recursive whenever the bind mount is.
        (Origin::Bind { .. }, "rro") => mount.read_only = true,
        (Origin::Bind { .. }, "no-dereference") | (Origin::Overlay { .. }, "O" | "upperdir" | "workdir") => {}
        (Origin::Volume { copy, .. }, "copy") => *copy = true,
        (Origin::Volume { copy, .. }, "nocopy") => *copy = false,
        (Origin::Volume { .. }, "O") => {
            return Err("O goes with a folder of the host, not with a volume".to_owned());
        }
        (Origin::Bind { .. } | Origin::Overlay { .. }, "copy" | "nocopy") => {
            return Err(format!("{word} goes with a volume: nothing is copied into a folder of the host"));
        }
        _ => {
            return Err(format!(
                "the option {word:?} is not known (ro, rw, rro, U, O, copy, nocopy, rbind, bind, rprivate, rslave, rshared, \
                 noexec, nosuid, nodev, no-dereference, z, Z)"
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn bind(source: &str, recursive: bool) -> Origin {
        Origin::Bind { source: PathBuf::from(source), recursive, no_dereference: false }
    }

    #[test]
    fn forms_of_a_volume() {
        let cwd = Path::new("/usr");
        let mount = parse("/etc:/a//b/:ro,rslave,noexec,U", cwd).expect("good");
        assert_eq!((&mount.from, mount.target.as_str()), (&bind("/etc", true), "/a/b"));
        assert!(mount.read_only && !mount.exec && mount.chown);
        assert_eq!(mount.propagation, "rslave");
        assert_eq!(parse("./bin:/x", cwd).expect("relative").from, bind("/usr/bin", true));
        assert_eq!(parse(".:/x:bind", cwd).expect("here").from, bind("/usr", false));
        let named = parse("data:/x:nocopy", cwd).expect("named");
        assert_eq!(named.from, Origin::Volume { name: "data".into(), anonymous: false, copy: false, subpath: None });
        for text in ["/x", "/x:ro", "/x:nocopy,U"] {
            let mount = parse(text, cwd).expect(text);
            assert!(matches!(&mount.from, Origin::Volume { name, anonymous: true, .. } if name.len() == 64), "{mount:?}");
            assert_eq!(mount.target, "/x");
        }
        let overlay = Origin::Overlay { source: "/etc".into(), upper: None, work: None };
        assert_eq!(parse("/etc:/x:O", cwd).expect("overlay").from, overlay);
        let overlay = Origin::Overlay { source: "/etc".into(), upper: Some("/usr".into()), work: Some("/usr/bin".into()) };
        assert_eq!(parse("/etc:/x:O,upperdir=/usr,workdir=bin", cwd).expect("folders").from, overlay);
    }

    #[test]
    fn what_cannot_be_is_said() {
        for (text, word) in [
            ("/etc:b", "absolute"),
            ("/etc:/a/../b", "absolute"),
            ("/etc:/", "root"),
            ("/etc:/proc/", "/proc cannot"),
            ("~/data:/x", "neither a path"),
            ("a/b:/x", "neither a path"),
            ("/no/such/thing:/x", "No such file"),
            ("/etc:/x:sideways", "sideways"),
            ("/etc:/x:idmap", "root of the host"),
            ("/etc:/x:idmap=uids=0-1-10", "root of the host"),
            ("/etc:/x:copy", "goes with a volume"),
            ("/etc/passwd:/x:O", "folder"),
            ("/etc:/x:O,upperdir=/usr", "go together"),
            ("v:/x:O", "folder of the host"),
            ("/etc:/x:ro,rw", "exclude"),
            ("/a:/b:/c:/d", "form"),
        ] {
            let error = parse(text, Path::new("/")).expect_err(text).to_string();
            assert!(error.contains(word), "{error}");
        }
    }
}

//! `--mount`: the long form.

use super::{host_path, is_path, target, tmpfs, words};
use crate::cli::error::CliError;
use crate::engine::volume::random_name;
use crate::model::id::is_valid_name;
use crate::model::{Mount, Origin};
use std::path::{Path, PathBuf};

/// Reads `type=TYPE,KEY=VALUE,…`; one text is one mount, except for the type glob.
///
/// # Errors
/// The text says what is wrong and how it should look.
pub(super) fn parse(text: &str, cwd: &Path) -> Result<Vec<Mount>, CliError> {
    fields(text).and_then(|list| build(&list, cwd)).map_err(|why| CliError::Usage(format!("invalid mount {text:?}: {why}")))
}

/// Splits at commas; a field in double quotes may hold them.
fn fields(text: &str) -> Result<Vec<String>, String> {
    let mut list = vec![String::new()];
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let last = list.last_mut().expect("it begins with one");
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                last.push('"');
            }
            '"' if quoted || last.is_empty() => quoted = !quoted,
            ',' if !quoted => list.push(String::new()),
            c => last.push(c),
        }
    }
    if quoted { Err("a double quote is not closed".to_owned()) } else { Ok(list) }
}

type Pair<'a> = (&'a str, Option<&'a str>);

fn build(list: &[String], cwd: &Path) -> Result<Vec<Mount>, String> {
    let pairs: Vec<Pair<'_>> = list
        .iter()
        .map(|field| field.split_once('=').map_or((field.as_str(), None), |(key, value)| (key, Some(value))))
        .collect();
    let value_of = |keys: &[&str]| pairs.iter().find(|(key, _)| keys.contains(key)).and_then(|(_, value)| *value);
    // Docker's and Podman's default.
    let kind = value_of(&["type"]).unwrap_or("volume");
    let source = value_of(&["src", "source"]);
    let path = value_of(&["dst", "destination", "dest", "target"]).ok_or("it needs a target: dst=CONTAINER-PATH")?;
    let flags: Vec<&str> = pairs.iter().filter(|(_, value)| value.is_none()).map(|(key, _)| *key).collect();
    words::check(&flags)?;
    if kind == "glob" {
        let pattern = source.ok_or("it needs a source: src=PATTERN")?;
        let matches = matching(&cwd.join(pattern))?;
        let mount = |source: PathBuf| {
            let name = source.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let from = Origin::Bind { source, recursive: true, no_dereference: false };
            with_options(Mount::new(target(&format!("{path}/{name}"))?, from), &pairs)
        };
        return matches.into_iter().map(mount).collect();
    }
    let mount = Mount::new(target(path)?, origin(kind, source, cwd)?);
    let mut mount = with_options(mount, &pairs)?;
    if let Origin::Bind { source, no_dereference: false, .. } = &mount.from {
        // A link that leads nowhere can only be mounted itself.
        std::fs::metadata(source).map_err(|error| format!("{}: {error}", source.display()))?;
    }
    if kind == "image" {
        let writable = pairs.iter().find(|(key, _)| matches!(*key, "rw" | "readwrite"));
        mount.read_only = !writable.map_or(Ok(false), |(key, value)| words::truth(key, *value))?;
    }
    Ok(vec![mount])
}

fn origin(kind: &str, source: Option<&str>, cwd: &Path) -> Result<Origin, String> {
    let source = source.filter(|text| !text.is_empty());
    let memory = |from| match source {
        Some(_) => Err(format!("the type {kind} has no source")),
        None => Ok(from),
    };
    match kind {
        "bind" => {
            let source = host_path(source.ok_or("it needs a source: src=HOST-PATH")?, cwd)?;
            Ok(Origin::Bind { source, recursive: true, no_dereference: false })
        }
        "volume" => match source {
            None => Ok(Origin::Volume { name: random_name(), anonymous: true, copy: true, subpath: None }),
            Some(path) if is_path(path) => Err(format!("{path:?} is a path: it goes with type=bind")),
            Some(name) if !is_valid_name(name) => {
                Err(format!("the volume name {name:?} is not valid: names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*"))
            }
            Some(name) => Ok(Origin::Volume { name: name.to_owned(), anonymous: false, copy: true, subpath: None }),
        },
        "image" => {
            let name = source.ok_or("it needs a source: src=IMAGE")?.to_owned();
            Ok(Origin::Image { name, image: None, subpath: None })
        }
        "tmpfs" => memory(Origin::Tmpfs { data: Vec::new(), copy: true }),
        "ramfs" => memory(Origin::Ramfs { data: Vec::new(), copy: true }),
        "devpts" => memory(Origin::Devpts { data: Vec::new() }),
        "npipe" | "cluster" => Err(format!("the type {kind} is not for Linux containers")),
        other => Err(format!("the type {other:?} is not known (bind, volume, tmpfs, image, devpts, ramfs, glob)")),
    }
}

fn with_options(mut mount: Mount, pairs: &[Pair<'_>]) -> Result<Mount, String> {
    for (key, value) in pairs {
        if !matches!(*key, "type" | "src" | "source" | "dst" | "destination" | "dest" | "target") {
            option(&mut mount, key, *value)?;
        }
    }
    Ok(mount)
}

fn option(mount: &mut Mount, key: &str, value: Option<&str>) -> Result<(), String> {
    if value.is_none() && (words::apply(mount, key) || words::propagation(mount, key)) {
        return Ok(());
    }
    let missing = || format!("{key} takes a value");
    match (&mut mount.from, key) {
        (Origin::Image { .. }, "rw" | "readwrite") => {}
        (_, "ro" | "readonly") => mount.read_only = words::truth(key, value)?,
        (_, "rw" | "readwrite") => mount.read_only = !words::truth(key, value)?,
        (Origin::Devpts { data }, "uid" | "gid" | "max") => {
            let number: u64 = value.ok_or_else(missing)?.parse().map_err(|_| format!("{key} takes a number"))?;
            data.push(format!("{key}={number}"));
        }
        (Origin::Devpts { data }, "mode") => {
            let text = value.ok_or_else(missing)?;
            let mode = u32::from_str_radix(text, 8).map_err(|_| format!("mode={text}: a mode is octal, as 0620"))?;
            data.push(format!("mode={mode:o}"));
        }
        (_, "U" | "chown") => mount.chown = words::truth(key, value)?,
        (_, "relabel") if matches!(value, Some("shared" | "private")) => return words::relabel(),
        (_, "z" | "Z") if value.is_none() => return words::relabel(),
        (_, "idmap") => return Err(words::no_idmap()),
        // Of Docker's, for other systems; it means nothing on Linux.
        (_, "consistency") => {}
        (Origin::Bind { .. } | Origin::Volume { .. }, "bind-propagation") => {
            let word = value.ok_or_else(missing)?;
            if !words::propagation(mount, word) {
                return Err(format!("{key}={word}: it is one of private, rprivate, slave, rslave, shared, rshared"));
            }
        }
        (Origin::Bind { recursive, .. }, "bind-nonrecursive") => *recursive = !words::truth(key, value)?,
        (Origin::Bind { recursive, .. }, "bind-recursive") => match value {
            // Docker's words: read-only is recursive (enabled), must be (readonly), or is not (writable).
            Some("enabled" | "readonly" | "true") | None => *recursive = true,
            Some("disabled" | "false") => *recursive = false,
            Some("writable") => (*recursive, mount.writable_below) = (true, true),
            Some(other) => {
                return Err(format!("{key}={other}: it is one of enabled, disabled, writable, readonly"));
            }
        },
        (Origin::Bind { no_dereference, .. }, "no-dereference") => *no_dereference = words::truth(key, value)?,
        (Origin::Volume { subpath, .. } | Origin::Image { subpath, .. }, "subpath" | "volume-subpath" | "image-subpath") => {
            *subpath = Some(value.filter(|path| !path.is_empty()).ok_or_else(missing)?.to_owned());
        }
        (Origin::Volume { copy, .. }, "volume-nocopy" | "nocopy") => *copy = !words::truth(key, value)?,
        (Origin::Volume { copy, .. }, "copy") => *copy = words::truth(key, value)?,
        (Origin::Volume { .. }, "volume-driver") if value == Some("local") => {}
        (Origin::Volume { .. }, "volume-label" | "volume-opt" | "volume-driver") => {
            return Err(format!("{key} is for new volumes: make the volume with `coracle volume create` first"));
        }
        (Origin::Tmpfs { .. } | Origin::Ramfs { .. }, _) => {
            let short = key.strip_prefix("tmpfs-").unwrap_or(key);
            let word = value.map_or_else(|| short.to_owned(), |value| format!("{short}={value}"));
            return tmpfs::option(mount, &word);
        }
        _ => return Err(format!("the option {key:?} is not known for this type")),
    }
    Ok(())
}

/// The paths that fit a pattern with `*`, `?` and `[…]` in any of its names, sorted. At least one has to. As in a shell, a name that begins
/// with a dot fits only a pattern that does.
fn matching(pattern: &Path) -> Result<Vec<PathBuf>, String> {
    let options = glob::MatchOptions { require_literal_separator: true, require_literal_leading_dot: true, ..Default::default() };
    let paths = glob::glob_with(&pattern.to_string_lossy(), options);
    let paths = paths.map_err(|error| format!("the pattern {}: {}", pattern.display(), error.msg))?;
    // What may not be read has no names that fit.
    let found: Vec<PathBuf> = paths.filter_map(Result::ok).collect();
    if found.is_empty() { Err(format!("no path fits {}", pattern.display())) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Mount {
        let mut list = parse(text, Path::new("/usr")).expect(text);
        assert_eq!(list.len(), 1, "{text}");
        list.remove(0)
    }

    #[test]
    fn every_spelling_of_a_bind_mount() {
        for text in [
            "type=bind,src=/etc,dst=/x,ro",
            "type=bind,source=/etc,destination=/x,readonly=true",
            "dst=/x,type=bind,readonly,src=/etc",
            "type=bind,src=/etc,target=/x/,ro=1,relabel=shared,consistency=cached",
        ] {
            let mount = one(text);
            assert_eq!(mount.from, Origin::Bind { source: "/etc".into(), recursive: true, no_dereference: false });
            assert!(mount.read_only && mount.target == "/x" && !mount.writable_below, "{text}");
        }
        let mount = one("type=bind,src=bin,dst=/x,bind-propagation=rshared,bind-recursive=writable,noexec,U=true");
        assert!(mount.writable_below && !mount.exec && mount.chown && mount.propagation == "rshared");
        assert!(matches!(one("type=bind,src=/etc,dst=/x,bind-nonrecursive").from, Origin::Bind { recursive: false, .. }));
        assert!(!one("type=bind,src=/etc,dst=/x,ro=false").read_only);
    }

    #[test]
    fn volumes_memory_images_and_terminals() {
        let named = Origin::Volume { name: "v".into(), anonymous: false, copy: false, subpath: Some("a/b".into()) };
        assert_eq!(one("type=volume,src=v,dst=/x,volume-nocopy,volume-subpath=a/b").from, named);
        assert!(matches!(one("dst=/x").from, Origin::Volume { anonymous: true, .. }));
        let data = vec!["size=2m".to_owned(), "mode=700".to_owned()];
        assert_eq!(one("type=tmpfs,dst=/x,tmpfs-size=2m,tmpfs-mode=0700").from, Origin::Tmpfs { data, copy: true });
        assert_eq!(one("type=ramfs,dst=/x,notmpcopyup").from, Origin::Ramfs { data: Vec::new(), copy: false });
        let image = one("type=image,src=busybox,dst=/x,subpath=bin");
        assert!(image.read_only && matches!(image.from, Origin::Image { subpath: Some(_), .. }));
        assert!(!one("type=image,src=busybox,dst=/x,rw=true").read_only);
        assert_eq!(one("type=devpts,dst=/x,mode=0600").from, Origin::Devpts { data: vec!["mode=600".to_owned()] });
    }

    #[test]
    fn a_field_in_quotes_may_hold_a_comma() {
        assert_eq!(fields(r#"a=1,"src=/x,y",b"#).expect("good"), ["a=1", "src=/x,y", "b"]);
        assert_eq!(fields(r#""a""b",c"#).expect("good"), ["a\"b", "c"]);
        assert!(fields("\"a").is_err());
    }

    #[test]
    fn patterns_fit_as_in_a_shell() {
        let tmp = tempfile::tempdir().expect("tempdir");
        for name in ["b.c", "a.c", "a.h", ".c.c"] {
            std::fs::write(tmp.path().join(name), "").expect("write");
        }
        let list = parse(&format!("type=glob,src={}/*.c,dst=/x,ro", tmp.path().display()), Path::new("/")).expect("glob");
        assert_eq!(list.iter().map(|mount| mount.target.as_str()).collect::<Vec<_>>(), ["/x/a.c", "/x/b.c"]);
        assert!(list.iter().all(|mount| mount.read_only));
    }

    #[test]
    fn what_cannot_be_is_said() {
        for (text, word) in [
            ("type=bind,src=/etc", "target"),
            ("type=bind,dst=/x", "source"),
            ("type=bind,src=/no/such,dst=/x", "No such file"),
            ("type=volume,src=/etc,dst=/x", "type=bind"),
            ("type=nfs,src=a,dst=/x", "not known"),
            ("type=npipe,src=a,dst=/x", "not for Linux"),
            ("type=tmpfs,src=a,dst=/x", "no source"),
            ("type=bind,src=/etc,dst=/x,readonly=perhaps", "true or false"),
            ("type=bind,src=/etc,dst=/x,tmpfs-size=1", "not known for this type"),
            ("type=bind,src=/etc,dst=/x,bind-propagation=up", "rprivate"),
            ("type=bind,src=/etc,dst=/x,idmap", "root of the host"),
            ("type=volume,src=v,dst=/x,volume-opt=o=x", "volume create"),
            ("type=glob,src=/no/such/*,dst=/x", "no path fits"),
            ("type=bind,src=/etc,dst=/", "root"),
        ] {
            let error = parse(text, Path::new("/")).expect_err(text).to_string();
            assert!(error.contains(word), "{error}");
        }
    }
}

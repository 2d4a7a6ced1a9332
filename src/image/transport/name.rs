//! Names with a transport in front: `oci:PATH:REFERENCE` and the like (containers-transports(5)).

use std::fmt;
use std::path::PathBuf;

/// The form of an image on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// What `docker save` writes.
    DockerArchive,
    /// An OCI layout as a tar.
    OciArchive,
    /// An OCI layout, a folder.
    Oci,
    /// A folder with one manifest and its blobs.
    Dir,
}

impl Form {
    const ALL: [Self; 4] = [Self::DockerArchive, Self::OciArchive, Self::Oci, Self::Dir];

    /// The transport's name, as policy.json has it, too.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::DockerArchive => "docker-archive",
            Self::OciArchive => "oci-archive",
            Self::Oci => "oci",
            Self::Dir => "dir",
        }
    }

    /// Tells whether it is a folder and not one file.
    #[must_use]
    pub fn is_folder(self) -> bool {
        matches!(self, Self::Oci | Self::Dir)
    }
}

/// A place on disk that holds images, and which one of them is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Local {
    pub form: Form,
    pub path: PathBuf,
    /// What stands behind the path: a reference, or `@N` for the image of that number.
    pub select: Option<String>,
}

impl fmt::Display for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.form.name(), self.path.display())?;
        self.select.as_ref().map_or(Ok(()), |select| write!(f, ":{select}"))
    }
}

/// A transport that leads nowhere here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} cannot be used: {why}")]
pub struct BadTransport {
    text: String,
    why: &'static str,
}

const FOREIGN: [(&str, &str); 6] = [
    ("containers-storage:", "that is the store of Podman (`podman save` the image and load it here)"),
    ("docker-daemon:", "there is no connection to a Docker daemon (`docker save` the image and load it here)"),
    ("sif:", "SIF images are not understood"),
    ("ostree:", "OSTree repositories are not understood"),
    ("tarball:", "a tar of a root folder is no image (make one of it with `coracle import`)"),
    ("atomic:", "that transport of OpenShift is no longer used by anybody (use docker://)"),
];

impl Local {
    /// Reads a name with a transport of the disk; nothing for any other name, which a registry has.
    ///
    /// # Errors
    /// The transport is one that is not served, or the path is missing.
    pub fn parse(text: &str) -> Result<Option<Self>, BadTransport> {
        let bad = |why| Err(BadTransport { text: text.to_owned(), why });
        if let Some((_, why)) = FOREIGN.iter().find(|(prefix, _)| text.starts_with(prefix)) {
            return bad(why);
        }
        let split = |form: &Form| text.strip_prefix(form.name())?.strip_prefix(':').map(|rest| (*form, rest));
        let Some((form, rest)) = Form::ALL.iter().find_map(split) else { return Ok(None) };
        // A path of a dir: may hold colons, as for skopeo and Podman.
        let (path, select) = match rest.split_once(':') {
            Some((path, select)) if form != Form::Dir => (path, Some(select).filter(|select| !select.is_empty())),
            _ => (rest, None),
        };
        if path.is_empty() {
            return bad("the path is missing");
        }
        Ok(Some(Self { form, path: PathBuf::from(path), select: select.map(str::to_owned) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transports_of_the_disk_are_told_from_registries() {
        let local = |form, path: &str, select: Option<&str>| {
            Ok(Some(Local { form, path: PathBuf::from(path), select: select.map(str::to_owned) }))
        };
        for (text, wanted) in [
            ("oci:/a/b:v1", local(Form::Oci, "/a/b", Some("v1"))),
            ("oci:/a/b", local(Form::Oci, "/a/b", None)),
            ("oci:/a/b:", local(Form::Oci, "/a/b", None)),
            ("oci-archive:x.tar:host:5000/x:1", local(Form::OciArchive, "x.tar", Some("host:5000/x:1"))),
            ("docker-archive:x.tar:@1", local(Form::DockerArchive, "x.tar", Some("@1"))),
            ("dir:/a:b", local(Form::Dir, "/a:b", None)),
            ("docker://a/b", Ok(None)),
            ("busybox", Ok(None)),
            ("oci-image:tag", Ok(None)),
        ] {
            assert_eq!(Local::parse(text), wanted, "{text}");
        }
        for text in ["containers-storage:x", "docker-daemon:x:1", "oci:", "dir:", "sif:x"] {
            assert!(Local::parse(text).is_err(), "{text}");
        }
    }
}

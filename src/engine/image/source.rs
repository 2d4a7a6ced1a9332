//! From a name as it is typed to the places that it is pulled from, and how each may be asked.
//!
//! This is done before the work in the session namespace: a prompt wants the user's terminal, and helpers that keep credentials want
//! the user's own ids (a key ring on the message bus refuses root of a user namespace).

use crate::config::Places;
use crate::config::policy::Policy;
use crate::config::registries::{Registries, ShortNameMode, remember_alias};
use crate::engine::EngineError;
use crate::image::auth::{Credentials, Keeper};
use crate::image::reference::is_short;
use crate::image::registry::{Access, Patience, Retry};
use crate::image::{ImageError, Reference};
use std::path::PathBuf;

/// Where a name without a registry is looked for when no registries.conf says: as Docker does.
const DEFAULT_SEARCH: &str = "docker.io";

/// What a command line says about registries.
#[derive(Clone, Debug, Default)]
pub struct RegistryOptions {
    /// Nothing: as registries.conf says, else yes.
    pub tls_verify: Option<bool>,
    pub credentials: Option<Credentials>,
    pub authfile: Option<PathBuf>,
    /// A folder with certificates, instead of those in `certs.d`.
    pub cert_dir: Option<PathBuf>,
    pub retry: Retry,
    pub patience: Patience,
}

/// Lets the user choose one of several names; nothing where there is nobody to ask.
pub type Choose<'a> = &'a mut dyn FnMut(&str, &[String]) -> Option<usize>;

/// Where an image is pulled from.
#[derive(Clone, Debug)]
pub struct Plan {
    /// As it was typed.
    pub(super) name: String,
    pub(super) candidates: Vec<Candidate>,
    /// A choice to remember when the pull was a success.
    remember: Option<(String, String)>,
    places: Places,
}

/// One image that the name may mean.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// The name that it gets in the store.
    pub(super) reference: Reference,
    /// Mirrors first.
    pub(super) sources: Vec<Source>,
}

/// A place that has it.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) reference: Reference,
    pub(super) access: Access,
}

/// The configuration, read.
#[derive(Debug)]
pub struct Surroundings<'a> {
    places: &'a Places,
    options: &'a RegistryOptions,
    pub(super) registries: Registries,
    keeper: Keeper,
}

impl<'a> Surroundings<'a> {
    /// Reads registries.conf.
    ///
    /// # Errors
    /// A file is wrong.
    pub fn read(places: &'a Places, options: &'a RegistryOptions) -> Result<Self, EngineError> {
        let registries = Registries::load(places).map_err(ImageError::from)?;
        let keeper = Keeper::new(places, &registries, options.authfile.as_deref());
        Ok(Self { places, options, registries, keeper })
    }

    /// How the registry of `host[/path]` may be asked. `insecure`: registries.conf does not insist on certificates there.
    ///
    /// # Errors
    /// The credentials cannot be read.
    pub fn access(&self, name: &str, insecure: bool) -> Result<Access, EngineError> {
        self.access_for(name, name, insecure)
    }

    /// The same for a place that an image called `meant` is had from. `--creds` are for the registry in the image's name: a mirror, and
    /// what registries.conf puts in its place, never see them.
    fn access_for(&self, meant: &str, name: &str, insecure: bool) -> Result<Access, EngineError> {
        let host = name.split('/').next().unwrap_or(name);
        let is_meant = meant.split('/').next() == Some(host);
        let credentials = match &self.options.credentials {
            Some(credentials) if is_meant => Some(credentials.clone()),
            _ => self.keeper.find(name).map_err(ImageError::from)?,
        };
        let certificates = match &self.options.cert_dir {
            Some(folder) => vec![folder.clone()],
            None => self.places.certificate_folders().into_iter().map(|folder| folder.join(host)).collect(),
        };
        let tls_verify = self.options.tls_verify.unwrap_or(!insecure);
        Ok(Access { tls_verify, certificates, credentials, retry: self.options.retry, patience: self.options.patience })
    }

    /// How the registry of a full name may be asked for writing: mirrors do not count.
    ///
    /// # Errors
    /// The name is blocked, or the credentials cannot be read.
    pub(super) fn destination(&self, reference: &Reference) -> Result<Source, EngineError> {
        let (name, meant) = (reference.to_string(), reference.name());
        let blocked = |prefix| ImageError::Blocked { name: name.clone(), prefix };
        let sources = self.registries.sources(&name).map_err(blocked)?;
        let own = sources.into_iter().find(|source| !source.is_mirror);
        let (name, insecure) = own.map_or((name, false), |source| (source.name, source.insecure));
        let reference = Reference::parse(&name).map_err(ImageError::from)?;
        Ok(Source { access: self.access_for(&meant, &reference.name(), insecure)?, reference })
    }
}

/// Plans a pull.
///
/// # Errors
/// The name is none, may mean several images, is blocked or refused by the policy, or a configuration file is wrong.
pub fn plan(name: &str, places: &Places, options: &RegistryOptions, choose: Choose<'_>) -> Result<Plan, EngineError> {
    let around = Surroundings::read(places, options)?;
    let policy = Policy::load(places).map_err(ImageError::from)?;
    let (references, remember) = candidates(name, &around.registries, choose)?;
    if options.credentials.is_some() && references.len() > 1 {
        // They are for one registry, and not to be shown to all of them.
        let candidates = references.iter().map(ToString::to_string).collect();
        return Err(ImageError::ShortName { name: name.to_owned(), candidates }.into());
    }
    let mut candidates = Vec::new();
    for reference in references {
        let full = reference.to_string();
        policy.check_registry(&full).map_err(|source| ImageError::Policy { name: full.clone(), source })?;
        let blocked = |prefix| ImageError::Blocked { name: full.clone(), prefix };
        let mut sources = Vec::new();
        for source in around.registries.sources(&full).map_err(blocked)? {
            let reference = Reference::parse(&source.name).map_err(ImageError::from)?;
            let access = around.access_for(&full, &reference.name(), source.insecure)?;
            sources.push(Source { reference, access });
        }
        candidates.push(Candidate { reference, sources });
    }
    Ok(Plan { name: name.to_owned(), candidates, remember, places: places.clone() })
}

impl Plan {
    /// The full names under which the store may have the image afterwards.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.candidates.iter().map(|candidate| candidate.reference.stored()).collect()
    }

    /// Writes the user's choice down, so that it is asked for once.
    pub(super) fn succeeded(&self) {
        if let Some((short, full)) = &self.remember {
            // A cache: who cannot write it is asked again.
            let _ = remember_alias(&self.places, short, full);
        }
    }
}

type Candidates = (Vec<Reference>, Option<(String, String)>);

/// The full names that a name may mean, in the order in which they are tried.
fn candidates(text: &str, registries: &Registries, choose: Choose<'_>) -> Result<Candidates, ImageError> {
    let plain = Reference::parse(text)?;
    if !is_short(text) {
        return Ok((vec![plain.or_latest()], None));
    }
    let (repository, rest) = split(text);
    let with_rest = |name: &str| Reference::parse(&format!("{name}{rest}")).map(Reference::or_latest);
    if let Some(full) = registries.alias(repository) {
        return Ok((vec![with_rest(full)?], None));
    }
    let search = match registries.search() {
        [] if registries.is_configured() => {
            return Err(ImageError::NoSearch { name: text.to_owned(), full: plain.to_string() });
        }
        [] => vec![DEFAULT_SEARCH.to_owned()],
        list => list.to_vec(),
    };
    let names: Vec<_> = search.iter().map(|host| format!("{host}/{repository}")).collect();
    let all = names.iter().map(|name| with_rest(name)).collect::<Result<Vec<_>, _>>()?;
    if all.len() == 1 || registries.mode() == ShortNameMode::Disabled {
        return Ok((all, None));
    }
    let shown: Vec<_> = all.iter().map(ToString::to_string).collect();
    match choose(text, &shown) {
        Some(at) if at < all.len() => Ok((vec![all[at].clone()], Some((repository.to_owned(), names[at].clone())))),
        _ if registries.mode() == ShortNameMode::Permissive => Ok((all, None)),
        _ => Err(ImageError::ShortName { name: text.to_owned(), candidates: shown }),
    }
}

/// Splits `name[:tag][@digest]` before the tag. A short name has no port.
fn split(text: &str) -> (&str, &str) {
    text.split_at(text.find([':', '@']).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(conf: Option<&str>, text: &str, chosen: Option<usize>) -> Result<Vec<String>, String> {
        let folder = tempfile::tempdir().unwrap();
        let places = Places::below(folder.path());
        if let Some(conf) = conf {
            let path = folder.path().join("etc/containers/registries.conf");
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, conf).unwrap();
        }
        let plan = plan(text, &places, &RegistryOptions::default(), &mut |_, _| chosen);
        let plan = plan.map_err(|error| format!("{error}\n{}", error.hint().unwrap_or_default()))?;
        plan.succeeded();
        if chosen.is_some() {
            // Asked once only.
            let again = super::plan(text, &places, &RegistryOptions::default(), &mut |_, _| None).unwrap();
            assert_eq!(again.names(), plan.names());
        }
        let sources = plan.candidates.iter().flat_map(|candidate| &candidate.sources);
        Ok(sources.map(|source| source.reference.to_string()).collect())
    }

    const TWO: &str =
        "short-name-mode = 'enforcing'\nunqualified-search-registries = ['a.io', 'b.io']\n[aliases]\nknown = 'c.io/x/known'\n";

    #[test]
    fn short_names_are_looked_for_where_the_configuration_says() {
        assert_eq!(names(None, "busybox", None).unwrap(), ["docker.io/library/busybox:latest"]);
        assert_eq!(names(Some("unqualified-search-registries = ['a.io']"), "x/y:1", None).unwrap(), ["a.io/x/y:1"]);
        assert_eq!(names(Some(TWO), "known:2", None).unwrap(), ["c.io/x/known:2"]);
        assert_eq!(names(Some(TWO), "other", Some(1)).unwrap(), ["b.io/other:latest"]);
        assert_eq!(names(Some(TWO), "a.b/c", None).unwrap(), ["a.b/c:latest"]);
        let error = names(Some(TWO), "other", None).unwrap_err();
        assert!(error.contains("a.io/other:latest or b.io/other:latest") && error.contains("alias"), "{error}");
        let both = ["a.io/other:latest", "b.io/other:latest"];
        assert_eq!(names(Some(&TWO.replace("enforcing", "permissive")), "other", None).unwrap(), both);
        assert_eq!(names(Some(&TWO.replace("enforcing", "disabled")), "other", Some(0)).unwrap_or_default(), both);
        let error = names(Some("short-name-mode = 'enforcing'"), "x", None).unwrap_err();
        assert!(error.contains("docker.io/library/x") && error.contains("unqualified-search-registries"), "{error}");
    }

    #[test]
    fn credentials_of_the_command_line_are_for_one_registry() {
        let folder = tempfile::tempdir().unwrap();
        let places = Places::below(folder.path());
        let path = folder.path().join("etc/containers/registries.conf");
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(
            &path,
            format!(
                "{}[[registry]]\nlocation='a.io'\n[[registry.mirror]]\nlocation='m.io/a'\n",
                TWO.replace("enforcing", "disabled")
            ),
        )
        .unwrap();
        let options = RegistryOptions { credentials: Some(Credentials::parse("me:secret")), ..RegistryOptions::default() };
        let planned = plan("a.io/x", &places, &options, &mut |_, _| None).unwrap();
        let shown: Vec<_> = planned.candidates[0].sources.iter().map(|source| source.access.credentials.is_some()).collect();
        assert_eq!(shown, [false, true], "the mirror does not see them");
        assert!(plan("other", &places, &options, &mut |_, _| None).is_err(), "two registries would");
    }

    #[test]
    fn mirrors_come_first_and_what_is_blocked_is_not_asked() {
        let conf = "[[registry]]\nlocation='a.io'\n[[registry.mirror]]\nlocation='m.io/a'\n[[registry]]\nlocation='bad.io'\nblocked=true\n";
        assert_eq!(names(Some(conf), "a.io/x:1", None).unwrap(), ["m.io/a/x:1", "a.io/x:1"]);
        assert!(names(Some(conf), "bad.io/x", None).unwrap_err().contains("blocked"));
    }
}

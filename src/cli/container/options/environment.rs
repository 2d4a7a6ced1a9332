//! The environment of a new process, labels and annotations.

use super::defaults::before;
use crate::cli::error::CliError;
use crate::config::containers::Containers;
use crate::config::env;
use crate::engine::container::create::CreateRequest;
use clap::{ArgAction, Args};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The variables that name proxies.
const PROXIES: [&str; 8] =
    ["http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY"];

/// Options about the environment.
#[derive(Debug, Args)]
pub(super) struct EnvironmentOptions {
    /// Set an environment variable: NAME=value, NAME to pass it on from here, PREFIX* to pass several on
    #[arg(short, long, value_name = "ENV")]
    env: Vec<String>,
    /// Read variables from a file, one a line; those of --env win
    #[arg(long, value_name = "FILE")]
    env_file: Vec<PathBuf>,
    /// Pass the whole environment on from here
    #[arg(long, value_name = "BOOL", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    env_host: Option<bool>,
    /// Set a variable from others of the image: NAME=text with ${OTHER}
    #[arg(long, value_name = "ENV")]
    env_merge: Vec<String>,
    /// Leave a variable of the image out
    #[arg(long, value_name = "NAME")]
    unsetenv: Vec<String>,
    /// Leave all variables of the image out
    #[arg(long)]
    unsetenv_all: bool,
    /// Pass the variables that name proxies on from here (default true)
    #[arg(long, value_name = "BOOL", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    http_proxy: Option<bool>,
    /// Add a label: NAME=value
    #[arg(short, long, value_name = "LABEL")]
    label: Vec<String>,
    /// Read labels from a file, one a line; those of --label win
    #[arg(long, value_name = "FILE")]
    label_file: Vec<PathBuf>,
    /// Add an annotation: NAME=value
    #[arg(long, value_name = "ANNOTATION")]
    annotation: Vec<String>,
}

impl EnvironmentOptions {
    pub(super) fn complete(&mut self, conf: &Containers) {
        self.env_host = self.env_host.or(conf.env_host);
        self.http_proxy = self.http_proxy.or(conf.http_proxy);
        before(&mut self.annotation, conf.annotations.as_ref());
    }

    /// Puts what was asked into the request.
    ///
    /// # Errors
    /// An option's text or a file cannot be read.
    pub(super) fn apply(&self, request: &mut CreateRequest) -> Result<(), CliError> {
        let host = env::all();
        request.env = with_files(&self.env, &self.env_file, &host)?;
        let changes = &mut request.environment;
        let passed = |name: &str| self.env_host.unwrap_or(false) || (self.http_proxy.unwrap_or(true) && PROXIES.contains(&name));
        changes.inherited = host.iter().filter(|(name, _)| passed(name)).map(|(name, value)| format!("{name}={value}")).collect();
        if let Some(bad) = self.env_merge.iter().find(|text| text.find('=').is_none_or(|at| at == 0)) {
            return Err(CliError::Usage(format!("invalid --env-merge {bad:?}: write NAME=text")));
        }
        changes.merged.clone_from(&self.env_merge);
        changes.unset.clone_from(&self.unsetenv);
        changes.unset_all = self.unsetenv_all;
        request.labels = labels(&self.label, &self.label_file)?;
        for text in &self.annotation {
            let (name, value) = text.split_once('=').unwrap_or((text, ""));
            if name.is_empty() || !text.contains('=') {
                return Err(CliError::Usage(format!("invalid annotation {text:?}: write NAME=value")));
            }
            request.settings.annotations.insert(name.to_owned(), value.to_owned());
        }
        Ok(())
    }
}

/// `--env-file`, then `-e`: a later one wins.
///
/// # Errors
/// A file cannot be read, or a variable has no name.
pub(in crate::cli::container) fn with_files(
    given: &[String],
    files: &[PathBuf],
    host: &[(String, String)],
) -> Result<Vec<String>, CliError> {
    let mut list = Vec::new();
    for path in files {
        list.extend(environment(&lines(path, "--env-file")?, host)?);
    }
    list.extend(environment(given, host)?);
    Ok(list)
}

/// `-e`: `NAME=value` as it is; `NAME` and `PREFIX*` from the caller's environment, nothing where it has none.
fn environment(given: &[String], host: &[(String, String)]) -> Result<Vec<String>, CliError> {
    let mut list = Vec::new();
    for text in given {
        let name = text.split('=').next().unwrap_or_default();
        if name.is_empty() {
            return Err(CliError::Usage(format!("invalid environment variable {text:?}: it has no name")));
        }
        if text.contains('=') {
            list.push(text.clone());
        } else if let Some(prefix) = text.strip_suffix('*') {
            list.extend(host.iter().filter(|(name, _)| name.starts_with(prefix)).map(|(name, value)| format!("{name}={value}")));
        } else {
            list.extend(host.iter().filter(|(name, _)| name == text).map(|(name, value)| format!("{name}={value}")));
        }
    }
    Ok(list)
}

/// The lines of a file that are neither empty nor comments; blanks before them do not count, quotes are no quotes.
fn lines(path: &Path, option: &str) -> Result<Vec<String>, CliError> {
    let text =
        std::fs::read_to_string(path).map_err(|error| CliError::Usage(format!("read {option} {}: {error}", path.display())))?;
    Ok(text.lines().map(str::trim_start).filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect())
}

fn labels(given: &[String], files: &[PathBuf]) -> Result<BTreeMap<String, String>, CliError> {
    let mut texts = Vec::new();
    for path in files {
        texts.extend(lines(path, "--label-file")?);
    }
    texts.extend_from_slice(given);
    texts
        .into_iter()
        .map(|text| {
            let (name, value) = text.split_once('=').unwrap_or((&text, ""));
            match name.is_empty() {
                true => Err(CliError::Usage(format!("invalid label {text:?}: it has no name"))),
                false => Ok((name.to_owned(), value.to_owned())),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_come_from_the_command_line_or_from_here() {
        let host = [("A".to_owned(), "1".to_owned()), ("LC_X".to_owned(), "2".to_owned()), ("LC_Y".to_owned(), "3".to_owned())];
        let given: Vec<String> = ["B=b=b", "A", "NONE", "LC_*", "E="].map(str::to_owned).to_vec();
        assert_eq!(environment(&given, &host).expect("good"), ["B=b=b", "A=1", "LC_X=2", "LC_Y=3", "E="]);
        assert!(environment(&["=x".to_owned()], &host).is_err());
    }

    #[test]
    fn files_have_comments_and_no_quotes() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("env");
        std::fs::write(&file, "# c\n\n  A=1 # no comment\nB=\"q\"\nHERE\nNOT_HERE\n\tC= x \n").expect("written");
        let host = [("HERE".to_owned(), "h".to_owned())];
        let list = with_files(&["A=2".to_owned()], &[file], &host).expect("good");
        assert_eq!(list, ["A=1 # no comment", "B=\"q\"", "HERE=h", "C= x ", "A=2"]);
        assert!(with_files(&[], &[folder.path().join("none")], &host).is_err());
    }
}

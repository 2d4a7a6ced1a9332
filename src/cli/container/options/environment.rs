//! The environment of a new process.

use crate::cli::error::CliError;
use crate::config::env;
use crate::engine::container::create::CreateRequest;
use clap::Args;

/// Options about the environment.
#[derive(Debug, Args)]
pub(super) struct EnvironmentOptions {
    /// Set an environment variable: NAME=value, NAME to pass it on from here, PREFIX* to pass several on
    #[arg(short, long, value_name = "ENV")]
    env: Vec<String>,
}

impl EnvironmentOptions {
    /// Puts what was asked into the request.
    ///
    /// # Errors
    /// An option's text cannot be read.
    pub(super) fn apply(&self, request: &mut CreateRequest) -> Result<(), CliError> {
        request.env = environment(&self.env, &env::all())?;
        Ok(())
    }
}

/// `-e`: `NAME=value` as it is; `NAME` and `PREFIX*` from the caller's environment, nothing where it has none.
pub(in crate::cli::container) fn environment(given: &[String], host: &[(String, String)]) -> Result<Vec<String>, CliError> {
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
}

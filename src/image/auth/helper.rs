//! Programs that keep credentials: `docker-credential-NAME get|store|erase`, which speak over standard input and output.

use super::{AuthError, Credentials, DOCKER_HUB, DOCKER_HUB_KEY};
use crate::config::program::find_program;
use serde::{Deserialize, Serialize};
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

/// Said by the helpers' common library on standard output, with exit code 1.
const NOT_FOUND: &str = "credentials not found";
/// The user name that stands for an identity token.
const TOKEN_USER: &str = "<token>";
/// What a helper says is shown, but not a page of it.
const MAX_WORDS: usize = 300;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Message {
    #[serde(rename = "ServerURL", default)]
    server: String,
    #[serde(default)]
    username: String,
    #[serde(default)]
    secret: String,
}

/// The program's name.
pub(super) fn program(helper: &str) -> String {
    format!("docker-credential-{helper}")
}

/// Asks for credentials under a key, and for Docker Hub also under the name that Docker gives it.
pub(super) fn get_any(helper: &str, named_by: &str, key: &str) -> Result<Option<Credentials>, AuthError> {
    match get(helper, named_by, key)? {
        None if key == DOCKER_HUB => get(helper, named_by, DOCKER_HUB_KEY),
        found => Ok(found),
    }
}

pub(super) fn get(helper: &str, named_by: &str, key: &str) -> Result<Option<Credentials>, AuthError> {
    let output = run(helper, named_by, "get", key.as_bytes())?;
    if !output.status.success() {
        return if is_not_found(&output) { Ok(None) } else { Err(failed(helper, "get", &output)) };
    }
    let message: Message = serde_json::from_slice(&output.stdout).map_err(|error| AuthError::Helper {
        program: program(helper),
        action: "get",
        cause: format!("its answer is not understood: {error}"),
    })?;
    Ok(match (message.username, message.secret) {
        (user, secret) if user == TOKEN_USER => Some(Credentials::IdentityToken(secret)),
        (user, secret) if user.is_empty() && secret.is_empty() => None,
        (user, password) => Some(Credentials::Password { user, password }),
    })
}

pub(super) fn store(helper: &str, named_by: &str, key: &str, user: &str, password: &str) -> Result<(), AuthError> {
    let message = Message { server: key.to_owned(), username: user.to_owned(), secret: password.to_owned() };
    let text = serde_json::to_vec(&message).unwrap_or_default();
    let output = run(helper, named_by, "store", &text)?;
    if output.status.success() { Ok(()) } else { Err(failed(helper, "store", &output)) }
}

/// Tells whether there was something to erase.
pub(super) fn erase(helper: &str, named_by: &str, key: &str) -> Result<bool, AuthError> {
    let known = get(helper, named_by, key)?.is_some();
    if !known {
        return Ok(false);
    }
    let output = run(helper, named_by, "erase", key.as_bytes())?;
    if output.status.success() { Ok(true) } else { Err(failed(helper, "erase", &output)) }
}

fn run(helper: &str, named_by: &str, action: &'static str, input: &[u8]) -> Result<Output, AuthError> {
    let program = program(helper);
    let missing = || AuthError::NoHelper { program: program.clone(), named_by: named_by.to_owned() };
    // A name out of a file becomes a program's: no path.
    if helper.contains('/') {
        return Err(missing());
    }
    let path = find_program(&program).ok_or_else(missing)?;
    let fail = |source: std::io::Error| AuthError::Helper { program: program.clone(), action, cause: source.to_string() };
    let mut child = Command::new(path)
        .arg(action)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(fail)?;
    if let Some(mut stdin) = child.stdin.take() {
        // A helper that reads nothing says itself what is wrong.
        let _ = stdin.write_all(input);
    }
    child.wait_with_output().map_err(fail)
}

fn is_not_found(output: &Output) -> bool {
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).to_lowercase().contains(NOT_FOUND);
    said(&output.stdout) || said(&output.stderr)
}

fn failed(helper: &str, action: &'static str, output: &Output) -> AuthError {
    let words = if output.stdout.trim_ascii().is_empty() { &output.stderr } else { &output.stdout };
    let words: String = String::from_utf8_lossy(words).trim().chars().take(MAX_WORDS).collect();
    let cause = if words.is_empty() { output.status.to_string() } else { words };
    AuthError::Helper { program: program(helper), action, cause }
}

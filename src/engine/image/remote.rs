//! Another machine's images, over ssh: its own tool saves and loads there (`image scp`).

use crate::config::program::find_program;
use std::io;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};

/// Another machine, as ssh knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// `[user@]host`, or an alias of ssh's configuration.
    host: String,
    port: Option<u16>,
}

/// An end of a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// An image of the store.
    Here(String),
    /// An image there; the name may be empty.
    There(Remote, String),
}

/// Why images cannot be had from another machine, or sent there.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    #[error("{text:?} names no machine: write HOST::IMAGE, USER@HOST::IMAGE or ssh://USER@HOST:PORT::IMAGE")]
    BadEnd { text: String },
    #[error("there is no ssh")]
    NoSsh,
    #[error("run ssh to {host}")]
    Run {
        host: String,
        #[source]
        source: io::Error,
    },
    #[error("{host}: ssh or the tool there ended with {status}")]
    Failed { host: String, status: std::process::ExitStatus },
}

impl End {
    /// Reads `IMAGE`, or `HOST::[IMAGE]`.
    ///
    /// # Errors
    /// The host is none.
    pub fn parse(text: &str) -> Result<Self, RemoteError> {
        let Some((host, image)) = text.split_once("::") else { return Ok(Self::Here(text.to_owned())) };
        let bad = || RemoteError::BadEnd { text: text.to_owned() };
        let (host, port) = match host.strip_prefix("ssh://").map(|url| url.trim_end_matches('/')) {
            Some(url) => match url.rsplit_once(':') {
                Some((host, port)) => (host, Some(port.parse().map_err(|_| bad())?)),
                None => (url, None),
            },
            None => (host, None),
        };
        // What begins with a dash would be an option of ssh.
        let is_host = !host.is_empty() && !host.starts_with('-') && !host.contains(|c: char| c.is_whitespace() || c.is_control());
        if !is_host {
            return Err(bad());
        }
        Ok(Self::There(Remote { host: host.to_owned(), port }, image.to_owned()))
    }
}

/// The tool of the other machine at work.
#[derive(Debug)]
pub struct Working {
    child: Child,
    host: String,
}

impl Working {
    /// Waits for its end.
    ///
    /// # Errors
    /// It failed; what it had to say was said on standard error.
    pub fn finish(mut self) -> Result<(), RemoteError> {
        let status = self.child.wait().map_err(|source| RemoteError::Run { host: self.host.clone(), source })?;
        if status.success() { Ok(()) } else { Err(RemoteError::Failed { host: self.host.clone(), status }) }
    }
}

impl Remote {
    /// Has an image saved there; returns its archive.
    ///
    /// # Errors
    /// There is no ssh.
    pub fn save(&self, image: &str) -> Result<(Working, OwnedFd), RemoteError> {
        let mut child = self.start(&format!("save {}", quoted(image)), Stdio::null(), Stdio::piped())?;
        let archive = child.stdout.take().expect("it was asked for");
        Ok((Working { child, host: self.host.clone() }, archive.into()))
    }

    /// Has an archive loaded there, which is written to what is returned.
    ///
    /// # Errors
    /// There is no ssh.
    pub fn load(&self) -> Result<(Working, OwnedFd), RemoteError> {
        let mut child = self.start("load", Stdio::piped(), Stdio::inherit())?;
        let archive = child.stdin.take().expect("it was asked for");
        Ok((Working { child, host: self.host.clone() }, archive.into()))
    }

    /// Has an archive that comes out of `archive` loaded there.
    ///
    /// # Errors
    /// There is no ssh.
    pub fn load_from(&self, archive: OwnedFd) -> Result<Working, RemoteError> {
        let child = self.start("load", archive.into(), Stdio::inherit())?;
        Ok(Working { child, host: self.host.clone() })
    }

    fn start(&self, order: &str, input: Stdio, output: Stdio) -> Result<Child, RemoteError> {
        let mut command = Command::new(find_program("ssh").ok_or(RemoteError::NoSsh)?);
        command.arg("-T");
        if let Some(port) = self.port {
            command.arg("-p").arg(port.to_string());
        }
        let script = format!("tool=$(command -v coracle || command -v podman) && exec \"$tool\" {order}");
        // The user's shell there may be any; it takes what is quoted so.
        command.arg("--").arg(&self.host).arg(format!("sh -c {}", quoted(&script)));
        let started = command.stdin(input).stdout(output).spawn();
        started.map_err(|source| RemoteError::Run { host: self.host.clone(), source })
    }
}

/// A word for a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_images_here_or_there() {
        let there = |host: &str, port, image: &str| Some(End::There(Remote { host: host.to_owned(), port }, image.to_owned()));
        for (text, wanted) in [
            ("busybox:1", Some(End::Here("busybox:1".to_owned()))),
            ("host::", there("host", None, "")),
            ("me@host::a/b:1", there("me@host", None, "a/b:1")),
            ("ssh://me@host:2222::x", there("me@host", Some(2222), "x")),
            ("ssh://host/::x", there("host", None, "x")),
            ("::x", None),
            ("-oProxyCommand=x::y", None),
            ("ssh://-x::y", None),
            ("ssh://host:port::y", None),
            ("a b::y", None),
        ] {
            assert_eq!(End::parse(text).ok(), wanted, "{text}");
        }
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}

//! What a child stage reports when it fails: where, which errno, about what. A fixed encoding on a pipe.

use crate::sys::stub;
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;

/// The step that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Stage {
    Clone = 1,
    Cgroup,
    Record,
    PidFile,
    Monitor,
    Join,
    JoinOther,
    Map,
    Shift,
    Overlay,
    Rootfs,
    ImageLink,
    Target,
    Source,
    Mount,
    Volume,
    Chown,
    Device,
    Pivot,
    Mask,
    Sysctl,
    Hostname,
    Loopback,
    Network,
    Interface,
    Terminal,
    /// The subject is the whole text.
    User,
    SetUser,
    Workdir,
    Limit,
    Capabilities,
    Seccomp,
    Keyring,
    Stdio,
    Stub,
    IdMappedMount,
    Label,
    Schedule,
    TimeOffset,
    /// The subject is the whole text.
    Hook,
    /// The subject is the whole text.
    Start,
    /// The stub could execute none of the paths.
    Execute = stub::STAGE_EXECUTE,
}

impl Stage {
    const ALL: [Self; 42] = [
        Self::Clone,
        Self::Cgroup,
        Self::Record,
        Self::PidFile,
        Self::Monitor,
        Self::Join,
        Self::JoinOther,
        Self::Map,
        Self::Shift,
        Self::Overlay,
        Self::Rootfs,
        Self::ImageLink,
        Self::Target,
        Self::Source,
        Self::Mount,
        Self::Volume,
        Self::Chown,
        Self::Device,
        Self::Pivot,
        Self::Mask,
        Self::Sysctl,
        Self::Hostname,
        Self::Loopback,
        Self::Network,
        Self::Interface,
        Self::Terminal,
        Self::User,
        Self::SetUser,
        Self::Workdir,
        Self::Limit,
        Self::Capabilities,
        Self::Seccomp,
        Self::Keyring,
        Self::Stdio,
        Self::Stub,
        Self::IdMappedMount,
        Self::Label,
        Self::Schedule,
        Self::TimeOffset,
        Self::Hook,
        Self::Start,
        Self::Execute,
    ];

    fn words(self) -> &'static str {
        match self {
            Self::Clone => "make the container's namespaces",
            Self::Cgroup => "limit the container:",
            Self::Record => "write the run record",
            Self::PidFile => "write the pid file",
            Self::Monitor => "start the monitor (coracle-monitor has to stand beside coracle)",
            Self::Join => "join the container's namespaces",
            Self::JoinOther => "join",
            Self::Shift => "give the image's files the owners that the container's id map wants:",
            Self::Map => "write the id maps of the container's user namespace",
            Self::Overlay => "mount the image's layers as an overlay",
            Self::Rootfs => "attach the root file system",
            Self::ImageLink => "mount onto a path that the image has made a symbolic link",
            Self::Target => "make the mount target",
            Self::Source => "open the mount source",
            Self::Mount => "mount",
            Self::Volume => "fill the new volume with the image's files:",
            Self::Chown => "give the mount to the container's user (option U):",
            Self::Device => "set up the device",
            Self::Pivot => "change to the container's root",
            Self::Mask => "mask",
            Self::Sysctl => "set the kernel setting",
            Self::Hostname => "set the host name",
            Self::Loopback => "set the loopback interface up",
            Self::Network => "wait for the network",
            Self::Interface => "set up the network interface",
            Self::Terminal => "set up the terminal",
            Self::User | Self::Hook | Self::Start => "",
            Self::IdMappedMount => "map the owners of the files (this takes rights over the file system) of",
            Self::Label => "set the security label",
            Self::Schedule => "set the",
            Self::TimeOffset => "make the time namespace",
            Self::SetUser => "change to user",
            Self::Workdir => "change to working directory",
            Self::Limit => "set the resource limit",
            Self::Capabilities => "set the capabilities",
            Self::Seccomp => "load the seccomp filter",
            Self::Keyring => "join a new session keyring",
            Self::Stdio => "set up standard input and output",
            Self::Stub => "leave for the program (is vm.memfd_noexec set to 2?)",
            Self::Execute => "execute",
        }
    }
}

/// What I writes last, before its stub executes the program: an end of the pipe without it is the end of a process that was killed.
const READY: u8 = 0xF0;

/// Says that everything is prepared and the program is executed next.
///
/// # Errors
/// The pipe cannot be written to.
pub fn send_ready(pipe: &OwnedFd) -> io::Result<()> {
    rustix::io::retry_on_intr(|| rustix::io::write(pipe, &[READY])).map(drop).map_err(io::Error::from)
}

/// What a report says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The program was executed.
    Executed,
    Failed(Failure),
    /// The process was killed before that.
    Vanished,
}

/// One failed step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub stage: Stage,
    /// 0 where no system call failed.
    pub errno: i32,
    pub subject: String,
}

impl Failure {
    /// Names the step and its subject; for `map_err`.
    pub fn at(stage: Stage, subject: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        move |error| Self { stage, errno: error.raw_os_error().unwrap_or(libc::EINVAL), subject: subject.into() }
    }

    /// A failure whose text says all.
    #[must_use]
    pub fn text(stage: Stage, text: impl Into<String>) -> Self {
        Self { stage, errno: 0, subject: text.into() }
    }

    /// Writes the failure to the pipe; a reader that is gone does not matter.
    pub fn send(&self, pipe: &OwnedFd) {
        let subject = &self.subject.as_bytes()[..self.subject.len().min(2048)];
        let mut bytes = vec![self.stage as u8];
        bytes.extend_from_slice(&self.errno.to_le_bytes());
        // M's failure may follow I's on the same pipe.
        bytes.extend_from_slice(&u16::try_from(subject.len()).unwrap_or(0).to_le_bytes());
        bytes.extend_from_slice(subject);
        if let Ok(pipe) = pipe.try_clone() {
            let _ = File::from(pipe).write_all(&bytes);
        }
    }

    /// Reads the pipe to its end.
    ///
    /// # Errors
    /// The pipe cannot be read.
    pub fn receive(pipe: OwnedFd) -> io::Result<Outcome> {
        let mut bytes = Vec::new();
        File::from(pipe).take(4096).read_to_end(&mut bytes)?;
        let (ready, rest) = match bytes.split_first() {
            Some((&READY, rest)) => (true, rest),
            _ => (false, &bytes[..]),
        };
        Ok(match Self::decode(rest) {
            Some(failure) => Outcome::Failed(failure),
            None if ready => Outcome::Executed,
            None => Outcome::Vanished,
        })
    }

    /// Reads the first failure. That of the stub ends after the errno.
    fn decode(bytes: &[u8]) -> Option<Self> {
        let (stage, rest) = bytes.split_first()?;
        let (errno, rest) = rest.split_first_chunk::<4>()?;
        let (len, subject) = rest.split_first_chunk::<2>().map_or((0, rest), |(len, rest)| (u16::from_le_bytes(*len), rest));
        let subject = subject.get(..usize::from(len)).unwrap_or(subject);
        Some(Self {
            stage: Stage::ALL.into_iter().find(|known| *known as u8 == *stage)?,
            errno: i32::from_le_bytes(*errno),
            subject: String::from_utf8_lossy(subject).into_owned(),
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.stage.words();
        match (words.is_empty(), self.subject.is_empty()) {
            (true, _) => f.write_str(&self.subject)?,
            (false, true) => f.write_str(words)?,
            (false, false) => write!(f, "{words} {}", self.subject)?,
        }
        if self.errno != 0 {
            let text = io::Error::from_raw_os_error(self.errno).to_string();
            let text = text.split(" (os error").next().unwrap_or_default();
            write!(f, ": {text}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_comes_back_as_it_was() {
        for stage in Stage::ALL {
            let (reader, writer) = crate::sys::fd::pipe().expect("pipe");
            let failure = Failure { stage, errno: libc::EACCES, subject: "/a b".to_owned() };
            failure.send(&writer);
            Failure::text(Stage::Terminal, "a later one").send(&writer);
            drop(writer);
            assert_eq!(Failure::receive(reader).expect("read"), Outcome::Failed(failure));
        }
    }

    #[test]
    fn only_a_process_that_was_ready_has_executed_its_program() {
        let failure = Failure { stage: Stage::Execute, errno: libc::ENOENT, subject: String::new() };
        for (ready, fails, outcome) in
            [(false, false, Outcome::Vanished), (true, false, Outcome::Executed), (true, true, Outcome::Failed(failure.clone()))]
        {
            let (reader, writer) = crate::sys::fd::pipe().expect("pipe");
            if ready {
                send_ready(&writer).expect("write");
            }
            if fails {
                failure.send(&writer);
            }
            drop(writer);
            assert_eq!(Failure::receive(reader).expect("read"), outcome);
        }
    }

    #[test]
    fn the_stub_sends_no_subject() {
        let failure = Failure { stage: Stage::Execute, errno: 2, subject: String::new() };
        assert_eq!(Failure::decode(&[stub::STAGE_EXECUTE, 2, 0, 0, 0]), Some(failure));
    }

    #[test]
    fn an_empty_or_broken_message_is_none() {
        for bytes in [&b""[..], &[1], &[1, 2, 3, 4], &[200, 0, 0, 0, 0]] {
            assert_eq!(Failure::decode(bytes), None);
        }
    }
}

//! The monitor's command line: written by the process that becomes the monitor, read by the monitor.
//!
//! No user types it, so there is one spelling: `--name VALUE`, each name known to both sides.

use crate::model::LogDriver;
use std::ffi::{CString, NulError, OsString};
use std::os::fd::RawFd;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

/// Where the container's output comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// The read ends of two pipes.
    Pipes { stdout: RawFd, stderr: RawFd },
    /// The master of the container's terminal; it takes the input, too.
    Pty(RawFd),
}

/// What the monitor is told. Descriptors are numbers of open descriptors of the process that executes the monitor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonitorArgs {
    /// The container's init in the monitor's pid namespace; the monitor's own child.
    pub init_pid: i32,
    /// A pidfd of init; where it is missing, the monitor opens one.
    pub init_pidfd: Option<RawFd>,
    /// The write end of the pipe that is init's standard input.
    pub stdin: Option<RawFd>,
    pub output: Output,
    /// A listening `SOCK_SEQPACKET` socket for attach clients.
    pub listen: RawFd,
    /// The first attach client, connected already.
    pub client: Option<RawFd>,
    /// Whether `ctr.log` is written in the current folder.
    pub log: LogDriver,
    /// Descriptors to hold open as long as the monitor lives.
    pub keep: Vec<RawFd>,
    /// The file that lists this monitor among the living ones; removed at the end.
    pub session_entry: Option<PathBuf>,
    /// The container's runtime folder, which holds the socket `attach` and files of ours; removed at the end with all that is in it.
    pub socket_dir: Option<PathBuf>,
    /// When init was started, in nanoseconds since the epoch.
    pub started_at: i64,
    /// Remove the container's folder (the current one) at the end, in place of writing the exit record.
    pub remove: bool,
    /// The folder of the container's own cgroup, absolute; removed at the end.
    pub cgroup: Option<PathBuf>,
    /// The container's mount namespace, where init shares its pid namespace: the monitor ends what is left in there.
    pub members: Option<RawFd>,
    /// A pipe into which one byte is written when the monitor is at work.
    pub sync: Option<RawFd>,
}

/// A command line that is not one of [`MonitorArgs::encode`].
#[derive(Debug, thiserror::Error)]
pub enum ArgsError {
    #[error("unknown option {0:?}")]
    Unknown(OsString),
    #[error("option {0} lacks its value")]
    NoValue(&'static str),
    #[error("option {0} cannot be {1:?}")]
    BadValue(&'static str, OsString),
    #[error("option {0} is missing")]
    Missing(&'static str),
    #[error("descriptor {0} is given twice")]
    SharedDescriptor(RawFd),
}

/// The name under which the monitor is executed: `argv[0]`.
pub const PROGRAM: &str = "coracle-monitor";

impl MonitorArgs {
    /// Returns the arguments that follow `argv[0]`.
    #[must_use]
    pub fn encode(&self) -> Vec<OsString> {
        let mut out = Vec::with_capacity(32);
        let mut put = |name: &str, value: OsString| out.extend([name.into(), value]);
        let number = |fd: RawFd| OsString::from(fd.to_string());
        put("--init-pid", number(self.init_pid));
        match self.output {
            Output::Pipes { stdout, stderr } => {
                put("--stdout", number(stdout));
                put("--stderr", number(stderr));
            }
            Output::Pty(master) => put("--pty", number(master)),
        }
        put("--listen", number(self.listen));
        let log = match self.log {
            LogDriver::K8sFile => "k8s-file",
            LogDriver::None => "none",
        };
        put("--log", log.into());
        put("--started", self.started_at.to_string().into());
        let descriptors = [
            ("--init-pidfd", self.init_pidfd),
            ("--stdin", self.stdin),
            ("--client", self.client),
            ("--sync", self.sync),
            ("--members", self.members),
        ];
        for (name, fd) in descriptors {
            if let Some(fd) = fd {
                put(name, number(fd));
            }
        }
        for fd in &self.keep {
            put("--keep", number(*fd));
        }
        let paths = [("--session-entry", &self.session_entry), ("--socket-dir", &self.socket_dir), ("--cgroup", &self.cgroup)];
        for (name, path) in paths {
            if let Some(path) = path {
                put(name, path.clone().into());
            }
        }
        if self.remove {
            out.push("--remove".into());
        }

        out
    }

    /// Returns the whole argument vector for `execve`, the program's name first.
    ///
    /// # Errors
    /// A path holds a NUL.
    pub fn argv(&self) -> Result<Vec<CString>, NulError> {
        let words = std::iter::once(OsString::from(PROGRAM)).chain(self.encode());
        words.map(|word| CString::new(word.into_vec())).collect()
    }

    /// Reads the arguments that follow `argv[0]`.
    ///
    /// # Errors
    /// They are not as [`MonitorArgs::encode`] writes them, or name one descriptor twice.
    pub fn decode(words: impl IntoIterator<Item = OsString>) -> Result<Self, ArgsError> {
        let mut words = words.into_iter();
        let (mut init_pid, mut started_at, mut log, mut listen) = (None, None, None, None);
        let (mut stdout, mut stderr, mut pty) = (None, None, None);
        let (mut init_pidfd, mut stdin, mut client, mut sync) = (None, None, None, None);
        let (mut session_entry, mut socket_dir, mut cgroup) = (None, None, None);
        let (mut keep, mut remove, mut members) = (Vec::new(), false, None);
        while let Some(word) = words.next() {
            let mut value = |name| words.next().ok_or(ArgsError::NoValue(name));
            match word.to_str() {
                Some("--init-pid") => init_pid = Some(number("--init-pid", value("--init-pid")?)?),
                Some("--init-pidfd") => init_pidfd = Some(number("--init-pidfd", value("--init-pidfd")?)?),
                Some("--stdin") => stdin = Some(number("--stdin", value("--stdin")?)?),
                Some("--stdout") => stdout = Some(number("--stdout", value("--stdout")?)?),
                Some("--stderr") => stderr = Some(number("--stderr", value("--stderr")?)?),
                Some("--pty") => pty = Some(number("--pty", value("--pty")?)?),
                Some("--listen") => listen = Some(number("--listen", value("--listen")?)?),
                Some("--client") => client = Some(number("--client", value("--client")?)?),
                Some("--sync") => sync = Some(number("--sync", value("--sync")?)?),
                Some("--keep") => keep.push(number("--keep", value("--keep")?)?),
                Some("--started") => started_at = Some(number("--started", value("--started")?)?),
                Some("--log") => log = Some(log_driver(value("--log")?)?),
                Some("--session-entry") => session_entry = Some(PathBuf::from(value("--session-entry")?)),
                Some("--socket-dir") => socket_dir = Some(PathBuf::from(value("--socket-dir")?)),
                Some("--cgroup") => cgroup = Some(PathBuf::from(value("--cgroup")?)),
                Some("--remove") => remove = true,
                Some("--members") => members = Some(number("--members", value("--members")?)?),
                _ => return Err(ArgsError::Unknown(word)),
            }
        }
        let output = match (pty, stdout, stderr) {
            (Some(master), None, None) => Output::Pty(master),
            (None, Some(stdout), Some(stderr)) => Output::Pipes { stdout, stderr },
            (None, Some(_), None) => return Err(ArgsError::Missing("--stderr")),
            _ => return Err(ArgsError::Missing("--stdout")),
        };
        let args = Self {
            init_pid: init_pid.ok_or(ArgsError::Missing("--init-pid"))?,
            init_pidfd,
            stdin,
            output,
            listen: listen.ok_or(ArgsError::Missing("--listen"))?,
            client,
            log: log.ok_or(ArgsError::Missing("--log"))?,
            keep,
            session_entry,
            socket_dir,
            started_at: started_at.ok_or(ArgsError::Missing("--started"))?,
            remove,
            cgroup,
            members,
            sync,
        };
        args.each_descriptor_has_one_use()?;
        Ok(args)
    }

    /// A descriptor with two uses would be closed twice.
    fn each_descriptor_has_one_use(&self) -> Result<(), ArgsError> {
        let output = match self.output {
            Output::Pipes { stdout, stderr } => [Some(stdout), Some(stderr)],
            Output::Pty(master) => [Some(master), None],
        };
        let single = [self.init_pidfd, self.stdin, Some(self.listen), self.client, self.sync, self.members];
        let mut all: Vec<RawFd> = output.into_iter().chain(single).flatten().chain(self.keep.iter().copied()).collect();
        all.sort_unstable();
        all.windows(2).find(|pair| pair[0] == pair[1]).map_or(Ok(()), |pair| Err(ArgsError::SharedDescriptor(pair[0])))
    }
}

/// Reads a number that is not negative: a descriptor, a pid, a time.
fn number<T: TryFrom<i64>>(name: &'static str, text: OsString) -> Result<T, ArgsError> {
    let number = text.to_str().and_then(|text| text.parse::<i64>().ok()).filter(|number| *number >= 0);
    number.and_then(|number| T::try_from(number).ok()).ok_or(ArgsError::BadValue(name, text))
}

fn log_driver(text: OsString) -> Result<LogDriver, ArgsError> {
    match text.to_str() {
        Some("k8s-file") => Ok(LogDriver::K8sFile),
        Some("none") => Ok(LogDriver::None),
        _ => Err(ArgsError::BadValue("--log", text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn least() -> MonitorArgs {
        MonitorArgs {
            init_pid: 77,
            init_pidfd: None,
            stdin: None,
            output: Output::Pipes { stdout: 3, stderr: 4 },
            listen: 5,
            client: None,
            log: LogDriver::None,
            keep: vec![],
            session_entry: None,
            socket_dir: None,
            started_at: 1_700_000_000_123_456_789,
            remove: false,
            cgroup: None,
            members: None,
            sync: None,
        }
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        let most = MonitorArgs {
            init_pidfd: Some(6),
            stdin: Some(7),
            output: Output::Pty(3),
            client: Some(8),
            log: LogDriver::K8sFile,
            keep: vec![9, 10],
            session_entry: Some("/run/a b".into()),
            socket_dir: Some(OsString::from_vec(vec![b'/', 0xff]).into()),
            remove: true,
            cgroup: Some("/sys/fs/cgroup/x".into()),
            members: Some(12),
            sync: Some(11),
            ..least()
        };
        for args in [least(), most] {
            assert_eq!(MonitorArgs::decode(args.encode()).expect("decode"), args);
        }
    }

    #[test]
    fn a_wrong_command_line_is_refused() {
        let table: [(&str, &str); 7] = [
            ("--bogus 1", "unknown option"),
            ("--log", "lacks its value"),
            ("--log journald", "cannot be"),
            ("--stdin -1", "cannot be"),
            ("--stdin 99999999999", "cannot be"),
            ("--stdin 4", "given twice"),
            ("--pty 9", "is missing"),
        ];
        for (extra, expected) in table {
            let words = least().encode().into_iter().chain(extra.split(' ').map(OsString::from));
            let error = MonitorArgs::decode(words).expect_err(extra).to_string();
            assert!(error.contains(expected), "{extra}: {error}");
        }
        assert!(MonitorArgs::decode([]).is_err());
    }
}

//! The monitor's command line: written by the process that becomes the monitor, read by the monitor.
//!
//! No user types it, so there is one spelling: `--name VALUE`, each name known to both sides.

mod log;
mod rules;
mod words;

pub use rules::{EventsRule, HealthRule, Helper, NotifyRule, RestartRule, RestartWhen, StopRule};
pub use words::ArgsError;

use super::logs::target::LogTarget;
use std::ffi::{CString, NulError, OsString};
use std::os::fd::RawFd;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;
use words::{Given, Words};

/// Where the container's output comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// The read ends of two pipes.
    Pipes { stdout: RawFd, stderr: RawFd },
    /// The master of the container's terminal; it takes the input, too.
    Pty(RawFd),
    /// It goes past the monitor.
    Elsewhere,
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
    /// A listening `SOCK_SEQPACKET` socket for attach clients; none where nobody can attach.
    pub listen: Option<RawFd>,
    /// Attach clients that are connected already.
    pub clients: Vec<RawFd>,
    pub log: LogTarget,
    /// Descriptors to hold open as long as init lives.
    pub keep: Vec<RawFd>,
    /// The file that lists this monitor among the living ones; removed at the end.
    pub session_entry: Option<PathBuf>,
    /// The container's runtime folder, which holds the socket `attach` and files of ours; removed at the end with all that is in it.
    pub socket_dir: Option<PathBuf>,
    /// When init was started, in nanoseconds since the epoch.
    pub started_at: i64,
    /// Remove the container's folder (the current one) at the end, in place of writing the exit record.
    pub remove: bool,
    /// After that have the helper remove what the database knows of: the row, anonymous volumes.
    pub forget: bool,
    /// The folder of the container's own cgroup, absolute; removed at the end.
    pub cgroup: Option<PathBuf>,
    /// The container's mount namespace, where init shares its pid namespace: the monitor ends what is left in there.
    pub members: Option<RawFd>,
    /// A pipe into which one byte is written when the monitor is at work.
    pub sync: Option<RawFd>,
    /// Kill the container after so many seconds.
    pub timeout: Option<u32>,
    /// How the container is stopped when the monitor has to do it.
    pub stop: StopRule,
    /// How the `coracle` program is called, for what the monitor does not do itself.
    pub helper: Option<Helper>,
    pub restart: Option<RestartRule>,
    pub health: Option<HealthRule>,
    pub notify: Option<NotifyRule>,
    /// Where the end is told.
    pub events: Option<EventsRule>,
}

/// The name under which the monitor is executed: `argv[0]`.
pub const PROGRAM: &str = "coracle-monitor";

impl MonitorArgs {
    /// What is told of an init whose output goes elsewhere, and nothing more.
    #[must_use]
    pub fn new(init_pid: i32, started_at: i64) -> Self {
        Self {
            init_pid,
            init_pidfd: None,
            stdin: None,
            output: Output::Elsewhere,
            listen: None,
            clients: Vec::new(),
            log: LogTarget::None,
            keep: Vec::new(),
            session_entry: None,
            socket_dir: None,
            started_at,
            remove: false,
            forget: false,
            cgroup: None,
            members: None,
            sync: None,
            timeout: None,
            stop: StopRule::default(),
            helper: None,
            restart: None,
            health: None,
            notify: None,
            events: None,
        }
    }

    /// Returns the arguments that follow `argv[0]`.
    #[must_use]
    pub fn encode(&self) -> Vec<OsString> {
        let mut words = Words::default();
        words.number("--init-pid", self.init_pid);
        match self.output {
            Output::Pipes { stdout, stderr } => {
                words.number("--stdout", stdout);
                words.number("--stderr", stderr);
            }
            Output::Pty(master) => words.number("--pty", master),
            Output::Elsewhere => {}
        }
        words.number("--started", self.started_at);
        words.some_number("--init-pidfd", self.init_pidfd);
        words.some_number("--stdin", self.stdin);
        words.some_number("--listen", self.listen);
        words.some_number("--sync", self.sync);
        words.some_number("--members", self.members);
        self.clients.iter().for_each(|fd| words.number("--client", *fd));
        self.keep.iter().for_each(|fd| words.number("--keep", *fd));
        words.some_path("--session-entry", self.session_entry.as_deref());
        words.some_path("--socket-dir", self.socket_dir.as_deref());
        words.some_path("--cgroup", self.cgroup.as_deref());
        if self.remove {
            words.flag("--remove");
        }
        if self.forget {
            words.flag("--forget");
        }
        words.some_number("--timeout", self.timeout);
        log::encode(&self.log, &mut words);
        self.stop.encode(&mut words);
        if let Some(helper) = &self.helper {
            helper.encode(&mut words);
        }
        if let Some(restart) = &self.restart {
            restart.encode(&mut words);
        }
        if let Some(health) = &self.health {
            health.encode(&mut words);
        }
        if let Some(notify) = &self.notify {
            notify.encode(&mut words);
        }
        if let Some(events) = &self.events {
            events.encode(&mut words);
        }
        words.into_vec()
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
        let mut given = Given::read(words)?;
        let output = match (given.number("--pty")?, given.number("--stdout")?, given.number("--stderr")?) {
            (Some(master), None, None) => Output::Pty(master),
            (None, Some(stdout), Some(stderr)) => Output::Pipes { stdout, stderr },
            (None, None, None) => Output::Elsewhere,
            (None, Some(_), None) => return Err(ArgsError::Missing("--stderr")),
            _ => return Err(ArgsError::Missing("--stdout")),
        };
        let args = Self {
            init_pid: given.number("--init-pid")?.ok_or(ArgsError::Missing("--init-pid"))?,
            init_pidfd: given.number("--init-pidfd")?,
            stdin: given.number("--stdin")?,
            output,
            listen: given.number("--listen")?,
            clients: given.numbers("--client")?,
            log: log::decode(&mut given)?,
            keep: given.numbers("--keep")?,
            session_entry: given.path("--session-entry"),
            socket_dir: given.path("--socket-dir"),
            started_at: given.number("--started")?.ok_or(ArgsError::Missing("--started"))?,
            remove: given.flag("--remove"),
            forget: given.flag("--forget"),
            cgroup: given.path("--cgroup"),
            members: given.number("--members")?,
            sync: given.number("--sync")?,
            timeout: given.number("--timeout")?,
            stop: StopRule::decode(&mut given)?,
            helper: Helper::decode(&mut given)?,
            restart: RestartRule::decode(&mut given)?,
            health: HealthRule::decode(&mut given)?,
            notify: NotifyRule::decode(&mut given)?,
            events: EventsRule::decode(&mut given)?,
        };
        given.nothing_left()?;
        args.each_descriptor_has_one_use()?;
        Ok(args)
    }

    /// A descriptor with two uses would be closed twice.
    fn each_descriptor_has_one_use(&self) -> Result<(), ArgsError> {
        let output = match self.output {
            Output::Pipes { stdout, stderr } => [Some(stdout), Some(stderr)],
            Output::Pty(master) => [Some(master), None],
            Output::Elsewhere => [None, None],
        };
        let notify = self.notify.as_ref().and_then(|notify| notify.proxy);
        let single = [self.init_pidfd, self.stdin, self.listen, self.sync, self.members, notify];
        let lists = self.clients.iter().chain(&self.keep).copied();
        let mut all: Vec<RawFd> = output.into_iter().chain(single).flatten().chain(lists).collect();
        all.sort_unstable();
        all.windows(2).find(|pair| pair[0] == pair[1]).map_or(Ok(()), |pair| Err(ArgsError::SharedDescriptor(pair[0])))
    }
}

#[cfg(test)]
mod tests {
    use super::super::logs::target::{FileTarget, JournalTarget};
    use super::*;

    fn least() -> MonitorArgs {
        MonitorArgs { output: Output::Pipes { stdout: 3, stderr: 4 }, ..MonitorArgs::new(77, 1_700_000_000_123_456_789) }
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        let most = MonitorArgs {
            init_pidfd: Some(6),
            stdin: Some(7),
            output: Output::Pty(3),
            listen: Some(5),
            clients: vec![8, 12],
            log: LogTarget::File(FileTarget { path: "ctr.log".into(), max_size: 10, files: 3 }),
            keep: vec![9, 10],
            session_entry: Some("/run/a b".into()),
            socket_dir: Some(OsString::from_vec(vec![b'/', 0xff]).into()),
            remove: true,
            forget: true,
            cgroup: Some("/sys/fs/cgroup/x".into()),
            members: Some(14),
            sync: Some(11),
            timeout: Some(9),
            stop: StopRule { signal: 3, seconds: 4 },
            helper: Some(Helper { program: "/bin/coracle".into(), file: Some(9), words: vec!["--data".into(), "/d".into()] }),
            restart: Some(RestartRule { when: RestartWhen::Failure { most: 3 }, restarts: 2, backoff_ms: 400 }),
            health: Some(HealthRule { interval_ms: [1, 2, 3], phase: 1, limit_ms: 5 }),
            notify: Some(NotifyRule { socket: "/run/n".into(), proxy: Some(13), when_healthy: true }),
            events: Some(EventsRule { folder: "/e".into(), subject: "\"ID\":\"1\"".into(), session: true }),
            ..least()
        };
        let journal = JournalTarget { socket: "/run/j".into(), fields: vec!["A=b c".into(), "D=".into()] };
        let journal = MonitorArgs { log: LogTarget::Journal(journal), output: Output::Elsewhere, ..least() };
        let always = RestartRule { when: RestartWhen::Always, restarts: 0, backoff_ms: 0 };
        let always = MonitorArgs { restart: Some(always), ..least() };
        for args in [least(), most, journal, always] {
            assert_eq!(MonitorArgs::decode(args.encode()).expect("decode"), args);
        }
    }

    #[test]
    fn a_wrong_command_line_is_refused() {
        let table: [(&str, &str); 7] = [
            ("--bogus 1", "unknown option"),
            ("--log", "lacks its value"),
            ("--log-files x --log-file y", "cannot be"),
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

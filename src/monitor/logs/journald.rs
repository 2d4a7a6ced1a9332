//! The journal of systemd, by its native protocol (systemd.io, "Native Journal Protocol"): one datagram is one entry.
//!
//! The fields are those of Podman, so that `journalctl CONTAINER_NAME=web` and tools that were made for it go on to work.

use super::Stream;
use super::target::JournalTarget;
use crate::sys::pages::Pages;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SendFlags, SocketAddrUnix, SocketFlags, SocketType, connect, send, socket_with};
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};

/// Where journald listens.
pub const SOCKET: &str = "/run/systemd/journal/socket";

/// The longest text of one entry; a longer line is cut, and its pieces are marked.
const LONGEST: usize = 16 * 1024;

/// The room for one entry: its text and the fields.
const ROOM: usize = LONGEST + 16 * 1024;

/// How long a journal that takes nothing is waited for, once; from then on it is asked without a wait until it takes an entry.
const PATIENCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 500_000_000 };

/// A connection to the journal. No failure reaches the container: what the journal does not take is counted, and an entry says so
/// as soon as it takes one again.
#[derive(Debug)]
pub struct Journal {
    target: JournalTarget,
    socket: Option<OwnedFd>,
    room: Pages,
    used: usize,
    /// Entries that were not taken since the last one that was.
    lost: u64,
    stalled: bool,
}

impl Journal {
    /// Makes a connection; a journal that is not there yet is tried again at every entry.
    ///
    /// # Errors
    /// There is no memory for the buffer.
    pub fn new(target: JournalTarget) -> io::Result<Self> {
        let socket = open(&target).ok();
        Ok(Self { target, socket, room: Pages::map(ROOM)?, used: 0, lost: 0, stalled: false })
    }

    /// Sends what the container wrote to one of its streams, one entry for each line.
    pub fn write(&mut self, stream: Stream, bytes: &[u8]) {
        if self.lost > 0 {
            let lost = self.lost;
            let text = format!("coracle: {lost} lines of this log were not taken by the journal");
            if self.entry(Stream::Stderr, text.as_bytes(), false) {
                self.lost = 0;
            }
        }
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, partial) = match line.split_last() {
                Some((b'\n', text)) => (text, false),
                _ => (line, true),
            };
            for (text, last) in super::pieces(text, LONGEST) {
                if !self.entry(stream, text, partial || !last) {
                    self.lost = self.lost.saturating_add(1);
                }
            }
        }
    }

    /// Gives the buffer's memory back while nothing is written.
    pub fn rest(&mut self) {
        self.room.forget();
    }

    fn entry(&mut self, stream: Stream, text: &[u8], partial: bool) -> bool {
        self.used = 0;
        // The syslog levels that conmon uses: info and err.
        self.put(&[b"PRIORITY=", if stream == Stream::Stdout { b"6" } else { b"3" }, b"\n"]);
        if partial {
            self.put(&[b"CONTAINER_PARTIAL_MESSAGE=true\n"]);
        }
        if text.contains(&b'\n') || std::str::from_utf8(text).is_err() {
            self.put(&[b"MESSAGE\n", &(text.len() as u64).to_le_bytes(), text, b"\n"]);
        } else {
            self.put(&[b"MESSAGE=", text, b"\n"]);
        }
        for at in 0..self.target.fields.len() {
            let field = std::mem::take(&mut self.target.fields[at]);
            self.put(&[field.as_encoded_bytes(), b"\n"]);
            self.target.fields[at] = field;
        }
        let taken = self.send();
        self.stalled = !taken;
        taken
    }

    /// Fields that do not fit are left out; the text, which comes first, always fits.
    fn put(&mut self, parts: &[&[u8]]) {
        if self.used + parts.iter().map(|part| part.len()).sum::<usize>() > ROOM {
            return;
        }
        for part in parts {
            self.room[self.used..self.used + part.len()].copy_from_slice(part);
            self.used += part.len();
        }
    }

    fn send(&mut self) -> bool {
        let mut waited = self.stalled;
        let mut fresh = false;
        loop {
            if self.socket.is_none() {
                self.socket = open(&self.target).ok();
                fresh = true;
            }
            let Some(socket) = &self.socket else { return false };
            match send(socket, &self.room[..self.used], SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
                Ok(_) => return true,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN | Errno::NOBUFS) if !waited => {
                    waited = true;
                    let _ = poll(&mut [PollFd::from_borrowed_fd(socket.as_fd(), PollFlags::OUT)], Some(&PATIENCE));
                }
                Err(Errno::AGAIN | Errno::NOBUFS | Errno::MSGSIZE) => return false,
                // journald was started anew: its old socket is dead.
                Err(_) if !fresh => self.socket = None,
                Err(_) => return false,
            }
        }
    }
}

fn open(target: &JournalTarget) -> Result<OwnedFd, Errno> {
    let socket = socket_with(AddressFamily::UNIX, SocketType::DGRAM, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None)?;
    connect(&socket, &SocketAddrUnix::new(&target.socket)?)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::net::{RecvFlags, bind, recv};
    use std::path::PathBuf;

    fn listener(path: &PathBuf) -> OwnedFd {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::UNIX, SocketType::DGRAM, flags, None).expect("socket");
        bind(&socket, &SocketAddrUnix::new(path).expect("path")).expect("bind");
        socket
    }

    fn next(socket: &OwnedFd) -> Option<String> {
        let mut room = vec![0; ROOM];
        let (len, _) = recv(socket, &mut room[..], RecvFlags::DONTWAIT).ok()?;
        Some(String::from_utf8_lossy(&room[..len]).into_owned())
    }

    #[test]
    fn each_line_is_an_entry_with_podmans_fields() {
        let tmp = tempfile::tempdir().expect("tempdir");
        let path = tmp.path().join("socket");
        let socket = listener(&path);
        let fields = vec!["CONTAINER_NAME=web".into()];
        let mut journal = Journal::new(JournalTarget { socket: path, fields }).expect("journal");
        journal.write(Stream::Stdout, b"one\ntwo");
        journal.write(Stream::Stderr, b"\xff\n");
        assert_eq!(next(&socket).as_deref(), Some("PRIORITY=6\nMESSAGE=one\nCONTAINER_NAME=web\n"));
        let partial = "PRIORITY=6\nCONTAINER_PARTIAL_MESSAGE=true\nMESSAGE=two\nCONTAINER_NAME=web\n";
        assert_eq!(next(&socket).as_deref(), Some(partial));
        let binary = "PRIORITY=3\nMESSAGE\n\u{1}\0\0\0\0\0\0\0\u{fffd}\nCONTAINER_NAME=web\n";
        assert_eq!(next(&socket).as_deref(), Some(binary));
    }

    #[test]
    fn a_journal_that_takes_nothing_holds_nobody_up_and_hears_of_the_loss() {
        let tmp = tempfile::tempdir().expect("tempdir");
        let path = tmp.path().join("socket");
        let socket = listener(&path);
        let mut journal = Journal::new(JournalTarget { socket: path.clone(), fields: vec![] }).expect("journal");
        let begin = std::time::Instant::now();
        // Far more than the queue of a socket holds.
        for _ in 0..2000 {
            journal.write(Stream::Stdout, &[b'x'; 4095]);
        }
        assert!(begin.elapsed().as_secs() < 10, "{:?}", begin.elapsed());
        assert!(journal.lost > 0);
        while next(&socket).is_some() {}
        journal.write(Stream::Stdout, b"again\n");
        let report = next(&socket).expect("a report");
        assert!(report.contains("lines of this log were not taken"), "{report}");
        assert!(next(&socket).expect("the line").contains("again"));
        // journald started anew.
        drop(socket);
        std::fs::remove_file(&path).expect("remove");
        let socket = listener(&path);
        journal.write(Stream::Stdout, b"after\n");
        assert!(next(&socket).expect("the line").contains("after"));
    }
}

//! The container's ends: the output that is read, the input that is fed.

use super::logs::Stream;
use super::protocol::MAX_PAYLOAD;
use crate::sys::pages::Pages;
use rustix::io::Errno;
use std::io;
use std::ops::Range;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

/// One output of the container. The descriptor is gone once the output has ended.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) stream: Stream,
    fd: Option<OwnedFd>,
}

/// What a read brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read {
    Bytes(usize),
    /// Nothing now, perhaps later.
    Nothing,
    /// Nothing now and never again.
    End,
}

impl Source {
    /// Takes over the read end of a pipe, or the master of a terminal.
    pub(super) fn new(stream: Stream, fd: OwnedFd) -> io::Result<Self> {
        set_nonblocking(fd.as_fd())?;
        Ok(Self { stream, fd: Some(fd) })
    }

    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.fd.as_ref().map(OwnedFd::as_fd)
    }

    pub(super) fn read(&mut self, into: &mut [u8]) -> Read {
        let Some(fd) = &self.fd else { return Read::End };
        match rustix::io::retry_on_intr(|| rustix::io::read(fd, &mut *into)) {
            Ok(0) => self.close(),
            Ok(count) => Read::Bytes(count),
            Err(Errno::AGAIN) => Read::Nothing,
            // EIO is a terminal that nobody has open any more.
            Err(_) => self.close(),
        }
    }

    pub(super) fn close(&mut self) -> Read {
        self.fd = None;
        Read::End
    }
}

/// The container's standard input, with room for one packet of a client: while the container does not take it, no further
/// packet is read from any client.
#[derive(Debug)]
pub(super) struct Sink {
    fd: Option<OwnedFd>,
    /// A terminal is not closed when a client's input ends.
    is_terminal: bool,
    /// The packet of a client, kind byte included.
    packet: Pages,
    /// The part of `packet` that is still to be written.
    rest: Range<usize>,
}

impl Sink {
    pub(super) fn new(fd: Option<OwnedFd>, is_terminal: bool) -> io::Result<Self> {
        if let Some(fd) = &fd {
            set_nonblocking(fd.as_fd())?;
        }
        // One byte more than the longest packet, so that a longer one shows.
        Ok(Self { fd, is_terminal, packet: Pages::map(MAX_PAYLOAD + 2)?, rest: 0..0 })
    }

    /// The room for the next packet; to be used only while [`Sink::pending`] is nothing.
    pub(super) fn room(&mut self) -> &mut [u8] {
        &mut self.packet
    }

    /// The descriptor to wait for, while bytes are still to be written.
    pub(super) fn pending(&self) -> Option<BorrowedFd<'_>> {
        self.fd.as_ref().filter(|_| !self.rest.is_empty()).map(OwnedFd::as_fd)
    }

    /// Starts writing this part of the packet.
    pub(super) fn feed(&mut self, part: Range<usize>) {
        self.rest = part;
        self.flush();
    }

    /// Writes what the container takes now. An input that the container has closed swallows everything.
    pub(super) fn flush(&mut self) {
        while let Some(fd) = self.fd.as_ref().filter(|_| !self.rest.is_empty()) {
            match rustix::io::write(fd, &self.packet[self.rest.clone()]) {
                Ok(count) => self.rest.start += count,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return,
                Err(_) => self.fd = None,
            }
        }
        self.rest = 0..0;
    }

    /// Ends the container's input; a terminal stays as it is.
    pub(super) fn end(&mut self) {
        if !self.is_terminal {
            self.close();
        }
    }

    pub(super) fn close(&mut self) {
        self.fd = None;
        self.rest = 0..0;
    }

    /// Gives the packet's memory back while nothing is pending.
    pub(super) fn forget(&mut self) {
        self.packet.forget();
    }
}

/// The flag belongs to the open file, and the container's end of a pipe or terminal is another one.
fn set_nonblocking(fd: BorrowedFd<'_>) -> io::Result<()> {
    rustix::io::ioctl_fionbio(fd, true).map_err(io::Error::from)
}

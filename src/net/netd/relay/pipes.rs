//! Pipes through which `splice` moves what a connection sends. A connection has one only while there is something in it.

use crate::sys::fd;
use std::io;
use std::os::fd::OwnedFd;

/// How much is on its way in one direction of one connection. What a user's pipes may hold beyond 64 KiB each is limited
/// (pipe(7), `pipe-user-pages-soft`); past that a pipe has its usual size.
const PIPE_BYTES: usize = 512 << 10;

/// How much is copied at once; an empty pipe of any size has room for it.
const COPY_BYTES: usize = 4096;

/// How many empty pipes are kept.
const KEPT: usize = 32;

/// An empty pipe when it is taken and when it is given back.
#[derive(Debug)]
pub(super) struct Pipe {
    pub(super) reader: OwnedFd,
    pub(super) writer: OwnedFd,
}

/// The empty pipes.
#[derive(Debug)]
pub(super) struct Pipes {
    empty: Vec<Pipe>,
    space: Box<[u8; COPY_BYTES]>,
}

impl Default for Pipes {
    fn default() -> Self {
        Self { empty: Vec::new(), space: Box::new([0; COPY_BYTES]) }
    }
}

impl Pipes {
    /// What one `splice` into a pipe moves at most.
    pub(super) const BYTES: usize = PIPE_BYTES;
    /// What one copy moves at most.
    pub(super) const COPIED: usize = COPY_BYTES;

    pub(super) fn take(&mut self) -> io::Result<Pipe> {
        if let Some(pipe) = self.empty.pop() {
            return Ok(pipe);
        }
        let (reader, writer) = fd::pipe()?;
        let _ = rustix::pipe::fcntl_setpipe_size(&writer, PIPE_BYTES);
        Ok(Pipe { reader, writer })
    }

    pub(super) fn give_back(&mut self, pipe: Pipe) {
        if self.empty.len() < KEPT {
            self.empty.push(pipe);
        }
    }

    /// Space for what is copied.
    pub(super) fn space(&mut self) -> &mut [u8] {
        &mut self.space[..]
    }

    /// Nothing happens just now.
    pub(super) fn rest(&mut self) {
        self.empty.truncate(1);
    }
}

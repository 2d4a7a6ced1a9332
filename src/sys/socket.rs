//! Unix sockets that keep packets apart (`SOCK_SEQPACKET`, `SOCK_DGRAM`).

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SocketAddrUnix, SocketFlags, SocketType, bind, listen, socket_with, socketpair};
use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, AsRawFd as _, OwnedFd};
use std::path::Path;

/// Makes a connected pair, both close-on-exec.
///
/// # Errors
/// No descriptors are left.
pub fn seqpacket_pair() -> io::Result<(OwnedFd, OwnedFd)> {
    socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).map_err(io::Error::from)
}

/// Makes the socket `name` in `folder` and listens on it.
///
/// The folder is named through its descriptor: a socket's path may not be longer than 107 bytes (unix(7)).
///
/// # Errors
/// `EADDRINUSE` when the name is there, or the folder cannot be opened.
pub fn listen_in(folder: &Path, name: &str) -> io::Result<OwnedFd> {
    let socket = bound_in(folder, name, SocketType::SEQPACKET)?;
    listen(&socket, 64)?;
    Ok(socket)
}

/// Connects to the socket `name` in `folder` on which [`listen_in`] listens.
///
/// # Errors
/// `ENOENT`, `ECONNREFUSED`: nobody listens.
pub fn connect_in(folder: &Path, name: &str) -> io::Result<OwnedFd> {
    connected(folder, name.as_ref(), SocketType::SEQPACKET, SocketFlags::empty())
}

/// The same without waiting, also later.
///
/// # Errors
/// `ECONNREFUSED`: nobody listens any more. `EAGAIN`: too many have called and were not answered.
pub fn try_connect_in(folder: &Path, name: &str) -> io::Result<OwnedFd> {
    connected(folder, name.as_ref(), SocketType::SEQPACKET, SocketFlags::NONBLOCK)
}

/// Receives one packet; 0 is the end. An interrupted call is made again, and so is one that finds `ECONNRESET`: a unix socket whose other
/// end was closed before it had read all tells that once, ahead of what that end has sent and we have not heard yet.
///
/// # Errors
/// `EAGAIN` where nothing has come and there is no waiting; none else in practice.
pub fn receive(socket: impl AsFd, room: &mut [u8], flags: RecvFlags) -> Result<usize, Errno> {
    loop {
        match rustix::net::recv(&socket, &mut *room, flags) {
            Err(Errno::INTR | Errno::CONNRESET) => {}
            done => return done.map(|(len, _)| len),
        }
    }
}

/// Makes the stream socket `name` in `folder` and listens on it, as [`listen_in`] does.
///
/// # Errors
/// As for [`listen_in`].
pub fn listen_stream_in(folder: &Path, name: &str) -> io::Result<OwnedFd> {
    let socket = bound_in(folder, name, SocketType::STREAM)?;
    listen(&socket, 1)?;
    Ok(socket)
}

/// Connects to the stream socket at `path`.
///
/// # Errors
/// There is none, or nobody listens.
pub fn connect_stream(path: &Path) -> io::Result<OwnedFd> {
    let absolute = std::path::absolute(path)?;
    let (Some(folder), Some(name)) = (absolute.parent(), absolute.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    connected(folder, name, SocketType::STREAM, SocketFlags::empty())
}

/// Makes the socket `name` in `folder` to which anybody who may write to it can send datagrams.
///
/// # Errors
/// As for [`listen_in`].
pub fn datagrams_in(folder: &Path, name: &str) -> io::Result<OwnedFd> {
    bound_in(folder, name, SocketType::DGRAM)
}

fn connected(folder: &Path, name: &OsStr, kind: SocketType, flags: SocketFlags) -> io::Result<OwnedFd> {
    let (_handle, address) = address_in(folder, name)?;
    let socket = socket_with(AddressFamily::UNIX, kind, SocketFlags::CLOEXEC | flags, None)?;
    rustix::net::connect(&socket, &address)?;
    Ok(socket)
}

/// The address of a name in a folder, as long as the descriptor beside it is open.
fn address_in(folder: &Path, name: &OsStr) -> io::Result<(OwnedFd, SocketAddrUnix)> {
    let handle = rustix::fs::open(folder, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let address = SocketAddrUnix::new(Path::new("/proc/self/fd").join(handle.as_raw_fd().to_string()).join(name))?;
    Ok((handle, address))
}

fn bound_in(folder: &Path, name: &str, kind: SocketType) -> io::Result<OwnedFd> {
    let (_handle, address) = address_in(folder, name.as_ref())?;
    let socket = socket_with(AddressFamily::UNIX, kind, SocketFlags::CLOEXEC, None)?;
    bind(&socket, &address)?;
    Ok(socket)
}

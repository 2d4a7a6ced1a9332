//! One question to other name servers: by datagrams, to one server after the other, and by TCP where the answer does not fit.
//!
//! Each try has a socket of its own, connected to the server, so the kernel takes nothing from others and the port is a random one;
//! and a random number. An answer counts only where number and question are those that were asked.

use super::question::{self, Question};
use crate::sys::inet::{self, Kind};
use rustix::net::sockopt;
use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long one server has.
const PATIENCE: Duration = Duration::from_secs(2);

/// How often servers are asked in all.
const TRIES: usize = 4;

/// The largest message (RFC 1035, 4.2.2).
const MESSAGE_BYTES: usize = 65_535;

/// Where the answer goes.
#[derive(Clone, Debug)]
pub(super) enum Back {
    Datagram {
        socket: Rc<UdpSocket>,
        client: SocketAddr,
    },
    /// A connection, by place and serial number: the place may have another one by then.
    Stream {
        place: u32,
        serial: u64,
        client: IpAddr,
    },
}

impl Back {
    pub(super) fn client(&self) -> IpAddr {
        match self {
            Self::Datagram { client, .. } => client.ip(),
            Self::Stream { client, .. } => *client,
        }
    }
}

/// How far it is.
#[derive(Debug)]
pub(super) enum Progress {
    /// The socket is to be watched anew.
    Another,
    Wait,
    /// The answer with the client's own number; nothing where there is none to be had.
    Done(Option<Vec<u8>>),
}

enum Link {
    Datagrams(UdpSocket),
    Stream { stream: TcpStream, out: Vec<u8>, sent: usize, input: Vec<u8> },
}

/// A question that others are asked.
pub(super) struct Pending {
    pub(super) question: Box<Question>,
    pub(super) back: Back,
    pub(super) deadline: Instant,
    packet: Vec<u8>,
    id: u16,
    servers: Arc<[SocketAddr]>,
    /// The first to be asked.
    first: usize,
    tries: usize,
    /// What a server has answered that had no answer itself.
    poor: Option<Vec<u8>>,
    link: Option<Link>,
    make: Maker,
}

/// Makes a socket in the network namespace from which the server is reached.
pub(super) type Maker = Rc<dyn Fn(IpAddr, Kind) -> io::Result<OwnedFd>>;

impl Pending {
    /// `packet` is the client's own message.
    pub(super) fn new(
        question: Box<Question>,
        packet: &[u8],
        back: Back,
        servers: Arc<[SocketAddr]>,
        first: usize,
        make: Maker,
    ) -> Self {
        let packet = packet.to_vec();
        Self { question, back, deadline: Instant::now(), packet, id: 0, servers, first, tries: 0, poor: None, link: None, make }
    }

    pub(super) fn watched(&self) -> Option<BorrowedFd<'_>> {
        match self.link.as_ref()? {
            Link::Datagrams(socket) => Some(socket.as_fd()),
            Link::Stream { stream, .. } => Some(stream.as_fd()),
        }
    }

    /// The place of the server that was asked last among all.
    pub(super) fn server(&self) -> usize {
        (self.first + self.tries.saturating_sub(1)) % self.servers.len().max(1)
    }

    pub(super) fn servers(&self) -> &Arc<[SocketAddr]> {
        &self.servers
    }

    /// Asks the next server; a server that cannot be asked is passed over.
    pub(super) fn next(&mut self) -> Progress {
        let most = TRIES.min(self.servers.len() * 2);
        while self.tries < most {
            self.tries += 1;
            let Some(server) = self.servers.get(self.server()).copied() else { break };
            if self.send(server).is_ok() {
                self.deadline = Instant::now() + PATIENCE;
                return Progress::Another;
            }
        }
        self.link = None;
        Progress::Done(self.poor.take().map(|answer| self.finished(answer)))
    }

    fn send(&mut self, server: SocketAddr) -> io::Result<()> {
        let mut id = [0; 2];
        rustix::rand::getrandom(&mut id[..], rustix::rand::GetRandomFlags::empty())?;
        self.id = u16::from_ne_bytes(id);
        question::renumber(&mut self.packet, self.id);
        let socket = (self.make)(server.ip(), Kind::Datagram)?;
        rustix::net::bind(&socket, &unspecified(server))?;
        rustix::net::connect(&socket, &server)?;
        let socket = UdpSocket::from(socket);
        socket.send(&self.packet)?;
        self.link = Some(Link::Datagrams(socket));
        Ok(())
    }

    /// The same server by TCP.
    fn send_by_stream(&mut self) -> io::Result<()> {
        let server = self.servers.get(self.server()).copied().ok_or(io::ErrorKind::NotFound)?;
        let socket = (self.make)(server.ip(), Kind::Stream)?;
        match rustix::net::connect(&socket, &server) {
            Ok(()) | Err(rustix::io::Errno::INPROGRESS) => {}
            Err(errno) => return Err(errno.into()),
        }
        let length = u16::try_from(self.packet.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
        let out = [&length.to_be_bytes()[..], &self.packet].concat();
        self.link = Some(Link::Stream { stream: TcpStream::from(socket), out, sent: 0, input: Vec::new() });
        self.deadline = Instant::now() + PATIENCE;
        Ok(())
    }

    /// The socket has something.
    pub(super) fn event(&mut self, space: &mut [u8]) -> Progress {
        match &mut self.link {
            None => Progress::Wait,
            Some(Link::Datagrams(socket)) => match socket.recv(space) {
                Ok(length) => self.answered(space[..length].to_vec(), false),
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => Progress::Wait,
                // Nobody is there, as ICMP says.
                Err(_) => self.next(),
            },
            Some(Link::Stream { stream, out, sent, input }) => match exchange(stream, out, sent, input, space) {
                Ok(None) => Progress::Wait,
                Ok(Some(answer)) => self.answered(answer, true),
                Err(_) => self.next(),
            },
        }
    }

    fn answered(&mut self, answer: Vec<u8>, whole: bool) -> Progress {
        if !self.question.is_answered_by(&answer, self.id) {
            // Not what was asked, so not from whom was asked: the right one may still come.
            return if whole { self.next() } else { Progress::Wait };
        }
        if question::is_truncated(&answer) && !whole && matches!(self.back, Back::Stream { .. }) && self.send_by_stream().is_ok()
        {
            return Progress::Another;
        }
        // SERVFAIL, NOTIMP, REFUSED: another one may know.
        if matches!(question::code(&answer), 2 | 4 | 5) {
            self.poor = Some(answer);
            return self.next();
        }
        self.link = None;
        Progress::Done(Some(self.finished(answer)))
    }

    fn finished(&self, mut answer: Vec<u8>) -> Vec<u8> {
        question::renumber(&mut answer, self.question.id());
        answer
    }
}

/// Writes what is left to write and reads what is there; the answer when it is whole.
fn exchange(
    stream: &mut TcpStream,
    out: &[u8],
    sent: &mut usize,
    input: &mut Vec<u8>,
    space: &mut [u8],
) -> io::Result<Option<Vec<u8>>> {
    let wait = |error: io::Error| match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => Ok(None),
        _ => Err(error),
    };
    sockopt::socket_error(&*stream)??;
    while *sent < out.len() {
        match stream.write(&out[*sent..]) {
            Ok(count) => *sent += count,
            Err(error) if error.kind() == io::ErrorKind::NotConnected => return Ok(None),
            Err(error) => return wait(error),
        }
    }
    loop {
        match stream.read(space) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => input.extend_from_slice(&space[..count]),
            Err(error) => return wait(error),
        }
        if let Some(length) = input.first_chunk::<2>() {
            let length = usize::from(u16::from_be_bytes(*length));
            if input.len() >= length + 2 {
                return Ok(Some(input[2..length + 2].to_vec()));
            }
        }
        if input.len() > MESSAGE_BYTES + 2 {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
}

fn unspecified(server: SocketAddr) -> SocketAddr {
    let address: IpAddr = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    SocketAddr::new(address, 0)
}

/// Makes sockets in the caller's own network namespace.
pub(super) fn here() -> Maker {
    Rc::new(inet::socket_for)
}

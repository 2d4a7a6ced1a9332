//! One client of the name service by TCP: messages with their length in front, several at once.

use super::question::QUESTION_BYTES;
use std::collections::VecDeque;
use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, TcpStream};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// How long a client may be silent, or take for one message.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many questions of one client are asked of others at once; more wait in the kernel.
const MOST_WAITING: usize = 16;

/// How much is kept of answers that a client does not read.
const OUTPUT_BYTES: usize = 128 << 10;

pub(super) struct Client {
    stream: TcpStream,
    pub(super) peer: IpAddr,
    /// The network at whose gateway it asks.
    pub(super) network: Rc<str>,
    pub(super) serial: u64,
    deadline: Instant,
    /// Answers that are not there yet.
    pub(super) waiting: usize,
    input: Vec<u8>,
    output: VecDeque<u8>,
    ended: bool,
}

impl Client {
    pub(super) fn new(stream: TcpStream, peer: IpAddr, network: Rc<str>, serial: u64) -> Self {
        let deadline = Instant::now() + PATIENCE;
        Self { stream, peer, network, serial, deadline, waiting: 0, input: Vec::new(), output: VecDeque::new(), ended: false }
    }

    /// When it is to be closed; nothing while it waits for us.
    pub(super) fn limit(&self) -> Option<Instant> {
        (self.waiting == 0).then_some(self.deadline)
    }

    pub(super) fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }

    /// Reads until a question is whole; none where nothing more is there, or enough of them wait.
    ///
    /// # Errors
    /// The client is to be closed: it has ended, or speaks something else.
    pub(super) fn read(&mut self, space: &mut [u8]) -> io::Result<Option<Vec<u8>>> {
        while self.waiting < MOST_WAITING {
            if let Some(length) = self.whole()? {
                let question = self.input[2..length + 2].to_vec();
                self.input.drain(..length + 2);
                self.deadline = Instant::now() + PATIENCE;
                return Ok(Some(question));
            }
            if self.ended {
                break;
            }
            match self.stream.read(space) {
                Ok(0) => self.ended = true,
                Ok(count) => self.input.extend_from_slice(&space[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if self.is_over() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(None) }
    }

    /// The length of the first question that was read, where it is whole.
    fn whole(&self) -> io::Result<Option<usize>> {
        let Some(length) = self.input.first_chunk::<2>() else { return Ok(None) };
        let length = usize::from(u16::from_be_bytes(*length));
        // Longer than any question: it is not read to its end.
        if length == 0 || length > QUESTION_BYTES {
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(Some(length).filter(|length| self.input.len() >= length + 2))
    }

    /// Answers one question.
    ///
    /// # Errors
    /// The client is to be closed.
    pub(super) fn answer(&mut self, answer: &[u8]) -> io::Result<()> {
        let Ok(length) = u16::try_from(answer.len()) else { return Ok(()) };
        if self.output.len() + answer.len() > OUTPUT_BYTES {
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.deadline = Instant::now() + PATIENCE;
        self.output.extend(length.to_be_bytes());
        self.output.extend(answer);
        self.write()
    }

    /// Writes what is left to write.
    ///
    /// # Errors
    /// The client is to be closed: it is gone, or has ended and knows all.
    pub(super) fn write(&mut self) -> io::Result<()> {
        while !self.output.is_empty() {
            match self.stream.write(self.output.as_slices().0) {
                Ok(count) => drop(self.output.drain(..count)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if self.is_over() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }

    /// It asks no more and has all answers.
    fn is_over(&self) -> bool {
        self.ended && self.waiting == 0 && self.output.is_empty() && !matches!(self.whole(), Ok(Some(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, Shutdown, TcpListener};

    #[test]
    fn all_questions_of_one_packet_are_read_but_no_more_than_may_wait() {
        const SENT: usize = 40;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("listen");
        let mut peer = TcpStream::connect(listener.local_addr().expect("address")).expect("connect");
        let (stream, from) = listener.accept().expect("accept");
        let mut client = Client::new(stream, from.ip(), "web".into(), 1);
        peer.write_all(&b"\0\x02ab".repeat(SENT)).expect("ask");
        peer.shutdown(Shutdown::Write).expect("end");
        let mut space = [0; 1024];
        for _ in 0..MOST_WAITING {
            assert_eq!(client.read(&mut space).expect("read").as_deref(), Some(&b"ab"[..]));
            client.waiting += 1;
        }
        assert_eq!(client.read(&mut space).expect("enough wait"), None);
        for _ in MOST_WAITING..SENT {
            client.waiting -= 1;
            client.answer(b"yes").expect("one that has asked more is not closed");
            assert!(client.read(&mut space).expect("read").is_some());
            client.waiting += 1;
        }
        assert_eq!(client.read(&mut space).expect("it waits for answers"), None);
        for _ in 0..MOST_WAITING {
            client.waiting -= 1;
            client.answer(b"yes").expect("its end was not read");
        }
        assert!(client.read(&mut space).is_err());
    }
}

//! One client of the name service by TCP: messages with their length in front, several at once.

use super::question::QUESTION_BYTES;
use std::collections::VecDeque;
use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, TcpStream};
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
    pub(super) deadline: Instant,
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

    /// Reads what is there: the questions that are whole.
    ///
    /// # Errors
    /// The client is to be closed: it has ended, or speaks something else.
    pub(super) fn read(&mut self, space: &mut [u8]) -> io::Result<Vec<Vec<u8>>> {
        let mut questions = Vec::new();
        while !self.ended && self.waiting + questions.len() < MOST_WAITING {
            match self.stream.read(space) {
                Ok(0) => self.ended = true,
                Ok(count) => self.input.extend_from_slice(&space[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            while let Some(length) = self.input.first_chunk::<2>() {
                let length = usize::from(u16::from_be_bytes(*length));
                // Longer than any question: it is not read to its end.
                if length == 0 || length > QUESTION_BYTES {
                    return Err(io::ErrorKind::InvalidData.into());
                }
                if self.input.len() < length + 2 {
                    break;
                }
                questions.push(self.input[2..length + 2].to_vec());
                self.input.drain(..length + 2);
                self.deadline = Instant::now() + PATIENCE;
            }
        }
        if self.is_over() && questions.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(questions)
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
        self.ended && self.waiting == 0 && self.output.is_empty()
    }
}

//! As much of D-Bus as a few calls to systemd take: one blocking socket, no thread, no crate.
//!
//! A start may ask for a scope while it is on its way between two forks, where a second thread is not allowed (an executor has
//! several), and the whole exchange is one write and a few reads: authentication, greeting and the call are sent in one piece.
//! D-Bus specification, "Message Protocol" and "Authentication Protocol".

use crate::config::bus::BusAddress;
use rustix::net::sockopt::{self, Timeout};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags, SocketType};
use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

/// A message of systemd's is some hundred bytes; one beyond this is not for us.
const LONGEST_MESSAGE: usize = 1 << 20;
/// How long systemd may be silent. A job that waits for others says nothing for a while.
const PATIENCE: Duration = Duration::from_secs(20);

const METHOD_RETURN: u8 = 2;
const ERROR: u8 = 3;
const SIGNAL: u8 = 4;

/// Why a call came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    #[error("exchange messages with systemd's user manager")]
    Exchange(#[source] io::Error),
    #[error("systemd's user manager does not let us in: it answers {answer:?}")]
    NotLetIn { answer: String },
    #[error("systemd's user manager sends what is no message of D-Bus")]
    Malformed,
    #[error("systemd's user manager refuses: {text} ({name})")]
    Refused { name: String, text: String },
}

/// The value of an argument.
#[derive(Clone, Debug)]
pub(super) enum Argument<'a> {
    Text(&'a str),
    Flag(bool),
    Number(u64),
    /// `au`.
    Numbers(&'a [u32]),
    /// `a(sv)`: names and values.
    Properties(&'a [(&'a str, Argument<'a>)]),
    /// `a(sa(sv))` with nothing in it.
    NoUnits,
}

impl Argument<'_> {
    fn signature(&self) -> &'static str {
        match self {
            Self::Text(_) => "s",
            Self::Flag(_) => "b",
            Self::Number(_) => "t",
            Self::Numbers(_) => "au",
            Self::Properties(_) => "a(sv)",
            Self::NoUnits => "a(sa(sv))",
        }
    }
}

/// A method and its arguments.
#[derive(Clone, Debug)]
pub(super) struct Call<'a> {
    pub destination: &'a str,
    pub path: &'a str,
    pub interface: &'a str,
    pub member: &'a str,
    pub arguments: &'a [Argument<'a>],
}

/// A message that has arrived; the texts of its body that stand before the first other type.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Message {
    kind: u8,
    reply_to: u32,
    pub member: String,
    error: String,
    signature: String,
    body: Vec<u8>,
    big_endian: bool,
}

/// A connection to systemd's user manager.
#[derive(Debug)]
pub(super) struct Connection {
    socket: OwnedFd,
    serial: u32,
    /// What is to be sent before the next answer is waited for.
    outbox: Vec<u8>,
    inbox: Vec<u8>,
    let_in: bool,
}

impl Connection {
    /// Connects to the first address where somebody of our own listens; nothing where nobody does.
    pub(super) fn open(addresses: &[BusAddress]) -> Option<Self> {
        addresses.iter().find_map(|address| Self::connect(address).ok())
    }

    fn connect(address: &BusAddress) -> io::Result<Self> {
        let (BusAddress::Manager(path) | BusAddress::Bus(path)) = address;
        let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
        rustix::net::connect(&socket, &SocketAddrUnix::new(path)?)?;
        // A socket of somebody else could tell us anything.
        if sockopt::socket_peercred(&socket)?.uid != rustix::process::getuid() {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        sockopt::set_socket_timeout(&socket, Timeout::Recv, Some(PATIENCE))?;
        // Without a name of ours in it the server takes the id from the socket: in a user namespace we know ourselves by another.
        let outbox = b"\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n".to_vec();
        let mut new = Self { socket, serial: 0, outbox, inbox: Vec::new(), let_in: false };
        if matches!(address, BusAddress::Bus(_)) {
            let bus = |member, arguments| Call {
                destination: "org.freedesktop.DBus",
                path: "/org/freedesktop/DBus",
                interface: "org.freedesktop.DBus",
                member,
                arguments,
            };
            new.post(&bus("Hello", &[]));
            let jobs = "type='signal',sender='org.freedesktop.systemd1',interface='org.freedesktop.systemd1.Manager',member='JobRemoved'";
            new.post(&bus("AddMatch", &[Argument::Text(jobs)]));
        }
        Ok(new)
    }

    /// Puts a call into the outbox; returns its number.
    fn post(&mut self, call: &Call<'_>) -> u32 {
        self.serial += 1;
        self.outbox.extend_from_slice(&encode(call, self.serial));
        self.serial
    }

    /// Calls a method and waits for its answer. Signals that come meanwhile are given to `signal`.
    ///
    /// # Errors
    /// The method fails, or the connection does.
    pub(super) fn call(&mut self, call: &Call<'_>, mut signal: impl FnMut(Message)) -> Result<Message, BusError> {
        let serial = self.post(call);
        loop {
            let message = self.next()?;
            match message.kind {
                SIGNAL => signal(message),
                METHOD_RETURN if message.reply_to == serial => return Ok(message),
                // Also of the greeting: without it nothing works.
                ERROR => {
                    let text = message.texts().next().unwrap_or_default();
                    return Err(BusError::Refused { name: message.error, text });
                }
                _ => {}
            }
        }
    }

    /// Waits for the next message.
    ///
    /// # Errors
    /// The connection ends, or is silent for too long.
    pub(super) fn next(&mut self) -> Result<Message, BusError> {
        self.flush()?;
        while !self.let_in {
            self.authenticate()?;
        }
        loop {
            let length = message_length(&self.inbox)?;
            if let Some((length, bytes)) = length.and_then(|length| Some((length, self.inbox.get(..length)?))) {
                let message = Message::decode(bytes).ok_or(BusError::Malformed)?;
                self.inbox.drain(..length);
                return Ok(message);
            }
            self.receive()?;
        }
    }

    /// Reads one line of the authentication. There are two: to the question without a name, and to the empty name.
    fn authenticate(&mut self) -> Result<(), BusError> {
        let Some(end) = self.inbox.windows(2).position(|pair| pair == b"\r\n") else { return self.receive() };
        let line: Vec<u8> = self.inbox.drain(..end + 2).collect();
        let answer = String::from_utf8_lossy(&line[..end]).into_owned();
        match answer.split(' ').next() {
            Some("DATA") => Ok(()),
            Some("OK") => {
                self.let_in = true;
                Ok(())
            }
            _ => Err(BusError::NotLetIn { answer }),
        }
    }

    fn flush(&mut self) -> Result<(), BusError> {
        let mut rest = &self.outbox[..];
        while !rest.is_empty() {
            let sent = rustix::io::retry_on_intr(|| rustix::net::send(&self.socket, rest, SendFlags::NOSIGNAL));
            rest = &rest[sent.map_err(|errno| BusError::Exchange(errno.into()))?..];
        }
        self.outbox.clear();
        Ok(())
    }

    fn receive(&mut self) -> Result<(), BusError> {
        let mut space = [0; 4096];
        let count = rustix::io::retry_on_intr(|| rustix::net::recv(&self.socket, &mut space[..], RecvFlags::empty()));
        match count {
            Ok((_, 0)) => Err(BusError::Exchange(io::ErrorKind::UnexpectedEof.into())),
            Ok((_, count)) => {
                self.inbox.extend_from_slice(&space[..count]);
                Ok(())
            }
            Err(rustix::io::Errno::AGAIN) => Err(BusError::Exchange(io::ErrorKind::TimedOut.into())),
            Err(errno) => Err(BusError::Exchange(errno.into())),
        }
    }
}

/// Writes values in the little-endian form; alignment counts from the beginning of the buffer.
#[derive(Default)]
struct Writer(Vec<u8>);

impl Writer {
    fn align(&mut self, to: usize) {
        self.0.resize(self.0.len().next_multiple_of(to), 0);
    }

    fn word(&mut self, value: u32) {
        self.align(4);
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.word(length(text.len()));
        self.0.extend_from_slice(text.as_bytes());
        self.0.push(0);
    }

    fn signature(&mut self, text: &str) {
        self.0.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
        self.0.extend_from_slice(text.as_bytes());
        self.0.push(0);
    }

    /// An array: its length, which does not count the padding before the first element, then the elements.
    fn array(&mut self, alignment: usize, elements: impl FnOnce(&mut Self)) {
        self.word(0);
        let length_at = self.0.len() - 4;
        self.align(alignment);
        let begin = self.0.len();
        elements(self);
        let count = length(self.0.len() - begin);
        self.0[length_at..length_at + 4].copy_from_slice(&count.to_le_bytes());
    }

    fn argument(&mut self, argument: &Argument<'_>) {
        match argument {
            Argument::Text(text) => self.text(text),
            Argument::Flag(flag) => self.word(u32::from(*flag)),
            Argument::Number(number) => {
                self.align(8);
                self.0.extend_from_slice(&number.to_le_bytes());
            }
            Argument::Numbers(numbers) => self.array(4, |writer| numbers.iter().for_each(|number| writer.word(*number))),
            Argument::Properties(list) => self.array(8, |writer| {
                for (name, value) in *list {
                    writer.align(8);
                    writer.text(name);
                    writer.signature(value.signature());
                    writer.argument(value);
                }
            }),
            Argument::NoUnits => self.array(8, |_| {}),
        }
    }
}

fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).expect("messages of ours are some hundred bytes")
}

fn encode(call: &Call<'_>, serial: u32) -> Vec<u8> {
    let mut body = Writer::default();
    call.arguments.iter().for_each(|argument| body.argument(argument));
    let signature: String = call.arguments.iter().map(Argument::signature).collect();
    // Little endian, method call, no flags, version 1.
    let mut message = Writer(vec![b'l', 1, 0, 1]);
    message.word(length(body.0.len()));
    message.word(serial);
    message.array(8, |writer| {
        for (code, kind, text) in
            [(1, "o", call.path), (2, "s", call.interface), (3, "s", call.member), (6, "s", call.destination)]
        {
            writer.align(8);
            writer.0.push(code);
            writer.signature(kind);
            writer.text(text);
        }
        if !signature.is_empty() {
            writer.align(8);
            writer.0.push(8);
            writer.signature("g");
            writer.signature(&signature);
        }
    });
    message.align(8);
    message.0.extend_from_slice(&body.0);
    message.0
}

/// The whole length of the message that begins here; nothing while its first bytes are not there.
fn message_length(bytes: &[u8]) -> Result<Option<usize>, BusError> {
    let Some(head) = bytes.get(..16) else { return Ok(None) };
    let reader = Reader { bytes: head, at: 0, big_endian: head[0] == b'B' };
    let word = |at| reader.word_at(at).map(|value| value as usize).ok_or(BusError::Malformed);
    let (body, fields) = (word(4)?, word(12)?);
    if body.max(fields) > LONGEST_MESSAGE {
        return Err(BusError::Malformed);
    }
    Ok(Some((16 + fields).next_multiple_of(8) + body))
}

/// Tells whether the bytes are a message, and reads all that is ever read of one.
pub(super) fn is_message(bytes: &[u8]) -> bool {
    let whole = message_length(bytes).is_ok_and(|length| length.is_some_and(|length| length <= bytes.len()));
    let message = Message::decode(bytes).filter(|_| whole);
    message.is_some_and(|message| message.flag().is_some() || message.texts().count() > 0)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    big_endian: bool,
}

impl<'a> Reader<'a> {
    fn word_at(&self, at: usize) -> Option<u32> {
        let bytes = self.bytes.get(at..at + 4)?.try_into().ok()?;
        Some(if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    fn word(&mut self) -> Option<u32> {
        self.at = self.at.next_multiple_of(4);
        let value = self.word_at(self.at)?;
        self.at += 4;
        Some(value)
    }

    fn byte(&mut self) -> Option<u8> {
        self.at += 1;
        self.bytes.get(self.at - 1).copied()
    }

    fn take(&mut self, length: usize) -> Option<&'a str> {
        let end = self.at.checked_add(length)?;
        // With the zero byte that ends it.
        let text = std::str::from_utf8(self.bytes.get(self.at..=end)?.split_last()?.1).ok()?;
        self.at = end + 1;
        Some(text)
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = self.word()?;
        self.take(length as usize)
    }

    fn signature(&mut self) -> Option<&'a str> {
        let length = self.byte()?;
        self.take(length.into())
    }
}

impl Message {
    fn decode(bytes: &[u8]) -> Option<Self> {
        let big_endian = *bytes.first()? == b'B';
        let mut reader = Reader { bytes, at: 12, big_endian };
        let end = 16 + reader.word()? as usize;
        let mut message = Self { kind: *bytes.get(1)?, big_endian, ..Self::default() };
        while reader.at.next_multiple_of(8) < end {
            reader.at = reader.at.next_multiple_of(8);
            let code = reader.byte()?;
            match (code, reader.signature()?) {
                (3, "s") => message.member = reader.text()?.to_owned(),
                (4, "s") => message.error = reader.text()?.to_owned(),
                (5, "u") => message.reply_to = reader.word()?,
                (8, "g") => message.signature = reader.signature()?.to_owned(),
                (_, "s" | "o") => drop(reader.text()?),
                (_, "g") => drop(reader.signature()?),
                (_, "u") => drop(reader.word()?),
                _ => return None,
            }
        }
        message.body = bytes.get(end.next_multiple_of(8)..)?.to_vec();
        Some(message)
    }

    /// The truth in a variant, where the body is one.
    pub(super) fn flag(&self) -> Option<bool> {
        let mut reader = Reader { bytes: &self.body, at: 0, big_endian: self.big_endian };
        let inner = (self.signature == "v").then(|| reader.signature()).flatten()?;
        if inner == "b" { reader.word().map(|word| word == 1) } else { None }
    }

    /// The texts and object paths of the body, up to the first argument that is neither nor a number.
    pub(super) fn texts(&self) -> impl Iterator<Item = String> {
        let mut reader = Reader { bytes: &self.body, at: 0, big_endian: self.big_endian };
        let mut texts = Vec::new();
        for kind in self.signature.chars() {
            match kind {
                's' | 'o' => match reader.text() {
                    Some(text) => texts.push(text.to_owned()),
                    None => break,
                },
                'u' => drop(reader.word()),
                _ => break,
            }
        }
        texts.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call<'a>(arguments: &'a [Argument<'a>]) -> Call<'a> {
        Call { destination: "d.e", path: "/p", interface: "i.f", member: "M", arguments }
    }

    #[test]
    fn a_call_is_laid_out_as_the_specification_says() {
        let bytes = encode(&call(&[Argument::Text("ab"), Argument::Flag(true)]), 7);
        let wanted: &[u8] = b"l\x01\0\x01\x0c\0\0\0\x07\0\0\0\0\0\0\0\
            \x01\x01o\0\x02\0\0\0/p\0\0\0\0\0\0\
            \x02\x01s\0\x03\0\0\0i.f\0\0\0\0\0\
            \x03\x01s\0\x01\0\0\0M\0\0\0\0\0\0\0\
            \x06\x01s\0\x03\0\0\0d.e\0\0\0\0\0\
            \x08\x01g\0\x02sb\0\
            \x02\0\0\0ab\0\0\x01\0\0\0";
        // The fields end at a multiple of eight here.
        let fields = wanted.len() - 16 - 12;
        let mut wanted = wanted.to_vec();
        wanted[12..16].copy_from_slice(&u32::try_from(fields).unwrap().to_le_bytes());
        assert_eq!(bytes, wanted);
        assert_eq!(message_length(&bytes).unwrap(), Some(bytes.len()));
    }

    #[test]
    fn nested_values_are_aligned() {
        let mut writer = Writer::default();
        writer.argument(&Argument::Properties(&[("A", Argument::Numbers(&[5])), ("B", Argument::Number(9))]));
        let wanted: &[u8] = b"\x30\0\0\0\0\0\0\0\
            \x01\0\0\0A\0\x02au\0\0\0\x04\0\0\0\x05\0\0\0\0\0\0\0\
            \x01\0\0\0B\0\x01t\0\0\0\0\0\0\0\0\x09\0\0\0\0\0\0\0";
        let mut wanted = wanted.to_vec();
        let count = u32::try_from(wanted.len() - 8).unwrap();
        wanted[..4].copy_from_slice(&count.to_le_bytes());
        assert_eq!(writer.0, wanted);
    }

    #[test]
    fn what_was_written_is_read() {
        let bytes = encode(&call(&[Argument::Text("x"), Argument::Text("yz")]), 7);
        let message = Message::decode(&bytes).unwrap();
        assert_eq!((message.kind, message.member.as_str(), message.signature.as_str()), (1, "M", "ss"));
        assert_eq!(message.texts().collect::<Vec<_>>(), ["x", "yz"]);
    }

    #[test]
    fn a_variant_is_read() {
        for (body, wanted) in [(&b"\x01b\0\0\x01\0\0\0"[..], Some(true)), (b"\x01b\0\0\0\0\0\0", Some(false)), (b"\x01s\0", None)]
        {
            let message = Message { signature: "v".into(), body: body.to_vec(), ..Message::default() };
            assert_eq!(message.flag(), wanted, "{body:?}");
        }
    }

    #[test]
    fn what_is_cut_off_is_no_message() {
        let bytes = encode(&call(&[Argument::Text("x")]), 7);
        for end in 0..bytes.len() {
            let whole = message_length(&bytes[..end]).unwrap();
            assert!(whole.is_none_or(|length| length > end), "{end}");
            if let Some(message) = Message::decode(&bytes[..end]) {
                assert_eq!(message.texts().count(), 0, "{end}");
            }
        }
        let mut long = bytes;
        long[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(matches!(message_length(&long), Err(BusError::Malformed)));
    }
}

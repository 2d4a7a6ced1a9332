//! Messages: what is read of a question and how it is answered.
//!
//! Only the question of a message is of interest, and its EDNS record. A message that has more than a question has is refused before it
//! is parsed, so no length of it costs anything.

use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::{A, AAAA, PTR};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use std::net::IpAddr;

/// The header.
const HEADER_BYTES: usize = 12;

/// No question is longer: a name has at most 255 bytes.
pub(super) const QUESTION_BYTES: usize = 1024;

/// What goes into one datagram where the client names no size, and the most that is sent in one.
const PLAIN_BYTES: u16 = 512;
const MOST_BYTES: u16 = 4096;

/// Addresses are asked for anew each time: a container may have another one the next moment.
const SECONDS: u32 = 0;

/// What came in.
#[derive(Debug)]
pub(super) enum Incoming {
    Question(Box<Question>),
    /// It is none, and this is the answer.
    Refused(Vec<u8>),
    /// Not worth an answer.
    Nothing,
}

/// A question that can be answered.
#[derive(Debug)]
pub(super) struct Question {
    id: u16,
    recursion: bool,
    query: Query,
    edns: Option<u16>,
    /// In lower case, without the last dot.
    pub(super) name: String,
    pub(super) kind: RecordType,
}

/// Reads a message of a client.
pub(super) fn read(packet: &[u8]) -> Incoming {
    let Some(header) = packet.first_chunk::<HEADER_BYTES>() else { return Incoming::Nothing };
    let number = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
    let (flags, questions) = (number(2), number(4));
    // An answer is never answered, or two servers could keep each other busy.
    if flags & 0x8000 != 0 {
        return Incoming::Nothing;
    }
    if flags >> 11 & 0xf != 0 {
        return Incoming::Refused(bare(number(0), flags, ResponseCode::NotImp));
    }
    let is_plain = questions == 1 && number(6) == 0 && number(8) == 0 && number(10) <= 2 && packet.len() <= QUESTION_BYTES;
    let message = if is_plain { Message::from_vec(packet).ok() } else { None };
    let Some((mut message, query)) = message.and_then(|mut message| message.queries.pop().map(|query| (message, query))) else {
        return Incoming::Refused(bare(number(0), flags, ResponseCode::FormErr));
    };
    let mut name = query.name().to_lowercase().to_ascii();
    name.truncate(name.trim_end_matches('.').len());
    Incoming::Question(Box::new(Question {
        id: message.metadata.id,
        recursion: message.metadata.recursion_desired,
        kind: query.query_type(),
        edns: message.edns.take().map(|edns| edns.max_payload()),
        query,
        name,
    }))
}

/// Answers a packet in every way; this is for tests/fuzz.
#[doc(hidden)]
#[must_use]
pub fn answers(packet: &[u8]) -> Vec<Vec<u8>> {
    match read(packet) {
        Incoming::Nothing => Vec::new(),
        Incoming::Refused(answer) => vec![answer],
        Incoming::Question(question) => {
            let addresses: Vec<IpAddr> = (0..200).map(|last| IpAddr::from([10, 88, 0, last])).collect();
            let most = question.datagram_bytes();
            let passed = question.fitted(packet.to_vec(), most);
            assert!(!question.is_answered_by(packet, question.id()), "a question is no answer");
            vec![
                question.with_addresses(&addresses, most),
                question.with_name("name.example", most),
                question.with_code(ResponseCode::NXDomain),
                passed,
            ]
        }
    }
}

/// A header alone: for what could not be read.
fn bare(id: u16, flags: u16, code: ResponseCode) -> Vec<u8> {
    let mut answer = vec![0; HEADER_BYTES];
    answer[..2].copy_from_slice(&id.to_be_bytes());
    let flags = 0x8000 | flags & 0x7900 | u16::from(code.low());
    answer[2..4].copy_from_slice(&flags.to_be_bytes());
    answer
}

impl Question {
    /// How long an answer may be that goes into one datagram.
    pub(super) fn datagram_bytes(&self) -> usize {
        self.edns.unwrap_or(PLAIN_BYTES).clamp(PLAIN_BYTES, MOST_BYTES).into()
    }

    /// Answers with addresses; those that do not fit are left out and asked for again by TCP.
    pub(super) fn with_addresses(&self, addresses: &[IpAddr], most: usize) -> Vec<u8> {
        let record = |address: &IpAddr| {
            let data = match address {
                IpAddr::V4(v4) => RData::A(A(*v4)),
                IpAddr::V6(v6) => RData::AAAA(AAAA(*v6)),
            };
            Record::from_rdata(self.query.name().clone(), SECONDS, data)
        };
        self.answer(ResponseCode::NoError, addresses.iter().map(record).collect(), most)
    }

    /// Answers with a name.
    pub(super) fn with_name(&self, name: &str, most: usize) -> Vec<u8> {
        let Ok(mut name) = Name::from_ascii(name) else { return self.with_code(ResponseCode::ServFail) };
        name.set_fqdn(true);
        let record = Record::from_rdata(self.query.name().clone(), SECONDS, RData::PTR(PTR(name)));
        self.answer(ResponseCode::NoError, vec![record], most)
    }

    pub(super) fn with_code(&self, code: ResponseCode) -> Vec<u8> {
        self.answer(code, Vec::new(), usize::MAX)
    }

    fn answer(&self, code: ResponseCode, records: Vec<Record>, most: usize) -> Vec<u8> {
        let mut message = Message::new(self.id, MessageType::Response, OpCode::Query);
        message.metadata.recursion_desired = self.recursion;
        message.metadata.recursion_available = true;
        message.metadata.response_code = code;
        message.add_query(self.query.clone());
        message.add_answers(records);
        if self.edns.is_some() {
            let mut edns = Edns::new();
            edns.set_max_payload(MOST_BYTES);
            message.set_edns(edns);
        }
        match message.to_vec() {
            Ok(text) if text.len() <= most => text,
            Ok(_) => message.truncate().to_vec().unwrap_or_default(),
            Err(_) => Vec::new(),
        }
    }

    /// Cuts another server's answer down to what the client takes in one datagram.
    pub(super) fn fitted(&self, answer: Vec<u8>, most: usize) -> Vec<u8> {
        if answer.len() <= most {
            return answer;
        }
        let mut message = Message::new(self.id, MessageType::Response, OpCode::Query);
        message.metadata.recursion_desired = self.recursion;
        message.metadata.recursion_available = true;
        message.metadata.truncation = true;
        message.add_query(self.query.clone());
        message.to_vec().unwrap_or_default()
    }

    /// Tells whether `answer` is one to this question, asked with the number `id`.
    pub(super) fn is_answered_by(&self, answer: &[u8], id: u16) -> bool {
        let Some(header) = answer.first_chunk::<HEADER_BYTES>() else { return false };
        let number = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
        if number(0) != id || number(2) & 0x8000 == 0 || number(4) != 1 {
            return false;
        }
        let mut decoder = hickory_proto::serialize::binary::BinDecoder::new(answer).clone(12);
        let query = <Query as hickory_proto::serialize::binary::BinDecodable>::read(&mut decoder);
        query.is_ok_and(|query| {
            query.name() == self.query.name()
                && query.query_type() == self.query.query_type()
                && query.query_class() == self.query.query_class()
        })
    }

    /// The number under which the client asked.
    pub(super) fn id(&self) -> u16 {
        self.id
    }
}

/// Puts another number into a message.
pub(super) fn renumber(packet: &mut [u8], id: u16) {
    if let Some(place) = packet.get_mut(..2) {
        place.copy_from_slice(&id.to_be_bytes());
    }
}

/// The low half of the response code of an answer.
pub(super) fn code(answer: &[u8]) -> u8 {
    answer.get(3).map_or(0, |byte| byte & 0xf)
}

/// The answer was cut off.
pub(super) fn is_truncated(answer: &[u8]) -> bool {
    answer.get(2).is_some_and(|byte| byte & 2 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(name: &str, kind: RecordType) -> Vec<u8> {
        let mut message = Message::query();
        message.metadata.id = 7;
        message.metadata.recursion_desired = true;
        message.add_query(Query::query(Name::from_ascii(name).expect("name"), kind));
        message.to_vec().expect("message")
    }

    fn question(packet: &[u8]) -> Question {
        match read(packet) {
            Incoming::Question(question) => *question,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_question_is_answered_with_all_addresses_or_cut_off() {
        let question = question(&ask("WEB.", RecordType::A));
        assert_eq!((question.name.as_str(), question.datagram_bytes()), ("web", 512));
        let some: Vec<IpAddr> = (1..=3).map(|last| IpAddr::from([10, 0, 0, last])).collect();
        let answer = Message::from_vec(&question.with_addresses(&some, 512)).expect("answer");
        assert_eq!((answer.metadata.id, answer.answers.len(), answer.metadata.truncation), (7, 3, false));
        assert_eq!(answer.queries[0].name().to_ascii(), "WEB.");
        let many: Vec<IpAddr> = (1..=250).map(|last| IpAddr::from([10, 0, 0, last])).collect();
        let answer = Message::from_vec(&question.with_addresses(&many, 512)).expect("answer");
        assert!(answer.metadata.truncation && answer.answers.is_empty());
    }

    #[test]
    fn what_is_no_question_is_refused_before_it_is_parsed() {
        let good = ask("web.", RecordType::A);
        let with = |at: usize, byte: u8| {
            let mut packet = good.clone();
            packet[at] = byte;
            packet
        };
        let long = [good.clone(), vec![0xc0; 65_000]].concat();
        for (packet, wanted) in [
            (good[..11].to_vec(), None),
            (with(2, 0x80), None),
            (with(2, 0x28), Some(4)),
            (with(5, 2), Some(1)),
            (with(5, 0), Some(1)),
            (with(6, 0xff), Some(1)),
            (with(12, 0xc0), Some(1)),
            (with(12, 63), Some(1)),
            (good[..good.len() - 1].to_vec(), Some(1)),
            (long, Some(1)),
        ] {
            let code = match read(&packet) {
                Incoming::Question(question) => panic!("{question:?}"),
                Incoming::Refused(answer) => Some(code(&answer)),
                Incoming::Nothing => None,
            };
            assert_eq!(code, wanted, "{:?}", &packet[..packet.len().min(20)]);
        }
    }

    #[test]
    fn only_the_answer_to_this_very_question_counts() {
        let other = question(&ask("web.net.", RecordType::A)).with_code(ResponseCode::NoError);
        let question = question(&ask("web.lan.", RecordType::A));
        let mut answer = question.with_code(ResponseCode::NXDomain);
        assert!(question.is_answered_by(&answer, 7));
        assert_eq!(code(&answer), 3);
        assert!(!question.is_answered_by(&answer, 8));
        assert!(!question.is_answered_by(&ask("web.lan.", RecordType::A), 7));
        assert!(!question.is_answered_by(&answer[..8], 7));
        renumber(&mut answer, 9);
        assert!(question.is_answered_by(&answer, 9));
        assert!(!question.is_answered_by(&other, 7));
    }
}

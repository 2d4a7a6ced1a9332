//! What an event of the main thread is about: the number that stands in epoll.

use rustix::event::epoll::{Event, EventData, EventFlags};

/// The kind of the descriptor; the number is its place among those of the kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// The socket on which commands connect.
    Control,
    /// A command.
    Asker,
    /// The init of a container.
    Member,
    /// The way out's helper.
    Stack,
    /// The process that makes the way out anew.
    WayOut,
    /// The host's addresses and routes.
    Host,
    /// The name service's socket for datagrams.
    Datagrams,
    /// The name service's listener.
    Listener,
    /// A client of the name service by TCP.
    Client,
    /// A question to another name server.
    Upstream,
}

const ALL: [Subject; 10] = [
    Subject::Control,
    Subject::Asker,
    Subject::Member,
    Subject::Stack,
    Subject::WayOut,
    Subject::Host,
    Subject::Datagrams,
    Subject::Listener,
    Subject::Client,
    Subject::Upstream,
];

/// What epoll is told.
pub(super) fn data(subject: Subject, at: u32) -> EventData {
    EventData::new_u64((subject as u64) << 32 | u64::from(at))
}

/// What epoll tells.
pub(super) fn read(event: &Event) -> Option<(Subject, u32, EventFlags)> {
    let number = event.data.u64();
    let subject = ALL.get(usize::try_from(number >> 32).ok()?)?;
    Some((*subject, u32::try_from(number & u64::from(u32::MAX)).ok()?, event.flags))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_subject_comes_back() {
        for (number, subject) in ALL.into_iter().enumerate() {
            assert_eq!(subject as usize, number);
            let event = Event { flags: EventFlags::IN, data: data(subject, 7) };
            assert_eq!(read(&event).map(|(subject, at, _)| (subject, at)), Some((subject, 7)));
        }
    }
}

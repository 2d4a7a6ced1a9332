//! Events: said by the use cases, read by `events`.

use super::container::ContainerError;
use super::container::moment::moment;
use super::{Engine, EngineError};
pub use crate::events::Record;
use crate::events::{self, Event, Follower, Status, Subject, Type};
use crate::model::ContainerConfig;
use crate::sys::stamp;
use std::ops::ControlFlow;
use std::time::Duration;

/// Which events are wanted.
#[derive(Clone, Debug, Default)]
pub struct EventsRequest {
    pub filters: Vec<EventFilter>,
    /// Nanoseconds since the epoch.
    pub since: Option<i64>,
    /// Nanoseconds since the epoch; may be to come.
    pub until: Option<i64>,
    /// Wait for more after the last event that is there.
    pub stream: bool,
}

/// One `--filter` of `events`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventFilter {
    /// What happened.
    Status(String),
    /// To what: a kind of thing.
    Type(String),
    /// To what: a thing of a kind, by name or the beginning of its id.
    Of(&'static str, String),
    Label(String, Option<String>),
}

impl EventFilter {
    /// Reads `KEY=VALUE`.
    ///
    /// # Errors
    /// The key is not known.
    pub fn parse(text: &str) -> Result<Self, ContainerError> {
        let invalid = |why| ContainerError::Invalid { what: "the filter", value: text.to_owned(), why };
        let (key, value) = text.split_once('=').ok_or_else(|| invalid("it has to be KEY=VALUE"))?;
        let value = value.to_owned();
        Ok(match key.to_ascii_lowercase().as_str() {
            // Docker's word for the end of a container.
            "event" | "status" if value == "die" => Self::Status(Status::Died.as_str().to_owned()),
            "event" | "status" => Self::Status(value),
            "type" => Self::Type(value),
            "container" => Self::Of("container", value),
            "image" => Self::Of("image", value),
            "volume" => Self::Of("volume", value),
            "secret" => Self::Of("secret", value),
            "pod" => Self::Of("pod", value),
            "network" => Self::Of("network", value),
            "label" => match value.split_once('=') {
                Some((name, wanted)) => Self::Label(name.to_owned(), Some(wanted.to_owned())),
                None => Self::Label(value, None),
            },
            _ => {
                return Err(invalid("the keys are container, event, image, label, network, pod, secret, type and volume"));
            }
        })
    }

    fn accepts(&self, record: &Record) -> bool {
        match self {
            Self::Status(status) => record.status == *status,
            Self::Type(kind) => record.kind == *kind,
            Self::Of("image", name) if record.kind == "container" => record.image == *name,
            Self::Of("network", name) if record.network == *name => record.kind == "network",
            Self::Of(kind, name) => {
                record.kind == *kind && (record.name == *name || (!record.id.is_empty() && record.id.starts_with(name.as_str())))
            }
            Self::Label(name, wanted) => {
                record.attributes.get(name).is_some_and(|value| wanted.as_ref().is_none_or(|wanted| wanted == value))
            }
        }
    }

    /// Filters of one key are alternatives; labels never are.
    fn is_alternative_to(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Status(_), Self::Status(_)) | (Self::Type(_), Self::Type(_)) => true,
            (Self::Of(one, _), Self::Of(two, _)) => one == two,
            (Self::Label(..), _) | (_, Self::Label(..)) => self == other,
            _ => false,
        }
    }
}

impl EventsRequest {
    fn accepts(&self, record: &Record) -> bool {
        self.since.is_none_or(|since| record.time >= since)
            && self.until.is_none_or(|until| record.time <= until)
            && self.filters.iter().all(|filter| {
                self.filters.iter().filter(|other| filter.is_alternative_to(other)).any(|other| other.accepts(record))
            })
    }
}

/// Which way a span without a sign lies from now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lies {
    /// As `--since` takes it.
    Back,
    /// As `--until` takes it.
    Ahead,
}

/// Reads a time, or a span from now; one with a minus sign lies the other way. Both as in Podman.
///
/// # Errors
/// It is neither a time nor a span.
pub fn parse_moment(text: &str, now: i64, lies: Lies) -> Result<i64, ContainerError> {
    let (span, turned) = text.strip_prefix('-').map_or((text, false), |span| (span, true));
    let ahead = (lies == Lies::Ahead) != turned;
    // What depends on now is a span.
    let found = match (moment(span, now), moment(span, 0)) {
        (Some(back), at_zero) if at_zero != Some(back) => {
            Some(if ahead { now.saturating_mul(2).saturating_sub(back) } else { back })
        }
        (found, _) => found.filter(|_| !turned),
    };
    let why = "it has to be a time (2026-01-31T12:00:00Z) or a span (1h30m)";
    found.ok_or_else(|| ContainerError::Invalid { what: "the time", value: text.to_owned(), why })
}

/// What the journal calls a container.
pub(crate) fn subject(config: &ContainerConfig) -> Subject {
    let labels = config.labels.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    Subject::container(config.id.as_str(), &config.name, &config.image_name, labels)
}

impl Engine {
    /// Says that something happened to a container. What cannot be written is lost: nothing fails for want of the journal.
    pub(crate) fn tell(&self, config: &ContainerConfig, status: Status) {
        self.tell_of(&subject(config), status);
    }

    /// Says that something happened to anything; as [`Engine::tell`].
    pub(crate) fn tell_of(&self, subject: &Subject, status: Status) {
        let _ = events::append(&self.paths.events(), &Event::new(subject, status));
    }

    /// Says that something happened to a container at a time in nanoseconds since the epoch; as [`Engine::tell`].
    pub(crate) fn tell_at(&self, config: &ContainerConfig, status: Status, time: i64) {
        let subject = subject(config);
        let event = Event { time: (time > 0).then_some(time), ..Event::new(&subject, status) };
        let _ = events::append(&self.paths.events(), &event);
    }

    /// Says that a program in a container has ended; as [`Engine::tell`].
    pub(crate) fn tell_end(&self, config: &ContainerConfig, status: Status, code: i32) {
        let subject = subject(config);
        let event = Event { exit_code: Some(code), ..Event::new(&subject, status) };
        let _ = events::append(&self.paths.events(), &event);
    }

    /// Says that everything of a kind that nobody used was removed.
    pub(crate) fn tell_prune(&self, kind: Type) {
        self.tell_of(&Subject::all_of(kind), Status::Prune);
    }

    /// Gives the wanted events to `show` in the order of time, until it breaks, there are no more, or `until` is over.
    ///
    /// # Errors
    /// The journal cannot be read or watched.
    pub fn events(&self, request: &EventsRequest, mut show: impl FnMut(&Record) -> ControlFlow<()>) -> Result<(), EngineError> {
        let folder = self.paths.events();
        let fail = |source| EngineError::Journal { path: folder.clone(), source };
        // As in Podman: without a time to begin at, a stream shows what comes, and a listing all that is there.
        let from_start = request.since.is_some() || request.until.is_some() || !request.stream;
        let mut follower = Follower::open(&folder, from_start, request.stream).map_err(fail)?;
        loop {
            for record in follower.read().map_err(fail)? {
                if request.accepts(&record) && show(&record).is_break() {
                    return Ok(());
                }
            }
            let left = request.until.map(|until| until.saturating_sub(stamp::now()));
            if left.is_some_and(|left| left <= 0) {
                return Ok(());
            }
            let patience = left.map(|left| Duration::from_nanos(left.unsigned_abs()));
            let more = follower.wait(patience).map_err(fail)?;
            if !more && (patience.is_none() || !request.stream) {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_of_a_key_are_alternatives_and_keys_and_labels_all_count() {
        let record = Record {
            id: "abcdef".to_owned(),
            name: "web".to_owned(),
            image: "localhost/x:1".to_owned(),
            status: "died".to_owned(),
            kind: "container".to_owned(),
            attributes: [("a".to_owned(), "b".to_owned()), ("c".to_owned(), String::new())].into(),
            ..Record::default()
        };
        for (filters, wanted) in [
            (&[][..], true),
            (&["event=died"], true),
            (&["event=die"], true),
            (&["EVENT=start"], false),
            (&["event=start", "event=died"], true),
            (&["event=died", "type=image"], false),
            (&["container=web"], true),
            (&["container=abc"], true),
            (&["container=eb"], false),
            (&["container=x", "container=web"], true),
            (&["image=localhost/x:1"], true),
            (&["image=abc"], false),
            (&["volume=web"], false),
            (&["label=a"], true),
            (&["label=a=b"], true),
            (&["label=a=c"], false),
            (&["label=a", "label=c"], true),
            (&["label=a", "label=d"], false),
        ] {
            let filters = filters.iter().map(|text| EventFilter::parse(text).expect(text)).collect();
            let request = EventsRequest { filters, ..EventsRequest::default() };
            assert_eq!(request.accepts(&record), wanted, "{:?}", request.filters);
        }
        assert!(EventFilter::parse("nokey=1").is_err());
        assert!(EventFilter::parse("event").is_err());
    }

    #[test]
    fn a_time_may_lie_ahead() {
        let second = 1_000_000_000;
        for (text, since, until) in [("5s", 95, 105), ("-5s", 105, 95), ("20", 20, 20), ("0s", 100, 100)] {
            let read = |lies| parse_moment(text, 100 * second, lies).ok();
            assert_eq!((read(Lies::Back), read(Lies::Ahead)), (Some(since * second), Some(until * second)), "{text}");
        }
        for bad in ["soon", "-20", ""] {
            assert!(parse_moment(bad, 100 * second, Lies::Back).is_err(), "{bad}");
        }
    }
}

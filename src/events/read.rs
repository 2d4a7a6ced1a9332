//! Reading: lines to records.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// One event as the journal holds it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Record {
    #[serde(rename = "ID")]
    pub id: String,
    pub name: String,
    /// The image that a container was made of.
    pub image: String,
    /// The name of a network; the id is its own, or that of the container that joins or leaves it.
    pub network: String,
    pub status: String,
    #[serde(rename = "Type")]
    pub kind: String,
    /// Nanoseconds since the epoch.
    #[serde(deserialize_with = "time")]
    pub time: i64,
    /// A container's labels.
    pub attributes: BTreeMap<String, String>,
    pub container_exit_code: Option<i32>,
    #[serde(rename = "health_status")]
    pub health_status: Option<String>,
}

fn time<'de, D: serde::Deserializer<'de>>(source: D) -> Result<i64, D::Error> {
    let text = String::deserialize(source)?;
    let moment: jiff::Timestamp = text.parse().map_err(serde::de::Error::custom)?;
    i64::try_from(moment.as_nanosecond()).map_err(serde::de::Error::custom)
}

/// An open file of the journal and what was read of it.
#[derive(Debug)]
pub(super) struct Lines {
    file: File,
    /// The beginning of a line whose end is not there yet.
    begun: Vec<u8>,
}

impl Lines {
    /// Opens a file; nothing where there is none.
    pub(super) fn open(path: &Path) -> io::Result<Option<Self>> {
        match File::open(path) {
            Ok(file) => Ok(Some(Self { file, begun: Vec::new() })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Goes to the end: what is there is not wanted.
    pub(super) fn skip(&mut self) -> io::Result<()> {
        io::Seek::seek(&mut self.file, io::SeekFrom::End(0)).map(drop)
    }

    /// Reads what has come since the last reading. A line that is no event (one that a full disk has cut) is passed over.
    pub(super) fn read(&mut self) -> io::Result<Vec<Record>> {
        self.file.read_to_end(&mut self.begun)?;
        let whole = self.begun.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let records = parse(&self.begun[..whole]);
        self.begun.drain(..whole);
        Ok(records)
    }
}

fn parse(bytes: &[u8]) -> Vec<Record> {
    bytes.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::{Event, Status, Subject, append};

    #[test]
    fn what_was_written_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let subject = Subject::container("12", "web", "i", [("a", "b")].into_iter());
        let health = Event { health: Some("healthy"), ..Event::new(&subject, Status::HealthStatus) };
        append(folder.path(), &Event { exit_code: Some(-1), ..Event::new(&subject, Status::Died) }).expect("append");
        append(folder.path(), &health).expect("append");
        let mut lines = Lines::open(&folder.path().join("journal")).expect("open").expect("there");
        let records = lines.read().expect("read");
        let said = records.iter().map(|record| (record.status.as_str(), record.container_exit_code)).collect::<Vec<_>>();
        assert_eq!(said, [("died", Some(-1)), ("health_status", None)]);
        assert_eq!((records[0].id.as_str(), records[0].name.as_str(), records[0].kind.as_str()), ("12", "web", "container"));
        assert_eq!(records[1].attributes["a"], "b");
        assert_eq!(records[1].health_status.as_deref(), Some("healthy"));
        assert!(records[0].time > 1_700_000_000_000_000_000 && records[1].time >= records[0].time);
        assert!(lines.read().expect("read").is_empty());
    }

    #[test]
    fn a_bad_line_costs_itself_alone() {
        let line = r#"{"Type":"volume","Name":"v","Status":"create","Time":"2026-11-21T03:00:00Z"}"#;
        let text = format!("{line}\n{{\"Type\":\"vol\n\n{{}}\n{line}\n");
        let records = parse(text.as_bytes());
        assert_eq!(records.iter().map(|record| record.name.as_str()).filter(|name| *name == "v").count(), 2);
        assert_eq!(records[0].time, 1_795_230_000_000_000_000);
    }
}

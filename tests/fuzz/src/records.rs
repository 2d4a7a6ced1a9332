//! A container's own files: its log, what its first process says on its pipe, and what is said to netd.

use crate::halves;
use coracle::engine::Engine;
use coracle::engine::container::create::{CreateRequest, configure};
use coracle::engine::container::logs::{LogsRequest, LogsSink, Piece};
use coracle::model::{ContainerId, ImageId, ImageRecord};
use coracle::net::netd::message::{Answer, Request};
use coracle::runtime::message::Failure;
use coracle::storage::digest;
use std::io::Write as _;

struct Sink(usize);

impl LogsSink for Sink {
    fn piece(&mut self, _: usize, piece: &Piece<'_>) -> std::io::Result<()> {
        assert!(!piece.text.contains(&b'\n') && !piece.time.contains(char::is_whitespace));
        self.0 += piece.text.len();
        Ok(())
    }

    fn pause(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The log files of a container, the newest first: all of it, and the last lines, which are never more than all.
pub fn log_files(data: &[u8]) {
    let temp = tempfile::tempdir().expect("a folder");
    let paths = coracle::config::Paths::at(temp.path().join("data"), temp.path().join("run"));
    let engine = Engine::open(paths).expect("a store");
    let text = r#"{"architecture":"amd64","os":"linux","config":{"Cmd":["x"]},"rootfs":{"type":"layers","diff_ids":[]}}"#;
    let id = digest::of(text.as_bytes());
    let (manifest, id) = (id.clone(), ImageId::new(id));
    let config = text.to_owned();
    let image = ImageRecord { id, manifest, names: Vec::new(), created: 0, size: 0, layers: Vec::new(), config };
    let request = CreateRequest { image_name: "i".to_owned(), ..CreateRequest::default() };
    let config = configure(&request, &image, ContainerId::from_bytes(&[7; 32]), "c".to_owned()).expect("a container");
    let folder = engine.paths().container(&config.id);
    std::fs::create_dir_all(&folder).expect("a folder");
    let (newest, older) = halves(data);
    std::fs::write(folder.join("ctr.log"), newest).expect("a file");
    std::fs::write(folder.join("ctr.log.1"), older).expect("a file");
    let containers = [config];
    let read = |request: &LogsRequest| {
        let mut sink = Sink(0);
        engine.logs(&containers, request, &mut sink).expect("read a log");
        sink.0
    };
    let all = read(&LogsRequest::default());
    assert!(all <= data.len());
    for tail in [0, 1, 3, u64::MAX] {
        assert!(read(&LogsRequest { tail: Some(tail), ..LogsRequest::default() }) <= all, "tail {tail}");
    }
    let _ = read(&LogsRequest { since: Some(1), until: Some(i64::MAX - 1), ..LogsRequest::default() });
}

/// Bytes of the pipe on which a container's first process tells how far it came, and packets between a command and netd.
pub fn outcomes(data: &[u8]) {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    std::fs::File::from(std::os::fd::OwnedFd::from(writer)).write_all(&data[..data.len().min(8192)]).expect("write");
    let outcome = Failure::receive(reader.into()).expect("read a pipe");
    assert!(format!("{outcome:?}").len() < 64 * 1024);
    if let Ok(request) = serde_json::from_slice::<Request>(data) {
        let again = serde_json::to_vec(&request).expect("write a request");
        serde_json::from_slice::<Request>(&again).expect("read what was written");
    }
    if let Ok(answer) = serde_json::from_slice::<Answer>(data) {
        let again = serde_json::to_vec(&answer).expect("write an answer");
        serde_json::from_slice::<Answer>(&again).expect("read what was written");
    }
}

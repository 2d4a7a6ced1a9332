//! Names, words of the command line, lines of files, messages.

use crate::halves;
use coracle::events::follow::Follower;
use coracle::image::change;
use coracle::image::config::Runtime;
use coracle::image::{Platform, Reference};
use coracle::monitor::args::MonitorArgs;
use coracle::monitor::logs::k8s_file::Record;
use coracle::monitor::protocol::{ClientMessage, MonitorMessage};
use coracle::runtime::users::UserSpec;
use coracle::userns::subid;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

/// A name that is read is written as one that means the same, and makes no odd path.
pub fn reference(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for parse in [Reference::parse, Reference::parse_local] {
        let Ok(reference) = parse(text) else { continue };
        let again = Reference::parse(&reference.to_string()).expect("a name that was written");
        assert_eq!(again, reference);
        let repository = reference.repository();
        assert!(!repository.is_empty() && repository.split('/').all(|part| !part.is_empty() && part != ".." && part != "."));
        assert!(!reference.registry().contains('/') && !reference.to_string().contains(char::is_whitespace));
        let latest = reference.or_latest();
        assert!(latest.tag().is_some() || latest.digest().is_some());
    }
    let _ = Platform::parse(text);
}

/// `import --change`.
pub fn change(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut config = Runtime::default();
    for line in text.lines() {
        let before = config.clone();
        if change::apply(&mut config, line).is_err() {
            // Who asked for it gives up, whatever is done by now.
            config = before;
        }
    }
    let bytes = serde_json::to_vec(&config).expect("write a config");
    let again: Runtime = serde_json::from_slice(&bytes).expect("read what was written");
    assert_eq!(again.cmd, config.cmd);
}

/// Files of passwd and group, and what is looked for: three texts with NUL bytes between.
pub fn users(data: &[u8]) {
    let (spec, rest) = halves(data);
    let (passwd, group) = halves(rest);
    let Ok(spec) = UserSpec::parse(&String::from_utf8_lossy(spec)) else { return };
    if let Ok(user) = spec.look_up(passwd, group) {
        assert!(user.uid != u32::MAX && user.gid != u32::MAX && user.groups.contains(&user.gid));
        assert!(user.home.starts_with('/') && !user.home.contains(['\n', '\0']));
    }
}

/// /etc/subuid.
pub fn subids(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for range in subid::parse(&text, Some("me"), 1000) {
        assert!(range.count > 0 && u64::from(range.start) + u64::from(range.count) <= 1 << 32);
    }
    let _ = subid::free_start(&text);
}

/// The container's log.
pub fn logs(data: &[u8]) {
    for line in data.split(|byte| *byte == b'\n') {
        if let Some(record) = Record::parse(line) {
            assert!(record.text.len() < line.len() && record.time.len() >= 20);
        }
    }
}

/// The journal of events.
pub fn events(data: &[u8]) {
    let temp = tempfile::tempdir().expect("a folder");
    let (older, newer) = halves(data);
    std::fs::write(temp.path().join("journal.1"), older).expect("a file");
    std::fs::write(temp.path().join("journal"), newer).expect("a file");
    let mut follower = Follower::open(temp.path(), true, false).expect("open the journal");
    let records = follower.read().expect("read the journal");
    assert!(records.is_sorted_by_key(|record| record.time));
}

/// Packets of the attach socket, and the arguments of the monitor.
pub fn messages(data: &[u8]) {
    let mut small = [0; 4];
    if let Some(message) = ClientMessage::decode(data) {
        let (kind, payload) = message.encode(&mut small);
        assert_eq!([&[kind], payload].concat(), data);
    }
    let mut small = [0; 4];
    if let Some(message) = MonitorMessage::decode(data) {
        let (kind, payload) = message.encode(&mut small);
        assert_eq!([&[kind], payload].concat(), data);
    }
    let words = data.split(|byte| *byte == 0).map(|word| OsString::from_vec(word.to_vec()));
    if let Ok(args) = MonitorArgs::decode(words) {
        let again = MonitorArgs::decode(args.encode()).expect("arguments that were written");
        assert_eq!(again.encode(), args.encode());
    }
}

/// Words of `create`: the first byte chooses the option, the rest is its value.
pub fn options(data: &[u8]) {
    const OPTIONS: [&str; 36] = [
        "--mount",
        "--volume",
        "--tmpfs",
        "--uidmap",
        "--gidmap",
        "--userns",
        "--publish",
        "--expose",
        "--user",
        "--env",
        "--label",
        "--ulimit",
        "--sysctl",
        "--memory",
        "--cpus",
        "--device",
        "--device-cgroup-rule",
        "--annotation",
        "--security-opt",
        "--cap-add",
        "--network",
        "--ip",
        "--mac-address",
        "--add-host",
        "--dns",
        "--health-cmd",
        "--health-interval",
        "--restart",
        "--stop-signal",
        "--log-opt",
        "--secret",
        "--tz",
        "--hostname",
        "--blkio-weight-device",
        "--shm-size",
        "--cpuset-cpus",
    ];
    let Some((first, value)) = data.split_first() else { return };
    let option = OPTIONS[usize::from(*first) % OPTIONS.len()];
    let value = OsString::from_vec(value.to_vec());
    let words = ["coracle".into(), "create".into(), option.into(), value, "image".into()];
    let _: bool = coracle::cli::understands(words);
}

//! What the kernel, the host's services and the network say.

use crate::halves;
use coracle::engine::container::top;
use coracle::model::idmap::Ranges;
use coracle::model::{IdRange, network};
use coracle::net::{netd, private};
use coracle::runtime::bundle::Bundle;
use coracle::runtime::seccomp::profile;
use coracle::sys::{load, process};

/// Four texts with NUL bytes between: `stat`, `status`, an id map, and names; each is also read as every other file of `/proc`.
pub fn proc(data: &[u8]) {
    let (stat, rest) = halves(data);
    let (status, rest) = halves(rest);
    let (map, names) = halves(rest);
    let fields = process::fields_of(stat).count();
    assert!(fields <= stat.len());
    let _ = load::parse(stat, status, map);
    let _ = top::row_of([stat, status, map, names]);
    for part in [stat, status, map, names] {
        let text = String::from_utf8_lossy(part);
        let _ = load::parse_network(&text);
        let (four, six) = private::interfaces_of(&text, &text);
        assert!([four, six].into_iter().flatten().all(|name| !name.contains(|c: char| c.is_ascii_whitespace())));
        let _ = coracle::cgroup::understands(part);
        let _ = coracle::image::registry::is_challenge(&text);
        below(&text);
    }
}

/// A map that is cut where its parent's runs begin has as many ids as before, in runs that are not empty.
fn below(parent: &str) {
    let whole = IdRange { inside: 0, outside: 10, count: 70_000 };
    let ranges = Ranges::new(vec![whole]).expect("a map");
    let text = ranges.text_below(parent);
    let counts = text.lines().filter_map(|line| line.split(' ').nth(2)?.parse::<u64>().ok());
    let counts: Vec<u64> = counts.collect();
    assert!(counts.iter().sum::<u64>() == 70_000 && counts.iter().all(|count| *count > 0), "{text}");
}

/// Questions to the name service: every one is answered in bounds, or not at all.
pub fn dns(data: &[u8]) {
    for answer in netd::answers(data) {
        assert!(answer.len() >= 12 && answer.len() <= data.len().max(4096), "{}", answer.len());
    }
}

/// `config.json` of an OCI bundle, and a profile of system calls.
pub fn bundle(data: &[u8]) {
    let temp = tempfile::tempdir().expect("a folder");
    std::fs::write(temp.path().join("config.json"), data).expect("a file");
    if let Ok((bundle, filter)) = Bundle::load(temp.path(), None) {
        let _ = bundle.root();
        // Eight bytes an instruction (linux/filter.h).
        assert!(filter.is_none_or(|filter| filter.program.len() % 8 == 0));
    }
    let _ = profile::compile(data, coracle::model::CapSet::default(), "6.1.0-21-amd64");
}

/// The options of `network create`: the first byte chooses one, the rest is its value; with a subnet that it may refer to.
pub fn network(data: &[u8]) {
    use std::os::unix::ffi::OsStringExt as _;
    const OPTIONS: [&str; 10] = [
        "--subnet",
        "--gateway",
        "--ip-range",
        "--route",
        "--opt",
        "--dns",
        "--label",
        "--interface-name",
        "--driver",
        "--ipam-driver",
    ];
    let Some((first, value)) = data.split_first() else { return };
    let option = OPTIONS[usize::from(*first) % OPTIONS.len()];
    let words = ["coracle", "network", "create", "--subnet", "10.1.2.0/24", option].map(Into::into).to_vec();
    let words = words.into_iter().chain([std::ffi::OsString::from_vec(value.to_vec()), "n".into()]);
    let _: bool = coracle::cli::understands(words);
    if let Ok(net) = String::from_utf8_lossy(value).parse::<network::IpNet>() {
        assert!(net.contains(&net.network()) && net.contains(&net.broadcast()));
    }
}

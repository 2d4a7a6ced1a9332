//! Parsers that meet foreign bytes, each as a function of bytes that must not panic, hang, or do what it should not.
//!
//! Two things drive them. Where a nightly compiler is:
//!
//! ```text
//! unshare --user --map-root-user --map-auto cargo +nightly fuzz run --fuzz-dir tests/fuzz --features libfuzzer layer
//! ```
//! And everywhere, from the same seeds but without coverage (`.ci/run` gives each a second, always with the same random numbers;
//! `CORACLE_SEED` is for others):
//!
//! ```text
//! cargo run --manifest-path tests/fuzz/Cargo.toml --bin runner -- [SECONDS [TARGET…]]
//! cargo run --manifest-path tests/fuzz/Cargo.toml --bin runner -- FILE TARGET     one input again
//! ```
//! `layer`, `split` and `archive` make files, in a new folder of `TMPDIR` (a tmpfs is quicker). What they find becomes a unit test
//! beside the parser, and is mended there.

mod documents;
mod kernel;
mod records;
mod seeds;
mod store;
mod tarball;
mod texts;

/// A parser under test.
pub struct Target {
    pub name: &'static str,
    pub run: fn(&[u8]),
    /// Inputs to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All of them.
pub const TARGETS: [Target; 23] = [
    Target { name: "archive", run: store::archive, seeds: seeds::plans },
    Target { name: "auth", run: documents::auth, seeds: seeds::auth },
    Target { name: "bundle", run: kernel::bundle, seeds: seeds::bundle },
    Target { name: "change", run: texts::change, seeds: seeds::change },
    Target { name: "config", run: documents::config, seeds: seeds::config },
    Target { name: "dns", run: kernel::dns, seeds: seeds::dns },
    Target { name: "events", run: texts::events, seeds: seeds::events },
    Target { name: "layer", run: store::layer, seeds: seeds::plans },
    Target { name: "log_files", run: records::log_files, seeds: seeds::log_files },
    Target { name: "logs", run: texts::logs, seeds: seeds::logs },
    Target { name: "manifest", run: documents::manifest, seeds: seeds::manifest },
    Target { name: "messages", run: texts::messages, seeds: seeds::messages },
    Target { name: "network", run: kernel::network, seeds: seeds::network },
    Target { name: "options", run: texts::options, seeds: seeds::options },
    Target { name: "outcomes", run: records::outcomes, seeds: seeds::outcomes },
    Target { name: "policy", run: documents::policy, seeds: seeds::policy },
    Target { name: "proc", run: kernel::proc, seeds: seeds::proc },
    Target { name: "reference", run: texts::reference, seeds: seeds::reference },
    Target { name: "registries", run: documents::registries, seeds: seeds::registries },
    Target { name: "split", run: store::split, seeds: seeds::split },
    Target { name: "subids", run: texts::subids, seeds: seeds::subids },
    Target { name: "tar", run: store::tar, seeds: seeds::plans },
    Target { name: "users", run: texts::users, seeds: seeds::users },
];

/// Runs one target on one input.
pub fn run(name: &str, data: &[u8]) {
    if let Some(target) = TARGETS.iter().find(|target| target.name == name) {
        (target.run)(data);
    }
}

/// Cuts an input in two at its first NUL byte.
fn halves(data: &[u8]) -> (&[u8], &[u8]) {
    let at = data.iter().position(|byte| *byte == 0).unwrap_or(data.len());
    (&data[..at], data.get(at + 1..).unwrap_or_default())
}

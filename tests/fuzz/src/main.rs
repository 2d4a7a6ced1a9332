//! The runner for a stable compiler: changes the inputs that a target begins with, in an order that a number decides.
//!
//! The number is `CORACLE_SEED`, 1 where it is not set: one run does what the last one did, as far as its time goes. A longer look
//! wants another one.

use coracle_fuzz::{TARGETS, Target};
use std::process::ExitCode;
use std::time::{Duration, Instant};

fn main() -> ExitCode {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    let first = if words.is_empty() { "1".to_owned() } else { words.remove(0) };
    let chosen = TARGETS.iter().filter(|target| words.is_empty() || words.iter().any(|word| word == target.name));
    let Ok(seconds) = first.parse() else {
        return match std::fs::read(&first) {
            Ok(data) => {
                chosen.for_each(|target| (target.run)(&data));
                ExitCode::SUCCESS
            }
            Err(error) => {
                eprintln!("{first}: {error}");
                ExitCode::FAILURE
            }
        };
    };
    let seed = match seed() {
        Ok(seed) => seed,
        Err(error) => {
            eprintln!("CORACLE_SEED is no number: {error}");
            return ExitCode::FAILURE;
        }
    };
    println!("CORACLE_SEED={seed}");
    let mut failed = false;
    for target in chosen {
        failed |= !fuzz(target, seed, Duration::from_secs(seconds));
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

#[expect(clippy::disallowed_methods, reason = "the runner reads its own setting")]
fn seed() -> Result<u64, std::num::ParseIntError> {
    std::env::var("CORACLE_SEED").map_or(Ok(1), |text| text.parse())
}

/// Runs one target; false where it failed, with the input in a file.
fn fuzz(target: &Target, seed: u64, time: Duration) -> bool {
    // Small numbers differ in few bits; the generator must not begin at zero.
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut corpus = (target.seeds)();
    let (begin, mut count) = (Instant::now(), 0_u64);
    let mut data = Vec::new();
    while count < corpus.len() as u64 || begin.elapsed() < time {
        data.clone_from(&corpus[random.below(corpus.len())]);
        if count < corpus.len() as u64 {
            data.clone_from(&corpus[usize::try_from(count).unwrap_or(0)]);
        } else {
            for _ in 0..=random.below(4) {
                change(&mut data, &corpus, &mut random);
            }
        }
        if std::panic::catch_unwind(|| (target.run)(&data)).is_err() {
            let path = std::env::temp_dir().join(format!("{}-{}.input", target.name, std::process::id()));
            let kept = std::fs::write(&path, &data);
            eprintln!("{}: failed after {count} inputs; the input is in {} ({kept:?})", target.name, path.display());
            return false;
        }
        // Without coverage nothing tells which input is new; a random walk goes further than one step.
        if random.below(64) == 0 && data.len() < 4096 {
            if corpus.len() < 500 {
                corpus.push(data.clone());
            } else {
                let at = random.below(corpus.len());
                corpus[at].clone_from(&data);
            }
        }
        count += 1;
    }
    println!("{}: {count} inputs", target.name);
    true
}

fn change(data: &mut Vec<u8>, corpus: &[Vec<u8>], random: &mut Random) {
    const WORDS: [&[u8]; 12] =
        [b"0", b"-1", b"4294967295", b"4294967296", b"9223372036854775808", b"..", b"/", b"\0", b"\n", b"\"", b"{}", b"[]"];
    let at = random.below(data.len() + 1);
    match random.below(7) {
        0 if at < data.len() => data[at] = u8::try_from(random.below(256)).unwrap_or(0),
        1 if at < data.len() => data[at] ^= 1 << random.below(8),
        2 => data.insert(at, u8::try_from(random.below(256)).unwrap_or(0)),
        3 if at < data.len() => drop(data.drain(at..(at + 1 + random.below(8)).min(data.len()))),
        4 => {
            let word = WORDS[random.below(WORDS.len())];
            data.splice(at..at, word.iter().copied());
        }
        5 => {
            let other = &corpus[random.below(corpus.len())];
            let from = random.below(other.len() + 1);
            let part = other[from..(from + random.below(64)).min(other.len())].to_vec();
            data.splice(at..at, part);
        }
        _ => data.truncate(at.max(1)),
    }
}

/// xorshift64*: good enough to choose.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let value = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(value).unwrap_or(0) % bound.max(1)
    }
}

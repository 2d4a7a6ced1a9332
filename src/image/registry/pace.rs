//! How slow a registry may be.
//!
//! The client's own time limit is for silence. One that sends a byte now and then is never silent, and never done.

use super::access::Patience;
use super::failure::Failure;
use bytes::Bytes;
use reqwest::Response;
use std::time::{Duration, Instant};

/// At least so many bytes have to come in a second: a modem's worth, on average over the time that a registry may be silent.
const SLOWEST: u64 = 17;

/// What came in the time that was waited for it. The time in which nobody wanted more does not count.
#[derive(Debug)]
pub(super) struct Pace {
    window: Duration,
    waited: Duration,
    bytes: u64,
}

impl Pace {
    pub(super) fn new(patience: Patience) -> Self {
        Self { window: patience.silence, waited: Duration::ZERO, bytes: 0 }
    }

    /// Reads the next part of an answer; nothing at its end.
    pub(super) async fn chunk(&mut self, response: &mut Response) -> Result<Option<Bytes>, Failure> {
        let begin = Instant::now();
        let chunk = response.chunk().await?;
        let came = self.count(begin.elapsed(), chunk.as_ref().map_or(0, |chunk| chunk.len() as u64));
        if chunk.is_some() && !came {
            let (least, seconds) = (self.least(), self.window.as_secs());
            return Err(Failure::Unsafe(format!("it sends less than {least} bytes in {seconds} seconds")));
        }
        Ok(chunk)
    }

    /// Tells whether that is enough.
    fn count(&mut self, waited: Duration, bytes: u64) -> bool {
        self.waited += waited;
        self.bytes += bytes;
        if self.waited < self.window {
            return true;
        }
        self.waited = Duration::ZERO;
        std::mem::take(&mut self.bytes) >= self.least()
    }

    fn least(&self) -> u64 {
        SLOWEST * self.window.as_secs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_a_second_is_too_slow_and_a_thousand_are_not() {
        let second = Duration::from_secs(1);
        let drip = |bytes: u64| {
            let mut pace = Pace::new(Patience::default());
            (0..100).all(|_| pace.count(second, bytes))
        };
        assert!(!drip(1) && !drip(0) && drip(1000));
        let mut pace = Pace::new(Patience::default());
        assert!(pace.count(Duration::from_secs(29), 0) && !pace.count(second, 1) && pace.count(second, 1));
    }
}

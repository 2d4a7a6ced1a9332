//! How slow a registry may be.
//!
//! The client's own time limit is for silence. One that sends a byte now and then is never silent, and never done.

use super::failure::Failure;
use bytes::Bytes;
use reqwest::Response;
use std::time::{Duration, Instant};

/// Of this much time that we waited, at least so many bytes have to come.
const WINDOW: Duration = Duration::from_secs(30);
const SLOWEST: usize = 512;

/// What came in the time that was waited for it. The time in which nobody wanted more does not count.
#[derive(Debug, Default)]
pub(super) struct Pace {
    waited: Duration,
    bytes: usize,
}

impl Pace {
    /// Reads the next part of an answer; nothing at its end.
    pub(super) async fn chunk(&mut self, response: &mut Response) -> Result<Option<Bytes>, Failure> {
        let begin = Instant::now();
        let chunk = response.chunk().await?;
        let came = self.count(begin.elapsed(), chunk.as_ref().map_or(0, Bytes::len));
        if chunk.is_some() && !came {
            return Err(Failure::Unsafe(format!("it sends less than {SLOWEST} bytes in {} seconds", WINDOW.as_secs())));
        }
        Ok(chunk)
    }

    /// Tells whether that is enough.
    fn count(&mut self, waited: Duration, bytes: usize) -> bool {
        self.waited += waited;
        self.bytes += bytes;
        if self.waited < WINDOW {
            return true;
        }
        std::mem::take(self).bytes >= SLOWEST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_a_second_is_too_slow_and_a_thousand_are_not() {
        let second = Duration::from_secs(1);
        let drip = |bytes: usize| {
            let mut pace = Pace::default();
            (0..100).all(|_| pace.count(second, bytes))
        };
        assert!(!drip(1) && !drip(0) && drip(1000));
        let mut pace = Pace::default();
        assert!(pace.count(Duration::from_secs(29), 0) && !pace.count(second, 1) && pace.count(second, 1));
    }
}

//! The time stamps of log lines and events, written without a calendar library: the monitor carries none.

use std::time::SystemTime;

/// The length of a stamp: `2026-11-21T03:00:00.123456789+00:00`.
pub const LEN: usize = 35;

/// Returns the time of day in nanoseconds since the epoch.
#[must_use]
pub fn now() -> i64 {
    // By the C library: rustix's own call ends the process where the kernel's vDSO has no clock (user-mode Linux).
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// Returns the time since boot in nanoseconds, sleep included, to the hundredth of a second: the clock of process start times.
#[must_use]
pub fn since_boot() -> u64 {
    let text = std::fs::read_to_string("/proc/uptime").unwrap_or_default();
    let (seconds, hundredths) = text.split(' ').next().and_then(|first| first.split_once('.')).unwrap_or_default();
    let number = |text: &str| text.parse::<u64>().unwrap_or(0);
    number(seconds) * 1_000_000_000 + number(hundredths) * 10_000_000
}

/// Writes a time, in nanoseconds since the epoch, as RFC 3339 in UTC, with the offset spelled `+00:00` as in Podman's logs.
#[must_use]
pub fn format(time: i64) -> [u8; LEN] {
    let (seconds, nanos) = (time.div_euclid(1_000_000_000), time.rem_euclid(1_000_000_000));
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    let mut out = *b"0000-00-00T00:00:00.000000000+00:00";
    put(&mut out[0..4], year);
    put(&mut out[5..7], month);
    put(&mut out[8..10], day);
    put(&mut out[11..13], second / 3600);
    put(&mut out[14..16], second / 60 % 60);
    put(&mut out[17..19], second % 60);
    put(&mut out[20..29], nanos);
    out
}

/// The date of a day that is counted from 1970-01-01 (Howard Hinnant, "chrono-compatible low-level date algorithms").
fn civil(days: i64) -> (i64, i64, i64) {
    // Years begin in March here, so that the leap day is the last of its year; eras have 400 years.
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// Fills `out` with the last digits of `number`.
fn put(out: &mut [u8], mut number: i64) {
    for digit in out.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number.rem_euclid(10)).unwrap_or(0);
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_was_booted_before() {
        assert!(since_boot() > 0);
    }

    #[test]
    fn stamps_agree_with_a_calendar_library() {
        let days = (0..40_000).map(|day| day * 86_400_000_000_000 + day * 7_654_321_987);
        for time in days.chain([1, 951_782_399_999_999_999]) {
            let expected = jiff::Timestamp::from_nanosecond(i128::from(time)).expect("time");
            let expected = expected.strftime("%Y-%m-%dT%H:%M:%S.%9f+00:00").to_string();
            assert_eq!(String::from_utf8_lossy(&format(time)), expected);
        }
        assert_eq!(&format(1_795_230_000_123_456_789), b"2026-11-21T03:00:00.123456789+00:00");
        assert_eq!(&format(-1), b"1969-12-31T23:59:59.999999999+00:00");
    }
}

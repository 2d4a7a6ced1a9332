//! Points in time as `--since`, `--until` and filters take them.

/// Reads a time (RFC 3339, a date, or seconds since the epoch) or a span before `now` (`90s`, `1h30m`); a time without a zone
/// is UTC. Both `now` and the result are nanoseconds since the epoch. Nothing for what is neither.
#[must_use]
pub fn moment(text: &str, now: i64) -> Option<i64> {
    absolute(text).or_else(|| now.checked_sub(span(text)?))
}

fn absolute(text: &str) -> Option<i64> {
    if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
        return i64::try_from(timestamp.as_nanosecond()).ok();
    }
    if let Ok(date) = text.parse::<jiff::civil::DateTime>() {
        let zoned = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        return i64::try_from(zoned.timestamp().as_nanosecond()).ok();
    }
    decimal(text, 1_000_000_000)
}

/// Reads a span as Go writes them: numbers with units, from hours to nanoseconds. Returns nanoseconds.
#[must_use]
pub fn span(text: &str) -> Option<i64> {
    const UNITS: [(&str, i64); 7] = [
        ("ns", 1),
        ("us", 1000),
        ("µs", 1000),
        ("ms", 1_000_000),
        ("s", 1_000_000_000),
        ("m", 60_000_000_000),
        ("h", 3_600_000_000_000),
    ];
    let mut rest = text;
    let mut total = 0_i64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(digits);
        let end = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let (_, scale) = UNITS.iter().find(|(name, _)| *name == unit)?;
        total = total.checked_add(decimal(number, *scale)?)?;
        rest = after;
    }
    (!text.is_empty()).then_some(total)
}

/// Reads `12` or `12.5` and multiplies, without a float.
fn decimal(text: &str, scale: i64) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    if whole.is_empty() || !text.bytes().all(|b| b.is_ascii_digit() || b == b'.') || part.contains('.') {
        return None;
    }
    let mut value = whole.parse::<i64>().ok()?.checked_mul(scale)?;
    let mut digit_scale = scale;
    for digit in part.bytes() {
        digit_scale /= 10;
        value = value.checked_add(i64::from(digit - b'0') * digit_scale)?;
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_spans_are_read() {
        let (second, now) = (1_000_000_000, 2_000_000_000_000_000_000);
        for (text, value) in [
            ("1h30m", now - 5400 * second),
            ("90s", now - 90 * second),
            ("1.5s", now - 3 * second / 2),
            ("10ms", now - second / 100),
            ("1700000000", 1_700_000_000 * second),
            ("1700000000.25", 1_700_000_000 * second + second / 4),
            ("2026-11-21T00:00:00Z", 1_795_219_200 * second),
            ("2026-11-21T01:00:00+01:00", 1_795_219_200 * second),
            ("2026-11-21T00:00:00", 1_795_219_200 * second),
            ("2026-11-21", 1_795_219_200 * second),
        ] {
            assert_eq!(moment(text, now), Some(value), "{text}");
        }
        for bad in ["", "soon", "10", "h", "1h2", "-5s", "1.2.3s", "5 m", "99999999999999h"] {
            assert!(bad == "10" || moment(bad, now).is_none(), "{bad}");
        }
    }
}

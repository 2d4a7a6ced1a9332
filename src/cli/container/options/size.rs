//! Sizes of files as users write them.

/// Reads a number of bytes with a unit or without: `k`, `kb` … are thousands, as Podman reads log sizes; `kib` … are 1024.
pub(super) fn parse_size(text: &str) -> Option<u64> {
    let lower = text.trim().to_ascii_lowercase();
    let digits = lower.find(|letter: char| !(letter.is_ascii_digit() || letter == '.')).unwrap_or(lower.len());
    let (number, unit) = lower.split_at(digits);
    let (base, power) = match unit.trim() {
        "" | "b" => (1, 0),
        "k" | "kb" => (1000, 1),
        "m" | "mb" => (1000, 2),
        "g" | "gb" => (1000, 3),
        "t" | "tb" => (1000, 4),
        "kib" => (1024, 1),
        "mib" => (1024, 2),
        "gib" => (1024, 3),
        "tib" => (1024, 4),
        _ => return None,
    };
    let scale = u64::pow(base, power);
    match number.split_once('.') {
        None => number.parse::<u64>().ok()?.checked_mul(scale),
        Some((whole, part)) if !part.is_empty() && part.len() <= 9 => {
            let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
            let tenths = part.parse::<u64>().ok()?.checked_mul(scale)? / 10_u64.pow(u32::try_from(part.len()).ok()?);
            whole.checked_mul(scale)?.checked_add(tenths)
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_in_every_spelling() {
        for (text, size) in [
            ("10", Some(10)),
            ("10b", Some(10)),
            ("1k", Some(1000)),
            ("1kB", Some(1000)),
            ("1.5MiB", Some(1_572_864)),
            (".5k", Some(500)),
            ("2GiB", Some(2 << 30)),
            ("1 m", Some(1_000_000)),
            ("", None),
            ("k", None),
            ("1x", None),
            ("1.k", None),
            ("-1", None),
            ("99999999999999t", None),
        ] {
            assert_eq!(parse_size(text), size, "{text:?}");
        }
    }
}

//! `--tmpfs`, and the options of file systems in memory.

use super::{target, words};
use crate::cli::error::CliError;
use crate::model::{Mount, Origin};

/// Reads `TARGET[:OPTIONS]`.
///
/// # Errors
/// The text says what is wrong and how it should look.
pub(super) fn parse(text: &str) -> Result<Mount, CliError> {
    let bad = |why: String| CliError::Usage(format!("invalid tmpfs {text:?}: {why}"));
    let (path, options) = text.split_once(':').unwrap_or((text, ""));
    let mut mount = Mount::new(target(path).map_err(bad)?, Origin::Tmpfs { data: Vec::new(), copy: true });
    let given: Vec<&str> = options.split(',').filter(|word| !word.is_empty()).collect();
    words::check(&given).map_err(bad)?;
    for word in given {
        if !words::propagation(&mut mount, word) {
            option(&mut mount, word).map_err(bad)?;
        }
    }
    Ok(mount)
}

/// Applies one option of a file system in memory.
///
/// # Errors
/// It is not known, or its value cannot be.
pub(super) fn option(mount: &mut Mount, word: &str) -> Result<(), String> {
    if words::apply(mount, word) {
        return Ok(());
    }
    let (Origin::Tmpfs { data, copy } | Origin::Ramfs { data, copy }) = &mut mount.from else {
        return Err(format!("the option {word:?} is not known"));
    };
    match word.split_once('=') {
        None => match word {
            "tmpcopyup" => *copy = true,
            "notmpcopyup" => *copy = false,
            "noswap" | "noatime" => data.push(word.to_owned()),
            // Kernels print these for every mount; there is nothing to do.
            "relatime" | "async" | "rprivate" => {}
            _ => return Err(unknown(word)),
        },
        Some((key, value)) => match key {
            "size" => data.push(format!("size={}", size(value)?)),
            "mode" => match u32::from_str_radix(value, 8) {
                Ok(mode) if mode <= 0o7777 => data.push(format!("mode={mode:o}")),
                _ => return Err(format!("mode={value}: a mode is octal, as 1777")),
            },
            "uid" | "gid" => match value.parse::<u32>() {
                Ok(id) => data.push(format!("{key}={id}")),
                Err(_) => return Err(format!("{key}={value}: an id is a number")),
            },
            "nr_inodes" | "nr_blocks" => match value.strip_suffix(['k', 'm', 'g']).unwrap_or(value).parse::<u64>() {
                Ok(_) => data.push(format!("{key}={value}")),
                Err(_) => return Err(format!("{key}={value}: it takes a number, also with k, m or g")),
            },
            _ => return Err(unknown(word)),
        },
    }
    Ok(())
}

/// A size as the kernel takes it: bytes, a number with k, m or g, or a share of the memory with %.
fn size(text: &str) -> Result<String, String> {
    let good = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let lower = text.to_ascii_lowercase();
    let plain = lower.strip_suffix('b').filter(|rest| rest.ends_with(['k', 'm', 'g'])).unwrap_or(&lower);
    let number = plain.strip_suffix(['b', 'k', 'm', 'g', '%']).unwrap_or(plain);
    if !good(number) {
        return Err(format!("size={text}: a size is a number with k, m, g or %"));
    }
    Ok(plain.strip_suffix('b').unwrap_or(plain).to_owned())
}

fn unknown(word: &str) -> String {
    format!("the option {word:?} is not known (size=, mode=, uid=, gid=, nr_inodes=, ro, rw, noexec, tmpcopyup, notmpcopyup, U)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_memory() {
        let mount = parse("/t/:size=1MB,mode=0755,uid=5,ro,noexec,notmpcopyup").expect("good");
        let data = ["size=1m", "mode=755", "uid=5"].map(str::to_owned).to_vec();
        assert_eq!((mount.target.as_str(), &mount.from), ("/t", &Origin::Tmpfs { data, copy: false }));
        assert!(mount.read_only && !mount.exec);
        assert_eq!(parse("/t").expect("plain").from, Origin::Tmpfs { data: Vec::new(), copy: true });
        for (text, word) in [
            ("t", "absolute"),
            ("/", "root"),
            ("/t:size=big", "size"),
            ("/t:mode=9", "octal"),
            ("/t:ro,rw", "exclude"),
            ("/t:sideways", "sideways"),
            ("/t:uid=me", "number"),
            ("/t:gid=5k", "number"),
            ("/t:nr_inodes=5kk", "number"),
        ] {
            let error = parse(text).expect_err(text).to_string();
            assert!(error.contains(word), "{error}");
        }
    }
}

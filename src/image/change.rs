//! The instructions of `import --change` and `commit --change`: those of a Containerfile that only change the config.

use super::config::Runtime;

/// An instruction that is not understood.
#[derive(Debug, thiserror::Error)]
#[error("cannot apply the change {text:?}: {what}")]
pub struct BadChange {
    text: String,
    what: &'static str,
}

/// Applies one instruction, `CMD ["sh"]` or `ENV A=b`; `CMD=sh` is taken as well, as Podman does.
///
/// # Errors
/// The instruction is unknown or its value has the wrong form.
pub fn apply(config: &mut Runtime, text: &str) -> Result<(), BadChange> {
    let bad = |what| BadChange { text: text.to_owned(), what };
    let trimmed = text.trim();
    let (word, value) = trimmed.split_once(|c: char| c.is_whitespace() || c == '=').ok_or_else(|| bad("it has no value"))?;
    let value = value.trim();
    if value.is_empty() {
        return Err(bad("it has no value"));
    }
    match word.to_ascii_uppercase().as_str() {
        "CMD" => config.cmd = command(value).ok_or_else(|| bad("its value is no JSON list of strings"))?,
        "ENTRYPOINT" => config.entrypoint = command(value).ok_or_else(|| bad("its value is no JSON list of strings"))?,
        "ENV" => {
            for (name, value) in pairs(value).ok_or_else(|| bad("write ENV NAME=value"))? {
                let start = format!("{name}=");
                config.env.retain(|known| !known.starts_with(&start));
                config.env.push(start + &value);
            }
        }
        "LABEL" => config.labels.extend(pairs(value).ok_or_else(|| bad("write LABEL name=value"))?),
        "WORKDIR" if value.starts_with('/') => value.clone_into(&mut config.working_dir),
        "WORKDIR" => return Err(bad("the path must be absolute")),
        "USER" => value.clone_into(&mut config.user),
        "ONBUILD" => config.on_build.push(value.to_owned()),
        "STOPSIGNAL" => value.clone_into(&mut config.stop_signal),
        "EXPOSE" => {
            for port in value.split_ascii_whitespace() {
                let port = port_of(port).ok_or_else(|| bad("write EXPOSE port or port/protocol"))?;
                if !config.exposed_ports.contains(&port) {
                    config.exposed_ports.push(port);
                }
            }
        }
        "VOLUME" => {
            let list = if value.starts_with('[') {
                command(value)
            } else {
                Some(value.split_ascii_whitespace().map(str::to_owned).collect())
            };
            for volume in list.ok_or_else(|| bad("its value is no JSON list of strings"))? {
                if !config.volumes.contains(&volume) {
                    config.volumes.push(volume);
                }
            }
        }
        _ => return Err(bad("use CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME or WORKDIR")),
    }
    Ok(())
}

/// A JSON list is the command itself, anything else is for the shell.
fn command(value: &str) -> Option<Vec<String>> {
    if value.starts_with('[') {
        return serde_json::from_str(value).ok();
    }
    Some(vec!["/bin/sh".to_owned(), "-c".to_owned(), value.to_owned()])
}

/// `A=b C="d e"`, or the old form `A b c` for one pair.
fn pairs(value: &str) -> Option<Vec<(String, String)>> {
    let first = value.split_ascii_whitespace().next()?;
    if !first.contains('=') {
        let (name, rest) = value.split_once(char::is_whitespace)?;
        return Some(vec![(name.to_owned(), rest.trim().to_owned())]);
    }
    words(value)?
        .into_iter()
        .map(|word| word.split_once('=').filter(|(name, _)| !name.is_empty()).map(|(n, v)| (n.to_owned(), v.to_owned())))
        .collect()
}

/// Splits at spaces outside quotes, and takes quotes and backslashes away.
fn words(text: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut quote, mut inside) = (Vec::new(), String::new(), None, false);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            ('\\', None | Some('"')) => word.push(chars.next()?),
            (c, Some(open)) if c == open => quote = None,
            ('"' | '\'', None) => quote = Some(c),
            (c, None) if c.is_whitespace() => {
                if inside {
                    words.push(std::mem::take(&mut word));
                }
                inside = false;
                continue;
            }
            (c, _) => word.push(c),
        }
        inside = true;
    }
    if inside {
        words.push(word);
    }
    quote.is_none().then_some(words)
}

fn port_of(text: &str) -> Option<String> {
    let (port, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let (first, last) = port.split_once('-').unwrap_or((port, port));
    let sound = first.parse::<u16>().ok()? <= last.parse::<u16>().ok()? && matches!(protocol, "tcp" | "udp" | "sctp");
    sound.then(|| format!("{port}/{protocol}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_change_the_config() {
        let mut config = Runtime { env: vec!["A=old".to_owned()], ..Runtime::default() };
        for change in [
            r#"CMD ["sh", "-l"]"#,
            "ENTRYPOINT exec it",
            r#"env A=new B="two words""#,
            "ENV OLD form of it",
            "LABEL a.b=c",
            "WORKDIR /w",
            "USER 33:33",
            "EXPOSE 80 53/udp",
            r#"VOLUME ["/v"]"#,
            "STOPSIGNAL SIGQUIT",
        ] {
            apply(&mut config, change).unwrap();
        }
        assert_eq!(config.cmd, ["sh", "-l"]);
        assert_eq!(config.entrypoint, ["/bin/sh", "-c", "exec it"]);
        assert_eq!(config.env, ["A=new", "B=two words", "OLD=form of it"]);
        assert_eq!(config.exposed_ports, ["80/tcp", "53/udp"]);
        assert_eq!((config.working_dir.as_str(), config.user.as_str(), config.stop_signal.as_str()), ("/w", "33:33", "SIGQUIT"));
        assert_eq!(config.volumes, ["/v"]);
        apply(&mut config, "CMD=/bin/sh").unwrap();
        assert_eq!(config.cmd, ["/bin/sh", "-c", "/bin/sh"]);
        for bad in ["", "CMD", "RUN x", "CMD [1]", "ENV A", "ENV =x", "EXPOSE x", "WORKDIR w", r#"ENV A="x"#] {
            assert!(apply(&mut config, bad).is_err(), "{bad}");
        }
    }
}

//! The environment of a container's first process, put together from its layers.

use super::create::CreateRequest;

/// Podman's default `PATH`.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What is done to the environment beside setting variables.
#[derive(Clone, Debug, Default)]
pub struct EnvironmentChanges {
    /// `NAME=value` below the image's (containers.conf).
    pub usual: Vec<String>,
    /// `NAME=value` of the caller's: above the image's, below what is set by name (`--env-host`, `--http-proxy`).
    pub inherited: Vec<String>,
    /// `NAME=text` where the text may name variables of the image (`--env-merge`).
    pub merged: Vec<String>,
    /// Variables of the image and of ours that shall not be.
    pub unset: Vec<String>,
    pub unset_all: bool,
}

/// Ours, then the image's, then what is inherited, then the user's; each name once. An entry of the image without `=` is nothing
/// (CVE-2026-57231).
pub(super) fn environment(request: &CreateRequest, image: Vec<String>, hostname: &str) -> Vec<String> {
    let changes = &request.environment;
    let mut list: Vec<String> = Vec::new();
    set(&mut list, format!("PATH={DEFAULT_PATH}"));
    let terminal = || format!("TERM={}", request.term.as_deref().unwrap_or("xterm"));
    if request.tty {
        set(&mut list, terminal());
    }
    set(&mut list, "container=coracle".to_owned());
    for entry in &changes.usual {
        set(&mut list, entry.clone());
    }
    for entry in image {
        set(&mut list, entry);
    }
    let merged: Vec<String> = changes.merged.iter().map(|entry| expand(entry, &list)).collect();
    list.retain(|entry| {
        let name = entry.split('=').next().unwrap_or_default();
        !changes.unset_all && !changes.unset.iter().any(|unset| unset == name)
    });
    if request.tty && changes.unset_all {
        set(&mut list, terminal());
    }
    set(&mut list, format!("HOSTNAME={hostname}"));
    for entry in changes.inherited.iter().chain(&request.env).chain(&merged) {
        set(&mut list, entry.clone());
    }
    list
}

/// Sets and takes away variables of a container that is there.
pub(super) fn change(list: &mut Vec<String>, entries: &[String], unset: &[String]) {
    list.retain(|entry| !unset.iter().any(|name| entry.split('=').next() == Some(name)));
    for entry in entries {
        set(list, entry.clone());
    }
}

fn set(list: &mut Vec<String>, entry: String) {
    let Some((name, _)) = entry.split_once('=') else { return };
    if name.is_empty() || entry.contains('\0') {
        return;
    }
    let same = |other: &String| other.split_once('=').is_some_and(|(known, _)| known == name);
    match list.iter().position(same) {
        Some(at) => list[at] = entry,
        None => list.push(entry),
    }
}

/// Replaces `$NAME`, `${NAME}`, `${NAME:-text}` (where it is unset or empty) and `${NAME:+text}` (where it is not) by values from
/// the list; a backslash keeps a dollar.
fn expand(text: &str, list: &[String]) -> String {
    let value = |name: &str| list.iter().find_map(|entry| entry.strip_prefix(name)?.strip_prefix('=')).unwrap_or_default();
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['$', '\\']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        if let Some(after) = from.strip_prefix("\\$") {
            out.push('$');
            rest = after;
        } else if let Some((inner, after)) = from.strip_prefix("${").and_then(|inner| inner.split_once('}')) {
            out.push_str(match (inner.split_once(":-"), inner.split_once(":+")) {
                (Some((name, other)), _) if value(name).is_empty() => other,
                (Some((name, _)), _) => value(name),
                (None, Some((name, other))) if !value(name).is_empty() => other,
                (None, Some(_)) => "",
                (None, None) => value(inner),
            });
            rest = after;
        } else {
            let end =
                from[1..].find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_')).map_or(from.len(), |at| at + 1);
            if from.starts_with('$') && end > 1 {
                out.push_str(value(&from[1..end]));
                rest = &from[end..];
            } else {
                out.push_str(&from[..1]);
                rest = &from[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(list: &[&str]) -> Vec<String> {
        list.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn the_environment_has_each_name_once_and_the_user_wins() {
        let request = CreateRequest {
            env: vec!["A=3".into(), "PATH=/p".into()],
            tty: true,
            term: Some("vt100".into()),
            ..CreateRequest::default()
        };
        let image = vec!["A=1".into(), "SECRET".into(), "*".into(), "=x".into(), "B=b=c".into()];
        let list = environment(&request, image, "h");
        assert_eq!(list, ["PATH=/p", "TERM=vt100", "container=coracle", "A=3", "B=b=c", "HOSTNAME=h"]);
    }

    #[test]
    fn layers_lie_in_podmans_order() {
        let changes = EnvironmentChanges {
            usual: Vec::new(),
            inherited: words(&["A=host", "C=host", "D=host"]),
            merged: words(&["E=${A}-more", "B=$B:x"]),
            unset: words(&["U", "D"]),
            unset_all: false,
        };
        let request = CreateRequest { env: words(&["C=user", "U=user"]), environment: changes, ..CreateRequest::default() };
        let list = environment(&request, words(&["A=image", "B=image", "U=image", "V=image"]), "h");
        for wanted in ["A=host", "B=image:x", "C=user", "D=host", "E=image-more", "U=user", "V=image"] {
            assert!(list.contains(&wanted.to_owned()), "{wanted}: {list:?}");
        }
        let changes = EnvironmentChanges { unset_all: true, ..EnvironmentChanges::default() };
        let request = CreateRequest { env: words(&["C=user"]), environment: changes, ..CreateRequest::default() };
        assert_eq!(environment(&request, words(&["A=image"]), "h"), ["HOSTNAME=h", "C=user"]);
    }

    #[test]
    fn words_are_expanded_as_in_a_shell() {
        let list = words(&["A=1", "AB=2", "EMPTY="]);
        for (text, wanted) in [
            ("X=$A.$AB", "X=1.2"),
            ("X=${A}B$NONE", "X=1B"),
            ("X=${NONE:-d}${EMPTY:-e}${A:-f}", "X=de1"),
            ("X=${A:+y}${NONE:+n}", "X=y"),
            ("X=\\$A \\n", "X=$A \\n"),
            ("X=$ ${A", "X=$ ${A"),
            ("X=5$", "X=5$"),
        ] {
            assert_eq!(expand(text, &list), wanted, "{text}");
        }
    }
}

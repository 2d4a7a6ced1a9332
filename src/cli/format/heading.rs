//! The line of headers above `table TEMPLATE`, from the template's text.

/// Makes the header line: each action becomes the header of the last field that it names; text between actions stays.
pub(super) fn line(template: &str, headers: &[(&str, &str)]) -> String {
    let mut text = String::new();
    let mut rest = template.trim_end_matches('\n');
    // Inside `{{range}}`, `{{if}}` and `{{with}}` the outermost action has named the column.
    let mut depth = 0_usize;
    while let Some((before, (action, after))) =
        rest.split_once("{{").and_then(|(before, tail)| Some((before, tail.split_once("}}")?)))
    {
        if depth == 0 {
            text.push_str(before);
        }
        let action = action.trim_matches(|c: char| c == '-' || c.is_whitespace());
        let word = action.split_whitespace().next().unwrap_or_default();
        let opens = matches!(word, "range" | "if" | "with");
        if word == "end" {
            depth = depth.saturating_sub(1);
        } else if depth == 0
            && let Some(field) = first_field(action)
        {
            let known = headers.iter().find(|(name, _)| *name == field);
            text.push_str(&known.map_or_else(|| capitals(field), |(_, header)| (*header).to_owned()));
        }
        depth += usize::from(opens);
        rest = after;
    }
    text + rest
}

/// Returns the last name of the first field chain of an action: `Labels` of `index .Config.Labels "x"`.
fn first_field(action: &str) -> Option<&str> {
    let mut quote = None;
    let mut before = ' ';
    for (at, c) in action.char_indices() {
        match quote {
            Some(mark) if c == mark => quote = None,
            Some(_) => {}
            None if matches!(c, '"' | '`') => quote = Some(c),
            None if c == '.' && (before.is_whitespace() || matches!(before, '(' | '|' | '=' | '$')) => {
                let chain = &action[at + 1..];
                let end = chain.find(|c: char| !c.is_alphanumeric() && c != '.' && c != '_').unwrap_or(chain.len());
                let last = chain[..end].rsplit('.').find(|name| !name.is_empty());
                if last.is_some() {
                    return last;
                }
            }
            None => {}
        }
        before = c;
    }
    None
}

/// Splits a field's name into words in capitals: `RunningFor` is `RUNNING FOR`, `ImageID` is `IMAGE ID`.
fn capitals(field: &str) -> String {
    let letters: Vec<char> = field.chars().collect();
    let mut text = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let after_small = at > 0 && letters[at - 1].is_lowercase();
        let begins_word = at > 0 && letters[at - 1].is_uppercase() && letters.get(at + 1).is_some_and(|next| next.is_lowercase());
        if letter.is_uppercase() && (after_small || begins_word) {
            text.push(' ');
        }
        text.extend(letter.to_uppercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_come_from_the_fields() {
        let headers = [("ID", "CONTAINER ID")];
        for (template, header) in [
            ("{{.ID}}\t{{.Status}}", "CONTAINER ID\tSTATUS"),
            ("{{ .RunningFor }} {{.ImageID}}-{{.CIDFile}}", "RUNNING FOR IMAGE ID-CID FILE"),
            ("{{json .Names}}", "NAMES"),
            ("{{index .Config.Labels \"a.b\"}}\t{{.}}", "LABELS\t"),
            ("{{range .Mounts}}{{.Source}}, {{end}}\t{{.State}}", "MOUNTS\tSTATE"),
            ("{{.ID | truncate 4}}", "CONTAINER ID"),
            ("{{- .Size -}}", "SIZE"),
            ("no action {{", "no action {{"),
        ] {
            assert_eq!(line(template, &headers), header, "{template}");
        }
    }
}

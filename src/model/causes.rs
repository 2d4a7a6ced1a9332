//! A failure together with what lies below it.

use std::error::Error;
use std::fmt::Write as _;

/// The failure itself and then each cause, down to the first one.
pub fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    })
}

/// The texts of a failure and of its causes in one line: `what failed: why: why that`.
#[must_use]
pub fn with_causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    for cause in causes(error).skip(1) {
        let _ = write!(text, ": {cause}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Above {
        text: &'static str,
        source: Box<dyn Error>,
    }

    #[test]
    fn every_cause_is_in_the_text_once() {
        let lowest: Box<dyn Error> = io::Error::other("no space").into();
        let middle: Box<dyn Error> = Above { text: "write the layer", source: lowest }.into();
        let top = Above { text: "pull", source: middle };
        assert_eq!(with_causes(&top), "pull: write the layer: no space");
        assert_eq!(with_causes(&io::Error::other("alone")), "alone");
        assert!(causes(&top).any(<dyn Error>::is::<io::Error>));
    }
}

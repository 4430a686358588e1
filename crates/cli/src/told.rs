//! Errors, as a human wants to read them: each cause on a line of its own.

use std::{error::Error, fmt::Write as _};

use websockex_nova::{
    session::EndCause,
    transport::{ConnectError, LostReason},
};

/// Says on standard error what went wrong, and why.
pub(crate) fn error(what: &str, cause: &dyn Error) {
    eprintln!("error: {}{}", plain(what), causes(cause));
}

/// Tells the causes of an end, beginning where they become specific.
pub(crate) fn end(what: &str, cause: &EndCause) {
    match cause {
        EndCause::Failed(LostReason::Connect(error))
        | EndCause::Exhausted { last: LostReason::Connect(error), .. } => {
            self::error(what, error);
            if let ConnectError::Refused(refusal) = error {
                tell_of_refusal(&refusal.body_prefix);
            }
        }
        EndCause::Failed(reason) | EndCause::Exhausted { last: reason, .. } => self::error(what, reason),
        cause => self::error(what, cause),
    }
}

/// Servers often say in the body why they refuse.
fn tell_of_refusal(body: &[u8]) {
    let text = String::from_utf8_lossy(body);
    if let Some(line) = text.lines().map(str::trim).find(|line| !line.is_empty()) {
        let shown: String = line.chars().take(LONGEST_QUOTE).collect();
        eprintln!("  the server said: {}", plain(&shown));
    }
}

/// An error and its causes, each on a line of its own.
pub(crate) fn causes(error: &dyn Error) -> String {
    let mut text = String::new();
    let mut last = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let line = plain(&error.to_string());
        // Some libraries repeat their cause; once is enough.
        if line != last {
            // Writing to a string does not fail.
            let _ = write!(text, "\n  because: {line}");
        }
        last = line;
        next = error.source();
    }
    text
}

/// An error and its causes on one line.
pub(crate) fn in_line(error: &dyn Error) -> String {
    let mut text = plain(&error.to_string());
    let mut next = error.source();
    while let Some(error) = next {
        // As above.
        let _ = write!(text, ": {}", plain(&error.to_string()));
        next = error.source();
    }
    text
}

/// The text without control characters: a peer chooses reasons, and must not write on the terminal.
pub(crate) fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    shown
}

/// How much of a refusal is quoted, in characters.
const LONGEST_QUOTE: usize = 200;

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the link broke")]
    struct Broke(#[source] io::Error);

    #[test]
    fn every_cause_has_its_line() {
        let error = Broke(io::Error::other("cable cut"));
        assert_eq!(causes(&error), "\n  because: the link broke\n  because: cable cut");
        assert_eq!(in_line(&error), "the link broke: cable cut");
    }

    #[test]
    fn a_peer_cannot_write_on_the_terminal() {
        assert_eq!(plain("bye\u{1b}[2J\r\nok"), "bye\\u{1b}[2J\\r\\nok");
    }
}

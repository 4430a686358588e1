//! Lines of standard input, bounded and numbered.

use std::{
    io::{self, BufRead},
    sync::{
        Arc,
        atomic::{
            AtomicU64,
            Ordering::{Acquire, Release},
        },
    },
    thread,
};

use tokio::sync::mpsc;

/// One line, its end taken off.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Line {
    /// The first is 1.
    pub(super) number: u64,
    pub(super) content: Result<String, Unusable>,
}

/// Why a line cannot be sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum Unusable {
    #[error("it is longer than {} MiB", LONGEST_BYTES >> 20)]
    TooLong,
    #[error("it is not UTF-8")]
    NotText,
}

/// The lines of standard input. A few are read ahead; the rest stays where it is until there is
/// room.
///
/// A thread of its own reads them: a read from a terminal cannot be called back, and must not hold
/// up the end of the program. It ends with the process.
#[derive(Debug)]
pub(super) struct Input {
    lines: mpsc::Receiver<Line>,
    read: Arc<AtomicU64>,
}

impl Input {
    /// Begins to read.
    pub(super) fn begin() -> Self {
        let (sender, lines) = mpsc::channel(AHEAD);
        let read = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&read);
        thread::spawn(move || {
            let mut input = io::stdin().lock();
            for number in 1.. {
                let content = match read_line(&mut input, LONGEST_BYTES) {
                    Ok(Some(content)) => content,
                    Ok(None) => return,
                    Err(error) => return crate::told::error("standard input cannot be read", &error),
                };
                counter.store(number, Release);
                if sender.blocking_send(Line { number, content }).is_err() {
                    return;
                }
            }
        });
        Self { lines, read }
    }

    /// The next line; `None` at the end of input.
    pub(super) async fn next(&mut self) -> Option<Line> {
        self.lines.recv().await
    }

    /// The number of the last line that was read, whether it was taken or not.
    pub(super) fn last_read(&self) -> u64 {
        self.read.load(Acquire)
    }
}

/// The next line without its end; `None` at the end of input. Of a line that is too long nothing is
/// kept.
fn read_line(input: &mut impl BufRead, longest: usize) -> io::Result<Option<Result<String, Unusable>>> {
    let mut line = Vec::new();
    let (mut is_too_long, mut is_anything) = (false, false);
    loop {
        let chunk = match input.fill_buf() {
            Ok(chunk) => chunk,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if chunk.is_empty() {
            break;
        }
        is_anything = true;
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let part = &chunk[..end.unwrap_or(chunk.len())];
        is_too_long |= line.len() + part.len() > longest;
        if is_too_long {
            line = Vec::new();
        } else {
            line.extend_from_slice(part);
        }
        let taken = end.map_or(chunk.len(), |end| end + 1);
        input.consume(taken);
        if end.is_some() {
            break;
        }
    }
    if !is_anything {
        return Ok(None);
    }
    if is_too_long {
        return Ok(Some(Err(Unusable::TooLong)));
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(Some(String::from_utf8(line).map_err(|_| Unusable::NotText)))
}

/// The bound of a session for one message.
const LONGEST_BYTES: usize = 16 << 20;

/// Lines that may be read before those ahead of them are sent.
const AHEAD: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(mut input: &[u8], longest: usize) -> Vec<Result<String, Unusable>> {
        let next = || read_line(&mut input, longest).unwrap();
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn lines_lose_their_ends_and_nothing_else() {
        let lines = read_all(b" a b \r\n\n\rc\nlast", 100);
        assert_eq!(lines, [" a b ", "", "\rc", "last"].map(|line| Ok(line.to_owned())));
        assert!(read_all(b"", 100).is_empty());
    }

    #[test]
    fn a_line_that_cannot_be_sent_does_not_take_the_next_with_it() {
        let lines = read_all(b"1234\n12345\n\xFF\nnext", 4);
        let wanted =
            [Ok("1234".to_owned()), Err(Unusable::TooLong), Err(Unusable::NotText), Ok("next".into())];
        assert_eq!(lines, wanted);
    }

    #[test]
    fn a_line_that_never_ends_is_not_kept() {
        let endless = io::Read::take(io::repeat(b'x'), 1 << 20);
        let mut input = io::BufReader::with_capacity(1000, endless);
        assert_eq!(read_line(&mut input, 5000).unwrap(), Some(Err(Unusable::TooLong)));
        assert_eq!(read_line(&mut input, 5000).unwrap(), None);
    }
}

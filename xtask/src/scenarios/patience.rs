//! A program that may never end, run for a limited time.

use std::{
    io::{self, Read},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// What a program wrote to its standard output, and whether it ended by itself.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) said: String,
    pub(super) is_in_time: bool,
}

/// Runs a program, and ends it once its time is over.
pub(super) fn run_within(mut command: Command, limit: Duration) -> io::Result<Ended> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let mut stdout = child.stdout.take().expect("it is piped");
    let reader = thread::spawn(move || {
        let mut said = Vec::new();
        stdout.read_to_end(&mut said).map(|_| said)
    });
    let end = Instant::now() + limit;
    let is_in_time = loop {
        if child.try_wait()?.is_some() {
            break true;
        }
        if Instant::now() >= end {
            child.kill()?;
            child.wait()?;
            break false;
        }
        thread::sleep(GLANCE);
    };
    let said = reader.join().expect("reading does not panic")?;
    Ok(Ended { said: String::from_utf8_lossy(&said).into_owned(), is_in_time })
}

/// How often it is looked after: rarely enough to cost nothing.
const GLANCE: Duration = Duration::from_millis(20);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_ends_is_waited_for() -> io::Result<()> {
        let mut command = Command::new("echo");
        command.arg("word");
        let Ended { said, is_in_time } = run_within(command, Duration::from_secs(60))?;
        assert_eq!((said.trim(), is_in_time), ("word", true));
        Ok(())
    }

    #[test]
    fn a_program_that_does_not_end_is_ended() -> io::Result<()> {
        let mut command = Command::new("sleep");
        command.arg("1000");
        let ended = run_within(command, Duration::from_millis(50))?;
        assert!(!ended.is_in_time);
        Ok(())
    }
}

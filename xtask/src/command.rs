//! The commands and how they are written.

/// What there is to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Command {
    Ci { require_all: bool },
    Layers,
    Features,
    Test,
    Repeat { times: u32 },
    Fuzz { seconds: u32 },
    Consumers,
    Deny,
    Help,
}

pub(crate) const HELP: &str = "\
Maintenance commands of the workspace.

Usage: cargo xtask <COMMAND>

  ci [--require-all]    everything a change must pass, stopping at the first failure;
                        with --require-all a missing tool is a failure
  test                  the ordinary tests, doc tests included
  repeat <N>            the ordinary tests N times over without compiling in between (no doc tests),
                        stopping at the first failure
  layers                whether the crates name only what their layer may name
  features              every feature of every crate alone, and none
  consumers             the programs in tests/consumers, which use the crates from outside
  deny                  licences, sources and advisories of all dependencies, by cargo-deny
  fuzz [--seconds <N>]  each target in tests/fuzz for N seconds (default: 30)
  help                  this text";

/// Reads a command from the words behind `cargo xtask`.
pub(crate) fn parse(words: impl IntoIterator<Item = String>) -> Result<Command, Mistake> {
    let words: Vec<String> = words.into_iter().collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] | ["help" | "-h" | "--help"] => Ok(Command::Help),
        ["ci"] => Ok(Command::Ci { require_all: false }),
        ["ci", "--require-all"] => Ok(Command::Ci { require_all: true }),
        ["layers"] => Ok(Command::Layers),
        ["features"] => Ok(Command::Features),
        ["test"] => Ok(Command::Test),
        ["repeat", times] => Ok(Command::Repeat { times: number(times)? }),
        ["fuzz"] => Ok(Command::Fuzz { seconds: 30 }),
        ["fuzz", "--seconds", seconds] => Ok(Command::Fuzz { seconds: number(seconds)? }),
        ["consumers"] => Ok(Command::Consumers),
        ["deny"] => Ok(Command::Deny),
        unknown => Err(Mistake::Unknown(unknown.join(" "))),
    }
}

fn number(word: &str) -> Result<u32, Mistake> {
    match word.parse() {
        Ok(0) | Err(_) => Err(Mistake::NoNumber(word.to_owned())),
        Ok(number) => Ok(number),
    }
}

/// Why the words are no command.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Mistake {
    #[error("there is no command \"{0}\"")]
    Unknown(String),
    #[error("\"{0}\" is no number above zero")]
    NoNumber(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, Mistake> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn commands_are_read_with_their_options() {
        assert_eq!(parsed("ci --require-all"), Ok(Command::Ci { require_all: true }));
        assert_eq!(parsed("repeat 20"), Ok(Command::Repeat { times: 20 }));
        assert_eq!(parsed("fuzz --seconds 5"), Ok(Command::Fuzz { seconds: 5 }));
        assert_eq!(parsed(""), Ok(Command::Help));
    }

    #[test]
    fn words_that_mean_nothing_are_not_ignored() {
        assert_eq!(parsed("test --fast"), Err(Mistake::Unknown("test --fast".to_owned())));
        assert_eq!(parsed("repeat 0"), Err(Mistake::NoNumber("0".to_owned())));
        assert_eq!(parsed("fuzz --seconds long"), Err(Mistake::NoNumber("long".to_owned())));
    }

    #[test]
    fn help_names_every_command() {
        for command in ["ci", "test", "repeat", "layers", "features", "consumers", "deny", "fuzz"] {
            assert!(HELP.contains(&format!("\n  {command} ")), "{command}");
        }
    }
}

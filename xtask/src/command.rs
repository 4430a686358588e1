//! The commands and how they are written.

use std::str::FromStr;

use crate::{autobahn::Extent, ci, mutants::Shard, step::Manner};

/// What there is to do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Command {
    Ci { extent: ci::Extent, manner: Manner },
    Coverage,
    Api,
    WriteApi,
    Semver { since: String },
    Mutants { package: Option<String>, shard: Option<Shard> },
    Miri,
    Seeded,
    Release,
    RehearseRelease,
    Layers,
    Features,
    Test,
    Repeat { times: u32 },
    Fuzz { seconds: u32 },
    Consumers,
    Deny,
    Events,
    WriteEvents,
    Alerts { require_all: bool },
    Secrets,
    Scenarios,
    WriteScenarios,
    ProveScenarios { only: Option<u8> },
    Sim { seeds: u32, first: u64 },
    Replay { seed: u64 },
    Soak { minutes: u32 },
    Stress { times: u32 },
    Bench { long: bool },
    Counts,
    WriteCounts,
    Autobahn { extent: Extent },
    Book,
    DrawBook,
    NewAdapter { name: String, out: Option<String> },
    Template,
    Help,
}

pub(crate) const HELP: &str = "\
Maintenance commands of the workspace.

Usage: cargo xtask <COMMAND>

  ci [--full] [--only <STEP>] [--require-all] [--keep-going]
                        everything a change must pass, stopping at the first failure; with --full also
                        what takes long (coverage, autobahn); with --only one step;
                        with --require-all a missing tool is a failure; with --keep-going a failure does
                        not end the run, and all are told at its end
  test                  the ordinary tests, doc tests included
  repeat <N>            the ordinary tests N times over without compiling in between (no doc tests),
                        stopping at the first failure
  layers                whether the crates name only what their layer may name
  features              every feature of every crate alone, and none
  consumers             the programs in tests/consumers, which use the crates from outside
  deny                  licences, sources and advisories of all dependencies, by cargo-deny
  events [--write]      prints the catalogues of events and metrics; with --write, writes the page in the
                        docs instead
  alerts [--require-all]
                        the rules of alerts, the dashboard and the runbook against the catalogue, and by
                        promtool; with --require-all its absence is a failure
  coverage              how much of the code the tests run, crate by crate, against its thresholds
  api [--write]         the public API against the listings in docs/api; with --write, writes them
  semver --since <REV>  whether the public API changed as the version says, compared with a revision
  seeded                plants a mistake of each kind in a small workspace, and expects the checks to fail
  miri                  the tests of the crates without IO under Miri
  mutants [--package <P>] [--shard <I>/<N>]
                        changes the code of frame-codec and session, or of one package, in many small
                        ways, and expects the tests to notice each (hours; 0/4 is the first of four parts)
  release [--dry-run]   the commands of a release; with --dry-run, makes the package of each crate and
                        builds it from that
  fuzz [--seconds <N>]  each target in tests/fuzz for N seconds (default: 30)
  secrets               whether anything that the last `cargo xtask test` caught or printed shows a secret
  scenarios [--write]   runs the tests of all scenarios and prints which test covers which; with --write,
                        writes the page in the docs instead
  scenarios --prove [<N>]
                        breaks the code for each scenario, or for one, and expects its tests to notice
  sim [--seeds <N>] [--seed <S>]
                        that many random lives in virtual time (default: 2000), from this seed on;
                        with --seed alone, replays one and prints all that happened in it
  soak [--minutes <N>]  long runs over sockets and in virtual time (default: 10)
  stress [--times <N>]  storms of reconnections, subscriptions that come and go, slow consumers and a crowd of
                        connections, N times as much as in the ordinary tests (default: 20)
  bench [--long]        our client beside its peers, into the page in the docs (minutes); with --long, more
                        loads and rounds (an hour)
  bench --counts [--write]
                        what one message of ours takes, by valgrind, against bench/counts.toml; with
                        --write, writes that file instead
  autobahn [--fast]     the Autobahn testsuite against each transport (ten minutes); with --fast, the
                        categories that take seconds
  book [--draw]         the pages, pictures and programs of the book in docs, and mdbook's build of it; with
                        --draw, draws the pictures from their texts instead, by Graphviz
  new-adapter <NAME> [--out <FOLDER>]
                        writes the crate crates/adapter-NAME to start an adapter from, or one that stands
                        alone in a folder elsewhere
  template              writes such crates in a copy of the workspace and beside it, and tries them
  help                  this text";

/// Reads a command from the words behind `cargo xtask`.
pub(crate) fn parse(words: impl IntoIterator<Item = String>) -> Result<Command, Mistake> {
    let words: Vec<String> = words.into_iter().collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] | ["help" | "-h" | "--help"] => Ok(Command::Help),
        ["ci", options @ ..] => ci(options).ok_or_else(|| Mistake::Unknown(words.join(" "))),
        ["coverage"] => Ok(Command::Coverage),
        ["api"] => Ok(Command::Api),
        ["api", "--write"] => Ok(Command::WriteApi),
        ["semver", "--since", since] => Ok(Command::Semver { since: (*since).to_owned() }),
        ["seeded"] => Ok(Command::Seeded),
        ["miri"] => Ok(Command::Miri),
        ["mutants", options @ ..] => mutants(options).ok_or_else(|| Mistake::Unknown(words.join(" "))),
        ["release"] => Ok(Command::Release),
        ["release", "--dry-run"] => Ok(Command::RehearseRelease),
        ["layers"] => Ok(Command::Layers),
        ["features"] => Ok(Command::Features),
        ["test"] => Ok(Command::Test),
        ["repeat", times] => Ok(Command::Repeat { times: number(times)? }),
        ["fuzz"] => Ok(Command::Fuzz { seconds: 30 }),
        ["fuzz", "--seconds", seconds] => Ok(Command::Fuzz { seconds: number(seconds)? }),
        ["secrets"] => Ok(Command::Secrets),
        ["scenarios"] => Ok(Command::Scenarios),
        ["scenarios", "--write"] => Ok(Command::WriteScenarios),
        ["scenarios", "--prove"] => Ok(Command::ProveScenarios { only: None }),
        ["scenarios", "--prove", row] => Ok(Command::ProveScenarios { only: Some(number(row)?) }),
        ["sim"] => Ok(Command::Sim { seeds: 2_000, first: 1 }),
        ["sim", "--seeds", seeds] => Ok(Command::Sim { seeds: number(seeds)?, first: 1 }),
        ["sim", "--seeds", seeds, "--seed", first] => {
            Ok(Command::Sim { seeds: number(seeds)?, first: seed(first)? })
        }
        ["sim", "--seed", replayed] => Ok(Command::Replay { seed: seed(replayed)? }),
        ["soak"] => Ok(Command::Soak { minutes: 10 }),
        ["soak", "--minutes", minutes] => Ok(Command::Soak { minutes: number(minutes)? }),
        ["stress"] => Ok(Command::Stress { times: 20 }),
        ["stress", "--times", times] => Ok(Command::Stress { times: number(times)? }),
        ["bench"] => Ok(Command::Bench { long: false }),
        ["bench", "--long"] => Ok(Command::Bench { long: true }),
        ["bench", "--counts"] => Ok(Command::Counts),
        ["bench", "--counts", "--write"] => Ok(Command::WriteCounts),
        ["autobahn"] => Ok(Command::Autobahn { extent: Extent::Whole }),
        ["autobahn", "--fast"] => Ok(Command::Autobahn { extent: Extent::Fast }),
        ["book"] => Ok(Command::Book),
        ["book", "--draw"] => Ok(Command::DrawBook),
        ["consumers"] => Ok(Command::Consumers),
        ["deny"] => Ok(Command::Deny),
        ["events"] => Ok(Command::Events),
        ["events", "--write"] => Ok(Command::WriteEvents),
        ["alerts"] => Ok(Command::Alerts { require_all: false }),
        ["alerts", "--require-all"] => Ok(Command::Alerts { require_all: true }),
        ["new-adapter", name] => Ok(Command::NewAdapter { name: (*name).to_owned(), out: None }),
        ["new-adapter", name, "--out", out] => {
            Ok(Command::NewAdapter { name: (*name).to_owned(), out: Some((*out).to_owned()) })
        }
        ["template"] => Ok(Command::Template),
        unknown => Err(Mistake::Unknown(unknown.join(" "))),
    }
}

fn ci(options: &[&str]) -> Option<Command> {
    let (mut extent, mut manner) = (ci::Extent::Usual, Manner::default());
    let mut options = options.iter();
    while let Some(option) = options.next() {
        match (*option, extent) {
            ("--full", ci::Extent::Usual) => extent = ci::Extent::Full,
            ("--only", ci::Extent::Usual) => extent = ci::Extent::Only(ci::named(options.next()?)?),
            ("--require-all", _) if !manner.require_all => manner.require_all = true,
            ("--keep-going", _) if !manner.keep_going => manner.keep_going = true,
            _ => return None,
        }
    }
    Some(Command::Ci { extent, manner })
}

fn mutants(options: &[&str]) -> Option<Command> {
    let (mut package, mut shard) = (None, None);
    for option in options.chunks(2) {
        match option {
            ["--package", name] if package.is_none() => package = Some((*name).to_owned()),
            ["--shard", part] if shard.is_none() => shard = Some(part.parse().ok()?),
            _ => return None,
        }
    }
    Some(Command::Mutants { package, shard })
}

fn number<N: FromStr + Default + PartialEq>(word: &str) -> Result<N, Mistake> {
    let number = word.parse().ok().filter(|number| *number != N::default());
    number.ok_or_else(|| Mistake::NoNumber(word.to_owned()))
}

/// Any number is a seed.
fn seed(word: &str) -> Result<u64, Mistake> {
    word.parse().map_err(|_| Mistake::NoSeed(word.to_owned()))
}

/// Why the words are no command.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Mistake {
    #[error("there is no command \"{0}\"")]
    Unknown(String),
    #[error("\"{0}\" is no number above zero")]
    NoNumber(String),
    #[error("\"{0}\" is no seed")]
    NoSeed(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, Mistake> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn commands_are_read_with_their_options() {
        let default = Manner::default();
        let strict = Manner { require_all: true, ..default };
        let usual = |manner| Ok(Command::Ci { extent: ci::Extent::Usual, manner });
        assert_eq!((parsed("ci"), parsed("ci --require-all")), (usual(default), usual(strict)));
        let patient = Manner { keep_going: true, ..strict };
        let full = Command::Ci { extent: ci::Extent::Full, manner: patient };
        assert_eq!(parsed("ci --full --require-all --keep-going"), Ok(full));
        let only = Command::Ci { extent: ci::Extent::Only("layers"), manner: default };
        assert_eq!(parsed("ci --only layers"), Ok(only));
        let part = Command::Mutants { package: Some("nova-session".to_owned()), shard: "1/4".parse().ok() };
        assert_eq!(parsed("mutants --package nova-session --shard 1/4"), Ok(part));
        assert_eq!(parsed("release --dry-run"), Ok(Command::RehearseRelease));
        assert_eq!(parsed("repeat 20"), Ok(Command::Repeat { times: 20 }));
        assert_eq!(parsed("fuzz --seconds 5"), Ok(Command::Fuzz { seconds: 5 }));
        assert_eq!(parsed("scenarios --prove 35"), Ok(Command::ProveScenarios { only: Some(35) }));
        assert_eq!(parsed("events --write"), Ok(Command::WriteEvents));
        assert_eq!(parsed("alerts --require-all"), Ok(Command::Alerts { require_all: true }));
        assert_eq!(parsed("sim --seeds 5 --seed 0"), Ok(Command::Sim { seeds: 5, first: 0 }));
        assert_eq!(parsed("bench --counts --write"), Ok(Command::WriteCounts));
        assert_eq!(parsed("sim --seed 7"), Ok(Command::Replay { seed: 7 }));
        let named = |out: Option<&str>| Command::NewAdapter { name: "acme".into(), out: out.map(Into::into) };
        assert_eq!(parsed("new-adapter acme"), Ok(named(None)));
        assert_eq!(parsed("new-adapter acme --out ../acme"), Ok(named(Some("../acme"))));
        assert_eq!(parsed(""), Ok(Command::Help));
    }

    #[test]
    fn words_that_mean_nothing_are_not_ignored() {
        assert_eq!(parsed("test --fast"), Err(Mistake::Unknown("test --fast".to_owned())));
        for line in ["ci --only luck", "ci --full --only format", "mutants --shard 4/4", "mutants --shard"] {
            assert_eq!(parsed(line), Err(Mistake::Unknown(line.to_owned())));
        }
        assert_eq!(parsed("repeat 0"), Err(Mistake::NoNumber("0".to_owned())));
        assert_eq!(parsed("sim --seed x"), Err(Mistake::NoSeed("x".to_owned())));
        assert_eq!(parsed("fuzz --seconds long"), Err(Mistake::NoNumber("long".to_owned())));
    }

    #[test]
    fn help_names_every_command() {
        let checks = ["ci", "test", "repeat", "layers", "features", "consumers", "deny", "fuzz"];
        let further = ["coverage", "api", "semver", "seeded", "miri", "mutants", "release", "stress", "book"];
        for command in further {
            assert!(HELP.contains(&format!("\n  {command} ")), "{command}");
        }
        let others = [
            "alerts",
            "autobahn",
            "bench",
            "events",
            "new-adapter",
            "scenarios",
            "secrets",
            "sim",
            "soak",
            "template",
        ];
        for command in checks.into_iter().chain(others) {
            assert!(HELP.contains(&format!("\n  {command} ")), "{command}");
        }
    }
}

//! The programs in `tests/consumers`: each uses a crate as a stranger would, from outside of the
//! workspace, with nothing else of ours at hand.

use std::{error::Error, fs, path::Path};

use crate::{step::Outcome, workspace::Workspace};

/// A program, and what must not be in its tree of dependencies.
struct Consumer {
    folder: &'static str,
    without: &'static [&'static str],
}

const CONSUMERS: [Consumer; 4] = [
    Consumer { folder: "codec-only", without: &["tokio", "http", "url", "serde", "tracing"] },
    Consumer { folder: "session-only", without: &["tokio", "mio", "hyper", "nova-testkit"] },
    Consumer { folder: "macros-only", without: &["websockex-nova", "hyper", "toml_edit", "nova-testkit"] },
    // Both are unmaintained, and a user's own check of advisories would fail on them.
    Consumer { folder: "facade", without: &["backoff", "instant", "nova-testkit"] },
];

/// Runs each of them.
pub(crate) fn run(workspace: &Workspace) -> Result<Outcome, Box<dyn Error>> {
    for consumer in &CONSUMERS {
        let folder = workspace.path("tests/consumers").join(consumer.folder);
        // Their lock is the workspace's, cut down to what they need: the versions are those that were
        // tested, and nothing is fetched that is not there already.
        fs::copy(workspace.path("Cargo.lock"), folder.join("Cargo.lock"))?;
        check_tree(workspace, consumer, &folder)?;
        println!("{}: nothing of {}", consumer.folder, consumer.without.join(", "));
        let run = workspace.cargo(["run", "--quiet"]).within(&folder);
        run.env("CARGO_TARGET_DIR", workspace.path("target")).run()?;
    }
    Ok(Outcome::Passed)
}

fn check_tree(workspace: &Workspace, consumer: &Consumer, folder: &Path) -> Result<(), Box<dyn Error>> {
    let tree = workspace.cargo(["tree", "--edges", "normal", "--prefix", "none"]).within(folder).read()?;
    match unwanted(&tree, consumer.without) {
        Some(package) => Err(format!("`{}` has {package} in its tree:\n{tree}", consumer.folder).into()),
        None => Ok(()),
    }
}

/// The first package of a tree that should not be there.
fn unwanted<'a>(tree: &str, without: &[&'a str]) -> Option<&'a str> {
    let mut names = tree.lines().filter_map(|line| line.split_whitespace().next());
    names.find_map(|name| without.iter().find(|unwanted| **unwanted == name)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "\
app v0.1.0 (/somewhere)
nova-connect v0.1.0 (/elsewhere)
tokio-rustls v0.26.6
tokio v1.54.1
tokio v1.54.1 (*)";

    #[test]
    fn unwanted_package_is_found() {
        assert_eq!(unwanted(TREE, &["hyper", "tokio"]), Some("tokio"));
    }

    #[test]
    fn package_whose_name_only_begins_alike_is_not() {
        assert_eq!(unwanted(TREE, &["tok", "nova", "rustls"]), None);
    }
}

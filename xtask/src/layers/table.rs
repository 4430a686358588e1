//! Who may name whom, bottom to top. Crates that do not exist yet have their row already.

/// One crate of the workspace.
#[derive(Debug)]
pub(super) struct Row {
    /// The folder it lies in.
    pub(super) folder: &'static str,
    pub(super) kind: Kind,
    /// The folders of the crates it may name.
    pub(super) may_name: &'static [&'static str],
}

/// What a crate is, as far as the rules differ.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// A library that needs no asynchronous runtime, by whatever detour.
    Pure,
    /// A library.
    Library,
    /// Nobody depends on it: a program or a set of tests.
    Program,
}

impl Row {
    /// The row of the crate in this folder. Adapters need none of their own: one rule holds for all
    /// that have none.
    pub(super) fn of(folder: &str) -> Option<&'static Self> {
        let own = ROWS.iter().find(|row| row.folder == folder);
        own.or_else(|| folder.starts_with("adapter-").then_some(&ANY_ADAPTER))
    }
}

/// The name of the package in a folder: the folder's with a prefix, two aside.
pub(super) fn package(folder: &str) -> String {
    match folder {
        "facade" => "websockex-nova".to_owned(),
        "xtask" => "xtask".to_owned(),
        folder => format!("nova-{folder}"),
    }
}

/// What an adapter may name, whoever writes it.
static ANY_ADAPTER: Row = pure("adapter-*", &["behaviour", "ratelimit", "transport", "frame-codec"]);

pub(super) const ROWS: &[Row] = &[
    pure("frame-codec", &[]),
    pure("transport", &["frame-codec"]),
    pure("reconnect", &[]),
    pure("ratelimit", &[]),
    pure("telemetry", &["transport", "frame-codec"]),
    pure("behaviour", &["telemetry", "ratelimit", "reconnect", "transport", "frame-codec"]),
    pure("session", &["behaviour", "telemetry", "ratelimit", "reconnect", "transport", "frame-codec"]),
    pure(
        "recorder",
        &["session", "behaviour", "telemetry", "ratelimit", "reconnect", "transport", "frame-codec"],
    ),
    pure("codecs", &["behaviour"]),
    pure("adapter-echo", &["behaviour", "transport"]),
    pure("adapter-deribit", &["behaviour", "ratelimit", "transport", "frame-codec"]),
    pure("macros", &[]),
    library("telemetry-export", &["telemetry"]),
    library("connect", &["transport"]),
    library("transport-fastwebsockets", &["connect", "transport", "frame-codec"]),
    library("transport-native", &["connect", "transport", "frame-codec"]),
    library(
        "client",
        &["recorder", "session", "behaviour", "telemetry", "ratelimit", "transport", "frame-codec"],
    ),
    library("deribit-simulator", &["frame-codec"]),
    library(
        TESTKIT,
        &[
            "recorder",
            "session",
            "behaviour",
            "telemetry",
            "ratelimit",
            "reconnect",
            "transport",
            "frame-codec",
        ],
    ),
    library(
        "facade",
        &[
            "client",
            "adapter-echo",
            "adapter-deribit",
            "transport-fastwebsockets",
            "transport-native",
            "connect",
            "telemetry-export",
            "codecs",
            "macros",
            "recorder",
            "session",
            "behaviour",
            "telemetry",
            "ratelimit",
            "reconnect",
            "transport",
            "frame-codec",
        ],
    ),
    program("cli", &["facade", "deribit-simulator", TESTKIT]),
    program("tests", &["facade", "deribit-simulator", TESTKIT]),
    program("xtask", &["telemetry", "telemetry-export"]),
];

/// Peers and worlds for tests. Libraries may use it in their tests only, by path, so that a published
/// crate never asks for it.
pub(super) const TESTKIT: &str = "testkit";

/// Libraries that could be replaced some day, and the one crate that would notice.
pub(super) const NAMED_ONCE: &[(&str, &str)] =
    &[("fastwebsockets", "transport-fastwebsockets"), ("backoff", "reconnect"), ("governor", "ratelimit")];

/// What the core must not need.
pub(super) const RUNTIME: &str = "tokio";

const fn pure(folder: &'static str, may_name: &'static [&'static str]) -> Row {
    Row { folder, kind: Kind::Pure, may_name }
}

const fn library(folder: &'static str, may_name: &'static [&'static str]) -> Row {
    Row { folder, kind: Kind::Library, may_name }
}

const fn program(folder: &'static str, may_name: &'static [&'static str]) -> Row {
    Row { folder, kind: Kind::Program, may_name }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(folder: &str) -> &'static Row {
        ROWS.iter().find(|row| row.folder == folder).unwrap_or_else(|| panic!("no row for {folder}"))
    }

    #[test]
    fn no_crate_lies_below_itself() {
        fn descend(row: &'static Row, above: &mut Vec<&'static str>) {
            assert!(!above.contains(&row.folder), "a circle: {above:?} -> {}", row.folder);
            above.push(row.folder);
            row.may_name.iter().for_each(|below| descend(self::row(below), above));
            above.pop();
        }
        ROWS.iter().for_each(|row| descend(row, &mut Vec::new()));
    }

    #[test]
    fn pure_crates_name_pure_crates_only() {
        for pure in ROWS.iter().filter(|row| row.kind == Kind::Pure) {
            assert!(pure.may_name.iter().all(|below| row(below).kind == Kind::Pure), "{}", pure.folder);
        }
    }

    #[test]
    fn owners_of_libraries_are_crates() {
        assert!(NAMED_ONCE.iter().all(|(_, owner)| row(owner).folder == *owner));
    }
}
